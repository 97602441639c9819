/**
 * What the depot really draws and would be let to draw, held against what its circuits carry. It sums simulated sockets
 * and what simulated stations hold, and knows no plan, no belief and no ledger.
 * @module
 */
import { phases, type Site } from '#domain/site';
import type { EpochS } from '#domain/units';
import type { Outlet } from '../outlet.ts';
import type { World } from '../world.ts';

/** Rounding that is not an overload. */
const toleranceA = 0.01;
const toleranceW = 5;
/** Lines of a circuit: three phases in A, and W over all of them. */
export const lineCount = 4;

/** A circuit that carries, or may come to carry, more than it may. */
export interface Overload {
  readonly circuit: string;
  readonly line: 'L1' | 'L2' | 'L3' | 'total';
  /** When it is over. */
  readonly at: EpochS;
  readonly load: number;
  readonly limit: number;
}

const lineNames = ['L1', 'L2', 'L3', 'total'] as const;

/** The circuits of a site by index: each with those above it, and what stands where. */
export interface Wiring {
  /** Each circuit itself and all above it. */
  readonly paths: readonly (readonly number[])[];
  /** The circuits above each station. */
  readonly above: ReadonlyMap<string, readonly number[]>;
  /** The stations below each circuit. */
  readonly below: readonly (readonly string[])[];
  /** What each line of each circuit carries as built, `lineCount` numbers a circuit: A for phases, W for the total. */
  readonly built: Float64Array;
}

/** The wiring of a site. */
export function wiringOf(site: Site): Wiring {
  const index = new Map(site.circuits.map(({ id }, i) => [id, i]));
  const paths = site.circuits.map((_, from) => {
    const path: number[] = [];
    for (let at: number | undefined = from; at !== undefined;) {
      path.push(at);
      const parent: string | undefined = site.circuits[at]?.parent;
      at = parent === undefined ? undefined : index.get(parent);
    }
    return path;
  });
  const above = new Map(site.stations.map(({ id, circuit }) => [id, paths[index.get(circuit) ?? -1] ?? []]));
  const below = site.circuits.map((_, i) =>
    site.stations.flatMap(({ id }) => ((above.get(id) ?? []).includes(i) ? [id] : [])),
  );
  const built = Float64Array.from(
    site.circuits.flatMap(({ limitA, limitW = Infinity }) => [limitA, limitA, limitA, limitW]),
  );
  return { paths, above, below, built };
}

/** Adds what one EVSE draws to the lines of a circuit that start at `base`. */
function addDraw(into: Float64Array, base: number, outlet: Outlet): void {
  for (let pin = 0; pin < outlet.pins; pin++) {
    const line = base + (outlet.evse.rotation[pin] ?? 0);
    into[line] = (into[line] ?? 0) + outlet.drawA;
  }
  into[base + 3] = (into[base + 3] ?? 0) + outlet.drawW;
}

/** The load of every line of every circuit now, without the stations that are left out. */
export function loadsOf(
  world: World,
  site: Site,
  wiring: Wiring,
  isLeftOut: (stationId: string, outlet: Outlet) => boolean,
): Float64Array {
  const loads = new Float64Array(site.circuits.length * lineCount);
  site.circuits.forEach(({ id }, i) => {
    const { powerW, amps } = world.truth.buildingAt(id);
    if (powerW === 0) return;
    for (const at of wiring.paths[i] ?? []) {
      for (const phase of phases) add(loads, at * lineCount + phase, amps[phase]);
      add(loads, at * lineCount + 3, powerW);
    }
  });
  for (const { station, outlets } of world.stations.values()) {
    for (const outlet of outlets) {
      if (outlet.drawW === 0 || isLeftOut(station.id, outlet)) continue;
      for (const at of wiring.above.get(station.id) ?? []) addDraw(loads, at * lineCount, outlet);
    }
  }
  return loads;
}

/** Adds to one of many sums. */
export function add(into: Float64Array, at: number, value: number): void {
  into[at] = (into[at] ?? 0) + value;
}

/** The first line of a circuit that is over what it may carry; `loads` are those of its lines. */
export function overloadIn(
  site: Site,
  circuit: number,
  loads: Float64Array,
  at: EpochS,
  limitOf: (circuit: number, line: number) => number,
): Overload | undefined {
  for (let line = 0; line < lineCount; line++) {
    const load = loads[line] ?? 0;
    const limit = limitOf(circuit, line);
    if (load <= limit + (line < 3 ? toleranceA : toleranceW)) continue;
    return { circuit: site.circuits[circuit]?.id ?? '', line: lineNames[line] ?? 'total', at, load, limit };
  }
  return undefined;
}

/** The first line that is over its limit; `limitOf` gives A for a phase and W for the total. */
export function firstOverload(
  site: Site,
  loads: Float64Array,
  at: EpochS,
  limitOf: (circuit: number, line: number) => number,
): Overload | undefined {
  for (let circuit = 0; circuit < site.circuits.length; circuit++) {
    const own = loads.subarray(circuit * lineCount, (circuit + 1) * lineCount);
    const over = overloadIn(site, circuit, own, at, limitOf);
    if (over !== undefined) return over;
  }
  return undefined;
}

/** The limits of a circuit as built. */
export function builtLimit({ built }: Wiring, circuit: number, line: number): number {
  return built[circuit * lineCount + line] ?? Infinity;
}
