/**
 * What a metered load has been, by hour of the local week: mean and peak of each of the last weeks. The plan takes its
 * forecast from the means, and where nobody declared a bound of the load, safety keeps its reserve from the peaks. A pure
 * function of the readings in the journal, of bounded size.
 * @module
 */
import { epochS, type EpochS } from '#domain/units';
import { clockOf, offsetAtS } from '#tariffs/calendar';
import { loadHoursLeast, loadWeeksMax } from './limits.ts';
import type { Reading } from './state.ts';

const hourS = 3600;
const hoursOfWeek = 168;
/** 1970-01-05T00:00, a Monday. */
const mondayS = 4 * 86_400;

/** The hour that is being metered. */
interface OpenHour {
  readonly startS: EpochS;
  readonly count: number;
  readonly sumW: number;
  readonly peakW: number;
}

/** One hour of the week in the last weeks, W, oldest first. */
interface HourRecord {
  readonly meansW: readonly number[];
  readonly peaksW: readonly number[];
}

/** What is known of one metered load. */
export interface LoadRecord {
  readonly open?: OpenHour;
  /** By hour of the local week from Monday 00:00, 0 to 167. */
  readonly hours: Readonly<Record<string, HourRecord>>;
}

/** The hour of the local week that an instant `localS` of local time lies in. */
export function hourOfWeek(localS: number): number {
  const hours = Math.floor((localS - mondayS) / hourS) % hoursOfWeek;
  return hours < 0 ? hours + hoursOfWeek : hours;
}

/** A record with one more reading; the hour before it is closed where it begins another. */
export function withLoadReading(
  record: LoadRecord | undefined,
  { powerW, sampledAt }: Reading,
  timeZone: string,
): LoadRecord {
  const { open, hours } = record ?? { hours: {} };
  const startS = epochS(Math.floor(sampledAt / hourS) * hourS);
  if (open !== undefined && startS < open.startS) return { open, hours };
  const first: OpenHour = { startS, count: 1, sumW: powerW, peakW: powerW };
  if (open === undefined) return { open: first, hours };
  if (open.startS === startS) {
    const { count, sumW, peakW } = open;
    const more = { startS, count: count + 1, sumW: sumW + powerW, peakW: Math.max(peakW, powerW) };
    return { open: more, hours };
  }
  const clock = clockOf(timeZone, open.startS, epochS(open.startS + hourS));
  const hour = String(hourOfWeek(open.startS + offsetAtS(clock, open.startS)));
  const { meansW = [], peaksW = [] } = hours[hour] ?? {};
  const closed: HourRecord = {
    meansW: [...meansW, open.sumW / open.count].slice(-loadWeeksMax),
    peaksW: [...peaksW, open.peakW].slice(-loadWeeksMax),
  };
  return { open: first, hours: { ...hours, [hour]: closed } };
}

/** The value that a part of all values does not exceed: the nearest rank. */
function quantileOf(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}

/** [168] W by hour of the week; undefined where nothing is known of the hour. */
type WeekW = readonly (number | undefined)[];

interface KnownWeek {
  readonly share: number;
  readonly what: keyof HourRecord;
  readonly week: WeekW;
}

const knownWeeks = new WeakMap<LoadRecord['hours'], readonly KnownWeek[]>();

/** Quantiles of each hour of the week: of that hour, of the same hour of all days, or, for peaks, of all hours. */
function weekOf(hours: LoadRecord['hours'], what: keyof HourRecord, share: number): WeekW {
  const known = knownWeeks.get(hours) ?? [];
  const seen = known.find((one) => one.what === what && one.share === share);
  if (seen !== undefined) return seen.week;
  const valuesOf = (hour: number): readonly number[] => hours[String(hour)]?.[what] ?? [];
  const every = Array.from({ length: hoursOfWeek }, (_, hour) => valuesOf(hour));
  const all = every.flat();
  const week = every.map((own, hour) => {
    if (own.length >= loadHoursLeast) return quantileOf(own, share);
    const sameHour = every.filter((_, other) => other % 24 === hour % 24).flat();
    if (sameHour.length >= loadHoursLeast) return quantileOf(sameHour, share);
    return what === 'peaksW' && all.length > 0 ? quantileOf(all, 1) : undefined;
  });
  knownWeeks.set(hours, [{ share, what, week }, ...known].slice(0, 2));
  return week;
}

/** The load that is expected in each hour of the week, W: the median of the means; undefined where too little is known. */
export function expectedWeekOf(record: LoadRecord | undefined): WeekW {
  return record === undefined ? [] : weekOf(record.hours, 'meansW', 0.5);
}

/**
 * The load to be kept free for in each hour of the week, W: a quantile of the peaks of the hour, the highest of all while
 * too little is known of it; undefined where nothing is.
 */
export function reserveWeekOf(record: LoadRecord | undefined, quantile: number): WeekW {
  return record === undefined ? [] : weekOf(record.hours, 'peaksW', quantile);
}
