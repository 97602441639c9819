/**
 * Limits made into charging profiles that every known charger executes: flat, absolute, starting in the past, one unit,
 * ascending periods, never above what was asked for. A plan ends by itself (the lease); floors never do.
 * What a station cannot hold is made lower or shorter, never higher, and `notes` say so.
 * Source: OCPP 1.6 3.13, 2.0.1 and 2.1 part 2 K01.
 * @module
 */
import { isoOf } from '#domain/instant';
import { invariant } from '#domain/invariant';
import { fail, ok, type Result } from '#domain/result';
import type { Evse, Station } from '#domain/site';
import {
  combineTwo,
  firstAbove,
  lowest,
  mapValues,
  stepFunctionOf,
  valueAt,
  type StepFunction,
} from '#domain/step-function';
import { epochS, later, type EpochS } from '#domain/units';
import { fittedPieces, piecesBetween, type FitNote, type Pieces, type PlanWish } from './compile-fit.ts';
import { limitOf, type LimitReadings } from './composite.ts';
import type { ChargingProfile, InstalledProfile, ProfilePurpose, SchedulePeriod } from './profile.ts';
import { limitTolerance, quantizedLimit, tenthDown, type LimitGrid } from './quantize.ts';

/** Most periods that a compiled profile has, whatever a station claims to hold. */
export const periodsMax = 24;

/** How far a plan starts in the past, so that a clock that lags does not see it in the future. */
export const backdateS = 60;

/** When floors start: the same instant every time, so that a floor read back equals the floor compiled again. */
const floorStartS = 1_577_836_800;

/** A permanent limit of one EVSE: A per phase on AC stations, W on DC stations. */
interface FloorLimit {
  readonly evseId: number;
  readonly limit: number;
}

/** What the floors of a station are made of. */
export interface FloorsInput {
  readonly station: Station;
  /** One for each EVSE that gets a TxDefaultProfile of its own. */
  readonly floors: readonly FloorLimit[];
  /** Cap of the whole station; absent: no ChargingStationMaxProfile. */
  readonly stationMax?: number;
  readonly now: EpochS;
  /** Line to neutral; used by AC stations that take W only. Default 230. */
  readonly voltage?: number;
}

/** What the plan of one EVSE is made of; its limit is A per phase on AC stations, W on DC stations. */
export interface PlanInput extends PlanWish {
  readonly station: Station;
  readonly evseId: number;
  readonly transactionId: string;
  /** Absent: `profileIdOf` its place. */
  readonly profileId?: number;
  /** Line to neutral; the least power of DC EVSEs and the conversion of AC stations that take W only. Default 230. */
  readonly voltage?: number;
  /** Floors of the station, as `compileFloors` makes them; `expected` counts them in. */
  readonly floors?: readonly InstalledProfile[];
  /**
   * 1 where one phase of three is to be used; absent: nowhere. The limit stays A per phase, and counts on all phases: a
   * station may do as it likes. Only for stations that switch phases, and take A.
   */
  readonly onePhase?: StepFunction;
  /** What carries the plan. Default TxProfile; TxDefaultProfile also applies to whatever transaction comes next. */
  readonly purpose?: 'TxProfile' | 'TxDefaultProfile';
  /**
   * How the plan ends: by its duration; by a last period at the floor, with a duration far behind it; or by such a period
   * without an end, where no floor is installed beside it. Default `lease` where the station obeys one, else `step`.
   */
  readonly ending?: 'lease' | 'step' | 'endless-step';
  /** The limit of the last period where it is not that of an installed floor. */
  readonly stepTo?: number;
}

/** What a compiled plan does not give as it was asked for. */
export type CompileNote =
  | FitNote
  /**
   * An AC station that takes W only: the power is one phase's, so that no phase is above its limit. A limit of all that the
   * hardware carries is written as the power of all phases.
   */
  | { readonly kind: 'unit-converted' }
  /** The station ignores durations: the floor is written as the last period. */
  | { readonly kind: 'lease-as-step'; readonly floor: number };

/** A plan as it is sent. */
export interface CompiledPlan {
  readonly profile: ChargingProfile;
  /** The composite from `now` on while the transaction runs, in the unit of the limit; after the lease the floors'. */
  readonly expected: StepFunction;
  readonly untilS: EpochS;
  readonly notes: readonly CompileNote[];
}

