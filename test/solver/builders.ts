/** Depots that state only what matters. */
import type { ConnectorNode, DemandWindow, DepotProblem, Session } from '#solver/problem';

export function series(intervals: number, kw: number | ((t: number) => number)): Float64Array {
  return Float64Array.from({ length: intervals }, (_, t) => (typeof kw === 'number' ? kw : kw(t)));
}

export function connector(id: string, fields: Partial<ConnectorNode> = {}): ConnectorNode {
  return { id, circuit: 0, maxKw: 11, module: -1, rotation: [0, 1, 2], reserveKw: 0, ...fields };
}

export function session(id: string, fields: Partial<Session> = {}): Session {
  return {
    id,
    connector: 0,
    arrive: 0,
    depart: 4,
    energyKwh: 10,
    maxKw: 11,
    phases: 3,
    minKw: 0,
    stepKw: 0,
    shortfallPrice: 10,
    ...fields,
  };
}

export function peak(id: string, intervals: number, fields: Partial<DemandWindow> = {}): DemandWindow {
  return {
    id,
    pricePerKw: 10,
    counts: new Uint8Array(intervals).fill(1),
    floorKw: 0,
    blockIntervals: 1,
    blockOffset: 0,
    blockPastKw: 0,
    ...fields,
  };
}

/** One-hour intervals behind one grid connection of 100 kW; energy costs 0.1 per kWh. */
export function depot(fields: Partial<DepotProblem> & { readonly intervals?: number } = {}): DepotProblem {
  const intervals = fields.intervals ?? 4;
  return {
    intervalH: 1,
    intervals,
    circuits: [{ id: 'grid', parent: -1, limitKw: series(intervals, 100) }],
    connectors: [connector('a'), connector('b')],
    modules: [],
    sessions: [],
    fixedLoadKw: series(intervals, 0),
    price: series(intervals, 0.1),
    demand: [],
    earliness: 0,
    ...fields,
  };
}
