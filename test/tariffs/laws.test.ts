import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seconds } from '#domain/units';
import { billOf } from '#tariffs/bill';
import type { Bill } from '#tariffs/bill-form';
import { emptyState, type BillingState } from '#tariffs/billing-state';
import { costModelOf } from '#tariffs/cost-model-of';
import { parseTariff } from '#tariffs/parse-tariff';
import type { Tariff, TariffDocument } from '#tariffs/tariff';
import { objectiveOf } from '#tariffs/model-value';
import { at, tariffOf, valueOf } from './builders.ts';

type Line = TariffDocument['lines'][number];
type Clause = Exclude<Extract<Line, { kind: 'demand' }>['windows'][number]['when'], string>[number];

const runs = Number(process.env['VOLTHERD_RUNS'] ?? '30');
const price = fc.integer({ min: 1, max: 50_000 }).map((n) => n / 100_000);
const perKw = fc.integer({ min: 1, max: 4000 }).map((n) => n / 100);
const halfHour = fc
  .integer({ min: 0, max: 47 })
  .map((n) => `${String(n >> 1).padStart(2, '0')}:${n % 2 === 0 ? '00' : '30'}`);
const hours = fc
  .tuple(halfHour, halfHour)
  .filter(([from, to]) => from !== to)
  .map(([a, b]) => (a < b ? { from: a, to: b } : { from: b, to: a }));
const clause: fc.Arbitrary<Clause> = fc
  .record({
    hours,
    days: fc.constantFrom('all', 'weekdays', 'weekends'),
    season: fc.constantFrom(undefined, 'summer', 'winter'),
    holidays: fc.constantFrom('usual', 'exclude', 'include', 'only'),
  })
  .map(({ hours: span, days, season, holidays }) => ({
    ...span,
    days,
    holidays,
    ...(season === undefined ? {} : { seasons: [season] }),
  }));

/** Energy of two windows: some hours and the rest. */
const energy = (id: string): fc.Arbitrary<Line> =>
  fc.tuple(clause, price, price).map(([when, a, b]) => ({
    kind: 'energy',
    id,
    windows: [
      { id: 'some', when: [when], price: a },
      { id: 'rest', when: 'otherwise', price: b },
    ],
  }));
const tieredEnergy = fc
  .tuple(clause, price, price, price, fc.constantFrom('period', 'day'))
  .map(([when, a, b, c, tierReset]): Line => ({
    kind: 'energy',
    id: 'tiered',
    tierReset,
    windows: [
      {
        id: 'some',
        when: [when],
        tiers: [
          { upTo: 500, price: a },
          { upTo: 100, unit: 'kWhPerKw', price: b },
          { upTo: null, price: c },
        ],
      },
      {
        id: 'rest',
        when: 'otherwise',
        tiers: [
          { upTo: 800, price: b },
          { upTo: null, price: a },
        ],
      },
    ],
  }));
/** Demand that is convex in the load: peaks by period, day or year, with rising tiers or a ratchet. */
const convexDemand = fc
  .tuple(clause, perKw, perKw, fc.constantFrom('plain', 'tiers', 'day', 'year', 'ratchet', 'kva'))
  .map(([when, a, b, form]): Line => ({
    kind: 'demand',
    id: 'demand',
    windows: [
      form === 'tiers'
        ? {
            id: 'some',
            when: [when],
            tiers: [
              { upTo: 60, price: Math.min(a, b) },
              { upTo: null, price: Math.max(a, b) },
            ],
          }
        : { id: 'some', when: [when], price: a },
      { id: 'all', when: 'always', price: b },
    ],
    ...(form === 'day' ? { reset: 'day' as const } : form === 'year' ? { reset: 'year' as const } : {}),
    ...(form === 'ratchet' ? { ratchet: { percent: 80, currentPercent: 90, floorKw: 30 } } : {}),
    ...(form === 'kva' ? { unit: 'kVA' as const } : {}),
  }));
