/** A document becomes a tariff: its form, then what its parts say of each other, then that energy is priced once everywhere. @module */
import type { Fault } from '#domain/fault';
import { daysInMonth, instantOfIso } from '#domain/instant';
import { fail, ok, type Result } from '#domain/result';
import { isZone } from './calendar.ts';
import { checked, fault } from './faults.ts';
import { seasonsMax } from './limits.ts';
import { tariffSchema, weekdays, type LineOf, type Tariff, type TariffLine, type When } from './tariff.ts';
import { dayClassOf, layDay, minutesOf, seasonMaskOf, windowSetOf, type DayTraits } from './windows.ts';

function isDate(text: string): boolean {
  const [year = 0, month = 0, day = 0] = text.split('-').map(Number);
  return day <= daysInMonth(year, month);
}

function isMonthDay(text: string): boolean {
  return Number(text.slice(3)) <= daysInMonth(2024, Number(text.slice(0, 2)));
}

function dateFaults(tariff: Tariff): readonly Fault[] {
  const found: Fault[] = [];
  const need = (path: string, text: string | undefined): void => {
    if (text !== undefined && !isDate(text))
      found.push(fault(path, text, 'impossible-date', 'Give a day that exists.'));
  };
  need('validFrom', tariff.validFrom);
  need('validTo', tariff.validTo);
  if (tariff.validFrom !== undefined && tariff.validTo !== undefined && tariff.validTo <= tariff.validFrom) {
    found.push(fault('validTo', tariff.validTo, 'ends-before-it-starts', 'Give a day after validFrom.'));
  }
  for (const [k, holiday] of tariff.calendar.holidays.entries()) {
    const path = `calendar.holidays[${k}]`;
    if ('date' in holiday) need(`${path}.date`, holiday.date);
    else if ('day' in holiday && holiday.day > daysInMonth(2024, holiday.month)) {
      found.push(fault(`${path}.day`, holiday.day, 'impossible-date', 'Give a day that its month has.'));
    }
  }
  const { period, yearStart } = tariff.billing;
  if (period.kind === 'cycle') need('billing.period.anchor', period.anchor);
  if (period.kind === 'read-dates') {
    for (const [k, text] of period.dates.entries()) {
      need(`billing.period.dates[${k}]`, text);
      if (k > 0 && text <= (period.dates[k - 1] ?? '')) {
        found.push(
          fault(`billing.period.dates[${k}]`, text, 'not-ascending', 'Give read dates in order, each once.'),
        );
      }
    }
  }
  if (!isMonthDay(yearStart)) {
    found.push(fault('billing.yearStart', yearStart, 'impossible-date', 'Give a day that its month has.'));
  }
  return found;
}

function seasonFaults(tariff: Tariff): readonly Fault[] {
  const names = Object.keys(tariff.calendar.seasons);
  const found: Fault[] = [];
  if (names.length > seasonsMax) {
    found.push(
      fault('calendar.seasons', `${names.length} entries`, 'too-large', `At most ${seasonsMax} seasons.`),
    );
  }
  for (const [name, season] of Object.entries(tariff.calendar.seasons)) {
    const path = `calendar.seasons.${name}`;
    if (season.months === undefined && season.ranges === undefined) {
      found.push(fault(path, season, 'empty-season', 'Give months or ranges.'));
    }
    for (const [k, range] of (season.ranges ?? []).entries()) {
      for (const end of ['from', 'to'] as const) {
        if (!isMonthDay(range[end])) {
          found.push(
            fault(
              `${path}.ranges[${k}].${end}`,
              range[end],
              'impossible-date',
              'Give a day that its month has.',
            ),
          );
        }
      }
    }
  }
  return found;
}

function whenFaults(path: string, when: When, tariff: Tariff): readonly Fault[] {
  if (typeof when === 'string') return [];
  const found: Fault[] = [];
  for (const [k, clause] of when.entries()) {
    if (minutesOf(clause.from) >= minutesOf(clause.to)) {
      found.push(
        fault(
          `${path}[${k}].to`,
          clause.to,
          'window-ends-before-it-starts',
          `Give a time after ${clause.from}; write a window over midnight as two clauses, one to 24:00 and one from 00:00.`,
        ),
      );
    }
    for (const [j, season] of (clause.seasons ?? []).entries()) {
      if (!Object.hasOwn(tariff.calendar.seasons, season)) {
        found.push(
          fault(
            `${path}[${k}].seasons[${j}]`,
            season,
            'unknown-season',
            'Name a season of calendar.seasons.',
          ),
        );
      }
    }
  }
  return found;
}

