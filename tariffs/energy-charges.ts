/**
 * What an energy line asks for: prices by window, tiers in time order, series, energy fed in and netted, adders. Amounts are
 * whole millionths of the currency and count from the start of the period.
 * @module
 */
import { billedDemand } from './billed-demand.ts';
import { amountOf, microOf, wholeOf } from './money.ts';
import type { Draft, PeriodView } from './period-view.ts';
import { seriesMoneyPerMicro, type LineSums, type Run, type WindowSums } from './sums.ts';
import type { LineOf } from './tariff.ts';

/** One step of a tiered price. */
export interface Step {
  /** Upper end in millionths. */
  readonly bound: number;
  readonly price: number;
}

type EnergyWindow = LineOf<'energy'>['windows'][number];

/** What a tier's end is measured by: billed demand and metered days. */
export interface TierScale {
  readonly billedMw: number;
  /** Days of the period metered so far. */
  readonly days: number;
}

type EnergyTier = NonNullable<EnergyWindow['tiers']>[number];

/** The end of one tier in mWh before it is nested. */
function ownBound(tier: EnergyTier, { billedMw, days }: TierScale): number {
  if (tier.upTo === null) return Infinity;
  switch (tier.unit) {
    case 'kWh':
      return microOf(tier.upTo);
    case 'kWhPerDay':
      return Math.round(microOf(tier.upTo) * days);
    case 'kWhPerKw':
      return Math.round(tier.upTo * billedMw);
    case 'kWhPerKwDay':
      return Math.round(tier.upTo * billedMw * days);
  }
}

const isHoursOfUse = (tier: EnergyTier | undefined): boolean =>
  tier?.unit === 'kWhPerKw' || tier?.unit === 'kWhPerKwDay';

/**
 * Bounds of energy tiers in mWh. kWh tiers nest inside the next tier in hours of use: their end is the lower of their own
 * and `hours x billed kW`, as Georgia Power's hours-use blocks are written.
 */
export function energySteps(tiers: NonNullable<EnergyWindow['tiers']>, scale: TierScale): readonly Step[] {
  const raw = tiers.map((tier) => {
    const own = ownBound(tier, scale);
    if (tier.withinHours === undefined) return own;
    const days = tier.unit === 'kWhPerDay' ? scale.days : 1;
    return Math.min(own, Math.round(tier.withinHours * scale.billedMw * days));
  });
  const steps: Step[] = [];
  let below = 0;
  for (const [k, tier] of tiers.entries()) {
    let bound = raw[k] ?? Infinity;
    for (let j = k + 1; j < tiers.length && tier.withinHours === undefined; j++) {
      if (isHoursOfUse(tiers[j]) && tiers[j]?.upTo !== null) bound = Math.min(bound, raw[j] ?? Infinity);
    }
    below = Math.max(below, bound);
    steps.push({ bound: below, price: tier.price });
  }
  return steps;
}

/** Energy of each window and tier: the counter runs over all windows in time order. */
function tieredEnergy(
  runs: readonly Run[],
  stepsOf: readonly (readonly Step[])[],
  byDay: boolean,
): ReadonlyMap<number, ReadonlyMap<number, number>> {
  const out = new Map<number, Map<number, number>>();
  let counter = 0;
  let day = '';
  for (const run of runs) {
    if (byDay && run.day !== day) counter = 0;
    day = run.day;
    let left = run.mwh;
    const steps = stepsOf[run.window] ?? [];
    for (let k = 0; left > 0 && k < steps.length; k++) {
      const room = (steps[k]?.bound ?? Infinity) - counter;
      const taken = Math.min(left, Math.max(0, room));
      if (taken <= 0) continue;
      const tiers = out.get(run.window) ?? new Map<number, number>();
      tiers.set(k, (tiers.get(k) ?? 0) + taken);
      out.set(run.window, tiers);
      counter += taken;
      left -= taken;
    }
    counter += left;
  }
  return out;
}

function billedForHours(line: LineOf<'energy'>, view: PeriodView): number {
  const target = view.tariff.lines.find((other) => other.id === line.hoursUseOf);
  if (target?.kind !== 'demand') return view.site.peakMw;
  const sums = view.sumsOf(target.id);
  return target.windows.reduce((most, _, k) => {
    const window = sums.windows[k];
    return window?.touched !== true ? most : Math.max(most, billedDemand(target, k, window, view).billedMw);
  }, 0);
}

/** What a window's energy comes to once energy fed in, of the period and left over from before, is set off. */
interface Net {
  readonly drawnMwh: number;
  /** Left over, to be carried on or settled. */
  readonly surplusMwh: number;
  /** Set off against what was drawn. */
  readonly offMwh: number;
}

function netOf(sum: WindowSums): Net {
  const fed = sum.soldMwh + sum.bankMwh;
  const offMwh = Math.min(sum.mwh, fed);
  return { drawnMwh: sum.mwh - offMwh, surplusMwh: fed - offMwh, offMwh };
}

