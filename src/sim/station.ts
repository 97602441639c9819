/**
 * A simulated charging station: it keeps what is installed, works out its own limit, follows it with a lag, reports what
 * happens and works on while it is cut off. Everything it does follows from frames, plugs and its clock.
 * @module
 */
import { invariant } from '#domain/invariant';
import type { Prng } from '#domain/prng';
import type { Station } from '#domain/site';
import type { EpochS } from '#domain/units';
import type { Clock } from '#ports/clock';
import { dialectOf, type EventCause, type OutletStatus, type Readings, type StationTransaction } from './dialect.ts';
import { applyDraws, countEnergy, offerOf, outletOf, secondsToChange, type Outlet } from './outlet.ts';
import { allowedAt, nextEdge, stationCapAt, type CompositeView } from './own-composite.ts';
import type { Switches } from './personas.ts';
import { createProfileStore } from './profile-store.ts';
import type { Behaviour } from './scenario.ts';
import type { SocketEvents, StationSocket } from './socket.ts';
import { answerCall, type StationInside } from './station-answers.ts';
import { createOutbox } from './station-outbox.ts';
import { variablesOf } from './station-variables.ts';
import type { Vehicle } from './vehicle.ts';
import { numberAt, recordOf, textAt, type JsonRecord } from './wire-reading.ts';

/** How far ahead a station looks for the next change of its limit. */
const lookAheadS = 48 * 3600;

/** What a station is made of. */
export interface StationParts {
  readonly station: Station;
  readonly voltage: number;
  readonly behaviour: Behaviour;
  readonly clock: Clock;
  readonly prng: Prng;
  /** What is wrong with it at present. */
  readonly switches: () => Switches;
  /** Makes its end of the connection. */
  readonly socketFor: (events: SocketEvents) => StationSocket;
  /** What it draws has changed, or may have. */
  readonly onDraw: () => void;
  /** For people who watch. */
  readonly onNote?: (note: string, facts: JsonRecord) => void;
}

/** A station in the simulated depot. */
export interface SimStation {
  readonly station: Station;
  readonly outlets: readonly Outlet[];
  /** Power on: boots and connects after `delayS`. */
  powerOn(delayS: number): void;
  plugIn(evseId: number, vehicle: Vehicle): void;
  unplug(evseId: number): void;
  /** Restarts as after a power cut. */
  reboot(): void;
  /** Reads its switches again. */
  refresh(): void;
  /** Brings all registers up to now. */
  count(): void;
  isConnected(): boolean;
  /** Switched on and not restarting. */
  isPowered(): boolean;
  /** Ends the connection and every timer. */
  powerOff(): void;
}

/** Time of the connection to the CSMS. */
type Link = 'off' | 'connecting' | 'open';

