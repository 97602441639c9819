/** One night from start to end: world, stations, transport and the shipped engine in lockstep. @module */
import type { EpochS } from '#domain/units';
import type { Policy } from '#engine/policy';
import type { Loop, LoopParts } from '#engine/loop';
import type { Bus } from '#ports/bus';
import type { ChargerLink } from '#ports/charger-link';
import type { Journal } from '#ports/journal';
import type { Log } from '#ports/log';
import type { JournalSummary, NightResult } from './night-result.ts';
import type { Scenario } from './scenario.ts';
import type { SocketEvents, StationSocket } from './socket.ts';

/** How frames travel between simulated stations and the engine's charger link. */
export interface Transport {
  readonly name: string;
  /** Opens the CSMS end; a new one for each process of the engine. */
  listen(): Promise<ChargerLink>;
  /** The CSMS process is gone: every connection breaks, nothing listens. */
  crash(): Promise<void>;
  /** The socket of one station. */
  socketFor(stationId: string, events: SocketEvents): StationSocket;
  /** While cut, the station's connection is broken and attempts fail. */
  cut(stationId: string, state: 'cut' | 'whole'): void;
  /** Resolves when no frame, no attempt and no closing is under way. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

/** Where the journal of the night lives. */
export interface NightJournal {
  /** The journal as a new process of the engine finds it. */
  open(): Journal;
  summary(): JournalSummary;
}

/** Where the night has got to. */
export interface NightProgress {
  readonly nowS: EpochS;
  readonly startS: EpochS;
  readonly endS: EpochS;
  readonly siteW: number;
  readonly connected: number;
  readonly charging: number;
  readonly violations: number;
  readonly engine: 'up' | 'down';
  readonly alarms: number;
}

/** What a night is made of. */
export interface NightOptions {
  readonly scenario: Scenario;
  readonly transport: Transport;
  readonly bus: Bus;
  readonly journal: NightJournal;
  /** The tariff document where the scenario only names it. */
  readonly tariff?: unknown;
  readonly policy: Policy;
  readonly solve: LoopParts['solve'];
  readonly createLoop: (parts: LoopParts) => Loop;
  readonly log: Log;
  /** Milliseconds of a real clock, for `wallMs`. */
  readonly wallClockMs: () => number;
  /** Called at most once per simulated `progressEveryS`. */
  readonly onProgress?: (progress: NightProgress) => void;
}

export type { NightResult };
