/**
 * Whether a depot could have served a vehicle: a count of its own that gives power quarter by quarter to who has the least
 * slack, under the true limits, with room to spare and less time than any engine had. It knows no plan, no solver and no
 * ledger.
 * @module
 */
import { evseKey, type Evse, type Site, type Station } from '#domain/site';
import { later, type EpochS } from '#domain/units';
import { clockOf, offsetAtS } from '#tariffs/calendar';
import { evenShares } from '../building.ts';
import type { FaultSpan } from '../scenario-cast.ts';
import type { SimVisit } from '../scenario-cast.ts';
import type { Outages } from './outages.ts';
import { wiringOf, type Wiring } from './physics.ts';
import { heardAt } from './rough-bus.ts';
import type { WorldPlan } from './world-plan.ts';

/** Length of a step of the count. */
export const quarterS = 900;
/** Part of the room beside the floors that the count gives away. */
const roomShare = 0.85;
/** Part of its need by which the count serves a vehicle more. */
const needMore = 1.1;
/** Quarters of its stay that a vehicle is not counted on: while it is met, and before it leaves. */
const idleQuarters = 1;

/** What is seen of a night when it is over. */
export interface NightSeen {
  readonly plan: WorldPlan;
  /** The floor of an EVSE, A per phase. */
  readonly floorOf: (station: Station, evse: Evse) => number;
  readonly outages: Outages;
  /** Whether the vehicle at an EVSE, by `evseKey`, slept in a quarter hour, counted from the start. */
  readonly isAsleep: (key: string, quarter: number) => boolean;
  /** The most that a station let an EVSE draw in a quarter hour, A per phase. */
  readonly offeredA: (key: string, quarter: number) => number;
}

/** A vehicle at its place. */
interface Stay {
  readonly visit: SimVisit;
  readonly place: Place;
  /** Highest current per phase, A; for DC power over three phases. */
  readonly maxA: number;
  readonly wattsPerA: number;
  /** Quarters in which it may be given something, half open. */
  readonly fromQ: number;
  readonly untilQ: number;
  readonly needWh: number;
  leftWh: number;
  /** The engine no longer knows what it has, so that it may keep room for it until it leaves, full or not. */
  isUnknown: boolean;
  /** Circuits that kept it below what it can take. */
  readonly boundAt: Set<number>;
}

/** An EVSE as the count sees it. */
interface Place {
  readonly key: string;
  readonly station: Station;
  readonly evse: Evse;
  /** Circuits above it. */
  readonly path: readonly number[];
  /** What is kept free for it at all times, A per phase as counted. */
  readonly freeA: number;
}

type Room = readonly Float64Array[];

/** What the count gives to a vehicle. */
export interface Share {
  /** Wh of what was announced. */
  readonly givenWh: number;
  /** It is filled, and no circuit above it leaves anybody short. */
  readonly isForAll: boolean;
}

/** A drop of a limit. */
type LimitDrop = Extract<FaultSpan, { kind: 'limit' }>;

/** Whose energy there was, in one night. */
export class Departures {
  private readonly night: NightSeen;
  private readonly wiring: Wiring;
  private readonly places: readonly Place[];
  private readonly count: number;
  private readonly boundW: (at: number) => number;
  private readonly drops: readonly LimitDrop[];

  constructor(night: NightSeen) {
    this.night = night;
    const { site, startS, endS } = night.plan.scenario;
    this.wiring = wiringOf(site);
    this.count = Math.ceil((endS - startS) / quarterS);
    this.boundW = boundsOf(site, startS, endS);
    this.places = site.stations.flatMap((station) =>
      station.evses.map((evse) => this.placeOf(station, evse)),
    );
    this.drops = night.plan.events.flatMap((event) =>
      event.kind === 'fault' && event.fault.kind === 'limit' ? [event.fault] : [],
    );
  }

  /**
   * What the count gives to everybody who was announced, by visit. What a vehicle could have had while its station was
   * out is taken away from it again: an engine that could not foresee it may have let others go first.
   */
  shares(): ReadonlyMap<string, Share> {
    const stays = this.night.plan.scenario.visits.flatMap((visit) => this.stayOf(visit));
    for (let q = 0; q < this.count; q++) {
      const here = stays.filter(({ fromQ, untilQ }) => fromQ <= q && q < untilQ);
      if (this.night.outages.isForgotten(this.spanOf(q)))
        for (const stay of here) {
          stay.isUnknown = true;
          stay.leftWh = stay.needWh;
        }
      const able = here.filter((stay) => !this.isOut(stay, q));
      for (const stay of here) {
        if (able.includes(stay)) continue;
        stay.leftWh = Math.min(stay.needWh, stay.leftWh + whOf(stay, stay.maxA));
      }
      const room = this.roomAt(q, ({ freeA }) => freeA);
      const slackOf = ({ untilQ, leftWh, maxA, wattsPerA }: Stay): number =>
        (untilQ - q) * quarterS - (leftWh * 3600) / (maxA * wattsPerA);
      for (const stay of able.toSorted((a, b) => slackOf(a) - slackOf(b)))
        if (stay.leftWh > 0) this.serve(stay, room);
    }
    const scarce = new Set(stays.flatMap(({ leftWh, boundAt }) => (leftWh > 0 ? [...boundAt] : [])));
    return new Map(
      stays.map(({ visit, leftWh, needWh, place }) => [
        visit.announced.id,
        {
          givenWh: Math.min(visit.announced.energyWh, needWh - leftWh),
          isForAll: leftWh <= 0 && !place.path.some((circuit) => scarce.has(circuit)),
        },
      ]),
    );
  }

