/**
 * HiGHS compiled to WebAssembly, through its matrix interface; single-threaded, so equal inputs give equal answers.
 * @module
 */
import type { Highs, Model, ModelStatusCode } from 'highs';
import type { LinearProgram } from '../program.ts';
import type {
  AddedLines,
  BackendAnswer,
  BackendLimits,
  BackendStatus,
  SplittingBackend,
  SplittingModel,
} from './backend.ts';

/** Tightest feasibility that HiGHS holds reliably in double precision on rows of kW. */
const tolerance = 1e-9;

let loading: Promise<Highs> | undefined;

/** The WebAssembly runtime, loaded at the first call and kept: most plans never need it. */
function highsRuntime(): Promise<Highs> {
  loading ??= load();
  return loading;
}

async function load(): Promise<Highs> {
  const { default: loadHighs } = await import('highs');
  // The package's types describe its CommonJS build; its ES module exports the loader itself.
  return (loadHighs as unknown as () => Promise<Highs>)();
}

function statusOf(code: ModelStatusCode): BackendStatus {
  switch (code) {
    case 7:
      return 'optimal';
    case 8:
      return 'infeasible';
    case 9:
    case 10:
      return 'unbounded';
    case 11:
    case 12:
    case 13:
    case 14:
    case 16:
    case 17:
      return 'limit';
    case 0:
    case 1:
    case 2:
    case 3:
    case 4:
    case 5:
    case 6:
    case 15:
      return 'failed';
  }
}

function modelDataOf(program: LinearProgram): Parameters<Highs['createModel']>[0] {
  return {
    numCols: program.columns,
    numRows: program.rows,
    offset: program.offset,
    colCost: program.cost,
    colLower: program.lower,
    colUpper: program.upper,
    rowLower: program.rowLower,
    rowUpper: program.rowUpper,
    matrix: {
      format: 'csc',
      numRows: program.rows,
      numCols: program.columns,
      starts: program.starts,
      indices: program.indices,
      values: program.values,
    },
    ...(program.kinds === undefined ? {} : { integrality: program.kinds }),
  };
}

class HighsModel implements SplittingModel {
  readonly #model: Model;
  readonly #mixed: boolean;
  #rows: number;
  #columns: number;

  constructor(runtime: Highs, program: LinearProgram, presolve: 'on' | 'off') {
    this.#model = runtime.createModel(modelDataOf(program));
    this.#model.options.set({
      output_flag: false,
      random_seed: 0,
      presolve: presolve === 'on' ? 'choose' : 'off',
      primal_feasibility_tolerance: tolerance,
      dual_feasibility_tolerance: tolerance,
    });
    this.#mixed = program.kinds !== undefined;
    this.#rows = program.rows;
    this.#columns = program.columns;
  }

  run(limits: BackendLimits): BackendAnswer {
    const model = this.#model;
    if (limits.iterationsMax !== undefined)
      model.options.set('simplex_iteration_limit', limits.iterationsMax);
    if (this.#mixed) {
      model.options.set({ mip_rel_gap: limits.integerGap, mip_abs_gap: 0 });
      if (limits.nodesMax !== undefined) model.options.set('mip_max_nodes', limits.nodesMax);
    }
    model.run();
    const code = model.getModelStatus();
    const solution = model.getSolution();
    return {
      status: statusOf(code),
      raw: `model status ${code}`,
      columnValue: solution.colValue,
      rowDual: this.#mixed ? new Float64Array(0) : solution.rowDual,
      integerBound: this.#mixed ? Number(model.info.get('mip_dual_bound')) : -Infinity,
    };
  }

  setColumnBounds(lower: Float64Array, upper: Float64Array): void {
    this.#model.changeColsBounds({ kind: 'range', from: 0, to: this.#columns - 1 }, lower, upper);
  }

  setRowBounds(row: number, lower: number, upper: number): void {
    this.#model.changeRowBounds(row, lower, upper);
  }

  addColumns(cost: Float64Array, lower: Float64Array, upper: Float64Array): void {
    const none = { indices: new Int32Array(0), values: new Float64Array(0) };
    const starts = new Int32Array(cost.length + 1);
    const matrix = { format: 'csc', numRows: this.#rows, numCols: cost.length, starts, ...none } as const;
    this.#model.addCols({ cost, lower, upper, matrix });
    this.#columns += cost.length;
  }

  splitColumns(columns: Int32Array, at: Float64Array): void {
    for (const [i, j] of columns.entries()) {
      const { cost, lower, upper, matrix } = this.#model.getCols({ kind: 'range', from: j, to: j });
      const end = lower[0] + at[i];
      this.#model.changeColBounds(j, lower[0], end);
      this.#model.addCols({
        cost,
        lower: Float64Array.of(0),
        upper: Float64Array.of(upper[0] - end),
        matrix,
      });
      this.#columns++;
    }
  }

  addRows({ lower, upper, ...lines }: AddedLines): void {
    const matrix = { format: 'csr', numRows: lower.length, numCols: this.#columns, ...lines } as const;
    this.#model.addRows({ lower, upper, matrix });
    this.#rows += lower.length;
  }

  dispose(): void {
    this.#model.dispose();
  }
}

/** A program without columns has one answer; HiGHS calls it no model. */
function emptyModel({ rows }: LinearProgram): SplittingModel {
  const nothing = (): void => undefined;
  return {
    run: () => ({
      status: 'optimal',
      raw: 'empty',
      columnValue: new Float64Array(0),
      rowDual: new Float64Array(rows),
      integerBound: -Infinity,
    }),
    setColumnBounds: nothing,
    setRowBounds: nothing,
    addColumns: nothing,
    splitColumns: nothing,
    addRows: nothing,
    dispose: nothing,
  };
}

/** HiGHS, ready to use. */
export async function highsBackend(): Promise<SplittingBackend<'highs'>> {
  const runtime = await highsRuntime();
  return {
    name: 'highs',
    capabilities: { duals: true, integers: true, iterationLimit: true, sizeMax: 2_000_000 },
    open: (program, presolve) =>
      program.columns === 0 ? emptyModel(program) : new HighsModel(runtime, program, presolve),
  };
}
