/**
 * Requests and answers of OCPP 2.0.1 that this project sends, receives or simulates. Sales tariffs are carried unread.
 * Source: OCPP 2.0.1 edition 3 part 2 sections 1 to 3.
 * @module
 */
import { z } from 'zod';
import {
  attributeType,
  authorizationStatus,
  bootReason,
  certificateStatus,
  chargingState,
  chargingStation,
  connectorStatus,
  dataType,
  firmwareStatus,
  getVariableStatus,
  percent,
  rateUnit,
  readingContext,
  readingPhase,
  setVariableStatus,
  unitOfMeasure,
  uploadStatus,
  variable,
  variableAttribute,
} from './message-2x.ts';
import { fields, instant, listOf, text, unread, whole } from './wire-type.ts';

const optional = z.exactOptional;
const empty = fields({});

/** Why a status is what it is. */
const statusInfo = fields({ reasonCode: text(20), additionalInfo: optional(text(512)) });
const acceptedOrRejected = fields({
  status: z.enum(['Accepted', 'Rejected']),
  statusInfo: optional(statusInfo),
});

const idToken = fields({
  additionalInfo: optional(listOf(fields({ additionalIdToken: text(36), type: text(50) }))),
  idToken: text(36),
  type: z.enum([
    'Central',
    'eMAID',
    'ISO14443',
    'ISO15693',
    'KeyCode',
    'Local',
    'MacAddress',
    'NoAuthorization',
  ]),
});

const messageContent = fields({
  format: z.enum(['ASCII', 'HTML', 'URI', 'UTF8']),
  language: optional(text(8)),
  content: text(512),
});

const idTokenInfo = fields({
  status: authorizationStatus,
  cacheExpiryDateTime: optional(instant),
  chargingPriority: optional(whole),
  language1: optional(text(8)),
  evseId: optional(listOf(whole)),
  groupIdToken: optional(idToken),
  language2: optional(text(8)),
  personalMessage: optional(messageContent),
});

const evse = fields({ id: whole, connectorId: optional(whole) });

const sampledValue = fields({
  value: z.number(),
  context: optional(readingContext),
  measurand: optional(
    z.enum([
      'Current.Export',
      'Current.Import',
      'Current.Offered',
      'Energy.Active.Export.Register',
      'Energy.Active.Import.Register',
      'Energy.Reactive.Export.Register',
      'Energy.Reactive.Import.Register',
      'Energy.Active.Export.Interval',
      'Energy.Active.Import.Interval',
      'Energy.Active.Net',
      'Energy.Reactive.Export.Interval',
      'Energy.Reactive.Import.Interval',
      'Energy.Reactive.Net',
      'Energy.Apparent.Net',
      'Energy.Apparent.Import',
      'Energy.Apparent.Export',
      'Frequency',
      'Power.Active.Export',
      'Power.Active.Import',
      'Power.Factor',
      'Power.Offered',
      'Power.Reactive.Export',
      'Power.Reactive.Import',
      'SoC',
      'Voltage',
    ]),
  ),
  phase: optional(readingPhase),
  location: optional(z.enum(['Body', 'Cable', 'EV', 'Inlet', 'Outlet'])),
  signedMeterValue: optional(
    fields({
      signedMeterData: text(2500),
      signingMethod: text(50),
      encodingMethod: text(50),
      publicKey: text(2500),
    }),
  ),
  unitOfMeasure: optional(unitOfMeasure),
});

const meterValue = fields({ sampledValue: listOf(sampledValue), timestamp: instant });

const purpose = z.enum([
  'ChargingStationExternalConstraints',
  'ChargingStationMaxProfile',
  'TxDefaultProfile',
  'TxProfile',
]);
const limitSource = z.enum(['EMS', 'Other', 'SO', 'CSO']);

const schedulePeriod = fields({
  startPeriod: whole,
  limit: z.number(),
  numberPhases: optional(whole),
  phaseToUse: optional(whole),
});

const chargingSchedule = fields({
  id: whole,
  startSchedule: optional(instant),
  duration: optional(whole),
  chargingRateUnit: rateUnit,
  chargingSchedulePeriod: listOf(schedulePeriod, 1024),
  minChargingRate: optional(z.number()),
  salesTariff: optional(unread),
});

