/** What the solver is told of the depot, worked by hand. */
import { expect, test } from 'vitest';
import type { Station } from '#domain/site';
import { amperes, seconds, watts } from '#domain/units';
import { draftOf } from '#engine/problem';
import type { State } from '#engine/state';
import type { DepotProblem } from '#solver/problem';
import { tariffOf } from '../tariffs/builders.ts';
import {
  anyVisit as visit,
  buildingOf,
  FakeDepot,
  policyWith,
  siteOf,
  startS,
  stationOf,
  type FakeVisit,
} from './fake-depot.ts';

async function depotWith(
  stations: readonly Station[],
  visits: readonly FakeVisit[],
  more: Parameters<typeof siteOf>[1] = {},
): Promise<FakeDepot> {
  const depot = new FakeDepot({ site: siteOf(stations, more), visits });
  await depot.begin();
  return depot;
}

function stateOf(depot: FakeDepot): State {
  const state = depot.loop?.state();
  if (state === undefined) throw new Error('no engine');
  return state;
}

function problemOf(depot: FakeDepot): DepotProblem {
  const draft = draftOf(stateOf(depot));
  if (draft === undefined) throw new Error('nothing to plan');
  return draft.problem;
}

const circuit = (problem: DepotProblem, id: string) => problem.circuits.find((c) => c.id === id);

test('the grid starts with the quarter hour that runs and ends with the last departure', async () => {
  const depot = await depotWith([stationOf('A')], [{ ...visit, departS: startS + 6000 }]);
  await depot.runTo(startS + 1000);
  const draft = draftOf(stateOf(depot));
  // 18:15 to 19:40: six quarter hours, the last one not whole.
  expect(draft?.grid).toEqual({ startS: startS + 900, intervalS: 900, count: 6 });
  expect(draft?.problem.sessions).toMatchObject([{ id: 'v1', arrive: 0, depart: 5 }]);
});

test('a vehicle that is expected counts from the first whole quarter hour after its arrival', async () => {
  const depot = await depotWith([stationOf('A')], [visit]);
  expect(problemOf(depot).sessions).toMatchObject([{ arrive: 1, depart: 8 }]);
});

test('a vehicle that is late is expected from the next quarter hour on', async () => {
  const depot = await depotWith([stationOf('A'), stationOf('B')], []);
  depot.announce({ ...visit, arriveS: startS + 100 });
  await depot.runTo(startS + 2000);
  expect(problemOf(depot).sessions).toMatchObject([{ arrive: 1, depart: 6 }]);
});

test('powers go in whole amperes from six on, on the phases that the vehicle has', async () => {
  const oneWire = stationOf('B', {
    evses: stationOf('B').evses.map((evse) => ({ ...evse, rotation: [1] as const })),
  });
  const depot = await depotWith([stationOf('A'), oneWire], [visit, { ...visit, id: 'v2', stationId: 'B' }]);
  // 230 V: 6 A are 4.14 kW on three phases and 1.38 kW on one.
  expect(problemOf(depot).sessions).toMatchObject([
    { id: 'v1', phases: 3, minKw: 4.14, stepKw: 0.69, maxKw: 11 },
    { id: 'v2', phases: 1, minKw: expect.closeTo(1.38, 9), stepKw: 0.23, maxKw: 7.36 },
  ]);
});

/** A three-phase station that is told watts alone. */
function wattStation(id: string, maxA: number): Station {
  const { capability, evses } = stationOf(id);
  return stationOf(id, {
    capability: { ...capability, rateUnit: 'W' },
    evses: evses.map((evse) => ({ ...evse, maxA: amperes(maxA), maxW: watts(maxA * 690) })),
  });
}

test('a station that is told watts alone shares the power of one phase among three', async () => {
  const depot = await depotWith([wattStation('A', 32)], [visit]);
  // 32 A on one phase are 7.36 kW, a third of three phases; 6 A on each of three are 4.14 kW. The circuits count one.
  const [session] = problemOf(depot).sessions;
  expect(session).toMatchObject({ phases: 1, minKw: 4.14, stepKw: 0.69, maxKw: expect.closeTo(7.36, 9) });
  expect(session?.countedPerKw).toBeUndefined();
});

