import { describe, expect, test } from 'vitest';
import { solve } from '#solver/solve';
import { generatedDepot } from '#solver/generated';
import type { DepotProblem, Solution } from '#solver/problem';
import { connector, depot, peak, series, session } from './builders.ts';

const lp = async (problem: DepotProblem): Promise<Solution> => {
  const solution = await solve(problem, { continuous: true, gap: 1e-6 });
  expect(solution.certificate.valid).toBe(true);
  expect(solution.status).toBe('optimal');
  const whole = await solve(problem, { continuous: true, gap: 1e-6, solver: 'highs' });
  expect(whole.objective).toBeCloseTo(solution.objective, 7);
  expect(whole.certificate.valid).toBe(true);
  return solution;
};

describe('money decides when a vehicle charges', () => {
  test('the cheap hour is used first', async () => {
    // 10 kWh at 11 kW: all of it fits in hour 2 at 0.05.
    const price = series(4, (t) => (t === 2 ? 0.05 : 0.2));
    const solution = await lp(depot({ sessions: [session('v')], price }));
    expect([...solution.powerKw[0]!]).toEqual([0, 0, 10, 0].map((kw) => expect.closeTo(kw, 9)));
    expect(solution.objective).toBeCloseTo(0.5, 9);
  });

  test('a demand charge flattens the load', async () => {
    // 12 kWh over 4 h, peak at 10 per kW: 3 kW throughout, 12 * 0.1 + 3 * 10 = 31.2.
    const sessions = [session('v', { energyKwh: 12 })];
    const solution = await lp(depot({ sessions, demand: [peak('any', 4)] }));
    expect(solution.objective).toBeCloseTo(31.2, 9);
    expect(solution.peaksKw[0]).toBeCloseTo(3, 9);
    expect(solution.cost.demand).toBeCloseTo(30, 9);
  });

  test('a peak that is paid anyway is free to use', async () => {
    // The ratchet of 12 kW allows everything at once: 30 * 0.1 is not moved by the peak, 120 is due in any case.
    const sessions = [session('v', { energyKwh: 30 })];
    const solution = await lp(depot({ sessions, demand: [peak('any', 4, { floorKw: 12 })] }));
    expect(solution.objective).toBeCloseTo(123, 9);
    expect(solution.peaksKw[0]).toBe(12);
  });

  test('the building counts in the peak', async () => {
    // Hour 0 has 20 kW of building. 12 kWh fit into hours 1 to 3 under 20 kW: only the building pays.
    const fixedLoadKw = series(4, (t) => (t === 0 ? 20 : 9));
    const sessions = [session('v', { energyKwh: 12 })];
    const solution = await lp(depot({ sessions, fixedLoadKw, demand: [peak('any', 4)] }));
    expect(solution.objective).toBeCloseTo(201.2, 9);
    expect(solution.powerKw[0]![0]).toBeCloseTo(0, 9);
  });

  test('an open metering block pays for what went before', async () => {
    // Block of 2: one past interval at 8 kW. Mean of the first block is (8 + p0) / 2; 10 kWh in interval 0 would be
    // 9 kW mean, in a later block alone 5 kW. With floor 4 the first block is full already, the 10 kWh go to
    // intervals 1..2 (block mean 4 takes 8 kWh) and 3 (last block ends with the horizon: mean over its one interval).
    const demand = [peak('any', 4, { floorKw: 4, blockIntervals: 2, blockOffset: 1, blockPastKw: 8 })];
    const solution = await lp(depot({ sessions: [session('v')], demand }));
    expect(solution.peaksKw[0]).toBeCloseTo(4, 9);
    expect(solution.objective).toBeCloseTo(41, 9);
    expect(solution.powerKw[0]![0]).toBeCloseTo(0, 9);
  });

  test('among equal hours the earlier one is better', async () => {
    const solution = await lp(depot({ sessions: [session('v', { energyKwh: 11 })], earliness: 1e-3 }));
    expect(solution.powerKw[0]![0]).toBeCloseTo(11, 9);
  });

  test('a vehicle is left short only where its shortfall is cheaper than any way to serve it', async () => {
    // A kWh costs 0.1. At 0.09 per kWh short nothing is charged, at 0.11 everything.
    const at = (shortfallPrice: number): DepotProblem =>
      depot({ sessions: [session('v', { shortfallPrice })] });
    expect((await lp(at(0.09))).shortfallKwh[0]).toBeCloseTo(10, 9);
    expect((await lp(at(0.11))).shortfallKwh[0]).toBeCloseTo(0, 9);
  });
});

