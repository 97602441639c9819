/** What dispatch remembers between turns. @module */
import { invariant } from '#domain/invariant';
import type { Site } from '#domain/site';
import { tableOf, type Table } from '#domain/table';
import { epochS, seconds, type EpochS, type Seconds } from '#domain/units';
import type { InstalledProfile } from '#ocpp/profile';
import type { StationCommand } from '#ocpp/station-message';
import { canonicalText } from '#safety/canonical';
import { deafAfter, requestsMax } from './limits.ts';

/** The knobs of dispatch. */
export interface DispatchPolicy {
  /** A call without an answer counts as lost after this; one that sets a profile sooner at a station that answers fast. */
  readonly callTimeoutS: Seconds;
  /** The least time for the answer to a profile that is set; absent: `answerLeastS` of the limits. */
  readonly answerS?: Seconds;
  /** Pause after a failed call, doubled each time up to `retryMaxS`, with jitter. */
  readonly retryS: Seconds;
  readonly retryMaxS: Seconds;
  /** Plan profiles written per EVSE and UTC day; beyond it only decreases leave. */
  readonly writesPerDayMax: number;
  /** Raises on their way at once; absent: `raisesInFlightMax` of the limits. */
  readonly raisesInFlightMax?: number;
  /**
   * A plan that allows more from a later instant on, and less nowhere, leaves this long before, or when the one installed
   * is as old as this; absent: at once.
   */
  readonly raiseAheadS?: Seconds;
}

/** Half a minute for an answer, pauses of 5 s to 5 min, and at most a write per EVSE every five minutes. */
export const defaultDispatchPolicy: DispatchPolicy = {
  callTimeoutS: seconds(30),
  retryS: seconds(5),
  retryMaxS: seconds(300),
  writesPerDayMax: 288,
};

/** A call that waits for its answer; a report that follows the answer of `read-profiles` is waited for too. */
export interface PendingCall {
  readonly messageId: string;
  readonly command: StationCommand;
  /** It was sent before or lowers, so it is counted already; without an answer it is repeated soon. */
  readonly raisesNothing?: true;
  readonly sentAt: EpochS;
  readonly deadline: EpochS;
  /** `report`: the answer is here, the reported profiles are not all. */
  readonly waitsFor: 'answer' | 'report';
  readonly reported: readonly InstalledProfile[];
}

/** What dispatch knows of one station. */
export interface StationDispatch {
  readonly up: boolean;
  /** Connections so far. */
  readonly link: number;
  readonly pending?: PendingCall | undefined;
  /** A call without an answer in time, until another one is sent than the same again: a late answer still counts. */
  readonly lapsed?: { readonly messageId: string; readonly command: StationCommand } | undefined;
  /** How long answers take on this connection: the slowest, a second less with each that is quicker. Absent: none came. */
  readonly slowestS?: number | undefined;
  /** Failed calls in a row. */
  readonly failures: number;
  readonly notBefore: EpochS;
  /** EVSEs that are to be read before anything is raised. */
  readonly unread: readonly number[];
  /** EVSEs that are sent their plan once more although it is installed: their vehicle waits for one. */
  readonly owed?: readonly number[] | undefined;
  /** EVSEs whose floor was accepted, or is to be looked after, and was not seen since: read when nothing else is to be said. */
  readonly unseen?: readonly number[] | undefined;
  /** EVSEs that are sent their floor once more although it was accepted: what they report is not it. */
  readonly missing?: readonly number[] | undefined;
  /** When it was last read what the station holds. Absent: never. */
  readonly readAt?: EpochS | undefined;
  /** Other requests, sent in order, once each. */
  readonly requests: readonly StationCommand[];
  /** Profiles refused as they are: key of the profile and how often. */
  readonly refused: Readonly<Record<string, number>>;
  /** When a profile was last refused so often that it rests. */
  readonly refusedAt?: EpochS | undefined;
  /** Plan profiles written on the UTC day `day` (days since 1970), by EVSE id. */
  readonly writes: { readonly day: number; readonly byEvse: Readonly<Record<string, number>> };
}

/** The state of dispatch. */
export interface Dispatch {
  readonly policy: DispatchPolicy;
  readonly seed: number;
  /** Messages so far; ids count up. */
  readonly messages: number;
  /** By station id. */
  readonly stations: Table<StationDispatch>;
}

