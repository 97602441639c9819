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
  tariff: { ref: 'us-sce-tou-8-d-2022' },
};

/** Three stations, one of them DC, behind two panels. */
export const siteExample = {
  format: 'voltherd-site-1',
  id: 'small-depot',
  title: 'Small depot',
  timeZone: 'Europe/Berlin',
  voltageV: 230,
  circuits: [
    { id: 'grid', limitA: 160 },
    { id: 'panel', parent: 'grid', limitA: 40 },
  ],
  stationModels: [
    { id: 'wall', vendor: 'Example', model: 'W22', ocpp: '2.0.1', current: 'AC', phases: 3, maxA: 32 },
    { id: 'fast', vendor: 'Example', model: 'D60', ocpp: '1.6', current: 'DC', maxKw: 60 },
  ],
  stations: [
    { ids: 'A-{1..2}', model: 'wall', circuit: 'panel' },
    { ids: 'D-1', model: 'fast', circuit: 'grid' },
  ],
  building: [{ circuit: 'grid', expectedKw: 20 }],
};

/** The small depot on a port of this machine. */
export const serveExample = { site: siteExample, ocppListen: 9000 };

/** One of the stations of the small depot. */
export const stationExample = {
  id: 'A-1',
  url: 'ws://127.0.0.1:9000/ocpp',
  ocpp: '2.0.1',
  maxA: 32,
  energyKwh: 20,
  plugAfterS: 2,
};

const nightProfile = {
  chargingProfileId: 7,
  transactionId: 21,
  stackLevel: 1,
  chargingProfilePurpose: 'TxProfile',
  chargingProfileKind: 'Absolute',
  chargingSchedule: {
    startSchedule: '2026-07-14T20:00:00Z',
    duration: 21_600,
    chargingRateUnit: 'A',
    chargingSchedulePeriod: [
      { startPeriod: 0, limit: 6 },
      { startPeriod: 7200, limit: 16 },
    ],
  },
};

const floorProfile = {
  chargingProfileId: 2,
  stackLevel: 0,
  chargingProfilePurpose: 'TxDefaultProfile',
  chargingProfileKind: 'Absolute',
  chargingSchedule: {
    startSchedule: '2026-07-01T00:00:00Z',
    chargingRateUnit: 'A',
    chargingSchedulePeriod: [{ startPeriod: 0, limit: 8 }],
  },
};

/** A plan over a floor on one OCPP 1.6 charger. */
export const compositeExample = {
  ocppVersion: '1.6',
  now: '2026-07-14T20:30:00Z',
  evseId: 1,
  numberOfEvses: 1,
  installed: [
    { evseId: 1, profile: floorProfile },
    { evseId: 1, profile: nightProfile },
  ],
  transactions: [{ evseId: 1, id: 21, start: '2026-07-14T19:50:00Z' }],
  request: { duration: 28_800, chargingRateUnit: 'A' },
  electrical: { voltage: 230, phases: 3 },
};

/** A profile that could be set. */
export const validateProfileExample = {
  ocppVersion: '1.6',
  now: '2026-07-14T20:30:00Z',
  evseId: 1,
  numberOfEvses: 1,
  profile: nightProfile,
  installed: [{ evseId: 1, profile: floorProfile }],
  transactions: [{ evseId: 1, id: 21, start: '2026-07-14T19:50:00Z' }],
};

/** Six hours of plan for one 2.0.1 charger. */
export const compileExample = {
  ocppVersion: '2.0.1',
  now: '2026-07-14T20:00:00Z',
  evse: { id: 1, maxA: 32, phases: 3 },
  transactionId: 'tx-21',
  limit: [
    { from: '2026-07-14T20:00:00Z', limit: 0 },
    { from: '2026-07-14T22:00:00Z', limit: 16 },
    { from: '2026-07-15T01:00:00Z', limit: 10.5 },
  ],
  lease: 21_600,
  raiseDelay: 15,
  floors: { evse: 6 },
};