/** Energy fed in that a window carries on to the next period. */
export function carriedMwh(line: LineOf<'energy'>, k: number, sum: WindowSums): number {
  return line.netting === 'period' && k < line.windows.length ? netOf(sum).surplusMwh : 0;
}

/** Runs less the energy that is set off in their windows, from the last one back: the highest tiers go first. */
function netRuns(runs: readonly Run[], nets: readonly (Net | undefined)[]): readonly Run[] {
  const left = nets.map((net) => net?.offMwh ?? 0);
  const kept = runs.map((run) => ({ ...run }));
  for (let k = kept.length - 1; k >= 0; k--) {
    const run = kept[k];
    if (run === undefined || run.window < 0) continue;
    const off = Math.min(run.mwh, left[run.window] ?? 0);
    run.mwh -= off;
    left[run.window] = (left[run.window] ?? 0) - off;
  }
  return kept;
}

type EnergyTiers = ReadonlyMap<number, number> | undefined;

/** Energy drawn in a window at its price, its tiers or its series. */
function drawnDrafts(
  window: EnergyWindow,
  sum: WindowSums,
  mwh: number,
  byTier: EnergyTiers,
): readonly Draft[] {
  if (window.tiers !== undefined) {
    return [...(byTier ?? [])]
      .sort(([a], [b]) => a - b)
      .map(([tier, part]) =>
        energyDraft({ window: window.id, tier: `tier ${tier + 1}` }, part, window.tiers?.[tier]?.price ?? 0),
      );
  }
  if (mwh <= 0) return [];
  if (window.price !== undefined) return [energyDraft({ window: window.id }, mwh, window.price)];
  return [seriesDraft({ window: window.id }, mwh, Math.round(sum.money / seriesMoneyPerMicro))];
}

function seriesDraft(
  place: { readonly window: string; readonly tier?: string },
  mwh: number,
  amount: number,
): Draft {
  return {
    ...place,
    quantity: wholeOf(mwh),
    unit: 'kWh',
    unitPrice: amount / mwh,
    amount,
    evidence: { note: 'mean of a price series' },
  };
}

/** Energy fed in at the sell price, or what a year of netting leaves over. */
function soldDrafts(
  line: LineOf<'energy'>,
  window: EnergyWindow,
  sum: WindowSums,
  view: PeriodView,
): readonly Draft[] {
  const netted = line.netting === 'period';
  const mwh = netted ? netOf(sum).surplusMwh : sum.soldMwh;
  if (mwh <= 0 || (netted && !view.yearEnds)) return [];
  const place = { window: window.id, tier: netted ? 'settled' : 'fed in' };
  if (window.sellSeries !== undefined) {
    return [seriesDraft(place, mwh, -Math.round(sum.soldMoney / seriesMoneyPerMicro))];
  }
  if (window.sell === undefined && !netted) return [];
  const sell = window.sell ?? 0;
  const draft = energyDraft(place, mwh, sell === 0 ? 0 : -sell);
  return sell === 0
    ? [{ ...draft, evidence: { note: 'left over at the end of the year, expires' } }]
    : [draft];
}

/** The printed lines of an energy line: windows, tiers, series, what is fed in, adders. */
export function energyCharges(line: LineOf<'energy'>, sums: LineSums, view: PeriodView): readonly Draft[] {
  const drafts: Draft[] = [];
  const tiered = line.windows.some((window) => window.tiers !== undefined);
  const billedMw = tiered ? billedForHours(line, view) : 0;
  const stepsOf = line.windows.map((window) =>
    window.tiers === undefined
      ? [{ bound: Infinity, price: 0 }]
      : energySteps(window.tiers, { billedMw, days: view.site.days }),
  );
  const nets = line.windows.map((_, k) => {
    const sum = sums.windows[k];
    return line.netting === 'period' && sum !== undefined ? netOf(sum) : undefined;
  });
  const runs = line.netting === 'period' ? netRuns(sums.runs, nets) : sums.runs;
  const byTier = tiered ? tieredEnergy(runs, stepsOf, line.tierReset === 'day') : undefined;
  for (const [k, window] of line.windows.entries()) {
    const sum = sums.windows[k];
    if (sum === undefined) continue;
    drafts.push(...drawnDrafts(window, sum, nets[k]?.drawnMwh ?? sum.mwh, byTier?.get(k)));
    drafts.push(...soldDrafts(line, window, sum, view));
  }
  for (const [k, adder] of (line.adders ?? []).entries()) {
    const sum = sums.windows[line.windows.length + k];
    const mwh = sum === undefined ? 0 : Math.max(0, sum.mwh - sum.soldMwh);
    if (mwh > 0) drafts.push(energyDraft({ tier: adder.id }, mwh, adder.price));
  }
  return drafts;
}

/** A quantity of energy at a price. */
export function energyDraft(
  place: { readonly window?: string; readonly tier?: string },
  mwh: number,
  price: number,
): Draft {
  return {
    ...place,
    quantity: wholeOf(mwh),
    unit: 'kWh',
    unitPrice: price,
    amount: amountOf(price, mwh),
    evidence: {},
  };
}
