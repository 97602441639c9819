/** The engine plans one phase of three where a station can be told, and nowhere else. */
import { expect, test } from 'vitest';
import type { Station } from '#domain/site';
import { watts } from '#domain/units';
import { draftOf } from '#engine/problem';
import { onePhaseBefore } from '#engine/running-interval';
import type { State } from '#engine/state';
import { flatDemand, flatEnergy, tariffOf } from '../tariffs/builders.ts';
import { FakeDepot, siteOf, startS, stationOf, type FakeVisit } from './fake-depot.ts';

/** 5.5 kWh in four hours: 1.38 kW on one phase throughout, or 4.14 kW on three for an hour and twenty minutes. */
const visit: FakeVisit = {
  id: 'v1',
  stationId: 'A',
  arriveS: startS + 100,
  departS: startS + 4 * 3600,
  energyWh: 4000,
  maxW: 11_000,
};
const tariff: unknown = JSON.parse(JSON.stringify(tariffOf([flatEnergy(0.1), flatDemand(10)])));

function switching(switchesPhases: Station['capability']['switchesPhases']): Station {
  const { capability } = stationOf('A');
  return stationOf('A', {
    capability: { ...capability, ...(switchesPhases === undefined ? {} : { switchesPhases }) },
  });
}

async function depotWith(station: Station): Promise<FakeDepot> {
  const depot = new FakeDepot({ site: siteOf([station]), visits: [visit] });
  await depot.begin();
  depot.say('tariff', { kind: 'tariff', tariff });
  await depot.runTo(startS + 600);
  return depot;
}

function stateOf(depot: FakeDepot): State {
  const state = depot.loop?.state();
  if (state === undefined) throw new Error('no engine');
  return state;
}

const periodsOf = (state: State) => state.wanted['A/1']?.profile.profile.schedules[0]?.periods ?? [];

test('a slow vehicle charges on one phase at the least current', async () => {
  const depot = await depotWith(switching('to-one'));
  const state = stateOf(depot);
  expect(state.plan?.proof.valid).toBe(true);
  expect(state.plan?.visits[0]?.onePhase).toContain(1);
  expect(state.plan?.visits[0]?.powerW.every((w) => w === 0 || w === 1380)).toBe(true);
  const charging = periodsOf(state).filter(({ limit = 0 }) => limit > 0);
  expect(charging.some(({ limit, numberPhases }) => limit === 6 && numberPhases === 1)).toBe(true);
  expect(state.visits['v1']?.phaseChanges).toBe(1);
  // The plan in force is still good an interval later, though no three-phase step is that low.
  const revision = state.plan!.revision;
  await depot.runTo(startS + 2100);
  const later = stateOf(depot);
  expect(later.plan!.revision).toBeGreaterThan(revision);
  expect(later.plan?.visits[0]?.onePhase).toContain(1);
  expect(later.visits['v1']?.phaseChanges).toBe(1);
});

test('a station that was never said to switch is planned on three', async () => {
  const depot = await depotWith(switching(undefined));
  const state = stateOf(depot);
  expect(state.plan?.visits[0]?.onePhase).toBeUndefined();
  expect(draftOf(state)?.problem.sessions[0]?.phaseSwitches).toBeUndefined();
  expect(periodsOf(state).every(({ numberPhases }) => numberPhases === 3)).toBe(true);
});

test('after four changes a visit stays on three phases', async () => {
  const depot = await depotWith(switching('to-one'));
  const state = stateOf(depot);
  const worn = { ...state.visits['v1']!, phaseChanges: 4 };
  const draft = draftOf({ ...state, visits: { ...state.visits, v1: worn } });
  expect(draft?.problem.sessions[0]?.phaseSwitches).toBeUndefined();
  expect(draftOf(state)?.problem.sessions[0]?.phaseSwitches).toBe(1);
});

test('a vehicle that is there before the plan counts on it goes on at once on the phases that it has next', async () => {
  const depot = await depotWith(switching(undefined));
  const state = stateOf(depot);
  const { grid } = state.plan!;
  const row = (values: readonly number[]): number[] =>
    Array.from({ length: grid.count }, (_, t) => values[t] ?? 0);
  const planned = (arrive: number): State => {
    const own = { visitId: 'v1', evse: 'A/1', phases: 3, arrive } as const;
    const powerW = row([0, 1380, 1380]).map(watts);
    return { ...state, plan: { ...state.plan!, visits: [{ ...own, powerW, onePhase: row([0, 1, 1]) }] } };
  };
  const stay = { visitId: 'v1', arrive: 0, depart: 4 };
  expect(onePhaseBefore(planned(1), grid, stay)).toEqual({ onePhase: [1, 1, 1, 0] });
  expect(onePhaseBefore(planned(0), grid, stay)).toEqual({ onePhase: [0, 1, 1, 0] });
});
