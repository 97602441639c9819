/** The engine of last resort: no library, no iteration that can fail, a feasible plan for any problem. @module */
import { fillSession, urgencyOrder } from './fill.ts';
import type { Powers } from './fill.ts';
import { Ledger } from './ledger.ts';
import type { Plan } from './plan.ts';
import type { DepotProblem } from './problem.ts';

/** A feasible plan: vehicles in order of urgency, each in its cheapest intervals. The battery rests. */
export function greedyPlan(problem: DepotProblem, powers: Powers): Plan {
  const ledger = new Ledger(problem);
  for (const s of urgencyOrder(problem)) fillSession(ledger, s, powers);
  return withSun(problem, ledger.powerKw);
}

/** The plan of `powerKw` with as much PV as the site can use or sell, and the battery at rest. */
export function withSun(problem: DepotProblem, powerKw: readonly Float64Array[]): Plan {
  const { pv, battery, intervals } = problem;
  const load = Float64Array.from(problem.fixedLoadKw);
  for (const [s, { arrive }] of problem.sessions.entries()) {
    for (const [i, kw] of powerKw[s].entries()) load[arrive + i] += kw;
  }
  return {
    powerKw,
    ...(battery === undefined ? {} : { batteryKw: new Float64Array(intervals) }),
    ...(pv === undefined
      ? {}
      : { pvKw: load.map((kw, t) => Math.min(Math.max(0, pv.kw[t]), Math.max(0, kw))) }),
  };
}
