/** Real plans under every kind of tariff: what the solver minimises is the bill that its plan makes. @module */
import { describe, expect, test } from 'vitest';
import { prngOf } from '#domain/prng';
import { seconds, type EpochS } from '#domain/units';
import { solverMoneyOf } from '#engine/solver-money';
import type { DepotProblem, Session, Solution, SolveOptions } from '#solver/problem';
import { solve } from '#solver/solve';
import { billOf } from '#tariffs/bill';
import type { BillingState } from '#tariffs/billing-state';
import type { CostModel } from '#tariffs/cost-model';
import { costModelOf } from '#tariffs/cost-model-of';
import { parseTariff } from '#tariffs/parse-tariff';
import { planGapOf, type PlanGap } from '#tariffs/plan-gap';
import type { Tariff, TariffDocument } from '#tariffs/tariff';
import { connector, series, session } from '../solver/builders.ts';
import { at, catalogueDocument, catalogueIds, flatEnergy, tariffOf, valueOf } from '../tariffs/builders.ts';
import { everyKind } from '../tariffs/line-kinds.ts';

/** More with VOLTHERD_TARIFF_RUNS=50. */
const runs = Number(process.env['VOLTHERD_TARIFF_RUNS'] ?? 2);

interface Night {
  readonly tariff: Tariff;
  readonly state?: BillingState;
  readonly startS: EpochS;
  readonly minutes: number;
  readonly fixedLoadKw: Float64Array;
  readonly sessions: readonly Session[];
}

interface Planned {
  readonly model: CostModel;
  readonly problem: DepotProblem;
  readonly solution: Solution;
  /** What the solver minimised, as money of the bill. */
  readonly objective: number;
  readonly gap: PlanGap;
}

/** The plan of a night and the bill of its site load. */
async function planned(night: Night, solver?: SolveOptions['solver']): Promise<Planned> {
  const { tariff, state, startS, minutes, fixedLoadKw, sessions } = night;
  const intervals = fixedLoadKw.length;
  const grid = { startS, intervalS: seconds(minutes * 60), count: intervals };
  const request = { tariff, grid, ...(state === undefined ? {} : { state }) };
  const model = valueOf(costModelOf(request));
  const problem: DepotProblem = {
    intervalH: minutes / 60,
    intervals,
    circuits: [{ id: 'grid', parent: -1, limitKw: series(intervals, 1000) }],
    connectors: sessions.map((one) => connector(`c${one.connector}`, { maxKw: 150 })),
    modules: [],
    sessions,
    fixedLoadKw,
    ...solverMoneyOf(model, fixedLoadKw),
    earliness: 0,
  };
  const solution = await solve(problem, {
    continuous: true,
    gap: 1e-6,
    ...(solver === undefined ? {} : { solver }),
  });
  const siteKw = Float64Array.from(fixedLoadKw);
  for (const [s, { arrive }] of sessions.entries())
    for (const [i, kw] of solution.powerKw[s]!.entries()) siteKw[arrive + i]! += kw;
  const fixedEnergy = fixedLoadKw.reduce(
    (sum, kw, t) => sum + (kw * model.pricePerKwh[t]! * minutes) / 60,
    0,
  );
  return {
    model,
    problem,
    solution,
    objective: Math.max(
      model.leastBill ?? -Infinity,
      solution.cost.energy + solution.cost.demand + fixedEnergy + model.constant,
    ),
    gap: valueOf(planGapOf(request, siteKw)),
  };
}

const beginnings = [
  '2026-01-31T14:00:00Z',
  '2026-03-28T20:00:00Z',
  '2026-07-06T15:00:00Z',
  '2026-10-24T19:00:00Z',
];

