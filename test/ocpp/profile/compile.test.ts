import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { constant, stepFunctionOf, valueAt, type StepFunction } from '#domain/step-function';
import { epochS } from '#domain/units';
import {
  compileFloors,
  compilePlan,
  profileIdOf,
  readingsOf,
  type CompiledPlan,
  type PlanInput,
} from '#ocpp/compile';
import { limitOf } from '#ocpp/composite';
import { profileOfWire, wireOfProfile } from '#ocpp/wire-profile';
import { after, dcStation, electrical, evse, station, t0, versions } from './builders.ts';

function plan(input: Partial<PlanInput> & { readonly limit: StepFunction }): CompiledPlan {
  const compiled = compilePlan({
    station: station(),
    evseId: 1,
    transactionId: '77',
    leaseS: 3600,
    now: t0,
    raiseDelayS: 0,
    ...input,
  });
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problem));
  return compiled.value;
}

const steps = (...pairs: readonly (readonly [number, number])[]): StepFunction =>
  stepFunctionOf(pairs.map(([byS, value]) => [after(t0, byS), value]));
/** Periods as `[seconds after now, limit]`; the schedule starts 60 s before. */
const seen = (compiled: CompiledPlan): (readonly [number, number | undefined])[] =>
  compiled.profile.schedules[0]!.periods.map((period) => [Math.max(0, period.startS - 60), period.limit]);

