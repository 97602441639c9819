/** Entry of the solver's thread: solves what it is sent, one after the other. @module */
import { parentPort } from 'node:worker_threads';
import { highsBackend } from '#solver/backends/highs';
import { solve } from '#solver/solve';
import type { SolveAnswer, SolveTask } from './solver-thread.ts';

// Loaded ahead of the first task; where that fails, the thread ends and says why.
await highsBackend();

parentPort?.on('message', ({ id, problem, options }: SolveTask) => {
  const tell = (answer: SolveAnswer): void => {
    parentPort?.postMessage(answer);
  };
  void solve(problem, options).then(
    (solution) => tell({ id, solution }),
    (error: unknown) =>
      tell({ id, reason: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
});
