/**
 * Swaps: every charger of a depot holds an old plan and is to get a new one, while messages are lost. The true load of
 * every circuit is summed from the plain stations. Unsafe orders of sending run in the same world, to show that the world
 * can tell.
 */
import { prngOf } from '#domain/prng';
import { tableOf } from '#domain/table';
import { epochS } from '#domain/units';
import type { InstalledProfile } from '#ocpp/profile';
import type { CommandAnswer, StationCommand } from '#ocpp/station-message';
import { onAnswer, onLink } from '#dispatch/answers';
import { dispatchTurn } from '#dispatch/dispatch';
import {
  dispatchOf,
  stationDispatchOf,
  type Dispatch,
  type DispatchPolicy,
  type StationDispatch,
} from '#dispatch/dispatch-state';
import type { Wanted } from '#dispatch/turn';
import type { Belief } from '#safety/belief';
import { beliefOf, learn, ledgerOf, type Ledger } from '#safety/ledger';
import { defaultLedgerPolicy, type Guards, type LedgerPolicy } from '#safety/ledger-policy';
import { allowedOf, drawOf, type PlacedStation } from '../safety/plain-load.ts';
import type { Place } from '../safety/plain-rooms.ts';
import { apply, limitAt, note, plainStation, type PlainStation } from '../safety/plain-station.ts';
import { plan, txDefault } from '../safety/depot.ts';
import { CircuitSums } from './circuit-sums.ts';
import { depotOf, feasibleLimits, type SwapDepot, type SwapDepotOptions } from './swap-depots.ts';

export interface SwapOptions extends SwapDepotOptions {
  readonly seed: number;
  /** Chance that a frame is lost, each way. */
  readonly loss: number;
  readonly guards?: Guards;
  /** Plans that change within themselves instead of flat ones. */
  readonly steps?: boolean;
  /** Gives up after this long, and as soon as it is over; for worlds that are not to be safe. */
  readonly unsafeS?: number;
  readonly policy?: DispatchPolicy;
}

export interface SwapResult {
  /** Most above the limit of any circuit on any phase at any instant, or in a later slot were the last frame lost, A; 0: never. */
  readonly overA: number;
  /** Seconds until every charger held its whole new plan. */
  readonly settledS: number;
  readonly calls: number;
  /** Turns after which something waited for admission. */
  readonly heldTurns: number;
  /** Seconds until a new plan had reached the last charger that was to be lowered. */
  readonly loweredS: number;
  /** Seconds until that was acknowledged by the last of them; no safe order ends sooner. */
  readonly paidS: number;
  /** Seconds until the reaction of all of them was over. */
  readonly freeS: number;
}

/** How long after the beginning of a second something happens that is told as of that second. */
const lateInSecondS = 0.9;

function answerOf(accepted: boolean): CommandAnswer {
  return accepted ? { kind: 'accepted' } : { kind: 'refused', status: 'Rejected' };
}

const startS = 1_000_000;
const leaseS = 100_000;
const patienceS = 20_000;
/** From a call to its answer. */
export const roundTripS = 1;

const policies = new Map<string, LedgerPolicy>();

/** The policy of the ledger without some guards; one object each, as an engine has. */
function policyOf(guards: Guards = {}): LedgerPolicy {
  const key = JSON.stringify(guards);
  const known = policies.get(key) ?? { ...defaultLedgerPolicy, guards };
  policies.set(key, known);
  return known;
}

/** A charger with its old plans, as the ledger knows it and as dispatch does. */
interface Begun {
  readonly belief: Belief;
  readonly station: StationDispatch;
}

/** What swaps of one depot have in common: flat plans, floors, and how a charger with a plan begins. */
interface Shared {
  readonly floors: readonly (readonly InstalledProfile[])[];
  readonly plans: Map<string, InstalledProfile>;
  readonly begun: Map<string, Begun>;
  /** Numbers of the places of each station. */
  readonly placesAt: readonly (readonly number[])[];
  readonly numbers: ReadonlyMap<string, number>;
}

const shared = new WeakMap<SwapDepot, Shared>();

function sharedOf(depot: SwapDepot): Shared {
  const known = shared.get(depot);
  if (known !== undefined) return known;
  const { site, places } = depot;
  const made: Shared = {
    floors: site.stations.map(({ evses, capability }) =>
      evses.map(({ id }) => txDefault(id, 0, capability.rateUnit)),
    ),
    plans: new Map(),
    begun: new Map(),
    placesAt: site.stations.map((_, i) => places.flatMap((place, k) => (place.i === i ? [k] : []))),
    numbers: new Map(site.stations.map(({ id }, i) => [id, i])),
  };
  shared.set(depot, made);
  return made;
}

/** W at an AC station are those of one phase, as plans are compiled below its rating. */
const wattsPerA = 230;

