/** The tables of a report: bill, circuits, verdicts, plans, visits, checks. @module */
import { isRecord, numberAt, textAt } from '../payload.ts';
import { policyNames } from './comparison-chart.ts';
import { clockText, moneyText, numberText, type TimeAxis } from './axis.ts';
import { html, type Markup } from './markup.ts';
import type { ReportInput } from './report-input.ts';
import { phaseName } from './words.ts';

/** A table; the heads of columns of numbers begin with `#`. */
function table(heads: readonly string[], rows: readonly Markup[]): Markup {
  return html`<div class="scroll">
    <table>
      <thead>
        <tr>
          ${heads.map((head) => (head.startsWith('#') ? html`<th class="n">${head.slice(1)}</th>` : html`<th>${head}</th>`))}
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`;
}

/** Decimals that a quantity deserves. */
function quantityText(quantity: number, unit: string): string {
  return `${numberText(quantity, unit === 'kWh' ? 0 : 1)} ${unit}`;
}

/** The bill line by line, three policies side by side. */
export function billTable(input: ReportInput): Markup {
  const { currency, policies, lines } = input.comparison;
  const rows = lines.map(
    (line) =>
      html`<tr>
        <td>
          ${line.id}${line.window === undefined ? '' : html` <span class="muted">${line.window}</span>`}${line.tier === undefined ? '' : html` <span class="muted">${line.tier}</span>`}
        </td>
        ${line.cells.map((cell) =>
          cell === undefined
            ? html`<td class="n muted" colspan="2">—</td>`
            : html`<td class="n muted">
                  ${quantityText(cell.quantity, line.unit)} × ${numberText(cell.unitPrice, 4)}
                </td>
                <td class="n">${moneyText(cell.amount, currency)}</td>`,
        )}
      </tr>`,
  );
  const totals = policies.map((policy) => policy.bill.total);
  const ours = totals.at(-1) ?? 0;
  const sums = html`<tr class="total">
      <td>total of the month so far and tonight</td>
      ${totals.map(
        (total) =>
          html`<td></td>
            <td class="n">${moneyText(total, currency)}</td>`,
      )}
    </tr>
    <tr class="total">
      <td>more than Voltherd</td>
      ${totals.map(
        (total) =>
          html`<td></td>
            <td class="n">${total === ours ? '' : moneyText(total - ours, currency)}</td>`,
      )}
    </tr>`;
  const energy = html`<tr>
      <td class="muted">energy into vehicles</td>
      ${policies.map(
        (policy) =>
          html`<td></td>
            <td class="n muted">${numberText(policy.deliveredWh / 1000)} kWh</td>`,
      )}
    </tr>
    <tr>
      <td class="muted">vehicles that leave short</td>
      ${policies.map(
        (policy) =>
          html`<td></td>
            <td class="n muted">${policy.short.length}</td>`,
      )}
    </tr>`;
  const heads = html`<tr>
    <th>line</th>
    ${policies.map((policy) => html`<th colspan="2" class="n"><i class="key line-${policy.policy}"></i>${policyNames[policy.policy] ?? policy.policy}</th>`)}
  </tr>`;
  return html`<div class="scroll">
      <table class="bill">
        <thead>
          ${heads}
        </thead>
        <tbody>
          ${rows}${sums}${energy}
        </tbody>
      </table>
    </div>
    ${policies
      .filter((policy) => policy.policy !== 'optimised' && policy.overloads.length > 0)
      .map(
        (policy) =>
          html`<p class="warning">
            This night could not have happened under <b>${policyNames[policy.policy] ?? policy.policy}</b>:
            ${policy.overloads
              .map((one) =>
                one.unit === 'A'
                  ? `${one.circuit} at ${numberText(one.load)} A against ${numberText(one.limit)} A for ${numberText(one.minutes)} min`
                  : `${one.circuit} at ${numberText(one.load / 1000)} kW against ${numberText(one.limit / 1000)} kW for ${numberText(one.minutes)} min`,
              )
              .join('; ')}.
            Breakers would have opened; its bill is shown as if they had not.
          </p>`,
      )}`;
}

