/**
 * The limit that a set of installed charging profiles puts on an EVSE or a station, as a function of time. Time is a
 * parameter; nothing here knows what a charger really does. Where the standard is silent `Readings` names the
 * readings seen in the field and the one taken by default.
 * Source: OCPP 1.6 3.13, 5.7; 2.0.1 part 2 K.3.5, K01, K08; 2.1 part 2 K01, K08, K21, K28.
 * @module
 */
import { invariant } from '#domain/invariant';
import type { OcppVersion } from '#domain/site';
import type { StepFunction } from '#domain/step-function';
import type { EpochS } from '#domain/units';
import {
  addClocked,
  startOfCharging,
  type Clocked,
  type ClockQuestion,
  type ClockReadings,
  type Place,
} from './composite-clock.ts';
import { levelOf, type LevelQuestion, type LevelReadings } from './composite-level.ts';
import {
  emptyTrack,
  filled,
  joined,
  lowestOf,
  nothingDrawn,
  push,
  raisedBy,
  settled,
  sumOf,
  unlimitedLevel,
  type Track,
} from './composite-track.ts';
import type { ChargingProfile, InstalledProfile, SchedulePeriod, Transaction } from './profile.ts';

/** Readings of the ambiguities that change a limit; the first of each union is the default unless said otherwise. */
export interface LimitReadings extends LevelReadings, ClockReadings {
  /** 1.6 without a transaction: TxDefaultProfile applies as if one ran, or not. */
  readonly A3: 'simulate' | 'station-only';
  /**
   * TxDefaultProfile of the EVSE beside one of EVSE 0: any own one replaces the other at all times (default of 1.6), the
   * stack level decides and the own one wins ties (default of 2.x), or the own one leads wherever it has a period.
   */
  readonly A5: 'connector-replaces' | 'by-stack-level' | 'connector-leads';
  /** Equal neighbours are one piece, or stay apart where another profile or period begins; `limitOf` always merges. */
  readonly A6: 'merge' | 'keep';
  /** EVSE 0: the sum of the EVSEs under the station's cap, or the cap alone. */
  readonly A7: 'sum' | 'cap-only';
}

/** What a limit is computed from. */
export interface LimitInput extends LevelQuestion, ClockQuestion {
  readonly version: OcppVersion;
  /** In order of installation: of two with equal rank the later leads. */
  readonly installed: readonly InstalledProfile[];
  readonly transactions: readonly Transaction[];
  /** 0: the whole station. */
  readonly evseId: number;
  /** EVSEs of the station; used by `evseId` 0 only. Absent: the highest EVSE named anywhere in the input. */
  readonly numberOfEvses?: number;
  /**
   * Whether an EVSE without a transaction is treated as if one ran that has no TxProfile. Default true. False: nothing is
   * enforced on it, and as it charges nothing it adds nothing to what `evseId` 0 draws.
   */
  readonly assumeTransaction?: boolean;
  /** What stands on an EVSE where no profile holds, in `unit`. Default `Infinity`. */
  readonly unlimited?: number;
  readonly readings?: Partial<LimitReadings>;
  /** 2.1: EVSEs whose transaction charges with priority. */
  readonly priorityEvses?: readonly number[];
}

/** One piece of a composite: from `startS` to the start of the next. */
export interface CompositePiece {
  readonly startS: EpochS;
  /** `Infinity` where nothing limits. */
  readonly limit: number;
  /** The fewest phases that any profile in force at this instant names; absent where none does. */
  readonly numberPhases?: number;
}

/** The limit over `[from, until)`, one piece per value, `Infinity` where nothing limits; before and after it means nothing. */
export function limitOf(input: LimitInput): StepFunction {
  const track = trackOf(input);
  const startS: EpochS[] = [];
  const value: number[] = [];
  for (let i = 0; i < track.value.length; i++) {
    const limit = track.value[i] ?? Infinity;
    if (value.length > 0 && value[value.length - 1] === limit) continue;
    startS.push((track.startS[i] ?? 0) as EpochS);
    value.push(limit);
  }
  return { startS, value };
}

/** The composite over `[from, until)` with phases; neighbours that are equal in both are one piece unless A6 keeps them. */
export function compositeOf(input: LimitInput): readonly CompositePiece[] {
  const track = trackOf(input);
  return track.value.map((limit, i) => {
    const phases = track.phases[i] ?? 0;
    const startS = (track.startS[i] ?? 0) as EpochS;
    return phases > 0 ? { startS, limit, numberPhases: phases } : { startS, limit };
  });
}

/** Everything that does not change while one track is made. */
interface Context {
  readonly input: LimitInput;
  readonly a5: LimitReadings['A5'];
}

