/**
 * `tariff import`, `tariff check`, `tariff explain` and `tariff export` as documents in and documents out.
 * @module
 */
import { z } from 'zod';
import type { Fault } from '#domain/fault';
import { instantOfIso } from '#domain/instant';
import { fail, ok, type Result } from '#domain/result';
import { billingStateSchema } from './billing-state.ts';
import { isZone } from './calendar.ts';
import { explanationOf } from './explain.ts';
import { ocpiOfTariff } from './export/ocpi.ts';
import { urdbOfTariff } from './export/urdb.ts';
import { checked, fault, joined } from './faults.ts';
import { loadOfGreenButton, loadOfMeterText } from './import/meter-history.ts';
import { tariffOfOcpi } from './import/ocpi.ts';
import { tariffOfAcnportal, tariffOfDerVet, tariffOfEeco, type PeerOptions } from './import/peers.ts';
import { seriesOfEntsoe, seriesOfPriceText } from './import/price-series.ts';
import { tableOf } from './import/csv.ts';
import { eventsOfOpenAdr } from './import/openadr.ts';
import { tariffOfUrdb } from './import/urdb.ts';
import { resolveTariff, tariffFormSchema, tariffInputSchema, type LookUpTariff } from './operations.ts';

const formats = [
  'urdb',
  'urdb-row',
  'ocpi',
  'entsoe',
  'price-csv',
  'der-vet',
  'eeco',
  'acnportal',
  'openadr',
  'green-button',
  'meter-csv',
] as const;

/** Input of `tariff import`: a foreign document (JSON value, or text for XML and CSV) and its format. */
export const tariffImportInputSchema = z.strictObject({
  format: z.enum(formats),
  source: z.unknown(),
  /** Zone of the tariff, or of local times without an offset. */
  tz: z.string().max(60).optional(),
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/, 'an ISO 4217 code')
    .optional(),
  name: z.string().max(200).optional(),
  /** What values of a delimited text are, where its header does not say it. */
  unit: z.enum(['kW', 'kWh', 'W', 'Wh', 'MWh']).optional(),
  /** Whether times of a meter text name the start or the end of intervals. */
  stamp: z.enum(['start', 'end']).optional(),
});

const lossSchema = z.strictObject({ field: z.string(), reason: z.string() });

/** Output of `tariff import`: a tariff, a price series or a load. */
export const tariffImportOutputSchema = z.looseObject({
  tariff: z.looseObject({}).optional(),
  series: z.looseObject({}).optional(),
  load: z.looseObject({}).optional(),
  sellSeries: z.looseObject({}).optional(),
  limits: z.array(z.looseObject({})).optional(),
  losses: z.array(lossSchema),
});

type ImportInput = z.output<typeof tariffImportInputSchema>;

function textOr(input: ImportInput): Result<string, readonly Fault[]> {
  if (typeof input.source === 'string') return ok(input.source);
  return fail([
    fault('source', input.source, 'wrong-type', `Give the ${input.format} document as one text.`),
  ]);
}

function zoneOf(input: ImportInput): Result<string, readonly Fault[]> {
  if (input.tz === undefined)
    return fail([
      fault('tz', undefined, 'missing-field', 'Name the zone of the tariff, like Europe/Berlin.'),
    ]);
  if (!isZone(input.tz))
    return fail([
      fault('tz', input.tz, 'wrong-zone', 'Name a zone of the IANA database, like Europe/Berlin.'),
    ]);
  return ok(input.tz);
}

function peerOptions(input: ImportInput, timezone: string): PeerOptions {
  return {
    timezone,
    ...(input.currency === undefined ? {} : { currency: input.currency }),
    ...(input.name === undefined ? {} : { name: input.name }),
  };
}

/** Reads the source with an importer that needs a zone. */
function inZone(
  input: ImportInput,
  read: (timezone: string) => Result<unknown, readonly Fault[]>,
): Result<unknown, readonly Fault[]> {
  const zone = zoneOf(input);
  return zone.ok ? read(zone.value) : zone;
}

/** Reads the source as a text with an importer that needs a zone. */
function textInZone(
  input: ImportInput,
  read: (text: string, options: PeerOptions) => Result<unknown, readonly Fault[]>,
): Result<unknown, readonly Fault[]> {
  const text = textOr(input);
  return text.ok ? inZone(input, (timezone) => read(text.value, peerOptions(input, timezone))) : text;
}

