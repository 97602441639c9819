/** Answers the depot problem: chooses an engine, checks what it found, and never comes back empty. @module */
import { highsBackend } from './backends/highs.ts';
import { account } from './certificate/account.ts';
import type { Account } from './certificate/account.ts';
import { branchesBound, dualBound } from './certificate/bound.ts';
import { branchOf } from './certificate/choices.ts';
import { proofOf, residualMax } from './certificate/verify.ts';
import { dualsOf } from './duals.ts';
import { continuousAnswer } from './engines.ts';
import type { Answer } from './engines.ts';
import { exactPlan } from './exact.ts';
import { aroundFeeding } from './feeding.ts';
import { greedyPlan } from './greedy.ts';
import { withPhaseChanges } from './phase-switching.ts';
import { peakProof } from './peak-ranges.ts';
import type { Plan } from './plan.ts';
import { zeroMultipliers } from './multipliers.ts';
import type {
  Branch,
  DepotProblem,
  Multipliers,
  PeakTree,
  Session,
  Solution,
  SolveOptions,
  SolveStatus,
} from './problem.ts';
import { preferredPlan, wishesOf } from './preferences.ts';
import { reliefOf } from './relief.ts';
import { hasSteps, repairPowers, withSteppedCaps } from './repair.ts';
import { drawnOf, siteExtraOf, withSiteFlows } from './site-flows.ts';
import { isFlow, steadyPlan } from './stability.ts';
import { priceTests } from './way-tests.ts';
import { Ways } from './ways.ts';
import type { Way } from './ways.ts';

function statusOf(found: Answer, gap: number, options: SolveOptions): SolveStatus {
  if (found.ended === 'failed') return 'emergency';
  if (gap <= options.gap) return 'optimal';
  return found.ended === 'limit' ? 'limit' : 'feasible';
}

interface Stepped {
  readonly plan: Plan;
  readonly reasons: readonly string[];
}

/** The cheapest of several plans by their stepped account; those that break a limit lose. */
function cheapest(problem: DepotProblem, plans: readonly Plan[]): Plan {
  const cost = (plan: Plan): number => {
    const counted = account(problem, plan, 'stepped');
    return counted.primalResidual > residualMax ? Infinity : counted.objective;
  };
  return plans.reduce((best, plan) => (cost(plan) < cost(best) ? plan : best));
}

/**
 * The plan in steps. Less load may leave PV without a taker, and then circuits without PV: powers are fitted again to
 * the flows that came out, and in the end to the least that limits ask for.
 */
function repairedPlan(problem: DepotProblem, plan: Plan): Plan {
  const { peaksKw } = account(problem, plan);
  const drawnKw = drawnOf(problem, plan);
  const resting = { powerKw: plan.powerKw, ...reliefOf(problem) };
  let flows: Plan = plan;
  for (let round = 0; round < 3; round++) {
    const siteExtraKw = siteExtraOf(problem, flows);
    const powerKw = repairPowers({ problem, powerKw: plan.powerKw, peaksKw, drawnKw, siteExtraKw });
    const stepped = withSiteFlows(problem, { ...flows, powerKw });
    if (account(problem, stepped, 'stepped').primalResidual <= residualMax) return stepped;
    flows = round === 0 ? stepped : resting;
  }
  return greedyPlan(problem, 'stepped');
}

/** A plan in steps, near the continuous one. */
async function steppedOf(problem: DepotProblem, relaxed: Plan, options: SolveOptions): Promise<Stepped> {
  const first = repairedPlan(problem, relaxed);
  if (options.solver === 'greedy') return { plan: first, reasons: [] };
  if (options.integers === 'exact') {
    const exact = exactPlan(problem, await highsBackend(), options.gap);
    if (exact === undefined) return { plan: first, reasons: ['branch and bound found nothing: repaired'] };
    const reason = `branch and bound ${exact.proven ? 'proved' : 'stopped at'} the bound ${exact.bound}`;
    return { plan: cheapest(problem, [exact.plan, first]), reasons: [reason] };
  }
  const plan = preferredPlan(problem, first, 'stepped', wishesOf(options));
  return { plan: steadyPlan(problem, plan, 'stepped'), reasons: [] };
}

