/**
 * A row of intervals seen through a tariff: its local days, its billing periods, its metering blocks and the windows that
 * hold in each step. Intervals that a window edge, a metering block or a change of the clock cuts are split into equal
 * steps, so that every step lies in one window.
 * @module
 */
import type { Fault } from '#domain/fault';
import { instantOfIso } from '#domain/instant';
import { fail, ok, type Result } from '#domain/result';
import type { EpochS } from '#domain/units';
import { billingPeriodsOf, type Period } from './billing-periods.ts';
import {
  changesWithin,
  clockOf,
  dayNumberOfText,
  isWithinYears,
  isZone,
  localStepsOf,
  offsetsWithin,
  type ClockKind,
  type LocalClock,
  type LocalSteps,
} from './calendar.ts';
import { fault } from './faults.ts';
import { holidayNumbers } from './holidays.ts';
import { holidaysMax, intervalsMax, yearRange } from './limits.ts';
import type { BillingPeriodRule, PriceSeries, Tariff, When } from './tariff.ts';
import {
  edgesOf,
  maskOfSteps,
  traitsOf,
  windowOfSteps,
  windowSetOf,
  type DayTraits,
  type WindowSet,
} from './windows.ts';

/** What a calendar may say beside the tariff. */
export interface FrameOptions {
  /** Replaces the zone of the tariff. */
  readonly timezone?: string;
  readonly clock?: ClockKind;
  /** Holidays beside those of the tariff, `YYYY-MM-DD`. */
  readonly holidays?: readonly string[];
  /** Replaces the billing period of the tariff. */
  readonly billingPeriod?: BillingPeriodRule;
  /** Price series by the name that lines use; they come before those in the tariff. */
  readonly series?: Readonly<Record<string, PriceSeries>>;
}

/** Time as a tariff sees it. */
export interface Frame {
  readonly tariff: Tariff;
  readonly clock: LocalClock;
  readonly startS: EpochS;
  /** Seconds of a step; steps per interval. */
  readonly stepS: number;
  readonly split: number;
  /** Number of steps and of intervals. */
  readonly count: number;
  readonly intervals: number;
  readonly steps: LocalSteps;
  readonly traits: readonly DayTraits[];
  readonly seasonNames: readonly string[];
  readonly periods: readonly FramePeriod[];
  /** First step of each metering block, then `count`. */
  readonly blockStart: Uint32Array;
  readonly series: Readonly<Record<string, PriceSeries>>;
}

/** A billing period with its steps `[from, until)` and its blocks `[firstBlock, endBlock)`. */
export interface FramePeriod extends Period {
  readonly from: number;
  readonly until: number;
  readonly firstBlock: number;
  readonly endBlock: number;
}

/** What a frame is made for. */
export interface FrameRequest extends FrameOptions {
  readonly tariff: Tariff;
  readonly startS: EpochS;
  readonly intervalS: number;
  readonly intervals: number;
}

function whensOf(tariff: Tariff): readonly When[] {
  return tariff.lines.flatMap((line): readonly When[] => {
    switch (line.kind) {
      case 'energy':
      case 'load-factor-tiers':
        return line.windows.map((window) => window.when);
      case 'demand':
        return line.windows.flatMap((window) => [
          window.when,
          ...(window.weights ?? []).map((weight): When => weight.when),
        ]);
      case 'reactive':
      case 'credit':
        return [line.when];
      case 'subscription':
      case 'contracted-capacity':
      case 'price-pair':
      case 'fixed':
      case 'minimum-bill':
      case 'percent':
      case 'coincident':
        return [];
    }
  });
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}

/** Longest step in minutes that no edge cuts. */
function stepMinutesOf(request: FrameRequest, clock: LocalClock, edges: ReadonlySet<number>): number {
  const interval = request.intervalS / 60;
  const untilS = request.startS + request.intervals * request.intervalS;
  const block = request.tariff.meter.demandIntervalMinutes;
  const cuts = new Set(edges);
  if (block > interval) for (let minute = 0; minute < 1440; minute += block) cuts.add(minute);
  let step = interval;
  for (const offset of offsetsWithin(clock, request.startS, untilS)) {
    const phase = ((((request.startS + offset) / 60) % 1440) + 1440) % 1440;
    for (const edge of cuts) step = gcd(step, Math.abs(edge - phase) % interval);
  }
  for (const change of changesWithin(clock, request.startS, untilS)) {
    step = gcd(step, ((change - request.startS) / 60) % interval);
  }
  for (const line of request.tariff.lines) {
    if (line.kind !== 'coincident') continue;
    for (const call of line.calls) {
      for (const text of [call.start, call.end]) {
        const at = instantOfIso(text);
        if (at === undefined || at <= request.startS || at >= untilS) continue;
        step = gcd(step, Math.floor((at - request.startS) / 60) % interval);
      }
    }
  }
  return step;
}

