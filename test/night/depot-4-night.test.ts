import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { runScenarioNight, type NightRunOptions } from '#adapters/night-runner';
import { invariant } from '#domain/invariant';
import type { NightResult } from '#sim/night-result';
import type { Scenario } from '#sim/scenario';
import { depot4, goodScenario } from '../sim/depot-4.ts';

const folder = mkdtempSync(join(tmpdir(), 'voltherd-night-'));
afterAll(() => rmSync(folder, { recursive: true }));

const tariff: unknown = JSON.parse(readFileSync('tariffs/catalogue/us-sce-tou-8-d-2022.json', 'utf8'));
const log = { info: () => undefined, warn: () => undefined };

async function night(scenario: Scenario, more: Partial<NightRunOptions> = {}): Promise<NightResult> {
  const result = await runScenarioNight({ scenario, transport: 'memory', tariff, log, ...more });
  invariant(result.ok, 'the policy is good', { faults: result.ok ? [] : result.problem });
  return result.value;
}

/** Everything of a result but how long it took and how its frames travelled. */
function timeless(result: NightResult): unknown {
  const { path: _path, ...journal } = result.journal;
  return { ...result, wallMs: 0, transport: '', journal };
}

const troubled = goodScenario({
  ...depot4,
  faults: [
    { kind: 'cut', stations: ['A-2', 'D-1'], from: '21:30', until: '23:30' },
    { kind: 'reboot', stations: ['A-1'], at: '22:10' },
    { kind: 'engine-crash', from: '00:10', until: '00:30' },
    { kind: 'persona', stations: ['A-3'], persona: 'ignores-limit', from: '20:30' },
  ],
});

test('a quiet night: limits hold, everybody leaves with everything', async () => {
  const result = await night(goodScenario(depot4));
  expect(result.violations).toEqual([]);
  expect(result.visits.filter((visit) => visit.outcome !== 'met')).toEqual([]);
  expect(result.messages.errors).toEqual({});
  expect(result.refused).toEqual([]);
});

test('a troubled night gives the same journal and result in memory and over sockets', async () => {
  const memory = await night(troubled, { journalPath: join(folder, 'memory.jsonl') });
  const sockets = await night(troubled, { transport: 'sockets', journalPath: join(folder, 'sockets.jsonl') });
  expect(sockets.journal.sha256).toBe(memory.journal.sha256);
  expect(timeless(sockets)).toEqual(timeless(memory));
  expect(readFileSync(join(folder, 'sockets.jsonl'), 'utf8')).toBe(
    readFileSync(join(folder, 'memory.jsonl'), 'utf8'),
  );
  expect(memory.violations).toEqual([]);
  expect(memory.comms.map((span) => `${span.stationId} ${span.cause}`)).toEqual([
    'A-2 cut',
    'D-1 cut',
    'A-1 reboot',
    'A-1 engine-down',
    'A-2 engine-down',
    'A-3 engine-down',
    'D-1 engine-down',
  ]);
});
