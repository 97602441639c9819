/**
 * Checks payloads against the schemas of their version and action, and names what is wrong in the words of CALLERROR.
 * Source: OCPP-J 1.6 table 7, OCPP 2.0.1 part 4 4.3; 1.6 errata v4 3.24 and 3.38 (a bad enum value is a
 * PropertyConstraintViolation).
 * @module
 */
import type { z } from 'zod';
import { invariant, unreachable } from '#domain/invariant';
import { fail, ok, type Result } from '#domain/result';
import type { OcppVersion } from '#domain/site';
import { otherActions16, otherActions201, otherActions21 } from './action-names.ts';
import type { ErrorCode } from './frame.ts';
import { messages16 } from './message-16.ts';
import { messages201 } from './message-201.ts';
import { messages21 } from './message-21.ts';
import { quickCheckOf, type QuickCheck } from './quick-check.ts';

/** Why a payload is not taken. `path` is written like `meterValue[0].timestamp`; empty for the payload itself. */
export interface PayloadFault {
  readonly code: ErrorCode;
  readonly description: string;
  readonly path: string;
}

/** A payload of its schema; `stripped` names the fields that were taken out because the standard has none of that name. */
export interface CheckedPayload {
  readonly payload: Readonly<Record<string, unknown>>;
  readonly stripped: readonly string[];
}

interface MessageSchema {
  readonly from: 'station' | 'system' | 'both';
  readonly request: z.ZodType;
  readonly response: z.ZodType;
}

type Schemas = Readonly<Record<string, MessageSchema>>;

const schemas: Readonly<Record<OcppVersion, Schemas>> = {
  '1.6': messages16,
  '2.0.1': messages201,
  '2.1': messages21,
};

const otherActions: Readonly<Record<OcppVersion, ReadonlySet<string>>> = {
  '1.6': new Set(otherActions16),
  '2.0.1': new Set(otherActions201),
  '2.1': new Set([...otherActions201, ...otherActions21]),
};

/** What an action with these names is called in each version, and its schemas; absent where this project has none. */
export function schemaOf(version: OcppVersion, action: string): MessageSchema | undefined {
  return Object.hasOwn(schemas[version], action) ? schemas[version][action] : undefined;
}

/** Actions with schemas, in alphabetical order. */
export function actionsOf(version: OcppVersion): readonly string[] {
  return Object.keys(schemas[version]).sort();
}

/** Most unknown fields of one payload that are taken out; with more it is refused as a whole. */
const strippedMax = 32;

function pathText(path: readonly PropertyKey[]): string {
  let text = '';
  for (const part of path)
    text += typeof part === 'number' ? `[${part}]` : `${text === '' ? '' : '.'}${String(part)}`;
  return text;
}

/** The value at a path, undefined where the path leads nowhere. */
function valueAt(payload: unknown, path: readonly PropertyKey[]): unknown {
  let value = payload;
  for (const part of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<PropertyKey, unknown>)[part];
  }
  return value;
}

function codeOfIssue(issue: z.core.$ZodIssue, payload: unknown): ErrorCode {
  switch (issue.code) {
    case 'unrecognized_keys':
      return 'FormatViolation';
    case 'invalid_type':
      if (valueAt(payload, issue.path) === undefined) return 'OccurrenceConstraintViolation';
      return 'TypeConstraintViolation';
    case 'invalid_value': {
      const value = valueAt(payload, issue.path);
      if (value === undefined) return 'OccurrenceConstraintViolation';
      return typeof value === 'string' ? 'PropertyConstraintViolation' : 'TypeConstraintViolation';
    }
    case 'too_small':
    case 'too_big':
      return issue.origin === 'array' ? 'OccurrenceConstraintViolation' : 'PropertyConstraintViolation';
    case 'custom':
    case 'invalid_element':
    case 'invalid_format':
    case 'invalid_key':
    case 'invalid_union':
    case 'not_multiple_of':
      return 'PropertyConstraintViolation';
    default:
      return unreachable(issue);
  }
}

/** A field name as it may stand in an answer or a log: printable ASCII, short. */
function printable(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 120);
}

