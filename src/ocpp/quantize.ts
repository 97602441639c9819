/**
 * Limits as a charger can follow them: never above what was asked for.
 * Source: OCPP 1.6 7.8 and 2.0.1 ChargingSchedulePeriodType (one decimal), IEC 61851-1 (6 A is the least).
 * @module
 */

/** Most that a quantised limit may lie above the wanted one: the noise of sums in floating point. */
export const limitTolerance = 1e-6;

/** How far below a step of its grid a number still counts as on it; two such steps stay within `limitTolerance`. */
const snap = 4e-7;

/** What a charger can follow. All values in the unit of the limit. */
export interface LimitGrid {
  /** Values are whole multiples of it, rounded down to one decimal. */
  readonly step: number;
  /** Less than this charges no vehicle and becomes 0. */
  readonly least: number;
  readonly most: number;
}

/** The highest limit on the grid that is not above `wanted`. */
export function quantizedLimit(wanted: number, grid: LimitGrid): number {
  const capped = Math.min(wanted, grid.most);
  if (capped <= 0) return 0;
  const whole = Math.floor(capped / grid.step + snap / grid.step) * grid.step;
  const limit = tenthDown(whole);
  return limit + limitTolerance < grid.least ? 0 : limit;
}

/** The next number with one decimal at or below. */
export function tenthDown(value: number): number {
  return Math.floor((value + snap) * 10) / 10;
}
