/**
 * The site seen through one number per slot: what all vehicles together draw. A small linear program over these, the
 * peaks and the cuts found so far; each cut holds for every plan, so its optimum is a lower bound throughout.
 * Source: docs/model.md, "Structure".
 * @module
 */
import type { AddedLines, BackendAnswer, SplittingBackend, SplittingModel } from '../backends/backend.ts';
import { ProgramBuilder } from '../program.ts';
import type { Plan } from '../plan.ts';
import type { ChargeMultipliers } from '../problem.ts';
import { addChargeColumns, addChargeRows, chargeMultipliersOf } from '../site-charges.ts';
import type { ChargeRows } from '../site-charges.ts';
import { overall } from './limits.ts';
import type { Network } from './network.ts';
import { Parts } from './parts.ts';
import { Sources } from './sources.ts';
import type { Entries, SourceDuals } from './sources.ts';

/** Times that rows of PV and battery are added within one run; each adds at least one of 3 T. */
const sourceRunsMax = 1_000;

/** A set of sessions with what it implies. */
export interface CutSet {
  readonly set: Uint8Array;
  readonly energy: number;
  /** [slots]. */
  readonly capacity: Float64Array;
  lifted: boolean;
}

/** One cut in the program. */
interface CutRow {
  readonly cut: CutSet;
  readonly row: number;
}

/** A cut with its multiplier: by how much it counts inside and outside its slots. */
export interface WeightedCut {
  readonly set: Uint8Array;
  /** [slots] multiplier on x; the rest of `weight` is on capacity. */
  readonly inside: Float64Array;
  readonly weight: number;
}

/** What the total energy and the cuts are worth in an answer. */
export interface Weights {
  readonly total: number;
  readonly cuts: readonly WeightedCut[];
}

/** A demand row: window, block, and its row in the program. */
interface DemandRow {
  readonly window: number;
  readonly block: number;
  readonly row: number;
}

/** See the module. */
export class Master {
  readonly #network: Network;
  readonly #model: SplittingModel;
  readonly capacity: Float64Array;
  readonly total: number;
  /** [T] most that what is told apart draws. */
  readonly #apartKw: Float64Array;
  readonly #totalRow: number;
  readonly #demandRows: DemandRow[] = [];
  readonly #charges: ChargeRows;
  /** PV and battery; undefined where the site has none. */
  readonly #sources: Sources | undefined;
  /** [T] rows of a kW that the site draws, where it has sources: demand windows and site charges. */
  readonly #drawnAt: readonly Entries[];
  /** Rows of the limits beside the tree, in the network's order. */
  readonly #linkRows: readonly number[];
  readonly #cuts: CutRow[] = [];
  readonly #pool = new Map<string, CutSet>();
  #columns: number;
  #rows: number;
  readonly #parts: Parts;
  #answer: BackendAnswer | undefined;
  /** [slots] prices of the last answer, once somebody has asked. */
  #prices: Float64Array | undefined;
  #x: Float64Array;

