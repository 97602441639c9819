/** Ways of charging for tests and measurements. @module */
import type { Choice, ChoiceOption, DepotProblem } from '#solver/problem';
import { peak } from './builders.ts';

/** `levels` blocks of a subscription of which the plan takes the cheapest: the best cost is convex in their number. */
export function withSubscription(
  problem: DepotProblem,
  of: {
    readonly levels: number;
    readonly blockKw: number;
    readonly perBlock: number;
    /** Money per kW above the level. */
    readonly perKw: number;
  },
): DepotProblem {
  const { levels, blockKw, perBlock, perKw } = of;
  const blockIntervals = Math.max(1, Math.round(0.25 / problem.intervalH));
  const window = (id: string, floorKw: number) =>
    peak(id, problem.intervals, { pricePerKw: 0, floorKw, blockIntervals });
  const above = Array.from({ length: levels }, (_, n) => window(`above-${n + 1}`, (n + 1) * blockKw));
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
    demand: [...problem.demand, window('power', 0), ...above],
    choices: [...(problem.choices ?? []), { id: 'level', category: 'demand', options }],
  };
}

/** Two prices of energy, `perKwh` [T] added and `constant` paid from half of the vehicles' energy on: no convex choice. */
export function withPricePair(
  problem: DepotProblem,
  of: { readonly constant: number; readonly perKwh: Float64Array },
): DepotProblem {
  const { intervalH, fixedLoadKw } = problem;
  const weight = new Float64Array(problem.intervals).fill(intervalH);
  const all = problem.sessions.reduce((sum, { energyKwh }) => sum + energyKwh, 0);
  const past = -0.5 * all - fixedLoadKw.reduce((sum, kw) => sum + kw * intervalH, 0);
  const pair: Choice = {
    id: 'pair',
    category: 'energy',
    options: [
      { id: 'small', constant: 0, perUnit: {}, until: { past, weight, peaks: {} } },
      { id: 'large', perUnit: {}, ...of },
    ],
  };
  return { ...problem, choices: [pair] };
}
