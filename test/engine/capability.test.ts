/** Stations are asked what they can (1.6 9.4); whatever they answer, or fail to, nothing counts for less than before. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { obeysAll, type ObeyedPurposes, type Station, type StationCapability } from '#domain/site';
import { jsonOf } from '#engine/json';
import { replay } from '#engine/replay';
import type { State } from '#engine/state';
import {
  FakeDepot,
  siteOf,
  startS,
  stationOf,
  type FakeStation,
  type FakeVisit,
  policyWith,
} from './fake-depot.ts';

const readable = ['rateUnit', 'maxPeriods', 'maxStackLevel', 'maxProfiles'] as const;

/** A station whose owner declared none of what can be asked. */
const undeclared = (id: string) => {
  const { capability, ...rest } = stationOf(id);
  return { ...rest, capability: { ...capability, assumed: readable } };
};

const stateOf = (depot: FakeDepot): State => {
  const state = depot.loop?.state();
  if (state === undefined) throw new Error('the engine is down');
  return state;
};

const countedOf = (depot: FakeDepot, id: string): StationCapability => {
  const station = stateOf(depot).site.stations.find((one) => one.id === id);
  if (station === undefined) throw new Error(id);
  return station.capability;
};

const asksOf = (station: FakeStation): number =>
  station.seen.filter((action) => action === 'GetConfiguration').length;

const visitAt = (stationId: string, more: Partial<FakeVisit> = {}): FakeVisit => ({
  id: `v${stationId}`,
  stationId,
  arriveS: startS + 300,
  departS: startS + 7200,
  energyWh: 8000,
  maxW: 11_000,
  ...more,
});

