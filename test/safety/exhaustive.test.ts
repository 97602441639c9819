/**
 * The proof can fail: three chargers on one feeder, every order of events to a stated depth, on the shipped ledger and
 * dispatch. `DEPTH` and `FAULTS` go deeper than a test run should.
 */
import { describe, expect, test } from 'vitest';
import type { Guards } from '#safety/ledger-policy';
import { explore, replay } from './exhaustive-world.ts';

const depth = Number(process.env['DEPTH'] ?? 5);
const faults = Number(process.env['FAULTS'] ?? 1);

test(`law: no order of events to depth ${depth} with ${faults} fault(s) draws more than the feeder carries`, () => {
  const result = explore({ depth, faults });
  expect(result.found).toBeUndefined();
  expect(result.complete).toBe(true);
  // Far fewer would mean that the world has stopped moving.
  expect(result.states).toBeGreaterThan(3_000);
});

interface Story {
  readonly guard: keyof Guards;
  readonly what: string;
  readonly moves: readonly string[];
}

const stories: readonly Story[] = [
  {
    guard: 'admission',
    what: 'a raise leaves before the decrease that pays for it has arrived',
    moves: ['plan 1 is wanted', 'b gets TxProfile 12,24 A'],
  },
  {
    guard: 'bothStates',
    what: 'a decrease that never arrived pays for a raise',
    moves: ['plan 1 is wanted', 'time passes', 'time passes', 'b gets TxProfile 12,24 A'],
  },
  {
    guard: 'writeAhead',
    what: 'a raise is forgotten in a crash, its room given away, and then it arrives',
    moves: [
      'plan 1 is wanted',
      'a gets TxProfile 6 A',
      'engine hears answer of a',
      'time passes',
      'time passes',
      'the engine dies, frames late',
      'plan 2 is wanted',
      'a is back',
      'a gets read-composite',
      'engine hears answer of a',
      'time passes',
      'time passes',
      'a gets TxProfile 26 A',
      'b gets late TxProfile 12,24 A',
    ],
  },
  {
    guard: 'strays',
    what: 'a raise is given up, its room given away, and then it arrives',
    moves: [
      'plan 1 is wanted',
      'a gets TxProfile 6 A',
      'engine hears answer of a',
      'time passes',
      'time passes',
      'b is cut off, frames late',
      'plan 2 is wanted',
      'time passes',
      'time passes',
      'a gets TxProfile 26 A',
      'b gets late TxProfile 12,24 A',
    ],
  },
  {
    guard: 'reaction',
    what: 'a raise arrives while the lowered charger still draws',
    moves: [
      'plan 1 is wanted',
      'a gets TxProfile 6 A',
      'engine hears answer of a',
      'b gets TxProfile 12,24 A',
    ],
  },
  {
    guard: 'idle',
    what: 'the room of a paused charger is given away, and the next vehicle there draws the floor',
    moves: [
      'plan 3 is wanted',
      'a gets TxProfile 0 A',
      'engine hears answer of a',
      'time passes',
      'time passes',
      'b gets TxProfile 28 A',
      'vehicles change at a',
      'c reboots',
    ],
  },
  {
    guard: 'reboot',
    what: 'a charger forgets its floor in a reboot that nobody counted on',
    moves: [
      'plan 3 is wanted',
      'a gets TxProfile 0 A',
      'engine hears answer of a',
      'time passes',
      'time passes',
      'b gets TxProfile 28 A',
      'vehicles change at a',
      'c reboots',
    ],
  },
  {
    guard: 'unobeyedLease',
    what: 'a charger goes on after its lease, and its room is given away',
    moves: [
      'a is cut off, frames lost',
      'plan 1 is wanted',
      'time passes',
      'time passes',
      'time passes',
      'time passes',
      'time passes',
      'time passes',
      'time passes',
      'b gets TxProfile 12,24 A',
    ],
  },
];

describe('each guard is needed: without it chargers really draw more than the feeder carries', () => {
  test.each(stories)('$guard: $what', ({ guard, moves }) => {
    const story = ['start', ...moves];
    const options = { depth: 0, faults: 4, judge: 'draw' } as const;
    expect(replay({ ...options, guards: { [guard]: false } }, story)).toMatch(
      /^chargers draw \d+ A of 40 A$/,
    );
    // With it the same story cannot go on: what would do the harm does not leave.
    expect(replay(options, story)).toMatch(/^cannot happen: .* gets TxProfile/);
  });

  test.each(['admission', 'bothStates', 'reaction', 'reboot'] as const)(
    'the search finds it: %s',
    (guard) => {
      const { found } = explore({ depth: 5, faults: 1, guards: { [guard]: false } });
      expect(found).toBeDefined();
    },
  );
});
