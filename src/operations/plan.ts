/**
 * `plan`: a scenario in, the certified plan of its vehicles out, with the profiles that would make chargers follow it.
 * Pure: the shipped engine is asked what it would plan at the start, with every visit announced and every charger well.
 * @module
 */
import { z } from 'zod';
import type { Fault } from '#domain/fault';
import { isoOf } from '#domain/instant';
import { fail, ok, type Result } from '#domain/result';
import { evseKey, type Station } from '#domain/site';
import { stepFunctionOf } from '#domain/step-function';
import { startOf, type TimeGrid } from '#domain/time-grid';
import { epochS, type EpochS } from '#domain/units';
import type { Input } from '#engine/input';
import { phasesOverTime } from '#engine/phase-changes';
import { depotPlanOf, floorProfilesOf } from '#engine/plan';
import { raiseDelayOf } from '#engine/places';
import { policyOf } from '#engine/policy';
import { modelOn, planBillOf } from '#engine/price';
import { draftOf, type Draft } from '#engine/problem';
import { floorsOfSite } from '#engine/start';
import type { OpenSolve, PlannedSession, State } from '#engine/state';
import { step } from '#engine/step';
import { compilePlan } from '#ocpp/compile';
import { wireOfProfile } from '#ocpp/wire-profile';
import { scenarioOf, type Scenario } from '#sim/scenario';
import { scenarioSchema } from '#sim/scenario-document';
import type { Solution } from '#solver/problem';
import { solve } from '#solver/solve';
import type { CostModel } from '#tariffs/cost-model';
import { chosenOf, formOf, peakOf } from '#tariffs/model-value';
import type { OperationBody, OperationContext } from './operation.ts';
import { tariffOf } from './tariff-of.ts';

const wireProfile = z.object({ evseId: z.int(), profile: z.unknown() });

const output = z.object({
  site: z.string(),
  start: z.string(),
  intervalMinutes: z.number(),
  intervals: z.int(),
  proof: z.object({
    status: z.enum(['optimal', 'feasible', 'limit', 'emergency']),
    solver: z.string(),
    objective: z.number(),
    bound: z.number(),
    gap: z.number(),
    valid: z.boolean(),
    repairCost: z.number(),
  }),
  cost: z.object({
    currency: z.string(),
    energy: z.number(),
    demand: z.number(),
    shortfall: z.number(),
    total: z.number(),
  }),
  /** What the plan was optimised for beside the bill that its site load makes, both without rounding; gap: model less bill. */
  bill: z
    .object({
      model: z.number(),
      total: z.number(),
      gap: z.number(),
      approximations: z.array(
        z.object({ line: z.string(), reason: z.string(), affects: z.enum(['this-bill', 'later-bills']) }),
      ),
    })
    .optional(),
  /** Lines that charge one way or another by the load: the way that the plan ends in. */
  ways: z.array(z.object({ line: z.string(), id: z.string(), way: z.string() })),
  /** Why this engine and this way of charging. */
  reasons: z.array(z.string()),
  /** Tiers of energy: what the plan has used of each when it ends. */
  tiers: z.array(
    z.object({
      line: z.string(),
      aboveKwh: z.number(),
      risePerKwh: z.number(),
      usedBeforeKwh: z.number(),
      usedKwh: z.number(),
    }),
  ),
  peaks: z.array(
    z.object({
      line: z.string(),
      window: z.string(),
      pricePerKw: z.number(),
      floorKw: z.number(),
      peakKw: z.number(),
      /** Where not one peak is billed but the mean of several. */
      meanOf: z.int().optional(),
    }),
  ),
  shortfalls: z.array(
    z.object({
      visit: z.string(),
      vehicle: z.string(),
      evse: z.string(),
      missingKwh: z.number(),
      departs: z.string(),
    }),
  ),
  visits: z.array(
    z.object({
      visit: z.string(),
      vehicle: z.string(),
      evse: z.string(),
      arrives: z.string(),
      departs: z.string(),
      neededKwh: z.number(),
      plannedKwh: z.number(),
      /** Where charging is planned: mean power of neighbouring intervals of equal power. */
      schedule: z.array(z.object({ from: z.string(), to: z.string(), kw: z.number() })),
      /** The TxProfile at plug-in; its transaction id stands for the one that the station will report. */
      profile: z.unknown(),
      notes: z.array(z.string()),
    }),
  ),
  stations: z.array(z.object({ station: z.string(), ocppVersion: z.string(), floors: z.array(wireProfile) })),
  /** [intervals] planned mean power of the site, building included. */
  siteKw: z.array(z.number()),
});

type Plan = z.output<typeof output>;

/** Rounds away the dust of binary fractions. */
function rounded(value: number, decimals: number): number {
  return Math.round(value * 10 ** decimals) / 10 ** decimals;
}