describe('limits hold', () => {
  test('two vehicles share a circuit, and the dearer shortfall is served first', async () => {
    // 4 h at 5 kW are 20 kWh for 30 wanted: 15 of the dear one, 5 of the other.
    const circuits = [{ id: 'grid', parent: -1, limitKw: series(4, 5) }];
    const sessions = [
      session('cheap', { energyKwh: 15, shortfallPrice: 2 }),
      session('dear', { connector: 1, energyKwh: 15, shortfallPrice: 3 }),
    ];
    const solution = await lp(depot({ circuits, sessions }));
    expect([...solution.shortfallKwh]).toEqual([expect.closeTo(10, 9), expect.closeTo(0, 9)]);
  });

  test('a module is shared by its two connectors', async () => {
    const connectors = [connector('a', { module: 0 }), connector('b', { module: 0 })];
    const sessions = [session('v', { energyKwh: 40 }), session('w', { connector: 1, energyKwh: 40 })];
    const solution = await lp(depot({ connectors, sessions, modules: [{ id: 'm', maxKw: 12 }] }));
    expect(solution.shortfallKwh[0]! + solution.shortfallKwh[1]!).toBeCloseTo(80 - 48, 9);
  });

  test('a session with a closed window charges around it', async () => {
    const sessions = [session('v', { energyKwh: 22, maxKw: Float64Array.of(11, 0, 0, 11) })];
    const solution = await lp(depot({ sessions }));
    expect([...solution.powerKw[0]!]).toEqual([11, 0, 0, 11].map((kw) => expect.closeTo(kw, 9)));
  });

  test('phases: three-phase vehicles load each phase by a third, one-phase sockets their own', async () => {
    // L1 carries 5 kW. The one-phase socket is on L1, the other has 1/3 of its power there.
    const phaseLimitKw = [series(4, 5), series(4, 50), series(4, 50)] as const;
    const circuits = [{ id: 'grid', parent: -1, limitKw: series(4, Infinity), phaseLimitKw }];
    const connectors = [connector('a', { rotation: [0] }), connector('b', { rotation: [1, 2, 0] })];
    const one = session('one', { phases: 1, energyKwh: 100, shortfallPrice: 10 });
    const three = session('three', { connector: 1, energyKwh: 100, shortfallPrice: 4 });
    const solution = await lp(depot({ circuits, connectors, sessions: [one, three] }));
    // A kW on L1 earns 10 in the one-phase vehicle, but 3 * 4 = 12 in the three-phase one, up to its 11 kW.
    expect(solution.powerKw[1]![0]).toBeCloseTo(11, 9);
    expect(solution.powerKw[0]![0]).toBeCloseTo(5 - 11 / 3, 9);
  });

  test('a one-phase vehicle on a three-phase socket is counted on all three pins', async () => {
    // The station's limit in amps holds on each pin, so 2 kW of the car are 2 kW on each phase; L3 has 1.5 kW.
    const phaseLimitKw = [series(4, 9), series(4, 9), series(4, 1.5)] as const;
    const circuits = [{ id: 'grid', parent: -1, limitKw: series(4, Infinity), phaseLimitKw }];
    const solution = await lp(depot({ circuits, sessions: [session('v', { phases: 1, energyKwh: 100 })] }));
    expect(solution.powerKw[0]![0]).toBeCloseTo(1.5, 9);
  });

  test('reserves: idle connectors keep their share of the circuit free', async () => {
    // 10 kW connection; b is idle with 4 kW reserved. a has 1 kW reserved itself and may use the other 6.
    const circuits = [{ id: 'grid', parent: -1, limitKw: series(4, 10) }];
    const connectors = [connector('a', { reserveKw: 1 }), connector('b', { reserveKw: 4 })];
    const sessions = [session('v', { energyKwh: 100 })];
    const solution = await lp(depot({ circuits, connectors, sessions }));
    expect(solution.powerKw[0]![0]).toBeCloseTo(6, 9);
  });

  test('reserves: power within the reserve needs no room', async () => {
    // The reserves alone exceed the limit: only power within them remains.
    const circuits = [{ id: 'grid', parent: -1, limitKw: series(4, 3) }];
    const connectors = [connector('a', { reserveKw: 2 }), connector('b', { reserveKw: 2 })];
    const sessions = [session('v', { energyKwh: 100 }), session('w', { connector: 1, energyKwh: 1 })];
    const solution = await lp(depot({ circuits, connectors, sessions }));
    expect(solution.powerKw[0]![0]).toBeCloseTo(2, 9);
    expect(solution.shortfallKwh[1]).toBeCloseTo(0, 9);
  });

  test('taper: power falls with the energy delivered', async () => {
    // 10 kW up to 10 kWh, then on a line to 0 at 20 kWh: p <= 20 - energy so far. Hours: 10, 10 (so far 10), 0, 0.
    const taper = [
      { fromKwh: 10, maxKw: 10 },
      { fromKwh: 20, maxKw: 0 },
    ];
    const solution = await lp(depot({ sessions: [session('v', { energyKwh: 100, taper })] }));
    expect(solution.powerKw[0]!.reduce((a, b) => a + b)).toBeCloseTo(20, 9);
    expect(solution.powerKw[0]![0]).toBeLessThanOrEqual(10 + 1e-9);
  });
});

