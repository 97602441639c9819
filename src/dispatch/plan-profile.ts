/** Plan profiles as functions of time: whether two say the same, and how one is cut to what may be had. @module */
import type { Evse, Station } from '#domain/site';
import { combineTwo, mapValues, valueAt, type StepFunction } from '#domain/step-function';
import { epochS, later, type EpochS } from '#domain/units';
import { backdateS } from '#ocpp/compile';
import { limitOf } from '#ocpp/composite';
import type { ChargingProfile, InstalledProfile, SchedulePeriod } from '#ocpp/profile';
import { quantizedLimit, tenthDown } from '#ocpp/quantize';
import type { Belief } from '#safety/belief';

/** The first and the last instant of a plan; without an end for ever. */
export function leaseOf(profile: ChargingProfile): { readonly startS: number; readonly endS: number } {
  const schedule = profile.schedules[0];
  const startS = Math.max(schedule?.startAt ?? 0, profile.validFrom ?? 0);
  const endS = Math.min(
    profile.validTo ?? Infinity,
    schedule?.startAt === undefined ? Infinity : schedule.startAt + (schedule.durationS ?? Infinity),
  );
  return { startS, endS };
}

/** The limit of one profile alone over `[from, until)`, in its own unit. */
function ownLimit(station: Station, entry: InstalledProfile, from: EpochS, until: EpochS): StepFunction {
  const { profile } = entry;
  return limitOf({
    version: station.version,
    installed: [entry],
    transactions: [{ evseId: entry.evseId, id: profile.transactionId ?? '', startedAt: from }],
    evseId: entry.evseId,
    from,
    until,
    electrical: { voltage: 1, phases: 1 },
    unit: profile.schedules[0]?.unit ?? 'A',
  });
}

/** How a wanted plan differs from one that is present. */
export interface Difference {
  /** Before that instant a piece in which they differ is still ahead. */
  readonly untilS: number;
  /** Where it allows more, and less nowhere: from when on. Absent: it lowers something, or is another plan altogether. */
  readonly raisesFromS?: number;
}

interface KnownDifference extends Difference {
  readonly station: Station;
  readonly wanted: ChargingProfile;
}

/** For each profile that one with fixed instants was found to differ from it last. */
const differences = new WeakMap<ChargingProfile, KnownDifference>();

const isAnother: Difference = { untilS: Infinity };

/**
 * Undefined where `wanted` would allow the same as `present` for as long as `present` lasts, for the same transaction;
 * otherwise how they differ.
 */
export function differenceOf(
  station: Station,
  present: InstalledProfile,
  wanted: InstalledProfile,
  now: EpochS,
): Difference | undefined {
  const a = present.profile;
  const b = wanted.profile;
  if (present.evseId !== wanted.evseId || a.id !== b.id || a.stackLevel !== b.stackLevel) return isAnother;
  if (a.purpose !== b.purpose || a.transactionId !== b.transactionId) return isAnother;
  if (a.schedules[0]?.unit !== b.schedules[0]?.unit) return isAnother;
  const { endS } = leaseOf(a);
  if (leaseOf(b).endS < endS || endS <= now) return isAnother;
  const known = differences.get(a);
  const isKnown = known?.wanted === b && known.station === station && now < known.untilS;
  // What was found to be raised from an instant on is raised from now on when that has passed.
  if (isKnown && (known.raisesFromS ?? Infinity) > now) return known;
  const until = epochS(Number.isFinite(endS) ? endS : now + 1);
  const held = ownLimit(station, present, now, until);
  const meant = ownLimit(station, wanted, now, until);
  const differs = combineTwo(held, meant, (x, y) => Math.sign(y - x));
  const last = differs.value.findLastIndex((sign) => sign !== 0);
  if (last < 0) return undefined;
  if (a.kind !== 'Absolute' || b.kind !== 'Absolute') return { untilS: now };
  const untilS = Math.min(differs.startS[last + 1] ?? until, until);
  const firstS = differs.startS[differs.value.findIndex((sign) => sign !== 0)] ?? now;
  const lowers = differs.value.includes(-1);
  const found = { untilS, ...(lowers ? {} : { raisesFromS: Math.max(now, firstS) }) };
  differences.set(a, { ...found, station, wanted: b });
  return found;
}

