/**
 * What the depot really draws and would be let to draw, held against what its circuits carry. It sums simulated sockets
 * and what simulated stations hold, and knows no plan, no belief and no ledger.
 * @module
 */
import { phases, type Site, type Station } from '#domain/site';
import { epochS, later, type EpochS } from '#domain/units';
import { clockOf, offsetAtS, type LocalClock } from '#tariffs/calendar';
import type { Outlet } from '../outlet.ts';
import type { SimStation } from '../station.ts';
import type { World } from '../world.ts';
import type { WorldPlan } from './world-plan.ts';

/** Rounding that is not an overload. */
const toleranceA = 0.01;
const toleranceW = 5;
/** Lines of a circuit: three phases in A, and W over all of them. */
const lineCount = 4;

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

/** The circuits above each station and the stations below each circuit, by index. */
export interface Wiring {
  readonly above: ReadonlyMap<string, readonly number[]>;
  readonly below: readonly (readonly string[])[];
}

/** The wiring of a site. */
export function wiringOf(site: Site): Wiring {
  const index = new Map(site.circuits.map(({ id }, i) => [id, i]));
  const pathOf = (circuit: string): readonly number[] => {
    const path: number[] = [];
    for (let at = index.get(circuit); at !== undefined;) {
      path.push(at);
      const parent = site.circuits[at]?.parent;
      at = parent === undefined ? undefined : index.get(parent);
    }
    return path;
  };
  const above = new Map(site.stations.map(({ id, circuit }) => [id, pathOf(circuit)]));
  const below = site.circuits.map((_, i) =>
    site.stations.flatMap(({ id }) => ((above.get(id) ?? []).includes(i) ? [id] : [])),
  );
  return { above, below };
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
  for (const [i, circuit] of site.circuits.entries()) {
    const w = world.truth.buildingAt(circuit.id);
    if (w === 0) continue;
    const above = wiringPath(site, i);
    for (const at of above) {
      for (const phase of phases) add(loads, at * lineCount + phase, w / 3 / site.voltage);
      add(loads, at * lineCount + 3, w);
    }
  }
  for (const [id, station] of world.stations) {
    const path = wiring.above.get(id) ?? [];
    for (const outlet of station.outlets) {
      if (outlet.drawW === 0 || isLeftOut(id, outlet)) continue;
      for (const at of path) addDraw(loads, at * lineCount, outlet);
    }
  }
  return loads;
}

function add(into: Float64Array, at: number, value: number): void {
  into[at] = (into[at] ?? 0) + value;
}

function wiringPath(site: Site, from: number): readonly number[] {
  const path = [from];
  for (let parent = site.circuits[from]?.parent; parent !== undefined;) {
    const name = parent;
    const at = site.circuits.findIndex(({ id }) => id === name);
    path.push(at);
    parent = site.circuits[at]?.parent;
  }
  return path;
}

/** The first line that is over its limit; `limitOf` gives A for a phase and W for the total. */
export function firstOverload(
  site: Site,
  loads: Float64Array,
  at: EpochS,
  limitOf: (circuit: number, line: number) => number,
): Overload | undefined {
  for (const [i, circuit] of site.circuits.entries()) {
    for (let line = 0; line < lineCount; line++) {
      const load = loads[i * lineCount + line] ?? 0;
      const limit = limitOf(i, line);
      if (load <= limit + (line < 3 ? toleranceA : toleranceW)) continue;
      return { circuit: circuit.id, line: lineNames[line] ?? 'total', at, load, limit };
    }
  }
  return undefined;
}

/** The limits of a circuit as built. */
export function builtLimit(site: Site, circuit: number, line: number): number {
  const built = site.circuits[circuit];
  return line < 3 ? (built?.limitA ?? Infinity) : (built?.limitW ?? Infinity);
}

/** A part of the future in which an EVSE may draw up to `most`, in its station's unit; seconds from now, half open. */
interface Span {
  readonly fromS: number;
  readonly untilS: number;
  readonly most: number;
}

/** What an EVSE may come to draw by what its station holds, in this transaction or the next, reactions included. */
function spansOf(station: SimStation, outlet: Outlet, reactionS: number, horizonS: number): readonly Span[] {
  const spans: Span[] = [];
  if (outlet.live) spans.push({ fromS: 0, untilS: reactionS, most: outlet.followed });
  for (const who of ['running', 'next'] as const) {
    const pieces = station.allowance(outlet.evse.id, horizonS, who);
    pieces.forEach(({ startS, limit }, i) => {
      const endS = pieces[i + 1]?.startS ?? horizonS;
      spans.push({ fromS: startS, untilS: endS + reactionS, most: limit });
    });
  }
  return spans;
}

