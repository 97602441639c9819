/**
 * `composite`: what GetCompositeSchedule would answer, JSON for JSON. Profiles are the standard's own objects (1.6
 * `csChargingProfiles`, 2.x `chargingProfile`), as they were recorded; everything else is refused by name.
 * @module
 */
import { z } from 'zod';
import type { Fault } from '#domain/fault';
import { fail, ok, type Result } from '#domain/result';
import { stepFunctionOf, type StepFunction } from '#domain/step-function';
import { epochS, later, type EpochS } from '#domain/units';
import {
  compositeAnswer,
  readingNames,
  type CompositeAnswer,
  type CompositeRequest,
} from './composite-answer.ts';
import { installedAfter } from './installed.ts';
import type { InstalledProfile } from './profile.ts';
import {
  countSchema,
  entriesMax,
  installedSchema,
  instantOf,
  instantSchema,
  longestS,
  positiveSchema,
  readInstalled,
  transactionsOf,
  transactionsSchema,
  unitSchema,
  versionSchema,
} from './profile-document.ts';
import { readBySchema } from './schema-fault.ts';
import { validateProfile } from './validate-profile.ts';

const optional = z.exactOptional;
const offsetsMax = 8;

/** Most periods, each cycle of a Recurring profile counted, that one answer goes through. */
const periodsInAnswerMax = 2_000_000;

/** How long before the question a schedule may have begun for its local start to be looked up. */
const anchorsBackS = 5 * 366 * 86_400;

const dayS = 86_400;

/** Input of `composite`. */
export const compositeInput = z.strictObject({
  ocppVersion: versionSchema,
  now: instantSchema,
  evseId: countSchema,
  numberOfEvses: z.int().min(1).max(entriesMax),
  installed: installedSchema,
  viaMessages: optional(z.boolean()).describe(
    'Each profile comes in a message of its own: what it replaces is gone, and what a station must refuse is not installed.',
  ),
  transactions: transactionsSchema,
  assumeTransaction: optional(z.boolean()).describe(
    'Default true: an EVSE without a transaction is answered as if one ran. False: nothing is enforced on it, and EVSE 0 counts it as drawing nothing.',
  ),
  request: z.strictObject({ duration: z.int().min(1).max(longestS), chargingRateUnit: optional(unitSchema) }),
  electrical: z.strictObject({ voltage: positiveSchema, phases: z.int().min(1).max(3) }),
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
  rounding: optional(z.enum(['exact', 'tenth-down'])).describe('Limits as they are, or cut to one decimal.'),
  station: optional(z.strictObject({ rateUnits: optional(z.array(unitSchema).min(1)) })).describe(
    'Units that the station is configured for: a request in another is rejected (K08.FR.07).',
  ),
  offline: optional(z.strictObject({ since: instantSchema, until: optional(instantSchema) })).describe(
    '2.1: when the station lost its connection, and when it had it again; for maxOfflineDuration.',
  ),
  priorityCharging: optional(z.array(countSchema).max(entriesMax)).describe(
    '2.1: EVSEs whose transaction charges with priority.',
  ),
  stateOfCharge: optional(
    z.array(z.strictObject({ evseId: countSchema, percent: z.number().min(0).max(100) })).max(entriesMax),
  ).describe('2.1: what vehicles have told of their state of charge; for limitAtSoC.'),
  randomDelays: optional(
    z
      .array(z.strictObject({ profileId: z.int(), delays: z.array(countSchema).max(periodsInAnswerMax) }))
      .max(entriesMax),
  ).describe(
    '2.1: what the station drew for randomizedDelay: seconds for each period but the first. Absent: no delay.',
  ),
  timeZone: optional(z.string()).describe(
    'Zone of the clock of the station, such as Europe/Berlin; for useLocalTime and reading A13.',
  ),
  localTime: optional(
    z
      .array(z.strictObject({ from: optional(instantSchema), offsetMinutes: z.int().min(-1440).max(1440) }))
      .min(1)
      .max(offsetsMax),
  ).describe('The clock of the station as offsets from UTC, in place of timeZone.'),
});

