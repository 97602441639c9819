/**
 * A linear or mixed-integer program in typed arrays, by columns. It knows no depot and no back end.
 * @module
 */
import { invariant } from '#domain/invariant';

/** Kinds of column: 0 continuous, 1 integer, 2 semi-continuous, 3 semi-integer (0, or whole within its bounds). */
export type ColumnKind = 0 | 1 | 2 | 3;

/**
 * Minimise `cost x + offset` with `rowLower <= A x <= rowUpper` and `lower <= x <= upper`.
 * `A` is compressed by columns: column `j` holds `values[k]` at row `indices[k]` for k in `[starts[j], starts[j + 1])`.
 */
export interface LinearProgram {
  readonly columns: number;
  readonly rows: number;
  readonly offset: number;
  readonly cost: Float64Array;
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  readonly rowLower: Float64Array;
  readonly rowUpper: Float64Array;
  readonly starts: Int32Array;
  readonly indices: Int32Array;
  readonly values: Float64Array;
  /** One `ColumnKind` per column; absent where all are continuous. */
  readonly kinds?: Int32Array;
}

/** A column about to be added: what it costs and where it may lie. */
export interface ColumnBounds {
  readonly cost: number;
  readonly lower: number;
  readonly upper: number;
}

function grownFloats(from: Float64Array, length: number): Float64Array {
  if (length <= from.length) return from;
  const to = new Float64Array(Math.max(length, 2 * from.length));
  to.set(from);
  return to;
}

function grownInts(from: Int32Array, length: number): Int32Array {
  if (length <= from.length) return from;
  const to = new Int32Array(Math.max(length, 2 * from.length));
  to.set(from);
  return to;
}

/** Collects rows, then columns with their entries, and hands out the program once. */
export class ProgramBuilder {
  #columns = 0;
  #rows = 0;
  #entries = 0;
  #offset = 0;
  #mixed = false;
  #cost: Float64Array = new Float64Array(1024);
  #lower: Float64Array = new Float64Array(1024);
  #upper: Float64Array = new Float64Array(1024);
  #kinds: Int32Array = new Int32Array(1024);
  #starts: Int32Array = new Int32Array(1025);
  #rowLower: Float64Array = new Float64Array(512);
  #rowUpper: Float64Array = new Float64Array(512);
  #indices: Int32Array = new Int32Array(4096);
  #values: Float64Array = new Float64Array(4096);

  /** Adds a constant to the objective. */
  addOffset(value: number): void {
    this.#offset += value;
  }

  /** The index of a new row `lower <= a x <= upper`. */
  addRow(lower: number, upper: number): number {
    const row = this.#rows++;
    this.#rowLower = grownFloats(this.#rowLower, this.#rows);
    this.#rowUpper = grownFloats(this.#rowUpper, this.#rows);
    this.#rowLower[row] = lower;
    this.#rowUpper[row] = upper;
    return row;
  }

  /** The index of a new column; `addEntry` calls that follow belong to it. */
  addColumn(bounds: ColumnBounds, kind: ColumnKind = 0): number {
    invariant(bounds.lower <= bounds.upper, 'a column has room', { ...bounds });
    const column = this.#columns++;
    this.#cost = grownFloats(this.#cost, this.#columns);
    this.#lower = grownFloats(this.#lower, this.#columns);
    this.#upper = grownFloats(this.#upper, this.#columns);
    this.#kinds = grownInts(this.#kinds, this.#columns);
    this.#starts = grownInts(this.#starts, this.#columns + 1);
    this.#cost[column] = bounds.cost;
    this.#lower[column] = bounds.lower;
    this.#upper[column] = bounds.upper;
    this.#kinds[column] = kind;
    if (kind !== 0) this.#mixed = true;
    this.#starts[column] = this.#entries;
    return column;
  }

  /** Sets `A[row, last added column]`; a negative row means that there is no such row. */
  addEntry(row: number, value: number): void {
    if (row < 0 || value === 0) return;
    const entry = this.#entries++;
    this.#indices = grownInts(this.#indices, this.#entries);
    this.#values = grownFloats(this.#values, this.#entries);
    this.#indices[entry] = row;
    this.#values[entry] = value;
  }

  /** The finished program; its arrays are copies of exact length. */
  finish(): LinearProgram {
    this.#starts[this.#columns] = this.#entries;
    const columns = this.#columns;
    return {
      columns,
      rows: this.#rows,
      offset: this.#offset,
      cost: this.#cost.slice(0, columns),
      lower: this.#lower.slice(0, columns),
      upper: this.#upper.slice(0, columns),
      rowLower: this.#rowLower.slice(0, this.#rows),
      rowUpper: this.#rowUpper.slice(0, this.#rows),
      starts: this.#starts.slice(0, columns + 1),
      indices: this.#indices.slice(0, this.#entries),
      values: this.#values.slice(0, this.#entries),
      ...(this.#mixed ? { kinds: this.#kinds.slice(0, columns) } : {}),
    };
  }
}

/** Columns to be added to a finished program, with entries as [row, value]. */
export interface AddedColumns {
  readonly cost: number[];
  readonly lower: number[];
  readonly upper: number[];
  readonly kinds: ColumnKind[];
  readonly entries: [number, number][][];
}

/** Rows to be added below; `entries` name columns of the program as it was. */
interface AddedRows {
  readonly lower: readonly number[];
  readonly upper: readonly number[];
  readonly entries: readonly (readonly { readonly column: number; readonly value: number }[])[];
}

function joinedFloats(head: Float64Array, tail: ArrayLike<number>): Float64Array {
  const all = new Float64Array(head.length + tail.length);
  all.set(head);
  all.set(tail, head.length);
  return all;
}

/** `program` with rows below and columns at the end; what was there keeps its place. */
export function extended(program: LinearProgram, columns: AddedColumns, rows: AddedRows): LinearProgram {
  const below: [number, number][][] = Array.from({ length: program.columns }, () => []);
  for (const [i, entries] of rows.entries.entries()) {
    for (const { column, value } of entries) below[column].push([program.rows + i, value]);
  }
  const starts: number[] = [];
  const indices: number[] = [];
  const values: number[] = [];
  for (let j = 0; j < program.columns; j++) {
    starts.push(indices.length);
    for (let k = program.starts[j]; k < program.starts[j + 1]; k++) {
      indices.push(program.indices[k]);
      values.push(program.values[k]);
    }
    for (const [row, value] of below[j]) {
      indices.push(row);
      values.push(value);
    }
  }
  for (const entries of columns.entries) {
    starts.push(indices.length);
    for (const [row, value] of entries) {
      indices.push(row);
      values.push(value);
    }
  }
  starts.push(indices.length);
  const kinds = new Int32Array(program.columns + columns.kinds.length);
  if (program.kinds !== undefined) kinds.set(program.kinds);
  kinds.set(columns.kinds, program.columns);
  return {
    columns: program.columns + columns.cost.length,
    rows: program.rows + rows.lower.length,
    offset: program.offset,
    cost: joinedFloats(program.cost, columns.cost),
    lower: joinedFloats(program.lower, columns.lower),
    upper: joinedFloats(program.upper, columns.upper),
    rowLower: joinedFloats(program.rowLower, rows.lower),
    rowUpper: joinedFloats(program.rowUpper, rows.upper),
    starts: Int32Array.from(starts),
    indices: Int32Array.from(indices),
    values: Float64Array.from(values),
    ...(kinds.some((kind) => kind !== 0) ? { kinds } : {}),
  };
}
