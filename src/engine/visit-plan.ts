/** What a plan gives each visit, found by its id. @module */
import type { DepotPlan, VisitPlan } from '#domain/plan';

const byVisitId = new WeakMap<DepotPlan, ReadonlyMap<string, VisitPlan>>();

/** What a plan gives a visit; undefined where it does not serve it. */
export function plannedFor(plan: DepotPlan, visitId: string): VisitPlan | undefined {
  let byId = byVisitId.get(plan);
  if (byId === undefined) {
    byId = new Map(plan.visits.map((visit) => [visit.visitId, visit]));
    byVisitId.set(plan, byId);
  }
  return byId.get(visitId);
}
