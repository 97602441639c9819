/**
 * A battery charges or discharges, never both at once. A linear program does both where burning energy pays (negative
 * prices) or costs nothing; here such an answer becomes a plan that a battery can follow. Source: docs/model.md, "Store".
 * @module
 */
import { solveOnce } from './backends/backend.ts';
import type { LpBackend } from './backends/backend.ts';
import { account } from './certificate/account.ts';
import { residualMax } from './certificate/verify.ts';
import { formulate, planOf } from './formulate.ts';
import type { Formulation } from './formulate.ts';
import type { Plan } from './plan.ts';
import type { DepotProblem } from './problem.ts';
import { extended } from './program.ts';
import type { AddedColumns, LinearProgram } from './program.ts';
import { withSiteFlows } from './site-flows.ts';

/** Most columns of a program that is solved again with choices; larger sites keep the plan with its gap. */
const columnsMax = 60_000;
/** Branch-and-bound nodes before the best plan so far is taken. */
const nodesMax = 5_000;

/** `plan` as it is where it holds, else with battery and PV fitted to what the store can do. */
export function withinStore(problem: DepotProblem, plan: Plan): Plan {
  if (problem.battery === undefined) return plan;
  return account(problem, plan).primalResidual <= residualMax ? plan : withSiteFlows(problem, plan);
}

/**
 * The program with a choice between charging and discharging in every interval: burning pays where the price is below 0,
 * and before that to make room in the store.
 */
function withChoices({ program, problem, chargeColumn, dischargeColumn }: Formulation): LinearProgram {
  const most = problem.battery?.maxKw ?? 0;
  const columns: AddedColumns = { cost: [], lower: [], upper: [], kinds: [], entries: [] };
  const ties: { readonly column: number; readonly value: number }[][] = [];
  const rowUpper: number[] = [];
  for (let t = 0; t < chargeColumn.length; t++) {
    const row = program.rows + ties.length;
    // charge <= most * choice, discharge <= most * (1 - choice)
    ties.push([{ column: chargeColumn[t], value: 1 }], [{ column: dischargeColumn[t], value: 1 }]);
    rowUpper.push(0, most);
    columns.cost.push(0);
    columns.lower.push(0);
    columns.upper.push(1);
    columns.kinds.push(1);
    columns.entries.push([
      [row, -most],
      [row + 1, most],
    ]);
  }
  const rowLower = rowUpper.map(() => -Infinity);
  return extended(program, columns, { lower: rowLower, upper: rowUpper, entries: ties });
}

/** The cheapest plan whose battery never does both at once; undefined where the program is too large or gave none. */
export function oneWayPlan(problem: DepotProblem, backend: LpBackend, gap: number): Plan | undefined {
  const formulation = formulate(problem);
  if (formulation.program.columns > columnsMax || !backend.capabilities.integers) return undefined;
  const answer = solveOnce(backend, withChoices(formulation), { integerGap: gap, nodesMax });
  if (answer.status !== 'optimal' && answer.status !== 'limit') return undefined;
  const plan = withinStore(problem, planOf(formulation, answer.columnValue));
  return account(problem, plan).primalResidual <= residualMax ? plan : undefined;
}
