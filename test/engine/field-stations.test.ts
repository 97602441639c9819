/**
 * Stations as the field has them, each with one planted defect that must be flagged, and what others lay on a station.
 * The rows are those of the witness catalogue: W03 clock, W20 composites, W35 accepted without effect, W61 boots, W64 limits
 * after a reconnection, W66 blind chargers. Limits of others are K11.FR.01 to 07, K12.FR.01 to 05 and K13.FR.01 to 03; what
 * vehicles say are K15 and K22.
 */
import type { LinkMessage } from '#domain/event';
import { describe, expect, test } from 'vitest';
import { instantOfIso, isoOf } from '#domain/instant';
import { valueAt } from '#domain/step-function';
import { epochS, watts } from '#domain/units';
import { heldLimitOf } from '#engine/fleet';
import type { State } from '#engine/state';
import { FakeDepot, policyWith, siteOf, startS, stationOf, type FakeVisit } from './fake-depot.ts';

const stateOf = (depot: FakeDepot): State => {
  const state = depot.loop?.state();
  if (state === undefined) throw new Error('the engine is down');
  return state;
};
const verdictsOf = (depot: FakeDepot): readonly string[] =>
  depot.said('out.verdict').map((one) => `${String(one['kind'])} ${String(one['key'])}`);

const visitAt = (stationId: string, more: Partial<FakeVisit> = {}): FakeVisit => ({
  id: `v${stationId}`,
  stationId,
  arriveS: startS + 300,
  departS: startS + 7200,
  energyWh: 8000,
  maxW: 11_000,
  ...more,
});
const everyMinute = { policy: policyWith({ sampleIntervalS: 60 }), sampleS: 60 };

function depotOf(visits: readonly FakeVisit[], ids: readonly string[] = ['A']): FakeDepot {
  return new FakeDepot({ site: siteOf(ids.map((id) => stationOf(id))), visits, ...everyMinute });
}

describe('W03: a clock that is off', () => {
  test('is told once, counted in whole minutes, and over when it is right', async () => {
    const depot = depotOf([visitAt('A')]);
    depot.station('A').clockOffsetS = 850;
    await depot.begin();
    await depot.runTo(startS + 600);
    // 850 s are 15 minutes, rounded up.
    expect(depot.said('out.verdict')).toMatchObject([
      { kind: 'clock-off', key: 'A', evidence: { facts: { offsetS: 850, countsS: 900 } } },
    ]);
    expect(stateOf(depot).site.stations[0]?.capability.clockSkewS).toBe(900);
    depot.station('A').clockOffsetS = 1;
    await depot.runTo(startS + 900);
    expect(verdictsOf(depot)).toEqual(['clock-off A', 'clock-right A']);
    expect(stateOf(depot).site.stations[0]?.capability.clockSkewS).toBeUndefined();
    await depot.runTo(startS + 7210);
    expect(depot.leftWh.get('vA')).toBe(0);
  });

  test('that may be off: a plan that rises when the building takes less is sent as a whole', async () => {
    // Until 19:00 the building may take 40 of 60 A, then nothing: 20 A for an hour, then 32 A for another, are 35,880 Wh.
    const boundW = Array.from({ length: 96 }, (_, quarter) => watts(quarter < 76 ? 27_600 : 0));
    const depot = new FakeDepot({
      site: siteOf([stationOf('A')], {
        uncontrolled: [{ circuit: 'grid', boundW, expectedW: boundW }],
      }),
      visits: [visitAt('A', { arriveS: startS + 10, maxW: 22_080, energyWh: 31_000 })],
      policy: policyWith({ sampleIntervalS: 60, clockSkewS: 45 }),
      sampleS: 60,
    });
    await depot.begin();
    // A new site has its first plans after two minutes.
    await depot.runTo(startS + 600);
    expect(depot.station('A').limitA()).toBeGreaterThan(15);
    // It rises when others are down that step at 19:00: 45 s behind, within 5 s, by a clock 45 s ahead, with 5 s of margin.
    const rises = depot.station('A').installed.flatMap(({ profile }) => {
      const { startSchedule, chargingSchedulePeriod } = profile.chargingSchedule;
      const fromS = (instantOfIso(startSchedule) ?? 0) - startS;
      return chargingSchedulePeriod.map(({ startPeriod }) => fromS + startPeriod);
    });
    expect(rises).toContain(3600 + 100);
    await depot.runTo(startS + 7210);
    expect(depot.leftWh.get('vA')).toBe(0);
  });

  test('an hour behind: a charger that ignores its limit is caught all the same', async () => {
    const depot = depotOf([visitAt('A', { maxW: 22_000, energyWh: 30_000 })], ['A', 'B', 'C']);
    Object.assign(depot.station('A'), { clockOffsetS: -3600, isDeaf: true });
    await depot.begin();
    await depot.runTo(startS + 900);
    expect(verdictsOf(depot)).toEqual(['clock-off A', 'over-limit A/1']);
  });

  test('readings dated 2099 do not blind the engine, and such a clock counts with the hardware', async () => {
    const depot = depotOf([visitAt('A')], ['A', 'B', 'C']);
    depot.station('A').clockOffsetS = 2_300_000_000;
    await depot.begin();
    await depot.runTo(startS + 600);
    expect(depot.alarms()).toContain('no-clock');
    expect(stateOf(depot).ledger.beliefs.get('A')?.notCompliant).toEqual([1]);
    expect(depot.station('B').limitA() + depot.station('C').limitA()).toBeLessThanOrEqual(8);
    depot.station('A').clockOffsetS = 0;
    await depot.runTo(startS + 1200);
    expect(stateOf(depot).ledger.beliefs.get('A')?.notCompliant).toEqual([]);
    await depot.runTo(startS + 7210);
    expect(depot.leftWh.get('vA')).toBe(0);
  });

  test('a queue of old readings says nothing of the clock', async () => {
    const depot = depotOf([visitAt('A')]);
    await depot.begin();
    await depot.runTo(startS + 600);
    const now = depot.clock.now();
    for (let i = 0; i < 6; i++) {
      const timestamp = isoOf(epochS(now - 3600 + 60 * i));
      const sampledValue = [{ value: '4000', measurand: 'Power.Active.Import', unit: 'W' }];
      const payload = { connectorId: 1, meterValue: [{ timestamp, sampledValue }] };
      depot.toEngine({ kind: 'call', stationId: 'A', messageId: `q${i}`, action: 'MeterValues', payload });
      await depot.settle();
      await depot.runTo(now + i + 1);
    }
    await depot.runTo(startS + 1200);
    expect(verdictsOf(depot)).toEqual([]);
  });
});

