/** Answers the depot problem: chooses an engine, checks what it found, and never comes back empty. @module */
import { highsBackend } from './backends/highs.ts';
import { account } from './certificate/account.ts';
import type { Account } from './certificate/account.ts';
import { dualBound } from './certificate/bound.ts';
import { residualMax } from './certificate/verify.ts';
import { divePlan } from './dive.ts';
import { dualsOf } from './duals.ts';
import { continuousAnswer } from './engines.ts';
import type { Answer } from './engines.ts';
import { exactPlan } from './exact.ts';
import { greedyPlan } from './greedy.ts';
import type { Plan } from './plan.ts';
import type { DepotProblem, Session, Solution, SolveOptions, SolveStatus } from './problem.ts';
import { hasSteps, repairPowers, withSteppedCaps } from './repair.ts';
import { siteExtraOf, withSiteFlows } from './site-flows.ts';
import { steadyPlan } from './stability.ts';

function statusOf(found: Answer, gap: number, options: SolveOptions): SolveStatus {
  if (found.ended === 'failed') return 'emergency';
  if (gap <= options.gap) return 'optimal';
  return found.ended === 'limit' ? 'limit' : 'feasible';
}

/** Share of the cost from which a cheaper set of on and off intervals is looked for. */
const diveShare = 0.003;

interface Stepped {
  readonly plan: Plan;
  readonly reasons: readonly string[];
}

/** The cheapest of several plans by their stepped account; those that break a limit lose. */
function cheapest(problem: DepotProblem, plans: readonly Plan[]): Plan {
  const cost = (plan: Plan): number => {
    const counted = account(problem, plan, 'stepped');
    return counted.primalResidual > residualMax ? Infinity : counted.objective;
  };
  return plans.reduce((best, plan) => (cost(plan) < cost(best) ? plan : best));
}

/**
 * The plan in steps. Less load may leave PV without a taker, and then circuits without PV: powers are fitted again to
 * the flows that came out, and in the end to none.
 */
function repairedPlan(problem: DepotProblem, plan: Plan): Plan {
  const { peaksKw } = account(problem, plan);
  const resting = { powerKw: plan.powerKw, batteryKw: new Float64Array(problem.intervals) };
  let flows: Plan = plan;
  for (let round = 0; round < 3; round++) {
    const siteExtraKw = siteExtraOf(problem, flows);
    const powerKw = repairPowers({ problem, powerKw: plan.powerKw, peaksKw, siteExtraKw });
    const stepped = withSiteFlows(problem, { ...flows, powerKw });
    if (account(problem, stepped, 'stepped').primalResidual <= residualMax) return stepped;
    flows = round === 0 ? stepped : resting;
  }
  return greedyPlan(problem, 'stepped');
}

/** A plan in steps, near the continuous one. */
async function steppedOf(problem: DepotProblem, relaxed: Plan, options: SolveOptions): Promise<Stepped> {
  const repaired = (plan: Plan): Plan => repairedPlan(problem, plan);
  const first = repaired(relaxed);
  if (options.solver === 'greedy') return { plan: first, reasons: [] };
  const backend = await highsBackend();
  if (options.integers === 'exact') {
    const exact = exactPlan(problem, backend, options.gap);
    if (exact === undefined) return { plan: first, reasons: ['branch and bound found nothing: repaired'] };
    const reason = `branch and bound ${exact.proven ? 'proved' : 'stopped at'} the bound ${exact.bound}`;
    return { plan: cheapest(problem, [exact.plan, first]), reasons: [reason] };
  }
  const before = account(problem, relaxed).objective;
  const after = account(problem, first, 'stepped').objective;
  const dived = after - before > diveShare * Math.abs(before);
  const plan = dived ? cheapest(problem, [first, repaired(divePlan(problem, relaxed, backend))]) : first;
  return { plan: steadyPlan(problem, plan, 'stepped'), reasons: [] };
}

interface Held extends Stepped {
  /** The account of the continuous plan. */
  readonly relaxed: Account;
}

/** A plan that breaks no limit, in steps where they are asked for; whatever an engine claimed, greedy stands behind it. */
async function heldPlan(problem: DepotProblem, steady: Plan, options: SolveOptions): Promise<Held> {
  let continuous = steady;
  let relaxed = account(problem, steady);
  const reasons: string[] = [];
  if (relaxed.primalResidual > residualMax) {
    reasons.push(`the plan broke ${relaxed.worst}: greedy instead`);
    continuous = greedyPlan(problem, 'continuous');
    relaxed = account(problem, continuous);
  }
  if (options.continuous || !hasSteps(problem)) return { plan: continuous, relaxed, reasons };
  const stepped = await steppedOf(withSteppedCaps(problem), continuous, options);
  return { plan: stepped.plan, relaxed, reasons: [...reasons, ...stepped.reasons] };
}

/** Steps are made without feeding back: the problem in which nobody does. */
function chargingOnly(problem: DepotProblem): DepotProblem {
  if (problem.sessions.every(({ feedBack }) => feedBack === undefined)) return problem;
  const sessions = problem.sessions.map((session): Session => {
    const { feedBack, ...others } = session;
    return feedBack === undefined ? session : others;
  });
  return { ...problem, sessions };
}

/**
 * The best plan that an engine found, with its certificate. Asynchronous only because HiGHS loads once. Equal inputs
 * give equal outputs unless `options.nowMs` is set.
 */
export async function solve(given: DepotProblem, options: SolveOptions): Promise<Solution> {
  const now = options.nowMs ?? (() => 0);
  const stepped = !options.continuous && hasSteps(given);
  const problem = stepped ? chargingOnly(given) : given;
  const found = await continuousAnswer(stepped ? withSteppedCaps(problem) : problem, options);
  const solved = now();
  const followed = options.solver !== 'greedy' && (problem.previousKw?.size ?? 0) > 0;
  const backend = followed ? await highsBackend() : undefined;
  const eased = stepped ? withSteppedCaps(problem) : problem;
  const steady = steadyPlan(eased, found.plan, 'continuous', backend);
  const { plan, relaxed, reasons } = await heldPlan(problem, steady, options);
  const repaired = now();
  const powers = stepped ? 'stepped' : 'continuous';
  const counted = stepped ? account(problem, plan, powers) : relaxed;
  const proof = dualBound(problem, found.multipliers, powers);
  const gap = (counted.objective - proof.bound) / Math.max(1, Math.abs(proof.bound));
  const claims = {
    status: statusOf(found, gap, options),
    objective: counted.objective,
    bound: proof.bound,
    gap,
    cost: counted.cost,
    ...plan,
    shortfallKwh: counted.shortfallKwh,
    peaksKw: counted.peaksKw,
    multipliers: found.multipliers,
  };
  const { primalResidual } = counted;
  const { dualResidual } = proof;
  const valid =
    primalResidual <= residualMax &&
    dualResidual <= residualMax * Math.max(1, Math.abs(counted.objective)) &&
    gap >= -residualMax &&
    Number.isFinite(proof.bound);
  return {
    ...claims,
    solver: found.solver,
    duals: dualsOf(problem, found.multipliers),
    certificate: { primalResidual, dualResidual, valid },
    reasons: [...found.reasons, ...reasons, ...(problem === given ? [] : ['in steps nobody feeds back'])],
    repairCost: stepped ? counted.objective - relaxed.objective : 0,
    timings: {
      buildMs: found.buildMs,
      solveMs: found.solveMs + (repaired - solved),
      checkMs: now() - repaired,
    },
  };
}
