/** A journal in memory that takes the engine's process down before or after a chosen record. @module */
import { invariant } from '#domain/invariant';
import { jsonOf } from '#engine/json';
import type { Journal } from '#ports/journal';
import type { WorldEvent } from './world-plan.ts';

/** The process of the engine is gone. */
export class EngineDeath extends Error {
  readonly crash: Crash;

  constructor(crash: Crash) {
    super('the engine was killed');
    this.name = 'EngineDeath';
    this.crash = crash;
  }
}

type Crash = Extract<WorldEvent, { kind: 'crash' }>;

/** The journal of one engine over all its processes. */
export interface CrashingJournal {
  open(): Journal;
  /** Every record since the journal began or was lost, those included that a snapshot has replaced, as from a disk. */
  kept(): readonly unknown[];
  /** Records that were appended, over all processes. */
  count(): number;
  /** A message is to leave: where the engine dies amid those of a record, this may be where. @throws EngineDeath */
  leaves(): void;
}

/**
 * A journal that begins with `first`. Records are made into text and back when they
 * are read, as on a disk. A crash whose
 * record comes when `mayCrash` no longer holds does not happen: by then everything is to heal.
 * Where nobody asks for it at the end a record is kept only as long as a crash may ask for it.
 */
export function createCrashingJournal(
  first: readonly unknown[],
  crashes: readonly Crash[],
  mayCrash: () => boolean,
  now: () => number,
  isAsked: 'at the end' | 'after crashes' = 'at the end',
): CrashingJournal {
  const records: unknown[] = [...first];
  const all: unknown[] = [...first];
  const keepsAll = isAsked === 'at the end';
  const keepsLast = keepsAll || crashes.length > 0;
  const due = new Map(crashes.map((crash) => [crash.record, crash]));
  let count = 0;
  let amid: { readonly crash: Crash; left: number } | undefined;
  let full: { readonly crash: Crash; readonly untilS: number } | undefined;
  const die = (crash: Crash): never => {
    amid = undefined;
    throw new EngineDeath(crash);
  };
  const read = (from: readonly unknown[]): readonly unknown[] =>
    from.map((record): unknown => JSON.parse(jsonOf(record)));
  const append = (record: unknown): void => {
    // All that followed from the record before has left.
    if (amid !== undefined && mayCrash()) die(amid.crash);
    if (full !== undefined && now() < full.untilS && mayCrash()) die(full.crash);
    count++;
    const crash = mayCrash() ? due.get(count) : undefined;
    if (crash?.fullS !== undefined) full = { crash, untilS: now() + crash.fullS };
    if (crash?.when !== 'before') {
      if (keepsLast) records.push(record);
      if (keepsAll) all.push(record);
    }
    if (crash?.losesJournal === true) for (const list of [records, all]) list.length = 0;
    if (crash?.when === 'amid') amid = { crash, left: crash.effects ?? 0 };
    else if (crash !== undefined) die(crash);
  };
  return {
    open: () => ({
      append,
      read: () => read(records),
      compact: (snapshot) => {
        records.splice(0, records.length, snapshot);
      },
      close: () => undefined,
    }),
    kept: () => {
      invariant(keepsAll, 'a journal is asked for what it was to keep');
      return read(all);
    },
    count: () => count,
    leaves: () => {
      if (amid === undefined || !mayCrash()) return;
      if (amid.left === 0) die(amid.crash);
      amid.left--;
    },
  };
}