interface Tier {
  readonly upTo: number | null;
  readonly unit?: string;
  readonly withinHours?: number | undefined;
}

function tierFaults(path: string, tiers: readonly Tier[]): readonly Fault[] {
  const found: Fault[] = [];
  const highest = new Map<string, number>();
  for (const [k, tier] of tiers.entries()) {
    const last = k === tiers.length - 1;
    const open = tier.upTo === null && tier.withinHours === undefined;
    if (last !== open) {
      found.push(
        fault(`${path}[${k}].upTo`, tier.upTo, 'open-tier', 'The last tier, and only it, has upTo null.'),
      );
      continue;
    }
    const unit = `${tier.unit ?? ''}/${tier.withinHours ?? ''}`;
    if (tier.upTo !== null && tier.upTo <= (highest.get(unit) ?? 0)) {
      found.push(
        fault(`${path}[${k}].upTo`, tier.upTo, 'tiers-not-ascending', 'Each tier ends above the one before.'),
      );
    }
    if (tier.upTo !== null) highest.set(unit, tier.upTo);
  }
  return found;
}

function repeatedIds(path: string, ids: readonly string[]): readonly Fault[] {
  return ids.flatMap((id, k) =>
    ids.indexOf(id) < k ? [fault(`${path}[${k}].id`, id, 'id-twice', 'Give every one its own id.')] : [],
  );
}

function oneOfFault(path: string, given: Readonly<Record<string, unknown>>): readonly Fault[] {
  const names = Object.keys(given);
  const present = names.filter((name) => given[name] !== undefined);
  if (present.length === 1) return [];
  return [fault(path, present.join(', '), 'one-of', `Give exactly one of ${names.join(', ')}.`)];
}

type WindowedLine = LineOf<'energy'> | LineOf<'demand'> | LineOf<'load-factor-tiers'>;

function windowFaults(path: string, line: WindowedLine, tariff: Tariff): readonly Fault[] {
  const found: Fault[] = [
    ...repeatedIds(
      `${path}.windows`,
      line.windows.map((window) => window.id),
    ),
  ];
  const rests = line.windows.filter((window) => window.when === 'otherwise').length;
  if (rests > 1) {
    found.push(
      fault(`${path}.windows`, `${rests} windows`, 'otherwise-twice', 'Only one window may take the rest.'),
    );
  }
  for (const [k, window] of line.windows.entries()) {
    found.push(...whenFaults(`${path}.windows[${k}].when`, window.when, tariff));
  }
  return found;
}

function energyFaults(path: string, line: LineOf<'energy'>, tariff: Tariff): readonly Fault[] {
  const found: Fault[] = [...windowFaults(path, line, tariff)];
  for (const [k, window] of line.windows.entries()) {
    const { price, tiers, series, sell, sellSeries } = window;
    found.push(...oneOfFault(`${path}.windows[${k}]`, { price, tiers, series }));
    if (sell !== undefined && sellSeries !== undefined) {
      found.push(...oneOfFault(`${path}.windows[${k}]`, { sell, sellSeries }));
    }
    if (line.netting === 'period' && (series !== undefined || sellSeries !== undefined)) {
      found.push(
        fault(
          `${path}.windows[${k}].${series === undefined ? 'sellSeries' : 'series'}`,
          line.netting,
          'netting-needs-one-price',
          'Energy that is netted over a period has one price per window; give price or tiers, or netting hour.',
        ),
      );
    }
    if (tiers !== undefined) found.push(...tierFaults(`${path}.windows[${k}].tiers`, tiers));
  }
  if (line.hoursUseOf !== undefined) {
    const target = tariff.lines.find((other) => other.id === line.hoursUseOf);
    if (target?.kind !== 'demand') {
      found.push(fault(`${path}.hoursUseOf`, line.hoursUseOf, 'unknown-line', 'Name a demand line.'));
    }
  }
  return found;
}

