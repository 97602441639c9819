/** What dispatch does when nothing of a process before this one can arrive any more. @module */
import { learn } from '#safety/ledger';
import { evseIds } from './answers.ts';
import { stationDispatchOf, stationWith, withStation } from './dispatch-state.ts';
import type { DispatchView } from './turn.ts';

/**
 * The state in which nothing of a process before this one can arrive any more, where its time is over: what stations hold
 * is found out anew. A call that is still open is waited for, so that no answer to a question from before is taken for it.
 */
export function withoutStrangers(view: DispatchView): Pick<DispatchView, 'ledger' | 'dispatch'> {
  let { ledger, dispatch } = view;
  const { ids, values } = ledger.beliefs;
  const due = ids.filter((_, i) => (values[i]?.strangersUntilS ?? Infinity) <= view.now);
  for (const stationId of due) {
    const station = stationDispatchOf(dispatch, stationId);
    if (station.pending !== undefined) continue;
    ledger = learn(view.site, ledger, { kind: 'strangers-gone', stationId, at: view.now });
    const afresh = stationWith(station, { lapsed: undefined, unread: evseIds(view.site, stationId) });
    dispatch = withStation(dispatch, stationId, afresh);
  }
  return { ledger, dispatch };
}
