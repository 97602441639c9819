import { describe, expect, test } from 'vitest';
import { billOf } from '#tariffs/bill';
import { tariffOfUrdb } from '#tariffs/import/urdb';
import { tariffImport } from '#tariffs/tariff-operations';
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
  const { losses, tariff } = valueOf(tariffOfUrdb(record, 'UTC'));
  expect(tariff.lines).toMatchObject([
    { kind: 'energy', netting: 'period' },
    { kind: 'minimum-bill', amount: 100, per: 'year', settled: 'year' },
  ]);
  expect(losses.map((loss) => loss.field).toSorted()).toEqual([
    'coincidentrateschedule',
    'coincidentratestructure',
    'demandreactivepowercharge',
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
          energyratestructure: [[{ rate: 0.1, unit: 'therm' }]],
          demandrateunit: 'MW',
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

describe('a record in any form that the database publishes', () => {
  const plain = {
    label: 'x',
    energyratestructure: [
      [
        { max: 500, unit: 'kWh', rate: 0.1 },
        { unit: 'kWh', rate: 0.2 },
      ],
    ],
    flatdemandstructure: [[{ rate: 7.5 }]],
    flatdemandmonths: twelve(0),
    fixedchargefirstmeter: 12,
    fixedchargeunits: '$/month',
  };
  const linesOf = (record: unknown): unknown => valueOf(tariffOfUrdb(record, 'UTC')).tariff.lines;

  test.each<readonly [string, unknown]>([
    ['an answer of the API', { items: [plain] }],
    [
      'numbers as texts, nulls and empty lists',
      {
        ...plain,
        energyratestructure: [
          [
            { max: '500', unit: ' kWh ', rate: '0.1', adj: null, sell: '' },
            { max: null, unit: 'kWh', rate: '2e-1' },
          ],
        ],
        flatdemandmonths: twelve('0'),
        fixedchargefirstmeter: '12.0',
        demandratestructure: [],
        demandweekdayschedule: [],
        energyweekdayschedule: null,
        fueladjustmentsmonthly: [],
        lookbackMonths: [],
        demandwindow: null,
        mincharge: '',
        enddate: null,
      },
    ],
    [
      '-1 for no value',
      { ...plain, mincharge: -1, demandwindow: -1, lookbackPercent: -1, fixedmonthlycharge: -1 },
    ],
    [
      'a row of the bulk file',
      {
        label: 'x',
        'energyratestructure/period0/tier0max': '500.0',
        'energyratestructure/period0/tier0rate': '0.1',
        'energyratestructure/period0/tier0unit': 'kWh',
        'energyratestructure/period0/tier1rate': '0.2',
        'energyratestructure/period0/tier1unit': 'kWh',
        'energyratestructure/period0/tier1max': 'nan',
        'flatdemandstructure/period0/tier0rate': '7.5',
        ...Object.fromEntries(twelve(0).map((_, k) => [`flatdemandmonth${k + 1}`, '0'])),
        fixedchargefirstmeter: '12',
        fixedchargeunits: '$/month',
        mincharge: '',
      },
    ],
    [
      'a record of the dump with other names',
      {
        label: 'x',
        energyRateStrux: [
          {
            energyRateTiers: [
              { max: 500, unit: 'kWh', rate: 0.1 },
              { unit: 'kWh', rate: 0.2 },
            ],
          },
        ],
        flatDemandStrux: [{ flatDemandTiers: [{ rate: 7.5 }] }],
        flatDemandMonths: twelve(0),
        fixedChargeFirstMeter: 12,
        fixedChargeUnits: '$/month',
      },
    ],
  ])('%s', (_name, record) => {
    expect(linesOf(record)).toEqual(linesOf(plain));
  });

  test('a header and a row of the bulk file as text', () => {
    const schedule = JSON.stringify(twelve(hours(0, 0, 0)));
    const columns = [
      'label',
      'energyratestructure/period0/tier0rate',
      'energyweekdayschedule',
      'energyweekendschedule',
    ];
    const text = `${columns.join(',')}\nx,0.12,"${schedule}","${schedule}"\n`;
    const made = valueOf(tariffImport({ format: 'urdb-row', source: text, tz: 'UTC' })) as {
      tariff: { lines: unknown };
    };
    expect(made.tariff.lines).toMatchObject([{ kind: 'energy', windows: [{ price: 0.12 }] }]);
    expect(faultsOf(tariffImport({ format: 'urdb-row', source: `${text}y,1,,\n`, tz: 'UTC' }))).toEqual([
      'source: one-record',
    ]);
  });

  test('an answer of several records is refused', () => {
    expect(faultsOf(tariffOfUrdb({ items: [plain, plain] }, 'UTC'))).toEqual(['items: one-record']);
  });

  test('a tier number that no record has makes no list of that length', () => {
    const record = { ...plain, 'energyratestructure/period999999999/tier0rate': '1' };
    expect(valueOf(tariffOfUrdb(record, 'UTC')).losses.map((loss) => loss.field)).toContain(
      'energyratestructure/period999999999/tier0rate',
    );
  });
});

test('horsepower and kVA count as the losses say', () => {
  const { tariff, losses } = valueOf(
    tariffOfUrdb(
      {
        energyratestructure: [
          [
            { max: 200, unit: 'kWh/hp', rate: 0.1 },
            { unit: 'kWh/hp', rate: 0.05 },
          ],
        ],
        demandrateunit: 'hp',
        demandratestructure: [[{ max: 100, rate: 2 }, { rate: 1 }]],
        flatdemandunit: 'kVA',
        flatdemandstructure: [[{ rate: 3 }]],
      },
      'UTC',
    ),
  );
  const made = valueOf(billOf({ tariff, kw: january(() => 100), ...inJanuary }));
  // 100 kW are 134.102209 hp (0.745699872 kW each). Energy: 200 h x 134.102 hp = 26,820.44 kWh at 0.10, 47,579.56 at 0.05;
  // demand: 100 hp at 2 and 34.1022 at 1; flat: 100 kVA at 3.
  const energy = 26_820.4418 * 0.1 + (74_400 - 26_820.4418) * 0.05;
  expect(made.total).toBeCloseTo(energy + 200 + 34.102_209 + 300, 2);
  expect(losses.map((loss) => loss.field)).toEqual([
    'flatdemandunit',
    'demandrateunit',
    'energyratestructure[0][0].unit',
    'energyratestructure[0][1].unit',
    'holidays',
  ]);
});

test('a month whose flat demand is -1 has none', () => {
  const record = {
    flatdemandstructure: [[{ rate: 10 }]],
    flatdemandmonths: [-1, ...Array.from({ length: 11 }, () => 0)],
  };
  const { tariff } = valueOf(tariffOfUrdb(record, 'UTC'));
  const kw = new Float64Array(8760).fill(5);
  const made = valueOf(billOf({ tariff, kw, ...inJanuary }));
  expect(made.periods.map((period) => period.total)).toEqual([0, ...Array.from({ length: 11 }, () => 50)]);
});

test('tiers of one month that end differently are named', () => {
  const record = {
    energyratestructure: [
      [{ max: 100, rate: 0.1 }, { rate: 0.2 }],
      [{ max: 200, rate: 0.3 }, { rate: 0.4 }],
    ],
    energyweekdayschedule: twelve(hours(0, 12, 1)),
    energyweekendschedule: twelve(hours(0, 12, 1)),
  };
  expect(valueOf(tariffOfUrdb(record, 'UTC')).losses[0]).toMatchObject({ field: 'energyratestructure' });
});
