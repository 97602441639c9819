/**
 * What a station says of its smart charging, and what is counted on. Words of a station can only narrow what its
 * operator declared: a claim is not yet a deed.
 * Source: OCPP 1.6 9.4 (configuration keys), OCPP 2.0.1 part 2 SmartChargingCtrlr.
 * @module
 */
import type { StationCapability } from '#domain/site';
import { seconds } from '#domain/units';

/** The 1.6 configuration keys that are asked for. */
export const capabilityKeys: readonly string[] = [
  'ChargeProfileMaxStackLevel',
  'ChargingScheduleAllowedChargingRateUnit',
  'ChargingScheduleMaxPeriods',
  'MaxChargingProfilesInstalled',
];

/** The 2.x variables that are asked for, all of component SmartChargingCtrlr. */
export const capabilityVariables: readonly string[] = ['ProfileStackLevel', 'RateUnit', 'PeriodsPerSchedule'];

/** The component of the 2.x variables. */
export const capabilityComponent = 'SmartChargingCtrlr';

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

/** A fact as a whole number from `least`, undefined for anything else. */
function countIn(
  facts: Readonly<Record<string, string>>,
  keys: readonly string[],
  least: number,
): number | undefined {
  for (const key of keys) {
    const text = facts[key];
    if (text !== undefined && /^\d{1,9}$/.test(text.trim()) && Number(text) >= least) return Number(text);
  }
  return undefined;
}

/** The units in a list such as `Current,Power` or `A,W`; none known: undefined. */
function unitsIn(facts: Readonly<Record<string, string>>): ReadonlySet<'A' | 'W'> | undefined {
  const text =
    facts['ChargingScheduleAllowedChargingRateUnit'] ?? facts[`${capabilityComponent}.RateUnit`] ?? '';
  const units = new Set<'A' | 'W'>();
  for (const word of text.split(',')) {
    const name = word.trim().toLowerCase();
    if (name === 'a' || name === 'current') units.add('A');
    if (name === 'w' || name === 'power') units.add('W');
  }
  return units.size === 0 ? undefined : units;
}

/** The declared capability, narrowed by what the station reports. `facts` are those of a `capability` answer. */
export function narrowedCapability(
  declared: StationCapability,
  facts: Readonly<Record<string, string>>,
): StationCapability {
  const units = unitsIn(facts);
  const [onlyUnit] = units ?? [];
  const stackLevel = countIn(
    facts,
    ['ChargeProfileMaxStackLevel', `${capabilityComponent}.ProfileStackLevel`],
    0,
  );
  const periods = countIn(
    facts,
    ['ChargingScheduleMaxPeriods', `${capabilityComponent}.PeriodsPerSchedule`],
    1,
  );
  const profiles = countIn(facts, ['MaxChargingProfilesInstalled'], 1);
  return {
    ...declared,
    rateUnit: units === undefined || units.has(declared.rateUnit) ? declared.rateUnit : (onlyUnit ?? 'A'),
    maxStackLevel: Math.min(declared.maxStackLevel, stackLevel ?? declared.maxStackLevel),
    maxPeriods: Math.min(declared.maxPeriods, periods ?? declared.maxPeriods),
    maxProfiles: Math.min(declared.maxProfiles, profiles ?? declared.maxProfiles),
  };
}

/** Stations of the same make and firmware do the same. */
export interface StationMake {
  readonly vendor: string;
  readonly model: string;
  /** Empty where the station does not say. */
  readonly firmware: string;
}

/** What is known, by make. A JSON value. */
export type CapabilityBook = Readonly<Record<string, StationCapability>>;

/** The key of a make; its parts may hold any character. */
function keyOfMake(make: StationMake): string {
  return JSON.stringify([make.vendor, make.model, make.firmware]);
}

/** The book with one make entered anew. */
export function withCapability(
  book: CapabilityBook,
  make: StationMake,
  capability: StationCapability,
): CapabilityBook {
  return { ...book, [keyOfMake(make)]: capability };
}

/** What is known of a make; undefined for one never seen, a new firmware included. */
export function capabilityIn(book: CapabilityBook, make: StationMake): StationCapability | undefined {
  const key = keyOfMake(make);
  return Object.hasOwn(book, key) ? book[key] : undefined;
}
