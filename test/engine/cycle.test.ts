/** The control cycle, one fact a row: what comes in, what goes out. */
import { expect, test } from 'vitest';
import { constant, valueAt } from '#domain/step-function';
import { epochS } from '#domain/units';
import type { Solution } from '#solver/problem';
import { solve } from '#solver/solve';
import {
  anyVisit as visit,
  FakeDepot,
  policyWith,
  siteOf,
  startS,
  stationOf,
  type FakeVisit,
} from './fake-depot.ts';

const oneStation = siteOf([stationOf('A')]);

/** Actions that a station has been sent since `from` messages. */
const actions = (depot: FakeDepot, from = 0): readonly string[] => depot.station('A').seen.slice(from);

/** The TxProfile that a station holds. */
const plan = (depot: FakeDepot, stationId = 'A') =>
  depot.station(stationId).installed.find((i) => i.profile.chargingProfilePurpose === 'TxProfile')?.profile;

test('a station that connects is rid of plans, asked what it can, read, given its floor; once no stranger can arrive, of the rest', async () => {
  const depot = new FakeDepot({ site: oneStation });
  await depot.begin();
  expect(actions(depot)).toEqual([
    'ClearChargingProfile',
    'GetConfiguration',
    'GetCompositeSchedule',
    'SetChargingProfile',
    'ChangeConfiguration',
  ]);
  const before = actions(depot).length;
  await depot.runTo(startS + 121);
  expect(actions(depot, before)).toEqual([
    'ClearChargingProfile',
    'GetCompositeSchedule',
    'SetChargingProfile',
    ...Array.from({ length: 10 }, () => 'ClearChargingProfile'),
    'SetChargingProfile',
    // The floor is seen once.
    'GetCompositeSchedule',
  ]);
  expect(
    depot
      .station('A')
      .installed.map(({ connectorId, profile }) => [
        connectorId,
        profile.chargingProfilePurpose,
        profile.chargingSchedule.chargingSchedulePeriod[0]?.limit,
      ]),
  ).toEqual([
    [1, 'TxDefaultProfile', 6],
    [0, 'ChargePointMaxProfile', 32],
  ]);
});

test('its boot is answered with the time and the heartbeat interval', async () => {
  const depot = new FakeDepot({ site: oneStation });
  await depot.begin();
  const boot = depot.sent.find((m) => m.kind === 'result' && 'interval' in (m.payload as object));
  expect(boot).toMatchObject({
    payload: { status: 'Accepted', currentTime: '2026-07-14T18:00:00Z', interval: 300 },
  });
});

test('a plug-in gets a transaction id, a plan and one profile that is bound to the transaction', async () => {
  const depot = new FakeDepot({ site: oneStation, visits: [visit] });
  await depot.begin();
  await depot.runTo(startS + 300);
  const before = actions(depot).length;
  await depot.runTo(startS + 301);
  // Counted from 2020 in seconds: 206,215,200 at the start.
  expect(depot.station('A').vehicle?.transactionId).toBe(206_215_201);
  expect(actions(depot, before)).toEqual(['SetChargingProfile']);
  expect(plan(depot)).toMatchObject({
    chargingProfileId: 131,
    stackLevel: 1,
    transactionId: 206_215_201,
    validTo: '2026-07-14T20:00:00Z',
  });
  expect(depot.said('out.plan').at(-1)).toMatchObject({ triggers: ['plug-in'], shortfalls: [] });
});

test('the lease ends with the departure, or with the policy where that is sooner', async () => {
  const depot = new FakeDepot({
    site: oneStation,
    policy: policyWith({ leaseMaxS: 1800 }),
    visits: [visit],
  });
  await depot.begin();
  await depot.runTo(startS + 301);
  expect(plan(depot)?.validTo).toBe('2026-07-14T18:35:00Z');
  await depot.runTo(startS + 2100);
  // Renewed before it is spent: the profile in the charger never lets go while the engine lives.
  expect(plan(depot)?.validTo).toBe('2026-07-14T19:00:00Z');
});

test('the vehicle leaves full and the station falls back to its floor', async () => {
  const depot = new FakeDepot({ site: oneStation, visits: [visit] });
  await depot.begin();
  await depot.runTo(visit.departS + 10);
  expect(depot.leftWh.get('v1')).toBe(0);
  expect(depot.station('A').limitA()).toBe(6);
  expect(depot.loop?.state().visits['v1']?.phase).toBe('gone');
  expect(depot.loop?.state().visits['v1']?.deliveredWh).toBeCloseTo(9000, -1);
});