const chargingProfile = fields({
  id: whole,
  stackLevel: whole,
  chargingProfilePurpose: purpose,
  chargingProfileKind: z.enum(['Absolute', 'Recurring', 'Relative']),
  recurrencyKind: optional(z.enum(['Daily', 'Weekly'])),
  validFrom: optional(instant),
  validTo: optional(instant),
  chargingSchedule: listOf(chargingSchedule, 3),
  transactionId: optional(text(36)),
});

const component = fields({ evse: optional(evse), name: text(50), instance: optional(text(50)) });

const chargingNeeds = fields({
  acChargingParameters: optional(
    fields({ energyAmount: whole, evMinCurrent: whole, evMaxCurrent: whole, evMaxVoltage: whole }),
  ),
  dcChargingParameters: optional(
    fields({
      evMaxCurrent: whole,
      evMaxVoltage: whole,
      energyAmount: optional(whole),
      evMaxPower: optional(whole),
      stateOfCharge: optional(percent),
      evEnergyCapacity: optional(whole),
      fullSoC: optional(percent),
      bulkSoC: optional(percent),
    }),
  ),
  requestedEnergyTransfer: z.enum(['DC', 'AC_single_phase', 'AC_two_phase', 'AC_three_phase']),
  departureTime: optional(instant),
});

const transactionInfo = fields({
  transactionId: text(36),
  chargingState: optional(chargingState),
  timeSpentCharging: optional(whole),
  stoppedReason: optional(
    z.enum([
      'DeAuthorized',
      'EmergencyStop',
      'EnergyLimitReached',
      'EVDisconnected',
      'GroundFault',
      'ImmediateReset',
      'Local',
      'LocalOutOfCredit',
      'MasterPass',
      'Other',
      'OvercurrentFault',
      'PowerLoss',
      'PowerQuality',
      'Reboot',
      'Remote',
      'SOCLimitReached',
      'StoppedByEV',
      'TimeLimitReached',
      'Timeout',
    ]),
  ),
  remoteStartId: optional(whole),
});

const triggerReason = z.enum([
  'Authorized',
  'CablePluggedIn',
  'ChargingRateChanged',
  'ChargingStateChanged',
  'Deauthorized',
  'EnergyLimitReached',
  'EVCommunicationLost',
  'EVConnectTimeout',
  'MeterValueClock',
  'MeterValuePeriodic',
  'TimeLimitReached',
  'Trigger',
  'UnlockCommand',
  'StopAuthorized',
  'EVDeparted',
  'EVDetected',
  'RemoteStop',
  'RemoteStart',
  'AbnormalCondition',
  'SignedDataReceived',
  'ResetCommand',
]);

const eventData = fields({
  eventId: whole,
  timestamp: instant,
  trigger: z.enum(['Alerting', 'Delta', 'Periodic']),
  cause: optional(whole),
  actualValue: text(2500),
  techCode: optional(text(50)),
  techInfo: optional(text(500)),
  cleared: optional(z.boolean()),
  transactionId: optional(text(36)),
  component,
  variableMonitoringId: optional(whole),
  eventNotificationType: z.enum([
    'HardWiredNotification',
    'HardWiredMonitor',
    'PreconfiguredMonitor',
    'CustomMonitor',
  ]),
  variable,
});

const ocspRequest = fields({
  hashAlgorithm: z.enum(['SHA256', 'SHA384', 'SHA512']),
  issuerNameHash: text(128),
  issuerKeyHash: text(128),
  serialNumber: text(40),
  responderURL: text(512),
});

