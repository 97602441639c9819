import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { prngOf } from '#domain/prng';
import { constant, stepFunctionOf } from '#domain/step-function';
import { amperes, epochS, seconds, watts } from '#domain/units';
import type { InstalledProfile } from '#ocpp/profile';
import { admit, describeViolation, violationsOf, type Proposal } from '#safety/admission';
import { headroomOf } from '#safety/headroom';
import { learn, ledgerOf, type Ledger } from '#safety/ledger';
import { candidatesAdmittedMax } from '#safety/limits';
import { totalsOf } from '#safety/totals';
import type { Site } from '#domain/site';
import { evse, limitsOf, plan, site, station, txDefault } from './depot.ts';

/** The same ledger of objects that nobody has seen. */
function anewOf({ policy, beliefs }: Ledger): Ledger {
  return { policy: structuredClone(policy), beliefs: beliefs.map((one) => structuredClone(one)) };
}

const tx = { evseId: 1, id: 'tx', startedAt: epochS(0) };

/** A ledger in which each station holds what is named, with a transaction. */
function holding(depot: Site, held: Record<string, readonly InstalledProfile[]>): Ledger {
  let ledger = ledgerOf(depot, epochS(0));
  for (const [stationId, installed] of Object.entries(held)) {
    ledger = learn(depot, ledger, { kind: 'transaction-started', stationId, at: epochS(0), transaction: tx });
    ledger = learn(depot, ledger, { kind: 'read-back', stationId, at: epochS(0), installed, link: 1 });
  }
  return ledger;
}

function proposal(stationId: string, entry: InstalledProfile, atS = 100): Proposal {
  const command = { kind: 'set-profile', evseId: entry.evseId, profile: entry.profile } as const;
  return { stationId, messageId: `m-${stationId}-${atS}`, command, link: 1, at: epochS(atS) };
}

const pair = site([station('a'), station('b')], [{ id: 'grid', limitA: amperes(40) }]);
const floor = txDefault(1, 6);
const at = (limit: number): InstalledProfile => plan(1, 'tx', 0, 10_000, limit);

