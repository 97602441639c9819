import { describe, expect, test } from 'vitest';
import { highsBackend } from '#solver/backends/highs';
import { account } from '#solver/certificate/account';
import { formulate } from '#solver/formulate';
import { generatedDepot } from '#solver/generated';
import type { DepotShape } from '#solver/generated';
import { chargingStarts, preferredPlan } from '#solver/preferences';
import type { DepotProblem } from '#solver/problem';
import { randomDepot } from '#solver/random-depot';
import { solve } from '#solver/solve';
import { connector, depot, session } from './builders.ts';

const options = { continuous: true, gap: 1e-6 } as const;
const fewStarts = { fewStarts: true, fairShortfall: false, urgentFirst: false };
const kw = (...values: number[]): Float64Array => Float64Array.of(...values);

/** Powers of a plan below a charger's minimum. */
function lowPowers(problem: DepotProblem, powerKw: readonly Float64Array[]): number {
  return problem.sessions.reduce(
    (sum, { minKw }, s) => sum + powerKw[s]!.filter((v) => v > 1e-6 && v < minKw - 1e-6).length,
    0,
  );
}

/** What the site draws for vehicles in each interval. */
function profileOf(problem: DepotProblem, powerKw: readonly Float64Array[]): Float64Array {
  const load = new Float64Array(problem.intervals);
  problem.sessions.forEach(({ arrive }, s) => powerKw[s]!.forEach((v, i) => (load[arrive + i]! += v)));
  return load;
}

