import { describe, expect, test } from 'vitest';
import type { OcppVersion } from '#domain/site';
import type { ChargingProfile, ChargingSchedule } from '#ocpp/profile';
import type { Subject } from '#ocpp/profile-rule';
import { validateProfile } from '#ocpp/validate-profile';
import { advice16, rules16 } from '#ocpp/validate-profile-16';
import { advice21, rules21 } from '#ocpp/validate-profile-21';
import { advice201, rules201, rules2x } from '#ocpp/validate-profile-2x';
import { after, on, periods, profile, t0, versions } from './builders.ts';

const transactions = [{ evseId: 1, id: '7', startedAt: t0 }];

function subject(version: OcppVersion, other: Partial<Subject> = {}): Subject {
  return {
    version,
    now: t0,
    evseId: 1,
    numberOfEvses: 2,
    profile: bound(),
    installed: [],
    transactions,
    station: {},
    ...other,
  };
}

/** A TxProfile that every version takes. */
function bound(
  other: Partial<ChargingProfile> = {},
  schedule: Partial<ChargingSchedule> = {},
): ChargingProfile {
  const base = profile({
    id: 5,
    purpose: 'TxProfile',
    transactionId: '7',
    startAt: t0,
    durationS: 600,
    periods: periods([0, 16], [300, 10]),
  });
  return { ...base, schedules: [{ ...base.schedules[0]!, ...schedule }], ...other };
}

const byDefault = (
  other: Partial<ChargingProfile> = {},
  schedule: Partial<ChargingSchedule> = {},
): ChargingProfile => {
  const { transactionId: _, ...rest } = bound(other, schedule);
  return { ...rest, purpose: other.purpose ?? 'TxDefaultProfile' };
};
const without = (key: keyof ChargingSchedule): ChargingProfile => {
  const { [key]: _, ...schedule } = bound().schedules[0]!;
  return bound({ schedules: [schedule as ChargingSchedule] });
};
const period = (one: ChargingSchedule['periods'][number]): ChargingProfile => bound({}, { periods: [one] });

test.each(versions)('a plain TxProfile breaks nothing in %s', (version) => {
  expect(validateProfile(subject(version))).toEqual({ accepted: true, violations: [], advice: [] });
  expect(validateProfile(subject(version, { profile: byDefault(), evseId: 0 })).accepted).toBe(true);
});

type Case = readonly [requirement: string, path: string, breach: Partial<Subject>];

const cases16: readonly Case[] = [
  ['1.6 errata 3.39', 'evseId', { evseId: 3, transactions: [{ ...transactions[0]!, evseId: 3 }] }],
  ['1.6 errata 3.39', 'evseId', { evseId: -1, profile: byDefault() }],
  ['1.6 3.13.1', 'evseId', { profile: byDefault({ purpose: 'ChargingStationMaxProfile' }) }],
  ['1.6 3.13.1', 'evseId', { evseId: 0 }],
  [
    '1.6 errata 3.41',
    'profile.chargingProfilePurpose',
    { via: 'RequestStartTransaction', profile: byDefault(), transactions: [] },
  ],
  ['1.6 errata 3.41', 'profile.transactionId', { via: 'RequestStartTransaction', transactions: [] }],
  ['1.6 5.16', 'profile.chargingProfilePurpose', { transactions: [] }],
  ['1.6 5.16', 'profile.transactionId', { profile: bound({ transactionId: '8' }) }],
  ['1.6 7.8', 'profile.stackLevel', { profile: bound({ stackLevel: -1 }) }],
  ['1.6 7.8', 'profile.transactionId', { profile: { ...byDefault(), transactionId: '7' } }],
  ['1.6 7.8', 'profile.recurrencyKind', { profile: bound({ kind: 'Recurring' }) }],
  ['1.6 7.13', 'profile.chargingSchedule.chargingSchedulePeriod', { profile: bound({}, { periods: [] }) }],
  ['1.6 7.13', 'profile.chargingSchedule.duration', { profile: bound({}, { durationS: 0 }) }],
  ['1.6 7.13', 'profile.chargingSchedule.minChargingRate', { profile: bound({}, { minChargingRate: 6.05 }) }],
  [
    '1.6 errata 3.45',
    'profile.chargingSchedule.chargingSchedulePeriod[0].startPeriod',
    { profile: bound({}, { periods: periods([60, 16]) }) },
  ],
  [
    '1.6 7.14',
    'profile.chargingSchedule.chargingSchedulePeriod[2].startPeriod',
    { profile: bound({}, { periods: periods([0, 16], [60, 6], [60, 8]) }) },
  ],
  [
    '1.6 7.14',
    'profile.chargingSchedule.chargingSchedulePeriod[0].limit',
    { profile: period({ startS: 0, limit: -1 }) },
  ],
  [
    '1.6 7.14',
    'profile.chargingSchedule.chargingSchedulePeriod[0].limit',
    { profile: period({ startS: 0, limit: 6.15 }) },
  ],
  [
    '1.6 7.14',
    'profile.chargingSchedule.chargingSchedulePeriod[0].numberPhases',
    { profile: period({ startS: 0, limit: 6, numberPhases: 4 }) },
  ],
  ['1.6 9.4', 'profile.stackLevel', { profile: bound({ stackLevel: 3 }), station: { maxStackLevel: 2 } }],
  ['1.6 9.4', 'profile.chargingSchedule.chargingRateUnit', { station: { rateUnits: ['W'] } }],
  ['1.6 9.4', 'profile.chargingSchedule.chargingSchedulePeriod', { station: { maxPeriods: 1 } }],
  ['1.6 9.4', 'profile', { installed: on(2, byDefault({ id: 9 })), station: { maxProfiles: 1 } }],
];

