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
  /** `sample`: the shipped solver for one seed in `shippedEvery`, the greedy planner otherwise. */
  readonly solver: 'sample' | 'greedy' | 'shipped';
  readonly bug?: PlantedBug;
}

/** One seed in so many is solved by the shipped solver and its journal replayed. */
const shippedEvery = 20;
/** One seed in so many is watched at every instant as if nothing had been seen before. */
const slowEvery = 16;

/** Plays the world of a plan. */
export async function playPlan(plan: WorldPlan, options: PlayOptions): Promise<WorldOutcome> {
  const isSample = plan.seed % shippedEvery === 0;
  const shipped = options.solver === 'shipped' || (options.solver === 'sample' && isSample);
  const bus = createMemoryBus();
  let turn = 0;
  const outcome = await playWorld({
    plan,
    bus,
    createLoop,
    solve: (problem, own) =>
      shipped ? solve(problem, own) : Promise.resolve(planForward(problem, planStartOf(plan.seed), turn++)),
    proveReplay: isSample,
    slowWatch: plan.seed % slowEvery === 0,
    ...(options.bug === undefined ? {} : { bug: options.bug }),
  });
  await bus.close();
  return outcome;
}

/** Plays the world of a choice. */
export function playChoice(choice: WorldChoice, options: PlayOptions): Promise<WorldOutcome> {
  return playPlan(worldPlanOf(choice), options);
}
