/** Depots drawn from a seed, in the shapes that fleets have, for tests and benches. @module */
import { prngOf } from '#domain/prng';
import type { Prng } from '#domain/prng';
import type { CircuitNode, ConnectorNode, DemandWindow, DepotProblem, Session } from './problem.ts';

/** What to draw. */
export interface DepotShape {
  readonly kind: 'overnight' | 'last-mile' | 'bus' | 'two-shift' | 'mixed';
  readonly connectors: number;
  readonly intervals: number;
  readonly seed: number;
  /** Circuit limits as a share of a comfortable one. */
  readonly tightness?: number;
  readonly shortfallPrice?: number;
  /** Keeps 6 A per pin of AC connectors and 5 % of DC ones reserved. */
  readonly reserve?: boolean;
  /** Minimum power and amp steps as chargers have them. */
  readonly steps?: boolean;
  readonly phases?: boolean;
  readonly taper?: boolean;
  readonly pv?: boolean;
  readonly battery?: boolean;
  readonly windows?: boolean;
}

interface Drawing {
  readonly shape: DepotShape;
  readonly prng: Prng;
  readonly intervalH: number;
  readonly between: (low: number, high: number) => number;
  /** Interval of an hour of the day; the horizon starts at noon. */
  readonly at: (hour: number) => number;
  readonly hourOf: (t: number) => number;
}

const startHour = 12;

function drawingOf(shape: DepotShape): Drawing {
  const prng = prngOf(shape.seed * 7919 + shape.connectors * 31 + shape.intervals);
  const intervalH = 24 / shape.intervals;
  return {
    shape,
    prng,
    intervalH,
    between: (low, high) => low + (high - low) * prng.next(),
    at: (hour) => {
      const after = (((hour - startHour) % 24) + 24) % 24;
      return Math.min(shape.intervals, Math.round(after / intervalH));
    },
    hourOf: (t) => (startHour + t * intervalH) % 24,
  };
}

function ratingOf({ shape, prng }: Drawing, c: number): number {
  const roll = prng.next();
  switch (shape.kind) {
    case 'bus':
      return 150;
    case 'last-mile':
      return c >= Math.floor(0.91 * shape.connectors) ? 60 : roll < 0.7 ? 7.36 : 11.04;
    case 'overnight':
      return roll < 0.5 ? 11.04 : 22.08;
    case 'two-shift':
      return roll < 0.6 ? 22.08 : 43.47;
    case 'mixed':
      return roll < 0.5 ? 11.04 : roll < 0.8 ? 22.08 : roll < 0.95 ? 60 : 150;
  }
}

type Stay = readonly [from: number, to: number, share: number];

function staysOf({ shape, prng, between }: Drawing, ratingKw: number): Stay[] {
  if (prng.next() < 0.05) return [];
  const night = (): Stay => [between(16, 21), between(4.5, 8), between(0.2, 0.75)];
  switch (shape.kind) {
    case 'overnight':
      return [night()];
    case 'bus': {
      const stays: Stay[] = [[between(18.5, 25.5), between(4, 7.5), between(0.25, 0.8)]];
      if (prng.next() < 0.25) stays.push([between(12, 13), between(14.5, 16), between(0.2, 0.7)]);
      return stays;
    }
    case 'last-mile':
      if (ratingKw < 50) return [[between(17, 20.5), between(4, 8.5), between(0.2, 0.85)]];
      return [
        [between(12, 13.5), between(15, 17), between(0.3, 0.8)],
        [between(18, 20), between(22.5, 28), between(0.2, 0.7)],
      ];
    case 'two-shift':
      return [
        [between(12, 13.2), between(14.5, 16.5), between(0.3, 0.8)],
        [between(21, 25), between(4.5, 7), between(0.3, 0.9)],
      ];
    case 'mixed': {
      const roll = prng.next();
      if (roll < 0.7) return [night()];
      if (roll >= 0.85) {
        const from = between(12, 32);
        return [[from, from + between(2, 6), between(0.2, 0.8)]];
      }
      return [
        [between(12, 13.5), between(15, 17), between(0.3, 0.8)],
        [between(19, 23), between(4, 8), between(0.2, 0.8)],
      ];
    }
  }
}

