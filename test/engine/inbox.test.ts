/** Inputs of one instant have one order, and only the newest word on a visit counts. */
import { expect, test } from 'vitest';
import type { DepotEvent } from '#domain/event';
import { epochS, watts } from '#domain/units';
import { createInbox } from '#engine/inbox';
import type { InputBody } from '#engine/input';
import { inboxPerSourceMax } from '#engine/limits';

const at = epochS(1000);
const bus = (event: DepotEvent): InputBody => ({ kind: 'bus', event });
const departure = (visitId: string, departsAt: number): InputBody =>
  bus({ kind: 'departure-changed', visitId, departsAt: epochS(departsAt) });
const heartbeat = (stationId: string): InputBody => ({
  kind: 'link',
  event: { kind: 'call', stationId, messageId: '1', action: 'Heartbeat', payload: {} },
});

test('sources come in the order of their names, each in its own order', () => {
  const inbox = createInbox();
  inbox.push('link/B', heartbeat('B'));
  inbox.push('bus', departure('v1', 2000));
  inbox.push('link/A', heartbeat('A'));
  inbox.push('link/B', heartbeat('B'));
  inbox.push('engine', { kind: 'tick' });
  expect(inbox.take(at).map((i) => [i.source, i.sequence, i.at])).toEqual([
    ['bus', 1, 1000],
    ['engine', 1, 1000],
    ['link/A', 1, 1000],
    ['link/B', 1, 1000],
    ['link/B', 2, 1000],
  ]);
  expect(inbox.size()).toBe(0);
});

test('of two updates of one visit the newer is kept, of two visits both', () => {
  const inbox = createInbox();
  inbox.push('bus', departure('v1', 2000));
  inbox.push('bus', departure('v2', 2500));
  inbox.push('bus', departure('v1', 3000));
  const kept = inbox
    .take(at)
    .map((i) =>
      i.kind === 'bus' && i.event.kind === 'departure-changed' ? [i.event.visitId, i.event.departsAt] : [],
    );
  expect(kept).toEqual([
    ['v2', 2500],
    ['v1', 3000],
  ]);
});

test('of meter readings the last counts; ticks are one', () => {
  const inbox = createInbox();
  for (const w of [1, 2, 3]) inbox.push('bus', bus({ kind: 'site-meter', powerW: watts(w), sampledAt: at }));
  inbox.push('engine', { kind: 'tick' });
  inbox.push('engine', { kind: 'tick' });
  expect(inbox.size()).toBe(2);
});

test('limits and cancellations are never merged', () => {
  const inbox = createInbox();
  inbox.push('bus', bus({ kind: 'visit-cancelled', visitId: 'v1' }));
  inbox.push('bus', bus({ kind: 'visit-cancelled', visitId: 'v1' }));
  expect(inbox.size()).toBe(2);
});

test('a station that floods is refused beyond its share; what nobody repeats is still taken', () => {
  const inbox = createInbox();
  for (let i = 0; i < inboxPerSourceMax; i++) expect(inbox.push('link/A', heartbeat('A'))).toBe(true);
  expect(inbox.push('link/A', heartbeat('A'))).toBe(false);
  expect(inbox.push('link/B', heartbeat('B'))).toBe(true);
  const gone: InputBody = {
    kind: 'link',
    event: { kind: 'disconnected', stationId: 'A', reason: 'flood' },
  };
  expect(inbox.push('link/A', gone)).toBe(true);
});
