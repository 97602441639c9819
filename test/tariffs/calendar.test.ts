import fc from 'fast-check';
import { DateTime, IANAZone } from 'luxon';
import { describe, expect, test } from 'vitest';
import { billingPeriodsOf } from '#tariffs/billing-periods';
import {
  clockOf,
  dateText,
  instantOfLocal,
  isZone,
  localDayOf,
  localStepsOf,
  startOfDay,
} from '#tariffs/calendar';
import { easterOf, holidayNumbers } from '#tariffs/holidays';
import { at } from './builders.ts';

/** Zones with every oddity that is known, and as many more as VOLTHERD_ZONES asks for (`all`: every one of Intl). */
const odd = [
  'America/Los_Angeles',
  'Europe/Berlin',
  'Australia/Lord_Howe',
  'Asia/Kathmandu',
  'Africa/Casablanca',
  'America/Sao_Paulo',
  'Africa/Cairo',
  'Asia/Beirut',
  'America/Santiago',
  'Pacific/Chatham',
  'Pacific/Apia',
  'America/St_Johns',
  'Africa/El_Aaiun',
  'Antarctica/Troll',
];
const zones =
  process.env['VOLTHERD_ZONES'] === 'all' ? Intl.supportedValuesOf('timeZone').filter(isZone) : odd;

/** Steps of half an hour over some years against luxon, one by one. */
function mismatches(zone: string, from: string, until: string): readonly string[] {
  const start = at(from);
  const count = (at(until) - start) / 1800;
  const steps = localStepsOf(clockOf(zone, start, at(until)), start, 1800, count);
  const found: string[] = [];
  for (let t = 0; t < count && found.length < 3; t++) {
    const luxon = DateTime.fromSeconds(start + t * 1800, { zone });
    const day = steps.days[steps.dayOf[t] ?? 0];
    const mine = `${day === undefined ? '' : dateText(day)} ${steps.minuteOf[t]} ${day?.weekday}`;
    const theirs = `${luxon.toISODate()} ${luxon.hour * 60 + luxon.minute} ${luxon.weekday - 1}`;
    if (mine !== theirs) found.push(`${zone} ${luxon.toISO()}: ${mine} is not ${theirs}`);
  }
  return found;
}

describe('local time agrees with luxon', () => {
  test.each(zones)('%s, every half hour of 2024', (zone) => {
    expect(mismatches(zone, '2024-01-01T00:00:00Z', '2025-01-01T00:00:00Z')).toEqual([]);
  });

  test('Apia has no 30 December 2011', () => {
    expect(mismatches('Pacific/Apia', '2011-12-01T00:00:00Z', '2012-02-01T00:00:00Z')).toEqual([]);
    const clock = clockOf('Pacific/Apia', at('2011-12-01T00:00:00Z'), at('2012-02-01T00:00:00Z'));
    const day = Math.floor(at('2011-12-30T00:00:00Z') / 86_400);
    expect(startOfDay(clock, day)).toBe(startOfDay(clock, day + 1));
  });

  test('a day begins after the hour before midnight has been repeated', () => {
    // Santiago goes from 24:00 back to 23:00 on 6 April 2024, from -03:00 to -04:00.
    const clock = clockOf('America/Santiago', at('2024-04-01T00:00:00Z'), at('2024-04-10T00:00:00Z'));
    const day = Math.floor(at('2024-04-07T00:00:00Z') / 86_400);
    expect(startOfDay(clock, day)).toBe(at('2024-04-07T04:00:00Z'));
  });

  test('law: the first instant of a day is where luxon sees its date first', () => {
    fc.assert(
      fc.property(fc.constantFrom(...odd), fc.integer({ min: 16_436, max: 21_914 }), (zone, number) => {
        const clock = clockOf(zone, number * 86_400 - 200_000, number * 86_400 + 200_000);
        const start = startOfDay(clock, number);
        const date = dateText(localDayOf(clock, number));
        expect(DateTime.fromSeconds(start, { zone }).toISODate()! >= date).toBe(true);
        expect(DateTime.fromSeconds(start - 1, { zone }).toISODate()! < date).toBe(true);
      }),
      { numRuns: 300, seed: 11 },
    );
  });
});

test.each(['EST', 'Mars/Olympus', '', 'CET', 'Europe/'])('%s is no zone', (zone) => {
  expect(isZone(zone)).toBe(false);
});

test('a local time that the clock shows twice is the first one, whatever the season of the program', () => {
  // Los Angeles goes from -07:00 to -08:00 on 3 November 2024.
  expect(instantOfLocal('2024-11-03T01:30', 'America/Los_Angeles')).toBe(at('2024-11-03T08:30:00Z'));
  expect(instantOfLocal('2024-11-03T02:30', 'America/Los_Angeles')).toBe(at('2024-11-03T10:30:00Z'));
  // 02:30 on 10 March does not exist; the clock then shows 03:30.
  expect(instantOfLocal('2024-03-10T02:30', 'America/Los_Angeles')).toBe(at('2024-03-10T10:30:00Z'));
  expect(instantOfLocal('2024-02-30T02:30', 'America/Los_Angeles')).toBeUndefined();
});

