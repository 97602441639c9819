/** Answers of pure operations for people. @module */
import { outlineOf } from './table.ts';

/** The text that people see without `--json`. */
export function presentationOf(_name: string, answer: unknown): string {
  return outlineOf(answer);
}
