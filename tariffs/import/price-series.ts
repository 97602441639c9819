/**
 * Market prices as series per kWh: ENTSO-E publication documents (A44) and delimited texts. Source: ENTSO-E Transparency
 * Platform, Publication_MarketDocument; with curve type A03 a position that is left out has the price before it.
 * @module
 */
import type { Fault } from '#domain/fault';
import { isoOf } from '#domain/instant';
import { fail, ok, type Result } from '#domain/result';
import { epochS } from '#domain/units';
import type { Loss } from '../bill-form.ts';
import { isZone } from '../calendar.ts';
import { fault } from '../faults.ts';
import type { PriceSeries } from '../tariff.ts';
import { numberOf, tableOf } from './csv.ts';
import { evenRowOf, instantsOf, type Reading } from './readings.ts';
import { childrenOf, parseXml, textOf, type XmlNode } from './xml.ts';

/** A series and what of its source it does not hold. */
export interface ImportedSeries {
  readonly series: PriceSeries;
  readonly currency: string | undefined;
  readonly losses: readonly Loss[];
}

/** Prices of readings per kWh; a price that is missing is refused, as no bill can be made of it. */
export function seriesOf(
  readings: readonly Reading[],
  currency: string | undefined,
  losses: readonly Loss[],
): Result<ImportedSeries, readonly Fault[]> {
  const row = evenRowOf(readings, 'mean');
  if (!row.ok) return row;
  const { startS, intervalS, values } = row.value;
  const hole = values.findIndex((value) => Number.isNaN(value));
  if (hole >= 0) {
    const from = isoOf((startS + hole * intervalS) as typeof startS);
    return fail([
      fault('readings', from, 'missing-prices', 'Give a price for every interval; the first hole is there.'),
    ]);
  }
  const wild = values.findIndex((value) => Math.abs(value) > priceMax);
  if (wild >= 0) {
    const fix = `Give at most ${priceMax} per kWh; is the unit right?`;
    return fail([fault(`readings[${wild}]`, values[wild], 'implausible-price', fix)]);
  }
  return ok({
    series: { start: isoOf(startS), intervalMinutes: intervalS / 60, perKwh: [...values] },
    currency,
    losses: [...losses, ...row.value.losses, ...repeatedHours(startS, intervalS, values)],
  });
}

/** Highest price per kWh that a tariff may hold. */
const priceMax = 1e6;

/** Hours of equal prices that are told before a change of resolution is believed. */
const repeatedHoursMin = 24;

/** Quarter hours that only repeat the price of their hour, to the end or to where true ones begin. */
function repeatedHours(startS: number, intervalS: number, values: Float64Array): readonly Loss[] {
  const group = 3600 / intervalS;
  if (!Number.isInteger(group) || group < 2) return [];
  const first = ((3600 - (startS % 3600)) % 3600) / intervalS;
  let hours = 0;
  let at = first;
  for (; at + group <= values.length; at += group, hours++) {
    const price = values[at];
    if (values.subarray(at, at + group).some((value) => value !== price)) break;
  }
  if (hours < repeatedHoursMin) return [];
  const until = isoOf(epochS(startS + at * intervalS));
  const reason =
    at + group > values.length
      ? `${group} values of each hour are equal: these are hourly prices`
      : `${group} values of each hour are equal until ${until}: hourly prices, then true ones of ${intervalS / 60} min`;
  return [{ field: 'resolution', reason }];
}

const resolutions: Readonly<Record<string, number>> = {
  PT60M: 3600,
  PT1H: 3600,
  PT30M: 1800,
  PT15M: 900,
  PT5M: 300,
};

const perKwhOf: Readonly<Record<string, number>> = { MWH: 0.001, KWH: 1, GWH: 0.000_001 };

interface SeriesContext {
  readonly factor: number;
  readonly repeats: boolean;
  readonly path: string;
}

