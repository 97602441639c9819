/**
 * The journal on a disk: one record a line, each with the hash of the line before it, so that a missing, changed or
 * foreign line is found. Only the last line can be torn by a crash, and it was never acted upon.
 *
 *     {"hash":"<sha256(previous hash + "\n" + record text)>","record":<JSON>}
 *
 * @module
 */
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { invariant } from '#domain/invariant';
import { jsonOf } from '#engine/json';
import type { Journal } from '#ports/journal';
import { dropOldParts, keepAsPart, partsFolderOf } from './journal-parts.ts';

/** What can be wrong with a journal. */
export type JournalTrouble =
  /** A line inside the file is not what was written. Put a copy back, or start anew after reading back every charger. */
  | { readonly kind: 'broken-line'; readonly line: number }
  /** No room left. Nothing of the record stays in the file; free some and start again. */
  | { readonly kind: 'disk-full' }
  /** Something else writes to the file. */
  | { readonly kind: 'foreign-writer' }
  /** The journal failed before or was closed; it takes nothing more. */
  | { readonly kind: 'unusable' }
  /** The file or its folder cannot be read or written. */
  | { readonly kind: 'inaccessible'; readonly code: string };

/** A journal that cannot be trusted to remember; the process must not act any more. */
export class JournalError extends Error {
  readonly trouble: JournalTrouble;

  constructor(path: string, trouble: JournalTrouble, cause?: unknown) {
    const where = trouble.kind === 'broken-line' ? `${path}:${trouble.line}` : path;
    super(`${where}: journal ${trouble.kind}`, { cause });
    this.name = 'JournalError';
    this.trouble = trouble;
  }
}

/** How a journal file is kept. */
export interface JournalFileOptions {
  readonly path: string;
  /**
   * `disk`: a record outlives a power cut once `append` has returned. `process`: it outlives the end of the process
   * only, for runs on a virtual clock.
   */
  readonly durability: 'disk' | 'process';
  /**
   * Bytes of records that stay in parts beside the file once a snapshot has replaced them, oldest dropped first
   * (`journal-parts.ts`); 0 or absent: none stay.
   */
  readonly partsBytesMax?: number;
  /** How bytes reach the disk; for tests of disks that fail. */
  readonly disk?: Disk;
}

/** The two calls whose failure a journal must survive. */
export interface Disk {
  /** Writes some of the bytes from `offset` on and returns how many. */
  write(fd: number, bytes: Uint8Array, offset: number): number;
  sync(fd: number): void;
}

const realDisk: Disk = { write: (fd, bytes, offset) => writeSync(fd, bytes, offset), sync: fdatasyncSync };

/** A journal with its fingerprint. */
export interface JournalFile extends Journal {
  /** Records and bytes in the file. */
  readonly length: number;
  readonly bytes: number;
  /** Hash of the last line: equal for two journals exactly if all their records are equal. */
  readonly head: string;
  /** Bytes of a torn last record that were dropped when the file was opened; 0 for a clean end. */
  readonly tornBytes: number;
}

function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

/** The hash before the first line; names the format. */
const genesis = sha256('voltherd journal 1');

const lineStart = '{"hash":"';
const lineMiddle = '","record":';
const hashLength = 64;
const recordOffset = lineStart.length + hashLength + lineMiddle.length;

function lineOf(previous: string, record: unknown): { text: string; hash: string } {
  const json = jsonOf(record);
  invariant(json !== undefined, 'a journal record is a JSON value');
  const hash = sha256(`${previous}\n${json}`);
  return { text: `${lineStart}${hash}${lineMiddle}${json}}\n`, hash };
}

/** The hash of a line and the text of its record; undefined where the line is not the one after `previous`. */
function openLine(line: string, previous: string): { hash: string; json: string } | undefined {
  const hash = line.slice(lineStart.length, lineStart.length + hashLength);
  const json = line.slice(recordOffset, -1);
  if (line !== `${lineStart}${hash}${lineMiddle}${json}}`) return undefined;
  return sha256(`${previous}\n${json}`) === hash ? { hash, json } : undefined;
}

interface Content {
  readonly records: readonly unknown[];
  readonly head: string;
  /** Length of the whole lines. */
  readonly bytes: number;
  readonly tornBytes: number;
}

/** True for an end that a cut write leaves: no line feed, or blocks that were never filled. */
function isTorn(bytes: Buffer, from: number, to: number): boolean {
  return to === bytes.length ? true : to === bytes.length - 1 && bytes.subarray(from, to).includes(0);
}

function contentOf(path: string, bytes: Buffer): Content {
  const records: unknown[] = [];
  let head = genesis;
  let from = 0;
  while (from < bytes.length) {
    const feed = bytes.indexOf(0x0a, from);
    const to = feed < 0 ? bytes.length : feed;
    const line = feed < 0 ? undefined : openLine(bytes.toString('utf8', from, to), head);
    if (line === undefined) {
      if (isTorn(bytes, from, to)) break;
      throw new JournalError(path, { kind: 'broken-line', line: records.length + 1 });
    }
    records.push(JSON.parse(line.json));
    head = line.hash;
    from = to + 1;
  }
  return { records, head, bytes: from, tornBytes: bytes.length - from };
}

