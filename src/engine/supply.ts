/** What each circuit may carry over time: its fuse, limit events, and the load behind it that nobody controls. @module */
import { loadCurrent, type Circuit, type Phase, type UncontrolledLoad } from '#domain/site';
import {
  combine,
  constant,
  mapValues,
  stepFunctionOf,
  type StepFunction,
  valueAt,
} from '#domain/step-function';
import { alignDown } from '#domain/time-grid';
import { epochS, later, seconds, type EpochS } from '#domain/units';
import type { CircuitLimits, SiteLimits } from '#safety/circuit-limits';
import { clockOf, offsetAtS } from '#tariffs/calendar';
import { expectedWeekOf, hourOfWeek, reserveWeekOf, type LoadRecord } from './load-record.ts';
import { knownLoadsMax } from './limits.ts';
import type { LimitEvent, State } from './state.ts';
import type { Reading } from './load-record.ts';

const quarterS = 900;
/** How long a measured load counts on after it was sampled. */
const readingHoldsS = 3600;
/** Part of a measured deviation that is still expected in each quarter hour after the sample. */
const deviationShares = [1, 0.75, 0.5, 0.25] as const;

/** The quarter hour of the local day that an instant of local time lies in, 0 to 95. */
function quarterOf(localS: number): number {
  return Math.floor((((localS % 86_400) + 86_400) % 86_400) / quarterS);
}

/** What a load is by local time, W, or A on a phase. */
interface LoadCurve {
  /** [96] by quarter hour of the day. */
  readonly day: readonly number[];
  /** [168] by hour of the week, in place of the day where it is known. */
  readonly week: readonly (number | undefined)[];
}

/** A curve as a function of time over `[from, until)`; its highest value afterwards. */
function curveOver(
  timeZone: string,
  { day, week }: LoadCurve,
  span: { readonly from: EpochS; readonly until: EpochS },
): StepFunction {
  const clock = clockOf(timeZone, span.from, span.until);
  const pieces: (readonly [EpochS, number])[] = [];
  for (let at = alignDown(span.from, seconds(quarterS)); at < span.until; at = later(at, quarterS)) {
    const localS = at + offsetAtS(clock, at);
    pieces.push([at, week[hourOfWeek(localS)] ?? day[quarterOf(localS)] ?? 0]);
  }
  const end = later(pieces.at(-1)?.[0] ?? span.from, quarterS);
  const top = [...day, ...week].reduce<number>((most, value) => Math.max(most, value ?? 0), 0);
  return stepFunctionOf([...pieces, [end, top]]);
}

/** `f`, but at least what was read while that holds, where it was above `f` when it was taken. */
function withBound(f: StepFunction, read: number, sampledAt: EpochS): StepFunction {
  if (read <= valueAt(f, sampledAt)) return f;
  const held = stepFunctionOf([
    [epochS(0), 0],
    [sampledAt, 1],
    [later(sampledAt, readingHoldsS), 0],
  ]);
  return combine([f, held], ([level = 0, holds = 0]) => (holds === 0 ? level : Math.max(level, read)));
}

/** A bound in W under the last reading. */
function withReading(f: StepFunction, reading: Reading | undefined): StepFunction {
  return reading === undefined ? f : withBound(f, reading.powerW, reading.sampledAt);
}

/**
 * `f`, which reaches back to the reading, moved by what the reading deviated from it. The known steps of the curve stay
 * where they are; the deviation fades within the hour, and no load is below zero.
 */
function withDeviation(f: StepFunction, { powerW, sampledAt }: Reading): StepFunction {
  const deviationW = powerW - valueAt(f, sampledAt);
  const shift = stepFunctionOf([
    [epochS(0), 0],
    ...deviationShares.map((share, i) => [later(sampledAt, i * quarterS), share * deviationW] as const),
    [later(sampledAt, deviationShares.length * quarterS), 0],
  ]);
  return combine([f, shift], ([level = 0, more = 0]) => Math.max(0, level + more));
}

/** What the uncontrolled load of a circuit is worked out from. */
type Metered = Pick<State, 'site' | 'loads' | 'loadRecords' | 'policy'>;

/**
 * The uncontrolled load fed at one circuit, W. Its bound is the declared one, or, where nobody declared any, what the
 * meter has shown in the weeks before; a reading above it counts on. Expected is what was metered, before that what was
 * declared.
 */
