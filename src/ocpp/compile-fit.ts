/**
 * A limit as a function of time in the periods that a profile has room for: quantised, increases put off, and where there
 * are too many steps a shorter lease or lower values, never higher ones.
 * @module
 */
import { mapValues, stepFunctionOf, valueAt, windowMax, type StepFunction } from '#domain/step-function';
import { epochS, later, type EpochS } from '#domain/units';
import { quantizedLimit, type LimitGrid } from './quantize.ts';

/** What is to be fitted. */
export interface PlanWish {
  /** What it says before `now` counts for `raiseDelayS`. */
  readonly limit: StepFunction;
  /** Seconds from `now` after which the floor holds again. */
  readonly leaseS: number;
  readonly now: EpochS;
  /** Increases start this much after the limit allows them, decreases at once. */
  readonly raiseDelayS: number;
}

/** What is lost for want of room. */
export type FitNote =
  /** Too many periods: the plan ends at `untilS`. */
  | { readonly kind: 'lease-shortened'; readonly untilS: EpochS }
  /** Too many periods: neighbours were joined at the lower value; `lost` in unit-seconds. */
  | { readonly kind: 'merged-down'; readonly lost: number };

/** Limits one after another, each from its instant on. */
export type Pieces = readonly (readonly [startS: EpochS, limit: number])[];

/** A plan in as many periods as there is room for. */
export interface Fitted {
  readonly pieces: Pieces;
  readonly untilS: EpochS;
  readonly notes: readonly FitNote[];
}

/** The pieces of the plan in at most `room` periods: exact, else a shorter lease, else lower. */
export function fittedPieces(wish: PlanWish, grid: LimitGrid, room: number): Fitted {
  const { now } = wish;
  const untilS = later(now, wish.leaseS);
  const quantized = mapValues(wish.limit, (level) => quantizedLimit(level, grid));
  const wanted = piecesBetween(quantized, epochS(now - wish.raiseDelayS), untilS);
  const exact = delayed(wanted, wish, untilS);
  if (exact.length <= room) return { pieces: exact, untilS, notes: [] };
  const cutS = exact[room]?.[0] ?? untilS;
  if (cutS - now >= wish.leaseS / 2) {
    return {
      pieces: exact.slice(0, room),
      untilS: cutS,
      notes: [{ kind: 'lease-shortened', untilS: cutS }],
    };
  }
  const pieces = delayed(mergedDown(wanted, untilS, room), wish, untilS);
  const lost = areaOf(exact, untilS) - areaOf(pieces, untilS);
  return { pieces, untilS, notes: [{ kind: 'merged-down', lost }] };
}

/** Increases put off: at each instant the lowest value of the `raiseDelayS` seconds before it. */
function delayed(wanted: Pieces, wish: PlanWish, untilS: EpochS): Pieces {
  const negative = mapValues(stepFunctionOf(wanted), (level) => -level);
  const held = mapValues(windowMax(negative, wish.raiseDelayS), (level) => -level);
  return piecesBetween(held, wish.now, untilS);
}

/** The pieces of `f` in `[fromS, untilS)`, the first one at `fromS`. */
export function piecesBetween(f: StepFunction, fromS: EpochS, untilS: EpochS): Pieces {
  const pieces: (readonly [EpochS, number])[] = [[fromS, valueAt(f, fromS)]];
  for (let k = 0; k < f.startS.length; k++) {
    const at = f.startS[k];
    if (at !== undefined && at > fromS && at < untilS) pieces.push([at, f.value[k] ?? 0]);
  }
  return pieces;
}

/** Neighbours joined at the lower value, the cheapest join first, until `room` pieces are left. */
function mergedDown(pieces: Pieces, untilS: EpochS, room: number): Pieces {
  const left = pieces.map(([at, limit]) => ({ at: at as number, limit }));
  while (left.length > room) {
    let cheapest = 1;
    let least = Infinity;
    for (let i = 1; i < left.length; i++) {
      const a = left[i - 1];
      const b = left[i];
      if (a === undefined || b === undefined) continue;
      const endS = left[i + 1]?.at ?? untilS;
      const lost =
        a.limit > b.limit ? (a.limit - b.limit) * (b.at - a.at) : (b.limit - a.limit) * (endS - b.at);
      if (lost < least) {
        least = lost;
        cheapest = i;
      }
    }
    const [gone] = left.splice(cheapest, 1);
    const kept = left[cheapest - 1];
    if (kept !== undefined && gone !== undefined) kept.limit = Math.min(kept.limit, gone.limit);
  }
  return left.map(({ at, limit }) => [epochS(at), limit]);
}

function areaOf(pieces: Pieces, untilS: EpochS): number {
  let area = 0;
  for (const [i, [at, limit]] of pieces.entries()) area += limit * ((pieces[i + 1]?.[0] ?? untilS) - at);
  return area;
}
