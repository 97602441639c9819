/** A depot whose stations all come back within one second: how soon each is known again and holds its renewed plan. */
import { expect, test } from 'vitest';
import { amperes } from '#domain/units';
import { isInstalled } from '#safety/candidate';
import type { OutgoingCall } from '#dispatch/turn';
import { plan, site, station, txDefault } from '../safety/depot.ts';
import { Bench } from './depot-world.ts';

const floor = txDefault(1, 6);
const leaseS = 3600;
const ids = Array.from({ length: 44 }, (_, i) => `s${i}`);
const depot = site(
  ids.map((id, i) => station(id, { version: i % 2 === 0 ? '1.6' : '2.0.1' })),
  [{ id: 'grid', limitA: amperes(400) }],
);

/** The station holds `held` and answers as one that kept it. */
function answers(bench: Bench, { stationId, command }: OutgoingCall, held: ReturnType<typeof plan>): void {
  if (command.kind === 'read-composite') {
    const { startAt } = held.profile.schedules[0]!;
    bench.answer(stationId, {
      kind: 'composite',
      evseId: 1,
      durationS: 7200,
      unit: 'A',
      // The plan until its lease ends, the floor after it.
      periods: [
        { startS: 0, limit: 9 },
        { startS: startAt! + leaseS - bench.now, limit: 6 },
      ],
    });
    return;
  }
  bench.answer(stationId);
  if (command.kind === 'read-profiles') bench.report(stationId, command.requestId, [floor, held]);
}

test('44 stations come back in one second: two round trips later all are read and renewed', () => {
  const bench = new Bench(depot);
  // 44 times 9 A are 396 of 400 A. The leases of 1 h began at 0; at 2500 more than half is spent.
  const held = plan(1, 'tx', 0, leaseS, 9);
  const renewed = plan(1, 'tx', 2500, leaseS, 9);
  for (const id of ids) bench.holds(id, [floor, held]).wants(id, [floor], renewed);
  for (const id of ids) bench.link(id, false);
  bench.at(2500);
  for (const id of ids) bench.link(id, true);

  const isVerified = (id: string): boolean => {
    const belief = bench.ledger.beliefs.get(id)!;
    return bench.dispatch.stations.get(id)!.unread.length === 0 && belief.candidates.length === 1;
  };
  const leaving: number[] = [];
  while (bench.turn().length > 0) {
    const calls = bench.last!.calls;
    leaving.push(calls.length);
    // One call at a time to each.
    expect(new Set(calls.map(({ stationId }) => stationId)).size).toBe(calls.length);
    bench.at(bench.now + 1);
    for (const call of calls) answers(bench, call, held);
    expect(ids.filter(isVerified)).toHaveLength(44);
  }
  // One round trip of 1 s to read, one to write.
  expect(leaving).toEqual([44, 44]);
  expect(bench.now).toBe(2502);
  for (const id of ids) expect(isInstalled(bench.ledger.beliefs.get(id)!, renewed)).toBe(true);
});
