/** Which nights could have been served, counted by hand. */
import { expect, test } from 'vitest';
import { amperes, epochS, wattHours, watts } from '#domain/units';
import { worldPlanOf } from '#sim/seeded/draw-world';
import { servesAll } from '#sim/seeded/departures';
import type { WorldPlan } from '#sim/seeded/world-plan';

const drawn = worldPlanOf({ seed: 1, connectors: 2, hours: 6, allowed: [] });
const { startS } = drawn.scenario;

/** Two three-phase sockets of 16 A with a floor of 6 A under one fuse, and a vehicle at each for four hours. */
function nightOf(gridA: number, energyWh: number, rateUnit: 'A' | 'W' = 'A', maxA = 16): WorldPlan {
  const [station] = drawn.scenario.site.stations;
  const [visit] = drawn.scenario.visits;
  const [evse] = station?.evses ?? [];
  if (station === undefined || visit === undefined || evse === undefined) throw new Error('an empty depot');
  const stations = ['A', 'B'].map((id) => ({
    ...station,
    id,
    circuit: 'grid',
    current: 'AC' as const,
    evses: [
      {
        ...evse,
        id: 1,
        maxA: amperes(maxA),
        maxW: watts(maxA * 690),
        minA: amperes(6),
        rotation: [0, 1, 2] as const,
      },
    ],
    capability: { ...station.capability, keepsProfiles: 'all' as const, rateUnit },
  }));
  const visits = ['A', 'B'].map((id) => ({
    ...visit,
    announced: {
      ...visit.announced,
      id,
      evse: { stationId: id, evseId: 1 },
      maxW: watts(11_040),
      phases: 3 as const,
    },
    arrivesAt: startS,
    departsAt: epochS(startS + 4 * 3600),
    energyWh: wattHours(energyWh),
  }));
  const circuits = [{ id: 'grid', limitA: amperes(gridA) }];
  const site = { ...drawn.scenario.site, circuits, stations, uncontrolled: [] };
  return { ...drawn, scenario: { ...drawn.scenario, site, visits } };
}

test('room for all is counted with its margins: 12 quarters of 16, 85 % of the room, 110 % of the need', () => {
  const floor = (): number => 6;
  // 12 A are the floors: 12 quarters x 6 A x 690 W / 4 = 12,420 Wh each, for a need of up to 11,290 Wh.
  expect(servesAll(nightOf(12, 11_200), floor)).toBe(true);
  expect(servesAll(nightOf(12, 11_400), floor)).toBe(false);
  // 32 A: 0.85 x 20 = 17 A beside the floors. One has 16 A and the other 6 + 7 = 13 A, or the other way round:
  // 12 quarters x 29 A x 172.5 Wh = 60,030 Wh for both, 27,286 Wh each with the margin.
  expect(servesAll(nightOf(32, 26_500), floor)).toBe(true);
  expect(servesAll(nightOf(32, 27_400), floor)).toBe(false);
  // Without the floors of the other one there is nothing: 6 A of 85 % are 5 A, and a vehicle starts at 6.
  expect(servesAll(nightOf(6, 1000), () => 0)).toBe(false);
});

test('an AC station that takes W only gives a third of what its phases are counted with, or all that it carries', () => {
  // The floors of 2 A are counted as 6. 72 A: 0.85 x 60 = 51 A beside them. One is counted with all of 32 A, 26 more, and its
  // vehicle takes 16 A; the other with 6 + 25 = 31 A, and gives 10 of 10.3 A; or the other way round:
  // 12 quarters x 26 A x 172.5 Wh = 53,820 Wh for both, 24,463 Wh each with the margin.
  expect(servesAll(nightOf(72, 23_500, 'W', 32), () => 2)).toBe(true);
  expect(servesAll(nightOf(72, 24_600, 'W', 32), () => 2)).toBe(false);
  expect(servesAll(nightOf(72, 24_600, 'A', 32), () => 6)).toBe(true);
  // 32 A: 17 A beside the floors, one at a time is counted with 23 and gives 7: 12 x 7 A x 172.5 Wh = 14,490 Wh for both.
  expect(servesAll(nightOf(32, 6300, 'W', 32), () => 2)).toBe(true);
  expect(servesAll(nightOf(32, 6700, 'W', 32), () => 2)).toBe(false);
  // A third of 16 A is less than a vehicle starts at: it has all of them, or nothing.
  expect(servesAll(nightOf(200, 26_500, 'W', 16), () => 2)).toBe(true);
  expect(servesAll(nightOf(18, 100, 'W', 16), () => 2)).toBe(false);
});
