/** The true load of a building on its phases. */
import { expect, test } from 'vitest';
import { prngOf } from '#domain/prng';
import { phases, type PerPhase } from '#domain/site';
import { epochS, watts } from '#domain/units';
import { buildingNightOf, buildingStepS } from '#sim/building';

const day = Array.from({ length: 96 }, () => watts(9000));
const span = { startS: epochS(0), endS: epochS(3600) };

test.each([
  { phaseShares: [0.6, 0.3, 0.2] },
  { phaseShares: [1, 0.5, 0.5] },
  { phaseShares: [0.5, 0.3, 0.2] },
] as const)('an uneven building brings each phase to its highest part, $phaseShares', ({ phaseShares }) => {
  const load = { circuit: 'grid', expectedW: day, boundW: day, phaseShares };
  const night = buildingNightOf(load, 0.1, prngOf(1), span, () => 0);
  const seen: PerPhase[] = [];
  for (let at = 0; at < 3600; at += buildingStepS) seen.push(night.shares(epochS(at)));
  for (const shares of seen) expect(shares.reduce((sum, part) => sum + part, 0)).toBeCloseTo(1, 12);
  for (const phase of phases)
    expect(Math.max(...seen.map((shares) => shares[phase]))).toBeCloseTo(phaseShares[phase], 12);
});

test('a building that says nothing of its phases is even', () => {
  const load = { circuit: 'grid', expectedW: day, boundW: day };
  const night = buildingNightOf(load, 0.1, prngOf(1), span, () => 0);
  expect(night.shares(epochS(600))).toEqual([1 / 3, 1 / 3, 1 / 3]);
});
