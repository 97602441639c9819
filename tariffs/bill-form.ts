/** What a bill says: periods, lines with their evidence, and the state for the next bill. @module */
import type { BillingState } from './billing-state.ts';

/** Why a quantity is what it is. Instants are ISO texts in UTC. */
export interface Evidence {
  /** Start of the metered block that made the peak. */
  readonly intervalStart?: string;
  /** Peak of the window that was measured, before ratchets and rounding. */
  readonly measuredKw?: number;
  /** First day of the past period whose peak set a ratchet. */
  readonly ratchetSource?: string;
  readonly ratchetKw?: number;
  /** The peaks behind a mean. */
  readonly peaks?: readonly { readonly kw: number; readonly at: string }[];
  /** What drew most in that block, highest first, where the load is known by connector. */
  readonly connectors?: readonly { readonly id: string; readonly kw: number }[];
  /** Hours of use or load factor that chose the price. */
  readonly hoursOfUse?: number;
  readonly loadFactorPercent?: number;
  /** Money of this line in the same period that an earlier bill asked for already. */
  readonly chargedBefore?: number;
  readonly note?: string;
}

/** One printed line. Money in the major unit of the currency, exact to the tariff's decimals. */
export interface BillLine {
  /** Id of the tariff line. */
  readonly id: string;
  readonly kind: string;
  readonly window?: string;
  readonly quantity: number;
  readonly unit: string;
  readonly unitPrice: number;
  readonly tier?: string;
  readonly amount: number;
  readonly evidence: Evidence;
}

/** Something that a source or a load holds and that is not, or not fully, counted. */
export interface Loss {
  /** Field or part, as the source names it. */
  readonly field: string;
  readonly reason: string;
}

/** One billing period, or the part of it that the load covers. */
export interface BillPeriod {
  readonly start: string;
  readonly end: string;
  /** The load covers it to its end. */
  readonly complete: boolean;
  readonly days: number;
  readonly hours: number;
  readonly intervals: number;
  /** Intervals without a reading, counted as 0. */
  readonly missing: number;
  readonly kwh: number;
  readonly peakKw: number;
  readonly lines: readonly BillLine[];
  readonly subtotals: {
    readonly energy: number;
    readonly demand: number;
    readonly fixed: number;
    readonly taxes: number;
  };
  readonly total: number;
  readonly marginal: {
    /** What one more kW in the interval of the highest peak would have cost, energy left aside. */
    readonly costOfOneMoreKw: number;
  };
}

/** The bill of a load. */
export interface Bill {
  readonly currency: string;
  readonly periods: readonly BillPeriod[];
  readonly total: number;
  readonly state: BillingState;
  /** What the load or the tariff held that the bill does not count. */
  readonly losses: readonly Loss[];
}