/** Two vehicles, four quarter hours, one demand window. */
export const optimiseExample = {
  intervalMinutes: 15,
  intervals: 4,
  circuits: [{ id: 'grid', parent: null, limitKw: 30 }],
  connectors: [
    { id: 'a', circuit: 'grid', maxKw: 22 },
    { id: 'b', circuit: 'grid', maxKw: 22 },
  ],
  modules: [],
  sessions: [
    { id: 's1', connector: 'a', arrive: 0, depart: 4, energyKwh: 10, maxKw: 22, shortfallPrice: 10 },
    { id: 's2', connector: 'b', arrive: 1, depart: 3, energyKwh: 6, maxKw: 22, shortfallPrice: 10 },
  ],
  fixedLoadKw: [5, 5, 5, 5],
  price: [0.3, 0.2, 0.1, 0.2],
  demand: [{ id: 'facility', pricePerKw: 0.5, intervals: [1, 1, 1, 1], floorKw: 10 }],
};

/** The same depot on an evening that is too short: one vehicle at a thin feeder, one that a peak holds back. */
export const explainExample = {
  ...optimiseExample,
  intervals: 8,
  circuits: [
    { id: 'grid', parent: null, limitKw: 40 },
    { id: 'thin', parent: 'grid', limitKw: 11 },
  ],
  connectors: [
    { id: 'a', circuit: 'thin', maxKw: 22 },
    { id: 'b', circuit: 'grid', maxKw: 22 },
    { id: 'c', circuit: 'grid', maxKw: 22 },
  ],
  sessions: [
    { id: 's1', connector: 'a', arrive: 0, depart: 4, energyKwh: 15, maxKw: 22, shortfallPrice: 50 },
    { id: 's2', connector: 'b', arrive: 1, depart: 8, energyKwh: 20, maxKw: 22, shortfallPrice: 3 },
  ],
  fixedLoadKw: [5, 5, 5, 5, 5, 5, 5, 5],
  price: [0.3, 0.2, 0.1, 0.2, 0.2, 0.2, 0.2, 0.2],
  demand: [{ id: 'facility', pricePerKw: 12, intervals: [1, 1, 1, 1, 1, 1, 1, 1], floorKw: 10 }],
};

/** One summer evening in kW, from 15:00 on. */
export const billExample = {
  tariff: { ref: 'us-sce-tou-8-d-2022' },
  calendar: { tz: 'America/Los_Angeles', start: '2026-07-14T15:00:00-07:00', intervalMinutes: 60 },
  load: { kw: [52, 180, 182, 185, 130, 60, 240, 280] },
  state: {
    periodStart: '2026-07-01',
    lines: { facilities: { windows: { 'any-time': { peakKw: 260 } } } },
  },
};

/** The prices of the same evening. */
export const pricesExample = {
  tariff: { ref: 'us-sce-tou-8-d-2022' },
  calendar: { tz: 'America/Los_Angeles', start: '2026-07-14T15:00:00-07:00', intervalMinutes: 60 },
  intervals: 8,
};

/** A bundled tariff. */
export const tariffCheckExample = { tariff: { ref: 'us-sce-tou-8-d-2022' } };

/** A bundled tariff on a summer evening. */
export const tariffExplainExample = {
  tariff: { ref: 'us-sce-tou-8-d-2022' },
  at: '2026-07-14T17:30:00-07:00',
  loadKw: 200,
};

/** A bundled tariff as a record of the utility rate database. */
export const tariffExportExample = { tariff: { ref: 'us-sce-tou-8-d-2022' }, format: 'urdb' };

/** A small record of the utility rate database: one price, one demand charge. */
export const tariffImportExample = {
  format: 'urdb',
  tz: 'America/New_York',
  source: {
    label: 'example',
    name: 'Example general service',
    utility: 'Example',
    fixedchargefirstmeter: 100,
    fixedchargeunits: '$/month',
    energyratestructure: [[{ rate: 0.11 }]],
    energyweekdayschedule: Array.from({ length: 12 }, () => Array.from({ length: 24 }, () => 0)),
    energyweekendschedule: Array.from({ length: 12 }, () => Array.from({ length: 24 }, () => 0)),
    flatdemandstructure: [[{ rate: 9.5 }]],
    flatdemandmonths: Array.from({ length: 12 }, () => 0),
    flatdemandunit: 'kW',
  },
};
