import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stepFunctionOf, valueAt, type StepFunction } from '#domain/step-function';
import { epochS, type EpochS } from '#domain/units';
import { limitOf, type LimitInput } from '#ocpp/composite';
import { installedAfter } from '#ocpp/installed';
import type { ChargingProfile, InstalledProfile, SchedulePeriod } from '#ocpp/profile';
import { after, at, electrical, on, t0, versions } from './builders.ts';

const spanS = 4000;
const near = fc.integer({ min: -spanS, max: spanS }).map((byS) => after(t0, byS));
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(value, { nil: undefined });

/** The object without the keys that have no value. */
function given<T extends object>(object: T): T {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T;
}

const somePeriods: fc.Arbitrary<SchedulePeriod[]> = fc
  .uniqueArray(fc.integer({ min: 1, max: spanS }), { maxLength: 4 })
  .chain((starts) =>
    fc
      .array(fc.tuple(fc.integer({ min: 0, max: 320 }), maybe(fc.constantFrom(1, 3))), {
        minLength: starts.length + 1,
        maxLength: starts.length + 1,
      })
      .map((limits) =>
        [0, ...starts.toSorted((a, b) => a - b)].map((startS, i) =>
          given({ startS, limit: limits[i]![0] / 10, numberPhases: limits[i]![1] }),
        ),
      ),
  );

function aProfile(
  purposes: readonly ChargingProfile['purpose'][],
  kinds: readonly ChargingProfile['kind'][] = ['Absolute', 'Recurring', 'Relative'],
): fc.Arbitrary<ChargingProfile> {
  return fc
    .record({
      id: fc.integer({ min: 1, max: 40 }),
      stackLevel: fc.integer({ min: 0, max: 3 }),
      purpose: fc.constantFrom(...purposes),
      kind: fc.constantFrom(...kinds),
      validFrom: maybe(near),
      validTo: maybe(near),
      startAt: near,
      durationS: maybe(fc.integer({ min: 1, max: 2 * spanS })),
      unit: fc.constantFrom('A' as const, 'W' as const),
      periods: somePeriods,
    })
    .map(({ startAt, durationS, unit, periods, ...rest }) =>
      given({
        ...rest,
        ...(rest.kind === 'Recurring' ? { recurrency: 'Daily' as const } : {}),
        schedules: [
          given({ startAt: rest.kind === 'Relative' ? undefined : startAt, durationS, unit, periods }),
        ],
      }),
    );
}

const txLayer = ['TxDefaultProfile', 'TxProfile'] as const;
const anyPurpose = [...txLayer, 'ChargingStationMaxProfile'] as const;

function anInstalled(profiles: fc.Arbitrary<ChargingProfile>): fc.Arbitrary<InstalledProfile[]> {
  return fc.array(
    profiles.chain((profile) =>
      fc
        .constantFrom(
          ...(profile.purpose === 'ChargingStationMaxProfile'
            ? [0]
            : profile.purpose === 'TxProfile'
              ? [1, 2]
              : [0, 1, 2]),
        )
        .map((evseId) => ({ evseId, profile })),
    ),
    { maxLength: 8 },
  );
}

const version = fc.constantFrom(...versions);
const evseId = fc.constantFrom(0, 1, 2);
const running = [
  { evseId: 1, id: '1', startedAt: after(t0, -100) },
  { evseId: 2, id: '2', startedAt: after(t0, -50) },
];

function ask(installed: readonly InstalledProfile[], other: Partial<LimitInput> = {}): StepFunction {
  return limitOf({
    version: '2.0.1',
    installed,
    transactions: running,
    evseId: 1,
    numberOfEvses: 2,
    now: t0,
    from: t0,
    until: after(t0, spanS),
    electrical,
    unit: 'A',
    ...other,
  });
}

/** All instants at which either may change, within the window. */
function instantsOf(functions: readonly StepFunction[], from: EpochS, until: EpochS): EpochS[] {
  const all = functions.flatMap((f) => f.startS).flatMap((s) => [s - 1, s, s + 1]);
  return all.filter((s) => s >= from && s < until).map((s) => epochS(s));
}

