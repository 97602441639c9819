/** Answers of pure operations for people. The full answer is in `--json`. @module */
import { isRecord, numberAt, textAt } from '#whatif/payload';
import { moneyText, numberText } from '#whatif/report/axis';
import { exposureText } from './present-exposure.ts';
import { outlineOf, tableOf } from './table.ts';
import { paint, printable } from './terminal.ts';

type Fields = Readonly<Record<string, unknown>>;

function listAt(value: unknown, key: string): readonly Fields[] {
  const found = isRecord(value) ? value[key] : undefined;
  return Array.isArray(found) ? found.filter(isRecord) : [];
}

function text(value: unknown, key: string): string {
  return printable(textAt(value, key) ?? '');
}

function amount(value: unknown, key: string, decimals: number): string {
  const found = numberAt(value, key);
  return found === undefined ? '' : numberText(found, decimals);
}

/** Why a line's quantity is what it is, in few words. */
function evidenceText(evidence: unknown): string {
  const at = textAt(evidence, 'intervalStart');
  const ratchet = textAt(evidence, 'ratchetSource');
  return [
    ...(at === undefined ? [] : [`peak at ${at}`]),
    ...(ratchet === undefined ? [] : [`ratchet of ${ratchet}`]),
    ...(textAt(evidence, 'note') === undefined ? [] : [textAt(evidence, 'note') ?? '']),
  ].join('; ');
}

function billText(answer: Fields): string {
  const currency = textAt(answer, 'currency') ?? '';
  const parts = listAt(answer, 'periods').map((period) => {
    const rows = listAt(period, 'lines').map((line) => [
      [text(line, 'id'), text(line, 'window'), text(line, 'tier')].filter((part) => part !== '').join(' '),
      `${amount(line, 'quantity', 3)} ${text(line, 'unit')}`,
      amount(line, 'unitPrice', 5),
      moneyText(numberAt(line, 'amount') ?? 0, currency),
      printable(evidenceText(line['evidence'])),
    ]);
    rows.push(['total', '', '', paint(moneyText(numberAt(period, 'total') ?? 0, currency), 'bold'), '']);
    const head = `${paint('billing period', 'bold')}  ${text(period, 'start')} to ${text(period, 'end')}${period['complete'] === true ? '' : ', not complete'}\n`;
    return (
      head +
      tableOf(
        [
          { title: 'line' },
          { title: 'quantity', align: 'right' },
          { title: 'unit price', align: 'right' },
          { title: 'amount', align: 'right' },
          { title: 'because' },
        ],
        rows,
      )
    );
  });
  const losses = listAt(answer, 'losses').map(
    (loss) => `  ${text(loss, 'field')}: ${text(loss, 'reason')}\n`,
  );
  if (losses.length > 0) parts.push(`${paint('not counted', 'bold')}\n${losses.join('')}`);
  return parts.join('\n');
}

function pricesText(answer: Fields): string {
  const currency = textAt(answer, 'currency') ?? '';
  const energy = Array.isArray(answer['energy']) ? answer['energy'].map(Number) : [];
  const runs: { from: number; until: number; price: number }[] = [];
  energy.forEach((price, t) => {
    const last = runs.at(-1);
    if (last?.price === price) last.until = t + 1;
    else runs.push({ from: t, until: t + 1, price });
  });
  const bands = tableOf(
    [{ title: 'intervals' }, { title: `${currency} per kWh`, align: 'right' }],
    runs.map((run) => [`${run.from} to ${run.until - 1}`, numberText(run.price, 5)]),
  );
  const demand = tableOf(
    [
      { title: 'demand' },
      { title: 'window' },
      { title: `${currency} per kW`, align: 'right' },
      { title: 'paid in any case', align: 'right' },
      { title: 'intervals that count', align: 'right' },
    ],
    listAt(answer, 'demand').map((term) => [
      text(term, 'line'),
      text(term, 'window'),
      amount(term, 'pricePerKw', 4),
      `${amount(term, 'floorKw', 1)} kW`,
      String(Array.isArray(term['intervals']) ? term['intervals'].filter((one) => one === 1).length : 0),
    ]),
  );
  return `${bands}\n${demand}`;
}

