/**
 * What steps and billed peaks prove together. While a peak stays below a level, no charger runs in an interval that its least
 * power alone would lift above it, and what all draw is a whole number of steps. Ranges of peaks are cut in two until
 * each proves enough; together they leave no plan out. Source: docs/model.md, "Certificate".
 * @module
 */
import type { DepotProblem, Multipliers, PeakTree, Session } from '../problem.ts';
import { dualBound } from './bound.ts';
import type { DualProof } from './bound.ts';
import { capOf, eachBlock, hasOwnSources, sumOf, weightOf } from './terms.ts';

/** Overlap of two ranges, kW: a plan at the cut itself lies in both. */
const overlapKw = 1e-5;
/** Rounding of a quotient that stands for a whole number of steps. */
const stepNoise = 1e-6;

/** Billed peaks by window: at least `lowKw`, below `highKw`. */
export interface PeakRange {
  readonly lowKw: readonly number[];
  readonly highKw: readonly number[];
}

/** The range of every plan. */
export function allPeaks({ demand }: DepotProblem): PeakRange {
  return { lowKw: demand.map(() => 0), highKw: demand.map(() => Infinity) };
}

/** `range` below and above a peak of one window. */
export function cutAt(
  range: PeakRange,
  window: number,
  atKw: number,
): { readonly below: PeakRange; readonly above: PeakRange } {
  const put = (of: readonly number[], kw: number): number[] => of.map((v, k) => (k === window ? kw : v));
  return {
    below: { ...range, highKw: put(range.highKw, Math.min(range.highKw[window], atKw)) },
    above: { ...range, lowKw: put(range.lowKw, Math.max(range.lowKw[window], atKw)) },
  };
}

/** [T] most that all vehicles draw while peaks stay below `highKw`, kW. */
function roomBelow(problem: DepotProblem, { highKw }: PeakRange): Float64Array {
  const room = new Float64Array(problem.intervals).fill(Infinity);
  problem.demand.forEach((window, k) => {
    if (highKw[k] === Infinity) return;
    eachBlock(problem, window, (_, from, to, length, pastKw) => {
      const left = length * (highKw[k] - overlapKw) - sumOf(problem.fixedLoadKw, from, to) - pastKw;
      for (let t = from; t < to; t++) room[t] = Math.min(room[t], left);
    });
  });
  return room;
}

/** The least power of a charger and the unit that all its powers are multiples of; 0 where any power will do. */
function unitOf({ minKw, stepKw, phaseSwitches }: Session): {
  readonly least: number;
  readonly unit: number;
} {
  const share = phaseSwitches === undefined ? 1 : 1 / 3;
  const least = stepKw > 0 ? Math.max(1, Math.ceil(minKw / stepKw - stepNoise)) * stepKw : minKw;
  return { least: least * share, unit: stepKw * share };
}

/** Powers that all vehicles present in an interval can draw together. */
export interface Lattice {
  /** [T] the least other than 0; Infinity where nobody is there. */
  readonly least: Float64Array;
  /** [T] they are multiples of it; 0 where any power will do. */
  readonly unit: Float64Array;
}

/** See `Lattice`. */
export function latticeOf({ sessions, intervals }: DepotProblem): Lattice {
  const least = new Float64Array(intervals).fill(Infinity);
  const unit = new Float64Array(intervals).fill(Infinity);
  for (const session of sessions) {
    const own = unitOf(session);
    for (let t = session.arrive; t < session.depart; t++) {
      least[t] = Math.min(least[t], own.least);
      const [small, large] = [Math.min(unit[t], own.unit), Math.max(unit[t], own.unit)];
      const times = large / small;
      // Of two units one has to be a multiple of the other.
      unit[t] = large === Infinity || Math.abs(times - Math.round(times)) < 1e-9 ? small : 0;
    }
  }
  return { least, unit: unit.map((kw) => (kw === Infinity ? 0 : kw)) };
}

/** The highest power at or below `kw` that vehicles can draw together in interval `t`. */
export function drawnBelow({ least, unit }: Lattice, t: number, kw: number): number {
  if (!(kw >= least[t] - stepNoise)) return 0;
  return unit[t] > 0 ? Math.floor(kw / unit[t] + stepNoise) * unit[t] : kw;
}

/** Whether the grid connection sees of vehicles what they draw, no less and no more. */
function seesDraw(problem: DepotProblem): boolean {
  return (
    problem.connectors.every(({ reserveKw }) => reserveKw === 0) &&
    problem.sessions.every((_, s) => weightOf(problem, s) === 1)
  );
}

/** The problem whose plans are those of `problem` with peaks in `range`, and perhaps others. */
export function withPeaksIn(problem: DepotProblem, range: PeakRange): DepotProblem {
  const room = roomBelow(problem, range);
  const lattice = latticeOf(problem);
  const demand = problem.demand.map((window, k) => ({
    ...window,
    floorKw: Math.max(window.floorKw, range.lowKw[k] - 2 * overlapKw),
  }));
  const sessions = problem.sessions.map((session, s): Session => {
    const { arrive, depart } = session;
    const maxKw = Float64Array.from({ length: Math.max(0, depart - arrive) }, (_, i) =>
      Math.max(0, Math.min(capOf(problem, s, arrive + i), room[arrive + i])),
    );
    return { ...session, maxKw };
  });
  const top = (limitKw: Float64Array): Float64Array =>
    limitKw.map((kw, t) => (room[t] === Infinity ? kw : Math.min(kw, drawnBelow(lattice, t, room[t]))));
  const circuits = seesDraw(problem)
    ? problem.circuits.map((circuit, g) => (g > 0 ? circuit : { ...circuit, limitKw: top(circuit.limitKw) }))
    : problem.circuits;
  return { ...problem, demand, sessions, circuits };
}

/** The proof of one range: that of its multipliers. */
export function rangeBound(problem: DepotProblem, range: PeakRange, multipliers: Multipliers): DualProof {
  return dualBound(withPeaksIn(problem, range), multipliers, 'stepped');
}

/**
 * A lower bound of every plan in steps: the least of all ranges. Nothing where the site has sources of its own, whose draw
 * is not that of its vehicles.
 */
export function peaksBound(
  problem: DepotProblem,
  tree: PeakTree,
  range: PeakRange = allPeaks(problem),
): DualProof {
  if (hasOwnSources(problem)) return { bound: -Infinity, dualResidual: 0 };
  if (tree.kind === 'proof') return rangeBound(problem, range, tree.multipliers);
  const { below, above } = cutAt(range, tree.window, tree.atKw);
  const [low, high] = [peaksBound(problem, tree.below, below), peaksBound(problem, tree.above, above)];
  return {
    bound: Math.min(low.bound, high.bound),
    dualResidual: Math.max(low.dualResidual, high.dualResidual),
  };
}
