/** Bounds of the solver's thread. @module */

/** Milliseconds after which a solve is given up; the largest depot that is measured takes a few seconds. */
export const solveAnswerMsMax = 120_000;
/** Solves that wait for the thread at once. */
export const solvesWaitingMax = 64;
