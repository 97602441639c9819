/**
 * Powers handed from vehicle to vehicle until a plan meets limits that its network left out: one vehicle gives up in an
 * interval what weighs on the limit and takes it in another, where a second one gives way and comes in its place. What the
 * site draws in each slot stays, and with it every cost. Source: docs/model.md, "Structure".
 * @module
 */
import type { Plan } from '../plan.ts';
import { linkNoise } from './links.ts';
import type { Link } from './links.ts';
import type { Loads } from './loads.ts';

/** Most looks at two vehicles and two intervals, per pair of a vehicle and an interval, and at least; the bundled night takes up to 21. */
const looksPerPair = 40;
const looksMin = 20_000;
/** Smallest power worth moving, kW. */
const moveMin = 1e-6;

/** What is to be taken off a limit. */
interface Excess {
  readonly row: number;
  readonly t: number;
  readonly kw: number;
}

/** A plan on its way. */
class Easing {
  readonly #loads: Loads;
  readonly #span: number;
  readonly #slotOf: Int32Array;
  readonly powerKw: readonly Float64Array[];
  /** [rows * T]. */
  readonly load: Float64Array;
  /** [T] sessions that are there. */
  readonly #present: readonly number[][];
  /** [sessions] what each weighs on the limit that is eased. */
  readonly #weights: Float64Array;
  /** [rows] weights of the vehicle that gives way. */
  readonly #giving: Float64Array;
  /** Vehicles that could come in its place, and how much each can take there. */
  readonly #mates: Int32Array;
  readonly #matesKw: Float64Array;
  #looks: number;

