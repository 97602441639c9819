/** The part of a night in which things go wrong, and instants in it. @module */
import type { Prng } from '#domain/prng';
import { epochS, type EpochS } from '#domain/units';
import { commissioningS } from './draw-depot.ts';

/** A night from its start to where everything heals. */
export interface Span {
  readonly startS: EpochS;
  readonly healS: EpochS;
}

/** An instant at which something may go wrong. */
export function momentIn(prng: Prng, span: Span): EpochS {
  return epochS(prng.integer(span.startS + commissioningS, span.healS - 300));
}

/** A span of at least 30 s, within the night. */
export function spanIn(
  prng: Prng,
  span: Span,
  longestS: number,
): { readonly fromS: EpochS; readonly untilS: EpochS } {
  const fromS = momentIn(prng, span);
  return { fromS, untilS: epochS(Math.min(span.healS, fromS + prng.integer(30, longestS))) };
}

/** So few switches are those that somebody wants to see: they are on more often than not. */
export const namedMost = 4;
