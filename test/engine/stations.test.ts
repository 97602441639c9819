/** Stations that are silent, lost, deaf to their limits, or late with what happened while they were away. */
import { expect, test } from 'vitest';
import { isoOf } from '#domain/instant';
import { valueAt } from '#domain/step-function';
import { amperes, epochS, watts } from '#domain/units';
import {
  buildingOf,
  FakeDepot,
  policyWith,
  siteOf,
  startS,
  stationOf,
  type FakeStation,
  type FakeVisit,
} from './fake-depot.ts';

const visitAt = (stationId: string, more: Partial<FakeVisit> = {}): FakeVisit => ({
  id: `v${stationId}`,
  stationId,
  arriveS: startS + 300,
  departS: startS + 7200,
  energyWh: 8000,
  maxW: 11_000,
  ...more,
});
const three = siteOf(['A', 'B', 'C'].map((id) => stationOf(id)));

test('a charger that never answers is counted at its hardware maximum and the others are still served', async () => {
  const depot = new FakeDepot({ site: three, visits: [visitAt('B'), visitAt('C', { energyWh: 2000 })] });
  depot.station('A').isSilent = true;
  await depot.begin();
  await depot.runTo(startS + 7210);
  // 40 A of panel, 32 A of them A's own: B and C share 8 A, one at a time at the least current that charges.
  expect(depot.peakA).toBeLessThanOrEqual(8);
  // 7 A of it in whole amperes: 4.83 kW for 1 h 54 min are 9.2 of the 10 kWh.
  const left = [...depot.leftWh.values()].reduce((a, b) => a + b, 0);
  expect(left).toBeLessThan(1200);
  expect(depot.said('out.alarm')[0]).toMatchObject({ kind: 'no-answer', key: 'A', active: true });
  const tries = depot.station('A').seen.length;
  // Each try takes its 30 s. Eight are followed by pauses of 5 s (280 s), five by 10 to 160 s (460 s), all others by 300 s:
  // 8 + 5 + (7200 - 740) / 330 = 33 in two hours, give or take the jitter; without growing pauses they would be 200.
  expect(tries).toBeGreaterThan(25);
  expect(tries).toBeLessThan(45);
});

/** A vehicle at A, plugged in at second 300, where another station of its make has taken a plan; and whether A holds one. */
async function oneVehicle(
  prepare: (station: FakeStation) => void,
): Promise<{ readonly depot: FakeDepot; readonly isPlanned: () => boolean }> {
  const visits = [visitAt('B', { arriveS: startS + 150 }), visitAt('A', { departS: startS + 14_400 })];
  // No plan outlives the next interval.
  const depot = new FakeDepot({ site: three, visits, policy: policyWith({ leaseMaxS: 900 }), sampleS: 600 });
  const station = depot.station('A');
  prepare(station);
  await depot.begin();
  const isPlanned = (): boolean =>
    station.installed.some(({ profile }) => profile.chargingProfilePurpose === 'TxProfile');
  return { depot, isPlanned };
}

test('a station that does not know the number of its transaction refuses its plan, and gets it when it asks again', async () => {
  const { depot, isPlanned } = await oneVehicle((station) => {
    station.losesStarts = 1;
    station.sample = () => undefined;
  });
  await depot.runTo(startS + 390);
  expect(depot.alarms()).toEqual(['profile-refused']);
  expect(isPlanned()).toBe(false);
  depot.station('A').status();
  await depot.runTo(startS + 400);
  expect(isPlanned()).toBe(true);
});

test('where that answer is lost as well it gets its plan when it first names its transaction', async () => {
  const { depot, isPlanned } = await oneVehicle((station) => (station.losesStarts = 2));
  await depot.runTo(startS + 390);
  depot.station('A').status();
  await depot.runTo(startS + 2000);
  expect(isPlanned()).toBe(false);
  // Its next word is a sample.
  depot.station('A').status();
  await depot.runTo(startS + 2010);
  expect(isPlanned()).toBe(true);
});

test('a station that refuses its plans has answered; it is asked something after an hour, and planned for again', async () => {
  let refuses = true;
  const { depot, isPlanned } = await oneVehicle((station) => {
    station.refuses = ({ chargingProfilePurpose: purpose }) => refuses && purpose === 'TxProfile';
  });
  await depot.runTo(startS + 700);
  refuses = false;
  await depot.runTo(startS + 3900);
  expect([isPlanned(), depot.alarms()]).toEqual([false, ['profile-refused']]);
  await depot.runTo(startS + 5500);
  expect(isPlanned()).toBe(true);
});

