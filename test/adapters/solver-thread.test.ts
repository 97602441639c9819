import { afterEach, describe, expect, test } from 'vitest';
import { startSolverThread } from '#adapters/solver-thread';
import type { SolverThread } from '#adapters/solver-thread';
import { generatedDepot } from '#solver/generated';
import type { SolveOptions } from '#solver/problem';
import { randomDepot } from '#solver/random-depot';
import { solve } from '#solver/solve';

const options: SolveOptions = { continuous: true, gap: 1e-6 };
/** The built program: a thread runs JavaScript. */
const built = new URL('../../dist/src/adapters/solver-worker.js', import.meta.url);
/** A thread that does with each depot what its number of intervals says: 1 ends, 2 loops, 3 breaks, 5 sleeps. */
const stubborn = new URL(
  `data:text/javascript,${encodeURIComponent(`
    import { parentPort } from 'node:worker_threads';
    parentPort.on('message', ({ id, problem }) => {
      if (problem.intervals === 1) process.exit(7);
      if (problem.intervals === 2) for (;;);
      if (problem.intervals === 5) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
      if (problem.intervals === 3) throw new Error('out of order');
      parentPort.postMessage({ id, solution: { solver: 'stub', intervals: problem.intervals } });
    });`)}`,
);

const threads: SolverThread[] = [];
function started(settings: Parameters<typeof startSolverThread>[0]): SolverThread {
  const thread = startSolverThread(settings);
  threads.push(thread);
  return thread;
}
afterEach(async () => {
  await Promise.all(threads.splice(0).map((thread) => thread.close()));
});

const ofIntervals = (intervals: number): ReturnType<typeof generatedDepot> => ({
  ...generatedDepot({ kind: 'overnight', connectors: 2, intervals: 4, seed: 1 }),
  intervals,
});

describe('a solver in a thread of its own', () => {
  test('answers as in process, byte for byte, in steps and with a plan in force too', async () => {
    const { solve: inThread } = started({ entry: built });
    const depot = generatedDepot({ kind: 'last-mile', connectors: 12, intervals: 48, seed: 2, steps: true });
    const first = await solve(depot, options);
    const previousKw = new Map(depot.sessions.map(({ id }, s) => [id, first.powerKw[s]!]));
    const drawn = [1, 2, 3, 4, 5].map((seed) => randomDepot({ seed }));
    for (const problem of [depot, { ...depot, previousKw }, ...drawn]) {
      for (const continuous of [true, false]) {
        const [here, there] = [
          await solve(problem, { ...options, continuous }),
          await inThread(problem, { ...options, continuous }),
        ];
        expect(there).toEqual(here);
      }
    }
  });

  test('the loop of events goes on while it works', async () => {
    const { solve: inThread } = started({ entry: stubborn, answerMsMax: 300 });
    // The thread is caught in an endless loop; were it this one, the timer that ends the wait would never run.
    await expect(inThread(ofIntervals(2), options)).rejects.toThrow('no answer within 0.3 s');
  });

  test('a thread that ends, hangs or breaks fails the solve, and the next solve is answered', async () => {
    const { solve: inThread } = started({ entry: stubborn, answerMsMax: 6_000 });
    const reasons = [
      [1, 'ended with code 7'],
      [5, 'no answer within 6 s'],
      [3, 'out of order'],
    ] as const;
    for (const [intervals, reason] of reasons) {
      await expect(inThread(ofIntervals(intervals), options)).rejects.toThrow(reason);
      expect(await inThread(ofIntervals(4), options)).toEqual({ solver: 'stub', intervals: 4 });
    }
  });

  test('all that wait when it ends are told', async () => {
    const { solve: inThread } = started({ entry: stubborn, answerMsMax: 60_000 });
    const waiting = [5, 4, 4].map((intervals) => inThread(ofIntervals(intervals), options));
    const told = Promise.allSettled(waiting);
    await threads[0]!.close();
    expect((await told).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    await expect(inThread(ofIntervals(4), options)).rejects.toThrow('closed');
  });

  test('more than may wait is refused at once', async () => {
    const { solve: inThread } = started({ entry: stubborn, answerMsMax: 60_000 });
    const waiting = Array.from({ length: 64 }, () => inThread(ofIntervals(5), options));
    const told = Promise.allSettled(waiting);
    await expect(inThread(ofIntervals(4), options)).rejects.toThrow('too much to do');
    await threads[0]!.close();
    await told;
  });

  test('what the solver throws comes back as its reason, and the thread lives on', async () => {
    const { solve: inThread } = started({ entry: built });
    const broken = { ...ofIntervals(4), sessions: [null] } as unknown as ReturnType<typeof generatedDepot>;
    await expect(inThread(broken, options)).rejects.toThrow(/null/);
    expect((await inThread(ofIntervals(4), options)).certificate.valid).toBe(true);
  });
});
