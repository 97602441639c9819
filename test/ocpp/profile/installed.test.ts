import { describe, expect, test } from 'vitest';
import { duplicateRulesOf, installedAfter } from '#ocpp/installed';
import type { InstalledProfile, ProfilePurpose } from '#ocpp/profile';
import { after, on, periods, profile, t0, versions } from './builders.ts';

function one(
  id: number,
  purpose: ProfilePurpose,
  stackLevel = 0,
  transactionId?: string,
): ReturnType<typeof profile> {
  return profile({
    id,
    purpose,
    stackLevel,
    startAt: t0,
    periods: periods([0, 6]),
    ...(transactionId === undefined ? {} : { transactionId }),
  });
}

const ids = (installed: readonly InstalledProfile[]): number[] => installed.map(({ profile }) => profile.id);
const set = (evseId: number, profile: InstalledProfile['profile']) =>
  ({ kind: 'set-profile', evseId, profile }) as const;
const clear = (other: object) => ({ kind: 'clear-profile', ...other }) as const;

const station = [
  ...on(0, one(1, 'ChargingStationMaxProfile'), one(2, 'TxDefaultProfile')),
  ...on(1, one(3, 'TxDefaultProfile', 1), one(4, 'TxProfile', 1, '77')),
  ...on(2, one(5, 'TxProfile', 1, '78'), one(6, 'TxDefaultProfile', 1)),
];

describe('setting a profile', () => {
  test.each(versions)('TC_K_04: the same id replaces in %s, wherever it was', (version) => {
    expect(ids(installedAfter(version, station, set(2, one(3, 'TxDefaultProfile', 2))))).toEqual([
      1, 2, 4, 5, 6, 3,
    ]);
  });

  test('1.6 3.13.2: the same purpose and stack level on the same connector replaces, 2.x keeps both', () => {
    const next = set(1, one(9, 'TxDefaultProfile', 1));
    expect(ids(installedAfter('1.6', station, next))).toEqual([1, 2, 4, 5, 6, 9]);
    expect(ids(installedAfter('2.0.1', station, next))).toEqual([1, 2, 3, 4, 5, 6, 9]);
  });

  test('K01.FR.05: nothing replaces external constraints', () => {
    const external = on(0, one(1, 'ChargingStationExternalConstraints'));
    expect(ids(installedAfter('2.1', external, set(0, one(1, 'ChargingStationMaxProfile'))))).toEqual([1, 1]);
    expect(
      duplicateRulesOf('2.1', external, { evseId: 0, profile: one(1, 'ChargingStationMaxProfile') }),
    ).toEqual(['K01.FR.05']);
  });

  test('the list that goes in is left as it was', () => {
    const before = structuredClone(station);
    installedAfter('1.6', station, set(1, one(4, 'TxProfile', 1, '77')));
    expect(station).toEqual(before);
  });
});

describe('clearing profiles', () => {
  test.each(versions)('K10.FR.03, TC_K_05: by id, the rest of the filter is ignored, in %s', (version) => {
    expect(ids(installedAfter(version, station, clear({ profileId: 3, evseId: 2, stackLevel: 7 })))).toEqual([
      1, 2, 4, 5, 6,
    ]);
  });

  test.each(versions)(
    'K10.FR.04, 1.6 errata 3.26, TC_K_06, TC_K_24: all that is given must match, in %s',
    (version) => {
      const byDefault1 = clear({ purpose: 'TxDefaultProfile', stackLevel: 1 });
      expect(ids(installedAfter(version, station, byDefault1))).toEqual([1, 2, 4, 5]);
      expect(ids(installedAfter(version, station, clear({ evseId: 0 })))).toEqual([3, 4, 5, 6]);
      expect(
        ids(installedAfter(version, station, clear({ evseId: 1, purpose: 'TxProfile', stackLevel: 0 }))),
      ).toEqual(ids(station));
    },
  );

  test('1.6 errata 3.25, 1.6 5.5: nothing given clears all in 1.6; in 2.x it is no request (K10.FR.02)', () => {
    expect(installedAfter('1.6', station, clear({}))).toEqual([]);
    expect(installedAfter('2.0.1', station, clear({}))).toEqual(station);
  });

  test('K10.FR.06: external constraints stay', () => {
    const external = on(0, one(-1, 'ChargingStationExternalConstraints'));
    expect(installedAfter('2.1', external, clear({ profileId: -1 }))).toEqual(external);
    expect(installedAfter('2.1', external, clear({ evseId: 0 }))).toEqual(external);
  });
});

describe('the end of a transaction', () => {
  test.each(versions)('K02.FR.05: its TxProfiles go, others stay, in %s', (version) => {
    const end = { kind: 'transaction-end', evseId: 1, transactionId: '77' } as const;
    expect(ids(installedAfter(version, station, end))).toEqual([1, 2, 3, 5, 6]);
    expect(ids(installedAfter(version, station, { ...end, transactionId: '99' }))).toEqual(ids(station));
    expect(ids(installedAfter(version, station, { kind: 'transaction-end', evseId: 2 }))).toEqual([
      1, 2, 3, 4, 6,
    ]);
    const unbound = on(1, one(7, 'TxProfile'));
    expect(installedAfter(version, unbound, end)).toEqual([]);
  });
});

test('1.6 knows no duplicates: it replaces', () => {
  expect(duplicateRulesOf('1.6', station, { evseId: 1, profile: one(9, 'TxDefaultProfile', 1) })).toEqual([]);
  const later = { ...one(9, 'TxDefaultProfile', 1), validFrom: after(t0, 1) };
  expect(duplicateRulesOf('2.0.1', station, { evseId: 1, profile: later })).toEqual(['K01.FR.06']);
  // And beside a TxDefaultProfile of EVSE 0 at the same level.
  const both = [...station, ...on(0, one(8, 'TxDefaultProfile', 1))];
  expect(duplicateRulesOf('2.0.1', both, { evseId: 1, profile: later })).toEqual(['K01.FR.06', 'K01.FR.53']);
});