describe('what a station answers', () => {
  test('is counted, told on the bus, kept by make, and replayed to the same bytes', async () => {
    const depot = new FakeDepot({ site: siteOf([undeclared('A'), undeclared('B')]) });
    Object.assign(depot.station('A'), {
      firmware: '2.1',
      configuration: { ChargingScheduleMaxPeriods: '5', ChargeProfileMaxStackLevel: '3', Junk: 'x' },
    });
    Object.assign(depot.station('B'), { firmware: '2.1', configuration: 'error' });
    await depot.begin();
    // A says 5 periods and 3 levels; units and number of profiles stay cautious.
    const counted = { rateUnit: 'A', maxPeriods: 5, maxStackLevel: 3, maxProfiles: 3 };
    expect(countedOf(depot, 'A')).toMatchObject(counted);
    // B will not tell: its make has.
    expect(countedOf(depot, 'B')).toMatchObject(counted);
    expect(
      depot
        .said('out.capability')
        .filter((one) => one['stationId'] === 'A')
        .at(-1),
    ).toMatchObject({
      make: { vendor: 'Volta', model: 'AC22', firmware: '2.1' },
      status: 'read',
      missing: ['rateUnit', 'maxProfiles'],
      counted,
    });
    expect(depot.said('out.capability').at(-1)).toMatchObject({ stationId: 'B', status: 'refused' });
    const replayed = replay(depot.journal.read());
    expect(jsonOf(replayed)).toBe(jsonOf(stateOf(depot)));
  });

  test('a station that takes power only has its floor in W, for one phase', async () => {
    const depot = new FakeDepot({ site: siteOf([undeclared('A')]) });
    depot.station('A').configuration = { ChargingScheduleAllowedChargingRateUnit: 'Power' };
    await depot.begin();
    const floor = depot
      .station('A')
      .installed.find(({ profile }) => profile.chargingProfilePurpose === 'TxDefaultProfile');
    // 6 A on each phase are 1380 W, if all of it may be carried by one.
    expect(floor?.profile.chargingSchedule).toMatchObject({
      chargingRateUnit: 'W',
      chargingSchedulePeriod: [{ limit: 1380 }],
    });
  });

  test('is asked for once, after a boot again, after a mere reconnection not', async () => {
    const depot = new FakeDepot({ site: siteOf([undeclared('A')]) });
    const station = depot.station('A');
    station.configuration = { ChargingScheduleMaxPeriods: '5' };
    await depot.begin();
    expect(asksOf(station)).toBe(1);
    station.disconnect();
    station.connect(false);
    await depot.settle();
    expect(asksOf(station)).toBe(1);
    station.disconnect();
    station.connect();
    await depot.settle();
    expect(asksOf(station)).toBe(2);
  });

  test('what an older firmware said is over with its update', async () => {
    const depot = new FakeDepot({ site: siteOf([undeclared('A')]) });
    const station = depot.station('A');
    Object.assign(station, { firmware: '1', configuration: { ChargingScheduleMaxPeriods: '20' } });
    await depot.begin();
    expect(countedOf(depot, 'A').maxPeriods).toBe(20);
    station.disconnect();
    Object.assign(station, { firmware: '2', configuration: 'junk' });
    station.connect();
    await depot.settle();
    expect(countedOf(depot, 'A').maxPeriods).toBe(6);
    station.disconnect();
    station.firmware = '1';
    station.connect();
    await depot.settle();
    // It is known what version 1 does.
    expect(countedOf(depot, 'A').maxPeriods).toBe(20);
  });

  test.each(['junk', 'error', 'silent'] as const)(
    '%s: three questions, then cautious values',
    async (how) => {
      const depot = new FakeDepot({ site: siteOf([undeclared('A')]), visits: [visitAt('A')] });
      const station = depot.station('A');
      station.configuration = how;
      await depot.begin();
      await depot.runTo(startS + 7210);
      expect(asksOf(station)).toBe(3);
      expect(countedOf(depot, 'A')).toMatchObject({ maxPeriods: 6, maxStackLevel: 0, maxProfiles: 3 });
      expect(stateOf(depot).stations.get('A')?.capability.status).toBe(
        how === 'silent' ? 'silent' : 'refused',
      );
      expect(depot.said('out.capability').at(-1)).toMatchObject({ reading: null });
      // It is served all the same.
      expect(depot.leftWh.get('vA')).toBe(0);
    },
  );

  test('a station with room for two profiles has its floor and its plan, and no cap', async () => {
    const depot = new FakeDepot({ site: siteOf([undeclared('A')]), visits: [visitAt('A')] });
    const station = depot.station('A');
    station.configuration = { MaxChargingProfilesInstalled: '2' };
    station.refuses = (profile) =>
      station.installed.filter((one) => one.profile.chargingProfileId !== profile.chargingProfileId).length >=
      2;
    await depot.begin();
    await depot.runTo(startS + 400);
    expect(station.installed.map(({ profile }) => profile.chargingProfilePurpose).toSorted()).toEqual([
      'TxDefaultProfile',
      'TxProfile',
    ]);
  });
});