describe('few starts at no cost', () => {
  test('two vehicles that take turns each charge once', () => {
    // v in hours 0 and 2, w in 1 and 3: v gives hour 2 for hour 1, and each has a start less.
    const sessions = [session('v', { energyKwh: 8 }), session('w', { connector: 1, energyKwh: 8 })];
    const plan = { powerKw: [kw(4, 0, 4, 0), kw(0, 4, 0, 4)] };
    const { powerKw } = preferredPlan(depot({ sessions }), plan, 'continuous', fewStarts);
    expect(powerKw.map((row) => [...row])).toEqual([
      [4, 4, 0, 0],
      [0, 0, 4, 4],
    ]);
  });

  test('a power below the minimum goes to a vehicle that charges anyway', () => {
    // v has 1 kW in hour 3 alone; w, at 5 kW there and in hour 1, takes it and gives up 1 kW in hour 1 to v's 6 kW.
    const stepped = { minKw: 4.14, stepKw: 0 };
    const sessions = [
      session('v', { energyKwh: 7, ...stepped }),
      session('w', { connector: 1, energyKwh: 20, ...stepped }),
    ];
    const problem = depot({ sessions });
    const plan = { powerKw: [kw(0, 6, 0, 1), kw(5, 5.5, 5, 4.5)] };
    const { powerKw } = preferredPlan(problem, plan, 'continuous', fewStarts);
    expect(lowPowers(problem, powerKw)).toBe(0);
    expect(chargingStarts(powerKw)).toBe(2);
    expect([...profileOf(problem, powerKw)]).toEqual([...profileOf(problem, plan.powerKw)]);
  });

  test('no exchange where a limit forbids it', () => {
    // Both would have to charge at 4 kW on a feeder of their own that carries 4 kW in one hour only.
    const circuits = [
      { id: 'grid', parent: -1, limitKw: kw(100, 100, 100, 100) },
      { id: 'own', parent: 0, limitKw: kw(4, 0, 4, 0) },
    ];
    const connectors = [connector('a', { circuit: 1 }), connector('b')];
    const sessions = [session('v', { energyKwh: 8 }), session('w', { connector: 1, energyKwh: 8 })];
    const plan = { powerKw: [kw(4, 0, 4, 0), kw(0, 4, 0, 4)] };
    expect(
      preferredPlan(depot({ circuits, connectors, sessions }), plan, 'continuous', fewStarts).powerKw,
    ).toEqual(plan.powerKw);
  });

  test('a vehicle whose taper or milestones bind its times is left alone', () => {
    const plan = { powerKw: [kw(4, 0, 4, 0), kw(0, 4, 0, 4)] };
    const w = session('w', { connector: 1, energyKwh: 8 });
    const taper = [{ fromKwh: 0, maxKw: 11 }];
    for (const fields of [{ taper }, { milestones: [{ by: 3, energyKwh: 8 }] }]) {
      const sessions = [session('v', { energyKwh: 8, ...fields }), w];
      expect(preferredPlan(depot({ sessions }), plan, 'continuous', fewStarts).powerKw).toEqual(plan.powerKw);
    }
  });

  const shapes: DepotShape[] = [
    { kind: 'last-mile', connectors: 44, intervals: 96, seed: 1, steps: true },
    { kind: 'bus', connectors: 60, intervals: 96, seed: 1, steps: true },
    { kind: 'two-shift', connectors: 60, intervals: 96, seed: 1, steps: true },
  ];
  for (const shape of shapes) {
    test(`${shape.connectors} x ${shape.intervals} ${shape.kind}: a tenth fewer starts, the same money`, async () => {
      const problem = generatedDepot(shape);
      const [raw, few] = [
        await solve(problem, options),
        await solve(problem, { ...options, fewStarts: true }),
      ];
      expect(few.status).toBe('optimal');
      expect(few.certificate.valid).toBe(true);
      expect(few.objective).toBeCloseTo(raw.objective, 6);
      expect(chargingStarts(few.powerKw)).toBeLessThan(0.9 * chargingStarts(raw.powerKw));
      expect(lowPowers(problem, few.powerKw)).toBeLessThanOrEqual(lowPowers(problem, raw.powerKw));
      const [before, after] = [profileOf(problem, raw.powerKw), profileOf(problem, few.powerKw)];
      expect(after.every((v, t) => Math.abs(v - before[t]!) < 1e-6)).toBe(true);
    });
  }

  test('law: never more starts, never a limit, never a cost, on drawn depots', async () => {
    for (let seed = 0; seed < 60; seed++) {
      const problem = randomDepot({ seed, intervalsMax: 24 });
      const { powerKw, batteryKw, pvKw } = await solve(problem, options);
      const plan = {
        powerKw,
        ...(batteryKw === undefined ? {} : { batteryKw }),
        ...(pvKw === undefined ? {} : { pvKw }),
      };
      const preferred = preferredPlan(problem, plan, 'continuous', fewStarts);
      const [before, after] = [account(problem, plan), account(problem, preferred)];
      expect(after.primalResidual, `seed ${seed}`).toBeLessThan(1e-6);
      expect(after.objective, `seed ${seed}`).toBeCloseTo(before.objective, 6);
      const burden = (rows: readonly Float64Array[]): number =>
        chargingStarts(rows) + lowPowers(problem, rows);
      expect(burden(preferred.powerKw), `seed ${seed}`).toBeLessThanOrEqual(burden(powerKw));
    }
  });
});

const fairShortfall = { fewStarts: false, fairShortfall: true, urgentFirst: false };
const urgentFirst = { fewStarts: false, fairShortfall: false, urgentFirst: true };
const everything = { fewStarts: true, fairShortfall: true, urgentFirst: true };

/** Energy of each session, kWh. */
function energies(problem: DepotProblem, powerKw: readonly Float64Array[]): number[] {
  return powerKw.map((row) => row.reduce((sum, v) => sum + v * problem.intervalH, 0));
}

/** Shares of what each session wants that it lacks, largest first. */
function sharesOf(problem: DepotProblem, powerKw: readonly Float64Array[]): number[] {
  const got = energies(problem, powerKw);
  return problem.sessions
    .map(({ energyKwh }, s) => Math.max(0, energyKwh - got[s]!) / energyKwh)
    .sort((a, b) => b - a);
}

const gridOf = (most: number): DepotProblem['circuits'] => [
  { id: 'grid', parent: -1, limitKw: kw(most, most, most, most) },
];

/**
 * The least share that the worst of all sessions can lack with the profile of `powerKw`: a program of its own, with the
 * columns and rows of the whole problem, a row per interval for the profile and `energy + share * wanted >= wanted`.
 */
