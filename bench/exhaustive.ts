/**
 * Every order of events around three chargers, to a stated depth, on the shipped ledger and dispatch; prints how many
 * states were visited. 12 steps with one fault on each path by default; more with arguments.
 *
 *     npx tsc -b bench && node --max-old-space-size=8000 dist/bench/exhaustive.js [depth] [faults] [plans]
 *
 * @module
 */
import { loadavg } from 'node:os';
import { explore } from '../test/safety/exhaustive-world.ts';

const depth = Number(process.argv[2] ?? 12);
const faults = Number(process.argv[3] ?? 1);
const plans = Number(process.argv[4] ?? 3);

const startedAt = performance.now();
const seconds = (): string => ((performance.now() - startedAt) / 1000).toFixed(1);
console.log(
  `depth ${depth}, at most ${faults} fault(s) on a path, ${plans} plans, load ${loadavg()[0]?.toFixed(2) ?? '?'}`,
);
const result = explore({
  depth,
  faults,
  plans,
  onDepth: (at, frontier, states) => {
    console.log(`depth ${at}: ${states} states, ${frontier} to go on from, ${seconds()} s`);
  },
});
if (result.found !== undefined) {
  console.log(`OVER after: ${result.found.story.join('; ')}\n${result.found.problem}`);
  process.exitCode = 1;
} else {
  console.log(
    `all ${result.states} states and ${result.transitions} transitions to depth ${depth} are safe, ${seconds()} s`,
  );
}