/** A station that is switched off. */
export function createStation(parts: StationParts): SimStation {
  const { station, voltage, behaviour, clock, prng, switches } = parts;
  const dialect = dialectOf(station);
  const store = createProfileStore(station);
  const outlets = station.evses.map((evse) => outletOf(evse, clock.now()));
  const transactions = new Map<number, StationTransaction>();
  const statuses = new Map<number, OutletStatus>();
  const timers = new Map<string, () => void>();
  const builtS = clock.now();
  const settings = { sampleIntervalS: behaviour.sampleIntervalS, heartbeatIntervalS: behaviour.heartbeatIntervalS };
  let link: Link = 'off';
  let powered = false;
  let bootReason: string | undefined = 'PowerUp';
  let attempts = 0;
  let offlineSinceS: EpochS | undefined = clock.now();
  let transactionCount = 0;
  const spikeUntil = new Map<number, number>();

  const ownNow = (): EpochS =>
    (clock.now() + Math.trunc((switches().driftSPerHour * (clock.now() - builtS)) / 3600)) as EpochS;
  const timer = (name: string, inS: number, run: () => void): void => {
    timers.get(name)?.();
    const cancel = clock.at((clock.now() + inS) as EpochS, () => {
      timers.delete(name);
      run();
    });
    timers.set(name, cancel);
  };
  const stopTimer = (name: string): void => {
    timers.get(name)?.();
    timers.delete(name);
  };
  const outletAt = (evseId: number): Outlet => {
    const outlet = outlets.find((candidate) => candidate.evse.id === evseId);
    invariant(outlet !== undefined, 'a station is asked for its own EVSEs', { station: station.id, evseId });
    return outlet;
  };

  // Limits
  const hardwareOf = (outlet: Outlet): number =>
    station.current === 'AC' ? outlet.evse.maxA : outlet.evse.maxW;
  const viewOf = (evseId: number): CompositeView => {
    const outlet = outletAt(evseId);
    const transaction = transactions.get(evseId);
    const flaws = switches();
    return {
      version: station.version,
      held: store.held(),
      evseId,
      ...(transaction === undefined
        ? {}
        : { transaction: { id: transaction.id, startedS: transaction.startedS } }),
      assumedStartS: ownNow(),
      unit: station.current === 'AC' ? 'A' : 'W',
      voltage,
      phases: flaws.onePhaseOnly ? 1 : station.current === 'AC' ? outlet.evse.rotation.length : 3,
      hardware: hardwareOf(outlet),
      ...(offlineSinceS === undefined ? {} : { offlineSinceS }),
      ignoresDuration: flaws.ignoresDuration,
      ignoresValidTo: flaws.ignoresValidTo,
    };
  };
  const targetOf = (outlet: Outlet): number => {
    const flaws = switches();
    if (!flaws.followsLimit || (flaws.forgetsAfterZero && outlet.sawZero)) return hardwareOf(outlet);
    if ((spikeUntil.get(outlet.evse.id) ?? -Infinity) > clock.now()) return hardwareOf(outlet);
    return allowedAt(viewOf(outlet.evse.id), ownNow());
  };
  const sharedCapW = (): number => {
    const [first] = outlets;
    if (!station.capability.sharesStationCap || first === undefined) return Infinity;
    const cap = stationCapAt(viewOf(first.evse.id), ownNow());
    if (cap === undefined) return Infinity;
    return station.current === 'AC' ? cap * voltage * first.evse.rotation.length : cap;
  };
  const redraw = (): void => {
    for (const outlet of outlets) {
      countEnergy(outlet, clock.now());
      if (outlet.live && outlet.vehicle !== undefined && offerOf(outlet, station.current) === 0) {
        outlet.sawZero = true;
        if (!switches().wakes) outlet.asleep = true;
      }
    }
    applyDraws(outlets, station, voltage, sharedCapW());
    for (const outlet of outlets) {
      const inS = secondsToChange(outlet);
      if (inS === undefined) stopTimer(`full/${outlet.evse.id}`);
      else timer(`full/${outlet.evse.id}`, inS, redraw);
      reportStatus(outlet);
    }
    parts.onDraw();
  };
  const watchEdges = (): void => {
    const now = ownNow();
    let next: number | undefined;
    for (const outlet of outlets) {
      const edge = nextEdge(viewOf(outlet.evse.id), now, (now + lookAheadS) as EpochS);
      if (edge !== undefined && (next === undefined || edge < next)) next = edge;
    }
    if (next === undefined) stopTimer('edge');
    else timer('edge', next - now, refresh);
  };
  const follow = (outlet: Outlet): void => {
    outlet.followed = targetOf(outlet);
    redraw();
  };
  const refresh = (): void => {
    let changed = false;
    for (const outlet of outlets) {
      const target = targetOf(outlet);
      const name = `follow/${outlet.evse.id}`;
      if (target === outlet.followed) continue;
      if (!outlet.live) {
        outlet.followed = target;
        changed = true;
      } else if (!timers.has(name)) {
        const [least, most] = behaviour.reactionS;
        timer(name, prng.integer(least, most) + switches().extraReactionS, () => follow(outlet));
      }
    }
    if (changed || station.capability.sharesStationCap) redraw();
    watchEdges();
  };

  // Reports
  const outbox = createOutbox({ stationId: station.id, clock, send: (text) => socket.send(text) });
  const readingsOf = (outlet: Outlet): Readings => {
    countEnergy(outlet, clock.now());
    const factor = switches().meterFactor;
    const pins = station.current === 'DC' ? 3 : outlet.evse.rotation.length;
    return {
      at: ownNow(),
      powerW: outlet.drawW * factor,
      currentA: Array.from({ length: pins }, (_, i) => (i < outlet.pins ? outlet.drawA * factor : 0)),
      registerWh: outlet.registerWh * factor,
      offered: offerOf(outlet, station.current),
    };
  };
  const statusOf = (outlet: Outlet): OutletStatus => {
    if (outlet.vehicle === undefined) return 'Available';
    if (!transactions.has(outlet.evse.id)) return 'Preparing';
    if (outlet.drawW > 0) return 'Charging';
    return offerOf(outlet, station.current) === 0 ? 'SuspendedEVSE' : 'SuspendedEV';
  };
  const chargingStateOf = (status: OutletStatus): string =>
    status === 'Available' ? 'Idle' : status === 'Preparing' ? 'EVConnected' : status;
  const causeOf = (trigger: string, outlet: Outlet, stoppedReason?: string): EventCause => ({
    trigger,
    offline: link !== 'open',
    chargingState: chargingStateOf(statusOf(outlet)),
    ...(stoppedReason === undefined ? {} : { stoppedReason }),
  });
  const postStatus = (outlet: Outlet): void => {
    const call = dialect.status(outlet.evse.id, statusOf(outlet), ownNow());
    outbox.post({ build: () => call, keep: 'no' });
  };
  const reportStatus = (outlet: Outlet): void => {
    const status = statusOf(outlet);
    const before = statuses.get(outlet.evse.id);
    if (before === status) return;
    statuses.set(outlet.evse.id, status);
    parts.onNote?.('status', { evse: outlet.evse.id, status });
    const wasFree = before === undefined || before === 'Available';
    if (station.version === '1.6' || wasFree || status === 'Available') postStatus(outlet);
    const transaction = transactions.get(outlet.evse.id);
    if (station.version === '1.6' || transaction === undefined) return;
    const cause = causeOf('ChargingStateChanged', outlet);
    const call = dialect.update(transaction, undefined, ownNow(), cause);
    if (call !== undefined) outbox.post({ build: () => call, keep: 'transaction' });
  };
  const sample = (): void => {
    if (switches().meters) {
      for (const transaction of transactions.values()) {
        const outlet = outletAt(transaction.evseId);
        const readings = readingsOf(outlet);
        const cause = causeOf('MeterValuePeriodic', outlet);
        if (station.version === '1.6') {
          outbox.post({
            build: () => dialect.update(transaction, readings, readings.at, cause) ?? dialect.heartbeat(),
            keep: 'sample',
          });
        } else {
          const call = dialect.update(transaction, readings, readings.at, cause);
          if (call !== undefined) outbox.post({ build: () => call, keep: 'sample' });
        }
      }
    }
    watchSamples();
  };
  const watchSamples = (): void => {
    const { sampleIntervalS } = settings;
    if (sampleIntervalS <= 0) stopTimer('sample');
    else timer('sample', sampleIntervalS - (clock.now() % sampleIntervalS), sample);
  };
  const watchHeartbeat = (): void => {
    timer('heartbeat', settings.heartbeatIntervalS, () => {
      outbox.post({ build: () => dialect.heartbeat(), keep: 'no' });
      watchHeartbeat();
    });
  };

  // Transactions
  const begin = (outlet: Outlet): void => {
    const { vehicle } = outlet;
    const evseId = outlet.evse.id;
    if (vehicle === undefined || transactions.has(evseId) || !powered) return;
    countEnergy(outlet, clock.now());
    const transaction: StationTransaction = {
      evseId,
      id: station.version === '1.6' ? undefined : `${station.id.slice(0, 24)}-t${++transactionCount}`,
      idToken: vehicle.idToken,
      startedS: ownNow(),
      startRegisterWh: outlet.registerWh * switches().meterFactor,
      sequence: 0,
    };
    transactions.set(evseId, transaction);
    outlet.live = true;
    outlet.followed = targetOf(outlet);
    const readings = readingsOf(outlet);
    const cause = causeOf('Authorized', outlet);
    const event = dialect.start(transaction, readings, cause);
    outbox.post({
      build: () => event,
      keep: 'transaction',
      onAnswer: (answer) => {
        const id = numberAt(answer, 'transactionId');
        if (id === undefined) return;
        transaction.id = String(id);
        refresh();
      },
    });
    parts.onNote?.('transaction started', { evse: evseId });
    redraw();
    watchEdges();
  };
  const end = (outlet: Outlet, trigger: string, stoppedReason: string): void => {
    const transaction = transactions.get(outlet.evse.id);
    if (transaction === undefined) return;
    const readings = readingsOf(outlet);
    const cause = causeOf(trigger, outlet, stoppedReason);
    transactions.delete(outlet.evse.id);
    store.endTransaction(outlet.evse.id);
    outlet.live = false;
    stopTimer(`follow/${outlet.evse.id}`);
    if (station.version === '1.6') {
      outbox.post({ build: () => dialect.stop(transaction, readings, cause), keep: 'transaction' });
    } else {
      const call = dialect.stop(transaction, readings, cause);
      outbox.post({ build: () => call, keep: 'transaction' });
    }
    parts.onNote?.('transaction ended', { evse: outlet.evse.id, registerWh: Math.round(readings.registerWh) });
    outlet.followed = targetOf(outlet);
    redraw();
    watchEdges();
  };
  const authorize = (outlet: Outlet): void => {
    const { vehicle } = outlet;
    if (vehicle === undefined || !powered) return;
    outbox.post({
      build: () => dialect.authorize(vehicle.idToken),
      keep: 'no',
      onAnswer: (answer) => {
        const info = recordOf(answer['idTagInfo']) ?? recordOf(answer['idTokenInfo']);
        if (textAt(info, 'status') === 'Accepted' && outlet.vehicle === vehicle) begin(outlet);
      },
      // Without a connection the station trusts its cache.
      onLost: () => {
        if (outlet.vehicle === vehicle) begin(outlet);
      },
    });
  };

  // Connection
  const connect = (): void => {
    if (!powered || link !== 'off') return;
    link = 'connecting';
    socket.connect();
  };
  const boot = (): void => {
    const reason = bootReason;
    if (reason === undefined) return;
    const again = (): void => timer('boot', 30, boot);
    outbox.postFirst({
      build: () => dialect.boot(reason),
      keep: 'no',
      onAnswer: (answer) => {
        if (textAt(answer, 'status') !== 'Accepted') return again();
        bootReason = undefined;
        const interval = numberAt(answer, 'interval');
        if (interval !== undefined && interval > 0) settings.heartbeatIntervalS = interval;
        watchHeartbeat();
        return outbox.hold('free');
      },
      onLost: () => {
        if (link === 'open') again();
      },
    });
  };
  const onOpened = (): void => {
    link = 'open';
    attempts = 0;
    offlineSinceS = undefined;
    parts.onNote?.('connected', {});
    if (bootReason !== undefined) {
      outbox.hold('held');
      boot();
    }
    outbox.opened();
    for (const outlet of outlets) postStatus(outlet);
    watchEdges();
  };
  const onClosed = (): void => {
    if (link === 'off') return;
    link = 'off';
    offlineSinceS = ownNow();
    outbox.closed();
    parts.onNote?.('disconnected', {});
    if (!powered) return;
    const [first, longest] = behaviour.reconnectS;
    const wait = Math.min(longest, first * 2 ** Math.min(attempts++, 20));
    timer('connect', Math.max(1, wait - prng.integer(0, Math.floor(wait / 3))), connect);
    refresh();
  };
  const onFrame = (text: string): void => {
    const frame: unknown = parseFrame(text);
    if (!Array.isArray(frame) || link !== 'open') return;
    const [type, messageId, third, fourth] = frame as readonly unknown[];
    if (typeof messageId !== 'string') return;
    if (type === 3) outbox.answered(messageId, third);
    if (type === 4) outbox.failed(messageId);
    if (type !== 2 || typeof third !== 'string' || !switches().answers) return;
    const answer = answerCall(inside, third, recordOf(fourth) ?? {});
    if (answer.kind === 'error') {
      socket.send(JSON.stringify([4, messageId, answer.code, answer.description, {}]));
      return;
    }
    socket.send(JSON.stringify([3, messageId, answer.payload]));
    answer.after?.();
  };
  const socket = parts.socketFor({ opened: onOpened, closed: onClosed, frame: onFrame });

  const powerDown = (): void => {
    powered = false;
    const wasOpen = link !== 'off';
    link = 'off';
    offlineSinceS ??= ownNow();
    outbox.closed();
    if (wasOpen) socket.close();
    for (const outlet of outlets) end(outlet, 'ResetCommand', 'Reboot');
    for (const cancel of timers.values()) cancel();
    timers.clear();
  };
  const powerUp = (): void => {
    powered = true;
    for (const outlet of outlets) {
      outlet.followed = targetOf(outlet);
      if (outlet.vehicle !== undefined) begin(outlet);
    }
    watchSamples();
    watchEdges();
    connect();
  };
  const reboot = (): void => {
    if (!powered) return;
    powerDown();
    bootReason = 'PowerUp';
    statuses.clear();
    store.reboot(switches().losesProfiles ? 'none' : behaviour.keepsProfiles);
    timer('power', behaviour.bootS, powerUp);
  };

  const inside: StationInside = {
    station,
    store,
    switches,
    now: ownNow,
    viewOf,
    transactionOf: (evseId) => {
      const transaction = transactions.get(evseId);
      return { running: transaction !== undefined, id: transaction?.id };
    },
    profilesChanged: (replaced) => {
      const { spikeS } = switches();
      if (replaced !== undefined && spikeS > 0) {
        spikeUntil.set(replaced, clock.now() + spikeS);
        timer(`spike/${replaced}`, spikeS, refresh);
      }
      refresh();
    },
    post: (call) => outbox.post({ build: () => call, keep: 'no' }),
    trigger: (message, evseId) => {
      const meant = outlets.filter((outlet) => evseId === undefined || evseId === 0 || outlet.evse.id === evseId);
      if (message === 'BootNotification') outbox.post({ build: () => dialect.boot('Triggered'), keep: 'no' });
      if (message === 'Heartbeat') outbox.post({ build: () => dialect.heartbeat(), keep: 'no' });
      for (const outlet of meant) {
        if (message === 'StatusNotification') postStatus(outlet);
        if (message !== 'MeterValues') continue;
        const call = dialect.idleReadings(outlet.evse.id, readingsOf(outlet));
        outbox.post({ build: () => call, keep: 'no' });
      }
    },
    reset: reboot,
    stop: (transactionId) => {
      for (const transaction of transactions.values()) {
        if (transaction.id === transactionId) end(outletAt(transaction.evseId), 'RemoteStop', 'Remote');
      }
    },
    variables: variablesOf(station, settings, () => {
      watchSamples();
      watchHeartbeat();
    }),
  };

  return {
    station,
    outlets,
    powerOn: (delayS) => timer('power', delayS, powerUp),
    plugIn: (evseId, vehicle) => {
      const outlet = outletAt(evseId);
      invariant(outlet.vehicle === undefined, 'a socket takes one vehicle', { station: station.id, evseId });
      countEnergy(outlet, clock.now());
      outlet.vehicle = vehicle;
      outlet.takenWh = 0;
      outlet.sawZero = false;
      outlet.asleep = false;
      if (!powered) return;
      reportStatus(outlet);
      authorize(outlet);
    },
    unplug: (evseId) => {
      const outlet = outletAt(evseId);
      end(outlet, 'EVCommunicationLost', 'EVDisconnected');
      outlet.vehicle = undefined;
      redraw();
    },
    reboot,
    refresh,
    count: () => {
      for (const outlet of outlets) countEnergy(outlet, clock.now());
    },
    isConnected: () => link === 'open',
    isPowered: () => powered,
    powerOff: powerDown,
  };
}

function parseFrame(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