/** The engine's state in which all that the scenario announces is known. */
function announced(scenario: Scenario, tariff: unknown, policy: State['policy']): State {
  const { site, seed, startS: at, billingState, visits } = scenario;
  let sequence = 0;
  const say = (body: Omit<Extract<Input, { kind: 'bus' }>, 'at' | 'source' | 'sequence'>): Input => ({
    at,
    source: 'bus',
    sequence: sequence++,
    ...body,
  });
  let [state] = step(undefined, { at, source: 'engine', sequence: 0, kind: 'started', site, policy, seed });
  const billing = billingState === undefined ? {} : { billingState };
  [state] = step(state, say({ kind: 'bus', event: { kind: 'tariff', tariff, ...billing } }));
  for (const visit of visits)
    [state] = step(state, say({ kind: 'bus', event: { kind: 'visit', visit: visit.announced } }));
  return state;
}

function scheduleOf(
  grid: TimeGrid,
  arrive: number,
  powerKw: Float64Array,
): Plan['visits'][number]['schedule'] {
  const pieces: { from: string; to: string; kw: number }[] = [];
  powerKw.forEach((power, i) => {
    const kw = rounded(power, 3);
    if (kw === 0) return;
    const from = isoOf(startOf(grid, arrive + i));
    const to = isoOf(startOf(grid, arrive + i + 1));
    const last = pieces.at(-1);
    if (last !== undefined && last.to === from && last.kw === kw) last.to = to;
    else pieces.push({ from, to, kw });
  });
  return pieces;
}

/** What the plan of one visit is compiled from. */
interface VisitSource {
  readonly state: State;
  readonly draft: Draft;
  readonly session: PlannedSession;
  readonly powerKw: Float64Array;
  readonly onePhase: readonly number[] | undefined;
  readonly station: Station;
  /** Stands for the transaction that the station will report. */
  readonly transactionId: string;
}

/** The TxProfile of a visit, set at its plug-in. */
function profileOf(
  source: VisitSource,
  departsAt: EpochS,
): { readonly profile: unknown; readonly notes: string[] } {
  const { state, draft, session, powerKw, onePhase, station } = source;
  const now = startOf(draft.grid, session.arrive);
  const pieces = [...powerKw].map((kw, i) => {
    const share = onePhase?.[i] === 1 ? session.phases : 1;
    return [startOf(draft.grid, session.arrive + i), (kw * 1000 * share) / session.wattsPerUnit] as const;
  });
  const end = startOf(draft.grid, session.depart);
  const floor = state.floors[evseKey(session)] ?? 0;
  const raiseDelayS = raiseDelayOf(state);
  const compiled = compilePlan({
    station,
    evseId: session.evseId,
    transactionId: source.transactionId,
    limit: stepFunctionOf([[epochS(now - raiseDelayS - 1), floor], ...pieces, [end, floor]]),
    ...phasesOverTime(draft.grid, session.arrive, onePhase),
    leaseS: Math.max(60, Math.min(departsAt - now, state.policy.leaseMaxS)),
    now,
    raiseDelayS,
    voltage: state.site.voltage,
    floors: floorProfilesOf(state, station),
  });
  if (!compiled.ok) return { profile: null, notes: [compiled.problem.message] };
  return {
    profile: wireOfProfile(station.version, compiled.value.profile),
    notes: compiled.value.notes.map((note) => note.kind),
  };
}

function visitsOf(state: State, draft: Draft, solution: Solution): Plan['visits'] {
  const { grid } = draft;
  return draft.sessions.flatMap((session, i): Plan['visits'] => {
    const visit = state.visits[session.visitId]?.visit;
    const station = state.site.stations.find((one) => one.id === session.stationId);
    if (visit === undefined || station === undefined) return [];
    const powerKw = solution.powerKw[i] ?? new Float64Array(0);
    const flags = solution.onePhase?.[i];
    const onePhase = flags === undefined ? undefined : [...flags];
    const source = { state, draft, session, powerKw, onePhase, station, transactionId: String(i + 1) };
    const planned = powerKw.reduce((sum, kw) => sum + (kw * grid.intervalS) / 3600, 0);
    return [
      {
        visit: visit.id,
        vehicle: visit.vehicleId,
        evse: evseKey(visit.evse),
        arrives: isoOf(visit.arrivesAt),
        departs: isoOf(visit.departsAt),
        neededKwh: visit.energyWh / 1000,
        plannedKwh: rounded(planned, 3),
        schedule: scheduleOf(grid, session.arrive, powerKw),
        ...profileOf(source, visit.departsAt),
      },
    ];
  });
}

/** Planned power of the site, kW: what no plan steers, and all sessions. */
function siteOf(draft: Draft, solution: Solution): Float64Array {
  const total = Float64Array.from(draft.problem.fixedLoadKw);
  draft.sessions.forEach((session, i) => {
    solution.powerKw[i]?.forEach((kw, k) => {
      total[session.arrive + k] = (total[session.arrive + k] ?? 0) + kw;
    });
  });
  return total;
}

type Money = Pick<Plan, 'bill' | 'ways' | 'reasons' | 'tiers' | 'peaks'>;

