/** Documents of `optimise` drawn from a seed: every field of the contract, and values that meet exactly. */
import { prngOf } from '#domain/prng';
import type { PhaseName, PlainDocument, PlainSession } from './plain-program.ts';

export interface DocumentOptions {
  readonly seed: number;
  /** Prices below 0 now and then. */
  readonly negative?: boolean;
  /** Phase limits, one-phase vehicles, milestones and vehicles that feed back now and then. */
  readonly rich?: boolean;
  /** PV and batteries now and then. */
  readonly sources?: boolean;
  readonly intervalsMax?: number;
  readonly connectorsMax?: number;
}

export function randomDocument(options: DocumentOptions): PlainDocument {
  const prng = prngOf(options.seed * 2 + 1);
  const chance = (share: number): boolean => prng.next() < share;
  const pick = <T>(values: readonly T[]): T => values[prng.integer(0, values.length - 1)]!;
  const between = (low: number, high: number): number => {
    const value = low + (high - low) * prng.next();
    return chance(0.5) ? Math.round(value * 4) / 4 : value;
  };
  const T = pick([1, 2, 3, 5, 7, 12, 24, 48].filter((n) => n <= (options.intervalsMax ?? 48)));
  const series = (draw: (t: number) => number): number[] => Array.from({ length: T }, (_, t) => draw(t));
  const phaseLimits = (level: number): Partial<PlainDocument['circuits'][number]> => {
    const l1 = between(0, level / 2);
    if (chance(0.3)) return { phaseLimitA: Math.round((level / 3) * (1000 / 230)) };
    const phaseLimitKw = { L1: l1, L2: level / 3, L3: series(() => between(0, level / 2)) };
    return { phaseLimitKw };
  };
  const circuits: PlainDocument['circuits'] = Array.from({ length: prng.integer(1, 5) }, (_, g) => {
    const level = pick([0, 6, 12, 25, 50, 100]);
    return {
      id: g === 0 ? 'grid' : `g${g}`,
      parent: g === 0 ? null : g === 1 ? 'grid' : pick(['grid', `g${g - 1}`]),
      limitKw: chance(0.4) ? series(() => (chance(0.3) ? between(0, level) : level)) : level,
      ...(options.rich === true && chance(0.4) ? phaseLimits(level) : {}),
    };
  });
  const modules = Array.from({ length: prng.integer(0, 2) }, (_, m) => ({
    id: `m${m}`,
    maxKw: pick([0, 10, 22]),
  }));
  const rotated = (): { rotation?: PhaseName[] } =>
    options.rich === true && chance(0.5) ? { rotation: pick([['L2'], ['L3'], ['L2', 'L3', 'L1']]) } : {};
  const connectors: PlainDocument['connectors'] = Array.from(
    { length: prng.integer(1, options.connectorsMax ?? 8) },
    (_, c) => {
      const maxKw = pick([0, 3.68, 7.36, 11, 22, 50]);
      return {
        id: `c${c}`,
        circuit: pick(circuits).id,
        maxKw: chance(0.15) ? series(() => (chance(0.2) ? 0 : maxKw)) : maxKw,
        ...(modules.length > 0 && chance(0.4) ? { module: pick(modules).id } : {}),
        ...(chance(0.3) ? { phases: pick([1, 3] as const) } : rotated()),
      };
    },
  );
  const extras = (arrive: number, depart: number, energyKwh: number): Partial<PlainSession> => ({
    ...(chance(0.2) ? { phases: 1 } : {}),
    ...(chance(0.3) && depart > arrive
      ? {
          milestones: Array.from({ length: pick([1, 1, 2]) }, () => ({
            by: prng.integer(arrive + 1, depart),
            energyKwh: between(0, 1) * energyKwh,
          })),
        }
      : {}),
    ...(chance(0.4)
      ? {
          dischargeKw: chance(0.3) ? series(() => pick([0, 5, 11])) : pick([3, 11]),
          ...(chance(0.7) ? { dischargeEfficiency: pick([0.9, 0.95]) } : {}),
          ...(chance(0.7) ? { heldKwh: pick([0, 10, 30]) } : {}),
          ...(chance(0.5) ? { roomKwh: energyKwh + pick([0, 10]) } : {}),
          ...(chance(0.5) ? { wearPerKwh: 0.02 } : {}),
        }
      : {}),
  });
  const sessions: PlainSession[] = [];
  const prices = pick([[1000], [1000, 500], [0.05, 0.2, 3], [0], [40, 10]]);
  for (const connector of connectors) {
    let free = 0;
    for (let visit = 0; visit < 2; visit++) {
      if (chance(0.2) || free > T) continue;
      const arrive = prng.integer(free, T);
      const depart = prng.integer(arrive, T + 2);
      free = depart;
      const maxKw = pick([3, 11, 60]);
      const energyKwh = chance(0.1) ? 0 : between(0, 40);
      sessions.push({
        id: `s${sessions.length}`,
        connector: connector.id,
        arrive,
        depart,
        energyKwh,
        maxKw: chance(0.2) ? series(() => (chance(0.3) ? 0 : maxKw)) : maxKw,
        shortfallPrice: pick(prices),
        ...(chance(0.3) ? { efficiency: pick([0.85, 0.9, 1]) } : {}),
        ...(chance(0.2)
          ? {
              taper: [
                { fromKwh: 0.4 * energyKwh, maxKw: 11 },
                { fromKwh: 0.4 * energyKwh + 8, maxKw: 6 },
                ...(chance(0.5) ? [{ fromKwh: 0.4 * energyKwh + 12, maxKw: 1 }] : []),
              ],
            }
          : {}),
        ...(options.rich === true ? extras(arrive, depart, energyKwh) : {}),
      });
    }
  }
  const tariff = pick(['flat', 'zero', 'steps', 'any', ...(options.negative === true ? ['negative'] : [])]);
  const price = series((t) => {
    if (tariff === 'flat') return 0.2;
    if (tariff === 'zero') return 0;
    if (tariff === 'steps') return t % 5 < 2 ? 0.34 : 0.12;
    return tariff === 'negative' ? between(-0.3, 0.2) : between(0.05, 0.5);
  });
  const demand: PlainDocument['demand'] = Array.from({ length: pick([0, 1, 2, 3]) }, (_, k) => ({
    id: `k${k}`,
    pricePerKw: pick([0, 2, 12]),
    intervals: series(() => (chance(0.6) ? 1 : 0)) as (0 | 1)[],
    floorKw: pick([0, 0, 5, 30]),
    ...(chance(0.5) ? { meterIntervals: pick([1, 2, 3, 4]) } : {}),
  }));
  const sources = options.sources === true;
  return {
    intervalMinutes: pick([60, 30, 15, 5]),
    intervals: T,
    circuits,
    connectors,
    modules,
    sessions,
    fixedLoadKw: chance(0.4) ? series(() => 0) : series(() => between(0, 15)),
    price,
    demand,
    ...(chance(0.4) ? { earliness: 1e-3 } : {}),
    ...(sources && chance(0.5)
      ? {
          pv: {
            kw: series(() => (chance(0.4) ? 0 : between(0, 30))),
            ...(chance(0.5) ? { sellPrice: series(() => 0.06) } : {}),
          },
        }
      : {}),
    ...(sources && chance(0.5)
      ? {
          battery: {
            capacityKwh: 20,
            maxKw: 8,
            efficiency: pick([0.9, 0.95, 1]),
            initialKwh: pick([0, 10, 20]),
            ...(chance(0.5) ? { wearPerKwh: 0.01 } : {}),
          },
        }
      : {}),
  };
}
