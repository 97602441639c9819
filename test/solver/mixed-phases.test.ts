import { describe, expect, test } from 'vitest';
import { generatedDepot } from '#solver/generated';
import type { DepotProblem, Solution } from '#solver/problem';
import { randomDepot } from '#solver/random-depot';
import { solve } from '#solver/solve';
import { connector, depot, series, session } from './builders.ts';

const continuous = { continuous: true, gap: 1e-6 } as const;

async function structured(problem: DepotProblem): Promise<Solution> {
  const solution = await solve(problem, continuous);
  expect(solution.solver).toBe('structured');
  expect(solution.certificate.valid).toBe(true);
  expect(solution.gap).toBeLessThan(1e-9);
  return solution;
}

const relative = (a: number, b: number): number => Math.abs(a - b) / Math.max(1, Math.abs(b));

const phases = (
  l1: number,
  l2: number,
  l3: number,
  intervals = 2,
): readonly [Float64Array, Float64Array, Float64Array] => [
  series(intervals, l1),
  series(intervals, l2),
  series(intervals, l3),
];

/** Cheap in the first hour, 0.2 dearer in the second. */
const hours = { intervals: 2, price: Float64Array.of(0.1, 0.3) };

describe('limits that the tree of circuits cannot say', () => {
  test('a phase limit above one-phase and three-phase sockets moves what is cheapest to move', async () => {
    const { powerKw, objective, multipliers, duals } = await structured(
      depot({
        ...hours,
        circuits: [{ id: 'grid', parent: -1, limitKw: series(2, Infinity), phaseLimitKw: phases(5, 12, 12) }],
        connectors: [connector('a', { rotation: [0] }), connector('b')],
        sessions: [
          session('one', { connector: 0, depart: 2, energyKwh: 3, phases: 1 }),
          session('three', { connector: 1, depart: 2, energyKwh: 9 }),
        ],
      }),
    );
    // All in the first hour loads L1 with 3 + 9 / 3 = 6 kW: one too many. A kWh of the one-phase vehicle costs 0.2
    // to move, three of the other would cost 0.6.
    expect([...powerKw[0]!]).toEqual([2, 1].map((kw) => expect.closeTo(kw, 6)));
    expect([...powerKw[1]!]).toEqual([9, 0].map((kw) => expect.closeTo(kw, 6)));
    expect(objective).toBeCloseTo(11 * 0.1 + 0.3, 9);
    // A kW more of L1 saves 0.2; a third of a kW of all phases together a third of it.
    expect(multipliers.phases[0]).toBeCloseTo(0.2, 9);
    expect(duals!.circuits[0]![0]).toBeCloseTo(0.2 / 3, 9);
  });

  test('a one-phase vehicle on a three-phase socket is counted on all its pins', async () => {
    const { powerKw, duals } = await structured(
      depot({
        ...hours,
        circuits: [{ id: 'grid', parent: -1, limitKw: series(2, 12) }],
        sessions: [
          session('small', { connector: 0, depart: 2, energyKwh: 3, phases: 1 }),
          session('large', { connector: 1, depart: 2, energyKwh: 9 }),
        ],
      }),
    );
    // 3 * 3 + 9 = 18 of 12 kW: a kWh of the small one moved frees three, at 0.2.
    expect(powerKw[0]![0]).toBeCloseTo(1, 6);
    expect(powerKw[1]![0]).toBeCloseTo(9, 6);
    expect(duals!.circuits[0]![0]).toBeCloseTo(0.2 / 3, 9);
  });

  test('a module that shares reserves too holds all that its vehicles draw', async () => {
    const { powerKw, multipliers } = await structured(
      depot({
        ...hours,
        circuits: [{ id: 'grid', parent: -1, limitKw: series(2, 14) }],
        modules: [{ id: 'm', maxKw: 12 }],
        connectors: [0, 1].map((c) => connector(`c${c}`, { module: 0, reserveKw: 2 })),
        sessions: [0, 1].map((c) => session(`v${c}`, { connector: c, depart: 2, energyKwh: 8 })),
      }),
    );
    // The circuit would let 14 kW through, 10 of them above the reserves; the module holds 12 of the 16 kWh.
    expect(powerKw[0]![0]! + powerKw[1]![0]!).toBeCloseTo(12, 6);
    expect(multipliers.modules[0]).toBeCloseTo(0.2, 9);
  });

  test('nested limits of different phases bind together', async () => {
    const { powerKw, objective } = await structured(
      depot({
        ...hours,
        circuits: [
          { id: 'grid', parent: -1, limitKw: series(2, Infinity), phaseLimitKw: phases(100, 6, 100) },
          { id: 'feeder', parent: 0, limitKw: series(2, Infinity), phaseLimitKw: phases(4, 100, 100) },
        ],
        connectors: [
          connector('l1', { circuit: 1, rotation: [0] }),
          connector('all', { circuit: 1, rotation: [2, 0, 1] }),
          connector('l2', { rotation: [1] }),
        ],
        sessions: [
          session('on-l1', { connector: 0, depart: 2, energyKwh: 3, phases: 1 }),
          session('on-all', { connector: 1, depart: 2, energyKwh: 9 }),
          session('on-l2', { connector: 2, depart: 2, energyKwh: 5, phases: 1 }),
        ],
      }),
    );
    // The feeder has 3 + 3 of 4 kW on L1, the grid 5 + 3 of 6 kW on L2. Moving 2 of each one-phase vehicle costs 0.8, 6 of
    // the three-phase one, which helps both, 1.2.
    expect([...powerKw].map(([first]) => first)).toEqual([1, 9, 3].map((kw) => expect.closeTo(kw, 6)));
    expect(objective).toBeCloseTo(17 * 0.1 + 4 * 0.2, 9);
  });

  test('law: the worth of a phase lies between the slopes of the cost on both sides', async () => {
    let bound = 0;
    for (const seed of [1, 2, 3, 4]) {
      const shape = { kind: 'last-mile', connectors: 14, intervals: 24, seed, tightness: 0.8 } as const;
      const problem = generatedDepot({ ...shape, phases: true, reserve: seed === 2 });
      const { multipliers, solver } = await solve(problem, continuous);
      if (solver !== 'structured') continue;
      for (let at = 0; at < multipliers.phases.length; at++) {
        const worth = multipliers.phases[at]!;
        if (worth < 1e-6 || bound >= 8) continue;
        bound++;
        const [t, phase] = [at % problem.intervals, Math.floor(at / problem.intervals) % 3];
        const g = Math.floor(at / problem.intervals / 3);
        const wider = async (by: number): Promise<number> => {
          const circuits = problem.circuits.map((circuit, i) => {
            if (i !== g) return circuit;
            const limits = circuit.phaseLimitKw!.map((limit, p) =>
              p === phase ? limit.with(t, limit[t]! + by) : limit,
            );
            return {
              ...circuit,
              phaseLimitKw: limits as unknown as NonNullable<typeof circuit.phaseLimitKw>,
            };
          });
          return (await solve({ ...problem, circuits }, continuous)).objective;
        };
        const [less, same, more] = [await wider(-1e-3), await wider(0), await wider(1e-3)];
        const what = `seed ${seed} circuit ${g} L${phase + 1} @ ${t}`;
        expect(worth, what).toBeGreaterThanOrEqual((same - more) / 1e-3 - 1e-4 * Math.max(1, worth));
        expect(worth, what).toBeLessThanOrEqual((less - same) / 1e-3 + 1e-4 * Math.max(1, worth));
      }
    }
    expect(bound).toBeGreaterThan(3);
  });
});

