/** The command as users run it: a process on the compiled program. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Path of the compiled command. */
export const mainPath = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));
/** Root of the repository. */
export const rootPath = fileURLToPath(new URL('../..', import.meta.url));

/** What a process said. */
export interface Outcome {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs `voltherd` with arguments and standard input. */
export function voltherd(
  args: readonly string[],
  input = '',
  env: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [mainPath, ...args], {
      cwd: rootPath,
      env: { ...process.env, NO_COLOR: '1', ...env },
    });
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, out, err }));
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}
