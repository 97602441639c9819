/** Stations cut off at random instants draw no more than was predicted. `LANDINGS` sets how many instants are tried. */
import { expect, test } from 'vitest';
import { landingOf, type Landing, type Reserve } from './landing-world.ts';

const instants = Number(process.env['LANDINGS'] ?? 20);

const played = new Map<number, readonly Landing[]>();

function landings(leaseS: number): readonly Landing[] {
  const known = played.get(leaseS);
  if (known !== undefined) return known;
  const all = Array.from({ length: instants }, (_, k) => landingOf({ seed: k + 1, leaseS }));
  played.set(leaseS, all);
  return all;
}

const sum = (all: readonly Landing[], of: (landing: Landing) => number): number =>
  all.reduce((total, landing) => total + of(landing), 0);
const most = (all: readonly Landing[], of: (landing: Landing) => number): number => Math.max(...all.map(of));

test.each([3600, 4 * 3600])(
  'law: with leases of %i s no station draws more than the ledger said, and every circuit holds',
  (leaseS) => {
    const all = landings(leaseS);
    expect(most(all, (l) => l.aboveA)).toBeLessThanOrEqual(0);
    expect(most(all, (l) => l.aboveW)).toBeLessThanOrEqual(0);
    expect(most(all, (l) => l.overA)).toBeLessThanOrEqual(1e-9);
    expect(most(all, (l) => l.overW)).toBeLessThanOrEqual(1e-6);
  },
);

test('law: the same where lines were down, stations rebooted, profiles were refused and every limit binds before the cut', () => {
  const all = Array.from({ length: instants }, (_, k) =>
    landingOf({ seed: k + 1, leaseS: 3600, isRough: true }),
  );
  expect(most(all, (l) => l.aboveA)).toBeLessThanOrEqual(0);
  expect(most(all, (l) => l.aboveW)).toBeLessThanOrEqual(0);
  // The limits are met to the ampere and, of all phases, to the watt.
  expect(most(all, (l) => l.overA)).toBeCloseTo(0, 9);
  expect(Math.abs(most(all, (l) => l.overW))).toBeLessThan(100);
  expect(most(all, (l) => l.overW)).toBeLessThanOrEqual(1e-6);
  for (const what of ['lines', 'reboots', 'late', 'refusals'] as const)
    expect(
      sum(all, ({ trouble }) => trouble[what]),
      what,
    ).toBeGreaterThan(instants / 2);
});

test('the bound is no higher than it must be: half an ampere less, and somebody draws more', () => {
  const all = Array.from({ length: 10 }, (_, k) => landingOf({ seed: k + 1, leaseS: 3600, lowerA: 0.5 }));
  expect(most(all, (l) => l.aboveA)).toBe(0.5);
  expect(most(all, (l) => l.aboveW)).toBe(0.5 * 3 * 230);
});

test('less than half of the installed limits stays reserved; 6 A would not be safe without leases', () => {
  const all = landings(4 * 3600).filter(({ plans }) => plans === 'stress');
  const of = (what: keyof Reserve): number => sum(all, ({ reserves: { AC, DC } }) => AC[what] + DC[what]);
  expect(of('reservedWh')).toBeGreaterThanOrEqual(of('drawnWh'));
  expect(of('reservedWh')).toBeLessThan(of('highestWh') / 2);
  expect(of('reservedWh')).toBeLessThan(of('ratingWh') / 2);
  expect(of('aboveSix')).toBeGreaterThan(of('sockets') / 2);
});
