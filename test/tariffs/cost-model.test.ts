import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seconds } from '#domain/units';
import { billOf } from '#tariffs/bill';
import { costModelOf, stateOfPeaks } from '#tariffs/cost-model-of';
import { parseTariff } from '#tariffs/parse-tariff';
import { objectiveOf } from '#tariffs/model-value';
import { planGapOf } from '#tariffs/plan-gap';
import { at, catalogueDocument, flatDemand, flatEnergy, tariffOf, valueOf } from './builders.ts';

const sce = valueOf(parseTariff(catalogueDocument('us-sce-tou-8-d-2022')));

test('law: the objective is the bill on the same load', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 364 * 24 * 4 }),
      fc.constantFrom(5, 15, 30, 60),
      fc.array(fc.double({ min: 0, max: 500, noNaN: true }), { minLength: 96, maxLength: 192 }),
      fc.double({ min: 0, max: 300, noNaN: true }),
      (quarter, minutes, loads, peak) => {
        // Grids end where a metering block does: a block that is not over sets no peak yet.
        const per = Math.max(1, 15 / minutes);
        const kw = Float64Array.from(loads.slice(0, Math.floor(loads.length / per) * per));
        const start = at(new Date(1767225600000 + quarter * 900_000).toISOString());
        const grid = { startS: start, intervalS: seconds(minutes * 60), count: kw.length };
        const state = stateOfPeaks({ facilities: { 'any-time': peak } }, peak);
        const model = valueOf(costModelOf({ tariff: sce, grid, state }));
        const bill = valueOf(billOf({ tariff: sce, start, intervalS: minutes * 60, kw, state }));
        expect(Math.abs(objectiveOf(model, kw) - bill.total)).toBeLessThanOrEqual(
          0.005 * bill.periods.reduce((sum, period) => sum + period.lines.length, 0) + 1e-6,
        );
      },
    ),
    { numRuns: 60, seed: 7 },
  );
});

test('a peak so far is paid in any case', () => {
  const grid = { startS: at('2026-07-07T00:00:00Z'), intervalS: seconds(900), count: 96 };
  const model = valueOf(
    costModelOf({ tariff: sce, grid, state: stateOfPeaks({ facilities: { 'any-time': 220 } }) }),
  );
  expect(model.demand.map((term) => [term.line, term.pricePerKw, term.floorKw])).toEqual([
    ['facilities', 19.07, 220],
    ['time-related', 41.08, 0],
  ]);
});

test('where the model is not the bill the gap can be told', () => {
  const tariff = tariffOf([
    flatEnergy(0.1),
    flatDemand(1),
    { kind: 'minimum-bill', id: 'least', amount: 25, per: 'month', scope: ['energy'] },
  ]);
  const grid = { startS: at('2026-07-07T00:00:00Z'), intervalS: seconds(3600), count: 2 };
  // 150 kWh at 0.10 are 15, at least 25; the peak of 100 kW costs 100.
  expect(valueOf(planGapOf({ tariff, grid }, Float64Array.from([100, 50])))).toEqual({
    objective: 115,
    bill: 125,
    gap: -10,
  });
  const flat = valueOf(
    planGapOf({ tariff: tariffOf([flatEnergy(0.1)]), grid }, Float64Array.from([100, 50])),
  );
  expect(flat.gap).toBeCloseTo(0, 9);
});

