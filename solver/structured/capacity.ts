/**
 * How much a set of sessions can take in each slot at most: the least cut between its arms and the slot, interval by
 * interval, through modules, circuits and the bypass. With its energy this gives the cut
 *
 *     sum_{q in A} x[q] >= energy(B) - sum_{q not in A} capacity_B(q)          for every A
 *
 * Source: docs/model.md, "Structure".
 * @module
 */
import type { Network } from './network.ts';

/** Computes capacities of session sets; its buffers are used again and again. */
export class Capacity {
  readonly #network: Network;
  readonly #steps: Float64Array;
  readonly #sums: Float64Array;
  /** [nodes * times] 1 where the node's own limit is the least cut of the last set. */
  readonly limiting: Uint8Array;
  /** Per module run: by how much the arms of the last set exceed it, kW. */
  readonly moduleExcess: Float64Array;

  constructor(network: Network) {
    this.#network = network;
    this.#steps = new Float64Array(network.nodes * (network.times + 1));
    this.#sums = new Float64Array(network.nodes * network.times);
    this.limiting = new Uint8Array(network.nodes * network.times);
    this.moduleExcess = new Float64Array(network.moduleRuns.length);
  }

  /** [slots] capacity of the sessions marked in `set`, or of all. */
  ofSlots(set: Uint8Array | undefined): Float64Array {
    const { slots, times, slotOf } = this.#network;
    this.#ofNodes(set);
    const out = new Float64Array(slots);
    for (let t = 0; t < times; t++) {
      const kw = this.#sums[t];
      if (kw > 1e-9) out[slotOf[t]] += kw;
    }
    return out;
  }

  #ofNodes(set: Uint8Array | undefined): void {
    const { arms, armSession, armLeaf, runs, times, nodes, parent, cap, moduleRuns } = this.#network;
    const steps = this.#steps;
    const sums = this.#sums;
    const { limiting } = this;
    const row = times + 1;
    steps.fill(0);
    for (let a = 0; a < arms; a++) {
      if (set !== undefined && set[armSession[a]] === 0) continue;
      const base = armLeaf[a] * row;
      const end = runs.start[a + 1];
      for (let i = runs.start[a]; i < end; i++) {
        const kw = runs.kw[i];
        steps[base + runs.from[i]] += kw;
        steps[base + runs.to[i]] -= kw;
      }
    }
    for (let i = 0; i < moduleRuns.length; i++) {
      const run = moduleRuns[i];
      let kw = -run.capKw;
      for (let j = 0; j < run.arms.length; j++) {
        if (set === undefined || set[armSession[run.arms[j]]] === 1) kw += run.armKw[j];
      }
      this.moduleExcess[i] = Math.max(0, kw);
      if (kw <= 0) continue;
      steps[run.leaf * row + run.from] -= kw;
      steps[run.leaf * row + run.to] += kw;
    }
    sums.fill(0);
    for (let g = nodes - 1; g >= 0; g--) {
      let own = 0;
      const up = g > 0 ? parent[g] * times : -1;
      for (let t = 0, k = g * times, at = g * row; t < times; t++, k++, at++) {
        own += steps[at];
        let kw = sums[k] + own;
        if (kw > cap[k]) {
          kw = cap[k];
          limiting[k] = 1;
        } else limiting[k] = 0;
        sums[k] = kw;
        if (up >= 0) sums[up + t] += kw;
      }
    }
  }
}
