/**
 * Old plan to new plan on 44 chargers of a 400 A feeder while frames are lost: how often it is over, and how long it
 * takes, beside orders of sending that are not safe. The losses of a swap are the same for every order: the n-th frame
 * to a charger is lost for all of them or for none. `[of]` and `[part]` split the seeds between processes.
 *
 *     npx tsc -b bench && node dist/bench/swaps.js [swaps] [first seed] [loss] [of] [part]
 *
 * @module
 */
import { loadavg } from 'node:os';
import {
  roundTripS,
  runSwap,
  unsafeOver,
  type SwapOptions,
  type SwapResult,
  type UnsafeOrder,
} from '../test/dispatch/swap-world.ts';

const swaps = Number(process.argv[2] ?? 200);
const firstSeed = Number(process.argv[3] ?? 1);
const losses = process.argv[4] === undefined ? [0, 0.05, 0.2] : [Number(process.argv[4])];
const parts = Number(process.argv[5] ?? 1);
const part = Number(process.argv[6] ?? 0);
/** Swaps that are timed in the unsafe order too, and played with plans of several steps. */
const pairedMax = 500;
const feeder = { connectors: 44, feederA: 400, reactionS: 5 };
const orders: readonly UnsafeOrder[] = ['list', 'ascending', 'decreases-first'];

function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
}

function spread(values: readonly number[]): string {
  return `${quantile(values, 0.5)} s (half), ${quantile(values, 0.95)} s (95 %), ${quantile(values, 1)} s (all)`;
}

const seeds: number[] = [];
for (let seed = firstSeed; seed < firstSeed + swaps; seed++) if (seed % parts === part) seeds.push(seed);

let overs = 0;

function played(options: Omit<SwapOptions, 'seed'>, some: readonly number[]): readonly SwapResult[] {
  return some.map((seed) => runSwap({ ...options, seed }));
}

function count(results: readonly SwapResult[]): number {
  return results.filter(({ overA }) => overA > 0).length;
}

console.log(`${seeds.length} swaps a row from seed ${firstSeed}, load ${loadavg()[0]?.toFixed(2) ?? '?'}`);
for (const loss of losses) {
  const percent = `${loss * 100} % lost`;
  for (const order of orders) {
    const over = seeds.map((seed) => unsafeOver({ ...feeder, seed, loss }, order));
    const bad = over.filter((a) => a > 0).length;
    const worst = over.reduce((top, a) => Math.max(top, a), 0);
    console.log(
      `${percent}, ${order}, each sent once: ${((100 * bad) / seeds.length).toFixed(1)} % over, worst +${worst} A`,
    );
  }
  const startedAt = process.cpuUsage().user;
  const safe = played({ ...feeder, loss }, seeds);
  const cpuMs = (process.cpuUsage().user - startedAt) / 1000 / seeds.length;
  overs += count(safe);
  console.log(
    `${percent}, voltherd: ${count(safe)} of ${safe.length} over, full plan after ${spread(safe.map((r) => r.settledS))}, ` +
      `${(safe.reduce((sum, r) => sum + r.calls, 0) / safe.length).toFixed(1)} calls, ${cpuMs.toFixed(1)} ms of CPU each`,
  );
  const paired = seeds.slice(0, pairedMax);
  const unsafe = played({ ...feeder, loss, guards: { admission: false, reaction: false } }, paired);
  console.log(
    `${percent}, all at once, repeated alike: ${count(unsafe)} of ${unsafe.length} over, full plan after ` +
      spread(unsafe.map((r) => r.settledS)),
  );
  const later = unsafe.map((r, k) => (safe[k]?.settledS ?? 0) - r.settledS);
  const beyond = safe.map((r) => r.settledS - Math.max(r.paidS + feeder.reactionS, 0) - roundTripS);
  console.log(
    `${percent}, voltherd after all at once: ${spread(later)}; after the last acknowledged decrease, ` +
      `its reaction time (${feeder.reactionS} s) and a round trip (${roundTripS} s): ${spread(beyond)}`,
  );
  const stepped = played({ ...feeder, loss, steps: true }, paired);
  overs += count(stepped);
  console.log(
    `${percent}, voltherd, stepped plans: ${count(stepped)} of ${stepped.length} over, full plan after ` +
      spread(stepped.map((r) => r.settledS)),
  );
}
if (overs > 0) process.exitCode = 1;
