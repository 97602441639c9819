/** A depot of four stations, five connectors and six visits, small enough to be followed by hand. */
import { invariant } from '#domain/invariant';
import { scenarioOf, type Scenario } from '#sim/scenario';

export const depot4 = {
  format: 'voltherd-scenario-1',
  id: 'depot-4',
  title: 'Four stations',
  seed: 4,
  timeZone: 'America/Los_Angeles',
  start: '2026-07-14T18:00:00-07:00',
  durationH: 12,
  circuits: [
    { id: 'grid', limitA: 80, limitKw: 55 },
    { id: 'panel', parent: 'grid', limitA: 40 },
  ],
  stationModels: [
    { id: 'ac11', vendor: 'Volta', model: 'AC11', ocpp: '1.6', current: 'AC', maxA: 16, phases: 3 },
    { id: 'ac22', vendor: 'Ampera', model: 'AC22', ocpp: '2.0.1', current: 'AC', maxA: 32, phases: 3 },
    { id: 'ac7', vendor: 'Volta', model: 'AC7', ocpp: '1.6', current: 'AC', maxA: 32, phases: 1 },
    {
      id: 'dc50',
      vendor: 'Ampera',
      model: 'DC50',
      ocpp: '2.1',
      current: 'DC',
      evses: 2,
      maxKw: 50,
      moduleKw: 50,
    },
  ],
  stations: [
    { ids: 'A-1', model: 'ac11', circuit: 'panel' },
    { ids: 'A-2', model: 'ac22', circuit: 'panel' },
    { ids: 'A-3', model: 'ac7', circuit: 'panel' },
    { ids: 'D-1', model: 'dc50', circuit: 'grid' },
  ],
  building: [{ circuit: 'grid', expectedKw: 6, boundKw: 8, noisePercent: 10, meterIntervalS: 300 }],
  vehicleModels: [
    { id: 'van', maxKw: 11, phases: 3 },
    { id: 'small', maxKw: 7.4, phases: 1 },
    { id: 'truck', maxKw: 80, phases: 3, taperFromPercent: 80 },
  ],
  visits: [
    {
      id: 'v1',
      vehicle: 'van-1',
      vehicleModel: 'van',
      evse: 'A-1',
      arrives: '18:20',
      departs: '05:30',
      energyKwh: 25,
    },
    {
      id: 'v2',
      vehicle: 'van-2',
      vehicleModel: 'van',
      evse: 'A-2',
      arrives: '18:40',
      departs: '04:00',
      energyKwh: 30,
    },
    {
      id: 'v3',
      vehicle: 'small-3',
      vehicleModel: 'small',
      evse: 'A-3',
      arrives: '19:00',
      departs: '05:00',
      energyKwh: 20,
    },
    {
      id: 'v4',
      vehicle: 'truck-4',
      vehicleModel: 'truck',
      evse: 'D-1/1',
      arrives: '19:10',
      departs: '02:00',
      energyKwh: 60,
    },
    {
      id: 'v5',
      vehicle: 'truck-5',
      vehicleModel: 'truck',
      evse: 'D-1/2',
      arrives: '20:00',
      departs: '05:15',
      energyKwh: 50,
      actual: { arrives: '21:05' },
    },
    {
      id: 'v6',
      vehicle: 'truck-6',
      vehicleModel: 'truck',
      evse: 'D-1/1',
      arrives: '02:30',
      departs: '05:50',
      energyKwh: 15,
      changes: [{ at: '03:00', departs: '05:20' }],
    },
  ],
  tariff: { ref: 'us-sce-tou-8-d-2022' },
};

/** The scenario of a document that must be good. */
export function goodScenario(document: unknown): Scenario {
  const scenario = scenarioOf(document);
  invariant(scenario.ok, 'the scenario is good', { faults: scenario.ok ? [] : scenario.problem });
  return scenario.value;
}
