/** From what was seen to the result of a night. @module */
import { evseKey } from '#domain/site';
import type { EpochS } from '#domain/units';
import type { BusRecord, ExpectationCheck, JournalSummary, NightEvse, NightResult } from './night-result.ts';
import { idsOfPattern } from './scenario-site.ts';
import type { Scenario } from './scenario.ts';
import { recordOf, textAt } from './wire-reading.ts';
import { meterIntervalS } from './world-meters.ts';
import type { World } from './world.ts';

/** What the engine said during the night. */
export interface Heard {
  readonly plans: BusRecord[];
  readonly verdicts: BusRecord[];
  readonly alarms: BusRecord[];
  readonly refused: BusRecord[];
  status: BusRecord | undefined;
  commandCount: number;
  busIn: number;
  busOut: number;
}

/** All that a result is made of. */
export interface NightSources {
  readonly scenario: Scenario;
  readonly transport: string;
  readonly world: World;
  readonly heard: Heard;
  readonly engineDown: readonly { readonly fromS: EpochS; readonly untilS: EpochS }[];
  readonly journal: JournalSummary;
  readonly wallMs: number;
}

function evsesOf(scenario: Scenario): readonly NightEvse[] {
  return scenario.site.stations.flatMap((station) =>
    station.evses.map((evse) => ({
      key: evseKey({ stationId: station.id, evseId: evse.id }),
      stationId: station.id,
      evseId: evse.id,
      circuit: station.circuit,
      version: station.version,
      vendor: station.vendor,
      model: station.model,
      current: station.current,
      maxW: evse.maxW,
      rotation: evse.rotation,
    })),
  );
}

/** Whether a record is of a kind, about a station where one is named. */
function isAbout(record: BusRecord, kind: string, stationId?: string): boolean {
  const payload = recordOf(record.payload);
  if (textAt(payload, 'kind') !== kind) return false;
  if (stationId === undefined) return true;
  const key = textAt(payload, 'key') ?? '';
  return key === stationId || key.startsWith(`${stationId}/`);
}

const listed = (ids: readonly string[]): string => (ids.length === 0 ? 'none' : [...ids].sort().join(', '));

/** Every expectation of the scenario against what came. */
function expectationsOf(sources: NightSources): readonly ExpectationCheck[] {
  const { scenario, world, heard } = sources;
  const { expect } = scenario;
  const violations = world.truth.violations().length;
  const short = world
    .visits()
    .filter((visit) => visit.outcome === 'short')
    .map((visit) => visit.visitId);
  const fencedWanted = expect.fenced.flatMap(idsOfPattern);
  const fenced = scenario.site.stations
    .map((station) => station.id)
    .filter((id) => heard.alarms.some((record) => isAbout(record, 'not-compliant', id)));
  const told = [...heard.alarms, ...heard.verdicts];
  return [
    {
      name: 'circuit limits crossed',
      expected: String(expect.violations),
      found: String(violations),
      met: violations <= expect.violations,
    },
    {
      name: 'visits that leave short',
      expected: listed(expect.shortVisits),
      found: listed(short),
      met: listed(short) === listed(expect.shortVisits),
    },
    {
      name: 'stations fenced',
      expected: listed(fencedWanted),
      found: listed(fenced),
      met: listed(fenced) === listed(fencedWanted),
    },
    ...expect.seen.map((kind) => {
      const count = told.filter((record) => isAbout(record, kind)).length;
      return { name: `${kind} is told`, expected: 'at least once', found: String(count), met: count > 0 };
    }),
  ];
}

/** The result of a night. */
export function nightResultOf(sources: NightSources): NightResult {
  const { scenario, world, heard } = sources;
  const { site, startS, endS } = scenario;
  const expectations = expectationsOf(sources);
  const load = (meanW: readonly number[]): NightResult['siteLoad'] => ({
    startS,
    intervalS: meterIntervalS,
    meanW: meanW.map((power) => Number(power.toFixed(3))),
  });
  return {
    scenario: {
      id: scenario.id,
      title: scenario.title,
      description: scenario.description,
      seed: scenario.seed,
      timeZone: site.timeZone,
      startS,
      endS,
      voltage: site.voltage,
    },
    transport: sources.transport,
    evses: evsesOf(scenario),
    circuits: site.circuits.map((circuit) => ({ ...circuit })),
    samples: world.truth.samples(),
    siteLoad: load(world.siteLoadW),
    buildingLoad: load(world.buildingLoadW),
    visits: world.visits(),
    peaks: world.truth.peaks(),
    violations: world.truth.violations(),
    comms: world.comms.spans(endS),
    engineDown: sources.engineDown.map(({ fromS, untilS }) => ({ fromS, untilS })),
    plans: heard.plans,
    verdicts: heard.verdicts,
    alarms: heard.alarms,
    refused: heard.refused,
    ...(heard.status === undefined ? {} : { status: heard.status }),
    commandCount: heard.commandCount,
    messages: { ...world.comms.messages(), busIn: heard.busIn, busOut: heard.busOut },
    journal: sources.journal,
    expectations,
    asExpected: expectations.every((check) => check.met),
    wallMs: Math.round(sources.wallMs),
  };
}
