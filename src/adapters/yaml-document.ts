/**
 * YAML 1.2 and JSON texts as values, each fault with its file and line. The only user of the yaml library.
 * Double keys, non-string keys, tags, alias bombs and keys that reach a prototype are refused.
 * @module
 */
import { createRequire } from 'node:module';
import type * as Yaml from 'yaml';
import { faultValueOf, type Fault } from '#domain/fault';
import { fail, ok, type Result } from '#domain/result';
import { offsetInJson, reservedKeys, troubleOfJson, jsonDepthMax, type JsonTrouble } from './json-text.ts';

let library: typeof Yaml | undefined;

/** The library, loaded with the first text that is no JSON: it takes a fifth of the time that a short command has. */
function yaml(): typeof Yaml {
  library ??= createRequire(import.meta.url)('yaml') as typeof Yaml;
  return library;
}

/** Largest text that is read as JSON: a year of one-minute loads takes 10 MB. */
const jsonCharsMax = 64 * 1024 * 1024;
/** Largest text that is read as YAML. */
const yamlCharsMax = 8 * 1024 * 1024;
/** Most values that aliases may stand for in one text. */
const aliasesMax = 50;

/** A text that was read. */
export interface TextDocument {
  readonly value: unknown;
  readonly file: string | undefined;
  /** The 1-based line of the value at a path like `sessions[3].energyKwh`, or of its deepest ancestor that exists. */
  lineOf(path: string): number;
}

/** `a.b[2]["c d"]` as keys. */
export function keysOfPath(path: string): (string | number)[] {
  const keys: (string | number)[] = [];
  for (const match of path.matchAll(/\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]|([^.[\]]+)/g)) {
    if (match[1] !== undefined) keys.push(Number(match[1]));
    else if (match[2] !== undefined) keys.push(JSON.parse(match[2]) as string);
    else keys.push(match[3] ?? '');
  }
  return keys;
}

/** Keys as a path, the way faults write it. */
export function pathOfKeys(keys: readonly (string | number)[]): string {
  return keys
    .map((key, i) => {
      if (typeof key === 'number') return `[${key}]`;
      if (!/^[^.[\]"\s]+$/.test(key)) return `[${JSON.stringify(key)}]`;
      return i === 0 ? key : `.${key}`;
    })
    .join('');
}

function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let i = text.indexOf('\n'); i !== -1 && i < offset; i = text.indexOf('\n', i + 1)) line += 1;
  return line;
}

const jsonRules: Record<JsonTrouble['kind'], readonly [rule: string, fix: string]> = {
  syntax: ['not-json', 'correct the JSON here: a comma, quote or bracket is missing or too many'],
  'double-key': ['double-key', 'this key stands twice in one object; keep one'],
  'reserved-key': ['reserved-key', 'choose another name for this key'],
  'too-deep': ['too-deep', `nest at most ${jsonDepthMax} levels`],
  'not-finite': ['not-finite', 'write a number that is finite'],
};

function faultOfJson(trouble: JsonTrouble, text: string, file: string | undefined): Fault {
  const [rule, fix] = jsonRules[trouble.kind];
  const line = lineAt(text, trouble.offset);
  const column = trouble.offset - text.lastIndexOf('\n', trouble.offset - 1);
  return {
    path: pathOfKeys(trouble.path),
    value: trouble.found === '' ? '(end of text)' : (faultValueOf(trouble.found) ?? ''),
    rule,
    fix: `${fix} (line ${line}, column ${column})`,
    ...(file === undefined ? {} : { file }),
    line,
  };
}

function readJson(text: string, file: string | undefined): Result<TextDocument, readonly Fault[]> {
  const trouble = troubleOfJson(text);
  if (trouble !== undefined) return fail([faultOfJson(trouble, text, file)]);
  return ok({
    value: JSON.parse(text) as unknown,
    file,
    lineOf: (path) => lineAt(text, offsetInJson(text, keysOfPath(path))),
  });
}

const yamlRules: Readonly<Record<string, readonly [rule: string, fix: string]>> = {
  DUPLICATE_KEY: ['double-key', 'this key stands twice in one mapping; keep one'],
  MULTIPLE_DOCS: ['one-document', 'keep one document per file'],
  NON_STRING_KEY: ['text-key', 'write this key as text, in quotes'],
  TAG_RESOLVE_FAILED: ['no-tags', 'remove the tag; write the plain value'],
  TAB_AS_INDENT: ['no-tabs', 'indent with spaces'],
};

function yamlFault(
  file: string | undefined,
  at: { readonly line?: number; readonly rule: string; readonly fix: string; readonly path?: string },
): Fault {
  return {
    path: at.path ?? '',
    rule: at.rule,
    fix: at.fix,
    ...(file === undefined ? {} : { file }),
    ...(at.line === undefined ? {} : { line: at.line }),
  };
}

