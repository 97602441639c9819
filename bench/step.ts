/**
 * What a journal record costs the engine at sites of several sizes: nights with faults are played once and their journals
 * stepped through again. The processor time of each record is taken by itself, the least of all rounds counts; records of
 * the first 15 minutes, in which all stations come at once and tell what they can, stand apart.
 *
 *     npx tsc -b bench && node dist/bench/step.js [connectors, by comma] [hours] [rounds]
 *
 * @module
 */
import { loadavg } from 'node:os';
import { createMemoryBus } from '#adapters/bus-memory';
import { planForward, planStartOf } from '#adapters/world-planner';
import type { Input } from '#engine/input';
import { jsonOf, valueOfRecord } from '#engine/json';
import { createLoop } from '#engine/loop';
import { stateOfJson, type State, type StateAsJson } from '#engine/state';
import { step } from '#engine/step';
import { commissioningS } from '#sim/seeded/draw-depot';
import { worldPlanOf } from '#sim/seeded/draw-world';
import { playWorld } from '#sim/seeded/play-world';

const sizes = (process.argv[2] ?? '44,200,500').split(',').map(Number);
const hours = Number(process.argv[3] ?? 2);
const rounds = Number(process.argv[4] ?? 3);
const seed = 2001;

/** The journal of a night, as texts: each round makes its objects anew. */
async function journalOf(connectors: number): Promise<readonly string[]> {
  const texts: string[] = [];
  let turn = 0;
  await playWorld({
    plan: worldPlanOf({ seed, connectors, hours, allowed: ['cut', 'loss', 'delay', 'limit-drop', 'reboot'] }),
    bus: createMemoryBus(),
    solve: (problem) => Promise.resolve(planForward(problem, planStartOf(seed), turn++)),
    createLoop: (parts) => {
      for (const record of parts.journal.read()) texts.push(jsonOf(record));
      const append = (record: unknown): void => {
        texts.push(jsonOf(record));
        parts.journal.append(record);
      };
      return createLoop({ ...parts, journal: { ...parts.journal, append } });
    },
  });
  return texts;
}

type Entry = Input | { readonly kind: 'snapshot'; readonly state: StateAsJson };

/** What a record is about. */
function nameOf(entry: Input, before: State, asks: boolean): string {
  if (entry.at < before.startedAt + commissioningS) return 'the first 15 minutes';
  if (entry.kind === 'link') return entry.event.kind === 'call' ? 'a CALL of a charger' : 'an answer, a link';
  if (entry.kind === 'solved') return 'a plan';
  if (entry.kind !== 'tick') return 'a word of the depot';
  return asks ? 'a tick that asks for a plan' : 'a tick';
}

/** The least processor time of each record, us, and what it is about. */
function timed(texts: readonly string[]): readonly { readonly us: number; readonly name: string }[] {
  const least = texts.map(() => ({ us: Infinity, name: '' }));
  for (let round = 0; round < rounds; round++) {
    let state: State | undefined;
    for (const [i, text] of texts.entries()) {
      const entry = valueOfRecord(JSON.parse(text)) as Entry;
      if (entry.kind === 'snapshot') {
        state = stateOfJson(entry.state);
        continue;
      }
      const began = process.cpuUsage();
      const [next, effects] = step(state, entry);
      const { user, system } = process.cpuUsage(began);
      const us = user + system;
      const asks = effects.some(({ kind }) => kind === 'solve');
      const name = nameOf(entry, state ?? next, asks);
      state = next;
      if (us < (least[i]?.us ?? 0)) least[i] = { us, name };
    }
  }
  return least.filter(({ name }) => name !== '');
}

const columns = new Map<string, Map<number, string>>();

for (const size of sizes) {
  const records = timed(await journalOf(size));
  const later = records.filter(({ name }) => name !== 'the first 15 minutes');
  const names = [...new Set(records.map(({ name }) => name))];
  const groups = names.map((name) => [name, records.filter((one) => one.name === name)] as const);
  for (const [name, group] of [['all after 15 minutes', later] as const, ...groups]) {
    const sum = group.reduce((total, { us }) => total + us, 0);
    const row = columns.get(name) ?? new Map<number, string>();
    row.set(size, `${(sum / group.length).toFixed(0)} us x ${group.length}`);
    columns.set(name, row);
  }
}

console.log(
  `load ${loadavg()
    .map((load) => load.toFixed(1))
    .join(' ')}; mean us x records by connectors`,
);
for (const [name, row] of [...columns].sort(([a], [b]) => (a < b ? -1 : 1)))
  console.log(name.padEnd(30), sizes.map((size) => (row.get(size) ?? '-').padStart(18)).join(''));
