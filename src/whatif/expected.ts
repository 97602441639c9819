/** What the owner of a scenario expects of its money and proofs: `expected.yaml` beside the scenario. @module */
import { z } from 'zod';
import type { Fault } from '#domain/fault';
import { fail, ok, type Result } from '#domain/result';
import type { ExpectationCheck, NightResult } from '#sim/night-result';
import { faultsOfIssues } from '#sim/schema-faults';
import type { Comparison } from './comparison.ts';
import { numberAt, isRecord } from './payload.ts';

/** The written form. */
export const expectedSchema = z.strictObject({
  format: z.literal('voltherd-expected-1'),
  /** By `line window` of the bill: the highest quantity that the night may end with. */
  quantityMax: z.record(z.string(), z.number().nonnegative()).default({}),
  /** Percent of the unmanaged bill that must be saved at least. */
  savingPercentMin: z.number().max(100).exactOptional(),
  /** Visits that first come, first served leaves short, at least: the scenario must be hard. */
  firstComeShortMin: z.int().nonnegative().exactOptional(),
  /** Widest gap between a plan and its proven bound. */
  gapMax: z.number().nonnegative().exactOptional(),
  /** By visit id: energy that may be missing at most, kWh. */
  missingKwhMax: z.record(z.string(), z.number().nonnegative()).default({}),
});

/** Expectations of a scenario. */
export type Expected = z.infer<typeof expectedSchema>;

/** Expectations as written, or what is wrong with them. */
export function expectedOf(written: unknown): Result<Expected, readonly Fault[]> {
  const parsed = expectedSchema.safeParse(written);
  return parsed.success ? ok(parsed.data) : fail(faultsOfIssues(parsed.error.issues, written));
}

function atMost(name: string, unit: string, most: number, found: number | undefined): ExpectationCheck {
  return {
    name,
    expected: `at most ${most} ${unit}`,
    found: found === undefined ? 'nothing of that name' : `${Math.round(found * 1000) / 1000} ${unit}`,
    met: found !== undefined && found <= most,
  };
}

function atLeast(name: string, unit: string, least: number, found: number): ExpectationCheck {
  const shown = Math.round(found * 10) / 10;
  return { name, expected: `at least ${least} ${unit}`, found: `${shown} ${unit}`, met: found >= least };
}

function gapCheck(night: NightResult, most: number): ExpectationCheck {
  const gaps = night.plans.map(({ payload }) =>
    isRecord(payload) ? (numberAt(payload['proof'], 'gap') ?? Infinity) : Infinity,
  );
  const worst = gaps.reduce((a, b) => Math.max(a, b), 0);
  return {
    name: 'widest gap to the proven bound',
    expected: `at most ${most}`,
    found: `${worst.toPrecision(2)} in ${gaps.length} plans`,
    met: gaps.length > 0 && worst <= most,
  };
}

/** Each expectation against the night and its bills. */
export function checkExpected(
  expected: Expected,
  night: NightResult,
  comparison: Comparison,
): readonly ExpectationCheck[] {
  const policyOf = (name: string): Comparison['policies'][number] | undefined =>
    comparison.policies.find((policy) => policy.policy === name);
  const ours = comparison.policies.findIndex((policy) => policy.policy === 'optimised');
  const checks: ExpectationCheck[] = [];
  for (const [name, most] of Object.entries(expected.quantityMax)) {
    const line = comparison.lines.find((one) => [one.id, one.window].filter(Boolean).join(' ') === name);
    checks.push(atMost(`bill: ${name}`, line?.unit ?? '', most, line?.cells[ours]?.quantity));
  }
  if (expected.savingPercentMin !== undefined) {
    const unmanaged = policyOf('unmanaged')?.bill.total ?? 0;
    const saved = unmanaged - (policyOf('optimised')?.bill.total ?? 0);
    const percent = unmanaged === 0 ? 0 : (100 * saved) / unmanaged;
    checks.push(atLeast('saving against unmanaged', '%', expected.savingPercentMin, percent));
  }
  if (expected.firstComeShortMin !== undefined) {
    const short = policyOf('first-come')?.short.length ?? 0;
    checks.push(atLeast('visits short by first come', 'visits', expected.firstComeShortMin, short));
  }
  if (expected.gapMax !== undefined) checks.push(gapCheck(night, expected.gapMax));
  for (const [id, most] of Object.entries(expected.missingKwhMax)) {
    const visit = night.visits.find((one) => one.visitId === id);
    checks.push(
      atMost(`missing of ${id}`, 'kWh', most, visit === undefined ? undefined : visit.missingWh / 1000),
    );
  }
  return checks;
}
