/**
 * Preferences between vehicles, after the optimum and never in it: few charging starts, no powers below a charger's
 * minimum, and those that leave first charge first. Two vehicles exchange power between two intervals, so that every
 * circuit and every cost stays as it is. Source: docs/model.md, "Preferences".
 * @module
 */
import { account } from './certificate/account.ts';
import { residualMax } from './certificate/verify.ts';
import { powerCap } from './exposure.ts';
import { Ledger, roomNoise } from './ledger.ts';
import { isContinuous, levelBelow } from './levels.ts';
import type { Plan, Powers } from './plan.ts';
import type { DepotProblem } from './problem.ts';
import { siteExtraOf } from './site-flows.ts';

/** Power above which a vehicle counts as charging, kW. */
const onKw = 1e-6;
/** Passes over all vehicles; later ones see what earlier ones freed. */
const passesMax = 4;
/** Pairs of a vehicle and an interval looked at for one exchange. */
const triesMax = 3_000;
/** Share of the cost that rounding may add. */
const equalShare = 1e-9;

/** Charging starts of one stay. */
function startsOf(kw: ArrayLike<number>): number {
  let starts = 0;
  for (let i = 0; i < kw.length; i++) if (kw[i] > onKw && (i === 0 || kw[i - 1] <= onKw)) starts++;
  return starts;
}

/** Charging starts of a plan. */
export function chargingStarts(powerKw: readonly Float64Array[]): number {
  return powerKw.reduce((sum, kw) => sum + startsOf(kw), 0);
}

interface Cell {
  readonly t: number;
  readonly kw: number;
}

class Exchanges {
  readonly #ledger: Ledger;
  readonly #problem: DepotProblem;
  readonly #powers: Powers;
  /** Sessions whose energy may move in time. */
  readonly #isFree: readonly boolean[];
  /** [T] free sessions that are there. */
  readonly #present: readonly number[][];

  constructor(problem: DepotProblem, ledger: Ledger, powers: Powers) {
    this.#ledger = ledger;
    this.#problem = problem;
    this.#powers = powers;
    this.#isFree = problem.sessions.map(
      ({ taper = [], milestones = [], feedBack }) =>
        taper.length === 0 && milestones.length === 0 && feedBack === undefined,
    );
    this.#present = Array.from({ length: problem.intervals }, () => []);
    for (const [s, { arrive, depart }] of problem.sessions.entries()) {
      if (this.#isFree[s]) for (let t = arrive; t < depart; t++) this.#present[t].push(s);
    }
  }

