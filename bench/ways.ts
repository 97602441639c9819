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
import type { ChoiceOption, DemandWindow, DepotProblem } from '#solver/problem';
import { solve } from '#solver/solve';

const rounds = 12;

function windowOver(problem: DepotProblem, id: string, floorKw: number): DemandWindow {
  return {
    id,
    pricePerKw: 0,
    counts: new Uint8Array(problem.intervals).fill(1),
    floorKw,
    blockIntervals: Math.max(1, Math.round(0.25 / problem.intervalH)),
    blockOffset: 0,
    blockPastKw: 0,
  };
}

/** Blocks of a tenth of the peak of `problem` at 10 a kW, overage at 20: as many levels as `levels`. */
function subscribed(problem: DepotProblem, peakKw: number, levels: number): DepotProblem {
  const blockKw = (2 * peakKw) / levels;
  const [perBlock, perKw] = [10 * blockKw, 20];
  const above = Array.from({ length: levels }, (_, n) =>
    windowOver(problem, `above-${n + 1}`, (n + 1) * blockKw),
  );
  const options = above.map(({ id, floorKw }, n): ChoiceOption => ({
    id,
    constant: (n + 1) * perBlock - perKw * floorKw,
    perUnit: { [id]: perKw },
    ...(n + 1 === levels
      ? {}
      : {
          until: {
            past: -(floorKw + perBlock / perKw),
            weight: new Float64Array(problem.intervals),
            peaks: { power: 1 },
          },
        }),
  }));
  return {
    ...problem,
    demand: [windowOver(problem, 'power', 0), ...above],
    choices: [{ id: 'level', category: 'demand', options }],
  };
}

/** Energy in the evening at half the price where the month's energy is above that of the idle site. */
function paired(problem: DepotProblem): DepotProblem {
  const weight = new Float64Array(problem.intervals).fill(problem.intervalH);
  const all = problem.sessions.reduce((sum, { energyKwh }) => sum + energyKwh, 0);
  const past = -0.5 * all - problem.fixedLoadKw.reduce((sum, kw) => sum + kw * problem.intervalH, 0);
  return {
    ...problem,
    choices: [
      {
        id: 'pair',
        category: 'energy',
        options: [
          { id: 'small', constant: 0, perUnit: {}, until: { past, weight, peaks: {} } },
          { id: 'large', constant: 50, perUnit: {}, perKwh: problem.price.map((price) => -0.2 * price) },
        ],
      },
    ],
  };
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
