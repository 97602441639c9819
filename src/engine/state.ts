/** Everything that the engine knows: JSON but for its tables, changed by `step` only. Records are read in the order of their sorted keys. @module */
import type { DepotEvent } from '#domain/event';
import type { DepotPlan } from '#domain/plan';
import type { OcppVersion, Site, StationCapability } from '#domain/site';
import type { StepFunction } from '#domain/step-function';
import { tableOf, type Table } from '#domain/table';
import type { TimeGrid } from '#domain/time-grid';
import type { EpochS, WattHours, Watts } from '#domain/units';
import type { Visit } from '#domain/visit';
import { dispatchOfJson, type Dispatch, type DispatchAsJson } from '#dispatch/dispatch-state';
import type { CapabilityReading } from '#ocpp/capability-reading';
import type { MakeBook, StationMake } from '#ocpp/make-record';
import type { ChargingProfile, InstalledProfile } from '#ocpp/profile';
import type { ConnectorStatus } from '#ocpp/station-message';
import type { Floors } from '#safety/floors';
import { ledgerOfJson, type Ledger, type LedgerAsJson } from '#safety/ledger';
import type { SiteLimits } from '#safety/circuit-limits';
import type { BillingState } from '#tariffs/billing-state';
import type { WitnessState } from '#witness/witness';
import type { LimitingSets } from './limiting-sets.ts';
import type { LoadRecord, Reading } from './load-record.ts';
import type { Policy } from './policy.ts';

/** A running transaction and the register at its start. */
export interface RunningTransaction {
  readonly id: string;
  readonly startedAt: EpochS;
  /** Absent where it was met while it ran, until the first register: what came before is nobody's. */
  readonly startRegisterWh?: WattHours;
  /** The visit that it serves; absent for a vehicle that nobody announced. */
  readonly visitId?: string;
  /** What the vehicle was identified by. */
  readonly idToken?: string;
  /** Its station has named it: one of 1.6 does not know its number before our answer has come. */
  readonly isNamed?: true;
}

/** A vehicle that wants energy and draws none, in one transaction. */
export interface SleepWatch {
  readonly transactionId: string;
  /** It was offered less than its minimum current meanwhile. */
  readonly hasPaused: boolean;
  /** It has been offered power since then; absent while it is not. */
  readonly since?: EpochS;
  /** Pulses so far. */
  readonly pulses: number;
  /** It is offered nothing until then. */
  readonly pulseUntil?: EpochS;
}

/** What is known of one EVSE from its station's own words. */
export interface EvseState {
  readonly status: ConnectorStatus;
  readonly transaction?: RunningTransaction | undefined;
  readonly registerWh?: WattHours | undefined;
  readonly powerW?: Watts | undefined;
  /** Instant of the latest reading, by our clock. */
  readonly sampledAt?: EpochS | undefined;
  /** Instant of the latest register. */
  readonly registerAt?: EpochS | undefined;
  /** A register that cannot be, until the next one shows whether the meter counts on from there. */
  readonly oddRegister?: { readonly wh: WattHours; readonly at: EpochS } | undefined;
  /** Caught above its limit: how far the fence has got. */
  readonly fence?: Fence | undefined;
  /** Nothing has been heard of it that says what a vehicle draws there: no reading, no start of a transaction, no free socket. */
  readonly isUnheard?: true | undefined;
  /** Absent where the vehicle draws. */
  readonly sleep?: SleepWatch | undefined;
}

/**
 * What is done about an EVSE that draws more than it may, in this order: everybody else is lowered and it is told its
 * floor; its transaction is stopped if the site is still not safe; somebody has to go there.
 */
export interface Fence {
  readonly step: 'lower' | 'stop' | 'hands';
  readonly since: EpochS;
}

/** A transaction start that was answered, to know it when it is sent again. */
export interface AnsweredStart {
  /** EVSE, instant, register and token as text. */
  readonly key: string;
  readonly transactionId: string;
  /** It was asked for again: the first answer had not come in time. */
  readonly isAgain?: true;
}

/** What a station has told of its capability. */
export interface CapabilityState {
  /** `asked`: no answer yet; `refused`: none that says anything; `silent`: none at all. */
  readonly status: 'unasked' | 'asked' | 'read' | 'refused' | 'silent';
  /** Questions since it connected or booted. */
  readonly tries: number;
  /** Its latest answer, and the number of the connection on which it came. */
  readonly reading?: CapabilityReading;
  readonly link?: number;
}

