/** The depot problem as a document, as `optimise` and `explain` read it. @module */
import type { Fault } from '#domain/fault';
import { fail, ok } from '#domain/result';
import type { Result } from '#domain/result';
import { z } from 'zod';
import { documentFaults, pinsOf, schemaFaults } from './document-faults.ts';
import type {
  CircuitNode,
  ConnectorNode,
  DemandWindow,
  DepotProblem,
  Session,
  SolveOptions,
} from './problem.ts';
import { withKeptLimits } from './relief.ts';
import { intervalsMax } from './validate.ts';

const series = z.array(z.number());
const numberOrSeries = z.union([z.number(), series]);
const id = z.string().min(1);
const phase = z.enum(['L1', 'L2', 'L3']);
const perPhase = z.union([
  z.number(),
  z.strictObject({ L1: numberOrSeries, L2: numberOrSeries, L3: numberOrSeries }),
]);

const circuitSchema = z.strictObject({
  id,
  parent: id.nullable().describe('the circuit that feeds this one; null for the first, the grid connection'),
  limitKw: numberOrSeries
    .optional()
    .describe(
      'kW, one value or one per interval; may be left out beside phase limits. The first circuit carries the fixed load too',
    ),
  phaseLimitKw: perPhase
    .optional()
    .describe('kW of each phase; the fixed load takes a third of itself from each'),
  phaseLimitA: perPhase.optional().describe('the same in A at voltageV'),
});

const connectorSchema = z.strictObject({
  id,
  circuit: id,
  maxKw: numberOrSeries,
  minKw: z.number().optional().describe('least power other than 0; holds where continuous is false'),
  module: id.optional(),
  phases: z.union([z.literal(1), z.literal(3)]).optional(),
  rotation: z
    .array(phase)
    .optional()
    .describe('site phases behind its pins in order; default L1 for one phase, L1 L2 L3 for three'),
  stepKw: z.number().optional().describe('powers are multiples of this where continuous is false'),
  phaseSwitches: z
    .union([z.literal(0), z.literal(1)])
    .optional()
    .describe(
      'present where the station can charge on one phase of three, with a third of minKw, stepKw and maxKw: times that it may change within a stay, resting for an interval; used where continuous is false',
    ),
});

const sessionSchema = z.strictObject({
  id,
  connector: id,
  arrive: z.int().min(0),
  depart: z
    .int()
    .min(0)
    .max(10_000_000)
    .describe('the first interval without it; may lie beyond the horizon'),
  energyKwh: z.number().describe('wanted in the vehicle'),
  maxKw: numberOrSeries,
  shortfallPrice: z.number().describe('money per kWh not delivered'),
  efficiency: z.number().optional().describe('energy in the vehicle per energy drawn, (0, 1]; default 1'),
  taper: z.array(z.strictObject({ fromKwh: z.number(), maxKw: z.number() })).optional(),
  phases: z
    .union([z.literal(1), z.literal(3)])
    .optional()
    .describe('phases that the vehicle loads; a one-phase vehicle counts on all pins of its connector'),
  milestones: z
    .array(z.strictObject({ by: z.int().min(0), energyKwh: z.number() }))
    .optional()
    .describe(
      'energy that is wanted in the vehicle at the start of interval `by`; short of it costs shortfallPrice',
    ),
  dischargeKw: numberOrSeries.optional().describe('most power fed back, counted where the vehicle connects'),
  dischargeEfficiency: z
    .number()
    .optional()
    .describe('energy fed back per energy taken out, (0, 1]; default 1'),
  heldKwh: z.number().optional().describe('energy held at arrival that may be lent; default 0'),
  roomKwh: z.number().optional().describe('most energy above that at arrival; default energyKwh'),
  wearPerKwh: z.number().optional().describe('money per kWh fed back'),
});

const demandSchema = z.strictObject({
  id,
  pricePerKw: z.number(),
  intervals: z.array(z.union([z.literal(0), z.literal(1)])),
  floorKw: z.number().optional(),
  meterIntervals: z.int().min(1).optional(),
  meterOffset: z.int().min(0).optional().describe('intervals of the open block before the horizon'),
  meterPastKw: z.number().optional().describe('mean power of those intervals'),
});

/** The document. */
export const depotSchema = z.strictObject({
  intervalMinutes: z.number().gt(0).max(1440),
  intervals: z.int().min(1).max(intervalsMax),
  start: z.string().optional(),
  voltageV: z
    .number()
    .gt(0)
    .max(100_000)
    .optional()
    .describe('phase to neutral, for limits in A; default 230'),
  circuits: z.array(circuitSchema).min(1),
  connectors: z.array(connectorSchema),
  modules: z.array(z.strictObject({ id, maxKw: z.number() })).optional(),
  sessions: z.array(sessionSchema),
  fixedLoadKw: series.optional(),
  pv: z.strictObject({ kw: series, sellPrice: series.optional() }).optional(),
  battery: z
    .strictObject({
      capacityKwh: z.number(),
      maxKw: z.number(),
      efficiency: z.number(),
      initialKwh: z.number(),
      wearPerKwh: z.number().optional(),
    })
    .optional(),
  price: series,
  demand: z.array(demandSchema).optional(),
  earliness: z.number().optional(),
  continuous: z.boolean().optional(),
  fewStarts: z
    .boolean()
    .optional()
    .describe('of plans of one cost, one with few charging starts; default: where continuous is false'),
  fairShortfall: z
    .boolean()
    .optional()
    .describe(
      'of plans of one cost, one that shares shortfall equally among vehicles of one shortfallPrice; default: where continuous is false',
    ),
  urgentFirst: z
    .boolean()
    .optional()
    .describe(
      'of plans of one cost, one in which those that leave first charge first; default: where continuous is false',
    ),
  solver: z.enum(['structured', 'highs', 'javascript-lp-solver', 'greedy']).optional(),
  gap: z.number().min(0).optional(),
});

/** A document of the right form; whether it makes sense, `documentFaults` tells. */
export type DepotDocument = z.infer<typeof depotSchema>;

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
  const of = (name: z.infer<typeof phase>): Float64Array =>
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
