/**
 * The written form of a scenario: what stands in `scenarios/<name>/scenario.yaml`. Every number carries its unit in its
 * name; unknown fields are refused. `scenario.ts` turns it into a depot and a night.
 * @module
 */
import { z } from 'zod';

const token = z.string().regex(/^[A-Za-z0-9_-]{1,48}$/, 'letters, digits, _ and -, at most 48');
/** Most ids that one range may stand for. */
export const rangeMax = 1000;
/** Most circuits of a site. */
const circuitsMax = 500;

function isRange(pattern: string): boolean {
  const [, low, high] = /\{(\d+)\.\.(\d+)\}/.exec(pattern) ?? [];
  const more = Number(high) - Number(low);
  return low === undefined || (more >= 0 && more < rangeMax);
}

/** `A-{01..20}` stands for and so on; without braces it is one id. */
const idPattern = z
  .string()
  .regex(/^[A-Za-z0-9_-]*(\{\d{1,4}\.\.\d{1,4}\})?[A-Za-z0-9_-]*$/)
  .refine(isRange, `a range counts up and stands for at most ${rangeMax} ids`);
/** `21:30` or `05:00+1d` (clock of `start`, counted from it), or an ISO 8601 instant with its offset. */
const moment = z
  .string()
  .regex(
    /^(\d{2}:\d{2}(:\d{2})?(\+\d{1,2}d)?|\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:?\d{2}))$/,
    'HH:MM, HH:MM+1d or an ISO 8601 instant with its offset',
  );
const positive = z.number().positive();
const seconds = z.int().nonnegative();
/** One value, 24 hourly values or 96 quarter-hourly values of a local day. */
const dayCurve = z.union([
  z.number().nonnegative(),
  z.array(z.number().nonnegative()).length(24),
  z.array(z.number().nonnegative()).length(96),
]);
const phaseCount = z.union([z.literal(1), z.literal(3)]);
const rotation = z.enum(['L1', 'L2', 'L3', 'L1L2L3', 'L2L3L1', 'L3L1L2', 'L1L3L2', 'L2L1L3', 'L3L2L1']);

const capability = z.strictObject({
  rateUnit: z.enum(['A', 'W']).exactOptional(),
  maxPeriods: z.int().positive().exactOptional(),
  maxStackLevel: z.int().nonnegative().exactOptional(),
  maxProfiles: z.int().positive().exactOptional(),
  reactionS: seconds.exactOptional(),
  keepsProfiles: z.enum(['all', 'floors', 'none']).exactOptional(),
  obeysLease: z.boolean().exactOptional(),
  sharesStationCap: z.boolean().exactOptional(),
  /** AC: charges on one phase of three where told (`to-one`), also on the one named (`to-any`). */
  switchesPhases: z.enum(['to-one', 'to-any']).exactOptional(),
  /** Purposes of profiles that it obeys, not only accepts. */
  obeys: z
    .strictObject({
      stationMax: z.boolean().exactOptional(),
      txDefault: z.boolean().exactOptional(),
      txProfile: z.boolean().exactOptional(),
    })
    .exactOptional(),
});

/** What the simulated hardware does, whatever the engine has been told about it. */
const behaviour = z.strictObject({
  /** A decrease is in effect this long after it is due: shortest and longest. */
  reactionS: z.tuple([seconds, seconds]).exactOptional(),
  keepsProfiles: z.enum(['all', 'floors', 'none']).exactOptional(),
  /** Time that a reboot takes. */
  bootS: seconds.exactOptional(),
  /** Wait before the first and the longest wait before a later attempt to connect again. */
  reconnectS: z.tuple([z.int().positive(), z.int().positive()]).exactOptional(),
  sampleIntervalS: z.int().positive().exactOptional(),
  heartbeatIntervalS: z.int().positive().exactOptional(),
});

const stationModel = z.strictObject({
  id: token,
  vendor: z.string().min(1).max(50),
  model: z.string().min(1).max(20),
  ocpp: z.enum(['1.6', '2.0.1', '2.1']),
  current: z.enum(['AC', 'DC']),
  evses: z.int().min(1).max(16).default(1),
  phases: phaseCount.default(3),
  /** AC: per phase. */
  maxA: positive.exactOptional(),
  /** DC: per EVSE, grid side. */
  maxKw: positive.exactOptional(),
  minA: z.number().nonnegative().exactOptional(),
  stepA: positive.default(1),
  /** Power of all EVSEs together. */
  moduleKw: positive.exactOptional(),
  capability: capability.default({}),
  behaviour: behaviour.default({}),
});

const stationGroup = z.strictObject({
  ids: idPattern,
  model: token,
  circuit: token,
  /** Cycled over the stations of the group; absent: all rotations in turn. */
  rotations: z.array(rotation).min(1).exactOptional(),
  password: z.string().min(8).max(40).exactOptional(),
});

const phasePart = z.number().min(0).max(1);

const building = z.strictObject({
  circuit: token,
  expectedKw: dayCurve,
  /** Highest power that safety counts on; absent: expected and `boundMarginPercent`. */
  boundKw: dayCurve.exactOptional(),
  boundMarginPercent: z.number().nonnegative().default(20),
  /** Highest part of the power on L1, L2, L3; more than 1 in sum where it goes from one to another. Absent: a third each. */
  phaseShares: z
    .tuple([phasePart, phasePart, phasePart])
    .refine(([a, b, c]) => a + b + c >= 1 - 1e-9, { message: 'adds up to 1 or more' })
    .exactOptional(),
  /** The true load wanders about the expected one by this much, by the seed, never above the bound. */
  noisePercent: z.number().nonnegative().default(8),
  meterIntervalS: z.int().positive().default(60),
});