/** `first`, or a cheaper plan in which stations change between one phase and three. */
function changedPhases(
  problem: DepotProblem,
  continuous: Plan,
  first: Plan,
  options: SolveOptions,
): Promise<Plan> {
  return withPhaseChanges(problem, continuous, first, {
    plan: async (split) => {
      const eased = withSteppedCaps(split);
      const { plan } = await continuousAnswer(eased, options);
      return (await steppedOf(eased, plan, options)).plan;
    },
    cost: (plan) => {
      const counted = account(problem, plan, 'stepped');
      return counted.primalResidual > residualMax ? Infinity : counted.objective;
    },
  });
}

/** Most (session, interval) pairs of a depot whose steps are proven by ranges of peaks. */
const provenPairsMax = 600;
/** Plans of ranges that are repaired, those with the lowest bounds first. */
const repairedRangesMax = 3;
/** Share of the cost that such a plan must save. */
const rangeGainShare = 1e-5;

/** Whether the peaks of the problem are few enough to be proven range by range. */
function mayProve(problem: DepotProblem, { solver, integers, iterationsMax }: SolveOptions): boolean {
  const pairs = problem.sessions.reduce((sum, { arrive, depart }) => sum + Math.max(0, depart - arrive), 0);
  return (
    pairs <= provenPairsMax &&
    solver !== 'greedy' &&
    integers !== 'exact' &&
    iterationsMax === undefined &&
    problem.demand.some(({ pricePerKw }) => pricePerKw > 0) &&
    isFlow(problem)
  );
}

interface Proven {
  readonly plan: Plan;
  readonly tree?: PeakTree;
}

/** What no plan in steps costs less than, by ranges of peaks, and a cheaper plan where one of them has led to it. */
async function provenPeaks(
  problem: DepotProblem,
  plan: Plan,
  multipliers: Multipliers,
  options: SolveOptions,
): Promise<Proven> {
  if (!mayProve(problem, options)) return { plan };
  const cost = (of: Plan): number => {
    const counted = account(problem, of, 'stepped');
    return counted.primalResidual > residualMax ? Infinity : counted.objective;
  };
  let [best, least] = [plan, cost(plan)];
  const { warm: _, ...cold } = options;
  const proof = await peakProof(problem, { cost: least, multipliers }, (of, warm) =>
    continuousAnswer(withSteppedCaps(of), warm === undefined ? cold : { ...cold, warm }),
  );
  if (proof === undefined) return { plan };
  for (const range of proof.ranges.slice(0, repairedRangesMax)) {
    const sessions = problem.sessions.map((one, s) => ({ ...one, maxKw: range.problem.sessions[s].maxKw }));
    const tried = await steppedOf(withSteppedCaps({ ...problem, sessions }), range.plan, options);
    const costs = cost(tried.plan);
    if (costs < least - rangeGainShare * Math.abs(least)) [best, least] = [tried.plan, costs];
  }
  return { plan: best, tree: proof.tree };
}

interface Held extends Proven {
  /** The account of the continuous plan. */
  readonly relaxed: Account;
  readonly reasons: readonly string[];
}

/** A plan that breaks no limit, in steps where they are asked for; whatever an engine claimed, greedy stands behind it. */
async function heldPlan(
  problem: DepotProblem,
  steady: Plan,
  multipliers: Multipliers,
  options: SolveOptions,
): Promise<Held> {
  let continuous = steady;
  let relaxed = account(problem, steady);
  const reasons: string[] = [];
  if (relaxed.primalResidual > residualMax) {
    reasons.push(`the plan broke ${relaxed.worst}: greedy instead`);
    continuous = greedyPlan(problem, 'continuous');
    relaxed = account(problem, continuous);
  }
  if (options.continuous || !hasSteps(problem)) return { plan: continuous, relaxed, reasons };
  const stepped = await steppedOf(withSteppedCaps(problem), continuous, options);
  const still = withoutSwitches(problem);
  const { plan: best, tree } = await provenPeaks(still, stepped.plan, multipliers, options);
  const plan = await changedPhases(problem, continuous, best, options);
  const changed = plan === best ? [] : ['some stays charge on one phase for a part'];
  // Where stations change over, less than a least power of three phases may be drawn.
  const proof = tree === undefined || still !== problem ? {} : { tree };
  return { plan, relaxed, reasons: [...reasons, ...stepped.reasons, ...changed], ...proof };
}

