import { describe, expect, test } from 'vitest';
import { billOf, type BillRequest } from '#tariffs/bill';
import type { Bill } from '#tariffs/bill-form';
import type { BillingState } from '#tariffs/billing-state';
import { emptyState } from '#tariffs/billing-state';
import { parseTariff } from '#tariffs/parse-tariff';
import type { TariffDocument } from '#tariffs/tariff';
import { amountsOf, at, faultsOf, flatDemand, flatEnergy, tariffOf, valueOf } from './builders.ts';

type Line = TariffDocument['lines'][number];

/** Hourly load of some months from January 2026 in UTC: `kw(month 0.., hour)`. */
function months(count: number, kw: (month: number, hour: number) => number): Float64Array {
  const lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  return Float64Array.from(
    Array.from({ length: count }, (_, month) =>
      Array.from({ length: (lengths[month % 12] ?? 30) * 24 }, (_u, hour) => kw(month, hour)),
    ).flat(),
  );
}

function bill(
  lines: readonly Line[],
  kw: Float64Array,
  rest: Partial<BillRequest> & { document?: Partial<TariffDocument> } = {},
): Bill {
  const { document, ...request } = rest;
  return valueOf(
    billOf({
      tariff: tariffOf([...lines], document),
      start: at('2026-01-01T00:00:00Z'),
      intervalS: 3600,
      kw,
      ...request,
    }),
  );
}

const peaks = (values: readonly number[], base = 10): Float64Array =>
  months(values.length, (month, hour) => (hour === 100 ? (values[month] ?? 0) : base));

const perPeriod = (made: Bill, line: string): readonly number[] =>
  made.periods.map((period) =>
    period.lines.filter((one) => one.id === line).reduce((sum, one) => sum + one.amount, 0),
  );

describe('energy', () => {
  test('tiers restart every day where the tariff says so', () => {
    const line: Line = {
      kind: 'energy',
      id: 'e',
      tierReset: 'day',
      windows: [
        {
          id: 'all',
          when: 'always',
          tiers: [
            { upTo: 100, price: 0.1 },
            { upTo: null, price: 0.3 },
          ],
        },
      ],
    };
    // Two days of 240 kWh: 100 at 0.10 and 140 at 0.30 each.
    expect(amountsOf(bill([line], new Float64Array(48).fill(10)))).toEqual({
      'e all tier 1': 20,
      'e all tier 2': 84,
    });
  });

  test('the counter of the day goes on from window to window', () => {
    const tiers = (first: number): { upTo: number | null; price: number }[] => [
      { upTo: 100, price: first },
      { upTo: null, price: first * 10 },
    ];
    const line: Line = {
      kind: 'energy',
      id: 'e',
      tierReset: 'day',
      windows: [
        { id: 'morning', when: [{ to: '12:00' }], tiers: tiers(0.1) },
        { id: 'rest', when: 'otherwise', tiers: tiers(0.2) },
      ],
    };
    // Two days: 60 kWh until noon, 60 after: 40 of these are within the first 100, 20 above.
    expect(amountsOf(bill([line], new Float64Array(48).fill(5)))).toEqual({
      'e morning tier 1': 12,
      'e rest tier 1': 16,
      'e rest tier 2': 80,
    });
  });

  test('adders count in their months, series by interval, energy fed in earns the sell price', () => {
    const made = bill(
      [
        {
          kind: 'energy',
          id: 'market',
          windows: [
            { id: 'spot', when: 'always', series: { ref: 'da', factor: 1.05, adder: 0.01 }, sell: 0.04 },
          ],
          adders: [
            { id: 'fee', price: 0.02 },
            { id: 'summer', price: 9, months: [7] },
          ],
        },
      ],
      Float64Array.from([10, 20, -30, 0]),
      {
        options: {
          series: { da: { start: '2026-01-01T00:00:00Z', intervalMinutes: 120, perKwh: [0.1, -0.2] } },
        },
      },
    );
    // 30 kWh at 0.1 x 1.05 + 0.01 = 0.115; fed in 30 at 0.04; fee 30 x 0.02.
    expect(amountsOf(made)).toEqual({ 'market spot': 3.45, 'market spot fed in': -1.2, 'market fee': 0.6 });
  });
});

