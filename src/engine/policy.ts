/** What the owner of a site decides about its engine, with units and defaults. @module */
import { z } from 'zod';
import type { Fault } from '#domain/fault';
import { faultValueOf } from '#domain/fault';
import { fail, ok, type Result } from '#domain/result';
import { seconds } from '#domain/units';
import type { FloorsPolicy } from '#safety/floors';
import { defaultLedgerPolicy, type LedgerPolicy } from '#safety/ledger-policy';

const length = (least: number, most: number, otherwise: number) =>
  z.int().min(least).max(most).default(otherwise).transform(seconds);

/** The knobs of the engine. Money is in the tariff's major unit. */
const policySchema = z.strictObject({
  /** Length of a planning interval; plans start on its multiples. */
  intervalS: length(60, 3600, 900),
  /** The furthest that a plan looks ahead. */
  horizonMaxS: length(3600, 7 * 86_400, 36 * 3600),
  /** How long a new plan waits for more of the same where stations come or go: what they hold goes on meanwhile. */
  settleS: length(0, 300, 10),
  /** Longest lease of a plan profile; a lease ends with the departure if that is sooner. */
  leaseMaxS: length(900, 7 * 86_400, 8 * 3600),
  /** Added to the largest reaction time of the site before a planned increase starts. */
  raiseMarginS: length(0, 600, 5),
  /** A CALL without an answer counts as lost after this. */
  callTimeoutS: length(1, 600, 30),
  /** Pause before a lost or refused CALL is tried again; doubled each time up to `retryMaxS`. */
  retryS: length(1, 3600, 5),
  retryMaxS: length(1, 86_400, 300),
  /** How long after its sending a CALL may still reach a station when its answer was given up, or its sender is gone. */
  lateS: length(0, 3600, defaultLedgerPolicy.lateS),
  /** How long after its sending an answered CALL may reach a station once more; 0 on a line that keeps order and repeats nothing. */
  repeatS: length(0, 3600, defaultLedgerPolicy.repeatS),
  /** How far the clocks of stations may be off. */
  clockSkewS: length(0, 3600, defaultLedgerPolicy.clockSkewS),
  /** Plan profiles written per EVSE and day: each write wears the charger's memory. */
  writesPerDayMax: z.int().min(1).max(10_000).default(200),
  /** Time between the meter samples asked of the stations. */
  sampleIntervalS: length(5, 900, 60),
  heartbeatIntervalS: length(10, 86_400, 300),
  /** Silence after which the loss of a station is an alarm. */
  commsLossAfterS: length(1, 3600, 120),
  /** How long a vehicle that wants energy may take none of what it is offered before it counts as asleep. */
  asleepAfterS: length(60, 7200, 600),
  /** Silence of the fleet system, once it has been heard, that is an alarm. */
  fleetSilentAfterS: length(900, 14 * 86_400, 86_400),
  /** Part of the allowed power that a meter may show above it. */
  meterTolerance: z.number().min(0).max(0.5).default(0.03),
  /** Power that a meter may show above the allowed power, per EVSE, W. */
  meterToleranceW: z.number().min(0).max(10_000).default(100),
  /** Part added to the energy still needed, so that late starts and amp steps do not leave a vehicle short. */
  energyMargin: z.number().min(0).max(0.2).default(0.01),
  /** Money per kWh over the horizon: among equals, earlier is better. */
  earlinessPerKwh: z.number().min(0).max(1).default(0.001),
  /** Money per kWh that is missing at departure; absent: above the highest marginal cost of a kWh. */
  shortfallPerKwh: z.number().min(0).max(1e6).optional(),
  /** Price per kWh that stands while no tariff is known. */
  flatPricePerKwh: z.number().min(0).max(1e6).default(0.2),
  /** Quantile of the metered peaks of an hour of the week that is kept free for a load whose bound nobody declared. */
  loadReserveQuantile: z.number().min(0.5).max(1).default(1),
  /** Part of what the uncontrolled load leaves of each circuit that floors may take; the rest is for plans. */
  floorShare: z.number().min(0).max(1).default(0.8),
  /** Floor of each DC EVSE that gets one, W; 0: DC EVSEs wait for a plan. */
  dcFloorW: z.number().min(0).max(1e6).default(0),
  /** Floors that the operator demands, by `station/evse`: A per phase (AC) or W (DC). */
  floors: z.record(z.string(), z.number().min(0)).default({}),
});

/** The policy of one site. */
export type Policy = z.output<typeof policySchema>;

/** The defaults: quarter hours, leases of at most 8 h, alarms after two minutes. */
export const defaultPolicy: Policy = policySchema.parse({});

/** The policy as its owner wrote it, defaults filled in, or what is wrong with it. */
export function policyOf(written: unknown): Result<Policy, readonly Fault[]> {
  const parsed = policySchema.safeParse(written ?? {});
  if (parsed.success) return ok(parsed.data);
  return fail(
    parsed.error.issues.map((issue): Fault => {
      const name =
        issue.code === 'unrecognized_keys' ? (issue.keys[0] ?? '') : issue.path.map(String).join('.');
      const value = faultValueOf((written as Record<string, unknown>)[name]);
      return {
        path: `policy.${name}`,
        ...(value === undefined ? {} : { value }),
        rule: issue.code === 'unrecognized_keys' ? 'unknown-field' : issue.code,
        fix: `${issue.message}.`,
      };
    }),
  );
}

/** What the policy says of lines and clocks. */
export function ledgerPolicyOf({ lateS, repeatS, clockSkewS }: Policy): LedgerPolicy {
  return { lateS, repeatS, clockSkewS, guards: {} };
}

/** What the policy says of floors. */
export function floorsPolicyOf(policy: Policy): FloorsPolicy {
  const { floorShare, dcFloorW, floors } = policy;
  return {
    share: floorShare,
    dcFloorW,
    ...(Object.keys(floors).length === 0 ? {} : { fixed: floors }),
  };
}
