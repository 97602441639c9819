/**
 * What circuits see of a session: a limit on a three-phase socket holds on each of its pins, so a vehicle that loads one
 * phase is counted on all three, and nothing is seen below the connector's reserve. Source: docs/model.md, "Exposure".
 * @module
 */
import type { ConnectorNode, DepotProblem, Session } from './problem.ts';

/** kW that circuits count per kW drawn: 1, the number of pins for a one-phase vehicle on a three-phase socket, or as told. */
export function exposureFactor(session: Session, connector: ConnectorNode): number {
  return session.countedPerKw ?? (session.phases === 1 ? connector.rotation.length : 1);
}

/** Most power of a session in interval `t` of the horizon, kW. */
export function powerCap(session: Session, connector: ConnectorNode, t: number): number {
  const own = typeof session.maxKw === 'number' ? session.maxKw : session.maxKw[t - session.arrive];
  return Math.max(0, Math.min(own, connector.maxKw));
}

/**
 * What a limit leaves above the reserves, kW: nothing where they fill it. Below 0 only where uncontrolled load is above the
 * grid connection, and PV and battery are to cover as much.
 */
export function roomAbove(limitKw: number, reservedKw: number): number {
  return limitKw < 0 ? limitKw : Math.max(0, limitKw - reservedKw);
}

/** Circuits from each connector up to the grid connection. */
export function pathsOf(problem: DepotProblem): readonly (readonly number[])[] {
  const paths = problem.circuits.map((_, leaf) => {
    const path: number[] = [];
    for (let g = leaf; g >= 0; g = problem.circuits[g].parent) path.push(g);
    return path;
  });
  return problem.connectors.map(({ circuit }) => paths[circuit]);
}

/** What the reserves of all connectors take from each circuit, kW. */
export interface ReserveLoad {
  /** [C] over all phases. */
  readonly total: Float64Array;
  /** [C * 3] per phase. */
  readonly phase: Float64Array;
  /** [C] 1 where every connector below loads all three phases, so that phases are equal. */
  readonly balanced: Uint8Array;
}

/** The reserves of all connectors, summed up the tree. */
export function reserveLoadOf(problem: DepotProblem, paths: readonly (readonly number[])[]): ReserveLoad {
  const circuits = problem.circuits.length;
  const total = new Float64Array(circuits);
  const phase = new Float64Array(3 * circuits);
  const balanced = new Uint8Array(circuits).fill(1);
  for (const [c, connector] of problem.connectors.entries()) {
    const pins = connector.rotation.length;
    if (pins === 3 && connector.reserveKw === 0) continue;
    for (const g of paths[c]) {
      total[g] += connector.reserveKw;
      for (const pin of connector.rotation) phase[3 * g + pin] += connector.reserveKw / pins;
      if (pins !== 3) balanced[g] = 0;
    }
  }
  return { total, phase, balanced };
}
