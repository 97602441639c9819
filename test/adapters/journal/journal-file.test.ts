import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { writeSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { JournalError, openJournalFile, type Disk, type JournalFile } from '#adapters/journal-file';

let folder = '';
let path = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'journal-'));
  path = join(folder, 'deep', 'engine.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function open(disk?: Disk): JournalFile {
  return openJournalFile({ path, durability: 'process', ...(disk === undefined ? {} : { disk }) });
}

function troubleOf(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    if (error instanceof JournalError) return error.trouble;
    throw error;
  }
  return undefined;
}

/** A journal of these records, closed; its bytes. */
function written(records: readonly unknown[]): Buffer {
  const journal = open();
  for (const record of records) journal.append(record);
  journal.close();
  return readFileSync(path);
}

const three = [{ at: 1, kind: 'started' }, { kind: 'tick', note: 'Ärger "quoted"\nline' }, [1, null, 'x']];

test('law: what is appended is read, in this process and the next', () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue(), { maxLength: 20 }), (records) => {
      rmSync(path, { force: true });
      const journal = open();
      for (const record of records) journal.append(record);
      const plain = JSON.parse(JSON.stringify(records)) as unknown;
      expect(journal.read()).toEqual(plain);
      journal.close();
      const again = open();
      expect(again.read()).toEqual(plain);
      expect([again.length, again.head, again.bytes]).toEqual([journal.length, journal.head, journal.bytes]);
      expect(again.tornBytes).toBe(0);
      again.close();
    }),
    { numRuns: 60 },
  );
});

test('each line is a JSON object whose hash follows from the line before', () => {
  const lines = written(three).toString('utf8').trimEnd().split('\n');
  let hash = createHash('sha256').update('voltherd journal 1').digest('hex');
  for (const [i, line] of lines.entries()) {
    hash = createHash('sha256')
      .update(`${hash}\n${JSON.stringify(three[i])}`)
      .digest('hex');
    expect(JSON.parse(line)).toEqual({ hash, record: three[i] });
  }
  expect(lines).toHaveLength(3);
});

test('a record is kept with its keys in order and what JSON has no word for by name', () => {
  const journal = open();
  journal.append({ kind: 'limit', at: 1, a: { limit: [Infinity, Float64Array.of(3)], left: undefined } });
  expect(journal.read()).toEqual([{ a: { limit: [{ $number: 'Infinity' }, [3]] }, at: 1, kind: 'limit' }]);
  expect(Object.keys(journal.read()[0] as object)).toEqual(['a', 'at', 'kind']);
  journal.close();
});

test('cut at any byte, the journal opens with the whole records before the cut and goes on from there', () => {
  const bytes = written(three);
  const ends = [...bytes.entries()].filter(([, byte]) => byte === 0x0a).map(([at]) => at + 1);
  for (let cut = 0; cut <= bytes.length; cut++) {
    writeFileSync(path, bytes.subarray(0, cut));
    const whole = ends.filter((end) => end <= cut).length;
    const journal = open();
    expect(journal.read()).toEqual(three.slice(0, whole));
    expect(journal.tornBytes).toBe(cut - (ends[whole - 1] ?? 0));
    journal.append('next');
    journal.close();
    expect(open().read()).toEqual([...three.slice(0, whole), 'next']);
  }
});

test('blocks that were never filled at the end count as torn', () => {
  const bytes = written(three);
  writeFileSync(path, Buffer.concat([bytes, Buffer.alloc(512)]));
  expect(open().read()).toEqual(three);
  const hole = Buffer.from(bytes);
  hole.fill(0, hole.length - 20, hole.length - 5);
  writeFileSync(path, hole);
  expect(open().read()).toEqual(three.slice(0, 2));
});

test('any flipped bit of a written line is an error that names the line', () => {
  const bytes = written(three);
  let line = 1;
  for (let at = 0; at < bytes.length; at++) {
    const flipped = Buffer.from(bytes);
    flipped[at] = (flipped[at] ?? 0) ^ 0x10;
    // The very last line feed: without it the line is as a cut write leaves it.
    const isLast = at === bytes.length - 1;
    writeFileSync(path, flipped);
    const trouble = troubleOf(open);
    if (isLast) expect(trouble).toBeUndefined();
    else expect(trouble).toEqual({ kind: 'broken-line', line });
    if (bytes[at] === 0x0a) line++;
  }
});

