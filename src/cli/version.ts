/** The version of this package. @module */
import { readFileSync } from 'node:fs';

/** `version` of the nearest package.json above this file, whether it runs from sources or from dist. */
function versionOfPackage(): string {
  for (const up of ['../../package.json', '../../../package.json']) {
    try {
      const text = readFileSync(new URL(up, import.meta.url), 'utf8');
      return (JSON.parse(text) as { readonly version: string }).version;
    } catch {
      // The other depth has it.
    }
  }
  return 'unknown';
}

/** What `voltherd --version` says. */
export const version: string = versionOfPackage();
