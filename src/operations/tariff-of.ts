/** The tariff that a document names or holds. @module */
import { faultValueOf, type Fault } from '#domain/fault';
import { fail, ok, type Result } from '#domain/result';
import type { Scenario } from '#sim/scenario';
import { billingStateSchema, emptyState } from '#tariffs/billing-state';
import { checked } from '#tariffs/faults';
import { parseTariff } from '#tariffs/parse-tariff';
import { nearestOf } from './nearest.ts';
import type { OperationContext } from './operation.ts';

/** The tariff document behind `{ ref }`, or the document itself; checked, with the billing state of the scenario. */
export function tariffOf(
  scenario: Pick<Scenario, 'tariff' | 'billingState'>,
  context: Pick<OperationContext, 'tariffDocument' | 'tariffIds'>,
): Result<unknown, readonly Fault[]> {
  const { ref } = scenario.tariff;
  const document = typeof ref === 'string' ? context.tariffDocument(ref) : scenario.tariff;
  if (document === undefined) {
    const known = context.tariffIds();
    const nearest = nearestOf(String(ref), known);
    const fix =
      nearest === undefined ? `name one of ${known.slice(0, 8).join(', ')}` : `did you mean ${nearest}?`;
    return fail([{ path: 'tariff.ref', value: faultValueOf(ref) ?? '', rule: 'unknown-tariff', fix }]);
  }
  const tariff = parseTariff(document);
  if (!tariff.ok) return fail(tariff.problem.map((fault) => ({ ...fault, path: `tariff.${fault.path}` })));
  const state = checked(billingStateSchema, scenario.billingState ?? emptyState, 'billingState');
  return state.ok ? ok(document) : state;
}
