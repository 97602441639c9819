/**
 * What a station could draw in the worst of the states that it may be in, over time.
 *
 * An EVSE is never counted below what a transaction may draw that nobody has told us of: the running one may end and
 * another start while the station is offline. A decrease counts only when the reaction time is over, and what was
 * allowed before the last change of the belief counts on for as long.
 * @module
 */
import type { Evse, Site, Station } from '#domain/site';
import {
  type StepFunction,
  combine,
  combineThree,
  combineTwo,
  constant,
  from,
  mapValues,
  maxOver,
  shift,
  windowMax,
} from '#domain/step-function';
import { epochS, later, type EpochS } from '#domain/units';
import { readingsOf } from '#ocpp/compile';
import { limitOf } from '#ocpp/composite';
import { obeyedOf, obeysPurpose } from '#ocpp/obeyed';
import type { ChargingProfile, InstalledProfile, Transaction } from '#ocpp/profile';
import type { Belief, Candidate } from './belief.ts';
import { canonicalText } from './canonical.ts';
import { isGuarded, type LedgerPolicy } from './ledger-policy.ts';
import { limitsOfCandidateMax, noLimit, recurringHorizonS } from './limits.ts';
import { up } from './milli.ts';

/** What a station may draw. */
export interface StationExposure {
  /** By EVSE id: A per phase (AC) or W (DC). */
  readonly evses: Readonly<Record<string, StepFunction>>;
  /** Current on the site's phases, whole milliamperes. */
  readonly phaseMilliA: readonly [StepFunction, StepFunction, StepFunction];
  /** Power, whole watts. */
  readonly totalW: StepFunction;
}

/** Everything that an exposure is computed from, beside the belief. */
export interface ExposureContext {
  readonly station: Station;
  /** Line to neutral. */
  readonly voltage: number;
  readonly policy: LedgerPolicy;
}

/** The context of a station of a site. */
export function contextOf(site: Site, station: Station, policy: LedgerPolicy): ExposureContext {
  return { station, voltage: site.voltage, policy };
}

interface Known {
  readonly context: ExposureContext;
  readonly exposure: StationExposure;
}

/** Most exposures of one belief that are kept: under the policy in force, and as if nobody had been caught. */
const knownMax = 2;
const cache = new WeakMap<Belief, readonly Known[]>();

/** The exposure of a station, for every instant from the belief's last change on. */
export function stationExposureOf(context: ExposureContext, belief: Belief): StationExposure {
  const known = cache.get(belief) ?? [];
  const seen = known.find((one) => isSameContext(one.context, context));
  if (seen !== undefined) return seen.exposure;
  const exposure = freshExposure(context, belief);
  cache.set(belief, [{ context, exposure }, ...known].slice(0, knownMax));
  return exposure;
}

function isSameContext(a: ExposureContext, b: ExposureContext): boolean {
  if (a.station !== b.station || a.voltage !== b.voltage) return false;
  return a.policy === b.policy || canonicalText(a.policy) === canonicalText(b.policy);
}

function freshExposure(context: ExposureContext, belief: Belief): StationExposure {
  const { station, voltage } = context;
  const evses = Object.fromEntries(
    station.evses.map((evse) => [String(evse.id), heldOf(context, belief, evse)]),
  );
  const cap = stationCapOf(context, belief);
  if (station.current === 'DC') {
    const total = cappedTotal(station, Object.values(evses), cap);
    const perPhase = mapValues(total, (w) => up((w * 1000) / (3 * voltage)));
    return {
      evses,
      phaseMilliA: [perPhase, perPhase, perPhase],
      totalW: mapValues(total, up),
    };
  }
  const apart = isGuarded(context.policy, 'phases');
  const sharesOn = (phase: number): readonly StepFunction[] =>
    station.evses.flatMap((evse) => {
      const own = evses[String(evse.id)];
      if (own === undefined) return [];
      if (!apart) return [mapValues(own, (a) => (a * evse.rotation.length) / 3)];
      return evse.rotation.some((p) => p === phase) ? [own] : [];
    });
  const onPhase = (shares: readonly StepFunction[]): StepFunction =>
    shares.length === 0 ? constant(0) : cappedSum(cap, shares, (amps) => up(amps * 1000));
  const shares = [sharesOn(0), sharesOn(1), sharesOn(2)] as const;
  const first = onPhase(shares[0]);
  const second = isSameList(shares[1], shares[0]) ? first : onPhase(shares[1]);
  const third = isSameList(shares[2], shares[0]) ? first : onPhase(shares[2]);
  const powers = station.evses.map((evse) =>
    mapValues(evses[String(evse.id)] ?? constant(evse.maxA), (a) =>
      Math.min(a * voltage * evse.rotation.length, evse.maxW),
    ),
  );
  return {
    evses,
    phaseMilliA: [first, second, third],
    totalW: mapValues(cappedTotal(station, powers, constant(Infinity)), up),
  };
}