test('after the last whole quarter hour the floor holds until the departure', async () => {
  const depot = new FakeDepot({ site: oneStation, visits: [{ ...visit, departS: startS + 6000 }] });
  await depot.begin();
  await depot.runTo(startS + 301);
  const limit = depot.loop?.state().wanted['A/1']?.limit;
  // The vehicle is planned full before: 0 A in the last whole one, 6 A in the ten minutes that are left.
  const at = (offset: number): number =>
    limit === undefined ? NaN : valueAt(limit, epochS(startS + offset));
  expect([at(5300), at(5700)]).toEqual([0, 6]);
});

test('an unchanged evening is not written again: one profile for the whole stay', async () => {
  const depot = new FakeDepot({ site: oneStation, visits: [visit] });
  await depot.begin();
  await depot.runTo(startS + 302);
  const before = actions(depot).length;
  await depot.runTo(visit.departS - 1);
  const writes = actions(depot, before).filter((a) => a === 'SetChargingProfile').length;
  // The only other one turns the full vehicle off.
  expect(writes).toBeLessThanOrEqual(2);
  expect(depot.said('out.plan').length).toBeGreaterThan(5);
});

test('ten changes in one instant ask for one plan', async () => {
  const depot = new FakeDepot({ site: oneStation, visits: [visit] });
  await depot.begin();
  await depot.runTo(startS + 400);
  const before = depot.said('out.plan').length;
  for (let i = 0; i < 10; i++)
    depot.say('departure-changed', {
      kind: 'departure-changed',
      visitId: 'v1',
      departsAt: startS + 7200 + 300 * i,
    });
  depot.say('limit', { kind: 'limit', circuit: 'panel', limitA: 38 });
  await depot.settle();
  expect(depot.said('out.plan').slice(before)).toMatchObject([{ triggers: ['departure', 'limit'] }]);
  expect(depot.loop?.state().visits['v1']?.visit.departsAt).toBe(startS + 9900);
});

test('each quarter hour on the clock the plan is looked at again', async () => {
  const depot = new FakeDepot({ site: oneStation, visits: [visit] });
  await depot.begin();
  await depot.runTo(startS + 3700);
  const byInterval = depot
    .said('out.plan')
    .filter((p) => (p['triggers'] as string[]).includes('interval'))
    .map((p) => Number(p['madeAt']) - startS);
  expect(byInterval).toEqual([900, 1800, 2700, 3600]);
});

test('an earlier departure is planned for at once, a departure in the past is refused', async () => {
  const depot = new FakeDepot({ site: oneStation, visits: [visit] });
  await depot.begin();
  await depot.runTo(startS + 400);
  depot.say('departure-changed', { kind: 'departure-changed', visitId: 'v1', departsAt: startS + 3600 });
  depot.say('departure-changed', { kind: 'departure-changed', visitId: 'v9', departsAt: startS + 3600 });
  await depot.settle();
  expect(plan(depot)?.validTo).toBe('2026-07-14T19:00:00Z');
  depot.say('departure-changed', { kind: 'departure-changed', visitId: 'v1', departsAt: startS + 100 });
  await depot.settle();
  expect(depot.said('out.refused').map((r) => r['faults'])).toMatchObject([
    [{ rule: 'unknown-visit', path: 'visitId' }],
    [{ rule: 'departure-in-the-past', path: 'departsAt' }],
  ]);
  expect(depot.loop?.state().visits['v1']?.visit.departsAt).toBe(startS + 3600);
});

test.each([
  ['with power left in its plan', 1200, 1],
  ['when its plan is over', 7200, 0],
])('a vehicle that leaves %s', async (_, leavesAfterS, plans) => {
  // Full after an hour at the most; another vehicle is to come, so that there is something to plan.
  const other: FakeVisit = { ...visit, id: 'v2', arriveS: startS + 9000, departS: startS + 16_200 };
  const depot = new FakeDepot({ site: oneStation, visits: [visit, other], policy: policyWith({}) });
  await depot.begin();
  await depot.runTo(startS + leavesAfterS);
  if (depot.station('A').vehicle !== undefined) depot.station('A').unplug();
  await depot.runTo(startS + leavesAfterS + 60);
  const asked = depot.said('out.plan').filter((p) => (p['triggers'] as string[]).includes('unplug'));
  expect(asked).toHaveLength(plans);
});