test('a one-phase station that is told watts alone has nothing to share: it gives what it is told', async () => {
  const station = wattStation('A', 32);
  const evses = station.evses.map((evse) => ({ ...evse, rotation: [1] as const, maxW: watts(7360) }));
  const depot = await depotWith([{ ...station, evses }], [{ ...visit, phases: 1, energyWh: 3000 }]);
  const [session] = problemOf(depot).sessions;
  expect(session).toMatchObject({ phases: 1, minKw: expect.closeTo(1.38, 9), stepKw: 0.23, maxKw: 7.36 });
  expect(session?.countedPerKw).toBeUndefined();
});

test('it gets all that it carries, counted with that, where a third is too little to start or too slow', async () => {
  const whole = (kw: number, counted: number, phases: 1 | 3 = 3) => ({
    phases,
    maxKw: expect.closeTo(kw, 9),
    minKw: expect.closeTo(kw, 9),
    stepKw: expect.closeTo(kw, 9),
    countedPerKw: expect.closeTo(counted / kw, 9),
  });
  // A third of 16 A is less than 6 A.
  const small = await depotWith([wattStation('A', 16)], [visit]);
  expect(problemOf(small).sessions).toMatchObject([whole(11, 11.04)]);
  // However little it needs, and where a third just starts it all of them are counted alike.
  for (const maxA of [16, 18]) {
    const little = await depotWith([wattStation('A', maxA)], [{ ...visit, energyWh: 2000 }]);
    expect(problemOf(little).sessions).toMatchObject([whole(11, maxA * 0.69)]);
  }
  // 7.36 kW from 18:15 to 20:00 are 12.9 kWh.
  const hurried = await depotWith([wattStation('A', 32)], [{ ...visit, energyWh: 15_000 }]);
  expect(problemOf(hurried).sessions).toMatchObject([whole(11, 22.08)]);
  // One phase gets a third of the watts at one station and all at another; at 16 A of each phase it gets 16 A at both.
  const onePhase = await depotWith([wattStation('A', 16)], [{ ...visit, maxW: 3680, phases: 1 }]);
  expect(problemOf(onePhase).sessions).toMatchObject([whole(3.68, 11.04, 1)]);
  const large = await depotWith([wattStation('A', 32)], [{ ...visit, energyWh: 2000, phases: 1 }]);
  expect(problemOf(large).sessions).toMatchObject([whole(7.36, 22.08, 1)]);
  // A vehicle that takes all is counted once, whatever its sums are rounded to: 0.9999999999999998 times is no number of times.
  const odd = await depotWith([wattStation('A', 17.4)], [visit], { voltage: 100 });
  expect(problemOf(odd).sessions[0]?.countedPerKw).toBe(1);
  // 32 A do not fit on the panel, but 31 do: slow is better than nothing.
  const crowded = await depotWith([wattStation('A', 32)], [{ ...visit, energyWh: 15_000 }], {
    circuits: [
      { id: 'grid', limitA: amperes(60) },
      { id: 'panel', parent: 'grid', limitA: amperes(31) },
    ],
  });
  expect(problemOf(crowded).sessions).toMatchObject([{ phases: 1, maxKw: expect.closeTo(7.36, 9) }]);
});

