/**
 * Transactions as stations report them, in whatever order: replays of an offline start are answered as the first time,
 * an end without a start is taken as it is.
 * @module
 */
import { evseKey, type EvseRef } from '#domain/site';
import { epochS, wattHours, type EpochS, type WattHours } from '#domain/units';
import { withoutRefusals } from '#dispatch/dispatch-state';
import type { ChargerEvent } from '#ocpp/station-message';
import { learn } from '#safety/ledger';
import {
  clearAlarm,
  evseState,
  raiseAlarm,
  sorted,
  staleBy,
  stationState,
  withEvse,
  withStation,
  withVisit,
  type Change,
} from './change.ts';
import { transactionsKeptMax } from './limits.ts';
import {
  evseStateWith,
  stateWith,
  type AnsweredStart,
  type RunningTransaction,
  type State,
} from './state.ts';
import { leave, staleByEnd, visitForPlugIn } from './visits.ts';

type Started = Extract<ChargerEvent, { kind: 'transaction-started' }>;
type Ended = Extract<ChargerEvent, { kind: 'transaction-ended' }>;

/** The last `most` of a list with one more. */
function kept<T>(list: readonly T[], one: T, most = transactionsKeptMax): readonly T[] {
  return [...list, one].slice(-most);
}

/** A start: its id (ours in 1.6), and the state in which it runs unless it is over already. */
export function onStarted(
  state: State,
  stationId: string,
  event: Started,
): { readonly change: Change; readonly transactionId: string } {
  const station = stationState(state, stationId);
  const key = [event.evseId, event.at, event.registerWh ?? '', event.idToken ?? ''].join(' ');
  const before = station.answeredStarts.find((s) => s.key === key);
  const given = event.transactionId ?? before?.transactionId;
  const transactionCount = state.transactionCount + (given === undefined ? 1 : 0);
  const id = given ?? String(transactionCount);
  const noted =
    before === undefined
      ? withStation({ ...state, transactionCount }, stationId, {
          answeredStarts: kept(station.answeredStarts, { key, transactionId: id }),
        })
      : state;
  const evse = evseState(noted, { stationId, evseId: event.evseId });
  const isOver = station.ended.includes(id);
  const isKnown = evse?.transaction?.id === id;
  const isOlder = evse?.transaction !== undefined && evse.transaction.startedAt > event.at;
  if (isKnown && before !== undefined && before.isAgain !== true)
    return { change: [askedAgain(noted, stationId, before), []], transactionId: id };
  if (evse === undefined || isOver || isKnown || isOlder) return { change: [noted, []], transactionId: id };
  return { change: begin(noted, stationId, event, id), transactionId: id };
}

/** A station of 1.6 that asks again has not had the number that its plan names, so that it had to refuse it: it is tried once more. */
function askedAgain(state: State, stationId: string, before: AnsweredStart): State {
  const answeredStarts = stationState(state, stationId).answeredStarts.map((one) =>
    one === before ? { ...one, isAgain: true as const } : one,
  );
  return afresh(withStation(state, stationId, { answeredStarts }), stationId);
}

/** The state after a station has named a transaction; with the first time what it refused for want of the number is tried again. */
export function onNamed(state: State, ref: EvseRef, transactionId: string): State {
  const evse = evseState(state, ref);
  const { transaction } = evse ?? {};
  if (evse === undefined || transaction?.id !== transactionId || transaction.isNamed === true) return state;
  const named = { ...transaction, isNamed: true as const };
  return afresh(withEvse(state, ref, evseStateWith(evse, { transaction: named })), ref.stationId);
}

/** The state in which a station is sent again what it refused: the reason may have been the transaction. */
function afresh(state: State, stationId: string): State {
  const dispatch = withoutRefusals(state.dispatch, stationId, state.now);
  if (dispatch === state.dispatch) return state;
  return staleBy(stateWith(state, { dispatch, restless: true }), 'plug-in');
}

