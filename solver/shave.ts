/**
 * Lowers the peaks of a plan in steps by moving single levels from interval to interval. What a move costs depends on the
 * site's profile alone, so a level leaves the highest block and arrives wherever it raises least, if need be over a chain
 * of vehicles, each of which passes on in one interval what it gets in another: what is between keeps its sum. A descent
 * goes on over moves that gain nothing yet, as long as blocks of one height have to fall together, and ends at the
 * cheapest plan that it came by. No vehicle loses energy, every limit holds throughout.
 * @module
 */
import { isContinuous, lowestLevel } from './levels.ts';
import { roomNoise } from './ledger.ts';
import type { Ledger, Meter } from './ledger.ts';

/** Smallest difference of block means worth a move, kW, and of costs worth a plan, money. */
const gainMin = 1e-6;
/** Share of what a lower peak may gain below which a move counts as free. */
const freeShare = 0.02;
/** Most that a move may cost per kW, as a multiple of all peaks together: the first of many pays for those that follow. */
const riseFactor = 1;
/** Moves of a descent without a cheaper plan before it is given up, per block of the window. */
const patiencePerBlock = 1;
/** Vehicles in a chain at most. */
const chainMax = 4;
/** Pairs of a vehicle and an interval looked at in all, per pair of the plan. */
const looksPerPair = 600;
/** Rounds over all windows; each lowers what the others have made room for. */
const roundsMax = 6;
/** Most amounts tried for one move. */
const amountsMax = 6;
/** Amount by which a vehicle that knows no steps is moved, kW. */
const smallKw = 0.25;

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

/** Where a level may arrive, and over whom. */
interface Arrival {
  s: number;
  from: number;
  to: number;
  score: number;
}

/** What is to be moved: `kw` out of interval `t`, which counts in the highest block of window `k`. */
interface Task {
  readonly k: number;
  readonly t: number;
  readonly kw: number;
  /** [T] money of `kw` more in each interval beside what less in `t` saves in energy; Infinity where it may not go. */
  readonly score: Float64Array;
}

class Descent {
  readonly #ledger: Ledger;
  readonly #arrive: Int32Array;
  readonly #depart: Int32Array;
  readonly #lowest: Float64Array;
  readonly #step: Float64Array;
  /** [T] sessions that are there and may be moved. */
  readonly #present: readonly number[][];
  readonly #amounts: readonly number[];
  /** What was set, to be taken back. */
  readonly #log: { readonly s: number; readonly t: number; readonly kw: number }[] = [];
  /** Leaf circuit of each session, from 1 on. */
  readonly #circuit: Int32Array;
  /**
   * Of the search under way, [(circuits + 1) * T]: whether reached, by whom and from which place. A place is an interval
   * with the circuit that was filled there, on which somebody has to leave; circuit 0 where anybody may.
   */
  readonly #reached: Uint8Array;
  readonly #reachedBy: Int32Array;
  readonly #reachedFrom: Int32Array;
  readonly #looksMax: number;
  #looks = 0;
  /** Money of energy since the start. */
  #energy = 0;
  /** Peaks that are not worth lowering, kW per window. */
  #leastKw: readonly number[];

