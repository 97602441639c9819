/**
 * Energy tiers as an optimisation can take them: the price of an interval is that of the tier reached when the grid
 * starts; each bound above is a step on the energy of its pool (month or day). Tiers that fall, and bounds in hours of use,
 * are ways of charging. Bills count tiers in time order over all windows: the model is exact where the windows' tiers rise
 * and fall by the same.
 * @module
 */
import { dateText } from './calendar.ts';
import { billedDemand } from './billed-demand.ts';
import { addTerm, approximate, multiplierOf, newDays, viewOf, type Builder } from './cost-builder.ts';
import type { MeterForm, Way } from './cost-model.ts';
import { energySteps, type TierScale } from './energy-charges.ts';
import type { FramePeriod } from './frame.ts';
import { stepsForm } from './meter-forms.ts';
import type { LinePlan } from './meter.ts';
import { wholeOf } from './money.ts';
import type { LineOf } from './tariff.ts';
import { tierRunsOf, type PricedTier } from './tier-runs.ts';
import { noWindow } from './windows.ts';

/** Prices closer than this are the same. */
const priceNoise = 1e-12;

type EnergyTier = NonNullable<LineOf<'energy'>['windows'][number]['tiers']>[number];

const isByHours = ({ unit }: EnergyTier): boolean => unit === 'kWhPerKw' || unit === 'kWhPerKwDay';

/** The end of a tier, kWh or hours, with the days that it counts for. */
function boundOf({ unit, upTo }: EnergyTier, days: number): number {
  return (upTo ?? Infinity) * (unit === 'kWhPerDay' || unit === 'kWhPerKwDay' ? days : 1);
}

/** Days of a period metered when the grid ends. */
function daysIn(builder: Builder, period: FramePeriod): number {
  const { site } = viewOf(builder, period, period === builder.frame.periods[0]);
  return site.days + newDays(builder.frame, period, site.lastDay);
}

/** Steps that share one counter. */
interface Pool {
  readonly label: string;
  readonly from: number;
  readonly until: number;
  /** Energy counted before the grid, kWh. */
  readonly usedKwh: number;
}

/** Bounds of all windows together, kWh, and the price of each window between them. */
interface Ladder {
  /** Lower ends, 0 first. */
  readonly from: readonly number[];
  /** [windows][levels]; undefined for a window without tiers. */
  readonly price: readonly (readonly number[] | undefined)[];
}

function ladderOf(line: LineOf<'energy'>, scale: TierScale): Ladder {
  const steps = line.windows.map((window) =>
    window.tiers === undefined ? undefined : energySteps(window.tiers, scale),
  );
  const bounds = new Set([0]);
  for (const of of steps) for (const { bound } of of ?? []) if (bound < Infinity) bounds.add(wholeOf(bound));
  const from = [...bounds].sort((a, b) => a - b);
  const price = steps.map((of) =>
    of === undefined
      ? undefined
      : from.map((level) => of.find(({ bound }) => wholeOf(bound) > level)?.price ?? 0),
  );
  return { from, price };
}

/** The rise of each level over the one before, as a mean over the intervals of the pool, and whether all rise alike. */
function risesOf(
  plan: Extract<LinePlan, { kind: 'energy' }>,
  ladder: Ladder,
  pool: Pool,
): { readonly rises: readonly number[]; readonly alike: boolean } {
  const share = new Map<number, number>();
  for (let t = pool.from; t < pool.until; t++) {
    const w = plan.windows[t] ?? noWindow;
    if (w !== noWindow) share.set(w, (share.get(w) ?? 0) + 1);
  }
  const total = [...share.values()].reduce((sum, count) => sum + count, 0);
  let alike = true;
  const rises = ladder.from.map((_, level) => {
    if (level === 0) return 0;
    const each = [...share].map(([w, count]) => {
      const price = ladder.price[w];
      return { rise: (price?.[level] ?? 0) - (price?.[level - 1] ?? 0), count };
    });
    const mean = each.reduce((sum, { rise, count }) => sum + rise * count, 0) / Math.max(1, total);
    alike &&= each.every(({ rise }) => Math.abs(rise - mean) <= priceNoise);
    return mean;
  });
  return { rises, alike };
}

