/**
 * Tariffs of the US utility rate database (OpenEI URDB, version 7/8), as its API gives them and as rows of its bulk file.
 * Each field is used, named in `losses` with a reason, or refused. Source: OpenEI URDB field list; NREL REopt.jl
 * `urdb.jl` and ssc `lib_utility_rate_equations.cpp` for how tiers, hours of use and look-backs are read.
 * @module
 */
import type { Fault } from '#domain/fault';
import { isoOf } from '#domain/instant';
import { fail, type Result } from '#domain/result';
import { epochS } from '#domain/units';
import type { Loss } from '../bill-form.ts';
import { checked, fault } from '../faults.ts';
import type { TariffDocument } from '../tariff.ts';
import { importedOf, slugOf, type Imported } from './imported.ts';
import { clausesOfPeriod, type Schedule } from './schedule.ts';
import { ignoredFields, urdbSchema, type Tier, type Urdb } from './urdb-fields.ts';
import { urdbRecordOf } from './urdb-record.ts';

type LineDocument = TariffDocument['lines'][number];
type EnergyDocument = Extract<LineDocument, { kind: 'energy' }>;
type DemandDocument = Extract<LineDocument, { kind: 'demand' }>;

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

/** A number free of the dust of binary fractions. */
const exact = (value: number): number => Number(value.toPrecision(12));

/** A rate with its adjustment. */
function rateOf(one: Tier): number {
  return exact((one.rate ?? 0) + (one.adj ?? 0));
}

/** Upper end of a tier; 0, absent and very large all mean none. */
function endOf(one: Tier): number | null {
  const max = one.max ?? 0;
  return max <= 0 || max >= 1e9 ? null : max;
}

type EnergyTierDocument = NonNullable<EnergyDocument['windows'][number]['tiers']>[number];

/** One mechanical horsepower (550 ft lbf/s) in kW. */
const kwPerHp = 0.745_699_872;

interface EnergyUnit {
  readonly hours: boolean;
  readonly daily: boolean;
  /** Hours of use per kW: a tier per hp is longer per kW. */
  readonly perKw: number;
}

const plain = { hours: false, daily: false, perKw: 1 };
const energyUnits: Readonly<Record<string, EnergyUnit>> = {
  kWh: plain,
  'kWh daily': { ...plain, daily: true },
  'kWh/kW': { ...plain, hours: true },
  'kWh/kW daily': { ...plain, hours: true, daily: true },
  'kWh/hp': { hours: true, daily: false, perKw: 1 / kwPerHp },
  'kWh/hp daily': { hours: true, daily: true, perKw: 1 / kwPerHp },
  'kWh/kVA': { ...plain, hours: true },
  'kWh/kVA daily': { ...plain, hours: true, daily: true },
};

const unitOf = (one: Tier | undefined): EnergyUnit => energyUnits[one?.unit ?? 'kWh'] ?? plain;

/** The end of a tier in the unit of the tariff. */
function scaledEnd(one: Tier): number | null {
  const end = endOf(one);
  return end === null ? null : exact(end * unitOf(one).perKw);
}

/** Tiers that a counter can reach: none after one without an end, none that ends no higher than one before it. */
function reachable(reading: Reading, tiers: readonly Tier[], path: string, headed: boolean): readonly Tier[] {
  const open = headed ? tiers.length - 1 : tiers.findIndex((one) => endOf(one) === null);
  if (open >= 0 && open < tiers.length - 1) {
    lose(reading, `${path}[${open + 1}]`, 'a tier after one without an end is never reached');
    return rising(reading, tiers.slice(0, open + 1), path);
  }
  const last = tiers[tiers.length - 1];
  if (last !== undefined && endOf(last) !== null) {
    lose(
      reading,
      `${path}[${tiers.length - 1}].max`,
      'the last tier has no end: what lies above has its price',
    );
  }
  return rising(reading, tiers, path);
}

function rising(reading: Reading, tiers: readonly Tier[], path: string): readonly Tier[] {
  const highest = new Map<string, number>();
  return tiers.filter((one, k) => {
    const end = k === tiers.length - 1 ? null : endOf(one);
    const unit = one.unit ?? '';
    if (end !== null && end <= (highest.get(unit) ?? 0)) {
      lose(reading, `${path}[${k}]`, 'the tier ends no higher than the one before and is never reached');
      return false;
    }
    if (end !== null) highest.set(unit, end);
    return true;
  });
}

