/** How far the money of a cost model is from the true bill of a plan: 0 for convex tariffs, the price of simplicity for others. @module */
import type { Fault } from '#domain/fault';
import { ok, type Result } from '#domain/result';
import { exactTotalOf } from './bill.ts';
import type { CostModelRequest } from './cost-builder.ts';
import { costModelOf } from './cost-model-of.ts';
import { objectiveOf } from './model-value.ts';

/** Objective and bill of one load, in the currency of the tariff; least amounts included in the bill. */
export interface PlanGap {
  readonly objective: number;
  readonly bill: number;
  /** Objective less bill. */
  readonly gap: number;
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
