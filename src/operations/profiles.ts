/** The operations on charging profiles: `compile`, `composite`, `validate-profile`. @module */
import { stepFunctionOf } from '#domain/step-function';
import { epochS } from '#domain/units';
import { compile, compileInput, compileOutput } from '#ocpp/compile-operation';
import { composite, compositeInput, compositeOutput, type ZoneClock } from '#ocpp/composite-operation';
import {
  validateProfileDocument,
  validateProfileInput,
  validateProfileOutput,
} from '#ocpp/validate-profile-operation';
import { clockOf, isZone } from '#tariffs/calendar';
import type { OperationBody } from './operation.ts';

/** The zones of the platform as offsets from UTC. */
const zoneClock: ZoneClock = (zone, from, until) => {
  if (!isZone(zone)) return undefined;
  const { pieceStartS, offsetS } = clockOf(zone, from, until);
  return stepFunctionOf(pieceStartS.map((startS, i) => [epochS(startS), offsetS[i] ?? 0]));
};

/** The working part of `composite`. */
export const compositeBody: OperationBody = {
  input: compositeInput,
  output: compositeOutput,
  handle: (document) => Promise.resolve(composite(document, zoneClock)),
};

/** The working part of `validate-profile`. */
export const validateProfileBody: OperationBody = {
  input: validateProfileInput,
  output: validateProfileOutput,
  handle: (document) => Promise.resolve(validateProfileDocument(document)),
};

/** The working part of `compile`. */
export const compileBody: OperationBody = {
  input: compileInput,
  output: compileOutput,
  handle: (document) => Promise.resolve(compile(document)),
};
