/** The load of every circuit of a depot, kept up to date station by station; from the wiring alone. */
import type { Site } from '#domain/site';
import { waysUp, type Load } from '../safety/plain-load.ts';

/** Sums of currents that are no whole amperes are right up to this. */
const tolerance = 1e-6;

export class CircuitSums {
  private readonly loads: Load[];
  /** Numbers of the circuits above each station. */
  private readonly above: readonly (readonly number[])[];
  private readonly sums: Load[];
  private readonly limits: readonly Load[];

  constructor({ circuits, stations }: Site) {
    const ways = waysUp(circuits);
    const numbers = new Map(circuits.map(({ id }, k) => [id, k]));
    this.loads = stations.map(() => [0, 0, 0, 0]);
    this.above = stations.map(({ circuit }) => ways[circuit]!.map((id) => numbers.get(id)!));
    this.sums = circuits.map(() => [0, 0, 0, 0]);
    this.limits = circuits.map(({ limitA, limitW }) => [limitA, limitA, limitA, limitW ?? Infinity]);
  }

  set(i: number, load: Load): void {
    const old = this.loads[i]!;
    if (old.every((value, k) => value === load[k])) return;
    for (const circuit of this.above[i]!) {
      const sum = this.sums[circuit]!;
      for (let k = 0; k < 4; k++) sum[k]! += load[k]! - old[k]!;
    }
    this.loads[i] = load;
  }

  /** Most above a limit, A; what is above a limit in W counts as so many A on three phases of 230 V. 0: nothing is. */
  overA(): number {
    let over = 0;
    this.sums.forEach((sum, circuit) => {
      const limit = this.limits[circuit]!;
      for (const phase of [0, 1, 2] as const) over = Math.max(over, sum[phase] - limit[phase]);
      over = Math.max(over, (sum[3] - limit[3]) / 690);
    });
    return over > tolerance ? over : 0;
  }
}
