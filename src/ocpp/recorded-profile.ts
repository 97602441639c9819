/** Charging profiles as they were recorded, in logs and exports that write more loosely than the standard. @module */
import type { Fault } from '#domain/fault';
import type { Result } from '#domain/result';
import type { OcppVersion } from '#domain/site';
import type { ChargingProfile } from './profile.ts';
import { profileOfWire } from './wire-profile.ts';

/**
 * The profile in an object as a station was recorded to hold it: a field that is null counts as absent, an instant
 * without an offset as UTC, one without seconds as a full minute, `t` and `z` as `T` and `Z`. Everything else as
 * `profileOfWire`.
 */
export function profileOfRecord(
  version: OcppVersion,
  value: unknown,
  root = '',
): Result<ChargingProfile, Fault[]> {
  return profileOfWire(version, tidied(value, ''), root);
}

const instantFields: ReadonlySet<string> = new Set([
  'validFrom',
  'validTo',
  'dynUpdateTime',
  'startSchedule',
]);

/** How deep the parts of a profile stand in it that are read; what stands deeper is carried as it is. */
const partsDepth = 5;

/** A record without nulls in its objects, and with instants as the standard writes them. */
function tidied(value: unknown, field: string, depth = 0): unknown {
  if (typeof value === 'string') return instantFields.has(field) ? tidyInstant(value) : value;
  if (typeof value !== 'object' || value === null || depth > partsDepth || field === 'customData')
    return value;
  if (Array.isArray(value)) return value.map((one: unknown) => tidied(one, '', depth + 1));
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, one]) => one !== null)
      .map(([key, one]) => [key, tidied(one, key, depth + 1)]),
  );
}

function tidyInstant(text: string): string {
  const parts =
    /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2})(:\d{2})?(?:[.,]\d+)?(Z|z|[+-]\d{2}(?::?\d{2})?)?$/.exec(text);
  if (parts === null) return text;
  const [, day = '', minute = '', second = ':00', zone = 'Z'] = parts;
  return `${day}T${minute}${second}${zone.length === 3 ? `${zone}:00` : zone.toUpperCase()}`;
}