describe('what a station does', () => {
  test('refusing amperes without a word on units: it is tried in watts, and its sisters at once', async () => {
    const depot = new FakeDepot({ site: siteOf([undeclared('A'), undeclared('B')]) });
    for (const station of depot.stations.values())
      station.refuses = (profile) => profile.chargingSchedule.chargingRateUnit === 'A';
    await depot.begin();
    await depot.runTo(startS + 300);
    for (const id of ['A', 'B']) {
      expect(countedOf(depot, id).rateUnit).toBe('W');
      expect(depot.station(id).limitA()).toBe(6);
    }
    expect(depot.said('out.capability').at(-1)).toMatchObject({
      lessons: { refused: [{ purpose: 'TxDefaultProfile', unit: 'A', status: 'Rejected' }] },
    });
  });

  test('refusing caps: it is sent none any more, nor are others of its make that come later', async () => {
    const site = siteOf([stationOf('A'), stationOf('B')]);
    const depot = new FakeDepot({ site, policy: policyWith({ lateS: 0 }) });
    for (const station of depot.stations.values())
      station.refuses = (profile) => profile.chargingProfilePurpose === 'ChargePointMaxProfile';
    depot.startEngine();
    depot.station('A').connect();
    await depot.settle();
    await depot.runTo(startS + 300);
    const sets = (id: string): number =>
      depot.station(id).seen.filter((action) => action === 'SetChargingProfile').length;
    // The cap once, the floor once.
    expect(sets('A')).toBe(2);
    depot.station('B').connect();
    await depot.settle();
    expect(sets('B')).toBe(1);
    expect(depot.station('B').limitA()).toBe(6);
  });

  test('refusing plans above the lowest level: the plan comes at the lowest', async () => {
    const depot = new FakeDepot({ site: siteOf([stationOf('A')]), visits: [visitAt('A')] });
    const station = depot.station('A');
    station.refuses = ({ stackLevel }) => stackLevel > 0;
    await depot.begin();
    await depot.runTo(startS + 7210);
    expect(countedOf(depot, 'A').maxStackLevel).toBe(0);
    expect(depot.leftWh.get('vA')).toBe(0);
  });

  test('refusing TxProfiles: plans come as defaults above the floor, and go with their vehicle', async () => {
    const visits = [
      visitAt('A', { departS: startS + 5400 }),
      visitAt('A', { id: 'next', arriveS: startS + 5700, announced: false }),
    ];
    const depot = new FakeDepot({ site: siteOf([stationOf('A')]), visits });
    const station = depot.station('A');
    station.refuses = ({ chargingProfilePurpose }) => chargingProfilePurpose === 'TxProfile';
    await depot.begin();
    await depot.runTo(startS + 1800);
    const plans = () =>
      station.installed.filter(
        ({ profile }) => profile.chargingProfilePurpose === 'TxDefaultProfile' && profile.stackLevel === 1,
      );
    expect(plans()).toHaveLength(1);
    await depot.runTo(startS + 5410);
    expect(depot.leftWh.get('vA')).toBe(0);
    expect(plans()).toEqual([]);
    await depot.runTo(startS + 5800);
    expect(station.limitA()).toBe(6);
  });

  test('refusing TxDefaultProfiles: plans come without a floor beside them, and end in it', async () => {
    const sites = ['A', 'B', 'C'].map((id) => stationOf(id));
    const depot = new FakeDepot({ site: siteOf(sites), visits: [visitAt('A')] });
    for (const station of depot.stations.values())
      station.refuses = ({ chargingProfilePurpose }) => chargingProfilePurpose === 'TxDefaultProfile';
    await depot.begin();
    await depot.runTo(startS + 7210);
    // Three stations of the make have refused one each, and none has refused a TxProfile.
    expect(depot.said('out.capability').at(-1)).toMatchObject({ lost: ['floor'] });
    expect(depot.leftWh.get('vA')).toBe(0);
  });

  test('drawing above everything that it accepted is remembered of its make', async () => {
    // Two share 40 A: it is told less than the 32 A that it takes.
    const visits = ['A', 'B'].map((id) => visitAt(id, { maxW: 22_000, energyWh: 30_000 }));
    const depot = new FakeDepot({ site: siteOf([stationOf('A'), stationOf('B')]), visits, sampleS: 60 });
    depot.station('A').isDeaf = true;
    await depot.begin();
    await depot.runTo(startS + 900);
    const [record] = Object.values(stateOf(depot).makes);
    expect(record?.notApplied).toBe(1);
  });
});