describe('laws of composites', () => {
  test('law: a profile of a lower stack level changes no instant that a higher one of its purpose covers', () => {
    fc.assert(
      fc.property(
        anInstalled(aProfile(['TxDefaultProfile'])),
        aProfile(['TxDefaultProfile']),
        fc.integer({ min: -3, max: -1 }),
        version,
        (installed, lower, level, version) => {
          const added = { ...lower, stackLevel: level };
          const later = ask([...installed, ...on(1, added)], { version, readings: { A5: 'by-stack-level' } });
          const base = ask(installed, { version, readings: { A5: 'by-stack-level' } });
          for (const t of instantsOf([base, later], t0, after(t0, spanS))) {
            if (valueAt(base, t) !== Infinity) expect(valueAt(later, t)).toBe(valueAt(base, t));
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  test('law: the composite over [a, c) is that over [a, b) joined with that over [b, c)', () => {
    fc.assert(
      fc.property(
        anInstalled(aProfile(anyPurpose)),
        fc.integer({ min: 1, max: spanS - 1 }),
        version,
        evseId,
        fc.constantFrom('A' as const, 'W' as const),
        (installed, byS, version, evseId, unit) => {
          const b = after(t0, byS);
          const whole = ask(installed, { version, evseId, unit });
          const first = ask(installed, { version, evseId, unit, until: b });
          const second = ask(installed, { version, evseId, unit, from: b });
          const joined = stepFunctionOf([
            ...first.startS.map((s, i) => [s, first.value[i]!] as const),
            ...second.startS.map((s, i) => [s, second.value[i]!] as const),
          ]);
          expect(joined).toEqual(whole);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('law: A of the composite in W is the composite in A, where phases are not named', () => {
    fc.assert(
      fc.property(
        anInstalled(aProfile(anyPurpose)),
        evseId,
        fc.constantFrom(1, 2, 3),
        (installed, evseId, phases) => {
          const plain = installed.map((one) => ({
            ...one,
            profile: {
              ...one.profile,
              schedules: one.profile.schedules.map((schedule) => ({
                ...schedule,
                periods: schedule.periods.map(({ startS, limit = 0 }) => ({ startS, limit })),
              })),
            },
          }));
          const net = { voltage: 230, phases };
          const inA = ask(plain, { evseId, electrical: net });
          const inW = ask(plain, { evseId, electrical: net, unit: 'W' });
          for (const t of instantsOf([inA, inW], t0, after(t0, spanS))) {
            const watts = valueAt(inW, t);
            if (watts === Infinity) expect(valueAt(inA, t)).toBe(Infinity);
            else expect(valueAt(inA, t)).toBeCloseTo(watts / (230 * phases), 9);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  test('law: one profile converted to the other unit and back is the same limit', () => {
    fc.assert(
      fc.property(aProfile(['TxDefaultProfile']), (profile) => {
        const own = profile.schedules[0]!.unit;
        const other = own === 'A' ? 'W' : 'A';
        const there: ChargingProfile = {
          ...profile,
          schedules: profile.schedules.map((schedule) => ({
            ...schedule,
            unit: other,
            periods: schedule.periods.map((period) => {
              const factor = 230 * (period.numberPhases ?? 3);
              return { ...period, limit: own === 'A' ? period.limit! * factor : period.limit! / factor };
            }),
          })),
        };
        const direct = ask(on(1, profile), { unit: own });
        const back = ask(on(1, there), { unit: own });
        for (const t of instantsOf([direct, back], t0, after(t0, spanS))) {
          if (valueAt(direct, t) === Infinity) expect(valueAt(back, t)).toBe(Infinity);
          else expect(valueAt(back, t)).toBeCloseTo(valueAt(direct, t), 9);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('law: replacing in place ends where clearing and setting ends', () => {
    fc.assert(
      fc.property(
        anInstalled(aProfile(anyPurpose)),
        aProfile(anyPurpose),
        version,
        (installed, next, version) => {
          const evseId = next.purpose === 'ChargingStationMaxProfile' ? 0 : 1;
          const set = { kind: 'set-profile', evseId, profile: next } as const;
          const replaced = installedAfter(version, installed, set);
          let cleared = installedAfter(version, installed, { kind: 'clear-profile', profileId: next.id });
          if (version === '1.6') {
            cleared = installedAfter(version, cleared, {
              kind: 'clear-profile',
              evseId,
              purpose: next.purpose,
              stackLevel: next.stackLevel,
            });
          }
          expect(replaced).toEqual(installedAfter(version, cleared, set));
          expect(replaced.filter((one) => one.profile.id === next.id)).toHaveLength(1);
          // And once more changes nothing.
          expect(installedAfter(version, replaced, set)).toEqual(replaced);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('law: whole days later, daily profiles say the same, over changes of the clock too', () => {
    const spring = stepFunctionOf([
      [at('2026-01-01T00:00:00Z'), 3600],
      [at('2026-03-29T01:00:00Z'), 7200],
      [at('2026-10-25T01:00:00Z'), 3600],
    ]);
    fc.assert(
      fc.property(
        fc.array(aProfile(['TxDefaultProfile'], ['Recurring']), { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 1, max: 300 }),
        fc.boolean(),
        (profiles, days, wall) => {
          const endless = profiles.map(({ validFrom: _from, validTo: _to, ...one }) => one);
          const readings = { A13: wall ? 'wall-clock' : 'utc' } as const;
          const ofDay = (day: number): StepFunction => {
            // The wall's midnight after all first starts; whole days of the wall where profiles follow it.
            const wallS = after(at('2026-03-10T00:00:00Z'), day * 86_400);
            const from = wall ? after(wallS, -valueAt(spring, wallS)) : wallS;
            const limit = ask(on(1, ...endless), {
              from,
              until: after(from, 7200),
              readings,
              localOffsetS: spring,
            });
            return { startS: limit.startS.map((s) => epochS(s - from)), value: limit.value };
          };
          expect(ofDay(days)).toEqual(ofDay(1));
        },
      ),
      { numRuns: 300 },
    );
  });
});
