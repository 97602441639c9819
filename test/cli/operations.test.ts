import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { operations } from '#operations/catalogue';
import { invoke, schemasOf } from '#operations/invoke';
import { tariffDocument, tariffIds } from '#adapters/tariff-catalogue';
import { presentationOf } from '#cli/present';
import { voltherd } from './process.ts';

const folder = mkdtempSync(join(tmpdir(), 'voltherd-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const context = { nowS: 1_784_000_000, nowMs: () => 0, tariffDocument, tariffIds };

const billOperation = operations.find((operation) => operation.name === 'bill');
const compositeOperation = operations.find((operation) => operation.name === 'composite');

function fileOf(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

describe.each(operations.map((operation) => [operation.name, operation] as const))(
  '%s',
  (name, operation) => {
    const words = name.split(' ');
    // Times are measured, not computed.
    const timeless = (text: string): unknown => {
      const value = JSON.parse(text) as Record<string, unknown>;
      delete value['timings'];
      return value;
    };

    test('answers its own example from standard input; the answer has the form that the schema publishes', async () => {
      const asJson = await voltherd([...words, '--json'], JSON.stringify(operation.example));
      expect(asJson).toMatchObject({ code: 0, err: '' });
      const body = await operation.load();
      const direct = await invoke(body, operation.example, context);
      if (!direct.ok) throw new Error(JSON.stringify(direct.problem));
      expect(timeless(asJson.out)).toEqual(timeless(JSON.stringify(direct.value)));
      expect(body.output.safeParse(direct.value).error).toBeUndefined();
      expect(body.input.safeParse(operation.example).error).toBeUndefined();
      expect(presentationOf(name, direct.value)).not.toMatch(/undefined|NaN|\[object/);
    });

    test('names an unknown field by its path', async () => {
      const document = { ...(operation.example as object), limt: 3 };
      const outcome = await invoke(await operation.load(), document, context);
      expect(outcome.ok ? [] : outcome.problem.map((fault) => [fault.path, fault.rule])).toEqual([
        ['limt', 'unknown-field'],
      ]);
    });
  },
);

test.each(['', 'no', '[]', 'null', '3', '{', '{"a":1,"a":2}'])(
  '%j is no document of an operation',
  async (text) => {
    const outcome = await voltherd(['bill', '--json'], text);
    expect(outcome).toMatchObject({ code: 2, out: '' });
    // One line per fault, no stack.
    expect(outcome.err).toMatch(/^([^\n]*: [a-z0-9-]+: [^\n]+\n)+$/);
    expect(outcome.err).not.toContain('    at ');
  },
);

test('--example prints the example that is tested, --schema JSON Schemas of input and output', async () => {
  const printed = await voltherd(['composite', '--example']);
  expect(JSON.parse(printed.out)).toEqual(compositeOperation?.example);
  const schemas = JSON.parse((await voltherd(['composite', '--schema'])).out) as object;
  expect(schemas).toMatchObject({ input: { type: 'object' }, output: { type: 'object' } });
});

test('every operation has its schemas', async () => {
  for (const operation of operations) {
    const schemas = schemasOf(await operation.load());
    expect(schemas, operation.name).toMatchObject({ input: { type: 'object' }, output: { type: 'object' } });
  }
});

test('an unknown field is one line, exit 2, nothing on standard output', async () => {
  const outcome = await voltherd(
    ['bill'],
    JSON.stringify({ ...(billOperation?.example as object), calender: 3 }),
  );
  expect(outcome).toMatchObject({ code: 2, out: '' });
  expect(outcome.err).toMatch(/^calender\b.*: unknown-field: .*did you mean calendar\?.*\n$/);
});

test('people get a table', async () => {
  const outcome = await voltherd(['bill'], JSON.stringify(billOperation?.example));
  expect(outcome).toMatchObject({ code: 0, err: '' });
  expect(outcome.out).toMatch(/^facilities any-time +280\.000 kW +19\.07000 +\$5,339\.60 /m);
});

test('a JSON file, a YAML file and standard input give the same answer', async () => {
  const yaml = `# one charger
ocppVersion: '1.6'
now: '2026-07-14T20:30:00Z'
evseId: 1
numberOfEvses: 1
installed: []
transactions: []
request: { duration: 3600, chargingRateUnit: A }
electrical: { voltage: 230, phases: 3 }
`;
  const json = JSON.stringify({
    ocppVersion: '1.6',
    now: '2026-07-14T20:30:00Z',
    evseId: 1,
    numberOfEvses: 1,
    installed: [],
    transactions: [],
    request: { duration: 3600, chargingRateUnit: 'A' },
    electrical: { voltage: 230, phases: 3 },
  });
  const answers = [
    await voltherd(['composite', fileOf('a.yaml', yaml), '--json']),
    await voltherd(['composite', fileOf('a.json', json), '--json']),
    await voltherd(['composite', '--json'], json),
    await voltherd(['composite', '-', '--json'], yaml),
  ];
  expect(answers.map((answer) => answer.code)).toEqual([0, 0, 0, 0]);
  expect(new Set(answers.map((answer) => answer.out)).size).toBe(1);
});

test('a fault in a YAML file is told with file and line', async () => {
  const file = fileOf('bad.yaml', 'ocppVersion: 1.6\nnow: 2026-07-14T20:30:00Z\nevseId: 1\n');
  const outcome = await voltherd(['composite', file]);
  expect(outcome.code).toBe(2);
  // A bare 1.6 is a number in YAML.
  expect(outcome.err).toContain(`${file}:1: ocppVersion = 1.6: `);
});

test.each([
  ['a file that is not there', ['bill', '/nonexistent/x.json'], /no-file/],
  ['a folder', ['bill', tmpdir()], /not-a-file/],
  ['an unknown command', ['bil'], /unknown command 'bil'[\s\S]*bill/],
  ['an unknown option', ['bill', '--jsn'], /unknown option '--jsn'[\s\S]*--json/],
  ['two files', ['bill', 'a', 'b'], /too many arguments/],
])('%s is a fault of the input', async (_title, args, message) => {
  const outcome = await voltherd(args, '{}');
  expect(outcome).toMatchObject({ code: 2, out: '' });
  expect(outcome.err).toMatch(message);
  expect(outcome.err).not.toContain('    at ');
});

describe('--jsonl', () => {
  const example = compositeOperation?.example as object;

  test('answers line by line in order and goes on after a bad line', async () => {
    const durations = Array.from({ length: 40 }, (_, i) => 600 * (i + 1));
    const lines = durations.map((duration) => JSON.stringify({ ...example, request: { duration } }));
    lines.splice(10, 0, '{"ocppVersion":', '{}');
    const outcome = await voltherd(['composite', '--jsonl'], `${lines.join('\n')}\n`);
    expect(outcome).toMatchObject({ code: 0, err: '' });
    const answers = outcome.out
      .trimEnd()
      .split('\n')
      .map(
        (line) =>
          JSON.parse(line) as {
            schedule?: { duration: number };
            problems?: { rule: string; path: string }[];
          },
      );
    expect(answers).toHaveLength(42);
    expect(answers[10]?.problems?.[0]?.rule).toBe('not-json');
    expect(answers[11]?.problems?.map((problem) => problem.path)).toContain('ocppVersion');
    const found = answers.flatMap((answer) =>
      answer.schedule === undefined ? [] : [answer.schedule.duration],
    );
    expect(found).toEqual(durations);
  });

  test('a last line without its end counts, empty input has no answer', async () => {
    const one = await voltherd(['composite', '--jsonl'], JSON.stringify(example));
    expect(one.out.trimEnd().split('\n')).toHaveLength(1);
    expect(await voltherd(['composite', '--jsonl'], '')).toEqual({ code: 0, out: '', err: '' });
  });
});

describe('help', () => {
  test('lists every operation and program', async () => {
    const { code, out } = await voltherd(['--help']);
    expect(code).toBe(0);
    const families = operations.map((operation) => operation.name.split(' ')[0] ?? '');
    for (const name of [...families, 'run', 'serve', 'station', 'replay', 'doctor'])
      expect(out).toContain(`\n  ${name} `);
    expect(out).toContain('Exit codes');
  });

  test('an operation explains itself', async () => {
    const { code, out } = await voltherd(['composite', '--help']);
    expect(code).toBe(0);
    for (const part of ['[file]', '--json', '--jsonl', '--example', '--schema']) expect(out).toContain(part);
  });

  test('the version is that of the package', async () => {
    const { out } = await voltherd(['--version']);
    expect(out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

test('control characters of an input reach the terminal as text only', async () => {
  const outcome = await voltherd(['composite'], JSON.stringify({ '\u001b[2Jx': 1 }));
  expect(outcome.code).toBe(2);
  expect(outcome.err).not.toMatch(/\u001b/);
});

test('nothing is written beside the answer', () => {
  expect(readdirSync(folder).every((name) => /\.(json|yaml)$/.test(name))).toBe(true);
});

test('doctor finds this machine good', async () => {
  const { code, out } = await voltherd(['doctor', '--json']);
  expect(code).toBe(0);
  const { checks } = JSON.parse(out) as { checks: { name: string; state: string }[] };
  expect(checks.map((check) => check.name)).toEqual(['node', 'time zones', 'disk', 'sockets']);
  expect(checks.filter((check) => check.state === 'bad')).toEqual([]);
});

test('exposure is told with a row for each circuit and phase, and whether it fits', async () => {
  const operation = operations.find(({ name }) => name === 'exposure');
  const answer = operation && (await invoke(await operation.load(), operation.example, context));
  if (answer?.ok !== true) throw new Error('the example is answered');
  const lines = presentationOf('exposure', answer.value).split('\n');
  // 40 A, no other load, two floors of 6 A, two chargers of 32 A.
  expect(lines.find((line) => /^panel +L2/.test(line))?.split(/ {2,}/)).toEqual([
    'panel',
    'L2',
    '40.0 A',
    '0.0 A',
    '12.0 A',
    '28.0 A',
    '64.0 A',
  ]);
  expect(lines.find((line) => line.startsWith('fits'))).toContain('yes');
});
