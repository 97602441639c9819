import { describe, expect, test } from 'vitest';
import { account } from '#solver/certificate/account';
import { dualBound } from '#solver/certificate/bound';
import { verify } from '#solver/certificate/verify';
import { generatedDepot } from '#solver/generated';
import type { DepotProblem, Solution } from '#solver/problem';
import { solve } from '#solver/solve';
import { connector, depot, peak, series, session } from './builders.ts';

type Corruption = (solution: Solution, problem: DepotProblem) => Partial<Solution>;

const phaseLimitKw = [series(4, 3), series(4, 3), series(4, 3)] as const;
/** A depot in which every kind of limit binds. */
const problem = depot({
  circuits: [
    { id: 'grid', parent: -1, limitKw: series(4, 30) },
    { id: 'feeder', parent: 0, limitKw: series(4, 12) },
    { id: 'phased', parent: 0, limitKw: series(4, Infinity), phaseLimitKw },
  ],
  connectors: [
    connector('a', { circuit: 1 }),
    connector('b', { circuit: 1, module: 0 }),
    connector('c', { circuit: 2, reserveKw: 1 }),
    connector('d', { maxKw: 9, module: 0 }),
    connector('e'),
  ],
  modules: [{ id: 'm', maxKw: 10 }],
  sessions: [
    session('v', { energyKwh: 30 }),
    session('w', { connector: 1, arrive: 1, energyKwh: 20 }),
    session('x', { connector: 2, energyKwh: 40 }),
    session('y', {
      connector: 3,
      energyKwh: 30,
      taper: [
        { fromKwh: 5, maxKw: 9 },
        { fromKwh: 30, maxKw: 1 },
      ],
    }),
    session('z', {
      connector: 4,
      energyKwh: 6,
      milestones: [{ by: 2, energyKwh: 5 }],
      feedBack: { maxKw: series(4, 8), heldKwh: 3, roomKwh: 7, lossFactor: 1.2, wearPerKwh: 0.02 },
    }),
  ],
  fixedLoadKw: series(4, 2),
  price: Float64Array.of(8, 0.1, 0.1, 0.1),
  demand: [
    peak('any', 4, { floorKw: 5 }),
    peak('late', 4, { counts: Uint8Array.of(0, 0, 1, 1), pricePerKw: 3 }),
  ],
  pv: { kw: series(4, 3), sellPrice: series(4, 0.03) },
  battery: { capacityKwh: 8, maxKw: 4, efficiency: 0.9, initialKwh: 4, wearPerKwh: 0.01 },
  earliness: 1e-3,
});

const bumped = (kw: Float64Array, i: number, by: number): Float64Array => kw.with(i, kw[i]! + by);
const power =
  (s: number, change: (kw: Float64Array) => Float64Array): Corruption =>
  ({ powerKw }) => ({ powerKw: powerKw.map((kw, i) => (i === s ? change(kw) : kw)) });
const multipliers =
  (change: (m: Solution['multipliers']) => Partial<Solution['multipliers']>): Corruption =>
  (solution) => ({ multipliers: { ...solution.multipliers, ...change(solution.multipliers) } });

