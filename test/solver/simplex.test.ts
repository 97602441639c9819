import { describe, expect, test } from 'vitest';
import { prngOf } from '#domain/prng';
import type { LpModel } from '#solver/backends/backend';
import { Dictionary } from '#solver/backends/dictionary';
import { highsBackend } from '#solver/backends/highs';
import { simplexBackend } from '#solver/backends/simplex';
import { ProgramBuilder } from '#solver/program';
import type { LinearProgram } from '#solver/program';

const limits = { integerGap: 0 };
/** More with VOLTHERD_INSTANCES=10000. */
const instances = Number(process.env['VOLTHERD_INSTANCES'] ?? 300);

/** Small programs of whole numbers, where bounds, ratios and costs meet exactly: the ground on which methods cycle. */
function drawnProgram(seed: number): LinearProgram {
  const prng = prngOf(seed);
  const builder = new ProgramBuilder();
  const rows = Array.from({ length: prng.integer(1, 8) }, () => {
    const side = prng.integer(-4, 8);
    switch (prng.integer(0, 3)) {
      case 0:
        return builder.addRow(side, side);
      case 1:
        return builder.addRow(side, Infinity);
      case 2:
        return builder.addRow(-Infinity, side);
      default:
        return builder.addRow(side, side + prng.integer(0, 3));
    }
  });
  const columns = prng.integer(1, 9);
  for (let j = 0; j < columns; j++) {
    const lower = prng.integer(-2, 1);
    builder.addColumn({ cost: prng.integer(-2, 3), lower, upper: lower + prng.integer(0, 4) });
    for (const row of rows) builder.addEntry(row, prng.integer(-1, 2));
  }
  return builder.finish();
}

function costOf({ cost, offset }: LinearProgram, values: Float64Array): number {
  return cost.reduce((sum, price, j) => sum + price * (values[j] ?? 0), offset);
}

/** A row over all columns, as a late cut would be. */
function addCut(model: LpModel, columns: number, least: number): void {
  model.addRows({
    lower: Float64Array.of(least),
    upper: Float64Array.of(Infinity),
    starts: Int32Array.of(0, columns),
    indices: Int32Array.from({ length: columns }, (_, j) => j),
    values: new Float64Array(columns).fill(1),
  });
}

