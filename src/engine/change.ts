/** Small changes of the state that many handlers share. @module */
import { subjects } from '#domain/event';
import { invariant } from '#domain/invariant';
import type { EvseRef } from '#domain/site';
import { observeFlag, standingFlags } from '#witness/witness';
import type { Effect } from './effect.ts';
import { stateWith, stationStateWith } from './state.ts';
import type { Counts, EvseState, State, StationState, Trigger, VisitState } from './state.ts';

/** What a handler returns. */
export type Change = readonly [State, readonly Effect[]];

/** The state after all changes in turn, with the effects of all. */
export function inTurn(state: State, changes: readonly ((state: State) => Change)[]): Change {
  const effects: Effect[] = [];
  let current = state;
  for (const change of changes) {
    const changed = change(current);
    current = changed[0];
    for (const effect of changed[1]) effects.push(effect);
  }
  return [current, effects];
}

const inKeyOrder = new WeakMap<object, readonly (readonly [string, unknown])[]>();

/** Orders of keys that are kept in mind, the latest first, and the least keys that are worth it. */
const keyOrdersMax = 8;
const keysLeast = 4;
let keyOrders: readonly { readonly given: readonly string[]; readonly ordered: readonly string[] }[] = [];

/** Keys in order. A record that was changed has the keys of the one before it mostly, so that they are seldom sorted. */
function inOrder(given: string[]): readonly string[] {
  if (given.length < keysLeast) return given.sort();
  const known = keyOrders.find(
    (one) => one.given.length === given.length && one.given.every((key, i) => key === given[i]),
  );
  if (known !== undefined) return known.ordered;
  const ordered = given.toSorted();
  keyOrders = [{ given, ordered }, ...keyOrders].slice(0, keyOrdersMax);
  return ordered;
}

/** The keys of a record in order. */
export function keysInOrder(record: Readonly<Record<string, unknown>>): readonly string[] {
  return inOrder(Object.keys(record));
}

/** Entries of a record in the order of their keys. Records never change once they are made. */
export function sorted<T>(record: Readonly<Record<string, T>>): readonly (readonly [string, T])[] {
  const known = inKeyOrder.get(record) as readonly (readonly [string, T])[] | undefined;
  if (known !== undefined) return known;
  const entries = inOrder(Object.keys(record)).map((key) => [key, record[key] as T] as const);
  inKeyOrder.set(record, entries);
  return entries;
}

/** A record without one key. */
export function without<T>(record: Readonly<Record<string, T>>, key: string): Readonly<Record<string, T>> {
  const { [key]: _, ...rest } = record;
  return rest;
}

/** A station that the site has. */
export function stationState(state: State, stationId: string): StationState {
  const station = state.stations.get(stationId);
  if (station === undefined) invariant(false, 'the site has the station', { stationId });
  return station;
}

/** The state with one station changed. */
export function withStation(state: State, stationId: string, change: Partial<StationState>): State {
  const station = stationStateWith(stationState(state, stationId), change);
  return stateWith(state, { stations: state.stations.with(stationId, station) });
}

/** An EVSE of a station; undefined where the station has none with that id. */
export function evseState(state: State, ref: EvseRef): EvseState | undefined {
  return state.stations.get(ref.stationId)?.evses[ref.evseId];
}

/** The state with one EVSE replaced. */
export function withEvse(state: State, ref: EvseRef, evse: EvseState): State {
  const { evses } = stationState(state, ref.stationId);
  return withStation(state, ref.stationId, { evses: { ...evses, [ref.evseId]: evse } });
}

/** The state with one visit replaced. */
export function withVisit(state: State, visit: VisitState): State {
  return stateWith(state, { visits: { ...state.visits, [visit.visit.id]: visit } });
}

/** The state with one more reason for a new plan. */
export function staleBy(state: State, trigger: Trigger): State {
  if (state.stale.includes(trigger)) return state;
  const staleSince = state.stale.length === 0 ? state.now : state.staleSince;
  return stateWith(state, { staleSince, stale: [...state.stale, trigger] });
}

/** The state with one count one higher. */
export function counted(state: State, name: keyof Counts): State {
  return stateWith(state, { counts: { ...state.counts, [name]: state.counts[name] + 1 } });
}

/** The state with a flag of the witness raised or ended, and what is said of it. */
export function flagged(state: State, observation: Omit<Parameters<typeof observeFlag>[1], 'at'>): Change {
  const finding = observeFlag(state.witness, { ...observation, at: state.now });
  if (finding.verdicts.length === 0) return [state, []];
  return [
    stateWith(state, { witness: finding.state }),
    finding.verdicts.map((verdict) => publish('verdict', verdict)),
  ];
}

/** A message for the bus. */
export function publish(kind: keyof typeof subjects, payload: unknown): Effect {
  return { kind: 'publish', tail: subjects[kind], payload };
}

/** Says once that something is wrong. */
export function raiseAlarm(
  state: State,
  alarm: { readonly kind: string; readonly key: string; readonly facts?: Readonly<Record<string, unknown>> },
): Change {
  const id = `${alarm.kind} ${alarm.key}`;
  if (state.alarms[id] !== undefined) return [state, []];
  const { kind, key } = alarm;
  return [
    stateWith(state, { alarms: { ...state.alarms, [id]: { kind, key, since: state.now } } }),
    [publish('alarm', { kind, key, at: state.now, active: true, facts: alarm.facts ?? {} })],
  ];
}

/** Says once more all that is wrong and not over: nobody may have heard of it. */
export function saidAgain(state: State): Change {
  const { now: at } = state;
  const finding = standingFlags(state.witness, at);
  const alarms = sorted(state.alarms).map(([, { kind, key, since }]) =>
    publish('alarm', { kind, key, at, active: true, facts: { since, again: true } }),
  );
  const flags = finding.verdicts.map((verdict) => publish('verdict', verdict));
  return [stateWith(state, { witness: finding.state }), [...alarms, ...flags]];
}

/** Says once that something is over. */
export function clearAlarm(state: State, kind: string, key: string): Change {
  const id = `${kind} ${key}`;
  const alarm = state.alarms[id];
  if (alarm === undefined) return [state, []];
  return [
    stateWith(state, { alarms: without(state.alarms, id) }),
    [publish('alarm', { kind, key, at: state.now, active: false, facts: { since: alarm.since } })],
  ];
}