const schedulePath = 'profile.chargingSchedule[0]';
const periodPath = `${schedulePath}.chargingSchedulePeriod[0]`;
const external = byDefault({ id: 5, purpose: 'ChargingStationExternalConstraints' });

const cases2x: readonly Case[] = [
  ['K01.FR.03', 'profile.transactionId', { profile: { ...byDefault(), purpose: 'TxProfile' } }],
  ['K01.FR.05', 'profile.id', { installed: on(0, external) }],
  ['K01.FR.06', 'profile.stackLevel', { profile: byDefault(), installed: on(1, byDefault({ id: 9 })) }],
  ['K01.FR.09', 'profile.chargingProfilePurpose', { transactions: [] }],
  ['K01.FR.09', 'profile.chargingProfilePurpose', { evseId: 2 }],
  ['K01.FR.16', 'evseId', { evseId: 0 }],
  ['K01.FR.19', `${periodPath}.phaseToUse`, { profile: period({ startS: 0, limit: 6, phaseToUse: 2 }) }],
  [
    'K01.FR.20',
    `${periodPath}.phaseToUse`,
    {
      profile: period({ startS: 0, limit: 6, numberPhases: 1, phaseToUse: 2 }),
      station: { acPhaseSwitching: false },
    },
  ],
  ['K01.FR.22', 'profile.chargingProfilePurpose', { evseId: 0, profile: external }],
  ['K01.FR.26', `${schedulePath}.chargingRateUnit`, { station: { rateUnits: ['W'] } }],
  ['K01.FR.28', 'evseId', { evseId: 3, profile: byDefault() }],
  ['K01.FR.31', `${periodPath}.startPeriod`, { profile: period({ startS: 1, limit: 6 }) }],
  ['K01.FR.33', 'profile.transactionId', { profile: bound({ transactionId: 'x' }) }],
  [
    'K01.FR.34',
    'profile.chargingSchedule',
    {
      profile: bound({ schedules: [bound().schedules[0]!, bound().schedules[0]!] }),
      station: { iso15118: false },
    },
  ],
  [
    'K01.FR.34',
    'profile.chargingSchedule',
    { profile: byDefault({ schedules: [bound().schedules[0]!, bound().schedules[0]!] }) },
  ],
  [
    'K01.FR.35',
    `${schedulePath}.chargingSchedulePeriod[2].startPeriod`,
    { profile: bound({}, { periods: periods([0, 6], [200, 8], [100, 10]) }) },
  ],
  [
    'K01.FR.38',
    'profile.chargingProfileKind',
    {
      evseId: 0,
      profile: {
        ...byDefault({ purpose: 'ChargingStationMaxProfile', kind: 'Relative' }),
        schedules: without('startAt').schedules,
      },
    },
  ],
  ['K01.FR.39', 'profile.stackLevel', { installed: on(1, bound({ id: 9 })) }],
  ['K01.FR.40', `${schedulePath}.startSchedule`, { profile: without('startAt') }],
  ['K01.FR.41', `${schedulePath}.startSchedule`, { profile: bound({ kind: 'Relative' }) }],
  [
    'K01.FR.45',
    `${periodPath}.numberPhases`,
    { profile: period({ startS: 0, limit: 6, numberPhases: 3 }), station: { supplyPhases: 1 } },
  ],
  [
    'K01.FR.52',
    'profile.stackLevel',
    { evseId: 0, profile: byDefault(), installed: on(2, byDefault({ id: 9 })) },
  ],
  [
    'K01.FR.53',
    'profile.stackLevel',
    { evseId: 2, profile: byDefault(), installed: on(0, byDefault({ id: 9 })) },
  ],
  ['K04.FR.03', 'evseId', { profile: byDefault({ purpose: 'ChargingStationMaxProfile' }) }],
  [
    'K05.FR.02',
    'profile.chargingProfilePurpose',
    { via: 'RequestStartTransaction', profile: byDefault(), transactions: [] },
  ],
  ['K05.FR.02', 'profile.transactionId', { via: 'RequestStartTransaction', transactions: [] }],
  ['ChargingProfileType', 'profile.stackLevel', { profile: bound({ stackLevel: -1 }) }],
  ['ChargingProfileType', 'profile.transactionId', { profile: { ...byDefault(), transactionId: '7' } }],
  [
    'ChargingProfileType',
    'profile.transactionId',
    {
      profile: bound({ transactionId: 'x'.repeat(37) }),
      transactions: [{ evseId: 1, id: 'x'.repeat(37), startedAt: t0 }],
    },
  ],
  ['ChargingProfileType', 'profile.recurrencyKind', { profile: bound({ kind: 'Recurring' }) }],
  ['ChargingProfileType', 'profile.chargingSchedule', { profile: bound({ schedules: [] }) }],
  ['ChargingScheduleType', `${schedulePath}.duration`, { profile: bound({}, { durationS: -5 }) }],
  ['ChargingScheduleType', `${schedulePath}.chargingSchedulePeriod`, { profile: bound({}, { periods: [] }) }],
  [
    'ChargingSchedulePeriodType',
    `${periodPath}.numberPhases`,
    { profile: period({ startS: 0, limit: 6, numberPhases: 4 }) },
  ],
  [
    'SmartChargingCtrlr',
    'profile.stackLevel',
    { profile: bound({ stackLevel: 3 }), station: { maxStackLevel: 2 } },
  ],
  ['SmartChargingCtrlr', `${schedulePath}.chargingSchedulePeriod`, { station: { maxPeriods: 1 } }],
  ['SmartChargingCtrlr', 'profile', { installed: on(2, byDefault({ id: 9 })), station: { maxProfiles: 1 } }],
];

