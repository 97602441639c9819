/** A cost model in the solver's numbers: demand windows, site charges, ways of charging. @module */
import type { Choice, DemandWindow, DepotProblem, SiteCharge } from '#solver/problem';
import type { CostModel, DemandTerm, EnergyStep } from '#tariffs/cost-model';

type SolverMoney = Pick<DepotProblem, 'price' | 'demand' | 'charges' | 'choices'>;

function windowOf({ line: _line, window: _window, meter: _meter, ...term }: DemandTerm): DemandWindow {
  return term;
}

function chargeOf(term: DemandTerm & { readonly meter: NonNullable<DemandTerm['meter']> }): SiteCharge {
  return {
    id: term.id,
    category: 'demand',
    price: term.pricePerKw,
    floor: term.floorKw,
    free: 0,
    largest: term.meter.largest,
    groups: term.meter.groups,
  };
}

function stepCharge({ id, risePerKwh, aboveKwh, energy }: EnergyStep): SiteCharge {
  return {
    id,
    category: 'energy',
    price: risePerKwh,
    floor: aboveKwh,
    free: aboveKwh,
    largest: 1,
    groups: [{ least: 0, forms: [energy] }],
  };
}

const hasMeter = (
  term: DemandTerm,
): term is DemandTerm & { readonly meter: NonNullable<DemandTerm['meter']> } => term.meter !== undefined;

/** What a way asks for the load that no plan changes counts whatever the plan is. */
function choicesOf(model: CostModel, fixedLoadKw: Float64Array): readonly Choice[] {
  const hours = model.grid.intervalS / 3600;
  return (model.choices ?? []).map(({ id, category, options }) => ({
    id,
    category,
    options: options.map((way) => ({
      ...way,
      constant: fixedLoadKw.reduce(
        (sum, kw, t) => sum + Math.max(0, kw) * hours * (way.perKwh?.[t] ?? 0),
        way.constant,
      ),
    })),
  }));
}

/** The money part of a depot problem. */
export function solverMoneyOf(model: CostModel, fixedLoadKw: Float64Array): SolverMoney {
  const charges = [...model.demand.filter(hasMeter).map(chargeOf), ...(model.steps ?? []).map(stepCharge)];
  const choices = choicesOf(model, fixedLoadKw);
  return {
    price: model.pricePerKwh,
    demand: model.demand.filter((term) => !hasMeter(term)).map(windowOf),
    ...(charges.length === 0 ? {} : { charges }),
    ...(choices.length === 0 ? {} : { choices }),
  };
}
