/**
 * Requirements of OCPP 1.6 on SetChargingProfile, one function each.
 * Source: OCPP 1.6 edition 2 3.13, 5.16, 7.8-7.14, 9.4; errata sheet v4.
 * @module
 */
import {
  ascends,
  beginsAtZero,
  finding,
  hasOneDecimal,
  inPeriods,
  inSchedules,
  type Finding,
  type RuleBook,
  type Subject,
} from './profile-rule.ts';

/** Errata 3.39: the connector exists. */
function errata339({ evseId, numberOfEvses }: Subject): readonly Finding[] {
  if (evseId >= 0 && evseId <= numberOfEvses) return [];
  return finding('evseId', `Connector ${evseId} does not exist: the charge point has 0 to ${numberOfEvses}.`);
}

/** 3.13.1: the station cap belongs to connector 0, a TxProfile to a connector. */
function section3131({ evseId, profile }: Subject): readonly Finding[] {
  if (profile.purpose === 'ChargingStationMaxProfile' && evseId !== 0) {
    return finding(
      'evseId',
      'A ChargePointMaxProfile caps the whole charge point and goes to connector 0 only.',
    );
  }
  if (profile.purpose === 'TxProfile' && evseId === 0) {
    return finding(
      'evseId',
      'A TxProfile belongs to the transaction of one connector, never to connector 0.',
    );
  }
  return [];
}

/** 5.16: a TxProfile needs a running transaction, and the one it names. */
function section516({ evseId, profile, transactions, via }: Subject): readonly Finding[] {
  if (via === 'RequestStartTransaction') return [];
  if (profile.purpose !== 'TxProfile' || evseId === 0) return [];
  const running = transactions.find((one) => one.evseId === evseId);
  if (running === undefined) {
    return finding('profile.chargingProfilePurpose', `No transaction runs on connector ${evseId}.`);
  }
  if (profile.transactionId === undefined || profile.transactionId === running.id) return [];
  return finding(
    'profile.transactionId',
    `Connector ${evseId} runs transaction ${running.id}, not ${profile.transactionId}.`,
  );
}

/** Errata 3.41 of 5.16.2: RemoteStartTransaction brings a TxProfile for a transaction that has no id yet. */
function errata341({ profile, via }: Subject): readonly Finding[] {
  if (via !== 'RequestStartTransaction') return [];
  if (profile.purpose !== 'TxProfile') {
    const message = 'RemoteStartTransaction brings a TxProfile and nothing else.';
    return finding('profile.chargingProfilePurpose', message);
  }
  if (profile.transactionId === undefined) return [];
  return finding('profile.transactionId', 'The transaction is still to start: it has no id.');
}

/** 7.8: stack levels count from 0; transactionId is for TxProfile; recurrencyKind goes with Recurring. */
function section78({ profile }: Subject): readonly Finding[] {
  const findings: Finding[] = [];
  if (profile.stackLevel < 0) {
    findings.push({ path: 'profile.stackLevel', message: 'Stack levels count from 0.' });
  }
  if (profile.transactionId !== undefined && profile.purpose !== 'TxProfile') {
    findings.push({ path: 'profile.transactionId', message: 'Only a TxProfile names a transaction.' });
  }
  if (profile.kind === 'Recurring' && profile.recurrency === undefined) {
    findings.push({ path: 'profile.recurrencyKind', message: 'A Recurring profile says Daily or Weekly.' });
  }
  return findings;
}

/** 7.13: a schedule has periods, a duration that lasts, and a minChargingRate of at most one decimal. */
function section713(subject: Subject): readonly Finding[] {
  return inSchedules(subject, ({ periods, durationS, minChargingRate = 0 }, path) => [
    ...(periods.length > 0
      ? []
      : finding(`${path}.chargingSchedulePeriod`, 'A schedule has at least one period.')),
    ...(durationS === undefined || durationS > 0
      ? []
      : finding(`${path}.duration`, 'A duration lasts at least 1 s.')),
    ...(hasOneDecimal(minChargingRate) ? [] : finding(`${path}.minChargingRate`, 'At most one decimal.')),
  ]);
}

/** 7.14: periods ascend, limits are not negative and have one decimal, phases are 1 to 3. */
function section714(subject: Subject): readonly Finding[] {
  return [
    ...ascends(subject),
    ...inPeriods(subject, ({ limit = 0, numberPhases = 3 }, path) => [
      ...(limit >= 0 ? [] : finding(`${path}.limit`, 'A limit is not negative.')),
      ...(hasOneDecimal(limit) ? [] : finding(`${path}.limit`, 'At most one decimal.')),
      ...(numberPhases >= 1 && numberPhases <= 3
        ? []
        : finding(`${path}.numberPhases`, 'One, two or three phases.')),
    ]),
  ];
}

