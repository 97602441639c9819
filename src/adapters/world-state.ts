/** Where a long run of worlds stands, in a file, so that it goes on after a stop. @module */
import { accessSync, constants, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** What a run has come to. */
export interface WorldsState {
  /** What every seed is played with, as text; a run of other worlds does not go on here. */
  readonly choice: string;
  /** All seeds from `from` to before `next` have been played. */
  readonly from: number;
  readonly next: number;
  readonly worlds: number;
  readonly playedS: number;
  /** Seeds that broke a rule, with the rule and its sentence. */
  readonly broken: readonly { readonly seed: number; readonly rule: string; readonly text: string }[];
}

/** The state in a file; undefined where there is none. @throws where the file is not such a state */
export function readWorldsState(file: string): WorldsState | undefined {
  if (!existsSync(file)) return undefined;
  const state = JSON.parse(readFileSync(file, 'utf8')) as Partial<WorldsState>;
  const isState =
    typeof state.choice === 'string' && Number.isInteger(state.next) && Array.isArray(state.broken);
  if (!isState) throw new SyntaxError('not the state of a run of worlds');
  return state as WorldsState;
}

/** Puts a state in the place of the one before, whole or not at all. */
export function writeWorldsState(file: string, state: WorldsState): void {
  const fresh = `${file}.new`;
  writeFileSync(fresh, `${JSON.stringify(state)}\n`);
  renameSync(fresh, file);
}

/** Whether a state can be written to a file: it is put there from a new one beside it. */
export function mayWriteState(file: string): boolean {
  if (file === '') return false;
  try {
    accessSync(dirname(file), constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
