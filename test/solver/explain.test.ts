import { describe, expect, test } from 'vitest';
import { explain } from '#solver/explain';
import type { Explanation } from '#solver/explain';
import { explain as operation } from '#solver/operations';
import type { DepotProblem } from '#solver/problem';
import { solve } from '#solver/solve';
import { connector, depot, peak, series, session } from './builders.ts';

const options = { continuous: true, gap: 1e-6 } as const;
const explained = async (problem: DepotProblem): Promise<Explanation> =>
  explain(problem, await solve(problem, options), options);

describe('a vehicle that leaves short is given ways out', () => {
  test('later departure: the earliest one that ends it', async () => {
    // 2 h at 11 kW are 22 of 30 kWh; a third hour ends it. The grid has 100 kW.
    const { shortfalls } = await explained(depot({ sessions: [session('v', { energyKwh: 30, depart: 2 })] }));
    expect(shortfalls).toHaveLength(1);
    expect(shortfalls[0]!.shortfallKwh).toBeCloseTo(8, 9);
    expect(shortfalls[0]!.reason).toBe('its own power over its stay');
    const repair = shortfalls[0]!.repairs.find(({ kind }) => kind === 'later-departure');
    expect(repair).toMatchObject({ depart: 3, shortfallKwh: expect.closeTo(0, 9) });
    expect(repair!.extraCost).toBeCloseTo(0.8, 9);
  });

  test('later departure ends where the next vehicle takes the bay', async () => {
    const sessions = [
      session('v', { energyKwh: 60, depart: 2 }),
      session('w', { arrive: 3, depart: 4, energyKwh: 1 }),
    ];
    const { shortfalls } = await explained(depot({ sessions }));
    const repair = shortfalls[0]!.repairs.find(({ kind }) => kind === 'later-departure');
    expect(repair).toMatchObject({ depart: 3, shortfallKwh: expect.closeTo(27, 9) });
  });

  test('other bay: one on a circuit with room', async () => {
    const circuits = [
      { id: 'grid', parent: -1, limitKw: series(4, 100) },
      { id: 'thin', parent: 0, limitKw: series(4, 3) },
    ];
    const connectors = [connector('a', { circuit: 1 }), connector('b'), connector('c')];
    const sessions = [session('v', { energyKwh: 20 }), session('w', { connector: 1, energyKwh: 5 })];
    const { shortfalls, bindings } = await explained(depot({ circuits, connectors, sessions }));
    expect(shortfalls[0]!.reason).toBe('circuit thin');
    expect(shortfalls[0]!.repairs[0]).toMatchObject({
      kind: 'other-bay',
      connector: 'c',
      shortfallKwh: expect.closeTo(0, 9),
    });
    expect(bindings).toEqual([
      { circuit: 'thin', intervals: [0, 1, 2, 3], worthPerKw: expect.closeTo(4 * 9.9, 6) },
    ]);
  });

  test('a higher peak, at its price', async () => {
    // Shortfall is worth 1 per kWh, a kW of peak costs 100: nothing above the floor of 2 kW is charged.
    const sessions = [session('v', { energyKwh: 20, shortfallPrice: 1 })];
    const demand = [peak('any', 4, { floorKw: 2, pricePerKw: 100 })];
    const { shortfalls, peaks } = await explained(depot({ sessions, demand }));
    expect(shortfalls[0]!.shortfallKwh).toBeCloseTo(12, 9);
    expect(shortfalls[0]!.reason).toContain('peak');
    const repair = shortfalls[0]!.repairs.find(({ kind }) => kind === 'higher-peak');
    // 20 kWh in 4 h: 5 kW, 3 more than paid: 300 for the peak and 1.2 for energy.
    expect(repair!.peakKw).toEqual({ any: expect.closeTo(3, 6) });
    expect(repair!.extraCost).toBeCloseTo(301.2, 6);
    expect(peaks[0]).toMatchObject({ setBy: 'floor', peakKw: 2, sessions: ['v'], cost: 200, dueCost: 200 });
  });

  test('who makes a peak: with how many kW, beside the load that nobody controls', async () => {
    // w has hour 3 alone for its 8 kWh; v has gone by then with 7 kWh, never above 7 kW. The load is 2 kW: 10 kW in all.
    const sessions = [
      session('v', { energyKwh: 7, depart: 3, shortfallPrice: 1000 }),
      session('w', { connector: 1, arrive: 3, energyKwh: 8, shortfallPrice: 1000 }),
    ];
    const { peaks } = await explained(
      depot({ sessions, fixedLoadKw: series(4, 2), demand: [peak('any', 4, { floorKw: 4 })] }),
    );
    expect(peaks[0]).toMatchObject({
      setBy: 'plan',
      intervals: [3],
      fixedLoadKw: 2,
      parts: [{ session: 'w', kw: expect.closeTo(8, 6) }],
      cost: expect.closeTo(100, 6),
      dueCost: 40,
    });
  });

  test('nothing is said where nobody is short', async () => {
    expect((await explained(depot({ sessions: [session('v')] }))).shortfalls).toEqual([]);
  });
});

test('the operation explains in energy of the vehicle', async () => {
  const result = await operation.handle({
    intervalMinutes: 60,
    intervals: 4,
    circuits: [{ id: 'grid', parent: null, limitKw: 20 }],
    connectors: [{ id: 'a', circuit: 'grid', maxKw: 10 }],
    sessions: [
      {
        id: 'v',
        connector: 'a',
        arrive: 0,
        depart: 2,
        energyKwh: 24,
        maxKw: 10,
        shortfallPrice: 9,
        efficiency: 0.8,
      },
    ],
    price: [0.1, 0.1, 0.1, 0.1],
  });
  if (!result.ok) throw new Error('faults');
  const answer = operation.output.parse(result.value);
  // 2 h at 10 kW are 16 kWh in the vehicle; 8 more take one hour.
  expect(answer.shortfalls[0]!.shortfallKwh).toBeCloseTo(8, 9);
  expect(answer.shortfalls[0]!.repairs[0]).toMatchObject({ kind: 'later-departure', depart: 3 });
});