describe('registers', () => {
  test('a jump of 10 MWh is put aside, and nobody is taken for full by it', async () => {
    const depot = depotOf([visitAt('A')]);
    await depot.begin();
    await depot.runTo(startS + 900);
    depot.station('A').registerWh += 10_000_000;
    await depot.runTo(startS + 7210);
    expect(verdictsOf(depot)).toEqual(['meter-implausible A/1', 'meter-plausible A/1']);
    expect(depot.leftWh.get('vA')).toBe(0);
    expect(stateOf(depot).visits['vA']?.deliveredWh).toBeLessThan(9000);
  });

  test('one that goes back is told, and counts on from there', async () => {
    const depot = depotOf([visitAt('A')]);
    await depot.begin();
    await depot.runTo(startS + 900);
    depot.station('A').registerWh = 0;
    await depot.runTo(startS + 7210);
    expect(verdictsOf(depot)).toEqual(['meter-implausible A/1', 'meter-plausible A/1']);
    expect(depot.leftWh.get('vA')).toBe(0);
  });
});

test('W66: a charger that charges and sends no readings is told; its vehicle leaves full', async () => {
  const visits = [visitAt('A')];
  const depot = new FakeDepot({
    site: siteOf([stationOf('A')]),
    visits,
    policy: everyMinute.policy,
    sampleS: 1e9,
  });
  depot.station('A').sample = () => undefined;
  await depot.begin();
  await depot.runTo(startS + 300 + 180);
  expect(verdictsOf(depot)).toEqual([]);
  await depot.runTo(startS + 300 + 182);
  expect(verdictsOf(depot)).toEqual(['meter-silent A/1']);
  await depot.runTo(startS + 7210);
  expect(depot.leftWh.get('vA')).toBe(0);
  expect(verdictsOf(depot)).toEqual(['meter-silent A/1']);
});