/** Output of `composite`. */
export const compositeOutput = z.strictObject({
  status: z.enum(['Accepted', 'Rejected']),
  reason: optional(z.string()),
  schedule: optional(
    z.strictObject({
      scheduleStart: z.string(),
      duration: z.int(),
      chargingRateUnit: unitSchema,
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

/** Offsets of a zone from UTC in seconds over a time; undefined where there is no such zone. */
export type ZoneClock = (zone: string, from: EpochS, until: EpochS) => StepFunction | undefined;

type Input = z.infer<typeof compositeInput>;

/** The composite of installed profiles as GetCompositeSchedule would answer it; `notes` name profiles that do not count. */
export function composite(
  document: unknown,
  zoneClock: ZoneClock = () => undefined,
): Result<CompositeAnswer & { readonly notes?: readonly string[] }, readonly Fault[]> {
  const read = readBySchema(compositeInput, document);
  if (!read.ok) return read;
  const input = read.value;
  const entries = readInstalled(input.ocppVersion, input.installed);
  if (!entries.ok) return entries;
  const clock = localClockOf(input, entries.value, zoneClock);
  const faults = [...faultsOfLength(input, entries.value), ...(clock.ok ? [] : clock.problem)];
  if (!clock.ok || faults.length > 0) return fail(faults);
  const notes: string[] = [];
  const active = input.viaMessages === true ? viaMessages(input, entries.value, notes) : entries.value;
  notes.push(...active.flatMap((entry) => notesOf(input, entry)));
  const answer = compositeAnswer({
    version: input.ocppVersion,
    now: instantOf(input.now),
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
    ...(input.station?.rateUnits === undefined ? {} : { rateUnits: input.station.rateUnits }),
    ...additionsOf21(input),
    ...(clock.value === undefined ? {} : { localOffsetS: clock.value }),
  });
  return ok(notes.length === 0 ? answer : { ...answer, notes });
}

/** What only profiles of 2.1 depend on. */
function additionsOf21(
  input: Input,
): Pick<CompositeRequest, 'offline' | 'priorityEvses' | 'stateOfCharge' | 'randomDelays'> {
  const { offline, priorityCharging, stateOfCharge, randomDelays } = input;
  return {
    ...(offline === undefined ? {} : { offline: offlineOf(offline) }),
    ...(priorityCharging === undefined ? {} : { priorityEvses: priorityCharging }),
    ...(stateOfCharge === undefined ? {} : { stateOfCharge }),
    ...(randomDelays === undefined
      ? {}
      : { randomDelays: randomDelays.map(({ profileId, delays }) => ({ profileId, delaysS: delays })) }),
  };
}

/** Refuses what would take too long to go through: a profile that recurs counts as often as it does. */
function faultsOfLength(input: Input, entries: readonly InstalledProfile[]): readonly Fault[] {
  const { duration } = input.request;
  let periods = 0;
  for (const { profile } of entries) {
    const cycles = profile.kind === 'Recurring' ? Math.ceil(duration / dayS) + 1 : 1;
    periods += cycles * (profile.schedules[0]?.periods.length ?? 0);
  }
  if (periods <= periodsInAnswerMax) return [];
  const fix = `Ask for a shorter time: ${periods} periods of recurring profiles lie in it, at most ${periodsInAnswerMax} are gone through.`;
  return [{ path: 'request.duration', value: String(duration), rule: 'too-many-periods', fix }];
}

/** The clock of the station, where the document says one. */
function localClockOf(
  input: Input,
  entries: readonly InstalledProfile[],
  zoneClock: ZoneClock,
): Result<StepFunction | undefined, readonly Fault[]> {
  const { timeZone, localTime } = input;
  if (timeZone === undefined) {
    const faults = faultsOfOffsets(localTime ?? []);
    if (faults.length > 0) return fail(faults);
    return ok(localTime === undefined ? undefined : offsetsOf(localTime));
  }
  if (localTime !== undefined) {
    return fail([{ path: 'localTime', rule: 'said-twice', fix: 'Give timeZone or localTime, not both.' }]);
  }
  const now = instantOf(input.now);
  let from: number = now;
  for (const { profile } of entries) from = Math.min(from, profile.schedules[0]?.startAt ?? now);
  const firstS = epochS(Math.max(0, from - dayS, now - anchorsBackS));
  const clock = zoneClock(timeZone, firstS, epochS(Math.max(dayS, now + input.request.duration + dayS)));
  if (clock !== undefined) return ok(clock);
  const fix = 'Name a zone of the IANA database, such as Europe/Berlin.';
  return fail([{ path: 'timeZone', value: timeZone, rule: 'unknown-zone', fix }]);
}

/**
 * Requirements for whose breach a station refuses a message: the place of a profile, its transaction, what stands there
 * already. What a profile says is not among them, as stations differ in what they take.
 */
const refusals: ReadonlySet<string> = new Set([
  '1.6 3.13.1',
  '1.6 5.16',
  '1.6 errata 3.39',
  'K01.FR.05',
  'K01.FR.06',
  'K01.FR.09',
  'K01.FR.16',
  'K01.FR.28',
  'K01.FR.33',
  'K01.FR.39',
  'K01.FR.52',
  'K01.FR.53',
  'K04.FR.03',
]);

/** What is left when each profile comes now in a SetChargingProfile of its own, external constraints by themselves. */
function viaMessages(
  input: Input,
  entries: readonly InstalledProfile[],
  notes: string[],
): readonly InstalledProfile[] {
  const { ocppVersion: version, numberOfEvses } = input;
  const now = instantOf(input.now);
  const transactions = transactionsOf(input.transactions);
  let active: readonly InstalledProfile[] = [];
  for (const entry of entries) {
    const subject = { version, now, numberOfEvses, ...entry, installed: active, transactions, station: {} };
    const refusal = validateProfile(subject).violations.find(({ requirement }) => refusals.has(requirement));
    if (refusal === undefined) active = installedAfter(version, active, { kind: 'set-profile', ...entry });
    else {
      const { requirement } = refusal;
      notes.push(`Profile ${entry.profile.id} on EVSE ${entry.evseId} is refused by ${requirement}.`);
    }
  }
  return active;
}

/** What of a profile does not show in the answer. */
function notesOf(input: Input, { evseId, profile }: InstalledProfile): readonly string[] {
  const { id, purpose } = profile;
  const notes: string[] = [];
  const misplaced =
    (purpose === 'ChargingStationMaxProfile' && evseId !== 0) || (purpose === 'TxProfile' && evseId === 0);
  if (misplaced) notes.push(`Profile ${id}: a ${purpose} has no effect on EVSE ${evseId}.`);
  if (evseId > input.numberOfEvses) notes.push(`Profile ${id}: the station has no EVSE ${evseId}.`);
  if (profile.schedules.length > 1) {
    notes.push(`Profile ${id}: of its ${profile.schedules.length} schedules the first counts.`);
  }
  const schedule = profile.schedules[0];
  const delayed = (schedule?.randomizedDelayS ?? 0) > 0;
  if (delayed && input.randomDelays?.some(({ profileId }) => profileId === id) !== true) {
    notes.push(`Profile ${id}: its periods are told without the randomizedDelay that the station draws.`);
  }
  const soc = schedule?.limitAtSoc?.soc;
  if (soc !== undefined && input.stateOfCharge === undefined) {
    notes.push(`Profile ${id}: its limitAtSoC from ${soc} % on does not count without stateOfCharge.`);
  }
  if (schedule?.useLocalTime === true && input.timeZone === undefined && input.localTime === undefined) {
    notes.push(`Profile ${id}: its local time is read as UTC without timeZone or localTime.`);
  }
  return notes;
}

function offlineOf(offline: { since: string; until?: string }): { sinceS: EpochS; untilS?: EpochS } {
  const sinceS = instantOf(offline.since);
  return offline.until === undefined ? { sinceS } : { sinceS, untilS: instantOf(offline.until) };
}

type Offsets = readonly { readonly from?: string; readonly offsetMinutes: number }[];

function faultsOfOffsets(offsets: Offsets): readonly Fault[] {
  return offsets.flatMap((offset, i) => {
    if (i === 0) return [];
    const before = offsets[i - 1]?.from;
    const late =
      offset.from !== undefined && (before === undefined || instantOf(offset.from) > instantOf(before));
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
      const startS = fromS === undefined ? later(instantOf('1970-01-01T00:00:00Z'), 0) : instantOf(fromS);
      return [i === 0 && first?.from === undefined ? later(startS, -1) : startS, offsetMinutes * 60];
    }),
  );
}
