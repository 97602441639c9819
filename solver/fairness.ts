/**
 * Who goes short when not all can be served: vehicles of one shortfall price lack equal shares of what they want, as far
 * as limits let them. Power is handed on from vehicle to vehicle within an interval, so that the site's profile and every
 * cost stay as they are. Source: docs/model.md, "Preferences".
 * @module
 */
import { roomNoise } from './ledger.ts';
import type { Ledger } from './ledger.ts';
import { isContinuous, levelBelow, lowestLevel } from './levels.ts';
import type { Powers } from './plan.ts';
import type { DepotProblem, Session } from './problem.ts';

/** Shares of missing energy that differ by less count as equal. */
const equalShare = 1e-6;
/** Power not worth handing on, kW. */
const handNoise = 1e-7;
/** Moves per vehicle that may gain or give; what is left then is as fair as it got. */
const movesPerSession = 200;
/** Pairs of vehicles looked at for one move, and for all of a plan. */
const triesMax = 20_000;
const allTriesMax = 1_000_000;
/** Steps looked at for one amount. */
const stepsMax = 256;

/** Whether the energy of a session may be taken or given in any interval. */
export function isMovable({ taper = [], milestones = [], feedBack }: Session): boolean {
  return taper.length === 0 && milestones.length === 0 && feedBack === undefined;
}

/**
 * The first interval whose powers may pass from vehicle to vehicle. With a plan in force the running interval stays as it
 * was solved: part of it may be over, and a vehicle that is given more of it only now does not get what the plan counts.
 */
export function firstFreeOf({ previousKw }: DepotProblem): number {
  return (previousKw?.size ?? 0) > 0 ? 1 : 0;
}

/** `giver` hands power to `taker` in interval `t`. */
interface Hand {
  readonly giver: number;
  readonly taker: number;
  readonly t: number;
}

class Shares {
  readonly #ledger: Ledger;
  readonly #powers: Powers;
  /** [T] movable sessions that are there. */
  readonly #present: readonly number[][];
  readonly #from: number;
  /** Pairs looked at so far, and where the present search ends. */
  #tries = 0;
  #triesEnd = 0;

  constructor(ledger: Ledger, powers: Powers) {
    const { sessions, intervals } = ledger.problem;
    this.#ledger = ledger;
    this.#powers = powers;
    this.#from = firstFreeOf(ledger.problem);
    this.#present = Array.from({ length: intervals }, () => []);
    for (const [s, session] of sessions.entries()) {
      if (!isMovable(session)) continue;
      for (let t = session.arrive; t < session.depart; t++) this.#present[t].push(s);
    }
  }

