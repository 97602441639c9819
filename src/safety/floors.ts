/** The best power that every EVSE may be given for ever. @module */
import type { Result } from '#domain/result';
import type { Phase, Site } from '#domain/site';

/** By `evseKey`: A per phase (AC) or W (DC). */
export type Floors = Readonly<Record<string, number>>;

/** What the owner wants of the floors. */
export interface FloorsPolicy {
  /** Part of what the uncontrolled load leaves of each circuit that floors may take, 0..1; the rest is for plans. */
  readonly share: number;
  /** DC floor in W for each DC EVSE that gets one; 0: DC EVSEs wait for a plan. */
  readonly dcFloorW: number;
  /** Higher first; 1 where absent. By `evseKey`. */
  readonly priority?: Readonly<Record<string, number>>;
  /** Floors that the operator demands, by `evseKey`; they are kept or refused, never changed. */
  readonly fixed?: Floors;
}

/** Why floors do not fit, with the arithmetic. */
export interface FloorsProblem {
  readonly kind: 'floors-do-not-fit' | 'unknown-evse' | 'no-headroom';
  readonly circuit?: string;
  readonly on?: Phase | 'total';
  readonly message: string;
}

/** Room for chargers on each circuit, lowest over the time in question: A per phase, and W where limited. */
export interface FloorRoom {
  readonly phaseA: readonly [number, number, number];
  readonly totalW?: number;
}

/** Signature of `floorsOf`. */
export type FloorsOf = (
  site: Site,
  policy: FloorsPolicy,
  room?: Readonly<Record<string, FloorRoom>>,
) => Result<Floors, FloorsProblem>;
