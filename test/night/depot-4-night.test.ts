import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, test } from 'vitest';
import { connectNats } from '#adapters/nats/connect';
import { runScenarioNight, type NightRunOptions } from '#adapters/night-runner';
import { invariant } from '#domain/invariant';
import type { NightResult } from '#sim/night-result';
import type { Scenario } from '#sim/scenario';
import { solve } from '#solver/solve';
import { startNatsServer } from '../setup/nats-server.ts';
import { depot4, goodScenario } from '../sim/depot-4.ts';

const folder = mkdtempSync(join(tmpdir(), 'voltherd-night-'));
afterAll(() => rmSync(folder, { recursive: true }));
const zone = process.env['TZ'];
afterEach(() => {
  if (zone === undefined) delete process.env['TZ'];
  else process.env['TZ'] = zone;
});

const tariff: unknown = JSON.parse(readFileSync('tariffs/catalogue/us-sce-tou-8-d-2022.json', 'utf8'));
const log = { info: () => undefined, warn: () => undefined };

async function night(scenario: Scenario, more: Partial<NightRunOptions> = {}): Promise<NightResult> {
  const result = await runScenarioNight({ scenario, transport: 'memory', tariff, log, ...more });
  invariant(result.ok, 'the policy is good', { faults: result.ok ? [] : result.problem });
  return result.value;
}

/** Everything of a result but how long it took, how its frames travelled and where its journal lies. */
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
/** The plain solver: these nights are about what travels, not about money. */
const quick: Partial<NightRunOptions> = {
  solve: (problem, options) => solve(problem, { ...options, solver: 'greedy' }),
};
let once: Promise<NightResult> | undefined;
const troubledOnce = (): Promise<NightResult> =>
  (once ??= night(troubled, { ...quick, journalPath: join(folder, 'memory.jsonl') }));

test('a quiet night: limits hold, everybody leaves with everything', async () => {
  const result = await night(goodScenario(depot4));
  expect(result.violations).toEqual([]);
  expect(result.visits.filter((visit) => visit.outcome !== 'met')).toEqual([]);
  expect(result.messages.errors).toEqual({});
  expect(result.refused).toEqual([]);
  expect(result.siteLoad.meanW).toHaveLength(48);
  // What the bill counts is what flowed: 200 kWh of the vehicles and the building's own.
  const siteWh = result.siteLoad.meanW.reduce((sum, power) => sum + power / 4, 0);
  const buildingWh = result.buildingLoad.meanW.reduce((sum, power) => sum + power / 4, 0);
  const deliveredWh = result.visits.reduce((sum, visit) => sum + visit.deliveredWh, 0);
  expect(siteWh - buildingWh).toBeCloseTo(deliveredWh, -1);
  // A vehicle counts as full within 20 Wh.
  expect(deliveredWh).toBeGreaterThanOrEqual(200_000 - 20 * result.visits.length);
});

test('a troubled night: limits hold all the same, and what was wrong is known', async () => {
  const result = await troubledOnce();
  expect(result.violations).toEqual([]);
  const spans = result.comms.map((span) => `${span.stationId} ${span.cause}`);
  expect(spans).toEqual([
    'A-2 cut',
    'D-1 cut',
    'A-1 reboot',
    'A-1 engine-down',
    'A-2 engine-down',
    'A-3 engine-down',
    'D-1 engine-down',
  ]);
  const told = result.alarms.map((record) => JSON.stringify(record.payload));
  expect(told.some((text) => text.includes('"not-compliant"') && text.includes('A-3/1'))).toBe(true);
  expect(told.filter((text) => text.includes('"comms-loss"') && text.includes('"active":true'))).toHaveLength(
    2,
  );
  expect(result.journal.records).toBeGreaterThan(1000);
});

test('over real sockets it has the same journal, byte for byte, and the same result', async () => {
  const memory = await troubledOnce();
  const journalPath = join(folder, 'sockets.jsonl');
  const sockets = await night(troubled, { ...quick, transport: 'sockets', journalPath });
  expect(sockets.journal.sha256).toBe(memory.journal.sha256);
  expect(readFileSync(journalPath, 'utf8')).toBe(readFileSync(join(folder, 'memory.jsonl'), 'utf8'));
  expect(timeless(sockets)).toEqual(timeless(memory));
});

test('over a real NATS server and in another time zone too', async () => {
  const memory = await troubledOnce();
  const server = await startNatsServer();
  const bus = await connectNats({ url: server.url, name: 'night', log });
  process.env['TZ'] = 'Asia/Kathmandu';
  expect(new Date(0).getHours()).toBe(5);
  const nats = await night(troubled, { ...quick, bus });
  await bus.close();
  await server.stop();
  expect(nats.journal.sha256).toBe(memory.journal.sha256);
  expect(timeless(nats)).toEqual(timeless(memory));
});

test('a limit of the grid operator, told an hour ahead, holds', async () => {
  const span = { from: '22:00', until: '23:30', announcedAt: '21:00' };
  const limit = { kind: 'limit', circuit: 'grid', limitKw: 20, ...span };
  const result = await night(goodScenario({ ...depot4, faults: [limit] }), quick);
  expect(result.violations).toEqual([]);
  const minutes = result.samples.circuits['grid'];
  expect(minutes?.limitW?.slice(239, 241)).toEqual([55_000, 20_000]);
  expect(Math.max(...(minutes?.peakW.slice(240, 330) ?? []))).toBeLessThanOrEqual(20_000);
  expect(Math.max(...(minutes?.peakW.slice(330, 360) ?? []))).toBeGreaterThan(20_000);
});

test('another seed is another night', async () => {
  const memory = await troubledOnce();
  const other = await night({ ...troubled, seed: troubled.seed + 1 }, quick);
  expect(other.journal.sha256).not.toBe(memory.journal.sha256);
});
