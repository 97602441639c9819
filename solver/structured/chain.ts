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
  /** [slots + 1, times + 1] times among the first m slots before each time. */
  readonly #before: Int32Array;
  /** [slots + 2, times + 1] power of sessions full after m slots, as steps; and their energy. */
  readonly #steps: Float64Array;
  readonly #fullEnergy: Float64Array;
  readonly #taking: Float64Array;

  constructor(network: Network) {
    this.#network = network;
    const row = network.times + 1;
    this.#before = new Int32Array((network.slots + 1) * row);
    this.#steps = new Float64Array((network.slots + 2) * row);
    this.#fullEnergy = new Float64Array(network.slots + 2);
    this.#taking = new Float64Array(row);
    this.most = new Float64Array(network.slots + 1);
    this.fullAt = new Int32Array(network.sessions.length);
  }

  /** Fills `most` and `fullAt` for `order`. */
  along(order: Int32Array): void {
    const { slots, times, sessions, energy, armsOf, runs } = this.#network;
    const row = times + 1;
    this.#countAlong(order);
    const before = this.#before;
    const steps = this.#steps;
    steps.fill(0);
    for (let s = 0; s < sessions.length; s++) {
      const first = runs.start[armsOf[s]];
      const end = runs.start[armsOf[s + 1]];
      const wanted = energy[s] - 1e-12;
      // All slots together are the last try, one more means never.
      let low = 0;
      let high = slots + 1;
      while (low < high) {
        const m = (low + high) >> 1;
        let given = 0;
        for (let i = first; i < end; i++) {
          given += runs.kw[i] * (before[m * row + runs.to[i]] - before[m * row + runs.from[i]]);
        }
        if (given >= wanted) high = m;
        else low = m + 1;
      }
      this.fullAt[s] = low;
      // Until it is full a session takes what its runs give, from then on its energy.
      const line = low * row;
      for (let i = first; i < end; i++) {
        steps[line + runs.to[i]] += runs.kw[i];
        steps[line + runs.from[i]] -= runs.kw[i];
      }
      this.#fullEnergy[low] += energy[s];
    }
    this.#sumUp();
  }

  /** Times among the first m slots of `order` that lie before each time. */
  #countAlong(order: Int32Array): void {
    const { slots, times, slotStart, slotTimes } = this.#network;
    const row = times + 1;
    const before = this.#before;
    for (let m = 1; m <= slots; m++) {
      const line = m * row;
      before.copyWithin(line, line - row, line);
      const q = order[m - 1];
      let i = slotStart[q];
      let count = 0;
      for (let t = slotTimes[i] + 1; t <= times; t++) {
        while (i < slotStart[q + 1] && slotTimes[i] < t) {
          count++;
          i++;
        }
        before[line + t] += count;
      }
    }
  }

  /** `most` from the sessions still taking and those full after each number of slots. */
  #sumUp(): void {
    const { slots, times } = this.#network;
    const row = times + 1;
    const { most } = this;
    const taking = this.#taking.fill(0);
    // Sessions that are never full take through all m; each leaves at its own.
    for (let m = slots + 1; m >= 0; m--) {
      let sum = 0;
      for (let t = 0; t < row; t++) {
        if (m <= slots) sum += taking[t] * this.#before[m * row + t];
        taking[t] += this.#steps[m * row + t];
      }
      if (m <= slots) most[m] = sum;
    }
    let full = 0;
    for (let m = 0; m <= slots; m++) {
      full += this.#fullEnergy[m];
      most[m] += full;
    }
    this.#fullEnergy.fill(0);
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
  const order = new Int32Array(price.length);
  for (let q = 0; q < order.length; q++) order[q] = q;
  return order.sort((a, b) => price[a] - price[b] || a - b);
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
  const { slots } = flow.network;
  const order = priceOrder(price);
  const steps: ChainStep[] = [];
  flow.empty();
  residual.forget();
  let left = flow.left.reduce((sum, energy) => sum + energy, 0);
  for (let count = 0; count < slots && left > input.noise;) {
    const first = price[order[count]];
    const opened: number[] = [];
    while (count < slots && price[order[count]] - first <= 1e-12 * Math.max(1, Math.abs(first))) {
      flow.target[order[count]] = capacity[order[count]];
      opened.push(order[count++]);
    }
    fillGreedily(flow, residual.order, { slots: opened });
    residual.extend(opened);
    left = 0;
    for (let s = 0; s < flow.left.length; s++) left += flow.left[s];
    if (left <= input.noise || count === slots) break;
    steps.push({ set: residual.reached.map((reached) => 1 - reached), count });
  }
  return { steps, order };
}
