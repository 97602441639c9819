/** Windows of a tariff on local days: which minutes of which day belong to which window. @module */
import { invariant } from '#domain/invariant';
import type { LocalDay, LocalSteps } from './calendar.ts';
import { weekdays, type Clause, type Tariff, type When } from './tariff.ts';

/** Marks minutes that no window holds. */
export const noWindow = 255;
const minutesOfDay = 1440;

/** `HH:MM` as minutes. */
export function minutesOf(clock: string): number {
  return Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3, 5));
}

interface CompiledClause {
  readonly weekdayMask: number;
  readonly monthMask: number;
  /** Seasons of which one must hold; -1 for any time of the year. */
  readonly seasonMask: number;
  readonly holidays: Clause['holidays'];
  readonly from: number;
  readonly to: number;
}

type CompiledWhen = 'otherwise' | readonly CompiledClause[];

/** Windows of one line, ready to be laid on days. */
export interface WindowSet {
  readonly windows: readonly CompiledWhen[];
}

/** What windows look at in a day. */
export interface DayTraits {
  readonly month: number;
  readonly weekday: number;
  readonly seasonMask: number;
  readonly holiday: boolean;
}

const allDays: CompiledClause = {
  weekdayMask: 127,
  monthMask: 0xfff,
  seasonMask: -1,
  holidays: 'usual',
  from: 0,
  to: minutesOfDay,
};

function weekdayMaskOf(days: Clause['days']): number {
  if (days === 'all') return 127;
  if (days === 'weekdays') return 31;
  if (days === 'weekends') return 96;
  return days.reduce((mask, day) => mask | (1 << weekdays.indexOf(day)), 0);
}

function compiledClause(clause: Clause, seasonNames: readonly string[]): CompiledClause {
  return {
    weekdayMask: weekdayMaskOf(clause.days),
    monthMask: (clause.months ?? [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]).reduce(
      (m, n) => m | (1 << (n - 1)),
      0,
    ),
    seasonMask: clause.seasons?.reduce((m, season) => m | (1 << seasonNames.indexOf(season)), 0) ?? -1,
    holidays: clause.holidays,
    from: minutesOf(clause.from),
    to: minutesOf(clause.to),
  };
}

/** The windows of a line, compiled; `seasonNames` in the order of `seasonMaskOf`. */
export function windowSetOf(whens: readonly When[], seasonNames: readonly string[]): WindowSet {
  return {
    windows: whens.map((when) => {
      if (when === 'otherwise') return 'otherwise';
      return when === 'always' ? [allDays] : when.map((clause) => compiledClause(clause, seasonNames));
    }),
  };
}

function holds(clause: CompiledClause, day: DayTraits): boolean {
  if ((clause.monthMask & (1 << (day.month - 1))) === 0) return false;
  if (clause.seasonMask !== -1 && (clause.seasonMask & day.seasonMask) === 0) return false;
  switch (clause.holidays) {
    case 'only':
      if (!day.holiday) return false;
      break;
    case 'include':
      if (day.holiday) return true;
      break;
    case 'exclude':
      if (day.holiday) return false;
      break;
    case 'usual':
      break;
  }
  return (clause.weekdayMask & (1 << day.weekday)) !== 0;
}

/** Bit per season of the calendar that holds on a day of the year. */
export function seasonMaskOf(seasons: Tariff['calendar']['seasons'], month: number, day: number): number {
  let mask = 0;
  const position = month * 100 + day;
  for (const [k, season] of Object.values(seasons).entries()) {
    const inMonths = season.months?.includes(month) ?? false;
    const inRange =
      season.ranges?.some((range) => {
        const from = Number(range.from.replace('-', ''));
        const to = Number(range.to.replace('-', ''));
        return from <= to ? position >= from && position <= to : position >= from || position <= to;
      }) ?? false;
    if (inMonths || inRange) mask |= 1 << k;
  }
  return mask;
}

