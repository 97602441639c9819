/** What vehicles could have had, counted by hand. */
import { expect, test } from 'vitest';
import type { Circuit, UncontrolledLoad } from '#domain/site';
import { amperes, epochS, wattHours, watts } from '#domain/units';
import { worldPlanOf } from '#sim/seeded/draw-world';
import { Departures, type NightSeen } from '#sim/seeded/departures';
import { outagesOf } from '#sim/seeded/outages';
import type { WorldEvent, WorldPlan } from '#sim/seeded/world-plan';

const drawn = worldPlanOf({ seed: 1, connectors: 2, hours: 6, allowed: [] });
const { startS } = drawn.scenario;

/** Two three-phase sockets of 16 A with a floor of 6 A under one fuse, and a vehicle at each for four hours. */
function nightOf(gridA: number, energyWh: number, rateUnit: 'A' | 'W' = 'A', maxA = 16): WorldPlan {
  const [station] = drawn.scenario.site.stations;
  const [visit] = drawn.scenario.visits;
  const [evse] = station?.evses ?? [];
  if (station === undefined || visit === undefined || evse === undefined) throw new Error('an empty depot');
  const stations = ['A', 'B'].map((id) => ({
    ...station,
    id,
    circuit: 'grid',
    current: 'AC' as const,
    evses: [
      {
        ...evse,
        id: 1,
        maxA: amperes(maxA),
        maxW: watts(maxA * 690),
        minA: amperes(6),
        rotation: [0, 1, 2] as const,
      },
    ],
    capability: { ...station.capability, keepsProfiles: 'all' as const, rateUnit },
  }));
  const visits = ['A', 'B'].map((id) => ({
    ...visit,
    announced: {
      ...visit.announced,
      id,
      evse: { stationId: id, evseId: 1 },
      arrivesAt: startS,
      departsAt: epochS(startS + 4 * 3600),
      energyWh: wattHours(energyWh),
      maxW: watts(11_040),
      phases: 3 as const,
    },
    arrivesAt: startS,
    departsAt: epochS(startS + 4 * 3600),
    energyWh: wattHours(energyWh),
  }));
  const circuits = [{ id: 'grid', limitA: amperes(gridA) }];
  const site = { ...drawn.scenario.site, circuits, stations, uncontrolled: [] };
  return { ...drawn, events: [], scenario: { ...drawn.scenario, site, visits } };
}

/** Faults that take nothing. */
const calm: NightSeen['outages'] = {
  isOut: () => false,
  isForgotten: () => false,
  swapShare: 1,
  meetS: 0,
  settleS: 0,
};

function seen(plan: WorldPlan, floorA: number, more: Partial<NightSeen> = {}): Departures {
  return new Departures({
    plan,
    floorOf: () => floorA,
    outages: calm,
    isAsleep: () => false,
    offeredA: () => 0,
    ...more,
  });
}

/** Vehicles for which there was room, with room for all. */
function served(plan: WorldPlan, floorA: number, more: Partial<NightSeen> = {}): readonly string[] {
  return [...seen(plan, floorA, more).shares()].flatMap(([id, { isForAll }]) => (isForAll ? [id] : []));
}

/** One quarter hour of the night, counted from 0, as a span. */
const isQuarter =
  (q: number) =>
  ({ fromS, untilS }: { readonly fromS: number; readonly untilS: number }): boolean =>
    fromS < startS + (q + 1) * 900 && startS + q * 900 < untilS;