/** A cap of the station that names phase 1 from `t0` on for 300 s, then phase 2. */
const phasedCap = on(
  0,
  byDefault(
    { id: 9, purpose: 'ChargingStationMaxProfile' },
    {
      periods: [
        { startS: 0, limit: 16, numberPhases: 1, phaseToUse: 1 },
        { startS: 300, limit: 16, numberPhases: 1, phaseToUse: 2 },
      ],
    },
  ),
);
/** A TxProfile on phase 2 from `fromS` seconds after `t0` on. */
const onPhase2 = (fromS: number): ChargingProfile =>
  bound(
    {},
    {
      startAt: after(t0, fromS),
      periods: [{ startS: 0, limit: 6, numberPhases: 1, phaseToUse: 2 }],
    },
  );

const cases201: readonly Case[] = [
  ['2.0.1 errata 3.7', `${periodPath}.phaseToUse`, { profile: onPhase2(299), installed: phasedCap }],
  ['ChargingSchedulePeriodType', `${periodPath}.limit`, { profile: period({ startS: 0, limit: 6.15 }) }],
  ['ChargingSchedulePeriodType', `${periodPath}.limit`, { profile: period({ startS: 0, limit: -6 }) }],
];

const priority = (schedule: Partial<ChargingSchedule>): Partial<Subject> => {
  const base = byDefault({ purpose: 'PriorityCharging' }, schedule);
  return { profile: base };
};
const { durationS: _, ...endless } = bound().schedules[0]!;
const dynamic = (schedule: Partial<ChargingSchedule> = {}): ChargingProfile =>
  bound({ kind: 'Dynamic' }, { periods: periods([0, 6]), ...schedule });

