/**
 * What another calculator is published to answer, asked of ours as documents. The profiles are written anew from what its
 * tests state; where it reads an ambiguity in another way the reading is named.
 * Source: EVerest libocpp, tests of composite schedules of 2.0.1 (figures only).
 */
import { describe, expect, test } from 'vitest';
import { composite } from '#ocpp/composite-operation';

type Period = readonly [startPeriod: number, limit: number, numberPhases?: number];

function profile(
  id: number,
  purpose: string,
  unit: 'A' | 'W',
  clock: { readonly start?: string; readonly daily?: boolean; readonly duration?: number },
  ...periods: readonly Period[]
): object {
  const kind = clock.start === undefined ? 'Relative' : clock.daily === true ? 'Recurring' : 'Absolute';
  return {
    id,
    stackLevel: 5,
    chargingProfilePurpose: purpose,
    chargingProfileKind: kind,
    ...(kind === 'Recurring' ? { recurrencyKind: 'Daily' } : {}),
    chargingSchedule: [
      {
        id,
        chargingRateUnit: unit,
        ...(clock.start === undefined ? {} : { startSchedule: clock.start }),
        ...(clock.duration === undefined ? {} : { duration: clock.duration }),
        chargingSchedulePeriod: periods.map(([startPeriod, limit, numberPhases]) => ({
          startPeriod,
          limit,
          ...(numberPhases === undefined ? {} : { numberPhases }),
        })),
      },
    ],
  };
}

interface Question {
  readonly installed: readonly (readonly [evseId: number, profile: object])[];
  readonly now: string;
  readonly duration: number;
  readonly evseId: number;
  readonly evses?: number;
  readonly unit?: 'A' | 'W';
  readonly A9?: string;
}

/** The answer as `[start, limit]`; 57 A stand where nothing limits. */
function answered(question: Question): unknown {
  const { installed, now, duration, evseId, evses = 1, unit = 'A', A9 = 'total' } = question;
  const result = composite({
    ocppVersion: '2.0.1',
    now,
    evseId,
    numberOfEvses: evses,
    installed: installed.map(([place, one]) => ({ evseId: place, profile: one })),
    transactions: [],
    request: { duration, chargingRateUnit: unit },
    electrical: { voltage: 230, phases: 3 },
    noLimit: { A: 57, W: 55_612 },
    readings: { A9 },
  });
  if (!result.ok) throw new Error(JSON.stringify(result.problem));
  const rows: [number, number | null][] = [];
  for (const { startPeriod, limit } of result.value.schedule!.chargingSchedulePeriod) {
    if (rows.at(-1)?.[1] !== limit) rows.push([startPeriod, limit]);
  }
  return rows;
}

const relative = profile(
  303,
  'TxDefaultProfile',
  'A',
  { duration: 3600 },
  [0, 16, 3],
  [1800, 15, 3],
  [2700, 14, 3],
);
const daily = profile(
  301,
  'TxDefaultProfile',
  'A',
  { start: '2024-01-01T08:00:00Z', daily: true, duration: 3600 },
  [0, 16],
  [1800, 15],
  [2700, 14],
);
const stationMax = profile(
  401,
  'ChargingStationMaxProfile',
  'A',
  { start: '2024-01-01T08:00:00Z', daily: true, duration: 3600 },
  [0, 24, 1],
  [900, 28, 1],
  [1800, 30, 1],
  [2700, 32, 1],
);

