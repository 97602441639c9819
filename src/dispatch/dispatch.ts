/**
 * Dispatch: brings what is installed to what is wanted, in the safest order that is also the fastest. What lowers
 * leaves at once; what raises leaves when the ledger admits it, which is when the decreases that pay for it are
 * acknowledged and their reaction time is over. One call at a time to each station.
 *
 * A plan that lowers here and raises there, and cannot be admitted as a whole yet, leaves cut to what may be had, so
 * that two stations that want to swap never wait for each other.
 * @module
 */
import type { EpochS } from '#domain/units';
import type { Site } from '#domain/site';
import type { InstalledProfile } from '#ocpp/profile';
import type { StationCommand } from '#ocpp/station-message';
import { admit, wouldRaise, type Admission, type Proposal, type Refusal } from '#safety/admission';
import { wouldSettle } from '#safety/belief-after';
import { isSameEntry } from '#safety/candidate';
import { contextOf } from '#safety/exposure';
import { headroomOf } from '#safety/headroom';
import { beliefOf, stationOf, type Ledger } from '#safety/ledger';
import { isGuarded } from '#safety/ledger-policy';
import { deadlineOf } from './answer-time.ts';
import { isSameWrite, withTimeouts } from './answers.ts';
import {
  stationDispatchOf,
  stationWith,
  withStation,
  type Dispatch,
  type StationDispatch,
} from './dispatch-state.ts';
import { isFullOfChecks, isFullOfRaises, wakeAfterRaises } from './in-flight.ts';
import {
  isKnownRaise,
  knownLackOf,
  knownRefusalOf,
  rememberLack,
  rememberRaise,
  rememberRefusal,
  rememberRest,
  restOf,
  type AdmissionQuestion,
} from './memo.ts';
import { cutPlan, lowersPlan, writtenRoom } from './plan-profile.ts';
import { lackOf, type StationView, type Step } from './steps.ts';
import { withoutStrangers } from './strangers.ts';
import type { Held, OutgoingCall, Turn, TurnOutcome, Wanted } from './turn.ts';

/** What a turn has come to so far. */
interface Progress {
  readonly ledger: Ledger;
  readonly dispatch: Dispatch;
  readonly calls: readonly OutgoingCall[];
  readonly held: readonly Held[];
  readonly wakes: readonly EpochS[];
  /** Before this instant what is held is held again where nothing else changes. */
  readonly untilS: number;
}

/** One turn: calls whose time is over are given up, and every station that is free gets its next call if one may leave. */
export function dispatchTurn(turn: Turn): TurnOutcome {
  const { ledger, dispatch } = turn;
  const rest = restOf(turn);
  if (rest !== undefined) return outcomeOf(turn, { ledger, dispatch, calls: [], ...rest });
  const progress = afterBothPasses(turn);
  const isSame = progress.ledger === ledger && progress.dispatch === dispatch;
  // When strangers are gone stations that are away change too.
  if (isSame && !ledger.beliefs.values.some(({ strangersUntilS }) => strangersUntilS !== undefined))
    rememberRest(turn, progress);
  return outcomeOf(turn, progress);
}

/** The turn after every station that is free has had its chances. */
function afterBothPasses(turn: Turn): Progress {
  const timely = withoutStrangers({ ...turn, ...withTimeouts(turn) });
  let progress: Progress = { ...timely, calls: [], held: [], wakes: [], untilS: Infinity };
  // What lacks nothing has no part in either pass, whatever the others do.
  const byReaction = openStations(turn, progress);
  for (const id of byReaction) progress = served(turn, progress, id, 'lower');
  const byRank = byReaction
    .filter(
      (id) =>
        stationDispatchOf(progress.dispatch, id).pending === undefined && !isContent(turn, progress, id),
    )
    .map((id) => ({ id, rank: turn.rankOf?.(id) ?? Infinity }))
    .sort((a, b) => a.rank - b.rank || compareText(a.id, b.id));
  for (const { id } of byRank) progress = served(turn, progress, id, 'raise');
  const ends = [standingWake(turn, progress), strangersWake(turn.now, progress)];
  const wakes = [...ends.filter((at) => at !== undefined), ...progress.wakes];
  const untilS = ends.reduce<number>((first, at) => Math.min(first, at ?? Infinity), progress.untilS);
  return { ...progress, wakes, untilS };
}

