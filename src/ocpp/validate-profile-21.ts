/**
 * Requirements that OCPP 2.1 adds on SetChargingProfile, one function each, named after it.
 * Source: OCPP 2.1 edition 1 part 2 K01, K28, Q08, tables of operation modes; errata.
 * @module
 */
import { phaseConflict } from './phase-conflict.ts';
import type { ProfilePurpose, SchedulePeriod } from './profile.ts';
import {
  finding,
  inPeriods,
  inSchedules,
  type Finding,
  type Rule,
  type RuleBook,
  type Subject,
} from './profile-rule.ts';

/** A DC station takes phases only where it can choose the phases of its grid side. */
function k01fr44(subject: Subject): readonly Finding[] {
  if (subject.station.current !== 'DC' || subject.station.dcInputPhaseControl === true) return [];
  return inPeriods(subject, ({ numberPhases, phaseToUse }, path) =>
    (numberPhases ?? phaseToUse) === undefined
      ? []
      : finding(`${path}.numberPhases`, 'This DC station does not control its input phases.'),
  );
}

/** Priority charging lasts to the end of the transaction. */
function k01fr70(subject: Subject): readonly Finding[] {
  if (subject.profile.purpose !== 'PriorityCharging') return [];
  return inSchedules(subject, ({ durationS }, path) =>
    durationS === undefined ? [] : finding(`${path}.duration`, 'A PriorityCharging profile has no duration.'),
  );
}

/** Priority charging only charges. */
function k01fr71(subject: Subject): readonly Finding[] {
  if (subject.profile.purpose !== 'PriorityCharging') return [];
  return inPeriods(subject, ({ operationMode = 'ChargingOnly' }, path) =>
    operationMode === 'ChargingOnly'
      ? []
      : finding(`${path}.operationMode`, 'A PriorityCharging profile is ChargingOnly.'),
  );
}

/** Ids up to MaxExternalConstraintsId belong to external systems. */
function k01fr81({ profile, station }: Subject): readonly Finding[] {
  const { maxExternalConstraintsId } = station;
  if (maxExternalConstraintsId === undefined || profile.id > maxExternalConstraintsId) return [];
  return finding('profile.id', `Ids up to ${maxExternalConstraintsId} belong to external systems.`);
}

/** Random delays are for the profiles of transactions. */
function k01fr95(subject: Subject): readonly Finding[] {
  const { purpose } = subject.profile;
  if (purpose === 'TxProfile' || purpose === 'TxDefaultProfile') return [];
  return inSchedules(subject, ({ randomizedDelayS = 0 }, path) =>
    randomizedDelayS > 0
      ? finding(`${path}.randomizedDelay`, 'Random delays are for TxProfile and TxDefaultProfile.')
      : [],
  );
}

function k01fr120({ profile, station }: Subject): readonly Finding[] {
  const { purpose } = profile;
  if (purpose !== 'PriorityCharging' && purpose !== 'LocalGeneration') return [];
  if (station.additionalPurposes === undefined || station.additionalPurposes.includes(purpose)) return [];
  return finding('profile.chargingProfilePurpose', `SupportedAdditionalPurposes does not name ${purpose}.`);
}

function k01fr121({ profile, station }: Subject): readonly Finding[] {
  if (profile.kind !== 'Dynamic' || station.supportsDynamicProfiles !== false) return [];
  return finding('profile.chargingProfileKind', 'SupportsDynamicProfiles is not true.');
}

function k01fr122({ profile, station }: Subject): readonly Finding[] {
  if (profile.maxOfflineDurationS === undefined || station.supportsMaxOfflineDuration !== false) return [];
  return finding('profile.maxOfflineDuration', 'SupportsMaxOfflineDuration is not true.');
}

function k01fr123(subject: Subject): readonly Finding[] {
  if (subject.station.supportsUseLocalTime !== false) return [];
  return inSchedules(subject, ({ useLocalTime }, path) =>
    useLocalTime === true ? finding(`${path}.useLocalTime`, 'SupportsUseLocalTime is not true.') : [],
  );
}

