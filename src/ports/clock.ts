/** Time as the shell of the engine sees it. @module */
import type { EpochS } from '#domain/units';

/** A clock that can wake somebody. */
export interface Clock {
  now(): EpochS;
  /** Runs `wake` once at or soon after the instant; the returned function takes it back. */
  at(instant: EpochS, wake: () => void): () => void;
}
