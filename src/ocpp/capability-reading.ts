/**
 * What a station is asked of its smart charging, and what its answer says.
 * Source: OCPP 1.6 9.4 (configuration keys), OCPP 2.0.1 and 2.1 part 2 chapter 2, SmartChargingCtrlr.
 * @module
 */
import type { OcppVersion, ReadableFact } from '#domain/site';

/** The 1.6 configuration keys without which a plan is guesswork; all required by the smart-charging profile. */
const leastKeys: readonly string[] = [
  'ChargeProfileMaxStackLevel',
  'ChargingScheduleAllowedChargingRateUnit',
  'ChargingScheduleMaxPeriods',
  'MaxChargingProfilesInstalled',
];

/** The 1.6 configuration keys that are asked for, or the fewest that will do. */
export function capabilityKeysOf(scope: 'all' | 'least'): readonly string[] {
  return scope === 'least'
    ? leastKeys
    : [...leastKeys, 'SupportedFeatureProfiles', 'ConnectorSwitch3to1PhaseSupported'];
}

/** The component of the 2.x variables. */
export const capabilityComponent = 'SmartChargingCtrlr';

/** A variable of the component. */
interface CapabilityVariable {
  readonly name: string;
  readonly instance?: string;
}

const leastVariables: readonly CapabilityVariable[] = [
  'ProfileStackLevel',
  'RateUnit',
  'PeriodsPerSchedule',
].map((name) => ({ name }));

/** Features of 2.1 that a station may say it has. Source: OCPP 2.1 K01.FR.120 to FR.126. */
const features: readonly string[] = [
  'SupportsDynamicProfiles',
  'SupportsMaxOfflineDuration',
  'SupportsUseLocalTime',
  'SupportsRandomizedDelay',
  'SupportsLimitAtSoC',
  'SupportsEvseSleep',
];

/**
 * The 2.x variables that are asked for, or the fewest that will do. `Entries` is not among them: its value is the number
 * of profiles installed now, the most is told by a report only.
 */
export function capabilityVariablesOf(
  version: '2.0.1' | '2.1',
  scope: 'all' | 'least',
): readonly CapabilityVariable[] {
  if (scope === 'least') return leastVariables;
  const named = ['Enabled', 'Available', 'Phases3to1', 'ACPhaseSwitchingSupported'];
  const both = [...leastVariables, ...named.map((name) => ({ name }))];
  if (version === '2.0.1') return both;
  return [
    ...both,
    { name: 'ChargingProfilePersistence', instance: 'TxProfile' },
    { name: 'SupportedAdditionalPurposes' },
    ...features.map((name) => ({ name })),
  ];
}

/** A capability answer, read. What was not answered, or in no readable way, is absent. A JSON value. */
export interface CapabilityReading {
  /** The units of limits that it takes. */
  readonly rateUnits?: readonly ('A' | 'W')[];
  readonly maxPeriods?: number;
  readonly maxStackLevel?: number;
  readonly maxProfiles?: number;
  /** false: it says that it does no smart charging, or that it is switched off. */
  readonly smartCharging?: boolean;
  readonly switchesPhases?: boolean;
  /** 2.1; false: TxProfiles are gone after a reboot. */
  readonly keepsPlans?: boolean;
  /** 2.1: features and purposes beyond those of 2.0.1, in alphabetical order. */
  readonly extras: readonly string[];
  /** Keys that were answered with what cannot be read. */
  readonly garbled: readonly string[];
}

/** Longest list of unreadable keys that is kept. */
const garbledMax = 16;

/** Reads facts by the names of either version, and notes what cannot be read. */
class FactReader {
  readonly garbled: string[] = [];
  readonly #facts: Readonly<Record<string, string>>;

  constructor(facts: Readonly<Record<string, string>>) {
    this.#facts = facts;
  }

