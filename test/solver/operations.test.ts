import { describe, expect, test } from 'vitest';
import { optimise } from '#solver/operations';
import type { OptimiseAnswer } from '#solver/operations';

interface Document {
  [field: string]: unknown;
  circuits: Record<string, unknown>[];
  connectors: Record<string, unknown>[];
  sessions: Record<string, unknown>[];
  demand: Record<string, unknown>[];
}

function document(): Document {
  return {
    intervalMinutes: 60,
    intervals: 4,
    circuits: [
      { id: 'grid', parent: null, limitKw: 20 },
      { id: 'feeder', parent: 'grid', limitKw: [9, 9, 9, 9] },
    ],
    connectors: [
      { id: 'a', circuit: 'feeder', maxKw: 11 },
      { id: 'b', circuit: 'feeder', maxKw: 11, minKw: 1.5, stepKw: 0.5, phases: 1 },
    ],
    modules: [],
    sessions: [
      { id: 'v', connector: 'a', arrive: 0, depart: 4, energyKwh: 12, maxKw: 11, shortfallPrice: 100 },
      { id: 'w', connector: 'b', arrive: 1, depart: 6, energyKwh: 5.1, maxKw: 11, shortfallPrice: 100 },
    ],
    fixedLoadKw: [1, 1, 1, 1],
    price: [0.3, 0.1, 0.2, 0.2],
    demand: [{ id: 'any', pricePerKw: 0.01, intervals: [1, 1, 1, 1], floorKw: 2 }],
  };
}

async function answer(doc: Document): Promise<OptimiseAnswer> {
  const result = await optimise.handle(doc);
  if (!result.ok) throw new Error(JSON.stringify(result.problem));
  return optimise.output.parse(result.value);
}

describe('optimise', () => {
  test('answers in the form of the contract', async () => {
    const result = await answer(document());
    // 17.1 kWh: 9 in hour 1, 8.1 in hours 2 and 3 at 0.2; the peak of 10 kW is worth its 0.1.
    expect(result.status).toBe('optimal');
    expect(result.cost.energy).toBeCloseTo(0.9 + 1.62, 9);
    expect(result.cost.demand).toBeCloseTo(0.1, 9);
    expect(result.peaksKw['any']).toBeCloseTo(10, 9);
    expect(result.powerKw['v']).toHaveLength(4);
    expect(result.certificate.valid).toBe(true);
  });

  test('a window beyond the horizon is powered within it', async () => {
    const { powerKw } = await answer(document());
    expect(powerKw['w']).toHaveLength(5);
    expect(powerKw['w']!.slice(3)).toEqual([0, 0]);
  });

  test('the fixed load is taken off the grid connection', async () => {
    const doc = { ...document(), fixedLoadKw: [18, 18, 18, 18] };
    const { powerKw } = await answer(doc);
    for (const t of [0, 1, 2, 3])
      expect(powerKw['v']![t]! + (powerKw['w']![t - 1] ?? 0)).toBeLessThan(2 + 1e-9);
  });

  test('minimum power and steps hold when asked for, and vehicles still leave full', async () => {
    const { powerKw, shortfallKwh, repairCost } = await answer({ ...document(), continuous: false });
    for (const kw of powerKw['w']!) {
      expect(kw === 0 || kw >= 1.5).toBe(true);
      expect(Math.abs(kw / 0.5 - Math.round(kw / 0.5))).toBeLessThan(1e-9);
    }
    expect(shortfallKwh).toEqual({ v: 0, w: 0 });
    expect(repairCost).toBeGreaterThanOrEqual(-1e-9);
  });

  test('efficiency: energy is counted in the vehicle, power at the socket', async () => {
    const doc = document();
    doc.sessions = [{ ...doc.sessions[0], efficiency: 0.8 }];
    const { powerKw } = await answer(doc);
    expect(powerKw['v']!.reduce((a, b) => a + b)).toBeCloseTo(15, 9);
  });

  test('where the building alone is above its connection, vehicles get nothing, and that is said', async () => {
    const { powerKw, reasons } = await answer({ ...document(), fixedLoadKw: [1, 25, 25, 1] });
    expect(powerKw['v']!.slice(1, 3)).toEqual([0, 0]);
    expect(reasons.join()).toContain('fixed load is above circuit grid in 2 intervals');
  });

  test('a shortfall price below the dearest kWh is said, one above it is not', async () => {
    // The dearest kWh: 0.3 for energy and 0.01 of peak for it alone in an hour: 0.31.
    const priced = async (shortfallPrice: number): Promise<OptimiseAnswer> => {
      const doc = document();
      doc.sessions[0]!['shortfallPrice'] = shortfallPrice;
      return answer(doc);
    };
    expect((await priced(0.3)).reasons.join()).toContain(
      '1 shortfall prices are below the dearest kWh (0.31)',
    );
    const above = await priced(0.32);
    expect(above.reasons.join()).not.toContain('shortfall');
    expect(above.shortfallKwh['v']).toBeCloseTo(0, 9);
  });

  test('the same answer from both back ends', async () => {
    const highs = await answer({ ...document(), solver: 'highs' });
    const other = await answer({ ...document(), solver: 'javascript-lp-solver' });
    expect(other.solver).toBe('javascript-lp-solver');
    expect(other.objective).toBeCloseTo(highs.objective, 9);
  });
});

