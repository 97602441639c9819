/**
 * Charging profiles as the three versions write them, to and from the one form of `profile.ts`. Reading is wide: what a
 * charger was recorded to hold may break rules and is still read (`validate-profile.ts` names the rules); fields of
 * other names are refused. Writing gives whole seconds of UTC.
 * Source: OCPP 1.6 7.8-7.14; 2.0.1 and 2.1 part 2 ChargingProfileType, ChargingScheduleType, ChargingSchedulePeriodType.
 * @module
 */
import { z } from 'zod';
import type { Fault } from '#domain/fault';
import { instantOfIso, isoOf } from '#domain/instant';
import { invariant } from '#domain/invariant';
import { ok, type Result } from '#domain/result';
import type { OcppVersion } from '#domain/site';
import type { EpochS } from '#domain/units';
import type { ChargingProfile, ChargingSchedule, ProfilePurpose, SchedulePeriod } from './profile.ts';
import { readBySchema } from './schema-fault.ts';

/** An instant with its offset; 2.1 local times may leave it out, so their place in a day is what counts. */
const instant = z
  .string()
  .refine((text) => instantOfIso(text) !== undefined, { message: 'an instant such as 2026-05-01T06:00:00Z' });
const localInstant = z.string().refine((text) => wallOfIso(text) !== undefined, {
  message: 'an instant such as 2026-05-01T06:00:00Z, the offset may be absent',
});
const epochText = '1970-01-01T00:00:00Z';
const whole = z.int();
const optional = z.exactOptional;
const carried = z.unknown();

const rateUnit = z.enum(['A', 'W']);
const recurrency = optional(z.enum(['Daily', 'Weekly']));

const profile16 = z.strictObject({
  chargingProfileId: whole,
  transactionId: optional(whole),
  stackLevel: whole,
  chargingProfilePurpose: z.enum(['ChargePointMaxProfile', 'TxDefaultProfile', 'TxProfile']),
  chargingProfileKind: z.enum(['Absolute', 'Recurring', 'Relative']),
  recurrencyKind: recurrency,
  validFrom: optional(instant),
  validTo: optional(instant),
  chargingSchedule: z.strictObject({
    duration: optional(whole),
    startSchedule: optional(instant),
    chargingRateUnit: rateUnit,
    chargingSchedulePeriod: z.array(
      z.strictObject({ startPeriod: whole, limit: z.number(), numberPhases: optional(whole) }),
    ),
    minChargingRate: optional(z.number()),
  }),
});

const period201 = {
  startPeriod: whole,
  limit: z.number(),
  numberPhases: optional(whole),
  phaseToUse: optional(whole),
  customData: optional(carried),
};

const schedule201 = {
  id: whole,
  startSchedule: optional(instant),
  duration: optional(whole),
  chargingRateUnit: rateUnit,
  minChargingRate: optional(z.number()),
  salesTariff: optional(carried),
  customData: optional(carried),
};

const purposes201 = [
  'ChargingStationExternalConstraints',
  'ChargingStationMaxProfile',
  'TxDefaultProfile',
  'TxProfile',
] as const;

const profile2x = {
  id: whole,
  stackLevel: whole,
  recurrencyKind: recurrency,
  validFrom: optional(instant),
  validTo: optional(instant),
  transactionId: optional(z.string()),
  customData: optional(carried),
};

const profile201 = z.strictObject({
  ...profile2x,
  chargingProfilePurpose: z.enum(purposes201),
  chargingProfileKind: z.enum(['Absolute', 'Recurring', 'Relative']),
  chargingSchedule: z.array(
    z.strictObject({ ...schedule201, chargingSchedulePeriod: z.array(z.strictObject(period201)) }),
  ),
});

