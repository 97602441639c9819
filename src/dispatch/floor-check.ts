/**
 * Whether stations hold the floors that they have accepted. A floor is seen once after it was accepted, and looked after
 * from time to time: a 2.x station reports what it holds, a 1.6 station what it allows where no transaction runs. One that is
 * not there is set again, and counts as refused where that was the case before: after some times it rests.
 * @module
 */
import { later, type EpochS } from '#domain/units';
import type { InstalledProfile } from '#ocpp/profile';
import type { StationCommand } from '#ocpp/station-message';
import type { Belief } from '#safety/belief';
import { isSameEntry, isSet } from '#safety/candidate';
import { stationWith, type Dispatch, type StationDispatch } from './dispatch-state.ts';
import { checksInFlightMax, deafAfter, floorsSeenEveryS, unsaidRestS } from './limits.ts';
import { refusalKey, refusedOnce, withoutCommand } from './refusals.ts';
import type { DispatchView } from './turn.ts';

type SetProfile = Extract<StationCommand, { kind: 'set-profile' }>;

/** Whether a command sets the floor of an EVSE. */
export function isFloor(command: StationCommand): command is SetProfile {
  return command.kind === 'set-profile' && command.profile.purpose === 'TxDefaultProfile';
}

/** Whether a transaction is known to run at an EVSE. */
export function isInUse({ transactions }: Pick<Belief, 'transactions'>, evseId: number): boolean {
  return transactions.some((one) => one.evseId === evseId);
}

/** Whether a floor was accepted, and its EVSE has reported something else since. */
export function isMissing({ missing }: StationDispatch, { evseId, profile }: InstalledProfile): boolean {
  return profile.purpose === 'TxDefaultProfile' && missing?.includes(evseId) === true;
}

function without(ids: readonly number[] | undefined, evseId: number): readonly number[] | undefined {
  const left = ids?.filter((id) => id !== evseId);
  return left?.length === 0 ? undefined : left;
}

/** A station that has accepted a floor. Where it was not there before, the station has a moment to install it. */
export function floorAccepted(
  { dispatch, now }: DispatchView,
  station: StationDispatch,
  command: SetProfile,
): StationDispatch {
  const { evseId } = command;
  const wasLost = (station.refused[refusalKey(command)] ?? 0) > 0;
  return stationWith(station, {
    unseen: [...(without(station.unseen, evseId) ?? []), evseId],
    missing: without(station.missing, evseId),
    ...(wasLost ? { notBefore: later(now, dispatch.policy.retryS) } : {}),
  });
}

/** Whether a station that is being read was asked only to see its floors. */
export function isCheck({ unread, failures }: StationDispatch): boolean {
  return unread.length === 0 && failures < deafAfter;
}

/** A station that does not say what it holds: it is not deaf for that, which what it is told otherwise shows, and is asked again in an hour. */
export function givenUpCheck(station: StationDispatch, now: EpochS): StationDispatch {
  return stationWith(station, { unseen: undefined, readAt: later(now, unsaidRestS - floorsSeenEveryS) });
}

/** A station whose floors were seen: those of `missing` were not there, although the ledger counts on them. */
function seen(
  station: StationDispatch,
  evseId: number,
  floors: readonly InstalledProfile[],
  isThere: (floor: InstalledProfile) => boolean,
  now: EpochS,
): StationDispatch {
  let next = stationWith(station, { unseen: without(station.unseen, evseId) });
  if (station.unseen?.includes(evseId) !== true) return next;
  for (const { profile } of floors) {
    const command: StationCommand = { kind: 'set-profile', evseId, profile };
    next = isThere({ evseId, profile })
      ? stationWith(next, { refused: withoutCommand(next.refused, command) })
      : refusedOnce(next, command, now);
  }
  return next;
}

/** The floors of an EVSE that the ledger counts on. */
function floorsAt(belief: Belief, evseId: number): readonly InstalledProfile[] {
  const [first] = belief.candidates;
  return (first?.installed ?? []).filter(
    (entry) =>
      entry.evseId === evseId && entry.profile.purpose === 'TxDefaultProfile' && isSet(belief, entry),
  );
}

/** A station that has reported everything that it holds, where `belief` was held before. */
export function afterReport(
  station: StationDispatch,
  belief: Belief,
  { installed, now }: { readonly installed: readonly InstalledProfile[]; readonly now: EpochS },
): StationDispatch {
  const isThere = (floor: InstalledProfile): boolean => installed.some((entry) => isSameEntry(entry, floor));
  const all = (station.unseen ?? []).reduce(
    (next, evseId) => seen(next, evseId, floorsAt(belief, evseId), isThere, now),
    station,
  );
  return stationWith(all, { readAt: now });
}

/** A station that has said what it allows at an EVSE, where `belief` was held before. */
export function afterComposite(
  station: StationDispatch,
  belief: Belief,
  heard: { readonly evseId: number; readonly isContradicted: boolean; readonly now: EpochS },
): StationDispatch {
  const { evseId, isContradicted, now } = heard;
  const read = stationWith(station, { readAt: now });
  if (isInUse(belief, evseId)) return read;
  const floors = floorsAt(belief, evseId);
  const next = seen(read, evseId, floors, () => !isContradicted, now);
  if (!isContradicted || floors.length === 0) return next;
  return stationWith(next, { missing: [...(without(next.missing, evseId) ?? []), evseId] });
}

/**
 * Dispatch that looks after the floors of stations that were not read for long, the longest first. As many as may be asked
 * at once: a depot whose stations were all read in one minute is spread out by that.
 */
export function withFloorChecks({ site, dispatch, now }: DispatchView): Dispatch {
  const due = site.stations
    .flatMap((station) => {
      const state = dispatch.stations.get(station.id);
      const isDue = state?.up === true && (state.readAt ?? Infinity) + floorsSeenEveryS <= now;
      return isDue && state.unseen === undefined ? [{ station, state, readAt: state.readAt ?? now }] : [];
    })
    .sort((a, b) => a.readAt - b.readAt)
    .slice(0, checksInFlightMax);
  const stations = due.reduce(
    (all, { station, state }) =>
      all.with(station.id, stationWith(state, { unseen: station.evses.map(({ id }) => id) })),
    dispatch.stations,
  );
  return due.length === 0 ? dispatch : { ...dispatch, stations };
}
