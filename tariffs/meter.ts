/** Adds a load up for every line of a tariff, one billing period at a time. @module */
import type { Fault } from '#domain/fault';
import { instantOfIso } from '#domain/instant';
import { fail, ok, type Result } from '#domain/result';
import { dateText } from './calendar.ts';
import { fault } from './faults.ts';
import { maskIn, seriesIn, windowsIn, type Frame, type FramePeriod } from './frame.ts';
import type { SteppedLoad } from './stepped-load.ts';
import {
  noWindowSums,
  seriesMoneyPerMicro,
  type LineSums,
  type SiteSums,
  type Top,
  type WindowSums,
  type YearSums,
} from './sums.ts';
import type { LineOf, TariffLine, When } from './tariff.ts';
import { noWindow } from './windows.ts';

/** What each line needs to know of each step. */
export type LinePlan =
  | {
      readonly kind: 'energy';
      readonly windows: Uint8Array;
      readonly series: readonly (Float64Array | undefined)[];
      readonly sellSeries: readonly (Float64Array | undefined)[];
      readonly hourly: boolean;
      readonly netted: boolean;
      readonly adders: readonly (Uint8Array | undefined)[];
      readonly tiered: boolean;
      readonly byDay: boolean;
    }
  | {
      readonly kind: 'demand';
      readonly masks: readonly (Uint8Array | undefined)[];
      readonly weights: readonly (Float64Array | undefined)[];
      readonly keep: TopRule;
    }
  | { readonly kind: 'windows'; readonly windows: Uint8Array }
  | { readonly kind: 'mask'; readonly mask: Uint8Array | undefined }
  | { readonly kind: 'calls'; readonly ranges: readonly (readonly [from: number, until: number])[] }
  | { readonly kind: 'none' };

/** Which blocks are kept beside the highest: none, the highest of each day, or the `n` highest of all. */
type TopRule =
  | { readonly kind: 'none' }
  | { readonly kind: 'days' }
  | { readonly kind: 'blocks'; readonly n: number };

function topRuleOf(line: LineOf<'demand'>): TopRule {
  if (line.reset === 'day') return { kind: 'days' };
  if (line.measure.kind !== 'mean-top') return { kind: 'none' };
  return line.measure.distinctDays ? { kind: 'days' } : { kind: 'blocks', n: line.measure.n };
}

function weightsIn(
  frame: Frame,
  weights: readonly { readonly when: When; readonly factor: number }[],
): Float64Array {
  const out = new Float64Array(frame.count).fill(1);
  for (const [k, weight] of weights.entries()) {
    const mask = maskIn(
      frame,
      weights.map((one) => one.when),
      k,
    );
    for (let t = 0; t < out.length; t++) if (mask === undefined || mask[t] === 1) out[t] = weight.factor;
  }
  return out;
}

type EnergyWindow = LineOf<'energy'>['windows'][number];

/** Prices of each window by one of its series; undefined where it has none. */
function seriesOf(
  frame: Frame,
  windows: readonly EnergyWindow[],
  name: 'series' | 'sellSeries',
  path: string,
): Result<readonly (Float64Array | undefined)[], readonly Fault[]> {
  const found: (Float64Array | undefined)[] = [];
  for (const [k, window] of windows.entries()) {
    const use = window[name];
    if (use === undefined) {
      found.push(undefined);
      continue;
    }
    const raw = seriesIn(frame, use.ref, `${path}.windows[${k}].${name}.ref`);
    if (!raw.ok) return raw;
    found.push(raw.value.map((price) => price * use.factor + use.adder));
  }
  return ok(found);
}

function energyPlan(frame: Frame, line: LineOf<'energy'>, path: string): Result<LinePlan, readonly Fault[]> {
  const series = seriesOf(frame, line.windows, 'series', path);
  if (!series.ok) return series;
  const sellSeries = seriesOf(frame, line.windows, 'sellSeries', path);
  if (!sellSeries.ok) return sellSeries;
  const months = (line.adders ?? []).map((adder): When =>
    adder.months === undefined
      ? 'always'
      : [{ days: 'all', from: '00:00', to: '24:00', months: adder.months, holidays: 'usual' }],
  );
  return ok({
    kind: 'energy',
    windows: windowsIn(
      frame,
      line.windows.map((window) => window.when),
    ),
    series: series.value,
    sellSeries: sellSeries.value,
    hourly: line.netting === 'hour',
    netted: line.netting === 'period',
    adders: months.map((_, k) => maskIn(frame, months, k)),
    tiered: line.windows.some((window) => window.tiers !== undefined),
    byDay: line.tierReset === 'day',
  });
}

