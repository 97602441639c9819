/** Chargers cut off at random instants draw no more than was predicted. `LANDINGS` sets how many instants are tried. */
import { expect, test } from 'vitest';
import { landingOf, type Landing } from './landing-world.ts';

const instants = Number(process.env['LANDINGS'] ?? 25);

function landings(leaseS: number): readonly Landing[] {
  return Array.from({ length: instants }, (_, k) => landingOf({ seed: k + 1, leaseS }));
}

const sum = (all: readonly Landing[], of: (landing: Landing) => number): number =>
  all.reduce((total, landing) => total + of(landing), 0);

test('law: a lost charger never draws more than the ledger said at the cut, and the feeder holds', () => {
  for (const { aboveA, overA } of landings(3600)) {
    expect(aboveA).toBeLessThanOrEqual(0);
    expect(overA).toBeLessThanOrEqual(0);
  }
});

test('the bound is no higher than it must be: half an ampere less, and somebody draws more', () => {
  const all = Array.from({ length: 10 }, (_, k) => landingOf({ seed: k + 1, leaseS: 3600, lowerA: 0.5 }));
  expect(Math.max(...all.map(({ aboveA }) => aboveA))).toBe(0.5);
});

test('with leases of an hour less than half of the installed limits stays reserved; 6 A would not be safe without', () => {
  const all = landings(3600);
  const reserved = sum(all, (l) => l.reservedAh);
  expect(reserved).toBeGreaterThanOrEqual(sum(all, (l) => l.drawnAh));
  expect(reserved).toBeLessThan(sum(all, (l) => l.highestAh) / 2);
  expect(reserved).toBeLessThan(sum(all, (l) => l.ratingAh) / 2);
  expect(sum(all, (l) => l.aboveSix)).toBeGreaterThan(sum(all, (l) => l.cut) / 2);
});