function k01fr124(subject: Subject): readonly Finding[] {
  if (subject.station.supportsRandomizedDelay !== false) return [];
  return inSchedules(subject, ({ randomizedDelayS }, path) =>
    randomizedDelayS === undefined
      ? []
      : finding(`${path}.randomizedDelay`, 'SupportsRandomizedDelay is not true.'),
  );
}

function k01fr125(subject: Subject): readonly Finding[] {
  if (subject.station.supportsLimitAtSoc !== false) return [];
  return inSchedules(subject, ({ limitAtSoc }, path) =>
    limitAtSoc === undefined ? [] : finding(`${path}.limitAtSoC`, 'SupportsLimitAtSoC is not true.'),
  );
}

/** Errata 2025-09: what counts is sleep outside of Idle, where no EVSE can sleep. */
function k01fr126(subject: Subject): readonly Finding[] {
  if (subject.station.supportsEvseSleep !== false) return [];
  return inPeriods(subject, ({ operationMode, rest }, path) =>
    rest?.['evseSleep'] === true && operationMode !== 'Idle'
      ? finding(`${path}.evseSleep`, 'SupportsEvseSleep is not true, and the EVSE is not Idle.')
      : [],
  );
}

/** A mode other than ChargingOnly is one that the station names in V2XChargingCtrlr.SupportedOperationModes. */
function k01fr115(subject: Subject): readonly Finding[] {
  const { operationModes } = subject.station;
  if (operationModes === undefined) return [];
  return inPeriods(subject, ({ operationMode = 'ChargingOnly' }, path) =>
    operationMode === 'ChargingOnly' || operationModes.includes(operationMode)
      ? []
      : finding(`${path}.operationMode`, `The station does not support ${operationMode}.`),
  );
}

/** Numbers of L2 and L3 and the field that they go with. */
const fieldsOfPhases = [
  ['limit_L2', 'limit'],
  ['limit_L3', 'limit'],
  ['dischargeLimit_L2', 'dischargeLimit'],
  ['dischargeLimit_L3', 'dischargeLimit'],
  ['setpoint_L2', 'setpoint'],
  ['setpoint_L3', 'setpoint'],
  ['setpointReactive_L2', 'setpointReactive'],
  ['setpointReactive_L3', 'setpointReactive'],
] as const;

function amountOf(period: SchedulePeriod, field: string): unknown {
  switch (field) {
    case 'limit':
      return period.limit;
    case 'limit_L2':
      return period.limitL2;
    case 'limit_L3':
      return period.limitL3;
    case 'setpoint':
      return period.setpoint;
    case 'setpoint_L2':
      return period.setpointL2;
    case 'setpoint_L3':
      return period.setpointL3;
    case 'dischargeLimit':
      return period.dischargeLimit;
    default:
      return period.rest?.[field];
  }
}

/** Findings of numbers of L2 and L3; those of limits under K01, the others under V2X. */
function inFieldsOfPhases(
  subject: Subject,
  limits: boolean,
  check: (field: string, base: string, period: SchedulePeriod) => string | undefined,
): readonly Finding[] {
  return inPeriods(subject, (period, path) =>
    fieldsOfPhases.flatMap(([field, base]) => {
      if ((base === 'limit') !== limits || amountOf(period, field) === undefined) return [];
      const message = check(field, base, period);
      return message === undefined ? [] : finding(`${path}.${field}`, message);
    }),
  );
}

/** Phases have numbers of their own in a TxProfile only. */
const ownPhasesOnlyInTxProfile =
  (limits: boolean): Rule =>
  (subject) =>
    subject.profile.purpose === 'TxProfile'
      ? []
      : inFieldsOfPhases(subject, limits, () => 'Only a TxProfile has numbers for L2 and L3.');

