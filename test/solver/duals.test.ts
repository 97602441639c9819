import { describe, expect, test } from 'vitest';
import { generatedDepot } from '#solver/generated';
import type { DepotProblem, Solution } from '#solver/problem';
import { solve } from '#solver/solve';
import { depot, peak, series, session } from './builders.ts';

const solved = (problem: DepotProblem, solver: 'structured' | 'highs'): Promise<Solution> =>
  solve(problem, { continuous: true, gap: 1e-6, solver });

/** Slopes of the cost on both sides of a change; at a kink the dual lies between them. */
async function slopes(
  changed: (by: number) => DepotProblem,
  solver: 'structured' | 'highs',
  by: number,
): Promise<[number, number]> {
  const [less, same, more] = await Promise.all(
    [-by, 0, by].map(async (x) => (await solved(changed(x), solver)).objective),
  );
  return [(same! - less!) / by, (more! - same!) / by].sort((a, b) => a - b) as [number, number];
}

function expectBetween(value: number, [low, high]: [number, number], what: string): void {
  const noise = 1e-5 * Math.max(1, Math.abs(low), Math.abs(high));
  expect(value, what).toBeGreaterThanOrEqual(low - noise);
  expect(value, what).toBeLessThanOrEqual(high + noise);
}

for (const solver of ['structured', 'highs'] as const) {
  describe(`duals in money, ${solver}`, () => {
    test('one more kW of a full circuit is worth the shortfall that it ends', async () => {
      const circuits = [{ id: 'grid', parent: -1, limitKw: series(4, 5) }];
      const problem = depot({ circuits, sessions: [session('v', { energyKwh: 30, shortfallPrice: 7 })] });
      const { duals } = await solved(problem, solver);
      // A kW for an hour: 7 saved, 0.1 paid for energy.
      expect([...duals!.circuits[0]!]).toEqual(Array(4).fill(expect.closeTo(6.9, 9)));
      expect(duals!.sessions[0]).toBeCloseTo(7, 9);
    });

    test('a circuit that its phases limit is worth as much as by its total', async () => {
      const phaseLimitKw = [series(4, 5 / 3), series(4, 5 / 3), series(4, 5 / 3)] as const;
      const circuits = [{ id: 'grid', parent: -1, limitKw: series(4, Infinity), phaseLimitKw }];
      const problem = depot({ circuits, sessions: [session('v', { energyKwh: 30, shortfallPrice: 7 })] });
      const { duals } = await solved(problem, solver);
      expect([...duals!.circuits[0]!]).toEqual(Array(4).fill(expect.closeTo(6.9, 9)));
    });

    test('one more kWh under a demand charge costs its energy and its share of the peak', async () => {
      const problem = depot({
        sessions: [session('v', { energyKwh: 12, shortfallPrice: 100 })],
        demand: [peak('any', 4)],
      });
      const { duals } = await solved(problem, solver);
      // Flat at 3 kW: a kWh more raises the peak by 1/4 kW, at 10 per kW.
      expect(duals!.sessions[0]).toBeCloseTo(0.1 + 2.5, 9);
      expect(duals!.demand[0]).toBeCloseTo(10, 9);
    });

    test('a peak below what is paid anyway is worth nothing', async () => {
      const problem = depot({
        sessions: [session('v', { energyKwh: 12, shortfallPrice: 100 })],
        demand: [peak('any', 4, { floorKw: 20 })],
      });
      expect((await solved(problem, solver)).duals!.demand[0]).toBeCloseTo(0, 9);
    });

    test('law: duals lie between the slopes of the cost on both sides', async () => {
      for (const seed of [1, 2, 3]) {
        const shape = { kind: 'last-mile', connectors: 12, intervals: 48, seed, tightness: 0.95 } as const;
        const problem = generatedDepot({ ...shape, reserve: seed === 2 });
        const { duals } = await solved(problem, solver);
        for (const s of [0, 3, 7]) {
          const more = (by: number): DepotProblem => ({
            ...problem,
            sessions: problem.sessions.map((v, i) => (i === s ? { ...v, energyKwh: v.energyKwh + by } : v)),
          });
          expectBetween(duals!.sessions[s]!, await slopes(more, solver, 1e-3), `seed ${seed} session ${s}`);
        }
        for (const k of problem.demand.keys()) {
          const floor = (by: number): DepotProblem => ({
            ...problem,
            demand: problem.demand.map((w, i) => (i === k ? { ...w, floorKw: w.floorKw + by } : w)),
          });
          // A kW more that is paid anyway costs its price and saves what a kW of peak is worth.
          const [low, high] = await slopes(floor, solver, 1e-3);
          const price = problem.demand[k]!.pricePerKw;
          expectBetween(duals!.demand[k]!, [price - high, price - low], `seed ${seed} window ${k}`);
        }
        for (const g of problem.circuits.keys()) {
          const worth = duals!.circuits[g]!;
          const t = worth.indexOf(worth.reduce((a, b) => Math.max(a, b), 0));
          const wider = (by: number): DepotProblem => ({
            ...problem,
            circuits: problem.circuits.map((c, i) =>
              i === g ? { ...c, limitKw: c.limitKw.with(t, c.limitKw[t]! + by) } : c,
            ),
          });
          const [low, high] = await slopes(wider, solver, 1e-3);
          expectBetween(worth[t]!, [-high, -low], `seed ${seed} circuit ${g} @ ${t}`);
        }
      }
    });
  });
}
