import { describe, expect, test } from 'vitest';
import { account } from '#solver/certificate/account';
import { generatedDepot } from '#solver/generated';
import { levelAbove, levelBelow, lowestLevel } from '#solver/levels';
import type { DepotProblem, Solution } from '#solver/problem';
import { solve } from '#solver/solve';
import { connector, depot, peak, series, session } from './builders.ts';

/** 6 A and 1 A steps at 230 V on one phase. */
const amps = { minKw: 1.38, stepKw: 0.23, phases: 1 } as const;
const single = connector('a', { rotation: [0], maxKw: 7.36 });
const stepped = (problem: DepotProblem): Promise<Solution> =>
  solve(problem, { continuous: false, gap: 1e-6 });

describe('levels', () => {
  const van = session('v', amps);
  test('powers fall to the step below, and below the minimum to nothing', () => {
    expect([0.1, 1.37, 1.38, 1.5, 1.61, 7.36].map((kw) => levelBelow(van, kw))).toEqual(
      [0, 0, 1.38, 1.38, 1.61, 7.36].map((kw) => expect.closeTo(kw, 12)),
    );
  });
  test('powers rise to the step above, from nothing to the minimum', () => {
    expect([0, 0.1, 1.38, 1.39].map((kw) => levelAbove(van, kw))).toEqual(
      [0, 1.38, 1.38, 1.61].map((kw) => expect.closeTo(kw, 12)),
    );
  });
  test('a minimum between two steps means the upper one', () => {
    expect(lowestLevel(session('v', { minKw: 1.4, stepKw: 0.23 }))).toBeCloseTo(1.61, 12);
  });
});

describe('plans in steps', () => {
  test('a vehicle is given a last step rather than left short', async () => {
    // 5.1 kWh in hours of 0.23 kW steps: 22.17 steps, so 23 in all: 5.29 kWh.
    const sessions = [session('v', { ...amps, energyKwh: 5.1, maxKw: 7.36 })];
    const solution = await stepped(depot({ connectors: [single], sessions }));
    expect(solution.shortfallKwh[0]).toBe(0);
    expect(solution.powerKw[0]!.reduce((a, b) => a + b)).toBeCloseTo(5.29, 9);
    expect(solution.repairCost).toBeCloseTo(0.019, 9);
  });

  test('two vehicles that would share 2.6 kW at 1.3 each take turns', async () => {
    const circuits = [{ id: 'grid', parent: -1, limitKw: series(4, 2.6) }];
    const connectors = [single, { ...single, id: 'b' }];
    const sessions = [
      session('v', { ...amps, energyKwh: 4.6, maxKw: 7.36 }),
      session('w', { ...amps, energyKwh: 4.6, maxKw: 7.36, connector: 1 }),
    ];
    const problem = depot({ circuits, connectors, sessions });
    const solution = await stepped(problem);
    expect(solution.certificate.valid).toBe(true);
    // 2.53 kW is the highest step under the limit; two hours each give 5.06.
    expect([...solution.shortfallKwh]).toEqual([0, 0]);
    for (let t = 0; t < 4; t++) {
      expect(solution.powerKw[0]![t]! + solution.powerKw[1]![t]!).toBeLessThanOrEqual(2.6);
    }
  });

  test('powers within a reserve need no room even in steps', async () => {
    const circuits = [{ id: 'grid', parent: -1, limitKw: series(4, 1.4) }];
    const connectors = [{ ...single, reserveKw: 1.38 }];
    const sessions = [session('v', { ...amps, energyKwh: 30, maxKw: 7.36 })];
    const solution = await stepped(depot({ circuits, connectors, sessions }));
    expect([...solution.powerKw[0]!]).toEqual(Array(4).fill(expect.closeTo(1.38, 9)));
  });

  test('PV that loses its taker is curtailed, not fed in', async () => {
    const pv = { kw: series(4, 5) };
    const connectors = [single];
    const sessions = [session('v', { ...amps, energyKwh: 5.1, maxKw: 5 })];
    const solution = await stepped(depot({ connectors, sessions, pv }));
    expect(solution.certificate.valid).toBe(true);
  });

  test('equal problems give equal bytes', async () => {
    const problem = generatedDepot({
      kind: 'last-mile',
      connectors: 20,
      intervals: 48,
      seed: 2,
      steps: true,
    });
    expect(await stepped(problem)).toEqual(await stepped(problem));
  });

  for (const seed of [1, 2, 3]) {
    test(`44 connectors: 6 A and 1 A steps cost less than 1 % (seed ${seed})`, async () => {
      const shape = { kind: 'last-mile', connectors: 44, intervals: 96, steps: true, reserve: true } as const;
      const problem = generatedDepot({ ...shape, seed });
      const solution = await stepped(problem);
      expect(solution.certificate.valid).toBe(true);
      expect(account(problem, solution, 'stepped').primalResidual).toBeLessThan(1e-6);
      expect(solution.gap).toBeLessThan(0.01);
      expect(Math.max(...solution.shortfallKwh)).toBeLessThan(1e-6);
    });
  }

  test('branch and bound on demand, and the repair is near it', async () => {
    const sessions = [0, 1, 2].map((c) =>
      session(`v${c}`, { ...amps, connector: c, energyKwh: 5 + c, maxKw: 7.36, shortfallPrice: 50 }),
    );
    const connectors = [0, 1, 2].map((c) => ({ ...single, id: `c${c}` }));
    const problem = depot({ connectors, sessions, demand: [peak('any', 4)] });
    const exact = await solve(problem, { continuous: false, gap: 1e-6, integers: 'exact' });
    const repaired = await stepped(problem);
    expect(exact.certificate.valid).toBe(true);
    expect(exact.reasons.join()).toContain('branch and bound proved');
    expect(exact.objective).toBeLessThanOrEqual(repaired.objective + 1e-9);
    expect(repaired.objective).toBeLessThan(exact.objective * 1.05);
  });
});
