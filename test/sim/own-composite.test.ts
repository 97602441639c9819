import { describe, expect, test } from 'vitest';
import { invariant } from '#domain/invariant';
import { isoOf } from '#domain/instant';
import { prngOf, type Prng } from '#domain/prng';
import { epochS } from '#domain/units';
import { composite } from '#ocpp/composite-operation';
import {
  allowedAt,
  compositeOf,
  heldProfileOf,
  nextEdge,
  type CompositeView,
  type HeldProfile,
} from '#sim/own-composite';

const now = epochS(1_784_073_600);
const iso = (offsetS: number): string => isoOf(epochS(now + offsetS));

interface Written {
  readonly evse?: number;
  readonly id?: number;
  readonly stack?: number;
  readonly purpose?: 'max' | 'default' | 'tx';
  readonly kind?: 'Absolute' | 'Relative' | 'Recurring';
  readonly from?: number;
  readonly to?: number;
  readonly tx?: string;
  readonly unit?: 'A' | 'W';
  readonly start?: number;
  readonly duration?: number;
  readonly periods: readonly (readonly [atS: number, limit: number, phases?: number])[];
  readonly offlineMax?: number;
}

/** A profile as it goes over the wire. */
function wireOf(version: '1.6' | '2.0.1' | '2.1', written: Written): Record<string, unknown> {
  const { id = 1, stack = 0, purpose = 'default', kind = 'Absolute', unit = 'A', start = 0 } = written;
  const old = version === '1.6';
  const max = old ? 'ChargePointMaxProfile' : 'ChargingStationMaxProfile';
  const schedule = {
    ...(old ? {} : { id }),
    ...(kind === 'Relative' ? {} : { startSchedule: iso(start) }),
    ...(written.duration === undefined ? {} : { duration: written.duration }),
    chargingRateUnit: unit,
    chargingSchedulePeriod: written.periods.map(([startPeriod, limit, numberPhases]) => ({
      startPeriod,
      limit,
      ...(numberPhases === undefined ? {} : { numberPhases }),
    })),
  };
  return {
    [old ? 'chargingProfileId' : 'id']: id,
    stackLevel: stack,
    chargingProfilePurpose: purpose === 'max' ? max : purpose === 'tx' ? 'TxProfile' : 'TxDefaultProfile',
    chargingProfileKind: kind,
    ...(kind === 'Recurring' ? { recurrencyKind: 'Daily' } : {}),
    ...(written.from === undefined ? {} : { validFrom: iso(written.from) }),
    ...(written.to === undefined ? {} : { validTo: iso(written.to) }),
    ...(written.tx === undefined ? {} : { transactionId: old ? Number(written.tx) : written.tx }),
    ...(written.offlineMax === undefined ? {} : { maxOfflineDuration: written.offlineMax }),
    chargingSchedule: old ? schedule : [schedule],
  };
}

function held(version: '1.6' | '2.0.1' | '2.1', written: Written): HeldProfile {
  const profile = heldProfileOf(version, written.evse ?? 1, wireOf(version, written));
  invariant(profile !== undefined, 'the profile is readable');
  return profile;
}

function view(
  version: '1.6' | '2.0.1' | '2.1',
  profiles: readonly Written[],
  more: Partial<CompositeView> = {},
): CompositeView {
  return {
    version,
    held: profiles.map((written) => held(version, written)),
    evseId: 1,
    assumedStartS: now,
    unit: 'A',
    voltage: 230,
    phases: 3,
    hardware: 32,
    ...more,
  };
}

const running = { transaction: { id: '7', startedS: epochS(now - 600) } };
const pieces = (v: CompositeView, durationS: number): (readonly [number, number])[] =>
  compositeOf(v, now, durationS).map((piece) => [piece.startS, piece.limit]);

