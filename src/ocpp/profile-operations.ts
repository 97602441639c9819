/**
 * What outsiders may ask about charging profiles, JSON for JSON: `composite`, `validate-profile`, `compile`. Profiles are
 * the standard's own objects (1.6 `csChargingProfiles`, 2.x `chargingProfile`); everything else is refused by name.
 * @module
 */
import { z } from 'zod';
import type { Fault } from '#domain/fault';
import { instantOfIso, isoOf } from '#domain/instant';
import { invariant } from '#domain/invariant';
import { fail, ok, type Result } from '#domain/result';
import type { OcppVersion, Station } from '#domain/site';
import { stepFunctionOf } from '#domain/step-function';
import { amperes, later, seconds, watts, type EpochS } from '#domain/units';
import {
  compileFloors,
  compilePlan,
  periodsMax,
  type CompileNote,
  type CompileProblem,
  type PlanInput,
} from './compile.ts';
import { compositeAnswer, readingNames, type CompositeAnswer } from './composite-answer.ts';
import { duplicateRuleOf, installedAfter } from './installed.ts';
import type { InstalledProfile, Transaction } from './profile.ts';
import { readBySchema } from './schema-fault.ts';
import { validateProfile, type ProfileVerdict } from './validate-profile.ts';
import { profileOfWire, wireOfProfile } from './wire-profile.ts';

const optional = z.exactOptional;
const instant = z
  .string()
  .refine((text) => instantOfIso(text) !== undefined, { message: 'an instant such as 2026-05-01T06:00:00Z' });
const count = z.int().min(0);
const positive = z.number().positive();
const longestS = 366 * 86_400;
const entriesMax = 500;
const offsetsMax = 8;

const version = z.enum(['1.6', '2.0.1', '2.1']);
const unit = z.enum(['A', 'W']);
const installed = z
  .array(z.strictObject({ evseId: count, profile: z.unknown() }))
  .max(entriesMax)
  .describe(
    'In order of installation; `profile` is the object of the standard, `evseId` the connectorId in 1.6.',
  );
const transactionId = z.union([z.string(), z.int()]);
const transactions = z
  .array(
    z.strictObject({ evseId: count, id: transactionId, start: instant, chargingStart: optional(instant) }),
  )
  .max(entriesMax);

/** Input of `composite`. */
export const compositeInput = z.strictObject({
  ocppVersion: version,
  now: instant,
  evseId: count,
  numberOfEvses: z.int().min(1).max(entriesMax),
  installed,
  viaMessages: optional(z.boolean()),
  transactions,
  assumeTransaction: optional(z.boolean()),
  request: z.strictObject({ duration: z.int().min(1).max(longestS), chargingRateUnit: optional(unit) }),
  electrical: z.strictObject({ voltage: positive, phases: z.int().min(1).max(3) }),
  noLimit: optional(
    z.strictObject({ A: optional(z.number().min(0)), W: optional(z.number().min(0)) }).nullable(),
  ),
  readings: optional(
    z.strictObject({
      A1: optional(z.enum(readingNames.A1)),
      A2: optional(z.enum(readingNames.A2)),
      A3: optional(z.enum(readingNames.A3)),
      A4: optional(z.enum(readingNames.A4)),
      A5: optional(z.enum(readingNames.A5)),
      A6: optional(z.enum(readingNames.A6)),
      A7: optional(z.enum(readingNames.A7)),
      A8: optional(z.enum(readingNames.A8)),
      A9: optional(z.enum(readingNames.A9)),
      A10: optional(z.enum(readingNames.A10)),
      A11: optional(z.enum(readingNames.A11)),
      A12: optional(z.enum(readingNames.A12)),
      A13: optional(z.enum(readingNames.A13)),
    }),
  ),
  rounding: optional(z.enum(['exact', 'tenth-down'])),
  offline: optional(z.strictObject({ since: instant, until: optional(instant) })),
  priorityCharging: optional(z.array(count).max(entriesMax)),
  localTime: optional(
    z
      .array(z.strictObject({ from: optional(instant), offsetMinutes: z.int().min(-1440).max(1440) }))
      .min(1)
      .max(offsetsMax),
  ),
});

