/**
 * Of all plans of one cost the one nearest to the plan in force, so that chargers are not told something else every
 * quarter of an hour for no money. A stage of its own after the optimum: never a cost in it.
 * Source: docs/model.md, "Stability".
 * @module
 */
import type { LpBackend } from './backends/backend.ts';
import { account } from './certificate/account.ts';
import type { Account } from './certificate/account.ts';
import { residualMax } from './certificate/verify.ts';
import { energyNoise, fillSession, trimSession, urgencyOrder } from './fill.ts';
import { formulate, planOf } from './formulate.ts';
import { Ledger } from './ledger.ts';
import { isContinuous, levelBelow } from './levels.ts';
import { nearerPowers, weightOf } from './nearer.ts';
import { hasSources } from './multipliers.ts';
import type { Plan, Powers } from './plan.ts';
import type { DepotProblem } from './problem.ts';
import { shavePeaks } from './shave.ts';
import { drawnOf, siteExtraOf, withSiteFlows } from './site-flows.ts';
import { structureObstacle } from './structured/network.ts';

/** Continuous costs that differ by less than this share count as equal. */
const equalShare = 1e-7;
/** The same for steps, which a coarser search finds, as a share of the money that plans can differ in. */
const steppedShare = 1e-3;
/** Most (session, interval) pairs for which the nearest plan is solved for as a program. */
const pairsMax = 6_000;

/** The plan in force carried over: as far as limits allow, with energy added or taken where it must be; then shaved. */
function* carriedOver(
  problem: DepotProblem,
  best: Plan,
  powers: Powers,
  peaksKw: Float64Array,
): Generator<Plan> {
  const ledger = new Ledger(problem, siteExtraOf(problem, best));
  ledger.raisePeaks(peaksKw, drawnOf(problem, best));
  const order = urgencyOrder(problem);
  for (const s of order) {
    const session = problem.sessions[s];
    const last = problem.previousKw?.get(session.id);
    for (let i = 0; i < ledger.powerKw[s].length; i++) {
      const t = session.arrive + i;
      const wanted = Math.min(last?.[i] ?? 0, ledger.highest(s, t));
      const fits = powers === 'continuous' ? Math.min(wanted, ledger.missing(s) / problem.intervalH) : wanted;
      if (!(fits > 0)) continue;
      ledger.set(s, t, powers === 'continuous' || isContinuous(session) ? fits : levelBelow(session, fits));
    }
    if (powers === 'stepped') trimSession(ledger, s);
  }
  for (const s of order) if (ledger.missing(s) > energyNoise) fillSession(ledger, s, powers);
  yield withSiteFlows(problem, { ...best, powerKw: ledger.powerKw.map((kw) => kw.slice()) });
  if (powers === 'continuous') return;
  shavePeaks(ledger, peaksKw);
  for (const s of order) trimSession(ledger, s);
  yield withSiteFlows(problem, { ...best, powerKw: ledger.powerKw });
}

/** Whether vehicles alone decide what is drawn, as a network of flows. */
export function isFlow(problem: DepotProblem): boolean {
  return !hasSources(problem) && structureObstacle(problem) === undefined;
}

interface Wish {
  readonly columns: readonly number[];
  /** 1 per column of charging, -1 of feeding back. */
  readonly signs: readonly number[];
  readonly kw: number;
  readonly weight: number;
}

