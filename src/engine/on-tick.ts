/** What time brings: deadlines, intervals, a new plan where one is wanted, and the next turn of dispatch. @module */
import { evseKey } from '#domain/site';
import { alignDown } from '#domain/time-grid';
import { epochS, later, type EpochS } from '#domain/units';
import { isSilent, withRequest } from '#dispatch/dispatch-state';
import { dispatchTurn } from '#dispatch/dispatch';
import { withFloorChecks } from '#dispatch/floor-check';
import type { Wanted, WantedStation } from '#dispatch/turn';
import type { InstalledProfile } from '#ocpp/profile';
import { callOf } from '#ocpp/wire-message';
import { violationsOf } from '#safety/admission';
import { observeLink } from '#witness/witness';
import { nextWakeUp, wakeUps } from './asleep.ts';
import { noteSilence } from './capability.ts';
import {
  clearAlarm,
  evseState,
  inTurn,
  publish,
  raiseAlarm,
  sorted,
  staleBy,
  stationState,
  withEvse,
  type Change,
} from './change.ts';
import { duesOf } from './due.ts';
import type { Effect } from './effect.ts';
import { deafStations } from './fleet.ts';
import { warmStartFrom } from './limiting-sets.ts';
import { placesOfSite } from './places.ts';
import { floorAlarms, withFittingFloors } from './hardship.ts';
import { keptPlanOf } from './keep.ts';
import { closeIntervals } from './metering.ts';
import { dropOldPlans, floorProfilesOf, stationIdOf, withRests } from './plan.ts';
import { draftOf } from './problem.ts';
import { askFleet, senses } from './senses.ts';
import { rollCalls } from './roll-call.ts';
import { nextSilence, silentMeters } from './silent-meter.ts';
import { freshSupply } from './start.ts';
import { squeezeDueAt, withFittingPlans } from './squeeze.ts';
import { stateWith, type State, type Trigger, type WantedPlan } from './state.ts';
import { nextLimitChange } from './supply.ts';
import { forgetOldVisits, neededWh } from './visits.ts';

/** Everything that is due now. */
export function onTick(state: State): Change {
  return inTurn(state, [
    closeIntervals,
    onInterval,
    (s) => [onLimitChange(s), []],
    floorAlarms,
    senses,
    lossAlarms,
    fences,
    (s) => [rollCalls(s), []],
    silentMeters,
    wakeUps,
    (s) => [withRests(dropOldPlans(s)), []],
    askForPlan,
    (s) => [withFittingPlans(s), []],
    dispatch,
    wake,
  ]);
}

/** True where a tick would do something now. */
export function wantsTick(state: State, now: EpochS): boolean {
  return (
    state.restless ||
    state.supplyStale ||
    (solveDueAt(state) ?? Infinity) <= now ||
    state.nextIntervalAt <= now ||
    (state.wakeAt ?? Infinity) <= now
  );
}

/** Triggers that a plan may wait for more of: what chargers hold goes on meanwhile. */
const patient: readonly Trigger[] = ['start', 'station-back', 'station-lost'];

/** When the solver is to be asked; undefined where the plan is fresh or somebody is at it. */
function solveDueAt(state: State): EpochS | undefined {
  if (state.stale.length === 0 || state.solving !== undefined) return undefined;
  const isPatient = state.stale.every((trigger) => patient.includes(trigger));
  return isPatient ? later(state.staleSince, state.policy.settleS) : state.now;
}

/** A new interval makes the plan stale, asks again whom nobody has answered, and looks after floors. */
function onInterval(state: State): Change {
  if (state.nextIntervalAt > state.now) return [state, []];
  const { intervalS } = state.policy;
  const next = stateWith(state, {
    supplyStale: true,
    restless: true,
    dispatch: withFloorChecks(state),
    nextIntervalAt: later(alignDown(state.now, intervalS), intervalS),
  });
  return askFleet(staleBy(forgetOldVisits(next), 'interval'));
}