const corruptions: Record<string, Corruption> = {
  'a little more power': power(0, (kw) => bumped(kw, 0, 0.001)),
  'a little less power': power(0, (kw) =>
    bumped(
      kw,
      kw.findIndex((v) => v > 1),
      -0.01,
    ),
  ),
  'power that is not a number': power(0, (kw) => bumped(kw, 1, NaN)),
  'infinite power': power(0, (kw) => bumped(kw, 1, Infinity)),
  'negative power': power(0, (kw) => bumped(kw, 0, -kw[0]! - 0.01)),
  'power above the connector': power(3, (kw) => bumped(kw, 0, 9.1)),
  'one interval too few': power(0, (kw) => kw.slice(1)),
  'one session missing': ({ powerKw }) => ({ powerKw: powerKw.slice(1) }),
  'two sessions swapped': ({ powerKw }) => ({
    powerKw: [powerKw[2]!, powerKw[1]!, powerKw[0]!, ...powerKw.slice(3)],
  }),
  'power moved in time': power(3, (kw) => kw.toReversed()),
  'fed back by one that cannot': power(1, (kw) => bumped(kw, 0, -kw[0]! - 0.1)),
  'fed back above its power': power(4, (kw) => bumped(kw, 0, -kw[0]! - 8.1)),
  'fed back more than it holds': power(4, (kw) => kw.map(() => -2)),
  'charged beyond its room': power(4, (kw) => bumped(kw, 1, 2)),
  'fed back without loss': power(4, () => Float64Array.of(0, 0, -3, 9)),
  'charged after its milestone': power(4, (kw) => Float64Array.of(0, 0, ...kw.subarray(0, 2))),
  'battery without end': ({ batteryKw }) => ({ batteryKw: batteryKw!.map(() => -4) }),
  'battery beyond its power': ({ batteryKw }) => ({ batteryKw: bumped(batteryKw!, 0, 9) }),
  'battery that ends emptier': ({ batteryKw }) => ({ batteryKw: bumped(batteryKw!, 3, -0.5) }),
  'more sun than shines': ({ pvKw }) => ({ pvKw: bumped(pvKw!, 0, 0.5) }),
  'negative sun': ({ pvKw }) => ({ pvKw: pvKw!.map(() => -1) }),
  'shortfall understated': ({ shortfallKwh }) => ({ shortfallKwh: shortfallKwh.map((v) => v * 0.99) }),
  'peak understated': ({ peaksKw }) => ({ peaksKw: bumped(peaksKw, 0, -0.01) }),
  'peak below its floor': ({ peaksKw }) => ({ peaksKw: bumped(peaksKw, 1, -1) }),
  'objective understated': ({ objective }) => ({ objective: objective - 0.01 }),
  'objective that is not a number': () => ({ objective: NaN }),
  'energy cost understated': ({ cost }) => ({ cost: { ...cost, energy: cost.energy - 0.01 } }),
  'demand cost understated': ({ cost }) => ({ cost: { ...cost, demand: cost.demand - 0.01 } }),
  'shortfall cost understated': ({ cost }) => ({ cost: { ...cost, shortfall: cost.shortfall - 0.01 } }),
  'wear cost understated': ({ cost }) => ({ cost: { ...cost, wear: cost.wear - 0.01 } }),
  'earliness cost understated': ({ cost }) => ({ cost: { ...cost, earliness: cost.earliness + 0.01 } }),
  'bound overstated': ({ bound }) => ({ bound: bound + 0.01 }),
  'gap understated': ({ gap }) => ({ gap: gap - 0.001 }),
  'session multipliers lost': multipliers((m) => ({ sessions: m.sessions.map(() => 0) })),
  'session multipliers inflated': multipliers((m) => ({ sessions: m.sessions.map((v) => v + 1) })),
  'circuit multipliers negative': multipliers((m) => ({ circuits: m.circuits.map(() => -0.1) })),
  'circuit multipliers inflated': multipliers((m) => ({ circuits: m.circuits.map(() => 5) })),
  'phase multipliers inflated': multipliers((m) => ({ phases: m.phases.map(() => 5) })),
  'module multipliers inflated': multipliers((m) => ({ modules: m.modules.map(() => 5) })),
  'demand multipliers above the price': multipliers((m) => ({ blocks: m.blocks.map((b) => b.map(() => 8)) })),
  'demand multipliers lost': multipliers((m) => ({ blocks: m.blocks.map((b) => b.map(() => 0)) })),
  'grid multipliers lost': multipliers((m) => ({ balance: m.balance.map(() => 0) })),
  'store multipliers lost': multipliers((m) => ({ store: m.store.map(() => 0) })),
  'taper multipliers inflated': multipliers((m) => ({ taper: m.taper.map((v) => v.map(() => 5)) })),
  'milestone multipliers inflated': multipliers((m) => ({
    milestones: m.milestones.map((v) => v.map(() => 11)),
  })),
  'milestone multipliers lost': multipliers((m) => ({ milestones: m.milestones.map((v) => v.map(() => 0)) })),
  'vehicle store multipliers lost': multipliers((m) => ({
    vehicleStore: m.vehicleStore.map((v) => v.map(() => 0)),
  })),
  'vehicle store multipliers that are not numbers': multipliers((m) => ({
    vehicleStore: m.vehicleStore.map((v) => v.map(() => NaN)),
  })),
  'multipliers that are not numbers': multipliers((m) => ({ circuits: m.circuits.map(() => NaN) })),
};

