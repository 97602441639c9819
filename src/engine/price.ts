/** Money for the solver: the tariff in force on the plan's grid, and what a missing kWh must cost. @module */
import type { DemandTerm, CostModel } from '#tariffs/cost-model';
import { billingStateSchema, emptyState, type BillingState } from '#tariffs/billing-state';
import type { CostModelRequest } from '#tariffs/cost-builder';
import { costModelOf } from '#tariffs/cost-model-of';
import { parseTariff } from '#tariffs/parse-tariff';
import type { Tariff } from '#tariffs/tariff';
import { planGapOf, type PlanGap } from '#tariffs/plan-gap';
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

/** What is metered so far, by the engine itself where it has begun to. */
function billingNow(state: State, told: BillingState): BillingState {
  return state.metering?.billing ?? told;
}

/** The tariff of a message; undefined where it is none. */
export function tariffInForce(event: TariffEvent): Tariff | undefined {
  const { tariff } = readTariff(event);
  return tariff.ok ? tariff.value : undefined;
}

/** The billing state of a message; undefined where it is none. */
export function billingOf(event: TariffEvent): BillingState | undefined {
  const { billing } = readTariff(event);
  return billing.success ? billing.data : undefined;
}

/** Most that the grid connection carries, kW, whatever limits hold for a while. */
function connectionKw({ site }: State): number {
  const root = site.circuits.find(({ parent }) => parent === undefined);
  if (root === undefined) return Infinity;
  return Math.min(root.limitW ?? Infinity, 3 * root.limitA * site.voltage) / 1000;
}

/** A tariff in force on a grid. */
function requestOn(state: State, grid: TimeGrid, tariff: Tariff, told: BillingState): CostModelRequest {
  return { tariff, grid, state: billingNow(state, told), highestKw: connectionKw(state) };
}

interface KnownModel {
  readonly request: CostModelRequest;
  readonly model: ReturnType<typeof costModelOf>;
}

/** The last model that was made of what is metered so far: plans of one interval mostly have the same grid. */
const models = new WeakMap<BillingState, KnownModel>();

function costModelOnce(request: CostModelRequest): KnownModel['model'] {
  const { tariff, grid, state, highestKw } = request;
  const known = state && models.get(state);
  const isSame =
    known !== undefined &&
    known.request.tariff === tariff &&
    known.request.highestKw === highestKw &&
    known.request.grid.startS === grid.startS &&
    known.request.grid.intervalS === grid.intervalS &&
    known.request.grid.count === grid.count;
  if (isSame) return known.model;
  const model = costModelOf(request);
  if (state !== undefined) models.set(state, { request, model });
  return model;
}

/** The cost model of the tariff in force; the flat one where there is none. */
export function modelOn(state: State, grid: TimeGrid): CostModel {
  if (state.tariff === undefined) return flatModel(grid, state.policy.flatPricePerKwh);
  const { tariff, billing } = readTariff(state.tariff);
  if (!tariff.ok || !billing.success) return flatModel(grid, state.policy.flatPricePerKwh);
  const model = costModelOnce(requestOn(state, grid, tariff.value, billing.data));
  return model.ok ? model.value : flatModel(grid, state.policy.flatPricePerKwh);
}

/** What a load on a grid costs by the model and by the bill of the tariff in force; undefined where there is none. */
export function planBillOf(state: State, grid: TimeGrid, siteKw: Float64Array): PlanGap | undefined {
  if (state.tariff === undefined) return undefined;
  const { tariff, billing } = readTariff(state.tariff);
  if (!tariff.ok || !billing.success) return undefined;
  const gap = planGapOf(requestOn(state, grid, tariff.value, billing.data), siteKw);
  return gap.ok ? gap.value : undefined;
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

/** Money of one more kWh in a block of a demand term, or in the grid at all for a step of energy, at most. */
function risesMax(model: CostModel): ReadonlyMap<string, number> {
  const hours = model.grid.intervalS / 3600;
  const perKwh = (term: DemandTerm): number => {
    if (!term.counts.includes(1)) return 0;
    if (term.meter === undefined) return 1 / (hours * term.blockIntervals);
    const weights = term.meter.groups.flatMap(({ forms }) => forms.flatMap((form) => [...form.weight]));
    return weights.reduce((most, weight) => Math.max(most, weight), 0) / hours / term.meter.largest;
  };
  return new Map([
    ...model.demand.map((term) => [term.id, perKwh(term)] as const),
    ...(model.steps ?? []).map((step) => [step.id, 1] as const),
  ]);
}

/**
 * The highest price that one more kWh can have: the dearest interval, every demand window raised by it, all of it in one
 * metering block, every step of energy passed, by the dearest way of charging.
 *
 *     max_t price[t]  +  sum_k pricePerKw[k] / (intervalH * blockIntervals[k])  +  sum_j rise[j]
 */
export function marginalCostMax(model: CostModel): number {
  const highest = (prices: Float64Array): number => prices.reduce((a, b) => Math.max(a, b), 0);
  const rises = risesMax(model);
  const raised = (id: string, price: number): number => Math.max(0, price) * (rises.get(id) ?? 0);
  const terms = [
    ...model.demand.map((term) => raised(term.id, term.pricePerKw)),
    ...(model.steps ?? []).map((step) => raised(step.id, step.risePerKwh)),
    ...(model.choices ?? []).map(({ options }) =>
      options.reduce((most, { perKwh, perUnit }) => {
        const units = Object.entries(perUnit).reduce((sum, [id, price]) => sum + raised(id, price), 0);
        return Math.max(most, (perKwh === undefined ? 0 : highest(perKwh)) + units);
      }, 0),
    ),
  ];
  return terms.reduce((sum, money) => sum + money, highest(model.pricePerKwh));
}

/** How far the price of a missing kWh lies above the dearest one: room for minimum powers and steps. */
const shortfallFactor = 2;

/** What a missing kWh costs a visit of priority 1: above any price of having it, unless the owner says otherwise. */
export function shortfallPriceOf(model: CostModel, policy: Policy): number {
  return policy.shortfallPerKwh ?? shortfallFactor * (marginalCostMax(model) + policy.earlinessPerKwh) + 0.01;
}
