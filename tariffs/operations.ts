/**
 * Bills, prices and tariffs as documents in and documents out: what the command line and every other door call. Reading
 * files and the bundled catalogue is left to the caller.
 * @module
 */
import { z } from 'zod';
import type { Fault } from '#domain/fault';
import { instantOfIso } from '#domain/instant';
import { fail, ok, type Result } from '#domain/result';
import { seconds, type EpochS } from '#domain/units';
import { billOf, type BillRequest } from './bill.ts';
import type { Bill, BillLine, Loss } from './bill-form.ts';
import { billingStateSchema } from './billing-state.ts';
import { instantOfLocal, isZone, showingsOf } from './calendar.ts';
import { withConnectors } from './connector-evidence.ts';
import { checked, fault, joined } from './faults.ts';
import type { FrameOptions } from './frame.ts';
import type { Imported } from './import/imported.ts';
import { parseOcpiTariff, tariffOfOcpi } from './import/ocpi.ts';
import { tariffOfUrdb } from './import/urdb.ts';
import { holidaysMax, intervalsMax } from './limits.ts';
import { ocpiSessionBillOf, ocpiSessionSchema, type OcpiSessionBill } from './ocpi-session.ts';
import { ocpiTariffSchema } from './ocpi-tariff.ts';
import { parseTariff } from './parse-tariff.ts';
import { pricesOf, type Prices } from './prices.ts';
import { tariffSchema, type BillingPeriodRule, type PriceSeries, type Tariff } from './tariff.ts';

/** The document of a bundled tariff by its id; undefined where there is none. */
export type LookUpTariff = (id: string) => unknown;

const date = z.string().regex(/^\d{4}-\d{2}-\d{2}$/, 'YYYY-MM-DD');
const instant = z
  .string()
  .regex(
    /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?$/,
    'ISO 8601; without an offset it is local',
  );

/** Any tariff, looked at by `resolveTariff`: faults then lie inside the form that was meant. */
export const tariffFormSchema = z.record(z.string(), z.unknown());

/** What a tariff may be, for those who read the schema: an own document, a foreign one under its name, a bundled one by its id. */
export const tariffInputSchema = z.union([
  tariffSchema,
  z.strictObject({ urdb: z.looseObject({}) }),
  z.strictObject({ ocpi: ocpiTariffSchema }),
  z.strictObject({ ref: z.string() }),
]);

/** The calendar of a bill or a price request. */
export const calendarSchema = z.strictObject({
  tz: z.string().min(1).max(60),
  start: instant,
  intervalMinutes: z.number().positive().max(1440),
  holidays: z.array(date).max(holidaysMax).optional(),
  billingPeriod: z
    .union([z.literal('calendar-month'), z.strictObject({ anchor: date }), z.array(date).min(2).max(400)])
    .optional(),
  clock: z.enum(['local', 'fixed-8760']).optional(),
});

const reading = z.number().min(-1e7).max(1e7).nullable();
const loadSchema = z.union([
  z.strictObject({ kw: z.array(reading).min(1).max(intervalsMax) }),
  z.strictObject({ kwh: z.array(reading).min(1).max(intervalsMax) }),
]);
const generated = z.array(z.number().min(0).max(1e7)).min(1).max(intervalsMax);
const generationSchema = z.union([z.strictObject({ kw: generated }), z.strictObject({ kwh: generated })]);
const seriesSchema = z.record(
  z.string(),
  z.strictObject({
    start: z.string(),
    intervalMinutes: z.int().min(1).max(1440),
    perKwh: z.array(z.number().min(-1e6).max(1e6)).min(1).max(intervalsMax),
  }),
);

const billForm = z.strictObject({
  tariff: tariffFormSchema,
  calendar: calendarSchema.optional(),
  load: loadSchema.optional(),
  /** What is generated behind the meter, on the intervals of the load: it is set off as the tariff's netting says. */
  generation: generationSchema.optional(),
  state: billingStateSchema.optional(),
  series: seriesSchema.optional(),
  session: ocpiSessionSchema.optional(),
  /** Mean power of each connector on the intervals of the load: peaks then name what made them. */
  connectorKw: z.record(z.string(), z.array(z.number().min(-1e7).max(1e7)).max(intervalsMax)).optional(),
});

