import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import fc from 'fast-check';
import { OCPP16, OCPP20, OCPP21 } from 'typed-ocpp';
import { describe, expect, test } from 'vitest';
import { constant } from '#domain/step-function';
import { compileFloors, compilePlan } from '#ocpp/compile';
import { profileOfRecord } from '#ocpp/recorded-profile';
import { profileOfWire, wireOfProfile } from '#ocpp/wire-profile';
import { after, at, dcStation, station, t0, versions } from './builders.ts';

const ajv = new Ajv({ strict: false, multipleOfPrecision: 6 });
addFormats.default(ajv);
const schemas = {
  '1.6': OCPP16.schemas.SetChargingProfileRequest,
  '2.0.1': OCPP20.schemas.SetChargingProfileRequest,
  '2.1': OCPP21.schemas.SetChargingProfileRequest,
} as const;

const wire16 = {
  chargingProfileId: 158798,
  transactionId: 38_234_545,
  stackLevel: 8,
  chargingProfilePurpose: 'TxProfile',
  chargingProfileKind: 'Recurring',
  recurrencyKind: 'Weekly',
  validFrom: '2026-03-02T00:00:00Z',
  validTo: '2026-03-09T00:00:00Z',
  chargingSchedule: {
    duration: 86_400,
    startSchedule: '2026-03-02T01:00:00Z',
    chargingRateUnit: 'A',
    chargingSchedulePeriod: [
      { startPeriod: 0, limit: 7.5, numberPhases: 3 },
      { startPeriod: 3600, limit: 16 },
    ],
    minChargingRate: 6,
  },
};

const wire21 = {
  id: -7,
  stackLevel: 1,
  chargingProfilePurpose: 'TxProfile',
  chargingProfileKind: 'Dynamic',
  transactionId: 'b6e3c7',
  maxOfflineDuration: 300,
  invalidAfterOfflineDuration: true,
  dynUpdateInterval: 30,
  dynUpdateTime: '2026-03-02T00:00:00Z',
  customData: { vendorId: 'org.example', note: [1] },
  chargingSchedule: [
    {
      id: 3,
      duration: 60,
      chargingRateUnit: 'W',
      randomizedDelay: 5,
      limitAtSoC: { soc: 80, limit: 3000 },
      chargingSchedulePeriod: [
        {
          startPeriod: 0,
          limit: 10,
          limit_L2: 11,
          limit_L3: 12,
          numberPhases: 3,
          setpoint: 5,
          setpoint_L2: 6,
          dischargeLimit: -4,
          operationMode: 'CentralSetpoint',
          evseSleep: false,
          customData: { vendorId: 'org.example' },
        },
      ],
    },
  ],
};

describe('profiles as they were recorded', () => {
  test('nulls count as absent, instants without an offset as UTC, whatever the case of T and Z', () => {
    const tidy = profileOfWire('1.6', wire16);
    const recorded = {
      ...wire16,
      validFrom: '2026-03-02t00:00:00.000z',
      validTo: '2026-03-09 00:00',
      chargingSchedule: {
        ...wire16.chargingSchedule,
        startSchedule: '2026-03-02T03:00:00,25+02',
        chargingSchedulePeriod: [
          { startPeriod: 0, limit: 7.5, numberPhases: 3 },
          { startPeriod: 3600, limit: 16, numberPhases: null },
        ],
      },
    };
    expect(tidy.ok).toBe(true);
    expect(profileOfRecord('1.6', recorded)).toEqual(tidy);
    expect(profileOfWire('1.6', recorded).ok).toBe(false);
  });

  test('what is carried unread comes back with its nulls', () => {
    const read = profileOfRecord('2.1', { ...wire21, customData: { vendorId: 'x', note: null } });
    if (!read.ok) throw new Error(JSON.stringify(read.problem));
    expect(wireOfProfile('2.1', read.value)['customData']).toEqual({ vendorId: 'x', note: null });
  });

  test.each([
    ['a text that is no instant', { validFrom: 'yesterday' }, 'validFrom'],
    ['a null that is needed', { stackLevel: null }, 'stackLevel'],
    ['a field of another name', { stacklevel: 1 }, 'stacklevel'],
  ])('%s is refused by path', (_, other, path) => {
    const read = profileOfRecord('2.1', { ...wire21, ...other });
    expect(read.ok).toBe(false);
    if (!read.ok) expect(read.problem.map((fault) => fault.path)).toContain(path);
  });
});

test('a record cannot name its own prototype', () => {
  const read = profileOfRecord('2.1', JSON.parse('{"__proto__": {"limit": 1}}'));
  if (read.ok) throw new Error('read');
  expect(read.problem.map((fault) => fault.path)).toContain('__proto__');
});