function freshLoad(
  state: Metered,
  circuit: string,
  what: 'bound' | 'expected',
  span: { readonly from: EpochS; readonly until: EpochS },
): StepFunction {
  const loads = state.site.uncontrolled.filter((load) => load.circuit === circuit);
  const reading = state.loads[circuit];
  const record = state.loadRecords?.[circuit];
  const { timeZone } = state.site;
  if (what === 'bound') {
    const week = loads.length > 0 ? [] : reserveWeekOf(record, state.policy.loadReserveQuantile, 'total');
    const isKnown = loads.length > 0 || week.some((w) => w !== undefined);
    const curve = { day: sumOfCurves(loads, ({ boundW }) => boundW), week };
    return withReading(isKnown ? curveOver(timeZone, curve, span) : constant(0), reading);
  }
  const week = expectedWeekOf(record);
  if (loads.length === 0 && week.every((w) => w === undefined)) return withReading(constant(0), reading);
  const curve = { day: sumOfCurves(loads, ({ expectedW }) => expectedW), week };
  if (reading === undefined || later(reading.sampledAt, readingHoldsS) <= span.from)
    return curveOver(timeZone, curve, span);
  const from = epochS(Math.min(span.from, reading.sampledAt));
  return withDeviation(curveOver(timeZone, curve, { ...span, from }), reading);
}

/** A load that was worked out, and what it was worked out from. */
interface KnownLoad {
  readonly loads: readonly UncontrolledLoad[];
  readonly timeZone: string;
  readonly reading: Reading | undefined;
  readonly record: LoadRecord | undefined;
  readonly quantile: number;
  readonly what: 'bound' | 'expected';
  readonly from: EpochS;
  readonly until: EpochS;
  readonly load: StepFunction;
}

const knownLoads = new WeakMap<Circuit, readonly KnownLoad[]>();

/** The uncontrolled load fed at one circuit, W: worked out once for each span, reading and record. */
function uncontrolledAt(
  state: Metered,
  circuit: Circuit,
  what: 'bound' | 'expected',
  span: { readonly from: EpochS; readonly until: EpochS },
): StepFunction {
  const { uncontrolled: loads, timeZone } = state.site;
  const reading = state.loads[circuit.id];
  const record = state.loadRecords?.[circuit.id];
  const quantile = state.policy.loadReserveQuantile;
  const { from, until } = span;
  const known = knownLoads.get(circuit) ?? [];
  const seen = known.find(
    (one) =>
      one.what === what &&
      one.from === from &&
      one.until === until &&
      one.reading === reading &&
      one.record === record &&
      one.quantile === quantile &&
      one.loads === loads &&
      one.timeZone === timeZone,
  );
  if (seen !== undefined) return seen.load;
  const load = freshLoad(state, circuit.id, what, span);
  const fresh = { loads, timeZone, reading, record, quantile, what, from, until, load };
  knownLoads.set(circuit, [fresh, ...known].slice(0, knownLoadsMax));
  return load;
}

/** [96] day curves added up. */
function sumOfCurves(
  loads: readonly UncontrolledLoad[],
  curveOf: (load: UncontrolledLoad) => readonly number[],
): readonly number[] {
  return Array.from({ length: 96 }, (_, quarter) =>
    loads.reduce<number>((total, load) => total + (curveOf(load)[quarter] ?? 0), 0),
  );
}

/** The highest current of the uncontrolled load fed at a circuit on each phase, A, whose bound is `boundW` in all. */
function phaseBoundsOf(
  state: Metered,
  circuit: Circuit,
  boundW: StepFunction,
  span: { readonly from: EpochS; readonly until: EpochS },
): CircuitLimits['uncontrolledA'] {
  const loads = state.site.uncontrolled.filter((load) => load.circuit === circuit.id);
  const reading = state.loads[circuit.id];
  const record = state.loadRecords?.[circuit.id];
  const { voltage, timeZone } = state.site;
  const third = mapValues(boundW, (w) => w / 3 / voltage);
  const weekOn = (phase: Phase): LoadCurve['week'] =>
    loads.length > 0 ? [] : reserveWeekOf(record, state.policy.loadReserveQuantile, phase);
  const isEven =
    reading?.phaseA === undefined &&
    loads.every(({ phaseShares }) => phaseShares === undefined) &&
    weekOn(0).every((amps) => amps === undefined);
  if (isEven) return [third, third, third];
  const onPhase = (phase: Phase): StepFunction => {
    const day = sumOfCurves(loads, (load) => load.boundW.map((w) => loadCurrent(load, w, phase, voltage)));
    const curve = curveOver(timeZone, { day, week: weekOn(phase) }, span);
    // Of a load that nobody declared no phase is known to carry less than a third.
    const bound = loads.length > 0 ? curve : combine([curve, third], ([a = 0, b = 0]) => Math.max(a, b));
    if (reading === undefined) return bound;
    const { powerW, sampledAt, phaseA } = reading;
    const parts = loads.map((load) => loadCurrent(load, powerW, phase, voltage));
    return withBound(bound, phaseA?.[phase] ?? Math.max(0, ...parts), sampledAt);
  };
  return [onPhase(0), onPhase(1), onPhase(2)];
}

