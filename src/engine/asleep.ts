/**
 * Vehicles that take nothing although they are offered power: many go to sleep when they are offered none for a while. A
 * bounded number of pulses, nothing for a moment and then power again, wakes some; for the others somebody has to go
 * there. A vehicle that slept after a pause is known from then on: where its floor is at least the minimum current its
 * plans do not go below that. AC only: a DC station asks its vehicle.
 * @module
 */
import { evseKey, startingA, type Evse, type EvseRef, type Station } from '#domain/site';
import { valueAt } from '#domain/step-function';
import { later, type EpochS } from '#domain/units';
import { isHeldNow } from '#dispatch/plan-profile';
import { isInstalled } from '#safety/candidate';
import {
  clearAlarm,
  evseState,
  inTurn,
  raiseAlarm,
  sorted,
  staleBy,
  withEvse,
  without,
  type Change,
} from './change.ts';
import { duesOf } from './due.ts';
import { drawLeastW, pulsesMax, pulseS, sleepersMax } from './limits.ts';
import { siteStation } from './places.ts';
import {
  evseStateWith,
  stateWith,
  type EvseState,
  type SleepWatch,
  type State,
  type VisitState,
} from './state.ts';

/** A vehicle that lacks less than this part of its energy may as well be full: what it needs is an estimate. */
const missingLeastShare = 0.05;

/** The current that the plan in force offers now, A per phase; undefined where it may not have arrived. */
function offeredAOf(state: State, ref: EvseRef, station: Station, transactionId: string): number | undefined {
  const wanted = state.wanted[evseKey(ref)];
  const belief = state.ledger.beliefs.get(ref.stationId);
  if (wanted?.transactionId !== transactionId || belief === undefined) return undefined;
  const isHeld = isInstalled(belief, wanted.profile) || isHeldNow(station, belief, wanted.profile, state.now);
  return isHeld ? valueAt(wanted.limit, state.now) : undefined;
}

function isAsGoodAsFull({ visit, deliveredWh }: VisitState): boolean {
  return visit.energyWh - deliveredWh < visit.energyWh * missingLeastShare;
}

/** Takes the power of a vehicle as its station's meter shows it. */
export function noteDraw(
  state: State,
  ref: EvseRef,
  at: { readonly station: Station; readonly evse: Evse },
  powerW: number,
): Change {
  const evse = evseState(state, ref);
  const { transaction } = evse ?? {};
  const visit = state.visits[transaction?.visitId ?? ''];
  if (at.station.current === 'DC' || evse === undefined || transaction === undefined || visit === undefined)
    return [state, []];
  const before = evse.sleep?.transactionId === transaction.id ? evse.sleep : undefined;
  if (powerW >= drawLeastW) return before === undefined ? [state, []] : awake(state, ref, evse, before);
  if (isAsGoodAsFull(visit)) return [state, []];
  if ((before?.pulseUntil ?? 0) > state.now) return [state, []];
  const watch = before ?? { transactionId: transaction.id, hasPaused: false, pulses: 0 };
  const offeredA = offeredAOf(state, ref, at.station, transaction.id);
  // A plan on its way says nothing: where leases are short one is at every third sample, and the count goes on.
  if (offeredA === undefined) return [state, []];
  if (offeredA < startingA(at.station, at.evse)) {
    const { since: _, ...waiting } = watch;
    // What a pulse of ours leaves behind is no pause.
    const hasPaused = watch.hasPaused || watch.pulses === 0;
    return [withEvse(state, ref, evseStateWith(evse, { sleep: { ...waiting, hasPaused } })), []];
  }
  const since = watch.since ?? state.now;
  const seen = withEvse(state, ref, evseStateWith(evse, { sleep: { ...watch, since } }));
  if (state.now - since < state.policy.asleepAfterS) return [seen, []];
  return tryToWake(seen, ref, { ...watch, since }, { visit, offeredA });
}

/** The state in which a vehicle draws; one that did so after a pause and by itself is no sleeper. */
function awake(state: State, ref: EvseRef, evse: EvseState, before: SleepWatch): Change {
  const { transactionId, pulses, hasPaused } = before;
  const sleep = pulses === 0 ? undefined : { transactionId, pulses, hasPaused: false };
  const { vehicleId } = state.visits[evse.transaction?.visitId ?? '']?.visit ?? {};
  const isSleeper = vehicleId !== undefined && state.sleepers?.[vehicleId] !== undefined;
  const known =
    hasPaused && pulses === 0 && isSleeper
      ? stateWith(state, { sleepers: without(state.sleepers, vehicleId) })
      : state;
  return clearAlarm(withEvse(known, ref, evseStateWith(evse, { sleep })), 'vehicle-asleep', evseKey(ref));
}

