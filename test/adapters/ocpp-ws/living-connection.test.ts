import { once } from 'node:events';
import { afterEach, describe, expect, test } from 'vitest';
import type { WebSocket } from 'ws';
import { closeCodeIn, rawFrame, upgradedPeer } from './raw-peer.ts';
import { createRig, type Rig } from './rig.ts';

let rig: Rig;
afterEach(() => rig.close());

async function opened(client: WebSocket): Promise<WebSocket> {
  await once(client, 'open');
  return client;
}

function closeOf(client: WebSocket): Promise<string> {
  return new Promise((resolve) => {
    client.once('close', (code, reason) => resolve(`${code} ${reason.toString('utf8')}`.trim()));
  });
}

const heartbeat = (id: string): string => JSON.stringify([2, id, 'Heartbeat', {}]);

describe('two connections of one identity', () => {
  test('the first lives: it stays, the second is closed with 1008', async () => {
    rig = await createRig();
    const first = await opened(rig.connect('A1', 'ocpp1.6'));
    const second = rig.connect('A1', 'ocpp1.6');
    expect(await closeOf(second)).toBe('1008 identity in use');
    first.send(heartbeat('h1'));
    await rig.until(() => rig.events.length === 2);
    expect(rig.events.map((event) => event.kind)).toEqual(['connected', 'call']);
    expect(rig.server.counters.disputedIdentities).toBe(1);
    expect(rig.warnings.map(({ message }) => message)).toEqual([
      'identity is in use by a living connection; the second is closed',
    ]);
  });

  test('the first is dead: after five seconds the second takes its place, and what it said meanwhile is heard then', async () => {
    rig = await createRig();
    // A raw peer answers no ping.
    const dead = await upgradedPeer(rig, 'A1', 'ocpp1.6');
    const second = await opened(rig.connect('A1', 'ocpp1.6'));
    second.send(heartbeat('early'));
    rig.timers.advance(4999);
    await opened(rig.connect('A2', 'ocpp1.6'));
    expect(rig.events.map(({ kind, stationId }) => `${kind} ${stationId}`)).toEqual([
      'connected A1',
      'connected A2',
    ]);
    rig.timers.advance(1);
    await rig.until(() => rig.events.length === 5);
    expect(rig.events.slice(2).map((event) => event.kind)).toEqual(['disconnected', 'connected', 'call']);
    await dead.ended();
    expect(rig.server.counters.connectionsOpen).toBe(2);
  });

  test('a third while the first is in doubt is closed at once', async () => {
    rig = await createRig();
    await upgradedPeer(rig, 'A1', 'ocpp1.6');
    await opened(rig.connect('A1', 'ocpp1.6'));
    expect(await closeOf(rig.connect('A1', 'ocpp1.6'))).toBe('1008 identity in use');
  });

  test('the second gives up before the first is found dead: in the end nobody is connected', async () => {
    rig = await createRig();
    await upgradedPeer(rig, 'A1', 'ocpp1.6');
    const second = await opened(rig.connect('A1', 'ocpp1.6'));
    second.terminate();
    rig.timers.advance(5000);
    // A socket that rests does not hear of its end: it takes the place and is found gone right after.
    await rig.until(() => rig.events.length === 4);
    expect(rig.events.map((event) => event.kind)).toEqual([
      'connected',
      'disconnected',
      'connected',
      'disconnected',
    ]);
    expect(rig.server.counters.connectionsOpen).toBe(0);
  });

  test('the same identity on one address after a clean goodbye connects without doubt', async () => {
    rig = await createRig();
    const first = await opened(rig.connect('A1', 'ocpp1.6'));
    first.close(1000);
    await once(first, 'close');
    await opened(rig.connect('A1', 'ocpp1.6'));
    await rig.until(() => rig.events.length === 3);
    expect(rig.events.map((event) => event.kind)).toEqual(['connected', 'disconnected', 'connected']);
  });
});