function outcomeOf(turn: Turn, progress: Omit<Progress, 'untilS'>): TurnOutcome {
  const wakeAt = firstAfter(turn.now, progress.wakes);
  const { ledger, dispatch, calls, held } = progress;
  return { ledger, dispatch, calls, held, ...(wakeAt === undefined ? {} : { wakeAt }) };
}

/** A station and where it stands in the tables. */
interface Placed {
  readonly id: string;
  readonly place: number;
}

const reactionOrders = new WeakMap<Site, readonly Placed[]>();

/** The stations of a site, fastest first; worked out once. */
function inOrderOfReaction(site: Site, ids: readonly string[]): readonly Placed[] {
  const known = reactionOrders.get(site);
  if (known !== undefined) return known;
  const places = new Map(ids.map((id, place) => [id, place]));
  const order = site.stations
    .toSorted((a, b) => a.capability.reactionS - b.capability.reactionS || compareText(a.id, b.id))
    .map(({ id }): Placed => ({ id, place: places.get(id) ?? -1 }));
  reactionOrders.set(site, order);
  return order;
}

/** A look at all stations. */
interface Look {
  readonly stations: Dispatch['stations'];
  readonly beliefs: Ledger['beliefs'];
  readonly wanted: Wanted;
  /** Whether the station lacked nothing, now or later, by its place in the tables. */
  readonly content: readonly boolean[];
}

/** The last look at the stations of each site: what lacked nothing and is the same lacks nothing still. */
const looks = new WeakMap<Site, Look>();

/** The stations that are free and may lack something, fastest first. */
function openStations(turn: Turn, progress: Progress): readonly string[] {
  const { wanted, site } = turn;
  const { stations } = progress.dispatch;
  const { beliefs } = progress.ledger;
  const before = looks.get(site);
  const content = stations.values.map(() => true);
  const open: string[] = [];
  for (const { id, place } of inOrderOfReaction(site, stations.ids)) {
    const isSame =
      before?.content[place] === true &&
      before.stations.values[place] === stations.values[place] &&
      before.beliefs.values[place] === beliefs.values[place] &&
      (before.wanted === wanted || before.wanted[id] === wanted[id]);
    if (isSame || isContent(turn, progress, id)) continue;
    content[place] = false;
    if (isFree(turn, progress, id)) open.push(id);
  }
  looks.set(site, { stations, beliefs, wanted, content });
  return open;
}

