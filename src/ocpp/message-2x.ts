/** Types that OCPP 2.0.1 and 2.1 share to the letter. Source: OCPP 2.0.1 edition 3 and 2.1 edition 1, part 2 section 3. @module */
import { z } from 'zod';
import { fields, text, whole } from './wire-type.ts';

const optional = z.exactOptional;

/** Answers about an id token. */
export const authorizationStatus = z.enum([
  'Accepted',
  'Blocked',
  'ConcurrentTx',
  'Expired',
  'Invalid',
  'NoCredit',
  'NotAllowedTypeEVSE',
  'NotAtThisLocation',
  'NotAtThisTime',
  'Unknown',
]);

/** Where a reading stands in its transaction. */
export const readingContext = z.enum([
  'Interruption.Begin',
  'Interruption.End',
  'Other',
  'Sample.Clock',
  'Sample.Periodic',
  'Transaction.Begin',
  'Transaction.End',
  'Trigger',
]);

/** Conductors. */
export const readingPhase = z.enum([
  'L1',
  'L2',
  'L3',
  'N',
  'L1-N',
  'L2-N',
  'L3-N',
  'L1-L2',
  'L2-L3',
  'L3-L1',
]);

/** A unit as free text and a power of ten. */
export const unitOfMeasure = fields({ unit: optional(text(20)), multiplier: optional(whole) });

/** Unit of limits. */
export const rateUnit = z.enum(['W', 'A']);

/** An attribute of a variable. */
export const attributeType = z.enum(['Actual', 'Target', 'MinSet', 'MaxSet']);

/** A variable by name and instance. */
export const variable = fields({ name: text(50), instance: optional(text(50)) });

/** Answers about reading a variable. */
export const getVariableStatus = z.enum([
  'Accepted',
  'Rejected',
  'UnknownComponent',
  'UnknownVariable',
  'NotSupportedAttributeType',
]);

/** Answers about writing a variable. */
export const setVariableStatus = z.enum([
  'Accepted',
  'Rejected',
  'UnknownComponent',
  'UnknownVariable',
  'NotSupportedAttributeType',
  'RebootRequired',
]);

/** One value of a variable. */
export const variableAttribute = fields({
  type: optional(attributeType),
  value: optional(text(2500)),
  mutability: optional(z.enum(['ReadOnly', 'WriteOnly', 'ReadWrite'])),
  persistent: optional(z.boolean()),
  constant: optional(z.boolean()),
});

/** Types of values. */
export const dataType = z.enum([
  'string',
  'decimal',
  'integer',
  'dateTime',
  'boolean',
  'OptionList',
  'SequenceList',
  'MemberList',
]);

/** Why a station booted. */
export const bootReason = z.enum([
  'ApplicationReset',
  'FirmwareUpdate',
  'LocalReset',
  'PowerUp',
  'RemoteReset',
  'ScheduledReset',
  'Triggered',
  'Unknown',
  'Watchdog',
]);

/** Who a station is. */
export const chargingStation = fields({
  serialNumber: optional(text(25)),
  model: text(20),
  modem: optional(fields({ iccid: optional(text(20)), imsi: optional(text(20)) })),
  vendorName: text(50),
  firmwareVersion: optional(text(50)),
});

/** States of a connector. */
export const connectorStatus = z.enum(['Available', 'Occupied', 'Reserved', 'Unavailable', 'Faulted']);

/** States of charging. */
export const chargingState = z.enum(['Charging', 'EVConnected', 'SuspendedEV', 'SuspendedEVSE', 'Idle']);

/** Answers about a contract certificate. */
export const certificateStatus = z.enum([
  'Accepted',
  'SignatureError',
  'CertificateExpired',
  'CertificateRevoked',
  'NoCertificateAvailable',
  'CertChainError',
  'ContractCancelled',
]);

/** States of a firmware update. */
export const firmwareStatus = z.enum([
  'Downloaded',
  'DownloadFailed',
  'Downloading',
  'DownloadScheduled',
  'DownloadPaused',
  'Idle',
  'InstallationFailed',
  'Installing',
  'Installed',
  'InstallRebooting',
  'InstallScheduled',
  'InstallVerificationFailed',
  'InvalidSignature',
  'SignatureVerified',
]);

/** States of a log upload. */
export const uploadStatus = z.enum([
  'BadMessage',
  'Idle',
  'NotSupportedOperation',
  'PermissionDenied',
  'Uploaded',
  'UploadFailure',
  'Uploading',
  'AcceptedCanceled',
]);

/** Whole percent. */
export const percent = z.int().min(0).max(100);
