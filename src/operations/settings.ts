/** Settings of a live operation: a document with the options of the command line laid over it. @module */
import type { z } from 'zod';
import type { Fault } from '#domain/fault';
import { fail, ok, type Result } from '#domain/result';
import { faultsOfIssues } from '#sim/schema-faults';
import { suggestFields } from './suggest.ts';

/** The option that says the same as a path of the document: `tls.cert` is `--tls-cert`. */
export function optionOf(path: string): string {
  return `--${path.replaceAll('.', '-').replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** The field of a document that a path begins with. */
function firstOf(path: string): string {
  return /^[^.[]*/.exec(path)?.[0] ?? '';
}

/** Settings of a document and of options, which win; undefined options count as not given. */
export function settingsOf<T>(
  schema: z.ZodType<T>,
  document: unknown,
  options: Readonly<Record<string, unknown>>,
): Result<T, readonly Fault[]> {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const isObject = typeof document === 'object' && document !== null && !Array.isArray(document);
  const merged: unknown = isObject ? { ...document, ...given } : document;
  const parsed = schema.safeParse(merged);
  if (parsed.success) return ok(parsed.data);
  const faults = suggestFields(faultsOfIssues(parsed.error.issues, merged), schema);
  return fail(
    faults.map((fault): Fault => {
      if (Object.hasOwn(given, firstOf(fault.path))) return { ...fault, path: optionOf(fault.path) };
      const isMissing = isObject && fault.value === undefined && /^invalid-(type|union)$/.test(fault.rule);
      if (!isMissing) return fault;
      const fix = `Give it in the document or as ${optionOf(fault.path)}.`;
      return { ...fault, rule: 'missing', fix };
    }),
  );
}
