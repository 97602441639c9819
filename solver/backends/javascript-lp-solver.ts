/**
 * javascript-lp-solver: a dense tableau in plain JavaScript, the independent second on small programs and the way
 * without WebAssembly. Bounds become rows there, so its time grows with the cube of the size.
 * @module
 */
import library from 'javascript-lp-solver';
import type { LinearProgram } from '../program.ts';
import type { AddedLines, BackendAnswer, BackendStatus, LpBackend, LpModel } from './backend.ts';

/** Largest program it answers within seconds, as columns plus rows. */
const sizeMax = 3_000;
/** Its tolerance on pivots and feasibility. */
const precision = 1e-9;

// The package's types describe its CommonJS build; its ES module exports the solver itself.
const solver = library as unknown as (typeof library)['default'];

type Model = InstanceType<typeof solver.Model>;
type Constraint = ReturnType<Model['smallerThan']>;

interface RowParts {
  readonly upper?: Constraint;
  readonly lower?: Constraint;
}

/** What the tableau's cost row says of a constraint's slack; 0 where it is basic. */
function slackPrice(model: Model, constraint: Constraint | undefined): number {
  if (constraint === undefined) return 0;
  const { tableau } = model;
  const column = tableau.colByVarIndex[constraint.slack.index];
  return column > 0 ? tableau.matrix[tableau.costRowIndex * tableau.width + column] : 0;
}

/** Coefficients by row, with lower bounds of columns moved to 0. */
interface Rows {
  readonly entries: { readonly column: number; readonly value: number }[][];
  readonly shift: Float64Array;
}

function rowsOf(program: LinearProgram): Rows {
  const entries: Rows['entries'] = Array.from({ length: program.rows }, () => []);
  const shift = new Float64Array(program.rows);
  for (let j = 0; j < program.columns; j++) {
    for (let k = program.starts[j]; k < program.starts[j + 1]; k++) {
      entries[program.indices[k]].push({ column: j, value: program.values[k] });
      shift[program.indices[k]] += program.values[k] * program.lower[j];
    }
  }
  return { entries, shift };
}

function statusOf(feasible: boolean, bounded: boolean): BackendStatus {
  if (!feasible) return 'infeasible';
  return bounded ? 'optimal' : 'unbounded';
}

function run(program: LinearProgram): BackendAnswer {
  const model = new solver.Model(precision);
  model.minimize();
  model.usePresolve = false;
  const variables = Array.from(program.cost, (cost, j) => model.addVariable(cost, `x${j}`));
  for (let j = 0; j < program.columns; j++) {
    const width = program.upper[j] - program.lower[j];
    if (width < Infinity) model.smallerThan(width).addTerm(1, variables[j]);
  }
  const { entries, shift } = rowsOf(program);
  const rows = entries.map((terms, i): RowParts => {
    const side = (kind: 'smallerThan' | 'greaterThan', limit: number): Constraint => {
      const constraint = model[kind](limit - shift[i]);
      for (const { column, value } of terms) constraint.addTerm(value, variables[column]);
      return constraint;
    };
    return {
      ...(program.rowUpper[i] < Infinity ? { upper: side('smallerThan', program.rowUpper[i]) } : {}),
      ...(program.rowLower[i] > -Infinity ? { lower: side('greaterThan', program.rowLower[i]) } : {}),
    };
  });
  const result = model.solve();
  const status = statusOf(result.feasible, model.tableau.bounded);
  model.tableau.updateVariableValues();
  return {
    status,
    raw: status,
    columnValue: Float64Array.from(variables, ({ value }, j) => value + program.lower[j]),
    rowDual: Float64Array.from(
      rows,
      ({ upper, lower }) => slackPrice(model, upper) - slackPrice(model, lower),
    ),
    integerBound: -Infinity,
  };
}

/** `program` with rows added below. */
function withRows(program: LinearProgram, added: AddedLines): LinearProgram {
  const extra: { readonly row: number; readonly value: number }[][] = Array.from(
    { length: program.columns },
    () => [],
  );
  for (let i = 0; i < added.lower.length; i++) {
    for (let k = added.starts[i]; k < added.starts[i + 1]; k++) {
      extra[added.indices[k]].push({ row: program.rows + i, value: added.values[k] });
    }
  }
  const starts = new Int32Array(program.columns + 1);
  const size = program.indices.length + added.indices.length;
  const indices = new Int32Array(size);
  const values = new Float64Array(size);
  let at = 0;
  for (let j = 0; j < program.columns; j++) {
    for (let k = program.starts[j]; k < program.starts[j + 1]; k++, at++) {
      indices[at] = program.indices[k];
      values[at] = program.values[k];
    }
    for (const { row, value } of extra[j]) {
      indices[at] = row;
      values[at++] = value;
    }
    starts[j + 1] = at;
  }
  return {
    ...program,
    rows: program.rows + added.lower.length,
    rowLower: Float64Array.of(...program.rowLower, ...added.lower),
    rowUpper: Float64Array.of(...program.rowUpper, ...added.upper),
    starts,
    indices,
    values,
  };
}

/** `program` with columns without entries added at the end. */
function withColumns(
  program: LinearProgram,
  cost: Float64Array,
  lower: Float64Array,
  upper: Float64Array,
): LinearProgram {
  const end = program.indices.length;
  return {
    ...program,
    columns: program.columns + cost.length,
    cost: Float64Array.of(...program.cost, ...cost),
    lower: Float64Array.of(...program.lower, ...lower),
    upper: Float64Array.of(...program.upper, ...upper),
    starts: Int32Array.of(...program.starts, ...new Int32Array(cost.length).fill(end)),
  };
}

function open(program: LinearProgram): LpModel {
  let current = program;
  return {
    run: () => run(current),
    setColumnBounds: (lower, upper) => {
      current = { ...current, lower: lower.slice(), upper: upper.slice() };
    },
    setRowBounds: (row, lower, upper) => {
      current = { ...current, rowLower: current.rowLower.slice(), rowUpper: current.rowUpper.slice() };
      current.rowLower[row] = lower;
      current.rowUpper[row] = upper;
    },
    addColumns: (cost, lower, upper) => {
      current = withColumns(current, cost, lower, upper);
    },
    addRows: (rows) => {
      current = withRows(current, rows);
    },
    dispose: () => undefined,
  };
}

/** javascript-lp-solver, ready to use. */
export const javascriptLpSolverBackend: LpBackend<'javascript-lp-solver'> = {
  name: 'javascript-lp-solver',
  capabilities: { duals: true, integers: false, iterationLimit: false, sizeMax },
  open,
};