function madePlan({ station, evse }: Place, levels: readonly number[], delayS: number): InstalledProfile {
  const isPower = station.current === 'AC' && station.capability.rateUnit === 'W';
  const steps: [number, number][] = [];
  levels.forEach((level, k) => {
    const before = levels[k - 1];
    const limit = isPower ? level * wattsPerA : level;
    // Increases inside a plan start when the reaction to the decreases is over.
    const from = before === undefined || level <= before ? k * slotS : k * slotS + delayS;
    if (steps.at(-1)?.[1] !== limit) steps.push([from, limit]);
  });
  return plan(evse.id, txOf(evse.id), startS, leaseS, steps, station.capability.rateUnit);
}

function txOf(evseId: number): string {
  return `tx${evseId}`;
}

const slotS = 900;

function middleOf(slot: number): number {
  return startS + slot * slotS + slotS / 2;
}

/** What is drawn at random for one swap, the same whatever the order of sending is. */
interface Draws {
  /** By slot and place. */
  readonly before: readonly (readonly number[])[];
  readonly after: readonly (readonly number[])[];
  /** Whether the n-th frame to or from a station is lost. */
  isLost(i: number, way: 'down' | 'up'): boolean;
  /** A number that orders frames on their way. */
  next(): number;
  /** Whether a frame that is answered arrives at the very end of the second of its answer. */
  isLate(): boolean;
}

function drawsOf({ seed, loss, steps }: SwapOptions, depot: SwapDepot): Draws {
  const prng = prngOf(seed);
  const limits = (): readonly (readonly number[])[] =>
    Array.from({ length: steps === true ? 4 : 1 }, () => depot.feasible(prng));
  const [before, after] = [limits(), limits()];
  const fates = depot.site.stations.map((_, i) => ({
    down: prng.fork(`down ${i}`),
    up: prng.fork(`up ${i}`),
  }));
  const order = prng.fork('order');
  const second = prng.fork('second');
  return {
    before,
    after,
    isLost: (i, way) => loss > 0 && fates[i]![way].next() < loss,
    next: () => order.next(),
    isLate: () => second.next() < 0.5,
  };
}

/** One engine and its chargers while a swap goes on. */
class Swap {
  private readonly wanted: Record<string, Wanted[string]> = {};
  private readonly truth: PlacedStation[] = [];
  private readonly beliefs: Record<string, Belief> = {};
  private readonly stations: Record<string, StationDispatch> = {};
  private readonly sums: CircuitSums;
  /** What chargers allow in each slot of plans that step, if nothing reaches them any more. */
  private readonly ahead: readonly CircuitSums[];
  private readonly depot: SwapDepot;
  private readonly shared: Shared;
  private readonly options: SwapOptions;
  private readonly draws: Draws;
  /** Chargers that are to be lowered and have not acknowledged it, and those that have no new plan yet. */
  private readonly unpaid: Set<number>;
  private readonly unlowered: Set<number>;
  /** Instants at which a plan may step, or a reaction to a step is over. */
  private readonly steps: readonly number[];
  /** The limit that each place is to have at the middle of each slot. */
  private readonly goals: readonly (readonly number[])[];
  private ledger: Ledger;
  private dispatch: Dispatch;
  now = startS + 10;
  overA = 0;
  calls = 0;
  heldTurns = 0;
  loweredAt = startS + 10;
  paidAt = startS + 10;
  freeAt = startS + 10;

  constructor(options: SwapOptions) {
    this.options = options;
    this.depot = depotOf(options);
    this.shared = sharedOf(this.depot);
    this.draws = drawsOf(options, this.depot);
    const { site, places } = this.depot;
    this.sums = new CircuitSums(site);
    this.ahead = this.draws.before.length > 1 ? this.draws.before.map(() => new CircuitSums(site)) : [];
    site.stations.forEach((_, i) => this.begin(i));
    site.stations.forEach((_, i) => this.foresee(i));
    this.ledger = { policy: policyOf(options.guards), beliefs: tableOf(this.beliefs) };
    const dispatch = dispatchOf(site, options.seed, options.policy);
    this.dispatch = { ...dispatch, stations: tableOf(this.stations) };
    const { before, after } = this.draws;
    const lowered = places.flatMap(({ i }, k) =>
      after.some((slot, n) => slot[k]! < before[n]![k]!) ? [i] : [],
    );
    this.unpaid = new Set(lowered);
    this.unlowered = new Set(lowered);
    const slots = [...after.keys()];
    const reactions = new Set(site.stations.map(({ capability }) => capability.reactionS as number));
    this.steps = slots
      .flatMap((k) => [0, this.depot.slowestS, ...reactions].map((s) => startS + k * slotS + s))
      .toSorted((a, b) => a - b);
    this.goals = places.map((place) => {
      const { floors, plans } = this.wanted[place.station.id]!;
      const reference = this.plainOf(place.i, [...floors, ...plans]);
      return slots.map((k) => limitAt(reference, place.evse.id, middleOf(k)));
    });
  }