/** A number for L2 or L3 goes with the one for L1. */
const ownPhasesWithFirst =
  (limits: boolean): Rule =>
  (subject) =>
    inFieldsOfPhases(subject, limits, (_, base, period) =>
      amountOf(period, base) === undefined
        ? `A number for L2 or L3 goes with ${base}, that of L1.`
        : undefined,
    );

/** ChargingProfileType, ChargingScheduleType, ChargingSchedulePeriodType: ranges of the fields that 2.1 adds. */
function rangesOf21(subject: Subject): readonly Finding[] {
  return [
    ...inSchedules(subject, ({ randomizedDelayS = 0 }, path) =>
      randomizedDelayS >= 0 ? [] : finding(`${path}.randomizedDelay`, 'A delay is not negative.'),
    ),
    ...inPeriods(subject, (period, path) =>
      ['dischargeLimit', 'dischargeLimit_L2', 'dischargeLimit_L3'].flatMap((field) =>
        Number(amountOf(period, field) ?? 0) <= 0
          ? []
          : finding(`${path}.${field}`, 'A limit of discharging is not positive.'),
      ),
    ),
  ];
}

/** A Dynamic profile has one schedule. */
function k28fr01({ profile }: Subject): readonly Finding[] {
  if (profile.kind !== 'Dynamic' || profile.schedules.length === 1) return [];
  return finding('profile.chargingSchedule', 'A Dynamic profile has one schedule.');
}

/** It has one period. */
function k28fr02(subject: Subject): readonly Finding[] {
  if (subject.profile.kind !== 'Dynamic') return [];
  return inSchedules(subject, ({ periods }, path) =>
    periods.length === 1
      ? []
      : finding(`${path}.chargingSchedulePeriod`, 'A Dynamic profile has one period.'),
  );
}

/** Its period begins at 0. */
function k28fr03(subject: Subject): readonly Finding[] {
  if (subject.profile.kind !== 'Dynamic') return [];
  return inPeriods(subject, ({ startS }, path) =>
    startS === 0 ? [] : finding(`${path}.startPeriod`, 'The period of a Dynamic profile begins at 0.'),
  );
}

/** Only Dynamic profiles are updated. */
function k28fr04({ profile }: Subject): readonly Finding[] {
  if (profile.kind === 'Dynamic') return [];
  const message = 'Only Dynamic profiles are updated.';
  return [
    ...(profile.rest?.['dynUpdateInterval'] === undefined
      ? []
      : finding('profile.dynUpdateInterval', message)),
    ...(profile.dynUpdateAt === undefined ? [] : finding('profile.dynUpdateTime', message)),
  ];
}

/** A curve of frequency is in W. */
function q08fr05(subject: Subject): readonly Finding[] {
  return inPeriods(subject, ({ operationMode }, path, { unit }) =>
    operationMode === 'LocalFrequency' && unit !== 'W'
      ? finding(`${path}.operationMode`, 'LocalFrequency is in W.')
      : [],
  );
}

/** LocalFrequency comes with its baseline and a curve of at least two points. */
function q08fr02(subject: Subject): readonly Finding[] {
  return inPeriods(subject, ({ operationMode, rest }, path) => {
    if (operationMode !== 'LocalFrequency') return [];
    const curve = rest?.['v2xFreqWattCurve'];
    if (rest?.['v2xBaseline'] !== undefined && Array.isArray(curve) && curve.length >= 2) return [];
    return finding(
      `${path}.v2xFreqWattCurve`,
      'LocalFrequency needs v2xBaseline and a curve of two points or more.',
    );
  });
}

/** Purposes whose periods may have some operation modes only, and the requirement that says so. */
const modesOfPurpose = (purposes: readonly ProfilePurpose[], modes: readonly string[]): Rule => {
  return (subject) => {
    const { purpose } = subject.profile;
    if (!purposes.includes(purpose)) return [];
    return inPeriods(subject, ({ operationMode = 'ChargingOnly' }, path) =>
      modes.includes(operationMode)
        ? []
        : finding(`${path}.operationMode`, `${purpose} may be ${modes.join(', ')}.`),
    );
  };
};