const otherConvex: Line[] = [
  { kind: 'fixed', id: 'fixed', amount: 12.34, per: 'day' },
  { kind: 'contracted-capacity', id: 'capacity', capacity: 80, price: 2, per: 'month', excessPrice: 7 },
  { kind: 'reactive', id: 'reactive', pfLimit: 0.95, pricePerKvarh: 0.02 },
  { kind: 'credit', id: 'credit', perKwh: 0.005 },
  { kind: 'percent', id: 'levy', percent: 7, of: ['demand', 'energy'] },
  { kind: 'percent', id: 'vat', percent: 19 },
];
const rest: Partial<TariffDocument> = {
  timezone: 'America/Los_Angeles',
  calendar: {
    seasons: {
      summer: { ranges: [{ from: '05-15', to: '10-14' }] },
      winter: { ranges: [{ from: '10-15', to: '05-14' }] },
    },
    holidays: [
      { month: 7, day: 4, observed: 'monday' },
      { month: 11, weekday: 'thu', nth: 4 },
    ],
  },
  meter: { powerFactor: 0.9 },
};
const convexTariff: fc.Arbitrary<Tariff> = fc
  .tuple(energy('energy'), convexDemand, fc.subarray(otherConvex), fc.constantFrom(15, 30, 60))
  .map(([e, d, more, minutes]) =>
    tariffOf([e, d, ...more], {
      ...rest,
      meter: { powerFactor: 0.9, demandIntervalMinutes: minutes },
      billing: { rounding: { scope: 'none' } },
    }),
  );
const curved: Line[] = [
  {
    kind: 'subscription',
    id: 'subscription',
    blockKw: 20,
    pricePerBlock: 30,
    overagePrice: 4,
    graceCycles: 1,
    levelKw: 50,
    stepUpAfter: 2,
  },
  {
    kind: 'subscription',
    id: 'chosen',
    blockKw: 20,
    pricePerBlock: 30,
    overagePrice: 4,
    graceCycles: 1,
    levelKw: 'chosen',
  },
  {
    kind: 'price-pair',
    id: 'pair',
    thresholdHours: 2500,
    below: { perKw: 16.53, perKwh: 0.0859 },
    above: { perKw: 191.79, perKwh: 0.0158 },
  },
  {
    kind: 'load-factor-tiers',
    id: 'factor',
    windows: [{ id: 'all', when: 'always' }],
    tiers: [
      { id: 'low', upToPercent: 30, perKw: 1, perKwh: { all: 0.1 } },
      { id: 'high', upToPercent: null, perKw: 9 },
    ],
  },
  { kind: 'minimum-bill', id: 'least', amount: 100, per: 'month' },
  { kind: 'minimum-bill', id: 'least of the year', amount: 5000, per: 'year', settled: 'year' },
  {
    kind: 'coincident',
    id: 'calls',
    pricePerKw: 3,
    measure: 'mean',
    calls: Array.from({ length: 12 }, (_, k) => ({
      start: `2026-${String(k + 1).padStart(2, '0')}-14T17:00:00Z`,
      end: `2026-${String(k + 1).padStart(2, '0')}-14T19:00:00Z`,
    })),
  },
  {
    kind: 'demand',
    id: 'twelfths',
    reset: 'year',
    accrual: 'twelfths',
    windows: [{ id: 'all', when: 'always', price: 60 }],
  },
  {
    kind: 'energy',
    id: 'allowance',
    windows: [
      {
        id: 'all',
        when: 'always',
        tiers: [
          { upTo: 300, unit: 'kWhPerDay', price: 0.11 },
          { upTo: 5, unit: 'kWhPerKwDay', price: 0.09 },
          { upTo: null, price: 0.31 },
        ],
      },
    ],
  },
  {
    kind: 'demand',
    id: 'tops',
    windows: [{ id: 'all', when: 'always', price: 20 }],
    measure: { kind: 'mean-top', n: 3 },
  },
  {
    kind: 'demand',
    id: 'rolling',
    windows: [{ id: 'all', when: 'always', price: 4 }],
    measure: { kind: 'rolling-mean', floorKw: 2.5 },
  },
];
/** Every kind of line that there is. */
const anyTariff: fc.Arbitrary<Tariff> = fc
  .tuple(
    energy('energy'),
    tieredEnergy,
    convexDemand,
    fc.shuffledSubarray(curved),
    fc.subarray(otherConvex),
    fc.constantFrom('none', 'line', 'total'),
  )
  .map(([e, t, d, more, other, scope]) =>
    tariffOf([e, t, d, ...more, ...other], { ...rest, billing: { rounding: { scope: scope as 'none' } } }),
  );