test.each([
  { panel: { limitA: amperes(38) }, maxKw: 11 },
  { panel: { limitA: amperes(37) }, maxKw: 7.36 },
  { panel: { limitA: amperes(100), limitW: watts(22_080 + 4140) }, maxKw: 11 },
  { panel: { limitA: amperes(100), limitW: watts(22_080 + 4139) }, maxKw: 7.36 },
  // 6 A are left beside 32 on each phase; the building may take less than 0.3 A of L1, and 8 of L3.
  { panel: { limitA: amperes(38.3) }, shares: [0.01, 0.01, 0.98] as const, buildingW: 230, maxKw: 7.36 },
  { panel: { limitA: amperes(39.1) }, shares: [0.01, 0.01, 0.98] as const, buildingW: 230, maxKw: 11 },
])('all that it carries has to fit beside the floor of a neighbour: $panel leave $maxKw kW', async (row) => {
  const { panel, maxKw, buildingW = 0, shares } = row;
  const depot = new FakeDepot({
    site: siteOf([wattStation('A', 32), stationOf('B'), stationOf('C', { circuit: 'other' })], {
      circuits: [
        { id: 'grid', limitA: amperes(200) },
        { id: 'panel', parent: 'grid', ...panel },
        // What another panel carries is nothing to it.
        { id: 'other', parent: 'grid', limitA: amperes(10) },
      ],
      uncontrolled: shares === undefined ? [] : [{ ...buildingOf('panel', buildingW), phaseShares: shares }],
    }),
    policy: policyWith({ floors: { 'A/1': 0, 'B/1': 6, 'C/1': 0 } }),
    visits: [{ ...visit, energyWh: 15_000 }],
  });
  await depot.begin();
  expect(problemOf(depot).sessions).toMatchObject([{ maxKw: expect.closeTo(maxKw, 9) }]);
});

test('a station that may forget its profiles has its full rating kept free by the plan too', async () => {
  const { capability } = stationOf('A');
  const forgetful = stationOf('A', { capability: { ...capability, keepsProfiles: 'none' } });
  const depot = await depotWith([forgetful, stationOf('B')], [visit, { ...visit, id: 'v2', stationId: 'B' }]);
  const { connectors } = problemOf(depot);
  expect(connectors).toHaveLength(2);
  // 32 A on three phases of 230 V are 22.08 kW, which nobody else may be planned into.
  expect(connectors[0]?.reserveKw).toBe(stationOf('A').evses.reduce((sum, { maxW }) => sum + maxW, 0) / 1000);
  expect(connectors[1]?.reserveKw).toBeLessThan(5);
});

test('where a limit in W drops below what a forgetful station is rated for it is planned its share of the rest', async () => {
  const { capability } = stationOf('A');
  const forgetful = stationOf('A', { capability: { ...capability, keepsProfiles: 'none' } });
  const depot = await depotWith([forgetful], [{ ...visit, maxW: 22_080 }]);
  expect(problemOf(depot).sessions).toMatchObject([{ maxKw: expect.closeTo(22.08, 9) }]);
  depot.say('limit', { kind: 'limit', circuit: 'panel', limitW: 11_040 });
  await depot.settle();
  const [session] = problemOf(depot).sessions;
  expect(session?.maxKw).toEqual(new Float64Array(7).fill(11.04));
});

test('a reading that counts no longer takes nothing from the rest of the quarter hour that runs', async () => {
  const uncontrolled = [buildingOf('grid', 3000)];
  const long = { ...visit, energyWh: 30_000, departS: startS + 10_800 };
  const depot = await depotWith([stationOf('A')], [long], { uncontrolled });
  await depot.runTo(startS + 300);
  depot.say('uncontrolled-load', {
    kind: 'uncontrolled-load',
    circuit: 'grid',
    powerW: 9000,
    sampledAt: startS + 300,
  });
  const leftAt = async (s: number): Promise<number> => {
    await depot.runTo(startS + s);
    return circuit(problemOf(depot), 'grid')?.phaseLimitKw?.[0][0] ?? 0;
  };
  // 13.8 kW less a third of what is drawn, for an hour from 18:05 on, and 2 W.
  expect(await leftAt(3890)).toBeCloseTo(13.8 - 3 - 0.002, 9);
  expect(await leftAt(4000)).toBeCloseTo(13.8 - 1 - 0.002, 9);
});

test('a station that obeys no TxDefaultProfile has its full rating kept free by the plan too', async () => {
  const { capability } = stationOf('A');
  const obeys = { stationMax: true, txDefault: false, txProfile: true };
  const unruled = stationOf('A', { capability: { ...capability, obeys } });
  const depot = await depotWith([unruled, stationOf('B')], [visit, { ...visit, id: 'v2', stationId: 'B' }]);
  // 32 A on three phases of 230 V; half of the 8 A that the panel has left is no floor of 6 A for the other one.
  expect(problemOf(depot).connectors.map(({ reserveKw }) => reserveKw)).toEqual([22.08, 0]);
});