describe('admission', () => {
  test('a raise inside the room may leave, one ampere more may not', () => {
    const ledger = holding(pair, { a: [floor, at(20)], b: [floor, at(10)] });
    expect(admit(pair, ledger, limitsOf(pair), proposal('b', at(20))).ok).toBe(true);
    const refused = admit(pair, ledger, limitsOf(pair), proposal('b', at(21)));
    expect(refused).toMatchObject({
      ok: false,
      problem: {
        kind: 'over-limit',
        violation: { circuit: 'grid', on: 0, at: 100, exposure: 41, limit: 40, over: 1, unit: 'A' },
      },
    });
  });

  test('a swap: the raise waits for the acknowledgement of the decrease, and for its reaction time', () => {
    const slow = site(
      [station('a', { capability: { reactionS: seconds(20) } }), station('b')],
      [{ id: 'grid', limitA: amperes(40) }],
    );
    const limits = limitsOf(slow);
    let ledger = holding(slow, { a: [floor, at(30)], b: [floor, at(10)] });
    const lowered = admit(slow, ledger, limits, proposal('a', at(10), 100));
    if (!lowered.ok) throw new Error('a decrease always may leave');
    expect(lowered.value.raises).toBe(false);
    ledger = lowered.value.ledger;
    expect(admit(slow, ledger, limits, proposal('b', at(30), 101)).ok).toBe(false);
    ledger = learn(slow, ledger, {
      kind: 'answered',
      stationId: 'a',
      at: epochS(102),
      messageId: 'm-a-100',
      outcome: 'accepted',
    });
    const early = admit(slow, ledger, limits, proposal('b', at(30), 122));
    // Heard of at 102, so certain from 103 on, drawn down 20 s later.
    expect(early).toMatchObject({ ok: false, problem: { violation: { at: 122, until: 123 } } });
    expect(admit(slow, ledger, limits, proposal('b', at(30), 123))).toMatchObject({
      ok: true,
      value: { raises: true },
    });
  });

  test('all of a plan must fit, not only its first interval', () => {
    const ledger = holding(pair, { a: [floor, at(20)], b: [floor] });
    const late = plan(1, 'tx', 0, 10_000, [
      [0, 10],
      [5000, 21],
    ]);
    expect(admit(pair, ledger, limitsOf(pair), proposal('b', late))).toMatchObject({
      ok: false,
      problem: { violation: { at: 5000, until: 10_000 } },
    });
  });

  test('room that opens when a lease ends may be used from then on', () => {
    const ledger = holding(pair, { a: [floor, plan(1, 'tx', 0, 5000, 30)], b: [floor] });
    const after = plan(1, 'tx', 0, 10_000, [
      [0, 10],
      [5000, 32],
    ]);
    expect(admit(pair, ledger, limitsOf(pair), proposal('b', after)).ok).toBe(true);
    const before = plan(1, 'tx', 0, 10_000, [
      [0, 10],
      [4999, 32],
    ]);
    expect(admit(pair, ledger, limitsOf(pair), proposal('b', before)).ok).toBe(false);
  });

  test('every circuit up to the grid connection, and every phase', () => {
    const depot = site(
      [
        station('a', { circuit: 'panel', evses: [evse(1, { rotation: [1] })] }),
        station('b', { circuit: 'panel', evses: [evse(1, { rotation: [2] })] }),
        station('c', { circuit: 'grid', evses: [evse(1, { rotation: [1] })] }),
      ],
      [
        { id: 'grid', limitA: amperes(40) },
        { id: 'panel', parent: 'grid', limitA: amperes(25) },
      ],
    );
    const ledger = holding(depot, { a: [floor, at(10)], b: [floor, at(25)], c: [floor, at(16)] });
    const limits = limitsOf(depot);
    // L2 of the panel takes 25, L2 of the grid has 40 - 16 = 24 left.
    expect(admit(depot, ledger, limits, proposal('a', at(24))).ok).toBe(true);
    expect(admit(depot, ledger, limits, proposal('a', at(25)))).toMatchObject({
      problem: { violation: { circuit: 'grid', on: 1 } },
    });
    expect(admit(depot, ledger, limits, proposal('a', at(26)))).toMatchObject({
      problem: { violation: { circuit: 'panel', on: 1 } },
    });
  });

  test('a limit on the power of all phases together', () => {
    const depot = site([station('a')], [{ id: 'grid', limitA: amperes(100), limitW: watts(13_800) }]);
    const ledger = holding(depot, { a: [floor] });
    // 20 A x 230 V x 3 = 13 800 W
    expect(admit(depot, ledger, limitsOf(depot), proposal('a', at(20))).ok).toBe(true);
    expect(admit(depot, ledger, limitsOf(depot), proposal('a', at(21)))).toMatchObject({
      problem: { violation: { on: 'total', unit: 'W', over: 690 } },
    });
  });

  test('other loads below a circuit count on it and above it', () => {
    const depot = site(
      [station('a', { circuit: 'panel' })],
      [
        { id: 'grid', limitA: amperes(40) },
        { id: 'panel', parent: 'grid', limitA: amperes(40) },
      ],
    );
    const limits = { ...limitsOf(depot, 0), panel: limitsOf(depot, 15)['panel']! };
    const ledger = holding(depot, { a: [floor] });
    expect(admit(depot, ledger, limits, proposal('a', at(25))).ok).toBe(true);
    const refused = admit(depot, ledger, limits, proposal('a', at(26)));
    expect(refused).toMatchObject({ problem: { violation: { uncontrolled: 15, over: 1 } } });
    // The panel itself carries more, but its 15 A count on the grid connection too.
    const wide = { ...limits, panel: { ...limits.panel, limitA: constant(500) } };
    expect(admit(depot, ledger, wide, proposal('a', at(25))).ok).toBe(true);
    expect(admit(depot, ledger, wide, proposal('a', at(26)))).toMatchObject({
      problem: { violation: { circuit: 'grid', uncontrolled: 15, over: 1 } },
    });
    if (!refused.ok && refused.problem.kind === 'over-limit') {
      expect(describeViolation(refused.problem.violation)).toBe(
        'panel L1: chargers may draw 26 A, other loads 15 A, the limit is 40 A: 1 A over.',
      );
    }
  });

  test('where a limit has dropped below what is held, what lowers may leave and what raises elsewhere may too', () => {
    const ledger = holding(pair, { a: [floor, at(10)], b: [floor, at(20)] });
    const dropped = {
      grid: {
        ...limitsOf(pair)['grid']!,
        limitA: stepFunctionOf([
          [epochS(0), 20],
          [epochS(3000), 40],
        ]),
      },
    };
    expect(violationsOf(pair, ledger, dropped, epochS(100))[0]).toMatchObject({
      at: 100,
      until: 3000,
      over: 10,
    });
    expect(admit(pair, ledger, dropped, proposal('a', at(6))).ok).toBe(true);
    expect(admit(pair, ledger, dropped, proposal('a', at(11))).ok).toBe(false);
    const later = plan(1, 'tx', 0, 4000, [
      [0, 10],
      [3500, 20],
    ]);
    expect(admit(pair, ledger, dropped, proposal('a', later)).ok).toBe(true);
  });

  test('at a station that nothing is known of, a floor raises nothing', () => {
    const ledger = ledgerOf(pair, epochS(0));
    expect(violationsOf(pair, ledger, limitsOf(pair), epochS(0))).toHaveLength(3);
    expect(admit(pair, ledger, limitsOf(pair), proposal('a', floor))).toMatchObject({
      ok: true,
      value: { raises: false },
    });
  });

  test('a station that may be in too many states takes no more commands until it is read', () => {
    let ledger = holding(pair, { a: [floor], b: [floor] });
    let refusal: unknown;
    for (let k = 0; k < 40 && refusal === undefined; k++) {
      const sent = admit(
        pair,
        ledger,
        limitsOf(pair),
        proposal('a', plan(1, 'tx', 0, 10_000, 6 + (k % 20)), 100 + k),
      );
      if (!sent.ok) refusal = sent.problem;
      else {
        ledger = learn(pair, sent.value.ledger, {
          kind: 'given-up',
          stationId: 'a',
          at: epochS(100 + k),
          messageId: `m-a-${100 + k}`,
        });
      }
    }
    expect(refusal).toMatchObject({ kind: 'too-many-states' });
    expect(ledger.beliefs.get('a')!.candidates.length).toBeLessThanOrEqual(candidatesAdmittedMax);
  });
});

