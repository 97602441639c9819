/**
 * Tariffs of the US utility rate database (OpenEI URDB, version 7/8), as its API gives them and as rows of its bulk file.
 * Each field is used, named in `losses` with a reason, or refused. Source: OpenEI URDB field list; NREL REopt.jl
 * `urdb.jl` and ssc `lib_utility_rate_equations.cpp` for how tiers, hours of use and look-backs are read.
 * @module
 */
import { z } from 'zod';
import type { Fault } from '#domain/fault';
import { isoOf } from '#domain/instant';
import { fail, type Result } from '#domain/result';
import { epochS } from '#domain/units';
import type { Loss } from '../bill-form.ts';
import { checked, fault } from '../faults.ts';
import type { TariffDocument } from '../tariff.ts';
import { importedOf, slugOf, type Imported } from './imported.ts';
import { clausesOfPeriod, type Schedule } from './schedule.ts';

type LineDocument = TariffDocument['lines'][number];
type EnergyDocument = Extract<LineDocument, { kind: 'energy' }>;
type DemandDocument = Extract<LineDocument, { kind: 'demand' }>;

const text = z.string();
const number = z.number();
const tier = z.looseObject({
  max: number.nullish(),
  unit: text.nullish(),
  rate: number.nullish(),
  adj: number.nullish(),
  sell: number.nullish(),
});
const structure = z.array(z.array(tier).min(1)).min(1);
const schedule = z.array(z.array(z.int().min(0)).length(24)).length(12);
const twelve = z.array(number).length(12);
/** Seconds since 1970, or a text that begins with a date. */
const day = z.union([number, text]);

/** Fields that decide the bill, with their forms; other fields may be anything. */
const urdbSchema = z.looseObject({
  label: text.optional(),
  utility: text.optional(),
  name: text.optional(),
  startdate: day.nullish(),
  enddate: day.nullish(),
  source: text.nullish(),
  uri: text.nullish(),
  energyratestructure: structure.optional(),
  energyweekdayschedule: schedule.optional(),
  energyweekendschedule: schedule.optional(),
  fueladjustmentsmonthly: twelve.optional(),
  demandrateunit: text.nullish(),
  demandratestructure: structure.optional(),
  demandweekdayschedule: schedule.optional(),
  demandweekendschedule: schedule.optional(),
  demandwindow: number.nullish(),
  demandratchetpercentage: twelve.optional(),
  lookbackPercent: number.nullish(),
  lookbackRange: number.nullish(),
  lookbackMonths: z.array(z.union([number, z.boolean()])).nullish(),
  lookbackpercent: number.nullish(),
  lookbackrange: number.nullish(),
  lookbackmonths: z.array(z.union([number, z.boolean()])).nullish(),
  flatdemandunit: text.nullish(),
  flatdemandstructure: structure.optional(),
  flatdemandmonths: z.array(z.int().min(0)).length(12).optional(),
  fixedchargefirstmeter: number.nullish(),
  fixedchargeunits: text.nullish(),
  fixedmonthlycharge: number.nullish(),
  mincharge: number.nullish(),
  minchargeunits: text.nullish(),
  minmonthlycharge: number.nullish(),
});

type Urdb = z.output<typeof urdbSchema>;
type Tier = z.output<typeof tier>;

