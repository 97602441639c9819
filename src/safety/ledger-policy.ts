/** What the ledger counts on, and the guards that its promise rests on. @module */

/** The guards that make (S) inductive; each is shown to be needed in test/safety/guards.test.ts. */
export type Guard =
  /** A command leaves only if (S) holds with the state that it adds. */
  | 'admission'
  /** While a command is unanswered, the state before it counts too. */
  | 'bothStates'
  /** A refused command has changed nothing. */
  | 'refusal'
  /** Sent and unanswered commands count after a crash. */
  | 'writeAhead'
  /** A command given up may still arrive. */
  | 'strays'
  /** One call at a time to each station, so that none is forgotten for the next. */
  | 'oneCall'
  /** EVSEs without a known transaction count with what a new one may draw. */
  | 'idle'
  /** A decrease counts only after the reaction time. */
  | 'reaction'
  /** What a reboot may take away counts before the reboot. */
  | 'reboot'
  /** A lease that a station is not known to obey counts as endless. */
  | 'unobeyedLease'
  /** A station caught above its limit counts with its hardware maximum. */
  | 'notCompliant'
  /** Each phase carries what is connected to it, not a third of everything. */
  | 'phases';

/** Guards switched off, by tests only: an absent guard is in force, so a ledger that was written without it is safe. */
export type Guards = Readonly<Partial<Record<Guard, boolean>>>;

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

/** Whether a guard is in force. */
export function isGuarded({ guards }: Pick<LedgerPolicy, 'guards'>, guard: Guard): boolean {
  return guards[guard] !== false;
}

/** WebSockets keep order and repeat nothing; a frame given up is gone after two minutes; clocks are set by heartbeats. */
export const defaultLedgerPolicy: LedgerPolicy = { lateS: 120, repeatS: 0, clockSkewS: 0, guards: {} };
