/**
 * Sets of sessions that limited each other in the last answer of the solver. The next solve begins from them, so they are
 * journalled with the answer: what a solve finds follows from the state alone, whichever thread or process it runs in.
 * @module
 */
import type { DepotProblem, WarmStart } from '#solver/problem';
import { limitingSetsMax } from './limits.ts';

/** Sessions per digit of a set. */
const perDigit = 4;

/** Sets over the visits of one solve. */
export interface LimitingSets {
  readonly visitIds: readonly string[];
  /** Each set as hexadecimal digits: four visits to the digit, the first of them its lowest bit. */
  readonly marks: readonly string[];
}

/** The sets of `warm` as marks over the sessions of `problem`; undefined where there are none. */
export function marksOf(problem: DepotProblem, warm: WarmStart | undefined): readonly string[] | undefined {
  if (warm === undefined || warm.sets.length === 0) return undefined;
  const indexOf = new Map(problem.sessions.map(({ id }, s) => [id, s] as const));
  return warm.sets.slice(0, limitingSetsMax).map((ids) => {
    const digits = new Uint8Array(Math.ceil(problem.sessions.length / perDigit));
    for (const id of ids) {
      const s = indexOf.get(id);
      if (s === undefined) continue;
      const at = Math.floor(s / perDigit);
      digits[at] = (digits[at] ?? 0) | (1 << (s % perDigit));
    }
    return Array.from(digits, (digit) => digit.toString(16)).join('');
  });
}

/** Marks with the visits that they stand for; undefined where there are none. */
export function limitingSetsOf(
  visitIds: readonly string[],
  marks: readonly string[] | undefined,
): LimitingSets | undefined {
  return marks === undefined ? undefined : { visitIds, marks };
}

/** What a solve begins from; undefined where the last answer left nothing. */
export function warmStartFrom(limiting: LimitingSets | undefined): WarmStart | undefined {
  if (limiting === undefined) return undefined;
  const { visitIds, marks } = limiting;
  const sets = marks.map((digits) =>
    visitIds.filter((_, s) => {
      const digit = Number.parseInt(digits[Math.floor(s / perDigit)] ?? '0', 16);
      return (digit & (1 << (s % perDigit))) !== 0;
    }),
  );
  return { sets, advanced: 0 };
}
