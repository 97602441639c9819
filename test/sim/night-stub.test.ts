import { expect, test } from 'vitest';
import { depot4, goodScenario } from './depot-4.ts';
import { playNight } from './play.ts';
import { stubLoop } from './stub-loop.ts';

test('without control the simulator itself sees the overload of the panel', async () => {
  const result = await playNight(goodScenario(depot4), stubLoop().createLoop);
  // A-1 16 A on all phases, van on A-2 11 kW = 15.94 A, A-3 32 A on L1: 63.9 A on L1 of 40 A.
  expect(result.violations.map((v) => [v.circuit, v.phase, v.unit])).toContainEqual(['panel', 0, 'A']);
  const panel = result.peaks.find((peak) => peak.circuit === 'panel');
  expect(panel?.peakPhase).toBe(0);
  expect(panel?.peakA).toBeCloseTo(16 * (11000 / 11040) + 11000 / 690 + 7400 / 230 - (7400 / 230 - 32), 0);
  expect(result.visits.map((visit) => [visit.visitId, visit.outcome])).toEqual([
    ['v1', 'met'],
    ['v2', 'met'],
    ['v3', 'met'],
    ['v4', 'met'],
    ['v5', 'met'],
    ['v6', 'met'],
  ]);
});
