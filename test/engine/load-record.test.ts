/** What a metered load teaches: the forecast of the plan, and the reserve where nobody declared a bound. */
import { expect, test } from 'vitest';
import { instantOfIso } from '#domain/instant';
import type { Site } from '#domain/site';
import { valueAt } from '#domain/step-function';
import { epochS, watts, type EpochS } from '#domain/units';
import { hourOfWeek, withLoadReading, type LoadRecord } from '#engine/load-record';
import { expectedLoadOf, siteLimitsOf } from '#engine/supply';
import { buildingOf, FakeDepot, policyWith, siteOf, startS, stationOf } from './fake-depot.ts';

const quarterS = 900;
const dayS = 86_400;
const at = (iso: string): EpochS => instantOfIso(iso) ?? epochS(0);

/** Readings each quarter hour from `from` until `until`; `powerOf` is told the instant. */
function metered(
  from: EpochS,
  until: EpochS,
  powerOf: (at: EpochS) => number,
  timeZone = 'UTC',
): LoadRecord | undefined {
  let record: LoadRecord | undefined;
  for (let t: number = from; t < until; t += quarterS)
    record = withLoadReading(record, { powerW: watts(powerOf(epochS(t))), sampledAt: epochS(t) }, timeZone);
  return record;
}

/** 2 kW, from 8 to 18 h UTC 10 kW with 12 kW in the last quarter of each of these hours. */
const office = (t: EpochS): number => {
  const ofDay = t % dayS;
  if (ofDay < 8 * 3600 || ofDay >= 18 * 3600) return 2000;
  return t % 3600 >= 2700 ? 12_000 : 10_000;
};

const around = (t: EpochS): { from: EpochS; until: EpochS } => ({ from: t, until: epochS(t + dayS) });

function stateOf(
  record: LoadRecord | undefined,
  site: Partial<Site> = {},
  knobs: Record<string, unknown> = {},
) {
  return {
    site: siteOf([stationOf('A')], site),
    policy: policyWith(knobs),
    loads: {},
    limits: [],
    ...(record === undefined ? {} : { loadRecords: { grid: record } }),
  };
}

const boundAt = (state: ReturnType<typeof stateOf>, t: EpochS): number =>
  valueAt(siteLimitsOf(state, around(t))['grid']?.uncontrolledW ?? { startS: [t], value: [NaN] }, t);

test('hours of the week begin on Monday', () => {
  // 2026-07-13 is a Monday.
  expect(hourOfWeek(at('2026-07-13T00:00:00Z'))).toBe(0);
  expect(hourOfWeek(at('2026-07-12T23:59:59Z'))).toBe(167);
  expect(hourOfWeek(at('2026-07-14T18:00:00Z'))).toBe(42);
});

test('after three days an hour is forecast by its mean and kept free for by its peak', () => {
  const record = metered(at('2026-07-13T00:00:00Z'), at('2026-07-16T01:00:00Z'), office);
  const state = stateOf(record);
  const noon = at('2026-07-16T12:00:00Z');
  // Three quarters of 10 kW and one of 12.
  expect(valueAt(expectedLoadOf(state, around(noon)), noon)).toBe(10_500);
  expect(boundAt(state, noon)).toBe(12_000);
  const night = at('2026-07-16T22:00:00Z');
  expect(valueAt(expectedLoadOf(state, around(noon)), night)).toBe(2000);
  expect(boundAt(state, night)).toBe(2000);
});

test('too little metered: no forecast, and the highest peak so far is kept free at all hours', () => {
  const state = stateOf(metered(at('2026-07-13T06:00:00Z'), at('2026-07-13T13:00:00Z'), office));
  const night = at('2026-07-13T23:00:00Z');
  expect(valueAt(expectedLoadOf(state, around(night)), night)).toBe(0);
  expect(boundAt(state, night)).toBe(12_000);
});