  /** The first of these facts that `read` understands. */
  first<T>(keys: readonly string[], read: (text: string) => T | undefined): T | undefined {
    for (const key of keys) {
      const text = Object.hasOwn(this.#facts, key) ? this.#facts[key] : undefined;
      if (text === undefined) continue;
      const value = read(text.trim());
      if (value !== undefined) return value;
      if (this.garbled.length < garbledMax) this.garbled.push(key);
    }
    return undefined;
  }

  count(keys: readonly string[], least: number): number | undefined {
    return this.first(keys, (text) =>
      /^\d{1,9}$/.test(text) && Number(text) >= least ? Number(text) : undefined,
    );
  }

  truth(keys: readonly string[]): boolean | undefined {
    return this.first(keys, (text) => {
      const word = text.toLowerCase();
      return word === 'true' ? true : word === 'false' ? false : undefined;
    });
  }
}

/** The words of a comma-separated list. */
function wordsOf(text: string): readonly string[] {
  return text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}

/** The units in a list such as `Current,Power` or `A,W`. */
function unitsOf(text: string): readonly ('A' | 'W')[] | undefined {
  const words = wordsOf(text).map((word) => word.toLowerCase());
  const units = [
    ...(words.includes('a') || words.includes('current') ? (['A'] as const) : []),
    ...(words.includes('w') || words.includes('power') ? (['W'] as const) : []),
  ];
  return units.length === 0 ? undefined : units;
}

/** Whether a list of feature profiles has smart charging in it; undefined where it is no such list. */
function smartChargingOf(text: string): boolean | undefined {
  const words = wordsOf(text).map((word) => word.toLowerCase());
  return words.includes('core') || words.includes('smartcharging')
    ? words.includes('smartcharging')
    : undefined;
}

function withoutAbsent<T extends object>(record: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const entries = Object.entries(record).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> };
}

/** The facts of a `capability` answer, read. */
export function readingOfFacts(facts: Readonly<Record<string, string>>): CapabilityReading {
  const reader = new FactReader(facts);
  const of = (name: string): string => `${capabilityComponent}.${name}`;
  const isOn = reader.truth([of('Enabled')]);
  const isThere = reader.truth([of('Available')]);
  const named =
    isOn === undefined && isThere === undefined
      ? reader.first(['SupportedFeatureProfiles'], smartChargingOf)
      : isOn !== false && isThere !== false;
  const extras = [
    ...features.filter((name) => reader.truth([of(name)]) === true),
    ...(reader.first([of('SupportedAdditionalPurposes')], wordsOf) ?? []).map((word) => word.slice(0, 50)),
  ];
  const reading = withoutAbsent({
    rateUnits: reader.first(['ChargingScheduleAllowedChargingRateUnit', of('RateUnit')], unitsOf),
    maxPeriods: reader.count(['ChargingScheduleMaxPeriods', of('PeriodsPerSchedule')], 1),
    maxStackLevel: reader.count(['ChargeProfileMaxStackLevel', of('ProfileStackLevel')], 0),
    maxProfiles: reader.count(['MaxChargingProfilesInstalled'], 1),
    smartCharging: named,
    switchesPhases: reader.truth([
      'ConnectorSwitch3to1PhaseSupported',
      of('Phases3to1'),
      of('ACPhaseSwitchingSupported'),
    ]),
    keepsPlans: reader.truth([of('ChargingProfilePersistence[TxProfile]')]),
  });
  return { ...reading, extras: extras.slice(0, garbledMax).toSorted(), garbled: reader.garbled };
}

/** The facts that a reading of a version is expected to hold and does not. */
export function missingOf(version: OcppVersion, reading: CapabilityReading): readonly ReadableFact[] {
  const facts: readonly (readonly [ReadableFact, unknown])[] = [
    ['rateUnit', reading.rateUnits],
    ['maxPeriods', reading.maxPeriods],
    ['maxStackLevel', reading.maxStackLevel],
    ...(version === '1.6' ? [['maxProfiles', reading.maxProfiles] as const] : []),
  ];
  return facts.flatMap(([name, value]) => (value === undefined ? [name] : []));
}
