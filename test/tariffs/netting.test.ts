import { describe, expect, test } from 'vitest';
import type { Bill } from '#tariffs/bill-form';
import { bill } from '#tariffs/operations';
import type { TariffDocument } from '#tariffs/tariff';
import { amountsOf, faultsOf, flatEnergy, tariffOf, valueOf } from './builders.ts';

const none = (): undefined => undefined;
type Line = TariffDocument['lines'][number];
type Energy = Extract<Line, { kind: 'energy' }>;

const energy = (netting: Energy['netting'], rest: Partial<Energy> = {}): Energy => ({
  kind: 'energy',
  id: 'e',
  netting,
  windows: [
    { id: 'day', when: [{ from: '06:00', to: '18:00' }], price: 0.3, sell: 0.1 },
    { id: 'night', when: 'otherwise', price: 0.2, sell: 0.05 },
  ],
  ...rest,
});

/** Days of hours: `night` kW outside 06-18, `day` kW inside; negative is fed in. */
const days = (count: number, day: number, night: number): number[] =>
  Array.from({ length: count * 24 }, (_, t) => (t % 24 >= 6 && t % 24 < 18 ? day : night));

function made(lines: readonly Line[], kw: readonly number[], more: object = {}): Bill {
  const {
    start = '2026-01-01T00:00:00Z',
    minutes = 60,
    ...rest
  } = more as { start?: string; minutes?: number };
  const calendar = { tz: 'UTC', start, intervalMinutes: minutes };
  return valueOf(bill({ tariff: tariffOf([...lines]), calendar, load: { kw }, ...rest }, none)) as Bill;
}

describe('energy fed in', () => {
  test('instant: each interval is settled by itself', () => {
    // One hour of four quarters: 4 and 4 kW drawn, 6 and 2 fed in: 2 kWh drawn, 2 fed in, at noon.
    const kw = [4, 4, -6, -2];
    expect(amountsOf(made([energy('instant')], kw, { start: '2026-01-01T12:00:00Z', minutes: 15 }))).toEqual({
      'e day': 0.6,
      'e day fed in': -0.2,
    });
  });

  test('hour: what an hour draws and feeds in is set off first', () => {
    // 2 kWh drawn, 2 fed in within the hour: nothing; then 1 kWh drawn, 3 fed in: 2 sold.
    const kw = [4, 4, -6, -2, 4, 0, -12, 0];
    expect(amountsOf(made([energy('hour')], kw, { start: '2026-01-01T12:00:00Z', minutes: 15 }))).toEqual({
      'e day fed in': -0.2,
    });
  });

  test('hour: the hour that the clock shows twice is two hours', () => {
    // Berlin, 25 October 2026: 02:00 twice. 1 kWh drawn in the first, 1 fed in in the second.
    const calendar = { tz: 'Europe/Berlin', start: '2026-10-25T00:00:00Z', intervalMinutes: 60 };
    const tariff = tariffOf([energy('hour')], { timezone: 'Europe/Berlin' });
    const document = { tariff, calendar, load: { kw: [1, -1] } };
    expect(amountsOf(valueOf(bill(document, none)) as Bill)).toEqual({
      'e night': 0.2,
      'e night fed in': -0.05,
    });
  });

  test('period: windows are netted over the bill, what is left goes on and is settled with the year', () => {
    const lines = [energy('period')];
    // December 2025: days 31 x 12 x (-1) = -372 kWh, nights 31 x 12 x 2 = 744 kWh.
    const whole = days(31, -1, 2);
    const start = '2025-12-01T00:00:00Z';
    expect(amountsOf(made(lines, whole, { start }))).toEqual({ 'e night': 148.8, 'e day settled': -37.2 });
    // November: days 30 x 12 x 1.5 fed in = 540 left over; December draws 372 by day: 168 are left, at 0.10.
    const two = made(lines, [...days(30, -1.5, 0), ...days(31, 1, 0)], { start: '2025-11-01T00:00:00Z' });
    expect(two.periods.map((period) => period.total)).toEqual([0, -16.8]);
    // The same in two bills, the first cut in mid-month.
    const first = made(lines, days(20, -1.5, 0), { start: '2025-11-01T00:00:00Z' });
    const second = made(lines, [...days(10, -1.5, 0), ...days(31, 1, 0)], {
      start: '2025-11-21T00:00:00Z',
      state: first.state,
    });
    expect(first.total + second.total).toBe(-16.8);
    expect(second.state).toEqual(two.state);
    // The year that follows starts with nothing.
    const after = made(lines, days(1, 1, 0), { state: two.state });
    expect(after.total).toBe(3.6);
  });

  test('period: what is set off leaves the highest tier first, and adders go by the net', () => {
    const tiered = energy('period', {
      windows: [
        {
          id: 'all',
          when: 'always',
          tiers: [
            { upTo: 100, price: 0.1 },
            { upTo: null, price: 0.5 },
          ],
        },
      ],
      adders: [{ id: 'fee', price: 0.01 }],
    });
    // 150 kWh drawn, 60 fed in: 90 are left, all in the first tier.
    const kw = [...Array.from({ length: 15 }, () => 10), ...Array.from({ length: 6 }, () => -10)];
    expect(amountsOf(made([tiered], kw))).toEqual({ 'e all tier 1': 9, 'e fee': 0.9 });
  });

  test('period: in tiers of several windows the last energy drawn gives way first', () => {
    const tiers = (low: number): { upTo: number | null; price: number }[] => [
      { upTo: 100, price: low },
      { upTo: null, price: low * 10 },
    ];
    const tiered = energy('period', {
      windows: [
        { id: 'day', when: [{ from: '06:00', to: '18:00' }], tiers: tiers(0.1) },
        { id: 'night', when: 'otherwise', tiers: tiers(0.2) },
      ],
    });
    // 60 kWh by day, 60 by night, 60 by day, and 60 fed in by day: the second 60 go, the night has 40 and 20.
    const kw = [...Array.from({ length: 6 }, () => 10), 60, ...Array.from({ length: 17 }, () => 0), -60, 60];
    expect(amountsOf(made([tiered], kw, { start: '2026-01-01T12:00:00Z' }))).toEqual({
      'e day tier 1': 6,
      'e night tier 1': 8,
      'e night tier 2': 40,
    });
  });

  test('gross: all that is generated is sold, all that is used is bought', () => {
    const generation = { kw: days(1, 3, 0) };
    const used = days(1, 1, 1);
    // Bought 12 x 0.30 + 12 x 0.20, sold 36 x 0.10.
    expect(amountsOf(made([energy('gross')], used, { generation }))).toEqual({
      'e day': 3.6,
      'e day fed in': -3.6,
      'e night': 2.4,
    });
    // Behind one meter only what is left is fed in: 24 kWh by day.
    expect(amountsOf(made([energy('instant')], used, { generation }))).toEqual({
      'e day fed in': -2.4,
      'e night': 2.4,
    });
  });

  test('a sell price may be a series', () => {
    const line: Energy = {
      kind: 'energy',
      id: 'e',
      windows: [{ id: 'all', when: 'always', price: 0.2, sellSeries: { ref: 'da', factor: 0.9 } }],
    };
    const series = { da: { start: '2026-01-01T00:00:00Z', intervalMinutes: 60, perKwh: [0.1, -0.02, 0.3] } };
    // 10 kWh at 0.09, 10 at -0.018; the third hour draws.
    expect(amountsOf(made([line], [-10, -10, 5], { series }))).toEqual({ 'e all': 1, 'e all fed in': -0.72 });
  });

  test('the rules of the US database choose how it is netted', () => {
    const kw = [4, 4, -6, -2];
    const totalOf = (dgrules: string): number =>
      (
        valueOf(
          bill(
            {
              tariff: { urdb: { dgrules, energyratestructure: [[{ rate: 0.3, sell: 0.1 }]] } },
              calendar: { tz: 'UTC', start: '2026-01-01T12:00:00Z', intervalMinutes: 15 },
              load: { kw },
            },
            none,
          ),
        ) as Bill
      ).total;
    // 2 kWh drawn at 0.30, 2 fed in at 0.10, or all set off.
    expect(
      ['Net Billing Instantaneous', 'Net Billing Hourly', 'Net Metering', 'Buy All Sell All'].map(totalOf),
    ).toEqual([0.4, 0, 0, 0.4]);
  });

  test('what cannot be netted is refused by its path', () => {
    const series = energy('period', { windows: [{ id: 'a', when: 'always', series: { ref: 'x' } }] });
    const calendar = { tz: 'UTC', start: '2026-01-01T00:00:00Z', intervalMinutes: 60 };
    const document = {
      schema: 'voltherd-tariff/1',
      id: 'x',
      name: 'x',
      currency: 'EUR',
      timezone: 'UTC',
      source: { title: 'x', date: 'undated' },
    };
    expect(
      faultsOf(bill({ tariff: { ...document, lines: [series] }, calendar, load: { kw: [1] } }, none)),
    ).toEqual(['tariff.lines[0].windows[0].series: netting-needs-one-price']);
    const short = {
      tariff: tariffOf([energy('gross')]),
      calendar,
      load: { kw: [1, 2] },
      generation: { kw: [1] },
    };
    expect(faultsOf(bill(short, none))).toEqual(['generation: length-differs']);
    const negative = { ...short, generation: { kw: [1, -1] } };
    expect(faultsOf(bill(negative, none))).toEqual(['generation.kw[1]: too-small']);
  });
});

