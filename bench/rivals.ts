/**
 * The whole program of a depot on other libraries, one process each, so that one that does not answer can be ended: npm
 * `highs` by arrays, glpk.js, YALPS and javascript-lp-solver. Started by bench/solve.ts; by hand:
 *
 *     node dist/bench/rivals.js glpk.js '{"kind":"last-mile","connectors":44,"intervals":96,"seed":1}'
 *
 * prints building and solving, ms by the wall and by the processor, least of up to 20, and the objective.
 * @module
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { solveOnce } from '#solver/backends/backend';
import { highsBackend } from '#solver/backends/highs';
import { javascriptLpSolverBackend } from '#solver/backends/javascript-lp-solver';
import { formulate } from '#solver/formulate';
import { generatedDepot } from '#solver/generated';
import type { DepotShape } from '#solver/generated';
import type { LinearProgram } from '#solver/program';

/** Most rounds of one rival, and processor time after which no further one begins, ms. */
const roundsMax = 20;
const warmMs = 2000;

/** Libraries that answer the whole program. */
export const rivals = ['highs', 'glpk.js', 'yalps', 'javascript-lp-solver'] as const;
export type Rival = (typeof rivals)[number];

/** What a rival did; no time where the cap ended it. */
export interface RivalRun {
  readonly rival: Rival;
  readonly ms?: number;
  readonly processorMs?: number;
  readonly objective?: number;
  readonly rssMb?: number;
}

/** Sides of a row as YALPS takes them. */
interface Sides {
  readonly equal?: number;
  readonly min?: number;
  readonly max?: number;
}

/** Rows as `[column, value]` lists. */
function linesOf(program: LinearProgram): (readonly [number, number])[][] {
  const lines: (readonly [number, number])[][] = Array.from({ length: program.rows }, () => []);
  for (let j = 0; j < program.columns; j++) {
    for (let k = program.starts[j]!; k < program.starts[j + 1]!; k++) {
      lines[program.indices[k]!]!.push([j, program.values[k]!]);
    }
  }
  return lines;
}

async function glpkAnswer(): Promise<(program: LinearProgram) => number> {
  const { default: open } = await import('glpk.js/node');
  const glpk = await open();
  const bounds = (lb: number, ub: number): { type: number; lb: number; ub: number } => {
    const type =
      lb === ub
        ? glpk.GLP_FX
        : lb === -Infinity
          ? ub === Infinity
            ? glpk.GLP_FR
            : glpk.GLP_UP
          : ub === Infinity
            ? glpk.GLP_LO
            : glpk.GLP_DB;
    return { type, lb: Number.isFinite(lb) ? lb : 0, ub: Number.isFinite(ub) ? ub : 0 };
  };
  return (program) => {
    const names = Array.from(program.cost, (_, j) => `x${j}`);
    const { result } = glpk.solve(
      {
        name: 'depot',
        objective: {
          direction: glpk.GLP_MIN,
          name: 'cost',
          vars: names.map((name, j) => ({ name, coef: program.cost[j]! })),
        },
        subjectTo: linesOf(program).map((line, i) => ({
          name: `r${i}`,
          vars: line.map(([j, coef]) => ({ name: names[j]!, coef })),
          bnds: bounds(program.rowLower[i]!, program.rowUpper[i]!),
        })),
        bounds: names.map((name, j) => ({ name, ...bounds(program.lower[j]!, program.upper[j]!) })),
      },
      { msglev: glpk.GLP_MSG_OFF, presol: true },
    );
    if (result.status !== glpk.GLP_OPT) throw new Error(`glpk.js: status ${result.status}`);
    return result.z + program.offset;
  };
}