const period21 = z.strictObject({
  ...period201,
  limit: optional(z.number()),
  limit_L2: optional(z.number()),
  limit_L3: optional(z.number()),
  dischargeLimit: optional(z.number()),
  dischargeLimit_L2: optional(z.number()),
  dischargeLimit_L3: optional(z.number()),
  setpoint: optional(z.number()),
  setpoint_L2: optional(z.number()),
  setpoint_L3: optional(z.number()),
  setpointReactive: optional(z.number()),
  setpointReactive_L2: optional(z.number()),
  setpointReactive_L3: optional(z.number()),
  preconditioningRequest: optional(z.boolean()),
  evseSleep: optional(z.boolean()),
  v2xBaseline: optional(z.number()),
  operationMode: optional(
    z.enum([
      'Idle',
      'ChargingOnly',
      'CentralSetpoint',
      'ExternalSetpoint',
      'ExternalLimits',
      'CentralFrequency',
      'LocalFrequency',
      'LocalLoadBalancing',
    ]),
  ),
  v2xFreqWattCurve: optional(carried),
  v2xSignalWattCurve: optional(carried),
});

const schedule21 = z
  .strictObject({
    ...schedule201,
    startSchedule: optional(localInstant),
    limitAtSoC: optional(
      z.strictObject({ soc: z.int().min(0).max(100), limit: z.number(), customData: optional(carried) }),
    ),
    powerTolerance: optional(z.number()),
    signatureId: optional(whole),
    digestValue: optional(z.string()),
    useLocalTime: optional(z.boolean()),
    randomizedDelay: optional(whole),
    absolutePriceSchedule: optional(carried),
    priceLevelSchedule: optional(carried),
    chargingSchedulePeriod: z.array(period21),
  })
  .refine(
    (schedule) => schedule.useLocalTime === true || at(schedule.startSchedule ?? epochText) !== undefined,
    {
      message: 'an instant with its offset, as useLocalTime is not true',
      path: ['startSchedule'],
    },
  );

const profile21 = z.strictObject({
  ...profile2x,
  chargingProfilePurpose: z.enum([...purposes201, 'PriorityCharging', 'LocalGeneration']),
  chargingProfileKind: z.enum(['Absolute', 'Recurring', 'Relative', 'Dynamic']),
  maxOfflineDuration: optional(whole),
  invalidAfterOfflineDuration: optional(z.boolean()),
  dynUpdateInterval: optional(whole),
  dynUpdateTime: optional(instant),
  priceScheduleSignature: optional(z.string()),
  chargingSchedule: z.array(schedule21),
});

type Wire16 = z.infer<typeof profile16>;
type Wire21 = z.infer<typeof profile21>;
type WireSchedule = Wire21['chargingSchedule'][number];
type WirePeriod = WireSchedule['chargingSchedulePeriod'][number];

/** The profile in a `csChargingProfiles` (1.6) or `chargingProfile` (2.x) object; paths of faults begin with `root`. */
export function profileOfWire(
  version: OcppVersion,
  value: unknown,
  root = '',
): Result<ChargingProfile, Fault[]> {
  switch (version) {
    case '1.6': {
      const read = readBySchema(profile16, value, root);
      return read.ok ? ok(profileOf16(read.value)) : read;
    }
    case '2.0.1': {
      const read = readBySchema(profile201, value, root);
      return read.ok ? ok(profileOf2x(read.value)) : read;
    }
    case '2.1': {
      const read = readBySchema(profile21, value, root);
      return read.ok ? ok(profileOf2x(read.value)) : read;
    }
  }
}

/** The profile as an object of the version. A form that the version does not have is a mistake of ours. */
export function wireOfProfile(version: OcppVersion, profile: ChargingProfile): Record<string, unknown> {
  return version === '1.6' ? wire16Of(profile) : wire2xOf(version, profile);
}

/** The name of a purpose in 1.6; the others are the same in all versions. */
export function wirePurposeOf(version: OcppVersion, purpose: ProfilePurpose): string {
  return version === '1.6' && purpose === 'ChargingStationMaxProfile' ? 'ChargePointMaxProfile' : purpose;
}

function at(text: string | undefined): EpochS | undefined {
  return text === undefined ? undefined : instantOfIso(text);
}

