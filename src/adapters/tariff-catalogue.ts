/**
 * The bundled tariffs on disk, found beside the package whether it runs from its sources or from `dist`. What a document
 * means is not decided here.
 * @module
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { invariant } from '#domain/invariant';

/** The folder `tariffs/catalogue` of the package that this file belongs to. */
function catalogueFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    const candidate = join(folder, 'tariffs', 'catalogue');
    // `dist/tariffs` holds compiled code only: the index tells the real folder.
    if (existsSync(join(candidate, 'index.json'))) return candidate;
    const parent = dirname(folder);
    invariant(parent !== folder, 'the package holds its tariff catalogue', { from: import.meta.url });
    folder = parent;
  }
}

function jsonAt(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8')) as unknown;
}

/** Ids of all bundled tariffs. */
export function tariffIds(): readonly string[] {
  const index = jsonAt(join(catalogueFolder(), 'index.json'));
  const ids: unknown =
    typeof index === 'object' && index !== null ? Reflect.get(index, 'tariffs') : undefined;
  invariant(Array.isArray(ids), 'the catalogue index lists tariffs');
  return ids.filter((id) => typeof id === 'string');
}

/** The document of a bundled tariff as it is written; undefined where the catalogue has no such id. */
export function tariffDocument(id: string): unknown {
  return tariffIds().includes(id) ? jsonAt(join(catalogueFolder(), `${id}.json`)) : undefined;
}
