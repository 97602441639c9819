import { describe, expect, test } from 'vitest';
import { constant } from '#domain/step-function';
import { dispatchOfJson, withOwed, type DispatchAsJson } from '#dispatch/dispatch-state';
import { deafAfter } from '#dispatch/limits';
import type { CommandAnswer } from '#ocpp/station-message';
import { exposureOf, ledgerOfJson, type LedgerAsJson } from '#safety/ledger';
import { amperes, later, seconds, watts } from '#domain/units';
import { evse, plan, site, station, txDefault } from '../safety/depot.ts';
import { Bench } from './depot-world.ts';

const floor = txDefault(1, 6);
const at = (limit: number, startS = 0, leaseS = 100_000) => plan(1, 'tx', startS, leaseS, limit);
const pair = site([station('a'), station('b')], [{ id: 'grid', limitA: amperes(40) }]);
const alone = site([station('a')]);
const old = site([station('a', { version: '1.6' })]);

describe('order', () => {
  test('a swap: down first, up when that is acknowledged', () => {
    const bench = new Bench(pair).holds('a', [floor, at(30)]).holds('b', [floor, at(10)]);
    bench.wants('a', [floor], at(10)).wants('b', [floor], at(30));
    expect(bench.turn()).toEqual(['a: TxProfile 10']);
    expect(bench.last?.held).toMatchObject([{ stationId: 'b', evseId: 1, reason: 'not-admitted' }]);
    bench.at(1001).answer('a');
    expect(bench.turn()).toEqual(['b: TxProfile 30']);
  });

  test('a swap with a slow charger: up when its reaction time is over too, by a turn that is asked for', () => {
    const slow = station('a', { capability: { reactionS: seconds(20) } });
    const bench = new Bench(site([slow, station('b')], [{ id: 'grid', limitA: amperes(40) }]));
    bench.holds('a', [floor, at(30)]).holds('b', [floor, at(10)]);
    bench.wants('a', [floor], at(10)).wants('b', [floor], at(30)).turn();
    bench.at(1001).answer('a');
    expect(bench.turn()).toEqual([]);
    // Acknowledged within second 1001, so certain from 1002 on, drawn down 20 s later.
    expect(bench.last?.wakeAt).toBe(1022);
    expect(bench.at(1022).turn()).toEqual(['b: TxProfile 30']);
  });

  test('a decrease without an answer pays for nothing', () => {
    const bench = new Bench(pair).holds('a', [floor, at(30)]).holds('b', [floor, at(10)]);
    bench.wants('a', [floor], at(10)).wants('b', [floor], at(30)).turn();
    expect(bench.at(1029).turn()).toEqual([]);
    // At its deadline the call is given up; the pause is 20 s, give or take a quarter.
    expect(bench.at(1030).turn()).toEqual([]);
    expect(bench.last?.wakeAt).toBeGreaterThanOrEqual(1045);
    expect(bench.last?.wakeAt).toBeLessThanOrEqual(1055);
    expect(bench.at(1055).turn()).toEqual(['a: TxProfile 10']);
  });

  test('chargers that react fastest are lowered first', () => {
    const depot = site([
      station('slow', { capability: { reactionS: seconds(60) } }),
      station('fast', { capability: { reactionS: seconds(2) } }),
    ]);
    const bench = new Bench(depot).holds('slow', [floor, at(30)]).holds('fast', [floor, at(30)]);
    bench.wants('slow', [floor], at(10)).wants('fast', [floor], at(10));
    expect(bench.turn()).toEqual(['fast: TxProfile 10', 'slow: TxProfile 10']);
  });

  test('when not all can be raised at once, rank decides', () => {
    const bench = new Bench(pair).holds('a', [floor, at(10)]).holds('b', [floor, at(10)]);
    bench.wants('a', [floor], at(30)).wants('b', [floor], at(30));
    bench.ranks = { a: 2, b: 1 };
    expect(bench.turn()).toEqual(['b: TxProfile 30']);
  });

  test('two plans that cross never wait for each other: what lowers leaves, what raises follows', () => {
    // a: 30 then 10, b: 10 then 30; wanted the other way round. Neither new plan fits beside the other's old one.
    const down = plan(1, 'tx', 0, 100_000, [
      [0, 30],
      [5000, 10],
    ]);
    const up = plan(1, 'tx', 0, 100_000, [
      [0, 10],
      [5000, 30],
    ]);
    const bench = new Bench(pair).holds('a', [floor, down]).holds('b', [floor, up]);
    bench.wants('a', [floor], up).wants('b', [floor], down);
    expect(bench.turn()).toEqual(['a: TxProfile 10', 'b: TxProfile 10']);
    bench.answer('a');
    bench.answer('b');
    expect(bench.at(1001).turn()).toEqual(['a: TxProfile 10,30', 'b: TxProfile 30,10']);
  });

  test('a plan in W is cut to the power of one phase that the circuits leave, and not where they leave all that it carries', () => {
    const depot = site(
      [station('a', { capability: { rateUnit: 'W' } }), station('b')],
      [{ id: 'grid', limitA: amperes(40) }],
    );
    const three = (unit: 'A' | 'W', ...limits: readonly [number, number, number]) =>
      plan(
        1,
        'tx',
        0,
        100_000,
        [0, 5000, 8000].map((s, k) => [s, limits[k]!] as const),
        unit,
      );
    const floorW = txDefault(1, 0, 'W');
    const bench = new Bench(depot);
    bench
      .holds('a', [floorW, three('W', 31 * 230, 10 * 230, 10 * 230)])
      .holds('b', [floor, three('A', 9, 30, 8)]);
    bench.wants('a', [floorW], three('W', 10 * 230, 31 * 230, 32 * 690));
    bench.wants('b', [floor], three('A', 9, 30, 8));
    // Beside 30 A there are 10 of 40 A, and beside 8 A 32: all that each phase of the socket carries.
    expect(bench.turn()).toEqual(['a: TxProfile 2300,22080']);
  });

  test('a DC plan is cut to the last watt that a limit in W leaves', () => {
    const dc = (id: string) =>
      station(id, {
        current: 'DC',
        evses: [evse(1, { maxW: watts(50_000) })],
        capability: { rateUnit: 'W' },
      });
    const depot = site([dc('a'), dc('b')], [{ id: 'grid', limitA: amperes(200), limitW: watts(20_000) }]);
    const two = (first: number, then: number) => {
      const steps = [[0, first] as const, [5000, then] as const];
      return plan(1, 'tx', 0, 100_000, steps, 'W');
    };
    const floorW = txDefault(1, 0, 'W');
    const bench = new Bench(depot)
      .holds('a', [floorW, two(12_000, 4000)])
      .holds('b', [floorW, two(8000, 15_000)]);
    bench.wants('a', [floorW], two(4000, 12_000)).wants('b', [floorW], two(8000, 15_000));
    expect(bench.turn()).toEqual(['a: TxProfile 4000,5000']);
  });

  test('only so many raises are on their way at once; what lowers does not wait, an answer or two seconds make room', () => {
    const names = ['a', 'b', 'c', 'd'];
    const depot = site(names.map((name) => station(name)));
    const bench = new Bench(depot, { raisesInFlightMax: 2 });
    for (const name of names) bench.holds(name, [floor, at(10)]);
    for (const name of ['a', 'b', 'c']) bench.wants(name, [floor], at(20));
    bench.wants('d', [floor], at(8));
    expect(bench.turn()).toEqual(['d: TxProfile 8', 'a: TxProfile 20', 'b: TxProfile 20']);
    expect(bench.last?.held).toMatchObject([{ stationId: 'c', reason: 'in-flight' }]);
    expect(bench.last?.wakeAt).toBe(1002);
    expect(bench.at(1001).turn()).toEqual([]);
    expect(bench.at(1002).turn()).toEqual(['c: TxProfile 20']);

    const answered = new Bench(pair, { raisesInFlightMax: 1 })
      .holds('a', [floor, at(10)])
      .holds('b', [floor, at(10)]);
    answered.wants('a', [floor], at(20)).wants('b', [floor], at(20));
    expect(answered.turn()).toEqual(['a: TxProfile 20']);
    answered.answer('a');
    expect(answered.turn()).toEqual(['b: TxProfile 20']);
  });

  test('a turn depends on what it is given alone: played again it comes to the same', () => {
    const bench = new Bench(alone)
      .holds('a', [floor, at(10)])
      .wants('a', [floor], at(10))
      .readBack('a');
    const { ledger, dispatch } = bench;
    for (const messages of [0, 0, 7]) {
      Object.assign(bench, { ledger, dispatch: { ...dispatch, messages } });
      expect(bench.turn()).toEqual(['a: read-profiles']);
      // A report is named by its message.
      expect(bench.callTo('a').command).toMatchObject({ requestId: messages + 1 });
    }
  });

  test('one call at a time to a station', () => {
    const depot = site([station('a', { evses: [evse(1), evse(2)] })]);
    const floors = [floor, txDefault(2, 6)];
    const bench = new Bench(depot).holds('a', floors, [1, 2]);
    bench.wants('a', floors, at(10), plan(2, 'tx', 0, 100_000, 12));
    expect(bench.turn()).toEqual(['a: TxProfile 10']);
    expect(bench.turn()).toEqual([]);
    bench.answer('a');
    expect(bench.turn()).toEqual(['a: TxProfile 12']);
  });

  test('a held EVSE does not hold its neighbour', () => {
    const depot = site(
      [station('a', { evses: [evse(1, { rotation: [0] }), evse(2, { rotation: [1] })] })],
      [{ id: 'grid', limitA: amperes(20) }],
    );
    const floors = [floor, txDefault(2, 6)];
    const bench = new Bench(depot).holds('a', floors, [1, 2]);
    bench.wants('a', floors, at(30), plan(2, 'tx', 0, 100_000, 20));
    expect(bench.turn()).toEqual(['a: TxProfile 20']);
    expect(bench.callTo('a').command).toMatchObject({ evseId: 2 });
    expect(bench.last?.held).toMatchObject([{ evseId: 1, reason: 'not-admitted' }]);
  });
});