/** How near each circuit came to its limit. */
export function circuitTable(input: ReportInput, axis: TimeAxis): Markup {
  const rows = input.night.peaks.map((peak) => {
    const part = peak.peakA / peak.limitA;
    const crossed = input.night.violations.some((violation) => violation.circuit === peak.circuit);
    return html`<tr>
      <td>${peak.circuit}</td>
      <td class="n">${numberText(peak.limitA)} A</td>
      <td class="n">${numberText(peak.peakA, 1)} A</td>
      <td>${phaseName(peak.peakPhase)} at ${clockText(axis, peak.atS)}</td>
      <td class="n">${numberText(peak.marginA, 1)} A</td>
      <td class="n">
        ${peak.limitW === undefined ? '' : `${numberText(peak.peakW / 1000, 1)} of ${numberText(peak.limitW / 1000)} kW`}
      </td>
      <td class="meter">
        <svg viewBox="0 0 100 8" preserveAspectRatio="none">
          <rect class="track" width="100" height="8" />
          <rect
            class="${crossed ? 'fill-bad' : 'fill-good'}"
            width="${Math.min(100, part * 100)}"
            height="8"
          />
        </svg>
      </td>
      <td>${crossed ? html`<b class="bad">crossed</b>` : html`<b class="good">never exceeded</b>`}</td>
    </tr>`;
  });
  return table(
    [
      'circuit',
      '#limit per phase',
      '#highest',
      'where and when',
      '#closest approach',
      '#power',
      '',
      'verdict',
    ],
    rows,
  );
}

/** The evidence of a verdict in one line. */
function evidenceText(axis: TimeAxis, evidence: unknown): string {
  if (!isRecord(evidence)) return '';
  const readings = evidence['readings'];
  if (Array.isArray(readings)) {
    return readings
      .filter(isRecord)
      .slice(-3)
      .map(
        (reading) =>
          `${clockText(axis, numberAt(reading, 'sampledAt') ?? 0)} metered ${numberText(numberAt(reading, 'powerW') ?? 0)} W, allowed ${numberText(numberAt(reading, 'boundW') ?? 0)} W`,
      )
      .join('; ');
  }
  const downSince = numberAt(evidence, 'downSince');
  const upAt = numberAt(evidence, 'upAt');
  if (downSince !== undefined)
    return `down since ${clockText(axis, downSince)}${upAt === undefined ? '' : `, back ${clockText(axis, upAt)}`}`;
  const worstAt = numberAt(evidence, 'worstAt');
  if (worstAt !== undefined)
    return `at ${clockText(axis, worstAt)} reported ${numberText(numberAt(evidence, 'reported') ?? 0, 1)}, expected ${numberText(numberAt(evidence, 'expected') ?? 0, 1)}`;
  return JSON.stringify(evidence).slice(0, 160);
}

const verdictTones: Readonly<Record<string, string>> = {
  'over-limit': 'bad',
  'read-back-mismatch': 'bad',
  'comms-loss': 'doubtful',
  obeys: 'good',
  'comms-back': 'good',
  'read-back-agrees': 'good',
};

/** Verdicts of the night with their evidence. */
export function verdictTable(input: ReportInput, axis: TimeAxis): Markup {
  const rows = input.night.verdicts.map(({ atS, payload }) => {
    const kind = textAt(payload, 'kind') ?? 'verdict';
    return html`<tr>
      <td class="n">${clockText(axis, atS)}</td>
      <td>${textAt(payload, 'key') ?? ''}</td>
      <td><b class="${verdictTones[kind] ?? ''}">${kind}</b></td>
      <td class="muted">${evidenceText(axis, isRecord(payload) ? payload['evidence'] : undefined)}</td>
    </tr>`;
  });
  return table(['#at', 'connector or station', 'verdict', 'evidence'], rows);
}

/** Alarms raised and taken back. */
export function alarmTable(input: ReportInput, axis: TimeAxis): Markup {
  const rows = input.night.alarms.map(({ atS, payload }) => {
    const isOver = isRecord(payload) && payload['active'] === false;
    const facts =
      isRecord(payload) && isRecord(payload['facts']) ? JSON.stringify(payload['facts']).slice(0, 200) : '';
    return html`<tr>
      <td class="n">${clockText(axis, atS)}</td>
      <td>${textAt(payload, 'key') ?? ''}</td>
      <td>
        ${textAt(payload, 'kind') ?? ''}
        ${isOver ? html`<span class="good">over</span>` : html`<span class="bad">raised</span>`}
      </td>
      <td class="muted">${isOver ? '' : facts}</td>
    </tr>`;
  });
  return table(['#at', 'of', 'alarm', 'facts'], rows);
}

