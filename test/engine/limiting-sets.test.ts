/** What one solve leaves for the next goes through the journal. */
import { expect, test } from 'vitest';
import type { DepotProblem, WarmStart } from '#solver/problem';
import { limitingSetsOf, marksOf, warmStartFrom } from '#engine/limiting-sets';
import { generatedDepot } from '#solver/generated';
import { solve } from '#solver/solve';
import { FakeDepot, siteOf, startS, stationOf, type FakeVisit } from './fake-depot.ts';

const visits = ['v1', 'v2'].map((id, i): FakeVisit => ({
  id,
  stationId: i === 0 ? 'A' : 'B',
  arriveS: startS + 300,
  departS: startS + 7200,
  energyWh: 9000,
  maxW: 11_000,
}));

/** Sets as a state holds them after an answer. */
function afterwards(problem: DepotProblem, warm: WarmStart): WarmStart | undefined {
  const visitIds = problem.sessions.map(({ id }) => id);
  return warmStartFrom(limitingSetsOf(visitIds, marksOf(problem, warm)));
}

test('sets come back as they were, whatever their number of sessions', () => {
  for (const kind of ['overnight', 'last-mile', 'two-shift'] as const) {
    const problem = generatedDepot({ kind, connectors: 21, intervals: 48, seed: 3 });
    const ids = problem.sessions.map(({ id }) => id);
    const sets = [ids, ids.slice(0, 1), ids.slice(-1), ids.filter((_, i) => i % 3 === 0), []];
    expect(afterwards(problem, { sets, advanced: 0 })).toEqual({ sets, advanced: 0 });
    const many = Array.from({ length: 40 }, () => ids);
    expect(afterwards(problem, { sets: many, advanced: 0 })?.sets).toHaveLength(24);
  }
});

test('sessions that a set names and nobody knows are left out', () => {
  const problem = generatedDepot({ kind: 'overnight', connectors: 5, intervals: 48, seed: 1 });
  const [first] = problem.sessions;
  expect(marksOf(problem, { sets: [['gone', first?.id ?? '']], advanced: 0 })).toEqual([
    `1${'0'.repeat(Math.ceil(problem.sessions.length / 4) - 1)}`,
  ]);
  expect(marksOf(problem, undefined)).toBeUndefined();
  expect(marksOf(problem, { sets: [], advanced: 0 })).toBeUndefined();
});

test('the next solve gets the sets of the last answer, after a restart too', async () => {
  const asked: (readonly (readonly string[])[] | undefined)[] = [];
  const depot = new FakeDepot({
    site: siteOf([stationOf('A'), stationOf('B')]),
    visits,
    solve: async (problem, options) => {
      asked.push(options.warm?.sets);
      const last = problem.sessions.slice(-1).map(({ id }) => id);
      return { ...(await solve(problem, options)), warm: { sets: [last], advanced: 0 } };
    },
  });
  await depot.begin();
  await depot.runTo(startS + 1000);
  expect(asked.slice(0, 2)).toEqual([undefined, [['v2']]]);
  const before = asked.length;
  depot.killEngine();
  depot.startEngine();
  depot.connectAll();
  await depot.runTo(startS + 3000);
  expect(asked.length).toBeGreaterThan(before);
  expect(asked[before]).toEqual([['v2']]);
});
