/** The money of a cost model is the bill of any load, for every kind of line and every tariff of the catalogue. @module */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seconds, type EpochS } from '#domain/units';
import { billOf } from '#tariffs/bill';
import type { BillingState } from '#tariffs/billing-state';
import { costModelOf } from '#tariffs/cost-model-of';
import { objectiveOf } from '#tariffs/model-value';
import { parseTariff } from '#tariffs/parse-tariff';
import { planGapOf } from '#tariffs/plan-gap';
import type { Tariff, TariffDocument } from '#tariffs/tariff';
import { at, catalogueDocument, catalogueIds, flatEnergy, tariffOf, valueOf } from './builders.ts';
import { everyKind } from './line-kinds.ts';

/** More with VOLTHERD_TARIFF_RUNS=500. */
const runs = Number(process.env['VOLTHERD_TARIFF_RUNS'] ?? 12);

const zones = [
  'UTC',
  'Europe/Berlin',
  'America/Los_Angeles',
  'Asia/Kathmandu',
  'Pacific/Chatham',
  'Australia/Lord_Howe',
];

/** Instants at which something happens to a grid: ends of months, changes of the clock, ends of seasons, plain days. */
const beginnings = [
  '2026-01-31T12:00:00Z',
  '2026-03-28T18:00:00Z',
  '2026-05-31T20:00:00Z',
  '2026-07-07T05:00:00Z',
  '2026-10-24T20:00:00Z',
  '2026-11-01T00:00:00Z',
  '2026-12-31T10:00:00Z',
];

const minutesOf = fc.constantFrom(5, 10, 15, 30, 60);
const power = fc.integer({ min: 0, max: 400 });

interface Drawn {
  readonly before: readonly number[];
  readonly kw: readonly number[];
  readonly beginS: EpochS;
  readonly minutes: number;
}

const drawn: fc.Arbitrary<Drawn> = fc.record({
  before: fc.array(power, { minLength: 0, maxLength: 24 * 12 }),
  kw: fc.array(power, { minLength: 48, maxLength: 96 }),
  beginS: fc.constantFrom(...beginnings).map(at),
  minutes: minutesOf,
});

/** The state that a load of whole hours before the grid leaves; the grid may begin within a metering block. */
function stateBefore(tariff: Tariff, { before, beginS }: Drawn): BillingState | undefined {
  if (before.length === 0) return undefined;
  const kw = Float64Array.from(before);
  const start = (beginS - before.length * 900) as EpochS;
  return valueOf(billOf({ tariff, start, intervalS: 900, kw })).state;
}

/** Loads end where a metering block of every clock does: at a whole hour of the local clock. */
function loadOf(tariff: Tariff, { kw, beginS, minutes }: Drawn): Float64Array {
  const zone = new Intl.DateTimeFormat('en', { timeZone: tariff.timezone, minute: '2-digit' });
  for (let count = kw.length; count > 0; count--) {
    if (Number(zone.format((beginS + count * minutes * 60) * 1000)) === 0)
      return Float64Array.from(kw.slice(0, count));
  }
  return new Float64Array(0);
}

function compare(tariff: Tariff, one: Drawn): void {
  const kw = loadOf(tariff, one);
  if (kw.length === 0) return;
  const state = stateBefore(tariff, one);
  const request = {
    tariff,
    grid: { startS: one.beginS, intervalS: seconds(one.minutes * 60), count: kw.length },
    ...(state === undefined ? {} : { state }),
  };
  const model = valueOf(costModelOf(request));
  const gap = valueOf(planGapOf(request, kw));
  expect(objectiveOf(model, kw)).toBeCloseTo(gap.objective, 6);
  const others = model.approximations.filter(({ affects }) => affects === 'this-bill');
  if (others.length === 0) expect(Math.abs(gap.gap)).toBeLessThanOrEqual(0.01);
}

describe('law: the objective is the bill within 0.01 where no approximation affects it', () => {
  test.each(everyKind)('$name', ({ lines, exact }) => {
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.constantFrom(15 as const, 30 as const, 60 as const),
        drawn,
        (timezone, block, one) => {
          const tariff = tariffOf([flatEnergy(0.1, 'base'), ...lines], {
            timezone,
            meter: { demandIntervalMinutes: block, powerFactor: 0.9 },
            calendar: { seasons: { summer: { months: [6, 7, 8, 9] } } },
            billing: { rounding: { scope: 'none' } },
          });
          if (exact) {
            const grid = { startS: one.beginS, intervalS: seconds(one.minutes * 60), count: one.kw.length };
            const { approximations } = valueOf(costModelOf({ tariff, grid }));
            // What is not known of the block that a grid begins in is no matter of the line.
            expect(
              approximations.filter(({ affects, line }) => affects === 'this-bill' && line !== ''),
            ).toEqual([]);
          }
          compare(tariff, one);
        },
      ),
      { numRuns: runs, seed: 31 },
    );
  });

  test.each(catalogueIds())('%s', (id) => {
    const document = catalogueDocument(id) as TariffDocument;
    const tariff = valueOf(parseTariff(document));
    const series = Object.fromEntries(
      tariff.lines.flatMap((line) =>
        line.kind === 'energy'
          ? line.windows.flatMap((window) =>
              window.series === undefined
                ? []
                : [
                    [
                      window.series.ref,
                      {
                        start: '2025-12-01T00:00:00Z',
                        intervalMinutes: 60,
                        perKwh: Array.from({ length: 10_000 }, (_, h) => ((h * 7) % 24) / 100),
                      },
                    ],
                  ],
            )
          : [],
      ),
    );
    const whole = { ...tariff, series: { ...tariff.series, ...series } };
    fc.assert(
      fc.property(drawn, (one) => compare(whole, one)),
      { numRuns: runs, seed: 32 },
    );
  });
});

test('blocks follow the clock of the meter where it moves by half an hour', () => {
  // Lord Howe Island: at 15:00 UTC on 4 April 2026 the clock goes back from 02:00 to 01:30. Hours of the meter began on the
  // hour of UTC before and begin on the half hour after: 100 kW from 16:30 to 17:30 UTC fill one of them.
  const tariff = tariffOf(
    [flatEnergy(0), { kind: 'demand', id: 'd', windows: [{ id: 'a', when: 'always', price: 2 }] }],
    {
      timezone: 'Australia/Lord_Howe',
      meter: { demandIntervalMinutes: 60 },
    },
  );
  const startS = at('2026-04-04T13:00:00Z');
  const kw = Float64Array.from({ length: 11 }, (_, t) => (t === 7 || t === 8 ? 100 : 0));
  const request = { tariff, grid: { startS, intervalS: seconds(1800), count: kw.length } };
  expect(valueOf(planGapOf(request, kw))).toMatchObject({ objective: 200, bill: 200 });
});
