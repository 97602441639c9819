/** What is kept in mind within the engine never changes what it does. */
import { expect, test } from 'vitest';
import { createMemoryBus } from '#adapters/bus-memory';
import { planForward, planStartOf } from '#adapters/world-planner';
import type { Input } from '#engine/input';
import { jsonOf, valueOfRecord } from '#engine/json';
import { createLoop } from '#engine/loop';
import { replay, snapshotRecordOf } from '#engine/replay';
import type { State } from '#engine/state';
import { step } from '#engine/step';
import { worldPlanOf } from '#sim/seeded/draw-world';
import { playWorld } from '#sim/seeded/play-world';
import type { SwitchName } from '#sim/seeded/world-plan';

const throughText = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** What goes wrong on the line, and what stations do wrong: silent, refused, caught and drifting ones. */
const line: readonly SwitchName[] = ['cut', 'loss', 'delay', 'limit-drop'];
const stations: readonly SwitchName[] = [
  'reboot',
  'persona-never-answers',
  'persona-rejects',
  'persona-ignores-limit',
  'persona-clock-drifts',
];

/** The journal of a world without crashes. */
async function journalOf(seed: number, allowed: readonly SwitchName[]): Promise<readonly unknown[]> {
  const records: unknown[] = [];
  let turn = 0;
  await playWorld({
    plan: worldPlanOf({ seed, connectors: 6, hours: 4, allowed }),
    bus: createMemoryBus(),
    solve: (problem) => Promise.resolve(planForward(problem, planStartOf(seed), turn++)),
    createLoop: (parts) => {
      records.push(...parts.journal.read());
      const append = (record: unknown): void => {
        records.push(JSON.parse(jsonOf(record)));
        parts.journal.append(record);
      };
      return createLoop({ ...parts, journal: { ...parts.journal, append } });
    },
  });
  return records;
}

/** Worlds in which those are on. */
const worlds = [
  { seed: 3, allowed: line },
  { seed: 14, allowed: line },
  { seed: 17, allowed: stations },
  { seed: 19, allowed: stations },
];

test('law: an engine whose every object is new does the same as one that has seen them before', async () => {
  for (const { seed, allowed } of worlds) {
    const records = await journalOf(seed, allowed);
    let state: State | undefined;
    const different: number[] = [];
    records.forEach((record, i) => {
      const entry = valueOfRecord(record) as Input | { readonly kind: 'snapshot' };
      if (entry.kind === 'snapshot') {
        state = replay([record]);
        return;
      }
      const [next, effects] = step(state, entry);
      if (state !== undefined && i % 8 === 0) {
        // The state goes through text: no belief, profile or function in it is known to anybody.
        const anew: string[] = [];
        const other = replay([throughText(snapshotRecordOf(state)), record], (_, more) =>
          anew.push(...more.map(jsonOf)),
        );
        if (anew.join() !== effects.map(jsonOf).join() || jsonOf(other) !== jsonOf(next)) different.push(i);
      }
      state = next;
    });
    expect(records.length).toBeGreaterThan(300);
    expect(different, `records of seed ${seed}`).toEqual([]);
  }
});
