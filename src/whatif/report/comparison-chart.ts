/** The same night under three policies: site power on one scale. @module */
import { numberText, type TimeAxis } from './axis.ts';
import { html, type Markup } from './markup.ts';
import type { ReportInput } from './report-input.ts';
import { hourMarks, powerAxis, powerMarks, stepPath } from './site-chart.ts';

const chart = { top: 16, bottom: 210, height: 236 } as const;

/** Names of the policies as people read them. */
export const policyNames: Readonly<Record<string, string>> = {
  unmanaged: 'unmanaged',
  'first-come': 'first come, first served',
  optimised: 'Voltherd',
};

/** The chart with its legend. */
export function comparisonChart(input: ReportInput, axis: TimeAxis, width: number): Markup {
  const { policies } = input.comparison;
  const grid = input.night.circuits[0];
  const limitW = Math.min(
    (grid?.limitA ?? Infinity) * 3 * input.night.scenario.voltage,
    grid?.limitW ?? Infinity,
  );
  const highest = policies.flatMap((policy) => policy.load.meanW).reduce((a, b) => Math.max(a, b), limitW);
  const scale = powerAxis(highest * 1.05, chart.top, chart.bottom);
  const y = scale.y(limitW);
  return html`<div class="legend">
      ${policies.map(
        (policy) =>
          html`<span
            ><i class="key line-${policy.policy}"></i>${policyNames[policy.policy] ?? policy.policy}: highest
            quarter hour ${numberText(policy.load.meanW.reduce((a, b) => Math.max(a, b), 0) / 1000)} kW</span
          >`,
      )}<span><i class="key limit-key"></i>grid limit ${numberText(limitW / 1000)} kW</span>
    </div>
    <svg viewBox="0 0 ${width} ${chart.height}" role="img" aria-label="Site power under three policies">
      ${hourMarks(axis, chart.top, chart.bottom)}${powerMarks(axis, scale, 'kW')}
      ${policies.map(
        (policy) =>
          html`<path
            class="line line-${policy.policy}"
            d="${stepPath(axis, scale, {
              startS: policy.load.startS,
              stepS: policy.load.intervalS,
              values: policy.load.meanW,
            })}"
          />`,
      )}
      <line class="limit" x1="${axis.left}" x2="${axis.right}" y1="${y}" y2="${y}" />
    </svg>`;
}
