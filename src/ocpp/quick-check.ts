/**
 * A quick yes to most payloads: predicates made from the very schemas of the messages. A yes means that the schema takes the
 * value as it is. Anything else means nothing, and the schema decides and says why.
 * @module
 */
import type { z } from 'zod';

/** True: the schema takes the value and changes nothing in it. */
export type QuickCheck = (value: unknown) => boolean;

const never: QuickCheck = () => false;

/** The quick check of a schema; of one that it does not know in full, one that never says yes. */
export function quickCheckOf(schema: z.core.$ZodType): QuickCheck {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  const { checks = [] } = def;
  if (def.type === 'string')
    return 'format' in def ? never : withChecks((value) => typeof value === 'string', checks);
  if (def.type === 'number') return numberCheck(def);
  if (def.type === 'array') return arrayCheck(def);
  if (checks.length > 0) return never;
  if (def.type === 'object') return objectCheck(def);
  if (def.type === 'record') return isUnread(def) ? isRecord : never;
  if (def.type === 'boolean') return (value) => typeof value === 'boolean';
  if (def.type === 'unknown') return () => true;
  if (def.type !== 'enum') return never;
  const options = new Set<unknown>(Object.values(def.entries));
  return (value) => options.has(value);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isUnread({ keyType, valueType }: z.core.$ZodRecordDef): boolean {
  const key = (keyType as z.core.$ZodTypes)._zod.def;
  const value = (valueType as z.core.$ZodTypes)._zod.def;
  return key.type === 'string' && key.checks === undefined && value.type === 'unknown';
}

interface Field {
  readonly isOptional: boolean;
  readonly check: QuickCheck;
}

function fieldOf(schema: z.core.$ZodType): Field {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  // Of the two kinds of optional fields only the exact one refuses a field that is there without a value; both take none.
  return def.type === 'optional'
    ? { isOptional: true, check: quickCheckOf(def.innerType) }
    : { isOptional: false, check: quickCheckOf(schema) };
}

/** Strict objects and such as let others pass unread. */
function objectCheck({ shape, catchall }: z.core.$ZodObjectDef): QuickCheck {
  const fields = new Map(Object.entries(shape).map(([key, schema]) => [key, fieldOf(schema)]));
  const required = [...fields.values()].filter(({ isOptional }) => !isOptional).length;
  const others = catchall === undefined ? undefined : (catchall as z.core.$ZodTypes)._zod.def.type;
  if (others !== 'never' && others !== 'unknown') return never;
  return (value) => {
    if (!isRecord(value)) return false;
    let seen = 0;
    for (const key of Object.keys(value)) {
      const field = fields.get(key);
      if (field === undefined) {
        if (others === 'never') return false;
        continue;
      }
      const inner = value[key];
      if (inner === undefined || !field.check(inner)) return false;
      if (!field.isOptional) seen++;
    }
    return seen === required;
  };
}

function arrayCheck({ element, checks = [] }: z.core.$ZodArrayDef): QuickCheck {
  const item = quickCheckOf(element);
  return withChecks((value) => {
    if (!Array.isArray(value)) return false;
    for (let i = 0; i < value.length; i++) if (!item(value[i])) return false;
    return true;
  }, checks);
}

function numberCheck(def: z.core.$ZodNumberDef | z.core.$ZodNumberFormatDef): QuickCheck {
  const { checks = [] } = def;
  if (!('format' in def)) return withChecks((value) => Number.isFinite(value), checks);
  return def.format === 'safeint' ? withChecks((value) => Number.isSafeInteger(value), checks) : never;
}

/** The check of a type together with those of its bounds. */
function withChecks(first: QuickCheck, checks: readonly z.core.$ZodCheck[]): QuickCheck {
  return checks.reduce<QuickCheck>((before, check) => {
    const holds = boundOf(check);
    return (value) => before(value) && holds(value);
  }, first);
}

/** What one bound asks of a value that has passed those before it. */
function boundOf(check: z.core.$ZodCheck): QuickCheck {
  const { def } = (check as z.core.$ZodChecks | z.core.$ZodCustom)._zod;
  if (def.check === 'max_length') return (value) => lengthOf(value) <= def.maximum;
  if (def.check === 'min_length') return (value) => lengthOf(value) >= def.minimum;
  if (def.check === 'custom') return (value) => def.fn(value) === true;
  if (def.check !== 'greater_than' && def.check !== 'less_than') return never;
  const bound = Number(def.value);
  if (def.check === 'greater_than')
    return def.inclusive ? (value) => Number(value) >= bound : (value) => Number(value) > bound;
  return def.inclusive ? (value) => Number(value) <= bound : (value) => Number(value) < bound;
}

function lengthOf(value: unknown): number {
  return (value as { readonly length: number }).length;
}
