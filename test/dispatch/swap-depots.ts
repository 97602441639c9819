/**
 * Depots for swaps. Flat: so many one-phase chargers on one feeder. Mixed: a grid connection over boards over strips; AC on
 * one and three phases, rotated, in A and in W, DC with two EVSEs on one module; 1.6, 2.0.1 and 2.1; reaction times by model.
 */
import { prngOf, type Prng } from '#domain/prng';
import type { Circuit, Phase, Site, Station } from '#domain/site';
import { amperes, seconds, watts } from '#domain/units';
import type { SiteLimits } from '#safety/circuit-limits';
import { evse, limitsOf, site, station } from '../safety/depot.ts';
import { mostOf, placesOf, Rooms, type Place } from '../safety/plain-rooms.ts';

/** A depot and what its plans are drawn from. */
export interface SwapDepot {
  readonly site: Site;
  readonly limits: SiteLimits;
  readonly places: readonly Place[];
  /** The highest reaction time. */
  readonly slowestS: number;
  /** Limits that fit, by place, most circuits nearly full. */
  feasible(prng: Prng): readonly number[];
}

export interface SwapDepotOptions {
  readonly depot?: 'flat' | 'mixed';
  readonly connectors: number;
  /** What the grid connection carries. */
  readonly feederA: number;
  /** Of every charger of a flat depot. */
  readonly reactionS: number;
}

const depots = new Map<string, SwapDepot>();

/** The depot of that kind and size; made once, as an engine has one site. */
export function depotOf({ depot = 'flat', connectors, feederA, reactionS }: SwapDepotOptions): SwapDepot {
  const key = `${depot} ${connectors} ${feederA} ${reactionS}`;
  const known = depots.get(key);
  if (known !== undefined) return known;
  const of = depot === 'flat' ? flatSite(connectors, feederA, reactionS) : mixedSite(connectors, feederA);
  const limits = limitsOf(of);
  const places = placesOf(of);
  const made: SwapDepot = {
    site: of,
    limits,
    places,
    slowestS: Math.max(...of.stations.map(({ capability }) => capability.reactionS)),
    feasible: (prng) =>
      depot === 'flat' ? feasibleLimits(prng, connectors, feederA) : feasibleLevels(prng, of, limits, places),
  };
  depots.set(key, made);
  return made;
}

function flatSite(connectors: number, feederA: number, reactionS: number): Site {
  const stations = Array.from({ length: connectors }, (_, i) =>
    station(`s${String(i).padStart(2, '0')}`, {
      evses: [evse(1, { rotation: [0] })],
      capability: { reactionS: seconds(reactionS) },
    }),
  );
  return site(stations, [{ id: 'grid', limitA: amperes(feederA) }]);
}

const rotations: readonly (readonly Phase[])[] = [[0, 1, 2], [1, 2, 0], [2, 0, 1], [0], [1], [2]];
/** By model, s. */
const reactions = [2, 5, 15, 40];
const versions: readonly Station['version'][] = ['1.6', '2.0.1', '2.1'];
const dcMostW = 50_000;
/** What is left of each circuit at least. */
const spareA = 0.1;

/** Boards carry 70 % of the grid connection over their number, strips 70 % of their board, so that all levels bind. */
function circuitsUnder(feederA: number, boards: number): readonly Circuit[] {
  const boardA = Math.round((feederA / boards) * 1.3);
  const names = Array.from({ length: boards }, (_, k) => `board-${k}`);
  return [
    { id: 'grid', limitA: amperes(feederA), limitW: watts(feederA * 690 * 0.95) },
    ...names.map((id) => ({ id, parent: 'grid', limitA: amperes(boardA) })),
    ...names.flatMap((parent) =>
      ['a', 'b'].map((name) => ({
        id: `${parent}-${name}`,
        parent,
        limitA: amperes(Math.round(boardA * 0.65)),
      })),
    ),
  ];
}

function mixedSite(connectors: number, feederA: number): Site {
  const boards = Math.max(2, Math.round(connectors / 50));
  const circuits = circuitsUnder(feederA, boards);
  const strips = circuits.slice(1 + boards);
  const prng = prngOf(connectors).fork('mixed');
  const stations: Station[] = [];
  for (let left = connectors; left > 0;) {
    const i = stations.length;
    const one = mixedStation(prng, i, strips[i % strips.length]!.id, left);
    stations.push(one);
    left -= one.evses.length;
  }
  return site(stations, circuits);
}

function mixedStation(prng: Prng, i: number, circuit: string, left: number): Station {
  const model = prng.integer(0, reactions.length - 1);
  const of = {
    version: versions[prng.integer(0, versions.length - 1)]!,
    model: `model-${model}`,
    circuit,
  };
  const reactionS = seconds(reactions[model]!);
  if (prng.next() < 0.1 && left >= 2) {
    return station(`s${i}`, {
      ...of,
      current: 'DC',
      moduleW: watts(dcMostW * 1.5),
      evses: [1, 2].map((id) => evse(id, { maxA: amperes(125), maxW: watts(dcMostW) })),
      capability: { reactionS, rateUnit: 'W' },
    });
  }
  const rotation = rotations[prng.integer(0, rotations.length - 1)]!;
  return station(`s${i}`, {
    ...of,
    evses: [evse(1, { rotation, maxW: watts(32 * 230 * rotation.length) })],
    capability: { reactionS, rateUnit: prng.next() < 0.25 ? 'W' : 'A' },
  });
}

/** Flat limits that fit: 0 or 6..32 A each, the feeder nearly full. */
export function feasibleLimits(prng: Prng, connectors: number, feederA: number): number[] {
  const limits = Array.from({ length: connectors }, () => 0);
  let left = feederA;
  for (const i of shuffled(prng, connectors)) {
    if (left < 6) break;
    const limit = prng.next() < 0.2 ? 0 : prng.integer(6, Math.min(32, left));
    limits[i] = limit;
    left -= limit;
  }
  return limits;
}

function shuffled(prng: Prng, count: number): readonly number[] {
  const order = Array.from({ length: count }, (_, i) => i);
  for (let i = order.length - 1; i > 0; i--) {
    const j = prng.integer(0, i);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

/** Levels that fit every circuit: 0, or any from the least on that the circuits above leave. */
function feasibleLevels(
  prng: Prng,
  of: Site,
  limits: SiteLimits,
  places: readonly Place[],
): readonly number[] {
  const rooms = new Rooms(of, limits, 0);
  const levels = places.map(() => 0);
  for (const k of shuffled(prng, places.length)) {
    const place = places[k]!;
    const isAc = place.station.current === 'AC';
    const least = isAc ? place.evse.minA : 5000;
    // The ledger rounds what each station draws up to a milliampere.
    const most = Math.min(mostOf(place), rooms.mostAt(place) - (isAc ? spareA : 690 * spareA));
    if (most < least || prng.next() < 0.2) continue;
    const level = isAc
      ? prng.integer(least, Math.floor(most))
      : 100 * prng.integer(50, Math.floor(most / 100));
    rooms.raise(place, level);
    levels[k] = level;
  }
  return levels;
}