/** The problem in which no station changes between phases. */
function withoutSwitches(problem: DepotProblem): DepotProblem {
  if (problem.sessions.every(({ phaseSwitches }) => phaseSwitches === undefined)) return problem;
  const sessions = problem.sessions.map((session): Session => {
    const { phaseSwitches: _, ...others } = session;
    return others;
  });
  return { ...problem, sessions };
}

/** The problem in which nobody feeds back. */
function chargingOnly(problem: DepotProblem): DepotProblem {
  if (problem.sessions.every(({ feedBack }) => feedBack === undefined)) return problem;
  const sessions = problem.sessions.map((session): Session => {
    const { feedBack, ...others } = session;
    return feedBack === undefined ? session : others;
  });
  return { ...problem, sessions };
}

/** Values that a solution tells of site charges and choices, where the problem has them. */
function chargedOf(
  problem: DepotProblem,
  { charged, picks }: Pick<Account, 'charged' | 'picks'>,
): Pick<Solution, 'charged' | 'chosen'> {
  const { charges, choices } = problem;
  const ids = (choices ?? []).map(({ id, options }, c) => [id, options[picks[c]].id] as const);
  return {
    ...(charges === undefined ? {} : { charged }),
    ...(choices === undefined ? {} : { chosen: Object.fromEntries(ids) }),
  };
}

/** A problem without choices, solved. */
async function solveOne(given: DepotProblem, options: SolveOptions): Promise<Solution> {
  const now = options.nowMs ?? (() => 0);
  const stepped = !options.continuous && hasSteps(given);
  if (stepped && given.sessions.some(({ feedBack }) => feedBack !== undefined)) {
    return solveFeeding(given, options);
  }
  const problem = given;
  const found = await continuousAnswer(stepped ? withSteppedCaps(problem) : problem, options);
  const solved = now();
  const followed = !stepped && options.solver !== 'greedy' && (problem.previousKw?.size ?? 0) > 0;
  const backend = followed && !isFlow(problem) ? await highsBackend() : undefined;
  const eased = stepped ? withSteppedCaps(problem) : problem;
  const wishes = wishesOf(options);
  // Steps change who charges when: those that leave first are served once they stand.
  const easedWishes = stepped ? { ...wishes, urgentFirst: false } : wishes;
  const best = preferredPlan(eased, found.plan, 'continuous', easedWishes);
  const steady = steadyPlan(eased, best, 'continuous', backend);
  const { plan, relaxed, reasons, tree } = await heldPlan(problem, steady, found.multipliers, options);
  const repaired = now();
  const powers = stepped ? 'stepped' : 'continuous';
  const counted = stepped ? account(problem, plan, powers) : relaxed;
  const peakTree = tree === undefined ? {} : { peakTree: tree };
  const proof = proofOf(problem, { multipliers: found.multipliers, ...peakTree }, powers);
  const gap = (counted.objective - proof.bound) / Math.max(1, Math.abs(proof.bound));
  const claims = {
    status: statusOf(found, gap, options),
    objective: counted.objective,
    bound: proof.bound,
    gap,
    cost: counted.cost,
    ...plan,
    shortfallKwh: counted.shortfallKwh,
    peaksKw: counted.peaksKw,
    ...chargedOf(problem, counted),
    multipliers: found.multipliers,
    ...peakTree,
  };
  const { primalResidual } = counted;
  const { dualResidual } = proof;
  const valid =
    primalResidual <= residualMax &&
    dualResidual <= residualMax * Math.max(1, Math.abs(counted.objective)) &&
    gap >= -residualMax &&
    Number.isFinite(proof.bound);
  return {
    ...claims,
    solver: found.solver,
    duals: dualsOf(problem, found.multipliers),
    certificate: { primalResidual, dualResidual, valid },
    ...(found.warm === undefined ? {} : { warm: found.warm }),
    reasons: [...found.reasons, ...reasons],
    repairCost: stepped ? counted.objective - relaxed.objective : 0,
    timings: {
      buildMs: found.buildMs,
      solveMs: found.solveMs + (repaired - solved),
      checkMs: now() - repaired,
    },
  };
}

