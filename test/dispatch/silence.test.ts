/** What is said of a station by an answer, by one that comes late, and by none. */
import { expect, test } from 'vitest';
import { deafAfter, quickPauseS } from '#dispatch/limits';
import { plan, site, station, txDefault } from '../safety/depot.ts';
import { Bench } from './depot-world.ts';

const floor = txDefault(1, 6);
const at = (limit: number) => plan(1, 'tx', 0, 100_000, limit);

/** A station that has left as many calls unanswered as make it deaf, and has nothing to be told any more. */
function unheard(version: '1.6' | '2.0.1' = '2.0.1'): Bench {
  const bench = new Bench(site([station('a', { version })])).holds('a', [floor]).wants('a', [floor], at(10));
  for (const now of [1000, 1200, 1400]) {
    bench.at(now).turn();
    bench.at(now + 30).turn();
  }
  expect(failuresOf(bench)).toBe(deafAfter);
  return bench.wants('a', [floor]).at(1600);
}

function failuresOf(bench: Bench): number {
  return bench.dispatch.stations.get('a')!.failures;
}

test('1.6: a silent station to which there is nothing to say is asked for its composite, and whatever it answers counts', () => {
  const bench = unheard('1.6');
  expect(bench.turn()).toEqual(['a: read-composite']);
  bench.at(1601).answer('a', { kind: 'refused', status: 'Rejected' });
  expect(failuresOf(bench)).toBe(0);
  expect(bench.at(3000).turn()).toEqual([]);
});

test('a station that left one call unanswered and has nothing to be told is left alone', () => {
  const bench = new Bench(site([station('a')])).holds('a', [floor]).wants('a', [floor], at(10));
  bench.turn();
  bench.at(1030).turn();
  expect(bench.wants('a', [floor]).at(1600).turn()).toEqual([]);
});

test('the answer to a request of others is an answer', () => {
  const bench = unheard().request('a', { kind: 'trigger', message: 'MeterValues', evseId: 1 });
  expect(bench.turn()).toEqual(['a: trigger']);
  bench.at(1601).answer('a');
  expect(failuresOf(bench)).toBe(0);
});

test('a station that comes back counts as deaf no longer', () => {
  expect(failuresOf(unheard().link('a', false).link('a', true))).toBe(0);
});

test.each([
  { what: 'it has come back', happens: (bench: Bench) => bench.link('a', false).link('a', true) },
  { what: 'the engine has started anew', happens: (bench: Bench) => bench.restart() },
])('the late answer to a call from before says nothing once $what', ({ happens }) => {
  const bench = new Bench(site([station('a')])).holds('a', [floor, at(30)]).wants('a', [floor], at(10));
  bench.turn();
  const { messageId } = bench.callTo('a');
  bench.at(1030).turn();
  expect(happens(bench).answer('a', { kind: 'accepted' }, messageId).known).toBe(false);
  // It may hold what it held before: it may have started anew itself.
  expect(bench.ledger.beliefs.get('a')!.candidates).toHaveLength(2);
});

test('a late answer is taken once', () => {
  const bench = new Bench(site([station('a')])).holds('a', [floor]).wants('a', [floor], at(10));
  bench.turn();
  const { messageId } = bench.callTo('a');
  bench.at(1030).turn();
  expect(bench.answer('a', { kind: 'accepted' }, messageId).known).toBe(true);
  expect(bench.answer('a', { kind: 'accepted' }, messageId).known).toBe(false);
});

test('a fast station whose answer is lost is told the same after a second, not after the pause of a slow one', () => {
  const bench = new Bench(site([station('a')])).holds('a', [floor]).wants('a', [floor], at(10));
  bench.turn();
  bench.at(1001).answer('a');
  bench.wants('a', [floor], at(12)).turn();
  // Five seconds and four round trips of one.
  bench.at(1010).turn();
  const { notBefore } = bench.dispatch.stations.get('a')!;
  expect(notBefore).toBeLessThanOrEqual(1010 + Math.ceil(quickPauseS * 1.25));
  expect(bench.at(notBefore).turn()).toEqual(['a: TxProfile 12']);
});

test('a question is waited for in full however fast a station is: only what is set may be set again', () => {
  const bench = new Bench(site([station('a')])).holds('a', [floor]).wants('a', [floor], at(10));
  bench.turn();
  bench.at(1001).answer('a');
  bench.readBack('a').turn();
  expect(bench.dispatch.stations.get('a')!.pending!.deadline).toBe(1001 + bench.dispatch.policy.callTimeoutS);
});

test('a station that reports is asked once: that it said so before the report says no more a second time', () => {
  const bench = new Bench(site([station('a')])).holds('a', [floor, at(30)]).wants('a', [floor], at(30));
  expect(bench.readBack('a').turn()).toEqual(['a: read-profiles']);
  expect(bench.answer('a').known).toBe(true);
  expect(bench.answer('a', { kind: 'refused', status: 'NoProfiles' }).known).toBe(false);
  expect(bench.ledger.beliefs.get('a')!.candidates).toMatchObject([{ installed: [floor, at(30)] }]);
});
