/** The nearest known field for each unknown one. @module */
import { z } from 'zod';
import type { Fault } from '#domain/fault';
import { nearestOf } from './nearest.ts';

/** All field names that a JSON Schema mentions. */
function fieldsOf(schema: unknown, found: Set<string> = new Set()): ReadonlySet<string> {
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
    return nearest === undefined
      ? fault
      : { ...fault, fix: `${fault.fix.replace(/[.;]$/, '')}; did you mean ${nearest}?` };
  });
}