  constructor(network: Network, capacity: Float64Array, backend: SplittingBackend) {
    this.#network = network;
    this.capacity = capacity;
    this.total = network.energy.reduce((sum, energy) => sum + energy, 0);
    this.#apartKw = new Float64Array(network.problem.intervals);
    for (let t = network.apartFrom; t < network.times; t++) {
      this.#apartKw[network.intervalOf[t]] += capacity[network.slotOf[t]];
    }
    const builder = new ProgramBuilder();
    const rowsOfSlot: [number, number][][] = Array.from({ length: network.slots }, () => []);
    const peaks = this.#addDemandRows(builder, rowsOfSlot);
    this.#charges = this.#addChargeRows(builder, rowsOfSlot);
    this.#sources = network.siteRoomKw.length > 0 ? new Sources(network) : undefined;
    this.#mirrorRows(rowsOfSlot);
    this.#drawnAt = network.siteRoomKw.length > 0 ? this.#drawnEntries() : [];
    this.#linkRows = network.links.map(({ link, slots, weights }) => {
      const row = builder.addRow(-Infinity, link.roomKw);
      for (const [i, q] of slots.entries()) rowsOfSlot[q].push([row, weights[i]]);
      return row;
    });
    this.#totalRow = builder.addRow(this.total, this.total);
    for (let q = 0; q < network.slots; q++) {
      builder.addColumn({ cost: network.slotCost[q], lower: 0, upper: capacity[q] });
      for (const [row, value] of rowsOfSlot[q]) builder.addEntry(row, value);
      builder.addEntry(this.#totalRow, 1);
    }
    for (const { price, floor, entries } of peaks) {
      builder.addColumn({ cost: price, lower: floor, upper: Infinity });
      for (const [row, value] of entries) builder.addEntry(row, value);
    }
    addChargeColumns(builder, this.#charges);
    this.#sources?.addColumns(builder, this.#drawnAt, this.#siteEntries());
    const program = builder.finish();
    this.#columns = program.columns;
    this.#rows = program.rows;
    this.#parts = new Parts(capacity);
    this.#x = new Float64Array(program.columns);
    this.#model = backend.open(program, 'off');
  }

  /** Power within reserves, and what is told apart, draws like all other. */
  #mirrorRows(rowsOfSlot: [number, number][][]): void {
    const { slotOf, besideFrom, times, intervalOf } = this.#network;
    for (let t = besideFrom; t < times; t++) {
      rowsOfSlot[slotOf[t]].push(...rowsOfSlot[slotOf[intervalOf[t]]]);
    }
  }

  /** [T] rows of links that a kW of PV or battery counts in: by thirds on the phases of the grid connection. */
  #siteEntries(): Entries[] {
    const { problem, links, loads } = this.#network;
    const entries: (readonly [number, number])[][] = Array.from({ length: problem.intervals }, () => []);
    for (const [i, { link }] of links.entries()) {
      if (loads?.circuitOf(link.row) !== 0) continue;
      entries[link.t].push([this.#linkRows[i], loads.phaseOf(link.row) === overall ? 1 : 1 / 3]);
    }
    return entries;
  }

  #drawnEntries(): Entries[] {
    const { blocks, problem } = this.#network;
    const rowOf = blocks.map(({ count }) => new Int32Array(count).fill(-1));
    for (const { window, block, row } of this.#demandRows) rowOf[window][block] = row;
    return Array.from({ length: problem.intervals }, (_, t) => {
      const demand = blocks.map(({ blockOf }, k) => [rowOf[k][blockOf[t]], 1] as const);
      return [...demand.filter(([row]) => row >= 0), ...(this.#charges.entriesAt[t] ?? [])];
    });
  }

  /** Whether some peak can rise above what is paid anyway, sources move, or links bind; without, the price order alone decides. */
  get hasPeaks(): boolean {
    return (
      this.#sources !== undefined ||
      this.#linkRows.length > 0 ||
      this.#demandRows.length > 0 ||
      this.#charges.rows.some(({ forms }) => forms.some((row) => row >= 0))
    );
  }

  #addDemandRows(
    builder: ProgramBuilder,
    rowsOfSlot: [number, number][][],
  ): { price: number; floor: number; entries: [number, number][] }[] {
    const { problem, blocks, slotOf, slots } = this.#network;
    return problem.demand.map((window, k) => {
      const { count, blockOf, length, counts } = blocks[k];
      const fixed = new Float64Array(count);
      const most = new Float64Array(count);
      const ofBlock = new Int32Array(slots).fill(-1);
      fixed[0] = window.blockOffset * window.blockPastKw;
      for (let t = 0; t < problem.intervals; t++) {
        fixed[blockOf[t]] += problem.fixedLoadKw[t];
        ofBlock[slotOf[t]] = blockOf[t];
      }
      for (let q = 0; q < slots; q++) if (ofBlock[q] >= 0) most[ofBlock[q]] += this.capacity[q];
      for (let t = 0; t < problem.intervals; t++) most[blockOf[t]] += this.#apartKw[t];
      let floor = window.floorKw;
      // With sources the load is not what is drawn: it proves no peak, nor that there is none.
      if (this.#sourced) most.fill(Infinity);
      for (let b = 0; b < count && !this.#sourced; b++)
        if (counts[b] === 1) floor = Math.max(floor, fixed[b] / length[b]);
      const entries: [number, number][] = [];
      const rowOfBlock = new Int32Array(count).fill(-1);
      for (let b = 0; b < count; b++) {
        if (counts[b] === 0 || window.pricePerKw <= 0) continue;
        if (most[b] + fixed[b] <= floor * length[b] + 1e-9) continue;
        const row = builder.addRow(-Infinity, -fixed[b]);
        rowOfBlock[b] = row;
        this.#demandRows.push({ window: k, block: b, row });
        entries.push([row, -length[b]]);
      }
      for (let q = 0; q < slots; q++) {
        if (ofBlock[q] >= 0 && rowOfBlock[ofBlock[q]] >= 0) rowsOfSlot[q].push([rowOfBlock[ofBlock[q]], 1]);
      }
      return { price: window.pricePerKw, floor, entries };
    });
  }

  /** Rows of site charges; the intervals of a slot count alike in each. */
  #addChargeRows(builder: ProgramBuilder, rowsOfSlot: [number, number][][]): ChargeRows {
    const { problem, slotOf, slotStart, slotTimes } = this.#network;
    const { charges = [], intervals, fixedLoadKw } = problem;
    const mostKw = fixedLoadKw.map((kw, t) => {
      const q = slotOf[t];
      if (this.#sourced) return kw + this.#mostWithSources(t);
      // A form counts whole slots: it does not matter where in the slot its capacity stands.
      return this.#apartKw[t] + (slotTimes[slotStart[q]] === t ? kw + this.capacity[q] : kw);
    });
    const site = { fixedKw: fixedLoadKw, mostKw };
    const rows = addChargeRows(
      builder,
      charges,
      intervals,
      this.#sourced ? { ...site, leastKw: new Float64Array(intervals) } : site,
    );
    for (let q = 0; q < rowsOfSlot.length; q++) {
      const entries = rows.entriesAt[slotTimes[slotStart[q]]] ?? [];
      for (const [row, value] of entries) rowsOfSlot[q].push([row, value]);
    }
    return rows;
  }

  get #sourced(): boolean {
    return this.#network.siteRoomKw.length > 0;
  }

  /** Most that vehicles and battery draw in `t`, kW. */
  #mostWithSources(t: number): number {
    const { slotOf, besideFrom, times, problem } = this.#network;
    const beside = besideFrom < times ? this.capacity[slotOf[besideFrom + t]] : 0;
    return this.capacity[slotOf[t]] + beside + this.#apartKw[t] + (problem.battery?.maxKw ?? 0);
  }

  /** Solves the program with all cuts so far; false where the back end did not reach the optimum. */
  run(): boolean {
    for (let run = 0; run < sourceRunsMax; run++) {
      this.#answer = this.#model.run({ integerGap: 0 });
      this.#prices = undefined;
      if (this.#answer.status !== 'optimal') return false;
      this.#x = this.#answer.columnValue;
      this.#parts.sumUp(this.#x);
      const broken = this.#sources?.broken(this.#x, this.#rows);
      if (broken === undefined) return true;
      this.#addRows(broken);
    }
    return false;
  }

  /** Battery and PV of the last answer. */
  siteFlows(): Omit<Plan, 'powerKw'> {
    return this.#sources?.planOf(this.#x) ?? {};
  }

  /** What PV, battery and the grid connection are worth in the last answer; undefined without sources. */
  sourceDuals(): (SourceDuals & { readonly drawn: Float64Array }) | undefined {
    const { problem } = this.#network;
    if (this.#sources === undefined) return undefined;
    const drawn = problem.price.map((price, t) =>
      this.#drawnAt[t].reduce(
        (sum, [row, value]) => sum + value * Math.max(0, -this.#dual(row)),
        price * problem.intervalH,
      ),
    );
    return { drawn, ...this.#sources.duals((row) => this.#dual(row)) };
  }

  /** [slots and more] the last answer, the parts of each slot together. */
  get x(): Float64Array {
    return this.#x;
  }

  /** Adds rows over slots and later columns; a slot stands for all its parts. */
  #addRows({ lower, upper, starts, indices, values }: AddedLines): void {
    this.#rows += lower.length;
    const parts = this.#parts;
    let count = 0;
    for (let k = 0; k < indices.length; k++) count += parts.countOf(indices[k]);
    const ends = new Int32Array(lower.length + 1);
    const columns = new Int32Array(count);
    const factors = new Float64Array(count);
    let at = 0;
    for (let i = 0; i < lower.length; i++) {
      for (let k = starts[i]; k < starts[i + 1]; k++) {
        const isSlot = indices[k] < parts.slots;
        for (let j = indices[k]; j >= 0; j = isSlot ? parts.after(j) : -1) {
          columns[at] = j;
          factors[at++] = values[k];
        }
      }
      ends[i + 1] = at;
    }
    this.#model.addRows({ lower, upper, starts: ends, indices: columns, values: factors });
  }

  #dual(row: number): number {
    return this.#answer?.rowDual[row] ?? 0;
  }

  /** The set's cut record, made when it is new; undefined for no session at all. */
  cutSetOf(set: Uint8Array, capacityOf: (set: Uint8Array) => Float64Array): CutSet | undefined {
    const key = keyOf(set);
    if (key === '') return undefined;
    const known = this.#pool.get(key);
    if (known !== undefined) return known;
    let energy = 0;
    for (let s = 0; s < set.length; s++) if (set[s] === 1) energy += this.#network.energy[s];
    const made = { set: set.slice(), energy, capacity: capacityOf(set), lifted: false };
    this.#pool.set(key, made);
    return made;
  }

  /** Energy by which the strongest choice of slots of `cut` exceeds the last answer. */
  violation(cut: CutSet): number {
    const { x } = this;
    const { capacity } = cut;
    let need = cut.energy;
    for (let q = 0; q < capacity.length; q++) need -= x[q] < capacity[q] ? x[q] : capacity[q];
    return need;
  }

  /** Known sets that the last answer breaks by more than `noise`, worst first. */
  brokenSets(noise: number, most: number): readonly CutSet[] {
    const broken: { readonly cut: CutSet; readonly by: number }[] = [];
    for (const cut of this.#pool.values()) {
      if (cut.lifted) continue;
      const by = this.violation(cut);
      if (by > noise) broken.push({ cut, by });
    }
    return broken
      .sort((a, b) => b.by - a.by)
      .slice(0, most)
      .map(({ cut }) => cut);
  }

  /** Takes in all choices of slots of `cut` where the last answer breaks one by more than `noise`. */
  add(cut: CutSet, noise: number): boolean {
    if (cut.lifted || this.violation(cut) <= noise) return false;
    this.lift(cut);
    return true;
  }

  /**
   * All choices of slots at once: `sum of min(x, capacity) >= energy`. Each x is cut at the set's capacity, and the row counts
   * the parts below; as all parts of a slot cost the same, filling the lower ones first is never worse.
   */
  lift(cut: CutSet): void {
    cut.lifted = true;
    const { cuts, below } = this.#parts.cutAt(cut.capacity, this.#columns);
    if (cuts.columns.length > 0) {
      this.#model.splitColumns(cuts.columns, cuts.at);
      this.#columns += cuts.columns.length;
    }
    this.#model.addRows({
      lower: Float64Array.of(cut.energy),
      upper: Float64Array.of(Infinity),
      starts: Int32Array.of(0, below.length),
      indices: below,
      values: new Float64Array(below.length).fill(1),
    });
    this.#cuts.push({ cut, row: this.#rows++ });
  }

  /** [slots] what one more kW in a slot costs: energy, and the peaks it raises. */
  slotPrices(): Float64Array {
    return (this.#prices ??= this.#pricesNow());
  }

  #pricesNow(): Float64Array {
    const prices = this.#network.slotCost.slice();
    const { blocks, slotOf, problem } = this.#network;
    const perBlock = problem.demand.map((_, k) => new Float64Array(blocks[k].count));
    for (const { window, block, row } of this.#demandRows)
      perBlock[window][block] = Math.max(0, -this.#dual(row));
    const done = new Uint8Array(prices.length);
    for (let t = 0; t < problem.intervals; t++) {
      const q = slotOf[t];
      if (done[q] === 1) continue;
      done[q] = 1;
      for (let k = 0; k < perBlock.length; k++) prices[q] += perBlock[k][blocks[k].blockOf[t]];
      for (const [row, value] of this.#charges.entriesAt[t] ?? []) {
        prices[q] += value * Math.max(0, -this.#dual(row));
      }
    }
    this.#addSourcePrices(prices);
    const { links } = this.#network;
    const worth = this.linkDuals();
    for (const [i, { slots, weights }] of links.entries()) {
      for (const [k, slot] of slots.entries()) prices[slot] += weights[k] * worth[i];
    }
    return prices;
  }

  /** Of each link, money per kW. */
  linkDuals(): readonly number[] {
    return this.#linkRows.map((row) => Math.max(0, -this.#dual(row)));
  }

  /** A kW less than is there costs nothing to draw; one through a full grid connection costs its room. */
  #addSourcePrices(prices: Float64Array): void {
    const { slotOf, besideFrom, times, intervalOf, isBeside, problem } = this.#network;
    const duals = this.sourceDuals();
    if (duals !== undefined) {
      for (let t = 0; t < problem.intervals; t++) prices[slotOf[t]] -= duals.grid[t];
    }
    for (let time = besideFrom; time < times; time++) {
      const t = intervalOf[time];
      const site = isBeside[time] === 1 ? 0 : (duals?.site[t] ?? 0);
      prices[slotOf[time]] = prices[slotOf[t]] + site;
    }
    if (duals === undefined) return;
    for (let t = 0; t < problem.intervals; t++) prices[slotOf[t]] += duals.site[t];
  }

  /** Multipliers of block means per window, money per kW. */
  blockMultipliers(): Float64Array[] {
    const { blocks, problem } = this.#network;
    const multipliers = problem.demand.map((_, k) => new Float64Array(blocks[k].count));
    for (const { window, block, row } of this.#demandRows) {
      multipliers[window][block] = Math.max(0, -this.#dual(row)) * blocks[window].length[block];
    }
    return multipliers;
  }

  /** Multipliers of site charges; undefined where the problem has none. */
  chargeMultipliers(): readonly ChargeMultipliers[] | undefined {
    if (this.#network.problem.charges === undefined) return undefined;
    return chargeMultipliersOf(this.#charges, (row) => this.#dual(row));
  }

  /** Multiplier of the total energy, and of every cut that counts. */
  weights(): Weights {
    const total = this.#dual(this.#totalRow);
    const cuts: WeightedCut[] = [];
    const capacities: Float64Array[] = [];
    for (const { cut, row } of this.#cuts) {
      const weight = Math.max(0, this.#dual(row));
      if (weight === 0) continue;
      cuts.push({ set: cut.set, inside: new Float64Array(cut.capacity.length), weight });
      capacities.push(cut.capacity);
    }
    // What a kW in each slot costs above what it is worth to the cuts.
    shareOut(
      this.slotPrices().map((price) => price - total),
      cuts,
      capacities,
    );
    return { total, cuts };
  }

  dispose(): void {
    this.#model.dispose();
  }
}

/**
 * Counts cuts inside each slot as far as a kW there has to be paid for, those with most capacity first: a cut whose
 * capacity x exceeds counts outside.
 */
function shareOut(
  rest: Float64Array,
  cuts: readonly WeightedCut[],
  capacities: readonly Float64Array[],
): void {
  const order = Array.from(cuts.keys());
  for (let q = 0; q < rest.length; q++) {
    order.sort((i, j) => capacities[j][q] - capacities[i][q] || i - j);
    for (const i of order) {
      if (rest[q] <= 0) break;
      if (capacities[i][q] <= 0) continue;
      const share = Math.min(cuts[i].weight, rest[q]);
      cuts[i].inside[q] = share;
      rest[q] -= share;
    }
  }
}

/** A set as text; empty for the empty set. */
function keyOf(set: Uint8Array): string {
  let key = '';
  let any = 0;
  for (let from = 0; from < set.length; from += 16) {
    const end = Math.min(set.length, from + 16);
    let word = 0;
    for (let s = from; s < end; s++) word = (word << 1) | set[s];
    any |= word;
    key += String.fromCharCode(word);
  }
  return any === 0 ? '' : key;
}