describe('headroom', () => {
  test('is what the circuits have left, or what is held already', () => {
    const ledger = holding(pair, { a: [floor, at(20)], b: [floor, at(10)] });
    const most = headroomOf({ site: pair, ledger, limits: limitsOf(pair), stationId: 'b', evseId: 1 });
    // To the milliampere: a plan that fills the feeder exactly is not cut by a step.
    expect(most.value.at(0)).toBe(20);
  });

  test('law: what is inside the headroom is admitted', () => {
    const depot = site(
      [
        station('a', { capability: { reactionS: seconds(30) } }),
        station('b', { capability: { reactionS: seconds(30) } }),
      ],
      [{ id: 'grid', limitA: amperes(40) }],
    );
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 0, max: 34 })), {
          minLength: 1,
          maxLength: 5,
        }),
        (steps) => {
          let s = 0;
          const other = plan(1, 'tx', 0, 10_000, [
            [0, 10],
            ...steps.map(([by, limit]) => [(s += by * 20), limit] as const),
          ]);
          const ledger = holding(depot, { a: [floor, other], b: [floor] });
          const most = headroomOf({
            site: depot,
            ledger,
            limits: limitsOf(depot),
            stationId: 'b',
            evseId: 1,
          });
          const pieces = most.startS.map(
            (from, i) => [Math.max(0, from), Math.floor(most.value[i]! * 10) / 10] as const,
          );
          const fitting = pieces.filter(
            ([from], i) => (pieces[i + 1]?.[0] ?? Infinity) > from && from < 10_000,
          );
          expect(
            admit(depot, ledger, limitsOf(depot), proposal('b', plan(1, 'tx', 0, 10_000, fitting))).ok,
          ).toBe(true);
        },
      ),
      { numRuns: 200, seed: 7 },
    );
  });
});