/** Limits that begin or end now, and loads that were heard of. */
function onLimitChange(state: State): State {
  const limits = state.limits.filter((l) => l.untilS === undefined || l.untilS > state.now);
  const hasEnded = limits.length < state.limits.length;
  const hasBegun = limits.some((l) => l.fromS > state.limitsSeenAt && l.fromS <= state.now);
  if (!state.supplyStale && !hasEnded && !hasBegun) return withFittingFloors(state, false);
  const fresh = stateWith(state, {
    limits,
    limitsSeenAt: state.now,
    supplyStale: false,
    restless: true,
  });
  const supplied = withFittingFloors(stateWith(fresh, { supply: freshSupply(fresh, state.now) }), true);
  return hasEnded || hasBegun ? staleBy(supplied, 'limit') : supplied;
}

/** Stations that have been silent for too long. */
function lossAlarms(state: State): Change {
  const lost = duesOf(state).down.filter(
    ({ stationId, since }) =>
      since + state.policy.commsLossAfterS <= state.now &&
      state.alarms[`comms-loss ${stationId}`] === undefined,
  );
  return inTurn(
    state,
    lost.map(({ stationId, since }) => (s: State): Change => {
      const finding = observeLink(s.witness, { stationId, at: since, up: false });
      const [next, effects] = raiseAlarm(
        { ...s, witness: finding.state },
        { kind: 'comms-loss', key: stationId, facts: { since } },
      );
      return [next, [...finding.verdicts.map((v) => publish('verdict', v)), ...effects]];
    }),
  );
}

/** Seconds that each step of a fence has to work. */
function fenceStepS(state: State): number {
  return 2 * state.policy.sampleIntervalS + state.policy.callTimeoutS;
}

/** Caught chargers: where the site is still not safe after a step of the fence, the next one. */
function fences(state: State): Change {
  const stepS = fenceStepS(state);
  if (!duesOf(state).fencedSince.some((since) => since + stepS <= state.now)) return [state, []];
  const caught = placesOfSite(state.site).flatMap(({ ref }) => {
    const { fence } = evseState(state, ref) ?? {};
    return fence === undefined || fence.step === 'hands' || fence.since + stepS > state.now
      ? []
      : [{ ref, fence }];
  });
  if (caught.length === 0) return [state, []];
  if (violationsOf(state.site, state.ledger, state.supply, state.now).length === 0) return [state, []];
  return inTurn(
    state,
    caught.map(({ ref, fence }) => (s: State): Change => {
      const evse = evseState(s, ref);
      if (evse === undefined) return [s, []];
      const step = fence.step === 'lower' ? 'stop' : 'hands';
      const next = withEvse(s, ref, { ...evse, fence: { step, since: s.now } });
      const key = evseKey(ref);
      if (step === 'hands' || evse.transaction === undefined)
        return raiseAlarm(next, {
          kind: 'needs-hands',
          key,
          facts: { why: 'does not obey, cannot be stopped' },
        });
      const asked = withRequest(next.dispatch, ref.stationId, {
        kind: 'remote-stop',
        transactionId: evse.transaction.id,
      });
      return [{ ...next, dispatch: asked, restless: true }, []];
    }),
  );
}

/** Asks the solver where the plan is stale and nobody is at it. */
function askForPlan(state: State): Change {
  if ((solveDueAt(state) ?? Infinity) > state.now) return [state, []];
  const draft = draftOf(state);
  if (draft === undefined) return [stateWith(state, { stale: [] }), []];
  const requestId = state.requestCount + 1;
  const kept = keptPlanOf({
    problem: draft.problem,
    sessions: draft.sessions,
    goneH: (state.now - draft.grid.startS) / 3600,
  });
  const next = stateWith(state, {
    stale: [],
    requestCount: requestId,
    counts: { ...state.counts, solves: state.counts.solves + 1 },
    solving: {
      requestId,
      askedAt: state.now,
      grid: draft.grid,
      triggers: state.stale,
      sessions: draft.sessions,
      ...(kept === undefined ? {} : { kept }),
    },
  });
  const warm = warmStartFrom(state.limiting);
  const { problem } = draft;
  return [next, [{ kind: 'solve', requestId, problem, ...(warm === undefined ? {} : { warm }) }]];
}