/** Pools of a line that the grid touches. */
function poolsOf(builder: Builder, line: LineOf<'energy'>): readonly Pool[] {
  const { frame } = builder;
  const pools: Pool[] = [];
  for (const period of frame.periods) {
    const first = period === frame.periods[0];
    const runs = viewOf(builder, period, first).sumsOf(line.id).runs;
    const used = (day?: string): number =>
      wholeOf(
        runs.filter((run) => day === undefined || run.day === day).reduce((sum, run) => sum + run.mwh, 0),
      );
    if (line.tierReset === 'period') {
      pools.push({
        label: dateText(period.firstDay),
        from: period.from,
        until: period.until,
        usedKwh: used(),
      });
      continue;
    }
    for (let from = period.from; from < period.until;) {
      const day = frame.steps.dayOf[from] ?? 0;
      let until = from;
      while (until < period.until && frame.steps.dayOf[until] === day) until++;
      const local = frame.steps.days[day];
      const label = local === undefined ? '' : dateText(local);
      const last = runs[runs.length - 1]?.day;
      // The counter of a day that is not the last one counted starts anew.
      pools.push({ label, from, until, usedKwh: last === label ? used(label) : 0 });
      from = until;
    }
  }
  return pools;
}

/** Energy of a pool in kWh, over the intervals in which the line has a window. */
function energyOf(builder: Builder, plan: Extract<LinePlan, { kind: 'energy' }>, pool: Pool): MeterForm {
  const { frame } = builder;
  const at: number[] = [];
  const weight: number[] = [];
  for (let t = pool.from; t < pool.until;) {
    let until = t;
    while (until < pool.until && plan.windows[until] !== noWindow) until++;
    const piece = stepsForm(frame, t, until, frame.stepS / 3600);
    for (const [i, interval] of piece.at.entries()) {
      if (at[at.length - 1] === interval)
        weight[weight.length - 1] = (weight.at(-1) ?? 0) + (piece.weight[i] ?? 0);
      else {
        at.push(interval);
        weight.push(piece.weight[i] ?? 0);
      }
    }
    t = until + 1;
  }
  return { past: pool.usedKwh, at: Int32Array.from(at), weight: Float64Array.from(weight) };
}

/** Weights of a form per kW on the whole grid. */
export function dense(form: MeterForm, intervals: number, times = 1): Float64Array {
  const weights = new Float64Array(intervals);
  for (const [i, t] of form.at.entries()) weights[t] = (weights[t] ?? 0) + times * (form.weight[i] ?? 0);
  return weights;
}

/** A price per kWh over the intervals of a form: whole where the form holds all of an interval. */
export function priceOver(builder: Builder, form: MeterForm, perKwh: number): Float64Array {
  const hours = builder.request.grid.intervalS / 3600;
  return dense(form, builder.frame.intervals, perKwh / hours);
}

/** The tier prices of each window at the level that a pool has reached. */
function addBase(
  builder: Builder,
  plan: Extract<LinePlan, { kind: 'energy' }>,
  pool: Pool,
  priceOf: (window: number) => number,
): void {
  const { split } = builder.frame;
  for (let t = pool.from; t < pool.until; t++) {
    const w = plan.windows[t] ?? noWindow;
    const i = Math.floor(t / split);
    if (w !== noWindow) builder.price[i] = (builder.price[i] ?? 0) + priceOf(w) / split;
  }
}

