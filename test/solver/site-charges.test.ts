import { describe, expect, test } from 'vitest';
import { prngOf } from '#domain/prng';
import { account } from '#solver/certificate/account';
import { verify } from '#solver/certificate/verify';
import type { Choice, DepotProblem, SiteCharge, SiteForm, Solution, SolveOptions } from '#solver/problem';
import { randomDepot } from '#solver/random-depot';
import { solve } from '#solver/solve';
import { structureObstacle } from '#solver/structured/network';
import { problemFaults } from '#solver/validate';
import { connector, depot, peak, series, session } from './builders.ts';

/** More with VOLTHERD_INSTANCES=10000. */
const instances = Number(process.env['VOLTHERD_INSTANCES'] ?? 40);
const relative = (a: number, b: number): number => Math.abs(a - b) / Math.max(1, Math.abs(b));

const form = (at: readonly number[], weight = 1, past = 0): SiteForm => ({
  past,
  at: Int32Array.from(at),
  weight: new Float64Array(at.length).fill(weight),
});

/** Energy of all intervals above a bound. */
const step = (bound: number, price: number, at: readonly number[], hours = 1, used = 0): SiteCharge => ({
  id: `above ${bound}`,
  category: 'energy',
  price,
  floor: bound,
  free: bound,
  largest: 1,
  groups: [{ least: 0, forms: [form(at, hours, used)] }],
});

/** The mean of the highest days; a day that is over has no forms. */
const meanOfDays = (n: number, price: number, days: readonly (readonly number[] | number)[]): SiteCharge => ({
  id: 'mean',
  category: 'demand',
  price,
  floor: 0,
  free: 0,
  largest: n,
  groups: days.map((day) =>
    typeof day === 'number' ? { least: day, forms: [] } : { least: 0, forms: day.map((t) => form([t])) },
  ),
});

const both = ['structured', 'highs'] as const;

async function by(
  solver: SolveOptions['solver'],
  problem: DepotProblem,
  continuous = true,
): Promise<Solution> {
  expect(problemFaults(problem)).toEqual([]);
  return solve(problem, { continuous, gap: 1e-6, ...(solver === undefined ? {} : { solver }) });
}

