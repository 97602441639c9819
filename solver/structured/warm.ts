/**
 * What one solve leaves for the next: the sets of sessions that limited each other, and the powers to begin from. Both
 * only save time: cuts of any set hold for every plan, and a flow may begin anywhere. Source: docs/model.md, "Rolling".
 * @module
 */
import type { DepotProblem, SolveOptions, WarmStart } from '../problem.ts';
import type { Flow } from './flow.ts';
import { flowNoise } from './network.ts';
import type { Network } from './network.ts';

/** Most sets handed on, those with the largest multipliers. */
const setsMax = 24;

/** A set of sessions with the multiplier of its cuts. */
interface WeightedSet {
  readonly set: Uint8Array;
  readonly weight: number;
}

/** Sets of `warm` among the sessions of now; those who left are left out. */
export function setsFrom(warm: WarmStart | undefined, network: Network): readonly Uint8Array[] {
  if (warm === undefined) return [];
  const { sessions, problem } = network;
  const indexOf = new Map<string, number>();
  for (let s = 0; s < sessions.length; s++) indexOf.set(problem.sessions[sessions[s]].id, s);
  return warm.sets.slice(0, setsMax).map((ids) => {
    const set = new Uint8Array(sessions.length);
    for (const id of ids) {
      const s = indexOf.get(id);
      if (s !== undefined) set[s] = 1;
    }
    return set;
  });
}

/** Power that session `s` of the problem had at interval `t` before; 0 where nothing is known. */
function earlierPower(
  problem: DepotProblem,
  warm: WarmStart | undefined,
): ((s: number, t: number) => number) | undefined {
  const { previousKw, sessions } = problem;
  const stays = warm?.stays;
  if (warm !== undefined && stays !== undefined) {
    return (s, t) => {
      const stay = stays.get(sessions[s].id);
      return stay?.powerKw[t + warm.advanced - stay.arrive] ?? 0;
    };
  }
  if (previousKw === undefined || previousKw.size === 0) return undefined;
  return (s, t) => previousKw.get(sessions[s].id)?.[t - sessions[s].arrive] ?? 0;
}

/** Sends what was sent before, as far as it fits the targets of now, sessions in `order`. */
export function fillAsBefore(flow: Flow, order: Int32Array, options: SolveOptions): void {
  const { network, left } = flow;
  const { problem, sessions, armsOf, armFrom, armTo } = network;
  const before = earlierPower(problem, options.warm);
  if (before === undefined) return;
  const { intervalOf } = network;
  const sent = new Float64Array(problem.intervals);
  for (const s of order) {
    for (let a = armsOf[s]; a < armsOf[s + 1] && left[s] > flowNoise; a++) {
      for (let time = armFrom[a]; time < armTo[a] && left[s] > flowNoise; time++) {
        const t = intervalOf[time];
        if (t < 0) continue;
        const rest = Math.min(left[s], before(sessions[s], t) - sent[t]);
        if (rest > flowNoise) sent[t] += flow.send(a, time, rest);
      }
    }
    const { arrive, depart } = problem.sessions[sessions[s]];
    sent.fill(0, arrive, depart);
  }
}

/** What this solve leaves for the next. */
export function warmStartOf(
  network: Network,
  powerKw: readonly Float64Array[],
  weighted: readonly WeightedSet[],
): WarmStart {
  const { problem, sessions } = network;
  const sets = weighted
    .toSorted((a, b) => b.weight - a.weight)
    .slice(0, setsMax)
    .map(({ set }) => {
      const ids: string[] = [];
      for (let i = 0; i < set.length; i++) if (set[i] === 1) ids.push(problem.sessions[sessions[i]].id);
      return ids;
    });
  const stays = new Map(
    problem.sessions.map(({ id, arrive }, s) => [id, { arrive, powerKw: powerKw[s] }] as const),
  );
  return { sets, stays, advanced: 0 };
}
