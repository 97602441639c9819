/**
 * What the engine lives on and may lose without a word: meters, the fleet system, the clock. Each loss is an alarm, and
 * what is counted on instead is in its facts.
 * @module
 */
import { valueAt } from '#domain/step-function';
import type { EpochS } from '#domain/units';
import { onJump } from './clock.ts';
import { clearAlarm, inTurn, publish, raiseAlarm, saidAgain, sorted, type Change } from './change.ts';
import { meterStaleAfterS } from './limits.ts';
import type { State } from './state.ts';

/** Says which meters have fallen silent, and which speak again. Meters that were never heard are not missed. */
function meters(state: State): Change {
  const heard = sorted(state.loads).map(([circuit, reading]) => {
    const supply = state.supply[circuit];
    const countsW = supply === undefined ? 0 : valueAt(supply.uncontrolledW, state.now);
    return { kind: 'meter-stale', key: circuit, reading, facts: { countsW } };
  });
  const { siteMeter, site } = state;
  const main = siteMeter && { kind: 'site-meter-stale', key: site.id, reading: siteMeter, facts: {} };
  return inTurn(
    state,
    [...heard, ...(main === undefined ? [] : [main])].map(({ kind, key, reading, facts }) => (s: State) => {
      const { sampledAt, powerW } = reading;
      if (s.now - sampledAt <= meterStaleAfterS) return clearAlarm(s, kind, key);
      return raiseAlarm(s, { kind, key, facts: { sampledAt, lastW: powerW, ...facts } });
    }),
  );
}

/** Says that the fleet system has fallen silent: departures stand as it last told them. */
function fleet(state: State): Change {
  const { fleetHeardAt, site, policy } = state;
  if (fleetHeardAt === undefined) return unheardFleet(state);
  const [known, effects] = clearAlarm(state, 'fleet-unheard', site.id);
  if (effects.length > 0) return [known, effects];
  if (state.now - fleetHeardAt <= policy.fleetSilentAfterS) return clearAlarm(state, 'fleet-silent', site.id);
  const facts = { heardAt: fleetHeardAt, counts: 'with departures as last told' };
  return raiseAlarm(state, { kind: 'fleet-silent', key: site.id, facts });
}

/** Says that vehicles charge here and nobody has ever told when any leaves: the engine waits for that, and asks for it. */
function unheardFleet(state: State): Change {
  const { site, policy, startedAt } = state;
  if (state.now < startedAt + policy.commsLossAfterS) return [state, []];
  const running = state.stations.values.flatMap(({ evses }) =>
    Object.values(evses).filter(({ transaction }) => transaction !== undefined),
  );
  if (running.length === 0) return [state, []];
  const facts = {
    vehicles: running.length,
    charge: 'at their floors',
    waitsFor: 'visits, limits and tariff',
  };
  return raiseAlarm(state, { kind: 'fleet-unheard', key: site.id, facts });
}

/**
 * Asks the fleet system once more, with each interval, where it has told of no vehicle since this process began: who was
 * away when the engine started has not heard the first question.
 */
export function askFleet(state: State): Change {
  const { fleetHeardAt, fleetAskedAt, now } = state;
  if (fleetAskedAt === now || (fleetHeardAt ?? -1) >= fleetAskedAt) return [state, []];
  return [state, [publish('status', { at: now, event: 'waiting', resend: true })]];
}

/**
 * What the fleet system said while the bus was away has not come: it is asked to say everything again, until a vehicle is heard of.
 * Nor has it heard what began to be wrong.
 */
export function onBusBack(state: State): Change {
  const { now: at } = state;
  const asked = publish('status', { at, event: 'bus-back', resend: true });
  const [next, standing] = saidAgain({ ...state, fleetAskedAt: at });
  return [next, [asked, ...standing]];
}

/** Which of what the engine hears has gone silent, or is back. */
export function senses(state: State): Change {
  return inTurn(state, [meters, fleet]);
}

/** The state after a word of the fleet system. */
export function heardOfFleet(state: State, at: EpochS): State {
  return { ...state, fleetHeardAt: at };
}

/**
 * What the loop has seen of the clock: `offS` below 0, it is that far behind what has been written, and time stands
 * until it has caught up; above 0, a wake came that much too late; 0, it is in step again.
 */
export function onClock(state: State, offS: number): Change {
  const key = state.site.id;
  const changes: ((s: State) => Change)[] = [];
  if (offS >= 0) changes.push((s) => clearAlarm(s, 'clock-behind', key));
  if (offS <= 0) changes.push((s) => clearAlarm(s, 'clock-jumped', key));
  if (offS < 0)
    changes.push((s) =>
      raiseAlarm(s, { kind: 'clock-behind', key, facts: { behindS: -offS, time: 'stands' } }),
    );
  if (offS > 0)
    changes.push(
      (s) => onJump(s, offS),
      (s) => raiseAlarm(s, { kind: 'clock-jumped', key, facts: { byS: offS, counts: 'as not passed' } }),
    );
  return inTurn(state, changes);
}