/** Steps and ways of one pool whose bounds are kWh. */
function addPool(
  builder: Builder,
  line: LineOf<'energy'>,
  plan: Extract<LinePlan, { kind: 'energy' }>,
  pool: Pool,
  ladder: Ladder,
): void {
  const times = multiplierOf(builder.frame.tariff, line);
  const { rises, alike } = risesOf(plan, ladder, pool);
  const reached = Math.max(
    0,
    ladder.from.findLastIndex((from) => from <= pool.usedKwh + 1e-9),
  );
  addBase(builder, plan, pool, (w) => times * (ladder.price[w]?.[reached] ?? 0));
  const beyond = ladder.from.slice(reached);
  if (beyond.length === 1) return;
  if (!alike) {
    approximate(
      builder,
      line,
      'tiers of its windows differ by different amounts: the plan counts the energy of the period, the bill counts in time order',
    );
  }
  const energy = energyOf(builder, plan, pool);
  // Prices relative to the level reached: what is drawn before the next bound costs nothing more.
  let over = 0;
  const tiers: PricedTier[] = beyond.map((from, i) => {
    if (i > 0) over += rises[reached + i] ?? 0;
    return { from, price: over };
  });
  const runs = tierRunsOf(tiers, pool.usedKwh);
  const label = `${line.id}@${pool.label}`;
  const addStep = (above: number, rise: number): string => {
    const id = `${label} above ${above} kWh`;
    builder.steps.push({ id, line: line.id, risePerKwh: rise * times, aboveKwh: above, energy });
    return id;
  };
  if (runs.length === 1) {
    for (const { above, rise } of runs[0]?.rises ?? []) if (Math.abs(rise) > priceNoise) addStep(above, rise);
    return;
  }
  const options = runs.map((run): Way => {
    const perUnit: Record<string, number> = {};
    for (const { above, rise } of run.rises) if (rise > priceNoise) perUnit[addStep(above, 0)] = rise * times;
    return {
      id: `from ${run.from} kWh`,
      constant: (run.constant + run.price * pool.usedKwh) * times,
      perKwh: priceOver(builder, energy, run.price * times),
      perUnit,
      ...(run.until === Infinity
        ? {}
        : {
            until: {
              past: pool.usedKwh - run.until,
              weight: dense(energy, builder.frame.intervals),
              peaks: {},
            },
          }),
    };
  });
  builder.choices.push({ id: `${label} tiers`, line: line.id, category: 'energy', options });
}

/** The billed power that bounds in hours of use go by. */
function hoursPeak(
  builder: Builder,
  line: LineOf<'energy'>,
  period: FramePeriod,
): { readonly id: string | undefined; readonly floorKw: number; readonly share: number } {
  const { frame } = builder;
  const first = period === frame.periods[0];
  const view = viewOf(builder, period, first);
  const target = frame.tariff.lines.find((other) => other.id === line.hoursUseOf);
  const plan = builder.plans[frame.tariff.lines.findIndex((other) => other.id === line.hoursUseOf)];
  const draft = { line: line.id, window: 'hours-use', label: view.start, pricePerKw: 0, keep: true };
  if (target?.kind !== 'demand' || plan?.kind !== 'demand') {
    const floorKw = wholeOf(view.site.peakMw);
    const metering = { from: period.from, until: period.until, holds: () => true };
    return { id: addTerm(builder, { ...draft, floorKw, metering }), floorKw, share: 1 };
  }
  const percent = target.ratchet?.currentPercent ?? 100;
  const share = (typeof percent === 'number' ? percent : (percent[view.month - 1] ?? 100)) / 100;
  const sums = view.sumsOf(target.id);
  const floorMw = target.windows.reduce((most, _, k) => {
    const window = sums.windows[k];
    return window === undefined ? most : Math.max(most, billedDemand(target, k, window, view).billedMw);
  }, 0);
  if (
    target.measure.kind !== 'max' ||
    target.rounding !== undefined ||
    target.windows.some((one) => one.weights)
  ) {
    approximate(
      builder,
      line,
      `hours of use go by ${target.id}, whose billed power the plan takes as a plain peak`,
    );
  }
  const holds = (t: number): boolean => plan.masks.some((mask) => mask === undefined || mask[t] === 1);
  const floorKw = share > 0 ? wholeOf(floorMw) / share : 0;
  const metering = { from: period.from, until: period.until, holds };
  return { id: addTerm(builder, { ...draft, floorKw, metering }), floorKw, share };
}

