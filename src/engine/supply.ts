/** What each circuit may carry over time: its fuse, limit events, and the load behind it that nobody controls. @module */
import type { Circuit, UncontrolledLoad } from '#domain/site';
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
import type { LimitEvent, Reading, State } from './state.ts';

const quarterS = 900;
/** How long a measured load counts on after it was sampled. */
const readingHoldsS = 3600;
/** Part of a measured deviation that is still expected in each quarter hour after the sample. */
const deviationShares = [1, 0.75, 0.5, 0.25] as const;

/** The quarter hour of the local day that an instant of local time lies in, 0 to 95. */
function quarterOf(localS: number): number {
  return Math.floor((((localS % 86_400) + 86_400) % 86_400) / quarterS);
}

/** What a load is by local time, W. */
interface LoadCurve {
  /** [96] by quarter hour of the day. */
  readonly dayW: readonly number[];
  /** [168] by hour of the week, in place of the day where it is known. */
  readonly weekW: readonly (number | undefined)[];
}

/** A curve as a function of time over `[from, until)`; its highest value afterwards. */
function curveOver(
  timeZone: string,
  { dayW, weekW }: LoadCurve,
  span: { readonly from: EpochS; readonly until: EpochS },
): StepFunction {
  const clock = clockOf(timeZone, span.from, span.until);
  const pieces: (readonly [EpochS, number])[] = [];
  for (let at = alignDown(span.from, seconds(quarterS)); at < span.until; at = later(at, quarterS)) {
    const localS = at + offsetAtS(clock, at);
    pieces.push([at, weekW[hourOfWeek(localS)] ?? dayW[quarterOf(localS)] ?? 0]);
  }
  const end = later(pieces.at(-1)?.[0] ?? span.from, quarterS);
  const top = [...dayW, ...weekW].reduce<number>((most, w) => Math.max(most, w ?? 0), 0);
  return stepFunctionOf([...pieces, [end, top]]);
}

/** `f`, but at least the reading while it holds, where it was above `f` when it was taken. */
function withBound(f: StepFunction, reading: Reading | undefined): StepFunction {
  if (reading === undefined || reading.powerW <= valueAt(f, reading.sampledAt)) return f;
  const end = later(reading.sampledAt, readingHoldsS);
  const held = stepFunctionOf([
    [epochS(0), 0],
    [reading.sampledAt, 1],
    [end, 0],
  ]);
  return combine([f, held], ([level = 0, holds = 0]) =>
    holds === 0 ? level : Math.max(level, reading.powerW),
  );
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
    const weekW = loads.length > 0 ? [] : reserveWeekOf(record, state.policy.loadReserveQuantile);
    const isKnown = loads.length > 0 || weekW.some((w) => w !== undefined);
    const curve = { dayW: sumOfCurves(loads, 'bound'), weekW };
    return withBound(isKnown ? curveOver(timeZone, curve, span) : constant(0), reading);
  }
  const weekW = expectedWeekOf(record);
  if (loads.length === 0 && weekW.every((w) => w === undefined)) return withBound(constant(0), reading);
  const curve = { dayW: sumOfCurves(loads, 'expected'), weekW };
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

/** Day curves added up. */
function sumOfCurves(loads: readonly UncontrolledLoad[], what: 'bound' | 'expected'): readonly number[] {
  return Array.from({ length: 96 }, (_, quarter) =>
    loads.reduce<number>(
      (total, load) => total + ((what === 'bound' ? load.boundW : load.expectedW)[quarter] ?? 0),
      0,
    ),
  );
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

/** A limit under the events for it, in order of arrival: within its span the later one holds, never above the fuse. */
function limitUnder(
  base: number,
  events: readonly { readonly fromS: EpochS; readonly untilS?: EpochS; readonly level: number }[],
): StepFunction {
  return events.reduce<StepFunction>((f, event) => {
    const inside = stepFunctionOf([
      [epochS(-1), 0],
      [event.fromS, 1],
      ...(event.untilS === undefined ? [] : [[event.untilS, 0] as const]),
    ]);
    return combine([f, inside], ([level = 0, holds = 0]) =>
      holds === 1 ? Math.min(base, event.level) : level,
    );
  }, constant(base));
}

/** The limit events of one circuit that speak of one quantity. */
function eventsOf(
  events: readonly LimitEvent[],
  circuit: string,
  levelOf: (event: LimitEvent) => number | undefined,
): { fromS: EpochS; untilS?: EpochS; level: number }[] {
  return events.flatMap((event) => {
    const level = event.circuit === circuit ? levelOf(event) : undefined;
    if (level === undefined) return [];
    return [{ fromS: event.fromS, level, ...(event.untilS === undefined ? {} : { untilS: event.untilS }) }];
  });
}

/** All that the ledger and the plan may count on from `from` to `until`, and the worst of a day afterwards. */
export function siteLimitsOf(
  state: Metered & Pick<State, 'limits'>,
  span: { readonly from: EpochS; readonly until: EpochS },
): SiteLimits {
  return Object.fromEntries(
    state.site.circuits.map((circuit): [string, CircuitLimits] => {
      const uncontrolledW = uncontrolledAt(state, circuit, 'bound', span);
      const perPhase = mapValues(uncontrolledW, (w) => w / 3 / state.site.voltage);
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
          uncontrolledA: [perPhase, perPhase, perPhase],
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
