/**
 * The limit that one period of a schedule puts on an EVSE, in the unit that is asked for. A is per phase, W the sum of the
 * phases unless 2.1 gives L2 and L3 numbers of their own.
 * Source: OCPP 1.6 errata 3.34; 2.0.1 part 2 K01.FR.50, K01.FR.51; 2.1 part 2 K01.FR.100, K01.FR.110, ChargingSchedulePeriodType.
 * @module
 */
import type { ChargingSchedule, Electrical, SchedulePeriod } from './profile.ts';

/** Readings of the ambiguities that concern one period. */
export interface LevelReadings {
  /** A profile in the other unit: converted, or no limit in this unit. */
  readonly A8: 'convert' | 'no-limit';
  /**
   * A limit in W: over all phases together, converted with the phases of its own period (K01.FR.50); on each phase; or
   * over the fewest phases that any profile in force names.
   */
  readonly A9: 'total' | 'per-phase' | 'total-on-fewest';
  /** A limit below minChargingRate: stays, or is raised to it. */
  readonly A10: 'ignore' | 'raise';
}

/** In what terms a limit is asked for. */
export interface LevelQuestion {
  readonly electrical: Electrical;
  /** Unit of the answer: A per phase or W in total. */
  readonly unit: 'A' | 'W';
  /** Which phase is asked for where limits differ; absent: the highest in A, the sum in W. */
  readonly phase?: 1 | 2 | 3;
  readonly readings?: Partial<LevelReadings>;
}

/** A limit; `other` is what is left in the unit that was not asked for, to be converted later. */
export interface Level {
  readonly value: number;
  readonly other: number;
  /** As the period names them; 0: not at all. */
  readonly phases: number;
}

/** Phases as a period names them; 0 where it does not, or where what it says is no number of phases. */
function namedPhases({ numberPhases = 0 }: SchedulePeriod): number {
  return numberPhases < 1 ? 0 : Math.min(numberPhases, 3);
}

/** The limit of a period, no more than `most` in the schedule's unit; `Infinity` where 2.1 gives none. */
export function levelOf(
  question: LevelQuestion,
  schedule: ChargingSchedule,
  period: SchedulePeriod,
  most: number,
): Level {
  const phases = namedPhases(period);
  const own = (value: number): Level => ({ value, other: Infinity, phases });
  if (period.operationMode === 'Idle') return own(0);
  const { readings, unit } = question;
  const foreign = schedule.unit !== unit;
  if (foreign && readings?.A8 === 'no-limit') return own(Infinity);
  if (isUnequal(period)) return own(unequalLevelOf(question, schedule.unit, period, most));
  let limit = Math.min(chargingLimit(period, period.limit, period.setpoint), most);
  if (readings?.A10 === 'raise') limit = Math.max(limit, schedule.minChargingRate ?? 0);
  if (foreign && readings?.A9 === 'total-on-fewest') return { value: Infinity, other: limit, phases };
  return own(plainLevel(question, schedule.unit, limit, phases));
}

/**
 * A limit that is the same on all phases. What names more phases than there are is neither raised nor spread over fewer
 * (1.6 errata 3.34): A stay the same on each phase that there is, W are shared by the phases that are named (K01.FR.50).
 */
function plainLevel(question: LevelQuestion, unit: 'A' | 'W', limit: number, phases: number): number {
  const { electrical, readings, phase } = question;
  const { voltage } = electrical;
  const named = phases > 0 ? phases : electrical.phases;
  const used = Math.min(named, electrical.phases);
  const perPhase = readings?.A9 === 'per-phase';
  if (question.unit === 'A') {
    if (unit === 'A') return limit;
    return limit / (perPhase ? voltage : voltage * named);
  }
  if (unit === 'A') return limit * voltage * (phase === undefined ? used : 1);
  if (perPhase) return phase === undefined ? limit * used : limit;
  return phase === undefined ? limit : limit / named;
}

/** A total limit in the other unit than the one asked for, brought to it over the phases that are named. */
export function convertedLevel(question: LevelQuestion, limit: number, phases: number): number {
  return plainLevel({ ...question, readings: {} }, question.unit === 'A' ? 'W' : 'A', limit, phases);
}

/** What a period allows to draw: never negative, as a negative number is about discharging; a setpoint is a limit. */
function chargingLimit(
  { operationMode = '' }: SchedulePeriod,
  limit: number | undefined,
  setpoint: number | undefined,
): number {
  const wanted = operationMode.startsWith('Central') ? (setpoint ?? Infinity) : Infinity;
  return Math.max(0, Math.min(limit ?? Infinity, wanted));
}

/** Whether the phases of a period have numbers of their own. */
export function isUnequal({ limitL2, limitL3, setpointL2, setpointL3 }: SchedulePeriod): boolean {
  return (limitL2 ?? limitL3 ?? setpointL2 ?? setpointL3) !== undefined;
}

/** The limit where 2.1 gives each phase its own; a phase without a number carries nothing. */
function unequalLevelOf(
  question: LevelQuestion,
  unit: 'A' | 'W',
  period: SchedulePeriod,
  most: number,
): number {
  const { voltage } = question.electrical;
  const limits = [period.limit, period.limitL2, period.limitL3];
  const setpoints = [period.setpoint, period.setpointL2, period.setpointL3];
  const given = limits.map((limit, i) => (limit ?? setpoints[i]) !== undefined);
  const count = given.filter(Boolean).length;
  const mostEach = unit === 'W' ? most / Math.max(1, count) : most;
  const perPhase = given.map((is, i) =>
    is ? Math.min(chargingLimit(period, limits[i], setpoints[i]), mostEach) : 0,
  );
  const factor = unit === question.unit ? 1 : unit === 'A' ? voltage : 1 / voltage;
  const asked = perPhase.map((limit) => limit * factor);
  if (question.phase !== undefined) return asked[question.phase - 1] ?? 0;
  return question.unit === 'W' ? asked.reduce((a, b) => a + b, 0) : Math.max(...asked);
}
