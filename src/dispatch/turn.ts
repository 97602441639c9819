/** What goes into a turn of dispatch and what comes out. @module */
import type { Site } from '#domain/site';
import type { EpochS } from '#domain/units';
import type { InstalledProfile } from '#ocpp/profile';
import type { CommandAnswer, StationCommand } from '#ocpp/station-message';
import type { SiteLimits } from '#safety/circuit-limits';
import type { CompositeVerdict, Ledger, Refusal } from '#safety/ledger';
import type { Dispatch } from './dispatch-state.ts';

/** What shall be installed at a station. */
export interface WantedStation {
  /** For ever, acknowledged before any plan. */
  readonly floors: readonly InstalledProfile[];
  /** TxProfiles of running transactions; an installed plan that is not named here is left to its lease. */
  readonly plans: readonly InstalledProfile[];
  /** Who is raised first: lower goes first. */
  readonly rank?: number;
}

/** By station id; a station that is absent is left alone. */
export type Wanted = Readonly<Record<string, WantedStation>>;

/** Everything a turn reads. */
export interface Turn {
  readonly site: Site;
  readonly ledger: Ledger;
  readonly dispatch: Dispatch;
  readonly limits: SiteLimits;
  readonly wanted: Wanted;
  readonly now: EpochS;
}

/** A call to be sent. */
export interface OutgoingCall {
  readonly stationId: string;
  readonly messageId: string;
  readonly command: StationCommand;
}

/** A profile that waits. */
export interface Held {
  readonly stationId: string;
  readonly evseId: number;
  readonly reason:
    | 'over-limit'
    | 'too-many-states'
    | 'write-budget'
    | 'floors-first'
    | 'refused'
    | 'read-first';
  readonly refusal?: Refusal;
}

/** What a turn leads to. */
export interface TurnOutcome {
  readonly ledger: Ledger;
  readonly dispatch: Dispatch;
  readonly calls: readonly OutgoingCall[];
  /** A turn is wanted at this instant even if nothing happens. */
  readonly wakeAt?: EpochS;
  readonly held: readonly Held[];
}

/** What an answer changed. */
export interface AnswerOutcome {
  readonly ledger: Ledger;
  readonly dispatch: Dispatch;
  /** false: nobody waits for this message id; nothing changed. */
  readonly known: boolean;
  readonly command?: StationCommand;
  /** For a composite. */
  readonly verdict?: CompositeVerdict;
}

/** Signatures of `dispatch.ts`. */
export interface DispatchFunctions {
  dispatchTurn(turn: Turn): TurnOutcome;
  onAnswer(
    turn: Omit<Turn, 'limits' | 'wanted'>,
    answer: { readonly stationId: string; readonly messageId: string; readonly answer: CommandAnswer },
  ): AnswerOutcome;
  onReported(
    turn: Omit<Turn, 'limits' | 'wanted'>,
    report: {
      readonly stationId: string;
      readonly requestId: number;
      readonly more: boolean;
      readonly profiles: readonly InstalledProfile[];
    },
  ): AnswerOutcome;
  onLink(
    turn: Omit<Turn, 'limits' | 'wanted'>,
    link: { readonly stationId: string; readonly up: boolean },
  ): Pick<AnswerOutcome, 'ledger' | 'dispatch'>;
  onRestarted(turn: Omit<Turn, 'limits' | 'wanted'>): Pick<AnswerOutcome, 'ledger' | 'dispatch'>;
}
