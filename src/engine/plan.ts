/** A solution made into the plan of the depot and the profile of each charger. @module */
import type { DepotPlan, Shortfall, VisitPlan } from '#domain/plan';
import { evseKey, type Station } from '#domain/site';
import {
  combineTwo,
  constant,
  from,
  stepFunctionOf,
  valueAt,
  type StepFunction,
} from '#domain/step-function';
import { startOf, type TimeGrid } from '#domain/time-grid';
import { epochS, wattHours, watts, type EpochS, type Watts } from '#domain/units';
import { compileFloors, compilePlan, profileIdOf } from '#ocpp/compile';
import { obeysPurpose } from '#ocpp/obeyed';
import type { InstalledProfile } from '#ocpp/profile';
import type { Floors } from '#safety/floors';
import { isPulsed, leastAOf } from './asleep.ts';
import { planFormOf, takesStationCap } from './capability.ts';
import { rememberLevel, rememberSource, saysTheSame, type Want } from './compiled-before.ts';
import { evseState, keysInOrder, publish, sorted, without, type Change } from './change.ts';
import type { Effect } from './effect.ts';
import type { SolvedPlan } from './input.ts';
import { limitingSetsOf } from './limiting-sets.ts';
import { phasesOfVisit, phasesOverTime, withPhaseChanges } from './phase-changes.ts';
import { keyAt, placesOfSite, raiseDelayOf, siteStation } from './places.ts';
import { stateWith } from './state.ts';
import type { OpenSolve, PlannedSession, State, VisitState, WantedPlan } from './state.ts';
import { neededWh } from './visits.ts';

/** Energy below which a shortfall is rounding, kWh. */
const shortfallLeastKwh = 0.05;

/** What a solution means to the depot. */
export function depotPlanOf(state: State, solve: OpenSolve, solved: SolvedPlan): DepotPlan {
  const { grid } = solve;
  const visits = solve.sessions.map((session, i): VisitPlan => ({
    visitId: session.visitId,
    evse: keyAt(state.site, session),
    phases: session.phases,
    arrive: session.arrive,
    powerW: powersOverGrid(grid.count, session, solved.powerKw[i] ?? []),
    ...phasesOfVisit(grid.count, session.arrive, solved.onePhase?.[i]),
  }));
  return {
    revision: state.planRevision + 1,
    madeAt: state.now,
    grid,
    visits,
    shortfalls: shortfallsOf(state, solve, solved),
    proof: {
      status: solved.status,
      solver: solved.solver,
      objective: solved.objective,
      bound: solved.bound,
      gap: solved.gap,
      valid: solved.valid,
      repairCost: solved.repairCost,
    },
  };
}

/** The powers of a stay over the whole grid, to the milliwatt. */
function powersOverGrid(
  count: number,
  { arrive, depart }: PlannedSession,
  powerKw: readonly number[],
): readonly Watts[] {
  const powerW: Watts[] = [];
  const none = watts(0);
  for (let t = 0; t < count; t++) {
    const isStay = t >= arrive && t < depart;
    powerW.push(isStay ? watts(Math.round((powerKw[t - arrive] ?? 0) * 1e6) / 1e3) : none);
  }
  return powerW;
}

/** Energy that cannot be had in time, what was asked for twice and the margin taken off. */
function shortfallsOf(state: State, solve: OpenSolve, solved: SolvedPlan): readonly Shortfall[] {
  return solve.sessions.flatMap((session, i) => {
    const visit = state.visits[session.visitId];
    if (visit === undefined) return [];
    const missingKwh = (solved.shortfallKwh[i] ?? 0) - session.extraKwh;
    if (missingKwh < shortfallLeastKwh) return [];
    return [
      {
        visitId: session.visitId,
        missingWh: wattHours(Math.round(missingKwh * 1000)),
        departsAt: visit.visit.departsAt,
      },
    ];
  });
}

/** The planned limit of one EVSE over its stay, in its station's unit; what is left after the last whole interval has the floor. */
function limitOver(
  state: State,
  grid: TimeGrid,
  session: PlannedSession,
  solved: { readonly powerKw: readonly number[]; readonly onePhase: readonly number[] | undefined },
): readonly (readonly [EpochS, number])[] {
  const least = leastAOf(state, state.visits[session.visitId]);
  const pieces = solved.powerKw.map((kw, i) => {
    const share = solved.onePhase?.[i] === 1 ? session.phases : 1;
    return [
      startOf(grid, session.arrive + i),
      Math.max(least, (kw * 1000 * share) / session.wattsPerUnit),
    ] as const;
  });
  const all = [
    ...pieces,
    [startOf(grid, session.depart), state.floors[keyAt(state.site, session)] ?? 0] as const,
  ];
  // Intervals may have passed while the solver worked.
  const begun = all.findLastIndex(([at]) => at <= state.now);
  return all.slice(Math.max(0, begun));
}

