/**
 * A linear program solved for its basic variables: every basic variable is a sum over the nonbasic ones,
 *
 *     basic[r] = sum_p cells[r, p] * resting[p]                 with   row activity - slack = 0   for every row
 *
 * so that right sides live in the bounds of slacks alone. Rows and columns can be added at any time, and a basis can be
 * rebuilt from the program's own numbers when rounding has piled up. What to pivot on is decided elsewhere.
 * @module
 */
import type { LinearProgram } from '../program.ts';
import type { AddedLines } from './backend.ts';

/** Numbers below this are rounding, not coefficients. */
export const cellNoise = 1e-11;

/** Stands for a bound that a column lacks on the side where it gets cheaper. */
export const farAway = 1e9;

/** Smallest pivot when a basis is rebuilt. */
const rebuiltPivotMin = 1e-9;

function grown(from: Float64Array, length: number): Float64Array {
  const to = new Float64Array(length);
  to.set(from);
  return to;
}

function grownInts(from: Int32Array, length: number): Int32Array {
  const to = new Int32Array(length);
  to.set(from);
  return to;
}

/** See the module. A variable is a column `j` by its number, or the slack of row `i` as `~i`. */
export class Dictionary {
  columns = 0;
  rows = 0;
  /** Columns that a line of `cells` has room for. */
  stride = 0;
  cells: Float64Array = new Float64Array(0);
  /** By row of the dictionary: its basic variable, bounds and value, and the weight of its infeasibility. */
  basic: Int32Array = new Int32Array(0);
  basicLow: Float64Array = new Float64Array(0);
  basicHigh: Float64Array = new Float64Array(0);
  basicValue: Float64Array = new Float64Array(0);
  weight: Float64Array = new Float64Array(0);
  /** By place: the nonbasic variable, bounds, the bound where it rests, and its reduced cost. */
  resting: Int32Array = new Int32Array(0);
  restingLow: Float64Array = new Float64Array(0);
  restingHigh: Float64Array = new Float64Array(0);
  restingValue: Float64Array = new Float64Array(0);
  reduced: Float64Array = new Float64Array(0);
  /** The program's own numbers: costs, bounds by variable, rows. */
  #cost: Float64Array = new Float64Array(0);
  #columnLow: Float64Array = new Float64Array(0);
  #columnHigh: Float64Array = new Float64Array(0);
  #rowLow: Float64Array = new Float64Array(0);
  #rowHigh: Float64Array = new Float64Array(0);
  #rowStart: Int32Array = new Int32Array(1);
  #rowIndex: Int32Array = new Int32Array(0);
  #rowValue: Float64Array = new Float64Array(0);
  /** By column and by row: place where it rests, or `~row` of the dictionary where it is basic. */
  #ofColumn: Int32Array = new Int32Array(0);
  #ofSlack: Int32Array = new Int32Array(0);
  /** Places and factors of the pivot row. */
  #places: Int32Array = new Int32Array(0);
  #factors: Float64Array = new Float64Array(0);
  /** By column: cost left over, and size of the numbers it came from, while drift is measured. */
  #costs: Float64Array = new Float64Array(0);
  #sizes: Float64Array = new Float64Array(0);

  constructor(program: LinearProgram) {
    this.addColumns(program.cost, program.lower, program.upper);
    const { columns, rows, indices, values } = program;
    const starts = new Int32Array(rows + 1);
    for (const row of indices) starts[row + 1]++;
    for (let i = 0; i < rows; i++) starts[i + 1] += starts[i];
    const fill = starts.slice();
    const byRow = new Int32Array(indices.length);
    const valueByRow = new Float64Array(indices.length);
    for (let j = 0; j < columns; j++) {
      for (let k = program.starts[j]; k < program.starts[j + 1]; k++) {
        const at = fill[indices[k]]++;
        byRow[at] = j;
        valueByRow[at] = values[k];
      }
    }
    this.addRows({
      lower: program.rowLower,
      upper: program.rowUpper,
      starts,
      indices: byRow,
      values: valueByRow,
    });
  }

