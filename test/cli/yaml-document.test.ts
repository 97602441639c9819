import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { reservedKeys } from '#adapters/json-text';
import { keysOfPath, pathOfKeys, placeFaults, readDocument } from '#adapters/yaml-document';

function read(text: string, file?: string): ReturnType<typeof readDocument> {
  return readDocument(text, file);
}

function rulesOf(text: string, file?: string): readonly string[] {
  const outcome = read(text, file);
  return outcome.ok ? [] : outcome.problem.map((fault) => fault.rule);
}

const yaml = `# a site
id: depot
circuits:
  - id: grid
    limitA: 400   # amperes
  - id: feeder
    limitA: 200
visits: [{ id: v1 }, { id: v2, energyKwh: 3 }]
`;

describe('lines of paths', () => {
  test.each([
    ['id', 2],
    ['circuits', 3],
    ['circuits[0]', 4],
    ['circuits[1].limitA', 7],
    ['visits[1].energyKwh', 8],
    // What is not there is told at what holds it.
    ['circuits[1].limitW', 6],
    ['circuits[9].id', 3],
    ['', 1],
  ])('%s of a YAML text stands on line %d', (path, line) => {
    const outcome = read(yaml, 'site.yaml');
    expect(outcome.ok && outcome.value.lineOf(path)).toBe(line);
  });

  test('JSON over several lines has them too', () => {
    const text = '{\n  "a": 1,\n  "b": [\n    { "c": 2 },\n    { "c": [\n 5, 6] }\n  ]\n}';
    const outcome = read(text, 'x.json');
    if (!outcome.ok) throw new Error('not read');
    expect(
      ['a', 'b', 'b[0].c', 'b[1].c', 'b[1].c[1]', 'b[1].d'].map((path) => outcome.value.lineOf(path)),
    ).toEqual([2, 3, 4, 5, 6, 5]);
  });

  test('a fault of a document gets its file and line', () => {
    const outcome = read(yaml, 'site.yaml');
    if (!outcome.ok) throw new Error('not read');
    expect(placeFaults([{ path: 'circuits[0].limitA', rule: 'r', fix: 'f' }], outcome.value)).toEqual([
      { path: 'circuits[0].limitA', rule: 'r', fix: 'f', file: 'site.yaml', line: 5 },
    ]);
  });
});

/** Whether a key of `value` would reach a prototype; such documents are refused, see below. */
function hasReservedKey(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(([key, inner]) => reservedKeys.has(key) || hasReservedKey(inner));
}

describe('values', () => {
  test('law: JSON text reads as JSON.parse reads it', () => {
    fc.assert(
      fc.property(
        fc.jsonValue({ maxDepth: 6 }).filter((value) => !hasReservedKey(value)),
        fc.integer({ min: 0, max: 3 }),
        (value, indent) => {
          // Only objects and arrays are certain to be JSON; a bare text may be YAML as well.
          const text = JSON.stringify({ value }, null, indent);
          const outcome = read(text);
          expect(outcome.ok && outcome.value.value).toEqual(JSON.parse(text));
        },
      ),
    );
  });

  test('law: a JSON text cut short or with a character too many is refused, never half read', () => {
    fc.assert(
      fc.property(
        fc.jsonValue(),
        fc.nat(),
        fc.constantFrom('{', '}', '[', ']', ',', ':', '"', 'x', '\u0001'),
        (v, at, extra) => {
          const text = JSON.stringify({ v });
          const place = at % (text.length + 1);
          for (const broken of [
            text.slice(0, Math.max(1, place)),
            text.slice(0, place) + extra + text.slice(place),
          ]) {
            let parses = true;
            try {
              JSON.parse(broken);
            } catch {
              parses = false;
            }
            const outcome = readDocument(broken);
            // Double and reserved keys are refused beyond what JSON.parse refuses.
            if (!parses && broken.startsWith('{')) expect(outcome.ok).toBe(false);
            if (outcome.ok && broken.startsWith('{')) expect(parses).toBe(true);
          }
        },
      ),
    );
  });

  test('words and clock times of YAML 1.1 are texts', () => {
    const outcome = read('a: no\nb: 22:00\nc: 1_000\nd: 2026-07-01\ne: 0755\n', 'x.yaml');
    expect(outcome.ok && outcome.value.value).toEqual({
      a: 'no',
      b: '22:00',
      c: '1_000',
      d: '2026-07-01',
      e: 755,
    });
  });

  test('YAML with flow mappings is read from a YAML file', () => {
    const outcome = read('{a: 1, b: [x, y]}', 'x.yaml');
    expect(outcome.ok && outcome.value.value).toEqual({ a: 1, b: ['x', 'y'] });
  });

  test('a byte order mark is no content', () => {
    expect(read('\uFEFF{"a":1}').ok).toBe(true);
  });
});

describe('what is refused', () => {
  const bomb = `a: &a [1,1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c]\n`;
  test.each([
    ['nothing', '', 'empty'],
    ['blanks', ' \n ', 'empty'],
    ['a JSON key that stands twice', '{"a":1,"b":{"c":1,"c":2}}', 'double-key'],
    ['a YAML key that stands twice', 'a: 1\nb: 2\na: 3\n', 'double-key'],
    ['an alias bomb', bomb, 'alias-bomb'],
    ['a cut JSON text', '{"a":[1,2', 'not-json'],
    ['two JSON texts', '{"a":1}{"b":2}', 'not-json'],
    ['a trailing comma', '{"a":1,}', 'not-json'],
    ['a number that is none', '{"a":01}', 'not-json'],
    ['a number beyond doubles', '{"a":1e999}', 'not-finite'],
    ['infinity in YAML', 'a: .inf\n', 'not-finite'],
    ['not a number in YAML', 'a: [1, .nan]\n', 'not-finite'],
    ['a key that reaches the prototype', '{"__proto__":{"x":1}}', 'reserved-key'],
    ['the same in YAML', 'constructor: 1\n', 'reserved-key'],
    ['nesting without end', `{"a":${'['.repeat(60_000)}`, 'too-deep'],
    ['nesting without end in YAML', `a: ${'['.repeat(150)}${']'.repeat(150)}`, 'too-deep'],
    ['two documents', 'a: 1\n---\nb: 2\n', 'one-document'],
    ['a tag', 'a: !!js/function "x"\n', 'no-tags'],
    ['a bad indentation', 'a: 1\n  b: 2\n', 'not-yaml'],
    ['a key that is no text', '? [a]\n: 1\n', 'text-key'],
  ])('%s', (_title, text, rule) => {
    expect(rulesOf(text, text.startsWith('{') ? 'x.json' : 'x.yaml')).toContain(rule);
  });

  test('a double key is told with its line and path', () => {
    const outcome = read('{\n "a": 1,\n "b": {\n  "c": 1,\n  "c": 2 }}', 'x.json');
    expect(outcome.ok ? [] : outcome.problem).toMatchObject([{ path: 'b.c', line: 5, file: 'x.json' }]);
    const other = read('a: 1\nb: 2\na: 3\n', 'x.yaml');
    expect(other.ok ? [] : other.problem).toMatchObject([{ line: 3, file: 'x.yaml' }]);
  });
});

test('law: a path and its keys are the same thing', () => {
  const key = fc.oneof(fc.nat({ max: 50 }), fc.string({ minLength: 1, maxLength: 8 }));
  fc.assert(
    fc.property(fc.array(key, { maxLength: 6 }), (keys) => {
      expect(keysOfPath(pathOfKeys(keys))).toEqual(keys);
    }),
  );
});
