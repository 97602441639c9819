/**
 * A charging station as a plain thing: profiles by place, a limit at an instant, a draw that follows with a lag. Shares
 * no code with the ledger or the composite calculator; understands only absolute profiles.
 */
import type { InstalledProfile } from '#ocpp/profile';
import type { StationCommand } from '#ocpp/station-message';

export interface PlainStation {
  /** Most that each EVSE takes: A per phase (AC) or W (DC). */
  readonly hardware: number;
  readonly reactionS: number;
  readonly obeysLease: boolean;
  /** How far its clock is ahead of ours, s. */
  readonly clockS?: number;
  /** Limits in W at an AC station: the watts that it takes for one ampere per phase, by EVSE id. */
  wattsPerA?: Readonly<Record<number, number>>;
  profiles: InstalledProfile[];
  /** Running transaction by EVSE id. */
  transactions: Record<number, string>;
  /** Limits in force, newest last: instant and limit by EVSE id. */
  history: Record<number, [number, number][]>;
}

export function plainStation(hardware: number, over: Partial<PlainStation> = {}): PlainStation {
  return {
    hardware,
    reactionS: 0,
    obeysLease: true,
    profiles: [],
    transactions: {},
    history: {},
    ...over,
  };
}

/** What one profile says at `t` on the station's own clock; undefined where it has nothing to say. */
function saysAt({ profile }: InstalledProfile, t: number, obeysLease: boolean): number | undefined {
  const schedule = profile.schedules[0];
  if (schedule?.startAt === undefined || t < schedule.startAt) return undefined;
  const leased = profile.purpose === 'TxProfile' && !obeysLease;
  if (!leased && profile.validTo !== undefined && t >= profile.validTo) return undefined;
  if (!leased && schedule.durationS !== undefined && t >= schedule.startAt + schedule.durationS)
    return undefined;
  let limit: number | undefined;
  for (const period of schedule.periods) if (schedule.startAt + period.startS <= t) limit = period.limit;
  return limit;
}

/** The limit that the station obeys at `t` on an EVSE, as if a vehicle were always there. */
export function limitAt(station: PlainStation, evseId: number, t: number): number {
  const running = station.transactions[evseId];
  const own = t + (station.clockS ?? 0);
  let byTx: number | undefined;
  let byDefault: number | undefined;
  let cap = station.hardware;
  for (const entry of station.profiles) {
    const written = saysAt(entry, own, station.obeysLease);
    if (written === undefined) continue;
    const { purpose, transactionId, schedules } = entry.profile;
    const says = schedules[0]?.unit === 'W' ? written / (station.wattsPerA?.[evseId] ?? 1) : written;
    if (purpose === 'ChargingStationMaxProfile') cap = Math.min(cap, says);
    else if (entry.evseId !== evseId && entry.evseId !== 0) continue;
    else if (purpose === 'TxDefaultProfile') byDefault = says;
    else if (running !== undefined && transactionId === running) byTx = says;
  }
  return Math.min(cap, byTx ?? byDefault ?? station.hardware);
}

/** The station's own cap at `t`, in the unit of its profile. */
export function capAt(station: PlainStation, t: number): number {
  let cap = Infinity;
  for (const entry of station.profiles) {
    if (entry.profile.purpose !== 'ChargingStationMaxProfile') continue;
    cap = Math.min(cap, saysAt(entry, t + (station.clockS ?? 0), station.obeysLease) ?? Infinity);
  }
  return cap;
}

/** Notes the limit in force at `t`; to be called whenever anything changes or time moves on. */
export function note(station: PlainStation, evseId: number, t: number): void {
  const list = (station.history[evseId] ??= []);
  const limit = limitAt(station, evseId, t);
  if (list.at(-1)?.[1] !== limit) list.push([t, limit]);
  while (list.length > 1 && list[1]![0] < t - station.reactionS) list.shift();
}

/** Most that the EVSE may be drawing at `t`: a limit that fell is followed up to `reactionS` later. */
export function drawAt(station: PlainStation, evseId: number, t: number): number {
  note(station, evseId, t);
  const list = station.history[evseId]!;
  let top = 0;
  list.forEach(([, limit], i) => {
    const until = list[i + 1]?.[0] ?? Infinity;
    if (until > t - station.reactionS) top = Math.max(top, limit);
  });
  return top;
}

/** Applies a command as a station does; `false`: it refuses. */
export function apply(station: PlainStation, command: StationCommand): boolean {
  if (command.kind === 'clear-profile') {
    const { profileId, evseId, purpose, stackLevel } = command;
    station.profiles = station.profiles.filter((entry) => {
      const { profile } = entry;
      if (profileId !== undefined) return profile.id !== profileId;
      const isMeant =
        (evseId ?? entry.evseId) === entry.evseId &&
        (purpose ?? profile.purpose) === profile.purpose &&
        (stackLevel ?? profile.stackLevel) === profile.stackLevel;
      return !isMeant;
    });
    return true;
  }
  if (command.kind !== 'set-profile') return true;
  const { profile, evseId } = command;
  if (profile.purpose === 'TxProfile' && station.transactions[evseId] !== profile.transactionId) return false;
  station.profiles = [
    ...station.profiles.filter((entry) => entry.profile.id !== profile.id),
    { evseId, profile },
  ];
  return true;
}
