/**
 * The past of a journal: when a snapshot replaces its records, they move into a folder beside it instead of being lost.
 *
 *     depot.jsonl                    the records since the last snapshot, which is its first line
 *     depot.jsonl.parts/000001.jsonl what came before it, oldest first; each a whole journal of its own
 *
 * @module
 */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Bytes of parts that are kept: some months of a depot of 44 connectors, which writes about 10 MB a night. */
export const journalPartsBytesMax = 1_073_741_824;

/** Digits of a part's number. */
const digits = 6;
const partName = new RegExp(`^\\d{${digits},}\\.jsonl$`);

/** The folder of the parts of the journal at `path`. */
export function partsFolderOf(path: string): string {
  return `${path}.parts`;
}

/** The files of the parts, oldest first; none where the journal never had a snapshot. */
export function partsOf(path: string): readonly string[] {
  const folder = partsFolderOf(path);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => partName.test(name))
    .toSorted((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10))
    .map((name) => join(folder, name));
}

/** Makes the journal file its newest part. */
export function keepAsPart(path: string): void {
  const folder = partsFolderOf(path);
  mkdirSync(folder, { recursive: true });
  const last = partsOf(path).at(-1);
  const number = last === undefined ? 1 : Number.parseInt(last.slice(folder.length + 1), 10) + 1;
  renameSync(path, join(folder, `${String(number).padStart(digits, '0')}.jsonl`));
}

/** Removes the oldest parts until all together have at most `bytesMax` bytes. */
export function dropOldParts(path: string, bytesMax: number): void {
  const parts = partsOf(path).map((file) => ({ file, bytes: statSync(file).size }));
  let bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
  for (const part of parts) {
    if (bytes <= bytesMax) return;
    rmSync(part.file);
    bytes -= part.bytes;
  }
}
