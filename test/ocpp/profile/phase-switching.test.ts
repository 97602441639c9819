/** Plans on one phase of three: what is sent, what composites and the ledger make of it, and what a station does. */
import { describe, expect, test } from 'vitest';
import type { StationCapability } from '#domain/site';
import { constant, stepFunctionOf, valueAt } from '#domain/step-function';
import { amperes, epochS } from '#domain/units';
import { compilePlan, type CompiledPlan, type PlanInput } from '#ocpp/compile';
import { countedCapability } from '#ocpp/capability';
import { readingOfFacts } from '#ocpp/capability-reading';
import type { InstalledProfile } from '#ocpp/profile';
import { validateProfile } from '#ocpp/validate-profile';
import { exposureOf, learn, ledgerOf } from '#safety/ledger';
import { defaultLedgerPolicy } from '#safety/ledger-policy';
import { benchOf, setProfile, stationOf, vehicle, type Bench } from '../../sim/bench-station.ts';
import { plan as leasedPlan, site, station as wired, txDefault } from '../../safety/depot.ts';
import { after, station, t0, versions } from './builders.ts';

/** 6 A on one phase, rest, 16 A on three, a quarter of an hour each. */
const limit = stepFunctionOf([
  [after(t0, 0), 6],
  [after(t0, 900), 0],
  [after(t0, 1800), 16],
]);
const onePhase = stepFunctionOf([
  [after(t0, 0), 1],
  [after(t0, 900), 0],
]);

function compiled(switchesPhases: StationCapability['switchesPhases'], over: Partial<PlanInput> = {}) {
  const { version = '2.0.1' } = over.station ?? {};
  return compilePlan({
    station: station({ version, capability: switchesPhases === undefined ? {} : { switchesPhases } }),
    evseId: 1,
    transactionId: '77',
    leaseS: 2700,
    now: t0,
    raiseDelayS: 0,
    limit,
    onePhase,
    ...(over.limit === undefined ? {} : { limit: over.limit }),
    ...(over.onePhase === undefined ? {} : { onePhase: over.onePhase }),
  });
}

function planOf(
  switchesPhases: StationCapability['switchesPhases'],
  over: Partial<PlanInput> = {},
): CompiledPlan {
  const result = compiled(switchesPhases, over);
  if (!result.ok) throw new Error(JSON.stringify(result.problem));
  return result.value;
}

const phasesIn = ({ profile }: CompiledPlan): unknown[] =>
  profile.schedules[0]!.periods.map(({ numberPhases, phaseToUse }) => [numberPhases, phaseToUse]);

describe('a plan with a part on one phase', () => {
  test('names one phase, and which where the station lets it be named', () => {
    expect(phasesIn(planOf('to-any'))).toEqual([
      [1, 1],
      [3, undefined],
      [3, undefined],
    ]);
    expect(phasesIn(planOf('to-one'))[0]).toEqual([1, undefined]);
    const old = planOf('to-any', { station: station({ version: '1.6' }) });
    expect(phasesIn(old)[0]).toEqual([1, undefined]);
  });

  test('stays on three phases where the station cannot', () => {
    expect(phasesIn(planOf(undefined))[0]).toEqual([3, undefined]);
  });

  test('has the limit that it had, on every phase', () => {
    expect(planOf('to-any').expected).toEqual(planOf(undefined).expected);
  });

  test.each(versions)('is accepted by a station of %s', (version) => {
    const of = station({ version, capability: { switchesPhases: 'to-any' } });
    const verdict = validateProfile({
      version,
      now: t0,
      evseId: 1,
      numberOfEvses: 1,
      profile: planOf('to-any', { station: of }).profile,
      installed: [],
      transactions: [{ evseId: 1, id: '77', startedAt: t0 }],
      station: { acPhaseSwitching: true },
    });
    expect(verdict.violations).toEqual([]);
  });

  test('is refused where phases would change under load', () => {
    const result = compiled('to-any', { limit: constant(6) });
    expect(result.ok ? undefined : result.problem).toMatchObject({
      kind: 'phases-without-rest',
      at: after(t0, 900),
    });
    // At a station that does not change there is nothing to refuse.
    expect(compiled(undefined, { limit: constant(6) }).ok).toBe(true);
  });

  test('counts in the ledger on all three phases: the station may use them', () => {
    const plan = leasedPlan(1, 'tx', 0, 10_000, 10);
    const [schedule] = plan.profile.schedules;
    const periods = schedule!.periods.map((period) => ({ ...period, numberPhases: 1, phaseToUse: 1 }));
    const single: InstalledProfile = {
      ...plan,
      profile: { ...plan.profile, schedules: [{ ...schedule!, periods }] },
    };
    for (const version of versions) {
      const depot = site([wired('s', { version })], [{ id: 'grid', limitA: amperes(1000) }]);
      const ledger = learn(depot, ledgerOf(depot, epochS(0), defaultLedgerPolicy), {
        stationId: 's',
        kind: 'read-back',
        at: epochS(0),
        installed: [txDefault(1, 6), single],
        link: 1,
      });
      const { phaseMilliA } = exposureOf(depot, ledger, 's');
      expect(phaseMilliA.map((of) => valueAt(of, epochS(100)))).toEqual([10_000, 10_000, 10_000]);
    }
  });
});

test('a station that says it switches no phases is believed over what was declared', () => {
  const declared = station({ capability: { switchesPhases: 'to-any' } }).capability;
  const counted = (facts: Record<string, string>): unknown =>
    countedCapability('AC', declared, { reading: readingOfFacts(facts) }).switchesPhases;
  expect(counted({})).toBe('to-any');
  expect(counted({ 'SmartChargingCtrlr.ACPhaseSwitchingSupported': 'true' })).toBe('to-any');
  expect(counted({ ConnectorSwitch3to1PhaseSupported: 'false' })).toBeUndefined();
  const silent = station().capability;
  const reading = readingOfFacts({ ConnectorSwitch3to1PhaseSupported: 'true' });
  expect(countedCapability('AC', silent, { reading }).switchesPhases).toBeUndefined();
});

describe.each(versions)('a simulated station of %s', (version) => {
  function charging(switchesPhases: StationCapability['switchesPhases']): Bench {
    const of = stationOf({ version });
    const capability = { ...of.capability, ...(switchesPhases === undefined ? {} : { switchesPhases }) };
    const bench = benchOf({ ...of, capability });
    bench.station.powerOn(0);
    bench.until(10);
    bench.station.plugIn(1, vehicle);
    bench.until(20);
    const message = setProfile(version, {
      purpose: 'tx',
      tx: version === '1.6' ? '101' : 'ST-1-t1',
      periods: [
        [0, 6],
        [600, 0],
        [1200, 10],
      ],
    });
    const text = JSON.stringify(message).replace('"limit":6', '"limit":6,"numberPhases":1');
    expect(bench.call('SetChargingProfile', JSON.parse(text))).toMatchObject({ status: 'Accepted' });
    return bench;
  }

  test('closes one contactor where it can, and all again after the rest', () => {
    const bench = charging('to-one');
    bench.until(100);
    expect(bench.draw()).toBe(6 * 230);
    bench.until(700);
    expect(bench.draw()).toBe(0);
    bench.until(1300);
    expect(bench.draw()).toBe(10 * 230 * 3);
  });

  test('and draws on all three where it cannot', () => {
    const bench = charging(undefined);
    bench.until(100);
    expect(bench.draw()).toBe(6 * 230 * 3);
  });
});