/** Traits of every day. */
export function traitsOf(
  days: readonly LocalDay[],
  seasons: Tariff['calendar']['seasons'],
  holidays: ReadonlySet<number>,
): readonly DayTraits[] {
  return days.map((day) => ({
    month: day.month,
    weekday: day.weekday,
    seasonMask: seasonMaskOf(seasons, day.month, day.day),
    holiday: holidays.has(day.number),
  }));
}

/** Number of windows per minute of a day, and the first of them; `otherwise` counts where no other does. */
export function layDay(
  set: WindowSet,
  day: DayTraits,
): { readonly first: Uint8Array; readonly count: Uint8Array } {
  const first = new Uint8Array(minutesOfDay).fill(noWindow);
  const count = new Uint8Array(minutesOfDay);
  for (const [k, window] of set.windows.entries()) {
    if (window === 'otherwise') continue;
    const mine = new Uint8Array(minutesOfDay);
    for (const clause of window) if (holds(clause, day)) mine.fill(1, clause.from, clause.to);
    for (let minute = 0; minute < minutesOfDay; minute++) {
      if (mine[minute] === 0) continue;
      if (count[minute] === 0) first[minute] = k;
      count[minute] = (count[minute] ?? 0) + 1;
    }
  }
  const rest = set.windows.indexOf('otherwise');
  if (rest >= 0) {
    for (let minute = 0; minute < minutesOfDay; minute++) {
      if (count[minute] !== 0) continue;
      first[minute] = rest;
      count[minute] = 1;
    }
  }
  return { first, count };
}

/** Which clauses hold on a day, as a text: equal for days with equal windows. */
export function dayClassOf(set: WindowSet, day: DayTraits): string {
  let key = '';
  for (const window of set.windows) {
    if (window === 'otherwise') continue;
    for (const clause of window) key += holds(clause, day) ? '1' : '0';
  }
  return key;
}

function dayTables(
  set: WindowSet,
  traits: readonly DayTraits[],
  table: (day: DayTraits) => Uint8Array,
): readonly Uint8Array[] {
  const known = new Map<string, Uint8Array>();
  return traits.map((day) => {
    const key = dayClassOf(set, day);
    let minutes = known.get(key);
    if (minutes === undefined) {
      minutes = table(day);
      known.set(key, minutes);
    }
    return minutes;
  });
}

function expand(tables: readonly Uint8Array[], steps: LocalSteps): Uint8Array {
  const { dayOf, minuteOf } = steps;
  const out = new Uint8Array(dayOf.length);
  for (let t = 0; t < out.length; t++) {
    const minutes = tables[dayOf[t] ?? 0];
    invariant(minutes !== undefined, 'every step has its day');
    // Steps of one day follow each other.
    const day = dayOf[t];
    for (; t < out.length && dayOf[t] === day; t++) out[t] = minutes[minuteOf[t] ?? 0] ?? noWindow;
    t--;
  }
  return out;
}

/** The window of each step where windows do not overlap; the first one where they do, `noWindow` where there is none. */
export function windowOfSteps(set: WindowSet, traits: readonly DayTraits[], steps: LocalSteps): Uint8Array {
  return expand(
    dayTables(set, traits, (day) => layDay(set, day).first),
    steps,
  );
}

/** 1 for each step that window `k` of the set holds. */
export function maskOfSteps(
  set: WindowSet,
  k: number,
  traits: readonly DayTraits[],
  steps: LocalSteps,
): Uint8Array {
  const window = set.windows[k];
  invariant(window !== undefined, 'a window of the set', { k });
  if (window !== 'otherwise') {
    const alone: WindowSet = { windows: [window] };
    return expand(
      dayTables(alone, traits, (day) => layDay(alone, day).count),
      steps,
    );
  }
  const tables = dayTables(set, traits, (day) =>
    layDay(set, day).first.map((first) => (first === k ? 1 : 0)),
  );
  return expand(tables, steps);
}

/** Minutes of the day at which some window of the set begins or ends. */
export function edgesOf(set: WindowSet): ReadonlySet<number> {
  const edges = new Set<number>([0]);
  for (const window of set.windows) {
    if (window === 'otherwise') continue;
    for (const clause of window) {
      edges.add(clause.from);
      edges.add(clause.to % minutesOfDay);
    }
  }
  return edges;
}
