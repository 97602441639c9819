/**
 * A simulated charging station: it keeps what is installed, works out its own limit, follows it with a lag, reports what
 * happens and works on while it is cut off. Everything it does follows from frames, plugs and its clock.
 * @module
 */
import { invariant } from '#domain/invariant';
import type { Station } from '#domain/site';
import { dialectOf } from './dialect.ts';
import { countEnergy, outletOf, type Outlet } from './outlet.ts';
import { createProfileStore } from './profile-store.ts';
import type { StationSocket } from './socket.ts';
import { answerCall, type StationInside } from './station-answers.ts';
import { onClosed, onOpened, powerDown, powerUp } from './station-connection.ts';
import { createTimers, outletAt, ownNow, type StationCore, type StationParts } from './station-core.ts';
import { compositeOf, type HeldProfile } from './own-composite.ts';
import { redraw, refresh, viewOf } from './station-limits.ts';
import { createOutbox } from './station-outbox.ts';
import {
  authorize,
  endTransaction,
  postStatus,
  postTransaction,
  readingsOf,
  statusReporter,
  watchHeartbeat,
  watchSamples,
} from './station-sessions.ts';
import { variablesOf } from './station-variables.ts';
import type { Vehicle } from './vehicle.ts';
import { recordOf } from './wire-reading.ts';

/** A station in the simulated depot. */
export interface SimStation {
  readonly station: Station;
  readonly outlets: readonly Outlet[];
  /** Switches on, boots and connects after `delayS`. */
  readonly powerOn: (delayS: number) => void;
  readonly plugIn: (evseId: number, vehicle: Vehicle) => void;
  readonly unplug: (evseId: number) => void;
  /** Restarts as after a power cut. */
  readonly reboot: () => void;
  /** Reads its switches again. */
  readonly refresh: () => void;
  /** Brings all registers up to now. */
  readonly count: () => void;
  readonly isConnected: () => boolean;
  /** What is installed; another list after every change. */
  readonly held: () => readonly HeldProfile[];
  /** Id of the transaction that runs at an EVSE; `''` while the station does not know its id. */
  readonly transactionAt: (evseId: number) => string | undefined;
  /**
   * What the station would let an EVSE draw over the next `durationS` seconds of its own clock, in its own unit: in the
   * transaction that runs, or in the next one.
   */
  readonly allowance: (
    evseId: number,
    durationS: number,
    who: 'running' | 'next',
  ) => readonly { readonly startS: number; readonly limit: number }[];
  /** Ends the connection and every wake. */
  readonly powerOff: () => void;
}

function createCore(parts: StationParts, send: (frame: readonly unknown[]) => void): StationCore {
  const { station, clock, behaviour } = parts;
  return {
    parts,
    dialect: dialectOf(station, () => parts.switches().firmware),
    store: createProfileStore(station),
    outlets: station.evses.map((evse) => outletOf(evse, clock.now())),
    transactions: new Map(),
    timers: createTimers(clock),
    outbox: createOutbox({ stationId: station.id, clock, send }),
    settings: {
      sampleIntervalS: behaviour.sampleIntervalS,
      heartbeatIntervalS: behaviour.heartbeatIntervalS,
    },
    spikeUntil: new Map(),
    lastReadings: new Map(),
    registerFrom: new Map(),
    builtS: clock.now(),
    link: 'off',
    powered: false,
    bootReason: 'PowerUp',
    attempts: 0,
    offlineSinceS: clock.now(),
    transactionCount: 0,
    onRedraw: () => undefined,
  };
}

