/** Metering blocks of a frame as sums over grid intervals: what a peak is metered from, whatever cuts the blocks. @module */
import type { MeterForm } from './cost-model.ts';
import type { Frame } from './frame.ts';

/** The metered part of the first block before the frame starts. */
export interface PastBlock {
  readonly kwh: number;
  readonly seconds: number;
}

/** One metering block on the grid. */
export interface GridBlock {
  /** First step of the frame. */
  readonly start: number;
  /** Index of its local day in `frame.steps.days`. */
  readonly day: number;
  readonly form: MeterForm;
}

/** Steps [from, until) as a sum over grid intervals, each step weighing `perStep`. */
export function stepsForm(frame: Frame, from: number, until: number, perStep: number, past = 0): MeterForm {
  const { split } = frame;
  const at: number[] = [];
  const weight: number[] = [];
  for (let t = from; t < until;) {
    const interval = Math.floor(t / split);
    const end = Math.min(until, (interval + 1) * split);
    at.push(interval);
    weight.push((end - t) * perStep);
    t = end;
  }
  return { past, at: Int32Array.from(at), weight: Float64Array.from(weight) };
}

/** Blocks that start in steps [from, until) and of which `holds` is true at their first step; a kW counts as `factor` kW. */
export function blocksIn(
  frame: Frame,
  past: PastBlock | undefined,
  range: { readonly from: number; readonly until: number },
  rules: { readonly holds: (t: number) => boolean; readonly factor: (t: number) => number },
): readonly GridBlock[] {
  const { blockStart, stepS, steps } = frame;
  const blocks: GridBlock[] = [];
  for (let b = 0; b < blockStart.length - 1; b++) {
    const start = blockStart[b] ?? 0;
    if (start < range.from || start >= range.until || !rules.holds(start)) continue;
    const end = blockStart[b + 1] ?? start;
    const earlier = b === 0 ? past : undefined;
    const seconds = (end - start) * stepS + (earlier?.seconds ?? 0);
    const factor = rules.factor(start);
    const form = stepsForm(
      frame,
      start,
      end,
      (factor * stepS) / seconds,
      (factor * (earlier?.kwh ?? 0) * 3600) / seconds,
    );
    blocks.push({ start, day: steps.dayOf[start] ?? 0, form });
  }
  return blocks;
}

/** Whether all blocks are `size` whole intervals on end, but for the first, which `offset` intervals are missing of. */
export function areEqualBlocks(frame: Frame, size: number, offset: number): boolean {
  const { blockStart, split, count } = frame;
  for (let b = 0; b < blockStart.length - 1; b++) {
    if ((blockStart[b] ?? 0) !== Math.max(0, b * size - offset) * split) return false;
  }
  return Math.ceil((count / split + offset) / size) === blockStart.length - 1;
}
