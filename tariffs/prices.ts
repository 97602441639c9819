/** The price vector of a tariff: money per kWh of each interval, and each demand charge with the intervals that it counts. @module */
import type { Fault } from '#domain/fault';
import { ok, type Result } from '#domain/result';
import type { CostModelRequest } from './cost-builder.ts';
import { costModelOf } from './cost-model-of.ts';
import type { Approximation, CostModel, MeterForm } from './cost-model.ts';
import { formOf } from './model-value.ts';

/** One demand charge over one billing period (day, year). */
export interface DemandPrice {
  readonly id: string;
  readonly line: string;
  readonly window: string;
  /** 1 where the interval counts. */
  readonly intervals: readonly number[];
  readonly pricePerKw: number;
  /** Paid in any case: the peak so far, a ratchet, a level. */
  readonly floorKw: number;
  /** Intervals per metering block. */
  readonly meterIntervals: number;
  /** Where the mean of several peaks is billed: how many, and those so far, highest first. */
  readonly meanOf?: number;
  readonly peaksSoFarKw?: readonly number[];
}

/** A rise of the price per kWh above an amount of energy. */
export interface StepPrice {
  readonly id: string;
  readonly line: string;
  readonly risePerKwh: number;
  readonly aboveKwh: number;
  /** Counted before the first interval. */
  readonly usedKwh: number;
  /** 1 where the interval counts. */
  readonly intervals: readonly number[];
}

/** Another way in which a line may charge, as differences from the prices above. */
export interface WayPrice {
  readonly line: string;
  readonly id: string;
  /** What the prices above are. */
  readonly now: string;
  readonly ways: readonly {
    readonly id: string;
    /** Per kWh of each interval. */
    readonly energy?: readonly number[];
    /** Per kW of demand charges and per kWh of steps, by their ids. */
    readonly perUnit: Readonly<Record<string, number>>;
    readonly constant: number;
  }[];
}

/** Prices of a row of intervals. */
export interface Prices {
  readonly currency: string;
  readonly energy: readonly number[];
  /** Per kWh fed in; absent where nothing is paid. */
  readonly sell?: readonly number[];
  readonly demand: readonly DemandPrice[];
  /** Tiers of energy; absent where there are none. */
  readonly steps?: readonly StepPrice[];
  /** Absent where the load chooses no prices. */
  readonly choices?: readonly WayPrice[];
  /** Money that the bill holds whatever the load. */
  readonly constant: number;
  /** What the bill is never below; absent where nothing says so. */
  readonly leastBill?: number;
  readonly approximations: readonly Approximation[];
}

/** A sum of decimal prices without the dust of binary fractions. */
function clean(price: number): number {
  return Number(price.toPrecision(12));
}

/** Demand charges that cost something, now or in another way of charging. */
function pricedTerms({ demand, choices = [] }: CostModel): CostModel['demand'] {
  const named = new Set(
    choices.flatMap(({ options }) => options.flatMap(({ perUnit }) => Object.keys(perUnit))),
  );
  return demand.filter((term) => term.pricePerKw !== 0 || named.has(term.id));
}

/** 1 where a form counts an interval. */
function countsOf(form: MeterForm, intervals: number): readonly number[] {
  const counts = Array.from({ length: intervals }, () => 0);
  for (const t of form.at) counts[t] = 1;
  return counts;
}

/** Peaks so far of a mean of several, highest first. */
function meanOf({ meter }: CostModel['demand'][number]): Pick<DemandPrice, 'meanOf' | 'peaksSoFarKw'> {
  if (meter === undefined || meter.largest === 1) return {};
  const known = meter.groups
    .map(({ least }) => least)
    .filter((kw) => kw > 0)
    .sort((a, b) => b - a);
  return { meanOf: meter.largest, peaksSoFarKw: known.slice(0, meter.largest) };
}

function stepsOf({ steps = [], grid }: CostModel): readonly StepPrice[] {
  const none = new Float64Array(grid.count);
  return steps.map((step) => ({
    id: step.id,
    line: step.line,
    risePerKwh: clean(step.risePerKwh),
    aboveKwh: step.aboveKwh,
    usedKwh: formOf(step.energy, none),
    intervals: countsOf(step.energy, grid.count),
  }));
}

function choicesOf({ choices = [] }: CostModel): readonly WayPrice[] {
  return choices.map(({ id, line, options }) => ({
    line,
    id,
    now: options.find(({ perUnit, constant, perKwh }) => isNothing(perUnit, constant, perKwh))?.id ?? '',
    ways: options.map((way) => ({
      id: way.id,
      ...(way.perKwh === undefined ? {} : { energy: Array.from(way.perKwh, clean) }),
      perUnit: Object.fromEntries(Object.entries(way.perUnit).map(([unit, price]) => [unit, clean(price)])),
      constant: clean(way.constant),
    })),
  }));
}

/** Whether a way differs in nothing from the prices of the model. */
function isNothing(
  perUnit: Readonly<Record<string, number>>,
  constant: number,
  perKwh: Float64Array | undefined,
): boolean {
  return (
    Object.keys(perUnit).length === 0 && constant === 0 && (perKwh?.every((price) => price === 0) ?? true)
  );
}

/** The prices of a grid, or what is wrong with the request. */
export function pricesOf(request: CostModelRequest): Result<Prices, readonly Fault[]> {
  const model = costModelOf(request);
  if (!model.ok) return model;
  const { currency, pricePerKwh, sellPerKwh, constant, leastBill, approximations } = model.value;
  const steps = stepsOf(model.value);
  const choices = choicesOf(model.value);
  return ok({
    currency,
    energy: Array.from(pricePerKwh, clean),
    ...(sellPerKwh === undefined ? {} : { sell: Array.from(sellPerKwh, clean) }),
    demand: pricedTerms(model.value).map((term) => ({
      id: term.id,
      line: term.line,
      window: term.window,
      intervals: Array.from(term.counts),
      pricePerKw: clean(term.pricePerKw),
      floorKw: term.floorKw,
      meterIntervals: term.blockIntervals,
      ...meanOf(term),
    })),
    ...(steps.length === 0 ? {} : { steps }),
    ...(choices.length === 0 ? {} : { choices }),
    constant: clean(constant),
    ...(leastBill === undefined ? {} : { leastBill: clean(leastBill) }),
    approximations,
  });
}