describe('billing periods', () => {
  const clock = clockOf('UTC', at('2024-12-01T00:00:00Z'), at('2026-12-01T00:00:00Z'));
  const starts = (periods: ReturnType<typeof billingPeriodsOf>): readonly string[] | undefined =>
    periods?.map((period) => dateText(period.firstDay));

  test('a cycle keeps its day where a month has it', () => {
    const rule = { kind: 'cycle', anchor: '2025-01-31' } as const;
    expect(
      starts(billingPeriodsOf(rule, clock, at('2025-02-01T00:00:00Z'), at('2025-05-15T00:00:00Z'))),
    ).toEqual(['2025-01-31', '2025-02-28', '2025-03-31', '2025-04-30']);
  });

  test('a cycle reaches back before its anchor', () => {
    const rule = { kind: 'cycle', anchor: '2025-06-15' } as const;
    expect(
      starts(billingPeriodsOf(rule, clock, at('2025-02-14T00:00:00Z'), at('2025-02-16T00:00:00Z'))),
    ).toEqual(['2025-01-15', '2025-02-15']);
  });

  test('read dates that do not cover the load give none', () => {
    const rule = { kind: 'read-dates', dates: ['2025-01-10', '2025-02-08'] } as const;
    const periods = { ...rule, dates: [...rule.dates] };
    expect(
      billingPeriodsOf(periods, clock, at('2025-01-10T00:00:00Z'), at('2025-02-08T00:00:00Z')),
    ).toHaveLength(1);
    expect(
      billingPeriodsOf(periods, clock, at('2025-01-09T00:00:00Z'), at('2025-02-01T00:00:00Z')),
    ).toBeUndefined();
  });

  test('months have the hours that the clock gives them', () => {
    const hours = (zone: string, month: number): number => {
      const local = clockOf(zone, at('2024-01-01T00:00:00Z'), at('2025-01-01T00:00:00Z'));
      const periods =
        billingPeriodsOf(
          { kind: 'calendar-month' },
          local,
          at('2024-01-05T00:00:00Z'),
          at('2024-12-20T00:00:00Z'),
        ) ?? [];
      const period = periods[month - 1];
      return period === undefined ? 0 : (period.endS - period.startS) / 3600;
    };
    expect([hours('America/Los_Angeles', 3), hours('America/Los_Angeles', 11)]).toEqual([743, 721]);
    expect([hours('Europe/Berlin', 3), hours('Europe/Berlin', 10)]).toEqual([743, 745]);
    expect([hours('Australia/Lord_Howe', 4), hours('Australia/Lord_Howe', 10)]).toEqual([720.5, 743.5]);
  });
});

test('the fixed calendar has 8,760 h from a Monday on, every year', () => {
  const start = at('2024-01-01T00:00:00Z');
  const clock = clockOf('UTC', start, start + 2 * 8760 * 3600, 'fixed-8760');
  const steps = localStepsOf(clock, start, 3600, 2 * 8760);
  const day = (t: number): string => {
    const one = steps.days[steps.dayOf[t] ?? 0];
    return one === undefined ? '' : `${dateText(one)} ${one.weekday}`;
  };
  // 2024 is a leap year; 59 days of January and February are followed by 1 March.
  expect(day(59 * 24)).toBe('2024-03-01 3');
  expect(day(8759)).toBe('2024-12-31 0');
  expect(day(8760)).toBe('2025-01-01 0');
});

describe('holidays', () => {
  const clock = clockOf('UTC', at('2024-01-01T00:00:00Z'), at('2028-01-01T00:00:00Z'));
  const dates = (rules: Parameters<typeof holidayNumbers>[0], year: string): readonly string[] =>
    [...holidayNumbers(rules, clock, 2024, 2027)]
      .map((number) => dateText(localDayOf(clock, number)))
      .filter((date) => date.startsWith(year))
      .toSorted();

  test('a holiday on Sunday is observed on Monday, one on Saturday where the rule says so', () => {
    const independence = { month: 7, day: 4 };
    // 4 July 2027 is a Sunday, 4 July 2026 a Saturday.
    expect(dates([{ ...independence, observed: 'monday' }], '2027')).toEqual(['2027-07-05']);
    expect(dates([{ ...independence, observed: 'monday' }], '2026')).toEqual(['2026-07-04']);
    expect(dates([{ ...independence, observed: 'nearest' }], '2026')).toEqual(['2026-07-03']);
    expect(dates([{ ...independence, observed: 'next-monday' }], '2026')).toEqual(['2026-07-06']);
  });

  test('weekday rules count from either end of the month', () => {
    expect(dates([{ month: 11, weekday: 'thu', nth: 4, plusDays: 1 }], '2026')).toEqual(['2026-11-27']);
    expect(dates([{ month: 5, weekday: 'mon', nth: -1, plusDays: 0 }], '2026')).toEqual(['2026-05-25']);
  });

  test.each([
    [2024, '3-31'],
    [2025, '4-20'],
    [2026, '4-5'],
    [2038, '4-25'],
  ])('Easter %i is on %s', (year, expected) => {
    const { month, day } = easterOf(year);
    expect(`${month}-${day}`).toBe(expected);
  });

  test('a holiday observed in the year before is seen', () => {
    // 1 January 2028 is a Saturday, observed on 31 December 2027.
    expect(dates([{ month: 1, day: 1, observed: 'nearest' }], '2027')).toContain('2027-12-31');
  });
});

test('offsets come from the zone, not from the machine', () => {
  const zone = 'Asia/Kathmandu';
  expect(IANAZone.create(zone).offset(0)).not.toBe(0);
  expect(instantOfLocal('2026-07-01T00:00', zone)).toBe(at('2026-06-30T18:15:00Z'));
});
