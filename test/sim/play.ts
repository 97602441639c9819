/** Plays a night in memory with a given engine; the journal is a list. */
import { createHash } from 'node:crypto';
import { createMemoryBus } from '#adapters/bus-memory';
import { defaultPolicy } from '#engine/policy';
import { jsonOf } from '#engine/json';
import { runNight, type NightJournal, type NightOptions } from '#sim/night';
import type { NightResult } from '#sim/night-result';
import type { Scenario } from '#sim/scenario';
import { createMemoryTransport } from '#sim/transport-memory';

export function memoryJournal(): NightJournal {
  let records: string[] = [];
  return {
    open: () => ({
      append: (record) => void records.push(jsonOf(record)),
      read: () => records.map((text): unknown => JSON.parse(text)),
      compact: (snapshot) => {
        records = [JSON.stringify(snapshot)];
      },
      close: () => undefined,
    }),
    summary: () => ({
      records: records.length,
      bytes: records.reduce((sum, text) => sum + text.length, 0),
      sha256: createHash('sha256').update(records.join('\n')).digest('hex'),
    }),
  };
}

export function playNight(
  scenario: Scenario,
  createLoop: NightOptions['createLoop'],
  more: Partial<NightOptions> = {},
): Promise<NightResult> {
  return runNight({
    scenario,
    transport: createMemoryTransport(scenario.site),
    bus: createMemoryBus(),
    journal: memoryJournal(),
    policy: defaultPolicy,
    solve: () => Promise.reject(new Error('nobody solves here')),
    createLoop,
    log: { info: () => undefined, warn: () => undefined },
    wallClockMs: () => performance.now(),
    ...more,
  });
}
