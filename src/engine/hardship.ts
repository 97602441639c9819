/**
 * Floors in hard times: where a charger that nobody can rule takes its hardware maximum, or a limit drops for long, the
 * floors of the others are chosen anew so that all of it still fits; afterwards they are what they were.
 * @module
 */
import { evseKey } from '#domain/site';
import { maxOver, sum, type StepFunction } from '#domain/step-function';
import { epochS, later, type EpochS } from '#domain/units';
import { hardwareOf } from '#safety/exposure';
import { floorsOf, type FloorRoom, type FloorRooms, type Floors } from '#safety/floors';
import { clearAlarm, evseState, inTurn, raiseAlarm, sorted, type Change } from './change.ts';
import { heldLimitOf, reasonFixed, stationsInDoubt } from './fleet.ts';
import { floorsPolicyOf } from './policy.ts';
import { floorProfilesOf, stationIdOf } from './plan.ts';
import type { State, WantedPlan } from './state.ts';
import { pathUp, placesOfSite, siteStation } from './places.ts';

/** Amperes or watts by which a limit may be above a floor for reasons of rounding. */
const rounding = 0.05;

/** What EVSEs may draw for ever that cannot be told anything at present, by key. */
function stuckOf(state: State): Floors {
  const stuck: Record<string, number> = {};
  const doubted = stationsInDoubt(state);
  if (doubted.size === 0) return stuck;
  const farS = later(state.now, 2 * state.policy.horizonMaxS);
  for (const { station, evse, key } of placesOfSite(state.site)) {
    if (!doubted.has(station.id) || reasonFixed(state, station, evse) === undefined) continue;
    stuck[key] = maxOver(heldLimitOf(state, station, evse), farS, later(farS, 1));
  }
  return stuck;
}

/** Those of them that may draw more than their usual floor. */
function wildOf({ usualFloors }: State, stuck: Floors): readonly string[] {
  return Object.keys(stuck).filter((key) => (stuck[key] ?? 0) > (usualFloors[key] ?? 0) + rounding);
}

/** The least of a function from now to the end of what is known. */
function leastFrom(f: StepFunction, now: EpochS, until: EpochS): number {
  return -maxOver({ startS: f.startS, value: f.value.map((v) => -v) }, now, until);
}

/** What is left for chargers on each circuit at the worst instant ahead. */
function roomsOf(state: State): FloorRooms {
  const until = epochS(state.now + state.policy.horizonMaxS);
  return Object.fromEntries(
    state.site.circuits.map((circuit): [string, FloorRoom] => {
      const below = state.site.circuits.filter((c) => pathUp(state.site, c.id).includes(circuit.id));
      const limits = state.supply[circuit.id];
      const loads = below.flatMap((c) => state.supply[c.id] ?? []);
      const onPhase = (phase: 0 | 1 | 2): number => {
        const taken = sum(loads.map((l) => l.uncontrolledA[phase]));
        const limit = limits === undefined ? 0 : leastFrom(limits.limitA, state.now, until);
        return limit - maxOver(taken, state.now, until);
      };
      const takenW = maxOver(sum(loads.map((l) => l.uncontrolledW)), state.now, until);
      return [
        circuit.id,
        {
          phaseA: [onPhase(0), onPhase(1), onPhase(2)],
          ...(limits?.limitW === undefined
            ? {}
            : { totalW: leastFrom(limits.limitW, state.now, until) - takenW }),
        },
      ];
    }),
  );
}

/** The floors of this moment: the usual ones, else those in force unless they are chosen anew, else the best that fit, else none. */
function floorsNow(state: State, stuck: Floors, wild: readonly string[], isAnew: boolean): Floors {
  const rooms = roomsOf(state);
  const policy = floorsPolicyOf(state.policy);
  const hardware: Floors = Object.fromEntries(
    state.site.stations.flatMap((station) =>
      station.evses.flatMap((evse) => {
        const key = evseKey({ stationId: station.id, evseId: evse.id });
        return wild.includes(key) ? [[key, hardwareOf(station, evse)] as const] : [];
      }),
    ),
  );
  // A floor is not lowered by wanting it: until it can be told so, an EVSE takes what it holds.
  const taken: Floors = { ...stuck, ...hardware };
  const fits = (floors: Floors): boolean => {
    const fixed = Object.entries(floors).map(([key, floor]) => [key, Math.max(floor, taken[key] ?? 0)]);
    return floorsOf(state.site, { ...policy, fixed: Object.fromEntries(fixed) as Floors }, rooms).ok;
  };
  if (fits(state.usualFloors)) return state.usualFloors;
  if (!isAnew && fits(state.floors)) return state.floors;
  const priority = prioritiesOf(state);
  const best = floorsOf(state.site, { ...policy, priority, fixed: taken }, rooms);
  return Object.fromEntries(
    Object.entries(state.usualFloors).map(([key, usual]) => {
      if (wild.includes(key)) return [key, usual];
      return [key, best.ok ? Math.min(usual, best.value[key] ?? 0) : 0];
    }),
  );
}

