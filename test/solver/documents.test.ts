import { describe, expect, test } from 'vitest';
import { optimise } from '#solver/operations';
import type { OptimiseAnswer } from '#solver/operations';
import {
  at,
  countedBlocks,
  leastCost,
  phaseNames,
  pinsOf,
  roomOf,
  seenPerKw,
  upwards,
} from './plain-program.ts';
import type { PlainDocument } from './plain-program.ts';
import { randomDocument } from './random-document.ts';

/** More with VOLTHERD_INSTANCES=10000. */
const instances = Math.ceil(Number(process.env['VOLTHERD_INSTANCES'] ?? 150) / 4);
const tiny = 1e-6;

async function answer(document: PlainDocument): Promise<OptimiseAnswer> {
  const result = await optimise.handle(document);
  if (!result.ok) throw new Error(JSON.stringify(result.problem));
  return optimise.output.parse(result.value);
}

/** The worst excess over any limit of the document, counted from the answer alone, kW or kWh. */
function excess(document: PlainDocument, { powerKw, shortfallKwh, batteryKw, pvKw }: OptimiseAnswer): number {
  const { intervals: T, intervalMinutes, pv, battery } = document;
  const h = intervalMinutes / 60;
  let worst = 0;
  const note = (value: number): void => {
    worst = Math.max(worst, Number.isNaN(value) ? Infinity : value);
  };
  const connectorOf = (id: string): PlainDocument['connectors'][number] =>
    document.connectors.find((connector) => connector.id === id)!;
  /** What a limit sees of all stays at interval `t`: their powers in either direction, times `weight`. */
  const load = (t: number, weight: (session: PlainDocument['sessions'][number]) => number): number =>
    document.sessions
      .filter(({ arrive, depart }) => t >= arrive && t < depart)
      .reduce((sum, s) => sum + weight(s) * Math.abs(powerKw[s.id]![t - s.arrive]!), 0);
  for (const session of document.sessions) {
    const connector = connectorOf(session.connector);
    const kw = powerKw[session.id]!;
    expect(kw).toHaveLength(session.depart - session.arrive);
    let delivered = 0;
    for (const [i, value] of kw.entries()) {
      const t = session.arrive + i;
      note(-value - (session.dischargeKw === undefined || t >= T ? 0 : at(session.dischargeKw, t)));
      note(-value - (t < T ? at(connector.maxKw, t) : 0));
      note(t < T ? value - Math.min(at(session.maxKw, t), at(connector.maxKw, t)) : value);
      const points = t < T ? (session.taper ?? []) : [];
      if (points.length > 0) note(value - points[0]!.maxKw);
      for (let n = 1; n < points.length; n++) {
        const [a, b] = [points[n - 1]!, points[n]!];
        const slope = (a.maxKw - b.maxKw) / (b.fromKwh - a.fromKwh);
        note(value - (a.maxKw - slope * (delivered - a.fromKwh)));
      }
      delivered +=
        value * h * (value > 0 ? (session.efficiency ?? 1) : 1 / (session.dischargeEfficiency ?? 1));
      if (session.dischargeKw === undefined) continue;
      note(-delivered - (session.heldKwh ?? 0));
      note(delivered - (session.roomKwh ?? session.energyKwh));
    }
    note(Math.abs(delivered + shortfallKwh[session.id]! - session.energyKwh));
  }
  for (let t = 0; t < T; t++) {
    const site = (batteryKw?.[t] ?? 0) - (pvKw?.[t] ?? 0);
    for (const [g, circuit] of document.circuits.entries()) {
      const extra = g === 0 ? site : 0;
      for (const name of [undefined, ...phaseNames]) {
        const weight = (session: PlainDocument['sessions'][number]): number => {
          const connector = connectorOf(session.connector);
          const pins = pinsOf(connector);
          if (!upwards(document, connector.circuit).includes(circuit.id)) return 0;
          if (name === undefined) return seenPerKw(session, connector);
          return pins.includes(name) ? seenPerKw(session, connector) / pins.length : 0;
        };
        note(load(t, weight) + extra / (name === undefined ? 1 : 3) - roomOf(document, g, t, name));
      }
    }
    for (const { id, maxKw } of document.modules) {
      note(load(t, ({ connector }) => (connectorOf(connector).module === id ? 1 : 0)) - maxKw);
    }
    note((pvKw?.[t] ?? 0) - (pv?.kw[t] ?? 0));
    note(Math.abs(batteryKw?.[t] ?? 0) - (battery?.maxKw ?? 0));
  }
  let stored = battery?.initialKwh ?? 0;
  for (const kw of batteryKw ?? []) {
    stored += kw > 0 ? kw * h * battery!.efficiency : (kw * h) / battery!.efficiency;
    note(Math.max(-stored, stored - battery!.capacityKwh));
  }
  note((battery?.initialKwh ?? 0) - stored);
  return worst;
}

