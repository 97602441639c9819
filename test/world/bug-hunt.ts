/** Looks for a planted bug in one seed after the other, within processor time. */
import { playChoice } from '#adapters/world-player';
import type { RuleName } from '#sim/seeded/rule';
import type { WorldChoice } from '#sim/seeded/world-plan';
import type { BugEntry } from './planted-bugs.ts';

/** How far a bug is looked for. */
export interface HuntLimits {
  readonly connectors: number;
  readonly hours: number;
  readonly seedMax: number;
  /** Processor seconds of this process. */
  readonly cpuMaxS: number;
}

/** What was found: the seed and the rule that broke in it, and what the looking cost. */
export interface Found {
  readonly seed?: number;
  readonly rule?: RuleName;
  readonly cpuS: number;
}

function cpuS(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/**
 * The first seed in which a rule breaks with the bug in the engine and none breaks without it: what fails in a good engine
 * too has not found the bug.
 */
export async function hunt(entry: BugEntry, limits: HuntLimits): Promise<Found> {
  const begunS = cpuS();
  for (let seed = 1; seed <= limits.seedMax && cpuS() - begunS < limits.cpuMaxS; seed++) {
    const choice: WorldChoice = {
      seed,
      connectors: limits.connectors,
      hours: limits.hours,
      ...(entry.allowed === undefined ? {} : { allowed: entry.allowed }),
    };
    const { breach } = await playChoice(choice, { solver: 'greedy', bug: entry.bug });
    if (breach === undefined) continue;
    const good = await playChoice(choice, { solver: 'greedy' });
    if (good.breach === undefined) return { seed, rule: breach.rule, cpuS: cpuS() - begunS };
  }
  return { cpuS: cpuS() - begunS };
}
