/**
 * OpenADR 3 events: prices become series, capacity limits become stretches of power. Other payloads are named. Source:
 * OpenADR 3.0 and 3.1, Definition document, event payload types PRICE, EXPORT_PRICE, IMPORT_ and EXPORT_CAPACITY_*.
 * @module
 */
import { z } from 'zod';
import type { Fault } from '#domain/fault';
import { instantOfIso, isoOf } from '#domain/instant';
import { fail, ok, type Result } from '#domain/result';
import { epochS } from '#domain/units';
import type { Loss } from '../bill-form.ts';
import { checked, fault } from '../faults.ts';
import type { PriceSeries } from '../tariff.ts';
import { seriesOf } from './price-series.ts';
import type { Reading } from './readings.ts';

const period = z.looseObject({
  start: z.string().nullish(),
  duration: z.string().nullish(),
  randomizeStart: z.string().nullish(),
});
const eventSchema = z.looseObject({
  objectType: z.string().nullish(),
  programID: z.string().nullish(),
  eventName: z.string().nullish(),
  priority: z.number().nullish(),
  payloadDescriptors: z
    .array(
      z.looseObject({ payloadType: z.string(), units: z.string().nullish(), currency: z.string().nullish() }),
    )
    .nullish(),
  intervalPeriod: period.nullish(),
  intervals: z
    .array(
      z.looseObject({
        id: z.number().nullish(),
        intervalPeriod: period.nullish(),
        payloads: z.array(z.looseObject({ type: z.string(), values: z.array(z.unknown()) })),
      }),
    )
    .min(1)
    .max(100_000),
});
const eventsSchema = z.union([eventSchema, z.array(eventSchema).min(1).max(10_000)]);

type Event = z.output<typeof eventSchema>;

/** A limit of power over a stretch of time; without an end it stands until another one comes. */
export interface CapacityLimit {
  readonly type: string;
  readonly start: string;
  readonly end: string | null;
  readonly kw: number;
}

/** What events hold for a tariff and for a site. */
export interface ImportedEvents {
  readonly series?: PriceSeries;
  readonly sellSeries?: PriceSeries;
  readonly currency: string | undefined;
  readonly limits: readonly CapacityLimit[];
  readonly losses: readonly Loss[];
}

const capacities: readonly string[] = [
  'IMPORT_CAPACITY_LIMIT',
  'EXPORT_CAPACITY_LIMIT',
  'IMPORT_CAPACITY_SUBSCRIPTION',
  'EXPORT_CAPACITY_SUBSCRIPTION',
  'IMPORT_CAPACITY_RESERVATION',
  'EXPORT_CAPACITY_RESERVATION',
];
const perKwh: Readonly<Record<string, number>> = { KWH: 1, MWH: 0.001 };
const kwOf: Readonly<Record<string, number>> = { KW: 1, W: 0.001, MW: 1000 };

/** Seconds of an ISO 8601 duration; Infinity for PT0S and thousands of years, which stand for no end. */
function secondsOf(text: string): number | undefined {
  const form =
    /^P(?:(\d{1,5})Y)?(?:(\d{1,4})W)?(?:(\d{1,5})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,7})M)?(?:(\d{1,9})S)?)?$/;
  const match = form.exec(text);
  if (match === null || text === 'P' || text.endsWith('T')) return undefined;
  const [years = 0, weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0] = match
    .slice(1)
    .map((part) => Number(part ?? '0'));
  if (years >= 1000) return Infinity;
  const total = years * 31_536_000 + weeks * 604_800 + days * 86_400 + hours * 3600 + minutes * 60 + seconds;
  return total === 0 ? Infinity : total;
}

interface Reader {
  readonly prices: Reading[];
  readonly sells: Reading[];
  readonly limits: CapacityLimit[];
  readonly currencies: Set<string>;
  readonly losses: Map<string, string>;
  readonly faults: Fault[];
}

interface Stretch {
  readonly atS: number;
  readonly seconds: number;
}

/** When an interval holds: by its own period, or by the event's, one after the other. */
function stretchOf(
  reader: Reader,
  event: Event,
  k: number,
  path: string,
  nextS: number,
): Stretch | undefined {
  const own = event.intervals[k]?.intervalPeriod;
  const durationText = own?.duration ?? event.intervalPeriod?.duration;
  const seconds = durationText === undefined || durationText === null ? Infinity : secondsOf(durationText);
  const startText = own?.start ?? undefined;
  const atS =
    startText === undefined ? nextS : instantOfIso(startText.replace(/(T\d{2}:\d{2})(?=Z|[+-])/, '$1:00'));
  if (atS === undefined || Number.isNaN(atS)) {
    reader.faults.push(
      fault(`${path}.intervalPeriod.start`, startText, 'impossible-date', 'Give an instant with its offset.'),
    );
    return undefined;
  }
  if (seconds === undefined) {
    reader.faults.push(
      fault(
        `${path}.intervalPeriod.duration`,
        durationText,
        'wrong-form',
        'Give an ISO 8601 duration like PT1H.',
      ),
    );
    return undefined;
  }
  return { atS, seconds };
}

