import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { describeFault, type Fault } from '#domain/fault';
import type { Result } from '#domain/result';
import { compile, compileOutput } from '#ocpp/compile-operation';
import { composite, compositeOutput } from '#ocpp/composite-operation';
import { validateProfileDocument, validateProfileOutput } from '#ocpp/validate-profile-operation';

/** Documents that are mutated in this test; more by environment variable. */
const runs = Number(process.env['HOSTILE_RUNS'] ?? 700);

const schedule16 = {
  startSchedule: '2026-03-02T00:00:00Z',
  duration: 7200,
  chargingRateUnit: 'A',
  minChargingRate: 6,
  chargingSchedulePeriod: [
    { startPeriod: 0, limit: 6, numberPhases: 3 },
    { startPeriod: 600, limit: 10.5 },
  ],
};
const profile16 = {
  chargingProfileId: 1,
  transactionId: 7,
  stackLevel: 2,
  chargingProfilePurpose: 'TxProfile',
  chargingProfileKind: 'Recurring',
  recurrencyKind: 'Daily',
  validFrom: '2026-03-01T00:00:00+01:00',
  validTo: '2026-03-09T00:00:00.250Z',
  chargingSchedule: schedule16,
};
const profile21 = {
  id: 3,
  stackLevel: 0,
  chargingProfilePurpose: 'TxProfile',
  chargingProfileKind: 'Dynamic',
  transactionId: 'x',
  maxOfflineDuration: 60,
  invalidAfterOfflineDuration: true,
  dynUpdateInterval: 30,
  dynUpdateTime: '2026-03-02T00:00:00Z',
  customData: { vendorId: 'org.example', nested: [{ a: null }] },
  chargingSchedule: [
    {
      id: 1,
      duration: 900,
      chargingRateUnit: 'W',
      useLocalTime: true,
      randomizedDelay: 30,
      limitAtSoC: { soc: 80, limit: 2000 },
      salesTariff: { id: 1, salesTariffEntry: [] },
      chargingSchedulePeriod: [
        {
          startPeriod: 0,
          limit: 2300,
          limit_L2: 1150,
          limit_L3: 230,
          setpoint: 2000,
          setpoint_L2: 100,
          operationMode: 'CentralSetpoint',
          numberPhases: 3,
        },
      ],
    },
  ],
};

const shared = {
  now: '2026-03-02T00:05:00Z',
  evseId: 1,
  numberOfEvses: 2,
  transactions: [
    { evseId: 1, id: 'x', start: '2026-03-02T00:00:00Z', chargingStart: '2026-03-02T00:01:00Z' },
  ],
};
const question = {
  ...shared,
  ocppVersion: '2.1',
  installed: [
    { evseId: 1, profile: profile21 },
    { evseId: 0, profile: { ...profile21, id: 4, chargingProfilePurpose: 'ChargingStationMaxProfile' } },
  ],
  viaMessages: true,
  assumeTransaction: false,
  request: { duration: 900, chargingRateUnit: 'A' },
  electrical: { voltage: 230, phases: 3 },
  noLimit: { A: 32, W: 22_080 },
  readings: { A1: 'null', A9: 'total-on-fewest' },
  offline: { since: '2026-03-02T00:00:00Z', until: '2026-03-02T00:10:00Z' },
  priorityCharging: [1],
  stateOfCharge: [{ evseId: 1, percent: 80 }],
  randomDelays: [{ profileId: 3, delays: [5] }],
  localTime: [{ offsetMinutes: 60 }],
};

interface Operation {
  readonly document: object;
  readonly run: (document: unknown) => Result<unknown, readonly Fault[]>;
  readonly output: z.ZodType;
}