describe('a certificate convinces only by itself', async () => {
  const solution = await solve(problem, { continuous: true, gap: 1e-6 });

  test('the plan is optimal and every claim holds', () => {
    expect(solution.status).toBe('optimal');
    expect(verify(problem, solution, 'continuous', 1e-6).broken).toEqual([]);
    expect(solution.gap).toBeLessThan(1e-9);
  });

  for (const [name, corrupt] of Object.entries(corruptions)) {
    test(`rejected: ${name}`, () => {
      const corrupted = { ...solution, ...corrupt(solution, problem) };
      expect(verify(problem, corrupted, 'continuous', 1e-6).broken).not.toEqual([]);
    });
  }

  test('rejected: a greedy plan called optimal', async () => {
    const greedy = await solve(problem, { continuous: true, gap: 1e-6, solver: 'greedy' });
    expect(verify(problem, { ...greedy, status: 'optimal' }, 'continuous', 1e-6).broken).not.toEqual([]);
  });
});

describe('every limit is named when it breaks', async () => {
  const solution = await solve(problem, { continuous: true, gap: 1e-6 });
  const zero = problem.sessions.map(({ arrive, depart }) => new Float64Array(depart - arrive));
  const only = (s: number, kw: number): Float64Array[] => zero.map((v, i) => (i === s ? v.with(1, kw) : v));
  const cases: Record<string, [Float64Array[], RegExp]> = {
    'negative power': [only(0, -0.5), /^session v @ 1/],
    'power above the connector': [only(0, 11.5), /^session v @ 1/],
    'a circuit': [zero.map((v, i) => (i < 2 ? v.with(2 - i, 9) : v)), /^circuit feeder @/],
    'a phase': [only(2, 10.5), /^circuit phased phase/],
    'a module': [zero.map((v, i) => (i === 1 ? v.with(0, 8) : i === 3 ? v.with(1, 8) : v)), /^module m @ 1/],
    'feeding back': [only(1, -0.5), /^session w @ 2/],
    'energy held': [only(4, -7), /^energy held of z @ 1/],
    room: [zero.map((v, i) => (i === 4 ? Float64Array.of(0, 8, -3, 0) : v)), /^room of z @ 1/],
    energy: [zero.map((v, i) => (i === 1 ? v.map(() => 7.5) : v)), /^energy of w/],
    taper: [zero.map((v, i) => (i === 3 ? v.map(() => 8.9) : v)), /^session y/],
  };
  for (const [name, [powerKw, worst]] of Object.entries(cases)) {
    test(name, () => {
      const rest = { batteryKw: new Float64Array(4), pvKw: new Float64Array(4) };
      const counted = account(problem, { powerKw, ...rest });
      expect(counted.primalResidual).toBeGreaterThan(0.1);
      expect(counted.worst).toMatch(worst);
    });
  }

  test('multipliers are put right, and by how much is told', () => {
    const { multipliers } = solution;
    const high = multipliers.blocks.map((blocks) => blocks.map(() => 8));
    // Four blocks of 8 against a price of 10, two counted of four against 3.
    expect(dualBound(problem, { ...multipliers, blocks: high }).dualResidual).toBeCloseTo(29, 9);
    const low = multipliers.circuits.map(() => -0.25);
    expect(dualBound(problem, { ...multipliers, circuits: low }).dualResidual).toBeCloseTo(0.25, 9);
  });
});

describe('steps are checked too', async () => {
  const stepped = generatedDepot({ kind: 'last-mile', connectors: 12, intervals: 48, seed: 3, steps: true });
  const solution = await solve(stepped, { continuous: false, gap: 1e-6 });
  const kinds: Record<string, (kw: number, minKw: number, stepKw: number) => number> = {
    'half a step': (kw, _, stepKw) => kw + stepKw / 2,
    'below minimum': (_, minKw) => minKw / 2,
  };

  test('a repaired plan holds', () => {
    expect(verify(stepped, solution, 'stepped', Infinity).broken).toEqual([]);
  });

  for (const [name, change] of Object.entries(kinds)) {
    test(`rejected: ${name}`, () => {
      const s = stepped.sessions.findIndex(({ stepKw }) => stepKw > 0);
      const { minKw, stepKw } = stepped.sessions[s]!;
      const i = solution.powerKw[s]!.findIndex((kw) => kw > 0);
      const powerKw = solution.powerKw.map((kw, at) =>
        at === s ? kw.with(i, change(kw[i]!, minKw, stepKw)) : kw,
      );
      const claims = { ...solution, powerKw };
      expect(verify(stepped, claims, 'stepped', Infinity).broken.join()).toMatch(/step|session|circuit/);
    });
  }
});