/** Input of `bill`: a load, or a session of an OCPI tariff. */
export const billInputSchema = billForm.extend({ tariff: tariffInputSchema });

const pricesForm = z.strictObject({
  tariff: tariffFormSchema,
  calendar: calendarSchema,
  load: loadSchema.optional(),
  intervals: z.int().min(1).max(intervalsMax).optional(),
  state: billingStateSchema.optional(),
  series: seriesSchema.optional(),
});

/** Input of `prices`; the load gives the number of intervals where `intervals` does not. */
export const pricesInputSchema = pricesForm.extend({ tariff: tariffInputSchema });

const evidenceSchema = z.looseObject({
  intervalStart: z.string().optional(),
  measuredKw: z.number().optional(),
  ratchetSource: z.string().optional(),
  ratchetKw: z.number().optional(),
  chargedBefore: z.number().optional(),
  note: z.string().optional(),
});
const billLineSchema = z.looseObject({
  id: z.string(),
  kind: z.string(),
  window: z.string().optional(),
  quantity: z.number(),
  unit: z.string(),
  unitPrice: z.number(),
  tier: z.string().optional(),
  amount: z.number(),
  evidence: evidenceSchema,
});
const lossSchema = z.strictObject({ field: z.string(), reason: z.string() });

/** Output of `bill`. */
export const billOutputSchema = z.looseObject({
  currency: z.string(),
  periods: z.array(
    z.looseObject({
      start: z.string(),
      end: z.string(),
      lines: z.array(billLineSchema),
      subtotals: z.strictObject({
        energy: z.number(),
        demand: z.number(),
        fixed: z.number(),
        taxes: z.number(),
      }),
      total: z.number(),
    }),
  ),
  total: z.number(),
  state: z.looseObject({}),
  losses: z.array(lossSchema),
});

/** Output of `prices`. */
export const pricesOutputSchema = z.looseObject({
  currency: z.string(),
  energy: z.array(z.number()),
  demand: z.array(
    z.looseObject({
      line: z.string(),
      window: z.string(),
      intervals: z.array(z.number()),
      pricePerKw: z.number(),
      floorKw: z.number(),
      /** Where the mean of several peaks is billed: of how many, and those so far. */
      meanOf: z.int().optional(),
      peaksSoFarKw: z.array(z.number()).optional(),
    }),
  ),
  /** Tiers of energy. */
  steps: z
    .array(
      z.looseObject({
        id: z.string(),
        line: z.string(),
        risePerKwh: z.number(),
        aboveKwh: z.number(),
        usedKwh: z.number(),
        intervals: z.array(z.number()),
      }),
    )
    .optional(),
  /** Other ways in which a line may charge, as differences from the prices above. */
  choices: z.array(z.looseObject({ line: z.string(), id: z.string(), now: z.string() })).optional(),
  losses: z.array(lossSchema),
});

interface Calendar {
  readonly tz: string;
  readonly startS: EpochS;
  readonly intervalS: number;
  readonly options: FrameOptions;
  readonly losses: readonly Loss[];
}

/** The instant of a text; one without an offset is local to the zone. */
function startOf(text: string, tz: string): EpochS | undefined {
  if (!/(Z|[+-]\d{2}:?\d{2})$/.test(text)) return instantOfLocal(text, tz);
  return instantOfIso(text.replace(/(T\d{2}:\d{2})(?=Z|[+-])/, '$1:00'));
}

/** Dates of a billing period that do not exist, or read dates that do not ascend. */
function billingPeriodFaults(given: z.output<typeof calendarSchema>['billingPeriod']): readonly Fault[] {
  const exists = (text: string): boolean => instantOfIso(`${text}T00:00:00Z`) !== undefined;
  const path = 'calendar.billingPeriod';
  if (given === undefined || given === 'calendar-month') return [];
  if (!Array.isArray(given)) {
    if (exists(given.anchor)) return [];
    return [fault(`${path}.anchor`, given.anchor, 'impossible-date', 'Give a day that exists.')];
  }
  return given.flatMap((text, k) => {
    if (!exists(text)) return [fault(`${path}[${k}]`, text, 'impossible-date', 'Give a day that exists.')];
    if (k === 0 || text > (given[k - 1] ?? '')) return [];
    return [fault(`${path}[${k}]`, text, 'not-ascending', 'Give read dates in order, each once.')];
  });
}

