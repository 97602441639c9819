/**
 * Requests and answers of OCPP 1.6 that this project sends, receives or simulates. Vendor texts are bounded as the
 * standard bounds them; nothing may be added to a message.
 * Source: OCPP 1.6 edition 2 sections 6 and 7 with errata v4; security white paper edition 3 for SecurityEventNotification
 * and LogStatusNotification.
 * @module
 */
import { z } from 'zod';
import { instant, tenth, text, whole } from './wire-type.ts';

const optional = z.exactOptional;
const empty = z.strictObject({});

const idTagInfo = z.strictObject({
  expiryDate: optional(instant),
  parentIdTag: optional(text(20)),
  status: z.enum(['Accepted', 'Blocked', 'Expired', 'Invalid', 'ConcurrentTx']),
});

const sampledValue = z.strictObject({
  value: z.string(),
  context: optional(
    z.enum([
      'Interruption.Begin',
      'Interruption.End',
      'Sample.Clock',
      'Sample.Periodic',
      'Transaction.Begin',
      'Transaction.End',
      'Trigger',
      'Other',
    ]),
  ),
  format: optional(z.enum(['Raw', 'SignedData'])),
  measurand: optional(
    z.enum([
      'Energy.Active.Export.Register',
      'Energy.Active.Import.Register',
      'Energy.Reactive.Export.Register',
      'Energy.Reactive.Import.Register',
      'Energy.Active.Export.Interval',
      'Energy.Active.Import.Interval',
      'Energy.Reactive.Export.Interval',
      'Energy.Reactive.Import.Interval',
      'Power.Active.Export',
      'Power.Active.Import',
      'Power.Offered',
      'Power.Reactive.Export',
      'Power.Reactive.Import',
      'Power.Factor',
      'Current.Import',
      'Current.Export',
      'Current.Offered',
      'Voltage',
      'Frequency',
      'Temperature',
      'SoC',
      'RPM',
    ]),
  ),
  phase: optional(z.enum(['L1', 'L2', 'L3', 'N', 'L1-N', 'L2-N', 'L3-N', 'L1-L2', 'L2-L3', 'L3-L1'])),
  location: optional(z.enum(['Cable', 'EV', 'Inlet', 'Outlet', 'Body'])),
  unit: optional(
    z.enum([
      'Wh',
      'kWh',
      'varh',
      'kvarh',
      'W',
      'kW',
      'VA',
      'kVA',
      'var',
      'kvar',
      'A',
      'V',
      'K',
      'Celcius',
      'Celsius',
      'Fahrenheit',
      'Percent',
    ]),
  ),
});

const meterValue = z.strictObject({ timestamp: instant, sampledValue: z.array(sampledValue) });

const rateUnit = z.enum(['A', 'W']);
const purpose = z.enum(['ChargePointMaxProfile', 'TxDefaultProfile', 'TxProfile']);

const chargingSchedule = z.strictObject({
  duration: optional(whole),
  startSchedule: optional(instant),
  chargingRateUnit: rateUnit,
  chargingSchedulePeriod: z.array(
    z.strictObject({ startPeriod: whole, limit: tenth, numberPhases: optional(whole) }),
  ),
  minChargingRate: optional(tenth),
});

const chargingProfile = z.strictObject({
  chargingProfileId: whole,
  transactionId: optional(whole),
  stackLevel: whole,
  chargingProfilePurpose: purpose,
  chargingProfileKind: z.enum(['Absolute', 'Recurring', 'Relative']),
  recurrencyKind: optional(z.enum(['Daily', 'Weekly'])),
  validFrom: optional(instant),
  validTo: optional(instant),
  chargingSchedule,
});

const acceptedOrRejected = z.strictObject({ status: z.enum(['Accepted', 'Rejected']) });

