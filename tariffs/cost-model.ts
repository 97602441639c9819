/** What the optimisation sees of a tariff: prices per interval and peaks with their floors. @module */
import type { TimeGrid } from '#domain/time-grid';

/** One demand charge over one billing period, as far as the horizon touches it. */
export interface DemandTerm {
  /** Line, window and billing period, e.g. `facility@2026-07`. */
  readonly id: string;
  readonly line: string;
  readonly window: string;
  /** Money per kW of the peak. */
  readonly pricePerKw: number;
  /** [T] 1 where the interval counts. */
  readonly counts: Uint8Array;
  /** Peak so far or ratchet: paid in any case. */
  readonly floorKw: number;
  /** Grid intervals per metering block. */
  readonly blockIntervals: number;
  /** Grid intervals of the open metering block that lie before the grid starts. */
  readonly blockOffset: number;
  /** Mean power of those earlier intervals; 0 where `blockOffset` is 0. */
  readonly blockPastKw: number;
}

/** Money on a grid, in the tariff's currency. */
export interface CostModel {
  readonly grid: TimeGrid;
  readonly currency: string;
  /** [T] money per kWh drawn. */
  readonly pricePerKwh: Float64Array;
  /** [T] money per kWh fed in; absent where nothing is paid. */
  readonly sellPerKwh?: Float64Array;
  readonly demand: readonly DemandTerm[];
  /**
   * Money that the bill of the horizon holds beside what the plan decides: fixed charges, levels of subscriptions, less
   * what earlier bills of the open period asked for. Energy and demand terms plus this are the bill.
   */
  readonly constant: number;
  /** Forms of the tariff that a convex model cannot say, each with what was done instead. */
  readonly approximations: readonly { readonly line: string; readonly reason: string }[];
}
