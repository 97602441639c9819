/**
 * Times and slots of the network. Times are the intervals of the horizon; then one per shortfall price, which takes what is
 * not delivered; then, with PV or a battery, the intervals again for power within reserves; then those of vehicles that
 * `links.ts` tells apart from the others at an interval. A slot is a set of times that cost the same and count alike.
 * Source: docs/model.md, "Structure".
 * @module
 */
import { blocksOf, hasSources } from '../multipliers.ts';
import type { MeterBlocks } from '../multipliers.ts';
import type { DepotProblem } from '../problem.ts';
import type { Link, Links } from './links.ts';

/**
 * Most slots of intervals, and of these times intervals: the program over slots is dense, and beyond these the whole
 * program, which is not, is faster.
 */
const slotsMax = 1_000;
const cellsMax = 4_000_000;

/** Vehicles told apart at an interval: what they weigh in each link there. */
interface Apart {
  readonly time: number;
  readonly t: number;
  readonly weights: readonly number[];
  readonly within: boolean;
}

/** A link as a row over slots. */
export interface LinkRow {
  readonly link: Link;
  readonly slots: readonly number[];
  readonly weights: readonly number[];
}

/** Hands out the times of the network while its arms are drawn. */
export class Times {
  readonly #problem: DepotProblem;
  readonly #links: Links | undefined;
  readonly besideFrom: number;
  readonly apartFrom: number;
  readonly apart: Apart[] = [];
  readonly #known = new Map<string, number>();

  constructor(problem: DepotProblem, levels: number, links: Links | undefined) {
    this.#problem = problem;
    this.#links = links;
    this.besideFrom = problem.intervals + levels;
    const reserved = problem.connectors.some(({ reserveKw }) => reserveKw > 0);
    this.apartFrom = this.besideFrom + (hasSources(problem) && reserved ? problem.intervals : 0);
  }

  get count(): number {
    return this.apartFrom + this.apart.length;
  }

