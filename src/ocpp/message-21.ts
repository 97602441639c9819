/**
 * Requests and answers of OCPP 2.1 that this project sends, receives or simulates. Sales tariffs, price schedules,
 * tariffs, cost details and the DER and V2X parameters of an EV are carried unread.
 * Source: OCPP 2.1 edition 1 part 2 sections 1 to 3.
 * @module
 */
import { z } from 'zod';
import {
  chargingNeeds,
  chargingProfile,
  chargingSchedule,
  energyTransfer,
  limitSource,
  number,
  operationMode,
  phaseCount,
  purpose,
  schedulePeriod,
  scheduleUpdate,
} from './message-21-charging.ts';
import { meterValue } from './message-21-meter.ts';
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
  setVariableStatus,
  uploadStatus,
  variable,
  variableAttribute,
} from './message-2x.ts';
import { count, fields, instant, listOf, text, unread, whole } from './wire-type.ts';

const optional = z.exactOptional;
const empty = fields({});

const statusInfo = fields({ reasonCode: text(20), additionalInfo: optional(text(1024)) });
const acceptedOrRejected = fields({
  status: z.enum(['Accepted', 'Rejected']),
  statusInfo: optional(statusInfo),
});

const idToken = fields({
  additionalInfo: optional(listOf(fields({ additionalIdToken: text(255), type: text(50) }))),
  idToken: text(255),
  type: text(20),
});

const messageContent = fields({
  format: z.enum(['ASCII', 'HTML', 'URI', 'UTF8', 'QRCODE']),
  language: optional(text(8)),
  content: text(1024),
});

const idTokenInfo = fields({
  status: authorizationStatus,
  cacheExpiryDateTime: optional(instant),
  chargingPriority: optional(whole),
  groupIdToken: optional(idToken),
  language1: optional(text(8)),
  language2: optional(text(8)),
  evseId: optional(listOf(count)),
  personalMessage: optional(messageContent),
});

const evse = fields({ id: count, connectorId: optional(count) });
const component = fields({ evse: optional(evse), name: text(50), instance: optional(text(50)) });

const transactionLimit = fields({
  maxCost: number,
  maxEnergy: number,
  maxTime: optional(whole),
  maxSoC: optional(percent),
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
      'MasterPass',
      'Local',
      'LocalOutOfCredit',
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
      'ReqEnergyTransferRejected',
    ]),
  ),
  remoteStartId: optional(whole),
  operationMode: optional(operationMode),
  tariffId: optional(text(60)),
  transactionLimit: optional(transactionLimit),
});

const triggerReason = z.enum([
  'AbnormalCondition',
  'Authorized',
  'CablePluggedIn',
  'ChargingRateChanged',
  'ChargingStateChanged',
  'CostLimitReached',
  'Deauthorized',
  'EnergyLimitReached',
  'EVCommunicationLost',
  'EVConnectTimeout',
  'EVDeparted',
  'EVDetected',
  'LimitSet',
  'MeterValueClock',
  'MeterValuePeriodic',
  'OperationModeChanged',
  'RemoteStart',
  'RemoteStop',
  'ResetCommand',
  'RunningCost',
  'SignedDataReceived',
  'SoCLimitReached',
  'StopAuthorized',
  'TariffChanged',
  'TariffNotAccepted',
  'TimeLimitReached',
  'Trigger',
  'TxResumed',
  'UnlockCommand',
]);

const eventData = fields({
  eventId: count,
  timestamp: instant,
  trigger: z.enum(['Alerting', 'Delta', 'Periodic']),
  cause: optional(count),
  actualValue: text(2500),
  techCode: optional(text(50)),
  techInfo: optional(text(500)),
  cleared: optional(z.boolean()),
  transactionId: optional(text(36)),
  component,
  variableMonitoringId: optional(count),
  eventNotificationType: z.enum([
    'HardWiredNotification',
    'HardWiredMonitor',
    'PreconfiguredMonitor',
    'CustomMonitor',
  ]),
  variable,
  severity: optional(count),
});

const ocspRequest = fields({
  hashAlgorithm: z.enum(['SHA256', 'SHA384', 'SHA512']),
  issuerNameHash: text(128),
  issuerKeyHash: text(128),
  serialNumber: text(40),
  responderURL: text(2000),
});

