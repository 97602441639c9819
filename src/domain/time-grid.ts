/** A row of equal intervals on absolute time. @module */
import { invariant } from './invariant.ts';
import { epochS, type EpochS, type Seconds } from './units.ts';

/** `count` half-open intervals of `intervalS` seconds from `startS` on. */
export interface TimeGrid {
  readonly startS: EpochS;
  readonly intervalS: Seconds;
  readonly count: number;
}

/** Start of interval `t`; `t = count` gives the end of the grid. */
export function startOf(grid: TimeGrid, t: number): EpochS {
  return epochS(grid.startS + t * grid.intervalS);
}

/** The end of the grid. */
export function endOf(grid: TimeGrid): EpochS {
  return startOf(grid, grid.count);
}

/** The latest multiple of `intervalS` at or before the instant, on the clock that counts from 1970 in UTC. */
export function alignDown(at: EpochS, intervalS: Seconds): EpochS {
  invariant(intervalS > 0, 'an interval has a length', { intervalS });
  return epochS(Math.floor(at / intervalS) * intervalS);
}

/** [count] a value for each interval. A loop: `Float64Array.from` with a callback takes ten times as long. */
export function rowOf(count: number, valueIn: (t: number) => number): Float64Array {
  const row = new Float64Array(count);
  for (let t = 0; t < count; t++) row[t] = valueIn(t);
  return row;
}
