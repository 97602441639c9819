/**
 * An evening of the whole engine behind its own charger server with three stations of other people's code: floors first,
 * then plans; a cut, what was queued, the read-back, and what was lost put back. Time is turned by hand.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createMemoryBus } from '#adapters/bus-memory';
import { createCsmsServer, type CsmsServer } from '#adapters/ocpp-ws/csms-server';
import { subjectOf } from '#domain/event';
import { isoOf } from '#domain/instant';
import { epochS } from '#domain/units';
import { createLoop, type Loop } from '#engine/loop';
import { utf8Of } from '#engine/utf8';
import { solve } from '#solver/solve';
import { HandClock, MemoryJournal, policyWith, siteOf, startS, stationOf } from '../../engine/fake-depot.ts';
import { ForeignStation } from './foreign-station.ts';
import { holdTimers } from './rig.ts';

const versions = { A: '1.6', B: '2.0.1', C: '2.1' } as const;
const ids = ['A', 'B', 'C'] as const;
const site = siteOf(ids.map((id) => stationOf(id, { version: versions[id] })));
const clock = new HandClock();
const bus = createMemoryBus();
const stations = new Map<string, ForeignStation>();
let server: CsmsServer;
let loop: Loop;

const stationAt = (id: string): ForeignStation => {
  const station = stations.get(id);
  if (station === undefined) throw new Error(id);
  return station;
};

/** Turns the clock by steps: turned at once, it would be one that jumps. */
async function turnBySteps(to: number): Promise<void> {
  while (clock.now() < to) {
    clock.turnTo(Math.min(to, clock.now() + 30));
    await until(() => loop.pending() === 0);
  }
}

/** Turns of the event loop after which what is waited for does not come; it comes within some hundreds. */
const turnsMax = 1_000_000;

