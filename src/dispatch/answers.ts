/** What dispatch does with answers, reports, lost time and connections. @module */
import { prngOf } from '#domain/prng';
import type { Site } from '#domain/site';
import { later } from '#domain/units';
import type { InstalledProfile } from '#ocpp/profile';
import type { CommandAnswer, StationCommand } from '#ocpp/station-message';
import { isSameEntry } from '#safety/candidate';
import { learnComposite } from '#safety/composite-check';
import { beliefOf, learn, type Ledger } from '#safety/ledger';
import { slowestAfter } from './answer-time.ts';
import {
  stationDispatchOf,
  stationWith,
  withStation,
  type Dispatch,
  type PendingCall,
  type StationDispatch,
} from './dispatch-state.ts';
import { afterComposite, afterReport, floorAccepted, givenUpCheck, isCheck, isFloor } from './floor-check.ts';
import { backoffStepsMax, quickPauseS, quickTriesMax, readTriesMax } from './limits.ts';
import { refusedOnce, withoutCommand } from './refusals.ts';
import type { AnswerOutcome, DispatchView } from './turn.ts';

/** The state after the answer to a call of ours; answers that nobody waits for change nothing. */
export function onAnswer(
  view: DispatchView,
  answer: { readonly stationId: string; readonly messageId: string; readonly answer: CommandAnswer },
): AnswerOutcome {
  const { ledger, dispatch } = view;
  const { stationId, messageId } = answer;
  const station = stationDispatchOf(dispatch, stationId);
  const { pending, lapsed } = station;
  if (pending?.messageId === messageId && pending.waitsFor === 'answer') {
    const heard = { ...view, dispatch: withRoundTrip(view, stationId, view.now - pending.sentAt) };
    return { known: true, command: pending.command, ...answered(heard, stationId, pending, answer.answer) };
  }
  // Where anything but the same once more has been sent since, nothing has lapsed any more.
  if (lapsed?.messageId !== messageId) return { ledger, dispatch, known: false };
  const settled =
    answer.answer.kind === 'accepted'
      ? learn(view.site, ledger, {
          kind: 'accepted-late',
          stationId,
          at: view.now,
          command: lapsed.command,
          link: station.link,
        })
      : ledger;
  const heard = stationWith(station, { lapsed: undefined, failures: 0 });
  const next =
    answer.answer.kind === 'accepted' && isFloor(lapsed.command)
      ? floorAccepted(view, heard, lapsed.command)
      : heard;
  return {
    known: true,
    command: lapsed.command,
    ledger: settled,
    dispatch: withRoundTrip(
      { ...view, dispatch: withStation(dispatch, stationId, next) },
      stationId,
      dispatch.policy.callTimeoutS,
    ),
  };
}

/** Dispatch that knows of one more round trip to a station. */
function withRoundTrip({ dispatch }: DispatchView, stationId: string, tookS: number): Dispatch {
  const station = stationDispatchOf(dispatch, stationId);
  const slowestS = slowestAfter(dispatch.policy, station, tookS);
  if (slowestS === station.slowestS) return dispatch;
  return withStation(dispatch, stationId, stationWith(station, { slowestS }));
}

/** Whether two commands set the same profile. */
export function isSameWrite(a: StationCommand, b: StationCommand | undefined): boolean {
  return a.kind === 'set-profile' && b?.kind === 'set-profile' && isSameEntry(a, b);
}

/** What dispatch knows of a station, without the call that waits. */
function idle(dispatch: Dispatch, stationId: string): StationDispatch {
  return stationWith(stationDispatchOf(dispatch, stationId), { pending: undefined });
}

type Outcome = Omit<AnswerOutcome, 'known' | 'command'>;

function answered(
  view: DispatchView,
  stationId: string,
  pending: PendingCall,
  answer: CommandAnswer,
): Outcome {
  const { command } = pending;
  const station = idle(view.dispatch, stationId);
  switch (command.kind) {
    case 'set-profile':
    case 'clear-profile':
      return written(view, stationId, pending, answer);
    case 'read-composite':
      return readComposite(view, stationId, command, answer);
    case 'read-profiles':
      return readProfiles(view, stationId, pending, answer);
    case 'read-capability':
    case 'set-sample-interval':
    case 'trigger':
    case 'reset':
    case 'remote-stop':
      return {
        ledger: view.ledger,
        dispatch: withStation(view.dispatch, stationId, stationWith(station, { failures: 0 })),
      };
  }
}

/** What an answer to a writing command says of its effect. */
function outcomeOf(command: StationCommand, answer: CommandAnswer): 'accepted' | 'refused' | 'unclear' {
  if (answer.kind === 'accepted') return 'accepted';
  if (answer.kind !== 'refused') return 'unclear';
  // Nothing was there to be cleared: the same state as after the clearing.
  return command.kind === 'clear-profile' && answer.status === 'Unknown' ? 'accepted' : 'refused';
}

