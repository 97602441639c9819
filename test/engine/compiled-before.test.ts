/** When a plan in force is known to be what would be compiled, and everything that makes it unknown. */
import { expect, test } from 'vitest';
import { constant } from '#domain/step-function';
import { epochS, later, seconds } from '#domain/units';
import { rememberSource, saysTheSame, type Want } from '#engine/compiled-before';
import type { State, WantedPlan } from '#engine/state';
import type { CompiledPlan } from '#ocpp/compile';
import { policyWith, siteOf, startS, stationOf } from './fake-depot.ts';

const site = siteOf([stationOf('A')]);
const [station] = site.stations;
const floors = { 'A/1': 6 };
const leaseEndS = epochS(startS + 28_800);

/** A plan of 10 A, and 16 A from an hour on, compiled at the start; asked about ten minutes later. */
const want: Want = {
  stationId: 'A',
  evseId: 1,
  transactionId: 't1',
  untilS: leaseEndS,
  pieces: [
    [epochS(startS), 10],
    [later(startS, 3600), 16],
  ],
};

function stateAt(after: number, more: Partial<State> = {}): State {
  return { site, floors, policy: policyWith(), now: later(startS, after), ...more } as State;
}

function planFrom(notes: CompiledPlan['notes'] = []): WantedPlan {
  const plan = { evseId: 1, transactionId: 't1', limit: constant(10), leaseEndS } as WantedPlan;
  if (station !== undefined) rememberSource(stateAt(0), plan, { want, station, notes });
  return plan;
}

const isSame = (state: State, asked: Partial<Want> = {}, plan = planFrom()): boolean => {
  const now = { ...want, ...asked };
  return saysTheSame(state, now, plan, now.untilS);
};

test('what is wanted from now on is what it was compiled from', () => {
  expect(isSame(stateAt(600))).toBe(true);
  // However the time until then is cut into pieces.
  expect(isSame(stateAt(600), { pieces: [[later(startS, 600), 10], ...want.pieces.slice(1)] })).toBe(true);
});

test.each([
  ['other limits', stateAt(600), { pieces: [[epochS(startS), 11], ...want.pieces.slice(1)] }],
  ['a later step', stateAt(600), { pieces: [...want.pieces.slice(0, 1), [later(startS, 4500), 16]] }],
  ['fewer steps', stateAt(600), { pieces: want.pieces.slice(0, 1) }],
  ['other floors', stateAt(600, { floors: { 'A/1': 6 } }), {}],
  ['another capability', stateAt(600, { site: siteOf([stationOf('A')]) }), {}],
  ['another delay of raises', stateAt(600, { policy: policyWith({ raiseMarginS: seconds(40) }) }), {}],
  ['a raise that is still put off', stateAt(3600), {}],
  ['a lease that is half spent', stateAt(20_000), { untilS: later(startS, 48_800) }],
  ['one phase of three', stateAt(600), { onePhase: constant(1) }],
] as const)('it is not known with %s', (_, state, asked) => {
  expect(isSame(state, asked as Partial<Want>)).toBe(false);
});

test('nor where the profile had no room for all of it, or it is another plan', () => {
  const cut = planFrom([{ kind: 'merged-down', lost: 900 }]);
  expect(isSame(stateAt(600), {}, cut)).toBe(false);
  expect(isSame(stateAt(600), {}, { ...planFrom() })).toBe(false);
});
