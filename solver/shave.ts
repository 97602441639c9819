/**
 * Lowers the peaks of a plan in steps by moving single levels from interval to interval. What a move costs depends on the
 * site's profile alone, so a level leaves the highest block and arrives wherever it raises least, if need be over a chain
 * of vehicles, each of which passes on in one interval what it gets in another: what is between keeps its sum. A descent
 * goes on over moves that gain nothing yet, as long as blocks of one height have to fall together, and ends at the
 * cheapest plan that it came by. No vehicle loses energy, every limit holds throughout.
 * @module
 */
import { roomNoise } from './ledger.ts';
import type { Ledger } from './ledger.ts';
import { gainMin, smallKw, StepBoard } from './step-board.ts';

/** Share of what a lower peak may gain below which a move counts as free. */
const freeShare = 0.02;
/** Most that a move may cost per kW, as a multiple of all peaks together: the first of many pays for those that follow. */
const riseFactor = 1;
/** Moves of a descent without a cheaper plan before it is given up, per block of the window. */
const patiencePerBlock = 0.25;
/** How many vehicles a chain may have, and pairs that one search for one may look at. */
interface ChainReach {
  readonly longest: number;
  readonly looks: number;
}

/** Tried first, and when nothing else is free. */
const chains: readonly ChainReach[] = [
  { longest: 1, looks: 3_000 },
  { longest: 2, looks: 3_000 },
];
const deepChain: ChainReach = { longest: 3, looks: 10_000 };
/** Pairs of a vehicle and an interval looked at, per pair of the plan: in one descent, and in all. */
const looksPerPair = 150;
const allLooksPerPair = 600;
/** The same for one exchange of two, in all. */
const exchangeLooksMax = 2_000;
/** Rounds over all windows; each lowers what the others have made room for. */
const roundsMax = 6;
/** Share of the cost that a round must save for another one. */
const roundGainShare = 1e-5;

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
  /** Intervals that are no dearer than what may be paid, cheapest first. */
  readonly targets: readonly number[];
}

/** A task with its scores; targets that cost as much as `bearable` per kW or more are left out. */
function taskOf(
  board: StepBoard,
  { k, t, kw }: Pick<Task, 'k' | 't' | 'kw'>,
  { belowKw, bearable }: { readonly belowKw: number; readonly bearable: number },
): Task {
  const score = board.scoreOf(k, t, kw, belowKw);
  const targets: number[] = [];
  for (let to = 0; to < score.length; to++) if (score[to] < bearable * kw) targets.push(to);
  return { k, t, kw, score, targets: targets.sort((a, b) => score[a] - score[b] || a - b) };
}

class Descent {
  readonly #board: StepBoard;
  readonly #ledger: Ledger;
  /**
   * Of the search under way, [(circuits + 1) * T]: whether reached, by whom and from which place. A place is an interval
   * with the circuit that was filled there, on which somebody has to leave; circuit 0 where anybody may.
   */
  readonly #reached: Uint8Array;
  readonly #reachedBy: Int32Array;
  readonly #reachedFrom: Int32Array;
  /** Intervals that nobody has reached who may be followed by anybody. */
  readonly #unreached: number[] = [];
  readonly #lumps = new Float64Array(8);
  #looksMax = 0;
  #looks = 0;

  constructor(board: StepBoard) {
    this.#board = board;
    this.#ledger = board.ledger;
    const { circuits, intervals } = board.ledger.problem;
    const places = (circuits.length + 1) * intervals;
    this.#reached = new Uint8Array(places);
    this.#reachedBy = new Int32Array(places);
    this.#reachedFrom = new Int32Array(places);
  }

