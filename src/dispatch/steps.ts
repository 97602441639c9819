/** What a station lacks, in the order in which it may be had. @module */
import type { Station } from '#domain/site';
import { epochS, later, type EpochS } from '#domain/units';
import type { InstalledProfile } from '#ocpp/profile';
import type { StationCommand } from '#ocpp/station-message';
import type { Belief } from '#safety/belief';
import { clearedBesideFloors, clearPlans, isCleared, isInstalled, isSet } from '#safety/candidate';
import { flooredAt, isUnknown, knownOf, standsNoHigher } from '#safety/takeover';
import { isSilent, stationWith, type DispatchPolicy, type StationDispatch } from './dispatch-state.ts';
import { isInUse, isMissing } from './floor-check.ts';
import { compositeAheadS, deafAfter, refusalRestS, refusalsMax } from './limits.ts';
import { differenceOf, halfSpentAt, madeAt, type Difference } from './plan-profile.ts';
import { refusalKey } from './refusals.ts';
import type { Held, WantedStation } from './turn.ts';

/** One command that would bring a station nearer to what is wanted. */
export interface Step {
  readonly command: StationCommand;
  readonly evseId: number;
  /** `plan` may be cut, waits for floors and counts against the write budget; `check` is a read for which everything else goes first. */
  readonly purpose: 'read' | 'check' | 'clear' | 'floor' | 'plan' | 'request';
}

/** What a station lacks. */
export interface Lack {
  readonly steps: readonly Step[];
  /** Where there is no step what is held falls due. */
  readonly held: readonly Held[];
  /** Something falls due at this instant. */
  readonly dueAt?: EpochS;
  /** The same is lacking before this instant where nothing else changes; absent: for ever. */
  readonly untilS?: number;
}

/** What is known of a station when its next step is chosen. */
export interface StationView {
  readonly station: Station;
  readonly state: StationDispatch;
  readonly belief: Belief;
  readonly wanted: WantedStation;
  readonly policy: DispatchPolicy;
  readonly now: EpochS;
  /** Number of the next message; makes the id of a report. */
  readonly messages: number;
}

/** The steps that a station lacks, what it refuses left out until it has rested. */
export function lackOf(view: StationView): Lack {
  const { state, now } = view;
  const againAt = restedAt(state);
  if (againAt === undefined) return openLackOf(view);
  if (againAt <= now) return openLackOf({ ...view, state: stationWith(state, { refused: {} }) });
  return dueBy(openLackOf(view), againAt);
}

/** What is lacking, looked at again at an instant. */
function dueBy(lack: Lack, at: EpochS): Lack {
  return {
    ...lack,
    dueAt: epochS(Math.min(at, lack.dueAt ?? Infinity)),
    untilS: Math.min(at, lack.untilS ?? Infinity),
  };
}

/** When a station is tried again with what it refused too often; undefined where nothing rests. */
function restedAt({ refused, refusedAt }: StationDispatch): EpochS | undefined {
  if (refusedAt === undefined) return undefined;
  return Object.values(refused).some((times) => times >= refusalsMax)
    ? later(refusedAt, refusalRestS)
    : undefined;
}

/** When a station that counts as deaf is asked something: it is planned for again when it answers. One that has only refused rests before. */
function askedAt(state: StationDispatch, now: EpochS): EpochS | undefined {
  if (state.failures < deafAfter) return undefined;
  return isSilent(state) ? now : later(state.notBefore, refusalRestS);
}

function openLackOf(view: StationView): Lack {
  const { station, state, belief } = view;
  if (isUnknown(belief)) return takeoverOf(view);
  if (state.unread.length > 0) return { steps: readSteps(view), held: [] };
  const question = questionSteps(view);
  if (question.length > 0) return { steps: question, held: [] };
  const requests = requestSteps(view);
  const floors = floorSteps(view);
  if (floors.length > 0) {
    const waiting = view.wanted.plans.map(({ evseId }): Held => ({
      stationId: station.id,
      evseId,
      reason: 'floors-first',
    }));
    return { steps: [...floors, ...requests], held: waiting };
  }
  const plans = planSteps(view);
  const steps = [...plans.steps, ...foreignSteps(view), ...requests];
  const at = steps.length > 0 ? undefined : askedAt(state, view.now);
  if (at !== undefined && at <= view.now) return { ...plans, steps: readSteps(view) };
  const lack = { ...plans, steps: [...steps, ...checkSteps(view)] };
  return at === undefined ? lack : dueBy(lack, at);
}

