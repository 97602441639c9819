/**
 * What the depot would be let to draw from now on, if no frame ever arrived again: read from what simulated stations hold
 * and summed line by line, held against what circuits carry. It knows no plan, no belief and no ledger.
 * @module
 */
import { phases, type Site, type Station } from '#domain/site';
import { epochS, later, type EpochS } from '#domain/units';
import { clockOf, offsetAtS, type LocalClock } from '#tariffs/calendar';
import { evenShares } from '../building.ts';
import type { Outlet } from '../outlet.ts';
import type { SimStation } from '../station.ts';
import type { World } from '../world.ts';
import { add, builtLimit, lineCount, overloadIn, type Overload, type Wiring } from './physics.ts';
import type { WorldPlan } from './world-plan.ts';

/** Length of a step of the bound of an uncontrolled load. */
const quarterS = 900;

/** A part of the future in which an EVSE may draw up to `most`, in its station's unit; seconds from now, half open. */
interface Span {
  readonly fromS: number;
  readonly untilS: number;
  readonly most: number;
}

/** What an EVSE may come to draw by what its station holds, in this transaction or the next, reactions included. */
function spansOf(
  station: SimStation,
  outlet: Outlet,
  now: EpochS,
  { reactionS, horizonS }: { readonly reactionS: number; readonly horizonS: number },
): readonly Span[] {
  const spans: Span[] = [];
  // What is still followed is so for the rest of a reaction that has begun.
  const untilS = Math.max(0, (outlet.turnsSince ?? now) + reactionS - now);
  if (outlet.live) spans.push({ fromS: 0, untilS, most: outlet.followed });
  for (const who of ['running', 'next'] as const) {
    // Without a transaction both are the next one.
    if (who === 'running' && station.transactionAt(outlet.evse.id) === undefined) continue;
    const pieces = station.allowance(outlet.evse.id, horizonS, who);
    pieces.forEach(({ startS, limit }, i) => {
      const endS = pieces[i + 1]?.startS ?? horizonS;
      spans.push({ fromS: startS, untilS: endS + reactionS, most: limit });
    });
  }
  return spans;
}

/** Every end of a span, in order, once. */
function endsOf(spans: readonly (readonly Span[])[]): readonly number[] {
  const ends: number[] = [];
  for (const own of spans) for (const { fromS, untilS } of own) ends.push(fromS, untilS);
  ends.sort((a, b) => a - b);
  return ends.filter((end, i) => i === 0 || end !== ends[i - 1]);
}

/** The highest of all spans at an instant. */
function highestAt(spans: readonly Span[], at: number): number {
  let most = 0;
  for (const span of spans) if (span.fromS <= at && at < span.untilS && span.most > most) most = span.most;
  return most;
}

/** What is added to the lines of every circuit above a station, or to a circuit by its building, from an instant on. */
interface Change {
  readonly at: number;
  /** Index of the station; -1: a building. */
  readonly owner: number;
  /** A on three phases, then W over all of them. */
  readonly by: readonly number[];
}

/** What the future of one station from `now` on adds to the lines of each circuit above it. */
function changesOf(
  station: Station,
  owner: number,
  voltage: number,
  now: EpochS,
  spans: readonly (readonly Span[])[],
): readonly Change[] {
  const changes: Change[] = [];
  let before: readonly number[] = [0, 0, 0, 0];
  for (const at of endsOf(spans)) {
    const loads = loadsAt(station, voltage, spans, at);
    const by = loads.map((load, line) => load - (before[line] ?? 0));
    if (by.some((more) => more !== 0)) changes.push({ at: now + at, owner, by });
    before = loads;
  }
  return changes;
}

/** What a station may come to draw by its spans: A on three phases, then W over all of them. */
function loadsAt(
  station: Station,
  voltage: number,
  spans: readonly (readonly Span[])[],
  at: number,
): readonly number[] {
  const { evses, current, moduleW = Infinity } = station;
  const amps = [0, 0, 0];
  let totalW = 0;
  for (let i = 0; i < evses.length; i++) {
    const evse = evses[i];
    const most = highestAt(spans[i] ?? [], at);
    if (evse === undefined || most === 0) continue;
    if (current === 'AC') for (const phase of evse.rotation) amps[phase] = (amps[phase] ?? 0) + most;
    totalW += current === 'DC' ? most : Math.min(evse.maxW, most * voltage * evse.rotation.length);
  }
  const w = Math.min(totalW, moduleW);
  const [a = 0, b = 0, c = 0] = current === 'DC' ? phases.map(() => w / 3 / voltage) : amps;
  return [a, b, c, w];
}

/** Watches what the depot would be let to draw from now on, if no frame ever arrived again. */
export interface Futures {
  /** The first overload that what is installed now may lead to, or undefined. */
  check(now: EpochS, isLeftOut: (stationId: string) => boolean): Overload | undefined;
}

/** The state of an EVSE that its future was read from. */
interface SeenOutlet {
  readonly live: boolean;
  readonly followed: number;
  readonly transaction: string | undefined;
}

