/** Demand lines as peaks of a cost model. @module */
import { billedDemand, monthsBetween } from './billed-demand.ts';
import { tariffYearOf } from './billing-periods.ts';
import { dateText } from './calendar.ts';
import {
  addTerm,
  approximate,
  multiplierOf,
  unitFactor,
  viewOf,
  type Builder,
  type Metering,
  type TermDraft,
} from './cost-builder.ts';
import type { MeterForm, MeterGroup, TermMeter, Way } from './cost-model.ts';
import type { FramePeriod } from './frame.ts';
import { blocksIn, type GridBlock } from './meter-forms.ts';
import type { LinePlan } from './meter.ts';
import { wholeOf } from './money.ts';
import type { PeriodView } from './period-view.ts';
import { noWindowSums, type WindowSums } from './sums.ts';
import type { LineOf } from './tariff.ts';
import { tierRunsOf } from './tier-runs.ts';

/** A peak in the unit that its price is for: `perKw * peak + past`. */
interface Quantity {
  readonly perKw: number;
  readonly past: number;
  /** Money of one unit at a price of 1: percentages put on the line, days that a mean is shared by. */
  readonly times: number;
}

type DemandWindow = LineOf<'demand'>['windows'][number];

/** Terms of a window: one, or one for each step of a price that changes with the peak. */
function addPriced(
  builder: Builder,
  window: DemandWindow,
  quantity: Quantity,
  draft: Omit<TermDraft, 'pricePerKw'>,
): void {
  const perKw = quantity.perKw * quantity.times;
  if (window.tiers === undefined) {
    addTerm(builder, { ...draft, pricePerKw: (window.price ?? 0) * perKw });
    return;
  }
  const inKw = (units: number): number => (units - quantity.past) / quantity.perKw;
  const tiers = window.tiers.map((tier, j) => ({
    from: j === 0 ? 0 : (window.tiers?.[j - 1]?.upTo ?? 0),
    price: tier.price,
  }));
  const runs = tierRunsOf(tiers, quantity.perKw * draft.floorKw + quantity.past);
  const only = runs.length === 1;
  const base = addTerm(builder, {
    ...draft,
    label: `${draft.label} tier ${1 + tiers.findIndex((tier) => tier.from === runs[0]?.from)}`,
    pricePerKw: only ? (runs[0]?.price ?? 0) * perKw : 0,
    keep: true,
  });
  if (base === undefined) return;
  const options = runs.map((run): Way => {
    const perUnit: Record<string, number> = only ? {} : { [base]: run.price * perKw };
    let constant = (run.constant + run.price * quantity.past) * quantity.times;
    for (const { above, rise } of run.rises) {
      const floorKw = Math.max(draft.floorKw, inKw(above));
      const tier = 1 + tiers.findIndex((one) => one.from === above);
      const id = addTerm(builder, {
        ...draft,
        label: `${draft.label} tier ${tier}`,
        pricePerKw: only ? rise * perKw : 0,
        floorKw,
        keep: true,
      });
      if (id === undefined || only) continue;
      perUnit[id] = rise * perKw;
      // What the term counts below its bound is not charged.
      constant -= rise * perKw * inKw(above);
    }
    const until = {
      past: -inKw(run.until),
      weight: new Float64Array(builder.frame.intervals),
      peaks: { [base]: 1 },
    };
    return {
      id: `from ${run.from}`,
      constant,
      perUnit,
      ...(run.until === Infinity ? {} : { until }),
    };
  });
  if (only) return;
  builder.choices.push({
    id: `${draft.line}/${draft.window}@${draft.label} tiers`,
    line: draft.line,
    category: 'demand',
    options,
  });
}

/** Which steps a window counts, and by how much. */
interface WindowSteps {
  readonly holds: (t: number) => boolean;
  readonly factor: ((t: number) => number) | undefined;
}

/** What addWindow knows of a window in a period. */
interface Place {
  readonly line: LineOf<'demand'>;
  readonly window: DemandWindow;
  readonly k: number;
  readonly period: FramePeriod;
  readonly metering: Metering;
  readonly factor: ((t: number) => number) | undefined;
  /** The same of every window of the line, in their order. */
  readonly windows: readonly WindowSteps[];
  readonly sums: WindowSums;
  readonly times: number;
  readonly unit: number;
}

