/**
 * Every order of events around three chargers, to a stated depth, on the shipped ledger and dispatch; prints how many
 * states were visited. 12 steps with one fault on each path by default; more with arguments.
 *
 *     npx tsc -b bench && node --max-old-space-size=8000 dist/bench/exhaustive.js [depth] [faults] [plans] [fixed-limit]
 *
 * @module
 */
import { loadavg } from 'node:os';
import { explore } from '../test/safety/exhaustive-world.ts';

const depth = Number(process.argv[2] ?? 12);
const faults = Number(process.argv[3] ?? 1);
const plans = Number(process.argv[4] ?? 3);
const limitDrops = process.argv[5] !== 'fixed-limit';

const cpuS = (): string => {
  const { user, system } = process.cpuUsage();
  return ((user + system) / 1e6).toFixed(1);
};
const memoryMb = (): number => Math.round(process.resourceUsage().maxRSS / 1024);
const count = (n: number): string => n.toLocaleString('en');
console.log(
  `depth ${depth}, at most ${faults} fault(s) on a path, ${plans} plans, ` +
    `the limit ${limitDrops ? 'may drop and return' : 'is fixed'}, load ${loadavg()[0]?.toFixed(2) ?? '?'}`,
);
const result = explore({
  depth,
  faults,
  plans,
  limitDrops,
  onDepth: (at, frontier, states) => {
    console.log(
      `depth ${at}: ${count(states)} states, ${count(frontier)} at this depth, ${cpuS()} s of CPU, ${memoryMb()} MB`,
    );
  },
});
if (result.found !== undefined) {
  console.log(`OVER after: ${result.found.story.join('; ')}\n${result.found.problem}`);
  process.exitCode = 1;
} else {
  console.log(
    `all ${count(result.states)} states and ${count(result.transitions)} transitions to depth ${depth} are safe: ` +
      `${cpuS()} s of CPU, ${memoryMb()} MB`,
  );
}