test('energy that was delivered is asked for no more, and a full vehicle not at all', async () => {
  const depot = await depotWith([stationOf('A')], [{ ...visit, departS: startS + 10_800 }]);
  const [before] = problemOf(depot).sessions;
  // 9 kWh, 1 % and a late raise of 10 s at 11 kW: 9.12 kWh, in quarter hours of whole amperes 9.1425 kWh.
  expect(before?.energyKwh).toBeCloseTo(9.1425, 6);
  await depot.runTo(startS + 2800);
  const delivered = stateOf(depot).visits['v1']?.deliveredWh ?? 0;
  expect(delivered).toBeGreaterThan(1000);
  const [after] = problemOf(depot).sessions;
  expect(after?.energyKwh).toBeLessThan(9.2 - delivered / 1000 + 0.2);
  await depot.runTo(startS + 9000);
  expect(draftOf(stateOf(depot))).toBeUndefined();
});

test('circuits keep what the floors of all EVSEs take, idle ones too', async () => {
  const depot = await depotWith([stationOf('A'), stationOf('B')], [visit]);
  // 6 A at 230 V on three phases.
  expect(problemOf(depot).connectors.map((c) => [c.id, c.reserveKw])).toEqual([
    ['A/1', 4.14],
    ['B/1', 4.14],
  ]);
});

test('a circuit has what its fuse leaves, less the rounding of each DC EVSE', async () => {
  const plain = stationOf('B');
  const dc: Station = { ...plain, current: 'DC', capability: { ...plain.capability, rateUnit: 'W' } };
  const depot = await depotWith([stationOf('A'), dc], [visit]);
  const problem = problemOf(depot);
  // 40 A at 230 V are 9.2 kW on each phase; 2 W for the EVSE whose watts are no whole milliamperes.
  expect(circuit(problem, 'panel')?.phaseLimitKw?.[1][0]).toBeCloseTo(9.198, 9);
  expect(circuit(problem, 'panel')?.limitKw[0]).toBe(Infinity);
  expect(circuit(problem, 'panel')?.parent).toBe(0);
  expect(circuit(problem, 'grid')?.parent).toBe(-1);
});

test('a load that rises at a boundary is made room for in the quarter hour before it', async () => {
  // 3 kW until 18:30, then 9 kW: chargers are still on their old level while they react.
  const depot = await depotWith([stationOf('A')], [visit], {
    uncontrolled: [buildingOf('grid', (quarter) => (quarter < 74 ? 3000 : 9000))],
  });
  const problem = problemOf(depot);
  const left = [...(circuit(problem, 'grid')?.phaseLimitKw?.[0] ?? [])].slice(0, 3);
  // 60 A: 13.8 kW less 1 kW, then less 3 kW.
  expect(left.map((kw) => Math.round(kw * 100) / 100)).toEqual([12.8, 10.8, 10.8]);
  expect([...problem.fixedLoadKw].slice(0, 3)).toEqual([3, 3, 9]);
});

test.each([
  { afterS: 50, kw: 4.6 },
  { afterS: 51, kw: 13.8 },
])('a limit that falls $afterS s after a quarter hour leaves $kw kW in it', async ({ afterS, kw }) => {
  const policy = policyWith({ clockSkewS: 45 });
  const depot = new FakeDepot({ site: siteOf([stationOf('A')]), policy, visits: [visit] });
  await depot.begin();
  const fromS = startS + 2700 + afterS;
  depot.say('limit', { kind: 'limit', circuit: 'grid', limitA: 20, fromS });
  await depot.settle();
  // The station follows within 5 s, by a clock that may be 45 s behind, and a second is in doubt. 60 A, then 20 A, at 230 V.
  expect(circuit(problemOf(depot), 'grid')?.phaseLimitKw?.[0][2]).toBeCloseTo(kw, 9);
});

