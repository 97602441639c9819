/**
 * Time series as files have them become rows of equal intervals: readings newest first, doubled, missing or of changing
 * length are put in order, and every repair is told. Where readings are missing the row has NaN.
 * @module
 */
import type { Fault } from '#domain/fault';
import { instantOfIso, isoOf } from '#domain/instant';
import { fail, ok, type Result } from '#domain/result';
import { epochS, type EpochS } from '#domain/units';
import type { Loss } from '../bill-form.ts';
import { clockOf } from '../calendar.ts';
import { fault } from '../faults.ts';
import { intervalsMax } from '../limits.ts';

/** A reading of the interval that starts at `atS`; its length where the source says it. */
export interface Reading {
  readonly atS: number;
  readonly value: number;
  readonly seconds?: number;
}

/** A row of equal intervals. */
export interface EvenRow {
  readonly startS: EpochS;
  readonly intervalS: number;
  readonly values: Float64Array;
  readonly losses: readonly Loss[];
}

/** How a value spreads over shorter intervals: a mean repeats, an amount is divided. */
export type Spread = 'mean' | 'amount';

function ordered(readings: readonly Reading[], losses: Loss[]): readonly Reading[] {
  const descending =
    readings.length > 1 && (readings[0]?.atS ?? 0) > (readings[readings.length - 1]?.atS ?? 0);
  if (descending)
    losses.push({ field: 'order', reason: 'readings stand newest first; they were turned round' });
  return readings.toSorted((a, b) => a.atS - b.atS);
}

function withoutDoubles(readings: readonly Reading[], losses: Loss[]): readonly Reading[] {
  const kept: Reading[] = [];
  let doubled = 0;
  let differing = 0;
  let where = '';
  for (const reading of readings) {
    const last = kept[kept.length - 1];
    if (last?.atS !== reading.atS) {
      kept.push(reading);
      continue;
    }
    doubled++;
    if (last.value !== reading.value) differing++;
    where ||= isoOf(epochS(reading.atS));
  }
  if (doubled > 0) {
    losses.push({
      field: 'doubled',
      reason: `${doubled} readings stand twice, ${differing} of them with another value, the first at ${where}; the first of each is kept`,
    });
  }
  return kept;
}

/** Length of each reading: said, or up to the next one where that is no longer than what is usual around it. */
function lengthsOf(readings: readonly Reading[]): readonly number[] {
  const gaps = readings.slice(1).map((reading, k) => reading.atS - (readings[k]?.atS ?? 0));
  const counts = new Map<number, number>();
  for (const gap of gaps) counts.set(gap, (counts.get(gap) ?? 0) + 1);
  const usual = [...counts].reduce((best, one) => (one[1] > best[1] ? one : best), [3600, 0])[0];
  const lengths: number[] = [];
  for (const [k, reading] of readings.entries()) {
    const gap = gaps[k];
    // A step that occurs again next to it is a resolution; one that stands alone is a hole.
    const repeated = gap !== undefined && (gaps[k - 1] === gap || gaps[k + 1] === gap);
    const own = gap === undefined ? (lengths[k - 1] ?? usual) : gap <= usual || repeated ? gap : usual;
    lengths.push(reading.seconds ?? own);
  }
  return lengths;
}

function resolutionLoss(lengths: readonly number[], readings: readonly Reading[], losses: Loss[]): void {
  const changes: string[] = [];
  for (let k = 1; k < lengths.length && changes.length < 3; k++) {
    const before = lengths[k - 1] ?? 0;
    const after = lengths[k] ?? 0;
    if (before !== after) {
      changes.push(`${before / 60} to ${after / 60} min at ${isoOf(epochS(readings[k]?.atS ?? 0))}`);
    }
  }
  if (changes.length > 0)
    losses.push({ field: 'resolution', reason: `changes from ${changes.join(', then ')}` });
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}

/** The row of a list of readings; faults where there are none, too many, or none that fit whole minutes. */
export function evenRowOf(readings: readonly Reading[], spread: Spread): Result<EvenRow, readonly Fault[]> {
  const losses: Loss[] = [];
  const inOrder = withoutDoubles(ordered(readings, losses), losses);
  const first = inOrder[0];
  if (first === undefined) return fail([fault('readings', 0, 'no-readings', 'Give at least one reading.')]);
  const lengths = lengthsOf(inOrder);
  resolutionLoss(lengths, inOrder, losses);
  let intervalS = lengths.reduce((all, one) => gcd(all, one), 0);
  for (const reading of inOrder) intervalS = gcd(intervalS, reading.atS - first.atS);
  if (intervalS < 60 || intervalS % 60 !== 0 || first.atS % 60 !== 0) {
    return fail([
      fault(
        'readings',
        `${intervalS} s`,
        'not-a-whole-minute',
        'Give readings that start on whole minutes and last whole minutes.',
      ),
    ]);
  }
  const lastEnd = inOrder.reduce((end, reading, k) => Math.max(end, reading.atS + (lengths[k] ?? 0)), 0);
  const count = Math.round((lastEnd - first.atS) / intervalS);
  if (count > intervalsMax) {
    return fail([
      fault('readings', count, 'too-large', `At most ${intervalsMax} intervals of ${intervalS / 60} min.`),
    ]);
  }
  const values = new Float64Array(count).fill(Number.NaN);
  for (const [k, reading] of inOrder.entries()) {
    const from = Math.round((reading.atS - first.atS) / intervalS);
    const next = inOrder[k + 1];
    const parts = Math.round((lengths[k] ?? intervalS) / intervalS);
    const until = Math.min(
      count,
      from + parts,
      next === undefined ? count : Math.round((next.atS - first.atS) / intervalS),
    );
    const value = spread === 'amount' ? reading.value / parts : reading.value;
    values.fill(value, from, until);
  }
  missingLoss(values, first.atS, intervalS, losses);
  return ok({ startS: epochS(first.atS), intervalS, values, losses });
}

