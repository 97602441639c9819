/** The parts that terms of a cost model are put together from. @module */
import type { TimeGrid } from '#domain/time-grid';
import { tariffYearOf } from './billing-periods.ts';
import type { BillingState } from './billing-state.ts';
import { dateText } from './calendar.ts';
import type { DemandTerm } from './cost-model.ts';
import type { Frame, FrameOptions, FramePeriod } from './frame.ts';
import type { LinePlan } from './meter.ts';
import type { PeriodView } from './period-view.ts';
import { lineSumsOf, siteSumsOf, yearSumsOf } from './sums.ts';
import type { Tariff, TariffLine } from './tariff.ts';

/** What a cost model is made of. */
export interface CostModelRequest extends FrameOptions {
  readonly tariff: Tariff;
  readonly grid: TimeGrid;
  readonly state?: BillingState;
}

/** A cost model in the making. */
export interface Builder {
  readonly request: CostModelRequest;
  readonly frame: Frame;
  readonly plans: readonly LinePlan[];
  readonly state: BillingState;
  readonly price: Float64Array;
  readonly sell: Float64Array;
  sells: boolean;
  readonly demand: DemandTerm[];
  readonly approximations: { readonly line: string; readonly reason: string }[];
  readonly blockIntervals: number;
  readonly blockOffset: number;
  readonly blockPastKw: number;
}

/** How often one unit of money of a line is charged once percentages are put on it. */
export function multiplierOf(tariff: Tariff, line: TariffLine): number {
  const values = new Map<string, number>();
  for (const one of tariff.lines) {
    if (one.id === line.id) values.set(one.id, 1);
    else if (one.kind === 'percent') {
      let base = 0;
      for (const [id, value] of values) if (one.of === 'all' || one.of.includes(id)) base += value;
      if (base !== 0) values.set(one.id, (base * one.percent) / 100);
    }
  }
  return [...values.values()].reduce((sum, value) => sum + value, 0);
}

/** Notes what a convex model cannot say. */
export function approximate(builder: Builder, line: TariffLine, reason: string): void {
  builder.approximations.push({ line: line.id, reason });
}

/** Adds a price per kWh to every interval, by the steps in it. */
export function addPrice(builder: Builder, target: Float64Array, priceOf: (t: number) => number): void {
  const { split, count } = builder.frame;
  for (let t = 0; t < count; t++) {
    const i = Math.floor(t / split);
    target[i] = (target[i] ?? 0) + priceOf(t) / split;
  }
}

/** The view of the period that a grid begins with, at the state's sums. */
export function viewOf(builder: Builder, period: FramePeriod, first: boolean): PeriodView {
  const { frame, state } = builder;
  const { tariff } = frame;
  const year = tariffYearOf(frame.clock, tariff.billing.yearStart, period.firstDay);
  const months =
    (period.firstDay.year - year.firstDay.year) * 12 + period.firstDay.month - year.firstDay.month;
  return {
    tariff,
    month: period.firstDay.month,
    start: dateText(period.firstDay),
    days: period.days,
    site: siteSumsOf(first ? state.period : undefined),
    year: yearSumsOf(dateText(year.firstDay), state.year),
    yearDays: year.days,
    twelfths: Math.min(12, months + 1),
    yearEnds: false,
    past: state.past,
    loadFactorPercent: state.loadFactorPercent,
    before: [],
    sumsOf: (id) => {
      const line = tariff.lines.find((one) => one.id === id);
      return line === undefined
        ? {
            windows: [],
            runs: [],
            charged: new Map(),
            chargedEarlier: new Map(),
            scoped: 0,
            scopedEarlier: 0,
            levelMw: undefined,
            graceUsed: 0,
            overInARow: 0,
          }
        : lineSumsOf(line, first ? state.lines[id] : undefined);
    },
  };
}

/** One peak and its price. */
export interface TermDraft {
  readonly line: string;
  readonly window: string;
  readonly label: string;
  readonly pricePerKw: number;
  readonly floorKw: number;
  readonly counts: Uint8Array;
}

/** Adds a peak that some interval can raise. */
export function addTerm(builder: Builder, draft: TermDraft): void {
  if (draft.pricePerKw === 0 || !draft.counts.includes(1)) return;
  const { blockIntervals, blockOffset, blockPastKw } = builder;
  builder.demand.push({
    id: `${draft.line}/${draft.window}@${draft.label}`,
    line: draft.line,
    window: draft.window,
    pricePerKw: draft.pricePerKw,
    counts: draft.counts,
    floorKw: draft.floorKw,
    blockIntervals,
    blockOffset,
    blockPastKw,
  });
}

/** 1 for each interval of the grid whose metering block counts; `holds` is asked for the first step of blocks. */
export function countsOf(
  builder: Builder,
  from: number,
  until: number,
  holds: (t: number) => boolean,
): Uint8Array {
  const { frame } = builder;
  const counts = new Uint8Array(frame.intervals);
  for (let b = 0; b < frame.blockStart.length - 1; b++) {
    const start = frame.blockStart[b] ?? 0;
    if (start < from || start >= until || !holds(start)) continue;
    const end = frame.blockStart[b + 1] ?? start;
    for (let t = start; t < end; t++) counts[Math.floor(t / frame.split)] = 1;
  }
  return counts;
}

/** kW of a billed unit per kW of load. */
export function unitFactor(tariff: Tariff, unit: 'kW' | 'kVA'): number {
  return unit === 'kVA' ? 1 / tariff.meter.powerFactor : 1;
}
