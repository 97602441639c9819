/** A night made up for tests of tables and reports: plausible numbers by simple rules, no engine. */
import { readFileSync } from 'node:fs';
import { readDocument } from '#adapters/yaml-document';
import { evseKey } from '#domain/site';
import type { NightResult, VisitOutcome } from '#sim/night-result';
import { scenarioOf, type Scenario } from '#sim/scenario';
import type { Bill } from '#tariffs/bill-form';
import type { CostModel } from '#tariffs/cost-model';
import type { MeteredLoad } from '#whatif/policies';
import { seconds } from '#domain/units';

/** The document of a file. */
export function writtenFrom(path: string): Record<string, unknown> {
  const document = readDocument(readFileSync(path, 'utf8'), path);
  if (!document.ok) throw new Error(JSON.stringify(document.problem));
  return document.value.value as Record<string, unknown>;
}

/** The scenario of a file. */
export function scenarioFrom(path: string): Scenario {
  const read = scenarioOf(writtenFrom(path));
  if (!read.ok) throw new Error(JSON.stringify(read.problem));
  return read.value;
}

/** A night in which every vehicle charges evenly over its stay. */
export function quietNight(scenario: Scenario): NightResult {
  const stepS = 60;
  const count = (scenario.endS - scenario.startS) / stepS;
  const { site } = scenario;
  const evses = site.stations.flatMap((station) =>
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
  const evseW: Record<string, number[]> = Object.fromEntries(
    evses.map((evse) => [evse.key, Array.from({ length: count }, () => 0)]),
  );
  const visits = scenario.visits.map((visit): VisitOutcome => {
    const key = evseKey(visit.announced.evse);
    const stayS = visit.departsAt - visit.arrivesAt;
    const reachableWh = (visit.announced.maxW * stayS) / 3600;
    const deliveredWh = Math.min(visit.energyWh, reachableWh);
    // Plug-in to departure in three parts: nothing, the most in the middle, a little at the end.
    const meanW = (deliveredWh * 3600) / stayS;
    for (let i = 0; i < count; i++) {
      const at = scenario.startS + i * stepS;
      const part = (at - visit.arrivesAt) / stayS;
      const row = evseW[key];
      if (part < 0 || part >= 1 || row === undefined) continue;
      row[i] = Math.min(visit.announced.maxW, meanW * (part < 0.3 ? 0.2 : part < 0.7 ? 1.9 : 0.6));
    }
    return {
      visitId: visit.announced.id,
      vehicleId: visit.announced.vehicleId,
      evse: key,
      announcedArrivalS: visit.announced.arrivesAt,
      announcedDepartureS: visit.announced.departsAt,
      arrivedS: visit.arrivesAt,
      departedS: visit.departsAt,
      neededWh: visit.announced.energyWh,
      deliveredWh,
      reachableWh,
      missingWh: Math.max(0, visit.announced.energyWh - deliveredWh),
      outcome: deliveredWh < visit.announced.energyWh - 1 ? 'short' : 'met',
      priority: 1,
      maxW: visit.announced.maxW,
      phases: visit.announced.phases,
    };
  });
  const buildingW = Array.from({ length: count }, (_, i) =>
    i % 1440 < 420 ? 52_000 : i < 540 ? 26_000 : 48_000,
  );
  const chargersW = Array.from({ length: count }, (_, i) =>
    evses.reduce((sum, evse) => sum + (evseW[evse.key]?.[i] ?? 0), 0),
  );
  const total = chargersW.map((powerW, i) => powerW + (buildingW[i] ?? 0));
  const flat = (value: number): number[] => Array.from({ length: count }, () => value);
  const metered = (values: readonly number[]): MeteredLoad => ({
    startS: scenario.startS,
    intervalS: 900,
    meanW: Array.from({ length: count / 15 }, (_, t) =>
      values.slice(t * 15, t * 15 + 15).reduce((a, b) => a + b / 15, 0),
    ),
  });
  const amps = total.map((powerW) => powerW / 690);
  const phaseAmps: readonly [number[], number[], number[]] = [amps, amps, amps];
  const startS = scenario.startS;
  return {
    scenario: {
      id: scenario.id,
      title: scenario.title,
      description: scenario.description,
      seed: scenario.seed,
      timeZone: site.timeZone,
      startS,
      endS: scenario.endS,
      voltage: site.voltage,
    },
    transport: 'made up',
    evses,
    circuits: site.circuits.map(({ id, parent, limitA, limitW }) => ({
      id,
      ...(parent === undefined ? {} : { parent }),
      limitA,
      ...(limitW === undefined ? {} : { limitW }),
    })),
    samples: {
      startS,
      stepS,
      count,
      evseW,
      offeredW: evseW,
      buildingW,
      chargersW,
      circuits: Object.fromEntries(
        site.circuits.map((circuit) => [
          circuit.id,
          {
            powerW: total,
            peakW: total,
            peakA: phaseAmps,
            limitA: flat(circuit.limitA),
            ...(circuit.limitW === undefined ? {} : { limitW: flat(circuit.limitW) }),
          },
        ]),
      ),
    },
    siteLoad: metered(total),
    buildingLoad: metered(buildingW),
    visits,
    peaks: site.circuits.map((circuit, i) => ({
      circuit: circuit.id,
      limitA: circuit.limitA,
      ...(circuit.limitW === undefined ? {} : { limitW: circuit.limitW }),
      peakA: circuit.limitA * (0.6 + 0.04 * i),
      peakPhase: 1 as const,
      peakW: circuit.limitA * 690 * 0.6,
      atS: startS + 8 * 3600,
      marginA: circuit.limitA * (0.4 - 0.04 * i),
    })),
    violations: [],
    comms: scenario.faults.flatMap((fault) =>
      fault.kind === 'cut'
        ? [{ stationId: fault.stationId, fromS: fault.fromS, untilS: fault.untilS, cause: 'cut' as const }]
        : [],
    ),
    engineDown: scenario.faults.flatMap((fault) =>
      fault.kind === 'engine-crash' ? [{ fromS: fault.fromS, untilS: fault.untilS }] : [],
    ),
    plans: Array.from({ length: 5 }, (_, i) => ({
      atS: startS + i * 900,
      tail: 'out.plan',
      payload: {
        revision: i + 1,
        triggers: ['interval'],
        shortfalls: i === 4 ? [{ visitId: 'v46', missingWh: 8500, departsAt: 0 }] : [],
        proof: {
          status: 'optimal',
          solver: 'structured',
          objective: 5300.5,
          bound: 5300.5,
          gap: 1e-9,
          valid: true,
          repairCost: 0,
        },
      },
    })),
    verdicts: [
      {
        atS: startS + 20_040,
        tail: 'out.verdict',
        payload: {
          id: 'v1',
          kind: 'over-limit',
          key: 'N1-07/1',
          at: startS + 20_040,
          evidence: {
            readings: [
              { sampledAt: startS + 19_980, powerW: 7360, boundW: 1380, toleranceW: 140 },
              { sampledAt: startS + 20_040, powerW: 7360, boundW: 1380, toleranceW: 140 },
            ],
          },
        },
      },
      {
        atS: startS + 34_320,
        tail: 'out.verdict',
        payload: {
          id: 'v2',
          kind: 'comms-loss',
          key: 'N1-03',
          at: startS + 34_320,
          evidence: { downSince: startS + 34_200 },
        },
      },
    ],
    alarms: [
      {
        atS: startS + 60,
        tail: 'out.alarm',
        payload: { kind: 'shortfall', key: 'v46', at: 0, active: true, facts: { missingWh: 8500 } },
      },
    ],
    refused: [],
    commandCount: 1000,
    messages: { toStations: 1000, fromStations: 5000, byAction: {}, busIn: 70, busOut: 90, errors: {} },
    journal: { records: 6000, bytes: 1_000_000, sha256: 'ab'.repeat(32) },
    expectations: [{ name: 'violations', expected: '0', found: '0', met: true }],
    asExpected: true,
    wallMs: 42_000,
  };
}

/** A bill by one energy price and one demand price, enough to show lines. */
export function simpleBill(load: MeteredLoad): Bill {
  const kwh = load.meanW.reduce((sum, powerW) => sum + (powerW * load.intervalS) / 3.6e6, 0);
  const peakKw = Math.max(280, load.meanW.reduce((a, b) => Math.max(a, b), 0) / 1000);
  const lines = [
    {
      id: 'energy',
      kind: 'energy',
      window: 'summer-off-peak',
      quantity: kwh,
      unit: 'kWh',
      unitPrice: 0.08988,
      amount: kwh * 0.08988,
      evidence: {},
    },
    {
      id: 'facilities',
      kind: 'demand',
      window: 'any-time',
      quantity: peakKw,
      unit: 'kW',
      unitPrice: 19.07,
      amount: peakKw * 19.07,
      evidence: {},
    },
  ];
  const total = lines.reduce((sum, line) => sum + line.amount, 0);
  return {
    currency: 'USD',
    periods: [
      {
        start: '2026-07-01T07:00:00Z',
        end: '2026-08-01T07:00:00Z',
        complete: false,
        days: 1,
        hours: 17,
        intervals: load.meanW.length,
        missing: 0,
        kwh,
        peakKw,
        lines,
        subtotals: { energy: 0, demand: 0, fixed: 0, taxes: 0 },
        total,
        marginal: { costOfOneMoreKw: 0 },
      },
    ],
    total,
    state: { lines: {}, past: [] },
    losses: [],
  };
}

/** Two price bands and two sunk peaks. */
export function simpleTariff(load: MeteredLoad, startS: NightResult['scenario']['startS']): CostModel {
  const count = load.meanW.length;
  const onPeak = (t: number): boolean => t >= 4 && t < 24;
  const term = { pricePerKw: 19.07, blockIntervals: 1, blockOffset: 0, blockPastKw: 0 };
  return {
    grid: { startS: startS as CostModel['grid']['startS'], intervalS: seconds(900), count },
    currency: 'USD',
    pricePerKwh: Float64Array.from({ length: count }, (_, t) => (onPeak(t) ? 0.12846 : 0.08988)),
    demand: [
      {
        ...term,
        id: 'facilities@2026-07',
        line: 'facilities',
        window: 'any-time',
        counts: new Uint8Array(count).fill(1),
        floorKw: 280,
      },
      {
        ...term,
        id: 'time-related@2026-07',
        line: 'time-related',
        window: 'summer-on-peak',
        counts: Uint8Array.from({ length: count }, (_, t) => (onPeak(t) ? 1 : 0)),
        floorKw: 185,
      },
    ],
    constant: 0,
    approximations: [],
  };
}
