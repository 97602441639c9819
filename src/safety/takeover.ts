/**
 * What may be said to a station of which nobody knows what it holds: a process before this one may have told it to draw
 * little, and other stations much. The ledger counts it with its hardware, so nothing would raise that; what it really
 * draws is what must not rise. So floors are set in place, no higher than what the station says that it allows, before
 * anything else is cleared.
 * @module
 */
import type { Station } from '#domain/site';
import type { EpochS } from '#domain/units';
import type { InstalledProfile } from '#ocpp/profile';
import { tenthDown } from '#ocpp/quantize';
import type { StationCommand } from '#ocpp/station-message';
import type { Belief, Candidate } from './belief.ts';
import {
  afterCommand,
  clearedBesideFloors,
  clearPlans,
  isSameClearing,
  standsOnFloors,
} from './candidate.ts';
import { compositeTolerance } from './composite-check.ts';
import { stationExposureOf, type ExposureContext, type StationExposure } from './exposure.ts';

/** Whether nothing is known of a station, or not for certain. */
export function isUnknown({ candidates }: Pick<Belief, 'candidates'>): boolean {
  return candidates.some(({ known }) => !known);
}

/** The states that a station was found in, as far as it is known: calls of another process may have changed them since. */
export function knownOf({ candidates }: Pick<Belief, 'candidates'>): readonly Candidate[] {
  return candidates.filter(({ known }) => known);
}

/**
 * What a station that is not known may draw before and after a command, as far as it was found out; undefined: it was
 * never asked. A call of another process that is still on its way was counted by that process beside what was found, so
 * what raises none of this raises nothing of that.
 */
export function foundExposures(
  context: ExposureContext,
  belief: Belief,
  command: StationCommand,
): { readonly old: StationExposure; readonly next: StationExposure } | undefined {
  const candidates = knownOf(belief);
  if (candidates.length === 0) return undefined;
  const after = candidates.map((one) => afterCommand(context.station, one, command, belief.ended));
  return {
    old: exposureAsFound(context, { ...belief, candidates }),
    next: exposureAsFound(context, { ...belief, candidates: [...candidates, ...after] }),
  };
}

/** Whether a station that was not known counts with its hardware still, since it may react to what it was told before. */
export function isFoundLately(
  { capability }: Station,
  { foundAt }: Pick<Belief, 'foundAt'>,
  now: EpochS,
): boolean {
  return foundAt !== undefined && now < foundAt + capability.reactionS + 1;
}

/** What a station may draw by what it was found to hold, as if nothing had been before that. */
export function exposureAsFound(context: ExposureContext, belief: Belief): StationExposure {
  return stationExposureOf(context, { ...belief, past: {} });
}

/** Whether a command raises nothing at a station of which nothing is known, whatever it holds. */
export function raisesNothingAtAll(
  station: Station,
  candidates: readonly Candidate[],
  command: StationCommand,
): boolean {
  if (command.kind === 'set-profile' && command.profile.purpose === 'TxDefaultProfile')
    return candidates.every((one) => isWithinReport(one, command));
  // Plans go: what the next transaction may draw counts at all times, and the running one comes down to it.
  if (command.kind === 'clear-profile' && isSameClearing(command, clearPlans)) return true;
  if (!candidates.every((one) => standsOnFloors(station, one))) return false;
  // With the floors in place an EVSE draws no more than they say, whatever else goes or caps it.
  if (command.kind === 'set-profile') return command.profile.purpose === 'ChargingStationMaxProfile';
  return (
    command.kind === 'clear-profile' &&
    clearedBesideFloors(station).some((one) => isSameClearing(command, one))
  );
}

/** The highest limit in a floor's unit that raises nothing in a state; of a station that reports none every floor is taken for such. */
function mostOf({ reported }: Candidate, { evseId, profile }: InstalledProfile): number {
  const own = reported?.[String(evseId)];
  return own !== undefined && own.unit === profile.schedules[0]?.unit ? own.limit : Infinity;
}

/** Whether a floor is nowhere above a limit in its unit. */
function isWithin({ profile }: InstalledProfile, most: number): boolean {
  return profile.schedules.every(({ periods }) => periods.every(({ limit }) => (limit ?? Infinity) <= most));
}

function isWithinReport(candidate: Candidate, floor: InstalledProfile): boolean {
  return isWithin(floor, mostOf(candidate, floor) + compositeTolerance);
}

/** Whether whatever an unknown station holds has a floor in that place that is nowhere higher. */
export function standsNoHigher(
  { candidates }: Pick<Belief, 'candidates'>,
  { evseId, profile }: InstalledProfile,
): boolean {
  const limits = profile.schedules.flatMap(({ periods }) => periods.map(({ limit }) => limit ?? Infinity));
  const lowest = Math.min(...limits);
  return candidates.every(({ installed }) =>
    installed.some(
      (one) =>
        one.evseId === evseId &&
        one.profile.id === profile.id &&
        one.profile.schedules[0]?.unit === profile.schedules[0]?.unit &&
        isWithin(one, lowest),
    ),
  );
}

/** A floor that is nowhere above what its station, of which nothing is known, says that it allows; the very same where it is not. */
export function flooredAt(
  { candidates }: Pick<Belief, 'candidates'>,
  floor: InstalledProfile,
): InstalledProfile {
  if (candidates.every((one) => isWithinReport(one, floor))) return floor;
  const most = candidates.reduce((least, one) => Math.min(least, mostOf(one, floor)), Infinity);
  const schedules = floor.profile.schedules.map((schedule) => ({
    ...schedule,
    periods: schedule.periods.map((period) => ({
      ...period,
      limit: tenthDown(Math.min(period.limit ?? Infinity, most)),
    })),
  }));
  return { ...floor, profile: { ...floor.profile, schedules } };
}