test('a declared bound is neither lowered nor raised by what was metered; the forecast is', () => {
  const day = (w: number) => Array.from({ length: 96 }, () => watts(w));
  const uncontrolled = [{ circuit: 'grid', expectedW: day(5000), boundW: day(9000) }];
  const record = metered(at('2026-07-13T00:00:00Z'), at('2026-07-16T01:00:00Z'), office);
  const noon = at('2026-07-16T12:00:00Z');
  const state = stateOf(record, { uncontrolled });
  expect([boundAt(state, noon), boundAt(state, at('2026-07-16T22:00:00Z'))]).toEqual([9000, 9000]);
  expect(valueAt(expectedLoadOf(state, around(noon)), noon)).toBe(10_500);
  const before = stateOf(undefined, { uncontrolled });
  expect(valueAt(expectedLoadOf(before, around(noon)), noon)).toBe(5000);
});

test('an hour of a weekday is that weekday’s once three weeks are known, and no more than eight count', () => {
  // 20 kW on Sundays, 1 kW more each week; 3 kW on other days.
  const from = at('2026-03-02T00:00:00Z');
  const powerOf = (t: EpochS): number => {
    const week = Math.floor((t - from) / (7 * dayS));
    return hourOfWeek(t) >= 144 ? 20_000 + week * 1000 : 3000;
  };
  const record = metered(from, epochS(from + 12 * 7 * dayS + 3600), powerOf);
  const sunday = epochS(from + 12 * 7 * dayS + 6 * dayS + 10 * 3600);
  const state = stateOf(record);
  expect(boundAt(state, epochS(sunday - dayS))).toBe(3000);
  // Weeks 4 to 11: 24 to 31 kW; the lower median is 27.
  expect(boundAt(state, sunday)).toBe(31_000);
  expect(valueAt(expectedLoadOf(state, around(sunday)), sunday)).toBe(27_000);
  expect(boundAt(stateOf(record, {}, { loadReserveQuantile: 0.5 }), sunday)).toBe(27_000);
  expect(record?.hours['150']?.peaksW).toHaveLength(8);
});

test('hours are those of the site’s clock, before and after it is changed', () => {
  // Clocks in Berlin go forward on 2026-03-29; the office opens at 8 there, 7 h UTC before and 6 h after.
  const zone = { timeZone: 'Europe/Berlin' };
  const local = (t: EpochS): number => {
    const offsetS = t < at('2026-03-29T01:00:00Z') ? 3600 : 7200;
    return (t + offsetS) % dayS >= 8 * 3600 ? 10_000 : 1000;
  };
  const record = metered(at('2026-03-22T00:00:00Z'), at('2026-03-28T23:00:00Z'), local, zone.timeZone);
  const state = stateOf(record, zone);
  expect([at('2026-03-30T05:45:00Z'), at('2026-03-30T06:15:00Z')].map((t) => boundAt(state, t))).toEqual([
    1000, 10_000,
  ]);
});

test('an engine keeps free what its meter has taught, beyond the hour for which a reading holds', async () => {
  const depot = new FakeDepot({ site: siteOf([stationOf('A')]) });
  await depot.begin();
  for (const [s, powerW] of [
    [10, 6900],
    [1000, 6900],
    [3700, 1000],
    [7000, 1000],
  ] as const) {
    await depot.runTo(startS + s);
    depot.say('uncontrolled-load', {
      kind: 'uncontrolled-load',
      circuit: 'grid',
      powerW,
      sampledAt: startS + s,
    });
  }
  await depot.runTo(startS + 2.5 * 3600);
  const supply = depot.loop?.state().supply['grid'];
  // 6,900 W of the first hour are 10 A on each phase.
  expect(supply === undefined ? 0 : valueAt(supply.uncontrolledA[0], epochS(startS + 2.6 * 3600))).toBe(10);
});

