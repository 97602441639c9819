import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { tariffDocument, tariffIds } from '#adapters/tariff-catalogue';
import { seconds } from '#domain/units';
import { billOf } from '#tariffs/bill';
import { costModelOf } from '#tariffs/cost-model-of';
import { explanationOf } from '#tariffs/explain';
import { frameOf } from '#tariffs/frame';
import { linePlansOf } from '#tariffs/meter';
import { parseTariff } from '#tariffs/parse-tariff';
import { noWindow } from '#tariffs/windows';
import { at, catalogueDocument, catalogueIds, valueOf } from './builders.ts';

const ids = catalogueIds();
const tariffs = ids.map((id) => [id, valueOf(parseTariff(catalogueDocument(id)))] as const);
/** A year of day-ahead prices: 0.05, and 0.15 from 17:00 to 21:00 UTC. */
const dayAhead = {
  start: '2025-12-31T00:00:00Z',
  intervalMinutes: 60,
  perKwh: Array.from({ length: 8760 + 72 }, (_, hour) => (hour % 24 >= 17 && hour % 24 < 21 ? 0.15 : 0.05)),
};
const options = { series: { 'day-ahead': dayAhead } };
const start = at('2026-01-01T00:00:00Z');
/** A depot that charges 300 kW from 20:00 to 04:00 UTC. */
const kw = Float64Array.from({ length: 365 * 96 }, (_, t) => ((t + 16) % 96 < 32 ? 300 : 10));

describe('the catalogue', () => {
  test('holds at least 14 tariffs of the United States, Britain, Germany, the Netherlands, Belgium and the Nordics', () => {
    expect(ids.length).toBeGreaterThanOrEqual(14);
    const lands = new Set(ids.map((id) => id.slice(0, 2)));
    expect([...lands].toSorted()).toEqual(['be', 'de', 'gb', 'nl', 'no', 'se', 'us']);
  });

  test('lists every file, and the adapter reads what the list says', () => {
    const files = readdirSync(new URL('../../tariffs/catalogue/', import.meta.url))
      .filter((file) => file !== 'index.json')
      .map((file) => file.replace(/\.json$/, ''));
    expect(ids.toSorted()).toEqual(files.toSorted());
    expect(tariffIds()).toEqual(ids);
    expect(tariffDocument('us-sce-tou-8-d-2022')).toEqual(catalogueDocument('us-sce-tou-8-d-2022'));
    expect(tariffDocument('no-such-tariff')).toBeUndefined();
  });
});

describe.each(tariffs)('%s', (id, tariff) => {
  test('says where it is from and since when', () => {
    expect(tariff.id).toBe(id);
    expect(tariff.source.title.length).toBeGreaterThan(20);
    expect(tariff.source.date).toMatch(/\d{4}/);
  });

  test('prices every quarter hour of a year exactly once per energy line', () => {
    const frame = valueOf(
      frameOf({ ...options, tariff, startS: start, intervalS: 900, intervals: kw.length }),
    );
    for (const plan of valueOf(linePlansOf(frame))) {
      if (plan.kind === 'energy') expect(plan.windows.includes(noWindow)).toBe(false);
    }
  });

  test('bills a year: lines add up to the total of each period', () => {
    const bill = valueOf(billOf({ tariff, start, intervalS: 900, kw, options }));
    const whole = bill.periods.filter((period) => period.complete);
    expect(whole.length).toBeGreaterThanOrEqual(11);
    expect(bill.total).toBeGreaterThan(0);
    for (const period of bill.periods) {
      const cents = period.lines.reduce((sum, line) => sum + Math.round(line.amount * 1e6), 0);
      expect(Math.round(period.total * 1e6)).toBe(cents);
    }
  });

  test('gives the optimiser a model of tomorrow', () => {
    const model = valueOf(
      costModelOf({
        ...options,
        tariff,
        grid: { startS: at('2026-02-03T12:00:00Z'), intervalS: seconds(900), count: 96 },
      }),
    );
    expect(model.pricePerKwh.every(Number.isFinite)).toBe(true);
    const inSomeWay = (id: string): boolean =>
      (model.choices ?? []).some(({ options }) => options.some(({ perUnit }) => (perUnit[id] ?? 0) > 0));
    expect(model.demand.every((term) => term.pricePerKw > 0 || inSomeWay(term.id))).toBe(true);
  });

  test('is told in sentences', () => {
    const { sentences } = valueOf(explanationOf(tariff, {}));
    expect(sentences.length).toBeGreaterThanOrEqual(tariff.lines.length);
    expect(sentences.every((sentence) => /^\S.*\.$/.test(sentence.text))).toBe(true);
  });
});

test('Liander at medium voltage, January, worked by hand', () => {
  const tariff = valueOf(parseTariff(catalogueDocument('nl-liander-ms-2025')));
  const bill = valueOf(
    billOf({
      tariff,
      start: at('2025-01-01T00:00:00+01:00'),
      intervalS: 3600,
      kw: new Float64Array(744).fill(200),
    }),
  );
  // 148,800 kWh x 0.022 = 3,273.60; 500 x 26.68 / 12 = 1,111.67; 200 x 3.46 = 692; 441 / 12 = 36.75.
  expect(bill.periods[0]?.lines.map((line) => line.amount)).toEqual([3273.6, 1111.67, 692, 36.75]);
});