/** Among plans that cost no more than `cost` the one with the least weighed change of power. */
export function nearestPlan(problem: DepotProblem, cost: number, backend: LpBackend): Plan | undefined {
  const formulation = formulate(problem);
  const { program, pairStart, freeColumn, seenColumn, backColumn } = formulation;
  const wishes: Wish[] = [];
  for (const [s, session] of problem.sessions.entries()) {
    const last = problem.previousKw?.get(session.id);
    if (last === undefined) continue;
    for (let i = 0; i < pairStart[s + 1] - pairStart[s]; i++) {
      const at = pairStart[s] + i;
      const charging = [freeColumn[at], seenColumn[at]].filter((column) => column >= 0);
      const feeding = [backColumn[at]].filter((column) => column >= 0);
      const columns = [...charging, ...feeding];
      const most = (of: readonly number[]): number =>
        of.reduce((sum, column) => sum + program.upper[column], 0);
      const kw = Math.max(-most(feeding), Math.min(last[i] ?? 0, most(charging)));
      const signs = columns.map((_, c) => (c < charging.length ? 1 : -1));
      if (columns.length > 0) wishes.push({ columns, signs, kw, weight: weightOf(session.arrive + i) });
    }
  }
  const model = backend.open({ ...program, cost: new Float64Array(program.columns) }, 'on');
  try {
    const zeros = new Float64Array(wishes.length);
    model.addColumns(
      Float64Array.from(wishes, (wish) => wish.weight),
      zeros,
      zeros.map(() => Infinity),
    );
    const costly = Int32Array.from(program.cost.keys()).filter((column) => program.cost[column] !== 0);
    const lower: number[] = [-Infinity];
    const upper: number[] = [cost - program.offset];
    const starts: number[] = [0, costly.length];
    const indices: number[] = [...costly];
    const values: number[] = Array.from(costly, (column) => program.cost[column]);
    for (const [i, { columns, signs, kw }] of wishes.entries()) {
      for (const sign of [1, -1]) {
        // sign * (power - last) <= change
        indices.push(...columns, program.columns + i);
        values.push(...signs.map((direction) => direction * sign), -1);
        lower.push(-Infinity);
        upper.push(sign * kw);
        starts.push(indices.length);
      }
    }
    model.addRows({
      lower: Float64Array.from(lower),
      upper: Float64Array.from(upper),
      starts: Int32Array.from(starts),
      indices: Int32Array.from(indices),
      values: Float64Array.from(values),
    });
    const answer = model.run({ integerGap: 0 });
    return answer.status === 'optimal'
      ? planOf(formulation, answer.columnValue.subarray(0, program.columns))
      : undefined;
  } finally {
    model.dispose();
  }
}

/** Weighed difference of a plan from the one in force, kW. */
export function changeOf(problem: DepotProblem, plan: Plan): number {
  let change = 0;
  for (const [s, session] of problem.sessions.entries()) {
    const last = problem.previousKw?.get(session.id);
    if (last === undefined) continue;
    for (const [i, kw] of plan.powerKw[s].entries()) {
      change += weightOf(session.arrive + i) * Math.abs(kw - (last[i] ?? 0));
    }
  }
  return change;
}

/** By how much costs may differ and still count as equal, money. */
function toleranceOf(problem: DepotProblem, { objective, cost, peaksKw }: Account, powers: Powers): number {
  if (powers === 'continuous') return equalShare * Math.max(1, Math.abs(objective));
  const aboveFloors = problem.demand.reduce(
    (sum, { pricePerKw, floorKw }, k) => sum + pricePerKw * (peaksKw[k] - floorKw),
    0,
  );
  return steppedShare * (Math.abs(cost.energy) + cost.wear + aboveFloors);
}

/**
 * `best`, or a plan of the same cost that changes less of the plan in force. `backend` is for depots that are no network of
 * flows; where it is absent they exchange energy too.
 */
export function steadyPlan(problem: DepotProblem, best: Plan, powers: Powers, backend?: LpBackend): Plan {
  if (problem.previousKw === undefined || problem.previousKw.size === 0) return best;
  const counted = account(problem, best, powers);
  const { objective, peaksKw } = counted;
  const limit = objective + toleranceOf(problem, counted, powers);
  const affordable = (plan: Plan): boolean => {
    const other = account(problem, plan, powers);
    return other.primalResidual <= residualMax && other.objective <= limit;
  };
  const change = changeOf(problem, best);
  const gains = (plan: Plan | undefined): plan is Plan =>
    plan !== undefined && changeOf(problem, plan) < change && affordable(plan);
  for (const carried of carriedOver(problem, best, powers, peaksKw)) if (gains(carried)) return carried;
  if (change <= residualMax) return best;
  const pairs = problem.sessions.reduce((sum, { arrive, depart }) => sum + Math.max(0, depart - arrive), 0);
  if (backend !== undefined && pairs <= pairsMax && !isFlow(problem)) {
    const solved = nearestPlan(problem, (objective + limit) / 2, backend);
    if (gains(solved)) return solved;
  }
  const paid = { powers, peaksKw, drawnKw: drawnOf(problem, best), siteExtraKw: siteExtraOf(problem, best) };
  const nearer = { ...best, powerKw: nearerPowers(problem, best.powerKw, paid) };
  return gains(nearer) ? nearer : best;
}
