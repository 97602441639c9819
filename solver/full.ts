/** The whole problem as one program on one back end. @module */
import { solveOnce } from './backends/backend.ts';
import type { BackendAnswer, LpBackend } from './backends/backend.ts';
import { account } from './certificate/account.ts';
import { dualBound } from './certificate/bound.ts';
import { residualMax } from './certificate/verify.ts';
import { energyNoise, fillSession, urgencyOrder } from './fill.ts';
import { formulate, multipliersOf, planOf } from './formulate.ts';
import { greedyPlan } from './greedy.ts';
import { Ledger } from './ledger.ts';
import { zeroMultipliers } from './multipliers.ts';
import type { Plan } from './plan.ts';
import type { DepotProblem, Multipliers, SolveOptions, WarmStart } from './problem.ts';
import { oneWayPlan, withinStore } from './one-way.ts';
import { reliefOf } from './relief.ts';
import { siteExtraOf, withSiteFlows } from './site-flows.ts';

/** What an engine hands to the check. */
export interface Found {
  readonly plan: Plan;
  readonly multipliers: Multipliers;
  /** Whether the engine itself claims the optimum, stopped at a limit, or gave up. */
  readonly ended: 'optimal' | 'limit' | 'failed';
  readonly reasons: readonly string[];
  readonly warm?: WarmStart;
  /** Milliseconds by the caller's clock. */
  readonly buildMs: number;
  readonly solveMs: number;
}

/** A feasible plan near powers that may break limits: each is taken as far as it fits, then vehicles are filled up. */
function fitted(problem: DepotProblem, powerKw: readonly Float64Array[]): Plan {
  const flows = reliefOf(problem);
  const ledger = new Ledger(problem, siteExtraOf(problem, flows));
  const order = urgencyOrder(problem);
  for (const s of order) {
    const { arrive } = problem.sessions[s];
    for (const [i, kw] of powerKw[s].entries()) {
      const wanted = ledger.missing(s) / problem.intervalH;
      const fits = Math.min(kw, wanted, ledger.highest(s, arrive + i));
      if (fits > 0) ledger.set(s, arrive + i, fits);
    }
  }
  for (const s of order) if (ledger.missing(s) > energyNoise) fillSession(ledger, s, 'continuous');
  return withSiteFlows(problem, { ...flows, powerKw: ledger.powerKw });
}

/** The cheapest feasible plan of several ways to rescue an answer that is none. */
export function rescued(problem: DepotProblem, plan: Plan): Plan {
  const finite = plan.powerKw.every((kw) => kw.every(Number.isFinite));
  const plans = finite
    ? [plan, fitted(problem, plan.powerKw), greedyPlan(problem, 'continuous')]
    : [greedyPlan(problem, 'continuous')];
  let best = plans[plans.length - 1];
  let bestCost = Infinity;
  for (const candidate of plans) {
    const counted = account(problem, candidate);
    if (counted.primalResidual > residualMax || counted.objective >= bestCost) continue;
    best = candidate;
    bestCost = counted.objective;
  }
  return best;
}

/** `plan`, fitted to its store where it must be; undefined where it breaks a limit all the same. */
function held(problem: DepotProblem, plan: Plan): Plan | undefined {
  const fitted = withinStore(problem, plan);
  return account(problem, fitted).primalResidual <= residualMax ? fitted : undefined;
}

/** Whether the battery of `plan` costs more than the bound: the program gained by charging and discharging at once. */
export function burns(
  problem: DepotProblem,
  plan: Plan,
  proof: { readonly multipliers: Multipliers; readonly gap: number },
): boolean {
  if (problem.battery === undefined) return false;
  const { bound } = dualBound(problem, proof.multipliers);
  return account(problem, plan).objective - bound > proof.gap * Math.max(1, Math.abs(bound));
}

/** The plan with choices where the program gained by charging and discharging at once. */
export function oneWaySettled(
  problem: DepotProblem,
  plan: Plan,
  proof: { readonly backend: LpBackend; readonly multipliers: Multipliers; readonly gap: number },
): Pick<Found, 'plan' | 'reasons'> {
  if (!burns(problem, plan, proof)) return { plan, reasons: [] };
  const { objective } = account(problem, plan);
  const other = oneWayPlan(problem, proof.backend, proof.gap);
  if (other === undefined || account(problem, other).objective >= objective) {
    return { plan, reasons: ['the bound is that of a battery which burns energy'] };
  }
  return { plan: other, reasons: ['the battery charges or discharges: solved with choices'] };
}

/** `multipliers` of an engine that stopped early, or none where they prove less. */
export function provenBy(problem: DepotProblem, multipliers: Multipliers): Multipliers {
  const none = zeroMultipliers(problem);
  return dualBound(problem, multipliers).bound >= dualBound(problem, none).bound ? multipliers : none;
}

function endedOf(answer: BackendAnswer): Found['ended'] {
  if (answer.status === 'optimal') return 'optimal';
  return answer.status === 'limit' ? 'limit' : 'failed';
}

/** Solves `problem` on `backend`; an answer that stopped early is made feasible, never passed on as it is. */
export function solveFull(problem: DepotProblem, backend: LpBackend, options: SolveOptions): Found {
  const now = options.nowMs ?? (() => 0);
  const start = now();
  const formulation = formulate(problem);
  const built = now();
  const answer = solveOnce(backend, formulation.program, {
    integerGap: options.gap,
    ...(options.iterationsMax === undefined ? {} : { iterationsMax: options.iterationsMax }),
  });
  const proven = answer.rowDual.length === formulation.program.rows;
  let multipliers = proven ? multipliersOf(formulation, answer.rowDual) : zeroMultipliers(problem);
  const plan = planOf(formulation, answer.columnValue);
  const ended = endedOf(answer);
  if (ended !== 'optimal') multipliers = provenBy(problem, multipliers);
  const usable = ended === 'optimal' ? held(problem, plan) : undefined;
  const endless = options.iterationsMax !== undefined && !backend.capabilities.iterationLimit;
  const reasons = [
    ...(ended === 'optimal' ? [] : [`${backend.name} ended with ${answer.raw}`]),
    ...(endless ? [`${backend.name} cannot stop after a number of iterations: solved to its end`] : []),
  ];
  const found = { multipliers, ended, reasons, buildMs: built - start };
  if (usable === undefined) return { ...found, plan: rescued(problem, plan), solveMs: now() - built };
  const settled = oneWaySettled(problem, usable, { backend, multipliers, gap: options.gap });
  return { ...found, ...settled, reasons: [...reasons, ...settled.reasons], solveMs: now() - built };
}
