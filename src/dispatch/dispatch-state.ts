/** What dispatch remembers between turns. Plain JSON values. @module */
import type { EpochS, Seconds } from '#domain/units';
import type { InstalledProfile } from '#ocpp/profile';
import type { StationCommand } from '#ocpp/station-message';

/** The knobs of dispatch. */
export interface DispatchPolicy {
  readonly callTimeoutS: Seconds;
  /** Pause after a failed call, doubled each time up to `retryMaxS`, with jitter. */
  readonly retryS: Seconds;
  readonly retryMaxS: Seconds;
  /** Plan profiles written per EVSE and UTC day; beyond it only decreases leave. */
  readonly writesPerDayMax: number;
}

/** A call that waits for its answer; a report that follows the answer of `read-profiles` is waited for too. */
export interface PendingCall {
  readonly messageId: string;
  readonly command: StationCommand;
  readonly sentAt: EpochS;
  readonly deadline: EpochS;
  /** `report`: the answer is here, the reported profiles are not all. */
  readonly waitsFor: 'answer' | 'report';
  readonly reported: readonly InstalledProfile[];
}

/** What dispatch knows of one station. */
export interface StationDispatch {
  readonly up: boolean;
  /** Connections so far. */
  readonly link: number;
  readonly pending?: PendingCall;
  /** A call without an answer in time, until the next one is sent: a late answer still counts. */
  readonly lapsed?: { readonly messageId: string; readonly command: StationCommand };
  /** Failed calls in a row. */
  readonly failures: number;
  readonly notBefore: EpochS;
  /** What is installed is to be read before anything is raised. */
  readonly unread: readonly number[];
  /** Profiles refused as they are: text of the profile and how often. */
  readonly refused: Readonly<Record<string, number>>;
  /** Plan profiles written today, by EVSE id. */
  readonly writes: { readonly day: number; readonly byEvse: Readonly<Record<string, number>> };
}

/** The state of dispatch. */
export interface Dispatch {
  readonly policy: DispatchPolicy;
  readonly seed: number;
  /** Messages so far; ids count up. */
  readonly messages: number;
  /** By station id. */
  readonly stations: Readonly<Record<string, StationDispatch>>;
}
