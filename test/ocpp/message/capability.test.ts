import { expect, test } from 'vitest';
import type { StationCapability } from '#domain/site';
import { seconds } from '#domain/units';
import { capabilityIn, cautiousCapability, narrowedCapability, withCapability } from '#ocpp/capability';

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

test('what a 1.6 station reports narrows what was declared', () => {
  const facts = {
    ChargeProfileMaxStackLevel: '1',
    ChargingScheduleAllowedChargingRateUnit: 'Power',
    ChargingScheduleMaxPeriods: '6',
    MaxChargingProfilesInstalled: '4',
  };
  expect(narrowedCapability(declared, facts)).toEqual({
    ...declared,
    rateUnit: 'W',
    maxStackLevel: 1,
    maxPeriods: 6,
    maxProfiles: 4,
  });
});

test('so do the variables of 2.x', () => {
  const facts = {
    'SmartChargingCtrlr.ProfileStackLevel': '0',
    'SmartChargingCtrlr.RateUnit': 'W',
    'SmartChargingCtrlr.PeriodsPerSchedule': '12',
  };
  expect(narrowedCapability(declared, facts)).toEqual({
    ...declared,
    rateUnit: 'W',
    maxStackLevel: 0,
    maxPeriods: 12,
  });
});

test('a claim never widens, and what is not a number says nothing', () => {
  const facts = {
    ChargeProfileMaxStackLevel: '99',
    ChargingScheduleMaxPeriods: 'many',
    MaxChargingProfilesInstalled: '0',
    ChargingScheduleAllowedChargingRateUnit: 'horsepower',
  };
  expect(narrowedCapability(declared, facts)).toEqual(declared);
  expect(narrowedCapability(declared, {})).toEqual(declared);
});

test.each([
  ['Current,Power', 'A'],
  ['A, W', 'A'],
  ['current', 'A'],
  ['Power', 'W'],
  ['W', 'W'],
])('a station that says %j is sent %s where A was declared', (text, unit) => {
  expect(narrowedCapability(declared, { ChargingScheduleAllowedChargingRateUnit: text }).rateUnit).toBe(unit);
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

test('a new firmware is a new make, and names with odd characters do not meet', () => {
  const make = { vendor: 'V"', model: 'M,', firmware: '1' };
  const book = withCapability({}, make, declared);
  expect(capabilityIn(book, make)).toEqual(declared);
  expect(capabilityIn(book, { ...make, firmware: '2' })).toBeUndefined();
  expect(capabilityIn(book, { vendor: 'V', model: '","M,', firmware: '1' })).toBeUndefined();
  expect(capabilityIn(JSON.parse(JSON.stringify(book)) as typeof book, make)).toEqual(declared);
});