describe('demand', () => {
  test('the mean of the three highest hours on different days (Norway)', () => {
    const line: Line = {
      kind: 'demand',
      id: 'd',
      windows: [{ id: 'all', when: 'always', price: 30 }],
      measure: { kind: 'mean-top', n: 3, distinctDays: true },
    };
    // Day 0: 90 and 80, day 1: 60, day 2: 30; the second of day 0 does not count: (90 + 60 + 30) / 3 = 60.
    const kw = new Float64Array(96).fill(5);
    kw[8] = 90;
    kw[9] = 80;
    kw[30] = 60;
    kw[50] = 30;
    const made = bill([line], kw);
    expect(amountsOf(made)).toEqual({ 'd all': 1800 });
    expect(made.periods[0]?.lines[0]?.evidence.peaks).toEqual([
      { kw: 90, at: '2026-01-01T08:00:00Z' },
      { kw: 60, at: '2026-01-02T06:00:00Z' },
      { kw: 30, at: '2026-01-03T02:00:00Z' },
    ]);
    const blocks: Line = { ...line, measure: { kind: 'mean-top', n: 3, distinctDays: false } };
    // (90 + 80 + 60) / 3 = 76.666667, times 30.
    expect(amountsOf(bill([blocks], kw))).toEqual({ 'd all': 2300 });
  });

  test('a rolling mean of monthly peaks, each at least 2.5 kW (Flanders)', () => {
    const line: Line = {
      kind: 'demand',
      id: 'd',
      windows: [{ id: 'all', when: 'always', price: 4 }],
      measure: { kind: 'rolling-mean', months: 3, floorKw: 2.5 },
    };
    // Peaks 10, 1, 6, 3: means 10; (10 + 2.5) / 2; (10 + 2.5 + 6) / 3; (2.5 + 6 + 3) / 3.
    const made = bill([line], peaks([10, 1, 6, 3], 0.5));
    expect(perPeriod(made, 'd')).toEqual([40, 25, 24.67, 15.33]);
  });

  test('a ratchet looks back so many months, has its own share of the current peak and a floor', () => {
    const line: Line = {
      kind: 'demand',
      id: 'd',
      windows: [{ id: 'all', when: 'always', price: 1 }],
      ratchet: { percent: 80, currentPercent: 90, lookbackMonths: 2, floorKw: 50 },
    };
    // Peaks 200, 20, 20, 20: 180; 160; 160; then the look-back of two months has ended: floor 50.
    expect(perPeriod(bill([line], peaks([200, 20, 20, 20])), 'd')).toEqual([180, 160, 160, 50]);
  });

  test('a ratchet may look at summer months only (APS: 80 % of May to October)', () => {
    const line: Line = {
      kind: 'demand',
      id: 'd',
      windows: [{ id: 'all', when: 'always', price: 1 }],
      ratchet: { percent: 80, sourceMonths: [5, 6, 7, 8, 9, 10] },
    };
    const made = bill([line], peaks([300, 20, 20, 20, 100, 20, 20]));
    expect(perPeriod(made, 'd')).toEqual([300, 20, 20, 20, 100, 80, 80]);
  });

  test('overlapping windows add (Con Edison SC9 Rate II, summer)', () => {
    const weekday = { days: 'weekdays' as const, seasons: ['summer'] };
    const line: Line = {
      kind: 'demand',
      id: 'd',
      windows: [
        { id: '8-18', when: [{ ...weekday, from: '08:00', to: '18:00' }], price: 11.59 },
        { id: '8-22', when: [{ ...weekday, from: '08:00', to: '22:00' }], price: 23.35 },
        { id: 'all', when: 'always', price: 21.09 },
      ],
    };
    const document: Partial<TariffDocument> = {
      calendar: { seasons: { summer: { months: [6, 7, 8, 9] } } },
      timezone: 'America/New_York',
    };
    // Monday 6 July 2026: 100 kW at noon, 120 at 20:00, 150 at 23:00.
    const kw = Float64Array.from({ length: 24 }, (_, hour) =>
      hour === 12 ? 100 : hour === 20 ? 120 : hour === 23 ? 150 : 10,
    );
    const made = bill([line], kw, { document, start: at('2026-07-06T00:00:00-04:00') });
    expect(amountsOf(made)).toEqual({ 'd 8-18': 1159, 'd 8-22': 2802, 'd all': 3163.5 });
    // The highest block lies outside both windows: one more kW there costs the all-hours price only.
    expect(made.periods[0]?.marginal.costOfOneMoreKw).toBe(21.09);
  });

  test('a yearly peak is charged once, in full or by twelfths corrected backwards', () => {
    const line = (accrual: 'step' | 'twelfths'): Line => ({
      kind: 'demand',
      id: 'd',
      reset: 'year',
      accrual,
      windows: [{ id: 'all', when: 'always', price: 120 }],
    });
    // Peaks 100, 50, 150 kW at 120 EUR/kW/a.
    expect(perPeriod(bill([line('step')], peaks([100, 50, 150])), 'd')).toEqual([12_000, 0, 6000]);
    // 100 x 120 / 12; 2/12 less the first; 3/12 of 150 less both: 1,000; 1,000; 4,500 - 2,000.
    expect(perPeriod(bill([line('twelfths')], peaks([100, 50, 150])), 'd')).toEqual([1000, 1000, 2500]);
    const whole = [100, 50, 150, 20, 20, 20, 20, 20, 20, 20, 20, 20];
    expect(bill([line('twelfths')], peaks(whole)).total).toBe(18_000);
    expect(bill([line('step')], peaks(whole)).total).toBe(18_000);
  });

  test('a daily peak is charged each day, kVA by the power factor, billed power rounded up', () => {
    const line: Line = {
      kind: 'demand',
      id: 'd',
      reset: 'day',
      windows: [{ id: 'all', when: 'always', price: 0.5 }],
    };
    // 40 and 60 kW at power factor 0.8: 50 + 75 kVA days.
    const kw = Float64Array.from({ length: 48 }, (_, hour) => (hour < 24 ? 40 : 60));
    expect(amountsOf(bill([line], kw, { document: { meter: { unit: 'kVA', powerFactor: 0.8 } } }))).toEqual({
      'd all': 62.5,
    });
    const rounded: Line = { ...flatDemand(10, 'd'), rounding: { stepKw: 5, mode: 'up' } } as Line;
    expect(amountsOf(bill([rounded], Float64Array.from([41.2])))).toEqual({ 'd all': 450 });
  });

  test('hours of the night count half (Ellevio)', () => {
    const night = { from: '22:00', to: '24:00' };
    const line: Line = {
      kind: 'demand',
      id: 'd',
      windows: [
        { id: 'all', when: 'always', price: 65, weights: [{ when: [night, { to: '06:00' }], factor: 0.5 }] },
      ],
    };
    const kw = Float64Array.from({ length: 24 }, (_, hour) => (hour === 23 ? 100 : hour === 12 ? 40 : 5));
    expect(amountsOf(bill([line], kw))).toEqual({ 'd all': 3250 });
  });

  test('blocks of an hour begin on the local clock, not where the load begins', () => {
    // Kathmandu is +05:45: a local hour begins at :15 UTC. 100 kW from 00:15Z to 01:15Z is one full block.
    const kw = Float64Array.from([0, 100, 100, 100, 100, 0, 0, 0]);
    const document: Partial<TariffDocument> = {
      timezone: 'Asia/Kathmandu',
      meter: { demandIntervalMinutes: 60 },
    };
    const made = bill([flatDemand(1)], kw, { document, intervalS: 900 });
    expect(amountsOf(made)).toEqual({ 'demand all': 100 });
    // In UTC the same load fills three quarters of one hour.
    expect(
      amountsOf(
        bill([flatDemand(1)], kw, { document: { meter: { demandIntervalMinutes: 60 } }, intervalS: 900 }),
      ),
    ).toEqual({
      'demand all': 75,
    });
  });
});