/** A start without an offset that the clock shows twice, or never. */
function startLosses(text: string, tz: string): readonly Loss[] {
  if (/(Z|[+-]\d{2}:?\d{2})$/.test(text)) return [];
  switch (showingsOf(text, tz)) {
    case 'once':
      return [];
    case 'twice':
      return [
        {
          field: 'calendar.start',
          reason: `the clock shows ${text} twice; the first is taken, an offset would say which`,
        },
      ];
    case 'never':
      return [
        {
          field: 'calendar.start',
          reason: `the clock jumps over ${text}; the load starts as much later as it jumps`,
        },
      ];
  }
}

function billingPeriodOf(
  given: z.output<typeof calendarSchema>['billingPeriod'],
): BillingPeriodRule | undefined {
  if (given === undefined) return undefined;
  if (given === 'calendar-month') return { kind: 'calendar-month' };
  return Array.isArray(given)
    ? { kind: 'read-dates', dates: given }
    : { kind: 'cycle', anchor: given.anchor };
}

function calendarOf(
  given: z.output<typeof calendarSchema>,
  series: Readonly<Record<string, PriceSeries>> | undefined,
): Result<Calendar, readonly Fault[]> {
  if (!isZone(given.tz)) {
    return fail([
      fault('calendar.tz', given.tz, 'wrong-zone', 'Name a zone of the IANA database, like Europe/Berlin.'),
    ]);
  }
  const startS = startOf(given.start, given.tz);
  if (startS === undefined) {
    return fail([fault('calendar.start', given.start, 'impossible-date', 'Give an instant that exists.')]);
  }
  const faults = billingPeriodFaults(given.billingPeriod);
  if (faults.length > 0) return fail(faults);
  const billingPeriod = billingPeriodOf(given.billingPeriod);
  return ok({
    losses: startLosses(given.start, given.tz),
    tz: given.tz,
    startS,
    intervalS: given.intervalMinutes * 60,
    options: {
      timezone: given.tz,
      ...(given.clock === undefined ? {} : { clock: given.clock }),
      ...(given.holidays === undefined ? {} : { holidays: given.holidays }),
      ...(billingPeriod === undefined ? {} : { billingPeriod }),
      ...(series === undefined ? {} : { series }),
    },
  });
}

function under(prefix: string, faults: readonly Fault[]): readonly Fault[] {
  return faults.map((one) => ({ ...one, path: joined(prefix, one.path) }));
}

/** The tariff that an input means, and what of a foreign document it does not hold. */
export function resolveTariff(
  input: Readonly<Record<string, unknown>>,
  timezone: string,
  lookUp: LookUpTariff,
): Result<Imported, readonly Fault[]> {
  const keys = Object.keys(input);
  const [only] = keys;
  if (keys.length === 1 && only === 'urdb') {
    const imported = tariffOfUrdb(input['urdb'], timezone);
    return imported.ok ? imported : fail(under('tariff.urdb', imported.problem));
  }
  if (keys.length === 1 && only === 'ocpi') {
    const imported = tariffOfOcpi(input['ocpi'], timezone);
    return imported.ok ? imported : fail(under('tariff.ocpi', imported.problem));
  }
  if (keys.length === 1 && only === 'ref') {
    const id = input['ref'];
    const document = typeof id === 'string' ? lookUp(id) : undefined;
    if (document === undefined) {
      return fail([
        fault(
          'tariff.ref',
          id,
          'unknown-tariff',
          'Name a tariff of the catalogue; the folder tariffs/catalogue holds them.',
        ),
      ]);
    }
    return own(document, 'tariff.ref');
  }
  return own(input, 'tariff');
}

function own(document: unknown, prefix: string): Result<Imported, readonly Fault[]> {
  const tariff = parseTariff(document);
  return tariff.ok ? ok({ tariff: tariff.value, losses: [] }) : fail(under(prefix, tariff.problem));
}

