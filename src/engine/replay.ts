/** A journal read again: the same inputs give the same state and the same effects, byte for byte. @module */
import { fnv1a } from '#domain/prng';
import { invariant } from '#domain/invariant';
import type { Input } from './input.ts';
import { jsonOf, recordOf, valueOfRecord } from './json.ts';
import type { Effect } from './effect.ts';
import { stateOfJson, type State, type StateAsJson } from './state.ts';
import { step } from './step.ts';

/** A record that stands for all inputs before it. */
interface Snapshot {
  readonly kind: 'snapshot';
  readonly state: StateAsJson;
}

/** The record that a snapshot is kept as. */
export function snapshotRecordOf(state: State): unknown {
  return recordOf({ kind: 'snapshot', state });
}

/** Steps through the records of a journal; `seen` is told the effects of each input. */
export function replay(
  records: readonly unknown[],
  seen?: (input: Input, effects: readonly Effect[]) => void,
): State | undefined {
  let state: State | undefined;
  for (const record of records) {
    const entry = valueOfRecord(record) as Input | Snapshot;
    invariant(typeof entry === 'object' && entry !== null && 'kind' in entry, 'a record has a kind');
    if (entry.kind === 'snapshot') {
      state = stateOfJson(entry.state);
      continue;
    }
    const [next, effects] = step(state, entry);
    state = next;
    seen?.(entry, effects);
  }
  return state;
}

/** Every effect that a journal leads to, one canonical JSON text each. */
export function effectsOf(records: readonly unknown[]): readonly string[] {
  const lines: string[] = [];
  replay(records, (_, effects) => lines.push(...effects.map(jsonOf)));
  return lines;
}

/** A short name of a list of texts; equal lists have equal names. */
export function hashOf(lines: readonly string[]): string {
  let hash = '';
  for (const line of lines) hash = `${fnv1a(hash + line).toString(16)}-${fnv1a(line + hash).toString(16)}`;
  return hash;
}