/** The wanted plans of one station and their profiles, in the order of their keys. */
interface StationPlans {
  readonly plans: readonly WantedPlan[];
  readonly profiles: readonly InstalledProfile[];
}

const knownPlans = new WeakMap<State['wanted'], ReadonlyMap<string, StationPlans>>();
const noProfiles: readonly InstalledProfile[] = [];

/** The wanted plans of each station. */
function plansByStation(wanted: State['wanted']): ReadonlyMap<string, StationPlans> {
  const known = knownPlans.get(wanted);
  if (known !== undefined) return known;
  const lists = new Map<string, WantedPlan[]>();
  for (const [key, plan] of sorted(wanted)) {
    const stationId = stationIdOf(key);
    const own = lists.get(stationId);
    if (own === undefined) lists.set(stationId, [plan]);
    else own.push(plan);
  }
  const fresh = new Map<string, StationPlans>();
  for (const [id, plans] of lists) fresh.set(id, { plans, profiles: plans.map(({ profile }) => profile) });
  knownPlans.set(wanted, fresh);
  return fresh;
}

/** What every station shall hold, and what it was worked out from. */
interface KnownWanted extends Pick<State, 'wanted' | 'floors' | 'makes' | 'stations'> {
  readonly result: Wanted;
}

const lastWanted = new WeakMap<State['site'], KnownWanted>();

/** What every station shall hold; the very same object where nothing that it depends on is another one. */
function wantedStations(state: State): Wanted {
  const { site, wanted, floors, makes, stations } = state;
  const before = lastWanted.get(site);
  const isSame =
    before !== undefined &&
    before.wanted === wanted &&
    before.floors === floors &&
    before.makes === makes &&
    haveSameMakes(before.stations, stations);
  const result = isSame ? before.result : freshWanted(state, before?.result);
  lastWanted.set(site, { wanted, floors, makes, stations, result });
  return result;
}

/** True where all stations have said to be of the makes that they were of. */
function haveSameMakes(before: State['stations'], { values }: State['stations']): boolean {
  return before.values === values || values.every((one, i) => one.make === before.values[i]?.make);
}

function freshWanted(state: State, before: Wanted | undefined): Wanted {
  const plans = plansByStation(state.wanted);
  const wanted: Record<string, WantedStation> = {};
  for (const station of state.site.stations) {
    const known = before?.[station.id];
    const floors = floorProfilesOf(state, station);
    const { profiles = noProfiles } = plans.get(station.id) ?? {};
    const isSame = known?.floors === floors && isSameList(known.plans, profiles);
    wanted[station.id] = isSame ? known : { floors, plans: profiles };
  }
  return wanted;
}

function isSameList(a: readonly InstalledProfile[], b: readonly InstalledProfile[]): boolean {
  return a === b || (a.length === b.length && a.every((entry, i) => entry === b[i]));
}

/** Who is raised first: the station whose vehicles can wait the least. */
function rankOf(state: State, stationId: string): number {
  const { plans = [] } = plansByStation(state.wanted).get(stationId) ?? {};
  return plans.reduce<number>((least, plan) => Math.min(least, slackOf(state, plan.visitId)), 1e9);
}

/** Seconds that a vehicle can wait and still leave full. */
function slackOf(state: State, visitId: string | undefined): number {
  const visit = state.visits[visitId ?? ''];
  if (visit === undefined) return 1e9;
  return Math.round(visit.visit.departsAt - state.now - (neededWh(visit) / visit.visit.maxW) * 3600);
}

