/**
 * PV, battery and feed-in beside the profile of the vehicles. The grid draw is no column: it is what is left,
 *
 *     import = vehicles + charge - discharge - sun + fed in + unused + fixed load
 *
 * and that it is not below 0, that the store is neither overdrawn nor too full, and that the grid connection holds are
 * rows which the program gets once an answer breaks them: few ever bind. Source: docs/model.md, "Sources of the site".
 * @module
 */
import type { AddedLines } from '../backends/backend.ts';
import { feedInLimitOf } from '../multipliers.ts';
import type { Plan } from '../plan.ts';
import type { DepotProblem } from '../problem.ts';
import type { ProgramBuilder } from '../program.ts';
import { oneWay } from '../site-flows.ts';
import type { Network } from './network.ts';

/** By how much an answer may break a row that it does not have yet, kW or kWh. */
const rowNoise = 1e-8;

/** Columns of one interval; -1 where there is none. */
interface ColumnsAt {
  readonly charge: Int32Array;
  readonly discharge: Int32Array;
  readonly sun: Int32Array;
  readonly fedIn: Int32Array;
  readonly unused: Int32Array;
}

/** Rows added so far, by interval; -1 where there is none. */
interface RowsAt {
  readonly grid: Int32Array;
  readonly store: Int32Array;
  readonly site: Int32Array;
}

/** What rows are worth in an answer. */
export interface SourceDuals {
  /** [T] of import at 0, money per kW. */
  readonly grid: Float64Array;
  /** [T] of the grid connection, money per kW. */
  readonly site: Float64Array;
  /** [T] of the store's bounds, money per kWh: above 0 at the lower one. */
  readonly store: Float64Array;
}

/** Rows that a kW counts in, and by how much. */
export type Entries = readonly (readonly [row: number, value: number])[];

/** A row in the making. */
interface Line {
  readonly lower: number;
  readonly upper: number;
  readonly entries: readonly (readonly [column: number, value: number])[];
}

function noneOf(problem: DepotProblem): Int32Array {
  return new Int32Array(problem.intervals).fill(-1);
}

/** See the module. */
export class Sources {
  readonly #network: Network;
  readonly #columns: ColumnsAt;
  readonly #rows: RowsAt;
  /** [T] slots of the vehicles' power through the grid connection, and beside it. */
  readonly #through: number[][];
  readonly #beside: number[][];

  constructor(network: Network) {
    const { problem, times, intervalOf, isBeside, slotOf } = network;
    this.#through = Array.from({ length: problem.intervals }, () => []);
    this.#beside = Array.from({ length: problem.intervals }, () => []);
    for (let time = 0; time < times; time++) {
      if (intervalOf[time] < 0) continue;
      (isBeside[time] === 1 ? this.#beside : this.#through)[intervalOf[time]].push(slotOf[time]);
    }
    this.#network = network;
    this.#columns = {
      charge: noneOf(problem),
      discharge: noneOf(problem),
      sun: noneOf(problem),
      fedIn: noneOf(problem),
      unused: noneOf(problem),
    };
    this.#rows = { grid: noneOf(problem), store: noneOf(problem), site: noneOf(problem) };
  }

  /** Adds the columns; `drawnAt` has the entries of a kW drawn in each interval, `siteAt` those of one through the site. */
  addColumns(builder: ProgramBuilder, drawnAt: readonly Entries[], siteAt: readonly Entries[]): void {
    const { problem } = this.#network;
    const { pv, battery, intervals, intervalH: h, price, fixedLoadKw } = problem;
    for (let t = 0; t < intervals; t++) {
      const drawn = drawnAt[t];
      const add = (sign: 1 | -1, perKwh: number, upper: number, passes?: Entries): number => {
        if (!(upper > 0)) return -1;
        const column = builder.addColumn({ cost: (sign * price[t] + perKwh) * h, lower: 0, upper });
        for (const [row, value] of drawn) builder.addEntry(row, sign * value);
        for (const [row, value] of passes ?? []) builder.addEntry(row, sign * value);
        return column;
      };
      const site = siteAt[t];
      const surplus = Math.max(0, -fixedLoadKw[t]);
      const batteryKw = battery?.maxKw ?? 0;
      this.#columns.charge[t] = add(1, battery?.wearPerKwh ?? 0, batteryKw, site);
      this.#columns.discharge[t] = add(-1, 0, batteryKw, site);
      this.#columns.sun[t] = add(-1, 0, pv?.kw[t] ?? 0, site);
      this.#columns.unused[t] = add(1, 0, surplus);
      if (pv?.sellPrice === undefined) continue;
      const sources = pv.kw[t] + batteryKw + surplus;
      const earned = Math.min(pv.sellPrice[t], price[t]);
      this.#columns.fedIn[t] = add(1, -earned, Math.min(feedInLimitOf(problem, t), sources));
    }
  }

