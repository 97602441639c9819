/** `replay`: a journal offline, through the same step as the night it tells of. @module */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { JournalError, openJournalFile } from '#adapters/journal-file';
import { isoOf } from '#domain/instant';
import type { Effect } from '#engine/effect';
import type { Input } from '#engine/input';
import { jsonOf } from '#engine/json';
import { replay } from '#engine/replay';
import { outboundLine } from './outbound-line.ts';
import { tableOf } from './table.ts';
import { emit, InputFaults, paint } from './terminal.ts';

/** Options of `replay`. */
export interface ReplayOptions {
  readonly json?: boolean;
}

function recordsOf(file: string): readonly unknown[] {
  const refuse = (rule: string, fix: string): never => {
    throw new InputFaults([{ path: '', file, rule, fix }]);
  };
  if (!existsSync(file)) return refuse('no-file', 'give the path of a journal');
  try {
    const journal = openJournalFile({ path: file, durability: 'process' });
    const records = journal.read();
    journal.close();
    return records;
  } catch (error) {
    if (!(error instanceof JournalError)) throw error;
    const { trouble } = error;
    const line = trouble.kind === 'broken-line' ? ` (line ${trouble.line})` : '';
    return refuse(trouble.kind, `give a journal that run or serve has written, whole${line}`);
  }
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
  const records = recordsOf(file);
  if (options.json === true) {
    let queue: Promise<void> = Promise.resolve();
    replay(records, (input, effects) => {
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
  replay(records, (input, effects) => note(tally, input, effects));
  const { first, last } = tally;
  const span =
    first === undefined || last === undefined ? 'empty' : `${isoOf(first.at)} to ${isoOf(last.at)}`;
  return emit(
    `${paint('journal', 'bold')}  ${records.length} records, ${span}\n\n${tally.lines.map((line) => `${line}\n`).join('')}\n${countsOf('inputs', tally.inputs)}\n${countsOf('effects', tally.effects)}\n${paint('effects', 'bold')}  SHA-256 ${tally.hash.digest('hex')}\n`,
  );
}