/** The floors of one station, made for what it was capable of. */
interface FloorProfiles {
  readonly station: Station;
  readonly isCapped: boolean;
  readonly profiles: readonly InstalledProfile[];
}

const floorProfiles = new WeakMap<Floors, Map<string, FloorProfiles>>();

/** The floors of a station as profiles; the same objects while the floors and its capability are the same. */
export function floorProfilesOf(state: State, station: Station): readonly InstalledProfile[] {
  const known = floorProfiles.get(state.floors) ?? new Map<string, FloorProfiles>();
  floorProfiles.set(state.floors, known);
  const isCapped = takesStationCap(state, station);
  const seen = known.get(station.id);
  if (seen !== undefined && seen.station === station && seen.isCapped === isCapped) return seen.profiles;
  const profiles = freshFloorProfiles(state, station, isCapped);
  known.set(station.id, { station, isCapped, profiles });
  return profiles;
}

function freshFloorProfiles(state: State, station: Station, isCapped: boolean): readonly InstalledProfile[] {
  const hardware = station.evses.reduce<number>(
    (total, e) => total + (station.current === 'AC' ? e.maxA : e.maxW),
    0,
  );
  const circuitA = state.site.circuits.find((c) => c.id === station.circuit)?.limitA ?? Infinity;
  return compileFloors({
    station,
    floors: obeysPurpose(station, 'TxDefaultProfile')
      ? station.evses.map((evse) => ({
          evseId: evse.id,
          limit: state.floors[evseKey({ stationId: station.id, evseId: evse.id })] ?? 0,
        }))
      : [],
    ...(isCapped
      ? {
          stationMax:
            station.current === 'AC'
              ? Math.min(hardware, circuitA)
              : Math.min(hardware, station.moduleW ?? Infinity),
        }
      : {}),
    now: state.now,
    voltage: state.site.voltage,
  });
}

/** True where two limits are the same in `[at, until)`. */
function isSame(a: StepFunction, b: StepFunction, at: EpochS, until: EpochS): boolean {
  const differs = from(
    combineTwo(a, b, (x, y) => (Math.abs(x - y) > 1e-6 ? 1 : 0)),
    at,
  );
  return differs.startS.every((start, i) => differs.value[i] === 0 || start >= until);
}

/** True where a plan in force uses one phase of three when it is wanted in `[at, until)`, and only then. */
function hasSamePhases(inForce: WantedPlan, want: Want, at: EpochS, until: EpochS): boolean {
  const none = constant(0);
  return isSame(inForce.onePhase ?? none, want.onePhase ?? none, at, until);
}