/** A limit of somebody else on a station (`evseId` 0) or an EVSE. */
export interface ExternalLimit {
  readonly source: string;
  readonly evseId: number;
  /** Absent where only its existence was told. */
  readonly profile?: ChargingProfile;
}

/** A station's clock, from readings that are as old as the time between them: those do not come from a queue. */
export interface StationClock {
  /** Its time less ours, s; positive: it is ahead. */
  readonly offsetS: number;
  /** The latest reading: when it came, and when it says it was taken. */
  readonly heardAt: EpochS;
  readonly stampedAt: EpochS;
}

/** What is known of one station. */
export interface StationState {
  readonly up: boolean;
  readonly version: OcppVersion;
  /** Instant of the last change of `up`. */
  readonly since: EpochS;
  readonly boots: number;
  /** How long the station was away before its present connection; absent for the first one. */
  readonly awayS?: number | undefined;
  /** It has booted since it connected. */
  readonly hasBooted?: boolean | undefined;
  /** As its latest boot told. */
  readonly make?: StationMake | undefined;
  readonly capability: CapabilityState;
  /** Limits of others, oldest first. */
  readonly externalLimits?: readonly ExternalLimit[] | undefined;
  /** Rounds of questions about unheard EVSEs on this connection; `isOver`: it does not know such questions. */
  readonly rollCall?: { readonly rounds: number; readonly isOver?: true } | undefined;
  /** How its clock stands to ours. */
  readonly clock?: StationClock | undefined;
  /** By EVSE id. */
  readonly evses: Readonly<Record<string, EvseState>>;
  readonly answeredStarts: readonly AnsweredStart[];
  /** Transactions known to be over, oldest first. */
  readonly ended: readonly string[];
}

