/**
 * What the same night would have been without planning: every vehicle at full power when it comes, or first come first
 * served inside the circuit limits. Minute by minute with the true arrivals, departures and needs. Communication never
 * fails here, which flatters the two alternatives, not the plan.
 * @module
 */
import { evseKey, phases, type Circuit, type Evse, type Phase, type Site, type Station } from '#domain/site';
import { appetiteOf, type Vehicle } from '#sim/vehicle';
import type { Scenario } from '#sim/scenario';
import type { SimVisit } from '#sim/scenario-cast';

/** How power is given to vehicles when nobody plans. */
export type Policy = 'unmanaged' | 'first-come';

/** Length of a step of the simulation. */
const stepS = 60;

/** Mean power per interval of the metering clock, W. */
export interface MeteredLoad {
  readonly startS: number;
  readonly intervalS: number;
  readonly meanW: readonly number[];
}

/** A limit that a policy would cross. */
export interface Overload {
  readonly circuit: string;
  readonly minutes: number;
  /** The worst minute: load and limit in `unit`, on the worst phase for A. */
  readonly load: number;
  readonly limit: number;
  readonly unit: 'A' | 'W';
}

/** One night under one policy. */
export interface PolicyNight {
  readonly policy: Policy;
  readonly load: MeteredLoad;
  /** Highest minute at the grid connection, all loads. */
  readonly peakW: number;
  readonly peakAtS: number;
  readonly deliveredWh: number;
  readonly overloads: readonly Overload[];
  readonly short: readonly { readonly visitId: string; readonly missingWh: number }[];
}

interface Place {
  readonly station: Station;
  readonly evse: Evse;
  /** Its circuit and all above it, indices into the site's circuits. */
  readonly path: readonly number[];
}

interface Stay {
  readonly visit: SimVisit;
  readonly vehicle: Vehicle;
  readonly place: Place;
  takenWh: number;
}

/** What is drawn on each circuit: A on three phases and W in all. */
interface Draw {
  readonly amperes: [number, number, number];
  watts: number;
}

function pathOf(circuits: readonly Circuit[], id: string | undefined): readonly number[] {
  const path: number[] = [];
  for (let at = id; at !== undefined;) {
    const index = circuits.findIndex((circuit) => circuit.id === at);
    if (index < 0) break;
    path.push(index);
    at = circuits[index]?.parent;
  }
  return path;
}

function staysOf(scenario: Scenario): readonly Stay[] {
  const places = new Map<string, Place>();
  for (const station of scenario.site.stations)
    for (const evse of station.evses)
      places.set(evseKey({ stationId: station.id, evseId: evse.id }), {
        station,
        evse,
        path: pathOf(scenario.site.circuits, station.circuit),
      });
  return scenario.visits
    .flatMap((visit): Stay[] => {
      const place = places.get(evseKey(visit.announced.evse));
      if (place === undefined) return [];
      const { id, vehicleId, maxW, phases: count } = visit.announced;
      const taper = visit.taperFrom === undefined ? {} : { taperFrom: visit.taperFrom };
      const vehicle = { id, idToken: vehicleId, needWh: visit.energyWh, maxW, phases: count, ...taper };
      return [{ visit, vehicle, place, takenWh: 0 }];
    })
    .sort(
      (a, b) =>
        a.visit.arrivesAt - b.visit.arrivesAt || (a.visit.announced.id < b.visit.announced.id ? -1 : 1),
    );
}

/** Site phases that a vehicle loads at a place. */
function loadedPhases(stay: Stay): readonly Phase[] {
  const { rotation } = stay.place.evse;
  if (stay.place.station.current === 'DC' || stay.vehicle.phases === 3) return rotation;
  return rotation.slice(0, 1);
}

/** The most that hardware and vehicle take in the next step. */
function fullPower(stay: Stay, voltage: number, moduleLeftW: number): number {
  const { evse, station } = stay.place;
  const byCurrent = station.current === 'AC' ? evse.maxA * voltage * loadedPhases(stay).length : Infinity;
  const appetite = appetiteOf(stay.vehicle, stay.takenWh).maxW;
  const leftW = ((stay.vehicle.needWh - stay.takenWh) * 3600) / stepS;
  return Math.max(0, Math.min(byCurrent, evse.maxW, appetite, leftW, moduleLeftW));
}

/** The part of a wished power that fits under every limit on the way to the grid; whole steps, never under the minimum. */
function fitting(stay: Stay, wishedW: number, site: Site, draws: readonly Draw[]): number {
  const loaded = loadedPhases(stay);
  const perPhase = site.voltage * loaded.length;
  let powerW = wishedW;
  for (const index of stay.place.path) {
    const circuit = site.circuits[index];
    const draw = draws[index];
    if (circuit === undefined || draw === undefined) continue;
    for (const phase of loaded) powerW = Math.min(powerW, (circuit.limitA - draw.amperes[phase]) * perPhase);
    if (circuit.limitW !== undefined) powerW = Math.min(powerW, circuit.limitW - draw.watts);
  }
  const { evse, station } = stay.place;
  if (station.current === 'DC') return powerW < 1000 && wishedW >= 1000 ? 0 : Math.max(0, powerW);
  if (powerW >= wishedW) return wishedW;
  const amperes = Math.floor(powerW / perPhase / evse.stepA + 1e-9) * evse.stepA;
  return amperes < evse.minA ? 0 : amperes * perPhase;
}

