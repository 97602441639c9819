/**
 * Figures that other calculators publish, through `bill` as outsiders call it. Only figures and the numbers of their rates
 * are taken; documents are written here.
 * @module
 */
import { describe, expect, test } from 'vitest';
import type { Bill } from '#tariffs/bill-form';
import { bill } from '#tariffs/operations';
import { valueOf } from './builders.ts';
import { sharedLoad } from './shared-data.ts';

const none = (): undefined => undefined;
const times = <T>(value: T, count: number): T[] => Array.from({ length: count }, () => value);
/** Hours of a day from stretches of `[period, hours]`. */
const day = (...parts: readonly (readonly [number, number])[]): number[] =>
  parts.flatMap(([period, hours]) => times(period, hours));
/** Twelve months, some of which are of the second kind. */
const months = <T>(usual: T, other: T, from: number, until: number): T[] =>
  Array.from({ length: 12 }, (_, k) => (k + 1 >= from && k + 1 <= until ? other : usual));
const open = 9.9999999999999998e37;

function billed(
  urdb: object,
  load: {
    readonly start: string;
    readonly tz: string;
    readonly intervalMinutes: number;
    readonly kw: readonly number[];
  },
  more: object = {},
): Bill {
  const { start, tz, intervalMinutes, kw } = load;
  const calendar = { tz, start, intervalMinutes, clock: 'fixed-8760' };
  return valueOf(bill({ tariff: { urdb }, calendar, load: { kw }, ...more }, none)) as Bill;
}

/**
 * NREL/ssc, `cmod_utilityrate5_test.cpp`: bills of a year of 8,760 h without a system. Their loads are large; where they are
 * not at hand the same rules are held by the tests below.
 */
