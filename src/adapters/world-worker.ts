/** Entry of a worker thread: plays the seeds that it is sent, one after the other. @module */
import { parentPort } from 'node:worker_threads';
import type { WorldChoice } from '#sim/seeded/world-plan';
import { playChoice, type PlayOptions } from './world-player.ts';

parentPort?.on(
  'message',
  (task: { readonly choice: WorldChoice; readonly solver: PlayOptions['solver'] }) => {
    const tell = (answer: unknown): void => {
      parentPort?.postMessage(answer);
    };
    void playChoice(task.choice, { solver: task.solver }).then(
      (outcome) => tell({ outcome }),
      (error: unknown) =>
        tell({
          seed: task.choice.seed,
          problem: error instanceof Error ? (error.stack ?? error.message) : String(error),
        }),
    );
  },
);
