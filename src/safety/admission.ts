/**
 * Admission: a command leaves only if whatever becomes of it, no circuit is asked for more than it carries.
 *
 *     for every circuit n, phase p, instant t >= now:
 *     sum over EVSEs under n of exposure(evse, p, t) + uncontrolled(n, p, t) <= limit(n, p, t)          (S)
 *
 * Where (S) does not hold already (a limit has dropped, a station is not known yet) a command may leave as long as it
 * raises nothing there. To a station that is not known itself, and counts with its hardware, only what raises nothing
 * whatever it holds (`takeover.ts`). A station that was found out goes on to count with its hardware for its reaction time:
 * what raises it above what it was found to hold is a raise all the same.
 * @module
 */
import { fail, ok, type Result } from '#domain/result';
import type { Site, Station } from '#domain/site';
import { combineTwo, constant, pieceAt, valueAt, type StepFunction } from '#domain/step-function';
import type { EpochS } from '#domain/units';
import type { ChargingProfile } from '#ocpp/profile';
import type { StationCommand } from '#ocpp/station-message';
import { beliefOfAdmitted } from './belief-after.ts';
import { circuitTree, dimensions, roomOf, type Dimension } from './circuits.ts';
import type { SiteLimits, Violation } from './circuit-limits.ts';
import {
  contextOf,
  skewOf,
  standsStill,
  stationExposureOf,
  type ExposureContext,
  type StationExposure,
} from './exposure.ts';
import type { Belief } from './belief.ts';
import { beliefOf, stationOf, withBelief, type Ledger } from './ledger.ts';
import { isGuarded } from './ledger-policy.ts';
import { candidatesAdmittedMax, straysMax } from './limits.ts';
import { sweep } from './milli.ts';
import { exposureAsFound, foundExposures, isFoundLately, isUnknown, raisesNothingAtAll } from './takeover.ts';
import { totalsOf } from './totals.ts';

/** A command that the ledger may let go. */
export interface Proposal {
  readonly stationId: string;
  readonly messageId: string;
  readonly command: StationCommand;
  readonly link: number;
  readonly at: EpochS;
}

/** Why a command may not leave. */
export type Refusal =
  | { readonly kind: 'over-limit'; readonly violation: Violation }
  | { readonly kind: 'too-many-states'; readonly states: number }
  | { readonly kind: 'call-open'; readonly messageId: string };

/** A command that may leave. */
export interface Admission {
  /** The ledger that counts the state which the command leads to. */
  readonly ledger: Ledger;
  /** Whether the station may draw more at any instant than it might before. */
  readonly raises: boolean;
}

/** The ledger in which `proposal` is on its way, or why it must not leave. */
export function admit(
  site: Site,
  ledger: Ledger,
  limits: SiteLimits,
  proposal: Proposal,
): Result<Admission, Refusal> {
  const station = stationOf(site, proposal.stationId);
  const before = beliefOf(ledger, proposal.stationId);
  if (before.open !== undefined && isGuarded(ledger.policy, 'oneCall'))
    return fail({ kind: 'call-open', messageId: before.open.messageId });
  const { weighed, change, raised } = effectOf(site, ledger, station, proposal);
  const states = weighed.candidates.length;
  const crowded = states > Math.max(candidatesAdmittedMax, before.candidates.length);
  if (crowded || before.strays.length >= straysMax) return fail({ kind: 'too-many-states', states });
  if (isGuarded(ledger.policy, 'admission')) {
    const violation =
      firstOver(site, ledger, limits, change, raised) ??
      (mayRaiseUnseen(site, ledger, proposal) ? firstAbove(site, ledger, limits, proposal) : undefined);
    if (violation !== undefined) return fail({ kind: 'over-limit', violation });
  }
  const { open } = weighed;
  const isOfNow =
    open?.messageId === proposal.messageId && open.sentAt === proposal.at && open.link === proposal.link;
  const after = isOfNow
    ? weighed
    : beliefOfAdmitted(contextOf(site, station, ledger.policy), before, proposal);
  return ok({ ledger: withBelief(site, ledger, station, after), raises: raised.length > 0 });
}