describe('NREL/ssc, utilityrate5', () => {
  const summerHours = day([0, 10], [1, 5], [2, 5], [0, 4]);
  const otherHours = day([0, 15], [3, 5], [0, 4]);
  const touWeekday = [...times(summerHours, 4), ...times(otherHours, 6), ...times(summerHours, 2)];
  const allHours = times(times(0, 24), 12);
  const tou = {
    energyratestructure: [0.1, 0.05, 0.2, 0.25].map((rate) => [{ max: open, unit: 'kWh', rate, sell: 0 }]),
    energyweekdayschedule: touWeekday,
    energyweekendschedule: allHours,
  };

  test('residential time of use: 771.8', () => {
    const load = sharedLoad('ssc_residential_8760');
    if (load === undefined) return;
    expect(Math.abs(billed(tou, load).total - 771.8)).toBeLessThan(0.1);
  });

  test('tiers in kWh daily count over the month: 1839.7', () => {
    const load = sharedLoad('ssc_residential_8760');
    if (load === undefined) return;
    const tiers = (max: number, low: number, high: number): object[] => [
      { max, unit: 'kWh daily', rate: low },
      { max: open, unit: 'kWh daily', rate: high },
    ];
    const winter = day([5, 6], [4, 10], [3, 5], [4, 3]);
    const spring = day([5, 6], [4, 4], [5, 4], [4, 2], [3, 5], [4, 3]);
    const summer = day([2, 6], [1, 10], [0, 5], [1, 3]);
    const restDay = day([5, 14], [4, 2], [3, 5], [4, 3]);
    const summerRestDay = day([2, 14], [1, 2], [0, 5], [1, 3]);
    const urdb = {
      energyratestructure: [
        tiers(11.7, 0.31868, 0.50884),
        tiers(11.7, 0.26425, 0.45441),
        tiers(11.7, 0.21035, 0.40051),
        tiers(11.96, 0.23241, 0.40853),
        tiers(11.96, 0.22394, 0.40006),
        tiers(11.96, 0.21454, 0.39066),
      ],
      energyweekdayschedule: [winter, winter, spring, spring, winter, ...times(summer, 5), winter, winter],
      energyweekendschedule: months(restDay, summerRestDay, 6, 10),
    };
    expect(Math.abs(billed(urdb, load).total - 1839.7)).toBeLessThan(0.1);
  });

  test('thirty-six periods: 475.56', () => {
    const load = sharedLoad('ssc_residential_8760');
    if (load === undefined) return;
    const oneBased = (rows: readonly (readonly number[])[]): number[][] =>
      rows.map((row) => row.map((p) => p - 1));
    const first = [36, 2, 2, 34, 2, 2, 2, 33, 32, 31, 29, 27, 28, 25, 26, 24, 23, 22, 21, 20, 19, 18, 17, 16];
    const second = [15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, ...times(2, 12)];
    const rest = [2, 2, 2, 2, 2, 2, 20, 2, 2, 2, 2, 2, 23, 2, 2, 2, 25, 2, 2, 2, 29, 2, 32, 2];
    const later = [...times(times(2, 24), 3), ...times(times(1, 24), 4), ...times(times(2, 24), 3)];
    const urdb = {
      energyratestructure: Array.from({ length: 36 }, (_, k) => [
        { rate: k === 0 ? 0.1 : k === 35 ? 0.25 : k % 2 === 1 ? 0.05 : 0.2, unit: 'kWh' },
      ]),
      energyweekdayschedule: oneBased([first, second, ...later]),
      energyweekendschedule: oneBased([rest, times(2, 24), ...later]),
    };
    expect(Math.abs(billed(urdb, load).total - 475.56)).toBeLessThan(0.1);
  });

  test('commercial demand by window and tier: 104614.5', () => {
    const load = sharedLoad('ssc_commercial_8760');
    if (load === undefined) return;
    const winter = day([3, 15], [2, 5], [3, 4]);
    const summer = day([1, 15], [0, 5], [1, 4]);
    const urdb = {
      fixedmonthlycharge: 30,
      energyratestructure: [0.05, 0.075, 0.06, 0.05].map((rate) => [{ rate }]),
      energyweekdayschedule: months(winter, summer, 5, 10),
      energyweekendschedule: months(times(3, 24), times(1, 24), 5, 10),
      demandrateunit: 'kW',
      demandratestructure: [
        [
          { max: 100, rate: 20 },
          { max: open, rate: 15 },
        ],
        [{ max: 100, rate: 10 }, { rate: 5 }],
      ],
      demandweekdayschedule: times(day([1, 15], [0, 5], [1, 4]), 12),
      demandweekendschedule: times(times(1, 24), 12),
    };
    expect(Math.abs(billed(urdb, load).total - 104_614.5)).toBeLessThan(0.1);
  });

  const hoursUse = (head: number): object[] => [
    { max: 200, unit: 'kWh/kW', rate: head },
    { max: 3000, unit: 'kWh', rate: 0.132655 },
    { max: 10_000, unit: 'kWh', rate: 0.120303 },
    { max: 200_000, unit: 'kWh', rate: 0.102607 },
    { max: open, unit: 'kWh', rate: 0.079109 },
    { max: 400, unit: 'kWh/kW', rate: 0.013627 },
    { max: 600, unit: 'kWh/kW', rate: 0.010275 },
    { max: open, unit: 'kWh/kW', rate: 0.00771 },
  ];
  const seasons = months(times(1, 24), times(0, 24), 6, 9);
  const georgia = {
    fixedmonthlycharge: 21,
    energyratestructure: [hoursUse(0.031718), hoursUse(0.028813)],
    energyweekdayschedule: seasons,
    energyweekendschedule: seasons,
  };
  const kwhByTier = (made: Bill, month: number): readonly number[] =>
    (made.periods[month]?.lines ?? []).filter((line) => line.unit === 'kWh').map((line) => line.quantity);

  test('hours use of the month: July 16774.68, block by block', () => {
    const load = sharedLoad('ssc_commercial_large_8760');
    if (load === undefined) return;
    const made = billed(georgia, load);
    expect(Math.abs((made.periods[6]?.total ?? 0) - 16_774.68)).toBeLessThan(0.01);
    const published = [3000, 7000, 121_603.13, 131_603.13, 120_963.36];
    for (const [k, kwh] of kwhByTier(made, 6).entries())
      expect(Math.abs(kwh - (published[k] ?? 0))).toBeLessThan(0.01);
    expect(kwhByTier(made, 6)).toHaveLength(5);
  });

  test('hours use of a ratcheted demand: July 17755.29 at 709.26 kW', () => {
    const load = sharedLoad('ssc_commercial_large_8760');
    if (load === undefined) return;
    const ratchet = { demandratchetpercentage: months(0.6, 0.95, 6, 9), lookbackRange: 11 };
    const seasonal = [
      { max: 200, unit: 'kWh', rate: 0.028813 },
      { unit: 'kWh', rate: 0.132655 },
    ];
    for (const energyratestructure of [georgia.energyratestructure, [hoursUse(0.031718), seasonal]]) {
      const made = billed({ ...georgia, ...ratchet, energyratestructure }, load);
      const july = made.periods[6];
      expect(Math.abs((july?.total ?? 0) - 17_755.29)).toBeLessThan(0.01);
      const demand = july?.lines.find((line) => line.unit === 'kW');
      expect(Math.abs((demand?.quantity ?? 0) - 709.26)).toBeLessThan(0.01);
      expect(demand?.evidence.ratchetSource).toBe('2018-06-01');
    }
  });

  test('seven tiers of a month: April reaches 3014.93 kWh into the sixth', () => {
    const load = sharedLoad('ssc_commercial_8760');
    if (load === undefined) return;
    const tiers = [1, 2, 3, 4, 5, 6].map((k) => ({ max: k * 10_000, rate: k * 0.05 }));
    const made = billed({ energyratestructure: [[...tiers, { max: open, rate: 0.35 }]] }, load);
    const kwh = kwhByTier(made, 3);
    expect(kwh.slice(0, 5)).toEqual(times(10_000, 5));
    expect(Math.abs((kwh[5] ?? 0) - 3014.93)).toBeLessThan(0.001);
  });
});

