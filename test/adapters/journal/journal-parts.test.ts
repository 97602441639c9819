/** A snapshot replaces the records of a journal file; with parts they stay beside it, within a bound. */
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openJournalFile, readJournalFile, type JournalFile } from '#adapters/journal-file';
import { partsFolderOf, partsOf } from '#adapters/journal-parts';

let folder = '';
let path = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parts-'));
  path = join(folder, 'depot.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function open(partsBytesMax = 1_000_000): JournalFile {
  return openJournalFile({ path, durability: 'disk', partsBytesMax });
}

/** A journal of `snapshots` parts of three records each, and a last record; left open. */
function grown(snapshots: number, partsBytesMax?: number): JournalFile {
  const journal = open(partsBytesMax);
  for (let part = 1; part <= snapshots; part++) {
    journal.append(`${part}a`);
    journal.append(`${part}b`);
    journal.compact({ snapshot: part });
  }
  journal.append('last');
  return journal;
}

const allRecords = (): unknown[] => [...partsOf(path), path].map((file) => readJournalFile(file).records);

test('what a snapshot replaces stays in numbered parts, each a whole journal', () => {
  grown(3).close();
  expect(readdirSync(partsFolderOf(path)).toSorted()).toEqual([
    '000001.jsonl',
    '000002.jsonl',
    '000003.jsonl',
  ]);
  expect(allRecords()).toEqual([
    ['1a', '1b'],
    [{ snapshot: 1 }, '2a', '2b'],
    [{ snapshot: 2 }, '3a', '3b'],
    [{ snapshot: 3 }, 'last'],
  ]);
  expect(readdirSync(folder).toSorted()).toEqual(['depot.jsonl', 'depot.jsonl.parts']);
});

test('the journal that goes on has the snapshot and what came after it, in the next process too', () => {
  const journal = grown(2);
  expect(journal.read()).toEqual([{ snapshot: 2 }, 'last']);
  journal.close();
  const again = open();
  expect(again.read()).toEqual([{ snapshot: 2 }, 'last']);
  again.compact({ snapshot: 3 });
  again.close();
  expect(partsOf(path).map((file) => file.slice(-12))).toEqual([
    '000001.jsonl',
    '000002.jsonl',
    '000003.jsonl',
  ]);
});

test('the oldest parts go first where all have more bytes than the bound', () => {
  grown(1).close();
  const one = statSync(partsOf(path)[0] ?? '').size;
  rmSync(path);
  rmSync(partsFolderOf(path), { recursive: true });
  grown(9, 5 * one).close();
  const left = partsOf(path);
  const bytes = left.reduce((sum, file) => sum + statSync(file).size, 0);
  expect(left.at(-1)).toMatch(/000009\.jsonl$/);
  expect(left.length).toBeGreaterThan(1);
  expect(bytes).toBeLessThanOrEqual(5 * one);
  const oldest = Number(left[0]?.slice(-12, -6));
  expect(left.length).toBe(9 - oldest + 1);
});

test('without a bound for them there are no parts', () => {
  const journal = openJournalFile({ path, durability: 'process' });
  journal.append(1);
  journal.compact({ snapshot: 1 });
  journal.close();
  expect(readdirSync(folder)).toEqual(['depot.jsonl']);
});

test('a process that ends between the two renames has lost nothing', () => {
  grown(1).close();
  const part = join(partsFolderOf(path), '000002.jsonl');
  // As `compact` leaves it there: the new file is whole, the old one is a part already.
  writeFileSync(`${path}.new`, readFileSync(partsOf(path)[0] ?? ''));
  renameSync(path, part);
  const journal = open();
  expect(journal.read()).toEqual(['1a', '1b']);
  journal.append('on');
  journal.close();
  expect(readdirSync(folder).toSorted()).toEqual(['depot.jsonl', 'depot.jsonl.parts']);
});

test('a snapshot that was not whole when the process ended is dropped', () => {
  grown(1).close();
  writeFileSync(`${path}.new`, '{"hash":"12');
  expect(open().read()).toEqual([{ snapshot: 1 }, 'last']);
  expect(readdirSync(folder).toSorted()).toEqual(['depot.jsonl', 'depot.jsonl.parts']);
});

test('reading a journal that another process writes changes nothing', () => {
  grown(1).close();
  writeFileSync(`${path}.new`, 'half');
  const torn = Buffer.concat([readFileSync(path), Buffer.from('{"hash":"12')]);
  writeFileSync(path, torn);
  expect(readJournalFile(path).records).toEqual([{ snapshot: 1 }, 'last']);
  expect(readFileSync(path).equals(torn)).toBe(true);
  expect(readFileSync(`${path}.new`, 'utf8')).toBe('half');
});

test('other files in the folder of the parts are left alone', () => {
  const journal = grown(1);
  const note = join(partsFolderOf(path), 'note.txt');
  writeFileSync(note, 'mine');
  journal.compact({ snapshot: 2 });
  journal.close();
  expect(readFileSync(note, 'utf8')).toBe('mine');
  expect(partsOf(path)).toHaveLength(2);
});