/** A visit and how far it has come. */
export interface VisitState {
  readonly visit: Visit;
  readonly phase: 'expected' | 'plugged' | 'gone';
  readonly pluggedAt?: EpochS;
  /** What the vehicle that came for it was identified by. */
  readonly idToken?: string;
  /** Energy of ended transactions of this visit. */
  readonly deliveredBeforeWh: WattHours;
  /** Energy in all, as of the latest register. */
  readonly deliveredWh: WattHours;
  readonly endedAt?: EpochS;
  /** Times that plans have changed its phases while it was here; absent: never. */
  readonly phaseChanges?: number;
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
  | 'not-compliant'
  | 'asleep';

/** A session of a problem in the engine's words. */
export interface PlannedSession {
  readonly visitId: string;
  readonly stationId: string;
  readonly evseId: number;
  readonly phases: 1 | 3;
  /** Planned power that one unit of the limit stands for, W: of an A per phase (AC) or a W (DC). */
  readonly wattsPerUnit: number;
  readonly arrive: number;
  readonly depart: number;
  /** Energy asked for beyond what the visit still lacks: margin, the part of the interval that is over; kWh. */
  readonly extraKwh: number;
  /** Energy with which a plan in force is still good, kWh. */
  readonly leastKwh: number;
  /** By interval of the stay: 1 where the plan in force has one phase of three; absent: nowhere. */
  readonly onePhase?: readonly number[];
}

/** The plan in force, counted out on a new problem; money, kW and kWh as in a solution. */
export interface KeptPlan {
  readonly objective: number;
  /** Cost of energy and earliness. */
  readonly energyCost: number;
  readonly powerKw: readonly (readonly number[])[];
  readonly onePhase?: readonly (readonly number[])[];
  readonly shortfallKwh: readonly number[];
  /** What it was asked for, by session, and what a kWh costs that is missing. */
  readonly wishes: readonly { readonly energyKwh: number; readonly shortfallPrice: number }[];
  readonly peaksKw: readonly number[];
}

/** A solve that has been asked for; the answer is read with the help of what is kept here. */
export interface OpenSolve {
  readonly requestId: number;
  readonly askedAt: EpochS;
  readonly grid: TimeGrid;
  readonly triggers: readonly Trigger[];
  /** In the order of the problem's sessions. */
  readonly sessions: readonly PlannedSession[];
  readonly kept?: KeptPlan;
}

/** The plan of one EVSE as the station shall hold it. */
export interface WantedPlan {
  readonly evseId: number;
  /** Absent where the visit is no longer known. */
  readonly visitId?: string;
  readonly transactionId: string;
  readonly profile: InstalledProfile;
  /** In the station's unit, from the start of the profile to the end of the lease. */
  readonly limit: StepFunction;
  /** 1 where the profile names one phase; absent: nowhere. */
  readonly onePhase?: StepFunction;
  readonly fromS: EpochS;
  readonly leaseEndS: EpochS;
}

/** A limit event with its start filled in. */
export type LimitEvent = Extract<DepotEvent, { kind: 'limit' }> & { readonly fromS: EpochS };

/** The billing periods as the engine meters them. */
export interface Metering {
  /** Sums, peaks and past periods up to `fromS`. */
  readonly billing: BillingState;
  /** Start of what is not yet in them. */
  readonly fromS: EpochS;
  /** Energy at the grid connection since then, and the seconds that its readings stand for. */
  readonly siteWh: number;
  readonly siteS: number;
  /** Energy of vehicles since then by their registers. */
  readonly vehiclesWh: number;
}

/** Something that is wrong and not yet over. */
export interface Alarm {
  readonly kind: string;
  readonly key: string;
  readonly since: EpochS;
}

/** Numbers of things that happened, for status and alarms. */
export interface Counts {
  readonly solves: number;
  readonly solveFailures: number;
  readonly plansRefused: number;
  readonly busRefused: number;
  readonly callsRefused: number;
  readonly restarts: number;
  readonly commands: number;
}

/** The state of one site's engine. */
export interface State {
  readonly startedAt: EpochS;
  readonly now: EpochS;
  /** The site with the capabilities that are counted on now. */
  readonly site: Site;
  /** The capabilities as the owner of the site declared them, by station id. */
  readonly declared: Readonly<Record<string, StationCapability>>;
  /** What each make has said and done. */
  readonly makes: MakeBook;
  readonly policy: Policy;
  readonly seed: number;
  /** By `evseKey`: A per phase (AC) or W (DC). */
  readonly floors: Floors;
  /** The floors where nothing is wrong. */
  readonly usualFloors: Floors;
  /** EVSEs that nobody can rule, by key, as floors were last chosen for: all while floors are low, else those that may take more. */
  readonly wild: readonly string[];
  readonly ledger: Ledger;
  readonly dispatch: Dispatch;
  readonly witness: WitnessState;
  /** What the ledger counts on, made anew with each interval, limit and load. */
  readonly supply: SiteLimits;
  /** `supply` no longer says what is known. */
  readonly supplyStale: boolean;
  /** By station id. */
  readonly stations: Table<StationState>;
  /** By visit id. */
  readonly visits: Readonly<Record<string, VisitState>>;
  readonly tariff?: Extract<DepotEvent, { kind: 'tariff' }> | undefined;
  /** Vehicles that once slept on after a pause, and when. */
  readonly sleepers?: Readonly<Record<string, EpochS>> | undefined;
  /** Present where a tariff is. */
  readonly metering?: Metering | undefined;
  /** Limit events in force or to come, oldest first. */
  readonly limits: readonly LimitEvent[];
  /** Limit events that began up to here have been seen to begin. */
  readonly limitsSeenAt: EpochS;
  /** Measured uncontrolled load, by circuit id. */
  readonly loads: Readonly<Record<string, Reading>>;
  /** What metered loads have been in each hour of the week, by circuit id. */
  readonly loadRecords?: Readonly<Record<string, LoadRecord>> | undefined;
  readonly siteMeter?: Reading | undefined;
  /** When this process asked the fleet system to say everything again; it does so until it hears of a vehicle. */
  readonly fleetAskedAt: EpochS;
  /** When the fleet system was last heard. */
  readonly fleetHeardAt?: EpochS | undefined;
  /** The plan in force: always one whose certificate is valid. */
  readonly plan?: DepotPlan | undefined;
  readonly planRevision: number;
  /** What the last answer leaves for the next solve. */
  readonly limiting?: LimitingSets | undefined;
  /** By `evseKey`. */
  readonly wanted: Readonly<Record<string, WantedPlan>>;
  /** Why a new plan is wanted; empty: the plan is fresh. */
  readonly stale: readonly Trigger[];
  /** Since when; of no meaning while the plan is fresh. */
  readonly staleSince: EpochS;
  /** Something changed that dispatch may act on. */
  readonly restless: boolean;
  readonly nextIntervalAt: EpochS;
  /** Dispatch wants a turn then. */
  readonly dispatchAt?: EpochS | undefined;
  /** The `wake` last asked for. */
  readonly wakeAt?: EpochS | undefined;
  readonly solving?: OpenSolve | undefined;
  readonly requestCount: number;
  /** Transaction ids of OCPP 1.6 are chosen here, counting up. */
  readonly transactionCount: number;
  /** By `kind key`. */
  readonly alarms: Readonly<Record<string, Alarm>>;
  readonly counts: Counts;
}

/**
 * The state with some of it changed. Every state has all the same fields in the same order, absent ones undefined: copies
 * of such objects are fast, and so is reading them.
 */
export function stateWith(state: State, change: Partial<State>): State {
  const next: { [K in keyof Required<State>]: State[K] } = {
    startedAt: state.startedAt,
    now: state.now,
    site: state.site,
    declared: state.declared,
    makes: state.makes,
    policy: state.policy,
    seed: state.seed,
    floors: state.floors,
    usualFloors: state.usualFloors,
    wild: state.wild,
    ledger: state.ledger,
    dispatch: state.dispatch,
    witness: state.witness,
    supply: state.supply,
    supplyStale: state.supplyStale,
    stations: state.stations,
    visits: state.visits,
    sleepers: state.sleepers,
    tariff: state.tariff,
    metering: state.metering,
    limits: state.limits,
    limitsSeenAt: state.limitsSeenAt,
    loads: state.loads,
    loadRecords: state.loadRecords,
    siteMeter: state.siteMeter,
    fleetAskedAt: state.fleetAskedAt,
    fleetHeardAt: state.fleetHeardAt,
    plan: state.plan,
    planRevision: state.planRevision,
    limiting: state.limiting,
    wanted: state.wanted,
    stale: state.stale,
    staleSince: state.staleSince,
    restless: state.restless,
    nextIntervalAt: state.nextIntervalAt,
    dispatchAt: state.dispatchAt,
    wakeAt: state.wakeAt,
    solving: state.solving,
    requestCount: state.requestCount,
    transactionCount: state.transactionCount,
    alarms: state.alarms,
    counts: state.counts,
  };
  return Object.assign(next, change);
}

/** What is known of a station, with some of it changed. */
export function stationStateWith(station: StationState, change: Partial<StationState>): StationState {
  const next: { [K in keyof Required<StationState>]: StationState[K] } = {
    up: station.up,
    version: station.version,
    since: station.since,
    boots: station.boots,
    awayS: station.awayS,
    hasBooted: station.hasBooted,
    make: station.make,
    capability: station.capability,
    externalLimits: station.externalLimits,
    rollCall: station.rollCall,
    clock: station.clock,
    evses: station.evses,
    answeredStarts: station.answeredStarts,
    ended: station.ended,
  };
  return Object.assign(next, change);
}

/** What is known of an EVSE, with some of it changed. */
export function evseStateWith(evse: EvseState, change: Partial<EvseState>): EvseState {
  const next: { [K in keyof Required<EvseState>]: EvseState[K] } = {
    status: evse.status,
    transaction: evse.transaction,
    registerWh: evse.registerWh,
    powerW: evse.powerW,
    sampledAt: evse.sampledAt,
    registerAt: evse.registerAt,
    oddRegister: evse.oddRegister,
    fence: evse.fence,
    isUnheard: evse.isUnheard,
    sleep: evse.sleep,
  };
  return Object.assign(next, change);
}

/** A state as JSON holds it: tables are the objects of their entries. */
export interface StateAsJson extends Omit<State, 'stations' | 'ledger' | 'dispatch'> {
  readonly stations: Readonly<Record<string, StationState>>;
  readonly ledger: LedgerAsJson;
  readonly dispatch: DispatchAsJson;
}

/** The state that JSON holds. */
export function stateOfJson(json: StateAsJson): State {
  const state: State = {
    ...json,
    stations: tableOf(json.stations),
    ledger: ledgerOfJson(json.ledger),
    dispatch: dispatchOfJson(json.dispatch),
  };
  return stateWith(state, {});
}
