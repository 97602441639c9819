/**
 * Plans for landings. Of a night: each vehicle's need in the cheapest quarter hours before it departs, made anew each
 * quarter hour with prices that have changed a little. Of stress: any limits that fit, others each quarter hour.
 */
import type { Prng } from '#domain/prng';
import { phases, type Evse, type Phase, type Site, type Station } from '#domain/site';
import { valueAt } from '#domain/step-function';
import { epochS } from '#domain/units';
import { slotS, voltage, type LandingDepot } from './landing-depot.ts';

/** One EVSE of the depot. */
export interface Place {
  readonly key: string;
  readonly station: Station;
  readonly evse: Evse;
  /** Number of its station. */
  readonly i: number;
}

export function placesOf(site: Site): readonly Place[] {
  return site.stations.flatMap((station, i) =>
    station.evses.map((evse) => ({ key: `${station.id}/${evse.id}`, station, evse, i })),
  );
}

/** Most that an EVSE takes, A per phase (AC) or W (DC). */
export function mostOf({ station, evse }: Place): number {
  return station.current === 'AC' ? evse.maxA : evse.maxW;
}

/** W for one unit of the limit of an EVSE, with a vehicle that uses every pin. */
export function wattsPerUnit({ station, evse }: Place): number {
  return station.current === 'AC' ? voltage * evse.rotation.length : 1;
}

/** What circuits have left in each quarter hour beside what each EVSE is counted with anyway. */
class Rooms {
  /** By slot, circuit and line: L1, L2, L3 in A, all together in W. */
  private readonly left: readonly Readonly<Record<string, [number, number, number, number]>>[];
  private readonly ways: Readonly<Record<string, readonly string[]>>;
  /** By slot: the level that each EVSE is counted with. */
  readonly levels: readonly Map<string, number>[];

  constructor(
    { site, limits }: LandingDepot,
    firstS: number,
    slots: number,
    least: (place: Place, fromS: number) => number,
  ) {
    const places = placesOf(site);
    this.ways = Object.fromEntries(
      site.circuits.map(({ id, parent }) => [id, parent === undefined ? [id] : [id, parent]]),
    );
    const starts = Array.from({ length: slots }, (_, k) => firstS + k * slotS);
    this.left = starts.map((fromS) => {
      const at = epochS(fromS);
      const feeders = Object.values(limits);
      return Object.fromEntries(
        site.circuits.map(({ id, parent }) => {
          const own = limits[id]!;
          const behind = parent === undefined ? feeders : [own];
          const on = (p: 0 | 1 | 2): number =>
            behind.reduce(
              (sum, { uncontrolledA }) => sum - valueAt(uncontrolledA[p], at),
              valueAt(own.limitA, at),
            );
          const totalW = behind.reduce(
            (sum, { uncontrolledW }) => sum - valueAt(uncontrolledW, at),
            own.limitW === undefined ? Infinity : valueAt(own.limitW, at),
          );
          return [id, [on(0), on(1), on(2), totalW]];
        }),
      );
    });
    this.levels = starts.map(() => new Map());
    starts.forEach((fromS, k) => {
      for (const place of places) this.raise(place, k, least(place, fromS));
    });
  }

  private linesOf({ station, evse }: Place): readonly Phase[] {
    return station.current === 'DC' ? phases : evse.rotation;
  }

  /** Counts an EVSE with `level` in slot `k`, where that is more than it is counted with. */
  raise(place: Place, k: number, level: number): void {
    const held = this.levels[k]!.get(place.key) ?? 0;
    if (level <= held) return;
    this.levels[k]!.set(place.key, level);
    const more = level - held;
    const perLine = place.station.current === 'DC' ? more / (3 * voltage) : more;
    for (const id of this.ways[place.station.circuit]!) {
      const left = this.left[k]![id]!;
      for (const line of this.linesOf(place)) left[line] -= perLine;
      left[3] -= more * wattsPerUnit(place);
    }
  }