/** Why there is no plan profile. */
export type CompileProblem =
  | { readonly kind: 'unknown-evse'; readonly evseId: number; readonly message: string }
  | { readonly kind: 'unit-not-supported'; readonly message: string }
  | { readonly kind: 'transaction-not-nameable'; readonly transactionId: string; readonly message: string }
  | { readonly kind: 'lease-empty'; readonly message: string }
  | { readonly kind: 'floor-missing'; readonly message: string }
  /** Neither TxProfile nor TxDefaultProfile binds the station: nothing limits one EVSE. */
  | { readonly kind: 'no-purpose'; readonly message: string }
  /** Phases change under a limit that is not 0: contactors would switch a load. */
  | { readonly kind: 'phases-without-rest'; readonly at: EpochS; readonly message: string }
  /** The composite of what was compiled is not what was meant: nothing is sent. */
  | { readonly kind: 'composite-differs'; readonly at: EpochS; readonly message: string };

const purposeDigit: Readonly<Record<ProfilePurpose, number>> = {
  ChargingStationExternalConstraints: 0,
  ChargingStationMaxProfile: 1,
  TxDefaultProfile: 2,
  TxProfile: 3,
  PriorityCharging: 4,
  LocalGeneration: 5,
};

/** The id of our profile at a place: the same each time, so that a new one replaces the old one. */
export function profileIdOf(evseId: number, purpose: ProfilePurpose, stackLevel: number): number {
  return evseId * 100 + purposeDigit[purpose] * 10 + Math.min(stackLevel, 9);
}

/** The stack level of plans at a station. */
function planStackLevelOf(station: Station): number {
  return Math.min(1, station.capability.maxStackLevel);
}

/**
 * How a composite in the unit of the limit must be read at a station: in AC a limit in W may be carried by each phase,
 * whatever unit the station is sent now.
 */
export function readingsOf(station: Station): Partial<LimitReadings> {
  return station.current === 'AC' ? { A9: 'per-phase' } : {};
}

/** The permanent profiles of a station, the station's cap first. Limits are rounded down as plans are. */
export function compileFloors(input: FloorsInput): readonly InstalledProfile[] {
  const { station, floors, stationMax, now } = input;
  const startAt = epochS(Math.min(floorStartS, now));
  const dress = dressOf(station, input.voltage);
  const entries: InstalledProfile[] = [];
  const add = (evseId: number, purpose: ProfilePurpose, limit: number, wires: Wires): void => {
    const periods = [periodOf(dress, 0, limit, wires)];
    const profile: ChargingProfile = {
      id: profileIdOf(evseId, purpose, 0),
      stackLevel: 0,
      purpose,
      kind: 'Absolute',
      schedules: [{ ...scheduleIdOf(station, evseId, purpose, 0), startAt, unit: dress.unit, periods }],
    };
    entries.push({ evseId, profile });
  };
  if (stationMax !== undefined) {
    const grids = station.evses.map((evse) => gridOf(station, evse, input.voltage));
    const grid = {
      step: Math.min(...grids.map((one) => one.step)),
      least: Math.min(...grids.map((one) => one.least)),
      most: grids.reduce((total, one) => total + one.most, 0),
    };
    const phases = Math.max(...station.evses.map((evse) => evse.rotation.length));
    // A cap that EVSEs do not share holds for each of them, and circuits count on none of it.
    const mostA = station.capability.sharesStationCap ? grid.most : 0;
    add(0, 'ChargingStationMaxProfile', quantizedLimit(stationMax, grid), { phases, mostA });
  }
  for (const { evseId, limit } of floors) {
    const evse = station.evses.find((one) => one.id === evseId);
    invariant(evse !== undefined, 'a floor belongs to an EVSE of its station', {
      station: station.id,
      evseId,
    });
    const floor = quantizedLimit(limit, gridOf(station, evse, input.voltage));
    add(evseId, 'TxDefaultProfile', floor, wiresOf(evse));
  }
  return entries;
}

