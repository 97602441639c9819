import { describe, expect, test } from 'vitest';
import { highsBackend } from '#solver/backends/highs';
import { account } from '#solver/certificate/account';
import { generatedDepot } from '#solver/generated';
import { nearerPowers } from '#solver/nearer';
import type { Powers } from '#solver/plan';
import type { DepotProblem } from '#solver/problem';
import { drawnOf } from '#solver/site-flows';
import { solve } from '#solver/solve';
import { changeOf, nearestPlan } from '#solver/stability';
import { connector, depot, peak, series, session } from './builders.ts';

/** Powers nearer to those in force than `powerKw`. */
function nearer(
  problem: DepotProblem,
  powerKw: readonly Float64Array[],
  powers: Powers = 'continuous',
): readonly Float64Array[] {
  const { peaksKw } = account(problem, { powerKw });
  return nearerPowers(problem, powerKw, {
    powers,
    peaksKw,
    drawnKw: drawnOf(problem, { powerKw }),
  });
}

const of = (...kw: readonly number[]): Float64Array => Float64Array.from(kw);

/** Two vehicles, two hours, 10 kWh each, of which v was to come first. */
const two = (fields: Partial<DepotProblem> = {}): DepotProblem =>
  depot({
    intervals: 2,
    sessions: [session('v', { depart: 2 }), session('w', { connector: 1, depart: 2 })],
    previousKw: new Map([
      ['v', of(10, 0)],
      ['w', of(0, 10)],
    ]),
    ...fields,
  });

describe('a plan goes back to the one in force', () => {
  test('two vehicles exchange their hours below a circuit that both fill', () => {
    // The grid takes 10 kW: neither can move alone, and prices differ.
    const problem = two({
      circuits: [{ id: 'grid', parent: -1, limitKw: series(2, 10) }],
      price: of(0.1, 0.3),
    });
    expect(nearer(problem, [of(0, 10), of(10, 0)])).toEqual([of(10, 0), of(0, 10)]);
  });

  test('in steps as far as whole steps go, and never below a minimum', () => {
    const steps = { depart: 2, minKw: 4, stepKw: 2 };
    const towards = (v: Float64Array): DepotProblem =>
      two({
        sessions: [session('v', steps), session('w', { ...steps, connector: 1 })],
        circuits: [{ id: 'grid', parent: -1, limitKw: series(2, 10) }],
        previousKw: new Map([['v', v]]),
      });
    // 4 kW more end on levels; 3 kW more do not, and 2 would leave v 2 kW in hour 1.
    expect(nearer(towards(of(10, 0)), [of(6, 4), of(4, 6)], 'stepped')).toEqual([of(10, 0), of(0, 10)]);
    expect(nearer(towards(of(9, 1)), [of(6, 4), of(4, 6)], 'stepped')).toEqual([of(6, 4), of(4, 6)]);
  });

  test('one vehicle moves alone between hours of one price, up to the peak that is paid', () => {
    // w takes 4 and 6 kW, v 6 and 4: the peak is 10 kW in both hours. v is to be at 9 and 1, w may not change: 0 fits alone.
    const fixed = two({
      demand: [peak('any', 2)],
      previousKw: new Map([
        ['v', of(9, 1)],
        ['w', of(4, 6)],
      ]),
    });
    expect(nearer(fixed, [of(6, 4), of(4, 6)])).toEqual([of(6, 4), of(4, 6)]);
    // With a floor of 12 kW paid anyway 2 of the 3 kW fit.
    const demand = [peak('any', 2, { floorKw: 12 })];
    const paid = { ...fixed, demand };
    const [v, w] = nearer(paid, [of(6, 4), of(4, 6)]);
    expect(v![0]).toBeCloseTo(8, 9);
    expect(v![1]).toBeCloseTo(2, 9);
    expect(w).toEqual(of(4, 6));
  });

  test('a module shared with a third vehicle lets through what it has left', () => {
    // v and x share 12 kW and x takes 8 in hour 0: v gets no more than 4 there, so only 4 of its 10 kW come back.
    const problem = two({
      connectors: [connector('a', { module: 0 }), connector('b'), connector('c', { module: 0 })],
      modules: [{ id: 'm', maxKw: 12 }],
      sessions: [
        session('v', { depart: 2 }),
        session('w', { connector: 1, depart: 2 }),
        session('x', { connector: 2, depart: 1, energyKwh: 8 }),
      ],
      price: of(0.1, 0.3),
    });
    const [v, w, x] = nearer(problem, [of(0, 10), of(10, 0), of(8)]);
    expect(v![0]).toBeCloseTo(4, 9);
    expect(w![0]).toBeCloseTo(6, 9);
    expect(x).toEqual(of(8));
  });
});

describe('drawn depots', () => {
  test('cost stays, and the change comes near the least that a program finds', async () => {
    const backend = await highsBackend();
    let before = 0;
    let found = 0;
    let least = 0;
    for (let seed = 1; seed <= 12; seed++) {
      const kind = (['overnight', 'last-mile', 'mixed'] as const)[seed % 3]!;
      const drawn = generatedDepot({ kind, connectors: 10, intervals: 24, seed, tightness: 1.3 });
      // In force: the plan for the day with prices turned round, which suits the real day badly.
      const other = await solve(
        { ...drawn, price: drawn.price.toReversed() },
        { continuous: true, gap: 1e-6 },
      );
      const previousKw = new Map(drawn.sessions.map(({ id }, s) => [id, other.powerKw[s]!]));
      const best = await solve(drawn, { continuous: true, gap: 1e-6 });
      const problem = { ...drawn, previousKw };
      const powerKw = nearer(problem, best.powerKw);
      const counted = account(problem, { powerKw });
      expect(counted.primalResidual, `seed ${seed}`).toBeLessThanOrEqual(1e-6);
      expect(counted.objective / best.objective, `seed ${seed}`).toBeCloseTo(1, 7);
      const change = changeOf(problem, { powerKw });
      const solved = nearestPlan(problem, best.objective * (1 + 5e-8), backend);
      before += changeOf(problem, best);
      found += change;
      least += changeOf(problem, solved!);
      expect(change, `seed ${seed}`).toBeLessThanOrEqual(changeOf(problem, best));
    }
    // Of what can be saved at all, exchanges between two find most.
    expect(found - least).toBeLessThanOrEqual(0.2 * (before - least));
  });
});
