/**
 * OCPP-J frames: text to frame and back, with every bound named. It knows nothing of actions and their payloads.
 * Source: OCPP-J 1.6 section 4, OCPP 2.0.1 part 4 section 4, OCPP 2.1 part 4 section 4 (SEND, CALLRESULTERROR).
 * @module
 */
import type { OcppVersion } from '#domain/site';
import { unreachable } from '#domain/invariant';

/** Longest frame in characters; the socket holds the same bound in bytes. */
export const frameLengthMax = 65_536;
/** Deepest nesting of arrays and objects, the frame's own array included. OCPP's own messages need 9. */
export const frameDepthMax = 24;
/** Longest message id. Source: OCPP-J 1.6 4.2.1, 2.0.1 part 4 4.2.1. */
export const messageIdLengthMax = 36;
/** Longest action name; the longest of the standard has 32 characters. */
export const actionLengthMax = 50;
/** Longest error description that is sent or kept. Source: 2.0.1 part 4 4.2.3. */
export const descriptionLengthMax = 255;
/** The id of an error about a CALL whose own id cannot be read. Source: 2.0.1 part 4 4.2.3. */
export const unreadableMessageId = '-1';

/** Reasons of a CALLERROR, 2.x spelling. */
export type ErrorCode =
  | 'FormatViolation'
  | 'GenericError'
  | 'InternalError'
  | 'MessageTypeNotSupported'
  | 'NotImplemented'
  | 'NotSupported'
  | 'OccurrenceConstraintViolation'
  | 'PropertyConstraintViolation'
  | 'ProtocolError'
  | 'RpcFrameworkError'
  | 'SecurityError'
  | 'TypeConstraintViolation';

/** One OCPP-J message. `error` answers a CALL; `result-error` answers a CALLRESULT and `send` asks for no answer (both 2.1). */
export type Frame =
  | { readonly kind: 'call'; readonly messageId: string; readonly action: string; readonly payload: object }
  | { readonly kind: 'send'; readonly messageId: string; readonly action: string; readonly payload: object }
  | { readonly kind: 'result'; readonly messageId: string; readonly payload: object }
  | {
      readonly kind: 'error' | 'result-error';
      readonly messageId: string;
      /** 2.x spelling where the code is known, else as it came. */
      readonly code: string;
      readonly description: string;
    };

/** A text that is no frame. */
export interface FrameFault {
  readonly kind: 'fault';
  readonly rule:
    | 'too-long'
    | 'too-deep'
    | 'not-json'
    | 'not-an-array'
    | 'unknown-message-type'
    | 'bad-message-id'
    | 'bad-shape'
    | 'forbidden-key'
    | 'number-out-of-range';
  readonly description: string;
  /** What the standard has us answer; absent where the frame is only counted. */
  readonly reply?: Frame;
}

/** Codes that 1.6 spells otherwise or does not have. */
const spelling16: Partial<Record<ErrorCode, string>> = {
  FormatViolation: 'FormationViolation',
  OccurrenceConstraintViolation: 'OccurenceConstraintViolation',
  MessageTypeNotSupported: 'ProtocolError',
  RpcFrameworkError: 'ProtocolError',
};

const errorCodes: readonly ErrorCode[] = [
  'FormatViolation',
  'GenericError',
  'InternalError',
  'MessageTypeNotSupported',
  'NotImplemented',
  'NotSupported',
  'OccurrenceConstraintViolation',
  'PropertyConstraintViolation',
  'ProtocolError',
  'RpcFrameworkError',
  'SecurityError',
  'TypeConstraintViolation',
];

/** The spelling of a code on the wire: 1.6 says FormationViolation and OccurenceConstraintViolation (sic). */
export function wireErrorCode(version: OcppVersion, code: string): string {
  return version === '1.6' ? (spelling16[code as ErrorCode] ?? code) : code;
}

/** A received code in 2.x spelling, whichever spelling the peer used; unknown codes stay as they came, cut to 50 characters. */
export function errorCodeOfWire(text: string): string {
  if (text === 'FormationViolation') return 'FormatViolation';
  if (text === 'OccurenceConstraintViolation') return 'OccurrenceConstraintViolation';
  return errorCodes.find((code) => code === text) ?? text.slice(0, 50);
}

/** The text of a frame in the spelling of a version. */
export function encodeFrame(frame: Frame, version: OcppVersion): string {
  return JSON.stringify(arrayOfFrame(frame, version));
}

