import { describe, expect, test } from 'vitest';
import type { OperationContext } from '#operations/operation';
import { compositeBody } from '#operations/profiles';

const context: OperationContext = {
  nowS: 0,
  nowMs: () => 0,
  tariffDocument: () => undefined,
  tariffIds: () => [],
};

describe('composite as an operation', () => {
  const daily = {
    id: 1,
    stackLevel: 0,
    chargingProfilePurpose: 'TxDefaultProfile',
    chargingProfileKind: 'Recurring',
    recurrencyKind: 'Daily',
    chargingSchedule: [
      {
        id: 1,
        useLocalTime: true,
        startSchedule: '2026-03-02T22:00:00',
        duration: 3600,
        chargingRateUnit: 'A',
        chargingSchedulePeriod: [{ startPeriod: 0, limit: 6 }],
      },
    ],
  };
  const question = {
    ocppVersion: '2.1',
    now: '2026-03-28T12:00:00Z',
    evseId: 1,
    numberOfEvses: 1,
    installed: [{ evseId: 1, profile: daily }],
    transactions: [],
    request: { duration: 172_800 },
    electrical: { voltage: 230, phases: 3 },
  };

  test('K01.FR.90: knows the zones of the world, over a change of clocks', async () => {
    // Berlin goes from UTC+1 to UTC+2 on the 29th: 22:00 is 21:00Z, then 20:00Z.
    const result = await compositeBody.handle({ ...question, timeZone: 'Europe/Berlin' }, context);
    expect(result).toMatchObject({
      ok: true,
      value: {
        schedule: { chargingSchedulePeriod: [0, 9, 10, 32, 33].map((h) => ({ startPeriod: h * 3600 })) },
      },
    });
  });

  test('refuses a zone that there is not', async () => {
    const result = await compositeBody.handle({ ...question, timeZone: 'Europe/Atlantis' }, context);
    expect(result).toMatchObject({ ok: false, problem: [{ path: 'timeZone', rule: 'unknown-zone' }] });
  });
});
