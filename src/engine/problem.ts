/** The depot as the engine knows it, in the solver's numbers. @module */
import { evseKey } from '#domain/site';
import { alignDown, endOf, rowOf, type TimeGrid } from '#domain/time-grid';
import { seconds, type EpochS } from '#domain/units';
import type { ConnectorNode, DepotProblem, Session } from '#solver/problem';
import { sorted } from './change.ts';
import { externalPowerOf } from './external-limits.ts';
import { hasNoFloor, reservedPowerOf } from './fleet.ts';
import { phaseSwitchesOf } from './phase-changes.ts';
import { pathUp, raiseDelayOf } from './places.ts';
import { modelOn, shortfallPriceOf } from './price.ts';
import { powerWaysOf, type Powers } from './powers.ts';
import {
  circuitsOf,
  fixedLoadOf,
  lowestPer,
  placesOf,
  ratingFits,
  roomsOf,
  sharesOf,
  type Place,
  type Room,
} from './rooms.ts';
import { goneKwh, onePhaseBefore, plannedBefore } from './running-interval.ts';
import { solverMoneyOf } from './solver-money.ts';
import type { PlannedSession, State, VisitState } from './state.ts';
import { neededWh } from './visits.ts';

/** A problem with what is needed to read its answer. */
export interface Draft {
  readonly problem: DepotProblem;
  readonly grid: TimeGrid;
  readonly sessions: readonly PlannedSession[];
}

/**
 * Energy to ask for beyond what is lacking, Wh: a part of it, and what one late raise costs. A plan that keeps half of
 * it is still good.
 */
