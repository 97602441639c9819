/**
 * Old plan to new plan while frames are lost: how often any circuit is over, and how long it takes, beside orders of sending
 * that are not safe; on 44 chargers of a 400 A feeder, and on mixed depots of three levels with 44 and 200 connectors. The
 * losses of a swap are the same for every order: the n-th frame to a charger is lost for all of them or for none. `[of]` and
 * `[part]` split the seeds between processes.
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
/** Swaps that are timed in the unsafe order too, and played with plans of several steps or on mixed depots. */
const pairedMax = 500;
const largeMax = 50;
const feeder = { connectors: 44, feederA: 400, reactionS: 5 };
const mixed = { ...feeder, depot: 'mixed', feederA: 250 } as const;
const large = { ...mixed, connectors: 200, feederA: 1000 } as const;
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

function mean(values: readonly number[]): string {
  return (values.reduce((sum, value) => sum + value, 0) / values.length).toFixed(1);
}

/** Swaps of one depot as shipped, beside all frames sent at once and repeated alike; with plans of several steps too. */
function compared(
  name: string,
  options: Omit<SwapOptions, 'seed'>,
  all: readonly number[],
  most: number,
): void {
  const startedAt = process.cpuUsage().user;
  const safe = played(options, all);
  const cpuMs = (process.cpuUsage().user - startedAt) / 1000 / all.length;
  overs += count(safe);
  const calls = mean(safe.map((r) => r.calls));
  console.log(
    `${name}, voltherd: ${count(safe)} of ${safe.length} over, full plan after ${spread(safe.map((r) => r.settledS))}, ` +
      `${calls} calls, ${cpuMs.toFixed(1)} ms of CPU each`,
  );
  const paired = all.slice(0, most);
  const unsafe = played({ ...options, guards: { admission: false, reaction: false } }, paired);
  console.log(
    `${name}, all at once, repeated alike: ${count(unsafe)} of ${unsafe.length} over, full plan after ` +
      spread(unsafe.map((r) => r.settledS)),
  );
  const pairs = unsafe.map((other, k) => ({ own: safe[k]!, other }));
  const later = pairs.map(({ own, other }) => own.settledS - other.settledS);
  const beyond = pairs.map(({ own }, k) => later[k]! - Math.max(0, own.freeS - own.paidS));
  const within = (values: readonly number[]): string =>
    `${((100 * values.filter((s) => s <= 2 * roundTripS).length) / values.length).toFixed(0)} %`;
  console.log(
    `${name}, later than all at once: ${spread(later)}; within two round trips ${within(later)}, ` +
      `not counting reactions ${within(beyond)}`,
  );
  console.log(
    `${name}, on the mean: the last decrease is there after ${mean(pairs.map(({ own }) => own.loweredS))} s, ` +
      `acknowledged ${mean(pairs.map(({ own }) => own.paidS - own.loweredS))} s later, ` +
      `reactions over ${mean(pairs.map(({ own }) => own.freeS - own.paidS))} s later, ` +
      `raises there ${mean(pairs.map(({ own }) => own.settledS - own.freeS))} s later; ` +
      `all at once ${mean(unsafe.map((r) => r.settledS))} s`,
  );
  const stepped = played({ ...options, steps: true }, paired);
  overs += count(stepped);
  console.log(
    `${name}, voltherd, stepped plans: ${count(stepped)} of ${stepped.length} over, full plan after ` +
      spread(stepped.map((r) => r.settledS)),
  );
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
  compared(percent, { ...feeder, loss }, seeds, pairedMax);
  compared(`${percent}, mixed`, { ...mixed, loss }, seeds.slice(0, pairedMax), pairedMax);
  compared(`${percent}, mixed, 200`, { ...large, loss }, seeds.slice(0, largeMax), largeMax);
}
if (overs > 0) process.exitCode = 1;