  /** What session `s` lacks of what it wants, 0 to 1. */
  of(s: number): number {
    return Math.max(0, this.#ledger.missing(s)) / this.#ledger.problem.sessions[s].energyKwh;
  }

  #holds(s: number, kw: number): boolean {
    const session = this.#ledger.problem.sessions[s];
    if (kw <= handNoise || this.#powers === 'continuous' || isContinuous(session)) return true;
    return levelBelow(session, kw + roomNoise) > kw - handNoise;
  }

  /** Amounts up to `most` that may pass, largest first. */
  #amounts({ giver, taker, t }: Hand, most: number): number[] {
    const { sessions } = this.#ledger.problem;
    if (this.#powers === 'continuous') return [most];
    const [from, to] = [this.#ledger.at(giver, t), this.#ledger.at(taker, t)];
    const [lowest, its] = [lowestLevel(sessions[giver]), lowestLevel(sessions[taker])];
    const amounts = [most, from, from - lowest, its - to];
    const step = Math.max(sessions[giver].stepKw, sessions[taker].stepKw);
    const steps = step > 0 ? Math.min(stepsMax, Math.floor((most + roomNoise) / step)) : 0;
    for (let k = 1; k <= steps; k++) amounts.push(k * step);
    return amounts
      .filter((kw) => kw <= most + roomNoise && this.#holds(giver, from - kw) && this.#holds(taker, to + kw))
      .sort((a, b) => b - a);
  }

  /** The most, up to `most` kW, that can pass from hand to hand; 0 where nothing can. */
  #passing(hand: Hand, most: number): number {
    const { giver, taker, t } = hand;
    const ledger = this.#ledger;
    const now = ledger.at(giver, t);
    const wanted = Math.min(most, now);
    if (wanted <= handNoise) return 0;
    ledger.set(giver, t, now - wanted);
    const room = ledger.highest(taker, t) - ledger.at(taker, t);
    ledger.set(giver, t, now);
    if (room <= handNoise) return 0;
    return this.#amounts(hand, Math.min(wanted, room)).find((kw) => kw > handNoise) ?? 0;
  }

  /** Takes those who can hand something to `taker` into `reached`; gives those that are new. */
  #reach(taker: number, most: number, reached: Map<number, Hand | undefined>): number[] {
    const { arrive, depart } = this.#ledger.problem.sessions[taker];
    const found: number[] = [];
    for (let t = Math.max(arrive, this.#from); t < depart; t++) {
      const room = this.#ledger.capAt(taker, t) - this.#ledger.at(taker, t);
      if (room <= handNoise) continue;
      for (const giver of this.#present[t]) {
        if (reached.has(giver) || this.#ledger.at(giver, t) <= handNoise) continue;
        if (++this.#tries > this.#triesEnd) return found;
        const hand = { giver, taker, t };
        if (this.#passing(hand, most) <= 0) continue;
        reached.set(giver, hand);
        found.push(giver);
      }
    }
    return found;
  }

  /** The shortest chain from a vehicle of `members` that lacks a smaller share than `s`; the smallest of such. */
  chainTo(s: number, members: ReadonlySet<number>): readonly Hand[] | undefined {
    const most = this.#ledger.missing(s) / this.#ledger.problem.intervalH;
    const reached = new Map<number, Hand | undefined>([[s, undefined]]);
    this.#triesEnd = Math.min(allTriesMax, this.#tries + triesMax);
    let front = [s];
    while (front.length > 0) {
      front = front.flatMap((taker) => this.#reach(taker, most, reached));
      const givers = front.filter((giver) => members.has(giver) && this.of(giver) < this.of(s) - equalShare);
      if (givers.length === 0) continue;
      const least = givers.reduce((a, b) => (this.of(b) < this.of(a) ? b : a));
      const chain: Hand[] = [];
      for (let hand = reached.get(least); hand !== undefined; hand = reached.get(hand.taker))
        chain.push(hand);
      return chain;
    }
    return undefined;
  }

  /** Passes one amount, at most `most` kW, along the whole chain; whether it passed. */
  pass(chain: readonly Hand[], most: number): boolean {
    const ledger = this.#ledger;
    let kw = most;
    // Each hand may carry less than the one before it: asked again until all carry the same.
    for (let round = 0; round <= chain.length; round++) {
      const before = kw;
      for (const hand of chain) kw = this.#passing(hand, kw);
      if (kw === before) break;
    }
    if (kw <= handNoise) return false;
    const done: { readonly s: number; readonly t: number; readonly kw: number }[] = [];
    const set = (s: number, t: number, to: number): void => {
      done.push({ s, t, kw: ledger.at(s, t) });
      ledger.set(s, t, to <= handNoise ? 0 : to);
    };
    for (const { giver, taker, t } of chain) {
      set(giver, t, ledger.at(giver, t) - kw);
      const more = ledger.at(taker, t) + kw;
      if (more > ledger.highest(taker, t) + roomNoise) {
        for (const { s, t: at, kw: was } of done.reverse()) ledger.set(s, at, was);
        return false;
      }
      set(taker, t, more);
    }
    return true;
  }
}

/** kW that make the shares of two vehicles equal, or bring the first of them to `mean` where that lies between them. */
function wantedOf(ledger: Ledger, taker: number, giver: number, mean: number): number {
  const { sessions, intervalH } = ledger.problem;
  const [wants, its] = [sessions[taker].energyKwh, sessions[giver].energyKwh];
  const [lacks, itsLack] = [ledger.missing(taker), ledger.missing(giver)];
  const even = (lacks * its - itsLack * wants) / (wants + its);
  const bySide = [lacks - mean * wants, mean * its - itsLack].filter((kwh) => kwh > equalShare * wants);
  const kwh = bySide.length === 2 ? Math.min(...bySide) : even;
  return Math.min(kwh, lacks) / intervalH;
}

/** Evens out the shares of sessions of one shortfall price: those that lack most are helped first. */
function shareOut(ledger: Ledger, shares: Shares, group: readonly number[]): void {
  const members = new Set(group);
  const open = new Set(group);
  const { sessions } = ledger.problem;
  for (let move = 0; move < movesPerSession * group.length && open.size > 0; move++) {
    const taker = [...open].reduce((a, b) => (shares.of(b) > shares.of(a) ? b : a));
    if (shares.of(taker) <= equalShare) return;
    const chain = shares.chainTo(taker, members);
    if (chain === undefined) {
      open.delete(taker);
      continue;
    }
    const rest = [...open];
    const lacking = rest.reduce((sum, s) => sum + Math.max(0, ledger.missing(s)), 0);
    const mean = lacking / rest.reduce((sum, s) => sum + sessions[s].energyKwh, 0);
    if (!shares.pass(chain, wantedOf(ledger, taker, chain[0].giver, mean))) open.delete(taker);
  }
}

/** Evens out what vehicles of one shortfall price lack, in a plan that stands in `ledger`. */
export function shareShortfall(ledger: Ledger, powers: Powers): void {
  const groups = new Map<number, number[]>();
  for (const [s, session] of ledger.problem.sessions.entries()) {
    if (!isMovable(session) || session.energyKwh <= handNoise) continue;
    const group = groups.get(session.shortfallPrice);
    if (group === undefined) groups.set(session.shortfallPrice, [s]);
    else group.push(s);
  }
  const lacks = (s: number): boolean => ledger.missing(s) > handNoise * ledger.problem.intervalH;
  const uneven = [...groups.values()].filter((group) => group.length > 1 && group.some(lacks));
  if (uneven.length === 0) return;
  const shares = new Shares(ledger, powers);
  for (const group of uneven) shareOut(ledger, shares, group);
}