function requestFaults(request: FrameRequest, zone: string): readonly Fault[] {
  const found: Fault[] = [];
  if (!isZone(zone)) {
    found.push(
      fault('calendar.tz', zone, 'wrong-zone', 'Name a zone of the IANA database, like Europe/Berlin.'),
    );
  }
  const untilS = request.startS + request.intervals * request.intervalS;
  if (!isWithinYears(request.startS, untilS)) {
    const stretch = `${request.intervals} x ${request.intervalS / 60} min`;
    const [from, to] = yearRange;
    found.push(
      fault('calendar.start', stretch, 'outside-years', `Give a load that lies within ${from} to ${to}.`),
    );
  }
  if (request.startS % 60 !== 0) {
    found.push(fault('calendar.start', request.startS, 'not-a-whole-minute', 'Start on a whole minute.'));
  }
  if (request.intervalS % 60 !== 0 || request.intervalS < 60 || request.intervalS > 86_400) {
    found.push(
      fault(
        'calendar.intervalMinutes',
        request.intervalS / 60,
        'not-a-whole-minute',
        'Give 1 to 1440 whole minutes.',
      ),
    );
  }
  if (request.intervals > intervalsMax) {
    found.push(fault('load', request.intervals, 'too-large', `At most ${intervalsMax} intervals.`));
  }
  if ((request.holidays ?? []).length > holidaysMax) {
    const size = `${(request.holidays ?? []).length} entries`;
    found.push(fault('calendar.holidays', size, 'too-large', `At most ${holidaysMax} holidays.`));
  }
  return found;
}

function blocksOf(frame: Omit<Frame, 'blockStart' | 'periods'>, periods: readonly Period[]): Uint32Array {
  const block = frame.tariff.meter.demandIntervalMinutes;
  const step = frame.stepS / 60;
  const { minuteOf, dayOf } = frame.steps;
  const cuts = new Set(periods.map((period) => (period.startS - frame.startS) / frame.stepS));
  const starts: number[] = [];
  for (let t = 0; t < frame.count; t++) {
    const minute = minuteOf[t] ?? 0;
    const follows = t > 0 && dayOf[t] === dayOf[t - 1] && minute === (minuteOf[t - 1] ?? 0) + step;
    if (!follows || step >= block || minute % block === 0 || cuts.has(t)) starts.push(t);
  }
  starts.push(frame.count);
  return Uint32Array.from(starts);
}

function framePeriodsOf(
  periods: readonly Period[],
  startS: number,
  stepS: number,
  count: number,
  blockStart: Uint32Array,
): readonly FramePeriod[] {
  let block = 0;
  return periods.map((period) => {
    const from = Math.max(0, Math.ceil((period.startS - startS) / stepS));
    const until = Math.min(count, Math.ceil((period.endS - startS) / stepS));
    const firstBlock = block;
    while (block < blockStart.length - 1 && (blockStart[block] ?? count) < until) block++;
    return { ...period, from, until, firstBlock, endBlock: block };
  });
}