/** NREL/REopt.jl, `runtests.jl`, "Lookback Demand Charges". Its look-back goes round the year; here the year before is handed in. */
describe('NREL/REopt.jl, look-back', () => {
  const year = (base: number, spikes: Readonly<Record<number, number>>): number[] =>
    Array.from({ length: 8760 }, (_, t) => spikes[t + 1] ?? base);
  const hourly = { start: '2017-01-01T00:00:00Z', tz: 'UTC', intervalMinutes: 60 };
  const demandOf = (made: Bill): number =>
    made.periods.flatMap((period) => period.lines).reduce((sum, line) => sum + line.amount, 0);

  test('35 % of the peak of January in all other months', () => {
    const urdb = {
      flatdemandstructure: [[{ rate: 10.5 }], [{ rate: 11.5 }]],
      flatdemandmonths: months(0, 1, 5, 10),
      lookbackPercent: 0.35,
      lookbackMonths: times(1, 12),
      lookbackRange: 0,
    };
    // 100 x (10.5 + 0.35 x 10.5 x 5 + 0.35 x 11.5 x 6).
    expect(demandOf(billed(urdb, { ...hourly, kw: year(1, { 8: 100 }) }))).toBeCloseTo(5302.5, 6);
  });

  const rates = [10, 10, 20, 50, 20, 10, 20, 20, 20, 20, 20, 5];
  const monthly = {
    flatdemandstructure: rates.map((rate) => [{ rate }]),
    flatdemandmonths: rates.map((_, k) => k),
  };
  const kw = year(100, { 22: 200, 2403: 400, 4088: 500, 8333: 300 });
  const secondYear = (urdb: object): Bill => {
    const first = billed(urdb, { ...hourly, kw });
    return billed(urdb, { ...hourly, start: '2018-01-01T00:00:00Z', kw }, { state: first.state });
  };

  test.each([
    [
      'January, April and December are looked at',
      {
        lookbackPercent: 0.75,
        lookbackMonths: months(0, 1, 4, 4).map((flag, k) => (k === 0 || k === 11 ? 1 : flag)),
      },
      [300, 300, 300, 400, 300, 500, 300, 300, 300, 300, 300, 300],
    ],
    [
      'six months are looked at',
      { lookbackPercent: 0.75, lookbackRange: 6 },
      [225, 225, 225, 400, 300, 500, 375, 375, 375, 375, 375, 375],
    ],
  ])('%s', (_name, ratchet, peaks) => {
    const made = secondYear({ ...monthly, ...ratchet });
    expect(made.periods.map((period) => period.lines[0]?.quantity)).toEqual(peaks);
    expect(demandOf(made)).toBe(peaks.reduce((sum, peak, k) => sum + peak * (rates[k] ?? 0), 0));
  });
});

/** bellawatt/electric-rate-engine and we3lab eeco: rules of their tests, with loads that are made up here. */
describe('bellawatt and eeco', () => {
  const flat = { start: '2019-01-01T00:00:00Z', tz: 'UTC', intervalMinutes: 60, kw: times(1, 8760) };

  test('daily blocks are as many kWh as the month has days', () => {
    // 1 kW: January 744 kWh, 31 x 10 = 310 in the first block; a year has 365 x 10 = 3,650.
    const urdb = {
      energyratestructure: [
        [
          { max: 10, unit: 'kWh daily', rate: 0.1 },
          { unit: 'kWh daily', rate: 0.3 },
        ],
      ],
    };
    const made = billed(urdb, flat);
    expect(made.periods[0]?.lines.map((line) => line.quantity)).toEqual([310, 434]);
    expect(made.total).toBeCloseTo(3650 * 0.1 + 5110 * 0.3, 6);
  });

  test('a daily demand is the sum of the peaks of its days', () => {
    const urdb = { demandrateunit: 'kW daily', demandratestructure: [[{ rate: 2 }]] };
    // 30 days of 1 kW and one of 5 kW: 35 kW days.
    const kw = [...times(1, 720), ...times(5, 24)];
    expect(billed(urdb, { ...flat, kw }).periods[0]?.lines[0]).toMatchObject({ quantity: 35, amount: 70 });
  });
});