/** Whether all that a station may hold in the place of a plan allows at `now` what the plan does, if not later on. */
export function isHeldNow(
  station: Station,
  { candidates }: Pick<Belief, 'candidates'>,
  plan: InstalledProfile,
  now: EpochS,
): boolean {
  return candidates.every(({ known, installed }) => {
    const present = installed.find(
      (entry) => entry.evseId === plan.evseId && entry.profile.id === plan.profile.id,
    );
    if (!known || present === undefined) return false;
    const difference = differenceOf(station, present, plan, now);
    return difference === undefined || (difference.raisesFromS ?? now) > now;
  });
}

/** The instant for which a compiled plan was made, by its start. */
export function madeAt(profile: ChargingProfile): number {
  return leaseOf(profile).startS + backdateS;
}

/** The instant at which half of a lease is spent, or undefined for one without an end. */
export function halfSpentAt(profile: ChargingProfile): EpochS | undefined {
  const { startS, endS } = leaseOf(profile);
  return Number.isFinite(endS) ? epochS(Math.floor((startS + endS) / 2)) : undefined;
}

/**
 * A limit as circuits count it, in the unit that a station is sent: an AC station that takes W only is written the power of
 * one phase, and may have any where the circuits bear all that its hardware carries.
 */
export function writtenRoom(station: Station, evse: Evse, most: StepFunction, voltage: number): StepFunction {
  if (station.current === 'DC' || station.capability.rateUnit === 'A') return most;
  return mapValues(most, (a) => (a >= evse.maxA ? Infinity : a * voltage));
}

/**
 * The plan cut to `most` from `now` on, on the grid of the EVSE and in no more periods than the station takes;
 * undefined where the plan is not of the flat absolute form.
 */
export function cutPlan(
  station: Station,
  evse: Evse,
  wanted: InstalledProfile,
  most: StepFunction,
  now: EpochS,
): InstalledProfile | undefined {
  const { profile } = wanted;
  const schedule = profile.schedules[0];
  const { endS } = leaseOf(profile);
  if (schedule?.startAt === undefined || profile.kind !== 'Absolute' || endS <= now) return undefined;
  const until = epochS(Number.isFinite(endS) ? endS : now + 1);
  const grid =
    schedule.unit === 'A'
      ? { step: evse.stepA, least: evse.minA, most: evse.maxA }
      : { step: 1, least: 0, most: evse.maxW };
  const cut = combineTwo(ownLimit(station, wanted, now, until), most, (limit, room) =>
    limit <= room ? limit : quantizedLimit(Math.min(limit, room), grid),
  );
  const startAt = schedule.startAt;
  const periods = fewer(
    cut.startS.flatMap((at, i): SchedulePeriod[] => {
      if (at >= until) return [];
      const next = cut.startS[i + 1] ?? Infinity;
      if (next <= now) return [];
      return [{ startS: Math.max(0, at - startAt), limit: tenthDown(cut.value[i] ?? 0) }];
    }),
    station.capability.maxPeriods,
  );
  const first = periods[0];
  if (first === undefined) return undefined;
  const { numberPhases } = schedule.periods[0] ?? {};
  return {
    evseId: wanted.evseId,
    profile: {
      ...profile,
      schedules: [
        {
          ...schedule,
          periods: [{ ...first, startS: 0 }, ...periods.slice(1)].map((period) =>
            numberPhases === undefined ? period : { ...period, numberPhases },
          ),
        },
      ],
    },
  };
}

/** At most `count` periods: from the end on, neighbours become one at the lower of their limits. */
function fewer(periods: readonly SchedulePeriod[], count: number): readonly SchedulePeriod[] {
  if (periods.length <= count) return periods;
  const last = periods.at(-1);
  const kept = periods.slice(0, -1);
  const before = kept.at(-1);
  if (last === undefined || before === undefined) return periods;
  const merged = { ...before, limit: Math.min(before.limit ?? 0, last.limit ?? 0) };
  return fewer([...kept.slice(0, -1), merged], count);
}

/** Whether `next` is below `present` at any instant from `now` on, as long as both last. */
export function lowersPlan(
  station: Station,
  present: InstalledProfile,
  next: InstalledProfile,
  now: EpochS,
): boolean {
  const endS = Math.min(leaseOf(present.profile).endS, leaseOf(next.profile).endS);
  if (endS <= now) return false;
  const until = later(now, Number.isFinite(endS) ? endS - now : 1);
  const [held, meant] = [ownLimit(station, present, now, until), ownLimit(station, next, now, until)];
  const below = combineTwo(held, meant, (a, b) => (b < a ? 1 : 0));
  return below.startS.some((at) => at < until && valueAt(below, at) === 1);
}
