/** The powers that a charger can hold: 0, and multiples of its step from its minimum on. @module */
import type { Session } from './problem.ts';

/** Rounding noise of a quotient that stands for a whole number of steps. */
const stepNoise = 1e-7;

/** Least power other than 0, kW. */
export function lowestLevel({ minKw, stepKw }: Session): number {
  return stepKw > 0 ? Math.max(1, Math.ceil(minKw / stepKw - stepNoise)) * stepKw : minKw;
}

/** Highest level that is at most `kw`; 0 where that is below the minimum. */
export function levelBelow(session: Session, kw: number): number {
  const { stepKw } = session;
  const level = stepKw > 0 ? Math.floor(kw / stepKw + stepNoise) * stepKw : kw;
  return level < lowestLevel(session) - stepNoise ? 0 : level;
}

/** Lowest level that is at least `kw`. */
export function levelAbove(session: Session, kw: number): number {
  if (kw <= 0) return 0;
  const { stepKw } = session;
  const level = stepKw > 0 ? Math.ceil(kw / stepKw - stepNoise) * stepKw : kw;
  return Math.max(level, lowestLevel(session));
}

/** Whether the session knows any power at all; then levels say nothing. */
export function isContinuous({ minKw, stepKw }: Session): boolean {
  return minKw <= 0 && stepKw <= 0;
}
