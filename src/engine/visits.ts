/** Visits: announced, plugged in, charged, gone. @module */
import { isoOf } from '#domain/instant';
import { evseKey, type EvseRef } from '#domain/site';
import { wattHours, type EpochS } from '#domain/units';
import type { Visit } from '#domain/visit';
import {
  clearAlarm,
  counted,
  evseState,
  publish,
  sorted,
  staleBy,
  withEvse,
  withVisit,
  without,
  type Change,
} from './change.ts';
import { visitKeptS, visitsMax } from './limits.ts';
import type { State, VisitState } from './state.ts';
import { plannedFor } from './visit-plan.ts';

/** Energy below which a vehicle counts as full, Wh. */
const fullWithinWh = 20;

/** Energy that a visit still lacks at the grid side, Wh; 0 for one that counts as full. */
export function neededWh(visit: VisitState): number {
  const rest = visit.visit.energyWh - visit.deliveredWh;
  return rest <= fullWithinWh ? 0 : rest;
}

/** Seconds before its announced arrival at which a plugged-in vehicle is taken for the announced one. */
const earlyS = 6 * 3600;

/** A bus event that has its form but not its sense: told, counted, without effect. */
export function refuse(state: State, rule: string, path: string, fix: string): Change {
  return [
    counted(state, 'busRefused'),
    [publish('refused', { at: state.now, faults: [{ path, rule, fix }] })],
  ];
}

/** Takes a visit, new or in place of the one of its id. */
export function announceVisit(state: State, visit: Visit): Change {
  if (visit.departsAt <= state.now)
    return refuse(
      state,
      'departure-in-the-past',
      'visit.departsAt',
      `Departure ${isoOf(visit.departsAt)} has passed; it is ${isoOf(state.now)}.`,
    );
  const known = state.visits[visit.id];
  if (known === undefined && Object.keys(state.visits).length >= visitsMax)
    return refuse(state, 'too-many-visits', 'visit.id', `At most ${visitsMax} visits are kept.`);
  const moved = known !== undefined && evseKey(known.visit.evse) !== evseKey(visit.evse);
  const next =
    known === undefined || known.phase === 'gone' || moved ? freshVisit(visit) : { ...known, visit };
  const left = moved && known.phase === 'plugged' ? unbind(state, known) : state;
  const righted = withoutMistake(withVisit(left, next), next);
  return adopt(staleBy(righted, 'visit'), visit.evse);
}

/** A visit for which nobody has come. */
function freshVisit(visit: Visit): VisitState {
  return { visit, phase: 'expected', deliveredBeforeWh: wattHours(0), deliveredWh: wattHours(0) };
}

/** The state in which a transaction no longer serves its visit. */
function unbind(state: State, visit: VisitState): State {
  const evse = evseState(state, visit.visit.evse);
  if (evse?.transaction?.visitId !== visit.visit.id) return state;
  const { visitId: _, ...transaction } = evse.transaction;
  return withEvse(state, visit.visit.evse, { ...evse, transaction });
}

/** Whether the vehicle that came for a visit has named itself, and is another one than was announced, by all that is known. */
function isTakenBy(visit: VisitState, vehicleId: string): boolean {
  return visit.idToken === vehicleId && visit.visit.vehicleId !== vehicleId;
}

/**
 * The state in which a vehicle that names itself is not taken for another one any more: it came before it was announced
 * and was given the next visit of its place. That one is expected again; how far it had come, its energy included, is how
 * far the vehicle's own visit is, even where the transaction is over or the vehicle has left since.
 */
function withoutMistake(state: State, own: VisitState): State {
  const { visit } = own;
  const other = sorted(state.visits)
    .map(([, v]) => v)
    .find((v) => evseKey(v.visit.evse) === evseKey(visit.evse) && isTakenBy(v, visit.vehicleId));
  if (other === undefined) return state;
  const freed = withVisit(unbind(state, other), freshVisit(other.visit));
  const isSame =
    own.phase === 'expected' &&
    (other.endedAt === undefined
      ? (other.pluggedAt ?? state.now) >= visit.arrivesAt - earlyS
      : other.endedAt > visit.arrivesAt);
  if (!isSame) return freed;
  const bound = evseState(state, visit.evse);
  const rebound =
    bound?.transaction?.visitId === other.visit.id
      ? withEvse(freed, visit.evse, { ...bound, transaction: { ...bound.transaction, visitId: visit.id } })
      : freed;
  return withVisit(rebound, { ...other, visit });
}

/** Gives a running transaction without a visit to the visit that was announced for its place. */
function adopt(state: State, ref: EvseRef): Change {
  const evse = evseState(state, ref);
  const transaction = evse?.transaction;
  if (evse === undefined || transaction === undefined || transaction.visitId !== undefined)
    return [state, []];
  const { idToken, startedAt } = transaction;
  const visit = visitForPlugIn(state, ref, {
    at: startedAt,
    ...(idToken === undefined ? {} : { idToken }),
  });
  if (visit === undefined) return [state, []];
  const { startRegisterWh: fromWh = evse.registerWh ?? 0 } = transaction;
  const delivered = Math.max(0, (evse.registerWh ?? fromWh) - fromWh);
  const bound = withEvse(state, ref, {
    ...evse,
    transaction: { ...transaction, visitId: visit.visit.id },
  });
  return clearAlarm(
    withVisit(bound, {
      ...visit,
      phase: 'plugged',
      pluggedAt: transaction.startedAt,
      deliveredWh: wattHours(visit.deliveredBeforeWh + delivered),
    }),
    'unannounced-vehicle',
    evseKey(ref),
  );
}