/** Output of `composite`. */
export const compositeOutput = z.strictObject({
  status: z.enum(['Accepted', 'Rejected']),
  reason: optional(z.string()),
  schedule: optional(
    z.strictObject({
      scheduleStart: z.string(),
      duration: z.int(),
      chargingRateUnit: unit,
      chargingSchedulePeriod: z.array(
        z.strictObject({
          startPeriod: z.int(),
          limit: z.number().nullable(),
          limit_L2: optional(z.number().nullable()),
          limit_L3: optional(z.number().nullable()),
          numberPhases: optional(z.int()),
        }),
      ),
    }),
  ),
  notes: optional(z.array(z.string())),
});

/** The composite of installed profiles as GetCompositeSchedule would answer it; `notes` name profiles that do not count. */
export function composite(
  document: unknown,
): Result<CompositeAnswer & { readonly notes?: readonly string[] }, readonly Fault[]> {
  const read = readBySchema(compositeInput, document);
  if (!read.ok) return read;
  const input = read.value;
  const entries = readInstalled(input.ocppVersion, input.installed);
  const faults = [...(entries.ok ? [] : entries.problem), ...faultsOfOffsets(input.localTime ?? [])];
  if (!entries.ok || faults.length > 0) return fail(faults);
  const notes: string[] = [];
  const active =
    input.viaMessages === true ? viaMessages(input.ocppVersion, entries.value, notes) : entries.value;
  notes.push(...active.flatMap(idleNote));
  const answer = compositeAnswer({
    version: input.ocppVersion,
    now: at(input.now),
    evseId: input.evseId,
    numberOfEvses: input.numberOfEvses,
    installed: active,
    transactions: transactionsOf(input.transactions),
    electrical: input.electrical,
    durationS: input.request.duration,
    ...(input.request.chargingRateUnit === undefined ? {} : { unit: input.request.chargingRateUnit }),
    ...(input.assumeTransaction === undefined ? {} : { assumeTransaction: input.assumeTransaction }),
    ...(input.noLimit === undefined || input.noLimit === null ? {} : { noLimit: input.noLimit }),
    ...(input.readings === undefined ? {} : { readings: input.readings }),
    ...(input.rounding === undefined ? {} : { rounding: input.rounding }),
    ...(input.offline === undefined ? {} : { offline: offlineOf(input.offline) }),
    ...(input.priorityCharging === undefined ? {} : { priorityEvses: input.priorityCharging }),
    ...(input.localTime === undefined ? {} : { localOffsetS: offsetsOf(input.localTime) }),
  });
  return ok(notes.length === 0 ? answer : { ...answer, notes });
}

/** Input of `validate-profile`. */
export const validateProfileInput = z.strictObject({
  ocppVersion: version,
  now: instant,
  evseId: z.int(),
  numberOfEvses: z.int().min(1).max(entriesMax),
  profile: z.unknown(),
  installed,
  transactions,
  station: optional(
    z.strictObject({
      current: optional(z.enum(['AC', 'DC'])),
      rateUnits: optional(z.array(unit)),
      maxPeriods: optional(count),
      maxStackLevel: optional(count),
      maxProfiles: optional(count),
      supplyPhases: optional(z.int().min(1).max(3)),
      acPhaseSwitching: optional(z.boolean()),
      dcInputPhaseControl: optional(z.boolean()),
      iso15118: optional(z.boolean()),
      additionalPurposes: optional(z.array(z.string())),
      supportsDynamicProfiles: optional(z.boolean()),
      supportsMaxOfflineDuration: optional(z.boolean()),
      supportsUseLocalTime: optional(z.boolean()),
      supportsRandomizedDelay: optional(z.boolean()),
      supportsLimitAtSoc: optional(z.boolean()),
      supportsEvseSleep: optional(z.boolean()),
      maxExternalConstraintsId: optional(z.int()),
    }),
  ),
});