const vehicleModel = z.strictObject({
  id: token,
  maxKw: positive,
  phases: phaseCount.default(3),
  /** Fraction of the need after which the vehicle takes less and less, down to a fifth at the end. */
  taperFromPercent: z.number().min(1).max(100).exactOptional(),
});

const visit = z.strictObject({
  id: token,
  vehicle: token,
  vehicleModel: token.exactOptional(),
  /** `station` or `station/evse`. */
  evse: z.string().regex(/^[A-Za-z0-9_-]{1,48}(\/\d{1,2})?$/),
  /** As announced. */
  arrives: moment,
  departs: moment,
  energyKwh: z.number().nonnegative(),
  maxKw: positive.exactOptional(),
  phases: phaseCount.exactOptional(),
  priority: positive.default(1),
  /** When the fleet system announces the visit; absent: at the start. */
  announcedAt: moment.exactOptional(),
  /** What really happens, where it differs from what was announced. */
  actual: z
    .strictObject({
      arrives: moment.exactOptional(),
      departs: moment.exactOptional(),
      energyKwh: z.number().nonnegative().exactOptional(),
    })
    .exactOptional(),
  /** Later announcements; a changed departure also moves the real one unless `actual.departs` is given. */
  changes: z.array(z.strictObject({ at: moment, departs: moment })).default([]),
});

const faultPlace = { stations: z.array(idPattern).min(1) };
const span = { from: moment, until: moment };
/** The ways in which a station can be wrong; `personas.ts` says what each does. */
export const personaNames = [
  'obeys',
  'ignores-limit',
  'ignores-after-zero',
  'accepts-and-drops',
  'forgets-on-reboot',
  'never-answers',
  'rejects',
  'slow',
  'ignores-lease',
  'late-by-minutes',
  'meter-drifts',
  'never-wakes',
  'spikes-on-replace',
  'wrong-unit',
  'counts-phases-wrong',
  'clock-drifts',
  'ignores-valid-to',
  'keeps-too-many',
  'blind-meter',
  'ignores-tx-default',
  'ignores-tx-profile',
  'ignores-station-max',
  'merges-highest',
  'starts-on-receipt',
  'faulted',
  'new-firmware',
  'clears-at-stop',
  'meter-repeats',
  'register-restarts',
  'meter-negative',
  'meter-one-phase',
  'hides-capability',
  'garbles-capability',
  'wakes-on-pulse',
  'clock-steps-back',
] as const;

const fault = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('cut'), ...faultPlace, ...span }),
  z.strictObject({ kind: z.literal('reboot'), ...faultPlace, at: moment }),
  z.strictObject({
    kind: z.literal('persona'),
    ...faultPlace,
    persona: z.enum(personaNames),
    from: moment.exactOptional(),
    until: moment.exactOptional(),
  }),
  z.strictObject({ kind: z.literal('engine-crash'), ...span }),
  z.strictObject({
    kind: z.literal('limit'),
    circuit: token,
    limitA: positive.exactOptional(),
    limitKw: positive.exactOptional(),
    ...span,
    /** Absent: at `from`. */
    announcedAt: moment.exactOptional(),
  }),
]);

const expectation = z.strictObject({
  /** Circuit limits crossed by the simulator's own sum. */
  violations: z.int().nonnegative().default(0),
  /** Visits that leave short; every other one leaves with its energy. */
  shortVisits: z.array(token).default([]),
  /** Stations that must be found out and fenced. */
  fenced: z.array(idPattern).default([]),
  /** Verdict or alarm kinds that must be seen on the bus. */
  seen: z.array(z.string()).default([]),
});

/** A whole scenario as written. */
export const scenarioSchema = z.strictObject({
  format: z.literal('voltherd-scenario-1'),
  id: token,
  title: z.string().min(1),
  description: z.string().default(''),
  seed: z.int().nonnegative(),
  timeZone: z.string().regex(/^[A-Za-z]+(\/[A-Za-z0-9_+-]+)*$/),
  /** ISO 8601 with its offset, whole minutes. */
  start: moment,
  durationH: positive,
  voltageV: positive.default(230),
  circuits: z
    .array(
      z.strictObject({
        id: token,
        parent: token.exactOptional(),
        limitA: positive,
        limitKw: positive.exactOptional(),
      }),
    )
    .min(1)
    .max(circuitsMax),
  stationModels: z.array(stationModel).min(1),
  stations: z.array(stationGroup).min(1),
  building: z.array(building).default([]),
  vehicleModels: z.array(vehicleModel).default([]),
  visits: z.array(visit),
  /** A reference `{ ref: <catalogue id> }` or a tariff document of its own, and the billing period so far. */
  tariff: z.record(z.string(), z.unknown()),
  billingState: z.record(z.string(), z.unknown()).exactOptional(),
  /** Overrides of the site's policy, by the engine's own names. */
  policy: z.record(z.string(), z.unknown()).default({}),
  faults: z.array(fault).default([]),
  expect: expectation.default({ violations: 0, shortVisits: [], fenced: [], seen: [] }),
});

/** A scenario as written, defaults filled in. */
export type ScenarioDocument = z.infer<typeof scenarioSchema>;
/** A model of stations as written. */
export type StationModelDocument = ScenarioDocument['stationModels'][number];
/** What simulated hardware does. */
export type BehaviourDocument = StationModelDocument['behaviour'];
/** The name of a way in which a station can be wrong. */
export type PersonaName = (typeof personaNames)[number];
