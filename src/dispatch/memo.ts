/**
 * What a turn need not work out again. Beliefs, profiles and step functions never change once they are made, so what was
 * found about the same objects is still true: a station that lacked nothing lacks nothing until something falls due, and
 * a plan that did not fit the circuits does not fit them now. Nothing here decides anything.
 * @module
 */
import type { Site, Station } from '#domain/site';
import type { EpochS } from '#domain/units';
import type { ChargingProfile, InstalledProfile } from '#ocpp/profile';
import type { Refusal } from '#safety/admission';
import type { Belief } from '#safety/belief';
import type { SiteLimits } from '#safety/circuit-limits';
import { circuitTree } from '#safety/circuits';
import { skewOf } from '#safety/exposure';
import { beliefOf, type Ledger } from '#safety/ledger';
import { isFoundLately } from '#safety/takeover';
import { totalsOf, type CircuitTotal } from '#safety/totals';
import type { Lack, StationView } from './steps.ts';
import type { Held, Turn } from './turn.ts';

interface Known extends StationView {
  readonly lack: Lack;
}

const lacks = new WeakMap<Belief, Known>();

/** Keeps in mind what a station lacks. */
export function rememberLack(view: StationView, lack: Lack): void {
  lacks.set(view.belief, { ...view, lack });
}

/** What a station was found to lack, where that is still so; undefined: it must be worked out. */
export function knownLackOf({
  station,
  state,
  belief,
  wanted,
  policy,
  now,
  messages,
}: StationView): Lack | undefined {
  const known = lacks.get(belief);
  if (known === undefined || known.state !== state || known.station !== station) return undefined;
  if (known.policy !== policy) return undefined;
  const { lack } = known;
  if (now !== known.now && now >= (lack.untilS ?? Infinity)) return undefined;
  // The id of a report that is asked for is the number of the message.
  if (
    known.messages !== messages &&
    lack.steps.some(({ purpose }) => purpose === 'read' || purpose === 'check')
  )
    return undefined;
  const isSame =
    known.wanted === wanted ||
    (isSameList(known.wanted.floors, wanted.floors) && isSameList(known.wanted.plans, wanted.plans));
  return isSame ? lack : undefined;
}

function isSameList(a: readonly InstalledProfile[], b: readonly InstalledProfile[]): boolean {
  return a === b || (a.length === b.length && a.every((entry, i) => entry === b[i]));
}

/** Everything that the admission of a plan is worked out from, beside the instant. */
export interface AdmissionQuestion {
  readonly site: Site;
  readonly ledger: Ledger;
  readonly limits: SiteLimits;
  readonly station: Station;
  readonly profile: ChargingProfile;
  readonly now: EpochS;
}

interface Refused {
  readonly belief: Belief;
  readonly policy: Ledger['policy'];
  readonly limits: SiteLimits;
  readonly station: Station;
  readonly totals: readonly (CircuitTotal | undefined)[];
  readonly refusal: Refusal;
  /** Before that instant the overload is still ahead, as it was found. */
  readonly untilS: number;
}

const refusals = new WeakMap<ChargingProfile, Refused>();

/** The totals of every circuit that feeds the station. */
function totalsAbove({ site, ledger, station }: AdmissionQuestion): readonly (CircuitTotal | undefined)[] {
  const totals = totalsOf(site, ledger);
  return circuitTree(site)
    .above(station.circuit)
    .map((circuit) => totals[circuit]);
}

/**
 * Keeps in mind that a plan does not fit and that, cut to what may be had, it lowers nothing. What it would add after the reaction time from now does not depend on when it
 * is sent, so the refusal stands while its last overload lies beyond that; strays run out by themselves and are not
 * followed up.
 */
export function rememberRefusal(question: AdmissionQuestion, refusal: Refusal): void {
  const { ledger, limits, station, profile } = question;
  const belief = beliefOf(ledger, station.id);
  if (refusal.kind !== 'over-limit' || belief.strays.length > 0) return;
  // A moment later the same may raise nothing.
  if (isFoundLately(station, belief, question.now)) return;
  const settleS = station.capability.reactionS + 2 * skewOf(station, ledger.policy) + 2;
  refusals.set(profile, {
    belief,
    policy: ledger.policy,
    limits,
    station,
    totals: totalsAbove(question),
    refusal,
    untilS: (refusal.violation.until ?? Infinity) - settleS,
  });
}

/** The refusal of the same plan under the same circumstances; undefined: it must be worked out. */
export function knownRefusalOf(question: AdmissionQuestion): Pick<Refused, 'refusal' | 'untilS'> | undefined {
  const { ledger, limits, station, profile, now } = question;
  const known = refusals.get(profile);
  if (known === undefined || known.limits !== limits || known.station !== station) return undefined;
  if (known.policy !== ledger.policy || now >= known.untilS) return undefined;
  if (known.belief !== beliefOf(ledger, station.id)) return undefined;
  return hasSameTotals(question, known.totals) ? known : undefined;
}

function hasSameTotals({ site, ledger, station }: AdmissionQuestion, before: Refused['totals']): boolean {
  const totals = totalsOf(site, ledger);
  const above = circuitTree(site).above(station.circuit);
  return (
    above.length === before.length && above.every((circuit, i) => isSameTotal(before[i], totals[circuit]))
  );
}

function isSameTotal(a: CircuitTotal | undefined, b: CircuitTotal | undefined): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined) return false;
  return a[0] === b[0] && a[1] === b[1] && a[2] === b[2] && a.total === b.total;
}

const raises = new WeakMap<ChargingProfile, StationView>();

/** Keeps in mind that a plan is nowhere below what may be installed; what holds from an instant on holds later too. */
export function rememberRaise(view: StationView, { profile }: InstalledProfile): void {
  raises.set(profile, view);
}

/** Whether a plan was found to lower nothing that may be installed. */
export function isKnownRaise({ station, belief, now }: StationView, plan: InstalledProfile): boolean {
  const known = raises.get(plan.profile);
  return known?.belief === belief && known.station === station && known.now <= now;
}

/** What a turn came to in which nothing left. */
interface Rest {
  readonly held: readonly Held[];
  readonly wakes: readonly EpochS[];
  /** Before this instant the same comes of it where nothing else changes. */
  readonly untilS: number;
}

interface KnownRest extends Rest {
  readonly turn: Turn;
}

const rests = new WeakMap<Site, KnownRest>();

/** Keeps in mind that nothing left in a turn, and nothing else changed in it. */
export function rememberRest(turn: Turn, { held, wakes, untilS }: Rest): void {
  rests.set(turn.site, { turn, held, wakes, untilS });
}

/** What the turn before came to, where nothing left in it and all is as it was; undefined: it must be worked out. */
export function restOf({ site, ledger, dispatch, limits, wanted, now }: Turn): Rest | undefined {
  const known = rests.get(site);
  if (known === undefined || now < known.turn.now || now >= known.untilS) return undefined;
  const before = known.turn;
  if (before.limits !== limits || before.wanted !== wanted) return undefined;
  if (before.ledger.policy !== ledger.policy || before.ledger.beliefs !== ledger.beliefs) return undefined;
  const isSame = before.dispatch.policy === dispatch.policy && before.dispatch.stations === dispatch.stations;
  if (!isSame) return undefined;
  const { held, wakes, untilS } = known;
  return { held, wakes, untilS };
}