async function leastWorstShare(problem: DepotProblem, powerKw: readonly Float64Array[]): Promise<number> {
  const { program, pairStart, freeColumn, seenColumn } = formulate(problem);
  const model = (await highsBackend()).open({ ...program, cost: new Float64Array(program.columns) }, 'on');
  model.addColumns(kw(1), kw(0), kw(1));
  const columnsOf = (s: number, i: number): number[] =>
    [freeColumn[pairStart[s]! + i]!, seenColumn[pairStart[s]! + i]!].filter((column) => column >= 0);
  const profile = profileOf(problem, powerKw);
  const rows: { columns: number[]; values: number[]; lower: number; upper: number }[] = [];
  for (const [t, draw] of profile.entries()) {
    const columns = problem.sessions.flatMap(({ arrive, depart }, s) =>
      t >= arrive && t < depart ? columnsOf(s, t - arrive) : [],
    );
    rows.push({ columns, values: columns.map(() => 1), lower: draw - 1e-9, upper: draw + 1e-9 });
  }
  for (const [s, { energyKwh }] of problem.sessions.entries()) {
    const columns = [...powerKw[s]!.keys()].flatMap((i) => columnsOf(s, i));
    const values = [...columns.map(() => problem.intervalH), energyKwh];
    rows.push({ columns: [...columns, program.columns], values, lower: energyKwh, upper: Infinity });
  }
  const starts = [0];
  for (const { columns } of rows) starts.push(starts.at(-1)! + columns.length);
  model.addRows({
    lower: Float64Array.from(rows, ({ lower }) => lower),
    upper: Float64Array.from(rows, ({ upper }) => upper),
    starts: Int32Array.from(starts),
    indices: Int32Array.from(rows.flatMap(({ columns }) => columns)),
    values: Float64Array.from(rows.flatMap(({ values }) => values)),
  });
  const answer = model.run({ integerGap: 0 });
  model.dispose();
  expect(answer.status).toBe('optimal');
  return answer.columnValue[program.columns]!;
}

