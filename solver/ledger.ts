/**
 * A plan under construction: what every limit has left, and what one more kW would cost. Each step keeps the plan
 * feasible, so it may be handed out at any time.
 * @module
 */
import { invariant } from '#domain/invariant';
import { ChargeMeter } from './charge-meter.ts';
import { exposureFactor, pathsOf, powerCap, reserveLoadOf, roomAbove } from './exposure.ts';
import { blocksOf, taperLinesOf } from './multipliers.ts';
import type { MeterBlocks, TaperLine } from './multipliers.ts';
import type { DepotProblem } from './problem.ts';

/** Room below which nothing more fits, kW. */
export const roomNoise = 1e-9;

/** One demand window as it fills. */
export interface Meter {
  readonly blocks: MeterBlocks;
  readonly pricePerKw: number;
  readonly floorKw: number;
  /** [blocks] sum of interval powers, past ones included. */
  readonly sum: Float64Array;
  /** Peak that is paid in any case, kW. */
  peakKw: number;
}

/** What limits the sessions, row by row: circuits in all and by phase. */
interface LimitRows {
  /** [rows * T] what is left, kW. */
  readonly room: Float64Array;
  /** Rows of session `s` are `row[start[s]]` to `row[start[s + 1] - 1]`. */
  readonly start: Int32Array;
  readonly row: Int32Array;
  /** Of each of them the pins that share what a session is seen with: 1 in all, else those of its connector. */
  readonly pins: Float64Array;
  /** [sessions] how many of its rows, the first ones, belong to circuits below the grid connection. */
  readonly inner: Int32Array;
}

function isLimit(limitKw: Float64Array): boolean {
  for (let t = 0; t < limitKw.length; t++) if (limitKw[t] !== Infinity) return true;
  return false;
}

function limitRowsOf(problem: DepotProblem, siteExtraKw: Float64Array | undefined): LimitRows {
  const { circuits, sessions, connectors, intervals } = problem;
  const paths = pathsOf(problem);
  const reserve = reserveLoadOf(problem, paths);
  // Four per circuit: in all, and each phase; -1 where nothing limits.
  const rowOf = new Int32Array(circuits.length * 4).fill(-1);
  let count = 0;
  for (const [g, { limitKw, phaseLimitKw }] of circuits.entries()) {
    if (isLimit(limitKw)) rowOf[4 * g] = count++;
    for (const [phase, limit] of (phaseLimitKw ?? []).entries())
      if (isLimit(limit)) rowOf[4 * g + 1 + phase] = count++;
  }
  const room = new Float64Array(count * intervals);
  const fill = (row: number, limitKw: Float64Array, reservedKw: number, extraShare: number): void => {
    if (row < 0) return;
    for (let t = 0; t < intervals; t++)
      room[row * intervals + t] = roomAbove(limitKw[t], reservedKw) - (siteExtraKw?.[t] ?? 0) * extraShare;
  };
  for (const [g, { limitKw, phaseLimitKw }] of circuits.entries()) {
    fill(rowOf[4 * g], limitKw, reserve.total[g], g === 0 ? 1 : 0);
    for (const [phase, limit] of (phaseLimitKw ?? []).entries())
      fill(rowOf[4 * g + 1 + phase], limit, reserve.phase[3 * g + phase], g === 0 ? 1 / 3 : 0);
  }
  const start = new Int32Array(sessions.length + 1);
  const rows: number[] = [];
  const pins: number[] = [];
  const inner = new Int32Array(sessions.length);
  for (const [s, session] of sessions.entries()) {
    const { rotation } = connectors[session.connector];
    for (const g of paths[session.connector]) {
      if (g === 0) inner[s] = rows.length - start[s];
      const row = rowOf[4 * g];
      if (row >= 0) {
        rows.push(row);
        pins.push(1);
      }
      for (const pin of rotation) {
        const own = rowOf[4 * g + 1 + pin];
        if (own < 0) continue;
        rows.push(own);
        pins.push(rotation.length);
      }
    }
    start[s + 1] = rows.length;
  }
  return { room, start, row: Int32Array.from(rows), pins: Float64Array.from(pins), inner };
}

/** See the module. Powers lie in one array: interval `t` of session `s` is at `#base[s] + t`. */
export class Ledger {
  readonly problem: DepotProblem;
  readonly powerKw: readonly Float64Array[];
  readonly meters: readonly Meter[];
  readonly #limits: LimitRows;
  readonly #kw: Float64Array;
  readonly #cap: Float64Array;
  readonly #base: Int32Array;
  readonly #module: Int32Array;
  readonly #moduleRoom: Float64Array;
  readonly #charges: readonly ChargeMeter[];
  readonly #factor: Float64Array;
  readonly #reserved: Float64Array;
  readonly #delivered: Float64Array;
  readonly #taper: readonly (readonly TaperLine[])[];
  /** [T] money per kWh, earliness included. */
  readonly #price: Float64Array;

