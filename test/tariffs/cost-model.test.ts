import fc from 'fast-check';
import { expect, test } from 'vitest';
import { seconds } from '#domain/units';
import { billOf } from '#tariffs/bill';
import { costModelOf, stateOfPeaks } from '#tariffs/cost-model-of';
import { parseTariff } from '#tariffs/parse-tariff';
import { at, catalogueDocument, objectiveOf, valueOf } from './builders.ts';

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
