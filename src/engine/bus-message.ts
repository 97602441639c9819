/** Bus messages to depot events: form and names are checked here, meaning in `step`. @module */
import { z } from 'zod';
import type { DepotEvent } from '#domain/event';
import { isSubjectToken } from '#domain/event';
import type { Fault } from '#domain/fault';
import { faultValueOf } from '#domain/fault';
import { instantOfIso } from '#domain/instant';
import { fail, ok, type Result } from '#domain/result';
import type { Site } from '#domain/site';
import { amperes, epochS, wattHours, watts } from '#domain/units';
import { busMessageBytesMax, faultsMax } from './limits.ts';
import { textOfUtf8 } from './utf8.ts';

const id = z.string().refine(isSubjectToken, 'letters, digits, _ and -, at most 48');
/** Seconds since 1970, or ISO 8601 text with its offset. */
const instant = z.union([
  z.int().min(0).max(253_402_300_799).transform(epochS),
  z.string().transform((text, context) => {
    const at = instantOfIso(text);
    if (at !== undefined) return at;
    context.addIssue({ code: 'custom', message: 'ISO 8601 with offset, or whole seconds since 1970' });
    return z.NEVER;
  }),
]);
const power = z.number().min(-1e9).max(1e9).transform(watts);
const positivePower = z.number().positive().max(1e9).transform(watts);
const current = z.number().min(-1e6).max(1e6);
const limitPower = z.number().min(0).max(1e9).transform(watts);

const visit = z
  .strictObject({
    id,
    vehicleId: z.string().min(1).max(64),
    evse: z.strictObject({ stationId: id, evseId: z.int().min(1).max(1000) }),
    arrivesAt: instant,
    departsAt: instant,
    energyWh: z.number().min(0).max(1e8).transform(wattHours),
    maxW: positivePower,
    phases: z.union([z.literal(1), z.literal(3)]),
    priority: z.number().min(0.001).max(1000),
  })
  .refine((v) => v.departsAt > v.arrivesAt, {
    path: ['departsAt'],
    message: 'departs after it arrives',
  });

const forms = {
  visit: z.strictObject({ kind: z.literal('visit'), visit }),
  'visit-cancelled': z.strictObject({ kind: z.literal('visit-cancelled'), visitId: id }),
  'departure-changed': z.strictObject({
    kind: z.literal('departure-changed'),
    visitId: id,
    departsAt: instant,
  }),
  tariff: z.strictObject({
    kind: z.literal('tariff'),
    tariff: z.record(z.string(), z.unknown()),
    billingState: z.unknown().optional(),
  }),
  limit: z
    .strictObject({
      kind: z.literal('limit'),
      circuit: id,
      id: id.optional(),
      limitA: z.number().min(0).max(1e6).transform(amperes).optional(),
      limitW: limitPower.optional(),
      fromS: instant.optional(),
      untilS: instant.optional(),
    })
    .refine((l) => l.limitA !== undefined || l.limitW !== undefined, {
      path: ['limitA'],
      message: 'limitA or limitW is given',
    })
    .refine((l) => l.untilS === undefined || l.fromS === undefined || l.untilS > l.fromS, {
      path: ['untilS'],
      message: 'ends after it begins',
    }),
  'uncontrolled-load': z.strictObject({
    kind: z.literal('uncontrolled-load'),
    circuit: id,
    powerW: power,
    phaseA: z.tuple([current, current, current]).optional(),
    sampledAt: instant,
  }),
  'site-meter': z.strictObject({ kind: z.literal('site-meter'), powerW: power, sampledAt: instant }),
} as const;

/** `a[3].b` of a zod path. */
function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, part) =>
      typeof part === 'number' ? `${text}[${part}]` : text === '' ? String(part) : `${text}.${String(part)}`,
    '',
  );
}

/** What stands at a path of a document. */
function valueAtPath(document: unknown, path: readonly PropertyKey[]): unknown {
  let value = document;
  for (const part of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<PropertyKey, unknown>)[part];
  }
  return value;
}

/** One fault. */
function fault(path: string, value: unknown, rule: string, fix: string): Fault {
  const text = faultValueOf(value);
  return { path, ...(text === undefined ? {} : { value: text }), rule, fix };
}

/** The issues of zod as faults with paths. */
function faultsOf(error: z.ZodError, document: unknown): Fault[] {
  return error.issues
    .slice(0, faultsMax)
    .map((issue) =>
      issue.code === 'unrecognized_keys'
        ? fault(
            pathText([...issue.path, issue.keys[0] ?? '']),
            valueAtPath(document, [...issue.path, issue.keys[0] ?? '']),
            'unknown-field',
            'Leave it out or correct its name.',
          )
        : fault(pathText(issue.path), valueAtPath(document, issue.path), issue.code, `${issue.message}.`),
    );
}

/** Names that the site does not have. */
function unknownNames(site: Site, event: DepotEvent): Fault[] {
  if (event.kind === 'visit') {
    const { stationId, evseId } = event.visit.evse;
    const station = site.stations.find((s) => s.id === stationId);
    if (station === undefined)
      return [fault('visit.evse.stationId', stationId, 'unknown-station', 'Name a station of this site.')];
    if (!station.evses.some((e) => e.id === evseId))
      return [fault('visit.evse.evseId', evseId, 'unknown-evse', `Name an EVSE of ${stationId}.`)];
  }
  if (
    (event.kind === 'limit' || event.kind === 'uncontrolled-load') &&
    !site.circuits.some((c) => c.id === event.circuit)
  )
    return [fault('circuit', event.circuit, 'unknown-circuit', 'Name a circuit of this site.')];
  return [];
}

/** The event of a message, or every fault of it with its path. `tail` is the subject below `voltherd.<site>.in.`. */
export function depotEventOf(
  site: Site,
  tail: string,
  data: Uint8Array,
): Result<DepotEvent, readonly Fault[]> {
  if (data.length > busMessageBytesMax)
    return fail([fault('', data.length, 'message-too-large', `Send at most ${busMessageBytesMax} bytes.`)]);
  if (!Object.hasOwn(forms, tail))
    return fail([fault('', tail, 'unknown-kind', `Use one of ${Object.keys(forms).join(', ')}.`)]);
  const text = textOfUtf8(data);
  if (text === undefined) return fail([fault('', undefined, 'not-utf8', 'Send JSON as UTF-8.')]);
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return fail([fault('', text, 'not-json', 'Send one JSON object.')]);
  }
  const parsed = forms[tail as keyof typeof forms].safeParse(document);
  if (!parsed.success) return fail(faultsOf(parsed.error, document));
  const event = JSON.parse(JSON.stringify(parsed.data)) as DepotEvent;
  const faults = unknownNames(site, event);
  return faults.length > 0 ? fail(faults) : ok(event);
}
