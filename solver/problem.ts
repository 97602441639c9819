/**
 * The depot problem in numbers: what the solver knows. No tariff, no OCPP, no clock; power in kW, energy in kWh, money
 * in one currency, time in intervals. Source: docs/model.md.
 * @module
 */

/** A node of the circuit tree; `parent` is an index into the same list, -1 for the grid connection, which is node 0. */
export interface CircuitNode {
  readonly id: string;
  readonly parent: number;
  /**
   * [T] most power over all phases, what is left after uncontrolled load; Infinity where only phases limit. Below 0 on the
   * grid connection where PV and battery must, and can, cover as much (relief.ts).
   */
  readonly limitKw: Float64Array;
  /** [3][T] most power per phase, what is left after uncontrolled load; absent where phases are not modelled. */
  readonly phaseLimitKw?: readonly [Float64Array, Float64Array, Float64Array];
}

/** A place that at most one session occupies at a time. */
export interface ConnectorNode {
  readonly id: string;
  /** Index of its circuit. */
  readonly circuit: number;
  readonly maxKw: number;
  /** Index of its shared power module, -1 where it has its own. */
  readonly module: number;
  /** Site phases behind its pins in order: [0], [1], [2] or a rotation of [0, 1, 2]. */
  readonly rotation: readonly number[];
  /**
   * Power that every circuit above must keep free for this connector whatever the plan says (its floor): circuits see
   * max(plan, reserve), per phase reserve / rotation.length. 0 where nothing is reserved.
   */
  readonly reserveKw: number;
}

/** One vehicle's stay, intervals [arrive, depart). */
export interface Session {
  readonly id: string;
  readonly connector: number;
  readonly arrive: number;
  readonly depart: number;
  /** Energy wanted at the grid side. */
  readonly energyKwh: number;
  /** Most power, constant or one value per interval of the stay (a 0 kW window, say). */
  readonly maxKw: number | Float64Array;
  /** Number of connector phases that the vehicle loads: 1 (the first pin), or all. */
  readonly phases: 1 | 3;
  /** kW that circuits count per kW drawn; absent: what `phases` comes to. At least 1. */
  readonly countedPerKw?: number;
  /** Least power other than 0; 0 where any power will do. Holds after repair, not in the LP. */
  readonly minKw: number;
  /** Powers above 0 are multiples of this; 0 where any will do. Holds after repair, not in the LP. */
  readonly stepKw: number;
  /**
   * Present where the station can charge on one phase of three, with a third of `minKw`, `stepKw` and `maxKw`: how often it
   * may change within the stay. 0: one or three phases for all of it.
   */
  readonly phaseSwitches?: 0 | 1;
  /** Money per kWh not delivered. */
  readonly shortfallPrice: number;
  /** SoC taper: above `fromKwh` delivered the power falls on a line to `maxKw` at the next point. */
  readonly taper?: readonly { readonly fromKwh: number; readonly maxKw: number }[];
  /** Energy wanted at the start of interval `by`, arrive < by <= depart; each kWh short of it costs `shortfallPrice`. */
  readonly milestones?: readonly { readonly by: number; readonly energyKwh: number }[];
  /** Present where the vehicle may feed back; its powers may then be below 0. */
  readonly feedBack?: FeedBack;
}

/** What a vehicle may feed back. Energy is counted as charged energy at the grid side, from arrival on. */
export interface FeedBack {
  /** Most power fed back at the grid side, one value per interval of the stay. */
  readonly maxKw: Float64Array;
  /** Energy held at arrival that may be lent. */
  readonly heldKwh: number;
  /** Most energy above that at arrival, at least `energyKwh`. */
  readonly roomKwh: number;
  /** Charged energy that a kWh fed back uses up, at least 1. */
  readonly lossFactor: number;
  /** Money per kWh fed back. */
  readonly wearPerKwh: number;
}

