import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { OCPP16, OCPP20, OCPP21 } from 'typed-ocpp';
import { describe, expect, test } from 'vitest';
import { InvariantError } from '#domain/invariant';
import type { OcppVersion } from '#domain/site';
import { epochS } from '#domain/units';
import { actionsOf, schemaOf } from '#ocpp/message';
import type { ChargingProfile } from '#ocpp/profile';
import type { ChargerEvent, StationCommand } from '#ocpp/station-message';
import { answerOf, answerOfError, callOf, eventsOfCall, replyOf } from '#ocpp/wire-message';
import type { JsonSchema } from './json-schema.ts';

const versions: readonly OcppVersion[] = ['1.6', '2.0.1', '2.1'];
const newer = ['2.0.1', '2.1'] as const;
const ajv = new Ajv({ strict: false, multipleOfPrecision: 6 });
addFormats.default(ajv);
const published: Readonly<Record<OcppVersion, Readonly<Record<string, JsonSchema>>>> = {
  '1.6': OCPP16.schemas,
  '2.0.1': OCPP20.schemas,
  '2.1': OCPP21.schemas,
};

function expectPublished(version: OcppVersion, name: string, payload: unknown): void {
  const validate = ajv.compile(published[version][name] ?? {});
  expect(validate(payload), JSON.stringify([name, payload, validate.errors])).toBe(true);
}

// 2026-05-01T06:00:00Z = 20574 days * 86400 + 6 * 3600.
const now = epochS(20_574 * 86_400 + 21_600);
const at = '2026-05-01T06:00:00Z';

function events(version: OcppVersion, action: string, payload: unknown): readonly ChargerEvent[] {
  const result = eventsOfCall(version, action, payload);
  if (!result.ok) throw new Error(`${result.problem.code} ${result.problem.description}`);
  return result.value;
}

