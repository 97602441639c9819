/** One row per connector: power as heat, plug-in windows, departures, spans without a connection. @module */
import type { NightEvse, VisitOutcome } from '#sim/night-result';
import { bucketed, clockText, hourTicks, numberText, xOf, type TimeAxis } from './axis.ts';
import { html, type Markup } from './markup.ts';
import type { ReportInput } from './report-input.ts';
import { engineDownMarks } from './site-chart.ts';

const row = { height: 15, gap: 4, head: 24, top: 22 } as const;
/** Levels of heat. */
const levels = 10;
/** Drawn steps, about. */
const stepsWanted = 260;

/** Level 0 nothing, `levels` full power. */
function levelOf(powerW: number, maxW: number): number {
  if (powerW < 50) return 0;
  return Math.min(levels, Math.max(1, Math.ceil((powerW / maxW) * levels - 0.05)));
}

function heat(input: ReportInput, axis: TimeAxis, evse: NightEvse, y: number): Markup {
  const { samples } = input.night;
  const size = Math.max(1, Math.round(samples.count / stepsWanted));
  const values = bucketed(samples.evseW[evse.key] ?? [], size).map((powerW) => levelOf(powerW, evse.maxW));
  const marks: Markup[] = [];
  let from = 0;
  for (let i = 1; i <= values.length; i++) {
    const level = values[from] ?? 0;
    if (values[i] === level) continue;
    if (level > 0) {
      const x = xOf(axis, samples.startS + from * size * samples.stepS);
      const end = xOf(axis, samples.startS + i * size * samples.stepS);
      marks.push(
        html`<rect class="heat h${level}" x="${x}" y="${y}" width="${end - x}" height="${row.height}" />`,
      );
    }
    from = i;
  }
  return html`${marks}`;
}

function visitMark(axis: TimeAxis, visit: VisitOutcome, y: number): Markup {
  const from = xOf(axis, visit.arrivedS);
  const until = xOf(axis, visit.departedS);
  const short = visit.outcome === 'short';
  const title = `${visit.visitId}, ${visit.vehicleId}: ${clockText(axis, visit.arrivedS)} to ${clockText(axis, visit.departedS)}, ${numberText(visit.deliveredWh / 1000, 1)} of ${numberText(visit.neededWh / 1000, 1)} kWh${short ? `, ${numberText(visit.missingWh / 1000, 1)} kWh short` : ''}`;
  const bottom = y + row.height;
  return html`<g class="visit${short ? ' short' : ''}"
    ><title>${title}</title
    ><rect x="${from}" y="${y}" width="${Math.max(1, until - from)}" height="${row.height}" rx="2" />${
      visit.outcome === 'still-here'
        ? ''
        : html`<path
            d="M${until} ${y - 1.5}V${bottom + 1.5}M${until} ${y + 3}l-5 ${row.height / 2 - 3}l5 ${row.height / 2 - 3}z"
          />`
    }</g
  >`;
}

function commsMarks(input: ReportInput, axis: TimeAxis, evse: NightEvse, y: number): Markup {
  return html`${input.night.comms
    // While the engine is dead nobody is connected; the band over all rows says so once.
    .filter(
      (span) => span.stationId === evse.stationId && span.cause !== 'engine-down' && span.fromS < axis.endS,
    )
    .map((span) => {
      const x = xOf(axis, span.fromS);
      const title = `${span.stationId} without a connection (${span.cause}) ${clockText(axis, span.fromS)} to ${clockText(axis, span.untilS)}`;
      return html`<rect
        class="comms"
        x="${x}"
        y="${y - 1}"
        width="${Math.max(2, xOf(axis, span.untilS) - x)}"
        height="${row.height + 2}"
        ><title>${title}</title></rect
      >`;
    })}`;
}

function rowMark(input: ReportInput, axis: TimeAxis, evse: NightEvse, y: number): Markup {
  const visits = input.night.visits.filter((visit) => visit.evse === evse.key);
  const delivered = visits.reduce((sum, visit) => sum + visit.deliveredWh, 0) / 1000;
  const needed = visits.reduce((sum, visit) => sum + visit.neededWh, 0) / 1000;
  const isShort = visits.some((visit) => visit.outcome === 'short');
  const middle = y + row.height / 2 + 3.8;
  const phase = evse.rotation.map((index) => index + 1).join('');
  const fenced = fencedKeys(input).has(evse.key);
  return html`<g
    ><rect class="track" x="${axis.left}" y="${y}" width="${axis.right - axis.left}" height="${row.height}" />
    <text class="name${fenced ? ' bad' : ''}" x="0" y="${middle}"
      >${evse.key.endsWith('/1') && !isShared(input, evse) ? evse.stationId : evse.key}</text
    ><text class="small" x="62" y="${middle}">${evse.model} ${evse.version} L${phase}</text>
    ${heat(input, axis, evse, y)}${visits.map((visit) => visitMark(axis, visit, y))}${commsMarks(input, axis, evse, y)}
    <text class="small${isShort ? ' bad' : ''}" x="${axis.right + 8}" y="${middle}"
      >${visits.length === 0 ? 'no visit' : `${numberText(delivered, 1)} of ${numberText(needed, 1)} kWh`}${fenced ? ', caught' : ''}</text
    ></g
  >`;
}

function isShared(input: ReportInput, evse: NightEvse): boolean {
  return input.night.evses.filter((other) => other.stationId === evse.stationId).length > 1;
}

/** EVSEs that a verdict found above their limit. */
export function fencedKeys(input: ReportInput): ReadonlySet<string> {
  const keys = new Set<string>();
  for (const { payload } of input.night.verdicts) {
    if (typeof payload !== 'object' || payload === null) continue;
    const { kind, key } = payload as { readonly kind?: unknown; readonly key?: unknown };
    if (kind === 'over-limit' && typeof key === 'string') keys.add(key);
  }
  return keys;
}

/** The chart, grouped by the circuits that feed the stations. */
export function connectorChart(input: ReportInput, axis: TimeAxis, width: number): Markup {
  const groups = new Map<string, NightEvse[]>();
  for (const evse of input.night.evses) groups.set(evse.circuit, [...(groups.get(evse.circuit) ?? []), evse]);
  const parts: Markup[] = [];
  let y: number = row.top;
  for (const [circuit, evses] of groups) {
    const limitA = input.night.circuits.find((one) => one.id === circuit)?.limitA ?? 0;
    parts.push(
      html`<text class="group" x="0" y="${y + 15}"
        >${circuit}<tspan class="small" dx="8">${limitA} A per phase</tspan></text
      >`,
    );
    y += row.head;
    for (const evse of evses) {
      parts.push(rowMark(input, axis, evse, y));
      y += row.height + row.gap;
    }
  }
  const hours = hourTicks(axis).map((tick) => {
    const x = xOf(axis, tick.atS);
    return html`<line class="grid" x1="${x}" y1="${row.top - 4}" x2="${x}" y2="${y}" /><text
        class="tick"
        x="${x}"
        y="12"
        text-anchor="middle"
        >${tick.text}</text
      >`;
  });
  return html`<div class="legend">
      <span
        ><i class="key h3"></i><i class="key h6"></i><i class="key h10"></i>power, to the full power of the
        connector</span
      ><span><i class="key visit-key"></i>plugged in, flag at departure</span
      ><span><i class="key comms-key"></i>no connection</span
      ><span><i class="key down-key"></i>engine down</span>
    </div>
    <svg viewBox="0 0 ${width} ${y + 6}" role="img" aria-label="Power of every connector over the night">
      ${hours}${parts}${engineDownMarks(input, axis, row.top - 4, y)}
    </svg>`;
}