describe('the dense simplex', () => {
  test(`law: the answers of HiGHS on ${instances} drawn programs, before and after a cut`, async () => {
    const highs = await highsBackend();
    const seen = { optimal: 0, infeasible: 0 };
    for (let seed = 1; seed <= instances; seed++) {
      const program = drawnProgram(seed);
      const [mine, other] = [simplexBackend.open(program, 'off'), highs.open(program, 'off')];
      for (const least of [undefined, 1, 3]) {
        if (least !== undefined) {
          addCut(mine, program.columns, least);
          addCut(other, program.columns, least);
        }
        const [answer, expected] = [mine.run(limits), other.run(limits)];
        expect(answer.status, `seed ${seed}`).toBe(expected.status);
        if (answer.status === 'infeasible') {
          seen.infeasible++;
          break;
        }
        seen.optimal++;
        const cost = costOf(program, answer.columnValue);
        expect(cost, `seed ${seed}`).toBeCloseTo(costOf(program, expected.columnValue), 8);
      }
      other.dispose();
    }
    expect(seen.optimal).toBeGreaterThan(instances / 3);
    expect(seen.infeasible).toBeGreaterThan(instances / 10);
  });

  test(`law: the answers of HiGHS when columns are cut in two and rows count first parts alone, twice over`, async () => {
    const highs = await highsBackend();
    const seen = { optimal: 0, parts: 0 };
    for (let seed = 1; seed <= instances; seed++) {
      const program = drawnProgram(seed);
      const prng = prngOf(10_000 + seed);
      const [mine, other] = [simplexBackend.open(program, 'off'), highs.open(program, 'off')];
      const cost = Array.from(program.cost);
      const width = program.upper.map((upper, j) => upper - program.lower[j]!);
      if (mine.run(limits).status !== 'optimal') continue;
      other.run(limits);
      for (let round = 0; round < 2; round++) {
        const cut = Array.from(width.keys()).filter((j) => width[j]! > 0 && prng.next() < 0.6);
        const at = Float64Array.from(cut, (j) => 0.5 * width[j]!);
        for (const model of [mine, other]) model.splitColumns(Int32Array.from(cut), at);
        for (const [i, j] of cut.entries()) width[j] = at[i]!;
        cost.push(...cut.map((j) => cost[j]!));
        seen.parts += cut.length;
        const least = prng.integer(-2, 4);
        for (const model of [mine, other]) addCut(model, program.columns, least);
        const [answer, expected] = [mine.run(limits), other.run(limits)];
        expect(answer.status, `seed ${seed}`).toBe(expected.status);
        if (answer.status !== 'optimal') break;
        seen.optimal++;
        const costs = [answer, expected].map(({ columnValue }) => {
          expect(columnValue.length).toBe(cost.length);
          return cost.reduce((sum, price, j) => sum + price * columnValue[j]!, 0);
        });
        expect(costs[0], `seed ${seed}`).toBeCloseTo(costs[1]!, 8);
      }
      other.dispose();
    }
    expect(seen.optimal).toBeGreaterThan(instances / 5);
    expect(seen.parts).toBeGreaterThan(instances);
  });

  test('law: row duals prove the optimum', () => {
    for (let seed = 1; seed <= instances; seed++) {
      const program = drawnProgram(seed);
      const { status, columnValue, rowDual } = simplexBackend.open(program, 'off').run(limits);
      if (status !== 'optimal') continue;
      // Weak duality: each row at the side its dual leans on, each column where its reduced cost is cheapest.
      let bound = program.offset;
      for (let i = 0; i < program.rows; i++) {
        const dual = rowDual[i]!;
        if (dual !== 0) bound += dual * (dual > 0 ? program.rowLower[i]! : program.rowUpper[i]!);
      }
      for (let j = 0; j < program.columns; j++) {
        let reduced = program.cost[j]!;
        for (let k = program.starts[j]!; k < program.starts[j + 1]!; k++) {
          reduced -= program.values[k]! * rowDual[program.indices[k]!]!;
        }
        bound += reduced * (reduced > 0 ? program.lower[j]! : program.upper[j]!);
      }
      expect(bound, `seed ${seed}`).toBeCloseTo(costOf(program, columnValue), 8);
    }
  });

  test('the textbook program that cycles under the largest-coefficient rule ends at its optimum', () => {
    // Beale: min -0.75 a + 150 b - 0.02 c + 6 d; optimum -0.05 at a = 0.04, c = 1.
    const builder = new ProgramBuilder();
    const rows = [builder.addRow(-Infinity, 0), builder.addRow(-Infinity, 0), builder.addRow(-Infinity, 1)];
    const lines = [
      [-0.75, 0.25, 0.5, 0],
      [150, -60, -90, 0],
      [-0.02, -0.04, -0.02, 1],
      [6, 9, 3, 0],
    ];
    for (const [cost, ...values] of lines) {
      builder.addColumn({ cost: cost!, lower: 0, upper: Infinity });
      for (const [i, value] of values.entries()) builder.addEntry(rows[i]!, value);
    }
    const answer = simplexBackend.open(builder.finish(), 'off').run(limits);
    expect(answer.status).toBe('optimal');
    expect(costOf(builder.finish(), answer.columnValue)).toBeCloseTo(-0.05, 12);
  });

  test('a row that rounding puts beyond what its columns hold is full, not infeasible', () => {
    // 0.1 + 0.2 > 0.3 by the last bit.
    const builder = new ProgramBuilder();
    const row = builder.addRow(0.1 + 0.2, Infinity);
    builder.addColumn({ cost: 1, lower: 0, upper: 0.3 });
    builder.addEntry(row, 1);
    const answer = simplexBackend.open(builder.finish(), 'off').run(limits);
    expect(answer.status).toBe('optimal');
    expect(answer.columnValue[0]).toBeCloseTo(0.3, 12);
  });

  test('a program without end is called one', () => {
    const builder = new ProgramBuilder();
    builder.addColumn({ cost: -1, lower: 0, upper: Infinity });
    builder.addEntry(builder.addRow(-3, Infinity), 1);
    expect(simplexBackend.open(builder.finish(), 'off').run(limits).status).toBe('unbounded');
  });

  test('steps are limited when asked', () => {
    const builder = new ProgramBuilder();
    const row = builder.addRow(2, Infinity);
    builder.addColumn({ cost: 1, lower: 0, upper: 3 });
    builder.addEntry(row, 1);
    const model = simplexBackend.open(builder.finish(), 'off');
    expect(model.run({ integerGap: 0, iterationsMax: 0 }).status).toBe('limit');
  });

  test('law: a rebuilt basis stands for the same answer', () => {
    for (let seed = 1; seed <= 100; seed++) {
      const program = drawnProgram(seed);
      const dictionary = new Dictionary(program);
      const prng = prngOf(seed);
      // Some pivots wherever the numbers allow them; the dictionary does not mind whether they help.
      for (let step = 0; step < 6; step++) {
        const line = prng.integer(0, dictionary.rows - 1);
        const place = prng.integer(0, dictionary.columns - 1);
        const cell = dictionary.cells[line * dictionary.stride + place]!;
        if (Math.abs(cell) > 0.5) dictionary.pivot(line, place, prng.integer(-2, 2));
      }
      const before = dictionary.columnValues();
      const duals = dictionary.rowDuals();
      expect(dictionary.drift(before, duals), `seed ${seed}`).toBeLessThan(1e-12);
      dictionary.rebuild();
      const after = dictionary.columnValues();
      for (let j = 0; j < program.columns; j++) expect(after[j], `seed ${seed}`).toBeCloseTo(before[j]!, 9);
      dictionary.rowDuals().forEach((dual, i) => expect(dual, `seed ${seed}`).toBeCloseTo(duals[i]!, 9));
    }
  });

  test('law: a column cut in two stands for the same point, basic or at rest', () => {
    for (let seed = 1; seed <= 100; seed++) {
      const program = drawnProgram(seed);
      const dictionary = new Dictionary(program);
      const prng = prngOf(seed);
      for (let step = 0; step < 4; step++) {
        const line = prng.integer(0, dictionary.rows - 1);
        const place = prng.integer(0, dictionary.columns - 1);
        const cell = dictionary.cells[line * dictionary.stride + place]!;
        const bound = dictionary[step % 2 === 0 ? 'basicLow' : 'basicHigh'][line]!;
        if (Math.abs(cell) > 0.5 && Number.isFinite(bound)) dictionary.pivot(line, place, bound);
      }
      const before = dictionary.columnValues();
      const duals = dictionary.rowDuals();
      const wide = Array.from(before.keys()).filter((j) => program.upper[j]! > program.lower[j]!);
      dictionary.splitColumns(
        Int32Array.from(wide),
        Float64Array.from(wide, (j) => 0.5 * (program.upper[j]! - program.lower[j]!)),
      );
      const after = dictionary.columnValues();
      for (const [i, j] of wide.entries()) {
        expect(after[j]! + after[program.columns + i]!, `seed ${seed}`).toBeCloseTo(before[j]!, 12);
      }
      expect(dictionary.rowDuals()).toEqual(duals);
      expect(dictionary.drift(after, duals), `seed ${seed}`).toBeLessThan(1e-12);
    }
  });
});
