/** Public loads and prices that are too large to keep: read where they lie beside the clone, told where they do not. @module */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder =
  process.env['VOLTHERD_DATA'] ?? fileURLToPath(new URL('../../../shared/data', import.meta.url));

/** The text of a file, or undefined after a line that says what was not tried. */
export function sharedText(name: string): string | undefined {
  const path = `${folder}/${name}`;
  if (existsSync(path)) return readFileSync(path, 'utf8');
  process.stdout.write(`not tried: ${name} is not there; VOLTHERD_DATA names the folder that holds it\n`);
  return undefined;
}

/** A load as its file has it. */
export interface SharedLoad {
  readonly start: string;
  readonly tz: string;
  readonly intervalMinutes: number;
  readonly kw: readonly number[];
}

/** A load of a year. */
export function sharedLoad(name: string): SharedLoad | undefined {
  const text = sharedText(`loads/${name}.json`);
  return text === undefined ? undefined : (JSON.parse(text) as SharedLoad);
}