/** Values of a load; null is a missing reading. */
function valuesOf(values: readonly (number | null)[]): Float64Array {
  return Float64Array.from(values, (value) => value ?? Number.NaN);
}

function arrayOf(load: z.output<typeof loadSchema>): {
  readonly kw?: Float64Array;
  readonly kwh?: Float64Array;
} {
  return 'kw' in load ? { kw: valuesOf(load.kw) } : { kwh: valuesOf(load.kwh) };
}

/** What the meter of a tariff sees of a load and of what is generated behind it. */
function meteredOf(
  load: z.output<typeof loadSchema>,
  generation: z.output<typeof generationSchema> | undefined,
  tariff: Tariff,
  intervalS: number,
): Result<Pick<BillRequest, 'kw' | 'kwh' | 'generatedKwh'>, readonly Fault[]> {
  const used = arrayOf(load);
  if (generation === undefined) return ok(used);
  const hours = intervalS / 3600;
  const kwhOf = (one: ReturnType<typeof arrayOf>): Float64Array =>
    one.kwh ?? one.kw?.map((kw) => kw * hours) ?? new Float64Array();
  const kwh = kwhOf(used);
  const generatedKwh = kwhOf(arrayOf(generation));
  if (generatedKwh.length !== kwh.length) {
    const fix = `Give ${kwh.length} values, one for each interval of the load.`;
    return fail([fault('generation', `${generatedKwh.length} values`, 'length-differs', fix)]);
  }
  if (tariff.lines.some((line) => line.kind === 'energy' && line.netting === 'gross')) {
    return ok({ kwh, generatedKwh });
  }
  return ok({ kwh: kwh.map((value, t) => value - (generatedKwh[t] ?? 0)) });
}

/** The bill of a session in the form of a bill: one period, VAT as taxes. */
function sessionBillForm(bill: OcpiSessionBill): Omit<Bill, 'state' | 'periods'> & Record<string, unknown> {
  const sumOf = (kinds: readonly string[]): number =>
    Math.round(
      bill.lines
        .filter((line: BillLine) => kinds.includes(line.kind))
        .reduce((sum, line) => sum + line.amount, 0) * 1e6,
    ) / 1e6;
  const taxes = Math.round((bill.inclVat - bill.exclVat) * 1e6) / 1e6;
  return {
    currency: bill.currency,
    periods: [
      {
        start: bill.start,
        end: bill.end,
        lines: bill.lines,
        subtotals: {
          energy: sumOf(['ENERGY']),
          demand: 0,
          fixed: sumOf(['FLAT', 'TIME', 'PARKING_TIME']),
          taxes,
        },
        total: bill.inclVat,
        totalExclVat: bill.exclVat,
        totalInclVat: bill.inclVat,
      },
    ],
    total: bill.inclVat,
    totalExclVat: bill.exclVat,
    totalInclVat: bill.inclVat,
    state: {},
    losses: bill.losses,
  };
}

function billSession(input: z.output<typeof billForm>): Result<unknown, readonly Fault[]> {
  const { session, tariff } = input;
  if (session === undefined) return fail([]);
  if (!('ocpi' in tariff)) {
    return fail([fault('session', undefined, 'session-needs-ocpi', 'Give the tariff as { ocpi: ... }.')]);
  }
  const parsed = parseOcpiTariff(tariff['ocpi']);
  if (!parsed.ok) return fail(under('tariff.ocpi', parsed.problem));
  const bill = ocpiSessionBillOf(parsed.value, session);
  return bill.ok ? ok(sessionBillForm(bill.value)) : bill;
}

