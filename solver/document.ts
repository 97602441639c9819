/** The depot problem as a document, as `optimise` and `explain` read it. @module */
import type { Fault } from '#domain/fault';
import { faultValueOf } from '#domain/fault';
import { fail, ok } from '#domain/result';
import type { Result } from '#domain/result';
import { z } from 'zod';
import type {
  CircuitNode,
  ConnectorNode,
  DemandWindow,
  DepotProblem,
  Session,
  SolveOptions,
} from './problem.ts';
import { intervalsMax, problemFaults } from './validate.ts';

/** Most (session, interval) pairs of one document. */
const pairsMax = 20_000_000;

const series = z.array(z.number());
const numberOrSeries = z.union([z.number(), series]);
const id = z.string().min(1);

const circuitSchema = z.strictObject({
  id,
  parent: id.nullable().describe('the circuit that feeds this one; null for the first, the grid connection'),
  limitKw: numberOrSeries.describe('kW, one value or one per interval; the first carries the fixed load too'),
});

const connectorSchema = z.strictObject({
  id,
  circuit: id,
  maxKw: numberOrSeries,
  minKw: z.number().optional().describe('least power other than 0; holds where continuous is false'),
  module: id.optional(),
  phases: z.union([z.literal(1), z.literal(3)]).optional(),
  stepKw: z.number().optional().describe('powers are multiples of this where continuous is false'),
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
  solver: z.enum(['structured', 'highs', 'javascript-lp-solver', 'greedy']).optional(),
  gap: z.number().min(0).optional(),
});

type DepotDocument = z.infer<typeof depotSchema>;

/** What a document asks for. */
export interface DepotRequest {
  readonly document: DepotDocument;
  readonly problem: DepotProblem;
  readonly options: SolveOptions;
}

/** `sessions[3].energyKwh` from its parts. */
function pathOf(parts: readonly PropertyKey[]): string {
  return parts.reduce<string>((path, part) => {
    if (typeof part === 'number') return `${path}[${part}]`;
    return path === '' ? String(part) : `${path}.${String(part)}`;
  }, '');
}

/** The piece of `document` at `parts`. */
function valueAt(document: unknown, parts: readonly PropertyKey[]): unknown {
  return parts.reduce<unknown>((value, part) => {
    return typeof value === 'object' && value !== null
      ? (value as Record<PropertyKey, unknown>)[part]
      : undefined;
  }, document);
}

const rules: Readonly<Record<string, { readonly rule: string; readonly fix: string }>> = {
  invalid_type: { rule: 'wrong-type', fix: 'Give the type that is expected here' },
  invalid_union: { rule: 'wrong-type', fix: 'Give one of the forms that are expected here' },
  invalid_value: { rule: 'unknown-value', fix: 'Give one of the known values' },
  too_small: { rule: 'too-small', fix: 'Give a larger value' },
  too_big: { rule: 'too-large', fix: 'Give a smaller value' },
};

/** The issues of a schema as faults. */
function faultsOf(error: z.ZodError, document: unknown): Fault[] {
  return error.issues.flatMap((issue): Fault[] => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({
        path: pathOf([...issue.path, key]),
        rule: 'unknown-field',
        fix: 'Remove it, or spell it as the schema does.',
      }));
    }
    const value = valueAt(document, issue.path);
    const text = faultValueOf(value);
    const notNumber = typeof value === 'number' && !Number.isFinite(value);
    const known = notNumber
      ? { rule: 'not-a-number', fix: 'Give a finite number' }
      : (rules[issue.code] ?? { rule: 'wrong-value', fix: 'Give a value that fits' });
    const missing = value === undefined;
    return [
      {
        path: pathOf(issue.path),
        rule: missing ? 'missing' : known.rule,
        fix: missing ? 'Add it.' : `${known.fix}: ${issue.message}.`,
        ...(text === undefined ? {} : { value: text }),
      },
    ];
  });
}

class References {
  readonly faults: Fault[] = [];

  /** The index of `name` among `items`; a fault and -1 where it is unknown. */
  indexOf(items: ReadonlyMap<string, number>, name: string, path: string, kind: string): number {
    const index = items.get(name);
    if (index !== undefined) return index;
    const fix = `Name one of the ${kind}s of this document.`;
    this.faults.push({ path, value: JSON.stringify(name), rule: `unknown-${kind}`, fix });
    return -1;
  }
}

function indexById(items: readonly { readonly id: string }[]): ReadonlyMap<string, number> {
  return new Map(items.map((item, i) => [item.id, i]));
}

function spread(value: number | readonly number[], intervals: number): Float64Array {
  return typeof value === 'number' ? new Float64Array(intervals).fill(value) : Float64Array.from(value);
}

function circuitsOf(document: DepotDocument, references: References): CircuitNode[] {
  const index = indexById(document.circuits);
  return document.circuits.map((circuit, g) => ({
    id: circuit.id,
    parent:
      circuit.parent === null
        ? -1
        : references.indexOf(index, circuit.parent, `circuits[${g}].parent`, 'circuit'),
    limitKw: spread(circuit.limitKw, document.intervals),
  }));
}

function connectorsOf(document: DepotDocument, references: References): ConnectorNode[] {
  const circuits = indexById(document.circuits);
  const modules = indexById(document.modules ?? []);
  return document.connectors.map((connector, c) => {
    const path = `connectors[${c}]`;
    const { maxKw } = connector;
    return {
      id: connector.id,
      circuit: references.indexOf(circuits, connector.circuit, `${path}.circuit`, 'circuit'),
      maxKw: typeof maxKw === 'number' ? maxKw : maxKw.reduce((most, kw) => Math.max(most, kw), 0),
      module:
        connector.module === undefined
          ? -1
          : references.indexOf(modules, connector.module, `${path}.module`, 'module'),
      rotation: connector.phases === 1 ? [0] : [0, 1, 2],
      reserveKw: 0,
    };
  });
}

