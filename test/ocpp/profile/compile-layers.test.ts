import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isoOf } from '#domain/instant';
import { compile, type compileOutput } from '#ocpp/compile-operation';
import { composite } from '#ocpp/composite-operation';
import { after, at, t0, versions } from './builders.ts';

type Made = ReturnType<typeof compileOutput.parse>;
type Wire = Readonly<Record<string, unknown>>;

const iso = (byS: number): string => isoOf(after(t0, byS));

function made(document: object): Made {
  const result = compile(document);
  if (!result.ok) throw new Error(JSON.stringify(result.problem));
  return result.value;
}

const wish = {
  ocppVersion: '1.6',
  now: iso(0),
  evse: { id: 1 },
  transactionId: 77,
  limit: [
    { from: iso(0), limit: 16 },
    { from: iso(900), limit: 20 },
  ],
  lease: 3600,
  floors: { evse: 8, station: 18 },
};

const scheduleOf = (profile: unknown): Wire => {
  const schedule = (profile as Wire)['chargingSchedule'];
  return (Array.isArray(schedule) ? schedule[0] : schedule) as Wire;
};
const periodsOf = (profile: unknown): { startPeriod: number; limit: number }[] =>
  scheduleOf(profile)['chargingSchedulePeriod'] as { startPeriod: number; limit: number }[];
const purposes = ({ set }: Made): unknown[] =>
  set.map(({ profile }) => (profile as Wire)['chargingProfilePurpose']);
/** Periods as `[seconds after now, limit]`. */
const steps = (profile: unknown): (readonly [number, number])[] =>
  periodsOf(profile).map(({ startPeriod, limit }) => [Math.max(0, startPeriod - 60), limit]);

describe('a station that does not obey everything gets the next best form', () => {
  test('no cap of the station: it is cut out of plan and floor', () => {
    const answer = made({
      ...wish,
      floors: { evse: 8, station: 7 },
      capability: { obeys: { stationMax: false } },
    });
    expect(purposes(answer)).toEqual(['TxDefaultProfile', 'TxProfile']);
    expect(steps(answer.set[0]!.profile)).toEqual([[0, 7]]);
    expect(steps(answer.set[1]!.profile)).toEqual([[0, 7]]);
    expect(answer.lost.map(({ guarantee }) => guarantee)).toEqual(['station-cap']);
  });

  test('no TxDefaultProfile: the floor is the endless last period of the plan', () => {
    const answer = made({ ...wish, capability: { obeys: { txDefault: false } } });
    expect(purposes(answer)).toEqual(['ChargePointMaxProfile', 'TxProfile']);
    const { profile } = answer.set[1]!;
    expect(steps(profile)).toEqual([
      [0, 16],
      [900, 20],
      [3600, 8],
    ]);
    expect([(profile as Wire)['validTo'], scheduleOf(profile)['duration']]).toEqual([undefined, undefined]);
    // Under the cap of 18 A until the lease ends.
    expect(answer.expected.map(({ limit }) => limit)).toEqual([16, 18, 8]);
    expect(answer.lost.map(({ guarantee }) => guarantee)).toEqual(['floor']);
  });

  test('no TxProfile: the plan is a TxDefaultProfile over the floor, for whatever transaction comes', () => {
    const answer = made({ ...wish, capability: { obeys: { txProfile: false } } });
    expect(purposes(answer)).toEqual(['ChargePointMaxProfile', 'TxDefaultProfile', 'TxDefaultProfile']);
    expect(answer.set.map(({ profile }) => (profile as Wire)['stackLevel'])).toEqual([0, 0, 1]);
    expect((answer.set[2]!.profile as Wire)['transactionId']).toBeUndefined();
    expect(answer.lost.map(({ guarantee }) => guarantee)).toEqual(['transaction-binding']);
    // A transaction that 1.6 could not name is no fault then.
    expect(compile({ ...wish, transactionId: 'x', capability: { obeys: { txProfile: false } } }).ok).toBe(
      true,
    );
  });

  test('no TxProfile and one stack level: one TxDefaultProfile is plan and floor', () => {
    const answer = made({ ...wish, capability: { obeys: { txProfile: false }, maxStackLevel: 0 } });
    expect(purposes(answer)).toEqual(['ChargePointMaxProfile', 'TxDefaultProfile']);
    expect(steps(answer.set[1]!.profile).at(-1)).toEqual([3600, 8]);
    expect(answer.lost.map(({ guarantee }) => guarantee)).toEqual(['transaction-binding', 'floor']);
  });

  test.each([
    [3, ['ChargePointMaxProfile', 'TxDefaultProfile', 'TxProfile'], []],
    [2, ['TxDefaultProfile', 'TxProfile'], ['station-cap']],
    [1, ['TxProfile'], ['floor', 'station-cap']],
  ])('room for %i profiles: the plan first, then the floor, then the cap', (maxProfiles, expected, lost) => {
    const answer = made({ ...wish, capability: { maxProfiles } });
    expect(purposes(answer)).toEqual(expected);
    expect(answer.lost.map(({ guarantee }) => guarantee)).toEqual(lost);
  });

  test('neither TxProfile nor TxDefaultProfile: nothing can be sent', () => {
    const result = compile({ ...wish, capability: { obeys: { txProfile: false, txDefault: false } } });
    expect(result).toMatchObject({ ok: false, problem: [{ path: 'capability.obeys', rule: 'no-purpose' }] });
  });

  test('one period and no lease: the lower of plan and floor, for all times', () => {
    const answer = made({ ...wish, capability: { maxPeriods: 1, obeysLease: false } });
    expect(steps(answer.set[2]!.profile)).toEqual([[0, 8]]);
    expect(answer.expected.map(({ limit }) => limit)).toEqual([8]);
  });
});

