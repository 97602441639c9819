/** `compile`: floors and plan of one EVSE as the standard's own objects, JSON for JSON. @module */
import { z } from 'zod';
import type { Fault } from '#domain/fault';
import { instantOfIso, isoOf } from '#domain/instant';
import { fail, ok, type Result } from '#domain/result';
import type { Station } from '#domain/site';
import { stepFunctionOf } from '#domain/step-function';
import { amperes, seconds, watts } from '#domain/units';
import { compileLayers } from './compile-layers.ts';
import { periodsMax, type CompileNote, type CompileProblem } from './compile.ts';
import {
  countSchema,
  instantOf,
  instantSchema,
  positiveSchema,
  transactionIdSchema,
  unitSchema,
  versionSchema,
} from './profile-document.ts';
import { readBySchema } from './schema-fault.ts';
import { wireOfProfile } from './wire-profile.ts';

const optional = z.exactOptional;

/** Longest lease of a plan. */
const leaseMaxS = 366 * 86_400;

/** Input of `compile`: a limit as a function of time for one EVSE, and what its station can do. */
export const compileInput = z.strictObject({
  ocppVersion: versionSchema,
  now: instantSchema.refine((text) => (instantOfIso(text) ?? 0) >= 86_400, {
    message: 'an instant after 1970-01-01',
  }),
  current: optional(z.enum(['AC', 'DC'])).describe('Default AC: limits in A per phase; DC: limits in W.'),
  evse: z
    .strictObject({
      id: z.int().min(1),
      maxA: optional(positiveSchema),
      maxW: optional(positiveSchema),
      minA: optional(z.number().min(0)),
      stepA: optional(positiveSchema),
      phases: optional(z.union([z.literal(1), z.literal(3)])),
    })
    .describe('Defaults: 32 A, 22,080 W (DC 150,000 W), at least 6 A, steps of 1 A, 3 phases.'),
  transactionId: transactionIdSchema,
  limit: z
    .array(
      z.strictObject({
        from: instantSchema,
        limit: z.number().min(0),
        phases: optional(z.union([z.literal(1), z.literal(3)])),
      }),
    )
    .min(1)
    .max(10_000)
    .describe(
      'Ascending; the first value also holds before, the last one to the end of the lease. `phases` 1: one phase of three, where `capability.switchesPhases` is given.',
    ),
  lease: z.int().min(1).max(leaseMaxS).describe('Seconds from now after which the floors hold again.'),
  raiseDelay: optional(countSchema).describe('Seconds that increases wait. Default 0.'),
  voltage: optional(positiveSchema),
  floors: optional(
    z.strictObject({ evse: optional(z.number().min(0)), station: optional(z.number().min(0)) }),
  ),
  capability: optional(
    z.strictObject({
      rateUnit: optional(unitSchema),
      maxPeriods: optional(z.int().min(1)),
      maxStackLevel: optional(countSchema),
      maxProfiles: optional(z.int().min(1)),
      switchesPhases: optional(z.enum(['to-one', 'to-any'])).describe(
        'AC: charges on one phase of three where told, `to-any` also on the one that is named.',
      ),
      obeysLease: optional(z.boolean()).describe('Whether a plan ends by its duration.'),
      obeys: optional(
        z.strictObject({
          stationMax: optional(z.boolean()),
          txDefault: optional(z.boolean()),
          txProfile: optional(z.boolean()),
        }),
      ).describe('Purposes that the station obeys, not only accepts.'),
    }),
  ).describe(
    'Defaults: A (DC W), 24 periods, stack levels 0 and 1, three profiles, everything obeyed. What is missing is made up for as far as it can be, and `lost` says what is not.',
  ),
});

/** Output of `compile`: what to set in this order, and the composite that it makes. */
export const compileOutput = z.strictObject({
  set: z.array(z.strictObject({ evseId: z.int(), profile: z.unknown() })),
  expected: z.array(z.strictObject({ from: z.string(), limit: z.number().nullable() })),
  until: z.string(),
  notes: z.array(z.string()),
  lost: z.array(
    z.strictObject({
      guarantee: z.enum(['floor', 'station-cap', 'transaction-binding']),
      reason: z.string(),
    }),
  ),
});

