/** Cases in which a rule text can be read in two ways, each with the reading that docs/tariffs.md states. @module */
import { describe, expect, test } from 'vitest';
import { billOf, type BillRequest } from '#tariffs/bill';
import type { Bill } from '#tariffs/bill-form';
import { parseTariff } from '#tariffs/parse-tariff';
import type { TariffDocument } from '#tariffs/tariff';
import { amountsOf, at, faultsOf, flatEnergy, tariffOf, valueOf } from './builders.ts';

type Line = TariffDocument['lines'][number];

function bill(
  line: Line,
  kw: readonly number[],
  rest: Partial<BillRequest> & { document?: Partial<TariffDocument> } = {},
): Bill {
  const { document, ...request } = rest;
  return valueOf(
    billOf({
      tariff: tariffOf([line], document),
      start: at('2026-01-01T00:00:00Z'),
      intervalS: 3600,
      kw: Float64Array.from(kw),
      ...request,
    }),
  );
}

const hours = (count: number, kw: (hour: number) => number): number[] =>
  Array.from({ length: count }, (_, hour) => kw(hour));

describe('windows', () => {
  test('a clause for holidays only still asks for its days', () => {
    const line: Line = {
      kind: 'energy',
      id: 'e',
      windows: [
        { id: 'holiday', when: [{ days: ['mon'], holidays: 'only' }], price: 1 },
        { id: 'else', when: 'otherwise', price: 0 },
      ],
    };
    // Monday the 5th and Tuesday the 6th are holidays: one of them is a Monday. 24 h of 1 kW.
    const calendar = { holidays: [{ date: '2026-01-05' }, { date: '2026-01-06' }] };
    const made = bill(
      line,
      hours(72, () => 1),
      {
        document: { calendar },
        start: at('2026-01-05T00:00:00Z'),
      },
    );
    expect(amountsOf(made)).toEqual({ 'e holiday': 24, 'e else': 0 });
  });

  test('a metering block belongs to the windows that hold where it begins', () => {
    const line: Line = {
      kind: 'demand',
      id: 'd',
      windows: [{ id: 'peak', when: [{ from: '08:30', to: '10:00' }], price: 1 }],
    };
    // Blocks of an hour: the one from 08:00 is outside, the one from 09:00 inside.
    const kw = hours(24, (hour) => (hour === 8 ? 90 : hour === 9 ? 40 : 10));
    expect(amountsOf(bill(line, kw, { document: { meter: { demandIntervalMinutes: 60 } } }))).toEqual({
      'd peak': 40,
    });
  });
});

describe('past periods', () => {
  // Read dates that begin two periods in January: 1 to 29, 30 January to 28 February.
  const dates = ['2026-01-01', '2026-01-30', '2026-03-01', '2026-03-30'];
  const document: Partial<TariffDocument> = { billing: { period: { kind: 'read-dates', dates } } };
  const kw = hours(88 * 24, (hour) => (hour === 10 ? 100 : hour === 40 * 24 ? 60 : 20));
  const perPeriod = (line: Line): readonly number[] =>
    bill(line, kw, { document }).periods.map((period) => period.total);
  const windows = [{ id: 'all', when: 'always' as const, price: 1 }];

  test('a ratchet looks back at the bill before, also where both begin in one month', () => {
    // 100; 80 % of it above 60; one month back from 1 March is the period of 30 January: 80 % of 60.
    const ratchet = { percent: 80, lookbackMonths: 1 };
    expect(perPeriod({ kind: 'demand', id: 'd', windows, ratchet })).toEqual([100, 80, 48]);
  });

  test('a rolling mean takes it in, too', () => {
    // 100; (100 + 60) / 2; (60 + 20) / 2.
    expect(
      perPeriod({ kind: 'demand', id: 'd', windows, measure: { kind: 'rolling-mean', months: 2 } }),
    ).toEqual([100, 80, 40]);
  });
});

describe('billed power', () => {
  const meter = { unit: 'kVA', powerFactor: 0.8 } as const;
  const rounding = { stepKw: 5, mode: 'up' } as const;
  const windows = [{ id: 'all', when: 'always' as const, price: 1 }];

  test('a step of rounding is in the unit that is billed', () => {
    // 41 kW at 0.8 are 51.25 kVA: 55. Rounded as kW it would be 45 / 0.8 = 56.25.
    const line: Line = { kind: 'demand', id: 'd', windows, rounding };
    expect(amountsOf(bill(line, [41], { document: { meter } }))).toEqual({ 'd all': 55 });
  });

  test('daily peaks are rounded day by day', () => {
    const line: Line = { kind: 'demand', id: 'd', reset: 'day', windows, rounding };
    // 41 and 46 kW: 45 + 50.
    expect(
      amountsOf(
        bill(
          line,
          hours(48, (hour) => (hour < 24 ? 41 : 46)),
        ),
      ),
    ).toEqual({ 'd all': 95 });
  });
});

describe('calls of the system peak', () => {
  const coincident = (measure: 'max' | 'mean' | 'sum'): Line => ({
    kind: 'coincident',
    id: 'c',
    pricePerKw: 10,
    measure,
    calls: [
      { start: '2026-01-05T01:00:00Z', end: '2026-01-05T02:00:00Z' },
      { start: '2026-01-20T01:00:00Z', end: '2026-01-20T02:00:00Z' },
      { start: '2026-02-03T01:00:00Z', end: '2026-02-03T02:00:00Z' },
    ],
  });
  // 40 kW in the first call, none in the second, 90 in that of February.
  const kw = hours(59 * 24, (hour) => (hour === 97 ? 40 : hour === 457 ? 0 : hour === 33 * 24 + 1 ? 90 : 20));

  test.each([
    ['max', [400, 900]],
    ['mean', [200, 900]],
    ['sum', [400, 900]],
  ] as const)('%s of the calls of each period', (measure, totals) => {
    expect(bill(coincident(measure), kw).periods.map((period) => period.total)).toEqual(totals);
  });

  test('a mean goes on from the state, a call without load included', () => {
    const line = coincident('mean');
    const cut = 19 * 24 + 12;
    const first = bill(line, kw.slice(0, cut));
    const second = bill(line, kw.slice(cut), {
      start: at('2026-01-20T12:00:00Z'),
      state: first.state,
    });
    expect(first.total + second.total).toBe(1100);
  });

  test('start and end are compared as instants', () => {
    const withCall = (start: string, end: string) =>
      parseTariff({
        ...tariffOf([flatEnergy(1)]),
        lines: [{ kind: 'coincident', id: 'c', pricePerKw: 1, calls: [{ start, end }] }],
      });
    // 05:00Z to 06:00Z, and 01:00Z to 21:00Z of the day before.
    expect(withCall('2026-01-01T10:00:00+05:00', '2026-01-01T06:00:00Z').ok).toBe(true);
    expect(faultsOf(withCall('2026-01-01T01:00:00Z', '2026-01-01T02:00:00+05:00'))).toEqual([
      'lines[0].calls[0].end: ends-before-it-starts',
    ]);
  });
});

test('energies that are no whole millionths add up over a metering block', () => {
  // A day of 20 kW in steps of 5 minutes: 288 x 1.666666... kWh are 480, and each block is 20 kW.
  const line: Line = { kind: 'demand', id: 'd', windows: [{ id: 'all', when: 'always', price: 1 }] };
  const made = bill(
    line,
    hours(288, () => 20),
    { intervalS: 300 },
  );
  expect([made.periods[0]?.kwh, made.periods[0]?.lines[0]?.quantity]).toEqual([480, 20]);
});
