/** The money of a cost model for a load. @module */
import type { CostModel, DemandTerm, MeterForm, Way, WayTest } from './cost-model.ts';

/** Value of a form for a load; what is fed in counts nothing. */
export function formOf(form: MeterForm, kw: Float64Array): number {
  let value = form.past;
  for (let i = 0; i < form.at.length; i++)
    value += (form.weight[i] ?? 0) * Math.max(0, kw[form.at[i] ?? 0] ?? 0);
  return value;
}

/** Highest of equal blocks, no less than the floor. */
function highestBlock(term: DemandTerm, kw: Float64Array): number {
  let peak = term.floorKw;
  for (let start = -term.blockOffset; start < kw.length; start += term.blockIntervals) {
    let sum = start < 0 ? term.blockPastKw * term.blockOffset : 0;
    let counts = false;
    for (let t = Math.max(0, start); t < Math.min(kw.length, start + term.blockIntervals); t++) {
      sum += Math.max(0, kw[t] ?? 0);
      counts ||= term.counts[t] === 1;
    }
    if (counts) peak = Math.max(peak, sum / term.blockIntervals);
  }
  return peak;
}

/** What a demand term counts for a load, kW: the peak or the mean of peaks, no less than its floor. */
export function peakOf(term: DemandTerm, kw: Float64Array): number {
  if (term.meter === undefined) return highestBlock(term, kw);
  const { largest, groups } = term.meter;
  const values = groups
    .map(({ least, forms }) =>
      forms.reduce((top, form) => Math.max(top, formOf(form, kw)), Math.max(0, least)),
    )
    .sort((a, b) => b - a)
    .slice(0, largest);
  return Math.max(term.floorKw, values.reduce((sum, value) => sum + value, 0) / largest);
}

/** Values of demand terms and energy steps by id. */
type Values = ReadonlyMap<string, number>;

function passes(test: WayTest, kw: Float64Array, peaks: Values): boolean {
  let value = test.past;
  let size = Math.abs(test.past);
  const add = (term: number): void => {
    value += term;
    size += Math.abs(term);
  };
  for (let t = 0; t < kw.length; t++) add((test.weight[t] ?? 0) * Math.max(0, kw[t] ?? 0));
  for (const [id, factor] of Object.entries(test.peaks)) add(factor * (peaks.get(id) ?? 0));
  return value <= 1e-9 * size;
}

/** The way of charging that holds for a load, of each choice. */
function waysOf(model: CostModel, kw: Float64Array, values: Values): readonly (Way | undefined)[] {
  return (model.choices ?? []).map(({ options }) =>
    options.find(({ until }) => until === undefined || passes(until, kw, values)),
  );
}

/** What a load costs by a cost model; negative power is fed in. */
export function objectiveOf(model: CostModel, kw: Float64Array): number {
  const hours = model.grid.intervalS / 3600;
  const values = new Map<string, number>();
  let money = model.constant;
  for (const term of model.demand) {
    const peak = peakOf(term, kw);
    values.set(term.id, peak);
    money += term.pricePerKw * peak;
  }
  for (const step of model.steps ?? []) {
    const above = Math.max(0, formOf(step.energy, kw) - step.aboveKwh);
    values.set(step.id, above);
    money += step.risePerKwh * above;
  }
  const ways = waysOf(model, kw, values);
  for (let t = 0; t < kw.length; t++) {
    const power = kw[t] ?? 0;
    const extra = ways.reduce((sum, way) => sum + (way?.perKwh?.[t] ?? 0), 0);
    const price = power >= 0 ? (model.pricePerKwh[t] ?? 0) + extra : (model.sellPerKwh?.[t] ?? 0);
    money += power * hours * price;
  }
  for (const way of ways) {
    money += way?.constant ?? 0;
    for (const [id, price] of Object.entries(way?.perUnit ?? {})) money += price * (values.get(id) ?? 0);
  }
  return Math.max(money, model.leastBill ?? -Infinity);
}

/** Names of the ways of charging that hold for a load, by choice. */
export function chosenOf(model: CostModel, kw: Float64Array): Readonly<Record<string, string>> {
  const values = new Map(model.demand.map((term) => [term.id, peakOf(term, kw)] as const));
  return Object.fromEntries(
    waysOf(model, kw, values).map((way, c) => [model.choices?.[c]?.id ?? '', way?.id ?? ''] as const),
  );
}
