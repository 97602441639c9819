/**
 * The register of what a charger server must withstand: each kind of bad input, its right response, and the test that shows
 * it. A test that is renamed or gone turns its row red.
 */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseFrame } from '#ocpp/frame';

const door = 'adapters/ocpp-ws/door.test.ts';
const frame = 'adapters/ocpp-ws/hostile-frame.test.ts';
const living = 'adapters/ocpp-ws/living-connection.test.ts';
const tls = 'adapters/ocpp-ws/tls.test.ts';
const field = 'engine/field-stations.test.ts';
const stations = 'engine/stations.test.ts';
const here = 'adapters/ocpp-ws/bad-inputs.test.ts';

const sameAnswer = 'no password, a wrong one, another name and an unknown identity get the same answer';
const repeated = 'a CALL repeated word for word gets the same answer and has no second effect';

/** Number, input, response, test file, words of the test. */
const register: readonly (readonly [number, string, string, string, string])[] = [
  // Transport.
  [1, 'no Authorization', '401, no upgrade', door, sameAnswer],
  [
    2,
    'wrong key five times',
    '401, then 429 with a pause that doubles',
    door,
    'five refused log-ins are free',
  ],
  [3, 'unknown identity', '401, the same bytes, the same work', door, sameAnswer],
  [4, 'a name that is not the identity', '401', door, sameAnswer],
  [
    5,
    'identity with %2F, .., NUL, 300 characters',
    '400, nothing logged raw',
    door,
    'a slash in the identity',
  ],
  [6, 'identity with *, > or a dot', '400', door, 'a wildcard of the bus'],
  [
    7,
    'no subprotocol',
    'upgrade, then close 1002',
    door,
    'without a version in common the upgrade is closed with 1002',
  ],
  [8, 'several versions offered', 'the highest enabled', door, 'of several versions the highest'],
  [9, 'second socket, the first lives', 'close 1008 for the second', living, 'the first lives: it stays'],
  [
    10,
    'second socket, the first is dead',
    'replaced within 5 s',
    living,
    'the first is dead: after five seconds',
  ],
  [11, '64 KiB and a byte', 'close 1009', frame, '64 KiB and a byte in two fragments'],
  [12, '10,000 fragments', 'close 1008', frame, '10,000 fragments of one byte'],
  [13, 'a binary frame', 'close 1003', frame, 'a binary frame'],
  [14, 'not UTF-8', 'close 1007', frame, 'text that is not UTF-8'],
  [15, 'a frame without mask', 'close 1002', frame, 'a frame without mask'],
  [16, 'a compression bomb', 'compression is never agreed on', door, 'compression is not agreed on'],
  [17, 'a silent connection', 'cut after 5 s', tls, 'a peer that says nothing, before TLS or after'],
  [18, 'a slow head', 'cut after 5 s', door, 'sends its head slowly'],
  [
    19,
    'an address that connects without end',
    'dropped, others served',
    door,
    'an address that connects too often',
  ],
  [20, 'a peer that does not read', 'cut at 1 MiB', living, 'a peer that reads nothing is cut at 1 MiB'],
  [21, 'no pong', 'cut at two intervals', living, 'pinged every 30 s'],
  [
    22,
    'TLS below 1.2, a foreign or expired certificate',
    'no handshake',
    tls,
    'only a station with a certificate of the right authority',
  ],
  [23, 'POST to the path', '405; GET without upgrade 426', door, 'what is no upgrade is told so'],
  // Messages.
  [
    24,
    'not JSON',
    '1.6 counted, 2.x error about "-1"; close 1008 after ten',
    frame,
    'ten bad frames in a row',
  ],
  [25, 'an object for an array', 'as 24', frame, 'a JSON object'],
  [26, 'message type 7', '1.6 counted, 2.x MessageTypeNotSupported', frame, 'message type 7'],
  [27, 'unknown action', 'NotImplemented', frame, 'an action that nobody knows'],
  [28, 'known action, not served', 'NotSupported', frame, 'an action of the standard that is not served'],
  [29, 'a missing field', 'OccurrenceConstraintViolation, 1.6 spelling in 1.6', frame, 'a missing field'],
  [30, 'a wrong type', 'TypeConstraintViolation', frame, 'a number for a text'],
  [
    31,
    'unknown fields',
    'taken out and named once; over 32 refused',
    living,
    'fields that nobody knows are taken out',
  ],
  [32, 'an id of 37 characters', 'FormatViolation about "-1"', frame, 'an id of 37 characters'],
  [33, 'the same CALL again', 'the same answer, no second effect', living, repeated],
  [34, 'the same id, other words', 'ProtocolError', living, 'other words get ProtocolError'],
  [35, 'an answer to nothing', 'counted', frame, 'a CALLRESULT to nothing'],
  [36, 'an answer twice', 'the second is counted', living, 'an answer is taken once'],
  [
    37,
    'an answer after its time',
    'counts while nothing newer was sent',
    'dispatch/dispatch.test.ts',
    'a late acceptance still counts',
  ],
  [
    38,
    'CALLs without a boot',
    'served: a station that only reconnects does not boot',
    'engine/capability.test.ts',
    'after a mere reconnection not',
  ],
  [
    39,
    '1,000 CALLs a second',
    'not read for a while, then close 1008',
    living,
    'a station that does not stop is closed with 1008',
  ],
  [40, '60,000 brackets', 'as 24, no stack overflow', frame, 'brackets nested 60,000 deep'],
  [41, '__proto__, constructor', 'FormatViolation, no prototype changed', frame, 'a key __proto__'],
  [42, 'two equal keys', 'the last counts', here, 'two equal keys: the last one counts'],
  // Values.
  [43, '1e999', 'TypeConstraintViolation', frame, '1e999, which JSON.parse makes Infinity'],
  [44, 'a negative limit', 'PropertyConstraintViolation', field, 'a limit that cannot be read is refused'],
  [
    45,
    'a limit above the hardware',
    'sent as the hardware has it',
    'ocpp/profile/compile.test.ts',
    'keeps to the hardware',
  ],
  [46, 'a register that goes back', 'flagged, counted on from there', field, 'one that goes back is told'],
  [47, 'a register that jumps by 10 MWh', 'put aside, flagged', field, 'a jump of 10 MWh is put aside'],
  [48, 'no unit', 'Wh', 'ocpp/message/wire-meter.test.ts', 'a bare value is the import register in Wh'],
  [49, 'a clock of 2099, or hours off', 'our time counts, the skew is counted', field, 'readings dated 2099'],
  [50, 'February 30', 'PropertyConstraintViolation', frame, 'February 30'],
  [51, 'a time without offset', 'PropertyConstraintViolation', frame, 'a time without offset'],
  [52, 'connector 999', 'no charging there, an alarm', field, 'an EVSE that the site does not have'],
  [53, 'the end of an unknown transaction', 'accepted', stations, 'an end without a start is answered'],
  [
    54,
    'the same start twice',
    'one transaction',
    stations,
    'a start that is sent again gets the same transaction',
  ],
  [55, 'a charge of 250 %', 'left out', 'ocpp/message/wire-meter.test.ts', 'a charge of 250 %'],
  [
    56,
    'control characters and escapes',
    'answered and logged as printable text',
    frame,
    'what is answered to a station holds nothing',
  ],
  [57, 'markup as a name', 'text only', 'cli/report.test.ts', 'onerror'],
];

test('the register has every case once, in order', () => {
  expect(register.map(([number]) => number)).toEqual(Array.from({ length: 57 }, (_, i) => i + 1));
});

test.each(register)('case %i: %s: %s', (_, _input, _response, file, words) => {
  const source = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
  expect(source).toContain(words);
});

test('two equal keys: the last one counts, as everywhere in JSON', () => {
  const text = '[2,"k","Authorize",{"idTag":"first","idTag":"last"}]';
  for (const version of ['1.6', '2.0.1', '2.1'] as const) {
    expect(parseFrame(text, version)).toMatchObject({ kind: 'call', payload: { idTag: 'last' } });
  }
});
