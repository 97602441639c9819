/**
 * Floors: what every EVSE may draw for ever, whatever is lost. As many EVSEs as possible get their minimum current, the
 * more important ones first, and the floors of all of them together, idle ones included, fit every circuit beside the
 * load that nobody controls.
 * @module
 */
import { fail, ok, type Result } from '#domain/result';
import {
  evseKey,
  loadCurrent,
  phases,
  startingA,
  type Evse,
  type Phase,
  type Site,
  type Station,
} from '#domain/site';
import { circuitTree, dimensions, type Dimension } from './circuits.ts';
import { hardwareOf, keepsFloors } from './exposure.ts';
import { floorNodesMax } from './limits.ts';

/** By `evseKey`: A per phase as circuits count it (AC) or W (DC). */
export type Floors = Readonly<Record<string, number>>;

/** What the owner wants of the floors. */
export interface FloorsPolicy {
  /** Part of what the uncontrolled load leaves of each circuit that floors may take, 0..1; the rest is for plans. */
  readonly share: number;
  /** DC floor in W for each DC EVSE that gets one; 0: DC EVSEs wait for a plan. */
  readonly dcFloorW: number;
  /** Higher first; 1 where absent. By `evseKey`. */
  readonly priority?: Readonly<Record<string, number>>;
  /** Floors that the operator demands, by `evseKey`; they are kept or refused, never changed. */
  readonly fixed?: Floors;
}

/** Half of the room for floors; DC without one. */
export const defaultFloorsPolicy: FloorsPolicy = { share: 0.5, dcFloorW: 0 };

/** Why there are no floors, with the arithmetic. */
export interface FloorsProblem {
  readonly kind: 'floors-do-not-fit' | 'unknown-evse' | 'above-rating' | 'no-headroom';
  readonly circuit?: string;
  readonly on?: Phase | 'total';
  readonly message: string;
}

/** Room for chargers on each circuit, lowest over the time in question: A per phase, and W where limited. */
export interface FloorRoom {
  readonly phaseA: readonly [number, number, number];
  readonly totalW?: number;
}

/** By circuit id. */
export type FloorRooms = Readonly<Record<string, FloorRoom>>;

/** One EVSE that may get a floor. */
interface Place {
  readonly key: string;
  readonly station: Station;
  readonly evse: Evse;
  readonly priority: number;
  /** Its floor, if it gets one, in the unit of its station. */
  readonly floor: number;
}

/** Load per circuit and dimension: A per phase, W in total. */
type Load = Map<string, number>;

/**
 * The best floors. Without `rooms` they are made from the site's limits and the highest uncontrolled load of the day,
 * and a site without any room is a problem; with `rooms` (a limit in force now) a negative room counts as none.
 */
export function floorsOf(
  site: Site,
  policy: FloorsPolicy,
  rooms?: FloorRooms,
): Result<Floors, FloorsProblem> {
  const whole = rooms === undefined ? roomsOfSite(site) : ok(rooms);
  if (!whole.ok) return whole;
  const places = placesOf(site, policy);
  const fixed = new Map(Object.entries(policy.fixed ?? {}));
  const stray = [...fixed.keys()].find((key) => !places.some((place) => place.key === key));
  if (stray !== undefined) {
    return fail({
      kind: 'unknown-evse',
      message: `Floor of ${stray}: the site has no such EVSE; take a key such as ${places[0]?.key ?? 'station/1'}.`,
    });
  }
  const high = places.find(
    ({ key, station, evse }) => (fixed.get(key) ?? 0) > hardwareOf(station, evse) + tolerance,
  );
  if (high !== undefined) {
    const unit = high.station.current === 'AC' ? 'A' : 'W';
    return fail({
      kind: 'above-rating',
      message:
        `Floor of ${high.key}: ${round(fixed.get(high.key) ?? 0)} ${unit} is above the ` +
        `${round(hardwareOf(high.station, high.evse))} ${unit} that it is rated for.`,
    });
  }
  const demanded: Load = new Map();
  for (const place of places) {
    const floor = fixed.get(place.key);
    if (floor !== undefined && keepsFloors(place.station)) addLoad(site, demanded, place, floor, 1);
  }
  if (rooms !== undefined) {
    const misfit = firstMisfit(site, demanded, whole.value, `${fixed.size} floors asked for`);
    if (misfit !== undefined) return fail(misfit);
  }
  const unbound = site.stations.filter((station) => !keepsFloors(station));
  for (const station of unbound) addHardware(site, demanded, places, station);
  if (rooms === undefined) {
    const what =
      unbound.length === 0
        ? `${fixed.size} floors asked for`
        : `${fixed.size} floors asked for and the full rating of ${unbound.length} stations that ${whyOf(unbound)}`;
    const misfit = firstMisfit(site, demanded, whole.value, what);
    if (misfit !== undefined) return fail(misfit);
  }
  const free = places.filter(
    ({ key, floor, station }) => !fixed.has(key) && floor > 0 && keepsFloors(station),
  );
  const chosen = chooseFloors(site, free, capacityFor(site, whole.value, policy.share, demanded));
  return ok(
    Object.fromEntries(
      places.map(({ key, floor, station }) => [
        key,
        fixed.get(key) ?? (chosen.has(key) || !keepsFloors(station) ? floor : 0),
      ]),
    ),
  );
}

