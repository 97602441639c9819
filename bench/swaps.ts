/**
 * Old plan to new plan on 44 chargers of a 400 A feeder while frames are lost: how often it is over, and how long it
 * takes, beside the orders of sending that are not safe.
 *
 *     npx tsc -b bench && node dist/bench/swaps.js [swaps] [first seed]
 *
 * @module
 */
import { loadavg } from 'node:os';
import { runSwap, unsafeOver, type UnsafeOrder } from '../test/dispatch/swap-world.ts';

const swaps = Number(process.argv[2] ?? 200);
const firstSeed = Number(process.argv[3] ?? 1);
const feeder = { connectors: 44, feederA: 400 };
const orders: readonly UnsafeOrder[] = ['list', 'ascending', 'decreases-first'];

function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
}

let isOver = false;
console.log(`${swaps} swaps a row from seed ${firstSeed}, load ${loadavg()[0]?.toFixed(2) ?? '?'}`);
for (const loss of [0, 0.05, 0.2]) {
  for (const order of orders) {
    let over = 0;
    let worst = 0;
    for (let seed = firstSeed; seed < firstSeed + swaps; seed++) {
      const overA = unsafeOver({ ...feeder, seed, loss }, order);
      if (overA > 0) over++;
      worst = Math.max(worst, overA);
    }
    console.log(
      `${loss * 100} % lost, ${order}: ${((100 * over) / swaps).toFixed(1)} % over, worst +${worst} A`,
    );
  }
  for (const steps of [false, true]) {
    const times: number[] = [];
    let over = 0;
    let calls = 0;
    const startedAt = performance.now();
    for (let seed = firstSeed; seed < firstSeed + swaps; seed++) {
      const result = runSwap({ ...feeder, seed, loss, reactionS: 5, steps });
      if (result.overA > 0) over++;
      times.push(result.settledS);
      calls += result.calls;
    }
    times.sort((a, b) => a - b);
    isOver ||= over > 0;
    console.log(
      `${loss * 100} % lost, voltherd, ${steps ? 'stepped' : 'flat'} plans: ${over} over, settled after ` +
        `${quantile(times, 0.5)} s (half), ${quantile(times, 0.95)} s (95 %), ${times.at(-1) ?? 0} s (all), ` +
        `${(calls / swaps).toFixed(1)} calls, ${((performance.now() - startedAt) / swaps).toFixed(0)} ms each`,
    );
  }
}
if (isOver) process.exitCode = 1;
