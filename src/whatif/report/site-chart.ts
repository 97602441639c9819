/** Stacked power of the site under its limit, over the bands of the tariff. @module */
import { bucketed, clockText, hourTicks, numberText, powerTicks, xOf, type TimeAxis } from './axis.ts';
import { html, type Markup } from './markup.ts';
import type { ReportInput } from './report-input.ts';

/** A coloured layer of the stack. */
export interface Layer {
  readonly name: string;
  readonly className: string;
  readonly powerW: readonly number[];
}

/** The stack in steps of `stepS`. */
export interface Stack {
  readonly startS: number;
  readonly stepS: number;
  readonly layers: readonly Layer[];
  /** Lowest limit in force within the step: the agreement in W, or the current limit on three phases, the lower. */
  readonly limitW: readonly number[];
}

const chart = { top: 46, bottom: 330, height: 360 } as const;
/** More panels than this are joined into AC and DC. */
const groupsMax = 7;
/** Drawn steps, about: finer ones would not be seen. */
const stepsWanted = 340;

function groupsOf(input: ReportInput): ReadonlyMap<string, readonly string[]> {
  const byCircuit = new Map<string, string[]>();
  for (const evse of input.night.evses)
    byCircuit.set(evse.circuit, [...(byCircuit.get(evse.circuit) ?? []), evse.key]);
  if (byCircuit.size <= groupsMax) return byCircuit;
  const byCurrent = new Map<string, string[]>();
  for (const evse of input.night.evses)
    byCurrent.set(evse.current, [...(byCurrent.get(evse.current) ?? []), evse.key]);
  return byCurrent;
}

/** The layers of a night: the building below, then the panels. */
export function stackOf(input: ReportInput): Stack {
  const { samples, circuits, scenario } = input.night;
  const size = Math.max(1, Math.round(samples.count / stepsWanted));
  const layers: Layer[] = [
    { name: 'building', className: 'building', powerW: bucketed(samples.buildingW, size) },
  ];
  for (const [name, keys] of groupsOf(input)) {
    const total = Array.from({ length: samples.count }, (_, i) =>
      keys.reduce((sum, key) => sum + (samples.evseW[key]?.[i] ?? 0), 0),
    );
    layers.push({ name, className: `c${layers.length}`, powerW: bucketed(total, size) });
  }
  const grid = samples.circuits[circuits[0]?.id ?? ''];
  const limits = Array.from({ length: samples.count }, (_, i) =>
    Math.min((grid?.limitA[i] ?? Infinity) * 3 * scenario.voltage, grid?.limitW?.[i] ?? Infinity),
  );
  const limitW: number[] = [];
  for (let i = 0; i < limits.length; i += size) limitW.push(Math.min(...limits.slice(i, i + size)));
  return { startS: samples.startS, stepS: samples.stepS * size, layers, limitW };
}

/** A power scale. */
export interface PowerAxis {
  readonly topW: number;
  readonly y: (powerW: number) => number;
}

/** From 0 at `bottom` to `topW` at `top`. */
export function powerAxis(topW: number, top: number, bottom: number): PowerAxis {
  return { topW, y: (powerW) => bottom - (Math.min(powerW, topW * 1.02) / topW) * (bottom - top) };
}

const place = (value: number): string => String(Math.round(value * 10) / 10);

/** A line of steps through values, one per `stepS` from `startS`. */
export function stepPath(
  axis: TimeAxis,
  scale: PowerAxis,
  series: { readonly startS: number; readonly stepS: number; readonly values: readonly number[] },
): string {
  let path = '';
  let last: string | undefined;
  series.values.forEach((value, i) => {
    const y = place(scale.y(value));
    const x = place(xOf(axis, series.startS + i * series.stepS));
    if (y !== last) path += last === undefined ? `M${x} ${y}` : `H${x}V${y}`;
    last = y;
  });
  return `${path}H${place(xOf(axis, series.startS + series.values.length * series.stepS))}`;
}