  /** The highest level that an EVSE may have in slot `k`. */
  mostAt(place: Place, k: number): number {
    const held = this.levels[k]!.get(place.key) ?? 0;
    const { station } = place;
    let more = mostOf(place) - held;
    for (const id of this.ways[station.circuit]!) {
      const left = this.left[k]![id]!;
      for (const line of this.linesOf(place))
        more = Math.min(more, station.current === 'DC' ? left[line] * 3 * voltage : left[line]);
      more = Math.min(more, left[3] / wattsPerUnit(place));
    }
    if (station.current === 'DC') {
      const others = station.evses.reduce(
        (sum, { id }) => sum + (this.levels[k]!.get(`${station.id}/${id}`) ?? 0),
        0,
      );
      more = Math.min(more, station.moduleW! - others);
    }
    return held + Math.max(0, more);
  }
}

/** What a vehicle wants. */
export interface Need {
  leftWh: number;
  departsAt: number;
}

/** What planning is made from. */
export interface PlanQuestion {
  readonly depot: LandingDepot;
  readonly places: readonly Place[];
  /** Start of the quarter hour that is planned first. */
  readonly firstS: number;
  /** What an EVSE is counted with in the quarter hour from `fromS` on, whatever is planned. */
  readonly least: (place: Place, fromS: number) => number;
  readonly isAway: (place: Place) => boolean;
}

/** Levels by EVSE key: one for each quarter hour from the first on, the last one for ever. */
export type PlanLevels = Readonly<Record<string, readonly number[]>>;

const stressSlots = 4;

/** Any limits that fit, in random order of the EVSEs. */
export function stressPlan({ depot, places, firstS, least, isAway }: PlanQuestion, prng: Prng): PlanLevels {
  const rooms = new Rooms(depot, firstS, stressSlots, least);
  const levels: Record<string, number[]> = Object.fromEntries(places.map(({ key }) => [key, []]));
  for (let k = 0; k < stressSlots; k++) {
    const from = prng.integer(0, places.length - 1);
    for (const place of [...places.slice(from), ...places.slice(0, from)]) {
      const { minA } = place.evse;
      const top = rooms.mostAt(place, k);
      const isAc = place.station.current === 'AC';
      const isOff = isAway(place) || prng.next() < 0.25 || (isAc && top < minA);
      const level = isOff ? 0 : isAc ? prng.integer(minA, Math.floor(top)) : Math.floor(top * prng.next());
      rooms.raise(place, k, level);
      levels[place.key]!.push(level);
    }
  }
  return levels;
}

const nightSlots = 40;

/** Each vehicle's need in the cheapest quarter hours before it departs; who departs first chooses first. */
export function nightPlan(
  { depot, places, firstS, least, isAway }: PlanQuestion,
  needs: ReadonlyMap<string, Need>,
  priceAt: (fromS: number) => number,
): PlanLevels {
  const rooms = new Rooms(depot, firstS, nightSlots, least);
  const slots = Array.from({ length: nightSlots }, (_, k) => k);
  const prices = slots.map((k) => priceAt(firstS + k * slotS));
  const cheapest = slots.toSorted((a, b) => prices[a]! - prices[b]! || a - b);
  const levels: Record<string, number[]> = Object.fromEntries(
    places.map(({ key }) => [key, slots.map(() => 0)]),
  );
  const inOrder = places
    .filter((place) => !isAway(place))
    .toSorted((a, b) => needs.get(a.key)!.departsAt - needs.get(b.key)!.departsAt);
  for (const place of inOrder) {
    const { leftWh, departsAt } = needs.get(place.key)!;
    const isAc = place.station.current === 'AC';
    const whPerUnit = (wattsPerUnit(place) * slotS) / 3600;
    let left = leftWh;
    for (const k of cheapest) {
      if (left <= 0) break;
      if (firstS + (k + 1) * slotS > departsAt) continue;
      const wish = Math.min(rooms.mostAt(place, k), left / whPerUnit);
      const level = isAc ? Math.floor(Math.max(wish, place.evse.minA)) : Math.floor(wish);
      if (level > rooms.mostAt(place, k) || level === 0) continue;
      rooms.raise(place, k, level);
      levels[place.key]![k] = level;
      left -= level * whPerUnit;
    }
  }
  return levels;
}