test('room for all is counted with its margins: 14 quarters of 16, 85 % of the room, 110 % of the need', () => {
  // 12 A are the floors: 14 quarters x 6 A x 690 W / 4 = 14,490 Wh each, for a need of up to 13,172 Wh.
  expect(served(nightOf(12, 13_100), 6)).toEqual(['A', 'B']);
  expect(served(nightOf(12, 13_200), 6)).toEqual([]);
  // 32 A: 0.85 x 20 = 17 A beside the floors. One has 16 A and the other 6 + 7 = 13 A, or the other way round:
  // 14 quarters x 29 A x 172.5 Wh = 70,035 Wh for both, 31,834 Wh each with the margin.
  expect(served(nightOf(32, 31_000), 6)).toEqual(['A', 'B']);
  expect(served(nightOf(32, 31_900), 6)).toEqual([]);
  // Half of each quarter hour is lost to changes of plan: 0.425 x 20 = 8.5 A beside the floors, 20 A x 14 x 172.5 = 48,300 Wh.
  const busy = { outages: { ...calm, swapShare: 0.5 } };
  expect(served(nightOf(32, 21_500), 6, busy)).toEqual(['A', 'B']);
  expect(served(nightOf(32, 22_000), 6, busy)).toEqual([]);
  // Without the floors of the other one there is nothing: 6 A of 85 % are 5 A, and a vehicle starts at 6.
  expect(served(nightOf(6, 1000), 0)).toEqual([]);
});

test('an AC station that takes W only gives a third of what its phases are counted with, or all that it carries', () => {
  // The floors of 2 A are counted as 6. 72 A: 0.85 x 60 = 51 A beside them. One is counted with all of 32 A, 26 more, and its
  // vehicle takes 16 A; the other with 6 + 25 = 31 A, and gives 10 of 10.3 A; or the other way round:
  // 14 quarters x 26 A x 172.5 Wh = 62,790 Wh for both, 28,541 Wh each with the margin.
  expect(served(nightOf(72, 27_500, 'W', 32), 2)).toEqual(['A', 'B']);
  expect(served(nightOf(72, 28_600, 'W', 32), 2)).toEqual([]);
  expect(served(nightOf(72, 28_600, 'A', 32), 6)).toEqual(['A', 'B']);
  // 32 A: 17 A beside the floors, one at a time is counted with 23 and gives 7: 7 x 7 A x 172.5 Wh = 8,452 Wh each.
  expect(served(nightOf(32, 7600, 'W', 32), 2)).toEqual(['A', 'B']);
  expect(served(nightOf(32, 7700, 'W', 32), 2)).toEqual([]);
  // A third of 16 A is less than a vehicle starts at: it has all of them, or nothing.
  expect(served(nightOf(200, 35_000, 'W', 16), 2)).toEqual(['A', 'B']);
  expect(served(nightOf(18, 100, 'W', 16), 2)).toEqual([]);
});

/** The same night under other limits, beside a building. */
function beside(
  circuit: Omit<Circuit, 'id'>,
  energyWh: number,
  building: Partial<UncontrolledLoad> = {},
): WorldPlan {
  const plan = nightOf(32, energyWh);
  const curve = Array.from({ length: 96 }, () => watts(0));
  const uncontrolled = [{ circuit: 'grid', expectedW: curve, boundW: curve, ...building }];
  const site = { ...plan.scenario.site, circuits: [{ id: 'grid', ...circuit }], uncontrolled };
  return { ...plan, scenario: { ...plan.scenario, site } };
}

test.each([
  { what: 'a limit in W', circuit: { limitA: amperes(200), limitW: watts(32 * 690) } },
  { what: 'a building', circuit: { limitA: amperes(42) }, boundW: 6900 },
  {
    what: 'one on one phase',
    circuit: { limitA: amperes(42) },
    boundW: 2300,
    phaseShares: [1, 0, 0] as const,
  },
])('$what leaves as much as 32 A alone', ({ circuit, boundW = 0, ...shares }) => {
  const building = { boundW: Array.from({ length: 96 }, () => watts(boundW)), ...shares };
  expect(served(beside(circuit, 31_000, building), 6)).toEqual(['A', 'B']);
  expect(served(beside(circuit, 31_900, building), 6)).toEqual([]);
});

