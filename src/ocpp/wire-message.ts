/**
 * Between the version-free words of `station-message.ts` and the payloads of OCPP 1.6, 2.0.1 and 2.1, on the side of the
 * management system. Framing is in `frame.ts`, the schemas are in `message-*.ts`.
 * Source: OCPP 1.6 sections 4 to 7, OCPP 2.0.1 and 2.1 part 2 sections 1 to 3.
 * @module
 */
import { isoOf } from '#domain/instant';
import { invariant, unreachable } from '#domain/invariant';
import type { Result } from '#domain/result';
import type { OcppVersion } from '#domain/site';
import type { EpochS } from '#domain/units';
import { capabilityComponent, capabilityKeysOf, capabilityVariablesOf } from './capability-reading.ts';
import { errorCodeOfWire } from './frame.ts';
import { checkRequest, checkResponse, type PayloadFault } from './message.ts';
import type { CommandAnswer, ChargerEvent, StationCommand } from './station-message.ts';
import { events16 } from './wire-event-16.ts';
import { events2x } from './wire-event-2x.ts';
import { compositeAnswerOf } from './wire-composite.ts';
import { wireOfProfile, wirePurposeOf } from './wire-profile.ts';

/** What a CALL of a station reports, in the order in which it is to be taken. A fault is to be answered by CALLERROR. */
export function eventsOfCall(
  version: OcppVersion,
  action: string,
  payload: unknown,
): Result<readonly ChargerEvent[], PayloadFault> {
  const checked = checkRequest(version, 'station', action, payload);
  if (!checked.ok) return checked;
  return version === '1.6'
    ? events16(action, checked.value.payload)
    : events2x(version, action, checked.value.payload);
}

/** What a reply is made of. */
export interface ReplyFacts {
  readonly now: EpochS;
  /** Whether the id token, the boot or the request is taken. */
  readonly accepted: boolean;
  /** 1.6 StartTransaction: the number chosen for the transaction, as decimal text. */
  readonly transactionId?: string;
  /** BootNotification: seconds between heartbeats. */
  readonly intervalS: number;
}

/** The payload of the CALLRESULT to a CALL of a station; `request` is the payload of the CALL. */
export function replyOf(
  version: OcppVersion,
  action: string,
  facts: ReplyFacts,
  request: unknown = {},
): Record<string, unknown> {
  const status = facts.accepted ? 'Accepted' : 'Rejected';
  const tokenInfo = { status: facts.accepted ? 'Accepted' : 'Invalid' };
  switch (action) {
    case 'BootNotification':
      return { currentTime: isoOf(facts.now), interval: facts.intervalS, status };
    case 'Heartbeat':
      return { currentTime: isoOf(facts.now) };
    case 'Authorize':
      return version === '1.6' ? { idTagInfo: tokenInfo } : { idTokenInfo: tokenInfo };
    case 'StartTransaction': {
      const transactionId = Number(facts.transactionId);
      invariant(Number.isSafeInteger(transactionId), 'a 1.6 transaction is numbered by us', {
        transactionId: facts.transactionId,
      });
      return { transactionId, idTagInfo: tokenInfo };
    }
    case 'TransactionEvent':
      return hasIdToken(request) ? { idTokenInfo: tokenInfo } : {};
    case 'DataTransfer':
      return { status: facts.accepted ? 'Accepted' : 'UnknownVendorId' };
    case 'NotifyEVChargingNeeds':
    case 'NotifyEVChargingSchedule':
    case 'PullDynamicScheduleUpdate':
      return { status };
    default:
      return {};
  }
}

function hasIdToken(request: unknown): boolean {
  return typeof request === 'object' && request !== null && 'idToken' in request;
}

