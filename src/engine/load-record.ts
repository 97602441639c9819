/**
 * What a metered load has been, by hour of the local week: mean and peak of each of the last weeks. The plan takes its
 * forecast from the means, and where nobody declared a bound of the load, safety keeps its reserve from the peaks. A pure
 * function of the readings in the journal, of bounded size.
 * @module
 */
import type { PerPhase, Phase } from '#domain/site';
import { epochS, type EpochS, type Watts } from '#domain/units';
import { clockOf, offsetAtS } from '#tariffs/calendar';
import { loadHoursLeast, loadWeeksMax } from './limits.ts';

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
  /** Highest current on each phase, A; absent while no meter tells the phases apart. */
  readonly peakA?: PerPhase;
}

/** One hour of the week in the last weeks, oldest first. */
interface HourRecord {
  readonly meansW: readonly number[];
  readonly peaksW: readonly number[];
  /** Weeks in which the meter told the phases apart, A on L1, L2, L3. */
  readonly peaksA?: readonly PerPhase[];
}

/** A meter reading. */
export interface Reading {
  readonly powerW: Watts;
  /** Current on L1, L2, L3, where the meter tells them apart. */
  readonly phaseA?: PerPhase;
  readonly sampledAt: EpochS;
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

/** A record with one more reading, taken after those before it; the hour before it is closed where it begins another. */
export function withLoadReading(
  record: LoadRecord | undefined,
  { powerW, phaseA, sampledAt }: Reading,
  timeZone: string,
): LoadRecord {
  const { open, hours } = record ?? { hours: {} };
  const startS = epochS(Math.floor(sampledAt / hourS) * hourS);
  const first: OpenHour = { startS, count: 1, sumW: powerW, peakW: powerW, ...withPeakA(undefined, phaseA) };
  if (open === undefined) return { open: first, hours };
  if (open.startS === startS) {
    const { count, sumW, peakW } = open;
    const more: OpenHour = {
      startS,
      count: count + 1,
      sumW: sumW + powerW,
      peakW: Math.max(peakW, powerW),
      ...withPeakA(open.peakA, phaseA),
    };
    return { open: more, hours };
  }
  const clock = clockOf(timeZone, open.startS, epochS(open.startS + hourS));
  const hour = String(hourOfWeek(open.startS + offsetAtS(clock, open.startS)));
  const { meansW = [], peaksW = [], peaksA = [] } = hours[hour] ?? {};
  const { peakA } = open;
  const closed: HourRecord = {
    meansW: [...meansW, open.sumW / open.count].slice(-loadWeeksMax),
    peaksW: [...peaksW, open.peakW].slice(-loadWeeksMax),
    ...(peakA === undefined && peaksA.length === 0
      ? {}
      : { peaksA: [...peaksA, ...(peakA === undefined ? [] : [peakA])].slice(-loadWeeksMax) }),
  };
  return { open: first, hours: { ...hours, [hour]: closed } };
}

/** The highest currents of an hour with one more reading. */
function withPeakA(peakA: PerPhase | undefined, phaseA: PerPhase | undefined): Pick<OpenHour, 'peakA'> {
  if (phaseA === undefined) return peakA === undefined ? {} : { peakA };
  const [a, b, c] = phaseA;
  const [x, y, z] = peakA ?? phaseA;
  return { peakA: [Math.max(a, x), Math.max(b, y), Math.max(c, z)] };
}

/** The value that a part of all values does not exceed: the nearest rank. */
function quantileOf(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}

/** [168] W, or A, by hour of the week; undefined where nothing is known of the hour. */
type Week = readonly (number | undefined)[];

/** What of an hour is asked for: its mean or peak power, or its highest current on a phase. */
type Quantity = 'meansW' | 'peaksW' | Phase;

interface KnownWeek {
  readonly share: number;
  readonly what: Quantity;
  readonly week: Week;
}

/** Weeks of one record that are kept in mind: one of each quantity. */
const knownWeeksMax = 5;
const knownWeeks = new WeakMap<LoadRecord['hours'], readonly KnownWeek[]>();

/** Quantiles of each hour of the week: of that hour, of the same hour of all days, or, for peaks, of all hours. */
function weekOf(hours: LoadRecord['hours'], what: Quantity, share: number): Week {
  const known = knownWeeks.get(hours) ?? [];
  const seen = known.find((one) => one.what === what && one.share === share);
  if (seen !== undefined) return seen.week;
  const valuesOf = (hour: number): readonly number[] => {
    const of = hours[String(hour)];
    if (what === 'meansW' || what === 'peaksW') return of?.[what] ?? [];
    return of?.peaksA?.map((amps) => amps[what]) ?? [];
  };
  const every = Array.from({ length: hoursOfWeek }, (_, hour) => valuesOf(hour));
  const all = every.flat();
  const week = every.map((own, hour) => {
    if (own.length >= loadHoursLeast) return quantileOf(own, share);
    const sameHour = every.filter((_, other) => other % 24 === hour % 24).flat();
    if (sameHour.length >= loadHoursLeast) return quantileOf(sameHour, share);
    return what !== 'meansW' && all.length > 0 ? quantileOf(all, 1) : undefined;
  });
  knownWeeks.set(hours, [{ share, what, week }, ...known].slice(0, knownWeeksMax));
  return week;
}

/** The load that is expected in each hour of the week, W: the median of the means; undefined where too little is known. */
export function expectedWeekOf(record: LoadRecord | undefined): Week {
  return record === undefined ? [] : weekOf(record.hours, 'meansW', 0.5);
}

/**
 * The load to be kept free for in each hour of the week, W, or A on a phase: a quantile of the peaks of the hour, the
 * highest of all while too little is known of it; undefined where nothing is.
 */
export function reserveWeekOf(record: LoadRecord | undefined, quantile: number, on: 'total' | Phase): Week {
  return record === undefined ? [] : weekOf(record.hours, on === 'total' ? 'peaksW' : on, quantile);
}
