/** What the engine asks of the world. Effects are carried out after their input is on the disk. @module */
import type { LinkMessage } from '#domain/event';
import type { EpochS } from '#domain/units';
import type { DepotProblem, WarmStart } from '#solver/problem';

/** One effect. */
export type Effect =
  | { readonly kind: 'send'; readonly message: LinkMessage }
  | { readonly kind: 'drop'; readonly stationId: string; readonly reason: string }
  /** `tail` stands below `voltherd.<site id>.`: one of the outbound `subjects`. */
  | { readonly kind: 'publish'; readonly tail: string; readonly payload: unknown }
  /** `warm` follows from the state, as the problem does. */
  | {
      readonly kind: 'solve';
      readonly requestId: number;
      readonly problem: DepotProblem;
      readonly warm?: WarmStart;
    }
  /** A `tick` is wanted at or soon after this instant; a later wake replaces an earlier one. */
  | { readonly kind: 'wake'; readonly at: EpochS };
