/**
 * What a depot of plain stations loads its circuits with, phase by phase: the harness's own sum, from the wiring alone.
 * Shares no code with the ledger.
 */
import type { Circuit, Site, Station } from '#domain/site';
import { capAt, drawAt, limitAt, type PlainStation } from './plain-station.ts';

const voltage = 230;

/** A on each phase and W over all of them, of one circuit or station. */
export type Load = [number, number, number, number];

/** A plain station at its place, and the vehicles at its sockets. */
export interface PlacedStation {
  readonly station: Station;
  readonly plain: PlainStation;
  /** How many pins of each socket the vehicle uses, by EVSE id; AC only. */
  pins: Readonly<Record<number, number>>;
}

/** Circuits from each circuit up to the grid connection. */
export function waysUp(circuits: readonly Circuit[]): Readonly<Record<string, readonly string[]>> {
  const ways: Record<string, readonly string[]> = {};
  for (const { id, parent } of circuits) ways[id] = parent === undefined ? [id] : [id, ...ways[parent]!];
  return ways;
}

/** The load of a station if its EVSEs draw `levels`, in their order: AC on the pins in use, DC over all phases. */
function loadOf({ station, plain, pins }: PlacedStation, levels: readonly number[], t: number): Load {
  const load: Load = [0, 0, 0, 0];
  if (station.current === 'DC') {
    const shared = station.capability.sharesStationCap ? capAt(plain, t) : Infinity;
    const sumW = levels.reduce((sum, w) => sum + w, 0);
    const totalW = Math.min(sumW, station.moduleW ?? Infinity, shared);
    const perPhase = totalW / (3 * voltage);
    return [perPhase, perPhase, perPhase, totalW];
  }
  station.evses.forEach(({ id, rotation }, k) => {
    const level = levels[k]!;
    for (const phase of rotation.slice(0, pins[id] ?? 3)) {
      load[phase] += level;
      load[3] += level * voltage;
    }
  });
  return load;
}

/** What a station may be drawing at `t`: of each EVSE in its own unit, and of all together. */
export function drawOf(one: PlacedStation, t: number): { levels: readonly number[]; load: Load } {
  const levels = one.station.evses.map(({ id }) => drawAt(one.plain, id, t));
  return { levels, load: loadOf(one, levels, t) };
}

/** What a station allows at `t`, with vehicles that use every pin. */
export function allowedOf(one: PlacedStation, t: number): Load {
  const levels = one.station.evses.map(({ id }) => limitAt(one.plain, id, t));
  return loadOf({ ...one, pins: {} }, levels, t);
}

/** The same over all phases, W. */
export function allowedW(one: PlacedStation, t: number): number {
  return allowedOf(one, t)[3];
}

/** The loads of all circuits, by id. */
export function circuitLoads(
  site: Site,
  ways: Readonly<Record<string, readonly string[]>>,
  loads: readonly Load[],
): Readonly<Record<string, Load>> {
  const sums: Record<string, Load> = {};
  for (const { id } of site.circuits) sums[id] = [0, 0, 0, 0];
  site.stations.forEach(({ circuit }, i) => {
    for (const id of ways[circuit]!) {
      const sum = sums[id]!;
      loads[i]!.forEach((value, k) => {
        sum[k]! += value;
      });
    }
  });
  return sums;
}
