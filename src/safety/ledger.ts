/**
 * The exposure ledger: of every station the set of states that it may be in. `admission.ts` keeps the promise that
 * whatever becomes of them, no circuit is asked for more than it carries.
 * @module
 */
import { invariant } from '#domain/invariant';
import type { Site, Station } from '#domain/site';
import { tableOf, type Table } from '#domain/table';
import type { EpochS } from '#domain/units';
import type { Belief } from './belief.ts';
import { beliefAfter, unknownBelief } from './belief-after.ts';
import { contextOf, stationExposureOf, type StationExposure } from './exposure.ts';
import type { Fact } from './fact.ts';
import { defaultLedgerPolicy, type LedgerPolicy } from './ledger-policy.ts';
import { movedTotals } from './totals.ts';

/** The ledger of a site. */
export interface Ledger {
  readonly policy: LedgerPolicy;
  /** By station id; every station of the site has an entry. */
  readonly beliefs: Table<Belief>;
}

/** A ledger that knows nothing of any station: each is exposed at its hardware maximum. */
export function ledgerOf(site: Site, at: EpochS, policy: LedgerPolicy = defaultLedgerPolicy): Ledger {
  const beliefs = Object.fromEntries(site.stations.map((station) => [station.id, unknownBelief(at)]));
  return { policy, beliefs: tableOf(beliefs) };
}

/** A ledger as JSON holds it. */
export interface LedgerAsJson extends Omit<Ledger, 'beliefs'> {
  readonly beliefs: Readonly<Record<string, Belief>>;
}

/** The ledger that JSON holds. */
export function ledgerOfJson({ policy, beliefs }: LedgerAsJson): Ledger {
  return { policy, beliefs: tableOf(beliefs) };
}

/** The ledger of a process that another one, of which nothing is known, may have been before: its calls may be under way. */
export function withStrangers(ledger: Ledger, untilS: EpochS): Ledger {
  return {
    policy: ledger.policy,
    beliefs: ledger.beliefs.map((belief) => ({ ...belief, strangersUntilS: untilS })),
  };
}

/** The belief about a station of the site. */
export function beliefOf(ledger: Ledger, stationId: string): Belief {
  const belief = ledger.beliefs.get(stationId);
  if (belief === undefined) invariant(false, 'every station has a belief', { stationId });
  return belief;
}

const stationsById = new WeakMap<Site, ReadonlyMap<string, Station>>();

/** The station of that id. */
export function stationOf(site: Site, stationId: string): Station {
  let byId = stationsById.get(site);
  if (byId === undefined) {
    byId = new Map(site.stations.map((station) => [station.id, station]));
    stationsById.set(site, byId);
  }
  const station = byId.get(stationId);
  if (station === undefined) invariant(false, 'the station is of this site', { stationId });
  return station;
}

/** What a station may draw in the worst case, from its last change on. */
export function exposureOf(site: Site, ledger: Ledger, stationId: string): StationExposure {
  const context = contextOf(site, stationOf(site, stationId), ledger.policy);
  return stationExposureOf(context, beliefOf(ledger, stationId));
}

/** The ledger after a fact. Facts about calls that nobody waits for change nothing. */
export function learn(site: Site, ledger: Ledger, fact: Fact): Ledger {
  const station = stationOf(site, fact.stationId);
  const before = beliefOf(ledger, fact.stationId);
  const after = beliefAfter(contextOf(site, station, ledger.policy), before, fact);
  return after === before ? ledger : withBelief(site, ledger, station, after);
}

/** The ledger with another belief about one station. */
export function withBelief(site: Site, ledger: Ledger, station: Station, belief: Belief): Ledger {
  const next: Ledger = { policy: ledger.policy, beliefs: ledger.beliefs.with(station.id, belief) };
  movedTotals(site, ledger, next, station);
  return next;
}