const operations: Readonly<Record<string, Operation>> = {
  'composite of 2.1': { document: question, run: composite, output: compositeOutput },
  'composite of 1.6': {
    document: {
      ...shared,
      ocppVersion: '1.6',
      installed: [{ evseId: 1, profile: profile16 }],
      request: { duration: 90_000 },
      electrical: { voltage: 230, phases: 1 },
      noLimit: null,
    },
    run: composite,
    output: compositeOutput,
  },
  'validate-profile': {
    document: {
      ...shared,
      ocppVersion: '2.1',
      via: 'SetChargingProfile',
      profile: profile21,
      installed: [{ evseId: 0, profile: { ...profile21, id: 9 } }],
      station: { current: 'AC', rateUnits: ['A', 'W'], maxPeriods: 24, supplyPhases: 3, operationModes: [] },
    },
    run: validateProfileDocument,
    output: validateProfileOutput,
  },
  compile: {
    document: {
      ocppVersion: '2.0.1',
      now: '2026-03-02T00:00:00Z',
      current: 'AC',
      evse: { id: 1, maxA: 32, minA: 6, stepA: 1, phases: 3 },
      transactionId: 'x',
      limit: [
        { from: '2026-03-02T00:00:00Z', limit: 16 },
        { from: '2026-03-02T01:00:00Z', limit: 20 },
      ],
      lease: 3600,
      raiseDelay: 30,
      voltage: 230,
      floors: { evse: 6, station: 32 },
      capability: { rateUnit: 'A', maxPeriods: 6, maxProfiles: 3, obeys: { txDefault: true } },
    },
    run: compile,
    output: compileOutput,
  },
};

/** All places of a document. */
function placesOf(value: unknown, path: readonly PropertyKey[] = []): (readonly PropertyKey[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  const inner = Object.entries(value).flatMap(([key, one]) =>
    placesOf(one, [...path, Array.isArray(value) ? Number(key) : key]),
  );
  return path.length === 0 ? inner : [path, ...inner];
}

/** What is put in a place: nothing, or something that does not belong there, or only just. */
const junk: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    undefined,
    null,
    true,
    '',
    'A',
    'Relative',
    'Absolute',
    'TxDefaultProfile',
    'Idle',
    '2026-03-02T00:00:00',
    '0000-01-01T00:00:00Z',
    '9999-12-31T23:59:59Z',
    '2026-02-30T00:00:00Z',
    'a\nb',
    '\u0000',
    0,
    -1,
    1,
    2,
    0.1,
    1e-9,
    -0.05,
    2 ** 31,
    2 ** 53,
    1e300,
    [],
    {},
    [[]],
    [null],
    { a: 1 },
  ),
  fc.integer({ min: -100_000, max: 100_000 }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);

const change = fc.record({
  at: fc.nat(),
  value: junk,
  key: fc.constantFrom('', 'extra', '__proto__', 'limit'),
});

/** The document with junk in some places; a key beside it where the change names one. */
function mutated(document: object, changes: readonly { at: number; value: unknown; key: string }[]): unknown {
  const copy: unknown = structuredClone(document);
  const places = placesOf(document);
  for (const { at, value: drawn, key } of changes) {
    const place = places[at % places.length]!;
    let parent = copy;
    for (const step of place.slice(0, -1)) {
      parent = typeof parent === 'object' && parent !== null ? Reflect.get(parent, step) : undefined;
    }
    if (typeof parent !== 'object' || parent === null) continue;
    const value: unknown = structuredClone(drawn);
    const name = key === '' || Array.isArray(parent) ? place.at(-1)! : key;
    if (value === undefined) Reflect.deleteProperty(parent, name);
    else
      Reflect.defineProperty(parent, name, { value, enumerable: true, configurable: true, writable: true });
  }
  return copy;
}

describe('documents with something wrong in them', () => {
  test.each(Object.entries(operations))(
    '%s: an answer of its form, or faults that each say all',
    (_, operation) => {
      expect(operation.run(operation.document).ok).toBe(true);
      fc.assert(
        fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
          const document = mutated(operation.document, changes);
          const result = operation.run(document);
          if (result.ok) {
            // As it would be written and read.
            const json: unknown = JSON.parse(JSON.stringify(result.value));
            expect(operation.output.safeParse(json).error).toBeUndefined();
            return;
          }
          expect(result.problem.length).toBeGreaterThan(0);
          for (const fault of result.problem) {
            expect(fault.rule).toMatch(/^[a-z]+(-[a-z]+)*$/);
            expect(fault.fix).toMatch(/^[A-Z].*\.$/s);
            expect(describeFault(fault)).toContain(fault.fix);
          }
        }),
        { numRuns: runs },
      );
    },
  );

  test('a fault tells its path, what was found, and what to do', () => {
    const result = composite({ ...question, request: { duration: 'long' }, electrical: { voltage: 230 } });
    if (result.ok) throw new Error('accepted');
    expect(result.problem).toEqual([
      {
        path: 'request.duration',
        value: '"long"',
        rule: 'invalid-type',
        fix: 'Expected: number, not string.',
      },
      { path: 'electrical.phases', rule: 'invalid-type', fix: 'Give it: a number belongs here.' },
    ]);
  });
});
