/** What a charger server has seen, for operators and tests. @module */

/** Counters since the start; `connectionsOpen` is of now. */
export interface CsmsCounters {
  connectionsOpen: number;
  framesReceived: number;
  framesSent: number;
  /** Texts and binaries that were no frame. */
  badFrames: number;
  /** CALLs answered by CALLERROR here. */
  refusedCalls: number;
  /** Answers to nothing that is open, second answers and late ones included. */
  unmatchedAnswers: number;
  /** CALLs with an id that was just used. */
  repeatedCalls: number;
  /** Answers of ours to a CALL of a connection that is gone. */
  lostAnswers: number;
  /** Frames that carried fields nobody knows. */
  strippedFrames: number;
  /** Times that a socket was not read for a while. */
  throttled: number;
  /** Upgrades refused: path, identity, password, too many. */
  refusedUpgrades: number;
  /** TCP connections of addresses that make too many. */
  refusedConnections: number;
  /** Second connections of an identity whose first one lives. */
  disputedIdentities: number;
}

/** All zero. */
export function createCsmsCounters(): CsmsCounters {
  return {
    connectionsOpen: 0,
    framesReceived: 0,
    framesSent: 0,
    badFrames: 0,
    refusedCalls: 0,
    unmatchedAnswers: 0,
    repeatedCalls: 0,
    lostAnswers: 0,
    strippedFrames: 0,
    throttled: 0,
    refusedUpgrades: 0,
    refusedConnections: 0,
    disputedIdentities: 0,
  };
}