/** A demand charge window of one billing period. */
export interface DemandWindow {
  readonly id: string;
  /** Money per kW of the peak. */
  readonly pricePerKw: number;
  /** [T] 1 where the interval counts. */
  readonly counts: Uint8Array;
  /** The peak already set, or the ratchet: paid in any case. */
  readonly floorKw: number;
  /** Intervals per metering block (15-min blocks over 5-min plans: 3). Blocks start at `blockOffset`. */
  readonly blockIntervals: number;
  /** Intervals of the open first block that lie before interval 0. */
  readonly blockOffset: number;
  /** Mean power of those past intervals, all loads; 0 where blockOffset is 0. */
  readonly blockPastKw: number;
}

/** A weighted sum of what the site draws, with what was metered of it before: `past + sum_i weight[i] * drawn[at[i]]`. */
export interface SiteForm {
  readonly past: number;
  /** Intervals, each once. */
  readonly at: Int32Array;
  /** Not negative. */
  readonly weight: Float64Array;
}

/** The highest of some forms, no less than `least`: the peak of a day with what was metered of the day, say. */
export interface SiteGroup {
  readonly least: number;
  readonly forms: readonly SiteForm[];
}

/**
 * Money that grows with what the site draws and is no demand window: steps of energy (one form, `floor` and `free` at the
 * bound of the step), means of the highest days, peaks of blocks of unequal length.
 *
 *     price * (max(floor, sum of the `largest` largest groups / largest) - free)
 */
export interface SiteCharge {
  readonly id: string;
  /** Where its money is counted. */
  readonly category: 'energy' | 'demand';
  /** Money per unit, not negative. */
  readonly price: number;
  readonly floor: number;
  /** Units that cost nothing, at most `floor`. */
  readonly free: number;
  readonly largest: number;
  /** Groups that are not there count as 0. */
  readonly groups: readonly SiteGroup[];
}

/** A test of a plan: `past + sum_t weight[t] * drawn[t] + sum factor * peak <= 0`, peaks by id of window or charge. */
export interface ChoiceTest {
  readonly past: number;
  /** [T]. */
  readonly weight: Float64Array;
  readonly peaks: Readonly<Record<string, number>>;
}

/** One way of charging. */
export interface ChoiceOption {
  readonly id: string;
  /** Money whatever is drawn. */
  readonly constant: number;
  /** [T] money per kWh of vehicles, PV and battery, on top of `price`. */
  readonly perKwh?: Float64Array;
  /** Money per unit on top of the price of demand windows and charges, by id. */
  readonly perUnit: Readonly<Record<string, number>>;
  /** Holds where its test is passed and none before it is; the last one has none. */
  readonly until?: ChoiceTest;
}

/** Several ways of charging of which the plan itself decides one: falling tiers, price pairs by hours of use. */
export interface Choice {
  readonly id: string;
  readonly category: 'energy' | 'demand';
  readonly options: readonly ChoiceOption[];
}

/** Solar power that may be curtailed, [T]; `sellPrice` money per kWh fed in, absent where nothing is sold. */
export interface PvSource {
  readonly kw: Float64Array;
  readonly sellPrice?: Float64Array;
  /** [T] most power fed in, kW; where absent, what circuit limit and fixed load come to. */
  readonly feedInKw?: Float64Array;
}

/** A stationary battery on the grid connection. */
export interface Battery {
  readonly capacityKwh: number;
  readonly maxKw: number;
  /** One-way efficiency in (0, 1]. */
  readonly efficiency: number;
  readonly initialKwh: number;
  readonly wearPerKwh: number;
}

/** The whole problem. */
export interface DepotProblem {
  readonly intervalH: number;
  /** T. */
  readonly intervals: number;
  readonly circuits: readonly CircuitNode[];
  readonly connectors: readonly ConnectorNode[];
  readonly modules: readonly { readonly id: string; readonly maxKw: number }[];
  readonly sessions: readonly Session[];
  /** [T] site load that is not controlled, counted in demand (already taken off the circuit limits). */
  readonly fixedLoadKw: Float64Array;
  /** [T] money per kWh. */
  readonly price: Float64Array;
  readonly demand: readonly DemandWindow[];
  readonly charges?: readonly SiteCharge[];
  readonly choices?: readonly Choice[];
  readonly pv?: PvSource;
  readonly battery?: Battery;
  /** Money per kWh over the whole horizon: among equals, earlier is better. */
  readonly earliness: number;
  /** The plan in force as [session index -> power per interval of its stay], for stability; absent where there is none. */
  readonly previousKw?: ReadonlyMap<string, Float64Array>;
}