describe('the search for them', () => {
  const fleet = generatedDepot({
    kind: 'last-mile',
    connectors: 44,
    intervals: 96,
    seed: 1,
    phases: true,
    reserve: true,
    tightness: 0.8,
  });

  test('brings back a few limits of thousands', async () => {
    const { reasons } = await structured(fleet);
    const [, count] = /(\d+) limits beside the tree/.exec(reasons.join()) ?? [];
    expect(Number(count)).toBeGreaterThan(0);
    expect(Number(count)).toBeLessThan(60);
  });

  test('law: wherever it is stopped the plan holds and the bound is true', async () => {
    const { objective } = await structured(fleet);
    for (const iterationsMax of [0, 1, 2, 3, 5, 8]) {
      const stopped = await solve(fleet, { ...continuous, iterationsMax });
      expect(stopped.certificate.valid, String(iterationsMax)).toBe(true);
      expect(stopped.objective).toBeGreaterThanOrEqual(objective - 1e-6);
      expect(stopped.bound).toBeLessThanOrEqual(objective + 1e-6 * objective);
    }
  });

  test('law: a warm start costs what a cold one does', async () => {
    for (let seed = 0; seed < 20; seed++) {
      const problem = randomDepot({ seed: 7_000_000 + seed, mixed: true });
      const { warm } = await solve(problem, continuous);
      if (warm === undefined) continue;
      const fewer = { ...problem, sessions: problem.sessions.slice(1) };
      const [again, anew] = [await solve(fewer, { ...continuous, warm }), await solve(fewer, continuous)];
      expect(relative(again.objective, anew.objective), `seed ${seed}`).toBeLessThan(1e-9);
      expect(again.certificate.valid, `seed ${seed}`).toBe(true);
    }
  });

  test('a warm start brings the limits that bound: an unchanged depot is solved once, in one round', async () => {
    const first = await structured(fleet);
    expect(first.reasons.join()).not.toContain('in 1 solves');
    expect(first.warm?.links?.length).toBeGreaterThan(0);
    const again = await solve(fleet, { ...continuous, warm: first.warm! });
    expect(again.reasons.join()).toMatch(/^1 rounds, 1 flows, \d+ limits beside the tree in 1 solves$/);
    expect(relative(again.objective, first.objective)).toBeLessThan(1e-10);
  });

  test('limits of circuits that are gone, or of intervals that are over, do no harm', async () => {
    const first = await structured(fleet);
    const links = [
      ...first.warm!.links!.map((link) => ({ ...link, t: link.t - 90 })),
      { id: 'gone', kind: 'total', t: 3 } as const,
      { id: 'gone', kind: 'module', t: 3 } as const,
      { id: 'grid', kind: 0, t: 5 } as const,
    ];
    const again = await solve(fleet, { ...continuous, warm: { ...first.warm!, links } });
    expect(relative(again.objective, first.objective)).toBeLessThan(1e-10);
    expect(again.certificate.valid).toBe(true);
  });

  test('equal inputs give equal bytes', async () => {
    expect(await solve(fleet, continuous)).toEqual(await solve(fleet, continuous));
  });
});
