/**
 * Chargers that charge and send no readings: nobody sees whether they obey. They are told, and count with what they may
 * draw as all do; no vehicle is left without energy for it. Source: witness row W66.
 * @module
 */
import { evseKey } from '#domain/site';
import { later, type EpochS } from '#domain/units';
import { flagged, inTurn, sorted, type Change } from './change.ts';
import type { State } from './state.ts';
import { isFlagged } from '#witness/witness';

/** Sample intervals without a reading after which a meter counts as silent. */
const silentIntervals = 3;

/** EVSEs that charge while their station is connected, and when their meter counts as silent. */
function deadlinesOf(state: State): readonly { readonly key: string; readonly at: EpochS }[] {
  const spanS = silentIntervals * state.policy.sampleIntervalS + 1;
  return sorted(state.stations).flatMap(([stationId, station]) =>
    sorted(station.evses).flatMap(([evseId, evse]) => {
      if (!station.up || evse.transaction === undefined) return [];
      const from = Math.max(station.since, evse.transaction.startedAt, evse.heardAt ?? 0);
      return [{ key: evseKey({ stationId, evseId: Number(evseId) }), at: later(from as EpochS, spanS) }];
    }),
  );
}

/** The state with the silent meters flagged. */
export function silentMeters(state: State): Change {
  const late = deadlinesOf(state).filter(
    ({ key, at }) => at <= state.now && !isFlagged(state.witness, 'meter-silent', key),
  );
  return inTurn(
    state,
    late.map(({ key, at }) => (s: State) => {
      const silentS = s.now - at + silentIntervals * s.policy.sampleIntervalS + 1;
      return flagged(s, { kind: 'meter-silent', key, isUp: true, facts: { silentS } });
    }),
  );
}

/** The next instant at which a meter may count as silent. */
export function nextSilence(state: State): EpochS | undefined {
  return deadlinesOf(state)
    .map(({ at }) => at)
    .filter((at) => at > state.now)
    .toSorted((a, b) => a - b)[0];
}
