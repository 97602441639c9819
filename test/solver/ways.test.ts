import { describe, expect, test } from 'vitest';
import { prngOf } from '#domain/prng';
import { account } from '#solver/certificate/account';
import { branchesBound } from '#solver/certificate/bound';
import { allPicks, branchOf } from '#solver/certificate/choices';
import { verify } from '#solver/certificate/verify';
import type { ChoiceOption, DepotProblem } from '#solver/problem';
import { randomDepot } from '#solver/random-depot';
import { solve } from '#solver/solve';
import { depot, peak, session } from './builders.ts';
import { withPricePair, withSubscription } from './way-builders.ts';

const instances = Number(process.env['VOLTHERD_INSTANCES'] ?? 14);
const options = { continuous: true, gap: 1e-6 } as const;

/** A drawn subscription. */
function subscribed(problem: DepotProblem, levels: number, seed: number): DepotProblem {
  const prng = prngOf(seed);
  const blockKw = 1 + 5 * prng.next();
  const perKw = 0.5 + prng.next();
  const perBlock = perKw * blockKw * (0.2 + 0.6 * prng.next());
  return withSubscription(problem, { levels, blockKw, perKw, perBlock });
}

function paired(problem: DepotProblem): DepotProblem {
  const perKwh = new Float64Array(problem.intervals).fill(-0.04);
  return withPricePair(problem, { constant: 1, perKwh });
}

/** The cheapest of all ways, each solved. */
async function everyWay(problem: DepotProblem): Promise<number> {
  let least = Infinity;
  for (const picks of allPicks(problem)) {
    const plan = await solve(branchOf(problem, picks), options);
    least = Math.min(least, account(problem, plan).objective);
  }
  return least;
}

test('law: ways that are left out hold no better plan, and the proof of that passes the certificate', async () => {
  let solved = 0;
  let ways = 0;
  for (let seed = 0; seed < instances; seed++) {
    const drawn = randomDepot({ seed: seed + 7_000_000, plain: seed % 4 > 0, intervalsMax: 24 });
    const problem = subscribed(seed % 3 === 0 ? paired(drawn) : drawn, seed % 3 === 0 ? 6 : 24, seed);
    const found = await solve(problem, options);
    const all = allPicks(problem).length;
    const least = await everyWay(problem);
    expect(Math.abs(found.objective - least), `seed ${seed}`).toBeLessThanOrEqual(
      1e-7 * Math.max(1, Math.abs(least)),
    );
    expect(found.certificate.valid, `seed ${seed}`).toBe(true);
    expect(verify(problem, found, 'continuous', options.gap).broken, `seed ${seed}`).toEqual([]);
    // Levels alone have no gap, however few of them were solved.
    if (seed % 3 > 0) expect(found.status, `seed ${seed}`).toBe('optimal');
    const told = /^(\d+)(?: of \d+)? ways/.exec(found.reasons[0]!);
    solved += Number(told?.[1]);
    ways += all;
  }
  expect(solved).toBeLessThan(0.25 * ways);
});

/** Load-factor tiers, which jump: energy over peak and time in percent says which holds. */
function tiered(
  problem: DepotProblem,
  tiers: readonly [upTo: number | null, perKwh: number, perKw: number][],
): DepotProblem {
  const { intervals, intervalH: h, fixedLoadKw } = problem;
  const fixedKwh = fixedLoadKw.reduce((sum, kw) => sum + kw * h, 0);
  const weight = new Float64Array(intervals).fill(100 * h);
  const power = peak('power', intervals, { pricePerKw: 0 });
  return {
    ...problem,
    demand: [...problem.demand, power],
    choices: [
      {
        id: 'load factor',
        category: 'demand',
        options: tiers.map(([upTo, perKwh, perKw], i): ChoiceOption => ({
          id: `tier ${i}`,
          constant: fixedKwh * perKwh,
          perKwh: new Float64Array(intervals).fill(perKwh),
          perUnit: { power: perKw },
          ...(upTo === null ? {} : { until: { past: 0, weight, peaks: { power: -upTo * intervals * h } } }),
        })),
      },
    ],
  };
}

