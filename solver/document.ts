/** The depot problem as a document, as `optimise` and `explain` read it. @module */
import type { Fault } from '#domain/fault';
import { fail, ok } from '#domain/result';
import type { Result } from '#domain/result';
import { documentFaults, pinsOf, schemaFaults } from './document-faults.ts';
import { depotSchema, type DepotDocument } from './document-schema.ts';
import type {
  CircuitNode,
  ConnectorNode,
  DemandWindow,
  DepotProblem,
  Session,
  SolveOptions,
} from './problem.ts';
import { withKeptLimits } from './relief.ts';

/** What a document asks for. */
export interface DepotRequest {
  readonly document: DepotDocument;
  readonly problem: DepotProblem;
  readonly options: SolveOptions;
}

function indexById(items: readonly { readonly id: string }[]): ReadonlyMap<string, number> {
  return new Map(items.map((item, i) => [item.id, i]));
}

function spread(value: number | readonly number[], intervals: number): Float64Array {
  return typeof value === 'number' ? new Float64Array(intervals).fill(value) : Float64Array.from(value);
}

type PhaseLimits = NonNullable<CircuitNode['phaseLimitKw']>;

function phaseLimitsOf(
  document: DepotDocument,
  circuit: DepotDocument['circuits'][number],
): PhaseLimits | undefined {
  const given = circuit.phaseLimitKw ?? circuit.phaseLimitA;
  if (given === undefined) return undefined;
  const kwPerUnit = circuit.phaseLimitKw === undefined ? (document.voltageV ?? 230) / 1000 : 1;
  const of = (name: 'L1' | 'L2' | 'L3'): Float64Array =>
    spread(typeof given === 'number' ? given : given[name], document.intervals).map(
      (limit) => limit * kwPerUnit,
    );
  return [of('L1'), of('L2'), of('L3')];
}

function circuitsOf(document: DepotDocument): CircuitNode[] {
  const index = indexById(document.circuits);
  return document.circuits.map((circuit) => {
    const phaseLimitKw = phaseLimitsOf(document, circuit);
    return {
      id: circuit.id,
      parent: circuit.parent === null ? -1 : (index.get(circuit.parent) ?? -1),
      limitKw: spread(circuit.limitKw ?? Infinity, document.intervals),
      ...(phaseLimitKw === undefined ? {} : { phaseLimitKw }),
    };
  });
}

const phaseNumber = { L1: 0, L2: 1, L3: 2 } as const;

function connectorsOf(document: DepotDocument): ConnectorNode[] {
  const circuits = indexById(document.circuits);
  const modules = indexById(document.modules ?? []);
  return document.connectors.map((connector) => {
    const { maxKw, module, rotation } = connector;
    const pins = pinsOf(connector);
    return {
      id: connector.id,
      circuit: circuits.get(connector.circuit) ?? -1,
      maxKw: typeof maxKw === 'number' ? maxKw : maxKw.reduce((most, kw) => Math.max(most, kw), 0),
      module: module === undefined ? -1 : (modules.get(module) ?? -1),
      rotation: rotation?.map((name) => phaseNumber[name]) ?? [0, 1, 2].slice(0, pins),
      reserveKw: 0,
    };
  });
}

/** The part of a stay within the horizon, of a value for all intervals or one for each. */
function overStay(
  document: DepotDocument,
  session: SessionDocument,
  value: number | readonly number[],
): Float64Array {
  const depart = Math.min(session.depart, document.intervals);
  return spread(value, document.intervals).slice(Math.min(session.arrive, depart), depart);
}

type SessionDocument = DepotDocument['sessions'][number];

/** Most power over a stay, session and connector together; a number where neither varies. */
function capOf(
  document: DepotDocument,
  session: SessionDocument,
  connector: DepotDocument['connectors'][number],
): number | Float64Array {
  if (typeof session.maxKw === 'number' && typeof connector.maxKw === 'number') return session.maxKw;
  const its = overStay(document, session, connector.maxKw);
  return overStay(document, session, session.maxKw).map((kw, i) => Math.min(kw, its[i]));
}

/** What a vehicle may feed back, in energy at the grid side. */
function feedBackOf(
  document: DepotDocument,
  session: SessionDocument,
  connector: DepotDocument['connectors'][number],
): Pick<Session, 'feedBack'> {
  const { dischargeKw, efficiency = 1, dischargeEfficiency = 1, energyKwh } = session;
  if (dischargeKw === undefined) return {};
  const its = overStay(document, session, connector.maxKw);
  return {
    feedBack: {
      maxKw: overStay(document, session, dischargeKw).map((kw, i) => Math.min(kw, its[i])),
      heldKwh: (session.heldKwh ?? 0) / efficiency,
      roomKwh: (session.roomKwh ?? energyKwh) / efficiency,
      lossFactor: 1 / (efficiency * dischargeEfficiency),
      wearPerKwh: session.wearPerKwh ?? 0,
    },
  };
}