/** Whether a command may raise what a station really draws, although that is counted with its hardware. */
function mayRaiseUnseen(site: Site, ledger: Ledger, { stationId, command, at }: Proposal): boolean {
  const belief = beliefOf(ledger, stationId);
  if (!isUnknown(belief)) return false;
  const station = stationOf(site, stationId);
  const found = foundExposures(contextOf(site, station, ledger.policy), belief, command);
  if (found !== undefined) {
    const added = addedBy(found.old, found.next);
    if (raisedBy({ station, added, beyond: added, now: at }).length > 0) return true;
  }
  if (found !== undefined && belief.strangersUntilS !== undefined) return false;
  const unknown = belief.candidates.filter(({ known }) => !known);
  return !raisesNothingAtAll(station, unknown, command);
}

/** The first violation of (S) on the circuits that feed a station. */
function firstAbove(
  site: Site,
  ledger: Ledger,
  limits: SiteLimits,
  { stationId, at }: Proposal,
): Violation | undefined {
  const above = circuitTree(site).above(stationOf(site, stationId).circuit);
  return violationsOf(site, ledger, limits, at).find(({ circuit }) => above.includes(circuit));
}

/** A profile that was found to raise its station. */
interface KnownRaise {
  readonly belief: Belief;
  readonly station: Station;
  readonly policy: Ledger['policy'];
  /** Before that instant what it raises is still ahead, whenever it is sent. */
  readonly untilS: number;
}

const raises = new WeakMap<ChargingProfile, KnownRaise>();

/** Whether a command may leave its station with more than before at any instant. */
export function wouldRaise(site: Site, ledger: Ledger, proposal: Proposal): boolean {
  const station = stationOf(site, proposal.stationId);
  const { policy } = ledger;
  const belief = beliefOf(ledger, proposal.stationId);
  const profile = proposal.command.kind === 'set-profile' ? proposal.command.profile : undefined;
  const known = profile && raises.get(profile);
  const isKnown = known?.belief === belief && known.station === station && known.policy === policy;
  if (isKnown && proposal.at < known.untilS) return true;
  const { raised, change } = effectOf(site, ledger, station, proposal);
  if (raised.length > 0 && profile !== undefined && belief.strays.length === 0) {
    // Only the reaction time after the sending depends on when that is.
    const settleS = station.capability.reactionS + 2 * skewOf(station, policy) + 2;
    raises.set(profile, { belief, station, policy, untilS: lastRaise(change, raised) - settleS });
  }
  return raised.length > 0;
}

/** The end of the last span in which a change raises its station. */
function lastRaise(change: Change, raised: readonly Dimension[]): number {
  let last = change.now as number;
  for (const dimension of raised) last = Math.max(last, raisedSpans(change, dimension).at(-1)?.untilS ?? 0);
  return last;
}

/** What a command does to its own station, whatever the others may draw. */
interface CommandEffect {
  /** The belief with the command on its way; as if sent at the instant at which it was weighed first. */
  readonly weighed: Belief;
  readonly change: Change;
  readonly raised: readonly Dimension[];
}

interface KnownEffect extends CommandEffect {
  readonly proposal: Proposal;
  readonly context: ExposureContext;
}

/** The last effect that was worked out for each belief: a turn asks twice for most, and again while they wait. */
const effects = new WeakMap<Belief, KnownEffect>();

