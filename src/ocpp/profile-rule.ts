/** What a rule on charging profiles looks at, and what it says. @module */
import type { OcppVersion } from '#domain/site';
import type { EpochS } from '#domain/units';
import type {
  ChargingProfile,
  ChargingSchedule,
  InstalledProfile,
  SchedulePeriod,
  Transaction,
} from './profile.ts';

/** What is known of the station; a rule that needs what is absent says nothing. */
interface StationFacts {
  readonly current?: 'AC' | 'DC';
  /** Units that it takes. */
  readonly rateUnits?: readonly ('A' | 'W')[];
  readonly maxPeriods?: number;
  readonly maxStackLevel?: number;
  readonly maxProfiles?: number;
  readonly supplyPhases?: number;
  readonly acPhaseSwitching?: boolean;
  readonly dcInputPhaseControl?: boolean;
  readonly iso15118?: boolean;
  readonly additionalPurposes?: readonly string[];
  /** Operation modes beside ChargingOnly. */
  readonly operationModes?: readonly string[];
  readonly supportsDynamicProfiles?: boolean;
  readonly supportsMaxOfflineDuration?: boolean;
  readonly supportsUseLocalTime?: boolean;
  readonly supportsRandomizedDelay?: boolean;
  readonly supportsLimitAtSoc?: boolean;
  readonly supportsEvseSleep?: boolean;
  readonly maxExternalConstraintsId?: number;
}

/** A profile on its way into a station. */
export interface Subject {
  readonly version: OcppVersion;
  readonly now: EpochS;
  readonly evseId: number;
  readonly numberOfEvses: number;
  readonly profile: ChargingProfile;
  readonly installed: readonly InstalledProfile[];
  readonly transactions: readonly Transaction[];
  readonly station: StationFacts;
  /** The message that brings it. Default `SetChargingProfile`. */
  readonly via?: 'SetChargingProfile' | 'RequestStartTransaction';
}

/** Where a rule is broken, and in what way. */
export interface Finding {
  readonly path: string;
  readonly message: string;
}

/** A requirement as a function; empty where it holds. */
export type Rule = (subject: Subject) => readonly Finding[];

/** Rules by the name of their requirement. */
export type RuleBook = Readonly<Record<string, Rule>>;

/** One finding. */
export function finding(path: string, message: string): readonly Finding[] {
  return [{ path, message }];
}

/** Findings of every schedule. */
export function inSchedules(
  subject: Subject,
  check: (schedule: ChargingSchedule, path: string) => readonly Finding[],
): readonly Finding[] {
  return subject.profile.schedules.flatMap((schedule, i) => check(schedule, schedulePath(subject, i)));
}

/** Findings of every period. */
export function inPeriods(
  subject: Subject,
  check: (period: SchedulePeriod, path: string, schedule: ChargingSchedule) => readonly Finding[],
): readonly Finding[] {
  return inSchedules(subject, (schedule, path) =>
    schedule.periods.flatMap((period, i) => check(period, `${path}.chargingSchedulePeriod[${i}]`, schedule)),
  );
}

/** The first period of a schedule begins at 0. */
export function beginsAtZero(subject: Subject): readonly Finding[] {
  return inSchedules(subject, ({ periods }, path) => {
    const first = periods[0];
    if (first === undefined || first.startS === 0) return [];
    return finding(
      `${path}.chargingSchedulePeriod[0].startPeriod`,
      `The first period begins at ${first.startS} s: what holds before it is not said. It must begin at 0.`,
    );
  });
}

/** Each period begins after the one before it. */
export function ascends(subject: Subject): readonly Finding[] {
  return inSchedules(subject, ({ periods }, path) =>
    periods.flatMap((period, i) => {
      const before = periods[i - 1];
      if (before === undefined || period.startS > before.startS) return [];
      return finding(
        `${path}.chargingSchedulePeriod[${i}].startPeriod`,
        `It begins at ${period.startS} s, not after the period before it at ${before.startS} s.`,
      );
    }),
  );
}

/** The number has at most one decimal; the noise of doubles is forgiven. */
export function hasOneDecimal(value: number): boolean {
  return Math.abs(value * 10 - Math.round(value * 10)) < 1e-6 * Math.max(1, Math.abs(value));
}

function schedulePath(subject: Subject, i: number): string {
  return subject.version === '1.6' ? 'profile.chargingSchedule' : `profile.chargingSchedule[${i}]`;
}