describe('published figures', () => {
  test('an Absolute profile between two gaps', () => {
    const absolute = profile(
      301,
      'TxDefaultProfile',
      'A',
      { start: '2024-01-01T12:02:00Z', duration: 3600 },
      [0, 32],
      [1800, 31],
      [2700, 30],
    );
    const asked = {
      installed: [[0, absolute]],
      now: '2024-01-01T12:01:59Z',
      duration: 3602,
      evseId: 0,
    } as const;
    expect(answered(asked)).toEqual([
      [0, 57],
      [1, 32],
      [1801, 31],
      [2701, 30],
      [3601, 57],
    ]);
  });

  test('EVSE 0 without a profile, with a cap, with a default for two EVSEs', () => {
    const hour = { now: '2024-01-02T08:00:00Z', duration: 3600, evseId: 0 };
    expect(answered({ ...hour, installed: [] })).toEqual([[0, 57]]);
    expect(answered({ ...hour, installed: [[0, stationMax]] })).toEqual([
      [0, 24],
      [900, 28],
      [1800, 30],
      [2700, 32],
    ]);
    expect(answered({ ...hour, installed: [[0, relative]], evses: 2 })).toEqual([
      [0, 32],
      [1800, 30],
      [2700, 28],
    ]);
  });

  test('EVSE 0: two EVSEs under a cap, a minute after the hour', () => {
    const { id: _, ...rest } = relative as { id: number };
    const asked = {
      installed: [
        [0, stationMax],
        [1, relative],
        [2, { ...rest, id: 304 }],
      ],
      now: '2024-01-02T08:01:00Z',
      duration: 3600,
      evseId: 0,
      evses: 2,
    } as const;
    expect(answered(asked)).toEqual([
      [0, 24],
      [840, 28],
      [1740, 30],
      [2700, 28],
    ]);
  });

  test('EVSE 0: one EVSE by the clock, one by its transaction, and a gap of the first', () => {
    const asked = {
      installed: [
        [1, daily],
        [2, relative],
      ],
      now: '2024-01-02T08:01:00Z',
      duration: 3600,
      evseId: 0,
      evses: 2,
    } as const;
    expect(answered(asked)).toEqual([
      [0, 32],
      [1740, 31],
      [1800, 30],
      [2640, 29],
      [2700, 28],
      [3540, 71],
    ]);
  });

  const watts = profile(
    25,
    'TxDefaultProfile',
    'W',
    { duration: 3600 },
    [0, 12_420],
    [300, 8280],
    [600, 6210],
    [900, 4140],
    [1200, 2070],
  );

  test('a default in W, asked for in A for two EVSEs', () => {
    const asked = {
      installed: [[0, watts]],
      now: '2024-01-02T08:00:00Z',
      duration: 3600,
      evseId: 0,
      evses: 2,
    } as const;
    expect(answered(asked)).toEqual([
      [0, 36],
      [300, 24],
      [600, 18],
      [900, 12],
      [1200, 6],
    ]);
  });

  test.each<[number, number, 'A' | 'W', unknown]>([
    [
      16,
      1,
      'A',
      [
        [0, 16],
        [1200, 9],
      ],
    ],
    [
      16,
      3,
      'A',
      [
        [0, 16],
        [300, 12],
        [600, 9],
        [900, 6],
        [1200, 3],
      ],
    ],
    [
      10,
      1,
      'A',
      [
        [0, 10],
        [1200, 9],
      ],
    ],
    [
      10,
      3,
      'A',
      [
        [0, 10],
        [600, 9],
        [900, 6],
        [1200, 3],
      ],
    ],
    [
      10,
      1,
      'W',
      [
        [0, 2300],
        [1200, 2070],
      ],
    ],
    [
      10,
      3,
      'W',
      [
        [0, 6900],
        [600, 6210],
        [900, 4140],
        [1200, 2070],
      ],
    ],
  ])(
    'W under a cap of %d A on %d phases in %s: by reading A9 total-on-fewest',
    (limit, phases, unit, rows) => {
      const start = '2024-01-02T00:00:00Z';
      const cap = profile(24, 'ChargingStationMaxProfile', 'A', { start }, [0, limit, phases]);
      const asked: Question = {
        installed: [
          [0, cap],
          [1, watts],
        ],
        now: start,
        duration: 3600,
        evseId: 1,
        unit,
        A9: 'total-on-fewest',
      };
      expect(answered(asked)).toEqual(rows);
    },
  );
});