describe('sources of its own', () => {
  test('PV feeds vehicles before the grid does, and the rest is sold', async () => {
    // Hour 1: 8 kW of sun. 10 kWh wanted: 8 from the sun at the lost feed-in of 0.06, 2 bought at 0.1.
    const pv = { kw: series(4, (t) => (t === 1 ? 8 : 0)), sellPrice: series(4, 0.06) };
    const solution = await lp(depot({ sessions: [session('v')], pv }));
    expect(solution.objective).toBeCloseTo(0.2, 9);
  });

  test('a battery moves cheap energy into the peak', async () => {
    // Peak of 10 per kW: vehicle needs 11 kW in hour 3 only. 5.5 kW from a lossless battery that is full again at the
    // end cannot help (nothing follows), charged before: 11 kWh over hours 0..2 would need capacity 5.5: peak 5.5.
    const battery = { capacityKwh: 5.5, maxKw: 5.5, efficiency: 1, initialKwh: 0, wearPerKwh: 0 };
    const sessions = [session('v', { arrive: 3, energyKwh: 11, maxKw: 11, shortfallPrice: 100 })];
    const solution = await lp(depot({ sessions, battery, demand: [peak('any', 4)] }));
    expect(solution.peaksKw[0]).toBeCloseTo(5.5, 9);
    expect(solution.objective).toBeCloseTo(55 + 1.1, 9);
  });

  test('nothing is fed in where nothing is sold', async () => {
    const pv = { kw: series(4, 8) };
    const solution = await lp(depot({ sessions: [session('v', { energyKwh: 4 })], pv }));
    expect(solution.objective).toBeCloseTo(0, 9);
    expect(solution.pvKw!.reduce((a, b) => a + b)).toBeCloseTo(4, 9);
  });
});