  private plainOf(i: number, profiles: InstalledProfile[]): PlainStation {
    const { evses, current, capability } = this.depot.site.stations[i]!;
    const [first] = evses;
    return plainStation(current === 'AC' ? first!.maxA : first!.maxW, {
      reactionS: capability.reactionS,
      profiles,
      transactions: Object.fromEntries(evses.map(({ id }) => [id, txOf(id)])),
      ...(current === 'AC' ? { wattsPerA: { 1: wattsPerA } } : {}),
    });
  }

  /** The plan of a place; flat ones are made once for each place and limit. */
  private planOf(limits: readonly (readonly number[])[], k: number): InstalledProfile {
    const levels = limits.map((slot) => slot[k]!);
    const place = this.depot.places[k]!;
    if (levels.length > 1) return madePlan(place, levels, this.depot.slowestS);
    const key = `${k} ${levels[0]!}`;
    const known = this.shared.plans.get(key) ?? madePlan(place, levels, 0);
    this.shared.plans.set(key, known);
    return known;
  }

  /** A charger holds its old plans, and the engine knows it. */
  private begin(i: number): void {
    const station = this.depot.site.stations[i]!;
    const floors = this.shared.floors[i]!;
    const numbers = this.shared.placesAt[i]!;
    const { before, after } = this.draws;
    const profiles = [...floors, ...numbers.map((k) => this.planOf(before, k))];
    const { belief, station: known } = this.begunWith(i, profiles);
    this.beliefs[station.id] = belief;
    this.stations[station.id] = known;
    this.truth.push({ station, plain: this.plainOf(i, profiles), pins: {} });
    this.wanted[station.id] = { floors, plans: numbers.map((k) => this.planOf(after, k)) };
  }

  /** What every swap begins with is the same for the same charger, flat plans and policy: it is learnt once. */
  private begunWith(i: number, profiles: readonly InstalledProfile[]): Begun {
    const { before } = this.draws;
    if (before.length > 1) return this.learnt(i, profiles);
    const levels = this.shared.placesAt[i]!.map((k) => before[0]![k]!);
    const key = `${JSON.stringify(this.options.guards ?? {})} ${i} ${levels.join(' ')}`;
    const known = this.shared.begun.get(key) ?? this.learnt(i, profiles);
    this.shared.begun.set(key, known);
    return known;
  }

  /** Ledger and dispatch hear of a charger's transactions and profiles; it has answered before. */
  private learnt(i: number, installed: readonly InstalledProfile[]): Begun {
    const { site } = this.depot;
    const { id: stationId, evses } = site.stations[i]!;
    const at = epochS(startS - 1000);
    const readAt = epochS(startS - 900);
    let ledger = ledgerOf(site, at, policyOf(this.options.guards));
    for (const { id: evseId } of evses) {
      const transaction = { evseId, id: txOf(evseId), startedAt: at };
      ledger = learn(site, ledger, { kind: 'transaction-started', stationId, at, transaction });
    }
    ledger = learn(site, ledger, { kind: 'read-back', stationId, at: readAt, installed, link: 1 });
    const view = { site, ledger, dispatch: dispatchOf(site, 1), now: readAt };
    const { dispatch } = onLink(view, { stationId, up: true });
    return {
      belief: beliefOf(ledger, stationId),
      station: { ...stationDispatchOf(dispatch, stationId), unread: [], slowestS: roundTripS },
    };
  }

  check(): void {
    this.truth.forEach((one, i) => {
      this.sums.set(i, drawOf(one, this.now).load);
    });
    this.overA = Math.max(this.overA, this.sums.overA());
  }

  /** The same after only charger `i` has changed within the instant. */
  private checkOne(i: number): void {
    this.sums.set(i, drawOf(this.truth[i]!, this.now).load);
    this.overA = Math.max(this.overA, this.sums.overA());
    this.foresee(i);
  }

  /** Whether all is well in the slots to come, should what charger `i` holds now stay there. */
  private foresee(i: number): void {
    this.ahead.forEach((sums, k) => {
      if (middleOf(k) <= this.now) return;
      sums.set(i, allowedOf(this.truth[i]!, middleOf(k)));
      this.overA = Math.max(this.overA, sums.overA());
    });
  }

  isSettled(): boolean {
    return this.depot.places.every(({ i, evse }, n) =>
      this.goals[n]!.every((limit, k) => limitAt(this.truth[i]!.plain, evse.id, middleOf(k)) === limit),
    );
  }

