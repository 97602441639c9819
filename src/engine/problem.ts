/** The depot as the engine knows it, in the solver's numbers. @module */
import type { DepotPlan, VisitPlan } from '#domain/plan';
import { evseKey, type Circuit, type Phase } from '#domain/site';
import { constant, integral, maxOver, valueAt, type StepFunction } from '#domain/step-function';
import { alignDown, endOf, startOf, type TimeGrid } from '#domain/time-grid';
import { epochS, seconds, type EpochS } from '#domain/units';
import type { SiteLimits } from '#safety/circuit-limits';
import type { CircuitNode, ConnectorNode, DepotProblem, Session } from '#solver/problem';
import { sorted } from './change.ts';
import { externalPowerOf } from './external-limits.ts';
import { hasNoFloor, heldPowerOf, reasonFixed, reservedPowerOf } from './fleet.ts';
import { onePhaseBefore, phaseSwitchesOf } from './phase-changes.ts';
import { highestReactionS, pathUp, placesOfSite, type SitePlace } from './places.ts';
import { modelOn, shortfallPriceOf } from './price.ts';
import { solverMoneyOf } from './solver-money.ts';
import type { PlannedSession, State, VisitState } from './state.ts';
import { expectedLoadOf, siteLimitsOf } from './supply.ts';

/** A problem with what is needed to read its answer. */
export interface Draft {
  readonly problem: DepotProblem;
  readonly grid: TimeGrid;
  readonly sessions: readonly PlannedSession[];
}

/** One EVSE with its station. */
interface Place extends SitePlace {
  /** Follows no plan: its exposure is taken off the circuits. */
  readonly isFixed: boolean;
  /** What the circuits have to keep free for it whatever it is told, kW. */
  readonly reservedKw: number;
}

/** Energy below which a vehicle counts as full, Wh. */
const fullWithinWh = 20;

/** Energy that a visit still lacks at the grid side, Wh; 0 for one that counts as full. */
export function neededWh(visit: VisitState): number {
  const rest = visit.visit.energyWh - visit.deliveredWh;
  return rest <= fullWithinWh ? 0 : rest;
}

/**
 * Energy to ask for beyond what is lacking, Wh: a part of it, and what one late raise costs. A plan that keeps half of
 * it is still good.
 */
function marginWh(state: State, visit: VisitState): number {
  const lateH = (highestReactionS(state.site) + state.policy.raiseMarginS) / 3600;
  return neededWh(visit) * state.policy.energyMargin + visit.visit.maxW * lateH;
}

/** All EVSEs of the site in the order of stations and ids. */
function placesOf(state: State): readonly Place[] {
  return placesOfSite(state.site).map(({ station, evse, ref, key }): Place => ({
    station,
    evse,
    ref,
    key,
    isFixed: reasonFixed(state, station, evse) !== undefined,
    reservedKw: reservedPowerOf(state, station, evse) / 1000,
  }));
}

/** The visits that a plan can serve, by id. */
function plannable(state: State, places: ReadonlyMap<string, Place>): readonly VisitState[] {
  return sorted(state.visits)
    .map(([, visit]) => visit)
    .filter((v) => {
      const place = places.get(evseKey(v.visit.evse));
      if (v.phase === 'gone' || place === undefined || place.isFixed) return false;
      if (v.visit.departsAt <= state.now || neededWh(v) === 0) return false;
      const { transaction } = state.stations.get(place.station.id)?.evses[place.evse.id] ?? {};
      return v.phase === 'expected' || transaction?.visitId === v.visit.id;
    });
}

/** The grid from the interval that runs now to the last departure. */
function gridFor(state: State, visits: readonly VisitState[]): TimeGrid {
  const { intervalS, horizonMaxS } = state.policy;
  const startS = alignDown(state.now, intervalS);
  const last = visits.reduce<number>((top, v) => Math.max(top, v.visit.departsAt), startS + intervalS);
  const count = Math.ceil(Math.min(last - startS, horizonMaxS) / intervalS);
  return { startS, intervalS, count };
}

/** The intervals of a stay, half open. */
interface Stay {
  readonly arrive: number;
  readonly depart: number;
}