/** Cost by kind, money. */
export interface CostSplit {
  readonly energy: number;
  readonly demand: number;
  readonly shortfall: number;
  readonly wear: number;
  readonly earliness: number;
}

/** Marginal money: of one more kW of circuit `[circuit][T]`, of one kW of peak, of one more kWh for a session. */
export interface Duals {
  readonly circuits: readonly Float64Array[];
  readonly demand: Float64Array;
  readonly sessions: Float64Array;
}

/** Multipliers of the rows of docs/model.md. All are >= 0 but `sessions`, `balance`, `store` and `vehicleStore`, which are free. */
export interface Multipliers {
  /** [S] money per kWh: what one more kWh wanted would cost. */
  readonly sessions: Float64Array;
  /** [C * T] money per kW of total power. */
  readonly circuits: Float64Array;
  /** [C * 3 * T] money per kW of one phase; empty where no circuit has phase limits. */
  readonly phases: Float64Array;
  /** [M * T] money per kW. */
  readonly modules: Float64Array;
  /** Per demand window, per block: money per kW of block mean. Each sums to at most the window's price. */
  readonly blocks: readonly Float64Array[];
  /** [T] of the grid balance; empty without PV and battery. */
  readonly balance: Float64Array;
  /** [T] of the battery's energy balance; empty without battery. */
  readonly store: Float64Array;
  /** Per session with a taper: [lines * stay], line by line; empty for all others. */
  readonly taper: readonly Float64Array[];
  /** Per session: [milestones] money per kWh short of each, at most its shortfall price. */
  readonly milestones: readonly Float64Array[];
  /** Per session that may feed back: [stay] money per kWh of its store, above 0 at its least, below 0 at its most; free. */
  readonly vehicleStore: readonly Float64Array[];
  /** Per site charge; absent where there is none. */
  readonly charges?: readonly ChargeMultipliers[];
}

/** Money per unit of each form, and of each group's `least`, of one site charge: at most its price in all. */
export interface ChargeMultipliers {
  /** Forms of all groups, one group after the other. */
  readonly forms: Float64Array;
  readonly least: Float64Array;
}

/** What an engine proved about one way of charging. */
export interface Branch {
  /** Option of each choice. */
  readonly picks: readonly number[];
  readonly multipliers: Multipliers;
  /**
   * Per choice, per option up to the one that is picked: money per unit of its test, not negative. A plan of this way passes
   * the last one and none before, so it gains nothing by them. Absent: 0.
   */
  readonly worth?: readonly (readonly number[])[];
}

/**
 * Billed peaks of plans in steps, cut in two until each range proves enough: in the half `below` the peak of a demand window is
 * under `atKw`.
 */
export type PeakTree =
  | { readonly kind: 'proof'; readonly multipliers: Multipliers }
  | {
      readonly kind: 'cut';
      /** Index of the demand window. */
      readonly window: number;
      readonly atKw: number;
      readonly below: PeakTree;
      readonly above: PeakTree;
    };

/** What a back end found. */
export type SolveStatus = 'optimal' | 'feasible' | 'limit' | 'emergency';