/** The expected uncontrolled load of the whole site, W. */
export function expectedLoadOf(
  state: Metered,
  span: { readonly from: EpochS; readonly until: EpochS },
): StepFunction {
  return combine(
    state.site.circuits.map((circuit) => uncontrolledAt(state, circuit, 'expected', span)),
    (values) => values.reduce((a, b) => a + b, 0),
  );
}

/** A limit event of one quantity. */
interface Level {
  readonly fromS: EpochS;
  readonly untilS?: EpochS;
  readonly level: number;
  readonly stands: boolean;
}

/** `f` with what an event says within its span. */
function within(f: StepFunction, event: Level, told: (level: number) => number): StepFunction {
  const inside = stepFunctionOf([
    [epochS(-1), 0],
    [event.fromS, 1],
    ...(event.untilS === undefined ? [] : [[event.untilS, 0] as const]),
  ]);
  return combine([f, inside], ([level = 0, holds = 0]) => (holds === 1 ? told(level) : level));
}

/** A limit under the events for it, in order of arrival: the last of those that stand, and the lowest of all others. */
function limitUnder(base: number, events: readonly Level[]): StepFunction {
  const [standing, others] = [events.filter(({ stands }) => stands), events.filter(({ stands }) => !stands)];
  const last = standing.reduce(
    (f, event) => within(f, event, () => Math.min(base, event.level)),
    constant(base),
  );
  return others.reduce((f, event) => within(f, event, (level) => Math.min(level, event.level)), last);
}

/** The limit events of one circuit that speak of one quantity. */
function eventsOf(
  events: readonly LimitEvent[],
  circuit: string,
  levelOf: (event: LimitEvent) => number | undefined,
): Level[] {
  return events.flatMap((event) => {
    const level = event.circuit === circuit ? levelOf(event) : undefined;
    if (level === undefined) return [];
    const { fromS, untilS } = event;
    return [{ fromS, level, stands: isStanding(event), ...(untilS === undefined ? {} : { untilS }) }];
  });
}

/** True for an event that is replaced by the next of its circuit: nothing else would ever end it. */
function isStanding({ id, untilS }: LimitEvent): boolean {
  return id === undefined && untilS === undefined;
}

/** The events that still say something; `limits` in order of arrival. */
export function liveLimits(limits: readonly LimitEvent[], now: EpochS): readonly LimitEvent[] {
  return limits.filter((one, i) => {
    if (one.untilS !== undefined && one.untilS <= now) return false;
    return !limits.slice(i + 1).some((later) => isReplaced(one, later, now));
  });
}

/** True where a later event takes the place of one, or says as much and cannot be taken back before that one ends. */
function isReplaced(one: LimitEvent, later: LimitEvent, now: EpochS): boolean {
  if (one.id !== undefined) return one.id === later.id;
  if (later.id !== undefined || one.circuit !== later.circuit) return false;
  if (later.fromS > Math.max(now, one.fromS)) return false;
  const isAsLow = (a: number | undefined, b: number | undefined): boolean =>
    (b ?? Infinity) <= (a ?? Infinity);
  if (!isStanding(one))
    return (
      (later.untilS ?? 0) >= (one.untilS ?? Infinity) &&
      isAsLow(one.limitA, later.limitA) &&
      isAsLow(one.limitW, later.limitW)
    );
  return (
    isStanding(later) &&
    (one.limitA === undefined || later.limitA !== undefined) &&
    (one.limitW === undefined || later.limitW !== undefined)
  );
}

/** All that the ledger and the plan may count on from `from` to `until`, and the worst of a day afterwards. */
export function siteLimitsOf(
  state: Metered & Pick<State, 'limits'>,
  span: { readonly from: EpochS; readonly until: EpochS },
): SiteLimits {
  return Object.fromEntries(
    state.site.circuits.map((circuit): [string, CircuitLimits] => {
      const uncontrolledW = uncontrolledAt(state, circuit, 'bound', span);
      const wattEvents = eventsOf(state.limits, circuit.id, (e) => e.limitW);
      const limitW = limitUnder(circuit.limitW ?? Infinity, wattEvents);
      const isLimitedW = circuit.limitW !== undefined || wattEvents.length > 0;
      return [
        circuit.id,
        {
          limitA: limitUnder(
            circuit.limitA,
            eventsOf(state.limits, circuit.id, (e) => e.limitA),
          ),
          ...(isLimitedW ? { limitW } : {}),
          uncontrolledA: phaseBoundsOf(state, circuit, uncontrolledW, span),
          uncontrolledW,
        },
      ];
    }),
  );
}

/** The instant after `now` at which a limit event begins or ends; undefined where none does. */
export function nextLimitChange(limits: readonly LimitEvent[], now: EpochS): EpochS | undefined {
  const instants = limits.flatMap((e) => [e.fromS, e.untilS ?? e.fromS]).filter((at) => at > now);
  return instants.length === 0 ? undefined : epochS(Math.min(...instants));
}