function areaPath(
  axis: TimeAxis,
  scale: PowerAxis,
  stack: Stack,
  below: readonly number[],
  above: readonly number[],
): string {
  const edge = (values: readonly number[]): string[] =>
    values.map((value, i) => {
      const x0 = place(xOf(axis, stack.startS + i * stack.stepS));
      const x1 = place(xOf(axis, stack.startS + (i + 1) * stack.stepS));
      const y = place(scale.y(value));
      return `${x0} ${y}L${x1} ${y}`;
    });
  const back = below.map((value, i) => {
    const x0 = place(xOf(axis, stack.startS + i * stack.stepS));
    const x1 = place(xOf(axis, stack.startS + (i + 1) * stack.stepS));
    const y = place(scale.y(value));
    return `${x1} ${y}L${x0} ${y}`;
  });
  return `M${edge(above).join('L')}L${back.reverse().join('L')}Z`;
}

/** Spans in which the price per kWh stays the same. */
export interface Band {
  readonly fromS: number;
  readonly untilS: number;
  readonly price: number;
  /** 0 cheapest, 1 dearest. */
  readonly rank: number;
}

/** The tariff's bands within the night. */
export function bandsOf(input: ReportInput): readonly Band[] {
  const { grid, pricePerKwh } = input.tariff;
  const bands: { fromS: number; untilS: number; price: number }[] = [];
  pricePerKwh.forEach((price, t) => {
    const fromS = grid.startS + t * grid.intervalS;
    const last = bands.at(-1);
    if (last !== undefined && Math.abs(last.price - price) < 1e-9) last.untilS = fromS + grid.intervalS;
    else bands.push({ fromS, untilS: fromS + grid.intervalS, price });
  });
  const prices = bands.map((band) => band.price);
  const low = Math.min(...prices);
  const span = Math.max(...prices) - low;
  return bands.map((band) => ({ ...band, rank: span === 0 ? 0 : (band.price - low) / span }));
}

function bandMarks(input: ReportInput, axis: TimeAxis, bottom: number): Markup {
  const { currency } = input.comparison;
  return html`${bandsOf(input).map((band) => {
    const x = xOf(axis, band.fromS);
    const width = xOf(axis, band.untilS) - x;
    const label = `${numberText(band.price, 3)} ${currency}/kWh`;
    return html`<rect
        class="band"
        fill-opacity="${0.03 + 0.13 * band.rank}"
        x="${x}"
        y="${chart.top - 22}"
        width="${width}"
        height="${bottom - chart.top + 22}"
      />
      ${width > 90 ? html`<text class="small" x="${x + width / 2}" y="${chart.top - 9}" text-anchor="middle">${label}</text>` : ''}`;
  })}`;
}

/** Dashed lines at the peaks that the billing month had seen before the night. */
function sunkMarks(input: ReportInput, axis: TimeAxis, scale: PowerAxis): Markup {
  const { grid, demand } = input.tariff;
  return html`${demand
    .filter((term) => term.floorKw > 0 && term.floorKw * 1000 < scale.topW)
    .map((term) => {
      const counted = [...term.counts].map((one, t) => (one === 1 ? t : -1)).filter((t) => t >= 0);
      const first = counted[0];
      const last = counted.at(-1);
      if (first === undefined || last === undefined) return '';
      const x1 = xOf(axis, grid.startS + first * grid.intervalS);
      const x2 = xOf(axis, grid.startS + (last + 1) * grid.intervalS);
      const y = scale.y(term.floorKw * 1000);
      return html`<line class="sunk" x1="${x1}" y1="${y}" x2="${x2}" y2="${y}" />
        <text class="small sunk-text" x="${x2 - 4}" y="${y - 4}" text-anchor="end"
          >month so far ${numberText(term.floorKw)} kW, ${term.window}</text
        >`;
    })}`;
}

