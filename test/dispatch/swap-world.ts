/**
 * Swaps: every charger of a feeder holds an old plan and is to get a new one, while messages are lost. The true current
 * is summed by the plain stations. Unsafe orders of sending run in the same world, to show that the world can tell.
 */
import { prngOf, type Prng } from '#domain/prng';
import { amperes, epochS, seconds } from '#domain/units';
import type { InstalledProfile } from '#ocpp/profile';
import { onAnswer, onLink } from '#dispatch/answers';
import { dispatchTurn } from '#dispatch/dispatch';
import { dispatchOf, type Dispatch } from '#dispatch/dispatch-state';
import type { Wanted } from '#dispatch/turn';
import { learn, ledgerOf, type Ledger } from '#safety/ledger';
import { defaultLedgerPolicy, type Guards } from '#safety/ledger-policy';
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
}

export interface SwapResult {
  /** Most current over the limit at any instant, A; 0: never over. */
  readonly overA: number;
  /** Seconds until every charger held its whole new plan. */
  readonly settledS: number;
  readonly calls: number;
  /** Turns after which something waited for admission. */
  readonly heldTurns: number;
}

const startS = 1_000_000;
const leaseS = 100_000;
const patienceS = 20_000;

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

function planOf(limits: readonly number[][], i: number, slotS: number, delayS: number): InstalledProfile {
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

export function runSwap(options: SwapOptions): SwapResult {
  const { connectors, feederA, loss, reactionS } = options;
  const prng = prngOf(options.seed);
  const slots = options.steps === true ? 4 : 1;
  const slotS = 900;
  const depot = site(
    Array.from({ length: connectors }, (_, i) =>
      station(`s${String(i).padStart(2, '0')}`, {
        evses: [evse(1, { rotation: [0] })],
        capability: { reactionS: seconds(reactionS) },
      }),
    ),
    [{ id: 'grid', limitA: amperes(feederA) }],
  );
  const draw = (): number[][] =>
    Array.from({ length: slots }, () => feasibleLimits(prng, connectors, feederA));
  const [before, after] = [draw(), draw()];
  const floor = txDefault(1, 0);
  const truth: PlainStation[] = [];
  let ledger: Ledger = ledgerOf(depot, epochS(startS - 1000), {
    ...defaultLedgerPolicy,
    guards: options.guards ?? {},
  });
  let dispatch: Dispatch = dispatchOf(depot, options.seed);
  const wanted: Record<string, Wanted[string]> = {};
  depot.stations.forEach(({ id }, i) => {
    const old = planOf(before, i, slotS, reactionS);
    truth.push(plainStation(32, { reactionS, profiles: [floor, old], transactions: { 1: 'tx' } }));
    const transaction = { evseId: 1, id: 'tx', startedAt: epochS(startS - 1000) };
    ledger = learn(depot, ledger, {
      kind: 'transaction-started',
      stationId: id,
      at: epochS(startS - 1000),
      transaction,
    });
    ledger = learn(depot, ledger, {
      kind: 'read-back',
      stationId: id,
      at: epochS(startS - 900),
      installed: [floor, old],
      link: 1,
    });
    dispatch = onLink(
      { site: depot, ledger, dispatch, now: epochS(startS - 900) },
      { stationId: id, up: true },
    ).dispatch;
    wanted[id] = { floors: [floor], plans: [planOf(after, i, slotS, reactionS)] };
  });
  dispatch = {
    ...dispatch,
    stations: Object.fromEntries(
      Object.entries(dispatch.stations).map(([id, one]) => [id, { ...one, unread: [] }]),
    ),
  };
  const limits = limitsOf(depot);
  let now = startS + 10;
  let overA = 0;
  let calls = 0;
  let heldTurns = 0;
  const check = (): void => {
    let total = 0;
    for (const one of truth) total += drawAt(one, 1, now);
    overA = Math.max(overA, total - feederA);
  };
  check();
  const isSettled = (): boolean =>
    depot.stations.every(({ id }, i) => {
      const want = wanted[id]!.plans[0]!;
      const reference = plainStation(32, { profiles: [floor, want], transactions: { 1: 'tx' } });
      return [...Array(slots).keys()].every(
        (k) =>
          limitAt(truth[i]!, 1, Math.max(now, startS + k * slotS + slotS / 2)) ===
          limitAt(reference, 1, Math.max(now, startS + k * slotS + slotS / 2)),
      );
    });
  const endS = startS + 10 + (options.unsafeS ?? patienceS);
  while (!isSettled() && now < endS) {
    const turn = dispatchTurn({ site: depot, ledger, dispatch, limits, wanted, now: epochS(now) });
    ({ ledger, dispatch } = turn);
    if (turn.held.length > 0) heldTurns++;
    calls += turn.calls.length;
    if (options.unsafeS !== undefined && overA > 0) break;
    const answers: { stationId: string; messageId: string; accepted: boolean }[] = [];
    // Frames arrive in any order.
    const order = turn.calls.map((call) => ({ call, at: prng.next() })).toSorted((a, b) => a.at - b.at);
    for (const { call } of order) {
      const one = truth[depot.stations.findIndex(({ id }) => id === call.stationId)]!;
      if (prng.next() < loss) continue;
      const accepted = apply(one, call.command);
      check();
      if (prng.next() < loss) continue;
      answers.push({ stationId: call.stationId, messageId: call.messageId, accepted });
    }
    const next = answers.length > 0 ? now + 1 : Math.max(now + 1, turn.wakeAt ?? now + 1);
    while (now < next) {
      // Every instant at which a plan may step is looked at: they lie on multiples of 5 s.
      now = Math.min(next, now + 5 - (now % 5));
      check();
    }
    for (const { stationId, messageId, accepted } of answers) {
      const answer = accepted
        ? ({ kind: 'accepted' } as const)
        : ({ kind: 'refused', status: 'Rejected' } as const);
      ({ ledger, dispatch } = onAnswer(
        { site: depot, ledger, dispatch, now: epochS(now) },
        { stationId, messageId, answer },
      ));
    }
  }
  return { overA, settledS: isSettled() ? now - startS - 10 : Infinity, calls, heldTurns };
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
