/**
 * Good documents with one or two places spoilt: `bill` and `prices` answer with finite numbers or with named faults, and
 * never fail. VOLTHERD_FUZZ says how many, VOLTHERD_SEED which.
 * @module
 */
import { expect, test } from 'vitest';
import { prngOf, type Prng } from '#domain/prng';
import { bill, prices } from '#tariffs/operations';
import { catalogueDocument, catalogueIds } from './builders.ts';
import { everyKind } from './every-kind.ts';

const count = Number(process.env['VOLTHERD_FUZZ'] ?? '600');
const firstSeed = Number(process.env['VOLTHERD_SEED'] ?? '1');
const lookUp = (id: string): unknown => (catalogueIds().includes(id) ? catalogueDocument(id) : undefined);

const evil: readonly unknown[] = [
  null,
  undefined,
  Number.NaN,
  Infinity,
  -Infinity,
  1e308,
  -1e308,
  2 ** 53,
  1e15,
  1e9,
  1e-320,
  -1,
  0,
  -0,
  0.5,
  7,
  500,
  '',
  '\u0000',
  'a\u0000b',
  '1e999',
  '2026-02-30',
  '0000-01-01T00:00:00Z',
  '9999-12-31T23:59:59Z',
  'Mars/Olympus',
  'UTC',
  '__proto__',
  'always',
  'otherwise',
  '24:00',
  '23:59',
  'year',
  'kWh',
  'x'.repeat(300),
  [],
  [[]],
  [null],
  {},
  { ref: 'x' },
  true,
];

const urdb = {
  label: 'x',
  energyratestructure: [
    [
      { max: 500, unit: 'kWh daily', rate: 0.1, adj: 0.01, sell: 0.02 },
      { unit: 'kWh daily', rate: 0.2 },
    ],
    [{ max: 100, unit: 'kWh/kW', rate: 0.3 }, { rate: 0.1 }],
  ],
  energyweekdayschedule: Array.from({ length: 12 }, () =>
    Array.from({ length: 24 }, (_, hour) => (hour > 12 ? 1 : 0)),
  ),
  energyweekendschedule: Array.from({ length: 12 }, () => Array.from({ length: 24 }, () => 0)),
  flatdemandstructure: [[{ max: 10, rate: 1 }, { rate: 2 }]],
  flatdemandmonths: Array.from({ length: 12 }, () => 0),
  demandrateunit: 'hp',
  demandratestructure: [[{ rate: 5 }]],
  demandratchetpercentage: Array.from({ length: 12 }, () => 0.5),
  lookbackRange: 6,
  fixedchargefirstmeter: 3,
  fixedchargeunits: '$/day',
  mincharge: 10,
  minchargeunits: '$/year',
  dgrules: 'Net Metering',
};
const ocpi = {
  id: 'x',
  currency: 'EUR',
  tax_included: 'NO',
  min_price: { excl_vat: 1, incl_vat: 1.2 },
  max_price: { before_taxes: 100 },
  elements: [
    {
      price_components: [
        { type: 'ENERGY', price: 0.2, vat: 10, step_size: 100 },
        { type: 'FLAT', price: 1 },
      ],
      restrictions: {
        start_time: '22:00',
        end_time: '06:00',
        day_of_week: ['MONDAY'],
        min_kwh: 1,
        max_power: 50,
      },
    },
    {
      price_components: [
        { type: 'ENERGY', price: 0.3, step_size: 100 },
        { type: 'TIME', price: 1, step_size: 60 },
        { type: 'PARKING_TIME', price: 2, step_size: 300 },
      ],
      restrictions: { max_duration: 7200 },
    },
  ],
};
const session = {
  tz: 'Europe/Berlin',
  localStart: '2026-03-29T01:30',
  segments: [
    { kind: 'reserve', minutes: 5 },
    { kind: 'charge', minutes: 100, kwh: 20, kw: 11, amps: 16 },
    { kind: 'park', minutes: 30 },
  ],
};

