/** Rows of a delimited text: comma, semicolon or tab, quotes as in RFC 4180, numbers with point or comma. @module */

/** A table with the names of its columns in lower case. */
export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

function delimiterOf(header: string): string {
  const counts = [',', ';', '\t'].map((sign) => [sign, header.split(sign).length] as const);
  return counts.reduce((best, one) => (one[1] > best[1] ? one : best))[0];
}

/** Cells of every row, quotes taken off. */
function cellsOf(text: string, delimiter: string): readonly (readonly string[])[] {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = '';
  let quoted = false;
  for (let k = 0; k < text.length; k++) {
    const sign = text[k] ?? '';
    if (quoted) {
      if (sign !== '"') cell += sign;
      else if (text[k + 1] === '"') {
        cell += '"';
        k++;
      } else quoted = false;
    } else if (sign === '"' && cell === '') quoted = true;
    else if (sign === delimiter) {
      row.push(cell.trim());
      cell = '';
    } else if (sign === '\n') {
      row.push(cell.trim());
      rows.push(row);
      row = [];
      cell = '';
    } else if (sign !== '\r') cell += sign;
  }
  if (cell !== '' || row.length > 0) rows.push([...row, cell.trim()]);
  return rows.filter((one) => one.some((value) => value !== ''));
}

/** The table of a text; its first row names the columns. */
export function tableOf(text: string): Table {
  const body = text.startsWith('\uFEFF') ? text.slice(1) : text;
  const [header = [], ...rows] = cellsOf(
    body,
    delimiterOf(body.slice(0, body.indexOf('\n') + 1 || body.length)),
  );
  return { columns: header.map((name) => name.toLowerCase().trim()), rows };
}

/** A cell as a number; undefined where it is empty or none. */
export function numberOf(cell: string | undefined): number | undefined {
  if (cell === undefined || cell === '') return undefined;
  const plain = /^[+-]?\d{1,9},\d+$/.test(cell) ? cell.replace(',', '.') : cell;
  const value = Number(plain);
  return Number.isFinite(value) ? value : undefined;
}