  /** Goes on to `at`, looking at every instant at which a plan may step. */
  private passTo(at: number): void {
    for (const step of this.steps) {
      if (step <= this.now || step >= at) continue;
      this.now = step;
      this.check();
    }
    this.now = at;
    this.check();
  }

  private view() {
    const { ledger, dispatch, now } = this;
    return { site: this.depot.site, ledger, dispatch, now: epochS(now) };
  }

  private take({ ledger, dispatch }: { readonly ledger: Ledger; readonly dispatch: Dispatch }): void {
    this.ledger = ledger;
    this.dispatch = dispatch;
  }

  /** One turn of dispatch, the way of its frames, and the answers. */
  round(): void {
    const { depot, wanted, draws } = this;
    const turn = dispatchTurn({ ...this.view(), limits: depot.limits, wanted });
    this.take(turn);
    if (turn.held.length > 0) this.heldTurns++;
    this.calls += turn.calls.length;
    const answers: { i: number; stationId: string; messageId: string; answer: CommandAnswer }[] = [];
    const late: { i: number; stationId: string; messageId: string; command: StationCommand }[] = [];
    // Frames arrive in any order.
    const order = turn.calls.map((call) => ({ call, at: draws.next() })).toSorted((a, b) => a.at - b.at);
    for (const { call } of order) {
      const { stationId, messageId } = call;
      const i = this.shared.numbers.get(stationId)!;
      if (draws.isLost(i, 'down')) continue;
      if (this.unlowered.delete(i)) this.loweredAt = this.now;
      const isUnheard = draws.isLost(i, 'up');
      if (!isUnheard && draws.isLate()) {
        late.push({ i, stationId, messageId, command: call.command });
        continue;
      }
      const accepted = apply(this.truth[i]!.plain, call.command);
      this.checkOne(i);
      if (isUnheard) continue;
      answers.push({ i, stationId, messageId, answer: answerOf(accepted) });
    }
    const soon = this.now + roundTripS;
    const isHeard = answers.length + late.length > 0;
    this.passTo(isHeard ? soon : Math.max(soon, turn.wakeAt ?? soon));
    for (const { command, ...call } of late) {
      const accepted = apply(this.truth[call.i]!.plain, command);
      this.noteLate(call.i);
      this.foresee(call.i);
      const answer = answerOf(accepted);
      answers.push({ ...call, answer });
    }
    for (const { i, ...answer } of answers) {
      if (this.unpaid.delete(i)) this.pay(i);
      this.take(onAnswer(this.view(), answer));
    }
  }

  /** What a charger holds has changed at the end of the second that has just begun. */
  private noteLate(i: number): void {
    const { plain } = this.truth[i]!;
    for (const { id } of this.depot.site.stations[i]!.evses) note(plain, id, this.now + lateInSecondS);
  }

  private pay(i: number): void {
    this.paidAt = this.now;
    const { reactionS } = this.depot.site.stations[i]!.capability;
    // Within the second of the answer both limits count.
    this.freeAt = Math.max(this.freeAt, this.now + reactionS + (reactionS > 0 ? 1 : 0));
  }
}

export function runSwap(options: SwapOptions): SwapResult {
  const swap = new Swap(options);
  const endS = swap.now + (options.unsafeS ?? patienceS);
  const begunAt = swap.now;
  swap.check();
  while (!swap.isSettled() && swap.now < endS) {
    if (options.unsafeS !== undefined && swap.overA > 0) break;
    swap.round();
  }
  const { overA, calls, heldTurns, loweredAt, paidAt, freeAt } = swap;
  return {
    overA,
    settledS: swap.isSettled() ? swap.now - begunAt : Infinity,
    calls,
    heldTurns,
    loweredS: loweredAt - begunAt,
    paidS: paidAt - begunAt,
    freeS: freeAt - begunAt,
  };
}

export type UnsafeOrder = 'list' | 'ascending' | 'decreases-first';

/** Most current over the limit when the new limits are sent in an unsafe order, each sent once, some lost. */
export function unsafeOver(
  options: Pick<SwapOptions, 'seed' | 'connectors' | 'feederA' | 'loss'>,
  order: UnsafeOrder,
): number {
  const prng = prngOf(options.seed);
  const before = feasibleLimits(prng, options.connectors, options.feederA);
  const after = feasibleLimits(prng, options.connectors, options.feederA);
  const list = before.map((_, i) => i);
  if (order === 'ascending') list.sort((a, b) => after[a]! - after[b]!);
  if (order === 'decreases-first') list.sort((a, b) => after[a]! - before[a]! - (after[b]! - before[b]!));
  const held = [...before];
  let over = 0;
  for (const i of list) {
    if (prng.next() < options.loss) continue;
    held[i] = after[i]!;
    over = Math.max(over, held.reduce((a, b) => a + b, 0) - options.feederA);
  }
  return over;
}
