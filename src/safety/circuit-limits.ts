/** What each circuit may carry over time, and what is left of it for chargers. @module */
import type { Phase } from '#domain/site';
import type { StepFunction } from '#domain/step-function';
import type { EpochS } from '#domain/units';

/** Limits of one circuit over time, and the load behind it that nobody controls. */
export interface CircuitLimits {
  /** Most current on each phase, A. */
  readonly limitA: StepFunction;
  /** Most power over all phases, W; absent where there is no such limit. */
  readonly limitW?: StepFunction;
  /** Bound of the uncontrolled load fed at this very circuit, per phase, A. */
  readonly uncontrolledA: readonly [StepFunction, StepFunction, StepFunction];
  /** The same load over all phases, W. */
  readonly uncontrolledW: StepFunction;
}

/** By circuit id; every circuit of the site has an entry. */
export type SiteLimits = Readonly<Record<string, CircuitLimits>>;

/** The first instant at which a circuit may be asked for more than it carries. */
export interface Violation {
  readonly circuit: string;
  /** A phase, or `total` for the limit in W over all phases. */
  readonly on: Phase | 'total';
  readonly at: EpochS;
  /** From then on it is not over any more if nothing else changes; absent: never. */
  readonly until?: EpochS;
  /** Exposure, uncontrolled load and limit at that instant, in `unit`. */
  readonly exposure: number;
  readonly uncontrolled: number;
  readonly limit: number;
  /** How far it is over, in `unit`. */
  readonly over: number;
  readonly unit: 'A' | 'W';
}
