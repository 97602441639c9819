/** The answer of `exposure` for people: a row for each circuit and phase. @module */
import { isRecord, numberAt, textAt } from '#whatif/payload';
import { numberText } from '#whatif/report/axis';
import { tableOf } from './table.ts';
import { paint, printable } from './terminal.ts';

type Fields = Readonly<Record<string, unknown>>;

function listAt(value: unknown, key: string): readonly Fields[] {
  const found = isRecord(value) ? value[key] : undefined;
  return Array.isArray(found) ? found.filter(isRecord) : [];
}

function text(value: unknown, key: string): string {
  return printable(textAt(value, key) ?? '');
}

function cell(value: unknown, key: string, unit: 'A' | 'W'): string {
  const found = numberAt(value, key);
  return found === undefined ? '' : `${numberText(found, unit === 'A' ? 1 : 0)} ${unit}`;
}

function margin(value: unknown, key: string, unit: 'A' | 'W'): string {
  const isShort = (numberAt(value, key) ?? 0) < 0;
  return isShort ? paint(cell(value, key, unit), 'red') : cell(value, key, unit);
}

/** The text of an exposure. */
export function exposureText(answer: Fields): string {
  const rows = listAt(answer, 'circuits').flatMap((circuit) => {
    const name = text(circuit, 'circuit');
    const phases = listAt(circuit, 'phases').map((phase) => [
      name,
      text(phase, 'phase'),
      cell(phase, 'limitA', 'A'),
      cell(phase, 'uncontrolledA', 'A'),
      cell(phase, 'floorsA', 'A'),
      margin(phase, 'marginA', 'A'),
      cell(phase, 'hardwareA', 'A'),
    ]);
    const { power } = circuit;
    if (!isRecord(power)) return phases;
    const total = [
      name,
      'total',
      cell(power, 'limitW', 'W'),
      cell(power, 'uncontrolledW', 'W'),
      cell(power, 'floorsW', 'W'),
      margin(power, 'marginW', 'W'),
      '',
    ];
    return [...phases, total];
  });
  const circuits = tableOf(
    [
      { title: 'circuit' },
      { title: 'on' },
      { title: 'limit', align: 'right' },
      { title: 'other loads', align: 'right' },
      { title: 'chargers alone', align: 'right' },
      { title: 'for plans', align: 'right' },
      { title: 'hardware', align: 'right' },
    ],
    rows,
  );
  const floors = tableOf(
    [{ title: 'EVSE' }, { title: 'floor', align: 'right' }],
    listAt(answer, 'floors').map((floor) => {
      const unit = text(floor, 'unit') === 'W' ? 'W' : 'A';
      return [text(floor, 'evse'), cell(floor, 'limit', unit)];
    }),
  );
  const fits = answer['fits'] === true ? paint('yes', 'green') : paint('NO', 'red');
  const problem = text(answer, 'problem');
  return `${circuits}\n${floors}\nfits: ${fits}${problem === '' ? '' : `, ${problem}`}\n`;
}
