/** The engine of last resort: no library, no iteration that can fail, a feasible plan for any problem. @module */
import { fillSession, urgencyOrder } from './fill.ts';
import { Ledger } from './ledger.ts';
import type { Plan, Powers } from './plan.ts';
import type { DepotProblem } from './problem.ts';
import { reliefOf } from './relief.ts';
import { siteExtraOf, withSiteFlows } from './site-flows.ts';

/** A feasible plan: vehicles in order of urgency, each in its cheapest intervals. The battery rests where no limit asks for it. */
export function greedyPlan(problem: DepotProblem, powers: Powers): Plan {
  const flows = reliefOf(problem);
  const ledger = new Ledger(problem, siteExtraOf(problem, flows));
  for (const s of urgencyOrder(problem)) fillSession(ledger, s, powers);
  return withSiteFlows(problem, { ...flows, powerKw: ledger.powerKw });
}
