/**
 * What a simulated station says of itself, in the words of its version. Source: OCPP 1.6 4.1-4.10, 6; OCPP 2.0.1
 * part 2 B01, E02-E08, J02.
 * @module
 */
import { isoOf } from '#domain/instant';
import type { Station } from '#domain/site';
import type { EpochS } from '#domain/units';
import type { JsonRecord } from './wire-reading.ts';

/** A CALL of the station. */
export interface StationCall {
  readonly action: string;
  readonly payload: JsonRecord;
}

/** A transaction as its station keeps it. */
export interface StationTransaction {
  readonly evseId: number;
  /** 2.x: from the start; 1.6: when StartTransaction has been answered. */
  id: string | undefined;
  readonly idToken: string;
  readonly startedS: EpochS;
  readonly startRegisterWh: number;
  /** 2.x: counts the events. */
  sequence: number;
}

/** One set of readings of an EVSE. */
export interface Readings {
  readonly at: EpochS;
  readonly powerW: number;
  /** Per pin in order. */
  readonly currentA: readonly number[];
  readonly registerWh: number;
  /** A per phase or W, as the EVSE works. */
  readonly offered: number;
}

/** Whether a vehicle is there and takes power, or who stops it. */
export type OutletStatus =
  | 'Available'
  | 'Preparing'
  | 'Charging'
  | 'SuspendedEV'
  | 'SuspendedEVSE'
  | 'Faulted';

/** Why a transaction event is sent. */
export interface EventCause {
  readonly trigger: string;
  readonly offline: boolean;
  readonly chargingState?: string;
  readonly stoppedReason?: string;
}

/** The messages of one version. */
export interface Dialect {
  boot(reason: string): StationCall;
  heartbeat(): StationCall;
  status(evseId: number, status: OutletStatus, at: EpochS): StationCall;
  authorize(idToken: string): StationCall;
  start(transaction: StationTransaction, readings: Readings, cause: EventCause): StationCall;
  /** A change of the charging state; undefined in 1.6, where the status says it. */
  stateChange(transaction: StationTransaction, at: EpochS, cause: EventCause): StationCall | undefined;
  /**
   * Readings within a transaction, and its end. 2.x counts its events when they happen; 1.6 needs the transaction's id,
   * which may come later, so these are built when they are sent.
   */
  sampler(transaction: StationTransaction, readings: Readings, cause: EventCause): () => StationCall;
  stopper(transaction: StationTransaction, readings: Readings, cause: EventCause): () => StationCall;
  /** Readings without a transaction. */
  idleReadings(evseId: number, readings: Readings): StationCall;
}

const round = (value: number, digits: number): number => Number(value.toFixed(digits));

/** One reading on its way into a sampled value. */
interface Sampled {
  readonly measurand: string;
  readonly value: number;
  readonly unit: string;
  readonly phase?: string;
}

function sampledOf(readings: Readings, current: Station['current']): readonly Sampled[] {
  return [
    { measurand: 'Energy.Active.Import.Register', value: round(readings.registerWh, 1), unit: 'Wh' },
    { measurand: 'Power.Active.Import', value: round(readings.powerW, 1), unit: 'W' },
    ...readings.currentA.map((amps, i) => ({
      measurand: 'Current.Import',
      value: round(amps, 2),
      unit: 'A',
      phase: `L${i + 1}`,
    })),
    current === 'AC'
      ? { measurand: 'Current.Offered', value: round(readings.offered, 1), unit: 'A' }
      : { measurand: 'Power.Offered', value: round(readings.offered, 1), unit: 'W' },
  ];
}

function meterValue16(readings: Readings, station: Station, context: string): JsonRecord {
  return {
    timestamp: isoOf(readings.at),
    sampledValue: sampledOf(readings, station.current).map((sampled) => ({
      value: String(sampled.value),
      context,
      measurand: sampled.measurand,
      ...(sampled.phase === undefined ? {} : { phase: sampled.phase }),
      unit: sampled.unit,
    })),
  };
}

function meterValue2(readings: Readings, station: Station, context: string): JsonRecord {
  return {
    timestamp: isoOf(readings.at),
    sampledValue: sampledOf(readings, station.current).map((sampled) => ({
      value: sampled.value,
      context,
      measurand: sampled.measurand,
      ...(sampled.phase === undefined ? {} : { phase: sampled.phase }),
      unitOfMeasure: { unit: sampled.unit },
    })),
  };
}

