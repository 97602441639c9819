/** Money for the solver: the tariff in force on the plan's grid, and what a missing kWh must cost. @module */
import type { DemandTerm, CostModel } from '#tariffs/cost-model';
import { billingStateSchema, emptyState } from '#tariffs/billing-state';
import { costModelOf } from '#tariffs/cost-model-of';
import { parseTariff } from '#tariffs/parse-tariff';
import type { Fault } from '#domain/fault';
import { fail, ok, type Result } from '#domain/result';
import type { TimeGrid } from '#domain/time-grid';
import type { Policy } from './policy.ts';
import type { State } from './state.ts';

/** A flat price, while no tariff is known. */
function flatModel(grid: TimeGrid, pricePerKwh: number): CostModel {
  return {
    grid,
    currency: 'XXX',
    pricePerKwh: new Float64Array(grid.count).fill(pricePerKwh),
    demand: [],
    constant: 0,
    approximations: [],
  };
}

type TariffEvent = NonNullable<State['tariff']>;

interface ReadTariff {
  readonly tariff: ReturnType<typeof parseTariff>;
  readonly billing: ReturnType<typeof billingStateSchema.safeParse>;
}

const read = new WeakMap<TariffEvent, ReadTariff>();

/** The documents of a tariff event, read once. */
function readTariff(event: TariffEvent): ReadTariff {
  const known = read.get(event);
  if (known !== undefined) return known;
  const fresh = {
    tariff: parseTariff(event.tariff),
    billing: billingStateSchema.safeParse(event.billingState ?? emptyState),
  };
  read.set(event, fresh);
  return fresh;
}

/** The cost model of the tariff in force; the flat one where there is none. */
export function modelOn(state: State, grid: TimeGrid): CostModel {
  if (state.tariff === undefined) return flatModel(grid, state.policy.flatPricePerKwh);
  const { tariff, billing } = readTariff(state.tariff);
  if (!tariff.ok || !billing.success) return flatModel(grid, state.policy.flatPricePerKwh);
  const model = costModelOf({ tariff: tariff.value, grid, state: billing.data });
  return model.ok ? model.value : flatModel(grid, state.policy.flatPricePerKwh);
}

/** Whether a tariff event can be worked with. */
export function checkTariff(event: TariffEvent): Result<true, readonly Fault[]> {
  const { tariff, billing } = readTariff(event);
  if (!tariff.ok) return fail(tariff.problem);
  if (billing.success) return ok(true);
  return fail(
    billing.error.issues.map((issue) => ({
      path: ['billingState', ...issue.path.map(String)].join('.'),
      rule: issue.code,
      fix: `${issue.message}.`,
    })),
  );
}

/**
 * The highest price that one more kWh can have: the dearest interval, and every demand window raised by it, all of it in
 * one metering block.
 *
 *     max_t price[t]  +  sum_k pricePerKw[k] / (intervalH * blockIntervals[k])
 */
export function marginalCostMax(model: CostModel): number {
  const hours = model.grid.intervalS / 3600;
  const energy = model.pricePerKwh.reduce((a, b) => Math.max(a, b), 0);
  const rises = (term: DemandTerm): number =>
    term.counts.includes(1) ? term.pricePerKw / (hours * term.blockIntervals) : 0;
  return model.demand.reduce<number>((total, term) => total + rises(term), energy);
}

/** How far the price of a missing kWh lies above the dearest one: room for minimum powers and steps. */
const shortfallFactor = 2;

/** What a missing kWh costs a visit of priority 1: above any price of having it, unless the owner says otherwise. */
export function shortfallPriceOf(model: CostModel, policy: Policy): number {
  return policy.shortfallPerKwh ?? shortfallFactor * (marginalCostMax(model) + policy.earlinessPerKwh) + 0.01;
}
