import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { RPCClient, RPCServer, type IHandlersOption } from 'ocpp-rpc';
import { afterEach, describe, expect, test } from 'vitest';
import { openStationSocket } from '#adapters/ocpp-ws/station-socket';
import { epochS } from '#domain/units';
import { encodeFrame, parseFrame, type Frame } from '#ocpp/frame';
import type { ChargingProfile } from '#ocpp/profile';
import type { ChargerEvent, CommandAnswer, StationCommand } from '#ocpp/station-message';
import { answerOf, answerOfError, callOf, eventsOfCall, replyOf } from '#ocpp/wire-message';
import { createRig, password, type Rig } from './rig.ts';

/** Its declarations make every option mandatory; all have defaults. */
function createClient(options: Partial<ConstructorParameters<typeof RPCClient>[0]>): RPCClient {
  return new RPCClient(options as ConstructorParameters<typeof RPCClient>[0]);
}

/** ocpp-rpc is an OCPP-J implementation by others; `strictMode` has it check every message by its own schemas. */
const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

const at = '2026-05-01T06:00:00.000Z';
const now = epochS(1_777_615_200);
const readings16 = [
  {
    timestamp: at,
    sampledValue: [
      { value: '7.4', measurand: 'Power.Active.Import', unit: 'kW' },
      { value: '1234', context: 'Sample.Periodic' },
    ],
  },
];
const readings2 = [
  {
    timestamp: at,
    sampledValue: [
      { value: 7.4, measurand: 'Power.Active.Import', unitOfMeasure: { unit: 'kW' } },
      { value: 1.234, unitOfMeasure: { unit: 'Wh', multiplier: 3 } },
    ],
  },
];

/** What a station of each version says in a short life. */
const life: Readonly<Record<'1.6' | '2.0.1', readonly (readonly [string, Record<string, unknown>])[]>> = {
  '1.6': [
    ['BootNotification', { chargePointVendor: 'V', chargePointModel: 'M', firmwareVersion: '1.0' }],
    ['Heartbeat', {}],
    ['StatusNotification', { connectorId: 1, errorCode: 'NoError', status: 'Preparing', timestamp: at }],
    ['Authorize', { idTag: 'TAG' }],
    ['StartTransaction', { connectorId: 1, idTag: 'TAG', meterStart: 1000, timestamp: at }],
    ['MeterValues', { connectorId: 1, transactionId: 77, meterValue: readings16 }],
    [
      'StopTransaction',
      { transactionId: 77, meterStop: 2000, timestamp: at, reason: 'Local', transactionData: readings16 },
    ],
    ['FirmwareStatusNotification', { status: 'Idle' }],
    ['DiagnosticsStatusNotification', { status: 'Idle' }],
    ['DataTransfer', { vendorId: 'V' }],
  ],
  '2.0.1': [
    [
      'BootNotification',
      {
        reason: 'PowerUp',
        chargingStation: { vendorName: 'V', model: 'M', firmwareVersion: '1.0' },
      },
    ],
    ['Heartbeat', {}],
    ['StatusNotification', { timestamp: at, connectorStatus: 'Occupied', evseId: 1, connectorId: 1 }],
    ['Authorize', { idToken: { idToken: 'TAG', type: 'ISO14443' } }],
    [
      'TransactionEvent',
      {
        eventType: 'Started',
        timestamp: at,
        triggerReason: 'Authorized',
        seqNo: 0,
        evse: { id: 1 },
        idToken: { idToken: 'TAG', type: 'ISO14443' },
        transactionInfo: { transactionId: 'tx-1', chargingState: 'EVConnected' },
        meterValue: readings2,
      },
    ],
    [
      'TransactionEvent',
      {
        eventType: 'Ended',
        timestamp: at,
        triggerReason: 'EVDeparted',
        seqNo: 1,
        transactionInfo: { transactionId: 'tx-1', stoppedReason: 'EVDisconnected' },
      },
    ],
    ['MeterValues', { evseId: 1, meterValue: readings2 }],
    [
      'NotifyEVChargingNeeds',
      { evseId: 1, chargingNeeds: { requestedEnergyTransfer: 'AC_three_phase', departureTime: at } },
    ],
    ['ClearedChargingLimit', { chargingLimitSource: 'EMS' }],
    ['SecurityEventNotification', { type: 'StartupOfTheDevice', timestamp: at }],
    [
      'ReportChargingProfiles',
      {
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
      },
    ],
  ],
};

/** Kinds of what is heard of `life`, in order. */
const heardOfLife: Readonly<Record<'1.6' | '2.0.1', readonly string[]>> = {
  '1.6': [
    'boot',
    'heartbeat',
    'status',
    'authorize',
    'transaction-started',
    'meter',
    'meter',
    'transaction-ended',
    'notice',
    'notice',
    'notice',
  ],
  '2.0.1': [
    'boot',
    'heartbeat',
    'status',
    'authorize',
    'transaction-started',
    'meter',
    'transaction-updated',
    'transaction-ended',
    'meter',
    'charging-needs',
    'external-limit-cleared',
    'notice',
    'profiles-reported',
  ],
};

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

