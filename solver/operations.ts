/** The solver's abilities as operations of the catalogue: documents in, documents or faults out. @module */
import type { Fault } from '#domain/fault';
import { ok } from '#domain/result';
import type { Result } from '#domain/result';
import { z } from 'zod';
import { depotRequestOf, depotSchema } from './document.ts';
import type { DepotRequest } from './document.ts';
import type { Solution } from './problem.ts';
import { solve } from './solve.ts';

const perId = z.record(z.string(), z.number());
const seriesPerId = z.record(z.string(), z.array(z.number()));

const optimiseOutput = z.object({
  status: z.enum(['optimal', 'feasible', 'limit', 'emergency']),
  objective: z.number(),
  bound: z.number(),
  gap: z.number(),
  cost: z.object({
    energy: z.number(),
    demand: z.number(),
    shortfall: z.number(),
    wear: z.number(),
    earliness: z.number(),
  }),
  powerKw: seriesPerId,
  shortfallKwh: perId,
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

/** The answer in the document's own terms: energy in the vehicle, powers from `arrive` to `depart`. */
function answerOf({ document, problem }: DepotRequest, solution: Solution): OptimiseAnswer {
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
    shortfallKwh: byId(problem.sessions, (s) => solution.shortfallKwh[s] * efficiency(s)),
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
    reasons: [...solution.reasons],
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
