/** The shell around `step`: journal first, then effects. Never a decision. @module */
import type { Site } from '#domain/site';
import type { Bus } from '#ports/bus';
import type { ChargerLink } from '#ports/charger-link';
import type { Clock } from '#ports/clock';
import type { Journal } from '#ports/journal';
import type { Log } from '#ports/log';
import type { DepotProblem, Solution, SolveOptions } from '#solver/problem';
import type { Policy } from './policy.ts';
import type { State } from './state.ts';

/** What a loop is made of. */
export interface LoopParts {
  readonly site: Site;
  readonly policy: Policy;
  readonly seed: number;
  readonly clock: Clock;
  readonly bus: Bus;
  readonly link: ChargerLink;
  readonly journal: Journal;
  readonly solve: (problem: DepotProblem, options: SolveOptions) => Promise<Solution>;
  readonly log: Log;
  /** true: a turn starts by itself when something comes in; false: somebody calls `turn`. */
  readonly autoTurn: boolean;
}

/** One running engine. */
export interface Loop {
  /** Replays the journal where it has records, without effects, then says `started` or `restarted`. */
  start(): void;
  /**
   * Handles everything now in the inbox in canonical order, each record in the journal before its effects, solves
   * included; resolves with the number of inputs handled.
   */
  turn(): Promise<number>;
  /** Inputs that wait for a turn. */
  pending(): number;
  /** Ends after the turn in progress; the journal is left whole. */
  stop(): Promise<void>;
  /** Stops at once as a power cut does: nothing more is written, sent or published. */
  kill(): void;
  state(): State;
}
