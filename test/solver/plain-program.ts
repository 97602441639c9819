/**
 * The depot document as a plain linear program, written from the meaning of its fields alone: one column for everything
 * that is decided, one row for every limit, bound or not. It shares only the matrix builder and HiGHS with the product.
 */
import { solveOnce } from '#solver/backends/backend';
import { highsBackend } from '#solver/backends/highs';
import { depotRequestOf } from '#solver/document';
import type { CircuitNode } from '#solver/problem';
import { ProgramBuilder } from '#solver/program';

export interface PlainSession {
  id: string;
  connector: string;
  arrive: number;
  depart: number;
  energyKwh: number;
  maxKw: number | number[];
  shortfallPrice: number;
  efficiency?: number;
  taper?: { fromKwh: number; maxKw: number }[];
  phases?: 1 | 3;
  milestones?: { by: number; energyKwh: number }[];
  dischargeKw?: number | number[];
  dischargeEfficiency?: number;
  heldKwh?: number;
  roomKwh?: number;
  wearPerKwh?: number;
}

type PerPhase = number | Record<PhaseName, number | number[]>;
export type PhaseName = 'L1' | 'L2' | 'L3';
export const phaseNames = ['L1', 'L2', 'L3'] as const;

export interface PlainDocument {
  intervalMinutes: number;
  intervals: number;
  voltageV?: number;
  circuits: {
    id: string;
    parent: string | null;
    limitKw?: number | number[];
    phaseLimitKw?: PerPhase;
    phaseLimitA?: PerPhase;
  }[];
  connectors: {
    id: string;
    circuit: string;
    maxKw: number | number[];
    minKw?: number;
    stepKw?: number;
    module?: string;
    phases?: 1 | 3;
    rotation?: PhaseName[];
  }[];
  modules: { id: string; maxKw: number }[];
  sessions: PlainSession[];
  fixedLoadKw: number[];
  pv?: { kw: number[]; sellPrice?: number[] };
  battery?: {
    capacityKwh: number;
    maxKw: number;
    efficiency: number;
    initialKwh: number;
    wearPerKwh?: number;
  };
  price: number[];
  demand: {
    id: string;
    pricePerKw: number;
    intervals: (0 | 1)[];
    floorKw: number;
    meterIntervals?: number;
  }[];
  earliness?: number;
  continuous?: boolean;
  solver?: string;
  gap?: number;
}

export const at = (value: number | readonly number[], t: number): number =>
  typeof value === 'number' ? value : value[t]!;

/** kW of a circuit in interval `t`, in all or on one phase, less the fixed load of the first one. */
export function leftOf(document: PlainDocument, g: number, t: number, name?: PhaseName): number {
  const { limitKw, phaseLimitKw, phaseLimitA } = document.circuits[g]!;
  const fixed = g === 0 ? document.fixedLoadKw[t]! : 0;
  if (name === undefined) return limitKw === undefined ? Infinity : at(limitKw, t) - fixed;
  const given = phaseLimitKw ?? phaseLimitA;
  if (given === undefined) return Infinity;
  const limit = typeof given === 'number' ? given : at(given[name], t);
  const kw = phaseLimitKw === undefined ? (limit * (document.voltageV ?? 230)) / 1000 : limit;
  return kw - fixed / 3;
}

const keptLimits = new WeakMap<PlainDocument, CircuitNode>();

/** Limits of the grid connection that sources can keep; relief.test.ts holds them against a program of their own. */
function keptOf(document: PlainDocument): CircuitNode {
  const known = keptLimits.get(document);
  if (known !== undefined) return known;
  const request = depotRequestOf(document);
  if (!request.ok) throw new Error(JSON.stringify(request.problem));
  const [grid] = request.value.problem.circuits;
  keptLimits.set(document, grid!);
  return grid!;
}

/** Most kW of a circuit in interval `t`; below 0 where PV or battery must cover what the fixed load draws too much. */
export function roomOf(document: PlainDocument, g: number, t: number, name?: PhaseName): number {
  const left = leftOf(document, g, t, name);
  if (left >= 0) return left;
  if (g > 0 || (document.pv ?? document.battery) === undefined) return 0;
  const { limitKw, phaseLimitKw } = keptOf(document);
  return name === undefined ? limitKw[t]! : phaseLimitKw![phaseNames.indexOf(name)]![t]!;
}

/** Phases behind the pins of a connector. */
export const pinsOf = ({ rotation, phases }: PlainDocument['connectors'][number]): readonly PhaseName[] =>
  rotation ?? phaseNames.slice(0, phases ?? 3);

/** kW that circuits see per kW of a session: a one-phase vehicle counts on every pin. */
export const seenPerKw = (session: PlainSession, connector: PlainDocument['connectors'][number]): number =>
  session.phases === 1 ? pinsOf(connector).length : 1;