test('W66: a reading that comes once more, or from a queue, is no word of the meter', async () => {
  const depot = new FakeDepot({
    site: siteOf([stationOf('A')]),
    visits: [visitAt('A')],
    policy: everyMinute.policy,
    sampleS: 60,
  });
  const station = depot.station('A');
  await depot.begin();
  await depot.runTo(startS + 600);
  station.sample = () => undefined;
  const say = (at: number): void =>
    station.tell('MeterValues', {
      connectorId: 1,
      transactionId: station.vehicle?.transactionId,
      meterValue: [
        {
          timestamp: isoOf(epochS(at)),
          sampledValue: [{ value: '4000', measurand: 'Power.Active.Import', unit: 'W' }],
        },
      ],
    });
  for (const [after, at] of [
    [700, 600],
    [770, 610],
    [900, 620],
  ] as const) {
    await depot.runTo(startS + after);
    say(startS + at);
  }
  // Three minutes after the latest of them was taken.
  expect(verdictsOf(depot)).toEqual(['meter-silent A/1']);
  await depot.runTo(startS + 930);
  say(startS + 640);
  await depot.runTo(startS + 960);
  expect(verdictsOf(depot)).toEqual(['meter-silent A/1']);
  say(startS + 960);
  await depot.settle();
  expect(verdictsOf(depot)).toEqual(['meter-silent A/1', 'meter-back A/1']);
});

describe('W20: composites that are not of the standard’s form', () => {
  const answer = (periods: readonly { startPeriod: number; limit: number }[], more: object = {}) => ({
    status: 'Accepted',
    connectorId: 1,
    scheduleStart: isoOf(startS),
    chargingSchedule: { duration: 7200, chargingRateUnit: 'A', chargingSchedulePeriod: periods, ...more },
  });
  test.each<[string, unknown, readonly string[]]>([
    ['as it should be', answer([{ startPeriod: 0, limit: 32 }]), []],
    ['no schedule', { status: 'Accepted' }, ['no-periods', 'no-start', 'duration']],
    ['no periods', answer([]), ['no-periods']],
    ['-1 for no limit', answer([{ startPeriod: 0, limit: -1 }]), ['negative-limit']],
    ['an absurd duration', answer([{ startPeriod: 0, limit: 6 }], { duration: 1e9 }), ['duration']],
    ['another unit', answer([{ startPeriod: 0, limit: 6 }], { chargingRateUnit: 'W' }), ['unit']],
    ['late first period', answer([{ startPeriod: 60, limit: 6 }]), ['first-start']],
    [
      'a start of 0.5 s',
      answer([
        { startPeriod: 0, limit: 6 },
        { startPeriod: 0.5, limit: 7 },
      ]),
      ['fraction-of-a-second'],
    ],
    [
      'no order',
      answer([
        { startPeriod: 0, limit: 6 },
        { startPeriod: 60, limit: 7 },
        { startPeriod: 30, limit: 8 },
      ]),
      ['order'],
    ],
    [
      'a period after the end',
      answer([
        { startPeriod: 0, limit: 6 },
        { startPeriod: 7200, limit: 7 },
      ]),
      ['beyond-its-end'],
    ],
    ['three decimals', answer([{ startPeriod: 0, limit: 6.125 }]), ['decimals']],
    [
      'an hour ago',
      { ...answer([{ startPeriod: 0, limit: 6 }]), scheduleStart: isoOf(epochS(startS - 3600)) },
      ['start-off'],
    ],
  ])('%s', async (_, payload, breaches) => {
    const depot = depotOf([]);
    depot.station('A').composite = () => payload;
    await depot.begin();
    const said = depot.said('out.verdict').filter((one) => one['kind'] === 'composite-unreliable');
    expect(said.map((one) => one['evidence'])).toEqual(
      breaches.length === 0 ? [] : [{ facts: { breaches } }],
    );
    // It is given its floor all the same.
    expect(depot.station('A').limitA()).toBe(6);
  });
});

test('W61: a boot where only the connection was away is told, and over with a reconnection without one', async () => {
  const depot = depotOf([]);
  const station = depot.station('A');
  await depot.begin();
  const away = async (boots: boolean): Promise<void> => {
    station.disconnect();
    station.connect(boots);
    await depot.settle();
  };
  await away(false);
  expect(verdictsOf(depot)).toEqual([]);
  await away(true);
  expect(verdictsOf(depot)).toEqual(['boots-on-reconnect A']);
  await away(true);
  await away(false);
  await away(false);
  expect(verdictsOf(depot)).toEqual(['boots-on-reconnect A', 'reconnects-without-boot A']);
});