function isSameList(a: readonly StepFunction[], b: readonly StepFunction[]): boolean {
  return a.length === b.length && a.every((f, i) => f === b[i]);
}

/** The sum of `parts`, at most `cap`, passed through `change`. */
function cappedSum(
  cap: StepFunction,
  parts: readonly StepFunction[],
  change: (capped: number) => number,
): StepFunction {
  const [only] = parts;
  if (only !== undefined && parts.length === 1)
    return combineTwo(cap, only, (most, value) => change(Math.min(most, value)));
  return combine([cap, ...parts], (values) => {
    let sum = 0;
    for (let i = 1; i < values.length; i++) sum += values[i] ?? 0;
    return change(Math.min(values[0] ?? 0, sum));
  });
}

function cappedTotal(station: Station, powers: readonly StepFunction[], cap: StepFunction): StepFunction {
  const module = station.moduleW ?? Infinity;
  return cappedSum(cap, powers, (w) => Math.min(module, w));
}

/** The highest of `limits` at each instant, each counted at `most` at the most; they are some. */
function highestUpTo(limits: readonly StepFunction[], most: number): StepFunction {
  const [f, g] = limits;
  if (f !== undefined && limits.length === 1) return mapValues(f, (a) => Math.max(0, Math.min(a, most)));
  if (f !== undefined && g !== undefined && limits.length === 2)
    return combineTwo(f, g, (a, b) => Math.max(0, Math.min(a, most), Math.min(b, most)));
  return combine(limits, (values) => {
    let top = 0;
    for (const value of values) top = Math.max(top, Math.min(value, most));
    return top;
  });
}

/** The highest cap on all EVSEs of a station together over the states held possible, in the unit of its limits. */
function stationAllowedOf(context: ExposureContext, belief: Belief): StepFunction {
  const { station } = context;
  const most = station.evses.reduce((total, evse) => total + hardwareOf(station, evse), 0);
  const forgets = isGuarded(context.policy, 'reboot') && station.capability.keepsProfiles === 'none';
  const shares = station.capability.sharesStationCap && !forgets && belief.notCompliant.length === 0;
  if (!shares || belief.candidates.some((candidate) => !candidate.known)) return constant(most);
  const since = sinceOf(context, belief);
  const caps = belief.candidates.map((candidate) => boundedLimit(context, candidate, since, []));
  return highestUpTo(caps, most);
}

/** The station's own cap over time, the past and the reaction time included. */
function stationCapOf(context: ExposureContext, belief: Belief): StepFunction {
  return held(context, withPast(context, belief, 0, stationAllowedOf(context, belief)));
}

/** The highest limit of an EVSE over time, the past and the reaction time included. */
function heldOf(context: ExposureContext, belief: Belief, evse: Evse): StepFunction {
  return held(context, withPast(context, belief, evse.id, allowedOf(context, belief, evse)));
}

/** The limits of a belief, `allowed`, after those of the beliefs before it; all by our clock. */
function withPast(context: ExposureContext, belief: Belief, id: number, allowed: StepFunction): StepFunction {
  return spliced(belief.past[String(id)], belief.changedAt, byOurClock(context, allowed));
}

