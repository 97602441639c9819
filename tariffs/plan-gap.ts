/** How far the money of a cost model is from the true bill of a plan: 0 for convex tariffs, the price of simplicity for others. @module */
import type { Fault } from '#domain/fault';
import { ok, type Result } from '#domain/result';
import { exactTotalOf } from './bill.ts';
import type { CostModelRequest } from './cost-builder.ts';
import { costModelOf } from './cost-model-of.ts';
import type { CostModel, DemandTerm } from './cost-model.ts';

/** Objective and bill of one load, in the currency of the tariff; minimum bills are left out of both. */
export interface PlanGap {
  readonly objective: number;
  readonly bill: number;
  /** Objective less bill. */
  readonly gap: number;
}

/** Highest metering block of a term, no less than its floor. */
function peakOf(term: DemandTerm, kw: Float64Array): number {
  let peak = term.floorKw;
  for (let start = -term.blockOffset; start < kw.length; start += term.blockIntervals) {
    let sum = start < 0 ? term.blockPastKw * term.blockOffset : 0;
    let counts = false;
    for (let t = Math.max(0, start); t < Math.min(kw.length, start + term.blockIntervals); t++) {
      sum += Math.max(0, kw[t] ?? 0);
      counts ||= term.counts[t] === 1;
    }
    if (counts) peak = Math.max(peak, sum / term.blockIntervals);
  }
  return peak;
}

/** What a load costs by a cost model; negative power is fed in. */
export function objectiveOf(model: CostModel, kw: Float64Array): number {
  const hours = model.grid.intervalS / 3600;
  let money = model.constant;
  for (let t = 0; t < kw.length; t++) {
    const power = kw[t] ?? 0;
    const price = power >= 0 ? model.pricePerKwh[t] : model.sellPerKwh?.[t];
    money += power * hours * (price ?? 0);
  }
  for (const term of model.demand) money += term.pricePerKw * peakOf(term, kw);
  return money;
}

/** The gap of a load on the grid of a cost model. */
export function planGapOf(request: CostModelRequest, kw: Float64Array): Result<PlanGap, readonly Fault[]> {
  const model = costModelOf(request);
  if (!model.ok) return model;
  const bill = exactTotalOf({
    tariff: request.tariff,
    start: request.grid.startS,
    intervalS: request.grid.intervalS,
    kw,
    ...(request.state === undefined ? {} : { state: request.state }),
    options: request,
  });
  if (!bill.ok) return bill;
  const objective = objectiveOf(model.value, kw);
  return ok({ objective, bill: bill.value, gap: objective - bill.value });
}
