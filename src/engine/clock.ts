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
import { learn } from '#safety/ledger';
import { siteStation, sortedStationIds } from './places.ts';
import { stateWith, type State, type StationClock } from './state.ts';

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
  return withClock(state, stationId, clock);
}

/** The state with what is known of a station's clock, and what the ledger counts for it. */
function withClock(state: State, stationId: string, clock: StationClock): Change {
  const { clock: before } = stationState(state, stationId);
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

/**
 * Our clock has jumped forward, or this process has stood still: nobody knows which. So many seconds count as not passed,
 * for reactions and for what is on its way, and the clocks of the stations as that much behind, until readings of theirs
 * show where they are: a step down, or the end of a lease, may come so much later.
 */
export function onJump(state: State, byS: number): Change {
  const { now } = state;
  const moved = sortedStationIds(state.site).reduce(
    (ledger, stationId) => learn(state.site, ledger, { kind: 'clock-jumped', stationId, at: now, byS }),
    state.ledger,
  );
  return inTurn(
    stateWith(state, { ledger: moved, restless: true }),
    sortedStationIds(state.site).map((stationId) => (s: State): Change => {
      const before = stationState(s, stationId).clock;
      const seen = before ?? { offsetS: 0, heardAt: now, stampedAt: now };
      return withClock(s, stationId, { ...seen, offsetS: seen.offsetS - byS });
    }),
  );
}
