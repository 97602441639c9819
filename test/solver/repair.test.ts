import { describe, expect, test } from 'vitest';
import { account } from '#solver/certificate/account';
import { generatedDepot } from '#solver/generated';
import { Ledger } from '#solver/ledger';
import { levelAbove, levelBelow, lowestLevel } from '#solver/levels';
import type { DepotProblem, Solution } from '#solver/problem';
import { shavePeaks } from '#solver/shave';
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

  for (const seed of [1, 2, 3]) {
    test(`10 connectors, at 4.14 kW or nothing: steps cost less than 4.5 % (seed ${seed})`, async () => {
      const problem = generatedDepot({
        kind: 'overnight',
        connectors: 10,
        intervals: 96,
        seed,
        steps: true,
      });
      const solution = await stepped(problem);
      expect(solution.certificate.valid).toBe(true);
      expect(solution.gap).toBeLessThan(0.045);
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

/** Peaks of hours after shaving, kW: what `powers` draw, session by session, of those that stand in `problem`. */
function shaved(problem: DepotProblem, powers: readonly (readonly number[])[]): number[] {
  const ledger = new Ledger(problem);
  for (const [s, kw] of powers.entries())
    kw.forEach((v, i) => ledger.set(s, problem.sessions[s]!.arrive + i, v));
  shavePeaks(
    ledger,
    Float64Array.from(problem.demand, ({ floorKw }) => floorKw),
  );
  const hours = Array.from({ length: problem.intervals }, () => 0);
  for (const [s, { arrive }] of problem.sessions.entries())
    ledger.powerKw[s]!.forEach((kw, i) => (hours[arrive + i]! += kw));
  return hours;
}

describe('peaks of plans in steps', () => {
  const kilowatts = { minKw: 1, stepKw: 1 };
  const connectors = [connector('a'), connector('b')];

  test('a level goes on over a second vehicle where the first never meets the empty hour', () => {
    // v stands in hours 0 and 1, w in 1 and 2: 4, 4 and 1 kW. v passes a kW on to hour 1, w one from there to hour 2.
    const sessions = [
      session('v', { ...kilowatts, depart: 2, energyKwh: 6 }),
      session('w', { ...kilowatts, connector: 1, arrive: 1, depart: 3, energyKwh: 3 }),
    ];
    const problem = depot({ intervals: 3, connectors, sessions, demand: [peak('any', 3)] });
    expect(
      shaved(problem, [
        [4, 2],
        [2, 1],
      ]),
    ).toEqual([3, 3, 3]);
  });

  test('a vehicle at its minimum leaves the peak as a whole, and its power is scattered', () => {
    // v may not be below 3 kW, nor above 4: out of hour 0 its 3 kW fit into hours 1 to 3 only one by one.
    const v = session('v', { minKw: 3, stepKw: 1, maxKw: 4, energyKwh: 12 });
    const w = session('w', { ...kilowatts, connector: 1, energyKwh: 2, depart: 1 });
    const problem = depot({ connectors, sessions: [v, w], demand: [peak('any', 4)] });
    expect(shaved(problem, [[3, 3, 3, 3], [2]])).toEqual([2, 4, 4, 4]);
  });

  test('the bound knows that no step reaches the last of a maximum', async () => {
    // 7.5 kW carry 32 steps, 7.36 kW: 29.44 of 30 kWh, and 0.56 kWh short is the best of all plans.
    const sessions = [session('v', { ...amps, maxKw: 7.5, energyKwh: 30 })];
    const connectors = [{ ...single, maxKw: 7.5 }];
    const solution = await stepped(depot({ connectors, sessions }));
    expect(solution.shortfallKwh[0]).toBeCloseTo(0.56, 9);
    expect(solution.gap).toBeLessThan(1e-6);
  });
});
