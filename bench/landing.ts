/**
 * Chargers cut off at random instants: whether they ever draw more than was predicted at the cut, and how much of the
 * feeder stays reserved for them, beside the rules that count a fixed number for a charger that is away.
 *
 *     npx tsc -b bench && node dist/bench/landing.js [instants] [first seed]
 *
 * @module
 */
import { loadavg } from 'node:os';
import { landingOf, type Landing } from '../test/safety/landing-world.ts';

const instants = Number(process.argv[2] ?? 10_000);
const firstSeed = Number(process.argv[3] ?? 1);

const sum = (landings: readonly Landing[], of: (landing: Landing) => number): number =>
  landings.reduce((total, landing) => total + of(landing), 0);
const highest = (landings: readonly Landing[], of: (landing: Landing) => number): number =>
  landings.reduce((top, landing) => Math.max(top, of(landing)), -Infinity);

let isBad = false;
console.log(
  `${instants} random instants from seed ${firstSeed}, 8 chargers on 110 A, away for 8 h, load ${loadavg()[0]?.toFixed(2) ?? '?'}`,
);
for (const leaseS of [3600, 4 * 3600]) {
  const startedAt = process.cpuUsage().user;
  const landings: Landing[] = [];
  for (let seed = firstSeed; seed < firstSeed + instants; seed++) landings.push(landingOf({ seed, leaseS }));
  const cpuS = (process.cpuUsage().user - startedAt) / 1e6;
  const cut = sum(landings, (l) => l.cut);
  const perCut = (of: (landing: Landing) => number): number => sum(landings, of) / cut / 8;
  const reserved = perCut((l) => l.reservedAh);
  const below = (fixed: number): string => `${(100 * (1 - reserved / fixed)).toFixed(0)} % below`;
  const rating = perCut((l) => l.ratingAh);
  const top = perCut((l) => l.highestAh);
  const above = highest(landings, (l) => l.aboveA);
  const over = highest(landings, (l) => l.overA);
  isBad ||= above > 1e-9 || over > 1e-9;
  console.log(
    `leases of ${leaseS / 3600} h: ${cut} chargers cut, ${sum(landings, (l) => l.samples)} samples, ` +
      `highest draw above the bound of the cut ${above.toFixed(3)} A, highest total above the feeder ${over.toFixed(3)} A, ` +
      `${cpuS.toFixed(0)} s of CPU`,
  );
  console.log(
    `  reserved on the mean for a lost charger ${reserved.toFixed(1)} A (it draws ${perCut((l) => l.drawnAh).toFixed(1)} A): ` +
      `${below(rating)} its rating (${rating.toFixed(1)} A), ${below(top)} the highest limit installed (${top.toFixed(1)} A)`,
  );
  console.log(
    `  a fixed 6 A: with plans that have no end ${((100 * sum(landings, (l) => l.aboveSix)) / cut).toFixed(0)} % of lost chargers draw more`,
  );
}
if (isBad) process.exitCode = 1;
