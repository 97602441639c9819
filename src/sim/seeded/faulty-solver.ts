/** A solver that fails, lies or takes its time, in the spans that a plan says. @module */
import type { EpochS } from '#domain/units';
import type { LoopParts } from '#engine/loop';
import type { Solution } from '#solver/problem';
import type { VirtualClock } from '../virtual-clock.ts';
import type { WorldEvent } from './world-plan.ts';

/** Seconds after which a solve that is not done is given up, as the solver's thread does. */
export const solveGivenUpS = 120;

type SolverFault = Extract<WorldEvent, { kind: 'solver' }>;

/** Three times the power of a solution, and nothing that vouches for it. */
function lie(solution: Solution): Solution {
  return {
    ...solution,
    powerKw: solution.powerKw.map((row) => row.map((kw) => 3 * kw)),
    certificate: { ...solution.certificate, valid: false },
  };
}

/** What a faulty solver is made of. */
export interface FaultySolverParts {
  readonly events: readonly WorldEvent[];
  readonly clock: VirtualClock;
  readonly solve: LoopParts['solve'];
  /** A solve takes a while: `done` is to be called at the end of it, once. */
  readonly wait: (untilS: EpochS, done: () => void) => void;
}

/** A solver under the faults among events. */
export function createFaultySolver({ events, clock, solve, wait }: FaultySolverParts): LoopParts['solve'] {
  const faults = events.flatMap((event): SolverFault[] => (event.kind === 'solver' ? [event] : []));
  if (faults.length === 0) return solve;
  return async (problem, options) => {
    const now = clock.now();
    const due = faults.filter(({ fromS, untilS }) => fromS <= now && now < untilS);
    const slow = due.find(({ how }) => how === 'slow');
    if (slow !== undefined) {
      const takesS = Math.min(slow.takesS, solveGivenUpS);
      await new Promise<void>((resolve) => wait((now + takesS) as EpochS, resolve));
      if (takesS === solveGivenUpS) throw new Error(`the solver gave no answer within ${solveGivenUpS} s`);
    }
    if (due.some(({ how }) => how === 'fails')) throw new Error('the solver has failed');
    const solution = await solve(problem, options);
    return due.some(({ how }) => how === 'lies') ? lie(solution) : solution;
  };
}
