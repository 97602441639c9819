/**
 * Step functions with whole-number values (milliamperes, watts): sums of them are exact, so a total that is kept up to
 * date equals one that is made afresh, and a replay decides alike.
 * @module
 */
import type { StepFunction } from '#domain/step-function';
import type { EpochS } from '#domain/units';
import { roundingMilli } from './limits.ts';

/** The least whole number at or above, up to rounding noise. */
export function up(value: number): number {
  return Math.ceil(value - roundingMilli);
}

/** The greatest whole number at or below, up to rounding noise. */
export function down(value: number): number {
  return Math.floor(value + roundingMilli);
}

/** Index of the piece that holds at `at`. */
function pieceAt(f: StepFunction, at: number): number {
  let low = 0;
  let high = f.startS.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((f.startS[middle] ?? Infinity) <= at) low = middle;
    else high = middle - 1;
  }
  return low;
}

/**
 * Visits the pieces of all `functions` together from `fromS` on, in order: `visit(start, end, values)`; stops when it
 * returns false. The array of values is reused.
 */
export function sweep(
  functions: readonly StepFunction[],
  fromS: number,
  visit: (start: number, end: number, values: readonly number[]) => boolean,
): void {
  const cursor = functions.map((f) => pieceAt(f, fromS));
  const values = functions.map((f, i) => f.value[cursor[i] ?? 0] ?? 0);
  let at = fromS;
  for (;;) {
    let end = Infinity;
    for (let i = 0; i < functions.length; i++) {
      const next = functions[i]?.startS[(cursor[i] ?? 0) + 1] ?? Infinity;
      if (next < end) end = next;
    }
    if (!visit(at, end, values) || end === Infinity) return;
    at = end;
    for (let i = 0; i < functions.length; i++) {
      const f = functions[i];
      const k = (cursor[i] ?? 0) + 1;
      if (f !== undefined && f.startS[k] === at) {
        cursor[i] = k;
        values[i] = f.value[k] ?? 0;
      }
    }
  }
}

/** `functions` joined point by point over all time, equal neighbours merged. */
export function joined(
  functions: readonly StepFunction[],
  join: (values: readonly number[]) => number,
): StepFunction {
  const startS: EpochS[] = [];
  const value: number[] = [];
  const [only] = functions;
  if (only !== undefined && functions.length === 1) return changedBy(only, join);
  let first = Infinity;
  for (const f of functions) first = Math.min(first, f.startS[0] ?? 0);
  sweep(functions, first, (start, _end, values) => {
    const level = join(values);
    if (value.length === 0 || value[value.length - 1] !== level) {
      startS.push(start as EpochS);
      value.push(level);
    }
    return true;
  });
  return { startS, value };
}

/** One function passed through `join`, equal neighbours merged. */
function changedBy(f: StepFunction, join: (values: readonly number[]) => number): StepFunction {
  const startS: EpochS[] = [];
  const value: number[] = [];
  const values = [0];
  for (const [i, start] of f.startS.entries()) {
    values[0] = f.value[i] ?? 0;
    const level = join(values);
    if (value.length > 0 && value[value.length - 1] === level) continue;
    startS.push(start);
    value.push(level);
  }
  return { startS, value };
}