test('a limit that drops lowers the chargers at once; afterwards the old limit is back', async () => {
  const visits: readonly FakeVisit[] = ['A', 'B'].map((stationId) => ({
    id: `v${stationId}`,
    stationId,
    arriveS: startS + 60,
    departS: startS + 3600,
    energyWh: 12_000,
    maxW: 22_000,
  }));
  const depot = new FakeDepot({ site: siteOf([stationOf('A'), stationOf('B')]), visits });
  await depot.begin();
  await depot.runTo(startS + 1000);
  const sum = (): number => depot.station('A').limitA() + depot.station('B').limitA();
  expect(sum()).toBeGreaterThan(30);
  depot.say('limit', { kind: 'limit', circuit: 'panel', limitA: 20, untilS: startS + 2000 });
  await depot.settle();
  expect(sum()).toBeLessThanOrEqual(20);
  await depot.runTo(startS + 1999);
  expect(sum()).toBeLessThanOrEqual(20);
  await depot.runTo(startS + 2800);
  expect(sum()).toBeGreaterThan(20);
  expect(depot.peakA).toBeLessThanOrEqual(40);
});

/** A depot of one panel of 40 A with what is said to it, and the limit of the panel at `startS + after`. */
async function panelUnder(
  messages: readonly Readonly<Record<string, unknown>>[],
): Promise<{ depot: FakeDepot; limitA: (after: number) => number }> {
  const depot = new FakeDepot({ site: oneStation, visits: [] });
  await depot.begin();
  for (const message of messages) depot.say('limit', { kind: 'limit', circuit: 'panel', ...message });
  await depot.settle();
  const limitA = (after: number): number => {
    const limits = depot.loop?.state().supply['panel'];
    return limits === undefined ? NaN : valueAt(limits.limitA, epochS(startS + after));
  };
  return { depot, limitA };
}

const [low, high] = [
  { limitA: 16, fromS: startS + 600, untilS: startS + 1800 },
  { limitA: 25, fromS: startS + 900, untilS: startS + 3600 },
];

test.each([
  ['the lower is said first', [low, high]],
  ['the lower is said last', [high, low]],
  ['both are said twice', [low, high, low, high]],
])('of two limits in force at once the lower counts: %s', async (_, messages) => {
  const { depot, limitA } = await panelUnder(messages);
  expect([500, 700, 1000, 1799, 1800, 3599, 3600].map(limitA)).toEqual([40, 16, 16, 16, 25, 25, 40]);
  // What has been said already takes no place.
  expect(depot.loop?.state().limits).toHaveLength(2);
});

test('limits in A and in W are kept apart, and a limit that ends beside one that stands does not lift it', async () => {
  const { depot, limitA } = await panelUnder([
    { limitA: 20 },
    { limitW: 9000 },
    { limitA: 30, fromS: startS + 600, untilS: startS + 1200 },
    { limitA: 10, fromS: startS + 1200, untilS: startS + 1800 },
  ]);
  expect([0, 700, 1300, 1900].map(limitA)).toEqual([20, 20, 10, 20]);
  expect(valueAt(depot.loop?.state().supply['panel']?.limitW ?? constant(0), epochS(startS))).toBe(9000);
});

test('a limit without an end stands until the next such one, and takes no place any more then', async () => {
  const { depot, limitA } = await panelUnder([
    ...Array.from({ length: 20 }, (_, i) => ({ limitA: 20 + (i % 2) })),
    { limitA: 35, fromS: startS + 600 },
  ]);
  expect([0, 599, 600].map(limitA)).toEqual([21, 21, 35]);
  expect(depot.said('out.refused')).toEqual([]);
  expect(depot.loop?.state().limits).toHaveLength(2);
});

test('a limit with an id is replaced by its id, and ended by an end that is past', async () => {
  const { depot, limitA } = await panelUnder([
    { id: 'grid-operator', limitA: 12 },
    { id: 'owner', limitA: 18, untilS: startS + 3600 },
    { limitA: 40 },
  ]);
  const say = async (message: Readonly<Record<string, unknown>>): Promise<void> => {
    depot.say('limit', { kind: 'limit', circuit: 'panel', ...message });
    await depot.settle();
  };
  expect(limitA(600)).toBe(12);
  await say({ id: 'grid-operator', limitA: 30 });
  expect(limitA(600)).toBe(18);
  await say({ id: 'owner', limitA: 18, untilS: startS - 1 });
  expect(limitA(600)).toBe(30);
  await say({ id: 'owner', limitA: 18, untilS: startS - 1 });
  expect(depot.said('out.refused').map((r) => r['faults'])).toMatchObject([[{ rule: 'limit-in-the-past' }]]);
  expect(limitA(600)).toBe(30);
});

