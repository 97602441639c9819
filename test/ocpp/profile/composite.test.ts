import { describe, expect, test } from 'vitest';
import { stepFunctionOf } from '#domain/step-function';
import type { OcppVersion } from '#domain/site';
import type { EpochS } from '#domain/units';
import { compositeOf, limitOf, type LimitInput } from '#ocpp/composite';
import { installedAfter } from '#ocpp/installed';
import type { ChargingProfile, InstalledProfile } from '#ocpp/profile';
import { after, at, electrical, on, periods, profile, t0, versions } from './builders.ts';

const running = [{ evseId: 1, id: '1', startedAt: t0 }];

/** The limit from `t0` on as `[seconds, limit]`. */
function seen(
  installed: readonly InstalledProfile[],
  other: Partial<Omit<LimitInput, 'until'>> & { readonly lengthS?: number } = {},
): (readonly [number, number])[] {
  const { lengthS = 400, ...rest } = other;
  const from = rest.from ?? t0;
  const limit = limitOf({
    version: '2.0.1',
    installed,
    transactions: running,
    evseId: 1,
    numberOfEvses: 2,
    from,
    until: after(from, lengthS),
    electrical,
    unit: 'A',
    ...rest,
  });
  return limit.startS.map((s, i) => [s - from, limit.value[i]!]);
}

const none = Infinity;

