/** What circuits have left for the vehicles that follow the plan, and what else the site draws. @module */
import type { Circuit, Phase } from '#domain/site';
import { constant, integral, maxOver, valueAt, type StepFunction } from '#domain/step-function';
import { endOf, rowOf, startOf, type TimeGrid } from '#domain/time-grid';
import { epochS, type EpochS } from '#domain/units';
import type { CircuitLimits, SiteLimits } from '#safety/circuit-limits';
import type { CircuitNode } from '#solver/problem';
import { hasNoFloor, heldPowerOf, reasonFixed, reservedPowerOf } from './fleet.ts';
import { lastStepS, pathUp, placesOfSite, type SitePlace } from './places.ts';
import type { State } from './state.ts';
import { expectedLoadOf, siteLimitsOf } from './supply.ts';
import { neededWh } from './visits.ts';

/** One EVSE with its station. */
export interface Place extends SitePlace {
  /** Follows no plan: its exposure is taken off the circuits. */
  readonly isFixed: boolean;
  /** What the circuits have to keep free for it whatever it is told, kW. */
  readonly reservedKw: number;
}

/** All EVSEs of the site in the order of stations and ids. */
export function placesOf(state: State): readonly Place[] {
  return placesOfSite(state.site).map(({ station, evse, ref, key }): Place => ({
    station,
    evse,
    ref,
    key,
    isFixed: reasonFixed(state, station, evse) !== undefined,
    reservedKw: reservedPowerOf(state, station, evse) / 1000,
  }));
}

/**
 * [T] the highest value of a function while the powers of each interval are drawn: they go on for the reaction time
 * after its end. `own`: the function is that of a charger, which follows its steps as late as all others do.
 */
function highestPer(state: State, grid: TimeGrid, f: StepFunction, of: 'own' | 'other'): Float64Array {
  const reactionS = lastStepS(state) + 1;
  if (f.startS.length === 1) return new Float64Array(grid.count).fill(f.value[0] ?? 0);
  return rowOf(grid.count, (t) => {
    const from = Math.max(startOf(grid, t), state.now) + (of === 'own' ? reactionS : 0);
    return maxOver(f, epochS(from), epochS(Math.max(from, startOf(grid, t + 1)) + reactionS));
  });
}

/** [T] the lowest value of a function while the powers of each interval are drawn. */
export function lowestPer(state: State, grid: TimeGrid, f: StepFunction): Float64Array {
  const negative = { startS: f.startS, value: f.value.map((v) => -v) };
  return highestPer(state, grid, negative, 'other').map((v) => -v);
}

/** What a load takes from a circuit: kW in all and on each phase, per interval. */
interface Taken {
  /** Loads in it that need not be whole milliamperes. */
  parts: number;
  readonly totalKw: Float64Array;
  readonly phaseKw: readonly [Float64Array, Float64Array, Float64Array];
}

/** An EVSE's share of a power on one phase. */
function phaseShare(place: Place, phase: Phase): number {
  if (place.station.current === 'DC') return 1 / 3;
  return place.evse.rotation.includes(phase) ? 1 / place.evse.rotation.length : 0;
}

/** Adds to each interval. */
function addTo(into: Float64Array, more: ArrayLike<number>): void {
  for (let t = 0; t < into.length; t++) into[t] = (into[t] ?? 0) + (more[t] ?? 0);
}

/** Adds a load to what is taken. */
function take(taken: Taken, kw: Float64Array, shareOf: (phase: Phase) => number): void {
  for (let t = 0; t < kw.length; t++) {
    const power = kw[t] ?? 0;
    taken.totalKw[t] = (taken.totalKw[t] ?? 0) + power;
    for (const phase of [0, 1, 2] as const) {
      const row = taken.phaseKw[phase];
      row[t] = (row[t] ?? 0) + power * shareOf(phase);
    }
  }
}