/** A quarter hour of 2026 as start, in whole hours where it matters. */
const start = fc
  .integer({ min: 0, max: 360 * 24 })
  .map((hour) => at(new Date(1767225600000 + hour * 3_600_000).toISOString()));
const load = (min: number, max: number): fc.Arbitrary<number[]> =>
  fc.array(
    fc.integer({ min: 0, max: 200_000 }).map((n) => n / 1000),
    { minLength: min, maxLength: max },
  );

const bill = (tariff: Tariff, from: number, kw: readonly number[], state: BillingState = emptyState): Bill =>
  valueOf(
    billOf({
      tariff,
      start: from as ReturnType<typeof at>,
      intervalS: 3600,
      kw: Float64Array.from(kw),
      state,
    }),
  );
const micro = (value: number): number => Math.round(value * 1e6);

describe('laws of bills', () => {
  test('law: bill(A then B) = bill(A) + bill(B) with the state handed on', () => {
    fc.assert(
      fc.property(
        anyTariff,
        start,
        load(2, 2200),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (tariff, from, kw, share) => {
          const cut = Math.round((kw.length - 1) * share);
          const whole = bill(tariff, from, kw);
          const first = bill(tariff, from, kw.slice(0, cut));
          // States are JSON through and through.
          const state = JSON.parse(JSON.stringify(first.state)) as BillingState;
          const second = bill(tariff, from + cut * 3600, kw.slice(cut), state);
          expect(micro(first.total) + micro(second.total)).toBe(micro(whole.total));
          expect(second.state).toEqual(whole.state);
        },
      ),
      { numRuns: runs, seed: 3 },
    );
  });

  const fedIn = fc
    .tuple(clause, price, price, fc.constantFrom('instant', 'gross', 'period'))
    .map(([when, a, b, netting]): Line => ({
      kind: 'energy',
      id: 'both ways',
      netting,
      windows: [
        { id: 'some', when: [when], price: a, sell: b / 2 },
        {
          id: 'rest',
          when: 'otherwise',
          tiers: [
            { upTo: 700, price: b },
            { upTo: null, price: a },
          ],
        },
      ],
      adders: [{ id: 'fee', price: 0.01 }],
    }));
  const both = fc.array(
    fc.integer({ min: -200_000, max: 200_000 }).map((n) => n / 1000),
    {
      minLength: 2,
      maxLength: 1500,
    },
  );

  test('law: energy fed in is set off alike in one bill and in two, over the turn of the year too', () => {
    fc.assert(
      fc.property(
        fedIn,
        fc.constantFrom(...curved),
        start,
        both,
        fc.double({ min: 0, max: 1, noNaN: true }),
        (line, more, from, kw, share) => {
          const tariff = tariffOf([line, more], { ...rest, billing: { rounding: { scope: 'none' } } });
          const cut = Math.round((kw.length - 1) * share);
          const whole = bill(tariff, from, kw);
          const first = bill(tariff, from, kw.slice(0, cut));
          const state = JSON.parse(JSON.stringify(first.state)) as BillingState;
          const second = bill(tariff, from + cut * 3600, kw.slice(cut), state);
          expect(micro(first.total) + micro(second.total)).toBe(micro(whole.total));
          expect(second.state).toEqual(whole.state);
        },
      ),
      { numRuns: runs * 2, seed: 12 },
    );
  });

  test('law: netted over a period, energy fed in is worth its price at most and never less than nothing', () => {
    fc.assert(
      fc.property(price, price, start, both, (buy, sell, from, kw) => {
        const line = (netting: 'instant' | 'period'): Line => ({
          kind: 'energy',
          id: 'e',
          netting,
          windows: [{ id: 'all', when: 'always', price: Math.max(buy, sell), sell: Math.min(buy, sell) }],
        });
        const totalOf = (netting: 'instant' | 'period'): number =>
          bill(tariffOf([line(netting)], { billing: { rounding: { scope: 'none' } } }), from, kw).total;
        const gross = kw.reduce((sum, power) => sum + Math.max(0, power), 0) * Math.max(buy, sell);
        // Within a year whose end the load does not reach, what is left over has not been paid yet.
        expect(totalOf('period')).toBeLessThanOrEqual(gross + 1e-6);
        expect(
          totalOf('period') - kw.reduce((sum, power) => sum + power, 0) * Math.max(buy, sell),
        ).toBeGreaterThan(-1e-3);
      }),
      { numRuns: runs, seed: 13 },
    );
  });

  test('law: lines add up to the total', () => {
    fc.assert(
      fc.property(anyTariff, start, load(1, 1500), (tariff, from, kw) => {
        const made = bill(tariff, from, kw);
        const exact = tariff.billing.rounding.scope !== 'total';
        for (const period of made.periods) {
          const lines = period.lines.reduce((sum, line) => sum + micro(line.amount), 0);
          const parts = Object.values(period.subtotals).reduce((sum, part) => sum + micro(part), 0);
          expect(parts).toBe(lines);
          if (exact) expect(micro(period.total)).toBe(lines);
          else expect(Math.abs(micro(period.total) - lines)).toBeLessThanOrEqual(5000);
        }
        expect(made.periods.reduce((sum, period) => sum + micro(period.total), 0)).toBe(micro(made.total));
      }),
      { numRuns: runs, seed: 4 },
    );
  });

  test('law: the order of intervals inside one window changes nothing', () => {
    fc.assert(
      fc.property(
        clause,
        perKw,
        price,
        start,
        load(24, 300),
        fc.infiniteStream(fc.nat()),
        (when, a, b, from, kw, keys) => {
          const tariff = tariffOf(
            [
              {
                kind: 'energy',
                id: 'e',
                windows: [
                  { id: 'some', when: [when], price: b },
                  { id: 'rest', when: 'otherwise', price: b * 2 },
                ],
              },
              { kind: 'demand', id: 'd', windows: [{ id: 'some', when: [when], price: a }] },
            ],
            { ...rest, billing: { period: { kind: 'read-dates', dates: ['2025-01-01', '2028-01-01'] } } },
          );
          // One unit of power in each interval in turn tells which window it lies in.
          const probe = valueOf(
            costModelOf({ tariff, grid: { startS: from, intervalS: seconds(3600), count: kw.length } }),
          );
          const shuffled = [...kw];
          for (const value of new Set(probe.pricePerKwh)) {
            const inside = kw.flatMap((_, t) => (probe.pricePerKwh[t] === value ? [t] : []));
            const order = inside.map((t) => [keys.next().value ?? 0, t] as const).sort((x, y) => x[0] - y[0]);
            for (const [k, t] of inside.entries()) shuffled[t] = kw[order[k]?.[1] ?? t] ?? 0;
          }
          const amounts = (made: Bill): readonly unknown[] =>
            made.periods.map((period) =>
              period.lines.map((line) => [line.id, line.window, line.quantity, line.amount]),
            );
          expect(amounts(bill(tariff, from, shuffled))).toEqual(amounts(bill(tariff, from, kw)));
        },
      ),
      { numRuns: runs, seed: 5 },
    );
  });

  test('law: more load never lowers a bill of prices that are not negative', () => {
    const monotone = fc
      .tuple(
        energy('energy'),
        convexDemand,
        fc.subarray(otherConvex.filter((line) => line.kind !== 'credit')),
        fc.subarray(curved.filter((line) => line.kind === 'demand')),
      )
      .map(([e, d, more, tops]) => tariffOf([e, d, ...more, ...tops], rest));
    fc.assert(
      fc.property(
        monotone,
        start,
        load(2, 400),
        fc.nat(),
        fc.integer({ min: 0, max: 100 }),
        (tariff, from, kw, where, more) => {
          const higher = kw.map((power, t) => (t === where % kw.length ? power + more : power));
          expect(bill(tariff, from, higher).total).toBeGreaterThanOrEqual(bill(tariff, from, kw).total);
        },
      ),
      { numRuns: runs, seed: 6 },
    );
  });

  test('law: the objective of a convex tariff is its bill within 0.01, whatever came before', () => {
    fc.assert(
      fc.property(
        convexTariff,
        start,
        load(24, 24 * 40),
        load(4, 192),
        fc.constantFrom(5, 15, 60),
        (tariff, from, before, kw, minutes) => {
          const { state } = bill(tariff, from, before);
          const begin = from + before.length * 3600;
          // Whole hours: a block that is not over sets no peak yet.
          const count = Math.max(60 / minutes, kw.length - (kw.length % (60 / minutes)));
          const power = Array.from({ length: count }, (_, t) => kw[t] ?? 0);
          const grid = { startS: begin as ReturnType<typeof at>, intervalS: seconds(minutes * 60), count };
          const model = valueOf(costModelOf({ tariff, grid, state }));
          const made = valueOf(
            billOf({
              tariff,
              start: grid.startS,
              intervalS: minutes * 60,
              kw: Float64Array.from(power),
              state,
            }),
          );
          const silent = model.approximations.filter((one) => !/later bills/.test(one.reason));
          expect(silent).toEqual([]);
          expect(Math.abs(objectiveOf(model, Float64Array.from(power)) - made.total)).toBeLessThanOrEqual(
            0.01,
          );
        },
      ),
      { numRuns: runs * 2, seed: 8 },
    );
  });

  test('law: the cost of one more kW at the peak is what the bill rises by', () => {
    fc.assert(
      fc.property(convexTariff, start, load(24, 300), (tariff, from, kw) => {
        const made = bill(tariff, from, kw);
        const period = made.periods[0];
        if (period === undefined || made.periods.length !== 1) return;
        const peak = kw.indexOf(Math.max(...kw));
        const one = 0.01;
        const rise =
          bill(
            tariff,
            from,
            kw.map((power, t) => (t === peak ? power + one : power)),
          ).total - made.total;
        const model = valueOf(
          costModelOf({ tariff, grid: { startS: from, intervalS: seconds(3600), count: kw.length } }),
        );
        const energyPart = one * (model.pricePerKwh[peak] ?? 0);
        // At a bend (the first kW above a floor or a tier) the price on either side may hold.
        const told = period.marginal.costOfOneMoreKw * one;
        expect(rise - energyPart).toBeGreaterThanOrEqual(told - 1e-4);
      }),
      { numRuns: runs, seed: 9 },
    );
  });

  test('law: a document that is read again is the same tariff', () => {
    fc.assert(
      fc.property(anyTariff, (tariff) => {
        expect(valueOf(parseTariff(JSON.parse(JSON.stringify(tariff))))).toEqual(tariff);
      }),
      { numRuns: runs, seed: 10 },
    );
  });
});