/** The frame of a row of intervals, or why there is none. */
export function frameOf(request: FrameRequest): Result<Frame, readonly Fault[]> {
  const { tariff, startS, intervalS, intervals } = request;
  const zone = request.timezone ?? tariff.timezone;
  const faults = requestFaults(request, zone);
  if (faults.length > 0) return fail(faults);
  const untilS = startS + intervals * intervalS;
  // A year and a bit on both sides: cycles and tariff years reach beyond the intervals.
  const clock = clockOf(zone, startS - 400 * 86_400, untilS + 400 * 86_400, 'local');
  const used = request.clock === 'fixed-8760' ? clockOf(zone, startS, untilS, 'fixed-8760') : clock;
  const seasonNames = Object.keys(tariff.calendar.seasons);
  const step = stepMinutesOf(request, used, edgesOf(windowSetOf(whensOf(tariff), seasonNames)));
  const split = intervalS / 60 / step;
  const count = intervals * split;
  if (count > intervalsMax) {
    return fail([fault('load', count, 'too-large', `At most ${intervalsMax} steps of ${step} minutes.`)]);
  }
  const steps = localStepsOf(used, startS, step * 60, count);
  const extra = new Set<number>();
  for (const [k, text] of (request.holidays ?? []).entries()) {
    const number = dayNumberOfText(used, text);
    if (number === undefined) {
      return fail([
        fault(`calendar.holidays[${k}]`, text, 'impossible-date', 'Give a day that exists, YYYY-MM-DD.'),
      ]);
    }
    extra.add(number);
  }
  const years = steps.days.map((day) => day.year);
  const holidays = new Set([
    ...holidayNumbers(tariff.calendar.holidays, used, years[0] ?? 1970, years[years.length - 1] ?? 1970),
    ...extra,
  ]);
  const rule = request.billingPeriod ?? tariff.billing.period;
  const periods = billingPeriodsOf(rule, used, startS, Math.max(untilS, startS + 1));
  if (periods === undefined) {
    return fail([
      fault(
        'calendar.billingPeriod',
        rule.kind,
        'outside-read-dates',
        'Give read dates before the first interval and after the last one.',
      ),
    ]);
  }
  const base = {
    tariff,
    clock: used,
    startS,
    stepS: step * 60,
    split,
    count,
    intervals,
    steps,
    traits: traitsOf(steps.days, tariff.calendar.seasons, holidays),
    seasonNames,
    series: { ...tariff.series, ...request.series },
  };
  const blockStart = blocksOf(base, periods);
  return ok({ ...base, blockStart, periods: framePeriodsOf(periods, startS, step * 60, count, blockStart) });
}

/** The one window of each step. */
export function windowsIn(frame: Frame, whens: readonly When[]): Uint8Array {
  const set: WindowSet = windowSetOf(whens, frame.seasonNames);
  if (whens.length === 1 && whens[0] === 'always') return new Uint8Array(frame.count);
  return windowOfSteps(set, frame.traits, frame.steps);
}

/** 1 for each step that window `k` of the list holds; undefined where it always does. */
export function maskIn(frame: Frame, whens: readonly When[], k: number): Uint8Array | undefined {
  if (whens[k] === 'always') return undefined;
  return maskOfSteps(windowSetOf(whens, frame.seasonNames), k, frame.traits, frame.steps);
}

/** Price per kWh of each step from a series, or why the series does not reach. */
export function seriesIn(frame: Frame, ref: string, path: string): Result<Float64Array, readonly Fault[]> {
  const series = frame.series[ref];
  if (series === undefined) {
    return fail([fault(path, ref, 'unknown-series', 'Give the price series of that name.')]);
  }
  const at = instantOfIso(series.start);
  if (at === undefined) {
    return fail([
      fault(`series.${ref}.start`, series.start, 'impossible-date', 'Give an instant that exists.'),
    ]);
  }
  const lengthS = series.intervalMinutes * 60;
  const endS = at + series.perKwh.length * lengthS;
  const untilS = frame.startS + frame.count * frame.stepS;
  if (at > frame.startS) {
    return fail([
      fault(
        `series.${ref}.start`,
        series.start,
        'series-starts-late',
        'Give prices from the first interval on.',
      ),
    ]);
  }
  if (endS < untilS) {
    const short = Math.ceil((untilS - endS) / lengthS);
    return fail([
      fault(
        `series.${ref}.perKwh`,
        `${series.perKwh.length} values`,
        'series-ends-early',
        `Give ${short} more values, to the last interval.`,
      ),
    ]);
  }
  const prices = new Float64Array(frame.count);
  for (let t = 0; t < frame.count; t++) {
    const from = frame.startS + t * frame.stepS;
    prices[t] = meanOver(series.perKwh, (from - at) / lengthS, (from + frame.stepS - at) / lengthS);
  }
  return ok(prices);
}

/** Mean of a row of equal pieces over `[from, until)` counted in pieces. */
function meanOver(values: readonly number[], from: number, until: number): number {
  const first = Math.floor(from);
  if (until <= first + 1) return values[first] ?? 0;
  let total = 0;
  for (let k = first; k < until; k++) {
    total += (values[k] ?? 0) * (Math.min(until, k + 1) - Math.max(from, k));
  }
  return total / (until - from);
}

/** Minutes of the metering block that holds the first step and lie before it. */
export function minutesBefore(frame: Frame): number {
  const minute = frame.steps.minuteOf[0] ?? 0;
  return frame.stepS / 60 >= frame.tariff.meter.demandIntervalMinutes
    ? 0
    : minute % frame.tariff.meter.demandIntervalMinutes;
}
