/** The port between programs and the libraries that solve them. @module */
import type { LinearProgram } from '../program.ts';

/** What a back end can do; asked before it is called. */
export interface BackendCapabilities {
  /** Row multipliers come with an answer, so that a bound can be proven. */
  readonly duals: boolean;
  /** Integer, semi-continuous and semi-integer columns. */
  readonly integers: boolean;
  /** A deterministic stop after a number of simplex iterations. */
  readonly iterationLimit: boolean;
  /** Largest program worth trying, as columns plus rows. */
  readonly sizeMax: number;
}

/** How a run ended. Values of a `limit` may break rows: they need checking and repair. */
export type BackendStatus = 'optimal' | 'infeasible' | 'unbounded' | 'limit' | 'failed';

/** What a back end hands back. */
export interface BackendAnswer {
  readonly status: BackendStatus;
  /** The library's own word for it. */
  readonly raw: string;
  /** [columns]; all 0 where there is none. */
  readonly columnValue: Float64Array;
  /** [rows] change of the objective per unit of the active side, empty where unknown: <= 0 for an upper side. */
  readonly rowDual: Float64Array;
  /** A proven bound of a program with integer columns; -Infinity where there is none. */
  readonly integerBound: number;
}

/** Stops of one run. */
export interface BackendLimits {
  readonly iterationsMax?: number;
  /** Relative gap at which a program with integer columns may stop. */
  readonly integerGap: number;
  /** Branch-and-bound nodes; a deterministic stop. */
  readonly nodesMax?: number;
}

/** Rows or columns to be added: compressed by rows when rows are added, by columns when columns are. */
export interface AddedLines {
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  readonly starts: Int32Array;
  readonly indices: Int32Array;
  readonly values: Float64Array;
}

/** A program that stays loaded, so that a small change costs a small solve. `dispose` it. */
export interface LpModel {
  run(limits: BackendLimits): BackendAnswer;
  /** New bounds of all columns. */
  setColumnBounds(lower: Float64Array, upper: Float64Array): void;
  setRowBounds(row: number, lower: number, upper: number): void;
  /** Adds columns without entries. */
  addColumns(cost: Float64Array, lower: Float64Array, upper: Float64Array): void;
  addRows(rows: AddedLines): void;
  dispose(): void;
}

/** A model whose columns can be cut in two, so that a row can count the first part alone. */
export interface SplittingModel extends LpModel {
  /**
   * Cuts each of `columns`, named once, `at` above its lower bound. The rest becomes a new column with the same cost and
   * entries and lower bound 0; new columns are numbered on in the order given.
   */
  splitColumns(columns: Int32Array, at: Float64Array): void;
}

/** Back ends for programs of any kind, and the one that is made for the structured engine's small program. */
export type BackendName = 'highs' | 'javascript-lp-solver' | 'simplex';

/** What solves linear programs. */
export interface LpBackend<Name extends BackendName = BackendName> {
  readonly name: Name;
  readonly capabilities: BackendCapabilities;
  /** `presolve` off keeps a model warm over many small changes. */
  open(program: LinearProgram, presolve: 'on' | 'off'): LpModel;
}

/** A back end for the structured engine's small program. */
export interface SplittingBackend<
  Name extends 'highs' | 'simplex' = 'highs' | 'simplex',
> extends LpBackend<Name> {
  open(program: LinearProgram, presolve: 'on' | 'off'): SplittingModel;
}

/** One program, one run. */
export function solveOnce(backend: LpBackend, program: LinearProgram, limits: BackendLimits): BackendAnswer {
  const model = backend.open(program, 'on');
  try {
    return model.run(limits);
  } finally {
    model.dispose();
  }
}