/** A step function on seconds from now: `value[i]` from `at[i]` on. */
interface Steps {
  readonly at: readonly number[];
  readonly value: readonly number[];
}

/** The highest of all spans over time. */
function highestOf(spans: readonly Span[]): Steps {
  const at = [...new Set(spans.map(({ fromS }) => fromS).concat(spans.map(({ untilS }) => untilS)))].sort(
    (a, b) => a - b,
  );
  return {
    at,
    value: at.map((t) => {
      let most = 0;
      for (const span of spans) if (span.fromS <= t && t < span.untilS && span.most > most) most = span.most;
      return most;
    }),
  };
}

interface Change {
  /** An instant. */
  readonly at: number;
  readonly line: number;
  readonly by: number;
}

/** What the future of one station from `now` on adds to the lines of each circuit above it. */
function changesOf(
  station: Station,
  voltage: number,
  now: EpochS,
  futures: readonly Steps[],
): readonly Change[] {
  const changes: Change[] = [];
  const dc = station.current === 'DC';
  const moduleW = station.moduleW ?? Infinity;
  const instants = [...new Set(futures.flatMap(({ at }) => at))].sort((a, b) => a - b);
  const before = new Float64Array(lineCount);
  for (const at of instants) {
    const loads = new Float64Array(lineCount);
    futures.forEach((future, i) => {
      const evse = station.evses[i];
      const last = future.at.findLastIndex((t) => t <= at);
      const most = future.value[last] ?? 0;
      if (evse === undefined) return;
      if (dc) add(loads, 3, most);
      else {
        for (const phase of evse.rotation) add(loads, phase, most);
        add(loads, 3, Math.min(evse.maxW, most * voltage * evse.rotation.length));
      }
    });
    loads[3] = Math.min(loads[3] ?? 0, moduleW);
    if (dc) for (const phase of phases) loads[phase] = (loads[3] ?? 0) / 3 / voltage;
    for (let line = 0; line < lineCount; line++) {
      const by = (loads[line] ?? 0) - (before[line] ?? 0);
      if (by !== 0) changes.push({ at: now + at, line, by });
    }
    before.set(loads);
  }
  return changes;
}

/** Watches what the depot would be let to draw from now on, if no frame ever arrived again. */
export interface Futures {
  /** The first overload that what is installed now may lead to, or undefined. */
  check(now: EpochS, isLeftOut: (stationId: string) => boolean): Overload | undefined;
}

/** What a station's future was read from, and the future. */
interface KnownFuture {
  readonly key: string;
  readonly held: unknown;
  readonly changes: readonly Change[];
}

/**
 * The futures of a world; looked at again where what is installed has changed. `each`: every station is read at each
 * look; `changed`: only those whose profiles, transactions, draw or nature have changed since they were read.
 */
export function createFutures(
  plan: WorldPlan,
  world: World,
  wiring: Wiring,
  reading: 'each' | 'changed',
): Futures {
  const { site, behaviours, startS, endS } = plan.scenario;
  const horizonS = plan.policy.leaseMaxS + 3600;
  const clock = clockOf(site.timeZone, startS, later(endS, horizonS + 86_400));
  const held = new Map<string, unknown>();
  const personas = new Map(
    plan.events.flatMap((event) =>
      event.kind === 'fault' && event.fault.kind === 'persona'
        ? [[event.fault.stationId, event.fault.persona] as const]
        : [],
    ),
  );
  const reactionOf = (station: Station): number => {
    const own = behaviours[station.id]?.reactionS[1] ?? 0;
    const persona = personas.get(station.id);
    return own + (persona === 'slow' ? 20 : persona === 'late-by-minutes' ? 180 : 0);
  };
  const turns = turnsOf(plan);
  const known = new Map<string, KnownFuture>();
  const read = (station: SimStation, now: EpochS): readonly Change[] => {
    const futures = station.outlets.map((outlet) =>
      highestOf(spansOf(station, outlet, reactionOf(station.station), horizonS)),
    );
    return changesOf(station.station, site.voltage, now, futures);
  };
  const future = (id: string, station: SimStation, now: EpochS): readonly Change[] => {
    // A clock that drifts moves the whole future.
    if (reading === 'each' || personas.get(id) === 'clock-drifts') return read(station, now);
    const natures = (turns.get(id) ?? []).filter((at) => at <= now).length;
    const outlets = station.outlets.map(
      ({ evse, live, followed }) =>
        `${live ? followed : '-'} ${station.transactionAt(evse.id) ?? '-'} ${station.isConnected()}`,
    );
    const key = `${natures} ${outlets.join()}`;
    const before = known.get(id);
    const own = station.held();
    if (before !== undefined && before.key === key && before.held === own) return before.changes;
    const changes = read(station, now);
    known.set(id, { key, held: own, changes });
    return changes;
  };
  const boundSteps = createBounds(site, clock);
  return {
    check: (now, isLeftOut) => {
      const touched = new Set<number>();
      for (const [id, station] of world.stations) {
        if (held.get(id) === station.held()) continue;
        held.set(id, station.held());
        for (const circuit of wiring.above.get(id) ?? []) touched.add(circuit);
      }
      if (touched.size === 0) return undefined;
      const changes = new Map<string, readonly Change[]>();
      for (const circuit of touched) {
        for (const id of wiring.below[circuit] ?? []) {
          const station = world.stations.get(id);
          if (station !== undefined && !changes.has(id) && !isLeftOut(id))
            changes.set(id, future(id, station, now));
        }
      }
      for (const circuit of touched) {
        const all = (wiring.below[circuit] ?? []).flatMap((id) => changes.get(id) ?? []);
        const over = sweep(site, circuit, now, all.concat(boundSteps(circuit, now, horizonS)));
        if (over !== undefined) return over;
      }
      return undefined;
    },
  };
}

