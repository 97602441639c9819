/** A vehicle at a socket: how much it takes of what it is offered. @module */

/** The part of its full power that a tapering vehicle still takes, by steps of its need above the start of the taper. */
const taperSteps = [0.8, 0.6, 0.45, 0.3, 0.2] as const;

/** A vehicle while it is plugged in. */
export interface Vehicle {
  readonly id: string;
  /** Identifies it to the station. */
  readonly idToken: string;
  /** Energy that it takes before it is full, grid side. */
  readonly needWh: number;
  readonly maxW: number;
  readonly phases: 1 | 3;
  /** Fraction of the need from which on it takes less and less. */
  readonly taperFrom?: number;
}

/** The most that the vehicle takes after `takenWh`, and how much more it takes before that changes. */
export function appetiteOf(
  vehicle: Vehicle,
  takenWh: number,
): { readonly maxW: number; readonly forWh: number } {
  const leftWh = vehicle.needWh - takenWh;
  // A thousandth of a watt-hour is the dust of adding up energy, not hunger.
  if (leftWh <= 1e-3) return { maxW: 0, forWh: Infinity };
  const { taperFrom } = vehicle;
  if (taperFrom === undefined || taperFrom >= 1) return { maxW: vehicle.maxW, forWh: leftWh };
  const taperWh = vehicle.needWh * taperFrom;
  if (takenWh < taperWh - 1e-3) return { maxW: vehicle.maxW, forWh: taperWh - takenWh };
  const stepWh = (vehicle.needWh - taperWh) / taperSteps.length;
  const step = Math.min(taperSteps.length - 1, Math.floor((takenWh - taperWh + 1e-3) / stepWh));
  return {
    maxW: vehicle.maxW * (taperSteps[step] ?? 0),
    forWh: Math.max(1e-3, taperWh + (step + 1) * stepWh - takenWh),
  };
}
