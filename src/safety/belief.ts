/** What the ledger holds possible of one station. Plain JSON values. @module */
import type { StepFunction } from '#domain/step-function';
import type { EpochS } from '#domain/units';
import type { InstalledProfile, Transaction } from '#ocpp/profile';
import type { StationCommand } from '#ocpp/station-message';

/** A limit as a station has reported it. */
export interface ReportedLimit {
  readonly limit: number;
  readonly unit: 'A' | 'W';
}

/** One state that a station may be in. */
export interface Candidate {
  /** false: profiles that we do not know of may be installed, so nothing but the hardware limits it. */
  readonly known: boolean;
  /** Of an unknown state: the clearings that it has been through, as canonical texts in order. */
  readonly cleared?: readonly string[];
  /**
   * Of an unknown state: by EVSE id the lowest limit that the station has reported without a plan. What is set below it
   * raises nothing.
   */
  readonly reported?: Readonly<Record<string, ReportedLimit>>;
  /** In canonical order, so that equal states are equal texts. */
  readonly installed: readonly InstalledProfile[];
}

/** The call that is on its way. */
export interface OpenCommand {
  readonly messageId: string;
  readonly command: StationCommand;
  readonly sentAt: EpochS;
  /** Count of the station's connections when it was sent. */
  readonly link: number;
  /** The states that remain if the command is refused. */
  readonly without: readonly Candidate[];
}

/** A command that may still be applied although it is not waited for any more. */
export interface Stray {
  readonly command: StationCommand;
  readonly link: number;
  /** From this instant on it cannot arrive. */
  readonly untilS: EpochS;
}

/** All that a station may be and do. */
export interface Belief {
  /** Closed: with a state and a command on its way, the state that the command leads to is in it too. */
  readonly candidates: readonly Candidate[];
  readonly open?: OpenCommand | undefined;
  readonly strays: readonly Stray[];
  /** Calls of a process before this one, whose journal is lost, may be applied until then: whatever they are. */
  readonly strangersUntilS?: EpochS | undefined;
  /** When it was found out what a station holds of which nothing was known. What it counts with before that is not what it drew. */
  readonly foundAt?: EpochS | undefined;
  /** Transactions that may be running; others may run too, under the floor. */
  readonly transactions: readonly Transaction[];
  /** Ids of the last transactions that ended. */
  readonly ended: readonly string[];
  /** EVSEs seen drawing more than they may: exposed at their hardware maximum. */
  readonly notCompliant: readonly number[];
  /** By EVSE id: the highest limit until `changedAt` by our clock, as far back as the reaction time; A (AC) or W (DC). */
  readonly past: Readonly<Record<string, StepFunction>>;
  readonly changedAt: EpochS;
}
