/** The answer of a solver. Only a plan whose certificate is valid is taken; otherwise the last one goes on. @module */
import type { Input } from './input.ts';
import { clearAlarm, counted, inTurn, raiseAlarm, type Change } from './change.ts';
import { steadier } from './keep.ts';
import { takePlan } from './plan.ts';
import { stateWith, type State } from './state.ts';

/** Takes an answer. One that nobody waits for changes nothing. */
export function onSolved(state: State, input: Extract<Input, { kind: 'solved' }>): Change {
  const { solving } = state;
  if (solving === undefined || solving.requestId !== input.requestId) return [state, []];
  const rest = stateWith(state, { solving: undefined });
  // Plans in force may have to give way instead.
  const unsolved = stateWith(rest, { restless: true });
  const key = state.site.id;
  if (!input.outcome.ok)
    return raiseAlarm(counted(unsolved, 'solveFailures'), {
      kind: 'solver-failed',
      key,
      facts: { reason: input.outcome.reason, planInForce: state.planRevision },
    });
  const { plan } = input.outcome;
  const isOfForm = [plan.powerKw, plan.onePhase ?? plan.powerKw].every(
    (rows) =>
      rows.length === solving.sessions.length &&
      rows.every((row, i) => {
        const session = solving.sessions[i];
        return session !== undefined && row.length === session.depart - session.arrive;
      }),
  );
  if (!plan.valid || !isOfForm)
    return raiseAlarm(counted(unsolved, 'plansRefused'), {
      kind: 'plan-not-certified',
      key,
      facts: { status: plan.status, solver: plan.solver, planInForce: state.planRevision },
    });
  return inTurn(rest, [
    (s) => takePlan(s, solving, steadier(plan, solving.kept)),
    (s) => clearAlarm(s, 'solver-failed', key),
    (s) => clearAlarm(s, 'plan-not-certified', key),
  ]);
}
