/**
 * Brings a plan nearer to the one in force without changing what it costs: moves of energy within one stay between
 * intervals of one price, and exchanges between two stays and two intervals, which leave the site's profile as it is.
 * What is about to be sent comes first. Source: docs/model.md, "Stability".
 * @module
 */
import { isMovable } from './fairness.ts';
import { Ledger } from './ledger.ts';
import { isContinuous, lowestLevel } from './levels.ts';
import { hasSources } from './multipliers.ts';
import type { Powers } from './plan.ts';
import type { DepotProblem } from './problem.ts';

/** Changes below this are not worth a step, kW. */
const changeNoise = 1e-7;
/** Prices closer than this are one, money per kWh. */
const priceNoise = 1e-12;
/** Passes over all intervals; each sees what the last one freed. */
const passesMax = 6;
/** Partners of one step that are tried where limits forbid it with the best. */
const attemptsMax = 4;
/** Amounts in steps that are tried for one exchange, from the largest down. */
const amountsMax = 8;
/** Most pairs of a stay and an interval that are looked at as the other side of a step, all passes together. */
const looksMax = 200_000;

/** How much a change in interval `t` of the horizon weighs: what is about to be sent most. */
export function weightOf(t: number): number {
  return 1 / (1 + t);
}

/** One step: `s` moves `by` kW from interval `back` to `t`, `mate` (-1: nobody) the other way round. */
interface Move {
  s: number;
  t: number;
  back: number;
  mate: number;
  by: number;
  gain: number;
}

/** See the module. Powers are kept in flat arrays beside the ledger, [stays]: interval `t` of session `s` is at `base[s] + t`. */
class Nearer {
  readonly #ledger: Ledger;
  readonly #base: Int32Array;
  readonly #kw: Float64Array;
  readonly #cap: Float64Array;
  /** Powers in force as far as a session may have them now; 0 where it has none in force. */
  readonly #wanted: Float64Array;
  /** [sessions] 1 where the plan in force knows the session; others may change as they like. */
  readonly #known: Uint8Array;
  readonly #arrive: Int32Array;
  readonly #depart: Int32Array;
  /** [intervals] money per kWh, and weight of a change. */
  readonly #price: Float64Array;
  readonly #weight: Float64Array;
  /** [intervals] sessions that stand there and may be moved. */
  readonly #present: readonly number[][];
  /** [sessions] steps and least powers that must hold; 0 where any power will do. */
  readonly #step: Float64Array;
  readonly #lowest: Float64Array;
  /** Whether one session may move alone: what the site draws then changes, which is free only without sources of its own. */
  readonly #isAlone: boolean;
  #looks = 0;

  constructor(ledger: Ledger, powers: Powers) {
    this.#ledger = ledger;
    const { sessions, previousKw, intervals, price, earliness } = ledger.problem;
    const inSteps = sessions.map((session) => powers === 'stepped' && !isContinuous(session));
    this.#step = Float64Array.from(sessions, ({ stepKw }, s) => (inSteps[s] ? stepKw : 0));
    this.#lowest = Float64Array.from(sessions, (session, s) => (inSteps[s] ? lowestLevel(session) : 0));
    this.#isAlone = !hasSources(ledger.problem);
    this.#arrive = Int32Array.from(sessions, ({ arrive }) => arrive);
    this.#depart = Int32Array.from(sessions, ({ depart }) => depart);
    this.#price = price.map((money, t) => money + (earliness * t) / intervals);
    this.#weight = price.map((_, t) => weightOf(t));
    this.#base = new Int32Array(sessions.length);
    this.#known = new Uint8Array(sessions.length);
    const stays = ledger.powerKw.reduce((sum, { length }) => sum + length, 0);
    this.#kw = new Float64Array(stays);
    this.#cap = new Float64Array(stays);
    this.#wanted = new Float64Array(stays);
    const present: number[][] = Array.from({ length: intervals }, () => []);
    let from = 0;
    for (const [s, session] of sessions.entries()) {
      const { arrive, depart } = session;
      const last = previousKw?.get(session.id);
      this.#base[s] = from - arrive;
      this.#known[s] = last === undefined ? 0 : 1;
      this.#kw.set(ledger.powerKw[s], from);
      for (let t = arrive; t < depart; t++, from++) {
        this.#cap[from] = ledger.capAt(s, t);
        this.#wanted[from] = Math.min(last?.[t - arrive] ?? 0, this.#cap[from]);
        if (isMovable(session)) present[t].push(s);
      }
    }
    this.#present = present;
  }

