import { describe, expect, test } from 'vitest';
import { prngOf, type Prng } from '#domain/prng';
import { stepFunctionOf, valueAt } from '#domain/step-function';
import { epochS } from '#domain/units';
import { compositeOf, limitOf, type LimitInput, type LimitReadings } from '#ocpp/composite';
import type {
  ChargingProfile,
  InstalledProfile,
  ProfileKind,
  ProfilePurpose,
  SchedulePeriod,
} from '#ocpp/profile';
import { after, t0, versions } from './builders.ts';
import { referenceLimit, referencePhases } from './reference.ts';

/** Sets of profiles that are compared; 100,000 take some minutes. */
const sets = Number(process.env['COMPOSITE_SETS'] ?? 3000);
const firstSeed = Number(process.env['COMPOSITE_SEED'] ?? 1);

function pick<T>(random: Prng, values: readonly T[]): T {
  return values[random.integer(0, values.length - 1)]!;
}

function chance(random: Prng, share: number): boolean {
  return random.next() < share;
}

const modes = [
  'Idle',
  'ChargingOnly',
  'CentralSetpoint',
  'CentralFrequency',
  'ExternalSetpoint',
  'ExternalLimits',
  'LocalLoadBalancing',
];

/** What only 2.1 has in a period; what has no numbers of its own loses its limit sometimes. */
function fieldsOf21(random: Prng): Partial<SchedulePeriod> {
  const amount = (): number => pick(random, [-4, 0, 6, 9.5, 16, 2300]);
  return {
    ...(chance(random, 0.3) ? { operationMode: pick(random, modes) } : {}),
    ...(chance(random, 0.25) ? { setpoint: amount() } : {}),
    ...(chance(random, 0.08) ? { limitL2: amount() } : {}),
    ...(chance(random, 0.08) ? { limitL3: amount() } : {}),
    ...(chance(random, 0.04) ? { setpointL2: amount() } : {}),
    ...(chance(random, 0.04) ? { setpointL3: amount() } : {}),
  };
}

function periodsOf(random: Prng, spanS: number, is21: boolean): SchedulePeriod[] {
  const periods = Array.from({ length: random.integer(1, 5) }, (_, i): SchedulePeriod => {
    const limit = chance(random, 0.03) ? -3 : pick(random, [0, 6, 8.5, 10, 16, 32, 3000, 11_000]);
    return {
      startS: i === 0 && chance(random, 0.85) ? 0 : random.integer(chance(random, 0.03) ? -spanS : 0, spanS),
      ...(is21 && chance(random, 0.15) ? {} : { limit }),
      ...(chance(random, 0.4)
        ? { numberPhases: chance(random, 0.1) ? pick(random, [0, 4]) : random.integer(1, 3) }
        : {}),
      ...(is21 ? fieldsOf21(random) : {}),
    };
  });
  return chance(random, 0.9) ? periods.toSorted((a, b) => a.startS - b.startS) : periods;
}