test('stations that are not what they say, or forget what they hold, take their rating from the others', () => {
  const large = nightOf(32, 40_000);
  // 16 A of B and 6 of A leave 0.85 x 10 = 8 A beside the floors, to one at a time: 20 A, not 29.
  const shares = [
    ...seen({ ...large, rogues: { B: startS } }, 6)
      .shares()
      .values(),
  ];
  expect(shares.reduce((sum, { givenWh }) => sum + givenWh, 0)).toBe(14 * 20 * 172.5);
  const least = (of: WorldPlan): number =>
    Math.min(...[...seen(of, 6).shares().values()].map(({ givenWh }) => givenWh));
  const forgetful = large.scenario.site.stations.map((station) => ({
    ...station,
    capability: { ...station.capability, keepsProfiles: 'none' as const },
  }));
  const { scenario } = large;
  // Both ratings are kept free, so each has its own: 14 quarters x 16 A.
  expect(
    least({ ...large, scenario: { ...scenario, site: { ...scenario.site, stations: forgetful } } }),
  ).toBe(14 * 16 * 172.5);
});

test('an outage takes what it could have given twice, and the room of what the station may draw', () => {
  const isNinth = isQuarter(8);
  const outages = {
    ...calm,
    isOut: (id: string, span: Parameters<typeof isNinth>[0]) => id === 'A' && isNinth(span),
  };
  // 200 A: 14 quarters x 16 A x 172.5 = 38,640 Wh less two of 2,760 Wh are 33,120 Wh for a need of up to 30,109 Wh.
  expect(served(nightOf(200, 30_100), 6, { outages })).toEqual(['A', 'B']);
  // Nothing but its own line keeps A short, so B is still judged.
  expect(served(nightOf(200, 30_200), 6, { outages })).toEqual(['B']);
  // 22 A: while A may draw 16 of them B has its floor, 6 A; else 0.85 x 10 = 8 A beside the floors.
  const shares = seen(nightOf(22, 100_000), 6, { outages }).shares();
  const all = [...shares.values()].reduce((sum, { givenWh }) => sum + givenWh, 0);
  // 13 quarters x 20 A and one x 6 A, less 16 A x 172.5 Wh.
  expect(Math.round(all)).toBe(13 * 20 * 172.5 + 6 * 172.5 - 16 * 172.5);
});

test('a process without a journal may keep room until they leave for vehicles that it finds there', () => {
  const outages = { ...calm, isForgotten: isQuarter(0) };
  expect(served(nightOf(200, 1000), 6, { outages })).toEqual(['A', 'B']);
  const amid = { ...calm, isForgotten: isQuarter(8) };
  expect(served(nightOf(200, 1000), 6, { outages: amid })).toEqual([]);
  const shares = seen(nightOf(200, 1000), 6, { outages: amid }).shares();
  expect([...shares.values()].map(({ givenWh }) => Math.round(givenWh))).toEqual([0, 0]);
});

test('below a limit that dropped under the floors nobody is given anything, from the quarter hour before on', () => {
  const plan = nightOf(12, 7000);
  const at = { fromS: epochS(startS + 8 * 900), untilS: epochS(startS + 9 * 900) };
  const fault = { kind: 'limit' as const, circuit: 'grid', limitA: amperes(10), announcedAt: startS, ...at };
  const drop: WorldEvent = { switch: 'limit-drop', kind: 'fault', fault };
  // 14 quarters x 1,035 Wh, less twice 1,035 and 2,760 Wh, are 6,900 Wh for a need of up to 6,272 Wh.
  expect(served({ ...nightOf(12, 6250), events: [drop] }, 6)).toEqual(['A', 'B']);
  expect(served({ ...nightOf(12, 6300), events: [drop] }, 6)).toEqual([]);
  expect(served(plan, 6)).toEqual(['A', 'B']);
});

