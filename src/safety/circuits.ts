/** The tree of circuits, and what each leaves to chargers. @module */
import { phases, type Phase, type Site } from '#domain/site';
import { combine, type StepFunction } from '#domain/step-function';
import type { SiteLimits } from './circuit-limits.ts';
import { down } from './milli.ts';

/** What may be overloaded: a phase (milliamperes), or all together (watts). */
export type Dimension = Phase | 'total';
/** All of them. */
export const dimensions: readonly Dimension[] = [...phases, 'total'];

/** The circuits of a site as a tree. */
export interface CircuitTree {
  /** The circuit itself and all that feed it, upwards. */
  above(circuit: string): readonly string[];
  /** The circuit itself and all that it feeds, in the site's order. */
  below(circuit: string): readonly string[];
}

const trees = new WeakMap<Site, CircuitTree>();

/** The tree of a site. */
export function circuitTree(site: Site): CircuitTree {
  const seen = trees.get(site);
  if (seen !== undefined) return seen;
  const parents = new Map(site.circuits.map(({ id, parent }) => [id, parent]));
  const pathOf = (circuit: string): readonly string[] => {
    const path: string[] = [];
    for (let at: string | undefined = circuit; at !== undefined; at = parents.get(at)) {
      if (path.includes(at)) break;
      path.push(at);
    }
    return path;
  };
  const above = new Map(site.circuits.map(({ id }) => [id, pathOf(id)]));
  const tree: CircuitTree = {
    above: (circuit) => above.get(circuit) ?? [],
    below: (circuit) => site.circuits.flatMap(({ id }) => (above.get(id)?.includes(circuit) ? [id] : [])),
  };
  trees.set(site, tree);
  return tree;
}

type Rooms = Readonly<Record<string, Readonly<Partial<Record<Dimension, StepFunction>>>>>;

const rooms = new WeakMap<SiteLimits, { readonly site: Site; readonly rooms: Rooms }>();

/** What a circuit leaves to chargers, in whole milliamperes or watts; undefined where it has no such limit. */
export function roomOf(
  site: Site,
  limits: SiteLimits,
  circuit: string,
  dimension: Dimension,
): StepFunction | undefined {
  let known = rooms.get(limits);
  if (known === undefined || known.site !== site) {
    known = { site, rooms: roomsOf(site, limits) };
    rooms.set(limits, known);
  }
  return known.rooms[circuit]?.[dimension];
}

function roomsOf(site: Site, limits: SiteLimits): Rooms {
  const tree = circuitTree(site);
  return Object.fromEntries(
    site.circuits.map(({ id }) => {
      const own = limits[id];
      if (own === undefined) return [id, {}];
      const loads = tree.below(id).flatMap((below) => limits[below] ?? []);
      const left = (limit: StepFunction, parts: readonly StepFunction[], scale: number): StepFunction =>
        combine([limit, ...parts], (values) => {
          let drawn = 0;
          for (let i = 1; i < values.length; i++) drawn += values[i] ?? 0;
          return down(((values[0] ?? 0) - drawn) * scale);
        });
      const onPhase = (phase: Phase): StepFunction =>
        left(
          own.limitA,
          loads.map(({ uncontrolledA }) => uncontrolledA[phase]),
          1000,
        );
      const total =
        own.limitW === undefined
          ? {}
          : {
              total: left(
                own.limitW,
                loads.map(({ uncontrolledW }) => uncontrolledW),
                1,
              ),
            };
      return [id, { 0: onPhase(0), 1: onPhase(1), 2: onPhase(2), ...total }];
    }),
  );
}