function demandFaults(path: string, line: LineOf<'demand'>, tariff: Tariff): readonly Fault[] {
  const found: Fault[] = [...windowFaults(path, line, tariff)];
  for (const [k, window] of line.windows.entries()) {
    const { price, tiers } = window;
    found.push(...oneOfFault(`${path}.windows[${k}]`, { price, tiers }));
    if (tiers !== undefined) found.push(...tierFaults(`${path}.windows[${k}].tiers`, tiers));
    for (const [j, weight] of (window.weights ?? []).entries()) {
      found.push(...whenFaults(`${path}.windows[${k}].weights[${j}].when`, weight.when, tariff));
    }
  }
  if (line.ratchet !== undefined && (line.reset !== 'period' || line.measure.kind !== 'max')) {
    found.push(
      fault(
        `${path}.ratchet`,
        line.reset,
        'ratchet-needs-period-peaks',
        'A ratchet goes with reset period and measure max.',
      ),
    );
  }
  if (line.measure.kind === 'rolling-mean' && line.reset !== 'period') {
    found.push(
      fault(`${path}.reset`, line.reset, 'mean-needs-periods', 'A rolling mean goes with reset period.'),
    );
  }
  if (line.measure.kind === 'mean-top' && line.reset === 'day') {
    found.push(
      fault(
        `${path}.reset`,
        line.reset,
        'mean-needs-days',
        'A mean of top peaks goes with reset period or year.',
      ),
    );
  }
  return found;
}

function loadFactorFaults(path: string, line: LineOf<'load-factor-tiers'>, tariff: Tariff): readonly Fault[] {
  const found: Fault[] = [
    ...windowFaults(path, line, tariff),
    ...repeatedIds(
      `${path}.tiers`,
      line.tiers.map((t) => t.id),
    ),
  ];
  found.push(
    ...tierFaults(
      `${path}.tiers`,
      line.tiers.map((tier) => ({ upTo: tier.upToPercent })),
    ),
  );
  for (const [k, tier] of line.tiers.entries()) {
    for (const window of Object.keys(tier.perKwh)) {
      if (!line.windows.some((known) => known.id === window)) {
        found.push(
          fault(
            `${path}.tiers[${k}].perKwh.${window}`,
            window,
            'unknown-window',
            'Name a window of this line.',
          ),
        );
      }
    }
  }
  return found;
}

function referenceFaults(
  path: string,
  names: 'all' | readonly string[],
  before: readonly TariffLine[],
): readonly Fault[] {
  if (names === 'all') return [];
  return names.flatMap((id, k) =>
    before.some((line) => line.id === id)
      ? []
      : [fault(`${path}[${k}]`, id, 'unknown-line', 'Name a line that stands before this one.')],
  );
}

/** A level is chosen by what overage costs, and anew for each period. */
function levelFaults(path: string, line: LineOf<'subscription'>): readonly Fault[] {
  if (line.levelKw !== 'chosen') return [];
  return [
    ...(line.pricePerBlock < 0
      ? [
          fault(
            `${path}.pricePerBlock`,
            line.pricePerBlock,
            'level-without-end',
            'Give a price of 0 or more, or a level in kW.',
          ),
        ]
      : []),
    ...(line.overagePrice <= 0
      ? [
          fault(
            `${path}.overagePrice`,
            line.overagePrice,
            'level-without-overage',
            'Give a price above 0, or a level in kW: without overage one block is always cheapest.',
          ),
        ]
      : []),
    ...(line.stepUpAfter === undefined
      ? []
      : [
          fault(
            `${path}.stepUpAfter`,
            line.stepUpAfter,
            'chosen-level-steps-up',
            'Leave it out, or give a level in kW: a chosen level is chosen anew for each period.',
          ),
        ]),
  ];
}

function lineFaults(line: TariffLine, k: number, tariff: Tariff): readonly Fault[] {
  const path = `lines[${k}]`;
  switch (line.kind) {
    case 'energy':
      return energyFaults(path, line, tariff);
    case 'demand':
      return demandFaults(path, line, tariff);
    case 'load-factor-tiers':
      return loadFactorFaults(path, line, tariff);
    case 'percent':
      return referenceFaults(`${path}.of`, line.of, tariff.lines.slice(0, k));
    case 'minimum-bill':
      return [
        ...referenceFaults(`${path}.scope`, line.scope, tariff.lines.slice(0, k)),
        ...(line.settled === 'year' && line.per !== 'year'
          ? [fault(`${path}.settled`, line.settled, 'settled-by-year', 'Give the amount per year.')]
          : []),
      ];
    case 'reactive':
      return whenFaults(`${path}.when`, line.when, tariff);
    case 'credit':
      return [
        ...whenFaults(`${path}.when`, line.when, tariff),
        ...oneOfFault(path, { amount: line.amount, perKwh: line.perKwh }),
      ];
    case 'coincident':
      return line.calls.flatMap((call, j) =>
        (instantOfIso(call.end) ?? 0) > (instantOfIso(call.start) ?? 0)
          ? []
          : [
              fault(
                `${path}.calls[${j}].end`,
                call.end,
                'ends-before-it-starts',
                'Give an end after the start.',
              ),
            ],
      );
    case 'subscription':
      return levelFaults(path, line);
    case 'contracted-capacity':
    case 'price-pair':
    case 'fixed':
      return [];
  }
}