/** What a station's future was read from, and the future. */
interface KnownFuture {
  readonly held: unknown;
  readonly natures: number;
  readonly isConnected: boolean;
  readonly outlets: readonly SeenOutlet[];
  readonly changes: readonly Change[];
}

function isAsSeen(station: SimStation, outlets: readonly SeenOutlet[]): boolean {
  for (let i = 0; i < outlets.length; i++) {
    const seen = outlets[i];
    const outlet = station.outlets[i];
    if (seen === undefined || outlet === undefined) return false;
    const isSame =
      seen.live === outlet.live &&
      // What an EVSE follows says nothing of the future of one that is not live.
      (!seen.live || seen.followed === outlet.followed) &&
      seen.transaction === station.transactionAt(outlet.evse.id);
    if (!isSame) return false;
  }
  return true;
}

/** One station as the futures watch it. */
interface Watched {
  readonly sim: SimStation;
  readonly index: number;
  readonly above: readonly number[];
  readonly reactionS: number;
  /** When it changes its nature. */
  readonly turns: readonly EpochS[];
  /** Its clock drifts, which moves the whole future. */
  readonly drifts: boolean;
  /** The profiles that were there at the last look. */
  held: unknown;
  known: KnownFuture | undefined;
  /** The last look that asked, and what it was told. */
  look: number;
  added: readonly Change[];
}

/** The sum of a circuit: all changes below it in the order of time, and what was taken from which station. */
interface Sum {
  readonly below: readonly Watched[];
  readonly taken: (readonly Change[])[];
  changes: readonly Change[];
}

const nothing: readonly Change[] = [];

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
  const { site, startS, endS } = plan.scenario;
  const horizonS = plan.policy.leaseMaxS + 3600;
  const clock = clockOf(site.timeZone, startS, later(endS, horizonS + 86_400));
  const watched = watchedOf(plan, world, wiring);
  const byId = new Map(watched.map((one) => [one.sim.station.id, one]));
  const sums: readonly Sum[] = wiring.below.map((ids) => {
    const below = ids.flatMap((id) => byId.get(id) ?? []);
    return { below, taken: below.map(() => nothing), changes: nothing };
  });
  const boundOf = createBounds(site, wiring, clock, horizonS);

  const read = ({ sim, index, reactionS }: Watched, now: EpochS): readonly Change[] => {
    const spans = sim.outlets.map((outlet) => spansOf(sim, outlet, now, { reactionS, horizonS }));
    return changesOf(sim.station, index, site.voltage, now, spans);
  };
  let look = 0;
  const future = (one: Watched, now: EpochS): readonly Change[] => {
    if (reading === 'each' || one.drifts) return read(one, now);
    const { sim, known } = one;
    const held = sim.held();
    const isConnected = sim.isConnected();
    let natures = 0;
    for (const turn of one.turns) if (turn <= now) natures++;
    const isKnown =
      known !== undefined &&
      known.held === held &&
      known.natures === natures &&
      known.isConnected === isConnected &&
      isAsSeen(sim, known.outlets);
    if (isKnown) return known.changes;
    const changes = read(one, now);
    const outlets = sim.outlets.map(({ evse, live, followed }) => ({
      live,
      followed,
      transaction: sim.transactionAt(evse.id),
    }));
    one.known = { held, natures, isConnected, outlets, changes };
    return changes;
  };
  /** What a station adds to the circuits above it, read once a look. */
  const addedBy = (
    one: Watched,
    now: EpochS,
    isLeftOut: (stationId: string) => boolean,
  ): readonly Change[] => {
    if (one.look === look) return one.added;
    one.look = look;
    one.added = isLeftOut(one.sim.station.id) ? nothing : future(one, now);
    return one.added;
  };
  const bringUp = (sum: Sum, now: EpochS, isLeftOut: (stationId: string) => boolean): void => {
    let fresh: readonly Change[] = nothing;
    const gone = new Set<number>();
    sum.below.forEach((one, i) => {
      const own = addedBy(one, now, isLeftOut);
      if (own === sum.taken[i]) return;
      sum.taken[i] = own;
      gone.add(one.index);
      fresh = fresh === nothing ? own : fresh.concat(own).sort((a, b) => a.at - b.at);
    });
    if (gone.size > 0) sum.changes = merged(sum.changes, gone, fresh);
  };

  return {
    check: (now, isLeftOut) => {
      look++;
      const touched = new Set<number>();
      for (const one of watched) {
        const held = one.sim.held();
        if (one.held === held) continue;
        one.held = held;
        for (const circuit of one.above) touched.add(circuit);
      }
      for (const circuit of touched) {
        const sum = sums[circuit];
        if (sum === undefined) continue;
        bringUp(sum, now, isLeftOut);
        const over = sweep({ site, wiring, circuit }, now, sum.changes, boundOf(circuit, now));
        if (over !== undefined) return over;
      }
      return undefined;
    },
  };
}

