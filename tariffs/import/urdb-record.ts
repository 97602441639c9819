/**
 * URDB records in the one form that the importer reads. The database publishes the same record as an API answer (with or
 * without its `items`), as a row of the bulk file and as a dump with other names; numbers come as texts, absent values as
 * null, empty text, empty list or -1. All of that ends here.
 * @module
 */
import type { Fault } from '#domain/fault';
import { fail, ok, type Result } from '#domain/result';
import type { Loss } from '../bill-form.ts';
import { fault } from '../faults.ts';
import { urdbSchema } from './urdb-fields.ts';
import { recordOfUrdbRow } from './urdb-row.ts';

/** A record with what was lost on the way. */
export interface UrdbRecord {
  readonly record: Readonly<Record<string, unknown>>;
  readonly losses: readonly Loss[];
}

type Fields = Readonly<Record<string, unknown>>;

const texts = new Set(['label', 'utility', 'name', 'source', 'uri', 'startdate', 'enddate']);
const units = new Set([
  'unit',
  'demandrateunit',
  'flatdemandunit',
  'fixedchargeunits',
  'minchargeunits',
  'dgrules',
]);

/** Names of the dump (`energyRateStrux`) as names of the API. */
const dumpNames: Readonly<Record<string, string>> = {
  energyratestrux: 'energyratestructure',
  demandratestrux: 'demandratestructure',
  flatdemandstrux: 'flatdemandstructure',
  coincidentratestrux: 'coincidentratestructure',
  energyweekdaysched: 'energyweekdayschedule',
  energyweekendsched: 'energyweekendschedule',
  demandweekdaysched: 'demandweekdayschedule',
  demandweekendsched: 'demandweekendschedule',
  coincidentratesched: 'coincidentrateschedule',
  fixedchargefirstmtr: 'fixedchargefirstmeter',
  ratename: 'name',
  utilityname: 'utility',
  effectivedate: 'startdate',
  demandratchetpct: 'demandratchetpercentage',
};

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The one record of an API answer, or the object itself. */
function unwrapped(input: unknown): Result<Fields, readonly Fault[]> {
  if (!isObject(input)) {
    return fail([fault('', input, 'wrong-type', 'Give a record of the database as an object.')]);
  }
  const { items } = input;
  if (!Array.isArray(items)) return ok(input);
  const [only] = items as readonly unknown[];
  if (items.length === 1 && isObject(only)) return ok(only);
  return fail([fault('items', `${items.length} records`, 'one-record', 'Give one record of the answer.')]);
}

/** `{ energyRateTiers: [...] }` of the dump is a list of tiers. */
function tiersOf(period: unknown): unknown {
  if (!isObject(period)) return period;
  const lists = Object.entries(period).filter(([key, value]) => /tiers$/i.test(key) && Array.isArray(value));
  return lists.length === 1 ? lists[0]?.[1] : period;
}

/** A record of the dump under the names of the API. */
function renamed(record: Fields): Fields {
  const isDump = Object.keys(record).some((key) => /Strux$|Sched$/.test(key));
  if (!isDump) return record;
  return Object.fromEntries(
    Object.entries(record).map(([key, value]) => {
      const lower = key.toLowerCase();
      const name = dumpNames[lower] ?? lower;
      return [name, name.endsWith('structure') && Array.isArray(value) ? value.map(tiersOf) : value];
    }),
  );
}

const numeric = /^\s*[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?\s*$/i;

/** Texts that are numbers as numbers, null as nothing, in lists and tiers too. */
function cleaned(key: string, value: unknown): unknown {
  if (value === null || value === '') return undefined;
  if (typeof value === 'string' && !texts.has(key) && !units.has(key) && numeric.test(value))
    return Number(value);
  if (typeof value === 'string' && units.has(key)) return value.trim();
  if (Array.isArray(value)) return value.map((one) => (one === null ? 0 : cleaned(key, one)));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([inner, one]) => {
      const clean = cleaned(inner, one);
      return clean === undefined ? [] : [[inner, clean]];
    }),
  );
}

/** Lists that may be empty where a record does not use them. */
const lists = /structure$|schedule$|months$|monthly$|percentage$/;

/** Periods of a structure; one without tiers costs nothing, as the database shows it. */
function filled(name: string, value: unknown, losses: Loss[]): unknown {
  if (!name.endsWith('structure') || !Array.isArray(value)) return value;
  return value.map((period: unknown, p) => {
    if (period !== 0 && !(Array.isArray(period) && period.length === 0)) return period;
    losses.push({ field: `${name}[${p}]`, reason: 'the period has no tier and costs nothing' });
    return [{}];
  });
}

/** A record of any of the database's forms, cleaned. */
export function urdbRecordOf(input: unknown): Result<UrdbRecord, readonly Fault[]> {
  const whole = unwrapped(input);
  if (!whole.ok) return whole;
  const isRow = Object.keys(whole.value).some((key) => key.includes('/'));
  const source = isRow ? recordOfUrdbRow(whole.value) : renamed(whole.value);
  const losses: Loss[] = [];
  const record: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(source)) {
    const lower = /^lookback/i.test(key) ? key.toLowerCase() : key;
    // Free texts and lists of them stay as they are: nothing is reckoned with them.
    const clean = lower in urdbSchema.shape ? cleaned(lower, value) : value;
    if (clean === undefined || (Array.isArray(clean) && clean.length === 0 && lists.test(lower))) continue;
    if (clean === -1 && lower in urdbSchema.shape) {
      losses.push({ field: lower, reason: '-1 stands for no value' });
      continue;
    }
    record[lower] = filled(lower, clean, losses);
  }
  return ok({ record, losses });
}