describe('what stations say', () => {
  test('a boot tells who boots', () => {
    const boot16 = { chargePointVendor: 'V', chargePointModel: 'M', firmwareVersion: '1.2' };
    expect(events('1.6', 'BootNotification', boot16)).toEqual([
      { kind: 'boot', vendor: 'V', model: 'M', firmware: '1.2', reason: 'Unknown' },
    ]);
    for (const version of newer) {
      const boot = { reason: 'Watchdog', chargingStation: { vendorName: 'V', model: 'M' } };
      expect(events(version, 'BootNotification', boot)).toEqual([
        { kind: 'boot', vendor: 'V', model: 'M', reason: 'Watchdog' },
      ]);
    }
  });

  test.each([
    ['Available', 'Available'],
    ['Preparing', 'Occupied'],
    ['Charging', 'Occupied'],
    ['SuspendedEV', 'Occupied'],
    ['SuspendedEVSE', 'Occupied'],
    ['Finishing', 'Occupied'],
    ['Reserved', 'Reserved'],
    ['Unavailable', 'Unavailable'],
    ['Faulted', 'Faulted'],
  ])('1.6 %s is %s', (detail, status) => {
    expect(
      events('1.6', 'StatusNotification', { connectorId: 2, errorCode: 'NoError', status: detail }),
    ).toEqual([{ kind: 'status', evseId: 2, status, detail }]);
  });

  test('a 2.x status has its instant', () => {
    const notice = { timestamp: at, connectorStatus: 'Occupied', evseId: 2, connectorId: 1 };
    for (const version of newer)
      expect(events(version, 'StatusNotification', notice)).toEqual([
        { kind: 'status', evseId: 2, status: 'Occupied', detail: 'Occupied', at: now },
      ]);
  });

  test('a 1.6 transaction starts without an id and ends with the number we chose', () => {
    const start = { connectorId: 1, idTag: 'TAG', meterStart: 1000, timestamp: at };
    expect(events('1.6', 'StartTransaction', start)).toEqual([
      { kind: 'transaction-started', evseId: 1, at: now, idToken: 'TAG', registerWh: 1000, offline: false },
    ]);
    const stop = {
      transactionId: 77,
      meterStop: 2500,
      timestamp: at,
      reason: 'EVDisconnected',
      transactionData: [
        {
          timestamp: at,
          sampledValue: [{ value: '2400' }, { value: 'rubbish' }, { value: 'zz', format: 'SignedData' }],
        },
      ],
    };
    expect(events('1.6', 'StopTransaction', stop)).toEqual([
      { kind: 'meter', sample: { evseId: 0, transactionId: '77', sampledAt: now, registerWh: 2400 } },
      {
        kind: 'transaction-ended',
        transactionId: '77',
        at: now,
        registerWh: 2500,
        reason: 'EVDisconnected',
        offline: false,
      },
    ]);
  });

  test('a 2.x transaction tells start, readings, state and end', () => {
    const reading = { timestamp: at, sampledValue: [{ value: 5 }] };
    const started = {
      eventType: 'Started',
      timestamp: at,
      triggerReason: 'CablePluggedIn',
      seqNo: 0,
      offline: true,
      evse: { id: 2 },
      idToken: { idToken: 'T', type: 'Local' },
      transactionInfo: { transactionId: 'tx', chargingState: 'Charging' },
      meterValue: [reading],
    };
    const place = { evseId: 2, transactionId: 'tx', at: now, offline: true };
    const updated = { ...started, eventType: 'Updated', seqNo: 1, meterValue: [reading, reading] };
    const ended = {
      eventType: 'Ended',
      timestamp: at,
      triggerReason: 'EVDeparted',
      seqNo: 2,
      transactionInfo: { transactionId: 'tx', stoppedReason: 'Local' },
      meterValue: [reading, { timestamp: at, sampledValue: [{ value: 9 }] }],
    };
    for (const version of newer) {
      expect(events(version, 'TransactionEvent', started)).toEqual([
        { kind: 'transaction-started', ...place, idToken: 'T', registerWh: 5 },
        { kind: 'meter', sample: { evseId: 2, transactionId: 'tx', sampledAt: now, registerWh: 5 } },
        { kind: 'transaction-updated', ...place, chargingState: 'Charging' },
      ]);
      expect(events(version, 'TransactionEvent', updated).map((event) => event.kind)).toEqual([
        'transaction-updated',
        'meter',
        'meter',
      ]);
      const [first, , last] = events(version, 'TransactionEvent', ended);
      // Without `evse` the samples name the transaction only.
      expect(first).toEqual({
        kind: 'meter',
        sample: { evseId: 0, transactionId: 'tx', sampledAt: now, registerWh: 5 },
      });
      expect(last).toEqual({
        kind: 'transaction-ended',
        transactionId: 'tx',
        at: now,
        offline: false,
        registerWh: 9,
        reason: 'Local',
      });
    }
  });

  test('a report of profiles tells which, and whether more follow', () => {
    const report = {
      requestId: 5,
      chargingLimitSource: 'CSO',
      evseId: 1,
      tbc: true,
      chargingProfile: [
        {
          id: 3,
          stackLevel: 0,
          chargingProfilePurpose: 'TxDefaultProfile',
          chargingProfileKind: 'Absolute',
          chargingSchedule: [
            {
              id: 3,
              chargingRateUnit: 'A',
              startSchedule: at,
              chargingSchedulePeriod: [{ startPeriod: 0, limit: 6 }],
            },
          ],
        },
      ],
    };
    for (const version of newer) {
      expect(events(version, 'ReportChargingProfiles', report)).toEqual([
        {
          kind: 'profiles-reported',
          requestId: 5,
          more: true,
          profiles: [
            {
              evseId: 1,
              profile: {
                id: 3,
                stackLevel: 0,
                purpose: 'TxDefaultProfile',
                kind: 'Absolute',
                schedules: [{ id: 3, unit: 'A', startAt: now, periods: [{ startS: 0, limit: 6 }] }],
              },
            },
          ],
        },
      ]);
      expect(events(version, 'ReportChargingProfiles', { ...report, tbc: false })[0]).toMatchObject({
        more: false,
      });
    }
  });

  test('the rest is a notice by its name', () => {
    expect(events('1.6', 'FirmwareStatusNotification', { status: 'Idle' })).toEqual([
      { kind: 'notice', action: 'FirmwareStatusNotification' },
    ]);
    expect(events('2.1', 'NotifyPriorityCharging', { transactionId: 't', activated: true })).toEqual([
      { kind: 'priority', transactionId: 't', isActive: true },
    ]);
  });

  test('a fault names code and path', () => {
    expect(
      eventsOfCall('1.6', 'MeterValues', {
        connectorId: 1,
        meterValue: [{ timestamp: at, sampledValue: [{}] }],
      }),
    ).toEqual({
      ok: false,
      problem: {
        code: 'OccurrenceConstraintViolation',
        description: expect.stringContaining('meterValue[0].sampledValue[0].value'),
        path: 'meterValue[0].sampledValue[0].value',
      },
    });
    const nan = {
      connectorId: 1,
      meterValue: [{ timestamp: at, sampledValue: [{ value: '1' }, { value: 'NaN' }] }],
    };
    expect(eventsOfCall('1.6', 'MeterValues', nan)).toEqual({
      ok: false,
      problem: {
        code: 'PropertyConstraintViolation',
        description: 'meterValue[0].sampledValue[1].value: not a number',
        path: 'meterValue[0].sampledValue[1].value',
      },
    });
    expect(eventsOfCall('1.6', 'SetChargingProfile', {})).toMatchObject({
      ok: false,
      problem: { code: 'NotSupported' },
    });
    expect(eventsOfCall('2.1', 'toString', {})).toMatchObject({
      ok: false,
      problem: { code: 'NotImplemented' },
    });
  });
});