/** A night with a past of some days, drawn from a seed. */
function nightOf(tariff: Tariff, seed: number): Night {
  const prng = prngOf(seed * 31 + 7);
  const between = (low: number, high: number): number => low + (high - low) * prng.next();
  const startS = at(beginnings[seed % beginnings.length]!);
  const minutes = seed % 3 === 0 ? 30 : 15;
  const intervals = (16 * 60) / minutes;
  const before = Float64Array.from({ length: 96 * 4 }, () => between(0, 160));
  const past = valueOf(
    billOf({ tariff, start: (startS - before.length * 900) as EpochS, intervalS: 900, kw: before }),
  );
  const sessions = Array.from({ length: 4 }, (_, c) => {
    const arrive = Math.floor(between(0, intervals / 3));
    const depart = Math.floor(between((intervals * 2) / 3, intervals));
    const energyKwh = between(0.1, 0.5) * 60 * (depart - arrive) * (minutes / 60);
    return session(`v${c}`, { connector: c, arrive, depart, energyKwh, maxKw: 60, shortfallPrice: 2000 });
  });
  const fixedLoadKw = Float64Array.from({ length: intervals }, () => between(0, 60));
  return { tariff, state: past.state, startS, minutes, fixedLoadKw, sessions };
}

function check({ model, solution, objective, gap }: Planned, name: string): void {
  expect(solution.certificate.valid, name).toBe(true);
  // The solver's money is the model's, and the gap that is told is the difference to the bill.
  expect(Math.abs(objective - gap.objective), name).toBeLessThan(0.01);
  expect(gap.gap).toBeCloseTo(gap.objective - gap.bill, 9);
  if (model.approximations.every(({ affects }) => affects === 'later-bills'))
    expect(Math.abs(objective - gap.bill), name).toBeLessThan(0.01);
  if ((model.choices ?? []).length === 0) expect(solution.status, name).toBe('optimal');
}

describe('law: the objective of a plan is its bill within 0.01', () => {
  test.each(everyKind)('$name', async ({ lines }) => {
    for (let seed = 0; seed < runs; seed++) {
      const tariff = tariffOf([flatEnergy(0.1, 'base'), ...lines], {
        timezone: ['Europe/Berlin', 'Asia/Kathmandu'][seed % 2]!,
        meter: { demandIntervalMinutes: seed % 2 === 0 ? 15 : 60, powerFactor: 0.9 },
      });
      check(await planned(nightOf(tariff, seed)), `seed ${seed}`);
    }
  });

  test.each(catalogueIds())('%s', async (id) => {
    const tariff = valueOf(parseTariff(catalogueDocument(id) as TariffDocument));
    const perKwh = Array.from({ length: 10_000 }, (_, h) => ((h * 7) % 24) / 100);
    const flat = { start: '2025-12-01T00:00:00Z', intervalMinutes: 60, perKwh };
    for (let seed = 0; seed < runs; seed++) {
      const made = nightOf({ ...tariff, series: { 'day-ahead': flat, ...tariff.series } }, seed);
      check(await planned(made), `seed ${seed}`);
    }
  });
});