  constructor(ledger: Ledger) {
    const { sessions, intervals } = ledger.problem;
    this.#ledger = ledger;
    this.#arrive = Int32Array.from(sessions, ({ arrive }) => arrive);
    this.#depart = Int32Array.from(sessions, ({ depart }) => depart);
    this.#lowest = Float64Array.from(sessions, lowestLevel);
    this.#step = Float64Array.from(sessions, (session) => (isContinuous(session) ? 0 : session.stepKw));
    this.#present = Array.from({ length: intervals }, () => []);
    let pairs = 0;
    const amounts = new Set<number>();
    for (const [s, session] of sessions.entries()) {
      const { arrive, depart, milestones = [], energyKwh } = session;
      if (milestones.length > 0 || energyKwh <= 0) continue;
      pairs += Math.max(0, depart - arrive);
      for (let t = arrive; t < depart; t++) this.#present[t].push(s);
      if (this.#step[s] > 0) amounts.add(this.#step[s]).add(this.#lowest[s]);
      else amounts.add(Math.max(smallKw, this.#lowest[s]));
    }
    this.#amounts = [...amounts].sort((a, b) => a - b).slice(0, amountsMax);
    const { connectors, circuits } = ledger.problem;
    this.#circuit = Int32Array.from(sessions, ({ connector }) => connectors[connector].circuit + 1);
    const places = (circuits.length + 1) * intervals;
    this.#reached = new Uint8Array(places);
    this.#reachedBy = new Int32Array(places);
    this.#reachedFrom = new Int32Array(places);
    this.#looksMax = looksPerPair * pairs;
    this.#leastKw = ledger.meters.map(({ floorKw }) => floorKw);
  }

  /** Peaks up to `leastKw` cost nothing more from here on; looks begin anew. */
  restart(leastKw: readonly number[]): void {
    this.#leastKw = leastKw;
    this.#looks = 0;
  }

  #highest(k: number): { block: number; meanKw: number } {
    return highestBlock(this.#ledger.meters[k], this.#leastKw[k]);
  }

  /** Money of all peaks, and of energy since the start. */
  #cost(): number {
    let cost = this.#energy;
    for (const [k, { pricePerKw }] of this.#ledger.meters.entries())
      cost += pricePerKw * this.#highest(k).meanKw;
    return cost;
  }

  #set(s: number, t: number, kw: number): void {
    const now = this.#ledger.at(s, t);
    this.#log.push({ s, t, kw: now });
    this.#energy += this.#ledger.energyCostOf(t, kw - now);
    this.#ledger.set(s, t, kw);
  }

  #rollBack(to: number): void {
    for (let i = this.#log.length - 1; i >= to; i--) {
      const { s, t, kw } = this.#log[i];
      this.#energy += this.#ledger.energyCostOf(t, kw - this.#ledger.at(s, t));
      this.#ledger.set(s, t, kw);
    }
    this.#log.length = to;
  }

  /** Whether session `s` passes on amounts of `kw`. */
  #passes(s: number, kw: number): boolean {
    const step = this.#step[s];
    if (step <= 0) return true;
    const steps = kw / step;
    return Math.abs(steps - Math.round(steps)) < 1e-6;
  }

