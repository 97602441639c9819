/** Limits that drop while no plan is to be had: the plans in force give way, and come back. */
import { expect, test } from 'vitest';
import type { Site } from '#domain/site';
import { valueAt } from '#domain/step-function';
import { amperes, epochS } from '#domain/units';
import type { Policy } from '#engine/policy';
import { violationsOf } from '#safety/admission';
import { solve } from '#solver/solve';
import { FakeDepot, policyWith, siteOf, startS, stationOf, type FakeVisit } from './fake-depot.ts';

const visits: readonly FakeVisit[] = ['A', 'B'].map((stationId) => ({
  id: `v${stationId}`,
  stationId,
  arriveS: startS + 60,
  departS: startS + 7200,
  energyWh: 25_000,
  maxW: 13_800,
}));

/** A depot whose solver can be made to fail. */
class SqueezedDepot extends FakeDepot {
  fails = false;

  constructor(site: Site, policy: Policy) {
    super({
      site,
      policy,
      visits,
      solve: (problem, options) =>
        this.fails ? Promise.reject(new Error('no licence')) : solve(problem, options),
    });
  }
}

/** A depot whose solver fails from `startS + 1000` on, at that instant. */
async function unsolved(
  site: Site = siteOf([stationOf('A'), stationOf('B')]),
  policy: Policy = policyWith(),
): Promise<SqueezedDepot> {
  const depot = new SqueezedDepot(site, policy);
  await depot.begin();
  await depot.runTo(startS + 1000);
  depot.fails = true;
  return depot;
}

const limits = (depot: FakeDepot): readonly number[] => ['A', 'B'].map((id) => depot.station(id).limitA());

test('they give way in proportion at once, and are back when the limit is', async () => {
  const depot = await unsolved();
  const before = limits(depot);
  expect(before).toEqual([20, 20]);
  depot.say('limit', { kind: 'limit', circuit: 'panel', limitA: 26, untilS: startS + 2000 });
  await depot.settle();
  expect(depot.alarms()).toEqual(['solver-failed']);
  expect(limits(depot)).toEqual([13, 13]);
  await depot.runTo(startS + 1990);
  expect(limits(depot)).toEqual([13, 13]);
  await depot.runTo(startS + 2100);
  expect(limits(depot)).toEqual(before);
});

test('an announced limit is met when it begins, and not before', async () => {
  const depot = await unsolved();
  depot.say('limit', {
    kind: 'limit',
    circuit: 'panel',
    limitA: 20,
    fromS: startS + 3000,
    untilS: startS + 4000,
  });
  await depot.settle();
  expect(limits(depot)).toEqual([20, 20]);
  await depot.runTo(startS + 2980);
  expect(limits(depot)).toEqual([20, 20]);
  await depot.runTo(startS + 3000);
  expect(limits(depot)).toEqual([10, 10]);
  const state = depot.loop?.state();
  expect(state && violationsOf(state.site, state.ledger, state.supply, state.now)).toEqual([]);
});

test('where the limit leaves no more than the floors, everybody has the floor', async () => {
  const depot = await unsolved();
  depot.say('limit', { kind: 'limit', circuit: 'panel', limitA: 13 });
  await depot.settle();
  expect(limits(depot)).toEqual([6, 6]);
});

test('what is less than a vehicle starts at is nothing', async () => {
  const site = siteOf([stationOf('A'), stationOf('B')]);
  const depot = await unsolved(site, policyWith({ floors: { 'A/1': amperes(0), 'B/1': amperes(0) } }));
  expect(limits(depot)).toEqual([20, 20]);
  depot.say('limit', { kind: 'limit', circuit: 'panel', limitA: 11 });
  await depot.settle();
  expect(limits(depot)).toEqual([0, 0]);
});

test('a charger that is away keeps what it has, and the other gives way for both', async () => {
  const depot = await unsolved();
  depot.station('A').disconnect();
  await depot.settle();
  depot.say('limit', { kind: 'limit', circuit: 'panel', limitA: 30 });
  await depot.settle();
  expect(limits(depot)).toEqual([20, 10]);
});

test('those on other circuits are left alone', async () => {
  const site = siteOf([stationOf('A'), { ...stationOf('B'), circuit: 'grid' }], {
    circuits: [
      { id: 'grid', limitA: amperes(60) },
      { id: 'panel', parent: 'grid', limitA: amperes(40) },
    ],
  });
  const depot = await unsolved(site);
  const [a = 0, b = 0] = limits(depot);
  expect(a).toBeGreaterThan(16);
  depot.say('limit', { kind: 'limit', circuit: 'panel', limitA: 16 });
  await depot.settle();
  expect(limits(depot)).toEqual([16, b]);
});

test('a limit in W over all phases counts too', async () => {
  const depot = await unsolved();
  depot.say('limit', { kind: 'limit', circuit: 'grid', limitW: 16_560 });
  await depot.settle();
  expect(limits(depot)).toEqual([12, 12]);
});

test('a plan that fits is not touched, and the first new plan counts again', async () => {
  const depot = await unsolved();
  const wanted = depot.loop?.state().wanted;
  depot.say('limit', { kind: 'limit', circuit: 'panel', limitA: 40, untilS: startS + 1700 });
  await depot.runTo(startS + 1500);
  expect(depot.loop?.state().wanted).toBe(wanted);
  depot.say('limit', { kind: 'limit', circuit: 'panel', limitA: 20, untilS: startS + 5000 });
  await depot.settle();
  expect(limits(depot)).toEqual([10, 10]);
  depot.fails = false;
  await depot.runTo(startS + 1900);
  const { wanted: after = {}, plan } = depot.loop?.state() ?? {};
  expect(plan?.madeAt).toBe(startS + 1800);
  const sum = Object.values(after).reduce((all, { limit }) => all + valueAt(limit, epochS(startS + 1900)), 0);
  expect(sum).toBeLessThanOrEqual(20);
});
