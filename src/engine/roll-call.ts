/**
 * Whose vehicles charge is not known to a process that has lost its journal, and a meter that says nothing will not tell. So a
 * station is asked, a few times on each connection, about every EVSE of which nothing has been heard: first for its status,
 * then, where a vehicle is there, for its readings and, from 2.0.1 on, for its transaction. Source: OCPP 1.6 5.17, 2.0.1 F06.
 * @module
 */
import { withRequest } from '#dispatch/dispatch-state';
import type { CommandAnswer, StationCommand } from '#ocpp/station-message';
import { sorted, stationState, withStation } from './change.ts';
import { duesOf, isAskedOf } from './due.ts';
import { rollCallWordsMax } from './limits.ts';
import { stateWith, type EvseState, type State, type StationState } from './state.ts';

type Question = Extract<StationCommand, { kind: 'trigger' }>;

/** The state in which every station whose round is due is asked. */
export function rollCalls(state: State): State {
  return duesOf(state)
    .rollCalls.filter(({ at }) => at <= state.now)
    .reduce((s, { stationId }) => asked(s, stationId), state);
}

function asked(state: State, stationId: string): State {
  const { rollCall, version, evses } = stationState(state, stationId);
  const dispatch = sorted(evses)
    .flatMap(([evseId, evse]) => questionsOf(version, Number(evseId), evse))
    .slice(0, rollCallWordsMax)
    .reduce((d, question) => withRequest(d, stationId, question), state.dispatch);
  return withStation(stateWith(state, { dispatch, restless: true }), stationId, {
    rollCall: { ...rollCall, rounds: (rollCall?.rounds ?? 0) + 1 },
  });
}

/** What a station is asked about one EVSE. */
function questionsOf(version: StationState['version'], evseId: number, evse: EvseState): readonly Question[] {
  if (!isAskedOf(evse)) return [];
  const words: readonly Question['message'][] =
    evse.status !== 'Occupied'
      ? ['StatusNotification']
      : version === '1.6'
        ? ['MeterValues']
        : ['TransactionEvent', 'MeterValues'];
  return words.map((message) => ({ kind: 'trigger', message, evseId }));
}

/** The state after an answer: a station that does not know the question is not asked again. */
export function noteRollCall(
  state: State,
  stationId: string,
  command: StationCommand,
  answer: CommandAnswer,
): State {
  const isUnknown =
    answer.kind === 'refused' && (answer.status === 'NotImplemented' || answer.status === 'NotSupported');
  // Transactions of their own are what a station may least know.
  if (command.kind !== 'trigger' || command.message === 'TransactionEvent' || !isUnknown) return state;
  return withStation(state, stationId, { rollCall: { rounds: 0, isOver: true } });
}
