/**
 * A dense simplex method in plain JavaScript for programs of some hundred rows that are solved again after every cut:
 * dual steps that pass over bounds, then primal ones where a column still gets cheaper the wrong way. Rows and columns
 * are added to the last basis, so a new cut costs a few pivots. Deterministic: ties go by place.
 * Source: docs/model.md, "Structure".
 * @module
 */
import type { LinearProgram } from '../program.ts';
import type {
  AddedLines,
  BackendAnswer,
  BackendLimits,
  BackendStatus,
  SplittingBackend,
  SplittingModel,
} from './backend.ts';
import { Dictionary, farAway } from './dictionary.ts';

/** Columns plus rows that a dense dictionary is worth its memory for. */
const sizeMax = 3_000;
/** A value may break its bound by this, and by its share of the bound. */
const valueNoise = 1e-9;
const valueShare = 1e-12;
/** Reduced costs of the wrong sign below this share of the largest cost are rounding. */
const costShare = 1e-10;
/** Smallest number to pivot on. */
const pivotMin = 1e-8;
/** Drift from the program's own numbers after which the basis is rebuilt. */
const driftMax = 1e-9;
/** Steps without progress before ties go by number, which cannot cycle. */
const idleMax = 200;
/** Most steps per row and column, and most rebuilds, of one run. */
const stepsPerLine = 40;
const rebuildsMax = 3;

/** By how much a value may break `bound`. */
function noiseOf(bound: number): number {
  return valueNoise + valueShare * Math.abs(bound);
}

type Step = 'moved' | 'done' | 'infeasible' | 'unbounded';

/** One open program. */
class Simplex implements SplittingModel {
  readonly #dictionary: Dictionary;
  readonly #costNoise: number;
  /** Candidates of one ratio test: place and ratio, and what rests at a bound to be passed. */
  #candidates = new Int32Array(0);
  #ratios = new Float64Array(0);
  #passed = new Int32Array(0);
  #changes = new Float64Array(0);
  /** Steps in a row that did not improve anything. */
  #idle = 0;

  constructor(program: LinearProgram) {
    this.#dictionary = new Dictionary(program);
    this.#costNoise = costShare * program.cost.reduce((most, cost) => Math.max(most, Math.abs(cost)), 1e-3);
  }

  run(limits: BackendLimits): BackendAnswer {
    const dictionary = this.#dictionary;
    const most = limits.iterationsMax ?? stepsPerLine * (dictionary.rows + dictionary.columns) + 1_000;
    this.#idle = 0;
    let steps = 0;
    for (let rebuilds = 0; ; rebuilds++) {
      let step: Step = 'moved';
      while (step === 'moved') {
        step = this.#dualStep();
        if (step === 'done') step = this.#primalStep();
        if (step === 'moved' && steps++ >= most) return this.#answer('limit');
      }
      if (step !== 'done') return this.#answer(step === 'infeasible' ? 'infeasible' : 'unbounded');
      const answer = this.#answer('optimal');
      // An optimum that needs a bound which is none has no end.
      if (this.#isFar(answer.columnValue)) return { ...answer, status: 'unbounded' };
      if (dictionary.drift(answer.columnValue, answer.rowDual) <= driftMax) return answer;
      if (rebuilds === rebuildsMax) return { ...answer, status: 'failed' };
      dictionary.rebuild();
    }
  }

  #isFar(values: Float64Array): boolean {
    for (let j = 0; j < values.length; j++)
      if (values[j] >= farAway / 2 || values[j] <= -farAway / 2) return true;
    return false;
  }