/** The cost of an answer by kind, counted from its powers alone. */
function moneyOf(document: PlainDocument, found: OptimiseAnswer): OptimiseAnswer['cost'] {
  const { intervals: T, intervalMinutes, price, fixedLoadKw, pv, battery, earliness = 0 } = document;
  const h = intervalMinutes / 60;
  const each = (
    kwOf: (kw: number, session: PlainDocument['sessions'][number], t: number) => number,
  ): number =>
    document.sessions.reduce(
      (total, s) => total + found.powerKw[s.id]!.reduce((sum, kw, i) => sum + kwOf(kw, s, s.arrive + i), 0),
      0,
    );
  const vehicles = Array.from({ length: T }, (_, t) =>
    document.sessions.reduce((sum, { id, arrive }) => sum + (found.powerKw[id]![t - arrive] ?? 0), 0),
  );
  const net = vehicles.map(
    (kw, t) => kw + fixedLoadKw[t]! + (found.batteryKw?.[t] ?? 0) - (found.pvKw?.[t] ?? 0),
  );
  const sources =
    pv !== undefined || battery !== undefined || document.sessions.some((s) => s.dischargeKw !== undefined);
  const drawn = net.map((kw) => (sources ? Math.max(0, kw) : kw));
  const peak = (window: PlainDocument['demand'][number]): number =>
    countedBlocks(document, window)
      .map((block) => block.reduce((sum, t) => sum + drawn[t]!, 0) / block.length)
      .reduce((a, b) => Math.max(a, b), window.floorKw);
  const sum = (of: (t: number) => number): number => price.reduce((total, _, t) => total + of(t), 0);
  for (const window of document.demand) expect(found.peaksKw[window.id]).toBeCloseTo(peak(window), 6);
  return {
    energy: sum((t) => {
      const fed = drawn[t]! - net[t]!;
      return (
        h * (price[t]! * (drawn[t]! - fixedLoadKw[t]!) - Math.min(pv?.sellPrice?.[t] ?? 0, price[t]!) * fed)
      );
    }),
    demand: document.demand.reduce((total, window) => total + window.pricePerKw * peak(window), 0),
    shortfall: document.sessions.reduce((total, s) => {
      const missed = (found.missedKwh?.[s.id] ?? []).reduce((a, b) => a + b, 0);
      return total + s.shortfallPrice * (found.shortfallKwh[s.id]! + missed);
    }, 0),
    wear:
      sum((t) => h * (battery?.wearPerKwh ?? 0) * Math.max(0, found.batteryKw?.[t] ?? 0)) +
      each((kw, { wearPerKwh = 0 }) => h * wearPerKwh * Math.max(0, -kw)),
    earliness: each((kw, _, t) => (h * earliness * t * Math.max(0, kw)) / T),
  };
}

function expectNear(value: number, expected: number, what: string): void {
  expect(Math.abs(value - expected), what).toBeLessThanOrEqual(tiny * Math.max(1, Math.abs(expected)));
}

/** Everything that an answer claims, against the document. */
function expectTrue(document: PlainDocument, found: OptimiseAnswer, what: string): void {
  expect(found.certificate.valid, what).toBe(true);
  expect(excess(document, found), what).toBeLessThanOrEqual(tiny);
  const money = moneyOf(document, found);
  for (const kind of ['energy', 'demand', 'shortfall', 'wear', 'earliness'] as const) {
    expectNear(found.cost[kind], money[kind], `${what} ${kind}`);
  }
  expectNear(
    found.objective,
    Object.values(found.cost).reduce((a, b) => a + b),
    what,
  );
}

describe('law: the answer to a drawn document is the optimum of the plain program', () => {
  for (const [name, options] of Object.entries({
    'vehicles and tariffs': {},
    'PV and battery': { sources: true },
    'prices below 0': { negative: true },
    'phases, milestones and feeding back': { rich: true },
    'all of it': { rich: true, sources: true },
  })) {
    test(`${name}, ${instances} documents on two engines`, async () => {
      for (let seed = 0; seed < instances; seed++) {
        const document = randomDocument({ seed, ...options });
        const least = await leastCost(document);
        for (const solver of ['structured', 'highs'] as const) {
          const what = `seed ${seed} ${solver}`;
          const found = await answer({ ...document, solver });
          expect(found.status, what).toBe('optimal');
          expectNear(found.objective, least, what);
          expect(found.bound, what).toBeLessThanOrEqual(least + tiny * Math.max(1, Math.abs(least)));
          expectTrue(document, found, what);
        }
      }
    });
  }

  test('a battery at prices below 0 never burns energy, and the rest is still the optimum', async () => {
    let burning = 0;
    for (let seed = 0; seed < 4 * instances; seed++) {
      const document = randomDocument({ seed, negative: true, sources: true });
      if (document.battery === undefined || document.price.every((price) => price >= 0)) continue;
      const [least, found] = [await leastCost(document, 'one way'), await answer(document)];
      expectNear(found.objective, least, `seed ${seed}`);
      expectTrue(document, found, `seed ${seed}`);
      if (found.status !== 'optimal') burning++;
    }
    expect(burning).toBeGreaterThan(0);
  });
});

test.each([
  // 20 kW out: the surplus of 10 that nobody controls and 10 kW of sun. 0.2 x (0 + 10) - 0.1 x 20.
  ['a surplus', -10, 50, 0],
  // 30 kW of load above the limit of 20, sun of 80: again 20 kW out. 0.2 x (0 - 30) - 0.1 x 20.
  ['a load above the limit', 30, 80, -8],
])('no more is fed in than the grid connection carries beside %s', async (_name, fixed, sun, objective) => {
  const document: PlainDocument = {
    intervalMinutes: 60,
    intervals: 1,
    circuits: [{ id: 'grid', parent: null, limitKw: 20 }],
    connectors: [],
    modules: [],
    sessions: [],
    fixedLoadKw: [fixed],
    pv: { kw: [sun], sellPrice: [0.1] },
    price: [0.2],
    demand: [],
  };
  const found = await answer(document);
  expect(found.objective).toBeCloseTo(objective, 9);
  expect(found.certificate.valid).toBe(true);
  expect(found.pvKw![0]! - fixed).toBeLessThanOrEqual(20 + tiny);
});
