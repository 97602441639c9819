import fc from 'fast-check';
import { expect, test } from 'vitest';
import { scenarioOf, type Scenario } from '#sim/scenario';
import { nightUnder, type MeteredLoad } from '#whatif/policies';

interface VisitText {
  readonly id: string;
  readonly vehicle: string;
  readonly evse: string;
  readonly arrives: string;
  readonly departs: string;
  readonly energyKwh: number;
  readonly maxKw: number;
  readonly phases?: 1 | 3;
}

function scenario(parts: {
  readonly circuits?: readonly object[];
  readonly visits: readonly VisitText[];
}): Scenario {
  const read = scenarioOf({
    format: 'voltherd-scenario-1',
    id: 'test',
    title: 'test',
    seed: 1,
    timeZone: 'Europe/Berlin',
    start: '2026-07-14T18:00:00+02:00',
    durationH: 6,
    circuits: parts.circuits ?? [{ id: 'grid', limitA: 25 }],
    stationModels: [
      { id: 'ac', vendor: 'V', model: 'M', ocpp: '1.6', current: 'AC', phases: 3, maxA: 16 },
      { id: 'dc', vendor: 'V', model: 'D', ocpp: '1.6', current: 'DC', evses: 2, maxKw: 150, moduleKw: 150 },
    ],
    stations: [
      { ids: 'A-{1..4}', model: 'ac', circuit: 'grid', rotations: ['L1L2L3', 'L2L3L1', 'L3L1L2'] },
      { ids: 'D', model: 'dc', circuit: 'grid', rotations: ['L1L2L3'] },
    ],
    visits: parts.visits,
    tariff: { ref: 'x' },
  });
  if (!read.ok) throw new Error(JSON.stringify(read.problem));
  return read.value;
}

function quietBuilding(night: Scenario, kw = 0): MeteredLoad {
  const count = (night.endS - night.startS) / 900;
  return { startS: night.startS, intervalS: 900, meanW: Array.from({ length: count }, () => kw * 1000) };
}

const pair = [
  { id: 'a', vehicle: 'x', evse: 'A-1', arrives: '18:00', departs: '23:00', energyKwh: 11, maxKw: 11 },
  { id: 'b', vehicle: 'y', evse: 'A-2', arrives: '18:15', departs: '23:00', energyKwh: 5.5, maxKw: 11 },
] as const;

test('unmanaged: full power on arrival until full, and the overload is told', () => {
  const night = scenario({ visits: pair });
  const outcome = nightUnder('unmanaged', night, quietBuilding(night, 2));
  // 11 kWh at 11 kW: 18:00-19:00; 5.5 kWh: 18:15-18:45; building 2 kW.
  expect(outcome.load.meanW.slice(0, 5).map(Math.round)).toEqual([13_000, 24_000, 24_000, 13_000, 2000]);
  expect(outcome.peakW).toBeCloseTo(24_000, 6);
  expect(outcome.deliveredWh).toBeCloseTo(16_500, 3);
  expect(outcome.short).toEqual([]);
  // 24 kW over three phases of 230 V is 34.78 A against 25 A, for half an hour.
  expect(outcome.overloads).toHaveLength(1);
  expect(outcome.overloads[0]).toMatchObject({ circuit: 'grid', minutes: 30, limit: 25, unit: 'A' });
  expect(outcome.overloads[0]?.load).toBeCloseTo(34.783, 3);
});

test('first come: the second takes what the first leaves, in whole amperes', () => {
  const night = scenario({ visits: pair });
  const outcome = nightUnder('first-come', night, quietBuilding(night));
  // The first draws 11 kW = 15.942 A; 25 - 15.942 = 9.06, so the second gets 9 A = 6210 W.
  expect(outcome.load.meanW[1]).toBeCloseTo(11_000 + 6210, 6);
  expect(outcome.overloads).toEqual([]);
});

test('first come: less than 6 A is nothing', () => {
  const night = scenario({ circuits: [{ id: 'grid', limitA: 21 }], visits: pair });
  // 21 - 15.942 = 5.06 A.
  const outcome = nightUnder('first-come', night, quietBuilding(night));
  expect(outcome.load.meanW[1]).toBeCloseTo(11_000, 6);
  expect(outcome.load.meanW[4]).toBeCloseTo(11_000, 6);
});

test('first come: a cap on total power holds as well', () => {
  const night = scenario({ circuits: [{ id: 'grid', limitA: 100, limitKw: 16 }], visits: pair });
  // 16 - 11 = 5 kW = 7.25 A -> 7 A = 4830 W.
  expect(nightUnder('first-come', night, quietBuilding(night)).load.meanW[1]).toBeCloseTo(15_830, 6);
});

test('a one-phase vehicle loads the first pin of its socket only', () => {
  const visits = [
    { ...pair[0], maxKw: 7.4, phases: 1 as const },
    { ...pair[1], evse: 'A-2', arrives: '18:00', maxKw: 7.4, phases: 1 as const },
    { ...pair[1], id: 'c', evse: 'A-4', arrives: '18:00', maxKw: 7.4, phases: 1 as const },
  ];
  const night = scenario({ visits });
  const outcome = nightUnder('first-come', night, quietBuilding(night));
  // 16 A on L1, 16 A on L2; A-4 is on L1 again: 9 A of 25 A are left.
  expect(outcome.load.meanW[0]).toBeCloseTo((16 + 16 + 9) * 230, 6);
});

test('two connectors share one power module', () => {
  const visits = [
    { ...pair[0], evse: 'D/1', maxKw: 120, energyKwh: 300 },
    { ...pair[1], evse: 'D/2', maxKw: 120, energyKwh: 300 },
  ];
  const night = scenario({ circuits: [{ id: 'grid', limitA: 500 }], visits });
  const outcome = nightUnder('unmanaged', night, quietBuilding(night));
  expect(outcome.load.meanW.slice(0, 2).map(Math.round)).toEqual([120_000, 150_000]);
});

test('who leaves before the energy is there is named', () => {
  const night = scenario({ visits: [{ ...pair[0], departs: '18:30' }] });
  const outcome = nightUnder('unmanaged', night, quietBuilding(night));
  expect(outcome.short.map((one) => [one.visitId, Math.round(one.missingWh)])).toEqual([['a', 5500]]);
});

test('law: first come never crosses a limit and never gives more than unmanaged does', () => {
  const visit = fc.record({
    hour: fc.integer({ min: 18, max: 20 }),
    kwh: fc.integer({ min: 0, max: 60 }),
    one: fc.boolean(),
  });
  fc.assert(
    fc.property(
      fc.array(visit, { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 6, max: 60 }),
      (list, limitA) => {
        const visits = list.map((v, i) => ({
          id: `v${i}`,
          vehicle: `x${i}`,
          evse: `A-${i + 1}`,
          arrives: `${v.hour}:00`,
          departs: '23:30',
          energyKwh: v.kwh,
          maxKw: 11,
          phases: v.one ? (1 as const) : (3 as const),
        }));
        const night = scenario({ circuits: [{ id: 'grid', limitA }], visits });
        const firstCome = nightUnder('first-come', night, quietBuilding(night));
        const unmanaged = nightUnder('unmanaged', night, quietBuilding(night));
        expect(firstCome.overloads).toEqual([]);
        expect(firstCome.deliveredWh).toBeLessThanOrEqual(unmanaged.deliveredWh + 1e-6);
        // Energy is neither lost nor made.
        const metered = unmanaged.load.meanW.reduce((a, b) => a + b / 4, 0);
        expect(metered).toBeCloseTo(unmanaged.deliveredWh, 3);
      },
    ),
    { numRuns: 40 },
  );
});
