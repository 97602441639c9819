import { expect, test } from 'vitest';
import { exposure } from '#operations/exposure';
import { siteExample } from '#operations/examples';

const context = { nowS: 0, nowMs: () => 0, tariffDocument: () => undefined, tariffIds: () => [] };

interface Answer {
  readonly fits: boolean;
  readonly problem?: string;
  readonly circuits: readonly {
    readonly circuit: string;
    readonly phases: readonly Readonly<Record<string, number | string>>[];
    readonly power?: Readonly<Record<string, number>>;
  }[];
  readonly floors: readonly { readonly evse: string; readonly limit: number }[];
}

async function asked(document: unknown): Promise<Answer> {
  const outcome = await exposure.handle(document, context);
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.problem));
  return outcome.value as Answer;
}

test('the sums of a small depot, by hand', async () => {
  const { fits, circuits, floors } = await asked({
    ...siteExample,
    policy: { floors: { 'A-1/1': 6, 'A-2/1': 10, 'D-1/1': 6900 } },
  });
  expect(fits).toBe(true);
  expect(floors.map((floor) => floor.limit)).toEqual([6, 10, 6900]);
  // Building bound 20 kW + 20 % = 24 kW = 34.78 A; floors 6 + 10 + 6900 / 690 = 26 A; hardware 32 + 32 + 60000 / 690.
  expect(circuits[0]?.phases[0]).toEqual({
    phase: 'L1',
    limitA: 160,
    uncontrolledA: 34.78,
    floorsA: 26,
    marginA: 99.22,
    hardwareA: 150.96,
  });
  expect(circuits[1]?.phases[2]).toEqual({
    phase: 'L3',
    limitA: 40,
    uncontrolledA: 0,
    floorsA: 16,
    marginA: 24,
    hardwareA: 64,
  });
});

test('a load that is uneven counts on each phase with the most that it may carry there', async () => {
  const [own] = siteExample.building;
  const answer = await asked({ ...siteExample, building: [{ ...own, phaseShares: [0.6, 0.3, 0.2] }] });
  // 24 kW: 0.6 of it are 62.61 A.
  expect(answer.circuits[0]?.phases.map(({ uncontrolledA }) => uncontrolledA)).toEqual([62.61, 31.3, 20.87]);
});

test('a load counts on the circuits above it too', async () => {
  const answer = await asked({ ...siteExample, building: [{ circuit: 'panel', expectedKw: 10 }] });
  // 12 kW on three phases of 230 V.
  const amps = answer.circuits.flatMap(({ phases }) => phases.map(({ uncontrolledA }) => uncontrolledA));
  expect(amps).toEqual([17.39, 17.39, 17.39, 17.39, 17.39, 17.39]);
});

test('a cap on total power is added up as well', async () => {
  const circuits = [{ id: 'grid', limitA: 160, limitKw: 50 }, siteExample.circuits[1]];
  const answer = await asked({
    ...siteExample,
    circuits,
    policy: { floors: { 'A-1/1': 6, 'A-2/1': 6, 'D-1/1': 0 } },
  });
  // 50 kW - 24 kW - 2 * 6 A * 690 V = 17.72 kW.
  expect(answer.circuits[0]?.power).toEqual({
    limitW: 50_000,
    uncontrolledW: 24_000,
    floorsW: 8280,
    marginW: 17_720,
  });
});

test('floors that do not fit are told with their arithmetic', async () => {
  const answer = await asked({
    ...siteExample,
    policy: { floors: { 'A-1/1': 32, 'A-2/1': 32, 'D-1/1': 0 } },
  });
  expect(answer.fits).toBe(false);
  expect(answer.problem).toContain('panel');
});

test('a site is refused by the path of what is wrong in it', async () => {
  const outcome = await exposure.handle({ ...siteExample, circuits: [{ id: 'grid', limitA: -1 }] }, context);
  expect(outcome.ok ? [] : outcome.problem.map((fault) => fault.path)).toContain('circuits[0].limitA');
});

test('a station that loses its profiles over a reboot counts with what its hardware takes', async () => {
  const [wall, fast] = siteExample.stationModels;
  const stationModels = [{ ...wall, capability: { keepsProfiles: 'none' } }, fast];
  const answer = await asked({
    ...siteExample,
    circuits: [siteExample.circuits[0], { id: 'panel', parent: 'grid', limitA: 70 }],
    stationModels,
    policy: { floors: { 'A-1/1': 6, 'A-2/1': 6, 'D-1/1': 0 } },
  });
  // Two of 32 A, on a panel of 70 A.
  expect(answer.circuits[1]?.phases[0]).toMatchObject({ floorsA: 64, marginA: 6 });
  expect(answer.floors[0]).toMatchObject({ evse: 'A-1/1', limit: 32 });
});

test('loads that peak at different hours do not both count at their peak', async () => {
  const day = (atH: number): readonly number[] => Array.from({ length: 24 }, (_, h) => (h === atH ? 20 : 0));
  const building = [6, 18].map((h) => ({ circuit: 'grid', expectedKw: day(h), boundMarginPercent: 0 }));
  // 20 kW are 29 A; both at once would be 58 A of 40 A.
  const circuits = [{ id: 'grid', limitA: 40 }, siteExample.circuits[1]];
  const answer = await asked({ ...siteExample, circuits, building, policy: { floorShare: 1 } });
  expect(answer.fits).toBe(true);
  expect(answer.floors.filter(({ limit }) => limit === 6)).toHaveLength(1);
});

test('a floor above the rating of its EVSE is told, with both numbers', async () => {
  const circuits = [siteExample.circuits[0], { id: 'panel', parent: 'grid', limitA: 150 }];
  const answer = await asked({ ...siteExample, circuits, policy: { floors: { 'A-1/1': 40 } } });
  expect(answer.fits).toBe(false);
  expect(answer.problem).toContain('A-1/1: 40 A is above the 32 A');
});

test.each([
  ['A-{5..1}', 'stations[0].ids'],
  ['A-{1..1001}', 'stations[0].ids'],
])('a range of ids that means no stations, or more than are made, is refused: %s', async (ids, path) => {
  const [first, ...rest] = siteExample.stations;
  const outcome = await exposure.handle({ ...siteExample, stations: [{ ...first, ids }, ...rest] }, context);
  expect(outcome.ok ? [] : outcome.problem.map((fault) => fault.path)).toEqual([path]);
});

test('a vehicle cannot need more amperes to start than the station is rated for', async () => {
  const [wall, fast] = siteExample.stationModels;
  const outcome = await exposure.handle(
    { ...siteExample, stationModels: [{ ...wall, minA: 40 }, fast] },
    context,
  );
  expect(outcome.ok ? [] : outcome.problem.map((fault) => fault.path)).toEqual(['stationModels[0].minA']);
});

test('more circuits than a depot has are refused at once', async () => {
  const circuits = Array.from({ length: 501 }, (_, i) => ({
    id: `c${i}`,
    ...(i === 0 ? {} : { parent: `c${i - 1}` }),
    limitA: 100,
  }));
  const outcome = await exposure.handle({ ...siteExample, circuits }, context);
  expect(outcome.ok ? [] : outcome.problem.map((fault) => fault.path)).toContain('circuits');
});
