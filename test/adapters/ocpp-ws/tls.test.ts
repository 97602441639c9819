import { once } from 'node:events';
import { connect as connectTls } from 'node:tls';
import { afterEach, expect, test } from 'vitest';
import { WebSocket, type ClientOptions } from 'ws';
import { rawPeer } from './raw-peer.ts';
import { authorization, createRig, type Rig } from './rig.ts';
import { selfSigned } from './self-signed.ts';

let rig: Rig;
afterEach(() => rig.close());

const own = selfSigned('central system');
const station = selfSigned('station');
const stranger = selfSigned('stranger');
const outdated = selfSigned('station of old', 2021);

/** `open`, or why not. */
function outcome(client: WebSocket): Promise<string> {
  return new Promise((resolve) => {
    client.once('open', () => resolve('open'));
    client.once('close', () => resolve('refused'));
  });
}

function connect(options: ClientOptions): WebSocket {
  return rig.connect('A1', 'ocpp1.6', {
    headers: { Authorization: authorization('A1') },
    ca: own.cert,
    ...options,
  });
}

test('security profile 2: TLS and a password; the deadline of the handshake ends with it', async () => {
  rig = await createRig({ tls: { key: own.key, cert: own.cert } });
  expect(rig.server.url).toMatch(/^wss:/);
  const client = connect({});
  expect(await outcome(client)).toBe('open');
  rig.timers.advance(5000);
  client.send('[2,"h","Heartbeat",{}]');
  await rig.until(() => rig.events.length === 2);
  expect(rig.events.map((event) => event.kind)).toEqual(['connected', 'call']);
});

test('plain text on a TLS port, and versions before 1.2, get nowhere', async () => {
  rig = await createRig({ tls: { key: own.key, cert: own.cert } });
  const plain = new WebSocket(rig.server.url.replace('wss:', 'ws:'), 'ocpp1.6');
  plain.on('error', () => {});
  expect(await outcome(plain)).toBe('refused');
  expect(
    await outcome(connect({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' })),
  ).toBe('refused');
  expect(await outcome(connect({ minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' }))).toBe('open');
});

test('security profile 3: only a station with a certificate of the right authority, within its time', async () => {
  const ca = station.cert + outdated.cert;
  rig = await createRig({ tls: { key: own.key, cert: own.cert, ca } });
  expect(await outcome(connect({}))).toBe('refused');
  expect(await outcome(connect({ key: stranger.key, cert: stranger.cert }))).toBe('refused');
  expect(await outcome(connect({ key: outdated.key, cert: outdated.cert }))).toBe('refused');
  expect(await outcome(connect({ key: station.key, cert: station.cert }))).toBe('open');
  expect(rig.events).toHaveLength(1);
});

test('a peer that says nothing, before TLS or after, is cut after five seconds', async () => {
  rig = await createRig({ tls: { key: own.key, cert: own.cert } });
  const silent = await rawPeer(rig);
  const shaken = connectTls({ port: rig.server.port, host: '127.0.0.1', ca: own.cert });
  shaken.on('error', () => {});
  await once(shaken, 'secureConnect');
  const gone = once(shaken, 'close');
  expect(await outcome(connect({}))).toBe('open');
  rig.timers.advance(5000);
  await silent.ended();
  await gone;
  expect(rig.server.counters.connectionsOpen).toBe(1);
});
