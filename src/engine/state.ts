/** Everything that the engine knows: a JSON value, changed by `step` only. Records are read in the order of their sorted keys. @module */
import type { DepotEvent } from '#domain/event';
import type { DepotPlan } from '#domain/plan';
import type { Site } from '#domain/site';
import type { TimeGrid } from '#domain/time-grid';
import type { EpochS, WattHours, Watts } from '#domain/units';
import type { Visit } from '#domain/visit';
import type { ConnectorStatus } from '#ocpp/station-message';
import type { Policy } from './policy.ts';

/** A running transaction and the register at its start. */
export interface RunningTransaction {
  readonly id: string;
  readonly startedAt: EpochS;
  readonly startRegisterWh: WattHours;
  /** The visit that it serves; absent for a vehicle that nobody announced. */
  readonly visitId?: string;
}

/** What is known of one EVSE from its station's own words. */
export interface EvseState {
  readonly status: ConnectorStatus;
  readonly transaction?: RunningTransaction;
  readonly registerWh?: WattHours;
  readonly powerW?: Watts;
  /** Instant of the latest reading. */
  readonly sampledAt?: EpochS;
}

/** What is known of one station. */
export interface StationState {
  readonly up: boolean;
  /** Instant of the last change of `up`. */
  readonly since: EpochS;
  readonly boots: number;
  readonly alarmedLoss: boolean;
  /** By EVSE id. */
  readonly evses: Readonly<Record<string, EvseState>>;
}

/** A visit and how far it has come. */
export interface VisitState {
  readonly visit: Visit;
  readonly phase: 'expected' | 'plugged' | 'gone';
  readonly pluggedAt?: EpochS;
  /** Energy of ended transactions of this visit. */
  readonly deliveredBeforeWh: WattHours;
  /** Energy in all, as of the latest register. */
  readonly deliveredWh: WattHours;
  readonly endedAt?: EpochS;
}

/** Why a new plan is wanted. */
export type Trigger =
  | 'start'
  | 'interval'
  | 'plug-in'
  | 'unplug'
  | 'visit'
  | 'departure'
  | 'station-lost'
  | 'station-back'
  | 'limit'
  | 'tariff'
  | 'load'
  | 'not-compliant';

/** A solve that has been asked for; the answer is read with the help of what is kept here. */
export interface OpenSolve {
  readonly requestId: number;
  readonly askedAt: EpochS;
  readonly grid: TimeGrid;
  readonly triggers: readonly Trigger[];
  /** In the order of the problem's sessions. */
  readonly sessions: readonly {
    readonly visitId: string;
    readonly evse: string;
    readonly phases: 1 | 3;
    readonly arrive: number;
    readonly depart: number;
  }[];
}

/** Numbers of things that happened, for status and alarms. */
export interface Counts {
  readonly solves: number;
  readonly solveFailures: number;
  readonly plansRefused: number;
  readonly busRefused: number;
  readonly callsRefused: number;
  readonly restarts: number;
}

/** The state of one site's engine. */
export interface State {
  readonly now: EpochS;
  readonly site: Site;
  readonly policy: Policy;
  readonly seed: number;
  /** By station id. */
  readonly stations: Readonly<Record<string, StationState>>;
  /** By visit id. */
  readonly visits: Readonly<Record<string, VisitState>>;
  readonly tariff?: Extract<DepotEvent, { kind: 'tariff' }>;
  /** Limit events in force or to come, oldest first. */
  readonly limits: readonly Extract<DepotEvent, { kind: 'limit' }>[];
  /** The plan in force: always one whose certificate is valid. */
  readonly plan?: DepotPlan;
  readonly planRevision: number;
  /** Why a new plan is wanted; empty: the plan is fresh. */
  readonly stale: readonly Trigger[];
  readonly solving?: OpenSolve;
  readonly requestCount: number;
  /** Transaction ids of OCPP 1.6 are chosen here, counting up. */
  readonly transactionCount: number;
  readonly counts: Counts;
}
