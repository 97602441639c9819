/** Faults of an input document: where, what, which rule, and the way out. @module */

/** One fault of an input. `path` is written like `sessions[3].energyKwh`; `line` is 1-based where the source is a text. */
export interface Fault {
  readonly path: string;
  /** What was found there, as short JSON text; absent where nothing was found. */
  readonly value?: string;
  /** A stable name of the broken rule, in kebab-case. */
  readonly rule: string;
  /** What to do about it, one sentence. */
  readonly fix: string;
  readonly file?: string;
  readonly line?: number;
}

/** One line for people: file and line where known, path, value, rule, fix. */
export function describeFault(fault: Fault): string {
  const place =
    fault.file === undefined ? '' : `${fault.file}${fault.line === undefined ? '' : `:${fault.line}`}: `;
  const value = fault.value === undefined ? '' : ` = ${fault.value}`;
  return `${place}${fault.path === '' ? '(document)' : fault.path}${value}: ${fault.rule}: ${fault.fix}`;
}

/** Longest piece of a wrong value that a fault repeats. */
const valueTextMax = 80;

/** A value as short one-line text for a fault; control characters are escaped, long text is cut. */
export function faultValueOf(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'number') return String(value);
  const text = JSON.stringify(value) ?? typeof value;
  return text.length <= valueTextMax ? text : `${text.slice(0, valueTextMax)}...`;
}