describe('what is sent at all', () => {
  test('a profile that is installed is not sent again', () => {
    const bench = new Bench(alone).holds('a', [floor, at(10)]).wants('a', [floor], at(10));
    expect(bench.turn()).toEqual([]);
  });

  test('floors are acknowledged before any plan', () => {
    const bench = new Bench(alone).holds('a', []).wants('a', [floor], at(10));
    expect(bench.turn()).toEqual(['a: TxDefaultProfile 6']);
    expect(bench.last?.held).toMatchObject([{ reason: 'floors-first' }]);
    bench.answer('a');
    expect(bench.turn()).toEqual(['a: TxProfile 10']);
  });

  test('an unchanged plan is renewed when half of its lease is spent, not before', () => {
    const bench = new Bench(alone).holds('a', [floor, at(10, 0, 4000)]);
    bench.wants('a', [floor], at(10, 1000, 4000));
    expect(bench.turn()).toEqual([]);
    expect(bench.last?.wakeAt).toBe(2000);
    expect(bench.at(1999).turn()).toEqual([]);
    expect(bench.at(2000).turn()).toEqual(['a: TxProfile 10']);
  });

  test('a renewal without an answer is sent again at once: the station may hold the plan that ends first', () => {
    const bench = new Bench(alone).holds('a', [floor, at(10, 0, 4000)]);
    expect(
      bench
        .wants('a', [floor], at(10, 1000, 4000))
        .at(2000)
        .turn(),
    ).toEqual(['a: TxProfile 10']);
    bench.at(2030).turn();
    const { notBefore } = bench.dispatch.stations.get('a')!;
    expect(notBefore).toBeLessThan(2100);
    expect(bench.at(notBefore).turn()).toEqual(['a: TxProfile 10']);
  });

  test('of several plans the one whose lease is half spent first is renewed first', () => {
    const depot = site([station('a', { evses: [evse(1), evse(2)] })]);
    const floors = [floor, txDefault(2, 6)];
    const second = (startS: number) => plan(2, 'tx', startS, 8000, 12);
    const bench = new Bench(depot).holds('a', [...floors, at(10, 0, 4000), second(0)], [1, 2]);
    bench.wants('a', floors, at(10, 1000, 4000), second(1000));
    expect(bench.turn()).toEqual([]);
    expect(bench.last?.wakeAt).toBe(2000);
    expect(bench.at(2000).turn()).toEqual(['a: TxProfile 10']);
  });

  test('a vehicle that waits for its plan is sent it once more, once, although the station holds it', () => {
    const bench = new Bench(alone)
      .holds('a', [floor, at(10, 0, 4000)])
      .wants('a', [floor], at(10, 1000, 4000));
    bench.dispatch = withOwed(bench.dispatch, 'a', 1);
    expect(bench.turn()).toEqual(['a: TxProfile 10']);
    bench.answer('a');
    expect(
      bench
        .at(1100)
        .wants('a', [floor], at(10, 1100, 4000))
        .turn(),
    ).toEqual([]);
  });

  test('a raise that waited until its time was over is no longer lacking', () => {
    const bench = new Bench(pair).holds('a', [floor, at(10)]).holds('b', [floor, at(30)]);
    const soon = plan(1, 'tx', 0, 100_000, [
      [0, 30],
      [3000, 10],
    ]);
    bench.wants('a', [floor], soon).wants('b', [floor], at(30));
    for (const now of [1000, 2999]) {
      expect(bench.at(now).turn()).toEqual([]);
      expect(bench.last?.held).toMatchObject([{ stationId: 'a', reason: 'not-admitted' }]);
    }
    expect(bench.at(3000).turn()).toEqual([]);
    expect(bench.last).toMatchObject({ held: [], wakeAt: 50_000 });
  });

  test('a changed plan leaves at once', () => {
    const bench = new Bench(alone).holds('a', [floor, at(10, 0, 4000)]);
    expect(bench.wants('a', [floor], at(11, 1000, 4000)).turn()).toEqual(['a: TxProfile 11']);
  });

  test('a plan that is to end sooner leaves at once', () => {
    const bench = new Bench(alone).holds('a', [floor, at(10, 0, 4000)]);
    expect(bench.wants('a', [floor], at(10, 0, 3000)).turn()).toEqual(['a: TxProfile 10']);
  });

  test('beyond the writes of a day only decreases leave, until the day is over', () => {
    const bench = new Bench(alone, { writesPerDayMax: 2 }).holds('a', [floor, at(10)]);
    for (const limit of [11, 12]) {
      expect(bench.wants('a', [floor], at(limit)).turn()).toEqual([`a: TxProfile ${limit}`]);
      bench.answer('a');
    }
    expect(bench.wants('a', [floor], at(13)).turn()).toEqual([]);
    expect(bench.last?.held).toMatchObject([{ reason: 'write-budget' }]);
    expect(bench.wants('a', [floor], at(8)).turn()).toEqual(['a: TxProfile 8']);
    bench.answer('a');
    expect(bench.at(86_400).wants('a', [floor], at(13)).turn()).toEqual(['a: TxProfile 13']);
  });

  test('what another controller has installed is cleared once floors are in place', () => {
    const foreign = { evseId: 1, profile: { ...txDefault(1, 32).profile, id: 77, stackLevel: 3 } };
    const bench = new Bench(alone).holds('a', [foreign]).wants('a', [floor]);
    expect(bench.turn()).toEqual(['a: TxDefaultProfile 6']);
    bench.answer('a');
    expect(bench.turn()).toEqual(['a: clear-profile']);
    expect(bench.callTo('a').command).toEqual({ kind: 'clear-profile', profileId: 77 });
  });

  test('nothing is sent to a station that is away', () => {
    const bench = new Bench(alone).holds('a', [floor]).link('a', false).wants('a', [floor], at(10));
    expect(bench.turn()).toEqual([]);
  });

  test('a limit that drops lowers everybody at once', () => {
    const bench = new Bench(pair).holds('a', [floor, at(20)]).holds('b', [floor, at(20)]);
    bench.limits = { grid: { ...bench.limits['grid']!, limitA: constant(12) } };
    bench.wants('a', [txDefault(1, 0)], at(12)).wants('b', [txDefault(1, 0)], at(0));
    expect(bench.turn()).toEqual(['a: TxDefaultProfile 0', 'b: TxDefaultProfile 0']);
    bench.answer('a');
    bench.answer('b');
    expect(bench.turn()).toEqual(['a: TxProfile 12', 'b: TxProfile 0']);
  });

  test('requests of others are sent once, after what safety needs', () => {
    const bench = new Bench(alone).holds('a', []).wants('a', [floor]);
    bench
      .request('a', { kind: 'set-sample-interval', intervalS: 60 })
      // As it comes back from a snapshot, whose keys are in alphabetical order.
      .request('a', { intervalS: 60, kind: 'set-sample-interval' });
    expect(bench.turn()).toEqual(['a: TxDefaultProfile 6']);
    bench.answer('a');
    expect(bench.turn()).toEqual(['a: set-sample-interval']);
    bench.answer('a');
    expect(bench.turn()).toEqual(['a: read-profiles']);
  });

  test('what a station takes is asked before it is written to; where it stays silent floors go ahead', () => {
    const question = { kind: 'read-capability', scope: 'all' } as const;
    const bench = new Bench(alone).holds('a', []).wants('a', [floor]);
    bench.request('a', { kind: 'set-sample-interval', intervalS: 60 }).request('a', question);
    expect(bench.turn()).toEqual(['a: read-capability']);
    bench.now = later(bench.now, 31);
    expect(bench.turn()).toEqual([]);
    bench.request('a', question);
    bench.now = later(bench.now, 60);
    expect(bench.turn()).toEqual(['a: TxDefaultProfile 6']);
    bench.answer('a');
    expect(bench.turn()).toEqual(['a: read-capability']);
    bench.answer('a', { kind: 'capability', facts: {} });
    expect(bench.turn()).toEqual(['a: set-sample-interval']);
  });
});

