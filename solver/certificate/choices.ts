/**
 * Ways of charging in the certificate: which one a plan is charged by, and the problem in which one of them is all there
 * is. Whatever a plan is charged by, it costs no less than the best plan of that way: the lowest bound of all ways holds.
 * @module
 */
import type { Branch, ChoiceTest, DepotProblem } from '../problem.ts';
import { capOf, eachBlock, hasOwnSources, sumOf } from './terms.ts';

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

/** Value of a test, passed where it is not above 0, and the size of its terms. */
export function testAt(
  problem: DepotProblem,
  test: ChoiceTest,
  measured: Measured,
): { readonly value: number; readonly size: number } {
  let value = test.past;
  let size = Math.abs(test.past);
  const add = (term: number): void => {
    value += term;
    size += Math.abs(term);
  };
  test.weight.forEach((weight, t) => add(weight * measured.drawn[t]));
  for (const [id, factor] of Object.entries(test.peaks)) add(factor * peakOf(problem, measured, id));
  return { value, size };
}

function passes(problem: DepotProblem, test: ChoiceTest, measured: Measured): boolean {
  const { value, size } = testAt(problem, test, measured);
  return value <= testNoise * size;
}

/** Option in force of each choice. */
export function picksAt(problem: DepotProblem, measured: Measured): number[] {
  return (problem.choices ?? []).map(({ options }) =>
    options.findIndex(({ until }) => until === undefined || passes(problem, until, measured)),
  );
}

/** Money per unit of the tests of options, by choice and option; see `Branch`. */
type Worth = NonNullable<Branch['worth']>;

/** Tests that count in a way, with their money: the one that it passes, and, turned round, those that it does not. */
function pricedTests(
  { choices = [] }: DepotProblem,
  picks: readonly number[],
  worth: Worth,
): readonly { readonly test: ChoiceTest; readonly money: number }[] {
  return choices.flatMap(({ options }, c) =>
    options.slice(0, picks[c] + 1).flatMap(({ until }, o) => {
      const money = worth[c]?.[o] ?? 0;
      return until === undefined || money === 0
        ? []
        : [{ test: until, money: o === picks[c] ? money : -money }];
    }),
  );
}

/** Most that any plan draws in each interval, fixed load included, [T] kW. */
function mostDrawn(problem: DepotProblem): Float64Array {
  const most = new Float64Array(problem.intervals);
  problem.sessions.forEach(({ arrive, depart }, s) => {
    for (let t = arrive; t < depart; t++) most[t] += capOf(problem, s, t);
  });
  const held = problem.connectors.reduce((sum, { reserveKw }) => sum + reserveKw, 0);
  const { limitKw } = problem.circuits[0];
  return most.map((kw, t) => Math.min(kw, Math.max(limitKw[t], held)) + problem.fixedLoadKw[t]);
}

/** Money of the options of `picks` whatever is drawn, by category; that of their tests under demand. */
export function constantsOf(
  problem: DepotProblem,
  picks: readonly number[],
  worth: Worth = [],
): { readonly energy: number; readonly demand: number } {
  const sums = { energy: 0, demand: 0 };
  problem.choices?.forEach(({ category, options }, c) => (sums[category] += options[picks[c]].constant));
  for (const { test, money } of pricedTests(problem, picks, worth)) {
    sums.demand += money * test.weight.reduce((sum, w, t) => sum + w * problem.fixedLoadKw[t], test.past);
    for (const { id, free } of problem.charges ?? []) sums.demand += money * (test.peaks[id] ?? 0) * free;
  }
  if (worth.every((of) => of.every((money) => money === 0))) return sums;
  const prices = peakPrices(problem, picks, worth);
  const most = mostDrawn(problem);
  for (const window of problem.demand) {
    const price = prices.get(window.id) ?? 0;
    if (price >= 0) continue;
    // A peak that earns is no higher than any plan can make it.
    let highest = window.floorKw;
    eachBlock(problem, window, (_, from, to, length, pastKw) => {
      highest = Math.max(highest, (sumOf(most, from, to) + pastKw) / length);
    });
    sums.demand += price * highest;
  }
  return sums;
}

/**
 * Whether tests may be priced so: none below 0, no site charge that would then earn money, and no sources of the site,
 * whose draw is not the load.
 */
export function mayPrice(problem: DepotProblem, picks: readonly number[], worth: Worth): boolean {
  if (worth.every((of) => of.every((money) => money === 0))) return true;
  if (hasOwnSources(problem) || worth.some((of) => of.some((money) => !(money >= 0)))) return false;
  const left = peakPrices(problem, picks, worth);
  return (problem.charges ?? []).every(({ id }) => (left.get(id) ?? 0) >= -priceNoise);
}

/** Rounding of a price that is 0. */
const priceNoise = 1e-9;

/** What a unit of each demand window and charge costs in a way with its tests, by id. */
function peakPrices(
  problem: DepotProblem,
  picks: readonly number[],
  worth: Worth,
): ReadonlyMap<string, number> {
  const options = (problem.choices ?? []).map((choice, c) => choice.options[picks[c]]);
  const tests = pricedTests(problem, picks, worth);
  const of = (id: string, price: number): number =>
    tests.reduce(
      (sum, { test, money }) => sum + money * (test.peaks[id] ?? 0),
      options.reduce((sum, option) => sum + (option.perUnit[id] ?? 0), price),
    );
  return new Map([
    ...problem.demand.map(({ id, pricePerKw }) => [id, of(id, pricePerKw)] as const),
    ...(problem.charges ?? []).map(({ id, price }) => [id, of(id, price)] as const),
  ]);
}

/**
 * The problem in which the options of `picks` are the only ones, their tests priced by `worth`; constants are left out, and
 * what a peak would earn with them.
 */
export function branchOf(problem: DepotProblem, picks: readonly number[], worth: Worth = []): DepotProblem {
  const { choices = [], ...plain } = problem;
  const options = choices.map((choice, c) => choice.options[picks[c]]);
  const tests = pricedTests(problem, picks, worth);
  const prices = peakPrices(problem, picks, worth);
  const priceOf = (id: string): number => Math.max(0, prices.get(id) ?? 0);
  return {
    ...plain,
    price: problem.price.map((price, t) =>
      tests.reduce(
        (sum, { test, money }) => sum + (money * test.weight[t]) / problem.intervalH,
        options.reduce((sum, { perKwh }) => sum + (perKwh?.[t] ?? 0), price),
      ),
    ),
    demand: problem.demand.map((window) => ({ ...window, pricePerKw: priceOf(window.id) })),
    ...(problem.charges === undefined
      ? {}
      : { charges: problem.charges.map((charge) => ({ ...charge, price: priceOf(charge.id) })) }),
  };
}

/** Every combination of options, the first ones first. */
export function allPicks(problem: DepotProblem): number[][] {
  return (problem.choices ?? []).reduce<number[][]>(
    (rows, { options }) => rows.flatMap((row) => options.map((_, o) => [...row, o])),
    [[]],
  );
}