const capability = fc.record({
  maxPeriods: fc.constantFrom(1, 2, 3, 6, 24, 1000),
  maxStackLevel: fc.constantFrom(0, 1, 5),
  maxProfiles: fc.constantFrom(1, 2, 3, 10),
  obeysLease: fc.boolean(),
  obeys: fc
    .record({ stationMax: fc.boolean(), txDefault: fc.boolean(), txProfile: fc.boolean() })
    .filter(({ txDefault, txProfile }) => txDefault || txProfile),
});

const hardware = fc.record({
  current: fc.constantFrom('AC' as const, 'DC' as const),
  onlyW: fc.boolean(),
  stepA: fc.constantFrom(0.1, 0.5, 1, 2),
  minA: fc.constantFrom(0, 6, 8),
  maxA: fc.constantFrom(16, 32, 63.5),
  phases: fc.constantFrom(1 as const, 3 as const),
});

/** A document of `compile`, with limits in the unit of the current. */
const documents = fc
  .record({
    ocppVersion: fc.constantFrom(...versions),
    capability,
    hardware,
    starts: fc.uniqueArray(fc.integer({ min: 1, max: 90_000 }), { maxLength: 40 }),
    shares: fc.array(fc.double({ min: 0, max: 1.2, noNaN: true }), { minLength: 41, maxLength: 41 }),
    lease: fc.integer({ min: 1, max: 86_400 }),
    raiseDelay: fc.constantFrom(0, 30, 900),
    floor: fc.double({ min: 0, max: 1, noNaN: true }),
    station: fc.option(fc.double({ min: 0, max: 1.5, noNaN: true }), { nil: undefined }),
  })
  .map(({ hardware, starts, shares, floor, station, capability, ...rest }) => {
    const { current, onlyW, ...evse } = hardware;
    const top = current === 'AC' ? evse.maxA : 150_000;
    return {
      ...rest,
      now: iso(0),
      current,
      evse: { id: 1, ...evse },
      transactionId: 77,
      limit: [0, ...starts.toSorted((a, b) => a - b)].map((byS, i) => ({
        from: iso(byS),
        limit: shares[i]! * top,
      })),
      floors: { evse: floor * top, ...(station === undefined ? {} : { station: station * top }) },
      capability: {
        ...capability,
        rateUnit: current === 'DC' || onlyW ? ('W' as const) : ('A' as const),
      },
    };
  });

