import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { csmsLimits } from '#adapters/ocpp-ws/csms-limits';
import { createGate, isLoopback, type Gate } from '#adapters/ocpp-ws/gate';
import { authorization, holdTimers } from './rig.ts';

/** Identity OPEN has no password; LOCKED has one. */
function gate(): Gate {
  return createGate({
    path: '/ocpp',
    limits: csmsLimits,
    timers: holdTimers(),
    stations: (id) => {
      if (id === 'OPEN') return { versions: ['1.6'] };
      return id === 'LOCKED' ? { versions: ['1.6'], password: 'a:b' } : undefined;
    },
  });
}

function visit(id: string, remoteAddress: string, secret?: string): IncomingMessage {
  const headers = secret === undefined ? {} : { authorization: authorization(id, secret) };
  return { url: `/ocpp/${id}`, headers, socket: { remoteAddress } } as unknown as IncomingMessage;
}

test.each([
  ['OPEN', '127.0.0.1', undefined, 'welcome'],
  ['OPEN', '::1', undefined, 'welcome'],
  ['OPEN', '::ffff:127.0.0.1', undefined, 'welcome'],
  ['OPEN', '10.0.0.7', undefined, 'refused'],
  ['OPEN', '10.0.0.7', '', 'refused'],
  ['LOCKED', '10.0.0.7', 'a:b', 'welcome'],
  ['LOCKED', '127.0.0.1', undefined, 'refused'],
  ['LOCKED', '127.0.0.1', '', 'refused'],
  ['LOCKED', '127.0.0.1', 'a', 'refused'],
  ['NOBODY', '127.0.0.1', '', 'refused'],
])('%s from %s with password %j is %s', (id, address, secret, kind) => {
  expect(gate().judge(visit(id, address, secret)).kind).toBe(kind);
});

test('refused log-ins from one address do not lock the station out at another', () => {
  const own = gate();
  for (let i = 0; i < 20; i++) own.judge(visit('LOCKED', '10.0.0.66', 'guess'));
  expect(own.judge(visit('LOCKED', '10.0.0.66', 'a:b'))).toMatchObject({ kind: 'refused', status: 429 });
  expect(own.judge(visit('LOCKED', '10.0.0.7', 'a:b')).kind).toBe('welcome');
});

test.each(['127.0.0.1', '127.255.0.9', '::1', '::ffff:127.0.0.1'])('%s is this machine', (address) => {
  expect(isLoopback(address)).toBe(true);
});

test.each(['', '0.0.0.0', '128.0.0.1', '10.127.0.0.1', '127.0.0.1.example', '::', 'localhost'])(
  '%j is not',
  (address) => {
    expect(isLoopback(address)).toBe(false);
  },
);