function periodReadings(
  period: XmlNode,
  context: SeriesContext,
): Result<readonly Reading[], readonly Fault[]> {
  const interval = childrenOf(period, 'timeInterval')[0];
  const start = instantsOf([textOf(interval, 'start') ?? ''], undefined);
  const end = instantsOf([textOf(interval, 'end') ?? ''], undefined);
  if (!start.ok || !end.ok) {
    return fail([
      fault(
        `${context.path}.timeInterval`,
        textOf(interval, 'start'),
        'impossible-date',
        'Give start and end in UTC.',
      ),
    ]);
  }
  const length = resolutions[textOf(period, 'resolution') ?? ''];
  if (length === undefined) {
    return fail([
      fault(
        `${context.path}.resolution`,
        textOf(period, 'resolution'),
        'unknown-unit',
        `One of ${Object.keys(resolutions).join(', ')}.`,
      ),
    ]);
  }
  const fromS = start.value.atS[0] ?? 0;
  const count = Math.round(((end.value.atS[0] ?? 0) - fromS) / length);
  const prices = new Map<number, number>();
  for (const point of childrenOf(period, 'Point')) {
    const position = numberOf(textOf(point, 'position'));
    const price = numberOf(textOf(point, 'price.amount'));
    if (position === undefined || price === undefined) {
      return fail([
        fault(
          `${context.path}.Point`,
          textOf(point, 'position'),
          'wrong-form',
          'Give position and price.amount as numbers.',
        ),
      ]);
    }
    prices.set(position, price);
  }
  const readings: Reading[] = [];
  let last: number | undefined;
  for (let position = 1; position <= count; position++) {
    const price: number | undefined = prices.get(position) ?? (context.repeats ? last : undefined);
    if (price === undefined) continue;
    last = price;
    const perKwh = Number((price * context.factor).toPrecision(12));
    readings.push({ atS: fromS + (position - 1) * length, value: perKwh, seconds: length });
  }
  return ok(readings);
}

/** Day-ahead prices of a Publication_MarketDocument. */
export function seriesOfEntsoe(xml: string): Result<ImportedSeries, readonly Fault[]> {
  const parsed = parseXml(xml);
  if (!parsed.ok) return parsed;
  const root = childrenOf(parsed.value, 'Publication_MarketDocument')[0];
  if (root === undefined) {
    return fail([
      fault(
        'Publication_MarketDocument',
        undefined,
        'missing-field',
        'Give an ENTSO-E publication document.',
      ),
    ]);
  }
  const losses: Loss[] = [];
  const readings: Reading[] = [];
  const domains = new Set<string>();
  const currencies = new Set<string>();
  for (const [k, series] of childrenOf(root, 'TimeSeries').entries()) {
    const unit = textOf(series, 'price_Measure_Unit.name') ?? 'MWH';
    const factor = perKwhOf[unit.toUpperCase()];
    if (factor === undefined) {
      const path = `TimeSeries[${k}].price_Measure_Unit.name`;
      return fail([fault(path, unit, 'unknown-unit', `One of ${Object.keys(perKwhOf).join(', ')}.`)]);
    }
    domains.add(textOf(series, 'in_Domain.mRID') ?? '');
    currencies.add(textOf(series, 'currency_Unit.name') ?? '');
    const repeats = textOf(series, 'curveType') === 'A03';
    for (const [j, period] of childrenOf(series, 'Period').entries()) {
      const found = periodReadings(period, { factor, repeats, path: `TimeSeries[${k}].Period[${j}]` });
      if (!found.ok) return found;
      readings.push(...found.value);
    }
  }
  for (const [field, values] of [
    ['in_Domain.mRID', domains],
    ['currency_Unit.name', currencies],
  ] as const) {
    if (values.size > 1) {
      return fail([
        fault(
          field,
          [...values].join(', '),
          'several-areas',
          'Give a document of one bidding zone and currency.',
        ),
      ]);
    }
  }
  for (const field of [
    'sender_MarketParticipant.mRID',
    'receiver_MarketParticipant.mRID',
    'createdDateTime',
  ]) {
    if (textOf(root, field) !== undefined) losses.push({ field, reason: 'identity of the document' });
  }
  return seriesOf(finest(readings, losses), [...currencies][0], losses);
}