describe('where the model is not the bill, it says so', () => {
  const grid = { startS: at('2026-07-07T00:00:00Z'), intervalS: seconds(900), count: 96 };
  const reasons = (line: Line, state: BillingState = emptyState): readonly string[] =>
    valueOf(costModelOf({ tariff: tariffOf([line]), grid, state })).approximations.map((one) => one.reason);

  test.each<readonly [string, Line]>([
    [
      'tiers of its windows differ',
      {
        kind: 'energy',
        id: 'e',
        windows: [
          {
            id: 'a',
            when: [{ to: '12:00' }],
            tiers: [
              { upTo: 9, price: 1 },
              { upTo: null, price: 2 },
            ],
          },
          { id: 'b', when: 'otherwise', price: 1 },
        ],
      },
    ],
    [
      'hours of use are taken at the peak that is paid in any case',
      {
        kind: 'energy',
        id: 'e',
        windows: [
          {
            id: 'a',
            when: 'always',
            tiers: [
              { upTo: 200, unit: 'kWhPerKw', price: 1 },
              { upTo: null, price: 2 },
            ],
          },
        ],
      },
    ],
    [
      'chooses the tier',
      {
        kind: 'load-factor-tiers',
        id: 'l',
        windows: [{ id: 'a', when: 'always' }],
        tiers: [{ id: 't', upToPercent: null, perKw: 1 }],
      },
    ],
    [
      'choose the pair',
      {
        kind: 'price-pair',
        id: 'p',
        thresholdHours: 1,
        below: { perKw: 1, perKwh: 1 },
        above: { perKw: 1, perKwh: 1 },
      },
    ],
    ['least bill', { kind: 'minimum-bill', id: 'm', amount: 1, per: 'month' }],
    [
      'bills of the 11 months after',
      {
        kind: 'demand',
        id: 'd',
        windows: [{ id: 'a', when: 'always', price: 1 }],
        measure: { kind: 'rolling-mean' },
      },
    ],
    [
      'in full',
      {
        kind: 'demand',
        id: 'd',
        reset: 'year',
        accrual: 'twelfths',
        windows: [{ id: 'a', when: 'always', price: 1 }],
      },
    ],
  ])('%s', (text, line) => {
    expect(reasons(line).join('; ')).toContain(text);
  });

  test('the mean of the three highest days is exact for one new day', () => {
    const line: Line = {
      kind: 'demand',
      id: 'd',
      windows: [{ id: 'a', when: 'always', price: 30 }],
      measure: { kind: 'mean-top', n: 3 },
    };
    const tariff = tariffOf([line], { meter: { demandIntervalMinutes: 60 } });
    const past = bill(
      tariff,
      at('2026-07-01T00:00:00Z'),
      Array.from({ length: 96 }, (_, t) => [90, 60, 80, 70][Math.floor(t / 24)] ?? 0),
    );
    const day = { startS: at('2026-07-05T00:00:00Z'), intervalS: seconds(3600), count: 24 };
    for (const peak of [50, 75, 200]) {
      const kw = Array.from({ length: 24 }, (_, t) => (t === 3 ? peak : 10));
      const model = valueOf(costModelOf({ tariff, grid: day, state: past.state }));
      expect(objectiveOf(model, Float64Array.from(kw))).toBeCloseTo(
        bill(tariff, day.startS, kw, past.state).total,
        6,
      );
    }
  });

  test('a peak over the end of the month belongs to the month in which it falls', () => {
    const tariff = tariffOf([{ kind: 'demand', id: 'd', windows: [{ id: 'a', when: 'always', price: 5 }] }]);
    const night = { startS: at('2026-07-31T20:00:00Z'), intervalS: seconds(900), count: 32 };
    const state: BillingState = {
      ...emptyState,
      periodStart: '2026-07-01',
      lines: { d: { windows: { a: { peakKw: 40 } } } },
    };
    const model = valueOf(costModelOf({ tariff, grid: night, state }));
    expect(
      model.demand.map((term) => [
        term.id,
        term.floorKw,
        [...term.counts].indexOf(1),
        [...term.counts].lastIndexOf(1),
      ]),
    ).toEqual([
      ['d/a@2026-07-01', 40, 0, 15],
      ['d/a@2026-08-01', 0, 16, 31],
    ]);
  });
});