/** Every kind of day that the tariff tells apart, one of each. */
function dayKindsOf(tariff: Tariff): readonly DayTraits[] {
  const byMonth = new Map<string, { month: number; seasonMask: number }>();
  for (let month = 1; month <= 12; month++) {
    for (let day = 1; day <= daysInMonth(2024, month); day++) {
      const seasonMask = seasonMaskOf(tariff.calendar.seasons, month, day);
      byMonth.set(`${month}/${seasonMask}`, { month, seasonMask });
    }
  }
  const holidays = tariff.calendar.holidays.length === 0 ? [false] : [false, true];
  return [...byMonth.values()].flatMap((time) =>
    weekdays.flatMap((_, weekday) => holidays.map((holiday) => ({ ...time, weekday, holiday }))),
  );
}

const clockText = (minute: number): string =>
  `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;

interface Group {
  readonly path: string;
  readonly sets: readonly ReturnType<typeof windowSetOf>[];
}

/** The first stretch of a day that is priced other than once. */
function coverageFault(group: Group, day: DayTraits): Fault | undefined {
  const counts = group.sets.map((set) => layDay(set, day).count);
  const total = (minute: number): number => counts.reduce((sum, count) => sum + (count[minute] ?? 0), 0);
  for (let minute = 0; minute < 1440; minute++) {
    const times = total(minute);
    if (times === 1) continue;
    let end = minute + 1;
    while (end < 1440 && total(end) === times) end++;
    const where = `month ${day.month}, ${weekdays[day.weekday] ?? ''}${day.holiday ? ' (holiday)' : ''}, ${clockText(minute)}-${clockText(end)}`;
    return times === 0
      ? fault(
          group.path,
          where,
          'energy-gap',
          'Energy has no price there; widen a window or add one with when: otherwise.',
        )
      : fault(
          group.path,
          where,
          'energy-overlap',
          `Energy is priced ${times} times there; windows of one group may not overlap.`,
        );
  }
  return undefined;
}

/** Faults of energy groups that do not price each minute exactly once; one per group. */
function coverageFaults(tariff: Tariff): readonly Fault[] {
  const seasonNames = Object.keys(tariff.calendar.seasons);
  const groups = new Map<string, { path: string; sets: ReturnType<typeof windowSetOf>[] }>();
  for (const [k, line] of tariff.lines.entries()) {
    if (line.kind !== 'energy') continue;
    const key = line.group === undefined ? `line:${line.id}` : `group:${line.group}`;
    const group = groups.get(key) ?? { path: `lines[${k}].windows`, sets: [] };
    group.sets.push(
      windowSetOf(
        line.windows.map((window) => window.when),
        seasonNames,
      ),
    );
    groups.set(key, group);
  }
  const days = dayKindsOf(tariff);
  return [...groups.values()].flatMap((group) => {
    const seen = new Set<string>();
    for (const day of days) {
      const kind = group.sets.map((set) => dayClassOf(set, day)).join('/');
      if (seen.has(kind)) continue;
      seen.add(kind);
      const found = coverageFault(group, day);
      if (found !== undefined) return [found];
    }
    return [];
  });
}

/** Most faults that one answer repeats. */
const faultsMax = 50;

/** The tariff of a document, or every fault found: unknown fields by name, references, dates, gaps and overlaps of energy windows. */
export function parseTariff(document: unknown): Result<Tariff, readonly Fault[]> {
  const form = checked(tariffSchema, document);
  if (!form.ok) return form;
  const tariff = form.value;
  const faults = [
    ...(isZone(tariff.timezone)
      ? []
      : [
          fault(
            'timezone',
            tariff.timezone,
            'wrong-zone',
            'Name a zone of the IANA database, like Europe/Berlin.',
          ),
        ]),
    ...dateFaults(tariff),
    ...seasonFaults(tariff),
    ...repeatedIds(
      'lines',
      tariff.lines.map((line) => line.id),
    ),
    ...tariff.lines.flatMap((line, k) => lineFaults(line, k, tariff)),
  ];
  if (faults.length > 0) return fail(faults.slice(0, faultsMax));
  const uncovered = coverageFaults(tariff);
  return uncovered.length > 0 ? fail(uncovered.slice(0, faultsMax)) : ok(tariff);
}