/** Resolves when `holds` is true; it is looked at after every turn of the event loop. */
async function until(holds: () => boolean): Promise<void> {
  for (let turn = 0; !holds(); turn++) {
    if (turn > turnsMax) throw new Error(`never: ${String(holds)}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Whether the engine knows what a station holds. */
const isFound = (id: string): boolean =>
  loop
    .state()
    .ledger.beliefs.get(id)
    ?.candidates.every(({ known }) => known) === true;

/** Whether no call to a station waits for its answer. */
const isIdle = (id: string): boolean => loop.state().dispatch.stations.get(id)?.pending === undefined;

function announce(id: string): void {
  const visit = {
    id: `v${id}`,
    vehicleId: `v${id}`,
    evse: { stationId: id, evseId: 1 },
    arrivesAt: startS,
    departsAt: startS + 7200,
    energyWh: 8000,
    maxW: 11_000,
    phases: 3,
    priority: 1,
  };
  bus.publish(subjectOf(site.id, 'in.visit'), utf8Of(JSON.stringify({ kind: 'visit', visit })));
}

async function boot(id: string): Promise<void> {
  const answer = await stationAt(id).call(
    'BootNotification',
    versions[id as keyof typeof versions] === '1.6'
      ? { chargePointVendor: 'Foreign', chargePointModel: 'F1', firmwareVersion: '7' }
      : {
          reason: 'PowerUp',
          chargingStation: { vendorName: 'Foreign', model: 'F1', firmwareVersion: '7' },
        },
  );
  expect(answer).toMatchObject({ status: 'Accepted', interval: 300, currentTime: isoOf(clock.now()) });
}

async function plugIn(id: string): Promise<string> {
  const timestamp = isoOf(clock.now());
  if (id === 'A') {
    const start = { connectorId: 1, idTag: 'vA', meterStart: 1000, timestamp };
    const { transactionId } = await stationAt(id).call('StartTransaction', start);
    return String(transactionId);
  }
  await stationAt(id).call('TransactionEvent', {
    eventType: 'Started',
    timestamp,
    triggerReason: 'CablePluggedIn',
    seqNo: 0,
    transactionInfo: { transactionId: `tx-${id}` },
    evse: { id: 1, connectorId: 1 },
  });
  return `tx-${id}`;
}

beforeAll(async () => {
  server = await createCsmsServer({
    timers: holdTimers(),
    stations: (id) => {
      const version = Object.hasOwn(versions, id) ? versions[id as keyof typeof versions] : undefined;
      return version === undefined ? undefined : { versions: [version] };
    },
    log: { info: () => {}, warn: () => {} },
  });
  loop = createLoop({
    site,
    policy: policyWith(),
    seed: 1,
    clock,
    bus,
    link: server,
    journal: new MemoryJournal(),
    solve,
    log: { info: () => undefined, warn: () => undefined },
    autoTurn: true,
  });
  loop.start();
  for (const id of ids) stations.set(id, new ForeignStation(id, versions[id], server.url));
});
afterAll(async () => {
  for (const station of stations.values()) await station.cut();
  await loop.stop();
  await server.close();
});

test('an evening with foreign stations of 1.6, 2.0.1 and 2.1', async () => {
  for (const id of ids) {
    await stationAt(id).connect();
    await boot(id);
  }
  // Floors come first, after the station was read and asked.
  for (const id of ids) await until(() => stationAt(id).purposes().includes('TxDefaultProfile'));
  for (const id of ids) {
    expect(stationAt(id).heard.filter((one) => one.endsWith('TxProfile'))).toEqual([]);
    const [first] = stationAt(id).heard;
    expect(first).toBe(id === 'A' ? 'ClearChargingProfile' : 'GetChargingProfiles');
    expect(stationAt(id).heard.indexOf(id === 'A' ? 'GetConfiguration' : 'GetVariables')).toBeLessThan(
      stationAt(id).heard.findIndex((one) => one.startsWith('SetChargingProfile')),
    );
  }
  expect(loop.state().site.stations[0]?.capability.maxPeriods).toBe(10);

  for (const id of ids) announce(id);
  const transactions = new Map<string, string>();
  for (const id of ids) transactions.set(id, await plugIn(id));
  // Calls of an engine before this one may arrive for two minutes: until then nothing is raised, nor until all have reacted since.
  await turnBySteps(startS + 135);
  for (const id of ids) await until(() => isFound(id));
  // By hand the clock may turn faster than an answer comes, which is then asked for again a second later.
  for (let s = 136; s <= 160; s++) {
    await turnBySteps(startS + s);
    for (const id of ids) await until(() => isIdle(id));
  }
  for (const id of ids) await until(() => stationAt(id).purposes().includes('TxProfile'));
  for (const id of ids) {
    const plan = stationAt(id).installed.find(({ purpose }) => purpose === 'TxProfile')?.profile;
    expect(String(plan?.['transactionId'])).toBe(transactions.get(id));
    expect(plan?.['chargingProfileKind']).toBe('Absolute');
  }

  // B is away for five minutes and loses its plan; what it saw meanwhile comes late, marked as such.
  const station = stationAt('B');
  await station.cut();
  await until(() => !(loop.state().stations.get('B')?.up ?? true));
  await turnBySteps(startS + 435);
  await until(() => loop.state().alarms['comms-loss B'] !== undefined);
  station.installed = station.installed.filter(({ purpose }) => purpose !== 'TxProfile');
  const from = station.heard.length;
  await station.connect();
  for (const [i, at] of [180, 240, 300].entries()) {
    const answer = await station.call('TransactionEvent', {
      eventType: 'Updated',
      timestamp: isoOf(epochS(startS + at)),
      triggerReason: 'MeterValuePeriodic',
      seqNo: 1 + i,
      offline: true,
      transactionInfo: { transactionId: 'tx-B' },
      evse: { id: 1, connectorId: 1 },
      meterValue: [
        {
          timestamp: isoOf(epochS(startS + at)),
          sampledValue: [{ value: 1000 + at, measurand: 'Energy.Active.Import.Register' }],
        },
      ],
    });
    expect(answer).toEqual({});
  }
  await station.call('StatusNotification', {
    timestamp: isoOf(clock.now()),
    connectorStatus: 'Occupied',
    evseId: 1,
    connectorId: 1,
  });
  await until(() => station.purposes().includes('TxProfile'));
  // Read before anything is written, asked nothing that is known, floors still there: only the plan is put back.
  const heard = station.heard.slice(from);
  expect(heard[0]).toBe('GetChargingProfiles');
  expect(heard.filter((one) => one.startsWith('SetChargingProfile'))).toEqual([
    'SetChargingProfile TxProfile',
  ]);
  expect(heard.filter((one) => one === 'ClearChargingProfile')).toEqual([]);
  expect(loop.state().alarms['comms-loss B']).toBeUndefined();
  // The register of the queue is in: 1300 Wh at 300 s.
  expect(loop.state().stations.get('B')?.evses['1']?.registerWh).toBe(1300);
  // Old readings are no evidence against anybody.
  expect(loop.state().ledger.beliefs.get('B')?.notCompliant).toEqual([]);

  for (const id of ids) expect(stationAt(id).breaches).toEqual([]);
  expect(server.counters).toMatchObject({ refusedCalls: 0, badFrames: 0, unmatchedAnswers: 0 });
});
