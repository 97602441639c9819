/**
 * Which profiles are installed after a command that a station accepted, and after a transaction. Whether it would
 * accept the command is `validate-profile.ts`.
 * Source: OCPP 1.6 3.13.2, 5.5, errata 3.25, 3.26; 2.0.1 part 2 K01.FR.05, K02.FR.05, K10.
 * @module
 */
import type { OcppVersion } from '#domain/site';
import type { ChargingProfile, InstalledProfile } from './profile.ts';
import type { StationCommand } from './station-message.ts';

/** What changes the profiles of a station. */
export type ProfileChange =
  | Extract<StationCommand, { readonly kind: 'set-profile' | 'clear-profile' }>
  /** Without an id: whatever ran on the EVSE. */
  | { readonly kind: 'transaction-end'; readonly evseId: number; readonly transactionId?: string };

/** The profiles after the change, in order of installation; a profile replaced in place moves to the end. */
export function installedAfter(
  version: OcppVersion,
  installed: readonly InstalledProfile[],
  change: ProfileChange,
): readonly InstalledProfile[] {
  switch (change.kind) {
    case 'set-profile': {
      const entry = { evseId: change.evseId, profile: change.profile };
      return [...installed.filter((one) => !isReplacedBy(version, one, entry)), entry];
    }
    case 'clear-profile':
      return installed.filter((one) => !isCleared(version, one, change));
    case 'transaction-end':
      return installed.filter(
        ({ evseId, profile }) =>
          profile.purpose !== 'TxProfile' ||
          evseId !== change.evseId ||
          (profile.transactionId !== undefined &&
            change.transactionId !== undefined &&
            profile.transactionId !== change.transactionId),
      );
  }
}

/**
 * Whether installing `next` removes `one`: the same id always does, except that nothing replaces external constraints;
 * in 1.6 the same purpose and stack level on the same connector does too. In 2.x that pair is not replaced but refused.
 */
function isReplacedBy(version: OcppVersion, one: InstalledProfile, next: InstalledProfile): boolean {
  if (one.profile.purpose === 'ChargingStationExternalConstraints') return false;
  if (one.profile.id === next.profile.id) return true;
  return version === '1.6' && sharesPlace(one, next);
}

/** Whether two profiles claim the same place: EVSE, purpose and stack level. */
function sharesPlace(one: InstalledProfile, other: InstalledProfile): boolean {
  return (
    one.evseId === other.evseId &&
    one.profile.purpose === other.profile.purpose &&
    one.profile.stackLevel === other.profile.stackLevel
  );
}

/** The requirements of 2.x that forbid one profile beside another. */
export type DuplicateRule = 'K01.FR.05' | 'K01.FR.06' | 'K01.FR.39' | 'K01.FR.52' | 'K01.FR.53';

/**
 * The requirements that forbid `next` beside what is installed; none where it may be installed. K01.FR.05: external
 * constraints are not replaced; FR.39 and FR.06: one profile at each place, per transaction for TxProfile, while
 * validities overlap; FR.52 and FR.53: no TxDefaultProfile of one stack level on EVSE 0 and on another.
 */
export function duplicateRulesOf(
  version: OcppVersion,
  installed: readonly InstalledProfile[],
  next: InstalledProfile,
): readonly DuplicateRule[] {
  if (version === '1.6') return [];
  return [...new Set(installed.flatMap((one) => duplicateRuleOf(one, next) ?? []))];
}

function duplicateRuleOf(one: InstalledProfile, next: InstalledProfile): DuplicateRule | undefined {
  const external = one.profile.purpose === 'ChargingStationExternalConstraints';
  if (one.profile.id === next.profile.id) return external ? 'K01.FR.05' : undefined;
  if (one.profile.purpose !== next.profile.purpose || one.profile.stackLevel !== next.profile.stackLevel) {
    return undefined;
  }
  if (one.evseId !== next.evseId) {
    if (next.profile.purpose !== 'TxDefaultProfile') return undefined;
    if (next.evseId === 0) return 'K01.FR.52';
    return one.evseId === 0 ? 'K01.FR.53' : undefined;
  }
  if (next.profile.purpose === 'TxProfile') {
    return one.profile.transactionId === next.profile.transactionId ? 'K01.FR.39' : undefined;
  }
  return validityOverlaps(one.profile, next.profile) ? 'K01.FR.06' : undefined;
}

function validityOverlaps(one: ChargingProfile, other: ChargingProfile): boolean {
  const fromS = Math.max(one.validFrom ?? -Infinity, other.validFrom ?? -Infinity);
  return fromS < Math.min(one.validTo ?? Infinity, other.validTo ?? Infinity);
}

type ClearProfile = Extract<ProfileChange, { readonly kind: 'clear-profile' }>;

function isCleared(
  version: OcppVersion,
  { evseId, profile }: InstalledProfile,
  clear: ClearProfile,
): boolean {
  if (profile.purpose === 'ChargingStationExternalConstraints') return false;
  if (clear.profileId !== undefined) return profile.id === clear.profileId;
  const unfiltered =
    clear.evseId === undefined && clear.purpose === undefined && clear.stackLevel === undefined;
  // 2.x has no "clear all": K10.FR.02 asks for an id or a criterion.
  if (unfiltered) return version === '1.6';
  return (
    (clear.evseId === undefined || clear.evseId === evseId) &&
    (clear.purpose === undefined || clear.purpose === profile.purpose) &&
    (clear.stackLevel === undefined || clear.stackLevel === profile.stackLevel)
  );
}
