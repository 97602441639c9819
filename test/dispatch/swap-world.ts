/**
 * Swaps: every charger of a feeder holds an old plan and is to get a new one, while messages are lost. The true current
 * is summed by the plain stations. Unsafe orders of sending run in the same world, to show that the world can tell.
 */
import { prngOf, type Prng } from '#domain/prng';
import type { Site } from '#domain/site';
import { tableOf } from '#domain/table';
import { amperes, epochS, seconds } from '#domain/units';
import type { InstalledProfile } from '#ocpp/profile';
import type { CommandAnswer } from '#ocpp/station-message';
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
import type { SiteLimits } from '#safety/circuit-limits';
import type { Belief } from '#safety/belief';
import { beliefOf, learn, ledgerOf, type Ledger } from '#safety/ledger';
import { defaultLedgerPolicy, type Guards, type LedgerPolicy } from '#safety/ledger-policy';
import { apply, drawAt, limitAt, plainStation, type PlainStation } from '../safety/plain-station.ts';
import { evse, limitsOf, plan, site, station, txDefault } from '../safety/depot.ts';

export interface SwapOptions {
  readonly seed: number;
  readonly connectors: number;
  readonly feederA: number;
  /** Chance that a frame is lost, each way. */
  readonly loss: number;
  readonly reactionS: number;
  readonly guards?: Guards;
  /** Plans that change within themselves instead of flat ones. */
  readonly steps?: boolean;
  /** Gives up after this long, and as soon as it is over; for worlds that are not to be safe. */
  readonly unsafeS?: number;
  readonly policy?: DispatchPolicy;
}

export interface SwapResult {
  /** Most current over the limit at any instant, A; 0: never over. */
  readonly overA: number;
  /** Seconds until every charger held its whole new plan. */
  readonly settledS: number;
  readonly calls: number;
  /** Turns after which something waited for admission. */
  readonly heldTurns: number;
  /** Seconds until the last charger that was to be lowered had acknowledged it; no safe order ends sooner. */
  readonly paidS: number;
}

const startS = 1_000_000;
const leaseS = 100_000;
const patienceS = 20_000;
/** From a call to its answer. */
export const roundTripS = 1;

