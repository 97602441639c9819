/** What stations say: connections, calls of theirs, answers to ours. @module */
import type { LinkEvent } from '#domain/event';
import { evseKey } from '#domain/site';
import { onAnswer, onLink, onReported } from '#dispatch/answers';
import { withReadBack, withRequest } from '#dispatch/dispatch-state';
import type { AnswerOutcome } from '#dispatch/turn';
import type { InstalledProfile } from '#ocpp/profile';
import type { ChargerEvent, CommandAnswer, StationCommand } from '#ocpp/station-message';
import { answerOf, answerOfError, eventsOfCall, replyOf } from '#ocpp/wire-message';
import { learn } from '#safety/ledger';
import { observeLink } from '#witness/witness';
import { askCapability, noteAnswer, noteBoot } from './capability.ts';
import {
  clearAlarm,
  counted,
  evseState,
  flagged,
  inTurn,
  publish,
  raiseAlarm,
  staleBy,
  stationState,
  withEvse,
  withStation,
  type Change,
} from './change.ts';
import { judgeComposite, judgeForm, usable } from './composites.ts';
import type { Effect } from './effect.ts';
import { noteExternalLimit, noteExternalLimitCleared } from './external-limits.ts';
import { noteNeeds, notePriority } from './vehicle-words.ts';
import { onMeter } from './meter.ts';
import { noteRollCall } from './roll-call.ts';
import { siteStation } from './places.ts';
import { stateWith, type State, type StationState } from './state.ts';
import { onEnded, onStarted, onUpdated } from './transactions.ts';
import { leave } from './visits.ts';

/** Takes an event of the charger link. */
export function onLinkEvent(state: State, event: LinkEvent): Change {
  if (state.stations.get(event.stationId) === undefined)
    return event.kind === 'disconnected'
      ? [state, []]
      : [state, [{ kind: 'drop', stationId: event.stationId, reason: 'no station of this site' }]];
  switch (event.kind) {
    case 'connected':
      return onConnected(state, event);
    case 'disconnected':
      return onDisconnected(state, event);
    case 'call':
      return onCall(state, event);
    case 'result':
    case 'error':
      return onReply(state, event);
  }
}

/** A connection stands: what is installed is read before anything is raised. */
function onConnected(state: State, event: Extract<LinkEvent, { kind: 'connected' }>): Change {
  const { stationId } = event;
  const site = siteStation(state.site, stationId);
  if (site !== undefined && site.version !== event.version)
    return [
      state,
      [{ kind: 'drop', stationId, reason: `speaks ${event.version}, this site says ${site.version}` }],
    ];
  const view = { site: state.site, ledger: state.ledger, dispatch: state.dispatch, now: state.now };
  const linked = onLink(view, { stationId, up: true });
  const dispatch = withRequest(linked.dispatch, stationId, {
    kind: 'set-sample-interval',
    intervalS: state.policy.sampleIntervalS,
  });
  const finding = observeLink(state.witness, { stationId, at: state.now, up: true });
  const next: State = withStation(
    { ...state, ledger: linked.ledger, dispatch, witness: finding.state, restless: true },
    stationId,
    {
      up: true,
      since: state.now,
      hasBooted: false,
      ...withFreshRounds(stationState(state, stationId)),
      ...(linked.dispatch.stations.get(stationId)?.link === 1
        ? {}
        : { awayS: state.now - stationState(state, stationId).since }),
    },
  );
  const asked = askCapability(next, stationId, 'connected');
  const [cleared, effects] = clearAlarm(staleBy(asked, 'station-back'), 'comms-loss', stationId);
  return [cleared, [...finding.verdicts.map((v) => publish('verdict', v)), ...effects]];
}

/** The rounds of a new connection, where the last one had any. */
function withFreshRounds({ rollCall }: StationState): Pick<StationState, 'rollCall'> {
  return rollCall === undefined ? {} : { rollCall: { ...rollCall, rounds: 0 } };
}

/** A connection is gone; what the station holds stays believed, its lease runs on. */
function onDisconnected(state: State, event: Extract<LinkEvent, { kind: 'disconnected' }>): Change {
  const { stationId } = event;
  if (!stationState(state, stationId).up) return [state, []];
  const view = { site: state.site, ledger: state.ledger, dispatch: state.dispatch, now: state.now };
  const linked = onLink(view, { stationId, up: false });
  const next = withStation({ ...state, ...linked, restless: true }, stationId, {
    up: false,
    since: state.now,
  });
  const { hasBooted, awayS } = stationState(state, stationId);
  const isMere = hasBooted === false && awayS !== undefined;
  return isMere
    ? flagged(staleBy(next, 'station-lost'), { kind: 'boots-on-reconnect', key: stationId, isUp: false })
    : [staleBy(next, 'station-lost'), []];
}