function written(
  view: DispatchView,
  stationId: string,
  pending: PendingCall,
  answer: CommandAnswer,
): Outcome {
  const station = idle(view.dispatch, stationId);
  const outcome = outcomeOf(pending.command, answer);
  const ledger = learn(view.site, view.ledger, {
    kind: 'answered',
    stationId,
    at: view.now,
    messageId: pending.messageId,
    outcome,
  });
  if (outcome !== 'accepted') {
    const refused = refusedOnce(delayed(view, stationId, station), pending.command, view.now);
    return { ledger, dispatch: withStation(view.dispatch, stationId, refused) };
  }
  const heard = stationWith(station, { failures: 0 });
  const next = isFloor(pending.command)
    ? floorAccepted(view, heard, pending.command)
    : stationWith(heard, { refused: withoutCommand(station.refused, pending.command) });
  return { ledger, dispatch: withStation(view.dispatch, stationId, next) };
}

function readComposite(
  view: DispatchView,
  stationId: string,
  command: Extract<StationCommand, { kind: 'read-composite' }>,
  answer: CommandAnswer,
): Outcome {
  const station = idle(view.dispatch, stationId);
  const next = stationWith(station, {
    failures: 0,
    unread: station.unread.filter((id) => id !== command.evseId),
  });
  const { ledger, verdict } =
    answer.kind === 'composite'
      ? learnComposite(view.site, view.ledger, { stationId, at: view.now, answer })
      : { ledger: view.ledger, verdict: 'says-nothing' as const };
  const seen = afterComposite(next, beliefOf(view.ledger, stationId), {
    evseId: command.evseId,
    isContradicted: verdict === 'contradicted',
    now: view.now,
  });
  const dispatch = withStation(view.dispatch, stationId, seen);
  return answer.kind === 'composite' ? { ledger, verdict, dispatch } : { ledger, dispatch };
}

function readProfiles(
  view: DispatchView,
  stationId: string,
  pending: PendingCall,
  answer: CommandAnswer,
): Outcome {
  const station = idle(view.dispatch, stationId);
  if (answer.kind === 'accepted') {
    const waiting: PendingCall = {
      ...pending,
      waitsFor: 'report',
      deadline: later(view.now, view.dispatch.policy.callTimeoutS),
    };
    return {
      ledger: view.ledger,
      dispatch: withStation(view.dispatch, stationId, stationWith(station, { pending: waiting })),
    };
  }
  if (answer.kind === 'refused' && answer.status === 'NoProfiles') {
    return wholeReport(view, stationId, station, []);
  }
  const next = isCheck(station) ? givenUpCheck(station, view.now) : readFailed(view, stationId, station);
  return { ledger: view.ledger, dispatch: withStation(view.dispatch, stationId, next) };
}

/** The state after a part of the report that `read-profiles` asked for. */
export function onReported(
  view: DispatchView,
  report: {
    readonly stationId: string;
    readonly requestId: number;
    readonly more: boolean;
    readonly profiles: readonly InstalledProfile[];
  },
): AnswerOutcome {
  const { ledger, dispatch } = view;
  const station = stationDispatchOf(dispatch, report.stationId);
  const { pending } = station;
  const { command } = pending ?? {};
  if (pending === undefined || command?.kind !== 'read-profiles' || command.requestId !== report.requestId) {
    return { ledger, dispatch, known: false };
  }
  const reported = [...pending.reported, ...report.profiles];
  if (report.more) {
    const deadline = later(view.now, dispatch.policy.callTimeoutS);
    const next = stationWith(station, { pending: { ...pending, reported, deadline } });
    return { ledger, dispatch: withStation(dispatch, report.stationId, next), known: true, command };
  }
  return {
    known: true,
    command,
    ...wholeReport(view, report.stationId, idle(dispatch, report.stationId), reported),
  };
}

function wholeReport(
  view: DispatchView,
  stationId: string,
  station: StationDispatch,
  installed: readonly InstalledProfile[],
): Outcome {
  const ledger = learn(view.site, view.ledger, {
    kind: 'read-back',
    stationId,
    at: view.now,
    installed,
    link: station.link,
  });
  const next = stationWith(station, { failures: 0, unread: [] });
  const seen = afterReport(next, beliefOf(view.ledger, stationId), { installed, now: view.now });
  return { ledger, dispatch: withStation(view.dispatch, stationId, seen) };
}

/** The station after a failed call: it rests, longer each time beyond the first `quickTries`, with jitter. */
function delayed(
  view: DispatchView,
  stationId: string,
  station: StationDispatch,
  quickTries = 0,
): StationDispatch {
  const { retryS, retryMaxS } = view.dispatch.policy;
  const steps = Math.min(Math.max(0, station.failures - quickTries), backoffStepsMax);
  return rested(view, stationId, station, Math.min(retryMaxS, retryS * 2 ** steps));
}

