/**
 * How a simulated station answers the CALLs of a CSMS. Source: OCPP 1.6 5; OCPP 2.0.1 part 2 B05-B12, F03, F06, K.
 * @module
 */
import { isoOf } from '#domain/instant';
import type { Station } from '#domain/site';
import type { EpochS } from '#domain/units';
import type { StationCall } from './dialect.ts';
import { compositeOf, stationCapAt, type CompositeView } from './own-composite.ts';
import type { Switches } from './personas.ts';
import type { ProfileStore, TransactionView } from './profile-store.ts';
import { numberAt, recordOf, recordsOf, textAt, type JsonRecord } from './wire-reading.ts';

/** An answer; `after` runs once it has been sent. */
export type Answer =
  | { readonly kind: 'result'; readonly payload: JsonRecord; readonly after?: () => void }
  | { readonly kind: 'error'; readonly code: string; readonly description: string };

/** The station as its answers see it. */
export interface StationInside {
  readonly station: Station;
  readonly store: ProfileStore;
  readonly switches: () => Switches;
  /** By the station's own clock. */
  readonly now: () => EpochS;
  readonly viewOf: (evseId: number) => CompositeView;
  readonly transactionOf: (evseId: number) => TransactionView;
  /** What is installed has changed; `replaced` names the EVSE whose profile was replaced. */
  readonly profilesChanged: (replaced: number | undefined) => void;
  readonly post: (call: StationCall) => void;
  readonly trigger: (message: string, evseId: number | undefined) => void;
  readonly reset: () => void;
  /** Stops a transaction from afar. */
  readonly stop: (transactionId: string) => void;
  readonly variables: Readonly<Record<string, VariableAccess>>;
}

/** A configuration key (1.6) and `Component.Variable` (2.x) of a station. */
export interface VariableAccess {
  /** Undefined: not known to this station. */
  readonly read: () => string | undefined;
  /** False: the value is not acceptable. Absent: read-only. */
  readonly write?: (value: string) => boolean;
}

const result = (payload: JsonRecord, after?: () => void): Answer =>
  after === undefined ? { kind: 'result', payload } : { kind: 'result', payload, after };

function answerSetProfile(inside: StationInside, payload: JsonRecord): Answer {
  const switches = inside.switches();
  const outcome = inside.store.judge(payload, inside.transactionOf);
  if (outcome.kind === 'error') return outcome;
  const isTooLong =
    switches.firmware !== '1.4.2' && outcome.kind === 'accepted' && outcome.held.periods.length > 1;
  if (switches.rejects || isTooLong || outcome.kind === 'rejected') return result({ status: 'Rejected' });
  return result({ status: 'Accepted' }, () => {
    if (!switches.installs) return;
    const held = switches.startsOnReceipt ? { ...outcome.held, startS: inside.now() } : outcome.held;
    inside.store.install({ ...outcome, held }, switches.keepsReplaced);
    inside.profilesChanged(outcome.replaced.length > 0 ? outcome.held.evseId : undefined);
  });
}

/** Pieces of a composite in the wanted unit, one decimal as 1.6 has it. */
function periodsIn(
  pieces: readonly { readonly startS: number; readonly limit: number }[],
  factor: number,
): readonly JsonRecord[] {
  return pieces.map((piece) => ({
    startPeriod: piece.startS,
    limit: Math.round(piece.limit * factor * 10) / 10,
  }));
}

/** All EVSEs together, in the EVSE's unit, never above the cap of the station. */
function stationPieces(
  inside: StationInside,
  now: EpochS,
  durationS: number,
): readonly { readonly startS: number; readonly limit: number }[] {
  const views = inside.station.evses.map((evse) => inside.viewOf(evse.id));
  const each = views.map((view) => compositeOf(view, now, durationS));
  const starts = [...new Set(each.flat().map((piece) => piece.startS))].sort((a, b) => a - b);
  return starts.map((startS) => {
    const total = each.reduce((sum, pieces) => {
      const piece = pieces.findLast((candidate) => candidate.startS <= startS);
      return sum + (piece?.limit ?? 0);
    }, 0);
    const [view] = views;
    const cap = view === undefined ? undefined : stationCapAt(view, (now + startS) as EpochS);
    return { startS, limit: Math.min(total, cap ?? Infinity) };
  });
}

