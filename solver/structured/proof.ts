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
    const { problem, slotOf, times, intervalOf, moduleRuns } = this.#network;
    const { modules } = this.multipliers;
    for (let t = 0; t < times; t++) {
      const weight = weights[slotOf[t]];
      if (weight > 0 && intervalOf[t] >= 0) this.#descend(0, t, weight);
    }
    for (const [i, run] of moduleRuns.entries()) {
      if (this.#capacity.moduleExcess[i] <= 0) continue;
      for (let t = run.from; t < run.to; t++) {
        const weight = weights[slotOf[t]];
        if (weight > 0 && !this.#limitedAbove(run.leaf, t))
          modules[run.module * problem.intervals + intervalOf[t]] += weight;
      }
    }
  }

  /** Gives `weight` to the highest limits that bind at time `t` below node `g`. */
  #descend(g: number, t: number, weight: number): void {
    const { times, children, bounds, limits, intervalOf } = this.#network;
    if (this.#capacity.limiting[g * times + t] === 1) {
      limits.addWorth(this.multipliers, bounds[g], intervalOf[t], weight);
      return;
    }
    for (const child of children[g]) this.#descend(child, t, weight);
  }

  #limitedAbove(leaf: number, t: number): boolean {
    const { times, parent } = this.#network;
    for (let g = leaf; g >= 0; g = parent[g]) if (this.#capacity.limiting[g * times + t] === 1) return true;
    return false;
  }

  /** Worth of grid draw, store and grid connection where the site has sources. */
  addSources({ drawn, grid, site, store }: SourceDuals & { readonly drawn: Float64Array }): void {
    const { problem, limits } = this.#network;
    const { balance, store: stored, sessions } = this.multipliers;
    const bounds = limits.boundsOf(0);
    let later = 0;
    for (let t = problem.intervals - 1; t >= 0; t--) {
      balance[t] = grid[t] - drawn[t];
      later += store[t];
      if (stored.length > 0) stored[t] = -later;
      limits.addWorth(this.multipliers, bounds, t, site[t]);
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

  /** Adds what a kW of each link is worth. */
  addLinks(worth: readonly number[]): void {
    const { links, loads } = this.#network;
    for (const [i, { link }] of links.entries()) {
      loads?.addWorth(this.multipliers, link.row, link.t, worth[i]);
    }
  }

  /** All multipliers, with those of demand blocks. */
  finish(blocks: readonly Float64Array[]): Multipliers {
    const { problem, sessions: known, energy } = this.#network;
    const { sessions } = this.multipliers;
    for (let s = 0; s < known.length; s++) {
      // What no power can deliver costs its shortfall price whatever the slots cost.
      const { energyKwh, shortfallPrice } = problem.sessions[known[s]];
      if (energy[s] < energyKwh / problem.intervalH) sessions[known[s]] = shortfallPrice;
    }
    return { ...this.multipliers, blocks };
  }
}