const amounts = ['limit', 'setpoint', 'dischargeLimit', 'setpointReactive'] as const;
type Amount = (typeof amounts)[number];

/** Which amounts a period of each mode must and may have. */
const amountsOfMode: Readonly<
  Record<string, { readonly must: readonly Amount[]; readonly may: readonly Amount[] }>
> = {
  ChargingOnly: { must: ['limit'], may: [] },
  CentralSetpoint: { must: ['setpoint'], may: ['limit', 'dischargeLimit', 'setpointReactive'] },
  CentralFrequency: { must: ['setpoint'], may: ['limit', 'dischargeLimit'] },
  ExternalSetpoint: { must: [], may: ['limit', 'dischargeLimit'] },
  ExternalLimits: { must: [], may: [] },
  LocalFrequency: { must: [], may: [] },
  LocalLoadBalancing: { must: [], may: [] },
  Idle: { must: [], may: [] },
};

function limitsAndSetpoints(subject: Subject): readonly Finding[] {
  return inPeriods(subject, (period: SchedulePeriod, path) => {
    const mode = period.operationMode ?? 'ChargingOnly';
    const known = amountsOfMode[mode];
    if (known === undefined) return [];
    return amounts.flatMap((name) => {
      const given = amountOf(period, name) !== undefined;
      if (known.must.includes(name) && !given) return finding(`${path}.${name}`, `${mode} needs a ${name}.`);
      if (given && !known.must.includes(name) && !known.may.includes(name)) {
        return finding(`${path}.${name}`, `${mode} has no ${name}.`);
      }
      return [];
    });
  });
}

/** Requirements of 2.1 whose breach refuses the profile, beside those of 2.0.1. */
export const rules21: RuleBook = {
  'K01.FR.44': k01fr44,
  'K01.FR.70': k01fr70,
  'K01.FR.71': k01fr71,
  'K01.FR.81': k01fr81,
  'K01.FR.95': k01fr95,
  'K01.FR.111': modesOfPurpose(['PriorityCharging', 'ChargingStationMaxProfile'], ['ChargingOnly']),
  'K01.FR.112': modesOfPurpose(
    ['ChargingStationExternalConstraints'],
    ['ChargingOnly', 'ExternalLimits', 'ExternalSetpoint'],
  ),
  'K01.FR.113': modesOfPurpose(['LocalGeneration'], ['ChargingOnly', 'ExternalLimits']),
  'K01.FR.115': k01fr115,
  'K01.FR.120': k01fr120,
  'K01.FR.121': k01fr121,
  'K01.FR.122': k01fr122,
  'K01.FR.123': k01fr123,
  'K01.FR.124': k01fr124,
  'K01.FR.125': k01fr125,
  'K01.FR.126': k01fr126,
  'K01.FR.141': phaseConflict,
  'K01.FR.144': ownPhasesOnlyInTxProfile(true),
  'K01.FR.146': ownPhasesWithFirst(true),
  'K28.FR.01': k28fr01,
  'K28.FR.02': k28fr02,
  'K28.FR.03': k28fr03,
  'K28.FR.04': k28fr04,
  '2.1 ranges of fields': rangesOf21,
  'Q08.FR.02': q08fr02,
  'Q08.FR.05': q08fr05,
  'V2X.07': ownPhasesWithFirst(false),
  'V2X.10': ownPhasesOnlyInTxProfile(false),
  '2.1 limits and setpoints of operation modes': limitsAndSetpoints,
};

/** A negative limit is a limit of discharging in older systems. */
function negativeLimit(subject: Subject): readonly Finding[] {
  return inPeriods(subject, ({ limit = 0 }, path) =>
    limit >= 0
      ? []
      : finding(`${path}.limit`, 'A negative limit is read as one of discharging; dischargeLimit says it.'),
  );
}

/** Requirements of 2.1 whose breach a station may take. */
export const advice21: RuleBook = { ChargingSchedulePeriodType: negativeLimit };