/** The JSON array of a frame in the spelling of a version. */
export function arrayOfFrame(frame: Frame, version: OcppVersion): readonly unknown[] {
  switch (frame.kind) {
    case 'call':
      return [2, frame.messageId, frame.action, frame.payload];
    case 'send':
      return [6, frame.messageId, frame.action, frame.payload];
    case 'result':
      return [3, frame.messageId, frame.payload];
    case 'error':
    case 'result-error':
      return [
        frame.kind === 'error' ? 4 : 5,
        frame.messageId,
        wireErrorCode(version, frame.code),
        frame.description.slice(0, descriptionLengthMax),
        {},
      ];
    default:
      return unreachable(frame);
  }
}

/** Whether a text has so few opening brackets that it cannot be nested too deep. */
function isShallow(text: string): boolean {
  let count = 0;
  for (const bracket of ['{', '['])
    for (let at = text.indexOf(bracket); at >= 0; at = text.indexOf(bracket, at + 1))
      if (++count > frameDepthMax) return false;
  return true;
}

/** The deepest nesting of brackets outside strings; stops counting above `frameDepthMax`. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let i = 0; i < text.length && deepest <= frameDepthMax; i++) {
    const c = text.charCodeAt(i);
    if (inString) {
      if (c === 0x5c) i++;
      else if (c === 0x22) inString = false;
    } else if (c === 0x22) inString = true;
    else if (c === 0x5b || c === 0x7b) deepest = Math.max(deepest, ++depth);
    else if (c === 0x5d || c === 0x7d) depth--;
  }
  return deepest;
}

/** The first thing inside a parsed value that no payload may hold; recursion ends at `frameDepthMax`. */
function poisonIn(value: unknown): 'forbidden-key' | 'number-out-of-range' | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : 'number-out-of-range';
  if (typeof value !== 'object' || value === null) return undefined;
  if (Array.isArray(value)) {
    for (const item of value) {
      const found = poisonIn(item);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  for (const key of Object.keys(value)) {
    if (key === '__proto__' || key === 'constructor' || key === 'prototype') return 'forbidden-key';
    const found = poisonIn((value as Readonly<Record<string, unknown>>)[key]);
    if (found !== undefined) return found;
  }
  return undefined;
}

function isPayload(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** True for what may name a message: 1 to 36 characters, none of them a control character. */
function isMessageId(value: unknown): value is string {
  if (typeof value !== 'string' || value.length === 0 || value.length > messageIdLengthMax) return false;
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if (code < 0x20 || (code >= 0x7f && code < 0xa0)) return false;
  }
  return true;
}

interface FaultFacts {
  readonly rule: FrameFault['rule'];
  readonly description: string;
  readonly code?: ErrorCode;
  readonly messageId?: string;
  readonly answers?: 'error' | 'result-error';
}

function faultOf(facts: FaultFacts): FrameFault {
  const { rule, description, code, messageId = unreadableMessageId, answers = 'error' } = facts;
  if (code === undefined) return { kind: 'fault', rule, description };
  return { kind: 'fault', rule, description, reply: { kind: answers, messageId, code, description } };
}

/** What a text that is not even an array gets: nothing in 1.6, an error about message "-1" in 2.x. */
function unreadable(version: OcppVersion, rule: FrameFault['rule'], description: string): FrameFault {
  return version === '1.6'
    ? faultOf({ rule, description })
    : faultOf({ rule, description, code: 'RpcFrameworkError' });
}

/**
 * The frame in a text, or what is wrong with it and what to answer. CALLs that can be told as such are always answered;
 * bad answers of a peer never are, except by CALLRESULTERROR in 2.1. A 1.6 payload of `null` counts as `{}`. `value` is what
 * the text was made from, where that is known.
 */
export function parseFrame(
  text: string,
  version: OcppVersion,
  value?: readonly unknown[],
): Frame | FrameFault {
  if (text.length > frameLengthMax)
    return unreadable(version, 'too-long', `frame is longer than ${frameLengthMax} characters`);
  if (!isShallow(text) && depthOf(text) > frameDepthMax)
    return unreadable(version, 'too-deep', `frame is nested deeper than ${frameDepthMax}`);
  let parsed: unknown = value;
  try {
    parsed ??= JSON.parse(text);
  } catch {
    return unreadable(version, 'not-json', 'frame is not JSON');
  }
  if (!Array.isArray(parsed)) return unreadable(version, 'not-an-array', 'frame is not a JSON array');
  return frameOfArray(parsed, version);
}

function frameOfArray(parts: readonly unknown[], version: OcppVersion): Frame | FrameFault {
  const [type, messageId] = parts;
  switch (type) {
    case 2:
      return callOfArray(parts);
    case 3:
      return resultOfArray(parts, version);
    case 4:
      return errorOfArray('error', parts);
    case 5:
      if (version === '2.1') return errorOfArray('result-error', parts);
      break;
    case 6:
      if (version === '2.1') return sendOfArray(parts);
      break;
    default:
      break;
  }
  const rule = 'unknown-message-type';
  const description = 'message type is not known';
  if (version === '1.6') return faultOf({ rule, description });
  const known = isMessageId(messageId) ? { messageId } : {};
  return faultOf({ rule, description, code: 'MessageTypeNotSupported', ...known });
}

/** An absent payload is told apart from `null`: both mean "no fields", only `null` is common in the field. */
function payloadOf(value: unknown): unknown {
  return value === null ? {} : value;
}

function callOfArray(parts: readonly unknown[]): Frame | FrameFault {
  const [, messageId, action] = parts;
  if (!isMessageId(messageId)) {
    const description = `message id is not a text of 1 to ${messageIdLengthMax} characters`;
    return faultOf({ rule: 'bad-message-id', description, code: 'FormatViolation' });
  }
  if (parts.length !== 4 || typeof action !== 'string' || action.length > actionLengthMax) {
    const description = 'a CALL has four parts: 2, id, action, payload';
    return faultOf({ rule: 'bad-shape', description, code: 'FormatViolation', messageId });
  }
  const payload = payloadOf(parts[3]);
  if (!isPayload(payload)) {
    const description = 'the payload is not an object';
    return faultOf({ rule: 'bad-shape', description, code: 'FormatViolation', messageId });
  }
  const poison = poisonIn(payload);
  if (poison !== undefined) {
    const code = poison === 'forbidden-key' ? 'FormatViolation' : 'TypeConstraintViolation';
    return faultOf({ rule: poison, description: describePoison(poison), code, messageId });
  }
  return { kind: 'call', messageId, action, payload };
}

function describePoison(poison: 'forbidden-key' | 'number-out-of-range'): string {
  return poison === 'forbidden-key'
    ? 'the payload holds a key that is never a field'
    : 'the payload holds a number out of range';
}

function sendOfArray(parts: readonly unknown[]): Frame | FrameFault {
  const [, messageId, action] = parts;
  const payload = payloadOf(parts[3]);
  const wellFormed = parts.length === 4 && isMessageId(messageId) && isPayload(payload);
  if (!wellFormed || typeof action !== 'string' || action.length > actionLengthMax)
    return faultOf({ rule: 'bad-shape', description: 'a SEND has four parts: 6, id, action, payload' });
  const poison = poisonIn(payload);
  if (poison !== undefined) return faultOf({ rule: poison, description: describePoison(poison) });
  return { kind: 'send', messageId, action, payload };
}

function resultOfArray(parts: readonly unknown[], version: OcppVersion): Frame | FrameFault {
  const [, messageId] = parts;
  if (!isMessageId(messageId))
    return faultOf({ rule: 'bad-message-id', description: 'a CALLRESULT without a usable id' });
  const answers = 'result-error';
  const refused = version === '2.1' ? ({ code: 'FormatViolation', messageId, answers } as const) : {};
  const payload = payloadOf(parts[2]);
  if (parts.length !== 3 || !isPayload(payload))
    return faultOf({
      rule: 'bad-shape',
      description: 'a CALLRESULT has three parts: 3, id, payload',
      ...refused,
    });
  const poison = poisonIn(payload);
  if (poison !== undefined) return faultOf({ rule: poison, description: describePoison(poison), ...refused });
  return { kind: 'result', messageId, payload };
}

/** Code and description may be missing or odd: an error is an error, the sender is not argued with. */
function errorOfArray(kind: 'error' | 'result-error', parts: readonly unknown[]): Frame | FrameFault {
  const [, messageId, code, description] = parts;
  if (!isMessageId(messageId))
    return faultOf({ rule: 'bad-message-id', description: 'an error answer without a usable id' });
  return {
    kind,
    messageId,
    code: typeof code === 'string' && code !== '' ? errorCodeOfWire(code) : 'GenericError',
    description: typeof description === 'string' ? description.slice(0, descriptionLengthMax) : '',
  };
}