describe.each(['1.6', '2.0.1'] as const)('by hand, %s', (version) => {
  test('nothing installed: the hardware is the limit', () => {
    expect(pieces(view(version, []), 100)).toEqual([[0, 32]]);
  });

  test('the highest stack level that has a period leads, below it the next one shows through', () => {
    // Level 1 says 7 from 0, 9 from 100 and ends at 150; level 0 says 6 and from 200 on 10.
    const v = view(version, [
      {
        id: 1,
        stack: 0,
        periods: [
          [0, 6],
          [200, 10],
        ],
      },
      {
        id: 2,
        stack: 1,
        duration: 150,
        periods: [
          [0, 7],
          [100, 9],
        ],
      },
    ]);
    expect(pieces(v, 350)).toEqual([
      [0, 7],
      [100, 9],
      [150, 6],
      [200, 10],
    ]);
  });

  test('the lowest purpose holds: a lease above the floor, the cap above both, then the floor again', () => {
    const v = view(
      version,
      [
        { id: 1, evse: 0, purpose: 'max', periods: [[0, 16]] },
        { id: 2, periods: [[0, 6]] },
        {
          id: 3,
          purpose: 'tx',
          tx: '7',
          stack: 1,
          duration: 100,
          periods: [
            [0, 12],
            [60, 20],
          ],
        },
      ],
      running,
    );
    expect(pieces(v, 300)).toEqual([
      [0, 12],
      [60, 16],
      [100, 6],
    ]);
    expect(nextEdge(v, now, epochS(now + 1000))).toBe(now + 60);
    expect(nextEdge(v, epochS(now + 60), epochS(now + 1000))).toBe(now + 100);
    expect(nextEdge(v, epochS(now + 100), epochS(now + 1000))).toBeUndefined();
  });

  test('a profile of another transaction does not bind, nor any when none runs', () => {
    const profiles: Written[] = [
      { id: 2, periods: [[0, 6]] },
      { id: 3, purpose: 'tx', tx: '8', stack: 1, periods: [[0, 12]] },
    ];
    expect(pieces(view(version, profiles, running), 10)).toEqual([[0, 6]]);
    expect(pieces(view(version, profiles), 10)).toEqual([[0, 6]]);
  });

  test('valid from its first instant, not at its last', () => {
    const v = view(version, [
      { id: 1, periods: [[0, 6]] },
      { id: 2, stack: 1, from: 50, to: 80, periods: [[0, 10]] },
    ]);
    expect(pieces(v, 200)).toEqual([
      [0, 6],
      [50, 10],
      [80, 6],
    ]);
  });

  test('a daily profile comes again after 24 hours and leaves a gap after its duration', () => {
    const v = view(version, [
      { id: 1, periods: [[0, 6]] },
      {
        id: 2,
        stack: 1,
        kind: 'Recurring',
        start: -3600,
        duration: 7200,
        periods: [
          [0, 10],
          [5400, 14],
        ],
      },
    ]);
    expect(pieces(v, 86_400)).toEqual([
      [0, 10],
      [1800, 14],
      [3600, 6],
      [82_800, 10],
    ]);
  });

  test('relative counts from the start of the transaction', () => {
    const v = view(
      version,
      [
        {
          kind: 'Relative',
          periods: [
            [0, 10],
            [900, 8],
          ],
        },
      ],
      running,
    );
    expect(pieces(v, 1000)).toEqual([
      [0, 10],
      [300, 8],
    ]);
  });

  test('W is the sum of the phases, A is on each', () => {
    // 11040 W / (3 x 230 V) = 16 A; on one phase of a one-phase EVSE 3680 W = 16 A; 10 A x 3 x 230 V = 6900 W.
    expect(pieces(view(version, [{ unit: 'W', periods: [[0, 11_040]] }]), 1)).toEqual([[0, 16]]);
    expect(pieces(view(version, [{ unit: 'W', periods: [[0, 3680, 1]] }], { phases: 1 }), 1)).toEqual([
      [0, 16],
    ]);
    const dc = { unit: 'W', hardware: 50_000 } as const;
    expect(pieces(view(version, [{ periods: [[0, 10]] }], dc), 1)).toEqual([[0, 6900]]);
  });
});

test('1.6: a default of the connector replaces that of connector 0; 2.0.1: the stack level decides', () => {
  const profiles: Written[] = [
    { id: 1, evse: 1, stack: 0, periods: [[0, 6]] },
    { id: 2, evse: 0, stack: 1, periods: [[0, 10]] },
  ];
  expect(pieces(view('1.6', profiles), 1)).toEqual([[0, 6]]);
  expect(pieces(view('2.0.1', profiles), 1)).toEqual([[0, 10]]);
});

test('two profiles of one level and place, which should not be: the lower one leads', () => {
  const profiles: Written[] = [
    { id: 1, stack: 1, periods: [[0, 12]] },
    { id: 2, stack: 1, periods: [[0, 8]] },
    { id: 3, stack: 1, periods: [[0, 10]] },
  ];
  expect(pieces(view('1.6', profiles), 1)).toEqual([[0, 8]]);
});

