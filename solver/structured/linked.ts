/**
 * Limits that the tree cannot say, one by one: the network without them is solved, a plan that breaks some brings them
 * back, and the next solve goes on from there. A plan that breaks none is the best of all, as the network without them
 * bounds every plan. Source: docs/model.md, "Structure".
 * @module
 */
import type { Found } from '../full.ts';
import type { Plan } from '../plan.ts';
import type { SolveOptions } from '../problem.ts';
import { eased } from './easing.ts';
import { brokenBy, linksFor, linksFrom } from './links.ts';
import type { Links } from './links.ts';

/**
 * Most limits brought back and most rounds: at least, and for so many pairs of a vehicle and an interval one more; and the
 * most intervals in which limits are back, as a share of all. Where phases bind most of the time the whole program is
 * faster, and what was spent until then is lost.
 */
const linksMin = 64;
const pairsPerLink = 50;
const roundsMin = 16;
const pairsPerRound = 400;
const intervalsMin = 12;
const intervalShare = 1 / 3;
/** What a plan may break in the end, kW: half of what the certificate allows. */
const brokenMax = 5e-7;

/** One solve with the limits known so far. */
export interface Solved {
  readonly found: Found;
  readonly rounds: number;
  readonly flows: number;
  /** [times] slot of each interval, and of other times. */
  readonly slotOf: Int32Array;
}

/** `found` with the plan `plan`, from which the next solve begins too. */
function withPowers({ loads }: Links, found: Found, plan: Plan): Found {
  if (found.warm === undefined) return { ...found, plan };
  const { sessions } = loads.limits.problem;
  const stays = new Map(
    sessions.map(({ id, arrive }, s) => [id, { arrive, powerKw: plan.powerKw[s] }] as const),
  );
  return { ...found, plan, warm: { ...found.warm, stays } };
}

/** `found` with the limits that bound, for the next solve. */
function withLinks(links: Links, found: Found): Found {
  if (found.warm === undefined || links.count === 0) return found;
  return { ...found, warm: { ...found.warm, links: linksFor(links, found.multipliers) } };
}

/** Solves with more and more links until the plan breaks none. */
export function solveLinked(
  first: Links,
  options: SolveOptions,
  solveWith: (links: Links, options: SolveOptions) => Solved,
): Found {
  let links =
    (options.warm === undefined ? undefined : first.with(linksFrom(first.loads, options.warm))) ?? first;
  let rounds = 0;
  let flows = 0;
  let buildMs = 0;
  let solveMs = 0;
  let warm = options.warm;
  const pairs = first.loads.capKw.reduce((sum, { length }) => sum + length, 0);
  const linksMax = linksMin + pairs / pairsPerLink;
  const roundsMax = roundsMin + pairs / pairsPerRound;
  const intervalsMax = Math.max(intervalsMin, intervalShare * first.loads.limits.problem.intervals);
  for (let solves = 1; ; solves++) {
    const most = options.iterationsMax === undefined ? {} : { iterationsMax: options.iterationsMax - rounds };
    const solved = solveWith(links, { ...options, ...most, ...(warm === undefined ? {} : { warm }) });
    rounds += solved.rounds;
    flows += solved.flows;
    buildMs += solved.found.buildMs;
    solveMs += solved.found.solveMs;
    const limits = `${links.count} limits beside the tree in ${solves} solves`;
    const reasons = [`${rounds} rounds, ${flows} flows, ${limits}`];
    let found: Found = { ...solved.found, reasons, buildMs, solveMs };
    if (found.ended !== 'optimal') return found;
    let broken = brokenBy(links.loads, links.loads.of(found.plan));
    if (broken.length > 0) {
      const easing = eased(links.loads, solved.slotOf, { plan: found.plan, broken, intervalsMax });
      found = withPowers(links, found, easing.plan);
      broken = brokenBy(links.loads, easing.load);
    }
    if (broken.length === 0) return withLinks(links, found);
    const more = links.with(broken);
    if (more === undefined) {
      const holds = broken.every(({ byKw }) => byKw <= brokenMax);
      return holds ? withLinks(links, found) : { ...found, ended: 'failed' };
    }
    if (options.iterationsMax !== undefined && rounds >= options.iterationsMax) {
      return { ...found, ended: 'limit' };
    }
    if (more.count > linksMax || more.at.size > intervalsMax || rounds > roundsMax) {
      return {
        ...found,
        ended: 'failed',
        reasons: [...reasons, 'more limits bind beside the tree than pay'],
      };
    }
    links = more;
    // A network in which no peak can rise is solved without cuts, and leaves no sets.
    const sets = found.warm?.sets.length === 0 ? (warm?.sets ?? []) : found.warm?.sets;
    warm = found.warm === undefined || sets === undefined ? undefined : { ...found.warm, sets, advanced: 0 };
  }
}
