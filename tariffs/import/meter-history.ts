/**
 * Meter history as a load: Green Button (ESPI) documents and delimited texts of kW or kWh. Source: NAESB ESPI, UsagePoint,
 * MeterReading, ReadingType, IntervalBlock.
 * @module
 */
import type { Fault } from '#domain/fault';
import { isoOf } from '#domain/instant';
import { fail, ok, type Result } from '#domain/result';
import type { Loss } from '../bill-form.ts';
import { isZone } from '../calendar.ts';
import { fault } from '../faults.ts';
import { powerKwMax } from '../limits.ts';
import { numberOf, tableOf } from './csv.ts';
import { evenRowOf, instantsOf, type Reading, type Spread } from './readings.ts';
import { attributeOf, childrenOf, parseXml, textOf, type XmlNode } from './xml.ts';

/** A load of equal intervals; null has no reading. */
export interface ImportedLoad {
  readonly start: string;
  readonly intervalMinutes: number;
  /** Mean power of each interval. */
  readonly kw: readonly (number | null)[];
  readonly losses: readonly Loss[];
}

function loadOf(
  readings: readonly Reading[],
  spread: Spread,
  losses: readonly Loss[],
): Result<ImportedLoad, readonly Fault[]> {
  const row = evenRowOf(readings, spread);
  if (!row.ok) return row;
  const { startS, intervalS, values } = row.value;
  const perHour = spread === 'amount' ? 3600 / intervalS : 1;
  const wild = values.findIndex((value) => Math.abs(value * perHour) > powerKwMax);
  if (wild >= 0) {
    const fix = `Give at most ${powerKwMax} kW; is the unit right?`;
    return fail([fault(`readings[${wild}]`, values[wild], 'implausible-power', fix)]);
  }
  return ok({
    start: isoOf(startS),
    intervalMinutes: intervalS / 60,
    kw: Array.from(values, (value) =>
      Number.isNaN(value) ? null : Number((value * perHour).toPrecision(12)),
    ),
    losses: [...losses, ...row.value.losses],
  });
}

/** How a delimited text of readings is meant. */
export interface MeterTextOptions {
  /** Zone of texts without an offset. */
  readonly timezone?: string;
  /** What the values are, where the header does not say it. */
  readonly unit?: 'kW' | 'kWh' | 'W' | 'Wh';
  /** The text names the end of each interval, not its start. */
  readonly stamp?: 'start' | 'end';
}

const meterUnits = {
  kW: { factor: 1, spread: 'mean' },
  W: { factor: 0.001, spread: 'mean' },
  kWh: { factor: 1, spread: 'amount' },
  Wh: { factor: 0.001, spread: 'amount' },
} as const;

function unitOfHeader(header: string): keyof typeof meterUnits | undefined {
  if (/kwh/.test(header)) return 'kWh';
  if (/\bkw\b|_kw\b|\(kw\)|kw$/.test(header)) return 'kW';
  if (/wh\b|wh$/.test(header)) return 'Wh';
  return /\bw\b|_w$|watt/.test(header) ? 'W' : undefined;
}

function stampShiftS(atS: readonly number[], stamp: MeterTextOptions['stamp']): number {
  if (stamp !== 'end' || atS.length < 2) return 0;
  return -Math.abs((atS[1] ?? 0) - (atS[0] ?? 0));
}

/** The load of a delimited text: a column of instants and one of kW, kWh, W or Wh. */
export function loadOfMeterText(
  text: string,
  options: MeterTextOptions,
): Result<ImportedLoad, readonly Fault[]> {
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
  const time = table.columns.findIndex((name) => /time|date|utc|start|datum|zeit|end/.test(name));
  const named = table.columns.findIndex((name, k) => k !== time && unitOfHeader(name) !== undefined);
  const value = named >= 0 ? named : table.columns.findIndex((_, k) => k !== time);
  if (time < 0 || value < 0) {
    return fail([
      fault(
        'columns',
        table.columns.join(', '),
        'missing-field',
        'Name one column time (or date, start) and one kW or kWh.',
      ),
    ]);
  }
  const header = table.columns[value] ?? '';
  const unit = options.unit ?? unitOfHeader(header);
  if (unit === undefined) {
    return fail([
      fault(
        `columns.${header}`,
        header,
        'unknown-unit',
        `Say the unit: ${Object.keys(meterUnits).join(', ')}.`,
      ),
    ]);
  }
  const losses: Loss[] = [];
  const kept = table.rows.filter((row) => numberOf(row[value]) !== undefined);
  if (kept.length < table.rows.length)
    losses.push({ field: header, reason: `${table.rows.length - kept.length} rows have no value` });
  for (const [k, name] of table.columns.entries()) {
    if (k !== time && k !== value) losses.push({ field: name, reason: 'not a column that is read' });
  }
  const instants = instantsOf(
    kept.map((row) => row[time] ?? ''),
    options.timezone,
  );
  if (!instants.ok) return instants;
  const { factor, spread } = meterUnits[unit];
  const shift = stampShiftS(instants.value.atS, options.stamp);
  const readings = kept.map((row, k) => ({
    atS: (instants.value.atS[k] ?? 0) + shift,
    value: (numberOf(row[value]) ?? 0) * factor,
  }));
  return loadOf(readings, spread, [...losses, ...instants.value.losses]);
}

interface Entry {
  readonly node: XmlNode;
  readonly self: string;
  readonly up: string;
  readonly related: readonly string[];
}