describe('a compiled plan', () => {
  test('is one flat Absolute TxProfile that starts in the past and ends by itself', () => {
    const compiled = plan({ limit: steps([0, 16], [900, 10], [1800, 20]) });
    expect(compiled.profile).toEqual({
      id: 131,
      stackLevel: 1,
      purpose: 'TxProfile',
      kind: 'Absolute',
      validTo: after(t0, 3600),
      transactionId: '77',
      schedules: [
        {
          startAt: after(t0, -60),
          durationS: 3660,
          unit: 'A',
          periods: [
            { startS: 0, limit: 16, numberPhases: 3 },
            { startS: 960, limit: 10, numberPhases: 3 },
            { startS: 1860, limit: 20, numberPhases: 3 },
          ],
        },
      ],
    });
    expect(compiled.notes).toEqual([]);
  });

  test('rounds down to the amp step, drops what charges no vehicle, and keeps to the hardware', () => {
    // 15.9 -> 15; 5.9 is below 6 A -> 0; 40 -> 32
    expect(seen(plan({ limit: steps([0, 15.9], [900, 5.9], [1800, 40]) }))).toEqual([
      [0, 15],
      [900, 0],
      [1800, 32],
    ]);
    const fine = station({ evses: [evse(1, { stepA: 0.1 as never })] });
    expect(seen(plan({ station: fine, limit: constant(15.97) }))).toEqual([[0, 15.9]]);
  });

  test('takes the noise of sums for the number it means', () => {
    expect(seen(plan({ limit: constant(15.999_999_9) }))).toEqual([[0, 16]]);
    expect(seen(plan({ limit: constant(15.999) }))).toEqual([[0, 15]]);
  });

  test('raises late and lowers at once', () => {
    const limit = steps([0, 10], [900, 20], [1800, 8]);
    expect(seen(plan({ limit, raiseDelayS: 30 }))).toEqual([
      [0, 10],
      [930, 20],
      [1800, 8],
    ]);
  });

  test('a rise just before now still waits', () => {
    // The limit rose 10 s ago, so 20 s of 30 are left.
    expect(seen(plan({ limit: steps([-3600, 10], [-10, 20]), raiseDelayS: 30 }))).toEqual([
      [0, 10],
      [20, 20],
    ]);
  });

  test('a peak shorter than the delay is not raised at all', () => {
    expect(seen(plan({ limit: steps([0, 10], [900, 20], [920, 10]), raiseDelayS: 30 }))).toEqual([[0, 10]]);
  });

  test('a DC EVSE is limited in W, and below its least power to 0', () => {
    const limit = steps([0, 60_000.07], [900, 4_139], [1800, 4_140]);
    const compiled = plan({ station: dcStation(), limit });
    expect(compiled.profile.schedules[0]!.unit).toBe('W');
    expect(seen(compiled)).toEqual([
      [0, 60_000],
      [900, 0],
      [1800, 4140],
    ]);
    expect(compiled.profile.schedules[0]!.periods.every((one) => one.numberPhases === undefined)).toBe(true);
  });

  test('more periods than the station holds: the lease ends earlier, if not by more than half', () => {
    const limit = steps([0, 10], [900, 11], [1800, 12], [2700, 13]);
    const compiled = plan({ station: station({ capability: { maxPeriods: 3 } }), limit });
    expect(compiled.notes).toEqual([{ kind: 'lease-shortened', untilS: after(t0, 2700) }]);
    expect(compiled.profile.validTo).toBe(after(t0, 2700));
    expect(seen(compiled)).toHaveLength(3);
  });

  test('else neighbours join at the lower value, the cheapest first', () => {
    // Two periods for four: cut would be at 1800 of 3600 with three, here at 900 s with the second: too early.
    // 900 s of 16 -> 15 costs 900, 15 -> 9 costs more, 9 -> 8 costs 900.
    const limit = steps([0, 16], [900, 15], [1700, 9], [2600, 8]);
    const compiled = plan({ station: station({ capability: { maxPeriods: 2 } }), limit });
    expect(seen(compiled)).toEqual([
      [0, 15],
      [1700, 8],
    ]);
    expect(compiled.notes).toEqual([{ kind: 'merged-down', lost: 1800 }]);
  });

  test('joined neighbours still raise late', () => {
    const limit = steps([0, 10], [100, 30], [200, 10], [400, 20], [1000, 9], [1200, 20]);
    const compiled = plan({
      station: station({ capability: { maxPeriods: 3 } }),
      limit,
      leaseS: 8000,
      raiseDelayS: 30,
    });
    for (const [k, [byS, level]] of seen(compiled).entries()) {
      const before = seen(compiled)[k - 1]?.[1] ?? Infinity;
      if ((level ?? 0) > before) expect([430, 1230]).toContain(byS);
    }
    expect(seen(compiled).length).toBeLessThanOrEqual(3);
  });

  test('1.6 3.13.6, K02.FR.08: after the lease the floors are what is expected', () => {
    const cp = station({ capability: { maxStackLevel: 0 } });
    const floors = compileFloors({ station: cp, floors: [{ evseId: 1, limit: 6 }], stationMax: 14, now: t0 });
    const compiled = plan({ station: cp, limit: steps([0, 16], [900, 10]), floors });
    expect(compiled.profile.stackLevel).toBe(0);
    expect(valueAt(compiled.expected, t0)).toBe(14);
    expect(valueAt(compiled.expected, after(t0, 900))).toBe(10);
    expect(valueAt(compiled.expected, after(t0, 3600))).toBe(6);
  });

  test('where a station ignores durations the floor is the last step', () => {
    const cp = station({ capability: { obeysLease: false } });
    const floors = compileFloors({ station: cp, floors: [{ evseId: 1, limit: 8 }], now: t0 });
    const compiled = plan({ station: cp, limit: constant(16), floors });
    expect(seen(compiled)).toEqual([
      [0, 16],
      [3600, 8],
    ]);
    expect(compiled.notes).toEqual([{ kind: 'lease-as-step', floor: 8 }]);
    const none = compilePlan({
      station: cp,
      evseId: 1,
      transactionId: '1',
      limit: constant(16),
      leaseS: 60,
      now: t0,
      raiseDelayS: 0,
    });
    expect(none).toMatchObject({ ok: false, problem: { kind: 'floor-missing' } });
  });

  test('an AC station that takes W only gets the power of one phase', () => {
    const cp = station({ capability: { rateUnit: 'W' } });
    const compiled = plan({ station: cp, limit: constant(16) });
    // 16 A x 230 V: a vehicle on one phase draws no more than 16 A there.
    expect(compiled.profile.schedules[0]!.periods).toEqual([{ startS: 0, limit: 3680 }]);
    expect(compiled.notes).toEqual([{ kind: 'unit-converted' }]);
    expect(valueAt(compiled.expected, t0)).toBe(16);
    // Whoever asks for A of such a station must count the whole power on each phase.
    const asked = {
      version: '1.6',
      installed: [{ evseId: 1, profile: compiled.profile }],
      transactions: [{ evseId: 1, id: '77', startedAt: t0 }],
      evseId: 1,
      from: t0,
      until: after(t0, 10),
      electrical,
      unit: 'A',
    } as const;
    expect(valueAt(limitOf({ ...asked, readings: readingsOf(cp) }), t0)).toBe(16);
    // Whatever unit it is sent now: an older profile in W may still be installed.
    expect(readingsOf(station())).toEqual({ A9: 'per-phase' });
    expect(readingsOf(dcStation())).toEqual({});
  });

  test('where no phase can carry more, it gets the power of all of them', () => {
    const cp = station({ capability: { rateUnit: 'W' } });
    // 32 A is all that its hardware carries: whatever phase the watts go to, none is above it.
    const compiled = plan({ station: cp, limit: steps([0, 31], [900, 40]) });
    expect(compiled.profile.schedules[0]!.periods).toEqual([
      { startS: 0, limit: 31 * 230 },
      { startS: 960, limit: 32 * 230 * 3 },
    ]);
    expect([0, 900].map((s) => valueAt(compiled.expected, after(t0, s)))).toEqual([31, 32]);
  });

  test.each([
    // The feeder carries less than the sockets: no phase may be above it where the ledger counts on the cap.
    { shares: true, stationMax: 40, watts: 40 * 230 },
    { shares: true, stationMax: 64, watts: 64 * 230 * 3 },
    { shares: false, stationMax: 40, watts: 40 * 230 * 3 },
  ])('its cap of $stationMax A is $watts W where it is shared: $shares', ({ shares, stationMax, watts }) => {
    const cp = station({
      evses: [evse(1), evse(2)],
      capability: { rateUnit: 'W', sharesStationCap: shares },
    });
    const [cap] = compileFloors({ station: cp, floors: [], stationMax, now: t0 });
    expect(cap?.profile.schedules[0]!.periods).toEqual([{ startS: 0, limit: watts }]);
  });

  test.each([
    ['unknown-evse', { evseId: 9 }],
    ['unit-not-supported', { station: { ...dcStation(), capability: station().capability } }],
    ['transaction-not-nameable', { transactionId: 'abc' }],
    ['lease-empty', { leaseS: 0 }],
  ])('is refused: %s', (kind, other) => {
    const compiled = compilePlan({
      station: station(),
      evseId: 1,
      transactionId: '77',
      limit: constant(16),
      leaseS: 3600,
      now: t0,
      raiseDelayS: 0,
      ...other,
    });
    expect(compiled).toMatchObject({ ok: false, problem: { kind } });
  });
});