/** The plan in the words of the tariff. */
function moneyOf(state: State, draft: Draft, solution: Solution, model: CostModel): Money {
  const siteKw = siteOf(draft, solution);
  const gap = planBillOf(state, draft.grid, siteKw);
  const chosen = chosenOf(model, siteKw);
  const prices = pricesInForce(model, chosen);
  return {
    ...(gap === undefined
      ? {}
      : {
          bill: {
            model: rounded(gap.objective, 6),
            total: rounded(gap.bill, 6),
            gap: rounded(gap.gap, 6),
            approximations: [...model.approximations],
          },
        }),
    ways: (model.choices ?? []).map(({ id, line }) => ({ line, id, way: chosen[id] ?? '' })),
    reasons: [...solution.reasons],
    tiers: (model.steps ?? []).map((step) => ({
      line: step.line,
      aboveKwh: step.aboveKwh,
      risePerKwh: rounded(prices(step.id, step.risePerKwh), 9),
      usedBeforeKwh: rounded(step.energy.past, 3),
      usedKwh: rounded(formOf(step.energy, siteKw), 3),
    })),
    peaks: model.demand
      .filter((term) => prices(term.id, term.pricePerKw) !== 0)
      .map((term) => ({
        line: term.line,
        window: term.window,
        pricePerKw: rounded(prices(term.id, term.pricePerKw), 9),
        floorKw: term.floorKw,
        peakKw: rounded(peakOf(term, siteKw), 3),
        ...(term.meter === undefined || term.meter.largest === 1 ? {} : { meanOf: term.meter.largest }),
      })),
  };
}

/** Prices of terms by the ways of charging that hold. */
function pricesInForce(
  model: CostModel,
  chosen: Readonly<Record<string, string>>,
): (id: string, price: number) => number {
  const ways = (model.choices ?? []).map(({ id, options }) => options.find((way) => way.id === chosen[id]));
  return (id, price) => ways.reduce((sum, way) => sum + (way?.perUnit[id] ?? 0), price);
}

function answerOf(state: State, draft: Draft, solution: Solution, model: CostModel): Plan {
  const { status, solver, objective, bound, gap, repairCost, certificate, cost } = solution;
  const open: OpenSolve = {
    requestId: 1,
    askedAt: state.now,
    grid: draft.grid,
    triggers: ['start'],
    sessions: draft.sessions,
  };
  const depot = depotPlanOf(state, open, {
    status,
    solver,
    objective,
    bound,
    gap,
    repairCost,
    valid: certificate.valid,
    powerKw: solution.powerKw.map((row) => Array.from(row)),
    shortfallKwh: Array.from(solution.shortfallKwh),
    peaksKw: Array.from(solution.peaksKw),
  });
  return {
    site: state.site.id,
    start: isoOf(draft.grid.startS),
    intervalMinutes: draft.grid.intervalS / 60,
    intervals: draft.grid.count,
    proof: depot.proof,
    cost: {
      currency: model.currency,
      energy: rounded(cost.energy, 4),
      demand: rounded(cost.demand, 4),
      shortfall: rounded(cost.shortfall, 4),
      total: rounded(cost.energy + cost.demand + cost.shortfall, 4),
    },
    ...moneyOf(state, draft, solution, model),
    shortfalls: depot.shortfalls.flatMap((one) => {
      const visit = state.visits[one.visitId]?.visit;
      if (visit === undefined) return [];
      return [
        {
          visit: one.visitId,
          vehicle: visit.vehicleId,
          evse: evseKey(visit.evse),
          missingKwh: one.missingWh / 1000,
          departs: isoOf(one.departsAt),
        },
      ];
    }),
    visits: visitsOf(state, draft, solution),
    stations: state.site.stations.map((station) => ({
      station: station.id,
      ocppVersion: station.version,
      floors: floorProfilesOf(state, station).map((entry) => ({
        evseId: entry.evseId,
        profile: wireOfProfile(station.version, entry.profile),
      })),
    })),
    siteKw: Array.from(siteOf(draft, solution), (kw) => rounded(kw, 3)),
  };
}

/** The plan at the start of a scenario. */
async function planOf(document: unknown, context: OperationContext): Promise<Result<Plan, readonly Fault[]>> {
  const scenario = scenarioOf(document);
  if (!scenario.ok) return scenario;
  const policy = policyOf(scenario.value.policy);
  if (!policy.ok) return policy;
  const tariff = tariffOf(scenario.value, context);
  if (!tariff.ok) return tariff;
  const floors = floorsOfSite(scenario.value.site, policy.value);
  if (!floors.ok)
    return fail([{ path: 'policy.floors', rule: floors.problem.kind, fix: floors.problem.message }]);
  const state = announced(scenario.value, tariff.value, policy.value);
  const draft = draftOf(state);
  if (draft === undefined)
    return fail([
      {
        path: 'visits',
        value: '[]',
        rule: 'nothing-to-plan',
        fix: 'name a visit that needs energy and whose stay lasts an interval',
      },
    ]);
  const solution = await solve(draft.problem, { continuous: false, gap: 1e-6 });
  return ok(answerOf(state, draft, solution, modelOn(state, draft.grid)));
}

/** The working part of `plan`. */
export const plan: OperationBody = { input: scenarioSchema, output, handle: planOf };
