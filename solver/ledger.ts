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

/** See the module. */
export class Ledger {
  readonly problem: DepotProblem;
  readonly powerKw: readonly Float64Array[];
  readonly #paths: readonly (readonly number[])[];
  /** [C * T] and [C * 3 * T] what is left, kW. */
  readonly #room: Float64Array;
  readonly #phaseRoom: Float64Array;
  readonly #moduleRoom: Float64Array;
  readonly meters: readonly Meter[];
  readonly #charges: readonly ChargeMeter[];
  readonly #factor: Float64Array;
  readonly #reserved: Float64Array;
  readonly #delivered: Float64Array;
  readonly #taper: readonly (readonly TaperLine[])[];

  /** An empty plan. `siteExtraKw` [T] is what battery and PV add on the grid connection. */
  constructor(problem: DepotProblem, siteExtraKw?: Float64Array) {
    const { circuits, sessions, connectors, intervals } = problem;
    this.problem = problem;
    this.#paths = pathsOf(problem);
    const reserve = reserveLoadOf(problem, this.#paths);
    const extra = (g: number, t: number): number => (g === 0 ? (siteExtraKw?.[t] ?? 0) : 0);
    this.#room = new Float64Array(circuits.length * intervals);
    this.#phaseRoom = new Float64Array(circuits.length * 3 * intervals).fill(Infinity);
    for (const [g, { limitKw, phaseLimitKw }] of circuits.entries()) {
      for (let t = 0; t < intervals; t++) {
        this.#room[g * intervals + t] = roomAbove(limitKw[t], reserve.total[g]) - extra(g, t);
        for (let phase = 0; phase < 3; phase++) {
          const limit = phaseLimitKw?.[phase];
          if (limit === undefined) continue;
          const left = roomAbove(limit[t], reserve.phase[3 * g + phase]) - extra(g, t) / 3;
          this.#phaseRoom[(3 * g + phase) * intervals + t] = left;
        }
      }
    }
    this.#moduleRoom = new Float64Array(problem.modules.length * intervals);
    for (let at = 0; at < this.#moduleRoom.length; at++) {
      this.#moduleRoom[at] = problem.modules[Math.floor(at / intervals)].maxKw;
    }
    this.#factor = Float64Array.from(sessions, (session) =>
      exposureFactor(session, connectors[session.connector]),
    );
    this.#reserved = Float64Array.from(
      sessions,
      ({ connector }, s) => connectors[connector].reserveKw / this.#factor[s],
    );
    this.powerKw = sessions.map(({ arrive, depart }) => new Float64Array(Math.max(0, depart - arrive)));
    this.#delivered = new Float64Array(sessions.length);
    this.#taper = sessions.map(taperLinesOf);
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
    return this.powerKw[s][t - this.problem.sessions[s].arrive];
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
    const { sessions, connectors, intervals } = this.problem;
    const session = sessions[s];
    const connector = connectors[session.connector];
    const now = this.at(s, t);
    const factor = this.#factor[s];
    const free = this.#reserved[s];
    let seen = Infinity;
    const path = this.#paths[session.connector];
    for (let i = 0; i < path.length; i++) {
      seen = Math.min(seen, this.#room[path[i] * intervals + t] / factor);
      for (const pin of connector.rotation) {
        const left = this.#phaseRoom[(3 * path[i] + pin) * intervals + t];
        seen = Math.min(seen, (left * connector.rotation.length) / factor);
      }
    }
    let most = free + Math.max(0, now - free) + Math.max(0, seen);
    most = Math.min(most, powerCap(session, connector, t));
    if (connector.module >= 0) {
      most = Math.min(most, now + Math.max(0, this.#moduleRoom[connector.module * intervals + t]));
    }
    return this.#taper[s].length === 0 ? most : Math.min(most, this.#taperRoom(s, t));
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

  /** Money of changing the power of an interval by `kw`: energy, earliness, and peaks where it raises them. */
  costOf(t: number, kw: number): number {
    const { price, earliness, intervals, intervalH } = this.problem;
    let cost = kw * intervalH * (price[t] + (earliness * t) / intervals);
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
    return this.#charges.reduce((least, charge) => Math.min(least, charge.roomAt(t)), Infinity);
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
    const { sessions, connectors, intervals, intervalH } = this.problem;
    const session = sessions[s];
    invariant(t >= session.arrive && t < session.depart && kw >= 0, 'power lies in the stay', { s, t, kw });
    const now = this.at(s, t);
    const { module, rotation } = connectors[session.connector];
    const free = this.#reserved[s];
    const seen = (Math.max(0, kw - free) - Math.max(0, now - free)) * this.#factor[s];
    if (seen !== 0) {
      for (const g of this.#paths[session.connector]) {
        this.#room[g * intervals + t] -= seen;
        for (const pin of rotation) {
          this.#phaseRoom[(3 * g + pin) * intervals + t] -= seen / rotation.length;
        }
      }
    }
    if (module >= 0) this.#moduleRoom[module * intervals + t] -= kw - now;
    this.#delivered[s] += (kw - now) * intervalH;
    for (const charge of this.#charges) charge.add(t, kw - now);
    for (const meter of this.meters) {
      const b = meter.blocks.blockOf[t];
      meter.sum[b] += kw - now;
      if (meter.blocks.counts[b] === 1) {
        meter.peakKw = Math.max(meter.peakKw, meter.sum[b] / meter.blocks.length[b]);
      }
    }
    this.powerKw[s][t - session.arrive] = kw;
  }
}
