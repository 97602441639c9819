/** Payloads from published JSON schemas: valid ones, and ones with one thing changed. */
import fc from 'fast-check';

/** What is used of JSON schema in the published files. */
export interface JsonSchema {
  readonly $ref?: string;
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly format?: string;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly multipleOf?: number;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly definitions?: Readonly<Record<string, JsonSchema>>;
}

/** The schema behind a reference. */
function resolve(schema: JsonSchema, root: JsonSchema): JsonSchema {
  if (schema.$ref === undefined) return schema;
  const target = root.definitions?.[schema.$ref.split('/').at(-1) ?? ''];
  if (target === undefined) throw new Error(`no definition ${schema.$ref}`);
  return target;
}

const instants = fc
  .integer({ min: 0, max: 4_000_000_000 })
  .chain((s) =>
    fc.constantFrom(
      new Date(s * 1000).toISOString(),
      new Date(s * 1000).toISOString().replace(/\.\d+Z$/, 'Z'),
      new Date(s * 1000).toISOString().replace(/\.\d+Z$/, '+02:00'),
      new Date(s * 1000).toISOString().replace(/\.\d+Z$/, '.123456-09:30'),
    ),
  );

/** Valid values of a schema; `carried` names fields that are left out. */
export function validValues(
  schema: JsonSchema,
  root: JsonSchema,
  carried: ReadonlySet<string>,
): fc.Arbitrary<unknown> {
  const own = resolve(schema, root);
  if (own.enum !== undefined) return fc.constantFrom(...own.enum);
  switch (own.type ?? 'any') {
    case 'object': {
      const shape: Record<string, fc.Arbitrary<unknown>> = {};
      for (const [key, inner] of Object.entries(own.properties ?? {})) {
        if (!carried.has(key)) shape[key] = validValues(inner, root, carried);
      }
      return fc.record(shape, { requiredKeys: [...(own.required ?? [])] });
    }
    case 'array': {
      const least = own.minItems ?? 0;
      const most = Math.min(own.maxItems ?? least + 2, least + 2);
      return fc.array(validValues(own.items ?? {}, root, carried), { minLength: least, maxLength: most });
    }
    case 'string':
      if (own.format === 'date-time') return instants;
      return fc.string({ maxLength: Math.min(own.maxLength ?? 40, 60) });
    case 'integer':
      return fc.integer({ min: own.minimum ?? -1000, max: own.maximum ?? 1_000_000 });
    case 'number': {
      const tenths = fc
        .integer({ min: (own.minimum ?? -1000) * 10, max: (own.maximum ?? 10_000) * 10 })
        .map((n) => n / 10);
      return own.multipleOf === undefined
        ? fc.oneof(tenths, fc.double({ noNaN: true, min: own.minimum ?? -1e9, max: own.maximum ?? 1e9 }))
        : tenths;
    }
    case 'boolean':
      return fc.boolean();
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

/** A place inside a payload with the schema that rules it. */
interface Place {
  readonly path: readonly (string | number)[];
  readonly schema: JsonSchema;
}

function placesOf(value: unknown, schema: JsonSchema, root: JsonSchema, path: Place['path'] = []): Place[] {
  const own = resolve(schema, root);
  const places: Place[] = [{ path, schema: own }];
  if (Array.isArray(value)) {
    value.forEach((item, i) => places.push(...placesOf(item, own.items ?? {}, root, [...path, i])));
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, inner] of Object.entries(value)) {
      const innerSchema = own.properties?.[key];
      if (innerSchema !== undefined) places.push(...placesOf(inner, innerSchema, root, [...path, key]));
    }
  }
  return places;
}

const anything: readonly unknown[] = [null, true, 'text', '7', '', 7, -1, 0, 1.5, 0.05, 12.34, {}, [], [1]];
const notInstants: readonly unknown[] = [
  '2026-02-30T00:00:00Z',
  '2026-05-01T00:00:00',
  '2026-05-01',
  'yesterday',
  '2026-13-01T00:00:00Z',
  '2026-05-01T24:30:00Z',
];

/** Replacements that press on the bounds of a schema. */
function replacementsOf(schema: JsonSchema, value: unknown): readonly unknown[] {
  const near: unknown[] = [];
  if (schema.maxLength !== undefined)
    near.push('x'.repeat(schema.maxLength), 'x'.repeat(schema.maxLength + 1));
  if (schema.enum !== undefined) near.push(`${schema.enum[0]}x`, schema.enum[0]?.toLowerCase());
  if (schema.format === 'date-time') near.push(...notInstants);
  if (schema.minimum !== undefined) near.push(schema.minimum, schema.minimum - 1);
  if (schema.maximum !== undefined) near.push(schema.maximum, schema.maximum + 1);
  if (schema.multipleOf !== undefined) near.push(0.3, 0.7, 6.1, 6.15, 32.01);
  if (Array.isArray(value)) {
    near.push([]);
    const most = schema.maxItems ?? 0;
    if (most > 0 && most <= 20 && value.length > 0) {
      near.push(Array.from({ length: most }, () => value[0] as unknown));
      near.push(Array.from({ length: most + 1 }, () => value[0] as unknown));
    }
  }
  return [...near, ...anything];
}

/** A deep copy with the value at a path replaced, or taken out where `to` is undefined. */
function withReplaced(value: unknown, path: readonly (string | number)[], to: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return to;
  if (Array.isArray(value)) return value.map((item, i) => (i === key ? withReplaced(item, rest, to) : item));
  const copy = { ...(value as Record<string, unknown>) };
  const inner = withReplaced(copy[key], rest, to);
  if (inner === undefined) delete copy[key];
  else copy[key] = inner;
  return copy;
}

/** A payload with every field that the schema has, one item in each list. */
export function fullValue(schema: JsonSchema, root: JsonSchema, carried: ReadonlySet<string>): unknown {
  const own = resolve(schema, root);
  if (own.enum !== undefined) return own.enum[0];
  if (own.type === 'object') {
    const fields = Object.entries(own.properties ?? {}).filter(([key]) => !carried.has(key));
    return Object.fromEntries(fields.map(([key, inner]) => [key, fullValue(inner, root, carried)]));
  }
  if (own.type === 'array') return [fullValue(own.items ?? {}, root, carried)];
  if (own.type === 'string') return own.format === 'date-time' ? '2026-05-01T06:00:00Z' : 'text';
  if (own.type === 'boolean') return true;
  return own.minimum ?? own.maximum ?? 1;
}

/** Every single change to a payload that this file knows; some leave it valid. */
export function* changesOf(value: unknown, root: JsonSchema): Generator {
  for (const { path, schema } of placesOf(value, root, root)) {
    const at = path.reduce<unknown>((inner, key) => (inner as Record<string | number, unknown>)[key], value);
    if (typeof at === 'object' && at !== null && !Array.isArray(at))
      yield withReplaced(value, path, { ...at, unheardOf: 1 });
    if (typeof path.at(-1) === 'string') yield withReplaced(value, path, undefined);
    for (const replacement of replacementsOf(schema, at)) yield withReplaced(value, path, replacement);
  }
}
