/** Lines that charge one way or another by what the load turns out to be: price pairs and load-factor tiers. @module */
import { loadFactorTier } from './charges.ts';
import {
  addPrice,
  addTerm,
  approximate,
  multiplierOf,
  newDays,
  viewOf,
  type Builder,
} from './cost-builder.ts';
import type { Way, WayChoice } from './cost-model.ts';
import { yearPeriods } from './demand-terms.ts';
import { dense } from './energy-steps.ts';
import { convexWaysMax, waysMax } from './limits.ts';
import { stepsForm } from './meter-forms.ts';
import type { LinePlan } from './meter.ts';
import { wholeOf } from './money.ts';
import type { LineOf } from './tariff.ts';
import { noWindow } from './windows.ts';

/** Adds both sides of a price pair; the hours of use of the year so far, the grid included, say which holds. */
export function addPricePair(builder: Builder, line: LineOf<'price-pair'>): void {
  const { frame } = builder;
  const times = multiplierOf(frame.tariff, line);
  if (line.accrual === 'twelfths') {
    approximate(
      builder,
      line,
      'the yearly power price is planned in full; bills ask for it as the year goes by',
    );
  }
  approximate(
    builder,
    line,
    'hours of use of the year so far, taken on the whole year, choose the pair; the year may end on the other side',
    'later-bills',
  );
  for (const period of yearPeriods(builder)) {
    const { year, yearDays } = viewOf(builder, period, true);
    const label = year.start.slice(0, 4);
    const days = year.days + newDays(frame, period, year.lastDay);
    const id = addTerm(builder, {
      line: line.id,
      window: 'power',
      label,
      pricePerKw: 0,
      keep: true,
      floorKw: wholeOf(year.peakMw),
      metering: { from: period.from, until: period.until, holds: () => true },
    });
    if (id === undefined || days === 0) continue;
    const scale = yearDays / Math.min(days, yearDays);
    const energy = stepsForm(frame, period.from, period.until, frame.stepS / 3600, wholeOf(year.mwh));
    const hours = builder.request.grid.intervalS / 3600;
    const wayOf = (name: string, side: LineOf<'price-pair'>['below']): Way => ({
      id: name,
      constant: side.perKwh * times * energy.past,
      perKwh: dense(energy, frame.intervals, (side.perKwh * times) / hours),
      perUnit: { [id]: side.perKw * times },
    });
    builder.choices.push({
      id: `${line.id}@${label}`,
      line: line.id,
      category: 'energy',
      options: [
        {
          ...wayOf(`below ${line.thresholdHours} h`, line.below),
          until: {
            past: energy.past * scale,
            weight: dense(energy, frame.intervals, scale),
            peaks: { [id]: -line.thresholdHours },
          },
        },
        wayOf(`from ${line.thresholdHours} h`, line.above),
      ],
    });
  }
}

/** Prices of the one tier that the state chooses. */
function addKnownTier(builder: Builder, line: LineOf<'load-factor-tiers'>, windows: Uint8Array): void {
  const { frame } = builder;
  const times = multiplierOf(frame.tariff, line);
  for (const period of frame.periods) {
    const view = viewOf(builder, period, period === frame.periods[0]);
    const found = loadFactorTier(line, view);
    if (found === undefined) continue;
    const { tier } = found;
    addPrice(builder, builder.price, (t) => {
      const window = t >= period.from && t < period.until ? line.windows[windows[t] ?? noWindow] : undefined;
      return window === undefined ? 0 : (tier.perKwh[window.id] ?? 0) * times;
    });
    addTerm(builder, {
      line: line.id,
      window: tier.id,
      label: view.start,
      pricePerKw: tier.perKw * times,
      floorKw: wholeOf(view.site.peakMw),
      metering: { from: period.from, until: period.until, holds: () => true },
    });
  }
}