function answerComposite(inside: StationInside, payload: JsonRecord): Answer {
  const { station } = inside;
  const old = station.version === '1.6';
  const evseId = numberAt(payload, old ? 'connectorId' : 'evseId');
  const durationS = numberAt(payload, 'duration');
  if (evseId === undefined || durationS === undefined) {
    return {
      kind: 'error',
      code: old ? 'FormationViolation' : 'FormatViolation',
      description: 'field missing',
    };
  }
  if (evseId !== 0 && !station.evses.some((evse) => evse.id === evseId))
    return result({ status: 'Rejected' });
  const native = inside.viewOf(evseId === 0 ? (station.evses[0]?.id ?? 1) : evseId);
  const asked = textAt(payload, 'chargingRateUnit') ?? native.unit;
  const other = native.unit === 'A' ? 'W' : 'A';
  const unit = inside.switches().otherUnit ? (asked === 'A' ? 'W' : 'A') : asked;
  const toOther = native.unit === 'A' ? native.voltage * native.phases : 1 / (native.voltage * native.phases);
  const now = inside.now();
  const pieces = evseId === 0 ? stationPieces(inside, now, durationS) : compositeOf(native, now, durationS);
  const periods = periodsIn(pieces, unit === other ? toOther : 1);
  const schedule = { duration: durationS, chargingRateUnit: unit, chargingSchedulePeriod: periods };
  if (old) {
    return result({
      status: 'Accepted',
      connectorId: evseId,
      scheduleStart: isoOf(now),
      chargingSchedule: schedule,
    });
  }
  return result({ status: 'Accepted', schedule: { evseId, scheduleStart: isoOf(now), ...schedule } });
}

function answerGetProfiles(inside: StationInside, payload: JsonRecord): Answer {
  const requestId = numberAt(payload, 'requestId') ?? 0;
  const reports = inside.store.matching(payload);
  if (reports.length === 0) return result({ status: 'NoProfiles' });
  return result({ status: 'Accepted' }, () => {
    reports.forEach((report, i) => {
      inside.post({
        action: 'ReportChargingProfiles',
        payload: {
          requestId,
          chargingLimitSource: 'CSO',
          evseId: report.evseId,
          chargingProfile: report.profiles,
          ...(i + 1 < reports.length ? { tbc: true } : {}),
        },
      });
    });
  });
}

function answerGetConfiguration(inside: StationInside, payload: JsonRecord): Answer {
  const { variables } = inside;
  const asked = payload['key'];
  const keys = Array.isArray(asked)
    ? asked.filter((key): key is string => typeof key === 'string')
    : Object.keys(variables).filter((key) => !key.includes('.'));
  const isKnown = (key: string): boolean => variables[key]?.read() !== undefined;
  const known = keys.filter(isKnown);
  const unknown = keys.filter((key) => !isKnown(key));
  return result({
    configurationKey: known.map((key) => ({
      key,
      readonly: variables[key]?.write === undefined,
      value: variables[key]?.read() ?? '',
    })),
    ...(unknown.length === 0 ? {} : { unknownKey: unknown }),
  });
}

function answerChangeConfiguration(inside: StationInside, payload: JsonRecord): Answer {
  const access = inside.variables[textAt(payload, 'key') ?? ''];
  if (access === undefined) return result({ status: 'NotSupported' });
  return result({
    status: access.write?.(textAt(payload, 'value') ?? '') === true ? 'Accepted' : 'Rejected',
  });
}

/** The `Component.Variable` that a 2.x entry names. */
function variableName(entry: JsonRecord): string {
  return `${textAt(recordOf(entry['component']), 'name') ?? ''}.${textAt(recordOf(entry['variable']), 'name') ?? ''}`;
}