function planText(answer: Fields): string {
  const { proof, cost } = answer;
  const currency = textAt(cost, 'currency') ?? '';
  const visits = tableOf(
    [
      { title: 'visit' },
      { title: 'vehicle' },
      { title: 'connector' },
      { title: 'departs' },
      { title: 'needs kWh', align: 'right' },
      { title: 'planned kWh', align: 'right' },
      { title: 'charging' },
    ],
    listAt(answer, 'visits').map((visit) => {
      const schedule = listAt(visit, 'schedule');
      const first = textAt(schedule[0], 'from')?.slice(11, 16) ?? '';
      const last = textAt(schedule.at(-1), 'to')?.slice(11, 16) ?? '';
      return [
        text(visit, 'visit'),
        text(visit, 'vehicle'),
        text(visit, 'evse'),
        text(visit, 'departs'),
        amount(visit, 'neededKwh', 1),
        amount(visit, 'plannedKwh', 1),
        schedule.length === 0 ? 'none' : `${first} to ${last} UTC in ${schedule.length} steps`,
      ];
    }),
  );
  const short = listAt(answer, 'shortfalls').map(
    (one) =>
      `${paint('short', 'red')}  ${text(one, 'visit')} ${text(one, 'vehicle')} at ${text(one, 'evse')} by ${amount(one, 'missingKwh', 1)} kWh\n`,
  );
  const peaks = listAt(answer, 'peaks').map(
    (peak) =>
      `  ${text(peak, 'line')} ${text(peak, 'window')}: ${amount(peak, 'peakKw', 1)} kW, ${amount(peak, 'floorKw', 1)} kW paid in any case\n`,
  );
  const money = `${paint('cost', 'bold')}  ${moneyText(numberAt(cost, 'energy') ?? 0, currency)} energy, ${moneyText(numberAt(cost, 'demand') ?? 0, currency)} demand\n`;
  const proven = `${paint('proof', 'bold')}  ${text(proof, 'status')} by ${text(proof, 'solver')}, cost ${amount(proof, 'objective', 2)}, no plan below ${amount(proof, 'bound', 2)}, certificate ${isRecord(proof) && proof['valid'] === true ? paint('valid', 'green') : paint('NOT VALID', 'red')}\n`;
  return `${visits}\n${short.join('')}${money}${peaks.join('')}${proven}`;
}

function explainText(answer: Fields): string {
  const sentences = listAt(answer, 'sentences').map((one) => `- ${text(one, 'text')}\n`);
  const { oneMoreKw, sentences: _, name: __, ...rest } = answer;
  const head = `${paint(text(answer, 'name'), 'bold')}\n`;
  const more = isRecord(oneMoreKw) ? `\n${outlineOf({ 'one more kW': oneMoreKw })}` : '';
  return `${head}${sentences.join('')}${more}${outlineOf(rest)}`;
}

const waysOut: Readonly<Record<string, (repair: Fields) => string>> = {
  'later-departure': (repair) => `leave in interval ${amount(repair, 'depart', 0)}`,
  'other-bay': (repair) => `use connector ${text(repair, 'connector')}`,
  'higher-peak': ({ peakKw }) => {
    const raised = Object.entries(isRecord(peakKw) ? peakKw : {});
    return raised.length === 0
      ? 'serve it before others'
      : `accept ${raised.map(([id, kw]) => `${numberText(Number(kw), 1)} kW more of peak ${printable(id)}`).join(', ')}`;
  },
};