const cases21: readonly Case[] = [
  [
    'K01.FR.44',
    `${periodPath}.numberPhases`,
    { profile: period({ startS: 0, limit: 6, numberPhases: 3 }), station: { current: 'DC' } },
  ],
  ['K01.FR.70', `${schedulePath}.duration`, priority({})],
  [
    'K01.FR.71',
    `${periodPath}.operationMode`,
    {
      profile: {
        ...byDefault({ purpose: 'PriorityCharging' }),
        schedules: [{ ...endless, periods: [{ startS: 0, operationMode: 'Idle' }] }],
      },
    },
  ],
  ['K01.FR.81', 'profile.id', { station: { maxExternalConstraintsId: 5 } }],
  [
    'K01.FR.95',
    `${schedulePath}.randomizedDelay`,
    {
      evseId: 0,
      profile: byDefault({ purpose: 'ChargingStationMaxProfile' }, { randomizedDelayS: 5 }),
    },
  ],
  [
    'K01.FR.120',
    'profile.chargingProfilePurpose',
    {
      evseId: 0,
      profile: byDefault({ purpose: 'LocalGeneration' }),
      station: { additionalPurposes: ['PriorityCharging'] },
    },
  ],
  [
    'K01.FR.121',
    'profile.chargingProfileKind',
    { profile: dynamic(), station: { supportsDynamicProfiles: false } },
  ],
  [
    'K01.FR.122',
    'profile.maxOfflineDuration',
    { profile: bound({ maxOfflineDurationS: 60 }), station: { supportsMaxOfflineDuration: false } },
  ],
  [
    'K01.FR.123',
    `${schedulePath}.useLocalTime`,
    { profile: bound({}, { useLocalTime: true }), station: { supportsUseLocalTime: false } },
  ],
  [
    'K01.FR.124',
    `${schedulePath}.randomizedDelay`,
    { profile: bound({}, { randomizedDelayS: 0 }), station: { supportsRandomizedDelay: false } },
  ],
  [
    'K01.FR.125',
    `${schedulePath}.limitAtSoC`,
    {
      profile: bound({}, { limitAtSoc: { soc: 80, limit: 6 } }),
      station: { supportsLimitAtSoc: false },
    },
  ],
  [
    'K01.FR.126',
    `${periodPath}.evseSleep`,
    {
      profile: period({ startS: 0, limit: 0, rest: { evseSleep: true } }),
      station: { supportsEvseSleep: false },
    },
  ],
  [
    'K28.FR.01',
    'profile.chargingSchedule',
    { profile: { ...dynamic(), schedules: [dynamic().schedules[0]!, dynamic().schedules[0]!] } },
  ],
  [
    'K28.FR.02',
    `${schedulePath}.chargingSchedulePeriod`,
    { profile: dynamic({ periods: periods([0, 6], [60, 8]) }) },
  ],
  ['K28.FR.03', `${periodPath}.startPeriod`, { profile: dynamic({ periods: periods([60, 6]) }) }],
  ['K28.FR.04', 'profile.dynUpdateTime', { profile: bound({ dynUpdateAt: t0 }) }],
  ['K28.FR.04', 'profile.dynUpdateInterval', { profile: bound({ rest: { dynUpdateInterval: 60 } }) }],
  [
    'Q08.FR.02',
    `${periodPath}.v2xFreqWattCurve`,
    { profile: period({ startS: 0, operationMode: 'LocalFrequency' }) },
  ],
  [
    'Q08.FR.05',
    `${periodPath}.operationMode`,
    { profile: period({ startS: 0, operationMode: 'LocalFrequency' }) },
  ],
  [
    'K01.FR.111',
    `${periodPath}.operationMode`,
    {
      evseId: 0,
      profile: byDefault(
        { purpose: 'ChargingStationMaxProfile' },
        { periods: [{ startS: 0, operationMode: 'CentralSetpoint', setpoint: 6 }] },
      ),
    },
  ],
  [
    'K01.FR.112',
    `${periodPath}.operationMode`,
    {
      evseId: 0,
      profile: { ...external, schedules: period({ startS: 0, operationMode: 'Idle' }).schedules },
    },
  ],
  [
    'K01.FR.113',
    `${periodPath}.operationMode`,
    {
      evseId: 0,
      profile: byDefault(
        { purpose: 'LocalGeneration' },
        { periods: [{ startS: 0, operationMode: 'ExternalSetpoint' }] },
      ),
    },
  ],
  [
    'K01.FR.115',
    `${periodPath}.operationMode`,
    {
      profile: period({ startS: 0, operationMode: 'CentralSetpoint', setpoint: 6 }),
      station: { operationModes: ['CentralFrequency'] },
    },
  ],
  ['K01.FR.141', `${periodPath}.phaseToUse`, { profile: onPhase2(299), installed: phasedCap }],
  [
    'K01.FR.144',
    `${periodPath}.limit_L2`,
    { profile: byDefault({}, { periods: [{ startS: 0, limit: 6, limitL2: 6 }] }) },
  ],
  ['K01.FR.146', `${periodPath}.limit_L3`, { profile: period({ startS: 0, limitL3: 6 }) }],
  [
    'V2X.07',
    `${periodPath}.setpoint_L2`,
    { profile: period({ startS: 0, limit: 6, operationMode: 'CentralSetpoint', setpointL2: 6 }) },
  ],
  [
    'V2X.10',
    `${periodPath}.dischargeLimit_L2`,
    {
      profile: byDefault(
        {},
        { periods: [{ startS: 0, limit: 6, dischargeLimit: -6, rest: { dischargeLimit_L2: -6 } }] },
      ),
    },
  ],
  [
    '2.1 ranges of fields',
    `${schedulePath}.randomizedDelay`,
    { profile: bound({}, { randomizedDelayS: -1 }) },
  ],
  [
    '2.1 ranges of fields',
    `${periodPath}.dischargeLimit`,
    { profile: period({ startS: 0, limit: 6, dischargeLimit: 6 }) },
  ],
  ['2.1 limits and setpoints of operation modes', `${periodPath}.limit`, { profile: period({ startS: 0 }) }],
  [
    '2.1 limits and setpoints of operation modes',
    `${periodPath}.limit`,
    { profile: period({ startS: 0, limit: 6, operationMode: 'Idle' }) },
  ],
  [
    '2.1 limits and setpoints of operation modes',
    `${periodPath}.setpointReactive`,
    { profile: period({ startS: 0, limit: 6, rest: { setpointReactive: 5 } }) },
  ],
];

