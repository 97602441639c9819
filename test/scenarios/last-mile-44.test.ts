import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { tariffDocument, tariffIds } from '#adapters/tariff-catalogue';
import { evseKey } from '#domain/site';
import { policyOf } from '#engine/policy';
import { floorsOfSite } from '#engine/start';
import { exposure } from '#operations/exposure';
import { plan } from '#operations/plan';
import { nightUnder } from '#whatif/policies';
import { rootPath } from '../cli/process.ts';
import { quietNight, scenarioFrom, writtenFrom } from '../whatif/night-fixture.ts';

const file = join(rootPath, 'scenarios', '010-last-mile-44', 'scenario.yaml');
const scenario = scenarioFrom(file);
const { site, visits } = scenario;
const building = quietNight(scenario).buildingLoad;
const context = { nowS: 0, nowMs: () => 0, tariffDocument, tariffIds };

/** Local hour of an instant of that night, 17.5 for 17:30, beyond 24 after midnight. */
function hourOf(at: number): number {
  return 15 + (at - scenario.startS) / 3600;
}

describe('the depot', () => {
  test('40 AC and 4 DC connectors of two vendors, both versions on each side', () => {
    const ac = site.stations.filter((station) => station.current === 'AC');
    const dc = site.stations.filter((station) => station.current === 'DC');
    expect(ac.flatMap((station) => station.evses)).toHaveLength(40);
    expect(dc.map((station) => [station.evses.length, station.moduleW])).toEqual([
      [2, 150_000],
      [2, 150_000],
    ]);
    expect(new Set(site.stations.map((station) => station.vendor)).size).toBe(2);
    for (const side of [ac, dc])
      expect(new Set(side.map((station) => station.version))).toEqual(new Set(['1.6', '2.0.1']));
    const powers = new Set(
      ac.flatMap((station) => station.evses.map((evse) => Math.round(evse.maxW / 100) / 10)),
    );
    expect(powers).toEqual(new Set([7.4, 11, 22.1]));
  });

  test('stations stand on rotated phases', () => {
    const rotations = new Set(
      site.stations.flatMap((station) => station.evses.map((evse) => evse.rotation.join(''))),
    );
    expect(rotations).toEqual(new Set(['0', '1', '2', '012', '120', '201']));
  });

  test('three levels of circuits, none of which can carry all that hangs below it', async () => {
    const levelOf = (id: string): number => {
      const parent = site.circuits.find((circuit) => circuit.id === id)?.parent;
      return parent === undefined ? 1 : 1 + levelOf(parent);
    };
    expect(Math.max(...site.circuits.map((circuit) => levelOf(circuit.id)))).toBe(3);
    const answer = await exposure.handle(siteOnly(), context);
    if (!answer.ok) throw new Error(JSON.stringify(answer.problem));
    const { circuits, fits } = answer.value as {
      fits: boolean;
      circuits: {
        circuit: string;
        phases: { limitA: number; hardwareA: number; floorsA: number; uncontrolledA: number }[];
      }[];
    };
    expect(fits).toBe(true);
    for (const circuit of circuits)
      for (const phase of circuit.phases) {
        expect(phase.hardwareA, circuit.circuit).toBeGreaterThan(phase.limitA);
        expect(phase.floorsA + phase.uncontrolledA, circuit.circuit).toBeLessThanOrEqual(phase.limitA);
      }
  });

  test('every AC station has a floor at which a vehicle charges', () => {
    const policy = policyOf(scenario.policy);
    const floors = policy.ok ? floorsOfSite(site, policy.value) : undefined;
    if (floors?.ok !== true) throw new Error('no floors');
    for (const station of site.stations)
      for (const evse of station.evses)
        if (station.current === 'AC')
          expect(floors.value[evseKey({ stationId: station.id, evseId: evse.id })]).toBeGreaterThanOrEqual(
            evse.minA,
          );
  });
});

/** The depot part of the scenario as a site document. */
function siteOnly(): Record<string, unknown> {
  const {
    id,
    title,
    timeZone,
    voltageV,
    circuits,
    stationModels,
    stations,
    building: load,
    policy,
  } = writtenFrom(file);
  const site = { id, title, timeZone, voltageV, circuits, stationModels, stations, building: load };
  return { format: 'voltherd-site-1', ...site, ...(policy === undefined ? {} : { policy }) };
}

