/**
 * Requirements that OCPP 2.1 adds on SetChargingProfile, one function each, named after it.
 * Source: OCPP 2.1 edition 1 part 2 K01, K28, Q08, tables of operation modes; errata.
 * @module
 */
import type { ProfilePurpose, SchedulePeriod } from './profile.ts';
import {
  finding,
  inPeriods,
  inSchedules,
  type Finding,
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

function k01fr126(subject: Subject): readonly Finding[] {
  if (subject.station.supportsEvseSleep !== false) return [];
  return inPeriods(subject, ({ rest }, path) =>
    rest?.['evseSleep'] === true ? finding(`${path}.evseSleep`, 'SupportsEvseSleep is not true.') : [],
  );
}

/** A Dynamic profile has one schedule. */
function k28fr01({ profile }: Subject): readonly Finding[] {
  if (profile.kind !== 'Dynamic' || profile.schedules.length === 1) return [];
  return finding('profile.chargingSchedule', 'A Dynamic profile has one schedule.');
}

/** Its one period begins at 0. */
function k28fr02(subject: Subject): readonly Finding[] {
  if (subject.profile.kind !== 'Dynamic') return [];
  return inSchedules(subject, ({ periods }, path) =>
    periods.length === 1 && periods[0]?.startS === 0
      ? []
      : finding(`${path}.chargingSchedulePeriod`, 'A Dynamic profile has one period, which begins at 0.'),
  );
}

/** Only Dynamic profiles are updated. */
function k28fr04({ profile }: Subject): readonly Finding[] {
  if (profile.kind === 'Dynamic' || profile.rest?.['dynUpdateInterval'] === undefined) return [];
  return finding('profile.dynUpdateInterval', 'Only Dynamic profiles are updated.');
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

const chargingOnly: ReadonlySet<string> = new Set(['ChargingOnly']);

/** Operation modes that each purpose may have; a purpose that is absent may have any. */
const modesOfPurpose: Partial<Readonly<Record<ProfilePurpose, ReadonlySet<string>>>> = {
  ChargingStationMaxProfile: chargingOnly,
  ChargingStationExternalConstraints: new Set(['ChargingOnly', 'ExternalLimits', 'ExternalSetpoint']),
  LocalGeneration: new Set(['ChargingOnly', 'ExternalLimits']),
};

function operationModes(subject: Subject): readonly Finding[] {
  const { purpose } = subject.profile;
  const modes = modesOfPurpose[purpose];
  if (modes === undefined) return [];
  return inPeriods(subject, ({ operationMode = 'ChargingOnly' }, path) =>
    modes.has(operationMode)
      ? []
      : finding(`${path}.operationMode`, `${purpose} may be ${[...modes].join(', ')}.`),
  );
}

type Amount = 'limit' | 'setpoint' | 'dischargeLimit';

/** Which amounts a period of each mode must and may have. */
const amountsOfMode: Readonly<
  Record<string, { readonly must: readonly Amount[]; readonly may: readonly Amount[] }>
> = {
  ChargingOnly: { must: ['limit'], may: [] },
  CentralSetpoint: { must: ['setpoint'], may: ['limit', 'dischargeLimit'] },
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
    const amounts = amountsOfMode[mode];
    if (amounts === undefined) return [];
    return (['limit', 'setpoint', 'dischargeLimit'] as const).flatMap((name) => {
      const given = period[name] !== undefined;
      if (amounts.must.includes(name) && !given)
        return finding(`${path}.${name}`, `${mode} needs a ${name}.`);
      if (given && !amounts.must.includes(name) && !amounts.may.includes(name)) {
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
  'K01.FR.120': k01fr120,
  'K01.FR.121': k01fr121,
  'K01.FR.122': k01fr122,
  'K01.FR.123': k01fr123,
  'K01.FR.124': k01fr124,
  'K01.FR.125': k01fr125,
  'K01.FR.126': k01fr126,
  'K28.FR.01': k28fr01,
  'K28.FR.02': k28fr02,
  'K28.FR.04': k28fr04,
  'Q08.FR.02': q08fr02,
  'Q08.FR.05': q08fr05,
  '2.1 operation modes of purposes': operationModes,
  '2.1 limits and setpoints of operation modes': limitsAndSetpoints,
};
