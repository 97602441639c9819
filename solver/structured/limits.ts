/**
 * What limits of circuits and phases let through each node of the network. A circuit whose vehicles load its phases all in
 * one way has one limit, the tightest of total and phases. Where they differ the node gets what holds whoever draws: the
 * total, and the sum of the phases; what is left of the limits is for `links.ts`. Source: docs/model.md, "Structure".
 * @module
 */
import { exposureFactor, pathsOf, reserveLoadOf, roomAbove } from '../exposure.ts';
import { hasSources } from '../multipliers.ts';
import type { DepotProblem, Multipliers } from '../problem.ts';

/** kW that circuits count per kW drawn: in total, and on each phase. */
export interface Load {
  readonly total: number;
  readonly phases: readonly [number, number, number];
}

/** Stands for the total, and for the sum of all phases, where a phase is named otherwise. */
export const overall = -1;
const allPhases = -2;

/** A limit as a bound of what passes a node: `factor` kW for each kW of its room. */
export interface Bound {
  readonly circuit: number;
  /** 0 to 2, `overall` or `allPhases`. */
  readonly phase: number;
  readonly factor: number;
}

/** Load of what takes a third of its power from each phase, as PV and battery do. */
const balanced: Load = { total: 1, phases: [1 / 3, 1 / 3, 1 / 3] };

/** See the module. */
export class Limits {
  readonly problem: DepotProblem;
  readonly paths: readonly (readonly number[])[];
  readonly loads: readonly Load[];
  /** [sessions of the problem] index into `loads`. */
  readonly loadOf: Int32Array;
  /** [C * T] and [C * 3 * T] what is left above the reserves, kW; Infinity where nothing limits. */
  readonly #total: Float64Array;
  readonly #phase: Float64Array;
  /** [C] loads of the sessions below. */
  readonly #below: readonly ReadonlySet<number>[];

  constructor(problem: DepotProblem) {
    const { circuits, connectors, sessions, intervals } = problem;
    this.problem = problem;
    this.paths = pathsOf(problem);
    const loads: Load[] = [balanced];
    const known = new Map<string, number>([['1:0,1,2', 0]]);
    this.loadOf = Int32Array.from(sessions, (session) => {
      const connector = connectors[session.connector];
      const total = exposureFactor(session, connector);
      if (total === 1 && connector.rotation.length === 3) return 0;
      const pins = [...connector.rotation].sort((a, b) => a - b);
      const key = `${total}:${pins.join()}`;
      const on = (phase: number): number => (pins.includes(phase) ? total / pins.length : 0);
      const load = known.get(key) ?? loads.push({ total, phases: [on(0), on(1), on(2)] }) - 1;
      known.set(key, load);
      return load;
    });
    this.loads = loads;
    const below = circuits.map(() => new Set<number>());
    for (let s = 0; s < sessions.length; s++) {
      const path = this.paths[sessions[s].connector];
      const load = this.loadOf[s];
      // What a circuit knows, all above it know.
      for (let i = 0; i < path.length && !below[path[i]].has(load); i++) below[path[i]].add(load);
    }
    if (hasSources(problem)) below[0].add(0);
    this.#below = below;
    const reserve = reserveLoadOf(problem, this.paths);
    this.#total = new Float64Array(circuits.length * intervals);
    this.#phase = new Float64Array(
      circuits.some(({ phaseLimitKw }) => phaseLimitKw !== undefined) ? 3 * this.#total.length : 0,
    ).fill(Infinity);
    for (const [g, { limitKw, phaseLimitKw }] of circuits.entries()) {
      for (let t = 0; t < intervals; t++) {
        this.#total[g * intervals + t] = roomAbove(limitKw[t], reserve.total[g]);
      }
      for (const [phase, limit] of (phaseLimitKw ?? []).entries()) {
        const at = 3 * g + phase;
        for (let t = 0; t < intervals; t++) {
          this.#phase[at * intervals + t] = roomAbove(limit[t], reserve.phase[at]);
        }
      }
    }
  }

  /** kW left of a limit at `t`; `phase` as in `Bound`. */
  roomKw(circuit: number, phase: number, t: number): number {
    const { intervals } = this.problem;
    if (phase === overall) return this.#total[circuit * intervals + t];
    if (this.#phase.length === 0) return Infinity;
    const at = 3 * circuit * intervals + t;
    if (phase !== allPhases) return this.#phase[at + phase * intervals];
    return this.#phase[at] + this.#phase[at + intervals] + this.#phase[at + 2 * intervals];
  }

  /** Whether the vehicles below load the limits of a circuit in different ways. */
  isMixed(g: number): boolean {
    const below = this.#below[g];
    if (below.size < 2) return false;
    if (this.problem.circuits[g].phaseLimitKw !== undefined) return true;
    return [...below].some((load) => this.loads[load].total !== 1);
  }

  /** Bounds of a circuit's node. */
  boundsOf(g: number): readonly Bound[] {
    const { circuits } = this.problem;
    if (this.isMixed(g)) {
      return [
        { circuit: g, phase: overall, factor: 1 },
        ...(circuits[g].phaseLimitKw === undefined ? [] : [{ circuit: g, phase: allPhases, factor: 1 }]),
      ];
    }
    const [load = 0] = this.#below[g];
    const own = this.#boundsFor(g, load);
    const above = circuits[g].parent;
    return above < 0 || this.#below[g].size !== 1 ? own : [...own, ...this.boundsBelow(above, load)];
  }

  /** Bounds of vehicles of one load below the mixed ones of circuit `from` and those above it. */
  boundsBelow(from: number, load: number): readonly Bound[] {
    const bounds: Bound[] = [];
    const { circuits } = this.problem;
    for (let g = from; g >= 0; g = circuits[g].parent) {
      if (this.isMixed(g) && !(g === 0 && hasSources(this.problem))) bounds.push(...this.#boundsFor(g, load));
    }
    return bounds;
  }

  #boundsFor(circuit: number, load: number): Bound[] {
    const { total, phases } = this.loads[load];
    const bounds: Bound[] = [{ circuit, phase: overall, factor: 1 / total }];
    if (this.problem.circuits[circuit].phaseLimitKw === undefined) return bounds;
    for (const [phase, share] of phases.entries()) {
      if (share > 0) bounds.push({ circuit, phase, factor: 1 / share });
    }
    return bounds;
  }

  /** Most that `bounds` let through at `t`, kW. */
  mostKw(bounds: readonly Bound[], t: number): number {
    let least = Infinity;
    for (const { circuit, phase, factor } of bounds) {
      const room = factor * this.roomKw(circuit, phase, t);
      if (room < least) least = room;
    }
    return least;
  }

  /** Adds what a kW through `bounds` at `t` is worth, `weight`, to the limit that is tightest. */
  addWorth({ circuits, phases }: Multipliers, bounds: readonly Bound[], t: number, weight: number): void {
    const { intervals } = this.problem;
    const least = this.mostKw(bounds, t);
    const tightest = bounds.find(
      ({ circuit, phase, factor }) => factor * this.roomKw(circuit, phase, t) === least,
    );
    if (tightest === undefined) return;
    const { circuit, phase, factor } = tightest;
    if (phase === overall) {
      circuits[circuit * intervals + t] += factor * weight;
      return;
    }
    for (let i = 0; i < 3; i++) {
      if (phase === i || phase === allPhases) phases[(3 * circuit + i) * intervals + t] += factor * weight;
    }
  }
}