/** The plan of one EVSE as a TxProfile; checked against the composite and the limit before it is given out. */
export function compilePlan(input: PlanInput): Result<CompiledPlan, CompileProblem> {
  const { station } = input;
  const evse = station.evses.find((one) => one.id === input.evseId);
  const problem = evse === undefined ? unknownEvse(input) : refusalOf(input);
  if (evse === undefined || problem !== undefined) return fail(problem ?? unknownEvse(input));
  const grid = gridOf(station, evse, input.voltage);
  const dress = dressOf(station, input.voltage);
  const notes: CompileNote[] = dress.perPhase === 1 ? [] : [{ kind: 'unit-converted' }];
  const ending = input.ending ?? (station.capability.obeysLease ? 'lease' : 'step');
  const most = Math.max(1, Math.min(station.capability.maxPeriods, periodsMax));
  const fitted = fittedPieces(input, grid, Math.max(1, most - (ending === 'lease' ? 0 : 1)));
  notes.push(...fitted.notes);
  const { untilS } = fitted;
  let { pieces } = fitted;
  let level = Infinity;
  if (ending !== 'lease') {
    const floor = input.stepTo ?? floorAt(input, untilS);
    if (!Number.isFinite(floor)) return fail(floorMissing(input));
    level = quantizedLimit(floor, grid);
    notes.push({ kind: 'lease-as-step', floor: level });
    const [only] = pieces;
    if (most === 1 && only !== undefined) {
      // One period for all times is no higher than what it ends in.
      level = Math.min(level, only[1]);
      pieces = [[only[0], level]];
    }
  }
  const restless = withoutRest(input, evse, pieces, untilS);
  if (restless !== undefined) return fail(restless);
  const profile = profileOf(input, evse, { pieces, untilS, ending, level });
  const expected = expectedOf(input, pieces, untilS, level);
  const wrong = differenceOf(input, profile, expected, untilS);
  if (wrong !== undefined) return fail(wrong);
  return ok({ profile, expected, untilS, notes });
}

/** What a plan profile says, and how it ends. */
interface PlanForm {
  readonly pieces: Pieces;
  readonly untilS: EpochS;
  readonly ending: NonNullable<PlanInput['ending']>;
  /** The limit of the last period, from `untilS` on; `Infinity` without one. */
  readonly level: number;
}

function profileOf(input: PlanInput, evse: Evse, form: PlanForm): ChargingProfile {
  const { station, purpose = 'TxProfile' } = input;
  const { pieces, untilS, ending, level } = form;
  const dress = dressOf(station, input.voltage);
  const startAt = epochS(input.now - backdateS);
  const wires = wiresOf(evse);
  const periods = pieces.map(([at, limit], i) => {
    const startS = i === 0 ? 0 : at - startAt;
    return limit > 0 && isOnePhase(input, evse, at)
      ? onePhasePeriodOf(station, startS, limit)
      : periodOf(dress, startS, limit, wires);
  });
  if (ending !== 'lease' && pieces[pieces.length - 1]?.[1] !== level) {
    periods.push(periodOf(dress, untilS - startAt, level, wires));
  }
  const endS = ending === 'step' ? later(untilS, input.leaseS) : untilS;
  const endless = ending === 'endless-step';
  const stackLevel = planStackLevelOf(station);
  return {
    id: input.profileId ?? profileIdOf(evse.id, purpose, stackLevel),
    stackLevel,
    purpose,
    kind: 'Absolute',
    ...(endless ? {} : { validTo: endS }),
    ...(purpose === 'TxProfile' ? { transactionId: input.transactionId } : {}),
    schedules: [
      {
        ...scheduleIdOf(station, evse.id, purpose, stackLevel),
        startAt,
        ...(endless ? {} : { durationS: endS - startAt }),
        unit: dress.unit,
        periods,
      },
    ],
  };
}

/** How limits of a station are written: the unit, and what one A of a limit is in it. */
interface Dress {
  readonly unit: 'A' | 'W';
  readonly perPhase: number;
}

function dressOf(station: Station, voltage = 230): Dress {
  if (station.current === 'DC') return { unit: 'W', perPhase: 1 };
  return station.capability.rateUnit === 'A' ? { unit: 'A', perPhase: 1 } : { unit: 'W', perPhase: voltage };
}

