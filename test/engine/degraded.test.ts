/** What the engine loses without a word, what it says then, and what it goes on with. The table is in docs/safety.md. */
import { expect, test } from 'vitest';
import { solve } from '#solver/solve';
import {
  anyVisit as visit,
  buildingOf,
  FakeDepot,
  policyWith,
  siteOf,
  startS,
  stationOf,
  type FakeVisit,
} from './fake-depot.ts';

const oneStation = siteOf([stationOf('A')]);

/** Alarms in force, by kind and key. */
const inForce = (depot: FakeDepot): readonly string[] => Object.keys(depot.loop?.state().alarms ?? {});

/** Alarms as they were published: kind, and whether it began. */
const told = (depot: FakeDepot): readonly string[] =>
  depot
    .said('out.alarm')
    .map((alarm) => `${String(alarm['kind'])} ${alarm['active'] === true ? 'on' : 'off'}`);

test('a building meter that falls silent is said after a quarter hour, and its bound counts; heard again, it is over', async () => {
  const site = siteOf([stationOf('A')], { uncontrolled: [buildingOf('grid', 3000)] });
  const depot = new FakeDepot({ site });
  await depot.begin();
  const reads = (powerW: number, sampledAt: number): void =>
    depot.say('uncontrolled-load', { kind: 'uncontrolled-load', circuit: 'grid', powerW, sampledAt });
  reads(2000, startS);
  await depot.runTo(startS + 890);
  expect(inForce(depot)).toEqual([]);
  await depot.runTo(startS + 1900);
  expect(inForce(depot)).toEqual(['meter-stale grid']);
  expect(depot.said('out.alarm').at(-1)).toMatchObject({
    kind: 'meter-stale',
    key: 'grid',
    facts: { sampledAt: startS, lastW: 2000, countsW: 3000 },
  });
  reads(2100, startS + 1900);
  await depot.runTo(startS + 2710);
  expect(inForce(depot)).toEqual([]);
  expect(told(depot)).toEqual(['meter-stale on', 'meter-stale off']);
});

test('a site meter that falls silent is said as well', async () => {
  const depot = new FakeDepot({ site: oneStation });
  await depot.begin();
  depot.say('site-meter', { kind: 'site-meter', powerW: 7000, sampledAt: startS });
  await depot.runTo(startS + 1900);
  expect(inForce(depot)).toEqual(['site-meter-stale yard']);
});

test('a fleet system that falls silent is said; vehicles leave as it last told', async () => {
  const policy = policyWith({ fleetSilentAfterS: 1800 });
  const depot = new FakeDepot({ site: oneStation, policy, visits: [visit] });
  await depot.begin();
  await depot.runTo(startS + 1790);
  expect(inForce(depot)).toEqual([]);
  await depot.runTo(visit.departS + 10);
  expect(inForce(depot)).toEqual(['fleet-silent yard']);
  expect(depot.leftWh.get('v1')).toBe(0);
  depot.announce({ ...visit, id: 'v2', arriveS: startS + 9000, departS: startS + 20_000 });
  await depot.runTo(startS + 8200);
  expect(inForce(depot)).toEqual([]);
});

test('without its bus the engine goes on with what it knows', async () => {
  const depot = new FakeDepot({ site: oneStation, visits: [visit] });
  await depot.begin();
  await depot.runTo(startS + 100);
  const before = depot.published.length;
  Object.assign(depot.bus, { publish: () => undefined });
  await depot.runTo(visit.departS + 10);
  expect(depot.published).toHaveLength(before);
  expect(depot.leftWh.get('v1')).toBe(0);
  expect(depot.peakA).toBeLessThanOrEqual(40);
});