/** Floors and plan of one EVSE as the standard's objects, with the composite that they make. */
export function compile(document: unknown): Result<z.infer<typeof compileOutput>, readonly Fault[]> {
  const read = readBySchema(compileInput, document);
  if (!read.ok) return read;
  const input = read.value;
  const late = input.limit.findIndex(
    (piece, i) => i > 0 && instantOf(piece.from) <= instantOf(input.limit[i - 1]?.from ?? piece.from),
  );
  if (late >= 0) {
    const fix = 'Name each piece after the one before it in time.';
    return fail([{ path: `limit[${late}].from`, rule: 'not-ascending', fix }]);
  }
  const { evse: floor, station: stationMax } = input.floors ?? {};
  const { stationMax: max = true, txDefault = true, txProfile = true } = input.capability?.obeys ?? {};
  const layers = compileLayers({
    station: stationOf(input),
    evseId: input.evse.id,
    transactionId: String(input.transactionId),
    limit: stepFunctionOf(input.limit.map((piece) => [instantOf(piece.from), piece.limit])),
    onePhase: stepFunctionOf(input.limit.map((piece) => [instantOf(piece.from), piece.phases === 1 ? 1 : 0])),
    leaseS: input.lease,
    now: instantOf(input.now),
    raiseDelayS: input.raiseDelay ?? 0,
    voltage: input.voltage ?? 230,
    obeys: { stationMax: max, txDefault, txProfile },
    ...(floor === undefined ? {} : { floor }),
    ...(stationMax === undefined ? {} : { stationMax }),
  });
  if (!layers.ok) return fail([faultOfProblem(layers.problem)]);
  const { set, plan, lost } = layers.value;
  const { expected, untilS, notes } = plan;
  return ok({
    set: set.map(({ evseId, profile }) => ({ evseId, profile: wireOfProfile(input.ocppVersion, profile) })),
    expected: expected.startS.map((from, i) => {
      const limit = expected.value[i] ?? Infinity;
      return { from: isoOf(from), limit: limit === Infinity ? null : limit };
    }),
    until: isoOf(untilS),
    notes: notes.map(describeNote),
    lost: [...lost],
  });
}

function stationOf(input: z.infer<typeof compileInput>): Station {
  const current = input.current ?? 'AC';
  const { evse, capability = {} } = input;
  return {
    id: 'station',
    version: input.ocppVersion,
    vendor: '',
    model: '',
    circuit: 'grid',
    current,
    evses: [
      {
        id: evse.id,
        maxA: amperes(evse.maxA ?? 32),
        maxW: watts(evse.maxW ?? (current === 'AC' ? 22_080 : 150_000)),
        minA: amperes(evse.minA ?? 6),
        stepA: amperes(evse.stepA ?? 1),
        rotation: evse.phases === 1 ? [0] : [0, 1, 2],
      },
    ],
    capability: {
      rateUnit: capability.rateUnit ?? (current === 'AC' ? 'A' : 'W'),
      maxPeriods: capability.maxPeriods ?? periodsMax,
      maxStackLevel: capability.maxStackLevel ?? 1,
      maxProfiles: capability.maxProfiles ?? 3,
      reactionS: seconds(0),
      keepsProfiles: 'all',
      obeysLease: capability.obeysLease ?? true,
      sharesStationCap: false,
      ...(capability.switchesPhases === undefined ? {} : { switchesPhases: capability.switchesPhases }),
    },
  };
}

function faultOfProblem(problem: CompileProblem): Fault {
  switch (problem.kind) {
    case 'unknown-evse':
      return { path: 'evse.id', rule: problem.kind, fix: problem.message };
    case 'unit-not-supported':
      return { path: 'capability.rateUnit', rule: problem.kind, fix: problem.message };
    case 'transaction-not-nameable':
      return { path: 'transactionId', rule: problem.kind, fix: problem.message };
    case 'lease-empty':
      return { path: 'lease', rule: problem.kind, fix: problem.message };
    case 'floor-missing':
      return { path: 'floors.evse', rule: problem.kind, fix: problem.message };
    case 'no-purpose':
      return { path: 'capability.obeys', rule: problem.kind, fix: problem.message };
    case 'phases-without-rest':
    case 'composite-differs':
      return { path: 'limit', rule: problem.kind, fix: problem.message };
  }
}

function describeNote(note: CompileNote): string {
  switch (note.kind) {
    case 'lease-shortened':
      return `Too many periods: the plan ends at ${isoOf(note.untilS)}.`;
    case 'merged-down':
      return `Too many periods: neighbours are joined at the lower value, ${note.lost} unit-seconds are lost.`;
    case 'unit-converted':
      return 'The station takes W only: the power of one phase is sent, so that no phase is above its limit; all that the hardware carries is sent as the power of all phases.';
    case 'lease-as-step':
      return `The plan does not end by itself: the floor of ${note.floor} is its last period.`;
  }
}