describe('what stations are answered', () => {
  const facts = { now, intervalS: 300, transactionId: '77' };

  test.each(versions)('%s: every answer is of the published schema, accepted or not', (version) => {
    let answered = 0;
    for (const action of actionsOf(version)) {
      if (schemaOf(version, action)?.from === 'system') continue;
      for (const accepted of [true, false]) {
        expectPublished(
          version,
          `${action}Response`,
          replyOf(version, action, { ...facts, accepted }, { idToken: {} }),
        );
        answered++;
      }
    }
    expect(answered).toBeGreaterThan(20);
  });

  test('the number of a 1.6 transaction and the state of its token', () => {
    expect(replyOf('1.6', 'StartTransaction', { ...facts, accepted: true })).toEqual({
      transactionId: 77,
      idTagInfo: { status: 'Accepted' },
    });
    expect(replyOf('1.6', 'StartTransaction', { ...facts, accepted: false })).toEqual({
      transactionId: 77,
      idTagInfo: { status: 'Invalid' },
    });
    expect(() => replyOf('1.6', 'StartTransaction', { now, intervalS: 1, accepted: true })).toThrow(
      InvariantError,
    );
  });

  test('a transaction event is told about a token only where it brought one', () => {
    const accepted = { ...facts, accepted: true };
    expect(replyOf('2.0.1', 'TransactionEvent', accepted, { idToken: {} })).toEqual({
      idTokenInfo: { status: 'Accepted' },
    });
    expect(replyOf('2.0.1', 'TransactionEvent', accepted, {})).toEqual({});
  });

  test('a boot is told the time and the interval', () => {
    expect(replyOf('2.1', 'BootNotification', { ...facts, accepted: true })).toEqual({
      currentTime: at,
      interval: 300,
      status: 'Accepted',
    });
  });
});

const plan: ChargingProfile = {
  id: 12,
  stackLevel: 1,
  purpose: 'TxProfile',
  kind: 'Absolute',
  validTo: epochS(now + 3600),
  transactionId: '77',
  schedules: [
    {
      startAt: epochS(now - 60),
      durationS: 3600,
      unit: 'A',
      periods: [
        { startS: 0, limit: 10.3, numberPhases: 3 },
        { startS: 900, limit: 0, numberPhases: 3 },
      ],
    },
  ],
};

const stationMax: ChargingProfile = {
  id: 1,
  stackLevel: 0,
  purpose: 'ChargingStationMaxProfile',
  kind: 'Absolute',
  schedules: [{ startAt: now, unit: 'W', periods: [{ startS: 0, limit: 22_000 }] }],
};

const commands: readonly StationCommand[] = [
  { kind: 'set-profile', evseId: 1, profile: plan },
  { kind: 'set-profile', evseId: 0, profile: stationMax },
  { kind: 'clear-profile', profileId: 12 },
  { kind: 'clear-profile', evseId: 0, purpose: 'ChargingStationMaxProfile', stackLevel: 0 },
  { kind: 'read-composite', evseId: 1, durationS: 3600, unit: 'W' },
  { kind: 'read-capability', scope: 'least' },
  { kind: 'set-sample-interval', intervalS: 60 },
  { kind: 'trigger', message: 'StatusNotification', evseId: 1 },
  { kind: 'trigger', message: 'MeterValues', evseId: 1 },
  { kind: 'trigger', message: 'BootNotification' },
  { kind: 'reset', type: 'soft' },
  { kind: 'reset', type: 'hard' },
  { kind: 'remote-stop', transactionId: '77' },
];

