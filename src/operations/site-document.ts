/** A site as its owner writes it: the depot part of a scenario, with tariff and policy. @module */
import { z } from 'zod';
import { fail, type Result } from '#domain/result';
import type { Fault } from '#domain/fault';
import { faultsOfIssues } from '#sim/schema-faults';
import { scenarioOf, type Scenario } from '#sim/scenario';
import { scenarioSchema } from '#sim/scenario-document';

const {
  id,
  title,
  timeZone,
  voltageV,
  circuits,
  stationModels,
  stations,
  building,
  tariff,
  billingState,
  policy,
} = scenarioSchema.shape;

/** The written form of a site. */
export const siteSchema = z.strictObject({
  format: z.literal('voltherd-site-1'),
  id,
  title,
  timeZone,
  voltageV,
  circuits,
  stationModels,
  stations,
  building,
  tariff: tariff.exactOptional(),
  billingState,
  policy,
});

/** What an engine serves. */
export type Depot = Pick<Scenario, 'site' | 'title' | 'policy' | 'tariff' | 'billingState'>;

/** A depot from a site document, or from the depot part of a scenario; an empty tariff where none is named. */
export function depotOf(written: unknown): Result<Depot, readonly Fault[]> {
  const isScenario =
    typeof written === 'object' &&
    written !== null &&
    Reflect.get(written, 'format') === 'voltherd-scenario-1';
  if (isScenario) return scenarioOf(written);
  const parsed = siteSchema.safeParse(written);
  if (!parsed.success) return fail(faultsOfIssues(parsed.error.issues, written));
  // The night that a scenario needs is never played.
  return scenarioOf({
    tariff: {},
    ...parsed.data,
    format: 'voltherd-scenario-1',
    seed: 1,
    start: '2026-01-01T00:00:00Z',
    durationH: 24,
    visits: [],
  });
}
