import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { liveOperations } from '#operations/catalogue';
import { scenarioExample, siteExample, stationExample } from '#operations/examples';
import { schemasOf } from '#operations/invoke';
import { selfSigned } from '../adapters/ocpp-ws/self-signed.ts';
import { mainPath, rootPath, voltherd } from './process.ts';

const folder = mkdtempSync(join(tmpdir(), 'voltherd-live-'));
const programs: Program[] = [];
afterAll(async () => {
  // A test that failed has left its programs behind.
  await Promise.all(programs.map((program) => program.stop()));
  rmSync(folder, { recursive: true, force: true });
});

type Line = Readonly<Record<string, unknown>>;

/** A program that gets its settings on standard input and tells JSON lines until it is stopped. */
class Program {
  readonly lines: Line[] = [];
  readonly #child;
  readonly #closed: Promise<number | null>;
  readonly #waiting = new Set<() => void>();
  #said = '';

  constructor(args: readonly string[], settings: unknown) {
    this.#child = spawn(process.execPath, [mainPath, ...args, '--json'], { cwd: rootPath });
    this.#closed = new Promise((resolve) => this.#child.once('close', resolve));
    this.#child.stderr.on('data', (chunk: Buffer) => (this.#said += chunk.toString()));
    let rest = '';
    this.#child.stdout.on('data', (chunk: Buffer) => {
      const texts = (rest + chunk.toString()).split('\n');
      rest = texts.pop() ?? '';
      for (const text of texts) this.lines.push(JSON.parse(text) as Line);
      for (const look of this.#waiting) look();
    });
    this.#child.stdin.end(JSON.stringify(settings));
    programs.push(this);
  }

  /** The first line that shows what is asked for. */
  until(facts: Line): Promise<Line> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const line = this.lines.find((one) =>
          Object.entries(facts).every(([name, value]) => one[name] === value),
        );
        if (line === undefined) return;
        this.#waiting.delete(look);
        resolve(line);
      };
      this.#waiting.add(look);
      look();
      void this.#closed.then(() => reject(new Error(`ended: ${this.#said}`)));
    });
  }

  stop(): Promise<number | null> {
    this.#child.kill('SIGTERM');
    return this.#closed;
  }
}

describe.each(liveOperations.map((operation) => [operation.name, operation] as const))(
  '%s',
  (name, operation) => {
    test('has an example that its schema takes, and prints both', async () => {
      const form = await operation.load();
      expect(form.input.safeParse(operation.example).error).toBeUndefined();
      const [example, schemas] = await Promise.all([
        voltherd([name, '--example']),
        voltherd([name, '--schema']),
      ]);
      expect(JSON.parse(example.out)).toEqual(operation.example);
      expect(JSON.parse(schemas.out)).toEqual(JSON.parse(JSON.stringify(schemasOf(form))));
    });
  },
);

test('run: a scenario on standard input gives the result on standard output', async () => {
  const out = join(folder, 'out');
  const visit = { departs: '18:55', energyKwh: 3, maxKw: 11 };
  const scenario = {
    ...scenarioExample,
    durationH: 1,
    visits: [
      { ...visit, id: 'v1', vehicle: 'van-1', evse: 'A-1', arrives: '18:05' },
      { ...visit, id: 'v2', vehicle: 'van-2', evse: 'A-2', arrives: '18:10' },
    ],
  };
  const outcome = await voltherd(
    ['run', '--memory', '--json', '--out', out],
    JSON.stringify(scenario, null, 1),
  );
  expect(outcome.code, outcome.err).toBe(0);
  const result = JSON.parse(outcome.out) as { night: { visits: { id: string; missingWh: number }[] } };
  expect(result).toMatchObject({ asExpected: true, report: join(out, 'report.html') });
  expect(result.night.visits.map((one) => one.missingWh)).toEqual([0, 0]);
  const run = await liveOperations[0].load();
  expect(run.output.safeParse(result).error).toBeUndefined();
  expect(readdirSync(out).sort()).toEqual(['journal.jsonl', 'report.html', 'result.json']);
});