/** By circuit id: uncontrolled bounds and the exposure of EVSEs that follow no plan, of the circuit and all below it. */
function takenOf(
  state: State,
  grid: TimeGrid,
  places: readonly Place[],
  limits: SiteLimits,
): ReadonlyMap<string, Taken> {
  const taken = new Map<string, Taken>(
    state.site.circuits.map((circuit) => [
      circuit.id,
      {
        parts: 0,
        totalKw: new Float64Array(grid.count),
        phaseKw: [new Float64Array(grid.count), new Float64Array(grid.count), new Float64Array(grid.count)],
      },
    ]),
  );
  const add = (circuitId: string, kw: Float64Array, shareOf: (phase: Phase) => number): void => {
    for (const id of pathUp(state.site, circuitId)) {
      const row = taken.get(id);
      if (row === undefined) continue;
      row.parts++;
      take(row, kw, shareOf);
    }
  };
  const addUncontrolled = ({ uncontrolledW, uncontrolledA }: CircuitLimits, circuitId: string): void => {
    if ([uncontrolledW, ...uncontrolledA].every(({ value }) => value.every((x) => x === 0))) return;
    const highest = (f: StepFunction): Float64Array => highestPer(state, grid, f, 'other');
    const totalKw = highest(uncontrolledW).map((w) => w / 1000);
    const phaseKw = uncontrolledA.map((f) => highest(f).map((a) => (a * state.site.voltage) / 1000));
    for (const id of pathUp(state.site, circuitId)) {
      const row = taken.get(id);
      if (row === undefined) continue;
      row.parts++;
      addTo(row.totalKw, totalKw);
      row.phaseKw.forEach((into, phase) => addTo(into, phaseKw[phase] ?? []));
    }
  };
  for (const circuit of state.site.circuits) {
    const own = limits[circuit.id];
    if (own !== undefined) addUncontrolled(own, circuit.id);
  }
  for (const place of places) {
    if (!place.isFixed) continue;
    const held = highestPer(state, grid, heldPowerOf(state, place.station, place.evse), 'own');
    add(
      place.station.circuit,
      held.map((w) => w / 1000),
      (phase) => phaseShare(place, phase),
    );
  }
  return taken;
}

/**
 * Room for the ledger's rounding up of each load that is no whole number of milliamperes, kW: a DC EVSE, a building, what follows
 * no plan. Without it a plan that fills a circuit to the last watt would not be admitted. Steps of AC limits are whole ones.
 */
const roundingKw = 0.002;

/** Room below which a rating fits all the same: the noise of sums, kW. */
const fitNoiseKw = 1e-9;

/** What uncontrolled loads and EVSEs that follow no plan leave of a circuit, below 0 where it does not carry even them. */
export interface Room {
  readonly circuit: Circuit;
  /** EVSEs below that follow the plan. */
  readonly below: readonly Place[];
  /** [T] kW on each phase. */
  readonly phaseKw: readonly [Float64Array, Float64Array, Float64Array];
  /** [T] kW in all; absent where only phases limit. */
  readonly totalKw?: Float64Array;
}

export function roomsOf(state: State, grid: TimeGrid, places: readonly Place[]): readonly Room[] {
  const limits = siteLimitsOf(state, { from: grid.startS, until: endOf(grid) });
  const taken = takenOf(state, grid, places, limits);
  const liveBelow = new Map<string, Place[]>(state.site.circuits.map(({ id }) => [id, []]));
  for (const place of places) {
    if (place.isFixed) continue;
    for (const id of pathUp(state.site, place.station.circuit)) liveBelow.get(id)?.push(place);
  }
  return state.site.circuits.map((circuit): Room => {
    const { limitA, limitW } = limits[circuit.id] ?? { limitA: constant(0), limitW: undefined };
    const used = taken.get(circuit.id);
    const below = liveBelow.get(circuit.id) ?? [];
    const live = below.filter(({ station }) => station.current === 'DC').length;
    const rounded = roundingKw * (live + (used?.parts ?? 0));
    const left = (limitKw: Float64Array, usedKw: Float64Array | undefined): Float64Array =>
      limitKw.map((kw, t) => kw - (usedKw?.[t] ?? 0) - rounded);
    const phaseKw = lowestPer(state, grid, limitA).map((a) => (a * state.site.voltage) / 1000);
    const onPhase = (phase: Phase): Float64Array => left(phaseKw, used?.phaseKw[phase]);
    return {
      circuit,
      below,
      phaseKw: [onPhase(0), onPhase(1), onPhase(2)],
      ...(limitW === undefined
        ? {}
        : {
            totalKw: left(
              lowestPer(state, grid, limitW).map((w) => w / 1000),
              used?.totalKw,
            ),
          }),
    };
  });
}

/** What EVSEs take in any case, by how much of it counts, kW. */
function reservedKw(places: readonly Place[], shareOf: (place: Place) => number): number {
  return places.reduce<number>((sum, p) => sum + p.reservedKw * shareOf(p), 0);
}

