/**
 * Stations that can change between one phase and three: on one phase a vehicle charges with a third of the least power. A
 * stay that changes is planned as two stays on one connector, one of them of a one-phase vehicle, with an interval of
 * rest between them; whatever plans a depot can then plan this one. Only plans in steps have a use for it: without a least
 * power three phases do all that one can. Source: docs/model.md, "Phase switching".
 * @module
 */
import { powerCap } from './exposure.ts';
import { lowestLevel } from './levels.ts';
import type { Plan } from './plan.ts';
import type { DepotProblem, Session } from './problem.ts';

/** Energy, kWh, below which a change is not worth its trouble. */
const displacedMin = 1e-3;
/** Most depots with changes that are planned one after the other, and most (session, interval) pairs of all of them. */
const triesMax = 6;
const triedPairsMax = 4_000;
/** Share of the cost that a change must save, so that rounding does not switch contactors. */
const gainShare = 1e-4;

/** The part of a stay on one phase, as intervals of the stay; from its start, to its end, or both. */
interface OnePhase {
  readonly from: number;
  readonly to: number;
}

/** One-phase parts by session. */
type Modes = ReadonlyMap<number, OnePhase>;

/** Whether the session may be charged on one phase of a socket with three. */
function mayChange({ connectors }: DepotProblem, session: Session): boolean {
  const { phaseSwitches, phases, taper = [], milestones = [], feedBack } = session;
  const alone = taper.length === 0 && milestones.length === 0 && feedBack === undefined;
  return (
    phaseSwitches !== undefined &&
    phases === 3 &&
    connectors[session.connector].rotation.length === 3 &&
    alone &&
    lowestLevel(session) > 0
  );
}

/** Energy of `kw` that neither of the two ways of charging can give as it stands, kWh per interval of the stay. */
function displacedBy(
  problem: DepotProblem,
  s: number,
  kw: Float64Array,
): Record<'one' | 'three', Float64Array> {
  const session = problem.sessions[s];
  const connector = problem.connectors[session.connector];
  const lowest = lowestLevel(session);
  const { intervalH: h } = problem;
  return {
    three: kw.map((value) => (value < lowest ? value : 0) * h),
    one: kw.map((value, i) => {
      const most = powerCap(session, connector, session.arrive + i) / 3;
      return (value < lowest / 3 ? value : Math.max(0, value - most)) * h;
    }),
  };
}

/** Sums of the first m values. */
function prefix(values: Float64Array): Float64Array {
  const sums = new Float64Array(values.length + 1);
  for (let i = 0; i < values.length; i++) sums[i + 1] = sums[i] + values[i];
  return sums;
}

/** A part to try, and how much less of the continuous plan it displaces than three phases do, kWh. */
interface Wish {
  readonly s: number;
  readonly part: OnePhase;
  readonly saved: number;
}

/** Whether the stay is long enough for one phase, and its mean power below the least of three. */
function isSlow(problem: DepotProblem, s: number): boolean {
  const session = problem.sessions[s];
  const connector = problem.connectors[session.connector];
  let most = 0;
  for (let t = session.arrive; t < session.depart; t++) most += powerCap(session, connector, t) / 3;
  const meanKw = session.energyKwh / problem.intervalH / (session.depart - session.arrive);
  return meanKw < lowestLevel(session) && session.energyKwh <= most * problem.intervalH;
}

/**
 * The one-phase part that displaces least of `kw`; where none does better than three phases, all of a slow stay, whose
 * continuous plan may stand at one corner of many. Undefined where there is neither.
 */
function wishOf(problem: DepotProblem, s: number, kw: Float64Array): Wish | undefined {
  const stay = kw.length;
  const displaced = displacedBy(problem, s, kw);
  const [one, three, all] = [displaced.one, displaced.three, kw.map((v) => v * problem.intervalH)].map(
    prefix,
  );
  let best: OnePhase = { from: 0, to: stay };
  let least = one[stay];
  // Rest is the last interval of the first part.
  for (let x = 2; x < stay && (problem.sessions[s].phaseSwitches ?? 0) > 0; x++) {
    const rest = all[x] - all[x - 1];
    const late = three[x - 1] + rest + one[stay] - one[x];
    const early = one[x - 1] + rest + three[stay] - three[x];
    if (late < least) [least, best] = [late, { from: x, to: stay }];
    if (early < least) [least, best] = [early, { from: 0, to: x - 1 }];
  }
  const saved = three[stay] - least;
  if (saved > displacedMin) return { s, part: best, saved };
  return isSlow(problem, s) ? { s, part: { from: 0, to: stay }, saved: 0 } : undefined;
}

/** Part [from, to) of a stay as a session of its own. */
function partOf(session: Session, from: number, to: number, phases: 1 | 3, energyKwh: number): Session {
  const share = phases === 1 ? 1 / 3 : 1;
  const { maxKw, minKw, stepKw } = session;
  return {
    ...session,
    id: `${session.id}#${phases}`,
    arrive: session.arrive + from,
    depart: session.arrive + to,
    energyKwh,
    phases,
    maxKw: typeof maxKw === 'number' ? maxKw * share : maxKw.slice(from, to).map((kw) => kw * share),
    minKw: minKw * share,
    stepKw: stepKw * share,
  };
}

