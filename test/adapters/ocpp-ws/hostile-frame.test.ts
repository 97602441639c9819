import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { WebSocket } from 'ws';
import { closeCodeIn, rawFrame, upgradedPeer } from './raw-peer.ts';
import { createRig, type Rig } from './rig.ts';

/** What a hostile text gets: an error about a message, a result error (2.1), or nothing. */
type Answer = readonly [4 | 5, string, string] | 'nothing';
type Version = '1.6' | '2.0.1' | '2.1';

const long = (size: number): string => 'x'.repeat(size);
const call = (id: unknown, action: unknown, payload: unknown): string =>
  JSON.stringify([2, id, action, payload]);
const status16 = { connectorId: 1, errorCode: 'NoError', status: 'Available' };
const stop16 = { transactionId: 1, meterStop: 1, timestamp: '2026-05-01T00:00:00Z' };
const boot2 = { reason: 'PowerUp', chargingStation: { model: 'M', vendorName: 'V' } };
const meter2 = {
  evseId: 1,
  meterValue: [{ timestamp: '2026-05-01T00:00:00Z', sampledValue: [{ value: 1 }] }],
};
const unknownFields = Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`f${i}`, i]));

/** Codes by OCPP-J 1.6 table 7 (its own spelling) and OCPP 2.0.1 part 4 4.3. */
const table: readonly (readonly [Version, string, string, Answer])[] = [
  // Not a message at all: 1.6 has no way to answer, 2.x answers about message "-1".
  ['1.6', 'text that is not JSON', '{oops', 'nothing'],
  ['1.6', 'an empty text', '', 'nothing'],
  ['1.6', 'a JSON text', '"Heartbeat"', 'nothing'],
  ['1.6', 'a JSON object', '{"action":"Heartbeat"}', 'nothing'],
  ['1.6', 'null', 'null', 'nothing'],
  ['1.6', 'two JSON values', '[2,"x","Heartbeat",{}][2,"y","Heartbeat",{}]', 'nothing'],
  ['1.6', 'a truncated message', '[2,"x","Heartbeat",{', 'nothing'],
  ['1.6', 'brackets nested 60,000 deep', long(30_000).replaceAll('x', '['), 'nothing'],
  [
    '1.6',
    'a payload nested 30 deep',
    `[2,"d","Heartbeat",${'{"a":'.repeat(30)}1${'}'.repeat(30)}]`,
    'nothing',
  ],
  ['2.0.1', 'text that is not JSON', '{oops', [4, '-1', 'RpcFrameworkError']],
  ['2.0.1', 'a JSON object', '{}', [4, '-1', 'RpcFrameworkError']],
  ['2.0.1', 'brackets nested 60,000 deep', long(30_000).replaceAll('x', '['), [4, '-1', 'RpcFrameworkError']],
  ['2.1', 'a number', '17', [4, '-1', 'RpcFrameworkError']],
  // Message types.
  ['1.6', 'an empty array', '[]', 'nothing'],
  ['1.6', 'message type 7', '[7,"t7",{}]', 'nothing'],
  ['1.6', 'a message type as text', '["2","t2","Heartbeat",{}]', 'nothing'],
  ['1.6', 'SEND, which 2.1 brought', '[6,"t6","Heartbeat",{}]', 'nothing'],
  ['1.6', 'CALLRESULTERROR, which 2.1 brought', '[5,"t5","GenericError","",{}]', 'nothing'],
  ['2.0.1', 'message type 7 with an id', '[7,"t7",{}]', [4, 't7', 'MessageTypeNotSupported']],
  ['2.0.1', 'message type 7 without an id', '[7]', [4, '-1', 'MessageTypeNotSupported']],
  ['2.0.1', 'SEND, which 2.1 brought', '[6,"t6","Heartbeat",{}]', [4, 't6', 'MessageTypeNotSupported']],
  [
    '2.0.1',
    'CALLRESULTERROR, which 2.1 brought',
    '[5,"t5","GenericError","",{}]',
    [4, 't5', 'MessageTypeNotSupported'],
  ],
  // Message ids.
  ['1.6', 'a CALL without an id', '[2]', [4, '-1', 'FormationViolation']],
  ['1.6', 'a number as id', call(5, 'Heartbeat', {}), [4, '-1', 'FormationViolation']],
  ['1.6', 'an empty id', call('', 'Heartbeat', {}), [4, '-1', 'FormationViolation']],
  ['1.6', 'an id of 37 characters', call(long(37), 'Heartbeat', {}), [4, '-1', 'FormationViolation']],
  ['1.6', 'an id with NUL', call('a\u0000b', 'Heartbeat', {}), [4, '-1', 'FormationViolation']],
  ['2.0.1', 'an id of 37 characters', call(long(37), 'Heartbeat', {}), [4, '-1', 'FormatViolation']],
  ['2.1', 'an id that is an object', call({}, 'Heartbeat', {}), [4, '-1', 'FormatViolation']],
  // Shape of a CALL.
  ['1.6', 'three parts', '[2,"s1","Heartbeat"]', [4, 's1', 'FormationViolation']],
  ['1.6', 'five parts', '[2,"s2","Heartbeat",{},{}]', [4, 's2', 'FormationViolation']],
  ['1.6', 'an action that is a number', call('s3', 7, {}), [4, 's3', 'FormationViolation']],
  ['1.6', 'an action of 51 characters', call('s4', long(51), {}), [4, 's4', 'FormationViolation']],
  ['1.6', 'a payload that is a list', call('s5', 'Heartbeat', []), [4, 's5', 'FormationViolation']],
  ['1.6', 'a payload that is a text', call('s6', 'Heartbeat', '{}'), [4, 's6', 'FormationViolation']],
  ['2.0.1', 'a payload that is a number', call('s7', 'Heartbeat', 0), [4, 's7', 'FormatViolation']],
  // Actions.
  ['1.6', 'an action that nobody knows', call('a1', 'MakeCoffee', {}), [4, 'a1', 'NotImplemented']],
  ['1.6', 'an action named like a property', call('a2', '__proto__', {}), [4, 'a2', 'NotImplemented']],
  ['1.6', 'an action named like a method', call('a3', 'toString', {}), [4, 'a3', 'NotImplemented']],
  ['1.6', 'an action with terminal escapes', call('a4', '\u001b[2J', {}), [4, 'a4', 'NotImplemented']],
  [
    '1.6',
    'an action of the standard that is not served',
    call('a5', 'SignCertificate', {}),
    [4, 'a5', 'NotSupported'],
  ],
  [
    '1.6',
    'a command that only a system sends',
    call('a6', 'SetChargingProfile', {}),
    [4, 'a6', 'NotSupported'],
  ],
  ['1.6', 'an action of 2.0.1', call('a7', 'TransactionEvent', {}), [4, 'a7', 'NotImplemented']],
  ['2.0.1', 'an action of 1.6', call('a8', 'StartTransaction', {}), [4, 'a8', 'NotImplemented']],
  ['2.0.1', 'an action of 2.1', call('a9', 'NotifyPriorityCharging', {}), [4, 'a9', 'NotImplemented']],
  ['2.1', 'an action of 2.1 that is not served', call('a10', 'BatterySwap', {}), [4, 'a10', 'NotSupported']],
  // Fields.
  ['1.6', 'a missing field', call('f1', 'BootNotification', {}), [4, 'f1', 'OccurenceConstraintViolation']],
  [
    '2.0.1',
    'a missing field',
    call('f2', 'BootNotification', {}),
    [4, 'f2', 'OccurrenceConstraintViolation'],
  ],
  ['1.6', 'null for a field', call('f3', 'Authorize', { idTag: null }), [4, 'f3', 'TypeConstraintViolation']],
  ['1.6', 'a number for a text', call('f4', 'Authorize', { idTag: 4 }), [4, 'f4', 'TypeConstraintViolation']],
  [
    '1.6',
    'a text for a number',
    call('f5', 'StopTransaction', { ...stop16, meterStop: '7' }),
    [4, 'f5', 'TypeConstraintViolation'],
  ],
  [
    '1.6',
    'a fraction for a whole number',
    call('f6', 'StopTransaction', { ...stop16, meterStop: 1.5 }),
    [4, 'f6', 'TypeConstraintViolation'],
  ],
  [
    '1.6',
    'a text of 21 for 20 characters',
    call('f7', 'Authorize', { idTag: long(21) }),
    [4, 'f7', 'PropertyConstraintViolation'],
  ],
  [
    '1.6',
    'a word that the standard does not have',
    call('f8', 'StatusNotification', { ...status16, status: 'Broken' }),
    [4, 'f8', 'PropertyConstraintViolation'],
  ],
  [
    '1.6',
    'a word in lower case',
    call('f9', 'StatusNotification', { ...status16, status: 'available' }),
    [4, 'f9', 'PropertyConstraintViolation'],
  ],
  [
    '1.6',
    'February 30',
    call('f10', 'StopTransaction', { ...stop16, timestamp: '2026-02-30T00:00:00Z' }),
    [4, 'f10', 'PropertyConstraintViolation'],
  ],
  [
    '1.6',
    'a time without offset',
    call('f11', 'StopTransaction', { ...stop16, timestamp: '2026-05-01T00:00:00' }),
    [4, 'f11', 'PropertyConstraintViolation'],
  ],
  [
    '1.6',
    'a number beyond what a double holds exactly',
    call('f12', 'StopTransaction', { ...stop16, meterStop: 2 ** 60 }),
    [4, 'f12', 'PropertyConstraintViolation'],
  ],
  [
    '1.6',
    '1e999, which JSON.parse makes Infinity',
    `[2,"f13","StopTransaction",{"meterStop":1e999}]`,
    [4, 'f13', 'TypeConstraintViolation'],
  ],
  [
    '1.6',
    '33 fields that nobody knows',
    call('f14', 'Heartbeat', unknownFields),
    [4, 'f14', 'FormationViolation'],
  ],
  [
    '2.0.1',
    'an empty list where one is the least',
    call('f15', 'MeterValues', { ...meter2, meterValue: [] }),
    [4, 'f15', 'OccurrenceConstraintViolation'],
  ],
  [
    '2.0.1',
    'vendor data without a vendor',
    call('f16', 'Heartbeat', { customData: {} }),
    [4, 'f16', 'OccurrenceConstraintViolation'],
  ],
  [
    '2.0.1',
    'a list for an object',
    call('f17', 'BootNotification', { ...boot2, chargingStation: [] }),
    [4, 'f17', 'TypeConstraintViolation'],
  ],
  [
    '2.1',
    'EVSE -1',
    call('f18', 'MeterValues', { ...meter2, evseId: -1 }),
    [4, 'f18', 'PropertyConstraintViolation'],
  ],
  // Keys that reach for prototypes.
  [
    '1.6',
    'a key __proto__',
    '[2,"k1","Heartbeat",{"__proto__":{"admin":true}}]',
    [4, 'k1', 'FormationViolation'],
  ],
  [
    '2.0.1',
    'a key constructor deep inside',
    '[2,"k2","DataTransfer",{"vendorId":"v","data":[{"constructor":1}]}]',
    [4, 'k2', 'FormatViolation'],
  ],
  // Answers to nothing.
  ['1.6', 'a CALLRESULT to nothing', '[3,"r1",{"status":"Accepted"}]', 'nothing'],
  ['1.6', 'a CALLERROR to nothing', '[4,"r2","InternalError","",{}]', 'nothing'],
  ['1.6', 'a CALLRESULT without anything', '[3]', 'nothing'],
  ['1.6', 'a CALLERROR without anything', '[4]', 'nothing'],
  ['1.6', 'a CALLRESULT that is a list', '[3,"r3",[]]', 'nothing'],
  ['2.0.1', 'a CALLRESULT of four parts', '[3,"r4",{},{}]', 'nothing'],
  ['2.1', 'a CALLRESULT that is a list', '[3,"r5",[]]', [5, 'r5', 'FormatViolation']],
  ['2.1', 'a CALLRESULT with 1e999', '[3,"r6",{"n":-1e999}]', [5, 'r6', 'FormatViolation']],
  ['2.1', 'a CALLRESULTERROR to nothing', '[5,"r7","FormatViolation","",{}]', 'nothing'],
  // SEND never gets an answer.
  ['2.1', 'a SEND that nobody opened', '[6,"e1","NotifyPeriodicEventStream",{}]', 'nothing'],
  ['2.1', 'a malformed SEND', '[6,"e2"]', 'nothing'],
  ['2.1', 'a SEND with a key __proto__', '[6,"e3","NotifyPeriodicEventStream",{"__proto__":1}]', 'nothing'],
];

