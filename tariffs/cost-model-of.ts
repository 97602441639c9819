/**
 * A tariff as an optimiser sees it on a grid: a price per interval; for each demand window and the billing period (day,
 * year) that the grid touches, one peak with the floor that is paid in any case; steps of energy; and, where the load
 * decides how a line charges, its ways. What is not said exactly stands in `approximations`.
 * @module
 */
import type { Fault } from '#domain/fault';
import { instantOfIso } from '#domain/instant';
import { ok, type Result } from '#domain/result';
import { exactTotalOf } from './bill.ts';
import { emptyState, type BillingState, type LineState } from './billing-state.ts';
import { dateText } from './calendar.ts';
import { callHours, excessReactivePerKwh, isMet, subscribedMw } from './charges.ts';
import {
  addPrice,
  addTerm,
  approximate,
  multiplierOf,
  unitFactor,
  viewOf,
  type Builder,
  type CostModelRequest,
} from './cost-builder.ts';
import type { CostModel, MeterForm } from './cost-model.ts';
import { addDemand } from './demand-terms.ts';
import { addTiers } from './energy-steps.ts';
import { frameOf, minutesBefore, type Frame, type FramePeriod } from './frame.ts';
import { leastBillOf } from './least-bill.ts';
import { addLevels } from './level-ways.ts';
import { addLoadFactor, addPricePair, settleWays } from './line-ways.ts';
import { areEqualBlocks, stepsForm, type PastBlock } from './meter-forms.ts';
import { linePlansOf, type LinePlan } from './meter.ts';
import { chosenOf, objectiveOf } from './model-value.ts';
import { wholeOf } from './money.ts';
import { stateAt } from './roll-over.ts';
import { lineSumsOf } from './sums.ts';
import type { LineOf, TariffLine } from './tariff.ts';
import { noWindow } from './windows.ts';

