/**
 * When a charging profile is in force: its validity, what being offline does to it, and the place of its schedule on the
 * clock, recurrence and local time included. Time is a parameter.
 * Source: OCPP 1.6 3.13, 7.9, errata 3.43; 2.0.1 part 2 K01.FR.11 to 13, 36, 37, 42; 2.1 part 2 K01.FR.90 to 103, K28.
 * @module
 */
import type { StepFunction } from '#domain/step-function';
import type { EpochS } from '#domain/units';
import type { ChargingProfile, ChargingSchedule, SchedulePeriod, Transaction } from './profile.ts';

/** Readings of the ambiguities that concern clocks. */
export interface ClockReadings {
  /** Relative without a transaction: counted from `now`, or not at all. */
  readonly A4: 'from-now' | 'skip';
  /** A Recurring schedule before its first startSchedule: no limit, or as in any other cycle. */
  readonly A11: 'from-first-start' | 'all-times';
  /** Relative counts from the start of the transaction, or from when energy could flow. */
  readonly A12: 'transaction-start' | 'charging-start';
  /** Recurring steps by 24 h of UTC unless the schedule says useLocalTime, or always follows the wall clock. */
  readonly A13: 'utc' | 'wall-clock';
}

/** For what time, and under what circumstances, limits are asked for. */
export interface ClockQuestion {
  readonly from: EpochS;
  readonly until: EpochS;
  /** When the question is asked; what has no other start counts from here. Absent: `from`. */
  readonly now?: EpochS;
  readonly readings?: Partial<ClockReadings>;
  /** 2.1: the station is without connection from `sinceS` on, until `untilS` or for good. */
  readonly offline?: { readonly sinceS: EpochS; readonly untilS?: EpochS };
  /** Seconds that the local clock is ahead of UTC, as a function of time; absent: 0. */
  readonly localOffsetS?: StepFunction;
  /** 2.1: state of charge in percent that the vehicle of an EVSE has told. */
  readonly stateOfCharge?: readonly { readonly evseId: number; readonly percent: number }[];
  /** 2.1: what a station drew for `randomizedDelay`: for each period but the first the seconds that it is put off. */
  readonly randomDelays?: readonly { readonly profileId: number; readonly delaysS: readonly number[] }[];
}

/** A schedule with its place in time resolved: cycles of `everyS` from `startS`, seen only in `[fromS, untilS)`. */
export interface Clocked {
  readonly schedule: ChargingSchedule;
  readonly periods: readonly SchedulePeriod[];
  readonly startS: number;
  readonly everyS: number;
  /** Length of one cycle that is executed. */
  readonly lengthS: number;
  /** Most that any period allows, in the schedule's unit: that of limitAtSoC where the vehicle is full enough. */
  readonly most: number;
  readonly firstCycle: number;
  readonly fromS: number;
  readonly untilS: number;
}

/** The EVSE that a limit is asked for, and when charging began there. */
export interface Place {
  readonly evseId: number;
  readonly chargingS: number | undefined;
}

const daySeconds = 86_400;
const weekSeconds = 604_800;

/** Seconds from one cycle to the next; `Infinity` for what does not recur. */
function cycleLengthOf(profile: ChargingProfile): number {
  if (profile.kind !== 'Recurring') return Infinity;
  return profile.recurrency === 'Weekly' ? weekSeconds : daySeconds;
}

/** Where Relative schedules, and those without a start, begin; undefined: nowhere. */
export function startOfCharging(
  question: ClockQuestion,
  transaction: Transaction | undefined,
): number | undefined {
  const { readings } = question;
  if (transaction === undefined) return readings?.A4 === 'skip' ? undefined : (question.now ?? question.from);
  if (readings?.A12 === 'charging-start') return transaction.chargingStartedAt ?? transaction.startedAt;
  return transaction.startedAt;
}

/** Adds the windows in which a profile is valid, each with its clock. */
export function addClocked(
  question: ClockQuestion,
  profile: ChargingProfile,
  place: Place,
  chain: Clocked[],
): void {
  const schedule = profile.schedules[0];
  if (schedule === undefined || schedule.periods.length === 0) return;
  const fromS = Math.max(profile.validFrom ?? -Infinity, question.from);
  const untilS = Math.min(profile.validTo ?? Infinity, question.until);
  const { offline } = question;
  if (profile.maxOfflineDurationS === undefined || offline === undefined) {
    addWindow(question, profile, { schedule, place, fromS, untilS }, chain);
    return;
  }
  const lostS = offline.sinceS + profile.maxOfflineDurationS;
  const backS = offline.untilS ?? Infinity;
  const again = lostS >= backS || profile.invalidAfterOfflineDuration !== true;
  addWindow(question, profile, { schedule, place, fromS, untilS: Math.min(untilS, lostS) }, chain);
  if (!again) return;
  addWindow(question, profile, { schedule, place, fromS: Math.max(fromS, backS, lostS), untilS }, chain);
}

interface Window {
  readonly schedule: ChargingSchedule;
  readonly place: Place;
  readonly fromS: number;
  readonly untilS: number;
}