/** Circuits from `id` up to the grid connection. */
export function upwards(document: PlainDocument, id: string | null): string[] {
  const path: string[] = [];
  for (let next = id; next !== null;) {
    path.push(next);
    next = document.circuits.find((circuit) => circuit.id === next)!.parent;
  }
  return path;
}

/** The metering blocks of a window that count, as lists of intervals. */
export function countedBlocks(document: PlainDocument, window: PlainDocument['demand'][number]): number[][] {
  const size = window.meterIntervals ?? 1;
  const blocks: number[][] = [];
  for (let from = 0; from < document.intervals; from += size) {
    const block = Array.from({ length: Math.min(size, document.intervals - from) }, (_, i) => from + i);
    if (block.some((t) => window.intervals[t] === 1)) blocks.push(block);
  }
  return blocks;
}

/** Rows by what they sum up: terms are collected first, since columns come one by one. */
class Rows {
  readonly builder = new ProgramBuilder();
  readonly #columns: { cost: number; upper: number; kind: 0 | 1; entries: [number, number][] }[] = [];

  row(lower: number, upper: number): number {
    return this.builder.addRow(lower, upper);
  }

  column(cost: number, upper: number, kind: 0 | 1 = 0): (row: number, value: number) => void {
    const column = { cost, upper, kind, entries: [] as [number, number][] };
    this.#columns.push(column);
    return (row, value) => void column.entries.push([row, value]);
  }

  finish(): ReturnType<ProgramBuilder['finish']> {
    for (const { cost, upper, kind, entries } of this.#columns) {
      this.builder.addColumn({ cost, lower: 0, upper }, kind);
      for (const [row, value] of entries) this.builder.addEntry(row, value);
    }
    return this.builder.finish();
  }
}

/**
 * The least cost of `document`. With `one way` a battery charges or discharges in an interval, never both, and the site
 * draws or feeds in, never both: with binary columns, for small documents.
 */
