/** Battery and PV beside a load that has changed since they were planned. @module */
import { feedInLimitOf } from './multipliers.ts';
import type { Plan } from './plan.ts';
import type { DepotProblem } from './problem.ts';

/** Battery power that moves the store as charge and discharge together do, positive when it charges, kW. */
export function oneWay(charge: number, discharge: number, efficiency: number): number {
  if (!(charge > 0 && discharge > 0)) return charge - discharge;
  const kept = charge * efficiency - discharge / efficiency;
  return kept > 0 ? kept / efficiency : kept * efficiency;
}

/** Uncontrolled load plus vehicles, [T] kW. */
function loadOf(problem: DepotProblem, powerKw: readonly Float64Array[]): Float64Array {
  const load = Float64Array.from(problem.fixedLoadKw);
  for (const [s, { arrive }] of problem.sessions.entries()) {
    for (const [i, kw] of powerKw[s].entries()) load[arrive + i] += kw;
  }
  return load;
}

/** The battery's power as far as its store allows it; `most` [T] is the largest discharge that the load takes, kW. */
function batteryWithin(problem: DepotProblem, planned: Float64Array, most: Float64Array): Float64Array {
  const { battery, intervalH } = problem;
  if (battery === undefined) return planned;
  const { capacityKwh, efficiency } = battery;
  let stored = battery.initialKwh;
  return planned.map((kw, t) => {
    const charge = Math.min(kw, (capacityKwh - stored) / (efficiency * intervalH));
    const discharge = Math.min(-kw, Math.max(0, most[t]), (stored * efficiency) / intervalH);
    const used = kw > 0 ? charge : -Math.max(0, discharge);
    stored += intervalH * (used > 0 ? used * efficiency : used / efficiency);
    return used;
  });
}

/** [T] what battery and PV add to the load of the grid connection, kW. */
export function siteExtraOf(problem: DepotProblem, plan: Omit<Plan, 'powerKw'>): Float64Array {
  return Float64Array.from({ length: problem.intervals }, (_, t) => {
    return (plan.batteryKw?.[t] ?? 0) - (plan.pvKw?.[t] ?? 0);
  });
}

/** [T] what a plan draws from the grid, kW: nothing where it feeds in. */
export function drawnOf(problem: DepotProblem, plan: Plan): Float64Array {
  const extra = siteExtraOf(problem, plan);
  return loadOf(problem, plan.powerKw).map((kw, t) => Math.max(0, kw + extra[t]));
}

/** `plan` with battery and PV that fit its powers: nothing is fed in where nothing is sold. */
export function withSiteFlows(problem: DepotProblem, plan: Plan): Plan {
  const { pv, battery, intervals } = problem;
  if (pv === undefined && battery === undefined) return plan;
  const load = loadOf(problem, plan.powerKw);
  const sells = pv?.sellPrice !== undefined;
  const takes = load.map((kw, t) => {
    return kw + (sells ? feedInLimitOf(problem, t) : 0);
  });
  const planned = plan.batteryKw ?? new Float64Array(intervals);
  const batteryKw = batteryWithin(problem, planned, takes);
  const pvKw = pv?.kw.map((kw, t) => Math.max(0, Math.min(kw, takes[t] + batteryKw[t])));
  return {
    powerKw: plan.powerKw,
    ...(battery === undefined ? {} : { batteryKw }),
    ...(pvKw === undefined ? {} : { pvKw }),
  };
}
