/**
 * The clocks of the stations. A reading that is as much younger than the one before it as it came later was sent when it
 * was taken, so its stamp tells the station's clock; readings from a queue come faster than they were taken and tell
 * nothing. The ledger widens every step of a station whose clock is off; one that is off by more than a day counts with its
 * hardware. Source: witness row W03 (test settings of OCTT know a "max time deviation").
 * @module
 */
import { epochS, type EpochS } from '#domain/units';
import { distrusted, recounted, trusted } from './capability.ts';
import { flagged, inTurn, stationState, withStation, type Change } from './change.ts';
import { clockOffMaxS, clockSkewOf } from './clock-skew.ts';
import { siteStation } from './places.ts';
import type { State, StationClock } from './state.ts';

/** Readings that came faster one after the other tell nothing of a clock. */
const apartLeastS = 5;
/** Stamps and arrivals may differ by this much: whole seconds, and the way of a frame. */
const jitterS = 2;

/** A stamp of a station by our clock, never later than now. */
export function ourTimeOf(state: State, stationId: string, stampedAt: EpochS): EpochS {
  const offsetS = stationState(state, stationId).clock?.offsetS ?? 0;
  const at = clockSkewOf(offsetS) === 0 ? stampedAt : stampedAt - offsetS;
  return epochS(Math.min(at, state.now));
}

/** The clock after one more stamp. */
function clockAfter(state: State, before: StationClock | undefined, stampedAt: EpochS): StationClock {
  const heard = { heardAt: state.now, stampedAt };
  if (before === undefined) return { offsetS: 0, ...heard };
  const laterS = state.now - before.heardAt;
  // Readings of several sockets at one instant are one look at the clock.
  if (laterS < apartLeastS) return before;
  const isLive = Math.abs(laterS - (stampedAt - before.stampedAt)) <= jitterS;
  return { offsetS: isLive ? stampedAt - state.now : before.offsetS, ...heard };
}

/** Takes the stamp of a reading that has just come. */
export function noteStamp(state: State, stationId: string, stampedAt: EpochS): Change {
  const { clock: before } = stationState(state, stationId);
  const clock = clockAfter(state, before, stampedAt);
  if (clock === before) return [state, []];
  const next = withStation(state, stationId, { clock });
  const [was, is] = [clockSkewOf(before?.offsetS ?? 0), clockSkewOf(clock.offsetS)];
  if (was === is) return [next, []];
  const station = siteStation(next.site, stationId);
  if (station === undefined) return [next, []];
  const { offsetS } = clock;
  return inTurn(next, [
    (s) => flagged(s, { kind: 'clock-off', key: stationId, isUp: is > 0, facts: { offsetS, countsS: is } }),
    (s) => recounted(s, stationId, 'change'),
    (s) =>
      is >= clockOffMaxS ? distrusted(s, station, 'no-clock', { offsetS }) : trusted(s, station, 'no-clock'),
  ]);
}
