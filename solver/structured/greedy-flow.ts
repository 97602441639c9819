/** A quick first filling: urgent sessions first, each where its slots have most room for what may come. @module */
import type { Flow } from './flow.ts';
import { flowNoise } from './network.ts';
import type { Residual } from './residual.ts';

/** Sends what fits without moving anything aside. */
export function fillGreedily(flow: Flow, residual: Residual): void {
  const { network, left, target, into, through } = flow;
  const { times, slotOf, armsOf, armFrom, armTo, slotStart } = network;
  const room = new Float64Array(times);
  for (let t = 0; t < times; t++) {
    const q = slotOf[t];
    const share = (target[q] - into[q]) / (slotStart[q + 1] - slotStart[q]);
    room[t] = share > flowNoise ? share / (1 + through[t]) : 0;
  }
  const ranked = Int32Array.from({ length: times }, (_, t) => t)
    .filter((t) => room[t] > 0)
    .sort((a, b) => room[b] - room[a] || a - b);
  for (const s of residual.order) {
    for (let i = 0; i < ranked.length && left[s] > flowNoise; i++) {
      const t = ranked[i];
      const away = t < armFrom[armsOf[s]] || t >= armTo[armsOf[s]];
      if (away && t < network.problem.intervals) continue;
      if (target[slotOf[t]] - into[slotOf[t]] <= flowNoise) continue;
      for (let a = armsOf[s]; a < armsOf[s + 1] && left[s] > flowNoise; a++) {
        if (t < armFrom[a] || t >= armTo[a]) continue;
        const kw = Math.min(left[s], flow.fits(a, t));
        if (kw > flowNoise) flow.addAlong(a, t, kw);
      }
    }
  }
}