  #roomForColumns(columns: number): void {
    if (columns <= this.stride) return;
    const stride = Math.max(columns + 96, 2 * this.stride);
    const cells = new Float64Array(this.basic.length * stride);
    for (let r = 0; r < this.rows; r++) {
      cells.set(this.cells.subarray(r * this.stride, r * this.stride + this.columns), r * stride);
    }
    this.cells = cells;
    this.stride = stride;
    this.resting = grownInts(this.resting, stride);
    this.restingLow = grown(this.restingLow, stride);
    this.restingHigh = grown(this.restingHigh, stride);
    this.restingValue = grown(this.restingValue, stride);
    this.reduced = grown(this.reduced, stride);
    this.#cost = grown(this.#cost, stride);
    this.#columnLow = grown(this.#columnLow, stride);
    this.#columnHigh = grown(this.#columnHigh, stride);
    this.#ofColumn = grownInts(this.#ofColumn, stride);
    this.#places = new Int32Array(stride);
    this.#factors = new Float64Array(stride);
    this.#costs = new Float64Array(stride);
    this.#sizes = new Float64Array(stride);
  }

  #roomForRows(rows: number, entries: number): void {
    if (entries > this.#rowIndex.length) {
      const length = Math.max(entries, 2 * this.#rowIndex.length);
      this.#rowIndex = grownInts(this.#rowIndex, length);
      this.#rowValue = grown(this.#rowValue, length);
    }
    if (rows <= this.basic.length) return;
    const room = Math.max(rows + 96, 2 * this.basic.length);
    this.cells = grown(this.cells, room * this.stride);
    this.basic = grownInts(this.basic, room);
    this.basicLow = grown(this.basicLow, room);
    this.basicHigh = grown(this.basicHigh, room);
    this.basicValue = grown(this.basicValue, room);
    this.weight = grown(this.weight, room);
    this.#rowLow = grown(this.#rowLow, room);
    this.#rowHigh = grown(this.#rowHigh, room);
    this.#rowStart = grownInts(this.#rowStart, room + 1);
    this.#ofSlack = grownInts(this.#ofSlack, room);
  }

  /** Adds columns without entries; each rests at the bound that its cost calls for. Lines hold 0 beyond their columns. */
  addColumns(cost: Float64Array, lower: Float64Array, upper: Float64Array): void {
    this.#roomForColumns(this.columns + cost.length);
    for (let i = 0; i < cost.length; i++) {
      const j = this.columns++;
      this.#cost[j] = cost[i];
      this.resting[j] = j;
      this.#ofColumn[j] = j;
      this.reduced[j] = cost[i];
      this.#boundColumn(j, lower[i], upper[i]);
      this.restAtBest(j);
    }
    // Places and columns are numbered alike only until the first pivot; a new column's place is the next free one.
  }

  #boundColumn(j: number, lower: number, upper: number): void {
    this.#columnLow[j] = Math.max(lower, -farAway);
    this.#columnHigh[j] = Math.min(upper, farAway);
    const at = this.#ofColumn[j];
    if (at >= 0) {
      this.restingLow[at] = this.#columnLow[j];
      this.restingHigh[at] = this.#columnHigh[j];
    } else {
      this.basicLow[~at] = this.#columnLow[j];
      this.basicHigh[~at] = this.#columnHigh[j];
    }
  }

  /** Puts the variable at place `p` to the bound that its reduced cost calls for; values of others are not touched. */
  restAtBest(p: number): void {
    const low = this.restingLow[p];
    const high = this.restingHigh[p];
    const atLow = low > -Infinity && (this.reduced[p] >= 0 || high === Infinity);
    this.restingValue[p] = atLow ? low : high;
  }

  /**
   * Cuts columns in two, each named once: the first part ends `at` above the lower bound, the second, a new column with the
   * same cost and entries, holds the rest. The basis stays what it was, so no line has to be solved anew.
   */
  splitColumns(columns: Int32Array, at: Float64Array): void {
    this.#roomForColumns(this.columns + columns.length);
    const secondOf = new Int32Array(this.columns).fill(-1);
    for (let i = 0; i < columns.length; i++) {
      secondOf[columns[i]] = this.columns;
      this.#split(columns[i], this.#columnLow[columns[i]] + at[i]);
    }
    this.#repeatEntries(secondOf);
  }

  #split(j: number, end: number): void {
    const { cells, stride, rows } = this;
    const second = this.columns++;
    const high = this.#columnHigh[j];
    this.#cost[second] = this.#cost[j];
    const place = this.#ofColumn[j];
    // The new column's place is the next free one, of the same number.
    this.resting[second] = second;
    this.#ofColumn[second] = second;
    if (place >= 0) {
      const full = this.restingValue[place] > this.restingLow[place];
      for (let at = 0, r = 0; r < rows; r++, at += stride) cells[at + second] = cells[at + place];
      this.reduced[second] = this.reduced[place];
      this.#boundColumn(j, this.#columnLow[j], end);
      this.#boundColumn(second, 0, high - end);
      this.restingValue[place] = full ? this.restingHigh[place] : this.restingLow[place];
      this.restingValue[second] = full ? this.restingHigh[second] : 0;
      return;
    }
    // The line is solved for the sum of both; what the value does not reach rests empty, what it passes rests full.
    const line = ~place;
    for (let at = 0, r = 0; r < rows; r++, at += stride) cells[at + second] = 0;
    cells[line * stride + second] = -1;
    this.reduced[second] = 0;
    if (this.basicValue[line] > end) {
      this.basic[line] = second;
      this.#ofColumn[second] = place;
      this.resting[second] = j;
      this.#ofColumn[j] = second;
      this.basicValue[line] -= end;
    }
    this.#boundColumn(j, this.#columnLow[j], end);
    this.#boundColumn(second, 0, high - end);
    this.restingValue[second] = this.#ofColumn[j] === second ? end : 0;
  }

  /** Gives second parts the entries of first ones. */
  #repeatEntries(secondOf: Int32Array): void {
    const { rows } = this;
    const entries = this.#rowStart[rows];
    let added = 0;
    for (let k = 0; k < entries; k++) if (secondOf[this.#rowIndex[k]] >= 0) added++;
    const index = new Int32Array(entries + added);
    const value = new Float64Array(entries + added);
    let at = 0;
    for (let i = 0, k = 0; i < rows; i++) {
      for (const end = this.#rowStart[i + 1]; k < end; k++) {
        const j = this.#rowIndex[k];
        index[at] = j;
        value[at++] = this.#rowValue[k];
        if (secondOf[j] < 0) continue;
        index[at] = secondOf[j];
        value[at++] = this.#rowValue[k];
      }
      // `k` is past the row's old end, which the next one begins at.
      this.#rowStart[i + 1] = at;
    }
    this.#rowIndex = index;
    this.#rowValue = value;
  }

  addRows({ lower, upper, starts, indices, values }: AddedLines): void {
    this.#roomForRows(this.rows + lower.length, this.#rowStart[this.rows] + indices.length);
    for (let i = 0; i < lower.length; i++) {
      const row = this.rows;
      let at = this.#rowStart[row];
      for (let k = starts[i]; k < starts[i + 1]; k++) {
        this.#rowIndex[at] = indices[k];
        this.#rowValue[at++] = values[k];
      }
      this.#rowStart[row + 1] = at;
      this.#rowLow[row] = lower[i];
      this.#rowHigh[row] = upper[i];
      this.rows++;
      this.#makeBasic(row);
      this.#writeRow(row);
    }
  }

  /** The slack of `row` becomes basic in the line of the same number. */
  #makeBasic(row: number): void {
    this.basic[row] = ~row;
    this.#ofSlack[row] = ~row;
    this.basicLow[row] = this.#rowLow[row];
    this.basicHigh[row] = this.#rowHigh[row];
    this.weight[row] = 1;
  }

  /** Line `row` of the dictionary from the program's row of the same number, through the lines of its basic columns. */
  #writeRow(row: number): void {
    const { cells, stride, columns } = this;
    const line = row * stride;
    cells.fill(0, line, line + columns);
    let value = 0;
    for (let k = this.#rowStart[row]; k < this.#rowStart[row + 1]; k++) {
      const factor = this.#rowValue[k];
      const at = this.#ofColumn[this.#rowIndex[k]];
      if (at >= 0) {
        cells[line + at] += factor;
        value += factor * this.restingValue[at];
        continue;
      }
      const from = ~at * stride;
      for (let p = 0; p < columns; p++) {
        const cell = cells[from + p];
        if (cell !== 0) cells[line + p] += factor * cell;
      }
      value += factor * this.basicValue[~at];
    }
    this.basicValue[row] = value;
  }

  setRowBounds(row: number, lower: number, upper: number): void {
    this.#rowLow[row] = lower;
    this.#rowHigh[row] = upper;
    const at = this.#ofSlack[row];
    if (at < 0) {
      this.basicLow[~at] = lower;
      this.basicHigh[~at] = upper;
      return;
    }
    this.restingLow[at] = lower;
    this.restingHigh[at] = upper;
    this.#moveToBest(at);
  }

  setColumnBounds(lower: Float64Array, upper: Float64Array): void {
    for (let j = 0; j < this.columns; j++) {
      this.#boundColumn(j, lower[j], upper[j]);
      const at = this.#ofColumn[j];
      if (at >= 0) this.#moveToBest(at);
    }
  }

  #moveToBest(p: number): void {
    const before = this.restingValue[p];
    this.restAtBest(p);
    this.shift(p, this.restingValue[p] - before);
  }

  /** Values of basic variables after the one at place `p` moved by `change`. */
  shift(p: number, change: number): void {
    if (change === 0) return;
    const { cells, stride, rows, basicValue } = this;
    for (let r = 0, at = p; r < rows; r++, at += stride) basicValue[r] += cells[at] * change;
  }

  /** The basic variable of line `r` comes to rest at `value`; the one at place `q`, moved to fit, becomes basic. */
  pivot(r: number, q: number, value: number): void {
    const { cells, stride, rows, reduced, basicValue } = this;
    const places = this.#places;
    const factors = this.#factors;
    const line = r * stride;
    const inverse = 1 / cells[line + q];
    const change = (value - basicValue[r]) * inverse;
    const entering = this.restingValue[q] + change;
    const count = this.#turnLine(line, q, inverse);
    for (let i = 0, at = 0; i < rows; i++, at += stride) {
      const factor = cells[at + q];
      if (factor === 0 || i === r) continue;
      if (factor < cellNoise && factor > -cellNoise) {
        cells[at + q] = 0;
        continue;
      }
      basicValue[i] += factor * change;
      cells[at + q] = factor * inverse;
      for (let k = 0; k < count; k++) cells[at + places[k]] += factor * factors[k];
    }
    const price = reduced[q];
    if (price !== 0) {
      for (let k = 0; k < count; k++) reduced[places[k]] += price * factors[k];
      reduced[q] = price * inverse;
    }
    this.#swap(r, q, { entering, leaving: value });
  }

  /** Solves line `r` for place `q`; what is left of it stands in `#places` and `#factors`. */
  #turnLine(line: number, q: number, inverse: number): number {
    const { cells, columns } = this;
    let count = 0;
    for (let p = 0; p < columns; p++) {
      const cell = cells[line + p];
      if (cell === 0 || p === q) continue;
      if (cell < cellNoise && cell > -cellNoise) {
        cells[line + p] = 0;
        continue;
      }
      const factor = -cell * inverse;
      cells[line + p] = factor;
      this.#places[count] = p;
      this.#factors[count++] = factor;
    }
    cells[line + q] = inverse;
    return count;
  }

  #swap(r: number, q: number, values: { readonly entering: number; readonly leaving: number }): void {
    const out = this.basic[r];
    const into = this.resting[q];
    const low = this.basicLow[r];
    const high = this.basicHigh[r];
    this.basic[r] = into;
    this.basicLow[r] = this.restingLow[q];
    this.basicHigh[r] = this.restingHigh[q];
    this.basicValue[r] = values.entering;
    this.resting[q] = out;
    this.restingLow[q] = low;
    this.restingHigh[q] = high;
    this.restingValue[q] = values.leaving;
    if (into >= 0) this.#ofColumn[into] = ~r;
    else this.#ofSlack[~into] = ~r;
    if (out >= 0) this.#ofColumn[out] = q;
    else this.#ofSlack[~out] = q;
  }

  /** [columns] the value of each. */
  columnValues(): Float64Array {
    const values = new Float64Array(this.columns);
    for (let p = 0; p < this.columns; p++) {
      if (this.resting[p] >= 0) values[this.resting[p]] = this.restingValue[p];
    }
    for (let r = 0; r < this.rows; r++) if (this.basic[r] >= 0) values[this.basic[r]] = this.basicValue[r];
    return values;
  }

  /** [rows] what one more unit of each row's binding side costs. */
  rowDuals(): Float64Array {
    const duals = new Float64Array(this.rows);
    for (let p = 0; p < this.columns; p++) {
      if (this.resting[p] < 0) duals[~this.resting[p]] = this.reduced[p];
    }
    return duals;
  }

  /** Largest error of a row and of a reduced cost against the program's own numbers, each against its size. */
  drift(values: Float64Array, duals: Float64Array): number {
    const { columns, rows, restingValue, basicValue, reduced } = this;
    const costs = this.#costs;
    const sizes = this.#sizes;
    for (let j = 0; j < columns; j++) {
      costs[j] = this.#cost[j];
      sizes[j] = 1 + Math.abs(costs[j]);
    }
    let worst = 0;
    for (let i = 0; i < rows; i++) {
      const dual = duals[i];
      let activity = 0;
      let most = 1;
      for (let k = this.#rowStart[i]; k < this.#rowStart[i + 1]; k++) {
        const j = this.#rowIndex[k];
        const term = this.#rowValue[k] * values[j];
        activity += term;
        if (term > most) most = term;
        if (dual === 0) continue;
        const price = this.#rowValue[k] * dual;
        costs[j] -= price;
        if (price > sizes[j]) sizes[j] = price;
      }
      const at = this.#ofSlack[i];
      const error = Math.abs(activity - (at >= 0 ? restingValue[at] : basicValue[~at]));
      if (error > worst * most) worst = error / most;
    }
    for (let j = 0; j < columns; j++) {
      const at = this.#ofColumn[j];
      const error = Math.abs(costs[j] - (at >= 0 ? reduced[at] : 0));
      if (error > worst * sizes[j]) worst = error / sizes[j];
    }
    return worst;
  }

  /** The same basis from the program's own numbers; a basis that turns out singular gives way where it has to. */
  rebuild(): void {
    const wanted = Int32Array.from(this.#ofColumn.subarray(0, this.columns).keys()).filter(
      (j) => this.#ofColumn[j] < 0,
    );
    const slackRests = this.#ofSlack.subarray(0, this.rows).map((at) => (at >= 0 ? 1 : 0));
    const slackValue = Float64Array.from(slackRests, (rests, i) =>
      rests === 1 ? this.restingValue[this.#ofSlack[i]] : 0,
    );
    const values = this.columnValues();
    for (let j = 0; j < this.columns; j++) {
      this.#ofColumn[j] = j;
      this.resting[j] = j;
      this.restingLow[j] = this.#columnLow[j];
      this.restingHigh[j] = this.#columnHigh[j];
      this.restingValue[j] = values[j];
      this.reduced[j] = this.#cost[j];
    }
    for (let i = 0; i < this.rows; i++) {
      this.#makeBasic(i);
      this.#writeRow(i);
    }
    for (const j of wanted) {
      let best = -1;
      let most = rebuiltPivotMin;
      for (let r = 0; r < this.rows; r++) {
        if (this.basic[r] >= 0 || slackRests[~this.basic[r]] === 0) continue;
        const size = Math.abs(this.cells[r * this.stride + j]);
        if (size <= most) continue;
        most = size;
        best = r;
      }
      if (best >= 0) this.pivot(best, j, slackValue[~this.basic[best]]);
      else this.restAtBest(j);
    }
    this.#recount();
  }

  /** Values of basic variables from those at rest. */
  #recount(): void {
    for (let r = 0; r < this.rows; r++) {
      let value = 0;
      for (let p = 0; p < this.columns; p++) value += this.cells[r * this.stride + p] * this.restingValue[p];
      this.basicValue[r] = value;
    }
  }
}