describe('shortfall is shared', () => {
  test('vehicles of one price lack equal shares of what they want', () => {
    // 4 h of 5 kW are 20 of 40 kWh: each lacks half, v 15 of 30 and w 5 of 10.
    const sessions = [session('v', { energyKwh: 30 }), session('w', { connector: 1, energyKwh: 10 })];
    const problem = depot({ sessions, circuits: gridOf(5) });
    const plan = { powerKw: [kw(5, 5, 5, 5), kw(0, 0, 0, 0)] };
    const { powerKw } = preferredPlan(problem, plan, 'continuous', fairShortfall);
    const [v, w] = energies(problem, powerKw);
    expect(v).toBeCloseTo(15, 4);
    expect(w).toBeCloseTo(5, 4);
    expect([...profileOf(problem, powerKw)].map((v) => Math.round(v * 1e9) / 1e9)).toEqual([5, 5, 5, 5]);
  });

  test('as far as a feeder lets the one that lacks more', () => {
    // w hangs on 1 kW: 4 of its 20 kWh at most, and the other 16 of 20 kWh go to v.
    const circuits = [...gridOf(5), { id: 'own', parent: 0, limitKw: kw(1, 1, 1, 1) }];
    const connectors = [connector('a'), connector('b', { circuit: 1 })];
    const sessions = [session('v', { energyKwh: 20 }), session('w', { connector: 1, energyKwh: 20 })];
    const problem = depot({ sessions, circuits, connectors });
    const plan = { powerKw: [kw(5, 5, 5, 5), kw(0, 0, 0, 0)] };
    const { powerKw } = preferredPlan(problem, plan, 'continuous', fairShortfall);
    expect(energies(problem, powerKw).map((kwh) => Math.round(kwh * 1e6) / 1e6)).toEqual([16, 4]);
  });

  test('a third vehicle, served first, passes on between two that never meet', () => {
    // d leaves when r comes; m pays more and stays full. 8 of 16 kWh are left for d and r: 4 each.
    const sessions = [
      session('d', { depart: 2, energyKwh: 8 }),
      session('m', { connector: 1, energyKwh: 8, shortfallPrice: 20 }),
      session('r', { connector: 2, arrive: 2, energyKwh: 8 }),
    ];
    const connectors = [connector('a'), connector('b'), connector('c')];
    const problem = depot({ sessions, connectors, circuits: gridOf(4) });
    const plan = { powerKw: [kw(4, 4), kw(0, 0, 4, 4), kw(0, 0)] };
    const { powerKw } = preferredPlan(problem, plan, 'continuous', fairShortfall);
    for (const [s, kwh] of energies(problem, powerKw).entries()) expect(kwh).toBeCloseTo([4, 8, 4][s]!, 4);
  });

  test('a dearer shortfall is not shared with cheaper ones', () => {
    // v pays 20 and keeps 12 kWh; w and x share 8 kWh of 20 each.
    const sessions = [
      session('v', { energyKwh: 12, shortfallPrice: 20 }),
      session('w', { connector: 1, energyKwh: 20 }),
      session('x', { connector: 2, energyKwh: 20 }),
    ];
    const connectors = [connector('a'), connector('b'), connector('c')];
    const problem = depot({ sessions, connectors, circuits: gridOf(5) });
    const plan = { powerKw: [kw(3, 3, 3, 3), kw(2, 2, 2, 2), kw(0, 0, 0, 0)] };
    const { powerKw } = preferredPlan(problem, plan, 'continuous', fairShortfall);
    for (const [s, kwh] of energies(problem, powerKw).entries()) expect(kwh).toBeCloseTo([12, 4, 4][s]!, 4);
  });

  test('in steps: whole steps pass, none falls below the minimum', () => {
    // Equal shares would be 4 of 12 and 8 of 24 kWh; but v may not fall below 6 kW, so 6 pass.
    const steps = { maxKw: 12, minKw: 6, stepKw: 2, depart: 1 };
    const connectors = [connector('a', { maxKw: 12 }), connector('b', { maxKw: 12 })];
    const sessions = [
      session('v', { ...steps, energyKwh: 12 }),
      session('w', { ...steps, energyKwh: 24, connector: 1 }),
    ];
    const problem = depot({ sessions, connectors, circuits: gridOf(12) });
    const { powerKw } = preferredPlan(problem, { powerKw: [kw(12), kw(0)] }, 'stepped', fairShortfall);
    expect(powerKw).toEqual([kw(6), kw(6)]);
  });

  test('solve shares by itself where plans are in steps, and on request where not', async () => {
    const steps = { energyKwh: 48, maxKw: 12, minKw: 6, stepKw: 2 };
    const connectors = [connector('a', { maxKw: 12 }), connector('b', { maxKw: 12 })];
    const sessions = [session('v', steps), session('w', { ...steps, connector: 1 })];
    const problem = depot({ sessions, connectors, circuits: gridOf(12) });
    for (const given of [{ continuous: false }, { continuous: true, fairShortfall: true }]) {
      const { powerKw, certificate } = await solve(problem, { gap: 1e-6, ...given });
      expect(certificate.valid).toBe(true);
      for (const kwh of energies(problem, powerKw)) expect(kwh).toBeCloseTo(24, 3);
    }
  });

  test('law: the worst share is the least that a program of its own finds', async () => {
    let uneven = 0;
    for (let seed = 0; seed < 12; seed++) {
      const kind = (['last-mile', 'two-shift', 'bus'] as const)[seed % 3]!;
      const drawn = generatedDepot({ kind, connectors: 14, intervals: 24, seed, tightness: 0.55 });
      const sessions = drawn.sessions.map((one) => ({ ...one, shortfallPrice: 1000 }));
      const problem = { ...drawn, sessions };
      const { powerKw } = await solve(problem, options);
      const fair = preferredPlan(problem, { powerKw }, 'continuous', fairShortfall);
      const least = await leastWorstShare(problem, powerKw);
      const [before, after] = [sharesOf(problem, powerKw)[0]!, sharesOf(problem, fair.powerKw)[0]!];
      expect(after, `seed ${seed}`).toBeLessThan(least + 1e-4);
      if (before > least + 1e-4) uneven++;
    }
    expect(uneven).toBeGreaterThan(6);
  });
});

