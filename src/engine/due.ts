/**
 * What of the stations falls due with time alone: meters that may have fallen silent, fences that go on, pulses that end,
 * connections that are gone. Worked out for each station once, and again only when its own record has changed.
 * @module
 */
import { evseKey, type EvseRef } from '#domain/site';
import { perEntry } from '#domain/table';
import { later, type EpochS } from '#domain/units';
import { sorted } from './change.ts';
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
  readonly silences: readonly Silence[];
  /** When the open fences of its EVSEs took their last step. */
  readonly fencedSince: readonly EpochS[];
  readonly pulses: readonly PulseEnd[];
  /** Since when it has had no connection. */
  readonly downSince: EpochS | undefined;
}

/** What falls due at all stations, in the order of their ids. */
export interface Dues {
  readonly silences: readonly Silence[];
  readonly fencedSince: readonly EpochS[];
  readonly pulses: readonly PulseEnd[];
  /** Stations without a connection, and since when. */
  readonly down: readonly { readonly stationId: string; readonly since: EpochS }[];
}

const stationDues = perEntry((station: StationState, stationId, { sampleIntervalS }: Policy): StationDue => {
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
  return { stationId, silences, fencedSince, pulses, downSince: station.up ? undefined : station.since };
});

const ofStations = new WeakMap<readonly StationDue[], Dues>();

/** What falls due at the stations of a state. */
export function duesOf({ stations, policy }: State): Dues {
  const own = stationDues(stations, policy);
  const known = ofStations.get(own);
  if (known !== undefined) return known;
  const silences: Silence[] = [];
  const fencedSince: EpochS[] = [];
  const pulses: PulseEnd[] = [];
  const down: { readonly stationId: string; readonly since: EpochS }[] = [];
  for (const one of own) {
    for (const silence of one.silences) silences.push(silence);
    for (const since of one.fencedSince) fencedSince.push(since);
    for (const pulse of one.pulses) pulses.push(pulse);
    if (one.downSince !== undefined) down.push({ stationId: one.stationId, since: one.downSince });
  }
  const dues: Dues = { silences, fencedSince, pulses, down };
  ofStations.set(own, dues);
  return dues;
}