/** What one unit of a payload is in ours; a unit that is not known is a fault, none is the default with a loss. */
function factorOf(
  reader: Reader,
  event: Event,
  type: string,
  known: Readonly<Record<string, number>>,
  path: string,
): number {
  const at = (event.payloadDescriptors ?? []).findIndex((one) => one.payloadType === type);
  const descriptor = event.payloadDescriptors?.[at];
  const [first = ''] = Object.keys(known);
  if (typeof descriptor?.currency === 'string' && descriptor.currency !== '')
    reader.currencies.add(descriptor.currency);
  const units = descriptor?.units ?? '';
  if (units === '') {
    reader.losses.set(`payloadDescriptors ${type}`, `no unit is given: ${first} is taken`);
    return known[first] ?? 1;
  }
  const factor = known[units.toUpperCase()];
  if (factor !== undefined) return factor;
  const where = `${path}payloadDescriptors[${at}].units`;
  if (!reader.faults.some((one) => one.path === where)) {
    reader.faults.push(fault(where, units, 'unknown-unit', `One of ${Object.keys(known).join(', ')}.`));
  }
  return 1;
}

function readPayload(
  reader: Reader,
  event: Event,
  payload: Event['intervals'][number]['payloads'][number],
  place: { readonly path: string; readonly root: string; readonly stretch: Stretch },
): void {
  const { type } = payload;
  const { stretch, path } = place;
  const isPrice = type === 'PRICE' || type === 'EXPORT_PRICE';
  if (!isPrice && !capacities.includes(type)) {
    reader.losses.set(type, 'not a price and not a capacity: not read');
    return;
  }
  const [value, second] = payload.values;
  if (typeof value !== 'number' || !(Math.abs(value) <= 1e9)) {
    reader.faults.push(fault(`${path}.values[0]`, value, 'not-a-number', 'Give one finite number.'));
    return;
  }
  if (second !== undefined) reader.losses.set(`${type} values`, 'only the first value of a payload is read');
  if (!isPrice) {
    const kw = value * factorOf(reader, event, type, kwOf, place.root);
    const end = Number.isFinite(stretch.seconds) ? isoOf(epochS(stretch.atS + stretch.seconds)) : null;
    reader.limits.push({ type, start: isoOf(epochS(stretch.atS)), end, kw });
    return;
  }
  if (!Number.isFinite(stretch.seconds)) {
    reader.faults.push(fault(path, type, 'missing-field', 'Give the duration of a price.'));
    return;
  }
  const price = Number((value * factorOf(reader, event, type, perKwh, place.root)).toPrecision(12));
  (type === 'PRICE' ? reader.prices : reader.sells).push({
    atS: stretch.atS,
    value: price,
    seconds: stretch.seconds,
  });
}

function readEvent(reader: Reader, event: Event, root: string): void {
  for (const field of Object.keys(event)) {
    if (!['objectType', 'payloadDescriptors', 'intervalPeriod', 'intervals'].includes(field)) {
      reader.losses.set(field, 'identity or text');
    }
  }
  const randomize = event.intervalPeriod?.randomizeStart ?? 'PT0S';
  if (secondsOf(randomize) !== Infinity)
    reader.losses.set('randomizeStart', 'intervals start when they are said to');
  const startText = event.intervalPeriod?.start ?? undefined;
  let nextS: number =
    (startText === undefined
      ? undefined
      : instantOfIso(startText.replace(/(T\d{2}:\d{2})(?=Z|[+-])/, '$1:00'))) ?? Number.NaN;
  for (const [k, interval] of event.intervals.entries()) {
    const path = `${root}intervals[${k}]`;
    const stretch = stretchOf(reader, event, k, path, nextS);
    if (stretch === undefined) return;
    for (const [j, payload] of interval.payloads.entries()) {
      readPayload(reader, event, payload, { path: `${path}.payloads[${j}]`, root, stretch });
    }
    nextS = stretch.atS + stretch.seconds;
    if (
      !Number.isFinite(nextS) &&
      event.intervals[k + 1]?.intervalPeriod?.start === undefined &&
      k + 1 < event.intervals.length
    ) {
      reader.faults.push(
        fault(path, undefined, 'missing-field', 'An interval without an end is the last one.'),
      );
      return;
    }
  }
}

/** Prices and capacities of one event or of a list of events. */
export function eventsOfOpenAdr(document: unknown): Result<ImportedEvents, readonly Fault[]> {
  const form = checked(eventsSchema, document);
  if (!form.ok) return form;
  const reader: Reader = {
    prices: [],
    sells: [],
    limits: [],
    currencies: new Set(),
    losses: new Map(),
    faults: [],
  };
  const events = Array.isArray(form.value) ? form.value : [form.value];
  for (const [k, event] of events.entries()) readEvent(reader, event, events.length === 1 ? '' : `[${k}].`);
  if (reader.faults.length > 0) return fail(reader.faults.slice(0, 50));
  if (reader.currencies.size > 1) {
    const found = [...reader.currencies].join(', ');
    return fail([fault('payloadDescriptors', found, 'several-currencies', 'Give events of one currency.')]);
  }
  if (reader.prices.length + reader.sells.length + reader.limits.length === 0) {
    return fail([fault('intervals', undefined, 'no-readings', 'Give events with prices or capacities.')]);
  }
  const [currency] = reader.currencies;
  const losses: Loss[] = [...reader.losses].map(([field, reason]) => ({ field, reason }));
  const made: { series?: PriceSeries; sellSeries?: PriceSeries } = {};
  for (const [name, readings] of [
    ['series', reader.prices],
    ['sellSeries', reader.sells],
  ] as const) {
    if (readings.length === 0) continue;
    const series = seriesOf(readings, currency, []);
    if (!series.ok) return series;
    made[name] = series.value.series;
    losses.push(...series.value.losses);
  }
  const limits = reader.limits.toSorted((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0));
  return ok({ ...made, currency, limits, losses });
}