/** Why fields that no bill depends on are left out. */
const ignoredFields: Readonly<Record<string, string>> = {
  eiaid: 'identity of the utility',
  approved: 'state of the record',
  is_default: 'state of the record',
  supersedes: 'identity of an older record',
  sourceparent: 'address of the source',
  description: 'text for people',
  basicinformationcomments: 'text for people',
  country: 'identity',
  sector: 'who may take the tariff is not checked',
  servicetype: 'bundled, energy only or delivery only: whether other bills come on top is not known',
  peakkwcapacitymin: 'who may take the tariff is not checked',
  peakkwcapacitymax: 'who may take the tariff is not checked',
  peakkwcapacityhistory: 'who may take the tariff is not checked',
  peakkwhusagemin: 'who may take the tariff is not checked',
  peakkwhusagemax: 'who may take the tariff is not checked',
  peakkwhusagehistory: 'who may take the tariff is not checked',
  voltageminimum: 'who may take the tariff is not checked',
  voltagemaximum: 'who may take the tariff is not checked',
  voltagecategory: 'who may take the tariff is not checked',
  phasewiring: 'who may take the tariff is not checked',
  demandunits: 'unit of the applicability limits',
  dgrules: 'only energy fed in with a sell rate is paid; netting over a month is not modelled',
  usenetmetering: 'only energy fed in with a sell rate is paid; netting over a month is not modelled',
  coincidentrateunit: 'the hours in which the system peaks are not in the record',
  coincidentratestructure: 'the hours in which the system peaks are not in the record',
  coincidentrateschedule: 'the hours in which the system peaks are not in the record',
  demandreactivepowercharge: 'the record does not say what reactive power is free',
  fixedchargeeaaddl: 'one meter is billed',
  annualmincharge: 'a least amount per year cannot be settled month by month',
  energycomments: 'text; surcharges may hide in it',
  demandcomments: 'text; surcharges may hide in it',
  energyattrs: 'free key and value; surcharges may hide in it',
  demandattrs: 'free key and value; surcharges may hide in it',
  fixedattrs: 'free key and value; surcharges may hide in it',
  revisions: 'state of the record',
  latest_update: 'state of the record',
};

interface Reading {
  readonly urdb: Urdb;
  readonly losses: Loss[];
  readonly faults: Fault[];
}

function lose(reading: Reading, field: string, reason: string): void {
  reading.losses.push({ field, reason });
}

const present = (value: unknown): boolean =>
  value !== undefined &&
  value !== null &&
  value !== '' &&
  value !== 0 &&
  !(Array.isArray(value) && value.length === 0);

/** A rate with its adjustment, free of the dust of binary fractions. */
function rateOf(one: Tier): number {
  return Number(((one.rate ?? 0) + (one.adj ?? 0)).toPrecision(12));
}

/** Upper end of a tier; 0, absent and very large all mean none. */
function endOf(one: Tier): number | null {
  const max = one.max ?? 0;
  return max <= 0 || max >= 1e9 ? null : max;
}

type EnergyTierDocument = NonNullable<EnergyDocument['windows'][number]['tiers']>[number];

const energyUnits: Readonly<Record<string, { readonly hours: boolean; readonly daily: boolean }>> = {
  kWh: { hours: false, daily: false },
  'kWh/kW': { hours: true, daily: false },
  'kWh daily': { hours: false, daily: true },
  'kWh/kW daily': { hours: true, daily: true },
};

/** Tiers up to and including the first that has no end; later ones can never be reached. */
function reachable(reading: Reading, tiers: readonly Tier[], path: string, headed: boolean): readonly Tier[] {
  const open = headed ? tiers.length - 1 : tiers.findIndex((one) => endOf(one) === null);
  if (open >= 0 && open < tiers.length - 1) {
    lose(reading, `${path}[${open + 1}]`, 'a tier after one without an end is never reached');
    return tiers.slice(0, open + 1);
  }
  const last = tiers[tiers.length - 1];
  if (last !== undefined && endOf(last) !== null) {
    lose(
      reading,
      `${path}[${tiers.length - 1}].max`,
      'the last tier has no end: what lies above has its price',
    );
  }
  return tiers;
}

/**
 * Tiers of one period. Where the first is in kWh/kW, a kWh/kW tier followed by kWh tiers is the frame of these: they end
 * at its hours of use, and its own price is never used.
 */