describe('plans by hand', () => {
  /** Hours from midnight on 7 July 2026, one vehicle that may draw 100 kW. */
  const hours = (
    lines: TariffDocument['lines'],
    more: {
      kwh: number;
      hours?: number;
      state?: BillingState;
      rest?: Partial<TariffDocument>;
      shortfall?: number;
    },
  ): Night => ({
    tariff: tariffOf(lines, { meter: { demandIntervalMinutes: 60 }, ...more.rest }),
    ...(more.state === undefined ? {} : { state: more.state }),
    startS: at('2026-07-07T00:00:00Z'),
    minutes: 60,
    fixedLoadKw: series(more.hours ?? 4, 0),
    sessions: [
      session('v', {
        depart: more.hours ?? 4,
        energyKwh: more.kwh,
        maxKw: 100,
        shortfallPrice: more.shortfall ?? 1000,
      }),
    ],
  });
  const always = { id: 'a', when: 'always' } as const;
  const billed = async (
    night: Night,
  ): Promise<readonly [bill: number, powers: number[], chosen: unknown]> => {
    const one = await planned(night, 'highs');
    expect(Math.abs(one.objective - one.gap.bill)).toBeLessThan(1e-6);
    return [one.gap.bill, [...one.solution.powerKw[0]!], one.solution.chosen];
  };

  test('power tiers that rise: the plan goes no higher than it must', async () => {
    // 80 kWh in four hours are 20 kW: 10 x 1 + 10 x 3 = 40.
    const tiers = [
      { upTo: 10, price: 1 },
      { upTo: null, price: 3 },
    ];
    const [bill] = await billed(
      hours([{ kind: 'demand', id: 'd', windows: [{ ...always, tiers }] }, flatEnergy(0)], { kwh: 80 }),
    );
    expect(bill).toBeCloseTo(40, 6);
  });

  test('power tiers that fall: leaving some energy out pays only below the fall', async () => {
    // 20 kW cost 10 x 5 + 10 x 0.1 = 51. At 0.7 per kWh short, 10 kW (50) with 40 kWh short (28) is dearer, nothing at
    // all (56 short) too: 51 it is.
    const tiers = [
      { upTo: 10, price: 5 },
      { upTo: null, price: 0.1 },
    ];
    const [bill, , chosen] = await billed(
      hours([{ kind: 'demand', id: 'd', windows: [{ ...always, tiers }] }, flatEnergy(0)], {
        kwh: 80,
        shortfall: 0.7,
      }),
    );
    expect(bill).toBeCloseTo(51, 6);
    expect(Object.values(chosen as object)).toEqual(['from 10']);
  });

  test('the mean of three days with two past ones: below the third highest nothing is paid', async () => {
    // Past days 30, 24 and 9 kW: the mean is 21. Today 60 kWh in four hours at 15 kW: (30 + 24 + 15) / 3 = 23, at 3 each 69.
    const day = (date: string, kw: number): { kw: number; at: string; day: string } => ({
      kw,
      at: `${date}T10:00:00Z`,
      day: date,
    });
    const state: BillingState = {
      periodStart: '2026-07-01',
      past: [],
      lines: {
        d: {
          windows: {
            a: { peakKw: 30, tops: [day('2026-07-02', 30), day('2026-07-03', 24), day('2026-07-05', 9)] },
          },
        },
      },
    };
    const lines: TariffDocument['lines'] = [
      { kind: 'demand', id: 'd', windows: [{ ...always, price: 3 }], measure: { kind: 'mean-top', n: 3 } },
      flatEnergy(0),
    ];
    expect((await billed(hours(lines, { kwh: 60, state })))[0]).toBeCloseTo(69, 6);
    // 36 kWh at 9 kW cost nothing above the mean so far: 63.
    expect((await billed(hours(lines, { kwh: 36, state })))[0]).toBeCloseTo(63, 6);
  });

  test('energy tiers go on from what was used, and a dearer hour waits for what the cheap tier leaves', async () => {
    // 90 of 100 cheap kWh are used. 40 kWh: 10 x 0.1 + 30 x 0.4 = 13.
    const tiers = [
      { upTo: 100, price: 0.1 },
      { upTo: null, price: 0.4 },
    ];
    const state: BillingState = {
      periodStart: '2026-07-01',
      past: [],
      lines: {
        energy: {
          windows: { a: { kwh: 90 } },
          runs: [{ window: 'a', day: '2026-07-06', kwh: 90 }],
          charged: { 'a|tier 1': 9 },
        },
      },
    };
    const [bill] = await billed(
      hours([{ kind: 'energy', id: 'energy', windows: [{ ...always, tiers }] }], { kwh: 40, state }),
    );
    expect(bill).toBeCloseTo(13, 6);
  });

  test('a tier of the month ends with the month', async () => {
    // From 22:00 on 31 July: two hours of July with 5 cheap kWh, two of August with 5 cheap kWh again. 10 kWh cost 1.
    const tiers = [
      { upTo: 5, price: 0.1 },
      { upTo: null, price: 1 },
    ];
    const night = hours([{ kind: 'energy', id: 'energy', windows: [{ ...always, tiers }] }], { kwh: 10 });
    const [bill, kw] = await billed({ ...night, startS: at('2026-07-31T22:00:00Z') });
    expect(bill).toBeCloseTo(1, 6);
    expect(kw[0]! + kw[1]!).toBeCloseTo(5, 6);
  });

  test('contracted kVA with excess: up to the contract power is free', async () => {
    // 36 kVA are 32.4 kW at a power factor of 0.9; 160 kWh are 40 kW: 44.44 kVA, 8.44 above at 2 = 16.89, plus 36 x 1.
    const [bill] = await billed(
      hours(
        [
          {
            kind: 'contracted-capacity',
            id: 'c',
            capacity: 36,
            unit: 'kVA',
            price: 1,
            per: 'month',
            excessPrice: 2,
          },
          flatEnergy(0),
        ],
        { kwh: 160, rest: { meter: { demandIntervalMinutes: 60, powerFactor: 0.9 } } },
      ),
    );
    expect(bill).toBeCloseTo(36 + 2 * (40 / 0.9 - 36), 5);
  });

  test('the level of a subscription is chosen with the plan (PG&E BEV-1: 12.41 per 10 kW, overage 2.482 per kW)', async () => {
    // 50 kWh, free in hours 0 and 1, 1 per kWh after: at a peak p 50 - 2p are paid. 12.5 kW: 1 block, 2.5 kW above and 25 kWh
    // are 43.615. 20 kW: 2 blocks and 10 kWh, 34.82. 25 kW: 2 blocks and 5 kW above, as dear as 3 blocks, 37.23.
    const lines: TariffDocument['lines'] = [
      {
        kind: 'subscription',
        id: 's',
        blockKw: 10,
        pricePerBlock: 12.41,
        overagePrice: 2.482,
        levelKw: 'chosen',
      },
      {
        kind: 'energy',
        id: 'e',
        windows: [
          { id: 'free', when: [{ from: '00:00', to: '02:00' }], price: 0 },
          { id: 'dear', when: 'otherwise', price: 1 },
        ],
      },
    ];
    const night = hours(lines, { kwh: 50 });
    const { solution, gap, objective } = await planned(night);
    expect(gap.bill).toBeCloseTo(34.82, 6);
    expect(objective).toBeCloseTo(34.82, 6);
    expect(solution.status).toBe('optimal');
    expect(solution.chosen).toEqual({ 's@2026-07-01': '2 blocks' });
    // 31 kW so far: 3 blocks and 1 kW are 39.712 in any case; 25 kW in the free hours cost nothing more.
    const state: BillingState = {
      periodStart: '2026-07-01',
      lines: { s: { charged: { '|subscribed': 37.23, '|overage': 2.482 } } },
      past: [],
      period: { kwh: 100, peakKw: 31, intervals: 144, missing: 0, seconds: 518_400, days: 6 },
    };
    expect((await planned(hours(lines, { kwh: 50, state }))).gap.bill).toBeCloseTo(0, 6);
  });

  test('blocks too many to be tried are planned in parts of a block, and the gap is told', async () => {
    // 198 kWh in four hours are 49.5 kW in blocks of 1 kW at 1, overage 3: the bill takes 50 blocks, the plan counts 49.5.
    const line = { kind: 'subscription', id: 's', blockKw: 1, pricePerBlock: 1, overagePrice: 3 } as const;
    const night = hours([{ ...line, levelKw: 'chosen' }, flatEnergy(0)], { kwh: 198 });
    const { gap, model } = await planned(night);
    expect([gap.objective, gap.bill]).toEqual([expect.closeTo(49.5, 6), 50]);
    expect(model.approximations).toMatchObject([
      { line: 's', reason: expect.stringContaining('levels above 48 kW') as string, affects: 'this-bill' },
    ]);
    // 15.5 kW are among the levels that are tried, exactly.
    const fewer = await planned(hours([{ ...line, levelKw: 'chosen' }, flatEnergy(0)], { kwh: 62 }));
    expect([fewer.gap.objective, fewer.gap.bill]).toEqual([expect.closeTo(16, 6), 16]);
    expect(fewer.solution.chosen).toEqual({ 's@2026-07-01': '16 blocks' });
    expect(fewer.solution.status).toBe('optimal');
    // A site that cannot draw more than 3 kW has three levels, all exact.
    const small = valueOf(costModelOf({ tariff: night.tariff, grid: model.grid, highestKw: 3 }));
    expect(small.choices?.[0]?.options.map(({ id }) => id)).toEqual(['1 block', '2 blocks', '3 blocks']);
    expect(small.approximations).toEqual([]);
  });

  test('the highest of two calls is paid once', async () => {
    // Hours 1 and 3 are calls; 240 kWh of 400 possible: hours 0 and 2 take 200, 20 kW are left for each call: 20 x 5.
    const calls = [1, 3].map((h) => ({
      start: `2026-07-07T0${h}:00:00Z`,
      end: `2026-07-07T0${h + 1}:00:00Z`,
    }));
    const [bill, kw] = await billed(
      hours([{ kind: 'coincident', id: 'c', pricePerKw: 5, calls }, flatEnergy(0)], { kwh: 240 }),
    );
    expect(bill).toBeCloseTo(100, 6);
    expect(kw[1]).toBeCloseTo(20, 6);
  });

  test('a price pair is the cheaper of its sides', async () => {
    // 5 days of 24 h known with 12,000 kWh and 100 kW; threshold 2,500 h. E / P x 365 / 6 days = 12,080 / 100 x 60.8 = 7,348
    // hours: above. Power is paid at 200 whatever is done below 100 kW; 80 kWh at 0.01 are 0.8.
    const state: BillingState = {
      periodStart: '2026-07-01',
      lines: { p: { charged: { '|above power': 20_000, '|above energy': 120 } } },
      past: [],
      period: {
        kwh: 12_000,
        peakKw: 100,
        intervals: 144,
        missing: 0,
        seconds: 518_400,
        days: 6,
        lastDay: '2026-07-06',
      },
      year: { start: '2026-01-01', kwh: 12_000, peakKw: 100, days: 6, lastDay: '2026-07-06' },
    };
    const pair: TariffDocument['lines'][number] = {
      kind: 'price-pair',
      id: 'p',
      thresholdHours: 2500,
      below: { perKw: 20, perKwh: 0.082 },
      above: { perKw: 200, perKwh: 0.01 },
    };
    const [bill, , chosen] = await billed(hours([pair, flatEnergy(0)], { kwh: 80, state }));
    expect(bill).toBeCloseTo(0.8, 6);
    expect(chosen).toEqual({ 'p@2026': 'from 2500 h' });
  });

  test('hours at night that count half carry twice the power', async () => {
    // Hours 0 and 1 count half: x there, x / 2 in hours 2 and 3, 90 kWh: 3 x = 90, so 30 kW that count 15, at 4 = 60.
    const [bill, kw] = await billed(
      hours(
        [
          {
            kind: 'demand',
            id: 'd',
            windows: [{ ...always, price: 4, weights: [{ when: [{ to: '02:00' }], factor: 0.5 }] }],
          },
          flatEnergy(0),
        ],
        { kwh: 90 },
      ),
    );
    expect(bill).toBeCloseTo(60, 6);
    expect(kw[0]).toBeCloseTo(30, 5);
  });

  test('a peak of July holds in August of the same night by the ratchet', async () => {
    // From 22:00 on 31 July, 80 % ratchet, 3 per kW in each month. x in July, y in August, 2 x + 2 y = 80; the bill is
    // 3 x + 3 max(y, 0.8 x): at y = 0.8 x, so x = 40 / 1.8 = 22.22 and 3 x 1.8 x 22.22 = 120.
    const line: TariffDocument['lines'][number] = {
      kind: 'demand',
      id: 'd',
      windows: [{ ...always, price: 3 }],
      ratchet: { percent: 80 },
    };
    const night = hours([line, flatEnergy(0)], { kwh: 80 });
    const [bill, kw] = await billed({ ...night, startS: at('2026-07-31T22:00:00Z') });
    expect(bill).toBeCloseTo(120, 6);
    expect(kw[2]! + kw[3]!).toBeGreaterThanOrEqual((0.8 * 80) / 1.8 - 1e-6);
  });
});