describe('profiles on the wire', () => {
  test('a 1.6 profile comes back as it was', () => {
    const read = profileOfWire('1.6', wire16);
    expect(read).toMatchObject({
      ok: true,
      value: {
        id: 158798,
        purpose: 'TxProfile',
        transactionId: '38234545',
        validFrom: t0,
        schedules: [
          { startAt: after(t0, 3600), durationS: 86_400, periods: [{ numberPhases: 3 }, { limit: 16 }] },
        ],
      },
    });
    if (read.ok) expect(wireOfProfile('1.6', read.value)).toEqual(wire16);
  });

  test('a 2.1 profile comes back with what no limit depends on', () => {
    const read = profileOfWire('2.1', wire21);
    if (!read.ok) throw new Error(JSON.stringify(read.problem));
    expect(wireOfProfile('2.1', read.value)).toEqual(wire21);
  });

  test('offsets and fractions are read, whole seconds of UTC are written', () => {
    const odd = { ...wire16, validFrom: '2026-03-02T01:30:00.250+01:30' };
    const read = profileOfWire('1.6', odd);
    expect(read.ok && wireOfProfile('1.6', read.value)['validFrom']).toBe('2026-03-02T00:00:00Z');
  });

  test('useLocalTime reads the digits of the wall clock, whatever offset follows', () => {
    for (const startSchedule of [
      '2026-03-02T22:00:00',
      '2026-03-02T22:00:00Z',
      '2026-03-02T22:00:00-05:00',
    ]) {
      const wire = {
        ...wire21,
        chargingSchedule: [{ ...wire21.chargingSchedule[0], useLocalTime: true, startSchedule }],
      };
      const read = profileOfWire('2.1', wire);
      expect(read.ok && read.value.schedules[0]!.startAt).toBe(at('2026-03-02T22:00:00Z'));
      const utc = { ...wire, chargingSchedule: [{ ...wire.chargingSchedule[0], useLocalTime: false }] };
      expect(profileOfWire('2.1', utc).ok).toBe(startSchedule.length > 19);
    }
  });

  test('ChargePointMaxProfile of 1.6 is ChargingStationMaxProfile here', () => {
    const { transactionId: _, ...rest } = wire16;
    const read = profileOfWire('1.6', { ...rest, chargingProfilePurpose: 'ChargePointMaxProfile' });
    expect(read.ok && read.value.purpose).toBe('ChargingStationMaxProfile');
    expect(read.ok && wireOfProfile('1.6', read.value)['chargingProfilePurpose']).toBe(
      'ChargePointMaxProfile',
    );
    expect(profileOfWire('1.6', { ...rest, chargingProfilePurpose: 'ChargingStationMaxProfile' }).ok).toBe(
      false,
    );
  });

  test('unknown fields, wrong types and instants that do not exist are faults with their paths', () => {
    const faultsOf = (value: unknown): string[] => {
      const read = profileOfWire('1.6', value, 'installed[2].profile');
      return read.ok ? [] : read.problem.map(({ path, rule }) => `${path} ${rule}`);
    };
    expect(faultsOf({ ...wire16, custom: 1 })).toEqual(['installed[2].profile.custom unknown-field']);
    expect(faultsOf({ ...wire16, stackLevel: 1.5, validTo: '2026-02-30T00:00:00Z' })).toEqual([
      'installed[2].profile.stackLevel invalid-type',
      'installed[2].profile.validTo custom',
    ]);
    const periods = [{ startPeriod: 0, limit: 'x' }];
    expect(
      faultsOf({
        ...wire16,
        chargingSchedule: { ...wire16.chargingSchedule, chargingSchedulePeriod: periods },
      }),
    ).toEqual(['installed[2].profile.chargingSchedule.chargingSchedulePeriod[0].limit invalid-type']);
    expect(faultsOf('profile')).toEqual(['installed[2].profile invalid-type']);
  });
});

describe('what is compiled', () => {
  test.each(versions)('is valid by the published schema of %s', (version) => {
    const check = ajv.compile(schemas[version]);
    fc.assert(
      fc.property(fc.double({ min: 0, max: 40, noNaN: true }), fc.boolean(), (limit, dc) => {
        const base = dc ? dcStation() : station({ evses: [{ ...station().evses[0]!, stepA: 0.1 as never }] });
        const cp = { ...base, version };
        const scale = dc ? 3000 : 1;
        const floors = compileFloors({
          station: cp,
          floors: [{ evseId: 1, limit: limit * scale }],
          stationMax: 40 * scale,
          now: t0,
        });
        const plan = compilePlan({
          station: cp,
          evseId: 1,
          transactionId: '12',
          limit: constant(limit * scale),
          leaseS: 900,
          now: t0,
          raiseDelayS: 10,
          floors,
        });
        if (!plan.ok) throw new Error(plan.problem.message);
        for (const entry of [...floors, { evseId: 1, profile: plan.value.profile }]) {
          const profile = wireOfProfile(version, entry.profile);
          const request =
            version === '1.6'
              ? { connectorId: entry.evseId, csChargingProfiles: profile }
              : { evseId: entry.evseId, chargingProfile: profile };
          expect(check(JSON.parse(JSON.stringify(request))), JSON.stringify(check.errors)).toBe(true);
        }
      }),
      { numRuns: 100 },
    );
  });
});
