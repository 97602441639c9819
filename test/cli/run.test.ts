import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { openJournalFile, readJournalFile } from '#adapters/journal-file';
import { replay, snapshotRecordOf } from '#engine/replay';
import { scenarioExample, siteExample } from '#operations/examples';
import { startNatsServer, type NatsServer } from '../setup/nats-server.ts';
import { mainPath, rootPath, voltherd } from './process.ts';

const folder = mkdtempSync(join(tmpdir(), 'voltherd-run-'));
let nats: NatsServer;

beforeAll(async () => {
  nats = await startNatsServer();
});

afterAll(async () => {
  await nats.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** A scenario folder with the two-van night, three hours long, and what is expected of it. */
function scenarioFolder(name: string, change: object = {}, expected?: string): string {
  const path = join(folder, name);
  mkdirSync(path, { recursive: true });
  const scenario = { ...scenarioExample, durationH: 3, ...change };
  writeFileSync(join(path, 'scenario.yaml'), JSON.stringify(scenario, null, 1));
  if (expected !== undefined) writeFileSync(join(path, 'expected.yaml'), expected);
  return path;
}

/** Two vans that are gone before the three hours are over. */
const shortNight = {
  visits: [
    { id: 'v1', vehicle: 'van-1', evse: 'A-1', arrives: '18:20', departs: '19:45', energyKwh: 12, maxKw: 11 },
    { id: 'v2', vehicle: 'van-2', evse: 'A-2', arrives: '18:40', departs: '20:45', energyKwh: 14, maxKw: 11 },
  ],
};

function sha256(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

describe('run', () => {
  test('plays a night and writes tables, progress, report and result', async () => {
    const out = join(folder, 'good');
    const expected = 'format: voltherd-expected-1\nsavingPercentMin: 10\ngapMax: 10\n';
    const outcome = await voltherd([
      'run',
      scenarioFolder('a', shortNight, expected),
      '--memory',
      '--out',
      out,
    ]);
    expect(outcome.code, outcome.out + outcome.err).toBe(0);
    expect(outcome.out).toMatch(/grid +25 A .* never exceeded/);
    expect(outcome.out).toContain('2 of 2 visits left full; every feasible departure met');
    expect(outcome.out).toMatch(/total .*\$/);
    expect(outcome.out).toMatch(/saving against unmanaged +at least 10 % .* met/);
    expect(outcome.out).toContain(`report  ${join(out, 'report.html')}`);
    // Nobody watches: whole lines, no carriage returns.
    expect(outcome.err).toMatch(/^ {2}0 % 18:00 .*\n(.*\n)*100 % 21:00 .*\n$/);
    expect(readdirSync(out).sort()).toEqual(['journal.jsonl', 'report.html', 'result.json']);
    const result = JSON.parse(readFileSync(join(out, 'result.json'), 'utf8')) as {
      asExpected: boolean;
      night: { visits: unknown[] };
      comparison: { policies: { policy: string; bill: { total: number } }[] };
    };
    expect(result.asExpected).toBe(true);
    expect(result.night.visits).toHaveLength(2);
    expect(result.comparison.policies.map((policy) => policy.policy)).toEqual([
      'unmanaged',
      'first-come',
      'optimised',
    ]);
  });

  test('same seed, same bytes: in memory, over sockets, over a real NATS server, in another zone', async () => {
    const path = scenarioFolder('same', shortNight);
    const ways: readonly (readonly [string, readonly string[], Readonly<Record<string, string>>])[] = [
      ['memory', ['--memory'], {}],
      ['sockets', [], { TZ: 'Asia/Kathmandu' }],
      ['nats', ['--nats', nats.url], {}],
    ];
    const hashes: string[] = [];
    for (const [name, args, env] of ways) {
      const out = join(folder, `same-${name}`);
      const outcome = await voltherd(['run', path, '--out', out, ...args], '', env);
      expect(outcome.code, outcome.err).toBe(0);
      hashes.push(sha256(join(out, 'journal.jsonl')));
    }
    expect(new Set(hashes).size).toBe(1);
  });

  test('another seed is another night', async () => {
    const path = scenarioFolder('seed', { ...shortNight, building: [{ circuit: 'grid', expectedKw: 2 }] });
    const hashes: string[] = [];
    for (const seed of ['1', '2']) {
      const out = join(folder, `seed-${seed}`);
      await voltherd(['run', path, '--memory', '--seed', seed, '--out', out]);
      hashes.push(sha256(join(out, 'journal.jsonl')));
    }
    expect(hashes[0]).not.toBe(hashes[1]);
  });

  test('an expectation that does not hold is exit 3, named in the table; --json has it too', async () => {
    const impossible = { ...shortNight, visits: [{ ...shortNight.visits[0], energyKwh: 90 }] };
    const outcome = await voltherd([
      'run',
      scenarioFolder('short', impossible),
      '--memory',
      '--json',
      '--out',
      join(folder, 'short-out'),
    ]);
    expect(outcome.code).toBe(3);
    const result = JSON.parse(outcome.out) as {
      asExpected: boolean;
      night: {
        visits: { outcome: string; missingWh: number }[];
        expectations: { name: string; met: boolean }[];
      };
    };
    expect(result.asExpected).toBe(false);
    expect(result.night.visits[0]?.outcome).toBe('short');
    expect(result.night.expectations.filter((check) => !check.met).map((check) => check.name)).toEqual([
      'visits that leave short',
    ]);
  });

  test.each([
    ['an unknown field', { limt: 1 }, /scenario\.yaml:\d+: limt: unknown-field/],
    [
      'a wrong number',
      { circuits: [{ id: 'grid', limitA: -5 }] },
      /scenario\.yaml:\d+: circuits\[0\]\.limitA = -5: /,
    ],
    [
      'a tariff that nobody has',
      { tariff: { ref: 'us-sce-tou-8-d-2023' } },
      /tariff\.ref = .*did you mean us-sce-tou-8-d-2022\?/,
    ],
    [
      'floors that do not fit',
      { policy: { floors: { 'A-1/1': 16, 'A-2/1': 16 } } },
      /circuits: floors-do-not-fit: /,
    ],
    ['a policy that is none', { policy: { intervalS: 1 } }, /policy\.intervalS = 1: /],
    ['a zone that is none', { timeZone: 'Mars/Base' }, /timeZone/],
  ])('%s is exit 2 with file and line, nothing written', async (_title, change, message) => {
    const out = join(folder, 'nothing');
    const outcome = await voltherd(['run', scenarioFolder('bad', change), '--memory', '--out', out]);
    expect(outcome.err).toMatch(message);
    expect(outcome).toMatchObject({ code: 2, out: '' });
    expect(outcome.err).not.toContain('    at ');
    expect(existsSync(out)).toBe(false);
  });

  test('expectations are checked for their form before the night', async () => {
    const path = scenarioFolder(
      'bad-expected',
      shortNight,
      'format: voltherd-expected-1\nsavngPercentMin: 3\n',
    );
    const outcome = await voltherd(['run', path, '--memory', '--out', join(folder, 'nothing')]);
    expect(outcome.code).toBe(2);
    expect(outcome.err).toMatch(
      /expected\.yaml:2: savngPercentMin: unknown-field: .*did you mean savingPercentMin\?/,
    );
  });

  test.each([
    ['no such folder', ['run', '/nonexistent'], /no-file/],
    ['no NATS server', ['run', '@', '--nats', 'nats://127.0.0.1:1'], /--nats = .*no-server/],
    ['a seed that is none', ['run', '@', '--seed', 'x'], /--seed <n> = x: give a whole number/],
    ['no scenario', ['run'], /\(document\): empty: /],
  ])('%s is exit 2', async (_title, args, message) => {
    const path = scenarioFolder('args', shortNight);
    const outcome = await voltherd(
      args.map((arg) => (arg === '@' ? path : arg)).concat('--out', join(folder, 'args-out')),
    );
    expect(outcome).toMatchObject({ code: 2, out: '' });
    expect(outcome.err).toMatch(message);
  });
});

test('replay tells the same effects twice, and where a journal is broken', async () => {
  const out = join(folder, 'replayed');
  await voltherd(['run', scenarioFolder('replayed', shortNight), '--memory', '--out', out]);
  const journal = join(out, 'journal.jsonl');
  const [first, second] = [await voltherd(['replay', journal]), await voltherd(['replay', journal])];
  expect(first.code, first.err).toBe(0);
  expect(first.out).toBe(second.out);
  expect(first.out).toMatch(/started +1\n/);
  expect(first.out).toMatch(/plan \d+: \d+ visits, (optimal|feasible)/);
  const lines = (await voltherd(['replay', journal, '--json'])).out.trimEnd().split('\n');
  expect((JSON.parse(lines[0] ?? '') as { input: string }).input).toBe('started');
  const text = readFileSync(journal, 'utf8').split('\n');
  text[2] = text[2]?.replace(/\d/, (digit) => String((Number(digit) + 1) % 10)) ?? '';
  writeFileSync(join(folder, 'broken.jsonl'), text.join('\n'));
  const broken = await voltherd(['replay', join(folder, 'broken.jsonl')]);
  expect(broken).toMatchObject({ code: 2, out: '' });
  expect(broken.err).toMatch(/broken-line: .*line 3/);
  expect((await voltherd(['replay', join(folder, 'none.jsonl')])).err).toMatch(/no-file/);
});

test('replay of a journal in parts is that of the whole one, from any part on', async () => {
  const out = join(folder, 'whole');
  await voltherd(['run', scenarioFolder('in-parts', shortNight), '--memory', '--out', out]);
  const whole = join(out, 'journal.jsonl');
  const records = readJournalFile(whole).records;
  const cuts = [1, 2].map((third) => Math.floor((records.length * third) / 3));
  const path = join(folder, 'parts.jsonl');
  const journal = openJournalFile({ path, durability: 'process', partsBytesMax: 1e9 });
  let at = 0;
  for (const [i, record] of records.entries()) {
    journal.append(record);
    if (!cuts.includes(i)) continue;
    const state = replay(records.slice(0, i + 1));
    if (state === undefined) throw new Error('a journal begins with started');
    at = state.now;
    journal.compact(snapshotRecordOf(state));
  }
  journal.close();
  const hashOf = ({ out: said }: { readonly out: string }): string | undefined =>
    /SHA-256 \w+/.exec(said)?.[0];
  const inParts = await voltherd(['replay', path]);
  expect(inParts.err).toBe('');
  expect(inParts.out).toContain(`${records.length + 2} records in 3 parts, `);
  expect(hashOf(inParts)).toBe(hashOf(await voltherd(['replay', whole])));
  const last = await voltherd(['replay', path, '--since', new Date(at * 1000).toISOString()]);
  expect(last.out).toContain(`${records.length - (cuts[1] ?? 0)} records, `);
  expect((await voltherd(['replay', path, '--since', '2020-01-01T00:00:00Z'])).out).toBe(inParts.out);
  expect((await voltherd(['replay', path, '--since', 'yesterday'])).err).toMatch(
    /^--since = "yesterday": instant: /,
  );
  // One part of another history: its records do not lead to the snapshot after it.
  rmSync(join(`${path}.parts`, '000002.jsonl'));
  const gap = await voltherd(['replay', path]);
  expect(gap).toMatchObject({ code: 2, out: '' });
  expect(gap.err).toMatch(/snapshot-differs: .*parts\.jsonl|parts\.jsonl.*snapshot-differs/);
});

describe('serve', () => {
  const site = join(folder, 'site.yaml');

  beforeAll(() =>
    writeFileSync(site, JSON.stringify({ ...siteExample, tariff: { ref: 'us-sce-tou-8-d-2022' } })),
  );

  /** A program that runs until it is told to stop. */
  async function started(
    args: readonly string[],
    ready: RegExp,
  ): Promise<{
    said: () => string;
    tell: (line: string) => void;
    until: (pattern: RegExp) => Promise<void>;
    stop: (signal: 'SIGINT' | 'SIGTERM') => Promise<number | null>;
  }> {
    const child = spawn(process.execPath, [mainPath, ...args], {
      cwd: rootPath,
      env: { ...process.env, NO_COLOR: '1' },
    });
    let said = '';
    const waiting = new Set<() => void>();
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      for (const look of waiting) look();
    });
    const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
    const until = (pattern: RegExp): Promise<void> =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (!pattern.test(said)) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
        void closed.then(() => reject(new Error(`ended: ${said}`)));
      });
    await until(ready);
    return {
      said: () => said,
      tell: (line) => child.stdin.write(`${line}\n`),
      until,
      stop: (signal) => {
        child.kill(signal);
        return closed;
      },
    };
  }

  const served = (args: readonly string[]): ReturnType<typeof started> =>
    started(['serve', '--site', site, '--ocpp-listen', '0', ...args], /\nready\n/);
  const urlOf = (said: string): string => /ocpp +(ws:\S+\/ocpp)/.exec(said)?.[1] ?? '';

  test('says what it uses, takes a station, goes on from its journal, stops cleanly', async () => {
    const journal = join(folder, 'served.jsonl');
    const first = await served(['--journal', journal, '--events']);
    expect(first.said()).toContain('serves Small depot: 3 stations, 3 connectors, 2 circuits');
    expect(first.said()).toContain(`journal  ${journal}, 0 records, new: first plans after 120 s`);
    expect(first.said()).toContain('bus      in this process only, events from standard input');
    const socket = new WebSocket(`${urlOf(first.said())}/A-1`, ['ocpp2.0.1']);
    const answer = await new Promise<string>((resolve, reject) => {
      socket.once('error', reject);
      socket.once('open', () =>
        socket.send(
          JSON.stringify([
            2,
            'b1',
            'BootNotification',
            { reason: 'PowerUp', chargingStation: { model: 'W22', vendorName: 'Example' } },
          ]),
        ),
      );
      socket.on('message', (data: Buffer) => {
        const frame = JSON.parse(data.toString()) as [number, string, { status?: string }];
        if (frame[0] === 3 && frame[1] === 'b1') resolve(frame[2].status ?? '');
      });
    });
    expect(answer).toBe('Accepted');
    first.tell('{"kind":"visit","visit":{"id":"v1"}}');
    await first.until(/refused .*vehicleId/);
    socket.terminate();
    expect(await first.stop('SIGTERM')).toBe(0);
    expect(first.said()).toMatch(/SIGTERM: stopping[\s\S]*stopped\n$/);
    const second = await served(['--journal', journal]);
    expect(second.said()).toMatch(/served\.jsonl, [1-9]\d* records/);
    expect(second.said()).not.toContain('first plans');
    expect(await second.stop('SIGINT')).toBe(0);
  });

  test.each(['1.6', '2.0.1'])(
    'a simulated station of OCPP %s finds it, boots, charges and gets its floors',
    async (version) => {
      const sitePath = join(folder, `site-${version}.yaml`);
      const models = siteExample.stationModels.map((model) => ({ ...model, ocpp: version }));
      writeFileSync(sitePath, JSON.stringify({ ...siteExample, stationModels: models }));
      const engine = await started(['serve', '--site', sitePath, '--ocpp-listen', '0'], /\nready\n/);
      const station = await started(
        // Any path before the identity will do.
        [
          'station',
          '--id',
          'A-1',
          '--url',
          urlOf(engine.said()).replace('/ocpp', version === '1.6' ? '/' : '/a/b'),
          '--ocpp',
          version,
          '--plug-after-s',
          '0',
        ],
        /A-1: AC station/,
      );
      await station.until(/> BootNotification/);
      await station.until(/< SetChargingProfile .*\n.*> answer \{"status":"Accepted"\}/);
      await station.until(/transaction started/);
      expect(await station.stop('SIGINT')).toBe(0);
      expect(await engine.stop('SIGINT')).toBe(0);
    },
  );

  test('carries its bus over a real NATS server', async () => {
    const process = await served(['--nats', nats.url]);
    expect(process.said()).toContain(`bus      ${nats.url}`);
    expect(await process.stop('SIGINT')).toBe(0);
  });

  test.each([
    ['no site', ['serve', '--ocpp-listen', '0'], /^site: missing: Give it in the document or as --site/],
    ['a site that is none', ['serve', '--site', '/nonexistent.yaml', '--ocpp-listen', '0'], /no-file/],
    [
      'a port that is none',
      ['serve', '--site', '@', '--ocpp-listen', '70000'],
      /--ocpp-listen <port> = 70000/,
    ],
    [
      'the open network without encryption',
      ['serve', '--site', '@', '--ocpp-listen', '0', '--host', '0.0.0.0'],
      /--host = 0\.0\.0\.0: not-encrypted/,
    ],
  ])('%s is exit 2', async (_title, args, message) => {
    const outcome = await voltherd(args.map((arg) => (arg === '@' ? site : arg)));
    expect(outcome).toMatchObject({ code: 2, out: '' });
    expect(outcome.err).toMatch(message);
  });
});