function blocksOfPlace(builder: Builder, place: Place): readonly GridBlock[] {
  const { frame, pastBlock } = builder;
  return blocksIn(frame, pastBlock, place.metering, {
    holds: place.metering.holds,
    factor: place.factor ?? (() => 1),
  });
}

function dateOf(builder: Builder, day: number): string {
  const local = builder.frame.steps.days[day];
  return local === undefined ? '' : dateText(local);
}

/** Groups of the mean of several peaks: days or blocks of the grid, and what was metered before as constants. */
function meanGroups(builder: Builder, place: Place, distinctDays: boolean): readonly MeterGroup[] {
  const tops = new Map(place.sums.tops.map((top) => [top.day, wholeOf(top.mw)]));
  if (!distinctDays) {
    const past = place.sums.tops.map(({ day, mw }) => ({ label: day, least: wholeOf(mw), forms: [] }));
    const blocks = blocksOfPlace(builder, place).map((block) => ({
      label: dateOf(builder, block.day),
      least: 0,
      forms: [block.form],
    }));
    return [...past, ...blocks];
  }
  const days = new Map<string, MeterGroup & { forms: GridBlock['form'][] }>();
  for (const block of blocksOfPlace(builder, place)) {
    const label = dateOf(builder, block.day);
    const known = days.get(label) ?? { label, least: tops.get(label) ?? 0, forms: [] };
    known.forms.push(block.form);
    days.set(label, known);
  }
  const past = [...tops]
    .filter(([day]) => !days.has(day))
    .map(([label, least]) => ({ label, least, forms: [] }));
  return [...past, ...days.values()];
}

/** Mean of the groups as far as they are paid in any case. */
function meanSoFar(meter: TermMeter): number {
  const known = meter.groups
    .map((group) => group.least)
    .sort((a, b) => b - a)
    .slice(0, meter.largest);
  return known.reduce((sum, kw) => sum + kw, 0) / meter.largest;
}

/** A peak of its own on each day. */
function addDays(builder: Builder, place: Place): void {
  const { frame } = builder;
  const { line, window, metering, sums, times, unit } = place;
  for (let from = metering.from; from < metering.until;) {
    const day = frame.steps.dayOf[from] ?? 0;
    let until = from;
    while (until < metering.until && frame.steps.dayOf[until] === day) until++;
    const label = dateOf(builder, day);
    const own = { ...place, metering: { ...metering, from, until } };
    addPriced(
      builder,
      window,
      { perKw: unit, past: 0, times },
      {
        line: line.id,
        window: window.id,
        label,
        floorKw: wholeOf(sums.tops.find((top) => top.day === label)?.mw ?? 0),
        metering: own.metering,
        ...weightedMeter(builder, own),
      },
    );
    from = until;
  }
}

/** The meter of a window with hours that count in part. */
function weightedMeter(builder: Builder, place: Place): { readonly meter?: TermMeter } {
  if (place.factor === undefined) return {};
  const forms = blocksOfPlace(builder, place).map((block) => block.form);
  return { meter: { largest: 1, groups: [{ label: '', least: 0, forms }] } };
}

/** Months of the mean that the bill of a period takes: earlier ones that are over, or end within the grid, and its own. */
function monthsInMean(builder: Builder, months: number, period: FramePeriod): number {
  const view = viewOf(builder, period, period === builder.frame.periods[0]);
  const within = (start: string): boolean => {
    const back = monthsBetween(start, view.start);
    return back >= 1 && back < months;
  };
  const inGrid = builder.frame.periods.map((one) => dateText(one.firstDay));
  return 1 + view.past.filter((past) => within(past.start)).length + inGrid.filter(within).length;
}

/** Share of a peak in the bills of the grid: the mean of a later period of the grid holds it again. */
function rollingShare(builder: Builder, months: number, period: FramePeriod): number {
  const start = dateText(period.firstDay);
  return builder.frame.periods.reduce((sum, later) => {
    const back = monthsBetween(start, dateText(later.firstDay));
    return back >= 0 && back < months ? sum + 1 / monthsInMean(builder, months, later) : sum;
  }, 0);
}

