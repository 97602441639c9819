/** The parts that documents about charging profiles share: stations, profiles, transactions, instants. @module */
import { z } from 'zod';
import type { Fault } from '#domain/fault';
import { instantOfIso } from '#domain/instant';
import { invariant } from '#domain/invariant';
import { fail, ok, type Result } from '#domain/result';
import type { OcppVersion } from '#domain/site';
import type { EpochS } from '#domain/units';
import type { InstalledProfile, Transaction } from './profile.ts';
import { profileOfRecord } from './recorded-profile.ts';

const optional = z.exactOptional;

/** Most entries of any list in a document. */
export const entriesMax = 500;

/** Longest time that is asked about: the largest number that OCPP's 32 bits hold, in seconds. */
export const longestS = 2 ** 31 - 1;

/** An instant with its offset. */
export const instantSchema = z
  .string()
  .refine((text) => instantOfIso(text) !== undefined, { message: 'an instant such as 2026-05-01T06:00:00Z' });

export const countSchema = z.int().min(0);
export const positiveSchema = z.number().positive();
export const versionSchema = z.enum(['1.6', '2.0.1', '2.1']);
export const unitSchema = z.enum(['A', 'W']);

/** Installed profiles. */
export const installedSchema = z
  .array(z.strictObject({ evseId: countSchema, profile: z.unknown() }))
  .max(entriesMax)
  .describe(
    'In order of installation; `profile` is the object of the standard, `evseId` the connectorId in 1.6. Fields that are null count as absent.',
  );

export const transactionIdSchema = z.union([z.string(), z.int()]);

/** Running transactions. */
export const transactionsSchema = z
  .array(
    z.strictObject({
      evseId: countSchema,
      id: transactionIdSchema,
      start: instantSchema,
      chargingStart: optional(instantSchema).describe('When energy could first flow; for reading A12.'),
    }),
  )
  .max(entriesMax);

/** A checked text as an instant. */
export function instantOf(text: string): EpochS {
  const instantS = instantOfIso(text);
  invariant(instantS !== undefined, 'the schema checks instants', { text });
  return instantS;
}

/** The profiles of a list, or every fault in them. */
export function readInstalled(
  ocppVersion: OcppVersion,
  entries: z.infer<typeof installedSchema>,
): Result<readonly InstalledProfile[], readonly Fault[]> {
  const faults: Fault[] = [];
  const value: InstalledProfile[] = [];
  for (const [i, entry] of entries.entries()) {
    const profile = profileOfRecord(ocppVersion, entry.profile, `installed[${i}].profile`);
    if (profile.ok) value.push({ evseId: entry.evseId, profile: profile.value });
    else faults.push(...profile.problem);
  }
  return faults.length === 0 ? ok(value) : fail(faults);
}

/** The transactions of a list. */
export function transactionsOf(list: z.infer<typeof transactionsSchema>): readonly Transaction[] {
  return list.map(({ evseId, id, start, chargingStart }) => ({
    evseId,
    id: String(id),
    startedAt: instantOf(start),
    ...(chargingStart === undefined ? {} : { chargingStartedAt: instantOf(chargingStart) }),
  }));
}