/** One turn of dispatch. */
function dispatch(state: State): Change {
  const isDue = (state.dispatchAt ?? Infinity) <= state.now;
  if (!state.restless && !isDue) return [state, []];
  const outcome = dispatchTurn({
    site: state.site,
    ledger: state.ledger,
    dispatch: state.dispatch,
    limits: state.supply,
    wanted: wantedStations(state),
    rankOf: (stationId) => rankOf(state, stationId),
    now: state.now,
  });
  const effects = outcome.calls.flatMap((call): readonly Effect[] => {
    const { version } = stationState(state, call.stationId);
    const { stationId, messageId, command } = call;
    return [
      publish('command', { at: state.now, stationId, messageId, command }),
      { kind: 'send', message: { kind: 'call', stationId, messageId, ...callOf(version, command) } },
    ];
  });
  const next = stateWith(state, {
    ledger: outcome.ledger,
    dispatch: outcome.dispatch,
    restless: false,
    counts: { ...state.counts, commands: state.counts.commands + outcome.calls.length },
  });
  const [heard, alarms] = inTurn(withDispatchWake(next, outcome.wakeAt), [
    tellSilent,
    (s) => askAgain(state, s),
  ]);
  return [heard, [...effects, ...alarms]];
}

/** Stations whose question about their capability was given up in this turn are asked again, a few times. */
function askAgain(before: State, state: State): Change {
  if (before.dispatch.stations === state.dispatch.stations) return [state, []];
  const { ids, values } = state.dispatch.stations;
  const silent = ids.filter((_, i) => {
    const was = before.dispatch.stations.values[i];
    if (was === values[i] || was?.pending?.command.kind !== 'read-capability') return false;
    return values[i]?.lapsed?.messageId === was.pending.messageId;
  });
  return inTurn(
    state,
    silent.map((id) => (s: State) => noteSilence(s, id)),
  );
}

/**
 * Stations that have stopped to answer, so that the others are planned for anew, or begun to, which the next interval plans for:
 * where answers come late that goes to and fro, and each new plan is one more write. One that refuses has answered.
 */
function tellSilent(state: State): Change {
  const deaf = deafStations(state);
  const isTold = (id: string): boolean => state.alarms[`no-answer ${id}`] !== undefined;
  const silent = deaf.filter((id) => {
    const own = state.dispatch.stations.get(id);
    return own !== undefined && isSilent(own) && !isTold(id);
  });
  const heard = sorted(state.alarms).flatMap(([, { kind, key }]) =>
    kind === 'no-answer' && !deaf.includes(key) ? [key] : [],
  );
  return inTurn(state, [
    ...silent.map((key) => (s: State): Change => {
      const lost = staleBy(s, 'station-lost');
      return raiseAlarm(lost, { kind: 'no-answer', key, facts: { counts: 'at what it may draw' } });
    }),
    ...heard.map((key) => (s: State) => clearAlarm(s, 'no-answer', key)),
  ]);
}

function withDispatchWake(state: State, at: EpochS | undefined): State {
  return stateWith(state, { dispatchAt: at });
}

/** Asks to be woken at the next instant at which something is due. */
function wake(state: State): Change {
  const { down, fencedSince, rollCalls: calls } = duesOf(state);
  const silent = down
    .filter(({ stationId }) => state.alarms[`comms-loss ${stationId}`] === undefined)
    .map(({ since }) => since + state.policy.commsLossAfterS);
  const fenced = fencedSince.map((since) => since + fenceStepS(state));
  const instants = [
    state.nextIntervalAt,
    nextLimitChange(state.limits, state.now),
    state.dispatchAt,
    solveDueAt(state),
    squeezeDueAt(state),
    nextSilence(state),
    nextWakeUp(state),
    ...silent,
    ...fenced,
    ...calls.map(({ at }) => at),
  ].filter((at) => at !== undefined && at > state.now);
  const at = epochS(Math.min(...instants.map(Number)));
  if (at === state.wakeAt) return [state, []];
  return [stateWith(state, { wakeAt: at }), [{ kind: 'wake', at }]];
}
