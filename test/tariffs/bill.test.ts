import { expect, test } from 'vitest';
import { billOf } from '#tariffs/bill';
import { parseTariff } from '#tariffs/parse-tariff';
import { amountsOf, at, catalogueDocument, flatDemand, flatEnergy, tariffOf, valueOf } from './builders.ts';

const quarterHour = 900;

test('one 15-minute spike sets the whole month', () => {
  const tariff = tariffOf([flatEnergy(0.1), flatDemand(12)]);
  const kw = Float64Array.from([40, 40, 310, 40]);
  const bill = valueOf(billOf({ tariff, start: at('2026-07-01T00:00:00Z'), intervalS: quarterHour, kw }));
  // (40 + 40 + 310 + 40) / 4 = 107.5 kWh at 0.10; 310 kW at 12.
  expect(amountsOf(bill)).toEqual({ 'energy all': 10.75, 'demand all': 3720 });
  expect(bill.total).toBe(3730.75);
  const demand = bill.periods[0]?.lines.find((line) => line.kind === 'demand');
  expect(demand?.evidence.intervalStart).toBe('2026-07-01T00:30:00Z');
  expect(bill.periods[0]?.marginal.costOfOneMoreKw).toBe(12);
});

test('a week of the first real tariff, worked by hand', () => {
  const tariff = valueOf(parseTariff(catalogueDocument('us-sce-tou-8-d-2022')));
  // Monday 2026-07-06 to Sunday, 100 kW always, 150 kW on Wednesday 17:00-18:00 local (00:00-01:00Z the next day).
  const kw = new Float64Array(7 * 96).fill(100);
  kw.fill(150, 2 * 96 + 17 * 4, 2 * 96 + 18 * 4);
  const bill = valueOf(
    billOf({ tariff, start: at('2026-07-06T00:00:00-07:00'), intervalS: quarterHour, kw }),
  );
  // on peak: 5 weekdays x 5 h x 100 + 50 kWh = 2,550; mid-peak: 2 x 5 x 100 = 1,000; off-peak: 7 x 19 x 100 = 13,300.
  expect(amountsOf(bill)).toEqual({
    'energy summer-on-peak': 327.57, // 2,550 x 0.12846 = 327.573
    'energy summer-mid-peak': 119.34, // 1,000 x 0.11934
    'energy summer-off-peak': 1195.4, // 13,300 x 0.08988 = 1,195.404
    'facilities any-time': 2860.5, // 150 x 19.07
    'time-related summer-on-peak': 6162, // 150 x 41.08
  });
  expect(bill.periods[0]?.marginal.costOfOneMoreKw).toBeCloseTo(60.15, 9);
});