function trackOf(input: LimitInput): Track {
  invariant(input.from < input.until, 'a composite covers some time', {
    from: input.from,
    until: input.until,
  });
  const context: Context = {
    input,
    a5: input.readings?.A5 ?? (input.version === '1.6' ? 'connector-replaces' : 'by-stack-level'),
  };
  const own = input.evseId === 0 ? stationShareOf(context) : evseShareOf(context, input.evseId);
  let track = own;
  for (const purpose of ['ChargingStationMaxProfile', 'ChargingStationExternalConstraints'] as const) {
    const cap = layerOf(context, 0, purpose);
    if (cap !== undefined) track = joined(track, cap, lowestOf);
  }
  track = settled(track, input);
  const generation = layerOf(context, input.evseId, 'LocalGeneration');
  if (generation !== undefined) track = joined(track, settled(generation, input), raisedBy);
  return input.unlimited === undefined ? track : filled(track, input.unlimited);
}

/** What the transaction layer and the EVSE's own external constraints leave to one EVSE. */
function evseShareOf(context: Context, evseId: number): Track {
  const own = trackOfChain(context, transactionChain(context, evseId));
  const external = layerOf(context, evseId, 'ChargingStationExternalConstraints');
  return external === undefined ? own : joined(own, external, lowestOf);
}

/** The sum over the EVSEs, or no limit where only the cap counts. */
function stationShareOf(context: Context): Track {
  const { input } = context;
  if (input.readings?.A7 === 'cap-only') return trackOfChain(context, []);
  const count = input.numberOfEvses ?? highestEvse(input);
  let total: Track | undefined;
  for (let evseId = 1; evseId <= count; evseId++) {
    if (isIdle(input, evseId)) continue;
    const share = settled(evseShareOf(context, evseId), input);
    const known = input.unlimited === undefined ? share : filled(share, input.unlimited);
    total = total === undefined ? known : joined(total, known, sumOf);
  }
  if (total !== undefined) return total;
  const nobody = emptyTrack(input.readings?.A6 === 'keep', input.readings?.A9 === 'total-on-fewest');
  push(nobody, input.from, count > 0 ? nothingDrawn : unlimitedLevel);
  return nobody;
}

/** Whether an EVSE is told to have no transaction, rather than treated as if one ran. */
function isIdle({ assumeTransaction, transactions }: LimitInput, evseId: number): boolean {
  return assumeTransaction === false && !transactions.some((one) => one.evseId === evseId);
}

function highestEvse(input: LimitInput): number {
  let top = 0;
  for (const entry of input.installed) top = Math.max(top, entry.evseId);
  for (const transaction of input.transactions) top = Math.max(top, transaction.evseId);
  return top;
}

/** Profiles by rank, highest first: priority, TxProfile, TxDefaultProfile; within each by stack level. */
function transactionChain(context: Context, evseId: number): Clocked[] {
  const { input } = context;
  const transaction = input.transactions.find((one) => one.evseId === evseId);
  if (transaction === undefined && !assumesTransaction(input)) return [];
  const hidden =
    context.a5 === 'connector-replaces' &&
    input.installed.some((one) => one.evseId === evseId && one.profile.purpose === 'TxDefaultProfile');
  const ranked: Ranked[] = [];
  for (const entry of input.installed) {
    const { profile } = entry;
    const own = entry.evseId === evseId;
    if (!own && entry.evseId !== 0) continue;
    if (!own && hidden && profile.purpose === 'TxDefaultProfile') continue;
    const layer = layerRank(context, entry, evseId, transaction);
    if (layer > 0) insert(ranked, { profile, layer, level: profile.stackLevel, own });
  }
  return clockedChain(context, ranked, { evseId, chargingS: startOfCharging(context.input, transaction) });
}

function assumesTransaction(input: LimitInput): boolean {
  if (input.version === '1.6' && input.readings?.A3 === 'station-only') return false;
  return input.assumeTransaction ?? true;
}

/** The rank of a profile's purpose among those of a transaction; 0 where it does not apply to this one. */
function layerRank(
  context: Context,
  entry: InstalledProfile,
  evseId: number,
  transaction: Transaction | undefined,
): number {
  const { profile } = entry;
  const own = entry.evseId === evseId;
  switch (profile.purpose) {
    case 'TxDefaultProfile':
      return own && context.a5 !== 'by-stack-level' ? 2 : 1;
    case 'TxProfile': {
      if (transaction === undefined || !own) return 0;
      return profile.transactionId === undefined || profile.transactionId === transaction.id ? 3 : 0;
    }
    case 'PriorityCharging':
      return transaction !== undefined && context.input.priorityEvses?.includes(evseId) === true ? 4 : 0;
    case 'ChargingStationMaxProfile':
    case 'ChargingStationExternalConstraints':
    case 'LocalGeneration':
      break;
  }
  return 0;
}