/** Where the parsed value holds something that no document may hold. */
function offences(value: unknown, keys: (string | number)[], found: Fault[]): void {
  if (typeof value === 'number' && !Number.isFinite(value)) {
    const [rule, fix] = jsonRules['not-finite'];
    found.push({ path: pathOfKeys(keys), value: String(value), rule, fix });
  }
  if (typeof value !== 'object' || value === null) return;
  if (keys.length > jsonDepthMax) {
    const [rule, fix] = jsonRules['too-deep'];
    found.push({ path: pathOfKeys(keys.slice(0, 5)), rule, fix });
    return;
  }
  for (const [key, child] of Object.entries(value)) {
    const path = [...keys, Array.isArray(value) ? Number(key) : key];
    if (!Array.isArray(value) && reservedKeys.has(key)) {
      const [rule, fix] = jsonRules['reserved-key'];
      found.push({ path: pathOfKeys(path), rule, fix });
    }
    offences(child, path, found);
  }
}

/** The offset of the key or item at a path in a YAML document, or of its deepest ancestor that exists. */
function offsetInYaml(document: Yaml.Document, keys: readonly (string | number)[]): number {
  const { isCollection, isMap, isScalar } = yaml();
  let node: unknown = document.contents;
  let offset = 0;
  for (const key of keys) {
    if (!isCollection(node)) break;
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && item.key.value === key);
      if (pair === undefined) break;
      offset = isScalar(pair.key) ? (pair.key.range?.[0] ?? offset) : offset;
      node = pair.value;
    } else {
      const item: unknown = node.items[Number(key)];
      if (item === undefined) break;
      offset = (item as { range?: readonly number[] }).range?.[0] ?? offset;
      node = item;
    }
  }
  return offset;
}

function readYaml(text: string, file: string | undefined): Result<TextDocument, readonly Fault[]> {
  const { LineCounter, parseDocument } = yaml();
  const lines = new LineCounter();
  const document = parseDocument(text, {
    version: '1.2',
    schema: 'core',
    stringKeys: true,
    uniqueKeys: true,
    prettyErrors: false,
    lineCounter: lines,
  });
  const troubles = [...document.errors, ...document.warnings].map((trouble) => {
    const [rule, fix] = yamlRules[trouble.code] ?? ['not-yaml', `correct the YAML here: ${trouble.message}`];
    return yamlFault(file, { line: lines.linePos(trouble.pos[0]).line, rule, fix });
  });
  if (troubles.length > 0) return fail(troubles.slice(0, 20));
  const value = document.toJS({ maxAliasCount: aliasesMax }) as unknown;
  const lineOf = (path: string): number =>
    Math.max(1, lines.linePos(offsetInYaml(document, keysOfPath(path))).line);
  const found: Fault[] = [];
  offences(value, [], found);
  if (found.length > 0) return fail(placeFaults(found.slice(0, 20), { file, lineOf }));
  return ok({ value, file, lineOf });
}

/** Faults with the file and the line of their paths. */
export function placeFaults(
  faults: readonly Fault[],
  document: Pick<TextDocument, 'file' | 'lineOf'>,
): readonly Fault[] {
  const { file } = document;
  if (file === undefined) return faults;
  return faults.map((fault) => ({
    ...fault,
    file: fault.file ?? file,
    line: fault.line ?? document.lineOf(fault.path),
  }));
}

/** A text as value: JSON where it is JSON, else YAML 1.2. `file` stands in front of each fault. */
export function readDocument(text: string, file?: string): Result<TextDocument, readonly Fault[]> {
  const body = text.startsWith('\uFEFF') ? text.slice(1) : text;
  const refuse = (rule: string, fix: string): Result<TextDocument, readonly Fault[]> =>
    fail([yamlFault(file, { rule, fix })]);
  if (body.trim() === '') return refuse('empty', 'give a JSON or YAML document');
  if (body.length > jsonCharsMax) return refuse('too-large', `give at most ${jsonCharsMax} characters`);
  const looksJson = /^\s*[[{]/.test(body);
  const asJson = looksJson ? readJson(body, file) : undefined;
  if (asJson?.ok === true) return asJson;
  const isYamlFile = file !== undefined && /\.ya?ml$/i.test(file);
  // A JSON text with a fault is told as JSON; only a file that says it is YAML may have YAML's flow form.
  if (asJson !== undefined && !isYamlFile) return asJson;
  if (body.length > yamlCharsMax)
    return refuse('too-large', `give at most ${yamlCharsMax} characters of YAML`);
  try {
    return readYaml(body, file);
  } catch (error) {
    // The library throws for alias bombs, unknown aliases and nesting beyond the stack.
    const bomb = error instanceof ReferenceError;
    return bomb
      ? refuse('alias-bomb', 'write the repeated parts out; aliases stand for too many values')
      : refuse('too-deep', 'nest less');
  }
}
