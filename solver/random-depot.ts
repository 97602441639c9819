/** Small depots of every awkward kind, drawn from a seed: what engines must agree on. @module */
import { prngOf } from '#domain/prng';
import type { Prng } from '#domain/prng';
import type {
  Battery,
  CircuitNode,
  ConnectorNode,
  DemandWindow,
  DepotProblem,
  PvSource,
  Session,
} from './problem.ts';

/** Features to leave out, so that engines without them can take part. */
export interface RandomDepotOptions {
  readonly seed: number;
  /** Plain: no phases, taper, PV, battery. */
  readonly plain?: boolean;
  /** Phase limits above sockets of one and three phases, reserves and shared modules most of the time, and no taper. */
  readonly mixed?: boolean;
  /** PV and a battery most of the time, whatever `plain` says. */
  readonly sourced?: boolean;
  readonly intervalsMax?: number;
  readonly connectorsMax?: number;
}

interface Dice {
  readonly prng: Prng;
  readonly intervals: number;
  readonly chance: (share: number) => boolean;
  readonly between: (low: number, high: number) => number;
  readonly pick: <T>(values: readonly T[]) => T;
  readonly series: (draw: (t: number) => number) => Float64Array;
}

function diceOf(options: RandomDepotOptions): Dice {
  const prng = prngOf(options.seed * 2 + 1);
  const lengths = [1, 2, 3, 5, 8, 12, 24, 48, 96].filter((n) => n <= (options.intervalsMax ?? 96));
  const intervals = lengths[prng.integer(0, lengths.length - 1)];
  const between = (low: number, high: number): number => low + (high - low) * prng.next();
  return {
    prng,
    intervals,
    between,
    chance: (share) => prng.next() < share,
    pick: (values) => values[prng.integer(0, values.length - 1)],
    series: (draw) => Float64Array.from({ length: intervals }, (_, t) => draw(t)),
  };
}

/** Rounded values meet exactly, which is where engines go wrong. */
function amount({ chance, between }: Dice, high: number): number {
  const value = between(0, high);
  return chance(0.5) ? Math.round(value) : value;
}

function circuitsOf(dice: Dice, phased: boolean): CircuitNode[] {
  const { chance, pick, prng, series, between } = dice;
  const count = prng.integer(1, 6);
  return Array.from({ length: count }, (_, g) => {
    const level = pick([0, 5, 10, 20, 40, 80, Infinity]);
    const wobble = chance(0.3);
    const limitKw = series(() => (wobble && chance(0.3) ? between(0, 30) : level));
    const share = between(0.2, 0.5);
    const phase = (): Float64Array => series(() => Math.min(1e6, level) * share);
    return {
      id: `circuit-${g}`,
      parent: g === 0 ? -1 : prng.integer(Math.max(0, g - 3), g - 1),
      limitKw,
      ...(phased && chance(0.7) ? { phaseLimitKw: [phase(), phase(), phase()] as const } : {}),
    };
  });
}

function connectorsOf(dice: Dice, circuits: number, modules: number, most: number): ConnectorNode[] {
  const { chance, pick, prng } = dice;
  const reserved = chance(0.3);
  const together = chance(0.8);
  const circuitOf = Array.from({ length: modules }, () => prng.integer(0, circuits - 1));
  return Array.from({ length: prng.integer(1, most) }, (_, c) => {
    const maxKw = pick([0, 3.68, 7.36, 11.04, 22.08, 50]);
    const turn = prng.integer(0, 2);
    const module = modules > 0 && chance(0.5) ? prng.integer(0, modules - 1) : -1;
    return {
      id: `connector-${c}`,
      circuit: module >= 0 && together ? circuitOf[module] : prng.integer(0, circuits - 1),
      maxKw,
      module,
      rotation: chance(0.3) ? [turn] : [turn, (turn + 1) % 3, (turn + 2) % 3],
      reserveKw: reserved && chance(0.7) ? pick([0.5, 1.38, 4.14]) : 0,
    };
  });
}

