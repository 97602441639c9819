/** Vehicles that sleep when they are offered nothing, and what wakes them. */
import { expect, test } from 'vitest';
import { amperes, watts } from '#domain/units';
import { solve } from '#solver/solve';
import {
  FakeDepot,
  policyWith,
  siteOf,
  startS,
  stationOf,
  type FakeDepotOptions,
  type FakeVisit,
} from './fake-depot.ts';

const policy = policyWith({ sampleIntervalS: 60 });
const visit: FakeVisit = {
  id: 'v1',
  stationId: 'A',
  arriveS: startS + 300,
  departS: startS + 4 * 3600,
  energyWh: 12_000,
  maxW: 11_000,
};
/** When the depot may charge again: nothing flows before. */
const againS = startS + 1800;

/** A depot without power until `againS`, at a station whose vehicles sleep like that. */
async function depotOf(
  sleeps: 'for-good' | 'until-pulsed',
  more: Partial<FakeDepotOptions> = {},
): Promise<FakeDepot> {
  const depot = new FakeDepot({
    site: siteOf([stationOf('A')]),
    policy,
    visits: [visit],
    sampleS: 60,
    ...more,
  });
  depot.station('A').sleeps = sleeps;
  depot.say('limit', { kind: 'limit', circuit: 'grid', limitA: 0, fromS: startS, untilS: againS });
  await depot.begin();
  return depot;
}

/** Whether the limit of a station is 0, second by second until then, as the instants at which that changes. */
async function pausesUntil(depot: FakeDepot, untilS: number, id = 'A'): Promise<readonly number[]> {
  const changes: number[] = [];
  let before = false;
  await depot.runTo(untilS, (now) => {
    const isPaused = depot.station(id).limitA() < 6;
    if (isPaused !== before) changes.push(now - startS);
    before = isPaused;
  });
  return changes;
}

const asleep = (depot: FakeDepot): readonly Record<string, unknown>[] =>
  depot.said('out.alarm').filter(({ kind }) => kind === 'vehicle-asleep');

test('a vehicle that sleeps on after a pause is woken by a pulse, and leaves full', async () => {
  const depot = await depotOf('until-pulsed');
  const changes = await pausesUntil(depot, visit.departS - 1);
  // The pause, then one pulse of 90 s after ten minutes of samples without a draw.
  const [pausedS = 0, againAfterS = 0, pulseS = 0, overS = 0] = changes;
  expect(changes.slice(0, 4)).toHaveLength(4);
  expect(pausedS).toBeLessThan(300);
  expect(againAfterS).toBeGreaterThanOrEqual(1800);
  expect(pulseS - againAfterS).toBeGreaterThanOrEqual(600);
  expect(pulseS - againAfterS).toBeLessThan(800);
  expect(overS - pulseS).toBeGreaterThanOrEqual(90);
  expect(overS - pulseS).toBeLessThan(110);
  expect(asleep(depot)).toEqual([]);
  expect(Object.keys(depot.loop?.state().sleepers ?? {})).toEqual(['v1']);
  await depot.runTo(visit.departS + 10);
  expect(depot.leftWh.get('v1')).toBe(0);
});

test('so is one at a station of 16 A that takes watts only, which starts no vehicle with less than all of them', async () => {
  const { capability, evses } = stationOf('A');
  const inWatts = stationOf('A', {
    capability: { ...capability, rateUnit: 'W' },
    evses: evses.map((evse) => ({ ...evse, maxA: amperes(16), maxW: watts(11_040) })),
  });
  const depot = await depotOf('until-pulsed', { site: siteOf([inWatts]) });
  depot.station('A').wattsPerA = 690;
  await depot.runTo(visit.departS + 10);
  expect(asleep(depot)).toEqual([]);
  expect(depot.leftWh.get('v1')).toBe(0);
});

test('one that no pulse wakes is told of after two, with what to do, and no more are tried', async () => {
  const depot = await depotOf('for-good');
  const changes = await pausesUntil(depot, visit.departS - 1);
  expect(changes).toHaveLength(6);
  expect(asleep(depot)).toMatchObject([
    {
      key: 'A/1',
      active: true,
      facts: { visitId: 'v1', vehicleId: 'v1', missingWh: 12_000, pulses: 2, afterPause: true },
    },
  ]);
  await depot.runTo(visit.departS + 100);
  expect(asleep(depot)).toMatchObject([{ active: true }, { key: 'A/1', active: false }]);
});

test('a vehicle that was never offered less than it needs and takes nothing is no sleeper, but told of', async () => {
  // It needs all of its stay, from the beginning of an interval on; the vehicle takes nothing of it.
  const hungry = { ...visit, arriveS: startS + 900, energyWh: 38_000 };
  const depot = new FakeDepot({
    site: siteOf([stationOf('A')]),
    policy,
    visits: [{ ...hungry, maxW: 0, announced: false }],
    sampleS: 60,
  });
  await depot.begin();
  depot.announce(hungry);
  await depot.runTo(visit.departS - 1);
  expect(asleep(depot)).toMatchObject([{ active: true, facts: { afterPause: false, pulses: 2 } }]);
  expect(depot.loop?.state().sleepers).toBeUndefined();
});

test('a vehicle known to sleep is not planned below its minimum current where its floor allows it; others are', async () => {
  let pause = false;
  const other = { ...visit, id: 'v2', stationId: 'B' };
  const long = { ...visit, energyWh: 20_000 };
  const depot = await depotOf('until-pulsed', {
    site: siteOf([stationOf('A'), stationOf('B')]),
    visits: [long, other].map((one) => ({ ...one, departS: startS + 5 * 3600 })),
    solve: async (problem, options) => {
      const solution = await solve(problem, options);
      if (!pause) return solution;
      // Better than what is in force, so that it is taken.
      const powerKw = solution.powerKw.map((row) => row.map(() => 0));
      return { ...solution, powerKw, objective: solution.objective - 1000 };
    },
  });
  await depot.runTo(startS + 3000);
  expect(Object.keys(depot.loop?.state().sleepers ?? {})).toEqual(['v1']);
  pause = true;
  await depot.runTo(startS + 3700);
  expect(['A', 'B'].map((id) => depot.station(id).limitA())).toEqual([6, 0]);
});
