/**
 * Limits that somebody else has laid on a station: an energy manager of the building, the grid operator. Plans keep below
 * them, as power that nobody would draw is better planned elsewhere. The ledger counts on none of them: they go as they
 * came, without our leave. Source: OCPP 2.0.1 K11 to K14.
 * @module
 */
import type { Evse, Station } from '#domain/site';
import { constant, lowest, type StepFunction } from '#domain/step-function';
import type { EpochS } from '#domain/units';
import { limitOf } from '#ocpp/composite';
import type { ChargingProfile } from '#ocpp/profile';
import type { ChargerEvent } from '#ocpp/station-message';
import { publish, staleBy, stationState, withStation, type Change } from './change.ts';
import { externalLimitsMax } from './limits.ts';
import type { ExternalLimit, State } from './state.ts';

type Limited = Extract<ChargerEvent, { kind: 'external-limit' }>;
type Cleared = Extract<ChargerEvent, { kind: 'external-limit-cleared' }>;

/** A schedule without a start begins when it is told. */
function dated(profile: ChargingProfile, now: EpochS): ChargingProfile {
  return {
    ...profile,
    kind: 'Absolute',
    schedules: profile.schedules.map((schedule) => ({ ...schedule, startAt: schedule.startAt ?? now })),
  };
}

function withLimits(
  state: State,
  stationId: string,
  externalLimits: readonly ExternalLimit[],
  told: unknown,
): Change {
  const next = withStation(state, stationId, { externalLimits: externalLimits.slice(-externalLimitsMax) });
  return [staleBy(next, 'limit'), [publish('status', { at: state.now, stationId, ...Object(told) })]];
}

/** Takes a limit of somebody else; a newer one of the same source and place replaces it. */
export function noteExternalLimit(state: State, stationId: string, event: Limited): Change {
  const { source, evseId, profile } = event;
  const before = stationState(state, stationId).externalLimits ?? [];
  const others = before.filter((one) => one.source !== source || one.evseId !== evseId);
  const limit = {
    source,
    evseId,
    ...(profile === undefined ? {} : { profile: dated(profile, state.now) }),
  };
  return withLimits(state, stationId, [...others, limit], { event: 'external-limit', ...limit });
}

/** A limit of somebody else is over; without an EVSE all of that source are. */
export function noteExternalLimitCleared(state: State, stationId: string, event: Cleared): Change {
  const { source, evseId } = event;
  const before = stationState(state, stationId).externalLimits ?? [];
  const left = before.filter(
    (one) => one.source !== source || (evseId !== undefined && one.evseId !== evseId),
  );
  if (left.length === before.length) return [state, []];
  return withLimits(state, stationId, left, {
    event: 'external-limit-cleared',
    source,
    ...(evseId === undefined ? {} : { evseId }),
  });
}

/** The power that limits of others leave an EVSE over `[from, until)`, W; Infinity where there are none. */
export function externalPowerOf(
  state: State,
  place: { readonly station: Station; readonly evse: Evse },
  from: EpochS,
  until: EpochS,
): StepFunction {
  const { station, evse } = place;
  const installed = (stationState(state, station.id).externalLimits ?? []).flatMap(({ evseId, profile }) =>
    profile !== undefined && (evseId === 0 || evseId === evse.id) ? [{ evseId: evse.id, profile }] : [],
  );
  if (installed.length === 0) return constant(Infinity);
  const phases = station.current === 'DC' ? 3 : evse.rotation.length;
  const limits = installed.map((entry) =>
    limitOf({
      version: station.version,
      installed: [entry],
      transactions: [],
      evseId: evse.id,
      from,
      until,
      electrical: { voltage: state.site.voltage, phases },
      unit: 'W',
    }),
  );
  return lowest(limits);
}