/** Wall time as if its digits were UTC, whatever offset stands behind them. */
function wallOfIso(text: string): EpochS | undefined {
  return instantOfIso(`${text.replace(/(?:Z|[+-]\d{2}:?\d{2})$/, '')}Z`);
}

/** The object without fields that have no value, so that what is read and what is made compare equal. */
function given<T extends object>(object: T): T {
  const out: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(object)) if (value !== undefined) out[key] = value;
  return out as T;
}

/** The listed fields that have a value; undefined where none has. */
function restOf(
  source: Readonly<Record<string, unknown>>,
  names: readonly string[],
): Readonly<Record<string, unknown>> | undefined {
  const rest: Record<string, unknown> = {};
  let some = false;
  for (const name of names) {
    if (source[name] === undefined) continue;
    rest[name] = source[name];
    some = true;
  }
  return some ? rest : undefined;
}

function profileOf16(wire: Wire16): ChargingProfile {
  const schedule = wire.chargingSchedule;
  return given({
    id: wire.chargingProfileId,
    stackLevel: wire.stackLevel,
    purpose:
      wire.chargingProfilePurpose === 'ChargePointMaxProfile'
        ? 'ChargingStationMaxProfile'
        : wire.chargingProfilePurpose,
    kind: wire.chargingProfileKind,
    recurrency: wire.recurrencyKind,
    validFrom: at(wire.validFrom),
    validTo: at(wire.validTo),
    transactionId: wire.transactionId === undefined ? undefined : String(wire.transactionId),
    schedules: [
      given({
        startAt: at(schedule.startSchedule),
        durationS: schedule.duration,
        unit: schedule.chargingRateUnit,
        minChargingRate: schedule.minChargingRate,
        periods: schedule.chargingSchedulePeriod.map((period) =>
          given({ startS: period.startPeriod, limit: period.limit, numberPhases: period.numberPhases }),
        ),
      }),
    ],
  });
}

const profileRest = ['dynUpdateInterval', 'priceScheduleSignature', 'customData'];
const scheduleRest = [
  'powerTolerance',
  'signatureId',
  'digestValue',
  'salesTariff',
  'absolutePriceSchedule',
  'priceLevelSchedule',
  'customData',
];
const periodRest = [
  'dischargeLimit_L2',
  'dischargeLimit_L3',
  'setpointReactive',
  'setpointReactive_L2',
  'setpointReactive_L3',
  'preconditioningRequest',
  'evseSleep',
  'v2xBaseline',
  'v2xFreqWattCurve',
  'v2xSignalWattCurve',
  'customData',
];

function profileOf2x(wire: Wire21): ChargingProfile {
  return given({
    id: wire.id,
    stackLevel: wire.stackLevel,
    purpose: wire.chargingProfilePurpose,
    kind: wire.chargingProfileKind,
    recurrency: wire.recurrencyKind,
    validFrom: at(wire.validFrom),
    validTo: at(wire.validTo),
    transactionId: wire.transactionId,
    maxOfflineDurationS: wire.maxOfflineDuration,
    invalidAfterOfflineDuration: wire.invalidAfterOfflineDuration,
    dynUpdateAt: at(wire.dynUpdateTime),
    schedules: wire.chargingSchedule.map(scheduleOf2x),
    rest: restOf(wire, profileRest),
  });
}

function scheduleOf2x(wire: WireSchedule): ChargingSchedule {
  const startAt =
    wire.useLocalTime === true && wire.startSchedule !== undefined
      ? wallOfIso(wire.startSchedule)
      : at(wire.startSchedule);
  return given({
    id: wire.id,
    startAt,
    durationS: wire.duration,
    unit: wire.chargingRateUnit,
    minChargingRate: wire.minChargingRate,
    useLocalTime: wire.useLocalTime,
    randomizedDelayS: wire.randomizedDelay,
    limitAtSoc: wire.limitAtSoC,
    periods: wire.chargingSchedulePeriod.map(periodOf2x),
    rest: restOf(wire, scheduleRest),
  });
}

