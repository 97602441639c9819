/**
 * What a bill or a plan must know of the time before its first interval: peaks of the open period, energy counted, past
 * peaks for ratchets, what was charged. JSON through and through; `billOf` takes one and hands the next one out.
 * @module
 */
import { z } from 'zod';
import { amountMax, energyKwhMax, pastPeriodsMax } from './limits.ts';

const key = z.string().min(1).max(120);
const kw = z.number().min(0).max(1e9);
const kwh = z.number().min(0).max(energyKwhMax);
const money = z.number().min(-amountMax).max(amountMax);
const date = z.string().regex(/^\d{4}-\d{2}-\d{2}$/, 'YYYY-MM-DD');
const instant = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:?\d{2})$/, 'ISO 8601 with offset');

const windowState = z.strictObject({
  /** Highest metered block so far, and when it began. */
  peakKw: kw.optional(),
  peakAt: instant.optional(),
  /** Highest blocks so far for means of several peaks: one per day where days must differ. */
  tops: z
    .array(z.strictObject({ kw, at: instant, day: date }))
    .max(400)
    .optional(),
  /** Energy so far. */
  kwh: kwh.optional(),
  /** Energy fed in so far. */
  soldKwh: kwh.optional(),
  /** Money so far of prices that change from interval to interval. */
  money: money.optional(),
  moneySold: money.optional(),
  /** Energy fed in of earlier periods that is still to be set off. */
  bankKwh: kwh.optional(),
});

const lineState = z.strictObject({
  /** Sums of the open period (of the year, for yearly peaks), by window. */
  windows: z.record(key, windowState).optional(),
  /** Energy in time order, for prices by tier; window null: it fills tiers but is not charged. */
  runs: z
    .array(z.strictObject({ window: key.nullable(), day: date, kwh }))
    .max(50_000)
    .optional(),
  /** Money of the open period that earlier bills already asked for, by printed line (`window|tier`). */
  charged: z.record(z.string().max(250), money).optional(),
  /** Of yearly lines: money of closed periods of the running year. */
  chargedEarlier: z.record(z.string().max(250), money).optional(),
  /** Of a least amount per year: money of the lines in its scope, in the open period and in closed ones of the year. */
  scoped: money.optional(),
  scopedEarlier: money.optional(),
  /** Subscribed kW. */
  levelKw: kw.optional(),
  /** Billing periods above the subscription forgiven so far. */
  graceUsed: z.int().min(0).optional(),
  /** Periods in a row above the level. */
  overInARow: z.int().min(0).optional(),
});

const pastPeriod = z.strictObject({
  /** First day of the period, local. */
  start: date,
  peaksKw: z.record(key, z.record(key, kw)),
  kwh: kwh.optional(),
});

/** The schema of a billing state. */
export const billingStateSchema = z.strictObject({
  /** First day of the open billing period, local; sums of another period are refused. */
  periodStart: date.optional(),
  lines: z.record(key, lineState).default({}),
  /** Closed periods, oldest first. */
  past: z.array(pastPeriod).max(pastPeriodsMax).default([]),
  /** Of the open period. */
  period: z
    .strictObject({
      kwh: kwh.default(0),
      peakKw: kw.default(0),
      peakAt: instant.optional(),
      intervals: z.int().min(0).default(0),
      missing: z.int().min(0).default(0),
      seconds: z.number().min(0).max(1e9).default(0),
      days: z.int().min(0).default(0),
      lastDay: date.optional(),
    })
    .optional(),
  /** Of the running year of the tariff. */
  year: z
    .strictObject({
      start: date,
      kwh: kwh.default(0),
      peakKw: kw.default(0),
      peakAt: instant.optional(),
      days: z.int().min(0).default(0),
      lastDay: date.optional(),
    })
    .optional(),
  /** The metering block that is not yet complete. */
  openBlock: z.strictObject({ start: instant, kwh, seconds: z.number().min(0).max(1e9) }).optional(),
  /** Load factor in percent that load-factor tiers go by, where they look at the past. */
  loadFactorPercent: z.number().min(0).max(100).optional(),
});

/** What came before. */
export type BillingState = z.output<typeof billingStateSchema>;
/** Sums of one line. */
export type LineState = z.output<typeof lineState>;
/** Sums of one window of a line. */
export type WindowState = z.output<typeof windowState>;
/** Peaks of a closed period. */
export type PastPeriod = z.output<typeof pastPeriod>;

/** Nothing before. */
export const emptyState: BillingState = { lines: {}, past: [] };
