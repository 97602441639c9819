/** What is looked up in a site again and again, worked out once for each site. Sites never change once they are made. @module */
import { evseKey, type Evse, type EvseRef, type Site, type Station } from '#domain/site';

/** One EVSE of a site with its station. */
export interface SitePlace {
  readonly station: Station;
  readonly evse: Evse;
  readonly ref: EvseRef;
  /** Its `evseKey`. */
  readonly key: string;
}

interface SiteIndex {
  readonly byId: ReadonlyMap<string, Station>;
  readonly sortedIds: readonly string[];
  readonly places: readonly SitePlace[];
  readonly placesById: ReadonlyMap<string, readonly SitePlace[]>;
  readonly paths: ReadonlyMap<string, readonly string[]>;
  readonly highestReactionS: number;
}

const indexes = new WeakMap<Site, SiteIndex>();

function indexOf(site: Site): SiteIndex {
  const known = indexes.get(site);
  if (known !== undefined) return known;
  const { stations, circuits } = site;
  const placesById = new Map(stations.map((station) => [station.id, placesOf(station)]));
  const fresh: SiteIndex = {
    byId: new Map(stations.map((station) => [station.id, station])),
    sortedIds: stations.map(({ id }) => id).sort(),
    places: stations.flatMap(({ id }) => placesById.get(id) ?? []),
    placesById,
    paths: new Map(circuits.map(({ id }) => [id, freshPath(site, id)])),
    highestReactionS: stations.reduce<number>((top, s) => Math.max(top, s.capability.reactionS), 0),
  };
  indexes.set(site, fresh);
  return fresh;
}

function placesOf(station: Station): readonly SitePlace[] {
  return station.evses.map((evse) => {
    const ref = { stationId: station.id, evseId: evse.id };
    return { station, evse, ref, key: evseKey(ref) };
  });
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
  return indexOf(site).byId.get(stationId);
}

/** The ids of all stations in the order of their characters. */
export function sortedStationIds(site: Site): readonly string[] {
  return indexOf(site).sortedIds;
}

/** All EVSEs of the site in the order of stations and ids. */
export function placesOfSite(site: Site): readonly SitePlace[] {
  return indexOf(site).places;
}

/** The EVSE that a reference names; undefined where the site has none. */
export function placeAt(site: Site, { stationId, evseId }: EvseRef): SitePlace | undefined {
  return indexOf(site)
    .placesById.get(stationId)
    ?.find(({ evse }) => evse.id === evseId);
}

/** The `evseKey` of a reference: the very text that is the key of all records, which is found in them the fastest. */
export function keyAt(site: Site, ref: EvseRef): string {
  return placeAt(site, ref)?.key ?? evseKey(ref);
}

/** The circuits that feed a circuit, itself first. */
export function pathUp(site: Site, circuitId: string): readonly string[] {
  return indexOf(site).paths.get(circuitId) ?? [];
}

/** The longest time that any station takes to follow a decrease, s. */
export function highestReactionS(site: Site): number {
  return indexOf(site).highestReactionS;
}
