/**
 * Decides where each vehicle charges at all: powers between 0 and the minimum are settled as on or off, largest first,
 * and the program is solved again with minimum powers as bounds, until every power is 0 or above its minimum.
 * @module
 */
import type { LpBackend } from './backends/backend.ts';
import { formulate, planOf } from './formulate.ts';
import type { Formulation } from './formulate.ts';
import { Ledger, roomNoise } from './ledger.ts';
import { lowestLevel } from './levels.ts';
import type { Plan } from './plan.ts';
import type { DepotProblem } from './problem.ts';

/** Rounds of settling; in the last one whatever is at 0 stays there. */
const roundsMax = 4;
/** Share of its minimum from which a power is settled as on. */
const onShare = 0.5;

interface Pair {
  readonly s: number;
  readonly t: number;
  readonly share: number;
}

/** Bounds of the pair's columns: at least the minimum, or nothing at all. */
function bound(formulation: Formulation, pair: Pair, choice: 'on' | 'off', bounds: Bounds): void {
  const { problem, pairStart, freeColumn, seenColumn } = formulation;
  const session = problem.sessions[pair.s];
  const at = pairStart[pair.s] + pair.t - session.arrive;
  let least = lowestLevel(session);
  for (const column of [freeColumn[at], seenColumn[at]]) {
    if (column < 0) continue;
    if (choice === 'off') {
      bounds.upper[column] = 0;
      bounds.lower[column] = 0;
      continue;
    }
    bounds.lower[column] = Math.min(least, bounds.upper[column]);
    least -= bounds.lower[column];
  }
}

interface Bounds {
  readonly lower: Float64Array;
  readonly upper: Float64Array;
}

/** Pairs with power, those nearest to their minimum first. */
function ranked(problem: DepotProblem, plan: Plan): Pair[] {
  const pairs: Pair[] = [];
  for (const [s, session] of problem.sessions.entries()) {
    const lowest = lowestLevel(session);
    if (lowest <= 0) continue;
    for (const [i, kw] of plan.powerKw[s].entries()) {
      pairs.push({ s, t: session.arrive + i, share: kw / lowest });
    }
  }
  return pairs.sort((a, b) => b.share - a.share || a.s - b.s || a.t - b.t);
}

/** What one round settles, as bounds, and how many powers were still below their minimum. */
function settle(formulation: Formulation, plan: Plan, last: boolean): { bounds: Bounds; open: number } {
  const { program, problem } = formulation;
  const bounds = { lower: program.lower.slice(), upper: program.upper.slice() };
  const ledger = new Ledger(problem);
  let open = 0;
  for (const pair of ranked(problem, plan)) {
    const { s, t, share } = pair;
    if (share > roomNoise && share < 1 - 1e-6) open++;
    if (share <= roomNoise && !last) continue;
    const least = lowestLevel(problem.sessions[s]);
    const fits =
      share >= onShare &&
      ledger.highest(s, t) >= least - roomNoise &&
      ledger.missing(s) >= least * problem.intervalH - roomNoise;
    if (fits) ledger.set(s, t, least);
    bound(formulation, pair, fits ? 'on' : 'off', bounds);
  }
  return { bounds, open };
}

/** A plan whose powers are 0 or at least their minimum, from one that is optimal without minima. */
export function divePlan(problem: DepotProblem, relaxed: Plan, backend: LpBackend): Plan {
  const formulation = formulate(problem);
  const model = backend.open(formulation.program, 'on');
  try {
    let plan = relaxed;
    for (let round = 1; round <= roundsMax; round++) {
      const { bounds, open } = settle(formulation, plan, round === roundsMax);
      if (open === 0) return plan;
      model.setColumnBounds(bounds.lower, bounds.upper);
      const answer = model.run({ integerGap: 0 });
      if (answer.status !== 'optimal') return plan;
      plan = planOf(formulation, answer.columnValue);
    }
    return plan;
  } finally {
    model.dispose();
  }
}