/** Why none of these stations keeps a floor. */
function whyOf(stations: readonly Station[]): string {
  return stations.every(({ capability }) => capability.keepsProfiles === 'none')
    ? 'lose their profiles over a reboot'
    : 'lose their profiles over a reboot or do not obey TxDefaultProfile';
}

/** Adds what the hardware of a station may draw, its EVSEs together within their module. */
function addHardware(site: Site, load: Load, places: readonly Place[], station: Station): void {
  const own = places.filter((place) => place.station.id === station.id);
  const total = own.reduce((sum, { evse }) => sum + hardwareOf(station, evse), 0);
  const most = station.current === 'DC' ? Math.min(total, station.moduleW ?? Infinity) : total;
  for (const place of own) {
    addLoad(site, load, place, (hardwareOf(station, place.evse) * most) / Math.max(total, 1), 1);
  }
}

function placesOf(site: Site, policy: FloorsPolicy): readonly Place[] {
  return site.stations.flatMap((station) =>
    station.evses.map((evse): Place => {
      const key = evseKey({ stationId: station.id, evseId: evse.id });
      const least = station.current === 'AC' ? startingA(station, evse) : policy.dcFloorW;
      return {
        key,
        station,
        evse,
        priority: policy.priority?.[key] ?? 1,
        floor: Math.min(least, hardwareOf(station, evse)),
      };
    }),
  );
}

/** What limits and the highest uncontrolled load of the day leave, or where they leave nothing. */
function roomsOfSite(site: Site): Result<FloorRooms, FloorsProblem> {
  const tree = circuitTree(site);
  const rooms: Record<string, FloorRoom> = {};
  for (const circuit of site.circuits) {
    const below = tree.below(circuit.id);
    const loads = site.uncontrolled.filter((load) => below.includes(load.circuit));
    const boundA = phases.map((phase) =>
      highestTogether(loads.map((load) => load.boundW.map((w) => loadCurrent(load, w, phase, site.voltage)))),
    );
    const boundW = highestTogether(loads.map((load) => load.boundW));
    const over = boundA.findIndex((amps) => amps > circuit.limitA);
    if (over >= 0)
      return fail(
        noHeadroom(circuit.id, { load: boundA[over] ?? 0, limit: circuit.limitA, on: `A on L${over + 1}` }),
      );
    if (boundW > (circuit.limitW ?? Infinity))
      return fail(noHeadroom(circuit.id, { load: boundW, limit: circuit.limitW ?? 0, on: 'W' }));
    const left = (phase: Phase): number => circuit.limitA - (boundA[phase] ?? 0);
    rooms[circuit.id] = {
      phaseA: [left(0), left(1), left(2)],
      ...(circuit.limitW === undefined ? {} : { totalW: circuit.limitW - boundW }),
    };
  }
  return ok(rooms);
}