/** Schemas of 2.0.1 by action; `from` says who sends the request. */
export const messages201 = {
  Authorize: {
    from: 'station',
    request: fields({
      idToken,
      certificate: optional(text(5500)),
      iso15118CertificateHashData: optional(listOf(ocspRequest, 4)),
    }),
    response: fields({ idTokenInfo, certificateStatus: optional(certificateStatus) }),
  },
  BootNotification: {
    from: 'station',
    request: fields({ chargingStation, reason: bootReason }),
    response: fields({
      currentTime: instant,
      interval: whole,
      status: z.enum(['Accepted', 'Pending', 'Rejected']),
      statusInfo: optional(statusInfo),
    }),
  },
  ClearChargingProfile: {
    from: 'system',
    request: fields({
      chargingProfileId: optional(whole),
      chargingProfileCriteria: optional(
        fields({
          evseId: optional(whole),
          chargingProfilePurpose: optional(purpose),
          stackLevel: optional(whole),
        }),
      ),
    }),
    response: fields({ status: z.enum(['Accepted', 'Unknown']), statusInfo: optional(statusInfo) }),
  },
  ClearedChargingLimit: {
    from: 'station',
    request: fields({ chargingLimitSource: limitSource, evseId: optional(whole) }),
    response: empty,
  },
  DataTransfer: {
    from: 'both',
    request: fields({ messageId: optional(text(50)), data: optional(z.unknown()), vendorId: text(255) }),
    response: fields({
      status: z.enum(['Accepted', 'Rejected', 'UnknownMessageId', 'UnknownVendorId']),
      statusInfo: optional(statusInfo),
      data: optional(z.unknown()),
    }),
  },
  FirmwareStatusNotification: {
    from: 'station',
    request: fields({ status: firmwareStatus, requestId: optional(whole) }),
    response: empty,
  },
  GetBaseReport: {
    from: 'system',
    request: fields({
      requestId: whole,
      reportBase: z.enum(['ConfigurationInventory', 'FullInventory', 'SummaryInventory']),
    }),
    response: fields({
      status: z.enum(['Accepted', 'Rejected', 'NotSupported', 'EmptyResultSet']),
      statusInfo: optional(statusInfo),
    }),
  },
  GetChargingProfiles: {
    from: 'system',
    request: fields({
      requestId: whole,
      evseId: optional(whole),
      chargingProfile: fields({
        chargingProfilePurpose: optional(purpose),
        stackLevel: optional(whole),
        chargingProfileId: optional(listOf(whole)),
        chargingLimitSource: optional(listOf(limitSource, 4)),
      }),
    }),
    response: fields({ status: z.enum(['Accepted', 'NoProfiles']), statusInfo: optional(statusInfo) }),
  },
  GetCompositeSchedule: {
    from: 'system',
    request: fields({ duration: whole, chargingRateUnit: optional(rateUnit), evseId: whole }),
    response: fields({
      status: z.enum(['Accepted', 'Rejected']),
      statusInfo: optional(statusInfo),
      schedule: optional(
        fields({
          chargingSchedulePeriod: listOf(schedulePeriod),
          evseId: whole,
          duration: whole,
          scheduleStart: instant,
          chargingRateUnit: rateUnit,
        }),
      ),
    }),
  },
  GetVariables: {
    from: 'system',
    request: fields({
      getVariableData: listOf(fields({ attributeType: optional(attributeType), component, variable })),
    }),
    response: fields({
      getVariableResult: listOf(
        fields({
          attributeStatusInfo: optional(statusInfo),
          attributeStatus: getVariableStatus,
          attributeType: optional(attributeType),
          attributeValue: optional(text(2500)),
          component,
          variable,
        }),
      ),
    }),
  },
  Heartbeat: { from: 'station', request: empty, response: fields({ currentTime: instant }) },
  LogStatusNotification: {
    from: 'station',
    request: fields({ status: uploadStatus, requestId: optional(whole) }),
    response: empty,
  },
  MeterValues: {
    from: 'station',
    request: fields({ evseId: whole, meterValue: listOf(meterValue) }),
    response: empty,
  },
  NotifyChargingLimit: {
    from: 'station',
    request: fields({
      chargingSchedule: optional(listOf(chargingSchedule)),
      evseId: optional(whole),
      chargingLimit: fields({ chargingLimitSource: limitSource, isGridCritical: optional(z.boolean()) }),
    }),
    response: empty,
  },
  NotifyEVChargingNeeds: {
    from: 'station',
    request: fields({ maxScheduleTuples: optional(whole), chargingNeeds, evseId: whole }),
    response: fields({
      status: z.enum(['Accepted', 'Rejected', 'Processing']),
      statusInfo: optional(statusInfo),
    }),
  },
  NotifyEVChargingSchedule: {
    from: 'station',
    request: fields({ timeBase: instant, chargingSchedule, evseId: whole }),
    response: acceptedOrRejected,
  },
  NotifyEvent: {
    from: 'station',
    request: fields({
      generatedAt: instant,
      tbc: optional(z.boolean()),
      seqNo: whole,
      eventData: listOf(eventData),
    }),
    response: empty,
  },
  NotifyReport: {
    from: 'station',
    request: fields({
      requestId: whole,
      generatedAt: instant,
      reportData: optional(
        listOf(
          fields({
            component,
            variable,
            variableAttribute: listOf(variableAttribute, 4),
            variableCharacteristics: optional(
              fields({
                unit: optional(text(16)),
                dataType,
                minLimit: optional(z.number()),
                maxLimit: optional(z.number()),
                valuesList: optional(text(1000)),
                supportsMonitoring: z.boolean(),
              }),
            ),
          }),
        ),
      ),
      tbc: optional(z.boolean()),
      seqNo: whole,
    }),
    response: empty,
  },
  ReportChargingProfiles: {
    from: 'station',
    request: fields({
      requestId: whole,
      chargingLimitSource: limitSource,
      chargingProfile: listOf(chargingProfile),
      tbc: optional(z.boolean()),
      evseId: whole,
    }),
    response: empty,
  },
  RequestStartTransaction: {
    from: 'system',
    request: fields({
      evseId: optional(whole),
      groupIdToken: optional(idToken),
      idToken,
      remoteStartId: whole,
      chargingProfile: optional(chargingProfile),
    }),
    response: fields({
      status: z.enum(['Accepted', 'Rejected']),
      statusInfo: optional(statusInfo),
      transactionId: optional(text(36)),
    }),
  },
  RequestStopTransaction: {
    from: 'system',
    request: fields({ transactionId: text(36) }),
    response: acceptedOrRejected,
  },
  Reset: {
    from: 'system',
    request: fields({ type: z.enum(['Immediate', 'OnIdle']), evseId: optional(whole) }),
    response: fields({
      status: z.enum(['Accepted', 'Rejected', 'Scheduled']),
      statusInfo: optional(statusInfo),
    }),
  },
  SecurityEventNotification: {
    from: 'station',
    request: fields({ type: text(50), timestamp: instant, techInfo: optional(text(255)) }),
    response: empty,
  },
  SetChargingProfile: {
    from: 'system',
    request: fields({ evseId: whole, chargingProfile }),
    response: acceptedOrRejected,
  },
  SetVariables: {
    from: 'system',
    request: fields({
      setVariableData: listOf(
        fields({
          attributeType: optional(attributeType),
          attributeValue: text(1000),
          component,
          variable,
        }),
      ),
    }),
    response: fields({
      setVariableResult: listOf(
        fields({
          attributeType: optional(attributeType),
          attributeStatus: setVariableStatus,
          attributeStatusInfo: optional(statusInfo),
          component,
          variable,
        }),
      ),
    }),
  },
  StatusNotification: {
    from: 'station',
    request: fields({ timestamp: instant, connectorStatus, evseId: whole, connectorId: whole }),
    response: empty,
  },
  TransactionEvent: {
    from: 'station',
    request: fields({
      eventType: z.enum(['Ended', 'Started', 'Updated']),
      meterValue: optional(listOf(meterValue)),
      timestamp: instant,
      triggerReason,
      seqNo: whole,
      offline: optional(z.boolean()),
      numberOfPhasesUsed: optional(whole),
      cableMaxCurrent: optional(whole),
      reservationId: optional(whole),
      transactionInfo,
      evse: optional(evse),
      idToken: optional(idToken),
    }),
    response: fields({
      totalCost: optional(z.number()),
      chargingPriority: optional(whole),
      idTokenInfo: optional(idTokenInfo),
      updatedPersonalMessage: optional(messageContent),
    }),
  },
  TriggerMessage: {
    from: 'system',
    request: fields({
      evse: optional(evse),
      requestedMessage: z.enum([
        'BootNotification',
        'LogStatusNotification',
        'FirmwareStatusNotification',
        'Heartbeat',
        'MeterValues',
        'SignChargingStationCertificate',
        'SignV2GCertificate',
        'StatusNotification',
        'TransactionEvent',
        'SignCombinedCertificate',
        'PublishFirmwareStatusNotification',
      ]),
    }),
    response: fields({
      status: z.enum(['Accepted', 'Rejected', 'NotImplemented']),
      statusInfo: optional(statusInfo),
    }),
  },
} as const;
