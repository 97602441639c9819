/**
 * Three chargers on one feeder, every order of events to a stated depth, on the shipped ledger and dispatch. `DEPTH` and
 * `FAULTS` go deeper than a test run should; `node dist/bench/exhaustive.js` goes to 12.
 */
import { expect, test } from 'vitest';
import { explore } from './exhaustive-world.ts';

const depth = Number(process.env['DEPTH'] ?? 6);
const faults = Number(process.env['FAULTS'] ?? 1);

test(`law: no order of events to depth ${depth} with ${faults} fault(s) draws more than the feeder carries`, () => {
  const result = explore({ depth, faults });
  expect(result.found).toBeUndefined();
  expect(result.complete).toBe(true);
  // Far fewer would mean that the world has stopped moving.
  expect(result.states).toBeGreaterThan(10_000);
});

test('law: two faults on one path, to a smaller depth', () => {
  const result = explore({ depth: 4, faults: 2 });
  expect(result.found).toBeUndefined();
  expect(result.complete).toBe(true);
});

test.each(['frames lost', 'frames late'] as const)(
  'law: an engine that has lost its journal raises nothing, whatever comes in which order: %s',
  (lostJournal) => {
    const result = explore({ depth: 7, faults: 0, limitDrops: false, lostJournal });
    expect(result.found).toBeUndefined();
    expect(result.complete).toBe(true);
    expect(result.states).toBeGreaterThan(1000);
  },
);
