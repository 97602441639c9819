/**
 * Feeding back beside vehicles that charge in steps: what the continuous plan feeds back, and what those vehicles charge, is
 * rounded to their steps along the way of their store and stands; all others, and what is still lacking, are planned around it as
 * in a depot where nobody feeds back. Source: docs/model.md, "Feeding back".
 * @module
 */
import { exposureFactor, pathsOf } from './exposure.ts';
import { isContinuous, levelBelow } from './levels.ts';
import type { Plan } from './plan.ts';
import type { CircuitNode, DepotProblem, Session } from './problem.ts';

/** Power below which nothing is fed back, kW. */
const backMin = 1e-6;

/** A depot around vehicles whose power stands, and the plan of the whole. */
export interface StandingDepot {
  readonly problem: DepotProblem;
  readonly joined: (plan: Plan) => Plan;
}

/** Whether a session may stand: alone on its power module, and without wishes on the way. */
function mayStand(
  { connectors }: DepotProblem,
  { connector, taper = [], milestones = [], feedBack }: Session,
): boolean {
  const plain = taper.length === 0 && milestones.length === 0;
  return feedBack !== undefined && plain && connectors[connector].module < 0;
}

/** The highest power at or below `kw` that the session can hold. */
function below(session: Session, kw: number): number {
  return isContinuous(session) ? Math.max(0, kw) : levelBelow(session, Math.max(0, kw));
}

/** `kw` in steps, no more in either direction, within the store; `spareKw` [T] is what may be fed back, and shrinks. */
function standing(
  problem: DepotProblem,
  session: Session,
  kw: Float64Array,
  spareKw: Float64Array,
): Float64Array {
  const { intervalH: h } = problem;
  const { lossFactor = 1, heldKwh = 0, roomKwh = 0 } = session.feedBack ?? {};
  let held = 0;
  return kw.map((value, i) => {
    const t = session.arrive + i;
    if (value >= 0) {
      const charged = below(session, Math.min(value, (Math.min(roomKwh, session.energyKwh) - held) / h));
      held += charged * h;
      return charged;
    }
    const most = Math.min(-value, (held + heldKwh) / (lossFactor * h), spareKw[t]);
    const back = most < backMin ? 0 : below(session, most);
    held -= lossFactor * back * h;
    spareKw[t] -= back;
    return back === 0 ? 0 : -back;
  });
}

/** Circuits without what standing powers take, in either direction, above their reserves. */
function beside(problem: DepotProblem, stand: ReadonlyMap<number, Float64Array>): CircuitNode[] {
  const { intervals, connectors, sessions } = problem;
  const paths = pathsOf(problem);
  const taken = problem.circuits.map(() => Array.from({ length: 4 }, () => new Float64Array(intervals)));
  for (const [s, kw] of stand) {
    const session = sessions[s];
    const connector = connectors[session.connector];
    const factor = exposureFactor(session, connector);
    for (const [i, value] of kw.entries()) {
      const seen = value < 0 ? -factor * value : Math.max(0, factor * value - connector.reserveKw);
      for (const g of seen > 0 ? paths[session.connector] : []) {
        taken[g][3][session.arrive + i] += seen;
        for (const pin of connector.rotation)
          taken[g][pin][session.arrive + i] += seen / connector.rotation.length;
      }
    }
  }
  const left = (limit: Float64Array, g: number, kind: number): Float64Array =>
    limit.map((kw, t) => (kw < 0 ? kw : Math.max(0, kw - taken[g][kind][t])));
  return problem.circuits.map((circuit, g): CircuitNode => {
    const [l1, l2, l3] = circuit.phaseLimitKw ?? [];
    return {
      ...circuit,
      limitKw: left(circuit.limitKw, g, 3),
      ...(l1 === undefined || l2 === undefined || l3 === undefined
        ? {}
        : { phaseLimitKw: [left(l1, g, 0), left(l2, g, 1), left(l3, g, 2)] }),
    };
  });
}

/** The depot around the vehicles that feed back in `plan`; undefined where none does in steps. */
export function aroundFeeding(problem: DepotProblem, plan: Plan): StandingDepot | undefined {
  const { fixedLoadKw, intervalH: h } = problem;
  const sells = problem.pv?.sellPrice !== undefined;
  // Nothing is fed in where nothing is sold, whatever the others do in the end.
  const spareKw = fixedLoadKw.map((kw) => (sells ? Infinity : Math.max(0, kw)));
  const stand = new Map<number, Float64Array>();
  for (const [s, session] of problem.sessions.entries()) {
    if (!mayStand(problem, session)) continue;
    const before = spareKw.slice();
    const kw = standing(problem, session, plan.powerKw[s], spareKw);
    if (kw.some((value) => value < 0)) stand.set(s, kw);
    else spareKw.set(before);
  }
  if (stand.size === 0) return undefined;
  const load = fixedLoadKw.slice();
  const sessions = problem.sessions.map((session, s): Session => {
    const { feedBack, ...others } = session;
    const kw = stand.get(s);
    if (kw === undefined) return others;
    let delivered = 0;
    for (const [i, value] of kw.entries()) {
      load[session.arrive + i] += value;
      delivered += value * h * (value < 0 ? (feedBack?.lossFactor ?? 1) : 1);
    }
    const own = (i: number): number => (typeof others.maxKw === 'number' ? others.maxKw : others.maxKw[i]);
    const maxKw = kw.map((value, i) => (value === 0 ? Math.max(0, own(i)) : 0));
    return { ...others, maxKw, energyKwh: Math.max(0, session.energyKwh - delivered) };
  });
  const joined = (around: Plan): Plan => ({
    ...around,
    powerKw: around.powerKw.map((kw, s) => kw.map((value, i) => value + (stand.get(s)?.[i] ?? 0))),
  });
  return { problem: { ...problem, sessions, fixedLoadKw: load, circuits: beside(problem, stand) }, joined };
}