/** How far the clock of a station may be off, s: as all clocks may be, or as its own was seen to be. */
export function skewOf(station: Station, policy: LedgerPolicy): number {
  return Math.max(policy.clockSkewS, station.capability.clockSkewS ?? 0);
}

/** What limits by the clock of a station may be by ours: each counts from its skew before to its skew after. */
function byOurClock({ station, policy }: ExposureContext, f: StepFunction): StepFunction {
  const skewS = skewOf(station, policy);
  return skewS > 0 ? windowMax(shift(f, -skewS), 2 * skewS) : f;
}

/** The instant on a clock that is as far behind as it may be when a belief comes into force. */
function sinceOf({ station, policy }: ExposureContext, belief: Belief): EpochS {
  return later(belief.changedAt, -skewOf(station, policy));
}

function held({ station, policy }: ExposureContext, f: StepFunction): StepFunction {
  return windowMax(f, isGuarded(policy, 'reaction') ? station.capability.reactionS : 0);
}

/**
 * `past` before `at`, `future` after it. Within the second `at` both count: what happened within it is not known, and
 * a decrease that is heard of then may have come at its very end.
 */
function spliced(past: StepFunction | undefined, at: EpochS, future: StepFunction): StepFunction {
  if (past === undefined) return from(future, at);
  const stage: StepFunction = { startS: [epochS(0), at, later(at, 1)], value: [0, 1, 2] };
  return combineThree([past, from(future, at), stage], (before, after, now) => {
    if (now === 0) return before;
    return now === 1 ? Math.max(before, after) : after;
  });
}

/** Most that the hardware of an EVSE takes, in the unit of its station's limits: A per phase (AC) or W (DC). */
export function hardwareOf(station: Station, evse: Evse): number {
  return station.current === 'AC' ? evse.maxA : evse.maxW;
}

/**
 * Whether no limit of the station changes by itself at an instant that may be in `(fromS, untilS]` by our clock, nor
 * depends on when it was asked for.
 */
export function standsStill(
  context: ExposureContext,
  belief: Belief,
  fromS: number,
  untilS: number,
): boolean {
  const recurs = belief.candidates.some(({ installed }) =>
    installed.some(({ profile }) => profile.kind === 'Recurring'),
  );
  if (recurs) return false;
  const skewS = skewOf(context.station, context.policy);
  const isStill = ({ startS }: StepFunction): boolean =>
    !startS.some((at) => at > fromS - skewS && at <= untilS + skewS);
  const evses = context.station.evses.every((evse) => isStill(allowedOf(context, belief, evse)));
  return (
    evses && (!context.station.capability.sharesStationCap || isStill(stationAllowedOf(context, belief)))
  );
}

/**
 * Whether a station keeps its EVSEs at their floors whatever happens: not where it may reboot unseen and then holds nothing,
 * nor where it does not obey TxDefaultProfile. Only its hardware limits such a station at any time.
 */
export function keepsFloors(station: Station): boolean {
  return station.capability.keepsProfiles !== 'none' && obeysPurpose(station, 'TxDefaultProfile');
}

interface KnownLimits {
  readonly context: ExposureContext;
  /** By EVSE id. */
  readonly allowed: Map<number, StepFunction>;
}

const limitsOfBelief = new WeakMap<Belief, KnownLimits>();

/**
 * The highest limit over the states held possible, by the station's clock, without any reaction time: from the last change
 * of the belief on, on a clock that is behind.
 */
function allowedOf(context: ExposureContext, belief: Belief, evse: Evse): StepFunction {
  let known = limitsOfBelief.get(belief);
  if (known === undefined || !isSameContext(known.context, context)) {
    known = { context, allowed: new Map() };
    limitsOfBelief.set(belief, known);
  }
  const seen = known.allowed.get(evse.id);
  if (seen !== undefined) return seen;
  const allowed = freshAllowed(context, belief, evse);
  known.allowed.set(evse.id, allowed);
  return allowed;
}