describe('silence and floods', () => {
  test('pinged every 30 s; without a sign of life for two intervals the connection is cut', async () => {
    rig = await createRig();
    const peer = await upgradedPeer(rig, 'A1', 'ocpp1.6');
    await rig.until(() => rig.events.length === 1);
    rig.timers.advance(30_000);
    rig.timers.advance(29_999);
    expect(rig.server.counters.connectionsOpen).toBe(1);
    rig.timers.advance(1);
    const bytes = await peer.ended();
    // Exactly one ping (0x89, empty) had been sent.
    expect(bytes.subarray(-2)).toEqual(Buffer.from([0x89, 0x00]));
    await rig.until(() => rig.events.length === 2);
    expect(rig.events[1]).toMatchObject({ kind: 'disconnected', reason: '1006' });
  });

  test('a pong is a sign of life', async () => {
    rig = await createRig();
    const client = await opened(rig.connect('A1', 'ocpp1.6'));
    for (let i = 0; i < 4; i++) {
      const pinged = once(client, 'ping');
      rig.timers.advance(30_000);
      await pinged;
      // The pong was written before this connection began, so it is read before that one is served.
      const later = await opened(rig.connect('A2', 'ocpp1.6'));
      later.close(1000);
      await rig.until(() => rig.server.counters.connectionsOpen === 1);
    }
    expect(rig.events.filter(({ kind, stationId }) => kind === 'disconnected' && stationId === 'A1')).toEqual(
      [],
    );
  });

  test('a peer that reads nothing is cut at 1 MiB', async () => {
    rig = await createRig({ limits: { framesBurst: Infinity } });
    const peer = await upgradedPeer(rig, 'A1', 'ocpp1.6');
    peer.tcp.pause();
    await rig.until(() => rig.events.length === 1);
    const payload = { requestedMessage: 'x'.repeat(60_000) };
    let sent = 0;
    while (rig.server.counters.connectionsOpen === 1 && sent < 2000) {
      rig.server.send({
        kind: 'call',
        stationId: 'A1',
        messageId: `m${sent++}`,
        action: 'TriggerMessage',
        payload,
      });
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(rig.server.counters.connectionsOpen).toBe(0);
    expect(rig.warnings.map(({ message }) => message)).toEqual(['station does not read; connection cut']);
    expect(rig.events.map((event) => event.kind)).toEqual(['connected', 'disconnected']);
    peer.tcp.destroy();
  });

  test('above its burst a station is not read for as long as its debt lasts, then served again', async () => {
    rig = await createRig({ limits: { framesBurst: 10, framesPerS: 5, callsPendingMax: 1000 } });
    const client = await opened(rig.connect('A1', 'ocpp1.6'));
    for (let i = 0; i < 20; i++) client.send(heartbeat(`h${i}`));
    await rig.until(() => rig.server.counters.throttled > 0);
    const heard = (): number => rig.events.filter((event) => event.kind === 'call').length;
    const neighbour = await opened(rig.connect('A2', 'ocpp1.6'));
    neighbour.send(heartbeat('n'));
    await rig.until(() => rig.events.some((event) => event.kind === 'call' && event.stationId === 'A2'));
    // 20 frames against an allowance of 10: at most 2 s of debt.
    rig.timers.advance(2000);
    await rig.until(() => heard() === 21);
    expect(rig.server.counters.connectionsOpen).toBe(2);
  });

  test('a station that does not stop is closed with 1008', async () => {
    rig = await createRig({ limits: { framesBurst: 10, framesPerS: 5, framesDebtMax: 50 } });
    const client = await opened(rig.connect('A1', 'ocpp1.6'));
    const closed = closeOf(client);
    // In one write, so that all of it is read before the socket rests.
    const peer = await upgradedPeer(rig, 'A2', 'ocpp1.6');
    const frame = rawFrame(1, Buffer.from(heartbeat('h')));
    peer.tcp.write(Buffer.concat(Array.from({ length: 100 }, () => frame)));
    await rig.until(() => closeCodeIn(peer.received()) !== undefined);
    expect(closeCodeIn(peer.received())).toBe(1008);
    peer.tcp.destroy();
    await rig.until(() => rig.events.some((event) => event.kind === 'disconnected'));
    expect(rig.events.at(-1)).toMatchObject({ kind: 'disconnected', stationId: 'A2' });
    expect(rig.warnings.map(({ message }) => message)).toEqual([
      'station sends without end; connection closed',
    ]);
    client.close(1000);
    expect(await closed).toBe('1000');
  });
});

describe('message ids', () => {
  const receiveAll = (client: WebSocket): string[] => {
    const texts: string[] = [];
    client.on('message', (data: Buffer) => void texts.push(data.toString('utf8')));
    return texts;
  };

  test('a CALL repeated word for word gets the same answer and has no second effect; other words get ProtocolError', async () => {
    rig = await createRig();
    const client = await opened(rig.connect('A1', 'ocpp1.6'));
    const texts = receiveAll(client);
    client.send(heartbeat('same'));
    client.send(heartbeat('same'));
    await rig.until(() => rig.server.counters.repeatedCalls === 1);
    rig.server.send({ kind: 'result', stationId: 'A1', messageId: 'same', payload: { currentTime: 'T' } });
    client.send(heartbeat('same'));
    await rig.until(() => texts.length === 2);
    client.send(JSON.stringify([2, 'same', 'Authorize', { idTag: 'X' }]));
    await rig.until(() => texts.length === 3);
    expect(texts.slice(0, 2)).toEqual(['[3,"same",{"currentTime":"T"}]', '[3,"same",{"currentTime":"T"}]']);
    expect(JSON.parse(texts[2] ?? '')).toMatchObject([4, 'same', 'ProtocolError', expect.any(String), {}]);
    expect(rig.events.filter((event) => event.kind === 'call')).toHaveLength(1);
  });

  test('an id is free again after sixteen others', async () => {
    rig = await createRig();
    const client = await opened(rig.connect('A1', 'ocpp1.6'));
    for (let i = 0; i <= 16; i++) {
      client.send(heartbeat(`h${i}`));
      await rig.until(() => rig.events.length === i + 2);
      rig.server.send({ kind: 'result', stationId: 'A1', messageId: `h${i}`, payload: {} });
    }
    client.send(heartbeat('h0'));
    await rig.until(() => rig.events.length === 19);
    expect(rig.server.counters.repeatedCalls).toBe(0);
  });

  test('an answer is taken once, for a CALL that is open', async () => {
    rig = await createRig();
    const client = await opened(rig.connect('A1', 'ocpp1.6'));
    await rig.until(() => rig.events.length === 1);
    rig.server.send({
      kind: 'call',
      stationId: 'A1',
      messageId: 'q1',
      action: 'Reset',
      payload: { type: 'Soft' },
    });
    client.send('[3,"q0",{"status":"Accepted"}]');
    client.send('[3,"q1",{"status":"Accepted"}]');
    client.send('[3,"q1",{"status":"Rejected"}]');
    client.send('[4,"q1","InternalError","late",{}]');
    await rig.until(() => rig.server.counters.unmatchedAnswers === 3);
    expect(rig.events.slice(1)).toEqual([
      { kind: 'result', stationId: 'A1', messageId: 'q1', payload: { status: 'Accepted' } },
    ]);
  });

  test('a CALLERROR reaches the engine in 2.x spelling', async () => {
    rig = await createRig();
    const client = await opened(rig.connect('A1', 'ocpp1.6'));
    await rig.until(() => rig.events.length === 1);
    rig.server.send({
      kind: 'call',
      stationId: 'A1',
      messageId: 'q1',
      action: 'Reset',
      payload: { type: 'Soft' },
    });
    client.send('[4,"q1","OccurenceConstraintViolation","why",{"detail":1}]');
    await rig.until(() => rig.events.length === 2);
    expect(rig.events[1]).toEqual({
      kind: 'error',
      stationId: 'A1',
      messageId: 'q1',
      code: 'OccurrenceConstraintViolation',
      description: 'why',
    });
  });

  test('an answer for a connection that is gone is lost, not sent to the next one', async () => {
    rig = await createRig();
    const first = await opened(rig.connect('A1', 'ocpp1.6'));
    first.send(heartbeat('h1'));
    await rig.until(() => rig.events.length === 2);
    first.terminate();
    await rig.until(() => rig.events.length === 3);
    const second = await opened(rig.connect('A1', 'ocpp1.6'));
    const texts = receiveAll(second);
    rig.server.send({ kind: 'result', stationId: 'A1', messageId: 'h1', payload: { currentTime: 'T' } });
    expect(rig.server.counters.lostAnswers).toBe(1);
    second.send('[2,"x","MakeCoffee",{}]');
    await rig.until(() => texts.length === 1);
    expect(texts[0]).toContain('NotImplemented');
  });

  test('the seventeenth CALL without an answer is refused', async () => {
    rig = await createRig();
    const client = await opened(rig.connect('A1', 'ocpp1.6'));
    const texts = receiveAll(client);
    for (let i = 0; i < 17; i++) client.send(heartbeat(`h${i}`));
    await rig.until(() => texts.length === 1);
    expect(JSON.parse(texts[0] ?? '')).toMatchObject([4, 'h16', 'ProtocolError', expect.any(String), {}]);
    expect(rig.events.filter((event) => event.kind === 'call')).toHaveLength(16);
  });
});

test('fields that nobody knows are taken out, and named once', async () => {
  rig = await createRig();
  const client = await opened(rig.connect('A1', 'ocpp1.6'));
  for (const id of ['u1', 'u2'])
    client.send(JSON.stringify([2, id, 'Authorize', { idTag: 'T', colour: 'red' }]));
  await rig.until(() => rig.events.length === 3);
  expect(rig.events[1]).toMatchObject({ action: 'Authorize', payload: { idTag: 'T' } });
  expect(Object.keys((rig.events[2] as { payload: object }).payload)).toEqual(['idTag']);
  expect(rig.warnings).toEqual([
    {
      message: 'fields that the standard does not know',
      facts: { stationId: 'A1', fields: ['Authorize.colour'] },
    },
  ]);
});

test('dropped by the engine: a goodbye with the reason; the server closes with 1001', async () => {
  rig = await createRig();
  const first = await opened(rig.connect('A1', 'ocpp1.6'));
  const second = await opened(rig.connect('A2', 'ocpp1.6'));
  const dropped = closeOf(first);
  rig.server.drop('A1', 'fenced');
  expect(await dropped).toBe('1000 fenced');
  const left = closeOf(second);
  await rig.server.close();
  expect(await left).toBe('1001 server closes');
  expect(
    rig.events.filter((event) => event.kind === 'disconnected').map(({ stationId }) => stationId),
  ).toEqual(['A1', 'A2']);
});

test('a peer that ignores the goodbye is cut after a second', async () => {
  rig = await createRig();
  const peer = await upgradedPeer(rig, 'A1', 'ocpp1.6');
  await rig.until(() => rig.events.length === 1);
  const closed = rig.server.close();
  rig.timers.advance(1000);
  await closed;
  await peer.ended();
  expect(rig.server.counters.connectionsOpen).toBe(0);
});
