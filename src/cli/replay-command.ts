/** `replay`: a journal offline, through the same step as the night it tells of. @module */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { JournalError, readJournalFile } from '#adapters/journal-file';
import { partsOf } from '#adapters/journal-parts';
import { instantOfIso, isoOf } from '#domain/instant';
import type { Effect } from '#engine/effect';
import type { Input } from '#engine/input';
import { jsonOf } from '#engine/json';
import { replay, snapshotRecordOf } from '#engine/replay';
import type { State } from '#engine/state';
import { outboundLine } from './outbound-line.ts';
import { tableOf } from './table.ts';
import { complain, emit, InputFaults, paint } from './terminal.ts';

/** Options of `replay`. */
export interface ReplayOptions {
  /** ISO instant with its offset; parts that end before it are left out. */
  readonly since?: string;
  readonly json?: boolean;
}

/** The records of one file. @throws InputFaults */
function contentOf(file: string): ReturnType<typeof readJournalFile> {
  try {
    return readJournalFile(file);
  } catch (error) {
    if (!(error instanceof JournalError)) throw error;
    const { trouble } = error;
    const where =
      trouble.kind === 'broken-line'
        ? ` (line ${trouble.line})`
        : trouble.kind === 'inaccessible'
          ? ` (${trouble.code})`
          : '';
    const fix = `give a journal that run, serve or world has written, whole${where}`;
    throw new InputFaults([{ path: '', file, rule: trouble.kind, fix }]);
  }
}

/** The instant that a file begins at, where its first record is a snapshot. */
function snapshotAt([first]: readonly unknown[]): number | undefined {
  const record = first as { readonly kind?: unknown; readonly state?: { readonly now: number } } | undefined;
  return record?.kind === 'snapshot' ? record.state?.now : undefined;
}

/** The files of a journal from `since` on, oldest first. @throws InputFaults */
function filesOf(file: string, { since }: ReplayOptions): readonly string[] {
  const at = since === undefined ? undefined : instantOfIso(since);
  if (since !== undefined && at === undefined) {
    const fix = 'give an instant with its offset, as 2026-11-01T18:00:00Z';
    throw new InputFaults([{ path: '--since', value: JSON.stringify(since), rule: 'instant', fix }]);
  }
  if (!existsSync(file))
    throw new InputFaults([{ path: '', file, rule: 'no-file', fix: 'give the path of a journal' }]);
  const files = [...partsOf(file), file];
  if (at === undefined) return files;
  const from = files.findLastIndex((one) => (snapshotAt(contentOf(one).records) ?? Infinity) <= at);
  return files.slice(Math.max(from, 0));
}

/**
 * Steps through the files, each from its own snapshot, which must be what the records of the file before lead to.
 * @throws InputFaults
 */
function replayFiles(
  files: readonly string[],
  seen: (input: Input, effects: readonly Effect[]) => void,
): number {
  let before: State | undefined;
  let count = 0;
  for (const file of files) {
    const { records, tornBytes } = contentOf(file);
    if (tornBytes > 0) complain(`${file}: its last record is cut off, ${tornBytes} bytes are left out`);
    if (before !== undefined && snapshotAt(records) !== undefined) {
      const isSame = jsonOf(records[0]) === jsonOf(snapshotRecordOf(before));
      const fix =
        'the records before it lead elsewhere: replay with the version that wrote them, or with --since';
      if (!isSame) throw new InputFaults([{ path: '', file, rule: 'snapshot-differs', fix }]);
    }
    before = replay(records, seen);
    count += records.length;
  }
  return count;
}

/** What a replay has seen. */
interface Tally {
  readonly inputs: Map<string, number>;
  readonly effects: Map<string, number>;
  readonly lines: string[];
  readonly hash: ReturnType<typeof createHash>;
  first: Input | undefined;
  last: Input | undefined;
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

function note(tally: Tally, input: Input, effects: readonly Effect[]): void {
  tally.first ??= input;
  tally.last = input;
  count(tally.inputs, input.kind);
  for (const effect of effects) {
    count(tally.effects, effect.kind === 'publish' ? effect.tail : effect.kind);
    tally.hash.update(`${jsonOf(effect)}\n`);
    if (effect.kind !== 'publish') continue;
    const line = outboundLine(effect.tail, JSON.stringify(effect.payload));
    if (line !== undefined) tally.lines.push(`${isoOf(input.at)} ${line}`);
  }
}

function countsOf(title: string, counts: ReadonlyMap<string, number>): string {
  const rows = [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, n]) => [name, String(n)]);
  return tableOf([{ title }, { title: 'count', align: 'right' }], rows);
}

/** Replays a journal; equal journals give equal output. @throws InputFaults */
export async function replayJournal(file: string, options: ReplayOptions): Promise<void> {
  const files = filesOf(file, options);
  if (options.json === true) {
    let queue: Promise<void> = Promise.resolve();
    replayFiles(files, (input, effects) => {
      const line = `${jsonOf({ at: input.at, input: input.kind, effects })}\n`;
      queue = queue.then(() => emit(line));
    });
    return queue;
  }
  const tally: Tally = {
    inputs: new Map(),
    effects: new Map(),
    lines: [],
    hash: createHash('sha256'),
    first: undefined,
    last: undefined,
  };
  const records = replayFiles(files, (input, effects) => note(tally, input, effects));
  const { first, last } = tally;
  const span =
    first === undefined || last === undefined ? 'empty' : `${isoOf(first.at)} to ${isoOf(last.at)}`;
  const parts = files.length > 1 ? ` in ${files.length} parts` : '';
  return emit(
    `${paint('journal', 'bold')}  ${records} records${parts}, ${span}\n\n${tally.lines.map((line) => `${line}\n`).join('')}\n${countsOf('inputs', tally.inputs)}\n${countsOf('effects', tally.effects)}\n${paint('effects', 'bold')}  SHA-256 ${tally.hash.digest('hex')}\n`,
  );
}