function callRanges(frame: Frame, line: LineOf<'coincident'>): readonly (readonly [number, number])[] {
  return line.calls.map((call) => {
    const step = (text: string): number =>
      Math.min(
        frame.count,
        Math.max(0, Math.floor(((instantOfIso(text) ?? 0) - frame.startS) / frame.stepS)),
      );
    return [step(call.start), step(call.end)];
  });
}

function planOf(frame: Frame, line: TariffLine, path: string): Result<LinePlan, readonly Fault[]> {
  switch (line.kind) {
    case 'energy':
      return energyPlan(frame, line, path);
    case 'demand': {
      const whens = line.windows.map((window) => window.when);
      return ok({
        kind: 'demand',
        masks: whens.map((_, k) => maskIn(frame, whens, k)),
        weights: line.windows.map((window) =>
          window.weights === undefined ? undefined : weightsIn(frame, window.weights),
        ),
        keep: topRuleOf(line),
      });
    }
    case 'load-factor-tiers':
      return ok({
        kind: 'windows',
        windows: windowsIn(
          frame,
          line.windows.map((window) => window.when),
        ),
      });
    case 'reactive':
    case 'credit':
      return ok({ kind: 'mask', mask: maskIn(frame, [line.when], 0) });
    case 'coincident':
      return ok({ kind: 'calls', ranges: callRanges(frame, line) });
    case 'subscription':
    case 'contracted-capacity':
    case 'price-pair':
    case 'fixed':
    case 'minimum-bill':
    case 'percent':
      return ok({ kind: 'none' });
  }
}

/** Energy groups must have a window in every step; holidays given with a load may open a gap that the document alone does not have. */
function gapFaults(frame: Frame, plans: readonly LinePlan[]): readonly Fault[] {
  const groups = new Map<string, Uint8Array>();
  for (const [k, line] of frame.tariff.lines.entries()) {
    const plan = plans[k];
    if (line.kind !== 'energy' || plan?.kind !== 'energy') continue;
    if (line.group === undefined) {
      const t = plan.windows.indexOf(noWindow);
      if (t >= 0) return [gapFault(frame, `lines[${k}].windows`, t)];
      continue;
    }
    const joint = groups.get(line.group) ?? new Uint8Array(frame.count).fill(noWindow);
    for (let t = 0; t < frame.count; t++) if (plan.windows[t] !== noWindow) joint[t] = 0;
    groups.set(line.group, joint);
  }
  for (const [group, joint] of groups) {
    const t = joint.indexOf(noWindow);
    if (t >= 0) return [gapFault(frame, `lines (group ${group})`, t)];
  }
  return [];
}

