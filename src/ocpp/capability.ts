/**
 * What a station says of its smart charging, what its make has done, and what is counted on. Words of a station never
 * widen what its operator declared; where the operator declared nothing they decide, and where they say nothing either
 * the cautious value stands. What nobody can read out (reaction time, leases, memory) is the operator's word alone.
 * @module
 */
import type { StationCapability } from '#domain/site';
import { seconds, type Seconds } from '#domain/units';
import type { CapabilityReading } from './capability-reading.ts';
import type { MakeRecord } from './make-record.ts';

/**
 * What is counted on where nothing is known: one level, one profile of each purpose, six periods, slow, forgetful, and
 * neither leases nor a shared cap are trusted.
 */
export function cautiousCapability(current: 'AC' | 'DC'): StationCapability {
  return {
    rateUnit: current === 'AC' ? 'A' : 'W',
    maxPeriods: 6,
    maxStackLevel: 0,
    maxProfiles: 3,
    reactionS: seconds(120),
    keepsProfiles: 'none',
    obeysLease: false,
    sharesStationCap: false,
  };
}

/** What is known of a station beside its declaration. */
export interface CapabilityEvidence {
  readonly reading?: CapabilityReading;
  readonly record?: MakeRecord;
  /** How far its clock was seen to be off. */
  readonly clockSkewS?: Seconds;
}

/** The unit that limits are sent in: the declared one, unless words or deeds of the station leave only the other. */
function unitCounted(
  current: 'AC' | 'DC',
  declared: StationCapability,
  { reading, record }: CapabilityEvidence,
): 'A' | 'W' {
  const wanted = declared.rateUnit;
  const other = wanted === 'A' ? 'W' : 'A';
  const units = reading?.rateUnits;
  if (units !== undefined) return units.includes(wanted) ? wanted : other;
  // The current at a vehicle says nothing of the grid's: a DC station is never tried in A.
  if (current === 'DC' || record === undefined) return wanted;
  const took = (unit: 'A' | 'W'): boolean => record.took.some((deed) => deed.unit === unit);
  const refused = (unit: 'A' | 'W'): boolean => record.refused.some((deed) => deed.unit === unit);
  if (took(wanted) || !refused(wanted)) return wanted;
  return took(other) || !refused(other) ? other : wanted;
}

/** Whether plans above the lowest stack level were refused by this make and none was taken. */
function refusesLevels(unit: 'A' | 'W', { reading, record }: CapabilityEvidence): boolean {
  if (reading?.maxStackLevel !== undefined || record === undefined) return false;
  const plans = (deeds: MakeRecord['took']): MakeRecord['took'] =>
    deeds.filter((deed) => deed.purpose === 'TxProfile' && deed.unit === unit);
  const refused = plans(record.refused);
  return (
    plans(record.took).every(({ stackLevel }) => stackLevel === 0) &&
    refused.some(({ stackLevel }) => stackLevel > 0) &&
    !refused.some(({ stackLevel }) => stackLevel === 0)
  );
}

/** Declared switching of phases, unless the station says that it does none. */
function switchingOf(
  { switchesPhases }: StationCapability,
  reading: CapabilityReading | undefined,
): Pick<StationCapability, 'switchesPhases'> {
  return switchesPhases === undefined || reading?.switchesPhases === false ? {} : { switchesPhases };
}

/**
 * The capability that is counted on: of the declared and the read value the lower; where nobody declared one, the read
 * value; where that is missing too, the cautious one. Memory is only ever taken away.
 */
export function countedCapability(
  current: 'AC' | 'DC',
  declared: StationCapability,
  evidence: CapabilityEvidence,
): StationCapability {
  const { reading } = evidence;
  const cautious = cautiousCapability(current);
  const { assumed = [] } = declared;
  const lower = (name: 'maxPeriods' | 'maxStackLevel' | 'maxProfiles'): number => {
    const read = reading?.[name];
    if (assumed.includes(name)) return read ?? Math.min(declared[name], cautious[name]);
    return Math.min(declared[name], read ?? declared[name]);
  };
  const rateUnit = unitCounted(current, declared, evidence);
  const forgetsPlans = reading?.keepsPlans === false && declared.keepsProfiles === 'all';
  const { switchesPhases: _, ...others } = declared;
  return {
    ...others,
    rateUnit,
    maxPeriods: lower('maxPeriods'),
    maxStackLevel: refusesLevels(rateUnit, evidence) ? 0 : lower('maxStackLevel'),
    maxProfiles: lower('maxProfiles'),
    ...(forgetsPlans ? { keepsProfiles: 'floors' } : {}),
    ...switchingOf(declared, reading),
    ...(evidence.clockSkewS === undefined ? {} : { clockSkewS: evidence.clockSkewS }),
  };
}