function addDraw(stay: Stay, powerW: number, voltage: number, draws: readonly Draw[]): void {
  const loaded = loadedPhases(stay);
  for (const index of stay.place.path) {
    const draw = draws[index];
    if (draw === undefined) continue;
    draw.watts += powerW;
    for (const phase of loaded) draw.amperes[phase] += powerW / voltage / loaded.length;
  }
}

/** The share of the whole uncontrolled load that each circuit feeds itself, by its expected energy of a day; the grid connection where nothing is expected. */
function buildingShares(site: Site): ReadonlyMap<number, number> {
  const energy = site.uncontrolled.map((load) => load.expectedW.reduce<number>((a, b) => a + b, 0));
  const total = energy.reduce((a, b) => a + b, 0);
  if (total === 0) return new Map([[0, 1]]);
  return new Map(
    site.uncontrolled.map((load, i) => [
      site.circuits.findIndex((circuit) => circuit.id === load.circuit),
      (energy[i] ?? 0) / total,
    ]),
  );
}

function buildingDraws(site: Site, shares: ReadonlyMap<number, number>, buildingW: number): Draw[] {
  const draws = site.circuits.map((): Draw => ({ amperes: [0, 0, 0], watts: 0 }));
  for (const [index, share] of shares)
    for (const above of pathOf(site.circuits, site.circuits[index]?.id)) {
      const draw = draws[above];
      if (draw === undefined) continue;
      draw.watts += share * buildingW;
      for (const phase of phases) draw.amperes[phase] += (share * buildingW) / 3 / site.voltage;
    }
  return draws;
}

/** Counts circuits that are above their limit. */
class OverloadCount {
  private readonly worst = new Map<string, Overload>();

  note(circuit: Circuit, draw: Draw): void {
    const load = draw.amperes.reduce((a, b) => Math.max(a, b), 0);
    // A thousandth of an ampere is the dust of adding up.
    if (load > circuit.limitA + 1e-3) this.count(circuit.id, load, circuit.limitA, 'A');
    if (circuit.limitW !== undefined && draw.watts > circuit.limitW + 1)
      this.count(circuit.id, draw.watts, circuit.limitW, 'W');
  }

  private count(circuit: string, load: number, limit: number, unit: 'A' | 'W'): void {
    const before = this.worst.get(`${circuit} ${unit}`);
    this.worst.set(`${circuit} ${unit}`, {
      circuit,
      minutes: (before?.minutes ?? 0) + stepS / 60,
      load: Math.max(load, before?.load ?? 0),
      limit,
      unit,
    });
  }

  all(): readonly Overload[] {
    return [...this.worst.values()];
  }
}

/** Gives each vehicle its power for one step, in the order of arrival; the draws of all circuits are left behind. */
function serve(
  stays: readonly Stay[],
  nowS: number,
  policy: Policy,
  site: Site,
  draws: readonly Draw[],
): void {
  const moduleLeft = new Map<string, number>();
  for (const stay of stays) {
    if (stay.visit.arrivesAt > nowS || stay.visit.departsAt <= nowS) continue;
    const { station } = stay.place;
    const left = moduleLeft.get(station.id) ?? station.moduleW ?? Infinity;
    const wishedW = fullPower(stay, site.voltage, left);
    const powerW = policy === 'unmanaged' ? wishedW : fitting(stay, wishedW, site, draws);
    moduleLeft.set(station.id, left - powerW);
    stay.takenWh += (powerW * stepS) / 3600;
    addDraw(stay, powerW, site.voltage, draws);
  }
}

/**
 * The scenario's night under a policy. `building` is the measured uncontrolled load; its intervals are those of the
 * answer.
 */
export function nightUnder(policy: Policy, scenario: Scenario, building: MeteredLoad): PolicyNight {
  const { site } = scenario;
  const stays = staysOf(scenario);
  const shares = buildingShares(site);
  const overloads = new OverloadCount();
  const meanW = building.meanW.map(() => 0);
  let peakW = 0;
  let peakAtS = building.startS;
  for (let i = 0; i < building.meanW.length; i++) {
    for (let offsetS = 0; offsetS < building.intervalS; offsetS += stepS) {
      const nowS = building.startS + i * building.intervalS + offsetS;
      const draws = buildingDraws(site, shares, building.meanW[i] ?? 0);
      serve(stays, nowS, policy, site, draws);
      site.circuits.forEach((circuit, c) => {
        const draw = draws[c];
        if (draw !== undefined) overloads.note(circuit, draw);
      });
      const siteW = draws[0]?.watts ?? 0;
      meanW[i] = (meanW[i] ?? 0) + (siteW * stepS) / building.intervalS;
      if (siteW > peakW) [peakW, peakAtS] = [siteW, nowS];
    }
  }
  return {
    policy,
    load: { startS: building.startS, intervalS: building.intervalS, meanW },
    peakW,
    peakAtS,
    deliveredWh: stays.reduce((total, stay) => total + stay.takenWh, 0),
    overloads: overloads.all(),
    short: stays
      .filter((stay) => stay.vehicle.needWh - stay.takenWh > 1)
      .map((stay) => ({ visitId: stay.visit.announced.id, missingWh: stay.vehicle.needWh - stay.takenWh })),
  };
}