let rig: Rig;
const clients = new Map<Version, WebSocket>();
let neighbour: WebSocket;
let beats = 0;

/** Sends texts and a heartbeat; everything that comes before the answer to the heartbeat. */
async function answersTo(client: WebSocket, texts: readonly string[]): Promise<unknown[]> {
  const id = `beat-${beats++}`;
  const answers: unknown[] = [];
  await new Promise<void>((resolve) => {
    const listen = (data: Buffer): void => {
      const answer = JSON.parse(data.toString('utf8')) as readonly unknown[];
      if (answer[1] !== id) {
        answers.push(answer);
        return;
      }
      client.off('message', listen);
      resolve();
    };
    client.on('message', listen);
    for (const text of texts) client.send(text);
    client.send(call(id, 'Heartbeat', {}));
  });
  return answers;
}

async function open(id: string, protocol: string): Promise<WebSocket> {
  const client = rig.connect(id, protocol);
  await once(client, 'open');
  return client;
}

beforeAll(async () => {
  rig = await createRig({ limits: { framesBurst: Infinity } });
  rig.server.onEvent((event) => {
    rig.events.push(event);
    if (event.kind !== 'call' || event.action !== 'Heartbeat') return;
    const { stationId, messageId } = event;
    rig.server.send({
      kind: 'result',
      stationId,
      messageId,
      payload: { currentTime: '2026-05-01T00:00:00Z' },
    });
  });
  neighbour = await open('A9', 'ocpp1.6');
  clients.set('1.6', await open('A1', 'ocpp1.6'));
  clients.set('2.0.1', await open('B1', 'ocpp2.0.1'));
  clients.set('2.1', await open('C1', 'ocpp2.1'));
});
afterAll(() => rig.close());

