/**
 * The exposure ledger: of every station the set of states that it may be in, and the promise that whatever becomes of
 * them, no circuit is asked for more than it carries.
 *
 *     for every circuit n, phase p, instant t >= now:
 *     sum over EVSEs under n of exposure(evse, p, t) + uncontrolled(n, p, t) <= limit(n, p, t)          (S)
 *
 * @module
 */
import type { Result } from '#domain/result';
import type { Site } from '#domain/site';
import type { EpochS } from '#domain/units';
import type { InstalledProfile, Transaction } from '#ocpp/profile';
import type { CommandAnswer, StationCommand } from '#ocpp/station-message';
import type { Belief } from './belief.ts';
import type { SiteLimits, Violation } from './circuit-limits.ts';

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
  /** After the end of a lease the floor counts. */
  readonly floorAfterLease: boolean;
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

/** The ledger of a site. A JSON value. */
export interface Ledger {
  readonly policy: LedgerPolicy;
  /** By station id; every station of the site has an entry. */
  readonly beliefs: Readonly<Record<string, Belief>>;
}

/** What the ledger learns. Every fact names its station and instant. */
export type Fact = { readonly stationId: string; readonly at: EpochS } & (
  | {
      readonly kind: 'answered';
      readonly messageId: string;
      readonly outcome: 'accepted' | 'refused' | 'unclear';
    }
  /** No answer in time, or the connection is gone. */
  | { readonly kind: 'given-up'; readonly messageId: string }
  | { readonly kind: 'booted' }
  | { readonly kind: 'transaction-started'; readonly transaction: Transaction }
  | { readonly kind: 'transaction-ended'; readonly transactionId: string }
  /** Everything that is installed, as the station reports it (2.x), on the connection `link`. */
  | { readonly kind: 'read-back'; readonly installed: readonly InstalledProfile[]; readonly link: number }
  | { readonly kind: 'not-compliant'; readonly evseId: number }
  | { readonly kind: 'cleared'; readonly evseId: number }
  /** Nothing is known any more. */
  | { readonly kind: 'forgotten' }
  /** The process is new: what was on its way may or may not have been applied. */
  | { readonly kind: 'restarted' }
);

/** A command that the ledger may let go. */
export interface Proposal {
  readonly stationId: string;
  readonly messageId: string;
  readonly command: StationCommand;
  readonly link: number;
  readonly at: EpochS;
}

/** Why a command may not leave. */
export type Refusal =
  | { readonly kind: 'over-limit'; readonly violation: Violation }
  | { readonly kind: 'too-many-states'; readonly states: number }
  | { readonly kind: 'call-open'; readonly messageId: string };

/** What a reported composite says about the states held possible. */
export type CompositeVerdict = 'confirmed' | 'contradicted' | 'says-nothing';

/** Signatures of this module; see there. */
export interface LedgerFunctions {
  ledgerOf(site: Site, at: EpochS, policy?: LedgerPolicy): Ledger;
  learn(site: Site, ledger: Ledger, fact: Fact): Ledger;
  learnComposite(
    site: Site,
    ledger: Ledger,
    reported: {
      readonly stationId: string;
      readonly at: EpochS;
      readonly answer: Extract<CommandAnswer, { kind: 'composite' }>;
    },
  ): { readonly ledger: Ledger; readonly verdict: CompositeVerdict };
  admit(site: Site, ledger: Ledger, limits: SiteLimits, proposal: Proposal): Result<Ledger, Refusal>;
  violationsOf(site: Site, ledger: Ledger, limits: SiteLimits, now: EpochS): readonly Violation[];
}
