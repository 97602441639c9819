import { describe, expect, test } from 'vitest';
import { account } from '#solver/certificate/account';
import { generatedDepot } from '#solver/generated';
import type { DepotShape } from '#solver/generated';
import { chargingStarts, preferredPlan } from '#solver/preferences';
import type { DepotProblem } from '#solver/problem';
import { randomDepot } from '#solver/random-depot';
import { solve } from '#solver/solve';
import { connector, depot, session } from './builders.ts';

const options = { continuous: true, gap: 1e-6 } as const;
const kw = (...values: number[]): Float64Array => Float64Array.of(...values);

/** Powers of a plan below a charger's minimum. */
function lowPowers(problem: DepotProblem, powerKw: readonly Float64Array[]): number {
  return problem.sessions.reduce(
    (sum, { minKw }, s) => sum + powerKw[s]!.filter((v) => v > 1e-6 && v < minKw - 1e-6).length,
    0,
  );
}

/** What the site draws for vehicles in each interval. */
function profileOf(problem: DepotProblem, powerKw: readonly Float64Array[]): Float64Array {
  const load = new Float64Array(problem.intervals);
  problem.sessions.forEach(({ arrive }, s) => powerKw[s]!.forEach((v, i) => (load[arrive + i]! += v)));
  return load;
}

describe('few starts at no cost', () => {
  test('two vehicles that take turns each charge once', () => {
    // v in hours 0 and 2, w in 1 and 3: v gives hour 2 for hour 1, and each has a start less.
    const sessions = [session('v', { energyKwh: 8 }), session('w', { connector: 1, energyKwh: 8 })];
    const plan = { powerKw: [kw(4, 0, 4, 0), kw(0, 4, 0, 4)] };
    const { powerKw } = preferredPlan(depot({ sessions }), plan, 'continuous');
    expect(powerKw.map((row) => [...row])).toEqual([
      [4, 4, 0, 0],
      [0, 0, 4, 4],
    ]);
  });

  test('a power below the minimum goes to a vehicle that charges anyway', () => {
    // v has 1 kW in hour 3 alone; w, at 5 kW there and in hour 1, takes it and gives up 1 kW in hour 1 to v's 6 kW.
    const stepped = { minKw: 4.14, stepKw: 0 };
    const sessions = [
      session('v', { energyKwh: 7, ...stepped }),
      session('w', { connector: 1, energyKwh: 20, ...stepped }),
    ];
    const problem = depot({ sessions });
    const plan = { powerKw: [kw(0, 6, 0, 1), kw(5, 5.5, 5, 4.5)] };
    const { powerKw } = preferredPlan(problem, plan, 'continuous');
    expect(lowPowers(problem, powerKw)).toBe(0);
    expect(chargingStarts(powerKw)).toBe(2);
    expect([...profileOf(problem, powerKw)]).toEqual([...profileOf(problem, plan.powerKw)]);
  });

  test('no exchange where a limit forbids it', () => {
    // Both would have to charge at 4 kW on a feeder of their own that carries 4 kW in one hour only.
    const circuits = [
      { id: 'grid', parent: -1, limitKw: kw(100, 100, 100, 100) },
      { id: 'own', parent: 0, limitKw: kw(4, 0, 4, 0) },
    ];
    const connectors = [connector('a', { circuit: 1 }), connector('b')];
    const sessions = [session('v', { energyKwh: 8 }), session('w', { connector: 1, energyKwh: 8 })];
    const plan = { powerKw: [kw(4, 0, 4, 0), kw(0, 4, 0, 4)] };
    expect(preferredPlan(depot({ circuits, connectors, sessions }), plan, 'continuous').powerKw).toEqual(
      plan.powerKw,
    );
  });

  test('a vehicle whose taper or milestones bind its times is left alone', () => {
    const plan = { powerKw: [kw(4, 0, 4, 0), kw(0, 4, 0, 4)] };
    const w = session('w', { connector: 1, energyKwh: 8 });
    const taper = [{ fromKwh: 0, maxKw: 11 }];
    for (const fields of [{ taper }, { milestones: [{ by: 3, energyKwh: 8 }] }]) {
      const sessions = [session('v', { energyKwh: 8, ...fields }), w];
      expect(preferredPlan(depot({ sessions }), plan, 'continuous').powerKw).toEqual(plan.powerKw);
    }
  });

  const shapes: DepotShape[] = [
    { kind: 'last-mile', connectors: 44, intervals: 96, seed: 1, steps: true },
    { kind: 'bus', connectors: 60, intervals: 96, seed: 1, steps: true },
    { kind: 'two-shift', connectors: 60, intervals: 96, seed: 1, steps: true },
  ];
  for (const shape of shapes) {
    test(`${shape.connectors} x ${shape.intervals} ${shape.kind}: a tenth fewer starts, the same money`, async () => {
      const problem = generatedDepot(shape);
      const [raw, few] = [
        await solve(problem, options),
        await solve(problem, { ...options, fewStarts: true }),
      ];
      expect(few.status).toBe('optimal');
      expect(few.certificate.valid).toBe(true);
      expect(few.objective).toBeCloseTo(raw.objective, 6);
      expect(chargingStarts(few.powerKw)).toBeLessThan(0.9 * chargingStarts(raw.powerKw));
      expect(lowPowers(problem, few.powerKw)).toBeLessThanOrEqual(lowPowers(problem, raw.powerKw));
      const [before, after] = [profileOf(problem, raw.powerKw), profileOf(problem, few.powerKw)];
      expect(after.every((v, t) => Math.abs(v - before[t]!) < 1e-6)).toBe(true);
    });
  }

  test('law: never more starts, never a limit, never a cost, on drawn depots', async () => {
    for (let seed = 0; seed < 60; seed++) {
      const problem = randomDepot({ seed, intervalsMax: 24 });
      const { powerKw, batteryKw, pvKw } = await solve(problem, options);
      const plan = {
        powerKw,
        ...(batteryKw === undefined ? {} : { batteryKw }),
        ...(pvKw === undefined ? {} : { pvKw }),
      };
      const preferred = preferredPlan(problem, plan, 'continuous');
      const [before, after] = [account(problem, plan), account(problem, preferred)];
      expect(after.primalResidual, `seed ${seed}`).toBeLessThan(1e-6);
      expect(after.objective, `seed ${seed}`).toBeCloseTo(before.objective, 6);
      const burden = (rows: readonly Float64Array[]): number =>
        chargingStarts(rows) + lowPowers(problem, rows);
      expect(burden(preferred.powerKw), `seed ${seed}`).toBeLessThanOrEqual(burden(powerKw));
    }
  });
});
