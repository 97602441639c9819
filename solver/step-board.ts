/**
 * A plan in steps whose levels move from interval to interval: what a move costs, and the way back. Every level holds, and
 * every limit where the caller has asked.
 * @module
 */
import { isContinuous, lowestLevel } from './levels.ts';
import { roomNoise } from './ledger.ts';
import type { Ledger, Meter } from './ledger.ts';

/** Smallest difference of block means worth a move, kW, and of costs worth a plan, money. */
export const gainMin = 1e-6;
/** Most amounts tried for one move. */
const amountsMax = 6;
/** Amount by which a vehicle that knows no steps is moved, kW. */
export const smallKw = 0.25;

/** The highest block above `leastKw`, and its mean; -1 where none is. */
function highestBlock({ sum, blocks }: Meter, leastKw: number): { block: number; meanKw: number } {
  let block = -1;
  let meanKw = leastKw;
  for (let b = 0; b < blocks.count; b++) {
    const mean = sum[b] / blocks.length[b];
    if (blocks.counts[b] === 1 && mean > meanKw + gainMin) {
      meanKw = mean;
      block = b;
    }
  }
  return { block, meanKw };
}

/** See the module. Powers stand in `ledger`; flat arrays are by session. */
export class StepBoard {
  readonly ledger: Ledger;
  readonly arrive: Int32Array;
  readonly depart: Int32Array;
  /** Least power other than 0, and step, kW; 0 where any power will do. */
  readonly lowest: Float64Array;
  readonly step: Float64Array;
  /** Leaf circuit of each session, from 1 on. */
  readonly circuit: Int32Array;
  /** [T] sessions that are there and may be moved. */
  readonly present: readonly number[][];
  /** (session, interval) pairs of them. */
  readonly pairs: number;
  /** Amounts worth moving, kW, smallest first. */
  readonly amounts: readonly number[];
  /** What was set, to be taken back. */
  readonly #log: { readonly s: number; readonly t: number; readonly kw: number }[] = [];
  /** Money of energy since the start. */
  #energy = 0;
  /** Peaks that are not worth lowering, kW per window. */
  #leastKw: readonly number[];

  constructor(ledger: Ledger) {
    const { sessions, connectors, intervals } = ledger.problem;
    this.ledger = ledger;
    this.arrive = Int32Array.from(sessions, ({ arrive }) => arrive);
    this.depart = Int32Array.from(sessions, ({ depart }) => depart);
    this.lowest = Float64Array.from(sessions, lowestLevel);
    this.step = Float64Array.from(sessions, (session) => (isContinuous(session) ? 0 : session.stepKw));
    this.circuit = Int32Array.from(sessions, ({ connector }) => connectors[connector].circuit + 1);
    const present: number[][] = Array.from({ length: intervals }, () => []);
    let pairs = 0;
    const amounts = new Set<number>();
    for (const [s, session] of sessions.entries()) {
      const { arrive, depart, milestones = [], energyKwh } = session;
      if (milestones.length > 0 || energyKwh <= 0) continue;
      pairs += Math.max(0, depart - arrive);
      for (let t = arrive; t < depart; t++) present[t].push(s);
      if (this.step[s] > 0) amounts.add(this.step[s]).add(this.lowest[s]);
      else amounts.add(Math.max(smallKw, this.lowest[s]));
    }
    this.present = present;
    this.pairs = pairs;
    this.amounts = [...amounts].sort((a, b) => a - b).slice(0, amountsMax);
    this.#leastKw = ledger.meters.map(({ floorKw }) => floorKw);
  }

  /** Peaks up to `leastKw` cost nothing more from here on. */
  restart(leastKw: readonly number[]): void {
    this.#leastKw = leastKw;
  }

  /** The highest block of window `k` that is worth lowering, and its mean; -1 where none is. */
  highest(k: number): { block: number; meanKw: number } {
    return highestBlock(this.ledger.meters[k], this.#leastKw[k]);
  }

  /** Money of all peaks, and of energy since the start. */
  cost(): number {
    let cost = this.#energy;
    for (const [k, { pricePerKw }] of this.ledger.meters.entries())
      cost += pricePerKw * this.highest(k).meanKw;
    return cost;
  }

  /** Sets a power; the caller has asked the ledger before any increase. */
  set(s: number, t: number, kw: number): void {
    const now = this.ledger.at(s, t);
    this.#log.push({ s, t, kw: now });
    this.#energy += this.ledger.energyCostOf(t, kw - now);
    this.ledger.set(s, t, kw);
  }

  /** How many powers were set since `clear`: where `rollBack` may go back to. */
  mark(): number {
    return this.#log.length;
  }

  /** What was set so far stays. */
  clear(): void {
    this.#log.length = 0;
  }

  /** Takes back what was set after `to`. */
  rollBack(to: number): void {
    for (let i = this.#log.length - 1; i >= to; i--) {
      const { s, t, kw } = this.#log[i];
      this.#energy += this.ledger.energyCostOf(t, kw - this.ledger.at(s, t));
      this.ledger.set(s, t, kw);
    }
    this.#log.length = to;
  }

  /** Whether session `s` passes on amounts of `kw`. */
  passes(s: number, kw: number): boolean {
    const step = this.step[s];
    if (step <= 0) return true;
    const steps = kw / step;
    return Math.abs(steps - Math.round(steps)) < 1e-6;
  }

  /** Whether `kw`, a multiple of its steps, is 0 or at least the lowest level of `s`. */
  stands(s: number, kw: number): boolean {
    return kw >= this.lowest[s] - roomNoise || Math.abs(kw) <= roomNoise;
  }

  /** `kw` without the rounding of sums. */
  onLevel(s: number, kw: number): number {
    if (kw <= roomNoise) return 0;
    const step = this.step[s];
    return step > 0 ? Math.round(kw / step) * step : kw;
  }

  /** Moves `kw` of `s` between two intervals if every limit allows it. */
  move(s: number, from: number, to: number, kw: number): boolean {
    const ledger = this.ledger;
    const mark = this.#log.length;
    this.set(s, from, this.onLevel(s, ledger.at(s, from) - kw));
    const up = this.onLevel(s, ledger.at(s, to) + kw);
    if (up <= ledger.highest(s, to) + roomNoise) {
      this.set(s, to, up);
      return true;
    }
    this.rollBack(mark);
    return false;
  }

  /**
   * [T] money of `kw` more in each interval beside what less of it in `t` saves in energy: window `k` stays below
   * `belowKw`, else it is Infinity, and others rise at their price.
   */
  scoreOf(k: number, t: number, kw: number, belowKw: number): Float64Array {
    const { meters, problem } = this.ledger;
    const source = meters[k].blocks.blockOf[t];
    const saved = this.ledger.energyCostOf(t, kw);
    const scores = new Float64Array(problem.intervals);
    for (let to = 0; to < scores.length; to++) {
      const stays = meters[k].blocks.blockOf[to] === source || this.ledger.belowCharges(to) < kw;
      scores[to] = stays ? Infinity : this.ledger.energyCostOf(to, kw) - saved;
    }
    for (const [j, { blocks, sum, pricePerKw }] of meters.entries()) {
      const peakKw = this.highest(j).meanKw;
      for (let to = 0; to < scores.length; to++) {
        const b = blocks.blockOf[to];
        if (blocks.counts[b] === 0) continue;
        const mean = (sum[b] + kw) / blocks.length[b];
        if (j === k && mean > belowKw) scores[to] = Infinity;
        else if (mean > peakKw) scores[to] += (mean - peakKw) * pricePerKw;
      }
    }
    return scores;
  }
}