/** OCPP 1.6. A transaction id that is not known yet is -1, as stations do that start without a connection. */
function dialect16(station: Station, firmware: () => string): Dialect {
  const idOf = (transaction: StationTransaction): number => Number(transaction.id ?? -1);
  return {
    boot: () => ({
      action: 'BootNotification',
      payload: {
        chargePointVendor: station.vendor.slice(0, 20),
        chargePointModel: station.model,
        chargePointSerialNumber: station.id.slice(0, 25),
        firmwareVersion: firmware(),
      },
    }),
    heartbeat: () => ({ action: 'Heartbeat', payload: {} }),
    status: (connectorId, status, at) => ({
      action: 'StatusNotification',
      payload: {
        connectorId,
        errorCode: status === 'Faulted' ? 'InternalError' : 'NoError',
        status,
        timestamp: isoOf(at),
      },
    }),
    authorize: (idTag) => ({ action: 'Authorize', payload: { idTag } }),
    start: (transaction) => ({
      action: 'StartTransaction',
      payload: {
        connectorId: transaction.evseId,
        idTag: transaction.idToken,
        meterStart: Math.round(transaction.startRegisterWh),
        timestamp: isoOf(transaction.startedS),
      },
    }),
    stateChange: () => undefined,
    sampler: (transaction, readings) => () => ({
      action: 'MeterValues',
      payload: {
        connectorId: transaction.evseId,
        transactionId: idOf(transaction),
        meterValue: [meterValue16(readings, station, 'Sample.Periodic')],
      },
    }),
    stopper: (transaction, readings, cause) => () => ({
      action: 'StopTransaction',
      payload: {
        transactionId: idOf(transaction),
        idTag: transaction.idToken,
        meterStop: Math.round(readings.registerWh),
        timestamp: isoOf(readings.at),
        reason: cause.stoppedReason ?? 'Local',
        transactionData: [meterValue16(readings, station, 'Transaction.End')],
      },
    }),
    idleReadings: (connectorId, readings) => ({
      action: 'MeterValues',
      payload: { connectorId, meterValue: [meterValue16(readings, station, 'Trigger')] },
    }),
  };
}

/** The parts that every TransactionEvent has. */
function transactionEvent(
  eventType: 'Started' | 'Updated' | 'Ended',
  transaction: StationTransaction,
  at: EpochS,
  cause: EventCause,
): JsonRecord {
  return {
    eventType,
    timestamp: isoOf(at),
    triggerReason: cause.trigger,
    seqNo: transaction.sequence++,
    ...(cause.offline ? { offline: true } : {}),
    transactionInfo: {
      transactionId: transaction.id ?? '',
      ...(cause.chargingState === undefined ? {} : { chargingState: cause.chargingState }),
      ...(cause.stoppedReason === undefined ? {} : { stoppedReason: cause.stoppedReason }),
    },
    evse: { id: transaction.evseId, connectorId: 1 },
  };
}

/** OCPP 2.0.1 and 2.1. */
function dialect2(station: Station, firmware: () => string): Dialect {
  const token = (idToken: string): JsonRecord => ({ idToken, type: 'ISO14443' });
  const event = (body: JsonRecord, more: JsonRecord): StationCall => ({
    action: 'TransactionEvent',
    payload: { ...body, ...more },
  });
  return {
    boot: (reason) => ({
      action: 'BootNotification',
      payload: {
        reason,
        chargingStation: {
          vendorName: station.vendor,
          model: station.model,
          serialNumber: station.id.slice(0, 25),
          firmwareVersion: firmware(),
        },
      },
    }),
    heartbeat: () => ({ action: 'Heartbeat', payload: {} }),
    status: (evseId, status, at) => ({
      action: 'StatusNotification',
      payload: {
        timestamp: isoOf(at),
        connectorStatus: status === 'Available' || status === 'Faulted' ? status : 'Occupied',
        evseId,
        connectorId: 1,
      },
    }),
    authorize: (idToken) => ({ action: 'Authorize', payload: { idToken: token(idToken) } }),
    start: (transaction, readings, cause) =>
      event(transactionEvent('Started', transaction, transaction.startedS, cause), {
        idToken: token(transaction.idToken),
        meterValue: [meterValue2(readings, station, 'Transaction.Begin')],
      }),
    stateChange: (transaction, at, cause) => event(transactionEvent('Updated', transaction, at, cause), {}),
    sampler: (transaction, readings, cause) => {
      const call = event(transactionEvent('Updated', transaction, readings.at, cause), {
        meterValue: [meterValue2(readings, station, 'Sample.Periodic')],
      });
      return () => call;
    },
    stopper: (transaction, readings, cause) => {
      const call = event(transactionEvent('Ended', transaction, readings.at, cause), {
        meterValue: [meterValue2(readings, station, 'Transaction.End')],
      });
      return () => call;
    },
    idleReadings: (evseId, readings) => ({
      action: 'MeterValues',
      payload: { evseId, meterValue: [meterValue2(readings, station, 'Trigger')] },
    }),
  };
}

/** The words of a station's version; `firmware` is what it says its own is. */
export function dialectOf(station: Station, firmware: () => string): Dialect {
  return station.version === '1.6' ? dialect16(station, firmware) : dialect2(station, firmware);
}