/** A depot whose changing stays are two sessions each, and the way back. */
interface SplitDepot {
  readonly problem: DepotProblem;
  /** The plan of the depot as it was, from one of this. */
  readonly joined: (plan: Plan) => Plan;
}

/** Intervals of the part on three phases: what is left without an interval of rest; undefined where nothing is. */
function threePhaseOf({ from, to }: OnePhase, stay: number): OnePhase | undefined {
  if (from > 1) return { from: 0, to: from - 1 };
  return from === 0 && to + 1 < stay ? { from: to + 1, to: stay } : undefined;
}

/** `problem` with the one-phase parts of `modes`; energy is shared as `powerKw` has it. */
function splitBy(problem: DepotProblem, modes: Modes, powerKw: readonly Float64Array[]): SplitDepot {
  const sessions: Session[] = [];
  const places: { readonly s: number; readonly from: number }[] = [];
  const previousKw = new Map<string, Float64Array>(problem.previousKw);
  const add = (s: number, part: Session, { from, to }: OnePhase): void => {
    sessions.push(part);
    places.push({ s, from });
    const before = problem.previousKw?.get(problem.sessions[s].id);
    if (before !== undefined) previousKw.set(part.id, before.slice(from, to));
  };
  for (const [s, session] of problem.sessions.entries()) {
    const part = modes.get(s);
    const stay = powerKw[s].length;
    if (part === undefined) {
      add(s, session, { from: 0, to: stay });
      continue;
    }
    const rest = threePhaseOf(part, stay);
    const connector = problem.connectors[session.connector];
    let alone = 0;
    for (let i = part.from; i < part.to; i++) {
      const most = powerCap(session, connector, session.arrive + i) / 3;
      alone += Math.min(powerKw[s][i], most) * problem.intervalH;
    }
    const energyKwh = rest === undefined ? session.energyKwh : Math.min(alone, session.energyKwh);
    add(s, partOf(session, part.from, part.to, 1, energyKwh), part);
    if (rest !== undefined) {
      add(s, partOf(session, rest.from, rest.to, 3, session.energyKwh - energyKwh), rest);
    }
  }
  const joined = (plan: Plan): Plan => {
    const whole = problem.sessions.map((_, s) => new Float64Array(powerKw[s].length));
    const onePhase = problem.sessions.map((_, s) => {
      const flags = new Uint8Array(powerKw[s].length);
      const part = modes.get(s);
      return part === undefined ? flags : flags.fill(1, part.from, part.to);
    });
    for (const [i, { s, from }] of places.entries()) whole[s].set(plan.powerKw[i], from);
    return { ...plan, powerKw: whole, onePhase };
  };
  const split = { ...problem, sessions };
  return { problem: problem.previousKw === undefined ? split : { ...split, previousKw }, joined };
}

/** How a depot without changes is planned in steps, and what a plan of this one costs. */
export interface PhasePlanner {
  readonly plan: (problem: DepotProblem) => Promise<Plan>;
  /** Infinity where the plan breaks a limit. */
  readonly cost: (plan: Plan) => number;
}

/**
 * `first`, or a cheaper plan in which some stays are charged on one phase for a part. `relaxed` is the continuous plan: its
 * powers below the least of three phases say where. All that promise something are tried together, then the others one
 * by one.
 */
export async function withPhaseChanges(
  problem: DepotProblem,
  relaxed: Plan,
  first: Plan,
  planner: PhasePlanner,
): Promise<Plan> {
  const wishes = problem.sessions
    .flatMap((session, s) => {
      const found = mayChange(problem, session) ? wishOf(problem, s, relaxed.powerKw[s]) : undefined;
      return found === undefined ? [] : [found];
    })
    .sort((a, b) => b.saved - a.saved || a.s - b.s);
  if (wishes.length === 0) return first;
  let best = first;
  let least = planner.cost(first);
  let kept: Modes = new Map();
  const attempt = async (modes: Modes): Promise<boolean> => {
    const split = splitBy(problem, modes, relaxed.powerKw);
    const plan = split.joined(await planner.plan(split.problem));
    const cost = planner.cost(plan);
    if (cost >= least - gainShare * Math.max(1, Math.abs(least))) return false;
    [best, least, kept] = [plan, cost, modes];
    return true;
  };
  const sure = wishes.filter(({ saved }) => saved > 0);
  if (sure.length > 1) await attempt(new Map(sure.map(({ s, part }) => [s, part] as const)));
  const pairs = relaxed.powerKw.reduce((sum, kw) => sum + kw.length, 0);
  const tries = Math.max(1, Math.min(triesMax, Math.floor(triedPairsMax / pairs)));
  for (const { s, part } of wishes.filter(({ s }) => !kept.has(s)).slice(0, tries)) {
    await attempt(new Map([...kept, [s, part]]));
  }
  return best;
}