/** The intervals of the stay of a visit; undefined where none is left. */
function stayOf(state: State, grid: TimeGrid, visit: VisitState): Stay | undefined {
  const toIntervals = (at: EpochS): number => (at - grid.startS) / grid.intervalS;
  const isHere = visit.phase === 'plugged';
  const arrive = isHere
    ? 0
    : Math.max(visit.visit.arrivesAt <= state.now ? 1 : 0, Math.ceil(toIntervals(visit.visit.arrivesAt)));
  const whole = Math.floor(toIntervals(visit.visit.departsAt));
  const depart = Math.min(grid.count, isHere ? Math.max(1, whole) : whole);
  return depart > arrive ? { arrive, depart } : undefined;
}

/**
 * Powers at which a vehicle can charge at its place, kW. An AC station that takes W only is written the power of one
 * phase, so that no phase is above its limit whatever it does, and shares it among its three: it gives a third of what
 * the circuits have to count, and needs three times the least current of one phase before anything flows.
 */
function powersOf(
  state: State,
  place: Place,
  visit: VisitState,
): { readonly phases: 1 | 3; readonly maxKw: number; readonly minKw: number; readonly stepKw: number } {
  const { station, evse } = place;
  const most = Math.min(visit.visit.maxW, evse.maxW) / 1000;
  if (station.current === 'DC') return { phases: 3, maxKw: most, minKw: 0, stepKw: 0 };
  const phases = visit.visit.phases === 1 || evse.rotation.length === 1 ? 1 : 3;
  const kwPerAmpere = (state.site.voltage * phases) / 1000;
  if (phases === 3 && station.capability.rateUnit === 'W') {
    return {
      phases: 1,
      maxKw: Math.min(most, (evse.maxA * kwPerAmpere) / 3),
      minKw: evse.minA * kwPerAmpere,
      stepKw: evse.stepA * kwPerAmpere,
    };
  }
  return {
    phases,
    maxKw: Math.min(most, evse.maxA * kwPerAmpere),
    minKw: evse.minA * kwPerAmpere,
    stepKw: evse.stepA * kwPerAmpere,
  };
}

/** Where a visit is planned. */
interface PlannedPlace {
  readonly place: Place;
  readonly connector: number;
  readonly shortfallPrice: number;
  /** By circuit, where any of them is below 1: see `sharesOf`. */
  readonly shares: ReadonlyMap<string, Float64Array>;
}

/** Highest power in each interval of a stay, kW: what limits of others and dropped limits leave; one number where none do. */
function mostKwOf(
  state: State,
  grid: TimeGrid,
  at: PlannedPlace,
  powers: { readonly stay: Stay; readonly phases: 1 | 3; readonly maxKw: number },
): number | Float64Array {
  const { stay, phases, maxKw } = powers;
  const { station, evse } = at.place;
  const external = externalPowerOf(state, at.place, state.now, endOf(grid));
  const limited = external.value.some((w) => w < Infinity);
  const shares = hasNoFloor(state, station)
    ? pathUp(state.site, station.circuit).flatMap((id) => at.shares.get(id) ?? [])
    : [];
  if (!limited && shares.length === 0) return maxKw;
  const leastKw = lowestPer(state, grid, external).map((w) => w / 1000);
  const ratedKw =
    station.current === 'DC' ? evse.maxW / 1000 : (evse.maxA * state.site.voltage * phases) / 1000;
  return Float64Array.from({ length: stay.depart - stay.arrive }, (_, i) => {
    const t = stay.arrive + i;
    const share = shares.reduce((least, row) => Math.min(least, row[t] ?? 1), 1);
    return Math.max(0, Math.min(maxKw, leastKw[t] ?? maxKw, share < 1 ? share * ratedKw : maxKw));
  });
}

/**
 * The least energy at or above the wanted one that whole intervals of allowed powers add up to. Without it the last half
 * kilowatt-hour of a vehicle would cost a whole interval at its least power, and be dearer than to go without.
 */
function wholeKwh(
  wantedKwh: number,
  grid: TimeGrid,
  powers: { readonly minKw: number; readonly stepKw: number },
): number {
  const hours = grid.intervalS / 3600;
  const quantumKwh = powers.stepKw * hours;
  const whole = quantumKwh > 0 ? Math.ceil(wantedKwh / quantumKwh - 1e-9) * quantumKwh : wantedKwh;
  return Math.max(whole, powers.minKw * hours);
}

const plannedPowers = new WeakMap<DepotPlan, ReadonlyMap<string, VisitPlan>>();

