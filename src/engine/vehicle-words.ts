/**
 * What vehicles say through their station. Their own word is told to whoever runs the fleet and never planned with: a
 * vehicle that claims more than it needs must not get more than its share.
 * Source: OCPP 2.0.1 K15, OCPP 2.1 K21 and K22.
 * @module
 */
import { evseKey } from '#domain/site';
import { withOwed } from '#dispatch/dispatch-state';
import type { ChargerEvent } from '#ocpp/station-message';
import { learn } from '#safety/ledger';
import { isCaught } from '#witness/witness';
import {
  clearAlarm,
  evseState,
  publish,
  raiseAlarm,
  sorted,
  staleBy,
  stationState,
  without,
  type Change,
} from './change.ts';
import type { State } from './state.ts';

/**
 * A vehicle asks for a schedule: the plan of its visit is sent again at once, even where it is installed, so that it has
 * one within the minute (K15). Where no visit is known nothing is said: it charges at the floor.
 */
export function noteNeeds(
  state: State,
  stationId: string,
  event: Extract<ChargerEvent, { kind: 'charging-needs' }>,
): Change {
  const ref = { stationId, evseId: event.evseId };
  const visitId = evseState(state, ref)?.transaction?.visitId;
  if (visitId === undefined) return [state, []];
  const { kind: _kind, ...needs } = event;
  const next: State = {
    ...state,
    dispatch: withOwed(state.dispatch, stationId, event.evseId),
    wanted: without(state.wanted, evseKey(ref)),
    restless: true,
  };
  return [
    staleBy(next, 'visit'),
    [publish('status', { at: state.now, event: 'charging-needs', stationId, visitId, ...needs })],
  ];
}

/** A vehicle that charges with priority is limited by no plan of ours: it counts with its hardware until that is over. */
export function notePriority(
  state: State,
  stationId: string,
  event: Extract<ChargerEvent, { kind: 'priority' }>,
): Change {
  const place = sorted(stationState(state, stationId).evses).find(
    ([, { transaction }]) => transaction?.id === event.transactionId,
  );
  if (place === undefined) return [state, []];
  const evseId = Number(place[0]);
  const key = evseKey({ stationId, evseId });
  if (!event.isActive && isCaught(state.witness, key)) return clearAlarm(state, 'priority-charging', key);
  const kind = event.isActive ? 'not-compliant' : 'cleared';
  const ledger = learn(state.site, state.ledger, { kind, stationId, at: state.now, evseId });
  const next = staleBy({ ...state, ledger, restless: true }, 'not-compliant');
  if (!event.isActive) return clearAlarm(next, 'priority-charging', key);
  const facts = { transactionId: event.transactionId, counts: 'at its hardware maximum' };
  return raiseAlarm(next, { kind: 'priority-charging', key, facts });
}
