/**
 * Stability: the plan in force is counted out on the new problem, and goes on unless a new one is worth its messages.
 * @module
 */
import { account } from '#solver/certificate/account';
import type { DepotProblem, Session } from '#solver/problem';
import type { SolvedPlan } from './input.ts';
import { phasesInForce } from './phase-changes.ts';
import type { KeptPlan, PlannedSession } from './state.ts';

/** Break of a limit that the plan in force may show on the new problem, kW: as much as the certificate of any plan. */
const residualMaxKw = 1e-6;
/** Part of the energy cost that a new plan must save to be taken. */
const gainShare = 0.002;

/** Energy that the plan in force may leave missing beyond a new one, kWh: full vehicles come before money. */
const shortfallMaxKwh = 0.001;
/**
 * Where not all can be served: part by which the vehicle that lacks the largest share of its energy must lack less for a
 * new plan to be taken, and part by which all together may lack more then; a plan in force is asked for less.
 */
const fairerShare = 0.1;
const moreMissingShare = 0.02;

/** What is needed to count the plan in force out. */
interface Standing {
  readonly problem: DepotProblem;
  readonly sessions: readonly PlannedSession[];
  /** Hours of the first interval that are over. */
  readonly goneH: number;
}

/**
 * A row without the energy that its vehicle no longer needs, dearest intervals first, later before earlier. What is less
 * than the smallest power for an interval stays.
 */
function trimmed(
  row: Float64Array,
  session: Session,
  surplusKwh: number,
  problem: DepotProblem,
): Float64Array {
  const { price, intervalH } = problem;
  const cut = row.slice();
  let restKw = surplusKwh / intervalH;
  const order = [...cut.keys()].sort(
    (a, b) => (price[session.arrive + b] ?? 0) - (price[session.arrive + a] ?? 0) || b - a,
  );
  for (const i of order) {
    const kw = cut[i] ?? 0;
    const step = session.stepKw;
    const less = step > 0 ? Math.floor(restKw / step + 1e-9) * step : restKw;
    if (kw <= 0 || less <= 0) continue;
    const left = kw <= restKw ? 0 : Math.max(session.minKw, kw - less);
    if (left >= kw) continue;
    cut[i] = left;
    restKw -= kw - left;
  }
  return cut;
}

/** The numbers of a row as a list: a spread of it takes ten times as long. */
function listOf(row: Float64Array): readonly number[] {
  const list: number[] = [];
  for (let t = 0; t < row.length; t++) list.push(row[t] ?? 0);
  return list;
}

/** The plan in force on a new problem; undefined where it lacks a session or breaks a limit. */
export function keptPlanOf({ problem, sessions, goneH }: Standing): KeptPlan | undefined {
  const powerKw: Float64Array[] = [];
  const asked = [];
  for (const [i, session] of problem.sessions.entries()) {
    const row = problem.previousKw?.get(session.id);
    const leastKwh = sessions[i]?.leastKwh ?? session.energyKwh;
    if (row === undefined) return undefined;
    const lostKwh = session.arrive === 0 ? goneH * (row[0] ?? 0) : 0;
    let plannedKw = 0;
    for (let t = 0; t < row.length; t++) plannedKw += row[t] ?? 0;
    const plannedKwh = plannedKw * problem.intervalH;
    const energyKwh = Math.max(leastKwh + lostKwh, Math.min(session.energyKwh, plannedKwh));
    const surplusKwh = plannedKwh - energyKwh;
    // On one phase powers have steps of their own: such a row stays as it is.
    const isPlain = sessions[i]?.onePhase === undefined;
    powerKw.push(surplusKwh > 0 && isPlain ? trimmed(row, session, surplusKwh, problem) : row);
    asked.push({ ...session, energyKwh });
  }
  const phases = phasesInForce(sessions);
  const onePhase = phases?.map((row) => Uint8Array.from(row));
  const plan = { powerKw, ...(onePhase === undefined ? {} : { onePhase }) };
  const counted = account({ ...problem, sessions: asked }, plan, 'stepped');
  if (counted.primalResidual > residualMaxKw) return undefined;
  return {
    objective: counted.objective,
    energyCost: counted.cost.energy + counted.cost.earliness,
    powerKw: powerKw.map(listOf),
    ...(phases === undefined ? {} : { onePhase: phases }),
    shortfallKwh: listOf(counted.shortfallKwh),
    wishes: asked.map(({ energyKwh, shortfallPrice }) => ({ energyKwh, shortfallPrice })),
    peaksKw: listOf(counted.peaksKw),
  };
}

/** What a plan leaves missing. */
interface Missing {
  /** By the shortfall prices. */
  readonly cost: number;
  /** The largest share of its energy that any vehicle lacks. */
  readonly worstShare: number;
}

function missingOf(kept: KeptPlan, shortfallKwh: readonly number[]): Missing {
  let cost = 0;
  let worstShare = 0;
  for (const [i, { energyKwh, shortfallPrice }] of kept.wishes.entries()) {
    const kwh = shortfallKwh[i] ?? 0;
    cost += kwh * shortfallPrice;
    if (energyKwh > 0) worstShare = Math.max(worstShare, kwh / energyKwh);
  }
  return { cost, worstShare };
}

/** Whether a new plan leaves less missing in all, or as much and shares it better. What only goes from one to another does not count. */
function servesMore(kept: KeptPlan, solved: SolvedPlan): boolean {
  const [before, after] = [missingOf(kept, kept.shortfallKwh), missingOf(kept, solved.shortfallKwh)];
  const mostPrice = kept.wishes.reduce((most, { shortfallPrice }) => Math.max(most, shortfallPrice), 0);
  if (before.cost > after.cost + shortfallMaxKwh * mostPrice) return true;
  const isFairer = before.worstShare * (1 - fairerShare) > after.worstShare;
  return isFairer && after.cost <= before.cost * (1 + moreMissingShare);
}

/** The plan to go on with: the one in force where the new one saves too little. */
export function steadier(solved: SolvedPlan, kept: KeptPlan | undefined): SolvedPlan {
  if (kept === undefined) return solved;
  if (servesMore(kept, solved)) return solved;
  const gain = kept.objective - solved.objective;
  if (gain > gainShare * Math.abs(kept.energyCost)) return solved;
  const { onePhase: _, ...others } = solved;
  const gap = Math.max(0, kept.objective - solved.bound) / Math.max(1, Math.abs(solved.bound));
  const { energyCost: _cost, wishes: _wishes, ...rest } = kept;
  return { ...others, ...rest, gap, isKept: true };
}