/** [T] 1 where `ratedKw` of a place fit every circuit above it beside what is kept free for all others. */
export function ratingFits(rooms: readonly Room[], place: Place, ratedKw: number): Uint8Array {
  const { evse, key } = place;
  const fits = new Uint8Array(rooms[0]?.phaseKw[0].length ?? 0).fill(1);
  const narrow = (kw: Float64Array, others: readonly Place[], shareOf: (one: Place) => number): void => {
    const askedKw = reservedKw(others, shareOf) + ratedKw * shareOf(place);
    for (let t = 0; t < fits.length; t++) if ((kw[t] ?? 0) < askedKw - fitNoiseKw) fits[t] = 0;
  };
  for (const { below, phaseKw, totalKw } of rooms) {
    if (!below.some((one) => one.key === key)) continue;
    const others = below.filter((one) => one.key !== key);
    for (const phase of evse.rotation) narrow(phaseKw[phase], others, (one) => phaseShare(one, phase));
    if (totalKw !== undefined) narrow(totalKw, others, () => 1);
  }
  return fits;
}

/** The circuit tree with what is left for the EVSEs that follow the plan, never less than they take in any case. */
export function circuitsOf(state: State, rooms: readonly Room[]): readonly CircuitNode[] {
  return rooms.map(({ circuit, below, phaseKw, totalKw }): CircuitNode => {
    const onPhase = (phase: Phase): Float64Array => {
      const reserved = reservedKw(below, (p) => phaseShare(p, phase));
      return phaseKw[phase].map((kw) => Math.max(reserved, kw));
    };
    const reserved = reservedKw(below, () => 1);
    return {
      id: circuit.id,
      parent: state.site.circuits.findIndex((c) => c.id === circuit.parent),
      limitKw:
        totalKw?.map((kw) => Math.max(reserved, kw)) ?? new Float64Array(phaseKw[0].length).fill(Infinity),
      phaseLimitKw: [onPhase(0), onPhase(1), onPhase(2)],
    };
  });
}

/**
 * [T] by circuit: the share of their rating that EVSEs without a lasting floor may be told to draw. It is 1 as long as
 * the circuit has their ratings free, as it was designed, and then the circuit is not here. Below a limit that has dropped under that nothing can be kept
 * free for them any more; then what the others' floors leave is shared by rating, and the draw itself comes down.
 */
export function sharesOf(state: State, rooms: readonly Room[]): ReadonlyMap<string, Float64Array> {
  const share = (
    roomKw: Float64Array,
    below: readonly Place[],
    bare: readonly Place[],
    on: (place: Place) => number,
  ): Float64Array => {
    const rated = reservedKw(bare, on);
    const floors = reservedKw(below, on) - rated;
    return roomKw.map((kw) => (rated > 0 ? Math.min(1, Math.max(0, kw - floors) / rated) : 1));
  };
  return new Map(
    rooms.flatMap(({ circuit, below, phaseKw, totalKw }): (readonly [string, Float64Array])[] => {
      const bare = below.filter((p) => hasNoFloor(state, p.station));
      if (bare.length === 0) return [];
      const rows = ([0, 1, 2] as const).map((phase) =>
        share(phaseKw[phase], below, bare, (p) => phaseShare(p, phase)),
      );
      if (totalKw !== undefined) rows.push(share(totalKw, below, bare, () => 1));
      const [first = new Float64Array(0), ...others] = rows;
      const least = others.reduce((low, row) => low.map((x, t) => Math.min(x, row[t] ?? 1)), first);
      return least.every((x) => x === 1) ? [] : [[circuit.id, least]];
    }),
  );
}

/** [T] mean power of everything that no session stands for: building, vehicles at stations that follow no plan. */
export function fixedLoadOf(state: State, grid: TimeGrid, places: readonly Place[]): Float64Array {
  const expected = expectedLoadOf(state, { from: grid.startS, until: endOf(grid) });
  const load = rowOf(grid.count, (t) => {
    const at = t === 0 ? state.now : startOf(grid, t);
    return valueAt(expected, at) / 1000;
  });
  const hours = grid.intervalS / 3600;
  for (const place of places) {
    const { transaction } = state.stations.get(place.station.id)?.evses[place.evse.id] ?? {};
    if (transaction === undefined) continue;
    const visit = transaction.visitId === undefined ? undefined : state.visits[transaction.visitId];
    if (visit !== undefined && !place.isFixed) continue;
    const held = heldPowerOf(state, place.station, place.evse);
    const mostKw = (visit?.visit.maxW ?? Infinity) / 1000;
    const meanKw = (fromS: EpochS, untilS: EpochS): number =>
      Math.min(mostKw, integral(held, fromS, untilS) / (untilS - fromS) / 1000);
    let restKwh = visit === undefined ? Infinity : neededWh(visit) / 1000;
    for (let t = 0; t < grid.count && restKwh > 0; t++) {
      const from = epochS(Math.max(startOf(grid, t), state.now));
      const kw = Math.min(meanKw(from, startOf(grid, t + 1)), restKwh / hours);
      load[t] = (load[t] ?? 0) + kw;
      restKwh -= kw * hours;
    }
  }
  return load;
}