/** The chain of a purpose that needs no transaction; undefined where it has no profile. */
function layerOf(
  context: Context,
  evseId: number,
  purpose: 'ChargingStationMaxProfile' | 'ChargingStationExternalConstraints' | 'LocalGeneration',
): Track | undefined {
  const { input } = context;
  let ranked: Ranked[] | undefined;
  for (const entry of input.installed) {
    const { profile } = entry;
    if (profile.purpose !== purpose) continue;
    const own = entry.evseId === evseId;
    if (!own && !(purpose === 'LocalGeneration' && entry.evseId === 0)) continue;
    ranked ??= [];
    insert(ranked, { profile, layer: 1, level: profile.stackLevel, own });
  }
  if (ranked === undefined) return undefined;
  let first: Transaction | undefined;
  for (const one of input.transactions) {
    if (evseId !== 0 && one.evseId !== evseId) continue;
    if (first === undefined || one.startedAt < first.startedAt) first = one;
  }
  const place = { evseId, chargingS: startOfCharging(context.input, first) };
  return trackOfChain(context, clockedChain(context, ranked, place));
}

interface Ranked {
  readonly profile: ChargingProfile;
  readonly layer: number;
  readonly level: number;
  readonly own: boolean;
}

/** Keeps the list sorted, highest rank first; of equals the one that came later stands before. */
function insert(ranked: Ranked[], entry: Ranked): void {
  let at = 0;
  while (at < ranked.length && outranks(ranked[at], entry)) at++;
  ranked.splice(at, 0, entry);
}

function outranks(one: Ranked | undefined, entry: Ranked): boolean {
  if (one === undefined) return false;
  if (one.layer !== entry.layer) return one.layer > entry.layer;
  if (one.level !== entry.level) return one.level > entry.level;
  return one.own && !entry.own;
}

function clockedChain(context: Context, ranked: readonly Ranked[], place: Place): Clocked[] {
  const chain: Clocked[] = [];
  for (const { profile } of ranked) addClocked(context.input, profile, place, chain);
  return chain;
}

/** One pass over one chain. */
interface Sweep {
  readonly input: LimitInput;
  readonly chain: readonly Clocked[];
  readonly track: Track;
}

function trackOfChain(context: Context, chain: readonly Clocked[]): Track {
  const { input } = context;
  const { readings } = input;
  const track = emptyTrack(readings?.A6 === 'keep', readings?.A9 === 'total-on-fewest');
  fill({ input, chain, track }, 0, input.from, input.until);
  return track;
}

/** Writes `[fromS, untilS)`: where profile `k` has a period, that one; elsewhere what the profiles below it say. */
function fill(sweep: Sweep, k: number, fromS: number, untilS: number): void {
  // Going down in a loop where nothing is left to do above keeps the stack as deep as gaps are nested.
  let cursorS = fromS;
  for (let i = k; i < sweep.chain.length; i++) {
    const clocked = sweep.chain[i];
    if (clocked === undefined) break;
    if (clocked.fromS < untilS && clocked.untilS > cursorS) cursorS = fillFrom(sweep, i, cursorS, untilS);
    if (cursorS >= untilS) return;
  }
  push(sweep.track, cursorS, unlimitedLevel);
}

/** Writes from `fromS` to the end of the last period of profile `k` before `untilS`, gaps by those below; that end. */
function fillFrom(sweep: Sweep, k: number, fromS: number, untilS: number): number {
  const clocked = sweep.chain[k];
  if (clocked === undefined) return fromS;
  const { periods, everyS, startS } = clocked;
  const endS = Math.min(untilS, clocked.untilS);
  const firstS = Math.max(fromS, clocked.fromS);
  let cursorS = fromS;
  let cycle = everyS === Infinity ? 0 : Math.max(Math.floor((firstS - startS) / everyS), clocked.firstCycle);
  for (;;) {
    const cycleS = cycle === 0 ? startS : startS + cycle * everyS;
    if (cycleS >= endS) break;
    const cycleEndS = Math.min(cycleS + clocked.lengthS, endS);
    for (let i = periodAt(periods, Math.max(firstS, cursorS) - cycleS); i < periods.length; i++) {
      const period = periods[i];
      if (period === undefined) break;
      const periodS = Math.max(cycleS + period.startS, firstS, cursorS);
      if (periodS >= cycleEndS) break;
      const next = periods[i + 1];
      const periodEndS = next === undefined ? cycleEndS : Math.min(cycleS + next.startS, cycleEndS);
      if (periodEndS <= periodS) continue;
      if (periodS > cursorS) fill(sweep, k + 1, cursorS, periodS);
      push(sweep.track, periodS, levelOf(sweep.input, clocked.schedule, period, clocked.most));
      cursorS = periodEndS;
    }
    if (everyS === Infinity || cycleEndS >= endS) break;
    cycle++;
  }
  return cursorS;
}

/** Index of the period that holds `elapsedS` into the schedule; the first one before any has begun. */
function periodAt(periods: readonly SchedulePeriod[], elapsedS: number): number {
  let low = 0;
  let high = periods.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((periods[middle]?.startS ?? Infinity) <= elapsedS) low = middle;
    else high = middle - 1;
  }
  return low;
}
