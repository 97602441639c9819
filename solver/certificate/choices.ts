/**
 * Ways of charging in the certificate: which one a plan is charged by, and the problem in which one of them is all there
 * is. Whatever a plan is charged by, it costs no less than the best plan of that way: the lowest bound of all ways holds.
 * @module
 */
import type { ChoiceTest, DepotProblem } from '../problem.ts';

/** What tests of choices look at. */
export interface Measured {
  /** [T]. */
  readonly drawn: Float64Array;
  readonly peaksKw: Float64Array;
  readonly charged: Float64Array;
}

/** Value of a demand window or charge by its id. */
function peakOf(problem: DepotProblem, measured: Measured, id: string): number {
  const window = problem.demand.findIndex((one) => one.id === id);
  if (window >= 0) return measured.peaksKw[window];
  const charge = (problem.charges ?? []).findIndex((one) => one.id === id);
  return charge < 0 ? 0 : measured.charged[charge];
}

/** Share of the size of its terms by which a test may fail: rounding on the line itself. */
const testNoise = 1e-9;

function passes(problem: DepotProblem, test: ChoiceTest, measured: Measured): boolean {
  let value = test.past;
  let size = Math.abs(test.past);
  const add = (term: number): void => {
    value += term;
    size += Math.abs(term);
  };
  test.weight.forEach((weight, t) => add(weight * measured.drawn[t]));
  for (const [id, factor] of Object.entries(test.peaks)) add(factor * peakOf(problem, measured, id));
  return value <= testNoise * size;
}

/** Option in force of each choice. */
export function picksAt(problem: DepotProblem, measured: Measured): number[] {
  return (problem.choices ?? []).map(({ options }) =>
    options.findIndex(({ until }) => until === undefined || passes(problem, until, measured)),
  );
}

/** Money of the options of `picks` whatever is drawn, by category. */
export function constantsOf(
  problem: DepotProblem,
  picks: readonly number[],
): { readonly energy: number; readonly demand: number } {
  const sums = { energy: 0, demand: 0 };
  problem.choices?.forEach(({ category, options }, c) => (sums[category] += options[picks[c]].constant));
  return sums;
}

/** The problem in which the options of `picks` are the only ones; their constants are left out. No price is below 0. */
export function branchOf(problem: DepotProblem, picks: readonly number[]): DepotProblem {
  const { choices = [], ...plain } = problem;
  const options = choices.map((choice, c) => choice.options[picks[c]]);
  const extra = (id: string): number => options.reduce((sum, option) => sum + (option.perUnit[id] ?? 0), 0);
  return {
    ...plain,
    price: problem.price.map((price, t) =>
      options.reduce((sum, { perKwh }) => sum + (perKwh?.[t] ?? 0), price),
    ),
    demand: problem.demand.map((window) => ({
      ...window,
      pricePerKw: Math.max(0, window.pricePerKw + extra(window.id)),
    })),
    ...(problem.charges === undefined
      ? {}
      : {
          charges: problem.charges.map((charge) => ({
            ...charge,
            price: Math.max(0, charge.price + extra(charge.id)),
          })),
        }),
  };
}

/** Every combination of options, the first ones first. */
export function allPicks(problem: DepotProblem): number[][] {
  return (problem.choices ?? []).reduce<number[][]>(
    (rows, { options }) => rows.flatMap((row) => options.map((_, o) => [...row, o])),
    [[]],
  );
}