function milestonesOf(document: DepotDocument, session: SessionDocument): Pick<Session, 'milestones'> {
  const { milestones, efficiency = 1 } = session;
  if (milestones === undefined) return {};
  const within = milestones.filter(({ by }) => by <= document.intervals);
  return { milestones: within.map(({ by, energyKwh }) => ({ by, energyKwh: energyKwh / efficiency })) };
}

function sessionsOf(document: DepotDocument): Session[] {
  const connectors = indexById(document.connectors);
  return document.sessions.map((session) => {
    const at = connectors.get(session.connector) ?? -1;
    const connector = document.connectors[at];
    const efficiency = session.efficiency ?? 1;
    const pins = pinsOf(connector);
    return {
      id: session.id,
      connector: at,
      arrive: Math.min(session.arrive, document.intervals),
      depart: Math.min(session.depart, document.intervals),
      energyKwh: session.energyKwh / efficiency,
      maxKw: capOf(document, session, connector),
      phases: pins === 1 || session.phases === 1 ? 1 : 3,
      minKw: connector.minKw ?? 0,
      stepKw: connector.stepKw ?? 0,
      ...(connector.phaseSwitches === undefined ? {} : { phaseSwitches: connector.phaseSwitches }),
      shortfallPrice: session.shortfallPrice * efficiency,
      ...(session.taper === undefined
        ? {}
        : { taper: session.taper.map((point) => ({ ...point, fromKwh: point.fromKwh / efficiency })) }),
      ...milestonesOf(document, session),
      ...feedBackOf(document, session, connector),
    };
  });
}

function demandOf(document: DepotDocument): DemandWindow[] {
  return (document.demand ?? []).map((window) => ({
    id: window.id,
    pricePerKw: window.pricePerKw,
    counts: Uint8Array.from(window.intervals),
    floorKw: window.floorKw ?? 0,
    blockIntervals: window.meterIntervals ?? 1,
    blockOffset: window.meterOffset ?? 0,
    blockPastKw: window.meterPastKw ?? 0,
  }));
}

/** What is left of the first circuit beside the fixed load: below 0 only as far as PV and battery can cover it. */
function besideFixedLoad(problem: DepotProblem): DepotProblem {
  const covered = problem.pv !== undefined || problem.battery !== undefined;
  const least = covered ? -Infinity : 0;
  const left = (limitKw: Float64Array, share: number): Float64Array =>
    limitKw.map((kw, t) => Math.max(least, kw - share * problem.fixedLoadKw[t]));
  const circuits = problem.circuits.map((circuit, g): CircuitNode => {
    if (g > 0) return circuit;
    const [l1, l2, l3] = circuit.phaseLimitKw ?? [];
    return {
      ...circuit,
      limitKw: left(circuit.limitKw, 1),
      ...(l1 === undefined || l2 === undefined || l3 === undefined
        ? {}
        : { phaseLimitKw: [left(l1, 1 / 3), left(l2, 1 / 3), left(l3, 1 / 3)] }),
    };
  });
  const beside = { ...problem, circuits };
  return covered ? withKeptLimits(beside) : beside;
}

/** The request in `value`, or everything that is wrong with it. */
export function depotRequestOf(value: unknown): Result<DepotRequest, readonly Fault[]> {
  const parsed = depotSchema.safeParse(value);
  if (!parsed.success) return fail(schemaFaults(parsed.error, value));
  const document = parsed.data;
  const faults = documentFaults(document);
  if (faults.length > 0) return fail(faults);
  const { intervals, pv, battery } = document;
  const problem: DepotProblem = {
    intervalH: document.intervalMinutes / 60,
    intervals,
    circuits: circuitsOf(document),
    connectors: connectorsOf(document),
    modules: document.modules ?? [],
    sessions: sessionsOf(document),
    fixedLoadKw: Float64Array.from(document.fixedLoadKw ?? new Float64Array(intervals)),
    price: Float64Array.from(document.price),
    demand: demandOf(document),
    earliness: document.earliness ?? 0,
    ...(pv === undefined
      ? {}
      : {
          pv: {
            kw: Float64Array.from(pv.kw),
            ...(pv.sellPrice === undefined
              ? {}
              : { sellPrice: Float64Array.from(pv.sellPrice), feedInKw: circuitsOf(document)[0].limitKw }),
          },
        }),
    ...(battery === undefined ? {} : { battery: { ...battery, wearPerKwh: battery.wearPerKwh ?? 0 } }),
  };
  const options: SolveOptions = {
    continuous: document.continuous ?? true,
    gap: document.gap ?? 1e-6,
    ...(document.solver === undefined ? {} : { solver: document.solver }),
    ...(document.fewStarts === undefined ? {} : { fewStarts: document.fewStarts }),
    ...(document.fairShortfall === undefined ? {} : { fairShortfall: document.fairShortfall }),
    ...(document.urgentFirst === undefined ? {} : { urgentFirst: document.urgentFirst }),
  };
  return ok({ document, problem: besideFixedLoad(problem), options });
}
