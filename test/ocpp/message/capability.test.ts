/** What stations say of themselves, garbled or not, and what is counted on. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { StationCapability } from '#domain/site';
import { epochS, seconds } from '#domain/units';
import { cautiousCapability, countedCapability } from '#ocpp/capability';
import { capabilityKeysOf, capabilityVariablesOf, missingOf, readingOfFacts } from '#ocpp/capability-reading';
import {
  recordOf,
  refusesPurpose,
  withDeed,
  withNotApplied,
  withReading,
  type MakeBook,
  type StationMake,
} from '#ocpp/make-record';
import type { ChargingProfile, ProfilePurpose } from '#ocpp/profile';

const declared: StationCapability = {
  rateUnit: 'A',
  maxPeriods: 24,
  maxStackLevel: 8,
  maxProfiles: 10,
  reactionS: seconds(10),
  keepsProfiles: 'all',
  obeysLease: true,
  sharesStationCap: true,
};
const nothingDeclared: StationCapability = {
  ...declared,
  assumed: ['rateUnit', 'maxPeriods', 'maxStackLevel', 'maxProfiles'],
};

function countedWith(facts: Record<string, string>, on: StationCapability = declared): StationCapability {
  return countedCapability('AC', on, { reading: readingOfFacts(facts) });
}

describe('of the declared and the read value the lower', () => {
  test('1.6', () => {
    const facts = {
      ChargeProfileMaxStackLevel: '1',
      ChargingScheduleAllowedChargingRateUnit: 'Power',
      ChargingScheduleMaxPeriods: '6',
      MaxChargingProfilesInstalled: '4',
    };
    expect(countedWith(facts)).toEqual({
      ...declared,
      rateUnit: 'W',
      maxStackLevel: 1,
      maxPeriods: 6,
      maxProfiles: 4,
    });
  });

  test('2.x', () => {
    const facts = {
      'SmartChargingCtrlr.ProfileStackLevel': '0',
      'SmartChargingCtrlr.RateUnit': 'W',
      'SmartChargingCtrlr.PeriodsPerSchedule': '12',
    };
    expect(countedWith(facts)).toEqual({ ...declared, rateUnit: 'W', maxStackLevel: 0, maxPeriods: 12 });
  });

  test('a claim never widens what was declared', () => {
    const facts = { ChargeProfileMaxStackLevel: '99', ChargingScheduleMaxPeriods: '500' };
    expect(countedWith(facts)).toEqual(declared);
  });
});

describe('where nobody declared anything the station decides', () => {
  test('what it says counts, above the form as well as below', () => {
    const facts = { ChargingScheduleMaxPeriods: '48', ChargeProfileMaxStackLevel: '12' };
    expect(countedWith(facts, nothingDeclared)).toMatchObject({ maxPeriods: 48, maxStackLevel: 12 });
  });

  test('what it does not say, or in no readable way, is cautious', () => {
    const garbled = {
      ChargeProfileMaxStackLevel: '-1',
      ChargingScheduleMaxPeriods: 'many',
      MaxChargingProfilesInstalled: '0',
      ChargingScheduleAllowedChargingRateUnit: 'horsepower',
    };
    const cautious = { rateUnit: 'A', maxPeriods: 6, maxStackLevel: 0, maxProfiles: 3 };
    expect(countedWith(garbled, nothingDeclared)).toMatchObject(cautious);
    expect(countedWith({}, nothingDeclared)).toMatchObject(cautious);
    expect(countedCapability('AC', nothingDeclared, {})).toMatchObject(cautious);
    const reading = readingOfFacts(garbled);
    expect(reading.garbled.toSorted()).toEqual(Object.keys(garbled).toSorted());
    expect(missingOf('1.6', reading)).toEqual(['rateUnit', 'maxPeriods', 'maxStackLevel', 'maxProfiles']);
    // 2.x tells the most profiles in a report only.
    expect(missingOf('2.0.1', reading)).toEqual(['rateUnit', 'maxPeriods', 'maxStackLevel']);
  });
});

test.each([
  ['Current,Power', 'A'],
  ['A, W', 'A'],
  ['current', 'A'],
  ['Power', 'W'],
  ['W', 'W'],
])('a station that says %j is sent %s where A was declared', (text, unit) => {
  expect(countedWith({ ChargingScheduleAllowedChargingRateUnit: text }).rateUnit).toBe(unit);
});

describe('what else is read', () => {
  test.each([
    [{ SupportedFeatureProfiles: 'Core,RemoteTrigger' }, false],
    [{ SupportedFeatureProfiles: 'Core, SmartCharging' }, true],
    [{ SupportedFeatureProfiles: '???' }, undefined],
    [{ 'SmartChargingCtrlr.Enabled': 'false', 'SmartChargingCtrlr.Available': 'true' }, false],
    [{ 'SmartChargingCtrlr.Enabled': 'TRUE' }, true],
    [{ 'SmartChargingCtrlr.Enabled': '1' }, undefined],
    [{}, undefined],
  ])('%j: smart charging %s', (facts, has) => {
    expect(readingOfFacts(facts as Record<string, string>).smartCharging).toBe(has);
  });

  test('a 2.1 station that forgets plans over a reboot is not counted on to keep them', () => {
    const facts = { 'SmartChargingCtrlr.ChargingProfilePersistence[TxProfile]': 'false' };
    expect(countedWith(facts).keepsProfiles).toBe('floors');
    expect(countedWith(facts, { ...declared, keepsProfiles: 'none' }).keepsProfiles).toBe('none');
    const claims = { 'SmartChargingCtrlr.ChargingProfilePersistence[TxProfile]': 'true' };
    expect(countedWith(claims, { ...declared, keepsProfiles: 'none' }).keepsProfiles).toBe('none');
  });

  test('features of 2.1, in alphabetical order', () => {
    const facts = {
      'SmartChargingCtrlr.SupportsUseLocalTime': 'false',
      'SmartChargingCtrlr.SupportsMaxOfflineDuration': 'true',
      'SmartChargingCtrlr.SupportedAdditionalPurposes': 'PriorityCharging,LocalGeneration',
      'SmartChargingCtrlr.Phases3to1': 'true',
    };
    expect(readingOfFacts(facts)).toEqual({
      switchesPhases: true,
      extras: ['LocalGeneration', 'PriorityCharging', 'SupportsMaxOfflineDuration'],
      garbled: [],
    });
  });

  test('a question of the last resort asks for what is required only', () => {
    expect(capabilityKeysOf('least')).toHaveLength(4);
    expect(capabilityKeysOf('all')).toContain('SupportedFeatureProfiles');
    expect(capabilityVariablesOf('2.1', 'least')).toHaveLength(3);
    expect(capabilityVariablesOf('2.0.1', 'all')).not.toContainEqual({ name: 'SupportsDynamicProfiles' });
  });
});

test('law: no answer of a station makes anything count for more than it was declared to be', () => {
  const keys = [
    ...capabilityKeysOf('all'),
    ...capabilityVariablesOf('2.1', 'all').map(
      ({ name, instance }) => `SmartChargingCtrlr.${name}${instance === undefined ? '' : `[${instance}]`}`,
    ),
  ];
  const value = fc.oneof(
    fc.string({ maxLength: 8 }),
    fc.nat().map(String),
    fc.constantFrom('true', 'false', 'A', 'W', 'Current,Power', '1e3', '-0', 'NaN', '__proto__'),
  );
  const memory = ['none', 'floors', 'all'];
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...keys), value), (facts) => {
      const counted = countedWith(facts);
      expect(counted.maxPeriods).toBeLessThanOrEqual(declared.maxPeriods);
      expect(counted.maxPeriods).toBeGreaterThanOrEqual(1);
      expect(counted.maxStackLevel).toBeLessThanOrEqual(declared.maxStackLevel);
      expect(counted.maxProfiles).toBeLessThanOrEqual(declared.maxProfiles);
      expect(memory.indexOf(counted.keepsProfiles)).toBeLessThanOrEqual(
        memory.indexOf(declared.keepsProfiles),
      );
      const { reactionS, obeysLease, sharesStationCap } = counted;
      expect({ reactionS, obeysLease, sharesStationCap }).toEqual({
        reactionS: declared.reactionS,
        obeysLease: true,
        sharesStationCap: true,
      });
    }),
    { seed: 5 },
  );
});

test('of an unknown station nothing is trusted', () => {
  expect(cautiousCapability('DC')).toEqual({
    rateUnit: 'W',
    maxPeriods: 6,
    maxStackLevel: 0,
    maxProfiles: 3,
    reactionS: 120,
    keepsProfiles: 'none',
    obeysLease: false,
    sharesStationCap: false,
  });
  expect(cautiousCapability('AC').rateUnit).toBe('A');
});

const make: StationMake = { vendor: 'V"', model: 'M,', firmware: '1' };

function profileOf(purpose: ProfilePurpose, unit: 'A' | 'W', stackLevel: number): ChargingProfile {
  return {
    id: 1,
    stackLevel,
    purpose,
    kind: 'Absolute',
    schedules: [{ startAt: epochS(0), unit, periods: [{ startS: 0, limit: 6 }] }],
  };
}

/** A book with what one make took (no status) and refused. */
function bookOf(...deeds: readonly (readonly [ProfilePurpose, 'A' | 'W', number, string?])[]): MakeBook {
  return deeds.reduce<MakeBook>(
    (book, [purpose, unit, stackLevel, refusal]) =>
      withDeed(book, make, {
        profile: profileOf(purpose, unit, stackLevel),
        ...(refusal === undefined ? {} : { refusal }),
      }),
    {},
  );
}