test('an interval that a metering block cuts counts in both blocks', () => {
  // 10-minute means in blocks of 15: 60 kW for the first ten minutes is 40 kW in the first block, not 20 in half an hour.
  const made = bill([flatDemand(1)], Float64Array.from([60, 0, 0]), { intervalS: 600 });
  expect(amountsOf(made)).toEqual({ 'demand all': 40 });
});

describe('capacity', () => {
  const line: Line = {
    kind: 'subscription',
    id: 's',
    blockKw: 50,
    pricePerBlock: 95.56,
    overagePrice: 3.82,
    graceCycles: 1,
    levelKw: 120,
  };

  test('blocks are whole, overage costs after the grace period (PG&E BEV-2)', () => {
    // 120 kW are three blocks of 50: 286.68. Peaks 180: 30 kW above 150, forgiven once, then 114.60.
    const made = bill([line], peaks([180, 180, 150]));
    expect(perPeriod(made, 's')).toEqual([286.68, 401.28, 286.68]);
    expect(made.periods[0]?.lines[1]?.evidence.note).toBe('waived: grace period 1 of 1');
  });

  test('a chosen level is the cheapest for the peak of each period (PG&E BEV-2 without grace)', () => {
    // A block of 50 costs 95.56 and stands against 95.56 / 3.82 = 25.0157 kW of overage.
    // 120 kW: 2 blocks and 20 kW, 191.12 + 76.40 = 267.52, against 3 blocks at 286.68. 130 kW: 2 blocks and 30 kW would be
    // 305.72, so 3 blocks. 125.01 kW: 191.12 + 95.5382 = 286.66, two cents below 3 blocks. 100 kW: 2 blocks. None: 1 block.
    const chosen: Line = { ...line, graceCycles: 0, levelKw: 'chosen' };
    const made = bill([chosen], peaks([120, 130, 125.01, 100, 0]));
    expect(perPeriod(made, 's')).toEqual([267.52, 286.68, 286.66, 191.12, 95.56]);
    expect(made.periods[0]?.lines[0]?.evidence.note).toBe(
      '100 kW chosen: the cheapest level for a peak of 120 kW',
    );
    // Overage is forgiven in the grace: one block, then 2 blocks and 20 kW.
    expect(perPeriod(bill([{ ...chosen, graceCycles: 1 }], peaks([120, 120])), 's')).toEqual([95.56, 267.52]);
    // Overage at 1 per kW is cheaper than any block: 95.56 + 70.
    expect(perPeriod(bill([{ ...chosen, overagePrice: 1 }], peaks([120])), 's')).toEqual([165.56]);
  });

  test('a level that cannot be chosen is refused', () => {
    const chosen = { ...line, levelKw: 'chosen', overagePrice: 0, pricePerBlock: -1, stepUpAfter: 3 };
    expect(faultsOf(parseTariff({ ...tariffOf([line]), lines: [chosen] }))).toEqual([
      'lines[0].pricePerBlock: level-without-end',
      'lines[0].overagePrice: level-without-overage',
      'lines[0].stepUpAfter: chosen-level-steps-up',
    ]);
  });

  test('three periods above the level move it up (SDG&E EV-HP)', () => {
    const stepping: Line = {
      ...line,
      overagePrice: 0,
      graceCycles: 0,
      blockKw: 25,
      pricePerBlock: 10,
      levelKw: 100,
      stepUpAfter: 3,
    };
    // 4 blocks until the third period above 100; then the level holds the peak of the third, 110: 5 blocks of 25.
    expect(perPeriod(bill([stepping], peaks([130, 120, 110, 90, 200])), 's')).toEqual([40, 40, 40, 50, 50]);
    const broken = peaks([130, 90, 130, 130, 90]);
    expect(perPeriod(bill([stepping], broken), 's')).toEqual([40, 40, 40, 40, 40]);
  });

  test('agreed capacity is paid whether used or not, the excess at its own price (UK: p/kVA/day)', () => {
    const capacity: Line = {
      kind: 'contracted-capacity',
      id: 'c',
      capacity: 200,
      unit: 'kVA',
      price: 0.05,
      per: 'day',
      excessPrice: 0.09,
    };
    // January, power factor 0.95: 200 kVA x 31 x 0.05 = 310; peak 209 kW is 220 kVA: 20 x 31 x 0.09 = 55.80.
    const made = bill([capacity], peaks([209]), { document: { meter: { unit: 'kVA', powerFactor: 0.95 } } });
    expect(amountsOf(made)).toEqual({ 'c agreed': 310, 'c excess': 55.8 });
  });

  test('a contract for the year and the peak of the month are both paid (Liander MS 2025)', () => {
    const lines: Line[] = [
      { kind: 'fixed', id: 'fixed', amount: 441, per: 'year' },
      { kind: 'contracted-capacity', id: 'contract', capacity: 300, price: 26.68, per: 'year' },
      flatDemand(3.46, 'kWmax'),
      flatEnergy(0.022),
    ];
    // 441 / 12 = 36.75; 300 x 26.68 / 12 = 667; 250 x 3.46 = 865; (743 x 10 + 250) x 0.022 = 168.96.
    expect(amountsOf(bill(lines, peaks([250])))).toEqual({
      fixed: 36.75,
      'contract agreed': 667,
      'kWmax all': 865,
      'energy all': 168.96,
    });
  });
});