test('W64: a charger that drops its limits when it reconnects is caught by its second reading', async () => {
  const depot = depotOf([visitAt('A', { maxW: 22_000, energyWh: 30_000 })], ['A', 'B', 'C']);
  const station = depot.station('A');
  await depot.begin();
  await depot.runTo(startS + 900);
  station.disconnect();
  await depot.runTo(startS + 930);
  station.installed = [];
  station.refuses = () => true;
  station.connect(false);
  await depot.settle();
  await depot.runTo(startS + 930 + 181);
  expect(verdictsOf(depot)).toEqual(['over-limit A/1']);
});

test('W35: accepted without effect is an over-limit with its evidence, and a lesson about the make', async () => {
  const depot = depotOf([visitAt('A', { maxW: 22_000, energyWh: 30_000 })], ['A', 'B', 'C']);
  depot.station('A').isDeaf = true;
  await depot.begin();
  await depot.runTo(startS + 600);
  const [verdict] = depot.said('out.verdict');
  expect(verdict).toMatchObject({ kind: 'over-limit', key: 'A/1' });
  expect(Object.values(stateOf(depot).makes)).toMatchObject([{ notApplied: 1 }]);
});

/** A depot with one station of 2.x that accepts everything. */
async function depot2x(
  version: '2.0.1' | '2.1',
  energyWh = 8000,
  foreign?: unknown,
): Promise<{
  readonly depot: FakeDepot;
  readonly call: (action: string, payload: unknown) => Promise<unknown>;
  readonly sets: () => readonly { readonly at: number; readonly limits: readonly number[] }[];
}> {
  const site = siteOf([stationOf('A', { version })]);
  // Nobody was here before, and nothing of it can still arrive.
  const depot = new FakeDepot({ site, policy: policyWith({ lateS: 0 }) });
  const station = depot.station('A');
  const seen: { at: number; limits: readonly number[] }[] = [];
  let calls = 0;
  const replies = new Map<string, unknown>();
  /** What it holds, by id of the profile. */
  const held = new Map<number, { readonly evseId: number; readonly profile: object }>();
  station.receive = (message: LinkMessage): void => {
    if (message.kind !== 'call') {
      replies.set(message.messageId, message.kind === 'result' ? message.payload : message);
      return;
    }
    const { messageId, action } = message;
    const payload = message.payload as {
      evseId: number;
      chargingProfileId?: number;
      chargingProfile?: {
        id: number;
        chargingProfilePurpose?: string;
        chargingSchedule?: { chargingSchedulePeriod: { limit: number }[] }[];
      };
      getVariableData?: object[];
      setVariableData?: object[];
    };
    const periods = payload.chargingProfile?.chargingSchedule?.[0]?.chargingSchedulePeriod ?? [];
    if (payload.chargingProfile?.chargingProfilePurpose === 'TxProfile')
      seen.push({ at: depot.clock.now(), limits: periods.map(({ limit }) => limit) });
    if (action === 'SetChargingProfile' && payload.chargingProfile !== undefined)
      held.set(payload.chargingProfile.id, { evseId: payload.evseId, profile: payload.chargingProfile });
    if (payload.chargingProfileId !== undefined) held.delete(payload.chargingProfileId);
    const reported = [
      ...(foreign === undefined ? [] : [{ evseId: 1, source: 'EMS', profile: foreign }]),
      ...[...held.values()].map((one) => ({ ...one, source: 'CSO' })),
    ];
    const answers: Readonly<Record<string, unknown>> = {
      GetChargingProfiles: { status: reported.length === 0 ? 'NoProfiles' : 'Accepted' },
      GetVariables: {
        getVariableResult: (payload.getVariableData ?? []).map((one) => ({
          ...one,
          attributeStatus: 'UnknownVariable',
        })),
      },
      SetVariables: {
        setVariableResult: (payload.setVariableData ?? []).map((one) => {
          const { attributeValue: _value, ...rest } = one as { attributeValue: string };
          return { ...rest, attributeStatus: 'Accepted' };
        }),
      },
    };
    depot.toEngine({
      kind: 'result',
      stationId: 'A',
      messageId,
      payload: answers[action] ?? { status: 'Accepted' },
    });
    if (action !== 'GetChargingProfiles') return;
    const { requestId } = message.payload as { requestId: number };
    reported.forEach(({ evseId, source, profile }, i) => {
      const report = { requestId, chargingLimitSource: source, evseId, chargingProfile: [profile] };
      depot.toEngine({
        kind: 'call',
        stationId: 'A',
        messageId: `r${requestId}-${i}`,
        action: 'ReportChargingProfiles',
        payload: { ...report, ...(i + 1 < reported.length ? { tbc: true } : {}) },
      });
    });
  };
  depot.startEngine();
  depot.toEngine({ kind: 'connected', stationId: 'A', version });
  depot.announce(visitAt('A', { arriveS: startS, energyWh }));
  await depot.settle();
  const call = async (action: string, payload: unknown): Promise<unknown> => {
    const messageId = `c${++calls}`;
    depot.toEngine({ kind: 'call', stationId: 'A', messageId, action, payload });
    await depot.settle();
    return replies.get(messageId);
  };
  await call('TransactionEvent', {
    eventType: 'Started',
    timestamp: isoOf(startS),
    triggerReason: 'CablePluggedIn',
    seqNo: 0,
    transactionInfo: { transactionId: 'tx' },
    evse: { id: 1, connectorId: 1 },
  });
  await depot.runTo(startS + 20);
  return { depot, call, sets: () => seen };
}