/** Every command that both versions have. */
const commands: readonly StationCommand[] = [
  { kind: 'set-profile', evseId: 1, profile: plan },
  { kind: 'clear-profile', profileId: 12 },
  { kind: 'clear-profile', evseId: 1, purpose: 'ChargingStationMaxProfile', stackLevel: 0 },
  { kind: 'read-composite', evseId: 1, durationS: 3600, unit: 'A' },
  { kind: 'read-capability', scope: 'least' },
  { kind: 'set-sample-interval', intervalS: 60 },
  { kind: 'trigger', message: 'StatusNotification', evseId: 1 },
  { kind: 'trigger', message: 'MeterValues', evseId: 1 },
  { kind: 'trigger', message: 'BootNotification' },
  { kind: 'reset', type: 'soft' },
  { kind: 'reset', type: 'hard' },
  { kind: 'remote-stop', transactionId: '77' },
];
const commands2: readonly StationCommand[] = [
  ...commands,
  { kind: 'read-profiles', requestId: 5, evseId: 1 },
];

/** How a well-behaved station answers, by action. */
function goodAnswer(version: '1.6' | '2.0.1', action: string): Record<string, unknown> {
  const period = { startPeriod: 0, limit: 10.3, numberPhases: 3 };
  switch (action) {
    case 'GetCompositeSchedule':
      return version === '1.6'
        ? {
            status: 'Accepted',
            connectorId: 1,
            scheduleStart: at,
            chargingSchedule: { duration: 3600, chargingRateUnit: 'A', chargingSchedulePeriod: [period] },
          }
        : {
            status: 'Accepted',
            schedule: {
              evseId: 1,
              duration: 3600,
              scheduleStart: at,
              chargingRateUnit: 'A',
              chargingSchedulePeriod: [period],
            },
          };
    case 'GetConfiguration':
      return {
        configurationKey: [{ key: 'ChargeProfileMaxStackLevel', readonly: true, value: '8' }],
        unknownKey: [],
      };
    case 'GetVariables':
      return {
        getVariableResult: [
          {
            attributeStatus: 'Accepted',
            attributeValue: '8',
            component: { name: 'SmartChargingCtrlr' },
            variable: { name: 'ProfileStackLevel' },
          },
        ],
      };
    case 'SetVariables':
      return {
        setVariableResult: [
          {
            attributeStatus: 'Accepted',
            component: { name: 'SampledDataCtrlr' },
            variable: { name: 'TxUpdatedInterval' },
          },
        ],
      };
    default:
      return { status: 'Accepted' };
  }
}

function expectedAnswer(version: '1.6' | '2.0.1', command: StationCommand): CommandAnswer {
  if (command.kind === 'read-composite') {
    return {
      kind: 'composite',
      evseId: 1,
      startAt: now,
      durationS: 3600,
      unit: 'A',
      periods: [{ startS: 0, limit: 10.3, numberPhases: 3 }],
    };
  }
  if (command.kind !== 'read-capability') return { kind: 'accepted' };
  const fact = version === '1.6' ? 'ChargeProfileMaxStackLevel' : 'SmartChargingCtrlr.ProfileStackLevel';
  return { kind: 'capability', facts: { [fact]: '8' } };
}