/** Dispatch before anything has happened: every station is away. */
export function dispatchOf(
  site: Site,
  seed: number,
  policy: DispatchPolicy = defaultDispatchPolicy,
): Dispatch {
  const station: StationDispatch = {
    up: false,
    link: 0,
    failures: 0,
    notBefore: epochS(0),
    unread: [],
    requests: [],
    refused: {},
    writes: { day: 0, byEvse: {} },
  };
  return {
    policy,
    seed,
    messages: 0,
    stations: tableOf(Object.fromEntries(site.stations.map(({ id }) => [id, station]))),
  };
}

/** Dispatch as JSON holds it. */
export interface DispatchAsJson extends Omit<Dispatch, 'stations'> {
  readonly stations: Readonly<Record<string, StationDispatch>>;
}

/** The dispatch that JSON holds. */
export function dispatchOfJson(json: DispatchAsJson): Dispatch {
  return { ...json, stations: tableOf(json.stations) };
}

/** What dispatch knows of that station. */
export function stationDispatchOf(dispatch: Dispatch, stationId: string): StationDispatch {
  const station = dispatch.stations.get(stationId);
  if (station === undefined) invariant(false, 'dispatch knows every station', { stationId });
  return station;
}

/** What dispatch knows of a station, with some of it changed; absent fields are undefined, so that all records are alike. */
export function stationWith(station: StationDispatch, change: Partial<StationDispatch>): StationDispatch {
  const next: { [K in keyof Required<StationDispatch>]: StationDispatch[K] } = {
    up: station.up,
    link: station.link,
    pending: station.pending,
    lapsed: station.lapsed,
    slowestS: station.slowestS,
    failures: station.failures,
    notBefore: station.notBefore,
    unread: station.unread,
    owed: station.owed,
    unseen: station.unseen,
    missing: station.missing,
    readAt: station.readAt,
    requests: station.requests,
    refused: station.refused,
    refusedAt: station.refusedAt,
    writes: station.writes,
  };
  return Object.assign(next, change);
}

/** Dispatch with another record of one station. */
export function withStation(dispatch: Dispatch, stationId: string, station: StationDispatch): Dispatch {
  return { ...dispatch, stations: dispatch.stations.with(stationId, station) };
}

/** Dispatch with one more request to a station; the same request waits only once, and beyond the bound none is taken. */
export function withRequest(dispatch: Dispatch, stationId: string, command: StationCommand): Dispatch {
  const station = stationDispatchOf(dispatch, stationId);
  // A request that has been through a snapshot has its keys in another order.
  const text = canonicalText(command);
  const waits = station.requests.some((one) => canonicalText(one) === text);
  if (waits || station.requests.length >= requestsMax) return dispatch;
  return withStation(dispatch, stationId, stationWith(station, { requests: [...station.requests, command] }));
}

/** Dispatch that sends the next plan of an EVSE whatever is installed there. */
export function withOwed(dispatch: Dispatch, stationId: string, evseId: number): Dispatch {
  const station = stationDispatchOf(dispatch, stationId);
  const owed = [...(station.owed ?? []).filter((id) => id !== evseId), evseId];
  return withStation(dispatch, stationId, stationWith(station, { owed }));
}

/** Dispatch in which a station is tried afresh: there is another way to say what it has refused so far. */
export function withFreshTries(dispatch: Dispatch, stationId: string, now: EpochS): Dispatch {
  const station = stationDispatchOf(dispatch, stationId);
  return withStation(dispatch, stationId, stationWith(station, { failures: 0, notBefore: now }));
}

/** Whether a station has left calls without an answer, so many that it counts as deaf; one that refuses answers. */
export function isSilent({ failures, lapsed }: StationDispatch): boolean {
  return failures >= deafAfter && lapsed !== undefined;
}

/** Dispatch that has forgotten what a station refused, as the reason may be gone: it counts as deaf only once it refuses again. */
export function withoutRefusals(dispatch: Dispatch, stationId: string, now: EpochS): Dispatch {
  const station = stationDispatchOf(dispatch, stationId);
  if (station.refusedAt === undefined && Object.keys(station.refused).length === 0) return dispatch;
  const failures = Math.min(station.failures, deafAfter - 1);
  const tries = isSilent(station) ? {} : { failures, notBefore: now };
  const next = stationWith(station, { refused: {}, refusedAt: undefined, ...tries });
  return withStation(dispatch, stationId, next);
}

/** Dispatch that reads the station back before it writes to it again. */
export function withReadBack(site: Site, dispatch: Dispatch, stationId: string): Dispatch {
  const station = stationDispatchOf(dispatch, stationId);
  const evses = site.stations.find(({ id }) => id === stationId)?.evses ?? [];
  return withStation(dispatch, stationId, stationWith(station, { unread: evses.map(({ id }) => id) }));
}