/** The next pulse, or a word to somebody who can go there. */
function tryToWake(
  state: State,
  ref: EvseRef,
  watch: SleepWatch,
  of: { readonly visit: VisitState; readonly offeredA: number },
): Change {
  const { visit, offeredA } = of;
  const { id: visitId, vehicleId, energyWh } = visit.visit;
  const known = watch.hasPaused ? withSleeper(state, vehicleId) : state;
  const evse = evseState(known, ref);
  if (evse === undefined) return [known, []];
  if (watch.pulses < pulsesMax) {
    const { since: _, ...rest } = watch;
    const sleep = { ...rest, pulses: watch.pulses + 1, pulseUntil: later(state.now, pulseS) };
    return [stateWith(withEvse(known, ref, evseStateWith(evse, { sleep })), { restless: true }), []];
  }
  return raiseAlarm(known, {
    kind: 'vehicle-asleep',
    key: evseKey(ref),
    facts: {
      visitId,
      vehicleId,
      since: watch.since ?? state.now,
      offeredA,
      missingWh: Math.round(energyWh - visit.deliveredWh),
      pulses: watch.pulses,
      afterPause: watch.hasPaused,
      fix: 'Start charging in the vehicle, or unplug it and plug it in again.',
    },
  });
}

/** The state in which a vehicle is known to sleep after a pause; beyond the bound the one noted longest ago is forgotten. */
function withSleeper(state: State, vehicleId: string): State {
  const others = Object.entries(state.sleepers ?? {})
    .filter(([id]) => id !== vehicleId)
    .sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
    .slice(0, sleepersMax - 1);
  return stateWith(state, { sleepers: Object.fromEntries([...others, [vehicleId, state.now]]) });
}

/** True while an EVSE offers nothing so that its vehicle may wake up afterwards. */
export function isPulsed(state: State, evse: EvseState): boolean {
  const { sleep, transaction } = evse;
  return sleep?.transactionId === transaction?.id && (sleep?.pulseUntil ?? 0) > state.now;
}

/**
 * The least current that a plan gives to a visit, A per phase: the minimum of its EVSE for a vehicle that would not wake
 * up from less, where the floor, which all circuits keep free in any case, is no lower.
 */
export function leastAOf(state: State, visit: VisitState | undefined): number {
  if (visit === undefined || state.sleepers?.[visit.visit.vehicleId] === undefined) return 0;
  const { stationId, evseId } = visit.visit.evse;
  const station = siteStation(state.site, stationId);
  const evse = station?.evses.find(({ id }) => id === evseId);
  if (station?.current !== 'AC' || evse === undefined) return 0;
  const leastA = startingA(station, evse);
  return (state.floors[evseKey(visit.visit.evse)] ?? 0) >= leastA ? leastA : 0;
}

/** Pulses that are over are followed by the plan again; who was asleep and has left is no longer said to be. */
export function wakeUps(state: State): Change {
  let planned = state;
  for (const { ref, at } of duesOf(state).pulses) {
    const evse = evseState(planned, ref);
    if (at > state.now || evse?.sleep === undefined) continue;
    const { pulseUntil: _, ...sleep } = evse.sleep;
    planned = staleBy(withEvse(planned, ref, evseStateWith(evse, { sleep })), 'asleep');
  }
  const gone = sorted(state.alarms).filter(([, { kind, key }]) => {
    if (kind !== 'vehicle-asleep') return false;
    const [stationId = '', evseId = ''] = key.split('/');
    const evse = state.stations.get(stationId)?.evses[evseId];
    return evse?.transaction?.id !== evse?.sleep?.transactionId;
  });
  return inTurn(
    planned,
    gone.map(
      ([, { kind, key }]) =>
        (s: State) =>
          clearAlarm(s, kind, key),
    ),
  );
}

/** The end of the first pulse to end. */
export function nextWakeUp(state: State): EpochS | undefined {
  return duesOf(state).pulses.reduce<EpochS | undefined>(
    (first, { at }) => (first === undefined || at < first ? at : first),
    undefined,
  );
}
