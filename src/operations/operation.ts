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

/** The working part of an operation, loaded when it is first used. */
export interface OperationBody {
  readonly input: z.ZodType;
  readonly output: z.ZodType;
  /** Gets the document as it was read; faults come back as values with their paths. */
  handle(document: unknown, context: OperationContext): Promise<Result<unknown, readonly Fault[]>>;
}

/** One entry of the catalogue. */
export interface Operation {
  /** One word, or two for a family: `bill`, `tariff import`. */
  readonly name: string;
  /** One sentence in the present tense. */
  readonly summary: string;
  /** A document that works as it stands. */
  readonly example: unknown;
  load(): Promise<OperationBody>;
}