const violation = z.strictObject({ requirement: z.string(), path: z.string(), message: z.string() });

/** Output of `validate-profile`. */
export const validateProfileOutput = z.strictObject({
  accepted: z.boolean(),
  violations: z.array(violation),
  advice: z.array(violation),
});

/** Every requirement that the profile would break; one that is not of the standard's form breaks the message schema. */
export function validateProfileDocument(document: unknown): Result<ProfileVerdict, readonly Fault[]> {
  const read = readBySchema(validateProfileInput, document);
  if (!read.ok) return read;
  const input = read.value;
  const entries = readInstalled(input.ocppVersion, input.installed);
  if (!entries.ok) return entries;
  const profile = profileOfWire(input.ocppVersion, input.profile, 'profile');
  if (!profile.ok) {
    const requirement = `${input.ocppVersion} SetChargingProfile schema`;
    const violations = profile.problem.map(({ path, value, fix }) => ({
      requirement,
      path,
      message: value === undefined ? fix : `${value}: ${fix}`,
    }));
    return ok({ accepted: false, violations, advice: [] });
  }
  return ok(
    validateProfile({
      version: input.ocppVersion,
      now: at(input.now),
      evseId: input.evseId,
      numberOfEvses: input.numberOfEvses,
      profile: profile.value,
      installed: entries.value,
      transactions: transactionsOf(input.transactions),
      station: input.station ?? {},
    }),
  );
}

/** Input of `compile`: a limit as a function of time for one EVSE, and what its station can do. */
export const compileInput = z.strictObject({
  ocppVersion: version,
  now: instant,
  current: optional(z.enum(['AC', 'DC'])).describe('Default AC: limits in A per phase; DC: limits in W.'),
  evse: z
    .strictObject({
      id: z.int().min(1),
      maxA: optional(positive),
      maxW: optional(positive),
      minA: optional(z.number().min(0)),
      stepA: optional(positive),
      phases: optional(z.union([z.literal(1), z.literal(3)])),
    })
    .describe('Defaults: 32 A, 22,080 W (DC 150,000 W), at least 6 A, steps of 1 A, 3 phases.'),
  transactionId,
  limit: z
    .array(z.strictObject({ from: instant, limit: z.number().min(0) }))
    .min(1)
    .max(10_000)
    .describe('Ascending; the first value also holds before, the last one to the end of the lease.'),
  lease: z.int().min(1).max(longestS).describe('Seconds from now after which the floors hold again.'),
  raiseDelay: optional(count).describe('Seconds that increases wait. Default 0.'),
  voltage: optional(positive),
  floors: optional(
    z.strictObject({ evse: optional(z.number().min(0)), station: optional(z.number().min(0)) }),
  ),
  capability: optional(
    z.strictObject({
      rateUnit: optional(unit),
      maxPeriods: optional(z.int().min(1)),
      maxStackLevel: optional(count),
      obeysLease: optional(z.boolean()),
    }),
  ),
});

/** Output of `compile`: what to set in this order, and the composite that it makes. */
export const compileOutput = z.strictObject({
  set: z.array(z.strictObject({ evseId: z.int(), profile: z.unknown() })),
  expected: z.array(z.strictObject({ from: z.string(), limit: z.number().nullable() })),
  until: z.string(),
  notes: z.array(z.string()),
});

