/**
 * A tariff as an optimiser sees it on a grid: a price per interval and, for each demand window and the billing period (day,
 * year) that the grid touches, one peak with the floor that is paid in any case. What is not convex is said in
 * `approximations`.
 * @module
 */
import type { Fault } from '#domain/fault';
import { instantOfIso } from '#domain/instant';
import { ok, type Result } from '#domain/result';
import { exactTotalOf } from './bill.ts';
import { emptyState, type BillingState, type LineState } from './billing-state.ts';
import { dateText } from './calendar.ts';
import { callHours, excessReactivePerKwh, hoursOfUse, loadFactorTier, subscribedMw } from './charges.ts';
import {
  addPrice,
  addTerm,
  approximate,
  countsOf,
  multiplierOf,
  unitFactor,
  viewOf,
  type Builder,
  type CostModelRequest,
} from './cost-builder.ts';
import type { CostModel, DemandTerm } from './cost-model.ts';
import { addDemand } from './demand-terms.ts';
import { energySteps } from './energy-charges.ts';
import { frameOf, minutesBefore, type Frame, type FramePeriod } from './frame.ts';
import { linePlansOf, type LinePlan } from './meter.ts';
import { wholeOf } from './money.ts';
import { stateAt } from './roll-over.ts';
import { lineSumsOf } from './sums.ts';
import type { LineOf, TariffLine } from './tariff.ts';
import { noWindow } from './windows.ts';

/** The tier that the counter has reached, for lines whose price depends on energy so far. */
function tierPrices(builder: Builder, line: LineOf<'energy'>): readonly (number | undefined)[] {
  const period = builder.frame.periods[0];
  if (period === undefined) return [];
  const view = viewOf(builder, period, true);
  const sums = view.sumsOf(line.id);
  const counter = line.tierReset === 'day' ? 0 : sums.runs.reduce((sum, run) => sum + run.mwh, 0);
  const billedMw = view.site.peakMw;
  return line.windows.map((window) => {
    if (window.tiers === undefined) return undefined;
    const tier = energySteps(window.tiers, { billedMw, days: view.days }).find(
      (step) => counter < step.bound,
    );
    return tier?.price ?? 0;
  });
}

function addEnergy(builder: Builder, line: LineOf<'energy'>, plan: LinePlan): void {
  if (plan.kind !== 'energy') return;
  const times = multiplierOf(builder.frame.tariff, line);
  const tiers = plan.tiered ? tierPrices(builder, line) : [];
  if (plan.tiered) {
    approximate(
      builder,
      line,
      'tiers are priced at the step that the counter has reached when the grid starts; the bill counts them in time order',
    );
  }
  addPrice(builder, builder.price, (t) => {
    const w = plan.windows[t] ?? noWindow;
    const window = line.windows[w];
    if (window === undefined) return 0;
    return times * (window.price ?? plan.series[w]?.[t] ?? tiers[w] ?? 0);
  });
  for (const [k, adder] of (line.adders ?? []).entries()) {
    const mask = plan.adders[k];
    addPrice(builder, builder.price, (t) => {
      if (plan.windows[t] === noWindow) return 0;
      return mask === undefined || mask[t] === 1 ? times * adder.price : 0;
    });
  }
  const sells = line.windows.some((one) => one.sell !== undefined || one.sellSeries !== undefined);
  if (line.netting === 'period' || line.netting === 'hour') {
    approximate(
      builder,
      line,
      'energy fed in earns the sell price at once; the bill sets it off against energy drawn first',
    );
  }
  if (!sells) return;
  builder.sells = true;
  addPrice(builder, builder.sell, (t) => {
    const w = plan.windows[t] ?? noWindow;
    return times * (line.windows[w]?.sell ?? plan.sellSeries[w]?.[t] ?? 0);
  });
}

function addOver(
  builder: Builder,
  line: LineOf<'subscription'> | LineOf<'contracted-capacity'>,
  period: FramePeriod,
): void {
  const first = period === builder.frame.periods[0];
  const view = viewOf(builder, period, first);
  const { tariff } = builder.frame;
  const times = multiplierOf(tariff, line);
  const counts = countsOf(builder, period.from, period.until, () => true);
  const common = { line: line.id, label: view.start, counts };
  if (line.kind === 'subscription') {
    const sums = lineSumsOf(line, builder.state.lines[line.id]);
    if (sums.graceUsed + builder.frame.periods.indexOf(period) < line.graceCycles) return;
    if (line.stepUpAfter !== undefined) approximate(builder, line, 'a step up of the level is not planned');
    const floor = Math.max(subscribedMw(line, sums), view.site.peakMw);
    addTerm(builder, {
      ...common,
      window: 'overage',
      pricePerKw: line.overagePrice * times,
      floorKw: wholeOf(floor),
    });
    return;
  }
  if (line.excessPrice === undefined) return;
  const factor = unitFactor(tariff, line.unit);
  const length = line.per === 'day' ? period.days : line.per === 'year' ? 1 / 12 : 1;
  addTerm(builder, {
    ...common,
    window: 'excess',
    pricePerKw: line.excessPrice * length * factor * times,
    floorKw: Math.max(line.capacity / factor, wholeOf(view.site.peakMw)),
  });
}

