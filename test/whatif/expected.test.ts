import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { tariffDocument } from '#adapters/tariff-catalogue';
import type { NightResult } from '#sim/night-result';
import { compare } from '#whatif/comparison';
import { checkExpected, expectedOf } from '#whatif/expected';
import { judge } from '#whatif/judgement';
import { rootPath } from '../cli/process.ts';
import { quietNight, scenarioFrom, simpleBill } from './night-fixture.ts';

const scenario = scenarioFrom(join(rootPath, 'scenarios', '010-last-mile-44', 'scenario.yaml'));
const night = quietNight(scenario);
const comparison = compare(scenario, night, simpleBill);

function checks(written: object, of: NightResult = night): readonly (readonly [string, boolean])[] {
  const expected = expectedOf({ format: 'voltherd-expected-1', ...written });
  if (!expected.ok) throw new Error(JSON.stringify(expected.problem));
  return checkExpected(expected.value, of, comparison).map((check) => [check.name, check.met]);
}

describe('expectations', () => {
  const ours = comparison.policies.find((policy) => policy.policy === 'optimised');
  const unmanaged = comparison.policies.find((policy) => policy.policy === 'unmanaged');
  const peakKw = comparison.lines.find((line) => line.id === 'facilities')?.cells[2]?.quantity ?? 0;
  const saved = 100 * (1 - (ours?.bill.total ?? 0) / (unmanaged?.bill.total ?? 1));

  test.each([
    ['a peak at its bound', { quantityMax: { 'facilities any-time': peakKw } }, true],
    ['a peak above it', { quantityMax: { 'facilities any-time': peakKw - 0.001 } }, false],
    ['a line that no bill has', { quantityMax: { 'facilities anytime': 1e6 } }, false],
    ['a saving at its bound', { savingPercentMin: saved - 1e-9 }, true],
    ['a saving below it', { savingPercentMin: saved + 0.001 }, false],
    ['a gap inside', { gapMax: 1e-8 }, true],
    ['a gap outside', { gapMax: 1e-10 }, false],
    ['a hard scenario', { firstComeShortMin: 1 }, true],
    ['one that is not hard enough', { firstComeShortMin: 60 }, false],
    ['little missing', { missingKwhMax: { v46: 8.6 } }, true],
    ['too much missing', { missingKwhMax: { v46: 8.4 } }, false],
    ['a visit that was not there', { missingKwhMax: { v999: 8 } }, false],
  ])('%s', (_title, written, met) => {
    expect(checks(written).map(([, one]) => one)).toEqual([met]);
  });

  test('a night without a plan has no proof', () => {
    expect(checks({ gapMax: 1 }, { ...night, plans: [] })).toEqual([
      ['widest gap to the proven bound', false],
    ]);
  });

  test('nothing expected, nothing checked', () => {
    expect(checks({})).toEqual([]);
  });

  test('a document of another form is refused by path', () => {
    const refused = expectedOf({ format: 'voltherd-expected-1', quantityMax: { x: -1 } });
    expect(refused.ok ? [] : refused.problem.map((fault) => fault.path)).toEqual(['quantityMax.x']);
  });
});

describe('the judge', () => {
  const document = tariffDocument('us-sce-tou-8-d-2022');

  test('bills three policies by the same tariff and the month so far', () => {
    const judged = judge(scenario, document);
    if (!judged.ok) throw new Error(JSON.stringify(judged.problem));
    const { comparison: found, tariff } = judged.value(night);
    // Peaks of the month so far are paid in any case: 280 kW * 19.07 + 185 kW * 41.08.
    for (const policy of found.policies) expect(policy.bill.total).toBeGreaterThan(280 * 19.07 + 185 * 41.08);
    expect(tariff.demand.map((term) => term.floorKw)).toEqual([280, 185]);
    const totals = found.policies.map((policy) =>
      found.lines.reduce((sum, line) => sum + (line.cells[found.policies.indexOf(policy)]?.amount ?? 0), 0),
    );
    totals.forEach((total, i) => expect(total).toBeCloseTo(found.policies[i]?.bill.total ?? 0, 6));
  });

  test('a broken tariff or a month that does not fit is told before any night', () => {
    const broken = judge(scenario, { ...(document as object), currency: 7 });
    expect(broken.ok ? [] : broken.problem.map((fault) => fault.path)).toEqual(['currency']);
    const state = { ...scenario, billingState: { periodStart: '2026-07-01', lines: { nosuch: {} } } };
    expect(judge(state, document).ok).toBe(false);
    const form = judge({ ...scenario, billingState: { periodStart: 7 } }, document);
    expect(form.ok ? [] : form.problem.map((fault) => fault.path)).toEqual(['billingState.periodStart']);
  });
});