/** Floors and plan of one EVSE as the standard's objects, with the composite that they make. */
export function compile(document: unknown): Result<z.infer<typeof compileOutput>, readonly Fault[]> {
  const read = readBySchema(compileInput, document);
  if (!read.ok) return read;
  const input = read.value;
  const late = input.limit.findIndex(
    (piece, i) => i > 0 && at(piece.from) <= at(input.limit[i - 1]?.from ?? piece.from),
  );
  if (late >= 0) {
    const fix = 'Name each piece after the one before it in time.';
    return fail([{ path: `limit[${late}].from`, rule: 'not-ascending', fix }]);
  }
  const station = stationOf(input);
  const now = at(input.now);
  const { evse: evseFloor, station: stationMax } = input.floors ?? {};
  const voltage = input.voltage ?? 230;
  const floors = compileFloors({
    station,
    floors: evseFloor === undefined ? [] : [{ evseId: input.evse.id, limit: evseFloor }],
    ...(stationMax === undefined ? {} : { stationMax }),
    now,
    voltage,
  });
  const planInput: PlanInput = {
    station,
    evseId: input.evse.id,
    transactionId: String(input.transactionId),
    limit: stepFunctionOf(input.limit.map((piece) => [at(piece.from), piece.limit])),
    leaseS: input.lease,
    now,
    raiseDelayS: input.raiseDelay ?? 0,
    voltage,
    floors,
  };
  const plan = compilePlan(planInput);
  if (!plan.ok) return fail([faultOfProblem(plan.problem)]);
  const { profile, expected, untilS, notes } = plan.value;
  const set = [...floors, { evseId: input.evse.id, profile }].map((entry) => ({
    evseId: entry.evseId,
    profile: wireOfProfile(input.ocppVersion, entry.profile),
  }));
  return ok({
    set,
    expected: expected.startS.map((from, i) => {
      const limit = expected.value[i] ?? Infinity;
      return { from: isoOf(from), limit: limit === Infinity ? null : limit };
    }),
    until: isoOf(untilS),
    notes: notes.map(describeNote),
  });
}

/** A checked text as an instant. */
function at(text: string): EpochS {
  const instantS = instantOfIso(text);
  invariant(instantS !== undefined, 'the schema checks instants', { text });
  return instantS;
}

function readInstalled(
  ocppVersion: OcppVersion,
  entries: z.infer<typeof installed>,
): Result<readonly InstalledProfile[], readonly Fault[]> {
  const faults: Fault[] = [];
  const value: InstalledProfile[] = [];
  for (const [i, entry] of entries.entries()) {
    const profile = profileOfWire(ocppVersion, entry.profile, `installed[${i}].profile`);
    if (profile.ok) value.push({ evseId: entry.evseId, profile: profile.value });
    else faults.push(...profile.problem);
  }
  return faults.length === 0 ? ok(value) : fail(faults);
}

function transactionsOf(list: z.infer<typeof transactions>): readonly Transaction[] {
  return list.map(({ evseId, id, start, chargingStart }) => ({
    evseId,
    id: String(id),
    startedAt: at(start),
    ...(chargingStart === undefined ? {} : { chargingStartedAt: at(chargingStart) }),
  }));
}

/** What is left when each profile comes in a SetChargingProfile of its own. */
function viaMessages(
  ocppVersion: OcppVersion,
  entries: readonly InstalledProfile[],
  notes: string[],
): readonly InstalledProfile[] {
  let active: readonly InstalledProfile[] = [];
  for (const entry of entries) {
    const requirement = duplicateRuleOf(ocppVersion, active, entry);
    if (requirement === undefined)
      active = installedAfter(ocppVersion, active, { kind: 'set-profile', ...entry });
    else notes.push(`Profile ${entry.profile.id} on EVSE ${entry.evseId} is refused by ${requirement}.`);
  }
  return active;
}

/** A profile at a place where its purpose never applies. */
function idleNote({ evseId, profile }: InstalledProfile): readonly string[] {
  const misplaced =
    (profile.purpose === 'ChargingStationMaxProfile' && evseId !== 0) ||
    (profile.purpose === 'TxProfile' && evseId === 0);
  return misplaced ? [`Profile ${profile.id}: a ${profile.purpose} has no effect on EVSE ${evseId}.`] : [];
}