function freshAllowed(context: ExposureContext, belief: Belief, evse: Evse): StepFunction {
  const { station, policy } = context;
  const most = hardwareOf(station, evse);
  const forgets = isGuarded(policy, 'reboot') && station.capability.keepsProfiles === 'none';
  const caught = isGuarded(policy, 'notCompliant') && belief.notCompliant.includes(evse.id);
  if (forgets || caught || belief.candidates.some((candidate) => !candidate.known)) return constant(most);
  const limits = belief.candidates.flatMap((candidate) => candidateLimits(context, belief, candidate, evse));
  if (limits.length === 0) return constant(isGuarded(policy, 'idle') ? most : 0);
  return highestUpTo(limits, most);
}

/** The limits of one state: under each transaction that may run, and under one that nobody told us of. */
function candidateLimits(
  context: ExposureContext,
  belief: Belief,
  candidate: Candidate,
  evse: Evse,
): readonly StepFunction[] {
  const named = candidate.installed.flatMap(({ evseId, profile }) =>
    evseId === evse.id && profile.purpose === 'TxProfile' ? [profile.transactionId ?? ''] : [],
  );
  const running = belief.transactions.flatMap(({ evseId, id }) => (evseId === evse.id ? [id] : []));
  const ids = [...new Set(isGuarded(context.policy, 'idle') ? named : running)];
  const cases: (readonly Transaction[])[] = ids.map((id) => [
    { evseId: evse.id, id, startedAt: belief.changedAt },
  ]);
  if (isGuarded(context.policy, 'idle')) cases.push([]);
  const since = sinceOf(context, belief);
  return cases.map((transactions) => boundedLimit(context, candidate, since, transactions, evse));
}

interface KnownLimit {
  readonly station: Station;
  readonly voltage: number;
  readonly obeys: boolean;
  readonly at: EpochS;
  readonly limit: StepFunction;
}

/** By EVSE and transaction. */
const limitsOfCandidate = new WeakMap<Candidate, Map<string, KnownLimit>>();

/**
 * The limit of a state from `at` on. A state outlives many beliefs, and its limit at an instant does not depend on when
 * it is asked for, unless a profile recurs.
 */
function boundedLimit(
  context: ExposureContext,
  candidate: Candidate,
  at: EpochS,
  transactions: readonly Transaction[],
  evse?: Evse,
): StepFunction {
  if (candidate.installed.some(({ profile }) => profile.kind === 'Recurring')) {
    return freshLimit(context, candidate, at, transactions, evse);
  }
  const { station, voltage, policy } = context;
  const obeys = !isGuarded(policy, 'unobeyedLease');
  let known = limitsOfCandidate.get(candidate);
  if (known === undefined) {
    known = new Map();
    limitsOfCandidate.set(candidate, known);
  }
  const running = transactions[0];
  const key = running === undefined ? `${evse?.id ?? 0}` : `${evse?.id ?? 0}/${running.id}`;
  const seen = known.get(key);
  if (seen?.station === station && seen.voltage === voltage && seen.obeys === obeys && seen.at <= at) {
    return begunAt(seen.limit, at);
  }
  const limit = freshLimit(context, candidate, at, transactions, evse);
  if (known.size >= limitsOfCandidateMax) known.clear();
  known.set(key, { station, voltage, obeys, at, limit });
  return limit;
}

/** `f` with its first piece begun at `at`, as if it had been made then. */
function begunAt(f: StepFunction, at: EpochS): StepFunction {
  if (f.startS[0] === at) return f;
  const cut = from(f, at);
  return cut.startS[0] === at ? cut : { startS: [at, ...cut.startS.slice(1)], value: cut.value };
}