/** What answers to the CSMS need of the station. */
function insideOf(core: StationCore, reset: () => void): StationInside {
  const { station, clock, switches } = core.parts;
  const post = (call: ReturnType<typeof core.dialect.heartbeat>): void =>
    core.outbox.post({ build: () => call, keep: 'no' });
  return {
    station,
    store: core.store,
    switches,
    now: () => ownNow(core),
    viewOf: (evseId) => viewOf(core, evseId),
    transactionOf: (evseId) => {
      const transaction = core.transactions.get(evseId);
      return { running: transaction !== undefined, id: transaction?.id };
    },
    profilesChanged: (replaced) => {
      const { spikeS } = switches();
      if (replaced !== undefined && spikeS > 0) {
        core.spikeUntil.set(replaced, clock.now() + spikeS);
        core.timers.set(`spike/${replaced}`, spikeS, () => refresh(core));
      }
      refresh(core);
    },
    post,
    trigger: (message, evseId) => {
      if (message === 'BootNotification') post(core.dialect.boot('Triggered'));
      if (message === 'Heartbeat') post(core.dialect.heartbeat());
      for (const outlet of core.outlets) {
        if (evseId !== undefined && evseId !== 0 && outlet.evse.id !== evseId) continue;
        if (message === 'StatusNotification') postStatus(core, outlet);
        if (message === 'TransactionEvent') postTransaction(core, outlet);
        if (message === 'MeterValues' && switches().meters) {
          post(core.dialect.idleReadings(outlet.evse.id, readingsOf(core, outlet)));
        }
      }
    },
    reset,
    stop: (transactionId) => {
      for (const transaction of core.transactions.values()) {
        if (transaction.id !== transactionId) continue;
        endTransaction(core, outletAt(core, transaction.evseId), 'RemoteStop', 'Remote');
      }
    },
    variables: variablesOf(core.parts, core.settings, () => {
      watchSamples(core);
      watchHeartbeat(core);
    }),
  };
}

function parseFrame(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function send(socket: StationSocket, frame: readonly unknown[]): void {
  socket.send(JSON.stringify(frame), frame);
}

/** Takes a frame of the CSMS: an answer to a CALL of ours, or a CALL to answer. What is neither is ignored. */
function receive(core: StationCore, inside: StationInside, socket: StationSocket, frame: unknown): void {
  if (!Array.isArray(frame) || core.link !== 'open') return;
  const [type, messageId, third, fourth] = frame as readonly unknown[];
  if (typeof messageId !== 'string') return;
  if (type === 3) core.outbox.answered(messageId, third);
  if (type === 4) core.outbox.failed(messageId);
  if (type !== 2 || typeof third !== 'string' || !core.parts.switches().answers) return;
  const answer = answerCall(inside, third, recordOf(fourth) ?? {});
  if (answer.kind === 'error') {
    send(socket, [4, messageId, answer.code, answer.description, {}]);
    return;
  }
  send(socket, [3, messageId, answer.payload]);
  answer.after?.();
}

/** A station that is switched off. */
export function createStation(parts: StationParts): SimStation {
  const { station, behaviour, switches, clock } = parts;
  const core = createCore(parts, (frame) => send(socket, frame));
  const statuses = statusReporter(core);
  core.onRedraw = statuses.report;
  const reboot = (): void => {
    if (!core.powered) return;
    powerDown(core, socket);
    core.bootReason = 'PowerUp';
    statuses.forget();
    core.store.reboot(switches().losesProfiles ? 'none' : behaviour.keepsProfiles);
    core.timers.set('power', behaviour.bootS, () => powerUp(core, socket));
  };
  const inside = insideOf(core, reboot);
  const socket: StationSocket = parts.socketFor({
    opened: () => onOpened(core),
    closed: () => onClosed(core, socket),
    frame: (text, value) => receive(core, inside, socket, value ?? parseFrame(text)),
  });

  return {
    station,
    outlets: core.outlets,
    powerOn: (delayS) => core.timers.set('power', delayS, () => powerUp(core, socket)),
    plugIn: (evseId, vehicle) => {
      const outlet = outletAt(core, evseId);
      invariant(outlet.vehicle === undefined, 'a socket takes one vehicle', { station: station.id, evseId });
      countEnergy(outlet, clock.now());
      outlet.vehicle = vehicle;
      outlet.takenWh = 0;
      outlet.sawZero = false;
      outlet.asleep = false;
      outlet.offeredAsleep = false;
      if (!core.powered) return;
      statuses.report(outlet);
      authorize(core, outlet);
    },
    unplug: (evseId) => {
      const outlet = outletAt(core, evseId);
      endTransaction(core, outlet, 'EVCommunicationLost', 'EVDisconnected');
      outlet.vehicle = undefined;
      redraw(core);
    },
    reboot,
    refresh: () => refresh(core),
    count: () => {
      for (const outlet of core.outlets) countEnergy(outlet, clock.now());
    },
    isConnected: () => core.link === 'open',
    held: () => core.store.held(),
    transactionAt: (evseId) => {
      const running = core.transactions.get(evseId);
      return running === undefined ? undefined : (running.id ?? '');
    },
    allowance: (evseId, durationS, who) => compositeOf(viewOf(core, evseId, who), ownNow(core), durationS),
    powerOff: () => {
      if (core.powered) powerDown(core, socket);
      core.timers.stopAll();
    },
  };
}
