/**
 * Plans that stay in their way. Where a line charges by jumps, the best plan of a way may end in another, and its bound
 * then says little. What passing the way's test is worth is found here by trial: a price on the test, under which the plan
 * just passes: the multiplier of the test's row. A peak that would earn money then counts at the highest that a plan can make it.
 * Source: docs/model.md, "Ways of charging".
 * @module
 */
import { account } from './certificate/account.ts';
import { branchOf, constantsOf, mayPrice, testAt } from './certificate/choices.ts';
import type { Branch, DepotProblem, Multipliers } from './problem.ts';
import type { Plan } from './plan.ts';

/** Most prices that are tried for one test. */
const triesMax = 8;
/** Halvings of a price until site charges earn nothing. */
const halvingsMax = 40;
/** Step of money for slopes, as a share of the cost by the size of the test. */
const stepShare = 1e-6;
/** Share of the cost that a step must gain for its test to matter. */
const excessShare = 1e-12;

/** A plan under some worth of tests, and what it proves. */
export interface Trial {
  readonly plan: Plan;
  readonly multipliers: Multipliers;
  readonly bound: number;
}

/** A test of a way: that of option `o` of choice `c`, to be passed where it is the one that is picked. */
interface Sought {
  readonly c: number;
  readonly o: number;
}

/** Size of the terms of a test at a plan: what its money is measured by. */
function sizeOf(problem: DepotProblem, { c, o }: Sought, plan: Plan): number {
  const until = problem.choices?.[c].options[o].until;
  if (until === undefined) return 0;
  const drawn = Float64Array.from(problem.fixedLoadKw);
  for (const [s, { arrive }] of problem.sessions.entries()) {
    for (const [i, kw] of plan.powerKw[s].entries()) drawn[arrive + i] += kw;
  }
  const { peaksKw, charged } = account(problem, plan);
  return testAt(problem, until, { drawn, peaksKw, charged }).size;
}

/** How the cost of a plan in its way changes with the money on a test, per unit of money: a slope of the concave bound. */
function slopeOf(
  problem: DepotProblem,
  picks: readonly number[],
  plan: Plan,
  worthAt: (money: number) => number[][],
  at: { readonly money: number; readonly step: number },
): number {
  const costAt = (money: number): number => {
    const worth = worthAt(money);
    const { energy, demand } = constantsOf(problem, picks, worth);
    return account(branchOf(problem, picks, worth), plan).objective + energy + demand;
  };
  return (costAt(at.money + at.step) - costAt(at.money)) / at.step;
}

/** `worth` with `money` for one test. */
function withMoney(problem: DepotProblem, worth: Branch['worth'], sought: Sought, money: number): number[][] {
  return (problem.choices ?? []).map(({ options }, c) =>
    options.map((_, o) => (c === sought.c && o === sought.o ? money : (worth?.[c]?.[o] ?? 0))),
  );
}

/** A point of the concave bound over the price of a test: its value and its slope. */
interface Point {
  readonly money: number;
  readonly bound: number;
  readonly slope: number;
}

/** Where the tangents of two points meet, kept off both. */
function between(low: Point, high: Point): number {
  const meets =
    (high.bound - low.bound + low.slope * low.money - high.slope * high.money) / (low.slope - high.slope);
  const span = high.money - low.money;
  return Math.max(low.money + 0.05 * span, Math.min(high.money - 0.05 * span, meets));
}

/** The highest money up to `wanted` under which no site charge earns any. */
function mostMoney(
  problem: DepotProblem,
  picks: readonly number[],
  wanted: number,
  worthAt: (money: number) => number[][],
): number {
  if (mayPrice(problem, picks, worthAt(wanted))) return wanted;
  let [low, high] = [0, wanted];
  for (let halving = 0; halving < halvingsMax; halving++) {
    const middle = (low + high) / 2;
    if (mayPrice(problem, picks, worthAt(middle))) low = middle;
    else high = middle;
  }
  return low;
}

/**
 * Raises the bound of a way towards `goal`, test by test, by trials; `first` is its plan with all tests at no price. Trials
 * report themselves to whoever makes them.
 */
export async function priceTests(
  problem: DepotProblem,
  picks: readonly number[],
  first: Trial,
  to: { readonly goal: () => number; readonly trial: (worth: number[][]) => Promise<Trial> },
): Promise<void> {
  let worth: Branch['worth'];
  let start = first;
  const tests = picks.flatMap((pick, c) =>
    Array.from({ length: pick + 1 }, (_, i): Sought => ({ c, o: pick - i })),
  );
  for (const sought of tests) {
    const before = worth;
    const size = sizeOf(problem, sought, start.plan);
    if (size <= 0 || start.bound >= to.goal()) continue;
    const worthAt = (money: number): number[][] => withMoney(problem, before, sought, money);
    const unit = (stepShare * Math.max(1, Math.abs(to.goal()))) / size;
    const pointAt = (money: number, { plan, bound }: Trial): Point => {
      const step = Math.max(unit, stepShare * money);
      return { money, bound, slope: slopeOf(problem, picks, plan, worthAt, { money, step }) };
    };
    let low = pointAt(0, start);
    let high: Point | undefined;
    if (low.slope * unit <= excessShare * Math.max(1, Math.abs(start.bound))) continue;
    for (let tries = 0; tries < triesMax && start.bound < to.goal(); tries++) {
      const enough = low.money + (to.goal() - low.bound) / low.slope;
      const wanted = high === undefined ? Math.max(2 * low.money, enough) : between(low, high);
      const money = mostMoney(problem, picks, wanted, worthAt);
      if (money <= low.money) break;
      const found = await to.trial(worthAt(money));
      const point = pointAt(money, found);
      if (found.bound > start.bound) [start, worth] = [found, worthAt(money)];
      if (point.slope > 0) low = point;
      else high = point;
      if (high !== undefined && low.slope - high.slope <= 0) break;
    }
  }
}
