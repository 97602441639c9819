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
import { rollCallEveryS, rollCallFirstS, rollCallsMax } from './limits.ts';
import type { EvseState, State, StationState } from './state.ts';

/** Sample intervals without a reading after which a meter counts as silent. */
const silentIntervals = 3;

/** Age of a reading, or time without one, after which a meter counts as silent, s. */
export function silentSpanS({ sampleIntervalS }: Policy): number {
  return silentIntervals * sampleIntervalS + 1;
}

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
  /** When it is next asked about EVSEs of which nothing has been heard. */
  readonly rollCallAt: EpochS | undefined;
  /** Since when it has had no connection. */
  readonly downSince: EpochS | undefined;
}

/** What falls due at all stations, in the order of their ids. */
export interface Dues {
  readonly silences: readonly Silence[];
  readonly fencedSince: readonly EpochS[];
  readonly pulses: readonly PulseEnd[];
  /** Stations that are asked about EVSEs of which nothing has been heard, and when. */
  readonly rollCalls: readonly { readonly stationId: string; readonly at: EpochS }[];
  /** Stations without a connection, and since when. */
  readonly down: readonly { readonly stationId: string; readonly since: EpochS }[];
}

const stationDues = perEntry((station: StationState, stationId, policy: Policy): StationDue => {
  const spanS = silentSpanS(policy);
  const silences: Silence[] = [];
  const fencedSince: EpochS[] = [];
  const pulses: PulseEnd[] = [];
  for (const [evseId, evse] of sorted(station.evses)) {
    if (evse.fence !== undefined && evse.fence.step !== 'hands') fencedSince.push(evse.fence.since);
    const pulseUntil = evse.sleep?.pulseUntil;
    if (pulseUntil !== undefined) pulses.push({ ref: { stationId, evseId: Number(evseId) }, at: pulseUntil });
    if (!station.up) continue;
    const at = silentAt(station, evse, spanS);
    if (at !== undefined) silences.push({ key: evseKey({ stationId, evseId: Number(evseId) }), at });
  }
  const downSince = station.up ? undefined : station.since;
  return { stationId, silences, fencedSince, pulses, rollCallAt: rollCallAt(station), downSince };
});

/** When the meter of an EVSE counts as silent; undefined where no vehicle is known to be there. */
function silentAt(station: StationState, evse: EvseState, spanS: number): EpochS | undefined {
  const { transaction, isUnheard, status } = evse;
  if (transaction !== undefined && isUnheard !== true)
    return later(Math.max(station.since, transaction.startedAt, evse.sampledAt ?? 0) as EpochS, spanS);
  // A vehicle is there that was there before, and its meter has had its time and has been asked.
  if (isUnheard !== true || (status !== 'Occupied' && transaction === undefined)) return undefined;
  return later(station.since, Math.max(spanS, rollCallFirstS + rollCallsMax * rollCallEveryS));
}

/** True for an EVSE of which its station is asked. */
export function isAskedOf(evse: EvseState): boolean {
  return evse.isUnheard === true && evse.transaction === undefined;
}

function rollCallAt({ up, since, rollCall, evses }: StationState): EpochS | undefined {
  const { rounds = 0, isOver = false } = rollCall ?? {};
  if (!up || isOver || rounds >= rollCallsMax || !Object.values(evses).some(isAskedOf)) return undefined;
  return later(since, rollCallFirstS + rounds * rollCallEveryS);
}

const ofStations = new WeakMap<readonly StationDue[], Dues>();

/** What falls due at the stations of a state. */
export function duesOf({ stations, policy }: State): Dues {
  const own = stationDues(stations, policy);
  const known = ofStations.get(own);
  if (known !== undefined) return known;
  const silences: Silence[] = [];
  const fencedSince: EpochS[] = [];
  const pulses: PulseEnd[] = [];
  const rollCalls: { readonly stationId: string; readonly at: EpochS }[] = [];
  const down: { readonly stationId: string; readonly since: EpochS }[] = [];
  for (const one of own) {
    for (const silence of one.silences) silences.push(silence);
    for (const since of one.fencedSince) fencedSince.push(since);
    for (const pulse of one.pulses) pulses.push(pulse);
    if (one.rollCallAt !== undefined) rollCalls.push({ stationId: one.stationId, at: one.rollCallAt });
    if (one.downSince !== undefined) down.push({ stationId: one.stationId, since: one.downSince });
  }
  const dues: Dues = { silences, fencedSince, pulses, rollCalls, down };
  ofStations.set(own, dues);
  return dues;
}