/** One profile; `spanS` is the scale of everything in it. */
function profileOf(random: Prng, id: number, spanS: number, is21: boolean): InstalledProfile {
  const purpose: ProfilePurpose = pick(random, [
    'ChargingStationMaxProfile',
    'TxDefaultProfile',
    'TxDefaultProfile',
    'TxProfile',
    'TxProfile',
    'ChargingStationExternalConstraints',
    ...(is21 ? (['PriorityCharging', 'LocalGeneration'] as const) : []),
  ]);
  const kind: ProfileKind = pick(random, [
    'Absolute',
    'Absolute',
    'Recurring',
    'Relative',
    ...(is21 ? (['Dynamic'] as const) : []),
  ]);
  const near = (): ReturnType<typeof after> => after(t0, random.integer(-spanS, spanS));
  const profile: ChargingProfile = {
    id,
    stackLevel: chance(random, 0.1) ? random.integer(0, 33) : random.integer(0, 3),
    purpose,
    kind,
    ...(kind === 'Recurring' ? { recurrency: pick(random, ['Daily', 'Daily', 'Weekly'] as const) } : {}),
    ...(chance(random, 0.25) ? { validFrom: near() } : {}),
    ...(chance(random, 0.25) ? { validTo: near() } : {}),
    ...(purpose === 'TxProfile' && chance(random, 0.6) ? { transactionId: pick(random, ['a', 'b']) } : {}),
    ...(is21 && chance(random, 0.2) ? { maxOfflineDurationS: random.integer(0, spanS) } : {}),
    ...(is21 && chance(random, 0.1) ? { invalidAfterOfflineDuration: true } : {}),
    ...(kind === 'Dynamic' && chance(random, 0.8) ? { dynUpdateAt: near() } : {}),
    schedules: [
      {
        ...(kind === 'Relative' || chance(random, 0.1) ? {} : { startAt: near() }),
        ...(chance(random, 0.5) ? { durationS: random.integer(0, spanS) } : {}),
        ...(is21 && chance(random, 0.2) ? { useLocalTime: true } : {}),
        ...(is21 && chance(random, 0.2) ? { randomizedDelayS: random.integer(0, spanS >> 2) } : {}),
        ...(is21 && chance(random, 0.15)
          ? { limitAtSoc: { soc: random.integer(0, 100), limit: pick(random, [0, 6, 2000]) } }
          : {}),
        ...(chance(random, 0.2) ? { minChargingRate: 6 } : {}),
        unit: chance(random, 0.7) ? 'A' : 'W',
        periods: periodsOf(random, spanS, is21),
      },
    ],
  };
  const station = purpose === 'ChargingStationMaxProfile';
  return { evseId: station ? 0 : random.integer(purpose === 'TxProfile' ? 1 : 0, 2), profile };
}

function readingsOf(random: Prng): Partial<LimitReadings> {
  const some = <K extends keyof LimitReadings>(key: K, values: readonly LimitReadings[K][]): object =>
    chance(random, 0.25) ? { [key]: pick(random, values) } : {};
  return {
    ...some('A3', ['simulate', 'station-only']),
    ...some('A4', ['from-now', 'skip']),
    ...some('A5', ['connector-replaces', 'by-stack-level', 'connector-leads']),
    ...some('A7', ['sum', 'cap-only']),
    ...some('A8', ['convert', 'no-limit']),
    ...some('A9', ['total', 'per-phase', 'total-on-fewest']),
    ...some('A10', ['ignore', 'raise']),
    ...some('A11', ['from-first-start', 'all-times']),
    ...some('A12', ['transaction-start', 'charging-start']),
    ...some('A13', ['utc', 'wall-clock']),
  };
}

function inputOf(random: Prng, spanS: number): LimitInput {
  const version = pick(random, versions);
  const is21 = version === '2.1';
  const now = after(t0, random.integer(-spanS, spanS) >> 2);
  const from = after(now, chance(random, 0.7) ? 0 : random.integer(0, spanS >> 2));
  const transactions = [1, 2].flatMap((evseId) =>
    chance(random, 0.6)
      ? [
          {
            evseId,
            id: pick(random, ['a', 'b']),
            startedAt: after(now, -random.integer(0, spanS)),
            ...(chance(random, 0.3) ? { chargingStartedAt: after(now, -random.integer(0, spanS)) } : {}),
          },
        ]
      : [],
  );
  const offsets = [after(t0, random.integer(-spanS, 0)), after(t0, random.integer(1, spanS))] as const;
  return {
    version,
    installed: Array.from({ length: random.integer(0, 10) }, (_, i) => profileOf(random, i + 1, spanS, is21)),
    transactions,
    evseId: random.integer(0, 2),
    numberOfEvses: pick(random, [1, 2, 2, 3]),
    from,
    until: after(from, random.integer(1, spanS)),
    now,
    electrical: { voltage: pick(random, [230, 120]), phases: pick(random, [1, 2, 3, 3]) },
    unit: pick(random, ['A', 'W']),
    ...(is21 && chance(random, 0.2) ? { phase: pick(random, [1, 2, 3] as const) } : {}),
    ...(is21 && chance(random, 0.5)
      ? {
          stateOfCharge: [1, 2].map((evseId) => ({ evseId, percent: random.integer(0, 100) })),
          randomDelays: Array.from({ length: 6 }, (_, i) => ({
            profileId: i + 1,
            delaysS: Array.from({ length: random.integer(0, 5) }, () => random.integer(0, spanS >> 2)),
          })),
        }
      : {}),
    ...(chance(random, 0.2) ? { assumeTransaction: false } : {}),
    ...(chance(random, 0.2) ? { unlimited: 32 } : {}),
    readings: readingsOf(random),
    ...(chance(random, 0.3)
      ? {
          offline: {
            sinceS: after(t0, random.integer(-spanS, spanS)),
            ...(chance(random, 0.5) ? { untilS: after(t0, spanS + random.integer(0, spanS)) } : {}),
          },
        }
      : {}),
    ...(chance(random, 0.3) ? { priorityEvses: [1] } : {}),
    ...(chance(random, 0.4)
      ? {
          localOffsetS: stepFunctionOf([
            [offsets[0], random.integer(-2, 2) * 37],
            [offsets[1], random.integer(-2, 2) * 41],
          ]),
        }
      : {}),
  };
}

