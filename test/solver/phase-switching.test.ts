import { describe, expect, test } from 'vitest';
import { account } from '#solver/certificate/account';
import { verify } from '#solver/certificate/verify';
import { optimise } from '#solver/operations';
import type { OptimiseAnswer } from '#solver/operations';
import { withPhaseChanges } from '#solver/phase-switching';
import type { DepotProblem, Session } from '#solver/problem';
import { randomDepot } from '#solver/random-depot';
import { solve } from '#solver/solve';
import { connector, depot, peak, series, session } from './builders.ts';

const instances = Number(process.env['VOLTHERD_INSTANCES'] ?? 60);
const steps = { continuous: false, gap: 1e-6 } as const;
/** 6 A on three phases, in steps of an ampere at 230 V. */
const car: Partial<Session> = { minKw: 4.14, stepKw: 0.69, maxKw: 11.04, shortfallPrice: 1000 };
const site = { connectors: [connector('a', { maxKw: 11.04 })] };

function alone(fields: Partial<Session>, rest: Partial<DepotProblem> & { intervals?: number }): DepotProblem {
  return depot({ ...site, ...rest, sessions: [session('v', { ...car, ...fields })] });
}

describe('one phase of three', () => {
  // 5.52 kWh in four hours: 1.38 kW throughout on one phase, 4.14 and 1.38 of something on three.
  const slow = { energyKwh: 5.52 };
  const demand = [peak('any', 4)];

  test('a slow stay is charged on one phase, and its peak is a third', async () => {
    const found = await solve(alone({ ...slow, phaseSwitches: 0 }, { demand }), steps);
    expect(Array.from(found.powerKw[0]!)).toEqual([1.38, 1.38, 1.38, 1.38]);
    expect(Array.from(found.onePhase![0]!)).toEqual([1, 1, 1, 1]);
    expect(found.peaksKw[0]).toBeCloseTo(1.38, 9);
    expect(found.certificate.valid).toBe(true);
  });

  test('a station that cannot change stays on three', async () => {
    const found = await solve(alone(slow, { demand }), steps);
    expect(found.onePhase).toBeUndefined();
    expect(found.peaksKw[0]).toBeCloseTo(4.14, 9);
  });

  test('one change, with an interval of rest before it', async () => {
    // 11.04 in the first hour where nothing is metered, 1.38 in each of the last two where a peak is.
    const counts = Uint8Array.from([0, 0, 0, 1, 1]);
    const problem = alone(
      { depart: 5, energyKwh: 13.8, maxKw: Float64Array.from([11.04, 0, 0, 11.04, 11.04]) },
      { intervals: 5, demand: [peak('late', 5, { counts })] },
    );
    const may = (phaseSwitches: 0 | 1): DepotProblem => ({
      ...problem,
      sessions: problem.sessions.map((one) => ({ ...one, phaseSwitches })),
    });
    const found = await solve(may(1), steps);
    expect(Array.from(found.powerKw[0]!)).toEqual([11.04, 0, 0, 1.38, 1.38]);
    expect(Array.from(found.onePhase![0]!.subarray(3))).toEqual([1, 1]);
    expect(found.onePhase![0]![0]).toBe(0);
    // Without a change one phase for all of it would lack most of the energy.
    expect((await solve(may(0), steps)).onePhase).toBeUndefined();
  });

  test('the two parts of a stay that changes have an interval of rest between them, either way round', async () => {
    const problem = alone({ depart: 6, energyKwh: 13.8, phaseSwitches: 1 }, { intervals: 6 });
    const partsOf = async (relaxed: readonly number[]): Promise<readonly (readonly unknown[])[]> => {
      const tried: DepotProblem[] = [];
      const powerKw = [Float64Array.from(relaxed)];
      await withPhaseChanges(
        problem,
        { powerKw },
        { powerKw },
        {
          plan: async (split) => {
            tried.push(split);
            return { powerKw: split.sessions.map(({ arrive, depart }) => new Float64Array(depart - arrive)) };
          },
          cost: () => 0,
        },
      );
      expect(tried).toHaveLength(1);
      return tried[0]!.sessions.map(({ arrive, depart, phases }) => [phases, arrive, depart]);
    };
    // Three phases first, then one; and the other way round.
    expect(await partsOf([11.04, 0, 0, 1.38, 1.38, 0])).toEqual([
      [1, 2, 6],
      [3, 0, 1],
    ]);
    expect(await partsOf([1.38, 1.38, 0, 0, 11.04, 11.04])).toEqual([
      [1, 0, 2],
      [3, 3, 6],
    ]);
  });

  test('circuits count the current of the one phase on all three', async () => {
    // 8 kW carry 6 A on three phases once, so one car at a time, though both draw 1.38 kW.
    const two = depot({
      connectors: [connector('a', { maxKw: 11.04 }), connector('b', { maxKw: 11.04 })],
      circuits: [{ id: 'grid', parent: -1, limitKw: series(4, 8) }],
      demand: [peak('any', 4, { pricePerKw: 100 })],
      sessions: [0, 1].map((c) =>
        session(`v${c}`, { ...car, connector: c, energyKwh: 2.76, phaseSwitches: 0 as const }),
      ),
    });
    const found = await solve(two, steps);
    expect(found.certificate.valid).toBe(true);
    const [a, b] = found.powerKw;
    for (let t = 0; t < 4; t++) expect(Math.min(a![t]!, b![t]!)).toBe(0);
    expect(found.peaksKw[0]).toBeCloseTo(1.38, 9);
  });

  test('the certificate refuses what a station cannot do', () => {
    const problem = alone({ ...slow, phaseSwitches: 1 }, { demand });
    const excess = (kw: number[], flags: number[], of = problem): number =>
      account(of, { powerKw: [Float64Array.from(kw)], onePhase: [Uint8Array.from(flags)] }, 'stepped')
        .primalResidual;
    expect(excess([1.38, 1.38, 0, 4.14], [1, 1, 1, 0])).toBeLessThan(1e-9);
    expect(excess([1.38, 1.38, 1.38, 4.14], [1, 1, 1, 0])).toBeGreaterThan(1);
    expect(excess([1.38, 0, 4.14, 0], [1, 0, 0, 1])).toBe(Infinity);
    expect(excess([3.91, 0, 0, 0], [1, 1, 1, 1])).toBeGreaterThan(0.2);
    expect(excess([1.38, 0, 0, 0], [1, 1, 1, 1], alone(slow, { demand }))).toBe(Infinity);
    const narrow = { ...problem, circuits: [{ id: 'grid', parent: -1, limitKw: series(4, 3) }] };
    expect(excess([1.38, 0, 0, 0], [1, 1, 1, 1], narrow)).toBeCloseTo(1.14, 9);
  });

  test('law: plans hold, and the right to change never costs anything', async () => {
    let changed = 0;
    for (let seed = 0; seed < instances; seed++) {
      const drawn = randomDepot({ seed: seed + 6_000_000, plain: seed % 3 > 0, intervalsMax: 24 });
      const slow = drawn.sessions.map((one) => ({ ...one, energyKwh: one.energyKwh / 8 }));
      const demand = [...drawn.demand, peak('any', drawn.intervals)];
      const plain = { ...drawn, sessions: slow, demand };
      const may: DepotProblem = {
        ...plain,
        sessions: plain.sessions.map((one, s) => ({ ...one, phaseSwitches: s % 3 === 0 ? 0 : 1 })),
      };
      const [without, found] = [await solve(plain, steps), await solve(may, steps)];
      expect(found.objective, `seed ${seed}`).toBeLessThanOrEqual(without.objective + 1e-9);
      expect(found.certificate.valid, `seed ${seed}`).toBe(true);
      expect(verify(may, found, 'stepped', steps.gap).broken, `seed ${seed}`).toEqual([]);
      if (found.onePhase !== undefined) changed++;
    }
    expect(changed).toBeGreaterThan(instances / 25);
  });
});

