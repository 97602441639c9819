/** The form of one ability of this program, the same behind every door. @module */
import type { Fault } from '#domain/fault';
import type { Result } from '#domain/result';
import type { z } from 'zod';

/** What a handler may need beside its input. */
export interface OperationContext {
  /** The instant in seconds since 1970 that stands where a document does not say `now`; pure layers have no clock. */
  readonly nowS: number;
  /** Milliseconds of a clock that only runs forwards, for timings. */
  readonly nowMs: () => number;
  /** The bundled tariff of an id; undefined where there is none. Pure layers read no files. */
  readonly tariffDocument: (id: string) => unknown;
  /** Ids of all bundled tariffs. */
  readonly tariffIds: () => readonly string[];
}

/** What goes into an operation and what comes out. */
export interface OperationForm {
  readonly input: z.ZodType;
  readonly output: z.ZodType;
}

/** The working part of an operation, loaded when it is first used. */
export interface OperationBody extends OperationForm {
  /** Gets the document as it was read; faults come back as values with their paths. */
  handle(document: unknown, context: OperationContext): Promise<Result<unknown, readonly Fault[]>>;
}

/** What every entry of the catalogue tells of itself. */
interface Entry {
  /** One word, or two for a family: `bill`, `tariff import`. */
  readonly name: string;
  /** One sentence in the present tense. */
  readonly summary: string;
  /** A document that works as it stands. */
  readonly example: unknown;
}

/** One entry of the catalogue. */
export interface Operation extends Entry {
  load(): Promise<OperationBody>;
}

/**
 * An entry that needs sockets, files or the clock. Its form stands here; the program that owns those things works it.
 * `output` is the form of the result, or of each line where the operation goes on until it is stopped.
 */
export interface LiveOperation extends Entry {
  load(): Promise<OperationForm>;
}
