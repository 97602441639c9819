/** What all parts of one simulated station share. @module */
import { invariant } from '#domain/invariant';
import type { Prng } from '#domain/prng';
import type { Station } from '#domain/site';
import type { EpochS } from '#domain/units';
import type { Clock } from '#ports/clock';
import type { Dialect, Readings, StationTransaction } from './dialect.ts';
import type { Outlet } from './outlet.ts';
import type { Switches } from './personas.ts';
import type { ProfileStore } from './profile-store.ts';
import type { Behaviour } from './scenario-site.ts';
import type { SocketEvents, StationSocket } from './socket.ts';
import type { Outbox } from './station-outbox.ts';
import type { JsonRecord } from './wire-reading.ts';

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

/** What a CSMS may change. */
export interface StationSettings {
  sampleIntervalS: number;
  heartbeatIntervalS: number;
}

/** Wakes by name; setting one again takes the earlier one back. */
export interface Timers {
  set(name: string, inS: number, run: () => void): void;
  stop(name: string): void;
  has(name: string): boolean;
  stopAll(): void;
}

/** The state of one station; changed by the functions of `station-*.ts` only. */
export interface StationCore {
  readonly parts: StationParts;
  readonly dialect: Dialect;
  readonly store: ProfileStore;
  readonly outlets: readonly Outlet[];
  /** By EVSE id. */
  readonly transactions: Map<number, StationTransaction>;
  readonly timers: Timers;
  readonly outbox: Outbox;
  readonly settings: StationSettings;
  /** By EVSE id: until when a replaced profile makes it draw without limit. */
  readonly spikeUntil: Map<number, number>;
  /** By EVSE id: readings that a meter repeats, and the register from which one has begun anew. */
  readonly lastReadings: Map<number, Readings>;
  readonly registerFrom: Map<number, number>;
  readonly builtS: EpochS;
  link: 'off' | 'connecting' | 'open';
  powered: boolean;
  /** Why BootNotification is due; absent: it has been accepted. */
  bootReason: string | undefined;
  /** Attempts to connect since the last connection. */
  attempts: number;
  offlineSinceS: EpochS | undefined;
  transactionCount: number;
  /** Runs after draws were set anew. */
  onRedraw: (outlet: Outlet) => void;
}

/** Timers on a clock. */
export function createTimers(clock: Clock): Timers {
  const cancels = new Map<string, () => void>();
  return {
    set: (name, inS, run) => {
      cancels.get(name)?.();
      const cancel = clock.at((clock.now() + inS) as EpochS, () => {
        cancels.delete(name);
        run();
      });
      cancels.set(name, cancel);
    },
    stop: (name) => {
      cancels.get(name)?.();
      cancels.delete(name);
    },
    has: (name) => cancels.has(name),
    stopAll: () => {
      for (const cancel of cancels.values()) cancel();
      cancels.clear();
    },
  };
}

/** The time on the station's own clock. */
export function ownNow(core: StationCore): EpochS {
  const { clock, switches } = core.parts;
  const now = clock.now();
  const { driftSPerHour, clockOffS } = switches();
  return driftSPerHour === 0 && clockOffS === 0
    ? now
    : ((now + clockOffS + Math.trunc((driftSPerHour * (now - core.builtS)) / 3600)) as EpochS);
}

/** An EVSE of the station. */
export function outletAt(core: StationCore, evseId: number): Outlet {
  const outlet = core.outlets.find((candidate) => candidate.evse.id === evseId);
  invariant(outlet !== undefined, 'a station is asked for its own EVSEs', {
    station: core.parts.station.id,
    evseId,
  });
  return outlet;
}