function faultOfIssues(issues: readonly z.core.$ZodIssue[], payload: unknown): PayloadFault {
  const issue = issues.find((candidate) => candidate.code !== 'unrecognized_keys') ?? issues[0];
  invariant(issue !== undefined, 'a refused payload has an issue');
  const path = printable(pathText(issue.path));
  const code = codeOfIssue(issue, payload);
  const where = path === '' ? 'payload' : path;
  return { code, description: `${where}: ${printable(issue.message)}`, path };
}

/** A copy without the fields that issues name as unknown. */
function withoutUnknown(payload: unknown, issues: readonly z.core.$ZodIssue[]): [unknown, string[]] {
  const copy: unknown = structuredCloneOfJson(payload);
  const stripped: string[] = [];
  for (const issue of issues) {
    if (issue.code !== 'unrecognized_keys') continue;
    const holder = valueAt(copy, issue.path);
    invariant(typeof holder === 'object' && holder !== null, 'unknown fields have a holder');
    for (const key of issue.keys) {
      delete (holder as Record<string, unknown>)[key];
      stripped.push(printable(pathText([...issue.path, key])));
    }
  }
  return [copy, stripped];
}

/** A deep copy of a JSON value; nesting is bounded by the frame. */
function structuredCloneOfJson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(structuredCloneOfJson);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, structuredCloneOfJson(inner)]));
}

/** Payloads that came out of a check as they are, by the schema: nobody changes one, so it need not be checked again. */
const passed = new WeakMap<object, z.ZodType>();

/** The quick checks of the schemas that have been used. */
const quickChecks = new WeakMap<z.ZodType, QuickCheck>();

function isQuicklyTaken(schema: z.ZodType, payload: unknown): payload is Record<string, unknown> {
  let quick = quickChecks.get(schema);
  if (quick === undefined) {
    quick = quickCheckOf(schema);
    quickChecks.set(schema, quick);
  }
  return quick(payload);
}

function check(schema: z.ZodType, payload: unknown): Result<CheckedPayload, PayloadFault> {
  if (typeof payload === 'object' && payload !== null && passed.get(payload) === schema)
    return ok({ payload: payload as Record<string, unknown>, stripped: [] });
  if (isQuicklyTaken(schema, payload)) {
    passed.set(payload, schema);
    return ok({ payload, stripped: [] });
  }
  const first = schema.safeParse(payload);
  if (first.success) {
    const data = first.data as Record<string, unknown>;
    passed.set(data, schema);
    return ok({ payload: data, stripped: [] });
  }
  const { issues } = first.error;
  const unknown = issues.filter((issue) => issue.code === 'unrecognized_keys');
  const fieldCount = unknown.reduce<number>((sum, issue) => sum + issue.keys.length, 0);
  if (unknown.length !== issues.length || fieldCount > strippedMax)
    return fail(faultOfIssues(issues, payload));
  const [rest, stripped] = withoutUnknown(payload, unknown);
  const second = schema.safeParse(rest);
  if (!second.success) return fail(faultOfIssues(second.error.issues, rest));
  return ok({ payload: second.data as Record<string, unknown>, stripped });
}

/**
 * A request of one side, checked. Fields that the standard does not know are taken out and named, as stations of every
 * vendor send some; everything else that is not of the schema refuses the whole.
 */
export function checkRequest(
  version: OcppVersion,
  from: 'station' | 'system',
  action: string,
  payload: unknown,
): Result<CheckedPayload, PayloadFault> {
  const schema = schemaOf(version, action);
  if (schema === undefined) {
    const known = otherActions[version].has(action);
    return fail({
      code: known ? 'NotSupported' : 'NotImplemented',
      description: `${printable(action)} is ${known ? 'not supported here' : 'not known'}`,
      path: '',
    });
  }
  if (schema.from !== from && schema.from !== 'both') {
    return fail({ code: 'NotSupported', description: `${action} is never sent in this direction`, path: '' });
  }
  return check(schema.request, payload);
}

/** An answer, checked like a request. @throws InvariantError where the action has no schema: we asked. */
export function checkResponse(
  version: OcppVersion,
  action: string,
  payload: unknown,
): Result<CheckedPayload, PayloadFault> {
  const schema = schemaOf(version, action);
  invariant(schema !== undefined, 'an answer belongs to an action with a schema', { version, action });
  return check(schema.response, payload);
}