function gapFault(frame: Frame, path: string, t: number): Fault {
  const day = frame.steps.days[frame.steps.dayOf[t] ?? 0];
  const minute = frame.steps.minuteOf[t] ?? 0;
  const clock = `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
  const where = day === undefined ? clock : `${dateText(day)} ${clock}`;
  return fault(
    path,
    where,
    'energy-gap',
    'Energy has no price there; widen a window or add one with when: otherwise.',
  );
}

/** The plans of all lines, in their order. */
export function linePlansOf(frame: Frame): Result<readonly LinePlan[], readonly Fault[]> {
  const plans: LinePlan[] = [];
  for (const [k, line] of frame.tariff.lines.entries()) {
    const plan = planOf(frame, line, `lines[${k}]`);
    if (!plan.ok) return plan;
    plans.push(plan.value);
  }
  const gaps = gapFaults(frame, plans);
  return gaps.length > 0 ? fail(gaps) : ok(plans);
}

/** Mean power of each block of a frame in mW, NaN for a block at the end that is not complete. */
export interface Blocks {
  readonly mw: Float64Array;
  /** Start of the first block where it began before the frame; -1 otherwise. */
  readonly firstStartS: number;
  /** What the block at the end holds so far; undefined where it is complete. */
  readonly open: { readonly startS: number; readonly mwh: number; readonly seconds: number } | undefined;
}

/** The part of a block that was metered before the frame. */
export interface OpenBlock {
  readonly startS: number;
  readonly mwh: number;
  readonly seconds: number;
}

/** Block means; `before` joins the first block where it ends where the frame starts. */
export function blocksOf(frame: Frame, load: SteppedLoad, before: OpenBlock | undefined): Blocks {
  const { blockStart, stepS } = frame;
  const blockS = frame.tariff.meter.demandIntervalMinutes * 60;
  const count = blockStart.length - 1;
  const mw = new Float64Array(count);
  const joins =
    before !== undefined && before.startS + before.seconds === frame.startS && before.seconds < blockS;
  let open: Blocks['open'];
  const ends = new Set(frame.periods.map((period) => period.endS));
  for (let b = 0; b < count; b++) {
    const from = blockStart[b] ?? 0;
    const until = blockStart[b + 1] ?? from;
    let mwh = b === 0 && joins ? before.mwh : 0;
    for (let t = from; t < until; t++) mwh += load.drawnMwh[t] ?? 0;
    const earlierS = b === 0 && joins ? before.seconds : 0;
    const seconds = (until - from) * stepS + earlierS;
    const isLast = b === count - 1;
    const minute = frame.steps.minuteOf[from] ?? 0;
    const reachesS = (minute % (blockS / 60)) * 60 + (until - from) * stepS;
    if (isLast && stepS < blockS && reachesS < blockS && !ends.has(endOfFrame(frame))) {
      const startS = frame.startS + from * stepS - earlierS;
      open = { startS, mwh, seconds };
      mw[b] = Number.NaN;
    } else {
      mw[b] = Math.round((mwh * 3600) / seconds);
    }
  }
  return { mw, firstStartS: joins ? before.startS : -1, open };
}

function endOfFrame(frame: Frame): FramePeriod['endS'] {
  return (frame.startS + frame.count * frame.stepS) as FramePeriod['endS'];
}

function addRun(sums: LineSums, window: number, day: string, mwh: number, byDay: boolean): void {
  const last = sums.runs[sums.runs.length - 1];
  if (last !== undefined && last.window === window && (!byDay || last.day === day)) last.mwh += mwh;
  else sums.runs.push({ window, day, mwh });
}

function windowAt(sums: LineSums, k: number): WindowSums {
  let window = sums.windows[k];
  if (window === undefined) {
    window = noWindowSums();
    sums.windows[k] = window;
  }
  return window;
}

type EnergyPlan = Extract<LinePlan, { kind: 'energy' }>;

function meterRuns(
  frame: Frame,
  plan: EnergyPlan,
  load: SteppedLoad,
  period: FramePeriod,
  sums: LineSums,
): void {
  let day = -1;
  let date = '';
  for (let t = period.from; t < period.until; t++) {
    const mwh = load.drawnMwh[t] ?? 0;
    const window = plan.windows[t] ?? noWindow;
    if (mwh === 0 || window === noWindow) continue;
    const dayOf = frame.steps.dayOf[t] ?? 0;
    if (dayOf !== day) {
      day = dayOf;
      const local = frame.steps.days[day];
      date = local === undefined ? '' : dateText(local);
    }
    addRun(sums, window, date, mwh, plan.byDay);
  }
}

/** Sums of each window over `[from, until)`; the last entry takes steps without one. */
function totalsByWindow(values: Float64Array, windows: Uint8Array, period: FramePeriod): Float64Array {
  const totals = new Float64Array(256);
  for (let t = period.from; t < period.until;) {
    // Steps of one window follow each other.
    const window = windows[t] ?? noWindow;
    let sum = 0;
    for (; t < period.until && windows[t] === window; t++) sum += values[t] ?? 0;
    totals[window] = (totals[window] ?? 0) + sum;
  }
  return totals;
}

function meterEnergy(
  frame: Frame,
  plan: EnergyPlan,
  load: SteppedLoad,
  period: FramePeriod,
  sums: LineSums,
): void {
  const windowCount = plan.series.length;
  const drawn = totalsByWindow(load.drawnMwh, plan.windows, period);
  const fed = load.fedMwh === undefined ? undefined : totalsByWindow(load.fedMwh, plan.windows, period);
  for (let w = 0; w < windowCount; w++) {
    const window = windowAt(sums, w);
    window.mwh += drawn[w] ?? 0;
    window.soldMwh += fed?.[w] ?? 0;
    window.money += seriesMoney(plan, w, plan.series[w], load.drawnMwh, period);
    window.soldMoney += seriesMoney(plan, w, plan.sellSeries[w], load.fedMwh, period);
  }
  for (const [k, mask] of plan.adders.entries()) {
    const adder = windowAt(sums, windowCount + k);
    adder.mwh += maskedSum(load.drawnMwh, mask, period, plan.windows);
    if (plan.netted && load.fedMwh !== undefined) {
      adder.soldMwh += maskedSum(load.fedMwh, mask, period, plan.windows);
    }
  }
  if (plan.tiered) meterRuns(frame, plan, load, period, sums);
}

/** Money of the energies of one window at the prices of a series. */
function seriesMoney(
  plan: EnergyPlan,
  window: number,
  prices: Float64Array | undefined,
  mwh: Float64Array | undefined,
  period: FramePeriod,
): number {
  if (prices === undefined || mwh === undefined) return 0;
  let money = 0;
  for (let t = period.from; t < period.until; t++) {
    if (plan.windows[t] !== window) continue;
    money += Math.round((prices[t] ?? 0) * (mwh[t] ?? 0) * seriesMoneyPerMicro);
  }
  return money;
}

function maskedSum(
  values: Float64Array,
  mask: Uint8Array | undefined,
  period: FramePeriod,
  windows?: Uint8Array,
): number {
  let total = 0;
  if (mask === undefined && windows === undefined) {
    for (let t = period.from; t < period.until; t++) total += values[t] ?? 0;
    return total;
  }
  for (let t = period.from; t < period.until; t++) {
    if (mask !== undefined && mask[t] === 0) continue;
    if (windows !== undefined && windows[t] === noWindow) continue;
    total += values[t] ?? 0;
  }
  return total;
}

function keepTop(window: WindowSums, top: Top, rule: TopRule): void {
  if (rule.kind === 'none') return;
  if (rule.kind === 'days') {
    const k = window.tops.findIndex((known) => known.day === top.day);
    if (k < 0) window.tops.push(top);
    else if ((window.tops[k]?.mw ?? 0) < top.mw) window.tops[k] = top;
    return;
  }
  window.tops.push(top);
  window.tops.sort((a, b) => b.mw - a.mw || a.atS - b.atS);
  if (window.tops.length > rule.n) window.tops.length = rule.n;
}

function blockStartS(frame: Frame, blocks: Blocks, b: number): number {
  return b === 0 && blocks.firstStartS >= 0
    ? blocks.firstStartS
    : frame.startS + (frame.blockStart[b] ?? 0) * frame.stepS;
}

type DemandPlan = Extract<LinePlan, { kind: 'demand' }>;

/** The first of the highest blocks of a window in a period; -1 where none is complete. */
function highestBlock(frame: Frame, mask: Uint8Array | undefined, mw: Float64Array, at: FramePeriod): number {
  const { blockStart } = frame;
  let best = -1;
  let most = -1;
  for (let b = at.firstBlock; b < at.endBlock; b++) {
    const value = mw[b] ?? -1;
    // A block that is not complete is NaN and above nothing.
    if (value > most && (mask === undefined || mask[blockStart[b] ?? 0] === 1)) {
      most = value;
      best = b;
    }
  }
  return best;
}

function raisePeak(sums: { peakMw: number; peakAtS: number }, mw: number, atS: number): void {
  if (mw < sums.peakMw || (mw === sums.peakMw && sums.peakAtS >= 0)) return;
  sums.peakMw = mw;
  sums.peakAtS = atS;
}

/** Block powers with the weights of their hours. */
function weighted(frame: Frame, mw: Float64Array, weights: Float64Array | undefined): Float64Array {
  if (weights === undefined) return mw;
  return mw.map((value, b) => Math.round(value * (weights[frame.blockStart[b] ?? 0] ?? 1)));
}

function meterDemandWindow(
  frame: Frame,
  plan: DemandPlan,
  metered: { readonly k: number; readonly blocks: Blocks; readonly at: FramePeriod },
  window: WindowSums,
): void {
  const { k, blocks, at } = metered;
  const mask = plan.masks[k];
  const mw = weighted(frame, blocks.mw, plan.weights[k]);
  const best = highestBlock(frame, mask, mw, at);
  if (best < 0) return;
  window.touched = true;
  raisePeak(window, mw[best] ?? 0, blockStartS(frame, blocks, best));
  if (plan.keep.kind === 'none') return;
  let dayIndex = -1;
  let date = '';
  for (let b = at.firstBlock; b < at.endBlock; b++) {
    const t = frame.blockStart[b] ?? 0;
    const value = mw[b] ?? Number.NaN;
    if ((mask !== undefined && mask[t] === 0) || Number.isNaN(value)) continue;
    const day = frame.steps.dayOf[t] ?? 0;
    if (day !== dayIndex) {
      dayIndex = day;
      const local = frame.steps.days[day];
      date = local === undefined ? '' : dateText(local);
    }
    const lowest = window.tops[window.tops.length - 1];
    if (plan.keep.kind === 'blocks' && window.tops.length >= plan.keep.n && value <= (lowest?.mw ?? 0))
      continue;
    keepTop(window, { mw: value, atS: blockStartS(frame, blocks, b), day: date }, plan.keep);
  }
}

/** What was metered: the load, the load netted by the hour, and the means of its blocks. */
export interface Metered {
  readonly load: SteppedLoad;
  readonly hourly: SteppedLoad;
  readonly blocks: Blocks;
}

/** Adds the steps of one period to the sums of one line. */
export function meterLine(
  frame: Frame,
  plan: LinePlan,
  metered: Metered,
  period: FramePeriod,
  sums: LineSums,
): void {
  const { load, blocks } = metered;
  switch (plan.kind) {
    case 'energy':
      meterEnergy(frame, plan, plan.hourly ? metered.hourly : load, period, sums);
      return;
    case 'demand':
      for (let k = 0; k < plan.masks.length; k++) {
        meterDemandWindow(frame, plan, { k, blocks, at: period }, windowAt(sums, k));
      }
      for (const window of sums.windows) window.tops.sort((a, b) => b.mw - a.mw || a.atS - b.atS);
      return;
    case 'windows': {
      const totals = totalsByWindow(load.drawnMwh, plan.windows, period);
      for (let w = 0; w < sums.windows.length; w++) windowAt(sums, w).mwh += totals[w] ?? 0;
      return;
    }
    case 'mask':
      windowAt(sums, 0).mwh += maskedSum(load.drawnMwh, plan.mask, period);
      return;
    case 'calls':
      for (const [k, [from, until]] of plan.ranges.entries()) {
        const part = { ...period, from: Math.max(from, period.from), until: Math.min(until, period.until) };
        if (part.until <= part.from) continue;
        const call = windowAt(sums, k);
        call.touched = true;
        call.mwh += maskedSum(load.drawnMwh, undefined, part);
      }
      return;
    case 'none':
      return;
  }
}

/** Adds the steps of one period to the sums of the connection and of the year. */
export function meterSite(
  frame: Frame,
  metered: Pick<Metered, 'load' | 'blocks'>,
  period: FramePeriod,
  site: SiteSums,
  year: YearSums,
): void {
  const { load, blocks } = metered;
  const mwh = maskedSum(load.drawnMwh, undefined, period);
  site.mwh += mwh;
  year.mwh += mwh;
  site.intervals += (period.until - period.from) / frame.split;
  site.seconds += (period.until - period.from) * frame.stepS;
  if (load.missing !== undefined) {
    for (let i = period.from / frame.split; i < period.until / frame.split; i++) {
      site.missing += load.missing[Math.floor(i)] ?? 0;
    }
  }
  const best = highestBlock(frame, undefined, blocks.mw, period);
  if (best >= 0) {
    const atS = blockStartS(frame, blocks, best);
    raisePeak(site, blocks.mw[best] ?? 0, atS);
    raisePeak(year, blocks.mw[best] ?? 0, atS);
  }
  countDays(frame, period, site, year);
}

function countDays(frame: Frame, period: FramePeriod, site: SiteSums, year: YearSums): void {
  if (period.until <= period.from) return;
  const first = frame.steps.dayOf[period.from] ?? 0;
  const last = frame.steps.dayOf[period.until - 1] ?? first;
  for (let index = first; index <= last; index++) {
    const local = frame.steps.days[index];
    if (local === undefined) continue;
    const date = dateText(local);
    for (const sums of [site, year]) {
      if (date <= sums.lastDay) continue;
      sums.days++;
      sums.lastDay = date;
    }
  }
}
