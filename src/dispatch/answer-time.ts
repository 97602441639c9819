/**
 * How long an answer is waited for. A profile that is set again where its answer was lost settles what the station holds
 * and changes nothing else, so it need not wait for the time-out of all calls at a station that is known to answer fast. A
 * station that is slow, or silent time after time, is waited for in full.
 * @module
 */
import { later, type EpochS } from '#domain/units';
import type { StationCommand } from '#ocpp/station-message';
import type { DispatchPolicy, StationDispatch } from './dispatch-state.ts';
import { answerLeastS, quickTriesMax, roundTripsWaited } from './limits.ts';

/** When a call that leaves now counts as lost. */
export function deadlineOf(
  policy: DispatchPolicy,
  { slowestS, failures }: StationDispatch,
  command: StationCommand,
  now: EpochS,
): EpochS {
  const { callTimeoutS, answerS = answerLeastS } = policy;
  const isFast = command.kind === 'set-profile' && slowestS !== undefined && failures < quickTriesMax;
  return later(now, isFast ? Math.min(callTimeoutS, answerS + roundTripsWaited * slowestS) : callTimeoutS);
}

/** The slowest round trip after one of `tookS`; undefined where it makes no difference. */
export function slowestAfter(
  policy: DispatchPolicy,
  { slowestS = 0 }: StationDispatch,
  tookS: number,
): number | undefined {
  const { callTimeoutS, answerS = answerLeastS } = policy;
  const mostS = Math.ceil((callTimeoutS - answerS) / roundTripsWaited);
  return mostS <= 0 ? undefined : Math.min(mostS, Math.max(tookS, slowestS - 1));
}
