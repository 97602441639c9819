/**
 * Requirements of OCPP 2.0.1, kept in 2.1, on SetChargingProfile, one function each, named after it.
 * Source: OCPP 2.0.1 edition 3 part 2 K01, K04, ChargingProfileType; errata 2025-09; 2.1 part 2 K01.
 * @module
 */
import { duplicateRulesOf, type DuplicateRule } from './installed.ts';
import { phaseConflict } from './phase-conflict.ts';
import {
  ascends,
  beginsAtZero,
  finding,
  hasOneDecimal,
  inPeriods,
  inSchedules,
  type Finding,
  type Rule,
  type RuleBook,
  type Subject,
} from './profile-rule.ts';

/** A TxProfile names its transaction. */
function k01fr03({ profile, via }: Subject): readonly Finding[] {
  if (
    via === 'RequestStartTransaction' ||
    profile.purpose !== 'TxProfile' ||
    profile.transactionId !== undefined
  )
    return [];
  return finding('profile.transactionId', 'A TxProfile names its transaction.');
}

/** What `duplicateRulesOf` refuses under one requirement. */
function duplicate(requirement: DuplicateRule, path: string, message: string): Rule {
  return ({ version, installed, evseId, profile }) =>
    duplicateRulesOf(version, installed, { evseId, profile }).includes(requirement)
      ? finding(path, message)
      : [];
}

const k01fr05 = duplicate(
  'K01.FR.05',
  'profile.id',
  'This id belongs to an external constraint, which nothing from outside replaces.',
);
const k01fr06 = duplicate(
  'K01.FR.06',
  'profile.stackLevel',
  'A profile with another id has this purpose and stack level on this EVSE at the same time.',
);
const k01fr39 = duplicate(
  'K01.FR.39',
  'profile.stackLevel',
  'A TxProfile with another id has this stack level for the same transaction.',
);
const k01fr52 = duplicate(
  'K01.FR.52',
  'profile.stackLevel',
  'An EVSE has a TxDefaultProfile of this stack level, so EVSE 0 cannot have one with another id.',
);
const k01fr53 = duplicate(
  'K01.FR.53',
  'profile.stackLevel',
  'EVSE 0 has a TxDefaultProfile of this stack level, so no EVSE can have one with another id.',
);

/** A TxProfile needs a running transaction on its EVSE. */
function k01fr09({ profile, evseId, transactions, via }: Subject): readonly Finding[] {
  if (via === 'RequestStartTransaction') return [];
  if (profile.purpose !== 'TxProfile' || evseId === 0) return [];
  if (transactions.some((one) => one.evseId === evseId)) return [];
  return finding('profile.chargingProfilePurpose', `No transaction runs on EVSE ${evseId}.`);
}

/** A TxProfile belongs to one EVSE. */
function k01fr16({ profile, evseId }: Subject): readonly Finding[] {
  if (profile.purpose !== 'TxProfile' || evseId > 0) return [];
  return finding('evseId', 'A TxProfile belongs to the transaction of one EVSE, never to EVSE 0.');
}

/** A phase is named only where exactly one is used. */
function k01fr19(subject: Subject): readonly Finding[] {
  return inPeriods(subject, ({ phaseToUse, numberPhases }, path) =>
    phaseToUse === undefined || numberPhases === 1
      ? []
      : finding(`${path}.phaseToUse`, 'A phase is named only with numberPhases 1.'),
  );
}

/** A phase is named only to stations that can switch phases. */
function k01fr20(subject: Subject): readonly Finding[] {
  if (subject.station.acPhaseSwitching !== false) return [];
  return inPeriods(subject, ({ phaseToUse }, path) =>
    phaseToUse === undefined ? [] : finding(`${path}.phaseToUse`, 'The station does not switch phases.'),
  );
}

/** External constraints come from the station, never from a CSMS. */
function k01fr22({ profile }: Subject): readonly Finding[] {
  if (profile.purpose !== 'ChargingStationExternalConstraints') return [];
  return finding(
    'profile.chargingProfilePurpose',
    'External constraints are reported by the station and set by nobody else.',
  );
}

/** The unit is one that the station takes. */
function k01fr26(subject: Subject): readonly Finding[] {
  const { rateUnits } = subject.station;
  if (rateUnits === undefined) return [];
  return inSchedules(subject, ({ unit }, path) =>
    rateUnits.includes(unit)
      ? []
      : finding(`${path}.chargingRateUnit`, `The station takes ${rateUnits.join(' and ')}.`),
  );
}

/** The EVSE exists. */
function k01fr28({ evseId, numberOfEvses }: Subject): readonly Finding[] {
  if (evseId >= 0 && evseId <= numberOfEvses) return [];
  return finding('evseId', `EVSE ${evseId} does not exist: the station has ${numberOfEvses}.`);
}