describe('ways that jump', () => {
  test('a way that no plan can end in does not hold the bound down', async () => {
    // 10 kWh in 4 h at 5 kW at most: the load factor is 50 % or more. 2.5 kW throughout: 10 x 0.1 + 2.5 x 1.
    const problem = tiered(
      depot({
        sessions: [session('v', { energyKwh: 10, maxKw: 5, shortfallPrice: 1000 })],
        price: new Float64Array(4),
      }),
      [
        [10, 0.01, 0],
        [null, 0.1, 1],
      ],
    );
    const found = await solve(problem, options);
    expect(found.objective).toBeCloseTo(3.5, 6);
    expect(found.status).toBe('optimal');
    expect(found.branches!.some(({ worth }) => worth !== undefined)).toBe(true);
    expect(verify(problem, found, 'continuous', options.gap).broken).toEqual([]);
  });

  test('law: what tests are worth raises the bound and never above a plan', async () => {
    let loose = 0;
    let closed = 0;
    for (let seed = 0; seed < 2 * instances; seed++) {
      const prng = prngOf(seed);
      const drawn = randomDepot({ seed: seed + 8_000_000, plain: true, intervalsMax: 48 });
      const problem = tiered(drawn, [
        [10 + 10 * prng.next(), 0.4, 0],
        [30 + 10 * prng.next(), 0.25, 3 * prng.next()],
        [null, 0.1, 8 * prng.next()],
      ]);
      const [plain, found] = [await solve(problem, { ...options, gap: 1 }), await solve(problem, options)];
      const scale = Math.max(1, Math.abs(found.objective));
      expect(found.certificate.valid, `seed ${seed}`).toBe(true);
      expect(verify(problem, found, 'continuous', options.gap).broken, `seed ${seed}`).toEqual([]);
      expect(found.objective, `seed ${seed}`).toBeLessThanOrEqual(plain.objective + 1e-9 * scale);
      expect(found.bound, `seed ${seed}`).toBeGreaterThanOrEqual(plain.bound - 1e-9 * scale);
      // No plan of any way costs less than the bound.
      expect(found.bound, `seed ${seed}`).toBeLessThanOrEqual((await everyWay(problem)) + 1e-6 * scale);
      if (plain.gap > 1e-6) loose++;
      if (plain.gap > 1e-6 && found.gap <= 1e-6) closed++;
    }
    expect(closed).toBeGreaterThan(loose / 3);
  });

  test('a way that a high peak can end in keeps its bound, whatever its test is said to be worth', async () => {
    // 10 kWh in one of 4 h is a load factor of 25 %: 10 x 0.01, where a flat load costs 10 x 0.1 + 2.5 x 1.
    const problem = tiered(
      depot({
        sessions: [session('v', { energyKwh: 10, maxKw: 10, shortfallPrice: 1000 })],
        price: new Float64Array(4),
      }),
      [
        [30, 0.01, 0],
        [null, 0.1, 1],
      ],
    );
    const steep = { powerKw: [Float64Array.of(10, 0, 0, 0)] };
    expect(account(problem, steep).objective).toBeCloseTo(0.1, 9);
    const flat = await solve(branchOf(problem, [1]), options);
    const other = { picks: [1], multipliers: flat.multipliers };
    expect(flat.objective).toBeCloseTo(3.5, 9);
    for (const money of [0, 1e-4, 1e-3, 0.01, 1]) {
      const worth = [[money, 0]];
      const { multipliers } = await solve(branchOf(problem, [0], worth), options);
      const { bound } = branchesBound(problem, [{ picks: [0], multipliers, worth }, other]);
      expect(bound, `worth ${money}`).toBeLessThanOrEqual(0.1 + 1e-9);
    }
  });

  test('a worth that means nothing proves nothing', async () => {
    const problem = tiered(depot({ sessions: [session('v')], price: new Float64Array(4) }), [
      [10, 0.01, 0],
      [null, 0.1, 1],
    ]);
    const { branches = [] } = await solve(problem, options);
    const boundWith = (worth: number[][]): number =>
      branchesBound(
        problem,
        branches.map((branch) => ({ ...branch, worth })),
      ).bound;
    expect(boundWith([[0, 0]])).toBeGreaterThan(-Infinity);
    expect(boundWith([[-1, 0]])).toBe(-Infinity);
    expect(boundWith([[Number.NaN, 0]])).toBe(-Infinity);
    const battery = { capacityKwh: 1, maxKw: 1, efficiency: 1, initialKwh: 0, wearPerKwh: 0 };
    const priced = branches.map((branch) => ({ ...branch, worth: [[0.1, 0]] }));
    expect(branchesBound({ ...problem, battery }, priced).bound).toBe(-Infinity);
  });
});