describe('small cases by hand', () => {
  test('steps of energy: the shortfall is cheaper than the last step', async () => {
    // 30 kWh wanted; 10 at 0.10, 10 more at 0.30, above that 2.10, but not having a kWh costs 2: 20 kWh are taken.
    const problem = depot({
      sessions: [session('a', { energyKwh: 30, shortfallPrice: 2 })],
      charges: [step(10, 0.2, [0, 1, 2, 3]), step(20, 1.8, [0, 1, 2, 3])],
    });
    for (const solver of both) {
      const solution = await by(solver, problem);
      expect(solution.solver).toBe(solver);
      // 20 x 0.10 + 10 x 0.20 + 10 x 2 short = 24.
      expect(solution.objective).toBeCloseTo(24, 9);
      expect(solution.cost.energy).toBeCloseTo(4, 9);
      expect(solution.charged![0]).toBeCloseTo(20, 9);
      expect(solution.certificate.valid).toBe(true);
      expect(solution.gap).toBeLessThan(1e-9);
    }
  });

  test('used energy brings a step nearer, and each pool has its own', async () => {
    // Two days of two hours; 5 kWh are cheap on each day, 3 of the first are used. 8 kWh wanted: 2 + 5 cheap, 1 at +1.
    const problem = depot({
      sessions: [session('a', { energyKwh: 8 })],
      charges: [step(5, 1, [0, 1], 1, 3), { ...step(5, 1, [2, 3]), id: 'second' }],
    });
    for (const solver of both) expect((await by(solver, problem)).objective).toBeCloseTo(0.8 + 1, 9);
  });

  test('a mean of two days: a past day is a constant, and the day below it is free', async () => {
    // Past days 8 and 3 kW; today and tomorrow two hours each. 16 kWh at 4 kW everywhere: the two highest are 8 and 4,
    // mean 6, 10 each: 60. All on one day would be 8 kW: 8 and 8, mean 8.
    const problem = depot({
      sessions: [session('a', { energyKwh: 16 })],
      charges: [meanOfDays(2, 10, [8, 3, [0, 1], [2, 3]])],
    });
    for (const solver of both) {
      const solution = await by(solver, problem);
      expect(solution.cost.demand).toBeCloseTo(60, 7);
      expect(solution.gap).toBeLessThan(1e-9);
    }
  });

  test('means with fewer days than are asked for count the missing as nothing', async () => {
    // Three days are asked for, one is there: a third of 4 kW, at 9: 12.
    const problem = depot({
      sessions: [session('a', { energyKwh: 16 })],
      charges: [meanOfDays(3, 9, [[0, 1, 2, 3]])],
    });
    for (const solver of both) expect((await by(solver, problem)).cost.demand).toBeCloseTo(12, 7);
  });

  test('hours that count half take twice as much', async () => {
    // 12 kWh over two hours, the second counts half: x and 12 - x with x = (12 - x) / 2, so 4 kW. 10 each: 40.
    const night: SiteForm = { past: 0, at: Int32Array.of(1), weight: Float64Array.of(0.5) };
    const problem = depot({
      intervals: 2,
      sessions: [session('a', { energyKwh: 12, depart: 2 })],
      charges: [{ ...meanOfDays(1, 10, []), groups: [{ least: 0, forms: [form([0]), night] }] }],
    });
    for (const solver of both) {
      const solution = await by(solver, problem);
      expect(solution.cost.demand).toBeCloseTo(40, 7);
      expect(solution.powerKw[0]![1]).toBeCloseTo(8, 7);
    }
  });

  test('falling steps: each way is solved, the cheapest is proven', async () => {
    // 10 per kW up to 5 kW, then 2: min(10 z, 40 + 2 z). Eight hours of need in four: z = 8 is 56; one kWh costs 1 to
    // leave out, so 20 kWh at 5 kW (50 + 12 short) are worse than 8 kW (56) and 10 kW at once is not needed.
    const falling: Choice = {
      id: 'tiers',
      category: 'demand',
      options: [
        {
          id: 'first',
          constant: 0,
          perUnit: { z: 10 },
          until: { past: -5, weight: series(4, 0), peaks: { z: 1 } },
        },
        { id: 'second', constant: 40, perUnit: { z: 2 } },
      ],
    };
    const problem = depot({
      sessions: [session('a', { energyKwh: 32, shortfallPrice: 1, maxKw: 11 })],
      price: series(4, 0),
      demand: [peak('z', 4, { pricePerKw: 0 })],
      choices: [falling],
    });
    for (const solver of both) {
      const solution = await by(solver, problem);
      // 32 kWh not delivered cost 32 and raise no peak: that is cheapest of all, below 56.
      expect(solution.objective).toBeCloseTo(32, 7);
      const dear = await by(solver, {
        ...problem,
        sessions: [session('a', { energyKwh: 32, shortfallPrice: 3 })],
      });
      expect(dear.objective).toBeCloseTo(56, 7);
      expect(dear.bound).toBeCloseTo(56, 7);
      expect(dear.chosen).toEqual({ tiers: 'second' });
      expect(dear.status).toBe('optimal');
      expect(dear.reasons.join()).toContain('tiers: second is cheapest');
    }
  });

  test('the plan in force goes on where each way costs the same', async () => {
    // One price in all hours, whichever way holds: 20 kWh stay in the hours that were planned, 5 and 15.
    const flat: Choice = {
      id: 'pair',
      category: 'energy',
      options: [
        { id: 'low', constant: 0, perUnit: {}, until: { past: -100, weight: series(4, 1), peaks: {} } },
        { id: 'high', constant: 1, perUnit: {} },
      ],
    };
    const kw = Float64Array.of(0, 5, 15, 0);
    const problem = depot({
      sessions: [session('a', { energyKwh: 20, maxKw: 20 })],
      connectors: [connector('a', { maxKw: 20 })],
      previousKw: new Map([['a', kw]]),
      choices: [flat],
    });
    const solution = await by('highs', problem);
    expect(solution.chosen).toEqual({ pair: 'low' });
    for (const [t, power] of kw.entries()) expect(solution.powerKw[0]![t]).toBeCloseTo(power, 6);
  });

  test('minimum powers and steps keep to charges too', async () => {
    const problem = depot({
      connectors: [connector('a'), connector('b')],
      sessions: [
        session('a', { energyKwh: 8, minKw: 2, stepKw: 1 }),
        session('b', { connector: 1, energyKwh: 8, minKw: 2, stepKw: 1 }),
      ],
      charges: [
        meanOfDays(1, 10, [
          [0, 1],
          [2, 3],
        ]),
      ],
    });
    // 16 kWh in four hours: 4 kW in each, in steps by two vehicles that each take 2 or 4.
    const solution = await by(undefined, problem, false);
    expect(solution.certificate.valid).toBe(true);
    expect(solution.cost.demand).toBeCloseTo(40, 7);
  });
});

