/** A scenario made ready: the depot as the engine knows it, and the night as it will really happen. @module */
import { faultValueOf, type Fault } from '#domain/fault';
import { fail, ok, type Result } from '#domain/result';
import type { Circuit, Site } from '#domain/site';
import type { EpochS } from '#domain/units';
import { isZone } from '#tariffs/calendar';
import { buildCast, type FaultSpan, type SimVisit } from './scenario-cast.ts';
import { buildSite, type Behaviour } from './scenario-site.ts';
import { scenarioSchema, type ScenarioDocument } from './scenario-document.ts';
import { momentReader } from './moment.ts';
import { faultsOfIssues } from './schema-faults.ts';

/** The true uncontrolled load of one circuit and its meter. */
export interface SimBuilding {
  readonly circuit: string;
  readonly noise: number;
  readonly meterIntervalS: number;
}

/** A night ready to run. */
export interface Scenario {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly seed: number;
  readonly startS: EpochS;
  readonly endS: EpochS;
  readonly site: Site;
  /** By station id. */
  readonly behaviours: Readonly<Record<string, Behaviour>>;
  readonly buildings: readonly SimBuilding[];
  readonly visits: readonly SimVisit[];
  readonly tariff: Readonly<Record<string, unknown>>;
  readonly billingState?: Readonly<Record<string, unknown>>;
  readonly policy: Readonly<Record<string, unknown>>;
  readonly faults: readonly FaultSpan[];
  readonly expect: ScenarioDocument['expect'];
}

/** The circuit of a site by its id. */
export function circuitOf(site: Site, id: string): Circuit | undefined {
  return site.circuits.find((circuit) => circuit.id === id);
}

/** A scenario from its written form (already parsed YAML or JSON), or everything that is wrong with it. */
export function scenarioOf(written: unknown): Result<Scenario, readonly Fault[]> {
  const parsed = scenarioSchema.safeParse(written);
  if (!parsed.success) return fail(faultsOfIssues(parsed.error.issues, written));
  const document = parsed.data;
  const reader = momentReader(document.start);
  if (reader === undefined) {
    return fail([
      {
        path: 'start',
        value: faultValueOf(document.start) ?? '',
        rule: 'iso-instant',
        fix: 'Write the start as an ISO 8601 instant with its offset, e.g. 2026-07-14T16:00:00-07:00.',
      },
    ]);
  }
  const faults: Fault[] = [];
  if (!isZone(document.timeZone)) {
    faults.push({
      path: 'timeZone',
      value: faultValueOf(document.timeZone) ?? '',
      rule: 'iana-zone',
      fix: 'Name an IANA zone such as America/Los_Angeles.',
    });
    return fail(faults);
  }
  if (reader.startS % 900 !== 0) {
    faults.push({
      path: 'start',
      value: faultValueOf(document.start) ?? '',
      rule: 'aligned-start',
      fix: 'Start on a quarter of an hour, as meters and plans do.',
    });
  }
  const endS = (reader.startS + Math.round(document.durationH * 3600)) as EpochS;
  const { site, behaviours } = buildSite(document, faults);
  const cast = buildCast({ document, site, reader, endS }, faults);
  if (faults.length > 0) return fail(faults);
  return ok({
    id: document.id,
    title: document.title,
    description: document.description,
    seed: document.seed,
    startS: reader.startS,
    endS,
    site,
    behaviours,
    buildings: document.building.map((load) => ({
      circuit: load.circuit,
      noise: load.noisePercent / 100,
      meterIntervalS: load.meterIntervalS,
    })),
    visits: cast.visits,
    tariff: document.tariff,
    ...(document.billingState === undefined ? {} : { billingState: document.billingState }),
    policy: document.policy,
    faults: cast.faults,
    expect: document.expect,
  });
}
