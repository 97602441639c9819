/** What importers hand back: a checked tariff and what of the source it does not hold. @module */
import type { Fault } from '#domain/fault';
import type { Result } from '#domain/result';
import type { Loss } from '../bill-form.ts';
import { parseTariff } from '../parse-tariff.ts';
import type { Tariff, TariffDocument } from '../tariff.ts';

/** A tariff made of a foreign document. */
export interface Imported {
  readonly tariff: Tariff;
  readonly losses: readonly Loss[];
}

/** A text as an id: lower case, other signs as `-`. */
export function slugOf(text: string): string {
  const slug = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 70);
  return slug === '' ? 'imported' : slug;
}

/** The checked tariff of a document that an importer made. */
export function importedOf(
  document: TariffDocument,
  losses: readonly Loss[],
): Result<Imported, readonly Fault[]> {
  const tariff = parseTariff(document);
  return tariff.ok ? { ok: true, value: { tariff: tariff.value, losses } } : tariff;
}
