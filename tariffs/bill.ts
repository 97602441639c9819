/**
 * Bills of a metered load: per billing period one line per window and tier, each exact and with its evidence, and the state
 * that the next bill starts from. A bill that starts inside a period asks only for what earlier bills of that period did not.
 * @module
 */
import type { Fault } from '#domain/fault';
import { instantOfIso, isoOf } from '#domain/instant';
import { invariant } from '#domain/invariant';
import { fail, ok, type Result } from '#domain/result';
import { epochS, type EpochS } from '#domain/units';
import type { Bill, BillLine, BillPeriod, Loss } from './bill-form.ts';
import { emptyState, type BillingState, type LineState, type PastPeriod } from './billing-state.ts';
import { tariffYearOf } from './billing-periods.ts';
import { dateText, instantText, localDayOf } from './calendar.ts';
import { chargeKey, chargesOf, isYearly, scopedOf } from './charges.ts';
import { fault } from './faults.ts';
import { frameOf, type Frame, type FrameOptions, type FramePeriod } from './frame.ts';
import { amountMax } from './limits.ts';
import {
  blocksOf,
  linePlansOf,
  meterLine,
  meterSite,
  type Blocks,
  type LinePlan,
  type OpenBlock,
} from './meter.ts';
import { microOf, roundedTo, wholeOf } from './money.ts';
import type { Category, Charge, PeriodView } from './period-view.ts';
import { clearBank, closePeriod, stateAt } from './roll-over.ts';
import { nettedByHour, steppedLoadOf, type SteppedLoad } from './stepped-load.ts';
import {
  lineStateOf,
  lineSumsOf,
  siteStateOf,
  siteSumsOf,
  yearStateOf,
  yearSumsOf,
  type LineSums,
  type SiteSums,
  type YearSums,
} from './sums.ts';
import type { Tariff, TariffLine } from './tariff.ts';

/** A load to be billed: mean power or energy of equal intervals from `startS` on; negative is fed in, NaN has no reading. */
export interface BillRequest {
  readonly tariff: Tariff;
  readonly start: EpochS;
  readonly intervalS: number;
  readonly kw?: Float64Array;
  readonly kwh?: Float64Array;
  /** What is generated beside a load that is all drawn: where the tariff buys all and sells all. */
  readonly generatedKwh?: Float64Array;
  readonly state?: BillingState;
  readonly options?: FrameOptions;
}

/** The load of a request as energy. */
function energyOf(request: BillRequest): Float64Array {
  if (request.kwh !== undefined) return request.kwh;
  invariant(request.kw !== undefined, 'a load is kW or kWh');
  const hours = request.intervalS / 3600;
  return request.kw.map((kw) => kw * hours);
}

/** All that is summed up while periods go by. */
interface Ledger {
  readonly frame: Frame;
  readonly plans: readonly LinePlan[];
  readonly load: SteppedLoad;
  readonly hourly: SteppedLoad;
  readonly blocks: Blocks;
  readonly untilS: number;
  readonly loadFactorPercent: number | undefined;
  readonly lines: Map<string, LineSums>;
  site: SiteSums;
  year: YearSums;
  past: readonly PastPeriod[];
  /** A tariff year ended in the load. */
  yearSettled: boolean;
}

function openBlockOf(state: BillingState): OpenBlock | undefined {
  const open = state.openBlock;
  if (open === undefined) return undefined;
  return { startS: instantOfIso(open.start) ?? -1, mwh: microOf(open.kwh), seconds: open.seconds };
}

/** The ledger at the start of a load. */
function openLedger(request: BillRequest, frame: Frame): Result<Ledger, readonly Fault[]> {
  const rolled = stateAt(request.tariff, request.state ?? emptyState, frame);
  if (!rolled.ok) return rolled;
  const state = rolled.value;
  const plans = linePlansOf(frame);
  if (!plans.ok) return plans;
  const load = steppedLoadOf(frame, energyOf(request), request.generatedKwh);
  if (!load.ok) return load;
  const first = frame.periods[0];
  invariant(first !== undefined, 'a frame has a period');
  const year = dateText(tariffYearOf(frame.clock, frame.tariff.billing.yearStart, first.firstDay).firstDay);
  return ok({
    frame,
    plans: plans.value,
    load: load.value,
    hourly: request.tariff.lines.some((line) => line.kind === 'energy' && line.netting === 'hour')
      ? nettedByHour(frame, load.value)
      : load.value,
    untilS: frame.startS + frame.count * frame.stepS,
    blocks: blocksOf(frame, load.value, openBlockOf(state)),
    loadFactorPercent: state.loadFactorPercent,
    lines: new Map(
      request.tariff.lines.map((line) => {
        const stale = isYearly(line) && state.year !== undefined && state.year.start !== year;
        const sums = lineSumsOf(line, stale ? undefined : state.lines[line.id]);
        if (state.year !== undefined && state.year.start !== year) clearBank(sums);
        return [line.id, sums];
      }),
    ),
    site: siteSumsOf(state.period),
    year: yearSumsOf(year, state.year),
    past: state.past,
    yearSettled: false,
  });
}

