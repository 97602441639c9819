/** One night under three policies, each with its bill by the same tariff. @module */
import type { Bill } from '#tariffs/bill-form';
import type { NightResult } from '#sim/night-result';
import type { Scenario } from '#sim/scenario';
import { nightUnder, type MeteredLoad, type Overload, type Policy } from './policies.ts';

/** One policy in the comparison; `optimised` is measured in the night itself. */
export interface ComparedPolicy {
  readonly policy: Policy | 'optimised';
  readonly load: MeteredLoad;
  readonly peakW: number;
  readonly peakAtS: number;
  readonly deliveredWh: number;
  readonly overloads: readonly Overload[];
  readonly short: readonly { readonly visitId: string; readonly missingWh: number }[];
  readonly bill: Bill;
}

/** One printed line of the three bills side by side; absent where a bill has no such line. */
export interface ComparedLine {
  readonly id: string;
  readonly window?: string;
  readonly tier?: string;
  readonly kind: string;
  readonly unit: string;
  readonly cells: readonly (
    | { readonly quantity: number; readonly unitPrice: number; readonly amount: number }
    | undefined
  )[];
}

/** The comparison, in the order unmanaged, first-come, optimised. */
export interface Comparison {
  readonly currency: string;
  readonly policies: readonly ComparedPolicy[];
  readonly lines: readonly ComparedLine[];
}

/** Lines of several bills, matched by id, window and tier; periods of one bill are added up. */
function linesOf(bills: readonly Bill[]): readonly ComparedLine[] {
  const found = new Map<string, ComparedLine>();
  bills.forEach((bill, column) => {
    for (const line of bill.periods.flatMap((period) => period.lines)) {
      const key = JSON.stringify([line.id, line.window, line.tier]);
      const known = found.get(key);
      const cells = known === undefined ? bills.map(() => undefined) : [...known.cells];
      const before = cells[column];
      cells[column] = {
        quantity: line.quantity + (before?.quantity ?? 0),
        unitPrice: line.unitPrice,
        amount: line.amount + (before?.amount ?? 0),
      };
      found.set(key, {
        id: line.id,
        ...(line.window === undefined ? {} : { window: line.window }),
        ...(line.tier === undefined ? {} : { tier: line.tier }),
        kind: line.kind,
        unit: line.unit,
        cells,
      });
    }
  });
  return [...found.values()];
}

function measured(night: NightResult, bill: Bill): ComparedPolicy {
  const grid = night.peaks[0];
  return {
    policy: 'optimised',
    load: night.siteLoad,
    peakW: grid?.peakW ?? 0,
    peakAtS: grid?.atS ?? night.scenario.startS,
    deliveredWh: night.visits.reduce((total, visit) => total + visit.deliveredWh, 0),
    overloads: night.violations.map((violation) => ({
      circuit: violation.circuit,
      minutes: (violation.untilS - violation.fromS) / 60,
      load: violation.load,
      limit: violation.limit,
      unit: violation.unit,
    })),
    short: night.visits
      .filter((visit) => visit.outcome === 'short')
      .map((visit) => ({ visitId: visit.visitId, missingWh: visit.missingWh })),
    bill,
  };
}

/** The night as it was, and as it would have been; `priced` bills a load by the tariff and the month so far. */
export function compare(
  scenario: Scenario,
  night: NightResult,
  priced: (load: MeteredLoad) => Bill,
): Comparison {
  const others = (['unmanaged', 'first-come'] as const).map((policy): ComparedPolicy => {
    const outcome = nightUnder(policy, scenario, night.buildingLoad);
    return { ...outcome, bill: priced(outcome.load) };
  });
  const policies = [...others, measured(night, priced(night.siteLoad))];
  return {
    currency: policies[0]?.bill.currency ?? '',
    policies,
    lines: linesOf(policies.map((policy) => policy.bill)),
  };
}