function addWindow(
  question: ClockQuestion,
  profile: ChargingProfile,
  window: Window,
  chain: Clocked[],
): void {
  const { schedule, fromS, untilS } = window;
  if (fromS >= untilS) return;
  const startS = startOfSchedule(question, profile, window);
  if (startS === undefined) return;
  const { readings, localOffsetS } = question;
  const everyS = cycleLengthOf(profile);
  const lengthS = Math.min(schedule.durationS ?? Infinity, everyS);
  const clocked: Clocked = {
    schedule,
    periods: putOff(question, profile, ascending(schedule.periods), lengthS),
    startS,
    everyS,
    lengthS,
    most: mostAtSoc(question, schedule, window.place.evseId),
    firstCycle: readings?.A11 === 'all-times' && everyS < Infinity ? -Infinity : 0,
    fromS,
    untilS,
  };
  if (localOffsetS === undefined || !followsWall(question, profile, schedule)) chain.push(clocked);
  else placeOnWall(clocked, localOffsetS, chain);
}

/** K01.FR.100: the limit of limitAtSoC where the vehicle has told that much. */
function mostAtSoc(question: ClockQuestion, { limitAtSoc }: ChargingSchedule, evseId: number): number {
  if (limitAtSoc === undefined) return Infinity;
  const told = question.stateOfCharge?.find((one) => one.evseId === evseId);
  return told !== undefined && told.percent >= limitAtSoc.soc ? Math.max(0, limitAtSoc.limit) : Infinity;
}

/**
 * K01.FR.92 to 97: each period but the first put off by what the station drew, no more than randomizedDelay. A period
 * that would begin no sooner than the next one that is left, or after the schedule has ended, is left out.
 */
function putOff(
  question: ClockQuestion,
  profile: ChargingProfile,
  periods: readonly SchedulePeriod[],
  lengthS: number,
): readonly SchedulePeriod[] {
  const most = profile.schedules[0]?.randomizedDelayS ?? 0;
  const drawn = question.randomDelays?.find((one) => one.profileId === profile.id);
  if (drawn === undefined || most <= 0) return periods;
  if (profile.purpose !== 'TxProfile' && profile.purpose !== 'TxDefaultProfile') return periods;
  const left: SchedulePeriod[] = [];
  let nextS = lengthS;
  for (let i = periods.length - 1; i >= 0; i--) {
    const period = periods[i];
    if (period === undefined) continue;
    const delayS = period.startS > 0 ? Math.min(drawn.delaysS[i - 1] ?? 0, most) : 0;
    const startS = period.startS + delayS;
    if (startS >= nextS) continue;
    nextS = startS;
    left.push({ ...period, startS });
  }
  return left.toReversed();
}

function followsWall(question: ClockQuestion, profile: ChargingProfile, schedule: ChargingSchedule): boolean {
  if (schedule.startAt === undefined || profile.kind === 'Relative') return false;
  if (schedule.useLocalTime === true) return true;
  return question.readings?.A13 === 'wall-clock' && profile.kind === 'Recurring';
}

/** One window for each piece of the local offset; on a change of clocks times are skipped or come twice. */
function placeOnWall(clocked: Clocked, localOffsetS: StepFunction, chain: Clocked[]): void {
  const { schedule, startS } = clocked;
  const wallS = schedule.useLocalTime === true ? startS : startS + offsetAt(localOffsetS, startS);
  for (let k = 0; k < localOffsetS.startS.length; k++) {
    const fromS = Math.max(clocked.fromS, k === 0 ? -Infinity : (localOffsetS.startS[k] ?? 0));
    const untilS = Math.min(clocked.untilS, localOffsetS.startS[k + 1] ?? Infinity);
    if (fromS >= untilS) continue;
    chain.push({ ...clocked, startS: wallS - (localOffsetS.value[k] ?? 0), fromS, untilS });
  }
}

function offsetAt(localOffsetS: StepFunction, at: number): number {
  let offset = localOffsetS.value[0] ?? 0;
  for (let k = 1; k < localOffsetS.startS.length; k++) {
    if ((localOffsetS.startS[k] ?? Infinity) <= at) offset = localOffsetS.value[k] ?? 0;
  }
  return offset;
}

function startOfSchedule(
  question: ClockQuestion,
  profile: ChargingProfile,
  window: Window,
): number | undefined {
  if (profile.kind === 'Relative') return window.place.chargingS;
  const startAt = window.schedule.startAt;
  if (profile.kind === 'Dynamic') return profile.dynUpdateAt ?? startAt ?? question.now ?? question.from;
  return startAt ?? window.place.chargingS;
}

/**
 * The periods in order of time; of two that start together the later one in the list stays last and so leads. A start
 * before the schedule's own counts as that.
 */
function ascending(periods: readonly SchedulePeriod[]): readonly SchedulePeriod[] {
  let lastS = 0;
  for (const { startS } of periods) {
    if (startS < lastS) {
      const inOrder = periods.toSorted((a, b) => a.startS - b.startS);
      return inOrder.map((period) => (period.startS < 0 ? { ...period, startS: 0 } : period));
    }
    lastS = startS;
  }
  return periods;
}