function sumsIn(ledger: Ledger, line: string): LineSums {
  const sums = ledger.lines.get(line);
  invariant(sums !== undefined, 'every line has its sums', { line });
  return sums;
}

/** Turns to the tariff year of a period where the one before ended. */
function turnYear(
  ledger: Ledger,
  period: FramePeriod,
): { readonly days: number; readonly twelfths: number; readonly ends: boolean } {
  const { clock, tariff } = ledger.frame;
  const year = tariffYearOf(clock, tariff.billing.yearStart, period.firstDay);
  const start = dateText(year.firstDay);
  if (ledger.year.start !== start) {
    ledger.year = yearSumsOf(start, undefined);
    for (const line of tariff.lines) {
      if (isYearly(line)) ledger.lines.set(line.id, lineSumsOf(line, undefined));
      else clearBank(sumsIn(ledger, line.id));
    }
  }
  const months =
    (period.firstDay.year - year.firstDay.year) * 12 + period.firstDay.month - year.firstDay.month;
  const ends = period.endS <= ledger.untilS && year.endS <= period.endS;
  ledger.yearSettled ||= ends;
  return { days: year.days, twelfths: Math.min(12, months + 1), ends };
}

function meterPeriod(ledger: Ledger, period: FramePeriod): void {
  const { frame, plans, load, hourly, blocks } = ledger;
  for (const [k, line] of frame.tariff.lines.entries()) {
    const plan = plans[k];
    if (plan !== undefined) {
      meterLine(frame, plan, { load, hourly, blocks }, period, sumsIn(ledger, line.id));
    }
  }
  meterSite(frame, { load, blocks }, period, ledger.site, ledger.year);
}

/** The charges of a period, cumulative from its start. */
function chargePeriod(
  ledger: Ledger,
  period: FramePeriod,
  skip: readonly TariffLine['kind'][],
): readonly Charge[] {
  const year = turnYear(ledger, period);
  meterPeriod(ledger, period);
  const { tariff } = ledger.frame;
  const charges: Charge[] = [];
  const view: PeriodView = {
    tariff,
    month: period.firstDay.month,
    start: dateText(period.firstDay),
    days: period.days,
    site: ledger.site,
    year: ledger.year,
    yearDays: year.days,
    twelfths: year.twelfths,
    yearEnds: year.ends,
    past: ledger.past,
    loadFactorPercent: ledger.loadFactorPercent,
    before: charges,
    sumsOf: (line) => sumsIn(ledger, line),
  };
  for (const line of tariff.lines) {
    if (skip.includes(line.kind)) continue;
    const sums = sumsIn(ledger, line.id);
    if (line.kind === 'minimum-bill' && line.settled === 'year') sums.scoped = scopedOf(line, charges);
    charges.push(...chargesOf(line, sums, view));
  }
  return charges;
}

interface Printed {
  readonly line: BillLine;
  readonly category: Category;
  readonly amount: number;
}

/** Charges less what was asked for earlier; charges that are no more are given back. */
function printedOf(ledger: Ledger, charges: readonly Charge[]): readonly Printed[] {
  const printed: Printed[] = [];
  const seen = new Set<string>();
  for (const charge of charges) {
    const charged = sumsIn(ledger, charge.line).charged;
    const key = chargeKey(charge);
    seen.add(`${charge.line}/${key}`);
    const before = charged.get(key) ?? 0;
    charged.set(key, charge.amount);
    const amount = charge.amount - before;
    printed.push({
      category: charge.category,
      amount,
      line: {
        id: charge.line,
        kind: charge.kind,
        ...(charge.window === undefined ? {} : { window: charge.window }),
        quantity: charge.quantity,
        unit: charge.unit,
        unitPrice: charge.unitPrice,
        ...(charge.tier === undefined ? {} : { tier: charge.tier }),
        amount: wholeOf(amount),
        evidence: before === 0 ? charge.evidence : { ...charge.evidence, chargedBefore: wholeOf(before) },
      },
    });
  }
  for (const line of ledger.frame.tariff.lines) {
    const charged = sumsIn(ledger, line.id).charged;
    for (const [key, before] of charged) {
      if (seen.has(`${line.id}/${key}`) || before === 0) continue;
      charged.set(key, 0);
      printed.push(givenBack(line, key, before));
    }
  }
  return printed;
}