const hour = (t: number, kw: number): number[] => [1, 1, 1, 1].map((v, i) => (i === t ? kw : v));

const faulty: Record<string, [(doc: Document) => unknown, string, string]> = {
  'a negative cap': [(d) => (d.circuits[1]!['limitKw'] = -1), 'circuits[1].limitKw', 'too-small'],
  'a negative cap among others': [
    (d) => (d.circuits[1]!['limitKw'] = hour(2, -1)),
    'circuits[1].limitKw[2]',
    'too-small',
  ],
  'many negative loads: the first one is told': [
    (d) => (d['pv'] = { kw: [1, -1, -1, -1] }),
    'pv.kw[1]',
    'too-small',
  ],
  'a negative connector': [(d) => (d.connectors[0]!['maxKw'] = -3), 'connectors[0].maxKw', 'too-small'],
  'a negative step': [(d) => (d.connectors[1]!['stepKw'] = -1), 'connectors[1].stepKw', 'too-small'],
  'a negative module': [(d) => (d['modules'] = [{ id: 'm', maxKw: -1 }]), 'modules[0].maxKw', 'too-small'],
  'a negative floor': [(d) => (d.demand[0]!['floorKw'] = -1), 'demand[0].floorKw', 'too-small'],
  'a negative demand price': [(d) => (d.demand[0]!['pricePerKw'] = -1), 'demand[0].pricePerKw', 'too-small'],
  'energy without end': [(d) => (d.sessions[0]!['energyKwh'] = 1e12), 'sessions[0].energyKwh', 'too-large'],
  'negative energy': [(d) => (d.sessions[0]!['energyKwh'] = -1), 'sessions[0].energyKwh', 'too-small'],
  'a reversed window': [(d) => (d.sessions[1]!['arrive'] = 7), 'sessions[1].depart', 'window-reversed'],
  'two vehicles at once on a connector': [
    (d) => (d.sessions[1]!['connector'] = 'a'),
    'sessions[1].arrive',
    'sessions-overlap',
  ],
  'a third vehicle inside a long stay': [
    (d) => {
      const stay = { connector: 'a', energyKwh: 1, maxKw: 1, shortfallPrice: 1 };
      d.sessions = [
        { ...stay, id: 'long', arrive: 0, depart: 9 },
        { ...stay, id: 'none', arrive: 2, depart: 2 },
        { ...stay, id: 'late', connector: 'a', arrive: 7, depart: 8 },
      ];
    },
    'sessions[2].arrive',
    'sessions-overlap',
  ],
  'a second circuit without a parent': [
    (d) => (d.circuits[1]!['parent'] = null),
    'circuits[1].parent',
    'unknown-circuit',
  ],
  'a circuit without any limit': [(d) => delete d.circuits[1]!['limitKw'], 'circuits[1].limitKw', 'missing'],
  'phase limits in kW and in A': [
    (d) => Object.assign(d.circuits[1]!, { phaseLimitKw: 3, phaseLimitA: 16 }),
    'circuits[1].phaseLimitA',
    'given-twice',
  ],
  'a phase that is limited below 0': [
    (d) => (d.circuits[1]!['phaseLimitKw'] = { L1: 3, L2: hour(1, -2), L3: 3 }),
    'circuits[1].phaseLimitKw.L2[1]',
    'too-small',
  ],
  'a phase left out': [
    (d) => (d.circuits[1]!['phaseLimitKw'] = { L1: 3, L2: 3 }),
    'circuits[1].phaseLimitKw.L3',
    'missing',
  ],
  'two pins': [
    (d) => (d.connectors[0]!['rotation'] = ['L1', 'L2']),
    'connectors[0].rotation',
    'bad-rotation',
  ],
  'one pin twice': [
    (d) => (d.connectors[0]!['rotation'] = ['L1', 'L1', 'L2']),
    'connectors[0].rotation',
    'bad-rotation',
  ],
  'three phases at a socket of one': [
    (d) => (d.sessions[1]!['phases'] = 3),
    'sessions[1].phases',
    'bad-phases',
  ],
  'a milestone at arrival': [
    (d) => (d.sessions[1]!['milestones'] = [{ by: 1, energyKwh: 1 }]),
    'sessions[1].milestones[0].by',
    'outside-stay',
  ],
  'a milestone above the energy wanted': [
    (d) => (d.sessions[1]!['milestones'] = [{ by: 2, energyKwh: 7 }]),
    'sessions[1].milestones[0].energyKwh',
    'too-large',
  ],
  'energy to lend from a vehicle that feeds nothing back': [
    (d) => (d.sessions[1]!['heldKwh'] = 3),
    'sessions[1].heldKwh',
    'needs-discharge',
  ],
  'less room than energy': [
    (d) => Object.assign(d.sessions[1]!, { dischargeKw: 3, roomKwh: 3 }),
    'sessions[1].roomKwh',
    'too-small',
  ],
  'an empty name': [(d) => (d.sessions[0]!['id'] = ''), 'sessions[0].id', 'empty-id'],
  'a start that is no instant': [(d) => (d['start'] = 'tomorrow'), 'start', 'not-an-instant'],
  'a battery fuller than it can be': [
    (d) => (d['battery'] = { capacityKwh: 5, maxKw: 2, efficiency: 0.9, initialKwh: 6 }),
    'battery.initialKwh',
    'too-large',
  ],
  'a battery of no efficiency': [
    (d) => (d['battery'] = { capacityKwh: 5, maxKw: 2, efficiency: 0, initialKwh: 1 }),
    'battery.efficiency',
    'bad-efficiency',
  ],
  'an open block longer than a block': [
    (d) => Object.assign(d.demand[0]!, { meterIntervals: 2, meterOffset: 2 }),
    'demand[0].meterOffset',
    'too-large',
  ],
  'a window that counts by halves': [
    (d) => (d.demand[0]!['intervals'] = [0, 0.5, 1, 1]),
    'demand[0].intervals[1]',
    'wrong-type',
  ],
  'windows of no length a thousand years away': [
    (d) => Object.assign(d.sessions[1]!, { depart: 10_000_001 }),
    'sessions[1].depart',
    'too-large',
  ],
  'stays that no answer could list': [
    (d) => {
      const of = (i: number): object => ({ id: `n${i}`, connector: `k${i}`, arrive: 0, depart: 9_000_000 });
      for (const i of [1, 2, 3]) {
        d.connectors.push({ id: `k${i}`, circuit: 'grid', maxKw: 1 });
        d.sessions.push({ ...of(i), energyKwh: 1, maxKw: 1, shortfallPrice: 1 });
      }
    },
    'sessions',
    'too-large',
  ],
  'a cycle in the circuits': [
    (d) => {
      d.circuits.push({ id: 'x', parent: 'y', limitKw: 1 }, { id: 'y', parent: 'x', limitKw: 1 });
    },
    'circuits[2].parent',
    'circuit-cycle',
  ],
  'a circuit that feeds itself': [
    (d) => (d.circuits[1]!['parent'] = 'feeder'),
    'circuits[1].parent',
    'circuit-cycle',
  ],
  'a first circuit with a parent': [
    (d) => (d.circuits[0]!['parent'] = 'feeder'),
    'circuits[0].parent',
    'first-circuit-has-parent',
  ],
  'an unknown circuit': [
    (d) => (d.connectors[0]!['circuit'] = 'nowhere'),
    'connectors[0].circuit',
    'unknown-circuit',
  ],
  'an unknown connector': [
    (d) => (d.sessions[0]!['connector'] = 'nowhere'),
    'sessions[0].connector',
    'unknown-connector',
  ],
  'an unknown module': [
    (d) => (d.connectors[0]!['module'] = 'nowhere'),
    'connectors[0].module',
    'unknown-module',
  ],
  'not a number': [(d) => (d.sessions[0]!['energyKwh'] = NaN), 'sessions[0].energyKwh', 'not-a-number'],
  'an infinite limit in a series': [
    (d) => (d.circuits[1]!['limitKw'] = hour(1, Infinity)),
    'circuits[1].limitKw[1]',
    'not-a-number',
  ],
  'not a number in a series': [(d) => (d['price'] = [0, NaN, 0, 0]), 'price[1]', 'not-a-number'],
  'a million intervals': [(d) => (d['intervals'] = 1_000_000), 'intervals', 'too-large'],
  'no intervals': [(d) => (d['intervals'] = 0), 'intervals', 'too-small'],
  'an unknown field': [(d) => (d.sessions[0]!['energy'] = 3), 'sessions[0].energy', 'unknown-field'],
  'a missing field': [(d) => delete d.sessions[0]!['energyKwh'], 'sessions[0].energyKwh', 'missing'],
  'text for a number': [(d) => (d.sessions[0]!['energyKwh'] = '5'), 'sessions[0].energyKwh', 'wrong-type'],
  'a series of the wrong length': [(d) => (d['price'] = [1, 2]), 'price', 'wrong-length'],
  'an id twice': [(d) => (d.sessions[1]!['id'] = 'v'), 'sessions[1].id', 'duplicate-id'],
  'an unknown solver': [(d) => (d['solver'] = 'abacus'), 'solver', 'unknown-value'],
  'an efficiency above 1': [
    (d) => (d.sessions[0]!['efficiency'] = 1.1),
    'sessions[0].efficiency',
    'bad-efficiency',
  ],
  'a taper that rises': [
    (d) =>
      (d.sessions[0]!['taper'] = [
        { fromKwh: 0, maxKw: 1 },
        { fromKwh: 5, maxKw: 3 },
      ]),
    'sessions[0].taper[1]',
    'taper-not-concave',
  ],
};

