/** The operations on charging profiles: `compile`, `composite`, `validate-profile`. @module */
import {
  compile,
  compileInput,
  compileOutput,
  composite,
  compositeInput,
  compositeOutput,
  validateProfileDocument,
  validateProfileInput,
  validateProfileOutput,
} from '#ocpp/profile-operations';
import type { OperationBody } from './operation.ts';

/** The working part of `composite`. */
export const compositeBody: OperationBody = {
  input: compositeInput,
  output: compositeOutput,
  handle: (document) => Promise.resolve(composite(document)),
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
