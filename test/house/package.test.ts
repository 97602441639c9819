/** The package as others get it: what `npm pack` would hold, and its public names. @module */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

describe('the package', () => {
  test('a program that imports it by name solves a depot and reads a tariff fault', () => {
    const program = `
      import { operations, invoke, parseTariff, limitOf, createLoop, solve } from 'voltherd';
      const bad = parseTariff({ id: 'x' });
      console.log(operations.length > 5, typeof invoke, bad.ok, typeof limitOf, typeof createLoop, typeof solve);
    `;
    const ran = spawnSync('node', ['--input-type=module', '-e', program], { cwd: root, encoding: 'utf8' });
    expect(ran.stderr).toBe('');
    expect(ran.stdout.trim()).toBe('true function false function function function');
  });

  test('holds the program, the scenarios and the tariffs, and no test or source map of a test', () => {
    const ran = spawnSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: root,
      encoding: 'utf8',
    });
    const [pack] = JSON.parse(ran.stdout) as { files: { path: string }[] }[];
    const paths = (pack?.files ?? []).map(({ path }) => path);
    for (const path of [
      'dist/src/index.js',
      'dist/src/index.d.ts',
      'dist/src/cli/main.js',
      'scenarios/010-last-mile-44/scenario.yaml',
      'tariffs/catalogue/index.json',
      'LICENSE',
    ]) {
      expect(paths).toContain(path);
    }
    expect(paths.filter((path) => /(^|\/)(test|bench)\//.test(path))).toEqual([]);
  });
});
