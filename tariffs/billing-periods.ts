/** How time is cut into bills and years, on the local calendar. @module */
import { daysInMonth } from '#domain/instant';
import type { EpochS } from '#domain/units';
import {
  dayNumberOf,
  dayNumberOfText,
  localDayAt,
  localDayOf,
  startOfDay,
  type LocalClock,
  type LocalDay,
} from './calendar.ts';
import type { BillingPeriodRule } from './tariff.ts';

/** One billing period, `[startS, endS)`. */
export interface Period {
  readonly startS: EpochS;
  readonly endS: EpochS;
  readonly firstDay: LocalDay;
  /** Local days from start to end. */
  readonly days: number;
}

function periodOfDays(clock: LocalClock, first: number, next: number): Period {
  return {
    startS: startOfDay(clock, first),
    endS: startOfDay(clock, next),
    firstDay: localDayOf(clock, first),
    days: next - first,
  };
}

function monthsAfter(clock: LocalClock, anchor: LocalDay, months: number): number {
  const index = anchor.year * 12 + anchor.month - 1 + months;
  const year = Math.floor(index / 12);
  const month = index - year * 12 + 1;
  // Anchored at the origin: the 31st stays the 31st wherever a month has one.
  return dayNumberOf(clock, year, month, Math.min(anchor.day, daysInMonth(year, month)));
}

/** The cuts of a rule: numbers of first days, ascending, from the period that holds `fromS` to beyond `untilS`. */
function cutsOf(
  rule: BillingPeriodRule,
  clock: LocalClock,
  fromS: number,
  untilS: number,
): readonly number[] {
  const from = localDayAt(clock, fromS);
  const until = localDayAt(clock, Math.max(fromS, untilS - 1));
  switch (rule.kind) {
    case 'read-dates':
      return rule.dates
        .map((text) => dayNumberOfText(clock, text))
        .filter((number) => number !== undefined)
        .sort((a, b) => a - b);
    case 'calendar-month':
    case 'cycle': {
      const anchorNumber = rule.kind === 'cycle' ? dayNumberOfText(clock, rule.anchor) : undefined;
      const anchor = anchorNumber === undefined ? { ...from, day: 1 } : localDayOf(clock, anchorNumber);
      const back = (from.year - anchor.year) * 12 + from.month - anchor.month - 1;
      const cuts: number[] = [];
      for (let k = back; ; k++) {
        const cut = monthsAfter(clock, anchor, k);
        cuts.push(cut);
        if (cut > until.number) return cuts;
      }
    }
  }
}

/** The billing periods that `[fromS, untilS)` touches, in order; undefined where read dates do not cover it. */
export function billingPeriodsOf(
  rule: BillingPeriodRule,
  clock: LocalClock,
  fromS: number,
  untilS: number,
): readonly Period[] | undefined {
  const cuts = cutsOf(rule, clock, fromS, untilS);
  const periods: Period[] = [];
  for (const [k, cut] of cuts.entries()) {
    const next = cuts[k + 1];
    if (next === undefined) break;
    const period = periodOfDays(clock, cut, next);
    if (period.endS > fromS && period.startS < untilS) periods.push(period);
  }
  const first = periods[0];
  const last = periods[periods.length - 1];
  if (first === undefined || last === undefined || first.startS > fromS || last.endS < untilS)
    return undefined;
  return periods;
}

/** The tariff year that holds a day. */
export function tariffYearOf(clock: LocalClock, yearStart: string, day: LocalDay): Period {
  const month = Number(yearStart.slice(0, 2));
  const dayOfMonth = Number(yearStart.slice(3, 5));
  const startIn = (year: number): number =>
    dayNumberOf(clock, year, month, Math.min(dayOfMonth, daysInMonth(year, month)));
  const year = startIn(day.year) <= day.number ? day.year : day.year - 1;
  return periodOfDays(clock, startIn(year), startIn(year + 1));
}
