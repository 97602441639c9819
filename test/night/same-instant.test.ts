import { expect, test } from 'vitest';
import { createSocketTransport } from '#adapters/ocpp-ws/socket-transport';
import { createMemoryTransport } from '#sim/transport-memory';
import type { Transport } from '#sim/transport';
import { depot4, goodScenario } from '../sim/depot-4.ts';

const { site } = goodScenario(depot4);
const quiet = { info: () => undefined, warn: () => undefined };

test.each([
  ['memory', (): Transport => createMemoryTransport(site)],
  ['sockets', (): Transport => createSocketTransport(site, quiet)],
])('%s: a server that starts at the instant of an attempt to connect is found', async (_name, make) => {
  const transport = make();
  const heard: string[] = [];
  const socket = transport.socketFor('A-1', {
    opened: () => heard.push('opened'),
    closed: () => heard.push('closed'),
    frame: () => undefined,
  });
  socket.connect();
  expect(heard).toEqual([]);
  const link = await transport.listen();
  link.onEvent((event) => heard.push(event.kind));
  await transport.settle();
  expect(heard.sort()).toEqual(['connected', 'opened']);
  await transport.close();
});
