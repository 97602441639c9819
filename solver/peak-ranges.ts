/**
 * How much of what steps cost no plan in steps avoids. An optimum of any powers draws a little in many intervals of a peak
 * window; chargers give their least power there or nothing. Ranges of billed peaks are cut where that is so, the
 * lowest bound first, each solved as a continuous depot of its own. Their plans draw whole steps, and so are better ones
 * to repair. Source: docs/model.md, "Steps".
 * @module
 */
import { allPeaks, cutAt, drawnBelow, latticeOf, rangeBound, withPeaksIn } from './certificate/peaks.ts';
import type { Lattice, PeakRange } from './certificate/peaks.ts';
import type { Answer } from './engines.ts';
import type { Plan } from './plan.ts';
import type { DepotProblem, Multipliers, PeakTree, WarmStart } from './problem.ts';

/** Most ranges that are solved. */
const rangesMax = 48;
/** Money, as a share of the plan's cost, below which a bound is as good as the plan. */
const nearShare = 1e-4;
/** Power in an interval that counts as drawn, and difference of peaks that counts, kW: more than ranges overlap. */
const drawnMin = 1e-4;

/** A range with its continuous plan, a leaf until it is cut. */
interface Leaf {
  readonly range: PeakRange;
  readonly problem: DepotProblem;
  readonly answer: Answer;
  readonly bound: number;
  cut?: { readonly window: number; readonly atKw: number; readonly below: Leaf; readonly above: Leaf };
}

/** Where to cut a range: below `atKw` the intervals above it lose what they draw between steps. */
interface Cut {
  readonly window: number;
  readonly atKw: number;
}

/** What is known of the peaks of a depot in steps. */
export interface PeakProof {
  readonly tree: PeakTree;
  readonly bound: number;
  /** Depots of the lowest ranges with their continuous plans, lowest bound first. */
  readonly ranges: readonly { readonly problem: DepotProblem; readonly plan: Plan }[];
}

/** Vehicles whose energy is what whole steps add up to. */
function inWholeSteps(problem: DepotProblem): DepotProblem {
  const sessions = problem.sessions.map((session) => {
    const quantumKwh = session.phaseSwitches === undefined ? session.stepKw * problem.intervalH : 0;
    if (quantumKwh <= 0) return session;
    return { ...session, energyKwh: Math.ceil(session.energyKwh / quantumKwh - 1e-9) * quantumKwh };
  });
  return { ...problem, sessions };
}

/** Whether a plan leaves some vehicle short. */
function isShort({ sessions, intervalH }: DepotProblem, { powerKw }: Plan): boolean {
  return sessions.some(
    ({ energyKwh }, s) => energyKwh - powerKw[s].reduce((sum, kw) => sum + kw * intervalH, 0) > drawnMin,
  );
}

/** [T] what vehicles draw. */
function drawnOf({ sessions, intervals }: DepotProblem, { powerKw }: Plan): Float64Array {
  const drawn = new Float64Array(intervals);
  for (const [s, kw] of powerKw.entries()) {
    for (let i = 0; i < kw.length; i++) drawn[sessions[s].arrive + i] += kw[i];
  }
  return drawn;
}

/**
 * The cut that lifts both halves most, by what each interval at the peak draws between steps: below the cut it has to draw
 * less, above it the peak is dearer. Undefined where all draw whole steps.
 */
