/**
 * What each kind of line asks for the sums of a billing period. Amounts are whole millionths of the currency and count
 * from the start of the period; bill.ts takes off what earlier bills asked for.
 * @module
 */
import { instantOfIso, isoOf } from '#domain/instant';
import { epochS } from '#domain/units';
import { billedDemand, billedQuantity, inUnit, peakEvidence } from './billed-demand.ts';
import type { Evidence } from './bill-form.ts';
import { energyCharges, energyDraft, type Step } from './energy-charges.ts';
import { amountOf, micro, microOf, roundedTo, wholeOf } from './money.ts';
import type { Category, Charge, Draft, PeriodView } from './period-view.ts';
import type { LineSums, WindowSums } from './sums.ts';
import type { LineOf, TariffLine } from './tariff.ts';

const categoryOfKind: Readonly<Record<TariffLine['kind'], Category>> = {
  energy: 'energy',
  demand: 'demand',
  subscription: 'demand',
  'contracted-capacity': 'demand',
  'price-pair': 'demand',
  'load-factor-tiers': 'demand',
  fixed: 'fixed',
  'minimum-bill': 'fixed',
  percent: 'taxes',
  reactive: 'energy',
  coincident: 'demand',
  credit: 'fixed',
};

interface Part {
  readonly tier: number;
  readonly quantity: number;
  readonly price: number;
}

/** A quantity cut at the bounds of its tiers. */
function cutByTiers(quantity: number, steps: readonly Step[]): readonly Part[] {
  const parts: Part[] = [];
  let below = 0;
  for (const [k, step] of steps.entries()) {
    const upper = Math.min(quantity, Math.max(step.bound, below));
    if (upper > below || (k === 0 && quantity === 0)) {
      parts.push({ tier: k, quantity: upper - below, price: step.price });
    }
    below = Math.max(below, upper);
    if (below >= quantity) break;
  }
  return parts;
}

function demandSteps(window: LineOf<'demand'>['windows'][number]): readonly Step[] {
  return window.tiers === undefined
    ? [{ bound: Infinity, price: window.price ?? 0 }]
    : window.tiers.map((tier) => ({
        bound: tier.upTo === null ? Infinity : microOf(tier.upTo),
        price: tier.price,
      }));
}

function dailyDemand(line: LineOf<'demand'>, k: number, sum: WindowSums, view: PeriodView): readonly Draft[] {
  const window = line.windows[k];
  if (window === undefined) return [];
  const unit = line.unit ?? view.tariff.meter.unit;
  const steps = demandSteps(window);
  const byTier = new Map<number, number>();
  for (const top of sum.tops) {
    for (const part of cutByTiers(billedQuantity(line, top.mw, view.tariff), steps)) {
      byTier.set(part.tier, (byTier.get(part.tier) ?? 0) + part.quantity);
    }
  }
  return [...byTier]
    .sort(([a], [b]) => a - b)
    .map(([tier, quantity]) => ({
      window: window.id,
      ...(window.tiers === undefined ? {} : { tier: `tier ${tier + 1}` }),
      quantity: wholeOf(quantity),
      unit: `${unit} day`,
      unitPrice: steps[tier]?.price ?? 0,
      amount: amountOf(steps[tier]?.price ?? 0, quantity),
      evidence: {
        ...peakEvidence(sum.peakMw, sum.peakAtS),
        peaks: sum.tops.map((top) => ({ kw: wholeOf(top.mw), at: isoOf(epochS(Math.max(0, top.atS))) })),
      },
      ...(sum.peakAtS === view.site.peakAtS ? { perKw: steps[tier]?.price ?? 0 } : {}),
    }));
}

function demandCharges(line: LineOf<'demand'>, sums: LineSums, view: PeriodView): readonly Draft[] {
  return line.windows.flatMap((window, k): readonly Draft[] => {
    const sum = sums.windows[k];
    if (sum === undefined || !sum.touched) return [];
    if (line.reset === 'day') return dailyDemand(line, k, sum, view);
    const unit = line.unit ?? view.tariff.meter.unit;
    const { billedMw, evidence, share } = billedDemand(line, k, sum, view);
    const quantity = billedQuantity(line, billedMw, view.tariff);
    const part = line.reset === 'year' && line.accrual === 'twelfths' ? view.twelfths : 12;
    const setsIt = sum.peakAtS >= 0 && sum.peakAtS === view.site.peakAtS;
    const parts = cutByTiers(quantity, demandSteps(window));
    return parts.map((one, j) => ({
      window: window.id,
      ...(window.tiers === undefined ? {} : { tier: `tier ${one.tier + 1}` }),
      quantity: wholeOf(one.quantity),
      unit,
      unitPrice: one.price,
      amount: part === 12 ? amountOf(one.price, one.quantity) : amountOf(one.price, one.quantity * part, 12),
      evidence,
      ...(setsIt && share > 0 && j === parts.length - 1
        ? { perKw: (one.price * share * part) / 12 / (unit === 'kVA' ? view.tariff.meter.powerFactor : 1) }
        : {}),
    }));
  });
}