test('serve and station: settings on standard input, what happens as JSON lines', async () => {
  const engine = new Program(['serve'], { site: siteExample, ocppListen: 0 });
  const ready = await engine.until({ event: 'ready' });
  expect(ready).toMatchObject({ site: 'small-depot', url: `ws://127.0.0.1:${String(ready['port'])}/ocpp` });
  // The option wins over the address of the document.
  const station = new Program(['station', '--url', String(ready['url'])], {
    ...stationExample,
    plugAfterS: 0,
    sampleS: 1,
  });
  await station.until({ event: 'connected' });
  expect(await station.until({ event: 'booted' })).toMatchObject({ status: 'Accepted' });
  // Its floor: 6 A without end, at the lowest level.
  expect(await station.until({ event: 'limit', purpose: 'TxDefaultProfile' })).toMatchObject({
    status: 'Accepted',
    stackLevel: 0,
    unit: 'A',
  });
  expect(await station.until({ event: 'transaction' })).toMatchObject({ state: 'started', evse: 1 });
  const { readings } = (await station.until({ event: 'metered', evse: 1 })) as unknown as {
    readings: { measurand: string; value: number }[];
  };
  expect(readings.map((reading) => reading.measurand)).toContain('Energy.Active.Import.Register');
  expect(readings.every((reading) => Number.isFinite(reading.value))).toBe(true);
  // The site document promised an Example W22.
  expect(await engine.until({ event: 'alarm' })).toMatchObject({
    payload: { kind: 'other-hardware', key: 'A-1', active: true },
  });
  expect(await station.stop()).toBe(0);
  expect(await engine.stop()).toBe(0);
  for (const [program, operation] of [
    [engine, liveOperations[1]],
    [station, liveOperations[2]],
  ] as const) {
    const { output } = await operation.load();
    for (const line of program.lines)
      expect(output.safeParse(line).error, JSON.stringify(line)).toBeUndefined();
    expect(program.lines.at(-1)).toMatchObject({ event: 'stopped', signal: 'SIGTERM' });
  }
});

test('serve: with a certificate stations connect over TLS', async () => {
  const pair = selfSigned('central system');
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  writeFileSync(cert, pair.cert);
  writeFileSync(key, pair.key);
  const engine = new Program(['serve'], { site: siteExample, ocppListen: 0, tls: { cert, key } });
  const ready = await engine.until({ event: 'ready' });
  expect(ready['url']).toMatch(/^wss:/);
  const status = await new Promise((resolve, reject) => {
    const port = Number(ready['port']);
    const asked = request({ host: '127.0.0.1', port, ca: pair.cert, checkServerIdentity: () => undefined });
    asked.once('response', (response) => resolve(response.resume().statusCode));
    asked.once('error', reject);
    asked.end();
  });
  // A server of web sockets wants an upgrade.
  expect(status).toBe(426);
  expect(await engine.stop()).toBe(0);
  const swapped = await voltherd(
    ['serve', '--json', '--tls-cert', key, '--tls-key', cert, '--journal', join(folder, 'nothing')],
    JSON.stringify({ site: siteExample, ocppListen: 0 }),
  );
  expect(swapped).toMatchObject({ code: 2, out: '' });
  expect(swapped.err).toMatch(/^--tls-cert: not-a-pair: /m);
  expect(existsSync(join(folder, 'nothing'))).toBe(false);
});

const settings = { site: siteExample, ocppListen: 0 };
const station = { id: 'A-1', url: 'ws://127.0.0.1:1' };

test.each([
  ['run, no document', ['run'], '', /^\(document\): empty: /],
  ['run, an unknown field', ['run'], { ...scenarioExample, visit: [] }, /^visit: unknown-field: .*visits\?/],
  ['serve, nothing', ['serve'], '', /^site: missing: .*--site\.\nocppListen: missing: .*--ocpp-listen\.\n$/],
  [
    'serve, a wrong site inside',
    ['serve'],
    { ...settings, site: { ...siteExample, circuits: [{ id: 'grid', limitA: -5 }] } },
    /^site\.circuits\[0\]\.limitA = -5: /,
  ],
  [
    'serve, a site that is not there',
    ['serve'],
    { ...settings, site: '/none.yaml' },
    /^\/none\.yaml: .*no-file/,
  ],
  ['serve, half a pair', ['serve', '--tls-cert', 'x'], settings, /^--tls-key: /],
  [
    'serve, the open network',
    ['serve'],
    { ...settings, host: '0.0.0.0' },
    /^--host = 0\.0\.0\.0: not-encrypted/,
  ],
  ['serve, events and settings', ['serve', '--events'], settings, /^--events: input-taken: /],
  ['station, a wrong address', ['station'], { ...station, url: 'http://x' }, /^url = "http:\/\/x": /],
  ['station, a wrong option', ['station', '--id', 'a b'], station, /^--id = "a b": /],
] as const)('%s: exit 2, the path, nothing on standard output', async (_title, args, input, message) => {
  const out = args[0] === 'run' ? ['--out', join(folder, 'nothing')] : [];
  const outcome = await voltherd([...args, ...out, '--json'], input === '' ? '' : JSON.stringify(input));
  expect(outcome.err).toMatch(message);
  expect(outcome).toMatchObject({ code: 2, out: '' });
  expect(outcome.err).toMatch(/^([^\n]*: [a-z0-9-]+: [^\n]+\n)+$/);
  expect(existsSync(join(folder, 'nothing'))).toBe(false);
});
