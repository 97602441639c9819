/** The pages are true: every command in them is run, here or by the test that is named for it. @module */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

function pages(): string[] {
  const below = ['docs', 'scenarios'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.md'))
      .map((entry) => relative(root, join(entry.parentPath, entry.name))),
  );
  return ['README.md', ...below.toSorted()];
}

/** Commands of the shell blocks of a page, one per line; a backslash at the end joins lines. */
function commandsOf(page: string): string[] {
  const text = readFileSync(join(root, page), 'utf8');
  return [...text.matchAll(/^```sh\n([\s\S]*?)^```/gm)].flatMap(([, block = '']) =>
    block
      .replaceAll('\\\n', ' ')
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '' && !line.startsWith('#')),
  );
}

/** Commands that are long, live or the test run itself: the test that runs them, and words of it that show it does. */
const provenBy: Readonly<Record<string, { readonly file: string; readonly words: readonly string[] }>> = {
  'npm ci && npm start': { file: 'package.json', words: ['"start"', 'run scenarios/010-last-mile-44'] },
  'npm ci && npm test': { file: '.ci/run', words: ['npm ci', 'npm test'] },
  'voltherd serve --site scenarios/010-last-mile-44/scenario.yaml --ocpp-listen 8887 --journal OUT/depot.jsonl':
    {
      file: 'test/cli/run.test.ts',
      words: ["'serve', '--site'", "'--ocpp-listen'", "'--journal'"],
    },
  'voltherd station --id N1-01 --url ws://127.0.0.1:8887/ --ocpp 1.6': {
    file: 'test/cli/run.test.ts',
    words: ["'station'", "'--id'", "'--url'", "'--ocpp'"],
  },
  'voltherd run scenarios/010-last-mile-44 --nats nats://127.0.0.1:4222': {
    file: 'test/cli/run.test.ts',
    words: ["['--nats', nats.url]"],
  },
};

const commands = pages().flatMap((page) => commandsOf(page).map((command) => ({ page, command })));

describe('commands in the pages', () => {
  test('there are some', () => {
    expect(commands.length).toBeGreaterThan(2);
  });

  test.each(commands)('$page: $command', ({ command }) => {
    const proof = provenBy[command];
    if (proof !== undefined) {
      const text = readFileSync(join(root, proof.file), 'utf8');
      for (const word of proof.words) expect(text).toContain(word);
      return;
    }
    const folder = mkdtempSync(join(tmpdir(), 'voltherd-docs-'));
    const program = `node "${join(root, 'dist/src/cli/main.js')}"`;
    const line = command
      .replaceAll(/(^|[|&;]\s*)voltherd\b/g, `$1${program}`)
      .replaceAll('OUT/', `${folder}/`);
    const ran = spawnSync('bash', ['-o', 'pipefail', '-c', line], { cwd: root, encoding: 'utf8' });
    rmSync(folder, { recursive: true, force: true });
    expect(ran.status, ran.stderr).toBe(0);
    expect(ran.stdout).not.toBe('');
  });
});

test('every link between pages leads somewhere', () => {
  const broken = pages().flatMap((page) =>
    [...readFileSync(join(root, page), 'utf8').matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)]
      .map(([, target = '']) => join(root, page, '..', target))
      .filter((target) => !existsSync(target))
      .map((target) => `${page}: ${relative(root, target)}`),
  );
  expect(broken).toEqual([]);
});
