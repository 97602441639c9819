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
  const checks = def.checks ?? [];
  switch (def.type) {
    case 'object':
      return checks.length === 0 ? objectCheck(def) : never;
    case 'array':
      return arrayCheck(def);
    case 'record':
      return checks.length === 0 && isUnread(def) ? isRecord : never;
    case 'string':
      return withChecks((value) => typeof value === 'string', checks);
    case 'number':
      return numberCheck(def);
    case 'boolean':
      return checks.length === 0 ? (value) => typeof value === 'boolean' : never;
    case 'enum': {
      const options = new Set<unknown>(Object.values(def.entries));
      return checks.length === 0 ? (value) => options.has(value) : never;
    }
    case 'unknown':
      return checks.length === 0 ? () => true : never;
    default:
      return never;
  }
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
function withChecks(first: QuickCheck, checks: readonly z.core.$ZodCheck<never>[]): QuickCheck {
  return checks.reduce<QuickCheck>((before, check) => {
    const holds = boundOf(check);
    return (value) => before(value) && holds(value);
  }, first);
}

/** What one bound asks of a value that has passed those before it. */
function boundOf(check: z.core.$ZodCheck<never>): QuickCheck {
  const { def } = (check as unknown as z.core.$ZodChecks | z.core.$ZodCustom)._zod;
  switch (def.check) {
    case 'max_length':
      return (value) => (value as { readonly length: number }).length <= def.maximum;
    case 'min_length':
      return (value) => (value as { readonly length: number }).length >= def.minimum;
    case 'greater_than': {
      const least = Number(def.value);
      return def.inclusive ? (value) => (value as number) >= least : (value) => (value as number) > least;
    }
    case 'less_than': {
      const most = Number(def.value);
      return def.inclusive ? (value) => (value as number) <= most : (value) => (value as number) < most;
    }
    case 'custom': {
      const { fn } = def;
      return (value) => fn(value) === true;
    }
    default:
      return never;
  }
}