function sessionsOf(drawing: Drawing, connectors: readonly ConnectorNode[]): Session[] {
  const { shape, prng, between, at, hourOf, intervalH } = drawing;
  const sessions: Session[] = [];
  for (const [c, connector] of connectors.entries()) {
    let free = 0;
    for (const [from, to, share] of staysOf(drawing, connector.maxKw)) {
      const arrive = at(from);
      const depart = at(to) <= arrive ? shape.intervals : at(to);
      const small = prng.next() < 0.15 && shape.phases === true;
      const phases = connector.rotation.length === 3 && !small ? 3 : 1;
      const most = connector.maxKw * (prng.next() < 0.2 ? between(0.6, 0.9) : 1);
      const stayH = (depart - arrive) * intervalH;
      const packKwh = connector.maxKw >= 50 ? between(80, 400) : between(50, 110);
      const energyKwh = Math.max(1, Math.min(share * most * stayH, between(0.35, 0.85) * packKwh));
      const windowed = shape.windows === true && prng.next() < 0.3;
      const early = hourOf(depart) < 5;
      if (arrive < free || depart - arrive < 2) continue;
      free = depart;
      const pins = phases === 1 || connector.maxKw < 8 ? 1 : 3;
      const stepped = shape.steps === true && connector.maxKw < 50;
      sessions.push({
        id: `vehicle-${sessions.length}`,
        connector: c,
        arrive,
        depart,
        energyKwh,
        maxKw: windowed
          ? Float64Array.from({ length: depart - arrive }, (_, i) => {
              const hour = hourOf(arrive + i);
              return hour >= 18 && hour < 20 ? 0 : most;
            })
          : most,
        phases,
        minKw: stepped ? 6 * 0.23 * pins : 0,
        stepKw: stepped ? 0.23 * pins : 0,
        shortfallPrice: (shape.shortfallPrice ?? 1000) * (early ? 2 : prng.next() < 0.1 ? 0.5 : 1),
        ...(shape.taper === true && connector.maxKw >= 50
          ? {
              taper: [
                { fromKwh: 0.7 * energyKwh, maxKw: most },
                { fromKwh: 1.1 * energyKwh, maxKw: 0.1 * most },
              ],
            }
          : {}),
      });
    }
  }
  return sessions;
}

/** Mean powers of all stays on each circuit: what limits are measured by. */
function meanLoad(
  sessions: readonly Session[],
  intervalH: number,
  size: { readonly nodes: number; readonly intervals: number },
  pathOf: (session: Session) => readonly number[],
): Float64Array[] {
  const load = Array.from({ length: size.nodes }, () => new Float64Array(size.intervals));
  for (const session of sessions) {
    const kw = session.energyKwh / ((session.depart - session.arrive) * intervalH);
    for (const g of pathOf(session)) {
      for (let t = session.arrive; t < session.depart; t++) load[g][t] += kw;
    }
  }
  return load;
}

const peakOf = (kw: Float64Array): number => kw.reduce((most, value) => Math.max(most, value), 0);

function parentsOf(connectors: number): number[] {
  const feeders =
    connectors <= 12 ? 0 : connectors <= 60 ? 2 : connectors <= 250 ? 5 : connectors <= 1500 ? 10 : 25;
  const transformers = feeders >= 10 ? Math.max(2, Math.round(feeders / 5)) : 0;
  const parents = [-1];
  for (let x = 0; x < transformers; x++) parents.push(0);
  for (let f = 0; f < feeders; f++) {
    parents.push(transformers === 0 ? 0 : 1 + Math.floor((f * transformers) / feeders));
  }
  return parents;
}

function connectorsOf(drawing: Drawing, parents: readonly number[]): ConnectorNode[] {
  const { shape, prng } = drawing;
  const count = shape.connectors;
  const feeders =
    parents.length === 1 ? 0 : parents.length - 1 - (parents.includes(1) ? new Set(parents).size - 2 : 0);
  return Array.from({ length: count }, (_, c) => {
    const maxKw = ratingOf(drawing, c);
    const feeder = Math.floor(((c - (c % 2)) * feeders) / count);
    const turn = prng.integer(0, 2);
    const single = shape.phases === true && maxKw < 8;
    const circuit = feeders === 0 ? 0 : parents.length - feeders + Math.min(feeders - 1, feeder);
    return {
      id: `connector-${c}`,
      circuit,
      maxKw,
      module: c - (c % 2) + 1 < count ? Math.floor(c / 2) : -1,
      rotation: single ? [turn] : [turn, (turn + 1) % 3, (turn + 2) % 3],
      reserveKw: shape.reserve !== true ? 0 : maxKw < 50 ? 1.38 * (single ? 1 : 3) : 0.05 * maxKw,
    };
  });
}

function demandOf(drawing: Drawing, fixed: Float64Array, load: Float64Array): DemandWindow[] {
  const { hourOf, shape } = drawing;
  const counts = (inside: (hour: number) => boolean): Uint8Array =>
    Uint8Array.from(fixed, (_, t) => (inside(hourOf(t)) ? 1 : 0));
  const fixedPeak = (mask: Uint8Array): number => peakOf(fixed.map((kw, t) => kw * mask[t]));
  const onPeak = counts((hour) => hour >= 16 && hour < 21);
  const partPeak = counts((hour) => (hour >= 6 && hour < 16) || (hour >= 21 && hour < 22));
  const blocks = {
    blockIntervals: Math.max(1, Math.round(0.25 / drawing.intervalH)),
    blockOffset: 0,
    blockPastKw: 0,
  };
  const ratchet = [0.55, 0.8, 1.02][shape.seed % 3] * peakOf(load.map((kw, t) => kw + fixed[t]));
  return [
    { id: 'any', pricePerKw: 12, counts: counts(() => true), floorKw: ratchet, ...blocks },
    { id: 'on-peak', pricePerKw: 18, counts: onPeak, floorKw: 1.05 * fixedPeak(onPeak), ...blocks },
    { id: 'part-peak', pricePerKw: 5, counts: partPeak, floorKw: fixedPeak(partPeak), ...blocks },
  ];
}

