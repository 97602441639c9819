/**
 * Site charges as rows and columns of a program. A charge of one largest group is one column above all forms; a mean of
 * the `n` largest groups is the least `n t + sum excess` over a bar `t`:
 *
 *     form <= v[g],   v[g] <= t + e[g],   n t + sum_g e[g] <= n z,   z >= floor
 *
 * Source: docs/model.md, "Site charges".
 * @module
 */
import type { ChargeMultipliers, DepotProblem, SiteCharge, SiteForm } from './problem.ts';
import type { ProgramBuilder } from './program.ts';

/** Slack below which a form counts as able to rise above what is paid anyway. */
const bindingSlack = 1e-9;

/** Rows of one charge; -1 where a form cannot matter. */
interface RowsOfCharge {
  readonly forms: Int32Array;
  /** [groups] and the mean; none where one group is the largest. */
  readonly groups: Int32Array;
  readonly mean: number;
  /** Least value of the charge, and of each group. */
  readonly floor: number;
  readonly least: Float64Array;
}

/** Rows of all charges, and which of them an interval is in. */
export interface ChargeRows {
  readonly charges: readonly SiteCharge[];
  readonly rows: readonly RowsOfCharge[];
  /** [T] entries of a kW drawn in the interval. */
  readonly entriesAt: readonly (readonly (readonly [row: number, value: number])[])[];
}

/** What the rows need to know of the site, [T] kW. */
export interface ChargeSite {
  /** Drawn beside the columns; 0 where the grid draw is a column of its own. */
  readonly fixedKw: Float64Array;
  /** Drawn in any case; `fixedKw` where absent. */
  readonly leastKw?: Float64Array;
  /** Most that can be drawn. */
  readonly mostKw: Float64Array;
}

/** Value of a form for what is drawn. */
export function formValue(form: SiteForm, drawnKw: Float64Array): number {
  let value = form.past;
  for (let i = 0; i < form.at.length; i++) value += form.weight[i] * drawnKw[form.at[i]];
  return value;
}

/** Adds the rows of `charges`; columns follow with `addChargeColumns`. */
export function addChargeRows(
  builder: ProgramBuilder,
  charges: readonly SiteCharge[],
  intervals: number,
  site: ChargeSite,
): ChargeRows {
  const entriesAt: [number, number][][] = Array.from(
    { length: charges.length > 0 ? intervals : 0 },
    () => [],
  );
  const rows = charges.map((charge): RowsOfCharge => {
    const single = charge.largest === 1;
    const least = Float64Array.from(charge.groups, (group) =>
      group.forms.reduce(
        (top, form) => Math.max(top, formValue(form, site.leastKw ?? site.fixedKw)),
        Math.max(0, group.least),
      ),
    );
    const floor = single ? least.reduce((top, value) => Math.max(top, value), charge.floor) : charge.floor;
    const forms: number[] = [];
    for (const [g, group] of charge.groups.entries()) {
      for (const form of group.forms) {
        const matters = formValue(form, site.mostKw) > (single ? floor : least[g]) + bindingSlack;
        const row = matters ? builder.addRow(-Infinity, -formValue(form, site.fixedKw)) : -1;
        forms.push(row);
        if (!matters) continue;
        for (let i = 0; i < form.at.length; i++) entriesAt[form.at[i]].push([row, form.weight[i]]);
      }
    }
    const groups = single
      ? new Int32Array(0)
      : Int32Array.from(charge.groups, () => builder.addRow(-Infinity, 0));
    const mean = single ? -1 : builder.addRow(-Infinity, 0);
    return { forms: Int32Array.from(forms), groups, mean, floor, least };
  });
  return { charges, rows, entriesAt };
}

/** Adds the columns of the charges whose rows stand. */
export function addChargeColumns(builder: ProgramBuilder, added: ChargeRows): void {
  for (const [k, charge] of added.charges.entries()) {
    const { forms, groups, mean, floor, least } = added.rows[k];
    builder.addOffset(-charge.price * charge.free);
    builder.addColumn({ cost: charge.price, lower: floor, upper: Infinity });
    if (mean < 0) {
      for (const row of forms) builder.addEntry(row, -1);
      continue;
    }
    builder.addEntry(mean, -charge.largest);
    builder.addColumn({ cost: 0, lower: 0, upper: Infinity });
    builder.addEntry(mean, charge.largest);
    for (const row of groups) builder.addEntry(row, -1);
    let f = 0;
    for (const [g, group] of charge.groups.entries()) {
      builder.addColumn({ cost: 0, lower: least[g], upper: Infinity });
      for (let i = 0; i < group.forms.length; i++) builder.addEntry(forms[f++], -1);
      builder.addEntry(groups[g], 1);
      builder.addColumn({ cost: 0, lower: 0, upper: Infinity });
      builder.addEntry(groups[g], -1);
      builder.addEntry(mean, 1);
    }
  }
}

/** Multipliers of the charges from the row duals of a program. */
export function chargeMultipliersOf(added: ChargeRows, dualOf: (row: number) => number): ChargeMultipliers[] {
  const positive = (row: number): number => (row < 0 ? 0 : Math.max(0, -dualOf(row)));
  return added.charges.map((charge, k) => {
    const rows = added.rows[k];
    const forms = Float64Array.from(rows.forms, positive);
    const least = new Float64Array(charge.groups.length);
    let f = 0;
    for (const [g, group] of charge.groups.entries()) {
      let used = 0;
      for (let i = 0; i < group.forms.length; i++) used += forms[f++];
      if (rows.mean >= 0) least[g] = Math.max(0, positive(rows.groups[g]) - used);
    }
    return { forms, least };
  });
}

/** Multipliers that prove nothing about charges. */
export function zeroChargeMultipliers(problem: DepotProblem): readonly ChargeMultipliers[] | undefined {
  return problem.charges?.map((charge) => ({
    forms: new Float64Array(charge.groups.reduce((sum, group) => sum + group.forms.length, 0)),
    least: new Float64Array(charge.groups.length),
  }));
}
