/**
 * What the billing periods have metered so far, advanced by the engine itself: the tariff message says where they stand,
 * from there on each interval is added from the meter at the grid connection or, where none is heard, from the vehicles'
 * registers and the expected load of the buildings. A tariff message with a billing state corrects it. Journalled inputs
 * only: a replay meters the same.
 * @module
 */
import { valueAt } from '#domain/step-function';
import { alignDown } from '#domain/time-grid';
import { epochS, later, type EpochS } from '#domain/units';
import { billOf } from '#tariffs/bill';
import { emptyState, type BillingState } from '#tariffs/billing-state';
import { publish, type Change } from './change.ts';
import type { Effect } from './effect.ts';
import { meteredPartsMax } from './limits.ts';
import { billingOf, tariffInForce } from './price.ts';
import { stateWith, type EvseState, type Metering, type State } from './state.ts';
import type { Reading } from './load-record.ts';
import { expectedLoadOf } from './supply.ts';

/** Longest time before it that a reading at the grid connection stands for. */
const readingStandsS = 900;
/** Part of an interval that the grid meter must cover to be taken for all of it. */
const coverageLeast = 0.5;

/** Metering that begins now, from what a tariff message knows; an empty message of the same tariff changes nothing. */
export function withMetering(state: State, event: NonNullable<State['tariff']>): State {
  const before = state.tariff;
  const next = { ...state, tariff: event };
  const sameTariff = before !== undefined && tariffInForce(before)?.id === tariffInForce(event)?.id;
  if (event.billingState === undefined && sameTariff && state.metering !== undefined) return next;
  const fromS = epochS(Math.ceil(state.now / 60) * 60);
  return {
    ...next,
    metering: { billing: billingOf(event) ?? emptyState, fromS, siteWh: 0, siteS: 0, vehiclesWh: 0 },
  };
}

/** Adds a reading of the grid connection: the mean since the one before, of what lies in the open interval. */
export function withSiteReading(state: State, before: Reading | undefined, reading: Reading): State {
  const { metering } = state;
  if (metering === undefined) return state;
  const since = Math.max(
    metering.fromS,
    // The first reading is all that is known of the time before it.
    before?.sampledAt ?? metering.fromS,
    reading.sampledAt - readingStandsS,
  );
  const seconds = Math.max(0, Math.min(reading.sampledAt, state.now) - since);
  return {
    ...state,
    metering: {
      ...metering,
      siteWh: metering.siteWh + (Math.max(0, reading.powerW) * seconds) / 3600,
      siteS: metering.siteS + seconds,
    },
  };
}

/**
 * Adds what an EVSE has drawn since its sample before: by its register, or by its power where it has none, and no more than
 * its wires carry. Of a long silence only the part in the open interval counts.
 */
export function withVehicleEnergy(
  state: State,
  before: EvseState,
  sample: {
    readonly registerWh?: number;
    readonly powerW?: number;
    readonly atS: number;
    readonly maxW: number;
  },
): State {
  const { metering } = state;
  const { registerWh, powerW, atS, maxW } = sample;
  const since =
    registerWh === undefined ? before.sampledAt : (before.registerAt ?? before.transaction?.startedAt);
  if (metering === undefined || since === undefined || atS <= Math.max(since, metering.fromS)) return state;
  const hours = (atS - since) / 3600;
  const last = before.registerWh ?? before.transaction?.startRegisterWh ?? Infinity;
  const drawnWh = registerWh === undefined ? (powerW ?? 0) * hours : registerWh - last;
  const isLong = atS - since > 2 * state.policy.sampleIntervalS;
  const share = isLong ? (atS - Math.max(since, metering.fromS)) / (atS - since) : 1;
  const energyWh = Math.max(0, Math.min(drawnWh, maxW * hours)) * share;
  return stateWith(state, { metering: { ...metering, vehiclesWh: metering.vehiclesWh + energyWh } });
}

/** Energy of the open interval up to an instant, kWh. */
function energyUntil(state: State, metering: Metering, untilS: EpochS): number {
  const seconds = untilS - metering.fromS;
  if (metering.siteS >= coverageLeast * seconds) return (metering.siteWh * seconds) / metering.siteS / 1000;
  const middle = epochS(Math.floor((metering.fromS + untilS) / 2));
  const expectedW = valueAt(expectedLoadOf(state, { from: metering.fromS, until: untilS }), middle);
  return (metering.vehiclesWh + (Math.max(0, expectedW) * seconds) / 3600) / 1000;
}

/** Highest peaks by line and window, and of the connection. */
function peaksOf(
  billing: BillingState,
): readonly { line: string; window: string; kw: number; at?: string }[] {
  const lines = Object.entries(billing.lines).flatMap(([line, { windows = {} }]) =>
    Object.entries(windows).flatMap(([window, { peakKw, peakAt }]) =>
      peakKw === undefined
        ? []
        : [{ line, window, kw: peakKw, ...(peakAt === undefined ? {} : { at: peakAt }) }],
    ),
  );
  return lines.sort((a, b) => (a.line + a.window < b.line + b.window ? -1 : 1));
}

/** Tells the peaks so far where one of them is new. */
function tellPeaks(state: State, before: BillingState, after: BillingState): readonly Effect[] {
  const peaks = peaksOf(after);
  const isNews =
    JSON.stringify(peaks) !== JSON.stringify(peaksOf(before)) ||
    (after.period?.peakKw ?? 0) !== (before.period?.peakKw ?? 0);
  if (!isNews) return [];
  const { periodStart, period } = after;
  const kwh = period?.kwh ?? 0;
  const payload = { at: state.now, periodStart, peakKw: period?.peakKw ?? 0, kwh, peaks };
  return [publish('billing', payload)];
}

/** Adds all whole intervals that are over to the billing periods. */
export function closeIntervals(state: State): Change {
  const { metering, tariff: event } = state;
  const untilS = alignDown(state.now, state.policy.intervalS);
  const tariff = event === undefined ? undefined : tariffInForce(event);
  if (metering === undefined || tariff === undefined || untilS <= metering.fromS) return [state, []];
  const kwh = energyUntil(state, metering, untilS);
  const whole = untilS - metering.fromS;
  let { billing, fromS } = metering;
  for (let part = 0; part < meteredPartsMax && fromS < untilS; part++) {
    const next = epochS(
      Math.min(untilS, later(alignDown(fromS, state.policy.intervalS), state.policy.intervalS)),
    );
    const intervalS = next - fromS;
    const bill = billOf({
      tariff,
      start: fromS,
      intervalS,
      kwh: Float64Array.of((kwh * intervalS) / whole),
      state: billing,
    });
    // A bill that cannot be made (a price series that ends) leaves the sums as they are.
    if (bill.ok) billing = bill.value.state;
    fromS = next;
  }
  const open = { billing, fromS: untilS, siteWh: 0, siteS: 0, vehiclesWh: 0 };
  return [{ ...state, metering: open }, tellPeaks(state, metering.billing, billing)];
}