test('a reading above its bound raises it for an hour, not below what the bound itself rises to; one within it does not', () => {
  const steps = (before: number, after: number) => {
    const uncontrolled = [buildingOf('grid', (quarter) => (quarter < 74 ? before : after))];
    const loads = { grid: { powerW: watts(5000), sampledAt: startS } };
    const unread = stateOf(undefined, { uncontrolled });
    expect(boundAt(unread, startS)).toBe(before);
    const { grid } = siteLimitsOf({ ...unread, loads }, around(startS));
    // Before the reading, before and after 18:30, and when the hour is over.
    return [-1, 900, 2700, 3600].map((s) => valueAt(grid!.uncontrolledW, epochS(startS + s)));
  };
  expect(steps(3000, 9000)).toEqual([3000, 5000, 9000, 9000]);
  expect(steps(3000, 4000)).toEqual([3000, 5000, 5000, 4000]);
  expect(steps(9000, 3000)).toEqual([9000, 9000, 3000, 3000]);
});

const phasesAt = (state: Parameters<typeof siteLimitsOf>[0], t: EpochS): readonly number[] =>
  (siteLimitsOf(state, around(t))['grid']?.uncontrolledA ?? []).map(
    (f) => Math.round(valueAt(f, t) * 100) / 100,
  );

test('a declared load counts on each phase with its highest part, and a reading by what it shows there', () => {
  const uncontrolled = [{ ...buildingOf('grid', 6900), phaseShares: [0.5, 0.4, 0.2] as const }];
  const state = stateOf(undefined, { uncontrolled });
  expect(phasesAt(state, startS)).toEqual([15, 12, 6]);
  const said = { powerW: watts(6900), sampledAt: startS };
  expect(phasesAt({ ...state, loads: { grid: { ...said, phaseA: [2, 8, 20] } } }, startS)).toEqual([
    15, 12, 20,
  ]);
  // Twice the bound, and nobody says where: each phase by its part.
  const twice = { grid: { ...said, powerW: watts(13_800) } };
  expect(phasesAt({ ...state, loads: twice }, startS)).toEqual([30, 24, 12]);
});

test('of a load that nobody declared each phase is kept free as its meter has shown it, or for a third', () => {
  const from = at('2026-07-13T00:00:00Z');
  let record: LoadRecord | undefined;
  for (let t: number = from; t < from + 4 * dayS; t += quarterS) {
    const isNoon = Math.floor((t % dayS) / 3600) === 12;
    // The peak of an hour counts, though the meter is lower after it, or tells no phases.
    const phaseA = isNoon ? ([t % 3600 === 900 ? 25 : 9, 4, 1] as const) : ([8, 11, 11] as const);
    const isTold = !isNoon || t % 3600 !== 1800;
    const reading = { powerW: watts(6900), ...(isTold ? { phaseA } : {}), sampledAt: epochS(t) };
    record = withLoadReading(record, reading, 'UTC');
    // While no hour is known three times, each is kept free the highest of all.
    if (t === from + dayS) expect(phasesAt(stateOf(record), epochS(t + 3600))).toEqual([25, 11, 11]);
  }
  const state = stateOf(record);
  expect(phasesAt(state, at('2026-07-17T12:30:00Z'))).toEqual([25, 10, 10]);
  expect(phasesAt(state, at('2026-07-17T15:30:00Z'))).toEqual([10, 11, 11]);
});

test('of what each phase carried in an hour eight weeks are kept, also where the meter tells it no longer', () => {
  let record: LoadRecord | undefined;
  const weekS = 7 * dayS;
  for (let week = 0; week < 12; week++) {
    for (const s of [0, 3600]) {
      const told = week < 10 ? { phaseA: [week, 0, 0] as const } : {};
      const sampledAt = epochS(at('2026-07-13T00:00:00Z') + week * weekS + s);
      record = withLoadReading(record, { powerW: watts(1000), ...told, sampledAt }, 'UTC');
    }
  }
  expect(record?.hours['0']?.peaksA?.map(([a]) => a)).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
});