function addPricePair(builder: Builder, line: LineOf<'price-pair'>): void {
  const period = builder.frame.periods[0];
  if (period === undefined) return;
  const view = viewOf(builder, period, true);
  const hours = hoursOfUse(view);
  const above = hours >= line.thresholdHours;
  const side = above ? line.above : line.below;
  const times = multiplierOf(builder.frame.tariff, line);
  approximate(
    builder,
    line,
    `${Math.round(hours)} hours of use so far choose the pair ${above ? 'above' : 'below'} ${line.thresholdHours} h; the year may end on the other side`,
  );
  addPrice(builder, builder.price, () => side.perKwh * times);
  addTerm(builder, {
    line: line.id,
    window: 'power',
    label: view.year.start.slice(0, 4),
    pricePerKw: side.perKw * times,
    floorKw: wholeOf(view.year.peakMw),
    counts: countsOf(builder, 0, builder.frame.count, () => true),
  });
}

function addLoadFactor(builder: Builder, line: LineOf<'load-factor-tiers'>, plan: LinePlan): void {
  const period = builder.frame.periods[0];
  if (period === undefined || plan.kind !== 'windows') return;
  const view = viewOf(builder, period, true);
  const found = loadFactorTier(line, view);
  if (found === undefined) return;
  const times = multiplierOf(builder.frame.tariff, line);
  if (line.basis === 'period') {
    approximate(
      builder,
      line,
      `the load factor so far (${Math.round(found.percent)} %) chooses tier ${found.tier.id}; the period may end in another`,
    );
  }
  addPrice(builder, builder.price, (t) => {
    const window = line.windows[plan.windows[t] ?? noWindow];
    return window === undefined ? 0 : (found.tier.perKwh[window.id] ?? 0) * times;
  });
  for (const one of builder.frame.periods) {
    addTerm(builder, {
      line: line.id,
      window: found.tier.id,
      label: dateText(one.firstDay),
      pricePerKw: found.tier.perKw * times,
      floorKw: one === period ? wholeOf(view.site.peakMw) : 0,
      counts: countsOf(builder, one.from, one.until, () => true),
    });
  }
}

function addCoincident(builder: Builder, line: LineOf<'coincident'>, plan: LinePlan): void {
  if (plan.kind !== 'calls') return;
  const times = multiplierOf(builder.frame.tariff, line);
  const { frame } = builder;
  const reached = line.calls.filter((_, k) => {
    const [from, until] = plan.ranges[k] ?? [0, 0];
    return until > from;
  });
  if (line.measure === 'max' && reached.length > 1) {
    approximate(builder, line, 'several calls: each is priced in full, the bill asks for the highest only');
  }
  for (const [k, call] of line.calls.entries()) {
    const [from, until] = plan.ranges[k] ?? [0, 0];
    if (until <= from) continue;
    const perKwh =
      (line.pricePerKw * times) / callHours(call) / (line.measure === 'mean' ? line.calls.length : 1);
    addPrice(builder, builder.price, (t) => (t >= from && t < until ? perKwh : 0));
  }
  const late = line.calls.filter(
    (call) => (instantOfIso(call.end) ?? 0) > frame.startS + frame.count * frame.stepS,
  );
  if (late.length > 0 && line.calls.length > reached.length) {
    approximate(builder, line, 'calls beyond the grid are not planned');
  }
}

function addLine(builder: Builder, line: TariffLine, plan: LinePlan): void {
  const { tariff } = builder.frame;
  switch (line.kind) {
    case 'energy':
      addEnergy(builder, line, plan);
      return;
    case 'demand':
      addDemand(builder, line, plan);
      return;
    case 'subscription':
    case 'contracted-capacity':
      for (const period of builder.frame.periods) addOver(builder, line, period);
      return;
    case 'price-pair':
      addPricePair(builder, line);
      return;
    case 'load-factor-tiers':
      addLoadFactor(builder, line, plan);
      return;
    case 'reactive': {
      const perKwh =
        excessReactivePerKwh(tariff.meter.powerFactor, line.pfLimit) *
        line.pricePerKvarh *
        multiplierOf(tariff, line);
      if (perKwh > 0 && plan.kind === 'mask') {
        addPrice(builder, builder.price, (t) => (plan.mask === undefined || plan.mask[t] === 1 ? perKwh : 0));
      }
      return;
    }
    case 'credit': {
      const perKwh = (line.perKwh ?? 0) * multiplierOf(tariff, line);
      if (perKwh > 0 && plan.kind === 'mask') {
        addPrice(builder, builder.price, (t) =>
          plan.mask === undefined || plan.mask[t] === 1 ? -perKwh : 0,
        );
      }
      return;
    }
    case 'coincident':
      addCoincident(builder, line, plan);
      return;
    case 'minimum-bill':
      approximate(builder, line, 'the least bill is left out: below it energy and power cost nothing more');
      return;
    case 'fixed':
    case 'percent':
      return;
  }
}