/** Schemas of 2.1 by action; `from` says who sends the request. */
export const messages21 = {
  Authorize: {
    from: 'station',
    request: fields({
      idToken,
      certificate: optional(text(10_000)),
      iso15118CertificateHashData: optional(listOf(ocspRequest, 4)),
    }),
    response: fields({
      idTokenInfo,
      certificateStatus: optional(certificateStatus),
      allowedEnergyTransfer: optional(listOf(energyTransfer)),
      tariff: optional(unread),
    }),
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
          evseId: optional(count),
          chargingProfilePurpose: optional(purpose),
          stackLevel: optional(count),
        }),
      ),
    }),
    response: fields({ status: z.enum(['Accepted', 'Unknown']), statusInfo: optional(statusInfo) }),
  },
  ClearedChargingLimit: {
    from: 'station',
    request: fields({ chargingLimitSource: limitSource, evseId: optional(count) }),
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
    request: fields({
      status: firmwareStatus,
      requestId: optional(whole),
      statusInfo: optional(statusInfo),
    }),
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
      evseId: optional(count),
      chargingProfile: fields({
        chargingProfilePurpose: optional(purpose),
        stackLevel: optional(count),
        chargingProfileId: optional(listOf(whole)),
        chargingLimitSource: optional(listOf(limitSource, 4)),
      }),
    }),
    response: fields({ status: z.enum(['Accepted', 'NoProfiles']), statusInfo: optional(statusInfo) }),
  },
  GetCompositeSchedule: {
    from: 'system',
    request: fields({ duration: whole, chargingRateUnit: optional(rateUnit), evseId: count }),
    response: fields({
      status: z.enum(['Accepted', 'Rejected']),
      statusInfo: optional(statusInfo),
      schedule: optional(
        fields({
          evseId: count,
          duration: whole,
          scheduleStart: instant,
          chargingRateUnit: rateUnit,
          chargingSchedulePeriod: listOf(schedulePeriod),
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
          attributeStatus: getVariableStatus,
          attributeStatusInfo: optional(statusInfo),
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
    request: fields({ status: uploadStatus, requestId: optional(whole), statusInfo: optional(statusInfo) }),
    response: empty,
  },
  MeterValues: {
    from: 'station',
    request: fields({ evseId: count, meterValue: listOf(meterValue) }),
    response: empty,
  },
  NotifyChargingLimit: {
    from: 'station',
    request: fields({
      chargingSchedule: optional(listOf(chargingSchedule)),
      evseId: optional(count),
      chargingLimit: fields({
        chargingLimitSource: limitSource,
        isLocalGeneration: optional(z.boolean()),
        isGridCritical: optional(z.boolean()),
      }),
    }),
    response: empty,
  },
  NotifyEVChargingNeeds: {
    from: 'station',
    request: fields({
      evseId: z.int().min(1),
      maxScheduleTuples: optional(count),
      chargingNeeds,
      timestamp: optional(instant),
    }),
    response: fields({
      status: z.enum(['Accepted', 'Rejected', 'Processing', 'NoChargingProfile']),
      statusInfo: optional(statusInfo),
    }),
  },
  NotifyEVChargingSchedule: {
    from: 'station',
    request: fields({
      timeBase: instant,
      chargingSchedule,
      evseId: z.int().min(1),
      selectedChargingScheduleId: optional(count),
      powerToleranceAcceptance: optional(z.boolean()),
    }),
    response: acceptedOrRejected,
  },
  NotifyEvent: {
    from: 'station',
    request: fields({
      generatedAt: instant,
      tbc: optional(z.boolean()),
      seqNo: count,
      eventData: listOf(eventData),
    }),
    response: empty,
  },
  NotifyPriorityCharging: {
    from: 'station',
    request: fields({ transactionId: text(36), activated: z.boolean() }),
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
                minLimit: number,
                maxLimit: number,
                maxElements: optional(z.int().min(1)),
                valuesList: optional(text(1000)),
                supportsMonitoring: z.boolean(),
              }),
            ),
          }),
        ),
      ),
      tbc: optional(z.boolean()),
      seqNo: count,
    }),
    response: empty,
  },
  PullDynamicScheduleUpdate: {
    from: 'station',
    request: fields({ chargingProfileId: whole }),
    response: fields({
      scheduleUpdate: optional(scheduleUpdate),
      status: z.enum(['Accepted', 'Rejected']),
      statusInfo: optional(statusInfo),
    }),
  },
  ReportChargingProfiles: {
    from: 'station',
    request: fields({
      requestId: whole,
      chargingLimitSource: limitSource,
      chargingProfile: listOf(chargingProfile),
      tbc: optional(z.boolean()),
      evseId: count,
    }),
    response: empty,
  },
  RequestStartTransaction: {
    from: 'system',
    request: fields({
      evseId: optional(z.int().min(1)),
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
    request: fields({
      type: z.enum(['Immediate', 'OnIdle', 'ImmediateAndResume']),
      evseId: optional(count),
    }),
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
    request: fields({ evseId: count, chargingProfile }),
    response: acceptedOrRejected,
  },
  SetVariables: {
    from: 'system',
    request: fields({
      setVariableData: listOf(
        fields({
          attributeType: optional(attributeType),
          attributeValue: text(2500),
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
    request: fields({ timestamp: instant, connectorStatus, evseId: count, connectorId: count }),
    response: empty,
  },
  TransactionEvent: {
    from: 'station',
    request: fields({
      costDetails: optional(unread),
      eventType: z.enum(['Ended', 'Started', 'Updated']),
      meterValue: optional(listOf(meterValue)),
      timestamp: instant,
      triggerReason,
      seqNo: count,
      offline: optional(z.boolean()),
      numberOfPhasesUsed: optional(phaseCount),
      cableMaxCurrent: optional(whole),
      reservationId: optional(count),
      preconditioningStatus: optional(z.enum(['Unknown', 'Ready', 'NotReady', 'Preconditioning'])),
      evseSleep: optional(z.boolean()),
      transactionInfo,
      evse: optional(evse),
      idToken: optional(idToken),
    }),
    response: fields({
      totalCost: number,
      chargingPriority: optional(whole),
      idTokenInfo: optional(idTokenInfo),
      transactionLimit: optional(transactionLimit),
      updatedPersonalMessage: optional(messageContent),
      updatedPersonalMessageExtra: optional(listOf(messageContent, 4)),
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
        'SignV2G20Certificate',
        'StatusNotification',
        'TransactionEvent',
        'SignCombinedCertificate',
        'PublishFirmwareStatusNotification',
        'CustomTrigger',
      ]),
      customTrigger: optional(text(50)),
    }),
    response: fields({
      status: z.enum(['Accepted', 'Rejected', 'NotImplemented']),
      statusInfo: optional(statusInfo),
    }),
  },
  UpdateDynamicSchedule: {
    from: 'system',
    request: fields({ chargingProfileId: whole, scheduleUpdate }),
    response: acceptedOrRejected,
  },
  UsePriorityCharging: {
    from: 'system',
    request: fields({ transactionId: text(36), activate: z.boolean() }),
    response: fields({
      status: z.enum(['Accepted', 'Rejected', 'NoProfile']),
      statusInfo: optional(statusInfo),
    }),
  },
} as const;