test('on a full disk nothing leaves that is not in the journal; the next process goes on from there', async () => {
  const depot = new FakeDepot({ site: oneStation, visits: [visit] });
  await depot.begin();
  await depot.runTo(startS + 1000);
  depot.journal.onAppend = (_, when) => {
    if (when === 'before') throw new Error('journal disk-full');
  };
  const [sent, written] = [depot.sent.length, depot.journal.records.length];
  await expect(depot.runTo(startS + 2000)).rejects.toThrow('disk-full');
  expect([depot.sent.length, depot.journal.records.length]).toEqual([sent, written]);
  // Nothing that comes in now is answered: the process has stopped.
  depot.station('A').disconnect();
  depot.station('A').connect(false);
  await depot.settle();
  expect(depot.sent).toHaveLength(sent);
  depot.journal.onAppend = undefined;
  depot.killEngine();
  depot.startEngine();
  depot.connectAll();
  await depot.runTo(visit.departS + 10);
  expect(depot.leftWh.get('v1')).toBe(0);
  expect(depot.peakA).toBeLessThanOrEqual(40);
});

test('a lost journal: chargers count with their hardware until they are known, hold a limit all along, and then charge on', async () => {
  const visits = ['A', 'B'].map((stationId): FakeVisit => ({ ...visit, id: `v${stationId}`, stationId }));
  const depot = new FakeDepot({ site: siteOf([stationOf('A'), stationOf('B')]), visits });
  await depot.begin();
  await depot.runTo(startS + 1000);
  const counts = (): readonly boolean[] =>
    (depot.loop?.state().ledger.beliefs.values ?? []).map(({ candidates }) =>
      candidates.every(({ known }) => known),
    );
  expect(counts()).toEqual([true, true]);
  depot.killEngine();
  depot.journal.records = [];
  depot.startEngine();
  expect(counts()).toEqual([false, false]);
  const seen = depot.station('A').seen.length;
  // At no call that reaches it may a station draw more than before.
  const station = depot.station('A');
  const limits: number[] = [station.limitA()];
  const receive = station.receive.bind(station);
  station.receive = (message) => {
    receive(message);
    limits.push(station.limitA());
  };
  depot.connectAll();
  await depot.settle();
  expect(depot.station('A').seen.slice(seen)).toEqual([
    'ClearChargingProfile',
    'GetConfiguration',
    'GetCompositeSchedule',
    'SetChargingProfile',
    'ChangeConfiguration',
  ]);
  await depot.runTo(startS + 1119);
  expect(counts()).toEqual([false, false]);
  expect(limits).toEqual([...limits].sort((a, b) => b - a));
  expect(limits.at(-1)).toBe(6);
  await depot.runTo(startS + 1121);
  expect(counts()).toEqual([true, true]);
  for (const one of visits) depot.announce(one);
  await depot.runTo(visit.departS + 10);
  // Their registers stood at 1000 Wh and more: only what came since the first sample counts.
  expect([...depot.leftWh.values()]).toEqual([0, 0]);
  expect(depot.peakA).toBeLessThanOrEqual(40);
});

test('an engine without its journal gives out no number twice: messages, transactions and plans go on above', async () => {
  const second = { ...visit, id: 'vB', stationId: 'B', arriveS: startS + 2000 };
  const depot = new FakeDepot({ site: siteOf([stationOf('A'), stationOf('B')]), visits: [visit, second] });
  await depot.begin();
  await depot.runTo(startS + 1000);
  const plans = depot.said('out.plan').length;
  depot.killEngine();
  depot.journal.records = [];
  depot.startEngine();
  depot.connectAll();
  for (const one of [visit, second]) depot.announce(one);
  await depot.runTo(startS + 3000);
  const ids = depot.sent.flatMap((m) => (m.kind === 'call' ? [m.messageId] : []));
  expect(new Set(ids).size).toBe(ids.length);
  const revisions = depot.said('out.plan').map((plan) => Number(plan['revision']));
  expect(revisions.length).toBeGreaterThan(plans);
  expect(revisions).toEqual([...new Set(revisions)].sort((a, b) => a - b));
  const [first, later] = ['A', 'B'].map((id) => depot.station(id).vehicle?.transactionId ?? 0);
  expect(later).toBeGreaterThan(first ?? 0);
});