test('an uneven load leaves less to vehicles on its phases, also on those of circuits above', async () => {
  const depot = await depotWith([stationOf('A')], [visit], {
    uncontrolled: [{ ...buildingOf('panel', 6900), phaseShares: [0.7, 0.4, 0.1] }],
  });
  const left = (id: string): readonly number[] =>
    (circuit(problemOf(depot), id)?.phaseLimitKw ?? []).map((kw) => Math.round(1e6 * (kw[0] ?? 0)) / 1e6);
  // 4.83, 2.76 and 0.69 kW, and 2 W since these need not be whole milliamperes. 40 A at 230 V are 9.2 kW on each
  // phase of the panel, 60 A 13.8 kW on the grid's.
  expect(left('panel')).toEqual([4.368, 6.438, 8.508]);
  expect(left('grid')).toEqual([8.968, 11.038, 13.108]);
});

test('a measured load moves the curve ahead of it and fades, and the steps of the curve stay', async () => {
  const curve = Array.from({ length: 96 }, (_, quarter) => watts(quarter < 74 ? 3000 : 9000));
  const depot = await depotWith([stationOf('A')], [visit], {
    uncontrolled: [{ circuit: 'grid', expectedW: curve, boundW: curve.map((w) => watts(w + 5000)) }],
  });
  const measure = async (powerW: number): Promise<readonly number[]> => {
    depot.say('uncontrolled-load', {
      kind: 'uncontrolled-load',
      circuit: 'grid',
      powerW,
      sampledAt: depot.clock.now(),
    });
    await depot.settle();
    return [...problemOf(depot).fixedLoadKw].slice(0, 5);
  };
  // 2 kW above 3 kW at 18:00, then 3/4, 1/2, 1/4 of it, on the 9 kW from 18:30 on.
  expect(await measure(5000)).toEqual([5, 4.5, 10, 9.5, 9]);
  // 3 kW below: never less than nothing.
  expect(await measure(0)).toEqual([0, 0.75, 7.5, 8.25, 9]);
  // Taken at 18:28, one minute and a half before the step: 1 kW above, still in full at 18:30 and three quarters at 18:45.
  await depot.runTo(startS + 1710);
  await measure(4000);
  await depot.runTo(startS + 1805);
  expect([...problemOf(depot).fixedLoadKw].slice(0, 4)).toEqual([10, 9.75, 9.5, 9.25]);
});

test('the part of a quarter hour that is over counts at the power of the plan in force', async () => {
  const depot = await depotWith([stationOf('A')], [visit]);
  await depot.runTo(startS + 1202);
  const state = stateOf(depot);
  expect(state.now).toBe(startS + 1200);
  const row = state.plan?.visits[0]?.powerW ?? [];
  const runningKw = (row[1 - ((state.plan?.grid.startS ?? 0) - startS) / 900] ?? 0) / 1000;
  expect(runningKw).toBeGreaterThan(4);
  const restKwh = 9 - (state.visits['v1']?.deliveredWh ?? 0) / 1000;
  // 1 % and a late raise of 10 s at 11 kW on top, 5 of 15 min over; rounded up to a quarter hour of 1 A.
  const askedKwh = restKwh * 1.01 + 11 * (10 / 3600) + runningKw / 12;
  const energyKwh = problemOf(depot).sessions[0]?.energyKwh ?? 0;
  expect(energyKwh).toBeGreaterThanOrEqual(askedKwh - 1e-9);
  expect(energyKwh).toBeLessThan(askedKwh + 0.69 / 4);
});

