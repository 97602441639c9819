/** Bills and price vectors as comma separated texts. @module */
import { isoOf } from '#domain/instant';
import { startOf, type TimeGrid } from '#domain/time-grid';
import type { Bill } from '../bill-form.ts';
import type { Prices } from '../prices.ts';

function cell(value: string | number | undefined): string {
  if (value === undefined) return '';
  const text = String(value);
  return /[",\n;]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function rows(lines: readonly (readonly (string | number | undefined)[])[]): string {
  return `${lines.map((line) => line.map(cell).join(',')).join('\n')}\n`;
}

/** One row per printed line and one per total. */
export function billText(bill: Bill): string {
  const head = [
    'period start',
    'period end',
    'line',
    'kind',
    'window',
    'tier',
    'quantity',
    'unit',
    'unit price',
    `amount ${bill.currency}`,
    'peak at',
    'note',
  ];
  const body = bill.periods.flatMap((period) => [
    ...period.lines.map((line) => [
      period.start,
      period.end,
      line.id,
      line.kind,
      line.window,
      line.tier,
      line.quantity,
      line.unit,
      line.unitPrice,
      line.amount,
      line.evidence.intervalStart,
      line.evidence.note,
    ]),
    [period.start, period.end, 'total', '', '', '', '', '', '', period.total, '', ''],
  ]);
  return rows([head, ...body, ['', '', 'total', '', '', '', '', '', '', bill.total, '', '']]);
}

/** One row per interval: its start, the price per kWh, and 1 for each demand charge that counts it. */
export function pricesText(prices: Prices, grid: TimeGrid): string {
  const head = ['start', `price ${prices.currency}/kWh`, ...prices.demand.map((term) => term.id)];
  const body = prices.energy.map((price, t) => [
    isoOf(startOf(grid, t)),
    price,
    ...prices.demand.map((term) => term.intervals[t] ?? 0),
  ]);
  return rows([head, ...body]);
}
