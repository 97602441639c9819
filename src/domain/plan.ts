/** What the solver's answer means to the depot: power per EVSE and interval, and what it cannot do. @module */
import type { EpochS, WattHours, Watts } from './units.ts';
import type { TimeGrid } from './time-grid.ts';

/** The planned power of one visit. */
export interface VisitPlan {
  readonly visitId: string;
  /** `evseKey` of its place. */
  readonly evse: string;
  /** Phases that the vehicle uses there. */
  readonly phases: 1 | 3;
  /** First interval of the plan's grid in which the vehicle is counted on. */
  readonly arrive: number;
  /** Mean power of each interval of the plan's grid; 0 outside the visit. */
  readonly powerW: readonly Watts[];
  /** By interval of the grid: 1 where the station is to charge on one phase of three; absent: nowhere. */
  readonly onePhase?: readonly number[];
}

/** Energy that cannot be had in time, by name. */
export interface Shortfall {
  readonly visitId: string;
  readonly missingWh: WattHours;
  readonly departsAt: EpochS;
}

/** How far the plan is proven. Money in the tariff's currency, power in kW. */
export interface PlanProof {
  readonly status: 'optimal' | 'feasible' | 'limit' | 'emergency';
  readonly solver: string;
  readonly objective: number;
  readonly bound: number;
  readonly gap: number;
  readonly valid: boolean;
  /** Money that minimum currents and amp steps cost above the linear optimum. */
  readonly repairCost: number;
}

/** A plan of the whole depot. */
export interface DepotPlan {
  /** Counts up with every plan of a site. */
  readonly revision: number;
  readonly madeAt: EpochS;
  readonly grid: TimeGrid;
  readonly visits: readonly VisitPlan[];
  readonly shortfalls: readonly Shortfall[];
  readonly proof: PlanProof;
}