test('2.1: a profile does not hold while offline for longer than it says', () => {
  const profiles: Written[] = [
    { id: 1, periods: [[0, 6]] },
    { id: 2, stack: 1, offlineMax: 120, periods: [[0, 20]] },
  ];
  const v = view('2.1', profiles, { offlineSinceS: epochS(now - 60) });
  expect(allowedAt(v, epochS(now + 60))).toBe(20);
  expect(allowedAt(v, epochS(now + 61))).toBe(6);
  expect(allowedAt(view('2.1', profiles), epochS(now + 61))).toBe(20);
});

/** A set of profiles in which no two of one purpose have the same place and level: what that means is not agreed. */
function generated(prng: Prng, version: '1.6' | '2.0.1'): readonly Written[] {
  const taken = new Set<string>();
  const written: Written[] = [];
  for (let id = 1; id <= prng.integer(1, 6); id++) {
    const purpose = (['max', 'default', 'default', 'tx'] as const)[prng.integer(0, 3)] ?? 'default';
    const evse = purpose === 'max' ? 0 : purpose === 'tx' ? 1 : prng.integer(0, 1);
    const stack = prng.integer(0, 3);
    // 2.x refuses defaults of one level on EVSE 0 and on another.
    const key = `${purpose} ${stack} ${version === '1.6' ? evse : ''}`;
    if (taken.has(key)) continue;
    taken.add(key);
    const kind =
      (['Absolute', 'Absolute', 'Recurring', 'Relative'] as const)[prng.integer(0, 3)] ?? 'Absolute';
    let at = 0;
    written.push({
      id,
      evse,
      stack,
      purpose,
      kind: purpose === 'max' && kind === 'Relative' ? 'Absolute' : kind,
      ...(prng.next() < 0.3 ? { from: prng.integer(-5000, 9000) } : {}),
      ...(prng.next() < 0.3 ? { to: prng.integer(-100, 20_000) } : {}),
      ...(purpose === 'tx' ? { tx: prng.next() < 0.8 ? '7' : '8' } : {}),
      unit: prng.next() < 0.7 ? 'A' : 'W',
      start: -prng.integer(0, 90_000),
      ...(prng.next() < 0.6 ? { duration: prng.integer(1, 100_000) } : {}),
      periods: Array.from({ length: prng.integer(1, 5) }, (_, i) => {
        if (i > 0) at += prng.integer(1, 40_000);
        return [at, prng.integer(0, 320) / 10] as const;
      }),
    });
  }
  return written.map((w) =>
    w.unit === 'W' ? { ...w, periods: w.periods.map(([at, limit]) => [at, limit * 690]) } : w,
  );
}

test.each(['1.6', '2.0.1'] as const)(
  '%s: agrees with the composite operation on generated sets',
  (version) => {
    for (let seed = 1; seed <= 1500; seed++) {
      const prng = prngOf(seed);
      const written = generated(prng, version);
      const isRunning = prng.next() < 0.7;
      const durationS = prng.integer(1, 100_000);
      const v = view(version, written, isRunning ? running : {});
      const own = compositeOf(v, now, durationS);
      const answer = composite({
        ocppVersion: version,
        now: iso(0),
        evseId: 1,
        numberOfEvses: 1,
        installed: written.map((w) => ({ evseId: w.evse ?? 1, profile: wireOf(version, w) })),
        transactions: isRunning ? [{ evseId: 1, id: '7', start: iso(-600) }] : [],
        request: { duration: durationS, chargingRateUnit: 'A' },
        electrical: { voltage: 230, phases: 3 },
        noLimit: { A: 32 },
      });
      invariant(answer.ok, 'the set is well formed', { seed, faults: answer.ok ? [] : answer.problem });
      const { schedule } = answer.value;
      const theirs = schedule?.chargingSchedulePeriod.map((p) => ({
        startS: p.startPeriod,
        limit: Math.min(32, p.limit ?? 32),
      }));
      const near = (list: readonly { startS: number; limit: number }[] | undefined): unknown =>
        merged((list ?? []).map((p) => ({ startS: p.startS, limit: Number(p.limit.toFixed(6)) })));
      expect(near(own), `seed ${seed} ${JSON.stringify(written)}`).toEqual(near(theirs));
    }
  },
);

function merged(
  list: readonly { startS: number; limit: number }[],
): readonly { startS: number; limit: number }[] {
  return list.filter((piece, i) => i === 0 || piece.limit !== list[i - 1]?.limit);
}