/** What a plan gives a visit. */
function plannedFor(plan: DepotPlan, visitId: string): VisitPlan | undefined {
  let byVisit = plannedPowers.get(plan);
  if (byVisit === undefined) {
    byVisit = new Map(plan.visits.map((visit) => [visit.visitId, visit]));
    plannedPowers.set(plan, byVisit);
  }
  return byVisit.get(visitId);
}

/** The power of a visit in the interval that runs, by the plan in force, kW; 0 where it has none. */
function runningKw(state: State, grid: TimeGrid, visitId: string): number {
  const { plan } = state;
  if (plan === undefined || plan.grid.intervalS !== grid.intervalS) return 0;
  const t = (grid.startS - plan.grid.startS) / grid.intervalS;
  return (plannedFor(plan, visitId)?.powerW[t] ?? 0) / 1000;
}

/**
 * Energy that the solver counts in the part of the running interval that is over, kWh: at the power that the plan in
 * force goes on with, or at the least one with which the vehicle leaves full, charging at its highest ever after.
 *
 *     goneH * max(running, min(max, (needed - restH * max) / (intervalH - goneH)))
 */
function goneKwh(
  state: State,
  grid: TimeGrid,
  visit: VisitState,
  of: { readonly stay: Stay; readonly neededKwh: number; readonly maxKw: number },
): number {
  const { stay, neededKwh, maxKw } = of;
  const goneH = (state.now - grid.startS) / 3600;
  const intervalH = grid.intervalS / 3600;
  if (stay.arrive > 0 || goneH <= 0 || goneH >= intervalH) return 0;
  const restH = (stay.depart - 1) * intervalH;
  const leastKw = (neededKwh - restH * maxKw) / (intervalH - goneH);
  return goneH * Math.min(maxKw, Math.max(runningKw(state, grid, visit.visit.id), leastKw));
}

/** The session of a visit in the solver's numbers and in ours. */
function sessionOf(
  state: State,
  grid: TimeGrid,
  visit: VisitState,
  at: PlannedPlace,
): readonly [Session, PlannedSession] | undefined {
  const stay = stayOf(state, grid, visit);
  if (stay === undefined) return undefined;
  const powers = powersOf(state, at.place, visit);
  const mostKw = mostKwOf(state, grid, at, { stay, ...powers });
  const hours = grid.intervalS / 3600;
  const windowKwh =
    typeof mostKw === 'number'
      ? (stay.depart - stay.arrive) * hours * mostKw
      : mostKw.reduce((sum, kw) => sum + kw * hours, 0);
  const neededKwh = (neededWh(visit) + marginWh(state, visit)) / 1000;
  const wantedKwh = neededKwh + goneKwh(state, grid, visit, { stay, neededKwh, maxKw: powers.maxKw });
  const energyKwh = Math.max(wantedKwh, Math.min(windowKwh, wholeKwh(wantedKwh, grid, powers)));
  const restKwh = Math.max(0, visit.visit.energyWh - visit.deliveredWh) / 1000;
  return [
    {
      id: visit.visit.id,
      connector: at.connector,
      ...stay,
      energyKwh,
      ...powers,
      maxKw: mostKw,
      ...phaseSwitchesOf(at.place.station, visit, powers.phases),
      shortfallPrice: at.shortfallPrice * visit.visit.priority,
    },
    {
      visitId: visit.visit.id,
      stationId: at.place.station.id,
      evseId: at.place.evse.id,
      phases: powers.phases,
      ...stay,
      ...onePhaseBefore(state, grid, visit.visit.id, stay),
      extraKwh: energyKwh - restKwh,
      leastKwh: restKwh + marginWh(state, visit) / 2000,
    },
  ];
}

/**
 * [T] the highest value of a function while the powers of each interval are drawn: they go on for the reaction time
 * after its end. `own`: the function is that of a charger, which follows its steps as late as all others do.
 */
function highestPer(state: State, grid: TimeGrid, f: StepFunction, of: 'own' | 'other'): Float64Array {
  const reactionS = highestReactionS(state.site) + 1;
  if (f.startS.length === 1) return new Float64Array(grid.count).fill(f.value[0] ?? 0);
  return Float64Array.from({ length: grid.count }, (_, t) => {
    const from = Math.max(startOf(grid, t), state.now) + (of === 'own' ? reactionS : 0);
    return maxOver(f, epochS(from), epochS(Math.max(from, startOf(grid, t + 1)) + reactionS));
  });
}