/** A problem in steps whose vehicles may feed back: the cheaper of two plans, against the bound of the continuous program. */
async function solveFeeding(given: DepotProblem, options: SolveOptions): Promise<Solution> {
  const still = await solveOne(chargingOnly(given), options);
  const found = await continuousAnswer(withSteppedCaps(given), options);
  const around = aroundFeeding(given, found.plan);
  const fed = around === undefined ? undefined : around.joined(await solveOne(around.problem, options));
  const plan = cheapest(given, fed === undefined ? [planIn(still)] : [planIn(still), planIn(fed)]);
  const counted = account(given, plan, 'stepped');
  const { bound, dualResidual } = dualBound(given, found.multipliers, 'stepped');
  const gap = (counted.objective - bound) / Math.max(1, Math.abs(bound));
  const { warm: _, onePhase: _none, ...others } = still;
  const feeds = plan.powerKw.some((kw) => kw.some((value) => value < 0));
  const valid =
    counted.primalResidual <= residualMax &&
    dualResidual <= residualMax * Math.max(1, Math.abs(counted.objective)) &&
    gap >= -residualMax &&
    Number.isFinite(bound);
  return {
    ...others,
    ...plan,
    status: statusOf(found, gap, options),
    solver: found.solver,
    objective: counted.objective,
    bound,
    gap,
    cost: counted.cost,
    shortfallKwh: counted.shortfallKwh,
    peaksKw: counted.peaksKw,
    ...chargedOf(given, counted),
    multipliers: found.multipliers,
    duals: dualsOf(given, found.multipliers),
    certificate: { primalResidual: counted.primalResidual, dualResidual, valid },
    reasons: [...found.reasons, feeds ? 'fed back in steps' : 'in steps nobody feeds back'],
    repairCost: counted.objective - account(given, found.plan).objective,
  };
}

/** The plan alone of what may be a whole solution. */
function planIn({ powerKw, batteryKw, pvKw, onePhase }: Plan): Plan {
  return {
    powerKw,
    ...(batteryKw === undefined ? {} : { batteryKw }),
    ...(pvKw === undefined ? {} : { pvKw }),
    ...(onePhase === undefined ? {} : { onePhase }),
  };
}

interface Tried {
  readonly picks: readonly number[];
  readonly solution: Solution;
  /** What the plan costs by the way that it is charged by. */
  readonly objective: number;
  /** Under which prices of tests it was made. */
  readonly worth?: Branch['worth'];
}

/** Most ways whose tests are priced, those with the lowest bounds first. */
const pricedWaysMax = 3;

/** Solves the ways of charging that can hold the best plan; all of them with what proves their bounds. */
async function triedWays(
  problem: DepotProblem,
  options: SolveOptions,
): Promise<{ readonly tried: readonly Tried[]; readonly branches: readonly Branch[] }> {
  const ways = new Ways(problem);
  const tried: Tried[] = [];
  let best = Infinity;
  const attempt = async (picks: readonly number[], worth?: Branch['worth']): Promise<Solution> => {
    const solution = await solveOne(branchOf(problem, picks, worth), { ...options, continuous: true });
    const { objective } = account(problem, solution);
    tried.push({ picks, solution, objective, ...(worth === undefined ? {} : { worth }) });
    best = Math.min(best, objective);
    return solution;
  };
  const plans = new Map<Way, Solution>();
  for (let way = ways.next(best); way !== undefined; way = ways.next(best)) {
    const solution = await attempt(way.picks);
    plans.set(way, solution);
    ways.take(way, solution.multipliers, best);
  }
  const goal = (): number => best - options.gap * Math.max(1, Math.abs(best));
  const loose = [...plans].sort(([a], [b]) => a.bound - b.bound).slice(0, pricedWaysMax);
  // Trials are worth their time where a solve takes milliseconds.
  for (const [way, plan] of isFlow(problem) ? loose : []) {
    const first = { plan, multipliers: plan.multipliers, bound: way.bound };
    await priceTests(problem, way.picks, first, {
      goal,
      trial: async (worth) => {
        const { multipliers, ...others } = await attempt(way.picks, worth);
        return { plan: others, multipliers, bound: ways.prove(way, multipliers, worth) };
      },
    });
  }
  const none = zeroMultipliers(problem);
  const branches = ways.all.map(({ picks, worth, multipliers = none }) => ({
    picks,
    multipliers,
    ...(worth === undefined ? {} : { worth }),
  }));
  return { tried, branches };
}

