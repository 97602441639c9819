/** The depot as it is wired: circuits, stations, EVSEs, shared modules. @module */
import type { Amperes, Seconds, Watts } from './units.ts';

/** A conductor of the site, as 0-based index into per-phase values. */
export type Phase = 0 | 1 | 2;
/** The three phases of a site in order L1, L2, L3. */
export const phases: readonly Phase[] = [0, 1, 2];

/** The OCPP versions that a station may speak. */
export type OcppVersion = '1.6' | '2.0.1' | '2.1';

/** A protected conductor that must not be overloaded, on any phase, at any time. */
export interface Circuit {
  readonly id: string;
  /** The circuit that feeds this one; absent for the grid connection, which comes first. */
  readonly parent?: string;
  /** Most current on each phase. */
  readonly limitA: Amperes;
  /** Most power over all phases, where the connection agreement says so. */
  readonly limitW?: Watts;
}

/** A value for each of L1, L2, L3. */
export type PerPhase = readonly [number, number, number];

/** What is drawn on a circuit without our control (a building), as a bound that plans and the ledger count on. */
export interface UncontrolledLoad {
  readonly circuit: string;
  /** Expected mean power of each local quarter hour of a day, all phases together, 96 values. */
  readonly expectedW: readonly Watts[];
  /** Highest power of each local quarter hour that safety counts on, 96 values. */
  readonly boundW: readonly Watts[];
  /** Highest part of its power that each phase carries, 1 or more in sum; absent: a third each. */
  readonly phaseShares?: PerPhase;
}

/** Current of an uncontrolled load on one phase, A, while it draws `powerW` in all. */
export function loadCurrent(
  { phaseShares }: Pick<UncontrolledLoad, 'phaseShares'>,
  powerW: number,
  phase: Phase,
  voltage: number,
): number {
  return phaseShares === undefined ? powerW / 3 / voltage : (powerW * phaseShares[phase]) / voltage;
}

/** One place where a vehicle can charge. OCPP 1.6 calls it a connector; its `id` counts from 1 within the station. */
export interface Evse {
  readonly id: number;
  /** Most current per phase (AC) that hardware and wiring carry. */
  readonly maxA: Amperes;
  /** Most power that it draws from the grid. */
  readonly maxW: Watts;
  /** Least current per phase at which a vehicle charges at all: 6 A by IEC 61851-1. */
  readonly minA: Amperes;
  /** Amp step that the station follows; limits are rounded down to it. */
  readonly stepA: Amperes;
  /** Site phases behind the pins L1, L2, L3 of the socket, in that order: one phase, or three rotated. */
  readonly rotation: readonly Phase[];
}

/** Facts of a capability that a station can be asked for. */
export type ReadableFact = 'rateUnit' | 'maxPeriods' | 'maxStackLevel' | 'maxProfiles';

/** Which purposes of charging profiles a station obeys, not only accepts. */
export interface ObeyedPurposes {
  readonly stationMax: boolean;
  readonly txDefault: boolean;
  readonly txProfile: boolean;
}

/** A station in full order. */
export const obeysAll: ObeyedPurposes = { stationMax: true, txDefault: true, txProfile: true };

/** What a (vendor, model, firmware) has been shown to do. Unknown facts take the cautious value. */
export interface StationCapability {
  /** Unit of the limits sent: A for AC, W for DC. */
  readonly rateUnit: 'A' | 'W';
  readonly maxPeriods: number;
  readonly maxStackLevel: number;
  /** Most profiles installed at once. */
  readonly maxProfiles: number;
  /** Time from an accepted or scheduled decrease until the draw is down. */
  readonly reactionS: Seconds;
  /** Keeps installed profiles over a reboot. */
  readonly keepsProfiles: 'all' | 'floors' | 'none';
  /** Falls to the floor by itself when the duration of the plan profile ends. */
  readonly obeysLease: boolean;
  /** Shares ChargePointMaxProfile / ChargingStationMaxProfile over its EVSEs instead of applying it to each. */
  readonly sharesStationCap: boolean;
  /**
   * AC: charges on one phase of three where a period says numberPhases 1, and, `to-any`, on the one that phaseToUse names.
   * Absent: it does not, or nobody has said so.
   */
  readonly switchesPhases?: 'to-one' | 'to-any';
  /** Absent: all purposes. What is not obeyed limits nothing, whatever the station accepts. */
  readonly obeys?: ObeyedPurposes;
  /** How far its clock was seen to be off; absent: no more than the site allows for all clocks. */
  readonly clockSkewS?: Seconds;
  /** Facts that nobody has declared: what the station reports takes their place, the cautious value where it does not. */
  readonly assumed?: readonly ReadableFact[];
}

/** A charging station: one OCPP identity. */
export interface Station {
  readonly id: string;
  readonly version: OcppVersion;
  readonly vendor: string;
  readonly model: string;
  /** The circuit that feeds it. */
  readonly circuit: string;
  readonly current: 'AC' | 'DC';
  readonly evses: readonly Evse[];
  /** Most power of all its EVSEs together (shared power module), drawn from the grid. */
  readonly moduleW?: Watts;
  readonly capability: StationCapability;
  /** Basic-auth password of OCPP security profile 1/2; absent only on loopback. */
  readonly password?: string;
}

/**
 * Whether a limit of an EVSE is the power of all three phases of its socket, AC: any of them might carry all of it, so
 * circuits count it on each, and no more than the hardware carries.
 */
export function sharesWatts({ current, capability }: Station, { rotation }: Evse): boolean {
  return current === 'AC' && capability.rateUnit === 'W' && rotation.length === 3;
}

/** The least limit at which a vehicle charges at an AC station, A per phase as circuits count it. */
export function startingA(station: Station, evse: Evse): number {
  const { minA, maxA, rotation } = evse;
  return sharesWatts(station, evse) ? Math.min(minA * rotation.length, maxA) : minA;
}

/** One depot behind one grid connection. */
export interface Site {
  readonly id: string;
  /** IANA zone of its clock and its tariff. */
  readonly timeZone: string;
  /** Line-to-neutral voltage. */
  readonly voltage: number;
  /** Parents before children; the first is the grid connection. */
  readonly circuits: readonly Circuit[];
  readonly stations: readonly Station[];
  readonly uncontrolled: readonly UncontrolledLoad[];
}

/** Names one EVSE of a site. */
export interface EvseRef {
  readonly stationId: string;
  readonly evseId: number;
}

/** The key of an EVSE in maps and reports: `station/evse`. */
export function evseKey(ref: EvseRef): string {
  return `${ref.stationId}/${ref.evseId}`;
}