test('when the solver fails the last certified plan goes on', async () => {
  let isBroken = false;
  const depot = new FakeDepot({
    site: oneStation,
    visits: [visit],
    solve: (problem, options) => {
      if (isBroken) return Promise.reject(new Error('no licence'));
      return solve(problem, options);
    },
  });
  await depot.begin();
  await depot.runTo(startS + 400);
  const before = plan(depot);
  isBroken = true;
  await depot.runTo(startS + 2000);
  expect(plan(depot)).toEqual(before);
  expect(depot.alarms()).toEqual(['solver-failed']);
  isBroken = false;
  await depot.runTo(visit.departS + 10);
  expect(depot.said('out.alarm').at(-1)).toMatchObject({ kind: 'solver-failed', active: false });
  expect(depot.leftWh.get('v1')).toBe(0);
});

test.each([
  [
    'whose certificate is not valid',
    (s: Solution) => ({ ...s, certificate: { ...s.certificate, valid: false } }),
  ],
  ['that lacks a session', (s: Solution) => ({ ...s, powerKw: s.powerKw.slice(1) })],
  ['of the wrong length', (s: Solution) => ({ ...s, powerKw: s.powerKw.map((row) => row.slice(1)) })],
])('a plan %s is never taken', async (_, spoil) => {
  const depot = new FakeDepot({
    site: oneStation,
    visits: [visit],
    solve: async (problem, options) => spoil(await solve(problem, options)),
  });
  await depot.begin();
  await depot.runTo(startS + 1000);
  expect(depot.said('out.plan')).toEqual([]);
  expect(plan(depot)).toBeUndefined();
  expect(depot.alarms()).toEqual(['plan-not-certified']);
  expect(depot.loop?.state().counts.plansRefused).toBeGreaterThan(1);
});

test('a vehicle that nobody announced charges at the floor, and somebody is told', async () => {
  const depot = new FakeDepot({ site: oneStation, visits: [{ ...visit, announced: false }] });
  await depot.begin();
  await depot.runTo(startS + 1000);
  expect(plan(depot)).toBeUndefined();
  expect(depot.station('A').limitA()).toBe(6);
  expect(depot.said('out.alarm')).toMatchObject([
    { kind: 'unannounced-vehicle', key: 'A/1', active: true },
    { kind: 'fleet-unheard', key: 'yard', active: true },
  ]);
  // Announced after all, it is planned for from where it stands.
  depot.announce(visit);
  await depot.settle();
  expect(plan(depot)).toBeDefined();
  expect(depot.said('out.alarm').slice(2)).toMatchObject([
    { kind: 'unannounced-vehicle', active: false },
    { kind: 'fleet-unheard', active: false },
  ]);
  await depot.runTo(visit.departS + 10);
  expect(depot.leftWh.get('v1')).toBe(0);
});

test('a visit that is cancelled leaves its vehicle at the floor', async () => {
  const depot = new FakeDepot({ site: oneStation, visits: [visit] });
  await depot.begin();
  await depot.runTo(startS + 1000);
  expect(plan(depot)).toBeDefined();
  depot.say('visit-cancelled', { kind: 'visit-cancelled', visitId: 'v1' });
  await depot.settle();
  expect(depot.station('A').limitA()).toBe(6);
  await depot.runTo(startS + 1800);
  expect(depot.station('A').limitA()).toBe(6);
});

test('what cannot be had in time is a shortfall by name', async () => {
  const greedy: FakeVisit = { ...visit, departS: startS + 2100, energyWh: 30_000 };
  const depot = new FakeDepot({ site: oneStation, visits: [greedy] });
  await depot.begin();
  const [plan0] = depot.said('out.plan');
  // 11 kW from 18:15 (the next whole quarter hour) to 18:30: 2.75 of 30 kWh, in whole amperes 2.5 or so.
  expect(plan0).toMatchObject({ shortfalls: [{ visitId: 'v1', departsAt: greedy.departS }] });
  const missingWh = (plan0?.['shortfalls'] as { missingWh: number }[] | undefined)?.[0]?.missingWh;
  expect(missingWh).toBeGreaterThan(27_000);
  expect(missingWh).toBeLessThan(27_700);
});

test('a station that the site does not have is sent away', async () => {
  const depot = new FakeDepot({ site: oneStation });
  await depot.begin();
  depot.toEngine({ kind: 'connected', stationId: 'Z', version: '1.6' });
  await depot.settle();
  expect(depot.dropped).toEqual(['Z']);
});

test('a station that speaks another version than it should is sent away', async () => {
  const depot = new FakeDepot({ site: oneStation });
  depot.startEngine();
  depot.toEngine({ kind: 'connected', stationId: 'A', version: '2.0.1' });
  await depot.settle();
  expect(depot.dropped).toEqual(['A']);
  expect(depot.loop?.state().stations.get('A')?.up).toBe(false);
});
