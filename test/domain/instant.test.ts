import fc from 'fast-check';
import { DateTime } from 'luxon';
import { expect, test } from 'vitest';
import { instantOfIso, isoOf } from '#domain/instant';
import { epochS } from '#domain/units';

test('law: text of an instant and back, and luxon agrees', () => {
  fc.assert(
    fc.property(fc.integer({ min: -5e9, max: 9e9 }), (at) => {
      const text = isoOf(epochS(at));
      expect(instantOfIso(text)).toBe(at);
      expect(DateTime.fromISO(text).toSeconds()).toBe(at);
    }),
  );
});

test('law: the form of most texts is read like others: what stands in the place of one character decides alike', () => {
  const texts = fc.tuple(
    fc.integer({ min: -62e9, max: 250e9 }),
    fc.nat(19),
    fc.constantFrom('0', '1', '3', '5', '6', '9', '-', ':', 'T', 'Z', 't', ' ', '/', '\uff10'),
  );
  fc.assert(
    fc.property(texts, ([at, place, character]) => {
      const good = isoOf(epochS(at));
      const text = good.slice(0, place) + character + good.slice(place + 1);
      // With a fraction of nothing the whole form is looked at.
      expect(instantOfIso(text)).toBe(instantOfIso(text.replace(/Z$/, '.0Z')));
    }),
    { numRuns: 2000 },
  );
});

test('fractions are cut and offsets are counted', () => {
  expect(instantOfIso('2026-07-01T02:00:00.999+02:00')).toBe(instantOfIso('2026-07-01T00:00:00Z'));
});

test.each([
  '2026-02-30T00:00:00Z',
  '2026-07-01T00:00:00',
  '2026-07-01',
  '2026-13-01T00:00:00Z',
  '2026-07-01T24:00:00Z',
  '',
])('%s is no instant', (text) => {
  expect(instantOfIso(text)).toBeUndefined();
});