/** What blocks cost beside the overage above them for a peak in mW; the overage is nothing in the grace. */
function levelAmount(line: LineOf<'subscription'>, blocks: number, peakMw: number, inGrace: boolean): number {
  const over = inGrace ? 0 : Math.max(0, peakMw - blocks * microOf(line.blockKw));
  return amountOf(line.pricePerBlock, blocks * micro) + amountOf(line.overagePrice, over);
}

/** The fewest of the cheapest blocks for a peak, at least one: cost is straight in blocks below the peak and rises above. */
function cheapestBlocks(line: LineOf<'subscription'>, peakMw: number, inGrace: boolean): number {
  const block = microOf(line.blockKw);
  const cost = (blocks: number): number => levelAmount(line, blocks, peakMw, inGrace);
  return [Math.floor(peakMw / block), Math.ceil(peakMw / block)].reduce(
    (best, blocks) => (blocks > best && cost(blocks) < cost(best) ? blocks : best),
    1,
  );
}

/** Subscribed power in mW, whole blocks; `peakMw` is the peak of the period, for which a level may be chosen. */
export function subscribedMw(line: LineOf<'subscription'>, sums: LineSums, peakMw: number): number {
  const block = microOf(line.blockKw);
  if (line.levelKw === 'chosen')
    return block * cheapestBlocks(line, peakMw, sums.graceUsed < line.graceCycles);
  const level = line.levelKw === 'state' ? (sums.levelMw ?? 0) : (sums.levelMw ?? microOf(line.levelKw));
  return Math.ceil(level / block) * block;
}

function subscriptionCharges(
  line: LineOf<'subscription'>,
  sums: LineSums,
  view: PeriodView,
): readonly Draft[] {
  const level = subscribedMw(line, sums, view.site.peakMw);
  const blocks = Math.round(level / microOf(line.blockKw));
  const over = Math.max(0, view.site.peakMw - level);
  const inGrace = sums.graceUsed < line.graceCycles;
  const drafts: Draft[] = [
    {
      tier: 'subscribed',
      quantity: blocks,
      unit: `block of ${line.blockKw} kW`,
      unitPrice: line.pricePerBlock,
      amount: amountOf(line.pricePerBlock, blocks * micro),
      evidence:
        line.levelKw === 'chosen'
          ? {
              ...peakEvidence(view.site.peakMw, view.site.peakAtS),
              note: `${wholeOf(level)} kW chosen: the cheapest level for a peak of ${wholeOf(view.site.peakMw)} kW`,
            }
          : { note: `${wholeOf(level)} kW subscribed` },
    },
  ];
  if (over > 0 && line.overagePrice !== 0) {
    drafts.push({
      tier: 'overage',
      quantity: wholeOf(over),
      unit: 'kW',
      unitPrice: inGrace ? 0 : line.overagePrice,
      amount: inGrace ? 0 : amountOf(line.overagePrice, over),
      evidence: {
        ...peakEvidence(view.site.peakMw, view.site.peakAtS),
        ...(inGrace ? { note: `waived: grace period ${sums.graceUsed + 1} of ${line.graceCycles}` } : {}),
      },
      ...(inGrace ? {} : { perKw: line.overagePrice }),
    });
  }
  return drafts;
}

/** What `per` asks for in this period: the price counts `times / divisor`. */
function timesOf(
  per: 'day' | 'month' | 'year',
  days: number,
): { readonly times: number; readonly divisor: number } {
  return per === 'day' ? { times: days, divisor: 1 } : { times: 1, divisor: per === 'year' ? 12 : 1 };
}

