import { once } from 'node:events';
import { get, request } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import type { WebSocket } from 'ws';
import { createCsmsServer } from '#adapters/ocpp-ws/csms-server';
import { InvariantError } from '#domain/invariant';
import { rawPeer, upgradeText, upgradedPeer } from './raw-peer.ts';
import { authorization, createRig, type Rig } from './rig.ts';

let rig: Rig;
afterEach(() => rig.close());

/** What a server says to an upgrade that it refuses: status line, headers without the date, body. */
async function refusal(text: string): Promise<{ status: string; body: string; head: string }> {
  const peer = await rawPeer(rig);
  peer.tcp.write(text);
  const [head = '', body = ''] = (await peer.ended()).toString('latin1').split('\r\n\r\n');
  return { status: head.split(' ')[1] ?? '', body, head };
}

/** The upgrade of station A1 with one line changed. */
function upgradeWith(from: RegExp, to: string): string {
  return upgradeText(rig, 'A1', 'ocpp1.6').replace(from, to);
}

async function opened(client: WebSocket): Promise<WebSocket> {
  await once(client, 'open');
  return client;
}

function closeCode(client: WebSocket): Promise<number> {
  return new Promise((resolve) => {
    client.once('close', (code) => resolve(code));
  });
}

test('no password, a wrong one, another name and an unknown identity get the same answer', async () => {
  rig = await createRig();
  const answers = [
    await refusal(upgradeWith(/Authorization:.*\r\n/, '')),
    await refusal(upgradeWith(/Authorization:.*\r\n/, `Authorization: ${authorization('A1', 'wrong')}\r\n`)),
    await refusal(upgradeWith(/Authorization:.*\r\n/, `Authorization: ${authorization('A2')}\r\n`)),
    await refusal(upgradeWith(/Authorization:.*\r\n/, 'Authorization: Bearer abc\r\n')),
    await refusal(upgradeWith(/Authorization:.*\r\n/, 'Authorization: Basic !!!\r\n')),
    await refusal(upgradeText(rig, 'A0-unknown', 'ocpp1.6')),
    await refusal(upgradeText(rig, 'Z1', 'ocpp1.6')),
  ];
  expect(new Set(answers.map((answer) => answer.head)).size).toBe(1);
  expect(new Set(answers.map((answer) => answer.body)).size).toBe(1);
  expect(answers[0]?.status).toBe('401');
  expect(rig.events).toEqual([]);
  expect(rig.server.counters.refusedUpgrades).toBe(7);
});

test.each([
  ['a slash in the identity', '/ocpp/A1%2FB', '400'],
  ['a way up', '/ocpp/../A1', '400'],
  ['NUL', '/ocpp/A1%00', '400'],
  ['300 characters', `/ocpp/${'A'.repeat(300)}`, '400'],
  ['a wildcard of the bus', '/ocpp/*', '400'],
  ['the other wildcard of the bus', '/ocpp/>', '400'],
  ['a dot', '/ocpp/A.1', '400'],
  ['a character beyond ASCII', '/ocpp/A%C3%A4', '400'],
  ['no identity', '/ocpp/', '400'],
  ['a query', '/ocpp/A1?x=1', '400'],
  ['another path', '/steve/A1', '404'],
  ['the root', '/', '404'],
])('%s is turned away', async (_, path, status) => {
  rig = await createRig();
  const answer = await refusal(upgradeWith(/GET \S+/, `GET ${path}`));
  expect(answer.status).toBe(status);
  expect(JSON.stringify(rig.warnings)).not.toContain('A1');
});

test('five refused log-ins are free, then they wait: 1 s, 2 s, 4 s; the right password after the wait is let in', async () => {
  rig = await createRig();
  const wrong = upgradeWith(/Authorization:.*\r\n/, `Authorization: ${authorization('A1', 'wrong')}\r\n`);
  const right = upgradeText(rig, 'A1', 'ocpp1.6');
  const statusOf = async (text: string): Promise<string> => (await refusal(text)).status;
  for (let i = 0; i < 5; i++) expect(await statusOf(wrong)).toBe('401');
  expect(await statusOf(right)).toBe('429');
  rig.timers.advance(999);
  expect(await statusOf(wrong)).toBe('429');
  rig.timers.advance(1);
  expect(await statusOf(wrong)).toBe('401');
  rig.timers.advance(1999);
  expect(await statusOf(right)).toBe('429');
  rig.timers.advance(1);
  const client = await opened(rig.connect('A1', 'ocpp1.6'));
  expect(client.protocol).toBe('ocpp1.6');
  // Another identity from the same address never waited.
  await opened(rig.connect('A2', 'ocpp1.6'));
});