function circuitsOf(
  drawing: Drawing,
  parents: readonly number[],
  loads: readonly Float64Array[],
  reserves: Float64Array,
): CircuitNode[] {
  const { shape, hourOf } = drawing;
  const tightness = shape.tightness ?? 1;
  return parents.map((parent, g) => {
    const most = peakOf(loads[g]);
    const margin = g === 0 ? 1.2 : parent === 0 && parents.length > 10 ? 1.2 : 1.12;
    const limitKw = loads[g].map((kw, t) => {
      const event = g === 0 && hourOf(t) >= 17 && hourOf(t) < 20;
      return (
        reserves[g] + (event ? Math.max(0.85 * margin * tightness * most, kw) : margin * tightness * most)
      );
    });
    const phaseLimitKw = [0, 1, 2].map((i) => limitKw.map((kw) => kw * (0.36 + 0.02 * i)));
    return {
      id: g === 0 ? 'grid' : `circuit-${g}`,
      parent,
      limitKw,
      ...(shape.phases === true
        ? { phaseLimitKw: [phaseLimitKw[0], phaseLimitKw[1], phaseLimitKw[2]] as const }
        : {}),
    };
  });
}

/** The depot of `shape`: the same for the same shape, on every machine. */
export function generatedDepot(shape: DepotShape): DepotProblem {
  const drawing = drawingOf(shape);
  const { intervalH, hourOf, prng } = drawing;
  const { intervals } = shape;
  const parents = parentsOf(shape.connectors);
  const drawn = connectorsOf(drawing, parents);
  const sessions = sessionsOf(drawing, drawn);
  const pathOf = (circuit: number): number[] => (circuit < 0 ? [] : [circuit, ...pathOf(parents[circuit])]);
  const size = { nodes: parents.length, intervals };
  const loads = meanLoad(sessions, intervalH, size, (session) => pathOf(drawn[session.connector].circuit));
  const modules = Array.from({ length: Math.floor(shape.connectors / 2) }, (_, m) => {
    const [a, b] = [drawn[2 * m].maxKw, drawn[2 * m + 1].maxKw];
    return { id: `module-${m}`, maxKw: Math.max(a, b, (shape.kind === 'bus' ? 0.6 : 0.7) * (a + b)) };
  });
  const reserves = new Float64Array(parents.length);
  for (const connector of drawn)
    for (const g of pathOf(connector.circuit)) reserves[g] += connector.reserveKw;
  const sitePeak = peakOf(loads[0]);
  const fixedLoadKw = Float64Array.from({ length: intervals }, (_, t) => {
    const swell = 0.1 * Math.exp(-((hourOf(t) - 14) ** 2) / 18);
    return sitePeak * (0.12 + swell + 0.02 * prng.next());
  });
  const sun = (hour: number): number => (hour > 6 && hour < 19 ? Math.sin((Math.PI * (hour - 6)) / 13) : 0);
  return {
    intervalH,
    intervals,
    circuits: circuitsOf(drawing, parents, loads, reserves),
    connectors: drawn,
    modules,
    sessions,
    fixedLoadKw,
    price: Float64Array.from({ length: intervals }, (_, t) => {
      const hour = hourOf(t);
      const quarter = Math.floor((t * intervalH) / 0.25 + 1e-9);
      // A little dearer from quarter hour to quarter hour: among equals, earlier is better.
      return (hour >= 16 && hour < 21 ? 0.34 : hour >= 22 || hour < 6 ? 0.12 : 0.19) + (1e-3 * quarter) / 96;
    }),
    demand: demandOf(drawing, fixedLoadKw, loads[0]),
    earliness: 0,
    ...(shape.pv === true
      ? {
          pv: {
            kw: Float64Array.from({ length: intervals }, (_, t) => 0.5 * sitePeak * sun(hourOf(t))),
            sellPrice: new Float64Array(intervals).fill(0.06),
          },
        }
      : {}),
    ...(shape.battery === true
      ? {
          battery: {
            capacityKwh: sitePeak,
            maxKw: 0.4 * sitePeak,
            efficiency: 0.93,
            initialKwh: 0.5 * sitePeak,
            wearPerKwh: 0.01,
          },
        }
      : {}),
  };
}
