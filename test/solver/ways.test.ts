import { expect, test } from 'vitest';
import { prngOf } from '#domain/prng';
import { account } from '#solver/certificate/account';
import { allPicks, branchOf } from '#solver/certificate/choices';
import { verify } from '#solver/certificate/verify';
import type { Choice, ChoiceOption, DepotProblem } from '#solver/problem';
import { randomDepot } from '#solver/random-depot';
import { solve } from '#solver/solve';
import { peak } from './builders.ts';

const instances = Number(process.env['VOLTHERD_INSTANCES'] ?? 14);
const options = { continuous: true, gap: 1e-6 } as const;

/** `levels` blocks of a subscription of which the plan takes the cheapest: the best cost is convex in their number. */
function subscribed(problem: DepotProblem, levels: number, seed: number): DepotProblem {
  const prng = prngOf(seed);
  const blockKw = 1 + 5 * prng.next();
  const perKw = 0.5 + prng.next();
  const perBlock = perKw * blockKw * (0.2 + 0.6 * prng.next());
  const above = Array.from({ length: levels }, (_, n) =>
    peak(`above-${n + 1}`, problem.intervals, { pricePerKw: 0, floorKw: (n + 1) * blockKw }),
  );
  const ways = above.map(({ id, floorKw }, n): ChoiceOption => ({
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
  const power = peak('power', problem.intervals, { pricePerKw: 0 });
  return {
    ...problem,
    demand: [...problem.demand, power, ...above],
    choices: [...(problem.choices ?? []), { id: 'level', category: 'demand', options: ways }],
  };
}

/** Two prices of energy, the lower one from an amount on: no convex choice. */
function paired(problem: DepotProblem): DepotProblem {
  const all = problem.sessions.reduce((sum, { energyKwh }) => sum + energyKwh, 0);
  const weight = new Float64Array(problem.intervals).fill(problem.intervalH);
  const pair: Choice = {
    id: 'pair',
    category: 'energy',
    options: [
      { id: 'small', constant: 0, perUnit: {}, until: { past: -all / 2, weight, peaks: {} } },
      { id: 'large', constant: 1, perUnit: {}, perKwh: new Float64Array(problem.intervals).fill(-0.04) },
    ],
  };
  return { ...problem, choices: [pair] };
}

/** The cheapest of all ways, each solved. */
async function everyWay(problem: DepotProblem): Promise<number> {
  let least = Infinity;
  for (const picks of allPicks(problem)) {
    const plan = await solve(branchOf(problem, picks), options);
    least = Math.min(least, account(problem, plan).objective);
  }
  return least;
}

test('law: ways that are left out hold no better plan, and the proof of that passes the certificate', async () => {
  let solved = 0;
  let ways = 0;
  for (let seed = 0; seed < instances; seed++) {
    const drawn = randomDepot({ seed: seed + 7_000_000, plain: seed % 4 > 0, intervalsMax: 24 });
    const problem = subscribed(seed % 3 === 0 ? paired(drawn) : drawn, seed % 3 === 0 ? 6 : 24, seed);
    const found = await solve(problem, options);
    const all = allPicks(problem).length;
    const least = await everyWay(problem);
    expect(Math.abs(found.objective - least), `seed ${seed}`).toBeLessThanOrEqual(
      1e-7 * Math.max(1, Math.abs(least)),
    );
    expect(found.certificate.valid, `seed ${seed}`).toBe(true);
    expect(verify(problem, found, 'continuous', options.gap).broken, `seed ${seed}`).toEqual([]);
    const told = /^(\d+)(?: of \d+)? ways/.exec(found.reasons[0]!);
    solved += Number(told?.[1]);
    ways += all;
  }
  expect(solved).toBeLessThan(0.25 * ways);
});