/** Every plan of the night with its proof. */
export function planTable(input: ReportInput, axis: TimeAxis): Markup {
  const { currency } = input.comparison;
  const rows = input.night.plans.map(({ atS, payload }) => {
    const proof: unknown = isRecord(payload) ? payload['proof'] : undefined;
    const triggers =
      isRecord(payload) && Array.isArray(payload['triggers'])
        ? payload['triggers'].map(String).join(', ')
        : '';
    const shortfalls = isRecord(payload) && Array.isArray(payload['shortfalls']) ? payload['shortfalls'] : [];
    const isValid = isRecord(proof) && proof['valid'] === true;
    return html`<tr>
      <td class="n">${clockText(axis, atS)}</td>
      <td class="n">${numberAt(payload, 'revision') ?? ''}</td>
      <td>${triggers}</td>
      <td>${textAt(proof, 'status') ?? ''} <span class="muted">${textAt(proof, 'solver') ?? ''}</span></td>
      <td class="n">${moneyText(numberAt(proof, 'objective') ?? 0, currency)}</td>
      <td class="n">${moneyText(numberAt(proof, 'bound') ?? 0, currency)}</td>
      <td class="n">${(numberAt(proof, 'gap') ?? 0).toExponential(1)}</td>
      <td>${isValid ? html`<span class="good">proven</span>` : html`<span class="bad">not proven</span>`}</td>
      <td>
        ${shortfalls
          .filter(isRecord)
          .map(
            (one) =>
              `${textAt(one, 'visitId') ?? ''} ${numberText((numberAt(one, 'missingWh') ?? 0) / 1000, 1)} kWh`,
          )
          .join(', ')}
      </td>
    </tr>`;
  });
  return table(
    [
      '#at',
      '#no.',
      'because',
      'status',
      '#cost',
      '#proven lower bound',
      '#gap',
      'certificate',
      'shortfalls named',
    ],
    rows,
  );
}

/** Every visit and how it ended. */
export function visitTable(input: ReportInput, axis: TimeAxis): Markup {
  const rows = [...input.night.visits]
    .sort((a, b) => a.departedS - b.departedS)
    .map((visit) => {
      const late = visit.arrivedS - visit.announcedArrivalS;
      return html`<tr>
        <td>${visit.visitId}</td>
        <td>${visit.vehicleId}</td>
        <td>${visit.evse}</td>
        <td class="n">
          ${clockText(axis, visit.arrivedS)}${late > 300 ? html` <span class="muted">${numberText(late / 60)} min late</span>` : ''}
        </td>
        <td class="n">${clockText(axis, visit.departedS)}</td>
        <td class="n">${numberText(visit.neededWh / 1000, 1)}</td>
        <td class="n">${numberText(visit.deliveredWh / 1000, 1)}</td>
        <td>
          ${
            visit.outcome === 'short'
              ? html`<b class="bad">${numberText(visit.missingWh / 1000, 1)} kWh short</b>
                  <span class="muted"
                    >${visit.reachableWh < visit.neededWh ? `at most ${numberText(visit.reachableWh / 1000, 1)} kWh were possible` : ''}</span
                  >`
              : html`<span class="good">${visit.outcome === 'met' ? 'full' : 'still here'}</span>`
          }
        </td>
      </tr>`;
    });
  return table(['visit', 'vehicle', 'connector', '#came', '#left', '#needed kWh', '#got kWh', ''], rows);
}

/** What was expected of the night and what came. */
export function checkTable(input: ReportInput): Markup {
  return table(
    ['expectation', 'expected', 'found', ''],
    input.night.expectations.map(
      (check) =>
        html`<tr>
          <td>${check.name}</td>
          <td>${check.expected}</td>
          <td>${check.found}</td>
          <td>${check.met ? html`<b class="good">met</b>` : html`<b class="bad">not met</b>`}</td>
        </tr>`,
    ),
  );
}