/** Whether the station is known to lack nothing, now or later. */
function isContent(turn: Turn, progress: Progress, stationId: string): boolean {
  const view = viewOf(turn, progress, stationId);
  const known = view && knownLackOf(view);
  return known?.steps.length === 0 && known.dueAt === undefined;
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function isFree(
  turn: Turn,
  { dispatch, ledger }: Pick<Progress, 'dispatch' | 'ledger'>,
  stationId: string,
): boolean {
  const { up, pending, notBefore } = stationDispatchOf(dispatch, stationId);
  const isIdle = pending === undefined || !isGuarded(ledger.policy, 'oneCall');
  return up && isIdle && notBefore <= turn.now && turn.wanted[stationId] !== undefined;
}

/** The first deadline of a call, or end of a pause of a station that is there. */
function standingWake({ wanted, now }: Turn, { dispatch }: Progress): EpochS | undefined {
  const { ids, values } = dispatch.stations;
  let first: EpochS | undefined;
  for (let i = 0; i < values.length; i++) {
    const station = values[i];
    if (station === undefined) continue;
    const { up, pending, notBefore } = station;
    const at = pending === undefined ? notBefore : pending.deadline;
    if (at <= now || (first !== undefined && at >= first)) continue;
    if (pending !== undefined || (up && wanted[ids[i] ?? ''] !== undefined)) first = at;
  }
  return first;
}

/** The first end of what another process may have sent to a station that is there. */
function strangersWake(now: EpochS, { dispatch, ledger }: Progress): EpochS | undefined {
  const { values } = ledger.beliefs;
  let first: EpochS | undefined;
  for (let i = 0; i < values.length; i++) {
    const untilS = values[i]?.strangersUntilS;
    if (untilS === undefined || untilS <= now || (first !== undefined && untilS >= first)) continue;
    if (dispatch.stations.values[i]?.up === true) first = untilS;
  }
  return first;
}

function firstAfter(now: EpochS, instants: readonly (EpochS | undefined)[]): EpochS | undefined {
  let first: EpochS | undefined;
  for (const at of instants)
    if (at !== undefined && at > now && (first === undefined || at < first)) first = at;
  return first;
}

/** The turn after one station has had its chance: in the pass `lower` nothing that raises leaves. */
function served(turn: Turn, progress: Progress, stationId: string, pass: 'lower' | 'raise'): Progress {
  const view = viewOf(turn, progress, stationId);
  if (view === undefined) return progress;
  const known = knownLackOf(view);
  const lack = known ?? lackOf(view);
  if (known === undefined) rememberLack(view, lack);
  // What is only looked after waits for everything that anybody may be told.
  const steps =
    pass === 'lower' || isFullOfChecks(progress.dispatch)
      ? lack.steps.filter(({ purpose }) => purpose !== 'check')
      : lack.steps;
  if (steps.length === 0 && (pass === 'lower' || lack.dueAt === undefined)) return progress;
  const held: Held[] = [...lack.held];
  const wakes: EpochS[] = lack.dueAt === undefined ? [] : [lack.dueAt];
  let untilS = Math.min(progress.untilS, lack.untilS ?? Infinity);
  for (const step of steps) {
    // Why the last step of all has to wait is told in the pass `raise`.
    if (pass === 'lower' && step === steps.at(-1) && mustWait(turn, progress, view, step)) break;
    const tried = attempt(turn, progress, view, step, pass);
    if (tried.kind === 'sent') return { ...tried.progress, held: [...tried.progress.held, ...held] };
    if (tried.kind === 'held') held.push(tried.held);
    wakes.push(...tried.wakes);
    untilS = Math.min(untilS, tried.kind === 'held' ? (tried.untilS ?? turn.now) : turn.now);
  }
  if (pass === 'lower') return progress;
  return {
    ...progress,
    held: [...progress.held, ...held],
    wakes: [...progress.wakes, ...wakes],
    untilS,
  };
}

/** True for a plan that raises: it has its chance when everything that lowers has left. */
function mustWait(turn: Turn, progress: Progress, view: StationView, step: Step): boolean {
  if (step.purpose !== 'plan' || view.belief.open !== undefined) return false;
  return wouldRaise(turn.site, progress.ledger, proposalOf(turn, progress, view, step.command));
}

function viewOf(turn: Turn, progress: Progress, stationId: string): StationView | undefined {
  const wanted = turn.wanted[stationId];
  if (wanted === undefined) return undefined;
  return {
    station: stationOf(turn.site, stationId),
    state: stationDispatchOf(progress.dispatch, stationId),
    belief: beliefOf(progress.ledger, stationId),
    wanted,
    policy: progress.dispatch.policy,
    now: turn.now,
    messages: progress.dispatch.messages,
  };
}

type Tried =
  | { readonly kind: 'sent'; readonly progress: Progress }
  | {
      readonly kind: 'held';
      readonly held: Held;
      readonly wakes: readonly EpochS[];
      /** It is sure to be held before this instant; absent: now only. */
      readonly untilS?: number;
    }
  | { readonly kind: 'pointless'; readonly wakes: readonly EpochS[] };

/** Purposes of what changes nothing that a station may draw. */
const asking: ReadonlySet<Step['purpose']> = new Set(['read', 'check', 'request']);

function attempt(
  turn: Turn,
  progress: Progress,
  view: StationView,
  step: Step,
  pass: 'lower' | 'raise',
): Tried {
  const { station, belief } = view;
  if (asking.has(step.purpose)) {
    return {
      kind: 'sent',
      progress: sent(turn, progress, view, { step, ledger: progress.ledger, raisesNothing: false }),
    };
  }
  const heldAs = (reason: Held['reason'], refusal?: Refusal): Extract<Tried, { kind: 'held' }> => ({
    kind: 'held',
    held: {
      stationId: station.id,
      evseId: step.evseId,
      reason,
      ...(refusal === undefined ? {} : { refusal }),
    },
    wakes: refusal === undefined ? [] : wakesFor(refusal),
  });
  const question = questionOf(turn, progress, view, step);
  const known = question && knownRefusalOf(question);
  if (known !== undefined) return { ...heldAs('not-admitted', known.refusal), untilS: known.untilS };
  if (isPointless(turn, progress, view, step)) {
    return { kind: 'pointless', wakes: belief.strays.map(({ untilS }) => untilS) };
  }
  const proposal = proposalOf(turn, progress, view, step.command);
  const whole = admit(turn.site, progress.ledger, turn.limits, proposal);
  if (whole.ok && isWanted(turn, view, step, whole.value, pass)) {
    const mayWait = step.purpose === 'plan' && whole.value.raises;
    if (mayWait && isFullOfRaises(progress.dispatch, turn.now))
      return { ...heldAs('in-flight'), wakes: [wakeAfterRaises(turn.now)] };
    return { kind: 'sent', progress: sent(turn, progress, view, leaving(step, whole.value)) };
  }
  if (whole.ok) return pass === 'raise' ? heldAs('write-budget') : { kind: 'pointless', wakes: [] };
  if (step.purpose === 'plan' && pass === 'raise') {
    const cut = cutStep(turn, progress, view, step);
    // What may be there already and would not drive out anything else is not sent again and again.
    if (cut !== undefined && isPointless(turn, progress, view, cut)) {
      const waiting = heldAs('not-admitted', whole.problem);
      return { ...waiting, wakes: [...waiting.wakes, ...belief.strays.map(({ untilS }) => untilS)] };
    }
    const part =
      cut && admit(turn.site, progress.ledger, turn.limits, proposalOf(turn, progress, view, cut.command));
    if (cut !== undefined && part?.ok === true && isWanted(turn, view, cut, part.value, pass)) {
      const after = sent(turn, progress, view, leaving(cut, part.value));
      const waits: Held = {
        stationId: station.id,
        evseId: step.evseId,
        reason: 'not-admitted',
        refusal: whole.problem,
      };
      return { kind: 'sent', progress: { ...after, held: [...after.held, waits] } };
    }
    if (question !== undefined && cut === undefined) rememberRefusal(question, whole.problem);
  }
  return heldAs('not-admitted', whole.problem);
}

/** Whether the acceptance of a step would tell nothing; that of a floor which was accepted and is not there does. */
function isPointless(turn: Turn, { ledger }: Progress, view: StationView, step: Step): boolean {
  const { station, state, belief } = view;
  if (step.purpose === 'floor' && state.missing?.includes(step.evseId) === true) return false;
  const context = contextOf(turn.site, station, ledger.policy);
  return !wouldSettle(context, belief, step.command, { at: turn.now, link: state.link });
}

/** What the admission of a plan is worked out from; undefined for any other step. */
function questionOf(
  turn: Turn,
  progress: Progress,
  { station }: StationView,
  { purpose, command }: Step,
): AdmissionQuestion | undefined {
  if (purpose !== 'plan' || command.kind !== 'set-profile') return undefined;
  const { site, limits, now } = turn;
  return { site, ledger: progress.ledger, limits, station, profile: command.profile, now };
}

/** Whether an admitted step may leave in this pass, the write budget included. */
function isWanted(
  turn: Turn,
  view: StationView,
  step: Step,
  admission: Admission,
  pass: 'lower' | 'raise',
): boolean {
  if (!admission.raises) return true;
  return pass === 'raise' && (step.purpose !== 'plan' || withinBudget(turn, view, step));
}

function withinBudget(turn: Turn, { state }: StationView, step: Step): boolean {
  const today = dayOf(turn.now);
  const writes = state.writes.day === today ? (state.writes.byEvse[String(step.evseId)] ?? 0) : 0;
  return writes < turn.dispatch.policy.writesPerDayMax;
}

function dayOf(at: EpochS): number {
  return Math.floor(at / 86_400);
}

/** When a refused command may be admitted although nothing is heard: the overload ends by itself. */
function wakesFor(refusal: Refusal): readonly EpochS[] {
  const until = refusal.kind === 'over-limit' ? refusal.violation.until : undefined;
  return until === undefined ? [] : [until];
}

function messageIdOf(dispatch: Dispatch): string {
  return `vh-${dispatch.messages + 1}`;
}

function proposalOf(
  turn: Turn,
  progress: Progress,
  { station, state }: StationView,
  command: StationCommand,
): Proposal {
  const messageId = messageIdOf(progress.dispatch);
  return { stationId: station.id, messageId, command, link: state.link, at: turn.now };
}

/** A step that leaves, and what the ledger holds possible with it. */
interface Leaving {
  readonly step: Step;
  readonly ledger: Ledger;
  readonly raisesNothing: boolean;
}

function leaving(step: Step, { ledger, raises }: Admission): Leaving {
  return { step, ledger, raisesNothing: !raises };
}

/** The turn with a call on its way. */
function sent(turn: Turn, progress: Progress, view: StationView, what: Leaving): Progress {
  const { station } = view;
  const { step, ledger, raisesNothing } = what;
  const { state } = view;
  const { owed = [] } = state;
  const stillOwed = step.purpose === 'plan' ? owed.filter((id) => id !== step.evseId) : owed;
  const messageId = messageIdOf(progress.dispatch);
  const { policy } = progress.dispatch;
  const next = stationWith(state, {
    lapsed: isSameWrite(step.command, state.lapsed?.command) ? state.lapsed : undefined,
    pending: {
      messageId,
      command: step.command,
      ...(raisesNothing ? { raisesNothing } : {}),
      sentAt: turn.now,
      deadline: deadlineOf(policy, state, step.command, turn.now),
      waitsFor: 'answer',
      reported: [],
    },
    owed: stillOwed.length === 0 ? undefined : stillOwed,
    requests: state.requests.filter((one) => one !== step.command),
    writes: step.purpose === 'plan' ? counted(state, step.evseId, dayOf(turn.now)) : state.writes,
  });
  return {
    ...progress,
    ledger,
    dispatch: withStation(
      { ...progress.dispatch, messages: progress.dispatch.messages + 1 },
      station.id,
      next,
    ),
    calls: [...progress.calls, { stationId: station.id, messageId, command: step.command }],
  };
}

function counted({ writes }: StationDispatch, evseId: number, day: number): StationDispatch['writes'] {
  const byEvse = writes.day === day ? writes.byEvse : {};
  return { day, byEvse: { ...byEvse, [String(evseId)]: (byEvse[String(evseId)] ?? 0) + 1 } };
}

/** The plan cut to what may be had, where that lowers anything which others may wait for. */
function cutStep(turn: Turn, progress: Progress, view: StationView, step: Step): Step | undefined {
  const { station } = view;
  const evse = station.evses.find(({ id }) => id === step.evseId);
  if (evse === undefined || step.command.kind !== 'set-profile') return undefined;
  const wanted: InstalledProfile = { evseId: step.evseId, profile: step.command.profile };
  // Room is never below what may be drawn already: a plan that lowers nothing lowers nothing when it is cut.
  if (isRaiseOnly(view, wanted)) return undefined;
  const most = headroomOf({
    site: turn.site,
    ledger: progress.ledger,
    limits: turn.limits,
    stationId: station.id,
    evseId: step.evseId,
  });
  const room = writtenRoom(station, evse, most, turn.site.voltage);
  const cut = cutPlan(station, evse, wanted, room, turn.now);
  if (cut === undefined) return undefined;
  const lowers = lowersAny(view, cut);
  if (!lowers) return undefined;
  return { ...step, command: { kind: 'set-profile', evseId: cut.evseId, profile: cut.profile } };
}

/** Whether a plan is below anything that may be installed in its place. */
function lowersAny({ station, belief, now }: StationView, plan: InstalledProfile): boolean {
  return belief.candidates.some(({ installed }) =>
    installed.some(
      (present) =>
        present.evseId === plan.evseId &&
        present.profile.id === plan.profile.id &&
        !isSameEntry(present, plan) &&
        lowersPlan(station, present, plan, now),
    ),
  );
}

function isRaiseOnly(view: StationView, plan: InstalledProfile): boolean {
  if (isKnownRaise(view, plan)) return true;
  if (lowersAny(view, plan)) return false;
  rememberRaise(view, plan);
  return true;
}
