/** The forms of the live operations `run`, `serve` and `station`: settings in, a result or lines out. @module */
import { z } from 'zod';
import { personaNames, scenarioSchema } from '#sim/scenario-document';
import type { OperationForm } from './operation.ts';
import { siteSchema } from './site-document.ts';

/** `run`: a scenario in, what came of it out. */
export const runForm: OperationForm = {
  input: scenarioSchema,
  output: z.looseObject({
    version: z.string(),
    asExpected: z.boolean(),
    /** Path of the page that was written. */
    report: z.string(),
    comparison: z.looseObject({}),
    night: z.looseObject({}),
  }),
};

const path = z.string().min(1);

const serveFields = {
  /** Where absent in a document, an option names it. A path names a file with either document. */
  site: z.union([path, siteSchema, scenarioSchema]),
  /** Port of the OCPP endpoint; 0: any free one. */
  ocppListen: z.int().min(0).max(65_535),
  host: z.string().min(1).default('127.0.0.1'),
  /** Passwords may travel in the clear beyond this machine. */
  insecure: z.boolean().default(false),
  /** Absent: the bus is in this process only. */
  nats: z.string().min(1).exactOptional(),
  journal: path.exactOptional(),
  /** Paths of PEM files; `ca` makes client certificates mandatory (security profile 3). */
  tls: z.strictObject({ cert: path, key: path, ca: path.exactOptional() }).exactOptional(),
};

/** The settings of `serve` before its site is read, which has faults of its own. */
export const serveSettings = z.strictObject({
  ...serveFields,
  site: z.union([path, z.looseObject({})], 'give a site document or the path of one'),
});

/** Settings of `serve`. */
export type ServeSettings = z.infer<typeof serveSettings>;

/** `serve`: settings in, a line for each thing that happens out. */
export const serveForm: OperationForm = {
  input: z.strictObject(serveFields),
  output: z.looseObject({
    at: z.iso.datetime(),
    event: z.enum([
      'ready',
      'plan',
      'alarm',
      'verdict',
      'status',
      'capability',
      'refused',
      'billing',
      'stopped',
    ]),
  }),
};

/** Settings of `station`. */
export const stationSettings = z.strictObject({
  id: z.string().regex(/^[A-Za-z0-9_.*+=:|@-]{1,48}$/, 'give 1 to 48 letters, digits or - _ . * + = : | @'),
  /** The identity is added as last part of the path. */
  url: z.string().regex(/^wss?:\/\/[^\s/]+\S*$/, 'give ws://host:port/path or wss://host:port/path'),
  ocpp: z.enum(['1.6', '2.0.1', '2.1']).default('1.6'),
  /** Of OCPP security profile 1 or 2. */
  password: z.string().min(1).exactOptional(),
  current: z.enum(['AC', 'DC']).default('AC'),
  /** Of an AC station. */
  phases: z.union([z.literal(1), z.literal(3)]).default(3),
  /** Most current per phase of an AC station. */
  maxA: z.int().min(6).max(500).exactOptional(),
  /** Most power of an EVSE of a DC station. */
  maxKw: z.int().min(1).max(2000).exactOptional(),
  evses: z.int().min(1).max(16).default(1),
  /** Ways in which it is wrong. */
  personas: z.array(z.enum(personaNames)).default([]),
  /** Between meter samples. */
  sampleS: z.int().min(1).max(3600).default(15),
  /** What the vehicle at EVSE 1 takes. */
  energyKwh: z.int().min(1).max(2000).default(20),
  /** From the first connection until the vehicle is plugged in. */
  plugAfterS: z.int().min(0).max(86_400).default(2),
  /** From then until it leaves; absent: it stays. */
  leaveAfterS: z.int().min(1).max(604_800).exactOptional(),
  /** False: nobody comes. */
  vehicle: z.boolean().default(true),
  /** Of its habits. */
  seed: z.int().min(0).max(999_999_999).default(1),
});

/** Settings of `station`, complete. */
export type StationSettings = z.infer<typeof stationSettings>;

/** `station`: settings in, a line for each thing that happens out. */
export const stationForm: OperationForm = {
  input: stationSettings,
  output: z.looseObject({
    at: z.iso.datetime(),
    event: z.enum(['connected', 'disconnected', 'booted', 'transaction', 'limit', 'metered', 'stopped']),
  }),
};
