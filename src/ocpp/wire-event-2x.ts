/** What CALLs of a 2.0.1 or 2.1 station report. Source: OCPP 2.0.1 and 2.1 part 2 sections 1 and 3. @module */
import type { z } from 'zod';
import { instantOfIso } from '#domain/instant';
import { invariant } from '#domain/invariant';
import { fail, ok, type Result } from '#domain/result';
import type { EpochS } from '#domain/units';
import type { messages201 } from './message-201.ts';
import type { messages21 } from './message-21.ts';
import type { PayloadFault } from './message.ts';
import type { InstalledProfile } from './profile.ts';
import type { ChargerEvent, MeterSample } from './station-message.ts';
import { sampleOfReadings, type Reading } from './wire-meter.ts';
import { profileOfWire } from './wire-profile.ts';

type Request<A extends keyof typeof messages201> =
  | z.infer<(typeof messages201)[A]['request']>
  | z.infer<(typeof messages21)[A]['request']>;
type PriorityNotice = z.infer<(typeof messages21)['NotifyPriorityCharging']['request']>;
type MeterValue = Request<'MeterValues'>['meterValue'][number];

/** Events of a checked payload. */
export function events2x(
  version: '2.0.1' | '2.1',
  action: string,
  payload: unknown,
): Result<readonly ChargerEvent[], PayloadFault> {
  switch (action) {
    case 'BootNotification':
      return ok([bootOf(payload as Request<'BootNotification'>)]);
    case 'Heartbeat':
      return ok([{ kind: 'heartbeat' }]);
    case 'Authorize':
      return ok([{ kind: 'authorize', idToken: (payload as Request<'Authorize'>).idToken.idToken }]);
    case 'StatusNotification':
      return ok([statusOf(payload as Request<'StatusNotification'>)]);
    case 'TransactionEvent':
      return ok(transactionOf(payload as Request<'TransactionEvent'>));
    case 'MeterValues': {
      const { evseId, meterValue } = payload as Request<'MeterValues'>;
      return ok(meterValue.map((value) => ({ kind: 'meter', sample: sampleOf(value, { evseId }) })));
    }
    case 'ReportChargingProfiles':
      return profilesOf(version, payload as Request<'ReportChargingProfiles'>);
    case 'NotifyChargingLimit':
      return externalLimitOf(version, payload as Request<'NotifyChargingLimit'>);
    case 'ClearedChargingLimit': {
      const { chargingLimitSource, evseId } = payload as Request<'ClearedChargingLimit'>;
      const place = evseId === undefined ? {} : { evseId };
      return ok([{ kind: 'external-limit-cleared', ...place, source: chargingLimitSource }]);
    }
    case 'NotifyEVChargingNeeds':
      return ok([needsOf(payload as Request<'NotifyEVChargingNeeds'>)]);
    case 'NotifyPriorityCharging': {
      const { transactionId, activated } = payload as PriorityNotice;
      return ok([{ kind: 'priority', transactionId, isActive: activated }]);
    }
    default:
      return ok([{ kind: 'notice', action }]);
  }
}

function instantOf(text: string): EpochS {
  const at = instantOfIso(text);
  invariant(at !== undefined, 'the schema has checked the instant', { text });
  return at;
}

function bootOf(boot: Request<'BootNotification'>): ChargerEvent {
  const { vendorName, model, firmwareVersion } = boot.chargingStation;
  return {
    kind: 'boot',
    vendor: vendorName,
    model,
    ...(firmwareVersion === undefined ? {} : { firmware: firmwareVersion }),
    reason: boot.reason,
  };
}

function statusOf(notice: Request<'StatusNotification'>): ChargerEvent {
  return {
    kind: 'status',
    evseId: notice.evseId,
    status: notice.connectorStatus,
    detail: notice.connectorStatus,
    at: instantOf(notice.timestamp),
  };
}

/**
 * Started, meter, state; or state, meter; or meter, ended. An event without `evse` gives samples of EVSE 0 with their
 * transaction, as the first event of a transaction has told the EVSE.
 */