function effectOf(site: Site, ledger: Ledger, station: Station, proposal: Proposal): CommandEffect {
  const before = beliefOf(ledger, proposal.stationId);
  const context = contextOf(site, station, ledger.policy);
  const known = effects.get(before);
  if (known !== undefined && isSameQuestion(known, context, proposal)) {
    if (isSameCall(known.proposal, proposal)) return known;
    if (isStillSo(known, before, proposal.at)) {
      const change = { ...known.change, now: proposal.at };
      return { weighed: known.weighed, change, raised: raisedBy(change) };
    }
  }
  const weighed = beliefOfAdmitted(context, before, proposal);
  const old = stationExposureOf(context, before);
  const next = stationExposureOf(context, weighed);
  const added = addedBy(old, next);
  const beyond = isFoundLately(station, before, proposal.at)
    ? addedBy(exposureAsFound(context, before), exposureAsFound(context, weighed))
    : added;
  const change: Change = { station, added, beyond, now: proposal.at };
  const raised = raisedBy(change);
  effects.set(before, { weighed, change, raised, proposal, context });
  return { weighed, change, raised };
}

function isSameQuestion(known: KnownEffect, context: ExposureContext, { command }: Proposal): boolean {
  const { station, voltage, policy } = known.context;
  if (station !== context.station || voltage !== context.voltage || policy !== context.policy) return false;
  const asked = known.proposal.command;
  return (
    asked.kind === 'set-profile' &&
    command.kind === 'set-profile' &&
    asked.evseId === command.evseId &&
    asked.profile === command.profile
  );
}

function isSameCall(a: Proposal, b: Proposal): boolean {
  return a.at === b.at && a.link === b.link && a.messageId === b.messageId;
}

/**
 * Whether a command that is sent at `at` leads to the same exposure from then on as when it was weighed: with both
 * states counted the past only matters as far back as the first weighing, if no limit steps until its reaction is over.
 */
function isStillSo({ context, proposal, weighed }: KnownEffect, before: Belief, at: EpochS): boolean {
  const { station, policy } = context;
  if (at < proposal.at || !isGuarded(policy, 'bothStates')) return false;
  if (isFoundLately(station, before, proposal.at) !== isFoundLately(station, before, at)) return false;
  if (before.strays.some(({ untilS }) => untilS > proposal.at && untilS <= at)) return false;
  const untilS = at + station.capability.reactionS + 1;
  return standsStill(context, weighed, proposal.at, untilS);
}

interface Change {
  readonly station: Station;
  /** What the station may draw more than before, below 0 where less: whole milliamperes or watts. */
  readonly added: Readonly<Record<Dimension, StepFunction>>;
  /** The same beyond what the station really holds: it is raised where this is above 0. */
  readonly beyond: Readonly<Record<Dimension, StepFunction>>;
  readonly now: EpochS;
}

function addedBy(old: StationExposure, next: StationExposure): Change['added'] {
  const added = (a: StepFunction, b: StepFunction): StepFunction =>
    combineTwo(a, b, (before, after) => after - before);
  const [a, b] = [old.phaseMilliA, next.phaseMilliA];
  const first = added(a[0], b[0]);
  return {
    0: first,
    1: a[1] === a[0] && b[1] === b[0] ? first : added(a[1], b[1]),
    2: a[2] === a[0] && b[2] === b[0] ? first : added(a[2], b[2]),
    total: added(old.totalW, next.totalW),
  };
}

/** Where a change raises its station. */
function raisedBy(change: Change): readonly Dimension[] {
  return dimensions.filter((dimension) => isRaised(change, dimension));
}

function isRaised({ beyond, now }: Change, dimension: Dimension): boolean {
  const f = beyond[dimension];
  for (let k = pieceAt(f, now); k < f.value.length; k++) if ((f.value[k] ?? 0) > 0) return true;
  return false;
}

/** The spans from `now` on in which a change raises its station, in order. */
function raisedSpans({ beyond, now }: Change, dimension: Dimension): readonly Span[] {
  const f = beyond[dimension];
  const spans: { readonly fromS: number; untilS: number }[] = [];
  let last: { readonly fromS: number; untilS: number } | undefined;
  const first = pieceAt(f, now);
  for (let k = first; k < f.value.length; k++) {
    if ((f.value[k] ?? 0) <= 0) continue;
    const fromS = k === first ? now : (f.startS[k] ?? now);
    const untilS = f.startS[k + 1] ?? Infinity;
    if (last?.untilS === fromS) last.untilS = untilS;
    else spans.push((last = { fromS, untilS }));
  }
  return spans;
}

