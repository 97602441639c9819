/** What the ledger counts on, and the guards that its promise rests on. @module */

/** The guards that make (S) inductive. All true, except where a test shows that the proof fails without one. */
export interface Guards {
  /** A command leaves only if (S) holds with the state that it adds. */
  readonly admission: boolean;
  /** While a command is unanswered, the state before it counts too. */
  readonly bothStates: boolean;
  /** Sent and unanswered commands count after a crash. */
  readonly writeAhead: boolean;
  /** EVSEs without a known transaction count with what a new one may draw. */
  readonly idle: boolean;
  /** A decrease counts only after the reaction time. */
  readonly reaction: boolean;
  /** What a reboot may take away counts before the reboot. */
  readonly reboot: boolean;
  /** A lease that a station is not known to obey counts as endless. */
  readonly unobeyedLease: boolean;
  /** A station caught above its limit counts with its hardware maximum. */
  readonly notCompliant: boolean;
  /** A command given up may still arrive. */
  readonly strays: boolean;
}

/** What the ledger counts on beyond the capability of each station. */
export interface LedgerPolicy {
  /** How long after its sending a command can still arrive when its answer was given up. */
  readonly lateS: number;
  /** How long after its sending an answered command may arrive once more; 0 on an ordered link such as a WebSocket. */
  readonly repeatS: number;
  /** How far a station's clock may be off. */
  readonly clockSkewS: number;
  readonly guards: Guards;
}

/** Every guard in force. */
export const allGuards: Guards = {
  admission: true,
  bothStates: true,
  writeAhead: true,
  idle: true,
  reaction: true,
  reboot: true,
  unobeyedLease: true,
  notCompliant: true,
  strays: true,
};

/** WebSockets keep order and repeat nothing; a frame given up is gone after two minutes; clocks are set by heartbeats. */
export const defaultLedgerPolicy: LedgerPolicy = { lateS: 120, repeatS: 0, clockSkewS: 0, guards: allGuards };
