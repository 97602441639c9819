/** Demand lines as peaks of a cost model. @module */
import { billedDemand, monthsBetween } from './billed-demand.ts';
import { tariffYearOf } from './billing-periods.ts';
import { dateText } from './calendar.ts';
import {
  addTerm,
  approximate,
  countsOf,
  multiplierOf,
  unitFactor,
  viewOf,
  type Builder,
  type TermDraft,
} from './cost-builder.ts';
import type { FramePeriod } from './frame.ts';
import type { LinePlan } from './meter.ts';
import { microOf, wholeOf } from './money.ts';
import type { PeriodView } from './period-view.ts';
import { noWindowSums, type WindowSums } from './sums.ts';
import type { LineOf } from './tariff.ts';

/** Terms of a price that changes with the peak: each rise is a term of its own above its bound. */
function addTieredTerm(builder: Builder, line: LineOf<'demand'>, k: number, draft: TermDraft): void {
  const window = line.windows[k];
  if (window?.tiers === undefined) {
    addTerm(builder, draft);
    return;
  }
  const perKw = draft.pricePerKw;
  let last = 0;
  let below = 0;
  for (const [j, tier] of window.tiers.entries()) {
    const rise = tier.price - last;
    if (j > 0 && rise < 0) {
      approximate(
        builder,
        line,
        `prices per kW fall above ${below} kW (${window.id}); the price of the step that holds at the floor is used throughout`,
      );
      builder.demand.splice(builder.demand.length - j, j);
      const held = window.tiers.find((one) => one.upTo === null || draft.floorKw < one.upTo);
      addTerm(builder, { ...draft, pricePerKw: perKw * (held?.price ?? 0) });
      return;
    }
    addTerm(builder, {
      ...draft,
      label: `${draft.label} tier ${j + 1}`,
      pricePerKw: perKw * rise,
      floorKw: Math.max(draft.floorKw, below),
    });
    last = tier.price;
    below = tier.upTo ?? below;
  }
}

function dayTerms(
  builder: Builder,
  line: LineOf<'demand'>,
  k: number,
  place: { readonly period: FramePeriod; readonly holds: (t: number) => boolean; readonly sums: WindowSums },
): void {
  const { frame } = builder;
  const { period, holds, sums } = place;
  const window = line.windows[k];
  if (window === undefined) return;
  const n = line.measure.kind === 'mean-top' ? line.measure.n : 1;
  const times =
    multiplierOf(frame.tariff, line) * unitFactor(frame.tariff, line.unit ?? frame.tariff.meter.unit);
  let days = 0;
  for (let from = period.from; from < period.until;) {
    const day = frame.steps.dayOf[from] ?? 0;
    let until = from;
    while (until < period.until && frame.steps.dayOf[until] === day) until++;
    const local = frame.steps.days[day];
    const date = local === undefined ? '' : dateText(local);
    const own = sums.tops.find((top) => top.day === date)?.mw ?? 0;
    const others = sums.tops.filter((top) => top.day !== date);
    const bar = line.reset === 'day' ? 0 : (others[n - 1]?.mw ?? 0);
    const counts = countsOf(builder, from, until, holds);
    if (counts.includes(1)) days++;
    addTieredTerm(builder, line, k, {
      line: line.id,
      window: window.id,
      label: date,
      pricePerKw: (window.tiers === undefined ? (window.price ?? 0) : 1) * (times / n),
      floorKw: wholeOf(Math.max(own, bar)),
      counts,
    });
    from = until;
  }
  if (line.reset !== 'day' && days > 1) {
    approximate(
      builder,
      line,
      `the mean of the ${n} highest days is priced day by day: exact for one day, never too low for several (${window.id})`,
    );
  }
}

function addDemandWindow(
  builder: Builder,
  line: LineOf<'demand'>,
  k: number,
  plan: LinePlan,
  period: FramePeriod,
): void {
  const { frame, state } = builder;
  const window = line.windows[k];
  if (plan.kind !== 'demand' || window === undefined) return;
  const first = period === frame.periods[0];
  const yearly = line.reset === 'year';
  const view = viewOf(builder, period, first || yearly);
  const stale = yearly && state.year !== undefined && state.year.start !== view.year.start;
  const sums = stale ? noWindowSums() : (view.sumsOf(line.id).windows[k] ?? noWindowSums());
  const mask = plan.masks[k];
  const weights = plan.weights[k];
  const holds = (t: number): boolean => (mask === undefined || mask[t] === 1) && (weights?.[t] ?? 1) > 0;
  if (weights !== undefined) {
    approximate(
      builder,
      line,
      `hours that count in part (${window.id}) are planned as if they counted in full`,
    );
  }
  if (line.rounding !== undefined)
    approximate(builder, line, 'billed power is rounded to a step; the plan does not see it');
  if (line.reset === 'day' || (line.measure.kind === 'mean-top' && line.measure.distinctDays)) {
    dayTerms(builder, line, k, { period, holds, sums });
    return;
  }
  if (line.measure.kind === 'mean-top') {
    approximate(
      builder,
      line,
      `the mean of the ${line.measure.n} highest blocks is planned as the highest (${window.id})`,
    );
  }
  if (line.measure.kind === 'rolling-mean') {
    approximate(
      builder,
      line,
      `a peak is priced at its share in this bill; the bills of the ${line.measure.months - 1} months after hold it again`,
    );
  }
  if (yearly && line.accrual === 'twelfths') {
    approximate(builder, line, 'a yearly peak is priced in full; bills ask for it as the year goes by');
  }
  if (line.ratchet !== undefined) {
    approximate(
      builder,
      line,
      'a peak is priced in this bill; what it sets for later bills is not in the plan',
    );
  }
  const billed = billedDemand(line, k, { ...sums, peakMw: 0 }, view);
  const share = plannedShare(line, view, billed.share);
  if (share === 0) return;
  const least = line.measure.kind === 'rolling-mean' ? microOf(line.measure.floorKw) : billed.floorMw / share;
  addTieredTerm(builder, line, k, {
    line: line.id,
    window: window.id,
    label: yearly ? view.year.start.slice(0, 4) : view.start,
    pricePerKw:
      (window.tiers === undefined ? (window.price ?? 0) : 1) *
      share *
      multiplierOf(frame.tariff, line) *
      unitFactor(frame.tariff, line.unit ?? frame.tariff.meter.unit),
    floorKw: wholeOf(Math.max(sums.peakMw, least)),
    counts: countsOf(builder, period.from, period.until, holds),
  });
}

/** Share of one more kW of an unbounded peak that is billed. */
function plannedShare(line: LineOf<'demand'>, view: PeriodView, share: number): number {
  switch (line.measure.kind) {
    case 'rolling-mean': {
      const months = line.measure.months;
      const known = view.past.filter((past) => {
        const back = monthsBetween(past.start, view.start);
        return back >= 1 && back < months;
      });
      return 1 / (known.length + 1);
    }
    case 'mean-top':
      return 1;
    case 'max': {
      if (line.ratchet === undefined) return share;
      const percent = line.ratchet.currentPercent;
      return (typeof percent === 'number' ? percent : (percent[view.month - 1] ?? 100)) / 100;
    }
  }
}

/** The periods of the frame joined by tariff year. */
function yearPeriods(builder: Builder): readonly FramePeriod[] {
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
  for (const k of line.windows.keys()) {
    // A yearly peak is one term, however many bills the grid touches.
    const periods = line.reset === 'year' ? yearPeriods(builder) : builder.frame.periods;
    for (const period of periods) addDemandWindow(builder, line, k, plan, period);
  }
}
