/**
 * The physical truth of a night: what really flows in every circuit and phase, summed here and nowhere else. It knows
 * draws, rotations and limits; no profile, plan or ledger.
 * @module
 */
import { evseKey, phases, type Circuit, type PerPhase, type Phase, type Site } from '#domain/site';
import type { EpochS } from '#domain/units';
import { evenShares } from './building.ts';
import type { CircuitPeak, CircuitSamples, NightSamples, Violation } from './night-result.ts';

/** Rounding that is not an overload. */
const toleranceA = 1e-3;
const toleranceW = 0.5;

/** What one EVSE draws: W in total, A on each of its first `pins` pins. */
export interface Draw {
  readonly powerW: number;
  readonly amps: number;
  readonly pins: number;
  /** For the record only. */
  readonly offeredW: number;
}

interface CircuitTruth {
  readonly circuit: Circuit;
  /** Index of this circuit and of all above it. */
  readonly path: readonly number[];
  limitA: number;
  limitW: number;
  buildingW: number;
  /** Part of it on each phase. */
  buildingShares: PerPhase;
  readonly nowA: [number, number, number];
  nowW: number;
  peak: CircuitPeak;
  readonly meanW: Float64Array;
  readonly peakW: Float64Array;
  readonly peakA: readonly [Float64Array, Float64Array, Float64Array];
  readonly lowA: Float64Array;
  readonly lowW: Float64Array;
  /** Unbroken overloads, by phase, then in W. */
  readonly open: (Violation | undefined)[];
}

interface EvseTruth {
  readonly key: string;
  readonly circuit: number;
  readonly rotation: readonly Phase[];
  draw: Draw;
  readonly meanW: Float64Array;
  readonly offeredW: Float64Array;
}

/** The truth of a site over one span. */
export interface Truth {
  setDraw(key: string, draw: Draw): void;
  /** `shares`: what part of the power is on each phase, 1 in sum. */
  setBuilding(circuit: string, powerW: number, shares?: PerPhase): void;
  setLimit(circuit: string, limitA: number, limitW: number | undefined): void;
  /** Everything set so far has been so since the last call, until `at`. */
  advance(at: EpochS): void;
  /** Power of the whole site now, and of its uncontrolled loads. */
  siteW(): number;
  buildingW(): number;
  /** The uncontrolled load that is fed at one circuit now: W in all, A on each phase. */
  buildingAt(circuit: string): { readonly powerW: number; readonly amps: PerPhase };
  /** Another number whenever a draw or a building has been set. */
  revision(): number;
  /** Energy through the grid connection so far, Wh, and the part of the uncontrolled loads. */
  siteWh(): number;
  buildingWh(): number;
  violations(): readonly Violation[];
  peaks(): readonly CircuitPeak[];
  samples(): NightSamples;
}

const noDraw: Draw = { powerW: 0, amps: 0, pins: 0, offeredW: 0 };

function circuitTruths(site: Site, count: number, startS: EpochS): readonly CircuitTruth[] {
  const index = new Map(site.circuits.map((circuit, i) => [circuit.id, i]));
  return site.circuits.map((circuit, i) => {
    const path = [i];
    for (let parent = circuit.parent; parent !== undefined;) {
      const at = index.get(parent) ?? 0;
      path.push(at);
      parent = site.circuits[at]?.parent;
    }
    const fresh = (value: number): Float64Array => new Float64Array(count).fill(value);
    return {
      circuit,
      path,
      limitA: circuit.limitA,
      limitW: circuit.limitW ?? Infinity,
      buildingW: 0,
      buildingShares: evenShares,
      nowA: [0, 0, 0],
      nowW: 0,
      peak: {
        circuit: circuit.id,
        limitA: circuit.limitA,
        ...(circuit.limitW === undefined ? {} : { limitW: circuit.limitW }),
        peakA: 0,
        peakPhase: 0,
        peakW: 0,
        atS: startS,
        marginA: Infinity,
      },
      meanW: fresh(0),
      peakW: fresh(0),
      peakA: [fresh(0), fresh(0), fresh(0)],
      lowA: fresh(Infinity),
      lowW: fresh(Infinity),
      open: [undefined, undefined, undefined, undefined],
    };
  });
}

function buildingAmpsOf({ buildingW, buildingShares }: CircuitTruth, voltage: number): PerPhase {
  const [a, b, c] = buildingShares;
  return [(buildingW * a) / voltage, (buildingW * b) / voltage, (buildingW * c) / voltage];
}

function buildingAt(truth: CircuitTruth | undefined, voltage: number): ReturnType<Truth['buildingAt']> {
  if (truth === undefined) return { powerW: 0, amps: [0, 0, 0] };
  return { powerW: truth.buildingW, amps: buildingAmpsOf(truth, voltage) };
}