/** `bill`: the bill of a load under a tariff, or of a session under an OCPI tariff. */
export function bill(document: unknown, lookUp: LookUpTariff): Result<unknown, readonly Fault[]> {
  const form = checked(billForm, document);
  if (!form.ok) return form;
  const input = form.value;
  if (input.session !== undefined) return billSession(input);
  if (input.calendar === undefined || input.load === undefined) {
    const path = input.calendar === undefined ? 'calendar' : 'load';
    return fail([
      fault(path, undefined, 'missing-field', `Give the ${path}, or a session of an OCPI tariff.`),
    ]);
  }
  const calendar = calendarOf(input.calendar, input.series);
  if (!calendar.ok) return calendar;
  const resolved = resolveTariff(input.tariff, calendar.value.tz, lookUp);
  if (!resolved.ok) return resolved;
  const load = meteredOf(input.load, input.generation, resolved.value.tariff, calendar.value.intervalS);
  if (!load.ok) return load;
  const billed = billOf({
    tariff: resolved.value.tariff,
    start: calendar.value.startS,
    intervalS: calendar.value.intervalS,
    ...load.value,
    ...(input.state === undefined ? {} : { state: input.state }),
    options: calendar.value.options,
  });
  if (!billed.ok) return fail(placed(billed.problem, input.load));
  const losses = [...resolved.value.losses, ...calendar.value.losses, ...billed.value.losses];
  const made = { ...billed.value, losses };
  if (input.connectorKw === undefined) return ok(made);
  const count = 'kw' in input.load ? input.load.kw.length : input.load.kwh.length;
  for (const [id, values] of Object.entries(input.connectorKw)) {
    if (values.length === count) continue;
    const fix = `Give ${count} values, one for each interval of the load.`;
    return fail([fault(`connectorKw.${id}`, `${values.length} values`, 'length-differs', fix)]);
  }
  const kw = new Map(
    Object.entries(input.connectorKw).map(([id, values]) => [id, Float64Array.from(values)]),
  );
  const { startS, intervalS } = calendar.value;
  return ok(
    withConnectors(made, { startS, intervalS, kw }, resolved.value.tariff.meter.demandIntervalMinutes),
  );
}

/** Faults of lines lie in the tariff, those of the load under its unit. */
function placed(faults: readonly Fault[], load: z.output<typeof loadSchema> | undefined): readonly Fault[] {
  const unit = load !== undefined && 'kw' in load ? 'kw' : 'kwh';
  return faults.map((one) => {
    if (one.path.startsWith('lines')) return { ...one, path: `tariff.${one.path}` };
    if (one.path.startsWith('load[')) return { ...one, path: one.path.replace('load[', `load.${unit}[`) };
    return one;
  });
}

/** `prices`: money per kWh of each interval and the demand charges that it can raise. */
export function prices(document: unknown, lookUp: LookUpTariff): Result<unknown, readonly Fault[]> {
  const form = checked(pricesForm, document);
  if (!form.ok) return form;
  const input = form.value;
  const values = input.load === undefined ? undefined : 'kw' in input.load ? input.load.kw : input.load.kwh;
  const count = input.intervals ?? values?.length;
  if (count === undefined) {
    return fail([fault('intervals', undefined, 'missing-field', 'Give the number of intervals, or a load.')]);
  }
  if (input.intervals !== undefined && values !== undefined && values.length !== input.intervals) {
    const fix = `Give ${values.length}, the length of the load, or leave the load out.`;
    return fail([fault('intervals', input.intervals, 'length-differs', fix)]);
  }
  const calendar = calendarOf(input.calendar, input.series);
  if (!calendar.ok) return calendar;
  const resolved = resolveTariff(input.tariff, calendar.value.tz, lookUp);
  if (!resolved.ok) return resolved;
  if (calendar.value.intervalS % 60 !== 0) {
    return fail([
      fault(
        'calendar.intervalMinutes',
        input.calendar.intervalMinutes,
        'not-a-whole-minute',
        'Give 1 to 1440 whole minutes.',
      ),
    ]);
  }
  const found = pricesOf({
    ...calendar.value.options,
    tariff: resolved.value.tariff,
    grid: { startS: calendar.value.startS, intervalS: seconds(calendar.value.intervalS), count },
    ...(input.state === undefined ? {} : { state: input.state }),
  });
  if (!found.ok) return fail(placed(found.problem, input.load));
  const out: Prices & { readonly losses: readonly Loss[] } = {
    ...found.value,
    losses: [...resolved.value.losses, ...calendar.value.losses],
  };
  return ok(out);
}
