/** Whole bills of European sites, worked by hand: no calculator publishes figures for them. @module */
import { expect, test } from 'vitest';
import type { Bill } from '#tariffs/bill-form';
import { bill } from '#tariffs/operations';
import type { TariffDocument } from '#tariffs/tariff';
import { amountsOf, tariffOf, valueOf } from './builders.ts';

const exact: Partial<TariffDocument> = { billing: { rounding: { scope: 'none' } } };

function billed(
  lines: TariffDocument['lines'],
  rest: Partial<TariffDocument>,
  calendar: { readonly tz: string; readonly start: string; readonly intervalMinutes: number },
  kw: readonly number[],
): Bill {
  const tariff = tariffOf(lines, { timezone: calendar.tz, ...exact, ...rest });
  return valueOf(bill({ tariff, calendar, load: { kw } }, () => undefined)) as Bill;
}

test('Britain, half-hourly: March has 743 h, 22 weekdays, red, amber and green, capacity with excess, reactive, VAT', () => {
  const weekday = { days: 'weekdays' as const };
  const made = billed(
    [
      { kind: 'fixed', id: 'standing', amount: 5, per: 'day' },
      {
        kind: 'contracted-capacity',
        id: 'capacity',
        capacity: 100,
        unit: 'kVA',
        price: 0.05,
        per: 'day',
        excessPrice: 0.08,
      },
      {
        kind: 'energy',
        id: 'duos',
        windows: [
          { id: 'red', when: [{ ...weekday, from: '16:00', to: '19:00' }], price: 0.13 },
          {
            id: 'amber',
            when: [
              { ...weekday, from: '07:30', to: '16:00' },
              { ...weekday, from: '19:00', to: '22:00' },
            ],
            price: 0.01,
          },
          { id: 'green', when: 'otherwise', price: 0.001 },
        ],
      },
      { kind: 'reactive', id: 'kvarh', pfLimit: 0.95, pricePerKvarh: 0.004 },
      { kind: 'percent', id: 'vat', percent: 20 },
    ],
    { currency: 'GBP', meter: { demandIntervalMinutes: 30, powerFactor: 0.9, unit: 'kVA' } },
    { tz: 'Europe/London', start: '2026-03-01T00:00', intervalMinutes: 30 },
    Array.from({ length: 743 * 2 }, () => 100),
  );
  // 100 kW at 0.9 are 111.111111 kVA: 11.111111 over for 31 days. Red 22 x 3 h, amber 22 x 11.5 h, green the rest of 743 h.
  // kVArh: 74,300 x (tan acos 0.9 - tan acos 0.95) = 74,300 x (0.484322105 - 0.328684105) = 11,563.903.
  expect(amountsOf(made)).toMatchObject({
    standing: 155,
    'capacity agreed': 155,
    'duos red': 858,
    'duos amber': 253,
    'duos green': 42.4,
  });
  expect(amountsOf(made)['capacity excess']).toBeCloseTo(11.111111 * 31 * 0.08, 6);
  expect(amountsOf(made)['kvarh']).toBeCloseTo(46.2556, 4);
  expect(made.periods[0]).toMatchObject({ hours: 743, complete: true });
  expect(made.total).toBeCloseTo((155 + 155 + 27.555555 + 1153.4 + 46.255614) * 1.2, 4);
});

test('Germany, registered metering: one quarter hour of the year and 3,504 hours of use choose the second pair', () => {
  const kw = Array.from({ length: 8760 * 4 }, (_, t) => (t === 20_000 ? 100 : 40));
  const made = billed(
    [
      {
        kind: 'price-pair',
        id: 'network',
        thresholdHours: 2500,
        below: { perKw: 16.53, perKwh: 0.0859 },
        above: { perKw: 191.79, perKwh: 0.0158 },
      },
      { kind: 'percent', id: 'vat', percent: 19 },
    ],
    {},
    { tz: 'Europe/Berlin', start: '2026-01-01T00:00', intervalMinutes: 15 },
    kw,
  );
  // 40 x 8,760 + 60 x 0.25 = 350,415 kWh; / 100 kW = 3,504.15 h. 100 x 191.79 + 350,415 x 0.0158 = 24,715.557, and 19 %.
  expect(made.periods).toHaveLength(12);
  expect(made.total).toBeCloseTo(24_715.557 * 1.19, 4);
  // The peak is on 28 July; before it the bills go by 40 kW at 8,760 h of use.
  expect(made.periods[0]?.total).toBeCloseTo((40 * 191.79 + 40 * 744 * 0.0158) * 1.19, 4);
  expect(made.periods[6]?.lines[0]?.evidence.intervalStart).toBe('2026-07-28T07:00:00Z');
});