function energyTiers(reading: Reading, tiers: readonly Tier[], path: string): readonly EnergyTierDocument[] {
  const isHours = (one: Tier | undefined): boolean => energyUnits[one?.unit ?? 'kWh']?.hours ?? false;
  const headed = isHours(tiers[0]) && tiers.some((one) => !isHours(one));
  const kept = reachable(reading, tiers, path, headed);
  const out: EnergyTierDocument[] = [];
  let frame: number | null = null;
  for (const [k, one] of kept.entries()) {
    const last = k === kept.length - 1;
    const upTo = last ? null : endOf(one);
    if (headed && isHours(one) && !last && !isHours(kept[k + 1])) {
      frame = endOf(one);
      if ((one.rate ?? 0) !== 0)
        lose(reading, `${path}[${k}].rate`, 'the kWh tiers inside this kWh/kW tier give the price');
      continue;
    }
    if (isHours(one)) {
      frame = null;
      out.push({ upTo, unit: 'kWhPerKw', price: rateOf(one) });
    } else {
      const within = frame === null || last ? {} : { withinHours: frame };
      out.push({ upTo, ...within, price: rateOf(one) });
    }
  }
  return out;
}

function unitFaults(reading: Reading): boolean {
  const before = reading.faults.length;
  for (const [p, tiers] of (reading.urdb.energyratestructure ?? []).entries()) {
    for (const [k, one] of tiers.entries()) {
      if (energyUnits[one.unit ?? 'kWh'] === undefined) {
        reading.faults.push(
          fault(
            `energyratestructure[${p}][${k}].unit`,
            one.unit,
            'unknown-unit',
            `One of ${Object.keys(energyUnits).join(', ')}.`,
          ),
        );
      }
    }
  }
  return reading.faults.length > before;
}

/** The two schedules of a structure; numbers beyond the structure are refused. */
function schedulesOf(
  reading: Reading,
  kind: 'energy' | 'demand',
  periods: number,
): readonly [weekday: Schedule, weekend: Schedule] {
  const always: Schedule = Array.from({ length: 12 }, () => Array.from({ length: 24 }, () => 0));
  const names = [`${kind}weekdayschedule`, `${kind}weekendschedule`] as const;
  const [weekday, weekend] = names.map((name) => {
    const given: unknown = reading.urdb[name];
    if (!Array.isArray(given)) {
      if (periods > 1)
        reading.faults.push(fault(name, undefined, 'missing-field', 'Give 12 x 24 period numbers.'));
      return always;
    }
    const rows = given as Schedule;
    for (const [month, hours] of rows.entries()) {
      const hour = hours.findIndex((period) => period >= periods);
      if (hour >= 0) {
        reading.faults.push(
          fault(
            `${name}[${month}][${hour}]`,
            hours[hour],
            'unknown-period',
            `The structure has periods 0 to ${periods - 1}.`,
          ),
        );
      }
    }
    return rows;
  });
  return [weekday ?? always, weekend ?? always];
}

function energyLine(reading: Reading, hoursUseOf: string | undefined): readonly LineDocument[] {
  const { urdb } = reading;
  const periods = urdb.energyratestructure;
  if (periods === undefined || unitFaults(reading)) return [];
  const [weekday, weekend] = schedulesOf(reading, 'energy', periods.length);
  const windows: EnergyDocument['windows'] = [];
  let daily = false;
  for (const [p, tiers] of periods.entries()) {
    const path = `energyratestructure[${p}]`;
    const clauses = clausesOfPeriod(weekday, weekend, p);
    if (clauses.length === 0) {
      lose(reading, path, 'no hour of the schedules has this period');
      continue;
    }
    daily ||= energyUnits[tiers[0]?.unit ?? 'kWh']?.daily ?? false;
    const steps = energyTiers(reading, tiers, path);
    const only = steps.length === 1 ? steps[0] : undefined;
    const sell = tiers[0]?.sell ?? 0;
    if (tiers.slice(1).some((one) => present(one.sell))) {
      lose(reading, `${path}[1].sell`, 'energy fed in is paid at the sell rate of the first tier');
    }
    windows.push({
      id: `period ${p}`,
      when: [...clauses],
      ...(only === undefined ? { tiers: [...steps] } : { price: only.price }),
      ...(sell === 0 ? {} : { sell }),
    });
  }
  const adders = fuelAdders(urdb.fueladjustmentsmonthly);
  return [
    {
      kind: 'energy',
      id: 'energy',
      windows,
      ...(adders.length === 0 ? {} : { adders: [...adders] }),
      tierReset: daily ? 'day' : 'period',
      ...(hoursUseOf === undefined ? {} : { hoursUseOf }),
    },
  ];
}