function answerGetVariables(inside: StationInside, payload: JsonRecord): Answer {
  return result({
    getVariableResult: recordsOf(payload['getVariableData']).map((entry) => {
      const value = inside.variables[variableName(entry)]?.read();
      return {
        attributeStatus: value === undefined ? 'UnknownVariable' : 'Accepted',
        component: entry['component'],
        variable: entry['variable'],
        ...(entry['attributeType'] === undefined ? {} : { attributeType: entry['attributeType'] }),
        ...(value === undefined ? {} : { attributeValue: value }),
      };
    }),
  });
}

function answerSetVariables(inside: StationInside, payload: JsonRecord): Answer {
  return result({
    setVariableResult: recordsOf(payload['setVariableData']).map((entry) => {
      const access = inside.variables[variableName(entry)];
      const taken = access?.write?.(textAt(entry, 'attributeValue') ?? '') === true;
      return {
        attributeStatus: access === undefined ? 'UnknownVariable' : taken ? 'Accepted' : 'Rejected',
        component: entry['component'],
        variable: entry['variable'],
      };
    }),
  });
}

function answerTrigger(inside: StationInside, payload: JsonRecord): Answer {
  const message = textAt(payload, 'requestedMessage') ?? '';
  const evseId = numberAt(payload, 'connectorId') ?? numberAt(recordOf(payload['evse']), 'id');
  const known = ['BootNotification', 'StatusNotification', 'MeterValues', 'Heartbeat'].includes(message);
  const isEvent = message === 'TransactionEvent' && inside.station.version !== '1.6';
  if (!known && !isEvent) return result({ status: 'NotImplemented' });
  if (isEvent && !inside.transactionOf(evseId ?? 0).running) return result({ status: 'Rejected' });
  return result({ status: 'Accepted' }, () => inside.trigger(message, evseId));
}

/** 1.6 has whole numbers, 2.x text. */
function transactionIdOf(payload: JsonRecord): string {
  return textAt(payload, 'transactionId') ?? String(numberAt(payload, 'transactionId') ?? '');
}

function answerStop(inside: StationInside, transactionId: string): Answer {
  const running = inside.station.evses.some((evse) => inside.transactionOf(evse.id).id === transactionId);
  if (!running) return result({ status: 'Rejected' });
  return result({ status: 'Accepted' }, () => inside.stop(transactionId));
}

/** The answer to one CALL. */
export function answerCall(inside: StationInside, action: string, payload: JsonRecord): Answer {
  const old = inside.station.version === '1.6';
  const name = old && action === 'RemoteStopTransaction' ? 'RequestStopTransaction' : action;
  switch (name) {
    case 'SetChargingProfile':
      return answerSetProfile(inside, payload);
    case 'ClearChargingProfile': {
      if (inside.switches().rejects) return result({ status: 'Unknown' });
      const cleared = inside.store.clear(payload);
      if (!cleared) return result({ status: 'Unknown' });
      return result({ status: 'Accepted' }, () => inside.profilesChanged(undefined));
    }
    case 'GetCompositeSchedule':
      return answerComposite(inside, payload);
    case 'TriggerMessage':
      return answerTrigger(inside, payload);
    case 'Reset':
      return result({ status: 'Accepted' }, inside.reset);
    case 'RequestStopTransaction':
      return answerStop(inside, transactionIdOf(payload));
    case 'RemoteStartTransaction':
    case 'RequestStartTransaction':
      return result({ status: 'Rejected' });
    case 'GetConfiguration':
      if (old) return answerGetConfiguration(inside, payload);
      break;
    case 'ChangeConfiguration':
      if (old) return answerChangeConfiguration(inside, payload);
      break;
    case 'GetVariables':
      if (!old) return answerGetVariables(inside, payload);
      break;
    case 'SetVariables':
      if (!old) return answerSetVariables(inside, payload);
      break;
    case 'GetChargingProfiles':
      if (!old) return answerGetProfiles(inside, payload);
      break;
  }
  return { kind: 'error', code: 'NotImplemented', description: action };
}