describe('floors', () => {
  test('are endless, at the lowest level, the same each time', () => {
    const cp = station({ version: '2.0.1', evses: [evse(1), evse(2, { rotation: [1] })] });
    const compile = (now: typeof t0) =>
      compileFloors({
        station: cp,
        floors: [
          { evseId: 1, limit: 6.9 },
          { evseId: 2, limit: 5 },
        ],
        stationMax: 40,
        now,
      });
    const floors = compile(t0);
    expect(compile(after(t0, 12_345))).toEqual(floors);
    expect(
      floors.map(({ evseId, profile }) => [
        evseId,
        profile.id,
        profile.purpose,
        profile.stackLevel,
        profile.schedules[0]!.periods[0],
      ]),
    ).toEqual([
      [0, 10, 'ChargingStationMaxProfile', 0, { startS: 0, limit: 40, numberPhases: 3 }],
      [1, 120, 'TxDefaultProfile', 0, { startS: 0, limit: 6, numberPhases: 3 }],
      [2, 220, 'TxDefaultProfile', 0, { startS: 0, limit: 0, numberPhases: 1 }],
    ]);
    for (const { profile } of floors) {
      expect(profile.validTo ?? profile.schedules[0]!.durationS).toBeUndefined();
      expect(profile.schedules[0]!.startAt).toBeLessThan(t0);
    }
  });

  test('places have ids of their own', () => {
    const ids = [0, 1, 2, 9].flatMap((evseId) =>
      (['ChargingStationMaxProfile', 'TxDefaultProfile', 'TxProfile'] as const).flatMap((purpose) =>
        [0, 1, 2].map((stackLevel) => profileIdOf(evseId, purpose, stackLevel)),
      ),
    );
    expect(new Set(ids).size).toBe(ids.length);
  });
});