/** Most power over a stay, session and connector together; a number where neither varies. */
function capOf(
  document: DepotDocument,
  session: DepotDocument['sessions'][number],
  connector: DepotDocument['connectors'][number] | undefined,
): number | Float64Array {
  const most = connector?.maxKw ?? 0;
  if (typeof session.maxKw === 'number' && typeof most === 'number') return session.maxKw;
  const [own, its] = [spread(session.maxKw, document.intervals), spread(most, document.intervals)];
  const depart = Math.min(session.depart, document.intervals);
  const stay = Math.max(0, depart - session.arrive);
  return Float64Array.from({ length: stay }, (_, i) =>
    Math.min(own[session.arrive + i], its[session.arrive + i]),
  );
}

function sessionsOf(document: DepotDocument, references: References): Session[] {
  const connectors = indexById(document.connectors);
  return document.sessions.map((session, s) => {
    const at = references.indexOf(connectors, session.connector, `sessions[${s}].connector`, 'connector');
    const connector = document.connectors[at];
    const efficiency = session.efficiency ?? 1;
    const arrive = Math.min(session.arrive, document.intervals);
    return {
      id: session.id,
      connector: at,
      arrive,
      depart: Math.min(session.depart, document.intervals),
      energyKwh: session.energyKwh / efficiency,
      maxKw: capOf(document, session, connector),
      phases: connector?.phases ?? 3,
      minKw: connector?.minKw ?? 0,
      stepKw: connector?.stepKw ?? 0,
      shortfallPrice: session.shortfallPrice * efficiency,
      ...(session.taper === undefined
        ? {}
        : { taper: session.taper.map((point) => ({ ...point, fromKwh: point.fromKwh / efficiency })) }),
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

/** What must be right before series are built: their lengths, the order of windows, efficiencies. */
function formFaults(document: DepotDocument): Fault[] {
  const faults: Fault[] = [];
  const check = (path: string, value: number | readonly number[]): void => {
    if (typeof value === 'number' || value.length === document.intervals) return;
    const fix = `Give ${document.intervals} values, one per interval.`;
    faults.push({ path, value: `${value.length} values`, rule: 'wrong-length', fix });
  };
  document.sessions.forEach((session, s) => check(`sessions[${s}].maxKw`, session.maxKw));
  document.connectors.forEach((connector, c) => check(`connectors[${c}].maxKw`, connector.maxKw));
  for (const [s, { efficiency = 1, arrive, depart }] of document.sessions.entries()) {
    if (depart < arrive) {
      const fix = `Depart at or after arrival (${arrive}).`;
      faults.push({ path: `sessions[${s}].depart`, value: String(depart), rule: 'window-reversed', fix });
    }
    if (efficiency > 0 && efficiency <= 1) continue;
    const fix = 'Give a share above 0 and at most 1.';
    faults.push({ path: `sessions[${s}].efficiency`, value: `${efficiency}`, rule: 'bad-efficiency', fix });
  }
  return faults;
}

/** What is left of the first circuit beside the fixed load. */
function besideFixedLoad(problem: DepotProblem): DepotProblem {
  const circuits = problem.circuits.map((circuit, g) => {
    if (g > 0) return circuit;
    return { ...circuit, limitKw: circuit.limitKw.map((kw, t) => Math.max(0, kw - problem.fixedLoadKw[t])) };
  });
  return { ...problem, circuits };
}

/** The request in `value`, or everything that is wrong with it. */
export function depotRequestOf(value: unknown): Result<DepotRequest, readonly Fault[]> {
  const parsed = depotSchema.safeParse(value);
  if (!parsed.success) return fail(faultsOf(parsed.error, value));
  const document = parsed.data;
  const { intervals, pv, battery } = document;
  const pairs = document.sessions.reduce(
    (sum, { arrive, depart }) => sum + Math.max(0, Math.min(depart, intervals) - arrive),
    0,
  );
  if (pairs > pairsMax) {
    const fix = `Use fewer sessions or longer intervals: at most ${pairsMax} intervals of stay in all.`;
    return fail([{ path: 'sessions', value: String(pairs), rule: 'too-large', fix }]);
  }
  const form = formFaults(document);
  if (form.length > 0) return fail(form);
  const references = new References();
  const problem: DepotProblem = {
    intervalH: document.intervalMinutes / 60,
    intervals,
    circuits: circuitsOf(document, references),
    connectors: connectorsOf(document, references),
    modules: document.modules ?? [],
    sessions: sessionsOf(document, references),
    fixedLoadKw: Float64Array.from(document.fixedLoadKw ?? new Float64Array(intervals)),
    price: Float64Array.from(document.price),
    demand: demandOf(document),
    earliness: document.earliness ?? 0,
    ...(pv === undefined
      ? {}
      : {
          pv: {
            kw: Float64Array.from(pv.kw),
            ...(pv.sellPrice === undefined ? {} : { sellPrice: Float64Array.from(pv.sellPrice) }),
          },
        }),
    ...(battery === undefined ? {} : { battery: { ...battery, wearPerKwh: battery.wearPerKwh ?? 0 } }),
  };
  if (references.faults.length > 0) return fail(references.faults);
  const faults = problemFaults(problem);
  if (faults.length > 0) return fail(faults);
  const options: SolveOptions = {
    continuous: document.continuous ?? true,
    gap: document.gap ?? 1e-6,
    ...(document.solver === undefined ? {} : { solver: document.solver }),
  };
  return ok({ document, problem: besideFixedLoad(problem), options });
}
