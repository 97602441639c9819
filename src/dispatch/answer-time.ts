/**
 * How long an answer is waited for. A profile that is set again where its answer was lost settles what the station holds
 * and changes nothing else, so it need not wait for the time-out of all calls at a station that is known to answer fast. A
 * station that is slow, or silent time after time, is waited for in full.
 * @module
 */
import { later, type EpochS } from '#domain/units';
import type { StationCommand } from '#ocpp/station-message';
import type { DispatchPolicy, StationDispatch } from './dispatch-state.ts';
import { answerLeastS, firstMoreS, quickTriesMax, roundTripsWaited } from './limits.ts';

/** When a call that leaves now counts as lost. */
export function deadlineOf(
  policy: DispatchPolicy,
  { slowestS, failures }: StationDispatch,
  command: StationCommand,
  now: EpochS,
): EpochS {
  const { callTimeoutS, answerS = answerLeastS } = policy;
  if (command.kind !== 'set-profile' || slowestS === undefined || failures >= quickTriesMax)
    return later(now, callTimeoutS);
  return later(now, Math.min(callTimeoutS, Math.max(answerS, 1 + roundTripsWaited * slowestS)));
}

/**
 * The slowest round trip after one of `tookS`, forgotten by a second with each that is faster; undefined where it makes no
 * difference. One answer alone says little: the first of a connection is taken for slower than it was.
 */
export function slowestAfter(
  policy: DispatchPolicy,
  { slowestS }: StationDispatch,
  tookS: number,
): number | undefined {
  const { callTimeoutS, answerS = answerLeastS } = policy;
  if (answerS >= callTimeoutS) return undefined;
  const mostS = Math.ceil(callTimeoutS / roundTripsWaited);
  return Math.min(mostS, slowestS === undefined ? tookS + firstMoreS : Math.max(tookS, slowestS - 1));
}