describe('those that leave first charge first', () => {
  test('an earlier interval passes to the vehicle that leaves earlier', () => {
    const sessions = [
      session('v', { depart: 2, energyKwh: 4 }),
      session('w', { connector: 1, energyKwh: 4 }),
    ];
    const plan = { powerKw: [kw(0, 4), kw(4, 0, 0, 0)] };
    expect(preferredPlan(depot({ sessions }), plan, 'continuous', urgentFirst).powerKw).toEqual([
      kw(4, 0),
      kw(0, 4, 0, 0),
    ]);
  });

  test('the running interval of a plan in force stays as it was solved', () => {
    // v would take hour 0 from w; but part of that hour may be over, and v would not get what the plan counts.
    const sessions = [
      session('v', { depart: 2, energyKwh: 4 }),
      session('w', { connector: 1, energyKwh: 4 }),
    ];
    const plan = { powerKw: [kw(0, 4), kw(4, 0, 0, 0)] };
    const previousKw = new Map([['w', kw(4, 0, 0, 0)]]);
    const problem = depot({ sessions, previousKw });
    expect(preferredPlan(problem, plan, 'continuous', urgentFirst).powerKw).toEqual(plan.powerKw);
  });

  test('never at the cost of a vehicle whose shortfall is dearer', () => {
    const sessions = [
      session('v', { depart: 2, energyKwh: 4 }),
      session('w', { connector: 1, energyKwh: 4, shortfallPrice: 20 }),
    ];
    const plan = { powerKw: [kw(0, 4), kw(4, 0, 0, 0)] };
    expect(preferredPlan(depot({ sessions }), plan, 'continuous', urgentFirst).powerKw).toEqual(plan.powerKw);
  });

  test('never for a start more', () => {
    // v could have its 4 kW of hour 2 in hour 1, but then w would stop there and start again.
    const sessions = [
      session('v', { depart: 3, energyKwh: 19 }),
      session('w', { connector: 1, energyKwh: 16 }),
    ];
    const plan = { powerKw: [kw(11, 4, 4), kw(4, 4, 4, 4)] };
    expect(preferredPlan(depot({ sessions }), plan, 'continuous', urgentFirst).powerKw).toEqual(plan.powerKw);
  });

  test('44 x 96: less is left for the last hour before departures', async () => {
    const problem = generatedDepot({
      kind: 'last-mile',
      connectors: 44,
      intervals: 96,
      seed: 1,
      steps: true,
    });
    const { powerKw } = await solve(problem, options);
    const hurried = preferredPlan(problem, { powerKw }, 'continuous', urgentFirst);
    const lastHour = (rows: readonly Float64Array[]): number =>
      rows.reduce((sum, row) => sum + row.subarray(-4).reduce((kwh, v) => kwh + v / 4, 0), 0);
    expect(lastHour(hurried.powerKw)).toBeLessThan(0.9 * lastHour(powerKw));
    expect(chargingStarts(hurried.powerKw)).toBeLessThanOrEqual(chargingStarts(powerKw));
  });
});

test('law: with all preferences the profile, the cost and every limit stand, on drawn depots', async () => {
  for (let seed = 100; seed < 180; seed++) {
    const problem = randomDepot({ seed, intervalsMax: 24 });
    const { powerKw, batteryKw, pvKw } = await solve(problem, options);
    const flows = { ...(batteryKw && { batteryKw }), ...(pvKw && { pvKw }) };
    const plan = { powerKw, ...flows };
    const preferred = preferredPlan(problem, plan, 'continuous', everything);
    const [before, after] = [account(problem, plan), account(problem, preferred)];
    expect(after.primalResidual, `seed ${seed}`).toBeLessThan(1e-6);
    expect(Math.abs(after.objective - before.objective), `seed ${seed}`).toBeLessThanOrEqual(
      1e-9 * Math.max(1, Math.abs(before.objective)),
    );
    const [was, is] = [profileOf(problem, powerKw), profileOf(problem, preferred.powerKw)];
    expect(
      is.every((v, t) => Math.abs(v - was[t]!) < 1e-7),
      `seed ${seed}`,
    ).toBe(true);
  }
});
