/** A site charge as a plan fills: what each group has reached, and what more would cost. @module */
import type { SiteCharge } from './problem.ts';
import { formValue } from './site-charges.ts';

/** Change below which nothing is called dearer, units of the charge. */
const noise = 1e-9;

/** See the module. */
export class ChargeMeter {
  readonly #charge: SiteCharge;
  /** Per form: its value and its group; per interval the forms that it is in. */
  readonly #form: Float64Array;
  readonly #groupOf: Int32Array;
  readonly #formsAt: readonly (readonly (readonly [form: number, weight: number])[])[];
  /** Highest value that each group has had: what is paid anyway. */
  readonly #group: Float64Array;
  #value: number;

  constructor(charge: SiteCharge, drawnKw: Float64Array) {
    this.#charge = charge;
    const forms = charge.groups.flatMap((group) => group.forms);
    const formsAt: [number, number][][] = Array.from({ length: drawnKw.length }, () => []);
    for (const [f, form] of forms.entries()) {
      for (let i = 0; i < form.at.length; i++) formsAt[form.at[i]].push([f, form.weight[i]]);
    }
    this.#formsAt = formsAt;
    this.#form = Float64Array.from(forms, (form) => formValue(form, drawnKw));
    this.#groupOf = Int32Array.from(charge.groups.flatMap((group, g) => group.forms.map(() => g)));
    this.#group = Float64Array.from(charge.groups, (group) => Math.max(0, group.least));
    for (const [f, value] of this.#form.entries()) this.#lift(f, value);
    this.#value = this.#valueOf(this.#group);
  }

  #lift(f: number, value: number): void {
    const g = this.#groupOf[f];
    this.#group[g] = Math.max(this.#group[g], value);
  }

  #valueOf(groups: Float64Array): number {
    const { largest, floor } = this.#charge;
    let top = 0;
    if (largest === 1) top = groups.reduce((most, value) => Math.max(most, value), 0);
    else {
      const sorted = groups.toSorted();
      for (let i = Math.max(0, sorted.length - largest); i < sorted.length; i++) top += sorted[i] / largest;
    }
    return Math.max(floor, top);
  }

  /** Money of `kw` more in interval `t`; 0 below what is paid anyway. */
  costOf(t: number, kw: number): number {
    const touched = this.#formsAt[t];
    if (touched.length === 0 || kw <= 0 || this.#charge.price <= 0) return 0;
    let raised: Float64Array | undefined;
    for (const [f, weight] of touched) {
      const value = this.#form[f] + weight * kw;
      const g = this.#groupOf[f];
      if (value <= (raised ?? this.#group)[g] + noise) continue;
      raised ??= this.#group.slice();
      raised[g] = value;
    }
    return raised === undefined ? 0 : this.#charge.price * Math.max(0, this.#valueOf(raised) - this.#value);
  }

  /** kW that interval `t` takes before the charge rises. */
  roomAt(t: number): number {
    let room = Infinity;
    for (const [f, weight] of this.#formsAt[t]) {
      if (weight <= 0 || this.#charge.price <= 0) continue;
      const reached = this.#group[this.#groupOf[f]];
      const free = this.#charge.largest === 1 ? Math.max(reached, this.#value) : reached;
      room = Math.min(room, (free - this.#form[f]) / weight);
    }
    return room;
  }

  /** Draws `kw` more in interval `t`. */
  add(t: number, kw: number): void {
    let risen = false;
    for (const [f, weight] of this.#formsAt[t]) {
      this.#form[f] += weight * kw;
      const before = this.#group[this.#groupOf[f]];
      this.#lift(f, this.#form[f]);
      risen ||= this.#group[this.#groupOf[f]] > before;
    }
    if (risen) this.#value = this.#valueOf(this.#group);
  }

  /** Counts what a plan that draws `drawnKw` would pay as paid anyway. */
  raise(drawnKw: Float64Array): void {
    let f = 0;
    for (const group of this.#charge.groups)
      for (const form of group.forms) this.#lift(f++, formValue(form, drawnKw));
    this.#value = this.#valueOf(this.#group);
  }
}
