/** Tables for people. @module */
import { paint, printable } from './terminal.ts';

/** One column; numbers stand to the right. */
export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

const colourCode = /\u001b\[\d+m/g;

function widthOf(text: string): number {
  return text.replace(colourCode, '').length;
}

function pad(text: string, width: number, align: 'left' | 'right'): string {
  const space = ' '.repeat(Math.max(0, width - widthOf(text)));
  return align === 'left' ? text + space : space + text;
}

/** Rows under their titles, two spaces between columns, each line ended. */
export function tableOf(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const widths = columns.map((column, c) =>
    rows.reduce((width, row) => Math.max(width, widthOf(row[c] ?? '')), column.title.length),
  );
  const lineOf = (cells: readonly string[]): string =>
    columns
      .map((column, c) => pad(cells[c] ?? '', widths[c] ?? 0, column.align ?? 'left'))
      .join('  ')
      .trimEnd();
  const title = lineOf(columns.map((column) => paint(column.title, 'dim')));
  return [title, ...rows.map(lineOf)].map((line) => `${line}\n`).join('');
}

/** Most rows of an array that people see; `--json` has them all. */
const rowsMax = 60;

function cellOf(value: unknown): string {
  if (value === undefined || value === null) return '-';
  if (typeof value === 'number')
    return Number.isInteger(value) ? String(value) : String(+value.toPrecision(8));
  if (typeof value === 'string') return printable(value);
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (Array.isArray(value) && value.every((item) => typeof item === 'number'))
    return value.length > 12
      ? `[${value.slice(0, 12).map(cellOf).join(', ')}, ... ${value.length} values]`
      : `[${value.map(cellOf).join(', ')}]`;
  const text = JSON.stringify(value);
  return printable(text.length > 100 ? `${text.slice(0, 100)}...` : text);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Any JSON value as indented lines and tables, where no better form is known. */
export function outlineOf(value: unknown, indent = ''): string {
  if (!isRecord(value)) return `${indent}${cellOf(value)}\n`;
  let text = '';
  for (const [key, child] of Object.entries(value)) {
    const name = `${indent}${paint(printable(key), 'bold')}`;
    if (isRecord(child) && Object.keys(child).length > 0) {
      text += `${name}\n${outlineOf(child, `${indent}  `)}`;
    } else if (Array.isArray(child) && child.length > 0 && child.every(isRecord)) {
      const rows = child as readonly Readonly<Record<string, unknown>>[];
      const titles = [...new Set(rows.flatMap((row) => Object.keys(row)))];
      const columns = titles.map((title): Column => ({
        title,
        align: rows.every((row) => typeof row[title] === 'number') ? 'right' : 'left',
      }));
      const cells = rows.slice(0, rowsMax).map((row) => titles.map((title) => cellOf(row[title])));
      const table = tableOf(columns, cells)
        .trimEnd()
        .split('\n')
        .map((line) => `${indent}  ${line}\n`)
        .join('');
      const rest =
        rows.length > rowsMax ? `${indent}  ... ${rows.length - rowsMax} more rows in --json\n` : '';
      text += `${name}\n${table}${rest}`;
    } else {
      text += `${name}: ${cellOf(child)}\n`;
    }
  }
  return text;
}
