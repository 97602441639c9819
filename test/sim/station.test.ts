import { Ajv, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import { OCPP16, OCPP20, OCPP21 } from 'typed-ocpp';
import { describe, expect, test } from 'vitest';
import type { Station } from '#domain/site';
import { benchOf, setProfile, stationOf, vehicle, type Bench } from './bench-station.ts';

const versions = ['1.6', '2.0.1', '2.1'] as const;

const ajv = new Ajv({ strict: false, multipleOfPrecision: 6 });
addFormats.default(ajv);
const published: Record<Station['version'], Record<string, object>> = {
  '1.6': OCPP16.schemas,
  '2.0.1': OCPP20.schemas,
  '2.1': OCPP21.schemas,
};
const compiled = new Map<string, ValidateFunction>();
function faultsOf(version: Station['version'], name: string, payload: unknown): string {
  const key = `${version} ${name}`;
  const validate = compiled.get(key) ?? ajv.compile(published[version][name] ?? false);
  compiled.set(key, validate);
  return validate(payload) ? '' : `${key}: ${ajv.errorsText(validate.errors)}`;
}

/** A station that has booted at second 0 with a van plugged in at second 10. */
function charging(version: Station['version'], more: Partial<Station> = {}): Bench {
  const bench = benchOf(stationOf({ version, ...more }));
  bench.station.powerOn(0);
  bench.until(10);
  bench.station.plugIn(1, vehicle);
  bench.until(10);
  return bench;
}
const txOf = (version: Station['version']): string => (version === '1.6' ? '101' : 'ST-1-t1');

describe.each(versions)('OCPP %s', (version) => {
  test('every message is of the published schema, from boot to the next vehicle', () => {
    const bench = charging(version);
    bench.call('TriggerMessage', { requestedMessage: 'MeterValues' });
    bench.call('SetChargingProfile', setProfile(version, { purpose: 'default', periods: [[0, 8]] }));
    if (version !== '1.6') bench.call('GetChargingProfiles', { requestId: 3, chargingProfile: {} });
    bench.until(200);
    bench.cut();
    bench.until(400);
    bench.mend();
    bench.until(600);
    bench.station.unplug(1);
    bench.until(5000);
    const actions = new Set(bench.sent.map((frame) => frame.action));
    for (const action of [
      'BootNotification',
      'StatusNotification',
      'Authorize',
      'MeterValues',
      'Heartbeat',
    ]) {
      expect(actions).toContain(action);
    }
    for (const action of version === '1.6'
      ? ['StartTransaction', 'StopTransaction']
      : ['TransactionEvent', 'ReportChargingProfiles']) {
      expect(actions).toContain(action);
    }
    for (const { action, payload } of bench.sent)
      expect(faultsOf(version, `${action}Request`, payload)).toBe('');
    expect(bench.sent.every(({ id }) => id.length <= 36)).toBe(true);
    expect(new Set(bench.sent.map(({ id }) => id)).size).toBe(bench.sent.length);
  });

  test('a transaction is told when it is asked for, without readings where the meter is silent', () => {
    const bench = charging(version);
    const isOld = version === '1.6';
    bench.until(90);
    const told = (): readonly unknown[] => {
      const before = bench.sent.length;
      const ask = { requestedMessage: 'TransactionEvent', evse: { id: 1 } };
      expect(bench.call('TriggerMessage', ask)).toEqual({ status: isOld ? 'NotImplemented' : 'Accepted' });
      return bench.sent.slice(before).map(({ payload }) => 'meterValue' in payload);
    };
    expect(told()).toEqual(isOld ? [] : [true]);
    bench.personas('blind-meter');
    expect(told()).toEqual(isOld ? [] : [false]);
    bench.station.unplug(1);
    const idle = bench.call('TriggerMessage', {
      requestedMessage: 'TransactionEvent',
      evse: { id: 1 },
    });
    expect(idle).toEqual({ status: isOld ? 'NotImplemented' : 'Rejected' });
  });

  test('every answer is of the published schema', () => {
    const bench = charging(version);
    const set = setProfile(version, { purpose: 'default', periods: [[0, 8]] });
    const old = version === '1.6';
    const calls: (readonly [string, unknown])[] = [
      ['SetChargingProfile', set],
      ['SetChargingProfile', setProfile(version, { purpose: 'max', evse: 1, periods: [[0, 8]] })],
      ['GetCompositeSchedule', { [old ? 'connectorId' : 'evseId']: 1, duration: 600 }],
      ['GetCompositeSchedule', { [old ? 'connectorId' : 'evseId']: 0, duration: 600, chargingRateUnit: 'W' }],
      ['GetCompositeSchedule', { [old ? 'connectorId' : 'evseId']: 9, duration: 600 }],
      ['ClearChargingProfile', old ? { id: 1 } : { chargingProfileId: 1 }],
      ['ClearChargingProfile', old ? { id: 1 } : { chargingProfileId: 1 }],
      ['TriggerMessage', { requestedMessage: 'StatusNotification' }],
      ...(old
        ? ([
            ['GetConfiguration', {}],
            ['GetConfiguration', { key: ['NoSuchKey', 'HeartbeatInterval'] }],
            ['ChangeConfiguration', { key: 'MeterValueSampleInterval', value: '30' }],
            ['RemoteStopTransaction', { transactionId: 5 }],
          ] as const)
        : ([
            ['GetChargingProfiles', { requestId: 1, chargingProfile: {} }],
            ['GetVariables', { getVariableData: [variable('SmartChargingCtrlr', 'RateUnit')] }],
            [
              'SetVariables',
              {
                setVariableData: [
                  { ...variable('SampledDataCtrlr', 'TxUpdatedInterval'), attributeValue: '30' },
                ],
              },
            ],
            ['RequestStopTransaction', { transactionId: 'x' }],
          ] as const)),
      ['Reset', { type: old ? 'Soft' : 'Immediate' }],
    ];
    for (const [action, payload] of calls) {
      expect(faultsOf(version, `${action}Request`, payload)).toBe('');
      expect(faultsOf(version, `${action}Response`, bench.call(action, payload)), action).toBe('');
    }
  });

  test('a decrease is followed after the reaction time, a lease ends by itself, below 6 A nothing flows', () => {
    const bench = charging(version);
    // 16 A on three phases: the van's 11 kW are the limit.
    expect(bench.draw()).toBe(11_000);
    const floor = setProfile(version, { id: 1, purpose: 'default', periods: [[0, 6]] });
    const lease = setProfile(version, {
      id: 2,
      stack: 1,
      purpose: 'tx',
      tx: txOf(version),
      duration: 300,
      periods: [
        [0, 10.9],
        [200, 5.9],
        [250, 13],
      ],
    });
    expect(bench.call('SetChargingProfile', floor)).toEqual({ status: 'Accepted' });
    expect(bench.call('SetChargingProfile', lease)).toEqual({ status: 'Accepted' });
    bench.until(14);
    expect(bench.draw()).toBe(11_000);
    bench.until(15);
    expect(bench.draw()).toBe(10 * 690);
    bench.until(205);
    expect(bench.draw()).toBe(0);
    bench.until(255);
    expect(bench.draw()).toBe(13 * 690);
    bench.until(305);
    expect(bench.draw()).toBe(6 * 690);
  });

  test('transaction profiles go with their transaction, floors stay over a reboot, nothing else', () => {
    const bench = charging(version);
    bench.call('SetChargingProfile', setProfile(version, { id: 1, purpose: 'default', periods: [[0, 7]] }));
    bench.call(
      'SetChargingProfile',
      setProfile(version, { id: 2, stack: 1, purpose: 'tx', tx: txOf(version), periods: [[0, 12]] }),
    );
    bench.until(20);
    expect(bench.draw()).toBe(12 * 690);
    bench.station.reboot();
    bench.until(30);
    expect(bench.draw()).toBe(0);
    bench.until(100);
    // A new transaction under the floor only.
    expect(bench.draw()).toBe(7 * 690);
    expect(bench.of('BootNotification').map((frame) => frame.at)).toEqual([0, 60]);
  });

  test.each([
    ['a cap on an EVSE', { purpose: 'max', evse: 1, periods: [[0, 8]] }],
    ['another transaction', { purpose: 'tx', tx: '999', periods: [[0, 8]] }],
    ['a transaction profile on 0', { purpose: 'tx', evse: 0, tx: '101', periods: [[0, 8]] }],
    ['a unit that it does not have', { purpose: 'default', unit: 'W', periods: [[0, 8000]] }],
    ['a first period that is not at 0', { purpose: 'default', periods: [[60, 8]] }],
    [
      'periods that do not ascend',
      {
        purpose: 'default',
        periods: [
          [0, 8],
          [60, 9],
          [60, 10],
        ],
      },
    ],
    ['a stack level that is too high', { purpose: 'default', stack: 9, periods: [[0, 8]] }],
    [
      'too many periods',
      { purpose: 'default', periods: Array.from({ length: 25 }, (_, i) => [i, i % 9] as const) },
    ],
  ] as const)('refuses %s', (_name, profile) => {
    const bench = charging(version);
    expect(bench.call('SetChargingProfile', setProfile(version, profile))).toMatchObject({
      status: 'Rejected',
    });
    bench.until(60);
    expect(bench.draw()).toBe(11_000);
  });

  test('refuses a transaction profile while nothing is plugged in, and a profile too many', () => {
    const bench = benchOf(stationOf({ version }));
    bench.station.powerOn(0);
    bench.until(5);
    const status = (profile: Parameters<typeof setProfile>[1]): unknown =>
      bench.call('SetChargingProfile', setProfile(version, profile));
    expect(status({ purpose: 'tx', tx: txOf(version), periods: [[0, 8]] })).toMatchObject({
      status: 'Rejected',
    });
    for (let i = 0; i < 6; i++) {
      expect(status({ id: i, stack: i, purpose: 'default', periods: [[0, 8]] })).toMatchObject({
        status: 'Accepted',
      });
    }
    expect(status({ id: 9, stack: 6, purpose: 'default', periods: [[0, 8]] })).toMatchObject({
      status: 'Rejected',
    });
    expect(status({ id: 0, stack: 0, purpose: 'default', periods: [[0, 9]] })).toMatchObject({
      status: 'Accepted',
    });
  });

  test('cut off it follows its profile, keeps what happened and tells it in order with its own times', () => {
    const bench = charging(version);
    bench.call(
      'SetChargingProfile',
      setProfile(version, {
        purpose: 'default',
        periods: [
          [0, 10],
          [100, 8],
        ],
      }),
    );
    bench.until(70);
    const before = bench.sent.length;
    bench.cut();
    bench.until(130);
    expect(bench.draw()).toBe(8 * 690);
    bench.until(170);
    bench.station.unplug(1);
    bench.until(190);
    bench.station.plugIn(1, { ...vehicle, id: 'van-2', idToken: 'van-2' });
    bench.until(310);
    expect(bench.sent.length).toBe(before);
    bench.mend();
    bench.until(700);
    const backAt = bench.sent[before]?.at;
    const told = bench.sent
      .slice(before)
      .filter((frame) => frame.action !== 'StatusNotification' && frame.at === backAt);
    const times = told.map(
      (frame) => JSON.stringify(frame.payload).match(/"timestamp":"([^"]*)"/)?.[1] ?? '',
    );
    expect(times).toEqual([...times].sort());
    expect(times[0]).toBe('2026-07-15T00:02:00Z');
    const text = JSON.stringify(told);
    expect(text).toContain('2026-07-15T00:02:50Z');
    expect(text).toContain('2026-07-15T00:03:10Z');
    if (version === '1.6') {
      // Samples of the transaction that was started offline carry the id that was learned after the connection.
      expect(told.filter((frame) => frame.action === 'StartTransaction')).toHaveLength(1);
      const ids = told
        .filter((frame) => frame.action === 'MeterValues')
        .map((frame) => frame.payload['transactionId']);
      expect(new Set(ids)).toEqual(new Set([101, 102]));
    } else {
      const sequence = told.map((frame) => frame.payload['seqNo'] as number);
      expect(sequence.slice(-3)).toEqual([
        sequence.at(-3),
        (sequence.at(-3) ?? 0) + 1,
        (sequence.at(-3) ?? 0) + 2,
      ]);
      expect(told.every((frame) => frame.payload['offline'] === true)).toBe(true);
    }
  });

  test('attempts to connect come later and later, up to the longest wait', () => {
    const bench = charging(version);
    bench.cut();
    bench.until(1000);
    // Waits of 15, 30, 60, 120, 120 s and so on, each up to a third shorter.
    const waits = bench.attempts.slice(1).map((at, i) => at - (i === 0 ? 10 : (bench.attempts[i] ?? 0)));
    expect(waits.length).toBeGreaterThan(8);
    waits.forEach((wait, i) => {
      const longest = Math.min(120, 15 * 2 ** i);
      expect(wait).toBeLessThanOrEqual(longest);
      expect(wait).toBeGreaterThanOrEqual((longest * 2) / 3);
    });
    bench.mend();
    bench.until(1120);
    expect(bench.station.isConnected()).toBe(true);
    expect(bench.of('BootNotification')).toHaveLength(1);
  });

  test('a CSMS that does not answer gets one message at a time and loses no transaction message', () => {
    const bench = charging(version);
    bench.answersCalls = false;
    const before = bench.sent.length;
    bench.until(70);
    expect(bench.sent.length).toBe(before + 1);
    bench.until(85);
    expect(bench.sent.length).toBe(before + 1);
    bench.answersCalls = true;
    bench.until(400);
    const stamps = bench.sent
      .slice(before)
      .filter((frame) => frame.isAnswered)
      .map((frame) => JSON.stringify(frame.payload).match(/"timestamp":"([^"]*)"/)?.[1]);
    for (const minute of [1, 2, 3, 4, 5, 6]) expect(stamps).toContain(`2026-07-15T00:0${minute}:00Z`);
  });

  test('what was in flight when the connection broke is sent again, first', () => {
    const bench = charging(version);
    bench.answersCalls = false;
    bench.until(65);
    bench.cut();
    bench.answersCalls = true;
    bench.mend();
    bench.until(130);
    const { payload } = bench.sent.find((frame) => frame.at > 65) ?? {};
    expect(JSON.stringify(payload)).toContain('"timestamp":"2026-07-15T00:01:00Z"');
  });

  test('a transaction profile is gone with its transaction', () => {
    const bench = charging(version);
    const tx = version === '1.6' ? {} : { tx: txOf(version) };
    const profile = setProfile(version, { id: 7, purpose: 'tx', ...tx, periods: [[0, 8]] });
    expect(bench.call('SetChargingProfile', profile)).toEqual({ status: 'Accepted' });
    bench.station.unplug(1);
    bench.station.plugIn(1, vehicle);
    bench.until(60);
    expect(bench.draw()).toBe(11_000);
    const clear = version === '1.6' ? { id: 7 } : { chargingProfileId: 7 };
    expect(bench.call('ClearChargingProfile', clear)).toEqual({ status: 'Unknown' });
  });

  test('samples stand on multiples of the interval that the CSMS sets', () => {
    const bench = charging(version);
    const change =
      version === '1.6'
        ? bench.call('ChangeConfiguration', { key: 'MeterValueSampleInterval', value: '45' })
        : bench.call('SetVariables', {
            setVariableData: [{ ...variable('SampledDataCtrlr', 'TxUpdatedInterval'), attributeValue: '45' }],
          });
    expect(JSON.stringify(change)).toContain('Accepted');
    const before = bench.sent.length;
    bench.until(200);
    const action = version === '1.6' ? 'MeterValues' : 'TransactionEvent';
    expect(
      bench.sent
        .slice(before)
        .filter((frame) => frame.action === action)
        .map((frame) => frame.at),
    ).toEqual([45, 90, 135, 180]);
  });
});

