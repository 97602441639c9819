/** Runs of worlds as a process: they go on where they stopped, and mean the same in every time zone. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { mainPath, voltherd } from './process.ts';

const folder = mkdtempSync(join(tmpdir(), 'voltherd-world-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const small = ['world', '--connectors', '2', '--hours', '3', '--threads', '1'];

test('a run of depot-hours goes on from its state, and refuses one of other worlds', async () => {
  const state = join(folder, 'nightly.json');
  // 6 and then 12 depot-hours in nights of 3 are seeds 1 and 2, and then 3 and 4.
  const first = await voltherd([...small, '--depot-hours', '6', '--state', state]);
  expect(first.out).toContain('seeds 1 to 2, trace ');
  const second = await voltherd([...small, '--depot-hours', '12', '--state', state]);
  expect(second.out).toContain('seeds 3 to 4, trace ');
  expect(second.out).toContain('4 worlds, 12 depot-hours with the runs before');
  expect(JSON.parse(readFileSync(state, 'utf8'))).toMatchObject({ from: 1, next: 5, worlds: 4, broken: [] });
  const other = await voltherd([...small, '--depot-hours', '12', '--state', state, '--faults', 'cut']);
  expect(other.code).toBe(2);
  expect(other.err).toContain('--state');
});

test('the trace of a run is the same in two time zones', async () => {
  const traces = await Promise.all(
    ['UTC', 'Asia/Kolkata'].map(async (TZ) => {
      const { out } = await voltherd([...small, '--seeds', '2', '--from', '8'], '', { TZ });
      return /trace [0-9a-f]{16}/.exec(out)?.[0];
    }),
  );
  expect(traces[0]).toBeDefined();
  expect(traces[1]).toBe(traces[0]);
});

test('a state that cannot be written is refused before a world is played', async () => {
  const outcomes = await Promise.all(
    [join(folder, 'no-such', 'nightly.json'), '', folder].map((state) =>
      voltherd([...small, '--seeds', '1', '--state', state]),
    ),
  );
  for (const { code, err } of outcomes)
    expect([code, err]).toEqual([2, expect.stringMatching(/^--state = .*\n$/)]);
});

test('a run that is asked to stop ends after its worlds, tells what it played and goes on from there', async () => {
  const state = join(folder, 'stopped.json');
  const child = spawn(process.execPath, [mainPath, ...small, '--seeds', '5000', '--state', state], {
    env: { ...process.env, NO_COLOR: '1' },
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => {
    // The first line of progress: a world has been played.
    if (err === '') child.kill('SIGINT');
    err += chunk.toString();
  });
  const [code] = (await once(child, 'close')) as [number];
  expect([code, err]).toEqual([1, expect.stringContaining('SIGINT: stopping')]);
  expect(out).toContain('no rule broken');
  const { next, worlds } = JSON.parse(readFileSync(state, 'utf8')) as { next: number; worlds: number };
  expect(worlds).toBeGreaterThan(0);
  const more = await voltherd([...small, '--seeds', String(worlds + 1), '--state', state]);
  expect(more.out).toContain('1 worlds, 3 depot-hours in');
  expect(JSON.parse(readFileSync(state, 'utf8'))).toMatchObject({ next: next + 1 });
});

test('the journal of a world replays byte for byte in three time zones; a damaged one is refused, a cut one told', async () => {
  const journal = join(folder, 'world.jsonl');
  const played = [...small, '--seeds', '1', '--from', '14', '--faults', 'crash-amid,cut,delay'];
  expect(await voltherd([...played, '--journal', journal])).toMatchObject({ code: 0 });
  const replays = await Promise.all(
    ['UTC', 'America/New_York', 'Australia/Lord_Howe'].map((TZ) =>
      voltherd(['replay', journal, '--json'], '', { TZ }),
    ),
  );
  expect(replays[0]?.out.split('\n').length).toBeGreaterThan(100);
  for (const { code, out } of replays) expect([code, out === replays[0]?.out]).toEqual([0, true]);

  const text = readFileSync(journal, 'utf8');
  const cut = join(folder, 'cut.jsonl');
  writeFileSync(cut, text.slice(0, -10));
  const torn = await voltherd(['replay', cut]);
  expect([torn.code, torn.err]).toEqual([
    0,
    expect.stringMatching(/cut\.jsonl: its last record is cut off, \d+ bytes/),
  ]);
  const missing = join(folder, 'missing.jsonl');
  writeFileSync(missing, text.split('\n').toSpliced(4, 1).join('\n'));
  const broken = await voltherd(['replay', missing]);
  expect([broken.code, broken.err]).toEqual([2, expect.stringContaining('line 5')]);
  const place = await voltherd(['replay', folder]);
  expect([place.code, place.err]).toEqual([2, expect.stringContaining('inaccessible')]);
});

test.each([
  { drop: '99', also: ['--faults', 'cut'], told: /^--drop = "99".*0 to \d+\.\n$/ },
  { drop: '0', also: ['--faults', 'none'], told: /^--drop = "0".*no events\.\n$/ },
  { drop: '0', also: ['--seeds', '2'], told: /^--drop = "0".*--seeds 1\.\n$/ },
  { drop: '', also: [], told: /^--drop = "".*\n$/ },
])('events to leave out are those of one world: --drop "$drop" $also', async ({ drop, also, told }) => {
  const { code, err } = await voltherd([...small, '--seeds', '1', '--from', '5', '--drop', drop, ...also]);
  expect([code, err]).toEqual([2, expect.stringMatching(told)]);
});

test.each(['', 'cut,,delay'])('a fault without a name is none: --faults "%s"', async (faults) => {
  const { code, err } = await voltherd([...small, '--seeds', '1', '--faults', faults]);
  expect([code, err]).toEqual([2, expect.stringMatching(/^--faults = "".*or none\.\n$/)]);
});

test('a trace says by what it was played: it is the same again on no other version', async () => {
  const { out } = await voltherd([...small, '--seeds', '1', '--faults', 'none']);
  const [, version, node, timeZones] =
    /^played by voltherd (\S+) on Node (\S+), time zones (\S+)$/m.exec(out) ?? [];
  const own = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  expect([version, node, timeZones]).toEqual([own.version, process.versions.node, process.versions['tz']]);
  const { out: json } = await voltherd([...small, '--seeds', '1', '--faults', 'none', '--json']);
  expect(JSON.parse(json)).toMatchObject({ version, node, timeZones });
});

test('a journal is of one world, in a file of its own', async () => {
  const there = join(folder, 'there.jsonl');
  writeFileSync(there, '');
  for (const [seeds, file] of [
    ['2', join(folder, 'two.jsonl')],
    ['1', there],
    ['1', join(there, 'below.jsonl')],
  ] as const) {
    const { code, err } = await voltherd([...small, '--seeds', seeds, '--journal', file]);
    expect([code, err]).toEqual([2, expect.stringContaining('--journal = ')]);
  }
});
