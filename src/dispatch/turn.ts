/** What goes into a turn of dispatch and what comes out. @module */
import type { Site } from '#domain/site';
import type { EpochS } from '#domain/units';
import type { InstalledProfile } from '#ocpp/profile';
import type { StationCommand } from '#ocpp/station-message';
import type { Refusal } from '#safety/admission';
import type { SiteLimits } from '#safety/circuit-limits';
import type { CompositeVerdict } from '#safety/composite-check';
import type { Ledger } from '#safety/ledger';
import type { Dispatch } from './dispatch-state.ts';

/** What shall be installed at a station. */
export interface WantedStation {
  /** For ever, acknowledged before any plan. */
  readonly floors: readonly InstalledProfile[];
  /** TxProfiles of running transactions; an installed plan that is not named here is left to its lease. */
  readonly plans: readonly InstalledProfile[];
}

/** By station id; a station that is absent is left alone. */
export type Wanted = Readonly<Record<string, WantedStation>>;

/** What every part of dispatch reads. */
export interface DispatchView {
  readonly site: Site;
  readonly ledger: Ledger;
  readonly dispatch: Dispatch;
  readonly now: EpochS;
}

/** Everything a turn reads. */
export interface Turn extends DispatchView {
  readonly limits: SiteLimits;
  readonly wanted: Wanted;
  /** Who is raised first: lower goes first, and by id where that is equal. */
  readonly rankOf?: (stationId: string) => number;
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
  readonly reason: 'not-admitted' | 'write-budget' | 'in-flight' | 'floors-first' | 'refused';
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

/** What an answer, a report, a connection changed. */
export interface AnswerOutcome {
  readonly ledger: Ledger;
  readonly dispatch: Dispatch;
  /** false: nobody waits for it; nothing changed. */
  readonly known: boolean;
  /** What was asked. */
  readonly command?: StationCommand;
  /** For a composite. */
  readonly verdict?: CompositeVerdict;
}
