/** The engine's power is cut at every write of its journal; the evening still ends safe, and every vehicle leaves full. */
import { expect, test } from 'vitest';
import { FakeDepot, siteOf, startS, stationOf, type FakeVisit } from './fake-depot.ts';

const visits: readonly FakeVisit[] = [
  { id: 'v1', stationId: 'A', arriveS: startS + 300, departS: startS + 5400, energyWh: 7000, maxW: 11000 },
  { id: 'v2', stationId: 'B', arriveS: startS + 320, departS: startS + 5700, energyWh: 12000, maxW: 22000 },
  {
    id: 'v3',
    stationId: 'C',
    arriveS: startS + 1230,
    departS: startS + 6300,
    energyWh: 3500,
    maxW: 7360,
    phases: 1,
  },
];
const endS = startS + 6400;
const downS = 40;

/** One evening in which the power is cut at write `at`; `before`: the record itself is lost. Absent: nothing happens. */
async function evening(cut?: { at: number; when: 'before' | 'after' }): Promise<FakeDepot> {
  const depot = new FakeDepot({ site: siteOf(['A', 'B', 'C'].map((id) => stationOf(id))), visits });
  let restartS: number | undefined;
  depot.journal.onAppend = (count, when) => {
    if (cut === undefined || count !== cut.at || when !== cut.when) return;
    if (when === 'before') depot.journal.isCut = true;
    depot.loop?.kill();
    restartS = depot.clock.now() + downS;
  };
  const reviveIfDue = async (now: number): Promise<void> => {
    if (restartS === undefined) return;
    if (depot.loop !== undefined) depot.killEngine();
    if (now < restartS) return;
    restartS = undefined;
    depot.journal.onAppend = undefined;
    depot.journal.isCut = false;
    depot.startEngine();
    depot.connectAll();
    // The fleet system answers the engine's request to be told again.
    for (const visit of visits) if (visit.departS > now) depot.announce(visit);
    await depot.settle();
  };
  depot.startEngine();
  depot.connectAll();
  for (const visit of visits) depot.announce(visit);
  if (restartS === undefined) await depot.settle();
  for (let now: number = startS; now < endS; now++) {
    await reviveIfDue(now);
    await depot.runTo(now + 1);
  }
  return depot;
}

const whole = await evening();
const writes = whole.journal.appends;
test('the evening is full of traffic and ends well without a crash', () => {
  expect(writes).toBeGreaterThan(120);
  expect(Object.fromEntries(whole.leftWh)).toEqual({ v1: 0, v2: 0, v3: 0 });
  expect(whole.peakA).toBeLessThanOrEqual(40);
});

test.each(['before', 'after'] as const)(
  'killed %s any write to the disk, no limit is crossed and everybody leaves full',
  async (when) => {
    for (let at = when === 'before' ? 1 : 2; at <= writes; at++) {
      const depot = await evening({ at, when });
      expect({ at, peakA: depot.peakA <= 40 }).toEqual({ at, peakA: true });
      expect({ at, left: [...depot.leftWh.values()].map((wh) => Math.round(wh)) }).toEqual({
        at,
        left: [0, 0, 0],
      });
      expect(depot.loop?.state().counts.restarts).toBe(at === 1 && when === 'before' ? 0 : 1);
    }
  },
);

test('after a restart nobody is connected, and a call in flight may or may not have been applied', async () => {
  const depot = new FakeDepot({ site: siteOf([stationOf('A')]) });
  depot.station('A').isSilent = true;
  await depot.begin();
  const before = depot.loop?.state().dispatch.stations.get('A');
  expect([before?.up, before?.pending?.command.kind]).toEqual([true, 'clear-profile']);
  depot.killEngine();
  depot.startEngine();
  const state = depot.loop?.state();
  const after = state?.dispatch.stations.get('A');
  expect([after?.up, after?.pending]).toEqual([false, undefined]);
  expect(state?.ledger.beliefs.get('A')?.strays.map((s) => s.command.kind)).toEqual(['clear-profile']);
  expect(depot.said('out.status').map((s) => [s['event'], s['resend']])).toEqual([['started', true]]);
  await depot.settle();
  expect(depot.said('out.status').at(-1)).toMatchObject({ event: 'restarted', resend: true });
});