/** Flat limits that fit: 0 or 6..32 A each, the feeder nearly full. */
export function feasibleLimits(prng: Prng, connectors: number, feederA: number): number[] {
  const limits = Array.from({ length: connectors }, () => 0);
  const order = limits.map((_, i) => i);
  for (let i = order.length - 1; i > 0; i--) {
    const j = prng.integer(0, i);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  let left = feederA;
  for (const i of order) {
    if (left < 6) break;
    const limit = prng.next() < 0.2 ? 0 : prng.integer(6, Math.min(32, left));
    limits[i] = limit;
    left -= limit;
  }
  return limits;
}

/** The plan of a charger; flat ones are made once for each charger and limit. */
function planOf(limits: readonly number[][], i: number, delayS: number): InstalledProfile {
  if (limits.length > 1) return madePlan(limits, i, delayS);
  const key = `${i} ${limits[0]![i]!}`;
  const known = flatPlans.get(key) ?? madePlan(limits, i, delayS);
  flatPlans.set(key, known);
  return known;
}

function madePlan(limits: readonly number[][], i: number, delayS: number): InstalledProfile {
  const steps: [number, number][] = [];
  limits.forEach((slot, k) => {
    const before = limits[k - 1]?.[i];
    const limit = slot[i]!;
    // Increases inside a plan start when the reaction to the decreases is over.
    const from = before === undefined || limit <= before ? k * slotS : k * slotS + delayS;
    if (steps.at(-1)?.[1] !== limit) steps.push([from, limit]);
  });
  return plan(1, 'tx', startS, leaseS, steps);
}

const depots = new Map<string, Site>();

/** The depot of that size; made once, as an engine has one site. */
function depotOf({ connectors, feederA, reactionS }: SwapOptions): Site {
  const key = `${connectors} ${feederA} ${reactionS}`;
  const known = depots.get(key);
  if (known !== undefined) return known;
  const made = site(
    Array.from({ length: connectors }, (_, i) =>
      station(`s${String(i).padStart(2, '0')}`, {
        evses: [evse(1, { rotation: [0] })],
        capability: { reactionS: seconds(reactionS) },
      }),
    ),
    [{ id: 'grid', limitA: amperes(feederA) }],
  );
  depots.set(key, made);
  return made;
}

const policies = new Map<string, LedgerPolicy>();

/** The policy of the ledger without some guards; one object each, as an engine has. */
function policyOf(guards: Guards = {}): LedgerPolicy {
  const key = JSON.stringify(guards);
  const known = policies.get(key) ?? { ...defaultLedgerPolicy, guards };
  policies.set(key, known);
  return known;
}

/** A charger with its old plan, as the ledger knows it and as dispatch does. */
interface Begun {
  readonly plan: InstalledProfile;
  readonly belief: Belief;
  readonly station: StationDispatch;
}

const begunByPlan = new Map<string, Begun>();
const flatPlans = new Map<string, InstalledProfile>();

/** What every swap begins with is the same for the same charger, plan and policy: it is learnt once. */
function begunOnce(key: string, learnt: () => Begun): Begun {
  const known = begunByPlan.get(key) ?? learnt();
  begunByPlan.set(key, known);
  return known;
}

const limitsBySite = new WeakMap<Site, SiteLimits>();

function limitsOnce(depot: Site): SiteLimits {
  const known = limitsBySite.get(depot) ?? limitsOf(depot);
  limitsBySite.set(depot, known);
  return known;
}

const slotS = 900;
const floor = txDefault(1, 0);

function middleOf(slot: number): number {
  return startS + slot * slotS + slotS / 2;
}

/** What is drawn at random for one swap, the same whatever the order of sending is. */
interface Draws {
  readonly before: readonly number[][];
  readonly after: readonly number[][];
  /** Whether the n-th frame to or from a station is lost. */
  isLost(i: number, way: 'down' | 'up'): boolean;
  /** A number that orders frames on their way. */
  next(): number;
}

function drawsOf({ seed, connectors, feederA, loss, steps }: SwapOptions): Draws {
  const prng = prngOf(seed);
  const limits = (): number[][] =>
    Array.from({ length: steps === true ? 4 : 1 }, () => feasibleLimits(prng, connectors, feederA));
  const [before, after] = [limits(), limits()];
  const fates = Array.from({ length: connectors }, (_, i) => ({
    down: prng.fork(`down ${i}`),
    up: prng.fork(`up ${i}`),
  }));
  const order = prng.fork('order');
  return {
    before,
    after,
    isLost: (i, way) => loss > 0 && fates[i]![way].next() < loss,
    next: () => order.next(),
  };
}

/** One engine and its chargers while a swap goes on. */
class Swap {
  readonly wanted: Record<string, Wanted[string]> = {};
  readonly truth: PlainStation[] = [];
  private readonly beliefs: Record<string, Belief> = {};
  private readonly stations: Record<string, StationDispatch> = {};
  /** What each charger may be drawing now, A. */
  private readonly drawn: number[];
  readonly depot: Site;
  readonly limits: SiteLimits;
  private readonly options: SwapOptions;
  private readonly draws: Draws;
  /** Chargers that are to be lowered and have not acknowledged it. */
  private readonly lowered: Set<string>;
  /** Instants at which a plan may step, or a reaction to a step is over. */
  private readonly steps: readonly number[];
  /** The limit that each charger is to have at the middle of each slot. */
  private readonly goals: readonly (readonly number[])[];
  private ledger: Ledger;
  private dispatch: Dispatch;
  now = startS + 10;
  overA = 0;
  calls = 0;
  heldTurns = 0;
  paidAt = startS + 10;

  constructor(options: SwapOptions) {
    this.options = options;
    this.draws = drawsOf(options);
    const { reactionS } = options;
    this.depot = depotOf(options);
    this.limits = limitsOnce(this.depot);
    this.depot.stations.forEach(({ id }, i) => this.begin(id, i));
    this.ledger = { policy: policyOf(options.guards), beliefs: tableOf(this.beliefs) };
    const dispatch = dispatchOf(this.depot, options.seed, options.policy);
    this.dispatch = { ...dispatch, stations: tableOf(this.stations) };
    this.drawn = this.truth.map(() => 0);
    const { before, after } = this.draws;
    const isLowered = (_: unknown, i: number): boolean => after.some((slot, k) => slot[i]! < before[k]![i]!);
    this.lowered = new Set(this.depot.stations.filter(isLowered).map(({ id }) => id));
    const slots = [...after.keys()];
    this.steps = slots.flatMap((k) => [k * slotS, k * slotS + reactionS]).map((s) => startS + s);
    this.goals = this.depot.stations.map(({ id }) => {
      const wanted = this.wanted[id]!.plans[0]!;
      const reference = plainStation(32, { profiles: [floor, wanted], transactions: { 1: 'tx' } });
      return slots.map((k) => limitAt(reference, 1, middleOf(k)));
    });
  }

  /** A charger holds its old plan, and the engine knows it. */
  private begin(stationId: string, i: number): void {
    const { reactionS, guards } = this.options;
    const before = this.draws.before.map((slot) => slot[i]!);
    const key = `${reactionS} ${this.depot.stations.length} ${JSON.stringify(guards ?? {})} ${i} ${before.join(' ')}`;
    const begun =
      before.length > 1 ? this.learnt(stationId, i) : begunOnce(key, () => this.learnt(stationId, i));
    const { belief, station: known } = begun;
    this.beliefs[stationId] = belief;
    this.stations[stationId] = known;
    const profiles = [floor, begun.plan];
    this.truth.push(plainStation(32, { reactionS, profiles, transactions: { 1: 'tx' } }));
    this.wanted[stationId] = { floors: [floor], plans: [planOf(this.draws.after, i, reactionS)] };
  }

  /** Ledger and dispatch hear of a charger's transaction and profiles. */
  private learnt(stationId: string, i: number): Begun {
    const { depot } = this;
    const old = planOf(this.draws.before, i, this.options.reactionS);
    const at = epochS(startS - 1000);
    const transaction = { evseId: 1, id: 'tx', startedAt: at };
    const readAt = epochS(startS - 900);
    const installed = [floor, old];
    let ledger = ledgerOf(depot, at, policyOf(this.options.guards));
    ledger = learn(depot, ledger, { kind: 'transaction-started', stationId, at, transaction });
    ledger = learn(depot, ledger, { kind: 'read-back', stationId, at: readAt, installed, link: 1 });
    const view = { site: depot, ledger, dispatch: dispatchOf(depot, 1), now: readAt };
    const { dispatch } = onLink(view, { stationId, up: true });
    return {
      plan: old,
      belief: beliefOf(ledger, stationId),
      station: { ...stationDispatchOf(dispatch, stationId), unread: [] },
    };
  }

  check(): void {
    this.truth.forEach((one, i) => {
      this.drawn[i] = drawAt(one, 1, this.now);
    });
    this.add();
  }

  /** The same after only charger `i` has changed within the instant. */
  private checkOne(i: number): void {
    this.drawn[i] = drawAt(this.truth[i]!, 1, this.now);
    this.add();
  }

  private add(): void {
    const total = this.drawn.reduce((sum, a) => sum + a, 0);
    this.overA = Math.max(this.overA, total - this.options.feederA);
  }

  isSettled(): boolean {
    return this.goals.every((goal, i) =>
      goal.every((limit, k) => limitAt(this.truth[i]!, 1, middleOf(k)) === limit),
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

  /** One turn of dispatch, the way of its frames, and the answers. */
  round(): void {
    const { depot, limits, wanted, draws } = this;
    const turn = dispatchTurn({
      site: depot,
      ledger: this.ledger,
      dispatch: this.dispatch,
      limits,
      wanted,
      now: epochS(this.now),
    });
    this.ledger = turn.ledger;
    this.dispatch = turn.dispatch;
    if (turn.held.length > 0) this.heldTurns++;
    this.calls += turn.calls.length;
    const answers: { stationId: string; messageId: string; answer: CommandAnswer }[] = [];
    // Frames arrive in any order.
    const order = turn.calls.map((call) => ({ call, at: draws.next() })).toSorted((a, b) => a.at - b.at);
    for (const { call } of order) {
      const { stationId, messageId } = call;
      const i = Number(stationId.slice(1));
      if (draws.isLost(i, 'down')) continue;
      const accepted = apply(this.truth[i]!, call.command);
      this.checkOne(i);
      if (draws.isLost(i, 'up')) continue;
      const answer: CommandAnswer = accepted ? { kind: 'accepted' } : { kind: 'refused', status: 'Rejected' };
      answers.push({ stationId, messageId, answer });
    }
    const soon = this.now + roundTripS;
    this.passTo(answers.length > 0 ? soon : Math.max(soon, turn.wakeAt ?? soon));
    for (const answer of answers) {
      if (this.lowered.has(answer.stationId)) this.paidAt = this.now;
      this.lowered.delete(answer.stationId);
      const view = {
        site: depot,
        ledger: this.ledger,
        dispatch: this.dispatch,
        now: epochS(this.now),
      };
      const { ledger, dispatch } = onAnswer(view, answer);
      this.ledger = ledger;
      this.dispatch = dispatch;
    }
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
  const { overA, calls, heldTurns, paidAt } = swap;
  const settledS = swap.isSettled() ? swap.now - begunAt : Infinity;
  return { overA, settledS, calls, heldTurns, paidS: paidAt - begunAt };
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
