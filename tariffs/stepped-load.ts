/** A load on the steps of a frame: what is drawn and fed in, in whole parts, and what of both is set off within an hour. @module */
import type { Fault } from '#domain/fault';
import { fail, ok, type Result } from '#domain/result';
import { fault } from './faults.ts';
import type { Frame } from './frame.ts';
import { energyKwhMax, powerKwMax } from './limits.ts';
import { micro } from './money.ts';

/** A load on the steps of a frame, whole mWh. */
export interface SteppedLoad {
  readonly drawnMwh: Float64Array;
  /** Absent where nothing is fed in. */
  readonly fedMwh?: Float64Array;
  /** Per interval, 1 where there is no reading; absent where all are there. */
  readonly missing?: Uint8Array;
}

/**
 * A row of energies per interval (kWh, negative: fed in, NaN: no reading) on the steps of a frame. `generatedKwh` is fed in
 * beside what is drawn.
 */
export function steppedLoadOf(
  frame: Frame,
  kwh: Float64Array,
  generatedKwh?: Float64Array,
): Result<SteppedLoad, readonly Fault[]> {
  const drawnMwh = new Float64Array(frame.count);
  let fedMwh = generatedKwh === undefined ? undefined : new Float64Array(frame.count);
  let missing: Uint8Array | undefined;
  const { split } = frame;
  const wholeDrawn = wholeParts(frame);
  const wholeFed = wholeParts(frame);
  const mostKwh = (powerKwMax * frame.stepS * split) / 3600;
  let total = 0;
  for (let i = 0; i < kwh.length; i++) {
    const value = kwh[i] ?? Number.NaN;
    if (Number.isNaN(value)) {
      missing ??= new Uint8Array(kwh.length);
      missing[i] = 1;
      continue;
    }
    if (!(Math.abs(value) <= mostKwh)) {
      return fail([fault(`load[${i}]`, value, 'implausible-power', `Give at most ${powerKwMax} kW.`)]);
    }
    total += Math.abs(value);
    if (value < 0) {
      fedMwh ??= new Float64Array(frame.count);
      put(fedMwh, i, split, wholeFed(i, -value));
    } else put(drawnMwh, i, split, wholeDrawn(i, value));
  }
  if (generatedKwh !== undefined && fedMwh !== undefined) {
    const wholeGenerated = wholeParts(frame);
    for (const [i, value] of generatedKwh.entries()) {
      total += value;
      put(fedMwh, i, split, wholeGenerated(i, value));
    }
  }
  if (total > energyKwhMax) {
    const fix = `Give at most ${energyKwhMax} kWh in one request; are these W, or Wh?`;
    return fail([fault('load', total, 'implausible-energy', fix)]);
  }
  return ok({
    drawnMwh,
    ...(fedMwh === undefined ? {} : { fedMwh }),
    ...(missing === undefined ? {} : { missing }),
  });
}

/**
 * Energies of a row in whole mWh. What rounding leaves goes on to the next interval of the same metering block, so that three
 * times a twelfth of 20 kWh make 5 kWh and not 5.000001.
 */
function wholeParts(frame: Frame): (interval: number, kwh: number) => number {
  const { blockStart, split } = frame;
  let block = 0;
  let rest = 0;
  return (interval, kwh) => {
    const step = interval * split;
    while ((blockStart[block] ?? Infinity) < step) block++;
    if (blockStart[block] === step) rest = 0;
    const exact = kwh * micro + rest;
    // Halves go up, so what is left over never makes energy where there is none.
    const whole = Math.round(exact);
    rest = exact - whole;
    return whole;
  };
}

/** Adds the energy of an interval to its steps. */
function put(target: Float64Array, interval: number, split: number, whole: number): void {
  if (split === 1) target[interval] = (target[interval] ?? 0) + whole;
  else spread(target, interval * split, split, whole);
}

/**
 * The load with what is drawn and fed in within each local hour set off; what is left stands where it was drawn or fed in.
 * An hour that the load does not cover is netted over its part.
 */
export function nettedByHour(frame: Frame, load: SteppedLoad): SteppedLoad {
  const { fedMwh: fed } = load;
  if (fed === undefined) return load;
  const drawnMwh = load.drawnMwh.slice();
  const fedMwh = fed.slice();
  const { dayOf, minuteOf } = frame.steps;
  const hourOf = (t: number): number => (dayOf[t] ?? 0) * 24 + Math.floor((minuteOf[t] ?? 0) / 60);
  for (let from = 0; from < frame.count;) {
    let until = from + 1;
    // An hour that the clock shows twice is two hours: it starts anew where the minutes go back.
    while (
      until < frame.count &&
      hourOf(until) === hourOf(from) &&
      (minuteOf[until] ?? 0) > (minuteOf[until - 1] ?? 0)
    ) {
      until++;
    }
    setOff(drawnMwh, fedMwh, from, until);
    from = until;
  }
  return { ...load, drawnMwh, fedMwh };
}

/** Takes the lesser of two rows' sums over `[from, until)` off both, in proportion, in whole parts. */
function setOff(a: Float64Array, b: Float64Array, from: number, until: number): void {
  const sumOf = (row: Float64Array): number => {
    let sum = 0;
    for (let t = from; t < until; t++) sum += row[t] ?? 0;
    return sum;
  };
  const sums = [sumOf(a), sumOf(b)];
  const both = Math.min(...sums);
  if (both === 0) return;
  for (const [k, row] of [a, b].entries()) {
    const sum = sums[k] ?? 0;
    const kept = sum - both;
    let seen = 0;
    let given = 0;
    for (let t = from; t < until; t++) {
      seen += row[t] ?? 0;
      const share = Math.floor((kept * seen) / sum);
      row[t] = share - given;
      given = share;
    }
  }
}

/** Whole parts that add up to `whole`. */
function spread(target: Float64Array, from: number, parts: number, whole: number): void {
  let before = 0;
  for (let k = 1; k <= parts; k++) {
    const until = Math.floor((whole * k) / parts);
    target[from + k - 1] = (target[from + k - 1] ?? 0) + until - before;
    before = until;
  }
}
