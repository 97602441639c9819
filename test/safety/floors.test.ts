import { describe, expect, test } from 'vitest';
import { prngOf } from '#domain/prng';
import { obeysAll, type Phase, type Site } from '#domain/site';
import { amperes, watts } from '#domain/units';
import { defaultFloorsPolicy, floorsOf, type FloorsPolicy } from '#safety/floors';
import { evse, site, station } from './depot.ts';

const whole: FloorsPolicy = { ...defaultFloorsPolicy, share: 1 };

function served(
  depot: Site,
  policy: FloorsPolicy,
  rooms?: Parameters<typeof floorsOf>[2],
): readonly string[] {
  const floors = floorsOf(depot, policy, rooms);
  if (!floors.ok) throw new Error(floors.problem.message);
  return Object.entries(floors.value).flatMap(([key, floor]) => (floor > 0 ? [key] : []));
}

describe('floors', () => {
  test('every EVSE gets its minimum current where all fit', () => {
    const depot = site([station('a'), station('b', { evses: [evse(1), evse(2)] })]);
    expect(floorsOf(depot, whole)).toEqual({ ok: true, value: { 'a/1': 6, 'b/1': 6, 'b/2': 6 } });
  });

  test('a three-phase socket that is told watts alone needs what its vehicle starts at three times, or all it carries', () => {
    const told = (id: string, maxA: number, rotation: readonly Phase[] = [0, 1, 2]) =>
      station(id, {
        evses: [evse(1, { maxA: amperes(maxA), rotation })],
        capability: { rateUnit: 'W' },
      });
    // 6 A of each phase, and any of them may carry all 18: of 16 A no more than 16.
    const depot = site([told('a', 32), told('b', 16), told('c', 32, [1])]);
    expect(floorsOf(depot, whole)).toEqual({ ok: true, value: { 'a/1': 18, 'b/1': 16, 'c/1': 6 } });
    // 21 A carry two floors of 6 A, and not one of them beside 16.
    const tight = site([told('b', 16), station('d'), station('e')], [{ id: 'grid', limitA: amperes(21) }]);
    expect(floorsOf(tight, whole)).toEqual({ ok: true, value: { 'b/1': 0, 'd/1': 6, 'e/1': 6 } });
  });

  test('plans keep their share of the room', () => {
    // 30 A, half of it: 15 A carry two floors of 6 A.
    const depot = site(
      ['a', 'b', 'c'].map((id) => station(id)),
      [{ id: 'grid', limitA: amperes(30) }],
    );
    expect(served(depot, { ...whole, share: 0.5 })).toHaveLength(2);
    expect(served(depot, whole)).toHaveLength(3);
  });

  test('the load of a building is taken off at its highest of the day, on its circuit and above', () => {
    const depot: Site = {
      ...site(
        ['a', 'b', 'c'].map((id) => station(id)),
        [
          { id: 'grid', limitA: amperes(30) },
          { id: 'house', parent: 'grid', limitA: amperes(100) },
        ],
      ),
      // 11 040 W / 3 / 230 V = 16 A at its worst; 14 A are left: two floors.
      uncontrolled: [
        { circuit: 'house', expectedW: [watts(0)], boundW: [watts(0), watts(11_040), watts(690)] },
      ],
    };
    expect(served(depot, whole)).toHaveLength(2);
  });

  test('a station that loses its profiles over a reboot counts with its full rating, or the site is refused', () => {
    const forgetful = station('f', { capability: { keepsProfiles: 'none' } });
    // 32 A of hardware beside floors of 6 A: 45 A carry two of them, 31 A not even the station itself.
    const beside = (limitA: number): Site =>
      site([forgetful, station('a'), station('b'), station('c')], [{ id: 'grid', limitA: amperes(limitA) }]);
    expect(served(beside(45), whole)).toEqual(['f/1', 'a/1', 'b/1']);
    const refused = floorsOf(beside(31), whole);
    expect(!refused.ok && refused.problem.message).toContain(
      '0 floors asked for and the full rating of 1 stations that lose their profiles over a reboot add up to 32 A',
    );
  });

  test('a station that does not obey TxDefaultProfile counts with its full rating, or the site is refused', () => {
    const unruled = station('f', { capability: { obeys: { ...obeysAll, txDefault: false } } });
    const beside = (limitA: number): Site =>
      site([unruled, station('a'), station('b')], [{ id: 'grid', limitA: amperes(limitA) }]);
    // 32 A of hardware beside one floor of 6 A.
    expect(served(beside(39), whole)).toEqual(['f/1', 'a/1']);
    const refused = floorsOf(beside(31), whole);
    expect(!refused.ok && refused.problem.message).toContain(
      'the full rating of 1 stations that lose their profiles over a reboot or do not obey TxDefaultProfile add up to 32 A',
    );
  });

  test('where not all fit, more vehicles charge when single-phase ones share what a three-phase one would take', () => {
    const one = (id: string, phase: Phase) => station(id, { evses: [evse(1, { rotation: [phase] })] });
    const depot = site(
      [station('three'), one('x', 0), one('y', 1), one('z', 2)],
      [{ id: 'grid', limitA: amperes(6) }],
    );
    expect(served(depot, whole)).toEqual(['x/1', 'y/1', 'z/1']);
  });

  test('the more important come first even if fewer charge', () => {
    const one = (id: string, phase: Phase) => station(id, { evses: [evse(1, { rotation: [phase] })] });
    const depot = site(
      [station('three'), one('x', 0), one('y', 1), one('z', 2)],
      [{ id: 'grid', limitA: amperes(6) }],
    );
    expect(served(depot, { ...whole, priority: { 'three/1': 2 } })).toEqual(['three/1']);
  });

  test('direct current waits for a plan unless the policy says otherwise', () => {
    const depot = site([station('d', { current: 'DC', evses: [evse(1, { maxW: watts(150_000) })] })]);
    expect(served(depot, whole)).toEqual([]);
    expect(floorsOf(depot, { ...whole, dcFloorW: 10_000 })).toEqual({ ok: true, value: { 'd/1': 10_000 } });
  });

  test('floors that the operator demands are kept, and the rest is chosen around them', () => {
    const depot = site(
      ['a', 'b', 'c'].map((id) => station(id)),
      [{ id: 'grid', limitA: amperes(26) }],
    );
    expect(floorsOf(depot, { ...whole, fixed: { 'b/1': 16 } })).toEqual({
      ok: true,
      value: { 'a/1': 6, 'b/1': 16, 'c/1': 0 },
    });
  });

  test('demanded floors beyond the share of one circuit take nothing from another', () => {
    const depot = site(
      [station('a', { circuit: 'p' }), station('b', { circuit: 'p' }), station('c', { circuit: 'q' })],
      [
        { id: 'grid', limitA: amperes(100) },
        { id: 'p', parent: 'grid', limitA: amperes(20) },
        { id: 'q', parent: 'grid', limitA: amperes(20) },
      ],
    );
    // 16 A are more than half of 20.
    expect(floorsOf(depot, { ...whole, share: 0.5, fixed: { 'a/1': 16 } })).toEqual({
      ok: true,
      value: { 'a/1': 16, 'b/1': 0, 'c/1': 6 },
    });
  });

  test('demanded floors that do not fit are refused with the arithmetic', () => {
    const depot = site(
      ['a', 'b'].map((id) => station(id)),
      [{ id: 'grid', limitA: amperes(30) }],
    );
    expect(floorsOf(depot, { ...whole, fixed: { 'a/1': 16, 'b/1': 16 } })).toEqual({
      ok: false,
      problem: {
        kind: 'floors-do-not-fit',
        circuit: 'grid',
        on: 0,
        message:
          'grid L1: the 2 floors asked for add up to 32 A here, but of the limit of 30 A other loads may take 0 A, ' +
          'which leaves 30 A: 2 A too much.',
      },
    });
  });

  test('a floor for an EVSE that is not there is refused', () => {
    expect(floorsOf(site([station('a')]), { ...whole, fixed: { 'a/2': 6 } })).toMatchObject({
      ok: false,
      problem: { kind: 'unknown-evse' },
    });
  });

  test('a site whose building may take everything cannot start', () => {
    const depot: Site = {
      ...site([station('a')], [{ id: 'grid', limitA: amperes(10) }]),
      uncontrolled: [{ circuit: 'grid', expectedW: [], boundW: [watts(13_800)] }],
    };
    expect(floorsOf(depot, whole)).toMatchObject({
      ok: false,
      problem: { kind: 'no-headroom', circuit: 'grid' },
    });
  });

  test('loads on several circuits count together above them', () => {
    const circuits = [
      { id: 'grid', limitA: amperes(26) },
      ...['left', 'right'].map((id) => ({ id, parent: 'grid', limitA: amperes(100) })),
    ];
    const depot: Site = {
      ...site(
        ['a', 'b', 'c'].map((id) => station(id)),
        circuits,
      ),
      uncontrolled: ['left', 'right'].map((circuit) => ({ circuit, expectedW: [], boundW: [watts(5520)] })),
    };
    // 8 A each: 10 A are left, one floor of 6 A.
    expect(served(depot, whole)).toHaveLength(1);
  });

  test('a floor above the rating of a DC EVSE is told in watts', () => {
    const depot = site([station('d', { current: 'DC', evses: [evse(1, { maxW: watts(50_000) })] })]);
    expect(floorsOf(depot, { ...whole, fixed: { 'd/1': 60_000 } })).toMatchObject({
      ok: false,
      problem: { kind: 'above-rating', message: expect.stringContaining('60000 W is above the 50000 W') },
    });
  });

  test('of a limit in W what other loads may draw is taken off, and a site where they may draw more cannot start', () => {
    const beside = (boundW: number): Site => ({
      ...site([station('a'), station('b')], [{ id: 'grid', limitA: amperes(100), limitW: watts(10_000) }]),
      uncontrolled: [{ circuit: 'grid', expectedW: [], boundW: [watts(boundW)] }],
    });
    // A floor of 6 A on three phases takes 4,140 W.
    expect(served(beside(1720), whole)).toHaveLength(2);
    expect(served(beside(1721), whole)).toHaveLength(1);
    // Full to the last watt is not over.
    expect(served(beside(10_000), whole)).toEqual([]);
    expect(floorsOf(beside(10_001), whole)).toMatchObject({
      ok: false,
      problem: { kind: 'no-headroom', message: expect.stringContaining('other loads may take 10001 W') },
    });
  });

  test('floors that are no whole amperes fill their circuit, whatever a quotient of them is rounded to', () => {
    const told = ['a', 'b', 'c'].map((id) => station(id, { evses: [evse(1, { minA: amperes(6.4) })] }));
    expect(served(site(told, [{ id: 'grid', limitA: amperes(19.2) }]), whole)).toHaveLength(3);
  });

  test('a load that fills its circuit to the last ampere leaves no floors, and is not over', () => {
    const full: Site = {
      ...site([station('a')], [{ id: 'grid', limitA: amperes(20) }]),
      uncontrolled: [{ circuit: 'grid', expectedW: [], boundW: [watts(20 * 690)] }],
    };
    expect(served(full, whole)).toEqual([]);
  });

  test('an uneven load leaves less on its phases, and is told by the phase that it fills', () => {
    const uneven = (share: number): Site => ({
      ...site([station('a'), station('b')], [{ id: 'grid', limitA: amperes(20) }]),
      uncontrolled: [
        { circuit: 'grid', expectedW: [], boundW: [watts(6900)], phaseShares: [0.1, share, 0.4] },
      ],
    });
    // 6,900 W: 0.3 are 9 A of 20, 0.5 are 15 A; each floor takes 6 A on all phases.
    expect(floorsOf(uneven(0.3), whole)).toEqual({ ok: true, value: { 'a/1': 6, 'b/1': 0 } });
    expect(floorsOf(uneven(0.5), whole)).toEqual({ ok: true, value: { 'a/1': 0, 'b/1': 0 } });
    expect(floorsOf(uneven(0.7), whole)).toMatchObject({
      ok: false,
      problem: { message: expect.stringContaining('grid: other loads may take 21 A on L2') },
    });
  });

  test('when a limit drops while running, those with the lowest priority are stopped', () => {
    const depot = site(
      ['a', 'b', 'c'].map((id) => station(id)),
      [{ id: 'grid', limitA: amperes(100) }],
    );
    const policy = { ...whole, priority: { 'a/1': 1, 'b/1': 3, 'c/1': 2 } };
    const room = (phaseA: number) => ({ grid: { phaseA: [phaseA, phaseA, phaseA] as const } });
    expect(served(depot, policy, room(12))).toEqual(['b/1', 'c/1']);
    expect(served(depot, policy, room(6))).toEqual(['b/1']);
    expect(served(depot, policy, room(-5))).toEqual([]);
  });
});

