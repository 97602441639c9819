/**
 * Local clocks, fast: the offset changes of a zone are found once, and between them local time is arithmetic. Instants are
 * always built from UTC, so no result depends on the season or zone in which the program runs. The only file that imports
 * luxon, and only for the offset of a zone at an instant.
 * @module
 */
import { IANAZone } from 'luxon';
import { daysFromCivil, daysInMonth, instantOfIso, isoOf } from '#domain/instant';
import { invariant } from '#domain/invariant';
import { epochS, type EpochS } from '#domain/units';
import { yearRange, zonesRememberedMax } from './limits.ts';

/** `fixed-8760`: every year is 365 days from a Monday on, without changes of the clock, as NREL's tools count. */
export type ClockKind = 'local' | 'fixed-8760';

/** The local clock of a zone over a stretch of time, as pieces of constant offset. */
export interface LocalClock {
  readonly timezone: string;
  readonly kind: ClockKind;
  /** Start of each piece; the first one reaches back to the start of the stretch. */
  readonly pieceStartS: readonly number[];
  /** Seconds to add to UTC in each piece. */
  readonly offsetS: readonly number[];
  /** The year whose first day the fixed clock counts from. */
  readonly baseYear: number;
}

/** A local calendar day. */
export interface LocalDay {
  /** Days since 1970-01-01 on the clock's own calendar. */
  readonly number: number;
  readonly year: number;
  readonly month: number;
  readonly day: number;
  /** 0 Monday to 6 Sunday. */
  readonly weekday: number;
}

/** Local day and minute of each step of a row of steps. */
export interface LocalSteps {
  /** [T] index into `days`. */
  readonly dayOf: Uint32Array;
  /** [T] minute of the local day at which the step starts. */
  readonly minuteOf: Uint16Array;
  readonly days: readonly LocalDay[];
}

const dayS = 86_400;
const probeS = 5 * dayS;

/** Whether the name is a zone with rules. Bare names (`EST`) are refused: some are fixed offsets in disguise. */
export function isZone(timezone: string): boolean {
  if (timezone !== 'UTC' && !timezone.includes('/')) return false;
  if (remembered.has(timezone)) return true;
  if (!IANAZone.isValidZone(timezone)) return false;
  remember(timezone);
  return true;
}

/** Whether a stretch lies in the years whose clocks are known. */
export function isWithinYears(fromS: number, untilS: number): boolean {
  const [first, last] = yearRange;
  return fromS >= daysFromCivil(first, 1, 1) * dayS && untilS <= daysFromCivil(last + 1, 1, 1) * dayS;
}

interface Change {
  readonly atS: number;
  readonly offsetS: number;
}

interface YearOfChanges {
  readonly firstOffsetS: number;
  readonly changes: readonly Change[];
}

const remembered = new Map<string, Map<number, YearOfChanges>>();

function offsetAt(zone: IANAZone, atS: number): number {
  return Math.round(zone.offset(atS * 1000) * 60);
}

/** Offset changes of one UTC year, each to the minute. Source: probes five days apart, then bisection. */
function changesOfYear(zone: IANAZone, year: number): YearOfChanges {
  const fromS = daysFromCivil(year, 1, 1) * dayS;
  const untilS = daysFromCivil(year + 1, 1, 1) * dayS;
  const firstOffsetS = offsetAt(zone, fromS);
  const changes: Change[] = [];
  let offset = firstOffsetS;
  for (let at = fromS; at < untilS; at += probeS) {
    const next = Math.min(at + probeS, untilS);
    // Two changes between two probes show as up to two bisections only where the ends differ.
    const nextOffset = offsetAt(zone, next);
    if (nextOffset === offset) continue;
    let low = at / 60;
    let high = next / 60;
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (offsetAt(zone, middle * 60) === offset) low = middle;
      else high = middle;
    }
    if (high * 60 < untilS) changes.push({ atS: high * 60, offsetS: nextOffset });
    offset = nextOffset;
  }
  return { firstOffsetS, changes };
}

/** Makes room for the changes of a zone: asking the platform is slow. */
function remember(timezone: string): Map<number, YearOfChanges> {
  if (remembered.size >= zonesRememberedMax) remembered.clear();
  const years = new Map<number, YearOfChanges>();
  remembered.set(timezone, years);
  return years;
}