/** Adds every tier of a load-factor line as a way; energy over peak of the period, the grid included, says which holds. */
export function addLoadFactor(builder: Builder, line: LineOf<'load-factor-tiers'>, plan: LinePlan): void {
  if (plan.kind !== 'windows') return;
  if (line.basis === 'state') {
    addKnownTier(builder, line, plan.windows);
    return;
  }
  const { frame } = builder;
  const times = multiplierOf(frame.tariff, line);
  approximate(
    builder,
    line,
    'the load factor of the period so far chooses the tier; the period may end in another',
    'later-bills',
  );
  for (const period of frame.periods) {
    const view = viewOf(builder, period, period === frame.periods[0]);
    const id = addTerm(builder, {
      line: line.id,
      window: 'power',
      label: view.start,
      pricePerKw: 0,
      keep: true,
      floorKw: wholeOf(view.site.peakMw),
      metering: { from: period.from, until: period.until, holds: () => true },
    });
    if (id === undefined) continue;
    const energy = stepsForm(frame, period.from, period.until, frame.stepS / 3600, wholeOf(view.site.mwh));
    const hours = (view.site.seconds + (period.until - period.from) * frame.stepS) / 3600;
    const sums = view.sumsOf(line.id);
    const options = line.tiers.map((tier): Way => {
      const perKwh = new Float64Array(frame.intervals);
      for (let t = period.from; t < period.until; t++) {
        const window = line.windows[plan.windows[t] ?? noWindow];
        const i = Math.floor(t / frame.split);
        if (window !== undefined)
          perKwh[i] = (perKwh[i] ?? 0) + ((tier.perKwh[window.id] ?? 0) * times) / frame.split;
      }
      const past = line.windows.reduce(
        (sum, window, k) => sum + (tier.perKwh[window.id] ?? 0) * wholeOf(sums.windows[k]?.mwh ?? 0),
        0,
      );
      const until = {
        past: 100 * energy.past,
        weight: dense(energy, frame.intervals, 100),
        peaks: { [id]: -(tier.upToPercent ?? 0) * hours },
      };
      return {
        id: tier.id,
        constant: past * times,
        perKwh,
        perUnit: { [id]: tier.perKw * times },
        ...(tier.upToPercent === null ? {} : { until }),
      };
    });
    builder.choices.push({ id: `${line.id}@${view.start}`, line: line.id, category: 'demand', options });
  }
}

/** Adds one way of a choice to the prices of the model. */
function addWay(builder: Builder, way: Way): void {
  for (const [t, price] of (way.perKwh ?? []).entries()) builder.price[t] = (builder.price[t] ?? 0) + price;
  const extra = (id: string): number => way.perUnit[id] ?? 0;
  for (const [k, term] of builder.demand.entries()) {
    builder.demand[k] = { ...term, pricePerKw: term.pricePerKw + extra(term.id) };
  }
  for (const [k, step] of builder.steps.entries()) {
    builder.steps[k] = { ...step, risePerKwh: step.risePerKwh + extra(step.id) };
  }
}

/** `way` beside a model that already has the prices of `held`. */
function beside(way: Way, held: Way): Way {
  const perUnit: Record<string, number> = {};
  for (const id of new Set([...Object.keys(way.perUnit), ...Object.keys(held.perUnit)])) {
    const extra = (way.perUnit[id] ?? 0) - (held.perUnit[id] ?? 0);
    if (extra !== 0) perUnit[id] = extra;
  }
  const perKwh =
    way.perKwh?.map((price, t) => price - (held.perKwh?.[t] ?? 0)) ?? held.perKwh?.map((price) => -price);
  return {
    ...way,
    constant: way.constant - held.constant,
    ...(perKwh === undefined ? {} : { perKwh }),
    perUnit,
  };
}

/**
 * Puts the way of charging that an idle grid has into the prices of the model and leaves the others as differences from
 * it. Choices whose combinations are too many to try are held at it for good, last ones first.
 */
export function settleWays(builder: Builder, idle: (choice: WayChoice) => Way | undefined): void {
  const countOf = ({ options, isConvex }: WayChoice): number =>
    isConvex === true ? Math.min(options.length, convexWaysMax) : options.length;
  let ways = builder.choices.reduce((product, choice) => product * countOf(choice), 1);
  const settled: WayChoice[] = [];
  for (const choice of builder.choices.splice(0).reverse()) {
    const held = idle(choice) ?? choice.options[0];
    if (held === undefined) continue;
    addWay(builder, held);
    if (ways > waysMax) {
      ways /= countOf(choice);
      approximate(
        builder,
        { id: choice.line },
        'more ways of charging than can all be tried: some are held at what an idle site is charged by',
      );
    } else settled.push({ ...choice, options: choice.options.map((way) => beside(way, held)) });
  }
  builder.choices.push(...settled.reverse());
}