function fuelAdders(monthly: readonly number[] | undefined): NonNullable<EnergyDocument['adders']> {
  const months = new Map<number, number[]>();
  for (const [k, price] of (monthly ?? []).entries()) {
    if (price !== 0) months.set(price, [...(months.get(price) ?? []), k + 1]);
  }
  return [...months].map(([price, list], k) => ({ id: `fuel ${k + 1}`, price, months: list }));
}

/** Ratchet of the record as a fraction in percent; values up to 1 are fractions. */
function percentOf(value: number): number {
  return Number((value <= 1 ? value * 100 : value).toPrecision(12));
}

function ratchetOf(reading: Reading): DemandDocument['ratchet'] {
  const { urdb } = reading;
  const percent = urdb.lookbackPercent ?? urdb.lookbackpercent ?? 0;
  const range = urdb.lookbackRange ?? urdb.lookbackrange ?? 0;
  const flags = (urdb.lookbackMonths ?? urdb.lookbackmonths ?? []).map((flag) => flag === true || flag === 1);
  const byMonth = urdb.demandratchetpercentage ?? [];
  const hasByMonth = byMonth.some((value) => value !== 0);
  const sourceMonths = flags.flatMap((flag, k) => (flag ? [k + 1] : []));
  if (!hasByMonth && (percent === 0 || (range === 0 && sourceMonths.length === 0))) {
    if (percent !== 0)
      lose(reading, 'lookbackPercent', 'neither lookbackRange nor lookbackMonths says which months count');
    return undefined;
  }
  if (hasByMonth && percent !== 0) {
    lose(reading, 'lookbackPercent', 'demandratchetpercentage gives the percentages, month by month');
  }
  return {
    percent: hasByMonth ? byMonth.map(percentOf) : percentOf(percent),
    lookbackMonths: range > 0 ? Math.min(24, Math.round(range)) : 11,
    ...(sourceMonths.length === 0 ? {} : { sourceMonths }),
  };
}

const demandUnits: Readonly<Record<string, { readonly unit: 'kW' | 'kVA'; readonly daily: boolean }>> = {
  kW: { unit: 'kW', daily: false },
  'kW daily': { unit: 'kW', daily: true },
  kVA: { unit: 'kVA', daily: false },
  'kVA daily': { unit: 'kVA', daily: true },
};

function demandUnitOf(
  reading: Reading,
  field: 'demandrateunit' | 'flatdemandunit',
): (typeof demandUnits)[string] {
  const given = reading.urdb[field] ?? 'kW';
  const known = demandUnits[given];
  if (known?.unit === 'kVA')
    lose(reading, field, 'the record has no power factor: a kVA counts as a kW until one is set');
  if (known !== undefined) return known;
  reading.faults.push(fault(field, given, 'unknown-unit', `One of ${Object.keys(demandUnits).join(', ')}.`));
  return { unit: 'kW', daily: false };
}

type DemandWindowDocument = DemandDocument['windows'][number];

function demandWindow(
  reading: Reading,
  id: string,
  place: { readonly tiers: readonly Tier[]; readonly path: string },
  when: DemandWindowDocument['when'],
): readonly DemandWindowDocument[] {
  if (place.tiers.every((one) => rateOf(one) === 0)) return [];
  const kept = reachable(reading, place.tiers, place.path, false);
  const only = kept.length === 1 ? kept[0] : undefined;
  if (only !== undefined) return [{ id, when, price: rateOf(only) }];
  return [
    {
      id,
      when,
      tiers: kept.map((one, k) => ({ upTo: k === kept.length - 1 ? null : endOf(one), price: rateOf(one) })),
    },
  ];
}