test('what is no upgrade is told so, and a head over 8 KiB is refused', async () => {
  rig = await createRig();
  const url = rig.server.url.replace('ws:', 'http:');
  const [plain] = (await once(get(`${url}/A1`), 'response')) as [{ statusCode: number; resume(): void }];
  plain.resume();
  expect(plain.statusCode).toBe(426);
  const post = request(`${url}/A1`, { method: 'POST' });
  post.end('x=1');
  const [posted] = (await once(post, 'response')) as [{ statusCode: number; resume(): void }];
  posted.resume();
  expect(posted.statusCode).toBe(405);
  const large = await refusal(
    upgradeWith(/Upgrade: websocket\r\n/, `Upgrade: websocket\r\nX: ${'y'.repeat(9000)}\r\n`),
  );
  expect(large.status).toBe('431');
});

test('without a version in common the upgrade is closed with 1002', async () => {
  rig = await createRig();
  expect(await closeCode(rig.connect('A1', []))).toBe(1002);
  const peer = await upgradedPeer(rig, 'A1', 'ocpp2.0.1');
  expect(peer.received().toString('latin1')).not.toContain('Sec-WebSocket-Protocol');
  peer.tcp.destroy();
  expect(rig.events).toEqual([]);
});

test('of several versions the highest that the station is enabled for is taken', async () => {
  rig = await createRig();
  const client = await opened(rig.connect('D1', ['ocpp1.6', 'ocpp2.0.1', 'ocpp2.1']));
  expect(client.protocol).toBe('ocpp2.0.1');
  expect(rig.events).toEqual([{ kind: 'connected', stationId: 'D1', version: '2.0.1' }]);
});

test('compression is not agreed on', async () => {
  rig = await createRig();
  const client = await opened(
    rig.connect('A1', 'ocpp1.6', {
      perMessageDeflate: true,
      headers: { Authorization: authorization('A1') },
    }),
  );
  expect(client.extensions).toBe('');
});

test.each([
  ['says nothing', ''],
  ['sends its head slowly', 'GET /ocpp/A1 HTTP/1.1\r\nHost: x\r\n'],
])('a peer that %s is cut after five seconds', async (_, text) => {
  rig = await createRig();
  const peer = await rawPeer(rig);
  peer.tcp.write(text);
  // The server has seen the connection once a later one was served.
  await opened(rig.connect('A1', 'ocpp1.6'));
  rig.timers.advance(4999);
  await opened(rig.connect('A2', 'ocpp1.6'));
  expect(peer.tcp.destroyed).toBe(false);
  rig.timers.advance(1);
  expect((await peer.ended()).length).toBe(0);
  expect(rig.server.counters.connectionsOpen).toBe(2);
});

test('an address that connects too often is dropped, and let in again at its rate', async () => {
  rig = await createRig({ limits: { connectionsBurst: 3, connectionsPerS: 1 } });
  for (const id of ['A1', 'A2', 'A3']) await opened(rig.connect(id, 'ocpp1.6'));
  expect(await closeCode(rig.connect('A4', 'ocpp1.6'))).toBe(1006);
  expect(rig.server.counters.refusedConnections).toBe(1);
  rig.timers.advance(2000);
  await opened(rig.connect('A5', 'ocpp1.6'));
  expect(rig.server.counters.connectionsOpen).toBe(4);
});

test('before anybody listens for events nobody is let in', async () => {
  rig = await createRig();
  const other = await createCsmsServer({
    stations: () => ({ versions: ['1.6'] }),
    log: { info: () => {}, warn: () => {} },
  });
  const [response] = (await once(
    get(`http://127.0.0.1:${other.port}/ocpp/A1`, {
      headers: {
        Connection: 'Upgrade',
        Upgrade: 'websocket',
        'Sec-WebSocket-Version': 13,
        'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==',
      },
    }),
    'response',
  )) as [{ statusCode: number; resume(): void }];
  response.resume();
  expect(response.statusCode).toBe(503);
  await other.close();
});

test('beyond loopback the server wants TLS, or to be told that it may do without', async () => {
  rig = await createRig();
  const log = { info: () => {}, warn: () => {} };
  await expect(createCsmsServer({ host: '0.0.0.0', stations: () => undefined, log })).rejects.toThrow(
    InvariantError,
  );
});

test('a station without password is let in from this machine', async () => {
  rig = await createRig({ stations: () => ({ versions: ['1.6'] }) });
  await opened(rig.connect('A1', 'ocpp1.6', { headers: {} }));
});