test('where a charger that obeys nobody takes what the floors of others need, they are counted on less or nothing', () => {
  const rogue = { rogues: { A: startS } };
  // Beside 16 A and the floor of B 22 A leave nothing more, and 20 A two less than its floor.
  expect(served({ ...nightOf(22, 12_000), ...rogue }, 6)).toContain('B');
  expect(served({ ...nightOf(20, 1000), ...rogue }, 6)).not.toContain('B');
});

test('unused is what nobody else was let to draw', () => {
  const plan = nightOf(22, 10_000);
  const unused = (offeredA: number, more: Partial<NightSeen> = {}): number =>
    plan.scenario.visits
      .slice(0, 1)
      .reduce((_, visit) => seen(plan, 6, { offeredA: () => offeredA, ...more }).unusedWh(visit), 0);
  // 10 A beside the floors: 8 of 8.5 A and its floor. With 16 A for B only its floor is left.
  expect(unused(6)).toBe(14 * 14 * 172.5);
  expect(unused(16)).toBe(14 * 6 * 172.5);
  // While it slept there was nothing for it.
  expect(unused(16, { isAsleep: (key, q) => key === 'A/1' && q === 5 })).toBe(13 * 6 * 172.5);
});

test.each(['stall', 'solver', 'bus-lost'])(
  'an engine is as good as none through a %s, and while it comes back',
  (kind) => {
    const event = {
      switch: 'stall',
      kind,
      fromS: startS + 1000,
      untilS: startS + 1100,
    } as unknown as WorldEvent;
    const network = { ...drawn.network, loss: 0, delay: 0, delayMaxS: 0, slowReaders: {} };
    const plan = { ...nightOf(32, 1000), network, events: [event] };
    const outages = outagesOf(plan, [], [], epochS(startS + 6 * 3600));
    const isOut = (s: number): boolean => outages.isOut('A', { fromS: startS + s, untilS: startS + s + 1 });
    expect([999, 1000, 1399, 1400].map(isOut)).toEqual([false, true, true, false]);
  },
);

test('outages: a lost line, a dead one, a dead engine and a lost journal, each with the time to come back', () => {
  const plan: WorldPlan = {
    ...nightOf(32, 1000),
    network: { ...drawn.network, loss: 0, delay: 0, delayMaxS: 0, slowReaders: {} },
    policy: { ...drawn.policy, lateS: drawn.policy.lateS },
    events: [
      {
        switch: 'half-open',
        kind: 'half-open',
        stationId: 'B',
        at: startS,
        stationSeesS: 50,
        engineSeesS: 100,
      },
    ],
  };
  const endS = epochS(startS + 6 * 3600);
  const cut = { stationId: 'A', fromS: startS + 1000, untilS: startS + 1100, cause: 'cut' as const };
  const dead = { fromS: epochS(startS + 9000), untilS: epochS(startS + 9100) };
  const isOutAt = (outages: NightSeen['outages'], id: string, s: number): boolean =>
    outages.isOut(id, { fromS: startS + s, untilS: startS + s + 1 });
  const outages = outagesOf(plan, [cut], [{ ...dead, losesJournal: false }], endS);
  expect([999, 1000, 1399, 1400].map((s) => isOutAt(outages, 'A', s))).toEqual([false, true, true, false]);
  expect([0, 399, 400].map((s) => isOutAt(outages, 'B', s))).toEqual([true, true, false]);
  expect([8999, 9000, 9399, 9400].map((s) => isOutAt(outages, 'B', s))).toEqual([false, true, true, false]);
  expect(outages.isForgotten({ fromS: startS, untilS: endS })).toBe(false);
  // Without a journal nothing is raised until every call of the process before has run out.
  const lost = outagesOf(plan, [], [{ ...dead, losesJournal: true }], endS);
  const lastS = 9100 + plan.policy.lateS + 300;
  expect([lastS - 1, lastS].map((s) => isOutAt(lost, 'A', s))).toEqual([true, false]);
  expect(lost.isForgotten({ fromS: startS, untilS: endS })).toBe(true);
});