function cutOf(
  problem: DepotProblem,
  lattice: Lattice,
  leaf: Pick<Leaf, 'range' | 'answer'>,
): Cut | undefined {
  const drawn = drawnOf(problem, leaf.answer.plan);
  let best: Cut | undefined;
  let most = 0;
  for (const [window, { pricePerKw, counts, blockIntervals, floorKw }] of problem.demand.entries()) {
    if (pricePerKw <= 0 || blockIntervals > 1) continue;
    const total = problem.fixedLoadKw.map((kw, t) => (counts[t] === 1 ? kw + drawn[t] : 0));
    const peakKw = total.reduce((top, kw) => Math.max(top, kw), Math.max(floorKw, leaf.range.lowKw[window]));
    const tops = [...total.keys()].filter((t) => drawn[t] > drawnMin && total[t] >= peakKw - drawnMin);
    const steps = tops
      .map((t) => {
        const held = drawnBelow(lattice, t, drawn[t] + drawnMin);
        const next = held === 0 ? lattice.least[t] : held + lattice.unit[t];
        return { atKw: total[t] - drawn[t] + next, lost: drawn[t] - held };
      })
      .filter(({ atKw, lost }) => lost > drawnMin && atKw < leaf.range.highKw[window])
      .sort((a, b) => a.atKw - b.atKw);
    const worth = pricePerKw / Math.max(1, tops.length);
    let below = steps.reduce((sum, { lost }) => sum + lost * worth, 0);
    for (const { atKw, lost } of steps) {
      const gain = Math.min(below, (atKw - peakKw) * pricePerKw);
      if (gain > most) [most, best] = [gain, { window, atKw }];
      below -= lost * worth;
    }
  }
  return best;
}

const treeOf = ({ cut, answer }: Leaf): PeakTree =>
  cut === undefined
    ? { kind: 'proof', multipliers: answer.multipliers }
    : { kind: 'cut', ...cut, below: treeOf(cut.below), above: treeOf(cut.above) };

/**
 * Bounds of plans in steps by ranges of their peaks; undefined where they prove no more than `multipliers`. `cost` is that of
 * a plan in steps, `solved` the optimum of any powers of a depot.
 */
export async function peakProof(
  problem: DepotProblem,
  given: { readonly cost: number; readonly multipliers: Multipliers },
  solved: (problem: DepotProblem, warm: WarmStart | undefined) => Promise<Answer>,
): Promise<PeakProof | undefined> {
  const lattice = latticeOf(problem);
  const asked = inWholeSteps(problem);
  const leafOf = async (range: PeakRange, warm?: WarmStart): Promise<Leaf> => {
    const within = withPeaksIn(asked, range);
    const proven = async (of: DepotProblem): Promise<Leaf> => {
      const answer = await solved(of, warm);
      const { bound } = rangeBound(problem, range, answer.multipliers);
      return { range, problem: within, answer, bound };
    };
    const leaf = await proven(within);
    if (!isShort(within, leaf.answer.plan)) return leaf;
    // A last step that does not fit is dear to the program, and not to a plan that goes without a part of it.
    const plain = await proven(withPeaksIn(problem, range));
    return plain.bound > leaf.bound ? plain : leaf;
  };
  const enough = given.cost - nearShare * Math.abs(given.cost);
  const root = await leafOf(allPeaks(problem));
  const leaves = [root];
  const settled: Leaf[] = [];
  for (let solves = 1; solves + 2 <= rangesMax;) {
    leaves.sort((a, b) => a.bound - b.bound);
    const lowest = leaves.shift();
    if (lowest === undefined) break;
    const cut = lowest.bound < enough ? cutOf(asked, lattice, lowest) : undefined;
    if (cut === undefined) {
      settled.push(lowest);
      // The lowest bound of all cannot be lifted any more.
      break;
    }
    const { below, above } = cutAt(lowest.range, cut.window, cut.atKw);
    const { warm } = lowest.answer;
    const halves = { below: await leafOf(below, warm), above: await leafOf(above, warm) };
    lowest.cut = { ...cut, ...halves };
    leaves.push(halves.below, halves.above);
    solves += 2;
  }
  const all = [...settled, ...leaves].sort((a, b) => a.bound - b.bound);
  const bound = all[0].bound;
  if (!(bound > rangeBound(problem, allPeaks(problem), given.multipliers).bound)) return undefined;
  const ranges = all.map(({ problem: of, answer }) => ({ problem: of, plan: answer.plan }));
  return { tree: treeOf(root), bound, ranges };
}
