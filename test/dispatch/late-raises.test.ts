/** A plan that allows more only later waits for the next one; whatever lowers anything, or is not certain, does not. */
import { describe, expect, test } from 'vitest';
import { isHeldNow } from '#dispatch/plan-profile';
import { amperes, epochS, seconds } from '#domain/units';
import { plan, site, station, txDefault } from '../safety/depot.ts';
import { Bench } from './depot-world.ts';

const floor = txDefault(1, 6);
const depot = site([station('a'), station('b')], [{ id: 'grid', limitA: amperes(60) }]);
/** A plan of `startAt` for 100,000 s; steps count from second 0. */
const stepped = (startAt: number, ...steps: readonly (readonly [number, number])[]) =>
  plan(
    1,
    'tx',
    startAt,
    100_000,
    steps.map(([at, limit]) => [Math.max(0, at - startAt), limit]),
  );
const held = stepped(900, [900, 10]);
const later30 = stepped(940, [940, 10], [5000, 30]);
const bench = (ahead: number | undefined = 900) =>
  new Bench(depot, ahead === undefined ? {} : { raiseAheadS: seconds(ahead) })
    .holds('a', [floor, held])
    .holds('b', [floor, held])
    .wants('b', [floor], held);

describe('a plan that differs by later raises only', () => {
  test('leaves when the one installed is as old as raises are ahead', () => {
    const waiting = bench().wants('a', [floor], later30);
    expect(waiting.turn()).toEqual([]);
    // Compiled plans start a minute in the past: the one installed is of second 960.
    expect(waiting.last?.wakeAt).toBe(1860);
    expect(waiting.at(1859).turn()).toEqual([]);
    expect(waiting.at(1860).turn()).toEqual(['a: TxProfile 10,30']);
  });

  test('leaves so long before the first raise, where that is sooner', () => {
    const waiting = bench().wants('a', [floor], stepped(940, [940, 10], [2000, 10.5], [5000, 30]));
    expect(waiting.turn()).toEqual([]);
    expect(waiting.last?.wakeAt).toBe(1100);
    expect(waiting.at(1100).turn()).toEqual(['a: TxProfile 10,10.5,30']);
  });

  test('gives way to the next plan: nothing leaves where that says the same as the one installed', () => {
    const waiting = bench().wants('a', [floor], later30);
    expect(waiting.turn()).toEqual([]);
    expect(
      waiting
        .at(1500)
        .wants('a', [floor], stepped(1440, [1440, 10]))
        .turn(),
    ).toEqual([]);
    expect(waiting.at(1860).turn()).toEqual([]);
  });

  test('leaves at once where nothing is said of it', () => {
    expect(
      new Bench(depot)
        .holds('a', [floor, held])
        .holds('b', [floor, held])
        .wants('a', [floor], later30)
        .wants('b', [floor], held)
        .turn(),
    ).toEqual(['a: TxProfile 10,30']);
  });
});

describe('what does not wait', () => {
  test('a raise that is near', () => {
    const near = stepped(940, [940, 10], [1890, 30]);
    expect(bench().wants('a', [floor], near).turn()).toEqual(['a: TxProfile 10,30']);
  });

  test('what lowers anything, however late', () => {
    const late = stepped(940, [940, 10], [5000, 30], [9000, 6]);
    expect(bench().wants('a', [floor], late).turn()).toEqual(['a: TxProfile 10,30,6']);
  });

  test('a plan for another transaction', () => {
    const other = plan(1, 'tx2', 940, 100_000, [
      [0, 10],
      [5000, 30],
    ]);
    expect(bench().wants('a', [floor], other).turn()).toEqual(['a: TxProfile 10,30']);
  });

  test('a raise at a station that may hold more than one plan: it settles which', () => {
    const open = bench().wants('a', [floor], stepped(940, [940, 10], [9000, 6]));
    open.turn();
    // The answer is lost; the next plan is above both, and near to neither.
    expect(open.at(1030).turn()).toEqual([]);
    open.wants('a', [floor], later30);
    expect(open.at(1060).turn()).toEqual(['a: TxProfile 10,30']);
  });
});

test('a plan that waits is held now, and no longer when its first raise has come', () => {
  const belief = bench().ledger.beliefs.get('a')!;
  const of = depot.stations[0]!;
  expect(isHeldNow(of, belief, held, epochS(1000))).toBe(true);
  expect(isHeldNow(of, belief, later30, epochS(1000))).toBe(true);
  expect(isHeldNow(of, belief, later30, epochS(5000))).toBe(false);
  expect(isHeldNow(of, belief, stepped(940, [940, 10], [5000, 6]), epochS(1000))).toBe(false);
});