class FileJournal implements JournalFile {
  readonly #options: JournalFileOptions;
  readonly #disk: Disk;
  /** Undefined after a failure and after `close`. */
  #fd: number | undefined;
  length = 0;
  bytes = 0;
  head: string = genesis;
  tornBytes = 0;

  constructor(options: JournalFileOptions) {
    this.#options = options;
    this.#disk = options.disk ?? realDisk;
    this.#attempt(() => {
      mkdirSync(dirname(options.path), { recursive: true });
      this.#finishCompaction();
      const fd = openSync(options.path, 'a+');
      this.#fd = fd;
      const content = contentOf(options.path, readFileSync(fd));
      if (content.tornBytes > 0) {
        ftruncateSync(fd, content.bytes);
        this.#sync(fd);
      }
      this.#syncFolder();
      this.bytes = content.bytes;
      this.length = content.records.length;
      this.head = content.head;
      this.tornBytes = content.tornBytes;
    });
  }

  append(record: unknown): void {
    const { text, hash } = lineOf(this.head, record);
    const fd = this.#openFd();
    this.#attempt(() => {
      if (fstatSync(fd).size !== this.bytes) throw this.#error({ kind: 'foreign-writer' });
      const written = this.#write(fd, text);
      this.#sync(fd);
      this.bytes += written;
      this.length++;
      this.head = hash;
    });
  }

  read(): readonly unknown[] {
    this.#openFd();
    return this.#attempt(() => contentOf(this.#options.path, readFileSync(this.#options.path)).records);
  }

  compact(snapshot: unknown): void {
    const { text, hash } = lineOf(genesis, snapshot);
    const old = this.#openFd();
    this.#attempt(() => {
      const fd = openSync(this.#newPath(), 'ax');
      try {
        this.bytes = this.#write(fd, text);
        this.#sync(fd);
      } finally {
        closeSync(fd);
      }
      const { path, partsBytesMax = 0 } = this.#options;
      if (partsBytesMax > 0) {
        keepAsPart(path);
        this.#syncFolder(partsFolderOf(path));
      }
      renameSync(this.#newPath(), path);
      this.#syncFolder();
      closeSync(old);
      this.#fd = openSync(path, 'a+');
      this.length = 1;
      this.head = hash;
      if (partsBytesMax > 0) dropOldParts(path, partsBytesMax);
    });
  }

  /** A snapshot that was whole when the process ended takes its place; one that may not be is dropped: the records are there. */
  #finishCompaction(): void {
    const { path } = this.#options;
    if (!existsSync(path) && existsSync(this.#newPath())) renameSync(this.#newPath(), path);
    rmSync(this.#newPath(), { force: true });
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  #newPath(): string {
    return `${this.#options.path}.new`;
  }

  #error(trouble: JournalTrouble, cause?: unknown): JournalError {
    return new JournalError(this.#options.path, trouble, cause);
  }

  #openFd(): number {
    if (this.#fd === undefined) throw this.#error({ kind: 'unusable' });
    return this.#fd;
  }

  /** Runs a step; after any failure the journal takes nothing more: what the disk holds is not known. */
  #attempt<T>(step: () => T): T {
    try {
      return step();
    } catch (error) {
      this.close();
      if (error instanceof JournalError) throw error;
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
      const isFull = code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG';
      throw this.#error(isFull ? { kind: 'disk-full' } : { kind: 'inaccessible', code }, error);
    }
  }

  /** Writes a whole text and returns its length in bytes; where that fails nothing of it stays. */
  #write(fd: number, text: string): number {
    const bytes = Buffer.from(text, 'utf8');
    const before = fstatSync(fd).size;
    try {
      let written = 0;
      while (written < bytes.length) written += this.#disk.write(fd, bytes, written);
    } catch (error) {
      ftruncateSync(fd, before);
      throw error;
    }
    return bytes.length;
  }

  #sync(fd: number): void {
    if (this.#options.durability === 'disk') this.#disk.sync(fd);
  }

  /** A file is only found after a power cut if its folder was written too. */
  #syncFolder(folder: string = dirname(this.#options.path)): void {
    if (this.#options.durability !== 'disk') return;
    const fd = openSync(folder, 'r');
    try {
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  }
}

/**
 * The records of a journal that something else may be writing, and the bytes of a torn last one, which is left out. Nothing is
 * changed. @throws JournalError
 */
export function readJournalFile(path: string): Pick<Content, 'records' | 'tornBytes'> {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    throw new JournalError(path, { kind: 'inaccessible', code }, error);
  }
  return contentOf(path, bytes);
}

/** Opens or creates a journal; a torn last record is dropped. @throws JournalError for any other damage. */
export function openJournalFile(options: JournalFileOptions): JournalFile {
  return new FileJournal(options);
}
