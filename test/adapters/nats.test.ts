import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectNats } from '../../src/adapters/nats/connect.ts';
import { startNatsServer, type NatsServer } from '../setup/nats-server.ts';
import { runBusCases } from './bus.cases.ts';

let server: NatsServer;
const quiet = { info: () => undefined, warn: () => undefined };
beforeAll(async () => {
  server = await startNatsServer();
});
afterAll(() => server.stop());

runBusCases('NATS', () => connectNats({ url: server.url, name: 'cases', log: quiet }));

test('a killed server that comes back on its port is used again, with the old subscriptions', async () => {
  const own = await startNatsServer();
  let up = (): void => undefined;
  const back = new Promise<void>((resolve) => {
    up = resolve;
  });
  const bus = await connectNats({
    url: own.url,
    name: 'restart',
    log: { warn: () => undefined, info: () => up() },
  });
  let backs = 0;
  const told = new Promise<void>((resolve) => {
    bus.onBack?.(() => {
      backs++;
      resolve();
    });
  });
  bus.onBack?.(() => (backs += 10)).unsubscribe();
  const seen: string[] = [];
  bus.subscribe('n', (m) => seen.push(new TextDecoder().decode(m.data)));
  await bus.flush();
  await own.restart();
  await Promise.all([back, told]);
  expect(backs).toBe(1);
  bus.publish('n', new TextEncoder().encode('again'));
  await bus.flush();
  expect(seen).toEqual(['again']);
  await bus.close();
  await own.stop();
});

test('no server is one clear error', async () => {
  const own = await startNatsServer();
  const url = own.url;
  await own.stop();
  await expect(connectNats({ url, name: 'none', log: quiet })).rejects.toThrow(`no NATS server at ${url}`);
});