function openBlockKw(state: BillingState, frame: Frame): { readonly kw: number; readonly known: boolean } {
  const open = state.openBlock;
  if (open === undefined || open.seconds === 0) return { kw: 0, known: false };
  const start = instantOfIso(open.start) ?? -1;
  return start + open.seconds === frame.startS
    ? { kw: (open.kwh * 3600) / open.seconds, known: true }
    : { kw: 0, known: false };
}

/** The cost model of a tariff on a grid, or what is wrong with the request. */
export function costModelOf(request: CostModelRequest): Result<CostModel, readonly Fault[]> {
  const { tariff, grid } = request;
  const frame = frameOf({
    ...request,
    startS: grid.startS,
    intervalS: grid.intervalS,
    intervals: grid.count,
  });
  if (!frame.ok) return frame;
  const rolled = stateAt(tariff, request.state ?? emptyState, frame.value);
  if (!rolled.ok) return rolled;
  const state = rolled.value;
  const plans = linePlansOf(frame.value);
  if (!plans.ok) return plans;
  const minutes = grid.intervalS / 60;
  const block = tariff.meter.demandIntervalMinutes;
  const whole = block % minutes === 0;
  const before = whole ? minutesBefore(frame.value) / minutes : 0;
  const open = openBlockKw(state, frame.value);
  const builder: Builder = {
    request,
    frame: frame.value,
    plans: plans.value,
    state,
    price: new Float64Array(grid.count),
    sell: new Float64Array(grid.count),
    sells: false,
    demand: [],
    approximations: [],
    blockIntervals: whole ? Math.max(1, block / minutes) : 1,
    blockOffset: Math.floor(before),
    blockPastKw: open.kw,
  };
  if (!whole && minutes < block) {
    builder.approximations.push({
      line: '',
      reason: `intervals of ${minutes} min do not fill metering blocks of ${block} min: each interval is planned as a block`,
    });
  }
  if (builder.blockOffset > 0 && !open.known) {
    builder.approximations.push({
      line: '',
      reason:
        'the grid starts inside a metering block whose past is not in the state; it is planned as if nothing had been drawn',
    });
  }
  for (const [k, line] of tariff.lines.entries()) addLine(builder, line, plans.value[k] ?? { kind: 'none' });
  return constantOf(builder);
}

/** Completes the model with the money that no plan changes: the bill of no load less the floors of its peaks. */
function constantOf(builder: Builder): Result<CostModel, readonly Fault[]> {
  const { request, demand, approximations, price } = builder;
  const { grid, tariff } = request;
  const nothing = exactTotalOf({
    tariff,
    start: grid.startS,
    intervalS: grid.intervalS,
    kwh: new Float64Array(grid.count),
    state: builder.state,
    options: request,
  });
  if (!nothing.ok) return nothing;
  const floors = demand.reduce(
    (sum, term) => sum + term.pricePerKw * Math.max(term.floorKw, pastOf(term)),
    0,
  );
  const model: CostModel = {
    grid,
    currency: tariff.currency,
    pricePerKwh: price,
    demand,
    constant: nothing.value - floors,
    approximations,
  };
  return ok(builder.sells ? { ...model, sellPerKwh: builder.sell } : model);
}

/** What the open metering block costs even if nothing more is drawn in it. */
function pastOf(term: DemandTerm): number {
  return term.blockOffset === 0 || term.counts[0] === 0
    ? 0
    : (term.blockPastKw * term.blockOffset) / term.blockIntervals;
}

/** A state that only knows the peaks so far, by line and window: what a site has that never billed before. */
export function stateOfPeaks(
  peaksKw: Readonly<Record<string, Readonly<Record<string, number>>>>,
  peakKw = 0,
): BillingState {
  const lines: Record<string, LineState> = {};
  for (const [line, windows] of Object.entries(peaksKw)) {
    lines[line] = {
      windows: Object.fromEntries(Object.entries(windows).map(([window, kw]) => [window, { peakKw: kw }])),
    };
  }
  return {
    lines,
    past: [],
    period: { kwh: 0, peakKw, intervals: 0, missing: 0, seconds: 0, days: 0 },
  };
}