const needs = {
  evseId: 1,
  chargingNeeds: {
    requestedEnergyTransfer: 'AC_three_phase',
    departureTime: isoOf(epochS(startS + 1800)),
    acChargingParameters: { energyAmount: 99_000, evMinCurrent: 6, evMaxCurrent: 32, evMaxVoltage: 400 },
  },
};

describe.each(['2.0.1', '2.1'] as const)('%s: what vehicles say', (version) => {
  test('charging needs are answered, and the plan is sent within the minute though it is installed', async () => {
    const { depot, call, sets } = await depot2x(version);
    const before = sets().length;
    expect(before).toBeGreaterThan(0);
    await depot.runTo(startS + 120);
    expect(sets()).toHaveLength(before);
    const askedAt = depot.clock.now();
    expect(await call('NotifyEVChargingNeeds', needs)).toEqual({ status: 'Accepted' });
    await depot.runTo(askedAt + 60);
    expect(sets()).toHaveLength(before + 1);
    expect(sets().at(-1)?.at).toBeLessThanOrEqual(askedAt + 60);
    // The vehicle's own wish is told, not planned with: the visit still wants its 8 kWh by its own departure.
    expect(depot.said('out.status').at(-1)).toMatchObject({
      event: 'charging-needs',
      visitId: 'vA',
      energyWh: 99_000,
    });
    expect(stateOf(depot).visits['vA']?.visit).toMatchObject({ energyWh: 8000, departsAt: startS + 7200 });
    await depot.runTo(askedAt + 300);
    expect(sets()).toHaveLength(before + 1);
  });

  test('needs of a vehicle that nobody knows are not promised a schedule', async () => {
    const { call } = await depot2x(version);
    expect(await call('NotifyEVChargingNeeds', { ...needs, evseId: 7 })).toEqual({ status: 'Rejected' });
  });
});

describe('limits of others', () => {
  const limit = (limits: readonly number[], place: object = { evseId: 1 }) => ({
    ...place,
    chargingLimit: { chargingLimitSource: 'EMS' },
    chargingSchedule: [
      {
        id: 1,
        startSchedule: isoOf(startS),
        chargingRateUnit: 'A',
        chargingSchedulePeriod: limits.map((level, i) => ({ startPeriod: 1800 * i, limit: level })),
      },
    ],
  });
  const highest = (limits: readonly number[] | undefined): number => Math.max(...(limits ?? []));

  test('plans keep below them, and come back when they are cleared', async () => {
    // 40 kWh in two hours want more than 16 A.
    const { depot, call, sets } = await depot2x('2.0.1', 40_000);
    const free = highest(sets().at(-1)?.limits);
    expect(free).toBeGreaterThan(10);
    expect(await call('NotifyChargingLimit', limit([9]))).toEqual({});
    await depot.runTo(startS + 60);
    expect(highest(sets().at(-1)?.limits)).toBe(9);
    expect(await call('ClearedChargingLimit', { chargingLimitSource: 'EMS', evseId: 1 })).toEqual({});
    await depot.runTo(startS + 120);
    expect(highest(sets().at(-1)?.limits)).toBe(free);
  });

  test('they free nothing for others: the ledger counts what the charger would take without them', async () => {
    const { depot, call, sets } = await depot2x('2.0.1', 40_000);
    await call('NotifyChargingLimit', limit([0], {}));
    await depot.runTo(startS + 120);
    expect(highest(sets().at(-1)?.limits)).toBe(0);
    const state = stateOf(depot);
    const [station] = state.site.stations;
    const [evse] = station?.evses ?? [];
    if (station === undefined || evse === undefined) throw new Error('no station');
    // The plan is 0 A now; a vehicle that nobody has told us of may still have the floor.
    expect(valueAt(heldLimitOf(state, station, evse), depot.clock.now())).toBe(6);
    expect(stateOf(depot).stations.get('A')?.externalLimits).toMatchObject([{ source: 'EMS', evseId: 0 }]);
  });

  test('a limit that cannot be read is refused by its path, and nothing changes', async () => {
    const { depot, call } = await depot2x('2.0.1');
    expect(await call('NotifyChargingLimit', limit([-5]))).toMatchObject({ kind: 'error' });
    expect(stateOf(depot).stations.get('A')?.externalLimits).toBeUndefined();
  });
});