function capacityCharges(line: LineOf<'contracted-capacity'>, view: PeriodView): readonly Draft[] {
  const agreed = microOf(Math.max(line.capacity, line.minimum));
  const { times, divisor } = timesOf(line.per, view.site.days);
  const unit = `${line.unit} ${line.per}`;
  const drafts: Draft[] = [
    {
      tier: 'agreed',
      quantity: wholeOf(agreed * times) / divisor,
      unit,
      unitPrice: line.price,
      amount: amountOf(line.price, agreed * times, divisor),
      evidence: {},
    },
  ];
  const over = Math.max(0, inUnit(view.site.peakMw, line.unit, view.tariff) - microOf(line.capacity));
  if (line.excessPrice === undefined || over === 0) return drafts;
  const excess = timesOf(line.per, view.days);
  drafts.push({
    tier: 'excess',
    quantity: wholeOf(over * excess.times) / excess.divisor,
    unit,
    unitPrice: line.excessPrice,
    amount: amountOf(line.excessPrice, over * excess.times, excess.divisor),
    evidence: peakEvidence(view.site.peakMw, view.site.peakAtS),
    perKw:
      (line.excessPrice * excess.times) /
      excess.divisor /
      (line.unit === 'kVA' ? view.tariff.meter.powerFactor : 1),
  });
  return drafts;
}

/** Hours of use of the year so far, on the whole year. */
export function hoursOfUse(view: Pick<PeriodView, 'year' | 'yearDays'>): number {
  const { year, yearDays } = view;
  if (year.peakMw === 0 || year.days === 0) return 0;
  return (year.mwh / year.peakMw) * (yearDays / Math.min(year.days, yearDays));
}

function pricePairCharges(line: LineOf<'price-pair'>, view: PeriodView): readonly Draft[] {
  const hours = hoursOfUse(view);
  const above = hours >= line.thresholdHours;
  const side = above ? line.above : line.below;
  const part = line.accrual === 'twelfths' ? view.twelfths : 12;
  const tier = above ? 'above' : 'below';
  const evidence: Evidence = { hoursOfUse: Math.round(hours * 100) / 100 };
  return [
    {
      tier: `${tier} power`,
      quantity: wholeOf(view.year.peakMw),
      unit: 'kW',
      unitPrice: side.perKw,
      amount: amountOf(side.perKw, view.year.peakMw * part, 12),
      evidence: { ...peakEvidence(view.year.peakMw, view.year.peakAtS), ...evidence },
      ...(view.year.peakAtS === view.site.peakAtS ? { perKw: (side.perKw * part) / 12 } : {}),
    },
    {
      category: 'energy',
      tier: `${tier} energy`,
      quantity: wholeOf(view.year.mwh),
      unit: 'kWh',
      unitPrice: side.perKwh,
      amount: amountOf(side.perKwh, view.year.mwh),
      evidence,
    },
  ];
}

/** The tier of a load factor. */
export function loadFactorTier(
  line: LineOf<'load-factor-tiers'>,
  view: Pick<PeriodView, 'site' | 'loadFactorPercent'>,
): { readonly tier: LineOf<'load-factor-tiers'>['tiers'][number]; readonly percent: number } | undefined {
  const { site } = view;
  const own =
    site.peakMw === 0 || site.seconds === 0 ? 0 : (100 * site.mwh * 3600) / (site.peakMw * site.seconds);
  const percent = line.basis === 'state' ? (view.loadFactorPercent ?? 0) : own;
  const tier = line.tiers.find(
    (candidate) => candidate.upToPercent === null || percent <= candidate.upToPercent,
  );
  return tier === undefined ? undefined : { tier, percent };
}

function loadFactorCharges(
  line: LineOf<'load-factor-tiers'>,
  sums: LineSums,
  view: PeriodView,
): readonly Draft[] {
  const found = loadFactorTier(line, view);
  if (found === undefined) return [];
  const { tier, percent } = found;
  const evidence: Evidence = { loadFactorPercent: Math.round(percent * 100) / 100 };
  const drafts: Draft[] = [
    {
      tier: tier.id,
      quantity: wholeOf(view.site.peakMw),
      unit: 'kW',
      unitPrice: tier.perKw,
      amount: amountOf(tier.perKw, view.site.peakMw),
      evidence: { ...peakEvidence(view.site.peakMw, view.site.peakAtS), ...evidence },
      perKw: tier.perKw,
    },
  ];
  for (const [k, window] of line.windows.entries()) {
    const price = tier.perKwh[window.id];
    const mwh = sums.windows[k]?.mwh ?? 0;
    if (price === undefined || mwh === 0) continue;
    drafts.push({
      ...energyDraft({ window: window.id, tier: tier.id }, mwh, price),
      category: 'energy',
      evidence,
    });
  }
  return drafts;
}