describe('cases of the public conformance tests, worked by hand', () => {
  const low = profile({
    purpose: 'TxProfile',
    startAt: t0,
    durationS: 400,
    periods: periods([0, 7], [100, 9], [200, 10]),
  });
  const high = profile({
    id: 2,
    purpose: 'TxProfile',
    stackLevel: 1,
    startAt: after(t0, 150),
    durationS: 50,
    periods: periods([0, 8]),
  });

  test.each(versions)(
    '1.6 3.13.2, TC_072, TC_K_40 stacking in %s: a higher level leads where it has a period',
    (version) => {
      expect(seen(on(1, low, high), { version })).toEqual([
        [0, 7],
        [100, 9],
        [150, 8],
        [200, 10],
      ]);
      // Asked 4 s later, for 350 s.
      expect(seen(on(1, low, high), { version, from: after(t0, 4), lengthS: 350 })).toEqual([
        [0, 7],
        [96, 9],
        [146, 8],
        [196, 10],
      ]);
    },
  );

  test.each(versions)(
    '1.6 3.13.3, K08.FR.04, TC_066, TC_K_41 combining in %s: the lowest of cap and transaction layer',
    (version) => {
      const cap = profile({
        id: 3,
        purpose: 'ChargingStationMaxProfile',
        startAt: t0,
        periods: periods([0, 10], [50, 6], [260, 5]),
      });
      const byDefault = profile({
        id: 4,
        startAt: t0,
        durationS: 300,
        periods: periods([0, 6], [50, 10], [120, 8], [280, 12]),
      });
      const bound = profile({
        id: 5,
        purpose: 'TxProfile',
        startAt: t0,
        durationS: 260,
        periods: periods([0, 8], [50, 11], [140, 16], [220, 6]),
      });
      // TxProfile until 260, then TxDefault 8 (from 120), 12 from 280, nothing after 300; under 10, 6, 5.
      expect(seen([...on(0, cap), ...on(1, byDefault, bound)], { version })).toEqual([
        [0, 8],
        [50, 6],
        [260, 5],
      ]);
      expect(seen(on(1, byDefault, bound), { version })).toEqual([
        [0, 8],
        [50, 11],
        [140, 16],
        [220, 6],
        [260, 8],
        [280, 12],
        [300, none],
      ]);
    },
  );

  test('1.6 errata 3.65, 3.66, K01.FR.36, K01.FR.37, TC_K_21 validFrom, TC_K_22 validTo: inclusive begin, exclusive end', () => {
    const always = profile({ startAt: after(t0, -1000), periods: periods([0, 8]) });
    const later = profile({
      id: 2,
      stackLevel: 1,
      startAt: after(t0, -1000),
      periods: periods([0, 6]),
      validFrom: after(t0, 300),
    });
    expect(seen(on(1, always, later))).toEqual([
      [0, 8],
      [300, 6],
    ]);
    const ending = { ...later, validTo: after(t0, 300) };
    const { validFrom: _, ...endingOnly } = ending;
    expect(seen(on(1, always, endingOnly))).toEqual([
      [0, 6],
      [300, 8],
    ]);
  });

  test('1.6 errata 3.30, K08.FR.03, TC_K_22 on EVSE 0: the sum of the EVSEs, under the cap', () => {
    const default6 = profile({ startAt: t0, periods: periods([0, 6]) });
    expect(seen(on(0, default6), { evseId: 0, numberOfEvses: 3 })).toEqual([[0, 18]]);
    const cap = profile({
      id: 9,
      purpose: 'ChargingStationMaxProfile',
      startAt: after(t0, 100),
      periods: periods([0, 16]),
    });
    expect(seen(on(0, default6, cap), { evseId: 0, numberOfEvses: 3 })).toEqual([
      [0, 18],
      [100, 16],
    ]);
    expect(seen(on(0, default6, cap), { evseId: 0, readings: { A7: 'cap-only' } })).toEqual([
      [0, none],
      [100, 16],
    ]);
    // One EVSE without a limit: nothing limits the sum, unless it is said what stands there.
    expect(seen(on(1, default6), { evseId: 0 })).toEqual([[0, none]]);
    expect(seen(on(1, default6), { evseId: 0, unlimited: 32 })).toEqual([[0, 38]]);
  });

  test('K01.FR.30, TC_K_23 startSchedule: nothing before it', () => {
    expect(seen(on(1, profile({ startAt: after(t0, 60), periods: periods([0, 6], [100, 8]) })))).toEqual([
      [0, none],
      [60, 6],
      [160, 8],
    ]);
  });

  test('1.6 errata 3.43, 3.44, K01.FR.11, K01.FR.12, K01.FR.13, TC_K_19 Recurring Daily: a short duration leaves a gap, what reaches over a day is cut', () => {
    const daily = profile({
      kind: 'Recurring',
      recurrency: 'Daily',
      startAt: after(t0, -3 * 86_400 + 3600),
      durationS: 7200,
      periods: periods([0, 6], [3600, 8]),
    });
    expect(seen(on(1, daily), { lengthS: 86_400 + 7200 })).toEqual([
      [0, none],
      [3600, 6],
      [7200, 8],
      [10_800, none],
      [90_000, 6],
    ]);
    const long = profile({
      kind: 'Recurring',
      recurrency: 'Daily',
      startAt: t0,
      durationS: 200_000,
      periods: periods([0, 6], [80_000, 8], [90_000, 10]),
    });
    expect(seen(on(1, long), { from: after(t0, 86_400), lengthS: 2 * 86_400 })).toEqual([
      [0, 6],
      [80_000, 8],
      [86_400, 6],
      [166_400, 8],
    ]);
  });

  test('Recurring Weekly: Monday again after seven days', () => {
    const weekly = profile({
      kind: 'Recurring',
      recurrency: 'Weekly',
      startAt: t0,
      durationS: 60,
      periods: periods([0, 6]),
    });
    expect(seen(on(1, weekly), { from: after(t0, 6 * 86_400), lengthS: 2 * 86_400 })).toEqual([
      [0, none],
      [86_400, 6],
      [86_460, none],
    ]);
  });
});

