import { expect, test } from 'vitest';
import { billOf } from '#tariffs/bill';
import { tariffOfUrdb } from '#tariffs/import/urdb';
import { amountsOf, at, faultsOf, valueOf } from './builders.ts';

const twelve = <T>(row: T): T[] => Array.from({ length: 12 }, () => row);
const hours = (from: number, to: number, inside: number, outside = 0): number[] =>
  Array.from({ length: 24 }, (_, hour) => (hour >= from && hour < to ? inside : outside));

/** Hourly kW of January, `kw(hour of day, day)`. */
const january = (kw: (hour: number, day: number) => number): Float64Array =>
  Float64Array.from({ length: 744 }, (_, t) => kw(t % 24, Math.floor(t / 24)));
const inJanuary = {
  start: at('2025-01-01T00:00:00Z'),
  intervalS: 3600,
  options: { clock: 'fixed-8760' as const },
};

test('kWh tiers run over the month in time order across all periods', () => {
  // Monday to Sunday 1 kW off peak (16 h), 2 kW on peak 16-24. January: 31 x 16 = 496 and 31 x 16 = 496 kWh.
  const record = {
    label: 'a',
    energyratestructure: [
      [
        { max: 320, unit: 'kWh', rate: 0.1 },
        { rate: 0.2, unit: 'kWh' },
      ],
      [
        { max: 320, unit: 'kWh', rate: 0.3 },
        { rate: 0.6, unit: 'kWh' },
      ],
    ],
    energyweekdayschedule: twelve(hours(16, 24, 1)),
    energyweekendschedule: twelve(hours(16, 24, 1)),
  };
  const { tariff } = valueOf(tariffOfUrdb(record, 'UTC'));
  const kw = january((hour) => (hour >= 16 ? 2 : 1));
  const bill = valueOf(billOf({ tariff, kw, ...inJanuary }));
  // Each day draws 16 kWh in period 0, then 16 in period 1: after 10 days the counter stands at 320.
  // Tier 1: 160 kWh at 0.10 and 160 at 0.30; tier 2: 336 at 0.20 and 336 at 0.60.
  expect(amountsOf(bill)).toEqual({
    'energy period 0 tier 1': 16,
    'energy period 0 tier 2': 67.2,
    'energy period 1 tier 1': 48,
    'energy period 1 tier 2': 201.6,
  });
});

test('hours of use: kWh tiers end inside the first kWh/kW block, in both orders of the database', () => {
  // 100 kW all month is 74,400 kWh; first block 200 h x 100 kW = 20,000 kWh.
  const natural = [
    { max: 3000, unit: 'kWh', rate: 0.12 },
    { max: 50_000, unit: 'kWh', rate: 0.1 },
    { max: 200, unit: 'kWh/kW', rate: 0.09 },
    { max: 400, unit: 'kWh/kW', rate: 0.02 },
    { unit: 'kWh/kW', rate: 0.01 },
  ];
  const framed = [
    { max: 200, unit: 'kWh/kW', rate: 0 },
    { max: 3000, unit: 'kWh', rate: 0.12 },
    { max: 50_000, unit: 'kWh', rate: 0.1 },
    { max: 400, unit: 'kWh/kW', rate: 0.02 },
    { unit: 'kWh/kW', rate: 0.01 },
  ];
  const totals = [natural, framed].map((tiers) => {
    const { tariff } = valueOf(tariffOfUrdb({ label: 'b', energyratestructure: [tiers] }, 'UTC'));
    return valueOf(billOf({ tariff, kw: january(() => 100), ...inJanuary })).total;
  });
  // 3,000 x 0.12 + 17,000 x 0.10 + 20,000 x 0.02 + 34,400 x 0.01 = 360 + 1,700 + 400 + 344.
  expect(totals).toEqual([2804, 2804]);
});

