/** From one billing period to the next: peaks become history, sums start anew, subscriptions step. @module */
import type { Fault } from '#domain/fault';
import { fail, ok, type Result } from '#domain/result';
import { tariffYearOf } from './billing-periods.ts';
import type { BillingState, LineState, PastPeriod } from './billing-state.ts';
import { dateText } from './calendar.ts';
import { isYearly, subscribedMw } from './charges.ts';
import { carriedMwh } from './energy-charges.ts';
import { fault } from './faults.ts';
import type { Frame } from './frame.ts';
import { pastPeriodsMax } from './limits.ts';
import { microOf, wholeOf } from './money.ts';
import {
  lineStateOf,
  lineSumsOf,
  noWindowSums,
  siteSumsOf,
  stateFaults,
  type LineSums,
  type SiteSums,
} from './sums.ts';
import type { Tariff, TariffLine } from './tariff.ts';

/** What changes when a period ends. */
export interface Closable {
  readonly lines: Map<string, LineSums>;
  site: SiteSums;
  past: readonly PastPeriod[];
}

/** Sums of a line at the start of the next period. */
function nextSumsOf(line: TariffLine, sums: LineSums, site: SiteSums): LineSums {
  if (isYearly(line)) {
    const earlier = new Map(sums.chargedEarlier);
    for (const [key, amount] of sums.charged) earlier.set(key, (earlier.get(key) ?? 0) + amount);
    const scopedEarlier = sums.scopedEarlier + sums.scoped;
    return { ...sums, charged: new Map(), chargedEarlier: earlier, scoped: 0, scopedEarlier };
  }
  const windows = sums.windows.map((sum, k) => ({
    ...noWindowSums(),
    bankMwh: line.kind === 'energy' ? carriedMwh(line, k, sum) : 0,
  }));
  const fresh: LineSums = { ...sums, windows, runs: [], charged: new Map() };
  if (line.kind !== 'subscription') return fresh;
  const level = subscribedMw(line, sums, site.peakMw);
  const overInARow = site.peakMw > level ? sums.overInARow + 1 : 0;
  const graceUsed = Math.min(line.graceCycles, sums.graceUsed + 1);
  if (line.stepUpAfter === undefined || overInARow < line.stepUpAfter)
    return { ...fresh, overInARow, graceUsed };
  const block = microOf(line.blockKw);
  return { ...fresh, overInARow: 0, graceUsed, levelMw: Math.ceil(site.peakMw / block) * block };
}

/** Drops energy fed in that is left over: the year in which it is set off is over. */
export function clearBank(sums: LineSums): void {
  for (const window of sums.windows) window.bankMwh = 0;
}

/** Keeps the peaks of the period that began on `start` and is over, and starts the sums of the next one. */
export function closePeriod(ledger: Closable, tariff: Tariff, start: string): void {
  const peaksKw: Record<string, Record<string, number>> = {};
  for (const line of tariff.lines) {
    const sums = ledger.lines.get(line.id) ?? lineSumsOf(line, undefined);
    if (line.kind === 'demand' && line.reset === 'period') {
      const peaks = line.windows.flatMap((window, k) => {
        const sum = sums.windows[k];
        return sum?.touched === true ? [[window.id, wholeOf(sum.peakMw)] as const] : [];
      });
      if (peaks.length > 0) peaksKw[line.id] = Object.fromEntries(peaks);
    }
    ledger.lines.set(line.id, nextSumsOf(line, sums, ledger.site));
  }
  const closed = { start, peaksKw, kwh: wholeOf(ledger.site.mwh) };
  ledger.past = [...ledger.past, closed].slice(-pastPeriodsMax);
  ledger.site = siteSumsOf(undefined);
}

/**
 * The state in the first period of a frame: one whose period is over is closed first, one of a later period is refused.
 * Sums of a tariff year that is over are dropped.
 */
export function stateAt(
  tariff: Tariff,
  state: BillingState,
  frame: Frame,
): Result<BillingState, readonly Fault[]> {
  const faults = stateFaults(tariff, state);
  if (faults.length > 0) return fail(faults);
  const first = frame.periods[0]?.firstDay;
  if (state.periodStart === undefined || first === undefined) return ok(state);
  const start = dateText(first);
  if (state.periodStart === start) return ok(state);
  if (state.periodStart > start) {
    return fail([
      fault(
        'state.periodStart',
        state.periodStart,
        'state-of-a-later-period',
        `Hand in the state of the period that starts on ${start}.`,
      ),
    ]);
  }
  const rolled: Closable = {
    lines: new Map(tariff.lines.map((line) => [line.id, lineSumsOf(line, state.lines[line.id])])),
    site: siteSumsOf(state.period),
    past: state.past,
  };
  closePeriod(rolled, tariff, state.periodStart);
  const year = dateText(tariffYearOf(frame.clock, tariff.billing.yearStart, first).firstDay);
  const lines: Record<string, LineState> = {};
  for (const line of tariff.lines) {
    const stale = isYearly(line) && state.year !== undefined && state.year.start !== year;
    const sums = stale ? undefined : rolled.lines.get(line.id);
    if (sums === undefined) continue;
    if (state.year !== undefined && state.year.start !== year) clearBank(sums);
    lines[line.id] = lineStateOf(line, sums);
  }
  const { period: _closed, ...rest } = state;
  return ok({ ...rest, periodStart: start, lines, past: [...rolled.past] });
}