function imported(input: ImportInput): Result<unknown, readonly Fault[]> {
  switch (input.format) {
    case 'urdb':
      return inZone(input, (timezone) => tariffOfUrdb(input.source, timezone));
    case 'urdb-row':
      return importRow(input);
    case 'ocpi':
      return inZone(input, (timezone) => tariffOfOcpi(input.source, timezone));
    case 'acnportal':
      return inZone(input, (timezone) => tariffOfAcnportal(input.source, peerOptions(input, timezone)));
    case 'openadr':
      return eventsOfOpenAdr(input.source);
    case 'eeco':
      return textInZone(input, tariffOfEeco);
    case 'der-vet':
      return textInZone(input, tariffOfDerVet);
    case 'entsoe':
    case 'price-csv':
      return importSeries(input);
    case 'green-button':
    case 'meter-csv':
      return importLoad(input);
  }
}

/** A row of the bulk file: cells by column name, or the text of a header and that row. */
function importRow(input: ImportInput): Result<unknown, readonly Fault[]> {
  const { source } = input;
  if (typeof source !== 'string') return inZone(input, (timezone) => tariffOfUrdb(source, timezone));
  const { columns, rows } = tableOf(source);
  const [cells] = rows;
  if (rows.length !== 1 || cells === undefined) {
    const fix = 'Give the line of column names and one row; the label picks it out of the file.';
    return fail([fault('', `${rows.length} rows`, 'one-record', fix)]);
  }
  const row = Object.fromEntries(columns.map((column, k) => [column, cells[k] ?? '']));
  return inZone(input, (timezone) => tariffOfUrdb(row, timezone));
}

function importSeries(input: ImportInput): Result<unknown, readonly Fault[]> {
  const text = textOr(input);
  if (!text.ok) return text;
  if (input.format === 'entsoe') return seriesOfEntsoe(text.value);
  return seriesOfPriceText(text.value, {
    ...(input.tz === undefined ? {} : { timezone: input.tz }),
    ...(input.unit === 'kWh' || input.unit === 'MWh' ? { unit: input.unit } : {}),
  });
}

function importLoad(input: ImportInput): Result<unknown, readonly Fault[]> {
  const text = textOr(input);
  if (!text.ok) return text;
  const load =
    input.format === 'green-button'
      ? loadOfGreenButton(text.value)
      : loadOfMeterText(text.value, {
          ...(input.tz === undefined ? {} : { timezone: input.tz }),
          ...(input.unit === undefined || input.unit === 'MWh' ? {} : { unit: input.unit }),
          ...(input.stamp === undefined ? {} : { stamp: input.stamp }),
        });
  if (!load.ok) return load;
  const { losses, ...rest } = load.value;
  return ok({ load: rest, losses });
}

/** `tariff import`: a foreign document as a tariff, a price series or a load, with what it loses. */
export function tariffImport(document: unknown): Result<unknown, readonly Fault[]> {
  const form = checked(tariffImportInputSchema, document);
  if (!form.ok) return form;
  const outcome = imported(form.value);
  const own = new Set(['tz', 'source']);
  return outcome.ok
    ? outcome
    : fail(
        outcome.problem.map((one) =>
          own.has(one.path) ? one : { ...one, path: joined('source', one.path) },
        ),
      );
}

const checkForm = z.strictObject({
  tariff: tariffFormSchema,
  /** Zone of a foreign document. */
  tz: z.string().max(60).default('UTC'),
});

/** Input of `tariff check`. */
export const tariffCheckInputSchema = checkForm.extend({ tariff: tariffInputSchema });

/** Output of `tariff check`. */
export const tariffCheckOutputSchema = z.looseObject({
  id: z.string(),
  name: z.string(),
  currency: z.string(),
  timezone: z.string(),
  lines: z.array(z.strictObject({ id: z.string(), kind: z.string(), windows: z.array(z.string()) })),
  losses: z.array(lossSchema),
});

/** `tariff check`: what a tariff holds, once it has passed; every fault by its path where it has not. */
export function tariffCheck(document: unknown, lookUp: LookUpTariff): Result<unknown, readonly Fault[]> {
  const form = checked(checkForm, document);
  if (!form.ok) return form;
  if (!isZone(form.value.tz))
    return fail([
      fault('tz', form.value.tz, 'wrong-zone', 'Name a zone of the IANA database, like Europe/Berlin.'),
    ]);
  const resolved = resolveTariff(form.value.tariff, form.value.tz, lookUp);
  if (!resolved.ok) return resolved;
  const { tariff, losses } = resolved.value;
  return ok({
    id: tariff.id,
    name: tariff.name,
    currency: tariff.currency,
    timezone: tariff.timezone,
    validFrom: tariff.validFrom,
    validTo: tariff.validTo,
    source: tariff.source,
    lines: tariff.lines.map((line) => ({
      id: line.id,
      kind: line.kind,
      windows: 'windows' in line ? line.windows.map((window) => window.id) : [],
    })),
    losses,
  });
}

