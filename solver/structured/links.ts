/**
 * Limits that the tree of the network cannot say, because what they limit weighs differently or meets nowhere: phases above
 * vehicles of one and of three phases, one-phase vehicles on three-phase sockets, modules over several nodes or with power
 * within reserves. The network leaves them out; a plan that breaks one brings it back for the interval where it did. What
 * weighs alike in all that was brought back at an interval then gets a time and a slot of its own, and the limit is a row
 * over these. Source: docs/model.md, "Structure".
 * @module
 */
import type { Multipliers, WarmLink, WarmStart } from '../problem.ts';
import { overall } from './limits.ts';
import type { Loads } from './loads.ts';

/** By how much a plan may break a limit that was left out, kW. */
export const linkNoise = 2e-7;

/** A limit at one interval: its row among the loads. */
export interface Link {
  readonly row: number;
  readonly t: number;
  readonly roomKw: number;
}

/** By how much a plan breaks a limit, kW. */
export interface BrokenLink extends Link {
  readonly byKw: number;
}

/** Limits that `load`, [rows * T], breaks. */
export function brokenBy(loads: Loads, load: Float64Array): BrokenLink[] {
  const { roomKw } = loads;
  const { intervals } = loads.limits.problem;
  const broken: BrokenLink[] = [];
  for (let at = 0; at < load.length; at++) {
    const byKw = load[at] - roomKw[at];
    if (byKw <= linkNoise) continue;
    broken.push({ row: Math.floor(at / intervals), t: at % intervals, roomKw: roomKw[at], byKw });
  }
  return broken;
}

/** Limits that were brought back. */
export class Links {
  readonly loads: Loads;
  readonly at: ReadonlyMap<number, readonly Link[]>;
  readonly count: number;

  constructor(loads: Loads, at: ReadonlyMap<number, readonly Link[]> = new Map()) {
    this.loads = loads;
    this.at = at;
    this.count = [...at.values()].reduce((sum, links) => sum + links.length, 0);
  }

  /** These and `more`; undefined where all of `more` are here. */
  with(more: readonly Link[]): Links | undefined {
    const at = new Map(this.at);
    for (const link of more) {
      const known = at.get(link.t) ?? [];
      if (known.every(({ row }) => row !== link.row)) at.set(link.t, [...known, link]);
    }
    const links = new Links(this.loads, at);
    return links.count === this.count ? undefined : links;
  }
}

/** Those of `links` that are worth something, for the next solve. */
export function linksFor({ loads, at }: Links, multipliers: Multipliers): readonly WarmLink[] {
  const { circuits, modules } = loads.limits.problem;
  return [...at.values()].flat().flatMap(({ row, t }): WarmLink[] => {
    if (!(loads.worthOf(multipliers, row, t) > 0)) return [];
    const module = loads.moduleOf(row);
    if (module >= 0) return [{ id: modules[module].id, kind: 'module', t }];
    const phase = loads.phaseOf(row);
    const kind = phase === 0 || phase === 1 || phase === 2 ? phase : 'total';
    return [{ id: circuits[loads.circuitOf(row)].id, kind, t }];
  });
}

/** Limits that bound before; those that are no more are left out. */
export function linksFrom(loads: Loads, { links = [], advanced }: WarmStart): readonly Link[] {
  const { circuits, modules, intervals } = loads.limits.problem;
  return links.flatMap(({ id, kind, t: before }): Link[] => {
    const t = before - advanced;
    const index = (kind === 'module' ? modules : circuits).findIndex((one) => one.id === id);
    if (index < 0 || t < 0 || t >= intervals) return [];
    const row =
      kind === 'module' ? loads.rowOfModule(index) : loads.rowOf(index, kind === 'total' ? overall : kind);
    const roomKw = loads.roomKw[row * intervals + t];
    return roomKw < Infinity ? [{ row, t, roomKw }] : [];
  });
}
