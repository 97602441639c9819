/**
 * The witness: holds what chargers really do against what they may do, and keeps the evidence. It decides nothing: the
 * engine acts on its verdicts. Pure; the state is JSON. Source: OCPP never looks at metered energy itself, its test cases
 * check answers only.
 * @module
 */
import { integral, maxOver, combine, type StepFunction } from '#domain/step-function';
import { later, type EpochS } from '#domain/units';

/** Samples in a row above the bound that make a verdict: one may be a charger between two set-points. */
const overSamplesMax = 2;
/** Samples in a row inside the bound that clear it. */
const clearSamples = 3;
/** Samples kept as evidence per EVSE. */
const evidenceSamplesMax = 8;

/** One meter reading held against its bound. */
export interface Reading {
  readonly sampledAt: EpochS;
  readonly powerW: number;
  /** Highest power that any profile set the charger may hold allows, reaction time included. */
  readonly boundW: number;
  readonly toleranceW: number;
}

/** What was found, once per change of state, with the readings it rests on. */
export interface Verdict {
  readonly id: string;
  readonly kind:
    | 'over-limit'
    | 'obeys'
    | 'read-back-mismatch'
    | 'read-back-agrees'
    | 'comms-loss'
    | 'comms-back'
    | FlagKind
    | FlagEnd;
  /** `evseKey` or station id. */
  readonly key: string;
  readonly at: EpochS;
  readonly evidence:
    | { readonly readings: readonly Reading[] }
    | {
        readonly from: EpochS;
        readonly until: EpochS;
        readonly worstAt: EpochS;
        readonly expected: number;
        readonly reported: number;
      }
    | { readonly downSince: EpochS; readonly upAt?: EpochS }
    | { readonly facts: FlagFacts };
}

/** What is wrong with a station beside its draw: raised once, ended once. */
export type FlagKind =
  /** Its clock is off: steps and leases come early or late. */
  | 'clock-off'
  /** Its composite schedules are not of the standard's form: nothing is concluded from them. */
  | 'composite-unreliable'
  /** It charges and sends no readings: nobody sees whether it obeys. */
  | 'meter-silent'
  /** Its energy register went back, or jumped by more than can be. */
  | 'meter-implausible'
  /** It boots where only the connection was away: it may forget what it holds. */
  | 'boots-on-reconnect';

/** The end of each flag. */
export type FlagEnd =
  | 'clock-right'
  | 'composite-sane'
  | 'meter-back'
  | 'meter-plausible'
  | 'reconnects-without-boot';

const flagEnds: Readonly<Record<FlagKind, FlagEnd>> = {
  'clock-off': 'clock-right',
  'composite-unreliable': 'composite-sane',
  'meter-silent': 'meter-back',
  'meter-implausible': 'meter-plausible',
  'boots-on-reconnect': 'reconnects-without-boot',
};

/** What a flag rests on. */
export type FlagFacts = Readonly<Record<string, number | string | readonly string[]>>;

interface Watched {
  readonly over: number;
  readonly inside: number;
  readonly caught: boolean;
  readonly recent: readonly Reading[];
}

/** The witness' memory. */
export interface WitnessState {
  readonly verdictCount: number;
  readonly watched: Readonly<Record<string, Watched>>;
  /** EVSEs whose last read-back did not agree. */
  readonly mismatched: Readonly<Record<string, true>>;
  /** Stations without a connection, since when. */
  readonly downSince: Readonly<Record<string, EpochS>>;
  /** Flags that are up, by `kind key`. */
  readonly flags: Readonly<Record<string, true>>;
}

/** A new state and what was found on the way to it. */
export interface Finding {
  readonly state: WitnessState;
  readonly verdicts: readonly Verdict[];
}

/** Knows nothing, suspects nobody. */
export const initialWitness: WitnessState = {
  verdictCount: 0,
  watched: {},
  mismatched: {},
  downSince: {},
  flags: {},
};

function pronounce(
  state: WitnessState,
  change: Partial<WitnessState>,
  verdict?: Omit<Verdict, 'id'>,
): Finding {
  if (verdict === undefined) return { state: { ...state, ...change }, verdicts: [] };
  const verdictCount = state.verdictCount + 1;
  return { state: { ...state, ...change, verdictCount }, verdicts: [{ id: `v${verdictCount}`, ...verdict }] };
}

/**
 * Takes one meter reading. Two in a row above bound plus tolerance give `over-limit`, then three in a row inside give
 * `obeys`. A reading older than the last one is ignored: queued samples of an outage prove nothing new.
 */
export function observeMeter(
  state: WitnessState,
  observation: Reading & { readonly key: string; readonly at: EpochS },
): Finding {
  const { key, at, sampledAt, powerW, boundW, toleranceW } = observation;
  const before = state.watched[key] ?? { over: 0, inside: 0, caught: false, recent: [] };
  const last = before.recent.at(-1);
  if (last !== undefined && sampledAt <= last.sampledAt) return { state, verdicts: [] };
  const isOver = powerW > boundW + toleranceW;
  const recent = [...before.recent, { sampledAt, powerW, boundW, toleranceW }].slice(-evidenceSamplesMax);
  const over = isOver ? before.over + 1 : 0;
  const inside = isOver ? 0 : before.inside + 1;
  const isCaught = !before.caught && over >= overSamplesMax;
  const isCleared = before.caught && inside >= clearSamples;
  const caught = isCaught || (before.caught && !isCleared);
  const watched = { ...state.watched, [key]: { over, inside, caught, recent } };
  if (!isCaught && !isCleared) return pronounce(state, { watched });
  const kind = isCaught ? 'over-limit' : 'obeys';
  return pronounce(state, { watched }, { kind, key, at, evidence: { readings: recent } });
}