function givenBack(line: TariffLine, key: string, before: number): Printed {
  const [window = '', tier = ''] = key.split('|');
  return {
    category: line.category ?? (line.kind === 'energy' || line.kind === 'reactive' ? 'energy' : 'demand'),
    amount: -before,
    line: {
      id: line.id,
      kind: line.kind,
      ...(window === '' ? {} : { window }),
      quantity: 0,
      unit: '',
      unitPrice: 0,
      ...(tier === '' ? {} : { tier }),
      amount: wholeOf(-before),
      evidence: {
        chargedBefore: wholeOf(before),
        note: 'charged earlier in this period, does not hold any more',
      },
    },
  };
}

function chargedSoFar(ledger: Ledger): number {
  let total = 0;
  for (const sums of ledger.lines.values()) for (const amount of sums.charged.values()) total += amount;
  return total;
}

function billPeriodOf(ledger: Ledger, period: FramePeriod, complete: boolean): BillPeriod {
  const { frame } = ledger;
  const { scope, decimals } = frame.tariff.billing.rounding;
  const chargedBefore = chargedSoFar(ledger);
  const charges = chargePeriod(ledger, period, []);
  const printed = printedOf(ledger, charges);
  const subtotal = (category: Category): number =>
    wholeOf(printed.filter((one) => one.category === category).reduce((sum, one) => sum + one.amount, 0));
  const sum = printed.reduce((all, one) => all + one.amount, 0);
  const total =
    scope === 'total' ? roundedTo(chargedBefore + sum, decimals) - roundedTo(chargedBefore, decimals) : sum;
  return {
    start: instantText(frame.clock, period.startS),
    end: instantText(frame.clock, period.endS),
    complete,
    days: period.days,
    hours: ledger.site.seconds / 3600,
    intervals: ledger.site.intervals,
    missing: ledger.site.missing,
    kwh: wholeOf(ledger.site.mwh),
    peakKw: wholeOf(ledger.site.peakMw),
    lines: printed.map((one) => one.line),
    subtotals: {
      energy: subtotal('energy'),
      demand: subtotal('demand'),
      fixed: subtotal('fixed'),
      taxes: subtotal('taxes'),
    },
    total: wholeOf(total),
    marginal: {
      costOfOneMoreKw: charges.reduce((all, charge) => all + (charge.perKw ?? 0), 0),
    },
  };
}

function close(ledger: Ledger, period: FramePeriod): void {
  closePeriod(ledger, ledger.frame.tariff, dateText(period.firstDay));
}

function stateOf(ledger: Ledger, periodStart: string, open: boolean): BillingState {
  const lines: Record<string, LineState> = {};
  for (const line of ledger.frame.tariff.lines) {
    const state = lineStateOf(line, sumsIn(ledger, line.id));
    if (Object.keys(state).length > 0) lines[line.id] = state;
  }
  const block = ledger.blocks.open;
  return {
    periodStart,
    lines,
    past: [...ledger.past],
    ...(open ? { period: siteStateOf(ledger.site) } : {}),
    year: yearStateOf(ledger.year),
    ...(block === undefined
      ? {}
      : {
          openBlock: { start: isoOf(epochS(block.startS)), kwh: wholeOf(block.mwh), seconds: block.seconds },
        }),
    ...(ledger.loadFactorPercent === undefined ? {} : { loadFactorPercent: ledger.loadFactorPercent }),
  };
}

