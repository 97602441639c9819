/** What happens, as JSON lines on standard output. @module */
import { emit } from './terminal.ts';

/** Tells one event; `at` is the clock of this machine. */
export type TellEvent = (event: string, facts: Readonly<Record<string, unknown>>) => void;

/** A teller that writes one JSON object per line: `{"at":...,"event":...}` and the facts. */
export function jsonLines(): TellEvent {
  return (event, facts) =>
    void emit(`${JSON.stringify({ at: new Date().toISOString(), event, ...facts })}\n`);
}
