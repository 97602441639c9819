/**
 * Which of the profiles that a station accepts limit anything there.
 * Source: OCPP 1.6 3.13.1; 2.0.1 part 2 K01; the field has stations that accept a purpose and do not act on it.
 * @module
 */
import { obeysAll, type Station } from '#domain/site';
import type { InstalledProfile, ProfilePurpose } from './profile.ts';

/** Whether a station obeys profiles of a purpose; of those that no capability speaks of it does. */
export function obeysPurpose({ capability }: Station, purpose: ProfilePurpose): boolean {
  const { stationMax, txDefault, txProfile } = capability.obeys ?? obeysAll;
  switch (purpose) {
    case 'ChargingStationMaxProfile':
      return stationMax;
    case 'TxDefaultProfile':
      return txDefault;
    case 'TxProfile':
      return txProfile;
    case 'ChargingStationExternalConstraints':
    case 'PriorityCharging':
    case 'LocalGeneration':
      return true;
  }
}

/** Those of the installed profiles that the station obeys; the same list where it obeys all. */
export function obeyedOf(
  station: Station,
  installed: readonly InstalledProfile[],
): readonly InstalledProfile[] {
  if (station.capability.obeys === undefined) return installed;
  return installed.filter(({ profile }) => obeysPurpose(station, profile.purpose));
}
