/** Calls an operation of the catalogue, whatever the door: faults get a nearest known name where a name is unknown. @module */
import type { Fault } from '#domain/fault';
import { fail, type Result } from '#domain/result';
import { z } from 'zod';
import type { OperationBody, OperationContext, OperationForm } from './operation.ts';
import { suggestFields } from './suggest.ts';

/** The JSON Schemas of an operation, draft 2020-12. */
export function schemasOf(form: OperationForm): { readonly input: unknown; readonly output: unknown } {
  const options = { unrepresentable: 'any', cycles: 'ref' } as const;
  return {
    input: z.toJSONSchema(form.input, { ...options, io: 'input' }),
    output: z.toJSONSchema(form.output, { ...options, io: 'output' }),
  };
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