/** [T] the lowest value of a function while the powers of each interval are drawn. */
function lowestPer(state: State, grid: TimeGrid, f: StepFunction): Float64Array {
  const negative = { startS: f.startS, value: f.value.map((v) => -v) };
  return highestPer(state, grid, negative, 'other').map((v) => -v);
}

/** What a load takes from a circuit: kW in all and on each phase, per interval. */
interface Taken {
  readonly totalKw: Float64Array;
  readonly phaseKw: readonly [Float64Array, Float64Array, Float64Array];
}

/** An EVSE's share of a power on one phase. */
function phaseShare(place: Place, phase: Phase): number {
  if (place.station.current === 'DC') return 1 / 3;
  return place.evse.rotation.includes(phase) ? 1 / place.evse.rotation.length : 0;
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
        totalKw: new Float64Array(grid.count),
        phaseKw: [new Float64Array(grid.count), new Float64Array(grid.count), new Float64Array(grid.count)],
      },
    ]),
  );
  const add = (circuitId: string, kw: Float64Array, shareOf: (phase: Phase) => number): void => {
    for (const id of pathUp(state.site, circuitId)) {
      const row = taken.get(id);
      if (row !== undefined) take(row, kw, shareOf);
    }
  };
  for (const circuit of state.site.circuits) {
    const uncontrolled = limits[circuit.id]?.uncontrolledW ?? constant(0);
    if (uncontrolled.value.every((w) => w === 0)) continue;
    add(
      circuit.id,
      highestPer(state, grid, uncontrolled, 'other').map((w) => w / 1000),
      () => 1 / 3,
    );
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

/** Room for the ledger's rounding up of each EVSE, kW: a plan that fills a circuit to the last watt would not be admitted. */
const roundingKw = 0.002;

/** What uncontrolled loads and EVSEs that follow no plan leave of a circuit, below 0 where it does not carry even them. */
interface Room {
  readonly circuit: Circuit;
  /** EVSEs below that follow the plan. */
  readonly below: readonly Place[];
  /** [T] kW on each phase. */
  readonly phaseKw: readonly [Float64Array, Float64Array, Float64Array];
  /** [T] kW in all; absent where only phases limit. */
  readonly totalKw?: Float64Array;
}

function roomsOf(state: State, grid: TimeGrid, places: readonly Place[]): readonly Room[] {
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
    const left = (limitKw: Float64Array, usedKw: Float64Array | undefined): Float64Array =>
      limitKw.map((kw, t) => kw - (usedKw?.[t] ?? 0) - roundingKw * below.length);
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

/** The circuit tree with what is left for the EVSEs that follow the plan, never less than they take in any case. */
function circuitsOf(state: State, rooms: readonly Room[]): readonly CircuitNode[] {
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
function sharesOf(state: State, rooms: readonly Room[]): ReadonlyMap<string, Float64Array> {
  const share = (
    roomKw: Float64Array,
    below: readonly Place[],
    on: (place: Place) => number,
  ): Float64Array => {
    const bare = below.filter((p) => hasNoFloor(state, p.station));
    if (bare.length === 0) return roomKw.map(() => 1);
    const rated = reservedKw(bare, on);
    const floors = reservedKw(below, on) - rated;
    return roomKw.map((kw) => (rated > 0 ? Math.min(1, Math.max(0, kw - floors) / rated) : 1));
  };
  return new Map(
    rooms.flatMap(({ circuit, below, phaseKw, totalKw }): (readonly [string, Float64Array])[] => {
      const rows = ([0, 1, 2] as const).map((phase) =>
        share(phaseKw[phase], below, (p) => phaseShare(p, phase)),
      );
      if (totalKw !== undefined) rows.push(share(totalKw, below, () => 1));
      const [first = new Float64Array(0), ...others] = rows;
      const least = others.reduce((low, row) => low.map((x, t) => Math.min(x, row[t] ?? 1)), first);
      return least.every((x) => x === 1) ? [] : [[circuit.id, least]];
    }),
  );
}

/** [T] mean power of everything that no session stands for: building, vehicles at stations that follow no plan. */
function fixedLoadOf(state: State, grid: TimeGrid, places: readonly Place[]): Float64Array {
  const expected = expectedLoadOf(state, { from: grid.startS, until: endOf(grid) });
  const load = Float64Array.from({ length: grid.count }, (_, t) => {
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

/** The plan in force on a new grid, by session; only where it covers the whole stay. */
function previousOf(
  state: State,
  grid: TimeGrid,
  sessions: readonly PlannedSession[],
): ReadonlyMap<string, Float64Array> {
  const { plan } = state;
  const previous = new Map<string, Float64Array>();
  if (plan === undefined || plan.grid.intervalS !== grid.intervalS) return previous;
  const offset = (grid.startS - plan.grid.startS) / grid.intervalS;
  for (const session of sessions) {
    const powerW = plannedFor(plan, session.visitId)?.powerW;
    if (powerW === undefined || offset < 0) continue;
    previous.set(
      session.visitId,
      Float64Array.from(
        { length: session.depart - session.arrive },
        (_, i) => (powerW[session.arrive + i + offset] ?? 0) / 1000,
      ),
    );
  }
  return previous;
}

/** Connectors and modules of the EVSEs that follow the plan. */
function connectorsOf(state: State, live: readonly Place[]): Pick<DepotProblem, 'connectors' | 'modules'> {
  const shared = state.site.stations.filter((s) => s.moduleW !== undefined);
  const moduleOf = new Map(shared.map(({ id }, i) => [id, i]));
  const circuitOf = new Map(state.site.circuits.map(({ id }, i) => [id, i]));
  return {
    modules: shared.map((s) => ({ id: s.id, maxKw: (s.moduleW ?? 0) / 1000 })),
    connectors: live.map(({ station, evse, key }): ConnectorNode => ({
      id: key,
      circuit: circuitOf.get(station.circuit) ?? -1,
      maxKw: evse.maxW / 1000,
      module: moduleOf.get(station.id) ?? -1,
      rotation: evse.rotation,
      reserveKw: reservedPowerOf(state, station, evse) / 1000,
    })),
  };
}

/** The problem of this instant; undefined where no vehicle can be planned for. */
export function draftOf(state: State): Draft | undefined {
  const places = placesOf(state);
  const live = places.filter((p) => !p.isFixed);
  const visits = plannable(state, new Map(places.map((p) => [p.key, p])));
  const grid = gridFor(state, visits);
  const model = modelOn(state, grid);
  const shortfallPrice = shortfallPriceOf(model, state.policy);
  const rooms = roomsOf(state, grid, places);
  const shares = sharesOf(state, rooms);
  const connectors = new Map(live.map(({ key }, connector) => [key, connector]));
  const pairs = visits.flatMap((visit) => {
    const connector = connectors.get(evseKey(visit.visit.evse));
    const place = connector === undefined ? undefined : live[connector];
    const pair =
      connector === undefined || place === undefined
        ? undefined
        : sessionOf(state, grid, visit, { place, connector, shortfallPrice, shares });
    return pair === undefined ? [] : [pair];
  });
  const own = withoutOverlap(pairs);
  if (own.length === 0) return undefined;
  const sessions = own.map(([, planned]) => planned);
  const fixedLoadKw = fixedLoadOf(state, grid, places);
  return {
    grid: { ...grid, intervalS: seconds(grid.intervalS) },
    sessions,
    problem: {
      intervalH: grid.intervalS / 3600,
      intervals: grid.count,
      circuits: circuitsOf(state, rooms),
      ...connectorsOf(state, live),
      sessions: own.map(([session]) => session),
      fixedLoadKw,
      ...solverMoneyOf(model, fixedLoadKw),
      earliness: state.policy.earlinessPerKwh,
      previousKw: previousOf(state, grid, sessions),
    },
  };
}

/** Sessions of one place one after the other: a later one begins when the one before it is to leave. */
function withoutOverlap(
  pairs: readonly (readonly [Session, PlannedSession])[],
): readonly (readonly [Session, PlannedSession])[] {
  const busyUntil = new Map<number, number>();
  return pairs
    .toSorted(([a], [b]) => a.connector - b.connector || a.arrive - b.arrive || a.depart - b.depart)
    .flatMap(([session, planned]) => {
      const arrive = Math.max(session.arrive, busyUntil.get(session.connector) ?? 0);
      if (arrive >= session.depart) return [];
      busyUntil.set(session.connector, session.depart);
      return [
        [
          { ...session, arrive },
          { ...planned, arrive },
        ] as const,
      ];
    })
    .sort(([a], [b]) => (a.id < b.id ? -1 : 1));
}