describe('the night', () => {
  test('more than 60 visits, several gone before 05:00, one late, one moved', () => {
    expect(visits.length).toBeGreaterThan(60);
    expect(
      visits.filter((visit) => hourOf(visit.departsAt) > 24 && hourOf(visit.departsAt) < 29).length,
    ).toBeGreaterThan(10);
    expect(
      visits.filter((visit) => visit.arrivesAt - visit.announced.arrivesAt > 3600).map((v) => v.announced.id),
    ).toEqual(['v54']);
    expect(visits.filter((visit) => visit.changes.length > 0).map((visit) => visit.announced.id)).toEqual([
      'v33',
    ]);
  });

  test('exactly one visit asks for more than full power gives', () => {
    const short = visits.filter((visit) => {
      const { announced } = visit;
      const evse = site.stations.find((station) => station.id === announced.evse.stationId)?.evses[
        announced.evse.evseId - 1
      ];
      const maxW = Math.min(announced.maxW, evse?.maxW ?? 0);
      return (maxW * (visit.departsAt - visit.arrivesAt)) / 3600 < announced.energyWh;
    });
    expect(short.map((visit) => visit.announced.id)).toEqual(['v46']);
    expect(scenario.expect.shortVisits).toEqual(['v46']);
  });

  test('the script: eight cuts of two hours in both versions, a reboot, a deaf station, a dead engine', () => {
    const cuts = scenario.faults.filter((fault) => fault.kind === 'cut');
    expect(cuts.map((cut) => cut.untilS - cut.fromS)).toEqual(Array.from({ length: 8 }, () => 7200));
    const versionOf = (id: string): string | undefined =>
      site.stations.find((station) => station.id === id)?.version;
    expect(cuts.filter((cut) => versionOf(cut.stationId) === '1.6')).toHaveLength(4);
    expect(cuts.filter((cut) => versionOf(cut.stationId) === '2.0.1')).toHaveLength(4);
    const others = scenario.faults.filter((fault) => fault.kind !== 'cut').map((fault) => fault.kind);
    expect(others.sort()).toEqual(['engine-crash', 'persona', 'reboot']);
    const crash = scenario.faults.find((fault) => fault.kind === 'engine-crash');
    expect(crash?.kind === 'engine-crash' && crash.untilS - crash.fromS).toBe(1200);
  });
});

test('without management every circuit would be overloaded; in order of arrival vehicles would miss their energy', () => {
  const unmanaged = nightUnder('unmanaged', scenario, building);
  const overloaded = new Set(unmanaged.overloads.map((overload) => overload.circuit));
  expect(overloaded).toEqual(new Set(site.circuits.map((circuit) => circuit.id)));
  expect(unmanaged.peakW).toBeGreaterThan(2 * (site.circuits[0]?.limitW ?? Infinity));
  expect(unmanaged.short.map((visit) => visit.visitId)).toEqual(['v46']);
  const firstCome = nightUnder('first-come', scenario, building);
  expect(firstCome.overloads).toEqual([]);
  expect(firstCome.short.length).toBeGreaterThan(1);
});

test('a plan meets all but the impossible visit and leaves the peaks of the month where they are', async () => {
  const answer = await plan.handle(writtenFrom(file), context);
  if (!answer.ok) throw new Error(JSON.stringify(answer.problem));
  const { shortfalls, proof, peaks, siteKw } = answer.value as {
    shortfalls: { visit: string }[];
    proof: { valid: boolean; gap: number };
    peaks: { line: string; floorKw: number; peakKw: number }[];
    siteKw: number[];
  };
  expect(proof.valid).toBe(true);
  // Minimum currents and whole amperes cost next to nothing above what no plan can undercut.
  expect(proof.gap).toBeLessThan(1e-4);
  expect(shortfalls.map((one) => one.visit)).toEqual(['v46']);
  expect(peaks.map((peak) => [peak.line, peak.floorKw])).toEqual([
    ['facilities', 280],
    ['time-related', 185],
  ]);
  for (const peak of peaks) expect(peak.peakKw).toBeLessThan(peak.floorKw * 1.02);
  expect(Math.max(...siteKw)).toBeLessThan(280 * 1.02);
});