  /** Takes the first of `targets`, cheapest first, that takes `kw` of session `s` from `place` into `best`, if it is better. */
  #arrival(s: number, place: number, { kw, score, targets }: Task, best: Arrival): void {
    const ledger = this.#ledger;
    const t = place % score.length;
    for (const to of targets) {
      this.#looks++;
      if (score[to] >= best.score) return;
      if (to === t || to < this.#board.arrive[s] || to >= this.#board.depart[s]) continue;
      const there = ledger.at(s, to) + kw;
      if (!this.#board.stands(s, there) || there > ledger.highest(s, to) + roomNoise) continue;
      best.s = s;
      best.from = place;
      best.to = to;
      best.score = score[to];
      return;
    }
  }

  /** Adds the places that session `s` reaches first to `front`. */
  #reach(s: number, place: number, { kw, score }: Task, front: number[]): void {
    const ledger = this.#ledger;
    const span = score.length;
    const unreached = this.#unreached;
    for (let i = 0; i < unreached.length; i++) {
      const to = unreached[i];
      this.#looks++;
      if (to < this.#board.arrive[s] || to >= this.#board.depart[s]) continue;
      const there = ledger.at(s, to) + kw;
      if (there > ledger.capAt(s, to) + roomNoise || !this.#board.stands(s, there)) continue;
      const isOpen = there <= ledger.highestBelowGrid(s, to) + roomNoise;
      const next = isOpen ? to : to + this.#board.circuit[s] * span;
      if (this.#reached[next] === 1) continue;
      this.#reached[next] = 1;
      this.#reachedBy[next] = s;
      this.#reachedFrom[next] = place;
      front.push(next);
      if (!isOpen) continue;
      unreached[i--] = unreached[unreached.length - 1];
      unreached.pop();
    }
  }

  /** The best arrival that a chain of up to `longest` reaches, the shortest one to what costs `free`; its steps last first. */
  #chain(
    task: Task,
    { most, free, longest, looks }: ChainReach & { readonly most: number; readonly free: number },
  ): { readonly steps: readonly Arrival[]; readonly score: number } | undefined {
    const { t: source, kw, score } = task;
    const span = score.length;
    this.#reached.fill(0);
    this.#reached[source] = 1;
    this.#unreached.length = 0;
    for (let t = 0; t < span; t++) if (t !== source) this.#unreached.push(t);
    const best: Arrival = { s: -1, from: -1, to: -1, score: most };
    let front = [source];
    const looksMax = Math.min(this.#looksMax, this.#looks + looks);
    for (let length = 1; length <= longest && front.length > 0; length++) {
      const next: number[] = [];
      for (const place of front) {
        if (this.#looks > looksMax) break;
        const t = place % span;
        const leaving = (place - t) / span;
        for (const s of this.#board.present[t]) {
          const now = this.#ledger.at(s, t);
          if (now < kw - roomNoise || (leaving > 0 && this.#board.circuit[s] !== leaving)) continue;
          if (!this.#board.passes(s, kw) || !this.#board.stands(s, now - kw)) continue;
          this.#arrival(s, place, task, best);
          if (length < longest) this.#reach(s, place, task, next);
        }
      }
      if (best.s >= 0 && best.score <= free) break;
      front = next;
    }
    if (best.s < 0) return undefined;
    const steps: Arrival[] = [{ ...best, from: best.from % span }];
    for (let at = best.from; at !== source; at = this.#reachedFrom[at]) {
      const from = this.#reachedFrom[at] % span;
      steps.push({ s: this.#reachedBy[at], from, to: at % span, score: 0 });
    }
    return { steps, score: best.score };
  }

  #carryOut(steps: readonly Arrival[], kw: number): boolean {
    const mark = this.#board.mark();
    for (const { s, from, to } of steps) {
      if (this.#board.move(s, from, to, kw)) continue;
      this.#board.rollBack(mark);
      return false;
    }
    return true;
  }

  /** One session moves to another interval and a mate moves less back, so that a level in all is moved. */
  #exchange(task: Task, most: number): boolean {
    const { t, score, targets } = task;
    const givers = this.#board.present[t].filter((s) => this.#ledger.at(s, t) > task.kw);
    const looksMax = Math.min(this.#looksMax, this.#looks + exchangeLooksMax);
    for (const to of targets) {
      if (score[to] >= most) return false;
      const isThere = (s: number): boolean =>
        Math.min(t, to) >= this.#board.arrive[s] && Math.max(t, to) < this.#board.depart[s];
      const mates = this.#board.present[to].filter((s) => isThere(s) && this.#ledger.at(s, to) > roomNoise);
      for (const s of mates.length > 0 ? givers : []) {
        if (!isThere(s)) continue;
        this.#looks += mates.length;
        if (this.#looks > looksMax) return false;
        for (const mate of mates) if (mate !== s && this.#exchangeWith(task, s, mate, to)) return true;
      }
    }
    return false;
  }

  #exchangeWith({ t, kw }: Task, s: number, mate: number, to: number): boolean {
    const ledger = this.#ledger;
    const { step, lowest, circuit } = this.#board;
    // Only on a circuit that both hang on does one make room for the other.
    const apart = circuit[s] !== circuit[mate];
    const from = ledger.at(s, t);
    const its = ledger.at(mate, to);
    const more =
      (apart ? ledger.highestBelowGrid(s, to) : ledger.capAt(s, to)) - ledger.at(s, to) + roomNoise;
    const back =
      (apart ? ledger.highestBelowGrid(mate, t) : ledger.capAt(mate, t)) - ledger.at(mate, t) + roomNoise;
    const most = Math.min(from, more, its + kw, back + kw) + roomNoise;
    if (most <= kw + roomNoise) return false;
    // All of it, or a start: what single levels cannot do.
    const lumps = this.#lumps;
    lumps[0] = from;
    lumps[1] = lowest[s] - ledger.at(s, to);
    lumps[2] = its + kw;
    lumps[3] = lowest[mate] - ledger.at(mate, t) + kw;
    // Unequal steps differ by less than either.
    lumps[4] = step[s];
    lumps[5] = 2 * step[s];
    lumps[6] = step[mate] + kw;
    lumps[7] = 2 * step[mate] + kw;
    const tried = step[s] === step[mate] ? 4 : 8;
    for (let i = 0; i < tried; i++) {
      const x = lumps[i];
      if (x <= kw + roomNoise || x > most) continue;
      if (this.#isLevel(s, t, to, x) && this.#isLevel(mate, to, t, x - kw)) {
        if (this.#swap([s, mate], [t, to], [x, x - kw])) return true;
      }
    }
    return false;
  }

  /** Whether session `s` would stand on levels if it moved `kw` from one interval to another. */
  #isLevel(s: number, from: number, to: number, kw: number): boolean {
    const board = this.#board;
    return (
      board.passes(s, kw) &&
      board.stands(s, this.#ledger.at(s, from) - kw) &&
      board.stands(s, this.#ledger.at(s, to) + kw)
    );
  }

  #swap(
    pair: readonly [number, number],
    times: readonly [number, number],
    by: readonly [number, number],
  ): boolean {
    const ledger = this.#ledger;
    const [s, mate] = pair;
    const [t, to] = times;
    const mark = this.#board.mark();
    this.#board.set(s, t, this.#board.onLevel(s, ledger.at(s, t) - by[0]));
    this.#board.set(mate, to, this.#board.onLevel(mate, ledger.at(mate, to) - by[1]));
    const up = this.#board.onLevel(s, ledger.at(s, to) + by[0]);
    if (up <= ledger.highest(s, to) + roomNoise) {
      this.#board.set(s, to, up);
      const back = this.#board.onLevel(mate, ledger.at(mate, t) + by[1]);
      if (back <= ledger.highest(mate, t) + roomNoise) {
        this.#board.set(mate, t, back);
        return true;
      }
    }
    this.#board.rollBack(mark);
    return false;
  }

  /** Puts `kw` of session `s`, step by step, where each raises least; whether all of it found a place. */
  #scatter(s: number, { k, t }: Task, kw: number, belowKw: number): boolean {
    const ledger = this.#ledger;
    const step = this.#board.step[s] > 0 ? this.#board.step[s] : smallKw;
    let left = kw;
    while (left > roomNoise) {
      const by = Math.min(step, left);
      const score = this.#board.scoreOf(k, t, by, belowKw);
      this.#looks += this.#board.depart[s] - this.#board.arrive[s];
      let best = -1;
      for (let to = this.#board.arrive[s]; to < this.#board.depart[s]; to++) {
        const there = ledger.at(s, to) + by;
        if (!(score[to] < (best < 0 ? Infinity : score[best])) || !this.#board.stands(s, there)) continue;
        if (there <= ledger.highest(s, to) + roomNoise) best = to;
      }
      if (best < 0) return false;
      this.#board.set(s, best, this.#board.onLevel(s, ledger.at(s, best) + by));
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
      this.#board.set(s, t, 0);
      return this.#scatter(s, task, kw, belowKw);
    };
    for (const s of this.#board.present[t]) {
      const kw = this.#ledger.at(s, t);
      if (kw <= roomNoise || this.#looks > this.#looksMax) continue;
      const mark = this.#board.mark();
      const before = this.#board.cost();
      if (evicted(s)) {
        const score = (this.#board.cost() - before) / kw;
        if (score < bestScore) {
          best = s;
          bestScore = score;
        }
      }
      this.#board.rollBack(mark);
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
    for (const s of this.#board.present[t]) {
      if (this.#board.lowest[s] !== lowest || ledger.at(s, t) <= lowest + roomNoise) continue;
      const kw = this.#board.amounts.find((by) => by < lowest && this.#board.passes(s, by));
      if (kw === undefined || !this.#board.stands(s, ledger.at(s, t) - kw)) continue;
      if ((lowest - kw) * intervalH - ledger.missing(s) >= lowest * intervalH - roomNoise) continue;
      this.#looks += this.#board.depart[s] - this.#board.arrive[s];
      for (let to = this.#board.arrive[s]; to < this.#board.depart[s]; to++) {
        if (!(score[to] < bestScore * kw) || ledger.at(s, to) > 0) continue;
        if (ledger.highest(s, to) < lowest - roomNoise) continue;
        best = { s, kw, to };
        bestScore = score[to] / kw;
      }
    }
    if (best === undefined) return false;
    this.#board.set(best.s, t, this.#board.onLevel(best.s, ledger.at(best.s, t) - best.kw));
    this.#board.set(best.s, best.to, lowest);
    return true;
  }

  /** One move that lowers the highest block of window `k`: a free one where there is one, else the cheapest. */
  #lower(k: number): boolean {
    const { meters, problem } = this.#ledger;
    const { blocks, pricePerKw } = meters[k];
    const { block, meanKw } = this.#board.highest(k);
    if (block < 0) return false;
    const worth = pricePerKw / blocks.length[block];
    const bearable = riseFactor * meters.reduce((sum, meter) => sum + meter.pricePerKw, 0);
    let dear: { readonly steps: readonly Arrival[]; readonly kw: number; readonly score: number } | undefined;
    const times: number[] = [];
    for (let t = 0; t < problem.intervals; t++) if (blocks.blockOf[t] === block) times.push(t);
    const { amounts } = this.#board;
    const made: Task[] = [];
    // Most are never looked at: the first that leads anywhere ends the search.
    const tasksOf = function* (board: StepBoard): Generator<Task> {
      for (let i = 0; i < times.length * amounts.length; i++) {
        made[i] ??= taskOf(
          board,
          { k, t: times[Math.floor(i / amounts.length)], kw: amounts[i % amounts.length] },
          {
            belowKw: meanKw - gainMin,
            bearable,
          },
        );
        yield made[i];
      }
    };
    const viaChain = (reach: ChainReach): boolean => {
      for (const task of tasksOf(this.#board)) {
        const { kw } = task;
        const free = freeShare * worth * kw;
        const chain = this.#chain(task, { most: bearable * kw, free, ...reach });
        if (chain === undefined) continue;
        if (chain.score <= free && this.#carryOut(chain.steps, kw)) return true;
        if (dear === undefined || chain.score / kw < dear.score / dear.kw) dear = { ...chain, kw };
      }
      return false;
    };
    if (chains.some(viaChain)) return true;
    const tasks = [...tasksOf(this.#board)];
    if (tasks.some((task) => this.#exchange(task, freeShare * worth * task.kw))) return true;
    const most = dear === undefined ? bearable : dear.score / dear.kw;
    if (dear !== undefined && most <= worth && this.#carryOut(dear.steps, dear.kw)) return true;
    if (viaChain(deepChain)) return true;
    for (const task of tasks) {
      if (task.kw === this.#board.amounts[0] && this.#evict(task, meanKw - gainMin, most)) return true;
    }
    if (tasks.some((task) => this.#startElsewhere(task, most))) return true;
    if (dear !== undefined && this.#carryOut(dear.steps, dear.kw)) return true;
    return tasks.some((task) => this.#exchange(task, bearable * task.kw));
  }

  /** Lowers window `k` as long as that leads to cheaper plans. */
  descend(k: number): void {
    this.#board.clear();
    this.#looksMax = Math.min(
      this.#looks + looksPerPair * this.#board.pairs,
      allLooksPerPair * this.#board.pairs,
    );
    const patience = 8 + patiencePerBlock * this.#ledger.meters[k].blocks.count;
    let best = this.#board.cost();
    let bestAt = 0;
    for (let idle = 0; idle < patience && this.#looks < this.#looksMax && this.#lower(k); idle++) {
      const cost = this.#board.cost();
      if (cost > best - gainMin) continue;
      best = cost;
      bestAt = this.#board.mark();
      idle = 0;
    }
    this.#board.rollBack(bestAt);
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
  const board = new StepBoard(ledger);
  const descent = new Descent(board);
  const floors = ledger.meters.map(({ floorKw }) => floorKw);
  const together = floors.map((kw, k) => Math.max(kw, peaksKw[k]));
  for (const leastKw of [together, floors]) {
    board.restart(leastKw);
    for (let round = 0; round < roundsMax; round++) {
      const before = board.cost();
      for (const k of order) descent.descend(k);
      if (before - board.cost() <= roundGainShare * Math.abs(before)) break;
    }
  }
}
