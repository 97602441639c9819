/** What a simulated station reports: status, transactions, meter samples, heartbeats. @module */
import type { EventCause, OutletStatus, Readings, StationTransaction } from './dialect.ts';
import { countEnergy, offerOf, type Outlet } from './outlet.ts';
import { outletAt, ownNow, type StationCore } from './station-core.ts';
import { redraw, refresh, targetOf, watchEdges } from './station-limits.ts';
import { numberAt, recordOf, textAt } from './wire-reading.ts';

/** The meter of an EVSE now, as the station believes it. */
export function readingsOf(core: StationCore, outlet: Outlet): Readings {
  const { station, clock, switches } = core.parts;
  countEnergy(outlet, clock.now());
  const flaws = switches();
  const { id } = outlet.evse;
  const before = core.lastReadings.get(id);
  if (flaws.repeatsReadings && before !== undefined) return { ...before, at: ownNow(core) };
  const factor = flaws.meterFactor * flaws.powerSign;
  const pins = station.current === 'DC' ? 3 : outlet.evse.rotation.length;
  const seenPins = flaws.onePhasePower ? Math.max(1, outlet.pins) : 1;
  const readings = {
    at: ownNow(core),
    powerW: (outlet.drawW * factor) / seenPins,
    currentA: Array.from({ length: pins }, (_, i) => (i < outlet.pins ? outlet.drawA * factor : 0)),
    registerWh: registerOf(core, outlet),
    offered: offerOf(outlet, station.current),
  };
  core.lastReadings.set(id, readings);
  return readings;
}

/** What the energy register shows. */
function registerOf(core: StationCore, outlet: Outlet): number {
  const { meterFactor, restartsRegister } = core.parts.switches();
  const { id } = outlet.evse;
  if (restartsRegister && !core.registerFrom.has(id)) core.registerFrom.set(id, outlet.registerWh);
  return (outlet.registerWh - (core.registerFrom.get(id) ?? 0)) * meterFactor;
}

function statusOf(core: StationCore, outlet: Outlet): OutletStatus {
  if (core.parts.switches().isFaulted) return 'Faulted';
  if (outlet.vehicle === undefined) return 'Available';
  if (!core.transactions.has(outlet.evse.id)) return 'Preparing';
  if (outlet.drawW > 0) return 'Charging';
  return offerOf(outlet, core.parts.station.current) === 0 ? 'SuspendedEVSE' : 'SuspendedEV';
}

/** The charging states of 2.x. */
const chargingStates: Readonly<Record<OutletStatus, string>> = {
  Available: 'Idle',
  Preparing: 'EVConnected',
  Charging: 'Charging',
  SuspendedEV: 'SuspendedEV',
  SuspendedEVSE: 'SuspendedEVSE',
  Faulted: 'SuspendedEVSE',
};

function causeOf(core: StationCore, trigger: string, outlet: Outlet, stoppedReason?: string): EventCause {
  const status = statusOf(core, outlet);
  return {
    trigger,
    offline: core.link !== 'open',
    chargingState: chargingStates[status],
    ...(stoppedReason === undefined ? {} : { stoppedReason }),
  };
}

/** Sends the status of an EVSE; lost while offline. */
export function postStatus(core: StationCore, outlet: Outlet): void {
  const call = core.dialect.status(outlet.evse.id, statusOf(core, outlet), ownNow(core));
  core.outbox.post({ build: () => call, keep: 'no' });
}

/** Watches the statuses of a station and reports every change. */
export function statusReporter(core: StationCore): {
  readonly report: (outlet: Outlet) => void;
  readonly forget: () => void;
} {
  const last = new Map<number, OutletStatus>();
  return {
    forget: () => last.clear(),
    report: (outlet) => {
      const status = statusOf(core, outlet);
      const before = last.get(outlet.evse.id);
      if (before === status) return;
      last.set(outlet.evse.id, status);
      core.parts.onNote?.('status', { evse: outlet.evse.id, status, powerW: Math.round(outlet.drawW) });
      const isOld = core.parts.station.version === '1.6';
      const told: readonly OutletStatus[] = ['Available', 'Faulted'];
      if (isOld || before === undefined || told.includes(before) || told.includes(status)) {
        postStatus(core, outlet);
      }
      const transaction = core.transactions.get(outlet.evse.id);
      if (transaction === undefined) return;
      const cause = causeOf(core, 'ChargingStateChanged', outlet);
      const call = core.dialect.stateChange(transaction, ownNow(core), cause);
      if (call !== undefined) core.outbox.post({ build: () => call, keep: 'transaction' });
    },
  };
}

/** Sends one sample of a running transaction. */
function postSample(core: StationCore, transaction: StationTransaction, trigger: string): void {
  const outlet = outletAt(core, transaction.evseId);
  const readings = readingsOf(core, outlet);
  const cause = causeOf(core, trigger, outlet);
  core.outbox.post({ build: core.dialect.sampler(transaction, readings, cause), keep: 'sample' });
}

