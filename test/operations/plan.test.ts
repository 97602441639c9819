/** `plan` under tariffs whose money is not one price per kW: what it tells of its bill. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tariffDocument, tariffIds } from '#adapters/tariff-catalogue';
import { plan } from '#operations/plan';
import type { TariffDocument } from '#tariffs/tariff';
import { rootPath } from '../cli/process.ts';
import { writtenFrom } from '../whatif/night-fixture.ts';

const file = join(rootPath, 'scenarios', '010-last-mile-44', 'scenario.yaml');
const context = { nowS: 0, nowMs: () => 0, tariffDocument, tariffIds };

interface Answer {
  readonly bill: {
    model: number;
    total: number;
    gap: number;
    approximations: readonly { affects: string }[];
  };
  readonly ways: readonly { line: string; way: string }[];
  readonly reasons: readonly string[];
  readonly tiers: readonly { aboveKwh: number; risePerKwh: number; usedBeforeKwh: number; usedKwh: number }[];
  readonly peaks: readonly { line: string; pricePerKw: number; peakKw: number; meanOf?: number }[];
  readonly proof: { valid: boolean };
}

/** The plan of the first vehicles of the night under some lines. */
async function planUnder(lines: TariffDocument['lines'], billingState?: unknown): Promise<Answer> {
  const { billingState: _, ...written } = writtenFrom(file) as Record<string, unknown> & {
    visits: unknown[];
  };
  const tariff: TariffDocument = {
    schema: 'voltherd-tariff/1',
    id: 'test',
    name: 'Test',
    currency: 'USD',
    timezone: 'America/Los_Angeles',
    source: { title: 'made up', date: '2026-01-01' },
    billing: { rounding: { scope: 'none' } },
    lines,
  };
  const document = {
    ...written,
    visits: written.visits.slice(0, 5),
    tariff,
    ...(billingState === undefined ? {} : { billingState }),
  };
  const answer = await plan.handle(document, context);
  if (!answer.ok) throw new Error(JSON.stringify(answer.problem));
  return plan.output.parse(answer.value) as Answer;
}

const always = { id: 'a', when: 'always' } as const;

test('tiers, means and excess: the model of the plan is its bill', async () => {
  const tiers = [
    { upTo: 400, price: 0.1 },
    { upTo: null, price: 0.4 },
  ];
  const answer = await planUnder([
    { kind: 'energy', id: 'e', windows: [{ ...always, tiers }] },
    { kind: 'demand', id: 'd', windows: [{ ...always, price: 9 }], measure: { kind: 'mean-top', n: 3 } },
    { kind: 'subscription', id: 's', blockKw: 10, pricePerBlock: 12, overagePrice: 3, levelKw: 100 },
    { kind: 'percent', id: 'tax', percent: 20 },
  ]);
  expect(answer.proof.valid).toBe(true);
  expect(answer.bill.approximations).toEqual([]);
  expect(Math.abs(answer.bill.gap)).toBeLessThan(0.01);
  // Taxes come on the rise too: 0.3 x 1.2.
  expect(answer.tiers).toMatchObject([{ aboveKwh: 400, risePerKwh: 0.36, usedBeforeKwh: 0 }]);
  expect(answer.tiers[0]!.usedKwh).toBeGreaterThan(400);
  expect(answer.peaks.find(({ line }) => line === 'd')).toMatchObject({ pricePerKw: 10.8, meanOf: 3 });
});

test('a price pair: both sides are solved, the choice and the prices in force are told', async () => {
  const answer = await planUnder([
    { kind: 'energy', id: 'e', windows: [{ ...always, price: 0.1 }] },
    {
      kind: 'price-pair',
      id: 'pair',
      thresholdHours: 100,
      below: { perKw: 2, perKwh: 0.2 },
      above: { perKw: 12, perKwh: 0.1 },
    },
  ]);
  expect(answer.ways).toEqual([{ line: 'pair', id: 'pair@2026', way: 'from 100 h' }]);
  expect(answer.reasons.join()).toContain('2 ways of charging solved, pair@2026: from 100 h is cheapest');
  expect(answer.peaks).toMatchObject([{ line: 'pair', pricePerKw: 12 }]);
  expect(Math.abs(answer.bill.gap)).toBeLessThan(0.01);
});

test('where the plan does not see a line, the gap is the difference to the bill', async () => {
  // The least amount is that of one line alone: 900 for energy, and the peak beside it.
  const answer = await planUnder([
    { kind: 'energy', id: 'e', windows: [{ ...always, price: 0.01 }] },
    { kind: 'demand', id: 'd', windows: [{ ...always, price: 1 }] },
    { kind: 'minimum-bill', id: 'least', amount: 900, per: 'month', scope: ['e'] },
  ]);
  expect(answer.bill.total).toBeGreaterThan(900);
  expect(answer.bill.gap).toBeLessThan(-100);
  expect(answer.bill.gap).toBeCloseTo(answer.bill.model - answer.bill.total, 5);
  expect(answer.bill.approximations).toMatchObject([{ line: 'least', affects: 'this-bill' }]);
});

test('a least amount of the whole bill is in the plan, and what the month still brings is told', async () => {
  const answer = await planUnder([
    { kind: 'energy', id: 'e', windows: [{ ...always, price: 0.01 }] },
    { kind: 'minimum-bill', id: 'least', amount: 900, per: 'month' },
  ]);
  expect(answer.bill.total).toBeCloseTo(900, 6);
  expect(answer.bill.model).toBeCloseTo(900, 6);
  expect(answer.bill.approximations).toMatchObject([{ line: 'least', affects: 'later-bills' }]);
});
