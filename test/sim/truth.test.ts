import { expect, test } from 'vitest';
import { epochS } from '#domain/units';
import { createTruth } from '#sim/truth';
import { createVirtualClock } from '#sim/virtual-clock';
import { depot4, goodScenario } from './depot-4.ts';

const { site, startS } = goodScenario(depot4);
const at = (s: number): ReturnType<typeof epochS> => epochS(startS + s);
const noLoad = { powerW: 0, amps: 0, pins: 0, offeredW: 0 };

test('draws are summed per circuit and phase, by rotation, and energy over time', () => {
  const truth = createTruth(site, startS, at(3600), 60);
  truth.setBuilding('grid', 6900);
  // 10 A on three phases; A-3: one phase, wired to L1; D-1: 69 kW, 100 A on each phase.
  truth.setDraw('A-1/1', { powerW: 6900, amps: 10, pins: 3, offeredW: 0 });
  truth.setDraw('A-3/1', { powerW: 4600, amps: 20, pins: 1, offeredW: 0 });
  truth.advance(at(1800));
  truth.setDraw('A-3/1', noLoad);
  truth.setDraw('D-1/1', { powerW: 69_000, amps: 100, pins: 3, offeredW: 0 });
  truth.advance(at(3600));
  const peaks = truth.peaks();
  expect(peaks.find((peak) => peak.circuit === 'panel')).toMatchObject({
    peakA: 30,
    peakPhase: 0,
    marginA: 10,
    atS: startS,
  });
  // 10 A building + 10 A + 100 A of an 80 A connection.
  expect(peaks.find((peak) => peak.circuit === 'grid')).toMatchObject({
    peakA: 120,
    marginA: -40,
    atS: startS + 1800,
  });
  expect(truth.siteWh()).toBeCloseTo((18_400 + 82_800) / 2, 6);
  expect(truth.buildingWh()).toBeCloseTo(6900, 6);
  const { circuits, evseW, count } = truth.samples();
  expect(count).toBe(60);
  expect(circuits['panel']?.peakA.map((phase) => [phase[0], phase[59]])).toEqual([
    [30, 10],
    [10, 10],
    [10, 10],
  ]);
  expect([evseW['A-3/1']?.[29], evseW['A-3/1']?.[30]]).toEqual([4600, 0]);
});

test('an uneven building loads each phase with its own part', () => {
  const truth = createTruth(site, startS, at(3600), 60);
  truth.setBuilding('grid', 23_000, [0.5, 0.3, 0.2]);
  truth.advance(at(60));
  expect(truth.samples().circuits['grid']?.peakA.map((phase) => phase[0])).toEqual([50, 30, 20]);
  expect(truth.samples().circuits['panel']?.peakA[0]?.[0]).toBe(0);
});

test('an overload is one span per phase with its worst instant, and lasts only as long as it does', () => {
  const truth = createTruth(site, startS, at(3600), 60);
  const load = (amps: number): void =>
    truth.setDraw('A-3/1', { powerW: amps * 230, amps, pins: 1, offeredW: 0 });
  load(40);
  truth.advance(at(100));
  load(41);
  truth.advance(at(130));
  load(45);
  truth.advance(at(140));
  load(42);
  truth.advance(at(200));
  load(40);
  truth.advance(at(300));
  expect(truth.violations()).toEqual([
    {
      circuit: 'panel',
      phase: 0,
      fromS: startS + 100,
      untilS: startS + 200,
      load: 45,
      limit: 40,
      unit: 'A',
      atS: startS + 130,
    },
  ]);
});

test('what lasts no time is no overload; a lowered limit is', () => {
  const truth = createTruth(site, startS, at(600), 60);
  truth.setDraw('A-3/1', { powerW: 23_000, amps: 100, pins: 1, offeredW: 0 });
  truth.setDraw('A-3/1', { powerW: 6900, amps: 30, pins: 1, offeredW: 0 });
  truth.advance(at(60));
  expect(truth.violations()).toEqual([]);
  truth.setLimit('panel', 25, undefined);
  truth.advance(at(90));
  expect(truth.violations()).toMatchObject([
    { circuit: 'panel', fromS: startS + 60, untilS: startS + 90, load: 30, limit: 25 },
  ]);
  expect(truth.samples().circuits['panel']?.limitA.slice(0, 3)).toEqual([40, 25, 0]);
});

test('power over all phases has its own limit', () => {
  const truth = createTruth(site, startS, at(600), 60);
  truth.setDraw('D-1/1', { powerW: 55_200, amps: 80, pins: 3, offeredW: 0 });
  truth.advance(at(60));
  expect(truth.violations()).toMatchObject([{ circuit: 'grid', unit: 'W', load: 55_200, limit: 55_000 }]);
});

test('the clock runs wakes by time, then by the order in which they were set', () => {
  const clock = createVirtualClock(epochS(100));
  const ran: string[] = [];
  clock.at(epochS(110), () => ran.push('b'));
  clock.at(epochS(105), () => {
    ran.push('a');
    clock.at(epochS(105), () => ran.push('a again'));
  });
  clock.at(epochS(110), () => ran.push('c'));
  const cancel = clock.at(epochS(101), () => ran.push('never'));
  cancel();
  clock.at(epochS(50), () => ran.push('late'));
  while (clock.nextAt() !== undefined) {
    clock.advanceTo(clock.nextAt() ?? clock.now());
    clock.runDue();
  }
  expect(ran).toEqual(['late', 'a', 'a again', 'b', 'c']);
  expect(clock.now()).toBe(110);
  expect(() => clock.advanceTo(epochS(109))).toThrow('time runs forwards');
});

test('the heap keeps the order of thousands of wakes', () => {
  const clock = createVirtualClock(epochS(0));
  const ran: number[] = [];
  for (let i = 0; i < 5000; i++) clock.at(epochS((i * 7919) % 1009), () => ran.push((i * 7919) % 1009));
  while (clock.nextAt() !== undefined) {
    clock.advanceTo(clock.nextAt() ?? clock.now());
    clock.runDue();
  }
  expect(ran).toEqual([...ran].sort((a, b) => a - b));
  expect(ran).toHaveLength(5000);
});
