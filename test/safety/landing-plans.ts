/**
 * Plans for landings. Of a night: each vehicle's need in the cheapest quarter hours before it departs, made anew each
 * quarter hour with prices that have changed a little. Of stress: any limits that fit, others each quarter hour.
 */
import type { Prng } from '#domain/prng';
import { slotS, type LandingDepot } from './landing-depot.ts';
import { Rooms, wattsPerUnit, type Place } from './plain-rooms.ts';

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

/** What circuits have left in each of so many quarter hours beside what every EVSE is counted with anyway. */
function roomsOver({ depot, places, firstS, least }: PlanQuestion, slots: number): readonly Rooms[] {
  return Array.from({ length: slots }, (_, k) => {
    const fromS = firstS + k * slotS;
    const rooms = new Rooms(depot.site, depot.limits, fromS);
    for (const place of places) rooms.raise(place, least(place, fromS));
    return rooms;
  });
}

const stressSlots = 4;

/** Any limits that fit, in random order of the EVSEs. */
export function stressPlan(question: PlanQuestion, prng: Prng): PlanLevels {
  const { places, isAway } = question;
  const levels: Record<string, number[]> = Object.fromEntries(places.map(({ key }) => [key, []]));
  for (const rooms of roomsOver(question, stressSlots)) {
    const from = prng.integer(0, places.length - 1);
    for (const place of [...places.slice(from), ...places.slice(0, from)]) {
      const { minA } = place.evse;
      const top = rooms.mostAt(place);
      const isAc = place.station.current === 'AC';
      const isOff = isAway(place) || prng.next() < 0.25 || (isAc && top < minA);
      const level = isOff ? 0 : isAc ? prng.integer(minA, Math.floor(top)) : Math.floor(top * prng.next());
      rooms.raise(place, level);
      levels[place.key]!.push(level);
    }
  }
  return levels;
}

const nightSlots = 40;

/** Each vehicle's need in the cheapest quarter hours before it departs; who departs first chooses first. */
export function nightPlan(
  question: PlanQuestion,
  needs: ReadonlyMap<string, Need>,
  priceAt: (fromS: number) => number,
): PlanLevels {
  const { places, firstS, isAway } = question;
  const rooms = roomsOver(question, nightSlots);
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
      const wish = Math.min(rooms[k]!.mostAt(place), left / whPerUnit);
      const level = isAc ? Math.floor(Math.max(wish, place.evse.minA)) : Math.floor(wish);
      if (level > rooms[k]!.mostAt(place) || level === 0) continue;
      rooms[k]!.raise(place, level);
      levels[place.key]![k] = level;
      left -= level * whPerUnit;
    }
  }
  return levels;
}