function watchedOf(plan: WorldPlan, world: World, wiring: Wiring): readonly Watched[] {
  const { behaviours } = plan.scenario;
  const personas = new Map<string, string>();
  const turns = new Map<string, EpochS[]>();
  for (const event of plan.events) {
    if (event.kind !== 'fault' || event.fault.kind !== 'persona') continue;
    const { stationId, persona, fromS, untilS } = event.fault;
    personas.set(stationId, persona);
    turns.set(stationId, [...(turns.get(stationId) ?? []), fromS, untilS]);
  }
  return [...world.stations].map(([id, sim], index) => {
    const persona = personas.get(id);
    const moreS = persona === 'slow' ? 20 : persona === 'late-by-minutes' ? 180 : 0;
    return {
      sim,
      index,
      above: wiring.above.get(id) ?? [],
      reactionS: (behaviours[id]?.reactionS[1] ?? 0) + moreS,
      turns: turns.get(id) ?? [],
      drifts: persona === 'clock-drifts',
      held: undefined,
      known: undefined,
      look: 0,
      added: nothing,
    };
  });
}

/**
 * The bound of the uncontrolled load behind each circuit, as changes from the quarter hour of an instant on until a horizon
 * after its end.
 */
function createBounds(
  site: Site,
  wiring: Wiring,
  clock: LocalClock,
  horizonS: number,
): (circuit: number, now: EpochS) => readonly Change[] {
  const circuitOf = new Map(site.circuits.map(({ id }, i) => [id, i]));
  const feeds = site.circuits.map((_, i) =>
    site.uncontrolled.filter((load) => wiring.paths[circuitOf.get(load.circuit) ?? -1]?.includes(i)),
  );
  const quarterAt = (at: number): number => {
    const localS = at + offsetAtS(clock, epochS(at));
    return Math.floor((((localS % 86_400) + 86_400) % 86_400) / quarterS);
  };
  const read = (circuit: number, fromS: number): readonly Change[] => {
    const loads = feeds[circuit] ?? [];
    const changes: Change[] = [];
    let before: readonly [number, number, number, number] = [0, 0, 0, 0];
    for (let at = fromS; loads.length > 0 && at < fromS + quarterS + horizonS; at += quarterS) {
      const quarter = quarterAt(at);
      const on = (phase: 0 | 1 | 2): number =>
        loads.reduce(
          (sum, { boundW, phaseShares = evenShares }) =>
            sum + ((boundW[quarter] ?? 0) * phaseShares[phase]) / site.voltage,
          0,
        );
      const w = loads.reduce((sum, { boundW }) => sum + (boundW[quarter] ?? 0), 0);
      const [a, b, c, total] = before;
      const next: typeof before = [on(0), on(1), on(2), w];
      if (w !== total)
        changes.push({ at, owner: -1, by: [next[0] - a, next[1] - b, next[2] - c, w - total] });
      before = next;
    }
    return changes;
  };
  const known = site.circuits.map(() => ({ fromS: -1, changes: nothing }));
  return (circuit, now) => {
    const fromS = Math.floor(now / quarterS) * quarterS;
    let last = known[circuit];
    if (last?.fromS !== fromS) {
      last = { fromS, changes: read(circuit, fromS) };
      known[circuit] = last;
    }
    return last.changes;
  };
}

/** Two lists in the order of time as one, without what some stations have added to the first. */
function merged(
  old: readonly Change[],
  gone: ReadonlySet<number>,
  fresh: readonly Change[],
): readonly Change[] {
  const all: Change[] = [];
  let k = 0;
  for (const change of old) {
    if (gone.has(change.owner)) continue;
    for (let next = fresh[k]; next !== undefined && next.at < change.at; next = fresh[++k]) all.push(next);
    all.push(change);
  }
  return all.concat(fresh.slice(k));
}

/** The first instant from `now` on at which the changes add up to more than a line of the circuit carries. */
function sweep(
  { site, wiring, circuit }: { readonly site: Site; readonly wiring: Wiring; readonly circuit: number },
  now: EpochS,
  changes: readonly Change[],
  bounds: readonly Change[],
): Overload | undefined {
  const loads = new Float64Array(lineCount);
  const limitOf = (of: number, line: number): number => builtLimit(wiring, of, line);
  let i = 0;
  let k = 0;
  for (let at: number = now; at < Infinity;) {
    for (let next = changes[i]; next !== undefined && next.at <= at; next = changes[++i])
      addAll(loads, next.by);
    for (let next = bounds[k]; next !== undefined && next.at <= at; next = bounds[++k])
      addAll(loads, next.by);
    const over = overloadIn(site, circuit, loads, at as EpochS, limitOf);
    if (over !== undefined) return over;
    at = Math.min(changes[i]?.at ?? Infinity, bounds[k]?.at ?? Infinity);
  }
  return undefined;
}

function addAll(into: Float64Array, by: readonly number[]): void {
  for (let line = 0; line < lineCount; line++) add(into, line, by[line] ?? 0);
}