/** The first period begins at 0. */
const k01fr31: Rule = beginsAtZero;

/** Periods are in order of time. */
const k01fr35: Rule = ascends;

/** The transaction named is the one that runs on the EVSE. */
function k01fr33({ profile, evseId, transactions, via }: Subject): readonly Finding[] {
  if (via === 'RequestStartTransaction') return [];
  const { purpose, transactionId } = profile;
  if (purpose !== 'TxProfile' || transactionId === undefined) return [];
  const running = transactions.filter((one) => one.evseId === evseId);
  if (running.length === 0 || running.some((one) => one.id === transactionId)) return [];
  return finding('profile.transactionId', `EVSE ${evseId} does not run transaction ${transactionId}.`);
}

/** Several schedules are for ISO 15118 only, and for a transaction. */
function k01fr34({ profile, station }: Subject): readonly Finding[] {
  const { length } = profile.schedules;
  if (length <= 1 || (length <= 3 && station.iso15118 !== false && profile.purpose === 'TxProfile'))
    return [];
  return finding(
    'profile.chargingSchedule',
    'One schedule; up to three in a TxProfile where ISO 15118 is used.',
  );
}

/** A station cap has no start of charging. */
function k01fr38({ profile }: Subject): readonly Finding[] {
  if (profile.purpose !== 'ChargingStationMaxProfile' || profile.kind !== 'Relative') return [];
  return finding('profile.chargingProfileKind', 'A ChargingStationMaxProfile is not Relative.');
}

/** Absolute and Recurring schedules say when they start. */
function k01fr40(subject: Subject): readonly Finding[] {
  const { kind } = subject.profile;
  if (kind !== 'Absolute' && kind !== 'Recurring') return [];
  return inSchedules(subject, ({ startAt }, path) =>
    startAt === undefined ? finding(`${path}.startSchedule`, `${kind} schedules say when they start.`) : [],
  );
}

/** Relative schedules start with charging. */
function k01fr41(subject: Subject): readonly Finding[] {
  if (subject.profile.kind !== 'Relative') return [];
  return inSchedules(subject, ({ startAt }, path) =>
    startAt === undefined
      ? []
      : finding(`${path}.startSchedule`, 'A Relative schedule starts with charging.'),
  );
}

/** The station has the phases that are named. */
function k01fr45(subject: Subject): readonly Finding[] {
  const { current, supplyPhases } = subject.station;
  if (current === 'DC' || supplyPhases === undefined) return [];
  return inPeriods(subject, ({ numberPhases = 0 }, path) =>
    numberPhases <= supplyPhases
      ? []
      : finding(`${path}.numberPhases`, `The station has ${supplyPhases} phases.`),
  );
}

/** The station cap belongs to EVSE 0. */
function k04fr03({ profile, evseId }: Subject): readonly Finding[] {
  if (profile.purpose !== 'ChargingStationMaxProfile' || evseId === 0) return [];
  return finding('evseId', 'A ChargingStationMaxProfile caps the whole station and goes to EVSE 0 only.');
}

/** The profile of a request to start is a TxProfile for a transaction that has no id yet. */
function k05fr02({ profile, via }: Subject): readonly Finding[] {
  if (via !== 'RequestStartTransaction') return [];
  if (profile.purpose !== 'TxProfile') {
    const message = 'RequestStartTransaction brings a TxProfile and nothing else.';
    return finding('profile.chargingProfilePurpose', message);
  }
  if (profile.transactionId === undefined) return [];
  return finding('profile.transactionId', 'The transaction is still to start: it has no id.');
}

/** ChargingProfileType: what the fields themselves allow. */
function chargingProfileType({ profile }: Subject): readonly Finding[] {
  const findings: Finding[] = [];
  if (profile.stackLevel < 0)
    findings.push({ path: 'profile.stackLevel', message: 'Stack levels count from 0.' });
  if (profile.transactionId !== undefined && profile.purpose !== 'TxProfile') {
    findings.push({ path: 'profile.transactionId', message: 'Only a TxProfile names a transaction.' });
  }
  if ((profile.transactionId?.length ?? 0) > 36) {
    findings.push({ path: 'profile.transactionId', message: 'At most 36 characters.' });
  }
  if (profile.kind === 'Recurring' && profile.recurrency === undefined) {
    findings.push({ path: 'profile.recurrencyKind', message: 'A Recurring profile says Daily or Weekly.' });
  }
  if (profile.schedules.length === 0 || profile.schedules.length > 3) {
    findings.push({ path: 'profile.chargingSchedule', message: 'One to three schedules.' });
  }
  return findings;
}

