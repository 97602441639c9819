/** One JSON text for one value: keys sorted, typed arrays as lists, infinities by name. @module */

/** The value with what JSON cannot say replaced, keys sorted. */
function plain(value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) return { $number: String(value) };
  if (typeof value !== 'object' || value === null) return value;
  if (ArrayBuffer.isView(value)) return [...(value as Float64Array)].map(plain);
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Map) return plain(Object.fromEntries(value));
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, v]) => v !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([k, v]) => [k, plain(v)]),
  );
}

/** The canonical text of a value: equal values have equal bytes. */
export function jsonOf(value: unknown): string {
  return JSON.stringify(plain(value));
}

/** A JSON value in which `plain` names the infinities, so that a file keeps them. */
export function recordOf(value: unknown): unknown {
  return plain(value);
}

/** The value that `recordOf` was given, typed arrays as lists. */
export function valueOfRecord(record: unknown): unknown {
  if (typeof record !== 'object' || record === null) return record;
  if (Array.isArray(record)) return record.map(valueOfRecord);
  const entries = Object.entries(record);
  const [only] = entries;
  if (entries.length === 1 && only?.[0] === '$number') return Number(only[1]);
  return Object.fromEntries(entries.map(([k, v]) => [k, valueOfRecord(v)]));
}
