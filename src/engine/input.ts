/**
 * Everything that the engine ever learns, one record each. The journal is the list of these and nothing else, so the
 * same list gives the same effects again. Source: docs/adr/0001-journal-is-the-inputs.md.
 * @module
 */
import type { DepotEvent, LinkEvent } from '#domain/event';
import type { Fault } from '#domain/fault';
import type { Site } from '#domain/site';
import type { EpochS } from '#domain/units';
import type { SolveStatus } from '#solver/problem';
import type { Policy } from './policy.ts';

/** When, and from whom. Inputs of one instant are handled in the order of (source, sequence). */
export interface Stamp {
  readonly at: EpochS;
  /** `bus`, `engine`, or `link/<station id>`. */
  readonly source: string;
  /** Counts up within a source since the process started. */
  readonly sequence: number;
}

/** A solution in JSON: power of each session over its stay; wall-clock timings are left out, they would differ in a replay. */
export interface SolvedPlan {
  readonly status: SolveStatus;
  readonly solver: string;
  readonly objective: number;
  readonly bound: number;
  readonly gap: number;
  /** The certificate: residuals are within tolerance. */
  readonly valid: boolean;
  readonly repairCost: number;
  /** The powers are those of the plan in force. */
  readonly isKept?: true;
  /** In the order of the problem's sessions, kW per interval of each stay. */
  readonly powerKw: readonly (readonly number[])[];
  /** In the same form, 1 where a station is to charge on one phase of three; absent: nowhere. */
  readonly onePhase?: readonly (readonly number[])[];
  readonly shortfallKwh: readonly number[];
  readonly peaksKw: readonly number[];
  /** Sets of sessions that limited each other, as `LimitingSets` marks them; absent where the answer has none. */
  readonly limiting?: readonly string[];
}

/** What one input says. */
export type InputBody =
  /** The first record of a journal. */
  | { readonly kind: 'started'; readonly site: Site; readonly policy: Policy; readonly seed: number }
  /** The process is new, the journal is not: every call in flight may or may not have been applied. */
  | { readonly kind: 'restarted' }
  /** Time has come to something, or a batch of inputs is over: deadlines, triggers, dispatch. */
  | { readonly kind: 'tick' }
  /** The clock is `-offS` behind the journal, or a wake came `offS` late; 0: in step again. */
  | { readonly kind: 'clock'; readonly offS: number }
  | { readonly kind: 'link'; readonly event: LinkEvent }
  | { readonly kind: 'bus'; readonly event: DepotEvent }
  /** The bus is there again after it was lost. */
  | { readonly kind: 'bus-back' }
  /** A bus message that is not of its form; it changes nothing, but is kept and counted. */
  | { readonly kind: 'bus-refused'; readonly subject: string; readonly faults: readonly Fault[] }
  /** The answer to a `solve` effect. */
  | {
      readonly kind: 'solved';
      readonly requestId: number;
      readonly outcome:
        | { readonly ok: true; readonly plan: SolvedPlan }
        | { readonly ok: false; readonly reason: string };
    };

/** One input; a JSON value. */
export type Input = Stamp & InputBody;
