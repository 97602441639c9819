/** What the depot tells over the bus. @module */
import type { DepotEvent } from '#domain/event';
import { valueAt } from '#domain/step-function';
import { publish, staleBy, type Change } from './change.ts';
import { limitEventsMax } from './limits.ts';
import { withLoadReading } from './load-record.ts';
import { withMetering, withSiteReading } from './metering.ts';
import { checkTariff } from './price.ts';
import { heardOfFleet } from './senses.ts';
import { stateWith, type State } from './state.ts';
import { liveLimits } from './supply.ts';
import type { Reading } from './load-record.ts';
import { announceVisit, cancelVisit, changeDeparture, refuse } from './visits.ts';

/** Part of the bound by which a measured load may rise without a new plan. */
const loadStepShare = 0.1;

/** Takes an event that has its form. */
export function onBusEvent(before: State, event: DepotEvent): Change {
  const isFleet = ['visit', 'visit-cancelled', 'departure-changed'].includes(event.kind);
  const state = isFleet ? heardOfFleet(before, before.now) : before;
  switch (event.kind) {
    case 'visit':
      return announceVisit(state, event.visit);
    case 'visit-cancelled':
      return cancelVisit(state, event.visitId);
    case 'departure-changed':
      return changeDeparture(state, event.visitId, event.departsAt);
    case 'tariff':
      return onTariff(state, event);
    case 'limit':
      return onLimit(state, event);
    case 'uncontrolled-load':
      return onLoad(state, event);
    case 'site-meter':
      return onSiteMeter(state, event);
  }
}

function onTariff(state: State, event: Extract<DepotEvent, { kind: 'tariff' }>): Change {
  const checked = checkTariff(event);
  if (!checked.ok)
    return [
      { ...state, counts: { ...state.counts, busRefused: state.counts.busRefused + 1 } },
      [publish('refused', { at: state.now, subject: 'tariff', faults: checked.problem })],
    ];
  return [staleBy(withMetering(state, event), 'tariff'), []];
}

function onLimit(state: State, event: Extract<DepotEvent, { kind: 'limit' }>): Change {
  const { now } = state;
  const isOver = event.untilS !== undefined && event.untilS <= now;
  if (isOver && !state.limits.some(({ id }) => id !== undefined && id === event.id))
    return refuse(state, 'limit-in-the-past', 'untilS', 'Send limits before they end.');
  const limits = liveLimits([...state.limits, { ...event, fromS: event.fromS ?? now }], now);
  if (limits.length > limitEventsMax)
    return refuse(state, 'too-many-limits', 'circuit', `At most ${limitEventsMax} limits are kept.`);
  return [staleBy({ ...state, limits, supplyStale: true, restless: true }, 'limit'), []];
}

/** The records of metered loads with one more reading. */
function recorded(state: State, circuit: string, reading: Reading): State['loadRecords'] {
  const record = withLoadReading(state.loadRecords?.[circuit], reading, state.site.timeZone);
  return { ...state.loadRecords, [circuit]: record };
}

/** A building meter; above the bound that safety counts on the bound is raised for as long as the reading holds. */
function onLoad(state: State, event: Extract<DepotEvent, { kind: 'uncontrolled-load' }>): Change {
  const { powerW, phaseA, sampledAt } = event;
  const before = state.loads[event.circuit];
  if (before !== undefined && sampledAt < before.sampledAt) return [state, []];
  const reading: Reading = { powerW, ...(phaseA === undefined ? {} : { phaseA }), sampledAt };
  const next = stateWith(state, {
    loads: { ...state.loads, [event.circuit]: reading },
    // A reading of the future speaks of no hour.
    ...(sampledAt > state.now ? {} : { loadRecords: recorded(state, event.circuit, reading) }),
  });
  const supply = state.supply[event.circuit];
  const boundW = supply === undefined ? 0 : valueAt(supply.uncontrolledW, state.now);
  const boundA = phaseA && supply?.uncontrolledA.map((f) => valueAt(f, state.now));
  const isAbove = (share: number): boolean =>
    powerW > boundW * share || (phaseA?.some((a, phase) => a > (boundA?.[phase] ?? 0) * share) ?? false);
  if (!isAbove(1)) return [next, []];
  const isNews = isAbove(1 + loadStepShare);
  const raised: State = { ...next, supplyStale: true, restless: true };
  const alarm = publish('alarm', {
    kind: 'load-above-bound',
    key: event.circuit,
    at: state.now,
    active: true,
    facts: { powerW, boundW, ...(phaseA === undefined ? {} : { phaseA, boundA }) },
  });
  return [isNews ? staleBy(raised, 'load') : raised, isNews ? [alarm] : []];
}

function onSiteMeter(state: State, event: Extract<DepotEvent, { kind: 'site-meter' }>): Change {
  const { powerW, sampledAt } = event;
  if (state.siteMeter !== undefined && sampledAt < state.siteMeter.sampledAt) return [state, []];
  const reading = { powerW, sampledAt };
  return [withSiteReading({ ...state, siteMeter: reading }, state.siteMeter, reading), []];
}
