/**
 * Stations cut off at random instants: whether they ever draw more than was predicted at the cut, or any circuit carries
 * more than its limit, and how much stays reserved for them, beside the rules that count a fixed number for a station
 * that is away.
 *
 *     npx tsc -b bench && node dist/bench/landing.js [instants] [first seed] [hours of a lease]
 *
 * @module
 */
import { loadavg } from 'node:os';
import { landingOf, type Landing, type Reserve } from '../test/safety/landing-world.ts';

const instants = Number(process.argv[2] ?? 10_000);
const firstSeed = Number(process.argv[3] ?? 1);
const leases = process.argv[4] === undefined ? [1, 4, 8] : [Number(process.argv[4])];

const sum = <T>(list: readonly T[], of: (one: T) => number): number =>
  list.reduce((total, one) => total + of(one), 0);
const highest = (landings: readonly Landing[], of: (landing: Landing) => number): number =>
  landings.reduce((top, landing) => Math.max(top, of(landing)), -Infinity);

/** What is reserved for lost stations, beside the rules that count a fixed number. */
function reserveLine(reserves: readonly Reserve[]): string {
  const stations = sum(reserves, (r) => r.stations);
  const meanKw = (of: (reserve: Reserve) => number): number => sum(reserves, of) / stations / 8000;
  const percent = (part: number): string => `${(100 * part).toFixed(0)} %`;
  const reserved = meanKw((r) => r.reservedWh);
  const beside = (fixed: number): string => `${fixed.toFixed(2)} kW, ${percent(1 - reserved / fixed)} less`;
  return (
    `${stations} lost, ${reserved.toFixed(2)} kW reserved (drawn ${meanKw((r) => r.drawnWh).toFixed(2)} kW); ` +
    `rating ${beside(meanKw((r) => r.ratingWh))}; highest installed ${beside(meanKw((r) => r.highestWh))}; ` +
    `vehicles get ${percent(sum(reserves, (r) => r.servedWh) / sum(reserves, (r) => r.plannedWh))} of their plans; ` +
    `without an end of plans ${percent(sum(reserves, (r) => r.aboveSix) / sum(reserves, (r) => r.sockets))} of sockets draw more than 6 A`
  );
}

let isBad = false;
console.log(
  `${instants} random instants from seed ${firstSeed}, 10 stations on three feeders, away for 8 h, load ${loadavg()[0]?.toFixed(2) ?? '?'}`,
);
for (const leaseH of leases) {
  const startedAt = process.cpuUsage().user;
  const landings: Landing[] = [];
  for (let seed = firstSeed; seed < firstSeed + instants; seed++)
    landings.push(landingOf({ seed, leaseS: leaseH * 3600 }));
  const cpuS = (process.cpuUsage().user - startedAt) / 1e6;
  const worst = {
    aboveA: highest(landings, (l) => l.aboveA),
    aboveW: highest(landings, (l) => l.aboveW),
    overA: highest(landings, (l) => l.overA),
    overW: highest(landings, (l) => l.overW),
  };
  isBad ||= Object.values(worst).some((value) => value > 1e-6);
  console.log(
    `leases of ${leaseH} h: ${sum(landings, (l) => l.cut)} stations cut, ${sum(landings, (l) => l.samples)} samples, ` +
      `highest draw above a bound ${worst.aboveA.toFixed(3)} A, ${worst.aboveW.toFixed(1)} W, ` +
      `highest load above a limit ${worst.overA.toFixed(3)} A, ${worst.overW.toFixed(1)} W, ${cpuS.toFixed(0)} s of CPU`,
  );
  for (const plans of ['night', 'stress'] as const) {
    const some = landings.filter((landing) => landing.plans === plans).map(({ reserves }) => reserves);
    console.log(`  ${plans}, AC: ${reserveLine(some.map(({ AC }) => AC))}`);
    console.log(`  ${plans}, DC: ${reserveLine(some.map(({ DC }) => DC))}`);
    console.log(`  ${plans}, all: ${reserveLine(some.flatMap(({ AC, DC }) => [AC, DC]))}`);
  }
}
if (isBad) process.exitCode = 1;