/** Seconds since 1970, half open. */
interface Span {
  readonly fromS: number;
  readonly untilS: number;
}

/** The first circuit and instant that the change would overload by raising its station. */
function firstOver(
  site: Site,
  ledger: Ledger,
  limits: SiteLimits,
  change: Change,
  raised: readonly Dimension[],
): Violation | undefined {
  if (raised.length === 0) return undefined;
  const { station, added } = change;
  const totals = totalsOf(site, ledger);
  const spans = raised.map((dimension) => raisedSpans(change, dimension));
  for (const circuit of circuitTree(site).above(station.circuit)) {
    for (let i = 0; i < raised.length; i++) {
      const dimension = raised[i] ?? 'total';
      const room = roomOf(site, limits, circuit, dimension);
      const total = totals[circuit]?.[dimension];
      if (room === undefined || total === undefined) continue;
      let found: Over | undefined;
      for (const { fromS, untilS } of spans[i] ?? []) {
        sweep([total, added[dimension], room], fromS, (start, end, all, more, most) => {
          if (all + more > most)
            found = { at: found?.at ?? start, until: end, exposure: found?.exposure ?? all + more };
          return end < untilS;
        });
      }
      if (found !== undefined) return violationAt(limits, { circuit, on: dimension, room }, found);
    }
  }
  return undefined;
}

interface Over {
  readonly at: number;
  readonly until: number;
  /** Whole milliamperes or watts. */
  readonly exposure: number;
}

function violationAt(
  limits: SiteLimits,
  where: { readonly circuit: string; readonly on: Dimension; readonly room: StepFunction },
  over: Over,
): Violation {
  const { circuit, on, room } = where;
  const at = over.at as EpochS;
  const scale = on === 'total' ? 1 : 1000;
  const own = limits[circuit];
  const limit = valueAt((on === 'total' ? own?.limitW : own?.limitA) ?? constant(Infinity), at);
  const left = valueAt(room, at) / scale;
  const exposure = over.exposure / scale;
  return {
    circuit,
    on,
    at,
    ...(over.until === Infinity ? {} : { until: over.until as EpochS }),
    exposure,
    uncontrolled: limit - left,
    limit,
    over: exposure - left,
    unit: on === 'total' ? 'W' : 'A',
  };
}

const nothing = constant(0);

/** Every circuit and phase on which (S) does not hold, with the first instant at or after `now`. Empty: (S) holds. */
export function violationsOf(
  site: Site,
  ledger: Ledger,
  limits: SiteLimits,
  now: EpochS,
): readonly Violation[] {
  const totals = totalsOf(site, ledger);
  return site.circuits.flatMap(({ id: circuit }) =>
    dimensions.flatMap((on) => {
      const room = roomOf(site, limits, circuit, on);
      const total = totals[circuit]?.[on];
      if (room === undefined || total === undefined) return [];
      let found: Over | undefined;
      sweep([total, room, nothing], now, (start, end, all, most) => {
        if (all > most) found = { at: found?.at ?? start, until: end, exposure: found?.exposure ?? all };
        return true;
      });
      return found === undefined ? [] : [violationAt(limits, { circuit, on, room }, found)];
    }),
  );
}

/** One sentence about a violation, with its arithmetic. */
export function describeViolation(violation: Violation): string {
  const { circuit, on, exposure, uncontrolled, limit, over, unit } = violation;
  const where = on === 'total' ? circuit : `${circuit} L${on + 1}`;
  const round = (value: number): string => `${Math.round(value * 10) / 10} ${unit}`;
  return (
    `${where}: chargers may draw ${round(exposure)}, other loads ${round(uncontrolled)}, ` +
    `the limit is ${round(limit)}: ${round(over)} over.`
  );
}
