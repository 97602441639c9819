import fc from 'fast-check';
import { expect, test } from 'vitest';
import { amountOf, microOf, roundedTo, wholeOf } from '#tariffs/money';

test('a price is the decimal that was written', () => {
  // 3 kWh at 0.1 are 0.3, not 0.30000000000000004; 1.005 to the cent is 1.01.
  expect(wholeOf(amountOf(0.1, microOf(3)))).toBe(0.3);
  expect(wholeOf(roundedTo(amountOf(1.005, microOf(1)), 2))).toBe(1.01);
  expect(amountOf(1e-7, microOf(10))).toBe(1);
  expect(amountOf(1.5e3, microOf(2))).toBe(microOf(3000));
});

test('halves go away from zero, on both sides', () => {
  expect([roundedTo(5000, 2), roundedTo(-5000, 2), roundedTo(4999, 2), roundedTo(15_000, 2)]).toEqual([
    10_000, -10_000, 0, 20_000,
  ]);
});

test('law: amounts agree with whole-number arithmetic', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -99_999, max: 99_999 }),
      fc.integer({ min: 0, max: 9_999_999_999 }),
      (price5, quantity) => {
        // price / 10^5 x quantity, rounded half away from zero.
        const product = BigInt(price5) * BigInt(quantity);
        const magnitude = product < 0n ? -product : product;
        const expected = Number((magnitude * 2n + 100_000n) / 200_000n) * (product < 0n ? -1 : 1);
        expect(amountOf(price5 / 100_000, quantity) + 0).toBe(expected + 0);
      },
    ),
    { seed: 2 },
  );
});