/** Prices without those of longer intervals that shorter ones cover: documents may give a day in two resolutions. */
function finest(readings: readonly Reading[], losses: Loss[]): readonly Reading[] {
  const lengths = [...new Set(readings.map((reading) => reading.seconds ?? 0))].sort((a, b) => a - b);
  const [shortest = 0] = lengths;
  if (lengths.length < 2 || shortest <= 0) return readings;
  const covered = new Set<number>();
  const kept: Reading[] = [];
  for (const length of lengths) {
    const own = readings.filter((reading) => reading.seconds === length);
    const free = own.filter((reading) => {
      for (let at = reading.atS; at < reading.atS + length; at += shortest) if (covered.has(at)) return false;
      return true;
    });
    if (free.length < own.length) {
      losses.push({
        field: 'resolution',
        reason: `${own.length - free.length} prices of ${length / 60} min are left out where shorter ones stand`,
      });
    }
    for (const reading of own) {
      for (let at = reading.atS; at < reading.atS + length; at += shortest) covered.add(at);
    }
    kept.push(...free);
  }
  return kept.sort((a, b) => a.atS - b.atS);
}

/** How a delimited text of prices is meant. */
export interface PriceTextOptions {
  /** Zone of texts without an offset. */
  readonly timezone?: string;
  /** What a price is for, where the header does not say it. */
  readonly unit?: 'kWh' | 'MWh';
}

/** Prices of a delimited text: a column of instants and one of prices. */
export function seriesOfPriceText(
  text: string,
  options: PriceTextOptions,
): Result<ImportedSeries, readonly Fault[]> {
  if (options.timezone !== undefined && !isZone(options.timezone)) {
    return fail([
      fault(
        'timezone',
        options.timezone,
        'wrong-zone',
        'Name a zone of the IANA database, like Europe/Berlin.',
      ),
    ]);
  }
  const table = tableOf(text);
  const time = table.columns.findIndex((name) => /time|date|utc|start|datum|zeit/.test(name));
  const price = table.columns.findIndex(
    (name, k) => k !== time && /price|preis|prijs|eur|usd|gbp|cost|value/.test(name),
  );
  if (time < 0 || price < 0) {
    return fail([
      fault(
        'columns',
        table.columns.join(', '),
        'missing-field',
        'Name one column time (or date, start) and one price.',
      ),
    ]);
  }
  const header = table.columns[price] ?? '';
  const unit = options.unit ?? (/mwh/.test(header) ? 'MWh' : /kwh/.test(header) ? 'kWh' : undefined);
  if (unit === undefined) {
    return fail([
      fault(`columns.${header}`, header, 'unknown-unit', 'Say whether prices are per kWh or per MWh.'),
    ]);
  }
  const losses: Loss[] = [];
  const kept = table.rows.filter((row) => numberOf(row[price]) !== undefined);
  if (kept.length < table.rows.length) {
    losses.push({ field: header, reason: `${table.rows.length - kept.length} rows have no price` });
  }
  for (const [k, name] of table.columns.entries()) {
    if (k !== time && k !== price) losses.push({ field: name, reason: 'not a column that is read' });
  }
  const instants = instantsOf(
    kept.map((row) => row[time] ?? ''),
    options.timezone,
  );
  if (!instants.ok) return instants;
  const factor = unit === 'MWh' ? 0.001 : 1;
  const readings = kept.map((row, k) => ({
    atS: instants.value.atS[k] ?? 0,
    value: Number(((numberOf(row[price]) ?? 0) * factor).toPrecision(12)),
  }));
  const currency = /eur|usd|gbp|nok|sek|dkk|chf/.exec(header)?.[0].toUpperCase();
  return seriesOf(readings, currency, [...losses, ...instants.value.losses]);
}
