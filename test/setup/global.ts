/** Once before all tests: the program is built, so that tests which start it as a process run what was written. @module */
import { execFileSync } from 'node:child_process';

/** Builds `dist`. */
export function setup(): void {
  execFileSync('npx', ['tsc', '-b'], { stdio: 'inherit' });
}