describe('who leads', () => {
  test('a gap of a higher level yields to the level below (2.0.1 K.3.5)', () => {
    const top = profile({
      id: 2,
      stackLevel: 3,
      startAt: after(t0, 100),
      durationS: 100,
      periods: periods([0, 16]),
    });
    const base = profile({ startAt: t0, periods: periods([0, 6]) });
    expect(seen(on(1, base, top))).toEqual([
      [0, 6],
      [100, 16],
      [200, 6],
    ]);
  });

  test('K01.FR.33: a TxProfile of another transaction does not count, one without an id does', () => {
    const base = profile({ startAt: t0, periods: periods([0, 6]) });
    const tx = (transactionId?: string): ChargingProfile =>
      profile({
        id: 2,
        purpose: 'TxProfile',
        startAt: t0,
        periods: periods([0, 16]),
        ...(transactionId === undefined ? {} : { transactionId }),
      });
    expect(seen(on(1, base, tx('1')))).toEqual([[0, 16]]);
    expect(seen(on(1, base, tx('2')))).toEqual([[0, 6]]);
    expect(seen(on(1, base, tx()))).toEqual([[0, 16]]);
    expect(seen(on(1, base, tx()), { transactions: [] })).toEqual([[0, 6]]);
  });

  test('K08.FR.06: without a transaction the answer is that of one under TxDefaultProfile, or of none', () => {
    const base = profile({ startAt: t0, periods: periods([0, 6]) });
    expect(seen(on(0, base), { transactions: [] })).toEqual([[0, 6]]);
    expect(seen(on(0, base), { transactions: [], assumeTransaction: false })).toEqual([[0, none]]);
    const stationOnly = { transactions: [], version: '1.6', readings: { A3: 'station-only' } } as const;
    expect(seen(on(0, base), stationOnly)).toEqual([[0, none]]);
  });

  test('EVSE 0 with no transaction assumed: an EVSE that charges nothing adds nothing to the sum', () => {
    const base = on(0, profile({ startAt: t0, periods: periods([0, 6]) }));
    const station = { evseId: 0, numberOfEvses: 3 };
    // Three EVSEs of 6 A each; only the first one charges (`builders.ts`), so 1 x 6 A of 3 x 6 A are drawn.
    expect(seen(base, station)).toEqual([[0, 18]]);
    expect(seen(base, { ...station, assumeTransaction: false })).toEqual([[0, 6]]);
    expect(seen(base, { ...station, assumeTransaction: false, transactions: [] })).toEqual([[0, 0]]);
    // The one that charges without a limit leaves the sum without one.
    expect(seen([], { ...station, assumeTransaction: false })).toEqual([[0, none]]);
  });

  test.each<
    [OcppVersion, 'connector-replaces' | 'by-stack-level' | 'connector-leads' | undefined, number, number]
  >([
    ['1.6', undefined, 6, none],
    ['2.0.1', undefined, 16, 16],
    ['1.6', 'by-stack-level', 16, 16],
    ['2.1', 'connector-replaces', 6, none],
    ['1.6', 'connector-leads', 6, 16],
  ])(
    '1.6 3.13.1, K01.FR.14, K01.FR.15, A5 in %s, %s: the own TxDefaultProfile beside that of connector 0',
    (version, A5, first, then) => {
      const station = profile({ id: 1, stackLevel: 1, startAt: t0, periods: periods([0, 16]) });
      const own = profile({ id: 2, startAt: t0, durationS: 100, periods: periods([0, 6]) });
      const input = { version, readings: A5 === undefined ? {} : { A5 }, lengthS: 200 };
      const limit = seen([...on(0, station), ...on(1, own)], input);
      expect(limit[0]![1]).toBe(first);
      expect(limit.at(-1)![1]).toBe(then);
      // The other connector has no profile of its own.
      expect(seen([...on(0, station), ...on(1, own)], { ...input, evseId: 2 })).toEqual([[0, 16]]);
    },
  );

  test('of two with equal rank the later one leads, and EVSE before station in a tie', () => {
    const a = profile({ id: 1, startAt: t0, periods: periods([0, 6]) });
    const b = profile({ id: 2, startAt: t0, periods: periods([0, 8]) });
    expect(seen(on(1, a, b))).toEqual([[0, 8]]);
    expect(seen(on(1, b, a))).toEqual([[0, 6]]);
    expect(seen([...on(1, a), ...on(0, b)])).toEqual([[0, 6]]);
  });
});

describe('a change acts at once', () => {
  const version = '2.0.1';
  const six = profile({ startAt: t0, periods: periods([0, 6]) });
  const sixteen = profile({ startAt: t0, periods: periods([0, 16]) });

  test('1.6 errata 3.8, K01.FR.32, K10.FR.05, TC_K_09, TC_K_28: a TxDefaultProfile replaced or cleared while charging', () => {
    const before = on(1, six);
    expect(seen(before)).toEqual([[0, 6]]);
    expect(
      seen(installedAfter(version, before, { kind: 'set-profile', evseId: 1, profile: sixteen })),
    ).toEqual([[0, 16]]);
    expect(seen(installedAfter(version, before, { kind: 'clear-profile', profileId: 1 }))).toEqual([
      [0, none],
    ]);
  });

  test('K02.FR.08, K06, 1.6 3.13.6: when a TxProfile has run out TxDefaultProfile leads again', () => {
    const leased = profile({
      id: 2,
      purpose: 'TxProfile',
      startAt: t0,
      durationS: 100,
      periods: periods([0, 16]),
    });
    expect(seen(on(1, six, leased))).toEqual([
      [0, 16],
      [100, 6],
    ]);
  });
});

