/** How commands, boots and ended transactions change the states that a station may be in. @module */
import type { OcppVersion, Station } from '#domain/site';
import { obeysPurpose } from '#ocpp/obeyed';
import { installedAfter } from '#ocpp/installed';
import type { ChargingProfile, InstalledProfile } from '#ocpp/profile';
import type { StationCommand } from '#ocpp/station-message';
import type { Belief, Candidate } from './belief.ts';
import { canonicalText, inOrder } from './canonical.ts';
import { levelsClearedMax } from './limits.ts';

/** Nothing is known of the profiles at the station. */
export const unknownCandidate: Candidate = { known: false, installed: [] };

/** A state in which just these profiles are installed. */
export function candidateOf(installed: readonly InstalledProfile[]): Candidate {
  return { known: true, installed: inOrder(installed) };
}

/** Fixed order of profiles at their places; 0: equal. Texts are compared only where two profiles share a place. */
function compareInstalled(a: readonly InstalledProfile[], b: readonly InstalledProfile[]): number {
  if (a.length !== b.length) return a.length - b.length;
  for (let i = 0; i < a.length; i++) {
    const one = a[i];
    const other = b[i];
    if (one === undefined || other === undefined) return 1;
    const byPlace = one.evseId - other.evseId || one.profile.id - other.profile.id;
    if (byPlace !== 0) return byPlace;
    if (one.profile === other.profile) continue;
    const [text, otherText] = [canonicalText(one.profile), canonicalText(other.profile)];
    if (text !== otherText) return text < otherText ? -1 : 1;
  }
  return 0;
}

/** Fixed order of how far unknown states are made known. */
function compareProgress(a: Candidate, b: Candidate): number {
  if (a.known) return 0;
  const [text, otherText] = [a, b].map(({ cleared, reported }) => canonicalText({ cleared, reported }));
  if (text === otherText || text === undefined || otherText === undefined) return 0;
  return text < otherText ? -1 : 1;
}

function compareCandidates(a: Candidate, b: Candidate): number {
  if (a === b) return 0;
  return (
    Number(a.known) - Number(b.known) || compareInstalled(a.installed, b.installed) || compareProgress(a, b)
  );
}

/** Whether two lists hold the same states in the same order. */
export function areSameStates(a: readonly Candidate[], b: readonly Candidate[]): boolean {
  return (
    a.length === b.length &&
    a.every((one, i) => {
      const other = b[i];
      return other !== undefined && compareCandidates(one, other) === 0;
    })
  );
}

/** The states without repetition, in a fixed order. */
function distinct(candidates: readonly Candidate[]): readonly Candidate[] {
  if (candidates.length < 2) return candidates;
  const sorted = candidates.toSorted(compareCandidates);
  return sorted.filter((one, i) => {
    const before = sorted[i - 1];
    return before === undefined || compareCandidates(before, one) !== 0;
  });
}

interface KnownAfter {
  readonly version: OcppVersion;
  readonly evseId: number;
  readonly profile: ChargingProfile;
  readonly after: Candidate;
}

/** The last profile that was set in each state, and what came of it: it is asked for when a call is weighed, sent and answered. */
const knownAfters = new WeakMap<Candidate, KnownAfter>();

/** The state after a profile was set; the very same object where that changes nothing. */
function afterSetting(
  version: OcppVersion,
  candidate: Candidate,
  command: Extract<StationCommand, { kind: 'set-profile' }>,
): Candidate {
  const { evseId, profile } = command;
  const known = knownAfters.get(candidate);
  if (known?.profile === profile && known.evseId === evseId && known.version === version) return known.after;
  const installed = inOrder(installedAfter(version, candidate.installed, command));
  const isSame =
    installed.length === candidate.installed.length &&
    installed.every((entry, i) => {
      const before = candidate.installed[i];
      return before?.profile === entry.profile && before.evseId === entry.evseId;
    });
  const after = isSame ? candidate : { ...candidate, installed };
  knownAfters.set(candidate, { version, evseId, profile, after });
  return after;
}

/** The state after `command` has been applied to `candidate`; a profile of an ended transaction is not installed. */
export function afterCommand(
  station: Station,
  candidate: Candidate,
  command: StationCommand,
  endedTransactions: readonly string[],
): Candidate {
  const { version } = station;
  if (command.kind === 'set-profile') {
    const { transactionId } = command.profile;
    if (transactionId !== undefined && endedTransactions.includes(transactionId)) return candidate;
    return madeKnown(station, afterSetting(version, candidate, command));
  }
  if (command.kind !== 'clear-profile') return candidate;
  const installed = inOrder(installedAfter(version, candidate.installed, command));
  if (candidate.known) return { known: true, installed };
  const cleared = new Set([...(candidate.cleared ?? []), canonicalText(command)]);
  return madeKnown(station, { ...candidate, installed, cleared: [...cleared].sort() });
}

type ClearProfile = Extract<StationCommand, { kind: 'clear-profile' }>;

