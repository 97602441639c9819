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
  /** Sessions full after m slots as lists: [slots + 2] the first, [sessions] the next; -1 at the end. */
  readonly #firstFull: Int32Array;
  readonly #nextFull: Int32Array;
  /** [times + 1] power of all that are not full, as steps. */
  readonly #steps: Float64Array;

  constructor(network: Network) {
    this.#network = network;
    const row = network.times + 1;
    this.#before = new Int32Array((network.slots + 1) * row);
    this.#firstFull = new Int32Array(network.slots + 2);
    this.#nextFull = new Int32Array(network.sessions.length);
    this.#steps = new Float64Array(row);
    this.most = new Float64Array(network.slots + 1);
    this.fullAt = new Int32Array(network.sessions.length);
  }

  /** Fills `most` and `fullAt` for `order`. */
  along(order: Int32Array): void {
    const { slots, sessions, energy, armsOf, runs } = this.#network;
    this.#countAlong(order);
    const steps = this.#steps.fill(0);
    const firstFull = this.#firstFull.fill(-1);
    for (let s = 0; s < sessions.length; s++) {
      const first = runs.start[armsOf[s]];
      const end = runs.start[armsOf[s + 1]];
      const wanted = energy[s] - 1e-12;
      // All slots together are the last try, one more means never.
      let low = 0;
      let high = slots + 1;
      while (low < high) {
        const m = (low + high) >> 1;
        if (this.#given(first, end, m) >= wanted) high = m;
        else low = m + 1;
      }
      this.fullAt[s] = low;
      this.#nextFull[s] = firstFull[low];
      firstFull[low] = s;
      for (let i = first; i < end; i++) {
        steps[runs.from[i]] += runs.kw[i];
        steps[runs.to[i]] -= runs.kw[i];
      }
    }
    this.#sumUp(order);
  }

  /** What runs [first, end) give at the first `m` slots. */
  #given(first: number, end: number, m: number): number {
    const { runs, times } = this.#network;
    const before = this.#before;
    const line = m * (times + 1);
    let given = 0;
    for (let i = first; i < end; i++) {
      given += runs.kw[i] * (before[line + runs.to[i]] - before[line + runs.from[i]]);
    }
    return given;
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

  /** `most` slot by slot: sessions that are not full take all they can, the others what they lacked. */
  #sumUp(order: Int32Array): void {
    const { slots, slotStart, slotTimes, armsOf, runs, energy } = this.#network;
    const { most } = this;
    const steps = this.#steps;
    let sum = 0;
    for (let m = 0; m <= slots; m++) {
      for (let s = this.#firstFull[m]; s >= 0; s = this.#nextFull[s]) {
        const first = runs.start[armsOf[s]];
        const end = runs.start[armsOf[s + 1]];
        sum += m === 0 ? energy[s] : energy[s] - this.#given(first, end, m - 1);
        for (let i = first; i < end; i++) {
          steps[runs.from[i]] -= runs.kw[i];
          steps[runs.to[i]] += runs.kw[i];
        }
      }
      if (m > 0) {
        let kw = 0;
        let t = 0;
        for (let i = slotStart[order[m - 1]]; i < slotStart[order[m - 1] + 1]; i++) {
          for (; t <= slotTimes[i]; t++) kw += steps[t];
          sum += kw;
        }
      }
      most[m] = sum;
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
  let lacking: ArrayLike<number> = residual.order;
  for (let count = 0; count < slots && left > input.noise;) {
    const first = price[order[count]];
    const opened: number[] = [];
    while (count < slots && price[order[count]] - first <= 1e-12 * Math.max(1, Math.abs(first))) {
      flow.target[order[count]] = capacity[order[count]];
      opened.push(order[count++]);
    }
    fillGreedily(flow, lacking, { slots: opened });
    const rest = residual.extend(opened, lacking);
    left = rest.reduce((sum, s) => sum + flow.left[s], 0);
    lacking = rest;
    if (left <= input.noise || count === slots) break;
    steps.push({ set: residual.reached.map((reached) => 1 - reached), count });
  }
  return { steps, order };
}
