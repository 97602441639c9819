/** The solver's abilities as operations of the catalogue: documents in, documents or faults out. @module */
import type { Fault } from '#domain/fault';
import { ok } from '#domain/result';
import type { Result } from '#domain/result';
import { z } from 'zod';
import { residualMax } from './certificate/verify.ts';
import { depotRequestOf } from './document.ts';
import { depotSchema } from './document-schema.ts';
import type { DepotRequest } from './document.ts';
import { explain as explainSolution } from './explain.ts';
import type { Solution } from './problem.ts';
import { solve } from './solve.ts';

const perId = z.record(z.string(), z.number());
const seriesPerId = z.record(z.string(), z.array(z.number()));

const costOutput = z.object({
  energy: z.number(),
  demand: z.number(),
  shortfall: z.number(),
  wear: z.number(),
  earliness: z.number(),
});

const optimiseOutput = z.object({
  status: z.enum(['optimal', 'feasible', 'limit', 'emergency']),
  objective: z.number(),
  bound: z.number(),
  gap: z.number(),
  cost: costOutput,
  powerKw: seriesPerId,
  phases: seriesPerId
    .optional()
    .describe(
      'phases in use from arrive to depart, of sessions that charge on one phase of three for a part',
    ),
  shortfallKwh: perId,
  missedKwh: seriesPerId.optional().describe('what each milestone of a session lacked'),
  peaksKw: perId,
  batteryKw: z.array(z.number()).optional(),
  pvKw: z.array(z.number()).optional(),
  duals: z.object({ circuits: seriesPerId, demand: perId, sessions: perId }).optional(),
  certificate: z.object({ primalResidual: z.number(), dualResidual: z.number(), valid: z.boolean() }),
  repairCost: z.number(),
  timings: z.object({ buildMs: z.number(), solveMs: z.number(), checkMs: z.number() }),
  solver: z.string(),
  reasons: z.array(z.string()),
});

/** The answer to `optimise`. */
export type OptimiseAnswer = z.infer<typeof optimiseOutput>;

/** What a handler gets beside its document. */
interface Surroundings {
  readonly nowS: number;
  /** Monotonic milliseconds for `timings`; they are 0 without it. */
  readonly nowMs?: () => number;
}

type Handler = (document: unknown, context?: Surroundings) => Promise<Result<unknown, readonly Fault[]>>;

/** Values by id, in the order of the document. */
function byId<T>(
  items: readonly { readonly id: string }[],
  valueOf: (index: number) => T,
): Record<string, T> {
  return Object.fromEntries(items.map((item, i) => [item.id, valueOf(i)]));
}

/** What the milestones of each session lacked, in the vehicle; absent where nobody has any. */
function missedOf(
  document: DepotRequest['document'],
  { powerKw }: Solution,
): Pick<OptimiseAnswer, 'missedKwh'> {
  const wanted = document.sessions.flatMap((session, s): [string, number[]][] => {
    const { milestones, arrive, efficiency = 1, dischargeEfficiency = 1 } = session;
    if (milestones === undefined) return [];
    const stored = (kw: number): number => (kw < 0 ? kw / dischargeEfficiency : kw * efficiency);
    const held = (by: number): number =>
      powerKw[s].subarray(0, Math.max(0, by - arrive)).reduce((sum, kw) => sum + stored(kw), 0);
    const hours = document.intervalMinutes / 60;
    const missed = milestones.map(({ by, energyKwh }) =>
      by > document.intervals ? 0 : Math.max(0, energyKwh - hours * held(by)),
    );
    return [[session.id, missed]];
  });
  return wanted.length === 0 ? {} : { missedKwh: Object.fromEntries(wanted) };
}

/**
 * What a reader of the answer should know of the document: where uncontrolled load leaves nothing, and whose shortfall is
 * cheaper than the dearest kWh, so that money may come before the vehicle (docs/model.md, "Shortfall").
 */
function noticesOf({ document, problem }: DepotRequest): string[] {
  const [grid] = document.circuits;
  const limitKw = grid.limitKw ?? Infinity;
  const left = problem.fixedLoadKw.map((kw, t) => (typeof limitKw === 'number' ? limitKw : limitKw[t]) - kw);
  const full = left.filter((kw, t) => kw < 0 && problem.circuits[0].limitKw[t] > kw + residualMax);
  const sourced = problem.pv !== undefined || problem.battery !== undefined;
  const over = sourced ? ' by more than PV and battery can cover' : '';
  const rates = problem.demand.reduce((sum, { pricePerKw }) => sum + pricePerKw, 0) / problem.intervalH;
  const dearest = problem.price.reduce((most, price) => Math.max(most, price), 0) + problem.earliness + rates;
  const cheap = problem.sessions.filter(
    ({ energyKwh, shortfallPrice }) => energyKwh > 0 && shortfallPrice < dearest,
  );
  return [
    ...(full.length === 0
      ? []
      : [
          `fixed load is above circuit ${grid.id} in ${full.length} intervals${over}: nothing is left for vehicles there`,
        ]),
    ...(cheap.length === 0
      ? []
      : [
          `${cheap.length} shortfall prices are below the dearest kWh (${+dearest.toPrecision(6)}): money may come before these vehicles`,
        ]),
  ];
}

