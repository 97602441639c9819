/** What the ledger learns of the world. @module */
import type { EpochS } from '#domain/units';
import type { InstalledProfile, Transaction } from '#ocpp/profile';
import type { StationCommand } from '#ocpp/station-message';
import type { Candidate, ReportedLimit } from './belief.ts';

/** What the ledger learns. Every fact names its station and instant. */
export type Fact = { readonly stationId: string; readonly at: EpochS } & (
  | {
      readonly kind: 'answered';
      readonly messageId: string;
      readonly outcome: 'accepted' | 'refused' | 'unclear';
    }
  /** No answer in time, or the connection is gone. */
  | { readonly kind: 'given-up'; readonly messageId: string }
  /** The acceptance of a call that was given up, with nothing sent since but the same again. */
  | { readonly kind: 'accepted-late'; readonly command: StationCommand; readonly link: number }
  | { readonly kind: 'booted' }
  | { readonly kind: 'transaction-started'; readonly transaction: Transaction }
  | { readonly kind: 'transaction-ended'; readonly transactionId: string }
  /** Everything that is installed, as the station reports it (2.x), on the connection `link`. */
  | { readonly kind: 'read-back'; readonly installed: readonly InstalledProfile[]; readonly link: number }
  /** Evidence leaves only these of the states held possible. */
  | { readonly kind: 'narrowed'; readonly candidates: readonly Candidate[] }
  /** The station has reported something that none of the states explains: a plan may be gone. */
  | { readonly kind: 'doubted' }
  | { readonly kind: 'not-compliant'; readonly evseId: number }
  | { readonly kind: 'cleared'; readonly evseId: number }
  /** The lowest limit that an unknown station reports for an EVSE. */
  | { readonly kind: 'limit-reported'; readonly evseId: number; readonly reported: ReportedLimit }
  /** Nothing of a process before this one can arrive any more: what the station holds now can be found out. */
  | { readonly kind: 'strangers-gone' }
  /** Nothing is known any more. */
  | { readonly kind: 'forgotten' }
  /** Our clock has jumped forward: so many of the seconds before `at` have not passed. */
  | { readonly kind: 'clock-jumped'; readonly byS: number }
  /** The process is new: what was on its way may or may not have been applied. */
  | { readonly kind: 'restarted' }
);
