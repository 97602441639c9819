/** Site charges in the certificate: counted from what is drawn, and bounded from their multipliers. @module */
import type { ChargeMultipliers, DepotProblem, SiteCharge } from '../problem.ts';

/** Value of a form at what is drawn. */
const formAt = (
  { past, at, weight }: SiteCharge['groups'][number]['forms'][number],
  kw: Float64Array,
): number => at.reduce((sum, t, i) => sum + weight[i] * kw[t], past);

/** Values of the groups of a charge, no less than their own least and 0. */
const groupsAt = ({ groups }: SiteCharge, kw: Float64Array): number[] =>
  groups.map(({ least, forms }) =>
    forms.reduce((top, form) => Math.max(top, formAt(form, kw)), Math.max(0, least)),
  );

/** What a charge counts: the mean of its largest groups, no less than its floor. */
export function chargedAt(charge: SiteCharge, drawn: Float64Array): number {
  const top = groupsAt(charge, drawn)
    .sort((a, b) => b - a)
    .slice(0, charge.largest);
  return Math.max(charge.floor, top.reduce((sum, value) => sum + value, 0) / charge.largest);
}

/**
 * Weak duality of one charge: `price * max(floor, mean of n largest)` is at least `sum_g q[g] * group[g] + w * least`
 * where no `q` is above `s / n`, all together are at most `s`, and `s + w` is the price; `least` is the value at `fixed`,
 * which is drawn in any case.
 * Adds the price of a kW to `perKw` and returns the constant.
 */
export function chargeBound(
  charge: SiteCharge,
  given: ChargeMultipliers,
  fixed: Float64Array,
  perKw: Float64Array,
): { readonly bound: number; readonly residual: number } {
  const ofGroup: number[] = [];
  let f = 0;
  let residual = 0;
  const positive = (value: number): number => {
    residual = Math.max(residual, value >= 0 ? 0 : Number.isNaN(value) ? Infinity : -value);
    return value >= 0 ? value : 0;
  };
  for (const [g, { forms }] of charge.groups.entries()) {
    let sum = positive(given.least[g]);
    for (let i = 0; i < forms.length; i++) sum += positive(given.forms[f++]);
    ofGroup.push(sum);
  }
  const all = ofGroup.reduce((sum, value) => sum + value, 0);
  const used = Math.max(all, charge.largest * ofGroup.reduce((top, value) => Math.max(top, value), 0));
  residual = Math.max(residual, used - charge.price);
  const scale = used > charge.price ? charge.price / used : 1;
  const leasts = groupsAt(charge, fixed);
  // What no group's multiplier asks for is paid at the least value that the charge can have.
  let bound = (charge.price - used * scale) * chargedAt(charge, fixed) - charge.price * charge.free;
  f = 0;
  for (const [g, { forms }] of charge.groups.entries()) {
    bound += scale * positive(given.least[g]) * leasts[g];
    for (const form of forms) {
      const weight = scale * positive(given.forms[f++]);
      bound += weight * formAt(form, fixed);
      form.at.forEach((t, i) => (perKw[t] += weight * form.weight[i]));
    }
  }
  return { bound, residual };
}

/** Constants of all charges; see `chargeBound`. `fixed` is 0 where the grid draw is free of the load. */
export function chargesBound(
  problem: DepotProblem,
  given: readonly ChargeMultipliers[] | undefined,
  grid: boolean,
  perKw: Float64Array,
): { readonly bound: number; readonly residual: number } {
  const fixed = grid ? new Float64Array(problem.intervals) : problem.fixedLoadKw;
  let bound = 0;
  let residual = 0;
  for (const [k, charge] of (problem.charges ?? []).entries()) {
    const forms = charge.groups.reduce((sum, group) => sum + group.forms.length, 0);
    const none = { forms: new Float64Array(forms), least: new Float64Array(charge.groups.length) };
    const one = chargeBound(charge, given?.[k] ?? none, fixed, perKw);
    bound += one.bound;
    residual = Math.max(residual, one.residual);
  }
  return { bound, residual };
}