/** Sums all loads anew, in the fixed order of the site. */
function sumUp(circuits: readonly CircuitTruth[], evses: readonly EvseTruth[], voltage: number): void {
  for (const truth of circuits) {
    truth.nowW = 0;
    truth.nowA.fill(0);
  }
  for (const truth of circuits) {
    if (truth.buildingW === 0) continue;
    const amps = buildingAmpsOf(truth, voltage);
    for (const above of truth.path) {
      const circuit = circuits[above];
      if (circuit === undefined) continue;
      circuit.nowW += truth.buildingW;
      for (const phase of phases) circuit.nowA[phase] += amps[phase];
    }
  }
  for (const { draw, rotation, circuit } of evses) {
    if (draw.powerW === 0) continue;
    for (const above of circuits[circuit]?.path ?? []) {
      const into = circuits[above];
      if (into === undefined) continue;
      into.nowW += draw.powerW;
      for (let pin = 0; pin < draw.pins; pin++) into.nowA[rotation[pin] ?? 0] += draw.amps;
    }
  }
}

/** Opens, deepens and closes the overloads of one circuit over `[fromS, untilS)`. */
function watchOverload(truth: CircuitTruth, fromS: EpochS, untilS: EpochS, closed: Violation[]): void {
  for (let line = 0; line < 4; line++) {
    const load = line < 3 ? (truth.nowA[line] ?? 0) : truth.nowW;
    const limit = line < 3 ? truth.limitA : truth.limitW;
    const over = load > limit + (line < 3 ? toleranceA : toleranceW);
    const before = truth.open[line];
    if (!over) {
      if (before !== undefined) closed.push(before);
      truth.open[line] = undefined;
      continue;
    }
    const here: Violation = {
      circuit: truth.circuit.id,
      ...(line < 3 ? { phase: line as Phase } : {}),
      fromS,
      untilS,
      load,
      limit,
      unit: line < 3 ? 'A' : 'W',
      atS: fromS,
    };
    if (before === undefined) truth.open[line] = here;
    else if (load - limit > before.load - before.limit) truth.open[line] = { ...here, fromS: before.fromS };
    else truth.open[line] = { ...before, untilS };
  }
}

function watchPeak(truth: CircuitTruth, at: EpochS): void {
  let phase: Phase = 0;
  for (const candidate of phases) if (truth.nowA[candidate] > truth.nowA[phase]) phase = candidate;
  const peakA = truth.nowA[phase];
  const { peak } = truth;
  const marginA = truth.limitA - peakA;
  if (peakA <= peak.peakA && truth.nowW <= peak.peakW && marginA >= peak.marginA) return;
  truth.peak = {
    ...peak,
    peakA: Math.max(peak.peakA, peakA),
    peakPhase: peakA > peak.peakA ? phase : peak.peakPhase,
    peakW: Math.max(peak.peakW, truth.nowW),
    atS: peakA > peak.peakA ? at : peak.atS,
    marginA: Math.min(peak.marginA, marginA),
  };
}

const rounded = (values: Float64Array, digits: number): readonly number[] =>
  Array.from(values, (value) => (Number.isFinite(value) ? Number(value.toFixed(digits)) : 0));

function circuitSamplesOf(truth: CircuitTruth): CircuitSamples {
  return {
    powerW: rounded(truth.meanW, 0),
    peakW: rounded(truth.peakW, 0),
    peakA: [rounded(truth.peakA[0], 2), rounded(truth.peakA[1], 2), rounded(truth.peakA[2], 2)],
    limitA: rounded(truth.lowA, 1),
    ...(truth.lowW.some(Number.isFinite) ? { limitW: rounded(truth.lowW, 0) } : {}),
  };
}

/** Everything that is written down per step. */
interface Ledgers {
  readonly circuits: readonly CircuitTruth[];
  readonly evses: readonly EvseTruth[];
  readonly buildingMean: Float64Array;
  readonly chargersMean: Float64Array;
}

function buildingOf(circuits: readonly CircuitTruth[]): number {
  return circuits.reduce((sum, truth) => sum + truth.buildingW, 0);
}

