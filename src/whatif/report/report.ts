/**
 * One self-contained page about one night. Opens without a network: style and script are inside, and the page's own
 * policy allows nothing else. Every value from outside is escaped.
 * @module
 */
import { clockText, dateText, numberText, timeAxis, type TimeAxis } from './axis.ts';
import { comparisonChart } from './comparison-chart.ts';
import { connectorChart } from './connector-chart.ts';
import { html, scriptJson, type Markup } from './markup.ts';
import type { ReportInput } from './report-input.ts';
import { script } from './script.ts';
import { siteChart, stackOf } from './site-chart.ts';
import { style } from './style.ts';
import {
  alarmTable,
  billTable,
  checkTable,
  circuitTable,
  planTable,
  verdictTable,
  visitTable,
} from './tables.ts';
import { factsOf } from './words.ts';

/** Width of all charts in drawing units. */
const width = 1200;

/** An element with exactly this content: its hash stands in the page's policy. */
function element(name: 'style' | 'script', content: string): Markup {
  return { markup: `<${name}>${content}</${name}>` };
}

function chartData(input: ReportInput, axis: TimeAxis): Markup {
  const stack = stackOf(input);
  return scriptJson({
    left: axis.left,
    right: axis.right,
    startS: axis.startS,
    endS: axis.endS,
    stackStartS: stack.startS,
    stepS: stack.stepS,
    times: stack.limitW.map((_, i) => clockText(axis, stack.startS + i * stack.stepS)),
    limitW: stack.limitW.map((limit) => Math.round(limit)),
    layers: stack.layers.map((layer) => ({
      name: layer.name,
      powerW: layer.powerW.map((w) => Math.round(w)),
    })),
  });
}

function headOf(input: ReportInput): Markup {
  const { title } = input.night.scenario;
  const policy = `default-src 'none'; style-src 'sha256-${input.sha256(style)}'; script-src 'sha256-${input.sha256(script)}'; img-src data:; base-uri 'none'; form-action 'none'`;
  return html`<head>
    <meta charset="utf-8" />
    <meta http-equiv="Content-Security-Policy" content="${policy}" />
    <meta name="viewport" content="width=device-width,initial-scale=1" />
    <title>${title} · Voltherd</title>
    <link rel="icon" href="data:," />
    ${element('style', style)}
  </head>`;
}

function plansSection(input: ReportInput, axis: TimeAxis): Markup {
  const gaps = input.night.plans.map(({ payload }) => {
    const proof = (payload as { readonly proof?: { readonly gap?: unknown } } | null)?.proof;
    return typeof proof?.gap === 'number' ? proof.gap : 0;
  });
  const worst = gaps.reduce((a, b) => Math.max(a, b), 0);
  return html`<section>
    <h2>Plans and their proofs</h2>
    <p>
      ${gaps.length} plans were made in the night. Each came with a lower bound that no plan can beat, checked
      by code that does not trust the solver; the widest gap was ${worst.toExponential(1)}.
    </p>
    <details>
      <summary>all plans</summary>
      ${planTable(input, axis)}
    </details>
  </section>`;
}

function footerOf(input: ReportInput): Markup {
  const { scenario, journal, messages, transport, wallMs } = input.night;
  return html`<footer>
    Scenario <code>${scenario.id}</code>, seed ${scenario.seed}, ${transport}.
    ${numberText(messages.toStations)} OCPP messages to stations, ${numberText(messages.fromStations)} from
    them; journal of ${numberText(journal.records)} records, SHA-256 <code>${journal.sha256}</code>: the same
    seed gives the same bytes. Voltherd ${input.version}, ${numberText(wallMs / 1000, 1)} s of computing.
  </footer>`;
}

/** The page. */
export function reportOf(input: ReportInput): string {
  const { scenario, expectations } = input.night;
  const axis = timeAxis(scenario, 44, width - 10);
  const rowsAxis = timeAxis(scenario, 172, width - 130);
  const page = html`<html lang="en">
    ${headOf(input)}
    <body>
      <main>
        <header>
          <h1>${scenario.title}</h1>
          <p>
            ${dateText(axis, scenario.startS)} to ${dateText(axis, scenario.endS)}, ${scenario.timeZone}.
            ${scenario.description}
          </p>
        </header>
        <div class="tiles">
          ${factsOf(input).map((fact) => html`<div class="tile ${fact.tone}"><b>${fact.value}</b><span>${fact.text}</span></div>`)}
        </div>
        <section>
          <h2>Power of the site</h2>
          <p>
            Measured truth, summed by the simulator, not by the engine. Shaded bands are the energy prices of
            ${input.tariffName}.
          </p>
          ${siteChart(input, axis, width)}
        </section>
        <section>
          <h2>The bill</h2>
          <p>
            The same tariff, the same month so far, the same vehicles. Demand charges are those of the whole
            billing period.
          </p>
          ${comparisonChart(input, axis, width)}${billTable(input)}
        </section>
        <section>
          <h2>Circuits: how near to the limit</h2>
          <p>Highest current of any second on any phase, against the lowest limit in force at that time.</p>
          ${circuitTable(input, axis)}
        </section>
        <section>
          <h2>Connectors</h2>
          <p>Every vehicle from plug-in to departure.</p>
          ${connectorChart(input, rowsAxis, width)}
          <details>
            <summary>all visits</summary>
            ${visitTable(input, axis)}
          </details>
        </section>
        <section>
          <h2>Verdicts</h2>
          <p>What the witnesses found by comparing meters, read-backs and links with what had been sent.</p>
          ${verdictTable(input, axis)}
          <details>
            <summary>all alarms</summary>
            ${alarmTable(input, axis)}
          </details>
        </section>
        ${plansSection(input, axis)}
        ${
          expectations.length === 0
            ? ''
            : html`<section>
                <h2>What was expected</h2>
                ${checkTable(input)}
              </section>`
        }
        ${footerOf(input)}
      </main>
      <script type="application/json" id="data">
        ${chartData(input, axis)}
      </script>
      ${element('script', script)}
    </body>
  </html>`;
  return `<!doctype html>\n${page.markup}\n`;
}
