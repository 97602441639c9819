/**
 * Whole numbers (milliamperes, watts), and step functions with them: sums are exact, so a total that is kept up to date
 * equals one that is made afresh, and a replay decides alike.
 * @module
 */
import { pieceAt, type StepFunction } from '#domain/step-function';
import { roundingMilli } from './limits.ts';

/** The least whole number at or above, up to rounding noise. */
export function up(value: number): number {
  return Math.ceil(value - roundingMilli);
}

/** The greatest whole number at or below, up to rounding noise. */
export function down(value: number): number {
  return Math.floor(value + roundingMilli);
}

/**
 * Visits the pieces of three functions together from `fromS` on, in order: `visit(start, end, a, b, c)` with their values;
 * stops when it returns false.
 */
export function sweep(
  [f, g, h]: readonly [StepFunction, StepFunction, StepFunction],
  fromS: number,
  visit: (start: number, end: number, a: number, b: number, c: number) => boolean,
): void {
  let i = pieceAt(f, fromS);
  let j = pieceAt(g, fromS);
  let k = pieceAt(h, fromS);
  let at = fromS;
  for (;;) {
    const fNext = f.startS[i + 1] ?? Infinity;
    const gNext = g.startS[j + 1] ?? Infinity;
    const hNext = h.startS[k + 1] ?? Infinity;
    const end = Math.min(fNext, gNext, hNext);
    const goesOn = visit(at, end, f.value[i] ?? 0, g.value[j] ?? 0, h.value[k] ?? 0);
    if (!goesOn || end === Infinity) return;
    at = end;
    if (fNext === end) i++;
    if (gNext === end) j++;
    if (hNext === end) k++;
  }
}