function entriesOf(feed: XmlNode): readonly Entry[] {
  return childrenOf(feed, 'entry').map((node) => {
    const links = childrenOf(node, 'link').map(
      (link) => [attributeOf(link, 'rel') ?? '', attributeOf(link, 'href') ?? ''] as const,
    );
    const hrefOf = (rel: string): string => links.find(([name]) => name === rel)?.[1] ?? '';
    return {
      node,
      self: hrefOf('self'),
      up: hrefOf('up'),
      related: links.filter(([name]) => name === 'related').map(([, href]) => href),
    };
  });
}

function contentOf(entry: Entry, name: string): readonly XmlNode[] {
  return childrenOf(childrenOf(entry.node, 'content')[0], name);
}

/** The reading type of a block of intervals: by the links of its meter reading, or the only one that there is. */
function typeOf(entries: readonly Entry[], block: Entry): XmlNode | undefined {
  const types = entries.filter((entry) => contentOf(entry, 'ReadingType').length > 0);
  const reading = entries.find(
    (entry) => contentOf(entry, 'MeterReading').length > 0 && entry.related.includes(block.up),
  );
  const linked = types.find((entry) => reading?.related.includes(entry.self) === true);
  const entry = linked ?? (types.length === 1 ? types[0] : undefined);
  return entry === undefined ? undefined : contentOf(entry, 'ReadingType')[0];
}

/** Wh or W, and the sign of the direction. */
interface ReadingForm {
  readonly factor: number;
  readonly spread: Spread;
}

function formOf(type: XmlNode | undefined): ReadingForm | string {
  const uom = textOf(type, 'uom') ?? '72';
  if (uom !== '72' && uom !== '38') return `unit ${uom} is neither Wh (72) nor W (38)`;
  const power = 10 ** Number(textOf(type, 'powerOfTenMultiplier') ?? '0');
  const direction = textOf(type, 'flowDirection') ?? '1';
  if (direction !== '1' && direction !== '19')
    return `flow direction ${direction} is neither delivered (1) nor received (19)`;
  return { factor: ((direction === '19' ? -1 : 1) * power) / 1000, spread: uom === '72' ? 'amount' : 'mean' };
}

function blockReadings(block: XmlNode, form: ReadingForm): readonly Reading[] {
  return childrenOf(block, 'IntervalReading').flatMap((reading) => {
    const period = childrenOf(reading, 'timePeriod')[0];
    const start = numberOf(textOf(period, 'start'));
    const seconds = numberOf(textOf(period, 'duration'));
    const value = numberOf(textOf(reading, 'value'));
    if (start === undefined || value === undefined) return [];
    return [{ atS: start, value: value * form.factor, ...(seconds === undefined ? {} : { seconds }) }];
  });
}

/** Sums readings that both directions give for one interval. */
function netted(readings: readonly Reading[]): readonly Reading[] {
  const sums = new Map<number, Reading>();
  for (const reading of readings) {
    const known = sums.get(reading.atS);
    sums.set(reading.atS, known === undefined ? reading : { ...reading, value: known.value + reading.value });
  }
  return [...sums.values()];
}

function unusedLosses(entries: readonly Entry[]): readonly Loss[] {
  const names = [
    'UsageSummary',
    'ElectricPowerUsageSummary',
    'ElectricPowerQualitySummary',
    'LocalTimeParameters',
  ];
  return names
    .filter((name) => entries.some((entry) => contentOf(entry, name).length > 0))
    .map((field) => ({
      field,
      reason: 'instants are absolute and bills are worked out; the part is not read',
    }));
}

/** The load of a Green Button document. */
export function loadOfGreenButton(xml: string): Result<ImportedLoad, readonly Fault[]> {
  const parsed = parseXml(xml);
  if (!parsed.ok) return parsed;
  const feed = childrenOf(parsed.value, 'feed')[0];
  if (feed === undefined)
    return fail([fault('feed', undefined, 'missing-field', 'Give a Green Button feed.')]);
  const entries = entriesOf(feed);
  const losses: Loss[] = [...unusedLosses(entries)];
  const delivered: Reading[] = [];
  const received: Reading[] = [];
  let spread: Spread | undefined;
  for (const entry of entries) {
    const blocks = contentOf(entry, 'IntervalBlock');
    if (blocks.length === 0) continue;
    const form = formOf(typeOf(entries, entry));
    if (typeof form === 'string') {
      losses.push({ field: entry.self === '' ? 'IntervalBlock' : entry.self, reason: form });
      continue;
    }
    if (spread !== undefined && form.spread !== spread) {
      losses.push({
        field: entry.self,
        reason: 'energy and power are both given; only the first kind is read',
      });
      continue;
    }
    spread = form.spread;
    const target = form.factor < 0 ? received : delivered;
    for (const block of blocks) {
      target.push(...blockReadings(block, form));
      if (childrenOf(block, 'IntervalReading').some((reading) => textOf(reading, 'cost') !== undefined)) {
        if (!losses.some((loss) => loss.field === 'cost')) {
          losses.push({ field: 'cost', reason: 'what the utility charged per reading is not read' });
        }
      }
    }
  }
  if (delivered.length + received.length === 0) {
    return fail([fault('IntervalBlock', undefined, 'no-readings', 'Give a feed with readings of Wh or W.')]);
  }
  if (received.length === 0) return loadOf(delivered, spread ?? 'amount', losses);
  return loadOf(netted([...delivered, ...received]), spread ?? 'amount', losses);
}