test('law: no other choice serves more, by trying every choice on small sites', () => {
  const prng = prngOf(3);
  for (let round = 0; round < 60; round++) {
    const rotations: (readonly Phase[])[] = [[0], [1], [2], [0, 1, 2]];
    const depot = site(
      Array.from({ length: 7 }, (_, i) =>
        station(`s${i}`, {
          circuit: prng.next() < 0.5 ? 'p' : 'q',
          evses: [evse(1, { rotation: rotations[prng.integer(0, 3)]! })],
        }),
      ),
      [
        { id: 'grid', limitA: amperes(prng.integer(6, 30)), limitW: watts(prng.integer(3000, 20_000)) },
        { id: 'p', parent: 'grid', limitA: amperes(prng.integer(6, 20)) },
        { id: 'q', parent: 'grid', limitA: amperes(prng.integer(6, 20)) },
      ],
    );
    const priority = Object.fromEntries(depot.stations.map(({ id }) => [`${id}/1`, prng.integer(1, 2)]));
    const worth = (keys: readonly string[]): number[] => {
      const high = keys.filter((key) => priority[key] === 2).length;
      const power = keys.reduce(
        (w, key) =>
          w + 6 * 230 * depot.stations.find(({ id }) => `${id}/1` === key)!.evses[0]!.rotation.length,
        0,
      );
      return [high, keys.length - high, power];
    };
    const fits = (keys: readonly string[]): boolean =>
      depot.circuits.every(({ id, limitA, limitW }) => {
        const load = [0, 0, 0];
        for (const one of depot.stations) {
          if (!keys.includes(`${one.id}/1`) || (id !== 'grid' && one.circuit !== id)) continue;
          for (const phase of one.evses[0]!.rotation) load[phase]! += 6;
        }
        const total = load.reduce((a, b) => a + b, 0) * 230;
        return load.every((a) => a <= limitA) && total <= (limitW ?? Infinity);
      });
    const all = depot.stations.map(({ id }) => `${id}/1`);
    let best = [0, 0, 0];
    for (let mask = 0; mask < 2 ** all.length; mask++) {
      const keys = all.filter((_, i) => (mask & (2 ** i)) > 0);
      if (!fits(keys)) continue;
      const is = worth(keys);
      const better = is.map((x, i) => x - best[i]!).find((difference) => difference !== 0) ?? 0;
      if (better > 0) best = is;
    }
    const chosen = served(depot, { ...whole, priority });
    expect(fits(chosen)).toBe(true);
    expect(worth(chosen)).toEqual(best);
  }
});