const instant = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:?\d{2})$/, 'ISO 8601 with offset');

const explainForm = z.strictObject({
  tariff: tariffFormSchema,
  tz: z.string().max(60).default('UTC'),
  at: instant.optional(),
  state: billingStateSchema.optional(),
  /** Power that is drawn then; without it one more kW is taken to raise every peak. */
  loadKw: z.number().min(0).max(1e7).optional(),
});

/** Input of `tariff explain`; `at` is the instant that the cost of one more kW is told for. */
export const tariffExplainInputSchema = explainForm.extend({ tariff: tariffInputSchema });

/** Output of `tariff explain`. */
export const tariffExplainOutputSchema = z.looseObject({
  name: z.string(),
  sentences: z.array(z.looseObject({ line: z.string(), window: z.string().optional(), text: z.string() })),
  oneMoreKw: z
    .looseObject({
      at: z.string(),
      energyPerKwh: z.number(),
      demand: z.array(
        z.looseObject({ line: z.string(), window: z.string(), pricePerKw: z.number(), floorKw: z.number() }),
      ),
      text: z.string(),
    })
    .optional(),
  losses: z.array(lossSchema),
});

/** `tariff explain`: one sentence per line and window, and what one more kW would cost at an instant. */
export function tariffExplain(document: unknown, lookUp: LookUpTariff): Result<unknown, readonly Fault[]> {
  const form = checked(explainForm, document);
  if (!form.ok) return form;
  const input = form.value;
  if (!isZone(input.tz))
    return fail([
      fault('tz', input.tz, 'wrong-zone', 'Name a zone of the IANA database, like Europe/Berlin.'),
    ]);
  const resolved = resolveTariff(input.tariff, input.tz, lookUp);
  if (!resolved.ok) return resolved;
  const atS = input.at === undefined ? undefined : instantOfIso(input.at);
  if (input.at !== undefined && atS === undefined) {
    return fail([fault('at', input.at, 'impossible-date', 'Give an instant that exists.')]);
  }
  const explained = explanationOf(resolved.value.tariff, {
    ...(atS === undefined ? {} : { atS }),
    ...(input.state === undefined ? {} : { state: input.state }),
    ...(input.loadKw === undefined ? {} : { loadKw: input.loadKw }),
  });
  return explained.ok ? ok({ ...explained.value, losses: resolved.value.losses }) : explained;
}

const exportForm = z.strictObject({
  tariff: tariffFormSchema,
  tz: z.string().max(60).default('UTC'),
  format: z.enum(['own', 'urdb', 'ocpi']),
  ocpi: z
    .strictObject({
      version: z.enum(['2.2.1', '2.3.0']).default('2.2.1'),
      countryCode: z.string().length(2),
      partyId: z.string().length(3),
      year: z.int().min(1970).max(2200),
      adderPerKwh: z.number().optional(),
      vat: z.number().min(0).max(100).optional(),
      lastUpdated: instant,
    })
    .optional(),
});

/** Input of `tariff export`. */
export const tariffExportInputSchema = exportForm.extend({ tariff: tariffInputSchema });

/** Output of `tariff export`. */
export const tariffExportOutputSchema = z.looseObject({ losses: z.array(lossSchema) });

/** `tariff export`: a tariff in its own form, as a URDB record or as an OCPI tariff, with what the format cannot say. */
export function tariffExport(document: unknown, lookUp: LookUpTariff): Result<unknown, readonly Fault[]> {
  const form = checked(exportForm, document);
  if (!form.ok) return form;
  const { tariff: given, tz, format, ocpi } = form.value;
  if (!isZone(tz))
    return fail([fault('tz', tz, 'wrong-zone', 'Name a zone of the IANA database, like Europe/Berlin.')]);
  const resolved = resolveTariff(given, tz, lookUp);
  if (!resolved.ok) return resolved;
  const { tariff, losses } = resolved.value;
  switch (format) {
    case 'own':
      return ok({ tariff, losses });
    case 'urdb': {
      const exported = urdbOfTariff(tariff);
      return ok({ urdb: exported.urdb, losses: [...losses, ...exported.losses] });
    }
    case 'ocpi': {
      if (ocpi === undefined)
        return fail([
          fault(
            'ocpi',
            undefined,
            'missing-field',
            'Say who sells: countryCode, partyId, year, lastUpdated.',
          ),
        ]);
      const { adderPerKwh, vat, ...rest } = ocpi;
      const exported = ocpiOfTariff(tariff, {
        ...rest,
        ...(adderPerKwh === undefined ? {} : { adderPerKwh }),
        ...(vat === undefined ? {} : { vat }),
      });
      return ok({ ocpi: exported.ocpi, losses: [...losses, ...exported.losses] });
    }
  }
}
