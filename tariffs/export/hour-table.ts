/** A tariff's energy prices and demand windows hour by hour of each month, as month-and-hour formats see them. @module */
import type { Loss } from '../bill-form.ts';
import type { LineOf, Tariff, When } from '../tariff.ts';
import { layDay, noWindow, seasonMaskOf, windowSetOf, type DayTraits } from '../windows.ts';

/** Index of the window in force per month (0 to 11) and hour, for one kind of day; -1 for none. */
export type HourTable = readonly (readonly number[])[];

/** The day in the middle of a month that stands for it. */
function dayOf(tariff: Tariff, month: number, weekday: number): DayTraits {
  return { month, weekday, seasonMask: seasonMaskOf(tariff.calendar.seasons, month, 15), holiday: false };
}

/** Weekday and weekend tables of some windows; what does not fit whole hours, months or kinds of day is told. */
export function hourTablesOf(
  tariff: Tariff,
  line: LineOf<'energy'> | LineOf<'demand'>,
  losses: Loss[],
): { readonly weekday: HourTable; readonly weekend: HourTable; readonly overlaps: boolean } {
  const whens: readonly When[] = line.windows.map((window) => window.when);
  const set = windowSetOf(whens, Object.keys(tariff.calendar.seasons));
  let halfHours = false;
  let overlaps = false;
  let otherDays = false;
  const tableOf = (weekdays: readonly number[]): HourTable =>
    Array.from({ length: 12 }, (_, k) => {
      const days = weekdays.map((weekday) => layDay(set, dayOf(tariff, k + 1, weekday)));
      const [first] = days;
      otherDays ||= days.some((day) => day.first.some((window, minute) => window !== first?.first[minute]));
      overlaps ||= days.some((day) => day.count.some((count) => count > 1));
      return Array.from({ length: 24 }, (_unused, hour) => {
        const start = first?.first[hour * 60] ?? noWindow;
        for (let minute = 1; minute < 60; minute++) halfHours ||= first?.first[hour * 60 + minute] !== start;
        return start === noWindow ? -1 : start;
      });
    });
  const weekday = tableOf([0, 1, 2, 3, 4]);
  const weekend = tableOf([5, 6]);
  const lose = (reason: string): void => {
    losses.push({ field: line.id, reason });
  };
  if (halfHours) lose('windows do not begin on whole hours; each hour has the window of its first minute');
  if (otherDays)
    lose('days of the week differ within weekdays or weekends; Monday and Saturday stand for them');
  const dated = Object.values(tariff.calendar.seasons).some((season) =>
    (season.ranges ?? []).some((range) => !range.from.endsWith('-01') || !endsMonth(range.to)),
  );
  if (dated) lose('seasons begin inside a month; the 15th stands for the month');
  const holidays = whens.some(
    (when) => typeof when !== 'string' && when.some((clause) => clause.holidays !== 'usual'),
  );
  if (holidays) lose('holidays are their weekdays there');
  return { weekday, weekend, overlaps };
}

function endsMonth(monthDay: string): boolean {
  const day = Number(monthDay.slice(3));
  const month = Number(monthDay.slice(0, 2));
  return day >= (month === 2 ? 28 : [4, 6, 9, 11].includes(month) ? 30 : 31);
}
