/** One JSON text for one value: keys sorted, tables as objects, typed arrays as lists, infinities by name. @module */
import { Table } from '#domain/table';
import type { Told } from '#ports/bus';

/** The value with what JSON cannot say replaced, keys sorted; the very same value where it is so already. */
function plain(value: unknown): unknown {
  if (typeof value === 'number') return Number.isFinite(value) ? value : { $number: String(value) };
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return plainList(value);
  if (ArrayBuffer.isView(value)) return Array.from(value as Float64Array, plain);
  if (value instanceof Table) return plainRecord(value.toJSON());
  if (value instanceof Map) return plain(Object.fromEntries(value));
  return plainRecord(value as Readonly<Record<string, unknown>>);
}

function plainList(list: readonly unknown[]): readonly unknown[] {
  let copy: unknown[] | undefined;
  for (let i = 0; i < list.length; i++) {
    const item = list[i];
    const own = plain(item);
    if (own !== item) copy ??= [...list];
    if (copy !== undefined) copy[i] = own;
  }
  return copy ?? list;
}

function plainRecord(record: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const keys = Object.keys(record);
  let isSorted = true;
  for (let i = 1; i < keys.length && isSorted; i++) isSorted = (keys[i - 1] ?? '') < (keys[i] ?? '');
  if (!isSorted) keys.sort();
  const items: unknown[] = [];
  let isPlain = isSorted;
  for (const key of keys) {
    const item = record[key];
    const own = plain(item);
    isPlain &&= item !== undefined && own === item;
    items.push(own);
  }
  return isPlain ? record : recordWith(keys, items);
}

/** A record of keys and their values, without those that are not there. */
function recordWith(keys: readonly string[], items: readonly unknown[]): Readonly<Record<string, unknown>> {
  const record: Record<string, unknown> = {};
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i] ?? '';
    if (items[i] === undefined) continue;
    // Setting this one would set the prototype.
    if (key === '__proto__')
      Object.defineProperty(record, key, {
        value: items[i],
        enumerable: true,
        writable: true,
        configurable: true,
      });
    else record[key] = items[i];
  }
  return record;
}

/** The canonical text of a value: equal values have equal bytes. */
export function jsonOf(value: unknown): string {
  return JSON.stringify(plain(value));
}

/** A value to be told, which nobody changes: its canonical text is made once, when it is read. */
export function toldOf(value: unknown): Told {
  let text: string | undefined;
  return {
    value,
    get text() {
      text ??= jsonOf(value);
      return text;
    },
  };
}

/** A JSON value in which `plain` names the infinities, so that a file keeps them. */
export function recordOf(value: unknown): unknown {
  return plain(value);
}

/** The value that `recordOf` was given, typed arrays as lists, tables as objects; the very same one where no number has a name. */
export function valueOfRecord(record: unknown): unknown {
  if (typeof record !== 'object' || record === null) return record;
  if (Array.isArray(record)) {
    const list = record.map(valueOfRecord);
    return list.some((item, i) => item !== record[i]) ? list : record;
  }
  const entries = Object.entries(record);
  const [only] = entries;
  if (entries.length === 1 && only?.[0] === '$number') return Number(only[1]);
  let isSame = true;
  const values = entries.map(([key, item]): readonly [string, unknown] => {
    const own = valueOfRecord(item);
    isSame &&= own === item;
    return [key, own];
  });
  return isSame ? record : Object.fromEntries(values);
}
