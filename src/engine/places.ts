/** What is looked up in a site again and again, worked out once for each site. Sites never change once they are made. @module */
import { evseKey, type Evse, type EvseRef, type Site, type Station } from '#domain/site';
import type { Policy } from './policy.ts';

/** One EVSE of a site with its station. */
export interface SitePlace {
  readonly station: Station;
  readonly evse: Evse;
  readonly ref: EvseRef;
  /** Its `evseKey`. */
  readonly key: string;
}

/** Something that is worked out once for each site, when it is first asked for. */
function ofSite<T>(make: (site: Site) => T): (site: Site) => T {
  const known = new WeakMap<Site, T>();
  return (site) => {
    const seen = known.get(site);
    if (seen !== undefined) return seen;
    const fresh = make(site);
    known.set(site, fresh);
    return fresh;
  };
}

const stationsById = ofSite((site) => new Map(site.stations.map((station) => [station.id, station])));

const idsInOrder = ofSite((site): readonly string[] => site.stations.map(({ id }) => id).sort());

const allPlaces = ofSite((site): readonly SitePlace[] => site.stations.flatMap(placesOf));

const pathsUp = ofSite(
  (site) => new Map(site.circuits.map(({ id }): [string, readonly string[]] => [id, freshPath(site, id)])),
);

/** The longest time that any station takes to follow a decrease, s. */
const highestReaction = ofSite((site) => ({
  reactionS: site.stations.reduce<number>((top, s) => Math.max(top, s.capability.reactionS), 0),
}));

const placesOfStation = new WeakMap<Station, readonly SitePlace[]>();

function placesOf(station: Station): readonly SitePlace[] {
  const known = placesOfStation.get(station);
  if (known !== undefined) return known;
  const places = station.evses.map((evse): SitePlace => {
    const ref = { stationId: station.id, evseId: evse.id };
    return { station, evse, ref, key: evseKey(ref) };
  });
  placesOfStation.set(station, places);
  return places;
}

function freshPath(site: Site, circuitId: string): readonly string[] {
  const path: string[] = [];
  let current = site.circuits.find((c) => c.id === circuitId);
  while (current !== undefined && !path.includes(current.id)) {
    path.push(current.id);
    const { parent } = current;
    current = site.circuits.find((c) => c.id === parent);
  }
  return path;
}

/** The station of that id; undefined where the site has none. */
export function siteStation(site: Site, stationId: string): Station | undefined {
  return stationsById(site).get(stationId);
}

/** The ids of all stations in the order of their characters. */
export function sortedStationIds(site: Site): readonly string[] {
  return idsInOrder(site);
}

/** All EVSEs of the site in the order of stations and ids. */
export function placesOfSite(site: Site): readonly SitePlace[] {
  return allPlaces(site);
}

/** The EVSE that a reference names; undefined where the site has none. */
export function placeAt(site: Site, { stationId, evseId }: EvseRef): SitePlace | undefined {
  const station = siteStation(site, stationId);
  return station && placesOf(station).find(({ evse }) => evse.id === evseId);
}

/** The `evseKey` of a reference: the very text that is the key of all records, which is found in them the fastest. */
export function keyAt(site: Site, ref: EvseRef): string {
  return placeAt(site, ref)?.key ?? evseKey(ref);
}

/** The circuits that feed a circuit, itself first. */
export function pathUp(site: Site, circuitId: string): readonly string[] {
  return pathsUp(site).get(circuitId) ?? [];
}

/** What delays depend on. */
type Clocked = { readonly site: Site; readonly policy: Pick<Policy, 'clockSkewS' | 'raiseMarginS'> };

/** How long after a step down of a plan the last station may draw as before: its reaction, by a clock that is behind, s. */
export function lastStepS({ site, policy }: Clocked): number {
  return highestReaction(site).reactionS + policy.clockSkewS;
}

/** How long increases of plans are put off, s: what pays for them is down by then, whichever clock is ahead or behind. */
export function raiseDelayOf(state: Clocked): number {
  return lastStepS(state) + state.policy.clockSkewS + state.policy.raiseMarginS;
}