/** Sends one sample of every running transaction. */
function sample(core: StationCore): void {
  if (core.parts.switches().meters) {
    for (const transaction of core.transactions.values()) postSample(core, transaction, 'MeterValuePeriodic');
  }
  watchSamples(core);
}

/** Sends what an EVSE's transaction has come to, where one runs; without readings where its meter is silent. 2.x only. */
export function postTransaction(core: StationCore, outlet: Outlet): void {
  const transaction = core.transactions.get(outlet.evse.id);
  if (transaction === undefined) return;
  if (core.parts.switches().meters) {
    postSample(core, transaction, 'Trigger');
    return;
  }
  const call = core.dialect.stateChange(transaction, ownNow(core), causeOf(core, 'Trigger', outlet));
  if (call !== undefined) core.outbox.post({ build: () => call, keep: 'transaction' });
}

/** Sets the wake for the next sample: samples stand on multiples of their interval. */
export function watchSamples(core: StationCore): void {
  const { sampleIntervalS } = core.settings;
  if (sampleIntervalS <= 0) core.timers.stop('sample');
  else {
    const passedS = core.parts.clock.now() % sampleIntervalS;
    core.timers.set('sample', sampleIntervalS - passedS, () => sample(core));
  }
}

/** Sets the wake for the next heartbeat. */
export function watchHeartbeat(core: StationCore): void {
  core.timers.set('heartbeat', core.settings.heartbeatIntervalS, () => {
    core.outbox.post({ build: () => core.dialect.heartbeat(), keep: 'no' });
    watchHeartbeat(core);
  });
}

/** Starts a transaction for the plugged vehicle, online or not. */
export function beginTransaction(core: StationCore, outlet: Outlet): void {
  const { station, clock, onNote } = core.parts;
  const { vehicle, evse } = outlet;
  if (vehicle === undefined || core.transactions.has(evse.id) || !core.powered) return;
  countEnergy(outlet, clock.now());
  core.transactionCount++;
  const transaction: StationTransaction = {
    evseId: evse.id,
    id: station.version === '1.6' ? undefined : `${station.id.slice(0, 24)}-t${core.transactionCount}`,
    idToken: vehicle.idToken,
    startedS: ownNow(core),
    startRegisterWh: registerOf(core, outlet),
    sequence: 0,
  };
  core.transactions.set(evse.id, transaction);
  outlet.live = true;
  outlet.liveFromS = clock.now();
  outlet.followed = targetOf(core, outlet);
  const call = core.dialect.start(transaction, readingsOf(core, outlet), causeOf(core, 'Authorized', outlet));
  core.outbox.post({
    build: () => call,
    keep: 'transaction',
    onAnswer: (answer) => {
      const id = numberAt(answer, 'transactionId');
      if (id === undefined) return;
      transaction.id = String(id);
      refresh(core);
    },
  });
  onNote?.('transaction started', { evse: evse.id });
  redraw(core);
  watchEdges(core);
}

/** Ends the transaction of an EVSE where one runs; its profiles go with it. */
export function endTransaction(
  core: StationCore,
  outlet: Outlet,
  trigger: string,
  stoppedReason: string,
): void {
  const evseId = outlet.evse.id;
  const transaction = core.transactions.get(evseId);
  if (transaction === undefined) return;
  const readings = readingsOf(core, outlet);
  const cause = causeOf(core, trigger, outlet, stoppedReason);
  core.transactions.delete(evseId);
  core.store.endTransaction(evseId);
  if (core.parts.switches().clearsAtStop) core.store.reboot('none');
  outlet.live = false;
  core.timers.stop(`follow/${evseId}`);
  core.outbox.post({ build: core.dialect.stopper(transaction, readings, cause), keep: 'transaction' });
  core.parts.onNote?.('transaction ended', {
    evse: evseId,
    registerWh: Math.round(readings.registerWh),
    reason: stoppedReason,
  });
  outlet.followed = targetOf(core, outlet);
  redraw(core);
  watchEdges(core);
}

/** Asks whether the plugged vehicle may charge; without an answer the station trusts its cache. */
export function authorize(core: StationCore, outlet: Outlet): void {
  const { vehicle } = outlet;
  if (vehicle === undefined || !core.powered) return;
  core.outbox.post({
    build: () => core.dialect.authorize(vehicle.idToken),
    keep: 'no',
    onAnswer: (answer) => {
      const info = recordOf(answer['idTagInfo']) ?? recordOf(answer['idTokenInfo']);
      if (textAt(info, 'status') === 'Accepted' && outlet.vehicle === vehicle) beginTransaction(core, outlet);
    },
    onLost: () => {
      if (outlet.vehicle === vehicle) beginTransaction(core, outlet);
    },
  });
}
