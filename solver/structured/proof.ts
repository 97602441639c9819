/** Cuts and their multipliers in the problem's own terms, for the certificate and for people. @module */
import { zeroMultipliers } from '../multipliers.ts';
import type { Multipliers } from '../problem.ts';
import type { Capacity } from './capacity.ts';
import type { WeightedCut } from './master.ts';
import type { Network } from './network.ts';
import type { SourceDuals } from './sources.ts';

/** Multipliers in the making. */
export class Proof {
  readonly #network: Network;
  readonly #capacity: Capacity;
  readonly multipliers: Multipliers;

  constructor(network: Network, capacity: Capacity) {
    this.#network = network;
    this.#capacity = capacity;
    this.multipliers = zeroMultipliers(network.problem);
    const cheapest = network.problem.price.reduce((least, price) => Math.min(least, price), 0);
    for (const [s, { energyKwh, shortfallPrice }] of network.problem.sessions.entries()) {
      this.multipliers.sessions[s] = energyKwh > 0 ? shortfallPrice : cheapest;
    }
    for (const s of network.sessions) this.multipliers.sessions[s] = 0;
  }

  /** Adds `weight` money per kW and interval to the energy of the sessions in `set`, or of all. */
  addEnergy(set: Uint8Array | undefined, weight: number): void {
    const { sessions, problem } = this.#network;
    for (let s = 0; s < sessions.length; s++) {
      if (set === undefined || set[s] === 1) {
        this.multipliers.sessions[sessions[s]] += weight / problem.intervalH;
      }
    }
  }

  /** Adds `weights` [slots] to the limits that make up the capacity of `set`, or of all. */
  addCapacity(set: Uint8Array | undefined, weights: Float64Array): void {
    this.#capacity.ofSlots(set);
    const { problem, slotOf, moduleRuns } = this.#network;
    const { circuits, modules } = this.multipliers;
    for (let t = 0; t < problem.intervals; t++) {
      const weight = weights[slotOf[t]];
      if (weight > 0) this.#descend(0, t, weight, circuits);
    }
    for (const [i, run] of moduleRuns.entries()) {
      if (this.#capacity.moduleExcess[i] <= 0) continue;
      for (let t = run.from; t < run.to; t++) {
        const weight = weights[slotOf[t]];
        if (weight > 0 && !this.#limitedAbove(run.leaf, t))
          modules[run.module * problem.intervals + t] += weight;
      }
    }
  }

  /** Gives `weight` to the highest limits that bind at `t` below node `g`. */
  #descend(g: number, t: number, weight: number, circuits: Float64Array): void {
    const { times, children, circuitOf, problem } = this.#network;
    if (this.#capacity.limiting[g * times + t] === 1) {
      circuits[circuitOf[g] * problem.intervals + t] += weight;
      return;
    }
    for (const child of children[g]) this.#descend(child, t, weight, circuits);
  }

  #limitedAbove(leaf: number, t: number): boolean {
    const { times, parent } = this.#network;
    for (let g = leaf; g >= 0; g = parent[g]) if (this.#capacity.limiting[g * times + t] === 1) return true;
    return false;
  }

  /** Worth of grid draw, store and grid connection where the site has sources. */
  addSources({ drawn, grid, site, store }: SourceDuals & { readonly drawn: Float64Array }): void {
    const { problem } = this.#network;
    const { balance, store: stored, circuits, sessions } = this.multipliers;
    let later = 0;
    for (let t = problem.intervals - 1; t >= 0; t--) {
      balance[t] = grid[t] - drawn[t];
      later += store[t];
      if (stored.length > 0) stored[t] = -later;
      circuits[t] += site[t];
    }
    // Nobody wants energy for less than it can be had anywhere.
    const cheapest = balance.reduce((least, worth) => Math.min(least, -worth / problem.intervalH), 0);
    for (const [s, { energyKwh }] of problem.sessions.entries()) if (energyKwh <= 0) sessions[s] = cheapest;
  }

  /** Adds a cut: its energy, and capacity outside its slots. */
  addCut(cut: WeightedCut): void {
    this.addEnergy(cut.set, cut.weight);
    this.addCapacity(
      cut.set,
      cut.inside.map((inside) => cut.weight - inside),
    );
  }

  /** Multipliers of circuits moved to the phase that binds, where a circuit's phases are tighter than its total. */
  finish(blocks: readonly Float64Array[], phaseOf: (circuit: number, t: number) => number): Multipliers {
    const { problem, sessions: known, energy } = this.#network;
    const { circuits, phases, sessions } = this.multipliers;
    for (let s = 0; s < known.length; s++) {
      // What no power can deliver costs its shortfall price whatever the slots cost.
      const { energyKwh, shortfallPrice } = problem.sessions[known[s]];
      if (energy[s] < energyKwh / problem.intervalH) sessions[known[s]] = shortfallPrice;
    }
    for (let g = 0; g < problem.circuits.length && phases.length > 0; g++) {
      for (let t = 0; t < problem.intervals; t++) {
        const at = g * problem.intervals + t;
        const phase = circuits[at] > 0 ? phaseOf(g, t) : -1;
        if (phase < 0) continue;
        // The phase carries a third of the power, so its kW is worth three times as much.
        phases[(3 * g + phase) * problem.intervals + t] += 3 * circuits[at];
        circuits[at] = 0;
      }
    }
    return { ...this.multipliers, blocks };
  }
}
