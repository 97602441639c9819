/** Floors that a station has accepted: whether it holds them is seen, and what comes of it where it does not. */
import { describe, expect, test } from 'vitest';
import { amperes } from '#domain/units';
import { withFloorChecks } from '#dispatch/floor-check';
import type { InstalledProfile } from '#ocpp/profile';
import { learn } from '#safety/ledger';
import { plan, site, station, txDefault } from '../safety/depot.ts';
import { Bench } from './depot-world.ts';

const floor = txDefault(1, 6);
const plan10 = plan(1, 'tx', 0, 100_000, 10);
const one = (version: '1.6' | '2.0.1') =>
  site([station('a', { version })], [{ id: 'grid', limitA: amperes(100) }]);

/** A station that is asked for its floors holds that. */
function reports(bench: Bench, ...held: readonly InstalledProfile[]): void {
  expect(bench.turn()).toEqual(['a: read-profiles']);
  const { command } = bench.callTo('a');
  bench.answer('a');
  bench.report('a', command.kind === 'read-profiles' ? command.requestId : 0, held);
}

/** An EVSE of 1.6 that is asked for its floor allows that. */
function allows(bench: Bench, limit: number): void {
  expect(bench.turn()).toEqual(['a: read-composite']);
  const periods = [{ startS: 0, limit }];
  bench.answer('a', { kind: 'composite', evseId: 1, durationS: 7200, unit: 'A', periods });
}

/** A floor leaves, and is accepted. */
function sets(bench: Bench): void {
  expect(bench.turn()).toEqual(['a: TxDefaultProfile 6']);
  bench.answer('a');
}

describe('2.x', () => {
  test('a floor that was accepted is seen once, after the plan has left', () => {
    const bench = new Bench(one('2.0.1')).holds('a', []).wants('a', [floor], plan10);
    sets(bench);
    expect(bench.turn()).toEqual(['a: TxProfile 10']);
    bench.answer('a');
    reports(bench, floor, plan10);
    expect(bench.turn()).toEqual([]);
  });

  test('one that is not there is set again, and counts as refused: after three times it rests for an hour', () => {
    const bench = new Bench(one('2.0.1')).holds('a', []).wants('a', [floor]);
    for (const now of [1000, 1100, 1200]) {
      sets(bench.at(now));
      reports(bench.at(now + 50));
    }
    expect(bench.turn()).toEqual([]);
    expect(bench.at(1250 + 3599).turn()).toEqual([]);
    sets(bench.at(1250 + 3600));
    reports(bench.at(5000), floor);
    expect(bench.dispatch.stations.get('a')?.refused).toEqual({});
    expect(bench.at(20_000).turn()).toEqual([]);
  });

  test('one that was not there is seen a moment after it was set again', () => {
    const bench = new Bench(one('2.0.1')).holds('a', []).wants('a', [floor]);
    sets(bench);
    reports(bench);
    sets(bench);
    expect(bench.at(1019).turn()).toEqual([]);
    reports(bench.at(1020), floor);
  });

  test('a station that does not say what it holds is not deaf, and is asked again in an hour', () => {
    const bench = new Bench(one('2.0.1')).holds('a', []).wants('a', [floor]);
    sets(bench);
    expect(bench.turn()).toEqual(['a: read-profiles']);
    expect(bench.at(1030).turn()).toEqual([]);
    expect(bench.dispatch.stations.get('a')!.failures).toBe(0);
    const looksAfter = (now: number): readonly string[] => {
      const { ledger, dispatch } = bench.at(now);
      bench.dispatch = withFloorChecks({ site: bench.site, ledger, dispatch, now: bench.now });
      return bench.turn();
    };
    expect(looksAfter(4629)).toEqual([]);
    expect(looksAfter(4630)).toEqual(['a: read-profiles']);
  });

  test('a late acceptance of a floor is one', () => {
    const bench = new Bench(one('2.0.1')).holds('a', []).wants('a', [floor]);
    bench.turn();
    const { messageId } = bench.callTo('a');
    bench.at(1030).turn();
    bench.answer('a', { kind: 'accepted' }, messageId);
    reports(bench.at(1100), floor);
    expect(bench.turn()).toEqual([]);
  });
});

