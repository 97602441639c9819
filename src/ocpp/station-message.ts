/**
 * What engine and station say to each other, without the dress of a version. `wire-*.ts` turns it into payloads of
 * OCPP 1.6, 2.0.1 and 2.1 and back.
 * @module
 */
import type { EpochS } from '#domain/units';
import type { ChargingProfile, InstalledProfile, ProfilePurpose } from './profile.ts';

/** State of a socket, 2.x words; 1.6 Preparing, Charging, SuspendedEV, SuspendedEVSE and Finishing are Occupied. */
export type ConnectorStatus = 'Available' | 'Occupied' | 'Reserved' | 'Unavailable' | 'Faulted';

/** One sampled set of readings of an EVSE; what was not sent is absent. Units are brought to W, A, Wh. */
export interface MeterSample {
  readonly evseId: number;
  readonly sampledAt: EpochS;
  readonly transactionId?: string;
  readonly powerW?: number;
  /** Current per phase in order L1, L2, L3 of the station's own pins. */
  readonly currentA?: readonly number[];
  readonly registerWh?: number;
  readonly offeredA?: number;
  readonly offeredW?: number;
  readonly socPercent?: number;
}

/** What a station reports by a CALL of its own. */
export type ChargerEvent =
  | {
      readonly kind: 'boot';
      readonly vendor: string;
      readonly model: string;
      readonly firmware?: string;
      /** 2.x reason, `Unknown` in 1.6. */
      readonly reason: string;
    }
  | { readonly kind: 'heartbeat' }
  | {
      readonly kind: 'status';
      readonly evseId: number;
      readonly status: ConnectorStatus;
      /** 1.6: the status word itself; 2.x: the same as `status`. */
      readonly detail: string;
      readonly at?: EpochS;
    }
  | {
      readonly kind: 'transaction-started';
      readonly evseId: number;
      /** Absent in 1.6, where we choose the id in our answer. */
      readonly transactionId?: string;
      readonly at: EpochS;
      readonly idToken?: string;
      readonly registerWh?: number;
      readonly offline: boolean;
    }
  | {
      readonly kind: 'transaction-updated';
      readonly evseId?: number;
      readonly transactionId: string;
      readonly at: EpochS;
      readonly chargingState?: string;
      readonly offline: boolean;
    }
  | {
      readonly kind: 'transaction-ended';
      readonly evseId?: number;
      readonly transactionId: string;
      readonly at: EpochS;
      readonly registerWh?: number;
      readonly reason?: string;
      readonly offline: boolean;
    }
  | { readonly kind: 'meter'; readonly sample: MeterSample }
  | { readonly kind: 'authorize'; readonly idToken: string }
  | {
      readonly kind: 'profiles-reported';
      readonly requestId: number;
      readonly more: boolean;
      readonly profiles: readonly InstalledProfile[];
    }
  /** A limit of somebody else on the station (`evseId` 0) or one EVSE: NotifyChargingLimit. */
  | {
      readonly kind: 'external-limit';
      readonly evseId: number;
      readonly source: string;
      /** In the form of an installed constraint; absent where only its existence is told. Without startAt: from now. */
      readonly profile?: ChargingProfile;
    }
  | { readonly kind: 'external-limit-cleared'; readonly evseId?: number; readonly source: string }
  /** What a vehicle asks for: NotifyEVChargingNeeds. Its own word: told, never planned with. */
  | {
      readonly kind: 'charging-needs';
      readonly evseId: number;
      readonly departsAt?: EpochS;
      readonly energyWh?: number;
    }
  /** A vehicle charges with priority, which no plan of ours limits, or no longer does: NotifyPriorityCharging. */
  | { readonly kind: 'priority'; readonly transactionId: string; readonly isActive: boolean }
  /** Firmware notices, data transfer and the like: answered, kept in the journal, without effect here. */
  | { readonly kind: 'notice'; readonly action: string };

/** What the engine asks of a station. */
export type StationCommand =
  | { readonly kind: 'set-profile'; readonly evseId: number; readonly profile: ChargingProfile }
  | {
      readonly kind: 'clear-profile';
      readonly profileId?: number;
      readonly evseId?: number;
      readonly purpose?: ProfilePurpose;
      readonly stackLevel?: number;
    }
  | {
      readonly kind: 'read-composite';
      readonly evseId: number;
      readonly durationS: number;
      readonly unit: 'A' | 'W';
    }
  /** 2.x only: GetChargingProfiles; the profiles come back as `profiles-reported`. */
  | { readonly kind: 'read-profiles'; readonly requestId: number; readonly evseId?: number }
  /** Configuration keys (1.6) or device-model variables (2.x) that tell the capability; `least`: the few that are needed. */
  | { readonly kind: 'read-capability'; readonly scope: 'all' | 'least' }
  | { readonly kind: 'set-sample-interval'; readonly intervalS: number }
  | {
      readonly kind: 'trigger';
      readonly message: 'BootNotification' | 'StatusNotification' | 'MeterValues' | 'TransactionEvent';
      readonly evseId?: number;
    }
  | { readonly kind: 'reset'; readonly type: 'soft' | 'hard' }
  | { readonly kind: 'remote-stop'; readonly transactionId: string };

/** What an answer to GetCompositeSchedule may have wrong. */
export type CompositeBreach =
  | 'no-periods'
  | 'no-start'
  | 'duration'
  | 'unit'
  | 'first-start'
  | 'fraction-of-a-second'
  | 'order'
  | 'beyond-its-end'
  | 'negative-limit'
  | 'decimals';

/** What a station answers to a command. */
export type CommandAnswer =
  | { readonly kind: 'accepted' }
  /** The station's own status word, e.g. Rejected, NotSupported, Unknown. */
  | { readonly kind: 'refused'; readonly status: string; readonly reason?: string }
  /** A composite schedule; `periods` empty where the station reports none. */
  | {
      readonly kind: 'composite';
      readonly evseId: number;
      readonly startAt?: EpochS;
      readonly durationS?: number;
      readonly unit?: 'A' | 'W';
      readonly periods: readonly {
        readonly startS: number;
        readonly limit: number;
        readonly numberPhases?: number;
      }[];
      /** Absent where the answer is of the standard's form. */
      readonly breaches?: readonly CompositeBreach[];
    }
  /** Raw capability facts by key or `Component.Variable`. */
  | { readonly kind: 'capability'; readonly facts: Readonly<Record<string, string>> }
  /** CALLERROR, or a payload that is not of its schema: nothing is known of the effect. */
  | { readonly kind: 'unclear'; readonly code: string; readonly description: string };