function transactionOf(event: Request<'TransactionEvent'>): ChargerEvent[] {
  const { transactionId, chargingState, stoppedReason } = event.transactionInfo;
  const at = instantOf(event.timestamp);
  const offline = event.offline ?? false;
  const evseId = event.evse?.id;
  const meterValues: readonly MeterValue[] = event.meterValue ?? [];
  const samples = meterValues.map((value) => sampleOf(value, { evseId: evseId ?? 0, transactionId }));
  const meter = samples.map((sample): ChargerEvent => ({ kind: 'meter', sample }));
  const place = { ...(evseId === undefined ? {} : { evseId }), transactionId, at, offline };
  const state: ChargerEvent = {
    kind: 'transaction-updated',
    ...place,
    ...(chargingState === undefined ? {} : { chargingState }),
  };
  switch (event.eventType) {
    case 'Started': {
      const registerWh = samples.find((sample) => sample.registerWh !== undefined)?.registerWh;
      const started: ChargerEvent = {
        kind: 'transaction-started',
        evseId: evseId ?? 0,
        transactionId,
        at,
        ...(event.idToken === undefined ? {} : { idToken: event.idToken.idToken }),
        ...(registerWh === undefined ? {} : { registerWh }),
        offline,
      };
      return [started, ...meter, ...(chargingState === undefined ? [] : [state])];
    }
    case 'Updated':
      return [state, ...meter];
    case 'Ended': {
      const registerWh = samples.findLast((sample) => sample.registerWh !== undefined)?.registerWh;
      const ended: ChargerEvent = {
        kind: 'transaction-ended',
        ...place,
        ...(registerWh === undefined ? {} : { registerWh }),
        ...(stoppedReason === undefined ? {} : { reason: stoppedReason }),
      };
      return [...meter, ended];
    }
  }
}

function sampleOf(value: MeterValue, place: { evseId: number; transactionId?: string }): MeterSample {
  return sampleOfReadings(
    { ...place, sampledAt: instantOf(value.timestamp) },
    value.sampledValue.map(readingOf),
  );
}

/** A reading with the defaults of SampledValueType and UnitOfMeasureType. */
function readingOf(sampled: MeterValue['sampledValue'][number]): Reading {
  const unit = sampled.unitOfMeasure?.unit;
  return {
    value: sampled.value,
    measurand: sampled.measurand ?? 'Energy.Active.Import.Register',
    location: sampled.location ?? 'Outlet',
    multiplier: sampled.unitOfMeasure?.multiplier ?? 0,
    ...(sampled.phase === undefined ? {} : { phase: sampled.phase }),
    ...(unit === undefined ? {} : { unit }),
  };
}

/** What a vehicle asks for. */
function needsOf({ evseId, chargingNeeds }: Request<'NotifyEVChargingNeeds'>): ChargerEvent {
  const { acChargingParameters, dcChargingParameters, departureTime } = chargingNeeds;
  const energyWh = acChargingParameters?.energyAmount ?? dcChargingParameters?.energyAmount;
  return {
    kind: 'charging-needs',
    evseId,
    ...(departureTime === undefined ? {} : { departsAt: instantOf(departureTime) }),
    ...(energyWh === undefined ? {} : { energyWh }),
  };
}

/** A limit of somebody else, its first schedule as a profile that only lowers. */
function externalLimitOf(
  version: '2.0.1' | '2.1',
  notice: Request<'NotifyChargingLimit'>,
): Result<readonly ChargerEvent[], PayloadFault> {
  const { evseId = 0, chargingLimit, chargingSchedule } = notice;
  const source = chargingLimit.chargingLimitSource;
  const [schedule] = chargingSchedule ?? [];
  if (schedule === undefined) return ok([{ kind: 'external-limit', evseId, source }]);
  const isDated = 'startSchedule' in schedule && schedule.startSchedule !== undefined;
  const read = profileOfWire(
    version,
    {
      id: 0,
      stackLevel: 0,
      chargingProfilePurpose: 'ChargingStationExternalConstraints',
      chargingProfileKind: isDated ? 'Absolute' : 'Relative',
      chargingSchedule: [schedule],
    },
    'chargingSchedule[0]',
  );
  if (!read.ok) {
    const path = read.problem[0]?.path ?? 'chargingSchedule';
    return fail({ code: 'PropertyConstraintViolation', description: `${path}: not readable`, path });
  }
  const at = schedule.chargingSchedulePeriod.findIndex(({ limit }) => (limit ?? 0) < 0);
  if (at >= 0) {
    const path = `chargingSchedule[0].chargingSchedulePeriod[${at}].limit`;
    return fail({ code: 'PropertyConstraintViolation', description: `${path}: below 0`, path });
  }
  return ok([{ kind: 'external-limit', evseId, source, profile: read.value }]);
}

function profilesOf(
  version: '2.0.1' | '2.1',
  report: Request<'ReportChargingProfiles'>,
): Result<readonly ChargerEvent[], PayloadFault> {
  const profiles: InstalledProfile[] = [];
  for (const [i, wire] of report.chargingProfile.entries()) {
    const read = profileOfWire(version, wire, `chargingProfile[${i}]`);
    if (!read.ok) {
      const path = read.problem[0]?.path ?? 'chargingProfile';
      return fail({ code: 'PropertyConstraintViolation', description: `${path}: not readable`, path });
    }
    profiles.push({ evseId: report.evseId, profile: read.value });
  }
  return ok([
    {
      kind: 'profiles-reported',
      requestId: report.requestId,
      more: report.tbc ?? false,
      profiles,
    },
  ]);
}
