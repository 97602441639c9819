/** Many seeded worlds at once, one worker thread per core. @module */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { invariant } from '#domain/invariant';
import type { WorldOutcome } from '#sim/seeded/play-world';
import type { WorldChoice } from '#sim/seeded/world-plan';
import type { PlayOptions } from './world-player.ts';

/** What is run. */
export interface WorldsRun {
  readonly from: number;
  readonly count: number;
  /** The choice of every seed. */
  readonly choice: Omit<WorldChoice, 'seed'>;
  readonly solver: PlayOptions['solver'];
  /** Absent: as many as there are cores. */
  readonly threads?: number;
  /** Called after each world, in the order in which they end. */
  readonly onOutcome: (outcome: WorldOutcome, done: number) => void;
  /** True ends the run after the worlds in progress. */
  readonly isEnough?: () => boolean;
}

interface Answer {
  readonly outcome?: WorldOutcome;
  readonly seed?: number;
  readonly problem?: string;
}

/** Plays all worlds; resolves when every worker is done. @throws where a world could not be played at all */
export async function runWorlds(run: WorldsRun): Promise<void> {
  const threads = Math.min(run.count, run.threads ?? availableParallelism());
  let next = run.from;
  let done = 0;
  const work = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const worker = new Worker(new URL('world-worker.js', import.meta.url));
      const hand = (): void => {
        if (next >= run.from + run.count || run.isEnough?.() === true) {
          void worker.terminate().then(() => resolve());
          return;
        }
        const seed = next++;
        worker.postMessage({ choice: { ...run.choice, seed }, solver: run.solver });
      };
      worker.on('error', reject);
      worker.on('message', ({ outcome, seed, problem }: Answer) => {
        if (outcome === undefined) {
          void worker.terminate();
          reject(new Error(`world ${seed ?? ''} could not be played: ${problem ?? ''}`));
          return;
        }
        done++;
        run.onOutcome(outcome, done);
        hand();
      });
      hand();
    });
  invariant(threads > 0, 'a run has worlds', { count: run.count });
  await Promise.all(Array.from({ length: threads }, work));
}