function checkCases(version: OcppVersion, cases: readonly Case[]): void {
  test.each(cases)(`${version} %s at %s`, (requirement, path, breach) => {
    const verdict = validateProfile(subject(version, breach));
    expect(verdict.accepted).toBe(false);
    const found = verdict.violations.filter((one) => one.requirement === requirement);
    expect(found.map((one) => one.path)).toContain(path);
    for (const { message } of found) expect(message).toMatch(/^[A-Z].*\.$/);
  });
}

describe('a profile that breaks one requirement is refused by its name', () => {
  checkCases('1.6', cases16);
  checkCases('2.0.1', [...cases2x, ...cases201]);
  checkCases('2.1', [...cases2x, ...cases21]);
});

describe('every requirement', () => {
  test('has a case that breaks it', () => {
    const broken = (cases: readonly Case[]): Set<string> =>
      new Set(cases.map(([requirement]) => requirement));
    expect(broken(cases16)).toEqual(new Set(Object.keys(rules16)));
    expect(broken(cases2x)).toEqual(new Set(Object.keys(rules2x)));
    expect(broken(cases201)).toEqual(new Set([...Object.keys(rules201), 'ChargingSchedulePeriodType']));
    expect(broken(cases21)).toEqual(new Set(Object.keys(rules21)));
  });

  test('a breach of one leaves the others alone', () => {
    const alone = new Set([
      'K01.FR.03',
      'K01.FR.31',
      'K01.FR.35',
      'K01.FR.40',
      'K01.FR.41',
      'K01.FR.39',
      'K01.FR.06',
    ]);
    for (const [requirement, , breach] of cases2x.filter(([name]) => alone.has(name))) {
      const { violations } = validateProfile(subject('2.0.1', breach));
      expect(violations.map((one) => one.requirement)).toEqual([requirement]);
    }
  });
});

