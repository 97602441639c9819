/**
 * The interval that runs while a plan is made. The solver counts each of its powers over the whole of it, whatever part
 * is over. What it counts in that part is asked for on top, so that energy adds up to what the meter will show. In peaks
 * it stays: then the site draws no more at any moment than the peak, and the mean of the interval is no higher. Room that
 * a late arrival leaves in it must not be filled, as a power that is lowered counts as if it had been low all along.
 * @module
 */
import type { VisitPlan } from '#domain/plan';
import { rowOf, type TimeGrid } from '#domain/time-grid';
import type { PlannedSession, State, VisitState } from './state.ts';
import { plannedFor } from './visit-plan.ts';

/** The stay of a visit, in intervals of the new grid. */
interface BoundStay {
  readonly visitId: string;
  readonly arrive: number;
  readonly depart: number;
}

/** The plan in force for a visit, and the interval of its grid with which a new grid begins. */
interface InForce {
  readonly before: VisitPlan;
  readonly offset: number;
  readonly isNew: boolean;
}

/** The plan in force for a visit; undefined where it has none. */
function inForce(
  { plan }: State,
  grid: TimeGrid,
  { visitId, arrive }: Pick<BoundStay, 'visitId' | 'arrive'>,
): InForce | undefined {
  if (plan === undefined || plan.grid.intervalS !== grid.intervalS) return undefined;
  const offset = (grid.startS - plan.grid.startS) / grid.intervalS;
  const before = plannedFor(plan, visitId);
  if (before === undefined || offset < 0) return undefined;
  return { before, offset, isNew: arrive === 0 && offset < before.arrive };
}

/** What the plan in force gives in an interval of the new grid, kW. */
function powerIn({ before, offset }: InForce, t: number): number {
  return (before.powerW[t + offset] ?? 0) / 1000;
}

/** What it gives in the first interval of a stay. A vehicle that is there before the plan counts on it goes on at once with what it has next. */
function firstPower(plan: InForce, { arrive, depart }: Omit<BoundStay, 'visitId'>): number {
  return powerIn(plan, plan.isNew && depart - arrive > 1 ? 1 : arrive);
}

/** [depart - arrive] the plan in force over a stay on a new grid, kW; undefined where it has none. */
export function plannedBefore(state: State, grid: TimeGrid, stay: BoundStay): Float64Array | undefined {
  const plan = inForce(state, grid, stay);
  if (plan === undefined) return undefined;
  const row = rowOf(stay.depart - stay.arrive, (i) => powerIn(plan, stay.arrive + i));
  if (row.length > 0) row[0] = firstPower(plan, stay);
  return row;
}

/** By interval of a stay on a new grid: 1 where the plan in force has one phase of three; nothing where it nowhere has. */
export function onePhaseBefore(
  state: State,
  grid: TimeGrid,
  stay: BoundStay,
): Pick<PlannedSession, 'onePhase'> {
  const { before, offset, isNew } = inForce(state, grid, stay) ?? {};
  const flags = before?.onePhase;
  if (flags === undefined || offset === undefined) return {};
  const at = (t: number): number => flags[t + offset] ?? 0;
  const onePhase = Array.from({ length: stay.depart - stay.arrive }, (_, i) => at(stay.arrive + i));
  if (isNew === true && onePhase.length > 1) onePhase[0] = at(1);
  return onePhase.includes(1) ? { onePhase } : {};
}

/**
 * Energy that the solver counts in the part of the running interval that is over, kWh: at the power that the plan in
 * force goes on with, or at the least one with which the vehicle leaves full, charging at its highest ever after.
 *
 *     goneH * max(planned, min(max, (needed - restH * max) / (intervalH - goneH)))
 */
export function goneKwh(
  state: State,
  grid: TimeGrid,
  visit: VisitState,
  of: {
    readonly stay: { readonly arrive: number; readonly depart: number };
    readonly neededKwh: number;
    readonly maxKw: number;
  },
): number {
  const { stay, neededKwh, maxKw } = of;
  const goneH = (state.now - grid.startS) / 3600;
  const intervalH = grid.intervalS / 3600;
  if (stay.arrive > 0 || goneH <= 0 || goneH >= intervalH) return 0;
  const restH = (stay.depart - 1) * intervalH;
  const leastKw = (neededKwh - restH * maxKw) / (intervalH - goneH);
  const plan = inForce(state, grid, { visitId: visit.visit.id, arrive: stay.arrive });
  const plannedKw = plan === undefined ? 0 : firstPower(plan, stay);
  return goneH * Math.min(maxKw, Math.max(plannedKw, leastKw));
}
