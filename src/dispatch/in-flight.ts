/**
 * The bound on raises that are on their way, over all stations of a site. After an outage of a whole depot, or with a
 * new plan for hundreds of chargers, they leave in waves that a line, a proxy and a charger can take. Only raises wait:
 * what lowers, floors, reads and what was sent before leave at once.
 * @module
 */
import { later, type EpochS } from '#domain/units';
import type { Dispatch, PendingCall } from './dispatch-state.ts';
import { checksInFlightMax, raisesInFlightMax, raiseInFlightS } from './limits.ts';

/** A raise that was sent a moment ago; what is not answered for longer makes room for the others. */
function isOnItsWay({ command, raisesNothing, sentAt }: PendingCall, now: EpochS): boolean {
  return command.kind === 'set-profile' && raisesNothing !== true && sentAt + raiseInFlightS > now;
}

/** Whether one more raise has to wait; an answer, or `wakeAfterRaises`, makes room. */
export function isFullOfRaises({ stations, policy }: Dispatch, now: EpochS): boolean {
  let count = 0;
  for (const { pending } of stations.values) if (pending !== undefined && isOnItsWay(pending, now)) count++;
  return count >= (policy.raisesInFlightMax ?? raisesInFlightMax);
}

/** Whether a read that is not urgent has to wait for the answers to others. */
export function isFullOfChecks({ stations }: Dispatch): boolean {
  const reads = stations.values.filter(
    ({ pending }) => pending?.command.kind === 'read-profiles' || pending?.command.kind === 'read-composite',
  );
  return reads.length >= checksInFlightMax;
}

/** When raises that nobody answers have made room at the latest. */
export function wakeAfterRaises(now: EpochS): EpochS {
  return later(now, raiseInFlightS);
}
