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
/** Passes over all vehicles; later ones see what earlier ones freed, of which a third would find one in a hundred. */
const passesMax = 2;
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

/** A difference without the rounding of sums. */
function cleared(kw: number): number {
  return kw <= onKw * 1e-3 ? 0 : kw;
}

/** 1 for a start of its own and for a break in the middle of charging; neighbours are 1 where they charge. */
function burdenOf(isOn: boolean, before: number, after: number): number {
  return isOn ? 1 - (before | after) : before & after;
}

class Exchanges {
  readonly #ledger: Ledger;
  readonly #problem: DepotProblem;
  /** [sessions] least power and step that must hold; 0 where any power will do. */
  readonly #lowest: Float64Array;
  readonly #step: Float64Array;
  /** [sessions] power below which a charger would rather not be, kW. */
  readonly #least: Float64Array;
  /** [sessions] first interval of the stay that may change. */
  readonly #arrive: Int32Array;
  readonly #depart: Int32Array;
  /** Sessions whose energy may move in time. */
  readonly #isFree: readonly boolean[];
  /** [T * words] bit by session: free and there. */
  readonly #here: Int32Array;
  /** [(T + 2) * words] bit by session that charges, from the interval before the first one on. */
  readonly #on: Int32Array;
  readonly #words: number;
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
    this.#words = Math.ceil(sessions.length / 32);
    this.#here = new Int32Array(problem.intervals * this.#words);
    this.#on = new Int32Array((problem.intervals + 2) * this.#words);
    for (const [s, { arrive, depart }] of sessions.entries()) {
      if (!this.#isFree[s]) continue;
      for (let t = arrive; t < depart; t++) {
        if (t >= this.#from) this.#here[t * this.#words + (s >> 5)] |= 1 << (s & 31);
        this.#note(s, t);
      }
    }
  }

  /** Whether session `s` charges in `t`; 1 or 0. */
  #charges(s: number, t: number): number {
    return (this.#on[(t + 1) * this.#words + (s >> 5)] >>> (s & 31)) & 1;
  }

  /** Notes whether session `s` charges in `t`. */
  #note(s: number, t: number): void {
    const word = (t + 1) * this.#words + (s >> 5);
    if (this.#ledger.at(s, t) > onKw) this.#on[word] |= 1 << (s & 31);
    else this.#on[word] &= ~(1 << (s & 31));
  }

  /** Whether session `s` could hold `kw` in `t` by itself. */
  #holds(s: number, t: number, kw: number): boolean {
    if (kw > this.#ledger.capAt(s, t) + roomNoise) return false;
    if (kw <= onKw) return true;
    if (kw < this.#lowest[s] - 1e-7) return false;
    const steps = this.#step[s] > 0 ? kw / this.#step[s] : 0;
    return Math.abs(steps - Math.round(steps)) < 1e-6;
  }

  /** What is worth avoiding about `kw` of session `s` beside its neighbours, 1 where they charge: see `burdenOf`. */
  #burden(s: number, kw: number, before: number, after: number): number {
    return burdenOf(kw > onKw, before, after) + (kw > onKw && kw < this.#least[s] ? 1 : 0);
  }

  /** Change of burden when session `s` moves `kw` from `from` to `to`. */
  #change(s: number, from: number, to: number, kw: number): number {
    const a = this.#ledger.at(s, from);
    const b = this.#ledger.at(s, to);
    const early = this.#charges(s, from - 1);
    const late = this.#charges(s, from + 1);
    const leaving = this.#burden(s, a - kw, early, late) - this.#burden(s, a, early, late);
    const left = a - kw > onKw ? 1 : 0;
    const before = to - 1 === from ? left : this.#charges(s, to - 1);
    const after = to + 1 === from ? left : this.#charges(s, to + 1);
    return leaving + this.#burden(s, b + kw, before, after) - this.#burden(s, b, before, after);
  }

  /** Carries out the exchange if every limit allows it. */
  #exchange(s: number, mate: number, from: number, to: number, kw: number): boolean {
    const ledger = this.#ledger;
    const own = ledger.at(s, from);
    const there = ledger.at(s, to);
    const here = ledger.at(mate, from);
    const its = ledger.at(mate, to);
    ledger.set(s, from, cleared(own - kw));
    ledger.set(mate, to, cleared(its - kw));
    if (there + kw <= ledger.highest(s, to) + roomNoise) {
      ledger.set(s, to, there + kw);
      if (here + kw <= ledger.highest(mate, from) + roomNoise) {
        ledger.set(mate, from, here + kw);
        this.#note(s, from);
        this.#note(s, to);
        this.#note(mate, from);
        this.#note(mate, to);
        return true;
      }
      ledger.set(s, to, there);
    }
    ledger.set(mate, to, its);
    ledger.set(s, from, own);
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
      for (let w = 0; w < this.#words; w++) {
        let mates = this.#on[(to + 1) * this.#words + w] & this.#here[from * this.#words + w];
        while (mates !== 0) {
          const mate = 32 * w + 31 - Math.clz32(mates & -mates);
          mates &= mates - 1;
          const left = ledger.at(mate, to) - kw;
          if (left < 0 || mate === s) continue;
          if (++tries > triesMax) return false;
          if (own + this.#change(mate, to, from, kw) >= 0) continue;
          if (!this.#holds(mate, to, left) || !this.#holds(mate, from, ledger.at(mate, from) + kw)) continue;
          if (this.#exchange(s, mate, from, to, kw)) return true;
        }
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
        const [before, after] = [this.#charges(s, t - 1), this.#charges(s, t + 1)];
        const removable = (before & after) < this.#burden(s, kw, before, after) || kw < this.#least[s];
        if (removable && this.#settle(s, t)) changed = true;
      }
    }
    return changed;
  }

  /** The amount that session `s` and a mate may exchange without a start more, kW; 0 where there is none. */
  #earlier(s: number, mate: number, from: number, to: number): number {
    const ledger = this.#ledger;
    const own = ledger.at(s, from);
    const there = ledger.at(s, to);
    const its = ledger.at(mate, to);
    const here = ledger.at(mate, from);
    const kw = Math.min(own, its, ledger.capAt(s, to) - there, ledger.capAt(mate, from) - here);
    if (kw <= onKw) return 0;
    if (this.#change(s, from, to, kw) + this.#change(mate, to, from, kw) > 0) return 0;
    const holds =
      this.#holds(s, from, own - kw) &&
      this.#holds(s, to, there + kw) &&
      this.#holds(mate, to, its - kw) &&
      this.#holds(mate, from, here + kw);
    return holds ? kw : 0;
  }

  /** Lets session `s` have in an earlier interval what it has in `from`, instead of one that leaves later; pairs looked at. */
  #hurry(s: number, from: number): number {
    const ledger = this.#ledger;
    const { sessions } = this.#problem;
    const { depart, shortfallPrice } = sessions[s];
    let tries = 0;
    for (let to = this.#arrive[s]; to < from; to++) {
      if (ledger.capAt(s, to) - ledger.at(s, to) <= onKw) continue;
      for (let w = 0; w < this.#words; w++) {
        let mates = this.#on[(to + 1) * this.#words + w] & this.#here[from * this.#words + w];
        while (mates !== 0) {
          const mate = 32 * w + 31 - Math.clz32(mates & -mates);
          mates &= mates - 1;
          if (this.#depart[mate] <= depart || sessions[mate].shortfallPrice > shortfallPrice) continue;
          if (++tries > triesMax) return tries;
          const kw = this.#earlier(s, mate, from, to);
          if (kw > onKw) this.#exchange(s, mate, from, to, kw);
          if (ledger.at(s, from) <= onKw) return tries;
        }
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
