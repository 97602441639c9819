/**
 * The planner of most seeded worlds: the plan in force goes on where it can, what is missing is filled in for vehicles in
 * order of urgency, as early and as fast as every limit lets it. Prices are flat there and nothing is sold back, so the
 * earliest interval is the cheapest. Its plans are counted out by
 * the solver's own account like any other, and a plan that breaks a limit is not certified.
 * @module
 */
import { account } from '#solver/certificate/account';
import { energyNoise, urgencyOrder } from '#solver/fill';
import { Ledger, roomNoise } from '#solver/ledger';
import { levelAbove, levelBelow } from '#solver/levels';
import { zeroMultipliers } from '#solver/multipliers';
import type { DepotProblem, Solution } from '#solver/problem';
import { withSteppedCaps } from '#solver/repair';

/** Break of a limit that is rounding, kW. */
const residualMax = 1e-6;

/** Sets again what the plan in force gives a session, as far as it is still needed and still fits. */
function keep(ledger: Ledger, s: number): void {
  const { problem } = ledger;
  const session = problem.sessions[s];
  const before = session && problem.previousKw?.get(session.id);
  if (session === undefined || before === undefined) return;
  for (let t = session.arrive; t < session.depart; t++) {
    const wantedKw = ledger.missing(s) / problem.intervalH;
    if (wantedKw * problem.intervalH <= energyNoise) return;
    const kw = levelBelow(session, Math.min(before[t - session.arrive] ?? 0, ledger.highest(s, t)));
    const most = levelAbove(session, wantedKw);
    if (kw > roomNoise) ledger.set(s, t, Math.min(kw, most));
  }
}

/** Fills one session from its arrival on. */
function fillForward(ledger: Ledger, s: number): void {
  const { problem } = ledger;
  const session = problem.sessions[s];
  if (session === undefined) return;
  for (let t = session.arrive; t < session.depart; t++) {
    const missingKw = ledger.missing(s) / problem.intervalH;
    if (missingKw * problem.intervalH <= energyNoise) return;
    const now = ledger.at(s, t);
    const most = levelBelow(session, ledger.highest(s, t));
    if (most <= now + roomNoise) continue;
    ledger.set(s, t, Math.min(most, levelAbove(session, now + missingKw)));
  }
}

/** Energy that a plan leaves missing, kWh. */
function missingIn(ledger: Ledger): number {
  return ledger.problem.sessions.reduce((sum, _, s) => sum + Math.max(0, ledger.missing(s)), 0);
}

/** How plans are made: `swapped`: from nothing, each time with another vehicle first. */
export type PlanStart = 'plan in force' | 'nothing' | 'swapped';

/** How a seed plans. What is wrong with changing profiles shows where they change: power goes from vehicle to vehicle. */
export function planStartOf(seed: number): PlanStart {
  return (['nothing', 'plan in force', 'swapped', 'swapped'] as const)[seed % 4] ?? 'nothing';
}

/** Sessions in order of urgency, or with others first each time. */
function orderOf(problem: DepotProblem, from: PlanStart, turn: number): readonly number[] {
  const order = urgencyOrder(problem);
  const first = from === 'swapped' && order.length > 0 ? turn % order.length : 0;
  return [...order.slice(first), ...order.slice(0, first)];
}

function planned(problem: DepotProblem, from: PlanStart, turn: number): Ledger {
  const ledger = new Ledger(problem);
  const order = orderOf(problem, from, turn);
  if (from === 'plan in force') for (const s of order) keep(ledger, s);
  for (const s of order) fillForward(ledger, s);
  return ledger;
}

/** The plan by the way that a seed plans, or one by urgency alone where that leaves less energy missing. */
function bestOf(problem: DepotProblem, from: PlanStart, turn: number): Ledger {
  const own = planned(problem, from, turn);
  const missingKwh = missingIn(own);
  if (from === 'nothing' || missingKwh <= energyNoise) return own;
  const fresh = planned(problem, 'nothing', turn);
  return missingIn(fresh) < missingKwh - energyNoise ? fresh : own;
}

/** A feasible plan of steps and its account; `turn` counts the plans that were made before. */
export function planForward(problem: DepotProblem, from: PlanStart, turn = 0): Solution {
  const { powerKw } = bestOf(withSteppedCaps(problem), from, turn);
  const plan = { powerKw };
  const counted = account(problem, plan, 'stepped');
  const { objective, cost, shortfallKwh, peaksKw, primalResidual } = counted;
  return {
    status: 'feasible',
    solver: 'forward',
    objective,
    bound: 0,
    gap: 0,
    cost,
    ...plan,
    shortfallKwh,
    peaksKw,
    certificate: { primalResidual, dualResidual: 0, valid: primalResidual <= residualMax },
    // Nobody asks for them in a world.
    get multipliers() {
      return zeroMultipliers(problem);
    },
    reasons: [],
    repairCost: 0,
    timings: { buildMs: 0, solveMs: 0, checkMs: 0 },
  };
}