/** A CALL of a station: its events, then the answer. */
function onCall(state: State, event: Extract<LinkEvent, { kind: 'call' }>): Change {
  const { stationId, messageId, action, payload } = event;
  const { version } = stationState(state, stationId);
  const read = eventsOfCall(version, action, payload);
  if (!read.ok) {
    const { code, description } = read.problem;
    return [
      counted(state, 'callsRefused'),
      [
        { kind: 'send', message: { kind: 'error', stationId, messageId, code, description } },
        publish('refused', {
          at: state.now,
          stationId,
          action,
          faults: [{ path: read.problem.path, rule: code, fix: description }],
        }),
      ],
    ];
  }
  const stray = read.value.find((one) => isElsewhere(state, stationId, one));
  let transactionId: string | undefined;
  const [known, told] = stray === undefined ? [state, []] : tellUnknownEvse(state, stationId, stray);
  let current = known;
  const effects: Effect[] = [...told];
  for (const one of read.value) {
    const [next, more] =
      one.kind === 'transaction-started'
        ? ((): Change => {
            const started = onStarted(current, stationId, one);
            transactionId = started.transactionId;
            return started.change;
          })()
        : onChargerEvent(current, stationId, one);
    current = next;
    effects.push(...more);
  }
  const facts = {
    now: state.now,
    accepted: isGranted(action, stray, effects),
    intervalS: state.policy.heartbeatIntervalS,
    ...(transactionId === undefined ? {} : { transactionId }),
  };
  const reply: Effect = {
    kind: 'send',
    message: {
      kind: 'result',
      stationId,
      messageId,
      payload: replyOf(version, action, facts, payload),
    },
  };
  return [current, [reply, ...effects]];
}

/** True for an event of an EVSE that the site does not have. */
function isElsewhere(state: State, stationId: string, event: ChargerEvent): boolean {
  const evseId = event.kind === 'meter' ? event.sample.evseId : 'evseId' in event ? event.evseId : undefined;
  return evseId !== undefined && evseId > 0 && evseState(state, { stationId, evseId }) === undefined;
}

/** Says once that a station has an EVSE that the site does not know: nothing limits it, nobody counts it. */
function tellUnknownEvse(state: State, stationId: string, event: ChargerEvent): Change {
  const facts = { event: event.kind, fix: 'Write all EVSEs of the station into the site file.' };
  return raiseAlarm(state, { kind: 'unknown-evse', key: stationId, facts });
}

/** What nobody here can give: words of a vendor are not understood, and no profile is Dynamic. */
const neverGranted: readonly string[] = ['DataTransfer', 'PullDynamicScheduleUpdate'];

/** Whether a CALL is granted what it asks: no charging at an EVSE that nobody counts, no schedule for nobody's vehicle. */
function isGranted(action: string, stray: ChargerEvent | undefined, effects: readonly Effect[]): boolean {
  if (neverGranted.includes(action)) return false;
  if (action !== 'NotifyEVChargingNeeds') return stray?.kind !== 'transaction-started';
  return stray === undefined && effects.some((effect) => effect.kind === 'publish');
}

/** What one event of a station changes. */
function onChargerEvent(
  state: State,
  stationId: string,
  event: Exclude<ChargerEvent, { kind: 'transaction-started' }>,
): Change {
  switch (event.kind) {
    case 'boot':
      return onBoot(state, stationId, event);
    case 'status':
      return onStatus(state, stationId, event);
    case 'transaction-updated':
      return onUpdated(state, stationId, event);
    case 'transaction-ended':
      return onEnded(state, stationId, event);
    case 'meter':
      return onMeter(state, stationId, event.sample);
    case 'profiles-reported':
      return afterAnswer(
        state,
        stationId,
        onReported(viewOf(state), { ...event, stationId, profiles: withoutOthers(event.profiles) }),
        undefined,
      );
    case 'external-limit':
      return noteExternalLimit(state, stationId, event);
    case 'external-limit-cleared':
      return noteExternalLimitCleared(state, stationId, event);
    case 'charging-needs':
      return noteNeeds(state, stationId, event);
    case 'priority':
      return notePriority(state, stationId, event);
    case 'heartbeat':
    case 'authorize':
    case 'notice':
      return [state, []];
  }
}

/** Profiles without the limits of others: the ledger counts on none of those, they go as they came. */
function withoutOthers(profiles: readonly InstalledProfile[]): readonly InstalledProfile[] {
  return profiles.filter(({ profile }) => profile.purpose !== 'ChargingStationExternalConstraints');
}

/** A station has booted: what it was told may be gone. */
function onBoot(state: State, stationId: string, event: Extract<ChargerEvent, { kind: 'boot' }>): Change {
  const ledger = learn(state.site, state.ledger, { kind: 'booted', stationId, at: state.now });
  const dispatch = withReadBack(state.site, state.dispatch, stationId);
  const { boots } = stationState(state, stationId);
  const next = withStation({ ...state, ledger, dispatch, restless: true }, stationId, {
    boots: boots + 1,
    hasBooted: true,
  });
  const { vendor, model, firmware = '' } = event;
  return inTurn(staleBy(next, 'station-back'), [
    (s) => judgeBoot(s, stationId),
    (s) => noteBoot(s, stationId, { vendor, model, firmware }),
    (s) => tellOtherHardware(s, stationId, event),
  ]);
}