/** The bound of the uncontrolled load behind each circuit as changes from now on. */
function createBounds(
  site: Site,
  clock: LocalClock,
): (circuit: number, now: EpochS, horizonS: number) => readonly Change[] {
  const feeds = site.circuits.map((_, i) =>
    site.uncontrolled.filter((load) =>
      wiringPath(
        site,
        site.circuits.findIndex(({ id }) => id === load.circuit),
      ).includes(i),
    ),
  );
  const quarterAt = (at: number): number => {
    const localS = at + offsetAtS(clock, epochS(at));
    return Math.floor((((localS % 86_400) + 86_400) % 86_400) / 900);
  };
  return (circuit, now, horizonS) => {
    const loads = feeds[circuit] ?? [];
    if (loads.length === 0) return [];
    const changes: Change[] = [];
    let before = 0;
    for (let atS = Math.floor(now / 900) * 900; atS < now + horizonS; atS += 900) {
      const quarter = quarterAt(atS);
      const w = loads.reduce((sum, load) => sum + (load.boundW[quarter] ?? 0), 0);
      if (w === before) continue;
      const at = Math.max(now, atS);
      for (const phase of phases) changes.push({ at, line: phase, by: (w - before) / 3 / site.voltage });
      changes.push({ at, line: 3, by: w - before });
      before = w;
    }
    return changes;
  };
}

/** The instants at which each station changes its nature. */
function turnsOf(plan: WorldPlan): ReadonlyMap<string, readonly EpochS[]> {
  const turns = new Map<string, EpochS[]>();
  for (const event of plan.events) {
    if (event.kind !== 'fault' || event.fault.kind !== 'persona') continue;
    const { stationId, fromS, untilS } = event.fault;
    turns.set(stationId, [...(turns.get(stationId) ?? []), fromS, untilS]);
  }
  return turns;
}

/** The first instant from `now` on at which the changes add up to more than a line of the circuit carries. */
function sweep(site: Site, circuit: number, now: EpochS, changes: readonly Change[]): Overload | undefined {
  const loads = new Float64Array(lineCount);
  const ahead: Change[] = [];
  for (const change of changes) {
    if (change.at <= now) add(loads, change.line, change.by);
    else ahead.push(change);
  }
  ahead.sort((a, b) => a.at - b.at);
  for (let i = 0, at: number = now; ; at = ahead[i]?.at ?? 0) {
    for (; i < ahead.length && (ahead[i]?.at ?? 0) <= at; i++) {
      const change = ahead[i];
      if (change !== undefined) add(loads, change.line, change.by);
    }
    for (let line = 0; line < lineCount; line++) {
      const load = loads[line] ?? 0;
      const limit = builtLimit(site, circuit, line);
      if (load <= limit + (line < 3 ? toleranceA : toleranceW)) continue;
      const id = site.circuits[circuit]?.id ?? '';
      return { circuit: id, line: lineNames[line] ?? 'total', at: at as EpochS, load, limit };
    }
    if (i >= ahead.length) return undefined;
  }
}
