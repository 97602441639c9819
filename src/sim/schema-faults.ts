/** What zod found wrong, as faults with paths and a way out. @module */
import type { z } from 'zod';
import { faultValueOf, type Fault } from '#domain/fault';

/** A path like `visits[3].energyKwh`. */
export function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`;
    return text === '' ? String(key) : `${text}.${String(key)}`;
  }, '');
}

/** The value at a path of a JSON document. */
function valueAtPath(document: unknown, path: readonly PropertyKey[]): unknown {
  let value: unknown = document;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}

/** The faults of a document, one for each unknown field and each broken rule. */
export function faultsOfIssues(issues: readonly z.core.$ZodIssue[], document: unknown): readonly Fault[] {
  return issues.flatMap((issue): readonly Fault[] => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({
        path: pathText([...issue.path, key]),
        rule: 'unknown-field',
        fix: 'Remove this field or correct its name.',
      }));
    }
    const value = faultValueOf(valueAtPath(document, issue.path));
    return [
      {
        path: pathText(issue.path),
        ...(value === undefined ? {} : { value }),
        rule: issue.code.replaceAll('_', '-'),
        fix: `${issue.message}.`,
      },
    ];
  });
}
