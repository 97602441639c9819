/** Which EVSEs follow the plan, and what the others may draw meanwhile. @module */
import { evseKey, type Evse, type Site, type Station } from '#domain/site';
import { constant, mapValues, type StepFunction } from '#domain/step-function';
import { deafAfter } from '#dispatch/limits';
import { obeysPurpose } from '#ocpp/obeyed';
import { contextOf, hardwareOf, stationExposureOf } from '#safety/exposure';
import { isGuarded } from '#safety/ledger-policy';
import type { State } from './state.ts';

interface Deaf {
  readonly site: Site;
  readonly ids: readonly string[];
}

const noIds: readonly string[] = [];
const deaf = new WeakMap<State['dispatch']['stations'], Deaf>();

/** Stations that are connected and do not answer, by id. */
export function deafStations({ site, dispatch }: Pick<State, 'site' | 'dispatch'>): readonly string[] {
  const known = deaf.get(dispatch.stations);
  if (known?.site === site) return known.ids;
  const ids: string[] = [];
  if (!dispatch.stations.values.some(({ failures }) => failures >= deafAfter)) return noIds;
  for (const { id } of site.stations)
    if ((dispatch.stations.get(id)?.failures ?? 0) >= deafAfter) ids.push(id);
  deaf.set(dispatch.stations, { site, ids });
  return ids;
}

/** True in the first moments of an engine, for a station that it has not yet had the time to meet. */
function isAwaited(state: State, stationId: string): boolean {
  const isNew = state.dispatch.stations.get(stationId)?.link === 0;
  return isNew && state.now < state.startedAt + state.policy.commsLossAfterS;
}

/** Why an EVSE does not follow the plan; undefined: it does. */
export function reasonFixed(
  state: State,
  station: Station,
  evse: Evse,
): 'offline' | 'deaf' | 'not-compliant' | undefined {
  const belief = state.ledger.beliefs.get(station.id);
  if (belief?.notCompliant.includes(evse.id) === true) return 'not-compliant';
  const link = state.stations.get(station.id);
  if (link?.up !== true && !isAwaited(state, station.id)) return 'offline';
  if ((state.dispatch.stations.get(station.id)?.failures ?? 0) >= deafAfter) return 'deaf';
  return undefined;
}

/** The stations of which an EVSE may not follow the plan. */
export function stationsInDoubt(state: State): ReadonlySet<string> {
  const { ids, values } = state.stations;
  const { beliefs } = state.ledger;
  const { stations } = state.dispatch;
  const doubted = new Set<string>();
  for (let i = 0; i < values.length; i++) {
    const isSound =
      values[i]?.up === true &&
      beliefs.values[i]?.notCompliant.length === 0 &&
      (stations.values[i]?.failures ?? 0) < deafAfter;
    if (!isSound) doubted.add(ids[i] ?? '');
  }
  return doubted;
}

/** The highest limit that an EVSE may hold, over time: A per phase (AC) or W (DC). */
export function heldLimitOf(state: State, station: Station, evse: Evse): StepFunction {
  const belief = state.ledger.beliefs.get(station.id);
  if (belief === undefined) return constant(hardwareOf(station, evse));
  const exposure = stationExposureOf(contextOf(state.site, station, state.ledger.policy), belief);
  return exposure.evses[String(evse.id)] ?? constant(hardwareOf(station, evse));
}

/** The highest power that an EVSE may draw, W over all its phases. */
export function heldPowerOf(state: State, station: Station, evse: Evse): StepFunction {
  const limit = heldLimitOf(state, station, evse);
  if (station.current === 'DC') return limit;
  const perAmpere = state.site.voltage * evse.rotation.length;
  return mapValues(limit, (a) => Math.min(a * perAmpere, evse.maxW));
}

/** The floor of an EVSE in W over all its phases. */
export function floorPowerOf(state: State, station: Station, evse: Evse): number {
  const floor = state.floors[evseKey({ stationId: station.id, evseId: evse.id })] ?? 0;
  if (station.current === 'DC') return floor;
  return Math.min(floor * state.site.voltage * evse.rotation.length, evse.maxW);
}

/** Whether a station may lose or ignore its floors, so that only its full rating is certain. */
export function hasNoFloor(state: State, station: Station): boolean {
  const forgets = station.capability.keepsProfiles === 'none' && isGuarded(state.ledger.policy, 'reboot');
  return forgets || !obeysPurpose(station, 'TxDefaultProfile');
}

/**
 * What the circuits have to keep free for an EVSE whatever it is told, W over all its phases: its floor, or its full
 * rating where the station keeps no floor.
 */
export function reservedPowerOf(state: State, station: Station, evse: Evse): number {
  return hasNoFloor(state, station) ? evse.maxW : floorPowerOf(state, station, evse);
}