function yearOf(timezone: string, year: number): YearOfChanges {
  const years = remembered.get(timezone) ?? remember(timezone);
  let known = years.get(year);
  if (known === undefined) {
    known = changesOfYear(IANAZone.create(timezone), year);
    years.set(year, known);
  }
  return known;
}

function civilYear(atS: number): number {
  return Number(isoOf(epochS(Math.floor(atS))).slice(0, 4));
}

/** The clock of a zone that `isZone` accepts, good for instants in `[fromS, untilS]`. */
export function clockOf(
  timezone: string,
  fromS: number,
  untilS: number,
  kind: ClockKind = 'local',
): LocalClock {
  invariant(isZone(timezone), 'zones are checked where documents come in', { timezone });
  const first = civilYear(fromS);
  const startYear = yearOf(timezone, first);
  const pieceStartS: number[] = [daysFromCivil(first, 1, 1) * dayS];
  const offsetS: number[] = [startYear.firstOffsetS];
  for (let year = first; year <= civilYear(untilS); year++) {
    for (const change of yearOf(timezone, year).changes) {
      pieceStartS.push(change.atS);
      offsetS.push(change.offsetS);
    }
  }
  if (kind === 'local') return { timezone, kind, pieceStartS, offsetS, baseYear: first };
  let offset = offsetS[0] ?? 0;
  for (const [k, at] of pieceStartS.entries()) if (at <= fromS) offset = offsetS[k] ?? 0;
  return { timezone, kind, pieceStartS: [fromS], offsetS: [offset], baseYear: civilYear(fromS + offset) };
}

function pieceAt(clock: LocalClock, atS: number): number {
  let piece = 0;
  while (piece + 1 < clock.pieceStartS.length && (clock.pieceStartS[piece + 1] ?? Infinity) <= atS) piece++;
  return piece;
}

/** Seconds to add to UTC at an instant. */
export function offsetAtS(clock: LocalClock, atS: number): number {
  return clock.offsetS[pieceAt(clock, atS)] ?? 0;
}

const monthStart = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];

/** The number of a date on this clock's calendar; February 29 of the fixed calendar is March 1. */
export function dayNumberOf(clock: LocalClock, year: number, month: number, day: number): number {
  if (clock.kind === 'local') return daysFromCivil(year, month, day);
  return (
    daysFromCivil(clock.baseYear, 1, 1) +
    (year - clock.baseYear) * 365 +
    (monthStart[month - 1] ?? 0) +
    day -
    1
  );
}

/** The day of a number. */
export function localDayOf(clock: LocalClock, number: number): LocalDay {
  if (clock.kind === 'local') {
    const iso = isoOf(epochS(number * dayS));
    return {
      number,
      year: Number(iso.slice(0, 4)),
      month: Number(iso.slice(5, 7)),
      day: Number(iso.slice(8, 10)),
      // 1970-01-01 was a Thursday.
      weekday: (((number + 3) % 7) + 7) % 7,
    };
  }
  const days = number - daysFromCivil(clock.baseYear, 1, 1);
  const years = Math.floor(days / 365);
  const dayOfYear = days - years * 365;
  let month = 12;
  while (month > 1 && (monthStart[month - 1] ?? 0) > dayOfYear) month--;
  return {
    number,
    year: clock.baseYear + years,
    month,
    day: dayOfYear - (monthStart[month - 1] ?? 0) + 1,
    weekday: dayOfYear % 7,
  };
}

/** The local day that holds an instant. */
export function localDayAt(clock: LocalClock, atS: number): LocalDay {
  return localDayOf(clock, Math.floor((atS + offsetAtS(clock, atS)) / dayS));
}

/**
 * First instant of a local day. Where the clock jumps over midnight it is the jump; where it repeats midnight, the first
 * one; a day that does not exist begins where the next one does.
 */
export function startOfDay(clock: LocalClock, number: number): EpochS {
  for (const [k, offset] of clock.offsetS.entries()) {
    const at = number * dayS - offset;
    const pieceStart = k === 0 ? -Infinity : (clock.pieceStartS[k] ?? 0);
    const pieceEnd = clock.pieceStartS[k + 1] ?? Infinity;
    if (at >= pieceEnd) continue;
    return epochS(Math.max(at, pieceStart));
  }
  return epochS(number * dayS - (clock.offsetS[clock.offsetS.length - 1] ?? 0));
}