/** Moves a departure. */
export function changeDeparture(state: State, visitId: string, departsAt: EpochS): Change {
  const known = state.visits[visitId];
  if (known === undefined || known.phase === 'gone')
    return refuse(state, 'unknown-visit', 'visitId', `No visit ${visitId} is expected or here.`);
  if (departsAt <= state.now)
    return refuse(
      state,
      'departure-in-the-past',
      'departsAt',
      `Departure ${isoOf(departsAt)} has passed; it is ${isoOf(state.now)}.`,
    );
  if (departsAt === known.visit.departsAt) return [state, []];
  return [staleBy(withVisit(state, { ...known, visit: { ...known.visit, departsAt } }), 'departure'), []];
}

/** Forgets a visit that will not happen, or no longer plans for one that does. */
export function cancelVisit(state: State, visitId: string): Change {
  const known = state.visits[visitId];
  if (known === undefined) return refuse(state, 'unknown-visit', 'visitId', `No visit ${visitId} is known.`);
  const unbound = unbind(state, known);
  return [staleBy({ ...unbound, visits: without(unbound.visits, visitId) }, 'visit'), []];
}

/** Which of two visits that a vehicle may belong to comes first: here, due, gone before its time, expected later. */
function nearness({ phase, visit }: VisitState, at: EpochS): number {
  if (phase === 'plugged') return 0;
  if (phase === 'gone') return 2;
  return visit.arrivesAt <= at ? 1 : 3;
}

/**
 * The visit that a vehicle plugged in at `at` belongs to: the one whose vehicle is named by the token, else the one
 * plugged in there already, else the earliest expected one of that place that has not yet departed. A vehicle that names
 * itself goes on with a visit that was over before its departure: a station that lost its power starts anew. What
 * another vehicle took that was given its visit is not its energy.
 */
export function visitForPlugIn(
  state: State,
  ref: EvseRef,
  plugIn: { readonly at: EpochS; readonly idToken?: string },
): VisitState | undefined {
  const key = evseKey(ref);
  const candidates = sorted(state.visits)
    .map(([, visit]) => visit)
    .filter(
      (v) =>
        (v.phase !== 'gone' || v.visit.vehicleId === plugIn.idToken) &&
        evseKey(v.visit.evse) === key &&
        v.visit.departsAt > plugIn.at &&
        v.visit.arrivesAt - earlyS <= plugIn.at,
    )
    .sort((a, b) => nearness(a, plugIn.at) - nearness(b, plugIn.at) || a.visit.arrivesAt - b.visit.arrivesAt);
  const { idToken } = plugIn;
  const found = candidates.find((v) => v.visit.vehicleId === idToken) ?? candidates[0];
  if (found === undefined || idToken === undefined) return found;
  const isOthers = found.visit.vehicleId === idToken && (found.idToken ?? idToken) !== idToken;
  return { ...(isOthers ? freshVisit(found.visit) : found), idToken };
}

/** The state in which a vehicle is gone or ends charging: a new plan is wanted where the one in force had power for it. */
export function staleByEnd(state: State, visit: VisitState | undefined): State {
  return hasPowerLeft(state, visit) ? staleBy(state, 'unplug') : state;
}

/** Whether others may have something of what the plan in force means for a vehicle from now on. */
function hasPowerLeft({ plan, now }: State, visit: VisitState | undefined): boolean {
  if (visit === undefined || plan === undefined) return true;
  const planned = plannedFor(plan, visit.visit.id);
  if (planned === undefined) return neededWh(visit) > 0;
  const first = Math.max(0, Math.floor((now - plan.grid.startS) / plan.grid.intervalS));
  return planned.powerW.slice(first).some((powerW) => powerW > 0);
}

/** Ends the visits of a place where no vehicle is any more. */
export function leave(state: State, ref: EvseRef): State {
  const key = evseKey(ref);
  const leaving = sorted(state.visits).filter(
    ([, v]) => v.phase === 'plugged' && evseKey(v.visit.evse) === key,
  );
  return leaving.reduce<State>(
    (s, [, v]) => staleByEnd(withVisit(s, { ...v, phase: 'gone', endedAt: state.now }), v),
    state,
  );
}

/** Forgets visits that have long been over, plugged in or never come. */
export function forgetOldVisits(state: State): State {
  const old = Object.entries(state.visits).filter(
    ([, v]) => (v.endedAt ?? v.visit.departsAt) + visitKeptS < state.now && v.phase !== 'plugged',
  );
  return old.reduce<State>((s, [id]) => ({ ...s, visits: without(s.visits, id) }), state);
}