describe('a station that accepts a purpose and does not obey it', () => {
  const declaredWith = (id: string, change: Partial<ObeyedPurposes>): Station => {
    const { capability } = stationOf(id);
    return stationOf(id, { capability: { ...capability, obeys: { ...obeysAll, ...change } } });
  };
  const purposesAt = (station: FakeStation): readonly string[] =>
    station.installed.map(({ profile }) => profile.chargingProfilePurpose).toSorted();

  test('TxDefaultProfile: hardware counts at all times, every transaction has a plan that ends in the floor', async () => {
    const visits = [
      visitAt('A', { departS: startS + 5400 }),
      visitAt('A', { id: 'next', arriveS: startS + 5700, departS: startS + 90_000, announced: false }),
      visitAt('B'),
    ];
    const site = siteOf([declaredWith('A', { txDefault: false }), stationOf('B')]);
    const depot = new FakeDepot({ site, visits });
    const station = depot.station('A');
    station.ignores = 'TxDefaultProfile';
    await depot.begin();
    await depot.runTo(startS + 1800);
    expect(purposesAt(station)).toEqual(['ChargePointMaxProfile', 'TxProfile']);
    // 40 A of panel less the 32 A that A may draw before anyone hears of its next vehicle.
    expect(depot.station('B').limitA()).toBeLessThanOrEqual(8);
    await depot.runTo(startS + 5410);
    expect(depot.leftWh.get('vA')).toBe(0);
    // Nobody announced the next one: it has the floor of 6 A all the same, for longer than any lease without a word of ours.
    await depot.runTo(startS + 5800);
    expect(station.limitA()).toBe(6);
    station.disconnect();
    // A lease is 8 h at most.
    await depot.runTo(startS + 5800 + 9 * 3600);
    expect(station.limitA()).toBe(6);
    expect(depot.peakA).toBeLessThanOrEqual(40);
  });

  test('TxProfile: plans are defaults above the floor from the first one on', async () => {
    const depot = new FakeDepot({
      site: siteOf([declaredWith('A', { txProfile: false })]),
      visits: [visitAt('A')],
    });
    const station = depot.station('A');
    station.ignores = 'TxProfile';
    await depot.begin();
    await depot.runTo(startS + 1800);
    expect(purposesAt(station)).toEqual(['ChargePointMaxProfile', 'TxDefaultProfile', 'TxDefaultProfile']);
    await depot.runTo(startS + 7210);
    expect(depot.leftWh.get('vA')).toBe(0);
  });

  test('TxProfile, with one stack level: no plan, the floor', async () => {
    const { capability, ...rest } = declaredWith('A', { txProfile: false });
    const site = siteOf([{ ...rest, capability: { ...capability, maxStackLevel: 0 } }]);
    const depot = new FakeDepot({ site, visits: [visitAt('A')] });
    depot.station('A').ignores = 'TxProfile';
    await depot.begin();
    await depot.runTo(startS + 1800);
    expect(purposesAt(depot.station('A'))).toEqual(['ChargePointMaxProfile', 'TxDefaultProfile']);
    expect(depot.station('A').limitA()).toBe(6);
  });

  test('a cap of the station: none is sent', async () => {
    const depot = new FakeDepot({
      site: siteOf([declaredWith('A', { stationMax: false })]),
      visits: [visitAt('A')],
    });
    depot.station('A').ignores = 'ChargePointMaxProfile';
    await depot.begin();
    await depot.runTo(startS + 7210);
    expect(purposesAt(depot.station('A'))).toEqual(['TxDefaultProfile']);
    expect(depot.leftWh.get('vA')).toBe(0);
  });
});

