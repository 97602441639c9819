/** The order in which sessions are served. @module */
import type { Network } from './network.ts';

/** Steps of the share of power that a session needs, and room for the numbers of sessions below them. */
const steps = 2 ** 22;

/** Dearest shortfall first, then least slack. */
export function urgencyOf(network: Network): Int32Array {
  const { sessions, energy, level, armsOf, runs } = network;
  const keys = new Float64Array(sessions.length);
  for (let s = 0; s < keys.length; s++) {
    let most = 0;
    for (let i = runs.start[armsOf[s]]; i < runs.start[armsOf[s + 1] - 1]; i++) {
      most += runs.kw[i] * (runs.to[i] - runs.from[i]);
    }
    keys[s] = Math.floor((level[s] + 1 - Math.min(1, energy[s] / most)) * steps) * steps + s;
  }
  // Numbers sort without a call per comparison.
  return Int32Array.from(keys.sort(), (key) => key % steps);
}