function offlineOf(offline: { since: string; until?: string }): { sinceS: EpochS; untilS?: EpochS } {
  const sinceS = at(offline.since);
  return offline.until === undefined ? { sinceS } : { sinceS, untilS: at(offline.until) };
}

type Offsets = readonly { readonly from?: string; readonly offsetMinutes: number }[];

function faultsOfOffsets(offsets: Offsets): readonly Fault[] {
  return offsets.flatMap((offset, i) => {
    if (i === 0) return [];
    const before = offsets[i - 1]?.from;
    const late = offset.from !== undefined && (before === undefined || at(offset.from) > at(before));
    const fix = 'Every offset but the first says from when it holds, in order of time.';
    return late ? [] : [{ path: `localTime[${i}].from`, rule: 'not-ascending', fix }];
  });
}

function offsetsOf(offsets: Offsets): ReturnType<typeof stepFunctionOf> {
  const [first, second] = offsets;
  const firstS = first?.from ?? second?.from;
  return stepFunctionOf(
    offsets.map(({ from, offsetMinutes }, i) => {
      const fromS = from ?? firstS;
      const startS = fromS === undefined ? later(at('1970-01-01T00:00:00Z'), 0) : at(fromS);
      return [i === 0 && first?.from === undefined ? later(startS, -1) : startS, offsetMinutes * 60];
    }),
  );
}

function stationOf(input: z.infer<typeof compileInput>): Station {
  const current = input.current ?? 'AC';
  const { evse, capability = {} } = input;
  return {
    id: 'station',
    version: input.ocppVersion,
    vendor: '',
    model: '',
    circuit: 'grid',
    current,
    evses: [
      {
        id: evse.id,
        maxA: amperes(evse.maxA ?? 32),
        maxW: watts(evse.maxW ?? (current === 'AC' ? 22_080 : 150_000)),
        minA: amperes(evse.minA ?? 6),
        stepA: amperes(evse.stepA ?? 1),
        rotation: evse.phases === 1 ? [0] : [0, 1, 2],
      },
    ],
    capability: {
      rateUnit: capability.rateUnit ?? (current === 'AC' ? 'A' : 'W'),
      maxPeriods: capability.maxPeriods ?? periodsMax,
      maxStackLevel: capability.maxStackLevel ?? 1,
      maxProfiles: 3,
      reactionS: seconds(0),
      keepsProfiles: 'all',
      obeysLease: capability.obeysLease ?? true,
      sharesStationCap: false,
    },
  };
}

function faultOfProblem(problem: CompileProblem): Fault {
  switch (problem.kind) {
    case 'unknown-evse':
      return { path: 'evse.id', rule: problem.kind, fix: problem.message };
    case 'unit-not-supported':
      return { path: 'capability.rateUnit', rule: problem.kind, fix: problem.message };
    case 'transaction-not-nameable':
      return { path: 'transactionId', rule: problem.kind, fix: problem.message };
    case 'lease-empty':
      return { path: 'lease', rule: problem.kind, fix: problem.message };
    case 'floor-missing':
      return { path: 'floors.evse', rule: problem.kind, fix: problem.message };
    case 'composite-differs':
      return { path: 'limit', rule: problem.kind, fix: problem.message };
  }
}

function describeNote(note: CompileNote): string {
  switch (note.kind) {
    case 'lease-shortened':
      return `Too many periods: the plan ends at ${isoOf(note.untilS)}.`;
    case 'merged-down':
      return `Too many periods: neighbours are joined at the lower value, ${note.lost} unit-seconds are lost.`;
    case 'unit-converted':
      return 'The station takes W only: the power of one phase is sent, so that no phase is above its limit.';
    case 'lease-as-step':
      return `The station ignores durations: the floor of ${note.floor} is the last period.`;
  }
}
