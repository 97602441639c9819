/** Every claim of a solution, counted again. @module */
import type { Powers } from '../plan.ts';
import type { DepotProblem, Solution } from '../problem.ts';
import { account } from './account.ts';
import { branchesBound, dualBound } from './bound.ts';
import type { DualProof } from './bound.ts';
import { peaksBound } from './peaks.ts';

/** Largest break of a limit, kW or kWh, and largest relative error of money, that a valid solution may carry. */
export const residualMax = 1e-6;

/** What was found when a solution was checked. */
export interface Verdict {
  readonly primalResidual: number;
  readonly dualResidual: number;
  /** Claims that do not hold, in words; empty where the solution is valid. */
  readonly broken: readonly string[];
}

type Claims = Omit<Solution, 'certificate' | 'timings' | 'duals' | 'reasons' | 'repairCost' | 'solver'>;

/** Whether two numbers are the same up to rounding; NaN is like nothing. */
function near(claimed: number, counted: number): boolean {
  return Math.abs(claimed - counted) <= residualMax * Math.max(1, Math.abs(counted));
}

function allNear(claimed: ArrayLike<number>, counted: ArrayLike<number>): boolean {
  if (claimed.length !== counted.length) return false;
  for (let i = 0; i < counted.length; i++) if (!near(claimed[i], counted[i])) return false;
  return true;
}

/** The bound that follows from what a solution hands on. */
export function proofOf(
  problem: DepotProblem,
  { multipliers, branches, peakTree }: Pick<Claims, 'multipliers' | 'branches' | 'peakTree'>,
  powers: Powers,
): DualProof {
  if ((problem.choices ?? []).length > 0) return branchesBound(problem, branches ?? [], powers);
  if (peakTree !== undefined && powers === 'stepped') return peaksBound(problem, peakTree);
  return dualBound(problem, multipliers, powers);
}

/** The verdict on `claims`, from the problem alone. */
export function verify(problem: DepotProblem, claims: Claims, powers: Powers, gapMax: number): Verdict {
  const counted = account(problem, claims, powers);
  const chosen = (problem.choices ?? []).map(
    ({ id, options }, c) => [id, options[counted.picks[c]]?.id] as const,
  );
  const proof = proofOf(problem, claims, powers);
  const scale = Math.max(1, Math.abs(counted.objective));
  const gap = (counted.objective - proof.bound) / Math.max(1, Math.abs(proof.bound));
  const rules: readonly (readonly [boolean, string])[] = [
    [counted.primalResidual <= residualMax, `limit broken: ${counted.worst}`],
    [proof.dualResidual <= residualMax * scale, 'multipliers have the wrong sign or sum'],
    [Number.isFinite(proof.bound), 'no bound follows from the multipliers'],
    [gap >= -residualMax, 'the plan costs less than is possible'],
    [near(claims.objective, counted.objective), 'objective'],
    [claims.bound <= proof.bound + residualMax * scale, 'bound'],
    [near(claims.gap, gap), 'gap'],
    [claims.status !== 'optimal' || gap <= gapMax, 'called optimal beyond the gap'],
    [near(claims.cost.energy, counted.cost.energy), 'energy cost'],
    [near(claims.cost.demand, counted.cost.demand), 'demand cost'],
    [near(claims.cost.shortfall, counted.cost.shortfall), 'shortfall cost'],
    [near(claims.cost.wear, counted.cost.wear), 'wear cost'],
    [near(claims.cost.earliness, counted.cost.earliness), 'earliness cost'],
    [allNear(claims.shortfallKwh, counted.shortfallKwh), 'shortfall'],
    [allNear(claims.peaksKw, counted.peaksKw), 'peaks'],
    [allNear(claims.charged ?? [], counted.charged), 'charges'],
    [chosen.every(([id, option]) => claims.chosen?.[id] === option), 'ways of charging'],
  ];
  return {
    primalResidual: counted.primalResidual,
    dualResidual: proof.dualResidual,
    broken: rules.filter(([holds]) => !holds).map(([, claim]) => claim),
  };
}
