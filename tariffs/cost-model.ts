/** What the optimisation sees of a tariff: prices per interval, peaks with their floors, steps of energy, ways of charging. @module */
import type { TimeGrid } from '#domain/time-grid';

/** A weighted sum of interval powers with what was metered before: `past + sum_i weight[i] * kw[at[i]]`. */
export interface MeterForm {
  readonly past: number;
  readonly at: Int32Array;
  readonly weight: Float64Array;
}

/** The highest of some blocks, no less than what was metered of them: a local day, say. */
export interface MeterGroup {
  readonly label: string;
  readonly least: number;
  readonly forms: readonly MeterForm[];
}

/** How a peak is metered where it is not the highest of equal blocks: the mean of the `largest` highest groups. */
export interface TermMeter {
  readonly largest: number;
  readonly groups: readonly MeterGroup[];
}

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
  /** Replaces the blocks above: means of several peaks, hours that count in part, blocks of unequal length. */
  readonly meter?: TermMeter;
}

/** A rise of the price per kWh above an amount of energy that is counted over some intervals. */
export interface EnergyStep {
  readonly id: string;
  readonly line: string;
  /** Money per kWh above `aboveKwh`, on top of the price of the interval. */
  readonly risePerKwh: number;
  readonly aboveKwh: number;
  /** Energy counted: what was used before as its past, hours of each interval as weights. */
  readonly energy: MeterForm;
}

/** `past + sum_t weight[t] * kw[t] + sum factor * peak <= 0`, peaks by id of demand terms. */
export interface WayTest {
  readonly past: number;
  /** [T]. */
  readonly weight: Float64Array;
  readonly peaks: Readonly<Record<string, number>>;
}

/** One way of charging: what it adds to the prices of the model. */
export interface Way {
  readonly id: string;
  readonly constant: number;
  /** [T]. */
  readonly perKwh?: Float64Array;
  /** Money per kW of demand terms and per kWh of energy steps, by id. */
  readonly perUnit: Readonly<Record<string, number>>;
  /** It holds where its test is passed and none before it is; the last has none. */
  readonly until?: WayTest;
}

/** A line of which the load decides how it charges: tiers that fall, price pairs, load-factor tiers. */
export interface WayChoice {
  readonly id: string;
  readonly line: string;
  readonly category: 'energy' | 'demand';
  readonly options: readonly Way[];
  /** The best cost by option is convex in its number, so that few options are ever solved. */
  readonly isConvex?: true;
}

/** A form of the tariff that the model does not say exactly, with what was done instead. */
export interface Approximation {
  readonly line: string;
  readonly reason: string;
  /** `later-bills`: the bill of the grid is met to the cent, bills after it are not planned for. */
  readonly affects: 'this-bill' | 'later-bills';
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
  readonly steps?: readonly EnergyStep[];
  readonly choices?: readonly WayChoice[];
  /**
   * Money that the bill of the horizon holds beside what the plan decides: fixed charges, levels of subscriptions, less
   * what earlier bills of the open period asked for. All terms plus this are the bill.
   */
  readonly constant: number;
  /**
   * What the bill is never below: the bill is the larger of this and the sum of all terms, so what makes the sum least
   * makes the bill least.
   */
  readonly leastBill?: number;
  /** Where none affects this bill, the objective of any load is its bill. */
  readonly approximations: readonly Approximation[];
}
