/** One text for equal JSON values, whatever the order of their keys. @module */
import type { InstalledProfile } from '#ocpp/profile';

const known = new WeakMap<object, string>();

/** The canonical text of a JSON value: keys sorted, absent values left out. */
export function canonicalText(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const seen = known.get(value);
  if (seen !== undefined) return seen;
  const text = Array.isArray(value) ? `[${value.map(canonicalText).join(',')}]` : textOfRecord(value);
  known.set(value, text);
  return text;
}

function textOfRecord(record: object): string {
  const fields: Readonly<Record<string, unknown>> = { ...record };
  let text = '';
  for (const key of Object.keys(fields).sort()) {
    const item = fields[key];
    if (item !== undefined) text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${canonicalText(item)}`;
  }
  return `{${text}}`;
}

/** Profiles in canonical order. */
export function inOrder(installed: readonly InstalledProfile[]): readonly InstalledProfile[] {
  return installed.toSorted(
    (a, b) =>
      a.evseId - b.evseId ||
      compareText(a.profile.purpose, b.profile.purpose) ||
      a.profile.stackLevel - b.profile.stackLevel ||
      a.profile.id - b.profile.id,
  );
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