/** An answer with its proof. */
export interface Solution {
  readonly status: SolveStatus;
  /** The engine that answered: `structured`, `highs`, `javascript-lp-solver`, `greedy`. */
  readonly solver: string;
  readonly objective: number;
  /** A proven lower bound: of the continuous optimum, of every plan in steps where there is a `peakTree`. */
  readonly bound: number;
  /** (objective - bound) / max(1, |bound|). */
  readonly gap: number;
  readonly cost: CostSplit;
  /** Per session the power of each interval of its stay; below 0 where it feeds back. */
  readonly powerKw: readonly Float64Array[];
  readonly shortfallKwh: Float64Array;
  /** Billed peak per demand window, never below its floor. */
  readonly peaksKw: Float64Array;
  /** Value of each site charge, never below its floor; present where the problem has some. */
  readonly charged?: Float64Array;
  /** Option in force of each choice, by its id; present where the problem has some. */
  readonly chosen?: Readonly<Record<string, string>>;
  readonly duals?: Duals;
  readonly certificate: {
    readonly primalResidual: number;
    readonly dualResidual: number;
    readonly valid: boolean;
  };
  /** Stationary battery, positive when it charges; PV power used. Present where the problem has them. */
  readonly batteryKw?: Float64Array;
  readonly pvKw?: Float64Array;
  /** As in `Plan`; present where some stay is charged on one phase for a part. */
  readonly onePhase?: readonly Uint8Array[];
  /** What the bound is rebuilt from. */
  readonly multipliers: Multipliers;
  /** All ways of charging with their proofs, where the problem has choices: the bound is the lowest of them. */
  readonly branches?: readonly Branch[];
  /** Ranges of peaks whose lowest bound is `bound`; present where steps were proven by them. */
  readonly peakTree?: PeakTree;
  /** Why this engine answered, one sentence per decision. */
  readonly reasons: readonly string[];
  /** Money that minimum power and steps cost above the LP objective; 0 for a continuous solve. */
  readonly repairCost: number;
  /** For the next solve; present where the structured engine answered. */
  readonly warm?: WarmStart;
  readonly timings: { readonly buildMs: number; readonly solveMs: number; readonly checkMs: number };
}

/**
 * What the structured engine can take from its answer to a problem much like the present one: plain values, kept or
 * dropped at will. The answer is as cheap with it as without, though among plans of one cost it may be another.
 */
export interface WarmStart {
  /** Ids of sessions that limited each other, set by set. */
  readonly sets: readonly (readonly string[])[];
  /** By session id its powers, kW, from interval `arrive` of the horizon of then; absent: those of the plan in force. */
  readonly stays?: ReadonlyMap<string, { readonly arrive: number; readonly powerKw: Float64Array }>;
  /** Intervals by which the present horizon begins later. */
  readonly advanced: number;
  /** Limits beside the tree that bound, by interval of the horizon of then; absent where there were none. */
  readonly links?: readonly WarmLink[];
}

/** A limit at an interval: of a circuit, its total or one phase, or of a module. */
export interface WarmLink {
  /** Id of a circuit where `kind` is `total` or a phase, 0 to 2; of a module else. */
  readonly id: string;
  readonly kind: 'total' | 0 | 1 | 2 | 'module';
  readonly t: number;
}

/** How to solve. */
export interface SolveOptions {
  /** Engine by name; automatic where absent. */
  readonly solver?: 'structured' | 'highs' | 'javascript-lp-solver' | 'greedy';
  /** true: the LP; false: `minKw` and `stepKw` hold. */
  readonly continuous: boolean;
  readonly gap: number;
  /**
   * A deterministic stop, unlike a time limit: most simplex iterations, with `structured` most rounds of program and
   * flow; `javascript-lp-solver` has none and says so.
   */
  readonly iterationsMax?: number;
  /**
   * true: of plans that cost the same, one with few charging starts and few powers below a charger's minimum; absent: where
   * `continuous` is false, whose steps it also makes cheaper.
   */
  readonly fewStarts?: boolean;
  /** true: vehicles of one shortfall price lack equal shares as far as limits let them; absent as above. */
  readonly fairShortfall?: boolean;
  /** true: of vehicles that can exchange, those that leave first charge first; absent as above. */
  readonly urgentFirst?: boolean;
  /** How minimum power and steps are reached: local repair of the LP (default), or a MILP with a proven gap. */
  readonly integers?: 'repair' | 'exact';
  /** From an earlier answer: less to find out again. Equal inputs, this one among them, give equal bytes. */
  readonly warm?: WarmStart;
  /** Monotonic milliseconds for `timings`; without it they are 0 and equal inputs give equal bytes. */
  readonly nowMs?: () => number;
}