/** Local day and minute of `count` steps of `stepS` seconds; steps start on whole minutes. */
export function localStepsOf(clock: LocalClock, startS: number, stepS: number, count: number): LocalSteps {
  const dayOf = new Uint32Array(count);
  const minuteOf = new Uint16Array(count);
  const firstDay = Math.floor((startS + offsetAtS(clock, startS)) / dayS) - 1;
  let lastDay = firstDay;
  let t = 0;
  for (let piece = pieceAt(clock, startS); t < count; piece++) {
    const offset = clock.offsetS[piece] ?? 0;
    const endS = clock.pieceStartS[piece + 1] ?? Infinity;
    const until = endS === Infinity ? count : Math.min(count, Math.ceil((endS - startS) / stepS));
    let local = startS + t * stepS + offset;
    let day = Math.floor(local / dayS);
    let second = local - day * dayS;
    for (; t < until; t++) {
      dayOf[t] = day - firstDay;
      minuteOf[t] = (second / 60) | 0;
      second += stepS;
      while (second >= dayS) {
        second -= dayS;
        day++;
      }
    }
    local = startS + (t - 1) * stepS + offset;
    lastDay = Math.max(lastDay, Math.floor(local / dayS));
  }
  const days: LocalDay[] = [];
  for (let number = firstDay; number <= lastDay; number++) days.push(localDayOf(clock, number));
  return { dayOf, minuteOf, days };
}

/** `2026-07-01` of a day. */
export function dateText(day: LocalDay): string {
  return `${String(day.year).padStart(4, '0')}-${String(day.month).padStart(2, '0')}-${String(day.day).padStart(2, '0')}`;
}

/** The number of a date text on this clock's calendar, undefined where there is no such date. */
export function dayNumberOfText(clock: LocalClock, text: string): number | undefined {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (match === null) return undefined;
  const [year = 0, month = 0, day = 0] = match.slice(1).map(Number);
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return undefined;
  return dayNumberOf(clock, year, month, day);
}

/** The instant as people read it: on the fixed calendar dates are those of its own 365-day years. */
export function instantText(clock: LocalClock, at: EpochS): string {
  if (clock.kind === 'local') return isoOf(at);
  const offset = offsetAtS(clock, at);
  const local = at + offset;
  const number = Math.floor(local / dayS);
  const day = localDayOf(clock, number);
  return isoOf(epochS(daysFromCivil(day.year, day.month, day.day) * dayS + (local - number * dayS) - offset));
}

/** All changes of the clock inside `(fromS, untilS)`. */
export function changesWithin(clock: LocalClock, fromS: number, untilS: number): readonly number[] {
  return clock.pieceStartS.filter((at, k) => k > 0 && at > fromS && at < untilS);
}

/** Offsets in force anywhere in `[fromS, untilS)`. */
export function offsetsWithin(clock: LocalClock, fromS: number, untilS: number): readonly number[] {
  const first = pieceAt(clock, fromS);
  return clock.offsetS.filter((_, k) => k >= first && (k === first || (clock.pieceStartS[k] ?? 0) < untilS));
}

/**
 * The instant of a local text `YYYY-MM-DDTHH:MM[:SS]`: the first one where the clock shows it twice, the time as much later
 * as the clock jumps where it never shows it. Undefined where there is no such date or time.
 */
export function instantOfLocal(text: string, timezone: string): EpochS | undefined {
  const full = text.length === 16 ? `${text}:00` : text;
  const local = instantOfIso(`${full}Z`);
  if (local === undefined) return undefined;
  const clock = clockOf(timezone, local - 2 * dayS, local + 2 * dayS);
  const offsets = [...new Set(clock.offsetS)].sort((a, b) => b - a);
  const exact = offsets.find((offset) => offsetAtS(clock, local - offset) === offset);
  return epochS(local - (exact ?? Math.min(...offsetsWithin(clock, local - 2 * dayS, local + 2 * dayS))));
}

/** How often the clock of a zone shows a local time: `never` where it jumps over it, `twice` where it goes back over it. */
export function showingsOf(text: string, timezone: string): 'never' | 'once' | 'twice' {
  const local = instantOfIso(`${text.length === 16 ? `${text}:00` : text}Z`);
  if (local === undefined) return 'never';
  const clock = clockOf(timezone, local - 2 * dayS, local + 2 * dayS);
  const shown = [...new Set(clock.offsetS)].filter((offset) => offsetAtS(clock, local - offset) === offset);
  return shown.length === 0 ? 'never' : shown.length === 1 ? 'once' : 'twice';
}
