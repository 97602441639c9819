/** One simulated station on the clock of this machine against any management system. @module */
import { prngOf } from '#domain/prng';
import type { OcppVersion, Phase, Station } from '#domain/site';
import { amperes, later, seconds, watts } from '#domain/units';
import type { Clock } from '#ports/clock';
import type { Log } from '#ports/log';
import { switchesOf } from '#sim/personas';
import type { PersonaName } from '#sim/scenario-document';
import type { SocketEvents, StationSocket } from '#sim/socket';
import { createStation, type SimStation } from '#sim/station';
import { openStationSocket, type StationSocket as Wire } from './ocpp-ws/station-socket.ts';
import { createSystemClock } from './system-clock.ts';

/** What is simulated; everything but identity, address and version has a default. */
export interface StationRunOptions {
  readonly id: string;
  /** Endpoint without the identity, e.g. `ws://127.0.0.1:9000/ocpp`. */
  readonly url: string;
  readonly version: OcppVersion;
  readonly password?: string;
  /** Default AC. */
  readonly current?: 'AC' | 'DC';
  /** Phases of an AC station; default 3. */
  readonly phases?: 1 | 3;
  /** AC: per phase; default 32. */
  readonly maxA?: number;
  /** DC: per EVSE; default 50. */
  readonly maxKw?: number;
  /** Default 1. */
  readonly evses?: number;
  readonly vendor?: string;
  readonly model?: string;
  readonly personas?: readonly PersonaName[];
  readonly sampleIntervalS?: number;
  /** A vehicle at EVSE 1; absent: none comes. */
  readonly vehicle?: {
    /** Seconds after the first connection; default 2. */
    readonly plugAfterS?: number;
    /** Seconds after plug-in at which it leaves; absent: it stays. */
    readonly leaveAfterS?: number;
    readonly energyKwh: number;
    /** Default: what the station gives. */
    readonly maxKw?: number;
    readonly idToken?: string;
  };
  readonly seed?: number;
  readonly log: Log;
  /** Absent: the clock of this machine. */
  readonly clock?: Clock;
}

/** A running station. */
export interface RunningStation {
  readonly station: SimStation;
  /** Ends the connection and every wake; the process can end. */
  stop(): void;
}

/** Line to neutral. */
const voltage = 230;
const threePhases: readonly Phase[] = [0, 1, 2];

/** The station as its hardware is. */
function stationOf(options: StationRunOptions): Station {
  const current = options.current ?? 'AC';
  const rotation = current === 'AC' && options.phases === 1 ? threePhases.slice(0, 1) : threePhases;
  const isAc = current === 'AC';
  const maxW = isAc ? (options.maxA ?? 32) * voltage * rotation.length : (options.maxKw ?? 50) * 1000;
  return {
    id: options.id,
    version: options.version,
    vendor: options.vendor ?? 'Voltherd',
    model: options.model ?? (isAc ? 'SIM-AC' : 'SIM-DC'),
    circuit: 'grid',
    current,
    evses: Array.from({ length: options.evses ?? 1 }, (_, i) => ({
      id: i + 1,
      maxA: amperes(isAc ? (options.maxA ?? 32) : Math.ceil(maxW / 3 / voltage)),
      maxW: watts(maxW),
      minA: amperes(isAc ? 6 : 0),
      stepA: amperes(1),
      rotation,
    })),
    capability: {
      rateUnit: isAc ? 'A' : 'W',
      maxPeriods: 24,
      maxStackLevel: 8,
      maxProfiles: 20,
      reactionS: seconds(5),
      keepsProfiles: 'floors',
      obeysLease: true,
      sharesStationCap: false,
    },
    ...(options.password === undefined ? {} : { password: options.password }),
  };
}

/** The station's end of real connections, one after the other. */
function socketOf(options: StationRunOptions, events: SocketEvents, onConnected: () => void): StationSocket {
  const { url, id, version, password, log } = options;
  let wire: Wire | undefined;
  return {
    connect: () => {
      const own: Wire = openStationSocket({
        url,
        id,
        version,
        ...(password === undefined ? {} : { password }),
        onOpen: () => {
          events.opened();
          onConnected();
        },
        onFrame: (text) => {
          log.info('received', { frame: text });
          events.frame(text);
        },
        onClose: (code, reason) => {
          if (wire !== own) return;
          wire = undefined;
          log.warn('no connection', { code, reason });
          events.closed();
        },
      });
      wire = own;
    },
    send: (text) => {
      log.info('sent', { frame: text });
      wire?.send(text);
    },
    close: () => {
      const own = wire;
      wire = undefined;
      own?.close();
    },
  };
}

/** Switches a station on; it runs until it is stopped. */
export function runStation(options: StationRunOptions): RunningStation {
  const { log, vehicle } = options;
  const clock = options.clock ?? createSystemClock();
  const switches = switchesOf(options.personas ?? []);
  const station = stationOf(options);
  const cancels: (() => void)[] = [];
  const after = (inS: number, run: () => void): void => {
    cancels.push(clock.at(later(clock.now(), inS), run));
  };
  let isExpected = true;
  const onConnected = (): void => {
    if (!isExpected || vehicle === undefined) return;
    isExpected = false;
    const idToken = vehicle.idToken ?? 'SIM-VEHICLE';
    const maxW = vehicle.maxKw === undefined ? (station.evses[0]?.maxW ?? 0) : vehicle.maxKw * 1000;
    after(vehicle.plugAfterS ?? 2, () => {
      sim.plugIn(1, { id: idToken, idToken, needWh: vehicle.energyKwh * 1000, maxW, phases: 3 });
      if (vehicle.leaveAfterS !== undefined) after(vehicle.leaveAfterS, () => sim.unplug(1));
    });
  };
  const sim: SimStation = createStation({
    station,
    voltage,
    behaviour: {
      reactionS: [1, 4],
      keepsProfiles: 'floors',
      bootS: 10,
      reconnectS: [5, 60],
      sampleIntervalS: options.sampleIntervalS ?? 15,
      heartbeatIntervalS: 60,
    },
    clock,
    prng: prngOf(options.seed ?? 1),
    switches: () => switches,
    socketFor: (events) => socketOf(options, events, onConnected),
    onDraw: () => undefined,
    onNote: (note, facts) => log.info(note, facts),
  });
  sim.powerOn(0);
  return {
    station: sim,
    stop: () => {
      for (const cancel of cancels) cancel();
      sim.powerOff();
    },
  };
}