describe('a hostile text gets its answer, and everybody lives on', () => {
  test('the table is long enough and names no message twice', () => {
    expect(table.length).toBeGreaterThanOrEqual(60);
    expect(new Set(table.map(([version, name]) => `${version} ${name}`)).size).toBe(table.length);
  });

  test.each(table)('%s: %s', async (version, _, text, expected) => {
    const client = clients.get(version);
    if (client === undefined) throw new Error('no client');
    const answers = await answersTo(client, [text]);
    if (expected === 'nothing') expect(answers).toEqual([]);
    else {
      const [type, id, code] = expected;
      expect(answers).toEqual([[type, id, code, expect.any(String), {}]]);
    }
    expect(await answersTo(neighbour, [])).toEqual([]);
    expect(rig.events.filter((event) => event.kind === 'call' && event.action !== 'Heartbeat')).toEqual([]);
    expect(rig.events.filter((event) => event.kind === 'disconnected')).toEqual([]);
    expect(({} as Record<string, unknown>)['admin']).toBeUndefined();
  });

  test('what is answered to a station holds nothing that it sent but printable text', async () => {
    const answers = await answersTo(clients.get('1.6') as WebSocket, [
      call('p1', '\u001b]0;x\u0007<img>', {}),
    ]);
    expect(answers).toEqual([[4, 'p1', 'NotImplemented', '?]0;x?<img> is not known', {}]]);
  });

  test('the log names rules and stations, never what was sent', () => {
    expect(JSON.stringify(rig.warnings)).not.toMatch(/oops|MakeCoffee|admin/);
  });
});