test('2.0.1: what a second controller has installed is seen by the read-back, counted, and taken away', async () => {
  const foreign = {
    id: 77,
    stackLevel: 5,
    chargingProfilePurpose: 'TxDefaultProfile',
    chargingProfileKind: 'Absolute',
    chargingSchedule: [
      {
        id: 1,
        startSchedule: isoOf(startS),
        chargingRateUnit: 'A',
        chargingSchedulePeriod: [{ startPeriod: 0, limit: 25 }],
      },
    ],
  };
  const { depot } = await depot2x('2.0.1', 8000, foreign);
  const asked = depot.sent.find((one) => one.kind === 'call' && one.action === 'GetChargingProfiles');
  expect(asked).toMatchObject({
    payload: { chargingProfile: { chargingLimitSource: ['CSO', 'EMS', 'Other', 'SO'] } },
  });
  expect(
    depot.sent.find((one) => one.kind === 'call' && one.action === 'ClearChargingProfile'),
  ).toMatchObject({
    payload: { chargingProfileId: 77 },
  });
  const candidates = stateOf(depot).ledger.beliefs.get('A')?.candidates ?? [];
  expect(candidates.flatMap(({ installed }) => installed.map(({ profile }) => profile.id))).not.toContain(77);
});

test('2.1: a vehicle that charges with priority counts with its hardware until that is over', async () => {
  const { depot, call } = await depot2x('2.1');
  expect(await call('NotifyPriorityCharging', { transactionId: 'tx', activated: true })).toEqual({});
  expect(stateOf(depot).ledger.beliefs.get('A')?.notCompliant).toEqual([1]);
  expect(depot.alarms()).toContain('priority-charging');
  await call('NotifyPriorityCharging', { transactionId: 'tx', activated: false });
  expect(stateOf(depot).ledger.beliefs.get('A')?.notCompliant).toEqual([]);
});

test('an EVSE that the site does not have is told once, and no vehicle is let charge there', async () => {
  const depot = depotOf([]);
  await depot.begin();
  const start = (messageId: string, connectorId: number): void =>
    depot.toEngine({
      kind: 'call',
      stationId: 'A',
      messageId,
      action: 'StartTransaction',
      payload: { connectorId, idTag: 'van', meterStart: 0, timestamp: isoOf(startS) },
    });
  const answerTo = (messageId: string): unknown =>
    depot.sent.find((one) => one.kind === 'result' && one.messageId === messageId);
  start('x1', 999);
  start('x2', 998);
  await depot.settle();
  expect(answerTo('x1')).toMatchObject({ payload: { idTagInfo: { status: 'Invalid' } } });
  expect(depot.said('out.alarm')).toMatchObject([{ kind: 'unknown-evse', key: 'A', active: true }]);
  start('x3', 1);
  await depot.settle();
  expect(answerTo('x3')).toMatchObject({ payload: { idTagInfo: { status: 'Accepted' } } });
});

test('what nobody here can give is not promised: words of a vendor, updates of a Dynamic profile', async () => {
  const { call } = await depot2x('2.1');
  expect(await call('DataTransfer', { vendorId: 'acme', data: 'x' })).toEqual({ status: 'UnknownVendorId' });
  expect(await call('PullDynamicScheduleUpdate', { chargingProfileId: 5 })).toEqual({ status: 'Rejected' });
});
