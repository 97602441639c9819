/** Once before all tests: the program is built, so that tests which start it as a process run what was written. @module */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Builds `dist`. `npm test` has stopped at a build error before; a bare vitest run goes on with the last good build. */
export function setup(): void {
  const compiler = fileURLToPath(new URL('../../node_modules/.bin/tsc', import.meta.url));
  const { status } = spawnSync(compiler, ['-b'], { stdio: 'ignore' });
  if (status !== 0)
    process.stderr.write('The build has errors: tests of the built program run the last good build.\n');
}