function gridOf(station: Station, evse: Evse, voltage = 230): LimitGrid {
  if (station.current === 'AC') return { step: evse.stepA, least: evse.minA, most: evse.maxA };
  return { step: 0.1, least: evse.minA * voltage * evse.rotation.length, most: evse.maxW };
}

/** What a limit of an AC station is for: the phases of a socket, and the most that each of them carries, A. */
interface Wires {
  readonly phases: number;
  readonly mostA: number;
}

function wiresOf({ rotation, maxA }: Evse): Wires {
  return { phases: rotation.length, mostA: maxA };
}

function periodOf(dress: Dress, startS: number, limit: number, { phases, mostA }: Wires): SchedulePeriod {
  if (dress.unit === 'A') return { startS, limit, numberPhases: phases };
  // Where every phase may carry all that it can, more watts are no more current on any of them.
  const carriers = dress.perPhase > 1 && limit >= mostA ? phases : 1;
  return { startS, limit: tenthDown(limit * dress.perPhase * carriers) };
}

/** Where phases change while something may flow. */
function withoutRest(
  input: PlanInput,
  evse: Evse,
  pieces: Pieces,
  untilS: EpochS,
): CompileProblem | undefined {
  let before: boolean | undefined;
  for (const [i, [from, limit]] of pieces.entries()) {
    const end = pieces[i + 1]?.[0] ?? untilS;
    const edges = (input.onePhase?.startS ?? []).filter((at) => at > from && at < end);
    for (const at of [from, ...edges]) {
      const one = isOnePhase(input, evse, at);
      if (limit > 0 && before !== undefined && before !== one) {
        const message = `Phases change at ${isoOf(at)} without a limit of 0 before.`;
        return { kind: 'phases-without-rest', at, message };
      }
      before = limit > 0 ? one : undefined;
    }
  }
  return undefined;
}

/** Whether one phase of three is wanted at `at`, and the station can be told. */
function isOnePhase({ station, onePhase }: PlanInput, evse: Evse, at: EpochS): boolean {
  const { switchesPhases, rateUnit } = station.capability;
  const can = station.current === 'AC' && switchesPhases !== undefined && rateUnit === 'A';
  return can && evse.rotation.length === 3 && onePhase !== undefined && valueAt(onePhase, at) === 1;
}

/** A limit on one phase: the first, named where the version and the station let it be (K01.FR.19, K01.FR.20). */
function onePhasePeriodOf({ version, capability }: Station, startS: number, limit: number): SchedulePeriod {
  const named = version !== '1.6' && capability.switchesPhases === 'to-any';
  return { startS, limit, numberPhases: 1, ...(named ? { phaseToUse: 1 } : {}) };
}

/** 2.x schedules have an id of their own. */
function scheduleIdOf(
  station: Station,
  evseId: number,
  purpose: ProfilePurpose,
  stackLevel: number,
): { readonly id?: number } {
  return station.version === '1.6' ? {} : { id: profileIdOf(evseId, purpose, stackLevel) };
}

function unknownEvse(input: PlanInput): CompileProblem {
  const message = `Station ${input.station.id} has no EVSE ${input.evseId}.`;
  return { kind: 'unknown-evse', evseId: input.evseId, message };
}

function floorMissing({ station, evseId }: PlanInput): CompileProblem {
  return {
    kind: 'floor-missing',
    message: `${station.id}/${evseId} ends its plan in a last period and has no floor to step to.`,
  };
}

function refusalOf(input: PlanInput): CompileProblem | undefined {
  const { station, transactionId } = input;
  if (station.current === 'DC' && station.capability.rateUnit === 'A') {
    return {
      kind: 'unit-not-supported',
      message: `DC station ${station.id} takes A only: the current at the vehicle says nothing of the grid's.`,
    };
  }
  if (input.purpose === 'TxDefaultProfile') return leaseProblem(input);
  const nameable =
    station.version === '1.6' ? /^-?\d{1,15}$/.test(transactionId) : /^.{1,36}$/.test(transactionId);
  if (!nameable) {
    return {
      kind: 'transaction-not-nameable',
      transactionId,
      message: `OCPP ${station.version} cannot name this transaction in a profile.`,
    };
  }
  return leaseProblem(input);
}