/** The state in which a transaction runs; one that was met while it ran has begun at some time before. */
function begin(state: State, stationId: string, event: Started, id: string, isMet = false): Change {
  const ref = { stationId, evseId: event.evseId };
  const evse = evseState(state, ref);
  if (evse === undefined) return [state, []];
  const replaced = evse.transaction === undefined ? state : finish(state, stationId, evse.transaction.id, {});
  const startedAt = epochS(Math.min(event.at, state.now));
  const visit = visitForPlugIn(replaced, ref, {
    at: startedAt,
    ...(event.idToken === undefined ? {} : { idToken: event.idToken }),
  });
  const wh = event.registerWh ?? evse.registerWh;
  const register = wh === undefined ? {} : { startRegisterWh: wattHours(wh) };
  const transaction: RunningTransaction = {
    id,
    startedAt,
    ...register,
    ...(visit === undefined ? {} : { visitId: visit.visit.id }),
    ...(event.idToken === undefined ? {} : { idToken: event.idToken }),
    ...(event.transactionId === undefined ? {} : { isNamed: true }),
  };
  const running = withEvse(replaced, ref, {
    ...evse,
    transaction,
    isUnheard: isMet ? evse.isUnheard : undefined,
    ...(wh === undefined ? {} : { registerWh: wattHours(wh) }),
  });
  const ledger = learn(running.site, running.ledger, {
    kind: 'transaction-started',
    stationId,
    at: state.now,
    transaction: { evseId: event.evseId, id, startedAt },
  });
  const known = staleBy(stateWith(afresh(running, stationId), { ledger, restless: true }), 'plug-in');
  if (visit === undefined)
    return raiseAlarm(known, {
      kind: 'unannounced-vehicle',
      key: evseKey(ref),
      facts: { transactionId: id, idToken: event.idToken ?? null, charges: 'at the floor' },
    });
  const { endedAt: _, ...open } = visit;
  return [withVisit(known, { ...open, phase: 'plugged', pluggedAt: visit.pluggedAt ?? startedAt }), []];
}

/** A transaction of which only later words are heard is taken to run. */
export function onUpdated(
  state: State,
  stationId: string,
  seen: {
    readonly evseId?: number;
    readonly transactionId: string;
    readonly at: EpochS;
    /** What came before is nobody's: energy counts from here. */
    readonly registerWh?: WattHours;
  },
): Change {
  const station = stationState(state, stationId);
  if (seen.evseId === undefined || station.ended.includes(seen.transactionId)) return [state, []];
  const evse = evseState(state, { stationId, evseId: seen.evseId });
  if (evse === undefined || evse.transaction !== undefined) return [state, []];
  const number = Number(seen.transactionId);
  const counted = Number.isSafeInteger(number)
    ? { ...state, transactionCount: Math.max(state.transactionCount, number) }
    : state;
  const started: Started = {
    kind: 'transaction-started',
    evseId: seen.evseId,
    transactionId: seen.transactionId,
    at: seen.at,
    offline: false,
    ...(seen.registerWh === undefined ? {} : { registerWh: seen.registerWh }),
  };
  return begin(counted, stationId, started, seen.transactionId, true);
}

/** The state after a transaction is over; its visit stays until the vehicle is unplugged. */
function finish(
  state: State,
  stationId: string,
  transactionId: string,
  end: { readonly registerWh?: number },
): State {
  const ended = withStation(state, stationId, {
    ended: kept(stationState(state, stationId).ended, transactionId),
  });
  const ledger = learn(ended.site, ended.ledger, {
    kind: 'transaction-ended',
    stationId,
    at: state.now,
    transactionId,
  });
  const place = sorted(stationState(state, stationId).evses).find(
    ([, e]) => e.transaction?.id === transactionId,
  );
  const told: State = { ...ended, ledger, restless: true };
  if (place === undefined) return told;
  const [evseId, evse] = place;
  const { transaction, powerW: _, ...idle } = evse;
  const ref = { stationId, evseId: Number(evseId) };
  const visit = transaction?.visitId === undefined ? undefined : told.visits[transaction.visitId];
  const freed = staleByEnd(withEvse(told, ref, idle), visit);
  if (transaction === undefined || visit === undefined) return freed;
  const register = end.registerWh ?? evse.registerWh ?? 0;
  const takenWh = register - (transaction.startRegisterWh ?? register);
  const deliveredWh = wattHours(Math.max(visit.deliveredWh, visit.deliveredBeforeWh + takenWh));
  return withVisit(freed, { ...visit, deliveredWh, deliveredBeforeWh: deliveredWh });
}

/** An end, known or not. */
export function onEnded(state: State, stationId: string, event: Ended): Change {
  const place = sorted(stationState(state, stationId).evses).find(
    ([, e]) => e.transaction?.id === event.transactionId,
  );
  const over = finish(state, stationId, event.transactionId, event);
  if (place === undefined) return [over, []];
  const ref = { stationId, evseId: Number(place[0]) };
  const isUnplugged = event.reason === 'EVDisconnected' || evseState(over, ref)?.status === 'Available';
  return clearAlarm(isUnplugged ? leave(over, ref) : over, 'unannounced-vehicle', evseKey(ref));
}
