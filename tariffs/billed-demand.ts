/** From the peaks that were metered to the demand that is billed: ratchets, means of several peaks, rounding, kVA. @module */
import { daysFromCivil, isoOf } from '#domain/instant';
import { epochS } from '#domain/units';
import type { Evidence } from './bill-form.ts';
import type { PastPeriod } from './billing-state.ts';
import { microOf, wholeOf } from './money.ts';
import type { PeriodView } from './period-view.ts';
import type { WindowSums } from './sums.ts';
import type { LineOf, Tariff } from './tariff.ts';

function textAt(atS: number): string | undefined {
  return atS < 0 ? undefined : isoOf(epochS(atS));
}

/** The block that made a peak. */
export function peakEvidence(peakMw: number, atS: number): Evidence {
  const intervalStart = textAt(atS);
  return { ...(intervalStart === undefined ? {} : { intervalStart }), measuredKw: wholeOf(peakMw) };
}

function percentOfMonth(percent: number | readonly number[], month: number): number {
  return typeof percent === 'number' ? percent : (percent[month - 1] ?? 0);
}

const daysOfMonth = 365.25 / 12;

/**
 * Months from the first day of one period to that of another, in days and to the nearest: read dates put two bills into one
 * month (Jan 1, Jan 30) and none into the next. Later periods are at least one month on.
 */
export function monthsBetween(earlier: string, later: string): number {
  const days = daysOf(later) - daysOf(earlier);
  return Math.sign(days) * Math.max(Math.sign(Math.abs(days)), Math.round(Math.abs(days) / daysOfMonth));
}

function daysOf(date: string): number {
  return daysFromCivil(Number(date.slice(0, 4)), Number(date.slice(5, 7)), Number(date.slice(8, 10)));
}

/** The demand that is billed, and why. */
export interface BilledDemand {
  readonly billedMw: number;
  readonly evidence: Evidence;
  /** Share of one more kW in the highest block that is billed: 1 for a plain peak, 0 under a ratchet. */
  readonly share: number;
  /** The highest of the values that do not depend on this period's load. */
  readonly floorMw: number;
}

function pastPeakMw(past: PastPeriod, line: string, window: string): number {
  return microOf(past.peaksKw[line]?.[window] ?? 0);
}

function ratcheted(line: LineOf<'demand'>, k: number, sum: WindowSums, view: PeriodView): BilledDemand {
  const ratchet = line.ratchet;
  const evidence = peakEvidence(sum.peakMw, sum.peakAtS);
  if (ratchet === undefined) return { billedMw: sum.peakMw, evidence, share: 1, floorMw: 0 };
  const share = percentOfMonth(ratchet.currentPercent, view.month) / 100;
  const current = Math.round(sum.peakMw * share);
  const sources = ratchet.source === 'line' ? line.windows.map((one) => one.id) : [line.windows[k]?.id ?? ''];
  let floorMw = microOf(ratchet.floorKw);
  let source: string | undefined;
  for (const past of view.past) {
    const back = monthsBetween(past.start, view.start);
    const month = Number(past.start.slice(5, 7));
    if (back < 1 || back > ratchet.lookbackMonths) continue;
    if (ratchet.sourceMonths !== undefined && !ratchet.sourceMonths.includes(month)) continue;
    // The percentage belongs to the month in which the old peak occurred.
    const percent = percentOfMonth(ratchet.percent, month);
    const peak = sources.reduce((most, id) => Math.max(most, pastPeakMw(past, line.id, id)), 0);
    const old = Math.round((peak * percent) / 100);
    if (old <= floorMw) continue;
    floorMw = old;
    source = past.start;
  }
  if (floorMw <= current) return { billedMw: current, evidence, share, floorMw };
  return {
    billedMw: floorMw,
    evidence: {
      ...evidence,
      ratchetKw: wholeOf(floorMw),
      ...(source === undefined ? { note: 'least demand of the tariff' } : { ratchetSource: source }),
    },
    share: 0,
    floorMw,
  };
}

function meanOfTops(line: LineOf<'demand'>, n: number, sum: WindowSums): BilledDemand {
  const tops = sum.tops.slice(0, n);
  const total = tops.reduce((all, top) => all + top.mw, 0);
  return {
    billedMw: Math.round(total / n),
    evidence: {
      ...peakEvidence(sum.peakMw, sum.peakAtS),
      peaks: tops.map((top) => ({ kw: wholeOf(top.mw), at: isoOf(epochS(Math.max(0, top.atS))) })),
      note: `mean of the ${n} highest${line.measure.kind === 'mean-top' && line.measure.distinctDays ? ' on different days' : ''}`,
    },
    share: 1 / n,
    floorMw: 0,
  };
}

function rollingMean(line: LineOf<'demand'>, k: number, sum: WindowSums, view: PeriodView): BilledDemand {
  if (line.measure.kind !== 'rolling-mean') return { billedMw: 0, evidence: {}, share: 0, floorMw: 0 };
  const { months, floorKw } = line.measure;
  const least = microOf(floorKw);
  const earlier = view.past
    .filter((past) => {
      const back = monthsBetween(past.start, view.start);
      return back >= 1 && back < months;
    })
    .map((past) => Math.max(least, pastPeakMw(past, line.id, line.windows[k]?.id ?? '')));
  const current = Math.max(least, sum.peakMw);
  const count = earlier.length + 1;
  const total = earlier.reduce((all, one) => all + one, 0) + current;
  return {
    billedMw: Math.round(total / count),
    evidence: { ...peakEvidence(sum.peakMw, sum.peakAtS), note: `mean of ${count} monthly peaks` },
    share: sum.peakMw >= least ? 1 / count : 0,
    floorMw: 0,
  };
}

/** The demand of window `k` of a line that is billed, in mW before tiers; in kVA also before it is rounded to a step. */
export function billedDemand(
  line: LineOf<'demand'>,
  k: number,
  sum: WindowSums,
  view: PeriodView,
): BilledDemand {
  const billed = (): BilledDemand => {
    switch (line.measure.kind) {
      case 'max':
        return ratcheted(line, k, sum, view);
      case 'mean-top':
        return meanOfTops(line, line.measure.n, sum);
      case 'rolling-mean':
        return rollingMean(line, k, sum, view);
    }
  };
  const exact = billed();
  return unitOf(line, view.tariff) === 'kVA' ? exact : { ...exact, billedMw: stepped(line, exact.billedMw) };
}

/** The unit in which a line bills. */
function unitOf(line: LineOf<'demand'>, tariff: Tariff): 'kW' | 'kVA' {
  return line.unit ?? tariff.meter.unit;
}

/** Rounded to the step of the line, which is in the unit that is billed. */
function stepped(line: LineOf<'demand'>, power: number): number {
  if (line.rounding === undefined) return power;
  const step = microOf(line.rounding.stepKw);
  const steps = power / step;
  const { mode } = line.rounding;
  return step * (mode === 'up' ? Math.ceil(steps) : mode === 'down' ? Math.floor(steps) : Math.round(steps));
}

/** What a line bills for a power in mW: millionths of its unit, rounded to its step. */
export function billedQuantity(line: LineOf<'demand'>, mw: number, tariff: Tariff): number {
  return stepped(line, inUnit(mw, unitOf(line, tariff), tariff));
}

/** mW as millionths of the unit that is billed. */
export function inUnit(mw: number, unit: 'kW' | 'kVA', tariff: Tariff): number {
  return unit === 'kW' ? mw : Math.round(mw / tariff.meter.powerFactor);
}