function leaseProblem({ leaseS }: PlanInput): CompileProblem | undefined {
  if (Number.isSafeInteger(leaseS) && leaseS >= 1) return undefined;
  return { kind: 'lease-empty', message: `A lease of ${leaseS} s is no whole second long.` };
}

function floorsLimit(input: PlanInput, fromS: EpochS, untilS: EpochS): StepFunction {
  return compositeOver(input, input.floors ?? [], [], fromS, untilS);
}

function floorAt(input: PlanInput, at: EpochS): number {
  return valueAt(floorsLimit(input, at, later(at, 1)), at);
}

/** The plan under the station's cap, then the floors; `level` is that of a last period, `Infinity` without one. */
function expectedOf(input: PlanInput, pieces: Pieces, untilS: EpochS, level: number): StepFunction {
  const plan = stepFunctionOf([...pieces, [untilS, Infinity]]);
  const caps = (input.floors ?? []).filter(({ profile }) => profile.purpose === 'ChargingStationMaxProfile');
  const cap = compositeOver(input, caps, [], input.now, later(untilS, 1));
  const installed = valueAt(floorsLimit(input, untilS, later(untilS, 1)), untilS);
  // The last period leads over the floor, and is under the cap.
  const after = Number.isFinite(level)
    ? writtenLimit(input, Math.min(level, valueAt(cap, untilS)))
    : installed;
  const capped = lowest([plan, cap]);
  const dressed = mapValues(capped, (limit) => writtenLimit(input, limit));
  return stepFunctionOf([...piecesBetween(dressed, input.now, untilS), [untilS, after]]);
}

/** What is left of a limit, as circuits count it, after it was written in the station's unit. */
function writtenLimit(input: PlanInput, limit: number): number {
  const { perPhase } = dressOf(input.station, input.voltage);
  return perPhase === 1 || !Number.isFinite(limit) ? limit : tenthDown(limit * perPhase) / perPhase;
}

function compositeOver(
  input: PlanInput,
  installed: readonly InstalledProfile[],
  transactions: readonly string[],
  from: EpochS,
  until: EpochS,
): StepFunction {
  const { station, evseId, now } = input;
  const evse = station.evses.find((one) => one.id === evseId);
  const limit = limitOf({
    version: station.version,
    installed,
    transactions: transactions.map((id) => ({ evseId, id, startedAt: now })),
    evseId,
    from,
    until,
    electrical: { voltage: input.voltage ?? 230, phases: evse?.rotation.length ?? 3 },
    unit: station.current === 'AC' ? 'A' : 'W',
    readings: readingsOf(station),
  });
  const isDressed = dressOf(station, input.voltage).perPhase > 1;
  if (!isDressed || evse === undefined) return limit;
  // A full limit is written as the power of all phases: no phase carries more than the hardware.
  return mapValues(limit, (a) => (Number.isFinite(a) ? Math.min(a, evse.maxA) : a));
}

/** Where the composite of the compiled profile over the floors is not `expected`, or is above the limit. */
function differenceOf(
  input: PlanInput,
  profile: ChargingProfile,
  expected: StepFunction,
  untilS: EpochS,
): CompileProblem | undefined {
  const installed = [...(input.floors ?? []), { evseId: input.evseId, profile }];
  const composite = compositeOver(input, installed, [input.transactionId], input.now, later(untilS, 1));
  const differs = combineTwo(composite, expected, (a, b) =>
    a === b || Math.abs(a - b) <= limitTolerance ? 0 : 1,
  );
  const first = differs.value.indexOf(1);
  if (first >= 0) {
    const at = epochS(Math.max(differs.startS[first] ?? input.now, input.now));
    return { kind: 'composite-differs', at, message: `The composite is not what was meant at ${isoOf(at)}.` };
  }
  const plan = stepFunctionOf([...piecesBetween(composite, input.now, untilS), [untilS, 0]]);
  const above = firstAbove(plan, input.limit, input.now, limitTolerance);
  if (above === undefined) return undefined;
  return {
    kind: 'composite-differs',
    at: above,
    message: `The composite is above the limit at ${isoOf(above)}.`,
  };
}
