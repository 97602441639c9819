/** How a simulated station reads the JSON of its peer: a field of the wanted type or nothing. @module */
import { instantOfIso } from '#domain/instant';
import type { EpochS } from '#domain/units';

/** A JSON object. */
export type JsonRecord = Readonly<Record<string, unknown>>;

/** The value as an object; undefined for anything else. */
export function recordOf(value: unknown): JsonRecord | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as JsonRecord)
    : undefined;
}

/** The objects of a list; empty for anything else. */
export function recordsOf(value: unknown): readonly JsonRecord[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((item: unknown) => {
    const record = recordOf(item);
    return record === undefined ? [] : [record];
  });
}

/** The field as text. */
export function textAt(record: JsonRecord | undefined, key: string): string | undefined {
  const value = record?.[key];
  return typeof value === 'string' ? value : undefined;
}

/** The field as a finite number. */
export function numberAt(record: JsonRecord | undefined, key: string): number | undefined {
  const value = record?.[key];
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

/** The field as an instant. */
export function instantAt(record: JsonRecord | undefined, key: string): EpochS | undefined {
  const text = textAt(record, key);
  return text === undefined ? undefined : instantOfIso(text);
}
