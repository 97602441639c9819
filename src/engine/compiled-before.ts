/**
 * What was compiled is not compiled again: plans in force of which it is known that what is wanted would come to the same.
 * @module
 */
import type { Station } from '#domain/site';
import { valueAt, type StepFunction } from '#domain/step-function';
import { epochS, type EpochS } from '#domain/units';
import type { CompiledPlan } from '#ocpp/compile';
import type { Floors } from '#safety/floors';
import { raiseDelayOf, siteStation } from './places.ts';
import type { State, WantedPlan } from './state.ts';

/** What an EVSE shall be limited to. */
export interface Want {
  readonly stationId: string;
  readonly evseId: number;
  readonly transactionId: string;
  readonly visitId?: string;
  /** The lease ends here at the latest. */
  readonly untilS: EpochS;
  /** In the station's unit, the first piece at or before now. */
  readonly pieces: readonly (readonly [EpochS, number])[];
  /** 1 where one phase of three is to be used; absent: nowhere. */
  readonly onePhase?: StepFunction;
}

/** One level for ever, found to be what a plan in force says until `untilS`. */
interface Level {
  readonly floors: Floors;
  readonly station: Station;
  readonly level: number;
  readonly untilS: EpochS;
}

const levels = new WeakMap<WantedPlan, Level>();

/**
 * True where one level is wanted that the plan in force was found to have, and it is still as long as it has to be: a
 * level that was compiled once is compiled alike at any later instant.
 */
function goesOn(state: State, want: Want, inForce: WantedPlan, endS: number): boolean {
  const known = levels.get(inForce);
  if (want.onePhase !== undefined || inForce.onePhase !== undefined) return false;
  if (known === undefined || want.pieces.length !== 1 || known.level !== want.pieces[0]?.[1]) return false;
  const { leaseEndS, limit } = inForce;
  if (known.floors !== state.floors || Math.min(leaseEndS, endS) > known.untilS) return false;
  if (valueAt(limit, epochS(state.now - 1)) !== valueAt(limit, state.now)) return false;
  if (siteStation(state.site, known.station.id) !== known.station) return false;
  return leaseEndS >= endS || leaseEndS - state.now > state.policy.leaseMaxS / 2;
}

/** What a plan was compiled from, where all of that is in it. */
interface Source {
  readonly floors: Floors;
  readonly station: Station;
  readonly raiseDelayS: number;
  readonly pieces: Want['pieces'];
  readonly atS: EpochS;
}

const sources = new WeakMap<WantedPlan, Source>();

/**
 * True where what is wanted from now on is what the plan in force was compiled from, and the delay of its last raise is
 * over: compiled again it would say the same.
 */
function isAsCompiled(state: State, want: Want, inForce: WantedPlan, endS: number): boolean {
  const source = sources.get(inForce);
  if (source === undefined || want.onePhase !== undefined) return false;
  if (source.floors !== state.floors || source.station !== siteStation(state.site, want.stationId))
    return false;
  const raiseDelayS = raiseDelayOf(state);
  const { leaseEndS } = inForce;
  const isLong = leaseEndS >= endS || leaseEndS - state.now > state.policy.leaseMaxS / 2;
  if (!isLong || source.raiseDelayS !== raiseDelayS) return false;
  const [before, after] = [stepsFrom(source.pieces, state.now), stepsFrom(want.pieces, state.now)];
  const changedAt = Math.max(source.atS, before[0]?.[0] ?? state.now);
  if (changedAt + raiseDelayS + 1 >= state.now || before.length !== after.length) return false;
  return after.every(([at, limit], i) => before[i]?.[1] === limit && (i === 0 || before[i][0] === at));
}

/** The pieces that hold from an instant on, those of one limit as one. */
function stepsFrom(pieces: Want['pieces'], at: EpochS): Want['pieces'] {
  const steps: (readonly [EpochS, number])[] = [];
  for (const piece of pieces) {
    const last = steps.at(-1);
    if (last?.[1] === piece[1]) continue;
    if (last !== undefined && steps.length === 1 && piece[0] <= at) steps.pop();
    steps.push(piece);
  }
  return steps;
}

/** Keeps in mind that one level was found to be what a plan in force says. */
export function rememberLevel(plan: WantedPlan, level: Level): void {
  levels.set(plan, level);
}

/** Keeps in mind what a plan was compiled from, where its profile had room for all of that. */
export function rememberSource(
  state: State,
  plan: WantedPlan,
  from: { readonly want: Want; readonly station: Station; readonly notes: CompiledPlan['notes'] },
): void {
  const { want, station, notes } = from;
  const isWhole = notes.every(({ kind }) => kind === 'unit-converted' || kind === 'lease-as-step');
  if (!isWhole || want.onePhase !== undefined) return;
  const { floors, now } = state;
  sources.set(plan, { floors, station, raiseDelayS: raiseDelayOf(state), pieces: want.pieces, atS: now });
}

/** True where what is wanted, compiled, is known to come to the plan in force. */
export function saysTheSame(state: State, want: Want, inForce: WantedPlan, endS: number): boolean {
  return goesOn(state, want, inForce, endS) || isAsCompiled(state, want, inForce, endS);
}
