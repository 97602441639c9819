/** The price vector of a tariff: money per kWh of each interval, and each demand charge with the intervals that it counts. @module */
import type { Fault } from '#domain/fault';
import { ok, type Result } from '#domain/result';
import type { CostModelRequest } from './cost-builder.ts';
import { costModelOf } from './cost-model-of.ts';

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
}

/** Prices of a row of intervals. */
export interface Prices {
  readonly currency: string;
  readonly energy: readonly number[];
  /** Per kWh fed in; absent where nothing is paid. */
  readonly sell?: readonly number[];
  readonly demand: readonly DemandPrice[];
  /** Money that the bill holds whatever the load. */
  readonly constant: number;
  readonly approximations: readonly { readonly line: string; readonly reason: string }[];
}

/** A sum of decimal prices without the dust of binary fractions. */
function clean(price: number): number {
  return Number(price.toPrecision(12));
}

/** The prices of a grid, or what is wrong with the request. */
export function pricesOf(request: CostModelRequest): Result<Prices, readonly Fault[]> {
  const model = costModelOf(request);
  if (!model.ok) return model;
  const { currency, pricePerKwh, sellPerKwh, demand, constant, approximations } = model.value;
  return ok({
    currency,
    energy: Array.from(pricePerKwh, clean),
    ...(sellPerKwh === undefined ? {} : { sell: Array.from(sellPerKwh, clean) }),
    demand: demand.map((term) => ({
      id: term.id,
      line: term.line,
      window: term.window,
      intervals: Array.from(term.counts),
      pricePerKw: clean(term.pricePerKw),
      floorKw: term.floorKw,
      meterIntervals: term.blockIntervals,
    })),
    constant: clean(constant),
    approximations,
  });
}
