/** Broken assumptions of ours: thrown, never handled below the command line. @module */

/** A promise of this program to itself that did not hold; chargers fall back to their floors. */
export class InvariantError extends Error {
  readonly facts: Readonly<Record<string, unknown>>;

  constructor(message: string, facts: Readonly<Record<string, unknown>>) {
    super(`${message} ${JSON.stringify(facts)}`);
    this.name = 'InvariantError';
    this.facts = facts;
  }
}

/** Guarantees `condition` to all code after it. @throws InvariantError with the facts attached. */
export function invariant(
  condition: boolean,
  message: string,
  facts: Readonly<Record<string, unknown>> = {},
): asserts condition {
  if (!condition) throw new InvariantError(message, facts);
}

/** Marks a branch that the types rule out. @throws InvariantError always. */
export function unreachable(value: never, message = 'unreachable'): never {
  throw new InvariantError(message, { value });
}