test('a station that answers again is no longer said to be silent', async () => {
  const { depot } = await oneVehicle((station) => (station.isSilent = true));
  await depot.runTo(startS + 300);
  expect(depot.loop?.state().alarms).toHaveProperty(['no-answer A']);
  depot.station('A').isSilent = false;
  await depot.runTo(startS + 700);
  expect(depot.loop?.state().alarms).not.toHaveProperty(['no-answer A']);
});

test('a lost station is believed to go on as told; its return is read before anything is raised', async () => {
  const depot = new FakeDepot({ site: three, visits: ['A', 'B', 'C'].map((id) => visitAt(id)) });
  await depot.begin();
  await depot.runTo(startS + 1500);
  depot.station('A').disconnect();
  await depot.runTo(startS + 3000);
  expect(depot.alarms()).toEqual(['comms-loss']);
  expect(depot.said('out.verdict')).toMatchObject([{ kind: 'comms-loss', key: 'A', at: startS + 1500 }]);
  const before = depot.station('A').seen.length;
  depot.station('A').connect();
  await depot.settle();
  expect(depot.station('A').seen.slice(before)[0]).toBe('GetCompositeSchedule');
  expect(depot.said('out.alarm').at(-1)).toMatchObject({ kind: 'comms-loss', active: false });
  await depot.runTo(startS + 7210);
  expect([...depot.leftWh.values()]).toEqual([0, 0, 0]);
  expect(depot.peakA).toBeLessThanOrEqual(40);
});

test('a charger that ignores its limit is caught by its meter, counted, and the others are lowered', async () => {
  const policy = policyWith({ sampleIntervalS: 60 });
  const visits = [
    visitAt('A', { maxW: 22_000, energyWh: 30_000, departS: startS + 10_800 }),
    visitAt('B', { energyWh: 4000, departS: startS + 10_800 }),
  ];
  const depot = new FakeDepot({ site: three, policy, visits, sampleS: 60 });
  depot.station('A').isDeaf = true;
  await depot.begin();
  await depot.runTo(startS + 500);
  const [verdict] = depot.said('out.verdict');
  expect(verdict).toMatchObject({ kind: 'over-limit', key: 'A/1' });
  const evidence = verdict?.['evidence'] as { readings: unknown[] } | undefined;
  expect(evidence?.readings.length).toBeGreaterThanOrEqual(2);
  expect(depot.alarms()).toContain('not-compliant');
  expect(depot.loop?.state().ledger.beliefs.get('A')?.notCompliant).toEqual([1]);
  // Everybody else shares what 32 A leave of the panel.
  await depot.runTo(startS + 1900);
  expect(depot.station('B').limitA() + depot.station('C').limitA()).toBeLessThanOrEqual(8);
});

test('where the others cannot make room, the caught charger is stopped, and then somebody is called', async () => {
  // 30 A of panel for a charger that may take 32 A: no floor of the others helps.
  const site = siteOf(
    ['A', 'B', 'C'].map((id) => stationOf(id)),
    {
      circuits: [
        { id: 'grid', limitA: amperes(60) },
        { id: 'panel', parent: 'grid', limitA: amperes(30) },
      ],
    },
  );
  const policy = policyWith({ sampleIntervalS: 60 });
  const depot = new FakeDepot({
    site,
    policy,
    visits: [visitAt('A', { maxW: 22_000, energyWh: 30_000 })],
    sampleS: 60,
  });
  depot.station('A').isDeaf = true;
  await depot.begin();
  await depot.runTo(startS + 1200);
  expect(depot.station('A').seen).toContain('RemoteStopTransaction');
  expect(depot.station('A').drawA(5)).toBe(0);
  await depot.runTo(startS + 1500);
  expect(depot.alarms()).toContain('needs-hands');
});

