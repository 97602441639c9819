/** The depot around the engine: stations, vehicles, building, grid and a fleet system that talks over the bus. @module */
import type { DepotEvent } from '#domain/event';
import { invariant } from '#domain/invariant';
import { prngOf, type Prng } from '#domain/prng';
import { evseKey } from '#domain/site';
import { watts, type EpochS } from '#domain/units';
import type { Clock } from '#ports/clock';
import { clockOf, offsetAtS } from '#tariffs/calendar';
import { buildingNightOf, buildingStepS, type BuildingNight } from './building.ts';
import type { MessageCounts, VisitOutcome } from './night-result.ts';
import type { Transport } from './night.ts';
import { offerOf } from './outlet.ts';
import { switchesOf, type Switches } from './personas.ts';
import { createCommsRecord, type CommsRecord } from './comms-record.ts';
import type { PersonaName } from './scenario-document.ts';
import { circuitOf, type Scenario, type SimVisit } from './scenario.ts';
import { createStation, type SimStation } from './station.ts';
import { createTruth, type Truth } from './truth.ts';

/** Length of a sample of the result. */
const sampleS = 60;
/** The metering interval of the bill. */
export const meterIntervalS = 900;
/** All stations are switched on within this time. */
const powerOnS = 20;
/** Energy that may be missing at departure and still counts as all of it. */
const deliveredToleranceWh = 50;

/** What a world is made of. */
export interface WorldParts {
  readonly scenario: Scenario;
  readonly clock: Clock;
  readonly transport: Transport;
  readonly publish: (event: DepotEvent) => void;
  /** The tariff document that is published. */
  readonly tariff: unknown;
}

/** The simulated depot. */
export interface World {
  readonly stations: ReadonlyMap<string, SimStation>;
  readonly truth: Truth;
  readonly comms: CommsRecord;
  /** Puts the whole night on the clock. */
  start(): void;
  /** Brings the truth up to now; everything until now was as it stands. */
  advance(): void;
  /** Reads all draws into the truth. */
  readDraws(): void;
  visits(): readonly VisitOutcome[];
  siteLoadW(): readonly number[];
  buildingLoadW(): readonly number[];
  messages(): Pick<MessageCounts, 'toStations' | 'fromStations' | 'byAction' | 'errors'>;
  /** A process of the engine has come back: what was said meanwhile is said again. */
  engineIs(state: 'up' | 'down'): void;
}

interface VisitRecord {
  readonly visit: SimVisit;
  arrivedS: EpochS | undefined;
  departedS: EpochS | undefined;
  deliveredWh: number;
}

