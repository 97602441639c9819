/** Gives vehicles what they lack, interval by interval, cheapest first; the plan stays feasible throughout. @module */
import { roomNoise } from './ledger.ts';
import type { Ledger } from './ledger.ts';
import { isContinuous, levelAbove, levelBelow, lowestLevel } from './levels.ts';
import type { Powers } from './plan.ts';
import type { DepotProblem } from './problem.ts';

/** Energy below which a vehicle counts as full, kWh. */
export const energyNoise = 1e-7;
/** A piece of power by which peaks are raised while filling, as a share of what is missing per interval. */
const pieceShare = 0.25;
/** Most pieces per session: a stop for data that no fleet has. */
const piecesMax = 20_000;

/** Dearest shortfall first, then least slack in time; a fixed order for equal ones. */
export function urgencyOrder(problem: DepotProblem): number[] {
  const { sessions, connectors, intervalH } = problem;
  const load = sessions.map(({ energyKwh, arrive, depart, connector }) => {
    const most = connectors[connector].maxKw * (depart - arrive) * intervalH;
    return most > 0 ? energyKwh / most : 0;
  });
  return sessions
    .map((_, s) => s)
    .sort((a, b) => sessions[b].shortfallPrice - sessions[a].shortfallPrice || load[b] - load[a] || a - b);
}

/** Where the power of session `s` in `t` could go next, kW; its present power where nowhere. */
function nextPower(ledger: Ledger, s: number, t: number, powers: Powers, missing: number): number {
  const session = ledger.problem.sessions[s];
  const now = ledger.at(s, t);
  const highest = ledger.highest(s, t);
  if (highest <= now + roomNoise) return now;
  const wanted = now + missing / ledger.problem.intervalH;
  const below = now + ledger.belowPeaks(t);
  if (powers === 'continuous' || isContinuous(session)) {
    const piece = now + pieceShare * Math.min(highest - now, wanted - now);
    return Math.min(highest, wanted, below > now + roomNoise ? below : Math.max(piece, now + 0.1));
  }
  const most = levelBelow(session, highest);
  if (most <= now) return now;
  const next = Math.min(most, levelAbove(session, now + Math.max(roomNoise * 10, session.stepKw)));
  return Math.max(next, Math.min(most, levelAbove(session, wanted), levelBelow(session, below)));
}

/** Raises session `s` before interval `until` by what `lacking` tells, until nothing fits or more would cost too much. */
function fillUntil(ledger: Ledger, s: number, powers: Powers, until: number, lacking: () => number): void {
  const { sessions, intervalH } = ledger.problem;
  const { arrive, shortfallPrice } = sessions[s];
  for (let piece = 0; piece < piecesMax; piece++) {
    const missing = lacking();
    if (missing <= energyNoise) return;
    let best = -1;
    let bestKw = 0;
    let bestPrice = shortfallPrice;
    for (let t = arrive; t < until; t++) {
      const now = ledger.at(s, t);
      const kw = nextPower(ledger, s, t, powers, missing);
      if (kw <= now) continue;
      const useful = Math.min((kw - now) * intervalH, missing);
      const price = ledger.costOf(t, kw - now) / useful;
      if (price < bestPrice) {
        bestPrice = price;
        best = t;
        bestKw = kw;
      }
    }
    if (best < 0) return;
    ledger.set(s, best, bestKw);
  }
}

/** Raises session `s` until it is full, nothing fits, or more would cost above its shortfall price; milestones first. */
export function fillSession(ledger: Ledger, s: number, powers: Powers): void {
  const { depart, milestones = [] } = ledger.problem.sessions[s];
  for (const { by, energyKwh } of milestones) {
    fillUntil(ledger, s, powers, by, () => Math.min(ledger.missing(s), ledger.missingBy(s, by, energyKwh)));
  }
  fillUntil(ledger, s, powers, depart, () => ledger.missing(s));
}

/** Takes back what rounding gave above the energy asked for, from the dearest intervals first. */
export function trimSession(ledger: Ledger, s: number): void {
  const { sessions, intervalH } = ledger.problem;
  const session = sessions[s];
  for (let t = session.depart - 1; t >= session.arrive; t--) {
    const now = ledger.at(s, t);
    const spare = -ledger.missing(s) / intervalH;
    if (now <= 0 || spare <= 0) continue;
    const kw = levelAbove(session, Math.max(0, now - spare));
    if (kw < now && (kw === 0 || kw >= lowestLevel(session))) ledger.set(s, t, kw);
  }
}
