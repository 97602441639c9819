/** A quick first filling: urgent sessions first, each where its slots have most room for what may come. @module */
import type { Flow } from './flow.ts';
import { flowNoise } from './network.ts';

/** What is filled. */
export interface Filling {
  /** Slots to fill; all where undefined. */
  readonly slots?: readonly number[];
  /** [slots] price by which they are filled, cheapest first; undefined where they cost alike. */
  readonly price?: Float64Array;
}

/** Share of the dearest price below which prices are one. */
const priceShare = 1e-9;

/** Times that still take energy: the cheapest first, among these those with most room for all that could come. */
function rankedTimes(flow: Flow, { slots, price }: Filling): Int32Array {
  const { network, target, into } = flow;
  const { slotStart, slotTimes, slotOf, demandKw } = network;
  const ranked: number[] = [];
  const count = slots === undefined ? network.slots : slots.length;
  for (let i = 0; i < count; i++) {
    const q = slots === undefined ? i : slots[i];
    const share = (target[q] - into[q]) / (slotStart[q + 1] - slotStart[q]);
    if (share <= flowNoise) continue;
    for (let k = slotStart[q]; k < slotStart[q + 1]; k++) ranked.push(slotTimes[k]);
  }
  if (ranked.length < 2) return Int32Array.from(ranked);
  const room = new Float64Array(network.times);
  const tier = new Float64Array(network.times);
  let highest = priceShare;
  if (price !== undefined) for (const each of price) highest = Math.max(highest, Math.abs(each));
  for (const t of ranked) {
    const q = slotOf[t];
    room[t] = (target[q] - into[q]) / (slotStart[q + 1] - slotStart[q]) / (1 + demandKw[t]);
    if (price !== undefined) tier[t] = Math.round(price[q] / (priceShare * highest));
  }
  return Int32Array.from(ranked).sort((a, b) => tier[a] - tier[b] || room[b] - room[a] || a - b);
}

/** Sends for sessions in `order` what fits without moving anything aside. */
export function fillGreedily(flow: Flow, order: ArrayLike<number>, filling: Filling): void {
  const { left } = flow;
  const ranked = rankedTimes(flow, filling);
  let open = ranked.length;
  for (let i = 0; i < order.length && open > 0; i++) {
    if (left[order[i]] > flowNoise) open = flow.sendAt(order[i], ranked, open);
  }
}