describe('prices that depend on how a site uses its peak', () => {
  const pair: Line = {
    kind: 'price-pair',
    id: 'p',
    thresholdHours: 2500,
    below: { perKw: 16.53, perKwh: 0.0859 },
    above: { perKw: 191.79, perKwh: 0.0158 },
  };
  const flat = (kw: number): Float64Array => new Float64Array(8760).fill(kw);

  test('above 2,500 hours of use the second pair holds for the whole year (Netze ODR 2025)', () => {
    // 100 kW all year: 8,760 h. 100 x 191.79 + 876,000 x 0.0158 = 19,179 + 13,840.80.
    expect(bill([pair], flat(100)).total).toBe(33_019.8);
  });

  test('a year that ends below pays the first pair, what was charged before is given back', () => {
    // Eleven months at 10 kW, then 100 kW for 31 days: energy 80,160 + 74,400 = 154,560 kWh, 1,545.6 h of 100 kW.
    const kw = Float64Array.from({ length: 8760 }, (_, hour) => (hour < 8016 ? 10 : 100));
    const made = bill([pair], kw);
    expect(made.total).toBeCloseTo(100 * 16.53 + 154_560 * 0.0859, 2);
    expect(made.periods[0]?.lines.map((line) => line.tier)).toEqual(['above power', 'above energy']);
    expect(made.periods[11]?.lines.some((line) => line.tier === 'above power' && line.amount < 0)).toBe(true);
  });

  test('both pairs meet at the threshold', () => {
    const cost = (side: { perKw: number; perKwh: number }): number => side.perKw + 2500 * side.perKwh;
    expect(cost({ perKw: 16.53, perKwh: 0.0859 })).toBeCloseTo(cost({ perKw: 191.79, perKwh: 0.0158 }), 1);
  });

  test('the load factor chooses the tier (National Grid EV phase-in, SC-2D)', () => {
    const line: Line = {
      kind: 'load-factor-tiers',
      id: 'lf',
      windows: [
        { id: 'on-peak', when: [{ days: 'weekdays', from: '06:00', to: '22:00' }] },
        { id: 'off-peak', when: 'otherwise' },
      ],
      tiers: [
        { id: 'tier 1', upToPercent: 10, perKw: 0, perKwh: { 'on-peak': 0.0742, 'off-peak': 0.0371 } },
        { id: 'standard', upToPercent: null, perKw: 16.99, perKwh: {} },
      ],
    };
    // 31 days of 100 kW from 12:00 to 13:00: load factor 4.17 %. January 2026 has 22 weekdays: 2,200 and 900 kWh.
    const rare = months(1, (_, hour) => (hour % 24 === 12 ? 100 : 0));
    expect(amountsOf(bill([line], rare))).toEqual({
      'lf tier 1': 0,
      'lf on-peak tier 1': 163.24,
      'lf off-peak tier 1': 33.39,
    });
    expect(
      amountsOf(
        bill(
          [line],
          months(1, () => 100),
        ),
      ),
    ).toEqual({ 'lf standard': 1699 });
  });
});