  #answer(status: BackendStatus): BackendAnswer {
    return {
      status,
      raw: status,
      columnValue: this.#dictionary.columnValues(),
      rowDual: this.#dictionary.rowDuals(),
      integerBound: -Infinity,
    };
  }

  /** The line whose variable breaks its bound most for its weight; by number of the variable when stuck. */
  #brokenLine(): number {
    const { rows, basic, basicLow, basicHigh, basicValue, weight } = this.#dictionary;
    const stuck = this.#idle > idleMax;
    let line = -1;
    let most = 0;
    for (let r = 0; r < rows; r++) {
      const value = basicValue[r];
      const below = basicLow[r] - value;
      const above = value - basicHigh[r];
      const by = below > above ? below : above;
      if (by <= valueNoise) continue;
      const bound = below > above ? basicLow[r] : basicHigh[r];
      if (by <= noiseOf(bound)) continue;
      if (stuck) {
        if (line < 0 || basic[r] < basic[line]) line = r;
        continue;
      }
      const score = (by * by) / weight[r];
      if (score <= most) continue;
      most = score;
      line = r;
    }
    return line;
  }

  #dualStep(): Step {
    const line = this.#brokenLine();
    if (line < 0) return 'done';
    const { basicLow, basicHigh, basicValue } = this.#dictionary;
    const rises = basicValue[line] < basicLow[line];
    const bound = rises ? basicLow[line] : basicHigh[line];
    // What rounding may leave over is no reason to pass one bound more, or to call a full house infeasible.
    const short = Math.abs(bound - basicValue[line]) - noiseOf(bound);
    const place = this.#entering(line, rises ? 1 : -1, short);
    if (place < 0) return 'infeasible';
    this.#reweigh(line, place);
    this.#dictionary.pivot(line, place, bound);
    return 'moved';
  }

  /** Places that could bring line `r` back to its bound, with the change of price at which each would. */
  #collect(r: number, sign: number): number {
    const { cells, stride, columns, restingLow, restingHigh, restingValue, reduced } = this.#dictionary;
    if (this.#candidates.length < columns) {
      this.#candidates = new Int32Array(2 * columns);
      this.#ratios = new Float64Array(2 * columns);
      this.#passed = new Int32Array(2 * columns);
      this.#changes = new Float64Array(2 * columns);
    }
    let count = 0;
    for (let p = 0, at = r * stride; p < columns; p++, at++) {
      const cell = sign * cells[at];
      if (cell < pivotMin && cell > -pivotMin) continue;
      if (restingLow[p] === restingHigh[p]) continue;
      const atLow = restingValue[p] === restingLow[p];
      if (cell > 0 !== atLow) continue;
      const price = atLow ? reduced[p] : -reduced[p];
      this.#candidates[count] = p;
      this.#ratios[count++] = price > 0 ? price / Math.abs(cell) : 0;
    }
    return count;
  }

  /**
   * The place that becomes basic for line `r`. Cheaper ones that can move to their other bounds and still leave the line
   * short do so on the way.
   */
  #entering(r: number, sign: number, short: number): number {
    let count = this.#collect(r, sign);
    const candidates = this.#candidates;
    const stuck = this.#idle > idleMax;
    let lacks = short;
    let passed = 0;
    while (count > 0) {
      let least = Infinity;
      for (let i = 0; i < count; i++) if (this.#ratios[i] < least) least = this.#ratios[i];
      const { group, reach } = this.#groupAt(r, least, count);
      if (stuck || lacks - reach <= 0) {
        this.#idle = least > this.#costNoise ? 0 : this.#idle + 1;
        this.#passBounds(passed);
        return this.#bestOf(r, group, stuck);
      }
      lacks -= reach;
      // The group has been moved to the front.
      for (let i = 0; i < group; i++) this.#passed[passed++] = candidates[i];
      count -= group;
      candidates.copyWithin(0, group, group + count);
      this.#ratios.copyWithin(0, group, group + count);
    }
    return -1;
  }

  /** Moves candidates of ratio `least` to the front: how many, and how far line `r` moves when all go to their other bounds. */
  #groupAt(r: number, least: number, count: number): { readonly group: number; readonly reach: number } {
    const { cells, stride, restingLow, restingHigh } = this.#dictionary;
    const candidates = this.#candidates;
    const ratios = this.#ratios;
    const until = least + 0.01 * this.#costNoise;
    let group = 0;
    let reach = 0;
    for (let i = 0; i < count; i++) {
      if (ratios[i] > until) continue;
      const p = candidates[i];
      reach += Math.abs(cells[r * stride + p]) * (restingHigh[p] - restingLow[p]);
      candidates[i] = candidates[group];
      candidates[group] = p;
      const ratio = ratios[i];
      ratios[i] = ratios[group];
      ratios[group++] = ratio;
    }
    return { group, reach };
  }

  #bestOf(r: number, group: number, stuck: boolean): number {
    const { cells, stride, resting } = this.#dictionary;
    let best = -1;
    for (let i = 0; i < group; i++) {
      const p = this.#candidates[i];
      if (best < 0) {
        best = p;
        continue;
      }
      const size = Math.abs(cells[r * stride + p]);
      const most = Math.abs(cells[r * stride + best]);
      if (stuck ? resting[p] < resting[best] : size > most || (size === most && p < best)) best = p;
    }
    return best;
  }

  /** Moves the passed places to their other bounds. */
  #passBounds(count: number): void {
    if (count === 0) return;
    const { cells, stride, rows, restingLow, restingHigh, restingValue, basicValue } = this.#dictionary;
    const passed = this.#passed;
    const changes = this.#changes;
    for (let i = 0; i < count; i++) {
      const p = passed[i];
      const to = restingValue[p] === restingLow[p] ? restingHigh[p] : restingLow[p];
      changes[i] = to - restingValue[p];
      restingValue[p] = to;
    }
    for (let r = 0, at = 0; r < rows; r++, at += stride) {
      let sum = 0;
      for (let i = 0; i < count; i++) sum += cells[at + passed[i]] * changes[i];
      basicValue[r] += sum;
    }
  }

  /** Weights of broken lines after a pivot: how much a unit of infeasibility is worth, in the frame of the first basis. */
  #reweigh(line: number, place: number): void {
    const { cells, stride, rows, weight } = this.#dictionary;
    const inverse = 1 / cells[line * stride + place];
    const own = weight[line];
    for (let r = 0, at = place; r < rows; r++, at += stride) {
      if (cells[at] === 0 || r === line) continue;
      const share = cells[at] * inverse;
      const seen = share * share * own;
      if (seen > weight[r]) weight[r] = seen;
    }
    weight[line] = Math.max(1, own * inverse * inverse);
  }

  /** A column that gets cheaper by leaving its bound moves as far as it can. */
  #primalStep(): Step {
    const { columns, restingLow, restingHigh, restingValue, reduced } = this.#dictionary;
    let place = -1;
    let most = this.#costNoise;
    for (let p = 0; p < columns; p++) {
      if (restingLow[p] === restingHigh[p]) continue;
      const gain = restingValue[p] === restingLow[p] ? -reduced[p] : reduced[p];
      if (gain <= most) continue;
      most = gain;
      place = p;
    }
    if (place < 0) return 'done';
    return this.#advance(place, restingValue[place] === restingLow[place] ? 1 : -1);
  }

  #advance(place: number, sign: number): Step {
    const dictionary = this.#dictionary;
    const { cells, stride, rows, basicLow, basicHigh, basicValue, restingLow, restingHigh } = dictionary;
    let reach = restingHigh[place] - restingLow[place];
    let line = -1;
    for (let r = 0, at = place; r < rows; r++, at += stride) {
      const cell = sign * cells[at];
      if (cell < pivotMin && cell > -pivotMin) continue;
      const room = Math.max(0, ((cell > 0 ? basicHigh[r] : basicLow[r]) - basicValue[r]) / cell);
      const closer = line >= 0 && room === reach && Math.abs(cell) > Math.abs(cells[line * stride + place]);
      if (room >= reach && !closer) continue;
      reach = room;
      line = r;
    }
    if (reach === Infinity) return 'unbounded';
    if (line < 0) {
      dictionary.shift(place, sign * reach);
      dictionary.restingValue[place] = sign > 0 ? restingHigh[place] : restingLow[place];
      return 'moved';
    }
    const bound = sign * cells[line * stride + place] > 0 ? basicHigh[line] : basicLow[line];
    dictionary.pivot(line, place, bound);
    return 'moved';
  }

  setColumnBounds(lower: Float64Array, upper: Float64Array): void {
    this.#dictionary.setColumnBounds(lower, upper);
  }

  setRowBounds(row: number, lower: number, upper: number): void {
    this.#dictionary.setRowBounds(row, lower, upper);
  }

  addColumns(cost: Float64Array, lower: Float64Array, upper: Float64Array): void {
    this.#dictionary.addColumns(cost, lower, upper);
  }

  splitColumns(columns: Int32Array, at: Float64Array): void {
    this.#dictionary.splitColumns(columns, at);
  }

  addRows(rows: AddedLines): void {
    this.#dictionary.addRows(rows);
  }

  dispose(): void {
    // Plain memory: nothing to give back.
  }
}

/** The dense simplex, ready to use. */
export const simplexBackend: SplittingBackend<'simplex'> = {
  name: 'simplex',
  capabilities: { duals: true, integers: false, iterationLimit: true, sizeMax },
  open: (program) => new Simplex(program),
};