function touDemandLine(reading: Reading, ratchet: DemandDocument['ratchet']): readonly LineDocument[] {
  const { urdb } = reading;
  const periods = urdb.demandratestructure;
  if (periods === undefined) return [];
  const { unit, daily } = demandUnitOf(reading, 'demandrateunit');
  const [weekday, weekend] = schedulesOf(reading, 'demand', periods.length);
  const windows = periods.flatMap((tiers, p) => {
    const path = `demandratestructure[${p}]`;
    const clauses = clausesOfPeriod(weekday, weekend, p);
    if (clauses.length === 0) {
      lose(reading, path, 'no hour of the schedules has this period');
      return [];
    }
    return demandWindow(reading, `period ${p}`, { tiers, path }, [...clauses]);
  });
  if (windows.length === 0) return [];
  return [
    {
      kind: 'demand',
      id: 'demand',
      windows,
      unit,
      ...(daily ? { reset: 'day' as const } : ratchet === undefined ? {} : { ratchet }),
    },
  ];
}

function flatDemandLine(reading: Reading, ratchet: DemandDocument['ratchet']): readonly LineDocument[] {
  const { urdb } = reading;
  const periods = urdb.flatdemandstructure;
  if (periods === undefined) return [];
  const months = urdb.flatdemandmonths ?? Array.from({ length: 12 }, () => 0);
  const unknown = months.findIndex((period) => period >= periods.length);
  if (unknown >= 0) {
    reading.faults.push(
      fault(
        `flatdemandmonths[${unknown}]`,
        months[unknown],
        'unknown-period',
        `The structure has periods 0 to ${periods.length - 1}.`,
      ),
    );
  }
  const { unit, daily } = demandUnitOf(reading, 'flatdemandunit');
  const windows = periods.flatMap((tiers, p) => {
    const own = months.flatMap((period, month) => (period === p ? [month + 1] : []));
    const path = `flatdemandstructure[${p}]`;
    if (own.length === 0) {
      lose(reading, path, 'no month has this period');
      return [];
    }
    return demandWindow(
      reading,
      `months ${p}`,
      { tiers, path },
      own.length === 12 ? 'always' : [{ months: own }],
    );
  });
  if (windows.length === 0) return [];
  return [
    {
      kind: 'demand',
      id: 'flat demand',
      windows,
      unit,
      ...(daily
        ? { reset: 'day' as const }
        : ratchet === undefined
          ? {}
          : { ratchet: { ...ratchet, source: 'line' as const } }),
    },
  ];
}

const lengths: Readonly<Record<string, 'day' | 'month' | 'year'>> = {
  '$/day': 'day',
  '$/month': 'month',
  '$/year': 'year',
};

function lengthOf(reading: Reading, field: 'fixedchargeunits' | 'minchargeunits'): 'day' | 'month' | 'year' {
  const given = reading.urdb[field] ?? '$/month';
  const known = lengths[given];
  if (known !== undefined) return known;
  reading.faults.push(fault(field, given, 'unknown-unit', `One of ${Object.keys(lengths).join(', ')}.`));
  return 'month';
}

function fixedLines(reading: Reading): readonly LineDocument[] {
  const { urdb } = reading;
  const lines: LineDocument[] = [];
  const first = urdb.fixedchargefirstmeter ?? 0;
  const monthly = urdb.fixedmonthlycharge ?? 0;
  if (first !== 0)
    lines.push({ kind: 'fixed', id: 'fixed', amount: first, per: lengthOf(reading, 'fixedchargeunits') });
  else if (monthly !== 0) lines.push({ kind: 'fixed', id: 'fixed', amount: monthly, per: 'month' });
  if (first !== 0 && monthly !== 0) lose(reading, 'fixedmonthlycharge', 'fixedchargefirstmeter is charged');
  const least = urdb.mincharge ?? 0;
  const leastMonthly = urdb.minmonthlycharge ?? 0;
  const per = least === 0 ? 'month' : lengthOf(reading, 'minchargeunits');
  if (per === 'year') lose(reading, 'mincharge', 'a least amount per year cannot be settled month by month');
  else if (least !== 0) lines.push({ kind: 'minimum-bill', id: 'minimum', amount: least, per });
  else if (leastMonthly !== 0)
    lines.push({ kind: 'minimum-bill', id: 'minimum', amount: leastMonthly, per: 'month' });
  if (least !== 0 && leastMonthly !== 0) lose(reading, 'minmonthlycharge', 'mincharge is charged');
  return lines;
}