describe('other lines', () => {
  test('a least bill tops the named lines up', () => {
    const lines: Line[] = [flatEnergy(0.1), { kind: 'minimum-bill', id: 'least', amount: 30, per: 'month' }];
    expect(amountsOf(bill(lines, Float64Array.from([100])))).toEqual({ 'energy all': 10, least: 20 });
    expect(amountsOf(bill(lines, Float64Array.from([500])))).toEqual({ 'energy all': 50 });
  });

  test('percentages come in order on what stands before them', () => {
    const lines: Line[] = [
      flatEnergy(0.1),
      flatDemand(2),
      { kind: 'percent', id: 'surcharge', percent: 5, of: ['energy'] },
      { kind: 'percent', id: 'vat', percent: 20 },
    ];
    // Energy 10, demand 200, surcharge 0.50, VAT 20 % of 210.50.
    const made = bill(lines, Float64Array.from([100]));
    expect(amountsOf(made)).toEqual({ 'energy all': 10, 'demand all': 200, surcharge: 0.5, vat: 42.1 });
    expect(made.periods[0]?.subtotals).toEqual({ energy: 10, demand: 200, fixed: 0, taxes: 42.6 });
    // One more kW raises the peak by 2 and the VAT on it.
    expect(made.periods[0]?.marginal.costOfOneMoreKw).toBeCloseTo(2.4, 9);
  });

  test('reactive energy beyond a power factor of 0.95 (UK)', () => {
    const line: Line = { kind: 'reactive', id: 'r', pfLimit: 0.95, pricePerKvarh: 0.01 };
    // 1,000 kWh at 0.8: 750 kVArh less 1,000 x sqrt(1/0.9025 - 1) = 328.684105, leaves 421.315895.
    const made = bill([line], Float64Array.from([1000]), { document: { meter: { powerFactor: 0.8 } } });
    expect(made.periods[0]?.lines[0]?.quantity).toBeCloseTo(421.315895, 6);
    expect(amountsOf(made)).toEqual({ r: 4.21 });
    expect(
      bill([line], Float64Array.from([1000]), { document: { meter: { powerFactor: 0.96 } } }).total,
    ).toBe(0);
  });

  test('power during calls of the system peak', () => {
    const calls = [
      { start: '2026-01-01T01:00:00Z', end: '2026-01-01T02:00:00Z' },
      { start: '2026-01-01T03:00:00Z', end: '2026-01-01T05:00:00Z' },
    ];
    const kw = Float64Array.from([500, 40, 500, 60, 80, 500]);
    const charge = (measure: 'max' | 'mean' | 'sum'): number =>
      bill([{ kind: 'coincident', id: 'c', pricePerKw: 10, calls, measure }], kw).total;
    // 40 kW, and (60 + 80) / 2 = 70 kW.
    expect([charge('max'), charge('mean'), charge('sum')]).toEqual([700, 550, 1100]);
  });

  test('credits come off', () => {
    const lines: Line[] = [
      flatEnergy(0.1),
      { kind: 'credit', id: 'climate', amount: 3 },
      { kind: 'credit', id: 'night', perKwh: 0.02, when: [{ to: '06:00' }] },
    ];
    expect(amountsOf(bill(lines, new Float64Array(24).fill(10)))).toEqual({
      'energy all': 24,
      climate: -3,
      night: -1.2,
    });
  });

  test('holidays are no weekdays, and the Monday on which one is observed is one', () => {
    const line: Line = {
      kind: 'energy',
      id: 'e',
      windows: [
        {
          id: 'peak',
          when: [{ days: 'weekdays', from: '08:00', to: '20:00', holidays: 'exclude' }],
          price: 1,
        },
        { id: 'off', when: 'otherwise', price: 0 },
      ],
    };
    const calendar = { holidays: [{ month: 7, day: 4, observed: 'monday' as const }] };
    // 4 July 2027 is a Sunday: Monday the 5th is off peak, Tuesday is not.
    const kw = new Float64Array(48).fill(1);
    expect(
      amountsOf(bill([line], kw, { document: { calendar }, start: at('2027-07-05T00:00:00Z') })),
    ).toEqual({
      'e peak': 12,
      'e off': 0,
    });
  });
});