describe('answers', () => {
  test('message ids count up and are short', () => {
    const bench = new Bench(pair).holds('a', []).holds('b', []).wants('a', [floor]).wants('b', [floor]);
    bench.turn();
    const ids = bench.last!.calls.map(({ messageId }) => messageId);
    expect(new Set(ids).size).toBe(2);
    for (const id of ids) expect(id.length).toBeLessThanOrEqual(36);
  });

  test('of an unknown message changes nothing', () => {
    const bench = new Bench(alone).holds('a', []).wants('a', [floor]);
    bench.turn();
    const before = bench.ledger;
    expect(bench.answer('a', { kind: 'accepted' }, 'other').known).toBe(false);
    expect(bench.ledger).toBe(before);
    bench.answer('a');
    expect(bench.answer('a', { kind: 'accepted' }, 'vh-1').known).toBe(false);
  });

  test('a late acceptance still counts while nothing else was sent', () => {
    const bench = new Bench(alone).holds('a', [floor]).wants('a', [floor], at(10));
    bench.turn();
    const id = bench.callTo('a').messageId;
    bench.at(1030).turn();
    expect(bench.answer('a', { kind: 'accepted' }, id).known).toBe(true);
    expect(bench.at(1100).turn()).toEqual([]);
  });

  test('a late acceptance counts while the same is on its way once more, not another plan', () => {
    const bench = new Bench(pair).holds('a', [floor, at(30)]).holds('b', [floor, at(10)]);
    bench.wants('a', [floor], at(10)).wants('b', [floor], at(30)).turn();
    const id = bench.callTo('a').messageId;
    bench.at(1030).turn();
    expect(bench.at(1055).turn()).toEqual(['a: TxProfile 10']);
    const again = bench.callTo('a').messageId;
    expect(bench.at(1057).answer('a', { kind: 'accepted' }, id).known).toBe(true);
    expect(bench.turn()).toEqual(['b: TxProfile 30']);
    expect(bench.ledger.beliefs.get('a')!.candidates).toHaveLength(1);
    // Refused or not, what is on its way once more changes nothing.
    bench.answer('a', { kind: 'refused', status: 'Rejected' }, again);
    expect(bench.ledger.beliefs.get('a')!.candidates).toHaveLength(1);

    const other = new Bench(pair).holds('a', [floor, at(30)]).holds('b', [floor, at(10)]);
    other.wants('a', [floor], at(10)).wants('b', [floor], at(30)).turn();
    const first = other.callTo('a').messageId;
    other.at(1030).turn();
    expect(other.wants('a', [floor], at(12)).at(1055).turn()).toEqual(['a: TxProfile 12']);
    expect(other.at(1057).answer('a', { kind: 'accepted' }, first).known).toBe(false);
    expect(other.turn()).toEqual([]);
  });

  test('a station is waited for twice as long as it was at its slowest and a second, one that is slow or silent in full', () => {
    const bench = new Bench(alone).holds('a', [floor]);
    /** Sends another plan; how long its answer is waited for. */
    const waitOf = (limit: number): number => {
      bench.wants('a', [floor], at(limit)).turn();
      return bench.dispatch.stations.get('a')!.pending!.deadline - bench.now;
    };
    const answerAfter = (s: number): void => {
      bench.at(bench.now + s).answer('a');
    };
    expect(waitOf(10)).toBe(30);
    // The first answer of a connection counts as three seconds slower than it was.
    answerAfter(1);
    expect(waitOf(12)).toBe(9);
    answerAfter(9);
    expect(waitOf(10)).toBe(19);
    answerAfter(1);
    expect(waitOf(12)).toBe(17);
    answerAfter(20);
    expect(waitOf(10)).toBe(30);
    // Each that is quicker takes a second off; two seconds are always waited.
    for (let k = 0; k < 15; k++) {
      answerAfter(0);
      waitOf(k % 2 === 0 ? 12 : 10);
    }
    // An answer that comes after its time makes a station slow as well.
    const { messageId, deadline } = bench.dispatch.stations.get('a')!.pending!;
    expect(deadline - bench.now).toBe(2);
    bench.at(deadline).turn();
    expect(bench.answer('a', { kind: 'accepted' }, messageId).known).toBe(true);
    bench.at(bench.now + 25);
    expect(waitOf(14)).toBe(30);
  });

  test('a station that is silent eight times is waited for in full', () => {
    const bench = new Bench(alone, { retryS: seconds(1), retryMaxS: seconds(1) }).holds('a', [floor]);
    bench.wants('a', [floor], at(10)).turn();
    bench.at(1001).answer('a');
    const waits = Array.from({ length: 10 }, () => {
      bench.wants('a', [floor], at(12)).turn();
      const waited = bench.dispatch.stations.get('a')!.pending!.deadline - bench.now;
      bench.at(bench.now + waited).turn();
      bench.at(bench.now + 2);
      return waited;
    });
    expect(waits).toEqual([9, 9, 9, 9, 9, 9, 9, 9, 30, 30]);
    // A new connection is known by nothing.
    bench.link('a', false).link('a', true);
    expect(bench.dispatch.stations.get('a')!.slowestS).toBeUndefined();
  });

  /** A station that has left three calls for a plan without an answer; the id of the last of them. */
  const unheard = (): { readonly bench: Bench; readonly last: string } => {
    const bench = new Bench(alone).holds('a', [floor]).wants('a', [floor], at(10));
    let last = '';
    for (const now of [1000, 1200, 1400]) {
      expect(bench.at(now).turn()).toEqual(['a: TxProfile 10']);
      last = bench.callTo('a').messageId;
      bench.at(now + 30).turn();
    }
    expect(bench.dispatch.stations.get('a')!.failures).toBe(deafAfter);
    return { bench, last };
  };

  test('a station whose answer comes late has answered: it counts as deaf no longer', () => {
    const { bench, last } = unheard();
    bench.at(1440).answer('a', { kind: 'accepted' }, last);
    expect(bench.dispatch.stations.get('a')!.failures).toBe(0);
    expect(bench.at(2000).turn()).toEqual([]);
  });

  test('a silent station to which there is nothing to say is read until it answers', () => {
    const { bench } = unheard();
    bench.wants('a', [floor]);
    expect(bench.at(1600).turn()).toEqual(['a: read-profiles']);
    expect(bench.at(1630).turn()).toEqual([]);
    // Pauses end at 100 s, give or take a quarter.
    expect(bench.last?.wakeAt).toBeLessThanOrEqual(1755);
    expect(bench.at(1755).turn()).toEqual(['a: read-profiles']);
    const { command } = bench.callTo('a');
    bench.answer('a');
    bench.report('a', command.kind === 'read-profiles' ? command.requestId : 0, [floor]);
    expect(bench.dispatch.stations.get('a')!.failures).toBe(0);
    expect(bench.at(3000).turn()).toEqual([]);
  });

  test('a floor refused three times is tried again after an hour, and stays once it is accepted', () => {
    const bench = new Bench(alone).holds('a', []).wants('a', [floor]);
    for (const now of [1000, 1200, 1400]) {
      expect(bench.at(now).turn()).toHaveLength(1);
      bench.answer('a', { kind: 'refused', status: 'Rejected' });
    }
    expect(bench.at(4999).turn()).toEqual([]);
    expect(bench.last?.wakeAt).toBe(5000);
    expect(bench.at(5000).turn()).toHaveLength(1);
    bench.answer('a', { kind: 'accepted' });
    expect(bench.at(20_000).turn()).toEqual(['a: read-profiles']);
    const { command } = bench.callTo('a');
    bench.answer('a');
    bench.report('a', command.kind === 'read-profiles' ? command.requestId : 0, [floor]);
    expect(bench.at(40_000).turn()).toEqual([]);
  });

  test('a plan refused three times rests for an hour, then is tried once more, or on the next connection', () => {
    const bench = new Bench(alone).holds('a', [floor]).wants('a', [floor], at(10));
    const sentAt: number[] = [];
    for (let k = 0; k < 40; k++) {
      if (bench.at(1000 + k * 200).turn().length === 0) continue;
      sentAt.push(1000 + k * 200);
      bench.answer('a', { kind: 'refused', status: 'Rejected' });
    }
    expect(sentAt).toEqual([1000, 1200, 1400, 5000, 8600]);
    expect(bench.last?.held).toMatchObject([{ reason: 'refused' }]);
    expect(bench.last?.wakeAt).toBe(8600 + 3600);
    bench.link('a', false).link('a', true).at(9000);
    expect(bench.turn()).toEqual(['a: read-profiles']);
  });

  /** The pauses of two stations after each of so many calls without an answer. */
  function pausesOf(bench: Bench, count: number): number[][] {
    const pauses: number[][] = [];
    bench.turn();
    for (let k = 0; k < count; k++) {
      const failedAt = bench.dispatch.stations.get('a')!.pending!.deadline;
      bench.at(failedAt).turn();
      const times = ['a', 'b'].map((id) => bench.dispatch.stations.get(id)!.notBefore);
      pauses.push(times.map((t) => t - failedAt));
      bench.at(Math.max(...times)).turn();
    }
    return pauses;
  }

  test.each([
    { what: 'a decrease', held: 14, wanted: 10 },
    { what: 'a raise, counted since it left', held: 10, wanted: 14 },
  ])('$what: eight pauses alike, then doubled up to their longest, and not alike at all stations', (row) => {
    const bench = new Bench(pair).holds('a', [floor, at(row.held)]).holds('b', [floor, at(row.held)]);
    const pauses = pausesOf(
      bench.wants('a', [floor], at(row.wanted)).wants('b', [floor], at(row.wanted)),
      13,
    );
    // 20 s eight times, then 20, 40, 80 and at most 100 s, each within a quarter.
    const expected = [...Array.from({ length: 8 }, () => 20), 20, 40, 80, 100, 100];
    for (const [k, around] of expected.entries()) {
      for (const pause of pauses[k]!) {
        expect(pause).toBeGreaterThanOrEqual(around * 0.75);
        expect(pause).toBeLessThanOrEqual(around * 1.25 + 1);
      }
    }
    expect(pauses.some(([a, b]) => a !== b)).toBe(true);
  });

  test('what a call of an earlier connection may undo is set again as soon as that can no longer arrive', () => {
    const bench = new Bench(alone).holds('a', [floor, at(30)]).wants('a', [floor], at(10));
    bench.turn();
    bench.at(1010).link('a', false).link('a', true).wants('a', [floor], at(12)).turn();
    bench.answer('a');
    const { command } = bench.callTo('a');
    bench.report('a', command.kind === 'read-profiles' ? command.requestId : 0, [floor, at(30)]);
    expect(bench.turn()).toEqual(['a: TxProfile 12']);
    bench.at(1011).answer('a');
    // Nothing is gained by it while the first call may come after it: until two minutes after it was sent.
    for (const now of [1050, 1060, 1119]) {
      expect(bench.at(now).turn()).toEqual([]);
      expect(bench.last?.wakeAt).toBe(1120);
    }
    expect(bench.at(1120).turn()).toEqual(['a: TxProfile 12']);
  });

  test('an error leaves both states, and the same command settles it', () => {
    const bench = new Bench(alone).holds('a', [floor, at(30)]).wants('a', [floor], at(10));
    bench.turn();
    bench.answer('a', { kind: 'unclear', code: 'InternalError', description: '' });
    expect(bench.ledger.beliefs.get('a')!.candidates).toHaveLength(2);
    expect(bench.at(1030).turn()).toEqual(['a: TxProfile 10']);
    bench.answer('a');
    expect(bench.ledger.beliefs.get('a')!.candidates).toHaveLength(1);
  });
});