/** Phases of the stays that are charged on one phase for a part. */
function phasesOf(
  { document, problem }: DepotRequest,
  { onePhase }: Solution,
): Pick<OptimiseAnswer, 'phases'> {
  const changed = problem.sessions.flatMap(({ id }, s) => {
    const flags = onePhase?.[s];
    if (flags === undefined || !flags.includes(1)) return [];
    const { arrive, depart } = document.sessions[s];
    return [[id, Array.from({ length: depart - arrive }, (_, i) => (flags[i] === 1 ? 1 : 3))] as const];
  });
  return changed.length === 0 ? {} : { phases: Object.fromEntries(changed) };
}

/** The answer in the document's own terms: energy in the vehicle, powers from `arrive` to `depart`. */
function answerOf(request: DepotRequest, solution: Solution): OptimiseAnswer {
  const { document, problem } = request;
  const efficiency = (s: number): number => document.sessions[s].efficiency ?? 1;
  const { duals, batteryKw, pvKw } = solution;
  return {
    status: solution.status,
    objective: solution.objective,
    bound: solution.bound,
    gap: solution.gap,
    cost: solution.cost,
    powerKw: byId(problem.sessions, (s) => {
      const { arrive, depart } = document.sessions[s];
      const kw = solution.powerKw[s];
      return Array.from({ length: depart - arrive }, (_, i) => kw[i] ?? 0);
    }),
    ...phasesOf(request, solution),
    shortfallKwh: byId(problem.sessions, (s) => solution.shortfallKwh[s] * efficiency(s)),
    ...missedOf(document, solution),
    peaksKw: byId(problem.demand, (k) => solution.peaksKw[k]),
    ...(batteryKw === undefined ? {} : { batteryKw: [...batteryKw] }),
    ...(pvKw === undefined ? {} : { pvKw: [...pvKw] }),
    ...(duals === undefined
      ? {}
      : {
          duals: {
            circuits: byId(problem.circuits, (g) => [...duals.circuits[g]]),
            demand: byId(problem.demand, (k) => duals.demand[k]),
            sessions: byId(problem.sessions, (s) => duals.sessions[s] / efficiency(s)),
          },
        }),
    certificate: solution.certificate,
    repairCost: solution.repairCost,
    timings: solution.timings,
    solver: solution.solver,
    reasons: [...solution.reasons, ...noticesOf(request)],
  };
}

const handleOptimise: Handler = async (document, context) => {
  const request = depotRequestOf(document);
  if (!request.ok) return request;
  const { problem, options } = request.value;
  const nowMs = context?.nowMs;
  const solution = await solve(problem, { ...options, ...(nowMs === undefined ? {} : { nowMs }) });
  return ok(answerOf(request.value, solution));
};

/** `optimise`: the cheapest plan of a depot, with proof. */
export const optimise = { input: depotSchema, output: optimiseOutput, handle: handleOptimise };

const repairOutput = z.object({
  kind: z.enum(['later-departure', 'other-bay', 'higher-peak']),
  depart: z.int().optional(),
  connector: z.string().optional(),
  peakKw: perId.optional(),
  extraCost: z.number(),
  shortfallKwh: z.number(),
  totalShortfallKwh: z.number(),
});

const explainOutput = z.object({
  status: z.enum(['optimal', 'feasible', 'limit', 'emergency']),
  objective: z.number(),
  bound: z.number(),
  valid: z.boolean().describe('whether the plan that is explained passed its certificate'),
  cost: costOutput,
  shortfalls: z.array(
    z.object({
      session: z.string(),
      shortfallKwh: z.number(),
      reason: z.string(),
      repairs: z.array(repairOutput),
    }),
  ),
  bindings: z.array(z.object({ circuit: z.string(), intervals: z.array(z.int()), worthPerKw: z.number() })),
  peaks: z.array(
    z.object({
      demand: z.string(),
      peakKw: z.number(),
      setBy: z.enum(['floor', 'plan']),
      intervals: z.array(z.int()),
      sessions: z.array(z.string()),
      fixedLoadKw: z.number(),
      parts: z.array(z.object({ session: z.string(), kw: z.number() })),
      worthPerKw: z.number(),
      cost: z.number(),
      dueCost: z.number(),
    }),
  ),
});

const handleExplain: Handler = async (document) => {
  const request = depotRequestOf(document);
  if (!request.ok) return request;
  const { problem, options } = request.value;
  const solution = await solve(problem, options);
  const { shortfalls, bindings, peaks } = await explainSolution(problem, solution, options);
  // Energy is told as it is asked for: in the vehicle.
  const share = new Map(request.value.document.sessions.map(({ id, efficiency }) => [id, efficiency ?? 1]));
  const inVehicle = shortfalls.map((shortfall) => {
    const efficiency = share.get(shortfall.session) ?? 1;
    return {
      ...shortfall,
      shortfallKwh: shortfall.shortfallKwh * efficiency,
      repairs: shortfall.repairs.map((repair) => ({
        ...repair,
        shortfallKwh: repair.shortfallKwh * efficiency,
      })),
    };
  });
  return ok({
    status: solution.status,
    objective: solution.objective,
    bound: solution.bound,
    valid: solution.certificate.valid,
    cost: solution.cost,
    shortfalls: inVehicle,
    bindings,
    peaks,
  });
};

/** `explain`: what binds in a plan and what it costs, and ways out for vehicles that leave short. */
export const explain = { input: depotSchema, output: explainOutput, handle: handleExplain };