test('a document says which stays charge on one phase', async () => {
  const result = await optimise.handle({
    intervalMinutes: 60,
    intervals: 4,
    circuits: [{ id: 'grid', parent: null, limitKw: 50 }],
    connectors: [
      { id: 'a', circuit: 'grid', maxKw: 11.04, minKw: 4.14, stepKw: 0.69, phases: 3, phaseSwitches: 1 },
    ],
    sessions: [
      { id: 'v', connector: 'a', arrive: 0, depart: 4, energyKwh: 5.52, maxKw: 11.04, shortfallPrice: 10 },
    ],
    price: [0.2, 0.2, 0.2, 0.2],
    demand: [{ id: 'any', pricePerKw: 5, intervals: [1, 1, 1, 1] }],
    continuous: false,
  });
  if (!result.ok) throw new Error(JSON.stringify(result.problem));
  const found: OptimiseAnswer = optimise.output.parse(result.value);
  expect(found.phases).toEqual({ v: [1, 1, 1, 1] });
  const wrong = await optimise.handle({
    intervalMinutes: 60,
    intervals: 1,
    circuits: [{ id: 'grid', parent: null, limitKw: 50 }],
    connectors: [{ id: 'a', circuit: 'grid', maxKw: 3.68, phases: 1, phaseSwitches: 1 }],
    sessions: [],
    price: [0.2],
  });
  expect(wrong.ok ? [] : wrong.problem.map(({ path }) => path)).toEqual(['connectors[0].phaseSwitches']);
});
