/** What a schema found wrong, as faults with a path, a rule and a way out. @module */
import type { z } from 'zod';
import { faultValueOf, type Fault } from '#domain/fault';
import { fail, ok, type Result } from '#domain/result';

/** The document as its schema reads it, or every fault in it; paths begin with `root`. */
export function readBySchema<T>(schema: z.ZodType<T>, document: unknown, root = ''): Result<T, Fault[]> {
  const read = schema.safeParse(document);
  if (read.success) return ok(read.data);
  return fail(read.error.issues.flatMap((issue) => faultsOfIssue(issue, document, root)));
}

function faultsOfIssue(issue: z.core.$ZodIssue, document: unknown, root: string): Fault[] {
  const path = pathOf(issue.path, root);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: path === '' ? key : `${path}.${key}`,
      rule: 'unknown-field',
      fix: 'Remove it: no field of this name is read here.',
    }));
  }
  let found = document;
  for (const key of issue.path) {
    found = typeof found === 'object' && found !== null ? Reflect.get(found, key) : undefined;
  }
  const value = faultValueOf(found);
  const fix = fixOf(issue.message);
  const rule = issue.code.replaceAll('_', '-');
  return [value === undefined ? { path, rule, fix } : { path, value, rule, fix }];
}

/** What the schema expected, in a sentence of ours. */
function fixOf(message: string): string {
  const type = /^Invalid input: expected (.+), received (.+)$/s.exec(message);
  if (type !== null) {
    return type[2] === 'undefined'
      ? `Give it: a ${type[1]} belongs here.`
      : `Expected: ${type[1]}, not ${type[2]}.`;
  }
  const options = /^Invalid option: expected one of (.+)$/s.exec(message);
  return options === null
    ? `Expected: ${message}.`
    : `Expected one of: ${options[1]?.replaceAll('|', ', ')}.`;
}

function pathOf(keys: readonly PropertyKey[], root: string): string {
  let path = root;
  for (const key of keys) {
    if (typeof key === 'number') path += `[${key}]`;
    else path += path === '' ? String(key) : `.${String(key)}`;
  }
  return path;
}
