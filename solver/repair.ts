/**
 * Turns a plan of any powers into one that chargers can hold: every power is 0 or a step from the minimum on, no limit
 * is exceeded, and vehicles still get what they were promised where any plan of steps can. Money above the plan that
 * came in is the price of the steps.
 * @module
 */
import { settleLowPowers } from './exchange.ts';
import { energyNoise, fillSession, trimSession, urgencyOrder } from './fill.ts';
import { Ledger, roomNoise } from './ledger.ts';
import { isContinuous, levelBelow } from './levels.ts';
import type { DepotProblem } from './problem.ts';
import { shavePeaks } from './shave.ts';

/** Most attempts to make room for one vehicle by moving another. */
const swapsMax = 400;

/** Whether any session of the problem has a minimum power or a step. */
export function hasSteps(problem: DepotProblem): boolean {
  return problem.sessions.some((session) => !isContinuous(session));
}

interface Move {
  readonly s: number;
  readonly t: number;
  readonly kw: number;
}

function undo(ledger: Ledger, moves: readonly Move[]): void {
  for (let i = moves.length - 1; i >= 0; i--) ledger.set(moves[i].s, moves[i].t, moves[i].kw);
}

function snapshot(ledger: Ledger, s: number): Move[] {
  const { arrive } = ledger.problem.sessions[s];
  return Array.from(ledger.powerKw[s], (kw, i) => ({ s, t: arrive + i, kw }));
}

/**
 * Lowers `mate` in interval `t`, lets `s` in, and fills `mate` again elsewhere. Kept only if both together lack less
 * than before, weighed by what they pay for it.
 */
function swap(ledger: Ledger, s: number, mate: number, t: number): boolean {
  const { sessions } = ledger.problem;
  const worth = (): number =>
    [s, mate].reduce((sum, v) => sum + Math.max(0, ledger.missing(v)) * sessions[v].shortfallPrice, 0);
  const before = worth();
  const moves = [...snapshot(ledger, mate), ...snapshot(ledger, s)];
  ledger.set(mate, t, 0);
  fillSession(ledger, s, 'stepped');
  fillSession(ledger, mate, 'stepped');
  if (worth() < before - energyNoise) return true;
  const restored = (move: Move): boolean => ledger.at(move.s, move.t) !== move.kw;
  const changed = moves.filter(restored);
  // Lowering first keeps every intermediate state feasible.
  undo(
    ledger,
    changed.filter((move) => ledger.at(move.s, move.t) < move.kw),
  );
  undo(
    ledger,
    changed.filter((move) => ledger.at(move.s, move.t) > move.kw),
  );
  return false;
}

/** Tries to fill `s` by moving those that charge beside it. */
function makeRoom(ledger: Ledger, s: number): void {
  const { sessions } = ledger.problem;
  const { arrive, depart } = sessions[s];
  let tries = 0;
  for (let t = arrive; t < depart; t++) {
    // No room beside others helps where the vehicle itself takes no more.
    if (ledger.at(s, t) >= levelBelow(sessions[s], ledger.capAt(s, t)) - roomNoise) continue;
    for (let mate = 0; mate < sessions.length; mate++) {
      const other = sessions[mate];
      if (mate === s || t < other.arrive || t >= other.depart) continue;
      if (ledger.at(mate, t) <= 0) continue;
      if (++tries > swapsMax) return;
      swap(ledger, s, mate, t);
      if (ledger.missing(s) <= energyNoise) return;
    }
  }
}

/** The problem with powers that no step reaches taken off the vehicles' maxima. */
export function withSteppedCaps(problem: DepotProblem): DepotProblem {
  const sessions = problem.sessions.map((session) => {
    const { maxKw, connector, arrive, depart } = session;
    const capKw = problem.connectors[connector].maxKw;
    const level = (kw: number): number => levelBelow(session, Math.max(0, Math.min(kw, capKw)));
    if (isContinuous(session)) return session;
    if (typeof maxKw === 'number') return { ...session, maxKw: level(maxKw) };
    return { ...session, maxKw: maxKw.subarray(0, Math.max(0, depart - arrive)).map(level) };
  });
  return { ...problem, sessions };
}

/** What the repair starts from. */
export interface RepairInput {
  readonly problem: DepotProblem;
  readonly powerKw: readonly Float64Array[];
  readonly peaksKw: Float64Array;
  /** [T] what the plan before the repair draws, where site charges are paid by it. */
  readonly drawnKw?: Float64Array;
  /** [T] what battery and PV add on the grid connection, kW. */
  readonly siteExtraKw?: Float64Array;
}

/** Powers that chargers can hold, near the given ones. */
export function repairPowers(input: RepairInput): Float64Array[] {
  const { problem, powerKw, peaksKw } = input;
  const ledger = new Ledger(problem, input.siteExtraKw);
  ledger.raisePeaks(peaksKw, input.drawnKw);
  for (const [s, { arrive }] of problem.sessions.entries()) {
    for (const [i, kw] of powerKw[s].entries()) {
      ledger.set(s, arrive + i, Math.min(kw, ledger.highest(s, arrive + i)));
    }
  }
  settleLowPowers(ledger);
  for (const [s, session] of problem.sessions.entries()) {
    for (const [i, kw] of ledger.powerKw[s].entries()) {
      ledger.set(s, session.arrive + i, levelBelow(session, kw));
    }
  }
  const order = urgencyOrder(problem);
  for (const s of order) fillSession(ledger, s, 'stepped');
  for (const s of order) if (ledger.missing(s) > energyNoise) makeRoom(ledger, s);
  for (const s of order) trimSession(ledger, s);
  shavePeaks(ledger, peaksKw);
  for (const s of order) trimSession(ledger, s);
  return ledger.powerKw.map((kw) => kw.slice());
}
