/** The engine's memory across a crash: an append-only list of records. @module */

/**
 * A journal. A record is a value that never changes; it is kept as its canonical JSON text, and read as the value of that. A
 * torn last record is dropped when read, a broken one inside is an error.
 */
export interface Journal {
  /** Adds a record; it is on the disk when this returns. */
  append(record: unknown): void;
  /** All records from the first on, in order. */
  read(): readonly unknown[];
  /** Replaces everything by one snapshot record, atomically. */
  compact(snapshot: unknown): void;
  close(): void;
}