/** Peaks of earlier periods of the grid as a ratchet holds them over a later one, per kW of the later peak. */
function ratchetForms(builder: Builder, place: Place, share: number): readonly MeterForm[] {
  const { line, period, k, windows } = place;
  const { frame, pastBlock } = builder;
  if (line.ratchet === undefined) return [];
  const { percent, lookbackMonths, sourceMonths, source } = line.ratchet;
  return frame.periods.slice(0, frame.periods.indexOf(period)).flatMap((earlier) => {
    const { month } = earlier.firstDay;
    const back = monthsBetween(dateText(earlier.firstDay), dateText(period.firstDay));
    const part = typeof percent === 'number' ? percent : (percent[month - 1] ?? 0);
    const counts = back >= 1 && back <= lookbackMonths && (sourceMonths?.includes(month) ?? true);
    if (!counts || part === 0) return [];
    const times = part / 100 / share;
    const sources = source === 'line' ? windows : windows.slice(k, k + 1);
    return sources.flatMap(({ holds, factor = () => 1 }) =>
      blocksIn(frame, pastBlock, earlier, { holds, factor: (t) => times * factor(t) }).map(
        ({ form }) => form,
      ),
    );
  });
}

/** The highest peak of the open period as a ratchet holds it over the later periods of the grid, per kW of their peak. */
function ratchetSoFarKw(builder: Builder, place: Place, share: number): number {
  const { line, period, k, windows } = place;
  const [first] = builder.frame.periods;
  if (line.ratchet === undefined || first === undefined || first === period) return 0;
  const { percent, lookbackMonths, sourceMonths, source } = line.ratchet;
  const { month } = first.firstDay;
  const back = monthsBetween(dateText(first.firstDay), dateText(period.firstDay));
  if (back < 1 || back > lookbackMonths || sourceMonths?.includes(month) === false) return 0;
  const sums = viewOf(builder, first, true).sumsOf(line.id).windows;
  const peaks = (source === 'line' ? windows.map((_, w) => w) : [k]).map((w) => sums[w]?.peakMw ?? 0);
  const part = typeof percent === 'number' ? percent : (percent[month - 1] ?? 0);
  return wholeOf((Math.max(...peaks) * part) / 100 / share);
}

/** The peak of a whole period or year: its floor, and how a kW of it becomes what is billed. */
function periodPeak(
  builder: Builder,
  place: Place,
  view: PeriodView,
): { readonly floorMw: number; readonly share: number; readonly pastMw: number } {
  const { line, window, k, sums } = place;
  if (line.measure.kind === 'rolling-mean') {
    const { months, floorKw } = line.measure;
    const least = Math.round(floorKw * 1e6);
    const earlier = view.past
      .filter((past) => {
        const back = monthsBetween(past.start, view.start);
        return back >= 1 && back < months;
      })
      .map((past) => Math.max(least, Math.round((past.peaksKw[line.id]?.[window.id] ?? 0) * 1e6)));
    const count = monthsInMean(builder, months, place.period);
    const pastMw = earlier.reduce((sum, one) => sum + one, 0) / count;
    return { floorMw: Math.max(sums.peakMw, least), share: 1 / count, pastMw };
  }
  const { rounding: _, ...exact } = line;
  const { floorMw } = billedDemand(exact, k, { ...sums, peakMw: 0 }, view);
  const percent = line.ratchet?.currentPercent ?? 100;
  const share = (typeof percent === 'number' ? percent : (percent[view.month - 1] ?? 100)) / 100;
  return { floorMw: share === 0 ? 0 : Math.max(sums.peakMw, floorMw / share), share, pastMw: 0 };
}

/** Says what the plan does otherwise than the bill. */
function sayWhatDiffers(builder: Builder, line: LineOf<'demand'>): void {
  if (line.rounding !== undefined)
    approximate(builder, line, 'billed power is rounded to a step; the plan does not see it');
  if (line.measure.kind === 'rolling-mean') {
    approximate(
      builder,
      line,
      `a peak is priced at its share in this bill; the bills of the ${line.measure.months - 1} months after hold it again`,
      'later-bills',
    );
  }
  if (line.reset === 'year' && line.accrual === 'twelfths') {
    approximate(builder, line, 'a yearly peak is priced in full; bills ask for it as the year goes by');
  }
  if (line.ratchet !== undefined) {
    approximate(
      builder,
      line,
      'a peak is priced in this bill; what it sets for later bills is not in the plan',
      'later-bills',
    );
  }
}