function addEnergy(builder: Builder, line: LineOf<'energy'>, plan: LinePlan): void {
  if (plan.kind !== 'energy') return;
  const times = multiplierOf(builder.frame.tariff, line);
  if (plan.tiered) addTiers(builder, line, plan);
  addPrice(builder, builder.price, (t) => {
    const w = plan.windows[t] ?? noWindow;
    const window = line.windows[w];
    if (window === undefined || window.tiers !== undefined) return 0;
    return times * (window.price ?? plan.series[w]?.[t] ?? 0);
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
  const metering = { from: period.from, until: period.until, holds: () => true };
  const common = { line: line.id, label: view.start, metering };
  if (line.kind === 'subscription') {
    const sums = lineSumsOf(line, builder.state.lines[line.id]);
    if (sums.graceUsed + builder.frame.periods.indexOf(period) < line.graceCycles) return;
    if (line.levelKw === 'chosen') {
      addLevels(builder, line, { ...common, floorKw: wholeOf(view.site.peakMw) });
      return;
    }
    if (line.stepUpAfter !== undefined)
      approximate(builder, line, 'a step up of the level is not planned', 'later-bills');
    const floor = Math.max(subscribedMw(line, sums, view.site.peakMw), view.site.peakMw);
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

/** The highest of the calls of each period: those in the grid as sums, those before it as the floor. */
function addHighestCall(
  builder: Builder,
  line: LineOf<'coincident'>,
  ranges: readonly (readonly [number, number])[],
): void {
  const { frame } = builder;
  for (const period of frame.periods) {
    const first = period === frame.periods[0];
    const sums = viewOf(builder, period, first).sumsOf(line.id);
    const forms: MeterForm[] = [];
    let floorKw = 0;
    for (const [k, call] of line.calls.entries()) {
      const [from, until] = ranges[k] ?? [0, 0];
      const hours = callHours(call);
      const past = wholeOf(sums.windows[k]?.mwh ?? 0) / hours;
      floorKw = Math.max(floorKw, past);
      const part = [Math.max(from, period.from), Math.min(until, period.until)] as const;
      if (part[1] > part[0]) forms.push(stepsForm(frame, ...part, frame.stepS / 3600 / hours, past));
    }
    addTerm(builder, {
      line: line.id,
      window: 'calls',
      label: dateText(period.firstDay),
      pricePerKw: line.pricePerKw * multiplierOf(frame.tariff, line),
      floorKw,
      metering: { from: period.from, until: period.until, holds: () => true },
      meter: { largest: 1, groups: [{ label: '', least: 0, forms }] },
    });
  }
}

function addCoincident(builder: Builder, line: LineOf<'coincident'>, plan: LinePlan): void {
  if (plan.kind !== 'calls') return;
  const times = multiplierOf(builder.frame.tariff, line);
  const { frame } = builder;
  if (line.measure === 'max') addHighestCall(builder, line, plan.ranges);
  else {
    for (const period of frame.periods) {
      const sums = viewOf(builder, period, period === frame.periods[0]).sumsOf(line.id);
      const parts = line.calls.map((_, k) => {
        const [from, until] = plan.ranges[k] ?? [0, 0];
        return [Math.max(from, period.from), Math.min(until, period.until)] as const;
      });
      const calls = parts.filter(([from, until], k) => until > from || isMet(sums.windows[k])).length;
      const share = line.measure === 'mean' ? 1 / calls : 1;
      for (const [k, call] of line.calls.entries()) {
        const [from, until] = parts[k] ?? [0, 0];
        const perKwh = (line.pricePerKw * times * share) / callHours(call);
        if (until > from) addPrice(builder, builder.price, (t) => (t >= from && t < until ? perKwh : 0));
      }
    }
  }
  const endS = frame.startS + frame.count * frame.stepS;
  if (line.calls.some((call) => (instantOfIso(call.end) ?? 0) > endS)) {
    approximate(builder, line, 'calls beyond the grid are not planned', 'later-bills');
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
    case 'fixed':
    case 'percent':
      return;
  }
}

function openBlockOf(state: BillingState, frame: Frame): PastBlock | undefined {
  const open = state.openBlock;
  if (open === undefined || open.seconds === 0) return undefined;
  const start = instantOfIso(open.start) ?? -1;
  if (start + open.seconds !== frame.startS) return undefined;
  return { kwh: open.kwh, seconds: open.seconds };
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
  const builder = builderOf(request, frame.value, state, plans.value);
  for (const [k, line] of tariff.lines.entries()) addLine(builder, line, plans.value[k] ?? { kind: 'none' });
  const none = new Float64Array(grid.count);
  settleWays(builder, (choice) => {
    const held = chosenOf({ ...modelIn(builder, 0), choices: [choice] }, none)[choice.id];
    return choice.options.find((way) => way.id === held);
  });
  return constantOf(builder);
}

/** An empty model and what lines need to fill it. */
function builderOf(
  request: CostModelRequest,
  frame: Frame,
  state: BillingState,
  plans: readonly LinePlan[],
): Builder {
  const { tariff, grid } = request;
  const minutes = grid.intervalS / 60;
  const block = tariff.meter.demandIntervalMinutes;
  const whole = block % minutes === 0;
  const size = whole ? Math.max(1, block / minutes) : 1;
  const before = minutesBefore(frame);
  const offset = whole && before % minutes === 0 ? before / minutes : 0;
  const open = openBlockOf(state, frame);
  const builder: Builder = {
    request,
    frame,
    plans,
    state,
    price: new Float64Array(grid.count),
    sell: new Float64Array(grid.count),
    sells: false,
    demand: [],
    steps: [],
    choices: [],
    approximations: [],
    blockIntervals: size,
    blockOffset: offset,
    blockPastKw: open === undefined ? 0 : (open.kwh * 3600) / open.seconds,
    // A block that is known in part only fills the time before the grid; one that the state does not know is empty there.
    equalBlocks:
      (whole || minutes > block) &&
      offset * minutes === before &&
      areEqualBlocks(frame, size, offset) &&
      (open === undefined || open.seconds === before * 60),
    pastBlock: open,
  };
  if (before > 0 && open === undefined) {
    approximate(
      builder,
      { id: '' },
      'the grid starts inside a metering block whose past is not in the state; it is planned as if nothing had been drawn',
    );
  }
  return builder;
}

function modelIn(builder: Builder, constant: number): CostModel {
  const { request, demand, steps, choices, approximations, price, sells, sell } = builder;
  const { grid, tariff } = request;
  return {
    grid,
    currency: tariff.currency,
    pricePerKwh: price,
    ...(sells ? { sellPerKwh: sell } : {}),
    demand,
    steps,
    choices,
    constant,
    approximations,
  };
}

/** Completes the model with the money that no plan changes: the bill of no load less what the terms ask for then. */
function constantOf(builder: Builder): Result<CostModel, readonly Fault[]> {
  const { request } = builder;
  const { grid, tariff } = request;
  const none = new Float64Array(grid.count);
  const nothing = exactTotalOf(
    {
      tariff,
      start: grid.startS,
      intervalS: grid.intervalS,
      kwh: none,
      state: builder.state,
      options: request,
    },
    ['minimum-bill'],
  );
  if (!nothing.ok) return nothing;
  const least = leastBillOf(builder);
  if (!least.ok) return least;
  const model = modelIn(builder, nothing.value - objectiveOf(modelIn(builder, 0), none));
  return ok(least.value === undefined ? model : { ...model, leastBill: least.value });
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
