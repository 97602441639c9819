/** What CALLs of a 1.6 station report. Source: OCPP 1.6 section 4 and 7. @module */
import type { z } from 'zod';
import { instantOfIso } from '#domain/instant';
import { invariant } from '#domain/invariant';
import { fail, ok, type Result } from '#domain/result';
import type { EpochS } from '#domain/units';
import type { messages16 } from './message-16.ts';
import type { PayloadFault } from './message.ts';
import type { ChargerEvent, ConnectorStatus } from './station-message.ts';
import { numberOfText, sampleOfReadings, type Reading } from './wire-meter.ts';

type Request<A extends keyof typeof messages16> = z.infer<(typeof messages16)[A]['request']>;
type MeterValue = Request<'MeterValues'>['meterValue'][number];

/** 1.6 words that mean that a vehicle is there. Source: OCPP 1.6 4.9, mapped as 2.0.1 part 2 G01 has it. */
const occupied: readonly string[] = ['Preparing', 'Charging', 'SuspendedEVSE', 'SuspendedEV', 'Finishing'];

/** Events of a checked payload. Transactions of 1.6 do not say that they began or ended offline: `offline` is false. */
export function events16(action: string, payload: unknown): Result<readonly ChargerEvent[], PayloadFault> {
  switch (action) {
    case 'BootNotification':
      return ok([bootOf(payload as Request<'BootNotification'>)]);
    case 'Heartbeat':
      return ok([{ kind: 'heartbeat' }]);
    case 'Authorize':
      return ok([{ kind: 'authorize', idToken: (payload as Request<'Authorize'>).idTag }]);
    case 'StatusNotification':
      return ok([statusOf(payload as Request<'StatusNotification'>)]);
    case 'StartTransaction':
      return ok([startOf(payload as Request<'StartTransaction'>)]);
    case 'StopTransaction':
      return ok(stopOf(payload as Request<'StopTransaction'>));
    case 'MeterValues':
      return meterOf(payload as Request<'MeterValues'>);
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
  return {
    kind: 'boot',
    vendor: boot.chargePointVendor,
    model: boot.chargePointModel,
    ...(boot.firmwareVersion === undefined ? {} : { firmware: boot.firmwareVersion }),
    reason: 'Unknown',
  };
}

function statusOf(notice: Request<'StatusNotification'>): ChargerEvent {
  const { connectorId, status, timestamp } = notice;
  return {
    kind: 'status',
    evseId: connectorId,
    status: occupied.includes(status) ? 'Occupied' : (status as ConnectorStatus),
    detail: status,
    ...(timestamp === undefined ? {} : { at: instantOf(timestamp) }),
  };
}

function startOf(start: Request<'StartTransaction'>): ChargerEvent {
  return {
    kind: 'transaction-started',
    evseId: start.connectorId,
    at: instantOf(start.timestamp),
    idToken: start.idTag,
    registerWh: start.meterStart,
    offline: false,
  };
}

/** Readings that cannot be read are passed over: a stop that is refused comes again for ever. */
function stopOf(stop: Request<'StopTransaction'>): ChargerEvent[] {
  const transactionId = String(stop.transactionId);
  const samples = (stop.transactionData ?? []).map((value): ChargerEvent => ({
    kind: 'meter',
    sample: sampleOfReadings(
      { evseId: 0, transactionId, sampledAt: instantOf(value.timestamp) },
      value.sampledValue.flatMap((sampled) => readingOf(sampled) ?? []),
    ),
  }));
  return [
    ...samples,
    {
      kind: 'transaction-ended',
      transactionId,
      at: instantOf(stop.timestamp),
      registerWh: stop.meterStop,
      ...(stop.reason === undefined ? {} : { reason: stop.reason }),
      offline: false,
    },
  ];
}

function meterOf(meter: Request<'MeterValues'>): Result<readonly ChargerEvent[], PayloadFault> {
  const events: ChargerEvent[] = [];
  for (const [i, value] of meter.meterValue.entries()) {
    const readings: Reading[] = [];
    for (const [j, sampled] of value.sampledValue.entries()) {
      if (sampled.format === 'SignedData') continue;
      const reading = readingOf(sampled);
      if (reading === undefined) {
        const path = `meterValue[${i}].sampledValue[${j}].value`;
        return fail({ code: 'PropertyConstraintViolation', description: `${path}: not a number`, path });
      }
      readings.push(reading);
    }
    const place = {
      evseId: meter.connectorId,
      sampledAt: instantOf(value.timestamp),
      ...(meter.transactionId === undefined ? {} : { transactionId: String(meter.transactionId) }),
    };
    events.push({ kind: 'meter', sample: sampleOfReadings(place, readings) });
  }
  return ok(events);
}

/** A reading with the defaults of 1.6 7.43; undefined for signed data and for texts that are no number. */
function readingOf(sampled: MeterValue['sampledValue'][number]): Reading | undefined {
  if (sampled.format === 'SignedData') return undefined;
  const value = numberOfText(sampled.value);
  if (value === undefined) return undefined;
  return {
    value,
    measurand: sampled.measurand ?? 'Energy.Active.Import.Register',
    location: sampled.location ?? 'Outlet',
    multiplier: 0,
    ...(sampled.phase === undefined ? {} : { phase: sampled.phase }),
    ...(sampled.unit === undefined ? {} : { unit: sampled.unit }),
  };
}
