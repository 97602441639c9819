/** An engine that dies while a solve takes its time has died: the next process takes over. */
import { expect, test } from 'vitest';
import { createMemoryBus } from '#adapters/bus-memory';
import { planForward } from '#adapters/world-planner';
import { epochS } from '#domain/units';
import { createLoop } from '#engine/loop';
import { worldPlanOf } from '#sim/seeded/draw-world';
import { playWorld } from '#sim/seeded/play-world';
import type { WorldEvent } from '#sim/seeded/world-plan';

test('after each record of an hour in which solves take two minutes', async () => {
  const calm = worldPlanOf({ seed: 55, connectors: 2, hours: 3, allowed: [] });
  const { startS } = calm.scenario;
  const slow: WorldEvent = {
    switch: 'solver-slow',
    kind: 'solver',
    how: 'slow',
    takesS: 120,
    fromS: epochS(startS + 2400),
    untilS: epochS(startS + 6000),
  };
  const play = (crashes: readonly WorldEvent[]) =>
    playWorld({
      plan: { ...calm, on: ['solver-slow', 'crash-amid'], events: [slow, ...crashes] },
      bus: createMemoryBus(),
      createLoop,
      solve: (problem) => Promise.resolve(planForward(problem, 'plan in force')),
    });
  const { records: all } = await play([]);
  let deaths = 0;
  for (let record = Math.floor(all / 3); record < (2 * all) / 3; record++) {
    const crash: WorldEvent = {
      switch: 'crash-amid',
      kind: 'crash',
      record,
      when: 'amid',
      effects: 1,
      downS: 60,
      cutStations: [],
      cutS: 0,
    };
    const { breach, crashes, records: written } = await play([crash]);
    // Near the end, when everything is to heal, it dies no more.
    expect([record, breach, crashes <= 1, written > record]).toEqual([record, undefined, true, true]);
    deaths += crashes;
  }
  expect(deaths).toBeGreaterThan(5);
});
