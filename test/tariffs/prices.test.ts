/** What `prices` and `tariff explain` tell beside a price per kWh and a price per kW. */
import { expect, test } from 'vitest';
import { seconds } from '#domain/units';
import { explanationOf } from '#tariffs/explain';
import { pricesOf } from '#tariffs/prices';
import { at, flatEnergy, tariffOf, valueOf } from './builders.ts';

const grid = { startS: at('2026-07-07T00:00:00Z'), intervalS: seconds(3600), count: 2 };
const always = { id: 'a', when: 'always' } as const;
const top = (day: string, kw: number): { kw: number; at: string; day: string } => ({
  kw,
  at: `${day}T10:00:00Z`,
  day,
});

test('the mean of several peaks says of how many, and which are there', () => {
  const tariff = tariffOf([
    flatEnergy(0.1),
    { kind: 'demand', id: 'd', windows: [{ ...always, price: 30 }], measure: { kind: 'mean-top', n: 3 } },
  ]);
  const state = {
    periodStart: '2026-07-01',
    past: [],
    lines: { d: { windows: { a: { peakKw: 60, tops: [top('2026-07-02', 60), top('2026-07-03', 30)] } } } },
  };
  const [demand] = valueOf(pricesOf({ tariff, grid, state })).demand;
  // Two of three days: (60 + 30) / 3 = 30 kW are paid in any case.
  expect(demand).toMatchObject({
    pricePerKw: 30,
    floorKw: 30,
    meanOf: 3,
    peaksSoFarKw: [60, 30],
    intervals: [1, 1],
  });
  const { oneMoreKw } = valueOf(explanationOf(tariff, { atS: grid.startS, state }));
  // One kW more on a third day is a third of a kW in the mean: 10.
  expect(oneMoreKw?.demand).toEqual([{ line: 'd', window: 'a', pricePerKw: 10, floorKw: 30, raised: true }]);
});

test('tiers of energy are steps above the price of the tier that is reached', () => {
  const tiers = [
    { upTo: 100, price: 0.1 },
    { upTo: 300, price: 0.25 },
    { upTo: null, price: 0.4 },
  ];
  const tariff = tariffOf([{ kind: 'energy', id: 'e', windows: [{ ...always, tiers }] }]);
  const state = {
    periodStart: '2026-07-01',
    past: [],
    lines: { e: { windows: { a: { kwh: 150 } }, runs: [{ window: 'a', day: '2026-07-06', kwh: 150 }] } },
  };
  const prices = valueOf(pricesOf({ tariff, grid, state }));
  expect(prices.energy).toEqual([0.25, 0.25]);
  expect(prices.steps).toEqual([
    {
      id: 'e@2026-07-01 above 300 kWh',
      line: 'e',
      risePerKwh: 0.15,
      aboveKwh: 300,
      usedKwh: 150,
      intervals: [1, 1],
    },
  ]);
  const { oneMoreKw } = valueOf(explanationOf(tariff, { atS: grid.startS, state }));
  expect(oneMoreKw?.text).toBe(
    'One more kW costs 0.25 EUR for each hour and raises no peak; 0.15 more for each kWh of e above 300 kWh, of which 150 are used.',
  );
});

test('other ways of charging are told as differences from the one that holds now', () => {
  const tariff = tariffOf([
    flatEnergy(0.1),
    {
      kind: 'price-pair',
      id: 'p',
      thresholdHours: 2500,
      below: { perKw: 16, perKwh: 0.09 },
      above: { perKw: 190, perKwh: 0.02 },
    },
  ]);
  const prices = valueOf(pricesOf({ tariff, grid }));
  expect(prices.energy).toEqual([0.19, 0.19]);
  expect(prices.demand).toMatchObject([{ line: 'p', window: 'power', pricePerKw: 16, floorKw: 0 }]);
  expect(prices.choices).toEqual([
    {
      line: 'p',
      id: 'p@2026',
      now: 'below 2500 h',
      ways: [
        { id: 'below 2500 h', energy: [0, 0], perUnit: {}, constant: 0 },
        { id: 'from 2500 h', energy: [-0.07, -0.07], perUnit: { 'p/power@2026': 174 }, constant: 0 },
      ],
    },
  ]);
  const { oneMoreKw } = valueOf(explanationOf(tariff, { atS: grid.startS, loadKw: 20 }));
  // A quarter hour of 20 kW is 5 kWh on the first day: 5 / 20 x 365 = 91 hours of use.
  expect(oneMoreKw?.text).toContain('p@2026 charges below 2500 h as things stand');
});

test('one more kW in a block of an hour is a kW of its mean, whichever quarter is asked for', () => {
  const tariff = tariffOf(
    [flatEnergy(0.1), { kind: 'demand', id: 'd', windows: [{ ...always, price: 12 }] }],
    { meter: { demandIntervalMinutes: 60 }, timezone: 'Asia/Kathmandu' },
  );
  const { oneMoreKw } = valueOf(explanationOf(tariff, { atS: at('2026-07-07T05:45:00Z'), loadKw: 5 }));
  expect(oneMoreKw).toMatchObject({ at: '2026-07-07T05:45:00Z', demand: [{ pricePerKw: 12, raised: true }] });
});
