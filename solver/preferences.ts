/**
 * Preferences between vehicles, after the optimum and never in it: shortfalls shared, few charging starts, no powers below
 * a charger's minimum, and those that leave first charge first. Vehicles hand power to each other, so that the profile of
 * the site and every cost stay as they are. Source: docs/model.md, "Preferences".
 * @module
 */
import { account } from './certificate/account.ts';
import { residualMax } from './certificate/verify.ts';
import { firstFreeOf, isMovable, shareShortfall } from './fairness.ts';
import { Ledger, roomNoise } from './ledger.ts';
import { isContinuous, lowestLevel } from './levels.ts';
import type { Plan, Powers } from './plan.ts';
import type { DepotProblem, SolveOptions } from './problem.ts';
import { siteExtraOf } from './site-flows.ts';

/** Power above which a vehicle counts as charging, kW. */
const onKw = 1e-6;
/** Passes over all vehicles; later ones see what earlier ones freed. */
const passesMax = 4;
/** Pairs of a vehicle and an interval looked at for one exchange. */
const triesMax = 3_000;
/** The same for all exchanges that let vehicles charge earlier; those that leave first have been served by then. */
const hurryTriesMax = 1_000_000;
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

class Exchanges {
  readonly #ledger: Ledger;
  readonly #problem: DepotProblem;
  /** [sessions] least power and step that must hold; 0 where any power will do. */
  readonly #lowest: Float64Array;
  readonly #step: Float64Array;
  /** [sessions] power below which a charger would rather not be, kW. */
  readonly #least: Float64Array;
  readonly #arrive: Int32Array;
  readonly #depart: Int32Array;
  /** Sessions whose energy may move in time. */
  readonly #isFree: readonly boolean[];
  /** [T] free sessions that are there. */
  readonly #present: readonly number[][];
  /** Intervals before this one stay as they are. */
  readonly #from: number;