function goodDocument(prng: Prng): Record<string, unknown> {
  const pick = <T>(values: readonly T[]): T => values[prng.integer(0, values.length - 1)]!;
  const calendar = {
    tz: pick(['America/New_York', 'Europe/Berlin', 'Asia/Kathmandu']),
    start: '2026-03-07T00:00',
    intervalMinutes: pick([5, 15, 30, 60, 1440]),
    holidays: ['2026-03-09'],
    billingPeriod: pick<unknown>([
      'calendar-month',
      { anchor: '2026-01-31' },
      ['2026-03-01', '2026-03-08', '2026-12-01'],
    ]),
    clock: pick(['local', 'fixed-8760']),
  };
  const load = pick<unknown>([{ kw: [1, 2, 3, null, -5, 6, 100] }, { kwh: [1, 2, 3, 4, 5, 6, 7] }]);
  const state = {
    periodStart: '2026-02-01',
    lines: {},
    past: [{ start: '2026-01-01', peaksKw: {} }],
    year: { start: '2026-01-01', kwh: 5 },
  };
  switch (prng.integer(0, 5)) {
    case 0:
      return { tariff: { ocpi }, session };
    case 1:
      return { tariff: { ocpi }, calendar, load };
    case 2:
      return { tariff: { urdb }, calendar, load, generation: { kw: [1, 2, 3, 4, 5, 6, 7] } };
    case 3:
      return { tariff: catalogueDocument(pick(catalogueIds())), calendar, load };
    default:
      return { tariff: everyKind, calendar, load, state };
  }
}

type Path = readonly string[];
const pathsOf = (value: unknown, at: Path = []): readonly Path[] =>
  typeof value !== 'object' || value === null
    ? [at]
    : [
        at,
        ...Object.entries(value)
          .slice(0, 40)
          .flatMap(([key, inner]) => pathsOf(inner, [...at, key])),
      ];

/** Spoils one place: leaves out, doubles, adds, makes a text of a number, scales it, or puts something evil there. */
function spoil(document: Record<string, unknown>, prng: Prng): void {
  const paths = pathsOf(document).filter((path) => path.length > 0);
  const path = paths[prng.integer(0, paths.length - 1)] ?? [];
  const owner = path
    .slice(0, -1)
    .reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], document);
  const key = path.at(-1) ?? '';
  const place = owner as Record<string, unknown>;
  const value = place[key];
  const way = prng.integer(0, 9);
  if (way === 0 && Array.isArray(owner)) owner.splice(Number(key), 1);
  else if (way === 0) delete place[key];
  else if (way === 1 && Array.isArray(owner)) owner.push(structuredClone(owner[0]));
  else if (way === 2 && !Array.isArray(owner)) place['surprise'] = 1;
  else if (way === 3 && typeof value === 'number') place[key] = String(value);
  else if (way <= 5 && typeof value === 'number')
    place[key] = value * [-1, 1e3, 1e9, 1e-9, 1e300][prng.integer(0, 4)]!;
  else place[key] = evil[prng.integer(0, evil.length - 1)];
}

const isFinite = (value: unknown): boolean =>
  typeof value === 'number'
    ? Number.isFinite(value)
    : typeof value !== 'object' || value === null || Object.values(value).every(isFinite);

test(`spoilt documents from seed ${firstSeed} on are billed in finite numbers or refused by name`, () => {
  const wrong: string[] = [];
  let billed = 0;
  let refused = 0;
  for (let seed = firstSeed; seed < firstSeed + count; seed++) {
    const prng = prngOf(seed);
    const document = structuredClone(goodDocument(prng));
    for (let k = prng.integer(1, 2); k > 0; k--) spoil(document, prng);
    const { generation: _generation, session: _session, ...rest } = document;
    for (const [name, run] of [
      ['bill', () => bill(document, lookUp)],
      ['prices', () => prices(rest, lookUp)],
    ] as const) {
      try {
        const outcome = run();
        if (outcome.ok) billed++;
        else refused++;
        const sound = outcome.ok
          ? isFinite(outcome.value)
          : outcome.problem.length > 0 &&
            outcome.problem.every((one) => one.rule !== '' && one.fix !== '' && one.path.length < 500);
        if (!sound) wrong.push(`seed ${seed}: ${name} answers ${JSON.stringify(outcome).slice(0, 200)}`);
      } catch (error) {
        wrong.push(`seed ${seed}: ${name} fails: ${String(error)}`);
      }
    }
  }
  expect(wrong).toEqual([]);
  // The fuzz itself works: documents of both kinds come up.
  expect(billed).toBeGreaterThan(count / 10);
  expect(refused).toBeGreaterThan(count / 10);
});