/** 9.4: what the configuration keys of the charge point allow. */
function section94(subject: Subject): readonly Finding[] {
  const { station, profile, installed } = subject;
  const { rateUnits, maxPeriods = Infinity, maxStackLevel = Infinity, maxProfiles = Infinity } = station;
  const findings: Finding[] = [];
  if (profile.stackLevel > maxStackLevel) {
    const message = `ChargeProfileMaxStackLevel is ${maxStackLevel}.`;
    findings.push({ path: 'profile.stackLevel', message });
  }
  const others = installed.filter(
    (one) =>
      one.profile.id !== profile.id &&
      !(
        one.evseId === subject.evseId &&
        one.profile.purpose === profile.purpose &&
        one.profile.stackLevel === profile.stackLevel
      ),
  );
  if (others.length >= maxProfiles) {
    findings.push({
      path: 'profile',
      message: `MaxChargingProfilesInstalled is ${maxProfiles}, and all are used.`,
    });
  }
  return [
    ...findings,
    ...inSchedules(subject, ({ unit, periods }, path) => [
      ...(rateUnits === undefined || rateUnits.includes(unit)
        ? []
        : finding(
            `${path}.chargingRateUnit`,
            `ChargingScheduleAllowedChargingRateUnit does not name ${unit}.`,
          )),
      ...(periods.length <= maxPeriods
        ? []
        : finding(`${path}.chargingSchedulePeriod`, `ChargingScheduleMaxPeriods is ${maxPeriods}.`)),
    ]),
  ];
}

/** Requirements whose breach refuses the profile. */
export const rules16: RuleBook = {
  '1.6 errata 3.39': errata339,
  '1.6 3.13.1': section3131,
  '1.6 errata 3.41': errata341,
  '1.6 5.16': section516,
  '1.6 errata 3.45': beginsAtZero,
  '1.6 7.8': section78,
  '1.6 7.13': section713,
  '1.6 7.14': section714,
  '1.6 9.4': section94,
};

/** 7.13: without startSchedule a schedule counts from the start of charging; charge points differ on it. */
function startMissing({ profile }: Subject): readonly Finding[] {
  if (profile.kind === 'Relative' || profile.schedules[0]?.startAt !== undefined) return [];
  return finding(
    'profile.chargingSchedule.startSchedule',
    `${profile.kind} without a start counts from the start of charging; some charge points refuse it.`,
  );
}

/** 7.9: Relative counts from the start of charging, so its startSchedule has no meaning. */
function startIdle({ profile }: Subject): readonly Finding[] {
  if (profile.kind !== 'Relative' || profile.schedules[0]?.startAt === undefined) return [];
  return finding(
    'profile.chargingSchedule.startSchedule',
    'A Relative profile counts from the start of charging.',
  );
}

/** 3.13.1: a cap of the whole charge point has no start of charging of its own. */
function relativeCap({ profile }: Subject): readonly Finding[] {
  if (profile.purpose !== 'ChargingStationMaxProfile' || profile.kind !== 'Relative') return [];
  return finding(
    'profile.chargingProfileKind',
    'Some charge points refuse a Relative ChargePointMaxProfile.',
  );
}

/** Errata 3.34: more phases than there are change nothing about the limit per phase. */
function errata334(subject: Subject): readonly Finding[] {
  const { supplyPhases = 3 } = subject.station;
  return inPeriods(subject, ({ numberPhases = 1 }, path) =>
    numberPhases <= supplyPhases
      ? []
      : finding(
          `${path}.numberPhases`,
          `The charge point has ${supplyPhases}; the limit per phase stays as it is.`,
        ),
  );
}

/** Errata 3.56: recurrencyKind goes with Recurring alone; charge points take it elsewhere and ignore it. */
function errata356({ profile }: Subject): readonly Finding[] {
  if (profile.recurrency === undefined || profile.kind === 'Recurring') return [];
  return finding('profile.recurrencyKind', `${profile.kind} profiles do not recur.`);
}

/** Requirements whose breach charge points are known to take; nothing is refused for them. */
export const advice16: RuleBook = {
  '1.6 7.13': startMissing,
  '1.6 7.9': startIdle,
  '1.6 3.13.1': relativeCap,
  '1.6 errata 3.34': errata334,
  '1.6 errata 3.56': errata356,
};