describe('reading back', () => {
  test('2.x: after a reconnection the station is asked before anything is raised, and its word settles', () => {
    const bench = new Bench(alone).holds('a', [floor]).wants('a', [floor], at(10));
    bench.turn();
    bench.link('a', false).at(1010).link('a', true);
    expect(bench.turn()).toEqual(['a: read-profiles']);
    const { command } = bench.callTo('a');
    if (command.kind !== 'read-profiles') throw new Error(command.kind);
    bench.answer('a');
    expect(bench.turn()).toEqual([]);
    expect(bench.report('a', command.requestId + 1, [floor]).known).toBe(false);
    bench.report('a', command.requestId, [floor], true);
    expect(bench.turn()).toEqual([]);
    bench.report('a', command.requestId, [at(10)]);
    // The plan sent on the old connection had arrived; it may arrive again within its two minutes.
    expect(bench.ledger.beliefs.get('a')!.candidates).toHaveLength(1);
    expect(bench.turn()).toEqual([]);
  });

  test('2.x: a station without profiles says so by NoProfiles', () => {
    const bench = new Bench(alone).link('a', true).wants('a', [floor]);
    expect(bench.turn()).toEqual(['a: read-profiles']);
    bench.answer('a', { kind: 'refused', status: 'NoProfiles' });
    expect(bench.ledger.beliefs.get('a')!.candidates).toEqual([{ known: true, installed: [] }]);
    expect(bench.turn()).toEqual(['a: TxDefaultProfile 6']);
  });

  test('1.6: a composite that only one state explains settles which', () => {
    const bench = new Bench(old).holds('a', [floor, at(30)]).wants('a', [floor], at(10));
    bench.turn();
    bench.link('a', false).at(1200).link('a', true);
    expect(bench.turn()).toEqual(['a: read-composite']);
    const composite = (limit: number) =>
      ({
        kind: 'composite',
        evseId: 1,
        durationS: 7200,
        unit: 'A',
        periods: [{ startS: 0, limit }],
      }) as const;
    expect(bench.answer('a', composite(30)).verdict).toBe('confirmed');
    expect(bench.ledger.beliefs.get('a')!.candidates).toHaveLength(1);
    expect(bench.turn()).toEqual(['a: TxProfile 10']);
  });

  test('1.6: a composite that no state explains makes the plan doubtful, and it is written again', () => {
    const bench = new Bench(old).holds('a', [floor, at(30)]).wants('a', [floor], at(30));
    bench.readBack('a');
    expect(bench.turn()).toEqual(['a: read-composite']);
    const answer = {
      kind: 'composite',
      evseId: 1,
      durationS: 7200,
      unit: 'A',
      periods: [{ startS: 0, limit: 6 }],
    } as const;
    // 6 A is the floor: the plan is gone, which no held state said.
    expect(bench.answer('a', answer).verdict).toBe('contradicted');
    expect(bench.turn()).toEqual(['a: TxProfile 30']);
  });

  test('1.6: an empty or foreign composite says nothing', () => {
    const bench = new Bench(old)
      .holds('a', [floor, at(30)])
      .wants('a', [floor], at(30))
      .readBack('a');
    bench.turn();
    expect(bench.answer('a', { kind: 'composite', evseId: 1, periods: [] }).verdict).toBe('says-nothing');
    expect(bench.turn()).toEqual([]);
    // -1 is what some stations write where nothing limits, others in watts although asked for amperes.
    bench.readBack('a').turn();
    const none = { kind: 'composite', evseId: 1, unit: 'A', periods: [{ startS: 0, limit: -1 }] } as const;
    expect(bench.answer('a', none).verdict).toBe('says-nothing');
    bench.readBack('a').turn();
    const inWatts = {
      kind: 'composite',
      evseId: 1,
      unit: 'W',
      periods: [{ startS: 0, limit: 4140 }],
    } as const;
    expect(bench.answer('a', inWatts).verdict).toBe('says-nothing');
  });

  test('a station that never answers a read is written to after three tries', () => {
    const bench = new Bench(alone).holds('a', [floor]).wants('a', [floor], at(10)).readBack('a');
    const sent: string[] = [];
    for (let k = 0; k < 60; k++) sent.push(...bench.at(1000 + k * 20).turn());
    expect(sent.slice(0, 4)).toEqual([
      'a: read-profiles',
      'a: read-profiles',
      'a: read-profiles',
      'a: TxProfile 10',
    ]);
  });
});