/** The depot of a scenario. */
export function createWorld(parts: WorldParts): World {
  const { scenario, clock, transport } = parts;
  const { site, startS, endS } = scenario;
  const prng = prngOf(scenario.seed);
  const truth = createTruth(site, startS, endS, sampleS);
  const comms = createCommsRecord(clock);
  const stations = new Map<string, SimStation>();
  const dirty = new Set<SimStation>();
  const personas = new Map<string, PersonaName[]>();
  const switches = new Map<string, Switches>();
  const visits = scenario.visits.map((visit): VisitRecord => ({
    visit,
    arrivedS: undefined,
    departedS: undefined,
    deliveredWh: 0,
  }));
  const missed: DepotEvent[] = [];
  const siteLoadW: number[] = [];
  const buildingLoadW: number[] = [];
  let engine: 'up' | 'down' = 'up';

  const publish = (event: DepotEvent): void => {
    if (engine === 'up') parts.publish(event);
    // Meter readings are of the moment; all else a fleet system says again.
    else if (event.kind !== 'site-meter' && event.kind !== 'uncontrolled-load') missed.push(event);
  };
  const at = (instant: EpochS, run: () => void): void => {
    if (instant >= startS && instant <= endS) clock.at(instant, run);
  };

  for (const station of site.stations) {
    const behaviour = scenario.behaviours[station.id];
    invariant(behaviour !== undefined, 'every station has a behaviour', { station: station.id });
    switches.set(station.id, switchesOf([]));
    const sim: SimStation = createStation({
      station,
      voltage: site.voltage,
      behaviour,
      clock,
      prng: prng.fork(`station/${station.id}`),
      switches: () => switches.get(station.id) ?? switchesOf([]),
      socketFor: (events) =>
        comms.watch(station.id, events, (watched) => transport.socketFor(station.id, watched)),
      onDraw: () => dirty.add(sim),
    });
    stations.set(station.id, sim);
  }
  const stationOf = (id: string): SimStation => {
    const station = stations.get(id);
    invariant(station !== undefined, 'a scenario names its own stations', { id });
    return station;
  };

  const scheduleDeparture = (record: VisitRecord): void => {
    const { announced, announcedAt, departsAt, changes } = record.visit;
    const station = stationOf(announced.evse.stationId);
    const { evseId } = announced.evse;
    const outlet = station.outlets.find((candidate) => candidate.evse.id === evseId);
    at(announcedAt, () => publish({ kind: 'visit', visit: announced }));
    for (const change of changes) {
      at(change.at, () =>
        publish({ kind: 'departure-changed', visitId: announced.id, departsAt: change.departsAt }),
      );
    }
    at(departsAt, () => {
      if (record.arrivedS === undefined) return;
      station.count();
      record.deliveredWh = outlet?.takenWh ?? 0;
      record.departedS = departsAt;
      station.unplug(evseId);
    });
  };
  const scheduleArrival = (record: VisitRecord): void => {
    const { announced, arrivesAt, energyWh, taperFrom } = record.visit;
    at(arrivesAt, () => {
      record.arrivedS = arrivesAt;
      stationOf(announced.evse.stationId).plugIn(announced.evse.evseId, {
        id: announced.vehicleId,
        idToken: announced.vehicleId.slice(0, 20),
        needWh: energyWh,
        maxW: announced.maxW,
        phases: announced.phases,
        ...(taperFrom === undefined ? {} : { taperFrom }),
      });
    });
  };

  const setPersonas = (stationId: string, change: (names: PersonaName[]) => PersonaName[]): void => {
    const names = change(personas.get(stationId) ?? []);
    personas.set(stationId, names);
    switches.set(stationId, switchesOf(names));
    stationOf(stationId).refresh();
  };
  const cutCounts = new Map<string, number>();
  const setCut = (stationId: string, by: 1 | -1): void => {
    const count = (cutCounts.get(stationId) ?? 0) + by;
    cutCounts.set(stationId, count);
    comms.cut(stationId, count > 0 ? 'cut' : 'whole');
    transport.cut(stationId, count > 0 ? 'cut' : 'whole');
  };
  const scheduleFaults = (): void => {
    for (const fault of scenario.faults) {
      switch (fault.kind) {
        case 'cut':
          at(fault.fromS, () => setCut(fault.stationId, 1));
          at(fault.untilS, () => setCut(fault.stationId, -1));
          break;
        case 'reboot':
          at(fault.at, () => {
            comms.rebooting(fault.stationId);
            stationOf(fault.stationId).reboot();
          });
          break;
        case 'persona':
          at(fault.fromS, () => setPersonas(fault.stationId, (names) => [...names, fault.persona]));
          at(fault.untilS, () =>
            setPersonas(fault.stationId, (names) => names.filter((name) => name !== fault.persona)),
          );
          break;
        case 'limit': {
          const { kind, circuit, limitA, limitW, fromS, untilS } = fault;
          const normal = circuitOf(site, circuit);
          const limits = {
            ...(limitA === undefined ? {} : { limitA }),
            ...(limitW === undefined ? {} : { limitW }),
          };
          at(fault.announcedAt, () => publish({ kind, circuit, ...limits, fromS, untilS }));
          at(fromS, () =>
            truth.setLimit(circuit, limitA ?? normal?.limitA ?? Infinity, limitW ?? normal?.limitW),
          );
          at(untilS, () => truth.setLimit(circuit, normal?.limitA ?? Infinity, normal?.limitW));
          break;
        }
        case 'engine-crash':
          break;
      }
    }
  };

  const readDraws = (): void => {
    for (const sim of dirty) {
      const { station } = sim;
      for (const outlet of sim.outlets) {
        const offer = offerOf(outlet, station.current);
        truth.setDraw(evseKey({ stationId: station.id, evseId: outlet.evse.id }), {
          powerW: outlet.drawW,
          amps: outlet.drawA,
          pins: outlet.pins,
          offeredW: station.current === 'DC' ? offer : offer * site.voltage * outlet.evse.rotation.length,
        });
      }
    }
    dirty.clear();
  };
  const advance = (): void => truth.advance(clock.now());

  const outcomeOf = (record: VisitRecord): VisitOutcome => {
    const { announced } = record.visit;
    const sim = stationOf(announced.evse.stationId);
    const outlet = sim.outlets.find((candidate) => candidate.evse.id === announced.evse.evseId);
    const gone = record.departedS !== undefined;
    if (!gone) sim.count();
    const deliveredWh = gone || record.arrivedS === undefined ? record.deliveredWh : (outlet?.takenWh ?? 0);
    const departedS = record.departedS ?? record.visit.departsAt;
    const arrivedS = record.arrivedS ?? record.visit.arrivesAt;
    const evseW = outlet?.evse.maxW ?? 0;
    const missingWh = Math.max(0, announced.energyWh - deliveredWh);
    return {
      visitId: announced.id,
      vehicleId: announced.vehicleId,
      evse: evseKey(announced.evse),
      announcedArrivalS: announced.arrivesAt,
      announcedDepartureS: announced.departsAt,
      arrivedS,
      departedS,
      neededWh: announced.energyWh,
      deliveredWh: Math.round(deliveredWh),
      reachableWh: Math.round((Math.min(announced.maxW, evseW) * (departedS - arrivedS)) / 3600),
      missingWh: Math.round(missingWh),
      outcome: missingWh <= deliveredToleranceWh ? 'met' : gone ? 'short' : 'still-here',
      priority: announced.priority,
      maxW: announced.maxW,
      phases: announced.phases,
    };
  };

  return {
    stations,
    truth,
    comms,
    start: () => {
      publish({
        kind: 'tariff',
        tariff: parts.tariff,
        ...(scenario.billingState === undefined ? {} : { billingState: scenario.billingState }),
      });
      startBuildings({ scenario, clock, truth, prng, publish });
      startMeter({ clock, truth, endS, publish, siteLoadW, buildingLoadW });
      // Whoever leaves at an instant leaves before somebody comes.
      for (const record of visits) scheduleDeparture(record);
      for (const record of visits) scheduleArrival(record);
      scheduleFaults();
      const order = prng.fork('power-on');
      for (const sim of stations.values()) sim.powerOn(order.integer(0, powerOnS));
    },
    advance,
    readDraws,
    visits: () => visits.map(outcomeOf),
    siteLoadW: () => siteLoadW,
    buildingLoadW: () => buildingLoadW,
    messages: () => comms.messages(),
    engineIs: (state) => {
      engine = state;
      comms.engineIs(state);
      if (state === 'up') for (const event of missed.splice(0)) parts.publish(event);
    },
  };
}

