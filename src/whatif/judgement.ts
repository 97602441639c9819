/** The tariff of a scenario applied to its night: three bills and the prices that the report shows. @module */
import type { Fault } from '#domain/fault';
import { invariant } from '#domain/invariant';
import { ok, type Result } from '#domain/result';
import type { TimeGrid } from '#domain/time-grid';
import { epochS, seconds } from '#domain/units';
import type { NightResult } from '#sim/night-result';
import type { Scenario } from '#sim/scenario';
import { billOf } from '#tariffs/bill';
import type { Bill } from '#tariffs/bill-form';
import { billingStateSchema, emptyState } from '#tariffs/billing-state';
import type { CostModel } from '#tariffs/cost-model';
import { costModelOf } from '#tariffs/cost-model-of';
import { checked } from '#tariffs/faults';
import { parseTariff } from '#tariffs/parse-tariff';
import { compare, type Comparison } from './comparison.ts';
import type { MeteredLoad } from './policies.ts';

/** Money of a night. */
export interface Judgement {
  readonly comparison: Comparison;
  /** The tariff on the metering intervals of the night. */
  readonly tariff: CostModel;
  readonly tariffName: string;
}

/**
 * A judge of nights of this scenario by this tariff document. The tariff and the billing state are tried on an idle site
 * first, so that their faults come before the night is run.
 */
export function judge(
  scenario: Scenario,
  document: unknown,
): Result<(night: NightResult) => Judgement, readonly Fault[]> {
  const tariff = parseTariff(document);
  if (!tariff.ok) return tariff;
  const state = checked(billingStateSchema, scenario.billingState ?? emptyState, 'billingState');
  if (!state.ok) return state;
  const billed = (load: MeteredLoad): Result<Bill, readonly Fault[]> =>
    billOf({
      tariff: tariff.value,
      start: epochS(load.startS),
      intervalS: load.intervalS,
      kw: Float64Array.from(load.meanW, (powerW) => powerW / 1000),
      state: state.value,
    });
  const modelOn = (grid: TimeGrid): Result<CostModel, readonly Fault[]> =>
    costModelOf({ tariff: tariff.value, grid, state: state.value });
  const intervalS = seconds(900);
  const count = Math.ceil((scenario.endS - scenario.startS) / intervalS);
  const idle = { startS: scenario.startS, intervalS, meanW: Array.from({ length: count }, () => 0) };
  const tried = [billed(idle), modelOn({ startS: scenario.startS, intervalS, count })];
  for (const one of tried) if (!one.ok) return one;
  return ok((night) => {
    const { siteLoad } = night;
    const grid = {
      startS: epochS(siteLoad.startS),
      intervalS: seconds(siteLoad.intervalS),
      count: siteLoad.meanW.length,
    };
    const model = modelOn(grid);
    invariant(model.ok, 'the tariff was tried before the night');
    return {
      comparison: compare(scenario, night, (load) => {
        const bill = billed(load);
        invariant(bill.ok, 'the tariff was tried before the night');
        return bill.value;
      }),
      tariff: model.value,
      tariffName: tariff.value.name ?? tariff.value.id,
    };
  });
}