function marginWh(state: State, visit: VisitState): number {
  const lateH = raiseDelayOf(state) / 3600;
  return neededWh(visit) * state.policy.energyMargin + visit.visit.maxW * lateH;
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

/** Where a visit is planned. */
interface PlannedPlace {
  readonly place: Place;
  readonly connector: number;
  readonly shortfallPrice: number;
  /** By circuit, where any of them is below 1: see `sharesOf`. */
  readonly shares: ReadonlyMap<string, Float64Array>;
  readonly rooms: readonly Room[];
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
  return rowOf(stay.depart - stay.arrive, (i) => {
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

/** A visit in the solver's numbers and in ours. */
interface DraftedVisit {
  readonly session: Session;
  readonly planned: PlannedSession;
}

/** A way of charging over a stay, with what it can give. */
interface Way {
  readonly powers: Powers;
  readonly mostKw: number | Float64Array;
  /** What the visit lacks with a margin, and what the solver counts in the part of the running interval that is over. */
  readonly wantedKwh: number;
  /** What the stay can give with nobody else in it. */
  readonly windowKwh: number;
}

function wayOf(
  state: State,
  grid: TimeGrid,
  visit: VisitState,
  at: PlannedPlace,
  { stay, powers }: { readonly stay: Stay; readonly powers: Powers },
): Way {
  const mostKw = mostKwOf(state, grid, at, { stay, ...powers });
  const hours = grid.intervalS / 3600;
  const { countedPerKw, maxKw } = powers;
  const fits = countedPerKw === undefined ? undefined : ratingFits(at.rooms, at.place, countedPerKw * maxKw);
  let windowKwh = 0;
  for (let t = stay.arrive; t < stay.depart; t++) {
    const kw = typeof mostKw === 'number' ? mostKw : (mostKw[t - stay.arrive] ?? 0);
    if (fits === undefined || (fits[t] === 1 && kw >= powers.minKw)) windowKwh += kw * hours;
  }
  const neededKwh = (neededWh(visit) + marginWh(state, visit)) / 1000;
  const gone = goneKwh(state, grid, visit, { stay, neededKwh, maxKw: powers.maxKw });
  return { powers, mostKw, wantedKwh: neededKwh + gone, windowKwh };
}

/** The first way that gives a vehicle all that it wants, or the one that gives most. */
function bestWay(ways: readonly Way[]): Way | undefined {
  const most = ways.reduce((top, { windowKwh }) => Math.max(top, windowKwh), 0);
  return ways.find(({ windowKwh, wantedKwh }) => windowKwh >= Math.min(wantedKwh, most));
}

function sessionOf(
  state: State,
  grid: TimeGrid,
  visit: VisitState,
  at: PlannedPlace,
): DraftedVisit | undefined {
  const stay = stayOf(state, grid, visit);
  if (stay === undefined) return undefined;
  const ways = powerWaysOf(state, at.place, visit).map((powers) =>
    wayOf(state, grid, visit, at, { stay, powers }),
  );
  const best = bestWay(ways);
  if (best === undefined) return undefined;
  const { powers, mostKw, wantedKwh, windowKwh } = best;
  const { wattsPerUnit, ...solved } = powers;
  const energyKwh = Math.max(wantedKwh, Math.min(windowKwh, wholeKwh(wantedKwh, grid, powers)));
  const restKwh = Math.max(0, visit.visit.energyWh - visit.deliveredWh) / 1000;
  return {
    session: {
      id: visit.visit.id,
      connector: at.connector,
      ...stay,
      energyKwh,
      ...solved,
      maxKw: mostKw,
      ...phaseSwitchesOf(at.place.station, visit, powers.phases),
      shortfallPrice: at.shortfallPrice * visit.visit.priority,
    },
    planned: {
      visitId: visit.visit.id,
      stationId: at.place.station.id,
      evseId: at.place.evse.id,
      phases: powers.phases,
      wattsPerUnit,
      ...stay,
      ...onePhaseBefore(state, grid, { visitId: visit.visit.id, ...stay }),
      extraKwh: energyKwh - restKwh,
      leastKwh: restKwh + marginWh(state, visit) / 2000,
    },
  };
}

/** The plan in force on a new grid, by session. */
function previousOf(
  state: State,
  grid: TimeGrid,
  sessions: readonly PlannedSession[],
): ReadonlyMap<string, Float64Array> {
  return new Map(
    sessions.flatMap((session) => {
      const row = plannedBefore(state, grid, session);
      return row === undefined ? [] : [[session.visitId, row] as const];
    }),
  );
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
  const drafted = visits.flatMap((visit) => {
    const connector = connectors.get(evseKey(visit.visit.evse));
    const place = connector === undefined ? undefined : live[connector];
    const one =
      connector === undefined || place === undefined
        ? undefined
        : sessionOf(state, grid, visit, { place, connector, shortfallPrice, shares, rooms });
    return one === undefined ? [] : [one];
  });
  const own = withoutOverlap(drafted);
  if (own.length === 0) return undefined;
  const sessions = own.map(({ planned }) => planned);
  const fixedLoadKw = fixedLoadOf(state, grid, places);
  return {
    grid: { ...grid, intervalS: seconds(grid.intervalS) },
    sessions,
    problem: {
      intervalH: grid.intervalS / 3600,
      intervals: grid.count,
      circuits: circuitsOf(state, rooms),
      ...connectorsOf(state, live),
      sessions: own.map(({ session }) => session),
      fixedLoadKw,
      ...solverMoneyOf(model, fixedLoadKw),
      earliness: state.policy.earlinessPerKwh,
      previousKw: previousOf(state, grid, sessions),
    },
  };
}

/** Sessions of one place one after the other: a later one begins when the one before it is to leave. */
function withoutOverlap(drafted: readonly DraftedVisit[]): readonly DraftedVisit[] {
  const busyUntil = new Map<number, number>();
  return drafted
    .toSorted(
      ({ session: a }, { session: b }) =>
        a.connector - b.connector || a.arrive - b.arrive || a.depart - b.depart,
    )
    .flatMap((one) => {
      const { session, planned } = one;
      const arrive = Math.max(session.arrive, busyUntil.get(session.connector) ?? 0);
      if (arrive >= session.depart) return [];
      busyUntil.set(session.connector, session.depart);
      return [{ ...one, session: { ...session, arrive }, planned: { ...planned, arrive } }];
    })
    .sort(({ session: a }, { session: b }) => (a.id < b.id ? -1 : 1));
}
