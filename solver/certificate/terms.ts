/** The terms of docs/model.md that both halves of the certificate read from the problem, and no engine shares. @module */
import type { DemandWindow, DepotProblem, Session } from '../problem.ts';

/** Most power of session `s` in interval `t`, kW. */
export const capOf = (problem: DepotProblem, s: number, t: number): number => {
  const { maxKw, arrive, connector } = problem.sessions[s];
  const own = typeof maxKw === 'number' ? maxKw : maxKw[t - arrive];
  return Math.max(0, Math.min(own, problem.connectors[connector].maxKw));
};

/** The same in steps: the highest power up to it that the charger can hold; all of it where its steps may change. */
export const heldCapOf = (problem: DepotProblem, s: number, t: number): number => {
  const { minKw, stepKw, phaseSwitches } = problem.sessions[s];
  const cap = capOf(problem, s, t);
  if (phaseSwitches !== undefined) return cap;
  // A hair above: a plan may stand as far above its limits as rounding goes.
  const held = stepKw > 0 ? Math.floor(cap / stepKw + 1e-6) * stepKw : cap;
  return held < minKw - 1e-6 ? 0 : held;
};

/** kW that circuits see per kW of session `s`: all pins of a three-phase socket carry a one-phase limit; or as told. */
export const weightOf = (problem: DepotProblem, s: number): number => {
  const { phases, connector, countedPerKw } = problem.sessions[s];
  return countedPerKw ?? (phases === 1 ? problem.connectors[connector].rotation.length : 1);
};

/** What a limit leaves above what is held back below it; a limit below 0 asks sources to cover as much. */
export const roomOf = (limit: number, held: number): number =>
  limit < 0 ? limit : Math.max(0, limit - held);

/** Energy of plans with steps may end above what was asked by less than one smallest power for one interval. */
export const roundingOf = ({ minKw, stepKw }: Session, intervalH: number): number =>
  (Math.max(minKw, stepKw) + stepKw) * intervalH;

/**
 * The least of `y` per kWh delivered and the shortfall price of what lacks, over energies that steps add up to: at most a
 * rounding above what was asked, and whole multiples of a step where every power is one.
 */
export const steppedEnergy = (session: Session, intervalH: number, y: number): number => {
  const { stepKw, energyKwh, shortfallPrice, feedBack, phaseSwitches } = session;
  const most = energyKwh + roundingOf(session, intervalH);
  const quantum = stepKw * intervalH;
  const whole = quantum > 0 && feedBack === undefined && phaseSwitches === undefined;
  const near = whole
    ? [0, Math.floor(energyKwh / quantum + 1e-6), Math.ceil(energyKwh / quantum - 1e-6)].map(
        (n) => n * quantum,
      )
    : [0, energyKwh];
  return [...near, most].reduce(
    (least, kwh) => Math.min(least, y * kwh + shortfallPrice * Math.max(0, energyKwh - kwh)),
    Infinity,
  );
};

/** Intervals of each metering block, and the mean that its past part adds. */
export function eachBlock(
  problem: DepotProblem,
  window: DemandWindow,
  visit: (block: number, from: number, to: number, length: number, pastKw: number) => void,
): void {
  const { blockIntervals: size, blockOffset, blockPastKw, counts } = window;
  for (let b = 0, end = -blockOffset; end < problem.intervals; b++) {
    const from = Math.max(0, end);
    const past = from - end;
    end += size;
    const to = Math.min(end, problem.intervals);
    let first = from;
    while (first < to && counts[first] !== 1) first++;
    if (first < to) visit(b, from, to, to - from + past, past * blockPastKw);
  }
}

/** Sum of `kw` over intervals [from, to). */
export const sumOf = (kw: Float64Array, from: number, to: number): number => {
  let sum = 0;
  for (let t = from; t < to; t++) sum += kw[t];
  return sum;
};

/** Whether the site has sources of its own, so that power drawn is not power used. */
export const hasOwnSources = ({ pv, battery, sessions }: DepotProblem): boolean =>
  pv !== undefined || battery !== undefined || sessions.some(({ feedBack }) => feedBack !== undefined);

/** Most power fed in, kW: as much as the grid connection carries the other way, where anything is sold. */
export const feedInOf = ({ pv, circuits, fixedLoadKw }: DepotProblem, t: number): number =>
  pv?.sellPrice === undefined
    ? 0
    : (pv.feedInKw?.[t] ?? Math.max(0, circuits[0].limitKw[t] + fixedLoadKw[t]));