  /** The time at which session `s` draws in interval `t`, within its reserve or above it; -1 where it is not told apart. */
  apartOf(s: number, t: number, within: boolean): number {
    const links = this.#links?.at.get(t);
    if (links === undefined) return -1;
    const weights = links.map(({ row }) => this.#links?.loads.weightOf(row, s, within) ?? 0);
    if (weights.every((weight) => weight === 0)) return -1;
    const isBeside = within && hasSources(this.#problem);
    const key = `${t}:${isBeside}:${weights.join()}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const time = this.count;
    this.apart.push({ time, t, weights, within: isBeside });
    this.#known.set(key, time);
    return time;
  }

  /** [times] interval of each; -1 for shortfall. */
  intervals(): Int32Array {
    const { intervals } = this.#problem;
    return Int32Array.from({ length: this.count }, (_, time) => {
      if (time < intervals) return time;
      if (time < this.besideFrom) return -1;
      return time < this.apartFrom ? time - this.besideFrom : this.apart[time - this.apartFrom].t;
    });
  }

  /** [times] 1 where power passes beside the grid connection's limit, which the program keeps. */
  beside(): Uint8Array {
    const beside = new Uint8Array(this.count);
    beside.fill(1, this.besideFrom, this.apartFrom);
    for (const { time, within } of this.apart) beside[time] = within ? 1 : 0;
    return beside;
  }

  /** Links as rows over the slots of what was told apart. */
  rows(slotOf: Int32Array): LinkRow[] {
    const rows: LinkRow[] = [];
    for (const [t, links] of this.#links?.at ?? []) {
      const here = this.apart.filter((one) => one.t === t);
      for (const [i, link] of links.entries()) {
        const heavy = here.filter(({ weights }) => weights[i] > 0);
        rows.push({
          link,
          slots: heavy.map(({ time }) => slotOf[time]),
          weights: heavy.map(({ weights }) => weights[i]),
        });
      }
    }
    return rows;
  }
}

/** Slots of the network. */
export interface Slots {
  readonly slots: number;
  /** [times]. */
  readonly slotOf: Int32Array;
  /** [slots + 1] and [times]: the times of each slot. */
  readonly slotStart: Int32Array;
  readonly slotTimes: Int32Array;
  /** [slots] money per kW for one interval. */
  readonly slotCost: Float64Array;
}

/** Whether the program over slots is small enough. */
export function hasFewSlots(problem: DepotProblem): boolean {
  if (problem.intervals <= slotsMax) return true;
  const blocks = problem.demand.map((window) => blocksOf(window, problem.intervals));
  const slots = slotsOfIntervals(problem, blocks).cost.length;
  return slots <= slotsMax && slots * problem.intervals <= cellsMax;
}

/** [T] in which forms of site charges an interval counts, and by how much. */
function chargeWeights({ charges = [], intervals }: DepotProblem): readonly string[] {
  const texts = Array.from({ length: intervals }, () => '');
  for (const [k, { groups }] of charges.entries()) {
    for (const [f, { at, weight }] of groups.flatMap(({ forms }) => forms).entries()) {
      for (const [i, t] of at.entries()) texts[t] += `;${k},${f},${weight[i]}`;
    }
  }
  return texts;
}

/** [T] 1 where some vehicle that wants energy is there. */
function occupied({ sessions, intervals }: DepotProblem): Uint8Array {
  const here = new Uint8Array(intervals);
  for (const { arrive, depart, energyKwh } of sessions) {
    if (energyKwh > 0) here.fill(1, arrive, Math.max(arrive, depart));
  }
  return here;
}

/**
 * Intervals of one price that count alike in demand blocks and site charges are one slot; so are all in which nobody is
 * there.
 */
function slotsOfIntervals(
  problem: DepotProblem,
  blocks: readonly MeterBlocks[],
): { readonly slotOf: Int32Array; readonly cost: number[] } {
  const { intervals, intervalH, price, earliness } = problem;
  const weights = chargeWeights(problem);
  // A window that costs nothing tells no intervals apart.
  const priced = blocks.filter((_, k) => problem.demand[k].pricePerKw > 0);
  const here = occupied(problem);
  const sourced = hasSources(problem);
  const slotOf = new Int32Array(intervals);
  const cost: number[] = [];
  const known = new Map<string, number>();
  for (let t = 0; t < intervals; t++) {
    const perKw = (price[t] + (earliness * t) / intervals) * intervalH;
    let key = String(perKw);
    for (const { blockOf, counts } of priced) key += counts[blockOf[t]] === 1 ? `,${blockOf[t]}` : ',';
    key += weights[t];
    if (sourced) key = String(t);
    if (here[t] === 0) key = 'nobody';
    const slot = known.get(key) ?? cost.push(perKw) - 1;
    known.set(key, slot);
    slotOf[t] = slot;
  }
  return { slotOf, cost };
}

/** Slots of all times: one for each shortfall price, for power within reserves, and for what is told apart. */
export function slotsOf(
  problem: DepotProblem,
  blocks: readonly MeterBlocks[],
  levelPrice: readonly number[],
  intervalOf: Int32Array,
): Slots {
  const { intervals, intervalH } = problem;
  const times = intervalOf.length;
  const slotOf = new Int32Array(times);
  const ofIntervals = slotsOfIntervals(problem, blocks);
  const { cost } = ofIntervals;
  slotOf.set(ofIntervals.slotOf);
  for (const [level, money] of levelPrice.entries())
    slotOf[intervals + level] = cost.push(money * intervalH) - 1;
  for (let time = intervals + levelPrice.length; time < times; time++) {
    slotOf[time] = cost.push(cost[slotOf[intervalOf[time]]]) - 1;
  }
  const slotStart = new Int32Array(cost.length + 1);
  for (let t = 0; t < times; t++) slotStart[slotOf[t] + 1]++;
  for (let q = 0; q < cost.length; q++) slotStart[q + 1] += slotStart[q];
  const fill = slotStart.slice();
  const slotTimes = new Int32Array(times);
  for (let t = 0; t < times; t++) slotTimes[fill[slotOf[t]]++] = t;
  return { slots: cost.length, slotOf, slotStart, slotTimes, slotCost: Float64Array.from(cost) };
}
