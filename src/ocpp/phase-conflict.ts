/**
 * Profiles that count together must not name different phases for one phase charging. Together count the layers of a
 * composite: a station cap or an external constraint with what a transaction has; within a layer one profile leads.
 * Source: OCPP 2.0.1 errata 2025-09 3.7; 2.1 errata K01.FR.141.
 * @module
 */
import type { ChargingProfile, InstalledProfile, ProfilePurpose } from './profile.ts';
import { inPeriods, type Finding, type Subject } from './profile-rule.ts';

const layers: Readonly<Record<ProfilePurpose, number>> = {
  ChargingStationMaxProfile: 0,
  ChargingStationExternalConstraints: 1,
  LocalGeneration: 2,
  TxDefaultProfile: 3,
  TxProfile: 3,
  PriorityCharging: 3,
};

/** A use of a named phase; `Infinity` where no clock says when it ends. */
interface PhaseUse {
  readonly phase: number;
  readonly fromS: number;
  readonly untilS: number;
}

/** When a profile uses which phase. Clocks that recur or depend on charging count as all of its validity. */
function usesOf(profile: ChargingProfile): readonly PhaseUse[] {
  const validFromS = profile.validFrom ?? -Infinity;
  const validToS = profile.validTo ?? Infinity;
  return profile.schedules.flatMap(({ startAt, durationS = Infinity, periods }) =>
    periods.flatMap(({ startS, phaseToUse }, i): readonly PhaseUse[] => {
      if (phaseToUse === undefined) return [];
      if (profile.kind !== 'Absolute' || startAt === undefined) {
        return [{ phase: phaseToUse, fromS: validFromS, untilS: validToS }];
      }
      const endS = Math.min(periods[i + 1]?.startS ?? Infinity, durationS);
      const fromS = Math.max(validFromS, startAt + startS);
      return [{ phase: phaseToUse, fromS, untilS: Math.min(validToS, startAt + endS) }];
    }),
  );
}

function countsWith(subject: Subject, { evseId, profile }: InstalledProfile): boolean {
  if (profile.id === subject.profile.id || layers[profile.purpose] === layers[subject.profile.purpose])
    return false;
  return evseId === subject.evseId || evseId === 0 || subject.evseId === 0;
}

/** A period names another phase than a profile that counts at the same time. */
export function phaseConflict(subject: Subject): readonly Finding[] {
  const others = subject.installed
    .filter((one) => countsWith(subject, one))
    .flatMap(({ profile }) => usesOf(profile).map((use) => ({ id: profile.id, use })));
  if (others.length === 0) return [];
  const own = usesOf(subject.profile);
  let next = 0;
  return inPeriods(subject, ({ phaseToUse }, path) => {
    if (phaseToUse === undefined) return [];
    const mine = own[next++];
    const clash = others.find(
      ({ use }) =>
        mine !== undefined &&
        use.phase !== mine.phase &&
        Math.max(use.fromS, mine.fromS) < Math.min(use.untilS, mine.untilS),
    );
    if (clash === undefined) return [];
    const message = `Profile ${clash.id} names phase ${clash.use.phase} at the same time.`;
    return [{ path: `${path}.phaseToUse`, message }];
  });
}