  /** An empty plan. `siteExtraKw` [T] is what battery and PV add on the grid connection. */
  constructor(problem: DepotProblem, siteExtraKw?: Float64Array) {
    const { sessions, connectors, intervals, price, earliness } = problem;
    this.problem = problem;
    this.#limits = limitRowsOf(problem, siteExtraKw);
    this.#moduleRoom = new Float64Array(problem.modules.length * intervals);
    for (const [m, { maxKw }] of problem.modules.entries()) {
      this.#moduleRoom.fill(maxKw, m * intervals, (m + 1) * intervals);
    }
    this.#module = Int32Array.from(sessions, ({ connector }) => connectors[connector].module);
    this.#factor = Float64Array.from(sessions, (session) =>
      exposureFactor(session, connectors[session.connector]),
    );
    this.#reserved = Float64Array.from(
      sessions,
      ({ connector }, s) => connectors[connector].reserveKw / this.#factor[s],
    );
    const lengths = sessions.map(({ arrive, depart }) => Math.max(0, depart - arrive));
    const pairs = lengths.reduce((sum, length) => sum + length, 0);
    this.#kw = new Float64Array(pairs);
    this.#cap = new Float64Array(pairs);
    this.#base = new Int32Array(sessions.length);
    let from = 0;
    this.powerKw = lengths.map((length, s) => {
      const session = sessions[s];
      const connector = connectors[session.connector];
      this.#base[s] = from - session.arrive;
      for (let i = 0; i < length; i++) this.#cap[from + i] = powerCap(session, connector, session.arrive + i);
      from += length;
      return this.#kw.subarray(from - length, from);
    });
    this.#delivered = new Float64Array(sessions.length);
    this.#taper = sessions.map(taperLinesOf);
    this.#price = price.map((money, t) => money + (earliness * t) / intervals);
    const drawn = problem.fixedLoadKw.map((kw, t) => kw + (siteExtraKw?.[t] ?? 0));
    this.#charges = (problem.charges ?? []).map((charge) => new ChargeMeter(charge, drawn));
    this.meters = problem.demand.map((window) => {
      const blocks = blocksOf(window, intervals);
      const sum = new Float64Array(blocks.count);
      sum[0] = window.blockOffset * window.blockPastKw;
      for (let t = 0; t < intervals; t++) sum[blocks.blockOf[t]] += drawn[t];
      const means = sum.map((kw, b) => (blocks.counts[b] === 1 ? kw / blocks.length[b] : 0));
      return {
        blocks,
        sum,
        pricePerKw: window.pricePerKw,
        floorKw: window.floorKw,
        peakKw: means.reduce((a, b) => Math.max(a, b), window.floorKw),
      };
    });
  }

  /** Power of session `s` in interval `t` of the horizon, kW. */
  at(s: number, t: number): number {
    return this.#kw[this.#base[s] + t];
  }

  /** Most power of session `s` in interval `t` by itself, kW. */
  capAt(s: number, t: number): number {
    return this.#cap[this.#base[s] + t];
  }

  /** Energy that session `s` still lacks, kWh; below 0 where rounding gave it more. */
  missing(s: number): number {
    return this.problem.sessions[s].energyKwh - this.#delivered[s];
  }

  /** Energy that session `s` lacks of `wantedKwh` at the start of interval `by`, kWh. */
  missingBy(s: number, by: number, wantedKwh: number): number {
    const kw = this.powerKw[s];
    const until = Math.min(kw.length, by - this.problem.sessions[s].arrive);
    let delivered = 0;
    for (let i = 0; i < until; i++) delivered += kw[i] * this.problem.intervalH;
    return wantedKwh - delivered;
  }

  /** Peaks that will be paid anyway, so that filling below them is free, kW per demand window; charges by what is drawn. */
  raisePeaks(peaksKw: Float64Array, drawnKw?: Float64Array): void {
    if (drawnKw !== undefined) for (const charge of this.#charges) charge.raise(drawnKw);
    for (const [k, meter] of this.meters.entries()) {
      meter.peakKw = Math.max(meter.peakKw, peaksKw[k]);
    }
  }

  /** Highest power that session `s` may have in interval `t` beside all others, kW. */
  highest(s: number, t: number): number {
    return this.#highest(s, t, this.#limits.start[s + 1]);
  }

  /** The same where others make room on the grid connection. */
  highestBelowGrid(s: number, t: number): number {
    return this.#highest(s, t, this.#limits.start[s] + this.#limits.inner[s]);
  }

  #highest(s: number, t: number, rowsEnd: number): number {
    const { room, start, row, pins } = this.#limits;
    const { intervals } = this.problem;
    const at = this.#base[s] + t;
    const now = this.#kw[at];
    const factor = this.#factor[s];
    const free = this.#reserved[s];
    let seen = Infinity;
    for (let i = start[s]; i < rowsEnd; i++) {
      const left = (room[row[i] * intervals + t] * pins[i]) / factor;
      if (left < seen) seen = left;
    }
    const most = Math.min(free + Math.max(0, now - free) + Math.max(0, seen), this.#cap[at]);
    const module = this.#module[s];
    const shared =
      module < 0 ? most : Math.min(most, now + Math.max(0, this.#moduleRoom[module * intervals + t]));
    return this.#taper[s].length === 0 ? shared : Math.min(shared, this.#taperRoom(s, t));
  }

  /** Highest power in interval `t` that keeps this and all later powers of the stay under the taper. */
  #taperRoom(s: number, t: number): number {
    const { arrive } = this.problem.sessions[s];
    const h = this.problem.intervalH;
    const kw = this.powerKw[s];
    let most = Infinity;
    for (const { level, slope } of this.#taper[s]) {
      let soFar = 0;
      for (let i = 0; i < kw.length; i++) {
        const left = level - slope * soFar - kw[i];
        if (i === t - arrive) most = Math.min(most, kw[i] + left);
        else if (i > t - arrive && slope > 0) {
          most = Math.min(most, kw[t - arrive] + Math.max(0, left) / (slope * h));
        }
        soFar += kw[i] * h;
      }
    }
    return Math.max(0, most);
  }

  /** Money of changing the power of an interval by `kw` in energy and earliness alone. */
  energyCostOf(t: number, kw: number): number {
    return kw * this.problem.intervalH * this.#price[t];
  }

  /** Money of changing the power of an interval by `kw`: energy, earliness, and peaks where it raises them. */
  costOf(t: number, kw: number): number {
    let cost = this.energyCostOf(t, kw);
    for (const { blocks, pricePerKw, sum, peakKw } of this.meters) {
      const b = blocks.blockOf[t];
      if (blocks.counts[b] === 0 || kw <= 0) continue;
      const over = (sum[b] + kw) / blocks.length[b] - peakKw;
      if (over > roomNoise) cost += over * pricePerKw;
    }
    for (const charge of this.#charges) cost += charge.costOf(t, kw);
    return cost;
  }

  /** kW that interval `t` takes before any site charge rises. */
  belowCharges(t: number): number {
    let least = Infinity;
    for (const charge of this.#charges) least = Math.min(least, charge.roomAt(t));
    return least;
  }

  /** kW that interval `t` takes before any peak rises. */
  belowPeaks(t: number): number {
    let least = this.belowCharges(t);
    for (const { blocks, sum, peakKw } of this.meters) {
      const b = blocks.blockOf[t];
      if (blocks.counts[b] === 1) least = Math.min(least, peakKw * blocks.length[b] - sum[b]);
    }
    return least;
  }

  /** Sets the power of session `s` in interval `t`; the caller has asked `highest` before any increase. */
  set(s: number, t: number, kw: number): void {
    const { intervals, intervalH } = this.problem;
    const { arrive, depart } = this.problem.sessions[s];
    if (t < arrive || t >= depart || !(kw >= 0)) invariant(false, 'power lies in the stay', { s, t, kw });
    const at = this.#base[s] + t;
    const now = this.#kw[at];
    if (kw === now) return;
    const more = kw - now;
    const free = this.#reserved[s];
    const seen = (Math.max(0, kw - free) - Math.max(0, now - free)) * this.#factor[s];
    if (seen !== 0) {
      const { room, start, row, pins } = this.#limits;
      const end = start[s + 1];
      for (let i = start[s]; i < end; i++) room[row[i] * intervals + t] -= seen / pins[i];
    }
    const module = this.#module[s];
    if (module >= 0) this.#moduleRoom[module * intervals + t] -= more;
    this.#delivered[s] += more * intervalH;
    this.#kw[at] = kw;
    for (let j = 0; j < this.#charges.length; j++) this.#charges[j].add(t, more);
    for (let k = 0; k < this.meters.length; k++) {
      const meter = this.meters[k];
      const { blockOf, counts, length } = meter.blocks;
      const b = blockOf[t];
      const sum = meter.sum[b] + more;
      meter.sum[b] = sum;
      if (more > 0 && counts[b] === 1 && sum > meter.peakKw * length[b]) meter.peakKw = sum / length[b];
    }
  }
}