function fixedCharges(line: LineOf<'fixed'>, view: PeriodView): readonly Draft[] {
  const { times, divisor } = timesOf(line.per, view.site.days);
  return [
    {
      quantity: times / divisor,
      unit: line.per,
      unitPrice: line.amount,
      amount: amountOf(line.amount, times * micro, divisor),
      evidence: {},
    },
  ];
}

function inScope(scope: 'all' | readonly string[], charge: Charge): boolean {
  return scope === 'all' || scope.includes(charge.line);
}

/** Money of the lines in the scope of a least amount, in this period. */
export function scopedOf(line: LineOf<'minimum-bill'>, before: readonly Charge[]): number {
  return before
    .filter((charge) => inScope(line.scope, charge))
    .reduce((sum, charge) => sum + charge.amount, 0);
}

function topUp(least: number, scoped: number, lines: string): readonly Draft[] {
  if (scoped >= least) return [];
  return [
    {
      quantity: 1,
      unit: 'top-up',
      unitPrice: wholeOf(least - scoped),
      amount: least - scoped,
      evidence: { note: `${lines} add up to ${wholeOf(scoped)}, the least is ${wholeOf(least)}` },
    },
  ];
}

function minimumBillCharges(
  line: LineOf<'minimum-bill'>,
  sums: LineSums,
  view: PeriodView,
): readonly Draft[] {
  const scoped = scopedOf(line, view.before);
  if (line.settled === 'period') {
    const { times, divisor } = timesOf(line.per, view.site.days);
    return topUp(amountOf(line.amount, times * micro, divisor), scoped, 'lines');
  }
  if (!view.yearEnds) return [];
  // A year of which only some days are known owes its share.
  const days = Math.min(view.year.days, view.yearDays);
  const least = amountOf(line.amount, days * micro, view.yearDays);
  return topUp(least, sums.scopedEarlier + scoped, 'lines of the year');
}

function percentCharges(line: LineOf<'percent'>, view: PeriodView): readonly Draft[] {
  const scoped = view.before.filter((charge) => inScope(line.of, charge));
  const base = scoped.reduce((sum, charge) => sum + charge.amount, 0);
  const perKw = scoped.reduce((sum, charge) => sum + (charge.perKw ?? 0), 0) * (line.percent / 100);
  return [
    {
      quantity: wholeOf(base),
      unit: view.tariff.currency,
      unitPrice: line.percent / 100,
      amount: amountOf(line.percent, base, 100),
      evidence: {},
      ...(perKw === 0 ? {} : { perKw }),
    },
  ];
}

/** kVArh that cost money per kWh: `tan(phi) - tan(phi of the limit)`, never below 0. */
export function excessReactivePerKwh(powerFactor: number, pfLimit: number): number {
  const tangent = (pf: number): number => (pf <= 0 ? Infinity : Math.sqrt(1 / (pf * pf) - 1));
  return Math.max(0, tangent(powerFactor) - tangent(pfLimit));
}

function reactiveCharges(line: LineOf<'reactive'>, sums: LineSums, view: PeriodView): readonly Draft[] {
  const perKwh = excessReactivePerKwh(view.tariff.meter.powerFactor, line.pfLimit);
  const quantity = Math.round((sums.windows[0]?.mwh ?? 0) * perKwh);
  if (quantity === 0) return [];
  return [
    {
      quantity: wholeOf(quantity),
      unit: 'kVArh',
      unitPrice: line.pricePerKvarh,
      amount: amountOf(line.pricePerKvarh, quantity),
      evidence: { note: `power factor ${view.tariff.meter.powerFactor}, free down to ${line.pfLimit}` },
    },
  ];
}

/** Whether a call fell, in part at least, into what was metered of the period. */
export function isMet(sum: WindowSums | undefined): sum is WindowSums {
  return sum !== undefined && (sum.touched || sum.mwh > 0);
}

