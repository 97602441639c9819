/** Schema refusals of zod as faults with a path that people can follow. @module */
import type { z } from 'zod';
import { faultValueOf, type Fault } from '#domain/fault';
import { fail, ok, type Result } from '#domain/result';

type Issue = z.core.$ZodIssue;

/** Longest piece of a path that a fault repeats. */
const pathTextMax = 200;

/** `['lines', 3, 'price']` as `lines[3].price`. */
export function pathText(path: readonly PropertyKey[]): string {
  let text = '';
  for (const part of path) {
    if (text.length > pathTextMax) return `${text}...`;
    if (typeof part === 'number') text += `[${part}]`;
    else if (String(part).length > pathTextMax)
      text += `[${JSON.stringify(String(part).slice(0, pathTextMax))}...]`;
    else if (/^[A-Za-z_$][\w$]*$/.test(String(part))) text += text === '' ? String(part) : `.${String(part)}`;
    else text += `[${JSON.stringify(String(part))}]`;
  }
  return text;
}

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  let value: unknown = root;
  for (const part of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = Reflect.get(value, part);
  }
  return value;
}

function faultOf(path: readonly PropertyKey[], value: unknown, rule: string, fix: string): Fault {
  const text = faultValueOf(value);
  return { path: pathText(path), ...(text === undefined ? {} : { value: text }), rule, fix };
}

const articled = (noun: string): string => `${/^[aeiou]/.test(noun) ? 'an' : 'a'} ${noun}`;

function listed(values: readonly unknown[]): string {
  return values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value))).join(', ');
}

function typeFault(issue: z.core.$ZodIssueInvalidType, path: readonly PropertyKey[], value: unknown): Fault {
  if (value === undefined) return faultOf(path, value, 'missing-field', `Give ${articled(issue.expected)}.`);
  if (typeof value === 'number' && !Number.isFinite(value)) {
    return faultOf(path, value, 'not-a-finite-number', 'Give a finite number.');
  }
  return faultOf(path, value, 'wrong-type', `Give ${articled(issue.expected)}.`);
}

/** The branch of a union whose refusals lie deepest: what the author most likely meant. */
function nearestBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] {
  const depth = (issues: readonly Issue[]): number =>
    issues.reduce(
      (most, issue) =>
        Math.max(most, issue.code === 'invalid_type' ? issue.path.length - 0.5 : issue.path.length),
      0,
    );
  return branches.reduce<readonly Issue[]>(
    (best, branch) => (best.length === 0 || depth(branch) > depth(best) ? branch : best),
    [],
  );
}

function faultsOfIssue(issue: Issue, root: unknown, prefix: readonly PropertyKey[]): readonly Fault[] {
  const path = [...prefix, ...issue.path];
  const value = valueAt(root, path);
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) =>
        faultOf(
          [...path, key],
          valueAt(root, [...path, key]),
          'unknown-field',
          `Remove ${key.length > 60 ? 'it' : key}, or spell it as documented.`,
        ),
      );
    case 'invalid_type':
      return [typeFault(issue, path, value)];
    case 'too_big':
      return [
        faultOf(path, sizeOr(value), 'too-large', `At most ${String(issue.maximum)}${counted(value)}.`),
      ];
    case 'too_small':
      return [
        faultOf(path, sizeOr(value), 'too-small', `At least ${String(issue.minimum)}${counted(value)}.`),
      ];
    case 'invalid_value':
      return [faultOf(path, value, 'unknown-value', `One of ${listed(issue.values)}.`)];
    case 'invalid_union': {
      if (issue.discriminator !== undefined || issue.errors.length === 0) {
        const at =
          issue.discriminator === undefined ? path : [...path.slice(0, prefix.length), ...issue.path];
        const kinds =
          'options' in issue && Array.isArray(issue.options) ? ` One of ${listed(issue.options)}.` : '';
        return [faultOf(at, valueAt(root, at), 'unknown-kind', `This kind is not known.${kinds}`)];
      }
      return nearestBranch(issue.errors).flatMap((inner) => faultsOfIssue(inner, root, path));
    }
    case 'invalid_format':
      return [
        faultOf(path, value, 'wrong-form', issue.message.replace(/^Invalid string: /, 'Write it as: ')),
      ];
    case 'custom':
    case 'invalid_element':
    case 'invalid_key':
    case 'not_multiple_of':
      return [faultOf(path, value, 'not-allowed', issue.message)];
  }
}

function sizeOr(value: unknown): unknown {
  return Array.isArray(value) ? `${value.length} entries` : value;
}

function counted(value: unknown): string {
  return Array.isArray(value) ? ' entries' : typeof value === 'string' ? ' characters' : '';
}

/** Most faults that one answer repeats. */
const faultsMax = 50;

/** The value in the form of the schema, or what is wrong with it, field by field. */
export function checked<S extends z.ZodType>(
  schema: S,
  input: unknown,
  prefix = '',
): Result<z.output<S>, readonly Fault[]> {
  const outcome = schema.safeParse(input);
  if (outcome.success) return ok(outcome.data);
  const faults = outcome.error.issues.flatMap((issue) => faultsOfIssue(issue, input, []));
  return fail(
    faults
      .slice(0, faultsMax)
      .map((fault) => (prefix === '' ? fault : { ...fault, path: joined(prefix, fault.path) })),
  );
}

/** A path below another one. */
export function joined(prefix: string, path: string): string {
  if (prefix === '' || path === '') return prefix + path;
  return path.startsWith('[') ? prefix + path : `${prefix}.${path}`;
}

/** A fault from its parts; the value is shortened. */
export function fault(path: string, value: unknown, rule: string, fix: string): Fault {
  const text = faultValueOf(value);
  return { path, ...(text === undefined ? {} : { value: text }), rule, fix };
}
