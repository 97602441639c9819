/**
 * HiGHS compiled to WebAssembly, through its matrix interface; single-threaded, so equal inputs give equal answers.
 * @module
 */
import loadHighs from 'highs';
import type { Highs, ModelStatusCode } from 'highs';
import type { LinearProgram } from '../program.ts';
import type { BackendAnswer, BackendLimits, BackendStatus, LpBackend } from './backend.ts';

/** Tightest feasibility that HiGHS holds reliably in double precision on rows of kW. */
const tolerance = 1e-9;

// The package's types describe its CommonJS build; its ES module exports the loader itself.
const load = loadHighs as unknown as () => Promise<Highs>;

let loading: Promise<Highs> | undefined;

/** The WebAssembly runtime, loaded at the first call and kept. */
function highsRuntime(): Promise<Highs> {
  loading ??= load();
  return loading;
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

function optionsOf(limits: BackendLimits): Record<string, boolean | number | string> {
  return {
    output_flag: false,
    random_seed: 0,
    primal_feasibility_tolerance: tolerance,
    dual_feasibility_tolerance: tolerance,
    mip_rel_gap: limits.integerGap,
    mip_abs_gap: 0,
    ...(limits.iterationsMax === undefined ? {} : { simplex_iteration_limit: limits.iterationsMax }),
    ...(limits.nodesMax === undefined ? {} : { mip_max_nodes: limits.nodesMax }),
  };
}

function solveWith(runtime: Highs, program: LinearProgram, limits: BackendLimits): BackendAnswer {
  if (program.columns === 0) {
    const empty = new Float64Array(0);
    const rowDual = new Float64Array(program.rows);
    return { status: 'optimal', raw: 'empty', columnValue: empty, rowDual, integerBound: program.offset };
  }
  const model = runtime.createModel(modelDataOf(program));
  try {
    model.options.set(optionsOf(limits));
    model.run();
    const code = model.getModelStatus();
    const solution = model.getSolution();
    const mixed = program.kinds !== undefined;
    return {
      status: statusOf(code),
      raw: `model status ${code}`,
      columnValue: solution.colValue,
      rowDual: mixed ? new Float64Array(0) : solution.rowDual,
      integerBound: mixed ? Number(model.info.get('mip_dual_bound')) : -Infinity,
    };
  } finally {
    model.dispose();
  }
}

/** HiGHS, ready to use. */
export async function highsBackend(): Promise<LpBackend> {
  const runtime = await highsRuntime();
  return {
    name: 'highs',
    capabilities: { duals: true, integers: true, iterationLimit: true, sizeMax: 2_000_000 },
    solve: (program, limits) => solveWith(runtime, program, limits),
  };
}
