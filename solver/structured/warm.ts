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

/** Powers that a session had before: `powerKw[t + shift]` at interval `t`. */
interface Earlier {
  readonly powerKw: Float64Array;
  readonly shift: number;
}

/** What session `s` of the problem had before; undefined where nothing is known. */
function earlierOf(problem: DepotProblem, warm: WarmStart | undefined, s: number): Earlier | undefined {
  const { id, arrive } = problem.sessions[s];
  if (warm?.stays !== undefined) {
    const stay = warm.stays.get(id);
    return stay === undefined ? undefined : { powerKw: stay.powerKw, shift: warm.advanced - stay.arrive };
  }
  const powerKw = problem.previousKw?.get(id);
  return powerKw === undefined ? undefined : { powerKw, shift: -arrive };
}

/** Sends what was sent before, as far as it fits the targets of now, sessions in `order`. */
export function fillAsBefore(flow: Flow, order: Int32Array, options: SolveOptions): void {
  const { network, left } = flow;
  const { problem, sessions, armsOf, armFrom, armTo } = network;
  if (options.warm?.stays === undefined && (problem.previousKw?.size ?? 0) === 0) return;
  const { intervalOf } = network;
  const sent = new Float64Array(problem.intervals);
  for (const s of order) {
    const earlier = earlierOf(problem, options.warm, sessions[s]);
    if (earlier === undefined) continue;
    const { powerKw, shift } = earlier;
    for (let a = armsOf[s]; a < armsOf[s + 1] && left[s] > flowNoise; a++) {
      for (let time = armFrom[a]; time < armTo[a] && left[s] > flowNoise; time++) {
        const t = intervalOf[time];
        const i = t + shift;
        if (t < 0 || i < 0 || i >= powerKw.length) continue;
        const rest = Math.min(left[s], powerKw[i] - sent[t]);
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