const limits = fc
  .uniqueArray(fc.integer({ min: -7200, max: 90_000 }), { minLength: 1, maxLength: 100 })
  .chain((instants) =>
    fc
      .array(fc.double({ min: 0, max: 45, noNaN: true }), {
        minLength: instants.length,
        maxLength: instants.length,
      })
      .map((values) =>
        stepFunctionOf(instants.toSorted((a, b) => a - b).map((byS, i) => [after(t0, byS), values[i]!])),
      ),
  );

describe('law: the composite of what was compiled is what was meant', () => {
  test.each(versions)('through the wire form of %s, never above the limit, raising late', (version) => {
    fc.assert(
      fc.property(
        limits,
        fc.constantFrom(1, 3, 8, 24, 100),
        fc.integer({ min: 1, max: 86_400 }),
        fc.integer({ min: 0, max: 60 }),
        fc.constantFrom(0.1, 1),
        (limit, maxPeriods, leaseS, raiseDelayS, stepA) => {
          const cp = station({
            version,
            evses: [evse(1, { stepA: stepA as never })],
            capability: { maxPeriods },
          });
          const floors = compileFloors({ station: cp, floors: [{ evseId: 1, limit: 6 }], now: t0 });
          const compiled = plan({ station: cp, limit, leaseS, raiseDelayS, floors });
          const read = profileOfWire(
            version,
            JSON.parse(JSON.stringify(wireOfProfile(version, compiled.profile))),
          );
          if (!read.ok) throw new Error(JSON.stringify(read.problem));
          expect(read.value).toEqual(compiled.profile);
          expect(compiled.profile.schedules[0]!.periods.length).toBeLessThanOrEqual(Math.min(24, maxPeriods));
          const composite = limitOf({
            version,
            installed: [...floors, { evseId: 1, profile: read.value }],
            transactions: [{ evseId: 1, id: '77', startedAt: t0 }],
            evseId: 1,
            from: t0,
            until: after(compiled.untilS, 10),
            electrical,
            unit: 'A',
          });
          const instants = [...composite.startS, ...compiled.expected.startS, ...limit.startS]
            .flatMap((s) => [s - 1, s, s + 1, s + raiseDelayS])
            .filter((s) => s >= t0 && s < compiled.untilS + 10)
            .map((s) => epochS(s));
          for (const instant of instants) {
            const level = valueAt(composite, instant);
            expect(level).toBe(valueAt(compiled.expected, instant));
            if (instant >= compiled.untilS) {
              expect(level).toBe(6);
              continue;
            }
            for (const backS of [0, raiseDelayS / 2, raiseDelayS]) {
              const then = epochS(Math.floor(instant - backS));
              expect(level).toBeLessThanOrEqual(valueAt(limit, then) + 1e-6);
            }
            expect(level === 0 || level >= 6).toBe(true);
          }
          if (compiled.notes.length === 0) {
            const lowest = Math.min(
              ...[
                ...limit.startS.filter((s) => s <= t0 && s > t0 - raiseDelayS),
                t0,
                epochS(t0 - raiseDelayS),
              ].map((s) => valueAt(limit, s)),
            );
            const level = valueAt(composite, t0);
            expect(level > lowest - stepA - 1e-6 || lowest < 6 || level === 32).toBe(true);
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});
