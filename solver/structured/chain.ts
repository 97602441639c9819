/**
 * Sets of sessions from an order of slots: those that the first slots of the order cannot fill. A closed form looks at
 * sessions alone; the exact chain sends energy through the whole network, cheapest slots first, and finds all sets that
 * matter for that order at once. Source: docs/model.md, "Structure".
 * @module
 */
import type { Flow } from './flow.ts';
import { fillGreedily } from './greedy-flow.ts';
import type { Network } from './network.ts';
import type { Residual } from './residual.ts';

/** Sessions alone, without circuits: how much the first slots of an order can give, and who is not full then. */
export class SessionChain {
  readonly #network: Network;
  /** [slots + 1] energy that the first m slots can give to all sessions. */
  readonly most: Float64Array;
  /** [sessions] slots of the order after which the session is full; slots + 1 where never. */
  readonly fullAt: Int32Array;

  constructor(network: Network) {
    this.#network = network;
    this.most = new Float64Array(network.slots + 1);
    this.fullAt = new Int32Array(network.sessions.length);
  }

  /** Fills `most` and `fullAt` for `order`. */
  along(order: Int32Array): void {
    const { slots, slotOf, sessions, energy, armsOf, runs } = this.#network;
    const place = new Int32Array(slots);
    for (let m = 0; m < slots; m++) place[order[m]] = m + 1;
    this.most.fill(0);
    const gain = new Float64Array(slots + 2);
    for (let s = 0; s < sessions.length; s++) {
      gain.fill(0);
      for (let i = runs.start[armsOf[s]]; i < runs.start[armsOf[s + 1]]; i++) {
        for (let t = runs.from[i]; t < runs.to[i]; t++) gain[place[slotOf[t]]] += runs.kw[i];
      }
      let sum = 0;
      let m = 1;
      for (; m <= slots; m++) {
        sum += gain[m];
        if (sum >= energy[s] - 1e-12) break;
        this.most[m] += sum;
      }
      this.fullAt[s] = m;
      for (; m <= slots; m++) this.most[m] += energy[s];
    }
  }
}

/** A step of the exact chain: after slots `order[0..count)` the sessions of `set` are not full. */
export interface ChainStep {
  readonly set: Uint8Array;
  readonly count: number;
}

/** What the exact chain starts from. */
export interface ChainInput {
  readonly flow: Flow;
  readonly residual: Residual;
  /** [slots] money per kW for one interval. */
  readonly price: Float64Array;
  /** [slots] most that each slot can take. */
  readonly capacity: Float64Array;
  /** Energy below which all are full. */
  readonly noise: number;
}

/** Slots by price, then by number. */
export function priceOrder(price: Float64Array): Int32Array {
  return Int32Array.from(price, (_, q) => q).sort((a, b) => price[a] - price[b] || a - b);
}

/**
 * Opens slots cheapest first, those of equal price together, and fills all it can at each step. The flow that is left
 * in the network at the end is the cheapest of all at these prices.
 */
export function exactChain(input: ChainInput): {
  readonly steps: readonly ChainStep[];
  readonly order: Int32Array;
} {
  const { flow, residual, price, capacity } = input;
  const { slots, sessions } = flow.network;
  const order = priceOrder(price);
  const steps: ChainStep[] = [];
  flow.setTargets(new Float64Array(slots));
  for (let count = 0; count < slots;) {
    const first = price[order[count]];
    while (count < slots && price[order[count]] - first <= 1e-12 * Math.max(1, Math.abs(first))) {
      flow.target[order[count]] = capacity[order[count]];
      count++;
    }
    fillGreedily(flow, residual);
    const { left } = residual.maximise();
    if (left <= input.noise) break;
    if (count === slots) break;
    steps.push({
      set: Uint8Array.from({ length: sessions.length }, (_, s) => 1 - residual.reached[s]),
      count,
    });
  }
  return { steps, order };
}