test('a vehicle that comes within a quarter hour goes on at once with what it has next, and lacks nothing of it', async () => {
  const depot = await depotWith([stationOf('A')], [{ ...visit, arriveS: startS + 1200, energyWh: 3000 }]);
  await depot.runTo(startS + 1195);
  // From 18:30 on, in whole quarter hours.
  const expected = stateOf(depot).plan?.visits[0]?.powerW.slice(0, 4) ?? [];
  expect(expected.slice(0, 1)).toEqual([0]);
  const firstW = expected.find((w) => w > 0) ?? 0;
  expect(firstW).toBeGreaterThan(4000);
  await depot.runTo(startS + 1202);
  const { problem } = draftOf(stateOf(depot)) ?? {};
  const firstKw = firstW / 1000;
  expect(problem?.previousKw?.get('v1')?.[0]).toBeCloseTo(firstKw, 9);
  // 3 kWh, 1 % and a late raise of 10 s at 11 kW; 5 of 15 min count although nobody was there.
  const askedKwh = 3 * 1.01 + 11 * (10 / 3600) + firstKw / 12;
  expect(problem?.sessions[0]?.energyKwh).toBeGreaterThanOrEqual(askedKwh - 1e-9);
  expect(problem?.sessions[0]?.energyKwh).toBeLessThan(askedKwh + 0.69 / 4);
  expect(depot.station('A').limitA() * 0.69).toBeCloseTo(firstKw, 9);
});

test('a vehicle that comes before a cheaper quarter hour waits for it, and is asked once', async () => {
  const depot = await depotWith([stationOf('A')], [{ ...visit, arriveS: startS + 1200, energyWh: 3000 }]);
  const windows: { id: string; when: 'otherwise' | { from: string; to: string }[]; price: number }[] = [
    { id: 'evening', when: [{ from: '18:00', to: '18:30' }], price: 0.5 },
    { id: 'night', when: 'otherwise', price: 0.1 },
  ];
  const tariff: unknown = JSON.parse(JSON.stringify(tariffOf([{ kind: 'energy', id: 'energy', windows }])));
  depot.say('tariff', { kind: 'tariff', tariff });
  await depot.runTo(startS + 1202);
  expect(depot.station('A').limitA()).toBe(0);
  // The plan in force knows the vehicle: what it says of now holds.
  expect(draftOf(stateOf(depot))?.problem.previousKw?.get('v1')?.[0]).toBe(0);
  await depot.runTo(startS + 1815);
  expect(depot.station('A').limitA()).toBeGreaterThanOrEqual(6);
});

test('a vehicle that must leave full in the rest of a quarter hour has its power for that rest', async () => {
  const depot = await depotWith(
    [stationOf('A')],
    [{ ...visit, arriveS: startS + 300, departS: startS + 900, energyWh: 1000 }],
  );
  await depot.runTo(startS + 302);
  // 1 kWh, 1 % and a late raise of 10 s at 11 kW are 1.0406 kWh; in 10 min 6.243 kW: 10 A of 690 W.
  expect(stateOf(depot).plan?.visits).toMatchObject([{ visitId: 'v1', powerW: [6900] }]);
});

test('the local clock decides which quarter hour of the day curve holds', async () => {
  const depot = await depotWith([stationOf('A')], [visit], {
    timeZone: 'America/Los_Angeles',
    uncontrolled: [buildingOf('grid', (quarter) => quarter * 100)],
  });
  // 18:00 UTC is 11:00 in summer: quarter hour 44.
  expect(problemOf(depot).fixedLoadKw[0]).toBe(4.4);
});

test('a station that is lost is a fixed load by the plan that it holds', async () => {
  const depot = await depotWith(
    [stationOf('A'), stationOf('B')],
    [visit, { ...visit, id: 'v2', stationId: 'B', arriveS: startS + 400 }],
  );
  await depot.runTo(startS + 1000);
  const heldA = depot.station('A').limitA();
  expect(heldA).toBeGreaterThan(5);
  depot.station('A').disconnect();
  await depot.runTo(startS + 1020);
  const problem = problemOf(depot);
  expect(problem.sessions.map((s) => s.id)).toEqual(['v2']);
  expect(problem.connectors.map((c) => c.id)).toEqual(['B/1']);
  // What A may draw is gone from the panel, rounded once.
  const left = circuit(problem, 'panel')?.phaseLimitKw?.[0][0] ?? 0;
  expect(left).toBeCloseTo(((40 - heldA) * 230) / 1000 - 0.002, 6);
  expect(problem.fixedLoadKw[0]).toBeCloseTo((heldA * 690) / 1000, 6);
});

