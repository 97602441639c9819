/**
 * What a unit of each limit is worth, in the problem's own terms: the only thing that a certificate takes from an engine.
 * @module
 */
import type { DepotProblem, Multipliers } from './problem.ts';
import { zeroChargeMultipliers } from './site-charges.ts';

/** The time blocks that one demand window meters. */
export interface MeterBlocks {
  readonly count: number;
  /** [T] block of each interval. */
  readonly blockOf: Int32Array;
  /** [count] intervals that the mean is taken over, past ones included. */
  readonly length: Float64Array;
  /** [count] 1 where the block counts in the window. */
  readonly counts: Uint8Array;
}

/** The lines `p <= level - slope * energySoFar` of a taper curve, in kW and kWh. */
export interface TaperLine {
  readonly level: number;
  readonly slope: number;
}

/** Stands for the multipliers of rows that a session does not have. */
const none = new Float64Array(0);

/** All multipliers 0: proves the bound that everything is free of limits. */
export function zeroMultipliers(problem: DepotProblem): Multipliers {
  const t = problem.intervals;
  const phased = problem.circuits.some((circuit) => circuit.phaseLimitKw !== undefined);
  const grid = hasSources(problem);
  const charges = zeroChargeMultipliers(problem);
  return {
    sessions: new Float64Array(problem.sessions.length),
    circuits: new Float64Array(problem.circuits.length * t),
    phases: new Float64Array(phased ? problem.circuits.length * 3 * t : 0),
    modules: new Float64Array(problem.modules.length * t),
    blocks: problem.demand.map((window) => new Float64Array(blocksOf(window, t).count)),
    balance: new Float64Array(grid ? t : 0),
    store: new Float64Array(problem.battery === undefined ? 0 : t),
    taper: problem.sessions.map((session) =>
      session.taper === undefined
        ? none
        : new Float64Array(taperLinesOf(session).length * Math.max(0, session.depart - session.arrive)),
    ),
    milestones: problem.sessions.map(({ milestones }) =>
      milestones === undefined ? none : new Float64Array(milestones.length),
    ),
    vehicleStore: problem.sessions.map(({ feedBack }) =>
      feedBack === undefined ? none : new Float64Array(feedBack.maxKw.length),
    ),
    ...(charges === undefined ? {} : { charges }),
  };
}

/** Whether anything but the grid may serve the load, so that what is drawn is not what is used. */
export function hasSources({ pv, battery, sessions }: DepotProblem): boolean {
  return pv !== undefined || battery !== undefined || sessions.some(({ feedBack }) => feedBack !== undefined);
}

/** Most power fed in where anything is sold, kW: what the grid connection carries the other way, whatever else the site draws. */
export function feedInLimitOf({ pv, circuits, fixedLoadKw }: DepotProblem, t: number): number {
  return pv?.feedInKw?.[t] ?? Math.max(0, circuits[0].limitKw[t] + fixedLoadKw[t]);
}

/**
 * Blocks of `blockIntervals` from `blockOffset` intervals before the horizon; the last one ends with the horizon. A
 * block counts when any of its intervals does, whole.
 */
export function blocksOf(window: DepotProblem['demand'][number], intervals: number): MeterBlocks {
  const { blockIntervals, blockOffset } = window;
  const count = Math.ceil((intervals + blockOffset) / blockIntervals);
  const blockOf = new Int32Array(intervals);
  const length = new Float64Array(count);
  const counts = new Uint8Array(count);
  length[0] = blockOffset;
  for (let t = 0; t < intervals; t++) {
    const block = Math.floor((t + blockOffset) / blockIntervals);
    blockOf[t] = block;
    length[block] += 1;
    if (window.counts[t] !== 0) counts[block] = 1;
  }
  return { count, blockOf, length, counts };
}

/**
 * The taper curve as lines: between its points power falls linearly with the energy delivered, before the first it is
 * level, after the last it goes on along the last line.
 */
export function taperLinesOf(session: DepotProblem['sessions'][number]): readonly TaperLine[] {
  const points = session.taper ?? [];
  const first = points[0];
  if (first === undefined) return [];
  const lines: TaperLine[] = [{ level: first.maxKw, slope: 0 }];
  for (let i = 1; i < points.length; i++) {
    const from = points[i - 1];
    const to = points[i];
    const slope = (from.maxKw - to.maxKw) / (to.fromKwh - from.fromKwh);
    lines.push({ level: from.maxKw + slope * from.fromKwh, slope });
  }
  return lines;
}