describe('a 2.x station that nothing is known of and that does not report', () => {
  const refused: CommandAnswer = { kind: 'unclear', code: 'NotImplemented', description: '' };
  /** What leaves in so many turns, a second after one another's pauses; `answer` says what comes of each. */
  const lives = (
    bench: Bench,
    turns: number,
    answer: (what: string) => CommandAnswer | undefined,
  ): readonly string[] => {
    const sent: string[] = [];
    for (let k = 0; k < turns; k++) {
      const [what] = bench.at(1000 + k * 200).turn();
      if (what === undefined) continue;
      sent.push(what);
      const said = answer(what);
      if (said !== undefined) bench.answer('a', said);
    }
    return sent;
  };
  const reads = Array.from({ length: 3 }, () => 'a: read-profiles');

  test('is rid of plans, gets its floors, is rid of the rest; then it is known and gets its plans', () => {
    const bench = new Bench(alone).link('a', true).wants('a', [floor], at(10));
    const sent = lives(bench, 20, (what) => (what === 'a: read-profiles' ? refused : { kind: 'accepted' }));
    expect(sent).toEqual([
      ...reads,
      'a: clear-profile',
      'a: TxDefaultProfile 6',
      ...Array.from({ length: 10 }, () => 'a: clear-profile'),
      'a: TxProfile 10',
      // Whether it holds its floor is asked once; it does not say.
      'a: read-profiles',
    ]);
    expect(bench.ledger.beliefs.get('a')!.candidates).toMatchObject([{ known: true }]);
  });

  test('that refuses to clear gets its floors once, is asked again after an hour, and counts with its hardware', () => {
    const bench = new Bench(alone).link('a', true).wants('a', [floor], at(10));
    const sent = lives(bench, 40, (what) =>
      what === 'a: TxDefaultProfile 6' ? { kind: 'accepted' } : { kind: 'refused', status: 'Rejected' },
    );
    expect(sent).toEqual([
      ...reads,
      ...Array.from({ length: 3 }, () => 'a: clear-profile'),
      'a: TxDefaultProfile 6',
      'a: clear-profile',
    ]);
    expect(exposureOf(alone, bench.ledger, 'a').evses['1']?.value).toEqual([32]);
  });
});