function missingLoss(values: Float64Array, startS: number, intervalS: number, losses: Loss[]): void {
  let missing = 0;
  let where = -1;
  for (const [k, value] of values.entries()) {
    if (!Number.isNaN(value)) continue;
    missing++;
    if (where < 0) where = k;
  }
  if (missing > 0) {
    losses.push({
      field: 'missing',
      reason: `${missing} of ${values.length} intervals have no reading, the first at ${isoOf(epochS(startS + where * intervalS))}`,
    });
  }
}

const localForm = /^(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?$/;
const zoned = /(Z|[+-]\d{2}:?\d{2})$/;

/** Reads a column of instants: ISO with offset, seconds or milliseconds since 1970, or local texts in a zone. */
export function instantsOf(
  texts: readonly string[],
  timezone: string | undefined,
): Result<{ readonly atS: readonly number[]; readonly losses: readonly Loss[] }, readonly Fault[]> {
  const losses: Loss[] = [];
  const local = texts.some((text) => localForm.test(text));
  if (local && timezone === undefined) {
    return fail([
      fault('timezone', undefined, 'missing-field', 'The texts say no offset: name the zone of their clock.'),
    ]);
  }
  const rows = localOrder(texts);
  const clock = local && timezone !== undefined ? localReader(texts, timezone) : undefined;
  const atS: number[] = Array.from({ length: texts.length }, () => 0);
  let skipped = 0;
  for (const row of rows) {
    const text = texts[row] ?? '';
    const found = clock !== undefined && localForm.test(text) ? clock(text) : instantOfText(text);
    if (found === undefined) {
      return fail([
        fault(
          `rows[${row}]`,
          text,
          'impossible-date',
          'Give an instant that exists, like 2026-07-01T00:15:00+02:00.',
        ),
      ]);
    }
    if (found.moved) skipped++;
    atS[row] = found.atS;
  }
  if (skipped > 0) {
    losses.push({
      field: 'clock',
      reason: `${skipped} local times do not exist on their clock (change to summer time): the file may be in another zone`,
    });
  }
  return ok({ atS, losses });
}

/** Rows in the order of time: local texts that stand newest first are read from the end. */
function localOrder(texts: readonly string[]): readonly number[] {
  const rows = texts.map((_, k) => k);
  const first = texts[0] ?? '';
  const last = texts[texts.length - 1] ?? '';
  return localForm.test(first) && first > last ? rows.toReversed() : rows;
}

interface Found {
  readonly atS: number;
  readonly moved: boolean;
}

/** A reader of local texts that takes the second of two equal times for the later one. */
function localReader(texts: readonly string[], timezone: string): (text: string) => Found | undefined {
  const instants = texts.flatMap((text) => instantOfIso(utcText(text)) ?? []);
  const low = instants.reduce((a, b) => Math.min(a, b), Infinity);
  const high = instants.reduce((a, b) => Math.max(a, b), -Infinity);
  const clock =
    instants.length === 0 ? clockOf(timezone, 0, 0) : clockOf(timezone, low - 172_800, high + 172_800);
  let last = -Infinity;
  return (text) => {
    const asUtc = instantOfIso(utcText(text));
    if (asUtc === undefined) return undefined;
    const options: number[] = [];
    for (const [k, offset] of clock.offsetS.entries()) {
      const at = asUtc - offset;
      if (
        at >= (k === 0 ? -Infinity : (clock.pieceStartS[k] ?? 0)) &&
        at < (clock.pieceStartS[k + 1] ?? Infinity)
      )
        options.push(at);
    }
    const moved = options.length === 0;
    if (moved) {
      const piece = clock.pieceStartS.findLastIndex(
        (start, k) => k > 0 && asUtc - (clock.offsetS[k - 1] ?? 0) >= start,
      );
      options.push(asUtc - (clock.offsetS[Math.max(0, piece - 1)] ?? 0));
    }
    const at = options.find((option) => option > last) ?? options[0] ?? asUtc;
    last = at;
    return { atS: at, moved };
  };
}

function utcText(text: string): string {
  const match = localForm.exec(text);
  if (match === null) return text;
  const [, year, month, day, hour, minute, second] = match;
  return `${year ?? ''}-${month ?? ''}-${day ?? ''}T${hour ?? ''}:${minute ?? ''}:${second ?? '00'}Z`;
}

function instantOfText(text: string): Found | undefined {
  if (/^\d{9,10}$/.test(text)) return { atS: Number(text), moved: false };
  if (/^\d{12,13}$/.test(text)) return { atS: Math.floor(Number(text) / 1000), moved: false };
  if (!zoned.test(text)) return undefined;
  const full = text.replace(' ', 'T').replace(/(T\d{2}:\d{2})(?=Z|[+-])/, '$1:00');
  const atS = instantOfIso(full);
  return atS === undefined ? undefined : { atS, moved: false };
}
