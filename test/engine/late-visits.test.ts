/** Vehicles that come before they are announced, and transactions that come again. */
import { expect, test } from 'vitest';
import { epochS, wattHours, watts } from '#domain/units';
import type { Visit } from '#domain/visit';
import { withEvse } from '#engine/change';
import { onMeter } from '#engine/meter';
import type { State } from '#engine/state';
import { onEnded, onStarted, onUpdated } from '#engine/transactions';
import { announceVisit } from '#engine/visits';
import { FakeDepot, siteOf, startS, stationOf } from './fake-depot.ts';

const visitOf = (name: string, arriveS: number): Visit => ({
  id: `visit-${name}`,
  vehicleId: `car-${name}`,
  evse: { stationId: 'A', evseId: 1 },
  arrivesAt: epochS(arriveS),
  departsAt: epochS(arriveS + 7200),
  energyWh: wattHours(9000),
  maxW: watts(11_000),
  phases: 3,
  priority: 1,
});

async function stateWithNextVisit(): Promise<State> {
  const depot = new FakeDepot({ site: siteOf([stationOf('A')]), visits: [] });
  await depot.begin();
  const state = depot.loop?.state();
  if (state === undefined) throw new Error('no engine');
  return announceVisit(state, visitOf('next', startS + 3 * 3600))[0];
}

function started(state: State, transactionId: string, idToken: string, registerWh: number): State {
  const { change } = onStarted(state, 'A', {
    kind: 'transaction-started',
    evseId: 1,
    transactionId,
    at: state.now,
    idToken,
    registerWh,
    offline: false,
  });
  return change[0];
}

function plugged(state: State, idToken: string): State {
  const sample = { evseId: 1, transactionId: 't1', sampledAt: state.now, registerWh: 1500 };
  return onMeter(started(state, 't1', idToken, 1000), 'A', sample)[0];
}

test('a vehicle that came before it was announced gets its own visit back, with its energy', async () => {
  const mistaken = plugged(await stateWithNextVisit(), 'car-early');
  expect(mistaken.visits['visit-next']).toMatchObject({ phase: 'plugged', deliveredWh: 500 });
  const [state] = announceVisit(mistaken, visitOf('early', startS));
  expect(state.stations.get('A')?.evses['1']?.transaction?.visitId).toBe('visit-early');
  expect(state.visits['visit-early']).toMatchObject({ phase: 'plugged', deliveredWh: 500 });
  expect(state.visits['visit-next']).toMatchObject({ phase: 'expected', deliveredWh: 0 });
  expect(state.visits['visit-next']).not.toHaveProperty('pluggedAt');
});

const ended = (state: State, transactionId: string, registerWh: number, reason: string): State =>
  onEnded(state, 'A', {
    kind: 'transaction-ended',
    transactionId,
    at: state.now,
    offline: false,
    registerWh,
    reason,
  })[0];

test('a vehicle whose transaction was over before it was announced gets its own visit back, with its energy', async () => {
  const begun = plugged(await stateWithNextVisit(), 'car-early');
  const there = begun.stations.get('A')?.evses['1'];
  if (there === undefined) throw new Error('no socket');
  const occupied = withEvse(begun, { stationId: 'A', evseId: 1 }, { ...there, status: 'Occupied' });
  const over = ended(occupied, 't1', 1600, 'Remote');
  const [state] = announceVisit(over, visitOf('early', startS));
  expect(state.visits['visit-early']).toMatchObject({ phase: 'plugged', deliveredWh: 600 });
  expect(state.visits['visit-next']).toMatchObject({ phase: 'expected', deliveredWh: 0 });
});