/** What closes a connection, as bytes after an accepted upgrade, and the code that the peer is told. */
const closing: readonly (readonly [string, Buffer, number | undefined])[] = [
  ['a binary frame', rawFrame(2, Buffer.from('[2,"b","Heartbeat",{}]')), 1003],
  ['text that is not UTF-8', rawFrame(1, Buffer.from([0x5b, 0xff, 0xfe])), 1007],
  ['a frame without mask', rawFrame(1, Buffer.from('[]'), { isMasked: false }), 1002],
  ['a reserved opcode', rawFrame(3, Buffer.alloc(0)), 1002],
  ['a compressed frame that was never agreed on', rawFrame(1, Buffer.from('[]'), { rsv1: true }), 1002],
  ['a ping of 126 bytes', rawFrame(9, Buffer.alloc(126)), 1002],
  ['a continuation of nothing', rawFrame(0, Buffer.from('x')), 1002],
  ['a fragmented ping', rawFrame(9, Buffer.alloc(1), { isFinal: false }), 1002],
  [
    '64 KiB and a byte in two fragments',
    Buffer.concat([
      rawFrame(1, Buffer.alloc(65_535, 0x20), { isFinal: false }),
      rawFrame(0, Buffer.alloc(2, 0x20)),
    ]),
    1009,
  ],
  [
    '10,000 fragments of one byte',
    Buffer.concat(
      Array.from({ length: 10_000 }, (_, i) =>
        rawFrame(i === 0 ? 1 : 0, Buffer.from('x'), { isFinal: false }),
      ),
    ),
    1008,
  ],
  [
    'ten bad frames in a row',
    Buffer.concat(Array.from({ length: 10 }, () => rawFrame(1, Buffer.from('{')))),
    1008,
  ],
  ['a close frame of one byte', rawFrame(8, Buffer.from('x')), 1002],
];

describe('what cannot be spoken with is closed, and only that', () => {
  test.each(closing)('%s', async (_, bytes, code) => {
    const peer = await upgradedPeer(rig, 'A2', 'ocpp1.6');
    await rig.until(() => rig.server.counters.connectionsOpen === 5);
    peer.tcp.write(bytes);
    await rig.until(() => closeCodeIn(peer.received()) !== undefined);
    peer.tcp.destroy();
    expect(closeCodeIn(await peer.ended())).toBe(code);
    await rig.until(() => rig.server.counters.connectionsOpen === 4);
    expect(rig.events.filter((event) => event.kind === 'disconnected').at(-1)?.stationId).toBe('A2');
    rig.events.length = 0;
    expect(await answersTo(neighbour, [])).toEqual([]);
    rig.events.length = 0;
  });

  test('nine bad frames in a row, then a good one: the count starts anew', async () => {
    const client = clients.get('1.6') as WebSocket;
    const nine = Array.from({ length: 9 }, () => '{');
    expect(await answersTo(client, nine)).toEqual([]);
    expect(await answersTo(client, nine)).toEqual([]);
  });
});