/** Ways of a pool whose bounds are hours of use: which tier the energy ends in depends on the peak. */
function addHoursPool(
  builder: Builder,
  line: LineOf<'energy'>,
  plan: Extract<LinePlan, { kind: 'energy' }>,
  pool: Pool,
  period: FramePeriod,
): void {
  const { frame } = builder;
  const times = multiplierOf(frame.tariff, line);
  const peak = hoursPeak(builder, line, period);
  const days = daysIn(builder, period);
  const tiers = line.windows.find((window) => window.tiers !== undefined)?.tiers ?? [];
  const alike = line.windows.every(({ tiers: own }) =>
    tiers.every((tier, j) => {
      const other = own?.[j];
      const before = own?.[j - 1];
      return (
        other?.upTo === tier.upTo &&
        other.unit === tier.unit &&
        (j === 0 ||
          Math.abs(other.price - (before?.price ?? 0) - tier.price + (tiers[j - 1]?.price ?? 0)) <=
            priceNoise)
      );
    }),
  );
  const nested =
    tiers.some((tier) => tier.withinHours !== undefined) ||
    tiers.some((tier, j) => !isByHours(tier) && tier.upTo !== null && tiers.slice(j + 1).some(isByHours));
  const falls = tiers.every((tier, j) => j === 0 || tier.price <= (tiers[j - 1]?.price ?? 0));
  if (peak.id === undefined || !alike || nested || !falls) {
    approximate(
      builder,
      line,
      'bounds in hours of use are taken at the peak that is paid in any case; the bill takes them at the peak billed',
    );
    addPool(
      builder,
      line,
      plan,
      pool,
      ladderOf(line, { billedMw: Math.round(peak.floorKw * peak.share * 1e6), days }),
    );
    return;
  }
  const id = peak.id;
  const energy = energyOf(builder, plan, pool);
  addBase(
    builder,
    plan,
    pool,
    (w) => times * (line.windows[w]?.tiers?.[0]?.price ?? line.windows[w]?.price ?? 0),
  );
  let fall = 0;
  let perKw = 0;
  let constant = 0;
  const options = tiers.map((tier, j): Way => {
    const before = tiers[j - 1];
    if (before !== undefined) {
      const drop = before.price - tier.price;
      fall += drop;
      if (isByHours(before)) perKw += drop * boundOf(before, days) * peak.share;
      else constant += drop * boundOf(before, days);
    }
    const hours = isByHours(tier) ? boundOf(tier, days) * peak.share : 0;
    return {
      id: `tier ${j + 1}`,
      constant: (constant - fall * pool.usedKwh) * times,
      perKwh: priceOver(builder, energy, -fall * times),
      perUnit: { [id]: perKw * times },
      ...(tier.upTo === null
        ? {}
        : {
            until: {
              past: pool.usedKwh - (isByHours(tier) ? 0 : boundOf(tier, days)),
              weight: dense(energy, frame.intervals),
              peaks: { [id]: -hours },
            },
          }),
    };
  });
  builder.choices.push({
    id: `${line.id}@${pool.label} hours of use`,
    line: line.id,
    category: 'energy',
    options,
  });
}

/** Adds the tiers of an energy line; windows without tiers fill the counters and have their own price. */
export function addTiers(builder: Builder, line: LineOf<'energy'>, plan: LinePlan): void {
  if (plan.kind !== 'energy') return;
  const byHours = line.windows.some((window) =>
    (window.tiers ?? []).some((tier) => isByHours(tier) || tier.withinHours !== undefined),
  );
  for (const pool of poolsOf(builder, line)) {
    const period = builder.frame.periods.find((one) => pool.from >= one.from && pool.until <= one.until);
    if (byHours && period !== undefined) addHoursPool(builder, line, plan, pool, period);
    else if (period !== undefined) {
      addPool(builder, line, plan, pool, ladderOf(line, { billedMw: 0, days: daysIn(builder, period) }));
    }
  }
}