/** The capability counted on for a station that says nothing, of the make of a book. */
function learnt(book: MakeBook, current: 'AC' | 'DC' = 'AC'): StationCapability {
  const record = recordOf(book, make);
  return countedCapability(current, declared, record === undefined ? {} : { record });
}

describe('what a make has done', () => {
  test('a new firmware is a new make, and names with odd characters do not meet', () => {
    const book = withReading({}, make, readingOfFacts({ ChargingScheduleMaxPeriods: '3' }));
    expect(recordOf(book, make)?.reading?.maxPeriods).toBe(3);
    expect(recordOf(book, { ...make, firmware: '2' })).toBeUndefined();
    expect(recordOf(book, { vendor: 'V', model: '","M,', firmware: '1' })).toBeUndefined();
    expect(recordOf(JSON.parse(JSON.stringify(book)) as MakeBook, make)?.reading?.maxPeriods).toBe(3);
  });

  test('a unit that is refused is left for the other one, unless that is refused too', () => {
    expect(learnt(bookOf(['TxDefaultProfile', 'A', 0, 'Rejected'])).rateUnit).toBe('W');
    expect(learnt(bookOf(['TxDefaultProfile', 'A', 0])).rateUnit).toBe('A');
    expect(
      learnt(bookOf(['TxDefaultProfile', 'A', 0, 'Rejected'], ['TxDefaultProfile', 'W', 0, 'Rejected']))
        .rateUnit,
    ).toBe('A');
    expect(learnt(bookOf(['TxProfile', 'A', 1, 'Rejected'], ['TxDefaultProfile', 'A', 0])).rateUnit).toBe(
      'A',
    );
    // The vehicle's amperes say nothing of the grid's.
    const inW = bookOf(['TxDefaultProfile', 'W', 0, 'Rejected']);
    const record = recordOf(inW, make);
    expect(
      countedCapability('DC', { ...declared, rateUnit: 'W' }, record === undefined ? {} : { record })
        .rateUnit,
    ).toBe('W');
  });

  test('its words on units stand above its deeds', () => {
    const record = recordOf(bookOf(['TxDefaultProfile', 'A', 0, 'Rejected']), make);
    const reading = readingOfFacts({ ChargingScheduleAllowedChargingRateUnit: 'Current' });
    expect(countedCapability('AC', declared, { reading, ...(record && { record }) }).rateUnit).toBe('A');
  });

  test('a stack level that is refused is left for the lowest', () => {
    const floor = ['TxDefaultProfile', 'A', 0] as const;
    expect(learnt(bookOf(floor, ['TxProfile', 'A', 1, 'Rejected'])).maxStackLevel).toBe(0);
    expect(
      learnt(bookOf(floor, ['TxProfile', 'A', 1, 'Rejected'], ['TxProfile', 'A', 0])).maxStackLevel,
    ).toBe(0);
    expect(
      learnt(bookOf(floor, ['TxProfile', 'A', 1, 'Rejected'], ['TxProfile', 'A', 1])).maxStackLevel,
    ).toBe(8);
    expect(
      learnt(bookOf(floor, ['TxProfile', 'A', 1, 'Rejected'], ['TxProfile', 'A', 0, 'Rejected']))
        .maxStackLevel,
    ).toBe(8);
  });

  test('a purpose counts as refused while none of it was taken', () => {
    const refused = bookOf(['ChargingStationMaxProfile', 'A', 0, 'NotSupported']);
    expect(refusesPurpose(recordOf(refused, make), 'ChargingStationMaxProfile')).toBe(true);
    expect(refusesPurpose(recordOf(refused, make), 'TxDefaultProfile')).toBe(false);
    expect(refusesPurpose(recordOf(refused, make), 'ChargingStationMaxProfile', 2)).toBe(false);
    const taken = withDeed(refused, make, { profile: profileOf('ChargingStationMaxProfile', 'A', 0) });
    expect(refusesPurpose(recordOf(taken, make), 'ChargingStationMaxProfile')).toBe(false);
  });

  test('what is remembered is bounded, the same deed is kept once', () => {
    let book: MakeBook = {};
    for (let level = 0; level < 40; level++)
      book = withDeed(book, make, { profile: profileOf('TxProfile', 'A', level), refusal: 'Rejected' });
    expect(recordOf(book, make)?.refused.map((deed) => deed.stackLevel)).toEqual(
      Array.from({ length: 12 }, (_, i) => 28 + i),
    );
    // Refusals are counted up to three.
    for (let n = 0; n < 2; n++)
      book = withDeed(book, make, { profile: profileOf('TxProfile', 'A', 39), refusal: 'Rejected' });
    expect(recordOf(book, make)?.refused.at(-1)).toMatchObject({ stackLevel: 39, times: 3 });
    const again = withDeed(book, make, { profile: profileOf('TxProfile', 'A', 39), refusal: 'Rejected' });
    expect(again).toBe(book);
    for (let n = 0; n < 300; n++) book = withNotApplied(book, { ...make, firmware: String(n) });
    expect(Object.keys(book)).toHaveLength(256);
    expect(recordOf(book, make)).toBeUndefined();
    expect(recordOf(book, { ...make, firmware: '299' })?.notApplied).toBe(1);
  });
});
