/**
 * The solver in a thread of its own, so that sockets, timers and the inbox go on while it works. An answer is the same,
 * byte for byte, as in process. A thread that dies or gives no answer fails the solve; the next one gets a new thread.
 * @module
 */
import { Worker } from 'node:worker_threads';
import type { LoopParts } from '#engine/loop';
import type { DepotProblem, Solution, SolveOptions } from '#solver/problem';
import { solveAnswerMsMax, solvesWaitingMax } from './solver-limits.ts';

/** What the thread is asked. */
export interface SolveTask {
  readonly id: number;
  readonly problem: DepotProblem;
  readonly options: SolveOptions;
}

/** What it answers: a solution, or why there is none. */
export interface SolveAnswer {
  readonly id: number;
  readonly solution?: Solution;
  readonly reason?: string;
}

/** A solver behind a thread. */
export interface SolverThread {
  /** Rejects where the thread died, gave no answer in time, or has too much to do. */
  readonly solve: LoopParts['solve'];
  /** Ends the thread; what still waits is rejected. */
  close(): Promise<void>;
}

/** How the thread runs. */
export interface SolverThreadOptions {
  /** Milliseconds after which a solve without an answer is given up. */
  readonly answerMsMax?: number;
  /** The program of the thread; by default the one beside this file. */
  readonly entry?: URL;
}

interface Waiting {
  readonly resolve: (solution: Solution) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

class Thread implements SolverThread {
  readonly #entry: URL;
  readonly #answerMsMax: number;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #lastId = 0;
  #isClosed = false;

  constructor({ answerMsMax = solveAnswerMsMax, entry }: SolverThreadOptions) {
    this.#entry = entry ?? new URL('solver-worker.js', import.meta.url);
    this.#answerMsMax = answerMsMax;
    // Started ahead, so that the first solve finds its libraries loaded.
    this.#running();
  }

  readonly solve: LoopParts['solve'] = (problem, options) =>
    new Promise<Solution>((resolve, reject) => {
      if (this.#isClosed) return reject(new Error('the solver thread is closed'));
      if (this.#waiting.size >= solvesWaitingMax) return reject(new Error('the solver has too much to do'));
      const id = ++this.#lastId;
      const worker = this.#running();
      const timer = setTimeout(
        () => void this.#end(worker, `the solver gave no answer within ${this.#answerMsMax / 1000} s`),
        this.#answerMsMax,
      );
      this.#waiting.set(id, { resolve, reject, timer });
      // While somebody waits, the program does not end.
      worker.ref();
      const task: SolveTask = { id, problem, options };
      worker.postMessage(task);
    });

  async close(): Promise<void> {
    this.#isClosed = true;
    const worker = this.#worker;
    if (worker !== undefined) await this.#end(worker, 'the solver thread is closed');
  }

  #running(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    // The thread runs the built program, whatever conditions this process resolves imports by.
    const worker = new Worker(this.#entry, { execArgv: [] });
    this.#worker = worker;
    worker.unref();
    worker.on('message', (answer: SolveAnswer) => this.#take(worker, answer));
    worker.on('error', (error) => void this.#end(worker, `the solver thread died: ${String(error)}`));
    worker.on('exit', (code) => void this.#end(worker, `the solver thread ended with code ${code}`));
    return worker;
  }

  #take(worker: Worker, { id, solution, reason }: SolveAnswer): void {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    this.#waiting.delete(id);
    clearTimeout(waiting.timer);
    if (this.#waiting.size === 0) worker.unref();
    if (solution === undefined) waiting.reject(new Error(reason ?? 'the solver gave no plan'));
    else waiting.resolve(solution);
  }

  /** Gives up `worker` and all that wait for it; once. */
  async #end(worker: Worker, reason: string): Promise<void> {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      reject(new Error(reason));
    }
    this.#waiting.clear();
    await worker.terminate();
  }
}

/** A solver in a thread of its own; `close` it. */
export function startSolverThread(options: SolverThreadOptions = {}): SolverThread {
  return new Thread(options);
}