/**
 * Who keeps a floor first where not all can: vehicles that are plugged in by the priority of their visit, unannounced
 * ones as normal ones, idle sockets last.
 */
function prioritiesOf(state: State): Readonly<Record<string, number>> {
  return Object.fromEntries(
    state.site.stations.flatMap((station) =>
      station.evses.map((evse): readonly [string, number] => {
        const ref = { stationId: station.id, evseId: evse.id };
        const transaction = evseState(state, ref)?.transaction;
        const visit = transaction?.visitId === undefined ? undefined : state.visits[transaction.visitId];
        return [evseKey(ref), transaction === undefined ? 0 : (visit?.visit.priority ?? 1)];
      }),
    ),
  );
}

const lowered = 'floor-lowered';

/** Floors of which the alarms say all that there is to say. */
const told = new WeakMap<State['alarms'], Floors>();

/** Says of every EVSE whose floor had to be lowered, and of those that have it back. */
export function floorAlarms(state: State): Change {
  const isUsual = state.floors === state.usualFloors;
  if (isUsual && !Object.keys(state.alarms).some((id) => id.startsWith(lowered))) return [state, []];
  const { alarms, floors } = state;
  if (told.get(alarms) === floors) return [state, []];
  const changed = sorted(state.usualFloors).filter(
    ([key, usual]) => (floors[key] ?? 0) < usual !== (alarms[`${lowered} ${key}`] !== undefined),
  );
  if (changed.length === 0) told.set(alarms, floors);
  return inTurn(
    state,
    changed.map(([key, usual]) => (s: State): Change => {
      const now = floors[key] ?? 0;
      if (now >= usual) return clearAlarm(s, lowered, key);
      return raiseAlarm(s, { kind: lowered, key, facts: { usual, now } });
    }),
  );
}

function isLowered({ floors, usualFloors }: State): boolean {
  return (
    floors !== usualFloors && Object.entries(usualFloors).some(([key, usual]) => (floors[key] ?? 0) < usual)
  );
}

/** The state with floors that fit what is known now; asked when supply or the wild ones have changed. */
export function withFittingFloors(state: State, supplyChanged: boolean): State {
  const stuck = stuckOf(state);
  const wild = wildOf(state, stuck);
  // Who had to be counted as it is while floors are low may be told by now, and another one may have its floor then.
  const counted = isLowered(state) ? Object.keys(stuck) : wild;
  const isSame = counted.join() === state.wild.join();
  if (isSame && !supplyChanged) return state;
  const floors = floorsNow(state, stuck, wild, !isSame);
  const known: State = isSame ? state : { ...state, wild: counted };
  if (Object.entries(floors).every(([key, floor]) => known.floors[key] === floor)) return known;
  return withLowEnds({ ...known, floors, restless: true });
}

/** The state in which no plan that was made before ends above the floor, where a station goes on after its lease. */
function withLowEnds(state: State): State {
  const lowered = sorted(state.wanted).flatMap(([key, plan]): readonly (readonly [string, WantedPlan])[] => {
    const station = siteStation(state.site, stationIdOf(key));
    if (station === undefined || station.capability.obeysLease) return [];
    const floor = floorProfilesOf(state, station).find(
      ({ evseId, profile }) => evseId === plan.evseId && profile.purpose === 'TxDefaultProfile',
    );
    const [schedule] = plan.profile.profile.schedules;
    const [level, last] = [floor?.profile.schedules[0]?.periods[0]?.limit, schedule?.periods.at(-1)];
    if (level === undefined || schedule === undefined || last === undefined || (last.limit ?? 0) <= level)
      return [];
    const periods = [...schedule.periods.slice(0, -1), { ...last, limit: level }];
    const profile = { ...plan.profile.profile, schedules: [{ ...schedule, periods }] };
    return [[key, { ...plan, profile: { ...plan.profile, profile } }]];
  });
  if (lowered.length === 0) return state;
  return { ...state, wanted: { ...state.wanted, ...Object.fromEntries(lowered) } };
}
