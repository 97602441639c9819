/** Vehicles at the depot: who needs how much by when. @module */
import type { EvseRef } from './site.ts';
import type { EpochS, WattHours, Watts } from './units.ts';

/** A planned or running visit of one vehicle, as the fleet system announces it. */
export interface Visit {
  readonly id: string;
  readonly vehicleId: string;
  readonly evse: EvseRef;
  /** Expected until the vehicle is plugged in, then the instant of plug-in. */
  readonly arrivesAt: EpochS;
  readonly departsAt: EpochS;
  /** Energy needed at the grid side of the EVSE between arrival and departure. */
  readonly energyWh: WattHours;
  /** Most power that the vehicle takes. */
  readonly maxW: Watts;
  /** Number of phases its charger uses; DC counts as 3. */
  readonly phases: 1 | 3;
  /** Higher is served first when not all can be: 1 normal. */
  readonly priority: number;
}