describe('a new process', () => {
  test('counts what was on its way as both states, and asks', () => {
    const bench = new Bench(alone).holds('a', [floor, at(30)]).wants('a', [floor], at(10));
    bench.turn();
    bench.restart();
    expect(bench.ledger.beliefs.get('a')!.candidates).toHaveLength(2);
    expect(bench.turn()).toEqual([]);
    expect(bench.link('a', true).turn()).toEqual(['a: read-profiles']);
  });

  test('its state is a JSON value: written and read back it decides the same', () => {
    const bench = new Bench(pair).holds('a', [floor, at(30)]).holds('b', [floor, at(10)]);
    bench.wants('a', [floor], at(10)).wants('b', [floor], at(30)).turn();
    bench.at(1001).answer('a');
    const copy = new Bench(pair);
    copy.wanted = bench.wanted;
    copy.ledger = ledgerOfJson(JSON.parse(JSON.stringify(bench.ledger)) as LedgerAsJson);
    copy.dispatch = dispatchOfJson(JSON.parse(JSON.stringify(bench.dispatch)) as DispatchAsJson);
    for (const t of [1001, 1002]) expect(copy.at(t).turn()).toEqual(bench.at(t).turn());
    expect(copy.ledger).toEqual(bench.ledger);
    expect(copy.dispatch).toEqual(bench.dispatch);
  });
});
