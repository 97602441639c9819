/**
 * The engine is killed at every write of its journal, and amid what follows from every record: after each message that
 * leaves. A night of two connectors, none left out; each is held to all rules, and its journal to its messages.
 */
import { expect, test } from 'vitest';
import { playPlan } from '#adapters/world-player';
import type { Input } from '#engine/input';
import { replay } from '#engine/replay';
import { worldPlanOf } from '#sim/seeded/draw-world';
import type { WorldEvent, WorldPlan } from '#sim/seeded/world-plan';

/** Only this part of the records, for a first look: WORLD_CRASH_PART=0.1. */
const part = Number(process.env['WORLD_CRASH_PART'] ?? 1);
/** Two vehicles in two hours, at stations that are first of all set up: 155 records. */
const choice = { seed: 55, connectors: 2, hours: 2, allowed: [] } as const;
const heard = new Set(['status', 'plan', 'alarm', 'verdict', 'billing']);

function withCrash(plan: WorldPlan, crash: Partial<Extract<WorldEvent, { kind: 'crash' }>>): WorldPlan {
  const event = {
    switch: 'engine-crash' as const,
    kind: 'crash' as const,
    record: 1,
    when: 'after' as const,
    downS: 40,
    cutStations: [],
    cutS: 0,
    ...crash,
  };
  return { ...plan, on: ['engine-crash'], events: [event] };
}

/** How many messages leave after each record of a night without a crash. */
async function messagesByRecord(plan: WorldPlan): Promise<readonly number[]> {
  const counts: number[] = [];
  const count = (records: readonly unknown[]): void => {
    replay(records, (input: Input, effects) => {
      // Who dies at the very end is not missed any more.
      if (input.at >= plan.healS) return;
      counts.push(
        effects.filter((e) => e.kind === 'send' || (e.kind === 'publish' && heard.has(e.tail.slice(4))))
          .length,
      );
    });
  };
  const { breach } = await playPlan(plan, { solver: 'greedy', onJournal: count });
  expect(breach).toBeUndefined();
  return counts;
}

const calm = { ...worldPlanOf(choice), healS: worldPlanOf(choice).scenario.endS };
const messages = await messagesByRecord(calm);

test('the night is one in which vehicles come, charge and leave', () => {
  expect(calm.scenario.visits.length).toBeGreaterThan(1);
  expect(messages.length).toBeGreaterThan(120);
  expect(Math.max(...messages)).toBeGreaterThan(1);
});

test('killed before or after any record, or after any message that follows from it: no rule is broken', async () => {
  const broken: string[] = [];
  let played = 0;
  const upTo = Math.ceil(messages.length * part);
  const die = async (crash: Parameters<typeof withCrash>[1]): Promise<void> => {
    const { breach, crashes } = await playPlan(withCrash(calm, crash), {
      solver: 'greedy',
      onJournal: () => undefined,
    });
    played++;
    const name = `${crash.when} ${crash.record} ${crash.effects ?? ''}`;
    if (crashes !== 1) broken.push(`${name}: ${crashes} crashes`);
    if (breach !== undefined) broken.push(`${name}: ${breach.rule}: ${breach.text}`);
  };
  for (let record = 1; record <= upTo; record++) {
    await die({ record, when: 'before' });
    await die({ record, when: 'after' });
    // As many as leave: dead before the next record, which comes later than these.
    for (let effects = 1; effects < (messages[record - 1] ?? 0); effects++)
      await die({ record, when: 'amid', effects });
  }
  expect(broken).toEqual([]);
  expect(played).toBeGreaterThanOrEqual(2 * upTo);
});