describe('what stations are told', () => {
  test.each(versions)('%s: every command is of the published schema', (version) => {
    const readProfiles: StationCommand = { kind: 'read-profiles', requestId: 5, evseId: 1 };
    for (const command of version === '1.6' ? commands : [...commands, readProfiles]) {
      const { action, payload } = callOf(version, command);
      expectPublished(version, `${action}Request`, payload);
    }
  });

  test('the same command in each version', () => {
    expect(callOf('1.6', commands[3] as StationCommand)).toEqual({
      action: 'ClearChargingProfile',
      payload: { connectorId: 0, chargingProfilePurpose: 'ChargePointMaxProfile', stackLevel: 0 },
    });
    expect(callOf('2.0.1', commands[3] as StationCommand)).toEqual({
      action: 'ClearChargingProfile',
      payload: {
        chargingProfileCriteria: {
          evseId: 0,
          chargingProfilePurpose: 'ChargingStationMaxProfile',
          stackLevel: 0,
        },
      },
    });
    expect(callOf('1.6', { kind: 'remote-stop', transactionId: '77' }).payload).toEqual({
      transactionId: 77,
    });
    expect(callOf('2.1', { kind: 'remote-stop', transactionId: '77' })).toEqual({
      action: 'RequestStopTransaction',
      payload: { transactionId: '77' },
    });
    expect(callOf('1.6', { kind: 'reset', type: 'soft' }).payload).toEqual({ type: 'Soft' });
    expect(callOf('2.1', { kind: 'reset', type: 'soft' }).payload).toEqual({ type: 'OnIdle' });
  });

  test('what a version cannot say is a mistake of ours', () => {
    expect(() => callOf('1.6', { kind: 'read-profiles', requestId: 1 })).toThrow(InvariantError);
    // K10.FR.02: 2.x has no clear-all.
    expect(() => callOf('2.0.1', { kind: 'clear-profile' })).toThrow(InvariantError);
    expect(callOf('1.6', { kind: 'clear-profile' }).payload).toEqual({});
    expect(() => callOf('1.6', { kind: 'remote-stop', transactionId: 'tx' })).toThrow(InvariantError);
    const twoDecimals: ChargingProfile = {
      ...stationMax,
      schedules: [{ startAt: now, unit: 'A', periods: [{ startS: 0, limit: 10.25 }] }],
    };
    expect(() => callOf('1.6', { kind: 'set-profile', evseId: 0, profile: twoDecimals })).toThrow(
      InvariantError,
    );
  });
});

