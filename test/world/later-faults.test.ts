/** Faults of engine, solver and bus do in a world what they are called, no more and no less. */
import { describe, expect, test } from 'vitest';
import { createMemoryBus } from '#adapters/bus-memory';
import { playChoice } from '#adapters/world-player';
import { planForward } from '#adapters/world-planner';
import { epochS, type EpochS } from '#domain/units';
import { createLoop } from '#engine/loop';
import type { Bus } from '#ports/bus';
import { worldPlanOf } from '#sim/seeded/draw-world';
import { playWorld } from '#sim/seeded/play-world';
import { createRoughBus, heardAt, type RoughBus } from '#sim/seeded/rough-bus';
import { usualSwitches, type BusRates, type WorldEvent, type WorldPlan } from '#sim/seeded/world-plan';
import { prngOf } from '#domain/prng';
import { createVirtualClock, type VirtualClock } from '#sim/virtual-clock';

const calm = worldPlanOf({ seed: 55, connectors: 2, hours: 3, allowed: [] });
const { startS } = calm.scenario;

/** The instants at which the engine's time moved on, in a night with one more event. */
async function movedAt(event?: WorldEvent): Promise<readonly number[]> {
  const moved: number[] = [];
  let last: number | undefined;
  const { breach } = await playWorld({
    plan: event === undefined ? calm : { ...calm, on: [event.switch], events: [event] },
    bus: createMemoryBus(),
    createLoop,
    solve: (problem) => Promise.resolve(planForward(problem, 'plan in force')),
    onQuiet: (_, state, now) => {
      if (state !== undefined && state.now !== last) moved.push(now - startS);
      last = state?.now;
    },
  });
  expect(breach).toBeUndefined();
  return moved;
}

function between(instants: readonly number[], from: number, until: number): number {
  return instants.filter((at) => at > from && at < until).length;
}

describe('the engine', () => {
  test('does nothing while it stands still, and goes on after it', async () => {
    const span = { fromS: epochS(startS + 3000), untilS: epochS(startS + 5400) };
    const [moved, without] = [await movedAt({ switch: 'stall', kind: 'stall', ...span }), await movedAt()];
    expect(between(without, 3000, 5400)).toBeGreaterThan(0);
    expect(between(moved, 3000, 5400)).toBe(0);
    expect(between(moved, 5399, 7200)).toBeGreaterThan(0);
  });

  test('goes on while a solver takes its time, and lives with one that is given up', async () => {
    const without = await movedAt();
    for (const takesS of [90, 120]) {
      const span = { fromS: epochS(startS + 3000), untilS: epochS(startS + 6000) };
      const moved = await movedAt({ switch: 'solver-slow', kind: 'solver', how: 'slow', takesS, ...span });
      // Plans are made at quarter hours at the latest: the one at 3600 takes until `takesS` later.
      expect(moved).toContain(3600 + takesS);
      expect(without).not.toContain(3600 + takesS);
      expect(between(moved, 3600, 3600 + takesS)).toBeGreaterThan(0);
      expect(between(moved, 3600 + takesS, 7200)).toBeGreaterThan(0);
    }
  });
});

interface Heard {
  readonly at: number;
  readonly text: string;
}

/** A rough bus, and what was heard on it when. */
function busOf(
  rates: Partial<BusRates>,
  events: readonly WorldEvent[] = [],
): {
  readonly rough: RoughBus;
  readonly heard: Heard[];
  readonly counts: { back: number; told: number };
  readonly clock: VirtualClock;
} {
  const clock = createVirtualClock(epochS(0));
  const heard: Heard[] = [];
  const counts = { back: 0, told: 0 };
  const bus: Bus = {
    ...createMemoryBus(),
    publish: (subject, data) => {
      heard.push({ at: clock.now(), text: `${subject} ${typeof data === 'string' ? data : ''}` });
    },
  };
  const plan: WorldPlan = {
    ...calm,
    healS: epochS(5000),
    events,
    bus: { late: 0, lateMaxS: 0, repeat: 0, repeatMaxS: 0, ...rates },
  };
  const rough = createRoughBus({
    plan,
    bus,
    clock,
    prng: prngOf(1),
    roughFromS: epochS(100),
    onBack: () => {
      counts.back++;
    },
  });
  rough.engine.onBack?.(() => {
    counts.told++;
  });
  return { rough, heard, counts, clock };
}

