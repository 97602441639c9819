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
function rankedTimes(flow: Flow, { slots, price }: Filling): number[] {
  const { network, target, into } = flow;
  const { slotStart, slotTimes, demandKw } = network;
  const ranked: number[] = [];
  const count = slots === undefined ? network.slots : slots.length;
  for (let i = 0; i < count; i++) {
    const q = slots === undefined ? i : slots[i];
    const share = (target[q] - into[q]) / (slotStart[q + 1] - slotStart[q]);
    if (share <= flowNoise) continue;
    for (let k = slotStart[q]; k < slotStart[q + 1]; k++) ranked.push(slotTimes[k]);
  }
  if (ranked.length < 2) return ranked;
  const room = new Float64Array(network.times);
  for (const t of ranked) {
    const q = network.slotOf[t];
    room[t] = (target[q] - into[q]) / (slotStart[q + 1] - slotStart[q]) / (1 + demandKw[t]);
  }
  if (price === undefined) return ranked.sort((a, b) => room[b] - room[a] || a - b);
  const unit = priceShare * price.reduce((most, each) => Math.max(most, Math.abs(each)), priceShare);
  const tier = price.map((each) => Math.round(each / unit));
  const { slotOf } = network;
  return ranked.sort((a, b) => tier[slotOf[a]] - tier[slotOf[b]] || room[b] - room[a] || a - b);
}

/** Sends for sessions in `order` what fits without moving anything aside. */
export function fillGreedily(flow: Flow, order: Int32Array, filling: Filling): void {
  const { network, left, target, into, more, words } = flow;
  const { slotOf, armsOf, armFrom, armTo } = network;
  const { intervals } = network.problem;
  const ranked = rankedTimes(flow, filling);
  let open = ranked.length;
  for (let at = 0; at < order.length && open > 0; at++) {
    const s = order[at];
    if (left[s] <= flowNoise) continue;
    const first = armsOf[s];
    const end = armsOf[s + 1];
    const from = armFrom[first];
    const to = armTo[first];
    let kept = 0;
    let i = 0;
    for (; i < open && left[s] > flowNoise; i++) {
      const t = ranked[i];
      const q = slotOf[t];
      // A full slot is full for all that follow.
      if (target[q] - into[q] <= flowNoise) continue;
      ranked[kept++] = t;
      if ((t < from || t >= to) && t < intervals) continue;
      for (let a = first; a < end && left[s] > flowNoise; a++) {
        if (t < armFrom[a] || t >= armTo[a]) continue;
        if ((more[a * words + (t >> 5)] & (1 << (t & 31))) === 0) continue;
        flow.send(a, t, left[s]);
      }
    }
    if (kept < i) for (; i < open; i++) ranked[kept++] = ranked[i];
    else kept = open;
    open = kept;
  }
}