/** Forgets a caught EVSE's record, when its vehicle has gone and the charger is to be judged afresh. */
export function forget(state: WitnessState, key: string): WitnessState {
  const { [key]: _forgotten, ...watched } = state.watched;
  return { ...state, watched };
}

/** True while an EVSE stands as caught above its limit. */
export function isCaught(state: WitnessState, key: string): boolean {
  return state.watched[key]?.caught ?? false;
}

/** Starts of steps may differ by this much between what was sent and what a charger reports. */
const stepShiftS = 2;

/**
 * Compares a composite schedule that a charger reported with the expected one, over the reported span. They are held
 * against each other as functions, never as lists, and steps may be shifted by two seconds.
 */
export function observeReadBack(
  state: WitnessState,
  observation: {
    readonly key: string;
    readonly at: EpochS;
    readonly until: EpochS;
    readonly expected: StepFunction;
    readonly reported: StepFunction;
    readonly tolerance: number;
  },
): Finding {
  const { key, at, until, expected, reported, tolerance } = observation;
  const worst = worstDifference(observation);
  const wasMismatched = state.mismatched[key] === true;
  if (worst === undefined) {
    const { [key]: _agreed, ...mismatched } = state.mismatched;
    if (!wasMismatched) return { state, verdicts: [] };
    const evidence = {
      from: at,
      until,
      worstAt: at,
      expected: maxOver(expected, at, until),
      reported: maxOver(reported, at, until),
    };
    return pronounce(state, { mismatched }, { kind: 'read-back-agrees', key, at, evidence });
  }
  if (wasMismatched) return { state, verdicts: [] };
  const mean = (f: StepFunction): number =>
    integral(f, worst, later(worst, stepShiftS + 1)) / (stepShiftS + 1);
  const evidence = {
    from: at,
    until,
    worstAt: worst,
    expected: mean(expected),
    reported: mean(reported),
    tolerance,
  };
  return pronounce(
    state,
    { mismatched: { ...state.mismatched, [key]: true } },
    { kind: 'read-back-mismatch', key, at, evidence },
  );
}

/** First instant from which on the two differ for longer than a permitted shift. */
function worstDifference(observation: {
  readonly at: EpochS;
  readonly until: EpochS;
  readonly expected: StepFunction;
  readonly reported: StepFunction;
  readonly tolerance: number;
}): EpochS | undefined {
  const { at, until, expected, reported, tolerance } = observation;
  const differs = combine([expected, reported], ([a = 0, b = 0]) =>
    a === b || Math.abs(a - b) <= tolerance ? 0 : 1,
  );
  for (const [i, level] of differs.value.entries()) {
    const from = i === 0 ? at : later(at, Math.max(0, (differs.startS[i] ?? at) - at));
    const end = Math.min(until, differs.startS[i + 1] ?? until);
    if (level === 1 && end - from > stepShiftS) return from;
  }
  return undefined;
}

/** True while a flag is up. */
export function isFlagged(state: WitnessState, kind: FlagKind, key: string): boolean {
  return state.flags[`${kind} ${key}`] === true;
}

/** Raises or ends a flag; what stands already is not said again. */
export function observeFlag(
  state: WitnessState,
  observation: {
    readonly kind: FlagKind;
    readonly key: string;
    readonly at: EpochS;
    readonly isUp: boolean;
    readonly facts?: FlagFacts;
  },
): Finding {
  const { kind, key, at, isUp, facts = {} } = observation;
  const name = `${kind} ${key}`;
  if (isUp === (state.flags[name] === true)) return { state, verdicts: [] };
  const { [name]: _ended, ...others } = state.flags;
  const flags = isUp ? { ...state.flags, [name]: true as const } : others;
  return pronounce(state, { flags }, { kind: isUp ? kind : flagEnds[kind], key, at, evidence: { facts } });
}

/** The flags that are up, said once more: nobody may have heard of them. */
export function standingFlags(state: WitnessState, at: EpochS): Finding {
  return Object.keys(state.flags)
    .sort()
    .reduce<Finding>(
      (before, name) => {
        const [kind = '', ...key] = name.split(' ');
        const verdict = { kind: kind as FlagKind, key: key.join(' '), at, evidence: { facts: { again: 1 } } };
        const next = pronounce(before.state, {}, verdict);
        return { state: next.state, verdicts: [...before.verdicts, ...next.verdicts] };
      },
      { state, verdicts: [] },
    );
}

/** Takes the loss or the return of a station's connection. */
export function observeLink(
  state: WitnessState,
  observation: { readonly stationId: string; readonly at: EpochS; readonly up: boolean },
): Finding {
  const { stationId, at, up } = observation;
  const since = state.downSince[stationId];
  if (up) {
    if (since === undefined) return { state, verdicts: [] };
    const { [stationId]: _back, ...downSince } = state.downSince;
    return pronounce(
      state,
      { downSince },
      { kind: 'comms-back', key: stationId, at, evidence: { downSince: since, upAt: at } },
    );
  }
  if (since !== undefined) return { state, verdicts: [] };
  return pronounce(
    state,
    { downSince: { ...state.downSince, [stationId]: at } },
    { kind: 'comms-loss', key: stationId, at, evidence: { downSince: at } },
  );
}