test('the ratchet percentage belongs to the month of the old peak', () => {
  const percent = [0.6, 0.6, 0.6, 0.6, 0.6, 0.95, 0.95, 0.95, 0.95, 0.6, 0.6, 0.6];
  const { tariff } = valueOf(
    tariffOfUrdb(
      {
        label: 'c',
        flatdemandstructure: [[{ rate: 10 }]],
        flatdemandmonths: twelve(0),
        demandratchetpercentage: percent,
      },
      'UTC',
    ),
  );
  // 8,760 h: June (hours 3,624 to 4,343) peaks at 200, all else at 100.
  const kw = Float64Array.from({ length: 8760 }, (_, t) => (t === 4000 ? 200 : 100));
  const bill = valueOf(billOf({ tariff, kw, ...inJanuary }));
  // January to May 100; June 200; July to December 0.95 x 200 = 190.
  expect(bill.periods.map((period) => period.lines[0]?.quantity)).toEqual([
    100, 100, 100, 100, 100, 200, 190, 190, 190, 190, 190, 190,
  ]);
  expect(bill.periods[8]?.lines[0]?.evidence).toMatchObject({ ratchetSource: '2025-06-01', ratchetKw: 190 });
});

test('demand windows have their own peaks and tiers, and flat demand adds', () => {
  const { tariff } = valueOf(
    tariffOfUrdb(
      {
        label: 'd',
        flatdemandstructure: [[{ rate: 5 }]],
        flatdemandmonths: twelve(0),
        demandratestructure: [[{ max: 30, rate: 0 }, { rate: 2 }], [{ rate: 8, adj: 0.5 }]],
        demandweekdayschedule: twelve(hours(16, 21, 1)),
        demandweekendschedule: twelve(hours(0, 0, 1)),
      },
      'UTC',
    ),
  );
  // Fixed calendar: 1 January is a Monday. 80 kW at 17:00 on Monday, 120 at 17:00 on Saturday (day 5), else 10.
  const kw = january((hour, day) => (hour === 17 && day === 0 ? 80 : hour === 17 && day === 5 ? 120 : 10));
  expect(amountsOf(valueOf(billOf({ tariff, kw, ...inJanuary })))).toEqual({
    'flat demand months 0': 600, // 120 x 5
    'demand period 0 tier 1': 0,
    'demand period 0 tier 2': 180, // (120 - 30) x 2
    'demand period 1': 680, // 80 x 8.5
  });
});

test('every field of the record is used or named', () => {
  const record = {
    label: '539f6a23ec4f024411ec8bf9',
    utility: 'U',
    name: 'N',
    eiaid: 1,
    sector: 'Commercial',
    energyratestructure: [[{ rate: 0.1, unit: 'kWh' }]],
    coincidentratestructure: [[{ rate: 1 }]],
    coincidentrateschedule: twelve(hours(0, 24, 0)),
    demandreactivepowercharge: 2.7,
    dgrules: 'Net Metering',
    energycomments: 'plus a surcharge',
    annualmincharge: 100,
    somethingnew: 7,
  };
  const { losses } = valueOf(tariffOfUrdb(record, 'UTC'));
  expect(losses.map((loss) => loss.field).toSorted()).toEqual([
    'annualmincharge',
    'coincidentrateschedule',
    'coincidentratestructure',
    'demandreactivepowercharge',
    'dgrules',
    'eiaid',
    'energycomments',
    'holidays',
    'sector',
    'somethingnew',
  ]);
});

test('units and periods that are not known are refused by their path', () => {
  expect(
    faultsOf(
      tariffOfUrdb(
        {
          energyratestructure: [[{ rate: 0.1, unit: 'kWh/hp' }]],
          demandrateunit: 'hp',
          demandratestructure: [[{ rate: 1 }]],
          flatdemandstructure: [[{ rate: 1 }]],
          flatdemandmonths: twelve(3),
        },
        'UTC',
      ),
    ),
  ).toEqual([
    'flatdemandmonths[0]: unknown-period',
    'demandrateunit: unknown-unit',
    'energyratestructure[0][0].unit: unknown-unit',
  ]);
});
