/** The depot around the engine: stations, vehicles, building, grid and a fleet system that talks over the bus. @module */
import type { DepotEvent } from '#domain/event';
import { invariant } from '#domain/invariant';
import { prngOf } from '#domain/prng';
import { evseKey } from '#domain/site';
import type { Clock } from '#ports/clock';
import { createCommsRecord, type CommsRecord } from './comms-record.ts';
import type { VisitOutcome } from './night-result.ts';
import type { Transport } from './transport.ts';
import { offerOf } from './outlet.ts';
import { switchesOf, type Switches } from './personas.ts';
import type { Scenario } from './scenario.ts';
import { createStation, type SimStation } from './station.ts';
import { createTruth, type Truth } from './truth.ts';
import { scheduleFaults } from './world-faults.ts';
import { sampleS, startBuildings, startMeter } from './world-meters.ts';
import {
  outcomeOf,
  scheduleArrival,
  scheduleDeparture,
  visitRecordOf,
  type Schedule,
} from './world-visits.ts';

/** All stations are switched on within this time. */
const powerOnS = 20;

/** What a world is made of. */
export interface WorldParts {
  readonly scenario: Scenario;
  readonly clock: Clock;
  readonly transport: Transport;
  readonly publish: (event: DepotEvent) => void;
  /** The tariff document that is published. */
  readonly tariff: unknown;
  /** Seconds between readings at the grid connection; absent: `sampleS`. */
  readonly siteMeterS?: number;
}

/** The simulated depot. */
export interface World {
  readonly stations: ReadonlyMap<string, SimStation>;
  readonly truth: Truth;
  readonly comms: CommsRecord;
  /** Puts the whole night on the clock. */
  readonly start: () => void;
  /** Reads all draws that changed into the truth; they hold from now on. */
  readonly readDraws: () => void;
  readonly visits: () => readonly VisitOutcome[];
  /** Mean power per metering interval, W. */
  readonly siteLoadW: readonly number[];
  readonly buildingLoadW: readonly number[];
  /** Whether a process of the engine runs; what was said while none did is said again to the next. */
  readonly engineIs: (state: 'up' | 'down') => void;
}

/** The stations of a scenario, each with its own randomness. */
function createStations(
  parts: WorldParts,
  comms: CommsRecord,
  switches: ReadonlyMap<string, Switches>,
  dirty: Set<SimStation>,
): ReadonlyMap<string, SimStation> {
  const { scenario, clock, transport } = parts;
  const prng = prngOf(scenario.seed);
  const honest = switchesOf([]);
  return new Map(
    scenario.site.stations.map((station) => {
      const behaviour = scenario.behaviours[station.id];
      invariant(behaviour !== undefined, 'every station has a behaviour', { station: station.id });
      const sim: SimStation = createStation({
        station,
        voltage: scenario.site.voltage,
        behaviour,
        clock,
        prng: prng.fork(`station/${station.id}`),
        switches: () => switches.get(station.id) ?? honest,
        socketFor: (events) =>
          comms.watch(station.id, events, (watched) => transport.socketFor(station.id, watched)),
        onDraw: () => dirty.add(sim),
      });
      return [station.id, sim];
    }),
  );
}

/** Reads the draws of one station into the truth. */
function readStation(sim: SimStation, voltage: number, truth: Truth): void {
  const { station } = sim;
  for (const outlet of sim.outlets) {
    const offer = offerOf(outlet, station.current);
    truth.setDraw(evseKey({ stationId: station.id, evseId: outlet.evse.id }), {
      powerW: outlet.drawW,
      amps: outlet.drawA,
      pins: outlet.pins,
      offeredW: station.current === 'DC' ? offer : offer * voltage * outlet.evse.rotation.length,
    });
  }
}

/** The depot of a scenario. */
export function createWorld(parts: WorldParts): World {
  const { scenario, clock, transport } = parts;
  const { site, startS, endS, seed } = scenario;
  const truth = createTruth(site, startS, endS, sampleS);
  const comms = createCommsRecord(clock);
  const dirty = new Set<SimStation>();
  const switches = new Map<string, Switches>();
  const stations = createStations(parts, comms, switches, dirty);
  const stationOf = (id: string): SimStation => {
    const station = stations.get(id);
    invariant(station !== undefined, 'a scenario names its own stations', { id });
    return station;
  };
  const records = scenario.visits.map((visit) =>
    visitRecordOf(visit, stationOf(visit.announced.evse.stationId)),
  );
  const missed: DepotEvent[] = [];
  const siteLoadW: number[] = [];
  const buildingLoadW: number[] = [];
  let engine: 'up' | 'down' = 'up';
  const publish = (event: DepotEvent): void => {
    if (engine === 'up') parts.publish(event);
    // Meter readings are of the moment; all else a fleet system says again.
    else if (event.kind !== 'site-meter' && event.kind !== 'uncontrolled-load') missed.push(event);
  };
  const at: Schedule = (instant, run) => {
    if (instant >= startS && instant <= endS) clock.at(instant, run);
  };

  return {
    stations,
    truth,
    comms,
    siteLoadW,
    buildingLoadW,
    start: () => {
      const { billingState } = scenario;
      publish({
        kind: 'tariff',
        tariff: parts.tariff,
        ...(billingState === undefined ? {} : { billingState }),
      });
      startBuildings({ scenario, clock, truth, prng: prngOf(seed).fork('buildings'), publish });
      const everyS = parts.siteMeterS ?? sampleS;
      startMeter({ clock, truth, endS, everyS, publish, siteLoadW, buildingLoadW });
      // Whoever leaves at an instant leaves before somebody comes.
      for (const record of records) scheduleDeparture(record, at, publish);
      for (const record of records) scheduleArrival(record, at);
      scheduleFaults({
        scenario,
        at,
        transport,
        comms,
        truth,
        stationOf,
        publish,
        setPersonas: (stationId, names) => {
          switches.set(stationId, switchesOf(names));
          stationOf(stationId).refresh();
        },
      });
      const order = prngOf(seed).fork('power-on');
      for (const sim of stations.values()) sim.powerOn(order.integer(0, powerOnS));
    },
    readDraws: () => {
      for (const sim of dirty) readStation(sim, site.voltage, truth);
      dirty.clear();
    },
    visits: () => records.map(outcomeOf),
    engineIs: (state) => {
      engine = state;
      comms.engineIs(state);
      if (state === 'up') for (const event of missed.splice(0)) parts.publish(event);
    },
  };
}