/** The wanted plan of one EVSE; the one in force where it says the same and its lease is not half spent. */
function wantedOf(state: State, want: Want, key: string): WantedPlan | undefined {
  const { transactionId, visitId } = want;
  const station = siteStation(state.site, want.stationId);
  const endS = Math.min(want.untilS, state.now + state.policy.leaseMaxS);
  if (station === undefined || endS <= state.now) return undefined;
  const { purpose, endsInFloor } = planFormOf(state, station);
  if (purpose === undefined) return undefined;
  const before = state.wanted[key];
  const inForce = before?.transactionId === transactionId ? before : undefined;
  if (inForce !== undefined && saysTheSame(state, want, inForce, endS)) return inForce;
  const raiseDelayS = raiseDelayOf(state);
  const [first, ...rest] = want.pieces;
  const level = first?.[1] ?? 0;
  const held = inForce === undefined ? level : valueAt(inForce.limit, epochS(state.now - 1));
  const compiled = compilePlan({
    station,
    evseId: want.evseId,
    transactionId,
    // The same at every stack level, so that a plan replaces the one before it whatever the station takes by then.
    profileId: profileIdOf(want.evseId, 'TxProfile', 1),
    purpose,
    ...(endsInFloor ? { ending: 'endless-step' as const, stepTo: state.floors[key] ?? 0 } : {}),
    limit: stepFunctionOf([
      [epochS(state.now - raiseDelayS - 1), held],
      [state.now, level],
      ...rest.filter(([at]) => at > state.now),
    ]),
    ...(want.onePhase === undefined ? {} : { onePhase: want.onePhase }),
    leaseS: endS - state.now,
    now: state.now,
    raiseDelayS,
    voltage: state.site.voltage,
    floors: floorProfilesOf(state, station),
  });
  if (!compiled.ok) return undefined;
  const { expected, profile, untilS, notes } = compiled.value;
  if (inForce !== undefined) {
    const isLong = inForce.leaseEndS >= endS || inForce.leaseEndS - state.now > state.policy.leaseMaxS / 2;
    const until = epochS(Math.min(inForce.leaseEndS, untilS));
    const isAlike = isSame(inForce.limit, expected, state.now, until);
    if (isLong && isAlike && hasSamePhases(inForce, want, state.now, until)) {
      if (want.pieces.length === 1)
        rememberLevel(inForce, { floors: state.floors, station, level, untilS: until });
      return inForce;
    }
  }
  const fresh: WantedPlan = {
    evseId: want.evseId,
    ...(visitId === undefined ? {} : { visitId }),
    transactionId,
    profile: { evseId: want.evseId, profile },
    limit: expected,
    ...(want.onePhase === undefined ? {} : { onePhase: want.onePhase }),
    fromS: state.now,
    leaseEndS: untilS,
  };
  rememberSource(state, fresh, { want, station, notes });
  return fresh;
}

/** The state in which some EVSEs want a plan. */
export function withWants(state: State, wants: readonly Want[]): State {
  const changed: [string, WantedPlan][] = [];
  for (const want of wants) {
    const key = keyAt(state.site, want);
    const one = wantedOf(state, want, key);
    if (one !== undefined && one !== state.wanted[key]) changed.push([key, one]);
  }
  if (changed.length === 0) return state;
  const wanted = { ...state.wanted, ...Object.fromEntries(changed) };
  return stateWith(state, { wanted, restless: true });
}

/** What the transaction of a visit that is plugged in shall be limited to, until the end of its stay. */
function wantOf(state: State, visit: VisitState | undefined, pieces: Want['pieces']): Want | undefined {
  if (visit === undefined || visit.phase !== 'plugged') return undefined;
  const { id, evse, departsAt } = visit.visit;
  const transaction = evseState(state, evse)?.transaction;
  if (transaction?.visitId !== id) return undefined;
  const { stationId, evseId } = evse;
  return { stationId, evseId, transactionId: transaction.id, visitId: id, untilS: departsAt, pieces };
}

const plugged = new WeakMap<State['visits'], readonly VisitState[]>();

/** The visits of vehicles that are plugged in, in the order of their ids. */
function pluggedIn(visits: State['visits']): readonly VisitState[] {
  const known = plugged.get(visits);
  if (known !== undefined) return known;
  const found: VisitState[] = [];
  for (const id of keysInOrder(visits)) {
    const visit = visits[id];
    if (visit?.phase === 'plugged') found.push(visit);
  }
  plugged.set(visits, found);
  return found;
}

/**
 * The state in which vehicles that no plan serves have their limit: full ones and those in a pulse none, caught chargers their floor, and
 * those whose visit is no longer known the floor instead of their old plan. Who is too late for a plan, or was never
 * announced, charges at the floor by itself, or by a plan where its station keeps none.
 */
export function withRests(state: State): State {
  const wants: Want[] = [];
  for (const v of pluggedIn(state.visits)) {
    const evse = evseState(state, v.visit.evse);
    const isFenced = evse?.fence !== undefined;
    const isPaused = evse !== undefined && isPulsed(state, evse);
    if (!isFenced && !isPaused && neededWh(v) > 0) continue;
    const level = isFenced ? (state.floors[keyAt(state.site, v.visit.evse)] ?? 0) : 0;
    const want = wantOf(state, v, [[state.now, level]]);
    if (want !== undefined) wants.push(want);
  }
  return withWithoutFloor(withWants(state, [...wants, ...orphansOf(state)]));
}

/** Plans of which each is of a visit that is known. */
const ownPlans = new WeakMap<State['wanted'], Pick<State, 'stations' | 'visits'>>();