/** The plan that costs least by the way that it ends up charged by. */
async function solveChoices(problem: DepotProblem, options: SolveOptions): Promise<Solution> {
  const { previousKw, ...fresh } = problem;
  const { tried, branches } = await triedWays(fresh, options);
  const best = tried.reduce((least, one) => (one.objective < least.objective ? one : least));
  const stepped = !options.continuous && hasSteps(problem);
  const powers = stepped ? 'stepped' : 'continuous';
  const again = stepped || (previousKw?.size ?? 0) > 0;
  const branch = branchOf(problem, best.picks, best.worth);
  const made = again ? await solveOne(branch, options) : best.solution;
  const counted = account(problem, made, powers);
  const { bound, dualResidual } = branchesBound(problem, branches, powers);
  const gap = (counted.objective - bound) / Math.max(1, Math.abs(bound));
  const { primalResidual } = counted;
  const scale = Math.max(1, Math.abs(counted.objective));
  const sums = (pick: (of: Solution['timings']) => number): number =>
    tried.reduce((sum, { solution }) => sum + pick(solution.timings), again ? pick(made.timings) : 0);
  return {
    ...made,
    status: made.status === 'emergency' ? 'emergency' : gap <= options.gap ? 'optimal' : 'feasible',
    objective: counted.objective,
    bound,
    gap,
    cost: counted.cost,
    ...chargedOf(problem, counted),
    branches,
    certificate: {
      primalResidual,
      dualResidual,
      valid:
        primalResidual <= residualMax &&
        dualResidual <= residualMax * scale &&
        gap >= -residualMax &&
        Number.isFinite(bound),
    },
    reasons: [...choiceReasons(problem, tried, counted.picks), ...made.reasons],
    repairCost: stepped ? counted.objective - best.objective : 0,
    timings: {
      buildMs: sums((of) => of.buildMs),
      solveMs: sums((of) => of.solveMs),
      checkMs: sums((of) => of.checkMs),
    },
  };
}

/** Which way of charging was planned for, and what the others would have cost. */
function choiceReasons(problem: DepotProblem, tried: readonly Tried[], chosen: readonly number[]): string[] {
  const { choices = [] } = problem;
  const named = (picks: readonly number[]): string =>
    choices.map(({ id, options }, c) => `${id}: ${options[picks[c]].id}`).join(', ');
  const plain = tried.filter(({ worth }) => worth === undefined);
  const told = plain.map((one) => `planned for ${named(one.picks)} ${Number(one.objective.toPrecision(9))}`);
  const ways = choices.reduce((product, { options }) => product * options.length, 1);
  const different = new Set(tried.map(({ picks }) => picks.join())).size;
  const solved = different < ways ? `${different} of ${ways}` : String(ways);
  const priced = tried.length - plain.length;
  return [
    `${solved} ways of charging solved, ${named(chosen)} is cheapest (${told.join('; ')})`,
    ...(priced === 0 ? [] : [`${priced} more solves with a price on what decides the way`]),
  ];
}

/**
 * The best plan that an engine found, with its certificate. Asynchronous only because HiGHS loads once. Equal inputs
 * give equal outputs unless `options.nowMs` is set.
 */
export async function solve(problem: DepotProblem, options: SolveOptions): Promise<Solution> {
  return (problem.choices ?? []).length === 0 ? solveOne(problem, options) : solveChoices(problem, options);
}