describe('clocks', () => {
  const relative = profile({ kind: 'Relative', durationS: 300, periods: periods([0, 6], [120, 8]) });

  test('K01.FR.42, A12, A4: Relative counts from the transaction, or from now where none runs', () => {
    const transactions = [
      { evseId: 1, id: '1', startedAt: after(t0, -20), chargingStartedAt: after(t0, -5) },
    ];
    expect(seen(on(1, relative), { transactions })).toEqual([
      [0, 6],
      [100, 8],
      [280, none],
    ]);
    expect(seen(on(1, relative), { transactions, readings: { A12: 'charging-start' } })).toEqual([
      [0, 6],
      [115, 8],
      [295, none],
    ]);
    expect(seen(on(1, relative), { transactions: [] })).toEqual([
      [0, 6],
      [120, 8],
      [300, none],
    ]);
    expect(seen(on(1, relative), { transactions: [], readings: { A4: 'skip' } })).toEqual([[0, none]]);
  });

  test('Absolute without a start counts from the start of charging', () => {
    const transactions = [{ evseId: 1, id: '1', startedAt: after(t0, -20) }];
    const absolute = profile({ periods: periods([0, 6], [120, 8]) });
    expect(seen(on(1, absolute), { version: '1.6', transactions })).toEqual([
      [0, 6],
      [100, 8],
    ]);
  });

  test('A11: before its first start a Recurring profile says nothing, or what it says each day', () => {
    const daily = profile({
      kind: 'Recurring',
      recurrency: 'Daily',
      startAt: after(t0, 86_400 + 100),
      periods: periods([0, 6], [86_300, 8]),
    });
    expect(seen(on(1, daily), { lengthS: 90_000 })).toEqual([
      [0, none],
      [86_500, 6],
    ]);
    expect(seen(on(1, daily), { readings: { A11: 'all-times' } })).toEqual([
      [0, 8],
      [100, 6],
    ]);
  });

  test('K01.FR.90, A13: in Berlin a wall clock profile at 22:00 moves by an hour in UTC, one in UTC does not', () => {
    // Clocks go forward on 2026-03-29 at 01:00Z: 22:00 is 21:00Z before and 20:00Z after.
    const localOffsetS = stepFunctionOf([
      [at('2026-01-01T00:00:00Z'), 3600],
      [at('2026-03-29T01:00:00Z'), 7200],
    ]);
    const night = profile({
      kind: 'Recurring',
      recurrency: 'Daily',
      startAt: at('2026-03-27T21:00:00Z'),
      durationS: 3600,
      periods: periods([0, 6]),
    });
    const from = at('2026-03-28T12:00:00Z');
    const hours = (pieces: (readonly [number, number])[]): number[] => pieces.map(([s]) => s / 3600);
    const asked = { from, lengthS: 2 * 86_400, localOffsetS, version: '2.1' } as const;
    expect(hours(seen(on(1, night), asked))).toEqual([0, 9, 10, 33, 34]);
    const wall = { ...asked, readings: { A13: 'wall-clock' } } as const;
    expect(hours(seen(on(1, night), wall))).toEqual([0, 9, 10, 32, 33]);
    // The same by useLocalTime: startAt is the wall's own 22:00.
    const local = profile({
      kind: 'Recurring',
      recurrency: 'Daily',
      useLocalTime: true,
      startAt: at('2026-03-27T22:00:00Z'),
      durationS: 3600,
      periods: periods([0, 6]),
    });
    expect(hours(seen(on(1, local), asked))).toEqual([0, 9, 10, 32, 33]);
  });

  test('K01.FR.91: in the hour that comes twice its periods come twice, in the one left out they are skipped', () => {
    const startAt = at('2026-10-24T00:00:00Z');
    const local = (useLocalTime: boolean, start: EpochS): ChargingProfile =>
      profile({ useLocalTime, startAt: start, periods: periods([0, 6], [93_600, 8], [97_200, 10]) });
    // 26 h after Saturday's midnight it is 02:00, 27 h 03:00. On 2026-10-25 at 01:00Z 03:00 becomes 02:00.
    const autumn = stepFunctionOf([
      [at('2026-06-01T00:00:00Z'), 7200],
      [at('2026-10-25T01:00:00Z'), 3600],
    ]);
    const from = at('2026-10-24T23:00:00Z');
    expect(
      seen(on(1, local(true, startAt)), { from, lengthS: 5 * 3600, localOffsetS: autumn, version: '2.1' }),
    ).toEqual([
      [0, 6],
      [3600, 8],
      [3 * 3600, 10],
    ]);
    // On 2026-03-29 at 01:00Z 02:00 becomes 03:00: the hour of 8 A is left out.
    const spring = stepFunctionOf([
      [at('2026-01-01T00:00:00Z'), 3600],
      [at('2026-03-29T01:00:00Z'), 7200],
    ]);
    expect(
      seen(on(1, local(true, at('2026-03-28T00:00:00Z'))), {
        from: at('2026-03-28T23:00:00Z'),
        lengthS: 5 * 3600,
        localOffsetS: spring,
        version: '2.1',
      }),
    ).toEqual([
      [0, 6],
      [2 * 3600, 10],
    ]);
  });

  test('a first period that begins late and an unordered list are read as they were meant', () => {
    const late = profile({ id: 2, stackLevel: 1, startAt: t0, periods: periods([60, 16]) });
    const base = profile({ startAt: t0, periods: periods([200, 10], [0, 6]) });
    expect(seen(on(1, base))).toEqual([
      [0, 6],
      [200, 10],
    ]);
    expect(seen(on(1, base, late))).toEqual([
      [0, 6],
      [60, 16],
    ]);
    // A start before the schedule's own changes nothing before it.
    const early = profile({ startAt: after(t0, 100), periods: periods([-50, 8], [20, 10]) });
    expect(seen(on(1, early))).toEqual([
      [0, none],
      [100, 8],
      [120, 10],
    ]);
  });
});

