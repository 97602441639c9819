/** What the owner of a site decides about its engine, with units and defaults. @module */
import type { Seconds } from '#domain/units';
import { seconds } from '#domain/units';

/** The knobs of the engine. Money is in the tariff's major unit. */
export interface Policy {
  /** Length of a planning interval; plans start on its multiples. */
  readonly intervalS: Seconds;
  /** The furthest that a plan looks ahead. */
  readonly horizonMaxS: Seconds;
  /** Longest lease of a plan profile; a lease ends with the departure if that is sooner. */
  readonly leaseMaxS: Seconds;
  /** Added to the largest reaction time of the site before a planned increase starts. */
  readonly raiseMarginS: Seconds;
  /** A CALL without an answer counts as lost after this. */
  readonly callTimeoutS: Seconds;
  /** Pause before a lost or refused CALL is tried again; doubled each time up to `retryMaxS`. */
  readonly retryS: Seconds;
  readonly retryMaxS: Seconds;
  /** Meter samples asked of the stations. */
  readonly sampleIntervalS: Seconds;
  readonly heartbeatIntervalS: Seconds;
  /** Silence after which the loss of a station is an alarm. */
  readonly commsLossAfterS: Seconds;
  /** A station is read back when it has been without a check for this long. */
  readonly readBackS: Seconds;
  /** Part of the allowed power that a meter may show above it. */
  readonly meterTolerance: number;
  /** Power that a meter may show above the allowed power, per EVSE, W. */
  readonly meterToleranceW: number;
  /** Money per kWh over the horizon: among equals, earlier is better. */
  readonly earlinessPerKwh: number;
  /** Money per kWh that is missing at departure; absent: ten times the highest marginal cost of a kWh. */
  readonly shortfallPerKwh?: number;
  /** Price per kWh that stands while no tariff is known. */
  readonly flatPricePerKwh: number;
}

/** The defaults: quarter hours, leases of at most 8 h, alarms after two minutes. */
export const defaultPolicy: Policy = {
  intervalS: seconds(900),
  horizonMaxS: seconds(36 * 3600),
  leaseMaxS: seconds(8 * 3600),
  raiseMarginS: seconds(5),
  callTimeoutS: seconds(30),
  retryS: seconds(30),
  retryMaxS: seconds(600),
  sampleIntervalS: seconds(60),
  heartbeatIntervalS: seconds(300),
  commsLossAfterS: seconds(120),
  readBackS: seconds(1800),
  meterTolerance: 0.03,
  meterToleranceW: 100,
  earlinessPerKwh: 0.001,
  flatPricePerKwh: 0.2,
};