interface BuildingParts {
  readonly scenario: Scenario;
  readonly clock: Clock;
  readonly truth: Truth;
  readonly prng: Prng;
  readonly publish: (event: DepotEvent) => void;
}

/** Sets the true load of every building as it changes and publishes its meter. */
function startBuildings(parts: BuildingParts): void {
  const { scenario, clock, truth, prng, publish } = parts;
  const { site, startS, endS } = scenario;
  const local = clockOf(site.timeZone, startS, endS);
  const quarterOf = (at: EpochS): number => {
    const localS = at + offsetAtS(local, at);
    return Math.floor((((localS % 86400) + 86400) % 86400) / 900);
  };
  scenario.buildings.forEach((building, i) => {
    const load = site.uncontrolled[i];
    if (load === undefined) return;
    const night: BuildingNight = buildingNightOf(
      load,
      building.noise,
      prng.fork(`building/${i}`),
      { startS, endS },
      quarterOf,
    );
    const change = (): void => {
      truth.setBuilding(load.circuit, night.powerW(clock.now()));
      if (clock.now() < endS) clock.at((clock.now() + buildingStepS) as EpochS, change);
    };
    const read = (): void => {
      const now = clock.now();
      publish({
        kind: 'uncontrolled-load',
        circuit: load.circuit,
        powerW: watts(night.powerW(now)),
        sampledAt: now,
      });
      if (now < endS) clock.at((now + building.meterIntervalS) as EpochS, read);
    };
    change();
    read();
  });
}

interface MeterParts {
  readonly clock: Clock;
  readonly truth: Truth;
  readonly endS: EpochS;
  readonly publish: (event: DepotEvent) => void;
  readonly siteLoadW: number[];
  readonly buildingLoadW: number[];
}

/** Publishes the mean of each minute at the grid connection and keeps the means of the metering interval. */
function startMeter(parts: MeterParts): void {
  const { clock, truth } = parts;
  let minuteWh = 0;
  let intervalWh = 0;
  let buildingWh = 0;
  const minute = (): void => {
    truth.advance(clock.now());
    const siteWh = truth.siteWh();
    parts.publish({
      kind: 'site-meter',
      powerW: watts(Math.round(((siteWh - minuteWh) * 3600) / sampleS)),
      sampledAt: clock.now(),
    });
    minuteWh = siteWh;
    if (clock.now() % meterIntervalS === 0) {
      parts.siteLoadW.push(((siteWh - intervalWh) * 3600) / meterIntervalS);
      parts.buildingLoadW.push(((truth.buildingWh() - buildingWh) * 3600) / meterIntervalS);
      intervalWh = siteWh;
      buildingWh = truth.buildingWh();
    }
    if (clock.now() < parts.endS) clock.at((clock.now() + sampleS) as EpochS, minute);
  };
  clock.at((clock.now() + sampleS) as EpochS, minute);
}