/** Schemas of 1.6 by action; `from` says who sends the request. */
export const messages16 = {
  Authorize: {
    from: 'station',
    request: z.strictObject({ idTag: text(20) }),
    response: z.strictObject({ idTagInfo }),
  },
  BootNotification: {
    from: 'station',
    request: z.strictObject({
      chargePointVendor: text(20),
      chargePointModel: text(20),
      chargePointSerialNumber: optional(text(25)),
      chargeBoxSerialNumber: optional(text(25)),
      firmwareVersion: optional(text(50)),
      iccid: optional(text(20)),
      imsi: optional(text(20)),
      meterType: optional(text(25)),
      meterSerialNumber: optional(text(25)),
    }),
    response: z.strictObject({
      status: z.enum(['Accepted', 'Pending', 'Rejected']),
      currentTime: instant,
      interval: whole,
    }),
  },
  ChangeConfiguration: {
    from: 'system',
    request: z.strictObject({ key: text(50), value: text(2048) }),
    response: z.strictObject({ status: z.enum(['Accepted', 'Rejected', 'RebootRequired', 'NotSupported']) }),
  },
  ClearChargingProfile: {
    from: 'system',
    request: z.strictObject({
      id: optional(whole),
      connectorId: optional(whole),
      chargingProfilePurpose: optional(purpose),
      stackLevel: optional(whole),
    }),
    response: z.strictObject({ status: z.enum(['Accepted', 'Unknown']) }),
  },
  DataTransfer: {
    from: 'both',
    request: z.strictObject({
      vendorId: text(255),
      messageId: optional(text(50)),
      data: optional(z.string()),
    }),
    response: z.strictObject({
      status: z.enum(['Accepted', 'Rejected', 'UnknownMessageId', 'UnknownVendorId']),
      data: optional(z.string()),
    }),
  },
  DiagnosticsStatusNotification: {
    from: 'station',
    request: z.strictObject({ status: z.enum(['Idle', 'Uploaded', 'UploadFailed', 'Uploading']) }),
    response: empty,
  },
  FirmwareStatusNotification: {
    from: 'station',
    request: z.strictObject({
      status: z.enum([
        'Downloaded',
        'DownloadFailed',
        'Downloading',
        'Idle',
        'InstallationFailed',
        'Installing',
        'Installed',
      ]),
    }),
    response: empty,
  },
  GetCompositeSchedule: {
    from: 'system',
    request: z.strictObject({ connectorId: whole, duration: whole, chargingRateUnit: optional(rateUnit) }),
    response: z.strictObject({
      status: z.enum(['Accepted', 'Rejected']),
      connectorId: optional(whole),
      scheduleStart: optional(instant),
      chargingSchedule: optional(chargingSchedule),
    }),
  },
  GetConfiguration: {
    from: 'system',
    request: z.strictObject({ key: optional(z.array(text(50))) }),
    response: z.strictObject({
      configurationKey: optional(
        z.array(z.strictObject({ key: text(50), readonly: z.boolean(), value: optional(text(2048)) })),
      ),
      unknownKey: optional(z.array(text(50))),
    }),
  },
  Heartbeat: { from: 'station', request: empty, response: z.strictObject({ currentTime: instant }) },
  LogStatusNotification: {
    from: 'station',
    request: z.strictObject({
      status: z.enum([
        'BadMessage',
        'Idle',
        'NotSupportedOperation',
        'PermissionDenied',
        'Uploaded',
        'UploadFailure',
        'Uploading',
      ]),
      requestId: optional(whole),
    }),
    response: empty,
  },
  MeterValues: {
    from: 'station',
    request: z.strictObject({
      connectorId: whole,
      transactionId: optional(whole),
      meterValue: z.array(meterValue),
    }),
    response: empty,
  },
  RemoteStartTransaction: {
    from: 'system',
    request: z.strictObject({
      connectorId: optional(whole),
      idTag: text(20),
      chargingProfile: optional(chargingProfile),
    }),
    response: acceptedOrRejected,
  },
  RemoteStopTransaction: {
    from: 'system',
    request: z.strictObject({ transactionId: whole }),
    response: acceptedOrRejected,
  },
  Reset: {
    from: 'system',
    request: z.strictObject({ type: z.enum(['Hard', 'Soft']) }),
    response: acceptedOrRejected,
  },
  SecurityEventNotification: {
    from: 'station',
    request: z.strictObject({ type: text(50), timestamp: instant, techInfo: optional(text(255)) }),
    response: empty,
  },
  SetChargingProfile: {
    from: 'system',
    request: z.strictObject({ connectorId: whole, csChargingProfiles: chargingProfile }),
    response: z.strictObject({ status: z.enum(['Accepted', 'Rejected', 'NotSupported']) }),
  },
  StartTransaction: {
    from: 'station',
    request: z.strictObject({
      connectorId: whole,
      idTag: text(20),
      meterStart: whole,
      reservationId: optional(whole),
      timestamp: instant,
    }),
    response: z.strictObject({ idTagInfo, transactionId: whole }),
  },
  StatusNotification: {
    from: 'station',
    request: z.strictObject({
      connectorId: whole,
      errorCode: z.enum([
        'ConnectorLockFailure',
        'EVCommunicationError',
        'GroundFailure',
        'HighTemperature',
        'InternalError',
        'LocalListConflict',
        'NoError',
        'OtherError',
        'OverCurrentFailure',
        'PowerMeterFailure',
        'PowerSwitchFailure',
        'ReaderFailure',
        'ResetFailure',
        'UnderVoltage',
        'OverVoltage',
        'WeakSignal',
      ]),
      info: optional(text(100)),
      status: z.enum([
        'Available',
        'Preparing',
        'Charging',
        'SuspendedEVSE',
        'SuspendedEV',
        'Finishing',
        'Reserved',
        'Unavailable',
        'Faulted',
      ]),
      timestamp: optional(instant),
      vendorId: optional(text(255)),
      vendorErrorCode: optional(text(50)),
    }),
    response: empty,
  },
  StopTransaction: {
    from: 'station',
    request: z.strictObject({
      idTag: optional(text(20)),
      meterStop: whole,
      timestamp: instant,
      transactionId: whole,
      reason: optional(
        z.enum([
          'EmergencyStop',
          'EVDisconnected',
          'HardReset',
          'Local',
          'Other',
          'PowerLoss',
          'Reboot',
          'Remote',
          'SoftReset',
          'UnlockCommand',
          'DeAuthorized',
        ]),
      ),
      transactionData: optional(z.array(meterValue)),
    }),
    response: z.strictObject({ idTagInfo: optional(idTagInfo) }),
  },
  TriggerMessage: {
    from: 'system',
    request: z.strictObject({
      requestedMessage: z.enum([
        'BootNotification',
        'DiagnosticsStatusNotification',
        'FirmwareStatusNotification',
        'Heartbeat',
        'MeterValues',
        'StatusNotification',
      ]),
      connectorId: optional(whole),
    }),
    response: z.strictObject({ status: z.enum(['Accepted', 'Rejected', 'NotImplemented']) }),
  },
} as const;