  /** Whether `kw`, a multiple of its steps, is 0 or at least the lowest level of `s`. */
  #stands(s: number, kw: number): boolean {
    return kw >= this.#lowest[s] - roomNoise || Math.abs(kw) <= roomNoise;
  }

  #onLevel(s: number, kw: number): number {
    if (kw <= roomNoise) return 0;
    const step = this.#step[s];
    return step > 0 ? Math.round(kw / step) * step : kw;
  }

  /** Moves `kw` of `s` between two intervals if every limit allows it. */
  #move(s: number, from: number, to: number, kw: number): boolean {
    const ledger = this.#ledger;
    const mark = this.#log.length;
    this.#set(s, from, this.#onLevel(s, ledger.at(s, from) - kw));
    const up = this.#onLevel(s, ledger.at(s, to) + kw);
    if (up <= ledger.highest(s, to) + roomNoise) {
      this.#set(s, to, up);
      return true;
    }
    this.#rollBack(mark);
    return false;
  }

  /** [T] see `Task.score`: window `k` stays below `belowKw`, others may rise at their price. */
  #scoreOf(k: number, t: number, kw: number, belowKw: number): Float64Array {
    const { meters, problem } = this.#ledger;
    const peaks = meters.map((_, j) => this.#highest(j).meanKw);
    const source = meters[k].blocks.blockOf[t];
    const saved = this.#ledger.energyCostOf(t, kw);
    return problem.price.map((_, to) => {
      if (meters[k].blocks.blockOf[to] === source || this.#ledger.belowCharges(to) < kw) return Infinity;
      let score = this.#ledger.energyCostOf(to, kw) - saved;
      for (const [j, { blocks, sum, pricePerKw }] of meters.entries()) {
        const b = blocks.blockOf[to];
        if (blocks.counts[b] === 0) continue;
        const mean = (sum[b] + kw) / blocks.length[b];
        if (j === k && mean > belowKw) return Infinity;
        if (mean > peaks[j]) score += (mean - peaks[j]) * pricePerKw;
      }
      return score;
    });
  }

  /** Spreads from a place by one vehicle more; takes better arrivals into `best`, gives places reached first. */
  #spread(place: number, { kw, score }: Task, best: Arrival): number[] {
    const ledger = this.#ledger;
    const span = score.length;
    const t = place % span;
    const leaving = (place - t) / span;
    const found: number[] = [];
    for (const s of this.#present[t]) {
      const circuit = this.#circuit[s];
      const now = ledger.at(s, t);
      if (leaving > 0 && circuit !== leaving) continue;
      if (now < kw - roomNoise || !this.#passes(s, kw) || !this.#stands(s, now - kw)) continue;
      this.#looks += this.#depart[s] - this.#arrive[s];
      for (let to = this.#arrive[s]; to < this.#depart[s]; to++) {
        if (this.#reached[to] === 1 && !(score[to] < best.score)) continue;
        const there = ledger.at(s, to) + kw;
        if (to === t || there > ledger.capAt(s, to) + roomNoise || !this.#stands(s, there)) continue;
        if (score[to] < best.score && there <= ledger.highest(s, to) + roomNoise) {
          best.s = s;
          best.from = place;
          best.to = to;
          best.score = score[to];
        }
        if (this.#reached[to] === 1) continue;
        const next = there <= ledger.highestBelowGrid(s, to) + roomNoise ? to : to + circuit * span;
        if (this.#reached[next] === 1) continue;
        this.#reached[next] = 1;
        this.#reachedBy[next] = s;
        this.#reachedFrom[next] = place;
        found.push(next);
      }
    }
    return found;
  }

  /** The best arrival that a chain reaches, the shortest chain to one that costs `free`; its steps last first. */
  #chain(
    task: Task,
    most: number,
    free: number,
  ): { readonly steps: readonly Arrival[]; readonly score: number } | undefined {
    this.#reached.fill(0);
    this.#reached[task.t] = 1;
    const best: Arrival = { s: -1, from: -1, to: -1, score: most };
    let front = [task.t];
    for (let length = 0; length < chainMax && front.length > 0 && this.#looks < this.#looksMax; length++) {
      front = front.flatMap((place) => this.#spread(place, task, best));
      if (best.s >= 0 && best.score <= free) break;
    }
    if (best.s < 0) return undefined;
    const span = task.score.length;
    const steps: Arrival[] = [{ ...best, from: best.from % span }];
    for (let at = best.from; at !== task.t; at = this.#reachedFrom[at]) {
      const from = this.#reachedFrom[at] % span;
      steps.push({ s: this.#reachedBy[at], from, to: at % span, score: 0 });
    }
    return { steps, score: best.score };
  }

  #carryOut(steps: readonly Arrival[], kw: number): boolean {
    const mark = this.#log.length;
    for (const { s, from, to } of steps) {
      if (this.#move(s, from, to, kw)) continue;
      this.#rollBack(mark);
      return false;
    }
    return true;
  }

  /** One session moves to another interval and a mate moves less back, so that a level in all is moved. */
  #exchange(task: Task, most: number): boolean {
    const { t, score } = task;
    const targets = [...score.keys()]
      .filter((to) => score[to] < most)
      .sort((a, b) => score[a] - score[b] || a - b);
    const givers = this.#present[t].filter((s) => this.#ledger.at(s, t) > task.kw);
    for (const to of targets) {
      const isThere = (s: number): boolean =>
        Math.min(t, to) >= this.#arrive[s] && Math.max(t, to) < this.#depart[s];
      const mates = this.#present[to].filter((s) => isThere(s) && this.#ledger.at(s, to) > roomNoise);
      for (const s of mates.length > 0 ? givers : []) {
        if (!isThere(s)) continue;
        this.#looks += mates.length;
        if (this.#looks > this.#looksMax) return false;
        if (mates.some((mate) => mate !== s && this.#exchangeWith(task, [s, mate], to))) return true;
      }
    }
    return false;
  }

  #exchangeWith({ t, kw }: Task, pair: readonly [number, number], to: number): boolean {
    const ledger = this.#ledger;
    const [s, mate] = pair;
    const [from, there, its, here] = [
      ledger.at(s, t),
      ledger.at(s, to),
      ledger.at(mate, to),
      ledger.at(mate, t),
    ];
    const [step, other] = [this.#step[s], this.#step[mate]];
    // All of it, or a start: what single levels cannot do. Unequal steps differ by less than either.
    const lumps = [from, this.#lowest[s] - there, its + kw, this.#lowest[mate] - here + kw];
    if (step !== other) lumps.push(step, 2 * step, other + kw, 2 * other + kw);
    for (const x of lumps) {
      const y = x - kw;
      const fits =
        x <= from + roomNoise &&
        y > roomNoise &&
        y <= its + roomNoise &&
        there + x <= ledger.capAt(s, to) + roomNoise &&
        here + y <= ledger.capAt(mate, t) + roomNoise;
      const holds =
        fits &&
        this.#passes(s, x) &&
        this.#passes(mate, y) &&
        this.#stands(s, from - x) &&
        this.#stands(s, there + x) &&
        this.#stands(mate, its - y) &&
        this.#stands(mate, here + y);
      if (holds && this.#swap(pair, [t, to], [x, y])) return true;
    }
    return false;
  }

  #swap(
    pair: readonly [number, number],
    times: readonly [number, number],
    by: readonly [number, number],
  ): boolean {
    const ledger = this.#ledger;
    const [s, mate] = pair;
    const [t, to] = times;
    const mark = this.#log.length;
    this.#set(s, t, this.#onLevel(s, ledger.at(s, t) - by[0]));
    this.#set(mate, to, this.#onLevel(mate, ledger.at(mate, to) - by[1]));
    const up = this.#onLevel(s, ledger.at(s, to) + by[0]);
    if (up <= ledger.highest(s, to) + roomNoise) {
      this.#set(s, to, up);
      const back = this.#onLevel(mate, ledger.at(mate, t) + by[1]);
      if (back <= ledger.highest(mate, t) + roomNoise) {
        this.#set(mate, t, back);
        return true;
      }
    }
    this.#rollBack(mark);
    return false;
  }

  /** Puts `kw` of session `s`, step by step, where each raises least; whether all of it found a place. */
  #scatter(s: number, { k, t }: Task, kw: number, belowKw: number): boolean {
    const ledger = this.#ledger;
    const step = this.#step[s] > 0 ? this.#step[s] : smallKw;
    let left = kw;
    while (left > roomNoise) {
      const by = Math.min(step, left);
      const score = this.#scoreOf(k, t, by, belowKw);
      this.#looks += this.#depart[s] - this.#arrive[s];
      let best = -1;
      for (let to = this.#arrive[s]; to < this.#depart[s]; to++) {
        const there = ledger.at(s, to) + by;
        if (!(score[to] < (best < 0 ? Infinity : score[best])) || !this.#stands(s, there)) continue;
        if (there <= ledger.highest(s, to) + roomNoise) best = to;
      }
      if (best < 0) return false;
      this.#set(s, best, this.#onLevel(s, ledger.at(s, best) + by));
      left -= by;
    }
    return true;
  }

  /** Takes a session out of the interval and scatters its power over others; the cheapest way, money per kW. */
  #evict(task: Task, belowKw: number, most: number): boolean {
    const { t } = task;
    let best = -1;
    let bestScore = most;
    const evicted = (s: number): boolean => {
      const kw = this.#ledger.at(s, t);
      this.#set(s, t, 0);
      return this.#scatter(s, task, kw, belowKw);
    };
    for (const s of this.#present[t]) {
      const kw = this.#ledger.at(s, t);
      if (kw <= roomNoise || this.#looks > this.#looksMax) continue;
      const mark = this.#log.length;
      const before = this.#cost();
      if (evicted(s)) {
        const score = (this.#cost() - before) / kw;
        if (score < bestScore) {
          best = s;
          bestScore = score;
        }
      }
      this.#rollBack(mark);
    }
    return best >= 0 && evicted(best);
  }

  /**
   * A session gives up a level and starts in an interval in which it rests: at its lowest, so that it ends with more than
   * it asked for, though less than one lowest power. `task` is that of the lowest power; the cheapest start, money per kW.
   */
  #startElsewhere({ t, kw: lowest, score }: Task, most: number): boolean {
    const ledger = this.#ledger;
    const { intervalH } = ledger.problem;
    let best: { readonly s: number; readonly kw: number; readonly to: number } | undefined;
    let bestScore = most;
    for (const s of this.#present[t]) {
      if (this.#lowest[s] !== lowest || ledger.at(s, t) <= lowest + roomNoise) continue;
      const kw = this.#amounts.find((by) => by < lowest && this.#passes(s, by));
      if (kw === undefined || !this.#stands(s, ledger.at(s, t) - kw)) continue;
      if ((lowest - kw) * intervalH - ledger.missing(s) >= lowest * intervalH - roomNoise) continue;
      this.#looks += this.#depart[s] - this.#arrive[s];
      for (let to = this.#arrive[s]; to < this.#depart[s]; to++) {
        if (!(score[to] < bestScore * kw) || ledger.at(s, to) > 0) continue;
        if (ledger.highest(s, to) < lowest - roomNoise) continue;
        best = { s, kw, to };
        bestScore = score[to] / kw;
      }
    }
    if (best === undefined) return false;
    this.#set(best.s, t, this.#onLevel(best.s, ledger.at(best.s, t) - best.kw));
    this.#set(best.s, best.to, lowest);
    return true;
  }

  /** One move that lowers the highest block of window `k`: a free one where there is one, else the cheapest. */
  #lower(k: number): boolean {
    const { meters, problem } = this.#ledger;
    const { blocks, pricePerKw } = meters[k];
    const { block, meanKw } = this.#highest(k);
    if (block < 0) return false;
    const worth = pricePerKw / blocks.length[block];
    const bearable = riseFactor * meters.reduce((sum, meter) => sum + meter.pricePerKw, 0);
    let dear: { readonly steps: readonly Arrival[]; readonly kw: number; readonly score: number } | undefined;
    const tasks: Task[] = [];
    for (let t = 0; t < problem.intervals; t++) {
      if (blocks.blockOf[t] !== block) continue;
      for (const kw of this.#amounts) {
        const task = { k, t, kw, score: this.#scoreOf(k, t, kw, meanKw - gainMin) };
        tasks.push(task);
        const chain = this.#chain(task, bearable * kw, freeShare * worth * kw);
        if (chain === undefined) continue;
        if (chain.score <= freeShare * worth * kw && this.#carryOut(chain.steps, kw)) return true;
        if (dear === undefined || chain.score / kw < dear.score / dear.kw) dear = { ...chain, kw };
      }
    }
    for (const most of dear === undefined ? [bearable] : [dear.score / dear.kw, bearable]) {
      for (const task of tasks) if (this.#exchange(task, most * task.kw)) return true;
      for (const task of tasks) {
        if (task.kw === this.#amounts[0] && this.#evict(task, meanKw - gainMin, most)) return true;
      }
      for (const task of tasks) if (this.#startElsewhere(task, most)) return true;
      if (dear !== undefined && this.#carryOut(dear.steps, dear.kw)) return true;
    }
    return false;
  }

  /** Lowers window `k` as long as that leads to cheaper plans; whether it did. */
  descend(k: number): boolean {
    this.#log.length = 0;
    const patience = 8 + patiencePerBlock * this.#ledger.meters[k].blocks.count;
    const before = this.#cost();
    let best = before;
    let bestAt = 0;
    for (let idle = 0; idle < patience && this.#looks < this.#looksMax && this.#lower(k); idle++) {
      const cost = this.#cost();
      if (cost > best - gainMin) continue;
      best = cost;
      bestAt = this.#log.length;
      idle = 0;
    }
    this.#rollBack(bestAt);
    return best < before;
  }
}

/**
 * Lowers the peaks of all windows, dearest first, as long as the plan becomes cheaper: to `peaksKw`, the best peaks that go
 * together, while others may rise to theirs; then below.
 */
export function shavePeaks(ledger: Ledger, peaksKw: Float64Array): void {
  const order = ledger.meters
    .map((_, k) => k)
    .filter((k) => ledger.meters[k].pricePerKw > 0)
    .sort((a, b) => ledger.meters[b].pricePerKw - ledger.meters[a].pricePerKw || a - b);
  const descent = new Descent(ledger);
  const floors = ledger.meters.map(({ floorKw }) => floorKw);
  const together = floors.map((kw, k) => Math.max(kw, peaksKw[k]));
  for (const leastKw of [together, floors]) {
    descent.restart(leastKw);
    for (let round = 0; round < roundsMax; round++) {
      if (order.filter((k) => descent.descend(k)).length === 0) break;
    }
  }
}
