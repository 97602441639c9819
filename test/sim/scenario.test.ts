import { describe, expect, test } from 'vitest';
import { scenarioOf } from '#sim/scenario';
import { momentReader } from '#sim/moment';
import { depot4, goodScenario } from './depot-4.ts';

describe('a good document', () => {
  const scenario = goodScenario({
    ...depot4,
    stations: [...depot4.stations, { ids: 'B-{08..11}', model: 'ac7', circuit: 'panel' }],
    faults: [
      { kind: 'cut', stations: ['B-{10..11}'], from: '23:00', until: '01:00' },
      { kind: 'limit', circuit: 'grid', limitKw: 20, from: '02:00', until: '03:00' },
    ],
  });

  test('ranges are spread out, one-phase stations take the phases in turn', () => {
    const added = scenario.site.stations.slice(4);
    expect(added.map((station) => [station.id, ...station.evses.map((evse) => evse.rotation)])).toEqual([
      ['B-08', [0]],
      ['B-09', [1]],
      ['B-10', [2]],
      ['B-11', [0]],
    ]);
  });

  test('power, current and energy stand in W, A and Wh', () => {
    expect(scenario.site.stations.map((station) => station.evses[0]?.maxW).slice(0, 4)).toEqual([
      11_040, 22_080, 7360, 50_000,
    ]);
    expect(scenario.site.circuits[0]).toMatchObject({ limitA: 80, limitW: 55_000 });
    expect(scenario.site.uncontrolled[0]?.boundW).toEqual(Array.from({ length: 96 }, () => 8000));
    expect(scenario.visits[0]?.announced.energyWh).toBe(25_000);
  });

  test('clock times count from the start over midnight', () => {
    expect(scenario.startS).toBe(Date.UTC(2026, 6, 15, 1) / 1000);
    expect(scenario.endS - scenario.startS).toBe(12 * 3600);
    const [, , , , late, changed] = scenario.visits;
    expect(late?.arrivesAt).toBe(Date.UTC(2026, 6, 15, 4, 5) / 1000);
    expect(late?.announced.arrivesAt).toBe(Date.UTC(2026, 6, 15, 3) / 1000);
    // The changed departure is the real one.
    expect(changed?.departsAt).toBe(Date.UTC(2026, 6, 15, 12, 20) / 1000);
    expect(scenario.faults).toMatchObject([
      {
        kind: 'cut',
        stationId: 'B-10',
        fromS: Date.UTC(2026, 6, 15, 6) / 1000,
        untilS: Date.UTC(2026, 6, 15, 8) / 1000,
      },
      { kind: 'cut', stationId: 'B-11' },
      { kind: 'limit', circuit: 'grid', limitW: 20_000, announcedAt: Date.UTC(2026, 6, 15, 9) / 1000 },
    ]);
  });
});

test('moments', () => {
  const reader = momentReader('2026-07-14T18:00:00-07:00');
  const at = (text: string): number => ((reader?.read(text) ?? NaN) - (reader?.startS ?? NaN)) / 3600;
  expect([at('18:00'), at('17:59:00') * 60, at('05:00'), at('05:00+1d'), at('2026-07-15T03:00:00Z')]).toEqual(
    [0, 24 * 60 - 1, 11, 35, 2],
  );
  expect(reader?.read('24:00')).toBeUndefined();
  expect(momentReader('18:00')).toBeUndefined();
});

const [firstVisit] = depot4.visits;
test.each([
  ['an unknown field', { limt: 3 }, 'limt', 'unknown-field'],
  ['a negative limit', { circuits: [{ id: 'grid', limitA: -5 }] }, 'circuits[0].limitA', 'too-small'],
  [
    'a circuit without its parent',
    {
      circuits: [
        { id: 'grid', limitA: 5 },
        { id: 'panel', parent: 'x', limitA: 5 },
      ],
    },
    'circuits[1].parent',
    'unknown-circuit',
  ],
  [
    'a second grid connection',
    { circuits: [...depot4.circuits, { id: 'more', limitA: 5 }] },
    'circuits[2]',
    'circuit-tree',
  ],
  [
    'a station at no circuit',
    { stations: [{ ids: 'X', model: 'ac7', circuit: 'nowhere' }] },
    'stations[0].circuit',
    'unknown-circuit',
  ],
  [
    'two stations of one id',
    { stations: [...depot4.stations, { ids: 'A-1', model: 'ac7', circuit: 'panel' }] },
    'stations[4].ids',
    'duplicate-id',
  ],
  [
    'three phases for a one-phase station',
    { stations: [{ ids: 'X', model: 'ac7', circuit: 'panel', rotations: ['L1L2L3'] }] },
    'stations[0].rotations',
    'rotation-phases',
  ],
  [
    'an AC model without its amperes',
    { stationModels: [{ id: 'ac7', vendor: 'V', model: 'M', ocpp: '1.6', current: 'AC' }] },
    'stationModels[0].maxA',
    'missing',
  ],
  ['a visit nowhere', { visits: [{ ...firstVisit, evse: 'Z-9' }] }, 'visits[0].evse', 'unknown-evse'],
  [
    'a departure before the arrival',
    { visits: [{ ...firstVisit, departs: '18:10' }] },
    'visits[0].departs',
    'departure-before-arrival',
  ],
  [
    'two vehicles at one socket',
    { visits: [firstVisit, { ...firstVisit, id: 'other', arrives: '20:00' }] },
    'visits[1]',
    'place-taken',
  ],
  [
    'a time that does not exist',
    { visits: [{ ...firstVisit, arrives: '25:10' }] },
    'visits[0].arrives',
    'no-such-instant',
  ],
  [
    'a fault at an unknown station',
    { faults: [{ kind: 'reboot', stations: ['Z'], at: '20:00' }] },
    'faults[0].stations',
    'unknown-station',
  ],
  ['a start beside the meter clock', { start: '2026-07-14T18:05:00-07:00' }, 'start', 'aligned-start'],
  ['a zone that is none', { timeZone: 'America/Nowhere' }, 'timeZone', 'iana-zone'],
])('%s is refused by its path', (_name, change, path, rule) => {
  const result = scenarioOf({ ...depot4, ...change });
  expect(result.ok ? [] : result.problem.map((fault) => [fault.path, fault.rule])).toContainEqual([
    path,
    rule,
  ]);
});
