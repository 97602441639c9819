/** Time and power as places on a drawing, and numbers as people read them. @module */
import { isoOf } from '#domain/instant';
import { epochS } from '#domain/units';
import { clockOf, offsetAtS, type LocalClock } from '#tariffs/calendar';

/** The time axis of all charts of one report. */
export interface TimeAxis {
  readonly clock: LocalClock;
  readonly startS: number;
  readonly endS: number;
  readonly left: number;
  readonly right: number;
}

/** The axis of a night. @throws InvariantError where the zone is unknown; scenarios are checked before. */
export function timeAxis(
  night: { readonly timeZone: string; readonly startS: number; readonly endS: number },
  left: number,
  right: number,
): TimeAxis {
  const { timeZone, startS, endS } = night;
  return { clock: clockOf(timeZone, startS, endS), startS, endS, left, right };
}

/** Horizontal place of an instant; instants outside lie on the edge. */
export function xOf(axis: TimeAxis, atS: number): number {
  const part = (atS - axis.startS) / (axis.endS - axis.startS);
  return axis.left + Math.min(1, Math.max(0, part)) * (axis.right - axis.left);
}

/** Local `HH:MM`. */
export function clockText(axis: TimeAxis, atS: number): string {
  return isoOf(epochS(Math.floor(atS + offsetAtS(axis.clock, atS)))).slice(11, 16);
}

/** Local `YYYY-MM-DD HH:MM`. */
export function dateText(axis: TimeAxis, atS: number): string {
  return isoOf(epochS(Math.floor(atS + offsetAtS(axis.clock, atS))))
    .slice(0, 16)
    .replace('T', ' ');
}

/** Whole local hours within the axis. */
export function hourTicks(axis: TimeAxis): readonly { readonly atS: number; readonly text: string }[] {
  const ticks: { atS: number; text: string }[] = [];
  const offset = offsetAtS(axis.clock, axis.startS);
  const first = Math.ceil((axis.startS + offset) / 3600) * 3600 - offset;
  for (let atS = first; atS <= axis.endS; atS += 3600) ticks.push({ atS, text: clockText(axis, atS) });
  return ticks;
}

/** Round steps for a scale from 0 to `top` with at most `count` lines. */
export function powerTicks(top: number, count: number): readonly number[] {
  const rough = top / count;
  const power = 10 ** Math.floor(Math.log10(Math.max(rough, 1e-9)));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((size) => size >= rough) ?? rough;
  const ticks: number[] = [];
  for (let i = 0; i * step <= top + 1e-9; i++) ticks.push(Math.round(i * step * 1e6) / 1e6);
  return ticks;
}

/** A number with thousands parted by commas and a fixed number of decimals. */
export function numberText(value: number, decimals = 0): string {
  const fixed = Math.abs(value).toFixed(decimals);
  const [whole = '0', rest] = fixed.split('.');
  const parted = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  const sign = value < 0 && Number(fixed) !== 0 ? '\u2212' : '';
  return `${sign}${parted}${rest === undefined ? '' : `.${rest}`}`;
}

/** Money with the code of its currency in front. */
export function moneyText(value: number, currency: string): string {
  const sign =
    currency === 'USD' ? '$' : currency === 'EUR' ? '€' : currency === 'GBP' ? '£' : `${currency}\u00a0`;
  const text = numberText(value, 2);
  return text.startsWith('\u2212') ? `\u2212${sign}${text.slice(1)}` : `${sign}${text}`;
}

/** Means of `size` neighbours. */
export function bucketed(values: readonly number[], size: number): number[] {
  const means: number[] = [];
  for (let i = 0; i < values.length; i += size) {
    const part = values.slice(i, i + size);
    means.push(part.reduce((a, b) => a + b, 0) / part.length);
  }
  return means;
}
