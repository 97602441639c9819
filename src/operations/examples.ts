/** Documents that work as they stand, one for each operation; small on purpose. @module */

/** Two stations, one night. */
export const scenarioExample = {
  format: 'voltherd-scenario-1',
  id: 'two-vans',
  title: 'Two vans on one 25 A supply',
  seed: 1,
  timeZone: 'America/Los_Angeles',
  start: '2026-07-14T18:00:00-07:00',
  durationH: 12,
  voltageV: 230,
  circuits: [{ id: 'grid', limitA: 25 }],
  stationModels: [
    { id: 'wall', vendor: 'Example', model: 'W16', ocpp: '1.6', current: 'AC', phases: 3, maxA: 16 },
  ],
  stations: [{ ids: 'A-{1..2}', model: 'wall', circuit: 'grid' }],
  visits: [
    {
      id: 'v1',
      vehicle: 'van-1',
      evse: 'A-1',
      arrives: '18:30',
      departs: '04:30',
      energyKwh: 40,
      maxKw: 11,
    },
    {
      id: 'v2',
      vehicle: 'van-2',
      evse: 'A-2',
      arrives: '19:00',
      departs: '05:30',
      energyKwh: 35,
      maxKw: 11,
    },
  ],
  tariff: { ref: 'pge-bev-2-s' },
};