/** Charges and a choice that a seed draws over a drawn depot. */
function withCharges(problem: DepotProblem, seed: number): DepotProblem {
  const prng = prngOf(seed + 77);
  const next = (): number => prng.next();
  const { intervals, intervalH } = problem;
  const all = Array.from({ length: intervals }, (_, t) => t);
  const most = problem.sessions.reduce((sum, one) => sum + one.energyKwh, 0);
  const days = Math.max(1, Math.floor(intervals / (1 + Math.floor(next() * 4))));
  const groups = all.filter((t) => t % days === 0).map((from) => all.slice(from, from + days));
  const charges: SiteCharge[] = [
    step(most * next(), next(), all, intervalH, most * 0.2 * next()),
    {
      ...meanOfDays(1 + Math.floor(next() * 3), 8 * next(), [20 * next(), ...groups]),
      floor: 15 * next(),
    },
    {
      ...meanOfDays(1, 3 * next(), []),
      id: 'weights',
      groups: [{ least: 5 * next(), forms: all.map((t) => form([t], t % 3 === 0 ? 0.5 : 1, next())) }],
    },
  ];
  const choice: Choice = {
    id: 'pair',
    category: 'energy',
    options: [
      {
        id: 'below',
        constant: next(),
        perKwh: series(intervals, 0.3 * next()),
        perUnit: { weights: next() },
        until: { past: -1, weight: series(intervals, intervalH), peaks: { weights: -3 * next() } },
      },
      {
        id: 'above',
        constant: 0,
        perKwh: series(intervals, 0.2 * next()),
        perUnit: { weights: 2 * next(), mean: 1 },
      },
    ],
  };
  return { ...problem, charges, ...(seed % 3 === 0 ? { choices: [choice] } : {}) };
}

describe('law: charges on drawn depots', () => {
  test(`structured and HiGHS agree on ${instances}, and both prove it`, async () => {
    let structured = 0;
    for (let seed = 0; seed < instances; seed++) {
      const problem = withCharges(
        randomDepot({ seed: seed + 500, plain: seed % 4 > 0, intervalsMax: 48 }),
        seed,
      );
      const [mine, whole] = [await by('structured', problem), await by('highs', problem)];
      // Ways of charging may tie; bounds are those of the same programs.
      expect(relative(mine.bound, whole.bound), `seed ${seed}`).toBeLessThan(1e-7);
      for (const solution of [mine, whole]) {
        expect(verify(problem, solution, 'continuous', 1e-6).broken, `seed ${seed}`).toEqual([]);
        expect(solution.certificate.valid, `seed ${seed}`).toBe(true);
        if (problem.choices === undefined) expect(solution.gap, `seed ${seed}`).toBeLessThan(1e-7);
      }
      if (mine.solver === 'structured') structured++;
      else expect(structureObstacle(problem), `seed ${seed}`).toBeDefined();
    }
    expect(structured).toBeGreaterThan(instances / 2);
  });

  test('steps and the greedy engine: every plan holds', async () => {
    for (let seed = 0; seed < instances / 3; seed++) {
      const problem = withCharges(randomDepot({ seed: seed + 900, intervalsMax: 24 }), seed);
      for (const solver of [undefined, 'greedy'] as const) {
        const solution = await by(solver, problem, false);
        expect(verify(problem, solution, 'stepped', 1e-6).broken, `seed ${seed} ${solver}`).toEqual([]);
      }
    }
  });
});

test('faults of charges and choices are named with their paths', () => {
  const problem = depot({
    charges: [
      { ...step(5, -1, [0]), id: 'bad' },
      { ...meanOfDays(0, 1, [[7]]), floor: 1, free: 2, groups: [{ least: 0, forms: [form([7], -1)] }] },
    ],
    choices: Array.from({ length: 8 }, (_, c): Choice => ({
      id: `c${c}`,
      category: 'energy',
      options: [
        { id: 'a', constant: 0, perUnit: { none: 1 } },
        { id: 'b', constant: 0, perUnit: {} },
      ],
    })),
  });
  const found = problemFaults(problem).map(({ path, rule }) => `${path} ${rule}`);
  expect(found).toEqual(
    expect.arrayContaining([
      'charges[0].price too-small',
      'charges[1].largest too-small',
      'charges[1].free too-large',
      'charges[1].groups[0].forms[0].at[0] too-large',
      'charges[1].groups[0].forms[0].weight[0] too-small',
      'choices[0].options[0].perUnit.none unknown-charge',
      'choices[0].options[0].until missing',
      'choices too-many-ways',
    ]),
  );
});

test('a certificate that claims too little for a charge or another way is rejected', async () => {
  const problem = withCharges(randomDepot({ seed: 500, plain: true, intervalsMax: 24 }), 0);
  const solution = await by('highs', problem);
  const counted = account(problem, solution);
  expect(counted.objective).toBeCloseTo(solution.objective, 9);
  const broken = (change: Partial<Solution>): readonly string[] =>
    verify(problem, { ...solution, ...change }, 'continuous', 1e-6).broken;
  expect(broken({})).toEqual([]);
  expect(broken({ charged: solution.charged!.map((value) => value - 0.1) })).toContain('charges');
  expect(broken({ chosen: { pair: 'none' } })).toContain('ways of charging');
  expect(broken({ branches: solution.branches!.slice(1) })).toContain(
    'no bound follows from the multipliers',
  );
  const bold = solution.branches!.map((branch) => ({
    ...branch,
    multipliers: {
      ...branch.multipliers,
      charges: branch.multipliers.charges!.map((one) => ({ ...one, forms: one.forms.map((y) => y + 1) })),
    },
  }));
  expect(broken({ branches: bold })).toContain('multipliers have the wrong sign or sum');
});