test('a lost station counts with the mean of what it holds, not with the level of its last seconds', async () => {
  const depot = await depotWith(
    [stationOf('A'), stationOf('B')],
    [
      { ...visit, departS: startS + 1800, energyWh: 90_000 },
      { ...visit, id: 'v2', stationId: 'B', arriveS: startS + 400 },
    ],
  );
  await depot.runTo(startS + 1000);
  const heldKw = (depot.station('A').limitA() * 690) / 1000;
  depot.station('A').disconnect();
  await depot.runTo(startS + 1020);
  const [first = 0, second = 0] = problemOf(depot).fixedLoadKw;
  // The plan ends at 18:30: then the floor of 6 A, reached within the reaction time.
  const { reactionS } = stationOf('A').capability;
  expect(first).toBeCloseTo(Math.min(heldKw, 11), 6);
  expect(second).toBeGreaterThanOrEqual(4.14);
  expect(second).toBeLessThanOrEqual(4.14 + ((11 - 4.14) * (reactionS + 1)) / 900);
  // What others get from 18:30 on they get as late as it is down: only its floor is taken from them.
  const left = circuit(problemOf(depot), 'panel')?.phaseLimitKw?.[0][1] ?? 0;
  expect(left).toBeCloseTo(((40 - 6) * 230) / 1000 - 0.002, 6);
});

test('a caught charger is a fixed load at its hardware maximum for ever', async () => {
  const depot = new FakeDepot({
    site: siteOf([stationOf('A'), stationOf('B')]),
    policy: policyWith({ sampleIntervalS: 60 }),
    visits: [
      { ...visit, maxW: 22_000, energyWh: 30_000 },
      { ...visit, id: 'v2', stationId: 'B', maxW: 22_000, energyWh: 30_000 },
    ],
    sampleS: 60,
  });
  depot.station('A').isDeaf = true;
  await depot.begin();
  await depot.runTo(startS + 600);
  const problem = problemOf(depot);
  expect(problem.sessions.map((s) => s.id)).toEqual(['v2']);
  // 40 A less 32 A.
  const left = [...(circuit(problem, 'panel')?.phaseLimitKw?.[0] ?? [])];
  expect(new Set(left.map((kw) => Math.round(kw * 1000)))).toEqual(new Set([1838]));
});

test('connectors on one power module share it', async () => {
  const plain = stationOf('D');
  const [socket] = plain.evses;
  if (socket === undefined) throw new Error('no socket');
  const dc: Station = {
    ...plain,
    current: 'DC',
    capability: { ...plain.capability, rateUnit: 'W' },
    evses: [1, 2].map((id) => ({ ...socket, id, maxW: watts(20_000) })),
    moduleW: watts(25_000),
  };
  const depot = await depotWith([stationOf('A'), dc], [{ ...visit, stationId: 'D' }]);
  const problem = problemOf(depot);
  expect(problem.modules).toEqual([{ id: 'D', maxKw: 25 }]);
  expect(problem.connectors.map((c) => [c.id, c.module])).toEqual([
    ['A/1', -1],
    ['D/1', 0],
    ['D/2', 0],
  ]);
  expect(problem.sessions).toMatchObject([{ phases: 3, minKw: 0, stepKw: 0, maxKw: 11 }]);
});

test('two visits of one place never overlap in a plan', async () => {
  const depot = await depotWith(
    [stationOf('A')],
    [visit, { ...visit, id: 'v2', arriveS: startS + 3600, departS: startS + 10_800 }],
  );
  expect(problemOf(depot).sessions.map((s) => [s.id, s.arrive, s.depart])).toEqual([
    ['v1', 1, 8],
    ['v2', 8, 12],
  ]);
});

test('what is beyond the horizon of the policy is not planned', async () => {
  const depot = new FakeDepot({
    site: siteOf([stationOf('A')]),
    policy: policyWith({ horizonMaxS: seconds(3600) }),
    visits: [visit],
  });
  await depot.begin();
  expect(problemOf(depot)).toMatchObject({ intervals: 4, sessions: [{ arrive: 1, depart: 4 }] });
});