function dateOf(value: number | string | null | undefined): string | undefined {
  if (value === null || value === undefined || value === '' || value === 0) return undefined;
  if (typeof value === 'number') return isoOf(epochS(Math.trunc(value))).slice(0, 10);
  const found = /^\d{4}-\d{2}-\d{2}/.exec(value);
  if (found !== null) return found[0];
  return /^\d{6,12}$/.test(value) ? dateOf(Number(value)) : undefined;
}

function meterOf(reading: Reading): TariffDocument['meter'] {
  const given = reading.urdb.demandwindow ?? 0;
  if (given === 15 || given === 30 || given === 60) return { demandIntervalMinutes: given };
  if (given !== 0)
    lose(reading, 'demandwindow', `${given} minutes: blocks of 15 minutes are metered instead`);
  return { demandIntervalMinutes: 15 };
}

function ignoredLosses(reading: Reading): void {
  for (const [field, value] of Object.entries(reading.urdb)) {
    if (!present(value) || field in urdbSchema.shape) continue;
    lose(reading, field, ignoredFields[field] ?? 'not a field that is known');
  }
  lose(reading, 'holidays', 'the format has none; every day is its weekday');
}

/** A record of the URDB API as a tariff of the given zone. */
export function tariffOfUrdb(record: unknown, timezone: string): Result<Imported, readonly Fault[]> {
  const form = checked(urdbSchema, record);
  if (!form.ok) return form;
  const reading: Reading = { urdb: form.value, losses: [], faults: [] };
  const { urdb } = reading;
  const ratchet = ratchetOf(reading);
  const flat = flatDemandLine(reading, ratchet);
  // A ratchet binds the demand of the whole month; windows have their own only where there is no such line.
  const tou = touDemandLine(reading, flat.length > 0 ? undefined : ratchet);
  if (ratchet !== undefined && flat.length === 0 && tou.length === 0) {
    lose(reading, 'demandratchetpercentage', 'the record has no demand charge');
  }
  const lines = [...energyLine(reading, flat[0]?.id), ...flat, ...tou, ...fixedLines(reading)];
  const meter = meterOf(reading);
  ignoredLosses(reading);
  if (lines.length === 0 && reading.faults.length === 0) {
    reading.faults.push(
      fault('energyratestructure', undefined, 'no-charges', 'Give a record that charges something.'),
    );
  }
  if (reading.faults.length > 0) return fail(reading.faults);
  const title = [urdb.utility, urdb.name].filter((part) => part !== undefined && part !== '').join(' ');
  const validFrom = dateOf(urdb.startdate);
  const validTo = dateOf(urdb.enddate);
  return importedOf(
    {
      schema: 'voltherd-tariff/1',
      id: slugOf(`urdb-${urdb.label ?? title}`),
      name: (title === '' ? (urdb.label ?? 'URDB record') : title).slice(0, 200),
      currency: 'USD',
      timezone,
      ...(validFrom === undefined ? {} : { validFrom }),
      ...(validTo === undefined || (validFrom !== undefined && validTo <= validFrom) ? {} : { validTo }),
      source: {
        title: `OpenEI URDB ${urdb.label ?? ''} ${urdb.source ?? ''}`.trim().slice(0, 400),
        ...(typeof urdb.uri === 'string' && urdb.uri !== '' ? { url: urdb.uri.slice(0, 400) } : {}),
        date: validFrom ?? 'undated',
      },
      billing: { rounding: { scope: 'none' } },
      ...(meter === undefined ? {} : { meter }),
      lines,
    },
    reading.losses,
  );
}