/** What clears everything at a 1.6 station; in 2.x nothing does. Source: OCPP 2.0.1 K10.FR.02. */
const clearAll: ClearProfile = { kind: 'clear-profile' };
/** What makes running transactions fall to the floor; what an EVSE may draw in the next one is as before. */
export const clearPlans: ClearProfile = { kind: 'clear-profile', purpose: 'TxProfile' };
const clearCaps: ClearProfile = { kind: 'clear-profile', purpose: 'ChargingStationMaxProfile' };
const clearDefaults: ClearProfile = { kind: 'clear-profile', purpose: 'TxDefaultProfile' };

/**
 * What a station that nobody can ask what it holds is rid of once its floors stand at their places: TxDefaultProfiles above
 * them and of the whole station, and caps. With it nothing is left that we do not know of. A station that obeys no floor
 * is rid of all TxDefaultProfiles at once.
 */
export function clearedBesideFloors(station: Station): readonly ClearProfile[] {
  if (!obeysPurpose(station, 'TxDefaultProfile')) return [clearDefaults, clearCaps];
  const top = Math.min(Math.max(1, station.capability.maxStackLevel), levelsClearedMax);
  const above = Array.from({ length: top }, (_, i): ClearProfile => ({
    ...clearDefaults,
    stackLevel: i + 1,
  }));
  return [...above, { ...clearDefaults, evseId: 0 }, clearCaps];
}

/** Whether the floor of every EVSE that has one was set since the station was last not known. */
export function standsOnFloors(station: Station, { installed }: Pick<Candidate, 'installed'>): boolean {
  if (!obeysPurpose(station, 'TxDefaultProfile')) return true;
  return station.evses.every(({ id }) =>
    installed.some(
      ({ evseId, profile }) =>
        evseId === id && profile.purpose === 'TxDefaultProfile' && profile.stackLevel === 0,
    ),
  );
}

/** Whether two commands clear the same. */
export function isSameClearing(a: ClearProfile, b: ClearProfile): boolean {
  return canonicalText(a) === canonicalText(b);
}

/** Whether a state is a known one or has been through that clearing. */
export function isCleared({ known, cleared = [] }: Candidate, command: ClearProfile): boolean {
  return known || cleared.includes(canonicalText(command));
}

/** The state as a known one where nothing can be left at the station that we do not know of. */
function madeKnown(station: Station, candidate: Candidate): Candidate {
  if (candidate.known || candidate.cleared === undefined) return candidate;
  const { installed } = candidate;
  const has = (command: ClearProfile): boolean => isCleared(candidate, command);
  const isRid =
    (station.version === '1.6' && has(clearAll)) ||
    (has(clearPlans) && standsOnFloors(station, candidate) && clearedBesideFloors(station).every(has));
  return isRid ? { known: true, installed } : candidate;
}

/** `candidates` and everything that any of `commands`, applied in any order and number, leads to. */
export function closed(
  station: Station,
  candidates: readonly Candidate[],
  commands: readonly StationCommand[],
  endedTransactions: readonly string[],
): readonly Candidate[] {
  const all = [...distinct(candidates)];
  const count = all.length;
  // States that are added at the end are visited too.
  for (const candidate of all) {
    for (const command of commands) {
      const next = afterCommand(station, candidate, command, endedTransactions);
      if (!all.some((one) => compareCandidates(one, next) === 0)) all.push(next);
    }
  }
  return all.length === count ? all : distinct(all);
}

/** The permanent profiles of a state. */
export function floorsOnly(candidate: Candidate): Candidate {
  return {
    ...candidate,
    installed: candidate.installed.filter(
      ({ profile }) =>
        profile.purpose === 'ChargingStationMaxProfile' || profile.purpose === 'TxDefaultProfile',
    ),
  };
}

/** What may be left of a state after a reboot of this model. */
export function afterBoot(station: Station, candidate: Candidate): readonly Candidate[] {
  switch (station.capability.keepsProfiles) {
    case 'all':
      return [candidate];
    case 'floors':
      return [candidate, floorsOnly(candidate)];
    case 'none':
      return [candidate, { ...candidate, installed: [] }];
  }
}

/** The state without the profiles of an ended transaction. Source: OCPP 1.6 3.13.1, 2.0.1 K02.FR.05. */
export function afterTransaction(candidate: Candidate, transactionId: string): Candidate {
  const installed = candidate.installed.filter(({ profile }) => profile.transactionId !== transactionId);
  return installed.length === candidate.installed.length ? candidate : { ...candidate, installed };
}

/** Whether two profiles at their places are equal. Texts are compared only where the places are. */
export function isSameEntry(a: InstalledProfile, b: InstalledProfile): boolean {
  if (a.evseId !== b.evseId || a.profile.id !== b.profile.id) return false;
  return a.profile === b.profile || canonicalText(a.profile) === canonicalText(b.profile);
}

/** Whether `wanted` is installed in every state that the station may be in, beside whatever else may be. */
export function isSet({ candidates }: Pick<Belief, 'candidates'>, wanted: InstalledProfile): boolean {
  return candidates.every(({ installed }) => installed.some((entry) => isSameEntry(entry, wanted)));
}

/** Whether `wanted` is installed in every state that the station may be in, and all states are known. */
export function isInstalled(belief: Pick<Belief, 'candidates'>, wanted: InstalledProfile): boolean {
  return belief.candidates.every(({ known }) => known) && isSet(belief, wanted);
}
