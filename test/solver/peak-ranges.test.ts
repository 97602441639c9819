/** What steps cost at least: ranges of billed peaks. */
import { describe, expect, test } from 'vitest';
import { account } from '#solver/certificate/account';
import { dualBound } from '#solver/certificate/bound';
import { allPeaks, drawnBelow, latticeOf, peaksBound, withPeaksIn } from '#solver/certificate/peaks';
import { verify } from '#solver/certificate/verify';
import { generatedDepot } from '#solver/generated';
import type { DepotProblem, PeakTree } from '#solver/problem';
import { solve } from '#solver/solve';
import { connector, depot, peak, series, session } from './builders.ts';

const steps = { continuous: false, gap: 1e-6 } as const;
/** 6 A on three phases, in steps of an ampere at 230 V. */
const car = { minKw: 4.14, stepKw: 0.69, maxKw: 11.04, shortfallPrice: 1000 };

/** One vehicle that wants 4.14 kWh in four hours beside a load of 1 kW, a peak at 10 per kW. */
const alone = depot({
  connectors: [connector('a', { maxKw: 11.04 })],
  fixedLoadKw: series(4, 1),
  sessions: [session('v', { ...car, energyKwh: 4.14 })],
  demand: [peak('any', 4)],
});

const rangesOf = (tree: PeakTree): number =>
  tree.kind === 'proof' ? 1 : rangesOf(tree.below) + rangesOf(tree.above);

describe('what steps cost at least', () => {
  test('a charger that gives its least power or nothing is proven to raise the peak by it', async () => {
    const found = await solve(alone, steps);
    // 4.14 kWh at 0.1, and 5.14 kW at 10; any powers would do with 2.035 kW.
    expect(found.objective).toBeCloseTo(0.414 + 51.4, 9);
    expect(dualBound(alone, found.multipliers, 'stepped').bound).toBeCloseTo(0.414 + 20.35, 6);
    expect(found.bound).toBeCloseTo(found.objective, 2);
    expect(rangesOf(found.peakTree!)).toBeGreaterThan(1);
    expect(found.certificate.valid).toBe(true);
    expect(verify(alone, found, 'stepped', steps.gap).broken).toEqual([]);
  });

  test('energy is what whole steps add up to', async () => {
    // 4.2 kWh: 4.83 are charged, as 0.06 kWh short would cost 60.
    const problem = { ...alone, demand: [], sessions: [session('v', { ...car, energyKwh: 4.2 })] };
    const found = await solve(problem, steps);
    expect(found.objective).toBeCloseTo(0.483, 9);
    expect(found.bound).toBeCloseTo(0.483, 9);
    // At 1 per kWh short it is cheaper to go without the last step.
    const short = { ...problem, sessions: [session('v', { ...car, energyKwh: 4.2, shortfallPrice: 1 })] };
    expect((await solve(short, steps)).bound).toBeCloseTo(0.414 + 0.06, 9);
  });

  test('the certificate refuses a cut that was moved and a tree beside PV', async () => {
    const found = await solve(alone, steps);
    const tree = found.peakTree!;
    if (tree.kind === 'proof') throw new Error('nothing was cut');
    const moved = { ...found, peakTree: { ...tree, atKw: tree.atKw + 1 } };
    expect(verify(alone, moved, 'stepped', steps.gap).broken).toContain('bound');
    // A half that is proven by nothing proves nothing.
    const empty: PeakTree = { ...tree, above: { kind: 'proof', multipliers: found.multipliers } };
    expect(peaksBound(alone, { ...empty, atKw: 1 }).bound).toBeLessThan(found.bound - 1);
    const sunny = { ...alone, pv: { kw: series(4, 5) } };
    const { multipliers } = await solve(sunny, steps);
    expect(Number.isFinite(dualBound(sunny, multipliers, 'stepped').bound)).toBe(true);
    expect(peaksBound(sunny, { kind: 'proof', multipliers }).bound).toBe(-Infinity);
  });

  test('a range keeps every plan that has its peaks in it', () => {
    const range = { lowKw: [0], highKw: [6.9] };
    const within = withPeaksIn(alone, range);
    // 6.9 - 1 kW leave 5.52 = 8 steps; at the cut itself no more.
    const plan = (kw: number): number =>
      account(within, { powerKw: [Float64Array.of(kw, 0, 0, 0)] }, 'stepped').primalResidual;
    expect(plan(5.52)).toBeLessThan(1e-6);
    expect(plan(6.21)).toBeGreaterThan(0.5);
    expect(
      account(
        withPeaksIn(alone, { ...range, highKw: [4] }),
        {
          powerKw: [Float64Array.of(4.14, 0, 0, 0)],
        },
        'stepped',
      ).primalResidual,
    ).toBeCloseTo(4.14, 6);
    expect(withPeaksIn(alone, { lowKw: [3], highKw: [Infinity] }).demand[0]!.floorKw).toBeCloseTo(3, 4);
    expect(allPeaks(alone)).toEqual({ lowKw: [0], highKw: [Infinity] });
  });

  test('vehicles of several steps draw multiples of the smallest, or anything where none is one of the others', () => {
    const beside = (stepKw: number): DepotProblem => ({
      ...alone,
      connectors: [connector('a'), connector('b')],
      sessions: [session('v', car), session('w', { connector: 1, minKw: 1.38, stepKw })],
    });
    const lattice = latticeOf(beside(0.23));
    expect(drawnBelow(lattice, 0, 1.3)).toBe(0);
    expect(drawnBelow(lattice, 0, 1.5)).toBeCloseTo(1.38, 9);
    expect(drawnBelow(latticeOf(beside(0.5)), 0, 1.6)).toBe(1.6);
  });

  test('law: no plan in steps costs less, though the bound is above that of any powers', async () => {
    let trees = 0;
    for (let seed = 1; seed <= 6; seed++) {
      const problem = generatedDepot({
        kind: seed % 3 === 0 ? 'last-mile' : 'overnight',
        connectors: 2 + (seed % 2),
        intervals: 12,
        seed,
        steps: true,
      });
      const found = await solve(problem, steps);
      const best = await solve(problem, { ...steps, integers: 'exact' });
      expect(found.certificate.valid, `seed ${seed}`).toBe(true);
      expect(verify(problem, found, 'stepped', steps.gap).broken, `seed ${seed}`).toEqual([]);
      const scale = 1e-6 * Math.max(1, Math.abs(best.objective));
      expect(found.bound, `seed ${seed}`).toBeLessThanOrEqual(best.objective + scale);
      if (found.peakTree === undefined) continue;
      trees++;
      expect(found.bound, `seed ${seed}`).toBeGreaterThan(best.bound);
    }
    expect(trees).toBeGreaterThan(2);
  });
});
