#!/usr/bin/env node
/** The `voltherd` command: every operation of the catalogue and the programs that run. The one composition root. @module */
import { CommanderError } from 'commander';
import { InvariantError } from '#domain/invariant';
import { programOf } from './program.ts';
import { complain, complainFaults, exitCodes, InputFaults } from './terminal.ts';

/** The exit code for what went wrong, after saying it. */
function settle(error: unknown): number {
  if (error instanceof InputFaults) {
    complainFaults(error.faults);
    return exitCodes.input;
  }
  // Commander has written its own line; help and version are results.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.result : exitCodes.input;
  const message = error instanceof Error ? error.message : String(error);
  complain(
    error instanceof InvariantError
      ? `voltherd: a fault of ours: ${message}`
      : `voltherd: failed: ${message}`,
  );
  if (process.env['VOLTHERD_TRACE'] === undefined)
    complain('set VOLTHERD_TRACE=1 to see where; please report it with the input');
  else if (error instanceof Error) complain(error.stack ?? '');
  return exitCodes.ours;
}

// A reader that goes away early (`| head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? exitCodes.result : exitCodes.ours);
});

try {
  await programOf().parseAsync(process.argv);
} catch (error) {
  process.exitCode = settle(error);
}
