import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  combine,
  constant,
  firstAbove,
  from,
  highest,
  integral,
  lowest,
  maxOver,
  shift,
  stepFunctionOf,
  sum,
  valueAt,
  windowMax,
  type StepFunction,
} from '#domain/step-function';
import { epochS } from '#domain/units';

const f = stepFunctionOf([
  [epochS(0), 10],
  [epochS(100), 30],
  [epochS(200), 5],
]);

const functions: fc.Arbitrary<StepFunction> = fc
  .uniqueArray(fc.integer({ min: 0, max: 300 }), { minLength: 1, maxLength: 8 })
  .chain((instants) =>
    fc
      .array(fc.integer({ min: 0, max: 50 }), { minLength: instants.length, maxLength: instants.length })
      .map((values) =>
        stepFunctionOf(instants.toSorted((a, b) => a - b).map((at, i) => [epochS(at), values[i] ?? 0])),
      ),
  );

describe('a step function', () => {
  test('has its first value before its first instant and its last value for ever', () => {
    expect(valueAt(f, epochS(0))).toBe(10);
    expect(valueAt(f, epochS(99))).toBe(10);
    expect(valueAt(f, epochS(100))).toBe(30);
    expect(valueAt(f, epochS(1_000_000))).toBe(5);
    expect(valueAt(shift(f, 50), epochS(3))).toBe(10);
  });

  test('integrates piece by piece', () => {
    // 50 s of 10, 100 s of 30, 50 s of 5
    expect(integral(f, epochS(50), epochS(250))).toBe(500 + 3000 + 250);
  });

  test('a decrease counts only when the reaction time is over', () => {
    const held = windowMax(f, 20);
    expect(valueAt(held, epochS(99))).toBe(10);
    expect(valueAt(held, epochS(100))).toBe(30);
    expect(valueAt(held, epochS(219))).toBe(30);
    expect(valueAt(held, epochS(220))).toBe(5);
  });

  test('names the first instant above a limit', () => {
    expect(firstAbove(f, constant(29), epochS(0), 0)).toBe(100);
    expect(firstAbove(f, constant(29), epochS(150), 0)).toBe(150);
    expect(firstAbove(f, constant(29), epochS(200), 0)).toBeUndefined();
  });

  test('forgets its past without changing its future', () => {
    const later = from(f, epochS(150));
    expect(later.startS[0]).toBe(150);
    expect(valueAt(later, epochS(150))).toBe(30);
    expect(valueAt(later, epochS(250))).toBe(5);
  });

  test('law: windowMax equals the highest value of every instant of the window', () => {
    fc.assert(
      fc.property(
        functions,
        fc.integer({ min: 0, max: 60 }),
        fc.integer({ min: 0, max: 400 }),
        (g, window, at) => {
          let top = -Infinity;
          for (let s = at - window; s <= at; s++) top = Math.max(top, valueAt(g, epochS(s)));
          expect(valueAt(windowMax(g, window), epochS(at))).toBe(top);
        },
      ),
    );
  });

  test('law: sum, highest and lowest hold at every instant', () => {
    fc.assert(
      fc.property(functions, functions, fc.integer({ min: 0, max: 400 }), (g, h, at) => {
        const a = valueAt(g, epochS(at));
        const b = valueAt(h, epochS(at));
        expect(valueAt(sum([g, h]), epochS(at))).toBe(a + b);
        expect(valueAt(highest([g, h]), epochS(at))).toBe(Math.max(a, b));
        expect(valueAt(lowest([g, h]), epochS(at))).toBe(Math.min(a, b));
        expect(
          valueAt(
            combine([g, h], ([x = 0, y = 0]) => x - y),
            epochS(at),
          ),
        ).toBe(a - b);
      }),
    );
  });

  test('law: maxOver and integral agree with a walk second by second', () => {
    fc.assert(
      fc.property(
        functions,
        fc.integer({ min: 0, max: 350 }),
        fc.integer({ min: 1, max: 60 }),
        (g, at, length) => {
          let top = -Infinity;
          let total = 0;
          for (let s = at; s < at + length; s++) {
            top = Math.max(top, valueAt(g, epochS(s)));
            total += valueAt(g, epochS(s));
          }
          expect(maxOver(g, epochS(at), epochS(at + length))).toBe(top);
          expect(integral(g, epochS(at), epochS(at + length))).toBe(total);
        },
      ),
    );
  });
});
