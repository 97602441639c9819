/** Least amounts of a bill in a cost model: what a bill is never below, whatever is drawn. @module */
import type { Fault } from '#domain/fault';
import { ok, type Result } from '#domain/result';
import { exactTotalOf } from './bill.ts';
import { approximate, type Builder } from './cost-builder.ts';
import type { LineOf, Tariff, TariffLine } from './tariff.ts';

type LeastLine = LineOf<'minimum-bill'>;

/** Amounts above any sum of lines: a least amount of so much binds, and the bill is straight in it. */
const bindingAmount = 1e8;

/** The bill of no load with `line` at another amount. */
function idleBill(builder: Builder, line: LeastLine, amount: number): Result<number, readonly Fault[]> {
  const { request, state } = builder;
  const { grid } = request;
  const lines = request.tariff.lines.map((one) => (one.id === line.id ? { ...line, amount } : one));
  return exactTotalOf({
    tariff: { ...request.tariff, lines },
    start: grid.startS,
    intervalS: grid.intervalS,
    kwh: new Float64Array(grid.count),
    state,
    options: request,
  });
}

/** Whether all money that a load changes is counted against `line`, and what comes after it takes its share of the whole. */
function isOfWholeBill(tariff: Tariff, line: LeastLine): boolean {
  const at = tariff.lines.indexOf(line);
  // Other least amounts ask for nothing here.
  const stays = ({ kind }: TariffLine): boolean => kind === 'fixed' || kind === 'minimum-bill';
  const counted = (one: TariffLine): boolean => line.scope === 'all' || line.scope.includes(one.id);
  return (
    tariff.lines.slice(0, at).every((one) => stays(one) || counted(one)) &&
    tariff.lines.slice(at + 1).every((one) => stays(one) || (one.kind === 'percent' && one.of === 'all'))
  );
}

/** The least bill of one line; undefined where it asks for nothing in the bills of the grid. */
function leastOf(builder: Builder, line: LeastLine): Result<number | undefined, readonly Fault[]> {
  const once = idleBill(builder, line, bindingAmount);
  if (!once.ok) return once;
  const twice = idleBill(builder, line, 2 * bindingAmount);
  if (!twice.ok) return twice;
  const share = (twice.value - once.value) / bindingAmount;
  return ok(share === 0 ? undefined : once.value - share * (bindingAmount - line.amount));
}

/**
 * What the bill of the grid is never below, or undefined. A least amount of the whole bill in a grid of one billing period
 * is exact; any other is left out of the model and told.
 */
export function leastBillOf(builder: Builder): Result<number | undefined, readonly Fault[]> {
  const { frame } = builder;
  const { tariff } = frame;
  const [period] = frame.periods;
  const lines = tariff.lines.filter((line) => line.kind === 'minimum-bill');
  const active: { readonly line: LeastLine; readonly money: number }[] = [];
  for (const line of lines) {
    const least = leastOf(builder, line);
    if (!least.ok) return least;
    if (least.value !== undefined) active.push({ line, money: least.value });
    else approximate(builder, line, 'the least amount of the year is settled in a later bill', 'later-bills');
  }
  const [only] = active;
  if (only === undefined) return ok(undefined);
  if (active.length > 1 || frame.periods.length > 1 || !isOfWholeBill(tariff, only.line)) {
    for (const { line } of active)
      approximate(builder, line, 'the least bill is left out: below it energy and power cost nothing more');
    return ok(undefined);
  }
  if (period !== undefined && period.endS > frame.startS + frame.count * frame.stepS) {
    approximate(
      builder,
      only.line,
      'the least bill is that of the load so far; what the period still draws may pass it',
      'later-bills',
    );
  }
  return ok(only.money);
}