/** What EVSEs shall be limited to that have the plan of a visit which is no longer known. */
function orphansOf(state: State): readonly Want[] {
  const { stations, visits } = state;
  const known = ownPlans.get(state.wanted);
  if (known?.stations === stations && known.visits === visits) return [];
  const wants: Want[] = [];
  for (const [key, plan] of sorted(state.wanted)) {
    const stationId = stationIdOf(key);
    const { transaction } = state.stations.get(stationId)?.evses[plan.evseId] ?? {};
    if (transaction === undefined || transaction.id !== plan.transactionId) continue;
    if (transaction.visitId !== undefined && state.visits[transaction.visitId] !== undefined) continue;
    const { evseId, transactionId, leaseEndS } = plan;
    const pieces = [[state.now, state.floors[key] ?? 0]] as const;
    wants.push({ stationId, evseId, transactionId, untilS: leaseEndS, pieces });
  }
  if (wants.length === 0) ownPlans.set(state.wanted, { stations, visits });
  return wants;
}

/** The station of an `evseKey`. */
export function stationIdOf(key: string): string {
  const end = key.indexOf('/');
  return end < 0 ? key : key.slice(0, end);
}

/** Plans of which no station without a floor lacks one. */
const allPlanned = new WeakMap<State['wanted'], Pick<State, 'stations' | 'makes' | 'site'>>();

/**
 * The state in which a transaction without a plan has one at its floor, at stations where no floor can be counted on.
 */
function withWithoutFloor(state: State): State {
  const { stations, makes, site } = state;
  const known = allPlanned.get(state.wanted);
  if (known?.stations === stations && known.makes === makes && known.site === site) return state;
  const wants: Want[] = [];
  for (const { station, ref, key } of placesOfSite(site)) {
    const { transaction } = evseState(state, ref) ?? {};
    if (transaction === undefined || state.wanted[key]?.transactionId === transaction.id) continue;
    if (!planFormOf(state, station).endsInFloor) continue;
    const untilS = epochS(state.now + state.policy.leaseMaxS);
    const pieces = [[state.now, state.floors[key] ?? 0]] as const;
    wants.push({ ...ref, transactionId: transaction.id, untilS, pieces });
  }
  if (wants.length === 0) allPlanned.set(state.wanted, { stations, makes, site });
  return withWants(state, wants);
}

/** The state in which a solution is the plan, with what is told of it. */
export function takePlan(state: State, solve: OpenSolve, solved: SolvedPlan): Change {
  const plan = depotPlanOf(state, solve, solved);
  const wants = solve.sessions.flatMap((session, i): readonly Want[] => {
    if (session.arrive > 0) return [];
    const [powerKw, onePhase] = [solved.powerKw[i] ?? [], solved.onePhase?.[i]];
    const pieces = limitOver(state, solve.grid, session, { powerKw, onePhase });
    const want = wantOf(state, state.visits[session.visitId], pieces);
    return want === undefined ? [] : [{ ...want, ...phasesOverTime(solve.grid, session.arrive, onePhase) }];
  });
  const visits = withPhaseChanges(state, plan);
  const limiting = limitingSetsOf(
    solve.sessions.map(({ visitId }) => visitId),
    solved.limiting,
  );
  const planned = stateWith(state, { visits, plan, planRevision: plan.revision, limiting });
  const next = withRests(withWants(planned, wants));
  const effects: Effect[] = [
    publish('plan', {
      ...plan,
      triggers: solve.triggers,
      limits: sorted(next.wanted).map(([evse, w]) => ({
        evse,
        visitId: w.visitId ?? null,
        leaseEndS: w.leaseEndS,
        limit: w.limit,
      })),
    }),
  ];
  return [next, effects];
}

interface Fresh {
  readonly stations: State['stations'];
  readonly untilS: number;
}

/** Plans that are all of running transactions, and the end of the first lease. */
const freshPlans = new WeakMap<State['wanted'], Fresh>();

/** The state without the plans of transactions that are over and of leases that have ended. */
export function dropOldPlans(state: State): State {
  const { stations, now } = state;
  const known = freshPlans.get(state.wanted);
  if (known?.stations === stations && now < known.untilS) return state;
  let wanted = state.wanted;
  let untilS = Infinity;
  for (const [key, plan] of sorted(state.wanted)) {
    const running = stations.get(stationIdOf(key))?.evses[plan.evseId]?.transaction?.id;
    if (running !== plan.transactionId || plan.leaseEndS <= now) wanted = without(wanted, key);
    else untilS = Math.min(untilS, plan.leaseEndS);
  }
  freshPlans.set(wanted, { stations, untilS });
  return wanted === state.wanted ? state : stateWith(state, { wanted });
}
