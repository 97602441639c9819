/** The state of an engine that has just begun, and of one that comes back. @module */
import { invariant } from '#domain/invariant';
import type { Result } from '#domain/result';
import type { Site } from '#domain/site';
import { tableOf } from '#domain/table';
import { alignDown } from '#domain/time-grid';
import { later, type EpochS } from '#domain/units';
import { onRestarted } from '#dispatch/answers';
import { dispatchOf } from '#dispatch/dispatch-state';
import { floorsOf, type Floors, type FloorsProblem } from '#safety/floors';
import { ledgerOf, withStrangers } from '#safety/ledger';
import { initialWitness } from '#witness/witness';
import { countedSite } from './capability.ts';
import { counted, publish, saidAgain, staleBy, withStation, type Change } from './change.ts';
import type { Input } from './input.ts';
import { floorsPolicyOf, ledgerPolicyOf, type Policy } from './policy.ts';
import { stateWith, type State, type StationState } from './state.ts';
import { siteLimitsOf } from './supply.ts';

/** The floors of a site, or why it cannot be run: with the arithmetic. Ask before `started`. */
export function floorsOfSite(site: Site, policy: Policy): Result<Floors, FloorsProblem> {
  return floorsOf(site, floorsPolicyOf(policy));
}

/** The limits that the ledger counts on from now on. */
export function freshSupply(
  state: Pick<State, 'site' | 'loads' | 'loadRecords' | 'limits' | 'policy'>,
  now: EpochS,
): State['supply'] {
  return siteLimitsOf(state, {
    from: alignDown(now, state.policy.intervalS),
    until: later(now, state.policy.horizonMaxS),
  });
}

/**
 * 2020-01-01T00:00:00Z. Messages, transactions and plans are counted from the seconds since then: an engine that has lost
 * its journal gives out no number that the one before it has given out, unless that was more than one a second. OCPP
 * 2.0.1 part 4, 4.1.4 wants message ids that were never used before; in 1.6 the ids of transactions are ours.
 */
const countsFromS = 1_577_836_800;

/** The state of a new engine. @throws InvariantError where the floors do not fit the site. */
export function startedState(input: Extract<Input, { kind: 'started' }>): Change {
  const { policy, seed, at } = input;
  const site = countedSite(input.site);
  const floors = floorsOfSite(site, policy);
  invariant(floors.ok, floors.ok ? '' : floors.problem.message, { site: site.id });
  const { callTimeoutS, retryS, retryMaxS, writesPerDayMax, intervalS: raiseAheadS } = policy;
  const known = { site, policy, loads: {}, limits: [] };
  const count = Math.max(0, at - countsFromS);
  const state: State = {
    ...known,
    startedAt: at,
    fleetAskedAt: at,
    now: at,
    declared: Object.fromEntries(input.site.stations.map(({ id, capability }) => [id, capability])),
    makes: {},
    seed,
    floors: floors.value,
    usualFloors: floors.value,
    wild: [],
    limitsSeenAt: at,
    ledger: withStrangers(ledgerOf(site, at, ledgerPolicyOf(policy)), later(at, policy.lateS)),
    dispatch: {
      ...dispatchOf(site, seed, { callTimeoutS, retryS, retryMaxS, writesPerDayMax, raiseAheadS }),
      messages: count,
    },
    witness: initialWitness,
    supply: freshSupply(known, at),
    supplyStale: false,
    stations: tableOf(
      Object.fromEntries(
        site.stations.map((station): [string, StationState] => [
          station.id,
          {
            up: false,
            version: station.version,
            since: at,
            boots: 0,
            capability: { status: 'unasked', tries: 0 },
            evses: Object.fromEntries(
              station.evses.map((evse) => [
                String(evse.id),
                { status: 'Available', isUnheard: true } as const,
              ]),
            ),
            answeredStarts: [],
            ended: [],
          },
        ]),
      ),
    ),
    visits: {},
    planRevision: count,
    wanted: {},
    stale: ['start'],
    staleSince: at,
    restless: true,
    nextIntervalAt: later(alignDown(at, policy.intervalS), policy.intervalS),
    requestCount: 0,
    transactionCount: count,
    alarms: {},
    counts: {
      solves: 0,
      solveFailures: 0,
      plansRefused: 0,
      busRefused: 0,
      callsRefused: 0,
      restarts: 0,
      commands: 0,
    },
  };
  return [state, [publish('status', { at, event: 'started', resend: true })]];
}

/** The state of a new process that has read its journal: nobody is connected, no solve is under way. */
export function restartedState(state: State): Change {
  const view = { site: state.site, ledger: state.ledger, dispatch: state.dispatch, now: state.now };
  const down = state.stations
    .entries()
    .filter(([, station]) => station.up)
    .reduce<State>(
      (s, [id]) => withStation(s, id, { up: false, since: state.now }),
      stateWith(state, {
        ...onRestarted(view),
        solving: undefined,
        wakeAt: undefined,
        fleetAskedAt: state.now,
        restless: true,
        supplyStale: true,
      }),
    );
  // What the process before said last may not have left.
  const [next, standing] = saidAgain(counted(staleBy(down, 'start'), 'restarts'));
  return [next, [publish('status', { at: state.now, event: 'restarted', resend: true }), ...standing]];
}