function runTo(clock: VirtualClock, untilS: number): void {
  for (let next = clock.nextAt(); next !== undefined && next <= untilS; next = clock.nextAt()) {
    clock.advanceTo(next);
    clock.runDue();
  }
  if (clock.now() < untilS) clock.advanceTo(untilS as EpochS);
}

const lost = (inbound: 'waits' | 'said again'): WorldEvent => ({
  switch: 'bus-lost',
  kind: 'bus-lost',
  fromS: epochS(1000),
  untilS: epochS(2000),
  inbound,
});

describe('the bus', () => {
  test('what is said while it is away comes in its order afterwards, both ways', () => {
    const { rough, heard, counts, clock } = busOf({}, [lost('waits')]);
    runTo(clock, 1500);
    rough.say('in', 'a');
    rough.engine.publish('out', 'b');
    rough.say('in', 'c');
    expect([heard, rough.isLost()]).toEqual([[], true]);
    runTo(clock, 2500);
    expect(heard.map(({ at, text }) => `${at} ${text}`)).toEqual(['2000 in a', '2000 in c', '2000 out b']);
    expect([counts, rough.isLost()]).toEqual([{ back: 1, told: 1 }, false]);
  });

  test('or is lost, and the engine is told that it is back; what a dead process has not got rid of is gone', () => {
    const { rough, heard, counts, clock } = busOf({}, [lost('said again')]);
    runTo(clock, 1500);
    rough.say('in', 'a');
    rough.engine.publish('out', 'b');
    rough.forget();
    runTo(clock, 2500);
    expect([heard, counts]).toEqual([[], { back: 1, told: 1 }]);
  });

  test('late and repeated messages all come by the time at which everything heals', () => {
    const { rough, heard, clock } = busOf({ late: 1, lateMaxS: 600, repeat: 1, repeatMaxS: 9000 });
    rough.say('in', 'early');
    expect(heard).toEqual([{ at: 0, text: 'in early' }]);
    for (let i = 0; i < 20; i++) {
      runTo(clock, 4000 + 10 * i);
      rough.say('in', String(i));
    }
    runTo(clock, 5000);
    expect(heard).toHaveLength(41);
    const first = Array.from({ length: 20 }, (_, i) => heard.findIndex(({ text }) => text === `in ${i}`));
    expect(first).not.toEqual(first.toSorted((a, b) => a - b));
  });

  test('a message is heard by the end of the outage that it falls in, at the latest', () => {
    const plan = { ...calm, events: [lost('waits')] };
    expect([900, 1000, 1999, 2000].map((at) => heardAt(plan, at))).toEqual([900, 2000, 2000, 2000]);
  });
});

test('seeds below 100,000 draw nothing of what came later', () => {
  const before: ReadonlySet<string> = new Set(usualSwitches(99_999));
  const later = usualSwitches(100_000).filter((name) => !before.has(name));
  expect(later).toHaveLength(16);
  for (let seed = 1; seed <= 40; seed++) {
    const { on } = worldPlanOf({ seed, connectors: 4, hours: 6 });
    expect(on.filter((name) => later.includes(name))).toEqual([]);
  }
});

test('no rule is broken in the first worlds that draw from all switches, and their journals give every message again', async () => {
  const broken: string[] = [];
  let crashes = 0;
  for (let seed = 100_001; seed <= 100_006; seed++) {
    const choice = { seed, connectors: 6, hours: 6 };
    const outcome = await playChoice(choice, { solver: 'greedy', onJournal: () => undefined });
    crashes += outcome.crashes;
    if (outcome.breach !== undefined) broken.push(`${seed} ${outcome.breach.rule}: ${outcome.breach.text}`);
  }
  expect(broken).toEqual([]);
  expect(crashes).toBeGreaterThan(0);
});