test('a start that is sent again gets the same transaction, and counts once', async () => {
  const depot = new FakeDepot({ site: siteOf([stationOf('A')]) });
  await depot.begin();
  const start = {
    connectorId: 1,
    idTag: 'van',
    meterStart: 1000,
    timestamp: isoOf(epochS(startS - 60)),
  };
  const tell = (messageId: string, action: string, payload: unknown): void =>
    depot.toEngine({ kind: 'call', stationId: 'A', messageId, action, payload });
  tell('s1', 'StartTransaction', start);
  await depot.settle();
  tell('s2', 'StartTransaction', start);
  await depot.settle();
  const ids = depot.sent.flatMap((m) =>
    m.kind === 'result' && ['s1', 's2'].includes(m.messageId)
      ? [(m.payload as { transactionId: number }).transactionId]
      : [],
  );
  // Seconds since 2020 at the start, and one.
  const transactionId = 206_215_201;
  expect(ids).toEqual([transactionId, transactionId]);
  tell('e1', 'StopTransaction', { transactionId, meterStop: 3000, timestamp: isoOf(startS) });
  await depot.settle();
  // After the end the same start is still known, and does not run again.
  tell('s3', 'StartTransaction', start);
  await depot.settle();
  expect(depot.loop?.state().stations.get('A')?.evses['1']?.transaction).toBeUndefined();
  expect(depot.loop?.state().transactionCount).toBe(transactionId);
});

test('an end without a start is answered and changes no visit', async () => {
  const depot = new FakeDepot({ site: siteOf([stationOf('A')]), visits: [visitAt('A')] });
  await depot.begin();
  depot.toEngine({
    kind: 'call',
    stationId: 'A',
    messageId: 'e1',
    action: 'StopTransaction',
    payload: { transactionId: 77, meterStop: 3000, timestamp: isoOf(startS) },
  });
  await depot.settle();
  expect(depot.sent.at(-1)).toMatchObject({ kind: 'result', messageId: 'e1' });
  expect(depot.loop?.state().visits['vA']?.phase).toBe('expected');
});

test('a transaction of which only meter values are heard is taken to run, and its number is not given again', async () => {
  const depot = new FakeDepot({ site: siteOf([stationOf('A')]), visits: [visitAt('A')] });
  await depot.begin();
  depot.toEngine({
    kind: 'call',
    stationId: 'A',
    messageId: 'm1',
    action: 'MeterValues',
    payload: {
      connectorId: 1,
      transactionId: 300_000_041,
      meterValue: [{ timestamp: isoOf(startS), sampledValue: [{ value: '1500' }] }],
    },
  });
  await depot.settle();
  const state = depot.loop?.state();
  expect(state?.stations.get('A')?.evses['1']?.transaction).toMatchObject({ id: '300000041', visitId: 'vA' });
  expect(state?.transactionCount).toBe(300_000_041);
});

test('a register that goes back to zero counts on from there', async () => {
  const depot = new FakeDepot({ site: siteOf([stationOf('A')]), visits: [visitAt('A')] });
  await depot.begin();
  await depot.runTo(startS + 2000);
  const before = depot.loop?.state().visits['vA']?.deliveredWh ?? 0;
  expect(before).toBeGreaterThan(500);
  depot.station('A').registerWh = 0;
  await depot.runTo(startS + 2400);
  const after = depot.loop?.state().visits['vA']?.deliveredWh ?? 0;
  expect(after).toBeGreaterThanOrEqual(before);
  expect(after).toBeLessThan(before + 3000);
});

test('a malformed call is answered by an error and changes nothing but the count', async () => {
  const depot = new FakeDepot({ site: siteOf([stationOf('A')]) });
  await depot.begin();
  const before = depot.loop?.state();
  const bad: readonly (readonly [string, unknown])[] = [
    ['StartTransaction', { connectorId: 'one' }],
    ['MeterValues', { connectorId: 1 }],
    ['NoSuchThing', {}],
    ['StatusNotification', null],
  ];
  for (const [i, [action, payload]] of bad.entries())
    depot.toEngine({ kind: 'call', stationId: 'A', messageId: `x${i}`, action, payload });
  await depot.settle();
  const errors = depot.sent.filter((m) => m.kind === 'error');
  expect(errors.map((e) => e.messageId)).toEqual(['x0', 'x1', 'x2', 'x3']);
  expect(depot.loop?.state().counts.callsRefused).toBe(4);
  expect(depot.loop?.state().stations).toEqual(before?.stations);
});

