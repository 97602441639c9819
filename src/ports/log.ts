/** Messages for the operator of the program, not for the depot. @module */

/** A log; `facts` must be JSON values without secrets. */
export interface Log {
  info(message: string, facts?: Readonly<Record<string, unknown>>): void;
  warn(message: string, facts?: Readonly<Record<string, unknown>>): void;
}