describe('units and phases', () => {
  const inW = profile({
    unit: 'W',
    startAt: t0,
    periods: [
      { startS: 0, limit: 11_040 },
      { startS: 100, limit: 3680, numberPhases: 1 },
    ],
  });

  test('1.6 errata 3.69, K01.FR.50, K01.FR.51, A8, A9: W is total power, A is per phase', () => {
    // 11,040 W / (230 V x 3) and 3,680 W / (230 V x 1)
    expect(seen(on(1, inW))).toEqual([[0, 16]]);
    expect(seen(on(1, inW), { readings: { A8: 'no-limit' } })).toEqual([[0, none]]);
    expect(seen(on(1, inW), { readings: { A9: 'per-phase' } })).toEqual([
      [0, 48],
      [100, 16],
    ]);
    const inA = profile({
      startAt: t0,
      periods: [
        { startS: 0, limit: 10 },
        { startS: 100, limit: 10, numberPhases: 1 },
      ],
    });
    expect(seen(on(1, inA), { unit: 'W' })).toEqual([
      [0, 6900],
      [100, 2300],
    ]);
  });

  test('K01.FR.140: the fewest phases that anyone in force names', () => {
    const cap = profile({
      id: 3,
      purpose: 'ChargingStationMaxProfile',
      startAt: t0,
      periods: [{ startS: 0, limit: 8, numberPhases: 3 }],
    });
    const tx = profile({ id: 4, startAt: t0, periods: [{ startS: 0, limit: 16, numberPhases: 1 }] });
    const pieces = compositeOf({
      version: '2.0.1',
      installed: [...on(0, cap), ...on(1, tx)],
      transactions: running,
      evseId: 1,
      from: t0,
      until: after(t0, 10),
      electrical,
      unit: 'A',
    });
    expect(pieces).toEqual([{ startS: t0, limit: 8, numberPhases: 1 }]);
  });

  test('A9, K01.FR.50, K01.FR.140: W under a cap on one phase, by its own phases or by the fewest', () => {
    // A published vector of another calculator: 2,070 W beside a cap of 10 A on one phase.
    const cap = profile({
      id: 3,
      purpose: 'ChargingStationMaxProfile',
      startAt: t0,
      periods: [{ startS: 0, limit: 10, numberPhases: 1 }],
    });
    const power = profile({ id: 4, unit: 'W', startAt: t0, periods: periods([0, 6210], [100, 2070]) });
    const both = [...on(0, cap), ...on(1, power)];
    const fewest = { readings: { A9: 'total-on-fewest' } } as const;
    // 6,210 W / 690 V = 9 A, 2,070 W / 690 V = 3 A.
    expect(seen(both)).toEqual([
      [0, 9],
      [100, 3],
    ]);
    // 6,210 W / 230 V = 27 A, 2,070 W / 230 V = 9 A.
    expect(seen(both, fewest)).toEqual([
      [0, 10],
      [100, 9],
    ]);
    // 10 A x 230 V
    expect(seen(both, { ...fewest, unit: 'W' })).toEqual([
      [0, 2300],
      [100, 2070],
    ]);
    // EVSE 0: 9 A and 3 A of EVSE 1 and 3 A of EVSE 2, which name no phases; a cap of 2,300 W on its one phase is 10 A.
    const capW = profile({
      id: 3,
      purpose: 'ChargingStationMaxProfile',
      unit: 'W',
      startAt: t0,
      periods: [{ startS: 0, limit: 2300, numberPhases: 1 }],
    });
    const three = profile({ id: 5, startAt: t0, periods: periods([0, 3]) });
    const station = { ...fewest, evseId: 0 } as const;
    expect(seen([...on(0, capW), ...on(1, power), ...on(2, three)], station)).toEqual([
      [0, 10],
      [100, 6],
    ]);
    // Where the EVSEs disagree on phases nobody knows those of the sum, and the cap of 2,300 W is shared by three.
    const { numberPhases: _, ...plain } = capW.schedules[0]!.periods[0]!;
    const onOne = profile({ id: 6, startAt: t0, periods: [{ startS: 0, limit: 6, numberPhases: 1 }] });
    const onTwo = profile({ id: 7, startAt: t0, periods: [{ startS: 0, limit: 6, numberPhases: 2 }] });
    const capAlone = { ...capW, schedules: [{ ...capW.schedules[0]!, periods: [plain] }] };
    const mixed = seen([...on(0, capAlone), ...on(1, onOne), ...on(2, onTwo)], station);
    expect(mixed).toEqual([[0, 2300 / 690]]);
  });

  test('1.6 errata 3.34: more phases than there are change no limit per phase', () => {
    const single = { electrical: { voltage: 230, phases: 1 }, version: '1.6' } as const;
    const inAmps = profile({ startAt: t0, periods: [{ startS: 0, limit: 16, numberPhases: 3 }] });
    expect(seen(on(1, inAmps), single)).toEqual([[0, 16]]);
    // 16 A on the one phase that there is.
    expect(seen(on(1, inAmps), { ...single, unit: 'W' })).toEqual([[0, 3680]]);
    // 11,040 W / 3 = 3,680 W on each of the phases that are named.
    const inWatts = profile({
      unit: 'W',
      startAt: t0,
      periods: [{ startS: 0, limit: 11_040, numberPhases: 3 }],
    });
    expect(seen(on(1, inWatts), single)).toEqual([[0, 16]]);
    expect(seen(on(1, inWatts), { ...single, unit: 'W' })).toEqual([[0, 11_040]]);
  });

  test('phases that are no number of phases count as not named, a negative limit as 0', () => {
    const odd = profile({
      unit: 'W',
      startAt: t0,
      periods: [
        { startS: 0, limit: 6900, numberPhases: 0 },
        { startS: 10, limit: 6900, numberPhases: 7 },
        { startS: 20, limit: -6900 },
      ],
    });
    // 6,900 W / 690 V, whether the three phases are those of the station or the most there are.
    expect(seen(on(1, odd))).toEqual([
      [0, 10],
      [20, 0],
    ]);
  });

  test('A10: minChargingRate raises nothing, unless it is read so', () => {
    const paused = profile({ startAt: t0, minChargingRate: 6, periods: periods([0, 0]) });
    expect(seen(on(1, paused))).toEqual([[0, 0]]);
    expect(seen(on(1, paused), { readings: { A10: 'raise' } })).toEqual([[0, 6]]);
  });

  test('2.1: phases with limits of their own', () => {
    const unequal = profile({ startAt: t0, periods: [{ startS: 0, limit: 10, limitL2: 16, limitL3: 6 }] });
    expect(seen(on(1, unequal), { version: '2.1' })).toEqual([[0, 16]]);
    expect(seen(on(1, unequal), { version: '2.1', phase: 3 })).toEqual([[0, 6]]);
    expect(seen(on(1, unequal), { version: '2.1', unit: 'W' })).toEqual([[0, 32 * 230]]);
    expect(seen(on(1, unequal), { version: '2.1', unit: 'W', phase: 2 })).toEqual([[0, 16 * 230]]);
    // A total of 6,900 W is 2,300 W on each phase.
    const total = profile({ unit: 'W', startAt: t0, periods: periods([0, 6900]) });
    expect(seen(on(1, total), { version: '2.1', unit: 'W', phase: 2 })).toEqual([[0, 2300]]);
    // Setpoints of phases bound their limits; a phase with neither carries nothing.
    const set = profile({
      startAt: t0,
      periods: [
        { startS: 0, operationMode: 'CentralSetpoint', limit: 16, limitL2: 16, setpoint: 10, setpointL2: 20 },
      ],
    });
    for (const [phase, limit] of [
      [1, 10],
      [2, 16],
      [3, 0],
    ] as const) {
      expect(seen(on(1, set), { version: '2.1', phase })).toEqual([[0, limit]]);
    }
  });
});

