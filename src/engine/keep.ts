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

/** Energy that the plan in force may leave missing where a new one would not, kWh: full vehicles come before money. */
const shortfallMaxKwh = 0.001;

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
    peaksKw: listOf(counted.peaksKw),
  };
}

/** The plan to go on with: the one in force where the new one saves too little. */
export function steadier(solved: SolvedPlan, kept: KeptPlan | undefined): SolvedPlan {
  if (kept === undefined) return solved;
  const isShort = kept.shortfallKwh.some(
    (kwh, i) => kwh > shortfallMaxKwh && kwh > (solved.shortfallKwh[i] ?? 0) + shortfallMaxKwh,
  );
  if (isShort) return solved;
  const gain = kept.objective - solved.objective;
  if (gain > gainShare * Math.abs(kept.energyCost)) return solved;
  const { onePhase: _, ...others } = solved;
  const gap = Math.max(0, kept.objective - solved.bound) / Math.max(1, Math.abs(solved.bound));
  const { energyCost: _cost, ...rest } = kept;
  return { ...others, ...rest, gap, isKept: true };
}