function addWindow(builder: Builder, place: Place): void {
  const { line, window, metering, period, sums, times, unit } = place;
  const yearly = line.reset === 'year';
  const view = viewOf(builder, period, period === builder.frame.periods[0] || yearly);
  const draft = {
    line: line.id,
    window: window.id,
    label: yearly ? view.year.start.slice(0, 4) : view.start,
    metering,
  };
  if (line.reset === 'day') {
    addDays(builder, place);
    return;
  }
  if (line.measure.kind === 'mean-top') {
    const { n, distinctDays } = line.measure;
    const meter = { largest: n, groups: meanGroups(builder, place, distinctDays) };
    addPriced(
      builder,
      window,
      { perKw: unit, past: 0, times },
      { ...draft, floorKw: meanSoFar(meter), meter },
    );
    return;
  }
  const { floorMw, share, pastMw } = periodPeak(builder, place, view);
  if (share === 0) return;
  const rolls = line.measure.kind === 'rolling-mean' ? line.measure.months : undefined;
  if (rolls !== undefined && window.tiers !== undefined && builder.frame.periods.length > 1) {
    approximate(
      builder,
      line,
      'tiers of a mean over months that the grid itself fills are planned month by month',
    );
  }
  const perKw =
    rolls === undefined || window.tiers !== undefined ? share : rollingShare(builder, rolls, period);
  const held = ratchetForms(builder, place, share);
  const meter =
    held.length === 0
      ? weightedMeter(builder, place)
      : {
          meter: {
            largest: 1,
            groups: [
              {
                label: '',
                least: 0,
                forms: [...blocksOfPlace(builder, place).map(({ form }) => form), ...held],
              },
            ],
          },
        };
  addPriced(
    builder,
    window,
    { perKw: perKw * unit, past: wholeOf(pastMw) * unit, times },
    {
      ...draft,
      floorKw: Math.max(wholeOf(Math.max(sums.peakMw, floorMw)), ratchetSoFarKw(builder, place, share)),
      ...meter,
    },
  );
}

/** The periods of the frame joined by tariff year. */
export function yearPeriods(builder: Builder): readonly FramePeriod[] {
  const { frame } = builder;
  const joined = new Map<string, FramePeriod>();
  for (const period of frame.periods) {
    const year = dateText(
      tariffYearOf(frame.clock, frame.tariff.billing.yearStart, period.firstDay).firstDay,
    );
    const known = joined.get(year);
    joined.set(
      year,
      known === undefined ? period : { ...known, until: period.until, endBlock: period.endBlock },
    );
  }
  return [...joined.values()];
}

/** Adds the peaks of a demand line, by window and by the period, day or year that the grid touches. */
export function addDemand(builder: Builder, line: LineOf<'demand'>, plan: LinePlan): void {
  if (plan.kind !== 'demand') return;
  const { frame, state } = builder;
  sayWhatDiffers(builder, line);
  const times = multiplierOf(frame.tariff, line);
  const unit = unitFactor(frame.tariff, line.unit ?? frame.tariff.meter.unit);
  const windows = line.windows.map((_, k): WindowSteps => {
    const mask = plan.masks[k];
    const weights = plan.weights[k];
    return {
      holds: (t) => mask === undefined || mask[t] === 1,
      factor: weights === undefined ? undefined : (t) => weights[t] ?? 1,
    };
  });
  for (const [k, window] of line.windows.entries()) {
    const { holds, factor } = windows[k] ?? { holds: () => false, factor: undefined };
    // A yearly peak is one term, however many bills the grid touches.
    for (const period of line.reset === 'year' ? yearPeriods(builder) : frame.periods) {
      const first = period === frame.periods[0];
      const yearly = line.reset === 'year';
      const view = viewOf(builder, period, first || yearly);
      const stale = yearly && state.year !== undefined && state.year.start !== view.year.start;
      addWindow(builder, {
        line,
        window,
        k,
        period,
        metering: { from: period.from, until: period.until, holds },
        factor,
        windows,
        sums: stale ? noWindowSums() : (view.sumsOf(line.id).windows[k] ?? noWindowSums()),
        times,
        unit,
      });
    }
  }
}