/**
 * Tiers of one period. Where the first is in kWh/kW, a kWh/kW tier followed by kWh tiers is the frame of these: they end
 * at its hours of use, and its own price is never used.
 */
function energyTiers(reading: Reading, tiers: readonly Tier[], path: string): readonly EnergyTierDocument[] {
  const isHours = (one: Tier | undefined): boolean => unitOf(one).hours;
  const headed = isHours(tiers[0]) && tiers.some((one) => !isHours(one));
  const kept = reachable(reading, tiers, path, headed);
  const out: EnergyTierDocument[] = [];
  let frame: number | null = null;
  for (const [k, one] of kept.entries()) {
    const last = k === kept.length - 1;
    const upTo = last ? null : scaledEnd(one);
    const { daily } = unitOf(one);
    if (headed && isHours(one) && !last && !isHours(kept[k + 1])) {
      frame = scaledEnd(one);
      if ((one.rate ?? 0) !== 0)
        lose(reading, `${path}[${k}].rate`, 'the kWh tiers inside this kWh/kW tier give the price');
      continue;
    }
    if (isHours(one)) {
      frame = null;
      out.push({ upTo, unit: daily ? 'kWhPerKwDay' : 'kWhPerKw', price: rateOf(one) });
    } else {
      const within = frame === null || last ? {} : { withinHours: frame };
      out.push({ upTo, unit: daily ? 'kWhPerDay' : 'kWh', ...within, price: rateOf(one) });
    }
  }
  return out;
}