type Document = typeof documents extends fc.Arbitrary<infer T> ? T : never;

/** The composite of profiles from now on, asked second by second through the published operation. */
function compositeOf(document: Document, set: Made['set'], duration: number): (byS: number) => number {
  const { current, evse, capability } = document;
  const result = composite({
    ocppVersion: document.ocppVersion,
    now: document.now,
    evseId: 1,
    numberOfEvses: 1,
    installed: set,
    viaMessages: true,
    transactions: [{ evseId: 1, id: 77, start: document.now }],
    request: { duration, chargingRateUnit: current === 'AC' ? 'A' : 'W' },
    electrical: { voltage: 230, phases: evse.phases },
    ...(current === 'AC' && capability.rateUnit === 'W' ? { readings: { A9: 'per-phase' } } : {}),
  });
  if (!result.ok) throw new Error(JSON.stringify(result.problem));
  expect(result.value.notes).toBeUndefined();
  const periods = result.value.schedule!.chargingSchedulePeriod;
  // A full limit is written as the watts of all phases: no phase of the hardware carries more than its most.
  const mostA = current === 'AC' && capability.rateUnit === 'W' ? evse.maxA : Infinity;
  return (byS) => {
    const { limit } = periods.findLast((period) => period.startPeriod <= byS)!;
    return limit === undefined || limit === null ? Infinity : Math.min(limit, mostA);
  };
}

/** What a charger can follow of a limit, worked out apart from the compiler: whole steps, one decimal, 0 below the least. */
function followed({ current, evse }: Document, limit: number): number {
  const [step, least, most] =
    current === 'AC' ? [evse.stepA, evse.minA, evse.maxA] : [0.1, evse.minA * 230 * evse.phases, 150_000];
  const whole = Math.floor(Math.min(limit, most) / step + 1e-6 / step) * step;
  const tenth = Math.floor(whole * 10 + 1e-5) / 10;
  return tenth + 1e-6 < least ? 0 : tenth;
}