describe('never less safe', () => {
  test('a station that disowns smart charging counts with its hardware, whatever it accepts', async () => {
    const site = siteOf([stationOf('A'), stationOf('B'), stationOf('C')]);
    const depot = new FakeDepot({ site, visits: [visitAt('B')] });
    depot.station('A').configuration = { SupportedFeatureProfiles: 'Core,FirmwareManagement' };
    await depot.begin();
    await depot.runTo(startS + 600);
    expect(depot.alarms()).toContain('no-smart-charging');
    expect(stateOf(depot).ledger.beliefs.get('A')?.notCompliant).toEqual([1]);
    // 40 A of panel less 32 A.
    expect(depot.station('B').limitA() + depot.station('C').limitA()).toBeLessThanOrEqual(8);
    depot.station('A').disconnect();
    depot.station('A').configuration = { SupportedFeatureProfiles: 'Core,SmartCharging' };
    depot.station('A').connect();
    await depot.settle();
    expect(stateOf(depot).ledger.beliefs.get('A')?.notCompliant).toEqual([]);
    const alarms = depot.said('out.alarm').filter((alarm) => alarm['kind'] === 'no-smart-charging');
    expect(alarms.map((alarm) => alarm['active'])).toEqual([true, false]);
  });

  test('a capability that shrinks while a plan runs: the next plan fits it and takes the place of the old one', async () => {
    const visits = ['A', 'B', 'C'].map((id) => visitAt(id, { energyWh: 14_000 }));
    const site = siteOf(['A', 'B', 'C'].map(undeclared));
    const depot = new FakeDepot({ site, visits });
    for (const station of depot.stations.values())
      station.configuration = {
        ChargingScheduleMaxPeriods: '20',
        ChargeProfileMaxStackLevel: '3',
        MaxChargingProfilesInstalled: '9',
      };
    await depot.begin();
    await depot.runTo(startS + 1500);
    const station = depot.station('A');
    const plansOf = () =>
      station.installed
        .filter(({ profile }) => profile.chargingProfilePurpose === 'TxProfile')
        .map(
          ({ profile }) =>
            [profile.stackLevel, profile.chargingSchedule.chargingSchedulePeriod.length] as const,
        );
    expect(plansOf()).toMatchObject([[1, expect.any(Number)]]);
    station.disconnect();
    station.configuration = {
      ChargingScheduleMaxPeriods: '1',
      ChargeProfileMaxStackLevel: '0',
      MaxChargingProfilesInstalled: '3',
    };
    station.connect();
    await depot.settle();
    await depot.runTo(startS + 3000);
    expect(plansOf()).toEqual([[0, 1]]);
    await depot.runTo(startS + 7210);
    expect(depot.peakA).toBeLessThanOrEqual(40);
  });

  test('law: whatever stations say and refuse over their boots, the panel is never asked for more than it carries', async () => {
    const text = fc.constantFrom('0', '1', '2', '9', '-1', 'A', 'W', 'Current', 'Power', 'Core', '', 'x');
    const answer = fc.oneof(
      fc.constantFrom('junk' as const, 'error' as const, 'silent' as const),
      fc.record({
        ChargeProfileMaxStackLevel: text,
        ChargingScheduleAllowedChargingRateUnit: text,
        ChargingScheduleMaxPeriods: text,
        SupportedFeatureProfiles: text,
      }),
    );
    const boot = fc.record({
      id: fc.constantFrom('A', 'B', 'C'),
      firmware: fc.constantFrom('1', '2'),
      answer,
      refuses: fc.constantFrom('none', 'A', 'W', 'TxProfile', 'TxDefaultProfile', 'ChargePointMaxProfile'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(boot, { minLength: 3, maxLength: 6 }), async (boots) => {
        const visits = ['A', 'B', 'C'].map((id) => visitAt(id, { departS: startS + 3600, maxW: 22_000 }));
        const depot = new FakeDepot({ site: siteOf(['A', 'B', 'C'].map(undeclared)), visits });
        await depot.begin();
        for (const [i, one] of boots.entries()) {
          await depot.runTo(startS + 200 + 400 * i);
          const station = depot.station(one.id);
          station.disconnect();
          station.firmware = one.firmware;
          station.configuration = one.answer;
          station.refuses = ({ chargingSchedule, chargingProfilePurpose }) =>
            chargingSchedule.chargingRateUnit === one.refuses || chargingProfilePurpose === one.refuses;
          station.connect();
          await depot.settle();
        }
        await depot.runTo(startS + 3610);
        // A station that will not be ruled from the start is not the engine's to answer for: it is counted at 32 A.
        expect(depot.peakA).toBeLessThanOrEqual(40);
      }),
      { seed: 7, numRuns: Number(process.env['CAPABILITY_RUNS'] ?? 4) },
    );
  });
});
