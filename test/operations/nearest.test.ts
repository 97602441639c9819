import { expect, test } from 'vitest';
import { nearestOf } from '#operations/nearest';

const names = ['plan', 'bill', 'prices', 'composite', 'limitKw', 'energyKwh', 'departs'];

test.each([
  ['bil', 'bill'],
  ['plna', 'plan'],
  ['limt', undefined],
  ['limitkw', 'limitKw'],
  ['limtKw', 'limitKw'],
  ['energy', 'energyKwh'],
  ['departure', 'departs'],
  ['x', undefined],
  ['', undefined],
  ['zzzzzz', undefined],
])('%s probably means %s', (word, meant) => {
  expect(nearestOf(word, names)).toBe(meant);
});

test('a word of any length is answered', () => {
  expect(nearestOf('a'.repeat(1e6), names)).toBeUndefined();
});