test('vehicles charge and nobody has told when they leave: that is said, and asked for until somebody answers', async () => {
  const stranger = { ...visit, announced: false };
  const depot = new FakeDepot({ site: oneStation, visits: [stranger] });
  await depot.begin();
  await depot.runTo(startS + 299);
  expect(inForce(depot)).toEqual([]);
  await depot.runTo(startS + 2000);
  expect(inForce(depot)).toContain('fleet-unheard yard');
  const asked = (): readonly unknown[] =>
    depot.said('out.status').map((s) => [s['at'], s['event'], s['resend']]);
  expect(asked()).toEqual([
    [startS, 'started', true],
    [startS + 900, 'waiting', true],
    [startS + 1800, 'waiting', true],
  ]);
  depot.announce(stranger);
  await depot.runTo(visit.departS + 10);
  expect(inForce(depot)).toEqual([]);
  expect(asked()).toHaveLength(3);
  expect(depot.leftWh.get('v1')).toBe(0);
});

test('a process that comes back asks until it hears of a vehicle, however much it knows', async () => {
  const depot = new FakeDepot({ site: oneStation, visits: [visit] });
  await depot.begin();
  await depot.runTo(startS + 1000);
  depot.killEngine();
  depot.startEngine();
  depot.connectAll();
  await depot.runTo(startS + 1900);
  const events = (): readonly unknown[] => depot.said('out.status').map((s) => s['event']);
  expect(events()).toEqual(['started', 'restarted', 'waiting']);
  expect(inForce(depot)).toEqual([]);
  depot.announce(visit);
  await depot.runTo(startS + 3800);
  expect(events()).toHaveLength(3);
});

test('when the bus is back everything is asked for again, until a vehicle is heard of', async () => {
  const depot = new FakeDepot({ site: oneStation, visits: [visit] });
  const backs: (() => void)[] = [];
  Object.assign(depot.bus, {
    onBack: (listener: () => void) => {
      backs.push(listener);
      return { unsubscribe: () => backs.splice(0) };
    },
  });
  await depot.begin();
  await depot.runTo(startS + 899);
  expect(backs).toHaveLength(1);
  // A bus that comes and goes within an instant is asked once, also where that begins a quarter hour.
  depot.clock.turnTo(startS + 900);
  for (const back of [...backs, ...backs]) back();
  await depot.runTo(startS + 1900);
  const events = (): readonly unknown[] => depot.said('out.status').map((s) => [s['event'], s['resend']]);
  expect(events()).toEqual([
    ['started', true],
    ['bus-back', true],
    ['waiting', true],
  ]);
  depot.announce(visit);
  await depot.runTo(startS + 3800);
  expect(events()).toHaveLength(3);
  depot.killEngine();
  expect(backs).toEqual([]);
});

test('set back by an hour, the clock stands until it has caught up, and that is said', async () => {
  const depot = new FakeDepot({ site: oneStation, visits: [visit] });
  await depot.begin();
  await depot.runTo(startS + 1000);
  const before = depot.loop?.state().now;
  const limitBefore = depot.station('A').limitA();
  depot.clock.turnTo(startS + 1000 - 3600);
  depot.station('A').disconnect();
  depot.station('A').connect(false);
  await depot.settle();
  expect(depot.loop?.state().now).toBe(before);
  expect(inForce(depot)).toEqual(['clock-behind yard']);
  // The last thing written was the quarter hour at 900 s, the clock says -2600 s.
  expect(depot.said('out.alarm').at(-1)).toMatchObject({ facts: { behindS: 3500, time: 'stands' } });
  expect(depot.station('A').limitA()).toBeLessThanOrEqual(limitBefore);
  depot.clock.turnTo(startS + 901);
  await depot.runTo(visit.departS + 10);
  expect(told(depot)).toEqual(['clock-behind on', 'clock-behind off']);
  expect(depot.leftWh.get('v1')).toBe(0);
});