describe('what is no breach', () => {
  test('the same id may be installed again', () => {
    expect(validateProfile(subject('2.0.1', { installed: on(1, bound()) })).accepted).toBe(true);
    const full = { installed: on(1, bound()), station: { maxProfiles: 1 } };
    expect(validateProfile(subject('2.0.1', full)).accepted).toBe(true);
    // 1.6: the same place is replaced, whatever its id.
    const place = { installed: on(1, bound({ id: 9 })), station: { maxProfiles: 1 } };
    expect(validateProfile(subject('1.6', place)).accepted).toBe(true);
  });

  test('K01.FR.06: the same place at another time is free', () => {
    const first = byDefault({ id: 9, validTo: after(t0, 100) });
    const next = byDefault({ validFrom: after(t0, 100) });
    expect(validateProfile(subject('2.0.1', { profile: next, installed: on(1, first) })).accepted).toBe(true);
    const overlapping = byDefault({ validFrom: after(t0, 99) });
    expect(
      validateProfile(subject('2.0.1', { profile: overlapping, installed: on(1, first) })).accepted,
    ).toBe(false);
  });

  test('K01.FR.141: phases that follow one another, or that are not in force together, are no conflict', () => {
    // The cap changes to phase 2 at 300 s.
    for (const version of ['2.0.1', '2.1'] as const) {
      const asked = { profile: onPhase2(300), installed: phasedCap };
      expect(validateProfile(subject(version, asked)).violations).toEqual([]);
      const besideDefault = on(
        1,
        byDefault({ id: 9 }, { periods: [{ startS: 0, limit: 16, numberPhases: 1, phaseToUse: 1 }] }),
      );
      const overruling = { profile: onPhase2(0), installed: besideDefault };
      expect(validateProfile(subject(version, overruling)).violations).toEqual([]);
    }
  });

  test('K05.FR.02, 1.6 errata 3.41, TC_059: a request to start brings a TxProfile for a transaction that is still to start', () => {
    const { transactionId: _id, ...unbound } = bound();
    for (const version of versions) {
      const asked = { via: 'RequestStartTransaction', profile: unbound, transactions: [] } as const;
      expect(validateProfile(subject(version, asked)).violations).toEqual([]);
      expect(validateProfile(subject(version, { ...asked, via: 'SetChargingProfile' })).accepted).toBe(false);
    }
  });

  test('K01.FR.126: sleep in Idle is asked of nobody else', () => {
    const asleep = period({ startS: 0, operationMode: 'Idle', rest: { evseSleep: true } });
    const asked = { profile: asleep, station: { supportsEvseSleep: false } };
    expect(validateProfile(subject('2.1', asked)).accepted).toBe(true);
  });

  test('K01.FR.39: another transaction may use the stack level', () => {
    const other = on(1, bound({ id: 9, transactionId: '6' }));
    expect(validateProfile(subject('2.0.1', { installed: other })).accepted).toBe(true);
  });

  test('1.6: a TxProfile without transactionId belongs to whatever runs', () => {
    const { transactionId: _id, ...unbound } = bound();
    expect(validateProfile(subject('1.6', { profile: unbound })).accepted).toBe(true);
  });

  test('0.3 and 7.2 have one decimal, and so has their noise', () => {
    const profile = bound({}, { periods: periods([0, 0.1 + 0.2], [10, 7.2], [20, 64.1]) });
    expect(validateProfile(subject('1.6', { profile })).accepted).toBe(true);
  });
});

describe('advice refuses nothing', () => {
  test.each<[OcppVersion, string, Partial<Subject>]>([
    ['1.6', '1.6 7.13', { profile: without('startAt') }],
    ['1.6', '1.6 7.9', { profile: bound({ kind: 'Relative' }) }],
    [
      '1.6',
      '1.6 3.13.1',
      {
        evseId: 0,
        profile: byDefault({ purpose: 'ChargingStationMaxProfile', kind: 'Relative' }),
      },
    ],
    [
      '1.6',
      '1.6 errata 3.34',
      { profile: period({ startS: 0, limit: 6, numberPhases: 3 }), station: { supplyPhases: 1 } },
    ],
    ['1.6', '1.6 errata 3.56', { profile: bound({ recurrency: 'Daily' }) }],
    [
      '2.0.1',
      'K01.FR.44',
      { profile: period({ startS: 0, limit: 6, numberPhases: 3 }), station: { current: 'DC' } },
    ],
    ['2.1', 'ChargingSchedulePeriodType', { profile: period({ startS: 0, limit: -6 }) }],
    ['2.1', 'validTo', { profile: bound({ validTo: t0 }) }],
    ['2.1', 'validTo', { profile: bound({ validFrom: after(t0, 9), validTo: after(t0, 9) }) }],
  ])('%s %s', (version, requirement, other) => {
    const verdict = validateProfile(subject(version, other));
    expect(verdict.accepted).toBe(true);
    expect(verdict.advice.map((one) => one.requirement)).toContain(requirement);
  });

  test('every advice has a case', () => {
    const books = [advice16, advice201, advice21];
    expect(books.flatMap((book) => Object.keys(book)).toSorted()).toEqual(
      [
        '1.6 3.13.1',
        '1.6 7.13',
        '1.6 7.9',
        '1.6 errata 3.34',
        '1.6 errata 3.56',
        'ChargingSchedulePeriodType',
        'K01.FR.44',
      ].toSorted(),
    );
  });
});
