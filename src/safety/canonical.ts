/** One text for equal JSON values, whatever the order of their keys. @module */
import type { InstalledProfile } from '#ocpp/profile';

const known = new WeakMap<object, string>();

/** The canonical text of a JSON value: keys sorted, absent values left out. */
export function canonicalText(value: unknown): string {
  if (typeof value !== 'object' || value === null) return textOf(value);
  const seen = known.get(value);
  if (seen !== undefined) return seen;
  // Only what is asked for is kept in mind, not each part of it: a profile has dozens.
  const text = textOf(value);
  known.set(value, text);
  return text;
}

function textOf(value: unknown): string {
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  return Array.isArray(value) ? textOfList(value) : textOfRecord(value);
}

function textOfList(list: readonly unknown[]): string {
  let text = '';
  for (let i = 0; i < list.length; i++) text += i === 0 ? textOf(list[i]) : `,${textOf(list[i])}`;
  return `[${text}]`;
}

function textOfRecord(record: object): string {
  const fields = record as Readonly<Record<string, unknown>>;
  let text = '';
  for (const key of Object.keys(fields).sort()) {
    const item = fields[key];
    if (item !== undefined) text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${textOf(item)}`;
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