describe('law: whatever a station can do', () => {
  test('the composite of what is set is the plan as it can be followed, and nowhere above it', () => {
    fc.assert(
      fc.property(documents, (document) => {
        const { floors, capability, raiseDelay, lease } = document;
        const answer = made(document);
        const untilS = at(answer.until) - t0;
        const level = compositeOf(document, answer.set, untilS + 2 * lease + 10);
        const limitAt = (byS: number): number =>
          document.limit.findLast(({ from }) => at(from) - t0 <= byS)?.limit ?? document.limit[0]!.limit;
        const cap = floors.station ?? Infinity;
        const instants = [...document.limit, ...answer.expected]
          .map(({ from }) => at(from) - t0)
          .flatMap((byS) => [byS - 1, byS, byS + 1, byS + raiseDelay])
          .filter((byS) => byS >= 0 && byS <= untilS + 5);
        for (const byS of instants) {
          const seen = level(byS);
          const expected = answer.expected.findLast(({ from }) => at(from) - t0 <= byS)!.limit ?? Infinity;
          expect(Math.abs(seen - expected)).toBeLessThanOrEqual(1e-6);
          expect(seen).toBeLessThanOrEqual(cap + 1e-6);
          if (byS >= untilS) {
            // The lease has ended.
            expect(seen).toBeLessThanOrEqual(floors.evse + 1e-6);
            continue;
          }
          const wanted = [byS, byS - raiseDelay, ...instants.filter((s) => s < byS && s > byS - raiseDelay)];
          const most = Math.min(...wanted.map(limitAt), cap);
          expect(seen).toBeLessThanOrEqual(most + 1e-6);
          const exact = answer.notes.every((note) => !note.startsWith('Too many periods'));
          const single = !capability.obeysLease && capability.maxPeriods === 1;
          if (exact && !single && capability.rateUnit === 'A' && answer.lost.length === 0) {
            expect(Math.abs(seen - followed(document, most))).toBeLessThanOrEqual(1e-6);
          }
        }
      }),
      { numRuns: 400 },
    );
  });

  test('what is set keeps to what the station takes, in the fewest periods', () => {
    fc.assert(
      fc.property(documents, (document) => {
        const { capability } = document;
        const { set, lost } = made(document);
        expect(set.length).toBeLessThanOrEqual(capability.maxProfiles);
        const names = set.map(({ profile }) => String((profile as Wire)['chargingProfilePurpose']));
        const obeyed: Readonly<Record<string, boolean>> = {
          ChargePointMaxProfile: capability.obeys.stationMax,
          ChargingStationMaxProfile: capability.obeys.stationMax,
          TxDefaultProfile: capability.obeys.txDefault,
          TxProfile: capability.obeys.txProfile,
        };
        for (const name of names) expect(obeyed[name]).toBe(true);
        const places = set.map(({ evseId, profile }, i) => [
          evseId,
          names[i],
          (profile as Wire)['stackLevel'],
        ]);
        expect(new Set(places.map(String)).size).toBe(places.length);
        for (const { profile } of set) {
          expect((profile as Wire)['stackLevel']).toBeLessThanOrEqual(capability.maxStackLevel);
          expect(scheduleOf(profile)['chargingRateUnit']).toBe(capability.rateUnit);
          const periods = periodsOf(profile);
          expect(periods.length).toBeLessThanOrEqual(Math.min(24, capability.maxPeriods));
          for (const [i, { startPeriod, limit }] of periods.entries()) {
            if (i === 0) expect(startPeriod).toBe(0);
            else expect(startPeriod).toBeGreaterThan(periods[i - 1]!.startPeriod);
            expect(limit).not.toBe(periods[i - 1]?.limit);
            expect(Math.abs(limit * 10 - Math.round(limit * 10))).toBeLessThan(1e-6);
          }
        }
        // What is missing is said.
        const missing = new Set(lost.map(({ guarantee }) => guarantee));
        expect(missing.has('transaction-binding')).toBe(!capability.obeys.txProfile);
        const isCap = (name: string): boolean => name.endsWith('MaxProfile');
        expect(missing.has('station-cap')).toBe(document.floors.station !== undefined && !names.some(isCap));
        const floors = names.filter((name, i) => name === 'TxDefaultProfile' && i < names.length - 1);
        expect(missing.has('floor')).toBe(floors.length === 0);
      }),
      { numRuns: 400 },
    );
  });

  test('a station that ignores every end falls to the floor all the same where it is told to', () => {
    fc.assert(
      fc.property(documents, (document) => {
        const forgetful = { ...document, capability: { ...document.capability, obeysLease: false } };
        const answer = made(forgetful);
        const endless = answer.set.map(({ evseId, profile }) => {
          const { validTo: _end, ...rest } = profile as Wire;
          const { duration: _duration, ...schedule } = scheduleOf(profile);
          return {
            evseId,
            profile: { ...rest, chargingSchedule: document.ocppVersion === '1.6' ? schedule : [schedule] },
          };
        });
        const untilS = at(answer.until) - t0;
        const level = compositeOf(document, endless, untilS + 1_000_000);
        for (const laterS of [0, 1, 3600, 999_999]) {
          expect(level(untilS + laterS)).toBeLessThanOrEqual(document.floors.evse + 1e-6);
        }
      }),
      { numRuns: 150 },
    );
  });
});
