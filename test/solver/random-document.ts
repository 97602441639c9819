/** Documents of `optimise` drawn from a seed: every field of the contract, and values that meet exactly. */
import { prngOf } from '#domain/prng';
import type { PlainDocument, PlainSession } from './plain-program.ts';

export interface DocumentOptions {
  readonly seed: number;
  /** Prices below 0 now and then. */
  readonly negative?: boolean;
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
  const circuits: PlainDocument['circuits'] = Array.from({ length: prng.integer(1, 5) }, (_, g) => {
    const level = pick([0, 6, 12, 25, 50, 100]);
    return {
      id: g === 0 ? 'grid' : `g${g}`,
      parent: g === 0 ? null : g === 1 ? 'grid' : pick(['grid', `g${g - 1}`]),
      limitKw: chance(0.4) ? series(() => (chance(0.3) ? between(0, level) : level)) : level,
    };
  });
  const modules = Array.from({ length: prng.integer(0, 2) }, (_, m) => ({
    id: `m${m}`,
    maxKw: pick([0, 10, 22]),
  }));
  const connectors: PlainDocument['connectors'] = Array.from(
    { length: prng.integer(1, options.connectorsMax ?? 8) },
    (_, c) => {
      const maxKw = pick([0, 3.68, 7.36, 11, 22, 50]);
      return {
        id: `c${c}`,
        circuit: pick(circuits).id,
        maxKw: chance(0.15) ? series(() => (chance(0.2) ? 0 : maxKw)) : maxKw,
        ...(modules.length > 0 && chance(0.4) ? { module: pick(modules).id } : {}),
        ...(chance(0.3) ? { phases: pick([1, 3] as const) } : {}),
      };
    },
  );
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