function readSteps(view: StationView): readonly Step[] {
  const first = view.state.unread[0] ?? 1;
  return [{ command: readOf(view, first), evseId: first, purpose: 'read' }];
}

function readOf({ station, messages }: StationView, evseId: number): StationCommand {
  return station.version === '1.6'
    ? { kind: 'read-composite', evseId, durationS: compositeAheadS, unit: station.capability.rateUnit }
    : { kind: 'read-profiles', requestId: messages + 1 };
}

/** A read of a station of which some floor is to be seen. What 1.6 reports in a transaction says nothing of the floor below. */
function checkSteps(view: StationView): readonly Step[] {
  const { station, state, belief } = view;
  return (state.unseen ?? [])
    .filter((evseId) => station.version !== '1.6' || !isInUse(belief, evseId))
    .slice(0, 1)
    .map((evseId) => ({ command: readOf(view, evseId), evseId, purpose: 'check' }));
}

function setStep(entry: InstalledProfile, purpose: 'floor' | 'plan'): Step {
  return {
    command: { kind: 'set-profile', evseId: entry.evseId, profile: entry.profile },
    evseId: entry.evseId,
    purpose,
  };
}

function isRefused(state: StationDispatch, step: Step): boolean {
  if (Object.keys(state.refused).length === 0) return false;
  return (state.refused[refusalKey(step.command)] ?? 0) >= refusalsMax;
}

/**
 * How a station comes to be known of which nobody knows what it holds, and nothing rises on the way. A 2.x station reports
 * it. One that cannot is rid of its plans, says what it allows then, gets its floors in their places, no higher than that,
 * and is rid of everything else. While calls of a process before this one may still arrive, none of that is for certain:
 * only what lowers is set, and it is found out anew afterwards.
 */
function takeoverOf(view: StationView): Lack {
  const { station, state, belief } = view;
  const reports = station.version !== '1.6';
  if (reports && state.unread.length > 0) return { steps: readSteps(view), held: [] };
  const found = belief.strangersUntilS === undefined ? [] : knownOf(belief);
  const plansGo = found.length === 0 ? clearSteps(view, [clearPlans]) : [];
  if (plansGo.length > 0) return { steps: plansGo, held: [] };
  const question = questionSteps(view);
  if (question.length > 0) return { steps: question, held: [] };
  if (state.unread.length > 0) return { steps: readSteps(view), held: [] };
  const requests = requestSteps(view);
  const floors =
    found.length === 0
      ? lowFloorSteps(view)
      : floorSteps({ ...view, belief: { ...belief, candidates: found } });
  if (floors.length > 0) return { steps: [...floors, ...requests], held: [] };
  if (belief.strangersUntilS !== undefined) return { steps: requests, held: [] };
  return { steps: [...clearSteps(view, clearedBesideFloors(station)), ...requests], held: [] };
}

/** The first of some clearings that an unknown station lacks. A station that will not be rid of its plans is not asked for more. */
function clearSteps(view: StationView, clearings: readonly (typeof clearPlans)[]): readonly Step[] {
  const { state, belief } = view;
  if (isRefused(state, clearStep(clearPlans))) return [];
  return clearings
    .filter((one) => !belief.candidates.every((candidate) => isCleared(candidate, one)))
    .map(clearStep)
    .filter((step) => !isRefused(state, step))
    .slice(0, 1);
}

function clearStep(command: typeof clearPlans): Step {
  return { command, evseId: 0, purpose: 'clear' };
}

/** What a station takes is known before it is written to; one that does not answer is not waited for. */
function questionSteps({ state }: StationView): readonly Step[] {
  const question = state.requests.find(({ kind }) => kind === 'read-capability');
  if (question === undefined || state.failures > 0) return [];
  return [{ command: question, evseId: 0, purpose: 'request' }];
}

function requestSteps({ state }: StationView): readonly Step[] {
  return state.requests.map((command): Step => ({ command, evseId: 0, purpose: 'request' }));
}

/**
 * The floors of the EVSEs of an unknown station, none above what the station says that it allows, or than a floor that was
 * set before: that may be a raise, which waits for room that is there when the station is known. Where another controller
 * has the place and the floor is refused, that goes first.
 */