test('set forward by an hour, deadlines are met at once, a new plan is made, and the jump is said', async () => {
  const depot = new FakeDepot({ site: oneStation, visits: [visit] });
  await depot.begin();
  await depot.runTo(startS + 1000);
  const plans = depot.said('out.plan').length;
  const wakeAt = depot.loop?.state().wakeAt ?? 0;
  depot.clock.turnTo(startS + 4600);
  await depot.settle();
  const jump = depot.said('out.alarm').find((alarm) => alarm['kind'] === 'clock-jumped');
  const byS = startS + 4600 - wakeAt;
  expect(jump).toMatchObject({ active: true, facts: { byS, counts: 'as not passed' } });
  // The station's clock counts as that much behind until two of its readings have shown where it is.
  const skewS = (): number => depot.loop?.state().site.stations[0]?.capability.clockSkewS ?? 0;
  expect(skewS()).toBe(Math.ceil(byS / 60) * 60);
  await depot.runTo(startS + 5400);
  expect(skewS()).toBe(0);
  expect(depot.said('out.plan').length).toBeGreaterThan(plans);
  await depot.runTo(visit.departS + 10);
  expect(told(depot)).toEqual(['clock-jumped on', 'clock-jumped off']);
  expect(depot.peakA).toBeLessThanOrEqual(40);
});

test('a site file in another time zone does not move a running site: the journal keeps its own', async () => {
  const first = new FakeDepot({ site: oneStation });
  await first.begin();
  first.killEngine();
  const second = new FakeDepot({ site: siteOf([stationOf('A')], { timeZone: 'Asia/Tokyo' }) });
  Object.assign(second, { journal: first.journal });
  second.startEngine();
  expect(second.loop?.state().site.timeZone).toBe('UTC');
});

test('a building that leaves no room for all floors on one phase takes one of them', async () => {
  const depot = new FakeDepot({ site: siteOf([stationOf('A'), stationOf('B')]) });
  await depot.begin();
  expect(Object.values(depot.loop?.state().floors ?? {})).toEqual([6, 6]);
  // 50 of 60 A of L2, and nothing on the others: 10 A are no two floors of 6 A.
  depot.say('uncontrolled-load', {
    kind: 'uncontrolled-load',
    circuit: 'grid',
    powerW: 11_500,
    phaseA: [0, 50, 0],
    sampledAt: startS,
  });
  await depot.settle();
  expect(Object.values(depot.loop?.state().floors ?? {}).toSorted((a, b) => a - b)).toEqual([0, 6]);
  expect(depot.alarms()).toContain('floor-lowered');
});

test('a limit below the floors, while a station is away that holds its own: the others lose theirs, once', async () => {
  const depot = new FakeDepot({
    site: siteOf([stationOf('A'), stationOf('B')]),
    visits: [{ ...visit, departS: startS + 20_000, energyWh: 60_000 }],
  });
  await depot.begin();
  await depot.runTo(startS + 890);
  depot.station('B').disconnect();
  await depot.runTo(startS + 1020);
  // 6 A and 6 A: A has a vehicle and would keep its floor, but B cannot be told that it has lost its own.
  depot.say('limit', { kind: 'limit', circuit: 'panel', limitA: 11, untilS: startS + 3000 });
  await depot.settle();
  expect(depot.loop?.state().floors).toEqual({ 'A/1': 0, 'B/1': 6 });
  expect(depot.station('A').limitA()).toBe(0);
  // Back again, it has no vehicle, and A has one.
  depot.station('B').connect(false);
  await depot.runTo(startS + 1810);
  expect(depot.loop?.state().floors).toEqual({ 'A/1': 6, 'B/1': 0 });
  await depot.runTo(startS + 3010);
  expect(depot.loop?.state().floors).toEqual({ 'A/1': 6, 'B/1': 6 });
});

