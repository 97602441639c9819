/** A missing kilowatt-hour must cost more than any way of having it, or money would leave vehicles behind. */
import { expect, test } from 'vitest';
import { epochS, seconds } from '#domain/units';
import { defaultPolicy, policyOf } from '#engine/policy';
import { marginalCostMax, shortfallPriceOf } from '#engine/price';
import { solve } from '#solver/solve';
import type { DepotProblem } from '#solver/problem';
import type { CostModel } from '#tariffs/cost-model';

const count = 4;
const model: CostModel = {
  grid: { startS: epochS(0), intervalS: seconds(900), count },
  currency: 'EUR',
  pricePerKwh: Float64Array.from([0.1, 0.5, 0.3, 0.2]),
  constant: 0,
  demand: [
    { id: 'any', pricePerKw: 12, counts: 1, floorKw: 3 },
    { id: 'peak', pricePerKw: 8, counts: 1, floorKw: 0 },
    { id: 'never', pricePerKw: 99, counts: 0, floorKw: 0 },
  ].map(({ counts, ...term }) => ({
    ...term,
    line: term.id,
    window: 'all',
    counts: new Uint8Array(count).fill(counts),
    blockIntervals: 1,
    blockOffset: 0,
    blockPastKw: 0,
  })),
  approximations: [],
};

/** One vehicle that needs 5 kWh in one quarter hour at 20 kW, on the model above. */
const problemWith = (shortfallPrice: number): DepotProblem => ({
  intervalH: 0.25,
  intervals: count,
  circuits: [{ id: 'grid', parent: -1, limitKw: new Float64Array(count).fill(100) }],
  connectors: [{ id: 'c', circuit: 0, maxKw: 20, module: -1, rotation: [0, 1, 2], reserveKw: 0 }],
  modules: [],
  sessions: [
    {
      id: 's',
      connector: 0,
      arrive: 1,
      depart: 2,
      energyKwh: 5,
      maxKw: 20,
      phases: 3,
      minKw: 0,
      stepKw: 0,
      shortfallPrice,
    },
  ],
  fixedLoadKw: new Float64Array(count),
  price: model.pricePerKwh,
  demand: model.demand.map(({ line: _line, window: _window, ...term }) => term),
  earliness: 0.001,
});

test('the dearest kilowatt-hour pays the dearest interval and raises every window that counts', () => {
  // 0.5 + (12 + 8) / 0.25 h; the window that never counts costs nothing.
  expect(marginalCostMax(model)).toBeCloseTo(80.5, 9);
});

test('above that price the vehicle leaves full, well below it money wins', async () => {
  const options = { continuous: true, gap: 1e-6 } as const;
  const rule = shortfallPriceOf(model, defaultPolicy);
  expect(rule).toBeGreaterThan(80.5);
  const full = await solve(problemWith(rule), options);
  expect(full.shortfallKwh[0]).toBeCloseTo(0, 6);
  // The owner's own price: 20 kW of peak at 20 per kW would cost 400, 5 kWh without it 5 x 40.
  const owner = policyOf({ shortfallPerKwh: 40 });
  const short = await solve(problemWith(owner.ok ? shortfallPriceOf(model, owner.value) : NaN), options);
  expect(short.shortfallKwh[0]).toBeGreaterThan(4);
});

test('a policy that nobody has written is the default one', () => {
  expect(policyOf(undefined)).toEqual({ ok: true, value: defaultPolicy });
  expect(defaultPolicy).toMatchObject({ intervalS: 900, leaseMaxS: 28_800, meterTolerance: 0.03 });
});

test.each([
  [{ intervalS: 10 }, 'policy.intervalS', 'too_small'],
  [{ leaseMaxs: 3600 }, 'policy.leaseMaxs', 'unknown-field'],
  [{ floorShare: 2 }, 'policy.floorShare', 'too_big'],
  [{ floors: { 'A/1': 'six' } }, 'policy.floors.A/1', 'invalid_type'],
])('%j is refused by its path', (written, path, rule) => {
  const policy = policyOf(written);
  expect(policy.ok ? [] : policy.problem.map((f) => [f.path, f.rule])).toEqual([[path, rule]]);
});
