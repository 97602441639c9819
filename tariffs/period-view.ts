/** The period that is billed, as lines see it, and the printed lines that come of it. @module */
import type { Evidence } from './bill-form.ts';
import type { PastPeriod } from './billing-state.ts';
import type { LineSums, SiteSums, YearSums } from './sums.ts';
import type { Tariff, TariffLine } from './tariff.ts';

/** Where a line belongs in the subtotals. */
export type Category = 'energy' | 'demand' | 'fixed' | 'taxes';

/** One printed line before what was charged earlier is taken off. */
export interface Charge {
  readonly line: string;
  readonly kind: TariffLine['kind'];
  readonly category: Category;
  readonly window?: string;
  readonly tier?: string;
  readonly quantity: number;
  readonly unit: string;
  readonly unitPrice: number;
  readonly amount: number;
  readonly evidence: Evidence;
  /** Money of one more kW in the highest block of the connection; absent where it changes nothing. */
  readonly perKw?: number;
}

/** A charge before it is known to which line it belongs. */
export type Draft = Omit<Charge, 'line' | 'kind' | 'category'> & { readonly category?: Category };

/** What lines see of the period that is billed. */
export interface PeriodView {
  readonly tariff: Tariff;
  /** 1 to 12, of the first day. */
  readonly month: number;
  /** First day, `YYYY-MM-DD`. */
  readonly start: string;
  /** Length of the whole period in days. */
  readonly days: number;
  readonly site: SiteSums;
  readonly year: YearSums;
  readonly yearDays: number;
  /** Twelfths of the tariff year that have begun. */
  readonly twelfths: number;
  /** The load covers the period to its end and the tariff year ends with it. */
  readonly yearEnds: boolean;
  /** Closed periods, oldest first. */
  readonly past: readonly PastPeriod[];
  readonly loadFactorPercent: number | undefined;
  /** Charges of the lines before, cumulative and rounded as printed. */
  readonly before: readonly Charge[];
  /** Sums of every line, for tiers that go by another line's billed demand. */
  readonly sumsOf: (line: string) => LineSums;
}