function sessionsOf(
  dice: Dice,
  connectors: readonly ConnectorNode[],
  options: RandomDepotOptions,
): Session[] {
  const { chance, between, pick, prng, intervals } = dice;
  const sessions: Session[] = [];
  const levels = pick([[1000], [1000, 500], [0.05, 0.2, 3], [0], [40, 10, 20]]);
  for (const [c, connector] of connectors.entries()) {
    let free = 0;
    for (let visit = 0; visit < 2; visit++) {
      if (chance(0.2) || free > intervals) continue;
      const arrive = prng.integer(free, intervals);
      const depart = prng.integer(arrive, intervals);
      free = depart;
      const most = chance(0.2) ? between(0, 30) : pick([connector.maxKw, Infinity, 7.36]);
      const windowed = chance(0.25);
      const pins = connector.rotation.length;
      const single = pins === 3 && options.plain !== true && chance(0.2);
      const stepped = chance(0.4);
      const energyKwh = chance(0.1) ? 0 : amount(dice, 40);
      sessions.push({
        id: `session-${sessions.length}`,
        connector: c,
        arrive,
        depart,
        energyKwh,
        maxKw: windowed
          ? Float64Array.from({ length: depart - arrive }, () => (chance(0.3) ? 0 : most))
          : most,
        phases: pins === 1 || single ? 1 : 3,
        minKw: stepped ? 1.38 * (single ? 1 : pins) : 0,
        stepKw: stepped && chance(0.7) ? 0.23 * (single ? 1 : pins) : 0,
        shortfallPrice: pick(levels),
        ...(options.plain !== true && options.mixed !== true && chance(0.15)
          ? {
              taper: [
                { fromKwh: 0.5 * energyKwh, maxKw: connector.maxKw },
                { fromKwh: 0.5 * energyKwh + 10, maxKw: 0.2 * connector.maxKw },
              ],
            }
          : {}),
      });
    }
  }
  return sessions;
}

function demandOf(dice: Dice): DemandWindow[] {
  const { chance, pick, prng, intervals, between } = dice;
  return Array.from({ length: pick([0, 0, 1, 2, 4]) }, (_, k) => {
    const blockIntervals = pick([1, 1, 2, 3, 6]);
    const blockOffset = chance(0.5) ? 0 : prng.integer(0, blockIntervals - 1);
    const share = pick([0, 0.3, 1]);
    return {
      id: `demand-${k}`,
      pricePerKw: pick([0, 2, 12, 18]),
      counts: Uint8Array.from({ length: intervals }, () => (chance(share) ? 1 : 0)),
      floorKw: pick([0, 0, 5, 20, 200]),
      blockIntervals,
      blockOffset,
      blockPastKw: blockOffset === 0 ? 0 : between(0, 40),
    };
  });
}

function priceOf(dice: Dice): Float64Array {
  const { pick, between, series } = dice;
  switch (pick(['flat', 'zero', 'negative', 'steps', 'any'] as const)) {
    case 'flat':
      return series(() => 0.2);
    case 'zero':
      return series(() => 0);
    case 'negative':
      return series(() => between(-0.3, 0.1));
    case 'steps':
      return series((t) => (t % 5 < 2 ? 0.34 : 0.12));
    case 'any':
      return series(() => between(0.05, 0.5));
  }
}

function sourcesOf(dice: Dice, share: number): { pv?: PvSource; battery?: Battery } {
  const { chance, between, series } = dice;
  const sells = chance(0.5);
  return {
    ...(chance(share)
      ? {
          pv: {
            kw: series(() => (chance(0.5) ? 0 : between(0, 30))),
            ...(sells ? { sellPrice: series(() => 0.06) } : {}),
          },
        }
      : {}),
    ...(chance(share)
      ? {
          battery: {
            capacityKwh: 40,
            maxKw: 15,
            efficiency: between(0.85, 1),
            initialKwh: 20,
            wearPerKwh: 0.01,
          },
        }
      : {}),
  };
}

/** The depot of `options.seed`. Negative prices come without a battery, which could burn energy in a linear program. */
export function randomDepot(options: RandomDepotOptions): DepotProblem {
  const dice = diceOf(options);
  const { chance, between, pick, prng, series, intervals } = dice;
  const phased = options.plain !== true && chance(options.mixed === true ? 0.9 : 0.3);
  const circuits = circuitsOf(dice, phased);
  const modules = Array.from({ length: prng.integer(0, 3) }, (_, m) => ({
    id: `module-${m}`,
    maxKw: pick([0, 11.04, 22, 30]),
  }));
  const connectors = connectorsOf(dice, circuits.length, modules.length, options.connectorsMax ?? 10);
  const sessions = chance(0.05) ? [] : sessionsOf(dice, connectors, options);
  const price = priceOf(dice);
  const share = options.sourced === true ? 0.8 : 0.3;
  const sources = options.plain === true && options.sourced !== true ? {} : sourcesOf(dice, share);
  const negative = price.some((value) => value < 0);
  return {
    intervalH: pick([1, 0.5, 0.25, 1 / 12]),
    intervals,
    circuits,
    connectors,
    modules,
    sessions,
    fixedLoadKw: chance(0.4) ? new Float64Array(intervals) : series(() => between(0, 20)),
    price,
    demand: demandOf(dice),
    earliness: pick([0, 0, 1e-3]),
    ...(sources.pv === undefined ? {} : { pv: sources.pv }),
    ...(sources.battery === undefined || negative ? {} : { battery: sources.battery }),
  };
}
