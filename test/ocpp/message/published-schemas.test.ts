import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import fc from 'fast-check';
import { OCPP16, OCPP20, OCPP21 } from 'typed-ocpp';
import { describe, expect, test } from 'vitest';
import type { OcppVersion } from '#domain/site';
import { actionsOf, schemaOf } from '#ocpp/message';
import { changed, validValues, type JsonSchema } from './json-schema.ts';

/**
 * The published JSON schemas, by way of an npm package and an Ajv of our own. Intended differences, kept out of what is
 * generated here:
 * - fields in `carried` are taken as any object, not looked into;
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
  '1.6': OCPP16.schemas as unknown as Record<string, JsonSchema>,
  '2.0.1': OCPP20.schemas as unknown as Record<string, JsonSchema>,
  '2.1': OCPP21.schemas as unknown as Record<string, JsonSchema>,
};

/** Payloads per schema; the long run takes some thousand. */
const runs = Number(process.env['OCPP_SCHEMA_RUNS'] ?? 40);

const ajv = new Ajv({ strict: false, multipleOfPrecision: 6 });
addFormats.default(ajv);

const versions: readonly OcppVersion[] = ['1.6', '2.0.1', '2.1'];
const cases = versions.flatMap((version) =>
  actionsOf(version).flatMap((action) =>
    (['request', 'response'] as const).map((side) => [version, action, side] as const),
  ),
);

describe('zod judges as the published schema does', () => {
  test.each(cases)('%s %s %s', (version, action, side) => {
    const root = published[version][`${action}${side === 'request' ? 'Request' : 'Response'}`];
    const ours = schemaOf(version, action)?.[side];
    if (root === undefined || ours === undefined) throw new Error('no schema');
    const validate = ajv.compile(root);
    const change = fc.tuple(fc.nat(), fc.nat(), fc.nat());
    fc.assert(
      fc.property(validValues(root, root, carried), fc.option(change), (valid, turn) => {
        const payload = turn === null ? valid : changed(valid, root, turn);
        const expected = validate(payload);
        if (turn === null) expect(expected, JSON.stringify(validate.errors)).toBe(true);
        const found = ours.safeParse(payload);
        expect(found.success, JSON.stringify({ payload, ajv: validate.errors, zod: found.error })).toBe(
          expected,
        );
        if (found.success) expect(found.data).toEqual(payload);
      }),
      { numRuns: runs },
    );
  });
});

test('the generator makes both kinds', () => {
  // Whatever the order of tests: enough of each kind from one schema with everything in it.
  const root = published['2.1']['SetChargingProfileRequest'];
  if (root === undefined) throw new Error('no schema');
  const validate = ajv.compile(root);
  const change = fc.tuple(fc.nat(), fc.nat(), fc.nat());
  const verdicts = fc
    .sample(fc.tuple(validValues(root, root, carried), change), { numRuns: 200, seed: 1 })
    .map(([valid, turn]) => validate(changed(valid, root, turn)));
  expect(verdicts.filter(Boolean).length).toBeGreaterThan(20);
  expect(verdicts.filter((verdict) => !verdict).length).toBeGreaterThan(60);
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
