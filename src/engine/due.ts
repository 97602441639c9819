/**
 * What of the stations falls due with time alone: meters that may have fallen silent, fences that go on, pulses that end,
 * connections that are gone. Worked out for each station once, and again only when its own record has changed.
 * @module
 */
import { evseKey, type EvseRef } from '#domain/site';
import { later, type EpochS } from '#domain/units';
import { sorted } from './change.ts';
import { sortedStationIds } from './places.ts';
import type { Policy } from './policy.ts';
import type { State, StationState } from './state.ts';

/** Sample intervals without a reading after which a meter counts as silent. */
export const silentIntervals = 3;

/** An EVSE that charges while its station is connected, and when its meter counts as silent. */
interface Silence {
  readonly key: string;
  readonly at: EpochS;
}

/** A pulse that is under way at an EVSE. */
interface PulseEnd {
  readonly ref: EvseRef;
  readonly at: EpochS;
}

/** What falls due at one station. */
interface StationDue {
  readonly stationId: string;
  readonly sampleIntervalS: number;
  readonly silences: readonly Silence[];
  /** When the open fences of its EVSEs took their last step. */
  readonly fencedSince: readonly EpochS[];
  readonly pulses: readonly PulseEnd[];
}

/** What falls due at all stations, in the order of their ids. */
export interface Dues {
  readonly silences: readonly Silence[];
  readonly fencedSince: readonly EpochS[];
  readonly pulses: readonly PulseEnd[];
  /** Stations without a connection, and since when. */
  readonly down: readonly { readonly stationId: string; readonly since: EpochS }[];
}

const ofStation = new WeakMap<StationState, StationDue>();

function stationDue(stationId: string, station: StationState, { sampleIntervalS }: Policy): StationDue {
  const known = ofStation.get(station);
  if (known?.stationId === stationId && known.sampleIntervalS === sampleIntervalS) return known;
  const spanS = silentIntervals * sampleIntervalS + 1;
  const silences: Silence[] = [];
  const fencedSince: EpochS[] = [];
  const pulses: PulseEnd[] = [];
  for (const [evseId, evse] of sorted(station.evses)) {
    if (evse.fence !== undefined && evse.fence.step !== 'hands') fencedSince.push(evse.fence.since);
    const pulseUntil = evse.sleep?.pulseUntil;
    if (pulseUntil !== undefined) pulses.push({ ref: { stationId, evseId: Number(evseId) }, at: pulseUntil });
    if (!station.up || evse.transaction === undefined) continue;
    const from = Math.max(station.since, evse.transaction.startedAt, evse.heardAt ?? 0) as EpochS;
    silences.push({ key: evseKey({ stationId, evseId: Number(evseId) }), at: later(from, spanS) });
  }
  const fresh = { stationId, sampleIntervalS, silences, fencedSince, pulses };
  ofStation.set(station, fresh);
  return fresh;
}

const ofStations = new WeakMap<State['stations'], { readonly policy: Policy; readonly dues: Dues }>();

/** What falls due at the stations of a state. */
export function duesOf({ stations, site, policy }: State): Dues {
  const known = ofStations.get(stations);
  if (known?.policy === policy) return known.dues;
  const silences: Silence[] = [];
  const fencedSince: EpochS[] = [];
  const pulses: PulseEnd[] = [];
  const down: { readonly stationId: string; readonly since: EpochS }[] = [];
  for (const stationId of sortedStationIds(site)) {
    const station = stations.get(stationId);
    if (station === undefined) continue;
    const own = stationDue(stationId, station, policy);
    silences.push(...own.silences);
    fencedSince.push(...own.fencedSince);
    pulses.push(...own.pulses);
    if (!station.up) down.push({ stationId, since: station.since });
  }
  const dues: Dues = { silences, fencedSince, pulses, down };
  ofStations.set(stations, { policy, dues });
  return dues;
}