describe('what is wrong is named', () => {
  for (const [name, [spoil, path, rule]] of Object.entries(faulty)) {
    test(name, async () => {
      const doc = document();
      spoil(doc);
      const result = await optimise.handle(doc);
      expect(result.ok).toBe(false);
      const faults = result.ok ? [] : result.problem;
      expect(faults.map((fault) => `${fault.path} ${fault.rule}`)).toEqual([`${path} ${rule}`]);
      expect(faults[0]!.fix).toMatch(/^[A-Z].*[.?]$/);
    });
  }

  test('several faults are told at once, in the order of the document', async () => {
    const doc = document();
    doc.circuits[1]!['limitKw'] = -1;
    doc.connectors[0]!['circuit'] = 'nowhere';
    doc.sessions[0]!['energyKwh'] = -1;
    doc['price'] = [1];
    const result = await optimise.handle(doc);
    expect(result.ok ? [] : result.problem.map(({ path }) => path)).toEqual([
      'circuits[1].limitKw',
      'connectors[0].circuit',
      'sessions[0].energyKwh',
      'price',
    ]);
  });

  test('every stay inside a long one is told, whatever ended in between', async () => {
    const doc = document();
    const stay = { connector: 'a', energyKwh: 1, maxKw: 1, shortfallPrice: 1 };
    doc.sessions = [
      { ...stay, id: 'long', arrive: 0, depart: 9 },
      { ...stay, id: 'mid', arrive: 2, depart: 3 },
      { ...stay, id: 'late', arrive: 7, depart: 8 },
    ];
    const result = await optimise.handle(doc);
    const faults = result.ok ? [] : result.problem;
    expect(faults.map(({ path }) => path)).toEqual(['sessions[1].arrive', 'sessions[2].arrive']);
    expect(faults[1]!.fix).toContain('long is at a until 9');
  });

  test('a fault tells the value as it was written, whatever is made of it', async () => {
    const doc = document();
    Object.assign(doc.sessions[0]!, { energyKwh: -4, efficiency: 0.5 });
    const result = await optimise.handle(doc);
    expect(result.ok ? [] : result.problem).toMatchObject([{ path: 'sessions[0].energyKwh', value: '-4' }]);
  });

  test('no document at all', async () => {
    for (const value of [undefined, null, 3, 'text', []])
      expect((await optimise.handle(value)).ok).toBe(false);
  });
});