  constructor(problem: DepotProblem, ledger: Ledger, powers: Powers) {
    const { sessions } = problem;
    this.#ledger = ledger;
    this.#problem = problem;
    const inSteps = sessions.map((session) => powers === 'stepped' && !isContinuous(session));
    this.#lowest = Float64Array.from(sessions, (session, s) => (inSteps[s] ? lowestLevel(session) : 0));
    this.#step = Float64Array.from(sessions, ({ stepKw }, s) => (inSteps[s] ? stepKw : 0));
    this.#least = Float64Array.from(sessions, ({ minKw }) => minKw - 1e-7);
    this.#from = firstFreeOf(problem);
    this.#arrive = Int32Array.from(sessions, ({ arrive }) => Math.max(arrive, this.#from));
    this.#depart = Int32Array.from(sessions, ({ depart }) => depart);
    this.#isFree = sessions.map(isMovable);
    this.#present = Array.from({ length: problem.intervals }, () => []);
    for (const s of sessions.keys()) {
      if (!this.#isFree[s]) continue;
      for (let t = this.#arrive[s]; t < this.#depart[s]; t++) this.#present[t].push(s);
    }
  }

  /** Whether session `s` could hold `kw` in `t` by itself. */
  #holds(s: number, t: number, kw: number): boolean {
    if (kw > this.#ledger.capAt(s, t) + roomNoise) return false;
    if (kw <= onKw) return true;
    if (kw < this.#lowest[s] - 1e-7) return false;
    const steps = this.#step[s] > 0 ? kw / this.#step[s] : 0;
    return Math.abs(steps - Math.round(steps)) < 1e-6;
  }

  /**
   * What is worth avoiding about `kw` in `t`: a start of its own, a break in the middle of charging, and a power that no
   * charger holds. In interval `beside` the session will have `besideKw`.
   */
  #burden(s: number, t: number, kw: number, beside = -1, besideKw = 0): number {
    const { arrive } = this.#problem.sessions[s];
    const before = t - 1 === beside ? besideKw : t > arrive ? this.#ledger.at(s, t - 1) : 0;
    const after = t + 1 === beside ? besideKw : t + 1 < this.#depart[s] ? this.#ledger.at(s, t + 1) : 0;
    if (kw <= onKw) return before > onKw && after > onKw ? 1 : 0;
    return (kw < this.#least[s] ? 1 : 0) + (before > onKw || after > onKw ? 0 : 1);
  }

  /** Change of burden when session `s` moves `kw` from `from` to `to`. */
  #change(s: number, from: number, to: number, kw: number): number {
    const [a, b] = [this.#ledger.at(s, from), this.#ledger.at(s, to)];
    const leaving = this.#burden(s, from, a - kw) - this.#burden(s, from, a);
    return leaving + this.#burden(s, to, b + kw, from, a - kw) - this.#burden(s, to, b, from, a - kw);
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
    const kw = ledger.at(s, from);
    let tries = 0;
    for (let to = this.#arrive[s]; to < this.#depart[s]; to++) {
      if (to === from || !this.#holds(s, to, ledger.at(s, to) + kw)) continue;
      const own = this.#change(s, from, to, kw);
      if (own > 0) continue;
      for (const mate of this.#present[to]) {
        if (mate === s || ledger.at(mate, to) < kw) continue;
        if (from < this.#arrive[mate] || from >= this.#depart[mate]) continue;
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
    for (const s of this.#problem.sessions.keys()) {
      if (!this.#isFree[s]) continue;
      for (let t = this.#arrive[s]; t < this.#depart[s]; t++) {
        const kw = this.#ledger.at(s, t);
        if (kw <= onKw) continue;
        const removable = this.#burden(s, t, 0) < this.#burden(s, t, kw) || kw < this.#least[s];
        if (removable && this.#settle(s, t)) changed = true;
      }
    }
    return changed;
  }

  /** The amount that session `s` and a mate may exchange without a start more, kW; 0 where there is none. */
  #earlier(s: number, mate: number, from: number, to: number): number {
    const ledger = this.#ledger;
    const [own, there] = [ledger.at(s, from), ledger.at(s, to)];
    const [its, here] = [ledger.at(mate, to), ledger.at(mate, from)];
    const kw = Math.min(own, its, ledger.capAt(s, to) - there, ledger.capAt(mate, from) - here);
    if (kw <= onKw) return 0;
    const holds =
      this.#holds(s, from, own - kw) &&
      this.#holds(s, to, there + kw) &&
      this.#holds(mate, to, its - kw) &&
      this.#holds(mate, from, here + kw);
    return holds && this.#change(s, from, to, kw) + this.#change(mate, to, from, kw) <= 0 ? kw : 0;
  }

  /** Lets session `s` have in an earlier interval what it has in `from`, instead of one that leaves later; pairs looked at. */
  #hurry(s: number, from: number): number {
    const ledger = this.#ledger;
    const { sessions } = this.#problem;
    const { depart, shortfallPrice } = sessions[s];
    let tries = 0;
    for (let to = this.#arrive[s]; to < from; to++) {
      if (ledger.capAt(s, to) - ledger.at(s, to) <= onKw) continue;
      for (const mate of this.#present[to]) {
        if (this.#depart[mate] <= depart || from < this.#arrive[mate] || ledger.at(mate, to) <= onKw)
          continue;
        if (sessions[mate].shortfallPrice > shortfallPrice) continue;
        if (++tries > triesMax) return tries;
        const kw = this.#earlier(s, mate, from, to);
        if (kw > onKw) this.#exchange(s, mate, from, to, kw);
        if (ledger.at(s, from) <= onKw) return tries;
      }
    }
    return tries;
  }

  /** Those that leave first take the earlier intervals; the last ones of each stay are emptied first. */
  hurry(): void {
    const { sessions } = this.#problem;
    const order = [...sessions.keys()].sort((a, b) => sessions[a].depart - sessions[b].depart || a - b);
    let tries = 0;
    for (const s of order) {
      if (!this.#isFree[s]) continue;
      for (let t = this.#depart[s] - 1; t > this.#arrive[s] && tries < hurryTriesMax; t--) {
        if (this.#ledger.at(s, t) > onKw) tries += this.#hurry(s, t);
      }
    }
  }
}

/** Which preferences are wanted. */
export type Wishes = Required<Pick<SolveOptions, 'fewStarts' | 'fairShortfall' | 'urgentFirst'>>;

/** What `options` wish: by themselves all where plans are in steps, none where they are not. */
export function wishesOf(options: SolveOptions): Wishes {
  const { fewStarts, fairShortfall, urgentFirst, continuous } = options;
  return {
    fewStarts: fewStarts ?? !continuous,
    fairShortfall: fairShortfall ?? !continuous,
    urgentFirst: urgentFirst ?? !continuous,
  };
}

/** `plan` by the `wishes` at the same cost; `plan` itself where that cannot be shown. */
export function preferredPlan(problem: DepotProblem, plan: Plan, powers: Powers, wishes: Wishes): Plan {
  if (!wishes.fewStarts && !wishes.fairShortfall && !wishes.urgentFirst) return plan;
  const before = account(problem, plan, powers);
  const ledger = new Ledger(problem, siteExtraOf(problem, plan));
  for (const [s, { arrive }] of problem.sessions.entries()) {
    // What is fed back takes as much of cables and circuits as what is charged.
    for (const [i, kw] of plan.powerKw[s].entries()) if (kw !== 0) ledger.set(s, arrive + i, Math.abs(kw));
  }
  if (wishes.fairShortfall) shareShortfall(ledger, powers);
  const exchanges = new Exchanges(problem, ledger, powers);
  if (wishes.fewStarts) for (let pass = 0; pass < passesMax && exchanges.pass(); pass++);
  if (wishes.urgentFirst) exchanges.hurry();
  const powerKw = plan.powerKw.map((kw, s) =>
    isMovable(problem.sessions[s]) ? ledger.powerKw[s].slice() : kw,
  );
  const preferred: Plan = { ...plan, powerKw };
  const after = account(problem, preferred, powers);
  const isHeld = after.primalResidual <= residualMax;
  const isEqual = after.objective <= before.objective + equalShare * Math.max(1, Math.abs(before.objective));
  return isHeld && isEqual ? preferred : plan;
}