function unitFaults(reading: Reading): boolean {
  const before = reading.faults.length;
  for (const [p, tiers] of (reading.urdb.energyratestructure ?? []).entries()) {
    for (const [k, one] of tiers.entries()) {
      const field = `energyratestructure[${p}][${k}].unit`;
      if (one.unit?.includes('hp') === true) lose(reading, field, `1 hp counts as ${kwPerHp} kW`);
      if (one.unit?.includes('kVA') === true)
        lose(reading, field, 'the record has no power factor: a kVA counts as a kW until one is set');
      if (energyUnits[one.unit ?? 'kWh'] === undefined) {
        reading.faults.push(
          fault(field, one.unit, 'unknown-unit', `One of ${Object.keys(energyUnits).join(', ')}.`),
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
      const least = kind === 'energy' ? 0 : -1;
      const hour = hours.findIndex((period) => period >= periods || period < least);
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
  for (const [p, tiers] of periods.entries()) {
    const path = `energyratestructure[${p}]`;
    const clauses = clausesOfPeriod(weekday, weekend, p);
    if (clauses.length === 0) {
      lose(reading, path, 'no hour of the schedules has this period');
      continue;
    }
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
  const netting = nettingOf(reading);
  unevenTiers(reading, [weekday, weekend]);
  return [
    {
      kind: 'energy',
      id: 'energy',
      windows,
      ...(adders.length === 0 ? {} : { adders: [...adders] }),
      ...(netting === undefined ? {} : { netting }),
      ...(hoursUseOf === undefined ? {} : { hoursUseOf }),
    },
  ];
}

const nettings: Readonly<Record<string, NonNullable<EnergyDocument['netting']>>> = {
  'net metering': 'period',
  'net billing instantaneous': 'instant',
  'net billing hourly': 'hour',
  'buy all sell all': 'gross',
};

/** How energy fed in is set off against energy drawn. */
function nettingOf(reading: Reading): EnergyDocument['netting'] {
  const { dgrules, usenetmetering } = reading.urdb;
  if (dgrules === undefined) return usenetmetering === true ? 'period' : undefined;
  const known = nettings[dgrules.toLowerCase()];
  if (known === undefined) {
    lose(
      reading,
      'dgrules',
      `not a rule that is known: ${dgrules.slice(0, 60)}; each interval is settled by itself`,
    );
  }
  return known;
}

/** Names periods of one month whose tiers end differently: the counter is one, the ends are those of each kWh's period. */
function unevenTiers(reading: Reading, schedules: readonly Schedule[]): void {
  const periods = reading.urdb.energyratestructure ?? [];
  const endsOf = (p: number): string =>
    JSON.stringify((periods[p] ?? []).slice(0, -1).map((one) => [endOf(one), one.unit ?? 'kWh']));
  for (let month = 0; month < 12; month++) {
    const used = new Set(schedules.flatMap((rows) => rows[month] ?? []));
    if (new Set([...used].map(endsOf)).size <= 1) continue;
    lose(
      reading,
      'energyratestructure',
      `tiers of the periods of month ${month + 1} end differently: each kWh goes by the ends of its own period`,
    );
    return;
  }
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
  const percent = urdb.lookbackpercent ?? 0;
  const range = urdb.lookbackrange ?? 0;
  const flags = (urdb.lookbackmonths ?? []).map((flag) => flag === true || flag === 1);
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

interface DemandUnit {
  readonly unit: 'kW' | 'kVA';
  readonly daily: boolean;
  /** kW of one unit of the record. */
  readonly kw: number;
}

const demandUnits: Readonly<Record<string, DemandUnit>> = {
  kW: { unit: 'kW', daily: false, kw: 1 },
  'kW daily': { unit: 'kW', daily: true, kw: 1 },
  kVA: { unit: 'kVA', daily: false, kw: 1 },
  'kVA daily': { unit: 'kVA', daily: true, kw: 1 },
  hp: { unit: 'kW', daily: false, kw: kwPerHp },
  'hp daily': { unit: 'kW', daily: true, kw: kwPerHp },
};

function demandUnitOf(reading: Reading, field: 'demandrateunit' | 'flatdemandunit'): DemandUnit {
  const given = reading.urdb[field] ?? 'kW';
  const known = demandUnits[given];
  if (known?.unit === 'kVA')
    lose(reading, field, 'the record has no power factor: a kVA counts as a kW until one is set');
  if (known !== undefined && known.kw !== 1) lose(reading, field, `1 hp counts as ${kwPerHp} kW`);
  if (known !== undefined) return known;
  reading.faults.push(fault(field, given, 'unknown-unit', `One of ${Object.keys(demandUnits).join(', ')}.`));
  return { unit: 'kW', daily: false, kw: 1 };
}

type DemandWindowDocument = DemandDocument['windows'][number];

interface DemandPlace {
  readonly tiers: readonly Tier[];
  readonly path: string;
  /** kW of the unit that tiers are written in. */
  readonly kw: number;
}

function demandWindow(
  reading: Reading,
  id: string,
  place: DemandPlace,
  when: DemandWindowDocument['when'],
): readonly DemandWindowDocument[] {
  if (place.tiers.every((one) => rateOf(one) === 0)) return [];
  const kept = reachable(reading, place.tiers, place.path, false);
  const only = kept.length === 1 ? kept[0] : undefined;
  if (only !== undefined) return [{ id, when, price: exact(rateOf(only) / place.kw) }];
  return [
    {
      id,
      when,
      tiers: kept.map((one, k) => {
        const end = k === kept.length - 1 ? null : endOf(one);
        return {
          upTo: end === null ? null : exact(end * place.kw),
          price: exact(rateOf(one) / place.kw),
        };
      }),
    },
  ];
}

function touDemandLine(reading: Reading, ratchet: DemandDocument['ratchet']): readonly LineDocument[] {
  const { urdb } = reading;
  const periods = urdb.demandratestructure;
  if (periods === undefined) return [];
  const { unit, daily, kw } = demandUnitOf(reading, 'demandrateunit');
  const [weekday, weekend] = schedulesOf(reading, 'demand', periods.length);
  const windows = periods.flatMap((tiers, p) => {
    const path = `demandratestructure[${p}]`;
    const clauses = clausesOfPeriod(weekday, weekend, p);
    if (clauses.length === 0) {
      lose(reading, path, 'no hour of the schedules has this period');
      return [];
    }
    return demandWindow(reading, `period ${p}`, { tiers, path, kw }, [...clauses]);
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
  const { unit, daily, kw } = demandUnitOf(reading, 'flatdemandunit');
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
      { tiers, path, kw },
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
  return [...lines, ...leastLines(reading)];
}

/** Least amounts: per day or month in each bill, per year in the last bill of the year. */
function leastLines(reading: Reading): readonly LineDocument[] {
  const { urdb } = reading;
  const lines: LineDocument[] = [];
  const least = urdb.mincharge ?? 0;
  const leastMonthly = urdb.minmonthlycharge ?? 0;
  const leastYearly = urdb.annualmincharge ?? 0;
  const per = least === 0 ? 'month' : lengthOf(reading, 'minchargeunits');
  if (least !== 0) {
    const settled = per === 'year' ? { settled: 'year' as const } : {};
    lines.push({ kind: 'minimum-bill', id: 'minimum', amount: least, per, ...settled });
    if (leastMonthly !== 0) lose(reading, 'minmonthlycharge', 'mincharge is charged');
  } else if (leastMonthly !== 0) {
    lines.push({ kind: 'minimum-bill', id: 'minimum', amount: leastMonthly, per: 'month' });
  }
  if (leastYearly !== 0 && per !== 'year') {
    lines.push({
      kind: 'minimum-bill',
      id: 'annual minimum',
      amount: leastYearly,
      per: 'year',
      settled: 'year',
    });
  } else if (leastYearly !== 0) lose(reading, 'annualmincharge', 'mincharge is charged');
  return lines;
}

function dateOf(value: number | string | undefined): string | undefined {
  if (value === undefined || value === '' || value === 0) return undefined;
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

/** The demand that hours of use go by, where a ratchet makes it other than the plain peak of the period. */
function hoursUseLine(reading: Reading, ratchet: DemandDocument['ratchet']): readonly LineDocument[] {
  const tiers = (reading.urdb.energyratestructure ?? []).flat();
  if (ratchet === undefined || !tiers.some((one) => unitOf(one).hours)) return [];
  return [
    {
      kind: 'demand',
      id: 'billing demand',
      windows: [{ id: 'all hours', when: 'always', price: 0 }],
      ratchet,
    },
  ];
}

/** A record of the database in any of its forms as a tariff of the given zone. */
export function tariffOfUrdb(input: unknown, timezone: string): Result<Imported, readonly Fault[]> {
  const cleaned = urdbRecordOf(input);
  if (!cleaned.ok) return cleaned;
  const form = checked(urdbSchema, cleaned.value.record);
  if (!form.ok) return form;
  const reading: Reading = { urdb: form.value, losses: [...cleaned.value.losses], faults: [] };
  const { urdb } = reading;
  const ratchet = ratchetOf(reading);
  const flat = flatDemandLine(reading, ratchet);
  // A ratchet binds the demand of the whole month; windows have their own only where there is no such line.
  const tou = touDemandLine(reading, flat.length > 0 ? undefined : ratchet);
  const hoursUse = hoursUseLine(reading, ratchet);
  if (ratchet !== undefined && flat.length === 0 && tou.length === 0 && hoursUse.length === 0) {
    lose(reading, 'demandratchetpercentage', 'the record has no demand charge');
  }
  const lines = [
    ...energyLine(reading, hoursUse[0]?.id),
    ...hoursUse,
    ...flat,
    ...tou,
    ...fixedLines(reading),
  ];
  const meter = meterOf(reading);
  ignoredLosses(reading);
  if (lines.length === 0 && reading.faults.length === 0) {
    reading.faults.push(
      fault('energyratestructure', undefined, 'no-charges', 'Give a record that charges something.'),
    );
  }
  if (reading.faults.length > 0) return fail(reading.faults);
  return importedOf(documentOf(urdb, timezone, meter, lines), reading.losses);
}

function documentOf(
  urdb: Urdb,
  timezone: string,
  meter: TariffDocument['meter'],
  lines: TariffDocument['lines'],
): TariffDocument {
  const title = [urdb.utility, urdb.name].filter((part) => part !== undefined && part !== '').join(' ');
  const validFrom = dateOf(urdb.startdate);
  const validTo = dateOf(urdb.enddate);
  return {
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
  };
}
