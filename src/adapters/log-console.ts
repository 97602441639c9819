/** Messages for the operator on standard error, one line each. Standard output belongs to results. @module */
import type { Log } from '#ports/log';

/** Longest line in characters. */
const lineLengthMax = 2000;

/** Text that a terminal shows and does not obey. */
function shown(text: string): string {
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, '?').slice(0, lineLengthMax);
}

/** A log that writes `time level message facts`, facts as JSON; `writeLine` is given for tests. */
export function createConsoleLog(
  writeLine: (line: string) => void = (line) => void process.stderr.write(`${line}\n`),
): Log {
  const write = (
    level: 'info' | 'warn',
    message: string,
    facts: Readonly<Record<string, unknown>> | undefined,
  ): void => {
    const tail = facts === undefined ? '' : ` ${JSON.stringify(facts)}`;
    writeLine(shown(`${new Date().toISOString()} ${level} ${message}${tail}`));
  };
  return {
    info: (message, facts) => write('info', message, facts),
    warn: (message, facts) => write('warn', message, facts),
  };
}