  /** Energy that a vehicle could have had from room that nobody else was let to use while it was there, Wh. */
  unusedWh(visit: SimVisit): number {
    return this.stayOf(visit).reduce((sum, stay) => {
      let wh = 0;
      for (let q = stay.fromQ; q < stay.untilQ; q++) {
        if (this.isOut(stay, q)) continue;
        const room = this.roomAt(q, (place) =>
          place === stay.place ? place.freeA : Math.max(place.freeA, this.takenA(place, q)),
        );
        wh += whOf(stay, this.ampsFor(stay, room));
      }
      return sum + wh;
    }, 0);
  }

  private spanOf(q: number): { readonly fromS: number; readonly untilS: number } {
    const fromS = this.night.plan.scenario.startS + q * quarterS;
    return { fromS, untilS: fromS + quarterS };
  }

  private placeOf(station: Station, evse: Evse): Place {
    return {
      key: evseKey({ stationId: station.id, evseId: evse.id }),
      station,
      evse,
      path: this.wiring.above.get(station.id) ?? [],
      freeA: isForgetful(station) ? evse.maxA : countedA(station, evse, this.night.floorOf(station, evse)),
    };
  }

  private stayOf(visit: SimVisit): readonly Stay[] {
    const { plan, outages } = this.night;
    const { site, startS } = plan.scenario;
    const { announced, announcedAt } = visit;
    const place = this.places.find(({ key }) => key === evseKey(announced.evse));
    if (place === undefined) return [];
    const { station, evse } = place;
    const wattsPerA = site.voltage * announced.phases;
    const sharedW = (station.moduleW ?? Infinity) / station.evses.length;
    const maxW = Math.min(announced.maxW, evse.maxW, sharedW);
    const metS = Math.max(announced.arrivesAt, heardAt(plan, announcedAt)) + outages.meetS;
    const needWh = announced.energyWh * needMore;
    return [
      {
        visit,
        place,
        maxA: Math.min(evse.maxA, maxW / wattsPerA),
        wattsPerA,
        fromQ: Math.ceil((metS - startS) / quarterS) + idleQuarters,
        untilQ: Math.floor((announced.departsAt - startS) / quarterS) - idleQuarters,
        needWh,
        leftWh: needWh,
        isUnknown: false,
        boundAt: new Set(),
      },
    ];
  }

  /** Whether a vehicle can be given nothing: its station is out, it sleeps, or a limit has dropped below the floors. */
  private isOut({ place }: Stay, q: number): boolean {
    const { outages, isAsleep } = this.night;
    return (
      outages.isOut(place.station.id, this.spanOf(q)) ||
      isAsleep(place.key, q) ||
      place.path.some((circuit) => this.isClosed(circuit, q))
    );
  }

  private isClosed(circuit: number, q: number): boolean {
    if (!this.drops.some((drop) => this.isDropped(drop, q))) return false;
    return this.roomLeft(q, ({ freeA }) => freeA)[circuit]?.some((amps) => amps < 0) ?? true;
  }

  private isDropped({ fromS, untilS }: LimitDrop, q: number): boolean {
    const span = this.spanOf(q);
    return fromS < span.untilS + quarterS && span.fromS < untilS + this.night.outages.settleS;
  }

  /** What an EVSE may have taken of the room beside its floor, A per phase as counted. */
  private takenA({ key, station, evse }: Place, q: number): number {
    const { plan, offeredA } = this.night;
    const isWrong = plan.events.some(
      (event) =>
        event.kind === 'fault' && event.fault.kind === 'persona' && event.fault.stationId === station.id,
    );
    const { fromS, untilS } = this.spanOf(q);
    const isExpected = plan.scenario.visits.some(
      ({ announced, arrivesAt }) =>
        evseKey(announced.evse) === key &&
        arrivesAt > announced.departsAt &&
        announced.arrivesAt < untilS &&
        fromS < announced.departsAt,
    );
    return isWrong || isExpected ? evse.maxA : countedA(station, evse, offeredA(key, q));
  }

  /** Room per circuit and phase that the count gives away in a quarter hour, A; below 0 where others take more than there is. */
  private roomAt(q: number, takenA: (place: Place) => number): Room {
    const share = roomShare * this.night.outages.swapShare;
    return this.roomLeft(q, takenA).map((line) => line.map((amps) => (amps > 0 ? amps * share : amps)));
  }

