/** A night for people at a terminal. @module */
import type { NightResult } from '#sim/night-result';
import type { Comparison } from '#whatif/comparison';
import { clockText, dateText, moneyText, numberText, timeAxis, type TimeAxis } from '#whatif/report/axis';
import { policyNames } from '#whatif/report/comparison-chart';
import { isRecord, textAt } from '#whatif/payload';
import { tableOf } from './table.ts';
import { paint, printable } from './terminal.ts';

function circuitLines(night: NightResult, axis: TimeAxis): string {
  return tableOf(
    [
      { title: 'circuit' },
      { title: 'limit', align: 'right' },
      { title: 'highest', align: 'right' },
      { title: 'on' },
      { title: 'at' },
      { title: 'closest', align: 'right' },
      { title: 'power', align: 'right' },
      { title: 'verdict' },
    ],
    night.peaks.map((peak) => {
      const crossed = night.violations.filter((violation) => violation.circuit === peak.circuit);
      return [
        peak.circuit,
        `${numberText(peak.limitA)} A`,
        `${numberText(peak.peakA, 1)} A`,
        `L${peak.peakPhase + 1}`,
        clockText(axis, peak.atS),
        `${numberText(peak.marginA, 1)} A`,
        peak.limitW === undefined
          ? ''
          : `${numberText(peak.peakW / 1000, 1)} of ${numberText(peak.limitW / 1000)} kW`,
        crossed.length === 0
          ? paint('never exceeded', 'green')
          : paint(`EXCEEDED ${crossed.length} times`, 'red'),
      ];
    }),
  );
}

function visitLines(night: NightResult): string {
  const short = night.visits.filter((visit) => visit.outcome === 'short');
  const full = night.visits.length - short.length;
  const impossible = short.filter((visit) => visit.reachableWh < visit.neededWh);
  const every = short.length === impossible.length;
  let text = `${paint('departures', 'bold')}  ${full} of ${night.visits.length} visits left full; ${
    every ? paint('every feasible departure met', 'green') : paint('feasible departures MISSED', 'red')
  }\n`;
  for (const visit of short) {
    const kwh = (wh: number): string => `${numberText(wh / 1000, 1)} kWh`;
    const reason =
      visit.reachableWh < visit.neededWh
        ? `at full power at most ${kwh(visit.reachableWh)} were possible`
        : 'it was possible';
    text += `  short: ${printable(visit.visitId)} ${printable(visit.vehicleId)} at ${visit.evse} by ${kwh(visit.missingWh)} of ${kwh(visit.neededWh)}; ${reason}\n`;
  }
  return text;
}

function faultLines(night: NightResult, axis: TimeAxis): string {
  const first = new Map<string, string>();
  for (const { atS, payload } of night.verdicts) {
    const kind = textAt(payload, 'kind') ?? '';
    const key = textAt(payload, 'key') ?? '';
    const name = `${kind} ${key}`;
    if (!/^(over-limit|read-back-mismatch|comms-loss)$/.test(kind) || first.has(name)) continue;
    const readings: unknown =
      isRecord(payload) && isRecord(payload['evidence']) ? payload['evidence']['readings'] : [];
    const proof = Array.isArray(readings) && readings.length > 0 ? `, ${readings.length} readings` : '';
    first.set(name, `${key} ${clockText(axis, atS)}${proof}`);
  }
  const listed = (kind: string): string =>
    [...first].flatMap(([name, text]) => (name.startsWith(`${kind} `) ? [text] : [])).join('; ');
  const rows = [
    ['over its limit', listed('over-limit')],
    ['not as sent', listed('read-back-mismatch')],
    ['connection lost', listed('comms-loss')],
    [
      'engine dead',
      night.engineDown
        .map(
          (span) =>
            `${clockText(axis, span.fromS)} to ${clockText(axis, span.untilS)}, restarted from its journal`,
        )
        .join('; '),
    ],
  ].filter(([, text]) => text !== '');
  if (rows.length === 0) return `${paint('faults', 'bold')}  none found\n`;
  return `${paint('faults caught', 'bold')}\n${rows.map(([name = '', text = '']) => `  ${name}: ${printable(text)}\n`).join('')}`;
}