describe('a least bill', () => {
  const least = { kind: 'minimum-bill', id: 'least', amount: 25, per: 'month' } as const;
  const vat = { kind: 'percent', id: 'vat', percent: 20 } as const;
  const lastHours = { startS: at('2026-07-31T22:00:00Z'), intervalS: seconds(3600), count: 2 };

  test('of the whole month is the larger of itself and the sum, with what comes on top', () => {
    const request = { tariff: tariffOf([flatEnergy(0.1), least, vat]), grid: lastHours };
    const model = valueOf(costModelOf(request));
    // 25 x 1.2 = 30. 150 kWh are 15: the least. 300 kWh are 30 x 1.2 = 36.
    expect(model.leastBill).toBeCloseTo(30, 6);
    expect(model.approximations).toEqual([]);
    for (const [kw, money] of [
      [75, 30],
      [150, 36],
    ] as const) {
      const gap = valueOf(planGapOf(request, Float64Array.from([kw, kw])));
      expect([gap.objective, gap.bill]).toEqual([expect.closeTo(money, 5), money]);
    }
  });

  test('that was topped up before gives back what the month draws after', () => {
    const tariff = tariffOf([flatEnergy(0.1), least]);
    const startS = at('2026-07-01T00:00:00Z');
    const { state } = valueOf(billOf({ tariff, start: startS, intervalS: 3600, kw: Float64Array.of(150) }));
    // 15 and a top-up of 10 were asked for. 50 kWh more: 20, nothing to pay; 200 kWh more: 35, so 10.
    const request = { tariff, grid: { ...lastHours, startS: at('2026-07-01T01:00:00Z'), count: 1 }, state };
    for (const [kw, money] of [
      [50, 0],
      [200, 10],
    ] as const) {
      const gap = valueOf(planGapOf(request, Float64Array.of(kw)));
      expect([gap.objective, gap.bill]).toEqual([expect.closeTo(money, 5), money]);
    }
    // The month goes on past the grid.
    expect(valueOf(costModelOf(request)).approximations).toMatchObject([
      { line: 'least', affects: 'later-bills' },
    ]);
  });

  test('of the year counts in the last bill of the year alone', () => {
    const tariff = tariffOf([flatEnergy(0.1), { ...least, amount: 3650, per: 'year', settled: 'year' }]);
    const july = valueOf(costModelOf({ tariff, grid: lastHours }));
    expect(july.leastBill).toBeUndefined();
    expect(july.approximations).toMatchObject([{ line: 'least', affects: 'later-bills' }]);
    // One day of the year is known: 3650 / 365 = 10 stand against 50 kWh at 0.10.
    const request = { tariff, grid: { ...lastHours, startS: at('2026-12-31T22:00:00Z') } };
    const gap = valueOf(planGapOf(request, Float64Array.of(25, 25)));
    expect([gap.objective, gap.bill]).toEqual([expect.closeTo(10, 5), 10]);
  });

  test('in two months of one grid is told, not planned', () => {
    const grid = { ...lastHours, count: 4 };
    const model = valueOf(costModelOf({ tariff: tariffOf([flatEnergy(0.1), least]), grid }));
    expect(model.leastBill).toBeUndefined();
    expect(model.approximations).toMatchObject([{ line: 'least', affects: 'this-bill' }]);
  });
});

test('a block that is partly metered counts with what was drawn in it', () => {
  const state = { lines: {}, past: [], openBlock: { start: '2026-07-07T00:00:00Z', kwh: 10, seconds: 600 } };
  const grid = { startS: at('2026-07-07T00:10:00Z'), intervalS: seconds(300), count: 4 };
  const model = valueOf(costModelOf({ tariff: sce, grid, state }));
  // 10 kWh in 600 s are 60 kW; two of three intervals of the block are over.
  expect(model.demand[0]).toMatchObject({ blockIntervals: 3, blockOffset: 2, blockPastKw: 60 });
  const kw = Float64Array.from([120, 30, 30, 30]);
  const bill = valueOf(billOf({ tariff: sce, start: grid.startS, intervalS: 300, kw, state }));
  // (60 + 60 + 120) / 3 = 80 kW.
  expect(bill.periods[0]?.peakKw).toBe(80);
  expect(objectiveOf(model, kw)).toBeCloseTo(bill.total, 2);
});

test('a ratchet is the floor of the peak: below it the plan pays nothing more', () => {
  const tariff = tariffOf([
    {
      kind: 'demand',
      id: 'd',
      windows: [{ id: 'all', when: 'always', price: 10 }],
      ratchet: { percent: 80, currentPercent: 50 },
    },
  ]);
  const grid = { startS: at('2026-07-07T00:00:00Z'), intervalS: seconds(3600), count: 1 };
  const state = { lines: {}, past: [{ start: '2026-06-01', peaksKw: { d: { all: 300 } } }] };
  const model = valueOf(costModelOf({ tariff, grid, state }));
  // 80 % of 300 kW is 240 kW, which half of 480 kW reaches.
  expect(model.demand[0]).toMatchObject({ pricePerKw: 5, floorKw: 480 });
  expect(objectiveOf(model, Float64Array.from([100]))).toBeCloseTo(2400, 9);
  expect(objectiveOf(model, Float64Array.from([600]))).toBeCloseTo(3000, 9);
});
