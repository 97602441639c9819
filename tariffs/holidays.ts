/** Holiday rules as dates of a year. Source: Gregorian computus of Meeus, Jones and Butcher for Easter. @module */
import { daysInMonth } from '#domain/instant';
import { dayNumberOf, dayNumberOfText, localDayOf, type LocalClock } from './calendar.ts';
import { weekdays, type HolidayRule } from './tariff.ts';

/** Month and day of Easter Sunday. */
export function easterOf(year: number): { readonly month: number; readonly day: number } {
  const a = year % 19;
  const b = Math.floor(year / 100);
  const c = year % 100;
  const d = Math.floor(b / 4);
  const e = b % 4;
  const g = Math.floor((8 * b + 13) / 25);
  const h = (19 * a + b - d - g + 15) % 30;
  const i = Math.floor(c / 4);
  const k = c % 4;
  const l = (32 + 2 * e + 2 * i - h - k) % 7;
  const m = Math.floor((a + 11 * h + 22 * l) / 451);
  const sum = h + l - 7 * m + 114;
  return { month: Math.floor(sum / 31), day: (sum % 31) + 1 };
}

function nthWeekday(clock: LocalClock, year: number, rule: Extract<HolidayRule, { nth: number }>): number {
  const wanted = weekdays.indexOf(rule.weekday);
  if (rule.nth === -1) {
    const last = dayNumberOf(clock, year, rule.month, daysInMonth(year, rule.month));
    return last - ((localDayOf(clock, last).weekday - wanted + 7) % 7) + rule.plusDays;
  }
  const first = dayNumberOf(clock, year, rule.month, 1);
  return first + ((wanted - localDayOf(clock, first).weekday + 7) % 7) + (rule.nth - 1) * 7 + rule.plusDays;
}

function observedDay(
  clock: LocalClock,
  number: number,
  observed: 'none' | 'monday' | 'nearest' | 'next-monday',
): number {
  const weekday = localDayOf(clock, number).weekday;
  if (observed === 'none' || weekday < 5) return number;
  if (weekday === 6) return number + 1;
  if (observed === 'nearest') return number - 1;
  return observed === 'next-monday' ? number + 2 : number;
}

function dayOfRule(rule: HolidayRule, clock: LocalClock, year: number): number | undefined {
  if ('date' in rule) {
    const number = dayNumberOfText(clock, rule.date);
    return number !== undefined && rule.date.startsWith(String(year)) ? number : undefined;
  }
  if ('easterPlusDays' in rule) {
    const easter = easterOf(year);
    return dayNumberOf(clock, year, easter.month, easter.day) + rule.easterPlusDays;
  }
  if ('nth' in rule) return nthWeekday(clock, year, rule);
  if (rule.day > daysInMonth(year, rule.month)) return undefined;
  return observedDay(clock, dayNumberOf(clock, year, rule.month, rule.day), rule.observed);
}

/** Numbers of the holidays in `[fromYear - 1, untilYear + 1]`; observed days may cross the turn of the year. */
export function holidayNumbers(
  rules: readonly HolidayRule[],
  clock: LocalClock,
  fromYear: number,
  untilYear: number,
): ReadonlySet<number> {
  const numbers = new Set<number>();
  for (let year = fromYear - 1; year <= untilYear + 1; year++) {
    for (const rule of rules) {
      const number = dayOfRule(rule, clock, year);
      if (number !== undefined) numbers.add(number);
    }
  }
  return numbers;
}