function coincidentCharges(line: LineOf<'coincident'>, sums: LineSums): readonly Draft[] {
  const powers = line.calls.flatMap((call, k) => {
    const hours = callHours(call);
    const sum = sums.windows[k];
    // A call without load counts as one of the period's calls; a call of another period does not.
    return isMet(sum) ? [{ mw: Math.round(sum.mwh / hours), at: call.start }] : [];
  });
  if (powers.every((one) => one.mw === 0)) return [];
  const total = powers.reduce((sum, one) => sum + one.mw, 0);
  const highest = powers.reduce((most, one) => Math.max(most, one.mw), 0);
  const mw =
    line.measure === 'max' ? highest : line.measure === 'sum' ? total : Math.round(total / powers.length);
  return [
    {
      quantity: wholeOf(mw),
      unit: 'kW',
      unitPrice: line.pricePerKw,
      amount: amountOf(line.pricePerKw, mw),
      evidence: {
        peaks: powers.map((one) => ({ kw: wholeOf(one.mw), at: one.at })),
        note: `${line.measure} of calls`,
      },
    },
  ];
}

/** Length of a call in hours. */
export function callHours(call: { readonly start: string; readonly end: string }): number {
  const seconds = (instantOfIso(call.end) ?? 0) - (instantOfIso(call.start) ?? 0);
  return seconds <= 0 ? 1 : seconds / 3600;
}

function creditCharges(line: LineOf<'credit'>, sums: LineSums): readonly Draft[] {
  if (line.amount !== undefined) {
    const amount = -amountOf(line.amount, micro);
    return [{ quantity: 1, unit: 'period', unitPrice: -line.amount, amount, evidence: {} }];
  }
  const mwh = sums.windows[0]?.mwh ?? 0;
  return mwh === 0 ? [] : [{ ...energyDraft({}, mwh, -(line.perKwh ?? 0)), category: 'energy' }];
}

function draftsOf(line: TariffLine, sums: LineSums, view: PeriodView): readonly Draft[] {
  switch (line.kind) {
    case 'energy':
      return energyCharges(line, sums, view);
    case 'demand':
      return demandCharges(line, sums, view);
    case 'subscription':
      return subscriptionCharges(line, sums, view);
    case 'contracted-capacity':
      return capacityCharges(line, view);
    case 'price-pair':
      return pricePairCharges(line, view);
    case 'load-factor-tiers':
      return loadFactorCharges(line, sums, view);
    case 'fixed':
      return fixedCharges(line, view);
    case 'minimum-bill':
      return minimumBillCharges(line, sums, view);
    case 'percent':
      return percentCharges(line, view);
    case 'reactive':
      return reactiveCharges(line, sums, view);
    case 'coincident':
      return coincidentCharges(line, sums);
    case 'credit':
      return creditCharges(line, sums);
  }
}

/** Whether a line counts from the start of the tariff year. */
export function isYearly(line: TariffLine): boolean {
  return (
    line.kind === 'price-pair' ||
    (line.kind === 'demand' && line.reset === 'year') ||
    (line.kind === 'minimum-bill' && line.settled === 'year')
  );
}

/** Charges of closed periods of the year that do not hold any more: the year ended on the other side of a threshold. */
function takenBack(line: TariffLine, sums: LineSums, drafts: readonly Draft[]): readonly Draft[] {
  if (!isYearly(line)) return [];
  const keys = new Set(drafts.map(chargeKey));
  return [...sums.chargedEarlier].flatMap(([key, earlier]): readonly Draft[] => {
    if (earlier === 0 || keys.has(key)) return [];
    const [window = '', tier = ''] = key.split('|');
    return [
      {
        ...(window === '' ? {} : { window }),
        ...(tier === '' ? {} : { tier }),
        quantity: 0,
        unit: '',
        unitPrice: 0,
        amount: 0,
        evidence: { note: 'charged earlier in the year, does not hold any more' },
      },
    ];
  });
}

/** The printed lines of a tariff line, amounts since the start of the period, rounded where lines are. */
export function chargesOf(line: TariffLine, sums: LineSums, view: PeriodView): readonly Charge[] {
  const { scope, decimals } = view.tariff.billing.rounding;
  const drafts = draftsOf(line, sums, view);
  return [...drafts, ...takenBack(line, sums, drafts)].map((draft) => {
    const earlier = isYearly(line) ? (sums.chargedEarlier.get(chargeKey(draft)) ?? 0) : 0;
    const amount = scope === 'line' ? roundedTo(draft.amount, decimals) : draft.amount;
    return {
      line: line.id,
      kind: line.kind,
      ...draft,
      amount: amount - earlier,
      category: line.category ?? draft.category ?? categoryOfKind[line.kind],
    };
  });
}

/** The name of a printed line within its tariff line. */
export function chargeKey(charge: { readonly window?: string; readonly tier?: string }): string {
  return `${charge.window ?? ''}|${charge.tier ?? ''}`;
}