test('a load above its bound on one phase only is one, and the room for vehicles there goes with it', async () => {
  const site = siteOf([stationOf('A')], { uncontrolled: [buildingOf('grid', 6900)] });
  const depot = new FakeDepot({ site });
  await depot.begin();
  const say = (phaseA: readonly number[], s: number): void =>
    depot.say('uncontrolled-load', {
      kind: 'uncontrolled-load',
      circuit: 'grid',
      powerW: 6000,
      phaseA,
      sampledAt: startS + s,
    });
  say([10, 9, 7], 0);
  await depot.settle();
  expect(depot.alarms()).toEqual([]);
  await depot.runTo(startS + 60);
  say([2, 19, 5], 60);
  await depot.settle();
  expect(depot.alarms()).toEqual(['load-above-bound']);
  const { supply, now } = depot.loop?.state() ?? {};
  const on = supply?.['grid']?.uncontrolledA.map((f) => (now === undefined ? NaN : valueAt(f, now)));
  expect(on).toEqual([10, 19, 10]);
});

test('a load above its bound raises the bound while it lasts, and is an alarm', async () => {
  const site = siteOf([stationOf('A')], { uncontrolled: [buildingOf('grid', 3000)] });
  const depot = new FakeDepot({ site });
  await depot.begin();
  const now = (): number => {
    const { supply, now: at } = depot.loop?.state() ?? {};
    const load = supply?.['grid']?.uncontrolledW;
    return load === undefined || at === undefined ? NaN : valueAt(load, at);
  };
  expect(now()).toBe(3000);
  depot.say('uncontrolled-load', {
    kind: 'uncontrolled-load',
    circuit: 'grid',
    powerW: 9000,
    sampledAt: startS,
  });
  await depot.settle();
  expect(depot.alarms()).toEqual(['load-above-bound']);
  expect(now()).toBe(9000);
  // A little more is counted, and no news.
  depot.say('uncontrolled-load', {
    kind: 'uncontrolled-load',
    circuit: 'grid',
    powerW: 9500,
    sampledAt: startS,
  });
  await depot.settle();
  expect(depot.alarms()).toEqual(['load-above-bound']);
  expect(now()).toBe(9500);
  await depot.runTo(startS + 4600);
  expect(now()).toBe(3000);
});

test('one of 32 A is told what the circuits count for one phase, and charges a vehicle full with a third of it', async () => {
  const { capability } = stationOf('A');
  const inWatts = stationOf('A', { capability: { ...capability, rateUnit: 'W' } });
  const depot = new FakeDepot({
    site: siteOf([inWatts]),
    policy: policyWith({ floorShare: 0 }),
    visits: [visitAt('A', { energyWh: 9000 })],
  });
  depot.station('A').wattsPerA = 690;
  await depot.begin();
  let mostW = 0;
  await depot.runTo(startS + 7210, () => {
    mostW = Math.max(mostW, depot.station('A').lastPowerW);
  });
  expect(depot.leftWh.get('vA')).toBe(0);
  // 32 A of one phase.
  expect(mostW).toBeLessThanOrEqual(7360);
});

test.each([
  { phases: 3, maxW: 11_000, energyWh: 12_000 },
  { phases: 3, maxW: 3000, energyWh: 3000 },
  { phases: 1, maxW: 3680, energyWh: 4500 },
] as const)(
  'a three-phase station of 16 A that is told watts alone charges a vehicle of $phases phases and $maxW W full',
  async ({ phases, maxW, energyWh }) => {
    const { capability, evses } = stationOf('A');
    const inWatts = stationOf('A', {
      capability: { ...capability, rateUnit: 'W', keepsProfiles: 'all' },
      evses: evses.map((evse) => ({ ...evse, maxA: amperes(16), maxW: watts(11_040) })),
    });
    const depot = new FakeDepot({
      site: siteOf([inWatts, stationOf('B'), stationOf('C')]),
      // Without floors: it charges by its plan.
      policy: policyWith({ floorShare: 0 }),
      visits: [visitAt('A', { phases, maxW, energyWh }), visitAt('B'), visitAt('C')],
    });
    depot.station('A').wattsPerA = 690;
    await depot.begin();
    await depot.runTo(startS + 7210);
    expect(Object.fromEntries(depot.leftWh)).toEqual({ vA: 0, vB: 0, vC: 0 });
    // The panel counts it with 16 A on each phase, whatever phase the watts go to.
    expect(depot.peakA).toBeLessThanOrEqual(40);
    expect(depot.said('out.alarm')).toEqual([]);
  },
);