  #gridLine(t: number): Line {
    const { charge, discharge, sun, fedIn, unused } = this.#columns;
    return {
      lower: -this.#network.problem.fixedLoadKw[t],
      upper: Infinity,
      entries: [
        ...this.#through[t].map((slot) => [slot, 1] as const),
        ...this.#beside[t].map((slot) => [slot, 1] as const),
        [charge[t], 1],
        [discharge[t], -1],
        [sun[t], -1],
        [fedIn[t], 1],
        [unused[t], 1],
      ],
    };
  }

  #siteLine(t: number): Line {
    const { charge, discharge, sun } = this.#columns;
    return {
      lower: -Infinity,
      upper: this.#network.siteRoomKw[t],
      entries: [
        ...this.#through[t].map((slot) => [slot, 1] as const),
        [charge[t], 1],
        [discharge[t], -1],
        [sun[t], -1],
      ],
    };
  }

  #storeLine(until: number): Line {
    const { battery, intervals, intervalH } = this.#network.problem;
    const { capacityKwh = 0, efficiency = 1, initialKwh = 0 } = battery ?? {};
    const { charge, discharge } = this.#columns;
    const entries: [number, number][] = [];
    for (let t = 0; t <= until; t++) {
      entries.push([charge[t], efficiency * intervalH], [discharge[t], -intervalH / efficiency]);
    }
    return {
      lower: until === intervals - 1 ? 0 : -initialKwh,
      upper: capacityKwh - initialKwh,
      entries,
    };
  }

  /** Rows that `columnValue` breaks, numbered from `firstRow` on; undefined where it breaks none. */
  broken(columnValue: Float64Array, firstRow: number): AddedLines | undefined {
    const { intervals } = this.#network.problem;
    const { grid, site, store } = this.#rows;
    const lines: Line[] = [];
    const add = (rows: Int32Array, t: number, line: Line): void => {
      rows[t] = firstRow + lines.length;
      lines.push(line);
    };
    for (let t = 0; t < intervals; t++) {
      for (const [rows, line] of [
        [grid, this.#gridLine(t)],
        [site, this.#siteLine(t)],
      ] as const) {
        if (rows[t] < 0 && excessOf(line, columnValue) > rowNoise) add(rows, t, line);
      }
    }
    for (const t of this.#brokenStores(columnValue)) add(store, t, this.#storeLine(t));
    return lines.length === 0 ? undefined : addedLines(lines);
  }

  /** Intervals at whose ends the store is out of its bounds: the worst of each run of them. */
  #brokenStores(columnValue: Float64Array): number[] {
    const { battery, intervals, intervalH } = this.#network.problem;
    if (battery === undefined) return [];
    const { charge, discharge } = this.#columns;
    const { capacityKwh, efficiency, initialKwh } = battery;
    const worst: number[] = [];
    let most = rowNoise;
    let at = -1;
    let held = initialKwh;
    for (let t = 0; t < intervals; t++) {
      const moved = charge[t] < 0 ? 0 : columnValue[charge[t]] * efficiency;
      const taken = discharge[t] < 0 ? 0 : columnValue[discharge[t]] / efficiency;
      held += intervalH * (moved - taken);
      const least = t === intervals - 1 ? initialKwh : 0;
      const excess = Math.max(least - held, held - capacityKwh);
      if (excess > most) {
        most = excess;
        at = t;
      }
      if (at >= 0 && (excess <= rowNoise || t === intervals - 1)) {
        if (this.#rows.store[at] < 0) worst.push(at);
        most = rowNoise;
        at = -1;
      }
    }
    return worst;
  }

  /** [T] worth of rows by `dualOf`; 0 where a row is not there. */
  duals(dualOf: (row: number) => number): SourceDuals {
    const of = (rows: Int32Array, sign: 1 | -1): Float64Array =>
      Float64Array.from(rows, (row) => (row < 0 ? 0 : Math.max(0, sign * dualOf(row))));
    return {
      grid: of(this.#rows.grid, 1),
      site: of(this.#rows.site, -1),
      store: Float64Array.from(this.#rows.store, (row) => (row < 0 ? 0 : dualOf(row))),
    };
  }

  /** Battery and PV of an answer. */
  planOf(columnValue: Float64Array): Omit<Plan, 'powerKw'> {
    const { pv, battery } = this.#network.problem;
    const value = (column: number): number => (column < 0 ? 0 : columnValue[column]);
    const { charge, discharge, sun } = this.#columns;
    const batteryKw = Float64Array.from(charge, (column, t) =>
      oneWay(value(column), value(discharge[t]), battery?.efficiency ?? 1),
    );
    return {
      ...(battery === undefined ? {} : { batteryKw }),
      ...(pv === undefined ? {} : { pvKw: Float64Array.from(sun, value) }),
    };
  }
}

/** By how much `columnValue` breaks a row. */
function excessOf({ lower, upper, entries }: Line, columnValue: Float64Array): number {
  let sum = 0;
  for (const [column, value] of entries) if (column >= 0) sum += value * columnValue[column];
  return Math.max(lower - sum, sum - upper);
}

function addedLines(lines: readonly Line[]): AddedLines {
  const starts = [0];
  const indices: number[] = [];
  const values: number[] = [];
  for (const { entries } of lines) {
    for (const [column, value] of entries) {
      if (column < 0) continue;
      indices.push(column);
      values.push(value);
    }
    starts.push(indices.length);
  }
  return {
    lower: Float64Array.from(lines, ({ lower }) => lower),
    upper: Float64Array.from(lines, ({ upper }) => upper),
    starts: Int32Array.from(starts),
    indices: Int32Array.from(indices),
    values: Float64Array.from(values),
  };
}
