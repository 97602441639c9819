/**
 * Charging profiles of OCPP 1.6, 2.0.1 and 2.1 in one form. Wire forms are made and read in `wire-*.ts` only.
 * Source: OCPP 1.6 7.8, 2.0.1 part 2 ChargingProfileType, 2.1 part 2 ChargingProfileType.
 * @module
 */
import type { EpochS } from '#domain/units';

/** The purpose, 2.x spelling; 1.6 ChargePointMaxProfile is ChargingStationMaxProfile here. */
export type ProfilePurpose =
  | 'ChargingStationExternalConstraints'
  | 'ChargingStationMaxProfile'
  | 'TxDefaultProfile'
  | 'TxProfile'
  | 'PriorityCharging'
  | 'LocalGeneration';

/** The kind of a profile's clock. */
export type ProfileKind = 'Absolute' | 'Recurring' | 'Relative' | 'Dynamic';

/** A limit from `startS` seconds after the start of the schedule on. */
export interface SchedulePeriod {
  readonly startS: number;
  /** In the schedule's unit: A per phase, W in total. Absent only in 2.1. */
  readonly limit?: number;
  /** 2.1: where phases differ, `limit` is that of L1 and these are L2 and L3. */
  readonly limitL2?: number;
  readonly limitL3?: number;
  readonly numberPhases?: number;
  readonly phaseToUse?: number;
  /** 2.1: what the vehicle should follow; where phases differ, that of L1, with L2 and L3. Negative: discharging. */
  readonly setpoint?: number;
  readonly setpointL2?: number;
  readonly setpointL3?: number;
  /** 2.1; no charging limit depends on it. */
  readonly dischargeLimit?: number;
  /** 2.1; absent: ChargingOnly. */
  readonly operationMode?: string;
  /** Standard fields that no limit depends on, by their wire names, so that a profile comes back as it was. */
  readonly rest?: Readonly<Record<string, unknown>>;
}

/** 2.1: from `soc` percent on no more than `limit`. */
interface LimitAtSoc {
  readonly soc: number;
  readonly limit: number;
  readonly customData?: unknown;
}

/** One schedule of a profile. */
export interface ChargingSchedule {
  readonly id?: number;
  readonly startAt?: EpochS;
  /** Absent: until replaced, or to the end of the transaction. */
  readonly durationS?: number;
  readonly unit: 'A' | 'W';
  readonly minChargingRate?: number;
  /** 2.1: `startAt` is local wall time, its digits counted as if they were UTC. */
  readonly useLocalTime?: boolean;
  /** 2.1: most that each start but the first is put off, by a number that the station draws. */
  readonly randomizedDelayS?: number;
  /** 2.1: a limit, in `unit`, from a state of charge on. */
  readonly limitAtSoc?: LimitAtSoc;
  readonly periods: readonly SchedulePeriod[];
  /** Standard fields that no limit depends on, by their wire names. */
  readonly rest?: Readonly<Record<string, unknown>>;
}

/** One charging profile. */
export interface ChargingProfile {
  readonly id: number;
  readonly stackLevel: number;
  readonly purpose: ProfilePurpose;
  readonly kind: ProfileKind;
  readonly recurrency?: 'Daily' | 'Weekly';
  readonly validFrom?: EpochS;
  readonly validTo?: EpochS;
  /** 1.6 numbers are kept as their decimal text. */
  readonly transactionId?: string;
  /** 2.1: seconds offline after which the profile is not valid. */
  readonly maxOfflineDurationS?: number;
  readonly invalidAfterOfflineDuration?: boolean;
  /** 2.1: instant of the last update of a Dynamic profile. */
  readonly dynUpdateAt?: EpochS;
  /** 1.6 and engine: one; 2.x with ISO 15118: up to three, of which the first is used. */
  readonly schedules: readonly ChargingSchedule[];
  /** Standard fields that no limit depends on, by their wire names. */
  readonly rest?: Readonly<Record<string, unknown>>;
}

/** A profile where it is installed; `evseId` 0 is the station. */
export interface InstalledProfile {
  readonly evseId: number;
  readonly profile: ChargingProfile;
}

/** A running transaction. */
export interface Transaction {
  readonly evseId: number;
  readonly id: string;
  readonly startedAt: EpochS;
  /** When energy could first flow, where it is known and differs from the start of the transaction. */
  readonly chargingStartedAt?: EpochS;
}

/** What converts between units. */
export interface Electrical {
  /** Line to neutral. */
  readonly voltage: number;
  /** Phases in use where a period does not say. */
  readonly phases: number;
}