test('a limit below the floors: idle sockets lose theirs first, then lower priorities, each by name', async () => {
  const visits = ['A', 'B', 'C'].map((stationId): FakeVisit => ({
    id: `v${stationId}`,
    stationId,
    arriveS: startS + 60,
    departS: startS + 7200,
    energyWh: 20_000,
    maxW: 22_000,
  }));
  const site = siteOf(['A', 'B', 'C', 'D'].map((id) => stationOf(id)));
  const depot = new FakeDepot({ site, visits, policy: policyWith({ floorShare: 1 }) });
  await depot.begin();
  const important = (stationId: string, priority: number): void =>
    depot.say('visit', {
      kind: 'visit',
      visit: {
        id: `v${stationId}`,
        vehicleId: `v${stationId}`,
        evse: { stationId, evseId: 1 },
        arrivesAt: startS + 60,
        departsAt: startS + 7200,
        energyWh: 20_000,
        maxW: 22_000,
        phases: 3,
        priority,
      },
    });
  important('B', 5);
  important('C', 3);
  await depot.runTo(startS + 1000);
  expect(inForce(depot)).toEqual([]);
  // Of four floors of 6 A three fit 18 A, two fit 13 A, one fits 6 A.
  const limit = (limitA: number, untilS: number): void =>
    depot.say('limit', { kind: 'limit', circuit: 'panel', limitA, untilS });
  limit(18, startS + 1200);
  await depot.settle();
  expect(inForce(depot)).toEqual(['floor-lowered D/1']);
  await depot.runTo(startS + 1210);
  limit(13, startS + 1400);
  await depot.settle();
  expect(inForce(depot).toSorted()).toEqual(['floor-lowered A/1', 'floor-lowered D/1']);
  await depot.runTo(startS + 1410);
  limit(6, startS + 3000);
  await depot.settle();
  expect(inForce(depot).toSorted()).toEqual(['floor-lowered A/1', 'floor-lowered C/1', 'floor-lowered D/1']);
  expect(depot.said('out.alarm').at(-1)).toMatchObject({ active: true, facts: { usual: 6, now: 0 } });
  await depot.runTo(startS + 1450);
  expect(['A', 'B', 'C', 'D'].map((id) => depot.station(id).limitA())).toEqual([0, 6, 0, 0]);
  await depot.runTo(startS + 3100);
  expect(inForce(depot)).toEqual([]);
});

test('where a station goes on after its lease, the plan that it has ends in a floor that was lowered', async () => {
  const { capability } = stationOf('A');
  const stations = ['A', 'B', 'C', 'D'].map((id) =>
    stationOf(id, { capability: { ...capability, obeysLease: false } }),
  );
  const visits = ['A', 'B', 'C', 'D'].map((stationId): FakeVisit => ({
    id: `v${stationId}`,
    stationId,
    arriveS: startS + 60,
    departS: startS + 7200,
    energyWh: 5_000,
    maxW: 22_000,
  }));
  let solves = true;
  const depot = new FakeDepot({
    site: siteOf(stations),
    visits,
    policy: policyWith({ floorShare: 1 }),
    solve: (problem, options) =>
      solves ? solve(problem, options) : Promise.reject(new Error('the last plan goes on')),
  });
  await depot.begin();
  await depot.runTo(startS + 1000);
  const endsIn = (): Record<string, unknown> =>
    Object.fromEntries(
      Object.entries(depot.loop?.state().wanted ?? {}).map(([key, { profile }]) => [
        key,
        profile.profile.schedules[0]?.periods.at(-1)?.limit,
      ]),
    );
  const before = endsIn();
  expect(Object.values(before)).toContain(6);
  solves = false;
  // Of four floors of 6 A two fit.
  depot.say('limit', { kind: 'limit', circuit: 'panel', limitA: 13, untilS: startS + 5000 });
  await depot.settle();
  const { floors = {} } = depot.loop?.state() ?? {};
  expect(Object.values(floors).filter((a) => a === 0)).toHaveLength(2);
  expect(endsIn()).toEqual(Object.fromEntries(Object.keys(before).map((key) => [key, floors[key]])));
});
