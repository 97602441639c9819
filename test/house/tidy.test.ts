/** What no compiler or linter sees: the rules of the house. @module */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Lowest first: a layer may import from those before it, as far as its own tsconfig names them. */
const layers = [
  'src/domain',
  'tariffs',
  'solver',
  'src/ocpp',
  'src/safety',
  'src/dispatch',
  'src/witness',
  'src/ports',
  'src/engine',
  'src/sim',
  'src/whatif',
  'src/operations',
  'src/adapters',
  'src/cli',
];
const layersWithInputAndOutput = ['src/adapters', 'src/cli'];

/** Each library has one door: the only place that imports it. */
const doors: Readonly<Record<string, readonly string[]>> = {
  luxon: ['tariffs/'],
  highs: ['solver/backends/'],
  'javascript-lp-solver': ['solver/backends/'],
  ws: ['src/adapters/ocpp-ws/'],
  nats: ['src/adapters/nats/'],
  yaml: ['src/adapters/yaml-document.ts'],
  commander: ['src/cli/'],
  'fast-xml-parser': ['tariffs/'],
  zod: ['tariffs/', 'solver/', 'src/'],
};

const banned: readonly { readonly pattern: RegExp; readonly instead: string }[] = [
  { pattern: /\bTODO\b|\bFIXME\b/, instead: 'finish it, or open an issue' },
  { pattern: /@ts-ignore|@ts-nocheck|\bas any\b/, instead: 'say the type' },
  { pattern: /\.catch\(\(\) *=> *(\{\}|undefined)\)/, instead: 'name the failure that is expected' },
  {
    pattern: /oxlint-disable|eslint-disable/,
    instead: 'mend the code, or change the rule for all with a reason',
  },
];

function filesBelow(folder: string, ending = '.ts'): string[] {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .toSorted();
}

const sources = [...filesBelow('src'), ...filesBelow('solver'), ...filesBelow('tariffs')];
const everything = [...sources, ...filesBelow('test'), ...filesBelow('bench')];
const text = (file: string): string => readFileSync(join(root, file), 'utf8');
const importForm = /^(?:import|export)\b[^'";]*?from '([^']+)'|\bimport\('([^']+)'\)|^import '([^']+)'/gm;
const importsOf = (file: string): string[] =>
  [...text(file).matchAll(importForm)].map((match) => match[1] ?? match[2] ?? match[3] ?? '');
const layerOf = (file: string): string | undefined => layers.find((layer) => file.startsWith(`${layer}/`));
const layerOfAlias = (specifier: string): string | undefined => {
  const name = specifier.slice(1).split('/')[0] ?? '';
  return layers.find((layer) => layer === name || layer === `src/${name}`);
};
function referencesOf(layer: string): string[] {
  const config = JSON.parse(text(`${layer}/tsconfig.json`)) as { references: { path: string }[] };
  return config.references.map(({ path }) => relative(root, resolve(root, layer, path)));
}

describe('imports', () => {
  test('the tree is there to be checked', () => {
    expect(sources.length).toBeGreaterThan(50);
  });

  test.each(layers)('%s refers to lower layers only', (layer) => {
    const upwards = referencesOf(layer).filter((other) => layers.indexOf(other) >= layers.indexOf(layer));
    expect(upwards).toEqual([]);
  });

  test('an alias leads into a layer that the own tsconfig names', () => {
    const strays = sources.flatMap((file) => {
      const layer = layerOf(file);
      if (layer === undefined) return [];
      const allowed = referencesOf(layer);
      return importsOf(file)
        .filter((specifier) => specifier.startsWith('#'))
        .filter((specifier) => !allowed.includes(layerOfAlias(specifier) ?? 'nowhere'))
        .map((specifier) => `${file}: ${specifier}`);
    });
    expect(strays).toEqual([]);
  });

  test('a relative import stays in its layer', () => {
    const strays = sources.flatMap((file) =>
      importsOf(file)
        .filter((specifier) => specifier.startsWith('.'))
        .map((specifier) => relative(root, resolve(root, dirname(file), specifier)))
        .filter((target) => layerOf(target) !== layerOf(file))
        .map((target) => `${file}: ${target}`),
    );
    expect(strays).toEqual([]);
  });

  test('each library comes in by its one door', () => {
    const strays = sources.flatMap((file) =>
      importsOf(file)
        .filter((specifier) => !/^[.#]|^node:/.test(specifier))
        .map((specifier) => specifier.split('/')[0] ?? '')
        .filter((name) => !(doors[name] ?? []).some((door) => file.startsWith(door)))
        .map((name) => `${file}: ${name}`),
    );
    expect(strays).toEqual([]);
  });

  test('only adapters and the command line touch the machine', () => {
    const strays = sources.filter(
      (file) =>
        !layersWithInputAndOutput.some((layer) => file.startsWith(`${layer}/`)) &&
        importsOf(file).some((specifier) => specifier.startsWith('node:')),
    );
    expect(strays).toEqual([]);
  });
});

describe('texts', () => {
  test.each(banned.map((rule) => [String(rule.pattern), rule] as const))('no %s', (_name, rule) => {
    const found = everything
      .filter((file) => file !== 'test/house/tidy.test.ts')
      .filter((file) => rule.pattern.test(text(file)));
    expect(found, rule.instead).toEqual([]);
  });

  test('every source says in its first lines what it is and where it stops', () => {
    const silent = sources.filter((file) => !/^(#!.*\n)?\/\*\*[\s\S]{20,}?@module\s*\*\//.test(text(file)));
    expect(silent).toEqual([]);
  });

  test('no test is skipped, alone or empty', () => {
    const found = filesBelow('test').filter(
      (file) =>
        file !== 'test/house/tidy.test.ts' && /\b(it|test|describe)\.(skip|only|todo)\b/.test(text(file)),
    );
    expect(found).toEqual([]);
  });

  test('nothing kept is larger than 200 KB', () => {
    const large = everything.filter((file) => statSync(join(root, file)).size > 200_000);
    expect(large).toEqual([]);
  });
});

test('every scenario tells its story and what is expected of it', () => {
  const folders = readdirSync(join(root, 'scenarios'), { withFileTypes: true }).filter((entry) =>
    entry.isDirectory(),
  );
  expect(folders.length).toBeGreaterThan(0);
  for (const { name } of folders) {
    for (const file of ['README.md', 'scenario.yaml', 'expected.yaml']) {
      expect(existsSync(join(root, 'scenarios', name, file)), `${name}/${file}`).toBe(true);
    }
  }
});
