/** Vehicles that come before they are announced. */
import { expect, test } from 'vitest';
import { epochS, wattHours, watts } from '#domain/units';
import type { Visit } from '#domain/visit';
import { onMeter } from '#engine/meter';
import type { State } from '#engine/state';
import { onStarted } from '#engine/transactions';
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

function plugged(state: State, idToken: string): State {
  const { change } = onStarted(state, 'A', {
    kind: 'transaction-started',
    evseId: 1,
    transactionId: 't1',
    at: state.now,
    idToken,
    registerWh: 1000,
    offline: false,
  });
  const sample = { evseId: 1, transactionId: 't1', sampledAt: state.now, registerWh: 1500 };
  return onMeter(change[0], 'A', sample)[0];
}

test('a vehicle that came before it was announced gets its own visit back, with its energy', async () => {
  const mistaken = plugged(await stateWithNextVisit(), 'car-early');
  expect(mistaken.visits['visit-next']).toMatchObject({ phase: 'plugged', deliveredWh: 500 });
  const [state] = announceVisit(mistaken, visitOf('early', startS));
  expect(state.stations['A']?.evses['1']?.transaction?.visitId).toBe('visit-early');
  expect(state.visits['visit-early']).toMatchObject({ phase: 'plugged', deliveredWh: 500 });
  expect(state.visits['visit-next']).toMatchObject({ phase: 'expected', deliveredWh: 0 });
  expect(state.visits['visit-next']).not.toHaveProperty('pluggedAt');
});

test('a vehicle that is the announced one stays with its visit whatever else is announced', async () => {
  const right = plugged(await stateWithNextVisit(), 'car-next');
  const [state] = announceVisit(right, visitOf('other', startS));
  expect(state.stations['A']?.evses['1']?.transaction?.visitId).toBe('visit-next');
  expect(state.visits['visit-other']).toMatchObject({ phase: 'expected' });
});
