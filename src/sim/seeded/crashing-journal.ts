/** A journal in memory that takes the engine's process down before or after a chosen record. @module */
import type { Journal } from '#ports/journal';
import type { WorldEvent } from './world-plan.ts';

/** The process of the engine is gone. */
export class EngineDeath extends Error {
  readonly downS: number;

  constructor(downS: number) {
    super('the engine was killed');
    this.name = 'EngineDeath';
    this.downS = downS;
  }
}

type Crash = Extract<WorldEvent, { kind: 'crash' }>;

/** The journal of one engine over all its processes. */
export interface CrashingJournal {
  open(): Journal;
  /** Every record that was kept, as text. */
  texts(): readonly string[];
  /** Records that were appended, over all processes. */
  count(): number;
}

/** A journal that begins with `first`; `seen` is told every record that was kept. */
export function createCrashingJournal(
  first: readonly unknown[],
  crashes: readonly Crash[],
  seen: (text: string) => void,
): CrashingJournal {
  const texts: string[] = first.map((record) => JSON.stringify(record));
  const due = new Map(crashes.map((crash) => [crash.record, crash]));
  let count = 0;
  const append = (record: unknown): void => {
    count++;
    const crash = due.get(count);
    if (crash?.when === 'before') throw new EngineDeath(crash.downS);
    const text = JSON.stringify(record);
    texts.push(text);
    seen(text);
    if (crash !== undefined) throw new EngineDeath(crash.downS);
  };
  return {
    open: () => ({
      append,
      read: () => texts.map((text): unknown => JSON.parse(text)),
      compact: (snapshot) => {
        texts.splice(0, texts.length, JSON.stringify(snapshot));
      },
      close: () => undefined,
    }),
    texts: () => texts,
    count: () => count,
  };
}