export async function leastCost(document: PlainDocument, ways?: 'one way'): Promise<number> {
  const { intervals: T, intervalMinutes, price, fixedLoadKw, pv, battery, earliness = 0 } = document;
  const h = intervalMinutes / 60;
  const rows = new Rows();
  const grid = Array.from({ length: T }, (_, t) => {
    // vehicles + charge + fed - discharge - sun - drawn = -fixed
    return rows.row(-fixedLoadKw[t]!, -fixedLoadKw[t]!);
  });
  const limits = document.circuits.map((_, g) =>
    Array.from({ length: T }, (_, t) => ({
      total: rows.row(-Infinity, roomOf(document, g, t)),
      L1: rows.row(-Infinity, roomOf(document, g, t, 'L1')),
      L2: rows.row(-Infinity, roomOf(document, g, t, 'L2')),
      L3: rows.row(-Infinity, roomOf(document, g, t, 'L3')),
    })),
  );
  type Column = (row: number, value: number) => void;
  const onSite = (column: Column, t: number, value: number): void => {
    column(limits[0]![t]!.total, value);
    for (const name of phaseNames) column(limits[0]![t]![name], value / 3);
  };
  const modules = document.modules.map(({ maxKw }) =>
    Array.from({ length: T }, () => rows.row(-Infinity, maxKw)),
  );
  for (const session of document.sessions) {
    const connector = document.connectors.find(({ id }) => id === session.connector)!;
    const path = upwards(document, connector.circuit).map((id) =>
      document.circuits.findIndex((circuit) => circuit.id === id),
    );
    const module = document.modules.findIndex(({ id }) => id === connector.module);
    const energy = rows.row(session.energyKwh, session.energyKwh);
    const share = session.efficiency ?? 1;
    const pins = pinsOf(connector);
    const seen = seenPerKw(session, connector);
    const carried = (column: Column, t: number): void => {
      for (const g of path) {
        column(limits[g]![t]!.total, seen);
        for (const name of pins) column(limits[g]![t]![name], seen / pins.length);
      }
      if (module >= 0) column(modules[module]![t]!, 1);
    };
    const feedsBack = session.dischargeKw !== undefined;
    // Every column of the stay so far, with the energy in the vehicle that it makes.
    const stay: { column: Column; kwh: number }[] = [];
    const soFar = (row: number): void => stay.forEach(({ column, kwh }) => column(row, kwh));
    for (let t = session.arrive; t < Math.min(session.depart, T); t++) {
      const most = at(connector.maxKw, t);
      const power = rows.column((earliness * t * h) / T, Math.min(at(session.maxKw, t), most));
      power(energy, share * h);
      power(grid[t]!, 1);
      carried(power, t);
      (session.taper ?? []).forEach((point, i, points) => {
        // On the line through this point and the one before: p <= maxKw - slope (delivered - fromKwh).
        const before = points[i - 1];
        const slope =
          before === undefined ? 0 : (before.maxKw - point.maxKw) / (point.fromKwh - before.fromKwh);
        const row = rows.row(-Infinity, point.maxKw + slope * point.fromKwh);
        power(row, 1);
        for (const { column, kwh } of stay) column(row, slope * kwh);
      });
      stay.push({ column: power, kwh: share * h });
      if (feedsBack) {
        const back = rows.column((session.wearPerKwh ?? 0) * h, Math.min(at(session.dischargeKw!, t), most));
        const kwh = -h / (session.dischargeEfficiency ?? 1);
        back(energy, kwh);
        back(grid[t]!, -1);
        carried(back, t);
        stay.push({ column: back, kwh });
        soFar(rows.row(-(session.heldKwh ?? 0), session.roomKwh ?? session.energyKwh));
      }
      for (const { by, energyKwh } of session.milestones ?? []) {
        if (by !== t + 1) continue;
        const row = rows.row(energyKwh, Infinity);
        soFar(row);
        rows.column(session.shortfallPrice, Infinity)(row, 1);
      }
    }
    rows.column(session.shortfallPrice, Infinity)(energy, 1);
  }
  const peaks = document.demand.map((window) => {
    const floor = rows.row(window.floorKw, Infinity);
    const peak = rows.column(window.pricePerKw, Infinity);
    peak(floor, 1);
    return countedBlocks(document, window).map((block) => {
      const row = rows.row(-Infinity, 0);
      peak(row, -block.length);
      return { block, row };
    });
  });
  const stored = Array.from({ length: battery === undefined ? 0 : T }, (_, t) =>
    rows.row(t === 0 ? battery!.initialKwh : 0, t === 0 ? battery!.initialKwh : 0),
  );
  const end = battery === undefined ? -1 : rows.row(battery.initialKwh, Infinity);
  const sells = pv?.sellPrice !== undefined;
  const sources =
    pv !== undefined || battery !== undefined || document.sessions.some((s) => s.dischargeKw !== undefined);
  for (let t = 0; t < T; t++) {
    const big = 1e4;
    const either = (): [number, number] => {
      if (ways === undefined) return [-1, -1];
      const pair: [number, number] = [rows.row(-Infinity, 0), rows.row(-Infinity, big)];
      const choice = rows.column(0, 1, 1);
      choice(pair[0], -big);
      choice(pair[1], big);
      return pair;
    };
    const [ifDrawn, ifFed] = sources ? either() : [-1, -1];
    const drawn = rows.column(price[t]! * h, Infinity);
    drawn(grid[t]!, -1);
    drawn(ifDrawn, 1);
    for (const of of peaks) for (const { block, row } of of) if (block.includes(t)) drawn(row, 1);
    if (pv !== undefined) {
      const sun = rows.column(0, pv.kw[t]!);
      sun(grid[t]!, -1);
      onSite(sun, t, -1);
    }
    if (sells) {
      const { limitKw } = document.circuits[0]!;
      const most = limitKw === undefined ? Infinity : at(limitKw, t);
      const fed = rows.column(-Math.min(pv.sellPrice![t]!, price[t]!) * h, Math.max(0, most));
      fed(grid[t]!, 1);
      fed(ifFed, 1);
    }
    if (battery === undefined) continue;
    const [ifIn, ifOut] = either();
    const charge = rows.column((battery.wearPerKwh ?? 0) * h, battery.maxKw);
    charge(grid[t]!, 1);
    onSite(charge, t, 1);
    charge(stored[t]!, -battery.efficiency * h);
    charge(ifIn, 1);
    const discharge = rows.column(0, battery.maxKw);
    discharge(grid[t]!, -1);
    onSite(discharge, t, -1);
    discharge(stored[t]!, h / battery.efficiency);
    discharge(ifOut, 1);
    const soc = rows.column(0, battery.capacityKwh);
    soc(stored[t]!, 1);
    if (t + 1 < T) soc(stored[t + 1]!, -1);
    else soc(end, 1);
  }
  const program = rows.finish();
  const backend = await highsBackend();
  const answer = solveOnce(backend, program, { integerGap: 1e-9 });
  if (answer.status !== 'optimal') throw new Error(`the plain program is ${answer.raw}`);
  let cost = 0;
  answer.columnValue.forEach((value, j) => (cost += value * program.cost[j]!));
  // Energy of loads that nobody controls is the same for every plan.
  for (let t = 0; t < T; t++) cost -= price[t]! * h * fixedLoadKw[t]!;
  return cost;
}