describe('what 2.1 adds', () => {
  const base = profile({ startAt: t0, periods: periods([0, 6]) });
  const asked = { version: '2.1' } as const;

  test('K27, LocalGeneration comes on top of the lowest', () => {
    const cap = profile({
      id: 2,
      purpose: 'ChargingStationMaxProfile',
      startAt: t0,
      periods: periods([0, 5]),
    });
    const sun = profile({
      id: 3,
      purpose: 'LocalGeneration',
      startAt: after(t0, 100),
      durationS: 100,
      periods: periods([0, 4]),
    });
    expect(seen([...on(1, base), ...on(0, cap, sun)], asked)).toEqual([
      [0, 5],
      [100, 9],
      [200, 5],
    ]);
  });

  test('K21, K22: priority charging takes the place of TxProfile and TxDefaultProfile while it is active', () => {
    const priority = profile({ id: 2, purpose: 'PriorityCharging', startAt: t0, periods: periods([0, 32]) });
    expect(seen(on(1, base, priority), asked)).toEqual([[0, 6]]);
    expect(seen(on(1, base, priority), { ...asked, priorityEvses: [1] })).toEqual([[0, 32]]);
    expect(seen(on(1, base, priority), { ...asked, priorityEvses: [2] })).toEqual([[0, 6]]);
  });

  test('K01.FR.101 to 103: offline for too long, and back', () => {
    const top = {
      ...profile({ id: 2, stackLevel: 1, startAt: t0, periods: periods([0, 16]) }),
      maxOfflineDurationS: 50,
    };
    const offline = { sinceS: after(t0, 100) };
    expect(seen(on(1, base, top), { ...asked, offline })).toEqual([
      [0, 16],
      [150, 6],
    ]);
    const back = { sinceS: after(t0, 100), untilS: after(t0, 300) };
    expect(seen(on(1, base, top), { ...asked, offline: back })).toEqual([
      [0, 16],
      [150, 6],
      [300, 16],
    ]);
    const gone = { ...top, invalidAfterOfflineDuration: true };
    expect(seen(on(1, base, gone), { ...asked, offline: back })).toEqual([
      [0, 16],
      [150, 6],
    ]);
    const short = { sinceS: after(t0, 100), untilS: after(t0, 140) };
    expect(seen(on(1, base, gone), { ...asked, offline: short })).toEqual([[0, 16]]);
    const { maxOfflineDurationS: _, ...never } = top;
    expect(seen(on(1, base, never), { ...asked, offline })).toEqual([[0, 16]]);
  });

  test('K28.FR.13: a Dynamic profile holds for its duration after the last update', () => {
    const dynamic = {
      ...profile({ id: 2, stackLevel: 1, kind: 'Dynamic', durationS: 60, periods: periods([0, 16]) }),
      dynUpdateAt: after(t0, -10),
    };
    expect(seen(on(1, base, dynamic), asked)).toEqual([
      [0, 16],
      [50, 6],
    ]);
    expect(seen(on(1, base, { ...dynamic, dynUpdateAt: after(t0, 200) }), asked)).toEqual([
      [0, 6],
      [200, 16],
      [260, 6],
    ]);
  });

  test('K01.FR.110, operation modes: Idle is 0, a setpoint is a limit, a period without a limit still leads', () => {
    const modes = profile({
      id: 2,
      stackLevel: 1,
      startAt: t0,
      periods: [
        { startS: 0, operationMode: 'Idle' },
        { startS: 10, operationMode: 'CentralSetpoint', setpoint: 12, limit: 16 },
        { startS: 20, operationMode: 'CentralSetpoint', setpoint: -8 },
        { startS: 30, operationMode: 'ExternalLimits' },
        { startS: 40, operationMode: 'ChargingOnly', limit: 10 },
      ],
    });
    expect(seen(on(1, base, modes), asked)).toEqual([
      [0, 0],
      [10, 12],
      [20, 0],
      [30, none],
      [40, 10],
    ]);
  });

  test('K01.FR.100: from its state of charge on a vehicle gets no more than limitAtSoC', () => {
    const gentle: ChargingProfile = {
      ...base,
      schedules: [
        { ...base.schedules[0]!, periods: periods([0, 16], [100, 6]), limitAtSoc: { soc: 80, limit: 10 } },
      ],
    };
    const told = (percent: number, evseId = 1) => ({ ...asked, stateOfCharge: [{ evseId, percent }] });
    const full = [
      [0, 16],
      [100, 6],
    ];
    expect(seen(on(1, gentle), asked)).toEqual(full);
    expect(seen(on(1, gentle), told(79))).toEqual(full);
    expect(seen(on(1, gentle), told(80, 2))).toEqual(full);
    expect(seen(on(1, gentle), told(80))).toEqual([
      [0, 10],
      [100, 6],
    ]);
  });

  test('K01.FR.92, K01.FR.97: periods put off by what was drawn; one that the next one overtakes is left out', () => {
    const steps = periods([0, 0], [300, 1], [600, 2], [900, 3]);
    const delayed = (delayS: number, other: Partial<ChargingProfile> = {}, durationS?: number) => ({
      ...base,
      ...other,
      schedules: [
        {
          ...base.schedules[0]!,
          periods: steps,
          randomizedDelayS: delayS,
          ...(durationS === undefined ? {} : { durationS }),
        },
      ],
    });
    const drawn = (...delaysS: number[]) => ({
      ...asked,
      lengthS: 2000,
      randomDelays: [{ profileId: 1, delaysS }],
    });
    // The example of the errata: 300 + 753 = 1053 is after 600 + 123 = 723; 900 + 87 = 987.
    expect(seen(on(1, delayed(1000)), drawn(753, 123, 87))).toEqual([
      [0, 0],
      [723, 2],
      [987, 3],
    ]);
    // 300 + 423 is as late as the next one; 900 + 100 is the end of the schedule.
    expect(seen(on(1, delayed(1000, {}, 1000)), drawn(423, 123, 100))).toEqual([
      [0, 0],
      [723, 2],
      [1000, none],
    ]);
    // No more than the field allows, and not for a cap.
    expect(seen(on(1, delayed(50)), drawn(753, 123, 87)).map(([s]) => s)).toEqual([0, 350, 650, 950]);
    const cap = delayed(1000, { purpose: 'ChargingStationMaxProfile' });
    expect(seen(on(0, cap), drawn(753, 123, 87)).map(([s]) => s)).toEqual([0, 300, 600, 900]);
  });

  test('K11, K13, external constraints count beside everything else', () => {
    const external = profile({
      id: -1,
      purpose: 'ChargingStationExternalConstraints',
      startAt: after(t0, 50),
      periods: periods([0, 4]),
    });
    expect(seen([...on(1, base), ...on(0, external)], asked)).toEqual([
      [0, 6],
      [50, 4],
    ]);
    expect(seen([...on(1, base), ...on(2, external)], asked)).toEqual([[0, 6]]);
  });
});