test('law: totals kept up to date equal totals made afresh', () => {
  const depot = site(
    [
      station('a', {
        circuit: 'panel',
        evses: [evse(1, { rotation: [0] })],
        capability: { reactionS: seconds(7) },
      }),
      station('b', { circuit: 'panel', evses: [evse(1, { rotation: [2, 0, 1] })] }),
      station('c', {
        current: 'DC',
        evses: [evse(1, { maxW: watts(50_000) })],
        capability: { rateUnit: 'W' },
      }),
    ],
    [
      { id: 'grid', limitA: amperes(1000) },
      { id: 'panel', parent: 'grid', limitA: amperes(500) },
    ],
  );
  const prng = prngOf(11);
  let ledger = ledgerOf(depot, epochS(0));
  totalsOf(depot, ledger);
  for (let k = 0; k < 200; k++) {
    const stationId = ['a', 'b', 'c'][prng.integer(0, 2)]!;
    const unit = stationId === 'c' ? 'W' : 'A';
    const limit = unit === 'W' ? prng.integer(0, 50_000) : prng.integer(0, 32);
    const entry =
      prng.next() < 0.3
        ? txDefault(1, limit, unit)
        : plan(
            1,
            'tx',
            k,
            500,
            [
              [0, limit],
              [100, limit / 2],
            ],
            unit,
          );
    const sent = admit(depot, ledger, limitsOf(depot), proposal(stationId, entry, k * 10));
    if (!sent.ok) continue;
    const outcome = (['accepted', 'refused', 'accepted'] as const)[prng.integer(0, 2)]!;
    ledger = learn(depot, sent.value.ledger, {
      kind: 'answered',
      stationId,
      at: epochS(k * 10 + 1),
      messageId: `m-${stationId}-${k * 10}`,
      outcome,
    });
    const afresh = anewOf(ledger);
    const now = epochS(k * 10 + 1);
    for (const limitA of [40, 60, 90]) {
      const limits = { ...limitsOf(depot), grid: { ...limitsOf(depot)['grid']!, limitA: constant(limitA) } };
      expect(violationsOf(depot, ledger, limits, now)).toEqual(violationsOf(depot, afresh, limits, now));
    }
  }
});

test('law: a command weighed again later is judged as if it had never been weighed', () => {
  const prng = prngOf(7);
  let refused = 0;
  for (let round = 0; round < 600; round++) {
    const reactionS = seconds(prng.integer(0, 20));
    const clockSkewS = seconds(round % 2 === 0 ? 0 : prng.integer(1, 20));
    const depot = site(
      [station('a', { capability: { reactionS, clockSkewS } }), station('b')],
      [{ id: 'grid', limitA: amperes(40) }],
    );
    // Limits that step so often that many do between the two weighings, by clocks that are behind or ahead.
    const everyS = prng.integer(10, 40);
    const stepped = (): InstalledProfile => {
      const steps = Array.from({ length: 6 }, (_, k) => [k * everyS, prng.integer(6, 32)] as const);
      return plan(1, 'tx', 100, prng.integer(60, 200), steps);
    };
    const ledger = holding(depot, { a: [floor, stepped()], b: [floor, at(20)] });
    const wanted = stepped();
    const first = prng.integer(90, 180);
    admit(depot, ledger, limitsOf(depot), proposal('a', wanted, first));
    const again = proposal('a', wanted, first + prng.integer(0, 30));
    const seen = admit(depot, ledger, limitsOf(depot), again);
    const anew = admit(depot, anewOf(ledger), limitsOf(depot), structuredClone(again));
    expect(seen, `round ${round}`).toEqual(anew);
    if (!seen.ok) refused++;
  }
  expect(refused).toBeGreaterThan(100);
  expect(refused).toBeLessThan(500);
});
