import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import fc from 'fast-check';
import { OCPP16, OCPP20, OCPP21 } from 'typed-ocpp';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { OcppVersion } from '#domain/site';
import { actionsOf, schemaOf } from '#ocpp/message';
import { quickCheckOf } from '#ocpp/quick-check';
import { changesOf, fullValue, validValues, type JsonSchema } from './json-schema.ts';

/**
 * The published JSON schemas, by way of an npm package and an Ajv of our own. Intended differences, kept out of what is
 * generated here:
 * - fields in `carried` are taken as objects, not looked into;
 * - 1.6 StopTransaction takes the unit Celsius, as MeterValues does (the published file has only the misspelt Celcius);
 * - whole numbers beyond 2^53 are refused; so are instants with lower-case t or z, a leap second or an offset over 14 h;
 * - lengths are counted in UTF-16 units, not in code points.
 */
const carried: ReadonlySet<string> = new Set([
  'salesTariff',
  'absolutePriceSchedule',
  'priceLevelSchedule',
  'tariff',
  'costDetails',
  'derChargingParameters',
  'evEnergyOffer',
  'v2xChargingParameters',
]);

const published: Readonly<Record<OcppVersion, Readonly<Record<string, JsonSchema>>>> = {
  '1.6': OCPP16.schemas,
  '2.0.1': OCPP20.schemas,
  '2.1': OCPP21.schemas,
};

/** Generated payloads per schema. */
const runs = 15;

const ajv = new Ajv({ strict: false, multipleOfPrecision: 6 });
addFormats.default(ajv);

const versions: readonly OcppVersion[] = ['1.6', '2.0.1', '2.1'];
const cases = versions.flatMap((version) =>
  actionsOf(version).flatMap((action) =>
    (['request', 'response'] as const).map((side) => [version, action, side] as const),
  ),
);

describe('zod and the quick check judge as the published schema does', () => {
  test.each(cases)('%s %s %s', (version, action, side) => {
    const root = published[version][`${action}${side === 'request' ? 'Request' : 'Response'}`];
    const ours = schemaOf(version, action)?.[side];
    if (root === undefined || ours === undefined) throw new Error('no schema');
    const validate = ajv.compile(root);
    const quick = quickCheckOf(ours);
    const judge = (payload: unknown): boolean => {
      const expected = validate(payload);
      const found = ours.safeParse(payload);
      if (found.success !== expected)
        throw new Error(JSON.stringify({ payload, expected, errors: validate.errors }));
      if (found.success) expect(found.data).toEqual(payload);
      if (quick(payload) !== found.success)
        throw new Error(JSON.stringify({ payload, quick: !found.success }));
      return expected;
    };
    fc.assert(
      fc.property(validValues(root, root, carried), (payload) => {
        expect(judge(payload)).toBe(true);
      }),
      { numRuns: runs },
    );
    const full = fullValue(root, root, carried);
    expect(judge(full)).toBe(true);
    for (const payload of changesOf(full, root)) judge(payload);
  });
});

test('the quick check knows no more kinds of schemas than those of messages, and says yes to none of the others', () => {
  const date = z.date();
  const one = z.strictObject({ at: date, text: z.string().max(3) });
  expect(quickCheckOf(one)({ at: new Date(0), text: 'abc' })).toBe(false);
  expect(quickCheckOf(z.strictObject({ text: z.string().max(3) }))({ text: 'abc' })).toBe(true);
  for (const schema of [
    z.string().trim(),
    z.string().regex(/a/),
    z.number().multipleOf(3),
    z.int32(),
    z.object({}),
  ])
    for (const value of ['a', 3, {}]) expect(quickCheckOf(schema)(value)).toBe(false);
});

test('the changes make both kinds, most of them invalid', () => {
  const root = published['2.1']['SetChargingProfileRequest'];
  if (root === undefined) throw new Error('no schema');
  const validate = ajv.compile(root);
  const verdicts = [...changesOf(fullValue(root, root, carried), root)].map((payload) => validate(payload));
  expect(verdicts.filter(Boolean).length).toBeGreaterThan(100);
  expect(verdicts.filter((verdict) => !verdict).length).toBeGreaterThan(500);
});

test('a list of 1024 periods is taken, one more is not', () => {
  const period = { startPeriod: 0, limit: 1 };
  const payload = (count: number): unknown => ({
    evseId: 1,
    chargingProfile: {
      id: 1,
      stackLevel: 0,
      chargingProfilePurpose: 'TxProfile',
      chargingProfileKind: 'Absolute',
      chargingSchedule: [
        { id: 1, chargingRateUnit: 'A', chargingSchedulePeriod: Array.from({ length: count }, () => period) },
      ],
    },
  });
  for (const version of ['2.0.1', '2.1'] as const) {
    const validate = ajv.compile(published[version]['SetChargingProfileRequest'] ?? {});
    const ours = schemaOf(version, 'SetChargingProfile')?.request;
    for (const [count, expected] of [
      [1024, true],
      [1025, false],
    ] as const) {
      expect(validate(payload(count))).toBe(expected);
      expect(ours?.safeParse(payload(count)).success).toBe(expected);
    }
  }
});

test('all one-decimal limits from 0 to 64 are taken, in the way of the field and of a naive modulo', () => {
  const ours = schemaOf('1.6', 'SetChargingProfile')?.request;
  for (let tenths = 0; tenths <= 640; tenths++) {
    const limit = tenths / 10;
    const profile = {
      chargingProfileId: 1,
      stackLevel: 0,
      chargingProfilePurpose: 'TxProfile',
      chargingProfileKind: 'Absolute',
      chargingSchedule: { chargingRateUnit: 'A', chargingSchedulePeriod: [{ startPeriod: 0, limit }] },
    };
    expect(ours?.safeParse({ connectorId: 1, csChargingProfiles: profile }).success).toBe(true);
  }
});
