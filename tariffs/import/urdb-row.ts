/**
 * Rows of the URDB bulk file (usurdb.csv) as records of the API form: `energyratestructure/period0/tier1rate` becomes
 * `energyratestructure[0][1].rate`, lists of months and schedules become lists.
 * @module
 */
const tierKey =
  /^(energyratestructure|demandratestructure|flatdemandstructure|coincidentratestructure)\/period(\d{1,3})\/tier(\d{1,2})(max|rate|adj|unit|sell)$/;
const monthKey =
  /^(flatdemandmonth|fueladjustmentsmonth|demandratchetpercentage|lookbackmonth)s?(?:ly)?\/?(\d{1,2})$/;
const monthField: Readonly<Record<string, string>> = {
  flatdemandmonth: 'flatdemandmonths',
  fueladjustmentsmonth: 'fueladjustmentsmonthly',
  demandratchetpercentage: 'demandratchetpercentage',
  lookbackmonth: 'lookbackMonths',
};
const textFields = new Set([
  'label',
  'utility',
  'name',
  'startdate',
  'enddate',
  'source',
  'uri',
  'sourceparent',
  'description',
  'sector',
  'servicetype',
  'supersedes',
  'demandrateunit',
  'flatdemandunit',
  'fixedchargeunits',
  'minchargeunits',
  'coincidentrateunit',
]);

/** A cell as the value that the API would give. */
function valueOf(field: string, cell: string): unknown {
  if (textFields.has(field) || field.endsWith('comments')) return cell;
  if (/^\s*\[/.test(cell)) return listOf(cell);
  if (cell === 'True' || cell === 'true') return true;
  if (cell === 'False' || cell === 'false') return false;
  const value = Number(cell);
  return Number.isFinite(value) ? value : cell;
}

/** Lists stand as JSON or as Python prints them. */
function listOf(cell: string): unknown {
  const json = cell
    .replace(/\bL\b|(?<=\d)L/g, '')
    .replace(/u?'([^']*)'/g, '"$1"')
    .replace(/\bTrue\b/g, 'true')
    .replace(/\bFalse\b/g, 'false')
    .replace(/\bNone\b/g, 'null');
  try {
    return JSON.parse(json) as unknown;
  } catch {
    // Not a list after all: the schema refuses the text by its field.
    return cell;
  }
}

function cellText(cell: unknown): string {
  if (typeof cell === 'string') return cell.trim();
  return typeof cell === 'number' || typeof cell === 'boolean' ? String(cell) : '';
}

/** The record of a row of cells by column name. */
export function recordOfUrdbRow(row: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const record: Record<string, unknown> = {};
  const structures: Record<string, Record<string, unknown>[][]> = {};
  const months: Record<string, unknown[]> = {};
  for (const [field, raw] of Object.entries(row)) {
    const cell = cellText(raw);
    if (cell === '' || /^nan$/i.test(cell)) continue;
    const tier = tierKey.exec(field);
    const month = monthKey.exec(field);
    if (tier !== null) {
      const [, name = '', period, index, part = ''] = tier;
      const periods = (structures[name] ??= []);
      const tiers = (periods[Number(period)] ??= []);
      const one = (tiers[Number(index)] ??= {});
      one[part] = part === 'unit' ? cell : Number(cell);
    } else if (month !== null && Number(month[2]) >= 1 && Number(month[2]) <= 12) {
      const [, name = '', number] = month;
      const list = (months[monthField[name] ?? name] ??= Array.from({ length: 12 }, () => 0));
      list[Number(number) - 1] = Number(cell);
    } else {
      record[field] = valueOf(field, cell);
    }
  }
  for (const [name, periods] of Object.entries(structures)) {
    record[name] = Array.from(periods, (tiers) =>
      tiers === undefined ? [{}] : Array.from(tiers, (one) => one ?? {}),
    );
  }
  return { ...record, ...months };
}