function explanationText(answer: Fields): string {
  const { cost, valid } = answer;
  const kinds = ['energy', 'demand', 'shortfall', 'wear', 'earliness'];
  const spent = kinds.filter((kind) => (numberAt(cost, kind) ?? 0) !== 0);
  const money = spent.map((kind) => `${amount(cost, kind, 2)} ${kind}`).join(', ');
  const head = `${paint('cost', 'bold')}  ${amount(answer, 'objective', 2)}${money === '' ? '' : `: ${money}`}; ${text(answer, 'status')}, no plan below ${amount(answer, 'bound', 2)}, certificate ${valid === true ? paint('valid', 'green') : paint('NOT VALID', 'red')}\n`;
  const binding = listAt(answer, 'bindings').map((one) => [
    text(one, 'circuit'),
    amount(one, 'worthPerKw', 4),
    rangesText(one['intervals']),
  ]);
  const bindings = tableOf(
    [{ title: 'binding circuit' }, { title: 'one more kW saves', align: 'right' }, { title: 'intervals' }],
    binding.length === 0 ? [['none', '', '']] : binding,
  );
  const peaks = tableOf(
    [
      { title: 'peak' },
      { title: 'kW', align: 'right' },
      { title: 'cost', align: 'right' },
      { title: 'one kW less saves', align: 'right' },
      { title: 'made by' },
    ],
    listAt(answer, 'peaks').map((peak) => [
      text(peak, 'demand'),
      amount(peak, 'peakKw', 1),
      amount(peak, 'cost', 2),
      amount(peak, 'worthPerKw', 4),
      text(peak, 'setBy') === 'floor'
        ? 'what was due before'
        : [
            `load ${amount(peak, 'fixedLoadKw', 1)}`,
            ...listAt(peak, 'parts')
              .slice(0, 8)
              .map((one) => `${text(one, 'session')} ${amount(one, 'kw', 1)}`),
          ].join(', '),
    ]),
  );
  const short = listAt(answer, 'shortfalls').map((one) => {
    const repairs = listAt(one, 'repairs').map((repair) => {
      const left = numberAt(repair, 'shortfallKwh') ?? 0;
      const rest = left < 0.001 ? 'leaves full' : `still lacks ${numberText(left, 1)} kWh`;
      const way = waysOut[text(repair, 'kind')]?.(repair) ?? text(repair, 'kind');
      const extra = numberAt(repair, 'extraCost') ?? 0;
      const costs = `${extra < 0 ? 'saves' : 'costs'} ${numberText(Math.abs(extra), 2)}`;
      return `    ${way}: ${rest}, ${costs} beside shortfalls, ${amount(repair, 'totalShortfallKwh', 1)} kWh short in all\n`;
    });
    const head = `${paint('short', 'red')}  ${text(one, 'session')} by ${amount(one, 'shortfallKwh', 1)} kWh, held back by ${text(one, 'reason')}\n`;
    return head + (repairs.length === 0 ? '    no way out was found\n' : repairs.join(''));
  });
  return `${head}\n${bindings}\n${peaks}${short.length === 0 ? '\nall vehicles leave full\n' : `\n${short.join('')}`}`;
}

/** Whole numbers in order as ranges: `0 to 3, 7`. */
function rangesText(values: unknown): string {
  const runs: [number, number][] = [];
  for (const value of Array.isArray(values) ? values.map(Number) : []) {
    const last = runs.at(-1);
    if (last !== undefined && value === last[1] + 1) last[1] = value;
    else runs.push([value, value]);
  }
  return runs.map(([from, to]) => (from === to ? String(from) : `${from} to ${to}`)).join(', ');
}

const presentations: Readonly<Record<string, (answer: Fields) => string>> = {
  bill: (answer) => ('periods' in answer ? billText(answer) : outlineOf(answer)),
  prices: pricesText,
  plan: planText,
  explain: explanationText,
  exposure: exposureText,
  'tariff explain': explainText,
};

/** The text that people see without `--json`. */
export function presentationOf(name: string, answer: unknown): string {
  const present = presentations[name];
  return present !== undefined && isRecord(answer) ? present(answer) : outlineOf(answer);
}