/** A station that was away for less than this has not been through a boot of its own. */
const bootLeastS = 10;

/** A boot where only the connection was away is a flag; a reconnection without one ends it. */
function judgeBoot(state: State, stationId: string): Change {
  const { awayS } = stationState(state, stationId);
  if (awayS === undefined || awayS >= bootLeastS) return [state, []];
  return flagged(state, { kind: 'boots-on-reconnect', key: stationId, isUp: true, facts: { awayS } });
}

/** Says once that a station is not of the make that the site has it down as. */
function tellOtherHardware(
  state: State,
  stationId: string,
  event: Extract<ChargerEvent, { kind: 'boot' }>,
): Change {
  const station = siteStation(state.site, stationId);
  if (station === undefined || (station.vendor === event.vendor && station.model === event.model))
    return [state, []];
  return raiseAlarm(state, {
    kind: 'other-hardware',
    key: stationId,
    facts: { expected: `${station.vendor} ${station.model}`, found: `${event.vendor} ${event.model}` },
  });
}

/** A socket has changed its state. */
function onStatus(state: State, stationId: string, event: Extract<ChargerEvent, { kind: 'status' }>): Change {
  const ref = { stationId, evseId: event.evseId };
  const evse = evseState(state, ref);
  if (evse === undefined) return [state, []];
  // Only a vehicle that is there may charge unheard.
  const isUnheard = event.status === 'Occupied' ? evse.isUnheard : undefined;
  if (evse.status === event.status && evse.isUnheard === isUnheard) return [state, []];
  const next = withEvse(state, ref, { ...evse, status: event.status, isUnheard });
  const key = evseKey(ref);
  const isFree = event.status === 'Available' && evse.transaction === undefined;
  const [told, effects] =
    event.status === 'Faulted'
      ? raiseAlarm(next, { kind: 'faulted', key, facts: { detail: event.detail } })
      : clearAlarm(next, 'faulted', key);
  return [isFree ? leave(told, ref) : told, effects];
}

/** What dispatch reads. */
function viewOf(state: State): {
  site: State['site'];
  ledger: State['ledger'];
  dispatch: State['dispatch'];
  now: State['now'];
} {
  return { site: state.site, ledger: state.ledger, dispatch: state.dispatch, now: state.now };
}

/** The command that a message id belongs to. */
function commandOf(state: State, stationId: string, messageId: string): StationCommand | undefined {
  const station = state.dispatch.stations.get(stationId);
  if (station?.pending?.messageId === messageId) return station.pending.command;
  return station?.lapsed?.messageId === messageId ? station.lapsed.command : undefined;
}

/** An answer to a CALL of ours. */
function onReply(state: State, event: Extract<LinkEvent, { kind: 'result' | 'error' }>): Change {
  const { stationId, messageId } = event;
  const command = commandOf(state, stationId, messageId);
  if (command === undefined) return [state, []];
  const answer =
    event.kind === 'error'
      ? answerOfError(event.code, event.description)
      : answerOf(stationState(state, stationId).version, command, event.payload);
  const outcome = onAnswer(viewOf(state), { stationId, messageId, answer: usable(answer) });
  return inTurn(state, [
    (s) => judgeForm(s, stationId, answer),
    (s) => afterAnswer(s, stationId, outcome, answer),
  ]);
}

/** The state after dispatch has read an answer, with what it proves. */
function afterAnswer(
  state: State,
  stationId: string,
  outcome: AnswerOutcome,
  answer: CommandAnswer | undefined,
): Change {
  if (!outcome.known) return [state, []];
  const { ledger, dispatch, command } = outcome;
  const next = stateWith(state, { ledger, dispatch, restless: true });
  if (command === undefined || answer === undefined) return [next, []];
  return inTurn(next, [
    (s) => judgeComposite(s, stationId, answer, outcome),
    (s) => tellRefusal(s, stationId, command, answer),
    (s) => noteAnswer(s, stationId, command, answer),
    (s) => [noteRollCall(s, stationId, command, answer), []],
  ]);
}

/** Says once that a station refuses a profile. */
function tellRefusal(
  state: State,
  stationId: string,
  command: StationCommand,
  answer: CommandAnswer,
): Change {
  if (command.kind !== 'set-profile') return [state, []];
  const key = `${stationId}/${command.evseId}`;
  if (answer.kind === 'accepted') return clearAlarm(state, 'profile-refused', key);
  if (answer.kind !== 'refused') return [state, []];
  return raiseAlarm(state, {
    kind: 'profile-refused',
    key,
    facts: { purpose: command.profile.purpose, status: answer.status, reason: answer.reason ?? null },
  });
}
