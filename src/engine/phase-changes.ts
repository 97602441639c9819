/**
 * Charging on one phase of three, where a station can be told: what the solver may plan, what is in force, and how often a
 * vehicle has been changed over, since each change wears a contactor. Circuits count the current on all phases whatever
 * was ordered. Source: OCPP 1.6 9.4 (ConnectorSwitch3to1PhaseSupported), OCPP 2.0.1 K01.FR.19, K01.FR.20.
 * @module
 */
import type { DepotPlan, VisitPlan } from '#domain/plan';
import type { Station } from '#domain/site';
import { stepFunctionOf, type StepFunction } from '#domain/step-function';
import { startOf, type TimeGrid } from '#domain/time-grid';
import type { Session } from '#solver/problem';
import { phaseChangesMax } from './limits.ts';
import type { PlannedSession, State, VisitState } from './state.ts';
import { plannedFor } from './visit-plan.ts';

/** How often a plan may change the phases of a visit; nothing where its station or vehicle cannot, or it has been enough. */
export function phaseSwitchesOf(
  { capability, current }: Station,
  visit: VisitState,
  phases: 1 | 3,
): Pick<Session, 'phaseSwitches'> {
  if (capability.switchesPhases === undefined || capability.rateUnit !== 'A') return {};
  if (current !== 'AC' || phases !== 3) return {};
  return (visit.phaseChanges ?? 0) >= phaseChangesMax ? {} : { phaseSwitches: 1 };
}

/** The phases of all sessions in force, row by row; undefined where none has a one-phase part. */
export function phasesInForce(
  sessions: readonly PlannedSession[],
): readonly (readonly number[])[] | undefined {
  if (sessions.every(({ onePhase }) => onePhase === undefined)) return undefined;
  return sessions.map(
    ({ onePhase, arrive, depart }) => onePhase ?? Array.from({ length: depart - arrive }, () => 0),
  );
}

/** The flags of a stay by interval of the grid; nothing where none is set. */
export function phasesOfVisit(
  count: number,
  arrive: number,
  onePhase: readonly number[] | undefined,
): Pick<VisitPlan, 'onePhase'> {
  if (onePhase?.includes(1) !== true) return {};
  return { onePhase: Array.from({ length: count }, (_, t) => onePhase[t - arrive] ?? 0) };
}

/** The flags of a stay over time; nothing where none is set. */
export function phasesOverTime(
  grid: TimeGrid,
  arrive: number,
  onePhase: readonly number[] | undefined,
): { readonly onePhase?: StepFunction } {
  if (onePhase?.includes(1) !== true) return {};
  const pieces = onePhase.map((flag, i) => [startOf(grid, arrive + i), flag] as const);
  return { onePhase: stepFunctionOf([...pieces, [startOf(grid, arrive + onePhase.length), 0]]) };
}

/** Whether a plan has a visit on one phase at an instant. */
function isOnePhaseAt(plan: DepotPlan | undefined, visitId: string, atS: number): boolean {
  if (plan === undefined) return false;
  const flags = plannedFor(plan, visitId)?.onePhase;
  return flags?.[Math.floor((atS - plan.grid.startS) / plan.grid.intervalS)] === 1;
}

/** The visits with the changes counted that a new plan orders, against what the one before it had until now. */
export function withPhaseChanges(state: State, plan: DepotPlan): State['visits'] {
  let { visits } = state;
  for (const { visitId } of plan.visits) {
    const visit = visits[visitId];
    if (visit === undefined || visit.phase !== 'plugged' || state.plan === undefined) continue;
    const before = isOnePhaseAt(state.plan, visitId, state.now - 1);
    if (before === isOnePhaseAt(plan, visitId, state.now)) continue;
    visits = { ...visits, [visitId]: { ...visit, phaseChanges: (visit.phaseChanges ?? 0) + 1 } };
  }
  return visits;
}