describe('what stations answer', () => {
  const set: StationCommand = { kind: 'set-profile', evseId: 1, profile: plan };
  const read: StationCommand = { kind: 'read-composite', evseId: 1, durationS: 3600, unit: 'A' };

  test('accepted, refused with its reason, unclear', () => {
    expect(answerOf('1.6', set, { status: 'Accepted' })).toEqual({ kind: 'accepted' });
    expect(answerOf('1.6', set, { status: 'NotSupported' })).toEqual({
      kind: 'refused',
      status: 'NotSupported',
    });
    const refusal = {
      status: 'Rejected',
      statusInfo: { reasonCode: 'TxNotFound', additionalInfo: 'no tx 77' },
    };
    expect(answerOf('2.0.1', set, refusal)).toEqual({
      kind: 'refused',
      status: 'Rejected',
      reason: 'TxNotFound: no tx 77',
    });
    expect(answerOf('2.0.1', set, { status: 'Sure' })).toMatchObject({
      kind: 'unclear',
      code: 'PropertyConstraintViolation',
    });
    expect(answerOf('1.6', set, {})).toMatchObject({
      kind: 'unclear',
      code: 'OccurrenceConstraintViolation',
    });
    expect(answerOf('1.6', set, { status: 'Accepted', colour: 'red' })).toEqual({ kind: 'accepted' });
  });

  test('a reset that is scheduled is accepted; a clear that found nothing is not', () => {
    expect(answerOf('2.0.1', { kind: 'reset', type: 'soft' }, { status: 'Scheduled' })).toEqual({
      kind: 'accepted',
    });
    expect(answerOf('1.6', { kind: 'clear-profile', profileId: 1 }, { status: 'Unknown' })).toEqual({
      kind: 'refused',
      status: 'Unknown',
    });
  });

  test('an interval that wants a reboot is not set yet', () => {
    const command: StationCommand = { kind: 'set-sample-interval', intervalS: 60 };
    expect(answerOf('1.6', command, { status: 'RebootRequired' })).toEqual({
      kind: 'refused',
      status: 'RebootRequired',
    });
    const result = { component: { name: 'c' }, variable: { name: 'v' } };
    const payload = (attributeStatus: string): unknown => ({
      setVariableResult: [{ ...result, attributeStatus }],
    });
    expect(answerOf('2.1', command, payload('Accepted'))).toEqual({ kind: 'accepted' });
    expect(answerOf('2.1', command, payload('UnknownVariable'))).toEqual({
      kind: 'refused',
      status: 'UnknownVariable',
    });
  });

  test('facts of the capability come by key, or by component and variable', () => {
    const command: StationCommand = { kind: 'read-capability', scope: 'least' };
    const keys = {
      configurationKey: [
        { key: 'ChargingScheduleMaxPeriods', readonly: true, value: '24' },
        { key: 'Silent', readonly: true },
      ],
      unknownKey: ['MaxChargingProfilesInstalled'],
    };
    expect(answerOf('1.6', command, keys)).toEqual({
      kind: 'capability',
      facts: { ChargingScheduleMaxPeriods: '24' },
    });
    const component = { name: 'SmartChargingCtrlr' };
    const results = {
      getVariableResult: [
        { attributeStatus: 'Accepted', attributeValue: 'A,W', component, variable: { name: 'RateUnit' } },
        { attributeStatus: 'UnknownVariable', component, variable: { name: 'PeriodsPerSchedule' } },
        {
          attributeStatus: 'Accepted',
          attributeValue: '3',
          component,
          variable: { name: 'Entries', instance: 'ChargingProfiles' },
        },
      ],
    };
    expect(answerOf('2.0.1', command, results)).toEqual({
      kind: 'capability',
      facts: { 'SmartChargingCtrlr.RateUnit': 'A,W', 'SmartChargingCtrlr.Entries[ChargingProfiles]': '3' },
    });
  });

  test('a composite as the standard has it', () => {
    const chargingSchedulePeriod = [
      { startPeriod: 0, limit: 16, numberPhases: 3 },
      { startPeriod: 900, limit: 0 },
    ];
    const expected = {
      kind: 'composite',
      evseId: 1,
      startAt: now,
      durationS: 3600,
      unit: 'A',
      periods: [
        { startS: 0, limit: 16, numberPhases: 3 },
        { startS: 900, limit: 0 },
      ],
    };
    const schedule = { duration: 3600, chargingRateUnit: 'A', chargingSchedulePeriod };
    expect(
      answerOf('1.6', read, {
        status: 'Accepted',
        connectorId: 1,
        scheduleStart: at,
        chargingSchedule: schedule,
      }),
    ).toEqual(expected);
    expect(
      answerOf('2.0.1', read, {
        status: 'Accepted',
        schedule: { ...schedule, evseId: 1, scheduleStart: at },
      }),
    ).toEqual(expected);
    expect(answerOf('2.0.1', read, { status: 'Rejected', statusInfo: { reasonCode: 'NoProfile' } })).toEqual({
      kind: 'refused',
      status: 'Rejected',
      reason: 'NoProfile',
    });
  });

  test('a composite as the field has it: no schedule, no periods, -1, fractions', () => {
    expect(answerOf('1.6', read, { status: 'Accepted' })).toEqual({
      kind: 'composite',
      evseId: 1,
      periods: [],
      breaches: ['no-periods', 'no-start', 'duration'],
    });
    const odd = {
      status: 'Accepted',
      scheduleStart: 'now',
      chargingSchedule: {
        chargingRateUnit: 'A',
        chargingSchedulePeriod: [{ startPeriod: 0.7, limit: -1 }],
        vendor: 1,
      },
    };
    expect(answerOf('1.6', read, odd)).toEqual({
      kind: 'composite',
      evseId: 1,
      unit: 'A',
      periods: [{ startS: 0, limit: -1 }],
      breaches: ['no-start', 'duration', 'first-start', 'fraction-of-a-second', 'negative-limit'],
    });
    expect(
      answerOf('2.0.1', read, { status: 'Accepted', schedule: { chargingSchedulePeriod: 'none' } }),
    ).toMatchObject({
      kind: 'unclear',
    });
  });

  test.each([
    ['PropertyConstraintViolation', 'refused'],
    ['NotSupported', 'refused'],
    ['NotImplemented', 'refused'],
    ['FormationViolation', 'unclear'],
    ['OccurenceConstraintViolation', 'unclear'],
    ['InternalError', 'unclear'],
    ['GenericError', 'unclear'],
    ['SomethingElse', 'unclear'],
  ])('CALLERROR %s is %s', (code, kind) => {
    expect(answerOfError(code, 'why').kind).toBe(kind);
  });
});