async function yalpsAnswer(): Promise<(program: LinearProgram) => number> {
  const { solve } = await import('yalps');
  return (program) => {
    // Columns are >= 0 there: each is counted from its lower bound, and an upper bound is a row.
    const side = (lower: number, upper: number): Sides =>
      lower === upper
        ? { equal: lower }
        : {
            ...(lower > -Infinity ? { min: lower } : {}),
            ...(upper < Infinity ? { max: upper } : {}),
          };
    const variables = Array.from(program.cost, (cost): [string, number][] => [['cost', cost]]);
    const constraints = linesOf(program).map((line, i): readonly [string, Sides] => {
      let shift = 0;
      for (const [j, value] of line) {
        variables[j]!.push([`r${i}`, value]);
        shift += value * program.lower[j]!;
      }
      return [`r${i}`, side(program.rowLower[i]! - shift, program.rowUpper[i]! - shift)];
    });
    let fixed = program.offset;
    for (const [j, column] of variables.entries()) {
      fixed += program.cost[j]! * program.lower[j]!;
      const width = program.upper[j]! - program.lower[j]!;
      if (width === Infinity) continue;
      column.push([`b${j}`, 1]);
      constraints.push([`b${j}`, { max: width }]);
    }
    const { status, result } = solve(
      {
        direction: 'minimize',
        objective: 'cost',
        constraints,
        variables: variables.map((column, j) => [`x${j}`, column] as const),
      },
      { maxIterations: Infinity, maxPivots: Infinity },
    );
    if (status !== 'optimal') throw new Error(`yalps: ${status}`);
    return result + fixed;
  };
}

/** Answers of one of our own back ends. */
function backendAnswer(backend: Parameters<typeof solveOnce>[0]): (program: LinearProgram) => number {
  return (program) => {
    const { columnValue } = solveOnce(backend, program, { integerGap: 0 });
    return columnValue.reduce((sum, value, j) => sum + value * program.cost[j]!, program.offset);
  };
}

async function answerOf(rival: Rival): Promise<(program: LinearProgram) => number> {
  switch (rival) {
    case 'highs':
      return backendAnswer(await highsBackend());
    case 'glpk.js':
      return glpkAnswer();
    case 'yalps':
      return yalpsAnswer();
    case 'javascript-lp-solver':
      return backendAnswer(javascriptLpSolverBackend);
  }
}

/** Runs `rival` on the depot of `shape` in a process of its own, for `capMs` at most. */
export function runRival(rival: Rival, shape: DepotShape, capMs: number): RivalRun {
  const ran = spawnSync(process.execPath, [fileURLToPath(import.meta.url), rival, JSON.stringify(shape)], {
    encoding: 'utf8',
    timeout: capMs,
    killSignal: 'SIGKILL',
  });
  if (ran.status !== 0) {
    if (ran.signal === null) throw new Error(`${rival}: ${ran.stderr}`);
    return { rival };
  }
  return { rival, ...(JSON.parse(ran.stdout) as Omit<RivalRun, 'rival'>) };
}

async function main(name: string, shape: string): Promise<void> {
  const rival = rivals.find((one) => one === name);
  if (rival === undefined) throw new Error(`no rival ${name}: ${rivals.join(', ')}`);
  const problem = generatedDepot(JSON.parse(shape) as DepotShape);
  const answer = await answerOf(rival);
  let objective = NaN;
  let least = Infinity;
  let processorMs = Infinity;
  // Warm like the rest of the bench: the first rounds of a process are spent on compiling.
  let spentMs = 0;
  for (let round = 0; round < roundsMax && spentMs < warmMs; round++) {
    const from = performance.now();
    const before = process.cpuUsage();
    objective = answer(formulate(problem).program);
    const { user, system } = process.cpuUsage(before);
    spentMs += (user + system) / 1000;
    processorMs = Math.min(processorMs, (user + system) / 1000);
    least = Math.min(least, performance.now() - from);
  }
  const rssMb = process.resourceUsage().maxRSS / 1024;
  console.log(JSON.stringify({ ms: least, processorMs, objective, rssMb }));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await main(process.argv[2] ?? '', process.argv[3] ?? '{}');
}