describe.each(['1.6', '2.0.1'] as const)('OCPP %s', (version) => {
  test('a foreign station and our server understand all that they say', async () => {
    const rig: Rig = await createRig();
    ends.push(() => rig.close());
    const heard: ChargerEvent[] = [];
    const answers = new Map<string, CommandAnswer>();
    const open = new Map<string, StationCommand>();
    rig.server.onEvent((event) => {
      const { kind, stationId } = event;
      if (kind === 'call') {
        const { action, messageId, payload } = event;
        const events = eventsOfCall(version, action, payload);
        if (!events.ok) throw new Error(events.problem.description);
        heard.push(...events.value);
        const facts = { now, accepted: true, intervalS: 300, transactionId: '77' };
        rig.server.send({
          kind: 'result',
          stationId,
          messageId,
          payload: replyOf(version, action, facts, payload),
        });
      }
      if (kind === 'result' || kind === 'error') {
        const command = open.get(event.messageId);
        if (command === undefined) return;
        const answer =
          kind === 'result'
            ? answerOf(version, command, event.payload)
            : answerOfError(event.code, event.description);
        answers.set(event.messageId, answer);
      }
    });
    const id = version === '1.6' ? 'A1' : 'B1';
    const client = createClient({
      endpoint: rig.server.url,
      identity: id,
      password,
      protocols: [`ocpp${version}`],
      strictMode: true,
      reconnect: false,
    });
    client.handle(({ method }: IHandlersOption) => Promise.resolve(goodAnswer(version, method ?? '')));
    await client.connect();
    for (const [action, payload] of life[version]) {
      // In strict mode this throws where our answer is not of their schema.
      await client.call(action, payload);
    }
    expect(heard.map((event) => event.kind)).toEqual(heardOfLife[version]);
    const sample = heard.find((event) => event.kind === 'meter');
    expect(sample?.kind === 'meter' && sample.sample).toMatchObject({ powerW: 7400, registerWh: 1234 });

    const asked = version === '1.6' ? commands : commands2;
    for (const [i, command] of asked.entries()) {
      const messageId = `ours-${i}`;
      open.set(messageId, command);
      rig.server.send({ kind: 'call', stationId: id, messageId, ...callOf(version, command) });
    }
    await rig.until(() => answers.size === asked.length);
    for (const [i, command] of asked.entries())
      expect(answers.get(`ours-${i}`)).toEqual(expectedAnswer(version, command));

    const closed = once(client, 'close');
    await client.close({ code: 1000, awaitPending: true });
    await closed;
    await rig.until(() => rig.server.counters.connectionsOpen === 0);
    expect(rig.server.counters.refusedCalls).toBe(0);
    expect(rig.warnings).toEqual([]);
  });

  test('a foreign station is told by name what it did wrong', async () => {
    const rig = await createRig();
    ends.push(() => rig.close());
    const client = createClient({
      endpoint: rig.server.url,
      identity: version === '1.6' ? 'A1' : 'B1',
      password,
      protocols: [`ocpp${version}`],
      strictMode: false,
      reconnect: false,
    });
    await client.connect();
    const codeOf = async (action: string, payload: unknown): Promise<unknown> => {
      try {
        await client.call(action, payload);
      } catch (error) {
        return (error as { rpcErrorCode: string }).rpcErrorCode;
      }
      return 'accepted';
    };
    expect(await codeOf('MakeCoffee', {})).toBe('NotImplemented');
    expect(await codeOf('BootNotification', {})).toBe(
      version === '1.6' ? 'OccurenceConstraintViolation' : 'OccurrenceConstraintViolation',
    );
    expect(await codeOf('Authorize', version === '1.6' ? { idTag: 7 } : { idToken: 7 })).toBe(
      'TypeConstraintViolation',
    );
    await client.close({ code: 1000 });
  });

  test('a foreign server, strict, takes all that our station socket says and asks it back', async () => {
    const server = new RPCServer({ protocols: [`ocpp${version}`], strictMode: true, maxBadMessages: 0 });
    ends.push(() => server.close({ code: 1001, force: true }));
    const seenPasswords: unknown[] = [];
    server.auth((accept, _reject, handshake) => {
      seenPasswords.push(handshake.password?.toString('utf8'));
      accept();
    });
    type Peer = InstanceType<typeof RPCClient>;
    const arrived = new Promise<Peer>((resolve) => {
      server.on('client', (peer: Peer) => {
        peer.handle(({ method, params }: IHandlersOption) =>
          Promise.resolve(
            replyOf(
              version,
              method ?? '',
              { now, accepted: true, intervalS: 300, transactionId: '77' },
              params,
            ),
          ),
        );
        resolve(peer);
      });
    });
    const http = await server.listen(0, '127.0.0.1');
    const { port } = http.address() as AddressInfo;

    const answered: Frame[] = [];
    const stationClosed = new Promise<number>((resolve) => {
      const socket = openStationSocket({
        url: `ws://127.0.0.1:${port}`,
        id: 'S1',
        version,
        password,
        onOpen() {
          for (const [i, [action, payload]] of life[version].entries())
            socket.send(encodeFrame({ kind: 'call', messageId: `m${i}`, action, payload }, version));
        },
        onFrame(text) {
          const frame = parseFrame(text, version);
          if (frame.kind === 'fault') throw new Error(frame.description);
          if (frame.kind === 'call') {
            const payload = goodAnswer(version, frame.action);
            socket.send(encodeFrame({ kind: 'result', messageId: frame.messageId, payload }, version));
          } else answered.push(frame);
        },
        onClose: (code) => resolve(code),
      });
    });
    const peer = await arrived;
    const asked = version === '1.6' ? commands : commands2;
    for (const command of asked) {
      const { action, payload } = callOf(version, command);
      const result: unknown = await peer.call(action, payload);
      expect(answerOf(version, command, result)).toEqual(expectedAnswer(version, command));
    }
    while (answered.length < life[version].length) await new Promise((resolve) => setImmediate(resolve));
    expect(answered.map((frame) => [frame.kind, frame.messageId])).toEqual(
      life[version].map((_, i) => ['result', `m${i}`]),
    );
    expect(seenPasswords).toEqual([password]);
    await peer.close({ code: 1000 });
    expect(await stationClosed).toBe(1000);
  });
});
