/**
 * Whether a depot could have served its night: a count of its own that gives power quarter by quarter to who has the least
 * slack, under the true limits, with room to spare. It knows no plan, no solver and no ledger.
 * @module
 */
import { phases, type Evse, type Site, type Station } from '#domain/site';
import { later, type EpochS } from '#domain/units';
import { clockOf, offsetAtS } from '#tariffs/calendar';
import type { SimVisit } from '../scenario.ts';
import { wiringOf, type Wiring } from './physics.ts';
import type { WorldPlan } from './world-plan.ts';

const quarterS = 900;
/** Part of the room beside the floors that the count gives away. */
const roomShare = 0.85;
/** Part of its need by which the count serves a vehicle more. */
const needMore = 1.1;
/** Quarters of its stay that a vehicle is not counted on: while it is met, and before it leaves. */
const idleQuarters = 2;

interface Stay {
  readonly visit: SimVisit;
  readonly station: Station;
  readonly evse: Evse;
  /** Highest current per phase, A; for DC power over three phases. */
  readonly maxA: number;
  leftWh: number;
}

/** The floor of an EVSE, A per phase. */
export type FloorOf = (station: Station, evse: Evse) => number;

/** Whether every vehicle of the night can be served by a wide margin. */
export function servesAll(plan: WorldPlan, floorOf: FloorOf): boolean {
  const { site, startS, endS, visits } = plan.scenario;
  const wiring = wiringOf(site);
  const stays = visits.flatMap((visit) => stayOf(site, visit));
  const bounds = boundsOf(site, startS, endS);
  for (let at: number = startS; at < endS; at += quarterS) {
    const here = stays.filter(
      ({ visit, leftWh }) =>
        leftWh > 0 &&
        visit.arrivesAt + idleQuarters * quarterS <= at &&
        at + (1 + idleQuarters) * quarterS <= visit.departsAt,
    );
    const slackOf = ({ visit, leftWh, maxA }: Stay): number =>
      visit.departsAt - at - (leftWh * 3600) / (maxA * wattsPerA(site, visit));
    const room = roomAt(site, wiring, floorOf, bounds(at));
    for (const stay of here.toSorted((a, b) => slackOf(a) - slackOf(b)))
      serve(site, wiring, stay, room, floorOf);
  }
  return stays.every(({ leftWh }) => leftWh <= 0);
}

function wattsPerA(site: Site, { announced }: SimVisit): number {
  return site.voltage * announced.phases;
}

function stayOf(site: Site, visit: SimVisit): readonly Stay[] {
  const { stationId, evseId } = visit.announced.evse;
  const station = site.stations.find(({ id }) => id === stationId);
  const evse = station?.evses.find(({ id }) => id === evseId);
  if (station === undefined || evse === undefined) return [];
  const sharedW = (station.moduleW ?? Infinity) / station.evses.length;
  const maxW = Math.min(visit.announced.maxW, evse.maxW, sharedW);
  const maxA = Math.min(evse.maxA, maxW / wattsPerA(site, visit));
  return [{ visit, station, evse, maxA, leftWh: visit.energyWh * needMore }];
}

/**
 * What each phase is counted with where it gives `amps`: an AC station that takes W only might give all of them to one, and
 * no phase carries more than the hardware.
 */
function countedA({ current, capability }: Station, evse: Evse, amps: number): number {
  const times = current === 'AC' && capability.rateUnit === 'W' ? evse.rotation.length : 1;
  return Math.min(amps * times, evse.maxA);
}

/** The most that a vehicle gets where each phase may be counted with `most`. */
function givenA({ station, evse, visit, maxA }: Stay, most: number): number {
  if (countedA(station, evse, 1) <= 1) return Math.min(maxA, most);
  if (most >= evse.maxA) return maxA;
  // A vehicle on one phase may get a third of it.
  return visit.announced.phases === 3 ? Math.min(maxA, most / evse.rotation.length) : 0;
}

/** What the building may draw in each quarter hour, W. */
function boundsOf(site: Site, startS: EpochS, endS: EpochS): (at: number) => number {
  const clock = clockOf(site.timeZone, startS, later(endS, 86_400));
  return (at) => {
    const localS = at + offsetAtS(clock, at);
    const quarter = Math.floor((((localS % 86_400) + 86_400) % 86_400) / quarterS);
    return site.uncontrolled.reduce((sum, { boundW }) => sum + (boundW[quarter] ?? 0), 0);
  };
}

/** Whether a station counts with its hardware at all times, whatever it is told. */
const isForgetful = (station: Station): boolean => station.capability.keepsProfiles === 'none';

/** Room per circuit and phase beside floors and building, A. A limit in W is taken for a third of it per phase. */
function roomAt(site: Site, { above }: Wiring, floorOf: FloorOf, boundW: number): Float64Array[] {
  const room = site.circuits.map(({ limitA, limitW = Infinity }) =>
    new Float64Array(3).fill(Math.min(limitA, limitW / 3 / site.voltage)),
  );
  const take = (path: readonly number[], phase: number, amps: number): void => {
    for (const circuit of path) {
      const line = room[circuit];
      if (line !== undefined) line[phase] = (line[phase] ?? 0) - amps;
    }
  };
  const loads = new Set(site.uncontrolled.map(({ circuit }) => circuit));
  site.circuits.forEach(({ id }, i) => {
    if (loads.has(id)) for (const phase of phases) take([i], phase, boundW / 3 / site.voltage);
  });
  for (const station of site.stations) {
    for (const evse of station.evses) {
      const amps = isForgetful(station) ? evse.maxA : countedA(station, evse, floorOf(station, evse));
      for (const phase of evse.rotation) take(above.get(station.id) ?? [], phase, amps);
    }
  }
  return room.map((line) => line.map((amps) => Math.max(0, amps) * roomShare));
}

/** Gives a vehicle what it can use of the room, in whole amperes. */
function serve(
  site: Site,
  { above }: Wiring,
  stay: Stay,
  room: readonly Float64Array[],
  floorOf: FloorOf,
): void {
  const { station, evse, visit } = stay;
  const path = above.get(station.id) ?? [];
  const free = isForgetful(station) ? evse.maxA : countedA(station, evse, floorOf(station, evse));
  const roomA = Math.min(
    ...path.flatMap((circuit) => evse.rotation.map((phase) => room[circuit]?.[phase] ?? 0)),
  );
  const most = free + Math.max(0, roomA);
  const amps = Math.floor(givenA(stay, most));
  if (amps < Math.max(1, evse.minA)) return;
  const taken = Math.min(most, countedA(station, evse, amps));
  const extra = isForgetful(station) ? 0 : Math.max(0, taken - free);
  for (const circuit of path) {
    const line = room[circuit];
    for (const phase of evse.rotation) if (line !== undefined) line[phase] = (line[phase] ?? 0) - extra;
  }
  stay.leftWh -= (amps * wattsPerA(site, visit) * quarterS) / 3600;
}
