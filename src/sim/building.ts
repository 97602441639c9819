/** The true load of a building on one night: its expected day, wandering by the seed, never above its bound. @module */
import type { Prng } from '#domain/prng';
import type { UncontrolledLoad } from '#domain/site';
import type { EpochS } from '#domain/units';

/** How long a true load stays as it is. */
export const buildingStepS = 300;

/** The load from `startS` on, one value per `buildingStepS`. */
export interface BuildingNight {
  powerW(at: EpochS): number;
}

/**
 * Noise that remembers its last value, so that the load wanders rather than jumps: `n' = 0.8 n + 0.6 noise u` with `u` in
 * [-1, 1]. `quarterOf` gives the local quarter hour of a day, 0..95.
 */
export function buildingNightOf(
  load: UncontrolledLoad,
  noise: number,
  prng: Prng,
  span: { readonly startS: EpochS; readonly endS: EpochS },
  quarterOf: (at: EpochS) => number,
): BuildingNight {
  const steps = Math.ceil((span.endS - span.startS) / buildingStepS) + 1;
  const values = new Float64Array(steps);
  let wander = 0;
  for (let step = 0; step < steps; step++) {
    wander = 0.8 * wander + 0.6 * noise * (2 * prng.next() - 1);
    const quarter = quarterOf((span.startS + step * buildingStepS) as EpochS);
    const expectedW = load.expectedW[quarter] ?? 0;
    values[step] = Math.round(Math.max(0, Math.min(load.boundW[quarter] ?? 0, expectedW * (1 + wander))));
  }
  return {
    powerW: (at) =>
      values[Math.min(steps - 1, Math.max(0, Math.floor((at - span.startS) / buildingStepS)))] ?? 0,
  };
}