function periodOf2x(wire: WirePeriod): SchedulePeriod {
  return given({
    startS: wire.startPeriod,
    limit: wire.limit,
    limitL2: wire.limit_L2,
    limitL3: wire.limit_L3,
    numberPhases: wire.numberPhases,
    phaseToUse: wire.phaseToUse,
    setpoint: wire.setpoint,
    setpointL2: wire.setpoint_L2,
    setpointL3: wire.setpoint_L3,
    dischargeLimit: wire.dischargeLimit,
    operationMode: wire.operationMode,
    rest: restOf(wire, periodRest),
  });
}

function iso(instantS: EpochS | undefined): string | undefined {
  return instantS === undefined ? undefined : isoOf(instantS);
}

function wire16Of(profile: ChargingProfile): Record<string, unknown> {
  const schedule = profile.schedules[0];
  invariant(schedule !== undefined && profile.schedules.length === 1, '1.6 has one schedule in a profile');
  const transactionId = profile.transactionId === undefined ? undefined : Number(profile.transactionId);
  invariant(transactionId === undefined || Number.isSafeInteger(transactionId), '1.6 numbers transactions', {
    transactionId: profile.transactionId,
  });
  invariant(profile.kind !== 'Dynamic', '1.6 has no Dynamic profiles');
  return given({
    chargingProfileId: profile.id,
    transactionId,
    stackLevel: profile.stackLevel,
    chargingProfilePurpose: wirePurposeOf('1.6', profile.purpose),
    chargingProfileKind: profile.kind,
    recurrencyKind: profile.recurrency,
    validFrom: iso(profile.validFrom),
    validTo: iso(profile.validTo),
    chargingSchedule: given({
      duration: schedule.durationS,
      startSchedule: iso(schedule.startAt),
      chargingRateUnit: schedule.unit,
      chargingSchedulePeriod: schedule.periods.map((period) =>
        given({ startPeriod: period.startS, limit: period.limit, numberPhases: period.numberPhases }),
      ),
      minChargingRate: schedule.minChargingRate,
    }),
  });
}

function wire2xOf(version: '2.0.1' | '2.1', profile: ChargingProfile): Record<string, unknown> {
  invariant(version === '2.1' || profile.kind !== 'Dynamic', '2.0.1 has no Dynamic profiles');
  return given({
    id: profile.id,
    stackLevel: profile.stackLevel,
    chargingProfilePurpose: profile.purpose,
    chargingProfileKind: profile.kind,
    recurrencyKind: profile.recurrency,
    validFrom: iso(profile.validFrom),
    validTo: iso(profile.validTo),
    transactionId: profile.transactionId,
    maxOfflineDuration: profile.maxOfflineDurationS,
    invalidAfterOfflineDuration: profile.invalidAfterOfflineDuration,
    dynUpdateTime: iso(profile.dynUpdateAt),
    ...profile.rest,
    chargingSchedule: profile.schedules.map((schedule) =>
      given({
        id: schedule.id ?? profile.id,
        startSchedule: iso(schedule.startAt),
        duration: schedule.durationS,
        chargingRateUnit: schedule.unit,
        minChargingRate: schedule.minChargingRate,
        useLocalTime: schedule.useLocalTime,
        randomizedDelay: schedule.randomizedDelayS,
        limitAtSoC: schedule.limitAtSoc,
        ...schedule.rest,
        chargingSchedulePeriod: schedule.periods.map(wirePeriodOf),
      }),
    ),
  });
}

function wirePeriodOf(period: SchedulePeriod): Record<string, unknown> {
  return given({
    startPeriod: period.startS,
    limit: period.limit,
    limit_L2: period.limitL2,
    limit_L3: period.limitL3,
    numberPhases: period.numberPhases,
    phaseToUse: period.phaseToUse,
    setpoint: period.setpoint,
    setpoint_L2: period.setpointL2,
    setpoint_L3: period.setpointL3,
    dischargeLimit: period.dischargeLimit,
    operationMode: period.operationMode,
    ...period.rest,
  });
}
