/** Standard streams, colours and the exit codes, in one place. @module */
import { describeFault, type Fault } from '#domain/fault';

/** 0 a result, 1 a failure of ours, 2 a fault of the input, 3 an expectation of a scenario that did not hold. */
export const exitCodes = { result: 0, ours: 1, input: 2, expectation: 3 } as const;

/** Faults of the input as an exception on the way to the one handler in `main.ts`. */
export class InputFaults extends Error {
  readonly faults: readonly Fault[];

  constructor(faults: readonly Fault[]) {
    super('faults of the input');
    this.name = 'InputFaults';
    this.faults = faults;
  }
}

/** Text that a terminal shows as it is: control characters are written as escapes, line breaks kept. */
export function printable(text: string): string {
  return text.replace(
    /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Writes to standard output and waits until it is taken, so that a slow reader is not drowned. */
export async function emit(text: string): Promise<void> {
  if (process.stdout.write(text)) return;
  await new Promise<void>((resolve) => process.stdout.once('drain', resolve));
}

/** One line on standard error. */
export function complain(line: string): void {
  process.stderr.write(`${printable(line)}\n`);
}

/** One line per fault on standard error. */
export function complainFaults(faults: readonly Fault[]): void {
  for (const fault of faults) complain(describeFault(fault).replaceAll('\n', ' '));
}

/** Whether people look at standard output. */
export const isTerminal: boolean = process.stdout.isTTY;

const mayColour =
  process.env['NO_COLOR'] === undefined && (isTerminal || process.env['FORCE_COLOR'] !== undefined);

/** Paints a text where the terminal can show it. */
export function paint(text: string, colour: 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan'): string {
  if (!mayColour) return text;
  const code = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 }[colour];
  return `\u001b[${code}m${text}\u001b[0m`;
}
