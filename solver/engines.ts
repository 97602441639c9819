/** Which engine answers, and why. @module */
import { highsBackend } from './backends/highs.ts';
import type { LpBackend } from './backends/backend.ts';
import { burns, oneWaySettled, provenBy, rescued, solveFull } from './full.ts';
import type { Found } from './full.ts';
import { greedyPlan } from './greedy.ts';
import { hasSources, zeroMultipliers } from './multipliers.ts';
import type { DepotProblem, SolveOptions } from './problem.ts';
import { withinStore } from './one-way.ts';
import { simplexBackend } from './backends/simplex.ts';
import { structureObstacle } from './structured/network.ts';
import { solveStructured } from './structured/solve-structured.ts';

/** Most intervals with PV or a battery whose program over slots the dense simplex solves faster than HiGHS. */
const denseIntervalsMax = 144;

/** A continuous plan, its proof, and who found it. */
export interface Answer extends Found {
  readonly solver: 'structured' | 'highs' | 'javascript-lp-solver' | 'greedy';
}

/** The plan of last resort, with the bound that no limit binds. */
export function emergency(problem: DepotProblem, reasons: readonly string[]): Answer {
  return {
    solver: 'greedy',
    plan: greedyPlan(problem, 'continuous'),
    multipliers: zeroMultipliers(problem),
    ended: 'failed',
    reasons,
    buildMs: 0,
    solveMs: 0,
  };
}

/** Columns and rows that the whole program has at most. */
function sizeOf(problem: DepotProblem): number {
  const { sessions, circuits, intervals } = problem;
  const pairs = sessions.reduce((sum, { arrive, depart }) => sum + Math.max(0, depart - arrive), 0);
  return 2 * pairs + sessions.length + circuits.length * intervals;
}

/** A back end for whole programs. */
type WholeBackend = LpBackend<'highs' | 'javascript-lp-solver'>;

function fullAnswer(problem: DepotProblem, backend: WholeBackend, options: SolveOptions): Answer {
  const found = solveFull(problem, backend, options);
  if (found.ended === 'failed') return emergency(problem, found.reasons);
  return { ...found, solver: backend.name };
}

/** `found` with a battery that does one thing at a time, and PV that fits. */
async function storeSettled(problem: DepotProblem, found: Found, { gap }: SolveOptions): Promise<Found> {
  if (problem.battery === undefined) return found;
  const plan = withinStore(problem, found.plan);
  const { multipliers } = found;
  if (!burns(problem, plan, { multipliers, gap })) return { ...found, plan };
  const settled = oneWaySettled(problem, plan, { backend: await highsBackend(), multipliers, gap });
  return { ...found, ...settled, reasons: [...found.reasons, ...settled.reasons] };
}

/** The structured engine where the problem has the structure, the whole program where it has not. */
async function structuredAnswer(problem: DepotProblem, options: SolveOptions): Promise<Answer> {
  const full = async (reason: string): Promise<Answer> => {
    const answer = fullAnswer(problem, await highsBackend(), options);
    return { ...answer, reasons: [reason, ...answer.reasons] };
  };
  const obstacle = structureObstacle(problem);
  if (obstacle !== undefined) return full(`${obstacle}: the whole program instead of the structured engine`);
  const large = hasSources(problem) && problem.intervals > denseIntervalsMax;
  const found = solveStructured(problem, large ? await highsBackend() : simplexBackend, options);
  if (found.ended === 'optimal')
    return { ...(await storeSettled(problem, found, options)), solver: 'structured' };
  if (found.ended === 'limit' && options.iterationsMax !== undefined) {
    const reasons = [...found.reasons, `stopped after ${options.iterationsMax} rounds`];
    const multipliers = provenBy(problem, found.multipliers);
    return { ...found, plan: rescued(problem, found.plan), multipliers, reasons, solver: 'structured' };
  }
  return full([...found.reasons, 'the structured engine did not converge: the whole program'].join(', '));
}

/** The continuous plan of the engine asked for, or of the fittest one. */
export async function continuousAnswer(problem: DepotProblem, options: SolveOptions): Promise<Answer> {
  switch (options.solver) {
    case 'greedy':
      return emergency(problem, ['greedy was asked for']);
    case 'javascript-lp-solver': {
      const { javascriptLpSolverBackend } = await import('./backends/javascript-lp-solver.ts');
      const { sizeMax } = javascriptLpSolverBackend.capabilities;
      if (sizeOf(problem) <= sizeMax) return fullAnswer(problem, javascriptLpSolverBackend, options);
      const answer = fullAnswer(problem, await highsBackend(), options);
      const reason = `too large for javascript-lp-solver (${sizeOf(problem)} > ${sizeMax}): highs instead`;
      return { ...answer, reasons: [reason, ...answer.reasons] };
    }
    case 'highs':
      return fullAnswer(problem, await highsBackend(), options);
    case 'structured':
    case undefined:
      return structuredAnswer(problem, options);
  }
}
