/** Calls an operation of the catalogue, whatever the door: faults get a nearest known name where a name is unknown. @module */
import type { Fault } from '#domain/fault';
import { fail, type Result } from '#domain/result';
import { z } from 'zod';
import { nearestOf } from './nearest.ts';
import type { OperationBody, OperationContext } from './operation.ts';

/** The JSON Schemas of an operation, draft 2020-12. */
export function schemasOf(body: OperationBody): { readonly input: unknown; readonly output: unknown } {
  const options = { unrepresentable: 'any', cycles: 'ref' } as const;
  return {
    input: z.toJSONSchema(body.input, { ...options, io: 'input' }),
    output: z.toJSONSchema(body.output, { ...options, io: 'output' }),
  };
}

/** All field names that a JSON Schema mentions. */
export function fieldsOf(schema: unknown, found: Set<string> = new Set()): ReadonlySet<string> {
  if (typeof schema !== 'object' || schema === null) return found;
  for (const [key, child] of Object.entries(schema)) {
    if (key === 'properties' && typeof child === 'object' && child !== null)
      for (const name of Object.keys(child)) found.add(name);
    fieldsOf(child, found);
  }
  return found;
}

/** Faults of unknown fields with the known field that was probably meant. */
export function suggestFields(faults: readonly Fault[], schema: z.ZodType): readonly Fault[] {
  if (!faults.some((fault) => fault.rule.startsWith('unknown'))) return faults;
  const fields = fieldsOf(z.toJSONSchema(schema, { unrepresentable: 'any', io: 'input', cycles: 'ref' }));
  return faults.map((fault) => {
    if (!fault.rule.startsWith('unknown') || fault.fix.includes('did you mean')) return fault;
    const name = /([^.[\]"]+)"?\]?$/.exec(fault.path)?.[1] ?? '';
    const nearest = fields.has(name) ? undefined : nearestOf(name, fields);
    return nearest === undefined ? fault : { ...fault, fix: `${fault.fix}; did you mean ${nearest}?` };
  });
}

/** Handles one document. */
export async function invoke(
  body: OperationBody,
  document: unknown,
  context: OperationContext,
): Promise<Result<unknown, readonly Fault[]>> {
  const outcome = await body.handle(document, context);
  return outcome.ok ? outcome : fail(suggestFields(outcome.problem, body.input));
}
