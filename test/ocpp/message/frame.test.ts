import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { OcppVersion } from '#domain/site';
import {
  encodeFrame,
  errorCodeOfWire,
  frameDepthMax,
  frameLengthMax,
  parseFrame,
  wireErrorCode,
  type Frame,
} from '#ocpp/frame';

const versions: readonly OcppVersion[] = ['1.6', '2.0.1', '2.1'];
const version = fc.constantFrom(...versions);
const messageId = fc.stringMatching(/^[\x20-\x7e]{1,36}$/);
const payload = fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.jsonValue({ maxDepth: 4 }), {
  maxKeys: 4,
});
const code = fc.constantFrom(
  'FormatViolation',
  'OccurrenceConstraintViolation',
  'GenericError',
  'NotSupported',
);

test('law: a frame and its text are the same thing', () => {
  const frame: fc.Arbitrary<Frame> = fc.oneof(
    fc.record({
      kind: fc.constant('call' as const),
      messageId,
      action: fc.stringMatching(/^[A-Z][a-zA-Z]{0,30}$/),
      payload,
    }),
    fc.record({ kind: fc.constant('result' as const), messageId, payload }),
    fc.record({
      kind: fc.constant('error' as const),
      messageId,
      code,
      description: fc.string({ maxLength: 255 }),
    }),
  );
  fc.assert(
    fc.property(version, frame, (version, frame) => {
      const plain = JSON.parse(JSON.stringify(frame)) as Frame;
      expect(parseFrame(encodeFrame(frame, version), version)).toEqual(plain);
    }),
  );
});

test('law: no text makes the reader throw, and a fault of a CALL with an id is answered', () => {
  const part = fc.oneof(fc.jsonValue(), fc.constantFrom<unknown>(2, 3, 4, 5, 6, 'm1', 'Heartbeat', {}, null));
  const text = fc.oneof(
    fc.string(),
    fc.json(),
    fc.array(part, { maxLength: 6 }).map((parts) => JSON.stringify(parts)),
  );
  fc.assert(
    fc.property(version, text, (version, text) => {
      const frame = parseFrame(text, version);
      if (frame.kind !== 'fault') return;
      let parsed: unknown;
      try {
        parsed = JSON.parse(text);
      } catch {
        return;
      }
      if (Array.isArray(parsed) && parsed[0] === 2) expect(frame.reply).toBeDefined();
    }),
    { numRuns: 1000 },
  );
});

test('2.1 sends and result errors are frames in 2.1 only', () => {
  for (const [text, kind] of [
    ['[6,"m","NotifyPeriodicEventStream",{}]', 'send'],
    ['[5,"m","FormatViolation","",{}]', 'result-error'],
  ] as const) {
    const frame = parseFrame(text, '2.1');
    expect(frame.kind).toBe(kind);
    if (frame.kind !== 'fault') expect(parseFrame(encodeFrame(frame, '2.1'), '2.1')).toEqual(frame);
    expect(parseFrame(text, '1.6')).toMatchObject({ kind: 'fault', rule: 'unknown-message-type' });
    expect(parseFrame(text, '2.0.1')).toMatchObject({ kind: 'fault', rule: 'unknown-message-type' });
  }
});

test('1.6 spells two codes its own way and lacks two; all spellings are read', () => {
  expect(wireErrorCode('1.6', 'FormatViolation')).toBe('FormationViolation');
  expect(wireErrorCode('1.6', 'OccurrenceConstraintViolation')).toBe('OccurenceConstraintViolation');
  expect(wireErrorCode('1.6', 'RpcFrameworkError')).toBe('ProtocolError');
  expect(wireErrorCode('1.6', 'MessageTypeNotSupported')).toBe('ProtocolError');
  for (const newer of ['2.0.1', '2.1'] as const)
    expect(wireErrorCode(newer, 'FormatViolation')).toBe('FormatViolation');
  expect(errorCodeOfWire('FormationViolation')).toBe('FormatViolation');
  expect(errorCodeOfWire('OccurenceConstraintViolation')).toBe('OccurrenceConstraintViolation');
  expect(errorCodeOfWire('OccurrenceConstraintViolation')).toBe('OccurrenceConstraintViolation');
  expect(errorCodeOfWire('VendorTrouble')).toBe('VendorTrouble');
  expect(errorCodeOfWire('x'.repeat(80))).toHaveLength(50);
});

describe('bounds, on both sides', () => {
  const padded = (length: number): string => `[2,"m","Heartbeat",{}]${' '.repeat(length - 22)}`;
  const nested = (depth: number): string =>
    `[2,"m","DataTransfer",${'{"a":'.repeat(depth - 2)}{}${'}'.repeat(depth - 2)}]`;

  test('64 Ki characters are read, one more is not', () => {
    expect(parseFrame(padded(frameLengthMax), '1.6').kind).toBe('call');
    expect(parseFrame(padded(frameLengthMax + 1), '1.6')).toMatchObject({ rule: 'too-long' });
  });

  test('the deepest payload is read, one deeper is not; brackets in texts do not count', () => {
    expect(parseFrame(nested(frameDepthMax), '1.6').kind).toBe('call');
    expect(parseFrame(nested(frameDepthMax + 1), '1.6')).toMatchObject({ rule: 'too-deep' });
    const text = JSON.stringify([2, 'm', 'DataTransfer', { data: `a"${'['.repeat(200)}\\` }]);
    expect(parseFrame(text, '1.6').kind).toBe('call');
  });

  test('an id of 36 characters is read, one of 37 is not', () => {
    expect(parseFrame(JSON.stringify([2, 'x'.repeat(36), 'Heartbeat', {}]), '1.6').kind).toBe('call');
    expect(parseFrame(JSON.stringify([2, 'x'.repeat(37), 'Heartbeat', {}]), '1.6')).toMatchObject({
      rule: 'bad-message-id',
      reply: { kind: 'error', messageId: '-1' },
    });
  });

  test('a description is cut to 255 characters', () => {
    const text = encodeFrame(
      { kind: 'error', messageId: 'm', code: 'GenericError', description: 'd'.repeat(300) },
      '1.6',
    );
    expect((JSON.parse(text) as string[])[3]).toHaveLength(255);
  });
});

test('null stands for no fields, as some 1.6 stations send it', () => {
  expect(parseFrame('[2,"m","Heartbeat",null]', '1.6')).toEqual({
    kind: 'call',
    messageId: 'm',
    action: 'Heartbeat',
    payload: {},
  });
  expect(parseFrame('[3,"m",null]', '1.6')).toEqual({ kind: 'result', messageId: 'm', payload: {} });
});

test('an error without code or description is an error all the same', () => {
  expect(parseFrame('[4,"m"]', '1.6')).toEqual({
    kind: 'error',
    messageId: 'm',
    code: 'GenericError',
    description: '',
  });
  expect(parseFrame('[4,"m","",7,[]]', '2.0.1')).toMatchObject({ kind: 'error', code: 'GenericError' });
});
