/** `validate-profile`: which requirements a profile would break, JSON for JSON. @module */
import { z } from 'zod';
import type { Fault } from '#domain/fault';
import { ok, type Result } from '#domain/result';
import {
  countSchema,
  entriesMax,
  installedSchema,
  instantOf,
  instantSchema,
  readInstalled,
  transactionsOf,
  transactionsSchema,
  unitSchema,
  versionSchema,
} from './profile-document.ts';
import { readBySchema } from './schema-fault.ts';
import { validateProfile, type ProfileVerdict } from './validate-profile.ts';
import { profileOfWire } from './wire-profile.ts';

const optional = z.exactOptional;

/** Input of `validate-profile`. */
export const validateProfileInput = z.strictObject({
  ocppVersion: versionSchema,
  now: instantSchema,
  evseId: z.int(),
  numberOfEvses: z.int().min(1).max(entriesMax),
  profile: z.unknown(),
  via: optional(z.enum(['SetChargingProfile', 'RequestStartTransaction'])).describe(
    'The message that brings the profile; default SetChargingProfile. RequestStartTransaction is RemoteStartTransaction in 1.6.',
  ),
  installed: installedSchema,
  transactions: transactionsSchema,
  station: optional(
    z.strictObject({
      current: optional(z.enum(['AC', 'DC'])),
      rateUnits: optional(z.array(unitSchema)),
      maxPeriods: optional(countSchema),
      maxStackLevel: optional(countSchema),
      maxProfiles: optional(countSchema),
      supplyPhases: optional(z.int().min(1).max(3)),
      acPhaseSwitching: optional(z.boolean()),
      dcInputPhaseControl: optional(z.boolean()),
      iso15118: optional(z.boolean()),
      additionalPurposes: optional(z.array(z.string())),
      operationModes: optional(z.array(z.string())),
      supportsDynamicProfiles: optional(z.boolean()),
      supportsMaxOfflineDuration: optional(z.boolean()),
      supportsUseLocalTime: optional(z.boolean()),
      supportsRandomizedDelay: optional(z.boolean()),
      supportsLimitAtSoc: optional(z.boolean()),
      supportsEvseSleep: optional(z.boolean()),
      maxExternalConstraintsId: optional(z.int()),
    }),
  ),
});

const violation = z.strictObject({ requirement: z.string(), path: z.string(), message: z.string() });

/** Output of `validate-profile`. */
export const validateProfileOutput = z.strictObject({
  accepted: z.boolean(),
  violations: z.array(violation),
  advice: z.array(violation),
});

/** Every requirement that the profile would break; one that is not of the standard's form breaks the message schema. */
export function validateProfileDocument(document: unknown): Result<ProfileVerdict, readonly Fault[]> {
  const read = readBySchema(validateProfileInput, document);
  if (!read.ok) return read;
  const input = read.value;
  const entries = readInstalled(input.ocppVersion, input.installed);
  if (!entries.ok) return entries;
  const profile = profileOfWire(input.ocppVersion, input.profile, 'profile');
  if (!profile.ok) {
    const requirement = `${input.ocppVersion} SetChargingProfile schema`;
    const violations = profile.problem.map(({ path, value, fix }) => ({
      requirement,
      path,
      message: value === undefined ? fix : `${value}: ${fix}`,
    }));
    return ok({ accepted: false, violations, advice: [] });
  }
  return ok(
    validateProfile({
      version: input.ocppVersion,
      now: instantOf(input.now),
      evseId: input.evseId,
      numberOfEvses: input.numberOfEvses,
      profile: profile.value,
      installed: entries.value,
      transactions: transactionsOf(input.transactions),
      station: input.station ?? {},
      ...(input.via === undefined ? {} : { via: input.via }),
    }),
  );
}