/** The limit of a state with everything that has no certain clock replaced by its highest value. */
function freshLimit(
  context: ExposureContext,
  candidate: Candidate,
  at: EpochS,
  transactions: readonly Transaction[],
  evse?: Evse,
): StepFunction {
  const { station, voltage } = context;
  const installed = obeyedOf(station, candidate.installed).map((entry) => boundedEntry(context, entry));
  const until = horizonOf(installed, at);
  const f = limitOf({
    version: station.version,
    installed,
    transactions,
    evseId: evse?.id ?? 0,
    from: at,
    until,
    electrical: { voltage, phases: station.current === 'DC' ? 3 : (evse?.rotation.length ?? 3) },
    unit: station.current === 'DC' ? 'W' : 'A',
    readings: { ...readingsOf(station), ...(evse === undefined ? { A7: 'cap-only' as const } : {}) },
  });
  if (!installed.some(({ profile }) => profile.kind === 'Recurring')) return f;
  const top = maxOver(f, at, until);
  return combineTwo(f, { startS: [at, until], value: [0, 1] }, (level, after) => (after === 1 ? top : level));
}

/** An instant after every change that the profiles make, or the horizon of recurring ones. */
function horizonOf(installed: readonly InstalledProfile[], at: EpochS): EpochS {
  let last: number = at;
  for (const { profile } of installed) {
    const schedule = profile.schedules[0];
    if (profile.kind === 'Recurring') last = Math.max(last, at + recurringHorizonS);
    last = Math.max(last, profile.validTo ?? 0, profile.validFrom ?? 0);
    if (schedule?.startAt === undefined) continue;
    const tail = schedule.periods.reduce((top, { startS }) => Math.max(top, startS), schedule.durationS ?? 0);
    last = Math.max(last, schedule.startAt + tail);
  }
  return later(last as EpochS, 1);
}

/**
 * A profile as it may work at worst: a lease that the station may not obey never ends, a clock that we cannot know
 * gives its highest limit at all times.
 */
function boundedEntry(context: ExposureContext, entry: InstalledProfile): InstalledProfile {
  const { profile } = entry;
  const obeys = context.station.capability.obeysLease || !isGuarded(context.policy, 'unobeyedLease');
  if (profile.kind === 'Absolute' || profile.kind === 'Recurring') {
    return obeys || profile.purpose !== 'TxProfile' ? entry : { ...entry, profile: endless(profile) };
  }
  return { ...entry, profile: flat(profile) };
}

function endless(profile: ChargingProfile): ChargingProfile {
  const { validTo: _validTo, ...rest } = profile;
  return {
    ...rest,
    schedules: profile.schedules.map(({ durationS: _durationS, ...schedule }) => schedule),
  };
}

function flat(profile: ChargingProfile): ChargingProfile {
  const { validFrom: _validFrom, validTo: _validTo, ...rest } = profile;
  const schedule = profile.schedules[0];
  const ends = [schedule?.durationS, profile.validFrom, profile.validTo].some((edge) => edge !== undefined);
  const top = (schedule?.periods ?? []).reduce((most, { limit }) => Math.max(most, limit ?? Infinity), 0);
  return {
    ...rest,
    kind: 'Absolute',
    schedules: [
      {
        startAt: epochS(0),
        unit: schedule?.unit ?? 'A',
        // What stands below it before and after is not followed up: such profiles are never ours.
        periods: [{ startS: 0, limit: ends ? noLimit : top }],
      },
    ],
  };
}

/** What the past of a belief is from `at` on: its limits so far by our clock, as far back as the reaction time. */
export function pastOf(
  context: ExposureContext,
  belief: Belief,
  at: EpochS,
): Readonly<Record<string, StepFunction>> {
  const { station, policy } = context;
  const backS: number = station.capability.reactionS;
  if (!isGuarded(policy, 'reaction') || backS === 0) return {};
  const record = (id: number, allowed: StepFunction): readonly [string, StepFunction] => [
    String(id),
    until(from(withPast(context, belief, id, allowed), later(at, -backS)), at),
  ];
  return Object.fromEntries([
    ...station.evses.map((evse) => record(evse.id, allowedOf(context, belief, evse))),
    ...(station.capability.sharesStationCap ? [record(0, stationAllowedOf(context, belief))] : []),
  ]);
}

/** `f` without its pieces after `at`. */
function until(f: StepFunction, at: EpochS): StepFunction {
  const count = Math.max(1, f.startS.filter((start) => start <= at).length);
  return { startS: f.startS.slice(0, count), value: f.value.slice(0, count) };
}
