/**
 * Chargers that charge and send no readings: nobody sees whether they obey. They are told, and count with what they may
 * draw as all do; no vehicle is left without energy for it. Source: witness row W66.
 * @module
 */
import type { EpochS } from '#domain/units';
import { flagged, inTurn, type Change } from './change.ts';
import { duesOf, silentSpanS } from './due.ts';
import type { State } from './state.ts';
import { isFlagged } from '#witness/witness';

/** The state with the silent meters flagged. */
export function silentMeters(state: State): Change {
  const late = duesOf(state).silences.filter(
    ({ key, at }) => at <= state.now && !isFlagged(state.witness, 'meter-silent', key),
  );
  return inTurn(
    state,
    late.map(({ key, at }) => (s: State) => {
      const silentS = s.now - at + silentSpanS(s.policy);
      return flagged(s, { kind: 'meter-silent', key, isUp: true, facts: { silentS } });
    }),
  );
}

/** The next instant at which a meter may count as silent. */
export function nextSilence(state: State): EpochS | undefined {
  let next: EpochS | undefined;
  for (const { at } of duesOf(state).silences) {
    if (at > state.now && (next === undefined || at < next)) next = at;
  }
  return next;
}
