/** The true load of a building on one night: its expected day, wandering by the seed, never above its bound. @module */
import type { Prng } from '#domain/prng';
import type { PerPhase, UncontrolledLoad } from '#domain/site';
import type { EpochS } from '#domain/units';

/** How long a true load stays as it is. */
export const buildingStepS = 300;

/** The load from `startS` on, one value per `buildingStepS`. */
export interface BuildingNight {
  powerW(at: EpochS): number;
  /** What part of it is on each phase, 1 in sum. */
  shares(at: EpochS): PerPhase;
}

/** The same on all phases. */
export const evenShares: PerPhase = [1 / 3, 1 / 3, 1 / 3];

/** Parts of the phases where one after the other carries the most that it may. */
function sharesInTurn([a, b, c]: PerPhase): readonly [PerPhase, PerPhase, PerPhase] {
  const filled = (first: number, second: number): readonly [number, number, number] => {
    const next = Math.min(second, 1 - first);
    return [first, next, 1 - first - next];
  };
  const [x1, x2, x3] = filled(a, b);
  const [y2, y3, y1] = filled(b, c);
  const [z3, z1, z2] = filled(c, a);
  return [
    [x1, x2, x3],
    [y1, y2, y3],
    [z1, z2, z3],
  ];
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
  const stepAt = (at: EpochS): number =>
    Math.min(steps - 1, Math.max(0, Math.floor((at - span.startS) / buildingStepS)));
  const turns = load.phaseShares === undefined ? [] : sharesInTurn(load.phaseShares);
  return {
    powerW: (at) => values[stepAt(at)] ?? 0,
    shares: (at) => turns[stepAt(at) % 3] ?? evenShares,
  };
}