/** Instants to compare: every second of short windows; else around every change and at random. */
function instantsOf(random: Prng, input: LimitInput, changes: readonly number[]): number[] {
  const length = input.until - input.from;
  if (length <= 400) return Array.from({ length }, (_, i) => input.from + i);
  const drawn = Array.from({ length: 60 }, () => input.from + random.integer(0, length - 1));
  const marks = input.installed.flatMap(({ profile }) => [
    profile.validFrom ?? input.from,
    profile.validTo ?? input.from,
    ...profile.schedules.flatMap(({ startAt = input.from, durationS = 0, periods }) => [
      startAt + durationS,
      ...periods.map(({ startS }) => startAt + startS),
    ]),
  ]);
  return [...drawn, ...[...changes, ...marks].flatMap((t) => [t - 1, t, t + 1])].filter(
    (t) => t >= input.from && t < input.until,
  );
}

describe('the sweep and the second calculator, and the sweep joined of two', () => {
  test.each([
    ['every second of some minutes', 300],
    ['hours', 20_000],
    ['days and weeks of recurrence', 1_200_000],
  ])(`agree on generated sets: %s`, (_, spanS) => {
    for (let seed = firstSeed; seed < firstSeed + Math.ceil(sets / 3); seed++) {
      const random = prngOf(seed * 7919 + spanS);
      const input = inputOf(random, spanS);
      const limit = limitOf(input);
      expect(limit.startS[0]).toBe(input.from);
      const middle = epochS(input.from + random.integer(0, input.until - input.from - 1));
      if (middle > input.from) {
        const first = limitOf({ ...input, now: input.now ?? input.from, until: middle });
        const second = limitOf({ ...input, now: input.now ?? input.from, from: middle });
        const pieces = [first, second].flatMap(({ startS, value }) =>
          startS.map((s, i) => [s, value[i]!] as const),
        );
        expect(stepFunctionOf(pieces), `law: joined at ${middle}, seed ${seed}, span ${spanS}`).toEqual(
          limit,
        );
      }
      const pieces = compositeOf(input);
      for (const t of instantsOf(random, input, limit.startS)) {
        const phases = pieces.findLast(({ startS }) => startS <= t)?.numberPhases ?? 0;
        if (phases !== referencePhases(input, t)) {
          expect.fail(`seed ${seed}, span ${spanS}, at ${t}: ${phases} phases\n${JSON.stringify(input)}`);
        }
        const expected = referenceLimit(input, t);
        const found = valueAt(limit, epochS(t));
        if (found !== expected && !(Math.abs(found - expected) <= 1e-9 * expected)) {
          expect.fail(
            `seed ${seed}, span ${spanS}, at ${t}: ${found}, not ${expected}\n${JSON.stringify(input)}`,
          );
        }
      }
    }
  });
});
