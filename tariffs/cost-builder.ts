/** The parts that terms of a cost model are put together from. @module */
import type { TimeGrid } from '#domain/time-grid';
import { tariffYearOf } from './billing-periods.ts';
import type { BillingState } from './billing-state.ts';
import { dateText } from './calendar.ts';
import type { Approximation, DemandTerm, EnergyStep, TermMeter, WayChoice } from './cost-model.ts';
import type { Frame, FrameOptions, FramePeriod } from './frame.ts';
import { blocksIn, type PastBlock } from './meter-forms.ts';
import type { LinePlan } from './meter.ts';
import type { PeriodView } from './period-view.ts';
import { lineSumsOf, siteSumsOf, yearSumsOf } from './sums.ts';
import type { Tariff, TariffLine } from './tariff.ts';

/** What a cost model is made of. */
export interface CostModelRequest extends FrameOptions {
  readonly tariff: Tariff;
  readonly grid: TimeGrid;
  readonly state?: BillingState;
  /** Most that the site can draw, kW: levels of a chosen subscription above it are not tried. */
  readonly highestKw?: number;
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
  readonly steps: EnergyStep[];
  readonly choices: WayChoice[];
  readonly approximations: Approximation[];
  readonly blockIntervals: number;
  readonly blockOffset: number;
  readonly blockPastKw: number;
  /** Whether blocks are as the three fields above say. */
  readonly equalBlocks: boolean;
  /** What was metered of the first block; undefined where nothing is known. */
  readonly pastBlock: PastBlock | undefined;
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

/** Notes what the model does not say exactly; the same thing once. */
export function approximate(
  builder: Builder,
  line: Pick<TariffLine, 'id'>,
  reason: string,
  affects: Approximation['affects'] = 'this-bill',
): void {
  const known = builder.approximations.some((one) => one.line === line.id && one.reason === reason);
  if (!known) builder.approximations.push({ line: line.id, reason, affects });
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

/** Which steps a peak is metered in. */
export interface Metering {
  readonly from: number;
  readonly until: number;
  /** Whether the block that starts at a step counts. */
  readonly holds: (t: number) => boolean;
}

/** Days of steps [from, until) after `lastDay`. */
export function newDays(frame: Frame, period: Pick<FramePeriod, 'from' | 'until'>, lastDay: string): number {
  if (period.until <= period.from) return 0;
  const first = frame.steps.dayOf[period.from] ?? 0;
  const last = frame.steps.dayOf[period.until - 1] ?? first;
  return frame.steps.days.slice(first, last + 1).filter((day) => dateText(day) > lastDay).length;
}

/** One peak and its price. */
export interface TermDraft {
  readonly line: string;
  readonly window: string;
  readonly label: string;
  readonly pricePerKw: number;
  readonly floorKw: number;
  readonly metering: Metering;
  /** Where not the highest block is billed. */
  readonly meter?: TermMeter;
  /** Kept at a price of 0: a way of charging goes by it. */
  readonly keep?: boolean;
}

/** Adds a peak that some interval can raise; its id, or undefined where there is none. */
export function addTerm(builder: Builder, draft: TermDraft): string | undefined {
  const { from, until, holds } = draft.metering;
  const counts =
    draft.meter === undefined
      ? countsOf(builder, from, until, holds)
      : intervalsOf(draft.meter, builder.frame.intervals);
  if ((draft.pricePerKw === 0 && draft.keep !== true) || !counts.includes(1)) return undefined;
  const { blockIntervals, blockOffset, blockPastKw } = builder;
  const id = `${draft.line}/${draft.window}@${draft.label}`;
  const meter = draft.meter ?? (builder.equalBlocks ? undefined : plainMeter(builder, draft.metering));
  builder.demand.push({
    id,
    line: draft.line,
    window: draft.window,
    pricePerKw: draft.pricePerKw,
    counts,
    floorKw: draft.floorKw,
    blockIntervals,
    blockOffset,
    blockPastKw,
    ...(meter === undefined ? {} : { meter }),
  });
  return id;
}

/** 1 for each interval that a meter looks at. */
function intervalsOf(meter: TermMeter, intervals: number): Uint8Array {
  const counts = new Uint8Array(intervals);
  for (const { forms } of meter.groups) for (const { at } of forms) for (const t of at) counts[t] = 1;
  return counts;
}

/** The highest of blocks that are not all alike. */
function plainMeter(builder: Builder, metering: Metering): TermMeter {
  const { frame, pastBlock } = builder;
  const blocks = blocksIn(frame, pastBlock, metering, { holds: metering.holds, factor: () => 1 });
  return { largest: 1, groups: [{ label: '', least: 0, forms: blocks.map((block) => block.form) }] };
}

/** 1 for each interval of the grid whose metering block counts; `holds` is asked for the first step of blocks. */
function countsOf(builder: Builder, from: number, until: number, holds: (t: number) => boolean): Uint8Array {
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