test('a vehicle that has left before it was announced leaves nothing in the visit of another', async () => {
  const before = await stateWithNextVisit();
  const gone = ended(plugged(before, 'car-early'), 't1', 1600, 'EVDisconnected');
  expect(gone.visits['visit-next']).toMatchObject({ phase: 'gone', deliveredWh: 600 });

  const left: State = { ...gone, now: epochS(gone.now + 600) };
  const [told] = announceVisit(left, visitOf('early', startS - 60));
  expect(told.visits['visit-early']).toMatchObject({ phase: 'gone', deliveredWh: 600 });
  expect(told.visits['visit-next']).toMatchObject({ phase: 'expected', deliveredWh: 0 });
  expect(told.visits['visit-next']).not.toHaveProperty('endedAt');

  // The one that was announced for later comes again then: it is not the one that has left.
  const [later] = announceVisit(left, visitOf('early', startS + 3600));
  expect(later.visits['visit-early']).toMatchObject({ phase: 'expected', deliveredWh: 0 });
  expect(later.visits['visit-next']).toMatchObject({ phase: 'expected', deliveredWh: 0 });

  // Nobody ever announces it: the announced vehicle begins with nothing.
  const begun = started(left, 't2', 'car-next', 1600);
  expect(begun.visits['visit-next']).toMatchObject({ phase: 'plugged', deliveredWh: 0 });
  const sample = { evseId: 1, transactionId: 't2', sampledAt: begun.now, registerWh: 1900 };
  expect(onMeter(begun, 'A', sample)[0].visits['visit-next']).toMatchObject({ deliveredWh: 300 });
});

test('a vehicle that is the announced one stays with its visit whatever else is announced', async () => {
  const right = plugged(await stateWithNextVisit(), 'car-next');
  const [state] = announceVisit(right, visitOf('other', startS));
  expect(state.stations.get('A')?.evses['1']?.transaction?.visitId).toBe('visit-next');
  expect(state.visits['visit-other']).toMatchObject({ phase: 'expected' });
});

test('a station that lost its power begins anew: the same vehicle goes on with its visit', async () => {
  const both = announceVisit(await stateWithNextVisit(), visitOf('now', startS))[0];
  const end = { kind: 'transaction-ended', transactionId: 't1', offline: true, registerWh: 1500 } as const;
  const [over] = onEnded(plugged(both, 'car-now'), 'A', { ...end, at: both.now, reason: 'EVDisconnected' });
  expect(over.visits['visit-now']).toMatchObject({ phase: 'gone', deliveredWh: 500 });

  const again = started(over, 't2', 'car-now', 1500);
  expect(again.visits['visit-next']).toMatchObject({ phase: 'expected', deliveredWh: 0 });
  expect(again.visits['visit-now']).toMatchObject({ phase: 'plugged', deliveredWh: 500 });
  expect(again.visits['visit-now']).not.toHaveProperty('endedAt');
  // 500 Wh before, and 1,800 - 1,500 Wh since.
  const sample = { evseId: 1, transactionId: 't2', sampledAt: again.now, registerWh: 1800 };
  expect(onMeter(again, 'A', sample)[0].visits['visit-now']).toMatchObject({ deliveredWh: 800 });

  // Another vehicle does not go on with the visit of one that has left.
  expect(started(over, 't2', 'car-next', 1500).visits['visit-next']).toMatchObject({ phase: 'plugged' });
});

test('a start in whole Wh that was rounded up is no register that goes back', async () => {
  const begun = started(await stateWithNextVisit(), 't1', 'car-next', 1000);
  const sample = { evseId: 1, transactionId: 't1', sampledAt: begun.now };
  const [same, effects] = onMeter(begun, 'A', { ...sample, registerWh: 999.6 });
  expect(effects).toEqual([]);
  expect(same.visits['visit-next']).toMatchObject({ deliveredWh: 0, deliveredBeforeWh: 0 });
  const back = onMeter(begun, 'A', { ...sample, registerWh: 990 })[1];
  expect(JSON.stringify(back)).toContain('meter-implausible');
});

test('a transaction met while it runs counts from its first register, however its first word came', async () => {
  const before = await stateWithNextVisit();
  const seen = { evseId: 1, transactionId: 't9', at: before.now };
  const [met] = onUpdated(before, 'A', seen);
  const sampleOf = (registerWh: number) => ({ ...seen, sampledAt: before.now, registerWh });
  const [first] = onMeter(met, 'A', sampleOf(18_000));
  expect(first.visits['visit-next']).toMatchObject({ phase: 'plugged', deliveredWh: 0 });
  expect(onMeter(first, 'A', sampleOf(18_500))[0].visits['visit-next']).toMatchObject({ deliveredWh: 500 });
  // Over before any register was heard: nothing is known of its energy.
  expect(ended(met, 't9', 19_000, 'Remote').visits['visit-next']).toMatchObject({ deliveredWh: 0 });
});