/** ChargingScheduleType: a duration lasts, and there is a period. */
function chargingScheduleType(subject: Subject): readonly Finding[] {
  return inSchedules(subject, ({ periods, durationS }, path) => [
    ...(periods.length > 0 && periods.length <= 1024
      ? []
      : finding(`${path}.chargingSchedulePeriod`, 'A schedule has 1 to 1,024 periods.')),
    ...(durationS === undefined || durationS > 0
      ? []
      : finding(`${path}.duration`, 'A duration lasts at least 1 s.')),
  ]);
}

/** ChargingSchedulePeriodType: phases are 1 to 3; in 2.0.1 a limit is not negative and has at most one decimal. */
function chargingSchedulePeriodType(subject: Subject): readonly Finding[] {
  const inRange = (phase: number | undefined): boolean => phase === undefined || (phase >= 1 && phase <= 3);
  return inPeriods(subject, ({ limit = 0, numberPhases, phaseToUse }, path) => [
    ...(limit >= 0 || subject.version === '2.1' ? [] : finding(`${path}.limit`, 'A limit is not negative.')),
    ...(hasOneDecimal(limit) || subject.version === '2.1'
      ? []
      : finding(`${path}.limit`, 'At most one decimal.')),
    ...(inRange(numberPhases) ? [] : finding(`${path}.numberPhases`, 'One, two or three phases.')),
    ...(inRange(phaseToUse) ? [] : finding(`${path}.phaseToUse`, 'Phase 1, 2 or 3.')),
  ]);
}

/** PeriodsPerSchedule, ProfileStackLevel and Entries of the station's SmartChargingCtrlr. */
function smartChargingCtrlr(subject: Subject): readonly Finding[] {
  const { maxPeriods = Infinity, maxStackLevel = Infinity, maxProfiles = Infinity } = subject.station;
  const { profile } = subject;
  const others = subject.installed.filter((one) => one.profile.id !== profile.id);
  return [
    ...(profile.stackLevel <= maxStackLevel
      ? []
      : finding('profile.stackLevel', `ProfileStackLevel is ${maxStackLevel}.`)),
    ...(others.length < maxProfiles
      ? []
      : finding('profile', `Entries[ChargingProfiles] is ${maxProfiles}, and all are used.`)),
    ...inSchedules(subject, ({ periods }, path) =>
      periods.length <= maxPeriods
        ? []
        : finding(`${path}.chargingSchedulePeriod`, `PeriodsPerSchedule is ${maxPeriods}.`),
    ),
  ];
}

/** Requirements of both 2.0.1 and 2.1 whose breach refuses the profile. */
export const rules2x: RuleBook = {
  'K01.FR.03': k01fr03,
  'K01.FR.05': k01fr05,
  'K01.FR.06': k01fr06,
  'K01.FR.09': k01fr09,
  'K01.FR.16': k01fr16,
  'K01.FR.19': k01fr19,
  'K01.FR.20': k01fr20,
  'K01.FR.22': k01fr22,
  'K01.FR.26': k01fr26,
  'K01.FR.28': k01fr28,
  'K01.FR.31': k01fr31,
  'K01.FR.33': k01fr33,
  'K01.FR.34': k01fr34,
  'K01.FR.35': k01fr35,
  'K01.FR.38': k01fr38,
  'K01.FR.39': k01fr39,
  'K01.FR.40': k01fr40,
  'K01.FR.41': k01fr41,
  'K01.FR.45': k01fr45,
  'K01.FR.52': k01fr52,
  'K01.FR.53': k01fr53,
  'K04.FR.03': k04fr03,
  'K05.FR.02': k05fr02,
  ChargingProfileType: chargingProfileType,
  ChargingScheduleType: chargingScheduleType,
  ChargingSchedulePeriodType: chargingSchedulePeriodType,
  SmartChargingCtrlr: smartChargingCtrlr,
};

/** FR.44 of 2.0.1: a DC station may take phases and ignore them. */
function k01fr44Advice(subject: Subject): readonly Finding[] {
  if (subject.station.current !== 'DC') return [];
  return inPeriods(subject, ({ numberPhases, phaseToUse }, path) =>
    (numberPhases ?? phaseToUse) === undefined
      ? []
      : finding(`${path}.numberPhases`, 'Phases mean nothing to a DC station.'),
  );
}

/** Requirements of 2.0.1 whose breach a station may take. */
export const advice201: RuleBook = { 'K01.FR.44': k01fr44Advice };

/** Requirements that 2.0.1 has in its errata under no number. */
export const rules201: RuleBook = { '2.0.1 errata 3.7': phaseConflict };
