/**
 * Which ways of charging have to be solved. What one solve proves carries over: its multipliers bound every other way too,
 * and a way whose bound is no lower than the best plan so far cannot hold a better one. Of what is left the way with the
 * lowest bound goes next. Levels of a subscription make a convex function, so few of them are ever solved.
 * Source: docs/model.md, "Ways of charging".
 * @module
 */
import { dualBound } from './certificate/bound.ts';
import { allPicks, branchOf, constantsOf } from './certificate/choices.ts';
import type { Branch, DemandWindow, DepotProblem, Multipliers } from './problem.ts';

/** Share of the cost by which a way must promise less than the best plan to be solved: rounding. */
const promiseShare = 1e-9;

/** One way, solved or not. */
export interface Way {
  readonly picks: readonly number[];
  /** What proves `bound`: its own multipliers, or those of another way. */
  multipliers: Multipliers | undefined;
  /** As in `Branch`. */
  worth: Branch['worth'];
  bound: number;
}

/** Whether a way may hold a plan that costs less. */
function promises({ bound }: Way, bestCost: number): boolean {
  return bestCost === Infinity || bound < bestCost - promiseShare * Math.max(1, Math.abs(bestCost));
}

/** Windows that meter alike in numbers that are equal for equal ones. */
function metersAlike(demand: readonly DemandWindow[]): number[] {
  const known = new Map<string, number>();
  return demand.map(({ counts, blockIntervals, blockOffset, blockPastKw }) => {
    const key = `${blockIntervals} ${blockOffset} ${blockPastKw} ${counts.join('')}`;
    const group = known.get(key) ?? known.size;
    known.set(key, group);
    return group;
  });
}

/** What blocks are worth in all windows that meter alike, given to those that have a price in `branch`, first ones first. */
function carried(branch: DepotProblem, groups: readonly number[], given: Multipliers): Multipliers {
  const blocks = given.blocks.map((of) => new Float64Array(of.length));
  for (const group of new Set(groups)) {
    const windows = groups.flatMap((of, k) => (of === group ? [k] : []));
    const worth = new Float64Array(given.blocks[windows[0]].length);
    for (const k of windows) for (let b = 0; b < worth.length; b++) worth[b] += given.blocks[k][b];
    let sum = worth.reduce((total, value) => total + value, 0);
    for (const k of windows) {
      if (sum <= 0) break;
      const share = Math.min(1, branch.demand[k].pricePerKw / sum);
      for (let b = 0; b < worth.length; b++) {
        blocks[k][b] = worth[b] * share;
        worth[b] -= blocks[k][b];
      }
      sum -= sum * share;
    }
  }
  return { ...given, blocks };
}

/** See the module. */
export class Ways {
  readonly #problem: DepotProblem;
  readonly #groups: readonly number[];
  readonly all: readonly Way[];
  readonly #left: Set<Way>;

  constructor(problem: DepotProblem) {
    this.#problem = problem;
    this.#groups = metersAlike(problem.demand);
    this.all = allPicks(problem).map((picks) => ({
      picks,
      multipliers: undefined,
      worth: undefined,
      bound: -Infinity,
    }));
    this.#left = new Set(this.all);
  }

  /** The way to solve next, against the cost of the best plan so far; undefined where none can hold a better one. */
  next(bestCost: number): Way | undefined {
    let next: Way | undefined;
    for (const way of this.#left) if (next === undefined || way.bound < next.bound) next = way;
    if (next === undefined || !promises(next, bestCost)) return undefined;
    this.#left.delete(next);
    return next;
  }

  /** Takes the multipliers of `way` with its tests priced by `worth`, where they prove more than is known. */
  prove(way: Way, multipliers: Multipliers, worth?: Branch['worth']): number {
    const { energy, demand } = constantsOf(this.#problem, way.picks, worth);
    const proven = dualBound(branchOf(this.#problem, way.picks, worth), multipliers).bound + energy + demand;
    if (proven > way.bound || way.multipliers === undefined) {
      [way.bound, way.multipliers, way.worth] = [proven, multipliers, worth];
    }
    return proven;
  }

  /** Takes what a solve of `way` has proven, for itself and for all that still promise something. */
  take(way: Way, multipliers: Multipliers, bestCost: number): void {
    this.prove(way, multipliers);
    for (const other of this.#left) {
      if (!promises(other, bestCost)) continue;
      const branch = branchOf(this.#problem, other.picks);
      const candidate = carried(branch, this.#groups, multipliers);
      const { energy, demand } = constantsOf(this.#problem, other.picks);
      const bound = dualBound(branch, candidate).bound + energy + demand;
      if (bound <= other.bound) continue;
      other.bound = bound;
      other.multipliers = candidate;
    }
  }
}