function billLines(comparison: Comparison): string {
  const { policies, lines, currency } = comparison;
  const quantity = (value: number, unit: string): string =>
    `${numberText(value, unit === 'kWh' ? 0 : 1)} ${unit}`;
  const rows = lines.map((line) => [
    [line.id, line.window, line.tier].filter((part) => part !== undefined).join(' '),
    ...line.cells.flatMap((cell) =>
      cell === undefined ? ['', '-'] : [quantity(cell.quantity, line.unit), moneyText(cell.amount, currency)],
    ),
  ]);
  const totals = policies.map((policy) => policy.bill.total);
  const ours = totals.at(-1) ?? 0;
  rows.push(['total', ...totals.flatMap((total) => ['', paint(moneyText(total, currency), 'bold')])]);
  rows.push([
    'more than Voltherd',
    ...totals.flatMap((total) => ['', total === ours ? '' : moneyText(total - ours, currency)]),
  ]);
  rows.push(['visits short', ...policies.flatMap((policy) => ['', String(policy.short.length)])]);
  const table = tableOf(
    [
      { title: 'bill of the month so far' },
      ...policies.flatMap((policy) => [
        { title: '', align: 'right' as const },
        { title: policyNames[policy.policy] ?? policy.policy, align: 'right' as const },
      ]),
    ],
    rows,
  );
  const impossible = policies
    .filter((policy) => policy.policy !== 'optimised' && policy.overloads.length > 0)
    .map((policy) => {
      const worst = policy.overloads.map((one) =>
        one.unit === 'A'
          ? `${one.circuit} ${numberText(one.load)} of ${numberText(one.limit)} A`
          : `${one.circuit} ${numberText(one.load / 1000)} of ${numberText(one.limit / 1000)} kW`,
      );
      return paint(
        `${policyNames[policy.policy] ?? policy.policy} would have opened breakers: ${worst.join(', ')}\n`,
        'yellow',
      );
    });
  return table + impossible.join('');
}

function planLine(night: NightResult): string {
  const proofs = night.plans.map(({ payload }) => (isRecord(payload) ? payload['proof'] : undefined));
  const valid = proofs.filter((proof) => isRecord(proof) && proof['valid'] === true).length;
  const gaps = proofs.map((proof) =>
    isRecord(proof) && typeof proof['gap'] === 'number' ? proof['gap'] : 0,
  );
  const worst = gaps.reduce((a, b) => Math.max(a, b), 0);
  return `${paint('plans', 'bold')}  ${night.plans.length} made, ${valid} with a valid certificate, widest gap to the proven bound ${worst.toPrecision(2)}\n`;
}

function expectationLines(night: NightResult): string {
  return tableOf(
    [{ title: 'expectation' }, { title: 'expected' }, { title: 'found' }, { title: '' }],
    night.expectations.map((check) => [
      check.name,
      check.expected,
      check.found,
      check.met ? paint('met', 'green') : paint('NOT MET', 'red'),
    ]),
  );
}

/** Everything that a run prints. */
export function nightTables(night: NightResult, comparison: Comparison): string {
  const { scenario, messages, journal } = night;
  const axis = timeAxis(scenario, 0, 1);
  const head = `${paint(printable(scenario.title), 'bold')}\n${dateText(axis, scenario.startS)} to ${dateText(axis, scenario.endS)} ${scenario.timeZone}, seed ${scenario.seed}, ${night.evses.length} connectors, ${night.visits.length} visits, ${night.transport}\n`;
  const counts = `${paint('messages', 'bold')}  ${numberText(messages.toStations)} to stations, ${numberText(messages.fromStations)} from them; journal ${numberText(journal.records)} records, SHA-256 ${journal.sha256.slice(0, 16)}\n`;
  return [
    head,
    circuitLines(night, axis),
    visitLines(night),
    faultLines(night, axis),
    billLines(comparison),
    planLine(night) + counts,
    expectationLines(night),
  ].join('\n');
}
