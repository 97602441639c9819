/**
 * Piecewise-constant functions of time: limits, plans, prices, composites and exposures are all of this one form.
 * Where a function is asked before its first instant it has its first value; the last value holds for ever.
 * @module
 */
import { invariant } from './invariant.ts';
import { epochS, later, type EpochS } from './units.ts';

/** A function of time that is constant between the instants of `startS` (strictly ascending, half-open pieces). */
export interface StepFunction {
  readonly startS: readonly EpochS[];
  /** Same length as `startS`; `Infinity` is allowed and means unlimited. */
  readonly value: readonly number[];
}

/** The function that has one value always. */
export function constant(value: number): StepFunction {
  return { startS: [epochS(0)], value: [value] };
}

/** The function through the given pieces, equal neighbours merged. @throws InvariantError where instants do not ascend. */
export function stepFunctionOf(pieces: readonly (readonly [startS: EpochS, value: number])[]): StepFunction {
  invariant(pieces.length > 0, 'a step function has a piece');
  const startS: EpochS[] = [];
  const value: number[] = [];
  let last = -Infinity;
  for (const [at, level] of pieces) {
    if (!(at > last)) invariant(false, 'instants ascend', { at, last });
    if (Number.isNaN(level)) invariant(false, 'a level is a number', { at });
    last = at;
    if (value.length > 0 && value[value.length - 1] === level) continue;
    startS.push(at);
    value.push(level);
  }
  return { startS, value };
}

