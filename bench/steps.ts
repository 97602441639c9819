/**
 * What minimum currents and amp steps cost, in time and in money: processor time of the continuous plan, of the plan in
 * steps, and of one an interval later with that plan in force; how far minimum currents alone (6 A), and steps with them, are above the
 * continuous optimum, and how far every plan in steps is at least; charging starts. One thread, warm, least of some rounds.
 *
 *     npx tsc -b bench && node dist/bench/steps.js [--sizes 44x96,1000x96] [--rounds 5]
 *
 * @module
 */
import { parseArgs } from 'node:util';
import { prngOf } from '#domain/prng';
import { highsBackend } from '#solver/backends/highs';
import { generatedDepot } from '#solver/generated';
import type { DepotShape } from '#solver/generated';
import { chargingStarts } from '#solver/preferences';
import type { DepotProblem, Solution, SolveOptions } from '#solver/problem';
import { solve } from '#solver/solve';
import { anIntervalLater } from './rolling.ts';

type Shape = Omit<DepotShape, 'seed'>;

const sizes: Readonly<Record<string, Shape>> = {
  '10x96': { kind: 'overnight', connectors: 10, intervals: 96 },
  '44x96': { kind: 'last-mile', connectors: 44, intervals: 96 },
  // Phases as the engine has them: limits above sockets of one and of three phases.
  '44x96p': { kind: 'last-mile', connectors: 44, intervals: 96, phases: true, reserve: true },
  '200x96': { kind: 'mixed', connectors: 200, intervals: 96 },
  '200x96t': { kind: 'two-shift', connectors: 200, intervals: 96 },
  '1000x96': { kind: 'mixed', connectors: 1000, intervals: 96 },
};
const seeds = [1, 2, 3];

function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** The solution and the least processor time of some rounds, ms. */
async function timed(
  problem: DepotProblem,
  options: SolveOptions,
  rounds: number,
): Promise<readonly [Solution, number]> {
  let least = Infinity;
  let solution: Solution | undefined;
  for (let round = 0; round < Math.max(1, rounds); round++) {
    const before = processorMs();
    solution = await solve(problem, options);
    least = Math.min(least, processorMs() - before);
  }
  if (solution === undefined) throw new Error('no rounds');
  return [solution, least];
}

/** An interval later, with what was planned for it in force. */
function withPlanInForce(problem: DepotProblem, solution: Solution): DepotProblem {
  const later = anIntervalLater(problem, solution, prngOf(5));
  const plans = new Map(
    problem.sessions.map(({ id, arrive }, s) => [
      id,
      solution.powerKw[s]?.slice(arrive === 0 ? 1 : 0) ?? new Float64Array(0),
    ]),
  );
  return { ...later, previousKw: plans };
}

/** The problem in which any current from the minimum on will do. */
function withoutAmpSteps(problem: DepotProblem): DepotProblem {
  return { ...problem, sessions: problem.sessions.map((session) => ({ ...session, stepKw: 0 })) };
}

const continuous: SolveOptions = { continuous: true, gap: 1e-6 };
const inSteps: SolveOptions = { continuous: false, gap: 1e-6 };
const cell = (value: number, digits: number): string => value.toFixed(digits).padStart(10);

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { sizes: { type: 'string' }, rounds: { type: 'string', default: '5' } },
  });
  const rounds = Number(values.rounds);
  const wanted = values.sizes?.split(',') ?? Object.keys(sizes);
  await highsBackend();
  console.log(
    'size      seed     pairs   LP, ms  steps, ms  later, ms     6 A, %   above, %  at least, %     starts  certified',
  );
  for (const name of wanted) {
    const shape = sizes[name];
    if (shape === undefined) throw new Error(`no size ${name}`);
    for (const seed of seeds) {
      const problem = generatedDepot({ ...shape, seed, steps: true });
      const [best, bestMs] = await timed(problem, continuous, rounds);
      const [stepped, steppedMs] = await timed(problem, inSteps, rounds);
      const [later, laterMs] = await timed(withPlanInForce(problem, stepped), inSteps, rounds);
      const pairs = problem.sessions.reduce((sum, { arrive, depart }) => sum + depart - arrive, 0);
      const aboveBest = (cost: number): number => (100 * (cost - best.objective)) / Math.abs(best.objective);
      const sixA = await solve(withoutAmpSteps(problem), inSteps);
      const isValid = stepped.certificate.valid && later.certificate.valid;
      console.log(
        name.padEnd(9) + String(seed).padStart(5) + String(pairs).padStart(10) + cell(bestMs, 1),
        cell(steppedMs, 0) +
          cell(laterMs, 0) +
          cell(aboveBest(sixA.objective), 3) +
          cell(aboveBest(stepped.objective), 3) +
          cell(aboveBest(stepped.bound), 3).padStart(13) +
          cell(chargingStarts(stepped.powerKw), 0),
        isValid ? '  yes' : '  NO',
      );
    }
  }
}

await main();