  /** Whether session `s` could hold `kw` in `t` by itself. */
  #holds(s: number, t: number, kw: number): boolean {
    const session = this.#problem.sessions[s];
    if (kw > powerCap(session, this.#problem.connectors[session.connector], t) + roomNoise) return false;
    if (kw <= onKw || this.#powers === 'continuous' || isContinuous(session)) return true;
    return levelBelow(session, kw + roomNoise) > kw - 1e-7;
  }

  /**
   * What is worth avoiding about `kw` in `t`: a start of its own, a break in the middle of charging, and a power that no
   * charger holds. `beside` stands for what another interval will be.
   */
  #burden(s: number, t: number, kw: number, beside?: Cell): number {
    const { arrive, depart, minKw } = this.#problem.sessions[s];
    const isOn = (at: number): boolean => {
      if (at < arrive || at >= depart) return false;
      return (beside?.t === at ? beside.kw : this.#ledger.at(s, at)) > onKw;
    };
    const neighbours = (isOn(t - 1) ? 1 : 0) + (isOn(t + 1) ? 1 : 0);
    if (kw <= onKw) return neighbours === 2 ? 1 : 0;
    return (kw < minKw - 1e-7 ? 1 : 0) + (neighbours === 0 ? 1 : 0);
  }

  /** Change of burden when session `s` moves `kw` from `from` to `to`. */
  #change(s: number, from: number, to: number, kw: number): number {
    const [a, b] = [this.#ledger.at(s, from), this.#ledger.at(s, to)];
    const left = { t: from, kw: a - kw };
    const leaving = this.#burden(s, from, left.kw) - this.#burden(s, from, a);
    return leaving + this.#burden(s, to, b + kw, left) - this.#burden(s, to, b, left);
  }

  /** Carries out the exchange if every limit allows it. */
  #exchange(s: number, mate: number, from: number, to: number, kw: number): boolean {
    const ledger = this.#ledger;
    const clean = (value: number): number => (value <= onKw * 1e-3 ? 0 : value);
    const before = [ledger.at(s, from), ledger.at(s, to), ledger.at(mate, from), ledger.at(mate, to)];
    ledger.set(s, from, clean(before[0] - kw));
    ledger.set(mate, to, clean(before[3] - kw));
    if (before[1] + kw <= ledger.highest(s, to) + roomNoise) {
      ledger.set(s, to, before[1] + kw);
      if (before[2] + kw <= ledger.highest(mate, from) + roomNoise) {
        ledger.set(mate, from, before[2] + kw);
        return true;
      }
      ledger.set(s, to, before[1]);
    }
    ledger.set(mate, to, before[3]);
    ledger.set(s, from, before[0]);
    return false;
  }

  /** Tries to take session `s` out of interval `from`, for fewer burdens of it and a mate together. */
  #settle(s: number, from: number): boolean {
    const ledger = this.#ledger;
    const { arrive, depart } = this.#problem.sessions[s];
    const kw = ledger.at(s, from);
    let tries = 0;
    for (let to = arrive; to < depart; to++) {
      if (to === from || !this.#holds(s, to, ledger.at(s, to) + kw)) continue;
      const own = this.#change(s, from, to, kw);
      if (own > 0) continue;
      for (const mate of this.#present[to]) {
        if (mate === s || ledger.at(mate, to) < kw) continue;
        const other = this.#problem.sessions[mate];
        if (from < other.arrive || from >= other.depart) continue;
        if (++tries > triesMax) return false;
        const left = ledger.at(mate, to) - kw;
        if (!this.#holds(mate, to, left) || !this.#holds(mate, from, ledger.at(mate, from) + kw)) continue;
        if (own + this.#change(mate, to, from, kw) >= 0) continue;
        if (this.#exchange(s, mate, from, to, kw)) return true;
      }
    }
    return false;
  }

  /** One pass over all powers whose removal lessens a burden; whether anything changed. */
  pass(): boolean {
    let changed = false;
    for (const [s, { arrive, depart, minKw }] of this.#problem.sessions.entries()) {
      if (!this.#isFree[s]) continue;
      for (let t = arrive; t < depart; t++) {
        const kw = this.#ledger.at(s, t);
        if (kw <= onKw) continue;
        const removable = this.#burden(s, t, 0) < this.#burden(s, t, kw) || kw < minKw - 1e-7;
        if (removable && this.#settle(s, t)) changed = true;
      }
    }
    return changed;
  }
}

/** `plan` with fewer charging starts and low powers at the same cost; `plan` itself where that cannot be shown. */
export function preferredPlan(problem: DepotProblem, plan: Plan, powers: Powers): Plan {
  const before = account(problem, plan, powers);
  const ledger = new Ledger(problem, siteExtraOf(problem, plan));
  for (const [s, { arrive }] of problem.sessions.entries()) {
    for (const [i, kw] of plan.powerKw[s].entries()) if (kw > 0) ledger.set(s, arrive + i, kw);
  }
  const exchanges = new Exchanges(problem, ledger, powers);
  for (let pass = 0; pass < passesMax && exchanges.pass(); pass++);
  const preferred: Plan = { ...plan, powerKw: ledger.powerKw.map((kw) => kw.slice()) };
  const after = account(problem, preferred, powers);
  const isHeld = after.primalResidual <= residualMax;
  const isEqual = after.objective <= before.objective + equalShare * Math.max(1, Math.abs(before.objective));
  return isHeld && isEqual ? preferred : plan;
}
