/** Programs that run until they are asked to stop. @module */
import { exitCodes } from './terminal.ts';

/** Resolves with the first SIGINT or SIGTERM; a second one ends the process at once. */
export function stopAsked(): Promise<string> {
  return new Promise((resolve) => {
    let count = 0;
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        count += 1;
        if (count > 1) process.exit(exitCodes.ours);
        resolve(signal);
      });
    }
  });
}
