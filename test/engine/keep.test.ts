/** The plan in force goes on unless a new one is worth its messages; full vehicles come before that. */
import { expect, test } from 'vitest';
import { keptPlanOf, steadier } from '#engine/keep';
import type { SolvedPlan } from '#engine/input';
import type { KeptPlan, PlannedSession } from '#engine/state';
import type { DepotProblem } from '#solver/problem';

/** Four quarter hours at 0.1, 0.2, 0.3 and 0.4; one vehicle in steps of 1 kW from 2 kW on. */
const problemWith = (
  energyKwh: number,
  previous: readonly number[] | undefined,
  limitKw = 20,
): DepotProblem => ({
  intervalH: 0.25,
  intervals: 4,
  circuits: [{ id: 'grid', parent: -1, limitKw: new Float64Array(4).fill(limitKw) }],
  connectors: [{ id: 'A/1', circuit: 0, maxKw: 10, module: -1, rotation: [0, 1, 2], reserveKw: 0 }],
  modules: [],
  sessions: [
    {
      id: 'v1',
      connector: 0,
      arrive: 0,
      depart: 4,
      energyKwh,
      maxKw: 10,
      phases: 3,
      minKw: 2,
      stepKw: 1,
      shortfallPrice: 5,
    },
  ],
  fixedLoadKw: new Float64Array(4),
  price: Float64Array.from([0.1, 0.2, 0.3, 0.4]),
  demand: [],
  earliness: 0,
  ...(previous === undefined ? {} : { previousKw: new Map([['v1', Float64Array.from(previous)]]) }),
});

const sessionWith = (extraKwh: number, leastKwh: number): readonly PlannedSession[] => [
  {
    visitId: 'v1',
    stationId: 'A',
    evseId: 1,
    phases: 3,
    wattsPerUnit: 690,
    arrive: 0,
    depart: 4,
    extraKwh,
    leastKwh,
  },
];

test('a plan that still delivers is counted out on the new prices', () => {
  const kept = keptPlanOf({
    problem: problemWith(5, [10, 10, 0, 0]),
    sessions: sessionWith(0.2, 4.9),
    goneH: 0,
  });
  // 2.5 kWh at 0.1 and 2.5 kWh at 0.2.
  expect(kept?.objective).toBeCloseTo(0.75, 9);
  expect(kept?.shortfallKwh).toEqual([0]);
});

test('a plan that lacks a session, or breaks a limit, is none', () => {
  const sessions = sessionWith(0, 5);
  expect(keptPlanOf({ problem: problemWith(5, undefined), sessions, goneH: 0 })).toBeUndefined();
  // A tenth of a watt above a limit would not be admitted any more.
  for (const limitKw of [9, 9.9999])
    expect(
      keptPlanOf({ problem: problemWith(5, [10, 10, 0, 0], limitKw), sessions, goneH: 0 }),
    ).toBeUndefined();
});

test('energy that is needed no more is cut from the dearest intervals, in steps', () => {
  const kept = keptPlanOf({
    problem: problemWith(3, [10, 4, 0, 6]),
    sessions: sessionWith(0, 3),
    goneH: 0,
  });
  // 5 kWh planned, 3 needed: 8 kW too much; 6 kW at 0.4 go whole, 2 of the 4 kW at 0.2 follow.
  expect(kept?.powerKw).toEqual([[10, 2, 0, 0]]);
});

test('what the part of an interval that is over would have given is missing', () => {
  const kept = keptPlanOf({
    problem: problemWith(5, [10, 10, 0, 0]),
    sessions: sessionWith(0, 5),
    goneH: 0.1,
  });
  // A tenth of an hour at 10 kW.
  expect(kept?.shortfallKwh[0]).toBeCloseTo(1, 9);
});

const solved: SolvedPlan = {
  status: 'feasible',
  solver: 'test',
  objective: 100,
  bound: 99,
  gap: 0.01,
  valid: true,
  repairCost: 0,
  powerKw: [[1]],
  shortfallKwh: [0],
  peaksKw: [],
};
const inForce = (objective: number, shortfallKwh = 0): KeptPlan => ({
  objective,
  energyCost: 100,
  powerKw: [[2]],
  shortfallKwh: [shortfallKwh],
  wishes: [{ energyKwh: 10, shortfallPrice: 5 }],
  peaksKw: [],
});

test.each([
  ['saves nothing', inForce(100), [[2]]],
  ['saves less than 0.2 % of the energy', inForce(100.19), [[2]]],
  ['saves more', inForce(100.21), [[1]]],
  ['leaves nobody short who would be', inForce(99, 0.5), [[1]]],
  ['is the first one', undefined, [[1]]],
])('a new plan that %s', (_, kept, powerKw) => {
  expect(steadier(solved, kept).powerKw).toEqual(powerKw);
});

test('a plan that is kept says how far it is from the bound that was proven now', () => {
  expect(steadier(solved, inForce(100.1))).toMatchObject({ objective: 100.1, bound: 99, isKept: true });
  expect(steadier(solved, inForce(100.1)).gap).toBeCloseTo(1.1 / 99, 9);
});

/** A plan for two vehicles of 10 kWh each that leaves so much of each missing. */
const keptWith = (shortfallKwh: readonly number[], shortfallPrice: readonly number[] = [5, 5]): KeptPlan => ({
  ...inForce(100),
  powerKw: [[2], [2]],
  shortfallKwh,
  wishes: shortfallPrice.map((price) => ({ energyKwh: 10, shortfallPrice: price })),
});

test.each([
  ['moves what is missing from one to the other', keptWith([4, 1]), [1, 4], false],
  ['leaves more missing and helps one of them', keptWith([4, 1]), [3.5, 2], false],
  ['leaves less missing in all', keptWith([4, 1]), [1, 3.9], true],
  ['lets the one lack that has less priority', keptWith([4, 1], [10, 5]), [1, 4], true],
  ['shares what is missing', keptWith([4, 1]), [2.5, 2.5], true],
  ['shares it hardly better', keptWith([4, 1]), [3.7, 1.3], false],
])('where not all can be served, a new plan that %s', (_, kept, shortfallKwh, isTaken) => {
  const other: SolvedPlan = { ...solved, powerKw: [[1], [1]], shortfallKwh };
  expect(steadier(other, kept) === other).toBe(isTaken);
});