describe('rounding', () => {
  const lines: Line[] = [flatEnergy(0.333, 'a'), flatEnergy(0.333, 'b')];
  const total = (scope: 'none' | 'line' | 'total'): number =>
    bill(lines, Float64Array.from([0.5]), { document: { billing: { rounding: { scope } } } }).total;

  test('by line the total is the sum of what is printed; by total or not at all it is not', () => {
    // 0.5 x 0.333 = 0.1665 each: 0.17 + 0.17; 0.333 to the cent; 0.333.
    expect([total('line'), total('total'), total('none')]).toEqual([0.34, 0.33, 0.333]);
  });

  test('halves go up, and prices are the decimals that were written', () => {
    // 1.005 is less than 1.005 as a binary fraction; one kWh costs 1.01 all the same.
    expect(bill([flatEnergy(1.005)], Float64Array.from([1])).total).toBe(1.01);
  });
});

describe('the state of the billing period', () => {
  test('a peak that is already set costs nothing again, and a bill asks only for what is new', () => {
    const tariff = tariffOf([flatEnergy(0.1), flatDemand(10)]);
    const first = valueOf(
      billOf({ tariff, start: at('2026-01-01T00:00:00Z'), intervalS: 3600, kw: Float64Array.from([80]) }),
    );
    const second = valueOf(
      billOf({
        tariff,
        start: at('2026-01-01T01:00:00Z'),
        intervalS: 3600,
        kw: Float64Array.from([60]),
        state: first.state,
      }),
    );
    expect(amountsOf(first)).toEqual({ 'energy all': 8, 'demand all': 800 });
    expect(amountsOf(second)).toEqual({ 'energy all': 6, 'demand all': 0 });
    expect(second.periods[0]?.lines[1]).toMatchObject({ quantity: 80, evidence: { chargedBefore: 800 } });
  });

  test('a state whose period is over is closed first: its peaks become history', () => {
    const ratchet: Line = { ...flatDemand(1), ratchet: { percent: 50 } } as Line;
    const state: BillingState = {
      ...emptyState,
      periodStart: '2026-01-01',
      lines: { demand: { windows: { all: { peakKw: 300 } } } },
    };
    const made = bill([ratchet], Float64Array.from([10]), { start: at('2026-02-10T00:00:00Z'), state });
    expect(amountsOf(made)).toEqual({ 'demand all': 150 });
    expect(made.periods[0]?.lines[0]?.evidence.ratchetSource).toBe('2026-01-01');
  });

  test('a block that is metered in two halves is one block', () => {
    const tariff = tariffOf([flatDemand(1)]);
    const request = { tariff, intervalS: 300 };
    const first = valueOf(
      billOf({ ...request, start: at('2026-01-01T00:00:00Z'), kw: Float64Array.from([30, 30]) }),
    );
    expect(first.total).toBe(0);
    expect(first.losses.map((loss) => loss.reason)).toContainEqual(expect.stringContaining('not complete'));
    const second = valueOf(
      billOf({
        ...request,
        start: at('2026-01-01T00:10:00Z'),
        kw: Float64Array.from([90]),
        state: first.state,
      }),
    );
    // (30 + 30 + 90) / 3.
    expect(second.total).toBe(50);
    expect(second.periods[0]?.lines[0]?.evidence.intervalStart).toBe('2026-01-01T00:00:00Z');
  });

  test('of two equal peaks the first one is the evidence', () => {
    const tariff = tariffOf([flatDemand(1)]);
    const hour = (from: string, state = emptyState): Bill =>
      valueOf(billOf({ tariff, start: at(from), intervalS: 3600, kw: Float64Array.from([80, 80]), state }));
    const second = hour('2026-01-01T02:00:00Z', hour('2026-01-01T00:00:00Z').state);
    expect(second.periods[0]?.lines[0]?.evidence.intervalStart).toBe('2026-01-01T00:00:00Z');
  });

  test('missing readings count as nothing and are told', () => {
    const made = bill([flatEnergy(1)], Float64Array.from([5, Number.NaN, 5]));
    expect([made.total, made.periods[0]?.missing, made.periods[0]?.intervals]).toEqual([10, 1, 3]);
  });
});