/** The station after a failed call: it rests for a pause with jitter. */
function rested(
  { dispatch, now }: DispatchView,
  stationId: string,
  station: StationDispatch,
  pauseS: number,
): StationDispatch {
  const jitter = prngOf(dispatch.seed).fork(`${stationId}/${dispatch.messages}`).next();
  return stationWith(station, {
    failures: station.failures + 1,
    notBefore: later(now, Math.ceil(pauseS * (0.75 + jitter / 2))),
  });
}

function readFailed(view: DispatchView, stationId: string, station: StationDispatch): StationDispatch {
  const next = delayed(view, stationId, station);
  return next.failures < readTriesMax ? next : stationWith(next, { unread: [] });
}

/** The state with the pending call of a station given up; it may still be applied. */
function givenUp(view: DispatchView, stationId: string, pending: PendingCall): Ledger {
  const { messageId } = pending;
  return learn(view.site, view.ledger, { kind: 'given-up', stationId, at: view.now, messageId });
}

/** The state in which calls whose time is over count as lost. */
export function withTimeouts(view: DispatchView): Pick<DispatchView, 'ledger' | 'dispatch'> {
  let { ledger, dispatch } = view;
  const late: string[] = [];
  const { ids, values } = dispatch.stations;
  for (let i = 0; i < values.length; i++) {
    const deadline = values[i]?.pending?.deadline;
    if (deadline !== undefined && deadline <= view.now) late.push(ids[i] ?? '');
  }
  for (const stationId of late) {
    const { pending } = stationDispatchOf(dispatch, stationId);
    if (pending === undefined) continue;
    const { messageId, command } = pending;
    ledger = givenUp({ ...view, ledger }, stationId, pending);
    const after = silent({ ...view, dispatch }, stationId, pending);
    dispatch = withStation(dispatch, stationId, stationWith(after, { lapsed: { messageId, command } }));
  }
  return { ledger, dispatch };
}

/** The station after a call without an answer in time. */
function silent(view: DispatchView, stationId: string, pending: PendingCall): StationDispatch {
  const { command, sentAt, deadline, raisesNothing = false } = pending;
  const station = idle(view.dispatch, stationId);
  if (command.kind === 'read-composite' || command.kind === 'read-profiles')
    return isCheck(station) ? givenUpCheck(station, view.now) : readFailed(view, stationId, station);
  // Many do not know this question: it says nothing of whether they answer, and the like of it need not be asked now.
  if (command.kind === 'trigger')
    return stationWith(station, { requests: station.requests.filter(({ kind }) => kind !== 'trigger') });
  // The answer of a fast station was waited for long enough: the same once more settles what it holds.
  if (deadline - sentAt < view.dispatch.policy.callTimeoutS)
    return rested(view, stationId, station, quickPauseS);
  return delayed(view, stationId, station, raisesNothing ? quickTriesMax : 0);
}

/** The state after a station has come or gone. What was on its way may still be applied. */
export function onLink(
  view: DispatchView,
  link: { readonly stationId: string; readonly up: boolean },
): Pick<DispatchView, 'ledger' | 'dispatch'> {
  const station = stationDispatchOf(view.dispatch, link.stationId);
  const { pending } = station;
  const ledger = pending === undefined ? view.ledger : givenUp(view, link.stationId, pending);
  const next = stationWith(station, {
    pending: undefined,
    lapsed: undefined,
    up: link.up,
    ...(link.up
      ? {
          link: station.link + 1,
          slowestS: undefined,
          failures: 0,
          notBefore: view.now,
          refused: {},
          unread: evseIds(view.site, link.stationId),
        }
      : {}),
  });
  return { ledger, dispatch: withStation(view.dispatch, link.stationId, next) };
}

/** The EVSEs of a station, by id. */
export function evseIds(site: Site, stationId: string): readonly number[] {
  return site.stations.find(({ id }) => id === stationId)?.evses.map(({ id }) => id) ?? [];
}

/** The state of a new process that has read its journal: every call in flight may or may not have been applied. */
export function onRestarted(view: DispatchView): Pick<DispatchView, 'ledger' | 'dispatch'> {
  let { ledger, dispatch } = view;
  for (const stationId of dispatch.stations.ids) {
    const station = stationDispatchOf(dispatch, stationId);
    ledger = learn(view.site, ledger, { kind: 'restarted', stationId, at: view.now });
    const next = stationWith(station, { pending: undefined, lapsed: undefined, up: false });
    dispatch = withStation(dispatch, stationId, next);
  }
  return { ledger, dispatch };
}
