/**
 * Old plan to new plan on a full feeder while messages are lost. `SWAPS` sets how many swaps each row runs.
 */
import { describe, expect, test } from 'vitest';
import { defaultDispatchPolicy, type DispatchPolicy } from '#dispatch/dispatch-state';
import { runSwap, unsafeOver, type SwapOptions } from './swap-world.ts';

const swaps = Number(process.env['SWAPS'] ?? 10);
const feeder: Omit<SwapOptions, 'seed' | 'loss'> = { connectors: 44, feederA: 400, reactionS: 5 };

function worst(options: Omit<SwapOptions, 'seed'>, rounds = swaps): { overA: number; settledS: number } {
  let overA = 0;
  let settledS = 0;
  for (let seed = 1; seed <= rounds; seed++) {
    const result = runSwap({ ...options, seed });
    overA = Math.max(overA, result.overA);
    settledS = Math.max(settledS, result.settledS);
  }
  return { overA, settledS };
}

describe('44 chargers on 400 A get a new plan', () => {
  test.each([
    { loss: 0, steps: false },
    { loss: 0, steps: true },
    { loss: 0.05, steps: false },
    { loss: 0.2, steps: false },
    { loss: 0.2, steps: true },
  ])('law: never over, and all get it in the end: $loss of frames lost, stepped: $steps', (row) => {
    const { overA, settledS } = worst({ ...feeder, ...row });
    expect(overA).toBe(0);
    expect(settledS).toBeLessThan(Infinity);
  });

  test('without losses it takes two round trips and one reaction time', () => {
    // 1 s down and up, 5 s reaction, 1 s of doubt: the raises leave at 7 s and are held there when they arrive.
    expect(worst({ ...feeder, loss: 0 }).settledS).toBeLessThanOrEqual(8);
  });
});

describe('a mixed depot of three levels: AC and DC, A and W, 1.6 and 2.x, reactions of 2 to 40 s', () => {
  const mixed = { depot: 'mixed', connectors: 44, feederA: 250, reactionS: 0 } as const;

  test.each([
    { loss: 0, steps: false },
    { loss: 0.2, steps: false },
    { loss: 0.2, steps: true },
  ])(
    'law: no circuit is ever over, and all get it in the end: $loss of frames lost, stepped: $steps',
    (row) => {
      const { overA, settledS } = worst({ ...mixed, ...row }, 4);
      expect(overA).toBe(0);
      expect(settledS).toBeLessThan(Infinity);
    },
  );

  test('all at once every swap is over', () => {
    const guards = { admission: false, reaction: false };
    for (let seed = 1; seed <= 4; seed++)
      expect(runSwap({ ...mixed, loss: 0, guards, seed }).overA).toBeGreaterThan(0);
  });
});

describe('a bound on the raises that are on their way', () => {
  const large = { connectors: 200, feederA: 1800, reactionS: 5 };
  const bounded = (raisesInFlightMax: number): DispatchPolicy => ({
    ...defaultDispatchPolicy,
    raisesInFlightMax,
  });

  const laterS = (loss: number, seed: number, bound: number): number => {
    const free = runSwap({ ...large, loss, seed, policy: bounded(1000) });
    const held = runSwap({ ...large, loss, seed, policy: bounded(bound) });
    expect(held.overA).toBe(0);
    return held.settledS - free.settledS;
  };

  test('200 chargers have their full plan one round trip later with it; with two at once, half a minute', () => {
    expect([laterS(0, 1, 50), laterS(0, 2, 50)]).toEqual([1, 1]);
    expect(laterS(0, 1, 2)).toBeGreaterThan(30);
  });

  test('where frames are lost, what is lost itself decides: no later at all', () => {
    expect(laterS(0.05, 4, 50)).toBe(0);
  });

  test('44 chargers never meet it', () => {
    const options = { ...feeder, loss: 0.05, seed: 1 };
    expect(runSwap({ ...options, policy: bounded(50) })).toEqual(
      runSwap({ ...options, policy: bounded(1000) }),
    );
  });
});

describe('the same world tells unsafe from safe', () => {
  const rounds = 500;
  const over = (order: Parameters<typeof unsafeOver>[1], loss: number): number => {
    let count = 0;
    for (let seed = 1; seed <= rounds; seed++) {
      if (unsafeOver({ seed, connectors: 44, feederA: 400, loss }, order) > 0) count++;
    }
    return count / rounds;
  };

  test('sent in list order, most updates pass the limit', () => {
    expect(over('list', 0)).toBeGreaterThan(0.8);
  });

  test('decreases first is safe while nothing is lost, and only then', () => {
    expect(over('decreases-first', 0)).toBe(0);
    expect(over('decreases-first', 0.05)).toBeGreaterThan(0.2);
  });

  test.each(['admission', 'bothStates', 'reaction'] as const)('without the guard %s it is over', (guard) => {
    expect(
      worst({ ...feeder, loss: 0.2, guards: { [guard]: false }, unsafeS: 120 }, 5).overA,
    ).toBeGreaterThan(0);
  });
});