function lossesOf(request: BillRequest, frame: Frame, ledger: Ledger): readonly Loss[] {
  const losses: Loss[] = [];
  const lose = (field: string, reason: string): void => {
    losses.push({ field, reason });
  };
  const zone = request.options?.timezone;
  if (zone !== undefined && zone !== request.tariff.timezone) {
    lose('calendar.tz', `the clock of ${zone} is used, the tariff is written for ${request.tariff.timezone}`);
  }
  const { demandIntervalMinutes } = request.tariff.meter;
  if (request.intervalS / 60 > demandIntervalMinutes) {
    lose(
      'load',
      `demand is metered in blocks of ${demandIntervalMinutes} min, the load has means of ${request.intervalS / 60} min: true peaks may be higher`,
    );
  }
  const fed = ledger.load.fedMwh?.reduce((sum, one) => sum + one, 0) ?? 0;
  const sells = request.tariff.lines.some(
    (line) =>
      line.kind === 'energy' &&
      (line.netting === 'period' ||
        line.netting === 'hour' ||
        line.windows.some((window) => window.sell !== undefined || window.sellSeries !== undefined)),
  );
  if (fed > 0 && !sells) lose('load', `${wholeOf(fed)} kWh fed in earn nothing under this tariff`);
  const state = request.state?.openBlock;
  if (state !== undefined && ledger.blocks.firstStartS < 0) {
    lose(
      'state.openBlock',
      'the open metering block of the state does not end where the load starts and is left out',
    );
  }
  if (ledger.blocks.open !== undefined) {
    lose('load', 'the last metering block is not complete and sets no peak yet; the state carries it on');
  }
  for (const line of request.tariff.lines) {
    if (line.kind !== 'minimum-bill' || line.settled !== 'year' || ledger.yearSettled) continue;
    lose(line.id, 'a least amount per year is settled with the last bill of the tariff year');
  }
  const { validFrom, validTo } = request.tariff;
  const first = dateText(frame.periods[0]?.firstDay ?? { number: 0, year: 0, month: 0, day: 0, weekday: 0 });
  if (validFrom !== undefined && first.slice(0, 7) < validFrom.slice(0, 7)) {
    lose('validFrom', `the load starts before the tariff does (${validFrom})`);
  }
  if (validTo !== undefined && first >= validTo) lose('validTo', `the tariff ended on ${validTo}`);
  return losses;
}

/** The bill of a load, or what is wrong with the request. */
export function billOf(request: BillRequest): Result<Bill, readonly Fault[]> {
  const intervals = request.kw?.length ?? request.kwh?.length ?? 0;
  const frame = frameOf({
    ...request.options,
    tariff: request.tariff,
    startS: request.start,
    intervalS: request.intervalS,
    intervals,
  });
  if (!frame.ok) return frame;
  const opened = openLedger(request, frame.value);
  if (!opened.ok) return opened;
  const ledger = opened.value;
  const untilS = request.start + intervals * request.intervalS;
  const periods: BillPeriod[] = [];
  let state = stateOf(ledger, dateText(frame.value.periods[0]?.firstDay ?? noDay), true);
  for (const period of frame.value.periods) {
    const complete = period.endS <= untilS;
    periods.push(billPeriodOf(ledger, period, complete));
    if (complete) {
      close(ledger, period);
      const next = frame.value.periods[periods.length];
      state = stateOf(
        ledger,
        next === undefined ? dayAfter(frame.value, period) : dateText(next.firstDay),
        false,
      );
    } else {
      state = stateOf(ledger, dateText(period.firstDay), true);
    }
  }
  const most = periods.find((period) => !(Math.abs(period.total) <= amountMax));
  if (most !== undefined) {
    const fix = `Bills above ${amountMax} mix up units: check the prices and the load.`;
    return fail([fault('lines', most.total, 'implausible-amount', fix)]);
  }
  return ok({
    currency: request.tariff.currency,
    periods,
    total: wholeOf(periods.reduce((sum, period) => sum + microOf(period.total), 0)),
    state,
    losses: lossesOf(request, frame.value, ledger),
  });
}

const noDay = { number: 0, year: 1970, month: 1, day: 1, weekday: 3 };

/** First day after a period. */
function dayAfter(frame: Frame, period: FramePeriod): string {
  return dateText(localDayOf(frame.clock, period.firstDay.number + period.days));
}

/** Money of a load before rounding, lines of the kinds in `skip` left out. Faults as in `billOf`. */
export function exactTotalOf(
  request: BillRequest,
  skip: readonly TariffLine['kind'][] = [],
): Result<number, readonly Fault[]> {
  const { billing } = request.tariff;
  const tariff: Tariff = {
    ...request.tariff,
    billing: { ...billing, rounding: { ...billing.rounding, scope: 'none' } },
  };
  const intervals = request.kw?.length ?? request.kwh?.length ?? 0;
  const frame = frameOf({
    ...request.options,
    tariff,
    startS: request.start,
    intervalS: request.intervalS,
    intervals,
  });
  if (!frame.ok) return frame;
  const opened = openLedger({ ...request, tariff }, frame.value);
  if (!opened.ok) return opened;
  const untilS = request.start + intervals * request.intervalS;
  let total = 0;
  for (const period of frame.value.periods) {
    const before = chargedSoFar(opened.value);
    const charges = chargePeriod(opened.value, period, skip);
    total += charges.reduce((sum, charge) => sum + charge.amount, 0) - before;
    // Lines of the way that was charged before and holds no more are given back with `before`.
    for (const sums of opened.value.lines.values()) sums.charged.clear();
    for (const charge of charges)
      sumsIn(opened.value, charge.line).charged.set(chargeKey(charge), charge.amount);
    if (period.endS <= untilS) close(opened.value, period);
  }
  return ok(wholeOf(total));
}
