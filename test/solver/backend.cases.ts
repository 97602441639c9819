/** What every back end must do; one joins by calling `backendCases`. */
import { expect, test } from 'vitest';
import type { LpBackend } from '#solver/backends/backend';
import { solveOnce } from '#solver/backends/backend';
import { ProgramBuilder } from '#solver/program';
import type { LinearProgram } from '#solver/program';

const limits = { integerGap: 0 };

/** min -3x - 2y, x + y <= 4, x <= 2, 0 <= y. */
function corner(): LinearProgram {
  const builder = new ProgramBuilder();
  const row = builder.addRow(-Infinity, 4);
  builder.addColumn({ cost: -3, lower: 0, upper: 2 });
  builder.addEntry(row, 1);
  builder.addColumn({ cost: -2, lower: 0, upper: Infinity });
  builder.addEntry(row, 1);
  builder.addOffset(10);
  return builder.finish();
}

export function backendCases(name: string, load: () => Promise<LpBackend>): void {
  test(`${name}: the optimum and its row dual`, async () => {
    const answer = solveOnce(await load(), corner(), limits);
    expect(answer.status).toBe('optimal');
    expect([...answer.columnValue]).toEqual([expect.closeTo(2, 9), expect.closeTo(2, 9)]);
    expect(answer.rowDual[0]).toBeCloseTo(-2, 9);
  });

  test(`${name}: a lower side has a dual above 0, an equality either`, async () => {
    // min 3x + 2y, y >= 1, x + y >= 3.5, x = 2: y = 1.5. One more on the second row costs 2, on the last 3 - 2.
    const builder = new ProgramBuilder();
    const rows = [builder.addRow(1, Infinity), builder.addRow(3.5, Infinity), builder.addRow(2, 2)];
    builder.addColumn({ cost: 3, lower: 0, upper: 10 });
    builder.addEntry(rows[1]!, 1);
    builder.addEntry(rows[2]!, 1);
    builder.addColumn({ cost: 2, lower: 0, upper: 10 });
    builder.addEntry(rows[0]!, 1);
    builder.addEntry(rows[1]!, 1);
    const answer = solveOnce(await load(), builder.finish(), limits);
    expect([...answer.rowDual]).toEqual([0, 2, 1].map((value) => expect.closeTo(value, 9)));
  });

  test(`${name}: columns start at their lower bounds, also below 0`, async () => {
    const builder = new ProgramBuilder();
    const row = builder.addRow(-5, Infinity);
    builder.addColumn({ cost: 1, lower: -3, upper: 3 });
    builder.addEntry(row, 1);
    builder.addColumn({ cost: 2, lower: -4, upper: 3 });
    builder.addEntry(row, 1);
    const answer = solveOnce(await load(), builder.finish(), limits);
    // The dearer one goes to its bound of -4, the other fills up to -5 in all.
    expect([...answer.columnValue]).toEqual([expect.closeTo(-1, 9), expect.closeTo(-4, 9)]);
  });

  test(`${name}: no way out is called infeasible`, async () => {
    const builder = new ProgramBuilder();
    const row = builder.addRow(5, Infinity);
    builder.addColumn({ cost: 1, lower: 0, upper: 3 });
    builder.addEntry(row, 1);
    expect(solveOnce(await load(), builder.finish(), limits).status).toBe('infeasible');
  });

  test(`${name}: rows, columns and bounds can be added to an open program`, async () => {
    const model = (await load()).open(corner(), 'off');
    try {
      expect(model.run(limits).columnValue[1]).toBeCloseTo(2, 9);
      // A third column of cost -1 and a row x + y + z <= 3.
      model.addColumns(Float64Array.of(-1), Float64Array.of(0), Float64Array.of(5));
      model.addRows({
        lower: Float64Array.of(-Infinity),
        upper: Float64Array.of(3),
        starts: Int32Array.of(0, 3),
        indices: Int32Array.of(0, 1, 2),
        values: Float64Array.of(1, 1, 1),
      });
      const added = model.run(limits);
      expect([...added.columnValue]).toEqual([2, 1, 0].map((value) => expect.closeTo(value, 9)));
      expect([...added.rowDual]).toEqual([0, -2].map((value) => expect.closeTo(value, 9)));
      model.setRowBounds(1, -Infinity, 2.5);
      expect(model.run(limits).columnValue[1]).toBeCloseTo(0.5, 9);
      model.setColumnBounds(Float64Array.of(0, 0, 0), Float64Array.of(1, 9, 9));
      expect(model.run(limits).columnValue[1]).toBeCloseTo(1.5, 9);
    } finally {
      model.dispose();
    }
  });

  test(`${name}: the same program gives the same bytes`, async () => {
    const backend = await load();
    expect(solveOnce(backend, corner(), limits)).toEqual(solveOnce(backend, corner(), limits));
  });
}