/** Index of the piece that holds at `at`. */
export function pieceAt(f: StepFunction, at: number): number {
  let low = 0;
  let high = f.startS.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((f.startS[middle] ?? Infinity) <= at) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The value at an instant. */
export function valueAt(f: StepFunction, at: EpochS): number {
  return f.value[pieceAt(f, at)] ?? 0;
}

/** All functions joined point by point with `join`, in one sweep over their instants. The array of values is reused. */
export function combine(
  functions: readonly StepFunction[],
  join: (values: readonly number[]) => number,
): StepFunction {
  invariant(functions.length > 0, 'combine needs a function');
  const cursor = functions.map(() => 0);
  const values = functions.map((f) => f.value[0] ?? 0);
  const startS: EpochS[] = [];
  const value: number[] = [];
  let at = functions.reduce<number>((first, f) => Math.min(first, f.startS[0] ?? Infinity), Infinity);
  invariant(at < Infinity, 'a step function has a piece');
  while (at < Infinity) {
    const level = join(values);
    if (Number.isNaN(level)) invariant(false, 'a level is a number', { at });
    if (value.length === 0 || value[value.length - 1] !== level) {
      startS.push(at as EpochS);
      value.push(level);
    }
    at = advance(functions, cursor, values);
  }
  return { startS, value };
}

/** Moves all cursors to the next instant at which any function changes, and gives it; `Infinity` where none does. */
function advance(functions: readonly StepFunction[], cursor: number[], values: number[]): number {
  let next = Infinity;
  for (let i = 0; i < functions.length; i++) {
    const at = functions[i]?.startS[(cursor[i] ?? 0) + 1] ?? Infinity;
    if (at < next) next = at;
  }
  if (next === Infinity) return next;
  for (let i = 0; i < functions.length; i++) {
    const f = functions[i];
    const k = (cursor[i] ?? 0) + 1;
    if (f === undefined || f.startS[k] !== next) continue;
    cursor[i] = k;
    values[i] = f.value[k] ?? 0;
  }
  return next;
}

/** Three functions joined point by point. The same as `combine`, and faster: most functions are joined by twos and threes. */
export function combineThree(
  functions: readonly [StepFunction, StepFunction, StepFunction],
  join: (a: number, b: number, c: number) => number,
): StepFunction {
  const f = functions[0];
  const g = functions[1];
  const h = functions[2];
  const startS: EpochS[] = [];
  const value: number[] = [];
  let i = 0;
  let j = 0;
  let k = 0;
  let last: number | undefined;
  let at = Math.min(f.startS[0] ?? Infinity, g.startS[0] ?? Infinity, h.startS[0] ?? Infinity);
  while (at < Infinity) {
    const level = join(f.value[i] ?? 0, g.value[j] ?? 0, h.value[k] ?? 0);
    if (Number.isNaN(level)) invariant(false, 'a level is a number', { at });
    if (level !== last) {
      startS.push(at as EpochS);
      value.push(level);
      last = level;
    }
    const fNext = f.startS[i + 1] ?? Infinity;
    const gNext = g.startS[j + 1] ?? Infinity;
    const hNext = h.startS[k + 1] ?? Infinity;
    at = Math.min(fNext, gNext, hNext);
    if (fNext === at) i++;
    if (gNext === at) j++;
    if (hNext === at) k++;
  }
  return { startS, value };
}

/** Stands where there is no third function: it never changes. */
const none: StepFunction = { startS: [], value: [] };

/** Two functions joined point by point, as `combineThree` does it. */
export function combineTwo(
  f: StepFunction,
  g: StepFunction,
  join: (a: number, b: number) => number,
): StepFunction {
  // `join` gets no third value: one like Math.min would take it in.
  return combineThree([f, g, none], (a, b) => join(a, b));
}

/** The point-by-point sum; the zero function where there is none. */
export function sum(functions: readonly StepFunction[]): StepFunction {
  if (functions.length === 0) return constant(0);
  return combine(functions, (values) => values.reduce((a, b) => a + b, 0));
}

/** The point-by-point highest. */
export function highest(functions: readonly StepFunction[]): StepFunction {
  return combine(functions, (values) => values.reduce((a, b) => Math.max(a, b), -Infinity));
}

/** The point-by-point lowest. */
export function lowest(functions: readonly StepFunction[]): StepFunction {
  const [f, g] = functions;
  if (functions.length === 2 && f !== undefined && g !== undefined) return combineTwo(f, g, Math.min);
  return combine(functions, (values) => values.reduce((a, b) => Math.min(a, b), Infinity));
}

/** Every value passed through `change`. */
export function mapValues(f: StepFunction, change: (value: number) => number): StepFunction {
  invariant(f.startS.length > 0, 'a step function has a piece');
  const startS: EpochS[] = [];
  const value: number[] = [];
  let last: number | undefined;
  for (let i = 0; i < f.startS.length; i++) {
    const level = change(f.value[i] ?? 0);
    if (Number.isNaN(level)) invariant(false, 'a level is a number', { at: f.startS[i] });
    if (level === last) continue;
    startS.push(f.startS[i] as EpochS);
    value.push(level);
    last = level;
  }
  return { startS, value };
}

/** The function moved `byS` seconds later. */
export function shift(f: StepFunction, byS: number): StepFunction {
  return { startS: f.startS.map((at) => later(at, byS)), value: f.value };
}

/**
 * The highest value over the `windowS` seconds that end at each instant: what a device may still draw that takes
 * `windowS` to follow a decrease.
 *
 *     g(t) = max over s in [t - windowS, t] of f(s)
 */
export function windowMax(f: StepFunction, windowS: number): StepFunction {
  if (windowS <= 0 || f.startS.length === 1) return f;
  const startS: EpochS[] = [];
  const value: number[] = [];
  const count = f.startS.length;
  // Two cursors: pieces that begin, and the same pieces once they have had their time.
  let begun = 0;
  let spent = 0;
  while (begun < count || spent < count) {
    const at = Math.min(f.startS[begun] ?? Infinity, (f.startS[spent] ?? Infinity) + windowS);
    while ((f.startS[begun] ?? Infinity) <= at) begun++;
    while ((f.startS[spent] ?? Infinity) + windowS <= at) spent++;
    let top = -Infinity;
    // The piece that ends exactly at `at - windowS` has had its time.
    for (let k = Math.max(0, spent - 1); k < Math.max(1, begun); k++) top = Math.max(top, f.value[k] ?? 0);
    if (value.length > 0 && value[value.length - 1] === top) continue;
    startS.push(at as EpochS);
    value.push(top);
  }
  return { startS, value };
}

/** The highest value anywhere in `[fromS, untilS)`. */
export function maxOver(f: StepFunction, fromS: EpochS, untilS: EpochS): number {
  let top = -Infinity;
  const first = pieceAt(f, fromS);
  for (let k = first; k < f.startS.length; k++) {
    if (k > first && (f.startS[k] ?? Infinity) >= untilS) break;
    top = Math.max(top, f.value[k] ?? 0);
  }
  return top;
}

/** The integral over `[fromS, untilS)` in value-seconds. */
export function integral(f: StepFunction, fromS: EpochS, untilS: EpochS): number {
  let total = 0;
  for (let k = pieceAt(f, fromS); k < f.startS.length; k++) {
    const from = k === 0 ? fromS : Math.max(fromS, f.startS[k] ?? 0);
    const until = Math.min(untilS, f.startS[k + 1] ?? Infinity);
    if (from >= untilS) break;
    if (until > from) total += (f.value[k] ?? 0) * (until - from);
  }
  return total;
}

/** First instant at or after `fromS` at which `f` is above `limit` by more than `tolerance`; undefined where it never is. */
export function firstAbove(
  f: StepFunction,
  limit: StepFunction,
  fromS: EpochS,
  tolerance: number,
): EpochS | undefined {
  const excess = combineTwo(f, limit, (a, b) => (a > b + tolerance ? 1 : 0));
  for (let k = pieceAt(excess, fromS); k < excess.startS.length; k++) {
    if (excess.value[k] === 1) return epochS(Math.max(fromS, excess.startS[k] ?? 0));
  }
  return undefined;
}

/** The same function from `fromS` on, its earlier pieces forgotten. */
export function from(f: StepFunction, fromS: EpochS): StepFunction {
  const first = pieceAt(f, fromS);
  if (first === 0) return f;
  return { startS: [fromS, ...f.startS.slice(first + 1)], value: f.value.slice(first) };
}