function variable(
  component: string,
  name: string,
): { component: { name: string }; variable: { name: string } } {
  return { component: { name: component }, variable: { name } };
}

test('two connectors on one module share it, and the full one leaves its share to the other', () => {
  const bench = benchOf(
    stationOf({ version: '2.0.1', current: 'DC', moduleW: 60_000 as Station['evses'][0]['maxW'] }),
  );
  bench.station.powerOn(0);
  bench.until(10);
  const truck = { id: 't', idToken: 't', maxW: 80_000, phases: 3 } as const;
  bench.station.plugIn(1, { ...truck, needWh: 100_000 });
  bench.until(10);
  expect(bench.draw(1)).toBe(50_000);
  bench.station.plugIn(2, { ...truck, needWh: 3000 });
  bench.until(10);
  expect([bench.draw(1), bench.draw(2)]).toEqual([30_000, 30_000]);
  // 3 kWh at 30 kW take 6 minutes.
  bench.until(10 + 359);
  expect(bench.draw(2)).toBe(30_000);
  bench.until(10 + 360);
  expect([bench.draw(1), bench.draw(2)]).toEqual([50_000, 0]);
});

test('a vehicle that tapers takes less from 80 % on and stops at its need', () => {
  const bench = benchOf(stationOf({}));
  bench.station.powerOn(0);
  bench.until(5);
  bench.station.plugIn(1, { ...vehicle, needWh: 10_000, maxW: 10_000, taperFrom: 0.8 });
  bench.until(5 + 2879);
  expect(bench.draw()).toBe(10_000);
  // 8 kWh at 10 kW take 48 minutes; then 400 Wh at each of 8, 6, 4.5, 3 and 2 kW, and the last ones below 6 A are taken too.
  bench.until(5 + 2880);
  expect(bench.draw()).toBe(8000);
  bench.until(5 + 2880 + 180);
  expect(bench.draw()).toBe(6000);
  bench.until(5 + 2880 + 180 + 240 + 320 + 480 + 720);
  expect(bench.draw()).toBe(0);
  const [outlet] = bench.station.outlets;
  expect(outlet?.takenWh).toBeCloseTo(10_000, 3);
});