describe('1.6', () => {
  test('a floor is seen while no transaction runs: below a plan nothing is seen of it', () => {
    const bench = new Bench(one('1.6')).holds('a', []).wants('a', [floor], plan10);
    sets(bench);
    expect(bench.turn()).toEqual(['a: TxProfile 10']);
    bench.answer('a');
    expect(bench.turn()).toEqual([]);
    bench.ledger = learn(bench.site, bench.ledger, {
      kind: 'transaction-ended',
      stationId: 'a',
      at: bench.now,
      transactionId: 'tx',
    });
    bench.wants('a', [floor]);
    allows(bench, 6);
    expect(bench.turn()).toEqual([]);
  });

  test('an EVSE that allows something else is sent its floor again: after three times it rests for an hour', () => {
    const bench = new Bench(one('1.6')).holds('a', [], []).wants('a', [floor]);
    for (const now of [1000, 1100, 1200]) {
      sets(bench.at(now));
      allows(bench.at(now + 50), 32);
    }
    expect(bench.at(1250 + 3599).turn()).toEqual([]);
    sets(bench.at(1250 + 3600));
    allows(bench.at(5000), 6);
    expect(bench.at(20_000).turn()).toEqual([]);
  });

  test('what says nothing is no doubt', () => {
    const bench = new Bench(one('1.6')).holds('a', [], []).wants('a', [floor]);
    sets(bench);
    expect(bench.turn()).toEqual(['a: read-composite']);
    bench.answer('a', { kind: 'unclear', code: 'NotSupported', description: '' });
    expect(bench.turn()).toEqual([]);
  });
});

describe('from time to time', () => {
  const ids = Array.from({ length: 12 }, (_, i) => `s${i}`);
  const many = site(
    ids.map((id) => station(id, { version: '2.0.1' })),
    [{ id: 'grid', limitA: amperes(1000) }],
  );

  test('floors of stations that were not read for three hours are seen again, eight stations at once', () => {
    const bench = new Bench(many);
    for (const id of ids) bench.link(id, true).wants(id, [floor]);
    const sees = (): readonly string[] => {
      const sent = bench.turn();
      for (const { stationId, command } of bench.last?.calls ?? []) {
        bench.answer(stationId);
        bench.report(stationId, command.kind === 'read-profiles' ? command.requestId : 0, [floor]);
      }
      return sent;
    };
    expect(sees()).toHaveLength(12);
    const looksAfter = (now: number): readonly string[] => {
      const { ledger, dispatch } = bench.at(now);
      bench.dispatch = withFloorChecks({ site: many, ledger, dispatch, now: bench.now });
      return sees();
    };
    expect(looksAfter(1000 + 3 * 3600 - 1)).toEqual([]);
    expect(looksAfter(1000 + 3 * 3600)).toEqual(ids.slice(0, 8).map((id) => `${id}: read-profiles`));
    bench.link('s9', false);
    expect(looksAfter(12_700)).toEqual(['s10', 's11', 's8'].map((id) => `${id}: read-profiles`));
    expect(looksAfter(13_600)).toEqual([]);
  });

  test('no more than eight stations are read at once', () => {
    const bench = new Bench(many);
    for (const id of ids) bench.holds(id, []).wants(id, [floor]);
    expect(bench.turn()).toHaveLength(12);
    for (const id of ids) bench.answer(id);
    expect(bench.turn()).toHaveLength(8);
    expect(bench.turn()).toEqual([]);
    bench.answer('s1', { kind: 'refused', status: 'NoProfiles' });
    expect(bench.turn()).toHaveLength(2);
  });
});
