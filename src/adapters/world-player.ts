/** One seeded world with the shipped loop, bus and solver. @module */
import { createLoop } from '#engine/loop';
import { worldPlanOf } from '#sim/seeded/draw-world';
import { playWorld, type PlantedBug, type WorldOutcome } from '#sim/seeded/play-world';
import type { WorldChoice, WorldPlan } from '#sim/seeded/world-plan';
import { solve } from '#solver/solve';
import { createMemoryBus } from './bus-memory.ts';
import { planForward, planStartOf } from './world-planner.ts';

/** How much of the real thing is in a world. `greedy`: `planForward`. */
export interface PlayOptions {
  /**
   * `sample`: in one seed of `sampledEvery` one plan in `shippedEvery` by the shipped solver; all others, and all plans of
   * `greedy`, by the greedy planner.
   */
  readonly solver: 'sample' | 'greedy' | 'shipped';
  readonly bug?: PlantedBug;
  /** Told of all records of the engine's journal at the end; the replay is proven then. */
  readonly onJournal?: (records: readonly unknown[]) => void;
}

/** One seed in so many has plans of the shipped solver and its journal replayed. */
const sampledEvery = 20;
/** One plan in so many of such a seed is the shipped solver's: each costs as much as a quarter hour of the night. */
const shippedEvery = 12;
/** One seed in so many is watched at every instant as if nothing had been seen before. */
const slowEvery = 16;

/** Plays the world of a plan. */
export async function playPlan(plan: WorldPlan, options: PlayOptions): Promise<WorldOutcome> {
  const isSample = plan.seed % sampledEvery === 0;
  const bus = createMemoryBus();
  let plans = 0;
  const isShipped = (turn: number): boolean =>
    options.solver === 'shipped' || (options.solver === 'sample' && isSample && turn % shippedEvery === 0);
  const outcome = await playWorld({
    plan,
    bus,
    createLoop,
    solve: (problem, own) => {
      const turn = plans++;
      if (isShipped(turn)) return solve(problem, own);
      return Promise.resolve(planForward(problem, planStartOf(plan.seed), turn));
    },
    proveReplay: isSample || options.onJournal !== undefined,
    slowWatch: plan.seed % slowEvery === 0,
    ...(options.bug === undefined ? {} : { bug: options.bug }),
    ...(options.onJournal === undefined ? {} : { onJournal: options.onJournal }),
  });
  await bus.close();
  return outcome;
}

/** Plays the world of a choice. */
export function playChoice(choice: WorldChoice, options: PlayOptions): Promise<WorldOutcome> {
  return playPlan(worldPlanOf(choice), options);
}
