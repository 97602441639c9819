/** Vehicles that feed back beside vehicles that charge in steps. */
import { describe, expect, test } from 'vitest';
import { prngOf } from '#domain/prng';
import { account } from '#solver/certificate/account';
import { verify } from '#solver/certificate/verify';
import { aroundFeeding } from '#solver/feeding';
import type { DepotProblem, FeedBack, Session } from '#solver/problem';
import { randomDepot } from '#solver/random-depot';
import { solve } from '#solver/solve';
import { connector, depot, series, session } from './builders.ts';

const instances = Number(process.env['VOLTHERD_INSTANCES'] ?? 60);
const steps = { continuous: false, gap: 1e-6 } as const;

function lending(stay: number, fields: Partial<FeedBack> = {}): FeedBack {
  return { maxKw: series(stay, 5), heldKwh: 10, roomKwh: 10, lossFactor: 1, wearPerKwh: 0, ...fields };
}

/** A load of 5 kW in a dear hour, a van in steps of 6 A, and a bus that may lend. */
function evening(bus: Partial<Session>): DepotProblem {
  return depot({
    intervals: 2,
    connectors: [connector('a'), connector('b')],
    fixedLoadKw: Float64Array.of(5, 0),
    price: Float64Array.of(1, 0.1),
    sessions: [
      session('van', { depart: 2, energyKwh: 4.14, minKw: 4.14, stepKw: 0.69 }),
      session('bus', { connector: 1, depart: 2, energyKwh: 0, feedBack: lending(2), ...bus }),
    ],
  });
}

describe('feeding back in steps', () => {
  test('a bus lends in the dear hour and has it back after it, beside a van in steps', async () => {
    const problem = evening({});
    const found = await solve(problem, steps);
    expect(Array.from(found.powerKw[1]!)).toEqual([-5, 5]);
    expect(Array.from(found.powerKw[0]!)).toEqual([0, 4.14]);
    // 5 kWh at 1 are saved, 5 and 4.14 at 0.1 bought.
    expect(found.objective).toBeCloseTo(-5 + 0.914, 9);
    expect(found.certificate.valid).toBe(true);
    expect(verify(problem, found, 'stepped', steps.gap).broken).toEqual([]);
  });

  test('a bus with steps of its own lends whole steps, and no more than the load', async () => {
    // Steps of 2 kW from 2 on: 4 of the load of 5.
    const found = await solve(evening({ minKw: 2, stepKw: 2 }), steps);
    expect(Array.from(found.powerKw[1]!)).toEqual([-4, 4]);
    expect(found.certificate.valid).toBe(true);
  });

  test('a bus on a shared module, whose room a plan in steps cannot share out, stays on charging', async () => {
    const problem = evening({});
    const shared = {
      ...problem,
      modules: [{ id: 'm', maxKw: 11 }],
      connectors: problem.connectors.map((one) => ({ ...one, module: 0 })),
    };
    const found = await solve(shared, steps);
    expect(found.powerKw[1]!.every((kw) => kw >= 0)).toBe(true);
    expect(found.reasons.join()).toContain('nobody feeds back');
    expect(found.certificate.valid).toBe(true);
    // The bound is that of the depot in which the bus may lend.
    expect(found.gap).toBeGreaterThan(0.1);
  });

  test('the certificate refuses half a step in either direction', () => {
    const excess = (kw: number): number =>
      account(
        evening({ minKw: 2, stepKw: 2 }),
        { powerKw: [Float64Array.of(0, 4.14), Float64Array.of(-kw, kw)] },
        'stepped',
      ).primalResidual;
    expect(excess(4)).toBeLessThan(1e-9);
    expect(excess(3)).toBeCloseTo(1, 9);
    expect(excess(1)).toBeCloseTo(1, 9);
  });

  test('what stands feeds back no more than the load takes, unless it is sold', () => {
    const two = (loadKw: number, more: Partial<DepotProblem> = {}): DepotProblem =>
      depot({
        intervals: 2,
        connectors: [connector('a'), connector('b'), connector('c')],
        fixedLoadKw: Float64Array.of(loadKw, 0),
        sessions: [
          session('van', { depart: 2, energyKwh: 4.14, minKw: 4.14, stepKw: 0.69 }),
          ...[1, 2].map((c) =>
            session(`bus-${c}`, {
              connector: c,
              depart: 2,
              energyKwh: 0,
              minKw: 1,
              stepKw: 1,
              feedBack: lending(2),
            }),
          ),
        ],
        ...more,
      });
    // Both buses lend 4 kW in the first hour, to the load and to the van.
    const plan = { powerKw: [Float64Array.of(4.14, 0), Float64Array.of(-4, 4), Float64Array.of(-4, 4)] };
    const standing = (problem: DepotProblem): readonly (readonly number[])[] | undefined =>
      aroundFeeding(problem, plan)
        ?.joined({ powerKw: problem.sessions.map(() => new Float64Array(2)) })
        .powerKw.slice(1)
        .map((kw) => [...kw]);
    // The van may do without in the end: a load of 5 takes 4 of the one and 1 of the other, none takes nothing.
    expect(standing(two(5))).toEqual([
      [-4, 4],
      [-1, 1],
    ]);
    expect(aroundFeeding(two(0), plan)).toBeUndefined();
    const pv = { kw: new Float64Array(2), sellPrice: Float64Array.of(0.1, 0.1) };
    expect(standing(two(0, { pv }))).toEqual([
      [-4, 4],
      [-4, 4],
    ]);
  });

  test('law: plans hold, and the right to lend never costs anything', async () => {
    let fed = 0;
    for (let seed = 0; seed < instances; seed++) {
      const prng = prngOf(seed);
      const drawn = randomDepot({
        seed: seed + 9_000_000,
        plain: seed % 2 > 0,
        sourced: seed % 3 === 0,
        intervalsMax: 24,
      });
      const may: DepotProblem = {
        ...drawn,
        sessions: drawn.sessions.map((one) =>
          prng.next() < 0.5
            ? {
                ...one,
                taper: [],
                feedBack: lending(Math.max(0, one.depart - one.arrive), {
                  heldKwh: 20,
                  roomKwh: one.energyKwh + 10,
                  lossFactor: 1.1,
                }),
              }
            : one,
        ),
      };
      const charging = may.sessions.map((one): Session => {
        const { feedBack: _, ...others } = one;
        return others;
      });
      const without = await solve({ ...may, sessions: charging }, steps);
      const found = await solve(may, steps);
      const scale = Math.max(1, Math.abs(without.objective));
      expect(found.objective, `seed ${seed}`).toBeLessThanOrEqual(without.objective + 1e-6 * scale);
      expect(found.certificate.valid, `seed ${seed}`).toBe(true);
      expect(verify(may, found, 'stepped', steps.gap).broken, `seed ${seed}`).toEqual([]);
      if (found.reasons.includes('fed back in steps')) fed++;
    }
    expect(fed).toBeGreaterThan(instances / 30);
  });
});
