import { describe, expect, test } from 'vitest';
import { solveOnce } from '#solver/backends/backend';
import { highsBackend } from '#solver/backends/highs';
import { depotRequestOf } from '#solver/document';
import { optimise } from '#solver/operations';
import type { OptimiseAnswer } from '#solver/operations';
import { ProgramBuilder } from '#solver/program';
import { at, leftOf, phaseNames } from './plain-program.ts';
import type { PlainDocument } from './plain-program.ts';
import { randomDocument } from './random-document.ts';

const base: PlainDocument = {
  intervalMinutes: 60,
  intervals: 1,
  circuits: [{ id: 'grid', parent: null, limitKw: 80 }],
  connectors: [{ id: 'c', circuit: 'grid', maxKw: 100 }],
  modules: [],
  sessions: [
    { id: 'v', connector: 'c', arrive: 0, depart: 1, energyKwh: 100, maxKw: 100, shortfallPrice: 10 },
  ],
  fixedLoadKw: [100],
  price: [0.2],
  demand: [],
};

async function answer(document: PlainDocument): Promise<OptimiseAnswer> {
  const result = await optimise.handle(document);
  if (!result.ok) throw new Error(JSON.stringify(result.problem));
  return optimise.output.parse(result.value);
}

const engines = ['structured', 'highs', 'greedy'] as const;

describe('a fixed load above the grid connection', () => {
  test.each(['structured', 'highs'] as const)('vehicles get what PV leaves over: %s', async (solver) => {
    // 100 of load, 50 of sun, a connection of 80: 30 are left.
    const found = await answer({ ...base, pv: { kw: [50] }, solver });
    expect(found.powerKw['v']![0]).toBeCloseTo(30, 9);
    expect(found.certificate.valid).toBe(true);
  });

  test.each(engines)('a battery is charged in time to cover it: %s', async (solver) => {
    // 20 too much in the second hour, 5 of them in the store and to be there again: it takes up 20 / 0.8 in the first.
    const found = await answer({
      ...base,
      intervals: 3,
      fixedLoadKw: [30, 100, 30],
      battery: { capacityKwh: 40, maxKw: 50, efficiency: 0.8, initialKwh: 5 },
      price: [0.2, 0.2, 0.2],
      sessions: [{ ...base.sessions[0]!, depart: 3, energyKwh: 500 }],
      solver,
    });
    expect(found.batteryKw![1]).toBeCloseTo(-20, 9);
    expect(found.powerKw['v']![1]).toBeCloseTo(0, 9);
    expect(found.certificate.valid).toBe(true);
  });

  test('what nothing can cover stays over, vehicles rest then, and the answer tells', async () => {
    const found = await answer({ ...base, pv: { kw: [5] } });
    expect(found.reasons.join()).toContain('more than PV and battery can cover');
    expect(found.powerKw['v']![0]).toBeCloseTo(0, 9);
    expect(found.pvKw![0]).toBeCloseTo(5, 9);
    expect(found.certificate.valid).toBe(true);
  });

  test('without sources nothing is left', async () => {
    const found = await answer(base);
    expect(found.powerKw['v']![0]).toBe(0);
    expect(found.certificate.valid).toBe(true);
  });
});

/** Least kW, summed over intervals, by which the fixed load passes the grid connection whatever PV and battery do. */
async function leastOpen(document: PlainDocument): Promise<number> {
  const { intervals: T, intervalMinutes, pv, battery } = document;
  const h = intervalMinutes / 60;
  const builder = new ProgramBuilder();
  const kinds = [undefined, ...phaseNames] as const;
  const limits = Array.from({ length: T }, (_, t) =>
    kinds.map((name) => builder.addRow(-Infinity, Math.min(1e9, leftOf(document, 0, t, name)))),
  );
  const stores = Array.from({ length: T }, (_, t) => {
    const held = t === 0 ? (battery?.initialKwh ?? 0) : 0;
    return builder.addRow(held, held);
  });
  const onSite = (t: number, value: number): void => {
    for (const [i, row] of limits[t]!.entries()) builder.addEntry(row, i === 0 ? value : value / 3);
  };
  for (let t = 0; t < T; t++) {
    const over = Math.max(0, ...kinds.map((name, i) => -(i === 0 ? 1 : 3) * leftOf(document, 0, t, name)));
    builder.addColumn({ cost: 1, lower: 0, upper: over });
    onSite(t, -1);
    builder.addColumn({ cost: 0, lower: 0, upper: pv === undefined ? 0 : at(pv.kw, t) });
    onSite(t, -1);
    builder.addColumn({ cost: 0, lower: 0, upper: battery?.maxKw ?? 0 });
    onSite(t, 1);
    builder.addEntry(stores[t]!, -(battery?.efficiency ?? 1) * h);
    builder.addColumn({ cost: 0, lower: 0, upper: battery?.maxKw ?? 0 });
    onSite(t, -1);
    builder.addEntry(stores[t]!, h / (battery?.efficiency ?? 1));
    const least = t === T - 1 ? (battery?.initialKwh ?? 0) : 0;
    builder.addColumn({ cost: 0, lower: least, upper: battery?.capacityKwh ?? 0 });
    builder.addEntry(stores[t]!, 1);
    if (t + 1 < T) builder.addEntry(stores[t + 1]!, -1);
  }
  const { columnValue, status } = solveOnce(await highsBackend(), builder.finish(), { integerGap: 0 });
  expect(status).toBe('optimal');
  return columnValue.reduce((sum, value, j) => sum + (j % 5 === 0 ? value : 0), 0);
}

test('law: no use of the sources covers more of the excess, and every engine keeps to it', async () => {
  let covered = 0;
  let open = 0;
  for (let seed = 0; seed < 120; seed++) {
    const document = randomDocument({ seed: seed + 5_000, sources: true });
    if ((document.pv ?? document.battery) === undefined) continue;
    const fixedLoadKw = document.fixedLoadKw.map((kw) => 1.5 * kw);
    const heavy = { ...document, fixedLoadKw };
    const request = depotRequestOf(heavy);
    if (!request.ok) throw new Error(JSON.stringify(request.problem));
    const { limitKw, phaseLimitKw } = request.value.problem.circuits[0]!;
    const kept = limitKw.reduce((sum, kw, t) => {
      const raised = (limit: number, name?: (typeof phaseNames)[number]): number => {
        const left = leftOf(heavy, 0, t, name);
        return left < 0 ? limit - left : 0;
      };
      const phases = (phaseLimitKw ?? []).map((of, i) => 3 * raised(of[t]!, phaseNames[i]));
      return sum + Math.max(0, raised(kw), ...phases);
    }, 0);
    expect(kept, `seed ${seed}`).toBeCloseTo(await leastOpen(heavy), 6);
    if (kept > 0) open++;
    if (limitKw.some((kw) => kw < 0)) covered++;
    for (const solver of ['highs', 'greedy'] as const) {
      const found = await answer({ ...heavy, solver, continuous: seed % 2 === 0 });
      expect(found.certificate.valid, `seed ${seed} ${solver}`).toBe(true);
    }
  }
  expect(covered).toBeGreaterThan(10);
  expect(open).toBeGreaterThan(10);
});
