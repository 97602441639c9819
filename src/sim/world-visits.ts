/** Vehicles that come and go in the simulated depot, and the fleet system that announces them. @module */
import type { DepotEvent } from '#domain/event';
import { evseKey } from '#domain/site';
import type { EpochS } from '#domain/units';
import type { VisitOutcome } from './night-result.ts';
import type { SimVisit } from './scenario-cast.ts';
import type { SimStation } from './station.ts';

/** Energy that may be missing at departure and still counts as all of it. */
const deliveredToleranceWh = 50;

/** How one visit goes. */
export interface VisitRecord {
  readonly visit: SimVisit;
  readonly station: SimStation;
  arrivedS: EpochS | undefined;
  departedS: EpochS | undefined;
  deliveredWh: number;
}

/** Puts something on the clock. */
export type Schedule = (at: EpochS, run: () => void) => void;

/** A visit that has not begun. */
export function visitRecordOf(visit: SimVisit, station: SimStation): VisitRecord {
  return { visit, station, arrivedS: undefined, departedS: undefined, deliveredWh: 0 };
}

function takenWh(record: VisitRecord): number {
  const { evseId } = record.visit.announced.evse;
  record.station.count();
  return record.station.outlets.find((outlet) => outlet.evse.id === evseId)?.takenWh ?? 0;
}

/** Announcements, changes and the departure of a visit. */
export function scheduleDeparture(
  record: VisitRecord,
  at: Schedule,
  publish: (event: DepotEvent) => void,
): void {
  const { announced, announcedAt, departsAt, changes, saidBefore } = record.visit;
  if (saidBefore !== undefined) at(saidBefore.at, () => publish({ kind: 'visit', visit: saidBefore.visit }));
  at(announcedAt, () => publish({ kind: 'visit', visit: announced }));
  for (const change of changes) {
    at(change.at, () =>
      publish({ kind: 'departure-changed', visitId: announced.id, departsAt: change.departsAt }),
    );
  }
  at(departsAt, () => {
    if (record.arrivedS === undefined) return;
    record.deliveredWh = takenWh(record);
    record.departedS = departsAt;
    record.station.unplug(announced.evse.evseId);
  });
}

/** The arrival of a visit. */
export function scheduleArrival(record: VisitRecord, at: Schedule): void {
  const { announced, arrivesAt, energyWh, taperFrom } = record.visit;
  at(arrivesAt, () => {
    record.arrivedS = arrivesAt;
    record.station.plugIn(announced.evse.evseId, {
      id: announced.vehicleId,
      // 1.6 has room for 20 characters.
      idToken: announced.vehicleId.slice(0, 20),
      needWh: energyWh,
      maxW: announced.maxW,
      phases: announced.phases,
      ...(taperFrom === undefined ? {} : { taperFrom }),
    });
  });
}

/** How a visit went. */
export function outcomeOf(record: VisitRecord): VisitOutcome {
  const { announced } = record.visit;
  const isGone = record.departedS !== undefined;
  const deliveredWh = !isGone && record.arrivedS !== undefined ? takenWh(record) : record.deliveredWh;
  const departedS = record.departedS ?? record.visit.departsAt;
  const arrivedS = record.arrivedS ?? record.visit.arrivesAt;
  const { evseId } = announced.evse;
  const evseW = record.station.outlets.find((outlet) => outlet.evse.id === evseId)?.evse.maxW ?? 0;
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
    outcome: missingWh <= deliveredToleranceWh ? 'met' : isGone ? 'short' : 'still-here',
    priority: announced.priority,
    maxW: announced.maxW,
    phases: announced.phases,
  };
}