describe('whatever comes, there is a plan', () => {
  test('no sessions at all', async () => {
    const solution = await lp(depot({ demand: [peak('any', 4, { floorKw: 3 })], fixedLoadKw: series(4, 5) }));
    expect(solution.objective).toBeCloseTo(50, 9);
  });

  test('a session of no length is short of everything', async () => {
    const solution = await lp(depot({ sessions: [session('v', { arrive: 2, depart: 2 })] }));
    expect(solution.objective).toBeCloseTo(100, 9);
  });

  test('a year of intervals: nobody there is one slot, and many different ones are the whole program', async () => {
    // Each stay of 4 h wants 8 kWh, all at other times: 2 kW are the least peak, 10 * 2 + 0.1 * 8 for each stay.
    const intervals = 35_040;
    for (const [stays, solver] of [
      [20, 'structured'],
      [40, 'highs'],
    ] as const) {
      const sessions = Array.from({ length: stays }, (_, i) =>
        session(`v${i}`, { arrive: 800 * i, depart: 800 * i + 4, energyKwh: 8 }),
      );
      const solution = await lp(depot({ intervals, sessions, demand: [peak('any', intervals)] }));
      expect(solution.objective).toBeCloseTo(20 + 0.8 * stays, 6);
      expect(solution.solver).toBe(solver);
      expect(solution.certificate.valid).toBe(true);
    }
  });

  test('an iteration limit gives a feasible plan with its gap', async () => {
    const sessions = [session('v'), session('w', { connector: 1 })];
    const problem = depot({ sessions, demand: [peak('any', 4)] });
    const limited = await solve(problem, { continuous: true, gap: 1e-6, iterationsMax: 1 });
    const full = await lp(problem);
    expect(limited.certificate.primalResidual).toBeLessThan(1e-6);
    expect(limited.bound).toBeLessThanOrEqual(full.objective + 1e-9);
    expect(limited.objective).toBeGreaterThanOrEqual(full.objective - 1e-9);
  });

  test('structured stops after so many rounds, with a plan and a bound better than none', async () => {
    const problem = generatedDepot({ kind: 'two-shift', connectors: 60, intervals: 96, seed: 3 });
    const least = (await lp(problem)).objective;
    const greedy = await solve(problem, { continuous: true, gap: 1e-6, solver: 'greedy' });
    let bound = greedy.bound;
    for (const iterationsMax of [0, 1, 2, 4]) {
      const found = await solve(problem, { continuous: true, gap: 1e-6, iterationsMax });
      expect(found.solver).toBe('structured');
      expect(found.status).toBe('limit');
      expect(found.reasons).toContain(`stopped after ${iterationsMax} rounds`);
      expect(found.certificate.valid).toBe(true);
      expect(found.objective).toBeLessThanOrEqual(greedy.objective + 1e-6);
      expect(found.objective).toBeGreaterThanOrEqual(least - 1e-6);
      expect(found.bound).toBeGreaterThanOrEqual(bound - 1e-6);
      bound = found.bound;
    }
    expect(bound).toBeGreaterThan(greedy.bound);
  });

  test('javascript-lp-solver says that it knows no limit', async () => {
    const problem = depot({ sessions: [session('v')] });
    const found = await solve(problem, {
      continuous: true,
      gap: 1e-6,
      solver: 'javascript-lp-solver',
      iterationsMax: 1,
    });
    expect(found.reasons).toContain(
      'javascript-lp-solver cannot stop after a number of iterations: solved to its end',
    );
  });

  for (const solver of ['structured', 'highs', 'javascript-lp-solver', 'greedy'] as const) {
    test(`${solver}: whatever the limit, a certified plan no dearer than greedy's, with its gap`, async () => {
      const shape = { kind: 'last-mile', connectors: 8, intervals: 24, seed: 1, tightness: 0.9 } as const;
      for (const problem of [generatedDepot(shape), generatedDepot({ ...shape, battery: true, pv: true })]) {
        const least = (await lp(problem)).objective;
        const most = (await solve(problem, { continuous: true, gap: 1e-6, solver: 'greedy' })).objective;
        for (const iterationsMax of [0, 1, 5, 25, 125]) {
          const found = await solve(problem, { continuous: true, gap: 1e-6, solver, iterationsMax });
          expect(found.certificate.valid).toBe(true);
          expect(found.bound).toBeLessThanOrEqual(least + 1e-6);
          expect(found.objective).toBeGreaterThanOrEqual(least - 1e-6);
          expect(found.objective).toBeLessThanOrEqual(most + 1e-6);
          expect(found.status === 'optimal').toBe(found.gap <= 1e-6);
        }
      }
    });
  }

  test('greedy answers without any library and says so', async () => {
    const sessions = [session('v'), session('w', { connector: 1 })];
    const solution = await solve(depot({ sessions }), { continuous: true, gap: 1e-6, solver: 'greedy' });
    expect(solution.status).toBe('emergency');
    expect(solution.shortfallKwh.every((kwh) => kwh < 1e-6)).toBe(true);
  });

  test('equal problems give equal bytes', async () => {
    const sessions = [session('v'), session('w', { connector: 1 })];
    const problem = depot({ sessions, demand: [peak('any', 4)] });
    const options = { continuous: true, gap: 1e-6 } as const;
    expect(await solve(problem, options)).toEqual(await solve(problem, options));
  });
});
