/** Makes a failing world smaller while it still fails in the same way. @module */
import { worldPlanOf } from './draw-world.ts';
import type { RuleName } from './rule.ts';
import type { WorldChoice } from './world-plan.ts';

/** Plays a choice and names the rule that it breaks. */
export type Trial = (choice: WorldChoice) => Promise<RuleName | undefined>;

/** Most worlds that one shrinking plays. */
const trialsMax = 60;

/** The smallest choice found by taking away switches, then halves of the events, then single events. */
export async function shrink(choice: WorldChoice, rule: RuleName, trial: Trial): Promise<WorldChoice> {
  let best: WorldChoice = { ...choice, allowed: worldPlanOf(choice).on };
  let left = trialsMax;
  const accept = async (candidate: WorldChoice): Promise<boolean> => {
    if (left <= 0) return false;
    left--;
    if ((await trial(candidate)) !== rule) return false;
    best = candidate;
    return true;
  };
  for (const name of best.allowed ?? []) {
    await accept({ ...best, allowed: (best.allowed ?? []).filter((other) => other !== name) });
  }
  const count = worldPlanOf({ ...best, dropped: [] }).events.length;
  for (let size = Math.ceil(count / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < count; from += size) {
      const dropped = new Set(best.dropped);
      const before = dropped.size;
      for (let i = from; i < Math.min(count, from + size); i++) dropped.add(i);
      if (dropped.size > before) await accept({ ...best, dropped: [...dropped].sort((a, b) => a - b) });
    }
  }
  return best;
}