/** A CALL to a station. */
export interface StationCall {
  readonly action: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** The CALL that carries a command. What a version cannot say is not to be asked for. */
export function callOf(version: OcppVersion, command: StationCommand): StationCall {
  const payload = version === '1.6' ? payload16Of(command) : payload2xOf(version, command);
  const call = { action: actionOf(version, command.kind), payload };
  const checked = checkRequest(version, 'system', call.action, call.payload);
  invariant(checked.ok && checked.value.stripped.length === 0, 'what we send is of its schema', {
    action: call.action,
    fault: checked.ok ? checked.value.stripped : checked.problem.description,
  });
  return call;
}

/** Sampling interval of a running transaction. Source: 1.6 9.1.19, 2.0.1 SampledDataCtrlr.TxUpdatedInterval. */
const sampleIntervalKey = 'MeterValueSampleInterval';
const sampleIntervalComponent = 'SampledDataCtrlr';
const sampleIntervalVariable = 'TxUpdatedInterval';

function payload16Of(command: StationCommand): Record<string, unknown> {
  invariant(command.kind !== 'read-profiles', '1.6 cannot report installed profiles');
  switch (command.kind) {
    case 'set-profile': {
      const csChargingProfiles = wireOfProfile('1.6', command.profile);
      return { connectorId: command.evseId, csChargingProfiles };
    }
    case 'clear-profile':
      return {
        ...(command.profileId === undefined ? {} : { id: command.profileId }),
        ...(command.evseId === undefined ? {} : { connectorId: command.evseId }),
        ...(command.purpose === undefined
          ? {}
          : { chargingProfilePurpose: wirePurposeOf('1.6', command.purpose) }),
        ...(command.stackLevel === undefined ? {} : { stackLevel: command.stackLevel }),
      };
    case 'read-composite':
      return {
        connectorId: command.evseId,
        duration: command.durationS,
        chargingRateUnit: command.unit,
      };
    case 'read-capability':
      return { key: capabilityKeysOf(command.scope) };
    case 'set-sample-interval':
      return { key: sampleIntervalKey, value: String(command.intervalS) };
    case 'trigger':
      return {
        requestedMessage: command.message,
        ...(command.evseId === undefined ? {} : { connectorId: command.evseId }),
      };
    case 'reset':
      return { type: command.type === 'hard' ? 'Hard' : 'Soft' };
    case 'remote-stop':
      return { transactionId: Number(command.transactionId) };
    default:
      return unreachable(command);
  }
}

function payload2xOf(version: '2.0.1' | '2.1', command: StationCommand): Record<string, unknown> {
  switch (command.kind) {
    case 'set-profile': {
      const chargingProfile = wireOfProfile(version, command.profile);
      return { evseId: command.evseId, chargingProfile };
    }
    case 'clear-profile':
      return clearance2xOf(command);
    case 'read-composite':
      return { evseId: command.evseId, duration: command.durationS, chargingRateUnit: command.unit };
    case 'read-profiles':
      // K09.FR.03 wants a criterion: every source, so that what a second controller has installed is seen too.
      return {
        requestId: command.requestId,
        ...(command.evseId === undefined ? {} : { evseId: command.evseId }),
        chargingProfile: { chargingLimitSource: ['CSO', 'EMS', 'Other', 'SO'] },
      };
    case 'read-capability':
      return {
        getVariableData: capabilityVariablesOf(version, command.scope).map((variable) => ({
          component: { name: capabilityComponent },
          variable,
        })),
      };
    case 'set-sample-interval':
      return {
        setVariableData: [
          {
            attributeValue: String(command.intervalS),
            component: { name: sampleIntervalComponent },
            variable: { name: sampleIntervalVariable },
          },
        ],
      };
    case 'trigger':
      return trigger2xOf(command);
    case 'reset':
      return { type: command.type === 'hard' ? 'Immediate' : 'OnIdle' };
    case 'remote-stop':
      return { transactionId: command.transactionId };
    default:
      return unreachable(command);
  }
}

function clearance2xOf(command: Extract<StationCommand, { kind: 'clear-profile' }>): Record<string, unknown> {
  const { profileId, evseId, purpose, stackLevel } = command;
  if (profileId !== undefined) return { chargingProfileId: profileId };
  const chargingProfileCriteria = {
    ...(evseId === undefined ? {} : { evseId }),
    ...(purpose === undefined ? {} : { chargingProfilePurpose: purpose }),
    ...(stackLevel === undefined ? {} : { stackLevel }),
  };
  invariant(Object.keys(chargingProfileCriteria).length > 0, 'K10.FR.02: 2.x has no way to clear everything');
  return { chargingProfileCriteria };
}

/** StatusNotification is of a connector; EVSEs here have the one connector 1. */
function trigger2xOf(command: Extract<StationCommand, { kind: 'trigger' }>): Record<string, unknown> {
  const { message, evseId } = command;
  if (evseId === undefined) return { requestedMessage: message };
  const evse = message === 'StatusNotification' ? { id: evseId, connectorId: 1 } : { id: evseId };
  return { requestedMessage: message, evse };
}

/** The actions that carry commands: in 1.6, in 2.x. */
const actions: Readonly<Record<StationCommand['kind'], readonly [string, string]>> = {
  'set-profile': ['SetChargingProfile', 'SetChargingProfile'],
  'clear-profile': ['ClearChargingProfile', 'ClearChargingProfile'],
  'read-composite': ['GetCompositeSchedule', 'GetCompositeSchedule'],
  'read-profiles': ['GetChargingProfiles', 'GetChargingProfiles'],
  'read-capability': ['GetConfiguration', 'GetVariables'],
  'set-sample-interval': ['ChangeConfiguration', 'SetVariables'],
  trigger: ['TriggerMessage', 'TriggerMessage'],
  reset: ['Reset', 'Reset'],
  'remote-stop': ['RemoteStopTransaction', 'RequestStopTransaction'],
};

function actionOf(version: OcppVersion, kind: StationCommand['kind']): string {
  const [in16, in2x] = actions[kind];
  return version === '1.6' ? in16 : in2x;
}

/** What a station answered to a command by CALLRESULT. A payload that is not of its schema says nothing. */
export function answerOf(version: OcppVersion, command: StationCommand, payload: unknown): CommandAnswer {
  if (command.kind === 'read-composite') return compositeAnswerOf(version, command, payload);
  const checked = checkResponse(version, actionOf(version, command.kind), payload);
  if (!checked.ok) return { kind: 'unclear', ...unclearOf(checked.problem) };
  const answer = checked.value.payload as Answer;
  switch (command.kind) {
    case 'read-capability':
      return { kind: 'capability', facts: factsOf(answer) };
    case 'set-sample-interval':
      return version === '1.6' ? statusAnswerOf(answer) : variableAnswerOf(answer);
    case 'set-profile':
    case 'clear-profile':
    case 'read-profiles':
    case 'trigger':
    case 'reset':
    case 'remote-stop':
      return statusAnswerOf(answer);
    default:
      return unreachable(command);
  }
}

/** Codes after which a station has certainly not done what it was told. */
const refusals: readonly string[] = ['PropertyConstraintViolation', 'NotSupported', 'NotImplemented'];

/** What a CALLERROR of a station says of a command: refused, or nothing. */
export function answerOfError(code: string, description: string): CommandAnswer {
  const known = errorCodeOfWire(code);
  if (!refusals.includes(known)) return { kind: 'unclear', code: known, description };
  return { kind: 'refused', status: known, ...(description === '' ? {} : { reason: description }) };
}

/** Answers that are looked into, of all versions; checked against the schema of one of them before. */
interface Answer {
  readonly status?: string;
  readonly statusInfo?: { readonly reasonCode: string; readonly additionalInfo?: string };
  readonly configurationKey?: readonly { readonly key: string; readonly value?: string }[];
  readonly getVariableResult?: readonly {
    readonly attributeStatus: string;
    readonly attributeValue?: string;
    readonly component: { readonly name: string };
    readonly variable: { readonly name: string; readonly instance?: string };
  }[];
  readonly setVariableResult?: readonly {
    readonly attributeStatus: string;
    readonly attributeStatusInfo?: Answer['statusInfo'];
  }[];
}

function unclearOf(fault: PayloadFault): { code: string; description: string } {
  return { code: fault.code, description: fault.description };
}

function reasonOf(info: Answer['statusInfo']): { reason?: string } {
  if (info === undefined) return {};
  return {
    reason:
      info.additionalInfo === undefined ? info.reasonCode : `${info.reasonCode}: ${info.additionalInfo}`,
  };
}

/** Scheduled is the 2.x word for a reset that will come. */
function statusAnswerOf(answer: Answer): CommandAnswer {
  const status = answer.status ?? 'Unknown';
  if (status === 'Accepted' || status === 'Scheduled') return { kind: 'accepted' };
  return { kind: 'refused', status, ...reasonOf(answer.statusInfo) };
}

function variableAnswerOf(answer: Answer): CommandAnswer {
  const result = answer.setVariableResult?.[0];
  const status = result?.attributeStatus ?? 'Unknown';
  if (status === 'Accepted') return { kind: 'accepted' };
  return { kind: 'refused', status, ...reasonOf(result?.attributeStatusInfo) };
}

function factsOf(answer: Answer): Record<string, string> {
  const facts: Record<string, string> = {};
  for (const { key, value } of answer.configurationKey ?? []) if (value !== undefined) facts[key] = value;
  for (const result of answer.getVariableResult ?? []) {
    if (result.attributeStatus !== 'Accepted' || result.attributeValue === undefined) continue;
    const { name, instance } = result.variable;
    facts[`${result.component.name}.${name}${instance === undefined ? '' : `[${instance}]`}`] =
      result.attributeValue;
  }
  return facts;
}
