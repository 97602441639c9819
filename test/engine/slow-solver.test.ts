/** What the engine does while the solver works. */
import { expect, test } from 'vitest';
import { createLoop, type LoopParts } from '#engine/loop';
import { replay } from '#engine/replay';
import { jsonOf } from '#engine/json';
import type { StepFunction } from '#domain/step-function';
import type { Solution } from '#solver/problem';
import { solve } from '#solver/solve';
import { anyVisit, FakeDepot, policyWith, siteOf, startS, stationOf, type FakeVisit } from './fake-depot.ts';

const visit: FakeVisit = { ...anyVisit, energyWh: 12_000 };

/** A depot of two stations on a panel of 40 A, whose solver can be kept from answering. */
class SlowDepot extends FakeDepot {
  private readonly held: (() => void)[] = [];

  constructor(
    visits: readonly FakeVisit[],
    change: (solution: Solution) => Solution = (solution) => solution,
  ) {
    super({
      site: siteOf([stationOf('A'), stationOf('B')]),
      visits,
      solve: async (problem, options) => {
        if (this.isSolverSlow) await new Promise<void>((resolve) => this.held.push(resolve));
        return change(await solve(problem, options));
      },
    });
  }

  /** Solves that wait for their answer. */
  get open(): number {
    return this.held.length;
  }

  /** Lets all answers through. */
  async answer(): Promise<void> {
    this.isSolverSlow = false;
    for (const release of this.held.splice(0)) release();
    await this.loop?.turn();
    await this.settle();
  }
}

test('calls of stations are answered, and a limit that drops lowers the chargers at once', async () => {
  const depot = new SlowDepot([visit, { ...visit, id: 'v2', stationId: 'B' }]);
  await depot.begin();
  await depot.runTo(startS + 890);
  const sum = (): number => depot.station('A').limitA() + depot.station('B').limitA();
  expect(sum()).toBeGreaterThan(20);
  depot.isSolverSlow = true;
  await depot.runTo(startS + 902);
  expect(depot.open).toBe(1);
  depot.say('limit', { kind: 'limit', circuit: 'panel', limitA: 20 });
  await depot.settle();
  // A plan for it may be there in a moment; after five seconds those in force give way.
  await depot.runTo(startS + 906);
  expect(sum()).toBeLessThanOrEqual(20);
  const answered = depot.sent.filter(({ kind }) => kind === 'result').length;
  depot.station('A').disconnect();
  depot.station('A').connect();
  await depot.runTo(startS + 960);
  expect(depot.sent.filter(({ kind }) => kind === 'result').length).toBeGreaterThan(answered);
  // The answer is of another world by now: it is followed as far as it is safe, and the next one is asked for.
  const plans = depot.said('out.plan').length;
  await depot.answer();
  expect(depot.said('out.plan').length).toBe(plans + 2);
  expect(sum()).toBeLessThanOrEqual(20);
  expect(depot.peakA).toBeLessThanOrEqual(40);
  expect(jsonOf(replay(depot.journal.read()))).toBe(jsonOf(depot.loop?.state()));
});

test('an answer that comes an interval later is followed from where it is', async () => {
  /** An ampere more with each quarter hour, from 6 A on. */
  const stairs = (row: Float64Array): Float64Array => row.map((_, i) => 0.69 * (6 + i));
  const depot = new SlowDepot([visit], (solution) => ({
    ...solution,
    powerKw: solution.powerKw.map(stairs),
  }));
  await depot.begin();
  await depot.runTo(startS + 299);
  depot.isSolverSlow = true;
  await depot.runTo(startS + 1000);
  expect(depot.open).toBe(1);
  const { length } = depot.said('out.plan');
  await depot.answer();
  const first = depot.said('out.plan')[length];
  expect(first).toMatchObject({ madeAt: startS + 1000 });
  const [own] = (first?.['limits'] ?? []) as readonly { limit: StepFunction }[];
  // The quarter hour that was asked about first is over: its 6 A are nobody's any more.
  expect(own?.limit.value.slice(0, 3)).toEqual([7, 8, 9]);
});

test('a vehicle that has left meanwhile gets no profile, and the next one at its place not its plan', async () => {
  const depot = new SlowDepot([{ ...visit, departS: startS + 1000 }]);
  await depot.begin();
  await depot.runTo(startS + 890);
  depot.isSolverSlow = true;
  await depot.runTo(startS + 1100);
  expect(depot.open).toBe(1);
  const { length } = depot.station('A').seen;
  await depot.answer();
  expect(depot.station('A').seen.slice(length)).not.toContain('SetChargingProfile');
});

test('one that came and left meanwhile is planned for no more, as soon as the answer is there', async () => {
  const other = { ...visit, id: 'v2', stationId: 'B', arriveS: startS + 100 };
  const depot = new SlowDepot([other, { ...visit, departS: startS + 600 }]);
  await depot.begin();
  await depot.runTo(startS + 299);
  depot.isSolverSlow = true;
  await depot.runTo(startS + 700);
  const { length } = depot.said('out.plan');
  await depot.answer();
  const planned = depot.said('out.plan').slice(length) as { visits: { visitId: string }[] }[];
  expect(planned.map(({ visits }) => visits.map(({ visitId }) => visitId))).toEqual([['v1', 'v2'], ['v2']]);
});

test('an engine that ends does not wait for the solver, and the next process asks anew', async () => {
  const depot = new SlowDepot([visit]);
  await depot.begin();
  await depot.runTo(startS + 890);
  depot.isSolverSlow = true;
  await depot.runTo(startS + 905);
  expect(depot.open).toBe(1);
  const records = depot.journal.read().length;
  await depot.loop?.stop();
  depot.killEngine();
  await depot.answer();
  expect(depot.journal.read()).toHaveLength(records);
  depot.startEngine();
  depot.connectAll();
  await depot.runTo(startS + 1200);
  expect(depot.said('out.plan').at(-1)?.['madeAt']).toBeGreaterThan(startS + 905);
});

test('what comes in by itself is handled while the solver works', async () => {
  const depot = new SlowDepot([]);
  const parts: LoopParts = {
    site: siteOf([stationOf('A')]),
    policy: policyWith(),
    seed: 1,
    clock: depot.clock,
    bus: depot.bus,
    link: {
      send: () => undefined,
      drop: () => undefined,
      onEvent: () => undefined,
      close: () => Promise.resolve(),
    },
    journal: depot.journal,
    solve: () => new Promise(() => undefined),
    log: { info: () => undefined, warn: () => undefined },
    autoTurn: true,
  };
  const loop = createLoop(parts);
  loop.start();
  depot.announce({ ...visit, arriveS: startS + 7200, departS: startS + 14_400 });
  await depot.bus.flush();
  depot.clock.turnTo(startS + 130);
  await flushed(() => loop.state().solving !== undefined);
  depot.say('limit', { kind: 'limit', circuit: 'panel', limitA: 20 });
  await depot.bus.flush();
  await flushed(() => loop.state().limits.length === 1);
  expect(loop.state().solving).toBeDefined();
  await loop.stop();
});

/** Waits, a bounded number of microtasks, until something holds. */
async function flushed(holds: () => boolean): Promise<void> {
  for (let k = 0; k < 100 && !holds(); k++) await Promise.resolve();
  expect(holds()).toBe(true);
}
