/**
 * Small tariff forms of other projects: acnportal's JSON, DER-VET's and eeco's tables. Source: acnportal
 * `tariff_schedules`, DER-VET customer tariff, eeco billing data format.
 * @module
 */
import { z } from 'zod';
import type { Fault } from '#domain/fault';
import { fail, type Result } from '#domain/result';
import type { Loss } from '../bill-form.ts';
import { checked, fault } from '../faults.ts';
import { weekdays, type TariffDocument } from '../tariff.ts';
import { numberOf, tableOf, type Table } from './csv.ts';
import { importedOf, slugOf, type Imported } from './imported.ts';
import type { ClauseDocument } from './schedule.ts';

type LineDocument = TariffDocument['lines'][number];
type EnergyDocument = Extract<LineDocument, { kind: 'energy' }>;
type DemandDocument = Extract<LineDocument, { kind: 'demand' }>;

/** What a foreign table does not say. */
export interface PeerOptions {
  readonly timezone: string;
  readonly currency?: string;
  readonly name?: string;
}

/** Fractional hours as a clock text. */
function clockOf(hours: number): string {
  const minutes = Math.round(hours * 60);
  return `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
}

function frameOf(
  title: string,
  options: PeerOptions,
  lines: TariffDocument['lines'],
  rest: Partial<TariffDocument> = {},
): TariffDocument {
  return {
    schema: 'voltherd-tariff/1',
    id: slugOf(options.name ?? title),
    name: options.name ?? title,
    currency: options.currency ?? 'USD',
    timezone: options.timezone,
    source: { title, date: 'undated' },
    billing: { rounding: { scope: 'none' } },
    ...rest,
    lines,
  };
}

const monthDay = z.string().regex(/^\d{1,2}-\d{1,2}$/, 'MM-DD');
const acnSchema = z.looseObject({
  name: z.string(),
  effective: z.string().optional(),
  schedule: z
    .array(
      z.looseObject({
        id: z.string(),
        effective_start: monthDay,
        effective_end: monthDay,
        dow_mask: z.enum(['ALL', 'WEEKDAYS', 'WEEKENDS']),
        times: z.array(z.number().min(0).max(24)).min(1),
        tariffs: z.array(z.number()).min(1),
        demand_charge: z.number().min(0).nullish(),
      }),
    )
    .min(1)
    .max(200),
});

const daysOfMask = { ALL: 'all', WEEKDAYS: 'weekdays', WEEKENDS: 'weekends' } as const;
const padded = (text: string): string =>
  text
    .split('-')
    .map((part) => part.padStart(2, '0'))
    .join('-');

/** acnportal: prices from each time of the day on, by season and kind of day. Seasons that overlap are refused. */
export function tariffOfAcnportal(
  document: unknown,
  options: PeerOptions,
): Result<Imported, readonly Fault[]> {
  const form = checked(acnSchema, document);
  if (!form.ok) return form;
  const { schedule, name, effective } = form.value;
  const losses: Loss[] = Object.keys(form.value)
    .filter((field) => !(field in acnSchema.shape))
    .map((field) => ({ field, reason: 'not a field that is known' }));
  const seasons: NonNullable<NonNullable<TariffDocument['calendar']>['seasons']> = {};
  const windows: EnergyDocument['windows'] = [];
  const demand = new Map<number, ClauseDocument[]>();
  for (const [k, part] of schedule.entries()) {
    if (part.times.length !== part.tariffs.length) {
      return fail([
        fault(
          `schedule[${k}].tariffs`,
          part.tariffs.length,
          'lengths-differ',
          'Give one price for each time.',
        ),
      ]);
    }
    const season = `season ${k}`;
    seasons[season] = { ranges: [{ from: padded(part.effective_start), to: padded(part.effective_end) }] };
    const days = daysOfMask[part.dow_mask];
    const byPrice = new Map<number, ClauseDocument[]>();
    for (const [j, time] of part.times.entries()) {
      const clause: ClauseDocument = {
        days,
        from: clockOf(time),
        to: clockOf(part.times[j + 1] ?? 24),
        seasons: [season],
      };
      const price = part.tariffs[j] ?? 0;
      byPrice.set(price, [...(byPrice.get(price) ?? []), clause]);
    }
    for (const [price, when] of byPrice)
      windows.push({ id: `${slugOf(part.id)} ${windows.length}`, when, price });
    const charge = part.demand_charge ?? 0;
    if (charge > 0) demand.set(charge, [...(demand.get(charge) ?? []), { days, seasons: [season] }]);
  }
  const everywhere = demand.size === 1 && [...demand.values()][0]?.length === schedule.length;
  const demandLine: DemandDocument = {
    kind: 'demand',
    id: 'demand',
    windows: [...demand].map(([price, when], k) => ({
      id: `demand ${k}`,
      when: everywhere ? 'always' : when,
      price,
    })),
  };
  const lines: TariffDocument['lines'] = [{ kind: 'energy', id: 'energy', windows }];
  const start = /^(\d{4})-(\d{1,2})-(\d{1,2})$/.exec(effective ?? '');
  const validFrom =
    start === null ? undefined : `${start[1] ?? ''}-${padded(`${start[2] ?? ''}-${start[3] ?? ''}`)}`;
  return importedOf(
    frameOf(
      `acnportal ${name}`,
      { ...options, name: options.name ?? name },
      demand.size > 0 ? [...lines, demandLine] : lines,
      {
        calendar: { seasons },
        ...(validFrom === undefined ? {} : { validFrom }),
      },
    ),
    losses,
  );
}

/** A row of a table as a price in a window. */
interface PriceRow {
  readonly row: number;
  readonly name: string;
  readonly when: readonly ClauseDocument[];
  readonly price: number;
  /** kWh or kW above which the price holds. */
  readonly above: number;
}

/** Rows of one window with rising limits: each holds until the next one takes over. */
function tieredBy(rows: readonly PriceRow[]): readonly (readonly PriceRow[])[] {
  const groups = new Map<string, PriceRow[]>();
  for (const row of rows) {
    const key = `${row.name}/${JSON.stringify(row.when)}`;
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups.values()].map((group) => group.toSorted((a, b) => a.above - b.above));
}

function pricesOf(
  group: readonly PriceRow[],
): { readonly price: number } | { readonly tiers: { upTo: number | null; price: number }[] } {
  const [only] = group;
  if (group.length === 1 && only !== undefined && only.above === 0) return { price: only.price };
  const tiers = group.map((row, k) => ({ upTo: group[k + 1]?.above ?? null, price: row.price }));
  const first = only?.above ?? 0;
  return { tiers: first > 0 ? [{ upTo: first, price: 0 }, ...tiers] : tiers };
}

/**
 * Energy rows as lines. Rows that do not overlap make one line; where they do, their prices add, and each is a line of
 * its own that is free outside its hours.
 */
function energyLines(rows: readonly PriceRow[], options: PeerOptions): readonly LineDocument[] {
  const groups = tieredBy(rows);
  const windowOf = (group: readonly PriceRow[]): EnergyDocument['windows'][number] => ({
    id: `row ${group[0]?.row ?? 0}`,
    when: [...(group[0]?.when ?? [])],
    ...pricesOf(group),
  });
  const free: EnergyDocument['windows'][number] = { id: 'free', when: 'otherwise', price: 0 };
  const joint: LineDocument = { kind: 'energy', id: 'energy', windows: [...groups.map(windowOf), free] };
  if (groups.length === 0) return [];
  if (importedOf(frameOf('trial', options, [joint]), []).ok) return [joint];
  return groups.map((group, k) => ({ kind: 'energy', id: `energy ${k}`, windows: [windowOf(group), free] }));
}

function demandLines(
  rows: readonly PriceRow[],
  reset: 'period' | 'day',
  id: string,
): readonly LineDocument[] {
  const windows = new Map<string, { when: ClauseDocument[]; prices: ReturnType<typeof pricesOf> }>();
  for (const group of tieredBy(rows)) {
    const key = group[0]?.name ?? '';
    const known = windows.get(key);
    // One name in several rows of one price is one window.
    if (known !== undefined && JSON.stringify(known.prices) === JSON.stringify(pricesOf(group)))
      known.when.push(...(group[0]?.when ?? []));
    else {
      windows.set(known === undefined ? key : `${key} ${group[0]?.row ?? 0}`, {
        when: [...(group[0]?.when ?? [])],
        prices: pricesOf(group),
      });
    }
  }
  if (windows.size === 0) return [];
  return [
    {
      kind: 'demand',
      id,
      reset,
      windows: [...windows].map(([name, window]) => ({ id: name, when: window.when, ...window.prices })),
    },
  ];
}

/** Months from one to another, over the turn of the year where the second is earlier. */
function monthsOf(from: number, to: number): readonly number[] {
  const count = ((to - from + 12) % 12) + 1;
  return Array.from({ length: count }, (_, k) => ((from - 1 + k) % 12) + 1);
}

function reader(table: Table): (row: readonly string[], ...names: readonly string[]) => string | undefined {
  return (row, ...names) => {
    const column = table.columns.findIndex((known) => names.includes(known));
    return column < 0 ? undefined : row[column];
  };
}

function wordOf(text: string | undefined, row: number): string {
  const clean = (text ?? '')
    .replace(/[^A-Za-z0-9 _.()+-]/g, ' ')
    .trim()
    .slice(0, 60);
  return /^[A-Za-z0-9]/.test(clean) ? clean : `row ${row}`;
}

/** Clauses of hours `[from, to)` on some days in some months; an end before the start wraps over midnight. */
function clausesOf(
  hours: readonly [from: number, to: number],
  days: ClauseDocument['days'],
  months: readonly number[],
): readonly ClauseDocument[] {
  const [from, to] = hours;
  const rest = {
    ...(days === undefined ? {} : { days }),
    ...(months.length === 12 ? {} : { months: [...months] }),
  };
  if (from < to) return [{ from: clockOf(from), to: clockOf(to), ...rest }];
  return [
    { from: clockOf(from), to: '24:00', ...rest },
    ...(to > 0 ? [{ from: '00:00', to: clockOf(to), ...rest }] : []),
  ];
}

const eecoKnown = new Set([
  'utility',
  'type',
  'assessed',
  'period',
  'name',
  'basic_charge_limit',
  'month_start',
  'month_end',
  'hour_start',
  'hour_end',
  'weekday_start',
  'weekday_end',
  'charge',
  'units',
  'notes',
]);

/** eeco: one row per price, hours and weekdays as ranges (0 is Monday), limits in kWh or kW. Rows of gas are left out. */
export function tariffOfEeco(text: string, options: PeerOptions): Result<Imported, readonly Fault[]> {
  const table = tableOf(text);
  const cell = reader(table);
  const losses: Loss[] = table.columns
    .filter((name) => !eecoKnown.has(name.replace(/ \((imperial|metric)\)$/, '')))
    .map((field) => ({ field, reason: 'not a column that is read' }));
  const faults: Fault[] = [];
  const rows = {
    energy: [] as PriceRow[],
    demand: [] as PriceRow[],
    daily: [] as PriceRow[],
    export: [] as PriceRow[],
  };
  const lines: LineDocument[] = [];
  for (const [k, row] of table.rows.entries()) {
    if ((cell(row, 'utility') ?? 'electric') !== 'electric') {
      losses.push({ field: `row ${k}`, reason: 'not electricity' });
      continue;
    }
    const price = numberOf(cell(row, 'charge', 'charge (metric)'));
    const type = cell(row, 'type') ?? '';
    if (price === undefined) {
      faults.push(
        fault(`rows[${k}].charge`, cell(row, 'charge', 'charge (metric)'), 'not-a-number', 'Give a price.'),
      );
      continue;
    }
    if (type === 'customer') {
      const per = /day/.test(cell(row, 'units') ?? '') ? 'day' : 'month';
      lines.push({ kind: 'fixed', id: `customer ${k}`, amount: price, per });
      continue;
    }
    const number = (name: string, otherwise: number): number => numberOf(cell(row, name)) ?? otherwise;
    const first = number('weekday_start', 0);
    const count = ((number('weekday_end', 6) - first + 7) % 7) + 1;
    const days =
      count === 7 ? 'all' : Array.from({ length: count }, (_, j) => weekdays[(first + j) % 7] ?? 'mon');
    const one: PriceRow = {
      row: k,
      name: wordOf(cell(row, 'period', 'name'), k),
      when: clausesOf(
        [number('hour_start', 0), number('hour_end', 24)],
        days,
        monthsOf(number('month_start', 1), number('month_end', 12)),
      ),
      price,
      above: numberOf(cell(row, 'basic_charge_limit', 'basic_charge_limit (metric)')) ?? 0,
    };
    if (type === 'energy') rows.energy.push({ ...one, name: '' });
    else if (type === 'demand') (cell(row, 'assessed') === 'daily' ? rows.daily : rows.demand).push(one);
    else if (type === 'export') rows.export.push(one);
    else
      faults.push(fault(`rows[${k}].type`, type, 'unknown-kind', 'One of customer, demand, energy, export.'));
  }
  if (faults.length > 0) return fail(faults);
  const sells = rows.export.map((row): LineDocument => ({
    kind: 'energy',
    id: `export ${row.row}`,
    windows: [
      { id: row.name, when: [...row.when], price: 0, sell: row.price },
      { id: 'none', when: 'otherwise', price: 0 },
    ],
  }));
  const all = [
    ...energyLines(rows.energy, options),
    ...demandLines(rows.demand, 'period', 'demand'),
    ...demandLines(rows.daily, 'day', 'daily demand'),
    ...sells,
    ...lines,
  ];
  if (all.length === 0) return fail([fault('rows', 0, 'no-charges', 'Give rows of electricity prices.')]);
  return importedOf(frameOf('eeco table', options, all), losses);
}

const derKnown = new Set([
  'billing period',
  'start month',
  'end month',
  'start time',
  'end time',
  'excluding start time',
  'excluding end time',
  'weekday?',
  'value',
  'charge',
  'name',
  'name_optional',
]);

/** Hours of a DER-VET row: times name the hour that ends, and an inner stretch may be left out. */
function derHours(
  row: readonly string[],
  cell: ReturnType<typeof reader>,
): readonly (readonly [number, number])[] {
  const from = (numberOf(cell(row, 'start time')) ?? 1) - 1;
  const to = numberOf(cell(row, 'end time')) ?? 24;
  const out = numberOf(cell(row, 'excluding start time'));
  const back = numberOf(cell(row, 'excluding end time'));
  if (out === undefined || back === undefined) return [[from, to]];
  const parts: (readonly [number, number])[] = [
    [from, out - 1],
    [back, to],
  ];
  return parts.filter(([a, b]) => a < b);
}

/** DER-VET: one row per billing period with hour-ending times; `Weekday?` is 1, 0 or 2 for all days. */
export function tariffOfDerVet(text: string, options: PeerOptions): Result<Imported, readonly Fault[]> {
  const table = tableOf(text);
  const cell = reader(table);
  const losses: Loss[] = table.columns
    .filter((name) => !derKnown.has(name))
    .map((field) => ({ field, reason: 'not a column that is read' }));
  const faults: Fault[] = [];
  const energy: PriceRow[] = [];
  const demand: PriceRow[] = [];
  for (const [k, row] of table.rows.entries()) {
    const price = numberOf(cell(row, 'value'));
    const charge = (cell(row, 'charge') ?? '').toLowerCase();
    if (price === undefined) {
      faults.push(fault(`rows[${k}].Value`, cell(row, 'value'), 'not-a-number', 'Give a price.'));
      continue;
    }
    const mask = cell(row, 'weekday?') ?? '2';
    const days = mask === '1' ? 'weekdays' : mask === '0' ? 'weekends' : 'all';
    const months = monthsOf(numberOf(cell(row, 'start month')) ?? 1, numberOf(cell(row, 'end month')) ?? 12);
    const one: PriceRow = {
      row: k,
      name: `period ${cell(row, 'billing period') ?? k}`,
      when: derHours(row, cell).flatMap((hours) => clausesOf(hours, days, months)),
      price,
      above: 0,
    };
    if (charge === 'energy') energy.push(one);
    else if (charge === 'demand') demand.push(one);
    else faults.push(fault(`rows[${k}].Charge`, charge, 'unknown-kind', 'energy or demand.'));
  }
  if (faults.length > 0) return fail(faults);
  const lines = [...energyLines(energy, options), ...demandLines(demand, 'period', 'demand')];
  if (lines.length === 0) return fail([fault('rows', 0, 'no-charges', 'Give rows of prices.')]);
  return importedOf(frameOf('DER-VET tariff', options, lines), losses);
}
