/** Month by hour schedules (12 x 24 period numbers) as windows. @module */
import type { TariffDocument } from '../tariff.ts';

type Lines = NonNullable<TariffDocument['lines']>;
type EnergyDocument = Extract<Lines[number], { kind: 'energy' }>;
/** When of a document. */
export type WhenDocument = EnergyDocument['windows'][number]['when'];
/** One clause of a document. */
export type ClauseDocument = Exclude<WhenDocument, string>[number];

/** Period numbers of the hours of each month. */
export type Schedule = readonly (readonly number[])[];

const clock = (hour: number): string => `${String(hour).padStart(2, '0')}:00`;

/** Stretches of hours of one period in one day, `[from, to)`. */
function stretchesOf(
  hours: readonly number[],
  period: number,
): readonly (readonly [from: number, to: number])[] {
  const found: [number, number][] = [];
  for (const [hour, value] of hours.entries()) {
    if (value !== period) continue;
    const last = found[found.length - 1];
    if (last !== undefined && last[1] === hour) last[1] = hour + 1;
    else found.push([hour, hour + 1]);
  }
  return found;
}

/** Clauses of a period on some days: months with equal hours share a clause. */
function clausesOn(
  schedule: Schedule,
  period: number,
  months: readonly number[],
  days: 'all' | 'weekdays' | 'weekends',
): readonly ClauseDocument[] {
  const byHours = new Map<string, { from: number; to: number; months: number[] }>();
  for (const month of months) {
    for (const [from, to] of stretchesOf(schedule[month] ?? [], period)) {
      const key = `${from}-${to}`;
      const known = byHours.get(key);
      if (known === undefined) byHours.set(key, { from, to, months: [month + 1] });
      else known.months.push(month + 1);
    }
  }
  return [...byHours.values()].map((clause) => ({
    days,
    from: clock(clause.from),
    to: clock(clause.to),
    ...(clause.months.length === 12 ? {} : { months: clause.months }),
  }));
}

/** When a period holds by its weekday and weekend schedules; empty where it never does. */
export function clausesOfPeriod(
  weekday: Schedule,
  weekend: Schedule,
  period: number,
): readonly ClauseDocument[] {
  const equal: number[] = [];
  const different: number[] = [];
  for (let month = 0; month < 12; month++) {
    const same = JSON.stringify(weekday[month]) === JSON.stringify(weekend[month]);
    (same ? equal : different).push(month);
  }
  return [
    ...clausesOn(weekday, period, equal, 'all'),
    ...clausesOn(weekday, period, different, 'weekdays'),
    ...clausesOn(weekend, period, different, 'weekends'),
  ];
}
