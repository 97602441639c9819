/** The form of a depot document: every field of `optimise` and `explain` with its unit. @module */
import { z } from 'zod';
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