  /** By how much session `s` is above its power in force at `t`, kW; 0 where nothing is in force. */
  #above(s: number, t: number): number {
    const at = this.#base[s] + t;
    return this.#known[s] === 1 ? this.#kw[at] - this.#wanted[at] : 0;
  }

  /** What `by` kW more for session `s` at `t` bring it nearer, weighed. */
  #gain(s: number, t: number, by: number): number {
    if (this.#known[s] === 0) return 0;
    const above = this.#above(s, t);
    return this.#weight[t] * (Math.abs(above) - Math.abs(above + by));
  }

  #set(s: number, t: number, kw: number): void {
    const step = this.#step[s];
    const level = step > 0 ? Math.round(kw / step) * step : kw;
    this.#ledger.set(s, t, level);
    this.#kw[this.#base[s] + t] = level;
  }

  /** Whether session `s` may hold what it has at `t` and `by` more; multiples of its steps are taken for granted. */
  #stands(s: number, t: number, by: number): boolean {
    const kw = this.#kw[this.#base[s] + t] + by;
    return kw >= this.#lowest[s] - changeNoise || Math.abs(kw) <= changeNoise;
  }

  /** The most, up to `kw`, that `s` and `mate` can exchange between `t` and `back` in steps of both; 0 where nothing. */
  #amount({ s, t, back, mate }: Pick<Move, 's' | 't' | 'back' | 'mate'>, sign: number, kw: number): number {
    const [own, other] = [this.#step[s], mate < 0 ? 0 : this.#step[mate]];
    const step = Math.max(own, other);
    if (step <= 0 && this.#lowest[s] <= 0 && (mate < 0 || this.#lowest[mate] <= 0)) return kw;
    const least = Math.min(own > 0 ? own : step, other > 0 ? other : step);
    if (least > 0 && Math.abs(step / least - Math.round(step / least)) > 1e-6) return 0;
    const steps = step > 0 ? Math.floor(kw / step + 1e-6) : 1;
    for (let n = steps; n > 0 && n > steps - amountsMax; n--) {
      const by = sign * (step > 0 ? n * step : kw);
      const holds =
        this.#stands(s, t, by) &&
        this.#stands(s, back, -by) &&
        (mate < 0 || (this.#stands(mate, t, -by) && this.#stands(mate, back, by)));
      if (holds) return Math.abs(by);
    }
    return 0;
  }

  run(): void {
    for (let pass = 0; pass < passesMax; pass++) if (!this.#pass()) return;
  }

  #pass(): boolean {
    let moved = false;
    for (const [t, present] of this.#present.entries()) {
      for (const s of present) {
        while (this.#looks < looksMax) {
          const above = this.#above(s, t);
          if (Math.abs(above) <= changeNoise) break;
          if (!this.#approach(s, t, -above)) break;
          moved = true;
        }
      }
    }
    return moved && this.#looks < looksMax;
  }

  /** Carries out the best step for `s` at `t`; where limits or peaks forbid it, the best one with somebody else. */
  #approach(s: number, t: number, by: number): boolean {
    const tried: number[] = this.#isAlone ? [] : [-1];
    for (let attempt = 0; attempt < attemptsMax; attempt++) {
      const move = this.#best(s, t, by, tried);
      if (move === undefined) return false;
      if (this.#carryOut(move)) return true;
      tried.push(move.mate);
    }
    return false;
  }

  /** The step that brings `s` at `t` nearer and gains most; `by` kW would bring it home. */
  #best(s: number, t: number, by: number, tried: readonly number[]): Move | undefined {
    const best: Move = { s, t, back: -1, mate: -1, by: 0, gain: changeNoise };
    if (!tried.includes(-1)) this.#considerAlone(best, by);
    const present = this.#present[t];
    this.#looks += present.length;
    for (let i = 0; i < present.length; i++) {
      const mate = present[i];
      if (mate === s || tried.includes(mate)) continue;
      if (this.#known[mate] === 1 && this.#above(mate, t) * by <= 0) continue;
      this.#considerMate(best, by, mate);
    }
    return best.back < 0 ? undefined : best;
  }

  #considerAlone(best: Move, by: number): void {
    const { s, t } = best;
    const price = this.#price[t];
    for (let back = this.#arrive[s]; back < this.#depart[s]; back++) {
      if (back === t || Math.abs(this.#price[back] - price) > priceNoise) continue;
      const kw = Math.sign(by) * Math.min(Math.abs(by), this.#reach(s, back, -Math.sign(by)));
      this.#weigh(best, { back, mate: -1, by: kw });
    }
    this.#looks += this.#depart[s] - this.#arrive[s];
  }

  #considerMate(best: Move, by: number, mate: number): void {
    const { s, t } = best;
    const sign = Math.sign(by);
    const most = Math.min(Math.abs(by), this.#reach(mate, t, -sign));
    if (most <= changeNoise) return;
    const from = Math.max(this.#arrive[s], this.#arrive[mate]);
    const to = Math.min(this.#depart[s], this.#depart[mate]);
    for (let back = from; back < to; back++) {
      if (back === t) continue;
      const fits = Math.min(most, this.#reach(s, back, -sign), this.#reach(mate, back, sign));
      this.#weigh(best, { back, mate, by: sign * fits });
    }
    this.#looks += to - from;
  }

  /** Makes the step the best one if it gains more. */
  #weigh(best: Move, { back, mate, by }: Pick<Move, 'back' | 'mate' | 'by'>): void {
    if (Math.abs(by) <= changeNoise) return;
    const { s, t } = best;
    if (this.#gainOf(best, { back, mate, by }) <= best.gain) return;
    const amount = this.#amount({ s, t, back, mate }, Math.sign(by), Math.abs(by));
    const settled = { back, mate, by: Math.sign(by) * amount };
    const gain = this.#gainOf(best, settled);
    if (amount <= changeNoise || gain <= best.gain) return;
    best.back = back;
    best.mate = mate;
    best.by = settled.by;
    best.gain = gain;
  }

  #gainOf({ s, t }: Move, { back, mate, by }: Pick<Move, 'back' | 'mate' | 'by'>): number {
    let gain = this.#gain(s, t, by) + this.#gain(s, back, -by);
    if (mate >= 0) gain += this.#gain(mate, t, -by) + this.#gain(mate, back, by);
    return gain;
  }

  /** How far the power of `s` at `t` goes in the direction of `sign` before it is home, or 0, or at its cap. */
  #reach(s: number, t: number, sign: number): number {
    const at = this.#base[s] + t;
    const now = this.#kw[at];
    const end = sign < 0 ? now : this.#cap[at] - now;
    const home = this.#known[s] === 1 ? sign * (this.#wanted[at] - now) : 0;
    return home > changeNoise && home < end ? home : end;
  }

  /** Carries out as much of a step as limits and peaks allow; false where that is nothing. */
  #carryOut({ s, t, back, mate, by }: Move): boolean {
    const ledger = this.#ledger;
    // Of the two intervals the one in which `s` rises.
    const [up, down] = by > 0 ? [t, back] : [back, t];
    const most = mate < 0 ? Math.min(Math.abs(by), ledger.belowPeaks(up)) : Math.abs(by);
    if (most <= changeNoise) return false;
    const ownDown = ledger.at(s, down);
    const otherUp = mate < 0 ? 0 : ledger.at(mate, up);
    const lower = (kw: number): void => {
      this.#set(s, down, Math.max(0, ownDown - kw));
      if (mate >= 0) this.#set(mate, up, Math.max(0, otherUp - kw));
    };
    lower(most);
    let fits = Math.min(most, ledger.highest(s, up) - ledger.at(s, up));
    if (mate >= 0) fits = Math.min(fits, ledger.highest(mate, down) - ledger.at(mate, down));
    lower(0);
    const done = fits > changeNoise ? this.#amount({ s, t, back, mate }, Math.sign(by), fits) : 0;
    if (done === 0) return false;
    lower(done);
    this.#set(s, up, ledger.at(s, up) + done);
    if (mate >= 0) this.#set(mate, down, ledger.at(mate, down) + done);
    return true;
  }
}

/** What `nearerPowers` starts from: peaks and draw that the plan pays for, what battery and PV add to the site, [T] kW. */
export interface NearerInput {
  readonly powers: Powers;
  readonly peaksKw: Float64Array;
  readonly drawnKw: Float64Array;
  readonly siteExtraKw?: Float64Array;
}

/**
 * Powers of a plan that costs what `powerKw` costs and changes less of the plan in force. Vehicles that feed back, or whose
 * taper or milestones bind their times, stay as they are.
 */
export function nearerPowers(
  problem: DepotProblem,
  powerKw: readonly Float64Array[],
  { powers, peaksKw, drawnKw, siteExtraKw }: NearerInput,
): readonly Float64Array[] {
  const ledger = new Ledger(problem, siteExtraKw);
  ledger.raisePeaks(peaksKw, drawnKw);
  for (const [s, { arrive }] of problem.sessions.entries()) {
    for (let i = 0; i < powerKw[s].length; i++) {
      // What is fed back takes as much of cables and circuits as what is charged.
      if (powerKw[s][i] !== 0) ledger.set(s, arrive + i, Math.abs(powerKw[s][i]));
    }
  }
  new Nearer(ledger, powers).run();
  return powerKw.map((kw, s) => (isMovable(problem.sessions[s]) ? ledger.powerKw[s].slice() : kw));
}
