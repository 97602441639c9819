import { describe, expect, test } from 'vitest';
import { solveOnce } from '#solver/backends/backend';
import { highsBackend } from '#solver/backends/highs';
import { javascriptLpSolverBackend } from '#solver/backends/javascript-lp-solver';
import { simplexBackend } from '#solver/backends/simplex';
import { ProgramBuilder } from '#solver/program';
import { backendCases } from './backend.cases.ts';

describe('every back end', () => {
  backendCases('highs', highsBackend);
  backendCases('javascript-lp-solver', () => Promise.resolve(javascriptLpSolverBackend));
  backendCases('simplex', () => Promise.resolve(simplexBackend));
});

describe('highs alone', () => {
  test('a semi-integer column is 0 or a whole number in its bounds', async () => {
    // max 1.5 x with x <= 3.7: x in {0} or 2..5 gives 3.
    const builder = new ProgramBuilder();
    const row = builder.addRow(-Infinity, 3.7);
    builder.addColumn({ cost: -1.5, lower: 2, upper: 5 }, 3);
    builder.addEntry(row, 1);
    const backend = await highsBackend();
    const answer = solveOnce(backend, builder.finish(), { integerGap: 0 });
    expect(answer.columnValue[0]).toBeCloseTo(3, 9);
    expect(answer.integerBound).toBeCloseTo(-4.5, 6);
    expect(backend.capabilities.integers).toBe(true);
  });

  test('an iteration limit is called one', async () => {
    const builder = new ProgramBuilder();
    const rows = [builder.addRow(-Infinity, 4), builder.addRow(-Infinity, 5), builder.addRow(2, Infinity)];
    for (let j = 0; j < 4; j++) {
      builder.addColumn({ cost: -1 - j, lower: 0, upper: 3 });
      for (const [i, row] of rows.entries()) builder.addEntry(row, 1 + ((i * j) % 3));
    }
    const model = (await highsBackend()).open(builder.finish(), 'off');
    expect(model.run({ integerGap: 0, iterationsMax: 0 }).status).toBe('limit');
    model.dispose();
  });
});
