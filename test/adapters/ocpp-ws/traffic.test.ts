import { expect, test } from 'vitest';
import { createTraffic } from '#adapters/ocpp-ws/traffic';

test('a connection is under way until both ends are open, each frame until handled, the end until both have heard', () => {
  const traffic = createTraffic();
  const client = traffic.join('client');
  expect(traffic.inFlight).toBe(1);
  client.pair(4000);
  client.opened();
  expect(traffic.inFlight).toBe(1);
  const server = traffic.join('server');
  server.pair(4000);
  expect(traffic.inFlight).toBe(1);
  server.opened();
  expect(traffic.inFlight).toBe(0);

  client.sent();
  client.sent();
  server.sent();
  expect(traffic.inFlight).toBe(3);
  server.handled();
  client.handled();
  expect(traffic.inFlight).toBe(1);
  server.handled();
  expect([traffic.inFlight, traffic.framesSent, traffic.framesHandled]).toEqual([0, 3, 3]);

  client.sent();
  client.closing();
  // The frame may be lost: only the end counts.
  expect(traffic.inFlight).toBe(1);
  client.closed();
  expect(traffic.inFlight).toBe(1);
  server.closed();
  expect(traffic.inFlight).toBe(0);
});

test('the server may open first', () => {
  const traffic = createTraffic();
  const client = traffic.join('client');
  client.pair(1);
  const server = traffic.join('server');
  server.pair(1);
  server.opened();
  expect(traffic.inFlight).toBe(1);
  client.opened();
  expect(traffic.inFlight).toBe(0);
});

test('a client that was refused, or that found nobody, is over when it is closed', () => {
  const traffic = createTraffic();
  traffic.join('client').closed();
  const refused = traffic.join('client');
  refused.pair(1);
  refused.closed();
  expect(traffic.inFlight).toBe(0);
});

test('the end of a foreign client never counts', () => {
  const traffic = createTraffic();
  const server = traffic.join('server');
  server.pair(1);
  server.opened();
  server.sent();
  server.closing();
  expect(traffic.inFlight).toBe(0);
});

test('a port that comes back is another connection', () => {
  const traffic = createTraffic();
  for (let i = 0; i < 3; i++) {
    const client = traffic.join('client');
    client.pair(1);
    const server = traffic.join('server');
    server.pair(1);
    client.opened();
    server.opened();
    client.sent();
    expect(traffic.inFlight).toBe(1);
    server.handled();
    server.closed();
    client.closed();
    expect(traffic.inFlight).toBe(0);
  }
});

test('whoever waits is woken once all is quiet, and looks again', async () => {
  const traffic = createTraffic();
  await traffic.idle();
  const client = traffic.join('client');
  let woken = 0;
  const waiting = traffic.idle().then(() => woken++);
  await Promise.resolve();
  expect(woken).toBe(0);
  client.closed();
  const again = traffic.join('client');
  await waiting;
  expect([woken, traffic.inFlight]).toEqual([1, 1]);
  again.closed();
});