describe('a least amount per year', () => {
  const least: Line = { kind: 'minimum-bill', id: 'least', amount: 365, per: 'year', settled: 'year' };
  const year = (kw: number): number[] => Array.from({ length: 8760 }, () => kw);

  test('is settled once, with the last bill of the year', () => {
    // 8,760 kWh at 0.01 = 87.60: 277.40 are missing. At 0.1 kWh more than 365 are paid.
    const made1 = made([flatEnergy(0.01), least], year(1));
    expect(made1.total).toBeCloseTo(365, 6);
    expect(made1.periods[11]?.lines[1]?.amount).toBeCloseTo(277.4, 6);
    expect(made1.periods.slice(0, 11).flatMap((period) => period.lines)).toHaveLength(11);
    expect(made([flatEnergy(0.1), least], year(1)).total).toBeCloseTo(876, 6);
  });

  test('the state carries what the year has paid', () => {
    const first = made([flatEnergy(0.01), least], year(1).slice(0, 5000));
    expect(first.losses.map((loss) => loss.field)).toContain('least');
    const second = made([flatEnergy(0.01), least], year(1).slice(5000), {
      start: new Date(Date.parse('2026-01-01T00:00:00Z') + 5000 * 3_600_000).toISOString(),
      state: first.state,
    });
    expect(first.total + second.total).toBeCloseTo(365, 6);
  });

  test('of a year of which only December is known the 31 days owe their share', () => {
    const kw = year(0).slice(0, 744);
    expect(made([flatEnergy(0.01), least], kw, { start: '2026-12-01T00:00:00Z' }).total).toBe(31);
  });
});