/** Adds the present state to a step, of which it fills `share`. */
function recordStep(ledgers: Ledgers, step: number, share: number): void {
  const { circuits, evses, buildingMean, chargersMean } = ledgers;
  const buildingW = buildingOf(circuits);
  buildingMean[step] = (buildingMean[step] ?? 0) + buildingW * share;
  chargersMean[step] = (chargersMean[step] ?? 0) + ((circuits[0]?.nowW ?? 0) - buildingW) * share;
  for (const truth of evses) {
    truth.meanW[step] = (truth.meanW[step] ?? 0) + truth.draw.powerW * share;
    truth.offeredW[step] = truth.draw.offeredW;
  }
  for (const truth of circuits) {
    truth.meanW[step] = (truth.meanW[step] ?? 0) + truth.nowW * share;
    truth.peakW[step] = Math.max(truth.peakW[step] ?? 0, truth.nowW);
    for (const phase of phases) {
      truth.peakA[phase][step] = Math.max(truth.peakA[phase][step] ?? 0, truth.nowA[phase]);
    }
    truth.lowA[step] = Math.min(truth.lowA[step] ?? Infinity, truth.limitA);
    truth.lowW[step] = Math.min(truth.lowW[step] ?? Infinity, truth.limitW);
  }
}

function evseTruths(
  site: Site,
  circuitIndex: ReadonlyMap<string, number>,
  count: number,
): readonly EvseTruth[] {
  return site.stations.flatMap((station) =>
    station.evses.map((evse) => ({
      key: evseKey({ stationId: station.id, evseId: evse.id }),
      circuit: circuitIndex.get(station.circuit) ?? 0,
      rotation: evse.rotation,
      draw: noDraw,
      meanW: new Float64Array(count),
      offeredW: new Float64Array(count),
    })),
  );
}

/** The truth of a site from `startS` to `endS` with samples every `stepS`. */
export function createTruth(site: Site, startS: EpochS, endS: EpochS, stepS: number): Truth {
  const count = Math.ceil((endS - startS) / stepS);
  const circuits = circuitTruths(site, count, startS);
  const circuitIndex = new Map(site.circuits.map((circuit, i) => [circuit.id, i]));
  const evses = evseTruths(site, circuitIndex, count);
  const evseByKey = new Map(evses.map((truth) => [truth.key, truth]));
  const ledgers: Ledgers = {
    circuits,
    evses,
    buildingMean: new Float64Array(count),
    chargersMean: new Float64Array(count),
  };
  const closed: Violation[] = [];
  let doneS = startS;
  let stale = true;
  let revision = 0;
  let siteWh = 0;
  let buildingWh = 0;
  const building = (): number => buildingOf(circuits);
  const fresh = (): void => {
    if (stale) sumUp(circuits, evses, site.voltage);
    stale = false;
  };
  return {
    setDraw: (key, draw) => {
      const truth = evseByKey.get(key);
      if (truth === undefined) return;
      truth.draw = draw;
      stale = true;
      revision++;
    },
    setBuilding: (circuit, powerW, shares = evenShares) => {
      const truth = circuits[circuitIndex.get(circuit) ?? -1];
      if (truth !== undefined) Object.assign(truth, { buildingW: powerW, buildingShares: shares });
      stale = true;
      revision++;
    },
    setLimit: (circuit, limitA, limitW) => {
      const truth = circuits[circuitIndex.get(circuit) ?? -1];
      if (truth === undefined) return;
      truth.limitA = limitA;
      truth.limitW = limitW ?? Infinity;
    },
    advance: (at) => {
      if (at <= doneS) return;
      fresh();
      for (const truth of circuits) {
        watchPeak(truth, doneS);
        watchOverload(truth, doneS, at, closed);
      }
      siteWh += ((circuits[0]?.nowW ?? 0) * (at - doneS)) / 3600;
      buildingWh += (building() * (at - doneS)) / 3600;
      for (let from: number = doneS; from < at;) {
        const step = Math.floor((from - startS) / stepS);
        const until = Math.min(at, startS + (step + 1) * stepS);
        recordStep(ledgers, step, (until - from) / stepS);
        from = until;
      }
      doneS = at;
    },
    siteW: () => {
      fresh();
      return circuits[0]?.nowW ?? 0;
    },
    buildingW: building,
    buildingAt: (circuit) => buildingAt(circuits[circuitIndex.get(circuit) ?? -1], site.voltage),
    revision: () => revision,
    siteWh: () => siteWh,
    buildingWh: () => buildingWh,
    violations: () => [
      ...closed,
      ...circuits.flatMap((truth) => truth.open.filter((violation) => violation !== undefined)),
    ],
    peaks: () => circuits.map((truth) => truth.peak),
    samples: () => ({
      startS,
      stepS,
      count,
      evseW: Object.fromEntries(evses.map((truth) => [truth.key, rounded(truth.meanW, 0)])),
      offeredW: Object.fromEntries(evses.map((truth) => [truth.key, rounded(truth.offeredW, 0)])),
      buildingW: rounded(ledgers.buildingMean, 0),
      chargersW: rounded(ledgers.chargersMean, 0),
      circuits: Object.fromEntries(circuits.map((truth) => [truth.circuit.id, circuitSamplesOf(truth)])),
    }),
  };
}