  constructor(loads: Loads, slotOf: Int32Array, plan: Plan) {
    this.#loads = loads;
    this.#span = loads.limits.problem.intervals;
    this.#slotOf = slotOf;
    this.powerKw = plan.powerKw.map((kw) => kw.slice());
    this.load = loads.of(plan);
    this.#present = Array.from({ length: this.#span }, () => []);
    for (let s = 0; s < loads.arrive.length; s++) {
      for (let t = loads.arrive[s]; t < loads.depart[s]; t++) this.#present[t].push(s);
    }
    this.#weights = new Float64Array(plan.powerKw.length);
    this.#giving = new Float64Array(loads.rows);
    this.#mates = new Int32Array(plan.powerKw.length);
    this.#matesKw = new Float64Array(plan.powerKw.length);
    this.#looks = Math.max(
      looksMin,
      plan.powerKw.reduce((sum, { length }) => sum + looksPerPair * length, 0),
    );
  }

  /** Eases a broken limit as far as it goes; whether that is enough. */
  ease({ row, t }: Link): boolean {
    const at = row * this.#span + t;
    for (const s of this.#present[t]) this.#weights[s] = this.#loads.weightOf(row, s, false);
    for (;;) {
      const kw = this.load[at] - this.#loads.roomKw[at];
      if (kw <= 0.5 * linkNoise) return true;
      if (this.#looks <= 0 || !this.#step({ row, t, kw })) return false;
    }
  }

  #kw(s: number, t: number): number {
    return this.powerKw[s][t - this.#loads.arrive[s]];
  }

  #room(s: number, t: number): number {
    const i = t - this.#loads.arrive[s];
    return this.#loads.capKw[s][i] - this.powerKw[s][i];
  }

  #isThere(s: number, t: number): boolean {
    return t >= this.#loads.arrive[s] && t < this.#loads.depart[s];
  }

  /** One move that takes something off a limit; false where there is none. */
  #step(excess: Excess): boolean {
    const { row, t, kw } = excess;
    const { freeKw, circuitRows } = this.#loads;
    for (const s of this.#present[t]) {
      const weight = this.#weights[s];
      if (weight === 0) continue;
      const most = Math.min(this.#kw(s, t) - (row < circuitRows ? freeKw[s] : 0), kw / weight);
      if (most > moveMin && this.#move(s, excess, most, weight)) return true;
    }
    return false;
  }

  /** Moves up to `most` of session `s`, alone within its slot or in exchange with another. */
  #move(s: number, { row, t }: Excess, most: number, weight: number): boolean {
    const { arrive, depart } = this.#loads;
    const { roomKw, circuitRows } = this.#loads;
    let mates = -1;
    for (let t2 = arrive[s]; t2 < depart[s]; t2++) {
      const room = Math.min(most, this.#room(s, t2));
      if (room <= moveMin || t2 === t) continue;
      // Who weighs less gives way there too, so the limit itself needs room.
      const spare = roomKw[row * this.#span + t2] - this.load[row * this.#span + t2];
      if (spare <= 0 && (row >= circuitRows || !this.#isWithin(s, t2))) continue;
      if (this.#slotOf[t2] === this.#slotOf[t]) {
        const kw = this.#fits(s, -1, t2, room);
        if (kw > moveMin) {
          this.#add(s, t, -kw);
          this.#add(s, t2, kw);
          return true;
        }
      }
      if (mates < 0) mates = this.#matesOf(s, row, { t, most, weight });
      for (let i = 0; i < mates; i++) {
        const mate = this.#mates[i];
        if (this.#looks-- <= 0) return false;
        if (!this.#isThere(mate, t2)) continue;
        let kw = Math.min(room, this.#matesKw[i], this.#kw(mate, t2));
        if (kw <= moveMin) continue;
        kw = this.#fits(s, mate, t2, kw);
        if (kw <= moveMin) continue;
        this.#add(s, t, -kw);
        this.#add(mate, t, kw);
        this.#add(mate, t2, -kw);
        this.#add(s, t2, kw);
        return true;
      }
    }
    return false;
  }

  /** Finds who could take the place of `s` at `t` and weighs less on `row`; how many. */
  #matesOf(s: number, row: number, { t, most, weight }: { t: number; most: number; weight: number }): number {
    let count = 0;
    const isCircuit = row < this.#loads.circuitRows;
    for (const mate of this.#present[t]) {
      if (mate === s) continue;
      const room = Math.min(most, this.#room(mate, t));
      if (room <= moveMin) continue;
      if (this.#weights[mate] >= weight && !(isCircuit && this.#isWithin(mate, t))) continue;
      const kw = this.#fits(mate, s, t, room);
      if (kw <= moveMin) continue;
      this.#matesKw[count] = kw;
      this.#mates[count++] = mate;
    }
    return count;
  }

  /** Whether the next power of `s` at `t` is still within its reserve. */
  #isWithin(s: number, t: number): boolean {
    return this.#kw(s, t) < this.#loads.freeKw[s] - moveMin;
  }

  /** Most, up to `kw`, that `s` can take at `t` while `gives` (-1: nobody) gives up as much. */
  #fits(s: number, gives: number, t: number, kw: number): number {
    const { start, row, weight, roomKw, freeKw, circuitRows } = this.#loads;
    const within = this.#isWithin(s, t);
    let most = within ? Math.min(kw, freeKw[s] - this.#kw(s, t)) : kw;
    if (gives >= 0) {
      // Power within a reserve frees no circuit.
      const seen = this.#kw(gives, t) - freeKw[gives];
      if (seen > moveMin && seen < most) most = seen;
      for (let i = start[gives]; i < start[gives + 1]; i++) {
        this.#giving[row[i]] = seen > moveMin || row[i] >= circuitRows ? weight[i] : 0;
      }
    }
    for (let i = start[s]; i < start[s + 1]; i++) {
      if (within && row[i] < circuitRows) continue;
      const more = weight[i] - this.#giving[row[i]];
      if (more <= 1e-12) continue;
      const at = row[i] * this.#span + t;
      const room = roomKw[at] - this.load[at];
      if (room < most * more) most = room > 0 ? room / more : 0;
    }
    if (gives >= 0) for (let i = start[gives]; i < start[gives + 1]; i++) this.#giving[row[i]] = 0;
    return most;
  }

  #add(s: number, t: number, kw: number): void {
    const { start, row, weight, freeKw, arrive, circuitRows } = this.#loads;
    const before = this.powerKw[s][t - arrive[s]];
    const after = Math.max(0, before + kw);
    this.powerKw[s][t - arrive[s]] = after;
    const seen = Math.max(0, after - freeKw[s]) - Math.max(0, before - freeKw[s]);
    for (let i = start[s]; i < start[s + 1]; i++) {
      const change = row[i] < circuitRows ? seen : after - before;
      this.load[row[i] * this.#span + t] += weight[i] * change;
    }
  }
}

/**
 * `plan` with `broken` limits eased as far as exchanges go, and what it puts on all limits, [rows * T]; what the site draws
 * in each slot is the same. Not tried further once limits stay broken in more than `intervalsMax` intervals.
 */
export function eased(
  loads: Loads,
  slotOf: Int32Array,
  {
    plan,
    broken,
    intervalsMax,
  }: { readonly plan: Plan; readonly broken: readonly Link[]; readonly intervalsMax: number },
): { readonly plan: Plan; readonly load: Float64Array } {
  const easing = new Easing(loads, slotOf, plan);
  const stuck = new Set<number>();
  for (const link of broken) {
    if (stuck.size > intervalsMax) break;
    if (!easing.ease(link)) stuck.add(link.t);
  }
  return { plan: { ...plan, powerKw: easing.powerKw }, load: easing.load };
}
