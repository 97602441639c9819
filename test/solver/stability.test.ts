import { describe, expect, test } from 'vitest';
import { generatedDepot } from '#solver/generated';
import type { DepotProblem, Session } from '#solver/problem';
import { solve } from '#solver/solve';
import { depot, peak, session } from './builders.ts';

/** What is left of `problem` after its first interval was lived through as planned. */
function oneLater(problem: DepotProblem, powerKw: readonly Float64Array[]): DepotProblem {
  const previousKw = new Map<string, Float64Array>();
  const sessions: Session[] = [];
  for (const [s, old] of problem.sessions.entries()) {
    if (old.depart <= 1) continue;
    const here = old.arrive === 0;
    const left = here ? old.energyKwh - powerKw[s]![0]! * problem.intervalH : old.energyKwh;
    const maxKw = typeof old.maxKw === 'number' ? old.maxKw : old.maxKw.slice(here ? 1 : 0);
    previousKw.set(old.id, powerKw[s]!.slice(here ? 1 : 0));
    sessions.push({
      ...old,
      maxKw,
      arrive: Math.max(0, old.arrive - 1),
      depart: old.depart - 1,
      energyKwh: Math.max(0, left),
    });
  }
  const lived = problem.sessions.reduce(
    (sum, { arrive }, s) => sum + (arrive === 0 ? (powerKw[s]![0] ?? 0) : 0),
    problem.fixedLoadKw[0]!,
  );
  const tail = (values: Float64Array): Float64Array => values.slice(1);
  return {
    ...problem,
    intervals: problem.intervals - 1,
    sessions,
    previousKw,
    circuits: problem.circuits.map((circuit) => ({ ...circuit, limitKw: tail(circuit.limitKw) })),
    fixedLoadKw: tail(problem.fixedLoadKw),
    price: tail(problem.price),
    demand: problem.demand.map((window) => ({
      ...window,
      counts: window.counts.slice(1),
      floorKw: window.counts[0] === 1 ? Math.max(window.floorKw, lived) : window.floorKw,
    })),
  };
}

const flat = (seed: number, steps: boolean): DepotProblem => {
  const problem = generatedDepot({
    kind: 'last-mile',
    connectors: 20,
    intervals: 48,
    seed,
    tightness: 1.4,
    steps,
  });
  return { ...problem, price: problem.price.map(() => 0.2), earliness: 0 };
};

async function changes(start: DepotProblem, continuous: boolean): Promise<number> {
  let problem = start;
  let changed = 0;
  for (let k = 0; k < 21; k++) {
    const solution = await solve(problem, { continuous, gap: 1e-6 });
    expect(solution.certificate.valid, `step ${k}`).toBe(true);
    const moved = problem.sessions.some(({ id, arrive }, s) => {
      const last = problem.previousKw?.get(id)?.[0];
      return arrive === 0 && last !== undefined && Math.abs(last - solution.powerKw[s]![0]!) > 1e-6;
    });
    if (moved) changed++;
    problem = oneLater(problem, solution.powerKw);
  }
  return changed;
}

describe('a plan in force is kept where nothing is gained by another', () => {
  for (const seed of [1, 2, 4]) {
    test(`21 re-solves of an unchanged evening at a flat price, seed ${seed}`, async () => {
      expect(await changes(flat(seed, false), true)).toBeLessThanOrEqual(1);
    });
    test(`the same in amp steps, seed ${seed}`, async () => {
      expect(await changes(flat(seed, true), false)).toBeLessThanOrEqual(1);
    });
  }

  test('of two equal hours the one that was announced', async () => {
    const sessions = [session('v', { energyKwh: 11 })];
    for (const hour of [0, 1, 2, 3]) {
      const previousKw = new Map([['v', new Float64Array(4).fill(0).with(hour, 11)]]);
      const solution = await solve(depot({ sessions, previousKw }), { continuous: true, gap: 1e-6 });
      expect(solution.powerKw[0]![hour]).toBeCloseTo(11, 6);
    }
  });

  test('an early departure moves only the vehicle that must move', async () => {
    // Both were to share the flat 5.5 kW; w now leaves after hour 1: it needs 11 kWh in two hours, v takes the rest.
    const even = new Float64Array(4).fill(2.75);
    const previousKw = new Map([
      ['v', even],
      ['w', even],
    ]);
    const sessions = [
      session('v', { energyKwh: 11 }),
      session('w', { connector: 1, energyKwh: 11, depart: 2 }),
    ];
    const solution = await solve(depot({ sessions, previousKw, demand: [peak('any', 4)] }), {
      continuous: true,
      gap: 1e-6,
    });
    expect(solution.peaksKw[0]).toBeCloseTo(5.5, 6);
    expect(solution.powerKw[0]![2]! + solution.powerKw[0]![3]!).toBeCloseTo(11, 5);
  });

  test('money comes first: a dearer plan in force is left', async () => {
    const previousKw = new Map([['v', Float64Array.of(10, 0, 0, 0)]]);
    const price = Float64Array.of(0.2, 0.1, 0.2, 0.2);
    const solution = await solve(depot({ sessions: [session('v')], previousKw, price }), {
      continuous: true,
      gap: 1e-6,
    });
    expect(solution.powerKw[0]![1]).toBeCloseTo(10, 6);
  });
});
