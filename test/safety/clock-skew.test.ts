/** A station whose clock is off follows its steps early or late: both count. */
import { expect, test } from 'vitest';
import { valueAt } from '#domain/step-function';
import { epochS, seconds } from '#domain/units';
import { exposureOf, learn, ledgerOf } from '#safety/ledger';
import { plan, site, station, txDefault } from './depot.ts';

test('each step of a station counts from its skew before to its skew after, of others at its instant', () => {
  const off = station('off', { capability: { clockSkewS: seconds(900) } });
  const right = station('right');
  const depot = site([off, right]);
  // 6 A, 20 A from second 4000, 10 A from second 8000; the floor is 6 A.
  const installed = [
    txDefault(1, 6),
    plan(1, 'tx', 1000, 20_000, [
      [0, 6],
      [3000, 20],
      [7000, 10],
    ]),
  ];
  const at = epochS(1000);
  const ledger = ['off', 'right'].reduce(
    (known, stationId) => learn(depot, known, { kind: 'read-back', stationId, at, installed, link: 1 }),
    ledgerOf(depot, at),
  );
  const limits = (id: string, ...instants: number[]): readonly number[] =>
    instants.map((instant) => valueAt(exposureOf(depot, ledger, id).evses['1']!, epochS(instant)));
  // Up 900 s early, down 900 s late; what was unknown before second 1000 lasts as long.
  expect(limits('off', 1899, 3099, 3100, 8899, 8901)).toEqual([32, 6, 20, 20, 10]);
  expect(limits('right', 1002, 3999, 4000, 7999, 8000)).toEqual([6, 6, 20, 20, 10]);
});