/** The highest sum of day curves at one time of day: loads that peak at different hours need no room for both at once. */
function highestTogether(curves: readonly (readonly number[])[]): number {
  const slots = curves.reduce((most, curve) => Math.max(most, curve.length), 0);
  return Array.from({ length: slots }, (_, slot) =>
    curves.reduce((sum, curve) => sum + (curve[slot] ?? 0), 0),
  ).reduce((top, w) => Math.max(top, w), 0);
}

function noHeadroom(
  circuit: string,
  { load, limit, on }: { readonly load: number; readonly limit: number; readonly on: string },
): FloorsProblem {
  return {
    kind: 'no-headroom',
    circuit,
    message:
      `${circuit}: other loads may take ${round(load)} ${on}, the limit is ${round(limit)}: ` +
      'nothing is left for chargers. Raise the limit or lower the bound of the load.',
  };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function loadKey(circuit: string, on: Dimension): string {
  return `${circuit} ${on}`;
}

/** What a floor puts on each dimension of every circuit above it. */
function addLoad(site: Site, load: Load, { station, evse }: Place, floor: number, times: number): void {
  const isDc = station.current === 'DC';
  const wires: readonly Phase[] = isDc ? phases : evse.rotation;
  const amps = isDc ? floor / (3 * site.voltage) : floor;
  const power = isDc ? floor : floor * site.voltage * wires.length;
  for (const circuit of circuitTree(site).above(station.circuit)) {
    for (const on of dimensions) {
      const part = on === 'total' ? power : wires.includes(on) ? amps : 0;
      if (part > 0) {
        const key = loadKey(circuit, on);
        load.set(key, (load.get(key) ?? 0) + part * times);
      }
    }
  }
}

function roomOn(room: FloorRoom | undefined, on: Dimension): number {
  if (room === undefined) return Infinity;
  return on === 'total' ? (room.totalW ?? Infinity) : room.phaseA[on];
}

const tolerance = 1e-6;

function firstMisfit(site: Site, load: Load, rooms: FloorRooms, what: string): FloorsProblem | undefined {
  for (const { id, limitA, limitW } of site.circuits) {
    for (const on of dimensions) {
      const asked = load.get(loadKey(id, on)) ?? 0;
      const room = roomOn(rooms[id], on);
      if (asked <= Math.max(0, room) + tolerance) continue;
      const unit = on === 'total' ? 'W' : 'A';
      const limit = on === 'total' ? (limitW ?? 0) : limitA;
      return {
        kind: 'floors-do-not-fit',
        circuit: id,
        on,
        message:
          `${id}${on === 'total' ? '' : ` L${on + 1}`}: the ${what} add up to ${round(asked)} ${unit} here, ` +
          `but of the limit of ${round(limit)} ${unit} other loads may take ${round(limit - room)} ${unit}, ` +
          `which leaves ${round(room)} ${unit}: ${round(asked - room)} ${unit} too much.`,
      };
    }
  }
  return undefined;
}

function capacityFor(site: Site, rooms: FloorRooms, share: number, taken: Load): Load {
  return new Map(
    site.circuits.flatMap(({ id }) =>
      dimensions.map((on): readonly [string, number] => {
        const key = loadKey(id, on);
        return [key, Math.max(0, roomOn(rooms[id], on)) * share - (taken.get(key) ?? 0)];
      }),
    ),
  );
}

/** EVSEs that load the same wires alike: only how many of them get a floor matters. */
interface Group {
  readonly places: readonly Place[];
  readonly priority: number;
  /** What one of them puts on wires: indices of the capacity, and parts of it. */
  readonly wires: Int32Array;
  readonly parts: Float64Array;
  readonly powerW: number;
}

function groupsOf(
  site: Site,
  places: readonly Place[],
  wireOf: ReadonlyMap<string, number>,
): readonly Group[] {
  const groups = new Map<string, Place[]>();
  for (const place of places) {
    const { station, evse, priority, floor } = place;
    const wires = station.current === 'DC' ? 'dc' : evse.rotation.toSorted((a, b) => a - b).join('');
    const key = `${station.circuit} ${wires} ${priority} ${floor}`;
    groups.set(key, [...(groups.get(key) ?? []), place]);
  }
  return [...groups.values()]
    .flatMap((members): Group[] => {
      const first = members[0];
      if (first === undefined) return [];
      const load: Load = new Map();
      addLoad(site, load, first, first.floor, 1);
      const unitW = first.station.current === 'DC' ? 1 : site.voltage * first.evse.rotation.length;
      return [
        {
          places: members,
          priority: first.priority,
          wires: Int32Array.from(load.keys(), (key) => wireOf.get(key) ?? 0),
          parts: Float64Array.from(load.values()),
          powerW: first.floor * unitW,
        },
      ];
    })
    .toSorted((a, b) => b.priority - a.priority || a.powerW - b.powerW);
}

/** How many of a group still fit. */
function fitting({ places, wires, parts }: Group, capacity: Float64Array): number {
  let count = places.length;
  for (let i = 0; i < wires.length; i++) {
    const fit = Math.floor(((capacity[wires[i] ?? 0] ?? 0) + tolerance) / (parts[i] ?? 1));
    if (fit < count) count = fit;
  }
  return Math.max(0, count);
}

/** Takes what so many of a group load the wires with; fewer than none gives it back. */
function take({ wires, parts }: Group, count: number, capacity: Float64Array): void {
  for (let i = 0; i < wires.length; i++) {
    const wire = wires[i] ?? 0;
    capacity[wire] = (capacity[wire] ?? 0) - (parts[i] ?? 0) * count;
  }
}

/** Value of a choice: EVSEs served by priority class, highest class first, then their power. */
type Worth = Float64Array;

function isBetter(a: Worth, b: Worth): boolean {
  for (let i = 0; i < a.length; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (Math.abs(difference) > tolerance) return difference > 0;
  }
  return false;
}

/** Adds so many of a group to a worth. */
function addWorth(worth: Worth, { powerW }: Group, index: number, count: number): void {
  const last = worth.length - 1;
  worth[index] = (worth[index] ?? 0) + count;
  worth[last] = (worth[last] ?? 0) + count * powerW;
}

/**
 * The choice of EVSEs that serves most, higher priority classes first: branch and bound over groups of equal EVSEs,
 * most of each group first, so that the first descent is the greedy choice and the rest can only improve it.
 */
function chooseFloors(site: Site, places: readonly Place[], load: Load): ReadonlySet<string> {
  const groups = groupsOf(site, places, new Map([...load.keys()].map((key, wire) => [key, wire])));
  const capacity = Float64Array.from(load.values());
  const classes = [...new Set(groups.map(({ priority }) => priority))];
  const classOf = groups.map(({ priority }) => classes.indexOf(priority));
  const empty = (): Worth => new Float64Array(classes.length + 1);
  // One worth and one count for each depth of the search: it looks at many thousands of choices.
  const worths = [empty(), ...groups.map(empty)];
  const counts = new Int32Array(groups.length);
  const top = empty();
  const best = { isKnown: false, worth: empty(), counts: new Int32Array(groups.length) };
  let nodes = 0;
  const mayImprove = (at: number, worth: Worth): boolean => {
    if (!best.isKnown) return true;
    if (nodes > floorNodesMax) return false;
    top.set(worth);
    for (let i = at; i < groups.length; i++) {
      const group = groups[i];
      if (group !== undefined) addWorth(top, group, classOf[i] ?? 0, fitting(group, capacity));
    }
    return isBetter(top, best.worth);
  };
  const search = (at: number): void => {
    nodes++;
    const group = groups[at];
    const worth = worths[at] ?? top;
    if (group === undefined) {
      if (best.isKnown && !isBetter(worth, best.worth)) return;
      best.isKnown = true;
      best.worth.set(worth);
      best.counts.set(counts);
      return;
    }
    if (!mayImprove(at, worth)) return;
    const next = worths[at + 1] ?? top;
    for (let count = fitting(group, capacity); count >= 0; count--) {
      next.set(worth);
      addWorth(next, group, classOf[at] ?? 0, count);
      counts[at] = count;
      take(group, count, capacity);
      search(at + 1);
      take(group, -count, capacity);
    }
  };
  search(0);
  return new Set(
    groups.flatMap(({ places: members }, i) => members.slice(0, best.counts[i] ?? 0).map(({ key }) => key)),
  );
}