test.each([
  ['a line is missing', [0, 2], 2],
  ['two lines are swapped', [1, 0, 2], 1],
  ['a line stands twice', [0, 1, 1, 2], 3],
])('%s: an error names the place', (_, order, line) => {
  const lines = written(three)
    .toString('utf8')
    .split(/(?<=\n)/);
  writeFileSync(path, order.map((i) => lines[i]).join(''));
  expect(troubleOf(open)).toEqual({ kind: 'broken-line', line });
});

test('a snapshot replaces everything, and the journal goes on after it', () => {
  const journal = open();
  for (const record of three) journal.append(record);
  journal.compact({ state: 42 });
  journal.append('after');
  expect(journal.read()).toEqual([{ state: 42 }, 'after']);
  journal.close();
  expect(open().read()).toEqual([{ state: 42 }, 'after']);
  expect(readdirSync(join(folder, 'deep'))).toEqual(['engine.jsonl']);
});

test('equal records make equal heads and bytes', () => {
  const first = written(three);
  rmSync(path);
  expect(written(three).equals(first)).toBe(true);
});

describe('a disk that fails', () => {
  const fullAfter = (room: number): Disk => {
    let left = room;
    return {
      sync: () => {},
      write(fd, bytes, offset) {
        if (left === 0) throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
        const size = Math.min(left, 7, bytes.length - offset);
        left -= size;
        return writeSync(fd, bytes, offset, size);
      },
    };
  };

  test('full in the middle of a record: a named error, no half record, nothing more is taken', () => {
    const journal = open(fullAfter(250));
    journal.append(three[0]);
    const size = statSync(path).size;
    expect(troubleOf(() => journal.append(three[1]))).toBeUndefined();
    expect(troubleOf(() => journal.append({ long: 'x'.repeat(200) }))).toEqual({ kind: 'disk-full' });
    expect(statSync(path).size).toBeGreaterThan(size);
    expect(readFileSync(path, 'utf8').endsWith('}\n')).toBe(true);
    expect(troubleOf(() => journal.append('late'))).toEqual({ kind: 'unusable' });
    expect(open().read()).toEqual(three.slice(0, 2));
  });

  test('full while compacting: the old records stay', () => {
    written(three);
    const journal = open(fullAfter(30));
    expect(troubleOf(() => journal.compact({ state: 'much longer than thirty bytes' }))).toEqual({
      kind: 'disk-full',
    });
    expect(open().read()).toEqual(three);
    expect(readdirSync(join(folder, 'deep'))).toEqual(['engine.jsonl']);
  });

  test('a failed sync is not tried again: what the disk holds is unknown', () => {
    const journal = openJournalFile({
      path,
      durability: 'disk',
      disk: {
        write: (fd, bytes, offset) => writeSync(fd, bytes, offset),
        sync: () => {
          throw Object.assign(new Error('i/o'), { code: 'EIO' });
        },
      },
    });
    expect(troubleOf(() => journal.append(1))).toEqual({ kind: 'inaccessible', code: 'EIO' });
    expect(troubleOf(() => journal.append(2))).toEqual({ kind: 'unusable' });
  });

  test('every record is synced before append returns, and not at all where only the process counts', () => {
    const calls: string[] = [];
    const disk: Disk = {
      write(fd, bytes, offset) {
        calls.push('write');
        return writeSync(fd, bytes, offset);
      },
      sync: () => void calls.push('sync'),
    };
    const durable = openJournalFile({ path, durability: 'disk', disk });
    durable.append(1);
    durable.append(2);
    durable.close();
    expect(calls).toEqual(['write', 'sync', 'write', 'sync']);
    calls.length = 0;
    const fleeting = openJournalFile({ path, durability: 'process', disk });
    fleeting.append(3);
    expect(calls).toEqual(['write']);
  });
});

test('a second writer is found at the next record', () => {
  const journal = open();
  journal.append(1);
  appendFileSync(path, 'something\n');
  expect(troubleOf(() => journal.append(2))).toEqual({ kind: 'foreign-writer' });
});

test('a folder that cannot be made is named', () => {
  writeFileSync(join(folder, 'deep'), 'a file in the way');
  expect(troubleOf(open)).toEqual({ kind: 'inaccessible', code: 'EEXIST' });
});

test('a closed journal takes nothing', () => {
  const journal = open();
  journal.close();
  expect(troubleOf(() => journal.append(1))).toEqual({ kind: 'unusable' });
  expect(troubleOf(() => journal.read())).toEqual({ kind: 'unusable' });
});
