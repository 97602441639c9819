/**
 * What a tariff with ways of charging costs beside the same depot without: a chosen subscription, whose levels are a
 * convex function, a price pair by the load itself, and site charges. Least processor time of some runs, and how many of the ways were
 * solved.
 *
 *     npx tsc -b bench && node dist/bench/ways.js
 *
 * @module
 */
import { generatedDepot } from '#solver/generated';
import type { DepotProblem } from '#solver/problem';
import { solve } from '#solver/solve';
import { withPricePair, withSubscription } from '../test/solver/way-builders.ts';

const rounds = 12;

/** Blocks of a tenth of the peak of `problem` at 10 a kW, overage at 20: as many levels as `levels`. */
function subscribed(problem: DepotProblem, peakKw: number, levels: number): DepotProblem {
  const blockKw = (2 * peakKw) / levels;
  return withSubscription({ ...problem, demand: [] }, { levels, blockKw, perBlock: 10 * blockKw, perKw: 20 });
}

/** Energy at four fifths of the price where the night's energy is half of what vehicles want above that of the idle site. */
function paired(problem: DepotProblem): DepotProblem {
  return withPricePair(problem, { constant: 50, perKwh: problem.price.map((price) => -0.2 * price) });
}

/** The first demand window as a mean of the five highest days, half the horizon each. */
function charged(problem: DepotProblem): DepotProblem {
  const [first, ...demand] = problem.demand;
  if (first === undefined) return problem;
  const half = problem.intervals / 2;
  const groups = [0, 1].map((day) => ({
    least: 0,
    forms: Array.from({ length: half }, (_, t) => ({
      past: 0,
      at: Int32Array.of(day * half + t),
      weight: Float64Array.of(1),
    })),
  }));
  const charge = { id: first.id, category: 'demand' as const, price: first.pricePerKw, free: 0, groups };
  return { ...problem, demand, charges: [{ ...charge, floor: first.floorKw, largest: 2 }] };
}

async function measured(name: string, problem: DepotProblem): Promise<void> {
  let least = Infinity;
  let reason = '';
  let gap = 0;
  for (let round = 0; round < rounds; round++) {
    const before = process.cpuUsage();
    const solution = await solve(problem, { continuous: true, gap: 1e-6 });
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, (user + system) / 1000);
    reason = solution.reasons[0]?.split(',')[0] ?? '';
    gap = solution.gap;
  }
  console.log(`${name.padEnd(34)}${least.toFixed(1).padStart(9)} ms  gap ${gap.toExponential(1)}  ${reason}`);
}

for (const [kind, connectors] of [
  ['last-mile', 44],
  ['bus', 200],
] as const) {
  const depot = generatedDepot({ kind, connectors, intervals: 96, seed: 1 });
  const { peaksKw } = await solve(depot, { continuous: true, gap: 1e-6 });
  const peakKw = peaksKw[0] ?? 100;
  await measured(`${connectors}x96 without ways`, depot);
  await measured(`${connectors}x96 mean of two days`, charged(depot));
  await measured(`${connectors}x96 price pair`, paired(depot));
  for (const levels of [4, 12, 60]) {
    await measured(`${connectors}x96 subscription, ${levels} levels`, subscribed(depot, peakKw, levels));
  }
}