function lowFloorSteps({ state, belief, wanted }: StationView): readonly Step[] {
  return wanted.floors
    .filter(({ profile }) => profile.purpose === 'TxDefaultProfile')
    .map((floor) => flooredAt(belief, floor))
    .filter((floor) => !standsNoHigher(belief, floor))
    .map((floor) => {
      const step = setStep(floor, 'floor');
      if (!isRefused(state, step)) return step;
      const { evseId, profile } = floor;
      const { purpose, stackLevel } = profile;
      return clearStep({ kind: 'clear-profile', evseId, purpose, stackLevel });
    })
    .filter((step) => !isRefused(state, step));
}

/** Floors that may be missing; one that was set at a station which may hold others beside it is not set again. */
function floorSteps({ state, belief, wanted }: StationView): readonly Step[] {
  return wanted.floors
    .filter((floor) => !isSet(belief, floor) || isMissing(state, floor))
    .map((floor) => setStep(floor, 'floor'))
    .filter((step) => !isRefused(state, step));
}

/** Profiles that may be installed and are nobody's: of another controller, or of a floor that is gone. */
function foreignSteps({ belief, wanted }: StationView): readonly Step[] {
  const isOurs = (id: number): boolean =>
    wanted.floors.some(({ profile }) => profile.id === id) ||
    wanted.plans.some(({ profile }) => profile.id === id);
  const ids = new Set<number>();
  for (const { installed } of belief.candidates) {
    for (const { profile } of installed) {
      const lasts = profile.purpose === 'TxDefaultProfile' || profile.purpose === 'ChargingStationMaxProfile';
      if (lasts && !isOurs(profile.id)) ids.add(profile.id);
    }
  }
  return Array.from(ids, (profileId) => ({
    command: { kind: 'clear-profile', profileId },
    evseId: 0,
    purpose: 'clear',
  }));
}

function planSteps(view: StationView): Lack {
  const { station, state, belief, wanted } = view;
  const steps: Step[] = [];
  const held: Held[] = [];
  let dueAt: EpochS | undefined;
  let untilS = Infinity;
  for (const plan of wanted.plans) {
    if (isInstalled(belief, plan)) continue;
    if (state.owed?.includes(plan.evseId) !== true) {
      const renewal = renewalOf(view, plan);
      untilS = Math.min(untilS, renewal.untilS);
      if (renewal.at !== undefined) {
        if (dueAt === undefined || renewal.at < dueAt) dueAt = renewal.at;
        continue;
      }
    }
    const step = setStep(plan, 'plan');
    if (isRefused(state, step)) held.push({ stationId: station.id, evseId: plan.evseId, reason: 'refused' });
    else steps.push(step);
  }
  return { steps, held, untilS, ...(dueAt === undefined ? {} : { dueAt }) };
}

/** When a plan is to be renewed, and how long that is sure. */
interface Renewal {
  /** Absent: now. */
  readonly at?: EpochS;
  readonly untilS: number;
}

/**
 * A plan that says the same as the one installed is to be renewed when half of the lease is spent; one that is known to
 * differ by later raises only, before the first of them; at once where the station may hold anything else.
 */
function renewalOf({ station, belief, policy, now }: StationView, plan: InstalledProfile): Renewal {
  let first = Infinity;
  for (const { installed } of belief.candidates) {
    const present = installed.find(
      (entry) => entry.evseId === plan.evseId && entry.profile.id === plan.profile.id,
    );
    if (present === undefined) return { untilS: Infinity };
    const difference = differenceOf(station, present, plan, now);
    if (difference !== undefined) {
      const at = belief.candidates.length > 1 ? now : lateRaiseAt(policy, present, difference);
      if (at <= now) return { untilS: difference.untilS };
      first = Math.min(first, at);
    }
    first = Math.min(first, halfSpentAt(present.profile) ?? Infinity);
  }
  return first === Infinity || first <= now ? { untilS: Infinity } : { at: epochS(first), untilS: first };
}

/**
 * When raises leave of which none is near. The next plan may want others: so they wait, but not for longer than a plan
 * may be older than the last one, which a station follows that is cut off by then.
 */
function lateRaiseAt(
  { raiseAheadS }: DispatchPolicy,
  present: InstalledProfile,
  { raisesFromS }: Difference,
): number {
  if (raiseAheadS === undefined || raisesFromS === undefined) return -Infinity;
  return Math.min(raisesFromS - raiseAheadS, madeAt(present.profile) + raiseAheadS);
}