  /**
   * What is left per circuit and phase beside the building and what EVSEs take, A. A limit in W is taken for a third of it
   * per phase. Stations that are out, and those that break what they declare, may draw all that they can. What is less in
   * the quarter hour that follows is so already: draws go on for a reaction time.
   */
  private roomLeft(q: number, takenA: (place: Place) => number): Room {
    const { plan, outages } = this.night;
    const { site } = plan.scenario;
    const span = this.spanOf(q);
    const boundA = Math.max(this.boundW(span.fromS), this.boundW(span.untilS)) / 3 / site.voltage;
    const loads = new Set(site.uncontrolled.map(({ circuit }) => circuit));
    const room = site.circuits.map(({ id, limitA, limitW = Infinity }) => {
      const droppedA = this.drops.flatMap((drop) =>
        drop.circuit === id && this.isDropped(drop, q) ? [drop.limitA ?? Infinity] : [],
      );
      const ownA = Math.min(limitA, limitW / 3 / site.voltage, ...droppedA);
      return new Float64Array(3).fill(ownA - (loads.has(id) ? boundA : 0));
    });
    for (const place of this.places) {
      const { station, evse } = place;
      const isWild = plan.rogues[station.id] !== undefined || outages.isOut(station.id, span);
      take(room, place, isWild ? evse.maxA : takenA(place));
    }
    return room;
  }

  /** The most that each phase of a place may be counted with, its own free part included, A. */
  private mostA({ evse, path, freeA }: Place, room: Room): number {
    const lines = path.flatMap((circuit) => evse.rotation.map((phase) => room[circuit]?.[phase] ?? 0));
    return freeA + Math.min(...lines);
  }

  /** What a vehicle can use of the room, in whole amperes; 0 where that is less than it starts at. */
  private ampsFor(stay: Stay, room: Room): number {
    const { place } = stay;
    const amps = Math.floor(givenA(stay, this.mostA(place, room)));
    return amps < Math.max(1, place.evse.minA) ? 0 : amps;
  }

  /** Gives a vehicle what it can use of the room. */
  private serve(stay: Stay, room: Room): void {
    const { place, maxA } = stay;
    const { station, evse, path, freeA } = place;
    const amps = this.ampsFor(stay, room);
    const wantedA = countedA(station, evse, maxA) - freeA;
    if (amps < Math.floor(maxA))
      for (const circuit of path)
        if (evse.rotation.some((phase) => (room[circuit]?.[phase] ?? 0) < wantedA)) stay.boundAt.add(circuit);
    if (amps === 0) return;
    const takenA = Math.min(this.mostA(place, room), countedA(station, evse, amps));
    take(room, place, Math.max(0, takenA - freeA));
    if (!stay.isUnknown) stay.leftWh = Math.max(0, stay.leftWh - whOf(stay, amps));
  }
}

/** Energy of a quarter hour at a current. */
function whOf({ wattsPerA }: Stay, amps: number): number {
  return (amps * wattsPerA * quarterS) / 3600;
}

/** Takes a current on all phases of an EVSE from all circuits above it. */
function take(room: Room, { path, evse }: Place, amps: number): void {
  for (const circuit of path) {
    const line = room[circuit];
    for (const phase of evse.rotation) if (line !== undefined) line[phase] = (line[phase] ?? 0) - amps;
  }
}

/**
 * What each phase is counted with where it gives `amps`: an AC station that takes W only might give all of them to one, and
 * no phase carries more than the hardware.
 */
function countedA({ current, capability }: Station, evse: Evse, amps: number): number {
  const times = current === 'AC' && capability.rateUnit === 'W' ? evse.rotation.length : 1;
  return Math.min(amps * times, evse.maxA);
}

/** The most that a vehicle gets where each phase may be counted with `mostA`. */
function givenA({ place, visit, maxA }: Stay, mostA: number): number {
  const { station, evse } = place;
  if (countedA(station, evse, 1) <= 1) return Math.min(maxA, mostA);
  if (mostA >= evse.maxA) return maxA;
  // A vehicle on one phase may get a third of it.
  return visit.announced.phases === 3 ? Math.min(maxA, mostA / evse.rotation.length) : 0;
}

/** Whether a station counts with its hardware at all times, whatever it is told. */
function isForgetful({ capability }: Station): boolean {
  return capability.keepsProfiles === 'none' || capability.obeys?.txDefault === false;
}

/** What the building may draw in each quarter hour, W: as if each phase carried what the fullest may. */
function boundsOf(site: Site, startS: EpochS, endS: EpochS): (at: number) => number {
  const clock = clockOf(site.timeZone, startS, later(endS, 86_400));
  return (at) => {
    const localS = at + offsetAtS(clock, at);
    const quarter = Math.floor((((localS % 86_400) + 86_400) % 86_400) / quarterS);
    return site.uncontrolled.reduce(
      (sum, { boundW, phaseShares = evenShares }) =>
        sum + (boundW[quarter] ?? 0) * 3 * Math.max(...phaseShares),
      0,
    );
  };
}
