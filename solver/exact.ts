/**
 * Minimum powers and steps as whole numbers: the mixed-integer program that the repair is measured against. Each pair's
 * power is a level `k * step` with `k` 0 or from the minimum on; the shortfall is a column of its own, because a last
 * level may deliver a little more than was asked.
 * @module
 */
import type { LpBackend } from './backends/backend.ts';
import { solveOnce } from './backends/backend.ts';
import { formulate, planOf } from './formulate.ts';
import type { Formulation } from './formulate.ts';
import { isContinuous, levelBelow, lowestLevel } from './levels.ts';
import type { Plan } from './plan.ts';
import type { DepotProblem, Session } from './problem.ts';
import { extended } from './program.ts';
import type { AddedColumns, LinearProgram } from './program.ts';

/** Branch-and-bound nodes before the best plan so far is taken. */
const nodesMax = 20_000;

interface Extra extends AddedColumns {
  /** Extra rows `sum columns - level = 0`, by the columns of the program that they tie. */
  readonly ties: number[][];
}

/** Energy that a last level may deliver above what was asked, kWh. */
function roundingKwh(session: Session, intervalH: number): number {
  return (Math.max(session.minKw, session.stepKw) + session.stepKw) * intervalH;
}

function addLevels(formulation: Formulation, s: number, extra: Extra): void {
  const { problem, program, pairStart, freeColumn, seenColumn } = formulation;
  const session = problem.sessions[s];
  const { stepKw } = session;
  for (let at = pairStart[s]; at < pairStart[s + 1]; at++) {
    const columns = [freeColumn[at], seenColumn[at]].filter((column) => column >= 0);
    const capKw = columns.reduce((sum, column) => sum + program.upper[column], 0);
    if (columns.length === 0) continue;
    const unit = stepKw > 0 ? stepKw : 1;
    const most = levelBelow(session, capKw) / unit;
    const least = Math.min(most, lowestLevel(session) / unit);
    extra.kinds.push(stepKw > 0 ? 3 : 2);
    extra.cost.push(0);
    extra.lower.push(stepKw > 0 ? Math.round(least) : least);
    extra.upper.push(stepKw > 0 ? Math.round(most) : most);
    extra.entries.push([[program.rows + extra.ties.length, -unit]]);
    extra.ties.push(columns);
  }
}

/** The program with levels; columns of the LP keep their places. */
function withLevels(formulation: Formulation): LinearProgram {
  const { problem, program, rows, pairStart, freeColumn, seenColumn } = formulation;
  const { intervalH } = problem;
  const cost = program.cost.slice();
  const rowLower = program.rowLower.slice();
  const rowUpper = program.rowUpper.slice();
  const extra: Extra = { kinds: [], cost: [], lower: [], upper: [], entries: [], ties: [] };
  let offset = program.offset;
  for (const [s, session] of problem.sessions.entries()) {
    const { shortfallPrice, energyKwh } = session;
    offset -= shortfallPrice * energyKwh;
    for (let at = pairStart[s]; at < pairStart[s + 1]; at++) {
      if (freeColumn[at] >= 0) cost[freeColumn[at]] += shortfallPrice * intervalH;
      if (seenColumn[at] >= 0) cost[seenColumn[at]] += shortfallPrice * intervalH;
    }
    const row = rows.energy[s];
    rowLower[row] = energyKwh / intervalH;
    rowUpper[row] = (energyKwh + roundingKwh(session, intervalH)) / intervalH;
    extra.kinds.push(0);
    extra.cost.push(shortfallPrice);
    extra.lower.push(0);
    extra.upper.push(energyKwh);
    extra.entries.push([[row, 1 / intervalH]]);
    if (!isContinuous(session)) addLevels(formulation, s, extra);
  }
  const zeros = extra.ties.map(() => 0);
  const ties = extra.ties.map((columns) => columns.map((column) => ({ column, value: 1 })));
  return extended({ ...program, offset, cost, rowLower, rowUpper }, extra, {
    lower: zeros,
    upper: zeros,
    entries: ties,
  });
}

/** The best stepped plan that branch and bound found, with its own lower bound; undefined where it found none. */
export function exactPlan(
  problem: DepotProblem,
  backend: LpBackend,
  gap: number,
): { readonly plan: Plan; readonly bound: number; readonly proven: boolean } | undefined {
  const formulation = formulate(problem);
  const answer = solveOnce(backend, withLevels(formulation), { integerGap: gap, nodesMax });
  if (answer.status !== 'optimal' && answer.status !== 'limit') return undefined;
  const plan = planOf(formulation, answer.columnValue);
  const powerKw = plan.powerKw.map((kw, s) => {
    const session = problem.sessions[s];
    return isContinuous(session) ? kw : kw.map((value) => levelBelow(session, value + 1e-4 * session.stepKw));
  });
  return { plan: { ...plan, powerKw }, bound: answer.integerBound, proven: answer.status === 'optimal' };
}