/** Hatched spans in which the engine was dead, over the whole height of a chart. */
export function engineDownMarks(input: ReportInput, axis: TimeAxis, top: number, bottom: number): Markup {
  return html`${input.night.engineDown.map((span) => {
    const x = xOf(axis, span.fromS);
    return html`<rect
      class="down"
      x="${x}"
      y="${top}"
      width="${Math.max(1.5, xOf(axis, span.untilS) - x)}"
      height="${bottom - top}"
      ><title>engine down ${clockText(axis, span.fromS)} to ${clockText(axis, span.untilS)}</title></rect
    >`;
  })}`;
}

/** Hour lines with their texts below. */
export function hourMarks(axis: TimeAxis, top: number, bottom: number): Markup {
  return html`${hourTicks(axis).map((tick) => {
    const x = xOf(axis, tick.atS);
    return html`<line class="grid" x1="${x}" y1="${top}" x2="${x}" y2="${bottom}" /><text
        class="tick"
        x="${x}"
        y="${bottom + 15}"
        text-anchor="middle"
        >${tick.text}</text
      >`;
  })}`;
}

/** Power lines with their texts on the left. */
export function powerMarks(axis: TimeAxis, scale: PowerAxis, unit: string): Markup {
  const ticks = powerTicks(scale.topW / 1000, 6);
  return html`${ticks.map((kw) => {
    const y = scale.y(kw * 1000);
    return html`<line class="grid" x1="${axis.left}" y1="${y}" x2="${axis.right}" y2="${y}" /><text
        class="tick"
        x="${axis.left - 6}"
        y="${y + 3.5}"
        text-anchor="end"
        >${kw}${kw === ticks.at(-1) ? ` ${unit}` : ''}</text
      >`;
  })}`;
}

/** The chart with its legend. */
export function siteChart(input: ReportInput, axis: TimeAxis, width: number): Markup {
  const stack = stackOf(input);
  const totals = stack.limitW.map((_, i) =>
    stack.layers.reduce((sum, layer) => sum + (layer.powerW[i] ?? 0), 0),
  );
  const highest = [...totals, ...stack.limitW.filter(Number.isFinite)].reduce((a, b) => Math.max(a, b), 1);
  const scale = powerAxis(highest * 1.06, chart.top, chart.bottom);
  let below = totals.map(() => 0);
  const areas = stack.layers.map((layer) => {
    const above = below.map((value, i) => value + (layer.powerW[i] ?? 0));
    const path = areaPath(axis, scale, stack, below, above);
    below = above;
    return html`<path class="area ${layer.className}" d="${path}" />`;
  });
  const limit = stepPath(axis, scale, { startS: stack.startS, stepS: stack.stepS, values: stack.limitW });
  const limitKw = Math.min(...stack.limitW) / 1000;
  return html`<div class="legend">
      ${stack.layers.map(
        (layer) => html`<span><i class="key ${layer.className}"></i>${layer.name}</span>`,
      )}<span><i class="key limit-key"></i>grid limit ${numberText(limitKw)} kW</span
      ><span><i class="key sunk-key"></i>peaks already paid this month</span
      ><span><i class="key down-key"></i>engine down</span>
    </div>
    <svg
      id="site"
      viewBox="0 0 ${width} ${chart.height}"
      role="img"
      aria-label="Power of the site over the night, building and charging, under the grid limit"
    >
      ${bandMarks(input, axis, chart.bottom)}${hourMarks(axis, chart.top, chart.bottom)}${powerMarks(axis, scale, 'kW')}
      ${areas}${engineDownMarks(input, axis, chart.top, chart.bottom)}${sunkMarks(input, axis, scale)}
      <path class="limit" d="${limit}" />
      <line id="cross" class="cross" opacity="0" y1="${chart.top}" y2="${chart.bottom}" x1="-10" x2="-10" />
      <rect
        id="hover"
        x="${axis.left}"
        y="${chart.top}"
        width="${axis.right - axis.left}"
        height="${chart.bottom - chart.top}"
        fill="transparent"
      />
    </svg>
    <p id="readout" class="readout" aria-live="polite">Point at the chart to read it.</p>`;
}
